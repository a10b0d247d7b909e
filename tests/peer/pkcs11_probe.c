/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pkcs11_probe.c -- for pkcs11.sh:
 *
 *     pkcs11_probe LOADER MODULE URI PIN [KEY.pem]
 *
 * Opens the key, signs with it, and prints "ALG THUMBPRINT", or the reason why
 * not. With KEY.pem, a file that holds the same key, OpenSSL verifies there.
 */
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>

#include "crypto/pkcs11.h"

#define TEXT HF_SPAN("eyJhbGciOiJub25lIn0.e30")

/* r and s of JWS as OpenSSL wants them; the length of it in `out`. */
static size_t to_der(struct hf_span halves, unsigned char *out)
{
    const unsigned char *at = (const unsigned char *)halves.ptr;
    ECDSA_SIG *pair = ECDSA_SIG_new();
    int half = (int)halves.len / 2;
    int len = 0;

    if (ECDSA_SIG_set0(pair, BN_bin2bn(at, half, NULL),
                       BN_bin2bn(at + half, half, NULL)) == 1)
        len = i2d_ECDSA_SIG(pair, &out);
    ECDSA_SIG_free(pair);
    return (size_t)len;
}

static int verify(const struct hf_signer *signer, struct hf_span signature,
                  const char *path)
{
    const EVP_MD *md = signer->alg == HF_EDDSA   ? NULL
                       : signer->alg == HF_ES384 ? EVP_sha384()
                                                 : EVP_sha256();
    BIO *bio = BIO_new_file(path, "r");
    EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    unsigned char octets[HF_SIGNATURE_MAX];
    size_t len = signature.len;
    int good;

    if (signer->alg == HF_ES256 || signer->alg == HF_ES384)
        len = to_der(signature, octets);
    else
        memcpy(octets, signature.ptr, len);
    good = EVP_DigestVerifyInit(ctx, NULL, md, NULL, key) == 1 &&
           EVP_DigestVerify(ctx, octets, len, (const unsigned char *)TEXT.ptr,
                            TEXT.len) == 1;
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(key);
    BIO_free(bio);
    return good;
}

int main(int argc, char **argv)
{
    struct hf_pkcs11_key key;
    struct hf_signer signer = {0};
    struct hf_why why = {0};
    char room[HF_SIGNATURE_MAX];
    struct hf_buf signature;
    enum hf_err err;

    if (argc < 5)
        return 64;
    key = (struct hf_pkcs11_key){hf_span_str(argv[3]), hf_span_str(argv[2]),
                                 hf_span_str(argv[4])};
    err = hf_pkcs11_signer(argv[1], &key, &signer, &why);
    for (int i = 0; i < 2 && err == HF_OK; i++) {
        hf_buf_init(&signature, room, sizeof(room));
        err = signer.sign(signer.state, TEXT, &signature, &why);
    }
    if (err != HF_OK)
        (void)printf("%d %s\n", (int)err, why.text);
    else if (argc > 5 && !verify(&signer, hf_buf_span(&signature), argv[5]))
        (void)printf("OpenSSL does not agree\n");
    else
        (void)printf("%s %.*s\n", hf_sig_alg_name(signer.alg),
                     HF_THUMBPRINT_LEN, signer.thumbprint);
    hf_signer_clear(&signer);
    return 0;
}
