/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/openssl.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

/* Its sentences for errors, which nobody reads, are half a megabyte, and what
 * it would clear away at the end goes with the process. */
#define ALWAYS (OPENSSL_INIT_NO_LOAD_CRYPTO_STRINGS | OPENSSL_INIT_NO_ATEXIT)

/* Three hundred names of algorithms, which it enters into two tables: half a
 * millisecond. It finds what it has by other names. */
#define ALONE                                                                  \
    (OPENSSL_INIT_NO_ADD_ALL_CIPHERS | OPENSSL_INIT_NO_ADD_ALL_DIGESTS)

/* Signatures of certificates are looked up by these names, and the encryption
 * of PEM itself (RFC 1421), which keys of old tools have. */
static void add_names(void)
{
    const EVP_MD *const digests[] = {EVP_sha1(), EVP_sha224(), EVP_sha256(),
                                     EVP_sha384(), EVP_sha512()};
    const EVP_CIPHER *const ciphers[] = {EVP_aes_128_cbc(), EVP_aes_192_cbc(),
                                         EVP_aes_256_cbc(), EVP_des_ede3_cbc()};

    for (size_t i = 0; i < sizeof(digests) / sizeof(digests[0]); i++)
        (void)EVP_add_digest(digests[i]);
    for (size_t i = 0; i < sizeof(ciphers) / sizeof(ciphers[0]); i++)
        (void)EVP_add_cipher(ciphers[i]);
}

void hf_openssl_start(bool alone)
{
    (void)OPENSSL_init_crypto(alone ? ALWAYS | ALONE : ALWAYS, NULL);
    if (alone)
        add_names();
    /* Random numbers by SHA-256 (SP 800-90A, 10.1.1), which is here anyway: for
     * the usual AES it looks through all its ciphers, half a millisecond. */
    (void)RAND_set_DRBG_type(NULL, "HASH-DRBG", NULL, NULL, "SHA256");
    ERR_clear_error();
}
