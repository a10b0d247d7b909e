/* SPDX-License-Identifier: Apache-2.0 */
/*
 * own_tls.h -- the certificate of the CA's own web server, from its own issuer:
 * made at the start, with a key that is in no file, and made anew in time.
 */
#pragma once

#include "ca/issuer.h"
#include "holdfast/buf.h"

/* What stands for its order and account in the log of evidence. The tables know
 * nothing of it. */
#define HF_OWN_TLS_ORDER   "the CA's own web server"
#define HF_OWN_TLS_ACCOUNT "the CA itself"

/* The issuer is borrowed for its life; texts are copied. */
struct hf_own_tls_config {
    struct hf_issuer *issuer;
    struct hf_span host; /* canonical name, or an address as text */
    bool is_ip;
    struct hf_span profile;
    int64_t lifetime_s; /* both ends included */
    int64_t backdate_s;
    struct hf_span chain; /* PEM, above the leaf */
};

struct hf_own_tls;

/* Owns: hf_own_tls_free(). Fails: HF_ENOMEM. */
enum hf_err hf_own_tls_new(const struct hf_own_tls_config *config,
                           struct hf_own_tls **out, struct hf_why *why);
void hf_own_tls_free(struct hf_own_tls *own);

/* Another profile for those to come. Fails: HF_ENOMEM. */
enum hf_err hf_own_tls_change(struct hf_own_tls *own, struct hf_span profile,
                              int64_t lifetime_s, struct hf_why *why);

/*
 * Hand a request to the issuer when it is time for one: at the start, and when
 * a third of the life is left. Fails: as hf_issuer_submit(), HF_ECRYPTO.
 */
enum hf_err hf_own_tls_renew(struct hf_own_tls *own, int64_t now_at,
                             struct hf_why *why);

/* Take the issuer's reply, if it is to one of these. True when there is a new
 * certificate now: see below. A refusal is asked again in an hour; its reason
 * is in `said`, then, until the next call. */
bool hf_own_tls_take(struct hf_own_tls *own,
                     const struct hf_issuer_reply *reply);

/* PEM: the leaf and its chain; and its key. Empty before the first. */
struct hf_span hf_own_tls_certificate(const struct hf_own_tls *own);
struct hf_span hf_own_tls_key(const struct hf_own_tls *own);

/* Its last second, and when it is made anew; or asked for again, when that went
 * wrong. */
int64_t hf_own_tls_ends_at(const struct hf_own_tls *own);
int64_t hf_own_tls_renews_at(const struct hf_own_tls *own);

/* Why there is none, for people; empty when nothing is wrong. */
struct hf_span hf_own_tls_said(const struct hf_own_tls *own);
