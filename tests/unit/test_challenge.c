/* SPDX-License-Identifier: Apache-2.0 */
/* Which draft a CA speaks: REQ CLI-01 to CLI-06, CLI-29, CHAL-01 to CHAL-08,
 * CHAL-10, CHAL-14, CHAL-15, DIR-01 to DIR-05, DIR-07, DIR-13. */
#include "holdfast/challenge.h"
#include "tests/unit/unit.h"

#define S      HF_SPAN_INIT
#define OWN    "https://ca.example/acct/1"
#define PREFIX "https://ca.example/h/"

#define NAMES_MAX 12

/* A list in a table: NULL is absent, "!" of the wrong type, "?" an entry that
 * is no string; else names with commas between. */
struct list {
    struct hf_span names[NAMES_MAX];
};

static struct hf_names read_list(const char *text, struct list *room)
{
    struct hf_names out = {.list = room->names, .field = HF_FIELD_PRESENT};
    struct hf_span rest = hf_span_str(text);

    if (text == NULL || text[0] == '!') {
        out.field = text == NULL ? HF_FIELD_ABSENT : HF_FIELD_WRONG_TYPE;
        return out;
    }
    while (rest.len > 0) {
        struct hf_span name = hf_span_cut(&rest, hf_span_find(rest, ','));

        (void)hf_span_skip(&rest, ',');
        if (hf_span_eq(name, HF_SPAN("?")))
            name = (struct hf_span){0};
        room->names[out.count++] = name;
    }
    return out;
}

static struct hf_text read_text(const char *text)
{
    if (text == NULL)
        return (struct hf_text){.field = HF_FIELD_ABSENT};
    if (text[0] == '!')
        return (struct hf_text){.field = HF_FIELD_WRONG_TYPE};
    return (struct hf_text){HF_FIELD_PRESENT, hf_span_str(text)};
}

#define ACCEPT    HF_RECOGNISED_ACCEPT
#define CONFIRM   HF_RECOGNISED_CONFIRM
#define MALFORMED HF_RECOGNISED_MALFORMED
#define REFUSE    HF_RECOGNISED_REFUSE
#define C(word)   HF_CHALLENGE_##word
#define ELEVEN    "a,b,c,d,e,f,g,h,i,j,k"

