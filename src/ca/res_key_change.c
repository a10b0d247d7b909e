/* SPDX-License-Identifier: Apache-2.0 */
/* Another key for an account (RFC 8555, section 7.3.5). Its URL and its records
 * stay good: every key that it ever had is kept (REQ ACCT-05, ACCT-11). */
#include "acme/document.h"
#include "ca/often.h"
#include "ca/resources.h"

static bool check_inner(struct hf_ca_call *call, const struct hf_jws *inner,
                        const struct hf_public_key *new_key)
{
    const char *fault = hf_public_key_fault(new_key);

    if (fault != NULL)
        return hf_ca_call_refuse(call, HF_TROUBLE_BAD_PUBLIC_KEY, fault);
    if (inner->nonce.len > 0 || !hf_span_eq(inner->url, call->jws.url))
        return hf_ca_call_refuse(
            call, HF_TROUBLE_MALFORMED,
            "the inner JWS has the \"url\" of the outer one "
            "and no nonce (RFC 8555 7.3.5)");
    if (!hf_jws_is_signed_by(inner, new_key))
        return hf_ca_call_refuse(call, HF_TROUBLE_MALFORMED,
                                 "the inner JWS is not signed by the new key");
    return true;
}

/* {"account": URL, "oldKey": JWK}. */
static bool check_payload(struct hf_ca_call *call, struct hf_span text)
{
    struct hf_public_key *old_key = NULL;
    json_t *payload = NULL;
    const json_t *member;
    char room[HF_JWK_MAX];
    size_t size;
    bool same;

    if (hf_document_read(text, &payload, NULL) != HF_OK)
        return hf_ca_call_refuse(call, HF_TROUBLE_MALFORMED,
                                 "the inner payload is no JSON object");
    member = hf_document_member(payload, "oldKey");
    size = json_dumpb(member, room, sizeof(room), JSON_COMPACT);
    same = size > 0 && size <= sizeof(room) &&
           hf_public_key_read((struct hf_span){room, size}, &old_key, NULL) ==
               HF_OK &&
           hf_span_eq(hf_public_key_jwk(old_key), call->account.jwk) &&
           hf_span_eq(hf_document_string(payload, "account"), call->jws.kid);
    hf_public_key_free(old_key);
    json_decref(payload);
    return same || hf_ca_call_refuse(
                       call, HF_TROUBLE_MALFORMED,
                       "\"account\" and \"oldKey\" of the inner payload are "
                       "not those of the account that signs the outer one");
}

static bool refuse_taken(struct hf_ca_call *call, struct hf_span thumbprint)
{
    struct hf_ca_call_account other = {0};
    bool found;

    if (!hf_ca_call_find_account(call, thumbprint, &other, &found))
        return false;
    if (!found)
        return true;
    call->location = hf_ca_call_url(call, "acct", other.id);
    return hf_ca_call_refuse(call, HF_TROUBLE_CONFLICT,
                             "an account has the new key already");
}

/* REQ VAL-29, ACCT-05: as many as are looked at for a record, so that nobody
 * pushes out the first ones, which records were made with. */
static bool count_keys(struct hf_ca_call *call)
{
    int64_t count;
    bool found;

    if (!hf_ca_call_row(call, HF_CA_KEYS_COUNT,
                        HF_VALUES(hf_store_number(call->account.id)), &found))
        return false;
    count = found ? hf_store_get_number(call->store, HF_CA_KEYS_COUNT, 0) : 0;
    if (found)
        hf_ca_call_row_end(call, HF_CA_KEYS_COUNT);
    if (count >= HF_KEYS_MAX)
        return hf_ca_call_refuse(call, HF_TROUBLE_UNAUTHORIZED,
                                 "this account had a thousand keys, and gets "
                                 "no other");
    return hf_often_take(call, HF_LIMIT_ROLLOVERS,
                         hf_often_owner(&call->account.id), HF_SPAN(" keys"),
                         "the key of this account was changed too often; "
                         "Retry-After says when it may be again");
}

static bool rekey(struct hf_ca_call *call, const struct hf_public_key *key)
{
    struct hf_store_value id = hf_store_number(call->account.id);
    struct hf_span thumbprint = hf_public_key_thumbprint(key);

    if (!hf_ca_call_check_key(call, key) || !refuse_taken(call, thumbprint) ||
        !count_keys(call) ||
        !hf_ca_call_run(call, HF_CA_ACCOUNT_REKEY,
                        HF_VALUES(id, hf_store_text(hf_public_key_jwk(key)),
                                  hf_store_text(thumbprint))) ||
        !hf_ca_call_run(call, HF_CA_KEY_ADD,
                        HF_VALUES(id, hf_store_text(thumbprint),
                                  hf_store_number(call->now_at))))
        return false;
    return hf_resource_show_account(call, &call->account);
}

bool hf_resource_key_change(struct hf_ca_call *call)
{
    struct hf_public_key *new_key = NULL;
    struct hf_jws inner = {0};
    enum hf_err err = hf_jws_read(call->jws.payload, &inner, &call->why);
    bool good;

    if (err == HF_OK && inner.jwk.len == 0)
        err = hf_fail(&call->why, HF_EINVAL, 0,
                      "the inner JWS needs \"jwk\" (RFC 8555 7.3.5)");
    if (err == HF_OK)
        err = hf_public_key_read(inner.jwk, &new_key, &call->why);
    if (err == HF_ENOMEM)
        good = hf_ca_call_fail(call, err);
    else if (err != HF_OK)
        good = hf_ca_call_refuse(call, HF_TROUBLE_MALFORMED, call->why.text);
    else
        good = check_inner(call, &inner, new_key) &&
               check_payload(call, inner.payload) && rekey(call, new_key);
    hf_public_key_free(new_key);
    hf_jws_clear(&inner);
    return good;
}
