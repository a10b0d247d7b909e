/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the parent makes of its front, and the front of its clients. The front
 * is this program executed again, and plays the part that `client_ca` names:
 * honest, an enemy, or the real one.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "net/server.h"
#include "net/server_msg.h"
#include "net/server_worker.h"
#include "os/clock.h"
#include "tests/unit/certificate_fixture.h"
#include "tests/unit/key_fixture.h"
#include "tests/unit/part.h"
#include "tests/unit/scratch.h"
#include "tests/unit/unit.h"

#define PATIENCE_MS 20000
#define WINDOW      2
#define BODY_MAX    10

/* ---- the front's side ---- */

static const struct hf_server_request asked = {
    .id = 7,
    .method = HF_SERVER_GET,
    .method_text = HF_SPAN_INIT("GET"),
    .target = HF_SPAN_INIT("/a"),
    .host = HF_SPAN_INIT("b"),
    .peer = HF_SPAN_INIT("192.0.2.1"),
    .user = 1000,
    .process = 77,
    .body = HF_SPAN_INIT("body"),
};

static void put_status(struct hf_buf *out, int status)
{
    uint64_t counters[HF_SERVER_COUNTS] = {[HF_SERVER_CONNECTED] =
                                               (uint64_t)status};

    hf_server_put_counters(out, counters);
}

static void say_wrong(struct hf_buf *out, struct hf_server_request request)
{
    hf_server_put_request(out, &request);
}

#define ENEMY(part, ...)                                                       \
    static void part(struct hf_buf *out)                                       \
    {                                                                          \
        struct hf_server_request r = asked;                                    \
                                                                               \
        __VA_ARGS__;                                                           \
        say_wrong(out, r);                                                     \
    }

ENEMY(other_place, r.place = 1)
ENEMY(long_id, r.id = HF_SERVER_ID_MAX + 1)
ENEMY(long_body, r.body = HF_SPAN("0123456789a"))
ENEMY(wrong_method, r.method = HF_SERVER_POST)
ENEMY(no_target, r.target = HF_SPAN(""))
ENEMY(odd_target, r.target = HF_SPAN("/\n"))
ENEMY(odd_host, r.host = HF_SPAN("\x7f"))
ENEMY(odd_type, r.content_type = HF_SPAN("a\r\nb"))
ENEMY(odd_peer, r.peer = HF_SPAN("localhost"))
ENEMY(odd_client, r.client_fingerprint = HF_SPAN("0123"))
ENEMY(too_many, (void)r;
      for (int i = 0; i < WINDOW; i++) hf_server_put_request(out, &asked))

static void babbles(struct hf_buf *out)
{
    hf_buf_puts(out, "HTTP/1.1 200 OK\r\n\r\n");
}

static void answers(struct hf_buf *out)
{
    const struct hf_server_reply reply = {.status = 200};

    hf_server_put_answer(out, 7, &reply);
}

static void drained(struct hf_buf *out)
{
    hf_server_put_word(out, HF_SERVER_DRAINED);
}

static void greets(struct hf_buf *out)
{
    (void)out;
    (void)hf_role_greet(0, HF_SERVER_STARTED);
}

static void counts_less(struct hf_buf *out)
{
    hf_server_put_word(out, HF_SERVER_COUNTERS);
}

static void asks(struct hf_buf *out)
{
    hf_server_put_request(out, &asked);
}

static void asks_twice(struct hf_buf *out)
{
    asks(out);
    asks(out);
}

#define FRIENDS 2 /* the first of these */

static const struct {
    const char *name;
    void (*play)(struct hf_buf *out); /* when it has greeted */
} parts[] = {
    {"is honest", asks},
    {"asks twice", asks_twice},
    {"babbles", babbles},
    {"answers itself", answers},
    {"says it is drained", drained},
    {"greets again", greets},
    {"counts less", counts_less},
    {"asks too much", too_many},
    {"invents a place", other_place},
    {"invents an id", long_id},
    {"has a long body", long_body},
    {"has a wrong method", wrong_method},
    {"has no target", no_target},
    {"has an odd target", odd_target},
    {"has an odd host", odd_host},
    {"has an odd type", odd_type},
    {"has an odd peer", odd_peer},
    {"has an odd client", odd_client},
};

