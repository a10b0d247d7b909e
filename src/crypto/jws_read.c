/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/jws_read.h"

#include <jansson.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "crypto/hmac.h"

static const char no_object[] =
    "the body is not a flattened JWS: one JSON object with \"protected\", "
    "\"payload\" and \"signature\" (RFC 8555 6.2)";
static const char no_base64[] =
    "a member of the JWS is not base64url without padding (RFC 7515 2)";

static struct hf_span text_of(const json_t *object, const char *member)
{
    const json_t *value = json_object_get(object, member);

    return (struct hf_span){json_string_value(value),
                            json_string_length(value)};
}

static bool has(const json_t *object, const char *member)
{
    return json_object_get(object, member) != NULL;
}

static enum hf_err load(struct hf_span text, json_t **out, const char *says,
                        struct hf_why *why)
{
    json_t *json = json_loadb(text.ptr, text.len, JSON_REJECT_DUPLICATES, NULL);

    if (json_is_object(json)) {
        *out = json;
        return HF_OK;
    }
    json_decref(json);
    return hf_fail(why, HF_ESYNTAX, 0, says);
}

/* ---- the header ---- */

/* Texts that go into a JSON answer, a log or a query later: no octet of them
 * may be one that these places would have to fear. */
static bool is_plain(struct hf_span text)
{
    if (text.len > HF_JWS_TEXT_MAX)
        return false;
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] < 0x21 || text.ptr[i] > 0x7e)
            return false;
    return true;
}

static enum hf_err check_header(const json_t *header, struct hf_why *why)
{
    static const char *const texts[] = {"alg", "kid", "nonce", "url"};

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        if (has(header, texts[i]) && !is_plain(text_of(header, texts[i])))
            return hf_fail(why, HF_EINVAL, 0,
                           "\"alg\", \"kid\", \"nonce\" and \"url\" of the "
                           "header are texts without blanks");
    if (has(header, "crit") || has(header, "b64"))
        return hf_fail(why, HF_EINVAL, 0,
                       "the header asks for an extension of JWS that ACME does "
                       "not have (\"crit\", \"b64\")");
    if (text_of(header, "alg").len == 0)
        return hf_fail(why, HF_EINVAL, 0, "the header has no \"alg\"");
    if (text_of(header, "url").len == 0)
        return hf_fail(why, HF_EINVAL, 0,
                       "the header has no \"url\" (RFC 8555 6.4)");
    if ((text_of(header, "kid").len > 0) ==
        json_is_object(json_object_get(header, "jwk")))
        return hf_fail(why, HF_EINVAL, 0,
                       "the header needs one of \"jwk\" and \"kid\", and not "
                       "both (RFC 8555 6.2)");
    return HF_OK;
}

/* ---- everything in one block ---- */

static struct hf_span keep(struct hf_buf *block, struct hf_span text)
{
    struct hf_span kept = {block->ptr + block->len, text.len};

    hf_buf_put(block, text);
    return kept;
}

static bool keep_decoded(struct hf_buf *block, struct hf_span text,
                         struct hf_span *out)
{
    char *room = hf_buf_reserve(block, text.len * 3 / 4);

    if (room == NULL || !hf_base64url_decode(text, (unsigned char *)room))
        return false;
    *out = (struct hf_span){room, text.len * 3 / 4};
    block->len += out->len;
    return true;
}

/* The JSON text of a member; nothing when it is not there. */
static struct hf_span keep_json(struct hf_buf *block, const json_t *value)
{
    size_t len = json_dumpb(value, NULL, 0, JSON_COMPACT);
    char *room = len == 0 ? NULL : hf_buf_reserve(block, len);

    if (room == NULL)
        return (struct hf_span){0};
    (void)json_dumpb(value, room, len, JSON_COMPACT);
    block->len += len;
    return (struct hf_span){room, len};
}

static enum hf_err keep_all(const json_t *body, const json_t *header,
                            struct hf_jws *out, struct hf_why *why)
{
    const json_t *jwk = json_object_get(header, "jwk");
    struct hf_span protected_text = text_of(body, "protected");
    struct hf_span payload = text_of(body, "payload");
    struct hf_span signature = text_of(body, "signature");
    size_t size = 2 * (protected_text.len + payload.len) + signature.len + 1 +
                  json_dumpb(jwk, NULL, 0, JSON_COMPACT);
    struct hf_buf block;
    size_t from;

