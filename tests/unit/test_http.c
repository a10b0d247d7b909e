/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the parent makes of its HTTP worker, and what the worker can do behind
 * its wall. The worker is this program executed again, and plays the part that
 * `user_agent` names: honest, an enemy, or the real one.
 */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "net/http.h"
#include "net/http_msg.h"
#include "net/http_worker.h"
#include "os/clock.h"
#include "tests/unit/part.h"
#include "tests/unit/unit.h"

/* Every name but one is at this address; and how often that was asked. */
static struct sockaddr_in known_address = {.sin_family = AF_INET};
static struct addrinfo known = {.ai_family = AF_INET,
                                .ai_addr = (struct sockaddr *)&known_address,
                                .ai_addrlen = sizeof(known_address)};
static int look_ups;

int __wrap_getaddrinfo(const char *name, const char *service,
                       const struct addrinfo *hints, struct addrinfo **out);
void __wrap_freeaddrinfo(struct addrinfo *list);

int __wrap_getaddrinfo(const char *name, const char *service,
                       const struct addrinfo *hints, struct addrinfo **out)
{
    assert_null(service);
    assert_int_equal(hints->ai_socktype, SOCK_STREAM);
    look_ups++;
    if (strcmp(name, "nowhere.example") == 0)
        return EAI_NONAME;
    known_address.sin_addr.s_addr = htonl(0xc0000201); /* 192.0.2.1 */
    *out = &known;
    return 0;
}

void __wrap_freeaddrinfo(struct addrinfo *list)
{
    assert_ptr_equal(list, &known);
}

/* ---- the worker's side ---- */

/* One request, answered as the part demands. */
static bool part_play(struct part *part, const char *role,
                      const struct hf_net_request *request)
{
    struct hf_net_reply reply = {.ticket = request->ticket,
                                 .reply = {.status = 200,
                                           .location = request->addresses[0],
                                           .body = request->target}};

    if (strcmp(role, "dies") == 0)
        return false;
    if (strcmp(role, "dies of POST") == 0 && request->method == HF_HTTP_POST)
        return false;
    if (strcmp(role, "is silent") == 0)
        return true;
    if (strcmp(role, "babbles") == 0) {
        hf_buf_puts(&part->out, "HTTP/1.1 200 OK\r\n\r\n");
        return true;
    }
    if (strcmp(role, "answers others") == 0)
        reply.ticket += 1000;
    if (strcmp(role, "invents a status") == 0)
        reply.reply.status = 1000;
    if (strcmp(role, "cannot connect") == 0)
        reply.reply.failure = HF_HTTP_NO_CONNECT;
    if (strcmp(role, "greets again") == 0)
        (void)hf_role_greet(0, HF_NET_STARTED);
    hf_net_put_reply(&part->out, &reply);
    if (strcmp(role, "answers twice") == 0)
        hf_net_put_reply(&part->out, &reply);
    return true;
}

static int part_main(void)
{
    static struct hf_net_room room;
    struct hf_http_config config;
    struct hf_net_request request;
    struct part part;

    part_begin(&part);
    if (!part_receive(&part) ||
        hf_net_read_config(part.frame.body, &room, &config, NULL) != HF_OK ||
        !hf_role_greet(0, strcmp(config.user_agent, "refuses") == 0
                              ? HF_NET_WALL
                              : HF_NET_STARTED))
        return 1;
    while (part_receive(&part)) {
        if (hf_net_read_request(part.frame.body, &request, NULL) != HF_OK ||
            !part_play(&part, config.user_agent, &request))
            return 1;
        part_send(&part);
    }
    return 0;
}

/* What a walled-in worker should not be able to do, as bits. */
enum { CAN_OPEN = 1, CAN_RUN = 2, CAN_UNIX = 4, NO_NETWORK = 8, FAILED = 64 };

/* The real worker until its parent hangs up; then what is still possible. */
static _Noreturn void real_main(void)
{
    char name[] = "true";
    char *const argv[] = {name, NULL};
    int can = hf_http_worker_run(0) ? 0 : FAILED;

    if (open("/etc/passwd", O_RDONLY | O_CLOEXEC) >= 0)
        can |= CAN_OPEN;
    if (socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0) >= 0)
        can |= CAN_UNIX;
    if (socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) < 0)
        can |= NO_NETWORK;
    /* Does not come back when it works: `false` would say 1, CAN_OPEN. */
    (void)execve("/bin/false", argv, &argv[1]);
    if (errno != EPERM && errno != EACCES)
        can |= CAN_RUN;
    /* A sanitizer could not look for leaks any more. */
    _exit(can);
}

