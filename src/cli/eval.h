/* SPDX-License-Identifier: Apache-2.0 */
/*
 * eval.h -- one test object of `holdfast eval`: reading its members, asking
 * the law, and the table of kinds. Between JSON and the public headers stands
 * nothing but translation: no rule of the record is decided here.
 *
 * Reading is sticky like hf_buf: a function of a kind reads all it needs,
 * then looks once whether something was wrong. What it reads borrows from the
 * object or from memory that lasts as long as the object.
 */
#pragma once

#include <jansson.h>

#include "base/json.h"
#include "holdfast/holdfast.h"

/* Octets that the texts and arrays of one object may take. */
#define HF_EVAL_MEMORY_MAX ((size_t)16 << 20)

struct hf_eval_block;

struct hf_eval {
    const json_t *request;
    json_t *dns;        /* kind validate; or NULL */
    const json_t *mode; /* or NULL */
    const struct hf_digest *digest;
    struct hf_json *out; /* members of the result go here */
    const char *member;  /* the first one that was wrong */
    const char *wrong;   /* what was wrong with it; NULL: nothing */
    struct hf_eval_block *blocks;
    size_t used; /* octets of them */
};

typedef void hf_eval_fn(struct hf_eval *eval);

/* The function of a kind, or NULL (eval_kinds.c). */
hf_eval_fn *hf_eval_find(struct hf_span kind);

/* Free what reading took. */
void hf_eval_clear(struct hf_eval *eval);

/* Remember the first thing that is wrong. Both texts are static or borrowed
 * from the object. */
void hf_eval_wrong(struct hf_eval *eval, const char *member, const char *wrong);

/* Zeroed room for `count` things (at least one); NULL after
 * hf_eval_wrong(). */
void *hf_eval_room(struct hf_eval *eval, size_t count, size_t size);

/* The member, or NULL when it is missing or null. */
const json_t *hf_eval_member(const json_t *object, const char *key);

/* It must be there. */
void hf_eval_need(struct hf_eval *eval, const json_t *object, const char *key);

/* The member as an object or as an array; NULL when missing or null. */
const json_t *hf_eval_object(struct hf_eval *eval, const json_t *object,
                             const char *key);
const json_t *hf_eval_array(struct hf_eval *eval, const json_t *object,
                            const char *key);

/* A text in one of its three spellings: a string, {"hex"}, {"repeat"}. */
struct hf_span hf_eval_value(struct hf_eval *eval, const json_t *value,
                             const char *key);

/* The same as a member, which must be there; or may be missing. */
struct hf_span hf_eval_text(struct hf_eval *eval, const json_t *object,
                            const char *key);
struct hf_span hf_eval_text_or(struct hf_eval *eval, const json_t *object,
                               const char *key, struct hf_span otherwise);

/* An array of texts; a single text counts as an array of one. */
size_t hf_eval_texts(struct hf_eval *eval, const json_t *object,
                     const char *key, const struct hf_span **out);

/* An array of TXT records, each a list of strings that are joined here, or
 * one text. */
size_t hf_eval_records(struct hf_eval *eval, const json_t *object,
                       const char *key, const struct hf_span **out);

/* A domain name in any spelling, canonical; the request cannot be judged
 * when it is none. */
struct hf_span hf_eval_name(struct hf_eval *eval, struct hf_span text,
                            const char *key);

bool hf_eval_bool(struct hf_eval *eval, const json_t *object, const char *key,
                  bool otherwise);
int64_t hf_eval_int(struct hf_eval *eval, const json_t *object, const char *key,
                    int64_t otherwise);

/* Seconds with an optional fraction, or one of the texts of time_text.h. */
struct hf_time hf_eval_time(struct hf_eval *eval, const json_t *object,
                            const char *key);

/* "valid" when missing. */
enum hf_account_status hf_eval_status(struct hf_eval *eval,
                                      const json_t *object, const char *key);

/* The object's mode; -02 for "any" and when there is none. */
enum hf_rules hf_eval_rules(struct hf_eval *eval);

/* The list `publicSuffixes`; *out is NULL when the request has none. Free it
 * with hf_suffixes_free(). */
void hf_eval_suffixes(struct hf_eval *eval, struct hf_suffixes **out);

/* ---- the kinds, by file ---- */

hf_eval_fn hf_eval_validate; /* eval_validate.c */

hf_eval_fn hf_eval_parse; /* eval_record.c */
hf_eval_fn hf_eval_hash;
hf_eval_fn hf_eval_client_record;
hf_eval_fn hf_eval_txt_encode;
hf_eval_fn hf_eval_owner;
hf_eval_fn hf_eval_normalize;
hf_eval_fn hf_eval_monitor;

hf_eval_fn hf_eval_challenge; /* eval_client.c */
hf_eval_fn hf_eval_directory;
hf_eval_fn hf_eval_preflight;
hf_eval_fn hf_eval_account_proof;

hf_eval_fn hf_eval_variant_ca; /* eval_ca.c */
hf_eval_fn hf_eval_reuse;
hf_eval_fn hf_eval_mpic;
hf_eval_fn hf_eval_caa;
hf_eval_fn hf_eval_jit;
hf_eval_fn hf_eval_identifier;
