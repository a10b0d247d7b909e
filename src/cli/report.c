/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/report.h"

#include "base/alloc.h"
#include "cli/report_page.h"

#define ROOM_MAX ((size_t)64 << 20) /* one result, or the summary */

static const char *const format_words[] = {
    [HF_FORMAT_TEXT] = "text", [HF_FORMAT_JSON] = "json",
    [HF_FORMAT_CSV] = "csv",   [HF_FORMAT_MARKDOWN] = "markdown",
    [HF_FORMAT_HTML] = "html",
};

bool hf_format_find(struct hf_span word, enum hf_format *out)
{
    for (unsigned i = 0; i <= HF_FORMAT_HTML; i++) {
        if (hf_span_eq(word, hf_span_str(format_words[i]))) {
            *out = (enum hf_format)i;
            return true;
        }
    }
    return false;
}

const char *hf_status_word(enum hf_status status)
{
    static const char *const words[] = {
        [HF_STATUS_FOUND] = "found",
        [HF_STATUS_ABSENT] = "absent",
        [HF_STATUS_FAILED] = "failed",
        [HF_STATUS_INVALID_NAME] = "invalid-name",
    };

    return words[status];
}

static const struct {
    const char *word;
    const char *sentence;
    enum hf_severity severity;
} name_findings[] = {
    [HF_NAME_ALIAS] = {"alias",
                       "a CNAME stands at the label: whoever controls its "
                       "target decides who may get certificates",
                       HF_SEVERITY_WARNING},
    [HF_NAME_DNAME] = {"dname",
                       "a DNAME above the label redirects it to another tree",
                       HF_SEVERITY_WARNING},
    [HF_NAME_WILDCARD] = {"wildcard-synthesis",
                          "a DNS wildcard answers for the label, so that "
                          "names without a record of their own have one",
                          HF_SEVERITY_WARNING},
    [HF_NAME_DELEGATION] = {"delegation",
                            "the label lies at or below a zone cut: other "
                            "servers decide what it says",
                            HF_SEVERITY_WARNING},
    [HF_NAME_TOMBSTONE] = {"tombstone",
                           "every record here belongs to nobody: it "
                           "authorises no CA",
                           HF_SEVERITY_INFO},
    [HF_NAME_OTHER_DATA] = {"cname-and-other-data",
                            "a CNAME and other records share one owner name: "
                            "servers refuse such a zone or hide one of them",
                            HF_SEVERITY_ERROR},
    [HF_NAME_SPLIT] = {"split-rrset",
                       "the zone has records of this name in several places, "
                       "and this is not the first: each was judged alone; a "
                       "CA sees all, and accepts when it would accept one",
                       HF_SEVERITY_WARNING},
    [HF_NAME_ODD] = {"odd-name",
                     "the name has octets that no host name may have: no CA "
                     "will look here",
                     HF_SEVERITY_WARNING},
    [HF_NAME_CAA] = {"caa-forbids",
                     "CAA in the zone forbids the certificate that the record "
                     "is for",
                     HF_SEVERITY_ERROR},
};

const char *hf_name_finding_word(enum hf_name_finding finding)
{
    return name_findings[finding].word;
}

const char *hf_name_finding_sentence(enum hf_name_finding finding)
{
    return name_findings[finding].sentence;
}

enum hf_severity hf_name_finding_severity(enum hf_name_finding finding)
{
    return name_findings[finding].severity;
}

/* ---- examining ---- */

struct hf_results {
    struct hf_result_record *records;
    struct hf_judged *judged;
    size_t cap;
};

enum hf_err hf_results_new(struct hf_results **out, struct hf_why *why)
{
    struct hf_results *results = hf_alloc(1, sizeof(*results));

    if (results == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    *out = results;
    return HF_OK;
}

void hf_results_free(struct hf_results *results)
{
    if (results == NULL)
        return;
    hf_free(results->records);
    hf_free(results->judged);
    hf_free(results);
}

static enum hf_err make_room(struct hf_results *results, size_t count,
                             struct hf_why *why)
{
    size_t cap = results->cap < 16 ? 16 : results->cap;
    void *records;
    void *judged;

