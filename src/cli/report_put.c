/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"
#include "base/time_text.h"
#include "cli/report_page.h"
#include "dns/wire.h"

#define SHOWN_MAX 400 /* octets of one record shown to people */

static const char *rcode_word(int rcode)
{
    const char *word = rcode < 0 ? NULL : hf_rcode_word((unsigned)rcode);

    return word == NULL ? "" : word;
}

static const char *security_word(const struct hf_result *result)
{
    return result->has_security ? hf_security_word(result->security)
                                : "unchecked";
}

/* Call `word` for each finding, with a separator between them. */
static void put_findings(struct hf_buf *out, uint32_t findings,
                         const char *separator)
{
    for (bool first = true; findings != 0; findings &= findings - 1) {
        if (!first)
            hf_buf_puts(out, separator);
        hf_buf_puts(out,
                    hf_finding_word((enum hf_finding)__builtin_ctz(findings)));
        first = false;
    }
}

static void put_name_findings(struct hf_buf *out, uint32_t findings,
                              const char *separator)
{
    for (bool first = true; findings != 0; findings &= findings - 1) {
        if (!first)
            hf_buf_puts(out, separator);
        hf_buf_puts(out, hf_name_finding_word(
                             (enum hf_name_finding)__builtin_ctz(findings)));
        first = false;
    }
}

/* ---- JSON ---- */

/* Literals and plain text through a bare pointer: this runs once for each of
 * millions of absent names. The caller has made sure of the room. */
static inline char *copy(char *to, struct hf_span text)
{
    memcpy(to, text.ptr, text.len);
    return to + text.len;
}

static bool is_plain(struct hf_span text)
{
    unsigned odd = 0;

    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];

        odd |= (unsigned)(c < 0x20) | (unsigned)(c > 0x7e) |
               (unsigned)(c == '"') | (unsigned)(c == '\\');
    }
    return odd == 0;
}

/* A name without records and with nothing said about it. */
static bool put_json_bare(const struct hf_page *page,
                          const struct hf_result *result, struct hf_buf *out)
{
    struct hf_span key = hf_span_str(page->where_key);
    char *to;

    if (result->record_count > 0 || result->name_findings != 0 ||
        result->has_verdict || result->has_ttl || result->reason.len > 0 ||
        result->target.len > 0 ||
        result->name.len + result->owner.len + result->where.len > 1024 ||
        !is_plain(result->name) || !is_plain(result->owner) ||
        !is_plain(result->where))
        return false;
    to = hf_buf_reserve(out, 1024 + 256 + key.len);
    if (to == NULL)
        return true;
    to = copy(to, HF_SPAN("{\"name\":\""));
    to = copy(to, result->name);
    to = copy(to, HF_SPAN("\",\"owner\":\""));
    to = copy(to, result->owner);
    to = copy(to, HF_SPAN("\",\"status\":\""));
    to = copy(to, hf_span_str(hf_status_word(result->status)));
    to = copy(to, HF_SPAN("\",\"rcode\":\""));
    to = copy(to, hf_span_str(rcode_word(result->rcode)));
    to = copy(to, HF_SPAN("\",\"ttl\":null,\"security\":\""));
    to = copy(to, hf_span_str(security_word(result)));
    to = copy(to, HF_SPAN("\",\""));
    to = copy(to, key);
    to = copy(to, HF_SPAN("\":\""));
    to = copy(to, result->where);
    to = copy(to, HF_SPAN("\",\"records\":[]}\n"));
    out->len = (size_t)(to - out->ptr);
    return true;
}

static void put_json_said(struct hf_json *json, const char *key,
                          struct hf_span text)
{
    hf_json_key(json, key);
    if (text.len > 0)
        hf_json_str(json, text);
    else
        hf_json_null(json);
}

static void put_json_record(struct hf_json *json,
                            const struct hf_result_record *record)
{
    bool readable = record->reason == HF_REASON_OK;
    uint32_t findings = record->findings;

    hf_json_open(json, '{');
    hf_json_key_str(json, "text", record->text);
    put_json_said(json, "issuer", record->record.issuer);
    put_json_said(json, "accounturi",
                  readable ? record->record.account_uri : HF_SPAN(""));
    put_json_said(json, "policy",
                  readable ? record->record.policy : HF_SPAN(""));
    hf_json_key(json, "persistUntil");
    if (readable && record->record.has_until)
        hf_json_int(json, record->record.until_at);
    else
        hf_json_null(json);
    hf_json_key(json, "findings");
    hf_json_open(json, '[');
    for (; findings != 0; findings &= findings - 1)
        hf_json_str(json, hf_span_str(hf_finding_word(
                              (enum hf_finding)__builtin_ctz(findings))));
    hf_json_close(json, ']');
    hf_json_key(json, "reach");
    hf_json_open(json, '{');
    hf_json_key_lit(json, "draft", hf_extent_word(record->reach.draft));
    hf_json_key_lit(json, "br", hf_extent_word(record->reach.br));
    hf_json_close(json, '}');
    if (!readable) {
        hf_json_key_lit(json, "reason", hf_reason_word(record->reason));
        hf_json_key_int(json, "at", (int64_t)record->at);
    }
    if (record->line > 0)
        hf_json_key_int(json, "line", (int64_t)record->line);
    hf_json_close(json, '}');
}

