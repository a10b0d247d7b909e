/* SPDX-License-Identifier: Apache-2.0 */
/* The one judge: REQ VAL-02 to VAL-12, VAL-20 to VAL-30, SCOPE, ACCT, ERR. */
#include <stdio.h>

#include "tests/unit/judge_fixture.h"
#include "tests/unit/unit.h"

#define CA      "ca.example; accounturi="
#define D00     HF_RULES_DRAFT_00
#define D01     HF_RULES_DRAFT_01
#define D02     HF_RULES_DRAFT_02
#define DUAL    HF_RULES_DUAL
#define BR      HF_RULES_BR
#define OK      HF_REASON_OK
#define R(word) HF_REASON_##word

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

#define RECORDS_MAX 4

/* What a case judges; zero is the common answer. */
struct situation {
    enum hf_rules rules;
    bool strict; /* no raw URLs */
    enum hf_account_status status;
    enum hf_scope scope;
    const char *adn; /* NULL: example.com */
    const char *texts[RECORDS_MAX];
};

struct judgement {
    struct hf_verdict verdict;
    struct hf_judged judged[RECORDS_MAX];
    size_t count;
};

static void judge(const struct situation *s, struct judgement *out)
{
    struct hf_ca ca = the_ca(s->rules, digest);
    struct hf_account account = the_account();
    struct hf_question question = {HF_SPAN("example.com"), s->scope, {NOW, 0}};
    struct hf_span values[RECORDS_MAX];
    struct hf_answer answer = {.values = values, .ttl_s = 300};

    ca.allows_raw = !s->strict;
    account.status = s->status;
    if (s->adn != NULL)
        question.adn = hf_span_str(s->adn);
    while (answer.count < RECORDS_MAX && s->texts[answer.count] != NULL) {
        values[answer.count] = hf_span_str(s->texts[answer.count]);
        answer.count++;
    }
    out->count = answer.count;
    assert_int_equal(hf_judge(&ca, &account, &question, &answer, out->judged,
                              &out->verdict, NULL),
                     HF_OK);
}

/* Each text breaks the law of its step and of as many later ones as it can:
 * the first step that fails gives the reason (requirements 1.8). */
static const struct {
    const char *name;
    enum hf_rules rules;
    enum hf_account_status status;
    enum hf_scope scope;
    const char *text;
    enum hf_reason reason;
    size_t at;
} steps[] = {
    {"1 syntax, ours", DUAL, HF_ACCOUNT_REVOKED, HF_SCOPE_BELOW,
     "ca.example; accounturi=; accounturi=; persistUntil=x;", R(SYNTAX), 53},
    {"1 syntax, ours, odd issuer", DUAL, HF_ACCOUNT_VALID, HF_SCOPE_EXACT,
     " CA.Example. ; accounturi=" EXACT, R(SYNTAX), 12},
    {"1 syntax, not ours", DUAL, HF_ACCOUNT_VALID, HF_SCOPE_EXACT,
     "other.example; accounturi=a b", R(OTHER_ISSUER), 0},
    {"1 syntax, nobody's", DUAL, HF_ACCOUNT_VALID, HF_SCOPE_EXACT,
     "ca.example\x80; accounturi=a", R(OTHER_ISSUER), 0},
    {"1 quotes in the data", DUAL, HF_ACCOUNT_VALID, HF_SCOPE_EXACT,
     "\"ca.example; accounturi=" EXACT "\"", R(OTHER_ISSUER), 0},
    {"2 no issuer", DUAL, HF_ACCOUNT_VALID, HF_SCOPE_EXACT,
     "; accounturi=" EXACT, R(OTHER_ISSUER), 0},
    {"2 not ours", DUAL, HF_ACCOUNT_REVOKED, HF_SCOPE_BELOW,
     "other.example; accounturi=; accounturi=", R(OTHER_ISSUER), 0},
    {"2 longer than ours", DUAL, HF_ACCOUNT_VALID, HF_SCOPE_EXACT,
     "ca.example.org; accounturi=" EXACT, R(OTHER_ISSUER), 0},
    {"3 duplicate", DUAL, HF_ACCOUNT_REVOKED, HF_SCOPE_BELOW,
     "ca.example; accounturi=; accounturi=; persistUntil=x",
     R(DUPLICATE_PARAMETER), 25},
    {"4 missing", DUAL, HF_ACCOUNT_REVOKED, HF_SCOPE_BELOW,
     "ca.example; persistUntil=x", R(MISSING_ACCOUNTURI), 26},
    {"4 empty", DUAL, HF_ACCOUNT_REVOKED, HF_SCOPE_BELOW,
     "ca.example; accounturi=; persistUntil=x", R(EMPTY_ACCOUNTURI), 23},
    {"5 persistUntil", DUAL, HF_ACCOUNT_REVOKED, HF_SCOPE_BELOW,
     CA PREFIX "x; persistUntil=x", R(BAD_PERSIST_UNTIL), 60},
    {"6 hashed URI", DUAL, HF_ACCOUNT_REVOKED, HF_SCOPE_BELOW,
     CA PREFIX "sha-256/x; persistUntil=1", R(BAD_HASHED_URI), 52},
    {"6 algorithm", DUAL, HF_ACCOUNT_REVOKED, HF_SCOPE_BELOW,
     CA PREFIX "sha-384/x; persistUntil=1", R(HASH_ALG_NOT_ACCEPTED), 44},
    {"6 raw in -02", D02, HF_ACCOUNT_REVOKED, HF_SCOPE_BELOW,
     CA URL "; persistUntil=1", R(BAD_HASHED_URI), 23},
    {"7 deactivated, hashed", DUAL, HF_ACCOUNT_DEACTIVATED, HF_SCOPE_BELOW,
     CA WRONG "; persistUntil=1", R(ACCOUNT_NOT_VALID), 0},
    {"7 revoked, hashed", D02, HF_ACCOUNT_REVOKED, HF_SCOPE_EXACT, CA EXACT,
     R(ACCOUNT_NOT_VALID), 0},
    {"7 deactivated, raw", D01, HF_ACCOUNT_DEACTIVATED, HF_SCOPE_BELOW,
     CA URL "; persistUntil=1", R(ACCOUNT_NOT_VALID), 0},
    {"8 mismatch, hashed", DUAL, HF_ACCOUNT_VALID, HF_SCOPE_BELOW,
     CA WRONG "; persistUntil=1", R(ACCOUNT_MISMATCH), 0},
    {"8 mismatch, raw", D00, HF_ACCOUNT_VALID, HF_SCOPE_BELOW,
     CA URL "4; persistUntil=1", R(ACCOUNT_MISMATCH), 0},
    {"9 expired", DUAL, HF_ACCOUNT_VALID, HF_SCOPE_BELOW,
     CA EXACT "; persistUntil=1789999999", R(EXPIRED), 0},
    {"10 policy, below", DUAL, HF_ACCOUNT_VALID, HF_SCOPE_BELOW, CA EXACT,
     R(POLICY_REQUIRED), 0},
    {"10 policy, wildcard", DUAL, HF_ACCOUNT_VALID, HF_SCOPE_WILDCARD, CA EXACT,
     R(POLICY_REQUIRED), 0},
    {"11 valid", DUAL, HF_ACCOUNT_VALID, HF_SCOPE_BELOW,
     CA EXACT "; persistUntil=1790000000; policy=wildcard", OK, 0},
};

