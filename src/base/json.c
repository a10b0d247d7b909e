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
