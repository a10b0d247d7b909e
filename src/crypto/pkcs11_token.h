/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pkcs11_token.h -- inside the shared object for PKCS #11 tokens: a module, one
 * session in it, one key. Nobody else includes this.
 */
#pragma once

#include <openssl/evp.h>
#include <p11-kit/p11-kit.h>
#include <p11-kit/uri.h>

#include "crypto/token.h"

#define HF_PKCS11_OCTETS_MAX 1024 /* of one attribute */

struct hf_pkcs11_token {
    P11KitUri *uri;
    bool beside; /* a new key, beside the one that `uri` means */
    bool make;
    enum hf_key_kind kind;        /* of the new key */
    CK_FUNCTION_LIST **modules;   /* of p11-kit's configuration, or NULL */
    CK_FUNCTION_LIST *own_module; /* by its path, or NULL */
    CK_FUNCTION_LIST *module;     /* the one with the token */
    CK_TOKEN_INFO info;
    CK_SLOT_ID slot;
    bool has_session;
    CK_SESSION_HANDLE session;
    CK_OBJECT_HANDLE key;
    bool asks_each_time; /* CKA_ALWAYS_AUTHENTICATE */
    enum hf_sig_alg alg;
    EVP_PKEY *public_half;
    size_t pin_len;
    CK_UTF8CHAR pin[HF_TOKEN_PIN_MAX];
};

struct hf_pkcs11_octets {
    CK_ULONG len;
    unsigned char data[HF_PKCS11_OCTETS_MAX];
};

/* An attribute of an object. False when there is none, or an empty one. */
bool hf_pkcs11_get(const struct hf_pkcs11_token *token, CK_OBJECT_HANDLE object,
                   CK_ATTRIBUTE_TYPE type, struct hf_pkcs11_octets *out);

/* How many objects have these attributes: 0, 1 or, for more, 2. */
CK_ULONG hf_pkcs11_find(const struct hf_pkcs11_token *token,
                        CK_ATTRIBUTE *wanted, CK_ULONG count,
                        CK_OBJECT_HANDLE *out);

CK_RV hf_pkcs11_login(const struct hf_pkcs11_token *token, CK_USER_TYPE user);

/* The curves, as CKA_EC_PARAMS names them. */
extern const struct hf_span hf_pkcs11_p256;
extern const struct hf_span hf_pkcs11_p384;
extern const struct hf_span hf_pkcs11_ed25519;

/* The public half of token->key, from the public object beside it. NULL when
 * there is none that we understand. Owns: EVP_PKEY_free(). */
EVP_PKEY *hf_pkcs11_read_public(const struct hf_pkcs11_token *token);

/* Make token->key: in the token, and never to leave it. Fails: HF_EPEER (the
 * token does not make such keys), HF_ECRYPTO. */
enum hf_err hf_pkcs11_make(struct hf_pkcs11_token *token, struct hf_why *why);

/* As hf_signer.sign. */
enum hf_err hf_pkcs11_sign(void *opaque, struct hf_span data,
                           struct hf_buf *out, struct hf_why *why);
