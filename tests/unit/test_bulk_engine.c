/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine against scripted time and servers: lists of packets in, what it
 * sends and how questions end out. No clock, no sockets.
 */
#include "dns/bulk_engine.h"
#include "dns/bulk_pace.h"
#include "dns/timers.h"
#include "tests/unit/unit.h"

#define MS    INT64_C(1000000)
#define START (5 * HF_SECOND_NS)

/* ---- a world ---- */

struct world {
    struct hf_bulk_engine *engine;
    struct hf_bulk_config config;
    int64_t now;
    size_t ends;
    struct hf_bulk_answer last;
    enum hf_reply_kind last_kind;
    unsigned last_rcode;
    struct hf_bulk_batch batch;
};

/* A generator with a fixed seed: tests repeat. */
static enum hf_err fake_random(void *out, size_t len, struct hf_why *why)
{
    static uint64_t state = 88172645463325252U;
    uint8_t *to = out;

    (void)why;
    for (size_t i = 0; i < len; i++) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        to[i] = (uint8_t)(state >> 32);
    }
    return HF_OK;
}

static enum hf_err no_random(void *out, size_t len, struct hf_why *why)
{
    (void)out;
    (void)len;
    return hf_fail(why, HF_ESYSTEM, 0, "no entropy");
}

static void on_end(void *to, const struct hf_bulk_answer *answer)
{
    struct world *world = to;

    world->ends++;
    world->last = *answer;
    if (answer->reply != NULL) {
        world->last_kind = answer->reply->kind;
        world->last_rcode = answer->reply->rcode;
    }
}

static void build(struct world *world, size_t servers)
{
    *world = (struct world){.now = START};
    world->config = (struct hf_bulk_config){
        .server_count = servers,
        .sockets_per_server = 4,
        .window = 200,
        .tries = 3,
        .timeout_ns = 100 * MS,
        .type = HF_RR_TXT,
        .recurse = true,
        .random = fake_random,
        .done = on_end,
        .to = world,
    };
}

static void begin(struct world *world)
{
    assert_int_equal(
        hf_bulk_engine_new(&world->config, world->now, &world->engine, NULL),
        HF_OK);
}

static void add(struct world *world, const char *name, uint64_t ticket)
{
    struct hf_wire_name wire;

    assert_int_equal(hf_wire_name_parse(hf_span_str(name), &wire, NULL), HF_OK);
    hf_bulk_engine_add(world->engine, &wire, ticket);
}

/* Send what may be sent; returns how many packets. */
static size_t send_all(struct world *world)
{
    size_t sent = 0;

    while (hf_bulk_engine_take(world->engine, world->now, &world->batch)) {
        hf_bulk_engine_sent(world->engine, &world->batch, world->batch.count,
                            world->now);
        sent += world->batch.count;
    }
    return sent;
}

static void pass(struct world *world, int64_t ns)
{
    world->now += ns;
    hf_bulk_engine_tick(world->engine, world->now);
}

static void arrive(struct world *world, size_t socket, const char *ptr,
                   size_t len)
{
    struct hf_span packet = {ptr, len};

    hf_bulk_engine_packets(world->engine, socket, &packet, 1, world->now);
}

/* Answer packet `index` of the last batch; `flags` as in the second 16 bits. */
static void answer(struct world *world, size_t index, unsigned flags)
{
    struct hf_span query = world->batch.packets[index];
    char room[512];

    memcpy(room, query.ptr, query.len);
    room[2] = (char)(flags >> 8);
    room[3] = (char)flags;
    arrive(world, world->batch.socket, room, query.len);
}

#define NXDOMAIN (HF_WIRE_QR | HF_WIRE_RD | HF_WIRE_RA | 3U)
#define NODATA   (HF_WIRE_QR | HF_WIRE_RD | HF_WIRE_RA)
#define SERVFAIL (HF_WIRE_QR | HF_WIRE_RD | HF_WIRE_RA | 2U)

