/* SPDX-License-Identifier: Apache-2.0 */
/*
 * buf.h -- bounded output with a sticky error.
 *
 * Write in twenty unchecked calls and look at `full` once at the end. A fixed
 * buffer lives in storage of the caller; a growing one allocates up to the
 * limit named at its birth.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "holdfast/err.h"
#include "holdfast/span.h"

struct hf_buf {
    char *ptr;
    size_t len;   /* bytes written */
    size_t cap;   /* bytes there is room for now */
    size_t limit; /* bytes it may grow to; equal to cap when fixed */
    bool grows;   /* ptr is ours to free */
    bool full;    /* something did not fit; what is there stays as it was */
};

/* A fixed buffer in `size` bytes at `room`, which the caller keeps. */
void hf_buf_init(struct hf_buf *buf, char *room, size_t size);

/* A growing buffer of at most `limit` bytes; release with hf_buf_clear(). */
void hf_buf_init_grow(struct hf_buf *buf, size_t limit);

/* Free what a growing buffer owns. Harmless on a zeroed or fixed one. */
void hf_buf_clear(struct hf_buf *buf);

/*
 * The same for a buffer that held a secret: its room is overwritten first, a
 * fixed one's, too. A buffer that grows leaves old room behind: reserve all
 * that a secret needs, or put it in one piece.
 */
void hf_buf_clear_wiped(struct hf_buf *buf);

/* Forget the text and the error, keep the room. */
void hf_buf_reset(struct hf_buf *buf);

void hf_buf_put(struct hf_buf *buf, struct hf_span text);
void hf_buf_putc(struct hf_buf *buf, char c);
void hf_buf_puts(struct hf_buf *buf, const char *text);
void hf_buf_put_u64(struct hf_buf *buf, uint64_t value);
void hf_buf_put_i64(struct hf_buf *buf, int64_t value);

/*
 * Text for a terminal or a log: printable ASCII as it is, `\` doubled, every
 * other octet as \DDD (RFC 1035, section 5.1), and at most `max` octets of
 * the source, then "...". Nothing a stranger sends can move a cursor
 * (REQ ERR-08).
 */
void hf_buf_put_escaped(struct hf_buf *buf, struct hf_span text, size_t max);

/*
 * Borrow room for `n` bytes at the end, to be written directly and then
 * committed by adding to buf->len. NULL, and `full` set, when there is none.
 */
char *hf_buf_reserve(struct hf_buf *buf, size_t n);

static inline struct hf_span hf_buf_span(const struct hf_buf *buf)
{
    struct hf_span span = {buf->ptr, buf->len};

    return span;
}
