/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames, and both ends of a role. The role is this program executed again;
 * the word that it is started with is the part that it plays.
 */
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "os/clock.h"
#include "os/role.h"
#include "tests/unit/part.h"
#include "tests/unit/unit.h"

#define FRAME_MAX 1024

enum { ASK = HF_FRAME_OTHERS };

static const struct {
    const char *name;
    struct hf_span octets;
    enum hf_err err;
    bool more;
} frames[] = {
    {"nothing", HF_SPAN_INIT(""), HF_OK, false},
    {"part of the length", HF_SPAN_INIT("\0\0"), HF_OK, false},
    {"length zero", HF_SPAN_INIT("\0\0\0\0"), HF_ESYNTAX, false},
    {"too long", HF_SPAN_INIT("\0\0\4\1\4"), HF_ESYNTAX, false},
    {"huge", HF_SPAN_INIT("\xff\xff\xff\xff\4"), HF_ESYNTAX, false},
    {"body missing", HF_SPAN_INIT("\0\0\0\2\4"), HF_OK, false},
    {"empty body", HF_SPAN_INIT("\0\0\0\1\4"), HF_OK, true},
};

static void frame_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(frames); i++) {
        struct hf_span in = frames[i].octets;
        struct hf_frame frame;
        bool more = true;
        enum hf_err err = hf_frame_cut(&in, FRAME_MAX, &frame, &more, NULL);

        if (err != frames[i].err || more != frames[i].more)
            fail_msg("%s", frames[i].name);
    }
}

/* ---- greetings ---- */

static const struct hf_greeting greetings[] = {
    {HF_OK, NULL},
    {HF_ENOTFOUND, "there is none"},
};

#define TEN       "0123456789"
#define LONG_NOTE TEN TEN TEN TEN TEN TEN "01234" /* HF_ROLE_NOTE_MAX + 1 */

static const struct {
    const char *word;
    struct hf_span says; /* instead of a greeting */
    enum hf_err err;
    bool asked; /* it may say something of itself */
    struct hf_span note;
} roles[] = {
    {"greets", HF_SPAN_INIT("\0\0\0\2\2\0"), HF_OK, false, {0}},
    {"goes on", HF_SPAN_INIT("\0\0\0\2\2\0\0\0\0\1\3"), HF_OK, false, {0}},
    {"is sorry", HF_SPAN_INIT("\0\0\0\2\2\1"), HF_ENOTFOUND, false, {0}},
    {"invents a row", HF_SPAN_INIT("\0\0\0\2\2\2"), HF_EPEER, false, {0}},
    {"says more", HF_SPAN_INIT("\0\0\0\3\2\0\0"), HF_EPEER, false, {0}},
    {"has no note", HF_SPAN_INIT("\0\0\0\2\2\0"), HF_OK, true, {0}},
    {"has a note", HF_SPAN_INIT("\0\0\0\4\2\0v1"), HF_OK, true,
     HF_SPAN_INIT("v1")},
    {"is sorry and has one", HF_SPAN_INIT("\0\0\0\4\2\1v1"), HF_ENOTFOUND, true,
     HF_SPAN_INIT("v1")},
    {"talks of itself",
     HF_SPAN_INIT("\0\0\0\103\2\0" LONG_NOTE),
     HF_EPEER,
     true,
     {0}},
    {"says less", HF_SPAN_INIT("\0\0\0\1\2"), HF_EPEER, false, {0}},
    {"answers at once", HF_SPAN_INIT("\0\0\0\2\4\0"), HF_EPEER, false, {0}},
    {"babbles", HF_SPAN_INIT("HTTP/1.1 200 OK"), HF_ESYNTAX, false, {0}},
    {"hangs up", HF_SPAN_INIT(""), HF_EPEER, false, {0}},
};

static int play(const char *word)
{
    struct part part;

    part_begin(&part);
    if (!part_receive(&part) || part.frame.kind != HF_FRAME_CONFIG)
        return 1;
    for (size_t i = 0; i < COUNT_OF(roles); i++)
        if (strcmp(roles[i].word, word) == 0)
            hf_buf_put(&part.out, roles[i].says);
    part_send(&part);
    if (strcmp(word, "hangs up") == 0)
        return 0;
    while (part_receive(&part))
        continue;
    return 0;
}

static void greeting_table(void **state)
{
    static const char config[] = "\0\0\0\1\1";

    (void)state;
    for (size_t i = 0; i < COUNT_OF(roles); i++) {
        char room[HF_ROLE_NOTE_MAX];
        struct hf_buf note;
        const struct hf_role_plan plan = {
            .word = roles[i].word,
            .config = {config, sizeof(config) - 1},
            .wait_ms = 10000,
            .greetings = greetings,
            .greeting_count = COUNT_OF(greetings),
            .note = roles[i].asked ? &note : NULL};
        struct hf_why why = {0};
        struct hf_role role;

        hf_buf_init(&note, room, sizeof(room));
        hf_role_init(&role, FRAME_MAX, FRAME_MAX);
        if (hf_role_open(&role, &plan, &why) != roles[i].err ||
            !hf_span_eq(hf_buf_span(&note), roles[i].note) ||
            (role.pid != 0) != (roles[i].err == HF_OK))
            fail_msg("a role that %s", roles[i].word);
        hf_role_clear(&role);
    }
}

