/* SPDX-License-Identifier: Apache-2.0 */
/* account_run.h -- the calls about an account (RFC 8555, section 7.3). */
#pragma once

#include "client/talk.h"
#include "holdfast/client.h"

/* What newAccount is asked for. */
struct hf_account_wish {
    struct hf_span contact; /* "mailto:..."; or empty */
    bool agrees;            /* to the terms of service */
    bool only_existing;     /* do not make one: look for it */
    struct hf_span eab_kid; /* REQ CLI-41; or empty */
    struct hf_span eab_key; /* decoded */
};

/* Where it is and what it says. Owns both: hf_account_reply_clear(). */
struct hf_account_reply {
    struct hf_buf url; /* REQ RECORD-27: as in Location, octet by octet */
    struct hf_account_object object;
    bool created; /* false: it was there */
};

void hf_account_reply_clear(struct hf_account_reply *reply);

/*
 * newAccount with the session's key.
 * Fails as hf_talk_call(), and HF_EPEER when the server does not say where
 * the account is.
 */
enum hf_err hf_account_register(struct hf_talk *talk,
                                const struct hf_account_wish *wish,
                                struct hf_account_reply *out,
                                struct hf_why *why);

/*
 * The account as the CA sees it, by POST-as-GET to its URL: the proof that
 * the key belongs to it, REQ CLI-17. `*proof` says whether it is one.
 * Fails as hf_talk_call().
 */
enum hf_err hf_account_fetch(struct hf_talk *talk, struct hf_span url,
                             struct hf_account_object *out,
                             enum hf_proof *proof, struct hf_why *why);

/* Does this problem mean that the key does not open the account? CAs say it in
 * three ways: no such account, a signature by another key, deactivated. */
bool hf_account_is_refusal(struct hf_span problem);

/*
 * keyChange (section 7.3.5): from the session's key to `next`. REQ ACCT-11
 * Sent once only: when it fails and the CA did not say no, nobody knows which
 * of the two keys counts.
 */
enum hf_err hf_account_change_key(struct hf_talk *talk, struct hf_span url,
                                  const struct hf_signer *next,
                                  struct hf_why *why);

/* The address that the CA writes to, "mailto:..."; empty: none (section
 * 7.3.2). */
enum hf_err hf_account_set_contact(struct hf_talk *talk, struct hf_span url,
                                   struct hf_span contact, struct hf_why *why);

/* For ever (section 7.3.6), and sent once only. REQ CLI-38 */
enum hf_err hf_account_deactivate(struct hf_talk *talk, struct hf_span url,
                                  struct hf_why *why);
