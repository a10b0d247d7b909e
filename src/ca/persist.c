/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/persist.h"

bool hf_persist_uri(struct hf_ca_call *call, const struct hf_identifier *name,
                    struct hf_span *out)
{
    const struct hf_ca *law = &call->settings->law;
    const struct hf_binding binding = {
        .domain = name->value,
        .thumbprint = call->account.thumbprint,
        .account_url = hf_ca_call_url(call, "acct", call->account.id),
    };
    char digest[HF_HASH_TEXT_MAX];
    char room[HF_ACCOUNT_URL_MAX];
    struct hf_buf uri;
    enum hf_err err = hf_binding_digest(&binding, HF_SHA_256, law->digest,
                                        digest, &call->why);

    if (err != HF_OK)
        return hf_ca_call_fail(call, err);
    hf_buf_init(&uri, room, sizeof(room));
    hf_buf_put(&uri, law->prefixes[0]);
    hf_buf_puts(&uri, hf_hash_alg_name(HF_SHA_256));
    hf_buf_putc(&uri, '/');
    hf_buf_put(&uri, (struct hf_span){digest, HF_THUMBPRINT_LEN});
    *out = hf_arena_copy(&call->arena, hf_buf_span(&uri));
    return true;
}

bool hf_persist_put(struct hf_ca_call *call, const struct hf_identifier *name)
{
    const struct hf_ca *law = &call->settings->law;
    struct hf_json *json = &call->json;
    struct hf_span uri = {0};

    switch (call->settings->preset) {
    case HF_PRESET_COMPAT:
        if (!hf_persist_uri(call, name, &uri))
            return false;
        hf_json_key_list(json, "issuer-domain-names", law->issuers,
                         law->issuer_count);
        hf_json_key_list(json, "issuerDomainNames", law->issuers,
                         law->issuer_count);
        hf_json_key_str(json, "accounturi", uri);
        return true;
    case HF_PRESET_STRICT:
        hf_json_key_list(json, "issuerDomainNames", law->issuers,
                         law->issuer_count);
        return true;
    case HF_PRESET_LETSENCRYPT:
        hf_json_key_list(json, "issuer-domain-names", law->issuers,
                         law->issuer_count);
        hf_json_key_str(json, "accounturi",
                        hf_ca_call_url(call, "acct", call->account.id));
        return true;
    }
    return true;
}
