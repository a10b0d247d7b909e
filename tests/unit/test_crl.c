/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of revoked certificates as OpenSSL reads them. */
#include <openssl/x509v3.h>

#include "base/alloc.h"
#include "crypto/crl.h"
#include "tests/unit/authority_fixture.h"
#include "tests/unit/unit.h"

#define COUNT 100000

static struct hf_crl plan(const struct authority *ca)
{
    return (struct hf_crl){.issuer = ca->issuer,
                           .number = 300,
                           .this_update_at = 1790000000,
                           .next_update_at = 1790604800,
                           .url = HF_SPAN("http://ca.example/crl/"),
                           .shard = 3};
}

/* What was signed is what is read again. */
static void read_again(struct hf_span der, const struct hf_crl *crl)
{
    struct hf_crl_read read;
    struct hf_revoked revoked;
    char url[64];
    int n = snprintf(url, sizeof(url), "%.*s%u.crl", (int)crl->url.len,
                     crl->url.ptr, crl->shard);

    assert_int_equal(hf_crl_read(der, &read, NULL), HF_OK);
    assert_int_equal(read.number, crl->number);
    assert_int_equal(read.this_update_at, crl->this_update_at);
    assert_int_equal(read.next_update_at, crl->next_update_at);
    assert_true(crl->url.len == 0
                    ? read.url.len == 0
                    : hf_span_eq(read.url, (struct hf_span){url, (size_t)n}));
    for (size_t i = 0; i < crl->count; i++) {
        const struct hf_revoked *was = &crl->revoked[i];

        assert_true(hf_crl_next(&read.revoked, &revoked));
        assert_int_equal(revoked.reason, was->reason);
        assert_int_equal(revoked.at, was->at);
        /* 0x80 and above stand behind a zero. */
        assert_memory_equal(revoked.serial + revoked.serial_len -
                                was->serial_len,
                            was->serial, was->serial_len);
    }
    assert_int_equal(read.revoked.len, 0);
    assert_false(hf_crl_next(&read.revoked, &revoked));
    der.len--;
    assert_int_equal(hf_crl_read(der, &read, NULL), HF_ESYNTAX);
}

static X509_CRL *make(const struct authority *ca, const struct hf_crl *crl)
{
    size_t size = HF_CRL_TBS_MAX(crl->count);
    char *room = hf_alloc(size, 1);
    struct hf_buf der;
    struct hf_der tbs;
    const unsigned char *at;
    X509_CRL *read;

    hf_der_init(&tbs, room, size);
    assert_int_equal(hf_crl_build(crl, &tbs, NULL), HF_OK);
    hf_buf_init_grow(&der, size + HF_X509_ENVELOPE_MAX);
    assert_int_equal(hf_x509_sign(&ca->signer, hf_der_span(&tbs), &der, NULL),
                     HF_OK);
    read_again(hf_buf_span(&der), crl);
    at = (const unsigned char *)der.ptr;
    read = d2i_X509_CRL(NULL, &at, (long)der.len);
    assert_non_null(read);
    assert_ptr_equal(at, der.ptr + der.len);
    hf_buf_clear(&der);
    hf_free(room);
    return read;
}

static void assert_signed(const struct authority *ca, X509_CRL *list)
{
    X509 *root = authority_decode(hf_buf_span(&ca->certificate));

    assert_int_equal(X509_CRL_verify(list, X509_get0_pubkey(root)), 1);
    X509_free(root);
}