/* ---- answers ---- */

static void question_ends_once(void **state)
{
    struct world world;

    (void)state;
    build(&world, 1);
    begin(&world);
    add(&world, "a.test", 42);
    assert_int_equal(send_all(&world), 1);
    answer(&world, 0, NXDOMAIN);
    assert_int_equal(world.ends, 1);
    assert_int_equal(world.last.ticket, 42);
    assert_int_equal(world.last.end, HF_BULK_REPLY);
    assert_int_equal(world.last_kind, HF_REPLY_NXDOMAIN);
    answer(&world, 0, NXDOMAIN); /* the same again */
    pass(&world, 10 * HF_SECOND_NS);
    assert_int_equal(world.ends, 1);
    assert_int_equal(hf_bulk_engine_stats(world.engine).strays, 1);
    assert_int_equal(hf_bulk_engine_room(world.engine), 200);
    hf_bulk_engine_free(world.engine);
}

/* REQ VAL-36: id, port, case and question all have to be right. */
static void strangers_are_not_heard(void **state)
{
    struct world world;
    struct hf_span query;
    char room[512];

    (void)state;
    build(&world, 2);
    begin(&world);
    add(&world, "abcdefgh.test", 1);
    assert_int_equal(send_all(&world), 1);
    query = world.batch.packets[0];
    for (size_t i = 0; i < query.len - 11; i++) {
        if (i >= 2 && i < HF_WIRE_HEADER && i != 4 && i != 5)
            continue; /* flags and other counts */
        memcpy(room, query.ptr, query.len);
        room[2] = (char)0x80;
        room[3] = 3;
        room[i] ^= 0x01;
        arrive(&world, world.batch.socket, room, query.len);
        assert_int_equal(world.ends, 0);
    }
    memcpy(room, query.ptr, query.len);
    room[2] = (char)0x81;
    room[3] = (char)0x83;
    for (size_t socket = 0; socket < 8; socket++)
        if (socket != world.batch.socket)
            arrive(&world, socket, room, query.len);
    assert_int_equal(world.ends, 0);
    arrive(&world, world.batch.socket, room, query.len);
    assert_int_equal(world.ends, 1);
    hf_bulk_engine_free(world.engine);
}

/* Wrong case only: not believed, but asked again over TCP. */
static void mangled_case_goes_to_tcp(void **state)
{
    struct world world;
    struct hf_bulk_call call;
    char room[512];

    (void)state;
    build(&world, 1);
    begin(&world);
    add(&world, "abcdefgh.test", 1);
    assert_int_equal(send_all(&world), 1);
    memcpy(room, world.batch.packets[0].ptr, world.batch.packets[0].len);
    room[2] = (char)0x81;
    room[3] = (char)0x83;
    room[13] ^= 0x20;
    arrive(&world, world.batch.socket, room, world.batch.packets[0].len);
    assert_int_equal(world.ends, 0);
    assert_true(hf_bulk_engine_take_call(world.engine, world.now, &call));
    memcpy(room, call.packet.ptr, call.packet.len);
    room[2] = (char)0x81;
    room[3] = (char)0x83;
    assert_true(hf_bulk_engine_call_answer(
        world.engine, call.slot, (struct hf_span){room, call.packet.len},
        world.now));
    assert_int_equal(world.ends, 1);
    assert_int_equal(world.last_kind, HF_REPLY_NXDOMAIN);
    hf_bulk_engine_free(world.engine);
}

