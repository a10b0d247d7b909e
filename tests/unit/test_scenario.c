/* SPDX-License-Identifier: Apache-2.0 */
/* What the laboratory is told: good lines and what they do, bad ones and where
 * they are bad. */
#include "lab/placeholder.h"
#include "lab/scenario.h"
#include "lab/zone_text.h"
#include "tests/unit/unit.h"

#define S HF_SPAN_INIT

static const struct {
    struct hf_span line;
    enum hf_lab_verb_kind kind;
    const char *name;
    uint16_t type;
    struct hf_span text;
} good[] = {
    {S(""), HF_LAB_VERB_NONE, NULL, 0, S("")},
    {S("  ; nothing"), HF_LAB_VERB_NONE, NULL, 0, S("")},
    {S("# say \"no"), HF_LAB_VERB_NONE, NULL, 0, S("")},
    {S("zone Shop.example."), HF_LAB_VERB_ZONE, "shop.example", 0, S("")},
    {S("zone a unsigned no-ds"), HF_LAB_VERB_ZONE, "a", 0, S("")},
    {S("record add a 5m TXT b \"c d\""), HF_LAB_VERB_ADD, "a", HF_RR_TXT,
     S("\001b\003c d")},
    {S("record replace a A 127.0.0.1"), HF_LAB_VERB_REPLACE, "a", HF_RR_A,
     S("\x7f\0\0\x01")},
    {S("record remove a"), HF_LAB_VERB_REMOVE, "a", 0, S("")},
    {S("record remove a TXT ; all"), HF_LAB_VERB_REMOVE, "a", HF_RR_TXT, S("")},
    {S("record remove a TXT b"), HF_LAB_VERB_REMOVE, "a", HF_RR_TXT,
     S("\001b")},
    {S("fault bogus ."), HF_LAB_VERB_FAULT, ".", 0, S("")},
    {S("mend slow a for 127.0.0.2"), HF_LAB_VERB_MEND, "a", 0, S("")},
    {S("expect a. TXT data secure"), HF_LAB_VERB_EXPECT, "a", HF_RR_TXT, S("")},
    {S("clock -90d"), HF_LAB_VERB_CLOCK, NULL, 0, S("")},
    {S("show ."), HF_LAB_VERB_SHOW, ".", 0, S("")},
    {S("moment end +1h"), HF_LAB_VERB_MOMENT, NULL, 0, S("")},
    {S("perspectives 5"), HF_LAB_VERB_PERSPECTIVES, NULL, 0, S("")},
    {S("ca"), HF_LAB_VERB_CA, NULL, 0, S("")},
    {S("stop p1"), HF_LAB_VERB_STOP, NULL, 0, S("")},
    {S("validate"), HF_LAB_VERB_VALIDATE, NULL, 0, S("")},
    {S("await a"), HF_LAB_VERB_AWAIT, NULL, 0, S("")},
    {S("log issued"), HF_LAB_VERB_LOG, NULL, 0, S("")},
    {S("expect done"), HF_LAB_VERB_OUTCOME, NULL, 0, S("")},
    {S("expect has a.b"), HF_LAB_VERB_HAS, NULL, 0, S("")},
    {S("expect lacks a.b"), HF_LAB_VERB_LACKS, NULL, 0, S("")},
    {S("say \"a \\\"b\\\"\""), HF_LAB_VERB_SAY, NULL, 0, S("a \"b\"")},
};

static void reads(void **state)
{
    struct hf_buf room;

    (void)state;
    hf_buf_init_grow(&room, 1 << 20);
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        struct hf_lab_verb verb = {.kind = HF_LAB_VERB_SAY};
        char text[256];
        struct hf_buf name;
        struct hf_why why = {0};

        if (hf_lab_verb_read(good[i].line, &room, &verb, &why) != HF_OK)
            fail_msg("%s: %s", good[i].line.ptr, why.text);
        hf_buf_init(&name, text, sizeof(text));
        if (good[i].name != NULL)
            hf_wire_name_put(&name, &verb.name);
        if (verb.kind != good[i].kind || verb.type != good[i].type ||
            !hf_span_eq(verb.text, good[i].text) ||
            !hf_span_eq(hf_buf_span(&name), hf_span_str(good[i].name)))
            fail_msg("%s", good[i].line.ptr);
    }
    hf_buf_clear(&room);
}

