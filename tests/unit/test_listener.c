/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Our own listener for http-01, from its parent's side and from the CA's: it
 * says what it was told, and nothing else. REQ CLI-46
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "client/listener.h"
#include "client/listener_worker.h"
#include "tests/unit/unit.h"

#define TOKEN "LoqXcYV8q5ONbJQxbmR7SCTNo3tiAXDfowyjxAjEuX0"
#define OTHER "BoqXcYV8q5ONbJQxbmR7SCTNo3tiAXDfowyjxAjEuX0"
#define KEY   ".9jg46WB3rR_AHD-EBXdN7cBkH1WOu0tA3M9fm21mqTI"

/* ---- the CA's side ---- */

static uint16_t free_port(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(at);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, len), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
    (void)close(fd);
    return ntohs(at.sin_port);
}

static int connect_to(uint16_t port)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_port = htons(port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const struct timeval patience = {.tv_sec = 30};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof(at)), 0);
    assert_int_equal(
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)),
        0);
    return fd;
}

/* Whatever comes back for these octets, until it hangs up. */
static size_t ask(uint16_t port, struct hf_span request, char *out, size_t size)
{
    int fd = connect_to(port);
    size_t len = 0;
    ssize_t n = 1;

    /* It may have heard enough before we are done. */
    (void)send(fd, request.ptr, request.len, MSG_NOSIGNAL);
    while (n > 0 && len < size - 1) {
        n = recv(fd, out + len, size - 1 - len, 0);
        len += n > 0 ? (size_t)n : 0;
    }
    out[len] = '\0';
    (void)close(fd);
    return len;
}

static int status_of(uint16_t port, struct hf_span request)
{
    char reply[4096];
    int status = 0;

    (void)ask(port, request, reply, sizeof(reply));
    return sscanf(reply, "HTTP/1.%*d %d", &status) == 1 ? status : 0;
}

#define GET(path) HF_SPAN_INIT("GET " path " HTTP/1.1\r\nHost: a\r\n\r\n")
#define WELL      "/.well-known/acme-challenge/"

static const struct {
    struct hf_span request;
    int status;
} requests[] = {
    {GET(WELL TOKEN), 200},
    {GET("http://www.example.com" WELL TOKEN), 200},
    {GET(WELL TOKEN "?x"), 200},
    {HF_SPAN_INIT("HEAD " WELL TOKEN " HTTP/1.0\r\n\r\n"), 200},
    {GET(WELL OTHER), 404},
    {GET(WELL), 404},
    {GET(WELL TOKEN "/"), 404},
    {GET(WELL TOKEN KEY), 404},
    {GET(WELL "../acme-challenge/" TOKEN), 404},
    {GET("/" TOKEN), 404},
    {GET("/"), 404},
    {GET("*"), 404},
    {HF_SPAN_INIT("POST " WELL TOKEN " HTTP/1.1\r\nContent-Length: 0\r\n\r\n"),
     501},
};

static struct hf_exhibit exhibit_of(struct hf_span authorization)
{
    struct hf_span token = {authorization.ptr,
                            hf_span_find(authorization, '.')};

    return (struct hf_exhibit){.token = token, .authorization = authorization};
}

static void says_what_it_was_told(void **state)
{
    struct hf_listener_config config = {.address = HF_SPAN("127.0.0.1"),
                                        .port = free_port()};
    struct hf_exhibit exhibit = exhibit_of(HF_SPAN(TOKEN KEY));
    struct hf_exhibit other = exhibit_of(HF_SPAN(OTHER KEY));
    struct hf_solver solver;
    char reply[4096];

    (void)state;
    assert_int_equal(hf_listener_new(&config, &solver, NULL), HF_OK);
    assert_int_equal(status_of(config.port, requests[0].request), 404);
    assert_int_equal(solver.show(solver.state, &exhibit, NULL), HF_OK);
    for (size_t i = 0; i < COUNT_OF(requests); i++)
        if (status_of(config.port, requests[i].request) != requests[i].status)
            fail_msg("request %zu: %d", i,
                     status_of(config.port, requests[i].request));
    (void)ask(config.port, requests[0].request, reply, sizeof(reply));
    assert_non_null(strstr(reply, "\r\n\r\n" TOKEN KEY));
    assert_non_null(strstr(reply, "Content-Type: application/octet-stream"));

    assert_int_equal(solver.show(solver.state, &other, NULL), HF_OK);
    assert_int_equal(solver.hide(solver.state, &exhibit, NULL), HF_OK);
    assert_int_equal(solver.hide(solver.state, &exhibit, NULL), HF_OK);
    assert_int_equal(status_of(config.port, requests[0].request), 404);
    assert_int_equal(status_of(config.port, requests[4].request), 200);
    hf_solver_clear(&solver);
}

/* More than it would ever hear from a CA. */
static void hears_no_novels(void **state)
{
    static char novel[100000];
    struct hf_listener_config config = {.address = HF_SPAN("127.0.0.1"),
                                        .port = free_port()};
    struct hf_solver solver;
    int n = snprintf(novel, sizeof(novel), "GET / HTTP/1.1\r\nX: ");

    (void)state;
    memset(novel + n, 'x', sizeof(novel) - (size_t)n);
    assert_int_equal(hf_listener_new(&config, &solver, NULL), HF_OK);
    assert_int_not_equal(
        status_of(config.port, (struct hf_span){novel, sizeof(novel)}), 200);
    assert_int_equal(status_of(config.port, requests[0].request), 404);
    hf_solver_clear(&solver);
}

/* Crowds are made to wait, and those that are in are served. */
static void bears_crowds(void **state)
{
    struct hf_listener_config config = {.address = HF_SPAN("127.0.0.1"),
                                        .port = free_port()};
    struct hf_exhibit exhibit = exhibit_of(HF_SPAN(TOKEN KEY));
    struct hf_solver solver;
    int crowd[160]; /* more than it takes, with those that wait */

    (void)state;
    assert_int_equal(hf_listener_new(&config, &solver, NULL), HF_OK);
    assert_int_equal(solver.show(solver.state, &exhibit, NULL), HF_OK);
    for (size_t i = 0; i < COUNT_OF(crowd); i++)
        crowd[i] = connect_to(config.port);
    for (size_t i = 0; i < COUNT_OF(crowd); i++)
        (void)close(crowd[i]);
    assert_int_equal(status_of(config.port, requests[0].request), 200);
    hf_solver_clear(&solver);
}

static void cannot_start(void **state)
{
    struct hf_listener_config config = {.address = HF_SPAN("127.0.0.1"),
                                        .port = free_port()};
    struct hf_solver solver;
    struct hf_solver second;
    struct hf_why why = {0};

    (void)state;
    assert_int_equal(hf_listener_new(&config, &solver, NULL), HF_OK);
    assert_int_equal(hf_listener_new(&config, &second, &why), HF_EPEER);
    assert_non_null(strstr(why.text, "another program"));
    hf_solver_clear(&solver);
    config.address = HF_SPAN("192.0.2.1");
    assert_int_equal(hf_listener_new(&config, &solver, &why), HF_EPEER);
    assert_non_null(strstr(why.text, "not one of this machine"));
    config.address = HF_SPAN("localhost");
    assert_int_equal(hf_listener_new(&config, &solver, NULL), HF_EINVAL);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_what_it_was_told),
        cmocka_unit_test(hears_no_novels),
        cmocka_unit_test(bears_crowds),
        cmocka_unit_test(cannot_start),
    };

    if (argc == 2 && strcmp(argv[1], HF_LISTENER_ROLE) == 0)
        return hf_listener_worker_run(STDIN_FILENO) ? 0 : 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
