/* SPDX-License-Identifier: Apache-2.0 */
/* server_fixed.h -- the resources that the front answers by itself. */
#pragma once

#include "net/server_out.h"

struct hf_server_fixed {
    struct hf_server_blob *blob; /* what the reply points into; NULL: free */
    struct hf_span target;
    struct hf_server_reply reply;
};

struct hf_server_fixed_table {
    struct hf_server_fixed rows[HF_SERVER_FIXED_MAX];
    size_t count;
    size_t octets; /* of all of them */
};

/*
 * Obey a frame HF_SERVER_FIX. Fails: HF_ESYNTAX (it is broken), HF_ELIMIT (too
 * many, or too large together), HF_ENOMEM.
 */
enum hf_err hf_server_fixed_obey(struct hf_server_fixed_table *table,
                                 struct hf_span body, struct hf_why *why);

/* NULL: none of them. */
const struct hf_server_fixed *
hf_server_fixed_find(const struct hf_server_fixed_table *table,
                     struct hf_span target);
void hf_server_fixed_clear(struct hf_server_fixed_table *table);
