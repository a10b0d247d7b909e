/* SPDX-License-Identifier: Apache-2.0 */
/* The PEM half of private_key.h. */
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/pkcs12err.h>
#include <openssl/proverr.h>
#include <openssl/x509.h>

#include "crypto/evp_key.h"
#include "crypto/sec1.h"

#define BLOCKS_MAX 32 /* a key behind its certificate chain */

/* About a second of one core, however the work is spelt. OpenSSL itself stops
 * at 32 MB of memory, and at nothing else. */
#define ITERATIONS_MAX    2000000  /* PBKDF2 */
#define BLOCK_MIXES_MAX   1048576  /* scrypt: N * r * p */
#define SCRYPT_MEMORY_MAX 33554432 /* octets */

#define SCRYPT_N    16384
#define SCRYPT_R    8
#define SCRYPT_P    1
#define SCRYPT_SALT 16

static const char no_key[] =
    "no private key: PEM with -----BEGIN PRIVATE KEY-----, ENCRYPTED, EC or "
    "RSA PRIVATE KEY is wanted";
static const char broken[] = "this PEM text is no private key that can be read";
static const char wrong[] =
    "the passphrase is wrong: the key cannot be decrypted with it";
static const char wanted[] =
    "this key is encrypted, and no passphrase is given";
static const char old_way[] =
    "this key is encrypted in a way that is no longer used: convert it with "
    "'openssl pkcs8 -topk8 -in FILE -provider legacy -provider default'";
static const char too_slow[] =
    "the encryption of this key asks for more work than a second's: convert "
    "it with 'openssl pkcs8 -topk8 -scrypt -in FILE'";

/* One PEM block; the octets may be a secret. */
struct block {
    char *name;
    char *header;
    unsigned char *data;
    long len;
};

static void block_clear(struct block *block)
{
    OPENSSL_secure_free(block->name);
    OPENSSL_secure_free(block->header);
    OPENSSL_secure_clear_free(block->data, (size_t)block->len);
    *block = (struct block){0};
}

static bool ends_with(const char *name, struct hf_span end)
{
    return hf_span_ends(hf_span_str(name), end);
}

/* The first block that is a key of any kind, public ones included. */
static bool find_block(struct hf_span pem, struct block *block)
{
    BIO *bio = BIO_new_mem_buf(pem.ptr, (int)pem.len);
    bool found = false;

    for (int i = 0; bio != NULL && !found && i < BLOCKS_MAX; i++) {
        block_clear(block);
        if (PEM_read_bio_ex(bio, &block->name, &block->header, &block->data,
                            &block->len,
                            PEM_FLAG_SECURE | PEM_FLAG_EAY_COMPATIBLE) != 1)
            break;
        found = ends_with(block->name, HF_SPAN("PRIVATE KEY")) ||
                ends_with(block->name, HF_SPAN("PUBLIC KEY"));
    }
    BIO_free(bio);
    ERR_clear_error();
    return found;
}

/* ---- encryption of PKCS#8: PBES2 of RFC 8018 ---- */

static bool take_number(const ASN1_INTEGER *from, uint64_t *out)
{
    return from != NULL && ASN1_INTEGER_get_uint64(out, from) == 1 && *out > 0;
}

/* RFC 8018, B.1.2; SHA-1 is what stands for nothing said. */
static bool has_prf(const X509_ALGOR *prf)
{
    switch (prf == NULL ? NID_hmacWithSHA1 : OBJ_obj2nid(prf->algorithm)) {
    case NID_hmacWithSHA1:
    case NID_hmacWithSHA224:
    case NID_hmacWithSHA256:
    case NID_hmacWithSHA384:
    case NID_hmacWithSHA512:
        return true;
    default:
        return false;
    }
}

static const char *judge_pbkdf2(const ASN1_TYPE *params)
{
    PBKDF2PARAM *kdf =
        ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBKDF2PARAM), params);
    const char *says = NULL;
    uint64_t count;

    if (kdf == NULL || !take_number(kdf->iter, &count))
        says = broken;
    else if (!has_prf(kdf->prf))
        says = old_way;
    else if (count > ITERATIONS_MAX)
        says = too_slow;
    PBKDF2PARAM_free(kdf);
    return says;
}