/* Counters whose first number says what it was told. */
static void react(struct part *part)
{
    struct hf_server_reply reply;
    struct hf_span target;
    uint64_t id;
    bool there;

    if (part->frame.kind == HF_SERVER_ANSWER &&
        hf_server_take_answer(part->frame.body, &id, &reply) && id == asked.id)
        put_status(&part->out, reply.status);
    else if (part->frame.kind == HF_SERVER_FIX &&
             hf_server_take_fix(part->frame.body, &target, &there, &reply))
        put_status(&part->out, there ? 1 : 2);
    else if (part->frame.kind == HF_SERVER_DRAIN)
        hf_server_put_word(&part->out, HF_SERVER_DRAINED);
}

static int part_main(void)
{
    struct hf_server_place places[HF_SERVER_PLACES_MAX];
    struct hf_server_config config;
    struct part part;

    part_begin(&part);
    if (!part_receive(&part) ||
        !hf_server_take_config(part.frame.body, places, &config) ||
        !hf_role_greet(0, hf_span_eq(config.client_ca, HF_SPAN("refuses"))
                              ? HF_SERVER_WALL
                              : HF_SERVER_STARTED))
        return 1;
    for (size_t i = 0; i < COUNT_OF(parts); i++)
        if (hf_span_eq(config.client_ca, hf_span_str(parts[i].name)))
            parts[i].play(&part.out);
    part_send(&part);
    while (part_receive(&part)) {
        react(&part);
        part_send(&part);
    }
    return 0;
}

static int front_main(void)
{
    char room[512];
    ssize_t n = recv(0, room, sizeof(room), MSG_PEEK);

    if (n > 0 && memmem(room, (size_t)n, "is real", 7) != NULL)
        return hf_server_worker_run(0) ? 0 : 1;
    return part_main();
}

/* ---- the parent's side ---- */

static enum hf_err open_with(const char *part, const char *place, int handed,
                             struct hf_server_front **out, struct hf_why *why)
{
    const struct hf_server_place at = {.address = hf_span_str(place),
                                       .plain = true};
    const struct hf_server_config config = {.places = &at,
                                            .place_count = 1,
                                            .handed = {handed, handed >= 0},
                                            .client_ca = hf_span_str(part),
                                            .body_max = BODY_MAX,
                                            .window = WINDOW};

    return hf_server_new(&config, out, why);
}

static enum hf_err open_as(const char *part, const char *place,
                           struct hf_server_front **out, struct hf_why *why)
{
    return open_with(part, place, -1, out, why);
}

static struct hf_server_front *front_of(const char *part)
{
    struct hf_server_front *front = NULL;
    struct hf_why why = {0};

    if (open_as(part, "127.0.0.1@0", &front, &why) != HF_OK)
        fail_msg("%s: %s", part, why.text);
    return front;
}

/* Wait until there is something to do. */
static void rest(const struct hf_server_front *front)
{
    struct pollfd pfd = {.fd = hf_server_fd(front), .events = POLLIN};

    (void)poll(&pfd, 1, 50);
}

/* The next request within our patience; NULL: none came, or none will. */
static struct hf_server_request *next(struct hf_server_front *front)
{
    static struct hf_server_request request;
    int64_t end_ms = hf_clock_ms() + PATIENCE_MS;
    bool got = false;

    while (hf_clock_ms() < end_ms && !hf_server_is_drained(front)) {
        assert_int_equal(hf_server_poll(front, &request, &got, NULL), HF_OK);
        if (got)
            return &request;
        hf_server_flush(front);
        rest(front);
    }
    return NULL;
}

/* Does a counter come to this? What is asked in between is of no interest. */
static bool counts(struct hf_server_front *front, enum hf_server_count which,
                   uint64_t wanted)
{
    int64_t end_ms = hf_clock_ms() + PATIENCE_MS;

    while (hf_server_counters(front)[which] != wanted) {
        struct hf_server_request request;
        bool got = false;

        if (hf_clock_ms() > end_ms)
            return false;
        assert_int_equal(hf_server_poll(front, &request, &got, NULL), HF_OK);
        hf_server_drop(front);
        hf_server_flush(front);
        if (!got)
            rest(front);
    }
    return true;
}

