/* SPDX-License-Identifier: Apache-2.0 */
/* authority_fixture.h -- a root of a test's own, and how OpenSSL sees it. */
#pragma once

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "crypto/ca_certificate.h"
#include "crypto/jwk.h"
#include "crypto/private_key.h"
#include "tests/unit/unit.h"

struct authority {
    struct hf_private_key *key;
    struct hf_signer signer;
    struct hf_x509_issuer issuer;
    char spki_room[1024];
    struct hf_buf spki;
    char certificate_room[2048];
    struct hf_buf certificate;
};

static inline struct hf_span authority_spki(const struct authority *authority)
{
    return hf_buf_span(&authority->spki);
}

static inline void authority_make(enum hf_key_kind kind, struct authority *out)
{
    static const unsigned char serial[] = {1};
    struct hf_ca_certificate root = {
        .serial = serial,
        .serial_len = 1,
        .subject = {.common_name = HF_SPAN("Root of the test")},
        .not_before_at = 1700000000,
        .not_after_at = 2700000000,
        .is_root = true};
    char room[HF_CA_TBS_MAX];
    struct hf_der tbs;

    assert_int_equal(hf_private_key_generate(kind, &out->key, NULL), HF_OK);
    assert_int_equal(hf_private_key_signer(out->key, &out->signer, NULL),
                     HF_OK);
    hf_buf_init(&out->spki, out->spki_room, sizeof(out->spki_room));
    hf_buf_init(&out->certificate, out->certificate_room,
                sizeof(out->certificate_room));
    assert_int_equal(hf_jwk_spki(hf_signer_jwk(&out->signer), &out->spki, NULL),
                     HF_OK);
    root.spki = hf_buf_span(&out->spki);
    hf_der_init(&tbs, room, sizeof(room));
    assert_int_equal(
        hf_ca_certificate_build(&root, out->signer.alg, &tbs, NULL), HF_OK);
    assert_int_equal(
        hf_x509_sign(&out->signer, hf_der_span(&tbs), &out->certificate, NULL),
        HF_OK);
    assert_int_equal(
        hf_x509_read_issuer(hf_buf_span(&out->certificate), &out->issuer, NULL),
        HF_OK);
    out->issuer.alg = out->signer.alg;
}

static inline void authority_clear(struct authority *authority)
{
    hf_signer_clear(&authority->signer);
    hf_private_key_free(authority->key);
}

/* Read it, and see that OpenSSL would have written the same. */
static inline X509 *authority_decode(struct hf_span der)
{
    const unsigned char *at = (const unsigned char *)der.ptr;
    X509 *certificate = d2i_X509(NULL, &at, (long)der.len);
    unsigned char *again = NULL;
    int len;

    assert_non_null(certificate);
    assert_ptr_equal(at, der.ptr + der.len);
    /* Not what it has kept of the octets, but written anew. */
    (void)i2d_re_X509_tbs(certificate, &again);
    OPENSSL_free(again);
    again = NULL;
    len = i2d_X509(certificate, &again);
    assert_span_equal(((struct hf_span){(char *)again, (size_t)len}), der);
    OPENSSL_free(again);
    return certificate;
}

/* An extension, as OpenSSL prints it, has this in it. */
static inline void authority_assert_text(X509 *certificate, int nid,
                                         const char *part)
{
    int at = X509_get_ext_by_NID(certificate, nid, -1);
    BIO *bio = BIO_new(BIO_s_mem());
    char room[4096] = {0};

    assert_true(at >= 0);
    assert_int_equal(X509V3_EXT_print(bio, X509_get_ext(certificate, at), 0, 0),
                     1);
    assert_true(BIO_read(bio, room, sizeof(room) - 1) > 0);
    if (strstr(room, part) == NULL)
        fail_msg("\"%s\" is not in \"%s\"", part, room);
    BIO_free(bio);
}