static const char *judge_scrypt(const ASN1_TYPE *params)
{
    SCRYPT_PARAMS *kdf =
        ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(SCRYPT_PARAMS), params);
    const char *says = NULL;
    uint64_t n;
    uint64_t r;
    uint64_t p;

    if (kdf == NULL || !take_number(kdf->costParameter, &n) ||
        !take_number(kdf->blockSize, &r) ||
        !take_number(kdf->parallelizationParameter, &p) || (n & (n - 1)) != 0)
        says = broken;
    else if (n > BLOCK_MIXES_MAX || r > BLOCK_MIXES_MAX / n ||
             p > BLOCK_MIXES_MAX / n / r ||
             128 * r * (n + 2 + p) > SCRYPT_MEMORY_MAX)
        says = too_slow;
    SCRYPT_PARAMS_free(kdf);
    return says;
}

static bool has_cipher(const X509_ALGOR *alg)
{
    char name[64];
    EVP_CIPHER *cipher = NULL;

    if (OBJ_obj2txt(name, sizeof(name), alg->algorithm, 0) > 0)
        cipher = EVP_CIPHER_fetch(NULL, name, NULL);
    EVP_CIPHER_free(cipher);
    return cipher != NULL;
}

/* Why this encryption is not even tried; NULL when it is. After that a
 * failure means the passphrase. */
static const char *judge_encryption(const X509_SIG *sealed)
{
    const X509_ALGOR *alg = NULL;
    const char *says = old_way;
    PBE2PARAM *pbes2;
    int kdf;

    X509_SIG_get0(sealed, &alg, NULL);
    if (OBJ_obj2nid(alg->algorithm) != NID_pbes2)
        return old_way;
    pbes2 =
        ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBE2PARAM), alg->parameter);
    if (pbes2 == NULL)
        return broken;
    kdf = OBJ_obj2nid(pbes2->keyfunc->algorithm);
    if (!has_cipher(pbes2->encryption))
        says = old_way;
    else if (kdf == NID_id_pbkdf2)
        says = judge_pbkdf2(pbes2->keyfunc->parameter);
    else if (kdf == NID_id_scrypt)
        says = judge_scrypt(pbes2->keyfunc->parameter);
    PBE2PARAM_free(pbes2);
    return says;
}

/* ---- reading ---- */

static EVP_PKEY *read_info(const PKCS8_PRIV_KEY_INFO *info)
{
    EVP_PKEY *key = hf_sec1_read(info);

    return key == NULL ? EVP_PKCS82PKEY(info) : key;
}

static EVP_PKEY *open_pkcs8(const struct block *block, struct hf_span pass,
                            const char **says)
{
    const unsigned char *at = block->data;
    X509_SIG *sealed = d2i_X509_SIG(NULL, &at, block->len);
    PKCS8_PRIV_KEY_INFO *info = NULL;
    EVP_PKEY *key = NULL;

    *says = sealed == NULL ? broken : judge_encryption(sealed);
    if (*says == NULL) {
        info = PKCS8_decrypt(sealed, pass.ptr, (int)pass.len);
        *says = info == NULL ? wrong : broken;
    }
    if (info != NULL)
        key = read_info(info);
    PKCS8_PRIV_KEY_INFO_free(info);
    X509_SIG_free(sealed);
    return key;
}

static EVP_PKEY *read_pkcs8(const struct block *block)
{
    const unsigned char *at = block->data;
    PKCS8_PRIV_KEY_INFO *info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &at, block->len);
    EVP_PKEY *key = info == NULL ? NULL : read_info(info);

    PKCS8_PRIV_KEY_INFO_free(info);
    return key;
}

static bool is_old_encryption(const struct block *block)
{
    struct hf_span header = hf_span_str(block->header);
    struct hf_span word = HF_SPAN("ENCRYPTED");

    return memmem(header.ptr, header.len, word.ptr, word.len) != NULL;
}

