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
    const uint64_t *front; /* hf_server_counters() */
    bool store_is_good;    /* the last transaction went well */
    bool is_alone;         /* nobody else serves from the store */
    bool has_chores;       /* what one at a time does is ours */
    bool is_draining;      /* a balancer is to send nobody any more */
};

/* The same, as far as people want to know it at once: a flat JSON object. */
void hf_ca_status_put(struct hf_buf *out, const struct hf_ca_counts *counts,
                      const struct hf_ca_gauges *gauges);

void hf_ca_counts_put(struct hf_buf *out, const struct hf_ca_counts *counts,
                      const struct hf_ca_gauges *gauges);
