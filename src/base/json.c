/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"

static void begin_value(struct hf_json *json)
{
    if (json->comma)
        hf_buf_putc(json->out, ',');
    json->comma = true;
}

void hf_json_open(struct hf_json *json, char bracket)
{
    begin_value(json);
    hf_buf_putc(json->out, bracket);
    json->comma = false;
}

void hf_json_close(struct hf_json *json, char bracket)
{
    hf_buf_putc(json->out, bracket);
    json->comma = true;
}

static bool is_plain(char c)
{
    return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

static void put_escape(struct hf_buf *out, char c)
{
    static const char hex[] = "0123456789abcdef";
    unsigned char octet = (unsigned char)c;

    if (c == '"' || c == '\\') {
        hf_buf_putc(out, '\\');
        hf_buf_putc(out, c);
        return;
    }
    hf_buf_puts(out, "\\u00");
    hf_buf_putc(out, hex[octet >> 4]);
    hf_buf_putc(out, hex[octet & 15]);
}

static void put_quoted(struct hf_buf *out, struct hf_span text)
{
    size_t from = 0;

    hf_buf_putc(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        if (is_plain(text.ptr[i]))
            continue;
        hf_buf_put(out, (struct hf_span){text.ptr + from, i - from});
        put_escape(out, text.ptr[i]);
        from = i + 1;
    }
    if (from < text.len)
        hf_buf_put(out, (struct hf_span){text.ptr + from, text.len - from});
    hf_buf_putc(out, '"');
}

void hf_json_key(struct hf_json *json, const char *key)
{
    begin_value(json);
    put_quoted(json->out, hf_span_str(key));
    hf_buf_putc(json->out, ':');
    json->comma = false;
}

void hf_json_str(struct hf_json *json, struct hf_span text)
{
    begin_value(json);
    put_quoted(json->out, text);
}

/* Cut one character off `*text`; false when it is not UTF-8 (RFC 3629): also
 * surrogates, and what could have been written shorter. */
static bool cut_character(struct hf_span *text, uint32_t *out)
{
    static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
    unsigned char first = (unsigned char)text->ptr[0];
    size_t more = first < 0x80   ? 0
                  : first < 0xc0 ? 4
                  : first < 0xe0 ? 1
                  : first < 0xf0 ? 2
                                 : 3;
    uint32_t c = more == 0 ? first : first & (0x3fU >> more);

    if (more > 3 || first > 0xf7 || text->len <= more)
        return false;
    for (size_t i = 1; i <= more; i++) {
        unsigned char octet = (unsigned char)text->ptr[i];

        if ((octet & 0xc0) != 0x80)
            return false;
        c = c << 6 | (octet & 0x3fU);
    }
    if (c < least[more] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
        return false;
    (void)hf_span_cut(text, more + 1);
    *out = c;
    return true;
}

static void put_unit(struct hf_buf *out, uint32_t unit)
{
    static const char hex[] = "0123456789abcdef";

    hf_buf_puts(out, "\\u");
    for (int shift = 12; shift >= 0; shift -= 4)
        hf_buf_putc(out, hex[unit >> shift & 15]);
}

static void put_character(struct hf_buf *out, uint32_t c)
{
    if (c < 0x7f && is_plain((char)c)) {
        hf_buf_putc(out, (char)c);
    } else if (c < 0x10000) {
        put_unit(out, c);
    } else {
        put_unit(out, 0xd800 + ((c - 0x10000) >> 10));
        put_unit(out, 0xdc00 + ((c - 0x10000) & 0x3ff));
    }
}

static bool is_utf8(struct hf_span text)
{
    uint32_t c;

    while (text.len > 0)
        if (!cut_character(&text, &c))
            return false;
    return true;
}

bool hf_json_text(struct hf_json *json, struct hf_span text)
{
    uint32_t c = 0;

    if (!is_utf8(text)) {
        hf_json_null(json);
        return false;
    }
    begin_value(json);
    hf_buf_putc(json->out, '"');
    while (text.len > 0 && cut_character(&text, &c))
        put_character(json->out, c);
    hf_buf_putc(json->out, '"');
    return true;
}

void hf_json_int(struct hf_json *json, int64_t value)
{
    begin_value(json);
    hf_buf_put_i64(json->out, value);
}

void hf_json_bool(struct hf_json *json, bool value)
{
    begin_value(json);
    hf_buf_puts(json->out, value ? "true" : "false");
}

void hf_json_null(struct hf_json *json)
{
    begin_value(json);
    hf_buf_puts(json->out, "null");
}

void hf_json_key_str(struct hf_json *json, const char *key, struct hf_span text)
{
    hf_json_key(json, key);
    hf_json_str(json, text);
}

void hf_json_key_lit(struct hf_json *json, const char *key, const char *text)
{
    hf_json_key(json, key);
    hf_json_str(json, hf_span_str(text));
}

void hf_json_key_int(struct hf_json *json, const char *key, int64_t value)
{
    hf_json_key(json, key);
    hf_json_int(json, value);
}

void hf_json_key_bool(struct hf_json *json, const char *key, bool value)
{
    hf_json_key(json, key);
    hf_json_bool(json, value);
}

void hf_json_key_list(struct hf_json *json, const char *key,
                      const struct hf_span *texts, size_t count)
{
    hf_json_key(json, key);
    hf_json_open(json, '[');
    for (size_t i = 0; i < count; i++)
        hf_json_str(json, texts[i]);
    hf_json_close(json, ']');
}
