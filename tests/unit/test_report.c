/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reports about hostile records, in each of the five shapes: whatever a record
 * says, the report has the structure that it has for a harmless one, is
 * printable ASCII, and gives the octets back. REQ ERR-08.
 */
#include <jansson.h>

#include "base/alloc.h"
#include "cli/report.h"
#include "cli/report_page.h"
#include "tests/unit/unit.h"

#define HARMLESS "ca.example; accounturi=https://ca.example/acct/1"
#define COLUMNS  17 /* of CSV */

static const enum hf_format formats[] = {HF_FORMAT_TEXT, HF_FORMAT_JSON,
                                         HF_FORMAT_CSV, HF_FORMAT_MARKDOWN,
                                         HF_FORMAT_HTML};

/* Readable and not; what each shape takes for its own. */
static const struct hf_span hostile[] = {
    HF_SPAN_INIT("ca.example; accounturi=u:<script>alert(1)</script>&lt\"'"),
    HF_SPAN_INIT("ca.example; accounturi=u:|b\\|c`x`[y](z)*_~#!; policy=<b>"),
    HF_SPAN_INIT("=1+1; accounturi=u:1"),
    HF_SPAN_INIT("ca.example; accounturi=u:3,\"\",4; policy==cmd|'/C'!A0"),
    HF_SPAN_INIT("\"\r\n<b>\"\r\n,=1\t|\x7f\xff\0\x1b[31m\n\n| a | b |\n# h"),
    HF_SPAN_INIT("</td></table><!--]]>&lt;&#39;\\\"},{\"text\":\"x"),
    HF_SPAN_INIT("@x"),
    HF_SPAN_INIT("x\n=1"),
    HF_SPAN_INIT("\xff"),
    HF_SPAN_INIT(""),
};

static char all_octets[256];

static struct hf_span hostile_at(size_t i)
{
    for (size_t c = 0; c < sizeof(all_octets); c++)
        all_octets[c] = (char)c;
    return i < COUNT_OF(hostile)
               ? hostile[i]
               : (struct hf_span){all_octets, sizeof(all_octets)};
}

#define HOSTILE_COUNT (COUNT_OF(hostile) + 1)

/* Results with this text wherever text of strangers goes: with a record,
 * without one, and with as little as possible. */
static void put_result(const struct hf_page *page, struct hf_span text,
                       struct hf_tally *tally, struct hf_buf *out)
{
    const struct hf_eyes eyes = {.view.now = page->now};
    struct hf_result result = {.name = text,
                               .owner = text,
                               .rcode = 0,
                               .where = text,
                               .target = text,
                               .reason = text};
    struct hf_results *results;

    assert_int_equal(hf_results_new(&results, NULL), HF_OK);
    assert_int_equal(hf_result_examine(results, &eyes, &text, 1, &result, NULL),
                     HF_OK);
    hf_result_put(page, &result, out);
    if (tally != NULL)
        hf_tally_add(tally, &result, page->now);
    result.record_count = 0;
    result.status = HF_STATUS_FAILED;
    hf_result_put(page, &result, out);
    result.target.len = 0;
    result.reason.len = 0;
    result.name_findings = 0;
    hf_result_put(page, &result, out);
    hf_results_free(results);
    assert_false(out->full);
}

static struct hf_page page_of(enum hf_format format)
{
    return (struct hf_page){.format = format,
                            .title = "a title",
                            .where_key = "server",
                            .now.s = 1790000000};
}

/* Results only, without the page around. Release it. */
static struct hf_buf rows_of(enum hf_format format, struct hf_span text)
{
    const struct hf_page page = page_of(format);
    struct hf_buf out;

    hf_buf_init_grow(&out, 1 << 20);
    put_result(&page, text, NULL, &out);
    return out;
}

/* A whole report about every hostile record. Release it. */
static struct hf_buf report_of(enum hf_format format)
{
    const struct hf_page page = page_of(format);
    struct hf_tally *tally = hf_alloc(1, sizeof(*tally));
    struct hf_buf out;

    assert_non_null(tally);
    hf_buf_init_grow(&out, 1 << 20);
    hf_page_open(&page, &out);
    for (size_t i = 0; i < HOSTILE_COUNT; i++)
        put_result(&page, hostile_at(i), tally, &out);
    hf_page_close(&page, tally, &out);
    if (format == HF_FORMAT_CSV) /* its counts are a document of their own */
        hf_report_put(&page, tally, &out);
    hf_free(tally);
    assert_false(out.full);
    return out;
}

static bool contains(struct hf_span text, struct hf_span part)
{
    for (; text.len >= part.len; (void)hf_span_cut(&text, 1))
        if (hf_span_starts(text, part))
            return true;
    return false;
}

static size_t count(struct hf_span text, char wanted)
{
    size_t n = 0;

    for (size_t i = 0; i < text.len; i++)
        n += text.ptr[i] == wanted;
    return n;
}

