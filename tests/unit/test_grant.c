/* SPDX-License-Identifier: Apache-2.0 */
/* Building records: REQ CLI-03, CLI-05, CLI-08 to CLI-13, CLI-15, RECORD-17,
 * RECORD-28. */
#include "holdfast/grant.h"
#include "tests/unit/judge_fixture.h"
#include "tests/unit/unit.h"

#define S HF_SPAN_INIT

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

static struct hf_grant grant_of(enum hf_variant variant)
{
    return (struct hf_grant){
        .variant = variant,
        .domain = S("example.com"),
        .issuer = S("ca.example"),
        .account_url = S(URL),
        .prefix = S(PREFIX),
        .thumbprint = S(KEY_1),
    };
}

/* How a case changes the grant above. */
struct change {
    enum hf_variant variant;
    const char *domain;
    const char *issuer;
    const char *account_url;
    const char *prefix;
    const char *thumbprint;
    bool star;
    bool wildcard;
    bool has_until;
    int64_t until_at;
    enum hf_hash_alg alg;
};

static void set(struct hf_span *to, const char *text)
{
    if (text != NULL)
        *to = hf_span_str(text);
}

static struct hf_grant apply(const struct change *change)
{
    struct hf_grant grant = grant_of(change->variant);

    set(&grant.domain, change->domain);
    set(&grant.issuer, change->issuer);
    set(&grant.account_url, change->account_url);
    set(&grant.prefix, change->prefix);
    set(&grant.thumbprint, change->thumbprint);
    grant.star = change->star;
    grant.wildcard = change->wildcard;
    grant.has_until = change->has_until;
    grant.until_at = change->until_at;
    grant.alg = change->alg;
    return grant;
}

static const struct {
    const char *name;
    struct change change;
    enum hf_err err;
    const char *want;
} cases[] = {
    /* good: canonical order and spelling (REQ CLI-10, CLI-11) */
    {"00", {.variant = HF_VARIANT_00}, HF_OK, "ca.example; accounturi=" URL},
    {"01, all",
     {.variant = HF_VARIANT_01,
      .wildcard = true,
      .has_until = true,
      .until_at = NOW},
     HF_OK,
     "ca.example; accounturi=" URL
     "; policy=wildcard; persistUntil=1790000000"},
    {"01 needs no prefix",
     {.variant = HF_VARIANT_01, .prefix = ""},
     HF_OK,
     "ca.example; accounturi=" URL},
    {"02", {.variant = HF_VARIANT_02}, HF_OK, "ca.example; accounturi=" EXACT},
    /* REQ CLI-09 */
    {"02 star",
     {.variant = HF_VARIANT_02, .star = true},
     HF_OK,
     "ca.example; accounturi=" STAR},
    /* REQ CLI-13: the wildcard is asked for */
    {"02 wildcard",
     {.variant = HF_VARIANT_02, .wildcard = true},
     HF_OK,
     "ca.example; accounturi=" EXACT "; policy=wildcard"},
    {"02, end of time",
     {.variant = HF_VARIANT_02, .has_until = true, .until_at = INT64_MAX},
     HF_OK,
     "ca.example; accounturi=" EXACT "; persistUntil=9223372036854775807"},
    {"until without has_until",
     {.variant = HF_VARIANT_00, .until_at = 5},
     HF_OK,
     "ca.example; accounturi=" URL},
    {"02, prefix without slash",
     {.variant = HF_VARIANT_02, .prefix = "https://ca.example/h"},
     HF_OK,
     "ca.example; accounturi=https://ca.example/h"
     "sha-256/5SQm7n6tPh2-PlLbCKGnViTXX5z19SCN4cPGQHSk-kw"},
    /* bad: what could never validate (REQ CLI-03, CLI-05) */
    {"issuer in capitals", {.issuer = "CA.example"}, HF_EINVAL, ""},
    {"no issuer", {.issuer = ""}, HF_EINVAL, ""},
    {"issuer injects", {.issuer = "a;policy=wildcard"}, HF_EINVAL, ""},
    {"domain in capitals", {.domain = "Example.com"}, HF_EINVAL, ""},
    {"domain with star", {.domain = "*.example.com"}, HF_EINVAL, ""},
    {"domain with dot", {.domain = "example.com."}, HF_EINVAL, ""},
    {"domain too long",
     {.domain = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa."
                "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa."
                "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa."
                "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"},
     HF_EINVAL,
     ""},
    {"no URL", {.account_url = ""}, HF_EINVAL, ""},
    {"URL injects",
     {.account_url = "https://a;policy=wildcard"},
     HF_EINVAL,
     ""},
    {"URL with blank", {.account_url = "https://a b"}, HF_EINVAL, ""},
    {"02, no prefix", {.variant = HF_VARIANT_02, .prefix = ""}, HF_EINVAL, ""},
    {"02, prefix injects",
     {.variant = HF_VARIANT_02, .prefix = "https://a/;policy=wildcard;x="},
     HF_EINVAL,
     ""},
    {"02, bad key",
     {.variant = HF_VARIANT_02, .thumbprint = "x"},
     HF_EINVAL,
     ""},
    {"02, not offered",
     {.variant = HF_VARIANT_02, .alg = HF_K12_256},
     HF_EINVAL,
     ""},
    {"star in 01", {.variant = HF_VARIANT_01, .star = true}, HF_EINVAL, ""},
    {"star in 00", {.variant = HF_VARIANT_00, .star = true}, HF_EINVAL, ""},
    {"before 1970", {.has_until = true, .until_at = -1}, HF_EINVAL, ""},
    {"expired", {.has_until = true, .until_at = NOW - 1}, HF_EINVAL, ""},
};

