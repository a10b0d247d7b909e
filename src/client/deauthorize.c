/* SPDX-License-Identifier: Apache-2.0 */
#include "client/deauthorize.h"

#include "net/url.h"

#define PAYLOAD_MAX (256 * 1024)

/* The object at `url` as it is after `payload` was posted there. */
static enum hf_err authz_after(struct hf_talk *talk, struct hf_span url,
                               struct hf_span payload,
                               struct hf_authz_object *out, struct hf_why *why)
{
    const struct hf_call call = {
        .kind = HF_CALL_KID, .url = url, .payload = payload};
    struct hf_called called;
    enum hf_err err = hf_talk_call(talk, &call, &called, why);

    if (err != HF_OK)
        return err;
    err = hf_authz_object_read(called.reply.body, out, why);
    hf_http_reply_clear(&called.reply);
    return err;
}

/* A status that is not what was asked for is a refusal, too. */
static enum hf_deauthorized end_authz(struct hf_talk *talk, struct hf_span url)
{
    struct hf_authz_object after = {0};
    enum hf_err err = authz_after(
        talk, url, HF_SPAN("{\"status\":\"deactivated\"}"), &after, NULL);
    bool ended = err == HF_OK && after.status == HF_ACME_DEACTIVATED;

    hf_authz_object_clear(&after);
    return ended ? HF_DEAUTHORIZED_ENDED : HF_DEAUTHORIZED_NOT;
}

static enum hf_err end_one(struct hf_talk *talk, struct hf_span url,
                           hf_deauthorized_fn *each, void *state,
                           struct hf_why *why)
{
    struct hf_authz_object authz = {0};
    enum hf_err err = authz_after(talk, url, (struct hf_span){0}, &authz, why);

    if (err != HF_OK)
        return err;
    each(state, &authz,
         authz.status == HF_ACME_VALID ? end_authz(talk, url)
                                       : HF_DEAUTHORIZED_NOTHING);
    hf_authz_object_clear(&authz);
    return HF_OK;
}

static enum hf_err end_each(struct hf_talk *talk,
                            const struct hf_order_object *order,
                            hf_deauthorized_fn *each, void *state,
                            struct hf_why *why)
{
    struct hf_buf url;
    enum hf_err err = HF_OK;

    hf_buf_init_grow(&url, HF_URL_MAX);
    for (size_t i = 0; i < order->authorization_count && err == HF_OK; i++) {
        hf_buf_reset(&url);
        err = hf_url_resolve(talk->directory.new_order,
                             order->authorizations[i], &url, why);
        if (err == HF_OK)
            err = end_one(talk, hf_buf_span(&url), each, state, why);
    }
    hf_buf_clear(&url);
    return err;
}

enum hf_err hf_deauthorize(struct hf_talk *talk,
                           const struct hf_order_wish *wish,
                           hf_deauthorized_fn *each, void *state,
                           struct hf_why *why)
{
    struct hf_call call = {.kind = HF_CALL_KID,
                           .url = talk->directory.new_order};
    struct hf_order_object order = {0};
    struct hf_called called;
    struct hf_buf payload;
    enum hf_err err;

    hf_buf_init_grow(&payload, PAYLOAD_MAX);
    hf_order_wish_put(wish, &payload);
    call.payload = hf_buf_span(&payload);
    err = payload.full ? hf_fail(why, HF_ELIMIT, 0, "too many names")
                       : hf_talk_call(talk, &call, &called, why);
    hf_buf_clear(&payload);
    if (err != HF_OK)
        return err;
    err = hf_order_object_read(called.reply.body, &order, why);
    hf_http_reply_clear(&called.reply);
    if (err == HF_OK)
        err = end_each(talk, &order, each, state, why);
    hf_order_object_clear(&order);
    return err;
}