/* REQ VAL-04, ERR-01, ERR-02, ERR-03, ACCT-03, JIT-02 */
static void steps_in_order(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(steps); i++) {
        struct situation s = {.rules = steps[i].rules,
                              .status = steps[i].status,
                              .scope = steps[i].scope,
                              .texts = {steps[i].text}};
        struct judgement got;

        judge(&s, &got);
        if (got.judged[0].reason != steps[i].reason ||
            got.judged[0].at != steps[i].at)
            fail_msg("%s: %s at %zu", steps[i].name,
                     hf_reason_word(got.judged[0].reason), got.judged[0].at);
        assert_int_equal(got.verdict.reason, steps[i].reason == R(OTHER_ISSUER)
                                                 ? R(NO_MATCHING_ISSUER)
                                                 : steps[i].reason);
    }
}

/* Who accepts which form of account URI, at example.com. */
static const struct {
    const char *name;
    enum hf_rules rules;
    bool strict;
    const char *text;
    enum hf_reason reason;
    enum hf_form form;
} forms[] = {
    /* raw: REQ VAL-10, ACCT-06 */
    {"00 raw", D00, false, CA URL, OK, HF_FORM_RAW},
    {"01 raw", D01, true, CA URL, OK, HF_FORM_RAW},
    {"br raw", BR, true, CA URL, OK, HF_FORM_RAW},
    {"dual raw", DUAL, false, CA URL, OK, HF_FORM_RAW},
    {"01 other URL", D01, false, CA OLD, OK, HF_FORM_RAW},
    {"01 alternative", D01, false, CA ALT, OK, HF_FORM_RAW},
    /* REQ VAL-11: Simple String Comparison */
    {"01 scheme case", D01, false, CA "HTTPS://ca.example/acct/123",
     R(ACCOUNT_MISMATCH), HF_FORM_FOREIGN},
    {"01 host case", D01, false, CA "https://CA.example/acct/123",
     R(ACCOUNT_MISMATCH), HF_FORM_FOREIGN},
    {"01 port", D01, false, CA "https://ca.example:443/acct/123",
     R(ACCOUNT_MISMATCH), HF_FORM_FOREIGN},
    {"01 escape", D01, false, CA "https://ca.example/acct/%3123",
     R(ACCOUNT_MISMATCH), HF_FORM_FOREIGN},
    {"01 slash", D01, false, CA URL "/", R(ACCOUNT_MISMATCH), HF_FORM_FOREIGN},
    {"01 shorter", D01, false, CA "https://ca.example/acct/12",
     R(ACCOUNT_MISMATCH), HF_FORM_FOREIGN},
    /* REQ VAL-23, DIR-09: strict takes no raw URL */
    {"02 raw", D02, false, CA URL, R(BAD_HASHED_URI), HF_FORM_RAW},
    {"dual strict raw", DUAL, true, CA URL, R(BAD_HASHED_URI), HF_FORM_RAW},
    {"02 foreign", D02, false, CA "https://else.example/1", R(BAD_HASHED_URI),
     HF_FORM_FOREIGN},
    {"dual foreign", DUAL, false, CA "https://else.example/1",
     R(ACCOUNT_MISMATCH), HF_FORM_FOREIGN},
    {"dual strict foreign", DUAL, true, CA "https://else.example/1",
     R(BAD_HASHED_URI), HF_FORM_FOREIGN},
    /* hashed: REQ VAL-20, VAL-22, RECORD-08 */
    {"02 exact", D02, false, CA EXACT, OK, HF_FORM_HASHED},
    {"02 star", D02, false, CA STAR, OK, HF_FORM_HASHED},
    {"dual exact", DUAL, true, CA EXACT, OK, HF_FORM_HASHED},
    {"br exact", BR, false, CA EXACT, OK, HF_FORM_HASHED},
    {"00 hashed", D00, false, CA EXACT, R(ACCOUNT_MISMATCH), HF_FORM_FOREIGN},
    {"01 hashed", D01, false, CA EXACT, R(ACCOUNT_MISMATCH), HF_FORM_FOREIGN},
    /* never re-read as raw: REQ DIR-09 */
    {"dual broken hashed", DUAL, false, CA PREFIX "123", R(BAD_HASHED_URI),
     HF_FORM_HASHED},
    {"br broken hashed", BR, false, CA PREFIX "123", R(BAD_HASHED_URI),
     HF_FORM_HASHED},
    /* the issuer: REQ RECORD-06, VAL-12, CHAL-06 */
    {"second issuer", D01, false, "ca2.example; accounturi=" URL, OK,
     HF_FORM_RAW},
    {"issuer in capitals", D01, false, "CA.EXAMPLE; accounturi=" URL, OK,
     HF_FORM_RAW},
};