    if (count > HF_RESULT_RECORDS_MAX)
        return hf_fail(why, HF_ELIMIT, 0, "too many records at one name");
    if (count <= results->cap)
        return HF_OK;
    while (cap < count)
        cap *= 2;
    records = hf_realloc(results->records, cap, sizeof(*results->records));
    if (records == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    results->records = records;
    judged = hf_realloc(results->judged, cap, sizeof(*results->judged));
    if (judged == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    results->judged = judged;
    results->cap = cap;
    return HF_OK;
}

/* What the judge has read already, if it was asked, is not read again; but of
 * another CA's broken record it does not say where it broke. */
static void read_record(struct hf_result_record *out,
                        const struct hf_judged *judged)
{
    if (judged == NULL || (judged->reason == HF_REASON_OTHER_ISSUER &&
                           judged->reading != HF_REASON_OK)) {
        out->reason = hf_record_read(out->text, &out->record, &out->at);
        return;
    }
    out->reason = judged->reading;
    out->record = judged->record;
    out->at = judged->reading == HF_REASON_OK ? 0 : judged->at;
}

static void examine_record(struct hf_result_record *out, struct hf_span text,
                           const struct hf_judged *judged,
                           const struct hf_lint_view *view)
{
    *out = (struct hf_result_record){.text = text};
    read_record(out, judged);
    out->findings = hf_lint_read(
        text, &(struct hf_lint_reading){out->reason, &out->record}, view);
    if (out->reason == HF_REASON_OK)
        out->reach = hf_reach_of_record(&out->record, view->now);
}

static enum hf_err judge(struct hf_results *results, const struct hf_eyes *eyes,
                         const struct hf_span *values, size_t count,
                         struct hf_result *result, struct hf_why *why)
{
    const struct hf_answer answer = {.state = HF_ANSWER_DATA,
                                     .values = values,
                                     .count = count,
                                     .ttl_s = result->ttl_s};
    const struct hf_question question = {
        .adn = result->name, .scope = HF_SCOPE_EXACT, .now = eyes->view.now};

    return hf_judge(eyes->ca, eyes->account, &question, &answer,
                    results->judged, &result->verdict, why);
}

enum hf_err hf_result_examine(struct hf_results *results,
                              const struct hf_eyes *eyes,
                              const struct hf_span *values, size_t count,
                              struct hf_result *result, struct hf_why *why)
{
    bool judges = eyes->ca != NULL && eyes->account != NULL;
    enum hf_err err = make_room(results, count, why);
    bool nobodys = count > 0;

    if (err == HF_OK && judges)
        err = judge(results, eyes, values, count, result, why);
    if (err != HF_OK)
        return err;

    for (size_t i = 0; i < count; i++) {
        examine_record(&results->records[i], values[i],
                       judges ? &results->judged[i] : NULL, &eyes->view);
        if (result->lines != NULL)
            results->records[i].line = result->lines[i];
        if ((results->records[i].findings & (1U << HF_LINT_NO_ISSUER)) == 0)
            nobodys = false;
    }
    result->records = results->records;
    result->record_count = count;
    result->status = count > 0 ? HF_STATUS_FOUND : HF_STATUS_ABSENT;
    result->has_verdict = judges;
    if (nobodys)
        result->name_findings |= 1U << HF_NAME_TOMBSTONE;
    return HF_OK;
}

/* ---- a running report ---- */

void hf_report_open(struct hf_report *report)
{
    hf_buf_init_grow(&report->room, ROOM_MAX);
    if (report->resumed || report->summary_only)
        return;
    hf_page_open(&report->page, &report->room);
    hf_out_put(report->out, hf_buf_span(&report->room));
}

enum hf_err hf_report_result(struct hf_report *report,
                             const struct hf_result *result, struct hf_why *why)
{
    struct hf_buf *out = &report->out->buf;

    hf_tally_add(report->tally, result, report->page.now);
    if (report->summary_only)
        return HF_OK;
    if (result->record_count == 0 && out->cap - out->len > HF_RESULT_ROOM) {
        hf_result_put(&report->page, result, out);
        hf_out_step(report->out);
        return HF_OK;
    }
    hf_buf_reset(&report->room);
    hf_result_put(&report->page, result, &report->room);
    if (report->room.full)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory for one result");
    hf_out_put(report->out, hf_buf_span(&report->room));
    hf_out_step(report->out);
    return HF_OK;
}

void hf_report_close(struct hf_report *report)
{
    hf_buf_reset(&report->room);
    if (report->summary_only)
        hf_report_put(&report->page, report->tally, &report->room);
    else
        hf_page_close(&report->page, report->tally, &report->room);
    hf_out_put(report->out, hf_buf_span(&report->room));
    hf_buf_clear(&report->room);
}
