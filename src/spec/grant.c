/* SPDX-License-Identifier: Apache-2.0 */
#include "holdfast/grant.h"

/* REQ CLI-03, CLI-05, CLI-08, RECORD-28: what could never validate is not
 * written. */
static enum hf_err check(const struct hf_grant *grant, struct hf_time now,
                         struct hf_why *why)
{
    enum hf_prefix_state prefix = hf_prefix_check(grant->prefix);
    struct hf_name owner;

    if (!hf_name_is_canonical(grant->issuer))
        return hf_fail(why, HF_EINVAL, 0,
                       "draft -02 3.1: the issuer must be a lower-case domain "
                       "name without final dot, as the CA lists it");
    if (!hf_name_is_canonical(grant->domain))
        return hf_fail(why, HF_EINVAL, 0,
                       "draft -02 9.2: the domain must be a lower-case "
                       "A-label name without final dot");
    if (hf_owner_of_name(grant->domain, &owner, why) != HF_OK)
        return HF_EINVAL;
    if (grant->account_url.len == 0 || !hf_value_is_safe(grant->account_url))
        return hf_fail(why, HF_EINVAL, 0,
                       "RFC 8659 4.2: the account URL is empty or has an "
                       "octet that a parameter value may not hold");
    if (grant->variant == HF_VARIANT_02 && prefix != HF_PREFIX_USABLE &&
        prefix != HF_PREFIX_USABLE_NO_SLASH)
        return hf_fail(why, HF_EINVAL, 0,
                       "draft -02 4.1: accountHashPrefix must be an absolute "
                       "http or https URL without ';', '?' or '#'");
    if (grant->variant != HF_VARIANT_02 && grant->star)
        return hf_fail(why, HF_EINVAL, 0,
                       "the star form exists in draft -02 only");
    if (grant->has_until && grant->until_at < 0)
        return hf_fail(why, HF_EINVAL, 0,
                       "draft -02 2: persistUntil cannot be before 1970");
    if (grant->has_until && hf_time_is_after(now, grant->until_at))
        return hf_fail(why, HF_EINVAL, 0,
                       "persistUntil has passed: the record could never "
                       "validate");
    return HF_OK;
}

/* prefix hash-alg "/" digest */
static enum hf_err put_hashed_uri(const struct hf_grant *grant,
                                  const struct hf_digest *digest,
                                  struct hf_buf *out, struct hf_why *why)
{
    struct hf_binding binding = {
        .domain = grant->star ? HF_SPAN("*") : grant->domain,
        .thumbprint = grant->thumbprint,
        .account_url = grant->account_url,
    };
    char text[HF_HASH_TEXT_MAX];
    enum hf_err err =
        hf_binding_digest(&binding, grant->alg, digest, text, why);

    if (err != HF_OK)
        return err;
    hf_buf_put(out, grant->prefix);
    hf_buf_puts(out, hf_hash_alg_name(grant->alg));
    hf_buf_putc(out, '/');
    hf_buf_put(out, (struct hf_span){
                        text, (hf_hash_alg_size(grant->alg) * 4 + 2) / 3});
    return HF_OK;
}

/* REQ CLI-10, CLI-11, CLI-12, CLI-13 */
static enum hf_err put_value(const struct hf_grant *grant,
                             const struct hf_digest *digest, struct hf_buf *out,
                             struct hf_why *why)
{
    hf_buf_put(out, grant->issuer);
    hf_buf_puts(out, "; accounturi=");
    if (grant->variant == HF_VARIANT_02) {
        enum hf_err err = put_hashed_uri(grant, digest, out, why);

        if (err != HF_OK)
            return err;
    } else {
        hf_buf_put(out, grant->account_url);
    }
    if (grant->wildcard)
        hf_buf_puts(out, "; policy=wildcard");
    if (grant->has_until) {
        hf_buf_puts(out, "; persistUntil=");
        hf_buf_put_i64(out, grant->until_at);
    }
    return out->full ? hf_fail(why, HF_ELIMIT, 0, "the record is too long")
                     : HF_OK;
}

enum hf_err hf_grant_build(const struct hf_grant *grant, struct hf_time now,
                           const struct hf_digest *digest, struct hf_buf *out,
                           struct hf_why *why)
{
    size_t before = out->len;
    enum hf_err err = check(grant, now, why);

    if (err == HF_OK)
        err = put_value(grant, digest, out, why);
    if (err != HF_OK)
        out->len = before;
    return err;
}
