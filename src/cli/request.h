/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request.h -- the certificate request of an order: made with a key of ours,
 * or brought by the user, who keeps the key.
 */
#pragma once

#include "cli/cli.h"
#include "client/lineage.h"
#include "crypto/certificate.h"

/* Zeroed: nothing yet. */
struct hf_request {
    struct hf_private_key *key; /* NULL: it was brought */
    struct hf_buf made;
    struct hf_csr brought;
};

/*
 * Make one for these names, as `lineage` wants it: with the key there is when
 * that is to be kept, else with a new one. On failure a message was printed.
 * Owns: hf_request_clear(), whatever comes back.
 */
enum hf_exit hf_request_make(const struct hf_cli *cli,
                             const struct hf_lineage *lineage,
                             const struct hf_csr_names *names,
                             struct hf_request *out);

/*
 * Read one that the user brings: its signature is good, its key strong enough,
 * and its names can be ordered. What it asks for besides is passed on, with a
 * word about it.
 */
enum hf_exit hf_request_read(const struct hf_cli *cli, struct hf_span path,
                             struct hf_request *out);

void hf_request_clear(struct hf_request *request);

struct hf_span hf_request_der(const struct hf_request *request);

/* Does the leaf certify the key of the request? */
bool hf_request_is_answered(const struct hf_request *request,
                            const struct hf_certificate *certificate);
