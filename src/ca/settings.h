/* SPDX-License-Identifier: Apache-2.0 */
/*
 * settings.h -- what the operator of a CA decides, as its ACME side sees it.
 * All of it is borrowed and stays as it is while the server runs.
 */
#pragma once

#include "ca/validate.h"
#include "crypto/constraints.h"
#include "holdfast/judge.h"
#include "holdfast/suffix.h"

#define HF_CA_PROFILES_MAX 16
#define HF_CA_ISSUERS_MAX  10 /* REQ CHAL-03 */
#define HF_CA_FORMER_MAX   4

/* A kind of certificate (draft-ietf-acme-profiles). */
struct hf_ca_profile {
    struct hf_span name;
    struct hf_span description;
    int64_t lifetime_s; /* both ends included */
};

/* What is done so often in an hour, and then refused for a while. */
enum hf_ca_limit {
    HF_LIMIT_FAILURES,  /* challenges that an account failed at a name */
    HF_LIMIT_LOOKS,     /* just in time, at a name: not refused, not done */
    HF_LIMIT_ACCOUNTS,  /* made from one address, or one IPv6 /64, without an
                           external account key */
    HF_LIMIT_ORDERS,    /* of an account */
    HF_LIMIT_ROLLOVERS, /* of an account: REQ VAL-29 */
    HF_LIMITS,          /* how many there are */
};

struct hf_ca_settings {
    struct hf_span base; /* "https://ca.example:8443", no slash at its end */
    const struct hf_span *former; /* the same, where it was before: accounts
                                     and records of then stay good */
    size_t former_count;
    enum hf_preset preset;
    struct hf_ca law; /* what records may say: issuers, prefixes, digest; the
                         first prefix is the one that is advertised */
    struct hf_span terms; /* URLs; empty: none */
    struct hf_span website;
    const struct hf_suffixes *suffixes;
    bool internal_names; /* certifies names and addresses of no public net */
    bool eab_required;
    bool reuses;       /* authorizations, for another order */
    bool just_in_time; /* look at newOrder: REQ JIT-01 */
    bool persist_only; /* no other challenges are offered */
    bool ip_persist;   /* REQ SCOPE-11; off by default */
    bool subdomains;   /* may be validated by an ancestor: RFC 9444 */
    bool skips_caa;    /* as in the policy */
    const struct hf_ca_profile *profiles; /* the first is the default */
    size_t profile_count;
    const struct hf_span *chains; /* PEM, above the leaf; the others are
                                     alternates (RFC 8555, section 7.4.2) */
    size_t chain_count;
    struct hf_span issuer_der; /* what AIA points to */
    int64_t web_ends_at; /* of the web server's certificate, when another CA
                            made it; else 0 */
    struct hf_constraints constraints; /* of names, as its certificate has it */
    struct hf_span issuer_key_id; /* octets, as in AKI: RFC 9773, section 4.1 */
    int64_t order_s;    /* how long an order and a pending authorization last */
    int64_t backdate_s; /* notBefore lies so far back: clocks differ */
    size_t names_max;   /* of one order */
    uint32_t an_hour[HF_LIMITS]; /* 0: any number */
};

/* Cut the base, or a former one, off `*url`, which then begins with a slash;
 * false when it begins with none. */
bool hf_ca_settings_cut(const struct hf_ca_settings *settings,
                        struct hf_span *url);
