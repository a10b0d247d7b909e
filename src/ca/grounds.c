/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/grounds.h"

#include <jansson.h>

#include "holdfast/name.h"

/* It becomes a part of a line of the log. */
static bool is_one_line(struct hf_span text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.ptr[i] < 0x20)
            return false;
    return true;
}

static bool is_text(const json_t *value, struct hf_span text)
{
    const struct hf_span got = {json_string_value(value),
                                json_string_length(value)};

    return json_is_string(value) && hf_span_eq(got, text);
}

static bool is_valid(const json_t *evidence)
{
    return is_text(json_object_get(evidence, "outcome"), HF_SPAN("valid"));
}

static bool is_of_subdomains(const json_t *evidence)
{
    return json_is_true(
        json_object_get(json_object_get(evidence, "identifier"), "subdomains"));
}

static bool is_for_name(const json_t *evidence,
                        const struct hf_issuer_name *name)
{
    const json_t *identifier = json_object_get(evidence, "identifier");
    struct hf_span value = name->value;
    bool is_wild = !name->is_ip && hf_name_take_star(&value);

    return is_text(json_object_get(identifier, "type"),
                   name->is_ip ? HF_SPAN("ip") : HF_SPAN("dns")) &&
           is_text(json_object_get(identifier, "value"), value) &&
           json_is_true(json_object_get(identifier, "wildcard")) == is_wild;
}

/* RFC 9444: the name itself, its wildcard, or one below it (REQ SCOPE-02). */
static bool is_above(const json_t *evidence, const struct hf_issuer_name *name)
{
    const json_t *identifier = json_object_get(evidence, "identifier");
    const json_t *json = json_object_get(identifier, "value");
    struct hf_span ancestor = {json_string_value(json),
                               json_string_length(json)};
    struct hf_span value = name->value;

    (void)hf_name_take_star(&value);
    return is_of_subdomains(evidence) && !name->is_ip && ancestor.len > 0 &&
           is_text(json_object_get(identifier, "type"), HF_SPAN("dns")) &&
           (hf_span_eq(value, ancestor) || hf_name_is_below(value, ancestor));
}

/* REQ VAL-50: CAA is of the name in the certificate, not of its ancestor. */
static bool may_be_certified(const json_t *evidence,
                             const struct hf_issuer_name *name)
{
    const json_t *again = json_object_get(evidence, "caa_again");

    return !is_of_subdomains(evidence) ||
           is_text(json_object_get(evidence, "caa"), HF_SPAN("skipped")) ||
           (is_for_name(again, name) && is_valid(again));
}

static const char *judge(const json_t *evidence,
                         const struct hf_issuer_order *order,
                         const struct hf_issuer_name *name)
{
    const json_t *account = json_object_get(evidence, "account");
    const json_t *expires = json_object_get(evidence, "expires");

    if (!is_for_name(evidence, name) && !is_above(evidence, name))
        return "BR 3.2.2.4: the evidence for a name is that of another one";
    if (account != NULL && !is_text(account, order->account))
        return "the evidence for a name is that of another account";
    if (!is_valid(evidence))
        return "BR 3.2.2.4: the evidence for a name says that control of it "
               "was not shown";
    if (!json_is_integer(expires) ||
        json_integer_value(expires) < order->now_at)
        return "BR 4.2.1: the evidence for a name is too old";
    if (!may_be_certified(evidence, name))
        return "BR 3.2.2.8: the evidence for a name is that of an ancestor, "
               "and CAA was not looked at for the name";
    return NULL;
}

const char *hf_grounds_fault(const struct hf_issuer_order *order,
                             const struct hf_issuer_name *name)
{
    json_t *evidence;
    const char *fault;

    if (!is_one_line(name->evidence))
        return "the evidence for a name is not in one line";
    evidence = json_loadb(name->evidence.ptr == NULL ? "" : name->evidence.ptr,
                          name->evidence.len,
                          JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
    if (!json_is_object(evidence))
        fault = "there is no evidence for a name: nothing is signed without";
    else
        fault = judge(evidence, order, name);
    json_decref(evidence);
    return fault;
}
