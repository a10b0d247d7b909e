/* SPDX-License-Identifier: Apache-2.0 */
#include "holdfast/caa.h"

#include "holdfast/issue_value.h"

const char *hf_caa_reason_word(enum hf_caa_reason reason)
{
    static const char *const words[] = {
        [HF_CAA_OK] = "ok",
        [HF_CAA_CRITICAL_UNKNOWN] = "critical-unknown",
        [HF_CAA_NO_MATCHING_ISSUER] = "no-matching-issuer",
        [HF_CAA_ACCOUNT_MISMATCH] = "account-mismatch",
        [HF_CAA_METHOD] = "method",
    };

    return words[reason];
}

static bool has_tag(const struct hf_caa *property, const char *tag)
{
    return hf_span_eq_nocase(property->tag, hf_span_str(tag));
}

/* RFC 8659 section 4, RFC 9495, BR A.1.1 and A.1.2. */
static bool is_known(const struct hf_caa *property)
{
    static const char *const tags[] = {"issue",        "issuewild",
                                       "iodef",        "issuemail",
                                       "contactemail", "contactphone"};

    for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++)
        if (has_tag(property, tags[i]))
            return true;
    return false;
}

/* label = 1*(ALPHA / DIGIT / "-") */
static bool is_method_label(struct hf_span text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = hf_lower(text.ptr[i]);

        if (!hf_is_digit(c) && c != '-' && (c < 'a' || c > 'z'))
            return false;
    }
    return text.len > 0;
}

static bool is_method(struct hf_span label, struct hf_span method)
{
    if (method.len > 0)
        return hf_span_eq(label, method);
    return hf_span_eq(label, HF_SPAN("dns-persist-01")) ||
           hf_span_eq(label, HF_SPAN("ca-tbr-22"));
}

/* value = [*(label ",") label] (RFC 8657, section 4). One that is not of this
 * form allows nothing. */
static bool allows_method(struct hf_span methods, struct hf_span method)
{
    bool allowed = false;

    do {
        struct hf_span one = hf_span_cut(&methods, hf_span_find(methods, ','));

        if (!is_method_label(one))
            return false;
        allowed = allowed || is_method(one, method);
    } while (hf_span_skip(&methods, ','));
    return allowed;
}

/* REQ VAL-51: the constraints of RFC 8657, sections 3 and 4; several
 * accounturi parameters can never be satisfied. */
static enum hf_caa_reason check_params(struct hf_span params,
                                       const struct hf_caa_request *request)
{
    enum hf_caa_reason reason = HF_CAA_OK;
    struct hf_param param;
    size_t uris = 0;

    while (hf_param_next(&params, &param)) {
        if (hf_span_eq_nocase(param.tag, HF_SPAN("accounturi"))) {
            uris++;
            if (uris > 1 || !hf_span_among(param.value, request->account_urls,
                                           request->account_url_count))
                return HF_CAA_ACCOUNT_MISMATCH;
        }
        if (hf_span_eq_nocase(param.tag, HF_SPAN("validationmethods")) &&
            !allows_method(param.value, request->method))
            reason = HF_CAA_METHOD;
    }
    return reason;
}

/* What one issue or issuewild property says. A value that does not parse
 * names no issuer (RFC 8659, section 4.2). */
static enum hf_caa_reason check(const struct hf_caa *property,
                                const struct hf_caa_request *request)
{
    struct hf_issue_value value;

    if (hf_issue_value_parse(property->value, &value, NULL) != HF_OK)
        return HF_CAA_NO_MATCHING_ISSUER;
    if (value.issuer.len == 0 ||
        !hf_span_among_nocase(value.issuer, request->issuers,
                              request->issuer_count))
        return HF_CAA_NO_MATCHING_ISSUER;
    return check_params(value.params, request);
}

static bool has_any(const struct hf_caa *rrset, size_t count, const char *tag)
{
    for (size_t i = 0; i < count; i++)
        if (has_tag(&rrset[i], tag))
            return true;
    return false;
}

/* REQ VAL-50 */
enum hf_caa_reason hf_caa_decide(const struct hf_caa *rrset, size_t count,
                                 const struct hf_caa_request *request,
                                 size_t *which)
{
    const char *tag = request->wildcard && has_any(rrset, count, "issuewild")
                          ? "issuewild"
                          : "issue";
    enum hf_caa_reason worst = HF_CAA_OK;

    *which = count;
    for (size_t i = 0; i < count; i++) {
        if ((rrset[i].flags & HF_CAA_CRITICAL) != 0 && !is_known(&rrset[i])) {
            *which = i;
            return HF_CAA_CRITICAL_UNKNOWN;
        }
    }
    for (size_t i = 0; i < count; i++) {
        enum hf_caa_reason reason;

        if (!has_tag(&rrset[i], tag))
            continue;
        reason = check(&rrset[i], request);
        /* The nearest miss explains most: another account of ours rather
         * than another CA. */
        if (reason == HF_CAA_OK || reason > worst) {
            worst = reason;
            *which = i;
        }
        if (reason == HF_CAA_OK)
            return HF_CAA_OK;
    }
    return worst;
}

/* flags, tag length, tag, value */
bool hf_caa_read(struct hf_span rdata, struct hf_caa *out)
{
    uint8_t flags;
    size_t tag_len;

    if (rdata.len < 2)
        return false;
    flags = (uint8_t)rdata.ptr[0];
    tag_len = (uint8_t)rdata.ptr[1];
    (void)hf_span_cut(&rdata, 2);
    if (tag_len == 0 || tag_len > rdata.len)
        return false;
    out->flags = flags;
    out->tag = hf_span_cut(&rdata, tag_len);
    out->value = rdata;
    return true;
}
