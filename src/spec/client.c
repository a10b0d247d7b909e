/* SPDX-License-Identifier: Apache-2.0 */
#include "holdfast/client.h"

/* REQ JIT-01, JIT-03, JIT-04, JIT-05, ERR-06: a "no" leaves the authorization
 * pending, it is no error. */
bool hf_jit_may_query(const struct hf_jit *jit)
{
    return jit->enabled && jit->rate_ok && jit->prior_success;
}

const char *hf_preflight_word(enum hf_preflight action)
{
    static const char *const words[] = {
        [HF_PREFLIGHT_PROCEED] = "proceed",
        [HF_PREFLIGHT_WARN] = "warn",
        [HF_PREFLIGHT_REFUSE] = "refuse",
    };

    return words[action];
}

/* REQ CLI-20 */
enum hf_preflight hf_preflight(struct hf_time now, int64_t margin_s,
                               int64_t until_at)
{
    int64_t soon;

    if (hf_time_is_after(now, until_at))
        return HF_PREFLIGHT_REFUSE;
    if (until_at == INT64_MAX || __builtin_add_overflow(now.s, margin_s, &soon))
        return HF_PREFLIGHT_PROCEED;
    return until_at <= soon ? HF_PREFLIGHT_WARN : HF_PREFLIGHT_PROCEED;
}

const char *hf_proof_word(enum hf_proof proof)
{
    static const char *const words[] = {
        [HF_PROOF_OK] = "ok",     [HF_PROOF_PAYLOAD] = "payload",
        [HF_PROOF_URL] = "url",   [HF_PROOF_REDIRECT] = "redirect",
        [HF_PROOF_HTTP] = "http", [HF_PROOF_ACCOUNT_STATUS] = "account-status",
    };

    return words[proof];
}

/* REQ CLI-17 */
enum hf_proof hf_account_proof_check(const struct hf_account_proof *proof)
{
    if (proof->payload.len > 0)
        return HF_PROOF_PAYLOAD;
    if (!hf_span_eq(proof->request_url, proof->account_url))
        return HF_PROOF_URL;
    if (proof->http_status >= 300 && proof->http_status < 400)
        return HF_PROOF_REDIRECT;
    if (proof->http_status != 200)
        return HF_PROOF_HTTP;
    return hf_span_eq(proof->account_status, HF_SPAN("valid"))
               ? HF_PROOF_OK
               : HF_PROOF_ACCOUNT_STATUS;
}

const char *hf_decision_word(enum hf_decision decision)
{
    static const char *const words[] = {
        [HF_ACCEPT] = "accept",
        [HF_REFUSE] = "refuse",
        [HF_NO_DNS_PERSIST] = "no-dns-persist",
    };

    return words[decision];
}

static bool is_at_or_below(struct hf_span name, struct hf_span top)
{
    return hf_span_eq(name, top) || hf_name_is_below(name, top);
}

/* REQ SCOPE-08, SCOPE-10, VAL-03, VAL-59 */
enum hf_decision hf_identifier_decide(struct hf_span name, bool wildcard,
                                      struct hf_span base, bool known_suffix)
{
    struct hf_name owner;

    if (!hf_name_is_canonical(name) ||
        is_at_or_below(name, HF_SPAN("in-addr.arpa")) ||
        is_at_or_below(name, HF_SPAN("ip6.arpa")))
        return HF_REFUSE;
    if (is_at_or_below(name, HF_SPAN("onion")))
        return HF_NO_DNS_PERSIST;
    if (!known_suffix || (base.len == 0 && wildcard))
        return HF_REFUSE;
    if (base.len == 0 || hf_owner_of_name(name, &owner, NULL) != HF_OK)
        return HF_NO_DNS_PERSIST;
    return HF_ACCEPT;
}

/* Blocks of the IANA special-purpose registries that are not globally
 * reachable. Those set apart for documentation are left out: they stand for
 * public addresses in examples, and no network has them. */
static const struct {
    uint8_t len;  /* 4 or 16 */
    uint8_t bits; /* of the prefix */
    uint8_t prefix[4];
} reserved[] = {
    {4, 8, {0}},          {4, 8, {10}},           {4, 10, {100, 64}},
    {4, 8, {127}},        {4, 16, {169, 254}},    {4, 12, {172, 16}},
    {4, 24, {192, 0, 0}}, {4, 16, {192, 168}},    {4, 15, {198, 18}},
    {4, 3, {224}},        {16, 8, {0x00}},        {16, 16, {0x01, 0x00}},
    {16, 7, {0xfc}},      {16, 10, {0xfe, 0x80}}, {16, 8, {0xff}},
};

static bool has_prefix(const uint8_t *address, const uint8_t *prefix,
                       unsigned bits)
{
    for (unsigned i = 0; i < bits; i++) {
        unsigned mask = 0x80U >> i % 8;

        if (((address[i / 8] ^ prefix[i / 8]) & mask) != 0)
            return false;
    }
    return true;
}

/* REQ CHAL-12, SCOPE-10 */
enum hf_decision hf_identifier_decide_ip(const uint8_t *address, size_t len)
{
    for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++)
        if (reserved[i].len == len &&
            has_prefix(address, reserved[i].prefix, reserved[i].bits))
            return HF_REFUSE;
    return HF_NO_DNS_PERSIST;
}
