/* SPDX-License-Identifier: Apache-2.0 */
/*
 * failover.h -- certificates from one of several accounts: always in the order
 * that was given, and the next one when a CA is the reason that there is no
 * certificate. What fails here would fail with every CA.
 *
 * Accounts stay open for the other certificates of a run; a CA that was silent
 * is not waited for again while there is another one to ask.
 */
#pragma once

#include "cli/issue.h"

#define HF_FAILOVER_OPEN 4 /* accounts at a time */

struct hf_failover {
    struct hf_cli *cli;
    struct hf_failover_slot {
        char account[HF_ACCOUNT_NAME_MAX + 1];
        struct hf_applicant *applicant; /* NULL when it could not be opened */
        enum hf_exit status;            /* why not */
        enum hf_fault fault;
    } slots[HF_FAILOVER_OPEN];
    size_t next; /* to be given up for another account */
};

/* Release with hf_failover_clear(). */
void hf_failover_init(struct hf_failover *failover, struct hf_cli *cli);
void hf_failover_clear(struct hf_failover *failover);

/* The account, open; borrowed until the next call. On failure a message was
 * printed, once a run. */
enum hf_exit hf_failover_open(struct hf_failover *failover,
                              struct hf_span account, struct hf_applicant **out,
                              enum hf_fault *fault);

/* Issue each by the first of its lineage's accounts that can, HF_ISSUE_MAX at
 * most, which go with one another. As hf_issue(), for the last one that was
 * tried. */
void hf_failover_issue(struct hf_failover *failover,
                       struct hf_issue_wish *wishes, size_t count);
bool hf_failover_goes_with(const struct hf_failover *failover,
                           const struct hf_issue_wish *a,
                           const struct hf_issue_wish *b);