static const struct {
    const char *name;
    const char *kebab;
    const char *camel;
    const char *uri;
    const char *prefix;
    const char *d;
    const char *i;
    enum hf_recognition outcome;
    enum hf_challenge_reason reason;
    enum hf_variant variant;
    bool seen;
    bool forced;
} cases[] = {
    /* REQ CLI-01, CHAL-01, CHAL-02, CHAL-07, CHAL-08 */
    {"02", NULL, "ca.example", NULL, PREFIX, "ca.example", NULL, ACCEPT, C(OK),
     HF_VARIANT_02, 0, 0},
    {"01", "ca.example", NULL, OWN, NULL, NULL, NULL, ACCEPT, C(OK),
     HF_VARIANT_01, 0, 0},
    {"00", "ca.example", NULL, NULL, NULL, NULL, NULL, ACCEPT, C(OK),
     HF_VARIANT_00, 0, 0},
    {"00, with I", "ca.example", NULL, NULL, NULL, NULL, "x.example", ACCEPT,
     C(OK), HF_VARIANT_00, 0, 0},
    {"dual server", "ca.example,b.example", "b.example,ca.example", PREFIX "x",
     PREFIX, "ca.example", "b.example,ca.example,c.example", ACCEPT, C(OK),
     HF_VARIANT_02, 0, 0},
    {"prefix, old list", "ca.example", NULL, OWN, PREFIX, NULL, NULL, ACCEPT,
     C(OK), HF_VARIANT_02, 0, 0},
    {"prefix without slash", NULL, "ca.example", NULL, "https://ca.example/h",
     NULL, NULL, ACCEPT, C(OK), HF_VARIANT_02, 0, 0},
    {"ten names", NULL, "a,b,c,d,e,f,g,h,i,j", NULL, PREFIX, NULL, NULL, ACCEPT,
     C(OK), HF_VARIANT_02, 0, 0},
    /* REQ CHAL-03, CHAL-04, CHAL-05, CHAL-15, CLI-29 */
    {"no list", NULL, NULL, OWN, PREFIX, NULL, NULL, MALFORMED, C(NO_NAMES), 0,
     0, 0},
    {"list of wrong type", NULL, "!", NULL, PREFIX, NULL, NULL, MALFORMED,
     C(NO_NAMES), 0, 0, 0},
    {"old list of wrong type", "!", "ca.example", NULL, PREFIX, NULL, NULL,
     MALFORMED, C(NO_NAMES), 0, 0, 0},
    {"empty list", NULL, "", NULL, PREFIX, NULL, NULL, MALFORMED,
     C(EMPTY_NAMES), 0, 0, 0},
    {"empty old list", "", NULL, NULL, NULL, NULL, NULL, MALFORMED,
     C(EMPTY_NAMES), 0, 0, 0},
    {"eleven names", NULL, ELEVEN, NULL, PREFIX, NULL, NULL, MALFORMED,
     C(TOO_MANY_NAMES), 0, 0, 0},
    {"upper case", NULL, "ca.example,CA.example", NULL, PREFIX, NULL, NULL,
     MALFORMED, C(BAD_NAME), 0, 0, 0},
    {"trailing dot", "ca.example.", NULL, NULL, NULL, NULL, NULL, MALFORMED,
     C(BAD_NAME), 0, 0, 0},
    {"underscore", "_ca.example", NULL, NULL, NULL, NULL, NULL, MALFORMED,
     C(BAD_NAME), 0, 0, 0},
    {"no string", NULL, "ca.example,?", NULL, PREFIX, NULL, NULL, MALFORMED,
     C(BAD_NAME), 0, 0, 0},
    {"injection", "ca.example;policy=wildcard", NULL, NULL, NULL, NULL, NULL,
     MALFORMED, C(BAD_NAME), 0, 0, 0},
    {"bad entry in the other list", "ca.example", "ca_example", NULL, PREFIX,
     NULL, NULL, MALFORMED, C(BAD_NAME), 0, 0, 0},
    /* REQ CHAL-10, CHAL-14, CLI-02 */
    {"lists disagree", "a.example", "b.example", NULL, PREFIX, NULL, NULL,
     MALFORMED, C(NAMES_DISAGREE), 0, 0, 0},
    {"more in the old list", "a.example,b.example", "a.example", NULL, PREFIX,
     NULL, NULL, MALFORMED, C(NAMES_DISAGREE), 0, 0, 0},
    {"more in the new list", "a.example", "a.example,b.example", NULL, PREFIX,
     NULL, NULL, MALFORMED, C(NAMES_DISAGREE), 0, 0, 0},
    /* REQ DIR-02 to DIR-05 */
    {"D not in C", NULL, "a.example", NULL, PREFIX, "a.example,b.example", NULL,
     MALFORMED, C(D_NOT_IN_C), 0, 0, 0},
    {"C exceeds D", NULL, "a.example,b.example", NULL, PREFIX, "b.example",
     NULL, ACCEPT, C(OK), HF_VARIANT_02, 0, 0},
    {"D empty: unavailable", NULL, "a.example", NULL, PREFIX, "", NULL, ACCEPT,
     C(OK), HF_VARIANT_02, 0, 0},
    {"D nonconforming: unavailable", NULL, "a.example", NULL, PREFIX,
     "b.example,B.example", NULL, ACCEPT, C(OK), HF_VARIANT_02, 0, 0},
    {"D without prefix", "a.example", NULL, NULL, NULL, "b.example", NULL,
     MALFORMED, C(D_NOT_IN_C), 0, 0, 0},
    {"C not in I", NULL, "a.example,b.example", NULL, PREFIX, NULL, "a.example",
     MALFORMED, C(C_NOT_IN_I), 0, 0, 0},
    {"I empty: unavailable", NULL, "a.example", NULL, PREFIX, NULL, "", ACCEPT,
     C(OK), HF_VARIANT_02, 0, 0},
    {"I of wrong type: unavailable", NULL, "a.example", NULL, PREFIX, NULL, "!",
     ACCEPT, C(OK), HF_VARIANT_02, 0, 0},
    {"I longer than ten", NULL, "x.example", NULL, PREFIX, NULL,
     ELEVEN ",x.example", ACCEPT, C(OK), HF_VARIANT_02, 0, 0},
    /* REQ CLI-03, DIR-07 */
    {"new list, no prefix", NULL, "a.example", NULL, NULL, NULL, NULL,
     MALFORMED, C(NO_USABLE_PREFIX), 0, 0, 0},
    {"new list, bad prefix", NULL, "a.example", NULL, PREFIX "?", NULL, NULL,
     MALFORMED, C(NO_USABLE_PREFIX), 0, 0, 0},
    {"new list, prefix no string", NULL, "a.example", NULL, "!", NULL, NULL,
     MALFORMED, C(NO_USABLE_PREFIX), 0, 0, 0},
    {"both lists, bad prefix", "a.example", "a.example", OWN, "ftp://a/", NULL,
     NULL, ACCEPT, C(OK), HF_VARIANT_01, 0, 0},
    /* REQ CLI-06 */
    {"downgrade to 01", "a.example", NULL, OWN, NULL, NULL, NULL, REFUSE,
     C(DOWNGRADE), 0, 1, 0},
    {"downgrade to 00", "a.example", NULL, NULL, NULL, NULL, NULL, REFUSE,
     C(DOWNGRADE), 0, 1, 0},
    {"downgrade forced", "a.example", NULL, OWN, NULL, NULL, NULL, ACCEPT,
     C(OK), HF_VARIANT_01, 1, 1},
    {"forced without need", "a.example", NULL, NULL, NULL, NULL, NULL, ACCEPT,
     C(OK), HF_VARIANT_00, 0, 1},
    {"seen and still hashed", NULL, "a.example", NULL, PREFIX, NULL, NULL,
     ACCEPT, C(OK), HF_VARIANT_02, 1, 0},
    /* REQ CLI-04, CLI-05 */
    {"another account URI", "a.example", NULL, OWN "2", NULL, NULL, NULL,
     CONFIRM, C(ALTERNATIVE_ACCOUNTURI), HF_VARIANT_01, 0, 0},
    {"another case", "a.example", NULL, "https://CA.example/acct/1", NULL, NULL,
     NULL, CONFIRM, C(ALTERNATIVE_ACCOUNTURI), HF_VARIANT_01, 0, 0},
    {"injecting account URI", "a.example", NULL, "https://a;policy=wildcard",
     NULL, NULL, NULL, MALFORMED, C(BAD_ACCOUNTURI), 0, 0, 0},
    {"blank in the URI", "a.example", NULL, "https://a b", NULL, NULL, NULL,
     MALFORMED, C(BAD_ACCOUNTURI), 0, 0, 0},
    {"URI not ASCII", "a.example", NULL, "https://\xc3\xa9/", NULL, NULL, NULL,
     MALFORMED, C(BAD_ACCOUNTURI), 0, 0, 0},
    {"empty URI", "a.example", NULL, "", NULL, NULL, NULL, MALFORMED,
     C(BAD_ACCOUNTURI), 0, 0, 0},
    {"URI no string", "a.example", NULL, "!", NULL, NULL, NULL, MALFORMED,
     C(BAD_ACCOUNTURI), 0, 0, 0},
};

