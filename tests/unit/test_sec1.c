/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "crypto/sec1.h"
#include "tests/unit/unit.h"

static const char *const curves[] = {"P-256", "P-384"};

static struct hf_span octets_of(const PKCS8_PRIV_KEY_INFO *info)
{
    const unsigned char *octets = NULL;
    int len = 0;

    assert_int_equal(PKCS8_pkey_get0(NULL, &octets, &len, NULL, info), 1);
    return (struct hf_span){(const char *)octets, (size_t)len};
}

/* OpenSSL's octets, and its key again, whatever the numbers. */
static void as_openssl(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(curves); i++) {
        EVP_PKEY *key = EVP_EC_gen(curves[i]);
        PKCS8_PRIV_KEY_INFO *theirs = EVP_PKEY2PKCS8(key);
        PKCS8_PRIV_KEY_INFO *ours = hf_sec1_write(key);
        unsigned char *a = NULL;
        unsigned char *b = NULL;
        int len = i2d_PKCS8_PRIV_KEY_INFO(theirs, &a);
        EVP_PKEY *again;

        assert_non_null(ours);
        assert_int_equal(i2d_PKCS8_PRIV_KEY_INFO(ours, &b), len);
        assert_memory_equal(a, b, (size_t)len);
        again = hf_sec1_read(theirs);
        assert_non_null(again);
        assert_int_equal(EVP_PKEY_eq(key, again), 1);
        OPENSSL_free(a);
        OPENSSL_free(b);
        EVP_PKEY_free(again);
        EVP_PKEY_free(key);
        PKCS8_PRIV_KEY_INFO_free(theirs);
        PKCS8_PRIV_KEY_INFO_free(ours);
    }
}

/* Keys of other kinds are left to OpenSSL. */
static void other_kinds(void **state)
{
    EVP_PKEY *keys[] = {EVP_RSA_gen(2048), EVP_EC_gen("P-521"),
                        EVP_PKEY_Q_keygen(NULL, NULL, "ED25519")};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(keys[i]);

        assert_non_null(info);
        assert_null(hf_sec1_read(info));
        assert_null(hf_sec1_write(keys[i]));
        PKCS8_PRIV_KEY_INFO_free(info);
        EVP_PKEY_free(keys[i]);
    }
}

/* The same info around other octets; `curve` 0: no curve is named. */
static PKCS8_PRIV_KEY_INFO *around(struct hf_span octets, int curve)
{
    PKCS8_PRIV_KEY_INFO *info = PKCS8_PRIV_KEY_INFO_new();
    unsigned char *copy = OPENSSL_memdup(octets.ptr, octets.len);

    assert_int_equal(PKCS8_pkey_set0(info,
                                     OBJ_nid2obj(NID_X9_62_id_ecPublicKey), 0,
                                     curve == 0 ? V_ASN1_NULL : V_ASN1_OBJECT,
                                     curve == 0 ? NULL : OBJ_nid2obj(curve),
                                     copy, (int)octets.len),
                     1);
    return info;
}

static bool is_read(struct hf_span octets, int curve)
{
    PKCS8_PRIV_KEY_INFO *info = around(octets, curve);
    EVP_PKEY *key = hf_sec1_read(info);
    bool read = key != NULL;

    EVP_PKEY_free(key);
    PKCS8_PRIV_KEY_INFO_free(info);
    return read;
}

/* One octet less or more, another one anywhere but in the private number, and
 * another curve. */
static void other_forms(void **state)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    PKCS8_PRIV_KEY_INFO *info = hf_sec1_write(key);
    struct hf_span whole = octets_of(info);
    char octets[256] = {0};

    (void)state;
    memcpy(octets, whole.ptr, whole.len);
    assert_true(is_read(whole, NID_X9_62_prime256v1));
    for (size_t len = 0; len <= whole.len + 1; len++)
        assert_int_equal(
            is_read((struct hf_span){octets, len}, NID_X9_62_prime256v1),
            len == whole.len);
    for (size_t i = 0; i < whole.len; i++) {
        octets[i] = (char)(octets[i] ^ 1);
        if (i < 7 || i >= 7 + 32)
            assert_false(is_read((struct hf_span){octets, whole.len},
                                 NID_X9_62_prime256v1));
        octets[i] = (char)(octets[i] ^ 1);
    }
    assert_false(is_read(whole, NID_secp384r1));
    assert_false(is_read(whole, NID_secp256k1));
    assert_false(is_read(whole, 0));
    PKCS8_PRIV_KEY_INFO_free(info);
    EVP_PKEY_free(key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_openssl),
        cmocka_unit_test(other_kinds),
        cmocka_unit_test(other_forms),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
