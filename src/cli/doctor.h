/* SPDX-License-Identifier: Apache-2.0 */
/*
 * doctor.h -- what `holdfast ca doctor` looks at, part by part, and how it says
 * what it finds. Each part says at least one thing: that it is well, or each
 * thing that is not.
 */
#pragma once

#include "ca/listed.h"
#include "ca/orphan.h"
#include "ca/recall.h"
#include "ca/revoked.h"
#include "cli/ca_ledger.h"
#include "cli/ca_rules.h"

#define HF_DOCTOR_AHEAD_S    60 /* clocks differ */
#define HF_DOCTOR_POINTS_MAX ((size_t)128 << 10)

enum hf_health {
    HF_HEALTH_GOOD,
    HF_HEALTH_NOTE,   /* worth knowing, and nothing is wrong */
    HF_HEALTH_WRONG,  /* something is to be done */
    HF_HEALTH_MENDED, /* was wrong, until now (--repair) */
    HF_HEALTH_COUNT,
};

struct hf_doctor {
    struct hf_cli *cli;
    bool repairs;
    char folder[PATH_MAX]; /* of the CA */
    int64_t now_at;        /* the CA's clock */
    struct hf_digest *digest;
    struct hf_store *store;    /* NULL: it cannot be opened */
    struct hf_ca_rules *rules; /* how it is served; NULL: not known */
    struct hf_buf root;        /* certificates in DER; empty: not to be read */
    struct hf_buf issuer;
    struct hf_buf points; /* URLs of lists in certificates, up to the shard, a
                             line each */
    struct hf_listed listed; /* what the log says of the last of each */
    bool is_served;          /* somebody writes the log */
    size_t counts[HF_HEALTH_COUNT];
};

/* One thing that was found, in `part`, about `subject`, which may be empty: a
 * sentence, and what to do, or NULL. Subject and sentence are escaped. */
void hf_doctor_say(struct hf_doctor *doctor, enum hf_health health,
                   const char *part, struct hf_span subject,
                   struct hf_span what, const char *advice);

/* The same of what failed. */
void hf_doctor_fail(struct hf_doctor *doctor, const char *part,
                    struct hf_span subject, const struct hf_why *why,
                    const char *advice);

/* The path of a file in the CA's folder. */
void hf_doctor_path(const struct hf_doctor *doctor, const char *name,
                    char out[PATH_MAX + 32]);

/* Remember where a certificate says that its list is. */
void hf_doctor_note_point(struct hf_doctor *doctor,
                          const struct hf_x509 *certificate);

/* ---- the parts ---- */

void hf_doctor_files(struct hf_doctor *doctor);     /* who may read what */
void hf_doctor_disk(struct hf_doctor *doctor);      /* room */
void hf_doctor_authority(struct hf_doctor *doctor); /* certificates, keys */
void hf_doctor_engine(struct hf_doctor *doctor);    /* SQLite, PostgreSQL */
void hf_doctor_rows(struct hf_doctor *doctor);      /* what is in the tables */
void hf_doctor_lists(struct hf_doctor *doctor);     /* CRLs */

/* The log, and what the tables say of the same; the names in certificates; the
 * CA's web server. The status is another than good when it was interrupted. */
enum hf_exit hf_doctor_log(struct hf_doctor *doctor);

/* Lists at the URLs that were noted. The status is as of hf_doctor_log(). */
enum hf_exit hf_doctor_published(struct hf_doctor *doctor);

void hf_doctor_kept(struct hf_doctor *doctor); /* those beside the log */
