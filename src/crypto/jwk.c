/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/jwk.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "crypto/evp_key.h"
#include "crypto/jwk_read.h"

static const char no_key[] =
    "no public key: neither PEM (-----BEGIN PUBLIC KEY-----) nor a JWK object";

/* `word` somewhere in `text`, which need not end in NUL. */
static bool contains(struct hf_span text, struct hf_span word)
{
    return memmem(text.ptr, text.len, word.ptr, word.len) != NULL;
}

static enum hf_err read_pem(struct hf_span text, EVP_PKEY **out,
                            struct hf_why *why)
{
    BIO *bio;

    if (contains(text, HF_SPAN("PRIVATE KEY-----")))
        return hf_fail(why, HF_EINVAL, 0, hf_key_is_private);
    if (!contains(text, HF_SPAN("PUBLIC KEY-----")))
        return hf_fail(why, HF_ESYNTAX, 0, no_key);
    bio = BIO_new_mem_buf(text.ptr, (int)text.len);
    if (bio == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    *out = PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);
    BIO_free(bio);
    ERR_clear_error();
    if (*out == NULL)
        return hf_fail(why, HF_ESYNTAX, 0,
                       "this PEM text holds no public key that can be read");
    return HF_OK;
}

enum hf_err hf_jwk_thumbprint(struct hf_span text, char *out,
                              struct hf_why *why)
{
    EVP_PKEY *key = NULL;
    struct hf_span rest = text;
    enum hf_err err;

    if (text.len > HF_JWK_TEXT_MAX)
        return hf_fail(why, HF_ELIMIT, 0, "too long for a public key");
    while (hf_span_skip(&rest, ' ') || hf_span_skip(&rest, '\n') ||
           hf_span_skip(&rest, '\r') || hf_span_skip(&rest, '\t'))
        continue;
    if (rest.len > 0 && rest.ptr[0] == '{')
        err = hf_jwk_read_public(rest, &key, why);
    else
        err = read_pem(rest, &key, why);
    if (err == HF_OK)
        err = hf_evp_thumbprint(key, out, why);
    EVP_PKEY_free(key);
    return err;
}

enum hf_err hf_jwk_spki(struct hf_span jwk, struct hf_buf *out,
                        struct hf_why *why)
{
    unsigned char *der = NULL;
    EVP_PKEY *key = NULL;
    enum hf_err err = hf_jwk_read_public(jwk, &key, why);
    int len = err == HF_OK ? i2d_PUBKEY(key, &der) : 0;

    EVP_PKEY_free(key);
    if (err == HF_OK && len <= 0)
        err = hf_evp_failed(why);
    if (err == HF_OK)
        hf_buf_put(out, (struct hf_span){(char *)der, (size_t)len});
    OPENSSL_free(der);
    if (err == HF_OK && out->full)
        err = hf_fail(why, HF_ELIMIT, 0, "no room for a public key");
    return err;
}
