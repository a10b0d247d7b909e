/* SPDX-License-Identifier: Apache-2.0 */
#include "net/server_crowd.h"
#include "tests/unit/unit.h"

#define CONNECTIONS 1000
#define PER_ADDRESS 3

static struct hf_server_crowd *crowd;

static int begin(void **state)
{
    (void)state;
    return hf_server_crowd_new(CONNECTIONS, PER_ADDRESS, &crowd, NULL) == HF_OK
               ? 0
               : -1;
}

static int end(void **state)
{
    (void)state;
    hf_server_crowd_free(crowd);
    return 0;
}

static uint32_t enter(const char *address, size_t len)
{
    return hf_server_crowd_enter(crowd, (const uint8_t *)address, len);
}

/* Those of one address are one, and IPv6 is counted by its first half. */
static void addresses(void **state)
{
    static const struct {
        const char *name;
        struct hf_span one, other;
        bool same;
    } rows[] = {
        {"one address", HF_SPAN_INIT("\1\2\3\4"), HF_SPAN_INIT("\1\2\3\4"),
         true},
        {"two of IPv4", HF_SPAN_INIT("\1\2\3\4"), HF_SPAN_INIT("\1\2\3\5"),
         false},
        {"one /64", HF_SPAN_INIT("12345678abcdefgh"),
         HF_SPAN_INIT("12345678ABCDEFGH"), true},
        {"two of them", HF_SPAN_INIT("12345678abcdefgh"),
         HF_SPAN_INIT("12345679abcdefgh"), false},
        {"0.0.0.0 and ::", HF_SPAN_INIT("\1\0\0\0"),
         HF_SPAN_INIT("\0\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0"), false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        uint32_t one = enter(rows[i].one.ptr, rows[i].one.len);
        uint32_t other = enter(rows[i].other.ptr, rows[i].other.len);

        assert_int_not_equal(one, HF_SERVER_CROWD_NO);
        assert_int_not_equal(other, HF_SERVER_CROWD_NO);
        if ((one == other) != rows[i].same)
            fail_msg("%s", rows[i].name);
        hf_server_crowd_leave(crowd, one);
        hf_server_crowd_leave(crowd, other);
    }
}

static void limit(void **state)
{
    uint32_t numbers[PER_ADDRESS];

    (void)state;
    for (int i = 0; i < PER_ADDRESS; i++) {
        numbers[i] = enter("\1\2\3\4", 4);
        assert_int_not_equal(numbers[i], HF_SERVER_CROWD_NO);
    }
    assert_int_equal(enter("\1\2\3\4", 4), HF_SERVER_CROWD_NO);
    assert_int_not_equal(enter("\1\2\3\5", 4), HF_SERVER_CROWD_NO);
    hf_server_crowd_leave(crowd, numbers[0]);
    assert_int_not_equal(enter("\1\2\3\4", 4), HF_SERVER_CROWD_NO);
    assert_int_equal(enter("\1\2\3\4", 4), HF_SERVER_CROWD_NO);
}

/* All come, all go, in another order, and all may come again. */
static void many(void **state)
{
    static uint32_t numbers[CONNECTIONS];

    (void)state;
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < CONNECTIONS; i++) {
            const uint8_t octets[4] = {10, 0, (uint8_t)(i >> 8), (uint8_t)i};

            numbers[i] = hf_server_crowd_enter(crowd, octets, 4);
            assert_int_not_equal(numbers[i], HF_SERVER_CROWD_NO);
        }
        assert_int_equal(enter("\1\2\3\4", 4), HF_SERVER_CROWD_NO);
        for (size_t i = 0; i < CONNECTIONS; i++)
            hf_server_crowd_leave(crowd, numbers[i * 7 % CONNECTIONS]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(addresses, begin, end),
        cmocka_unit_test_setup_teardown(limit, begin, end),
        cmocka_unit_test_setup_teardown(many, begin, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
