/* SPDX-License-Identifier: Apache-2.0 */
/* authz.h -- authorizations (RFC 8555, section 7.1.4) for those who need more
 * of one than its object. */
#pragma once

#include "ca/call.h"
#include "ca/identifier.h"

/*
 * Its row, in the call's arena.
 *
 * Of a name that is validated by an ancestor (RFC 9444) clients see the
 * ancestor's authorization. The name has a row of its own all the same, which
 * rests on that: there its CAA records are remembered, and what forbids it
 * alone; all else is the ancestor's.
 */
struct hf_authz {
    int64_t id;
    int64_t rests_on; /* the ancestor's; or 0 */
    int64_t account;
    struct hf_identifier name;
    struct hf_span status;
    int64_t expires_at;
    struct hf_span token;
    struct hf_span method; /* the challenge that was tried; or empty */
    int64_t validated_at;
    int64_t caa_until_at;
    struct hf_span error; /* JSON; or empty */
};

bool hf_authz_load(struct hf_ca_call *call, int64_t id, struct hf_authz *out,
                   bool *found);

/* What the last validation saw and decided, its ancestor's if it rests on one,
 * and a look at CAA since: JSON in the call's arena, or empty. */
bool hf_authz_evidence(struct hf_ca_call *call, const struct hf_authz *authz,
                       struct hf_span *out);

/* The one that clients know of. */
static inline int64_t hf_authz_shown(const struct hf_authz *authz)
{
    return authz->rests_on != 0 ? authz->rests_on : authz->id;
}

/* What a client is told: "expired" when it is, else the row's word. REQ
 * REUSE-14 */
struct hf_span hf_authz_status(const struct hf_authz *authz, int64_t now_at);

/* Valid, and past its end because the record's TTL is short: its order, still
 * open, has it validated again instead of failing (REQ REUSE-15). */
bool hf_authz_is_lapsed(const struct hf_authz *authz, int64_t now_at);

struct hf_authz_found {
    int64_t id;
    int64_t expires_at;
    bool is_valid;
    struct hf_identifier name; /* whose it is: the name's, or an ancestor's */
};

/* One of the call's account, valid until then at least, if there is one: for
 * exactly this name; else the nearest ancestor's that covers subdomains, where
 * the settings allow that. */
bool hf_authz_find(struct hf_ca_call *call, const struct hf_identifier *name,
                   int64_t until_at, struct hf_authz_found *out);

/* One of exactly this name that is valid for a while yet, or else a new one
 * (REQ REUSE-02). */
bool hf_authz_find_or_make(struct hf_ca_call *call,
                           const struct hf_identifier *name,
                           struct hf_authz_found *out);

/* The same for an order: as hf_authz_find() finds it, or a new one of the
 * ancestor that the name has, if any. */
bool hf_authz_choose(struct hf_ca_call *call, const struct hf_identifier *name,
                     struct hf_authz_found *out);

/* The row of `name` for an order: the one that was found, or a new one that
 * rests on it. */
bool hf_authz_take(struct hf_ca_call *call, const struct hf_identifier *name,
                   const struct hf_authz_found *found, int64_t *id);

/* Look at the record before anybody asks, if that may be (REQ JIT-04, JIT-05);
 * it is counted. False as all functions of a call. */
bool hf_authz_look(struct hf_ca_call *call, const struct hf_identifier *name,
                   int64_t id);

/*
 * How often its account failed to show that it has the name (REQ VAL-28): one
 * more, and how many seconds it has to wait until it may try again, or 0.
 */
bool hf_authz_count_failure(struct hf_ca_call *call,
                            const struct hf_authz *authz);
bool hf_authz_wait_s(struct hf_ca_call *call, const struct hf_authz *authz,
                     int64_t *wait_s);

/* Is there such a challenge for the name (REQ CHAL-12)? */
bool hf_authz_offers(const struct hf_ca_settings *settings,
                     const struct hf_identifier *name, enum hf_way way);
