/* SPDX-License-Identifier: Apache-2.0 */
/*
 * san.h -- the names that a certificate, or a request for one, stands for:
 * its subjectAltName (RFC 5280 4.2.1.6).
 */
#pragma once

#include <stdbool.h>

#include "holdfast/err.h"
#include "holdfast/span.h"

#define HF_SAN_MAX 1000 /* names of both kinds */

struct hf_csr_names {
    const struct hf_span *dns; /* canonical, also as *.NAME */
    size_t dns_count;
    const struct hf_span *ips; /* as text */
    size_t ip_count;
};

struct hf_san {
    struct hf_csr_names names; /* in their order, each once */
    bool others;               /* names that are neither, left out above */
    void *block;               /* what the names live in */
};

/* Release. Harmless on a zeroed one. */
void hf_san_clear(struct hf_san *san);
