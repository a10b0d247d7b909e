/* SPDX-License-Identifier: Apache-2.0 */
#include "base/alloc.h"
#include "crypto/certificate.h"
#include "tests/unit/certificate_fixture.h"
#include "tests/unit/csr_fixture.h"
#include "tests/unit/key_fixture.h"
#include "tests/unit/unit.h"

/* clang-format off */
#define WHOLE(text) {"" text, sizeof(text) - 1}
/* clang-format on */

static struct hf_certificate *read_chain(struct hf_span pem)
{
    struct hf_certificate *chain = NULL;
    struct hf_why why = {0};

    if (hf_certificate_read(pem, &chain, &why) != HF_OK)
        fail_msg("%s", why.text);
    return chain;
}

/* RFC 9773 4.1 and its appendix A; REQ CLI-35. The dates are of the year 1,
 * and the serial number has a zero octet in front. */
static void published_ari_id(void **state)
{
    static const unsigned char key_id[] = {
        0x69, 0x88, 0x5B, 0x6B, 0x87, 0x46, 0x40, 0x41, 0xE1, 0xB3,
        0x7B, 0x84, 0x7B, 0xA0, 0xAE, 0x2C, 0xDE, 0x01, 0xC8, 0xD4};
    struct hf_certificate *chain = read_chain(HF_SPAN(CRT_ARI));

    (void)state;
    assert_span_equal(chain->ari_id,
                      HF_SPAN("aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE"));
    assert_span_equal(chain->serial, HF_SPAN("0087654321"));
    assert_span_equal(chain->key_id,
                      ((struct hf_span){(const char *)key_id, sizeof(key_id)}));
    assert_span_equal(chain->subject, HF_SPAN("example.com"));
    assert_span_equal(chain->issuer, HF_SPAN("Example CA"));
    assert_int_equal(chain->not_before_at, -62135596800);
    assert_int_equal(chain->not_after_at, -62135596800);
    assert_int_equal(chain->count, 1);
    assert_int_equal(chain->chain.len, 0);
    assert_int_equal(chain->san.names.dns_count, 0);
    hf_certificate_free(chain);
    hf_certificate_free(NULL);
}

static void leaf(void **state)
{
    struct hf_certificate *chain = read_chain(
        HF_SPAN("subject\n" CRT_LEAF "\nissuer\n" CRT_INTER CRT_ROOT "end"));
    const struct hf_csr_names *names = &chain->san.names;

    (void)state;
    assert_int_equal(chain->not_before_at, 1789997600);
    assert_int_equal(chain->not_after_at, 1789997600 + 45 * 86400 - 1);
    assert_int_equal(names->dns_count, 2);
    assert_span_equal(names->dns[0], HF_SPAN("example.com"));
    assert_span_equal(names->dns[1], HF_SPAN("*.example.com"));
    assert_int_equal(names->ip_count, 2);
    assert_span_equal(names->ips[0], HF_SPAN("192.0.2.1"));
    assert_span_equal(names->ips[1], HF_SPAN("2001:db8::1"));
    assert_true(chain->san.others);
    assert_span_equal(chain->serial,
                      HF_SPAN("00fedcba9876543210fedcba9876543210fedcba"));
    assert_int_equal(chain->key_id.len, 20);
    assert_span_equal(chain->ari_id, HF_SPAN(LEAF_ARI_ID));
    assert_span_equal(chain->subject, HF_SPAN("example.com"));
    assert_span_equal(chain->issuer, HF_SPAN("Test Intermediate"));
    assert_span_equal(chain->top_issuer, HF_SPAN("Test Root"));
    hf_certificate_free(chain);
}

/* Only certificates are written again, whatever stood around them. */
static void pieces(void **state)
{
    struct hf_certificate *chain =
        read_chain(HF_SPAN("a\n" CRT_LEAF "b\n\n" CRT_INTER CRT_ROOT "c"));
    struct hf_certificate *again;

    (void)state;
    assert_int_equal(chain->count, 3);
    assert_span_equal(chain->pem, HF_SPAN(CRT_LEAF CRT_INTER CRT_ROOT));
    assert_span_equal(chain->leaf, HF_SPAN(CRT_LEAF));
    assert_span_equal(chain->chain, HF_SPAN(CRT_INTER CRT_ROOT));
    assert_memory_equal(chain->top_fingerprint, ROOT_SHA256,
                        HF_FINGERPRINT_LEN);
    assert_int_equal((unsigned char)chain->der.ptr[0], 0x30);
    again = read_chain(chain->leaf);
    assert_span_equal(again->der, chain->der);
    hf_certificate_free(again);
    hf_certificate_free(chain);
}

static void nothing_optional(void **state)
{
    struct hf_certificate *chain = read_chain(HF_SPAN(CRT_BARE));

    (void)state;
    assert_int_equal(chain->ari_id.len, 0);
    assert_int_equal(chain->key_id.len, 0);
    assert_int_equal(chain->subject.len, 0);
    assert_false(chain->san.others);
    assert_span_equal(chain->serial, HF_SPAN("7f"));
    /* UTCTime and GeneralizedTime meet at the year 2050. */
    assert_int_equal(chain->not_before_at, 2524607999);
    assert_int_equal(chain->not_after_at, 2524608000);
    hf_certificate_free(chain);
}

