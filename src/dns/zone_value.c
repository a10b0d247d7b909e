/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/zone_value.h"

#include "base/hex.h"
#include "holdfast/record.h"
#include "holdfast/txt.h"

#define RDATA_MAX 65535

void hf_zone_value_init(struct hf_zone_value *value)
{
    hf_buf_init_grow(&value->room, 2 * HF_ZONE_ENTRY_MAX);
}

void hf_zone_value_clear(struct hf_zone_value *value)
{
    hf_buf_clear(&value->room);
}

/* One quoted string without escapes, and nothing behind it but the end of
 * the line: what nearly every record looks like. */
static bool read_simple(struct hf_span rdata, struct hf_span *out)
{
    size_t n;

    while (rdata.len > 0 && (rdata.ptr[0] == ' ' || rdata.ptr[0] == '\t'))
        (void)hf_span_cut(&rdata, 1);
    if (!hf_span_skip(&rdata, '"'))
        return false;
    n = hf_span_find(rdata, '"');
    if (n > HF_TXT_STRING_MAX || n + 2 != rdata.len ||
        rdata.ptr[n + 1] != '\n' || memchr(rdata.ptr, '\\', n) != NULL)
        return false;
    *out = hf_span_cut(&rdata, n);
    return true;
}

static bool put_hex(struct hf_buf *out, struct hf_span digits, int *half)
{
    for (size_t i = 0; i < digits.len; i++) {
        int digit = hf_hex_digit(digits.ptr[i]);

        if (digit < 0)
            return false;
        if (*half >= 0) {
            hf_buf_putc(out, (char)(unsigned char)(*half * 16 + digit));
            *half = -1;
        } else {
            *half = digit;
        }
    }
    return true;
}

enum hf_err hf_zone_value_read_generic(struct hf_span rest, struct hf_buf *out,
                                       const char **at, struct hf_why *why)
{
    struct hf_zone_word word = hf_zone_word_next(&rest);
    int64_t want;
    int half = -1;

    *at = word.text.ptr;
    if (word.kind != HF_ZONE_WORD ||
        !hf_persist_until_parse(word.text, &want) || want > RDATA_MAX)
        return hf_fail(why, HF_ESYNTAX, 0,
                       "RFC 3597 5: a length is expected behind \\#");
    hf_buf_reset(out);
    for (;;) {
        word = hf_zone_word_next(&rest);
        *at = word.text.ptr;
        if (word.kind == HF_ZONE_END)
            break;
        if (word.kind != HF_ZONE_WORD || !put_hex(out, word.text, &half))
            return hf_fail(why, HF_ESYNTAX, 0,
                           "RFC 3597 5: hexadecimal digits are expected");
    }
    (*at)--; /* the newline that ends the entry */
    if (half >= 0 || out->len != (size_t)want)
        return hf_fail(why, HF_ESYNTAX, 0,
                       "RFC 3597 5: the length and the digits disagree");
    return HF_OK;
}

/* Strings with escapes, or several, joined (REQ RECORD-01). */
static enum hf_err read_strings(struct hf_span rest, struct hf_buf *out,
                                const char **at, struct hf_why *why)
{
    size_t strings = 0;

    hf_buf_reset(out);
    for (;;) {
        struct hf_zone_word word = hf_zone_word_next(&rest);
        struct hf_span text;
        size_t bad = 0;
        char *room;

        *at = word.text.ptr;
        if (word.kind == HF_ZONE_END)
            break;
        room = hf_buf_reserve(out, word.text.len);
        if (room == NULL && word.text.len > 0)
            return hf_fail(why, HF_ENOMEM, 0, "out of memory");
        if (!hf_zone_word_read(&word, room, &text, &bad)) {
            *at += bad;
            return hf_fail(why, HF_ESYNTAX, 0,
                           "RFC 1035 5.1: a backslash takes three digits up "
                           "to 255, or one character");
        }
        if (text.ptr == room)
            out->len += text.len;
        else
            hf_buf_put(out, text);
        strings += hf_txt_string_count(text.len);
    }
    (*at)--;
    if (strings == 0)
        return hf_fail(why, HF_ESYNTAX, 0, "RFC 1035 3.3.14: no string");
    if (out->len + strings > RDATA_MAX)
        return hf_fail(why, HF_ELIMIT, 0,
                       "the data of one record is longer than 65535 octets");
    return HF_OK;
}

static enum hf_err read_txt(struct hf_buf *room, bool generic,
                            struct hf_span rdata, struct hf_span *out,
                            const char **at, struct hf_why *why)
{
    struct hf_span octets;
    enum hf_err err;

    if (!generic) {
        err = read_strings(rdata, room, at, why);
        *out = hf_buf_span(room);
        return err;
    }
    err = hf_zone_value_read_generic(rdata, room, at, why);
    if (err != HF_OK)
        return err;
    octets = hf_buf_span(room);
    if (octets.len == 0 || hf_buf_reserve(room, octets.len) == NULL)
        return hf_fail(why, HF_ESYNTAX, 0, "RFC 1035 3.3.14: no string");
    octets.ptr = room->ptr; /* reserving may have moved it */
    return hf_txt_join(octets, room->ptr + octets.len, out, why);
}

/* Uncompressed, as it stands in generic data. */
static bool take_wire_name(struct hf_span octets, struct hf_wire_name *out)
{
    size_t at = 0;

    if (octets.len == 0 || octets.len > HF_WIRE_NAME_MAX)
        return false;
    while (at < octets.len && octets.ptr[at] != 0) {
        if ((unsigned char)octets.ptr[at] > HF_LABEL_MAX)
            return false;
        at += (unsigned char)octets.ptr[at] + 1U;
    }
    if (at + 1 != octets.len)
        return false;
    memcpy(out->octets, octets.ptr, octets.len);
    out->len = (uint8_t)octets.len;
    return true;
}

