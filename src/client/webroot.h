/* SPDX-License-Identifier: Apache-2.0 */
/*
 * webroot.h -- http-01 by a web server that runs already (RFC 8555, section
 * 8.3): a file in .well-known/acme-challenge/ of the folder that it serves.
 *
 * Files are whole or absent, and readable for everybody (mode 0644). Neither
 * of the two folders is followed when it is a symbolic link: whoever may write
 * to a web server's folder must not decide where we write.
 */
#pragma once

#include "client/solver.h"

/*
 * Owns: hf_solver_clear(). The folders are made with the first file, mode
 * 0755, and stay.
 *
 * Fails: HF_ENOTFOUND, HF_ESYSTEM (no such folder), HF_ENOMEM. Its show():
 * HF_EINVAL (the token is none: nothing is written), HF_ESYSTEM, HF_ELIMIT.
 */
enum hf_err hf_webroot_new(const char *folder, struct hf_solver *out,
                           struct hf_why *why);
