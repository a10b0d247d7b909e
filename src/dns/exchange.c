/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/exchange.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "os/clock.h"
#include "os/random.h"

#define FIRST_PAUSE_MS 1000 /* doubled with every repetition */
#define UDP_ROOM       4096
#define TCP_HEAD       2

static void close_socket(struct hf_exchange *x)
{
    if (x->fd >= 0)
        (void)close(x->fd);
    x->fd = -1;
    x->events = 0;
}

static void fail(struct hf_exchange *x, const char *text, int sys)
{
    close_socket(x);
    x->state = HF_EXCHANGE_FAILED;
    x->why = (struct hf_why){.text = text, .sys = sys};
}

/* A connected socket: the kernel drops what others send. */
static bool open_socket(struct hf_exchange *x, int type)
{
    const struct sockaddr_storage *to = &x->server.address;

    close_socket(x);
    x->fd = socket(to->ss_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (x->fd < 0 || (connect(x->fd, (const struct sockaddr *)to,
                              x->server.address_len) != 0 &&
                      errno != EINPROGRESS)) {
        fail(x, "server cannot be reached", errno);
        return false;
    }
    x->opened++;
    return true;
}

static struct hf_span query_span(const struct hf_exchange *x)
{
    return (struct hf_span){(const char *)x->query + TCP_HEAD, x->query_len};
}

/* Send the question once more, and wait twice as long for the answer. */
static void send_udp(struct hf_exchange *x)
{
    struct hf_span query = query_span(x);
    int64_t now_ms = hf_clock_ms();

    if (send(x->fd, query.ptr, query.len, MSG_NOSIGNAL) < 0 &&
        errno != EAGAIN && errno != EINTR) {
        fail(x, "server cannot be reached", errno);
        return;
    }
    x->step_at_ms = now_ms + x->pause_ms;
    x->pause_ms *= 2;
    if (x->step_at_ms > x->until_ms)
        x->step_at_ms = x->until_ms;
}

static bool write_query(struct hf_exchange *x, const struct hf_asking *asking)
{
    struct hf_wire_query query = {.name = &x->name,
                                  .type = asking->type,
                                  .udp_size = HF_WIRE_UDP_SIZE,
                                  .flags = asking->flags,
                                  .dnssec_ok = asking->dnssec_ok};

    if (hf_random_fill(&query.id, sizeof(query.id), &x->why) != HF_OK ||
        hf_random_fill(&query.case_bits, sizeof(query.case_bits), &x->why) !=
            HF_OK)
        return false;
    x->query_len = hf_wire_query_put(&query, x->query + TCP_HEAD);
    x->query[0] = (uint8_t)(x->query_len >> 8);
    x->query[1] = (uint8_t)x->query_len;
    return true;
}

void hf_exchange_start(struct hf_exchange *x, const struct hf_asking *asking)
{
    struct hf_buf in = x->in;
    unsigned opened = x->opened;

    if (x->state != HF_EXCHANGE_IDLE)
        close_socket(x);
    if (in.limit == 0)
        hf_buf_init_grow(&in, TCP_HEAD + HF_WIRE_MESSAGE_MAX);
    hf_buf_reset(&in);
    *x = (struct hf_exchange){.state = HF_EXCHANGE_UDP,
                              .fd = -1,
                              .events = POLLIN,
                              .opened = opened,
                              .server = *asking->server,
                              .name = *asking->name,
                              .until_ms = asking->until_ms,
                              .pause_ms = FIRST_PAUSE_MS,
                              .in = in};
    if (!write_query(x, asking)) {
        fail(x, x->why.text, x->why.sys);
        return;
    }
    if (!open_socket(x, SOCK_DGRAM))
        return;
    x->events = POLLIN;
    send_udp(x);
}

/* The answer was cut: the same question over TCP. */
static void start_tcp(struct hf_exchange *x)
{
    hf_buf_reset(&x->in);
    x->used_tcp = true;
    x->sent = 0;
    x->step_at_ms = x->until_ms;
    if (!open_socket(x, SOCK_STREAM))
        return;
    x->state = HF_EXCHANGE_TCP_WRITE;
    x->events = POLLOUT;
}

/* Is this the answer? If so, the exchange is over, or goes on by TCP. */
static bool accept_answer(struct hf_exchange *x, struct hf_span octets)
{
    if (hf_wire_open(octets, &x->message, NULL) != HF_OK ||
        hf_wire_matches(&x->message, query_span(x)) != HF_WIRE_MATCH)
        return false;
    if ((x->message.flags & HF_WIRE_TC) != 0 && !x->used_tcp) {
        start_tcp(x);
        return true;
    }
    close_socket(x);
    x->state = HF_EXCHANGE_DONE;
    return true;
}

/* Read datagrams until the right one; others are dropped without a word. */
static void step_udp(struct hf_exchange *x)
{
    while (x->state == HF_EXCHANGE_UDP) {
        char *room;
        ssize_t n;

        hf_buf_reset(&x->in);
        room = hf_buf_reserve(&x->in, UDP_ROOM);
        if (room == NULL) {
            fail(x, "out of memory", 0);
            return;
        }
        n = recv(x->fd, room, UDP_ROOM, 0);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (n < 0) {
            fail(x, "server cannot be reached", errno);
            return;
        }
        x->in.len = (size_t)n;
        if (accept_answer(x, hf_buf_span(&x->in)))
            return;
    }
}

static void step_tcp_write(struct hf_exchange *x)
{
    size_t total = TCP_HEAD + x->query_len;
    ssize_t n = send(x->fd, x->query + x->sent, total - x->sent, MSG_NOSIGNAL);

    if (n < 0 && (errno == EAGAIN || errno == EINTR || errno == ENOTCONN))
        return;
    if (n < 0) {
        fail(x, "server cannot be reached over TCP", errno);
        return;
    }
    x->sent += (size_t)n;
    if (x->sent == total) {
        x->state = HF_EXCHANGE_TCP_READ;
        x->events = POLLIN;
    }
}

static size_t tcp_wanted(const struct hf_exchange *x)
{
    if (x->in.len < TCP_HEAD)
        return TCP_HEAD;
    return TCP_HEAD + ((size_t)(unsigned char)x->in.ptr[0] << 8 |
                       (size_t)(unsigned char)x->in.ptr[1]);
}

static void step_tcp_read(struct hf_exchange *x)
{
    while (x->state == HF_EXCHANGE_TCP_READ) {
        size_t want = tcp_wanted(x) - x->in.len;
        char *room = hf_buf_reserve(&x->in, want);
        ssize_t n;

        if (room == NULL) {
            fail(x, "out of memory", 0);
            return;
        }
        n = recv(x->fd, room, want, 0);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (n <= 0) {
            fail(x, "server hung up in the middle", n < 0 ? errno : 0);
            return;
        }
        x->in.len += (size_t)n;
        if (x->in.len < TCP_HEAD || x->in.len < tcp_wanted(x))
            continue;
        if (!accept_answer(x, (struct hf_span){x->in.ptr + TCP_HEAD,
                                               x->in.len - TCP_HEAD}))
            fail(x, "server answered another question", 0);
    }
}

void hf_exchange_step(struct hf_exchange *x, short ready)
{
    if (hf_exchange_is_over(x))
        return;
    if (ready != 0 && x->state == HF_EXCHANGE_UDP)
        step_udp(x);
    if (ready != 0 && x->state == HF_EXCHANGE_TCP_WRITE)
        step_tcp_write(x);
    if (ready != 0 && x->state == HF_EXCHANGE_TCP_READ)
        step_tcp_read(x);
    if (hf_exchange_is_over(x))
        return;
    if (hf_clock_ms() >= x->until_ms)
        fail(x, "server did not answer within the time allowed", 0);
    else if (x->state == HF_EXCHANGE_UDP && hf_clock_ms() >= x->step_at_ms)
        send_udp(x);
}

void hf_exchange_clear(struct hf_exchange *x)
{
    if (x->state != HF_EXCHANGE_IDLE)
        close_socket(x);
    hf_buf_clear(&x->in);
    *x = (struct hf_exchange){0};
}
