/* SPDX-License-Identifier: Apache-2.0 */
/* What changed, and whether authority widened: REQ MON-01, MON-04. */
#include "holdfast/buf.h"
#include "holdfast/diff.h"
#include "tests/unit/unit.h"

#define U "ca.example; accounturi=u"

#define RECORDS_MAX 4
#define WG          HF_WIDENED_GRANT
#define WP          HF_WIDENED_POLICY
#define WU          HF_WIDENED_UNTIL
#define NG          HF_NARROWED_GRANT
#define NP          HF_NARROWED_POLICY
#define NU          HF_NARROWED_UNTIL
#define X           SIZE_MAX

struct diff_case {
    const char *name;
    const char *before[RECORDS_MAX];
    const char *after[RECORDS_MAX];
    struct hf_event want[RECORDS_MAX]; /* ends with an all-zero one */
    size_t count;
};

static const struct diff_case cases[] = {
    /* no change: REQ MON-01 */
    {"nothing", {NULL}, {NULL}, {{0}}, 0},
    {"same", {U}, {U}, {{0}}, 0},
    {"other order", {U, "b.example", "x y"}, {"x y", U, "b.example"}, {{0}}, 0},
    {"the same twice", {U, U}, {U, U}, {{0}}, 0},
    /* added, deleted */
    {"added", {NULL}, {U}, {{HF_CHANGE_ADDED, WG, X, 0}}, 1},
    {"deleted", {U}, {NULL}, {{HF_CHANGE_DELETED, NG, 0, X}}, 1},
    {"added beside",
     {U},
     {"b.example; accounturi=v", U},
     {{HF_CHANGE_ADDED, WG, X, 0}},
     1},
    {"once more the same", {U}, {U, U}, {{HF_CHANGE_ADDED, WG, X, 1}}, 1},
    {"broken added",
     {NULL},
     {"ca.example; x"},
     {{HF_CHANGE_ADDED, 0, X, 0}},
     1},
    {"malformed added",
     {NULL},
     {"ca.example"},
     {{HF_CHANGE_ADDED, 0, X, 0}},
     1},
    {"nobody's added",
     {NULL},
     {"; accounturi=u"},
     {{HF_CHANGE_ADDED, 0, X, 0}},
     1},
    {"broken deleted", {"a b"}, {NULL}, {{HF_CHANGE_DELETED, 0, 0, X}}, 1},
    {"other issuer",
     {U},
     {"cb.example; accounturi=u"},
     {{HF_CHANGE_ADDED, WG, X, 0}, {HF_CHANGE_DELETED, NG, 0, X}},
     2},
    {"other account",
     {U},
     {U "u"},
     {{HF_CHANGE_ADDED, WG, X, 0}, {HF_CHANGE_DELETED, NG, 0, X}},
     2},
    {"account in other case",
     {U},
     {"ca.example; accounturi=U"},
     {{HF_CHANGE_ADDED, WG, X, 0}, {HF_CHANGE_DELETED, NG, 0, X}},
     2},
    {"broken, one octet other",
     {"a b"},
     {"a c"},
     {{HF_CHANGE_ADDED, 0, X, 0}, {HF_CHANGE_DELETED, 0, 0, X}},
     2},
    /* same meaning */
    {"blanks",
     {U},
     {"ca.example;accounturi=u"},
     {{HF_CHANGE_REFORMATTED, 0, 0, 0}},
     1},
    {"issuer in capitals",
     {U},
     {"CA.example; accounturi=u"},
     {{HF_CHANGE_REFORMATTED, 0, 0, 0}},
     1},
    {"tag in capitals",
     {U},
     {"ca.example; AccountURI=u"},
     {{HF_CHANGE_REFORMATTED, 0, 0, 0}},
     1},
    {"order of parameters",
     {U ";policy=wildcard;x=y"},
     {"ca.example;x=y;policy=wildcard;accounturi=u"},
     {{HF_CHANGE_REFORMATTED, 0, 0, 0}},
     1},
    {"policy in capitals",
     {U ";policy=wildcard"},
     {U ";policy=WILDCARD"},
     {{HF_CHANGE_REFORMATTED, 0, 0, 0}},
     1},
    /* other authority: REQ MON-04 */
    {"policy appears",
     {U},
     {U ";policy=wildcard"},
     {{HF_CHANGE_MODIFIED, WP, 0, 0}},
     1},
    {"policy goes",
     {U ";policy=wildcard"},
     {U},
     {{HF_CHANGE_MODIFIED, NP, 0, 0}},
     1},
    {"meaningless policy",
     {U},
     {U ";policy=none"},
     {{HF_CHANGE_MODIFIED, 0, 0, 0}},
     1},
    {"end later",
     {U ";persistUntil=5"},
     {U ";persistUntil=6"},
     {{HF_CHANGE_MODIFIED, WU, 0, 0}},
     1},
    {"end earlier",
     {U ";persistUntil=6"},
     {U ";persistUntil=5"},
     {{HF_CHANGE_MODIFIED, NU, 0, 0}},
     1},
    {"end goes",
     {U ";persistUntil=5"},
     {U},
     {{HF_CHANGE_MODIFIED, WU, 0, 0}},
     1},
    {"end appears",
     {U},
     {U ";persistUntil=5"},
     {{HF_CHANGE_MODIFIED, NU, 0, 0}},
     1},
    {"wider and shorter",
     {U},
     {U ";policy=wildcard;persistUntil=5"},
     {{HF_CHANGE_MODIFIED, WP | NU, 0, 0}},
     1},
    {"becomes malformed",
     {U},
     {U ";persistUntil=x"},
     {{HF_CHANGE_MODIFIED, NG, 0, 0}},
     1},
    {"is repaired",
     {U ";persistUntil=x"},
     {U ";policy=wildcard"},
     {{HF_CHANGE_MODIFIED, WG, 0, 0}},
     1},
    {"unknown parameter appears",
     {U},
     {U ";x=y"},
     {{HF_CHANGE_MODIFIED, 0, 0, 0}},
     1},
    {"unknown value in other case",
     {U ";x=y"},
     {U ";x=Y"},
     {{HF_CHANGE_MODIFIED, 0, 0, 0}},
     1},
    {"no accounturi on either side",
     {"ca.example;a=1"},
     {"ca.example;a=2"},
     {{HF_CHANGE_MODIFIED, 0, 0, 0}},
     1},
    /* a repeated parameter hides nothing */
    {"repeated before",
     {U ";a=1;a=1"},
     {U ";a=1;policy=wildcard"},
     {{HF_CHANGE_MODIFIED, WP, 0, 0}},
     1},
    {"repeated after",
     {U ";a=1;policy=wildcard"},
     {U ";a=1;a=1"},
     {{HF_CHANGE_MODIFIED, NP, 0, 0}},
     1},
    {"another one repeated",
     {U ";a=1;a=1;policy=wildcard"},
     {U ";a=1;policy=wildcard;policy=wildcard"},
     {{HF_CHANGE_MODIFIED, NG, 0, 0}},
     1},
    {"repeated, turned round",
     {U ";a=1;a=2"},
     {"ca.example;a=2;accounturi=u;A=1"},
     {{HF_CHANGE_REFORMATTED, 0, 0, 0}},
     1},
    {"broken after",
     {U},
     {U ";"},
     {{HF_CHANGE_ADDED, 0, X, 0}, {HF_CHANGE_DELETED, NG, 0, X}},
     2},
    {"broken before",
     {U ";"},
     {U},
     {{HF_CHANGE_ADDED, WG, X, 0}, {HF_CHANGE_DELETED, 0, 0, X}},
     2},
    {"another policy in capitals",
     {U ";policy=none"},
     {U ";policy=NONE"},
     {{HF_CHANGE_REFORMATTED, 0, 0, 0}},
     1},
    {"zeros in front of a time",
     {U ";persistUntil=5"},
     {U ";PERSISTUNTIL=0005"},
     {{HF_CHANGE_REFORMATTED, 0, 0, 0}},
     1},
    {"zeros in front of what is no time",
     {U ";x=5"},
     {U ";x=05"},
     {{HF_CHANGE_MODIFIED, 0, 0, 0}},
     1},
    /* pairing: the surest first; what is written in which order */
    {"same octets go first",
     {U ";policy=wildcard", U},
     {U, U ";persistUntil=5"},
     {{HF_CHANGE_MODIFIED, NP | NU, 0, 1}},
     1},
    {"same meaning goes second",
     {U ";x=1", "ca.example;accounturi=u"},
     {U, U ";x=2"},
     {{HF_CHANGE_REFORMATTED, 0, 1, 0}, {HF_CHANGE_MODIFIED, 0, 0, 1}},
     2},
    {"all four",
     {"a.example;accounturi=1", "b.example;accounturi=2", U},
     {"d.example;accounturi=4", "B.example;accounturi=2", U ";policy=wildcard"},
     {{HF_CHANGE_REFORMATTED, 0, 1, 1},
      {HF_CHANGE_MODIFIED, WP, 2, 2},
      {HF_CHANGE_ADDED, WG, X, 0},
      {HF_CHANGE_DELETED, NG, 0, X}},
     4},
};

