/* SPDX-License-Identifier: Apache-2.0 */
/* contact.h -- the address that a CA may write to, from --contact. */
#pragma once

#include "cli/cli.h"

#define HF_CONTACT_MAX 512 /* octets, with "mailto:" and a NUL */

/* "mailto:..." into `room` of HF_CONTACT_MAX, or nothing when none is given.
 * On failure a message was printed. */
enum hf_exit hf_contact_read(const struct hf_cli *cli, char *room,
                             struct hf_span *out);
