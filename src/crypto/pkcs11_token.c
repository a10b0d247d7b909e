/* SPDX-License-Identifier: Apache-2.0 */
/* pkcs11_token.c -- the shared object for PKCS #11 tokens: which module, which
 * token, which key. It leaves nothing but its driver to be seen. */
#include "crypto/pkcs11_token.h"

#include <openssl/err.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "crypto/evp_key.h"

#define SLOTS_MAX 64
#define NONE      (~(CK_SLOT_ID)0)
#define EVERY_FIELD                                                            \
    (P11_KIT_URI_FOR_OBJECT_ON_TOKEN_AND_MODULE | P11_KIT_URI_FOR_SLOT)

static void token_free(void *opaque)
{
    struct hf_pkcs11_token *token = opaque;

    if (token->has_session)
        (void)token->module->C_CloseSession(token->session); /* logs out */
    if (token->modules != NULL)
        p11_kit_modules_finalize_and_release(token->modules);
    if (token->own_module != NULL) {
        (void)p11_kit_module_finalize(token->own_module);
        p11_kit_module_release(token->own_module);
    }
    p11_kit_uri_free(token->uri);
    EVP_PKEY_free(token->public_half);
    hf_free_wiped(token, sizeof(*token));
}

/* ---- URI ---- */

static bool names_key(P11KitUri *uri)
{
    return p11_kit_uri_get_attribute(uri, CKA_LABEL) != NULL ||
           p11_kit_uri_get_attribute(uri, CKA_ID) != NULL;
}

static enum hf_err check_uri(const struct hf_pkcs11_token *token,
                             struct hf_why *why)
{
    const char *module = p11_kit_uri_get_module_path(token->uri);

    if (p11_kit_uri_any_unrecognized(token->uri) != 0)
        return hf_fail(why, HF_EINVAL, 0,
                       "this PKCS #11 URI has fields that are not known here");
    if (p11_kit_uri_get_pin_value(token->uri) != NULL)
        return hf_fail(why, HF_EINVAL, 0,
                       "a PIN in a URI is seen by everybody here: change it, "
                       "and give it in one of the ways of a passphrase");
    if (!token->make && !names_key(token->uri))
        return hf_fail(why, HF_EINVAL, 0,
                       "this PKCS #11 URI names no key: it needs object=... or "
                       "id=...");
    if (module != NULL && module[0] != '/')
        return hf_fail(why, HF_EINVAL, 0,
                       "the path of a PKCS #11 module is absolute");
    return HF_OK;
}

static enum hf_err parse_uri(struct hf_pkcs11_token *token, struct hf_span text,
                             struct hf_why *why)
{
    char copy[HF_TOKEN_URI_MAX + 1] = {0};
    bool good;

    if (text.len > HF_TOKEN_URI_MAX)
        return hf_fail(why, HF_ELIMIT, 0, "this PKCS #11 URI is too long");
    token->uri = p11_kit_uri_new();
    if (token->uri == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    memcpy(copy, text.ptr, text.len);
    good = strlen(copy) == text.len &&
           p11_kit_uri_parse(copy, EVERY_FIELD, token->uri) == P11_KIT_URI_OK;
    OPENSSL_cleanse(copy, sizeof(copy)); /* there may be a pin-value in it */
    if (!good)
        return hf_fail(why, HF_EINVAL, 0, "this is no PKCS #11 URI (RFC 7512)");
    return check_uri(token, why);
}

static enum hf_err read_where(struct hf_pkcs11_token *token,
                              struct hf_span where, struct hf_why *why)
{
    char room[HF_TOKEN_URI_MAX + 1];
    struct hf_buf uri;
    enum hf_err err;

