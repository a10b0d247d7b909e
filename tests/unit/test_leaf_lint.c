/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What certificates may not be: a good one is changed in one respect, and the
 * answer names the rule. Keys are by themselves.
 */
#include <openssl/bn.h>

#include "crypto/leaf.h"
#include "crypto/leaf_lint.h"
#include "tests/unit/authority_fixture.h"
#include "tests/unit/unit.h"

#define NOW 1795000000 /* 2026-11-18: 200 days are the most */
#define DAY ((int64_t)86400)

static const struct hf_span suffix_list[] = {
    HF_SPAN_INIT("com"), HF_SPAN_INIT("co.uk"), HF_SPAN_INIT("uk")};

static struct authority ca;
static struct hf_suffixes *suffixes;

static int set_up(void **state)
{
    (void)state;
    authority_make(HF_KEY_P256, &ca);
    return hf_suffixes_from(suffix_list, COUNT_OF(suffix_list), &suffixes,
                            NULL) == HF_OK
               ? 0
               : -1;
}

static int tear_down(void **state)
{
    (void)state;
    hf_suffixes_free(suffixes);
    authority_clear(&ca);
    return 0;
}

/* A certificate for one name, or what is wrong with it. */
struct plan {
    const char *name;
    bool is_ip;
    int64_t not_before_at;
    int64_t days;
    size_t serial_len;
    bool no_crl;
};

static const char *fault_of(const struct plan *plan, bool is_public)
{
    static const unsigned char serial[21] = {0x40, 1, 2, 3};
    struct hf_span name = hf_span_str(plan->name);
    const struct hf_leaf_rules rules = {
        .is_public = is_public, .lifetime_s = 398 * DAY, .suffixes = suffixes};
    struct hf_leaf_profile profile = {.issuer = ca.issuer,
                                      .is_public = is_public};
    struct hf_leaf leaf = {.serial = serial,
                           .serial_len = plan->serial_len,
                           .not_before_at = plan->not_before_at,
                           .not_after_at =
                               plan->not_before_at + plan->days * DAY - 1,
                           .spki = authority_spki(&ca)};
    struct hf_leaf_template template;
    char room[8192];
    struct hf_der tbs;

    if (!plan->no_crl)
        profile.crl_url = HF_SPAN("http://ca.example/");
    if (plan->is_ip)
        leaf.names = (struct hf_csr_names){.ips = &name, .ip_count = 1};
    else
        leaf.names = (struct hf_csr_names){.dns = &name, .dns_count = 1};
    assert_int_equal(hf_leaf_template_make(&profile, &template, NULL), HF_OK);
    hf_der_init(&tbs, room, sizeof(room));
    assert_int_equal(hf_leaf_build(&template, &leaf, &tbs, NULL), HF_OK);
    return hf_leaf_fault(hf_der_span(&tbs), &rules);
}

static void expect(const char *fault, const char *part, const char *what)
{
    if (part == NULL ? fault != NULL
                     : fault == NULL || strstr(fault, part) == NULL)
        fail_msg("%s: \"%s\"", what, fault == NULL ? "good" : fault);
}

