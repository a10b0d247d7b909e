/* SPDX-License-Identifier: Apache-2.0 */
/*
 * judge_fixture.h -- one CA, one account and the digests that go with them,
 * for the tests of the judge and of what stands on it.
 *
 * The key and the URL are those of draft -02, section 10.2; the digests for
 * example.com and "*" are the ones printed there.
 */
#pragma once

#include "holdfast/digest.h"
#include "holdfast/judge.h"

#define KEY_1  "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
#define KEY_2  "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define URL    "https://ca.example/acct/123"
#define OLD    "https://old.example/acct/123"
#define ALT    "https://ca.example/alt/9"
#define PREFIX "https://ca.example/h/"
#define EXACT  PREFIX "sha-256/5SQm7n6tPh2-PlLbCKGnViTXX5z19SCN4cPGQHSk-kw"
#define STAR   PREFIX "sha-256/NpDnSwUthQK8zCgFdefYxAdAVPnygMLbs9US6oO-5ug"
#define WRONG  PREFIX "sha-256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define NOW    1790000000

static const struct hf_span the_issuers[] = {HF_SPAN_INIT("ca.example"),
                                             HF_SPAN_INIT("ca2.example")};
static const struct hf_span the_prefixes[] = {HF_SPAN_INIT(PREFIX)};
static const struct hf_span the_old_urls[] = {HF_SPAN_INIT(OLD)};
static const struct hf_span the_alternatives[] = {HF_SPAN_INIT(ALT)};
static const struct hf_key the_keys[] = {{.thumbprint = HF_SPAN_INIT(KEY_1)}};

static inline struct hf_ca the_ca(enum hf_rules rules,
                                  const struct hf_digest *digest)
{
    return (struct hf_ca){
        .rules = rules,
        .issuers = the_issuers,
        .issuer_count = 2,
        .prefixes = the_prefixes,
        .prefix_count = 1,
        .hash_algs = HF_HASH_DEFAULT,
        .allows_raw = true,
        .reuse_s = INT64_MAX,
        .digest = digest,
    };
}

static inline struct hf_account the_account(void)
{
    return (struct hf_account){
        .url = HF_SPAN_INIT(URL),
        .other_urls = the_old_urls,
        .other_url_count = 1,
        .alternative_uris = the_alternatives,
        .alternative_uri_count = 1,
        .keys = the_keys,
        .key_count = 1,
    };
}
