/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/report_page.h"

#include "base/json.h"
#include "base/time_text.h"

/* ---- text of strangers ---- */

static const char *html_entity(char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

void hf_page_put_html(struct hf_buf *out, struct hf_span text)
{
    for (size_t i = 0; i < text.len; i++) {
        const char *entity = html_entity(text.ptr[i]);

        if (entity != NULL)
            hf_buf_puts(out, entity);
        else
            hf_buf_put_escaped(out, (struct hf_span){text.ptr + i, 1}, 1);
    }
}

/* Every mark of Markdown and of HTML inside it gets a backslash. */
void hf_page_put_markdown(struct hf_buf *out, struct hf_span text)
{
    const struct hf_span marks = HF_SPAN("\\`*_{}[]()<>#+!|~&$\"'");

    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];

        if (c != '\\' && hf_span_find(marks, c) < marks.len)
            hf_buf_putc(out, '\\');
        hf_buf_put_escaped(out, (struct hf_span){text.ptr + i, 1}, 1);
    }
}

/* RFC 4180. A field that a spreadsheet would run as a formula gets an
 * apostrophe in front. */
void hf_page_put_csv(struct hf_buf *out, struct hf_span text)
{
    bool plain = true;

    for (size_t i = 0; i < text.len && plain; i++)
        plain = text.ptr[i] > 0x20 && text.ptr[i] < 0x7f &&
                text.ptr[i] != '"' && text.ptr[i] != ',' && text.ptr[i] != '\\';
    if (text.len > 0 && hf_span_find(HF_SPAN("=+-@"), text.ptr[0]) < 4)
        plain = false;
    if (plain) {
        hf_buf_put(out, text);
        return;
    }
    hf_buf_putc(out, '"');
    if (hf_span_find(HF_SPAN("=+-@"), text.ptr[0]) < 4)
        hf_buf_putc(out, '\'');
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '"')
            hf_buf_putc(out, '"');
        hf_buf_put_escaped(out, (struct hf_span){text.ptr + i, 1}, 1);
    }
    hf_buf_putc(out, '"');
}

/* ---- the counts, for whichever shape ---- */

/* A shape: how a section begins and ends and what one row looks like. */
struct shape {
    struct hf_buf *out;
    struct hf_json json;
    void (*begin)(struct shape *shape, const char *key, const char *title);
    void (*row)(struct shape *shape, struct hf_span label, uint64_t count,
                const char *note);
    void (*end)(struct shape *shape);
    const char *section; /* not written yet; CSV: the first column */
    size_t rows_max;     /* of a table of keys */
};

static void row_of(struct shape *shape, const char *label, uint64_t count,
                   const char *note)
{
    if (count > 0)
        shape->row(shape, hf_span_str(label), count, note);
}

static void walk_names(struct shape *shape, const struct hf_tally *tally)
{
    shape->begin(shape, "names", "Names");
    shape->row(shape, HF_SPAN("all"), tally->names, "");
    for (unsigned i = 0; i < HF_STATUS_COUNT; i++)
        row_of(shape, hf_status_word((enum hf_status)i), tally->statuses[i],
               "");
    shape->end(shape);
    shape->begin(shape, "security", "DNSSEC");
    for (unsigned i = 0; i <= HF_INDETERMINATE; i++)
        row_of(shape, hf_security_word((enum hf_security)i),
               tally->securities[i], "");
    row_of(shape, "unchecked", tally->unchecked, "");
    shape->end(shape);
    shape->begin(shape, "records", "Records");
    shape->row(shape, HF_SPAN("all"), tally->records, "");
    for (unsigned i = 0; i < HF_REASON_COUNT; i++)
        row_of(shape,
               i == HF_REASON_OK ? "readable"
                                 : hf_reason_word((enum hf_reason)i),
               tally->readings[i],
               i == HF_REASON_OK ? "" : hf_reason_law((enum hf_reason)i));
    shape->end(shape);
}

static void walk_verdicts(struct shape *shape, const struct hf_tally *tally)
{
    shape->begin(shape, "verdicts", "Verdicts for the CA asked about");
    for (unsigned i = 0; i < HF_REASON_COUNT; i++)
        row_of(shape, hf_reason_word((enum hf_reason)i), tally->verdicts[i],
               hf_reason_law((enum hf_reason)i));
    shape->end(shape);
}

static void walk_findings(struct shape *shape, const struct hf_tally *tally)
{
    shape->begin(shape, "nameFindings", "Findings about names");
    for (unsigned i = 0; i < HF_NAME_FINDING_COUNT; i++)
        row_of(shape, hf_name_finding_word((enum hf_name_finding)i),
               tally->name_findings[i],
               hf_name_finding_sentence((enum hf_name_finding)i));
    shape->end(shape);
    shape->begin(shape, "findings", "Findings about records");
    for (unsigned i = 0; i < HF_FINDING_COUNT; i++)
        row_of(shape, hf_finding_word((enum hf_finding)i), tally->findings[i],
               hf_finding_sentence((enum hf_finding)i));
    shape->end(shape);
}