static int give_passphrase(char *room, int size, int writing, void *state)
{
    const struct hf_span *pass = state;

    (void)writing;
    if (pass->len > (size_t)size)
        return -1;
    memcpy(room, pass->ptr, pass->len);
    return (int)pass->len;
}

/* The encryption of PEM itself (RFC 1421), one round of MD5: old tools. */
static const char *open_old(struct block *block, struct hf_span pass)
{
    EVP_CIPHER_INFO cipher;

    if (PEM_get_EVP_CIPHER_INFO(block->header, &cipher) != 1)
        return old_way;
    if (PEM_do_header(&cipher, block->data, &block->len, give_passphrase,
                      &pass) != 1)
        return wrong;
    return NULL;
}

static EVP_PKEY *read_old(struct block *block, int type, struct hf_span pass,
                          const char **says)
{
    bool sealed = is_old_encryption(block);
    const unsigned char *at;
    EVP_PKEY *key;

    *says = sealed ? open_old(block, pass) : NULL;
    if (*says != NULL)
        return NULL;
    at = block->data;
    key = d2i_PrivateKey(type, NULL, &at, block->len);
    /* One wrong passphrase in 256 leaves what looks like padding. */
    *says = sealed ? wrong : broken;
    return key;
}

static const char *judge_name(const char *name)
{
    if (ends_with(name, HF_SPAN("PUBLIC KEY")))
        return "this is a public key: its private half is wanted";
    if (strcmp(name, "DSA PRIVATE KEY") == 0)
        return "a DSA key, which ACME has no use for";
    if (strcmp(name, "OPENSSH PRIVATE KEY") == 0)
        return "a key in OpenSSH's own form: convert a copy with 'ssh-keygen "
               "-p -m PKCS8 -f COPY'";
    return "a private key in a form that is not known here (known are PKCS#8, "
           "SEC1 and PKCS#1)";
}

enum failure { FAILURE_OTHER, FAILURE_SECRET, FAILURE_MEMORY };

/* What OpenSSL's words say about the passphrase. With a wrong one the padding
 * is wrong, or, once in 256 times, what comes out is no ASN.1. */
static enum failure take_failure(void)
{
    enum failure failure = FAILURE_OTHER;
    unsigned long code;

    for (code = ERR_get_error(); code != 0; code = ERR_get_error()) {
        int reason = ERR_GET_REASON(code);
        int lib = ERR_GET_LIB(code);

        if (reason == ERR_R_MALLOC_FAILURE)
            failure = FAILURE_MEMORY;
        else if (failure == FAILURE_OTHER &&
                 ((lib == ERR_LIB_PROV && reason == PROV_R_BAD_DECRYPT) ||
                  (lib == ERR_LIB_EVP && reason == EVP_R_BAD_DECRYPT) ||
                  (lib == ERR_LIB_PKCS12 && reason == PKCS12_R_DECODE_ERROR) ||
                  lib == ERR_LIB_ASN1 || lib == ERR_LIB_OSSL_DECODER))
            failure = FAILURE_SECRET;
    }
    return failure;
}

static bool needs_passphrase(const struct block *block)
{
    return strcmp(block->name, "ENCRYPTED PRIVATE KEY") == 0 ||
           is_old_encryption(block);
}

static enum hf_err read_block(struct block *block, struct hf_span pass,
                              EVP_PKEY **out, struct hf_why *why)
{
    const char *says = broken;
    enum failure failure;

    if (needs_passphrase(block) && pass.len == 0)
        return hf_fail(why, HF_EINVAL, 0, wanted);
    if (strcmp(block->name, "ENCRYPTED PRIVATE KEY") == 0)
        *out = open_pkcs8(block, pass, &says);
    else if (strcmp(block->name, "PRIVATE KEY") == 0)
        *out = read_pkcs8(block);
    else if (strcmp(block->name, "EC PRIVATE KEY") == 0)
        *out = read_old(block, EVP_PKEY_EC, pass, &says);
    else if (strcmp(block->name, "RSA PRIVATE KEY") == 0)
        *out = read_old(block, EVP_PKEY_RSA, pass, &says);
    else
        return hf_fail(why, HF_EINVAL, 0, judge_name(block->name));
    failure = take_failure();
    if (*out != NULL)
        return HF_OK;
    if (failure == FAILURE_MEMORY)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    if (says == wrong && failure != FAILURE_SECRET)
        return hf_fail(why, HF_ECRYPTO, 0,
                       "OpenSSL cannot decrypt this key on this machine");
    return hf_fail(why, says == broken ? HF_ESYNTAX : HF_EINVAL, 0, says);
}

