/* SPDX-License-Identifier: Apache-2.0 */
/* How authority begins, changes and ends from one attempt to the next. */
#include "holdfast/mpic.h"
#include "holdfast/reuse.h"
#include "tests/unit/judge_fixture.h"
#include "tests/unit/unit.h"

#define OURS   "ca.example; accounturi=" EXACT
#define THEIRS "other.example; accounturi=https://other.example/acct/9"
#define DAY    86400
#define MAX    4

/* One attempt at example.com, at `at`, with the records that stand there. */
static struct hf_verdict attempt(const struct hf_ca *ca,
                                 const struct hf_account *account, int64_t at,
                                 const struct hf_span *values, size_t count)
{
    const struct hf_question question = {.adn = HF_SPAN("example.com"),
                                         .now = {.s = at}};
    const struct hf_answer answer = {
        .values = values, .count = count, .ttl_s = 300};
    struct hf_judged judged[MAX];
    struct hf_verdict verdict;

    assert_int_equal(
        hf_judge(ca, account, &question, &answer, judged, &verdict, NULL),
        HF_OK);
    return verdict;
}

static int set_up(void **state)
{
    struct hf_digest *digest = NULL;

    if (hf_digest_new(&digest, NULL) != HF_OK)
        return -1;
    *state = digest;
    return 0;
}

static int tear_down(void **state)
{
    hf_digest_free(*state);
    return 0;
}

/* REQ RECORD-30, RECORD-31, VAL-09: our record is one of two; when it goes,
 * our authority goes, and the other CA's does not. */
static void deleting_one_record_ends_one_ca(void **state)
{
    const struct hf_span both[] = {HF_SPAN(THEIRS), HF_SPAN(OURS)};
    const struct hf_span issuer = HF_SPAN("other.example");
    const struct hf_account us = the_account();
    const struct hf_account they = {
        .url = HF_SPAN("https://other.example/acct/9")};
    struct hf_ca our_ca = the_ca(HF_RULES_DRAFT_02, *state);
    struct hf_ca their_ca = {.rules = HF_RULES_DRAFT_01,
                             .issuers = &issuer,
                             .issuer_count = 1,
                             .reuse_s = 10 * DAY};

    assert_int_equal(attempt(&our_ca, &us, NOW, both, 2).reason, HF_REASON_OK);
    assert_int_equal(attempt(&their_ca, &they, NOW, both, 2).reason,
                     HF_REASON_OK);
    assert_int_equal(attempt(&our_ca, &us, NOW + 1, both, 1).reason,
                     HF_REASON_NO_MATCHING_ISSUER);
    assert_int_equal(attempt(&their_ca, &they, NOW + 1, both, 1).reason,
                     HF_REASON_OK);
    assert_int_equal(attempt(&our_ca, &us, NOW + 1, NULL, 0).reason,
                     HF_REASON_NO_RECORD);
}

/* REQ VAL-13, REUSE-10: every attempt goes by what it is shown; what was
 * granted before stays as it was. */
static void each_attempt_reads_afresh(void **state)
{
    const struct hf_span before = HF_SPAN(OURS "; persistUntil=1790172800");
    const struct hf_span after = HF_SPAN(OURS "; persistUntil=1790000001");
    const struct hf_account account = the_account();
    struct hf_ca ca = the_ca(HF_RULES_DRAFT_02, *state);
    struct hf_verdict granted = attempt(&ca, &account, NOW, &before, 1);
    struct hf_validation validation = {.rules = HF_RULES_DRAFT_02,
                                       .form = HF_FORM_HASHED,
                                       .validated_at = NOW,
                                       .until_at = 1790172800,
                                       .reuse_s = 10 * DAY};

    assert_int_equal(granted.reason, HF_REASON_OK);
    assert_int_equal(granted.expires_at, 1790172800);
    assert_int_equal(attempt(&ca, &account, NOW + 1, &after, 1).expires_at,
                     NOW + 1);
    assert_int_equal(attempt(&ca, &account, NOW + 2, &after, 1).reason,
                     HF_REASON_EXPIRED);
    assert_true(hf_reuse_is_usable(&validation, HF_ACCOUNT_VALID,
                                   (struct hf_time){.s = NOW + 2}));
    assert_int_equal(attempt(&ca, &account, NOW + 3, &before, 1).reason,
                     HF_REASON_OK);
}

/* REQ ACCT-11: a key change leaves the account URL and the records working;
 * an account that never had the key gets nothing. */
static void records_outlive_a_key_change(void **state)
{
    const struct hf_key rolled[] = {{.thumbprint = HF_SPAN_INIT(KEY_2)},
                                    {.thumbprint = HF_SPAN_INIT(KEY_1)}};
    const struct hf_span record = HF_SPAN(OURS);
    struct hf_account account = the_account();
    struct hf_ca ca = the_ca(HF_RULES_DRAFT_02, *state);

    account.keys = rolled;
    account.key_count = 2;
    assert_int_equal(attempt(&ca, &account, NOW, &record, 1).reason,
                     HF_REASON_OK);
    account.key_count = 1;
    assert_int_equal(attempt(&ca, &account, NOW, &record, 1).reason,
                     HF_REASON_ACCOUNT_MISMATCH);
}

/* REQ VAL-46: remotes that agreed the first time count for nothing in the
 * second. */
static void a_retry_starts_from_nothing(void **state)
{
    const struct hf_span uri = HF_SPAN(EXACT);
    const struct hf_perspective yes = {.rir = HF_SPAN_INIT("RIPE"),
                                       .valid = true,
                                       .account_uris = &uri,
                                       .account_uri_count = 1};
    struct hf_perspective far = yes;
    const struct hf_perspective no = {.rir = HF_SPAN_INIT("ARIN")};
    struct hf_mpic got;

    (void)state;
    far.rir = HF_SPAN("APNIC");
    got = hf_mpic_decide(NOW, &yes,
                         (const struct hf_perspective[]){yes, far, no, no}, 4);
    assert_int_equal(got.reason, HF_MPIC_QUORUM);
    got = hf_mpic_decide(NOW, &yes,
                         (const struct hf_perspective[]){no, no, yes, far}, 4);
    assert_int_equal(got.reason, HF_MPIC_QUORUM);
    assert_int_equal(got.corroborating, 2);
    got = hf_mpic_decide(NOW, &yes,
                         (const struct hf_perspective[]){yes, yes, far, no}, 4);
    assert_int_equal(got.reason, HF_MPIC_OK);
}

/* REQ SCOPE-12: a CA that does not look at parents asks at the name only,
 * whatever the parent's record says. */
static void a_ca_may_decline_broad_scope(void **state)
{
    struct hf_span names[HF_CANDIDATES_MAX];
    struct hf_span name = HF_SPAN("a.b.example.com");
    struct hf_span base = HF_SPAN("example.com");

    (void)state;
    assert_int_equal(hf_candidates(name, base, false, names), 1);
    assert_span_equal(names[0], name);
    assert_int_equal(hf_candidates(name, base, true, names), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(deleting_one_record_ends_one_ca),
        cmocka_unit_test(each_attempt_reads_afresh),
        cmocka_unit_test(records_outlive_a_key_change),
        cmocka_unit_test(a_retry_starts_from_nothing),
        cmocka_unit_test(a_ca_may_decline_broad_scope),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