static void put_json_verdict(struct hf_json *json,
                             const struct hf_verdict *verdict)
{
    enum hf_outcome outcome = hf_reason_outcome(verdict->reason);

    hf_json_key(json, "verdict");
    hf_json_open(json, '{');
    hf_json_key_lit(json, "outcome", hf_outcome_word(outcome));
    hf_json_key_lit(json, "reason", hf_reason_word(verdict->reason));
    if (outcome == HF_OUTCOME_VALID) {
        hf_json_key_int(json, "relied", (int64_t)verdict->relied);
        hf_json_key_int(json, "reuseUntil", verdict->expires_at);
    }
    hf_json_close(json, '}');
}

static void put_json_name(struct hf_json *json, const struct hf_page *page,
                          const struct hf_result *result)
{
    uint32_t findings = result->name_findings;

    hf_json_key_str(json, "name", result->name);
    put_json_said(json, "owner", result->owner);
    hf_json_key_lit(json, "status", hf_status_word(result->status));
    hf_json_key_lit(json, "rcode", rcode_word(result->rcode));
    hf_json_key(json, "ttl");
    if (result->has_ttl)
        hf_json_int(json, result->ttl_s);
    else
        hf_json_null(json);
    hf_json_key_lit(json, "security", security_word(result));
    hf_json_key_str(json, page->where_key, result->where);
    if (findings != 0) {
        hf_json_key(json, "findings");
        hf_json_open(json, '[');
        for (; findings != 0; findings &= findings - 1)
            hf_json_str(json,
                        hf_span_str(hf_name_finding_word(
                            (enum hf_name_finding)__builtin_ctz(findings))));
        hf_json_close(json, ']');
    }
    if (result->target.len > 0)
        hf_json_key_str(json, "target", result->target);
    if (result->reason.len > 0)
        hf_json_key_str(json, "reason", result->reason);
}

static void put_json(const struct hf_page *page, const struct hf_result *result,
                     struct hf_buf *out)
{
    struct hf_json json = hf_json_to(out);

    if (put_json_bare(page, result, out))
        return;
    hf_json_open(&json, '{');
    put_json_name(&json, page, result);
    hf_json_key(&json, "records");
    hf_json_open(&json, '[');
    for (size_t i = 0; i < result->record_count; i++)
        put_json_record(&json, &result->records[i]);
    hf_json_close(&json, ']');
    if (result->has_verdict)
        put_json_verdict(&json, &result->verdict);
    hf_json_close(&json, '}');
    hf_buf_putc(out, '\n');
}

/* ---- CSV ---- */

static void put_csv_name(const struct hf_page *page,
                         const struct hf_result *result, struct hf_buf *out)
{
    (void)page;
    hf_page_put_csv(out, result->name);
    hf_buf_putc(out, ',');
    hf_page_put_csv(out, result->owner);
    hf_buf_putc(out, ',');
    hf_buf_puts(out, hf_status_word(result->status));
    hf_buf_putc(out, ',');
    hf_buf_puts(out, rcode_word(result->rcode));
    hf_buf_putc(out, ',');
    if (result->has_ttl)
        hf_buf_put_u64(out, result->ttl_s);
    hf_buf_putc(out, ',');
    hf_buf_puts(out, security_word(result));
    hf_buf_putc(out, ',');
    hf_page_put_csv(out, result->where);
    hf_buf_putc(out, ',');
    put_name_findings(out, result->name_findings, " ");
    hf_buf_putc(out, ',');
    if (result->has_verdict)
        hf_buf_puts(out, hf_reason_word(result->verdict.reason));
    hf_buf_putc(out, ',');
}

static void put_csv_record(const struct hf_result_record *record,
                           struct hf_buf *out)
{
    bool readable = record->reason == HF_REASON_OK;

