/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/zone_name.h"

static bool is_plain_octet(char c)
{
    return (c >= 'a' && c <= 'z') || hf_is_digit(c) || c == '-' || c == '_' ||
           c == '*' || c == '.';
}

/* Sixteen octets, in the vector registers that every machine has. An octet of
 * a comparison is all ones where it holds. */
typedef uint8_t octets __attribute__((vector_size(16)));

#define IN_RANGE(all, first, last)                                             \
    ((octets)((all) - (uint8_t)(first)) <=                                     \
     (octets)((octets){0} + (uint8_t)((last) - (first))))

static bool is_none(octets found)
{
    uint64_t words[2];

    memcpy(words, &found, sizeof(words));
    return (words[0] | words[1]) == 0;
}

/* Sixteen octets in lower case to `out`; all ones where an octet is odd, or a
 * dot with a dot behind it. Looks at the seventeenth as well. */
static inline octets copy_lower(const char *from, char *out)
{
    octets all;
    octets next;

    memcpy(&all, from, sizeof(all));
    memcpy(&next, from + 1, sizeof(next));
    all |= (octets)IN_RANGE(all, 'A', 'Z') & 0x20;
    memcpy(out, &all, sizeof(all));
    return ~(octets)(IN_RANGE(all, 'a', 'z') | IN_RANGE(all, '-', '.') |
                     IN_RANGE(all, '0', '9') | (all == '_') | (all == '*')) |
           (octets)((octets)(all == '.') & (octets)(next == '.'));
}

/* Lower-case copy; false when an octet, or a dot behind a dot, needs the
 * careful way. There is room for 16 octets more in `out`. */
static bool copy_plain(struct hf_span text, char *out)
{
    char tail[2 * sizeof(octets)];
    octets odd = {0};

    for (; text.len > sizeof(octets); out += sizeof(octets))
        odd |= copy_lower(hf_span_cut(&text, sizeof(octets)).ptr, out);
    memset(tail, 'a', sizeof(tail)); /* as plain as can be */
    memcpy(tail, text.ptr, text.len);
    return is_none(odd | copy_lower(tail, out));
}

/* Of a name without two dots in a row: no label is empty or too long. */
static bool has_good_labels(struct hf_span name)
{
    if (name.len == 0)
        return true;
    if (name.ptr[0] == '.' || name.ptr[name.len - 1] == '.')
        return false;
    while (name.len > HF_LABEL_MAX) {
        size_t n = hf_span_find(name, '.');

        if (n > HF_LABEL_MAX)
            return false;
        (void)hf_span_cut(&name, n + 1);
    }
    return true;
}

/* The common case: nothing but letters, digits, '-', '_', '*' and dots. */
static bool read_plain(struct hf_span text, const struct hf_zone_name *origin,
                       struct hf_zone_name *out)
{
    bool absolute = text.len > 1 && text.ptr[text.len - 1] == '.';
    size_t len = absolute ? text.len - 1 : text.len;

    if (text.len == 0 || text.len > HF_NAME_MAX + 1 ||
        (!absolute && (origin == NULL || !origin->is_plain)))
        return false;
    if (!copy_plain((struct hf_span){text.ptr, len}, out->text) ||
        !has_good_labels((struct hf_span){out->text, len}))
        return false;
    if (!absolute && origin->len > 0) {
        if (len + 1 + origin->len > HF_NAME_MAX)
            return false;
        out->text[len++] = '.';
        memcpy(out->text + len, origin->text, origin->len);
        len += origin->len;
    }
    if (len > HF_NAME_MAX)
        return false;
    out->len = (uint16_t)len;
    out->is_plain = true;
    return true;
}

/* The last octet is a dot, and not an escaped one. */
static bool ends_in_dot(struct hf_span text)
{
    size_t backslashes = 0;

    if (text.len == 0 || text.ptr[text.len - 1] != '.')
        return false;
    while (backslashes + 1 < text.len &&
           text.ptr[text.len - 2 - backslashes] == '\\')
        backslashes++;
    return backslashes % 2 == 0;
}

static enum hf_err append_origin(struct hf_wire_name *wire,
                                 const struct hf_zone_name *origin,
                                 struct hf_why *why)
{
    struct hf_wire_name tail = {.len = 1};
    enum hf_err err = HF_OK;