static void forms_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(forms); i++) {
        struct situation s = {.rules = forms[i].rules,
                              .strict = forms[i].strict,
                              .texts = {forms[i].text}};
        struct judgement got;

        judge(&s, &got);
        if (got.judged[0].reason != forms[i].reason ||
            got.judged[0].form != forms[i].form)
            fail_msg("%s: %s, %s", forms[i].name,
                     hf_reason_word(got.judged[0].reason),
                     hf_form_word(got.judged[0].form));
    }
}

/* REQ SCOPE-01, SCOPE-04, SCOPE-05, SCOPE-07, SCOPE-09, VAL-21, RECORD-16 */
static void scope_table(void **state)
{
    static const struct {
        const char *name;
        enum hf_rules rules;
        const char *adn;
        enum hf_scope scope;
        const char *text;
        enum hf_reason reason;
    } rows[] = {
        {"exact", D02, NULL, HF_SCOPE_EXACT, CA EXACT, OK},
        {"wildcard", D02, NULL, HF_SCOPE_WILDCARD, CA EXACT ";policy=wildcard",
         OK},
        {"below", D02, NULL, HF_SCOPE_BELOW, CA EXACT ";policy=wildcard", OK},
        {"exact by wildcard", D02, NULL, HF_SCOPE_EXACT,
         CA EXACT ";policy=wildcard", OK},
        {"other policy", D02, NULL, HF_SCOPE_WILDCARD, CA EXACT ";policy=all",
         R(POLICY_REQUIRED)},
        {"raw below", D01, NULL, HF_SCOPE_BELOW, CA URL, R(POLICY_REQUIRED)},
        {"domain form elsewhere", D02, "example.net", HF_SCOPE_EXACT, CA EXACT,
         R(ACCOUNT_MISMATCH)},
        {"domain form below", D02, "a.example.com", HF_SCOPE_EXACT, CA EXACT,
         R(ACCOUNT_MISMATCH)},
        {"star elsewhere", D02, "example.net", HF_SCOPE_EXACT, CA STAR, OK},
        {"star is no policy", D02, "example.net", HF_SCOPE_WILDCARD, CA STAR,
         R(POLICY_REQUIRED)},
        {"star and policy", D02, "example.net", HF_SCOPE_BELOW,
         CA STAR ";policy=wildcard", OK},
        {"br knows no policy", BR, NULL, HF_SCOPE_BELOW, CA URL, OK},
        {"br wildcard", BR, NULL, HF_SCOPE_WILDCARD, CA EXACT, OK},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct situation s = {.rules = rows[i].rules,
                              .adn = rows[i].adn,
                              .scope = rows[i].scope,
                              .texts = {rows[i].text}};
        struct judgement got;

        judge(&s, &got);
        if (got.verdict.reason != rows[i].reason)
            fail_msg("%s: %s", rows[i].name,
                     hf_reason_word(got.verdict.reason));
    }
}

