/* SPDX-License-Identifier: Apache-2.0 */
#include "client/account_run.h"

#include "base/json.h"
#include "crypto/jws.h"
#include "net/url.h"

#define PAYLOAD_MAX 4096 /* RSA of 4096 bits twice is 2800 */

void hf_account_reply_clear(struct hf_account_reply *reply)
{
    hf_buf_clear(&reply->url);
    hf_account_object_clear(&reply->object);
}

/* ---- newAccount ---- */

/* Text that is JSON already, as the value of a member. */
static void put_raw(struct hf_json *json, const char *key, struct hf_span text)
{
    hf_json_key(json, key);
    hf_buf_put(json->out, text);
    json->comma = true;
}

static enum hf_err put_binding(struct hf_json *json, const struct hf_talk *talk,
                               const struct hf_signer *signer,
                               const struct hf_account_wish *wish,
                               struct hf_why *why)
{
    char room[4096];
    struct hf_buf binding;
    enum hf_err err;

    hf_buf_init(&binding, room, sizeof(room));
    err = hf_jws_eab(wish->eab_key, wish->eab_kid, talk->directory.new_account,
                     hf_signer_jwk(signer), &binding, why);
    if (err == HF_OK)
        put_raw(json, "externalAccountBinding", hf_buf_span(&binding));
    return err;
}

static void put_contact(struct hf_json *json, struct hf_span contact)
{
    hf_json_key(json, "contact");
    hf_json_open(json, '[');
    if (contact.len > 0)
        hf_json_str(json, contact);
    hf_json_close(json, ']');
}

static enum hf_err put_account(struct hf_buf *out, const struct hf_talk *talk,
                               const struct hf_account_wish *wish,
                               struct hf_why *why)
{
    struct hf_json json = hf_json_to(out);
    enum hf_err err = HF_OK;

    hf_json_open(&json, '{');
    if (wish->only_existing) {
        hf_json_key_bool(&json, "onlyReturnExisting", true);
    } else {
        if (wish->agrees)
            hf_json_key_bool(&json, "termsOfServiceAgreed", true);
        if (wish->contact.len > 0)
            put_contact(&json, wish->contact);
        if (wish->eab_kid.len > 0)
            err = put_binding(&json, talk, hf_session_signer(talk->session),
                              wish, why);
    }
    hf_json_close(&json, '}');
    if (err == HF_OK && out->full)
        err = hf_fail(why, HF_ELIMIT, 0, "the contact is too long");
    return err;
}

static enum hf_err read_account(const struct hf_talk *talk,
                                const struct hf_called *called,
                                struct hf_account_reply *out,
                                struct hf_why *why)
{
    struct hf_account_reply reply = {.created = called->reply.status == 201};
    enum hf_err err;

    hf_buf_init_grow(&reply.url, HF_URL_MAX);
    if (called->reply.location.len == 0)
        return hf_fail(why, HF_EPEER, 0,
                       "RFC 8555 7.3: the CA did not say where the account is");
    err = hf_url_resolve(talk->directory.new_account, called->reply.location,
                         &reply.url, why);
    if (err == HF_OK)
        err = hf_account_object_read(called->reply.body, &reply.object, why);
    if (err == HF_OK)
        *out = reply;
    else
        hf_account_reply_clear(&reply);
    return err;
}

enum hf_err hf_account_register(struct hf_talk *talk,
                                const struct hf_account_wish *wish,
                                struct hf_account_reply *out,
                                struct hf_why *why)
{
    char room[PAYLOAD_MAX];
    struct hf_buf payload;
    struct hf_call call = {.kind = HF_CALL_JWK,
                           .url = talk->directory.new_account};
    struct hf_called called;
    enum hf_err err;

    hf_buf_init(&payload, room, sizeof(room));
    err = put_account(&payload, talk, wish, why);
    call.payload = hf_buf_span(&payload);
    if (err == HF_OK)
        err = hf_talk_call(talk, &call, &called, why);
    if (err != HF_OK)
        return err;
    err = read_account(talk, &called, out, why);
    hf_http_reply_clear(&called.reply);
    return err;
}

/* ---- calls to its URL ---- */

bool hf_account_is_refusal(struct hf_span problem)
{
    return hf_span_eq(problem, HF_SPAN("unauthorized")) ||
           hf_span_eq(problem, HF_SPAN("accountDoesNotExist")) ||
           hf_span_eq(problem, HF_SPAN("malformed"));
}

enum hf_err hf_account_fetch(struct hf_talk *talk, struct hf_span url,
                             struct hf_account_object *out,
                             enum hf_proof *proof, struct hf_why *why)
{
    const struct hf_call call = {.kind = HF_CALL_KID, .url = url};
    struct hf_account_proof exchange = {
        .account_url = url, .request_url = url, .payload = call.payload};
    struct hf_called called;
    enum hf_err err;

    hf_session_set_account(talk->session, url);
    err = hf_talk_call(talk, &call, &called, why);
    if (err != HF_OK)
        return err;
    exchange.http_status = called.reply.status;
    err = hf_account_object_read(called.reply.body, out, why);
    hf_http_reply_clear(&called.reply);
    if (err != HF_OK)
        return err;
    exchange.account_status = out->status_text;
    *proof = hf_account_proof_check(&exchange);
    return HF_OK;
}

/* A change of the account whose answer does not matter, only its success. Done
 * twice it would be refused, and look as if it had not been done. */
static enum hf_err post(struct hf_talk *talk, struct hf_span url,
                        struct hf_span account, struct hf_span payload,
                        struct hf_why *why)
{
    const struct hf_call call = {
        .kind = HF_CALL_KID, .url = url, .payload = payload, .once = true};

    hf_session_set_account(talk->session, account);
    return hf_talk_call(talk, &call, NULL, why);
}

enum hf_err hf_account_set_contact(struct hf_talk *talk, struct hf_span url,
                                   struct hf_span contact, struct hf_why *why)
{
    char room[PAYLOAD_MAX];
    struct hf_buf payload;
    struct hf_json json = hf_json_to(&payload);

    hf_buf_init(&payload, room, sizeof(room));
    hf_json_open(&json, '{');
    put_contact(&json, contact);
    hf_json_close(&json, '}');
    if (payload.full)
        return hf_fail(why, HF_ELIMIT, 0, "the contact is too long");
    return post(talk, url, url, hf_buf_span(&payload), why);
}

enum hf_err hf_account_deactivate(struct hf_talk *talk, struct hf_span url,
                                  struct hf_why *why)
{
    return post(talk, url, url, HF_SPAN("{\"status\":\"deactivated\"}"), why);
}

/* The inner object is signed by the key to come, the outer one by the key
 * that was: so nobody changes to a key that is not theirs. */
enum hf_err hf_account_change_key(struct hf_talk *talk, struct hf_span url,
                                  const struct hf_signer *next,
                                  struct hf_why *why)
{
    struct hf_span to = talk->directory.key_change;
    char room[PAYLOAD_MAX];
    struct hf_buf inner;
    enum hf_err err;

    if (to.len == 0)
        return hf_fail(why, HF_EINVAL, 0,
                       "RFC 8555 7.3.5: this CA offers no key change");
    hf_buf_init(&inner, room, sizeof(room));
    err = hf_jws_key_change(next, to, url,
                            hf_signer_jwk(hf_session_signer(talk->session)),
                            &inner, why);
    if (err != HF_OK)
        return err;
    return post(talk, to, url, hf_buf_span(&inner), why);
}
