/* SPDX-License-Identifier: Apache-2.0 */
/* The quorum of perspectives: REQ VAL-40 to VAL-43, VAL-46. */
#include "holdfast/mpic.h"
#include "tests/unit/unit.h"

#define REMOTES_MAX 8

/* One letter a remote. Small: it sees nothing valid. '?' has no region. */
struct remote_kind {
    const char *rir;
    bool valid;
    const char *uris[2];
};

static struct remote_kind kind_of(char letter)
{
    switch (letter) {
    case 'A':
        return (struct remote_kind){"ARIN", true, {"u", NULL}};
    case 'B':
        return (struct remote_kind){"arin", true, {"v", "u"}};
    case 'R':
        return (struct remote_kind){"RIPE", true, {"u", NULL}};
    case '?':
        return (struct remote_kind){"", true, {"u", NULL}};
    case 'O': /* another record only */
        return (struct remote_kind){"APNIC", true, {"v", NULL}};
    case 'N': /* valid without any record: cannot be */
        return (struct remote_kind){"APNIC", true, {NULL, NULL}};
    case 'U': /* another case */
        return (struct remote_kind){"APNIC", true, {"U", NULL}};
    default:
        return (struct remote_kind){"RIPE", false, {"u", NULL}};
    }
}

static struct hf_mpic decide(int64_t at, bool primary_valid,
                             const char *primary_uri, const char *letters)
{
    static struct hf_span uris[REMOTES_MAX + 1][2];
    struct hf_perspective remotes[REMOTES_MAX];
    struct hf_perspective primary = {
        .rir = HF_SPAN("LACNIC"),
        .valid = primary_valid,
        .account_uris = primary_uri == NULL ? NULL : uris[REMOTES_MAX]};
    size_t count = strlen(letters);

    for (size_t i = 0; i < count; i++) {
        struct remote_kind kind = kind_of(letters[i]);

        uris[i][0] = hf_span_str(kind.uris[0]);
        uris[i][1] = hf_span_str(kind.uris[1]);
        remotes[i] = (struct hf_perspective){
            .rir = hf_span_str(kind.rir),
            .valid = kind.valid,
            .account_uris = uris[i],
            .account_uri_count =
                (kind.uris[0] != NULL) + (size_t)(kind.uris[1] != NULL)};
    }
    uris[REMOTES_MAX][0] = hf_span_str(primary_uri);
    primary.account_uri_count = primary_uri != NULL;
    return hf_mpic_decide(at, &primary, remotes, count);
}

#define T2024 1704067200
#define T2025 1741996800 /* 2025-03-15 */
#define TQ    1757894400 /* 2025-09-15 */
#define T2026 1773532800 /* 2026-03-15 */
#define T4    1781481600 /* 2026-06-15 */
#define T5    1797292800 /* 2026-12-15 */