/* The RRset: REQ VAL-05, VAL-06, VAL-07, VAL-08, VAL-09, ERR-05 */
static const struct {
    const char *name;
    enum hf_scope scope;
    const char *texts[RECORDS_MAX];
    enum hf_reason reason;
    const char *relied; /* its text */
} rrsets[] = {
    {"none", HF_SCOPE_EXACT, {NULL}, R(NO_RECORD), NULL},
    {"only others",
     HF_SCOPE_EXACT,
     {"x.example;a=b", "spf"},
     R(NO_MATCHING_ISSUER),
     NULL},
    {"good among bad",
     HF_SCOPE_EXACT,
     {"ca.example; a", CA WRONG, "\x01", CA EXACT},
     OK,
     CA EXACT},
    {"good of ours beside others'",
     HF_SCOPE_EXACT,
     {"other.example; accounturi=;", CA STAR, "v=spf1 -all"},
     OK,
     CA STAR},
    {"nothing combines: policy",
     HF_SCOPE_BELOW,
     {CA EXACT, CA WRONG ";policy=wildcard"},
     R(ACCOUNT_MISMATCH),
     NULL},
    {"nothing combines: end",
     HF_SCOPE_EXACT,
     {CA EXACT ";persistUntil=1", CA WRONG ";persistUntil=9999999999"},
     R(ACCOUNT_MISMATCH),
     NULL},
    {"the latest end",
     HF_SCOPE_EXACT,
     {CA EXACT ";persistUntil=1790000001", CA STAR ";persistUntil=1790000002"},
     OK,
     CA STAR ";persistUntil=1790000002"},
    {"no end is the latest",
     HF_SCOPE_EXACT,
     {CA EXACT, CA STAR ";persistUntil=9000000000000000000"},
     OK,
     CA EXACT},
    {"equal ends: smallest URI",
     HF_SCOPE_EXACT,
     {CA STAR, CA EXACT, CA URL},
     OK,
     CA URL},
    {"equal ends: smaller digest",
     HF_SCOPE_EXACT,
     {CA STAR, CA EXACT},
     OK,
     CA EXACT},
    {"equal URIs: smallest issuer",
     HF_SCOPE_EXACT,
     {"ca2.example; accounturi=" URL, CA URL},
     OK,
     CA URL},
    {"explicit end of time",
     HF_SCOPE_EXACT,
     {CA EXACT, CA URL ";persistUntil=9223372036854775807"},
     OK,
     CA URL ";persistUntil=9223372036854775807"},
    {"expired does not count",
     HF_SCOPE_EXACT,
     {CA URL ";persistUntil=1", CA STAR ";persistUntil=1790000000"},
     OK,
     CA STAR ";persistUntil=1790000000"},
    {"malformed before unauthorized",
     HF_SCOPE_EXACT,
     {CA WRONG, CA EXACT ";persistUntil=x", "x;a=b"},
     R(BAD_PERSIST_UNTIL),
     NULL},
    {"earliest step of malformed",
     HF_SCOPE_EXACT,
     {CA PREFIX "x", "ca.example", "ca.example; accounturi="},
     R(MISSING_ACCOUNTURI),
     NULL},
    {"earliest step of unauthorized",
     HF_SCOPE_WILDCARD,
     {CA EXACT, CA EXACT ";persistUntil=1", CA WRONG},
     R(ACCOUNT_MISMATCH),
     NULL},
    {"unauthorized before others",
     HF_SCOPE_EXACT,
     {"x.example;a=b", CA WRONG},
     R(ACCOUNT_MISMATCH),
     NULL},
};

static void swap(const char **a, const char **b)
{
    const char *kept = *a;

    *a = *b;
    *b = kept;
}

static void check_rrset(size_t row, const struct situation *s)
{
    struct judgement got;

    judge(s, &got);
    if (got.verdict.reason != rrsets[row].reason)
        fail_msg("%s: %s", rrsets[row].name,
                 hf_reason_word(got.verdict.reason));
    if (rrsets[row].relied != NULL &&
        strcmp(s->texts[got.verdict.relied], rrsets[row].relied) != 0)
        fail_msg("%s: relied on %s", rrsets[row].name,
                 s->texts[got.verdict.relied]);
}

/* Every order of the records gives the same verdict (REQ VAL-07, VAL-02). */
static void permute(size_t row, struct situation *s, size_t from)
{
    check_rrset(row, s);
    for (size_t i = from; i < RECORDS_MAX && s->texts[i] != NULL; i++) {
        for (size_t j = i + 1; j < RECORDS_MAX && s->texts[j] != NULL; j++) {
            swap(&s->texts[i], &s->texts[j]);
            permute(row, s, i + 1);
            swap(&s->texts[i], &s->texts[j]);
        }
    }
}

static void rrset_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rrsets); i++) {
        struct situation s = {.rules = DUAL, .scope = rrsets[i].scope};

        memcpy(s.texts, rrsets[i].texts, sizeof(s.texts));
        permute(i, &s, 0);
    }
}

/* REQ VAL-30, ERR-04: what was not looked up is not used. */
static void lookup_failures(void **state)
{
    static const struct hf_span good[] = {HF_SPAN_INIT(CA URL)};
    const struct hf_ca ca = the_ca(D01, digest);
    const struct hf_account account = the_account();
    const struct hf_question question = {.adn = HF_SPAN("example.com")};
    const enum hf_answer_state states[] = {HF_ANSWER_FAILURE, HF_ANSWER_BOGUS};
    const enum hf_reason reasons[] = {R(DNS_FAILURE), R(DNSSEC_BOGUS)};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        const struct hf_answer answer = {states[i], good, i, 0};
        struct hf_judged judged[1];
        struct hf_verdict got;

        assert_int_equal(
            hf_judge(&ca, &account, &question, &answer, judged, &got, NULL),
            HF_OK);
        assert_int_equal(got.reason, reasons[i]);
        assert_int_equal(hf_reason_outcome(got.reason), HF_OUTCOME_DNS);
        assert_int_equal(got.expires_at, 0);
    }
}