static void truncation_goes_to_tcp(void **state)
{
    struct world world;
    struct hf_bulk_call call;

    (void)state;
    build(&world, 1);
    begin(&world);
    add(&world, "a.test", 1);
    assert_int_equal(send_all(&world), 1);
    answer(&world, 0, NODATA | HF_WIRE_TC);
    assert_int_equal(world.ends, 0);
    assert_int_equal(send_all(&world), 0);
    for (unsigned tries = 1; tries <= 3; tries++) {
        assert_true(hf_bulk_engine_take_call(world.engine, world.now, &call));
        hf_bulk_engine_call_failed(world.engine, call.slot, world.now);
        pass(&world, 2 * HF_SECOND_NS);
    }
    assert_false(hf_bulk_engine_take_call(world.engine, world.now, &call));
    assert_int_equal(world.ends, 1);
    assert_int_equal(world.last.end, HF_BULK_NO_SERVER);
    hf_bulk_engine_free(world.engine);
}

/* ---- failures are never absence ---- */

static void referral_is_no_absence(void **state)
{
    struct world world;

    (void)state;
    build(&world, 1);
    begin(&world);
    add(&world, "a.test", 1);
    assert_int_equal(send_all(&world), 1);
    answer(&world, 0, HF_WIRE_QR); /* neither AA nor RA */
    assert_int_equal(world.ends, 1);
    assert_int_equal(world.last.end, HF_BULK_BAD_REPLY);
    assert_int_equal(world.last_kind, HF_REPLY_LAME);
    hf_bulk_engine_free(world.engine);
}

static void server_failure_is_retried_then_reported(void **state)
{
    struct world world;
    unsigned sent = 0;

    (void)state;
    build(&world, 1);
    begin(&world);
    add(&world, "a.test", 1);
    for (int i = 0; i < 100 && world.ends == 0; i++) {
        if (send_all(&world) == 1) {
            sent++;
            answer(&world, 0, SERVFAIL);
        }
        pass(&world, 50 * MS);
    }
    assert_int_equal(sent, 3);
    assert_int_equal(world.last.end, HF_BULK_BAD_REPLY);
    assert_int_equal(world.last_rcode, 2);
    hf_bulk_engine_free(world.engine);
}

static void silence_ends_in_timeout_with_backoff(void **state)
{
    struct world world;
    int64_t sent_at[4] = {0};
    unsigned sent = 0;

    (void)state;
    build(&world, 1);
    begin(&world);
    add(&world, "a.test", 1);
    for (int i = 0; i < 2000 && world.ends == 0; i++) {
        if (send_all(&world) == 1)
            sent_at[sent++] = world.now;
        pass(&world, MS);
    }
    assert_int_equal(sent, 3);
    assert_int_equal(world.last.end, HF_BULK_TIMEOUT);
    assert_in_range(sent_at[1] - sent_at[0], 100 * MS, 110 * MS);
    assert_in_range(sent_at[2] - sent_at[1], 200 * MS, 210 * MS);
    assert_in_range(world.now - sent_at[2], 400 * MS, 410 * MS);
    hf_bulk_engine_free(world.engine);
}

/* A new id and new case for every try: an old answer helps no guesser. */
static void each_try_is_dressed_anew(void **state)
{
    struct world world;
    char first[512];
    char second[512];

    (void)state;
    build(&world, 1);
    begin(&world);
    add(&world, "abcdefghijklmnop.test", 1);
    assert_int_equal(send_all(&world), 1);
    memcpy(first, world.batch.packets[0].ptr, world.batch.packets[0].len);
    pass(&world, 200 * MS);
    assert_int_equal(send_all(&world), 1);
    memcpy(second, world.batch.packets[0].ptr, world.batch.packets[0].len);
    assert_memory_not_equal(first, second, 2);
    assert_memory_not_equal(first + 12, second + 12, 20);
    hf_bulk_engine_free(world.engine);
}

static void retry_goes_to_another_server(void **state)
{
    struct world world;
    size_t first;

    (void)state;
    build(&world, 3);
    begin(&world);
    add(&world, "a.test", 1);
    assert_int_equal(send_all(&world), 1);
    first = world.batch.server;
    answer(&world, 0, SERVFAIL);
    assert_int_equal(send_all(&world), 1); /* at once */
    assert_int_not_equal(world.batch.server, first);
    answer(&world, 0, NODATA);
    assert_int_equal(world.last.end, HF_BULK_REPLY);
    assert_int_equal(world.last.server, world.batch.server);
    hf_bulk_engine_free(world.engine);
}

