/* SPDX-License-Identifier: Apache-2.0 */
/* Whose record is it, and does it stay? REQ CLI-37. */
#include "base/octets.h"
#include "client/wish.h"
#include "holdfast/txt.h"
#include "tests/unit/unit.h"

#define S    HF_SPAN_INIT
#define OURS "ca.example; accounturi=https://ca.example/1"

static const struct hf_wish wish = {
    .values = {S(OURS "; persistUntil=9"), S("ca.example; accounturi=h/sha")},
    .value_count = 2,
    .old = {S("; anything we wrote down")},
    .old_count = 1,
    .issuer = S("ca.example"),
    .account_uris = {S("https://ca.example/1"), S("h/sha")},
    .uri_count = 2,
};

static const struct {
    const char *name;
    struct hf_span value;
    enum hf_fate fate;
} fates[] = {
    {"the value", S(OURS "; persistUntil=9"), HF_FATE_WANTED},
    {"the other form", S("ca.example; accounturi=h/sha"), HF_FATE_WANTED},
    {"earlier, no end", S(OURS), HF_FATE_OLD},
    {"earlier, wildcard", S(OURS "; policy=wildcard"), HF_FATE_OLD},
    {"spelt otherwise", S("CA.example;accounturi=https://ca.example/1"),
     HF_FATE_OLD},
    {"in the register", S("; anything we wrote down"), HF_FATE_OLD},
    {"another CA", S("other.example; accounturi=https://ca.example/1"),
     HF_FATE_OTHERS},
    {"another account", S("ca.example; accounturi=https://ca.example/11"),
     HF_FATE_OTHERS},
    {"the account in capitals",
     S("ca.example; accounturi=https://CA.example/1"), HF_FATE_OTHERS},
    {"broken", S(OURS ";;"), HF_FATE_OTHERS},
    {"empty", S(""), HF_FATE_OTHERS},
    {"a bit longer", S(OURS "; persistUntil=9 "), HF_FATE_OLD},
};

static void fate_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(fates); i++)
        if (hf_wish_fate(&wish, fates[i].value) != fates[i].fate)
            fail_msg("%s", fates[i].name);
}

/* Only by value: nobody else's, not even of the same account. */
static void only_by_value(void **state)
{
    const struct hf_wish remove = {.old = {S(OURS)}, .old_count = 1};

    (void)state;
    assert_int_equal(hf_wish_fate(&remove, HF_SPAN(OURS)), HF_FATE_OLD);
    assert_int_equal(hf_wish_fate(&remove, HF_SPAN(OURS "; policy=wildcard")),
                     HF_FATE_OTHERS);
    assert_int_equal(hf_wish_fate(&remove, HF_SPAN("")), HF_FATE_OTHERS);
}

static void look(void **state)
{
    struct hf_found found = {.state = HF_FOUND_DATA};
    struct hf_wish_view view;
    char octets[1024];
    char room[1024];
    struct hf_buf rdata;
    struct hf_buf records;
    char one[512];

    (void)state;
    hf_buf_init(&records, octets, sizeof(octets));
    for (size_t i = 0; i < COUNT_OF(fates); i++) {
        if (i == 1)
            continue; /* one of the two is missing */
        hf_buf_init(&rdata, one, sizeof(one));
        hf_txt_put_rdata(&rdata, fates[i].value);
        hf_put_text(&records, hf_buf_span(&rdata));
    }
    hf_put_text(&records, HF_SPAN("\005abc")); /* lengths do not add up */
    assert_false(records.full);
    found.records = hf_buf_span(&records);
    hf_wish_look(&wish, &found, room, &view);
    assert_int_equal(view.wanted, 1);
    assert_true(view.has[0] && !view.has[1]);
    assert_int_equal(view.old, 5);
    assert_int_equal(view.others, 6);
    assert_false(hf_wish_is_met(&wish, &view));
    view = (struct hf_wish_view){.has = {true, true}, .others = 3};
    assert_true(hf_wish_is_met(&wish, &view));
    view.old = 1;
    assert_false(hf_wish_is_met(&wish, &view));
    /* What a failed look-up says is nothing. */
    found.state = HF_FOUND_FAILURE;
    hf_wish_look(&wish, &found, room, &view);
    assert_int_equal(view.others + view.old + view.wanted, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fate_table),
        cmocka_unit_test(only_by_value),
        cmocka_unit_test(look),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