/* At T it serves, half a second later it does not: REQ REUSE-08, REUSE-07 */
static void end_to_the_nanosecond(void **state)
{
    static const struct {
        struct hf_time now;
        const char *text;
        enum hf_reason reason;
    } rows[] = {
        {{NOW - 1, 999999999}, CA URL ";persistUntil=1790000000", OK},
        {{NOW, 0}, CA URL ";persistUntil=1790000000", OK},
        {{NOW, 1}, CA URL ";persistUntil=1790000000", R(EXPIRED)},
        {{NOW, 500000000}, CA URL ";persistUntil=1790000000", R(EXPIRED)},
        {{NOW + 1, 0}, CA URL ";persistUntil=1790000000", R(EXPIRED)},
        {{0, 0}, CA URL ";persistUntil=0", OK},
        {{0, 1}, CA URL ";persistUntil=0", R(EXPIRED)},
        {{-1, 999999999}, CA URL ";persistUntil=0", OK},
        {{INT64_MAX, 0}, CA URL, OK},
        /* the example of BR 3.2.2.4.22 */
        {{1767225600, 0}, CA URL ";persistUntil=1767225600", OK},
        {{1767225601, 0}, CA URL ";persistUntil=1767225600", R(EXPIRED)},
    };
    const struct hf_ca ca = the_ca(BR, digest);
    const struct hf_account account = the_account();

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct hf_span text = hf_span_str(rows[i].text);
        const struct hf_answer answer = {.values = &text, .count = 1};
        const struct hf_question question = {HF_SPAN("example.com"),
                                             HF_SCOPE_EXACT, rows[i].now};
        struct hf_judged judged[1];
        struct hf_verdict got;

        assert_int_equal(
            hf_judge(&ca, &account, &question, &answer, judged, &got, NULL),
            HF_OK);
        if (got.reason != rows[i].reason)
            fail_msg("row %zu: %s", i, hf_reason_word(got.reason));
    }
}

/* The verdict carries the last moment of reuse: REQ REUSE-01, REUSE-04,
 * REUSE-06 */
static void verdict_expires(void **state)
{
    static const struct {
        enum hf_rules rules;
        const char *text;
        int64_t want;
    } rows[] = {
        {D02, CA EXACT, NOW + 864000},
        {D02, CA EXACT ";persistUntil=1790000007", NOW + 7},
        {D01, CA URL, NOW + 300},
        {D01, CA URL ";persistUntil=1790000007", NOW + 300},
        {DUAL, CA URL, NOW + 300},
        {DUAL, CA EXACT, NOW + 864000},
        {BR, CA URL, NOW + 864000},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct situation s = {.rules = rows[i].rules, .texts = {rows[i].text}};
        struct judgement got;

        judge(&s, &got);
        if (got.verdict.expires_at != rows[i].want)
            fail_msg("row %zu: %lld", i, (long long)got.verdict.expires_at);
    }
}

/* --- Accounts with many keys, URLs and algorithms --- */

#define KEYS 1000

struct many {
    struct hf_key keys[KEYS];
    char thumbprints[KEYS][HF_THUMBPRINT_LEN];
};

static struct many many;

static void make_many(void)
{
    for (size_t i = 0; i < KEYS; i++) {
        char text[HF_THUMBPRINT_LEN + 1];

        (void)snprintf(text, sizeof(text), "key%040zu", i * 10);
        text[HF_THUMBPRINT_LEN - 1] = 'A';
        memcpy(many.thumbprints[i], text, HF_THUMBPRINT_LEN);
        many.keys[i] = (struct hf_key){
            .thumbprint = {many.thumbprints[i], HF_THUMBPRINT_LEN}};
    }
}

static struct hf_span put_record(struct hf_buf *out, struct hf_span domain,
                                 size_t key, const char *url,
                                 enum hf_hash_alg alg)
{
    struct hf_binding binding = {domain, many.keys[key].thumbprint,
                                 hf_span_str(url)};
    char text[HF_HASH_TEXT_MAX];
    size_t from = out->len;

    assert_int_equal(hf_binding_digest(&binding, alg, digest, text, NULL),
                     HF_OK);
    hf_buf_puts(out, CA PREFIX);
    hf_buf_puts(out, hf_hash_alg_name(alg));
    hf_buf_putc(out, '/');
    hf_buf_put(out,
               (struct hf_span){text, (hf_hash_alg_size(alg) * 4 + 2) / 3});
    assert_false(out->full);
    return (struct hf_span){out->ptr + from, out->len - from};
}

/* Counts the digests, and fails the one asked to. */
struct counter {
    size_t calls;
    size_t fail_at; /* 0: never */
    struct hf_span first_key;
    char key[HF_THUMBPRINT_LEN];
};

static enum hf_err count_compute(void *state, enum hf_hash_alg alg,
                                 struct hf_span data, unsigned char *out)
{
    struct counter *counter = state;
    size_t skip = 1 + (size_t)(unsigned char)data.ptr[0];

    if (counter->calls == 0)
        memcpy(counter->key, data.ptr + skip, HF_THUMBPRINT_LEN);
    counter->calls++;
    if (counter->calls == counter->fail_at)
        return HF_ECRYPTO;
    return digest->compute(digest->state, alg, data, out);
}

struct many_case {
    const char *name;
    struct hf_span domain;
    size_t key;
    const char *url;
    enum hf_hash_alg alg;
    enum hf_reason reason;
    bool star;
    size_t most; /* digests */
};