static void honest(void **state)
{
    const struct hf_server_reply reply = {.status = 201};
    struct hf_server_front *front = front_of("is honest");
    const struct hf_server_request *request = next(front);

    (void)state;
    assert_non_null(request);
    assert_span_equal(request->target, HF_SPAN("/a"));
    assert_span_equal(request->host, HF_SPAN("b"));
    assert_span_equal(request->peer, HF_SPAN("192.0.2.1"));
    assert_int_equal(request->user, 1000);
    assert_int_equal(request->process, 77);
    assert_span_equal(request->body, HF_SPAN("body"));
    assert_int_equal(hf_server_answer(front, request->id, &reply, NULL), HF_OK);
    hf_server_drop(front);
    assert_true(counts(front, HF_SERVER_CONNECTED, 201));
    assert_int_equal(hf_server_fix(front, HF_SPAN("/f"), &reply, NULL), HF_OK);
    assert_true(counts(front, HF_SERVER_CONNECTED, 1));
    assert_int_equal(hf_server_fix(front, HF_SPAN("/f"), NULL, NULL), HF_OK);
    assert_true(counts(front, HF_SERVER_CONNECTED, 2));
    assert_int_equal(hf_server_counters(front)[HF_SERVER_REPLACED], 0);
    hf_server_drain(front);
    assert_null(next(front));
    assert_true(hf_server_is_drained(front));
    hf_server_free(front);
}

/* Who takes one request a turn is told at once of the next one. */
static void one_by_one(void **state)
{
    struct hf_server_front *front = front_of("asks twice");
    struct pollfd pfd = {.events = POLLIN};

    (void)state;
    assert_non_null(next(front));
    hf_server_drop(front);
    pfd.fd = hf_server_fd(front);
    assert_int_equal(poll(&pfd, 1, 0), 1);
    assert_non_null(next(front));
    hf_server_drop(front);
    pfd.fd = hf_server_fd(front);
    assert_int_equal(poll(&pfd, 1, 0), 0);
    hf_server_free(front);
}

/* Whatever an enemy does, it ends him, and nothing of his is left. */
static void enemies(void **state)
{
    const struct hf_server_reply reply = {.status = 200};

    (void)state;
    for (size_t i = FRIENDS; i < COUNT_OF(parts); i++) {
        struct hf_server_front *front = front_of(parts[i].name);

        if (!counts(front, HF_SERVER_REPLACED, 1))
            fail_msg("one that %s", parts[i].name);
        assert_int_equal(hf_server_fd(front), -1);
        assert_false(hf_server_is_behind(front));
        assert_int_equal(hf_server_answer(front, 7, &reply, NULL), HF_OK);
        assert_int_equal(hf_server_fix(front, HF_SPAN("/"), &reply, NULL),
                         HF_OK);
        assert_int_not_equal(hf_server_port(front, 0), 0);
        hf_server_drain(front);
        assert_true(hf_server_is_drained(front));
        hf_server_free(front);
    }
}

static void refusal(void **state)
{
    struct hf_server_front *front = NULL;
    struct hf_why why = {0};

    (void)state;
    assert_int_equal(open_as("refuses", "127.0.0.1@0", &front, &why), HF_EPEER);
    assert_string_equal(why.text, hf_server_greetings[HF_SERVER_WALL].text);
    assert_null(front);
}

