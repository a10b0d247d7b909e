/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One question, one server: who may answer, and what happens when the answer
 * is late, cut, forged or missing. The servers are sockets of this process,
 * stepped by hand between the steps of the exchange.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dns/exchange.h"
#include "os/clock.h"
#include "tests/unit/unit.h"

#define ROOM 66000

struct peer {
    int udp;
    int tcp;
    struct hf_server server;
    uint8_t query[ROOM];
    size_t query_len;
    struct sockaddr_in from;
};

static int bound_socket(int type, struct sockaddr_in *at)
{
    int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
    socklen_t len = sizeof(*at);

    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)at, sizeof(*at)), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)at, &len), 0);
    return fd;
}

static void peer_open(struct peer *peer)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    uint32_t address = htonl(INADDR_LOOPBACK);

    *peer = (struct peer){0};
    /* The same port for both: take TCP's, then UDP's must be free. */
    peer->tcp = bound_socket(SOCK_STREAM, &at);
    assert_int_equal(listen(peer->tcp, 1), 0);
    peer->udp = bound_socket(SOCK_DGRAM, &at);
    assert_int_equal(
        hf_server_of_address((struct hf_span){(const char *)&address, 4},
                             ntohs(at.sin_port), &peer->server, NULL),
        HF_OK);
}

static void peer_close(struct peer *peer)
{
    (void)close(peer->udp);
    (void)close(peer->tcp);
}

static void start(struct hf_exchange *x, const struct peer *peer,
                  int64_t time_ms)
{
    struct hf_wire_name name;
    const struct hf_asking asking = {.server = &peer->server,
                                     .name = &name,
                                     .type = HF_RR_TXT,
                                     .dnssec_ok = true,
                                     .until_ms = hf_clock_ms() + time_ms};

    assert_int_equal(
        hf_wire_name_parse(HF_SPAN("abcdefghijklmnop.example"), &name, NULL),
        HF_OK);
    hf_exchange_start(x, &asking);
    assert_int_equal(x->state, HF_EXCHANGE_UDP);
}

static void peer_receive(struct peer *peer)
{
    socklen_t len = sizeof(peer->from);
    ssize_t n = recvfrom(peer->udp, peer->query, sizeof(peer->query), 0,
                         (struct sockaddr *)&peer->from, &len);

    assert_true(n > HF_WIRE_HEADER);
    peer->query_len = (size_t)n;
}

/* Turn the query into its own answer, without data. */
static void make_answer(struct peer *peer)
{
    peer->query[2] |= 0x80; /* QR */
}

static void peer_send(struct peer *peer, int fd)
{
    assert_int_equal(sendto(fd, peer->query, peer->query_len, 0,
                            (struct sockaddr *)&peer->from, sizeof(peer->from)),
                     peer->query_len);
}

/* Loopback delivers before sendto() returns: one step is enough. */
static void step(struct hf_exchange *x)
{
    hf_exchange_step(x, POLLIN);
}

static void plain_answer(void **state)
{
    struct hf_exchange x = {0};
    struct peer peer;

    (void)state;
    peer_open(&peer);
    start(&x, &peer, 5000);
    peer_receive(&peer);
    make_answer(&peer);
    peer_send(&peer, peer.udp);
    step(&x);
    assert_int_equal(x.state, HF_EXCHANGE_DONE);
    assert_false(x.used_tcp);
    hf_exchange_clear(&x);
    peer_close(&peer);
}

