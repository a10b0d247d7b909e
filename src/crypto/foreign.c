/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/foreign.h"

#include <openssl/pem.h>

#include "base/hex.h"
#include "crypto/evp_key.h"
#include "crypto/jwk_read.h"

static bool put_md5(BIO *bio, char *out)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    struct hf_buf text;
    char *pem = NULL;
    long len = BIO_get_mem_data(bio, &pem);

    if (len <= 0 ||
        EVP_Digest(pem, (size_t)len, digest, NULL, EVP_md5(), NULL) != 1)
        return false;
    hf_buf_init(&text, out, HF_CERTBOT_ID_LEN);
    hf_put_hex(&text, (struct hf_span){(char *)digest, HF_CERTBOT_ID_LEN / 2});
    return true;
}

enum hf_err hf_certbot_id(struct hf_span jwk, char *out, struct hf_why *why)
{
    EVP_PKEY *key = NULL;
    enum hf_err err = hf_jwk_read_public(jwk, &key, why);
    BIO *bio;

    if (err != HF_OK)
        return err;
    bio = BIO_new(BIO_s_mem());
    if (bio == NULL || PEM_write_bio_PUBKEY(bio, key) != 1 ||
        !put_md5(bio, out))
        err = hf_evp_failed(why);
    BIO_free(bio);
    EVP_PKEY_free(key);
    return err;
}

enum hf_err hf_private_key_write_old(const struct hf_private_key *key,
                                     struct hf_buf *pem, struct hf_why *why)
{
    BIO *bio;
    char *text = NULL;
    long len = 0;

    if (hf_private_key_kind(key) == HF_KEY_ED25519)
        return hf_private_key_write(key, (struct hf_span){0}, pem, why);
    bio = BIO_new(BIO_s_mem()); /* wipes itself */
    if (bio != NULL &&
        PEM_write_bio_PrivateKey_traditional(bio, hf_private_key_evp(key), NULL,
                                             NULL, 0, NULL, NULL) == 1)
        len = BIO_get_mem_data(bio, &text);
    if (len > 0)
        hf_buf_put(pem, (struct hf_span){text, (size_t)len});
    BIO_free(bio);
    if (len <= 0)
        return hf_evp_failed(why);
    if (pem->full)
        return hf_fail(why, HF_ELIMIT, 0, "no room for a private key");
    return HF_OK;
}