static const struct many_case many_cases[] = {
    {"current key", HF_SPAN_INIT("example.com"), 0, URL, HF_SHA_256, OK, false,
     1},
    {"current key, star", HF_SPAN_INIT("*"), 0, URL, HF_SHA_256, OK, true, 2},
    {"current key, old URL", HF_SPAN_INIT("example.com"), 0, OLD, HF_SHA_256,
     OK, false, 3},
    {"old URL, star", HF_SPAN_INIT("*"), 0, OLD, HF_SHA_256, OK, true, 4},
    {"second key", HF_SPAN_INIT("example.com"), 1, URL, HF_SHA_256, OK, false,
     5},
    {"oldest key", HF_SPAN_INIT("example.com"), KEYS - 1, URL, HF_SHA_256, OK,
     false, 4 * KEYS},
    {"oldest key, star, old URL", HF_SPAN_INIT("*"), KEYS - 1, OLD, HF_SHA_256,
     OK, true, 4 * KEYS},
    {"sha-512", HF_SPAN_INIT("example.com"), 3, URL, HF_SHA_512, OK, false, 13},
    {"sha-512, star", HF_SPAN_INIT("*"), 3, URL, HF_SHA_512, OK, true, 14},
    {"alternative URI is not hashed", HF_SPAN_INIT("example.com"), 0, ALT,
     HF_SHA_256, R(ACCOUNT_MISMATCH), false, 4 * KEYS},
    {"other name", HF_SPAN_INIT("www.example.com"), 0, URL, HF_SHA_256,
     R(ACCOUNT_MISMATCH), false, 4 * KEYS},
    {"with prefix label", HF_SPAN_INIT("_validation-persist.example.com"), 0,
     URL, HF_SHA_256, R(ACCOUNT_MISMATCH), false, 4 * KEYS},
    {"with dot", HF_SPAN_INIT("example.com."), 0, URL, HF_SHA_256,
     R(ACCOUNT_MISMATCH), false, 4 * KEYS},
};

static void judge_many(const struct many_case *c, struct hf_judged *judged,
                       struct counter *counter)
{
    const struct hf_digest counted = {count_compute, counter};
    struct hf_ca ca = the_ca(D02, &counted);
    struct hf_account account = the_account();
    const struct hf_question question = {
        HF_SPAN("example.com"), HF_SCOPE_EXACT, {NOW, 0}};
    char room[512];
    struct hf_buf buf;
    struct hf_span text;
    struct hf_answer answer = {.values = &text, .count = 1};
    struct hf_verdict got;

    hf_buf_init(&buf, room, sizeof(room));
    text = put_record(&buf, c->domain, c->key, c->url, c->alg);
    ca.hash_algs |= HF_HASH_BIT(HF_SHA_512);
    account.keys = many.keys;
    account.key_count = KEYS;
    assert_int_equal(
        hf_judge(&ca, &account, &question, &answer, judged, &got, NULL), HF_OK);
}

/* REQ VAL-24, VAL-25, VAL-26, VAL-29, ACCT-01, ACCT-02, RECORD-15 to 17 */
static void thousand_keys(void **state)
{
    (void)state;
    make_many();
    for (size_t i = 0; i < COUNT_OF(many_cases); i++) {
        const struct many_case *c = &many_cases[i];
        struct counter counter = {0};
        struct hf_judged got;

        judge_many(c, &got, &counter);
        if (got.reason != c->reason || got.star != c->star ||
            got.key != (c->reason == OK ? c->key : 0))
            fail_msg("%s: %s, key %zu", c->name, hf_reason_word(got.reason),
                     got.key);
        if (counter.calls > c->most)
            fail_msg("%s: %zu digests", c->name, counter.calls);
        /* REQ VAL-26: the current key first */
        assert_memory_equal(counter.key, many.thumbprints[0],
                            HF_THUMBPRINT_LEN);
    }
}

/* Star digests known beforehand change the cost and never the answer.
 * REQ VAL-27 */
static void prepared_keys(void **state)
{
    (void)state;
    make_many();
    assert_int_equal(
        hf_keys_prepare(many.keys, KEYS, HF_SPAN(URL), digest, NULL), HF_OK);
    for (size_t i = 0; i < COUNT_OF(many_cases); i++) {
        const struct many_case *c = &many_cases[i];
        struct counter plain = {0};
        struct counter known = {0};
        struct hf_judged without;
        struct hf_judged with;

        judge_many(c, &with, &known);
        for (size_t k = 0; k < KEYS; k++)
            many.keys[k].star_known = false;
        judge_many(c, &without, &plain);
        for (size_t k = 0; k < KEYS; k++)
            many.keys[k].star_known = true;
        assert_int_equal(with.reason, without.reason);
        assert_int_equal(with.star, without.star);
        assert_int_equal(with.key, without.key);
        assert_true(known.calls <= plain.calls);
        if (c->alg == HF_SHA_256 && plain.calls == (size_t)4 * KEYS)
            assert_int_equal(known.calls, 3 * KEYS);
    }
}

/* A star known for the current URL says nothing of another algorithm. */
static void known_star_is_for_one_url(void **state)
{
    struct hf_key keys[] = {{.thumbprint = HF_SPAN(KEY_1), .star_known = true}};
    const struct hf_ca ca = the_ca(D02, digest);
    struct hf_account account = the_account();
    const struct hf_question question = {
        HF_SPAN("example.net"), HF_SCOPE_EXACT, {NOW, 0}};
    struct hf_span text = HF_SPAN(CA STAR);
    const struct hf_answer answer = {.values = &text, .count = 1};
    struct hf_judged judged[1];
    struct hf_verdict got;

    (void)state;
    memset(keys[0].star, 'A', sizeof(keys[0].star)); /* a lie */
    account.keys = keys;
    assert_int_equal(
        hf_judge(&ca, &account, &question, &answer, judged, &got, NULL), HF_OK);
    assert_int_equal(got.reason, R(ACCOUNT_MISMATCH));
}

