/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The shared object behind pkcs11.h: a module of PKCS #11, one session in it,
 * one key. It has its own copy of what it needs of the library, and leaves
 * nothing but hf_pkcs11_open_1() to be seen.
 */
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <p11-kit/p11-kit.h>
#include <p11-kit/uri.h>

#include "base/alloc.h"
#include "crypto/evp_key.h"
#include "crypto/pkcs11.h"

#define SLOTS_MAX  64
#define OCTETS_MAX 1024 /* of one attribute */
#define NONE       ((CK_SLOT_ID)-1)
#define EVERY_FIELD                                                            \
    (P11_KIT_URI_FOR_OBJECT_ON_TOKEN_AND_MODULE | P11_KIT_URI_FOR_SLOT)

struct token {
    CK_FUNCTION_LIST *module;
    bool is_initialized;
    bool has_session;
    CK_TOKEN_INFO info;
    CK_SLOT_ID slot;
    CK_SESSION_HANDLE session;
    CK_OBJECT_HANDLE key;
    bool asks_each_time; /* CKA_ALWAYS_AUTHENTICATE */
    enum hf_sig_alg alg;
    EVP_PKEY *public_half;
    size_t pin_len;
    CK_UTF8CHAR pin[HF_PKCS11_PIN_MAX];
};

struct octets {
    CK_ULONG len;
    unsigned char data[OCTETS_MAX];
};

__attribute__((visibility("default"))) hf_pkcs11_open_fn hf_pkcs11_open_1;

static void token_free(void *opaque)
{
    struct token *token = opaque;

    if (token->has_session)
        (void)token->module->C_CloseSession(token->session); /* logs out */
    if (token->is_initialized)
        (void)p11_kit_module_finalize(token->module);
    if (token->module != NULL)
        p11_kit_module_release(token->module);
    EVP_PKEY_free(token->public_half);
    hf_free_wiped(token, sizeof(*token));
}

/* ---- URI ---- */

static bool has_more(P11KitUri *uri)
{
    return p11_kit_uri_get_attribute(uri, CKA_LABEL) != NULL ||
           p11_kit_uri_get_attribute(uri, CKA_ID) != NULL;
}

static enum hf_err parse_uri(struct hf_span text, P11KitUri **out,
                             struct hf_why *why)
{
    char *copy = hf_alloc(text.len + 1, 1);
    P11KitUri *uri = p11_kit_uri_new();
    enum hf_err err = HF_OK;

    if (copy == NULL || uri == NULL) {
        err = hf_fail(why, HF_ENOMEM, 0, "out of memory");
        goto out;
    }
    if (text.len > 0)
        memcpy(copy, text.ptr, text.len);
    if (strlen(copy) != text.len ||
        p11_kit_uri_parse(copy, EVERY_FIELD, uri) != P11_KIT_URI_OK ||
        p11_kit_uri_any_unrecognized(uri) != 0)
        err = hf_fail(why, HF_EINVAL, 0,
                      "this is no PKCS #11 URI (RFC 7512), or one with fields "
                      "that are not known here");
    else if (!has_more(uri))
        err = hf_fail(why, HF_EINVAL, 0,
                      "this PKCS #11 URI names no key: it needs object=... or "
                      "id=...");
out:
    hf_free_wiped(copy, text.len + 1); /* there may be a pin-value in it */
    if (err == HF_OK)
        *out = uri;
    else
        p11_kit_uri_free(uri);
    return err;
}

static enum hf_err take_pin(struct token *token, P11KitUri *uri,
                            struct hf_span pin, struct hf_why *why)
{
    if (pin.len == 0)
        pin = hf_span_str(p11_kit_uri_get_pin_value(uri));
    if (pin.len > HF_PKCS11_PIN_MAX)
        return hf_fail(why, HF_ELIMIT, 0, "a PIN has at most 256 octets");
    if (pin.len > 0)
        memcpy(token->pin, pin.ptr, pin.len);
    token->pin_len = pin.len;
    return HF_OK;
}

/* ---- module and token ---- */

static enum hf_err load(struct token *token, P11KitUri *uri,
                        struct hf_span module, struct hf_why *why)
{
    char path[HF_PKCS11_TEXT_MAX + 1];