static void old_server_is_asked_without_edns(void **state)
{
    struct world world;
    size_t len;

    (void)state;
    build(&world, 1);
    begin(&world);
    add(&world, "a.test", 1);
    assert_int_equal(send_all(&world), 1);
    len = world.batch.packets[0].len;
    answer(&world, 0, HF_WIRE_QR | 1U); /* FORMERR */
    assert_int_equal(send_all(&world), 1);
    assert_int_equal(world.batch.packets[0].len, len - 11);
    answer(&world, 0, NODATA);
    assert_int_equal(world.ends, 1);
    hf_bulk_engine_free(world.engine);
}

/* The kernel took only a part of a batch. */
static void unsent_packets_wait(void **state)
{
    struct world world;

    (void)state;
    build(&world, 1);
    begin(&world);
    for (uint64_t i = 0; i < 10; i++)
        add(&world, "a.test", i);
    assert_true(hf_bulk_engine_take(world.engine, world.now, &world.batch));
    assert_int_equal(world.batch.count, 10);
    hf_bulk_engine_sent(world.engine, &world.batch, 4, world.now);
    assert_int_equal(hf_bulk_engine_flying(world.engine), 4);
    assert_int_equal(send_all(&world), 6);
    for (size_t i = 0; i < 6; i++)
        answer(&world, i, NODATA);
    pass(&world, 5 * HF_SECOND_NS);
    while (world.ends < 10 && send_all(&world) > 0)
        pass(&world, 5 * HF_SECOND_NS);
    assert_int_equal(world.ends, 10);
    assert_int_equal(hf_bulk_engine_under_way(world.engine), 0);
    hf_bulk_engine_free(world.engine);
}

static void refused_packets_count_as_tries(void **state)
{
    struct world world;
    unsigned refused = 0;

    (void)state;
    build(&world, 1);
    begin(&world);
    add(&world, "a.test", 1);
    for (int i = 0; i < 100 && world.ends == 0; i++) {
        while (hf_bulk_engine_take(world.engine, world.now, &world.batch)) {
            hf_bulk_engine_refused(world.engine, &world.batch, world.now);
            refused++;
        }
        pass(&world, 50 * MS);
    }
    assert_int_equal(refused, 3);
    assert_int_equal(world.last.end, HF_BULK_NO_SERVER);
    hf_bulk_engine_free(world.engine);
}

/* ---- rates ---- */

/* Send one batch and answer all of it; returns how many packets. */
static size_t serve(struct world *world)
{
    if (!hf_bulk_engine_take(world->engine, world->now, &world->batch))
        return 0;
    hf_bulk_engine_sent(world->engine, &world->batch, world->batch.count,
                        world->now);
    for (size_t i = 0; i < world->batch.count; i++)
        answer(world, i, NODATA);
    return world->batch.count;
}

static size_t count_in_a_second(struct world *world)
{
    size_t sent = 0;

    for (int i = 0; i < 1000; i++) {
        size_t count;

        while (hf_bulk_engine_room(world->engine) > 0)
            add(world, "a.test", 0);
        for (count = serve(world); count > 0; count = serve(world))
            sent += count;
        pass(world, MS);
    }
    return sent;
}

static void global_rate_is_kept(void **state)
{
    struct world world;

    (void)state;
    build(&world, 4);
    world.config.rate = 5000;
    world.config.window = 4000;
    begin(&world);
    assert_in_range(count_in_a_second(&world), 4900, 5060);
    hf_bulk_engine_free(world.engine);
}