static void reads_details(void **state)
{
    struct hf_lab_verb verb;
    struct hf_buf room;

    (void)state;
    hf_buf_init_grow(&room, 1 << 20);
    assert_int_equal(hf_lab_verb_read(HF_SPAN("fault lie a ms 7 says \"x y\" "
                                              "times 9 for 127.0.0.9"),
                                      &room, &verb, NULL),
                     HF_OK);
    assert_int_equal(verb.fault.kind, HF_LAB_LIE);
    assert_int_equal(verb.fault.client, 0x7f000009);
    assert_int_equal(verb.fault.delay_ms, 7);
    assert_int_equal(verb.fault.times, 9);
    assert_span_equal(verb.fault.lie, HF_SPAN("x y"));
    assert_int_equal(
        hf_lab_verb_read(HF_SPAN("expect a. TXT failure bogus says \"x\" "
                                 "from 127.0.0.3"),
                         &room, &verb, NULL),
        HF_OK);
    assert_int_equal(verb.expected.state, HF_FOUND_FAILURE);
    assert_int_equal(verb.expected.security, HF_BOGUS);
    assert_int_equal(verb.expected.from, 0x7f000003);
    assert_true(verb.expected.has_text);
    assert_span_equal(verb.expected.text, HF_SPAN("x"));
    assert_int_equal(
        hf_lab_verb_read(HF_SPAN("clock +1h30m"), &room, &verb, NULL), HF_OK);
    assert_int_equal(verb.ahead_s, 5400);
    assert_int_equal(hf_lab_verb_read(HF_SPAN("clock -1d"), &room, &verb, NULL),
                     HF_OK);
    assert_int_equal(verb.ahead_s, -86400);
    assert_int_equal(
        hf_lab_verb_read(HF_SPAN("record add a 5m TXT b"), &room, &verb, NULL),
        HF_OK);
    assert_int_equal(verb.ttl_s, 300);
    hf_buf_clear(&room);
}

static void reads_programs(void **state)
{
    struct hf_lab_verb verb;
    struct hf_buf room;

    (void)state;
    hf_buf_init_grow(&room, 1 << 20);
    assert_int_equal(hf_lab_verb_read(HF_SPAN("holdfast a \"b c\" \\100"),
                                      &room, &verb, NULL),
                     HF_OK);
    assert_int_equal(verb.word_count, 3);
    assert_span_equal(verb.words[1], HF_SPAN("b c"));
    assert_span_equal(verb.words[2], HF_SPAN("d"));
    assert_int_equal(hf_lab_verb_read(HF_SPAN("order shop *.a b as later"),
                                      &room, &verb, NULL),
                     HF_OK);
    assert_span_equal(verb.who, HF_SPAN("shop"));
    assert_span_equal(verb.words[0], HF_SPAN("*.a"));
    assert_int_equal(verb.word_count, 2);
    assert_span_equal(verb.called, HF_SPAN("later"));
    assert_int_equal(verb.under.len, 0);
    assert_int_equal(hf_lab_verb_read(HF_SPAN("order shop b.a under a as last"),
                                      &room, &verb, NULL),
                     HF_OK);
    assert_int_equal(verb.word_count, 1);
    assert_span_equal(verb.under, HF_SPAN("a"));
    assert_span_equal(verb.called, HF_SPAN("last"));
    assert_int_equal(
        hf_lab_verb_read(HF_SPAN("validate later no-wait"), &room, &verb, NULL),
        HF_OK);
    assert_span_equal(verb.called, HF_SPAN("later"));
    assert_true(verb.no_wait);
    assert_int_equal(
        hf_lab_verb_read(HF_SPAN("get u by shop"), &room, &verb, NULL), HF_OK);
    assert_span_equal(verb.who, HF_SPAN("shop"));
    assert_int_equal(hf_lab_verb_read(HF_SPAN("expect refused dns says \"x\""),
                                      &room, &verb, NULL),
                     HF_OK);
    assert_int_equal(verb.outcome, HF_LAB_STEP_REFUSED);
    assert_span_equal(verb.words[0], HF_SPAN("dns"));
    assert_span_equal(verb.says, HF_SPAN("x"));
    assert_int_equal(
        hf_lab_verb_read(HF_SPAN("clock 2030-01-01"), &room, &verb, NULL),
        HF_OK);
    assert_true(verb.is_moment);
    assert_int_equal(verb.at_s, 1893456000);
    hf_buf_clear(&room);
}