static void printable_everywhere(void **state)
{
    (void)state;
    for (size_t f = 0; f < COUNT_OF(formats); f++) {
        struct hf_buf out = report_of(formats[f]);

        for (size_t i = 0; i < out.len; i++) {
            bool ends_row = out.ptr[i] == '\r' && i + 1 < out.len &&
                            out.ptr[i + 1] == '\n' &&
                            formats[f] == HF_FORMAT_CSV;

            if ((out.ptr[i] < 0x20 || out.ptr[i] > 0x7e) &&
                out.ptr[i] != '\n' && !ends_row)
                fail_msg("format %zu, octet %zu is %d", f, i, out.ptr[i]);
        }
        hf_buf_clear(&out);
    }
}

/* ---- HTML ---- */

static bool is_entity(struct hf_span text)
{
    return hf_span_starts(text, HF_SPAN("&amp;")) ||
           hf_span_starts(text, HF_SPAN("&lt;")) ||
           hf_span_starts(text, HF_SPAN("&gt;")) ||
           hf_span_starts(text, HF_SPAN("&quot;")) ||
           hf_span_starts(text, HF_SPAN("&#39;"));
}

static void html_keeps_its_tags(void **state)
{
    struct hf_buf harmless = rows_of(HF_FORMAT_HTML, HF_SPAN(HARMLESS));

    (void)state;
    for (size_t i = 0; i < HOSTILE_COUNT; i++) {
        struct hf_buf out = rows_of(HF_FORMAT_HTML, hostile_at(i));
        struct hf_span rest = hf_buf_span(&out);

        for (size_t c = 0; c < 5; c++)
            assert_int_equal(count(rest, "<>\"'\n"[c]),
                             count(hf_buf_span(&harmless), "<>\"'\n"[c]));
        for (; rest.len > 0; (void)hf_span_cut(&rest, 1))
            assert_true(rest.ptr[0] != '&' || is_entity(rest));
        hf_buf_clear(&out);
    }
    hf_buf_clear(&harmless);
}

static void html_says_what_was_there(void **state)
{
    struct hf_buf out = report_of(HF_FORMAT_HTML);
    const struct hf_span report = hf_buf_span(&out);

    (void)state;
    assert_true(contains(
        report, HF_SPAN("<td>u:&lt;script&gt;alert(1)&lt;/script&gt;&amp;lt"
                        "&quot;&#39;<td>")));
    assert_true(contains(report, HF_SPAN("\\013\\010")));
    assert_true(contains(report, HF_SPAN("\\127\\255\\000\\027[31m")));
    /* In the counts by account, too. */
    assert_true(contains(
        report, HF_SPAN("<th scope=row>u:&lt;script&gt;alert(1)&lt;/script&gt;"
                        "&amp;lt&quot;&#39;<td class=n>1<td>")));
    assert_false(contains(report, HF_SPAN("<script")));
    assert_false(contains(report, HF_SPAN("<b>")));
    assert_false(contains(report, HF_SPAN("<!--")));
    hf_buf_clear(&out);
}

/* ---- Markdown ---- */

/* Octets that could begin markup, not behind a backslash that makes them
 * letters. */
static size_t count_markup(struct hf_span text)
{
    const struct hf_span marks = HF_SPAN("`*_{}[]()<>#+!|~&$\"'\n");
    size_t n = 0;

    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '\\')
            i++;
        else
            n += hf_span_find(marks, text.ptr[i]) < marks.len;
    }
    return n;
}

static void markdown_keeps_its_cells(void **state)
{
    struct hf_buf harmless = rows_of(HF_FORMAT_MARKDOWN, HF_SPAN(HARMLESS));
    struct hf_buf report = report_of(HF_FORMAT_MARKDOWN);

    (void)state;
    for (size_t i = 0; i < HOSTILE_COUNT; i++) {
        struct hf_buf out = rows_of(HF_FORMAT_MARKDOWN, hostile_at(i));

        assert_int_equal(count_markup(hf_buf_span(&out)),
                         count_markup(hf_buf_span(&harmless)));
        hf_buf_clear(&out);
    }
    assert_true(contains(hf_buf_span(&report),
                         HF_SPAN("| u:\\|b\\\\\\|c\\`x\\`\\[y\\]\\(z\\)\\*")));
    hf_buf_clear(&harmless);
    hf_buf_clear(&report);
}

/* ---- CSV ---- */

/* The next field (RFC 4180), unquoted, to `field`; the octet behind it. */
static char next_field(struct hf_span *rest, struct hf_buf *field)
{
    bool quoted = hf_span_skip(rest, '"');
    char c = '\0';

    hf_buf_reset(field);
    while (rest->len > 0) {
        c = hf_span_cut(rest, 1).ptr[0];
        if (quoted && c == '"' && !hf_span_skip(rest, '"'))
            quoted = false;
        else if (!quoted && (c == ',' || c == '\r'))
            break;
        else
            hf_buf_putc(field, c);
    }
    assert_false(quoted);
    if (c == '\r')
        assert_true(hf_span_skip(rest, '\n'));
    return c;
}

