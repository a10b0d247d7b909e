/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scan.h -- the run of `holdfast scan`: names in, look-ups under way, results
 * out in the order of the names, a mark from which another run goes on.
 */
#pragma once

#include "cli/report.h"
#include "cli/scan_journal.h"
#include "dns/bulk.h"
#include "os/progress.h"

/* What the command line asked for. Everything is borrowed. */
struct hf_scan_plan {
    const char *input; /* a path, or "-" */
    struct hf_bulk_options bulk;
    struct hf_eyes eyes;
    struct hf_resolver *resolver; /* validates; NULL: nobody does */
    bool prove_absence;           /* absent names are validated as well */
    struct hf_report *report;     /* open */
    struct hf_progress *progress;
    const char *journal;      /* NULL: none */
    struct hf_scan_mark mark; /* where to go on; zero: at the start */
    const char *output;       /* what messages call it */
    int output_fd;            /* of the journal's output */
};

/* What came of it. */
struct hf_scan_end {
    bool interrupted;
    const char *trouble; /* the file that a failure is about, or NULL */
    struct hf_bulk_stats stats;
};

/*
 * Run to the end of the input or to a signal. Results are flushed then, and
 * with a journal the mark is in it.
 * Fails: HF_ENOTFOUND, HF_ESYSTEM (input, output, sockets, journal),
 *        HF_EINVAL, HF_ENOMEM, HF_EPEER (the resolver).
 */
enum hf_err hf_scan_run(struct hf_scan_plan *plan, struct hf_scan_end *end,
                        struct hf_why *why);