    if (origin == NULL)
        return hf_fail(why, HF_ESYNTAX, 0,
                       "a relative name, and neither $ORIGIN nor --origin");
    if (origin->len > 0)
        err = hf_wire_name_parse(hf_zone_name_span(origin), &tail, why);
    if (err != HF_OK)
        return err;
    if (wire->len - 1U + tail.len > HF_WIRE_NAME_MAX)
        return hf_fail(why, HF_ELIMIT, 0,
                       "RFC 1035 3.1: a name is longer than 255 octets");
    memcpy(wire->octets + wire->len - 1, tail.octets, tail.len);
    wire->len = (uint8_t)(wire->len - 1U + tail.len);
    return HF_OK;
}

void hf_zone_name_from_wire(const struct hf_wire_name *wire,
                            struct hf_zone_name *out)
{
    struct hf_wire_name lower = *wire;
    struct hf_buf text;

    out->len = 0;
    out->is_plain = true;
    if (wire->len <= 1)
        return;
    hf_wire_name_lower(&lower);
    hf_buf_init(&text, out->text, sizeof(out->text));
    hf_wire_name_put(&text, &lower);
    out->len = (uint16_t)text.len;
    for (size_t i = 0; i < text.len; i++)
        out->is_plain &= is_plain_octet(text.ptr[i]);
}

/* Apart from the common case, which has no use for so much room. */
[[gnu::noinline]] static enum hf_err read_odd(const struct hf_zone_word *word,
                                              const struct hf_zone_name *origin,
                                              struct hf_zone_name *out,
                                              struct hf_why *why)
{
    struct hf_wire_name wire;
    enum hf_err err;

    if (word->kind == HF_ZONE_WORD && hf_span_eq(word->text, HF_SPAN("@"))) {
        wire = (struct hf_wire_name){.len = 1};
        err = append_origin(&wire, origin, why);
    } else {
        err = hf_wire_name_parse(word->text, &wire, why);
        if (err == HF_OK && !ends_in_dot(word->text))
            err = append_origin(&wire, origin, why);
    }
    if (err == HF_OK)
        hf_zone_name_from_wire(&wire, out);
    return err;
}

enum hf_err hf_zone_name_read(const struct hf_zone_word *word,
                              const struct hf_zone_name *origin,
                              struct hf_zone_name *out, struct hf_why *why)
{
    bool is_origin = word->kind == HF_ZONE_WORD && word->text.len == 1 &&
                     word->text.ptr[0] == '@';

    if (!is_origin && !word->has_escape && read_plain(word->text, origin, out))
        return HF_OK;
    return read_odd(word, origin, out, why);
}

void hf_zone_name_copy(struct hf_zone_name *out, struct hf_span text,
                       bool is_plain)
{
    if (text.len > 0)
        memcpy(out->text, text.ptr, text.len);
    out->len = (uint16_t)text.len;
    out->is_plain = is_plain;
}

struct hf_span hf_zone_subject(struct hf_span owner)
{
    size_t n = hf_span_find(owner, '.');
    const struct hf_span first = {owner.ptr, n};

    if (hf_span_find(first, '\\') < n) /* an escaped dot is no end */
        for (n = 0; n < owner.len && owner.ptr[n] != '.';)
            n += owner.ptr[n] == '\\' && n + 1 < owner.len ? 2 : 1;
    (void)hf_span_cut(&owner, n);
    (void)hf_span_skip(&owner, '.');
    return owner;
}

static bool is_first_label(struct hf_span owner, struct hf_span label)
{
    return hf_span_starts(owner, label) &&
           (owner.len == label.len || owner.ptr[label.len] == '.');
}

enum hf_zone_place hf_zone_place_of(struct hf_span owner)
{
    if (is_first_label(owner, HF_SPAN(HF_DNS_LABEL)) ||
        is_first_label(owner, HF_SPAN(HF_IP_LABEL)))
        return HF_ZONE_LABEL;
    return is_first_label(owner, HF_SPAN("*")) ? HF_ZONE_WILDCARD
                                               : HF_ZONE_ELSEWHERE;
}
