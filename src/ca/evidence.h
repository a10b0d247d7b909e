/* SPDX-License-Identifier: Apache-2.0 */
/*
 * evidence.h -- why a CA issued what it issued: a log that only grows, of
 * entries (entry.h) each of which has the hash of the one before.
 *
 * It is a folder of segments, files that are named by the number of their
 * first entry and are never changed once there is a next one. Who has kept the
 * hash of an entry can tell whether anything up to it was changed, left out or
 * added. The writer keeps one in the file "head", which shows that the end was
 * lost; whoever may write the folder can exchange both, and only another's
 * memory shows that: keep heads elsewhere.
 */
#pragma once

#include "ca/head.h"

#define HF_EVIDENCE_SEGMENT ((uint64_t)64 << 20) /* octets, usually */

/* ---- writing ---- */

struct hf_evidence;

/*
 * Open the log in this folder, which exists, for the one who writes it: the
 * lock is taken. What is in the last segment is verified; the end of a write
 * that a crash cut short is removed, since nobody was told of it.
 *
 * Owns:  hf_evidence_free().
 * Fails: HF_EINVAL (another has it open; it was changed: why->at is the number
 *        of the line in the segment; it ends before its head), HF_ENOTFOUND,
 * HF_ESYSTEM, HF_ELIMIT, HF_ENOMEM, HF_ECRYPTO, HF_ECANCELED.
 */
enum hf_err hf_evidence_open(const char *folder, uint64_t segment_max,
                             struct hf_evidence **out, struct hf_why *why);
void hf_evidence_free(struct hf_evidence *log);

/*
 * One more entry, in memory until hf_evidence_sync(); entry->number, previous
 * and hash are filled in. Fails: HF_ELIMIT (sync first), HF_ENOMEM,
 * HF_ECRYPTO; nothing changed then.
 */
enum hf_err hf_evidence_append(struct hf_evidence *log, struct hf_entry *entry,
                               struct hf_why *why);

/*
 * Write what was appended, and return when the disk has it. When it fails,
 * what was appended since the last time is forgotten, and the log is what it
 * was then. When that cannot be had either, all that follows fails.
 * Fails: HF_ESYSTEM.
 */
enum hf_err hf_evidence_sync(struct hf_evidence *log, struct hf_why *why);

/* The same without waiting for the disk: it outlives this process, and a power
 * cut only if a sync came after it. */
enum hf_err hf_evidence_write(struct hf_evidence *log, struct hf_why *why);

/* Bring all that was written to the disk, and then its head into the file: in
 * a quiet moment, and at the end. Fails: as hf_evidence_sync(); HF_ESYSTEM when
 * only the head could not be written, which is all the same to the log. */
enum hf_err hf_evidence_rest(struct hf_evidence *log, struct hf_why *why);

/* Is there something that the head does not say? */
bool hf_evidence_is_ahead(const struct hf_evidence *log);

/* ---- reading ---- */

/* The head in the folder. `*found` is false when there is none. Fails:
 * HF_EINVAL (it is no head), or as hf_file_read(). */
enum hf_err hf_evidence_head_read(const char *folder, struct hf_head *out,
                                  bool *found, struct hf_why *why);

/* How far a reader is: the entry read last. Zeroed: none. */
struct hf_evidence_head {
    uint64_t number; /* of it, and how many there are */
    int64_t at;
    unsigned char hash[HF_ENTRY_HASH_LEN];
    size_t segments;
    uint64_t torn; /* octets at the end that a crash left */
};

/* Told of each entry. Anything but HF_OK ends the walk, and is what it fails
 * with. */
typedef enum hf_err hf_evidence_fn(void *state, const struct hf_entry *entry,
                                   struct hf_why *why);

/* Where a walk stopped. */
struct hf_evidence_stop {
    char file[32];   /* the segment */
    uint64_t number; /* of the line in it */
};

/*
 * Read and verify all entries from the first, of a log that may be growing
 * meanwhile. `*head` is the last good one, also on failure, and `*stop` says
 * then where.
 * Fails: HF_EINVAL (it was changed; a segment is missing), HF_ENOTFOUND,
 *        HF_ESYSTEM, HF_ENOMEM, HF_ELIMIT, HF_ECRYPTO, HF_ECANCELED.
 */
enum hf_err hf_evidence_walk(const char *folder, hf_evidence_fn *tell,
                             void *state, struct hf_evidence_head *head,
                             struct hf_evidence_stop *stop, struct hf_why *why);

/* Read on: from behind the entry head->number, or a little before; of segments
 * that end before it nothing is read, and nothing is said. */
enum hf_err hf_evidence_walk_on(const char *folder, hf_evidence_fn *tell,
                                void *state, struct hf_evidence_head *head,
                                struct hf_evidence_stop *stop,
                                struct hf_why *why);
