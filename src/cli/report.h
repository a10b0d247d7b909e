/* SPDX-License-Identifier: Apache-2.0 */
/*
 * report.h -- one result per name and the counts at the end, in five shapes,
 * for every command that looks at many names (scan, audit, watch).
 *
 * A result is examined (hf_result_examine), counted (hf_tally_add) and written
 * (hf_result_put); hf_report_result() does the last two. Results stream:
 * nothing
 * but counters is kept, so memory does not grow with the number of names. An
 * absent name costs one copy of its text and no allocation.
 */
#pragma once

#include "dns/resolver.h"
#include "holdfast/holdfast.h"
#include "os/out.h"

enum hf_format {
    HF_FORMAT_TEXT,
    HF_FORMAT_JSON, /* one object a line; the summary is the last line */
    HF_FORMAT_CSV,  /* one row a record, or one a name without records */
    HF_FORMAT_MARKDOWN,
    HF_FORMAT_HTML, /* self-contained, no script, nothing fetched */
};

#define HF_FORMAT_CHOICES "text json csv markdown html"

bool hf_format_find(struct hf_span word, enum hf_format *out);

enum hf_status {
    HF_STATUS_FOUND,
    HF_STATUS_ABSENT,
    HF_STATUS_FAILED,
    HF_STATUS_INVALID_NAME,
};

#define HF_STATUS_COUNT (HF_STATUS_INVALID_NAME + 1)

const char *hf_status_word(enum hf_status status);

/* What can be wrong with a name, rather than with one record: bits. */
enum hf_name_finding {
    HF_NAME_ALIAS,      /* CNAME at the label: somebody else may write it */
    HF_NAME_DNAME,      /* DNAME above the label redirects it */
    HF_NAME_WILDCARD,   /* a wildcard TXT or CNAME synthesises the label */
    HF_NAME_DELEGATION, /* a zone cut at or above the label */
    HF_NAME_TOMBSTONE,  /* records, and none of them names an issuer */
    HF_NAME_OTHER_DATA, /* CNAME and other data at one owner */
    HF_NAME_SPLIT,      /* a zone has the name's records in several places */
    HF_NAME_ODD,        /* octets that no host name has: no CA looks here */
    HF_NAME_CAA,        /* CAA in the zone forbids what the records grant */
};

#define HF_NAME_FINDING_COUNT (HF_NAME_CAA + 1)

const char *hf_name_finding_word(enum hf_name_finding finding);
const char *hf_name_finding_sentence(enum hf_name_finding finding);
enum hf_severity hf_name_finding_severity(enum hf_name_finding finding);

/* One record as examined. Spans borrow from its text. */
struct hf_result_record {
    struct hf_span text; /* strings joined */
    struct hf_record record;
    enum hf_reason reason; /* of reading it */
    size_t at;             /* the octet where reading it failed */
    uint32_t findings;     /* bits of enum hf_finding */
    struct hf_reach reach;
    uint64_t line; /* where it stands in a file, or 0 */
};

/* One name. Everything is borrowed. */
struct hf_result {
    struct hf_span name;  /* the ADN, canonical; as given when invalid */
    struct hf_span owner; /* empty when the name is invalid */
    enum hf_status status;
    bool has_security; /* false: DNSSEC was not looked at */
    enum hf_security security;
    int rcode; /* -1 when there is no answer to speak of */
    bool has_ttl;
    uint32_t ttl_s;
    struct hf_span where;   /* server, or file; may be empty */
    uint32_t name_findings; /* bits of enum hf_name_finding */
    struct hf_span target;  /* of the alias; may be empty */
    struct hf_span reason;  /* why it failed, a sentence; may be empty */
    const uint64_t *lines;  /* of the records in a file, or NULL: set before
                               they are examined */
    const struct hf_result_record *records;
    size_t record_count;
    bool has_verdict;
    struct hf_verdict verdict; /* for the name itself, by `eyes` below */
};

/* What records are looked at with. ca and account may both be NULL. */
struct hf_eyes {
    struct hf_lint_view view;
    const struct hf_ca *ca; /* with `account`: a verdict is given */
    const struct hf_account *account;
};

#define HF_RESULT_RECORDS_MAX 8192 /* more than 64 kB of RDATA can hold */

/* Scratch for the records of one name, used again for the next. */
struct hf_results;

/* Owns: hf_results_free(). Fails: HF_ENOMEM. */
enum hf_err hf_results_new(struct hf_results **out, struct hf_why *why);
void hf_results_free(struct hf_results *results);

/*
 * Examine the records of one name and set records, record_count, status,
 * verdict and the tombstone finding of `*result`, whose name must be set.
 * The records live until the next call with the same `results`; they borrow
 * from `values`.
 *
 * Fails: HF_ELIMIT (more than HF_RESULT_RECORDS_MAX), HF_ENOMEM, or as
 *        hf_judge(); *result is then as before.
 */
