/* SPDX-License-Identifier: Apache-2.0 */
#include "holdfast/challenge.h"

#include "holdfast/issue_value.h"
#include "holdfast/name.h"

static const char *const variants[] = {
    [HF_VARIANT_00] = "00",
    [HF_VARIANT_01] = "01",
    [HF_VARIANT_02] = "02",
};

const char *hf_variant_word(enum hf_variant variant)
{
    return variants[variant];
}

bool hf_variant_find(struct hf_span word, enum hf_variant *out)
{
    for (unsigned i = HF_VARIANT_00; i <= HF_VARIANT_02; i++) {
        if (hf_span_eq(word, hf_span_str(variants[i]))) {
            *out = (enum hf_variant)i;
            return true;
        }
    }
    return false;
}

const char *hf_recognition_word(enum hf_recognition outcome)
{
    static const char *const words[] = {
        [HF_RECOGNISED_ACCEPT] = "accept",
        [HF_RECOGNISED_CONFIRM] = "confirm",
        [HF_RECOGNISED_MALFORMED] = "malformed",
        [HF_RECOGNISED_REFUSE] = "refuse",
        [HF_RECOGNISED_NOT_THIS_TYPE] = "not-this-type",
    };

    return words[outcome];
}

const char *hf_challenge_reason_word(enum hf_challenge_reason reason)
{
    static const char *const words[] = {
        [HF_CHALLENGE_OK] = "ok",
        [HF_CHALLENGE_NO_NAMES] = "no-names",
        [HF_CHALLENGE_EMPTY_NAMES] = "empty-names",
        [HF_CHALLENGE_TOO_MANY_NAMES] = "too-many-names",
        [HF_CHALLENGE_BAD_NAME] = "bad-name",
        [HF_CHALLENGE_NAMES_DISAGREE] = "names-disagree",
        [HF_CHALLENGE_D_NOT_IN_C] = "D-not-in-C",
        [HF_CHALLENGE_C_NOT_IN_I] = "C-not-in-I",
        [HF_CHALLENGE_NO_USABLE_PREFIX] = "no-usable-prefix",
        [HF_CHALLENGE_DOWNGRADE] = "downgrade",
        [HF_CHALLENGE_ALTERNATIVE_ACCOUNTURI] = "alternative-accounturi",
        [HF_CHALLENGE_BAD_ACCOUNTURI] = "bad-accounturi",
    };

    return words[reason];
}

/* REQ CHAL-03, CHAL-04, CHAL-05, CHAL-15 */
enum hf_challenge_reason hf_names_check(const struct hf_names *names)
{
    if (names->field != HF_FIELD_PRESENT)
        return HF_CHALLENGE_NO_NAMES;
    if (names->count == 0)
        return HF_CHALLENGE_EMPTY_NAMES;
    if (names->count > HF_ISSUERS_MAX)
        return HF_CHALLENGE_TOO_MANY_NAMES;
    for (size_t i = 0; i < names->count; i++)
        if (names->list[i].ptr == NULL || !hf_name_is_canonical(names->list[i]))
            return HF_CHALLENGE_BAD_NAME;
    return HF_CHALLENGE_OK;
}

/* REQ DIR-01, DIR-07, DIR-13 */
enum hf_prefix_state hf_meta_prefix(const struct hf_meta *meta)
{
    switch (meta->prefix.field) {
    case HF_FIELD_ABSENT:
        return HF_PREFIX_ABSENT;
    case HF_FIELD_WRONG_TYPE:
        return HF_PREFIX_INVALID;
    case HF_FIELD_PRESENT:
        break;
    }
    return hf_prefix_check(meta->prefix.text);
}

static bool is_usable(enum hf_prefix_state state)
{
    return state == HF_PREFIX_USABLE || state == HF_PREFIX_USABLE_NO_SLASH;
}

static bool is_within(const struct hf_names *inner,
                      const struct hf_names *outer)
{
    for (size_t i = 0; i < inner->count; i++)
        if (!hf_span_among(inner->list[i], outer->list, outer->count))
            return false;
    return true;
}

static struct hf_recognised refuse(enum hf_recognition outcome,
                                   enum hf_challenge_reason reason)
{
    return (struct hf_recognised){.outcome = outcome, .reason = reason};
}

