/* SPDX-License-Identifier: Apache-2.0 */
/*
 * leaf.c -- what it costs to make a certificate, from names and a key to DER
 * with its signature, and to lint it; beside OpenSSL's own way and beside the
 * signature alone, which bounds it. In turn, in the same run; P-256.
 *
 * Prints microseconds: ours, OpenSSL's, the signature's, the lint's, and a CRL
 * of 100,000 entries in milliseconds.
 */
#include "crypto/leaf.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/alloc.h"
#include "crypto/ca_certificate.h"
#include "crypto/crl.h"
#include "crypto/jwk.h"
#include "crypto/leaf_lint.h"
#include "crypto/private_key.h"

#define ROUNDS  9
#define TIMES   400
#define REVOKED 100000
#define NOW     1795000000

static struct hf_span names[] = {HF_SPAN_INIT("example.com"),
                                 HF_SPAN_INIT("www.example.com")};

/* All that is made of. */
struct ca {
    struct hf_private_key *key;
    struct hf_signer signer;
    char spki_room[256];
    struct hf_buf spki;
    char der_room[1024];
    struct hf_buf der; /* its own certificate */
    struct hf_x509_issuer issuer;
    struct hf_leaf_template template;
    X509 *certificate; /* the same for OpenSSL */
    EVP_PKEY *evp;
    EVP_PKEY *subject;
};

static void must(bool good, const char *what)
{
    if (good)
        return;
    (void)fprintf(stderr, "bench-leaf: %s\n", what);
    exit(1);
}

static void make_ca(struct ca *ca)
{
    static const unsigned char serial[] = {1};
    struct hf_ca_certificate root = {
        .serial = serial,
        .serial_len = 1,
        .subject = {.common_name = HF_SPAN("Bench")},
        .not_before_at = NOW,
        .not_after_at = NOW + 86400,
        .is_root = true};
    struct hf_leaf_profile profile = {
        .ca_url = HF_SPAN("http://ca.example/issuer.crt"),
        .crl_url = HF_SPAN("http://ca.example/crl/")};
    static char room[HF_CA_TBS_MAX];
    char pem_room[4096];
    const unsigned char *at;
    struct hf_buf pem;
    struct hf_der tbs;
    BIO *bio;

    hf_buf_init(&ca->spki, ca->spki_room, sizeof(ca->spki_room));
    hf_buf_init(&ca->der, ca->der_room, sizeof(ca->der_room));
    hf_buf_init(&pem, pem_room, sizeof(pem_room));
    must(hf_private_key_generate(HF_KEY_P256, &ca->key, NULL) == HF_OK &&
             hf_private_key_signer(ca->key, &ca->signer, NULL) == HF_OK &&
             hf_jwk_spki(hf_signer_jwk(&ca->signer), &ca->spki, NULL) ==
                 HF_OK &&
             hf_private_key_write(ca->key, HF_SPAN(""), &pem, NULL) == HF_OK,
         "no key");
    root.spki = hf_buf_span(&ca->spki);
    hf_der_init(&tbs, room, sizeof(room));
    must(hf_ca_certificate_build(&root, HF_ES256, &tbs, NULL) == HF_OK &&
             hf_x509_sign(&ca->signer, hf_der_span(&tbs), &ca->der, NULL) ==
                 HF_OK &&
             hf_x509_read_issuer(hf_buf_span(&ca->der), &ca->issuer, NULL) ==
                 HF_OK,
         "no root");
    ca->issuer.alg = HF_ES256;
    profile.issuer = ca->issuer;
    must(hf_leaf_template_make(&profile, &ca->template, NULL) == HF_OK,
         "no template");
    at = (const unsigned char *)ca->der.ptr;
    ca->certificate = d2i_X509(NULL, &at, (long)ca->der.len);
    ca->subject = X509_get_pubkey(ca->certificate);
    bio = BIO_new_mem_buf(pem.ptr, (int)pem.len);
    ca->evp = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
    BIO_free(bio);
    must(ca->evp != NULL && ca->subject != NULL, "no key for OpenSSL");
}

/* ---- what is measured ---- */

static struct hf_span build(struct ca *ca, char *room, size_t size)
{
    static const unsigned char serial[16] = {0x40, 1};
    const struct hf_leaf leaf = {.serial = serial,
                                 .serial_len = sizeof(serial),
                                 .not_before_at = NOW,
                                 .not_after_at = NOW + 86400,
                                 .names = {.dns = names, .dns_count = 2},
                                 .spki = hf_buf_span(&ca->spki)};
    struct hf_der tbs;

    hf_der_init(&tbs, room, size);
    must(hf_leaf_build(&ca->template, &leaf, &tbs, NULL) == HF_OK, "no leaf");
    return hf_der_span(&tbs);
}

static void ours(struct ca *ca)
{
    char room[4096], out_room[4096];
    struct hf_buf out;

    hf_buf_init(&out, out_room, sizeof(out_room));
    must(hf_x509_sign(&ca->signer, build(ca, room, sizeof(room)), &out, NULL) ==
             HF_OK,
         "not signed");
}