    if (hf_span_starts(where, HF_SPAN("pkcs11:")))
        return parse_uri(token, where, why);
    hf_buf_init(&uri, room, sizeof(room));
    err = hf_key_note_read_uri(where, &uri, why);
    token->beside = token->make;
    return err == HF_OK ? parse_uri(token, hf_buf_span(&uri), why) : err;
}

/* ---- module and token ---- */

static enum hf_err load(struct hf_pkcs11_token *token, struct hf_why *why)
{
    const char *path = p11_kit_uri_get_module_path(token->uri);
    CK_FUNCTION_LIST *module;

    if (path == NULL) {
        token->modules = p11_kit_modules_load_and_initialize(0);
        return token->modules != NULL
                   ? HF_OK
                   : hf_fail(why, HF_ENOTFOUND, 0,
                             "the PKCS #11 modules that p11-kit knows do not "
                             "start: write ?module-path=... into the URI");
    }
    module = p11_kit_module_load(path, P11_KIT_MODULE_CRITICAL);
    if (module == NULL)
        return hf_fail(why, HF_ENOTFOUND, 0,
                       "this PKCS #11 module is not there, or is none");
    if (p11_kit_module_initialize(module) != CKR_OK) {
        p11_kit_module_release(module);
        return hf_fail(why, HF_EPEER, 0, "this PKCS #11 module does not start");
    }
    token->own_module = module;
    return HF_OK;
}

/* How many tokens of this module are meant; the last one stays in `token`. */
static unsigned find_in(struct hf_pkcs11_token *token, CK_FUNCTION_LIST *module)
{
    CK_SLOT_ID wanted = p11_kit_uri_get_slot_id(token->uri);
    CK_SLOT_ID slots[SLOTS_MAX];
    CK_ULONG count = SLOTS_MAX;
    CK_TOKEN_INFO info;
    unsigned found = 0;

    if (module->C_GetSlotList(CK_TRUE, slots, &count) != CKR_OK)
        return 0;
    for (CK_ULONG i = 0; i < count; i++) {
        if ((wanted != NONE && wanted != slots[i]) ||
            module->C_GetTokenInfo(slots[i], &info) != CKR_OK ||
            (info.flags & CKF_TOKEN_INITIALIZED) == 0 ||
            p11_kit_uri_match_token_info(token->uri, &info) != 1)
            continue;
        token->module = module;
        token->info = info;
        token->slot = slots[i];
        found++;
    }
    return found;
}

static enum hf_err find_token(struct hf_pkcs11_token *token, struct hf_why *why)
{
    unsigned found = 0;

    if (token->own_module != NULL)
        found = find_in(token, token->own_module);
    for (size_t i = 0; token->modules != NULL && token->modules[i] != NULL; i++)
        found += find_in(token, token->modules[i]);
    if (found == 0)
        return hf_fail(why, HF_ENOTFOUND, 0,
                       "the token of this PKCS #11 URI is not there");
    if (found > 1)
        return hf_fail(why, HF_EINVAL, 0,
                       "this PKCS #11 URI means several tokens: add serial=");
    return HF_OK;
}

static enum hf_err token_open(const struct hf_token_plan *plan, void **out,
                              struct hf_why *why)
{
    struct hf_pkcs11_token *token = hf_alloc(1, sizeof(*token));
    enum hf_err err;

    if (token == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    token->make = plan->make;
    token->kind = plan->kind;
    err = read_where(token, plan->where, why);
    if (err == HF_OK)
        err = load(token, why);
    if (err == HF_OK)
        err = find_token(token, why);
    if (err == HF_OK)
        *out = token;
    else
        token_free(token);
    return err;
}

/* ---- session ---- */

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
        return hf_fail(why, HF_EINVAL, 0,
                       "the PIN of the token is locked: its security officer "
                       "can set a new one");
    case CKR_PIN_EXPIRED:
    case CKR_USER_PIN_NOT_INITIALIZED:
        return hf_fail(why, HF_EINVAL, 0,
                       "the token wants a new PIN to be set first");
    default:
        return hf_fail(why, HF_EPEER, 0,
                       "the token refuses to log in; if its module keeps "
                       "files, --token-allow must name their folder");
    }
}

