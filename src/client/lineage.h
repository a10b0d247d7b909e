/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lineage.h -- the certificates of one name in time, on disk as certbot lays
 * them out, so that web servers set up for it need no change:
 *
 *     archive/NAME/{cert,chain,fullchain,privkey}N.pem   every one there was
 *     live/NAME/{cert,chain,fullchain,privkey}.pem       links to the newest
 *     renewal/NAME.json                                  how it is renewed
 *
 * A new certificate takes the place of the old one in one step: live/NAME as
 * a whole is exchanged, so that no reader finds the key of one with the chain
 * of another.
 */
#pragma once

#include <stdbool.h>

#include "client/means.h"
#include "holdfast/buf.h"
#include "holdfast/err.h"

#define HF_LINEAGE_NAMES_MAX      100 /* of one certificate */
#define HF_LINEAGE_ACCOUNTS_MAX   8
#define HF_LINEAGE_UNDEPLOYED_MAX 2

/* renewal/NAME.json. Text is borrowed as in struct hf_account_file. */
struct hf_lineage {
    struct hf_span name;    /* of the lineage: a folder's name */
    struct hf_span account; /* that issued the newest one */
    struct hf_span accounts[HF_LINEAGE_ACCOUNTS_MAX]; /* to be tried, in this
                                                         order; one at least */
    size_t account_count;
    struct hf_span key_type;
    struct hf_span profile;           /* or none is ordered */
    struct hf_span preferred_profile; /* if the CA offers it */
    struct hf_span chain;    /* wanted issuer of the chain's end, or empty */
    struct hf_span url;      /* of the newest one, at the CA */
    struct hf_span pre_hook; /* commands, or empty: see cli/hooks.h */
    struct hf_span deploy_hook;
    struct hf_span post_hook;
    struct hf_span names[HF_LINEAGE_NAMES_MAX];
    size_t name_count;
    struct hf_span undeployed[HF_LINEAGE_UNDEPLOYED_MAX];
    size_t undeployed_count;
    struct hf_span csr; /* the user's request, a file; empty: ours */
    struct hf_means means;
    bool reuses_key;
    bool must_staple;
    int64_t issued_at;
    int64_t renew_at;   /* as ARI told, or 0 */
    int64_t ask_ari_at; /* not before: the server's Retry-After */
    struct json_t *json;
};

/* A folder's name of ours: a domain name, or what --name says. */
bool hf_lineage_name_is_good(struct hf_span name);

/* Fails: HF_ENOTFOUND, HF_ESYNTAX, HF_EINVAL, HF_ESYSTEM, HF_ENOMEM.
 * Owns: hf_lineage_clear(). */
enum hf_err hf_lineage_read(const char *state, struct hf_span name,
                            struct hf_lineage *out, struct hf_why *why);
void hf_lineage_clear(struct hf_lineage *lineage);
enum hf_err hf_lineage_write(const char *state,
                             const struct hf_lineage *lineage,
                             struct hf_why *why);

/*
 * Deploy hooks are to run for the certificate of this serial number, from the
 * moment that it is live. This is written before it is installed; since that
 * may fail, the one that is live now stays on the list if it was there.
 */
void hf_lineage_owe(struct hf_lineage *lineage, struct hf_span live,
                    struct hf_span serial);

/* Are they still to run for this one, which is live? */
bool hf_lineage_owes(const struct hf_lineage *lineage, struct hf_span live);

/* All there are, sorted, each with a NUL; as hf_account_names(). */
enum hf_err hf_lineage_list(const char *state, struct hf_buf *out,
                            size_t *count, struct hf_why *why);

/* One certificate with all that belongs to it, in PEM. */
struct hf_issued {
    struct hf_span key;   /* PKCS#8; empty: it is not ours to keep */
    struct hf_span cert;  /* the leaf */
    struct hf_span chain; /* the others */
};

/*
 * Put a new certificate in the archive and make it the live one. All or
 * nothing for readers of live/; what was left in the archive by a crash is
 * harmless. `*number` is its N. Without a key there is no privkey.pem.
 *
 * Fails: HF_ESYSTEM, HF_ELIMIT, HF_EINVAL.
 */
enum hf_err hf_lineage_install(const char *state, struct hf_span name,
                               const struct hf_issued *issued, unsigned *number,
                               struct hf_why *why);

/* A live file of the lineage, "cert.pem": its text. */
enum hf_err hf_lineage_live(const char *state, struct hf_span name,
                            const char *file, struct hf_buf *out,
                            struct hf_why *why);

/* STATE/live/NAME with NUL, for messages and hooks. Fails: HF_ELIMIT. */
enum hf_err hf_lineage_folder(const char *state, struct hf_span name, char *out,
                              size_t size, struct hf_why *why);
