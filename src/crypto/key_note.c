/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/key_note.h"

#include <openssl/asn1t.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/pem.h>

#include "crypto/evp_key.h"

#define URI_PEM   "PKCS#11 PROVIDER URI"
#define URI_LABEL "PKCS#11 Provider URI v1.0"
#define TPM2_PEM  "TSS2 PRIVATE KEY"
#define TPM2_OID  "2.23.133.10.1.3" /* a key that its parent can load */

/* What they begin with: as a file, and as what names a key. */
static const struct {
    const char *name;
    struct hf_span file;
    struct hf_span uri;
} homes[HF_KEY_HOME_COUNT] = {
    [HF_HOME_FILE] = {"file", HF_SPAN_INIT(""), HF_SPAN_INIT("")},
    [HF_HOME_PKCS11] = {"pkcs11", HF_SPAN_INIT("-----BEGIN " URI_PEM "-----"),
                        HF_SPAN_INIT("pkcs11:")},
    [HF_HOME_TPM2] = {"tpm2", HF_SPAN_INIT("-----BEGIN " TPM2_PEM "-----"),
                      HF_SPAN_INIT("tpm2:")},
};

const char *hf_key_home_name(enum hf_key_home home)
{
    return homes[home].name;
}

enum hf_key_home hf_key_home_of(struct hf_span text)
{
    for (unsigned i = HF_KEY_HOME_COUNT - 1; i > HF_HOME_FILE; i--)
        if (hf_span_starts(text, homes[i].file) ||
            hf_span_starts(text, homes[i].uri))
            return (enum hf_key_home)i;
    return HF_HOME_FILE;
}

/* ---- ASN.1 ---- */

/* Of the PKCS #11 provider: SEQUENCE { VisibleString, UTF8String }. */
struct uri_note {
    ASN1_VISIBLESTRING *label;
    ASN1_UTF8STRING *uri;
};

/* A policy, a secret and an RSA parent have tags of their own, and are not for
 * us. The description is what a person may write there. */
struct tpm2_note {
    ASN1_OBJECT *type;
    ASN1_BOOLEAN no_auth; /* -1: is not there */
    ASN1_UTF8STRING *description;
    ASN1_INTEGER *parent;
    ASN1_OCTET_STRING *public;
    ASN1_OCTET_STRING *private;
};

/* clang-format off */
ASN1_SEQUENCE(uri_note) = {
    ASN1_SIMPLE(struct uri_note, label, ASN1_VISIBLESTRING),
    ASN1_SIMPLE(struct uri_note, uri, ASN1_UTF8STRING),
} static_ASN1_SEQUENCE_END_name(struct uri_note, uri_note)

ASN1_SEQUENCE(tpm2_note) = {
    ASN1_SIMPLE(struct tpm2_note, type, ASN1_OBJECT),
    ASN1_EXP_OPT(struct tpm2_note, no_auth, ASN1_BOOLEAN, 0),
    ASN1_EXP_OPT(struct tpm2_note, description, ASN1_UTF8STRING, 4),
    ASN1_SIMPLE(struct tpm2_note, parent, ASN1_INTEGER),
    ASN1_SIMPLE(struct tpm2_note, public, ASN1_OCTET_STRING),
    ASN1_SIMPLE(struct tpm2_note, private, ASN1_OCTET_STRING),
} static_ASN1_SEQUENCE_END_name(struct tpm2_note, tpm2_note)
    /* clang-format on */

    /* One PEM block around this value. */
    static enum hf_err
    put_pem(struct hf_buf * out, const char *name, const void *value,
            const ASN1_ITEM *item, struct hf_why *why)
{
    unsigned char *der = NULL;
    int len = ASN1_item_i2d(value, &der, item);
    BIO *bio = BIO_new(BIO_s_mem());
    bool good =
        len > 0 && bio != NULL && PEM_write_bio(bio, name, "", der, len) > 0;
    char *text = NULL;

    if (good) {
        long size = BIO_get_mem_data(bio, &text);

        hf_buf_put(out, (struct hf_span){text, (size_t)size});
    }
    OPENSSL_free(der);
    BIO_free(bio);
    if (!good)
        return hf_evp_failed(why);
    if (out->full)
        return hf_fail(why, HF_ELIMIT, 0, "no room for a key file");
    return HF_OK;
}

/* The value in the first PEM block, which must be one of these; NULL when not.
 * Owns: ASN1_item_free(). */
static void *take_pem(struct hf_span pem, const char *name,
                      const ASN1_ITEM *item)
{
    BIO *bio = pem.len > HF_KEY_PEM_MAX
                   ? NULL
                   : BIO_new_mem_buf(pem.ptr, (int)pem.len);
    unsigned char *der = NULL;
    char *header = NULL;
    char *found = NULL;
    void *value = NULL;
    long len = 0;

    if (bio != NULL && PEM_read_bio(bio, &found, &header, &der, &len) == 1 &&
        strcmp(found, name) == 0 && header[0] == '\0') {
        const unsigned char *at = der;

        value = ASN1_item_d2i(NULL, &at, len, item);
        if (value != NULL && at != der + len) {
            ASN1_item_free(value, item);
            value = NULL;
        }
    }
    OPENSSL_free(der);
    OPENSSL_free(header);
    OPENSSL_free(found);
    BIO_free(bio);
    ERR_clear_error();
    return value;
}

static struct hf_span octets_of(const ASN1_STRING *string)
{
    return (struct hf_span){(const char *)ASN1_STRING_get0_data(string),
                            (size_t)ASN1_STRING_length(string)};
}

