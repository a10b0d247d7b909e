/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/resources.h"

static void put_link(struct hf_ca_call *call, const char *key, const char *path)
{
    char room[HF_ACCOUNT_URL_MAX];
    struct hf_buf url;

    hf_buf_init(&url, room, sizeof(room));
    hf_buf_put(&url, call->settings->base);
    hf_buf_puts(&url, path);
    hf_json_key_str(&call->json, key, hf_buf_span(&url));
}

/* REQ DIR-01, DIR-10, DIR-13: what the drafts want there, by preset. */
static void put_meta(struct hf_ca_call *call)
{
    const struct hf_ca_settings *settings = call->settings;
    const struct hf_ca *law = &settings->law;
    struct hf_json *json = &call->json;

    hf_json_key(json, "meta");
    hf_json_open(json, '{');
    if (settings->terms.len > 0)
        hf_json_key_str(json, "termsOfService", settings->terms);
    if (settings->website.len > 0)
        hf_json_key_str(json, "website", settings->website);
    hf_json_key_list(json, "caaIdentities", law->issuers, law->issuer_count);
    hf_json_key_bool(json, "externalAccountRequired", settings->eab_required);
    if (settings->subdomains) /* RFC 9444, section 4.4 */
        hf_json_key_bool(json, "subdomainAuthAllowed", true);
    if (settings->preset != HF_PRESET_LETSENCRYPT) {
        hf_json_key_str(json, "accountHashPrefix", law->prefixes[0]);
        hf_json_key_list(json, "issuerDomainNames", law->issuers,
                         law->issuer_count);
    }
    hf_json_key(json, "profiles");
    hf_json_open(json, '{');
    for (size_t i = 0; i < settings->profile_count; i++) {
        hf_json_str(json, settings->profiles[i].name);
        hf_buf_putc(json->out, ':');
        json->comma = false;
        hf_json_str(json, settings->profiles[i].description);
    }
    hf_json_close(json, '}');
    hf_json_close(json, '}');
}

bool hf_resource_directory(struct hf_ca_call *call)
{
    struct hf_json *json = &call->json;

    hf_json_open(json, '{');
    put_link(call, "newNonce", "/new-nonce");
    put_link(call, "newAccount", "/new-account");
    put_link(call, "newOrder", "/new-order");
    put_link(call, "newAuthz", "/new-authz");
    put_link(call, "revokeCert", "/revoke-cert");
    put_link(call, "keyChange", "/key-change");
    put_link(call, "renewalInfo", "/renewal-info");
    put_meta(call);
    hf_json_close(json, '}');
    return true;
}

/* RFC 8555, section 7.2: 200 for HEAD, 204 for GET. The nonce is added to
 * every reply of this path by the engine. */
bool hf_resource_new_nonce(struct hf_ca_call *call)
{
    call->status = call->method == HF_SERVER_HEAD ? 200 : 204;
    return true;
}
