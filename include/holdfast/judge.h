/* SPDX-License-Identifier: Apache-2.0 */
/*
 * judge.h -- the one judge: does this RRset authorise this account here?
 *
 * The CA's validator, the client before an order, the monitor and the
 * "would CA X accept this?" question all call hf_judge(); there is no second
 * reading of the record anywhere. It allocates nothing, asks for no time, and
 * gives the same verdict for every order of the records.
 */
#pragma once

#include "holdfast/hashed_uri.h"
#include "holdfast/name.h"
#include "holdfast/record.h"

/* Whose text is the law. */
enum hf_rules {
    HF_RULES_DRAFT_00,
    HF_RULES_DRAFT_01,
    HF_RULES_DRAFT_02,
    HF_RULES_DUAL, /* -02 and, when allowed, raw account URLs: REQ DIR-09 */
    HF_RULES_BR,   /* BR 3.2.2.4.22 alone, which knows no policy */
};

/* "draft-00", "draft-01", "draft-02", "dual", "br". */
const char *hf_rules_word(enum hf_rules rules);
bool hf_rules_find(struct hf_span word, enum hf_rules *out);

/* What a CA accepts. Arrays are borrowed. */
struct hf_ca {
    enum hf_rules rules;
    const struct hf_span *issuers; /* canonical; those of the challenge */
    size_t issuer_count;
    const struct hf_span *prefixes; /* accepted accountHashPrefix values */
    size_t prefix_count;
    uint32_t hash_algs; /* HF_HASH_BIT() of those accepted */
    bool allows_raw;    /* dual: raw account URLs are accepted as well */
    bool prunes;        /* looks at parent names too: REQ SCOPE-06 */
    int64_t reuse_s;    /* its own reuse period; at most ten days count */
    const struct hf_digest *digest; /* needed when prefixes are given */
};

enum hf_account_status {
    HF_ACCOUNT_VALID,
    HF_ACCOUNT_DEACTIVATED,
    HF_ACCOUNT_REVOKED,
};

/* One key of an account, and its star digest for speed. */
struct hf_key {
    struct hf_span thumbprint; /* 43 characters */
    bool star_known;           /* `star` is that of account->url, sha-256 */
    unsigned char star[32];
};

/* The requesting account. Arrays are borrowed. */
struct hf_account {
    struct hf_span url;
    const struct hf_span *other_urls; /* the same account's other forms */
    size_t other_url_count;
    const struct hf_span *alternative_uris; /* raw, -00 and -01: ACCT-06 */
    size_t alternative_uri_count;
    enum hf_account_status status;
    const struct hf_key *keys; /* every key ever used, newest first */
    size_t key_count;
};

/*
 * Compute the star digests of `keys` once per account, so that judging many
 * names costs one digest per name and key instead of two.
 * Fails: as hf_binding_digest().
 */
enum hf_err hf_keys_prepare(struct hf_key *keys, size_t count,
                            struct hf_span account_url,
                            const struct hf_digest *digest, struct hf_why *why);

/* What is asked about the name at which the record sits, the ADN. */
enum hf_scope {
    HF_SCOPE_EXACT,    /* the ADN itself */
    HF_SCOPE_WILDCARD, /* `*.` + the ADN */
    HF_SCOPE_BELOW,    /* any name, or wildcard, below the ADN */
};

struct hf_question {
    struct hf_span adn; /* canonical */
    enum hf_scope scope;
    struct hf_time now;
};

enum hf_answer_state {
    HF_ANSWER_DATA,    /* values below; possibly none: NODATA, NXDOMAIN */
    HF_ANSWER_FAILURE, /* timeout, SERVFAIL, REFUSED, an alias loop */
    HF_ANSWER_BOGUS,   /* DNSSEC validation failed: REQ VAL-30 */
};

/* The TXT RRset found at the owner name, each record's strings joined. */
struct hf_answer {
    enum hf_answer_state state;
    const struct hf_span *values;
    size_t count;
    uint32_t ttl_s;
};

enum hf_form {
    HF_FORM_FOREIGN, /* neither of the two: another account's, another CA's */
    HF_FORM_RAW,     /* the account URL itself */
    HF_FORM_HASHED,  /* under an accepted prefix; never re-read as raw */
};

const char *hf_form_word(enum hf_form form);

/* DIR-09: classify by the value alone. */
enum hf_form hf_account_uri_form(const struct hf_ca *ca,
                                 const struct hf_account *account,
                                 struct hf_span uri);

/* The judgement of one record. Spans borrow from its text. */
struct hf_judged {
    enum hf_reason reason;
    enum hf_reason reading; /* what hf_record_read() answered */
    size_t at;              /* offset of the failing octet, or 0 */
    enum hf_form form;
    bool star;  /* matched in the form good for every name */
    size_t key; /* hashed: index of the key that matched */
    struct hf_record record;
    struct hf_hashed_uri hashed; /* when form is hashed and step 6 passed */
};

struct hf_verdict {
    enum hf_reason reason;
    size_t relied;      /* index of the record relied upon, when valid */
    int64_t expires_at; /* when valid: last moment of reuse, see reuse.h */
};

/*
 * Judge an answer. `judged` has room for answer->count entries and receives
 * one for each record; it may be NULL when count is 0.
 *
 * Fails: only with what ca->digest failed with.
 * Draft -02, sections 4.1, 4.2 and 9.3.1; REQ VAL-04..12, VAL-20..26, SCOPE,
 * REUSE, ACCT, ERR.
 */
enum hf_err hf_judge(const struct hf_ca *ca, const struct hf_account *account,
                     const struct hf_question *question,
                     const struct hf_answer *answer, struct hf_judged *judged,
                     struct hf_verdict *out, struct hf_why *why);

/* Parents a CA may ask, the name itself included (REQ SCOPE-13). */
#define HF_CANDIDATES_MAX 8

/*
 * The names at which to look for a record that serves `name`, nearest first:
 * the name, then with `prunes` each parent down to `base`, the registrable
 * name. An empty `base` means that `name` is itself a public suffix: nothing
 * may be asked (REQ SCOPE-06..08). Returns how many of `out` were set.
 */
size_t hf_candidates(struct hf_span name, struct hf_span base, bool prunes,
                     struct hf_span out[HF_CANDIDATES_MAX]);

/* The scope in which a record at `adn` has to serve `name`. */
enum hf_scope hf_scope_of(struct hf_span name, bool wildcard,
                          struct hf_span adn);
