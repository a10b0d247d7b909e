/* SPDX-License-Identifier: Apache-2.0 */
#include "net/tls_pair.h"

#include <openssl/err.h>
#include <openssl/pem.h>

static BIO *open_text(struct hf_span text, struct hf_why *why)
{
    BIO *bio = NULL;

    if (text.len == 0)
        text = HF_SPAN("\n"); /* OpenSSL has no BIO of nothing */
    if (text.len <= INT32_MAX)
        bio = BIO_new_mem_buf(text.ptr, (int)text.len);
    if (bio == NULL)
        (void)hf_fail(why, HF_ENOMEM, 0, "out of memory");
    return bio;
}

enum hf_err hf_tls_read_chain(struct hf_span pem, STACK_OF(X509) * *out,
                              struct hf_why *why)
{
    STACK_OF(X509) *chain = sk_X509_new_null();
    BIO *bio = open_text(pem, why);
    X509 *cert = NULL;
    enum hf_err err = HF_ENOMEM;

    if (chain == NULL || bio == NULL)
        goto out;
    do {
        cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    } while (cert != NULL && sk_X509_push(chain, cert) > 0);
    if (cert == NULL && sk_X509_num(chain) > 0)
        err = HF_OK;
    else if (cert == NULL)
        err = hf_fail(why, HF_ESYNTAX, 0, "no certificate in PEM form");
    else
        X509_free(cert);

out:
    ERR_clear_error(); /* the end of the text is an error to OpenSSL */
    BIO_free(bio);
    if (err == HF_OK)
        *out = chain;
    else
        sk_X509_pop_free(chain, X509_free);
    return err;
}

/* A server cannot ask anybody. */
static int no_passphrase(char *room, int size, int writes, void *data)
{
    (void)room;
    (void)size;
    (void)writes;
    (void)data;
    return -1;
}

static enum hf_err read_key(struct hf_span pem, EVP_PKEY **out,
                            struct hf_why *why)
{
    BIO *bio = open_text(pem, why);
    EVP_PKEY *key;

    if (bio == NULL)
        return HF_ENOMEM;
    key = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
    BIO_free(bio);
    ERR_clear_error();
    if (key == NULL)
        return hf_fail(why, HF_ESYNTAX, 0,
                       "no private key in PEM form, or it is encrypted");
    *out = key;
    return HF_OK;
}

enum hf_err hf_tls_pair_read(struct hf_span certificate, struct hf_span key,
                             struct hf_tls_pair *out, struct hf_why *why)
{
    struct hf_tls_pair pair = {0};
    enum hf_err err = hf_tls_read_chain(certificate, &pair.chain, why);

    if (err == HF_OK)
        err = read_key(key, &pair.key, why);
    if (err == HF_OK &&
        X509_check_private_key(sk_X509_value(pair.chain, 0), pair.key) != 1)
        err = hf_fail(why, HF_EINVAL, 0,
                      "the key is not that of the certificate");
    ERR_clear_error();
    if (err == HF_OK)
        *out = pair;
    else
        hf_tls_pair_clear(&pair);
    return err;
}

void hf_tls_pair_clear(struct hf_tls_pair *pair)
{
    sk_X509_pop_free(pair->chain, X509_free);
    EVP_PKEY_free(pair->key);
    *pair = (struct hf_tls_pair){0};
}