static void walk_scope(struct shape *shape, const struct hf_tally *tally)
{
    static const char *const expiry[] = {
        [HF_EXPIRY_PAST] = "expired",
        [HF_EXPIRY_WEEK] = "within 7 days",
        [HF_EXPIRY_MONTH] = "within 30 days",
        [HF_EXPIRY_QUARTER] = "within 90 days",
        [HF_EXPIRY_YEAR] = "within a year",
        [HF_EXPIRY_LATER] = "later",
        [HF_EXPIRY_NEVER] = "never",
        [HF_EXPIRY_UNREADABLE] = "unreadable",
    };

    shape->begin(shape, "reachDraft", "Reach under the drafts");
    for (unsigned i = 0; i <= HF_EXTENT_SUBTREE; i++)
        row_of(shape, hf_extent_word((enum hf_extent)i), tally->draft[i], "");
    shape->end(shape);
    /* REQ SCOPE-09: the worst case under the BR text is always reported. */
    shape->begin(shape, "reachBr", "Reach under the BR text alone");
    for (unsigned i = 0; i <= HF_EXTENT_SUBTREE; i++)
        row_of(shape, hf_extent_word((enum hf_extent)i), tally->br[i], "");
    shape->end(shape);
    shape->begin(shape, "expiry", "End of records");
    for (unsigned i = 0; i < HF_EXPIRY_COUNT; i++)
        row_of(shape, expiry[i], tally->expiry[i], "");
    shape->end(shape);
}

/* Most frequent first: the largest not yet shown, as often as needed. */
static const struct hf_tally_row *next_row(const struct hf_tally_table *table,
                                           const struct hf_tally_row *last)
{
    const struct hf_tally_row *best = NULL;

    for (size_t i = 0; i < HF_TALLY_ROWS; i++) {
        const struct hf_tally_row *row = &table->rows[i];
        bool shown =
            last != NULL && (row->count > last->count ||
                             (row->count == last->count && row <= last));

        if (row->count > 0 && !shown &&
            (best == NULL || row->count > best->count))
            best = row;
    }
    return best;
}

#define ROWS_FOR_PEOPLE 20 /* JSON and CSV have them all */

static void walk_table(struct shape *shape, const struct hf_tally_table *table,
                       const char *key, const char *title)
{
    const struct hf_tally_row *row = next_row(table, NULL);
    uint64_t rest = table->others;
    size_t shown = 0;

    shape->begin(shape, key, title);
    for (; row != NULL; row = next_row(table, row)) {
        if (shown++ >= shape->rows_max)
            rest += row->count;
        else
            shape->row(shape, (struct hf_span){row->key, row->len}, row->count,
                       row->full_len > row->len ? "(cut)" : "");
    }
    row_of(shape, "others", rest, "");
    shape->end(shape);
}

static void walk(struct shape *shape, const struct hf_tally *tally)
{
    walk_names(shape, tally);
    walk_verdicts(shape, tally);
    walk_findings(shape, tally);
    walk_scope(shape, tally);
    walk_table(shape, &tally->issuers, "issuers", "Records by CA");
    walk_table(shape, &tally->accounts, "accounts", "Records by account");
}

/* ---- text ---- */

static void text_begin(struct shape *shape, const char *key, const char *title)
{
    (void)key;
    shape->section = title; /* written with the first row */
}

static void text_row(struct shape *shape, struct hf_span label, uint64_t count,
                     const char *note)
{
    char digits[24];
    struct hf_buf number;

    if (shape->section != NULL) {
        hf_buf_puts(shape->out, shape->section);
        hf_buf_putc(shape->out, '\n');
        shape->section = NULL;
    }
    hf_buf_init(&number, digits, sizeof(digits));
    hf_buf_put_u64(&number, count);
    for (size_t i = number.len; i < 12; i++)
        hf_buf_putc(shape->out, ' ');
    hf_buf_put(shape->out, hf_buf_span(&number));
    hf_buf_puts(shape->out, "  ");
    hf_buf_put_escaped(shape->out, label, HF_TALLY_KEY_MAX);
    if (note[0] != '\0') {
        hf_buf_puts(shape->out, ": ");
        hf_buf_puts(shape->out, note);
    }
    hf_buf_putc(shape->out, '\n');
}

static void no_end(struct shape *shape)
{
    (void)shape;
}

/* ---- JSON ---- */

static void json_begin(struct shape *shape, const char *key, const char *title)
{
    (void)title;
    hf_json_key(&shape->json, key);
    hf_json_open(&shape->json, '[');
}