static void csv_keeps_its_fields(void **state)
{
    char room[4096];
    struct hf_buf field;

    (void)state;
    hf_buf_init(&field, room, sizeof(room));
    for (size_t i = 0; i < HOSTILE_COUNT; i++) {
        struct hf_buf out = rows_of(HF_FORMAT_CSV, hostile_at(i));
        struct hf_span rest = hf_buf_span(&out);
        size_t rows = 0;

        for (size_t column = 1; rest.len > 0; column++) {
            char end = next_field(&rest, &field);

            /* No spreadsheet takes it for a formula. */
            assert_true(field.len == 0 || field.full ||
                        hf_span_find(HF_SPAN("=+-@"), room[0]) == 4);
            assert_int_equal(end, column == COLUMNS ? '\r' : ',');
            rows += column == COLUMNS;
            if (column == COLUMNS)
                column = 0;
        }
        assert_int_equal(rows, 3);
        hf_buf_clear(&out);
    }
}

static void csv_says_what_was_there(void **state)
{
    struct hf_buf out = report_of(HF_FORMAT_CSV);

    (void)state;
    assert_true(contains(hf_buf_span(&out),
                         HF_SPAN(",\"u:<script>alert(1)</script>&lt\"\"'\",")));
    assert_true(contains(hf_buf_span(&out), HF_SPAN(",\"'=cmd|'/C'!A0\",")));
    assert_true(
        contains(hf_buf_span(&out), HF_SPAN("issuers,\"'=1+1\",1\r\n")));
    hf_buf_clear(&out);
}

/* ---- JSON ---- */

/* One octet is one character, up to U+00FF. */
static void assert_octets(const json_t *string, struct hf_span want)
{
    const char *got = json_string_value(string);
    size_t len = json_string_length(string);
    size_t n = 0;

    assert_non_null(got);
    for (size_t i = 0; i < len; i++, n++) {
        unsigned octet = (unsigned char)got[i];

        if (octet >= 0x80)
            octet = (octet & 3) << 6 | ((unsigned char)got[++i] & 0x3f);
        assert_true(n < want.len);
        assert_int_equal(octet, (unsigned char)want.ptr[n]);
    }
    assert_int_equal(n, want.len);
}

/* The next line, an object about `want` with so many records. */
static void check_json_line(struct hf_span *rest, struct hf_span want,
                            size_t record_count)
{
    struct hf_span line = hf_span_cut(rest, hf_span_find(*rest, '\n'));
    json_t *object = json_loadb(line.ptr, line.len, JSON_ALLOW_NUL, NULL);
    const json_t *records = json_object_get(object, "records");

    assert_true(hf_span_skip(rest, '\n'));
    assert_octets(json_object_get(object, "name"), want);
    assert_octets(json_object_get(object, "server"), want);
    assert_int_equal(json_array_size(records), record_count);
    for (size_t i = 0; i < record_count; i++)
        assert_octets(json_object_get(json_array_get(records, i), "text"),
                      want);
    json_decref(object);
}

static void json_gives_octets_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < HOSTILE_COUNT; i++) {
        struct hf_buf out = rows_of(HF_FORMAT_JSON, hostile_at(i));
        struct hf_span rest = hf_buf_span(&out);

        check_json_line(&rest, hostile_at(i), 1);
        check_json_line(&rest, hostile_at(i), 0);
        check_json_line(&rest, hostile_at(i), 0);
        assert_int_equal(rest.len, 0);
        hf_buf_clear(&out);
    }
}

/* ---- text ---- */

static void text_keeps_its_lines(void **state)
{
    struct hf_buf harmless = rows_of(HF_FORMAT_TEXT, HF_SPAN(HARMLESS));

    (void)state;
    for (size_t i = 0; i < HOSTILE_COUNT; i++) {
        struct hf_buf out = rows_of(HF_FORMAT_TEXT, hostile_at(i));

        assert_int_equal(count(hf_buf_span(&out), '\n'),
                         count(hf_buf_span(&harmless), '\n'));
        hf_buf_clear(&out);
    }
    hf_buf_clear(&harmless);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(printable_everywhere),
        cmocka_unit_test(html_keeps_its_tags),
        cmocka_unit_test(html_says_what_was_there),
        cmocka_unit_test(markdown_keeps_its_cells),
        cmocka_unit_test(csv_keeps_its_fields),
        cmocka_unit_test(csv_says_what_was_there),
        cmocka_unit_test(json_gives_octets_back),
        cmocka_unit_test(text_keeps_its_lines),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
