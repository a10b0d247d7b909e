/* SPDX-License-Identifier: Apache-2.0 */
/* When to renew (RFC 9773, section 4). */
#include "ca/cert_id.h"
#include "ca/certificate.h"
#include "ca/resources.h"

#define ASK_AGAIN_S (6 * 3600) /* section 4.3.2 */

/*
 * A third of the life before its end, and the window is a fiftieth of the life
 * long, so that renewals spread. What is revoked, or replaced, is due: now.
 */
static void choose(const struct hf_cert *cert, int64_t now_at, int64_t *start,
                   int64_t *end)
{
    int64_t life = cert->not_after_at - cert->not_before_at;

    *start = cert->not_after_at - life / 3;
    *end = *start + life / 50;
    if (!cert->is_revoked)
        return;
    *end = now_at;
    *start = now_at - 1;
}

bool hf_resource_renewal_info(struct hf_ca_call *call)
{
    struct hf_json *json = &call->json;
    struct hf_cert cert = {0};
    struct hf_span serial;
    int64_t start;
    int64_t end;
    bool found = false;

    if (hf_cert_id_read(&call->arena, call->word, call->settings->issuer_key_id,
                        &serial) &&
        !hf_cert_load(call, serial, &cert, &found))
        return false;
    if (!found)
        return hf_ca_call_refuse(
            call, HF_TROUBLE_NOT_FOUND,
            "no certificate of this CA has this identifier "
            "(RFC 9773 4.1)");
    choose(&cert, call->now_at, &start, &end);
    call->retry_after_s = ASK_AGAIN_S;
    hf_json_open(json, '{');
    hf_json_key(json, "suggestedWindow");
    hf_json_open(json, '{');
    hf_ca_call_put_time(call, "start", start);
    hf_ca_call_put_time(call, "end", end);
    hf_json_close(json, '}');
    hf_json_close(json, '}');
    return true;
}
