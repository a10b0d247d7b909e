/* SPDX-License-Identifier: Apache-2.0 */
/* tsig_key.h -- what is inside a key, for tsig*.c only. */
#pragma once

#include "dns/tsig.h"

#define HF_TSIG_SECRET_MAX 512

struct hf_tsig_alg {
    const char *name;   /* also as a domain name */
    const char *digest; /* OpenSSL's */
};

struct hf_tsig_key {
    struct hf_wire_name name; /* lower case */
    struct hf_wire_name alg_name;
    const struct hf_tsig_alg *alg;
    size_t secret_len;
    unsigned char secret[HF_TSIG_SECRET_MAX];
};
