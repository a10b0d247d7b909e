/* SPDX-License-Identifier: Apache-2.0 */
/*
 * url.h -- absolute http and https URLs (RFC 3986), and references to them.
 *
 * Stricter than the RFC where looseness only serves attackers: no user name,
 * no fragment, no empty port, no query without a path, no host that one reader
 * takes for a name and another for an address ("127.1", "0x7f.0.0.1"). Pure.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "holdfast/buf.h"
#include "holdfast/err.h"
#include "holdfast/span.h"

#define HF_URL_MAX 2048 /* octets; no ACME server comes near it */

enum hf_url_host {
    HF_URL_NAME, /* of letters, digits and hyphens, case as written */
    HF_URL_IPV4,
    HF_URL_IPV6,
};

/* Spans point into the text that was read. */
struct hf_url {
    bool tls; /* https */
    enum hf_url_host kind;
    struct hf_span authority; /* host and port as written: the Host field */
    struct hf_span host;      /* an IPv6 address without its brackets */
    uint16_t port;            /* 443 or 80 when none is written */
    struct hf_span target;    /* path and query; "/" when there is none */
};

/*
 * Read a whole URL.
 * Fails: HF_ELIMIT (longer than HF_URL_MAX), HF_ESYNTAX; why->at says where.
 */
enum hf_err hf_url_parse(struct hf_span text, struct hf_url *out,
                         struct hf_why *why);

/*
 * Append the URL that `reference`, from a Location or Link of the reply to
 * `base`, stands for (RFC 3986, section 5.2). What is appended can be read
 * with hf_url_parse(); references with a fragment are refused.
 *
 * Fails: HF_ESYNTAX, HF_ELIMIT (also when it does not fit `out`); `out` is as
 *        it was, then.
 */
enum hf_err hf_url_resolve(struct hf_span base, struct hf_span reference,
                           struct hf_buf *out, struct hf_why *why);

/* Same scheme, host and port: one connection serves both. */
bool hf_url_same_origin(const struct hf_url *a, const struct hf_url *b);
