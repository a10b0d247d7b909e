/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client.h -- the small decisions of both ends around a validation: just in
 * time look-ups, pre-flight, the account proof, which identifiers qualify.
 */
#pragma once

#include "holdfast/judge.h"

/* Just-in-time validation (draft -02, section 4.4; REQ JIT-01..05). */
struct hf_jit {
    bool enabled;
    bool rate_ok;       /* the name's limit, over all accounts */
    bool prior_success; /* the account validated by this method before */
};

bool hf_jit_may_query(const struct hf_jit *jit);

/* Look at stored state before an order (draft -02, section 9.4; CLI-20). */
enum hf_preflight {
    HF_PREFLIGHT_PROCEED,
    HF_PREFLIGHT_WARN,
    HF_PREFLIGHT_REFUSE
};

const char *hf_preflight_word(enum hf_preflight action);
enum hf_preflight hf_preflight(struct hf_time now, int64_t margin_s,
                               int64_t until_at);

/* The exchange that proves an account before its binding is handed to
 * somebody else (draft -02, section 4.5; REQ CLI-17). */
struct hf_account_proof {
    struct hf_span account_url; /* the one that is hashed */
    struct hf_span request_url;
    struct hf_span payload; /* of the POST; empty for POST-as-GET */
    int http_status;
    struct hf_span account_status;
};

enum hf_proof {
    HF_PROOF_OK,
    HF_PROOF_PAYLOAD,
    HF_PROOF_URL,
    HF_PROOF_REDIRECT,
    HF_PROOF_HTTP,
    HF_PROOF_ACCOUNT_STATUS,
};

const char *hf_proof_word(enum hf_proof proof);
enum hf_proof hf_account_proof_check(const struct hf_account_proof *proof);

/* May a name get a dns-persist-01 challenge (BR 3.2.2.6, 7.1.4.2.1; REQ
 * CHAL-12, SCOPE-08, SCOPE-10, VAL-03)? */
enum hf_decision { HF_ACCEPT, HF_REFUSE, HF_NO_DNS_PERSIST };

const char *hf_decision_word(enum hf_decision decision);

/*
 * `base` is the registrable name of `name`: empty when `name` is a public
 * suffix. `known_suffix` is false when its top-level domain is on no list of
 * public suffixes: an internal name.
 */
enum hf_decision hf_identifier_decide(struct hf_span name, bool wildcard,
                                      struct hf_span base, bool known_suffix);

/* An address of 4 or 16 octets: never by this challenge, and not at all when
 * it is reserved. */
enum hf_decision hf_identifier_decide_ip(const uint8_t *address, size_t len);