static void keys(void **state)
{
    struct hf_certificate *chain = read_chain(HF_SPAN(CRT_LEAF CRT_INTER));
    struct hf_private_key *key = NULL;
    struct hf_csr csr = {0};

    (void)state;
    assert_int_equal(
        hf_private_key_read(HF_SPAN(PEM_P256_SEC1), HF_SPAN(""), &key, NULL),
        HF_OK);
    assert_true(hf_certificate_is_for(chain, key));
    hf_private_key_free(key);
    assert_int_equal(
        hf_private_key_read(HF_SPAN(PEM_RSA_PKCS1), HF_SPAN(""), &key, NULL),
        HF_OK);
    assert_false(hf_certificate_is_for(chain, key));
    hf_private_key_free(key);
    assert_int_equal(hf_csr_read(HF_SPAN(CSR_PLAIN), &csr, NULL), HF_OK);
    assert_true(hf_certificate_answers(chain, &csr));
    hf_csr_clear(&csr);
    assert_false(hf_certificate_answers(chain, &csr));
    assert_int_equal(hf_csr_read(HF_SPAN(CSR_RSA), &csr, NULL), HF_OK);
    assert_false(hf_certificate_answers(chain, &csr));
    hf_csr_clear(&csr);
    hf_certificate_free(chain);
}

static const struct {
    const char *name;
    struct hf_span pem;
    enum hf_err err;
    const char *says;
} bad[] = {
    {"empty", HF_SPAN_INIT(""), HF_ESYNTAX, "no chain"},
    {"text", HF_SPAN_INIT("<html></html>\n"), HF_ESYNTAX, "no chain"},
    {"a problem document", HF_SPAN_INIT("{\"type\":\"about:blank\"}"),
     HF_ESYNTAX, "no chain"},
    {"rubbish",
     WHOLE("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
     HF_ESYNTAX, "cannot be read"},
    {"rubbish behind",
     WHOLE(CRT_LEAF "-----BEGIN CERTIFICATE-----\nAAAA\n"
                    "-----END CERTIFICATE-----\n"),
     HF_ESYNTAX, "cannot be read"},
    {"an octet behind", WHOLE(CRT_TRAILING), HF_ESYNTAX, "something behind"},
    {"cut between two", WHOLE(CRT_LEAF "-----BEGIN CERT"), HF_ESYNTAX,
     "breaks off"},
    {"cut", WHOLE(CRT_LEAF "-----BEGIN CERTIFICATE-----\nMIIB"), HF_ESYNTAX,
     "no chain"},
    {"a key in front", WHOLE(PEM_P256_PKCS8 CRT_LEAF), HF_EINVAL, "9.1"},
    {"a key behind", WHOLE(CRT_LEAF PEM_P256_PKCS8), HF_EINVAL, "9.1"},
    {"parameters", WHOLE(CRT_LEAF PEM_P256_SEC1_PARAMS), HF_EINVAL, "9.1"},
    {"a request", WHOLE(CSR_PLAIN), HF_EINVAL, "9.1"},
    {"a long serial number", WHOLE(CRT_LONG_SERIAL), HF_ELIMIT, "serial"},
    {"a long key identifier", WHOLE(CRT_LONG_KEY_ID), HF_ELIMIT, "identifier"},
    {"a broken list of names", WHOLE(CRT_BAD_SAN), HF_ESYNTAX,
     "subjectAltName"},
};

static void refusals(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct hf_certificate *chain = NULL;
        struct hf_why why = {0};
        enum hf_err err = hf_certificate_read(bad[i].pem, &chain, &why);

        if (err != bad[i].err || strstr(why.text, bad[i].says) == NULL)
            fail_msg("%s: %d, %s", bad[i].name, (int)err,
                     why.text == NULL ? "nothing" : why.text);
        assert_null(chain);
    }
}

static void limits(void **state)
{
    static char text[HF_CHAIN_TEXT_MAX + 1];
    const size_t len = sizeof(CRT_LEAF) - 1;
    struct hf_certificate *chain;

    (void)state;
    memset(text, '\n', sizeof(text));
    for (size_t i = 0; i < HF_CHAIN_COUNT_MAX; i++)
        memcpy(text + i * len, CRT_LEAF, len);
    chain = read_chain((struct hf_span){text, sizeof(text) - 1});
    assert_int_equal(chain->count, HF_CHAIN_COUNT_MAX);
    hf_certificate_free(chain);
    chain = NULL;
    assert_int_equal(
        hf_certificate_read((struct hf_span){text, sizeof(text)}, &chain, NULL),
        HF_ELIMIT);
    memcpy(text + HF_CHAIN_COUNT_MAX * len, CRT_LEAF, len);
    assert_int_equal(
        hf_certificate_read((struct hf_span){text, sizeof(text) - 1}, &chain,
                            NULL),
        HF_ELIMIT);
    assert_null(chain);
}

static void every_allocation_fails(void **state)
{
    enum hf_err err = HF_ENOMEM;
    long n = 0;

    (void)state;
    for (; err != HF_OK; n++) {
        struct hf_certificate *chain = NULL;

        hf_alloc_fail_after(n, true);
        err = hf_certificate_read(HF_SPAN(CRT_LEAF CRT_INTER), &chain, NULL);
        hf_alloc_fail_after(-1, false);
        assert_true(err == HF_OK || err == HF_ENOMEM);
        assert_int_equal(chain != NULL, err == HF_OK);
        hf_certificate_free(chain);
        assert_true(n < 10);
    }
    assert_int_equal(n, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_ari_id),
        cmocka_unit_test(leaf),
        cmocka_unit_test(pieces),
        cmocka_unit_test(nothing_optional),
        cmocka_unit_test(keys),
        cmocka_unit_test(refusals),
        cmocka_unit_test(limits),
        cmocka_unit_test(every_allocation_fails),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