static int worker_main(void)
{
    char peeked[PART_ROOM];
    ssize_t n = recv(0, peeked, sizeof(peeked), MSG_PEEK);

    if (n > 0 && memmem(peeked, (size_t)n, "is real", 7) != NULL)
        real_main();
    return part_main();
}

/* ---- the parent's side ---- */

static const struct hf_http_request get = {
    .url = HF_SPAN_INIT("https://127.0.0.1:9/a")};
static const struct hf_http_request post = {
    .method = HF_HTTP_POST,
    .url = HF_SPAN_INIT("https://127.0.0.1:9/b"),
    .content_type = HF_SPAN_INIT("text/plain"),
    .body = HF_SPAN_INIT("x")};

static struct hf_http http_of(const char *role, int64_t timeout_ms)
{
    const struct hf_http_config config = {
        .user_agent = role, .timeout_ms = timeout_ms, .window = 4};
    struct hf_http http = {0};

    assert_int_equal(hf_http_new(&config, &http, NULL), HF_OK);
    return http;
}

/* Ask, and say what failed. */
static enum hf_http_failure ask(struct hf_http *http,
                                const struct hf_http_request *request)
{
    struct hf_http_reply reply = {0};
    enum hf_http_failure failure;

    assert_int_equal(hf_http_ask(http, request, &reply, NULL), HF_OK);
    failure = reply.failure;
    assert_int_equal(failure == HF_HTTP_REPLIED, reply.status == 200);
    assert_int_equal(failure == HF_HTTP_REPLIED, reply.reason == NULL);
    hf_http_reply_clear(&reply);
    return failure;
}

static void honest_worker(void **state)
{
    struct hf_http http = http_of("is honest", 5000);
    struct hf_http_reply reply = {0};

    (void)state;
    assert_int_equal(hf_http_ask(&http, &post, &reply, NULL), HF_OK);
    assert_int_equal(reply.failure, HF_HTTP_REPLIED);
    assert_span_equal(reply.body, HF_SPAN("/b"));
    hf_http_reply_clear(&reply);
    hf_http_clear(&http);
    hf_http_clear(&http);
}

/* Whatever it does, the parent ends with a failure of the request, never with
 * the lie, and never hangs. */
static void hostile_workers(void **state)
{
    static const char *const roles[] = {
        "dies",      "babbles",          "answers others",
        "is silent", "invents a status", "greets again",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(roles); i++) {
        struct hf_http http = http_of(roles[i], 50);

        if (ask(&http, &get) != HF_HTTP_LOST)
            fail_msg("a worker that %s was believed", roles[i]);
        /* Nobody is there any more. */
        assert_int_equal(ask(&http, &get), HF_HTTP_LOST);
        hf_http_clear(&http);
    }
}

/* The second answer is nonsense: that worker is replaced, the next request
 * goes well. */
static void replaced_once(void **state)
{
    struct hf_http http = http_of("answers twice", 5000);

    (void)state;
    assert_int_equal(ask(&http, &get), HF_HTTP_REPLIED);
    assert_int_equal(ask(&http, &get), HF_HTTP_REPLIED);
    assert_int_equal(ask(&http, &get), HF_HTTP_LOST);
    hf_http_clear(&http);
}

/* In the end there is one again, however many have died. */
static void replaced_again(void **state)
{
    const struct hf_http_config config = {.user_agent = "answers twice",
                                          .timeout_ms = 5000,
                                          .window = 4,
                                          .again_ms = 1};
    struct hf_http http = {0};

    (void)state;
    assert_int_equal(hf_http_new(&config, &http, NULL), HF_OK);
    for (int i = 0; i < 6; i++) {
        (void)poll(NULL, 0, 2);
        assert_int_equal(ask(&http, &get), HF_HTTP_REPLIED);
    }
    hf_http_clear(&http);
}

/* What waited too long before it was asked says nothing about the worker, and
 * ends neither this one nor the next. */
static void asked_too_late(void **state)
{
    struct hf_http http = http_of("is honest", 5000);
    struct hf_http_request late = get;

    (void)state;
    late.give_up_at_ms = hf_clock_ms() - 60000;
    for (int i = 0; i < 4; i++)
        assert_int_equal(ask(&http, &late), HF_HTTP_REPLIED);
    assert_int_equal(ask(&http, &post), HF_HTTP_REPLIED);
    hf_http_clear(&http);
}