static void json_row(struct shape *shape, struct hf_span label, uint64_t count,
                     const char *note)
{
    (void)note;
    hf_json_open(&shape->json, '{');
    hf_json_key_str(&shape->json, "is", label);
    hf_json_key_int(&shape->json, "count", (int64_t)count);
    hf_json_close(&shape->json, '}');
}

static void json_end(struct shape *shape)
{
    hf_json_close(&shape->json, ']');
}

/* ---- CSV ---- */

static void csv_begin(struct shape *shape, const char *key, const char *title)
{
    (void)title;
    shape->section = key;
}

static void csv_row(struct shape *shape, struct hf_span label, uint64_t count,
                    const char *note)
{
    (void)note;
    hf_buf_puts(shape->out, shape->section);
    hf_buf_putc(shape->out, ',');
    hf_page_put_csv(shape->out, label);
    hf_buf_putc(shape->out, ',');
    hf_buf_put_u64(shape->out, count);
    hf_buf_puts(shape->out, "\r\n");
}

/* ---- Markdown ---- */

static void markdown_row(struct shape *shape, struct hf_span label,
                         uint64_t count, const char *note)
{
    if (shape->section != NULL) {
        hf_buf_puts(shape->out, "\n## ");
        hf_buf_puts(shape->out, shape->section);
        hf_buf_puts(shape->out, "\n\n|  | Count |  |\n|---|---:|---|\n");
        shape->section = NULL;
    }
    hf_buf_puts(shape->out, "| ");
    hf_page_put_markdown(shape->out, label);
    hf_buf_puts(shape->out, " | ");
    hf_buf_put_u64(shape->out, count);
    hf_buf_puts(shape->out, " | ");
    hf_page_put_markdown(shape->out, hf_span_str(note));
    hf_buf_puts(shape->out, " |\n");
}

/* ---- HTML ---- */

static void html_row(struct shape *shape, struct hf_span label, uint64_t count,
                     const char *note)
{
    if (shape->section != NULL) {
        hf_buf_puts(shape->out, "<section><h2>");
        hf_page_put_html(shape->out, hf_span_str(shape->section));
        hf_buf_puts(shape->out, "</h2><table>\n");
        shape->section = NULL;
    }
    hf_buf_puts(shape->out, "<tr><th scope=row>");
    hf_page_put_html(shape->out, label);
    hf_buf_puts(shape->out, "<td class=n>");
    hf_buf_put_u64(shape->out, count);
    hf_buf_puts(shape->out, "<td>");
    hf_page_put_html(shape->out, hf_span_str(note));
    hf_buf_putc(shape->out, '\n');
}

static void html_end(struct shape *shape)
{
    if (shape->section == NULL)
        hf_buf_puts(shape->out, "</table></section>\n");
}

static void put_counts(const struct hf_page *page, const struct hf_tally *tally,
                       struct hf_buf *out)
{
    static const struct shape shapes[] = {
        [HF_FORMAT_TEXT] = {.begin = text_begin,
                            .row = text_row,
                            .end = no_end},
        [HF_FORMAT_JSON] = {.begin = json_begin,
                            .row = json_row,
                            .end = json_end},
        [HF_FORMAT_CSV] = {.begin = csv_begin, .row = csv_row, .end = no_end},
        [HF_FORMAT_MARKDOWN] = {.begin = text_begin,
                                .row = markdown_row,
                                .end = no_end},
        [HF_FORMAT_HTML] = {.begin = text_begin,
                            .row = html_row,
                            .end = html_end},
    };
    struct shape shape = shapes[page->format];

    shape.out = out;
    shape.json = hf_json_to(out);
    shape.rows_max =
        page->format == HF_FORMAT_JSON || page->format == HF_FORMAT_CSV
            ? SIZE_MAX
            : ROWS_FOR_PEOPLE;
    if (page->format == HF_FORMAT_JSON) {
        hf_json_open(&shape.json, '{');
        hf_json_key(&shape.json, "summary");
        hf_json_open(&shape.json, '{');
    }
    walk(&shape, tally);
    if (page->format == HF_FORMAT_JSON) {
        hf_json_close(&shape.json, '}');
        hf_json_close(&shape.json, '}');
        hf_buf_putc(out, '\n');
    }
}

/* ---- the page around ---- */

