/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check.h -- what `holdfast check` sees of one name, and what it makes of it.
 *
 * Three steps, each in a file of its own: look (DNS in, nothing decided),
 * judge (decided, no DNS), show (text or JSON).
 */
#pragma once

#include "cli/subject.h"
#include "dns/authority.h"

/* One name at which a record may sit that serves the name asked about. */
struct hf_spot {
    struct hf_span adn; /* in the sight's name */
    struct hf_name owner;
    struct hf_found found;
    bool synthesised; /* by a wildcard: signatures or a probe say so */
    struct hf_span *values;
    size_t count;
    char *joined;                   /* what the values point into */
    struct hf_authority *authority; /* of the owner's zone; or NULL */
    struct hf_authority *target;    /* of the alias's end; or NULL */
    struct hf_judged *judged;       /* one for each value */
    struct hf_verdict verdict;
};

/* The relevant CAA RRset (RFC 8659, section 3). */
struct hf_caa_sight {
    struct hf_found found; /* the last answer on the way up */
    struct hf_span at;     /* name that has it; empty: none restricts */
    struct hf_caa *rrset;
    size_t count;
    bool failed; /* a look-up on the way failed: no permission */
    bool judged; /* `said` counts: of the record relied upon */
    struct hf_caa_said {
        enum hf_caa_reason reason;
        size_t which;
        bool unsure; /* the account URL behind a hashed URI is not known */
    } said;
};

/* What is worth knowing beside the verdict. */
enum hf_note_kind {
    HF_NOTE_BOGUS,
    HF_NOTE_UNSIGNED,
    HF_NOTE_UNPROVED,
    HF_NOTE_ALIAS,
    HF_NOTE_ALIAS_DANGLING,
    HF_NOTE_WILDCARD,
    HF_NOTE_TOMBSTONE,
    HF_NOTE_DISAGREE,
    HF_NOTE_LAME,
    HF_NOTE_REFUSES,
    HF_NOTE_SILENT,
    HF_NOTE_NO_ADDRESS,
    HF_NOTE_NO_SERVERS,
    HF_NOTE_CAA_OPEN,
};

const char *hf_note_word(enum hf_note_kind kind);
const char *hf_note_sentence(enum hf_note_kind kind);
enum hf_severity hf_note_severity(enum hf_note_kind kind);

#define HF_NOTES_MAX       64
#define HF_NOTE_DETAIL_MAX 256

struct hf_note {
    enum hf_note_kind kind;
    size_t spot;
    char detail[HF_NOTE_DETAIL_MAX]; /* whom it is about; escaped, with NUL */
};

/* The answer to "would it validate?", in the order of exit statuses. */
enum hf_check_result {
    HF_CHECK_YES,
    HF_CHECK_NO,
    HF_CHECK_CAA,     /* the record serves; CAA forbids the certificate */
    HF_CHECK_REFUSED, /* no CA may validate this name by this method */
    HF_CHECK_UNKNOWN, /* DNS did not answer */
};

const char *hf_check_result_word(enum hf_check_result result);

struct hf_sight {
    struct hf_name name;
    bool wildcard;
    enum hf_decision decision;
    struct hf_spot spots[HF_CANDIDATES_MAX];
    size_t spot_count;
    struct hf_caa_sight caa;
    size_t best; /* the spot whose verdict counts */
    enum hf_check_result result;
    struct hf_note notes[HF_NOTES_MAX];
    size_t note_count;
};

/* How to look. */
struct hf_viewer {
    struct hf_resolver *resolver;
    const struct hf_suffixes *suffixes;
    bool ancestors;
    bool authoritative;
    bool any_name; /* look also where no public CA may validate */
    uint16_t port;
    int64_t give_up_at_ms; /* or 0 */
    int64_t timeout_ms;
};

/*
 * Look at the names of `sights`, all side by side: what they wait for, they
 * wait for together. Owns: hf_sight_free() for each, also after a failure.
 * Fails: HF_ENOMEM, HF_ECANCELED, HF_ESYSTEM, HF_EPEER.
 */
enum hf_err hf_sights_look(const struct hf_viewer *viewer,
                           struct hf_sight *const *sights, size_t count,
                           struct hf_why *why);
void hf_sight_free(struct hf_sight *sight);

/* Judge what was seen, for the subject or else for what the records say of
 * themselves. Fails: as hf_judge(), HF_ENOMEM. */
enum hf_err hf_sight_judge(struct hf_sight *sight,
                           const struct hf_subject *subject, struct hf_time now,
                           struct hf_why *why);

/* What CAA says to the record `record` of `spot`, for the subject's CA and
 * account or else for those that it names (REQ VAL-50, VAL-51). */
struct hf_caa_said hf_sight_caa(const struct hf_sight *sight,
                                const struct hf_subject *subject, size_t spot,
                                size_t record);

/* May the subject's CA issue for the name when it is validated by another
 * method, "http-01"? Not when CAA could not be looked up. */
bool hf_sight_permits(const struct hf_sight *sight,
                      const struct hf_subject *subject, struct hf_span method);

/* The record to publish instead of values[record] (SIZE_MAX: of none), as a
 * zone line. False when there is nothing to propose. */
bool hf_sight_put_remedy(const struct hf_sight *sight, size_t spot,
                         size_t record, const struct hf_subject *subject,
                         struct hf_time now, struct hf_buf *out);

/* Show it: lines for people, or one JSON object and a newline. */
struct hf_showing {
    const struct hf_sight *sight;
    const struct hf_subject *subject;
    struct hf_time now;
    bool colour;
};

void hf_sight_put_text(const struct hf_showing *showing, struct hf_buf *out);
void hf_sight_put_json(const struct hf_showing *showing, struct hf_buf *out);