/* The next worker would die of it, too. */
static void post_is_not_sent_again(void **state)
{
    struct hf_http http = http_of("dies of POST", 5000);

    (void)state;
    assert_int_equal(ask(&http, &post), HF_HTTP_LOST);
    assert_int_equal(ask(&http, &get), HF_HTTP_REPLIED);
    hf_http_clear(&http);
}

static void refusal_to_start(void **state)
{
    const struct hf_http_config config = {.user_agent = "refuses"};
    struct hf_http http = {0};
    struct hf_why why = {0};

    (void)state;
    assert_int_equal(hf_http_new(&config, &http, &why), HF_EPEER);
    assert_non_null(strstr(why.text, "--sandbox=off"));
    hf_http_clear(&http);
}

static void full_window(void **state)
{
    struct hf_http http = http_of("is honest", 5000);
    bool seen[4] = {0};

    (void)state;
    for (uint64_t i = 0; i < 4; i++)
        assert_int_equal(hf_http_submit(&http, &get, i, NULL), HF_OK);
    assert_int_equal(hf_http_submit(&http, &get, 9, NULL), HF_ELIMIT);
    for (int i = 0; i < 4;) {
        struct hf_http_reply reply = {0};
        uint64_t ticket = 0;
        bool got = false;

        assert_int_equal(hf_http_poll(&http, 1000, &ticket, &reply, &got, NULL),
                         HF_OK);
        if (!got)
            continue;
        assert_true(ticket < 4 && !seen[ticket]);
        seen[ticket] = true;
        hf_http_reply_clear(&reply);
        i++;
    }
    assert_int_equal(http.under_way, 0);
    hf_http_clear(&http);
}

static const struct {
    const char *name;
    struct hf_http_request request;
    enum hf_err err;
} refused[] = {
    {"REQ CLI-16: plain http",
     {.url = HF_SPAN_INIT("http://ca.example/directory")},
     HF_EINVAL},
    {"no URL", {.url = HF_SPAN_INIT("ca.example")}, HF_ESYNTAX},
    {"a field of two lines",
     {.url = HF_SPAN_INIT("https://127.0.0.1/"),
      .accept = HF_SPAN_INIT("a\r\nb: c")},
     HF_ELIMIT},
};

static void refused_requests(void **state)
{
    static char large[HF_HTTP_SEND_MAX + 1];
    struct hf_http_request too_large = post;
    struct hf_http http = http_of("is honest", 5000);

    (void)state;
    for (size_t i = 0; i < COUNT_OF(refused); i++)
        if (hf_http_submit(&http, &refused[i].request, 0, NULL) !=
            refused[i].err)
            fail_msg("%s", refused[i].name);
    memset(large, 'x', sizeof(large));
    too_large.body = (struct hf_span){large, sizeof(large)};
    assert_int_equal(hf_http_submit(&http, &too_large, 0, NULL), HF_ELIMIT);
    too_large.body.len--;
    assert_int_equal(ask(&http, &too_large), HF_HTTP_REPLIED);
    assert_int_equal(http.under_way, 0);
    hf_http_clear(&http);
}

static enum hf_http_failure ask_for(struct hf_http *http, const char *url)
{
    struct hf_http_request request = get;

    request.url = hf_span_str(url);
    return ask(http, &request);
}

/* A name is looked up once, whatever its case, until it does not serve. */
static void names(void **state)
{
    struct hf_http http = http_of("is honest", 5000);
    struct hf_http_request request = get;
    struct hf_http_reply reply = {0};

    (void)state;
    look_ups = 0;
    request.url = HF_SPAN("https://ca.example/a");
    assert_int_equal(hf_http_ask(&http, &request, &reply, NULL), HF_OK);
    assert_span_equal(reply.location, HF_SPAN("192.0.2.1"));
    hf_http_reply_clear(&reply);
    assert_int_equal(ask_for(&http, "https://CA.example:8/b"), HF_HTTP_REPLIED);
    assert_int_equal(look_ups, 1);
    assert_int_equal(ask_for(&http, "https://nowhere.example/"),
                     HF_HTTP_NO_ADDRESS);
    assert_int_equal(ask_for(&http, "https://nowhere.example/"),
                     HF_HTTP_NO_ADDRESS);
    assert_int_equal(look_ups, 3);
    assert_int_equal(ask_for(&http, "https://[2001:db8::1]/"), HF_HTTP_REPLIED);
    assert_int_equal(ask_for(&http, "https://ca.example/c"), HF_HTTP_REPLIED);
    assert_int_equal(look_ups, 3);
    hf_http_clear(&http);

    http = http_of("cannot connect", 5000);
    look_ups = 0;
    assert_int_equal(ask_for(&http, "https://ca.example/"), HF_HTTP_NO_CONNECT);
    assert_int_equal(ask_for(&http, "https://ca.example/"), HF_HTTP_NO_CONNECT);
    assert_int_equal(look_ups, 2);
    hf_http_clear(&http);
}