    hf_page_put_csv(out, record->record.issuer);
    hf_buf_putc(out, ',');
    if (readable)
        hf_page_put_csv(out, record->record.account_uri);
    hf_buf_putc(out, ',');
    if (readable)
        hf_page_put_csv(out, record->record.policy);
    hf_buf_putc(out, ',');
    if (readable && record->record.has_until)
        hf_buf_put_i64(out, record->record.until_at);
    hf_buf_putc(out, ',');
    hf_buf_puts(out, hf_extent_word(record->reach.draft));
    hf_buf_putc(out, ',');
    hf_buf_puts(out, hf_extent_word(record->reach.br));
    hf_buf_putc(out, ',');
    put_findings(out, record->findings, " ");
    hf_buf_putc(out, ',');
    hf_page_put_csv(out, record->text);
    hf_buf_puts(out, "\r\n"); /* RFC 4180 */
}

static void put_csv(const struct hf_page *page, const struct hf_result *result,
                    struct hf_buf *out)
{
    for (size_t i = 0; i < result->record_count; i++) {
        put_csv_name(page, result, out);
        put_csv_record(&result->records[i], out);
    }
    if (result->record_count == 0) {
        put_csv_name(page, result, out);
        hf_buf_puts(out, ",,,,,,,\r\n");
    }
}

/* ---- text ---- */

static void put_colour(const struct hf_page *page, struct hf_buf *out,
                       const char *code)
{
    if (page->colour)
        hf_buf_puts(out, code);
}

static void put_text_head(const struct hf_page *page,
                          const struct hf_result *result, struct hf_buf *out)
{
    const char *rcode = rcode_word(result->rcode);

    put_colour(page, out, "\033[1m");
    hf_buf_put_escaped(out, result->name, HF_NAME_MAX);
    put_colour(page, out, "\033[0m");
    hf_buf_puts(out, ": ");
    hf_buf_puts(out, hf_status_word(result->status));
    if (result->status != HF_STATUS_FOUND && rcode[0] != '\0') {
        hf_buf_puts(out, ", ");
        hf_buf_puts(out, rcode);
    }
    if (result->has_security) {
        hf_buf_puts(out, ", ");
        hf_buf_puts(out, hf_security_word(result->security));
    }
    if (result->reason.len > 0) {
        hf_buf_puts(out, ", ");
        hf_buf_put_escaped(out, result->reason, SHOWN_MAX);
    }
    if (result->target.len > 0) {
        hf_buf_puts(out, ", alias of ");
        hf_buf_put_escaped(out, result->target, HF_NAME_MAX);
    }
    if (result->name_findings != 0) {
        put_colour(page, out, "\033[33m");
        hf_buf_puts(out, " [");
        put_name_findings(out, result->name_findings, ", ");
        hf_buf_puts(out, "]");
        put_colour(page, out, "\033[0m");
    }
}

static void put_until(struct hf_buf *out, const struct hf_record *record)
{
    if (!record->has_until) {
        hf_buf_puts(out, ", for ever");
        return;
    }
    hf_buf_puts(out, ", until ");
    hf_time_put(out, record->until_at);
}

static void put_text_record(const struct hf_page *page,
                            const struct hf_result_record *record,
                            struct hf_buf *out)
{
    const struct hf_record *read = &record->record;

    hf_buf_puts(out, "\n  ");
    if (record->reason != HF_REASON_OK) {
        hf_buf_puts(out, hf_reason_word(record->reason));
        hf_buf_puts(out, " at octet ");
        hf_buf_put_u64(out, record->at);
        hf_buf_puts(out, ": ");
        hf_buf_put_escaped(out, record->text, SHOWN_MAX);
    } else {
        hf_buf_put_escaped(out, read->issuer, SHOWN_MAX);
        hf_buf_puts(out, read->issuer.len == 0 ? "nobody for " : " for ");
        hf_buf_put_escaped(out, read->account_uri, SHOWN_MAX);
        hf_buf_puts(out, ", reach ");
        hf_buf_puts(out, hf_extent_word(record->reach.draft));
        hf_buf_puts(out, " (BR alone: ");
        hf_buf_puts(out, hf_extent_word(record->reach.br));
        hf_buf_puts(out, ")");
        put_until(out, read);
    }
    if (record->findings != 0) {
        put_colour(page, out, "\033[33m");
        hf_buf_puts(out, " [");
        put_findings(out, record->findings, ", ");
        hf_buf_puts(out, "]");
        put_colour(page, out, "\033[0m");
    }
    if (record->line > 0) {
        hf_buf_puts(out, " line ");
        hf_buf_put_u64(out, record->line);
    }
}

