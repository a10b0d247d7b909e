/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/resources.h"

/* clang-format off */
static const struct hf_resource table[] = {
    {HF_SPAN_INIT("/directory"), {0}, HF_KEY_NOBODY, hf_resource_directory},
    {HF_SPAN_INIT("/new-nonce"), {0}, HF_KEY_NOBODY, hf_resource_new_nonce},
    {HF_SPAN_INIT("/new-account"), {0}, HF_KEY_ITSELF, hf_resource_new_account},
    {HF_SPAN_INIT("/new-order"), {0}, HF_KEY_ACCOUNT, hf_resource_new_order},
    {HF_SPAN_INIT("/new-authz"), {0}, HF_KEY_ACCOUNT, hf_resource_new_authz},
    {HF_SPAN_INIT("/key-change"), {0}, HF_KEY_ACCOUNT, hf_resource_key_change},
    {HF_SPAN_INIT("/revoke-cert"), {0}, HF_KEY_EITHER, hf_resource_revoke},
    {HF_SPAN_INIT("/acct/"), {0}, HF_KEY_ACCOUNT, hf_resource_account},
    {HF_SPAN_INIT("/acct/"), HF_SPAN_INIT("/orders"), HF_KEY_ACCOUNT,
     hf_resource_orders},
    {HF_SPAN_INIT("/order/"), {0}, HF_KEY_ACCOUNT, hf_resource_order},
    {HF_SPAN_INIT("/order/"), HF_SPAN_INIT("/finalize"), HF_KEY_ACCOUNT,
     hf_resource_finalize},
    {HF_SPAN_INIT("/authz/"), {0}, HF_KEY_ACCOUNT, hf_resource_authz},
    {HF_SPAN_INIT("/chall/"), HF_SPAN_INIT("*"), HF_KEY_ACCOUNT,
     hf_resource_challenge},
    {HF_SPAN_INIT("/cert"), HF_SPAN_INIT("*"), HF_KEY_ACCOUNT,
     hf_resource_certificate},
    {HF_SPAN_INIT("/renewal-info"), HF_SPAN_INIT("*"), HF_KEY_NOBODY,
     hf_resource_renewal_info},
    {HF_SPAN_INIT("/crl"), HF_SPAN_INIT("*"), HF_KEY_NOBODY, hf_resource_crl},
    {HF_SPAN_INIT("/issuer"), HF_SPAN_INIT("*"), HF_KEY_NOBODY,
     hf_resource_issuer},
};
/* clang-format on */

static bool matches(const struct hf_resource *row, struct hf_ca_call *call)
{
    struct hf_span rest = call->target;

    if (!hf_span_starts(rest, row->path))
        return false;
    (void)hf_span_cut(&rest, row->path.len);
    call->id = 0;
    if (hf_span_ends(row->path, HF_SPAN("/"))) {
        struct hf_span id = hf_span_cut(&rest, hf_span_find(rest, '/'));

        if (!hf_ca_call_take_id(id, &call->id))
            return false;
    }
    if (!hf_span_eq(row->rest, HF_SPAN("*")))
        return hf_span_eq(rest, row->rest);
    if (!hf_span_skip(&rest, '/') || rest.len == 0)
        return false;
    call->word = rest;
    return true;
}

const struct hf_resource *hf_resource_find(struct hf_ca_call *call)
{
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        if (matches(&table[i], call))
            return &table[i];
    return NULL;
}
