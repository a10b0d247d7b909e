/* SPDX-License-Identifier: Apache-2.0 */
/* cert.h -- a certificate of this machine, with how it is renewed. */
#pragma once

#include "cli/holder.h"
#include "client/lineage.h"
#include "crypto/certificate.h"

struct hf_cert {
    struct hf_lineage lineage;
    struct hf_certificate *certificate; /* the live one */
};

/* On failure a message was printed. Owns: hf_cert_clear(). */
enum hf_exit hf_cert_read(const struct hf_cli *cli, struct hf_span name,
                          struct hf_cert *out);

/* The same; but one that is to be issued still, since a crash came between,
 * has no certificate. */
enum hf_exit hf_cert_read_any(const struct hf_cli *cli, struct hf_span name,
                              struct hf_cert *out);
void hf_cert_clear(struct hf_cert *cert);

/* Do `one` for every certificate there is, by name, until it says false.
 * False when they could not be listed, after a message. */
bool hf_cert_each(struct hf_cli *cli,
                  bool (*one)(void *state, const char *name), void *state);
