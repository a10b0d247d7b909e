/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/scan_journal.h"

#include "os/file.h"

#define JOURNAL_MAX (sizeof(struct hf_tally) + 4096)

static const struct hf_span magic = HF_SPAN_INIT("holdfast-scan-journal 1");

static void put_number(struct hf_buf *out, uint64_t number)
{
    hf_buf_putc(out, ' ');
    hf_buf_put_u64(out, number);
}

enum hf_err hf_scan_journal_write(const char *path,
                                  const struct hf_scan_mark *mark,
                                  const struct hf_tally *tally,
                                  struct hf_why *why)
{
    const struct hf_span counters = {(const char *)tally, sizeof(*tally)};
    enum hf_err err;
    struct hf_buf text;

    hf_buf_init_grow(&text, JOURNAL_MAX);
    hf_buf_put(&text, magic);
    put_number(&text, (uint64_t)mark->format);
    put_number(&text, mark->input_size);
    put_number(&text, mark->offset);
    put_number(&text, mark->output);
    put_number(&text, sizeof(*tally));
    hf_buf_putc(&text, '\n');
    hf_buf_put(&text, counters);
    err = text.full ? hf_fail(why, HF_ENOMEM, 0, "out of memory")
                    : hf_file_replace_path(path, hf_buf_span(&text), why);
    hf_buf_clear(&text);
    return err;
}

/* " 123" off the front of `*rest`. */
static bool take_number(struct hf_span *rest, uint64_t *out)
{
    struct hf_span digits;
    int64_t value;

    if (!hf_span_skip(rest, ' '))
        return false;
    digits = hf_span_cut(rest, hf_span_find(*rest, ' '));
    if (!hf_persist_until_parse(digits, &value))
        return false;
    *out = (uint64_t)value;
    return true;
}

static bool parse(struct hf_span text, struct hf_scan_mark *mark,
                  struct hf_tally *tally)
{
    struct hf_span line = hf_span_cut(&text, hf_span_find(text, '\n'));
    struct hf_scan_mark got = {0};
    uint64_t format;
    uint64_t size;

    if (!hf_span_starts(line, magic) || !hf_span_skip(&text, '\n'))
        return false;
    (void)hf_span_cut(&line, magic.len);
    if (!take_number(&line, &format) || !take_number(&line, &got.input_size) ||
        !take_number(&line, &got.offset) || !take_number(&line, &got.output) ||
        !take_number(&line, &size) || line.len > 0)
        return false;
    if (format > HF_FORMAT_HTML || size != sizeof(*tally) ||
        text.len != sizeof(*tally))
        return false;
    got.format = (enum hf_format)format;
    memcpy(tally, text.ptr, sizeof(*tally));
    *mark = got;
    return true;
}

enum hf_err hf_scan_journal_read(const char *path, struct hf_scan_mark *mark,
                                 struct hf_tally *tally, bool *found,
                                 struct hf_why *why)
{
    enum hf_err err;
    struct hf_buf text;

    *found = false;
    hf_buf_init_grow(&text, JOURNAL_MAX);
    err = hf_file_read(path, &text, why);
    if (err == HF_OK) {
        *found = parse(hf_buf_span(&text), mark, tally);
        if (!*found)
            err = hf_fail(why, HF_ESYNTAX, 0,
                          "not a journal of this version of holdfast");
    }
    hf_buf_clear(&text);
    return err == HF_ENOTFOUND ? HF_OK : err;
}