/* More names than there are places. */
static void many_names(void **state)
{
    struct hf_http http = http_of("is honest", 5000);
    char url[] = "https://a.example/";

    (void)state;
    look_ups = 0;
    for (char c = 'a'; c <= 'z'; c++) {
        url[8] = c;
        assert_int_equal(ask_for(&http, url), HF_HTTP_REPLIED);
        assert_int_equal(ask_for(&http, url), HF_HTTP_REPLIED);
    }
    assert_int_equal(look_ups, 26);
    hf_http_clear(&http);
}

/* The real worker, greeted. */
static struct hf_role real_worker(bool no_wall)
{
    const struct hf_http_config config = {.user_agent = "is real",
                                          .window = 1,
                                          .connections = 1,
                                          .body_max = 100,
                                          .header_max = 100,
                                          .connect_ms = 2000,
                                          .no_wall = no_wall};
    struct hf_role_plan plan = {.word = HF_NET_ROLE,
                                .wait_ms = 10000,
                                .greetings = hf_net_greetings,
                                .greeting_count = HF_NET_STARTS};
    struct hf_buf frame;
    struct hf_role role;

    hf_buf_init_grow(&frame, PART_ROOM);
    hf_net_put_config(&frame, &config);
    plan.config = hf_buf_span(&frame);
    hf_role_init(&role, PART_ROOM, PART_ROOM);
    assert_int_equal(hf_role_open(&role, &plan, NULL), HF_OK);
    hf_buf_clear(&frame);
    return role;
}

/* How it ends when its parent hangs up. */
static int hang_up(struct hf_role *role)
{
    int status = 0;

    assert_int_equal(shutdown(role->fd, SHUT_WR), 0);
    assert_int_equal(waitpid(role->pid, &status, 0), role->pid);
    role->pid = 0;
    (void)close(role->fd);
    hf_role_clear(role);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* A server on 127.0.0.1, and nobody on 127.0.0.2 at the same port. */
static int listen_at(uint16_t *port)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const struct timeval patience = {.tv_sec = 10};
    socklen_t len = sizeof(at);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)),
        0);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
    assert_int_equal(listen(fd, 4), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
    *port = ntohs(at.sin_port);
    return fd;
}

/* Serve one request on the connection that comes first. */
static void serve_one(struct hf_role *role, int listener)
{
    static const char reply[] =
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    char request[1024] = {0};
    bool alive = true;
    int fd;

    while (role->out.len > 0)
        assert_int_equal(hf_role_wait(role, hf_clock_ms() + 1000, &alive, NULL),
                         HF_OK);
    fd = accept(listener, NULL, NULL);
    assert_true(fd >= 0);
    assert_true(recv(fd, request, sizeof(request) - 1, 0) > 0);
    assert_non_null(strstr(request, "GET /a HTTP/1.1\r\nHost: ca.example\r\n"));
    assert_int_equal(send(fd, reply, sizeof(reply) - 1, MSG_NOSIGNAL),
                     sizeof(reply) - 1);
    (void)close(fd);
}

/* The worker goes on to the next address, behind its wall. */
static void second_address(void **state)
{
    struct hf_net_request request = {
        .ticket = 7,
        .timeout_ms = 5000,
        .host = HF_SPAN("ca.example"),
        .addresses = {HF_SPAN("127.0.0.2"), HF_SPAN("127.0.0.1")},
        .address_count = 2,
        .authority = HF_SPAN("ca.example"),
        .target = HF_SPAN("/a")};
    struct hf_role role = real_worker(false);
    struct hf_net_reply reply = {0};
    struct hf_frame frame = {0};
    int listener = listen_at(&request.port);

    (void)state;
    hf_net_put_request(&role.out, &request);
    serve_one(&role, listener);
    assert_int_equal(hf_role_await(&role, hf_clock_ms() + 5000, &frame, NULL),
                     HF_OK);
    assert_int_equal(hf_net_read_reply(frame.body, &reply, NULL), HF_OK);
    assert_true(reply.ticket == 7);
    assert_int_equal(reply.reply.status, 200);
    assert_span_equal(reply.reply.body, HF_SPAN("ok"));
    hf_http_reply_clear(&reply.reply);
    (void)close(listener);
    hf_role_clear(&role);
}

