/* SPDX-License-Identifier: Apache-2.0 */
/*
 * openssl.h -- how OpenSSL starts in a process of ours: with no more than that
 * process wants, because what it gets ready is most of what a role costs.
 */
#pragma once

#include <stdbool.h>

/*
 * Call it before anything else of OpenSSL; to call it again does no harm.
 * `alone`: nothing else in this process uses OpenSSL, as drivers of tokens do.
 * Then names of algorithms from before OpenSSL 3 are unknown but for the usual
 * digests, which certificates are verified by, and the ciphers that old tools
 * encrypt keys with. Its configuration file counts always: an administrator
 * says there what is allowed on a machine.
 */
void hf_openssl_start(bool alone);
