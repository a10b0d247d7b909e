/* SPDX-License-Identifier: Apache-2.0 */
/*
 * validate.h -- one validation, from the challenge to the verdict with its
 * evidence: what a CA does when a client says that it is ready, before an
 * order when it looks just in time, and for CAA again when it signs.
 *
 * Jobs are submitted, up to `window` at a time, and their results polled for
 * in any order. The first eye is the primary; the others are asked when it is
 * content, and the quorum of BR 3.2.2.9 decides. It has no clock and no store
 * of its own: moments are told, and who asks keeps what it says.
 */
#pragma once

#include "ca/eye.h"
#include "holdfast/judge.h"
#include "holdfast/mpic.h"
#include "holdfast/suffix.h"

/* Whose manners a CA has. */
enum hf_preset {
    HF_PRESET_COMPAT,      /* -00, -01 and -02 at once, with guards: 3.4 */
    HF_PRESET_STRICT,      /* -02 alone, at the name itself */
    HF_PRESET_LETSENCRYPT, /* -01 with account URLs, no reuse */
};

/* "compat", "strict", "letsencrypt". */
const char *hf_preset_word(enum hf_preset preset);
bool hf_preset_find(struct hf_span word, enum hf_preset *out);

/* What a CA does beyond reading records. All zero is the strictest. */
struct hf_validation_policy {
    bool reuses;           /* another order may take an authorization over */
    bool skips_caa;        /* a private CA that nobody names in CAA */
    bool ip_persist;       /* as in hf_eye_rules */
    bool lone;             /* without remote eyes, its own is enough */
    unsigned attempts;     /* of the quorum, each from zero; 0 means 1 */
    int64_t raw_until_at;  /* raw account URLs count until then; 0: always */
    int64_t other_reuse_s; /* of the other methods; 0: as the BRs allow */
    int64_t look_ms;       /* one errand's time; 0 means 10 s */
};

/*
 * Set what the preset is about: of `ca` rules, hash_algs, allows_raw, prunes
 * and reuse_s, of `policy` reuses. The rest stays.
 */
void hf_preset_apply(enum hf_preset preset, struct hf_ca *ca,
                     struct hf_validation_policy *policy);

/* What is to be validated. Copied by hf_validator_submit(). */
struct hf_validation_job {
    enum hf_way way; /* HF_WAY_CAA: CAA alone (REQ VAL-52) */
    bool is_ip;
    bool wildcard;
    bool subdomains;     /* control of all below the name is to be shown; CAA is
                            not looked at, as that is of each of them */
    struct hf_span name; /* canonical, without `*.`; or an address */
    struct hf_span token;
    struct hf_span key_authorization;
    struct hf_span key_hash; /* its SHA-256, where that is all one knows */
    const struct hf_account *account; /* as it is now: REQ ACCT-04 */
    bool raw_refused;    /* it has validated with a hashed value (3.4) */
    enum hf_way for_way; /* of CAA alone: how control was shown */
    struct hf_time now;
};

#define HF_FINDINGS_MAX 16
#define HF_EVIDENCE_MAX ((size_t)64 << 10)
#define HF_DETAIL_MAX   2048
#define HF_QUOTED_MAX   200 /* octets of a record in a text: REQ ERR-08 */

/* One record or look-up that did not serve (REQ ERR-07). */
struct hf_validation_fault {
    const char *problem; /* static: "malformed", of RFC 8555, 6.7 */
    const char *reason;  /* static: the fixed word */
    struct hf_span detail;
};

/* The verdict. Spans point into `bytes`: release with
 * hf_validation_clear(). All text is printable ASCII. */
struct hf_validation_result {
    bool valid;
    const char *problem;   /* static; NULL when valid */
    const char *reason;    /* static: "ok", "no-record", "caa-method", ... */
    struct hf_span detail; /* one sentence; empty when valid */
    struct hf_validation_fault faults[HF_FINDINGS_MAX];
    size_t fault_count;
    struct hf_span adn;         /* where it was found; empty when not valid */
    struct hf_span account_uri; /* relied upon; dns-persist-01 */
    enum hf_form form;          /* raw: legacy, worth a line in the log */
    int64_t until_at;           /* persistUntil, or INT64_MAX */
    uint32_t ttl_s;
    int64_t expires_at;      /* last second of use (REQ REUSE-01..06) */
    int64_t caa_expires_at;  /* then CAA wants to be asked again: VAL-52 */
    struct hf_span evidence; /* JSON, at most HF_EVIDENCE_MAX */
    char *bytes;
};

/* Release and zero. Harmless on a zeroed one. */
void hf_validation_clear(struct hf_validation_result *result);

#define HF_VALIDATOR_WINDOW 64

/* What one is built of. All is borrowed for its life. */
struct hf_validator_config {
    const struct hf_ca *ca; /* issuers, prefixes, digest, rules */
    const struct hf_validation_policy *policy;
    const struct hf_suffixes *suffixes; /* NULL: nothing is pruned */
    struct hf_eye *const *eyes; /* the primary first; nobody else uses them */
    size_t eye_count;
    size_t window; /* 0 means HF_VALIDATOR_WINDOW */
};

struct hf_validator;

/* Owns: hf_validator_free(). Fails: HF_EINVAL (no eye, too many), HF_ENOMEM. */
enum hf_err hf_validator_new(const struct hf_validator_config *config,
                             struct hf_validator **out, struct hf_why *why);
void hf_validator_free(struct hf_validator *validator);

/*
 * Start one validation; `ticket` comes back with its result. Fails: HF_ELIMIT
 * when `window` are under way, HF_EINVAL (a job that can have no answer: a
 * wildcard or subdomains by http-01, an address by dns-01, a missing token),
 * HF_ENOMEM.
 */
enum hf_err hf_validator_submit(struct hf_validator *validator,
                                const struct hf_validation_job *job,
                                uint64_t ticket, struct hf_why *why);

/*
 * Go on with everything under way, without waiting, and take one result if
 * there is one: call it until `*got` is false. With `*got` true, *out must be
 * released with hf_validation_clear(). Fails: HF_ENOMEM, HF_ECANCELED,
 * HF_ESYSTEM, HF_EPEER: of our own processes.
 */
enum hf_err hf_validator_poll(struct hf_validator *validator,
                              struct hf_time now, uint64_t *ticket,
                              struct hf_validation_result *out, bool *got,
                              struct hf_why *why);

/*
 * Let remote eyes of which nothing was heard for `quiet_ms` look at something,
 * so that their records say how they are: CAA of our own name. Those that could
 * not look do so after a tenth of that. Nothing else comes of it. Is any under
 * way now?
 */
bool hf_validator_rouse(struct hf_validator *validator, int64_t quiet_ms);

/* Descriptors that are readable when hf_validator_poll() would do something;
 * they may change. Call that every 100 ms as well, and after submitting. */
size_t hf_validator_fds(const struct hf_validator *validator, int *fds,
                        size_t max);
size_t hf_validator_under_way(const struct hf_validator *validator);

/* How its eyes do, and what the quorum of BR 3.2.2.9 would make of a name that
 * is good wherever somebody looks. */
struct hf_validator_health {
    const struct hf_eye *const *eyes; /* the primary first; borrowed */
    size_t eye_count;
    bool is_lone; /* its own eye is enough: there is no quorum */
    struct hf_mpic quorum;
    size_t remotes_needed;
};

void hf_validator_health(const struct hf_validator *validator, int64_t now_at,
                         struct hf_validator_health *out);