    if (module.len == 0)
        module = hf_span_str(p11_kit_uri_get_module_path(uri));
    if (module.len == 0)
        return hf_fail(why, HF_EINVAL, 0,
                       "no PKCS #11 module is named: say which, or write "
                       "?module-path=... into the URI");
    if (module.len >= sizeof(path) || module.ptr[0] != '/')
        return hf_fail(why, HF_EINVAL, 0,
                       "the path of a PKCS #11 module is absolute");
    memcpy(path, module.ptr, module.len);
    path[module.len] = '\0';
    token->module = p11_kit_module_load(path, P11_KIT_MODULE_CRITICAL);
    if (token->module == NULL)
        return hf_fail(why, HF_ENOTFOUND, 0,
                       "this PKCS #11 module is not there, or is none");
    if (p11_kit_module_initialize(token->module) != CKR_OK)
        return hf_fail(why, HF_EPEER, 0, "this PKCS #11 module does not start");
    token->is_initialized = true;
    return HF_OK;
}

static bool is_meant(struct token *token, P11KitUri *uri, CK_SLOT_ID slot)
{
    CK_SLOT_ID wanted = p11_kit_uri_get_slot_id(uri);

    return (wanted == NONE || wanted == slot) &&
           token->module->C_GetTokenInfo(slot, &token->info) == CKR_OK &&
           (token->info.flags & CKF_TOKEN_INITIALIZED) != 0 &&
           p11_kit_uri_match_token_info(uri, &token->info) == 1;
}

static enum hf_err find_token(struct token *token, P11KitUri *uri,
                              struct hf_why *why)
{
    CK_SLOT_ID slots[SLOTS_MAX];
    CK_ULONG count = SLOTS_MAX;
    unsigned found = 0;

    if (token->module->C_GetSlotList(CK_TRUE, slots, &count) != CKR_OK)
        return hf_fail(why, HF_EPEER, 0,
                       "this PKCS #11 module does not list its tokens");
    for (CK_ULONG i = 0; i < count; i++) {
        if (!is_meant(token, uri, slots[i]))
            continue;
        token->slot = slots[i];
        found++;
    }
    if (found == 0)
        return hf_fail(why, HF_ENOTFOUND, 0,
                       "the token of this PKCS #11 URI is not there");
    if (found > 1)
        return hf_fail(why, HF_EINVAL, 0,
                       "this PKCS #11 URI means several tokens: add serial=");
    return HF_OK;
}

static enum hf_err explain_login(CK_RV rv, struct hf_why *why)
{
    switch (rv) {
    case CKR_OK:
    case CKR_USER_ALREADY_LOGGED_IN:
        return HF_OK;
    case CKR_PIN_INCORRECT:
    case CKR_PIN_INVALID:
    case CKR_PIN_LEN_RANGE:
        return hf_fail(why, HF_EINVAL, 0,
                       "the PIN of the token is wrong: after some more tries "
                       "it locks");
    case CKR_PIN_LOCKED:
        return hf_fail(why, HF_EINVAL, 0, "the PIN of the token is locked");
    case CKR_PIN_EXPIRED:
    case CKR_USER_PIN_NOT_INITIALIZED:
        return hf_fail(why, HF_EINVAL, 0,
                       "the token wants a new PIN to be set first");
    default:
        return hf_fail(why, HF_EPEER, 0, "the token refuses to log in");
    }
}

static CK_RV login(struct token *token, CK_USER_TYPE user)
{
    return token->module->C_Login(token->session, user,
                                  token->pin_len > 0 ? token->pin : NULL,
                                  token->pin_len);
}

static enum hf_err open_session(struct token *token, struct hf_why *why)
{
    bool has_pad = (token->info.flags & CKF_PROTECTED_AUTHENTICATION_PATH) != 0;

    if (token->module->C_OpenSession(token->slot, CKF_SERIAL_SESSION, NULL,
                                     NULL, &token->session) != CKR_OK)
        return hf_fail(why, HF_EPEER, 0, "the token opens no session");
    token->has_session = true;
    if ((token->info.flags & CKF_LOGIN_REQUIRED) == 0 && token->pin_len == 0)
        return HF_OK;
    if (token->pin_len == 0 && !has_pad)
        return hf_fail(why, HF_EINVAL, 0,
                       "the token wants a PIN, and none is given");
    return explain_login(login(token, CKU_USER), why);
}

/* ---- objects ---- */

static bool get(const struct token *token, CK_OBJECT_HANDLE object,
                CK_ATTRIBUTE_TYPE type, struct octets *out)
{
    CK_ATTRIBUTE attribute = {type, out->data, sizeof(out->data)};

    if (token->module->C_GetAttributeValue(token->session, object, &attribute,
                                           1) != CKR_OK ||
        attribute.ulValueLen > sizeof(out->data))
        return false;
    out->len = attribute.ulValueLen;
    return out->len > 0;
}

