/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "base/alloc.h"
#include "crypto/csr.h"
#include "crypto/san_read.h"
#include "tests/unit/csr_fixture.h"
#include "tests/unit/key_fixture.h"
#include "tests/unit/unit.h"

#define S HF_SPAN_INIT

/* clang-format off */
#define WHOLE(text) {"" text, sizeof(text) - 1}
/* clang-format on */

static struct hf_private_key *key_of(const char *pem)
{
    struct hf_private_key *key = NULL;

    assert_int_equal(
        hf_private_key_read(hf_span_str(pem), HF_SPAN(""), &key, NULL), HF_OK);
    return key;
}

/* Names in one line, for comparing. */
static void put_names(struct hf_buf *out, const struct hf_csr_names *names)
{
    for (size_t i = 0; i < names->dns_count; i++) {
        hf_buf_put(out, names->dns[i]);
        hf_buf_putc(out, ' ');
    }
    for (size_t i = 0; i < names->ip_count; i++) {
        hf_buf_put(out, names->ips[i]);
        hf_buf_putc(out, ' ');
    }
}

/* ---- reading ---- */

static const struct {
    const char *name;
    struct hf_span text;
    const char *names;
    enum hf_key_kind kind;
    bool must_staple;
    const char *other; /* a part of the sentence, or NULL */
} good[] = {
    {"names and addresses", WHOLE(CSR_PLAIN),
     "example.com *.example.com www.example.com 192.0.2.1 2001:db8::1 ",
     HF_KEY_P256, false, NULL},
    {"only a common name", WHOLE(CSR_CN_ONLY), "example.com ", HF_KEY_P256,
     false, NULL},
    {"an address as common name", WHOLE(CSR_CN_IP), "192.0.2.7 ", HF_KEY_P256,
     false, NULL},
    {"must staple", WHOLE(CSR_STAPLE), "example.com ", HF_KEY_P256, true, NULL},
    {"RSA", WHOLE(CSR_RSA), "example.com ", HF_KEY_RSA2048, false, NULL},
    {"Ed25519", WHOLE(CSR_ED25519), "example.com ", HF_KEY_ED25519, false,
     NULL},
    {"behind its key", WHOLE(PEM_P256_PKCS8 CSR_RSA), "example.com ",
     HF_KEY_RSA2048, false, NULL},
    {"an organisation", WHOLE(CSR_ORG), "example.com ", HF_KEY_P256, false,
     "subject"},
    {"a person", WHOLE(CSR_PERSON), "example.com ", HF_KEY_P256, false,
     "neither host"},
    {"an address of mail", WHOLE(CSR_EMAIL), "example.com ", HF_KEY_P256, false,
     "neither host"},
    {"an underscore", WHOLE(CSR_UNDERSCORE), "example.com ", HF_KEY_P256, false,
     "neither host"},
    {"a CA", WHOLE(CSR_CA), "example.com ", HF_KEY_P256, false, "a CA"},
    {"an odd extension", WHOLE(CSR_ODD), "example.com ", HF_KEY_P256, false,
     "extensions"},
};

static void reads(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        struct hf_csr csr = {0};
        struct hf_why why = {0};
        struct hf_buf names;
        char room[512];

        if (hf_csr_read(good[i].text, &csr, &why) != HF_OK)
            fail_msg("%s: %s", good[i].name, why.text);
        hf_buf_init(&names, room, sizeof(room));
        put_names(&names, &csr.san.names);
        assert_span_equal(hf_buf_span(&names), hf_span_str(good[i].names));
        assert_int_equal(csr.kind, good[i].kind);
        assert_int_equal(csr.must_staple, good[i].must_staple);
        if (good[i].other == NULL ? csr.other != NULL
                                  : strstr(csr.other, good[i].other) == NULL)
            fail_msg("%s: %s", good[i].name, csr.other);
        hf_csr_clear(&csr);
        hf_csr_clear(&csr);
    }
}