static const struct {
    struct plan plan;
    const char *private; /* part of the answer; NULL: good */
    const char *public;
} plans[] = {
    {{"example.com", false, NOW, 90, 16, false}, NULL, NULL},
    {{"*.example.com", false, NOW, 90, 16, false}, NULL, NULL},
    {{"xn--bcher-kva.com", false, NOW, 90, 16, false}, NULL, NULL},
    {{"8.8.8.8", true, NOW, 90, 16, false}, NULL, NULL},
    {{"2600::1", true, NOW, 90, 16, false}, NULL, NULL},
    /* how long */
    {{"example.com", false, NOW, 200, 16, false}, NULL, NULL},
    {{"example.com", false, NOW, 201, 16, false}, NULL, "6.3.2"},
    {{"example.com", false, NOW, 399, 16, false}, "profile", "profile"},
    {{"example.com", false, NOW, 0, 16, false}, "4.1.2.5", "4.1.2.5"},
    {{"example.com", false, NOW, 7, 16, true}, NULL, NULL},
    {{"example.com", false, NOW, 8, 16, true}, NULL, "7.1.2.11.2"},
    /* serial numbers */
    {{"example.com", false, NOW, 90, 8, false}, NULL, NULL},
    {{"example.com", false, NOW, 90, 20, false}, NULL, NULL},
    {{"example.com", false, NOW, 90, 7, false}, "BR 7.1", "BR 7.1"},
    {{"example.com", false, NOW, 90, 21, false}, "20 octets", "20 octets"},
    /* names */
    {{"Example.com", false, NOW, 90, 16, false}, "lower case", "lower case"},
    {{"a_b.com", false, NOW, 90, 16, false}, "underscores", "underscores"},
    {{"a.*.com", false, NOW, 90, 16, false}, "wildcard", "wildcard"},
    {{"a*.example.com", false, NOW, 90, 16, false}, "wildcard", "wildcard"},
    {{"example.com.", false, NOW, 90, 16, false}, "7.1.2.7.12", "7.1.2.7.12"},
    {{"", false, NOW, 90, 16, false}, "7.1.2.7.12", "7.1.2.7.12"},
    {{"10.0.0.1", false, NOW, 90, 16, false}, "no host name", "no host name"},
    {{"ab--c.com", false, NOW, 90, 16, false}, "A-label", "A-label"},
    {{"host.corp", false, NOW, 90, 16, false}, NULL, "internal"},
    {{"localhost", false, NOW, 90, 16, false}, NULL, "internal"},
    {{"*.co.uk", false, NOW, 90, 16, false}, NULL, "3.2.2.6"},
    {{"*.com", false, NOW, 90, 16, false}, NULL, "3.2.2.6"},
    {{"co.uk", false, NOW, 90, 16, false}, NULL, NULL},
    /* addresses */
    {{"10.0.0.1", true, NOW, 90, 16, false}, NULL, "reserved"},
    {{"172.31.255.255", true, NOW, 90, 16, false}, NULL, "reserved"},
    {{"172.32.0.0", true, NOW, 90, 16, false}, NULL, NULL},
    {{"100.127.0.1", true, NOW, 90, 16, false}, NULL, "reserved"},
    {{"100.128.0.1", true, NOW, 90, 16, false}, NULL, NULL},
    {{"255.255.255.255", true, NOW, 90, 16, false}, NULL, "reserved"},
    {{"::1", true, NOW, 90, 16, false}, NULL, "reserved"},
    {{"::ffff:8.8.8.8", true, NOW, 90, 16, false}, NULL, "reserved"},
    {{"fe80::1", true, NOW, 90, 16, false}, NULL, "reserved"},
    {{"fd00::1", true, NOW, 90, 16, false}, NULL, "reserved"},
    {{"2001:db8::1", true, NOW, 90, 16, false}, NULL, "reserved"},
};

static void names_its_rule(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(plans); i++) {
        expect(fault_of(&plans[i].plan, false), plans[i].private,
               plans[i].plan.name);
        expect(fault_of(&plans[i].plan, true), plans[i].public,
               plans[i].plan.name);
    }
}

/* Any octet of a good certificate may be another one: there is an answer, and
 * never a crash. Most of those of its head and extensions matter. */
static void reads_any_octets(void **state)
{
    const struct hf_leaf_rules rules = {.lifetime_s = 398 * DAY};
    struct hf_csr_names names = {.dns = suffix_list, .dns_count = 2};
    const struct hf_leaf_profile profile = {.issuer = ca.issuer};
    static const unsigned char serial[16] = {1};
    const struct hf_leaf leaf = {.serial = serial,
                                 .serial_len = sizeof(serial),
                                 .not_before_at = NOW,
                                 .not_after_at = NOW + DAY,
                                 .names = names,
                                 .spki = authority_spki(&ca)};
    struct hf_leaf_template template;
    char room[2048], copy[2048];
    struct hf_span tbs;
    struct hf_der der;
    size_t good = 0;

    (void)state;
    assert_int_equal(hf_leaf_template_make(&profile, &template, NULL), HF_OK);
    hf_der_init(&der, room, sizeof(room));
    assert_int_equal(hf_leaf_build(&template, &leaf, &der, NULL), HF_OK);
    tbs = hf_der_span(&der);
    assert_null(hf_leaf_fault(tbs, &rules));
    for (size_t i = 0; i < tbs.len; i++) {
        memcpy(copy, tbs.ptr, tbs.len);
        copy[i] ^= 0x10;
        good += hf_leaf_fault((struct hf_span){copy, tbs.len}, &rules) == NULL;
        assert_non_null(hf_leaf_fault((struct hf_span){tbs.ptr, i}, &rules));
    }
    /* Serial number, names of the issuer, the point, key ids, digits. */
    assert_true(good < 200);
}

