/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificates as OpenSSL reads them: a root, an issuing CA and leaves, by
 * every kind of key; nothing is left over, and OpenSSL would have written the
 * same octets.
 */
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "crypto/ca_certificate.h"
#include "crypto/leaf.h"
#include "tests/unit/authority_fixture.h"
#include "tests/unit/unit.h"

#define CA_URL  "http://ca.example/issuing.der"
#define CRL_URL "http://ca.example/crl/"

static struct hf_span dns_names[] = {
    HF_SPAN_INIT("example.com"),
    HF_SPAN_INIT("*.example.com"),
    HF_SPAN_INIT("xn--bcher-kva.example"),
};
static struct hf_span addresses[] = {
    HF_SPAN_INIT("192.0.2.1"),
    HF_SPAN_INIT("2001:db8::1"),
};

/* Into `out`: a leaf below `ca`. */
static void make_leaf(const struct authority *ca, bool client_auth,
                      struct hf_buf *out)
{
    static const unsigned char serial[] = {0x80, 1, 2, 3, 4, 5, 6, 7, 8};
    const struct hf_leaf_profile profile = {.issuer = ca->issuer,
                                            .client_auth = client_auth,
                                            .is_public = true,
                                            .ca_url = HF_SPAN(CA_URL),
                                            .crl_url = HF_SPAN(CRL_URL)};
    const struct hf_leaf leaf = {
        .serial = serial,
        .serial_len = sizeof(serial),
        .not_before_at = 1790000000,
        .not_after_at = 2600000000, /* beyond 2049: GeneralizedTime */
        .names = {dns_names, COUNT_OF(dns_names), addresses,
                  COUNT_OF(addresses)},
        .spki = authority_spki(ca),
        .shard = 7};
    struct hf_leaf_template template;
    char room[8192];
    struct hf_der tbs;

    assert_int_equal(hf_leaf_template_make(&profile, &template, NULL), HF_OK);
    hf_der_init(&tbs, room, sizeof(room));
    assert_int_equal(hf_leaf_build(&template, &leaf, &tbs, NULL), HF_OK);
    assert_int_equal(hf_x509_sign(&ca->signer, hf_der_span(&tbs), out, NULL),
                     HF_OK);
}

static void is_read_by_openssl(void **state)
{
    /* One of each algorithm: more bits take longer to make. */
    (void)state;
    for (unsigned kind = 0; kind <= HF_KEY_RSA2048; kind++) {
        struct authority ca;
        char room[8192];
        struct hf_buf der;
        X509 *root, *leaf;
        EVP_PKEY *key;

        authority_make((enum hf_key_kind)kind, &ca);
        hf_buf_init(&der, room, sizeof(room));
        make_leaf(&ca, false, &der);
        root = authority_decode(hf_buf_span(&ca.certificate));
        leaf = authority_decode(hf_buf_span(&der));
        key = X509_get0_pubkey(root);
        assert_int_equal(X509_verify(leaf, key), 1);
        assert_int_equal(X509_verify(root, key), 1);
        assert_int_equal(X509_check_issued(root, leaf), X509_V_OK);
        assert_int_equal(X509_check_ca(root), 1);
        assert_int_equal(X509_check_ca(leaf), 0);
        X509_free(leaf);
        X509_free(root);
        authority_clear(&ca);
    }
}