    hf_buf_init_grow(&block, size);
    /* All of it at once: spans point into it, so it must not move. */
    if (hf_buf_reserve(&block, size) == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    out->block = block.ptr;
    out->alg = keep(&block, text_of(header, "alg"));
    out->kid = keep(&block, text_of(header, "kid"));
    out->nonce = keep(&block, text_of(header, "nonce"));
    out->url = keep(&block, text_of(header, "url"));
    out->jwk = keep_json(&block, jwk);
    from = block.len;
    (void)keep(&block, protected_text);
    hf_buf_putc(&block, '.');
    (void)keep(&block, payload);
    out->input = (struct hf_span){block.ptr + from, block.len - from};
    if (!keep_decoded(&block, payload, &out->payload) ||
        !keep_decoded(&block, signature, &out->signature))
        return hf_fail(why, HF_ESYNTAX, 0, no_base64);
    return HF_OK;
}

static enum hf_err read_header(struct hf_span text, json_t **out,
                               struct hf_why *why)
{
    enum hf_err err;
    char *room = hf_alloc(1, text.len + 1);

    if (room == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    err = hf_base64url_decode(text, (unsigned char *)room)
              ? load((struct hf_span){room, text.len * 3 / 4}, out,
                     "the protected header is not a JSON object", why)
              : hf_fail(why, HF_ESYNTAX, 0, no_base64);
    hf_free(room);
    return err;
}

enum hf_err hf_jws_read(struct hf_span body, struct hf_jws *out,
                        struct hf_why *why)
{
    struct hf_jws jws = {0};
    json_t *object = NULL;
    json_t *header = NULL;
    enum hf_err err;

    if (body.len > HF_JWS_BODY_MAX)
        return hf_fail(why, HF_ELIMIT, 0, "the request is too long");
    err = load(body, &object, no_object, why);
    if (err == HF_OK && (has(object, "signatures") || has(object, "header")))
        err = hf_fail(why, HF_EINVAL, 0,
                      "a JWS has one signature and no unprotected header here "
                      "(RFC 8555 6.2)");
    if (err == HF_OK && (!json_is_string(json_object_get(object, "payload")) ||
                         text_of(object, "protected").len == 0 ||
                         text_of(object, "signature").len == 0))
        err = hf_fail(why, HF_ESYNTAX, 0, no_object);
    if (err == HF_OK)
        err = read_header(text_of(object, "protected"), &header, why);
    if (err == HF_OK)
        err = check_header(header, why);
    if (err == HF_OK)
        err = keep_all(object, header, &jws, why);
    json_decref(header);
    json_decref(object);
    if (err == HF_OK)
        *out = jws;
    else
        hf_jws_clear(&jws);
    return err;
}

void hf_jws_clear(struct hf_jws *jws)
{
    hf_free(jws->block);
    *jws = (struct hf_jws){0};
}

/* ---- whose it is ---- */

bool hf_jws_is_signed_by(const struct hf_jws *jws,
                         const struct hf_public_key *key)
{
    const char *name = hf_sig_alg_name(hf_public_key_alg(key));

    return hf_span_eq(jws->alg, hf_span_str(name)) &&
           hf_public_key_verify(key, jws->input, jws->signature);
}

bool hf_jws_has_mac_of(const struct hf_jws *jws, struct hf_span mac_key)
{
    static const char *const digests[HF_MAC_ALG_COUNT] = {
        [HF_HS256] = "SHA256", [HF_HS384] = "SHA384", [HF_HS512] = "SHA512"};
    unsigned char code[HF_HMAC_MAX];
    struct hf_hmac *hmac;
    enum hf_mac_alg alg;
    bool good;

    if (!hf_mac_alg_find(jws->alg, &alg) ||
        hf_hmac_new(digests[alg], mac_key, &hmac, NULL) != HF_OK)
        return false;
    hf_hmac_add(hmac, jws->input);
    good = hf_hmac_end(hmac, code, NULL) == HF_OK &&
           hf_secret_eq(jws->signature, (struct hf_span){(const char *)code,
                                                         hf_hmac_size(hmac)});
    hf_hmac_free(hmac);
    return good;
}