/* The same in DER, which is what goes to the CA. */
static void der(void **state)
{
    struct hf_csr csr = {0};
    struct hf_csr again = {0};
    struct hf_csr none = {0};
    struct hf_buf longer;
    char room[1024];

    (void)state;
    hf_buf_init(&longer, room, sizeof(room));
    assert_int_equal(hf_csr_read(HF_SPAN(CSR_PLAIN), &csr, NULL), HF_OK);
    assert_int_equal(hf_csr_read(csr.der, &again, NULL), HF_OK);
    assert_span_equal(csr.der, again.der);
    assert_int_equal(again.san.names.dns_count, 3);
    hf_buf_put(&longer, csr.der);
    hf_buf_putc(&longer, '\0');
    assert_int_equal(hf_csr_read(hf_buf_span(&longer), &none, NULL),
                     HF_ESYNTAX);
    for (size_t len = 0; len < csr.der.len; len++) {
        struct hf_span cut = {csr.der.ptr, len};

        assert_int_equal(hf_csr_read(cut, &none, NULL), HF_ESYNTAX);
        assert_null(none.bytes);
    }
    hf_csr_clear(&csr);
    hf_csr_clear(&again);
}

/* A signature is of whole octets, and of nothing that stands before it. */
static void bits(void **state)
{
    struct hf_csr csr = {0};
    struct hf_csr none = {0};
    char room[1024];
    size_t at;

    (void)state;
    assert_int_equal(hf_csr_read(HF_SPAN(CSR_PLAIN), &csr, NULL), HF_OK);
    memcpy(room, csr.der.ptr, csr.der.len);
    at = csr.der.len - 1;
    while (memcmp(room + at, "\x03", 1) != 0 || room[at + 2] != 0 ||
           at + 2 + (unsigned char)room[at + 1] != csr.der.len)
        at--;
    for (int left = 1; left < 8; left++) {
        struct hf_why why = {0};

        room[at + 2] = (char)left;
        assert_int_equal(
            hf_csr_read((struct hf_span){room, csr.der.len}, &none, &why),
            HF_EINVAL);
        assert_non_null(strstr(why.text, "signature"));
    }
    hf_csr_clear(&csr);
}

static const struct {
    const char *name;
    struct hf_span text;
    enum hf_err err;
    const char *says;
} bad[] = {
    {"empty", S(""), HF_ESYNTAX, "no request"},
    {"other text", S("example.com"), HF_ESYNTAX, "no request"},
    {"a key", WHOLE(PEM_P256_PKCS8), HF_ESYNTAX, "no request"},
    {"rubbish",
     WHOLE("-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n"
           "-----END CERTIFICATE REQUEST-----\n"),
     HF_ESYNTAX, "no request"},
    {"an empty block",
     WHOLE("-----BEGIN CERTIFICATE REQUEST-----\n"
           "-----END CERTIFICATE REQUEST-----\n"),
     HF_ESYNTAX, "no request"},
    {"DER of something else", S("0\x03\x02\x01\x01"), HF_ESYNTAX, "no request"},
    {"forged", WHOLE(CSR_FORGED), HF_EINVAL, "signature"},
    {"SHA-1", WHOLE(CSR_SHA1), HF_EINVAL, "weak digest"},
    {"RSA 1024", WHOLE(CSR_RSA1024), HF_EINVAL, "less than 2048"},
    {"secp256k1", WHOLE(CSR_SECP256K1), HF_EINVAL, "curve"},
    {"P-521", WHOLE(CSR_P521), HF_EINVAL, "curve"},
    {"no name", WHOLE(CSR_NOTHING), HF_EINVAL, "names no host"},
    {"only mail", WHOLE(CSR_ONLY_EMAIL), HF_EINVAL, "names no host"},
    {"a broken list", WHOLE(CSR_BAD_SAN), HF_EINVAL, "subjectAltName"},
};

static void refusals(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct hf_csr csr = {0};
        struct hf_why why = {0};
        enum hf_err err = hf_csr_read(bad[i].text, &csr, &why);

        if (err != bad[i].err || strstr(why.text, bad[i].says) == NULL)
            fail_msg("%s: %d, %s", bad[i].name, (int)err,
                     why.text == NULL ? "nothing" : why.text);
        assert_null(csr.bytes);
    }
}

/* ---- making ---- */

static const struct hf_span hosts[] = {S("example.com"), S("*.example.com")};
static const struct hf_span addresses[] = {S("192.0.2.1"), S("2001:DB8:0::1")};
static const struct hf_csr_names all_names = {hosts, 2, addresses, 2};

