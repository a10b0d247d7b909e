/* SPDX-License-Identifier: Apache-2.0 */
/* acme_fixture.h -- replies of a server that is not there. */
#pragma once

#include "acme/session.h"
#include "tests/unit/unit.h"

/* Texts are literals: a reply without `bytes` owns nothing. */
static inline struct hf_http_reply reply_of(int status, const char *body)
{
    return (struct hf_http_reply){.status = status, .body = hf_span_str(body)};
}

/* The moment `ms` after the tests' beginning. */
static inline struct hf_instant at_ms(int64_t ms)
{
    return (struct hf_instant){.ms = ms, .at = 1790000000 + ms / 1000};
}

#define CA "https://ca.example/"

static const char directory_text[] =
    "{\"newNonce\":\"" CA "nonce\",\"newAccount\":\"" CA
    "account\",\"newOrder\":\"" CA "order\",\"revokeCert\":\"" CA
    "revoke\",\"keyChange\":\"" CA "key\",\"meta\":{}}";
