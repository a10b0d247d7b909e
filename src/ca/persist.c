/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/persist.h"

static void put_list(struct hf_ca_call *call, const char *key)
{
    const struct hf_ca *law = &call->settings->law;

    hf_json_key(&call->json, key);
    hf_json_open(&call->json, '[');
    for (size_t i = 0; i < law->issuer_count; i++)
        hf_json_str(&call->json, law->issuers[i]);
    hf_json_close(&call->json, ']');
}

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
    struct hf_span uri = {0};

    switch (call->settings->preset) {
    case HF_PRESET_COMPAT:
        if (!hf_persist_uri(call, name, &uri))
            return false;
        put_list(call, "issuer-domain-names");
        put_list(call, "issuerDomainNames");
        hf_json_key_str(&call->json, "accounturi", uri);
        return true;
    case HF_PRESET_STRICT:
        put_list(call, "issuerDomainNames");
        return true;
    case HF_PRESET_LETSENCRYPT:
        put_list(call, "issuer-domain-names");
        hf_json_key_str(&call->json, "accounturi",
                        hf_ca_call_url(call, "acct", call->account.id));
        return true;
    }
    return true;
}
