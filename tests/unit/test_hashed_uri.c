/* SPDX-License-Identifier: Apache-2.0 */
/* The hashed account URI: REQ RECORD-08, RECORD-15 to RECORD-19, RECORD-26,
 * RECORD-27, ERR-03, ACCT-12, ACCT-13, DIR-06, DIR-07. */
#include "base/base64.h"
#include "holdfast/digest.h"
#include "tests/unit/unit.h"

#define S   HF_SPAN_INIT
#define KEY "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
#define URL "https://ca.example/acct/123"
#define P   "https://ca.example/h/"
#define D43 "5SQm7n6tPh2-PlLbCKGnViTXX5z19SCN4cPGQHSk-kw"
#define A20 "AAAAAAAAAAAAAAAAAAAA"
#define A40 A20 A20
#define A60 A40 A20
#define A80 A60 A20

static void names_and_sizes(void **state)
{
    static const struct {
        const char *name;
        size_t size;
    } rows[HF_HASH_ALG_COUNT] = {
        [HF_SHA_256] = {"sha-256", 32},
        [HF_SHA_384] = {"sha-384", 48},
        [HF_SHA_512] = {"sha-512", 64},
        [HF_SHA3_256] = {"sha3-256", 32},
        [HF_SHA3_384] = {"sha3-384", 48},
        [HF_SHA3_512] = {"sha3-512", 64},
        [HF_BLAKE2S_256] = {"blake2s-256", 32},
        [HF_BLAKE2B_256] = {"blake2b-256", 32},
        [HF_BLAKE2B_512] = {"blake2b-512", 64},
        [HF_K12_256] = {"k12-256", 32},
        [HF_K12_512] = {"k12-512", 64},
    };

    (void)state;
    for (unsigned i = 0; i < HF_HASH_ALG_COUNT; i++) {
        enum hf_hash_alg alg = HF_HASH_ALG_COUNT;

        assert_string_equal(hf_hash_alg_name(i), rows[i].name);
        assert_int_equal(hf_hash_alg_size(i), rows[i].size);
        assert_true(hf_hash_alg_find(hf_span_str(rows[i].name), &alg));
        assert_int_equal(alg, i);
    }
}

/* REQ RECORD-18: exact, and nothing shorter than 256 bits */
static void unknown_names(void **state)
{
    static const char *const rows[] = {
        "",           "sha256",      "SHA-256",  "Sha-256",
        "sha-256 ",   "sha-25",      "sha-2567", "sha-256-128",
        "sha-256-32", "sha-256-120", "sha3-224", "sha-1",
        "md5",        "sha_256",     "sha-256/", "blake2b-384"};
    enum hf_hash_alg alg;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (hf_hash_alg_find(hf_span_str(rows[i]), &alg))
            fail_msg("%s", rows[i]);
}

static struct hf_digest *digest;

static int setup(void **state)
{
    (void)state;
    return hf_digest_new(&digest, NULL) != HF_OK;
}

static int teardown(void **state)
{
    (void)state;
    hf_digest_free(digest);
    return 0;
}

/* The check values of draft -02, section 10.2.
 * REQ RECORD-15, RECORD-16, RECORD-17, RECORD-26, RECORD-27 */
static void check_values(void **state)
{
    static const struct {
        struct hf_span domain;
        struct hf_span want;
    } rows[] = {
        {S("example.com"), S(D43)},
        {S("*"), S("NpDnSwUthQK8zCgFdefYxAdAVPnygMLbs9US6oO-5ug")},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct hf_binding binding = {rows[i].domain, S(KEY), S(URL)};
        char out[HF_HASH_TEXT_MAX];

        assert_int_equal(
            hf_binding_digest(&binding, HF_SHA_256, digest, out, NULL), HF_OK);
        assert_span_equal(((struct hf_span){out, 43}), rows[i].want);
    }
}

/* A digest source that shows what it was given. */
struct spy {
    char data[4096];
    size_t len;
    enum hf_hash_alg alg;
    enum hf_err err;
};

static enum hf_err spy_compute(void *state, enum hf_hash_alg alg,
                               struct hf_span data, unsigned char *out)
{
    struct spy *spy = state;

    assert_true(data.len <= sizeof(spy->data));
    memcpy(spy->data, data.ptr, data.len);
    spy->len = data.len;
    spy->alg = alg;
    memset(out, 0, hf_hash_alg_size(alg));
    return spy->err;
}