static void prepare_failures(void **state)
{
    struct counter counter = {.fail_at = 2};
    const struct hf_digest failing = {count_compute, &counter};
    struct hf_key keys[] = {{.thumbprint = HF_SPAN(KEY_1)},
                            {.thumbprint = HF_SPAN(KEY_2)}};

    (void)state;
    assert_int_equal(hf_keys_prepare(keys, 2, HF_SPAN(URL), &failing, NULL),
                     HF_ECRYPTO);
    assert_true(keys[0].star_known);
    assert_false(keys[1].star_known);
    assert_int_equal(hf_keys_prepare(keys, 1, HF_SPAN(""), digest, NULL),
                     HF_EINVAL);
    keys[1].thumbprint = HF_SPAN("short");
    assert_int_equal(hf_keys_prepare(keys, 2, HF_SPAN(URL), digest, NULL),
                     HF_EINVAL);
    assert_false(keys[1].star_known);
}

/* The judge fails only when the digest source does, at whichever call. */
static void digest_source_fails(void **state)
{
    static const struct hf_span texts[] = {HF_SPAN_INIT(CA WRONG)};

    (void)state;
    for (size_t n = 1; n <= 5; n++) {
        struct counter counter = {.fail_at = n};
        const struct hf_digest failing = {count_compute, &counter};
        const struct hf_ca ca = the_ca(D02, &failing);
        const struct hf_account account = the_account();
        const struct hf_question question = {.adn = HF_SPAN("example.com")};
        const struct hf_answer answer = {.values = texts, .count = 1};
        struct hf_verdict verdict = {.relied = 77};
        struct hf_judged judged[1];
        struct hf_why why = {0};
        enum hf_err err =
            hf_judge(&ca, &account, &question, &answer, judged, &verdict, &why);

        assert_int_equal(err, n <= 4 ? HF_ECRYPTO : HF_OK);
        assert_int_equal(why.text != NULL, n <= 4);
        assert_int_equal(verdict.relied == 77, n <= 4);
    }
}

/* Two algorithms in one RRset are both tried: REQ ACCT-12 */
static void two_algorithms(void **state)
{
    struct hf_ca ca = the_ca(D02, digest);
    struct hf_account account = the_account();
    const struct hf_question question = {
        HF_SPAN("example.com"), HF_SCOPE_EXACT, {NOW, 0}};
    char room[1024];
    struct hf_buf buf;
    struct hf_span texts[2];
    const struct hf_answer answer = {.values = texts, .count = 2};
    struct hf_judged judged[2];
    struct hf_verdict got;

    (void)state;
    make_many();
    hf_buf_init(&buf, room, sizeof(room));
    texts[0] = put_record(&buf, HF_SPAN("*"), 1, URL, HF_SHA3_384);
    texts[1] = put_record(&buf, HF_SPAN("example.com"), 0, URL, HF_SHA_512);
    ca.hash_algs = HF_HASH_BIT(HF_SHA3_384) | HF_HASH_BIT(HF_SHA_512);
    account.keys = many.keys;
    account.key_count = 2;
    assert_int_equal(
        hf_judge(&ca, &account, &question, &answer, judged, &got, NULL), HF_OK);
    assert_int_equal(judged[0].reason, OK);
    assert_true(judged[0].star);
    assert_int_equal(judged[0].key, 1);
    assert_int_equal(judged[1].reason, OK);
    assert_false(judged[1].star);
    assert_int_equal(judged[1].key, 0);
}

/* Same digest text under another algorithm name is no match. */
static void algorithm_binds(void **state)
{
    struct hf_ca ca = the_ca(D02, digest);
    const struct hf_account account = the_account();
    const struct hf_question question = {
        HF_SPAN("example.com"), HF_SCOPE_EXACT, {NOW, 0}};
    const struct hf_span texts[] = {
        HF_SPAN(CA EXACT),
        HF_SPAN(CA PREFIX
                "sha3-256/5SQm7n6tPh2-PlLbCKGnViTXX5z19SCN4cPGQHSk-kw")};
    const struct hf_answer answer = {.values = texts, .count = 2};
    struct hf_judged judged[2];
    struct hf_verdict got;

    (void)state;
    ca.hash_algs |= HF_HASH_BIT(HF_SHA3_256);
    assert_int_equal(
        hf_judge(&ca, &account, &question, &answer, judged, &got, NULL), HF_OK);
    assert_int_equal(judged[0].reason, OK);
    assert_int_equal(judged[1].reason, R(ACCOUNT_MISMATCH));
}

