/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/certificate.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/hex.h"
#include "crypto/evp_key.h"
#include "crypto/san_read.h"
#include "crypto/sec1.h"
#include "crypto/tbs.h"

#define NAME_MAX_LEN 256 /* octets of a common name; ub-common-name is 64 */
#define ROOM                                                                   \
    (2 * HF_SERIAL_MAX + HF_KEY_ID_MAX + HF_ARI_ID_MAX + 3 * NAME_MAX_LEN)

/* What hf_certificate_read() gives out, and where its texts live. */
struct whole {
    struct hf_certificate face;
    struct hf_buf texts;
    char room[ROOM];
    char *der;
    char *pem;
};

/* The certificates while they are read, and their octets, which are OpenSSL's.
 */
struct chain {
    struct {
        struct hf_tbs_signed *cert;
        unsigned char *der;
        long len;
    } items[HF_CHAIN_COUNT_MAX];
    size_t count;
};

static const char no_chain[] =
    "no chain of certificates: PEM with -----BEGIN CERTIFICATE----- is wanted";

/* ---- PEM in ---- */

static void chain_clear(struct chain *chain)
{
    for (size_t i = 0; i < chain->count; i++) {
        hf_tbs_free(chain->items[i].cert);
        OPENSSL_free(chain->items[i].der);
    }
    chain->count = 0;
}

/* Takes `*data` over when it is a certificate, and leaves NULL there. */
static enum hf_err take_block(const char *label, unsigned char **data, long len,
                              struct chain *chain, struct hf_why *why)
{
    const unsigned char *at = *data;
    struct hf_tbs_signed *cert;

    if (strcmp(label, PEM_STRING_X509) != 0)
        return hf_fail(why, HF_EINVAL, 0,
                       "RFC 8555 9.1: something other than certificates is in "
                       "this chain");
    if (chain->count == HF_CHAIN_COUNT_MAX)
        return hf_fail(why, HF_ELIMIT, 0, "more than 16 certificates");
    cert = hf_tbs_read(&at, len);
    if (cert == NULL)
        return hf_fail(why, HF_ESYNTAX, 0,
                       "a certificate in this chain cannot be read");
    if (at != *data + len) {
        hf_tbs_free(cert);
        return hf_fail(why, HF_ESYNTAX, 0,
                       "a certificate in this chain has something behind it");
    }
    chain->items[chain->count].cert = cert;
    chain->items[chain->count].der = *data;
    chain->items[chain->count++].len = len;
    *data = NULL;
    return HF_OK;
}

/* A chain that breaks off in the first line of a certificate has as many
 * whole ones as it had before: only that line tells. */
static bool breaks_off(struct hf_span pem)
{
    struct hf_span last = {0};

    while (pem.len > 0) {
        struct hf_span line = hf_span_cut(&pem, hf_span_find(pem, '\n'));

        (void)hf_span_skip(&pem, '\n');
        if (line.len > 0)
            last = line;
    }
    return hf_span_starts(last, HF_SPAN("-")) &&
           !hf_span_starts(last, HF_SPAN("-----END"));
}

static enum hf_err read_chain(struct hf_span pem, struct chain *chain,
                              struct hf_why *why)
{
    BIO *bio = BIO_new_mem_buf(pem.ptr, (int)pem.len);
    enum hf_err err = HF_OK;
    bool more = bio != NULL;

    while (more && err == HF_OK) {
        unsigned char *data = NULL;
        char *header = NULL;
        char *label = NULL;
        long len = 0;

        more = PEM_read_bio(bio, &label, &header, &data, &len) == 1;
        if (more)
            err = take_block(label, &data, len, chain, why);
        OPENSSL_free(header);
        OPENSSL_free(label);
        OPENSSL_clear_free(data, (size_t)len);
    }
    /* Behind the last block there is no line that begins one. */
    if (err == HF_OK &&
        (chain->count == 0 ||
         ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE))
        err = hf_fail(why, HF_ESYNTAX, 0, no_chain);
    BIO_free(bio);
    if (err == HF_OK && breaks_off(pem))
        err = hf_fail(why, HF_ESYNTAX, 0, "this chain breaks off");
    return err;
}