static void server_rate_is_kept(void **state)
{
    struct world world;

    (void)state;
    build(&world, 4);
    world.config.server_rate = 100;
    world.config.window = 4000;
    begin(&world);
    assert_in_range(count_in_a_second(&world), 380, 408);
    hf_bulk_engine_free(world.engine);
}

static void no_entropy_no_packets(void **state)
{
    struct world world;
    struct hf_why why = {0};

    (void)state;
    build(&world, 1);
    world.config.random = no_random;
    begin(&world);
    add(&world, "a.test", 1);
    assert_int_equal(send_all(&world), 0);
    assert_int_equal(hf_bulk_engine_health(world.engine, &why), HF_ESYSTEM);
    assert_string_equal(why.text, "no entropy");
    hf_bulk_engine_free(world.engine);
}

static void limits_are_refused(void **state)
{
    struct world world;

    (void)state;
    build(&world, 0);
    assert_int_equal(
        hf_bulk_engine_new(&world.config, START, &world.engine, NULL),
        HF_EINVAL);
    build(&world, 1);
    world.config.window = HF_BULK_WINDOW_MAX + 1;
    assert_int_equal(
        hf_bulk_engine_new(&world.config, START, &world.engine, NULL),
        HF_EINVAL);
}

/* ---- many, at random ---- */

/* Random losses, duplicates, failures, truncation: every question ends exactly
 * once, and nothing is left behind. */
static void chaos_ends_every_question_once(void **state)
{
    static unsigned char ends[20000];
    struct world world;
    uint64_t next = 0;
    uint64_t dice = 1;

    (void)state;
    build(&world, 3);
    begin(&world);
    memset(ends, 0, sizeof(ends));
    for (int round = 0; round < 200000; round++) {
        while (next < COUNT_OF(ends) && hf_bulk_engine_room(world.engine) > 0)
            add(&world, "chaos.test", next++);
        if (hf_bulk_engine_take(world.engine, world.now, &world.batch)) {
            hf_bulk_engine_sent(world.engine, &world.batch, world.batch.count,
                                world.now);
            for (size_t i = 0; i < world.batch.count; i++) {
                size_t before = world.ends;

                dice = dice * 6364136223846793005U + 1442695040888963407U;
                if (dice >> 60 == 0)
                    continue; /* lost */
                answer(&world, i,
                       dice >> 60 == 1   ? SERVFAIL
                       : dice >> 60 == 2 ? HF_WIRE_QR
                                         : NODATA);
                if (world.ends > before)
                    ends[world.last.ticket]++;
                if (dice >> 60 == 3)
                    answer(&world, i, NODATA); /* twice */
            }
        } else if (hf_bulk_engine_under_way(world.engine) == 0) {
            break;
        } else {
            size_t before = world.ends;

            /* One tick at a time ends at most a few; count the last. */
            pass(&world, 2 * MS);
            if (world.ends == before + 1)
                ends[world.last.ticket]++;
        }
    }
    assert_int_equal(world.ends, COUNT_OF(ends));
    assert_int_equal(hf_bulk_engine_under_way(world.engine), 0);
    assert_int_equal(hf_bulk_engine_flying(world.engine), 0);
    for (size_t i = 0; i < COUNT_OF(ends); i++)
        assert_true(ends[i] <= 1);
    hf_bulk_engine_free(world.engine);
}

/* ---- pace ---- */

static void window_grows_and_shrinks(void **state)
{
    struct hf_pace pace;
    int64_t now = START;
    size_t before;

    (void)state;
    hf_pace_init(&pace, 0, 4000, now);
    before = pace.window;
    for (int i = 0; i < 5000; i++) {
        hf_pace_sent(&pace, now, 1);
        hf_pace_answered(&pace, now);
    }
    assert_true(pace.window > before && pace.window <= 4000);
    before = pace.window;
    for (int i = 0; i < 500; i++)
        hf_pace_lost(&pace);
    now += 2 * HF_SECOND_NS;
    hf_pace_sent(&pace, now, 1);
    hf_pace_answered(&pace, now);
    assert_int_equal(pace.window, before - before / 4);
}