/* A CA or an account with nothing in it authorises nobody. */
static void empty_parties(void **state)
{
    static const struct hf_span empty[] = {HF_SPAN_INIT("")};
    const struct hf_account nobody = {0};
    const struct hf_question question = {
        HF_SPAN("example.com"), HF_SCOPE_EXACT, {NOW, 0}};
    const struct hf_span texts[] = {HF_SPAN(CA URL), HF_SPAN(CA EXACT),
                                    HF_SPAN("; accounturi=" URL)};
    const struct hf_answer answer = {.values = texts, .count = 3};
    struct hf_ca ca = the_ca(DUAL, digest);
    struct hf_judged judged[3];
    struct hf_verdict got;

    (void)state;
    assert_int_equal(
        hf_judge(&ca, &nobody, &question, &answer, judged, &got, NULL), HF_OK);
    assert_int_equal(got.reason, R(ACCOUNT_MISMATCH));

    ca.issuers = empty; /* an empty name is no record's issuer */
    ca.issuer_count = 1;
    assert_int_equal(
        hf_judge(&ca, &nobody, &question, &answer, judged, &got, NULL), HF_OK);
    assert_int_equal(got.reason, R(NO_MATCHING_ISSUER));

    ca = the_ca(DUAL, digest);
    ca.prefixes = empty; /* an empty prefix is under nothing */
    assert_int_equal(hf_account_uri_form(&ca, &nobody, HF_SPAN(EXACT)),
                     HF_FORM_FOREIGN);
    assert_int_equal(hf_account_uri_form(&ca, &nobody, HF_SPAN("")),
                     HF_FORM_FOREIGN);
}

/* REQ SCOPE-06, SCOPE-08, SCOPE-13, VAL-01 */
static void candidates_table(void **state)
{
    static const struct {
        const char *name;
        const char *base;
        bool prunes;
        size_t count;
        const char *last;
    } rows[] = {
        {"www.example.com", "example.com", false, 1, "www.example.com"},
        {"example.com", "example.com", true, 1, "example.com"},
        {"www.example.com", "example.com", true, 2, "example.com"},
        {"a.b.c.example.com", "example.com", true, 4, "example.com"},
        {"a.b.example.co.uk", "example.co.uk", true, 3, "example.co.uk"},
        {"1.2.3.4.5.6.7.8.9.example.com", "example.com", true, 8,
         "8.9.example.com"},
        {"1.2.3.4.5.6.example.com", "example.com", true, 7, "example.com"},
        {"1.2.3.4.5.6.7.example.com", "example.com", true, 8, "example.com"},
        {"com", "", true, 0, NULL},
        {"com", "", false, 0, NULL},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct hf_span out[HF_CANDIDATES_MAX];
        size_t count =
            hf_candidates(hf_span_str(rows[i].name), hf_span_str(rows[i].base),
                          rows[i].prunes, out);

        assert_int_equal(count, rows[i].count);
        if (count == 0)
            continue;
        assert_span_equal(out[0], hf_span_str(rows[i].name));
        assert_span_equal(out[count - 1], hf_span_str(rows[i].last));
    }
}

static void scope_of_names(void **state)
{
    struct hf_span adn = HF_SPAN("example.com");

    (void)state;
    assert_int_equal(hf_scope_of(adn, false, adn), HF_SCOPE_EXACT);
    assert_int_equal(hf_scope_of(adn, true, adn), HF_SCOPE_WILDCARD);
    assert_int_equal(hf_scope_of(HF_SPAN("a.example.com"), false, adn),
                     HF_SCOPE_BELOW);
    assert_int_equal(hf_scope_of(HF_SPAN("a.example.com"), true, adn),
                     HF_SCOPE_BELOW);
}

static void words(void **state)
{
    static const char *const rules[] = {"draft-00", "draft-01", "draft-02",
                                        "dual", "br"};
    enum hf_rules got;

    (void)state;
    for (unsigned i = 0; i < COUNT_OF(rules); i++) {
        assert_string_equal(hf_rules_word(i), rules[i]);
        assert_true(hf_rules_find(hf_span_str(rules[i]), &got));
        assert_int_equal(got, i);
    }
    assert_false(hf_rules_find(HF_SPAN("draft-03"), &got));
    assert_false(hf_rules_find(HF_SPAN("DUAL"), &got));
    assert_string_equal(hf_form_word(HF_FORM_FOREIGN), "foreign");
    assert_string_equal(hf_form_word(HF_FORM_RAW), "raw");
    assert_string_equal(hf_form_word(HF_FORM_HASHED), "hashed");
}

/* The room for the findings is the caller's and may hold those of the last
 * time: a digest that fitted then is not this record's. REQ VAL-13, VAL-23 */
static void earlier_findings_do_not_count(void **state)
{
    const struct situation hashed = {.rules = DUAL, .texts = {CA EXACT}};
    const struct situation foreign = {
        .rules = DUAL, .texts = {CA "https://ca.example/acct/124"}};
    struct judgement out;

    (void)state;
    judge(&hashed, &out);
    assert_int_equal(out.verdict.reason, OK);
    judge(&foreign, &out);
    assert_int_equal(out.verdict.reason, R(ACCOUNT_MISMATCH));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_in_order),
        cmocka_unit_test(forms_table),
        cmocka_unit_test(scope_table),
        cmocka_unit_test(rrset_table),
        cmocka_unit_test(lookup_failures),
        cmocka_unit_test(end_to_the_nanosecond),
        cmocka_unit_test(verdict_expires),
        cmocka_unit_test(thousand_keys),
        cmocka_unit_test(prepared_keys),
        cmocka_unit_test(known_star_is_for_one_url),
        cmocka_unit_test(prepare_failures),
        cmocka_unit_test(digest_source_fails),
        cmocka_unit_test(two_algorithms),
        cmocka_unit_test(algorithm_binds),
        cmocka_unit_test(empty_parties),
        cmocka_unit_test(candidates_table),
        cmocka_unit_test(scope_of_names),
        cmocka_unit_test(words),
        cmocka_unit_test(earlier_findings_do_not_count),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