/* ---- texts of the leaf ---- */

/* What was put into the fixed buffer since `from`. */
static struct hf_span since(const struct hf_buf *texts, size_t from)
{
    return (struct hf_span){texts->ptr + from, texts->len - from};
}

static struct hf_span put_base64(struct hf_buf *texts, struct hf_span octets)
{
    char *to = hf_buf_reserve(texts, HF_BASE64URL_LEN(octets.len));
    size_t from = texts->len;

    if (to != NULL) {
        hf_base64url(octets, to);
        texts->len += HF_BASE64URL_LEN(octets.len);
    }
    return since(texts, from);
}

static struct hf_span put_hex(struct hf_buf *texts, struct hf_span octets)
{
    size_t from = texts->len;

    hf_put_hex(texts, octets);
    return since(texts, from);
}

/* The first common name; one that is too long is none. */
static struct hf_span put_common_name(struct hf_buf *texts,
                                      const X509_NAME *name)
{
    int at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
    unsigned char *utf8 = NULL;
    size_t from = texts->len;
    int len = -1;

    if (at >= 0)
        len = ASN1_STRING_to_UTF8(
            &utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
    if (len > 0 && len <= NAME_MAX_LEN)
        hf_buf_put(texts, (struct hf_span){(char *)utf8, (size_t)len});
    OPENSSL_free(utf8);
    return since(texts, from);
}

/* The octets of the serial number as they stand in DER, also a zero in front
 * (RFC 9773 4.1): what follows one octet of tag and one of length. */
static enum hf_err take_serial(struct whole *whole, const ASN1_INTEGER *serial,
                               unsigned char octets[HF_SERIAL_MAX + 2],
                               struct hf_span *out, struct hf_why *why)
{
    int len = i2d_ASN1_INTEGER(serial, NULL);

    if (len < 3 || len > HF_SERIAL_MAX + 2)
        return hf_fail(why, HF_ELIMIT, 0,
                       "a serial number of more than 32 octets");
    (void)i2d_ASN1_INTEGER(serial, &octets);
    *out = (struct hf_span){(char *)octets - len + 2, (size_t)len - 2};
    whole->face.serial = put_hex(&whole->texts, *out);
    return HF_OK;
}

static void put_ari_id(struct whole *whole, struct hf_span serial)
{
    struct hf_buf *texts = &whole->texts;
    size_t from = texts->len;

    (void)put_base64(texts, whole->face.key_id);
    hf_buf_putc(texts, '.');
    (void)put_base64(texts, serial);
    whole->face.ari_id = since(texts, from);
}

static enum hf_err take_key_id(struct whole *whole, const ASN1_OCTET_STRING *id,
                               struct hf_why *why)
{
    size_t from = whole->texts.len;

    if (ASN1_STRING_length(id) > HF_KEY_ID_MAX)
        return hf_fail(why, HF_ELIMIT, 0,
                       "a key identifier of more than 64 octets");
    hf_buf_put(&whole->texts,
               (struct hf_span){(const char *)ASN1_STRING_get0_data(id),
                                (size_t)ASN1_STRING_length(id)});
    whole->face.key_id = since(&whole->texts, from);
    return HF_OK;
}

static enum hf_err take_ids(struct whole *whole, const struct hf_tbs *leaf,
                            struct hf_why *why)
{
    unsigned char octets[HF_SERIAL_MAX + 2];
    struct hf_span serial = {0};
    enum hf_err err = take_serial(whole, leaf->serial, octets, &serial, why);
    AUTHORITY_KEYID *issuer = X509V3_get_d2i(
        leaf->extensions, NID_authority_key_identifier, NULL, NULL);

    if (err == HF_OK && issuer != NULL && issuer->keyid != NULL)
        err = take_key_id(whole, issuer->keyid, why);
    AUTHORITY_KEYID_free(issuer);
    if (err == HF_OK && whole->face.key_id.len > 0)
        put_ari_id(whole, serial);
    return err;
}

/* ---- times and names ---- */

static bool take_time(const ASN1_TIME *time, int64_t *out)
{
    ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
    int days = 0;
    int seconds = 0;
    bool good =
        epoch != NULL && ASN1_TIME_diff(&days, &seconds, epoch, time) == 1;

    ASN1_TIME_free(epoch);
    *out = (int64_t)days * 86400 + seconds;
    return good;
}

static enum hf_err take_names(struct whole *whole, const struct hf_tbs *leaf,
                              struct hf_why *why)
{
    int state = -1;
    GENERAL_NAMES *san =
        X509V3_get_d2i(leaf->extensions, NID_subject_alt_name, &state, NULL);
    enum hf_err err;

    if (san == NULL && state != -1)
        return hf_fail(why, HF_ESYNTAX, 0,
                       "the subjectAltName of this certificate cannot be read");
    err = hf_san_read(san, NULL, &whole->face.san, why);
    GENERAL_NAMES_free(san);
    return err;
}

static enum hf_err take_leaf(struct whole *whole, const struct chain *chain,
                             struct hf_why *why)
{
    const struct hf_tbs *top = chain->items[chain->count - 1].cert->tbs;
    const struct hf_tbs *leaf = chain->items[0].cert->tbs;
    struct hf_certificate *face = &whole->face;
    enum hf_err err;

    if (!take_time(leaf->validity->notBefore, &face->not_before_at) ||
        !take_time(leaf->validity->notAfter, &face->not_after_at))
        return hf_fail(why, HF_ESYNTAX, 0,
                       "the dates of this certificate cannot be read");
    face->subject = put_common_name(&whole->texts, leaf->subject);
    face->issuer = put_common_name(&whole->texts, leaf->issuer);
    face->top_issuer = put_common_name(&whole->texts, top->issuer);
    err = take_ids(whole, leaf, why);
    return err == HF_OK ? take_names(whole, leaf, why) : err;
}

/* ---- the chain ---- */

static char *copy(const void *octets, size_t len)
{
    char *made = hf_alloc(len, 1);

    if (made != NULL)
        memcpy(made, octets, len);
    return made;
}

static bool copy_der(struct whole *whole, const struct chain *chain)
{
    size_t len = (size_t)chain->items[0].len;

    whole->der = copy(chain->items[0].der, len);
    if (whole->der == NULL)
        return false;
    whole->face.der = (struct hf_span){whole->der, len};
    return true;
}

static bool copy_pem(struct whole *whole, const struct chain *chain)
{
    struct hf_certificate *face = &whole->face;
    BIO *bio = BIO_new(BIO_s_mem());
    char *text = NULL;
    bool good = bio != NULL;
    long leaf_len = 0;
    long len = 0;

    for (size_t i = 0; i < chain->count && good; i++) {
        good = PEM_write_bio(bio, PEM_STRING_X509, "", chain->items[i].der,
                             chain->items[i].len) > 0;
        if (i == 0)
            leaf_len = BIO_get_mem_data(bio, &text);
    }
    if (good)
        len = BIO_get_mem_data(bio, &text);
    if (len > 0)
        whole->pem = copy(text, (size_t)len);
    BIO_free(bio);
    if (whole->pem == NULL)
        return false;
    face->pem = (struct hf_span){whole->pem, (size_t)len};
    face->chain = face->pem;
    face->leaf = hf_span_cut(&face->chain, (size_t)leaf_len);
    return true;
}

static enum hf_err fill(struct whole *whole, const struct chain *chain,
                        struct hf_why *why)
{
    size_t last = chain->count - 1;
    struct hf_certificate *face = &whole->face;
    enum hf_err err = take_leaf(whole, chain, why);

    if (err != HF_OK)
        return err;
    face->count = chain->count;
    if (EVP_Digest(chain->items[last].der, (size_t)chain->items[last].len,
                   face->top_fingerprint, NULL, EVP_sha256(), NULL) != 1)
        return hf_evp_failed(why);
    if (!copy_der(whole, chain) || !copy_pem(whole, chain))
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    return HF_OK;
}

enum hf_err hf_certificate_read(struct hf_span pem, struct hf_certificate **out,
                                struct hf_why *why)
{
    struct chain chain = {0};
    struct whole *whole;
    enum hf_err err;

    if (pem.len > HF_CHAIN_TEXT_MAX)
        return hf_fail(why, HF_ELIMIT, 0,
                       "a chain of more than 64 KiB of text");
    whole = hf_alloc(1, sizeof(*whole));
    if (whole == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    hf_buf_init(&whole->texts, whole->room, sizeof(whole->room));
    err = read_chain(pem, &chain, why);
    if (err == HF_OK)
        err = fill(whole, &chain, why);
    chain_clear(&chain);
    ERR_clear_error();
    if (err == HF_OK)
        *out = &whole->face;
    else
        hf_certificate_free(&whole->face);
    return err;
}

void hf_certificate_free(struct hf_certificate *certificate)
{
    struct whole *whole = (struct whole *)certificate; /* its first member */

    if (whole == NULL)
        return;
    hf_san_clear(&whole->face.san);
    hf_free(whole->der);
    hf_free(whole->pem);
    hf_free(whole);
}

/* ---- keys ---- */

static X509 *leaf_of(const struct hf_certificate *certificate)
{
    const unsigned char *at = (const unsigned char *)certificate->der.ptr;

    return d2i_X509(NULL, &at, (long)certificate->der.len);
}

/* Are these the octets of the key's public half? */
static bool is_written(const ASN1_STRING *octets, const EVP_PKEY *key)
{
    X509_PUBKEY *half = X509_PUBKEY_new();
    unsigned char *der = NULL;
    int len = -1;
    bool same;

    if (half != NULL && hf_sec1_put_public(key, half))
        len = i2d_X509_PUBKEY(half, &der);
    same = len > 0 && len == ASN1_STRING_length(octets) &&
           memcmp(der, ASN1_STRING_get0_data(octets), (size_t)len) == 0;
    OPENSSL_free(der);
    X509_PUBKEY_free(half);
    return same;
}

static bool has_key(const struct hf_certificate *certificate,
                    const EVP_PKEY *key)
{
    X509 *leaf = leaf_of(certificate);
    const EVP_PKEY *own = leaf == NULL ? NULL : X509_get0_pubkey(leaf);
    bool same = own != NULL && EVP_PKEY_eq(own, key) == 1;

    X509_free(leaf);
    return same;
}

/* Only where the octets are others OpenSSL has to look at the numbers. */
bool hf_certificate_is_for(const struct hf_certificate *certificate,
                           const struct hf_private_key *key)
{
    const unsigned char *at = (const unsigned char *)certificate->der.ptr;
    struct hf_tbs_signed *leaf = hf_tbs_read(&at, (long)certificate->der.len);
    const EVP_PKEY *evp = hf_private_key_evp(key);
    bool same = leaf != NULL &&
                (is_written(leaf->tbs->key, evp) || has_key(certificate, evp));

    hf_tbs_free(leaf);
    ERR_clear_error();
    return same;
}

bool hf_certificate_answers(const struct hf_certificate *certificate,
                            const struct hf_csr *csr)
{
    const unsigned char *at = (const unsigned char *)csr->der.ptr;
    X509_REQ *req = d2i_X509_REQ(NULL, &at, (long)csr->der.len);
    EVP_PKEY *asked = req == NULL ? NULL : X509_REQ_get0_pubkey(req);
    bool same = asked != NULL && has_key(certificate, asked);

    X509_REQ_free(req);
    ERR_clear_error();
    return same;
}
