/* SPDX-License-Identifier: Apache-2.0 */
/*
 * means.h -- by which methods the names of a certificate may be shown to be
 * ours, and what is at hand for each: remembered with the certificate, so that
 * its renewal finds the same (REQ CLI-46).
 */
#pragma once

#include "acme/method.h"
#include "base/json.h"

struct json_t;

#define HF_MEANS_USUAL (-1) /* a time that was not given */

/* Text is borrowed, and has a NUL behind it. */
struct hf_means {
    enum hf_method methods[HF_METHOD_COUNT]; /* the preferred one first */
    size_t method_count;                     /* 0: dns-persist-01 alone */
    /* http-01: the folder of a web server, or a port to listen at. */
    struct hf_span webroot;
    struct hf_span http_address; /* empty: all */
    int64_t http_port;           /* 0: no listener */
    /* dns-01: a server that takes updates, or a hook. */
    struct hf_span dns_server;
    struct hf_span dns_tsig_file;
    struct hf_span dns_hook;
    int64_t dns_wait_s; /* or HF_MEANS_USUAL */
};

/* The method in this place, or false behind the last one. */
bool hf_means_nth(const struct hf_means *means, size_t n, enum hf_method *out);
bool hf_means_has(const struct hf_means *means, enum hf_method method);

/* Are both the same, as they would be written down? */
bool hf_means_eq(const struct hf_means *a, const struct hf_means *b);

/* As members of a JSON object. Words that are no method are passed over;
 * false when a text is not UTF-8. */
void hf_means_read(const struct json_t *root, struct hf_means *out);
bool hf_means_put(struct hf_json *json, const struct hf_means *means);

/* "dns-persist-01, dns-01" */
void hf_means_put_words(struct hf_buf *out, const struct hf_means *means);