/* How many objects have these attributes: 0, 1 or, for more, 2. */
static CK_ULONG find(const struct token *token, CK_ATTRIBUTE *wanted,
                     CK_ULONG count, CK_OBJECT_HANDLE *out)
{
    CK_OBJECT_HANDLE found[2];
    CK_ULONG number = 0;

    if (token->module->C_FindObjectsInit(token->session, wanted, count) !=
        CKR_OK)
        return 0;
    if (token->module->C_FindObjects(token->session, found, 2, &number) !=
        CKR_OK)
        number = 0;
    (void)token->module->C_FindObjectsFinal(token->session);
    if (number > 0)
        *out = found[0];
    return number;
}

static enum hf_err find_key(struct token *token, P11KitUri *uri,
                            struct hf_why *why)
{
    CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
    CK_ATTRIBUTE wanted[3] = {{CKA_CLASS, &class, sizeof(class)}};
    const CK_ATTRIBUTE *label = p11_kit_uri_get_attribute(uri, CKA_LABEL);
    const CK_ATTRIBUTE *id = p11_kit_uri_get_attribute(uri, CKA_ID);
    CK_ULONG count = 1;

    if (label != NULL)
        wanted[count++] = *label;
    if (id != NULL)
        wanted[count++] = *id;
    count = find(token, wanted, count, &token->key);
    if (count == 0)
        return hf_fail(why, HF_ENOTFOUND, 0,
                       "the token has no private key that this PKCS #11 URI "
                       "means, or shows it only with the PIN");
    if (count > 1)
        return hf_fail(why, HF_EINVAL, 0,
                       "this PKCS #11 URI means several keys: add id=...");
    return HF_OK;
}

/* The public object with the key's id; the private one itself may do. */
static CK_OBJECT_HANDLE public_object(const struct token *token)
{
    CK_OBJECT_CLASS class = CKO_PUBLIC_KEY;
    CK_OBJECT_HANDLE found = token->key;
    CK_ATTRIBUTE wanted[2] = {{CKA_CLASS, &class, sizeof(class)}};
    struct octets id;

    if (get(token, token->key, CKA_ID, &id)) {
        wanted[1] = (CK_ATTRIBUTE){CKA_ID, id.data, id.len};
        (void)find(token, wanted, 2, &found);
    }
    return found;
}

/* ---- the public half ---- */

/* EC_POINT is an OCTET STRING in DER around the point (PKCS #11 v2.40,
 * 2.3.3); some tokens leave the wrapping out. */
static struct hf_span unwrap(const struct octets *octets, size_t size)
{
    const unsigned char *data = octets->data;
    size_t len = octets->len;

    if (len == size + 2 && data[0] == 0x04 && data[1] == size) {
        data += 2;
        len -= 2;
    }
    return (struct hf_span){(const char *)data, len};
}

static EVP_PKEY *ec_of(struct hf_span point, const char *group)
{
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    EVP_PKEY *key = NULL;

    if (build != NULL &&
        OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME,
                                        group, 0) == 1 &&
        OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY,
                                         point.ptr, point.len) == 1)
        key = hf_evp_from_params("EC", EVP_PKEY_PUBLIC_KEY, build);
    OSSL_PARAM_BLD_free(build);
    return key;
}

static EVP_PKEY *read_ec(const struct token *token, CK_OBJECT_HANDLE object)
{
    static const unsigned char p256[] = {0x06, 0x08, 0x2a, 0x86, 0x48,
                                         0xce, 0x3d, 0x03, 0x01, 0x07};
    static const unsigned char p384[] = {0x06, 0x05, 0x2b, 0x81,
                                         0x04, 0x00, 0x22};
    struct octets params;
    struct octets point;

    if (!get(token, object, CKA_EC_PARAMS, &params) ||
        !get(token, object, CKA_EC_POINT, &point))
        return NULL;
    if (params.len == sizeof(p256) &&
        memcmp(params.data, p256, sizeof(p256)) == 0)
        return ec_of(unwrap(&point, 65), "prime256v1");
    if (params.len == sizeof(p384) &&
        memcmp(params.data, p384, sizeof(p384)) == 0)
        return ec_of(unwrap(&point, 97), "secp384r1");
    return NULL;
}

