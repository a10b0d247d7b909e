/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cas.h -- the certificate authorities we know: what they are called, where
 * they are, which draft they speak. Made from data/cas.json when holdfast is
 * built; a file of the same form (--ca-file) adds to it or overrides it.
 *
 * What is not known is said to be unknown, never guessed.
 */
#pragma once

#include "holdfast/challenge.h"

enum hf_known { HF_KNOWN_NOT, HF_KNOWN_NO, HF_KNOWN_YES };

struct hf_ca_entry {
    const char *name;        /* "letsencrypt" */
    const char *title;       /* "Let's Encrypt" */
    const char *state;       /* of its offer: see hf_ca_state_text() */
    const char *directory;   /* URL, or NULL */
    const char *staging;     /* name of its twin for tests, or NULL */
    const char *draft;       /* "00", "01", "02", "dual", or NULL */
    const char *prefix;      /* accountHashPrefix, or NULL */
    const char *account_url; /* with <number> for the part that varies */
    const char *limits;      /* of orders, in words, or NULL */
    const char *note;        /* a sentence or two, or NULL */
    const char *as_of;       /* day of that knowledge, "2026-09-19" */
    enum hf_known parents;   /* does it look at records of parent names? */
    enum hf_known reuses;    /* does it reuse validations over orders? */
    size_t issuer_count;
    const char *issuers[HF_ISSUERS_MAX];
};

struct hf_cas;

/*
 * The built-in table, with the entries of `path` before it when that is not
 * NULL. Owns: hf_cas_free(); entries live as long.
 *
 * Fails: HF_ESYNTAX, HF_EINVAL (an entry breaks a rule; why->text says which)
 *        with why->at the line of the file, HF_ENOTFOUND, HF_ESYSTEM,
 *        HF_ELIMIT, HF_ENOMEM.
 */
enum hf_err hf_cas_load(const char *path, struct hf_cas **out,
                        struct hf_why *why);
void hf_cas_free(struct hf_cas *cas);

/*
 * Put an entry before the built-in ones, behind those of the file. Its text is
 * borrowed as long as the table lives.
 * Fails: HF_EINVAL (as above), HF_ENOMEM.
 */
enum hf_err hf_cas_add(struct hf_cas *cas, const struct hf_ca_entry *entry,
                       struct hf_why *why);

size_t hf_cas_count(const struct hf_cas *cas);
const struct hf_ca_entry *hf_cas_at(const struct hf_cas *cas, size_t i);

/* By name, without case; or NULL. The first one counts. */
const struct hf_ca_entry *hf_cas_find(const struct hf_cas *cas,
                                      struct hf_span name);

/* The first entry that has this issuer name; or NULL. */
const struct hf_ca_entry *hf_cas_find_issuer(const struct hf_cas *cas,
                                             struct hf_span issuer);

/* "offered in production" for "production"; NULL when there is no such word. */
const char *hf_ca_state_text(const char *state);

/* Does `url` have the shape of this CA's account URLs? True when that shape
 * is not known. */
bool hf_ca_url_fits(const struct hf_ca_entry *entry, struct hf_span url);