/* RFC 5280 4.2.1.6: with an empty subject the list of names is critical. */
static void check_shape(struct hf_span octets)
{
    const unsigned char *at = (const unsigned char *)octets.ptr;
    X509_REQ *req = d2i_X509_REQ(NULL, &at, (long)octets.len);
    STACK_OF(X509_EXTENSION) *list = X509_REQ_get_extensions(req);
    GENERAL_NAMES *san;
    int critical = -1;

    assert_int_equal(X509_NAME_entry_count(X509_REQ_get_subject_name(req)), 0);
    san = X509V3_get_d2i(list, NID_subject_alt_name, &critical, NULL);
    assert_int_equal(critical, 1);
    GENERAL_NAMES_free(san);
    sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
    X509_REQ_free(req);
}

static void makes(void **state)
{
    static const enum hf_key_kind kinds[] = {HF_KEY_P256, HF_KEY_P384,
                                             HF_KEY_ED25519, HF_KEY_RSA2048};

    (void)state;
    for (size_t i = 0; i < 2 * COUNT_OF(kinds); i++) {
        struct hf_private_key *key = NULL;
        struct hf_csr csr = {0};
        struct hf_buf names;
        struct hf_buf out;
        char room[512];

        hf_buf_init_grow(&out, 65536);
        assert_int_equal(hf_private_key_generate(kinds[i / 2], &key, NULL),
                         HF_OK);
        assert_int_equal(hf_csr_make(key, &all_names, i % 2 == 1, &out, NULL),
                         HF_OK);
        check_shape(hf_buf_span(&out));
        assert_int_equal(hf_csr_read(hf_buf_span(&out), &csr, NULL), HF_OK);
        hf_buf_init(&names, room, sizeof(room));
        put_names(&names, &csr.san.names);
        assert_span_equal(
            hf_buf_span(&names),
            HF_SPAN("example.com *.example.com 192.0.2.1 2001:db8::1 "));
        assert_int_equal(csr.kind, kinds[i / 2]);
        assert_int_equal(csr.must_staple, i % 2 == 1);
        assert_null(csr.other);
        assert_true(hf_csr_is_for(&csr, key));
        hf_csr_clear(&csr);
        hf_buf_clear(&out);
        hf_private_key_free(key);
    }
}

static void belongs(void **state)
{
    struct hf_private_key *own = key_of(PEM_P256_SEC1);
    struct hf_private_key *other = key_of(PEM_P384);
    struct hf_csr csr = {0};

    (void)state;
    assert_int_equal(hf_csr_read(HF_SPAN(CSR_PLAIN), &csr, NULL), HF_OK);
    assert_true(hf_csr_is_for(&csr, own));
    assert_false(hf_csr_is_for(&csr, other));
    hf_csr_clear(&csr);
    assert_false(hf_csr_is_for(&csr, own));
    hf_private_key_free(own);
    hf_private_key_free(other);
}

static void bad_names(void **state)
{
    static const struct hf_span bad_hosts[] = {
        S(""),        S("a..b"),    S("Example.com"), S("example.com."),
        S("*"),       S("*.*.com"), S("a.*.com"),     S("a_b.com"),
        S("a\0.com"), S("a b.com"),
    };
    static const struct hf_span bad_ip[] = {S("192.0.2.256")};
    static struct hf_span many[HF_SAN_MAX + 1];
    struct hf_private_key *key = key_of(PEM_ED25519);
    struct hf_csr_names names = {0};
    struct hf_buf out;

    (void)state;
    hf_buf_init_grow(&out, 65536);
    for (size_t i = 0; i < COUNT_OF(bad_hosts); i++) {
        names = (struct hf_csr_names){&bad_hosts[i], 1, NULL, 0};
        assert_int_equal(hf_csr_make(key, &names, false, &out, NULL),
                         HF_EINVAL);
    }
    names = (struct hf_csr_names){NULL, 0, bad_ip, 1};
    assert_int_equal(hf_csr_make(key, &names, false, &out, NULL), HF_EINVAL);
    names = (struct hf_csr_names){0};
    assert_int_equal(hf_csr_make(key, &names, false, &out, NULL), HF_EINVAL);
    for (size_t i = 0; i < COUNT_OF(many); i++)
        many[i] = HF_SPAN("a.example");
    names = (struct hf_csr_names){many, COUNT_OF(many), NULL, 0};
    assert_int_equal(hf_csr_make(key, &names, false, &out, NULL), HF_ELIMIT);
    names.dns_count = SIZE_MAX;
    names.ip_count = 2;
    assert_int_equal(hf_csr_make(key, &names, false, &out, NULL), HF_ELIMIT);
    assert_int_equal(out.len, 0);
    hf_buf_clear(&out);
    hf_private_key_free(key);
}