static void is_read_by_openssl(void **state)
{
    static const struct hf_revoked revoked[] = {
        {{0x80, 1}, 2, 1, 1789000000},
        {{2}, 1, 0, 1789000001},
        {{3}, 1, 9, 1789000002},
    };
    struct authority ca;
    struct hf_crl crl;
    X509_CRL *list;
    X509_REVOKED *found = NULL;
    ASN1_INTEGER *serial = ASN1_INTEGER_new();
    ASN1_ENUMERATED *reason;
    ASN1_INTEGER *number;
    ISSUING_DIST_POINT *point;

    (void)state;
    authority_make(HF_KEY_P256, &ca);
    crl = plan(&ca);
    crl.revoked = revoked;
    crl.count = COUNT_OF(revoked);
    list = make(&ca, &crl);
    assert_signed(&ca, list);
    assert_int_equal(sk_X509_REVOKED_num(X509_CRL_get_REVOKED(list)), 3);
    assert_int_equal(ASN1_INTEGER_set_uint64(serial, 0x8001), 1);
    assert_int_equal(X509_CRL_get0_by_serial(list, &found, serial), 1);
    reason = X509_REVOKED_get_ext_d2i(found, NID_crl_reason, NULL, NULL);
    assert_int_equal(ASN1_ENUMERATED_get(reason), CRL_REASON_KEY_COMPROMISE);
    ASN1_ENUMERATED_free(reason);
    assert_int_equal(ASN1_INTEGER_set(serial, 2), 1);
    assert_int_equal(X509_CRL_get0_by_serial(list, &found, serial), 1);
    assert_int_equal(X509_REVOKED_get_ext_count(found), 0);
    assert_int_equal(ASN1_INTEGER_set(serial, 4), 1);
    assert_int_equal(X509_CRL_get0_by_serial(list, &found, serial), 0);
    number = X509_CRL_get_ext_d2i(list, NID_crl_number, NULL, NULL);
    assert_int_equal(ASN1_INTEGER_get(number), 300);
    ASN1_INTEGER_free(number);
    point =
        X509_CRL_get_ext_d2i(list, NID_issuing_distribution_point, NULL, NULL);
    assert_non_null(point);
    assert_true(point->onlyuser > 0);
    ISSUING_DIST_POINT_free(point);
    ASN1_INTEGER_free(serial);
    X509_CRL_free(list);
    authority_clear(&ca);
}

static void may_be_empty_or_long(void **state)
{
    struct hf_revoked *revoked = hf_alloc(COUNT, sizeof(*revoked));
    struct authority ca;
    struct hf_crl crl;
    X509_CRL *list;

    (void)state;
    authority_make(HF_KEY_P256, &ca);
    crl = plan(&ca);
    list = make(&ca, &crl);
    assert_signed(&ca, list);
    assert_null(X509_CRL_get_REVOKED(list));
    X509_CRL_free(list);
    for (uint32_t i = 0; i < COUNT; i++) {
        memset(revoked[i].serial, 0x7f, sizeof(revoked[i].serial));
        memcpy(revoked[i].serial + 12, &i, sizeof(i));
        revoked[i].serial_len = sizeof(revoked[i].serial);
        revoked[i].reason = 4;
        revoked[i].at = 1789000000 + i;
    }
    crl.revoked = revoked;
    crl.count = COUNT;
    list = make(&ca, &crl);
    assert_signed(&ca, list);
    assert_int_equal(sk_X509_REVOKED_num(X509_CRL_get_REVOKED(list)), COUNT);
    X509_CRL_free(list);
    hf_free(revoked);
    authority_clear(&ca);
}

static void refuses_bad_entries(void **state)
{
    static const struct hf_revoked bad[] = {
        {{1}, 1, 6, 0},  /* certificateHold can be taken back */
        {{1}, 1, 7, 0},  /* is not used */
        {{1}, 1, 8, 0},  /* removeFromCRL is for deltas */
        {{1}, 1, 11, 0}, /* is none */
        {{1}, 0, 0, 0},  {{1}, 21, 0, 0},
    };
    struct authority ca;
    struct hf_crl crl;
    char room[4096];
    struct hf_der tbs;

    (void)state;
    authority_make(HF_KEY_P256, &ca);
    crl = plan(&ca);
    crl.count = 1;
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        crl.revoked = &bad[i];
        hf_der_init(&tbs, room, sizeof(room));
        assert_int_equal(hf_crl_build(&crl, &tbs, NULL), HF_EINVAL);
    }
    crl.count = 0;
    hf_der_init(&tbs, room, 100);
    assert_int_equal(hf_crl_build(&crl, &tbs, NULL), HF_ELIMIT);
    authority_clear(&ca);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_read_by_openssl),
        cmocka_unit_test(may_be_empty_or_long),
        cmocka_unit_test(refuses_bad_entries),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
