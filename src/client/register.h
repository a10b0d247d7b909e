/* SPDX-License-Identifier: Apache-2.0 */
/*
 * register.h -- the local register: every record that was planned or
 * published from here, with what nobody can tell from DNS afterwards (REQ
 * CLI-25). One file, records.db, in the state folder.
 *
 * A record is written down before it is published, and marked afterwards: a
 * crash in between leaves a planned record, which publishing again completes.
 */
#pragma once

#include "store/store.h"

#define HF_REGISTER_FILE "records.db"

enum hf_record_state {
    HF_RECORD_PLANNED,   /* written down; perhaps in DNS */
    HF_RECORD_PUBLISHED, /* the publisher said that it is in DNS */
    HF_RECORD_REMOVED,   /* taken away, or replaced */
};

const char *hf_record_state_word(enum hf_record_state state);

/* One row. Text is borrowed; empty: not known. Moments: 0 is "not yet". */
struct hf_entry {
    int64_t id;
    struct hf_span name;  /* the domain name, canonical */
    struct hf_span owner; /* where the record stands */
    struct hf_span value;
    struct hf_span issuer;
    struct hf_span ca; /* its name in the table of CAs */
    struct hf_span account_url;
    struct hf_span thumbprint;
    struct hf_span draft; /* "00", "01", "02" */
    bool wildcard;
    bool has_until;
    int64_t until_at;
    uint32_t ttl_s;
    struct hf_span zone;
    struct hf_span server;    /* "192.0.2.1@53" */
    struct hf_span publisher; /* "update", "print", "exec:PROGRAM", ... */
    struct hf_span person;    /* whom to ask */
    struct hf_span ticket;
    struct hf_span note; /* what a hook said that its clean-up needs */
    enum hf_record_state state;
    int64_t planned_at;
    int64_t published_at;
    int64_t verified_at; /* every server had it */
    int64_t removed_at;
    int64_t replaced_by; /* an id, or 0 */
};

struct hf_register;

/*
 * Open the register in `folder`. With `must_exist` a missing one is
 * HF_ENOTFOUND; else folder and file are made.
 * Owns: hf_register_close(). Fails: as hf_store_open(), HF_ELIMIT.
 */
enum hf_err hf_register_open(const char *folder, bool must_exist,
                             struct hf_register **out, struct hf_why *why);
void hf_register_close(struct hf_register *reg);

/* The file's name, for messages. */
struct hf_span hf_register_path(const struct hf_register *reg);

/* All of these fail as hf_store_run() does; then nothing has changed. */

/*
 * Write down that a record is going to be published; of `entry` all counts
 * but id, state and moments. The same value at the same owner is the same
 * record, whose other facts are renewed. `*id` is its number.
 */
enum hf_err hf_register_plan(struct hf_register *reg,
                             const struct hf_entry *entry, int64_t now_s,
                             int64_t *id, struct hf_why *why);

/* What publishing changed, all of it at once. */
struct hf_register_change {
    const int64_t *published; /* ids that are in DNS now */
    size_t published_count;
    const int64_t *removed; /* and those that are there no more */
    size_t removed_count;
    int64_t replaced_by; /* an id, or 0 */
    bool verified;       /* every server has what is published */
    uint32_t ttl_s;      /* as published */
    struct hf_span zone;
    struct hf_span note;
};

enum hf_err hf_register_change(struct hf_register *reg,
                               const struct hf_register_change *change,
                               int64_t now_s, struct hf_why *why);

/* Which rows. Empty and zero: any. */
struct hf_register_filter {
    int64_t id;
    struct hf_span name;
    struct hf_span issuer;
    struct hf_span account_url;
    bool removed; /* those that were removed, too */
};

/*
 * The rows, by name and number. hf_register_next() until `*more` is false, or
 * hf_register_end(). Text of an entry is borrowed until the next call; the
 * filter's as long as the walk. One walk at a time, and no change during it.
 */
enum hf_err hf_register_list(struct hf_register *reg,
                             const struct hf_register_filter *filter,
                             struct hf_why *why);
enum hf_err hf_register_next(struct hf_register *reg, struct hf_entry *out,
                             bool *more, struct hf_why *why);
void hf_register_end(struct hf_register *reg);