static const struct {
    const char *name;
    int64_t at;
    bool primary_valid;
    const char *primary_uri;
    const char *remotes;
    enum hf_mpic_reason reason;
    size_t corroborating;
} cases[] = {
    /* REQ VAL-40 */
    {"all agree", T5, true, "u", "AARRA", HF_MPIC_OK, 5},
    {"primary invalid", T5, false, "u", "AARRA", HF_MPIC_PRIMARY_FAILED, 0},
    {"primary without record", T5, true, NULL, "AARRA", HF_MPIC_PRIMARY_FAILED,
     0},
    {"primary with empty URI", T5, true, "", "AARRA", HF_MPIC_PRIMARY_FAILED,
     0},
    {"primary fails first", T5, false, "u", "", HF_MPIC_PRIMARY_FAILED, 0},
    /* REQ VAL-41: 1 of 2 to 5, 2 of 6 and more */
    {"2, none misses", TQ, true, "u", "AA", HF_MPIC_OK, 2},
    {"2, one misses", TQ, true, "u", "Aa", HF_MPIC_OK, 1},
    {"2, two miss", TQ, true, "u", "aa", HF_MPIC_QUORUM, 0},
    {"3, one misses", T2026, true, "u", "ARa", HF_MPIC_OK, 2},
    {"3, two miss", T2026, true, "u", "Aaa", HF_MPIC_QUORUM, 1},
    {"4, one misses", T4, true, "u", "ARRa", HF_MPIC_OK, 3},
    {"5, one misses", T5, true, "u", "ARRAa", HF_MPIC_OK, 4},
    {"5, two miss", T5, true, "u", "ARRaa", HF_MPIC_QUORUM, 3},
    {"6, two miss", T5, true, "u", "ARRAaa", HF_MPIC_OK, 4},
    {"6, three miss", T5, true, "u", "ARRaaa", HF_MPIC_QUORUM, 3},
    {"8, two miss", T5, true, "u", "ARRAARaa", HF_MPIC_OK, 6},
    {"8, three miss", T5, true, "u", "ARRAAaaa", HF_MPIC_QUORUM, 5},
    {"not enforced yet", TQ - 1, true, "u", "aa", HF_MPIC_OK, 0},
    {"enforced", TQ, true, "u", "aa", HF_MPIC_QUORUM, 0},
    /* REQ VAL-42 */
    {"none before 2025-03-15", T2025 - 1, true, "u", "", HF_MPIC_OK, 0},
    {"one since", T2025, true, "u", "A", HF_MPIC_TOO_FEW_REMOTES, 1},
    {"two", T2026 - 1, true, "u", "AA", HF_MPIC_OK, 2},
    {"two too few", T2026, true, "u", "AR", HF_MPIC_TOO_FEW_REMOTES, 2},
    {"three", T4 - 1, true, "u", "ARA", HF_MPIC_OK, 3},
    {"three too few", T4, true, "u", "ARA", HF_MPIC_TOO_FEW_REMOTES, 3},
    {"four", T5 - 1, true, "u", "ARAR", HF_MPIC_OK, 4},
    {"four too few", T5, true, "u", "ARAR", HF_MPIC_TOO_FEW_REMOTES, 4},
    {"too few before quorum", T5, true, "u", "aaaa", HF_MPIC_TOO_FEW_REMOTES,
     0},
    {"one region before", T2026 - 1, true, "u", "AAA", HF_MPIC_OK, 3},
    {"one region since", T2026, true, "u", "AAA", HF_MPIC_RIR_DIVERSITY, 3},
    {"one region in two spellings", T2026, true, "u", "ABA",
     HF_MPIC_RIR_DIVERSITY, 3},
    {"second region fails", T2026, true, "u", "AAr", HF_MPIC_RIR_DIVERSITY, 2},
    {"second region last", T5, true, "u", "AAAAR", HF_MPIC_OK, 5},
    {"second region first", T5, true, "u", "RAAAA", HF_MPIC_OK, 5},
    {"unknown region is none", T2026, true, "u", "A?A", HF_MPIC_RIR_DIVERSITY,
     3},
    {"unknown region last", T2026, true, "u", "AA?", HF_MPIC_RIR_DIVERSITY, 3},
    {"unknown region first", T2026, true, "u", "?AA", HF_MPIC_RIR_DIVERSITY, 3},
    {"unknown region between two", T2026, true, "u", "A?R", HF_MPIC_OK, 3},
    {"only unknown regions", T2026, true, "u", "???", HF_MPIC_RIR_DIVERSITY, 3},
    /* REQ VAL-43 */
    {"same among others", T2026, true, "u", "BRA", HF_MPIC_OK, 3},
    {"another record", T2026, true, "u", "AOR", HF_MPIC_OK, 2},
    {"only other records", T2026, true, "u", "AOO", HF_MPIC_QUORUM, 1},
    {"another case", T2026, true, "u", "AUU", HF_MPIC_QUORUM, 1},
    {"no record", T2026, true, "u", "ANN", HF_MPIC_QUORUM, 1},
};

static void quorum_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct hf_mpic got = decide(cases[i].at, cases[i].primary_valid,
                                    cases[i].primary_uri, cases[i].remotes);

        if (got.reason != cases[i].reason ||
            got.remotes != strlen(cases[i].remotes) ||
            (got.reason != HF_MPIC_PRIMARY_FAILED &&
             got.corroborating != cases[i].corroborating))
            fail_msg("%s: %s %zu/%zu", cases[i].name,
                     hf_mpic_reason_word(got.reason), got.corroborating,
                     got.remotes);
    }
}

/* REQ VAL-42 */
static void remotes_by_date(void **state)
{
    static const struct {
        int64_t at;
        size_t want;
    } rows[] = {{INT64_MIN, 0}, {T2024, 0}, {T2025 - 1, 0}, {T2025, 2},
                {T2026 - 1, 2}, {T2026, 3}, {T4 - 1, 3},    {T4, 4},
                {T5 - 1, 4},    {T5, 5},    {INT64_MAX, 5}};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        assert_int_equal(hf_mpic_remotes_needed(rows[i].at), rows[i].want);
}

static void words(void **state)
{
    static const char *const want[] = {
        "ok", "primary-failed", "too-few-remotes", "quorum", "rir-diversity"};

    (void)state;
    for (unsigned i = 0; i < COUNT_OF(want); i++)
        assert_string_equal(hf_mpic_reason_word(i), want[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quorum_table),
        cmocka_unit_test(remotes_by_date),
        cmocka_unit_test(words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
