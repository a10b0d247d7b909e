/* SPDX-License-Identifier: Apache-2.0 */
/* Revoked certificates of the tables, and a list of them beside that. */
#include "ca/call.h"
#include "ca/revoked.h"
#include "ca/tables.h"
#include "tests/unit/store_fixture.h"

#define NOW   1790000000
#define SHARD 3

static struct hf_store *store;
static struct hf_revoked_set set;

static int set_up(void **state)
{
    assert_int_equal(place_enter(state), 0);
    store = place_open(*state, &hf_ca_plan);
    return 0;
}

static int tear_down(void **state)
{
    hf_revoked_clear(&set);
    hf_store_close(store);
    return place_leave(state);
}

/* ---- making ---- */

static void run(enum hf_ca_operation operation,
                const struct hf_store_value *values, size_t count)
{
    struct hf_why why = {0};

    place_want(hf_store_run(store, operation, values, count, &why), why);
}

#define RUN(operation, ...) run(operation, HF_VALUES(__VA_ARGS__))

#define N(value) hf_store_number(value)

static void issue_in(uint32_t shard, const char *serial, int64_t not_after_at)
{
    struct hf_store_value none = {.kind = HF_STORE_NULL};

    RUN(HF_CA_CERT_ADD, hf_store_text(hf_span_str(serial)), none, none,
        hf_store_blob(HF_SPAN("")), N(NOW), N(not_after_at), N(shard),
        hf_store_blob(HF_SPAN("01234567890123456789012345678901")), N(1),
        hf_store_blob(HF_SPAN("")), hf_store_text(HF_SPAN("")));
}

static void issue(const char *serial, int64_t not_after_at)
{
    issue_in(SHARD, serial, not_after_at);
}

static void mark(const char *serial, int64_t at, int64_t reason)
{
    RUN(HF_CA_CERT_REVOKE, hf_store_text(hf_span_str(serial)), N(at),
        N(reason));
}

static enum hf_err read_rows(struct hf_why *why)
{
    return hf_revoked_read(store, SHARD, NOW, &set, why);
}

/* A list of these, as one that was signed. */
static void compare(const struct hf_revoked *revoked, size_t count, bool mends,
                    struct hf_revoked_rifts *out)
{
    const struct hf_crl crl = {
        .issuer = {.name = HF_SPAN("\x30\x00"), .key_id = HF_SPAN("x")},
        .number = 7,
        .this_update_at = NOW,
        .next_update_at = NOW + 100,
        .revoked = revoked,
        .count = count};
    const struct hf_revoked_plan plan = {.store = store,
                                         .shard = SHARD,
                                         .now_at = NOW,
                                         .listed_at = NOW - 60,
                                         .mends = mends};
    char room[16384];
    struct hf_crl_read list;
    struct hf_der der;
    struct hf_why why = {0};

    hf_der_init(&der, room, sizeof(room));
    place_want(hf_crl_build(&crl, &der, &why), why);
    hf_der_wrap(&der, HF_DER_SEQUENCE, 0);
    place_want(hf_crl_read(hf_der_span(&der), &list, &why), why);
    place_want(hf_revoked_compare(&plan, &list, out, &why), why);
}

/* ---- tests ---- */

static void are_read(void **state)
{
    static const unsigned char octets[] = {0x40, 0x0a};
    struct hf_why why = {0};

    (void)state;
    issue("400a", NOW);
    issue("400b", NOW - 1); /* has ended */
    issue("400c", NOW);     /* is good */
    mark("400a", NOW - 5, 4);
    mark("400b", NOW - 5, 4);
    for (size_t i = 0; i < 2; i++) { /* what was there before is gone */
        place_want(read_rows(&why), why);
        assert_int_equal(set.count, 1);
        assert_int_equal(set.list[0].serial_len, 2);
        assert_memory_equal(set.list[0].serial, octets, 2);
        assert_int_equal(set.list[0].at, NOW - 5);
        assert_int_equal(set.list[0].reason, 4);
    }
}

/* A list that left them out would say that they are good. */
static void bad_serials_are_refused(void **state)
{
    static const char *const serials[] = {
        "",     "4",    "40 1",
        "40x1", "0x40", "4011111111111111111111111111111111111111ff",
    };

    (void)state;
    issue("400a", NOW);
    mark("400a", NOW, 0);
    for (uint32_t i = 0; i < COUNT_OF(serials); i++) {
        const uint32_t shard = SHARD + 1 + i;
        struct hf_why why = {0};

        issue_in(shard, serials[i], NOW);
        place_want(hf_revoked_read(store, shard, NOW, &set, &why), why);
        mark(serials[i], NOW, 0);
        if (hf_revoked_read(store, shard, NOW, &set, &why) != HF_ESYNTAX)
            fail_msg("a serial number that is none: '%s'", serials[i]);
        assert_non_null(strstr(why.text, "serial number"));
    }
    assert_int_equal(read_rows(NULL), HF_OK); /* of another shard */
    assert_int_equal(set.count, 1);
}

static void lists_are_compared(void **state)
{
    static const struct hf_revoked listed[] = {
        {{0x40, 9}, 2, 4, NOW - 90},    /* in no table */
        {{0x40, 3}, 2, 1, NOW - 90},    /* forgotten */
        {{0x40, 1}, 2, 4, NOW - 90},    /* in both */
        {{0x40, 2, 2}, 3, 4, NOW - 90}, /* in both, and longer */
        {{0x40, 4}, 2, 0, NOW - 90},    /* ended, and in both */
    };
    static const unsigned char unlisted[] = {0x40, 5};
    struct hf_revoked_rifts rifts;

    (void)state;
    issue("4001", NOW);
    issue("400202", NOW);
    issue("4003", NOW);
    issue("4004", NOW - 1);
    issue("4005", NOW);
    issue("4006", NOW);
    issue("4007", NOW); /* is good */
    mark("4001", NOW - 90, 4);
    mark("400202", NOW - 90, 4);
    mark("4004", NOW - 90, 0);
    mark("4005", NOW - 60, 4);
    mark("4006", NOW - 59, 4); /* no list has to have it yet */
    compare(listed, COUNT_OF(listed), false, &rifts);
    assert_int_equal(rifts.counts[HF_REVOKED_UNKNOWN], 1);
    assert_int_equal(rifts.one[HF_REVOKED_UNKNOWN].serial[1], 9);
    assert_int_equal(rifts.counts[HF_REVOKED_FORGOTTEN], 1);
    assert_int_equal(rifts.one[HF_REVOKED_FORGOTTEN].serial[1], 3);
    assert_int_equal(rifts.counts[HF_REVOKED_UNLISTED], 1);
    assert_memory_equal(rifts.one[HF_REVOKED_UNLISTED].serial, unlisted, 2);
    /* Nothing was changed; and then it is. */
    compare(listed, COUNT_OF(listed), true, &rifts);
    assert_int_equal(rifts.counts[HF_REVOKED_FORGOTTEN], 1);
    compare(listed, COUNT_OF(listed), true, &rifts);
    assert_int_equal(rifts.counts[HF_REVOKED_FORGOTTEN], 0);
    assert_int_equal(read_rows(NULL), HF_OK);
    assert_int_equal(set.count, 5);
    compare(NULL, 0, false, &rifts);
    assert_int_equal(rifts.counts[HF_REVOKED_UNLISTED], 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(are_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bad_serials_are_refused, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(lists_are_compared, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
