/* SPDX-License-Identifier: Apache-2.0 */
/*
 * directory.h -- an ACME server's directory (RFC 8555, section 7.1.1; RFC
 * 9773, section 3; RFC 9444, section 4.4; profiles; draft -02 of
 * dns-persist-01, section 3.2).
 */
#pragma once

#include "holdfast/challenge.h"

#define HF_PROFILES_MAX 16

/* A certificate profile that the CA offers. */
struct hf_profile {
    struct hf_span name;
    struct hf_span description;
};

/* All of it borrows from the directory itself. */
struct hf_directory {
    struct hf_span new_nonce;
    struct hf_span new_account;
    struct hf_span new_order;
    struct hf_span revoke_cert;
    struct hf_span key_change;
    struct hf_span renewal_info; /* empty: no ARI */
    struct hf_span terms;        /* empty: none */
    struct hf_span website;
    bool eab_required;
    bool subdomains;     /* RFC 9444: it hears of ancestors */
    struct hf_meta meta; /* REQ DIR-01, DIR-13 */
    struct hf_profile profiles[HF_PROFILES_MAX];
    size_t profile_count;
    struct hf_span text; /* the JSON it was read from, to be remembered */
    void *memory;
};

/*
 * Read a directory. Owns: release with hf_directory_clear().
 *
 * Fails: HF_ESYNTAX (no JSON object), HF_EINVAL (a resource that every order
 *        needs is missing: newNonce, newAccount, newOrder), HF_ENOMEM.
 */
enum hf_err hf_directory_read(struct hf_span text, struct hf_directory *out,
                              struct hf_why *why);

/* Harmless on a zeroed one. */
void hf_directory_clear(struct hf_directory *directory);
