/* SPDX-License-Identifier: Apache-2.0 */
/*
 * challenge.h -- recognising which draft a CA speaks, and refusing what no
 * draft allows. The JSON has been read already; this is the decision.
 */
#pragma once

#include "holdfast/hashed_uri.h"

#define HF_ISSUERS_MAX 10 /* REQ CHAL-03 */

enum hf_field {
    HF_FIELD_ABSENT,     /* missing or null */
    HF_FIELD_WRONG_TYPE, /* not the JSON type that the draft says */
    HF_FIELD_PRESENT,
};

/* A JSON array of strings. An entry that is no string has ptr == NULL. */
struct hf_names {
    enum hf_field field;
    const struct hf_span *list;
    size_t count;
};

struct hf_text {
    enum hf_field field;
    struct hf_span text;
};

/* The members of directory.meta that matter here. */
struct hf_meta {
    struct hf_text prefix;          /* accountHashPrefix */
    struct hf_names issuers;        /* issuerDomainNames: D */
    struct hf_names caa_identities; /* caaIdentities: I, canonical */
};

struct hf_challenge {
    struct hf_span type;
    struct hf_names kebab; /* issuer-domain-names, -00 and -01 */
    struct hf_names camel; /* issuerDomainNames, -02 */
    struct hf_text account_uri;
};

/* What the client knows and wants. */
struct hf_client_view {
    struct hf_span account_url;
    bool hashed_seen; /* this directory once advertised a prefix: CLI-06 */
    bool forced;      /* the operator insists on a raw record */
};

enum hf_variant { HF_VARIANT_00, HF_VARIANT_01, HF_VARIANT_02 };

const char *hf_variant_word(enum hf_variant variant); /* "00", "01", "02" */
bool hf_variant_find(struct hf_span word, enum hf_variant *out);

enum hf_recognition {
    HF_RECOGNISED_ACCEPT,
    HF_RECOGNISED_CONFIRM, /* only with the operator's explicit yes: CLI-04 */
    HF_RECOGNISED_MALFORMED,
    HF_RECOGNISED_REFUSE,
    HF_RECOGNISED_NOT_THIS_TYPE,
};

enum hf_challenge_reason {
    HF_CHALLENGE_OK,
    HF_CHALLENGE_NO_NAMES,
    HF_CHALLENGE_EMPTY_NAMES,
    HF_CHALLENGE_TOO_MANY_NAMES,
    HF_CHALLENGE_BAD_NAME,
    HF_CHALLENGE_NAMES_DISAGREE,
    HF_CHALLENGE_D_NOT_IN_C,
    HF_CHALLENGE_C_NOT_IN_I,
    HF_CHALLENGE_NO_USABLE_PREFIX,
    HF_CHALLENGE_DOWNGRADE,
    HF_CHALLENGE_ALTERNATIVE_ACCOUNTURI,
    HF_CHALLENGE_BAD_ACCOUNTURI,
};

struct hf_recognised {
    enum hf_recognition outcome;
    enum hf_challenge_reason reason;
    enum hf_variant variant;      /* when accepted or to be confirmed */
    const struct hf_names *names; /* the list to choose from, then too */
};

const char *hf_recognition_word(enum hf_recognition outcome);
const char *hf_challenge_reason_word(enum hf_challenge_reason reason);

/* REQ CLI-01..06, CHAL-01..10, CHAL-15, DIR-02..05, DIR-07. */
struct hf_recognised
hf_challenge_recognise(const struct hf_meta *meta,
                       const struct hf_challenge *challenge,
                       const struct hf_client_view *view);

/* The state of a list: HF_CHALLENGE_OK, or what is wrong with it. */
enum hf_challenge_reason hf_names_check(const struct hf_names *names);

/* The prefix as the directory gives it, also when it is no string. */
enum hf_prefix_state hf_meta_prefix(const struct hf_meta *meta);