static void bad_replies(void **state)
{
    static const struct hf_server_reply replies[] = {
        {.status = 199},
        {.status = 600},
        {.status = 200, .content_type = HF_SPAN_INIT("a\r\nb")},
        {.status = 200, .fields = {{{0}, {0}}}, .field_count = 1},
        {.status = 200,
         .fields = {{HF_SPAN_INIT("A B"), HF_SPAN_INIT("c")}},
         .field_count = 1},
        {.status = 200,
         .fields = {{HF_SPAN_INIT("A"), HF_SPAN_INIT("b\r\nC: d")}},
         .field_count = 1},
        {.status = 200,
         .fields = {{HF_SPAN_INIT("content-length"), HF_SPAN_INIT("1")}},
         .field_count = 1},
        {.status = 200,
         .fields = {{HF_SPAN_INIT("Connection"), HF_SPAN_INIT("close")}},
         .field_count = 1},
        {.status = 200, .field_count = HF_SERVER_FIELDS_MAX + 1},
    };
    struct hf_server_front *front = front_of("is honest");
    struct hf_server_request *request = next(front);
    struct hf_server_reply large = {.status = 200};

    (void)state;
    assert_non_null(request);
    for (size_t i = 0; i < COUNT_OF(replies); i++)
        if (hf_server_answer(front, request->id, &replies[i], NULL) !=
                HF_EINVAL ||
            hf_server_fix(front, HF_SPAN("/"), &replies[i], NULL) != HF_EINVAL)
            fail_msg("row %zu", i);
    large.body = (struct hf_span){"", HF_SERVER_REPLY_MAX + 1};
    assert_int_equal(hf_server_answer(front, request->id, &large, NULL),
                     HF_ELIMIT);
    hf_server_free(front);
}

static void bad_places(void **state)
{
    static const char *const places[] = {
        "",
        "127.0.0.1",
        "127.0.0.1@",
        "127.0.0.1@65536",
        "127.0.0.1@x",
        "localhost@80",
        "@80",
        "unix:",
        "unix:x",
        "127.0.0.1@000080",
        "127.0.0.1@-1",
    };
    struct hf_server_front *front = NULL;
    struct hf_why why = {0};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(places); i++)
        if (open_as("is honest", places[i], &front, &why) != HF_ESYNTAX)
            fail_msg("%s", places[i]);
    assert_int_equal(open_as("is honest", "0.0.0.0@0", &front, &why),
                     HF_EINVAL);
    assert_int_equal(open_as("is honest", "::@0", &front, &why), HF_EINVAL);
    assert_int_equal(open_as("is honest", "192.0.2.1@0", &front, &why),
                     HF_EPEER);
    assert_null(front);
}

/* ---- certificates ---- */

static void pairs(void **state)
{
    static const struct {
        struct hf_span certificate;
        struct hf_span key;
        enum hf_err err;
    } rows[] = {
        {HF_SPAN_INIT(""), HF_SPAN_INIT(PEM_P256_PKCS8), HF_ESYNTAX},
        {HF_SPAN_INIT("x"), HF_SPAN_INIT(PEM_P256_PKCS8), HF_ESYNTAX},
        {HF_SPAN_INIT(CRT_LEAF), HF_SPAN_INIT(""), HF_ESYNTAX},
        {HF_SPAN_INIT(CRT_LEAF), HF_SPAN_INIT(CRT_LEAF), HF_ESYNTAX},
        {HF_SPAN_INIT(CRT_LEAF), HF_SPAN_INIT(PEM_P256_PBKDF2), HF_ESYNTAX},
        {HF_SPAN_INIT(CRT_INTER CRT_LEAF), HF_SPAN_INIT(PEM_P256_PKCS8),
         HF_EINVAL},
        {HF_SPAN_INIT(CRT_LEAF CRT_INTER), HF_SPAN_INIT(PEM_P256_PKCS8), HF_OK},
    };
    const struct hf_server_place place = {.address = HF_SPAN("127.0.0.1@0")};
    struct hf_server_config config = {.places = &place, .place_count = 1};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct hf_server_front *front = NULL;

        config.certificate = rows[i].certificate;
        config.key = rows[i].key;
        if (hf_server_new(&config, &front, NULL) != rows[i].err)
            fail_msg("row %zu", i);
        if (front != NULL)
            for (size_t j = 0; j < COUNT_OF(rows); j++)
                assert_int_equal(hf_server_reload(front, rows[j].certificate,
                                                  rows[j].key, NULL),
                                 rows[j].err);
        hf_server_free(front);
    }
}

/* ---- the real one ---- */

static int connect_to(const struct hf_server_front *front)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_port = htons(hf_server_port(front, 0)),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const struct timeval patience = {.tv_sec = PATIENCE_MS / 1000};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)),
        0);
    assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof(at)), 0);
    return fd;
}