/* The same name twice. */
static void wants_each_name_once(void **state)
{
    static const struct hf_span twice[] = {HF_SPAN_INIT("a.example"),
                                           HF_SPAN_INIT("b.example"),
                                           HF_SPAN_INIT("a.example")};
    static const unsigned char serial[16] = {1};
    const struct hf_leaf_rules rules = {.lifetime_s = 398 * DAY};
    const struct hf_leaf_profile profile = {.issuer = ca.issuer};
    struct hf_leaf leaf = {.serial = serial,
                           .serial_len = sizeof(serial),
                           .not_before_at = NOW,
                           .not_after_at = NOW + DAY,
                           .names = {.dns = twice, .dns_count = 3},
                           .spki = authority_spki(&ca)};
    struct hf_leaf_template template;
    char room[2048];
    struct hf_der der;

    (void)state;
    assert_int_equal(hf_leaf_template_make(&profile, &template, NULL), HF_OK);
    hf_der_init(&der, room, sizeof(room));
    assert_int_equal(hf_leaf_build(&template, &leaf, &der, NULL), HF_OK);
    expect(hf_leaf_fault(hf_der_span(&der), &rules), "twice", "a name twice");
    leaf.names.dns_count = 0;
    hf_der_init(&der, room, sizeof(room));
    assert_int_equal(hf_leaf_build(&template, &leaf, &der, NULL), HF_OK);
    expect(hf_leaf_fault(hf_der_span(&der), &rules), "at least one", "no name");
}

/* ---- keys ---- */

/* Of a modulus and an exponent, each in any octets. */
static const char *rsa_fault(const unsigned char *n, size_t n_len, uint64_t e)
{
    static const struct hf_span algorithm =
        HF_SPAN_INIT("\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05"
                     "\x00");
    char room[2048];
    struct hf_der der;

    hf_der_init(&der, room, sizeof(room));
    hf_der_put_number(&der, HF_DER_INTEGER, e);
    hf_der_put_unsigned(&der, (struct hf_span){(const char *)n, n_len});
    hf_der_wrap(&der, HF_DER_SEQUENCE, 0);
    hf_der_wrap_bits(&der, 0);
    hf_der_put(&der, algorithm);
    hf_der_wrap(&der, HF_DER_SEQUENCE, 0);
    return hf_spki_fault(hf_der_span(&der), true);
}

/* n = 65537^a modulo the product of the primes that ROCA is known by. */
static void make_roca(unsigned char n[256])
{
    static const unsigned primes[] = {
        3,   5,   7,   11,  13,  17,  19,  23,  29,  31,  37,  41,  43,
        47,  53,  59,  61,  67,  71,  73,  79,  83,  89,  97,  101, 103,
        107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167};
    BN_CTX *ctx = BN_CTX_new();
    BIGNUM *product = BN_new();
    BIGNUM *value = BN_new();
    BIGNUM *rest = BN_new();

    assert_int_equal(BN_set_word(product, 2), 1);
    for (size_t i = 0; i < COUNT_OF(primes); i++)
        assert_int_equal(BN_mul_word(product, primes[i]), 1);
    /* The greatest below 2^2048 that is 65537 modulo all of them. */
    assert_int_equal(BN_lshift(value, BN_value_one(), 2048), 1);
    assert_int_equal(BN_mod(rest, value, product, ctx), 1);
    assert_int_equal(BN_sub(value, value, rest), 1);
    assert_int_equal(BN_sub(value, value, product), 1);
    assert_int_equal(BN_add_word(value, 65537), 1);
    assert_int_equal(BN_bn2binpad(value, n, 256), 256);
    BN_free(rest);
    BN_free(value);
    BN_free(product);
    BN_CTX_free(ctx);
}