static void sign_alone(struct ca *ca)
{
    static const char text[600];
    char out_room[128];
    struct hf_buf out;

    hf_buf_init(&out, out_room, sizeof(out_room));
    must(ca->signer.sign(ca->signer.state, (struct hf_span){text, sizeof(text)},
                         &out, NULL) == HF_OK,
         "not signed");
}

static void lint_alone(struct ca *ca)
{
    const struct hf_leaf_rules rules = {.lifetime_s = 90 * 86400};
    char room[4096];

    must(hf_leaf_fault(build(ca, room, sizeof(room)), &rules) == NULL,
         "a leaf that its lint refuses");
}

static void add(X509 *leaf, X509V3_CTX *ctx, int nid, const char *value)
{
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, ctx, nid, value);

    must(extension != NULL && X509_add_ext(leaf, extension, -1) == 1, value);
    X509_EXTENSION_free(extension);
}

static void openssls(struct ca *ca)
{
    X509 *leaf = X509_new();
    unsigned char *der = NULL;
    X509V3_CTX ctx;

    X509V3_set_ctx_nodb(&ctx);
    X509V3_set_ctx(&ctx, ca->certificate, leaf, NULL, NULL, 0);
    (void)X509_set_version(leaf, X509_VERSION_3);
    (void)ASN1_INTEGER_set_int64(X509_get_serialNumber(leaf), INT64_MAX);
    (void)X509_set_issuer_name(leaf, X509_get_subject_name(ca->certificate));
    (void)ASN1_TIME_set(X509_getm_notBefore(leaf), NOW);
    (void)ASN1_TIME_set(X509_getm_notAfter(leaf), NOW + 86400);
    (void)X509_set_pubkey(leaf, ca->subject);
    add(leaf, &ctx, NID_key_usage, "critical,digitalSignature");
    add(leaf, &ctx, NID_basic_constraints, "critical,CA:FALSE");
    add(leaf, &ctx, NID_ext_key_usage, "serverAuth");
    add(leaf, &ctx, NID_authority_key_identifier, "keyid");
    add(leaf, &ctx, NID_info_access,
        "caIssuers;URI:http://ca.example/issuer.crt");
    add(leaf, &ctx, NID_subject_key_identifier, "hash");
    add(leaf, &ctx, NID_subject_alt_name,
        "critical,DNS:example.com,DNS:www.example.com");
    add(leaf, &ctx, NID_crl_distribution_points,
        "URI:http://ca.example/crl/0.crl");
    must(X509_sign(leaf, ca->evp, EVP_sha256()) > 0 && i2d_X509(leaf, &der) > 0,
         "OpenSSL does not sign");
    OPENSSL_free(der);
    X509_free(leaf);
}

static void list(struct ca *ca)
{
    struct hf_revoked *revoked = hf_alloc(REVOKED, sizeof(*revoked));
    const struct hf_crl crl = {.issuer = ca->issuer,
                               .number = 1,
                               .this_update_at = NOW,
                               .next_update_at = NOW + 86400,
                               .url = HF_SPAN("http://ca.example/crl/"),
                               .revoked = revoked,
                               .count = REVOKED};
    size_t size = HF_CRL_TBS_MAX(REVOKED);
    char *room = hf_alloc(size, 1);
    struct hf_buf out;
    struct hf_der tbs;

    must(room != NULL && revoked != NULL, "out of memory");
    for (uint32_t i = 0; i < REVOKED; i++) {
        revoked[i] = (struct hf_revoked){{1}, 16, 4, NOW - i};
        memcpy(revoked[i].serial + 12, &i, sizeof(i));
    }
    hf_der_init(&tbs, room, size);
    hf_buf_init_grow(&out, size + HF_X509_ENVELOPE_MAX);
    must(hf_crl_build(&crl, &tbs, NULL) == HF_OK &&
             hf_x509_sign(&ca->signer, hf_der_span(&tbs), &out, NULL) == HF_OK,
         "no list");
    hf_buf_clear(&out);
    hf_free(room);
    hf_free(revoked);
}

/* ---- measuring ---- */

static double cpu_us(void)
{
    struct timespec at;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &at);
    return (double)at.tv_sec * 1e6 + (double)at.tv_nsec / 1e3;
}

/* The least of several rounds is what it costs; the rest is the machine. */
static const struct {
    void (*run)(struct ca *ca);
    int times;
} rows[] = {{ours, TIMES},
            {openssls, TIMES},
            {sign_alone, TIMES},
            {lint_alone, TIMES},
            {list, 1}};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

int main(void)
{
    static struct ca ca;
    double least[ROWS];

    make_ca(&ca);
    for (size_t round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < ROWS; i++) {
            double from = cpu_us();
            double each;

            for (int n = 0; n < rows[i].times; n++)
                rows[i].run(&ca);
            each = (cpu_us() - from) / rows[i].times;
            if (round == 0 || each < least[i])
                least[i] = each;
        }
    }
    (void)printf("%.2f %.2f %.2f %.2f %.2f\n", least[0], least[1], least[2],
                 least[3], least[4] / 1000);
    EVP_PKEY_free(ca.subject);
    EVP_PKEY_free(ca.evp);
    X509_free(ca.certificate);
    hf_signer_clear(&ca.signer);
    hf_private_key_free(ca.key);
    return 0;
}