static void put_text(const struct hf_page *page, const struct hf_result *result,
                     struct hf_buf *out)
{
    if (result->status == HF_STATUS_ABSENT && result->name_findings == 0 &&
        !page->absent_too)
        return;
    put_text_head(page, result, out);
    for (size_t i = 0; i < result->record_count; i++)
        put_text_record(page, &result->records[i], out);
    if (result->has_verdict) {
        hf_buf_puts(out, "\n  verdict: ");
        hf_buf_puts(out,
                    hf_outcome_word(hf_reason_outcome(result->verdict.reason)));
        hf_buf_puts(out, " (");
        hf_buf_puts(out, hf_reason_word(result->verdict.reason));
        hf_buf_puts(out, ")");
    }
    hf_buf_putc(out, '\n');
}

/* ---- table rows: Markdown and HTML ---- */

/* The cells of one row, each written by the surrounding's own hand. */
struct row {
    struct hf_buf *out;
    void (*put)(struct hf_buf *out, struct hf_span text);
    const char *before; /* each cell */
    const char *after;
};

static void put_cell(const struct row *row, struct hf_span text)
{
    hf_buf_puts(row->out, row->before);
    row->put(row->out, text);
    hf_buf_puts(row->out, row->after);
}

static void put_cell_until(const struct row *row,
                           const struct hf_result_record *record)
{
    char room[HF_TIME_TEXT_MAX];
    struct hf_buf text;

    hf_buf_init(&text, room, sizeof(room));
    if (record->reason == HF_REASON_OK && record->record.has_until)
        hf_time_put(&text, record->record.until_at);
    else if (record->reason == HF_REASON_OK)
        hf_buf_puts(&text, "for ever");
    put_cell(row, hf_buf_span(&text));
}

static void put_cell_findings(const struct row *row, uint32_t name_findings,
                              uint32_t findings)
{
    hf_buf_puts(row->out, row->before);
    put_name_findings(row->out, name_findings, ", ");
    if (name_findings != 0 && findings != 0)
        hf_buf_puts(row->out, ", ");
    put_findings(row->out, findings, ", ");
    hf_buf_puts(row->out, row->after);
}

static void put_row(const struct row *row, const struct hf_result *result,
                    const struct hf_result_record *record)
{
    static const struct hf_result_record none = {.reason = HF_REASON_NO_RECORD};
    const struct hf_result_record *shown = record == NULL ? &none : record;
    bool readable = shown->reason == HF_REASON_OK;

    put_cell(row, result->name);
    put_cell(row, hf_span_str(hf_status_word(result->status)));
    put_cell(row, hf_span_str(security_word(result)));
    put_cell(row, shown->record.issuer);
    put_cell(row, readable         ? shown->record.account_uri
                  : record == NULL ? result->target
                                   : shown->text);
    put_cell(
        row,
        hf_span_str(record == NULL ? "" : hf_extent_word(shown->reach.draft)));
    put_cell(row, hf_span_str(
                      record == NULL ? "" : hf_extent_word(shown->reach.br)));
    put_cell_until(row, shown);
    put_cell_findings(row, result->name_findings, shown->findings);
    put_cell(row, hf_span_str(result->has_verdict
                                  ? hf_reason_word(result->verdict.reason)
                                  : ""));
}

static void put_rows(const struct row *row, const char *open, const char *close,
                     const struct hf_result *result)
{
    size_t rows = result->record_count == 0 ? 1 : result->record_count;

    if (result->status == HF_STATUS_ABSENT && result->name_findings == 0)
        return;
    for (size_t i = 0; i < rows; i++) {
        hf_buf_puts(row->out, open);
        put_row(row, result,
                result->record_count == 0 ? NULL : &result->records[i]);
        hf_buf_puts(row->out, close);
    }
}

void hf_result_put(const struct hf_page *page, const struct hf_result *result,
                   struct hf_buf *out)
{
    const struct row markdown = {out, hf_page_put_markdown, " ", " |"};
    const struct row html = {out, hf_page_put_html, "<td>", ""};

    switch (page->format) {
    case HF_FORMAT_TEXT:
        put_text(page, result, out);
        break;
    case HF_FORMAT_JSON:
        put_json(page, result, out);
        break;
    case HF_FORMAT_CSV:
        put_csv(page, result, out);
        break;
    case HF_FORMAT_MARKDOWN:
        put_rows(&markdown, "|", "\n", result);
        break;
    case HF_FORMAT_HTML:
        put_rows(&html, "<tr>", "\n", result);
        break;
    }
}
