/* SPDX-License-Identifier: Apache-2.0 */
/*
 * issuer_msg.h -- what is said to the process that has a CA's key (issuer.h,
 * founder.h), and what it says, in frames (os/role.h).
 *
 *     parent: OPEN, then ISSUE, LIST, REVOKE and PROFILES, or, of who founds a
 *             CA, CERTIFY
 *     issuer: READY or FAILED, then a REPLY for each, CERTIFIED or FAILED
 *
 * Both sides read with bounds. Pure.
 */
#pragma once

#include "ca/issuer.h"
#include "crypto/ca_certificate.h"
#include "os/role.h"

enum hf_issuer_frame {
    HF_ISSUER_OPEN = 1,
    HF_ISSUER_ISSUE,
    HF_ISSUER_LIST,
    HF_ISSUER_CERTIFY,
    HF_ISSUER_READY,
    HF_ISSUER_REPLY,
    HF_ISSUER_CERTIFIED,
    HF_ISSUER_FAILED,
    HF_ISSUER_PROFILES,
    HF_ISSUER_REVOKE,
};

/* Octets of a frame, in each direction: the longest is a CRL. */
#define HF_ISSUER_IN_MAX  ((size_t)8 << 20)
#define HF_ISSUER_OUT_MAX ((size_t)16 << 20)

/* OPEN. Who founds is given no log and no certificate. */
struct hf_issuer_want {
    bool founds;
    bool make;             /* a new key; config.key is then empty, for a file,
                              or the hardware, as hf_token_plan.where */
    enum hf_key_kind kind; /* of the new one */
    struct hf_issuer_config config;
};

void hf_issuer_put_want(struct hf_buf *out, const struct hf_issuer_want *want);
enum hf_err hf_issuer_read_want(const struct hf_frame *frame,
                                struct hf_issuer_want *out, struct hf_why *why);

/* READY. */
struct hf_issuer_ready {
    enum hf_key_kind kind;
    struct hf_span spki;
    struct hf_span key; /* that was made: sealed PEM, or its note */
};

void hf_issuer_put_ready(struct hf_buf *out,
                         const struct hf_issuer_ready *ready);
enum hf_err hf_issuer_read_ready(const struct hf_frame *frame,
                                 struct hf_issuer_ready *out,
                                 struct hf_why *why);

/* ISSUE. When read, the names are in `room` of HF_ISSUER_NAMES_MAX. */
void hf_issuer_put_order(struct hf_buf *out,
                         const struct hf_issuer_order *order);
enum hf_err hf_issuer_read_order(struct hf_span body,
                                 struct hf_issuer_name *room,
                                 struct hf_issuer_order *out,
                                 struct hf_why *why);

/* LIST. When read, out->revoked is allocated: hf_free(). */
void hf_issuer_put_crl(struct hf_buf *out, const struct hf_issuer_crl *crl);
enum hf_err hf_issuer_read_crl(struct hf_span body, struct hf_issuer_crl *out,
                               struct hf_why *why);

/* REVOKE. When read, the list is in `room` of HF_ISSUED_BATCH_MAX. */
void hf_issuer_put_revocations(struct hf_buf *out,
                               const struct hf_issuer_revocations *revocations);
enum hf_err hf_issuer_read_revocations(struct hf_span body,
                                       struct hf_revoked *room,
                                       struct hf_issuer_revocations *out,
                                       struct hf_why *why);

/* PROFILES: other ones than OPEN said; there is no reply. */
void hf_issuer_put_profiles(struct hf_buf *out,
                            const struct hf_issuer_profiles *profiles);
enum hf_err hf_issuer_read_profiles(struct hf_span body,
                                    struct hf_issuer_profiles *out,
                                    struct hf_why *why);

/* CERTIFY: but for serial and issuer. `root` is the certificate of the issuer,
 * empty for a root. When read, the permitted names are in `room` of
 * HF_CA_PERMITTED_MAX. */
void hf_issuer_put_certify(struct hf_buf *out,
                           const struct hf_ca_certificate *certificate,
                           struct hf_span root);
enum hf_err hf_issuer_read_certify(struct hf_span body, struct hf_span *room,
                                   struct hf_ca_certificate *out,
                                   struct hf_span *root, struct hf_why *why);

/* REPLY. */
void hf_issuer_put_reply(struct hf_buf *out,
                         const struct hf_issuer_reply *reply);
enum hf_err hf_issuer_read_reply(const struct hf_frame *frame,
                                 struct hf_issuer_reply *out,
                                 struct hf_why *why);

/* CERTIFIED. */
void hf_issuer_put_certified(struct hf_buf *out, struct hf_span der);

/* FAILED. Reading it fails as it says, with its sentence, printable, in `said`
 * of HF_ISSUER_SAID_MAX + 1; HF_EPEER when the frame is something else. */
void hf_issuer_put_failed(struct hf_buf *out, enum hf_err err,
                          const char *text);
enum hf_err hf_issuer_read_failed(const struct hf_frame *frame, char *said,
                                  struct hf_why *why);
