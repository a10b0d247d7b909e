/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/said.h"

#include "base/base64.h"

#define WINDOW_BEFORE 60 /* octets shown before the marked one */
#define WINDOW        120
#define COLUMNS       79

/* `*rest` up to its last '/', which is cut off with what follows; that is
 * returned. Empty when there is no '/'. */
static struct hf_span cut_last_segment(struct hf_span *rest)
{
    struct hf_span all = *rest;
    struct hf_span last = {0};

    while (rest->len > 0 && rest->ptr[rest->len - 1] != '/')
        rest->len--;
    if (rest->len == 0)
        return last;
    last = (struct hf_span){all.ptr + rest->len, all.len - rest->len};
    rest->len--;
    return last;
}

/* PREFIX hash-alg "/" digest, by shape alone. */
static bool looks_hashed(struct hf_span uri, struct hf_hashed_uri *out)
{
    struct hf_span rest = uri;
    struct hf_span digest = cut_last_segment(&rest);
    struct hf_span alg = cut_last_segment(&rest);

    if (digest.len == 0 || !hf_hash_alg_find(alg, &out->alg) ||
        digest.len != HF_BASE64URL_LEN(hf_hash_alg_size(out->alg)) ||
        !hf_base64url_is_canonical(digest))
        return false;
    out->digest = digest;
    out->prefix = (struct hf_span){uri.ptr, rest.len + 1};
    return true;
}

static const char *law_of(struct hf_span value, enum hf_reason reason)
{
    struct hf_issue_value ignored;
    struct hf_why why = {0};

    if (reason == HF_REASON_SYNTAX &&
        hf_issue_value_parse(value, &ignored, &why) != HF_OK)
        return why.text; /* it says which rule of the grammar */
    return hf_reason_law(reason);
}

/* Below one of the prefixes, what is no hashed URI is broken, and never an
 * account's own URL (REQ DIR-09). */
static void read_uri(const struct hf_ca *ca, struct hf_said *out)
{
    struct hf_span uri = out->record.account_uri;
    enum hf_reason reason;
    size_t at;

    if (ca == NULL || ca->prefix_count == 0) {
        out->hashed = looks_hashed(uri, &out->uri);
        return;
    }
    reason = hf_hashed_uri_read(uri, ca->prefixes, ca->prefix_count, UINT32_MAX,
                                &out->uri, &at);
    out->hashed = reason == HF_REASON_OK;
    if (!out->hashed && out->uri.prefix.len > 0) {
        out->reason = reason;
        out->at = (size_t)(uri.ptr - out->value.ptr) + at;
    }
}

void hf_said_read(struct hf_span value, const struct hf_ca *ca,
                  struct hf_said *out)
{
    struct hf_issue_value text = {0};

    *out = (struct hf_said){.value = value};
    out->reason = hf_record_read(value, &out->record, &out->at);
    out->issuer = out->record.issuer;
    if (hf_issue_value_parse(value, &text, NULL) == HF_OK)
        out->params = text.params;
    if (out->reason == HF_REASON_OK)
        read_uri(ca, out);
    if (out->reason != HF_REASON_OK)
        out->law = law_of(value, out->reason);
}

const char *hf_said_form_word(const struct hf_said *said)
{
    return said->hashed ? "hashed" : "raw";
}

void hf_said_put_marked(const struct hf_said *said, const char *margin,
                        struct hf_buf *out)
{
    size_t from = said->at > WINDOW_BEFORE ? said->at - WINDOW_BEFORE : 0;
    struct hf_span shown = said->value;
    size_t start;
    size_t width;

    (void)hf_span_cut(&shown, from);
    hf_buf_puts(out, margin);
    start = out->len;
    if (from > 0)
        hf_buf_puts(out, "...");
    hf_buf_put_escaped(out, (struct hf_span){shown.ptr, said->at - from},
                       WINDOW);
    width = out->len - start;
    (void)hf_span_cut(&shown, said->at - from);
    hf_buf_put_escaped(out, shown, WINDOW - WINDOW_BEFORE);
    hf_buf_putc(out, '\n');
    hf_buf_puts(out, margin);
    while (width-- > 0 && !out->full)
        hf_buf_putc(out, ' ');
    hf_buf_puts(out, "^\n");
}

void hf_put_sentence(struct hf_buf *out, const char *text)
{
    hf_buf_puts(out, text);
    if (!hf_span_ends(hf_span_str(text), HF_SPAN(".")))
        hf_buf_putc(out, '.');
}

static bool is_prose(struct hf_span line)
{
    return line.len > 4 && hf_span_starts(line, HF_SPAN("    ")) &&
           line.ptr[4] != ' ';
}

static void put_prose(struct hf_buf *out, struct hf_span line)
{
    size_t column = 4;

    (void)hf_span_cut(&line, 4);
    hf_buf_puts(out, "    ");
    while (line.len > 0) {
        struct hf_span word = hf_span_cut(&line, hf_span_find(line, ' '));

        if (column > 4 && column + 1 + word.len > COLUMNS) {
            hf_buf_puts(out, "\n    ");
            column = 4;
        } else if (column > 4) {
            hf_buf_putc(out, ' ');
            column++;
        }
        hf_buf_put(out, word);
        column += word.len;
        (void)hf_span_skip(&line, ' ');
    }
}

void hf_put_wrapped(struct hf_buf *out, struct hf_span text)
{
    while (text.len > 0) {
        struct hf_span line = hf_span_cut(&text, hf_span_find(text, '\n'));

        if (is_prose(line))
            put_prose(out, line);
        else
            hf_buf_put(out, line);
        if (hf_span_skip(&text, '\n'))
            hf_buf_putc(out, '\n');
    }
}

static void put_count(struct hf_buf *out, uint64_t count, const char *unit)
{
    hf_buf_put_u64(out, count);
    hf_buf_putc(out, ' ');
    hf_buf_puts(out, unit);
    if (count != 1)
        hf_buf_putc(out, 's');
}

void hf_put_distance(struct hf_buf *out, int64_t from, int64_t to)
{
    bool past = to < from;
    uint64_t s =
        past ? (uint64_t)from - (uint64_t)to : (uint64_t)to - (uint64_t)from;

    if (!past)
        hf_buf_puts(out, "in ");
    if (s >= 2 * (uint64_t)HF_DAY_S)
        put_count(out, s / HF_DAY_S, "day");
    else if (s >= 7200)
        put_count(out, s / 3600, "hour");
    else
        put_count(out, s / 60, "minute");
    if (past)
        hf_buf_puts(out, " ago");
}
