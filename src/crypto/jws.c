/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/jws.h"

#include "base/base64.h"
#include "base/json.h"
#include "crypto/hmac.h"

/* A header escapes each octet of three texts into at most six characters. */
#define HEADER_MAX (3 * 6 * (size_t)HF_JWS_TEXT_MAX + HF_JWK_MAX + 256)
#define INPUT_MAX                                                              \
    (HF_BASE64URL_LEN(HEADER_MAX) + 1 + HF_BASE64URL_LEN(HF_JWS_PAYLOAD_MAX))

static enum hf_err no_room(struct hf_why *why)
{
    return hf_fail(why, HF_ELIMIT, 0, "a request to the CA became too long");
}

/* ---- header ---- */

/* Text that is JSON already. */
static void put_raw(struct hf_json *json, const char *key, struct hf_span raw)
{
    hf_json_key(json, key);
    hf_buf_put(json->out, raw);
    json->comma = true;
}

static void put_header(struct hf_buf *out, const char *alg, struct hf_span jwk,
                       const struct hf_jws_header *header)
{
    struct hf_json json = hf_json_to(out);

    hf_json_open(&json, '{');
    hf_json_key_lit(&json, "alg", alg);
    if (header->kid.len > 0)
        hf_json_key_str(&json, "kid", header->kid);
    else
        put_raw(&json, "jwk", jwk);
    if (header->nonce.len > 0)
        hf_json_key_str(&json, "nonce", header->nonce);
    hf_json_key_str(&json, "url", header->url);
    hf_json_close(&json, '}');
}

static bool is_short(const struct hf_jws_header *header)
{
    return header->url.len <= HF_JWS_TEXT_MAX &&
           header->nonce.len <= HF_JWS_TEXT_MAX &&
           header->kid.len <= HF_JWS_TEXT_MAX;
}

/* ---- signing input and result ---- */

static void put_base64(struct hf_buf *out, struct hf_span octets)
{
    char *to = hf_buf_reserve(out, HF_BASE64URL_LEN(octets.len));

    if (to == NULL)
        return;
    hf_base64url(octets, to);
    out->len += HF_BASE64URL_LEN(octets.len);
}

/* BASE64URL(header) "." BASE64URL(payload) (RFC 7515 5.1). */
static enum hf_err put_input(struct hf_buf *input, const char *alg,
                             struct hf_span jwk,
                             const struct hf_jws_header *header,
                             struct hf_span payload)
{
    struct hf_buf json;

    if (!is_short(header) || jwk.len > HF_JWK_MAX ||
        payload.len > HF_JWS_PAYLOAD_MAX)
        return HF_ELIMIT;
    hf_buf_init_grow(&json, HEADER_MAX);
    put_header(&json, alg, jwk, header);
    put_base64(input, hf_buf_span(&json));
    hf_buf_putc(input, '.');
    put_base64(input, payload);
    input->full |= json.full;
    hf_buf_clear(&json);
    return input->full ? HF_ENOMEM : HF_OK; /* the limits have been checked */
}

static enum hf_err put_result(struct hf_buf *out, struct hf_span input,
                              struct hf_span signature, struct hf_why *why)
{
    struct hf_span header = hf_span_cut(&input, hf_span_find(input, '.'));
    size_t before = out->len;

    (void)hf_span_skip(&input, '.');
    hf_buf_puts(out, "{\"protected\":\"");
    hf_buf_put(out, header);
    hf_buf_puts(out, "\",\"payload\":\"");
    hf_buf_put(out, input);
    hf_buf_puts(out, "\",\"signature\":\"");
    put_base64(out, signature);
    hf_buf_puts(out, "\"}");
    if (!out->full)
        return HF_OK;
    out->len = before;
    return no_room(why);
}

static enum hf_err explain(enum hf_err err, struct hf_why *why)
{
    if (err == HF_ENOMEM)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    return err == HF_ELIMIT ? no_room(why) : err;
}

enum hf_err hf_jws_sign(const struct hf_signer *signer,
                        const struct hf_jws_header *header,
                        struct hf_span payload, struct hf_buf *out,
                        struct hf_why *why)
{
    char room[HF_SIGNATURE_MAX];
    struct hf_buf signature;
    struct hf_buf input;
    enum hf_err err;

