/* SPDX-License-Identifier: Apache-2.0 */
/*
 * status.h -- how a CA is that serves, for its operator: what its parts say of
 * themselves and what stands in its tables, and what of that is wrong. For
 * ca/service.c.
 */
#pragma once

#include "ca/count.h"
#include "ca/own_tls.h"
#include "ca/seat.h"
#include "ca/validate.h"

#define HF_STATUS_KEEPERS_MAX  16
#define HF_STATUS_LEASES_MAX   4
#define HF_STATUS_NAME_MAX     64
#define HF_STATUS_PROBLEMS_MAX 32

/* Who is asked; borrowed. */
struct hf_status_sources {
    struct hf_store *store;
    const struct hf_validator *validator;
    const struct hf_own_tls *own_tls; /* NULL: another CA certifies it */
    struct hf_span log;               /* of evidence: whose it is */
    uint32_t shards;                  /* lists of revoked certificates */
};

struct hf_status_lease {
    char name[HF_STATUS_NAME_MAX + 1];
    char holder[HF_SEAT_NAME_MAX + 1]; /* empty: one that is gone */
    int64_t fence;
    int64_t until_at;
};

struct hf_status_keeper {
    char name[HF_SEAT_NAME_MAX + 1];
    int64_t since_at;
    int64_t until_at;
};

/* Something that is not as it should be. */
struct hf_status_problem {
    struct hf_span subject; /* a perspective; or empty */
    const char *what;       /* static */
    struct hf_span detail;  /* of `what`; or empty */
    const char *advice;     /* static */
    bool is_grave;          /* it keeps the CA from its work, or soon will */
};

struct hf_status {
    int64_t now_at;
    int64_t now_ms; /* hf_clock_ms() */
    const struct hf_ca_counts *counts;
    struct hf_ca_gauges gauges;
    struct hf_validator_health eyes;
    int64_t web_ends_at;   /* the certificate of the web server */
    int64_t web_renews_at; /* 0: that is not ours */
    struct hf_span web_said;

    /* from the tables */
    bool tables_answer;
    struct hf_store_about about;
    int64_t log_stored; /* last entry of our log that they know; 0: none */
    int64_t lists;      /* of revoked certificates */
    uint32_t shards;
    int64_t lists_end_at; /* nextUpdate of the one that ends first */
    struct hf_status_lease leases[HF_STATUS_LEASES_MAX];
    size_t lease_count;
    struct hf_status_keeper keepers[HF_STATUS_KEEPERS_MAX];
    size_t keeper_count;

    struct hf_status_problem problems[HF_STATUS_PROBLEMS_MAX];
    size_t problem_count;
};

/*
 * Ask all of them, and judge. `out->now_at`, counts, gauges and web_ends_at,
 * when own_tls is NULL, are set by the caller. Spans of *out are borrowed from
 * the sources. Tables that do not answer are a problem, and no failure.
 */
void hf_status_look(const struct hf_status_sources *sources,
                    struct hf_status *out);

/* Does nothing grave keep it from its work? */
bool hf_status_is_good(const struct hf_status *status);

/* A JSON object in one line. */
void hf_status_put(struct hf_buf *out, const struct hf_status *status);

/* The same for Prometheus, beside hf_ca_counts_put(). */
void hf_status_put_metrics(struct hf_buf *out, const struct hf_status *status);
