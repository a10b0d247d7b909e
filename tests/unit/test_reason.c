/* SPDX-License-Identifier: Apache-2.0 */
/* Reasons: REQ ERR-01 to ERR-05, ERR-07. */
#include "holdfast/reason.h"
#include "tests/unit/unit.h"

static const struct {
    const char *word;
    enum hf_outcome outcome;
} want[HF_REASON_COUNT] = {
    [HF_REASON_OK] = {"ok", HF_OUTCOME_VALID},
    [HF_REASON_OTHER_ISSUER] = {"other-issuer", HF_OUTCOME_IGNORED},
    [HF_REASON_SYNTAX] = {"syntax", HF_OUTCOME_MALFORMED},
    [HF_REASON_DUPLICATE_PARAMETER] = {"duplicate-parameter",
                                       HF_OUTCOME_MALFORMED},
    [HF_REASON_MISSING_ACCOUNTURI] = {"missing-accounturi",
                                      HF_OUTCOME_MALFORMED},
    [HF_REASON_EMPTY_ACCOUNTURI] = {"empty-accounturi", HF_OUTCOME_MALFORMED},
    [HF_REASON_BAD_PERSIST_UNTIL] = {"bad-persist-until", HF_OUTCOME_MALFORMED},
    [HF_REASON_BAD_HASHED_URI] = {"bad-hashed-uri", HF_OUTCOME_MALFORMED},
    [HF_REASON_HASH_ALG_NOT_ACCEPTED] = {"hash-alg-not-accepted",
                                         HF_OUTCOME_MALFORMED},
    [HF_REASON_ACCOUNT_NOT_VALID] = {"account-not-valid",
                                     HF_OUTCOME_UNAUTHORIZED},
    [HF_REASON_ACCOUNT_MISMATCH] = {"account-mismatch",
                                    HF_OUTCOME_UNAUTHORIZED},
    [HF_REASON_EXPIRED] = {"expired", HF_OUTCOME_UNAUTHORIZED},
    [HF_REASON_POLICY_REQUIRED] = {"policy-required", HF_OUTCOME_UNAUTHORIZED},
    [HF_REASON_NO_MATCHING_ISSUER] = {"no-matching-issuer",
                                      HF_OUTCOME_UNAUTHORIZED},
    [HF_REASON_NO_RECORD] = {"no-record", HF_OUTCOME_UNAUTHORIZED},
    [HF_REASON_DNS_FAILURE] = {"dns-failure", HF_OUTCOME_DNS},
    [HF_REASON_DNSSEC_BOGUS] = {"dnssec-bogus", HF_OUTCOME_DNS},
};

/* REQ ERR-01, ERR-02, ERR-03, ERR-04, ERR-07 */
static void every_reason_is_explained(void **state)
{
    (void)state;
    for (unsigned i = 0; i < HF_REASON_COUNT; i++) {
        const char *law = hf_reason_law(i);
        const char *advice = hf_reason_advice(i);

        assert_string_equal(hf_reason_word(i), want[i].word);
        assert_int_equal(hf_reason_outcome(i), want[i].outcome);
        assert_int_equal(law[strlen(law) - 1], '.');
        assert_int_equal(advice[strlen(advice) - 1], '.');
        /* Which is told to accounts of all drafts, but for what is new in it.
         */
        assert_int_equal(strstr(law, "Draft -02") != NULL,
                         i == HF_REASON_BAD_HASHED_URI ||
                             i == HF_REASON_HASH_ALG_NOT_ACCEPTED);
    }
}

/* A strict order, so that no order of records can change what is reported:
 * valid, malformed, unauthorized, no matching issuer, no record. REQ ERR-05 */
static void precedence(void **state)
{
    static const enum hf_reason order[] = {
        HF_REASON_OK,
        HF_REASON_SYNTAX,
        HF_REASON_DUPLICATE_PARAMETER,
        HF_REASON_MISSING_ACCOUNTURI,
        HF_REASON_EMPTY_ACCOUNTURI,
        HF_REASON_BAD_PERSIST_UNTIL,
        HF_REASON_BAD_HASHED_URI,
        HF_REASON_HASH_ALG_NOT_ACCEPTED,
        HF_REASON_ACCOUNT_NOT_VALID,
        HF_REASON_ACCOUNT_MISMATCH,
        HF_REASON_EXPIRED,
        HF_REASON_POLICY_REQUIRED,
        HF_REASON_DNSSEC_BOGUS,
        HF_REASON_DNS_FAILURE,
        HF_REASON_NO_MATCHING_ISSUER,
        HF_REASON_NO_RECORD,
        HF_REASON_OTHER_ISSUER,
    };

    (void)state;
    assert_int_equal(COUNT_OF(order), HF_REASON_COUNT);
    for (size_t i = 0; i < COUNT_OF(order); i++)
        for (size_t j = 0; j < COUNT_OF(order); j++)
            if (hf_reason_precedes(order[i], order[j]) != (i < j))
                fail_msg("%s before %s", hf_reason_word(order[i]),
                         hf_reason_word(order[j]));
}

static void outcome_words(void **state)
{
    (void)state;
    assert_string_equal(hf_outcome_word(HF_OUTCOME_VALID), "valid");
    assert_string_equal(hf_outcome_word(HF_OUTCOME_IGNORED), "ignored");
    assert_string_equal(hf_outcome_word(HF_OUTCOME_MALFORMED), "malformed");
    assert_string_equal(hf_outcome_word(HF_OUTCOME_UNAUTHORIZED),
                        "unauthorized");
    assert_string_equal(hf_outcome_word(HF_OUTCOME_DNS), "dns");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_reason_is_explained),
        cmocka_unit_test(precedence),
        cmocka_unit_test(outcome_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
