/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trouble.h -- what an ACME server says when it says no: problem documents (RFC
 * 7807; RFC 8555, section 6.7).
 */
#pragma once

#include "base/json.h"
#include "holdfast/buf.h"

/* RFC 8555, section 6.7; RFC 9773, section 7.4; profiles. */
enum hf_trouble {
    HF_TROUBLE_NONE,
    HF_TROUBLE_NO_ACCOUNT,
    HF_TROUBLE_ALREADY_REPLACED,
    HF_TROUBLE_ALREADY_REVOKED,
    HF_TROUBLE_BAD_CSR,
    HF_TROUBLE_BAD_NONCE,
    HF_TROUBLE_BAD_PUBLIC_KEY,
    HF_TROUBLE_BAD_REASON,
    HF_TROUBLE_BAD_ALGORITHM,
    HF_TROUBLE_CAA,
    HF_TROUBLE_CONFLICT, /* "malformed" with 409 (section 7.3.5) */
    HF_TROUBLE_EXTERNAL_ACCOUNT,
    HF_TROUBLE_INVALID_CONTACT,
    HF_TROUBLE_INVALID_PROFILE,
    HF_TROUBLE_MALFORMED,
    HF_TROUBLE_METHOD,    /* "malformed" with 405 */
    HF_TROUBLE_NOT_FOUND, /* "malformed" with 404 */
    HF_TROUBLE_MEDIA,     /* "malformed" with 415 */
    HF_TROUBLE_ORDER_NOT_READY,
    HF_TROUBLE_RATE_LIMITED,
    HF_TROUBLE_REJECTED_IDENTIFIER,
    HF_TROUBLE_SERVER,
    HF_TROUBLE_UNAUTHORIZED,
    HF_TROUBLE_UNSUPPORTED_CONTACT,
    HF_TROUBLE_UNSUPPORTED_IDENTIFIER,
    HF_TROUBLE_USER_ACTION,
    HF_TROUBLES,
};

/* Its word, as in "badCSR", and the HTTP status that goes with it. */
const char *hf_trouble_word(enum hf_trouble trouble);
int hf_trouble_status(enum hf_trouble trouble);

/* The member "type" of a problem document: the word as the URN that it has. */
void hf_trouble_put_type(struct hf_json *json, const char *word);

#define HF_TROUBLE_SUBS_MAX 100

/* What is wrong with one identifier (RFC 8555, section 6.7.1). */
struct hf_trouble_sub {
    const char *detail;        /* with NUL; lives as long as the reply */
    struct hf_span identifier; /* escaped by the writer */
    enum hf_trouble trouble;
    bool is_ip;
};

/* Write the document of a trouble; `members` is JSON text of more members, each
 * with a comma in front, or empty. */
void hf_trouble_put(struct hf_buf *out, enum hf_trouble trouble,
                    struct hf_span detail, const struct hf_trouble_sub *subs,
                    size_t sub_count, struct hf_span members);
