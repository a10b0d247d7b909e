/* SPDX-License-Identifier: Apache-2.0 */
#include "holdfast/buf.h"

#include "base/alloc.h"

void hf_buf_init(struct hf_buf *buf, char *room, size_t size)
{
    *buf = (struct hf_buf){.ptr = room, .cap = size, .limit = size};
}

void hf_buf_init_grow(struct hf_buf *buf, size_t limit)
{
    *buf = (struct hf_buf){.limit = limit, .grows = true};
}

void hf_buf_clear(struct hf_buf *buf)
{
    if (buf->grows)
        hf_free(buf->ptr);
    *buf = (struct hf_buf){0};
}

void hf_buf_clear_wiped(struct hf_buf *buf)
{
    if (buf->grows)
        hf_free_wiped(buf->ptr, buf->cap);
    else if (buf->ptr != NULL)
        explicit_bzero(buf->ptr, buf->cap);
    *buf = (struct hf_buf){0};
}

void hf_buf_reset(struct hf_buf *buf)
{
    buf->len = 0;
    buf->full = false;
}

/* Doubling, within the limit; the caller has checked that `need` fits it. */
static bool grow(struct hf_buf *buf, size_t need)
{
    size_t cap = buf->cap < 256 ? 256 : buf->cap;
    char *ptr;

    if (!buf->grows)
        return false;
    while (cap < need && cap <= buf->limit / 2)
        cap *= 2;
    if (cap < need || cap > buf->limit)
        cap = buf->limit;
    ptr = hf_realloc(buf->ptr, cap, 1);
    if (ptr == NULL)
        return false;
    buf->ptr = ptr;
    buf->cap = cap;
    return true;
}

char *hf_buf_reserve(struct hf_buf *buf, size_t n)
{
    if (buf->full)
        return NULL;
    if (n <= buf->cap - buf->len)
        return buf->ptr + buf->len;
    if (n > buf->limit - buf->len || !grow(buf, buf->len + n)) {
        buf->full = true;
        return NULL;
    }
    return buf->ptr + buf->len;
}

void hf_buf_put(struct hf_buf *buf, struct hf_span text)
{
    char *to = hf_buf_reserve(buf, text.len);

    if (to == NULL || text.len == 0)
        return;
    memcpy(to, text.ptr, text.len);
    buf->len += text.len;
}

void hf_buf_putc(struct hf_buf *buf, char c)
{
    char *to = hf_buf_reserve(buf, 1);

    if (to == NULL)
        return;
    *to = c;
    buf->len++;
}

void hf_buf_puts(struct hf_buf *buf, const char *text)
{
    hf_buf_put(buf, hf_span_str(text));
}

void hf_buf_put_u64(struct hf_buf *buf, uint64_t value)
{
    char digits[20];
    size_t at = sizeof(digits);

    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    hf_buf_put(buf, (struct hf_span){digits + at, sizeof(digits) - at});
}

void hf_buf_put_i64(struct hf_buf *buf, int64_t value)
{
    if (value < 0)
        hf_buf_putc(buf, '-');
    hf_buf_put_u64(buf, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

static void put_escaped_octet(struct hf_buf *buf, unsigned char octet)
{
    if (octet == '\\') {
        hf_buf_puts(buf, "\\\\");
    } else if (octet >= 0x20 && octet <= 0x7e) {
        hf_buf_putc(buf, (char)octet);
    } else {
        hf_buf_putc(buf, '\\');
        hf_buf_putc(buf, (char)('0' + octet / 100));
        hf_buf_putc(buf, (char)('0' + octet / 10 % 10));
        hf_buf_putc(buf, (char)('0' + octet % 10));
    }
}

void hf_buf_put_escaped(struct hf_buf *buf, struct hf_span text, size_t max)
{
    size_t n = text.len < max ? text.len : max;

    for (size_t i = 0; i < n; i++)
        put_escaped_octet(buf, (unsigned char)text.ptr[i]);
    if (n < text.len)
        hf_buf_puts(buf, "...");
}