static void say(int fd, const char *text)
{
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* What comes, until it ends with this. */
static void hear(int fd, const char *end)
{
    char room[4096] = {0};
    size_t len = 0;

    while (!hf_span_ends((struct hf_span){room, len}, hf_span_str(end))) {
        ssize_t n = recv(fd, room + len, sizeof(room) - 1 - len, 0);

        if (n <= 0)
            fail_msg("%s, then %zd", room, n);
        len += (size_t)n;
    }
}

static void say_done(struct hf_server_front *front,
                     const struct hf_server_request *request)
{
    const struct hf_server_reply reply = {.status = 200,
                                          .body = HF_SPAN("done")};

    assert_int_equal(hf_server_answer(front, request->id, &reply, NULL), HF_OK);
    hf_server_drop(front);
    hf_server_flush(front);
}

static void serve(struct hf_server_front *front, const char *target)
{
    const struct hf_server_request *request = next(front);

    assert_non_null(request);
    assert_span_equal(request->target, hf_span_str(target));
    say_done(front, request);
}

static void real(void **state)
{
    struct hf_server_front *front = front_of("is real");
    int fd = connect_to(front);
    char end;

    (void)state;
    for (int i = 0; i < 3; i++) {
        const struct hf_server_request *request;

        say(fd, "POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc"
                "GET /y HTTP/1.1\r\nHost: h\r\n\r\n");
        request = next(front);
        assert_non_null(request);
        assert_span_equal(request->target, HF_SPAN("/x"));
        assert_span_equal(request->body, HF_SPAN("abc"));
        assert_span_equal(request->peer, HF_SPAN("127.0.0.1"));
        assert_int_equal(request->user, HF_SERVER_NOBODY);
        say_done(front, request);
        serve(front, "/y");
        hear(fd, "done");
    }
    say(fd, "GET /x HTTP/1.1\r\n\r\n");
    hear(fd, "RFC 9112 has it\n");
    assert_int_equal(recv(fd, &end, 1, 0), 0);
    (void)close(fd);
    assert_true(counts(front, HF_SERVER_MALFORMED, 1));
    assert_true(counts(front, HF_SERVER_OPEN, 0));
    assert_int_equal(hf_server_counters(front)[HF_SERVER_REQUESTS], 6);
    hf_server_free(front);
}

/* As a service manager does: where it listens, and the address of that. */
static int listen_for_us(int family, char *place, size_t size)
{
    struct sockaddr_in6 at = {.sin6_addr = IN6ADDR_LOOPBACK_INIT};
    struct sockaddr_in *v4 = (struct sockaddr_in *)&at;
    socklen_t len = family == AF_INET ? sizeof(*v4) : sizeof(at);
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    if (family == AF_INET)
        v4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    at.sin6_family = (sa_family_t)family;
    if (bind(fd, (struct sockaddr *)&at, len) != 0 || listen(fd, 5) != 0) {
        (void)close(fd);
        return -1;
    }
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
    (void)snprintf(place, size, "%s@%u",
                   family == AF_INET ? "127.0.0.1" : "::1",
                   ntohs(at.sin6_port));
    return fd;
}

static int connect_as(int listener)
{
    struct sockaddr_storage at;
    socklen_t len = sizeof(at);
    const struct timeval patience = {.tv_sec = PATIENCE_MS / 1000};
    int fd;

    assert_int_equal(getsockname(listener, (struct sockaddr *)&at, &len), 0);
    fd = socket(at.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)),
        0);
    assert_int_equal(connect(fd, (struct sockaddr *)&at, len), 0);
    return fd;
}

/* Who comes before us waits, and so does who comes when we are gone. */
static void handed(void **state)
{
    static const int families[] = {AF_INET, AF_INET6};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(families); i++) {
        struct hf_server_front *front = NULL;
        char place[64];
        int managers = listen_for_us(families[i], place, sizeof(place));
        int client = managers < 0 ? -1 : connect_as(managers);

        if (managers < 0 && families[i] == AF_INET6)
            continue; /* there is no ::1 here */
        say(client, "GET /early HTTP/1.1\r\nHost: h\r\n\r\n");
        assert_int_equal(open_as("is real", place, &front, NULL), HF_EPEER);
        assert_int_equal(
            open_with("is real", place, dup(managers), &front, NULL), HF_OK);
        serve(front, "/early");
        hear(client, "done");
        (void)close(client);
        hf_server_free(front);
        (void)close(connect_as(managers));
        (void)close(managers);
    }
}