/* Doubles a word, and knows no "bad". */
static enum hf_err twice(void *state, struct hf_span word, struct hf_buf *out,
                         struct hf_why *why)
{
    (void)state;
    if (hf_span_eq(word, HF_SPAN("bad")))
        return hf_fail(why, HF_ENOTFOUND, 0, "unknown");
    hf_buf_put(out, word);
    hf_buf_put(out, word);
    return HF_OK;
}

static void fills_in(void **state)
{
    static const struct {
        struct hf_span line;
        struct hf_span filled;
    } rows[] = {
        {S(""), S("")},
        {S("say x"), S("say x")},
        {S("{a}"), S("aa")},
        {S("x{a}y{b}{c}z"), S("xaaybbccz")},
        {S("{} {a"), S("{} {a")},
        {S("}{a}{"), S("}aa{")},
        {S("# {bad}"), S("# {bad}")},
    };
    char room[64];
    struct hf_why why = {0};
    struct hf_buf out;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        hf_buf_init(&out, room, sizeof(room));
        assert_int_equal(hf_lab_fill(rows[i].line, twice, NULL, &out, &why),
                         HF_OK);
        assert_span_equal(hf_buf_span(&out), rows[i].filled);
    }
    assert_int_equal(hf_lab_fill(HF_SPAN("{a} {bad}"), twice, NULL, &out, &why),
                     HF_ENOTFOUND);
    assert_int_equal(why.at, 4);
    hf_buf_init(&out, room, 3);
    assert_int_equal(hf_lab_fill(HF_SPAN("{abc}"), twice, NULL, &out, &why),
                     HF_ELIMIT);
}

static const struct {
    struct hf_span line;
    size_t at;
} bad[] = {
    {S("zones a"), 0},
    {S("zone"), 4},
    {S("zone a..b"), 5},
    {S("zone a signed"), 7},
    {S("record make a A 127.0.0.1"), 7},
    {S("record add a"), 12},
    {S("record add a 60"), 15},
    {S("record add a FOO x"), 13},
    {S("record add a A ::1"), 15},
    {S("record add a A 127.0.0.1 x"), 15},
    {S("record remove a FOO"), 16},
    {S("fault odd a"), 6},
    {S("fault bogus"), 11},
    {S("fault bogus a for ::1"), 18},
    {S("fault bogus a ms x"), 17},
    {S("fault nsec3 a times 0"), 20},
    {S("fault nsec3 a times 65536"), 20},
    {S("fault bogus a in time"), 14},
    {S("expect a."), 9},
    {S("expect a. FOO"), 10},
    {S("expect a. TXT good"), 14},
    {S("expect a. TXT data safe"), 19},
    {S("expect a. TXT data secure from x"), 31},
    {S("expect a. TXT data secure text x"), 26},
    {S("expect"), 6},
    {S("expect well"), 7},
    {S("expect done dns"), 12},
    {S("expect refused dns caa"), 19},
    {S("expect issued says"), 18},
    {S("expect has"), 10},
    {S("expect has a b c"), 16},
    {S("expect lacks a b"), 16},
    {S("perspectives"), 12},
    {S("perspectives 1"), 13},
    {S("perspectives 16"), 13},
    {S("stop"), 4},
    {S("stop ca p1"), 8},
    {S("steal a"), 7},
    {S("steal a to b"), 8},
    {S("steal a as"), 10},
    {S("order a"), 7},
    {S("order a b as"), 12},
    {S("order a b under"), 15},
    {S("order a b as c d"), 15},
    {S("validate a b"), 11},
    {S("finalize a no-wait"), 11},
    {S("get"), 3},
    {S("get a of b"), 6},
    {S("log"), 3},
    {S("clock 2030-13-01"), 6},
    {S("moment"), 6},
    {S("moment a"), 8},
    {S("moment a 1h"), 9},
    {S("moment a +1h b"), 13},
    {S("clock 90d"), 6},
    {S("clock +x"), 6},
    {S("clock +1d 2"), 10},
    {S("show"), 4},
    {S("show a b"), 7},
    {S("say"), 3},
    {S("say a b"), 6},
    {S("say \\999"), 4},
};

