/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/der.h"

#include "base/time_text.h"

#define LENGTH_OCTETS_MAX 4            /* 4 GiB are more than we look at */
#define UTC_FROM          (-631152000) /* 1950-01-01T00:00:00Z */
#define GENERALIZED_FROM  2524608000   /* 2050-01-01T00:00:00Z */
#define TIME_LAST         253402300799 /* 9999-12-31T23:59:59Z */
#define UTC_LEN           13           /* YYMMDDHHMMSSZ */
#define GENERALIZED_LEN   15           /* YYYYMMDDHHMMSSZ */

void hf_der_init(struct hf_der *der, char *room, size_t size)
{
    *der = (struct hf_der){.room = room, .size = size, .at = size};
}

/* ---- writing ---- */

static void put_octet(struct hf_der *der, unsigned octet)
{
    if (der->full || der->at == 0) {
        der->full = true;
        return;
    }
    der->room[--der->at] = (char)(unsigned char)octet;
}

void hf_der_put(struct hf_der *der, struct hf_span octets)
{
    if (der->full || octets.len > der->at) {
        der->full = true;
        return;
    }
    der->at -= octets.len;
    if (octets.len > 0)
        memcpy(der->room + der->at, octets.ptr, octets.len);
}

static void put_length(struct hf_der *der, size_t len)
{
    unsigned octets = 0;

    if (len < 0x80) {
        put_octet(der, (unsigned)len);
        return;
    }
    for (; len > 0; len >>= 8, octets++)
        put_octet(der, (unsigned)(len & 0xff));
    put_octet(der, 0x80U | octets);
}

void hf_der_wrap(struct hf_der *der, unsigned tag, size_t mark)
{
    put_length(der, hf_der_mark(der) - mark);
    put_octet(der, tag);
}

void hf_der_put_element(struct hf_der *der, unsigned tag,
                        struct hf_span content)
{
    hf_der_put(der, content);
    put_length(der, content.len);
    put_octet(der, tag);
}

/* X.690 8.3.2: as few octets as it needs; one more keeps it positive. */
static void put_magnitude(struct hf_der *der, unsigned tag,
                          struct hf_span octets)
{
    size_t mark = hf_der_mark(der);

    while (octets.len > 1 && octets.ptr[0] == 0)
        (void)hf_span_cut(&octets, 1);
    hf_der_put(der, octets);
    if (octets.len == 0 || (octets.ptr[0] & 0x80) != 0)
        put_octet(der, 0);
    hf_der_wrap(der, tag, mark);
}

void hf_der_put_unsigned(struct hf_der *der, struct hf_span octets)
{
    put_magnitude(der, HF_DER_INTEGER, octets);
}

void hf_der_put_number(struct hf_der *der, unsigned tag, uint64_t value)
{
    char octets[8];

    for (size_t i = 0; i < sizeof(octets); i++)
        octets[i] = (char)(unsigned char)(value >> (8 * (7 - i)));
    put_magnitude(der, tag, (struct hf_span){octets, sizeof(octets)});
}

void hf_der_put_true(struct hf_der *der)
{
    hf_der_put_element(der, HF_DER_BOOLEAN, HF_SPAN("\xff"));
}

void hf_der_wrap_bits(struct hf_der *der, size_t mark)
{
    put_octet(der, 0);
    hf_der_wrap(der, HF_DER_BIT_STRING, mark);
}

void hf_der_put_time(struct hf_der *der, int64_t at)
{
    char room[HF_TIME_TEXT_MAX];
    char digits[GENERALIZED_LEN];
    struct hf_buf text;
    size_t len = 0;
    bool is_utc = at < GENERALIZED_FROM;

    if (at < UTC_FROM || at > TIME_LAST) {
        der->full = true;
        return;
    }
    hf_buf_init(&text, room, sizeof(room));
    hf_time_put(&text, at);
    for (size_t i = 0; i < text.len && len < sizeof(digits); i++)
        if (hf_is_digit(room[i]) || room[i] == 'Z')
            digits[len++] = room[i];
    hf_der_put_element(der, is_utc ? HF_DER_UTC_TIME : HF_DER_GENERALIZED_TIME,
                       is_utc ? (struct hf_span){digits + 2, UTC_LEN}
                              : (struct hf_span){digits, GENERALIZED_LEN});
}

/* ---- reading ---- */