static struct hf_recognised recognise(size_t row, const char *type)
{
    static struct list kebab;
    static struct list camel;
    static struct list d;
    static struct list i;
    static struct hf_challenge challenge;
    const struct hf_meta meta = {.prefix = read_text(cases[row].prefix),
                                 .issuers = read_list(cases[row].d, &d),
                                 .caa_identities = read_list(cases[row].i, &i)};
    const struct hf_client_view view = {S(OWN), cases[row].seen,
                                        cases[row].forced};
    struct hf_recognised got;

    challenge = (struct hf_challenge){
        .type = hf_span_str(type),
        .kebab = read_list(cases[row].kebab, &kebab),
        .camel = read_list(cases[row].camel, &camel),
        .account_uri = read_text(cases[row].uri),
    };
    got = hf_challenge_recognise(&meta, &challenge, &view);
    /* REQ CLI-07: what the client may choose from is the challenge's list. */
    if (got.outcome == ACCEPT || got.outcome == CONFIRM)
        assert_ptr_equal(got.names, got.variant == HF_VARIANT_02 &&
                                            cases[row].camel != NULL
                                        ? &challenge.camel
                                        : &challenge.kebab);
    else
        assert_null(got.names);
    return got;
}

static void recognition_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct hf_recognised got = recognise(i, "dns-persist-01");

        if (got.outcome != cases[i].outcome || got.reason != cases[i].reason ||
            got.variant != cases[i].variant)
            fail_msg("%s: %s, %s, %s", cases[i].name,
                     hf_recognition_word(got.outcome),
                     hf_challenge_reason_word(got.reason),
                     hf_variant_word(got.variant));
    }
}

