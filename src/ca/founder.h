/* SPDX-License-Identifier: Apache-2.0 */
/*
 * founder.h -- making a CA: a key in a process of its own, behind a wall
 * (issuer_worker.h), that certifies CAs and nothing else.
 */
#pragma once

#include "ca/issuer.h"
#include "crypto/ca_certificate.h"

struct hf_founder;

/* The key to be made, or to be found in a token. */
struct hf_founder_plan {
    bool make;
    enum hf_key_kind kind;     /* of the new one */
    struct hf_span where;      /* empty: a file; else as hf_token_plan.where */
    struct hf_span passphrase; /* or PIN; empty: a file is not encrypted */
    struct hf_key_reach reach;
    bool no_wall;
};

/*
 * Start it. `said` is for why->text, of HF_ISSUER_SAID_MAX + 1.
 * Owns:  hf_founder_free().
 * Fails: as hf_issuer_open().
 */
enum hf_err hf_founder_open(const struct hf_founder_plan *plan,
                            struct hf_founder **out, char *said,
                            struct hf_why *why);
void hf_founder_free(struct hf_founder *founder);

/* Its public key in DER; and what goes into the key file: PEM, encrypted, or
 * the note that finds it in its token. Borrowed. */
struct hf_span hf_founder_spki(const struct hf_founder *founder);
struct hf_span hf_founder_key(const struct hf_founder *founder);

/*
 * Let it certify: itself, as a root, or another below `root`, its certificate
 * in DER. Serial number and issuer are set there. Adds DER to `out`.
 * Fails: HF_EINVAL, HF_ELIMIT, HF_EPEER, HF_ECRYPTO, HF_ECANCELED.
 */
enum hf_err hf_founder_certify(struct hf_founder *founder,
                               const struct hf_ca_certificate *certificate,
                               struct hf_span root, struct hf_buf *out,
                               char *said, struct hf_why *why);