static bool set(ASN1_STRING *string, struct hf_span octets)
{
    return octets.len <= HF_KEY_PEM_MAX &&
           ASN1_STRING_set(string, octets.ptr, (int)octets.len) == 1;
}

/* ---- a URI ---- */

enum hf_err hf_key_note_write_uri(struct hf_span uri, struct hf_buf *pem,
                                  struct hf_why *why)
{
    const ASN1_ITEM *item = ASN1_ITEM_rptr(uri_note);
    struct uri_note *note = (struct uri_note *)ASN1_item_new(item);
    enum hf_err err;

    if (note == NULL || !set(note->label, HF_SPAN(URI_LABEL)) ||
        !set(note->uri, uri))
        err = hf_evp_failed(why);
    else
        err = put_pem(pem, URI_PEM, note, item, why);
    ASN1_item_free((ASN1_VALUE *)note, item);
    return err;
}

enum hf_err hf_key_note_read_uri(struct hf_span pem, struct hf_buf *uri,
                                 struct hf_why *why)
{
    const ASN1_ITEM *item = ASN1_ITEM_rptr(uri_note);
    struct uri_note *note = take_pem(pem, URI_PEM, item);
    struct hf_span text;

    if (note == NULL)
        return hf_fail(why, HF_ESYNTAX, 0,
                       "this key file should name a key in a PKCS #11 token, "
                       "and does not: restore it from a backup");
    text = octets_of(note->uri);
    if (text.len <= HF_TOKEN_URI_MAX)
        hf_buf_put(uri, text);
    ASN1_item_free((ASN1_VALUE *)note, item);
    if (uri->full || text.len > HF_TOKEN_URI_MAX)
        return hf_fail(why, HF_ELIMIT, 0, "this PKCS #11 URI is too long");
    return HF_OK;
}

/* ---- a wrapped key ---- */

enum hf_err hf_key_note_write_tpm2(const struct hf_tpm2_note *note,
                                   struct hf_buf *pem, struct hf_why *why)
{
    const ASN1_ITEM *item = ASN1_ITEM_rptr(tpm2_note);
    struct tpm2_note *made = (struct tpm2_note *)ASN1_item_new(item);
    enum hf_err err;

    if (made == NULL)
        return hf_evp_failed(why);
    ASN1_OBJECT_free(made->type);
    made->type = OBJ_txt2obj(TPM2_OID, 1);
    made->no_auth = note->has_auth ? -1 : 0xff;
    if (made->type == NULL ||
        ASN1_INTEGER_set_uint64(made->parent, note->parent) != 1 ||
        !set(made->public, note->public) || !set(made->private, note->private))
        err = hf_evp_failed(why);
    else
        err = put_pem(pem, TPM2_PEM, made, item, why);
    ASN1_item_free((ASN1_VALUE *)made, item);
    return err;
}

static bool is_loadable(const struct tpm2_note *note)
{
    char oid[sizeof(TPM2_OID) + 1];

    return OBJ_obj2txt(oid, sizeof(oid), note->type, 1) ==
               sizeof(TPM2_OID) - 1 &&
           strcmp(oid, TPM2_OID) == 0;
}

static enum hf_err take_tpm2(const struct tpm2_note *note, unsigned char *room,
                             struct hf_tpm2_note *out, struct hf_why *why)
{
    struct hf_span public = octets_of(note->public);
    struct hf_span private = octets_of(note->private);
    uint64_t parent = 0;

    if (!is_loadable(note) ||
        ASN1_INTEGER_get_uint64(&parent, note->parent) != 1 ||
        parent > UINT32_MAX)
        return hf_fail(why, HF_EINVAL, 0,
                       "a TPM key of a kind that is not for signing requests");
    if (public.len + private.len > HF_TPM2_NOTE_MAX)
        return hf_fail(why, HF_ELIMIT, 0, "this TPM key is too long");
    memcpy(room, public.ptr, public.len);
    memcpy(room + public.len, private.ptr, private.len);
    *out = (struct hf_tpm2_note){
        .has_auth = note->no_auth <= 0,
        .parent = (uint32_t)parent,
        .public = {(char *)room, public.len},
        .private = {(char *)room + public.len, private.len},
    };
    return HF_OK;
}

enum hf_err hf_key_note_read_tpm2(struct hf_span pem, unsigned char *room,
                                  struct hf_tpm2_note *out, struct hf_why *why)
{
    const ASN1_ITEM *item = ASN1_ITEM_rptr(tpm2_note);
    struct tpm2_note *note = take_pem(pem, TPM2_PEM, item);
    enum hf_err err;

    if (note == NULL)
        return hf_fail(why, HF_ESYNTAX, 0,
                       "this key file should hold a key that a TPM wrapped "
                       "under a password or nothing, and does not: restore it "
                       "from a backup");
    err = take_tpm2(note, room, out, why);
    ASN1_item_free((ASN1_VALUE *)note, item);
    ERR_clear_error();
    return err;
}

bool hf_key_note_has_auth(struct hf_span text)
{
    unsigned char room[HF_TPM2_NOTE_MAX];
    struct hf_tpm2_note note;

    switch (hf_key_home_of(text)) {
    case HF_HOME_FILE:
        break;
    case HF_HOME_PKCS11:
        return true;
    case HF_HOME_TPM2:
        return hf_key_note_read_tpm2(text, room, &note, NULL) == HF_OK &&
               note.has_auth;
    }
    return hf_private_key_is_encrypted(text);
}
