/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/sec1.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>

#include "crypto/evp_key.h"

/* On one curve all lengths are known: head, private number, middle, point. */
static const struct form {
    int curve;
    const char *group; /* the same, by OpenSSL's name */
    size_t size;       /* octets of a number */
    struct hf_span head;
    struct hf_span middle;
} forms[] = {
    {NID_X9_62_prime256v1, SN_X9_62_prime256v1, 32,
     HF_SPAN_INIT("\x30\x6b\x02\x01\x01\x04\x20"),
     HF_SPAN_INIT("\xa1\x44\x03\x42\x00")},
    {NID_secp384r1, SN_secp384r1, 48,
     HF_SPAN_INIT("\x30\x81\x9b\x02\x01\x01\x04\x30"),
     HF_SPAN_INIT("\xa1\x64\x03\x62\x00")},
};

#define FORM_COUNT (sizeof(forms) / sizeof(forms[0]))
#define NUMBER_MAX 48
#define POINT_MAX  (1 + 2 * NUMBER_MAX)

static size_t point_len(const struct form *form)
{
    return 1 + 2 * form->size;
}

static size_t whole_len(const struct form *form)
{
    return form->head.len + form->size + form->middle.len + point_len(form);
}

/* ---- reading ---- */

static const struct form *form_of_alg(const X509_ALGOR *alg)
{
    const ASN1_OBJECT *kind = NULL;
    const void *curve = NULL;
    int type = 0;

    X509_ALGOR_get0(&kind, &type, &curve, alg);
    if (OBJ_obj2nid(kind) != NID_X9_62_id_ecPublicKey || type != V_ASN1_OBJECT)
        return NULL;
    for (size_t i = 0; i < FORM_COUNT; i++)
        if (forms[i].curve == OBJ_obj2nid(curve))
            return &forms[i];
    return NULL;
}

static EVP_PKEY *make_key(const struct form *form, struct hf_span number,
                          struct hf_span point)
{
    BIGNUM *secret = BN_secure_new();
    EVP_PKEY *key = NULL;

    if (secret != NULL && BN_bin2bn((const unsigned char *)number.ptr,
                                    (int)number.len, secret) != NULL)
        key = hf_evp_from_point(form->group, point, secret);
    BN_clear_free(secret);
    ERR_clear_error();
    return key;
}

EVP_PKEY *hf_sec1_read(const PKCS8_PRIV_KEY_INFO *info)
{
    const unsigned char *octets = NULL;
    const X509_ALGOR *alg = NULL;
    const struct form *form;
    struct hf_span rest, head, number, middle;
    int len = 0;

    if (PKCS8_pkey_get0(NULL, &octets, &len, &alg, info) != 1)
        return NULL;
    form = form_of_alg(alg);
    if (form == NULL || (size_t)len != whole_len(form))
        return NULL;
    rest = (struct hf_span){(const char *)octets, (size_t)len};
    head = hf_span_cut(&rest, form->head.len);
    number = hf_span_cut(&rest, form->size);
    middle = hf_span_cut(&rest, form->middle.len);
    return hf_span_eq(head, form->head) && hf_span_eq(middle, form->middle)
               ? make_key(form, number, rest)
               : NULL;
}

/* ---- writing ---- */

static const struct form *form_of_key(const EVP_PKEY *key)
{
    const struct hf_curve *curve = hf_curve_of(key);

    for (size_t i = 0; curve != NULL && i < FORM_COUNT; i++)
        if (strcmp(forms[i].group, curve->group) == 0)
            return &forms[i];
    return NULL;
}

static bool put_number(struct hf_buf *out, const struct form *form,
                       const EVP_PKEY *key)
{
    unsigned char octets[NUMBER_MAX];
    BIGNUM *number = NULL;
    bool good =
        EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_PRIV_KEY, &number) == 1 &&
        BN_bn2binpad(number, octets, (int)form->size) > 0;

    if (good)
        hf_buf_put(out, (struct hf_span){(char *)octets, form->size});
    OPENSSL_cleanse(octets, sizeof(octets));
    BN_clear_free(number);
    return good;
}

static bool put_point(struct hf_buf *out, const struct form *form,
                      const EVP_PKEY *key)
{
    unsigned char octets[POINT_MAX];
    size_t len = 0;

    if (EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, octets,
                                        sizeof(octets), &len) != 1 ||
        len != point_len(form))
        return false;
    hf_buf_put(out, (struct hf_span){(char *)octets, len});
    return true;
}

/* Takes over `octets`, which OpenSSL has allocated. */
static PKCS8_PRIV_KEY_INFO *wrap(const struct form *form, unsigned char *octets)
{
    PKCS8_PRIV_KEY_INFO *info = PKCS8_PRIV_KEY_INFO_new();

    if (info != NULL &&
        PKCS8_pkey_set0(info, OBJ_nid2obj(NID_X9_62_id_ecPublicKey), 0,
                        V_ASN1_OBJECT, OBJ_nid2obj(form->curve), octets,
                        (int)whole_len(form)) == 1)
        return info;
    OPENSSL_clear_free(octets, whole_len(form));
    PKCS8_PRIV_KEY_INFO_free(info);
    return NULL;
}

PKCS8_PRIV_KEY_INFO *hf_sec1_write(const EVP_PKEY *key)
{
    const struct form *form = form_of_key(key);
    unsigned char *octets;
    struct hf_buf out;

    if (form == NULL)
        return NULL;
    octets = OPENSSL_malloc(whole_len(form));
    if (octets == NULL)
        return NULL;
    hf_buf_init(&out, (char *)octets, whole_len(form));
    hf_buf_put(&out, form->head);
    if (put_number(&out, form, key)) {
        hf_buf_put(&out, form->middle);
        if (put_point(&out, form, key))
            return wrap(form, octets);
    }
    OPENSSL_clear_free(octets, whole_len(form));
    return NULL;
}

bool hf_sec1_put_public(const EVP_PKEY *key, X509_PUBKEY *out)
{
    const struct form *form = form_of_key(key);
    unsigned char *octets;
    struct hf_buf point;

    if (form == NULL)
        return false;
    octets = OPENSSL_malloc(point_len(form));
    if (octets == NULL)
        return false;
    hf_buf_init(&point, (char *)octets, point_len(form));
    if (put_point(&point, form, key) &&
        X509_PUBKEY_set0_param(out, OBJ_nid2obj(NID_X9_62_id_ecPublicKey),
                               V_ASN1_OBJECT, OBJ_nid2obj(form->curve), octets,
                               (int)point.len) == 1)
        return true;
    OPENSSL_free(octets);
    return false;
}