/* Nobody would ever answer there. */
static void handed_in_vain(void **state)
{
    struct hf_server_front *front = NULL;
    char place[64];
    int managers = listen_for_us(AF_INET, place, sizeof(place));

    (void)state;
    assert_int_equal(
        open_with("is real", "127.0.0.1@0", managers, &front, NULL), HF_EINVAL);
    assert_null(front);
    (void)close(managers);
}

/* Requests stay whole until they are dropped, however many come. */
static void borrowed(void **state)
{
    const struct hf_server_reply reply = {.status = 200};
    struct hf_server_front *front = front_of("is real");
    int first = connect_to(front);
    int second = connect_to(front);
    struct hf_server_request one, other;

    (void)state;
    say(first, "GET /one HTTP/1.1\r\nHost: h\r\n\r\n");
    one = *next(front);
    say(second, "GET /other HTTP/1.1\r\nHost: h\r\n\r\n");
    for (int i = 0; i < 5; i++) {
        bool got = true;

        rest(front);
        assert_int_equal(hf_server_poll(front, &other, &got, NULL), HF_OK);
        assert_false(got);
        assert_span_equal(one.target, HF_SPAN("/one"));
    }
    hf_server_drop(front);
    other = *next(front);
    assert_span_equal(other.target, HF_SPAN("/other"));
    assert_int_equal(hf_server_answer(front, one.id, &reply, NULL), HF_OK);
    assert_int_equal(hf_server_answer(front, other.id, &reply, NULL), HF_OK);
    hf_server_flush(front);
    hear(first, "\r\n\r\n");
    hear(second, "\r\n\r\n");
    (void)close(first);
    (void)close(second);
    hf_server_free(front);
}

/* A Unix socket is its owner's, and goes with its server. */
static void unix_socket(void **state)
{
    char folder[SCRATCH_MAX];
    char place[SCRATCH_MAX + 16];
    struct hf_server_front *front = NULL;
    struct hf_server_front *other = NULL;

    (void)state;
    assert_int_equal(scratch_make(folder), 0);
    (void)snprintf(place, sizeof(place), "unix:%s/socket", folder);
    assert_int_equal(open_as("is honest", place, &front, NULL), HF_OK);
    assert_int_equal(hf_server_port(front, 0), 0);
    assert_int_equal(open_as("is honest", place, &other, NULL), HF_EPEER);
    hf_server_free(front);
    assert_int_equal(rmdir(folder), 0);
}

/* Who connects there is who the kernel says. */
static void unix_user(void **state)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const struct hf_server_request *request;
    struct hf_server_front *front = NULL;
    char folder[SCRATCH_MAX];
    char place[SCRATCH_MAX + 16];

    (void)state;
    assert_int_equal(scratch_make(folder), 0);
    (void)snprintf(place, sizeof(place), "unix:%s/socket", folder);
    (void)snprintf(at.sun_path, sizeof(at.sun_path), "%s/socket", folder);
    assert_int_equal(open_as("is real", place, &front, NULL), HF_OK);
    assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof(at)), 0);
    say(fd, "GET /x HTTP/1.1\r\nHost: h\r\n\r\n");
    request = next(front);
    assert_span_equal(request->peer, HF_SPAN(""));
    assert_int_equal(request->user, getuid());
    assert_int_equal(request->process, getpid());
    hf_server_drop(front);
    (void)close(fd);
    hf_server_free(front);
    assert_int_equal(rmdir(folder), 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(honest),         cmocka_unit_test(one_by_one),
        cmocka_unit_test(enemies),        cmocka_unit_test(refusal),
        cmocka_unit_test(bad_replies),    cmocka_unit_test(bad_places),
        cmocka_unit_test(pairs),          cmocka_unit_test(real),
        cmocka_unit_test(borrowed),       cmocka_unit_test(unix_socket),
        cmocka_unit_test(unix_user),      cmocka_unit_test(handed),
        cmocka_unit_test(handed_in_vain),
    };

    if (argc == 2 && strcmp(argv[1], HF_SERVER_ROLE) == 0)
        return front_main();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
