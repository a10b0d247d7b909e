/* SPDX-License-Identifier: Apache-2.0 */
/* When a certificate is due: REQ CLI-35, REUSE-13. */
#include "base/alloc.h"
#include "client/renewal.h"
#include "tests/unit/unit.h"

#define DAY     INT64_C(86400)
#define FROM    INT64_C(1790000000)
#define DAYS(n) (FROM + DAY * (n))

/* Two thirds of 90, of 47 days; half of 6 days; up to a fiftieth later. */
static void by_lifetime(void **state)
{
    static const struct {
        int64_t days;
        int64_t from_s;
    } rows[] = {
        {90, 60 * DAY}, {47, 47 * DAY / 3 * 2}, {10, 10 * DAY / 3 * 2},
        {6, 3 * DAY},   {1, DAY / 2},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct hf_renewal renewal = {.not_before_at = FROM,
                                     .not_after_at = DAYS(rows[i].days)};
        int64_t spread_s = rows[i].days * DAY / 50;
        int64_t last;

        assert_int_equal(hf_renewal_by_lifetime(&renewal),
                         FROM + rows[i].from_s);
        renewal.random = UINT32_MAX;
        last = hf_renewal_by_lifetime(&renewal);
        assert_true(last < FROM + rows[i].from_s + spread_s);
        assert_true(last > FROM + rows[i].from_s + spread_s * 99 / 100);
    }
}

static void in_window(void **state)
{
    const struct hf_renewal_info info = {DAYS(10), DAYS(12)};

    (void)state;
    assert_int_equal(hf_renewal_in_window(&info, 0), DAYS(10));
    assert_int_equal(hf_renewal_in_window(&info, UINT32_C(1) << 31), DAYS(11));
    assert_true(hf_renewal_in_window(&info, UINT32_MAX) < DAYS(12));
}

static void due(void **state)
{
    struct hf_renewal renewal = {
        .not_before_at = FROM, .not_after_at = DAYS(90), .renew_at = DAYS(61)};

    (void)state;
    assert_false(hf_renewal_is_due(&renewal, DAYS(61) - 1));
    assert_true(hf_renewal_is_due(&renewal, DAYS(61)));
    /* A CA's wish, or a bad choice, never lets it run out. */
    renewal.renew_at = DAYS(1000);
    assert_false(hf_renewal_is_due(&renewal, DAYS(81) - 1));
    assert_true(hf_renewal_is_due(&renewal, DAYS(81)));
    renewal.renew_at = 0;
    assert_false(hf_renewal_is_due(&renewal, DAYS(80)));
    assert_true(hf_renewal_is_due(&renewal, DAYS(200)));
}

static void window_as_sent(void **state)
{
    static const struct {
        const char *text;
        enum hf_err err;
    } rows[] = {
        /* RFC 9773, section 4.2 */
        {"{\"suggestedWindow\":{\"start\":\"2025-01-02T04:00:00Z\",\"end\":"
         "\"2025-01-03T04:00:00Z\"},\"explanationURL\":"
         "\"https://acme.example.com/docs/ari\"}",
         HF_OK},
        {"{\"suggestedWindow\":{\"start\":\"2025-01-02T04:00:00+00:00\","
         "\"end\":\"2025-01-02T23:00:00.5-05:00\"}}",
         HF_OK},
        {"{\"suggestedWindow\":{\"start\":\"2025-01-03T04:00:00Z\",\"end\":"
         "\"2025-01-03T04:00:00Z\"}}",
         HF_EINVAL},
        {"{\"suggestedWindow\":{\"start\":\"+90d\",\"end\":\"+91d\"}}",
         HF_ESYNTAX},
        {"{\"suggestedWindow\":{\"start\":1735790400,\"end\":1735876800}}",
         HF_ESYNTAX},
        {"{\"suggestedWindow\":{\"start\":\"2025-01-02T04:00:00Z\"}}",
         HF_ESYNTAX},
        {"{\"suggestedWindow\":[]}", HF_ESYNTAX},
        {"{}", HF_ESYNTAX},
        {"", HF_ESYNTAX},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct hf_renewal_info info = {0};

        assert_int_equal(
            hf_renewal_info_read(hf_span_str(rows[i].text), &info, NULL),
            rows[i].err);
        assert_int_equal(info.start_at, rows[i].err == HF_OK ? 1735790400 : 0);
        if (rows[i].err == HF_OK)
            assert_int_equal(info.end_at, 1735876800);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_lifetime),
        cmocka_unit_test(in_window),
        cmocka_unit_test(due),
        cmocka_unit_test(window_as_sent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