static void other_types(void **state)
{
    static const char *const types[] = {"dns-01", "", "dns-persist-0",
                                        "dns-persist-011", "DNS-PERSIST-01"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(types); i++)
        assert_int_equal(recognise(0, types[i]).outcome,
                         HF_RECOGNISED_NOT_THIS_TYPE);
}

/* REQ CHAL-05: 63 octets a label, 253 a name */
static void longest_names(void **state)
{
    char name[256];
    struct hf_span list[1];
    const struct hf_names names = {HF_FIELD_PRESENT, list, 1};

    (void)state;
    memset(name, 'a', sizeof(name));
    for (size_t i = 63; i < sizeof(name); i += 64)
        name[i] = '.';
    list[0] = (struct hf_span){name, 253};
    assert_int_equal(hf_names_check(&names), HF_CHALLENGE_OK);
    list[0].len = 254;
    assert_int_equal(hf_names_check(&names), HF_CHALLENGE_BAD_NAME);
    list[0].len = 63;
    assert_int_equal(hf_names_check(&names), HF_CHALLENGE_OK);
    name[63] = 'a';
    list[0].len = 64;
    assert_int_equal(hf_names_check(&names), HF_CHALLENGE_BAD_NAME);
}

/* REQ DIR-01, DIR-07, DIR-13 */
static void prefix_of_meta(void **state)
{
    static const struct {
        const char *text;
        enum hf_prefix_state want;
    } rows[] = {
        {NULL, HF_PREFIX_ABSENT},
        {"!", HF_PREFIX_INVALID},
        {"", HF_PREFIX_INVALID},
        {PREFIX, HF_PREFIX_USABLE},
        {"https://ca.example/h", HF_PREFIX_USABLE_NO_SLASH},
        {"https://ca.example/h;/", HF_PREFIX_INVALID},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct hf_meta meta = {.prefix = read_text(rows[i].text)};

        assert_int_equal(hf_meta_prefix(&meta), rows[i].want);
    }
}

static void words(void **state)
{
    static const char *const outcomes[] = {"accept", "confirm", "malformed",
                                           "refuse", "not-this-type"};
    static const char *const reasons[] = {"ok",
                                          "no-names",
                                          "empty-names",
                                          "too-many-names",
                                          "bad-name",
                                          "names-disagree",
                                          "D-not-in-C",
                                          "C-not-in-I",
                                          "no-usable-prefix",
                                          "downgrade",
                                          "alternative-accounturi",
                                          "bad-accounturi"};
    enum hf_variant variant = HF_VARIANT_00;

    (void)state;
    for (unsigned i = 0; i < COUNT_OF(outcomes); i++)
        assert_string_equal(hf_recognition_word(i), outcomes[i]);
    for (unsigned i = 0; i < COUNT_OF(reasons); i++)
        assert_string_equal(hf_challenge_reason_word(i), reasons[i]);
    assert_string_equal(hf_variant_word(HF_VARIANT_01), "01");
    assert_true(hf_variant_find(HF_SPAN("02"), &variant));
    assert_int_equal(variant, HF_VARIANT_02);
    assert_true(hf_variant_find(HF_SPAN("00"), &variant));
    assert_int_equal(variant, HF_VARIANT_00);
    assert_false(hf_variant_find(HF_SPAN("03"), &variant));
    assert_false(hf_variant_find(HF_SPAN(""), &variant));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(recognition_table),
        cmocka_unit_test(other_types),
        cmocka_unit_test(longest_names),
        cmocka_unit_test(prefix_of_meta),
        cmocka_unit_test(words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
