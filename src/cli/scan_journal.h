/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scan_journal.h -- where an interrupted scan goes on: a small file that is
 * replaced whole, so that it never speaks of output which is not on the disk.
 */
#pragma once

#include "cli/report.h"

/* How far results were written. */
struct hf_scan_mark {
    enum hf_format format;
    uint64_t input_size; /* of a regular file; 0: a stream */
    uint64_t offset;     /* in the input, behind the last name done */
    uint64_t output;     /* bytes of output */
};

/*
 * Read the journal and the counters in it. `*found` is false, and the rest
 * untouched, when there is none.
 * Fails: HF_ESYNTAX (not a journal of this version), HF_ESYSTEM, HF_ENOMEM.
 */
enum hf_err hf_scan_journal_read(const char *path, struct hf_scan_mark *mark,
                                 struct hf_tally *tally, bool *found,
                                 struct hf_why *why);

/* Fails: as hf_file_replace(). */
enum hf_err hf_scan_journal_write(const char *path,
                                  const struct hf_scan_mark *mark,
                                  const struct hf_tally *tally,
                                  struct hf_why *why);