static const char html_head[] =
    "<!doctype html>\n<html lang=en><head><meta charset=utf-8>\n"
    "<meta http-equiv=Content-Security-Policy content=\"default-src 'none'; "
    "style-src 'unsafe-inline'\">\n"
    "<meta name=viewport content=\"width=device-width\">\n"
    "<style>:root{color-scheme:light dark}"
    "body{font:15px/1.45 system-ui,sans-serif;margin:2rem auto;"
    "max-width:80rem;padding:0 1rem;display:flex;flex-direction:column}"
    "header{order:-2}#summary{order:-1;display:flex;flex-wrap:wrap;gap:0 3rem}"
    "h1{font-size:1.5rem;margin:0}h2{font-size:1.05rem;margin:1.5rem 0 .3rem}"
    "table{border-collapse:collapse;width:100%}"
    "#summary table{width:auto;max-width:44rem}"
    "th,td{text-align:left;vertical-align:top;padding:.25rem .8rem .25rem 0;"
    "border-bottom:1px solid #8884;overflow-wrap:anywhere;font-weight:400}"
    "thead th{font-weight:600}.n{text-align:right;"
    "font-variant-numeric:tabular-nums}td+td{font-size:.92em}"
    "@media print{body{max-width:none;margin:0}tr{break-inside:avoid}}"
    "</style>\n<title>";

static const char *const columns[] = {
    "Name",  "Status",     "DNSSEC", "CA",       "Account",
    "Reach", "Reach (BR)", "Until",  "Findings", "Verdict",
};

#define COLUMN_COUNT (sizeof(columns) / sizeof(columns[0]))

static void put_html_head(const struct hf_page *page, struct hf_buf *out)
{
    hf_buf_puts(out, html_head);
    hf_page_put_html(out, hf_span_str(page->title));
    hf_buf_puts(out, "</title></head><body>\n<header><h1>");
    hf_page_put_html(out, hf_span_str(page->title));
    hf_buf_puts(out, "</h1><p>As of ");
    hf_time_put(out, page->now.s);
    hf_buf_puts(out, "</p></header>\n");
}

static void put_markdown_head(const struct hf_page *page, struct hf_buf *out)
{
    hf_buf_puts(out, "# ");
    hf_buf_puts(out, page->title);
    hf_buf_puts(out, "\n\nAs of ");
    hf_time_put(out, page->now.s);
    hf_buf_puts(out, ".\n");
}

static void put_table_head(const struct hf_page *page, struct hf_buf *out)
{
    bool html = page->format == HF_FORMAT_HTML;

    hf_buf_puts(out, html ? "<main><h2>Results</h2><table><thead><tr>\n"
                          : "\n## Results\n\n|");
    for (size_t i = 0; i < COLUMN_COUNT; i++) {
        hf_buf_puts(out, html ? "<th scope=col>" : " ");
        hf_buf_puts(out, columns[i]);
        hf_buf_puts(out, html ? "" : " |");
    }
    hf_buf_puts(out, html ? "</thead><tbody>\n" : "\n|");
    for (size_t i = 0; i < COLUMN_COUNT && !html; i++)
        hf_buf_puts(out, "---|");
    if (!html)
        hf_buf_putc(out, '\n');
}

void hf_page_open(const struct hf_page *page, struct hf_buf *out)
{
    switch (page->format) {
    case HF_FORMAT_TEXT:
    case HF_FORMAT_JSON:
        break;
    case HF_FORMAT_CSV:
        hf_buf_puts(out, "name,owner,status,rcode,ttl,security,");
        hf_buf_puts(out, page->where_key);
        hf_buf_puts(out, ",nameFindings,verdict,issuer,accounturi,policy,"
                         "persistUntil,reachDraft,reachBr,findings,text\r\n");
        break;
    case HF_FORMAT_MARKDOWN:
        put_markdown_head(page, out);
        put_table_head(page, out);
        break;
    case HF_FORMAT_HTML:
        put_html_head(page, out);
        put_table_head(page, out);
        break;
    }
}

void hf_page_close(const struct hf_page *page, const struct hf_tally *tally,
                   struct hf_buf *out)
{
    bool html = page->format == HF_FORMAT_HTML;

    if (page->format == HF_FORMAT_CSV)
        return; /* one table a file */
    if (page->format == HF_FORMAT_TEXT)
        hf_buf_putc(out, '\n');
    if (html)
        hf_buf_puts(out, "</tbody></table></main>\n<div id=summary>\n");
    put_counts(page, tally, out);
    if (html)
        hf_buf_puts(out, "</div>\n</body></html>\n");
}

void hf_report_put(const struct hf_page *page, const struct hf_tally *tally,
                   struct hf_buf *out)
{
    bool html = page->format == HF_FORMAT_HTML;

    if (page->format == HF_FORMAT_CSV)
        hf_buf_puts(out, "section,is,count\r\n");
    if (page->format == HF_FORMAT_MARKDOWN)
        put_markdown_head(page, out);
    if (html) {
        put_html_head(page, out);
        hf_buf_puts(out, "<div id=summary>\n");
    }
    put_counts(page, tally, out);
    if (html)
        hf_buf_puts(out, "</div>\n</body></html>\n");
}