/* Steps 0 and 1: each list present conforms, and both say the same (REQ
 * CHAL-01, CHAL-02, CHAL-10, CHAL-14, CLI-02). */
static enum hf_challenge_reason check_lists(const struct hf_challenge *c)
{
    const struct hf_names *lists[] = {&c->kebab, &c->camel};
    size_t present = 0;

    for (size_t i = 0; i < 2; i++) {
        enum hf_challenge_reason reason;

        if (lists[i]->field == HF_FIELD_ABSENT)
            continue;
        reason = hf_names_check(lists[i]);
        if (reason != HF_CHALLENGE_OK)
            return reason;
        present++;
    }
    if (present == 0)
        return HF_CHALLENGE_NO_NAMES;
    if (present == 2 &&
        (!is_within(&c->kebab, &c->camel) || !is_within(&c->camel, &c->kebab)))
        return HF_CHALLENGE_NAMES_DISAGREE;
    return HF_CHALLENGE_OK;
}

/* Step 2 (REQ DIR-02, DIR-03, DIR-04, DIR-05). */
static enum hf_challenge_reason check_directory(const struct hf_meta *meta,
                                                const struct hf_names *names,
                                                bool hashed)
{
    const struct hf_names *i = &meta->caa_identities;

    if (hf_names_check(&meta->issuers) == HF_CHALLENGE_OK &&
        !is_within(&meta->issuers, names))
        return HF_CHALLENGE_D_NOT_IN_C;
    if (hashed && i->field == HF_FIELD_PRESENT && i->count > 0 &&
        !is_within(names, i))
        return HF_CHALLENGE_C_NOT_IN_I;
    return HF_CHALLENGE_OK;
}

/* Steps 4 to 7: a CA without a usable prefix (REQ CHAL-07, CLI-04..06). */
static struct hf_recognised recognise_raw(const struct hf_challenge *challenge,
                                          const struct hf_client_view *view)
{
    struct hf_recognised out = {.variant = HF_VARIANT_00,
                                .names = &challenge->kebab};
    const struct hf_text *uri = &challenge->account_uri;

    if (challenge->kebab.field == HF_FIELD_ABSENT)
        return refuse(HF_RECOGNISED_MALFORMED, HF_CHALLENGE_NO_USABLE_PREFIX);
    if (view->hashed_seen && !view->forced)
        return refuse(HF_RECOGNISED_REFUSE, HF_CHALLENGE_DOWNGRADE);
    if (uri->field == HF_FIELD_ABSENT)
        return out;
    if (uri->field == HF_FIELD_WRONG_TYPE || uri->text.len == 0 ||
        !hf_value_is_safe(uri->text))
        return refuse(HF_RECOGNISED_MALFORMED, HF_CHALLENGE_BAD_ACCOUNTURI);

    out.variant = HF_VARIANT_01;
    if (!hf_span_eq(uri->text, view->account_url)) {
        out.outcome = HF_RECOGNISED_CONFIRM;
        out.reason = HF_CHALLENGE_ALTERNATIVE_ACCOUNTURI;
    }
    return out;
}

/* REQ CLI-01, CLI-29, CHAL-06, CHAL-08 */
struct hf_recognised
hf_challenge_recognise(const struct hf_meta *meta,
                       const struct hf_challenge *challenge,
                       const struct hf_client_view *view)
{
    bool hashed = is_usable(hf_meta_prefix(meta));
    const struct hf_names *names = challenge->camel.field == HF_FIELD_ABSENT
                                       ? &challenge->kebab
                                       : &challenge->camel;
    enum hf_challenge_reason reason;

    if (!hf_span_eq(challenge->type, HF_SPAN("dns-persist-01")))
        return refuse(HF_RECOGNISED_NOT_THIS_TYPE, HF_CHALLENGE_OK);
    reason = check_lists(challenge);
    if (reason == HF_CHALLENGE_OK)
        reason = check_directory(meta, names, hashed);
    if (reason != HF_CHALLENGE_OK)
        return refuse(HF_RECOGNISED_MALFORMED, reason);
    if (hashed) /* step 3 */
        return (struct hf_recognised){.variant = HF_VARIANT_02, .names = names};
    return recognise_raw(challenge, view);
}
