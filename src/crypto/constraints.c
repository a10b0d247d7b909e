/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/constraints.h"

#include "crypto/x509.h"
#include "names/ip.h"

#define DNS_NAME   HF_DER_IMPLICIT(2) /* of a GeneralName */
#define IP_ADDRESS HF_DER_IMPLICIT(7)
#define SHOWN_MAX  8   /* subtrees of one sentence */
#define SHOWN_LEN  100 /* octets of one of them */

enum hf_err hf_constraints_read(struct hf_span extensions,
                                struct hf_constraints *out, struct hf_why *why)
{
    struct hf_constraints read = {0};
    struct hf_der_element part;
    struct hf_span value;
    struct hf_span list;

    if (!hf_x509_find_extension(extensions, hf_oid_name_constraints, &value)) {
        *out = read;
        return HF_OK;
    }
    if (!hf_der_take_tag(&value, HF_DER_SEQUENCE, &list))
        return hf_fail(why, HF_ESYNTAX, 0,
                       "RFC 5280 4.2.1.10: no name constraints");
    while (hf_der_take(&list, &part)) {
        if (part.tag == HF_DER_EXPLICIT(0))
            read.permitted = part.content;
        else if (part.tag == HF_DER_EXPLICIT(1))
            read.excluded = part.content;
    }
    if (list.len > 0 || value.len > 0)
        return hf_fail(why, HF_ESYNTAX, 0,
                       "RFC 5280 4.2.1.10: no name constraints");
    *out = read;
    return HF_OK;
}

/* ---- one name in one subtree ---- */

/* "Any DNS name that can be constructed by simply adding zero or more labels
 * to the left-hand side of the name satisfies the name constraint." With a dot
 * in front, as some CAs have it, clients want one label at least. */
static bool is_below(struct hf_span name, struct hf_span base)
{
    bool has_dot = hf_span_skip(&base, '.');
    struct hf_span tail = name;

    if (base.len == 0)
        return true;
    if (name.len < base.len)
        return false;
    (void)hf_span_cut(&tail, name.len - base.len);
    if (!hf_span_eq_nocase(tail, base))
        return false;
    return name.len == base.len ? !has_dot : tail.ptr[-1] == '.';
}

/* A wildcard stands for all names with one label in its place, so for one that
 * is excluded right below it. */
static bool stands_for(struct hf_span name, struct hf_span base)
{
    (void)hf_span_skip(&base, '.');
    (void)hf_span_cut(&base, hf_span_find(base, '.'));
    return hf_span_starts(name, HF_SPAN("*.")) && base.len > 0 &&
           is_below((struct hf_span){name.ptr + 1, name.len - 1}, base);
}

/* An address and a mask of the same length. */
static bool is_in_range(struct hf_span address, struct hf_span range)
{
    if (range.len != 2 * address.len)
        return false;
    for (size_t i = 0; i < address.len; i++)
        if (((address.ptr[i] ^ range.ptr[i]) & range.ptr[address.len + i]) != 0)
            return false;
    return true;
}

static bool has(struct hf_span base, const struct hf_der_element *name)
{
    return name->tag == DNS_NAME ? is_below(name->content, base)
                                 : is_in_range(name->content, base);
}

/* The next subtree of a kind of name. */
static bool next_base(struct hf_span *subtrees, unsigned tag,
                      struct hf_span *out)
{
    struct hf_der_element base;
    struct hf_span subtree;

    while (hf_der_take_tag(subtrees, HF_DER_SEQUENCE, &subtree)) {
        if (!hf_der_take(&subtree, &base) || base.tag != tag)
            continue;
        *out = base.content;
        return true;
    }
    return false;
}

static bool is_excluded(const struct hf_constraints *constraints,
                        const struct hf_der_element *name, struct hf_span *base)
{
    struct hf_span rest = constraints->excluded;

    while (next_base(&rest, name->tag, base))
        if (has(*base, name) ||
            (name->tag == DNS_NAME && stands_for(name->content, *base)))
            return true;
    return false;
}

