/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/zone_generate.h"

#define WIDTH_MAX 127 /* as BIND */

/* ---- the range ---- */

/* Digits up to 2^31-1, as many as there are. */
static bool take_number(struct hf_span *rest, uint32_t *out)
{
    uint64_t value = 0;
    size_t n = 0;

    for (; n < rest->len && hf_is_digit(rest->ptr[n]); n++) {
        value = value * 10 + (uint64_t)(rest->ptr[n] - '0');
        if (value > INT32_MAX)
            return false;
    }
    (void)hf_span_cut(rest, n);
    *out = (uint32_t)value;
    return n > 0;
}

bool hf_zone_range_read(struct hf_span word, struct hf_zone_range *out)
{
    struct hf_zone_range range = {.step = 1};

    if (!take_number(&word, &range.from) || !hf_span_skip(&word, '-') ||
        !take_number(&word, &range.to))
        return false;
    if (hf_span_skip(&word, '/') &&
        (!take_number(&word, &range.step) || range.step == 0))
        return false;
    if (word.len > 0 || range.from > range.to)
        return false;
    *out = range;
    return true;
}

uint64_t hf_zone_range_count(const struct hf_zone_range *range)
{
    return (uint64_t)(range->to - range->from) / range->step + 1;
}

/* ---- ${offset,width,base} ---- */

struct modifier {
    int64_t offset;
    uint32_t width;
    char base;
};

static bool take_offset(struct hf_span *rest, int64_t *out)
{
    bool negative = hf_span_skip(rest, '-');
    uint32_t value;

    if (!negative)
        (void)hf_span_skip(rest, '+');
    if (!take_number(rest, &value))
        return false;
    *out = negative ? -(int64_t)value : (int64_t)value;
    return true;
}

static bool take_base(struct hf_span *rest, char *out)
{
    if (rest->len == 0 || memchr("doxXnN", rest->ptr[0], 6) == NULL)
        return false;
    *out = hf_span_cut(rest, 1).ptr[0];
    return true;
}

/* Behind the dollar. An offset holds for the rest of the word, width and base
 * do not: so reads BIND. */
static bool take_modifier(struct hf_span *rest, struct modifier *out)
{
    out->width = 0;
    out->base = 'd';
    if (!hf_span_skip(rest, '{'))
        return true;
    if (!take_offset(rest, &out->offset))
        return false;
    if (hf_span_skip(rest, ',')) {
        if (!take_number(rest, &out->width) || out->width > WIDTH_MAX)
            return false;
        if (hf_span_skip(rest, ',') && !take_base(rest, &out->base))
            return false;
    }
    return hf_span_skip(rest, '}');
}

/* ---- numbers ---- */

static void put_digits(struct hf_buf *out, uint64_t value, unsigned base,
                       const char *digits, size_t width)
{
    char room[WIDTH_MAX + 32];
    size_t n = sizeof(room);

    do {
        room[--n] = digits[value % base];
        value /= base;
    } while (value != 0);
    while (sizeof(room) - n < width)
        room[--n] = '0';
    hf_buf_put(out, (struct hf_span){room + n, sizeof(room) - n});
}

/* The lowest four bits first; a dot counts for the width like a digit. */
static void put_nibbles(struct hf_buf *out, uint64_t value, const char *digits,
                        size_t width)
{
    for (;;) {
        hf_buf_putc(out, digits[value & 0xf]);
        value >>= 4;
        width -= width > 0;
        if (width == 0 && value == 0)
            return;
        hf_buf_putc(out, '.');
        width -= width > 0;
        if (width == 0 && value == 0)
            return;
    }
}

/* False when the number does not fit, or is negative where BIND never ends. */
static bool put_number(struct hf_buf *out, int64_t value,
                       const struct modifier *how)
{
    static const char lower[] = "0123456789abcdef";
    static const char upper[] = "0123456789ABCDEF";
    const char *digits = how->base == 'X' || how->base == 'N' ? upper : lower;
    size_t width = how->width;

    if (value < INT32_MIN || value > INT32_MAX)
        return false;
    switch (how->base) {
    case 'n':
    case 'N':
        if (value < 0)
            return false;
        put_nibbles(out, (uint64_t)value, digits, width);
        return true;
    case 'x':
    case 'X':
        put_digits(out, (uint32_t)value, 16, digits, width);
        return true;
    case 'o':
        put_digits(out, (uint32_t)value, 8, digits, width);
        return true;
    default:
        if (value < 0) {
            hf_buf_putc(out, '-');
            width -= width > 0;
        }
        put_digits(out, (uint64_t)(value < 0 ? -value : value), 10, digits,
                   width);
        return true;
    }
}

/* ---- lines ---- */

