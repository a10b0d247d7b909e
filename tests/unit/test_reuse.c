/* SPDX-License-Identifier: Apache-2.0 */
/* How long a validation holds: REQ REUSE-01 to REUSE-16. */
#include "holdfast/reuse.h"
#include "tests/unit/unit.h"

#define V     1000000 /* validated_at */
#define DAYS  ((int64_t)864000)
#define NEVER INT64_MAX

static const struct {
    const char *name;
    struct hf_validation v;
    int64_t want;
} cases[] = {
    /* REQ REUSE-01, REUSE-02 */
    {"ten days at most",
     {HF_RULES_DRAFT_02, HF_FORM_HASHED, V, NEVER, false, 0, NEVER},
     V + DAYS},
    {"ten days exactly",
     {HF_RULES_DRAFT_02, HF_FORM_HASHED, V, NEVER, false, 0, DAYS},
     V + DAYS},
    {"a second over",
     {HF_RULES_DRAFT_02, HF_FORM_HASHED, V, NEVER, false, 0, DAYS + 1},
     V + DAYS},
    {"a second under",
     {HF_RULES_DRAFT_02, HF_FORM_HASHED, V, NEVER, false, 0, DAYS - 1},
     V + DAYS - 1},
    {"no reuse", {HF_RULES_BR, HF_FORM_RAW, V, NEVER, false, 0, 0}, V},
    {"a mad period", {HF_RULES_BR, HF_FORM_RAW, V, NEVER, false, 0, -5}, V},
    /* REQ REUSE-03, REUSE-04, REUSE-05 */
    {"00: TTL",
     {HF_RULES_DRAFT_00, HF_FORM_RAW, V, NEVER, true, 60, DAYS},
     V + 60},
    {"01: TTL",
     {HF_RULES_DRAFT_01, HF_FORM_RAW, V, NEVER, true, 60, DAYS},
     V + 60},
    {"01: TTL 0", {HF_RULES_DRAFT_01, HF_FORM_RAW, V, NEVER, true, 0, DAYS}, V},
    {"00: TTL 0", {HF_RULES_DRAFT_00, HF_FORM_RAW, V, NEVER, true, 0, DAYS}, V},
    {"01: long TTL",
     {HF_RULES_DRAFT_01, HF_FORM_RAW, V, NEVER, true, 4294967295, DAYS},
     V + DAYS},
    {"01: TTL of the period",
     {HF_RULES_DRAFT_01, HF_FORM_RAW, V, NEVER, true, 864000, DAYS},
     V + DAYS},
    {"01: TTL unknown",
     {HF_RULES_DRAFT_01, HF_FORM_RAW, V, NEVER, false, 60, DAYS},
     V + DAYS},
    {"02: no TTL",
     {HF_RULES_DRAFT_02, HF_FORM_HASHED, V, NEVER, true, 60, DAYS},
     V + DAYS},
    {"br: no TTL",
     {HF_RULES_BR, HF_FORM_RAW, V, NEVER, true, 60, DAYS},
     V + DAYS},
    {"dual, raw: TTL",
     {HF_RULES_DUAL, HF_FORM_RAW, V, NEVER, true, 60, DAYS},
     V + 60},
    {"dual, hashed: no TTL",
     {HF_RULES_DUAL, HF_FORM_HASHED, V, NEVER, true, 60, DAYS},
     V + DAYS},
    /* REQ REUSE-06, REUSE-07 */
    {"02: T clamps",
     {HF_RULES_DRAFT_02, HF_FORM_HASHED, V, V + 9, false, 0, DAYS},
     V + 9},
    {"dual, raw: T clamps",
     {HF_RULES_DUAL, HF_FORM_RAW, V, V + 9, true, 60, DAYS},
     V + 9},
    {"br: T clamps",
     {HF_RULES_BR, HF_FORM_RAW, V, V + 9, false, 0, DAYS},
     V + 9},
    {"T later than the period",
     {HF_RULES_DRAFT_02, HF_FORM_HASHED, V, V + DAYS + 1, false, 0, DAYS},
     V + DAYS},
    {"T is now", {HF_RULES_DRAFT_02, HF_FORM_HASHED, V, V, false, 0, DAYS}, V},
    {"00: T does not clamp",
     {HF_RULES_DRAFT_00, HF_FORM_RAW, V, V + 9, false, 0, DAYS},
     V + DAYS},
    {"01: T does not clamp",
     {HF_RULES_DRAFT_01, HF_FORM_RAW, V, V + 9, true, 60, DAYS},
     V + 60},
    /* the ends of time */
    {"overflow",
     {HF_RULES_BR, HF_FORM_RAW, INT64_MAX - 5, NEVER, false, 0, DAYS},
     INT64_MAX},
    {"overflow, T",
     {HF_RULES_BR, HF_FORM_RAW, INT64_MAX - 5, INT64_MAX - 2, false, 0, DAYS},
     INT64_MAX - 2},
    {"before 1970", {HF_RULES_BR, HF_FORM_RAW, -V, NEVER, false, 0, 7}, 7 - V},
};

static void expiry_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        int64_t got = hf_reuse_expires(&cases[i].v);

        if (got != cases[i].want)
            fail_msg("%s: %lld", cases[i].name, (long long)got);
    }
}

/* REQ REUSE-09, REUSE-16: the last second counts, its first half second after
 * does not; nothing is used before it was obtained. REQ ACCT-04 */
static void usable_table(void **state)
{
    static const struct hf_validation v = {
        HF_RULES_DRAFT_02, HF_FORM_HASHED, V, V + 100, false, 0, DAYS};
    static const struct {
        struct hf_time now;
        enum hf_account_status status;
        bool want;
    } rows[] = {
        {{V, 0}, HF_ACCOUNT_VALID, true},
        {{V, 1}, HF_ACCOUNT_VALID, true},
        {{V + 100, 0}, HF_ACCOUNT_VALID, true},
        {{V + 99, 999999999}, HF_ACCOUNT_VALID, true},
        {{V + 100, 1}, HF_ACCOUNT_VALID, false},
        {{V + 101, 0}, HF_ACCOUNT_VALID, false},
        {{V - 1, 999999999}, HF_ACCOUNT_VALID, false},
        {{V, 0}, HF_ACCOUNT_DEACTIVATED, false},
        {{V, 0}, HF_ACCOUNT_REVOKED, false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (hf_reuse_is_usable(&v, rows[i].status, rows[i].now) != rows[i].want)
            fail_msg("row %zu", i);
}

/* REQ REUSE-12, REUSE-13: the second before and the first of each day. */
static void calendar(void **state)
{
    static const struct {
        const char *day;
        int64_t at;
        int data_days;
        int certificate_days;
    } rows[] = {
        {"the beginning", INT64_MIN, 398, 398},
        {"1970", 0, 398, 398},
        {"before 2026-03-15", 1773532799, 398, 398},
        {"2026-03-15", 1773532800, 200, 200},
        {"before 2027-03-15", 1805068799, 200, 200},
        {"2027-03-15", 1805068800, 100, 100},
        {"before 2029-03-15", 1868227199, 100, 100},
        {"2029-03-15", 1868227200, 10, 47},
        {"the end", INT64_MAX, 10, 47},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (hf_data_reuse_days(rows[i].at) != rows[i].data_days ||
            hf_certificate_days(rows[i].at) != rows[i].certificate_days)
            fail_msg("%s", rows[i].day);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(expiry_table),
        cmocka_unit_test(usable_table),
        cmocka_unit_test(calendar),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