/* Ed448 would have 57 octets. */
static EVP_PKEY *read_edwards(const struct token *token,
                              CK_OBJECT_HANDLE object)
{
    struct octets point;
    struct hf_span raw;

    if (!get(token, object, CKA_EC_POINT, &point))
        return NULL;
    raw = unwrap(&point, 32);
    if (raw.len != 32)
        return NULL;
    return EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL,
                                       (const unsigned char *)raw.ptr, 32);
}

static EVP_PKEY *read_rsa(const struct token *token, CK_OBJECT_HANDLE object)
{
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    EVP_PKEY *key = NULL;
    struct octets n;
    struct octets e;
    BIGNUM *modulus = NULL;
    BIGNUM *exponent = NULL;

    if (get(token, object, CKA_MODULUS, &n) &&
        get(token, object, CKA_PUBLIC_EXPONENT, &e)) {
        modulus = BN_bin2bn(n.data, (int)n.len, NULL);
        exponent = BN_bin2bn(e.data, (int)e.len, NULL);
    }
    if (build != NULL && modulus != NULL && exponent != NULL &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, modulus) == 1 &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, exponent) == 1)
        key = hf_evp_from_params("RSA", EVP_PKEY_PUBLIC_KEY, build);
    BN_free(modulus);
    BN_free(exponent);
    OSSL_PARAM_BLD_free(build);
    return key;
}

static EVP_PKEY *read_public(const struct token *token)
{
    CK_OBJECT_HANDLE object = public_object(token);
    CK_KEY_TYPE type = CKK_VENDOR_DEFINED;
    CK_ATTRIBUTE attribute = {CKA_KEY_TYPE, &type, sizeof(type)};

    if (token->module->C_GetAttributeValue(token->session, token->key,
                                           &attribute, 1) != CKR_OK)
        return NULL;
    if (type == CKK_EC)
        return read_ec(token, object);
    if (type == CKK_EC_EDWARDS)
        return read_edwards(token, object);
    return type == CKK_RSA ? read_rsa(token, object) : NULL;
}

static enum hf_err describe(struct token *token, struct hf_signer *out,
                            struct hf_why *why)
{
    CK_BBOOL each_time = CK_FALSE;
    CK_ATTRIBUTE attribute = {CKA_ALWAYS_AUTHENTICATE, &each_time,
                              sizeof(each_time)};
    enum hf_err err;

    token->public_half = read_public(token);
    ERR_clear_error();
    if (token->public_half == NULL)
        return hf_fail(why, HF_EINVAL, 0,
                       "the public half of this key cannot be read from the "
                       "token, or it is of a kind that ACME has no use for");
    token->asks_each_time =
        token->module->C_GetAttributeValue(token->session, token->key,
                                           &attribute, 1) == CKR_OK &&
        each_time == CK_TRUE;
    err = hf_signer_describe(out, token->public_half, why);
    token->alg = out->alg;
    return err;
}

/* ---- signing ---- */

/* What is signed for each algorithm: the token computes no digests. */
struct job {
    CK_MECHANISM mechanism;
    const EVP_MD *md; /* NULL: inside the algorithm */
    struct hf_span prefix;
};

static struct job job_of(enum hf_sig_alg alg)
{
    /* RFC 8017, 9.2, note 1: DigestInfo of SHA-256. */
    static const unsigned char digest_info[] = {
        0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
        0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20};

    switch (alg) {
    case HF_ES256:
        return (struct job){{CKM_ECDSA, NULL, 0}, EVP_sha256(), {0}};
    case HF_ES384:
        return (struct job){{CKM_ECDSA, NULL, 0}, EVP_sha384(), {0}};
    case HF_EDDSA:
        return (struct job){{CKM_EDDSA, NULL, 0}, NULL, {0}};
    case HF_RS256:
        break;
    }
    return (struct job){{CKM_RSA_PKCS, NULL, 0},
                        EVP_sha256(),
                        {(const char *)digest_info, sizeof(digest_info)}};
}

static CK_RV ask(struct token *token, struct job *job, struct hf_span data,
                 struct octets *out)
{
    CK_FUNCTION_LIST *module = token->module;
    CK_RV rv = module->C_SignInit(token->session, &job->mechanism, token->key);
    /* C_Sign() does not write there, whatever its type says. */
    CK_BYTE *octets = (CK_BYTE *)(uintptr_t)data.ptr;

    if (rv == CKR_OK && token->asks_each_time)
        rv = login(token, CKU_CONTEXT_SPECIFIC);
    out->len = sizeof(out->data);
    if (rv == CKR_OK)
        rv = module->C_Sign(token->session, octets, data.len, out->data,
                            &out->len);
    return rv;
}