CK_RV hf_pkcs11_login(const struct hf_pkcs11_token *token, CK_USER_TYPE user)
{
    /* The module does not write there. */
    CK_UTF8CHAR *pin = (CK_UTF8CHAR *)(uintptr_t)token->pin;

    return token->module->C_Login(
        token->session, user, token->pin_len > 0 ? pin : NULL, token->pin_len);
}

static enum hf_err open_session(struct hf_pkcs11_token *token,
                                struct hf_why *why)
{
    CK_FLAGS flags = CKF_SERIAL_SESSION | (token->make ? CKF_RW_SESSION : 0);
    bool has_pad = (token->info.flags & CKF_PROTECTED_AUTHENTICATION_PATH) != 0;

    if (token->module->C_OpenSession(token->slot, flags, NULL, NULL,
                                     &token->session) != CKR_OK)
        return hf_fail(why, HF_EPEER, 0,
                       "the token opens no session; if its module keeps "
                       "files, --token-allow must name their folder");
    token->has_session = true;
    if ((token->info.flags & CKF_LOGIN_REQUIRED) == 0 && token->pin_len == 0)
        return HF_OK;
    if (token->pin_len == 0 && !has_pad)
        return hf_fail(why, HF_EINVAL, 0,
                       "the token wants a PIN, and none is given: give "
                       "--passphrase-file, --passphrase-credential or "
                       "--passphrase-command, or type it at a terminal");
    return explain_login(hf_pkcs11_login(token, CKU_USER), why);
}

/* ---- objects ---- */

bool hf_pkcs11_get(const struct hf_pkcs11_token *token, CK_OBJECT_HANDLE object,
                   CK_ATTRIBUTE_TYPE type, struct hf_pkcs11_octets *out)
{
    CK_ATTRIBUTE attribute = {type, out->data, sizeof(out->data)};

    if (token->module->C_GetAttributeValue(token->session, object, &attribute,
                                           1) != CKR_OK ||
        attribute.ulValueLen > sizeof(out->data))
        return false;
    out->len = attribute.ulValueLen;
    return out->len > 0;
}

CK_ULONG hf_pkcs11_find(const struct hf_pkcs11_token *token,
                        CK_ATTRIBUTE *wanted, CK_ULONG count,
                        CK_OBJECT_HANDLE *out)
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

static CK_ULONG count_keys(struct hf_pkcs11_token *token)
{
    CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
    CK_ATTRIBUTE wanted[3] = {{CKA_CLASS, &class, sizeof(class)}};
    const CK_ATTRIBUTE *label =
        p11_kit_uri_get_attribute(token->uri, CKA_LABEL);
    const CK_ATTRIBUTE *id = p11_kit_uri_get_attribute(token->uri, CKA_ID);
    CK_ULONG count = 1;

    if (label != NULL)
        wanted[count++] = *label;
    if (id != NULL)
        wanted[count++] = *id;
    return hf_pkcs11_find(token, wanted, count, &token->key);
}

static enum hf_err find_key(struct hf_pkcs11_token *token, struct hf_why *why)
{
    CK_ULONG count = count_keys(token);

    if (count == 0)
        return hf_fail(why, HF_ENOTFOUND, 0,
                       "the token has no private key that this PKCS #11 URI "
                       "means, or shows it only with the PIN");
    if (count > 1)
        return hf_fail(why, HF_EINVAL, 0,
                       "this PKCS #11 URI means several keys: add id=...");
    return HF_OK;
}

static enum hf_err make_key(struct hf_pkcs11_token *token, struct hf_why *why)
{
    if (!token->beside && names_key(token->uri) && count_keys(token) > 0)
        return hf_fail(why, HF_EINVAL, 0,
                       "the token has such a key already: leave --make-key out "
                       "to use it, or write another object=... or id=...");
    return hf_pkcs11_make(token, why);
}

/* ---- what is known of the key ---- */