enum hf_err hf_result_examine(struct hf_results *results,
                              const struct hf_eyes *eyes,
                              const struct hf_span *values, size_t count,
                              struct hf_result *result, struct hf_why *why);

/* ---- counts ---- */

/* How far away the end of a record is. */
enum hf_expiry {
    HF_EXPIRY_PAST,
    HF_EXPIRY_WEEK,
    HF_EXPIRY_MONTH,   /* 30 days */
    HF_EXPIRY_QUARTER, /* 90 days */
    HF_EXPIRY_YEAR,    /* 365 days */
    HF_EXPIRY_LATER,
    HF_EXPIRY_NEVER, /* no persistUntil */
    HF_EXPIRY_UNREADABLE,
};

#define HF_EXPIRY_COUNT (HF_EXPIRY_UNREADABLE + 1)

#define HF_TALLY_KEY_MAX 200 /* longer keys are shown cut, counted whole */
#define HF_TALLY_ROWS    384
#define HF_TALLY_SLOTS   2048 /* power of two, much larger than the rows */

struct hf_tally_row {
    uint64_t count;
    uint32_t full_len; /* of the key before it was cut */
    uint8_t len;
    char key[HF_TALLY_KEY_MAX];
};

/* The first HF_TALLY_ROWS different keys are counted each, the rest once. */
struct hf_tally_table {
    uint64_t others;
    uint32_t used;                   /* rows */
    uint32_t last;                   /* row that was counted up last */
    uint64_t hashes[HF_TALLY_SLOTS]; /* of the keys; 0: the slot is free */
    uint16_t row_at[HF_TALLY_SLOTS];
    struct hf_tally_row rows[HF_TALLY_ROWS];
};

/*
 * Counters only and no pointers: it may be copied, added up and kept in a
 * checkpoint. Zeroed is empty. About 200 kB: allocate it.
 */
struct hf_tally {
    uint64_t names;
    uint64_t records;
    uint64_t statuses[HF_STATUS_COUNT];
    uint64_t securities[HF_INDETERMINATE + 1];
    uint64_t unchecked; /* names without a word on DNSSEC */
    uint64_t findings[HF_FINDING_COUNT];
    uint64_t name_findings[HF_NAME_FINDING_COUNT];
    uint64_t readings[HF_REASON_COUNT];    /* records, by how reading went */
    uint64_t verdicts[HF_REASON_COUNT];    /* names, when a CA is asked about */
    uint64_t draft[HF_EXTENT_SUBTREE + 1]; /* records, by reach */
    uint64_t br[HF_EXTENT_SUBTREE + 1];
    uint64_t expiry[HF_EXPIRY_COUNT];
    struct hf_tally_table issuers;
    struct hf_tally_table accounts; /* hashed URIs: one row a prefix */
};

/* Count one result. Allocates nothing. */
void hf_tally_add(struct hf_tally *tally, const struct hf_result *result,
                  struct hf_time now);

/* Is there a finding of severity warning or error, or a verdict that is not
 * valid? Then a command exits with HF_EXIT_NO. */
bool hf_tally_has_findings(const struct hf_tally *tally);

/* ---- writing ---- */

struct hf_page {
    enum hf_format format;
    const char *title;     /* ours, no untrusted text */
    const char *where_key; /* "server" or "source": what `where` means */
    struct hf_time now;
    bool absent_too; /* text: also write names that are absent */
    bool colour;     /* text: for a terminal that wants it */
};

/*
 * One result: a line of JSON, CSV rows, a few lines of text, table rows.
 * Markdown and HTML leave out names that are absent and without findings.
 * A result without records needs less than HF_RESULT_ROOM bytes of `out`.
 */
#define HF_RESULT_ROOM 8192
void hf_result_put(const struct hf_page *page, const struct hf_result *result,
                   struct hf_buf *out);

/* The summary as a document of its own. */
void hf_report_put(const struct hf_page *page, const struct hf_tally *tally,
                   struct hf_buf *out);

/* ---- all of it, to an hf_out ---- */

/* A running report: page, counters, output. Plain; fill it in. */
struct hf_report {
    struct hf_page page;
    struct hf_tally *tally;
    struct hf_out *out;
    struct hf_buf room; /* growing; hf_report_open() makes it */
    bool summary_only;
    bool resumed; /* the output goes on: no header */
};

/* Start the document: CSV header, HTML head. */
void hf_report_open(struct hf_report *report);

/* Count and write one result. Fails: HF_ENOMEM (its line was not written). */
enum hf_err hf_report_result(struct hf_report *report,
                             const struct hf_result *result,
                             struct hf_why *why);

/* Summary and end of the document; releases `room`. CSV has a summary only
 * when it is all that was asked for. */
void hf_report_close(struct hf_report *report);