static size_t spans_of(const char *const *texts, struct hf_span *out)
{
    size_t count = 0;

    for (; count < RECORDS_MAX && texts[count] != NULL; count++)
        out[count] = hf_span_str(texts[count]);
    return count;
}

static bool is_same_event(const struct hf_event *a, const struct hf_event *b)
{
    return a->change == b->change && a->authority == b->authority &&
           a->before == b->before && a->after == b->after;
}

static void events_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct hf_span before[RECORDS_MAX];
        struct hf_span after[RECORDS_MAX];
        size_t old_count = spans_of(cases[i].before, before);
        size_t new_count = spans_of(cases[i].after, after);
        unsigned char marks[2 * RECORDS_MAX];
        struct hf_event out[2 * RECORDS_MAX] = {0};
        size_t count = hf_diff(before, old_count, after, new_count, marks, out);

        if (count != cases[i].count)
            fail_msg("%s: %zu events", cases[i].name, count);
        for (size_t e = 0; e < count; e++)
            if (!is_same_event(&out[e], &cases[i].want[e]))
                fail_msg("%s: event %zu is %s %#x", cases[i].name, e,
                         hf_change_word(out[e].change), out[e].authority);
    }
}

/* A text of very many parameters is compared octet by octet only. */
static void many_parameters(void **state)
{
    static char a[65279];
    static char b[65279];

    (void)state;
    for (size_t count = 63; count <= 10000; count += count < 66 ? 1 : 4967) {
        struct hf_span before;
        struct hf_span after;
        struct hf_buf one;
        struct hf_buf other;
        unsigned char marks[2];
        struct hf_event out[2];

        hf_buf_init(&one, a, sizeof(a));
        hf_buf_init(&other, b, sizeof(b));
        hf_buf_puts(&one, "x");
        hf_buf_puts(&other, "X"); /* the same issuer, other octets */
        for (size_t i = 0; i < count; i++) {
            hf_buf_putc(&one, ';');
            hf_buf_put_u64(&one, i);
            hf_buf_putc(&one, '=');
            hf_buf_putc(&other, ';');
            hf_buf_put_u64(&other, count - 1 - i);
            hf_buf_putc(&other, '=');
        }
        before = hf_buf_span(&one);
        after = hf_buf_span(&other);
        assert_int_equal(hf_diff(&before, 1, &after, 1, marks, out), 1);
        assert_int_equal(out[0].change, count <= 64 ? HF_CHANGE_REFORMATTED
                                                    : HF_CHANGE_MODIFIED);
        assert_int_equal(hf_diff(&before, 1, &before, 1, marks, out), 0);
    }
}

static void words(void **state)
{
    (void)state;
    assert_string_equal(hf_change_word(HF_CHANGE_ADDED), "added");
    assert_string_equal(hf_change_word(HF_CHANGE_DELETED), "deleted");
    assert_string_equal(hf_change_word(HF_CHANGE_MODIFIED), "modified");
    assert_string_equal(hf_change_word(HF_CHANGE_REFORMATTED), "reformatted");
    assert_int_equal(HF_WIDENED, WG | WP | WU | 8);
    assert_int_equal(HF_NARROWED & HF_WIDENED, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_table),
        cmocka_unit_test(many_parameters),
        cmocka_unit_test(words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