static enum hf_err describe(struct hf_pkcs11_token *token,
                            struct hf_token_key *out, struct hf_why *why)
{
    CK_BBOOL each_time = CK_FALSE;
    CK_ATTRIBUTE attribute = {CKA_ALWAYS_AUTHENTICATE, &each_time,
                              sizeof(each_time)};
    enum hf_err err;

    token->public_half = hf_pkcs11_read_public(token);
    ERR_clear_error();
    if (token->public_half == NULL)
        return hf_fail(why, HF_EINVAL, 0,
                       "the public half of this key cannot be read from the "
                       "token, or it is of a kind that ACME has no use for");
    token->asks_each_time =
        token->module->C_GetAttributeValue(token->session, token->key,
                                           &attribute, 1) == CKR_OK &&
        each_time == CK_TRUE;
    err = hf_signer_describe(&out->signer, token->public_half, why);
    if (err == HF_OK)
        err = hf_evp_kind(token->public_half, &out->kind, why);
    token->alg = out->signer.alg;
    return err;
}

static bool copy_attribute(const struct hf_pkcs11_token *token,
                           CK_ATTRIBUTE_TYPE type, P11KitUri *uri)
{
    struct hf_pkcs11_octets octets;
    CK_ATTRIBUTE attribute;

    if (!hf_pkcs11_get(token, token->key, type, &octets))
        return true;
    attribute = (CK_ATTRIBUTE){type, octets.data, octets.len};
    return p11_kit_uri_set_attribute(uri, &attribute) == P11_KIT_URI_OK;
}

/* Token by label and serial number, key by label and id, module by its path:
 * the next time nothing else can be meant. */
static char *name_key(const struct hf_pkcs11_token *token)
{
    P11KitUri *uri = p11_kit_uri_new();
    char *path = p11_kit_module_get_filename(token->module);
    CK_TOKEN_INFO *info;
    char *text = NULL;

    if (uri == NULL)
        return NULL;
    info = p11_kit_uri_get_token_info(uri);
    memcpy(info->label, token->info.label, sizeof(info->label));
    memcpy(info->serialNumber, token->info.serialNumber,
           sizeof(info->serialNumber));
    p11_kit_uri_set_module_path(uri, path);
    if (!copy_attribute(token, CKA_LABEL, uri) ||
        !copy_attribute(token, CKA_ID, uri) ||
        p11_kit_uri_format(uri, EVERY_FIELD, &text) != P11_KIT_URI_OK)
        text = NULL;
    free(path);
    p11_kit_uri_free(uri);
    return text;
}

static enum hf_err put_note(const struct hf_pkcs11_token *token,
                            struct hf_buf *note, struct hf_why *why)
{
    char *uri = name_key(token);
    enum hf_err err = HF_OK;

    if (uri == NULL)
        return hf_fail(why, HF_EINVAL, 0,
                       "this key has neither label nor id to be found by");
    err = hf_key_note_write_uri(hf_span_str(uri), note, why);
    free(uri);
    return err;
}

static enum hf_err token_use(void *opaque, struct hf_span pin,
                             struct hf_token_key *out, struct hf_buf *note,
                             struct hf_why *why)
{
    struct hf_pkcs11_token *token = opaque;
    struct hf_token_key made = {
        .signer = {.sign = hf_pkcs11_sign, .free = token_free, .state = token}};
    enum hf_err err;

    if (pin.len > 0)
        memcpy(token->pin, pin.ptr, pin.len);
    token->pin_len = pin.len;
    err = open_session(token, why);
    if (err == HF_OK)
        err = token->make ? make_key(token, why) : find_key(token, why);
    if (err == HF_OK)
        err = describe(token, &made, why);
    if (err == HF_OK)
        err = put_note(token, note, why);
    if (err == HF_OK)
        *out = made;
    return err;
}

__attribute__((visibility("default")))
const struct hf_token_driver hf_token_driver_1 = {
    .open = token_open, .use = token_use, .free = token_free};