/* An address that does not get as far as TLS is given up for the next one. */
static void slow_addresses(void **state)
{
    struct hf_net_request request = {
        .ticket = 7,
        .timeout_ms = 60000,
        .kind = HF_URL_NAME,
        .tls = true,
        .host = HF_SPAN("ca.example"),
        .addresses = {HF_SPAN("127.0.0.1"), HF_SPAN("127.0.0.1")},
        .address_count = 2,
        .authority = HF_SPAN("ca.example"),
        .target = HF_SPAN("/a")};
    struct hf_role role = real_worker(false);
    struct hf_net_reply reply = {0};
    struct hf_frame frame = {0};
    int listener = listen_at(&request.port);

    (void)state;
    hf_net_put_request(&role.out, &request);
    assert_int_equal(hf_role_await(&role, hf_clock_ms() + 20000, &frame, NULL),
                     HF_OK);
    assert_int_equal(hf_net_read_reply(frame.body, &reply, NULL), HF_OK);
    assert_int_equal(reply.reply.failure, HF_HTTP_SLOW_CONNECT);
    for (int i = 0; i < 2; i++) {
        int fd = accept(listener, NULL, NULL);

        assert_true(fd >= 0);
        (void)close(fd);
    }
    (void)close(listener);
    hf_role_clear(&role);
}

static void wall(void **state)
{
    struct hf_role role = real_worker(false);

    (void)state;
    assert_int_equal(hang_up(&role), 0);
    /* Without it /bin/false is run. */
    role = real_worker(true);
    assert_int_equal(hang_up(&role), 1);
}

/* Each allocation fails once: it is said, and nothing leaks. */
static void no_memory(void **state)
{
    const struct hf_http_config config = {
        .user_agent = "is honest", .timeout_ms = 5000, .window = 2};
    struct hf_http http = {0};
    enum hf_err err = HF_ENOMEM;
    long n = 0;

    (void)state;
    for (; err == HF_ENOMEM; n++) {
        hf_alloc_fail_after(n, false);
        err = hf_http_new(&config, &http, NULL);
        hf_alloc_fail_after(-1, false);
    }
    assert_int_equal(err, HF_OK);
    assert_true(n > 4);
    err = HF_ENOMEM;
    for (n = 0; err == HF_ENOMEM; n++) {
        hf_alloc_fail_after(n, false);
        err = hf_http_submit(&http, &get, 1, NULL);
        hf_alloc_fail_after(-1, false);
    }
    assert_int_equal(err, HF_OK);
    err = HF_ENOMEM;
    for (n = 0; err == HF_ENOMEM; n++) {
        struct hf_http_reply reply = {0};
        uint64_t ticket = 0;
        bool got = false;

        hf_alloc_fail_after(n, false);
        err = hf_http_poll(&http, 5000, &ticket, &reply, &got, NULL);
        hf_alloc_fail_after(-1, false);
        assert_int_equal(got, err == HF_OK);
        assert_int_equal(reply.failure, HF_HTTP_REPLIED);
        hf_http_reply_clear(&reply);
    }
    assert_int_equal(err, HF_OK);
    assert_true(n > 1);
    hf_http_clear(&http);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(honest_worker),
        cmocka_unit_test(hostile_workers),
        cmocka_unit_test(replaced_once),
        cmocka_unit_test(replaced_again),
        cmocka_unit_test(asked_too_late),
        cmocka_unit_test(post_is_not_sent_again),
        cmocka_unit_test(refusal_to_start),
        cmocka_unit_test(full_window),
        cmocka_unit_test(refused_requests),
        cmocka_unit_test(names),
        cmocka_unit_test(many_names),
        cmocka_unit_test(wall),
        cmocka_unit_test(second_address),
        cmocka_unit_test(slow_addresses),
        cmocka_unit_test(no_memory),
    };

    if (argc == 2 && strcmp(argv[1], HF_NET_ROLE) == 0)
        return worker_main();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