/* One length octet, the name, 43 octets of key, the URL, and nothing else.
 * REQ RECORD-15, RECORD-26 */
static void digest_input(void **state)
{
    static char name[255];
    struct spy spy = {0};
    const struct hf_digest source = {spy_compute, &spy};
    struct hf_binding binding = {S("ex.am"), S(KEY), S(URL)};
    char out[HF_HASH_TEXT_MAX];

    (void)state;
    assert_int_equal(
        hf_binding_digest(&binding, HF_SHA3_512, &source, out, NULL), HF_OK);
    assert_span_equal(((struct hf_span){spy.data, spy.len}),
                      HF_SPAN("\5ex.am" KEY URL));
    assert_int_equal(spy.alg, HF_SHA3_512);
    assert_span_equal(((struct hf_span){out, 86}), HF_SPAN(A80 "AAAAAA"));

    memset(name, 'n', sizeof(name));
    binding.domain = (struct hf_span){name, 255};
    assert_int_equal(
        hf_binding_digest(&binding, HF_SHA_256, &source, out, NULL), HF_OK);
    assert_int_equal((unsigned char)spy.data[0], 255);
    assert_int_equal(spy.len, 1 + 255 + 43 + sizeof(URL) - 1);
}

static void digest_failures(void **state)
{
    static char longest[HF_ACCOUNT_URL_MAX + 1];
    struct hf_span whole = {longest, HF_ACCOUNT_URL_MAX};
    struct hf_span over = {longest, sizeof(longest)};
    const struct {
        const char *name;
        struct hf_binding binding;
        enum hf_err err; /* of the digest source */
        enum hf_err want;
    } rows[] = {
        {"longest URL", {S("a"), S(KEY), whole}, HF_OK, HF_OK},
        {"longest of all", {{longest, 255}, S(KEY), whole}, HF_OK, HF_OK},
        {"no domain", {S(""), S(KEY), S(URL)}, HF_OK, HF_EINVAL},
        {"domain of 256", {{longest, 256}, S(KEY), S(URL)}, HF_OK, HF_EINVAL},
        {"no key", {S("a"), S(""), S(URL)}, HF_OK, HF_EINVAL},
        {"key of 42", {S("a"), S(A40 "AA"), S(URL)}, HF_OK, HF_EINVAL},
        {"key of 44", {S("a"), S(KEY "A"), S(URL)}, HF_OK, HF_EINVAL},
        {"key padded", {S("a"), S(A40 "AA="), S(URL)}, HF_OK, HF_EINVAL},
        {"key with +", {S("a"), S(A40 "+AA"), S(URL)}, HF_OK, HF_EINVAL},
        {"key with bits", {S("a"), S(A40 "AAB"), S(URL)}, HF_OK, HF_EINVAL},
        {"no URL", {S("a"), S(KEY), S("")}, HF_OK, HF_EINVAL},
        {"URL too long", {S("a"), S(KEY), over}, HF_OK, HF_EINVAL},
        {"source fails", {S("a"), S(KEY), S(URL)}, HF_ECRYPTO, HF_ECRYPTO},
        {"not offered", {S("a"), S(KEY), S(URL)}, HF_EINVAL, HF_EINVAL},
    };

    (void)state;
    memset(longest, 'u', sizeof(longest));
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct spy spy = {.err = rows[i].err};
        const struct hf_digest source = {spy_compute, &spy};
        struct hf_why why = {0};
        char out[HF_HASH_TEXT_MAX];

        if (hf_binding_digest(&rows[i].binding, HF_SHA_256, &source, out,
                              &why) != rows[i].want ||
            (why.text != NULL) != (rows[i].want != HF_OK))
            fail_msg("%s", rows[i].name);
    }
}

/* REQ RECORD-26: where the thumbprint is taken as valid, its length is not. */
static void thumbprints(void **state)
{
    struct spy spy = {0};
    const struct hf_digest source = {spy_compute, &spy};
    struct hf_binding binding = {S("a"), S(A40 "AA"), S(URL)};
    unsigned char out[HF_HASH_MAX];

    (void)state;
    assert_int_equal(hf_binding_hash(&binding, HF_SHA_256, &source, out, NULL),
                     HF_EINVAL);
    binding.thumbprint = HF_SPAN(A40 "AAB");
    assert_int_equal(hf_binding_hash(&binding, HF_SHA_256, &source, out, NULL),
                     HF_OK);
    assert_true(hf_thumbprint_is_valid(HF_SPAN(KEY)));
    assert_false(hf_thumbprint_is_valid(HF_SPAN(A40 "AAB")));
    assert_false(hf_thumbprint_is_valid(HF_SPAN(A40 "AA")));
    assert_false(hf_thumbprint_is_valid(HF_SPAN(A40 "AAAA")));
}