static void refuses(void **state)
{
    struct hf_buf room;

    (void)state;
    hf_buf_init_grow(&room, 1 << 20);
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct hf_lab_verb verb;
        struct hf_why why = {0};

        if (hf_lab_verb_read(bad[i].line, &room, &verb, &why) != HF_ESYNTAX ||
            why.at != bad[i].at || why.text == NULL)
            fail_msg("%s: at %zu: %s", bad[i].line.ptr, why.at,
                     why.text == NULL ? "read" : why.text);
    }
    hf_buf_clear(&room);
}

static enum hf_err obey(struct hf_lab_dns *dns, const char *line)
{
    const struct hf_lab_zone_config config = {0};
    struct hf_lab_verb verb;
    struct hf_buf room;
    enum hf_err err;

    hf_buf_init_grow(&room, 1 << 20);
    err = hf_lab_verb_read(hf_span_str(line), &room, &verb, NULL);
    assert_int_equal(err, HF_OK);
    err = hf_lab_verb_do(dns, &verb, &config, 0, NULL);
    hf_buf_clear(&room);
    return err;
}

static void does(void **state)
{
    struct hf_lab_dns *dns = NULL;
    struct hf_wire_name name;

    (void)state;
    assert_int_equal(hf_lab_dns_new(&dns, NULL), HF_OK);
    hf_wire_name_from(HF_SPAN("x.a"), &name);
    assert_int_equal(obey(dns, "zone a"), HF_OK);
    assert_int_equal(obey(dns, "zone a"), HF_EINVAL);
    assert_int_equal(obey(dns, "record add x.a TXT one"), HF_OK);
    assert_int_equal(obey(dns, "record add x.a TXT two"), HF_OK);
    assert_int_equal(hf_lab_record_count(dns, &name, HF_RR_TXT), 2);
    assert_int_equal(obey(dns, "record replace x.a TXT three"), HF_OK);
    assert_int_equal(hf_lab_record_count(dns, &name, HF_RR_TXT), 1);
    assert_int_equal(obey(dns, "record add x.a CNAME b"), HF_EINVAL);
    assert_int_equal(obey(dns, "record remove x.a"), HF_OK);
    assert_int_equal(hf_lab_record_count(dns, &name, 0), 0);
    assert_int_equal(obey(dns, "fault bogus a"), HF_OK);
    assert_int_equal(obey(dns, "mend bogus a for 127.0.0.1"), HF_EINVAL);
    assert_int_equal(obey(dns, "mend bogus a"), HF_OK);
    assert_int_equal(obey(dns, "mend bogus a"), HF_EINVAL);
    hf_lab_dns_free(dns);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads),          cmocka_unit_test(reads_details),
        cmocka_unit_test(reads_programs), cmocka_unit_test(fills_in),
        cmocka_unit_test(refuses),        cmocka_unit_test(does),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