static void building_table(void **state)
{
    const struct hf_time now = {NOW, 0};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct hf_grant grant = apply(&cases[i].change);
        char room[512] = "kept";
        struct hf_buf out;
        struct hf_why why = {0};
        enum hf_err err;

        hf_buf_init(&out, room, sizeof(room));
        out.len = 4;
        err = hf_grant_build(&grant, now, digest, &out, &why);
        if (err != cases[i].err || (why.text != NULL) != (err != HF_OK))
            fail_msg("%s: %d", cases[i].name, (int)err);
        assert_span_equal(((struct hf_span){room + 4, out.len - 4}),
                          hf_span_str(cases[i].want));
    }
}

/* REQ CLI-08, CLI-03: what is built is what the judge accepts, with every
 * algorithm that exists here (REQ CLI-15). */
static void built_records_validate(void **state)
{
    const struct hf_account account = the_account();
    const struct hf_question question = {
        HF_SPAN("example.com"), HF_SCOPE_BELOW, {NOW, 0}};

    (void)state;
    for (unsigned alg = 0; alg < HF_HASH_ALG_COUNT; alg++) {
        struct hf_ca ca = the_ca(HF_RULES_DRAFT_02, digest);
        struct hf_grant grant = grant_of(HF_VARIANT_02);
        char room[512];
        struct hf_buf out;
        struct hf_span value;
        const struct hf_answer answer = {.values = &value, .count = 1};
        struct hf_judged judged[1];
        struct hf_verdict verdict;

        if ((hf_digest_algs(digest) & HF_HASH_BIT(alg)) == 0)
            continue;
        hf_buf_init(&out, room, sizeof(room));
        grant.alg = alg;
        grant.wildcard = true;
        assert_int_equal(
            hf_grant_build(&grant, question.now, digest, &out, NULL), HF_OK);
        value = hf_buf_span(&out);
        ca.hash_algs = HF_HASH_BIT(alg);
        assert_int_equal(
            hf_judge(&ca, &account, &question, &answer, judged, &verdict, NULL),
            HF_OK);
        assert_int_equal(verdict.reason, HF_REASON_OK);
    }
}

/* The end is tested to the nanosecond, and is never before 1970. */
static void half_a_second_late(void **state)
{
    struct hf_grant grant = grant_of(HF_VARIANT_01);
    char room[512];
    struct hf_buf out;

    (void)state;
    grant.has_until = true;
    grant.until_at = NOW;
    hf_buf_init(&out, room, sizeof(room));
    assert_int_equal(hf_grant_build(&grant, (struct hf_time){NOW, 500000000},
                                    digest, &out, NULL),
                     HF_EINVAL);
    grant.until_at = -1;
    assert_int_equal(
        hf_grant_build(&grant, (struct hf_time){-2, 0}, digest, &out, NULL),
        HF_EINVAL);
}

/* A buffer one octet too small leaves nothing behind, whatever is missing. */
static void too_small(void **state)
{
    struct hf_grant grant = grant_of(HF_VARIANT_02);
    const struct hf_time now = {NOW, 0};
    char room[512];
    struct hf_buf out;
    size_t whole;

    (void)state;
    grant.wildcard = true;
    grant.has_until = true;
    grant.until_at = NOW;
    hf_buf_init(&out, room, sizeof(room));
    assert_int_equal(hf_grant_build(&grant, now, digest, &out, NULL), HF_OK);
    whole = out.len;
    for (size_t size = 0; size <= whole; size++) {
        hf_buf_init(&out, room, size);
        assert_int_equal(hf_grant_build(&grant, now, digest, &out, NULL),
                         size == whole ? HF_OK : HF_ELIMIT);
        assert_int_equal(out.len, size == whole ? whole : 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(building_table),
        cmocka_unit_test(built_records_validate),
        cmocka_unit_test(half_a_second_late),
        cmocka_unit_test(too_small),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