static enum hf_err read_name(struct hf_zone_value *value, bool generic,
                             struct hf_span rest,
                             const struct hf_zone_name *origin, const char **at,
                             struct hf_why *why)
{
    struct hf_wire_name wire;
    struct hf_zone_word word;
    enum hf_err err;

    if (generic) {
        err = hf_zone_value_read_generic(rest, &value->room, at, why);
        if (err != HF_OK)
            return err;
        if (!take_wire_name(hf_buf_span(&value->room), &wire))
            return hf_fail(why, HF_ESYNTAX, 0, "the data is not a name");
        hf_zone_name_from_wire(&wire, &value->name);
        return HF_OK;
    }
    word = hf_zone_word_next(&rest);
    *at = word.kind == HF_ZONE_END ? word.text.ptr - 1 : word.text.ptr;
    if (word.kind == HF_ZONE_END)
        return hf_fail(why, HF_ESYNTAX, 0, "a name is expected");
    err = hf_zone_name_read(&word, origin, &value->name, why);
    if (err != HF_OK)
        return err;
    word = hf_zone_word_next(&rest);
    *at = word.text.ptr;
    return word.kind == HF_ZONE_END
               ? HF_OK
               : hf_fail(why, HF_ESYNTAX, 0, "one name and nothing more");
}

static bool read_flags(struct hf_span text, char *out)
{
    int64_t flags;

    if (!hf_persist_until_parse(text, &flags) || flags > UINT8_MAX)
        return false;
    *out = (char)(unsigned char)flags;
    return true;
}

/* tag = 1*(ALPHA / DIGIT) */
static bool is_tag(const struct hf_zone_word *word)
{
    for (size_t i = 0; i < word->text.len; i++) {
        char c = hf_lower(word->text.ptr[i]);

        if (!hf_is_digit(c) && (c < 'a' || c > 'z'))
            return false;
    }
    return word->kind == HF_ZONE_WORD && word->text.len <= UINT8_MAX;
}

static enum hf_err put_caa_value(const struct hf_zone_word *word,
                                 struct hf_buf *out, const char **at,
                                 struct hf_why *why)
{
    char *room = hf_buf_reserve(out, word->text.len + 1);
    struct hf_span text;
    size_t bad;

    if (room == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    if (!hf_zone_word_read(word, room, &text, &bad)) {
        *at = word->text.ptr + bad;
        return hf_fail(why, HF_ESYNTAX, 0,
                       "RFC 1035 5.1: a backslash takes three digits up to "
                       "255, or one character");
    }
    if (text.ptr == room)
        out->len += text.len;
    else
        hf_buf_put(out, text);
    return HF_OK;
}

enum hf_err hf_zone_value_read_caa(struct hf_zone_value *value,
                                   struct hf_span rdata, struct hf_span *out,
                                   const char **at, struct hf_why *why)
{
    struct hf_span rest = rdata;
    struct hf_zone_word word = hf_zone_word_next(&rest);
    struct hf_buf *room = &value->room;
    char flags = 0;
    enum hf_err err;

    if (word.kind == HF_ZONE_WORD && hf_span_eq(word.text, HF_SPAN("\\#"))) {
        err = hf_zone_value_read_generic(rest, room, at, why);
        *out = hf_buf_span(room);
        return err;
    }
    *at = word.text.ptr - (word.kind == HF_ZONE_END);
    if (word.kind != HF_ZONE_WORD || !read_flags(word.text, &flags))
        return hf_fail(why, HF_ESYNTAX, 0,
                       "RFC 8659 4.1.1: flags up to 255 are expected");
    word = hf_zone_word_next(&rest);
    *at = word.text.ptr - (word.kind == HF_ZONE_END);
    if (!is_tag(&word))
        return hf_fail(why, HF_ESYNTAX, 0,
                       "RFC 8659 4.1.1: a tag of letters and digits is "
                       "expected");
    hf_buf_reset(room);
    hf_buf_putc(room, flags);
    hf_buf_putc(room, (char)(unsigned char)word.text.len);
    hf_buf_put(room, word.text);
    word = hf_zone_word_next(&rest);
    *at = word.text.ptr - (word.kind == HF_ZONE_END);
    if (word.kind == HF_ZONE_END ||
        hf_zone_word_next(&rest).kind != HF_ZONE_END)
        return hf_fail(why, HF_ESYNTAX, 0,
                       "RFC 8659 4.1.1: one value, and nothing more");
    err = put_caa_value(&word, room, at, why);
    *out = hf_buf_span(room);
    return err;
}

/* NOLINTNEXTLINE(readability-function-size): two ways out, and why */
enum hf_err hf_zone_value_read(struct hf_zone_value *value, uint16_t type,
                               struct hf_span rdata,
                               const struct hf_zone_name *origin,
                               struct hf_span *out, const char **at,
                               struct hf_why *why)
{
    struct hf_span rest = rdata;
    struct hf_zone_word word;
    bool generic;
    enum hf_err err;

    *out = HF_SPAN("");
    if (type == HF_RR_TXT && read_simple(rdata, out))
        return HF_OK;
    if (type != HF_RR_TXT && type != HF_RR_CNAME && type != HF_RR_DNAME)
        return HF_OK;
    word = hf_zone_word_next(&rest);
    generic =
        word.kind == HF_ZONE_WORD && hf_span_eq(word.text, HF_SPAN("\\#"));
    if (!generic)
        rest = rdata;
    if (type == HF_RR_TXT)
        return read_txt(&value->room, generic, rest, out, at, why);
    err = read_name(value, generic, rest, origin, at, why);
    if (err == HF_OK)
        *out = hf_zone_name_span(&value->name);
    return err;
}
