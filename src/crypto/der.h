/* SPDX-License-Identifier: Apache-2.0 */
/*
 * der.h -- a bounded writer and reader of DER (X.690), for what a CA signs and
 * what it is asked to sign.
 *
 * The writer works from the end to the front: what is inside stands there
 * before its header is written, so that every length is known and nothing is
 * ever moved. So write the last element first. The reader takes elements off
 * the front of a span, and only in the one form that DER has.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "holdfast/span.h"

enum hf_der_tag {
    HF_DER_BOOLEAN = 0x01,
    HF_DER_INTEGER = 0x02,
    HF_DER_BIT_STRING = 0x03,
    HF_DER_OCTET_STRING = 0x04,
    HF_DER_NULL = 0x05,
    HF_DER_OID = 0x06,
    HF_DER_ENUMERATED = 0x0a,
    HF_DER_UTF8_STRING = 0x0c,
    HF_DER_PRINTABLE_STRING = 0x13,
    HF_DER_IA5_STRING = 0x16,
    HF_DER_UTC_TIME = 0x17,
    HF_DER_GENERALIZED_TIME = 0x18,
    HF_DER_SEQUENCE = 0x30,
    HF_DER_SET = 0x31,
};

/* [n], of a primitive and of a constructed value; n is at most 30. */
#define HF_DER_IMPLICIT(n) (0x80U | (n))
#define HF_DER_EXPLICIT(n) (0xa0U | (n))

/* Room that fills from its end; `full` sticks. */
struct hf_der {
    char *room;
    size_t size;
    size_t at; /* what is written is room[at..size) */
    bool full;
};

void hf_der_init(struct hf_der *der, char *room, size_t size);

static inline struct hf_span hf_der_span(const struct hf_der *der)
{
    return (struct hf_span){der->room + der->at, der->size - der->at};
}

/* How much is written: the mark of what will be wrapped. */
static inline size_t hf_der_mark(const struct hf_der *der)
{
    return der->size - der->at;
}

/* Octets as they are, in front of all. */
void hf_der_put(struct hf_der *der, struct hf_span octets);

/* A header in front of all that was written since `mark`. */
void hf_der_wrap(struct hf_der *der, unsigned tag, size_t mark);

/* A whole element. */
void hf_der_put_element(struct hf_der *der, unsigned tag,
                        struct hf_span content);

/* A number, not negative: big-endian octets, in any length. */
void hf_der_put_unsigned(struct hf_der *der, struct hf_span octets);
void hf_der_put_number(struct hf_der *der, unsigned tag, uint64_t value);
void hf_der_put_true(struct hf_der *der);

/* A BIT STRING of whole octets around what was written since `mark`. */
void hf_der_wrap_bits(struct hf_der *der, size_t mark);

/* RFC 5280 4.1.2.5: UTCTime to the end of 2049, then GeneralizedTime. `full`
 * for moments outside the years 1950 to 9999. */
void hf_der_put_time(struct hf_der *der, int64_t at);

/* ---- reading ---- */

struct hf_der_element {
    unsigned tag;
    struct hf_span content;
    struct hf_span whole; /* with its header */
};

/* Cut the next element off. False when it is not whole, its tag is of several
 * octets, or its length is not in DER; then `*rest` is as it was. */
bool hf_der_take(struct hf_span *rest, struct hf_der_element *out);

/* The same for one that must have this tag: its content. */
bool hf_der_take_tag(struct hf_span *rest, unsigned tag, struct hf_span *out);

/* A BOOLEAN in DER, and an INTEGER that is small and not negative. */
bool hf_der_read_boolean(struct hf_span content, bool *out);
bool hf_der_read_number(struct hf_span content, uint64_t *out);

/* A BIT STRING of whole octets: those. */
bool hf_der_read_bits(struct hf_span content, struct hf_span *out);

/* UTCTime or GeneralizedTime, as RFC 5280 4.1.2.5 has them. */
bool hf_der_take_time(struct hf_span *rest, int64_t *out);