/* X.690 10.1: the length in as few octets as it needs. */
static bool take_length(struct hf_span *rest, size_t *out)
{
    unsigned first = rest->len == 0 ? 0x80U : (unsigned char)rest->ptr[0];
    size_t octets = first & 0x7f;
    size_t len = 0;

    if (first < 0x80) {
        (void)hf_span_cut(rest, 1);
        *out = first;
        return true;
    }
    if (octets == 0 || octets > LENGTH_OCTETS_MAX || rest->len - 1 < octets)
        return false;
    (void)hf_span_cut(rest, 1);
    for (size_t i = 0; i < octets; i++)
        len = len << 8 | (unsigned char)rest->ptr[i];
    if (len < 0x80 || rest->ptr[0] == 0)
        return false;
    (void)hf_span_cut(rest, octets);
    *out = len;
    return true;
}

bool hf_der_take(struct hf_span *rest, struct hf_der_element *out)
{
    struct hf_span from = *rest;
    struct hf_der_element element;
    size_t len;

    if (from.len < 2 || (from.ptr[0] & 0x1f) == 0x1f)
        return false;
    element.tag = (unsigned char)from.ptr[0];
    (void)hf_span_cut(&from, 1);
    if (!take_length(&from, &len) || len > from.len)
        return false;
    element.content = hf_span_cut(&from, len);
    element.whole = (struct hf_span){rest->ptr, rest->len - from.len};
    *rest = from;
    *out = element;
    return true;
}

bool hf_der_take_tag(struct hf_span *rest, unsigned tag, struct hf_span *out)
{
    struct hf_span from = *rest;
    struct hf_der_element element;

    if (!hf_der_take(&from, &element) || element.tag != tag)
        return false;
    *rest = from;
    *out = element.content;
    return true;
}

bool hf_der_read_boolean(struct hf_span content, bool *out)
{
    if (content.len != 1 || (content.ptr[0] != 0 && content.ptr[0] != '\xff'))
        return false;
    *out = content.ptr[0] != 0;
    return true;
}

bool hf_der_read_number(struct hf_span content, uint64_t *out)
{
    uint64_t value = 0;

    if (content.len == 0 || content.len > 8 || (content.ptr[0] & 0x80) != 0 ||
        (content.len > 1 && content.ptr[0] == 0 &&
         (content.ptr[1] & 0x80) == 0))
        return false;
    for (size_t i = 0; i < content.len; i++)
        value = value << 8 | (unsigned char)content.ptr[i];
    *out = value;
    return true;
}

bool hf_der_read_bits(struct hf_span content, struct hf_span *out)
{
    if (content.len == 0 || content.ptr[0] != 0)
        return false;
    (void)hf_span_cut(&content, 1);
    *out = content;
    return true;
}

/* "YYYYMMDDHHMMSSZ" as our own reader of moments wants it. */
static bool read_digits(struct hf_span text, int64_t *out)
{
    static const char pattern[] = "dddd-dd-ddTdd:dd:ddZ";
    char room[sizeof(pattern) - 1];
    struct hf_time moment;

    for (size_t i = 0; i < sizeof(room); i++) {
        bool is_given = pattern[i] == 'd' || pattern[i] == 'Z';

        if (is_given && text.len == 0)
            return false;
        room[i] = is_given ? hf_span_cut(&text, 1).ptr[0] : pattern[i];
        if (pattern[i] == 'd' ? !hf_is_digit(room[i]) : room[i] != pattern[i])
            return false;
    }
    if (text.len > 0 ||
        hf_time_parse((struct hf_span){room, sizeof(room)}, (struct hf_time){0},
                      &moment, NULL) != HF_OK)
        return false;
    *out = moment.s;
    return true;
}

bool hf_der_take_time(struct hf_span *rest, int64_t *out)
{
    struct hf_span from = *rest;
    struct hf_der_element element;
    char room[GENERALIZED_LEN];
    struct hf_span text;

    if (!hf_der_take(&from, &element))
        return false;
    text = element.content;
    if (element.tag == HF_DER_UTC_TIME && text.len == UTC_LEN) {
        memcpy(room, text.ptr[0] >= '5' ? "19" : "20", 2);
        memcpy(room + 2, text.ptr, UTC_LEN);
        text = (struct hf_span){room, sizeof(room)};
    } else if (element.tag != HF_DER_GENERALIZED_TIME) {
        return false;
    }
    if (!read_digits(text, out) ||
        (element.tag == HF_DER_GENERALIZED_TIME && *out < GENERALIZED_FROM))
        return false;
    *rest = from;
    return true;
}