static const struct hf_span prefixes[] = {S("https://ca.example/"), S(P),
                                          S("https://old.example/h")};

static const struct {
    const char *name;
    struct hf_span uri;
    enum hf_reason reason;
    size_t at;
    struct hf_span prefix;
} uris[] = {
    /* good */
    {"exact", S(P "sha-256/" D43), HF_REASON_OK, 0, S(P)},
    {"48 octets", S(P "sha-384/" A60 "AAAA"), HF_REASON_OK, 0, S(P)},
    {"64 octets", S(P "sha-512/" A80 "AAAAAA"), HF_REASON_OK, 0, S(P)},
    {"64, last bits", S(P "sha-512/" A80 "AAAAAQ"), HF_REASON_OK, 0, S(P)},
    {"43, last bits", S(P "sha-256/" A40 "AA8"), HF_REASON_OK, 0, S(P)},
    {"shorter prefix", S("https://ca.example/sha-256/" D43), HF_REASON_OK, 0,
     S("https://ca.example/")},
    {"prefix without slash", S("https://old.example/hsha-256/" D43),
     HF_REASON_OK, 0, S("https://old.example/h")},
    /* bad: REQ ERR-03 */
    {"other prefix", S("https://no.example/sha-256/" D43),
     HF_REASON_BAD_HASHED_URI, 0, S("")},
    {"prefix in other case", S("HTTPS://ca.example/h/sha-256/" D43),
     HF_REASON_BAD_HASHED_URI, 0, S("")},
    {"empty", S(""), HF_REASON_BAD_HASHED_URI, 0, S("")},
    {"prefix only", S(P), HF_REASON_BAD_HASHED_URI, 21, S(P)},
    {"no slash", S(P "sha-256"), HF_REASON_BAD_HASHED_URI, 21, S(P)},
    {"no digest", S(P "sha-256/"), HF_REASON_BAD_HASHED_URI, 29, S(P)},
    {"42", S(P "sha-256/" A40 "AA"), HF_REASON_BAD_HASHED_URI, 29, S(P)},
    {"44", S(P "sha-256/" A40 "AAAA"), HF_REASON_BAD_HASHED_URI, 29, S(P)},
    {"padded", S(P "sha-256/" D43 "="), HF_REASON_BAD_HASHED_URI, 29, S(P)},
    {"plus", S(P "sha-256/+" A40 "AA"), HF_REASON_BAD_HASHED_URI, 29, S(P)},
    {"slash", S(P "sha-256//" A40 "AA"), HF_REASON_BAD_HASHED_URI, 29, S(P)},
    {"bits", S(P "sha-256/" A40 "AAB"), HF_REASON_BAD_HASHED_URI, 29, S(P)},
    {"path", S(P "sha-256/" D43 "/"), HF_REASON_BAD_HASHED_URI, 29, S(P)},
    {"query", S(P "sha-256/" D43 "?"), HF_REASON_BAD_HASHED_URI, 29, S(P)},
    {"43 for 48", S(P "sha-384/" D43), HF_REASON_BAD_HASHED_URI, 29, S(P)},
    {"bits of 64", S(P "sha-512/" A80 "AAAAAB"), HF_REASON_BAD_HASHED_URI, 29,
     S(P)},
    /* bad: REQ ACCT-13, RECORD-18 */
    {"not accepted", S(P "sha3-256/" D43), HF_REASON_HASH_ALG_NOT_ACCEPTED, 21,
     S(P)},
    {"upper case", S(P "SHA-256/" D43), HF_REASON_HASH_ALG_NOT_ACCEPTED, 21,
     S(P)},
    {"unknown", S(P "sha-256-128/" D43), HF_REASON_HASH_ALG_NOT_ACCEPTED, 21,
     S(P)},
    {"no name", S(P "/" D43), HF_REASON_BAD_HASHED_URI, 21, S(P)},
    {"longest prefix only", S(P "h/sha-256/" D43),
     HF_REASON_HASH_ALG_NOT_ACCEPTED, 21, S(P)},
};