/* Where no subtree of its kind is permitted, all of that kind are. */
static bool is_permitted(const struct hf_constraints *constraints,
                         const struct hf_der_element *name)
{
    struct hf_span rest = constraints->permitted;
    bool has_kind = false;
    struct hf_span base;

    while (next_base(&rest, name->tag, &base)) {
        if (has(base, name))
            return true;
        has_kind = true;
    }
    return !has_kind;
}

/* ---- the names of a certificate ---- */

static bool is_refused(const struct hf_constraints *constraints,
                       const struct hf_der_element *name)
{
    struct hf_span base;

    if (name->tag != DNS_NAME && name->tag != IP_ADDRESS)
        return false;
    return is_excluded(constraints, name, &base) ||
           !is_permitted(constraints, name);
}

bool hf_constraints_refuse(const struct hf_constraints *constraints,
                           struct hf_span extensions, struct hf_span *name)
{
    struct hf_der_element part;
    struct hf_span value;
    struct hf_span names;

    *name = HF_SPAN("");
    if (constraints->permitted.len == 0 && constraints->excluded.len == 0)
        return false;
    if (!hf_x509_find_extension(extensions, hf_oid_alt_name, &value) ||
        !hf_der_take_tag(&value, HF_DER_SEQUENCE, &names))
        return true;
    while (hf_der_take(&names, &part)) {
        if (!is_refused(constraints, &part))
            continue;
        *name = part.content;
        return true;
    }
    return names.len > 0;
}

/* ---- saying why ---- */

/* How many bits a mask has; false when they are not the first ones. */
static bool count_bits(struct hf_span mask, size_t *out)
{
    size_t bits = 0;

    for (size_t i = 0; i < mask.len * 8; i++) {
        bool is_set = ((unsigned char)mask.ptr[i / 8] << i % 8 & 0x80) != 0;

        if (is_set && bits != i)
            return false;
        bits += is_set;
    }
    *out = bits;
    return true;
}

static void put_range(struct hf_buf *out, struct hf_span range)
{
    size_t len = range.len / 2;
    const uint8_t *octets = (const uint8_t *)range.ptr;
    struct hf_span mask = {range.ptr + len, len};
    size_t bits;

    if (len != 4 && len != 16) {
        hf_buf_puts(out, "a range of addresses that is none");
        return;
    }
    hf_ip_put(out, octets, len);
    hf_buf_putc(out, '/');
    if (count_bits(mask, &bits))
        hf_buf_put_u64(out, bits);
    else
        hf_ip_put(out, octets + len, len);
}

static void put_base(struct hf_buf *out, unsigned tag, struct hf_span base)
{
    if (tag == IP_ADDRESS)
        put_range(out, base);
    else if (base.len == 0)
        hf_buf_puts(out, "all names");
    else
        hf_buf_put_escaped(out, base, SHOWN_LEN);
}

static void put_permitted(struct hf_buf *out, struct hf_span subtrees,
                          unsigned tag)
{
    struct hf_span base;

    for (size_t i = 0; next_base(&subtrees, tag, &base); i++) {
        hf_buf_puts(out, i == 0 ? "" : ", ");
        if (i == SHOWN_MAX) {
            hf_buf_puts(out, "...");
            return;
        }
        put_base(out, tag, base);
    }
}

bool hf_constraints_refuse_text(const struct hf_constraints *constraints,
                                struct hf_span text, bool is_ip,
                                struct hf_buf *said)
{
    struct hf_der_element name = {.tag = DNS_NAME, .content = text};
    uint8_t address[16];
    struct hf_span base;

    if (is_ip) {
        size_t len = 0;

        (void)hf_ip_parse(text, address, &len);
        name = (struct hf_der_element){.tag = IP_ADDRESS,
                                       .content = {(const char *)address, len}};
    }
    if (!is_refused(constraints, &name))
        return false;
    hf_buf_puts(said, "the certificate of the issuing CA ");
    if (is_excluded(constraints, &name, &base)) {
        hf_buf_puts(said, "excludes ");
        put_base(said, name.tag, base);
    } else {
        hf_buf_puts(said, "permits nothing but ");
        put_permitted(said, constraints->permitted, name.tag);
    }
    hf_buf_puts(said, " (name constraints, RFC 5280 4.2.1.10)");
    return true;
}
