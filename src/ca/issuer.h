/* SPDX-License-Identifier: Apache-2.0 */
/*
 * issuer.h -- the process that has a CA's key, as its parent sees it.
 *
 * It builds what it signs itself, from names, a public key and a profile, and
 * never signs octets of its parent. It refuses what hf_leaf_fault() refuses,
 * and names for which it is not given evidence. What it is about to sign, and
 * the evidence for it, are in its log (evidence.h) and on disk before it
 * signs. All orders that wait for it share one sync.
 *
 * Behind its wall it has its log's folder and no other file, and no network.
 * Start it before hf_fence_enter(): who is fenced cannot hand out what is
 * outside the fence, and the log should be.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "ca/entry.h"
#include "ca/issued.h"
#include "crypto/crl.h"
#include "crypto/private_key.h"
#include "holdfast/err.h"
#include "keys/reach.h"

#define HF_ISSUER_NAMES_MAX    1000
#define HF_ISSUER_PROFILES_MAX 16
#define HF_ISSUER_WORD_MAX     64   /* octets of a profile's name */
#define HF_ISSUER_URL_MAX      1024 /* octets of a URL */
#define HF_ISSUER_EVIDENCE_MAX ((size_t)132 << 10) /* octets, of one name */
#define HF_ISSUER_ORDER_MAX    ((size_t)4 << 20) /* octets, of a whole order */
#define HF_ISSUER_SAID_MAX     400
#define HF_ISSUER_REVOKED_MAX  200000 /* entries of one CRL */

/* One kind of certificate that is issued. */
struct hf_issuer_profile {
    struct hf_span name;
    int64_t lifetime_s; /* the longest, both ends included */
    bool client_auth;   /* clientAuth beside serverAuth */
};

struct hf_issuer_profiles {
    struct hf_issuer_profile list[HF_ISSUER_PROFILES_MAX];
    size_t count;
};

struct hf_issuer_config {
    struct hf_span certificate; /* the issuing CA's own, DER */
    struct hf_span key;         /* PEM, or a note (crypto/key_note.h) */
    struct hf_span passphrase;  /* or PIN; may be empty */
    struct hf_key_reach reach;  /* of a key in hardware */
    struct hf_span log_folder;  /* of the evidence; it exists */
    struct hf_span ca_url;  /* where its certificate is: AIA; may be empty */
    struct hf_span crl_url; /* before "N.crl" of shard N; may be empty */
    uint32_t shards;        /* of its CRL, 1 at least */
    bool is_public; /* certificates obey the Baseline Requirements, too; else
                       internal names and addresses are good */
    struct hf_issuer_profiles profiles;
    bool no_wall;
};

struct hf_issuer;

/*
 * Start it, and wait until it has unlocked the key. Of `config` nothing is
 * kept.
 * Owns:  hf_issuer_free().
 * Fails: as hf_private_key_read() and hf_token_use() do there; HF_EINVAL (the
 *        certificate is not this key's, or no CA's; the log was changed);
 *        HF_EPEER (the wall cannot be built, or it ended); HF_ESYSTEM (the
 *        log), HF_ELIMIT, HF_ENOMEM, HF_ECANCELED. why->text borrows from
 *        `said`, of HF_ISSUER_SAID_MAX + 1.
 */
enum hf_err hf_issuer_open(const struct hf_issuer_config *config,
                           struct hf_issuer **out, char *said,
                           struct hf_why *why);
void hf_issuer_free(struct hf_issuer *issuer);

/* Other profiles for orders that are submitted from now on. Nothing is kept.
 * Fails: as hf_issuer_submit(); then the old ones stay. */
enum hf_err hf_issuer_change(struct hf_issuer *issuer,
                             const struct hf_issuer_profiles *profiles,
                             struct hf_why *why);