    hf_buf_init(&signature, room, sizeof(room));
    hf_buf_init_grow(&input, INPUT_MAX);
    err = explain(put_input(&input, hf_sig_alg_name(signer->alg),
                            hf_signer_jwk(signer), header, payload),
                  why);
    if (err == HF_OK)
        err = signer->sign(signer->state, hf_buf_span(&input), &signature, why);
    if (err == HF_OK)
        err =
            put_result(out, hf_buf_span(&input), hf_buf_span(&signature), why);
    hf_buf_clear(&input);
    return err;
}

enum hf_err hf_jws_key_change(const struct hf_signer *new_signer,
                              struct hf_span url, struct hf_span account,
                              struct hf_span old_jwk, struct hf_buf *out,
                              struct hf_why *why)
{
    struct hf_jws_header header = {.url = url};
    struct hf_buf payload;
    struct hf_json json = hf_json_to(&payload);
    enum hf_err err;

    if (account.len > HF_JWS_TEXT_MAX || old_jwk.len > HF_JWK_MAX)
        return no_room(why);
    hf_buf_init_grow(&payload, HEADER_MAX);
    hf_json_open(&json, '{');
    hf_json_key_str(&json, "account", account);
    put_raw(&json, "oldKey", old_jwk);
    hf_json_close(&json, '}');
    err = payload.full ? explain(HF_ENOMEM, why)
                       : hf_jws_sign(new_signer, &header, hf_buf_span(&payload),
                                     out, why);
    hf_buf_clear(&payload);
    return err;
}

/* ---- external account binding ---- */

static const struct {
    const char *name;
    const char *digest; /* as OpenSSL calls it */
} macs[HF_MAC_ALG_COUNT] = {
    [HF_HS256] = {"HS256", "SHA256"},
    [HF_HS384] = {"HS384", "SHA384"},
    [HF_HS512] = {"HS512", "SHA512"},
};

const char *hf_mac_alg_name(enum hf_mac_alg alg)
{
    return macs[alg].name;
}

bool hf_mac_alg_find(struct hf_span name, enum hf_mac_alg *out)
{
    for (unsigned i = 0; i < HF_MAC_ALG_COUNT; i++) {
        if (!hf_span_eq(hf_span_str(macs[i].name), name))
            continue;
        *out = (enum hf_mac_alg)i;
        return true;
    }
    return false;
}

enum hf_err hf_jws_bind(const struct hf_eab *eab, struct hf_span url,
                        struct hf_span jwk, struct hf_buf *out,
                        struct hf_why *why)
{
    struct hf_jws_header header = {.url = url, .kid = eab->kid};
    unsigned char mac[HF_HMAC_MAX];
    struct hf_hmac *hmac = NULL;
    struct hf_buf input;
    enum hf_err err;

    if (eab->kid.len == 0)
        return hf_fail(why, HF_EINVAL, 0,
                       "RFC 8555 7.3.4: external account binding needs the "
                       "key identifier that the CA gave out");
    err = hf_hmac_new(macs[eab->alg].digest, eab->key, &hmac, why);
    if (err != HF_OK)
        return err;
    hf_buf_init_grow(&input, INPUT_MAX);
    err =
        explain(put_input(&input, macs[eab->alg].name, jwk, &header, jwk), why);
    if (err == HF_OK) {
        hf_hmac_add(hmac, hf_buf_span(&input));
        err = hf_hmac_end(hmac, mac, why);
    }
    if (err == HF_OK)
        err =
            put_result(out, hf_buf_span(&input),
                       (struct hf_span){(char *)mac, hf_hmac_size(hmac)}, why);
    hf_buf_clear(&input);
    hf_hmac_free(hmac);
    return err;
}

enum hf_err hf_jws_eab(struct hf_span hmac_key, struct hf_span kid,
                       struct hf_span url, struct hf_span jwk,
                       struct hf_buf *out, struct hf_why *why)
{
    struct hf_eab eab = {.alg = HF_HS256, .key = hmac_key, .kid = kid};

    return hf_jws_bind(&eab, url, jwk, out, why);
}