/* REQ RECORD-08, RECORD-19, DIR-06 */
static void reading_table(void **state)
{
    const uint32_t accepted = HF_HASH_BIT(HF_SHA_256) |
                              HF_HASH_BIT(HF_SHA_384) | HF_HASH_BIT(HF_SHA_512);

    (void)state;
    for (size_t i = 0; i < COUNT_OF(uris); i++) {
        struct hf_hashed_uri got;
        size_t at = 999;
        enum hf_reason reason = hf_hashed_uri_read(
            uris[i].uri, prefixes, COUNT_OF(prefixes), accepted, &got, &at);

        if (reason != uris[i].reason || at != uris[i].at ||
            !hf_span_eq(got.prefix, uris[i].prefix))
            fail_msg("%s: %s at %zu", uris[i].name, hf_reason_word(reason), at);
        if (reason == HF_REASON_OK)
            assert_int_equal(got.digest.len,
                             HF_BASE64URL_LEN(hf_hash_alg_size(got.alg)));
    }
}

/* The longest prefix counts, wherever it stands in the list: REQ DIR-06 */
static void longest_prefix_in_any_order(void **state)
{
    struct hf_span turned[COUNT_OF(prefixes)];
    struct hf_hashed_uri got;
    size_t at;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(prefixes); i++)
        turned[COUNT_OF(prefixes) - 1 - i] = prefixes[i];
    assert_int_equal(hf_hashed_uri_read(HF_SPAN(P "sha-256/" D43), turned,
                                        COUNT_OF(turned), HF_HASH_DEFAULT, &got,
                                        &at),
                     HF_REASON_OK);
    assert_span_equal(got.prefix, HF_SPAN(P));
}

/* The end of a longer prefix may be a hash name behind a shorter one, or have
 * swallowed its first letters; where none fits, the longest says why. REQ
 * DIR-06, ACCT-09 */
static void nested_prefixes(void **state)
{
    static const struct hf_span nested[] = {S(P), S(P "sha-256/"), S(P "sh"),
                                            S(P "sha-256/sha-256/AA")};
    static const struct {
        struct hf_span uri;
        enum hf_reason reason;
        size_t at;
        struct hf_span prefix;
    } rows[] = {
        {S(P "sha-256/" D43), HF_REASON_OK, 0, S(P)},
        {S(P "sha-256/sha-256/" D43), HF_REASON_OK, 0, S(P "sha-256/")},
        {S(P "sha-256/sha-256/AA" A40 "A"), HF_REASON_OK, 0, S(P "sha-256/")},
        {S(P "sha-256/md5/" D43), HF_REASON_HASH_ALG_NOT_ACCEPTED, 29,
         S(P "sha-256/")},
        {S(P "sha-256/" D43 "="), HF_REASON_BAD_HASHED_URI, 29,
         S(P "sha-256/")},
        {S(P "shsha-256/" D43), HF_REASON_OK, 0, S(P "sh")},
        {S(P "shx/" D43), HF_REASON_HASH_ALG_NOT_ACCEPTED, 23, S(P "sh")},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct hf_hashed_uri got;
        size_t at = 999;

        assert_int_equal(hf_hashed_uri_read(rows[i].uri, nested,
                                            COUNT_OF(nested), HF_HASH_DEFAULT,
                                            &got, &at),
                         rows[i].reason);
        assert_int_equal(at, rows[i].at);
        assert_span_equal(got.prefix, rows[i].prefix);
        if (rows[i].reason == HF_REASON_OK)
            assert_int_equal(got.digest.len, 43);
    }
}