/* The signature as OpenSSL has it, in a buffer to be freed; NULL: none. */
static unsigned char *to_der(const struct octets *signature, int *len)
{
    int half = (int)(signature->len / 2);
    BIGNUM *r = BN_bin2bn(signature->data, half, NULL);
    BIGNUM *s = BN_bin2bn(signature->data + half, half, NULL);
    ECDSA_SIG *pair = ECDSA_SIG_new();
    unsigned char *der = NULL;

    if (r == NULL || s == NULL || pair == NULL ||
        ECDSA_SIG_set0(pair, r, s) != 1) {
        BN_free(r);
        BN_free(s);
    } else {
        *len = i2d_ECDSA_SIG(pair, &der);
    }
    ECDSA_SIG_free(pair);
    return der;
}

static bool verifies(const struct token *token, const EVP_MD *md,
                     struct hf_span data, const unsigned char *octets,
                     size_t len)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool good =
        ctx != NULL &&
        EVP_DigestVerifyInit(ctx, NULL, md, NULL, token->public_half) == 1 &&
        EVP_DigestVerify(ctx, octets, len, (const unsigned char *)data.ptr,
                         data.len) == 1;

    EVP_MD_CTX_free(ctx);
    ERR_clear_error();
    return good;
}

static bool is_good(const struct token *token, const EVP_MD *md,
                    struct hf_span data, const struct octets *signature)
{
    unsigned char *der;
    int len = 0;
    bool good;

    if (token->alg != HF_ES256 && token->alg != HF_ES384)
        return verifies(token, md, data, signature->data, signature->len);
    if (signature->len != (token->alg == HF_ES256 ? 64 : 96))
        return false;
    der = to_der(signature, &len);
    good = len > 0 && verifies(token, md, data, der, (size_t)len);
    OPENSSL_free(der);
    return good;
}

static enum hf_err sign(void *opaque, struct hf_span data, struct hf_buf *out,
                        struct hf_why *why)
{
    struct token *token = opaque;
    struct job job = job_of(token->alg);
    unsigned char input[EVP_MAX_MD_SIZE + 32];
    struct hf_span wanted = data;
    struct octets signature;
    unsigned size = 0;

    if (job.md != NULL) {
        if (job.prefix.len > 0)
            memcpy(input, job.prefix.ptr, job.prefix.len);
        if (EVP_Digest(data.ptr, data.len, input + job.prefix.len, &size,
                       job.md, NULL) != 1)
            return hf_evp_failed(why);
        wanted = (struct hf_span){(char *)input, job.prefix.len + size};
    }
    if (ask(token, &job, wanted, &signature) != CKR_OK)
        return hf_fail(why, HF_EPEER, 0,
                       "the token refuses to sign, or is no longer there");
    if (!is_good(token, job.md, data, &signature))
        return hf_fail(why, HF_ECRYPTO, 0,
                       "the token's signature is not good under the public "
                       "key that lies beside its private one");
    hf_buf_put(out, (struct hf_span){(char *)signature.data, signature.len});
    if (out->full)
        return hf_fail(why, HF_ELIMIT, 0, "no room for a signature");
    return HF_OK;
}

/* ---- the door ---- */

static enum hf_err open_token(struct token *token, P11KitUri *uri,
                              const struct hf_pkcs11_key *key,
                              struct hf_why *why)
{
    enum hf_err err = take_pin(token, uri, key->pin, why);

    if (err == HF_OK)
        err = load(token, uri, key->module, why);
    if (err == HF_OK)
        err = find_token(token, uri, why);
    if (err == HF_OK)
        err = open_session(token, why);
    return err == HF_OK ? find_key(token, uri, why) : err;
}

enum hf_err hf_pkcs11_open_1(const struct hf_pkcs11_key *key,
                             struct hf_signer *out, struct hf_why *why)
{
    struct hf_signer made = {.sign = sign, .free = token_free};
    struct token *token;
    P11KitUri *uri = NULL;
    enum hf_err err = parse_uri(key->uri, &uri, why);

    if (err != HF_OK)
        return err;
    token = hf_alloc(1, sizeof(*token));
    if (token == NULL) {
        p11_kit_uri_free(uri);
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    }
    err = open_token(token, uri, key, why);
    p11_kit_uri_free(uri);
    if (err == HF_OK)
        err = describe(token, &made, why);
    if (err != HF_OK) {
        token_free(token);
        return err;
    }
    made.state = token;
    *out = made;
    return HF_OK;
}