/* `text` for one number; when that fails, `*at` is where. */
static enum hf_err put_text(struct hf_buf *out, struct hf_span text,
                            uint64_t number, size_t *at, struct hf_why *why)
{
    struct hf_span rest = text;
    struct modifier how = {0};

    while (rest.len > 0) {
        char c = hf_span_cut(&rest, 1).ptr[0];

        *at = text.len - rest.len - 1;
        if (c == '\\' && rest.len > 0) {
            hf_buf_putc(out, c);
            hf_buf_put(out, hf_span_cut(&rest, 1));
        } else if (c != '$' || hf_span_skip(&rest, '$')) {
            hf_buf_putc(out, c);
        } else if (!take_modifier(&rest, &how) ||
                   !put_number(out, (int64_t)number + how.offset, &how)) {
            return hf_fail(why, HF_ESYNTAX, 0,
                           "$GENERATE: this is not ${offset,width,base}, or "
                           "the number does not fit");
        }
    }
    return HF_OK;
}

/* A word of the directive, tried with the first and the last number: what is
 * good for both is good for those between. */
static enum hf_err try_word(const struct hf_zone_range *range,
                            const struct hf_zone_word *word, const char **at,
                            struct hf_why *why)
{
    struct hf_buf none;
    size_t offset = 0;
    enum hf_err err;

    hf_buf_init(&none, NULL, 0);
    err = put_text(&none, word->text, range->from, &offset, why);
    if (err == HF_OK)
        err = put_text(&none, word->text, range->to, &offset, why);
    *at = word->text.ptr + offset;
    return err;
}

/* A quoted word without the backslashes before quotation marks. */
static void put_word(struct hf_buf *out, const struct hf_zone_word *word)
{
    struct hf_span rest = word->text;

    while (rest.len > 0) {
        char c = hf_span_cut(&rest, 1).ptr[0];

        if (word->kind == HF_ZONE_QUOTED && c == '\\' && rest.len > 0 &&
            rest.ptr[0] == '"')
            continue;
        hf_buf_putc(out, c);
        if (c == '\\' && rest.len > 0)
            hf_buf_put(out, hf_span_cut(&rest, 1));
    }
}

static struct hf_span part(const struct hf_zone_generate *generate, size_t from,
                           size_t to)
{
    return (struct hf_span){generate->text.ptr + from, to - from};
}

static enum hf_err put_line(const struct hf_zone_generate *generate,
                            struct hf_buf *out, struct hf_why *why)
{
    const struct hf_span owner = part(generate, 0, generate->owner_len);
    size_t data = generate->owner_len + generate->fields_len;
    enum hf_err err;
    size_t at;

    if (hf_span_starts(owner, HF_SPAN("$$")))
        hf_buf_putc(out, '\\'); /* or it would be a directive */
    err = put_text(out, owner, generate->next, &at, why);
    hf_buf_put(out, part(generate, generate->owner_len, data));
    if (err == HF_OK)
        err = put_text(out, part(generate, data, generate->text.len),
                       generate->next, &at, why);
    hf_buf_putc(out, '\n');
    if (err == HF_OK && out->full)
        err = hf_fail(why, HF_ELIMIT, 0,
                      "$GENERATE: a line is longer than 8192 octets");
    return err;
}

/* Does the line end where it ends? It might open a parenthesis. */
static enum hf_err try_line(const struct hf_zone_generate *generate,
                            struct hf_why *why)
{
    struct hf_zone_entry entry;
    struct hf_buf line;
    const char *end;
    enum hf_err err;

    hf_buf_init_grow(&line, HF_ZONE_GENERATE_LINE);
    err = put_line(generate, &line, why);
    end = line.ptr + line.len;
    if (err == HF_OK &&
        (!hf_zone_entry_find(line.ptr, line.ptr, end, &entry) ||
         entry.end != end || entry.is_cut || entry.is_unbalanced))
        err = hf_fail(why, HF_ESYNTAX, 0,
                      "$GENERATE: a quotation mark or parenthesis in the data "
                      "has no partner");
    hf_buf_clear(&line);
    return err;
}

enum hf_err hf_zone_generate_init(struct hf_zone_generate *generate,
                                  const struct hf_zone_word *owner,
                                  struct hf_span fields,
                                  const struct hf_zone_word *data,
                                  const char **at, struct hf_why *why)
{
    enum hf_err err = try_word(&generate->range, owner, at, why);

    if (err == HF_OK)
        err = try_word(&generate->range, data, at, why);
    if (err != HF_OK)
        return err;
    *at = data->text.ptr;
    generate->next = generate->range.from;
    hf_buf_init_grow(&generate->text, HF_ZONE_GENERATE_LINE);
    hf_buf_put(&generate->text, owner->text);
    hf_buf_put(&generate->text, fields);
    put_word(&generate->text, data);
    generate->owner_len = owner->text.len;
    generate->fields_len = fields.len;
    if (generate->text.full)
        err = hf_fail(why, HF_ELIMIT, 0,
                      "$GENERATE: a line is longer than 8192 octets");
    if (err == HF_OK)
        err = try_line(generate, why);
    if (err != HF_OK)
        hf_zone_generate_clear(generate);
    return err;
}

void hf_zone_generate_clear(struct hf_zone_generate *generate)
{
    hf_buf_clear(&generate->text);
}

enum hf_err hf_zone_generate_next(struct hf_zone_generate *generate,
                                  struct hf_buf *out, struct hf_why *why)
{
    enum hf_err err = put_line(generate, out, why);

    generate->next += generate->range.step;
    return err;
}
