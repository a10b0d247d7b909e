/* SPDX-License-Identifier: Apache-2.0 */
/*
 * count.h -- what a CA counts while it works, and how Prometheus reads it (text
 * format 0.0.4).
 */
#pragma once

#include "ca/eye.h"
#include "ca/trouble.h"
#include "net/server.h"

/* From the start of the process on. */
struct hf_ca_counts {
    uint64_t answered[HF_TROUBLES]; /* requests, by what was wrong with them */
    uint64_t validated[HF_WAY_COUNT][2]; /* by method; no and yes */
    uint64_t issued;
    uint64_t refused; /* by the issuer */
    uint64_t revoked;
    uint64_t lists;   /* of revoked certificates, made */
    uint64_t commits; /* transactions; how much each held: tasks / commits */
    uint64_t tasks;
    uint64_t failures; /* of tasks: the store was not to be had */
    int64_t started_at;
};

/* What is so now. */
struct hf_ca_gauges {
    size_t held;           /* requests that wait for an answer */
    size_t works;          /* validations and signatures under way */
    size_t queued;         /* of these, who wait for their turn */
    uint64_t signed_entry; /* of the log: the last certificate that the issuer
                              signed since the start; 0: none */
    bool has_lost;         /* an outcome is not in the tables yet */
    const uint64_t *front; /* hf_server_counters() */
    bool store_is_good;    /* the last transaction went well */
    bool is_alone;         /* nobody else serves from the store */
    bool has_chores;       /* what one at a time does is ours */
    bool is_draining;      /* a balancer is to send nobody any more */
};

/* One metric, holdfast_ca_NAME: what it is, once, and its values, by labels, of
 * which the second may be missing. */
struct hf_ca_labels {
    const char *first, *one;
    const char *second, *two;
};

void hf_ca_count_head(struct hf_buf *out, const char *name, const char *kind,
                      const char *help);
void hf_ca_count_put_for(struct hf_buf *out, const char *name,
                         const struct hf_ca_labels *labels, uint64_t value);

/* Both, of one without labels. */
void hf_ca_count_put(struct hf_buf *out, const char *name, const char *kind,
                     const char *help, uint64_t value);

void hf_ca_counts_put(struct hf_buf *out, const struct hf_ca_counts *counts,
                      const struct hf_ca_gauges *gauges);