static void has_what_was_asked_for(void **state)
{
    struct authority ca;
    char room[8192];
    struct hf_buf der;
    X509 *leaf;

    (void)state;
    authority_make(HF_KEY_P256, &ca);
    hf_buf_init(&der, room, sizeof(room));
    make_leaf(&ca, true, &der);
    leaf = authority_decode(hf_buf_span(&der));
    assert_int_equal(X509_check_host(leaf, "example.com", 0, 0, NULL), 1);
    assert_int_equal(X509_check_host(leaf, "a.example.com", 0, 0, NULL), 1);
    assert_int_equal(X509_check_host(leaf, "b.example.org", 0, 0, NULL), 0);
    assert_int_equal(X509_check_ip_asc(leaf, "192.0.2.1", 0), 1);
    assert_int_equal(X509_check_ip_asc(leaf, "2001:db8::1", 0), 1);
    assert_int_equal(X509_check_ip_asc(leaf, "192.0.2.2", 0), 0);
    assert_int_equal(X509_get_key_usage(leaf), KU_DIGITAL_SIGNATURE);
    assert_int_equal(X509_get_extended_key_usage(leaf),
                     XKU_SSL_SERVER | XKU_SSL_CLIENT);
    assert_int_equal(X509_NAME_entry_count(X509_get_subject_name(leaf)), 0);
    assert_int_equal(
        X509_EXTENSION_get_critical(X509_get_ext(
            leaf, X509_get_ext_by_NID(leaf, NID_subject_alt_name, -1))),
        1);
    authority_assert_text(leaf, NID_crl_distribution_points,
                          "URI:" CRL_URL "7.crl");
    authority_assert_text(leaf, NID_info_access, "CA Issuers - URI:" CA_URL);
    authority_assert_text(leaf, NID_certificate_policies,
                          "Policy: 2.23.140.1.2.1");
    assert_int_equal(ASN1_STRING_length(X509_get0_serialNumber(leaf)), 9);
    assert_int_equal(ASN1_STRING_type(X509_get0_notAfter(leaf)),
                     V_ASN1_GENERALIZEDTIME);
    assert_int_equal(ASN1_STRING_type(X509_get0_notBefore(leaf)),
                     V_ASN1_UTCTIME);
    assert_true(ASN1_TIME_cmp_time_t(X509_get0_notBefore(leaf), 1790000000) ==
                0);
    X509_free(leaf);
    authority_clear(&ca);
}

/* Without URLs there are no extensions of them; and what the reader takes off
 * is what the writer put. */
static void reads_back(void **state)
{
    struct authority ca;
    struct hf_x509_extension extension;
    struct hf_x509 read;
    struct hf_x509_issuer issuer = {0};
    struct hf_span rest;
    size_t count = 0;
    char room[8192];
    struct hf_buf der;

    (void)state;
    authority_make(HF_KEY_P256, &ca);
    hf_buf_init(&der, room, sizeof(room));
    make_leaf(&ca, false, &der);
    assert_int_equal(hf_x509_read(hf_buf_span(&der), &read, NULL), HF_OK);
    assert_int_equal(read.not_before_at, 1790000000);
    assert_int_equal(read.not_after_at, 2600000000);
    assert_span_equal(read.spki, authority_spki(&ca));
    assert_span_equal(read.issuer, ca.issuer.name);
    for (rest = read.extensions; hf_x509_next_extension(&rest, &extension);)
        count++;
    assert_int_equal(rest.len, 0);
    assert_int_equal(count, 9);
    assert_int_equal(hf_x509_read_issuer(hf_buf_span(&der), &issuer, NULL),
                     HF_EINVAL);
    for (size_t len = 0; len < der.len; len++)
        assert_int_equal(
            hf_x509_read((struct hf_span){der.ptr, len}, &read, NULL),
            HF_ESYNTAX);
    authority_clear(&ca);
}

