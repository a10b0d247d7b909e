/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/constraints.h"

#include "crypto/x509.h"

#define DNS_NAME   HF_DER_IMPLICIT(2) /* of a GeneralName */
#define IP_ADDRESS HF_DER_IMPLICIT(7)

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
 * to the left-hand side of the name satisfies the name constraint." */
static bool is_below(struct hf_span name, struct hf_span base)
{
    struct hf_span tail = name;

    if (base.len == 0)
        return true;
    if (name.len < base.len)
        return false;
    (void)hf_span_cut(&tail, name.len - base.len);
    return hf_span_eq_nocase(tail, base) &&
           (name.len == base.len || tail.ptr[-1] == '.');
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

/* Is there a subtree of this kind in the list, and is the name in one? */
static bool is_in(struct hf_span subtrees, const struct hf_der_element *name,
                  bool *has_kind)
{
    struct hf_der_element base;
    struct hf_span subtree;
    bool found = false;

    *has_kind = false;
    while (hf_der_take_tag(&subtrees, HF_DER_SEQUENCE, &subtree)) {
        if (!hf_der_take(&subtree, &base) || base.tag != name->tag)
            continue;
        *has_kind = true;
        found |= name->tag == DNS_NAME
                     ? is_below(name->content, base.content)
                     : is_in_range(name->content, base.content);
    }
    return found;
}

static bool is_refused(const struct hf_constraints *constraints,
                       const struct hf_der_element *name)
{
    bool has_kind;

    if (name->tag != DNS_NAME && name->tag != IP_ADDRESS)
        return false;
    if (is_in(constraints->excluded, name, &has_kind))
        return true;
    return !is_in(constraints->permitted, name, &has_kind) && has_kind;
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