/* REQ DIR-07 */
static void prefix_table(void **state)
{
    static const struct {
        struct hf_span prefix;
        enum hf_prefix_state want;
    } rows[] = {
        {S("https://ca.example/h/"), HF_PREFIX_USABLE},
        {S("http://ca.example/"), HF_PREFIX_USABLE},
        {S("HTTPS://ca.example/"), HF_PREFIX_USABLE},
        {S("https://ca.example:8443/a%2fb%AF/"), HF_PREFIX_USABLE},
        {S("https://[2001:db8::1]/~a/"), HF_PREFIX_USABLE},
        {S("https://ca.example"), HF_PREFIX_USABLE_NO_SLASH},
        {S("https://ca.example/h"), HF_PREFIX_USABLE_NO_SLASH},
        {S(""), HF_PREFIX_INVALID},
        {S("ca.example/h/"), HF_PREFIX_INVALID},
        {S("/h/"), HF_PREFIX_INVALID},
        {S("https"), HF_PREFIX_INVALID},
        {S("https:"), HF_PREFIX_INVALID},
        {S("https:/"), HF_PREFIX_INVALID},
        {S("https://"), HF_PREFIX_INVALID},
        {S("https:///h/"), HF_PREFIX_INVALID},
        {S("https:ca.example/"), HF_PREFIX_INVALID},
        {S("ftp://ca.example/"), HF_PREFIX_INVALID},
        {S("httpss://ca.example/"), HF_PREFIX_INVALID},
        {S("urn:x:y/"), HF_PREFIX_INVALID},
        {S("://ca.example/"), HF_PREFIX_INVALID},
        {S("https://ca.example/;/"), HF_PREFIX_INVALID},
        {S("https://ca.example/?a=/"), HF_PREFIX_INVALID},
        {S("https://ca.example/#/"), HF_PREFIX_INVALID},
        {S("https://ca.example/ /"), HF_PREFIX_INVALID},
        {S("https://ca.example/\t/"), HF_PREFIX_INVALID},
        {S("https://ca.example/\x7f/"), HF_PREFIX_INVALID},
        {S("https://ca.example/\xc3\xa9/"), HF_PREFIX_INVALID},
        {S("https://ca.example/\0/"), HF_PREFIX_INVALID},
        {S("https://ca.example/%"), HF_PREFIX_INVALID},
        {S("https://ca.example/%2"), HF_PREFIX_INVALID},
        {S("https://ca.example/%2g/"), HF_PREFIX_INVALID},
        {S("https://ca.example/%g2/"), HF_PREFIX_INVALID},
        {S("https://ca.example/%`2/"), HF_PREFIX_INVALID},
        {S("https://ca.example/%:2/"), HF_PREFIX_INVALID},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (hf_prefix_check(rows[i].prefix) != rows[i].want)
            fail_msg("%s", rows[i].prefix.ptr);
}

/* Every octet that may and may not stand in a prefix. */
static void prefix_octets(void **state)
{
    static const char good[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
        "-._~:/[]@!$&'()*+,=";

    (void)state;
    for (unsigned c = 0; c < 256; c++) {
        char text[] = "https://a/?/";
        enum hf_prefix_state want = c != 0 && strchr(good, (int)c) != NULL
                                        ? HF_PREFIX_USABLE
                                        : HF_PREFIX_INVALID;

        text[10] = (char)c;
        if (hf_prefix_check((struct hf_span){text, 12}) != want)
            fail_msg("octet %02x", c);
    }
}

/* An escape that the text ends in is none, whatever lies behind. */
static void prefix_ends_in_escape(void **state)
{
    struct hf_span text = HF_SPAN("https://a/%2f");

    (void)state;
    assert_int_equal(hf_prefix_check(text), HF_PREFIX_USABLE_NO_SLASH);
    for (text.len = 11; text.len < 13; text.len++)
        assert_int_equal(hf_prefix_check(text), HF_PREFIX_INVALID);
}

static void prefix_words(void **state)
{
    (void)state;
    assert_string_equal(hf_prefix_state_word(HF_PREFIX_ABSENT), "absent");
    assert_string_equal(hf_prefix_state_word(HF_PREFIX_INVALID), "invalid");
    assert_string_equal(hf_prefix_state_word(HF_PREFIX_USABLE), "usable");
    assert_string_equal(hf_prefix_state_word(HF_PREFIX_USABLE_NO_SLASH),
                        "usable-no-slash");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_and_sizes),
        cmocka_unit_test(unknown_names),
        cmocka_unit_test_setup_teardown(check_values, setup, teardown),
        cmocka_unit_test(digest_input),
        cmocka_unit_test(digest_failures),
        cmocka_unit_test(thumbprints),
        cmocka_unit_test(reading_table),
        cmocka_unit_test(longest_prefix_in_any_order),
        cmocka_unit_test(nested_prefixes),
        cmocka_unit_test(prefix_table),
        cmocka_unit_test(prefix_ends_in_escape),
        cmocka_unit_test(prefix_octets),
        cmocka_unit_test(prefix_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