static void limits(void **state)
{
    static const char long_text[HF_CSR_MAX + 1];
    static struct hf_span many[HF_SAN_MAX];
    struct hf_private_key *key = key_of(PEM_ED25519);
    struct hf_csr_names names = {many, COUNT_OF(many), NULL, 0};
    struct hf_csr csr = {0};
    struct hf_buf out;
    char room[32];

    (void)state;
    assert_int_equal(
        hf_csr_read((struct hf_span){long_text, sizeof(long_text)}, &csr, NULL),
        HF_ELIMIT);
    hf_buf_init(&out, room, sizeof(room));
    assert_int_equal(hf_csr_make(key, &all_names, false, &out, NULL),
                     HF_ELIMIT);
    assert_int_equal(out.len, 0);
    hf_buf_init_grow(&out, 65536);
    for (size_t i = 0; i < COUNT_OF(many); i++)
        many[i] = HF_SPAN("a.example");
    assert_int_equal(hf_csr_make(key, &names, false, &out, NULL), HF_OK);
    assert_int_equal(hf_csr_read(hf_buf_span(&out), &csr, NULL), HF_OK);
    assert_int_equal(csr.san.names.dns_count, 1);
    hf_csr_clear(&csr);
    hf_buf_clear(&out);
    hf_private_key_free(key);
}

static void too_many_to_read(void **state)
{
    GENERAL_NAMES *list = sk_GENERAL_NAME_new_null();
    struct hf_san san = {0};

    (void)state;
    for (int i = 0; i <= HF_SAN_MAX; i++) {
        GENERAL_NAME *name = GENERAL_NAME_new();

        GENERAL_NAME_set0_value(name, GEN_DNS, ASN1_IA5STRING_new());
        assert_int_equal(sk_GENERAL_NAME_push(list, name), i + 1);
    }
    assert_int_equal(hf_san_read(list, NULL, &san, NULL), HF_ELIMIT);
    GENERAL_NAME_free(sk_GENERAL_NAME_pop(list));
    assert_int_equal(hf_san_read(list, NULL, &san, NULL), HF_OK);
    assert_true(san.others); /* no name is empty */
    assert_int_equal(san.names.dns_count, 0);
    hf_san_clear(&san);
    GENERAL_NAMES_free(list);
}

/* RFC 5280 4.2.1.6: 4 octets or 16. */
static void odd_addresses(void **state)
{
    static const int lens[] = {0, 3, 5, 15, 17, 32};
    static const char zeros[32];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(lens); i++) {
        GENERAL_NAMES *list = sk_GENERAL_NAME_new_null();
        GENERAL_NAME *name = GENERAL_NAME_new();
        ASN1_OCTET_STRING *address = ASN1_OCTET_STRING_new();
        struct hf_san san = {0};

        assert_int_equal(ASN1_STRING_set(address, zeros, lens[i]), 1);
        GENERAL_NAME_set0_value(name, GEN_IPADD, address);
        assert_int_equal(sk_GENERAL_NAME_push(list, name), 1);
        assert_int_equal(hf_san_read(list, NULL, &san, NULL), HF_OK);
        assert_true(san.others);
        assert_int_equal(san.names.ip_count, 0);
        hf_san_clear(&san);
        GENERAL_NAMES_free(list);
    }
}

static void every_allocation_fails(void **state)
{
    enum hf_err err = HF_ENOMEM;
    long n = 0;

    (void)state;
    for (; err != HF_OK; n++) {
        struct hf_csr csr = {0};

        hf_alloc_fail_after(n, true);
        err = hf_csr_read(HF_SPAN(CSR_PLAIN), &csr, NULL);
        hf_alloc_fail_after(-1, false);
        assert_true(err == HF_OK || err == HF_ENOMEM);
        assert_int_equal(csr.bytes != NULL, err == HF_OK);
        hf_csr_clear(&csr);
        assert_true(n < 10);
    }
    assert_int_equal(n, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads),
        cmocka_unit_test(der),
        cmocka_unit_test(bits),
        cmocka_unit_test(refusals),
        cmocka_unit_test(makes),
        cmocka_unit_test(belongs),
        cmocka_unit_test(bad_names),
        cmocka_unit_test(limits),
        cmocka_unit_test(too_many_to_read),
        cmocka_unit_test(odd_addresses),
        cmocka_unit_test(every_allocation_fails),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
