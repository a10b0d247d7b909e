/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/rand.h>

#include "crypto/evp_key.h"
#include "crypto/pkcs11_token.h"

#define LABEL    "holdfast"
#define ID_LEN   16
#define TEMPLATE 10

/* What a token is told about the kind of key. */
struct order {
    CK_MECHANISM_TYPE mechanism;
    struct hf_span curve; /* empty: RSA ... */
    CK_ULONG bits;        /* ... of this size */
};

static struct order order_of(enum hf_key_kind kind)
{
    switch (kind) {
    case HF_KEY_P256:
        return (struct order){CKM_EC_KEY_PAIR_GEN, hf_pkcs11_p256, 0};
    case HF_KEY_P384:
        return (struct order){CKM_EC_KEY_PAIR_GEN, hf_pkcs11_p384, 0};
    case HF_KEY_ED25519:
        return (struct order){CKM_EC_EDWARDS_KEY_PAIR_GEN, hf_pkcs11_ed25519,
                              0};
    case HF_KEY_RSA2048:
        return (struct order){CKM_RSA_PKCS_KEY_PAIR_GEN, {0}, 2048};
    case HF_KEY_RSA3072:
        return (struct order){CKM_RSA_PKCS_KEY_PAIR_GEN, {0}, 3072};
    case HF_KEY_RSA4096:
        break;
    }
    return (struct order){CKM_RSA_PKCS_KEY_PAIR_GEN, {0}, 4096};
}

struct template
{
    CK_ATTRIBUTE list[TEMPLATE];
    CK_ULONG count;
};

/* The token does not write there, whatever the type says. */
static void put(struct template *template, CK_ATTRIBUTE_TYPE type,
                const void *value, size_t len)
{
    template->list[template->count++] =
        (CK_ATTRIBUTE){type, (void *)(uintptr_t)value, len};
}

static void put_flag(struct template *template, CK_ATTRIBUTE_TYPE type,
                     bool value)
{
    static const CK_BBOOL flags[] = {CK_FALSE, CK_TRUE};

    put(template, type, &flags[value], sizeof(flags[value]));
}

static void put_name(struct template *template, const CK_ATTRIBUTE *name)
{
    template->list[template->count++] = *name;
}

static CK_RV generate(struct hf_pkcs11_token *token, const CK_ATTRIBUTE *label,
                      const CK_ATTRIBUTE *id)
{
    static const CK_BYTE exponent[] = {1, 0, 1};
    const struct order order = order_of(token->kind);
    CK_MECHANISM mechanism = {order.mechanism, NULL, 0};
    struct template public = {0};
    struct template private = {0};
    CK_OBJECT_HANDLE unused;

    put_flag(&public, CKA_TOKEN, true);
    put_flag(&public, CKA_VERIFY, true);
    put_name(&public, label);
    put_name(&public, id);
    if (order.curve.len > 0) {
        put(&public, CKA_EC_PARAMS, order.curve.ptr, order.curve.len);
    } else {
        put(&public, CKA_MODULUS_BITS, &order.bits, sizeof(order.bits));
        put(&public, CKA_PUBLIC_EXPONENT, exponent, sizeof(exponent));
    }
    put_flag(&private, CKA_TOKEN, true);
    put_flag(&private, CKA_PRIVATE, true);
    put_flag(&private, CKA_SENSITIVE, true);
    put_flag(&private, CKA_EXTRACTABLE, false);
    put_flag(&private, CKA_SIGN, true);
    put_name(&private, label);
    put_name(&private, id);
    return token->module->C_GenerateKeyPair(
        token->session, &mechanism, public.list, public.count, private.list,
        private.count, &unused, &token->key);
}

enum hf_err hf_pkcs11_make(struct hf_pkcs11_token *token, struct hf_why *why)
{
    const CK_ATTRIBUTE *given = p11_kit_uri_get_attribute(token->uri, CKA_ID);
    const CK_ATTRIBUTE *named =
        p11_kit_uri_get_attribute(token->uri, CKA_LABEL);
    unsigned char octets[ID_LEN];
    char word[] = LABEL;
    CK_ATTRIBUTE id = {CKA_ID, octets, sizeof(octets)};
    CK_ATTRIBUTE label = {CKA_LABEL, word, sizeof(word) - 1};

    if (RAND_bytes(octets, sizeof(octets)) != 1)
        return hf_evp_failed(why);
    if (given != NULL && !token->beside)
        id = *given;
    if (named != NULL)
        label = *named;
    if (generate(token, &label, &id) != CKR_OK)
        return hf_fail(why, HF_EPEER, 0,
                       "the token makes no such key: it may be full, not know "
                       "this kind, or keep files in a folder that "
                       "--token-allow does not name");
    return HF_OK;
}