/* An Ed25519 key of this point: its lowest octets, and the highest. */
static const char *edwards_fault(unsigned char first, unsigned char filled,
                                 unsigned char last)
{
    static const struct hf_span head =
        HF_SPAN_INIT("\x30\x05\x06\x03\x2b\x65\x70");
    unsigned char point[32];
    char room[64];
    struct hf_der der;

    memset(point, filled, sizeof(point));
    point[0] = first;
    point[31] = last;
    hf_der_init(&der, room, sizeof(room));
    hf_der_put(&der, (struct hf_span){(const char *)point, sizeof(point)});
    hf_der_wrap_bits(&der, 0);
    hf_der_put(&der, head);
    hf_der_wrap(&der, HF_DER_SEQUENCE, 0);
    return hf_spki_fault(hf_der_span(&der), false);
}

/* RFC 8032 8.9: the point counts, however its encoding says the sign. */
static void knows_points_of_everybody(void **state)
{
    (void)state;
    expect(edwards_fault(0x00, 0x00, 0x00), "small order", "0");
    expect(edwards_fault(0x01, 0x00, 0x00), "small order", "1");
    expect(edwards_fault(0x01, 0x00, 0x80), "small order", "1, signed");
    expect(edwards_fault(0xec, 0xff, 0x7f), "small order", "-1");
    expect(edwards_fault(0xee, 0xff, 0xff), "small order", "1, too large");
    expect(edwards_fault(0x03, 0x00, 0x00), NULL, "3");
}

static void knows_bad_keys(void **state)
{
    static const struct hf_span p256_head = HF_SPAN_INIT(
        "\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce"
        "\x3d\x03\x01\x07");
    unsigned char n[513];
    char room[256];
    struct hf_der der;

    (void)state;
    memset(n, 0xff, sizeof(n));
    expect(rsa_fault(n, 255, 65537), "6.1.5", "2040 bits");
    expect(rsa_fault(n, 513, 65537), "6.1.5", "4104 bits");
    expect(rsa_fault(n, 256, 3), "exponent", "e = 3");
    expect(rsa_fault(n, 256, 65536), "exponent", "e is even");
    expect(rsa_fault(n, 256, 65537), "small factor", "2^2048 - 1");
    n[255] = 0xfe;
    expect(rsa_fault(n, 256, 65537), "small factor", "n is even");
    make_roca(n);
    expect(rsa_fault(n, 256, 65537), "ROCA", "ROCA");
    n[0] = 0x7f;
    expect(rsa_fault(n, 256, 65537), "6.1.5", "2047 bits");

    hf_der_init(&der, room, sizeof(room));
    memset(n, 2, 33); /* compressed */
    hf_der_put(&der, (struct hf_span){(const char *)n, 33});
    hf_der_wrap_bits(&der, 0);
    hf_der_put(&der, p256_head);
    hf_der_wrap(&der, HF_DER_SEQUENCE, 0);
    expect(hf_spki_fault(hf_der_span(&der), true), "uncompressed", "a point");
    expect(hf_spki_fault(HF_SPAN("\x30\x00"), true), "4.1.2.7", "no key");
}

/* Those of our own are good, but Ed25519's in public. */
static void takes_good_keys(void **state)
{
    static const enum hf_key_kind kinds[] = {HF_KEY_P256, HF_KEY_P384,
                                             HF_KEY_ED25519, HF_KEY_RSA2048};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        struct authority other;

        authority_make(kinds[i], &other);
        expect(hf_spki_fault(authority_spki(&other), false), NULL,
               hf_key_kind_name(kinds[i]));
        expect(hf_spki_fault(authority_spki(&other), true),
               kinds[i] == HF_KEY_ED25519 ? "6.1.5" : NULL,
               hf_key_kind_name(kinds[i]));
        authority_clear(&other);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_its_rule),
        cmocka_unit_test(reads_any_octets),
        cmocka_unit_test(wants_each_name_once),
        cmocka_unit_test(knows_bad_keys),
        cmocka_unit_test(knows_points_of_everybody),
        cmocka_unit_test(takes_good_keys),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