/* REQ VAL-36: what a stranger can forge is dropped, and the wait goes on. */
static void forged_answers(void **state)
{
    struct sockaddr_in any = {.sin_family = AF_INET,
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct hf_exchange x = {0};
    struct peer peer;
    int other;

    (void)state;
    peer_open(&peer);
    other = bound_socket(SOCK_DGRAM, &any);
    start(&x, &peer, 5000);
    peer_receive(&peer);
    peer_send(&peer, peer.udp); /* the query itself: QR is not set */
    make_answer(&peer);
    peer_send(&peer, other); /* from another port */
    peer.query[1] ^= 1;
    peer_send(&peer, peer.udp); /* another id */
    peer.query[1] ^= 1;
    peer.query[HF_WIRE_HEADER + 1] ^= 0x20;
    peer_send(&peer, peer.udp); /* another case in the question */
    peer.query[HF_WIRE_HEADER + 1] ^= 0x20;
    peer.query[HF_WIRE_HEADER + 1] = 'z';
    peer_send(&peer, peer.udp); /* another question */
    assert_int_equal(sendto(peer.udp, "x", 1, 0, (struct sockaddr *)&peer.from,
                            sizeof(peer.from)),
                     1); /* no message at all */
    step(&x);
    assert_int_equal(x.state, HF_EXCHANGE_UDP);
    (void)close(other);
    hf_exchange_clear(&x);
    peer_close(&peer);
}

/* The id and the case of letters are not the same twice. */
static void unpredictable(void **state)
{
    uint8_t first[ROOM];
    struct hf_exchange x = {0};
    struct peer peer;
    size_t differ = 0;

    (void)state;
    peer_open(&peer);
    start(&x, &peer, 5000);
    peer_receive(&peer);
    memcpy(first, peer.query, peer.query_len);
    for (int i = 0; i < 8; i++) {
        start(&x, &peer, 5000);
        peer_receive(&peer);
        differ += memcmp(first, peer.query, 2) != 0;
        differ += memcmp(first + HF_WIRE_HEADER, peer.query + HF_WIRE_HEADER,
                         17) != 0;
    }
    /* Of sixteen differences one may be missing by chance, not three. */
    assert_true(differ > 13);
    hf_exchange_clear(&x);
    peer_close(&peer);
}

/* Answer what came over TCP, in two pieces. */
static void peer_answer_tcp(struct peer *peer, struct hf_exchange *x,
                            size_t extra)
{
    static uint8_t room[ROOM];
    int fd = accept4(peer->tcp, NULL, NULL, SOCK_CLOEXEC);
    size_t len;
    ssize_t n;

    assert_true(fd >= 0);
    hf_exchange_step(x, POLLOUT);
    n = recv(fd, room, sizeof(room), 0);
    assert_true(n > 2 + HF_WIRE_HEADER);
    room[4] |= 0x80;
    len = (size_t)n - 2 + extra;
    room[0] = (uint8_t)(len >> 8);
    room[1] = (uint8_t)len;
    assert_int_equal(send(fd, room, 1, 0), 1);
    step(x);
    assert_int_equal(x->state, HF_EXCHANGE_TCP_READ);
    assert_int_equal(send(fd, room + 1, len + 1, 0), len + 1);
    (void)close(fd);
    for (int i = 0; i < 1000 && !hf_exchange_is_over(x); i++)
        step(x);
}

static void truncated(struct peer *peer, struct hf_exchange *x)
{
    start(x, peer, 5000);
    peer_receive(peer);
    make_answer(peer);
    peer->query[2] |= 0x02; /* TC */
    peer_send(peer, peer->udp);
    step(x);
    assert_true(x->used_tcp && !hf_exchange_is_over(x));
}

static void tcp_on_truncation(void **state)
{
    struct hf_exchange x = {0};
    struct peer peer;

    (void)state;
    peer_open(&peer);
    truncated(&peer, &x);
    peer_answer_tcp(&peer, &x, 40000);
    assert_int_equal(x.state, HF_EXCHANGE_DONE);
    assert_true(x.used_tcp);
    assert_true(x.message.octets.len > 40000);
    hf_exchange_clear(&x);
    peer_close(&peer);
}

static void tcp_that_ends_early(void **state)
{
    struct hf_exchange x = {0};
    struct peer peer;
    int fd;

    (void)state;
    peer_open(&peer);
    truncated(&peer, &x);
    fd = accept4(peer.tcp, NULL, NULL, SOCK_CLOEXEC);
    hf_exchange_step(&x, POLLOUT);
    assert_int_equal(recv(fd, peer.query, sizeof(peer.query), 0) > 0, 1);
    assert_int_equal(send(fd, "\0\50abc", 5, 0), 5);
    (void)close(fd);
    for (int i = 0; i < 1000 && !hf_exchange_is_over(&x); i++)
        step(&x);
    assert_int_equal(x.state, HF_EXCHANGE_FAILED);
    assert_non_null(strstr(x.why.text, "hung up"));
    hf_exchange_clear(&x);
    peer_close(&peer);
}

/* Asked again when nothing came; given up when the time is over. Time is made
 * to pass by moving the exchange's own marks back. */
static void late_and_never(void **state)
{
    struct hf_exchange x = {0};
    struct peer peer;

    (void)state;
    peer_open(&peer);
    start(&x, &peer, 60000);
    peer_receive(&peer);
    hf_exchange_step(&x, 0);
    assert_int_equal(
        recv(peer.udp, peer.query, sizeof(peer.query), MSG_DONTWAIT),
        -1); /* not yet */
    x.step_at_ms = hf_clock_ms();
    hf_exchange_step(&x, 0);
    peer_receive(&peer); /* the second time */
    x.until_ms = hf_clock_ms();
    hf_exchange_step(&x, 0);
    assert_int_equal(x.state, HF_EXCHANGE_FAILED);
    assert_non_null(strstr(x.why.text, "within the time"));
    hf_exchange_clear(&x);
    peer_close(&peer);
}

static void nobody_there(void **state)
{
    struct hf_exchange x = {0};
    struct peer peer;

    (void)state;
    peer_open(&peer);
    peer_close(&peer);
    start(&x, &peer, 5000);
    step(&x);
    assert_int_equal(x.state, HF_EXCHANGE_FAILED);
    assert_int_equal(x.why.sys, ECONNREFUSED);
    hf_exchange_clear(&x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_answer),
        cmocka_unit_test(forged_answers),
        cmocka_unit_test(unpredictable),
        cmocka_unit_test(tcp_on_truncation),
        cmocka_unit_test(tcp_that_ends_early),
        cmocka_unit_test(late_and_never),
        cmocka_unit_test(nobody_there),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