/* A name, and why it may be certified: one JSON object, as validate.h has it,
 * in one line, with at least
 *
 *     "identifier": {"type": "dns", "value": "example.com", "wildcard": true},
 *     "outcome": "valid",
 *     "expires": 1790000000        the last second at which it counts
 *
 * for *.example.com. With "subdomains": true in the identifier it is for every
 * name below and its wildcards (RFC 9444), if "caa_again" is a look at CAA for
 * the name itself that came out well, or "caa" is "skipped". */
struct hf_issuer_name {
    struct hf_span value; /* canonical, also as *.NAME; an address as text */
    bool is_ip;
    struct hf_span evidence;
};

struct hf_issuer_order {
    uint64_t ticket;
    struct hf_span order; /* its id or URL, for the log; of UTF-8 */
    struct hf_span account;
    struct hf_span profile;
    struct hf_span spki; /* the public key, DER */
    const struct hf_issuer_name *names;
    size_t name_count;
    int64_t now_at;
    int64_t not_before_at; /* at most an hour before now_at */
    int64_t not_after_at;  /* both included */
};

struct hf_issuer_crl {
    uint64_t ticket;
    uint32_t shard;
    uint64_t number; /* greater than that of any CRL of this shard before, which
                        the caller remembers */
    int64_t this_update_at;
    int64_t next_update_at;
    const struct hf_revoked *revoked; /* in any order */
    size_t count;
};

/* Revocations, which the log is to have before whoever asked for them is
 * answered. Its disk has them, when the answer comes. */
struct hf_issuer_revocations {
    uint64_t ticket;
    int64_t now_at;
    const struct hf_revoked *list;
    size_t count; /* HF_ISSUED_BATCH_MAX at most */
};

/*
 * Hand something in; the answer comes with its ticket. Nothing is kept.
 * Fails: HF_ELIMIT (too long, or too much is waiting), HF_EPEER (it ended),
 *        HF_ENOMEM.
 */
enum hf_err hf_issuer_submit(struct hf_issuer *issuer,
                             const struct hf_issuer_order *order,
                             struct hf_why *why);
enum hf_err hf_issuer_submit_crl(struct hf_issuer *issuer,
                                 const struct hf_issuer_crl *crl,
                                 struct hf_why *why);
enum hf_err
hf_issuer_submit_revocations(struct hf_issuer *issuer,
                             const struct hf_issuer_revocations *revocations,
                             struct hf_why *why);

enum hf_issuer_kind {
    HF_ISSUER_ISSUED, /* `der` is a certificate */
    HF_ISSUER_LISTED, /* `der` is a CRL */
    HF_ISSUER_LOGGED, /* revocations are in the log */
    HF_ISSUER_REFUSED,
};

struct hf_issuer_reply {
    uint64_t ticket;
    enum hf_issuer_kind kind;
    struct hf_span der;
    struct hf_span serial; /* of a certificate: lower-case hex of its DER */
    uint32_t shard;        /* whose CRL it will be in when it is revoked: its
                              last four octets, big-endian, modulo shards */
    uint64_t entry;        /* number of the log's entry, from 1 */
    struct hf_span hash;   /* of that entry: 32 octets. Keep it: it shows later
                              that the log still has all up to there */
    struct hf_span said;   /* why it was refused, a sentence, printable */
    enum hf_err err;       /* ... HF_EINVAL: so it will always be; else it may
                              go well later */
};

/* Readable when an answer may be there, writable wanted with `*wants_write`. */
int hf_issuer_fd(const struct hf_issuer *issuer, bool *wants_write);

/*
 * Let bytes move, without waiting, and give the next answer. `*got` is false
 * when there is none. It is borrowed until hf_issuer_drop().
 * Fails: HF_EPEER (it ended: what was submitted may or may not be in its log,
 *        and was not answered), HF_ENOMEM, HF_ESYSTEM.
 */
enum hf_err hf_issuer_poll(struct hf_issuer *issuer,
                           struct hf_issuer_reply *reply, bool *got,
                           struct hf_why *why);
void hf_issuer_drop(struct hf_issuer *issuer);