static void silent_server_gets_a_rest(void **state)
{
    struct hf_pace pace;
    int64_t now = START;

    (void)state;
    hf_pace_init(&pace, 0, 4000, now);
    for (int i = 0; i < 63; i++) {
        hf_pace_sent(&pace, now, 1);
        hf_pace_silent(&pace, now);
    }
    assert_false(hf_pace_is_down(&pace, now));
    hf_pace_silent(&pace, now);
    assert_true(hf_pace_is_down(&pace, now));
    assert_false(hf_pace_is_down(&pace, now + 3 * HF_SECOND_NS));
    hf_pace_answered(&pace, now);
    assert_false(hf_pace_is_down(&pace, now));
}

/* ---- timers ---- */

static void timers_expire_in_time(void **state)
{
    struct hf_timers timers;
    int64_t due[64];
    int64_t now = START;
    size_t expired = 0;

    (void)state;
    assert_int_equal(hf_timers_init(&timers, COUNT_OF(due), now, NULL), HF_OK);
    for (uint32_t i = 0; i < COUNT_OF(due); i++) {
        due[i] = now + (int64_t)i * i * 7 * MS; /* up to 28 s: three turns */
        hf_timers_set(&timers, i, due[i]);
    }
    for (uint32_t i = 0; i < COUNT_OF(due); i += 5)
        hf_timers_unset(&timers, i);
    for (; now < START + 40 * HF_SECOND_NS; now += MS) {
        uint32_t which = hf_timers_take(&timers, now);

        for (; which != HF_TIMERS_NONE; which = hf_timers_take(&timers, now)) {
            assert_int_not_equal(which % 5, 0);
            assert_true(due[which] <= now);
            assert_true(now - due[which] <= 2 * HF_TIMERS_TICK_NS);
            expired++;
        }
    }
    assert_int_equal(expired, 64 - 13);
    assert_int_equal(timers.set_count, 0);
    hf_timers_clear(&timers);
}

/* A process that was stopped for a minute finds everything due. */
static void timers_after_a_long_sleep(void **state)
{
    struct hf_timers timers;
    size_t expired = 0;

    (void)state;
    assert_int_equal(hf_timers_init(&timers, 100, START, NULL), HF_OK);
    for (uint32_t i = 0; i < 100; i++)
        hf_timers_set(&timers, i, START + (int64_t)i * 97 * MS);
    while (hf_timers_take(&timers, START + 60 * HF_SECOND_NS) != HF_TIMERS_NONE)
        expired++;
    assert_int_equal(expired, 100);
    hf_timers_clear(&timers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(question_ends_once),
        cmocka_unit_test(strangers_are_not_heard),
        cmocka_unit_test(mangled_case_goes_to_tcp),
        cmocka_unit_test(truncation_goes_to_tcp),
        cmocka_unit_test(referral_is_no_absence),
        cmocka_unit_test(server_failure_is_retried_then_reported),
        cmocka_unit_test(silence_ends_in_timeout_with_backoff),
        cmocka_unit_test(each_try_is_dressed_anew),
        cmocka_unit_test(retry_goes_to_another_server),
        cmocka_unit_test(old_server_is_asked_without_edns),
        cmocka_unit_test(unsent_packets_wait),
        cmocka_unit_test(refused_packets_count_as_tries),
        cmocka_unit_test(global_rate_is_kept),
        cmocka_unit_test(server_rate_is_kept),
        cmocka_unit_test(no_entropy_no_packets),
        cmocka_unit_test(limits_are_refused),
        cmocka_unit_test(chaos_ends_every_question_once),
        cmocka_unit_test(window_grows_and_shrinks),
        cmocka_unit_test(silent_server_gets_a_rest),
        cmocka_unit_test(timers_expire_in_time),
        cmocka_unit_test(timers_after_a_long_sleep),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