/* What it says in one breath with its greeting is not lost. */
static void more_than_greeting(void **state)
{
    static const char config[] = "\0\0\0\1\1";
    const struct hf_role_plan plan = {.word = "goes on",
                                      .config = {config, sizeof(config) - 1},
                                      .wait_ms = 10000,
                                      .greetings = greetings,
                                      .greeting_count = COUNT_OF(greetings)};
    struct hf_frame frame = {0};
    struct hf_role role;

    (void)state;
    hf_role_init(&role, FRAME_MAX, FRAME_MAX);
    assert_int_equal(hf_role_open(&role, &plan, NULL), HF_OK);
    assert_int_equal(hf_role_await(&role, hf_clock_ms() + 10000, &frame, NULL),
                     HF_OK);
    assert_int_equal(frame.kind, ASK);
    hf_role_clear(&role);
}

/* ---- gifts ---- */

/* Says how many descriptors it has from 3 on, and writes its number to each. */
static int count_gifts(void)
{
    char octet = 0;

    while (fcntl(3 + octet, F_GETFD) >= 0) {
        if (write(3 + octet, &octet, 1) != 1)
            return 1;
        octet++;
    }
    return write(STDIN_FILENO, &octet, 1) == 1 ? 0 : 1;
}

/* Wherever they are here, they are from 3 on there, in their order. */
static void gifts(void **state)
{
    enum { COUNT = 4 };
    int here[COUNT], given[COUNT];
    struct hf_role role;
    char octet;

    (void)state;
    for (int i = 0; i < COUNT; i++) {
        int pair[2];

        assert_int_equal(
            socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
        /* The last of ours is the first that it gets. */
        here[COUNT - 1 - i] = pair[0];
        given[COUNT - 1 - i] = pair[1];
    }
    hf_role_init(&role, FRAME_MAX, FRAME_MAX);
    role.gifts = given;
    role.gift_count = COUNT;
    assert_int_equal(hf_role_start(&role, "counts gifts", NULL), HF_OK);
    assert_int_equal(recv(role.fd, &octet, 1, 0), 1);
    assert_int_equal(octet, COUNT);
    for (int i = 0; i < COUNT; i++) {
        assert_int_equal(read(here[i], &octet, 1), 1);
        assert_int_equal(octet, i);
        (void)close(here[i]);
        (void)close(given[i]);
    }
    role.gift_count = HF_ROLE_GIFTS_MAX + 1;
    hf_role_end(&role);
    assert_int_equal(hf_role_start(&role, "counts gifts", NULL), HF_EINVAL);
    hf_role_clear(&role);
}

/* It went away before it was told anything: what it said still counts. */
static void last_words(void **state)
{
    const struct hf_span words = HF_SPAN("\0\0\0\2\2\1");
    struct hf_frame frame = {0};
    struct hf_role role;
    int pair[2];

    (void)state;
    hf_role_init(&role, FRAME_MAX, FRAME_MAX);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    role.fd = pair[0];
    assert_true(hf_role_send(pair[1], words));
    assert_int_equal(close(pair[1]), 0);
    hf_buf_put(&role.out, words);
    assert_int_equal(hf_role_await(&role, INT64_MAX, &frame, NULL), HF_OK);
    assert_span_equal(frame.body, HF_SPAN("\1"));
    hf_role_drop(&role, &frame);
    assert_int_equal(hf_role_await(&role, INT64_MAX, &frame, NULL), HF_EPEER);
    assert_int_equal(close(role.fd), 0);
    hf_role_clear(&role);
}

/* ---- serving ---- */

#define FRAME_A "\0\0\0\2\3a"
#define FRAME_B "\0\0\0\2\3b"

static const struct {
    const char *name;
    struct hf_span sent;
    bool good;
    struct hf_span served;
    size_t left; /* octets that wait for more */
} services[] = {
    {"one", HF_SPAN_INIT(FRAME_A), true, HF_SPAN_INIT("a"), 0},
    {"two at once", HF_SPAN_INIT(FRAME_A FRAME_B), true, HF_SPAN_INIT("ab"), 0},
    {"one and a half", HF_SPAN_INIT(FRAME_A "\0\0\0"), true, HF_SPAN_INIT("a"),
     3},
    {"another kind", HF_SPAN_INIT(FRAME_A "\0\0\0\2\4b"), false,
     HF_SPAN_INIT("a"), 0},
    {"too long", HF_SPAN_INIT("\0\0\4\1\3"), false, HF_SPAN_INIT(""), 0},
    {"not wanted", HF_SPAN_INIT("\0\0\0\2\3x"), false, HF_SPAN_INIT("x"), 0},
    {"end of file", HF_SPAN_INIT(""), false, HF_SPAN_INIT(""), 0},
};

static bool keep(void *state, struct hf_span body)
{
    hf_buf_put(state, body);
    return !hf_span_eq(body, HF_SPAN("x"));
}

static void service_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(services); i++) {
        char in_room[FRAME_MAX], served_room[FRAME_MAX];
        struct hf_buf in, served;
        const struct hf_service service = {.kind = ASK,
                                           .frame_max = FRAME_MAX,
                                           .take = keep,
                                           .state = &served};
        int pair[2];

        hf_buf_init(&in, in_room, sizeof(in_room));
        hf_buf_init(&served, served_room, sizeof(served_room));
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
        assert_true(hf_role_send(pair[0], services[i].sent));
        assert_int_equal(close(pair[0]), 0);
        if (hf_role_serve(pair[1], &in, &service) != services[i].good ||
            !hf_span_eq(hf_buf_span(&served), services[i].served) ||
            (services[i].good && in.len != services[i].left))
            fail_msg("%s", services[i].name);
        (void)close(pair[1]);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frame_table),        cmocka_unit_test(greeting_table),
        cmocka_unit_test(more_than_greeting), cmocka_unit_test(gifts),
        cmocka_unit_test(last_words),         cmocka_unit_test(service_table),
    };

    if (argc == 2 && strcmp(argv[1], "counts gifts") == 0)
        return count_gifts();
    if (argc == 2)
        return play(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