enum hf_err hf_private_key_read(struct hf_span pem, struct hf_span passphrase,
                                struct hf_private_key **out, struct hf_why *why)
{
    struct block block = {0};
    EVP_PKEY *key = NULL;
    enum hf_err err;

    if (pem.len > HF_KEY_PEM_MAX)
        return hf_fail(why, HF_ELIMIT, 0, "too long for a private key");
    if (passphrase.len > HF_PASSPHRASE_MAX)
        return hf_fail(why, HF_ELIMIT, 0,
                       "a passphrase has at most 1024 octets");
    if (find_block(pem, &block))
        err = read_block(&block, passphrase, &key, why);
    else
        err = hf_fail(why, HF_ESYNTAX, 0, no_key);
    block_clear(&block);
    return err == HF_OK ? hf_private_key_adopt(key, out, why) : err;
}

bool hf_private_key_is_encrypted(struct hf_span pem)
{
    struct block block = {0};
    bool encrypted = pem.len <= HF_KEY_PEM_MAX && find_block(pem, &block) &&
                     needs_passphrase(&block);

    block_clear(&block);
    return encrypted;
}

bool hf_private_key_wrong_passphrase(enum hf_err err, const struct hf_why *why)
{
    return err == HF_EINVAL && why->text == wrong;
}

/* ---- writing ---- */

/* Takes over `info`. */
static bool seal(BIO *bio, PKCS8_PRIV_KEY_INFO *info, struct hf_span pass)
{
    X509_ALGOR *alg =
        PKCS5_pbe2_set_scrypt(EVP_aes_256_cbc(), NULL, SCRYPT_SALT, NULL,
                              SCRYPT_N, SCRYPT_R, SCRYPT_P);
    X509_SIG *sealed = NULL;
    bool good = false;

    if (alg != NULL)
        sealed = PKCS8_set0_pbe(pass.ptr, (int)pass.len, info, alg);
    if (sealed == NULL)
        X509_ALGOR_free(alg); /* else it is part of `sealed` */
    else
        good = PEM_write_bio_PKCS8(bio, sealed) == 1;
    X509_SIG_free(sealed);
    return good;
}

static PKCS8_PRIV_KEY_INFO *make_info(EVP_PKEY *key)
{
    PKCS8_PRIV_KEY_INFO *info = hf_sec1_write(key);

    return info == NULL ? EVP_PKEY2PKCS8(key) : info;
}

enum hf_err hf_private_key_write(const struct hf_private_key *key,
                                 struct hf_span passphrase, struct hf_buf *pem,
                                 struct hf_why *why)
{
    PKCS8_PRIV_KEY_INFO *info;
    char *text = NULL;
    bool good = false;
    BIO *bio;
    long len;

    if (passphrase.len > HF_PASSPHRASE_MAX)
        return hf_fail(why, HF_ELIMIT, 0,
                       "a passphrase has at most 1024 octets");
    bio = BIO_new(BIO_s_mem()); /* wipes itself */
    info = make_info(hf_private_key_evp(key));
    if (bio != NULL && info != NULL)
        good = passphrase.len > 0
                   ? seal(bio, info, passphrase)
                   : PEM_write_bio_PKCS8_PRIV_KEY_INFO(bio, info) == 1;
    len = good ? BIO_get_mem_data(bio, &text) : 0;
    if (len > 0)
        hf_buf_put(pem, (struct hf_span){text, (size_t)len});
    PKCS8_PRIV_KEY_INFO_free(info);
    BIO_free(bio);
    if (len <= 0)
        return hf_evp_failed(why);
    if (pem->full)
        return hf_fail(why, HF_ELIMIT, 0, "no room for a private key");
    return HF_OK;
}