static void fails_cleanly(void **state)
{
    static struct hf_span bad_ip[] = {HF_SPAN_INIT("192.0.2")};
    static const unsigned char serial[] = {1};
    struct authority ca;
    struct hf_leaf_profile profile;
    struct hf_leaf leaf = {.serial = serial,
                           .serial_len = 1,
                           .names = {dns_names, 1, NULL, 0},
                           .spki = HF_SPAN("\x30\x00")};
    struct hf_leaf_template template;
    char room[8192];
    char url[HF_LEAF_TEMPLATE_MAX] = {0};
    struct hf_der tbs;

    (void)state;
    authority_make(HF_KEY_P256, &ca);
    profile = (struct hf_leaf_profile){.issuer = ca.issuer};
    assert_int_equal(hf_leaf_template_make(&profile, &template, NULL), HF_OK);
    hf_der_init(&tbs, room, sizeof(room));
    assert_int_equal(hf_leaf_build(&template, &leaf, &tbs, NULL), HF_ESYNTAX);
    leaf.spki = authority_spki(&ca);
    leaf.names.ips = bad_ip;
    leaf.names.ip_count = 1;
    assert_int_equal(hf_leaf_build(&template, &leaf, &tbs, NULL), HF_EINVAL);
    leaf.names.ip_count = 0;
    leaf.not_after_at = 253402300800; /* the year 10000 */
    assert_int_equal(hf_leaf_build(&template, &leaf, &tbs, NULL), HF_ELIMIT);
    leaf.not_after_at = 0;
    for (size_t size = 0; size < 300; size++) {
        hf_der_init(&tbs, room, size);
        assert_int_equal(hf_leaf_build(&template, &leaf, &tbs, NULL),
                         HF_ELIMIT);
    }
    profile.ca_url = (struct hf_span){url, sizeof(url)};
    assert_int_equal(hf_leaf_template_make(&profile, &template, NULL),
                     HF_ELIMIT);
    authority_clear(&ca);
}

/* ---- CAs ---- */

static void make_issuing(const struct authority *root,
                         const struct hf_span *permitted, size_t count,
                         struct hf_buf *out)
{
    static const unsigned char serial[] = {2};
    const struct hf_ca_certificate issuing = {
        .serial = serial,
        .serial_len = 1,
        .subject = {HF_SPAN("DE"), HF_SPAN("Holdfast"), HF_SPAN("Issuing")},
        .spki = authority_spki(root),
        .not_before_at = 1790000000,
        .not_after_at = 1900000000,
        .issuer = root->issuer,
        .ca_url = HF_SPAN("http://ca.example/root.der"),
        .crl_url = HF_SPAN("http://ca.example/root.crl"),
        .permitted = permitted,
        .permitted_count = count};
    char room[8192];
    struct hf_der tbs;

    hf_der_init(&tbs, room, sizeof(room));
    assert_int_equal(
        hf_ca_certificate_build(&issuing, root->signer.alg, &tbs, NULL), HF_OK);
    assert_int_equal(hf_x509_sign(&root->signer, hf_der_span(&tbs), out, NULL),
                     HF_OK);
}

static void constrains_names(void **state)
{
    static const struct hf_span names[] = {HF_SPAN_INIT("corp.example"),
                                           HF_SPAN_INIT("10.1.2.3/9")};
    struct authority root;
    char room[8192];
    struct hf_buf der;
    X509 *issuing;

    (void)state;
    authority_make(HF_KEY_P384, &root);
    hf_buf_init(&der, room, sizeof(room));
    make_issuing(&root, names, 2, &der);
    issuing = authority_decode(hf_buf_span(&der));
    assert_int_equal(X509_check_ca(issuing), 1);
    assert_int_equal(X509_get_pathlen(issuing), 0);
    authority_assert_text(issuing, NID_name_constraints, "DNS:corp.example");
    authority_assert_text(issuing, NID_name_constraints,
                          "IP:10.0.0.0/255.128.0.0");
    X509_free(issuing);
    hf_buf_reset(&der);
    make_issuing(&root, names, 1, &der);
    issuing = authority_decode(hf_buf_span(&der));
    authority_assert_text(issuing, NID_name_constraints, "IP:0.0.0.0/0.0.0.0");
    X509_free(issuing);
    assert_false(hf_ca_permitted_is_good(HF_SPAN("10.0.0.0/33")));
    assert_false(hf_ca_permitted_is_good(HF_SPAN("10.0.0.0")));
    assert_false(hf_ca_permitted_is_good(HF_SPAN("Corp.example")));
    assert_false(hf_ca_permitted_is_good(HF_SPAN("")));
    assert_true(hf_ca_permitted_is_good(HF_SPAN("::/0")));
    authority_clear(&root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_read_by_openssl),
        cmocka_unit_test(has_what_was_asked_for),
        cmocka_unit_test(reads_back),
        cmocka_unit_test(fails_cleanly),
        cmocka_unit_test(constrains_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
