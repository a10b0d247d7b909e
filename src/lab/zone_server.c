/* SPDX-License-Identifier: Apache-2.0 */
#include "lab/zone_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "dns/server.h"
#include "os/clock.h"
#include "os/fail.h"

#define LENGTH_SIZE   2 /* before each message over TCP */
#define IDLE_MS       10000
#define PACKETS_MAX   64 /* of one socket in one step */
#define EVENTS_MAX    32
#define PORT_TRIES    64
#define ANSWER_MAX    ((size_t)64 << 20) /* of a transfer */
#define SOCKETS_MAX   (2 * HF_LAB_ADDRESSES_MAX)
#define CLIENTS_FIRST SOCKETS_MAX /* tags of events: sockets, then clients */

struct place {
    int udp;
    int tcp;
    uint16_t port;
};

/* A connection. It is read, answered and written to in turn. */
struct client {
    int fd; /* -1: none */
    uint32_t address;
    uint32_t events; /* that are waited for */
    int64_t active_at_ms;
    int64_t due_at_ms; /* when the answer may go */
    size_t in_len;
    char *in; /* LENGTH_SIZE + HF_WIRE_MESSAGE_MAX */
    struct hf_buf out;
    size_t out_done;
};

/* An answer over UDP that is held back. */
struct late {
    int64_t due_at_ms;
    int fd;
    struct sockaddr_in to;
    struct hf_buf out; /* empty: nobody's */
};

struct hf_lab_server {
    struct hf_lab_dns *dns;
    int epoll;
    int64_t ahead_s;
    struct place places[HF_LAB_ADDRESSES_MAX];
    size_t place_count;
    struct client clients[HF_LAB_CLIENTS_MAX];
    struct late late[HF_LAB_LATE_MAX];
    char packet[HF_WIRE_MESSAGE_MAX];
};

static void close_fd(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
    *fd = -1;
}

static bool watch(const struct hf_lab_server *server, int operation, int fd,
                  uint32_t events, size_t tag)
{
    struct epoll_event event = {.events = events, .data.u64 = tag};

    return epoll_ctl(server->epoll, operation, fd, &event) == 0;
}

/* ---- sockets ---- */

static int bind_to(const struct sockaddr_in *address, int type)
{
    const int one = 1;
    int fd = socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return -1;
    if ((type == SOCK_STREAM &&
         setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) != 0) ||
        bind(fd, (const struct sockaddr *)address, sizeof(*address)) != 0 ||
        (type == SOCK_STREAM && listen(fd, HF_LAB_CLIENTS_MAX) != 0))
        close_fd(&fd);
    return fd;
}

static bool open_both(struct sockaddr_in address, struct place *place)
{
    socklen_t len = sizeof(address);

    place->udp = bind_to(&address, SOCK_DGRAM);
    if (place->udp < 0 ||
        getsockname(place->udp, (struct sockaddr *)&address, &len) != 0)
        return false;
    place->port = ntohs(address.sin_port);
    place->tcp = bind_to(&address, SOCK_STREAM);
    return place->tcp >= 0;
}

/* A port that is free for UDP may be somebody's for TCP: then another. */
static enum hf_err open_place(struct hf_lab_server *server,
                              const struct sockaddr_in *address,
                              struct hf_why *why)
{
    struct place *place = &server->places[server->place_count];
    size_t tag = 2 * server->place_count;
    bool good = false;

    *place = (struct place){.udp = -1, .tcp = -1};
    for (size_t i = 0; i < PORT_TRIES && !good; i++) {
        good = open_both(*address, place);
        if (!good) {
            close_fd(&place->udp);
            close_fd(&place->tcp);
        }
        if (address->sin_port != 0)
            break;
    }
    if (!good)
        return hf_fail_sys(why, errno, "the name server cannot listen there");
    server->place_count++;
    if (!watch(server, EPOLL_CTL_ADD, place->udp, EPOLLIN, tag) ||
        !watch(server, EPOLL_CTL_ADD, place->tcp, EPOLLIN, tag + 1))
        return hf_fail_sys(why, errno, "epoll_ctl");
    return HF_OK;
}

/* "127.0.0.1@0": hf_server_parse() has no port 0, so it is cut off here. */
static enum hf_err read_address(struct hf_span text, uint16_t port,
                                struct sockaddr_in *out, struct hf_why *why)
{
    bool any = hf_span_ends(text, HF_SPAN("@0"));
    struct hf_server server;
    enum hf_err err;

    if (any)
        text.len -= 2;
    err = hf_server_parse(text, &server, why);
    if (err != HF_OK)
        return err;
    if (hf_server_is_ipv6(&server) || !hf_server_is_loopback(&server))
        return hf_fail(why, HF_EINVAL, 0,
                       "the laboratory stays within 127.0.0.0/8");
    memcpy(out, &server.address, sizeof(*out));
    if (any)
        out->sin_port = htons(port);
    return HF_OK;
}

enum hf_err hf_lab_server_new(struct hf_lab_dns *dns,
                              const char *const *addresses, size_t count,
                              struct hf_lab_server **out, struct hf_why *why)
{
    struct hf_lab_server *server;
    enum hf_err err = HF_OK;

    if (count == 0 || count > HF_LAB_ADDRESSES_MAX)
        return hf_fail(why, HF_ELIMIT, 0, "1 to 16 addresses are possible");
    server = hf_alloc(1, sizeof(*server));
    if (server == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    server->dns = dns;
    for (size_t i = 0; i < HF_LAB_CLIENTS_MAX; i++)
        server->clients[i].fd = -1;
    server->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (server->epoll < 0)
        err = hf_fail_sys(why, errno, "epoll_create1");
    for (size_t i = 0; i < count && err == HF_OK; i++) {
        struct sockaddr_in address;

        err = read_address(hf_span_str(addresses[i]), server->places[0].port,
                           &address, why);
        if (err == HF_OK)
            err = open_place(server, &address, why);
    }
    if (err != HF_OK)
        hf_lab_server_free(server);
    else
        *out = server;
    return err;
}

static void hang_up(struct client *client)
{
    close_fd(&client->fd);
    hf_free(client->in);
    hf_buf_clear(&client->out);
    *client = (struct client){.fd = -1};
}

void hf_lab_server_free(struct hf_lab_server *server)
{
    if (server == NULL)
        return;
    for (size_t i = 0; i < server->place_count; i++) {
        close_fd(&server->places[i].udp);
        close_fd(&server->places[i].tcp);
    }
    for (size_t i = 0; i < HF_LAB_CLIENTS_MAX; i++)
        hang_up(&server->clients[i]);
    for (size_t i = 0; i < HF_LAB_LATE_MAX; i++)
        hf_buf_clear(&server->late[i].out);
    close_fd(&server->epoll);
    hf_free(server);
}

uint16_t hf_lab_server_port(const struct hf_lab_server *server, size_t nth)
{
    return nth < server->place_count ? server->places[nth].port : 0;
}

int hf_lab_server_fd(const struct hf_lab_server *server)
{
    return server->epoll;
}

void hf_lab_server_shift(struct hf_lab_server *server, int64_t ahead_s)
{
    server->ahead_s = ahead_s;
}

/* ---- one packet ---- */

/* The answer, if there is to be one: what cannot be answered, for lack of
 * memory, is a packet lost. */
static bool answer(struct hf_lab_server *server, struct hf_lab_packet *packet,
                   struct hf_buf *out, uint32_t *delay_ms)
{
    packet->clock_s = hf_clock_now().s;
    packet->now_s = packet->clock_s + server->ahead_s;
    hf_buf_init_grow(out, ANSWER_MAX);
    if (hf_lab_dns_answer(server->dns, packet, out, delay_ms, NULL) == HF_OK &&
        out->len > 0)
        return true;
    hf_buf_clear(out);
    return false;
}

/* When so many milliseconds have passed in full: the clock tells whole ones. */
static int64_t due_in(uint32_t delay_ms)
{
    return hf_clock_ms() + delay_ms + (delay_ms > 0);
}

static void send_udp(int fd, const struct sockaddr_in *to,
                     const struct hf_buf *out)
{
    (void)sendto(fd, out->ptr, out->len, MSG_NOSIGNAL,
                 (const struct sockaddr *)to, sizeof(*to));
}

/* Keep an answer for later; when too many are kept, it is lost. */
static bool hold_back(struct hf_lab_server *server, const struct late *late)
{
    for (size_t i = 0; i < HF_LAB_LATE_MAX; i++) {
        if (server->late[i].out.len > 0)
            continue;
        server->late[i] = *late;
        return true;
    }
    return false;
}

static bool serve_packet(struct hf_lab_server *server, int fd)
{
    struct late late = {.fd = fd};
    socklen_t len = sizeof(late.to);
    ssize_t n = recvfrom(fd, server->packet, sizeof(server->packet), 0,
                         (struct sockaddr *)&late.to, &len);
    struct hf_lab_packet packet = {
        .octets = {server->packet, n < 0 ? 0 : (size_t)n},
        .client = ntohl(late.to.sin_addr.s_addr)};
    uint32_t delay_ms = 0;

    if (n < 0)
        return errno == EINTR || errno == ECONNREFUSED;
    if (!answer(server, &packet, &late.out, &delay_ms))
        return true;
    late.due_at_ms = due_in(delay_ms);
    if (delay_ms == 0)
        send_udp(fd, &late.to, &late.out);
    if (delay_ms == 0 || !hold_back(server, &late))
        hf_buf_clear(&late.out);
    return true;
}

/* ---- one connection ---- */

static void wait_for(struct hf_lab_server *server, struct client *client,
                     uint32_t events)
{
    size_t tag = CLIENTS_FIRST + (size_t)(client - server->clients);

    if (client->events != events &&
        !watch(server, EPOLL_CTL_MOD, client->fd, events, tag))
        hang_up(client);
    else
        client->events = events;
}

static void accept_client(struct hf_lab_server *server, int fd)
{
    struct sockaddr_in from = {0};
    socklen_t len = sizeof(from);
    int got = accept4(fd, (struct sockaddr *)&from, &len,
                      SOCK_NONBLOCK | SOCK_CLOEXEC);
    struct client *client = server->clients;
    size_t n = 0;

    if (got < 0)
        return;
    while (n < HF_LAB_CLIENTS_MAX && client[n].fd >= 0)
        n++;
    if (n == HF_LAB_CLIENTS_MAX ||
        !watch(server, EPOLL_CTL_ADD, got, EPOLLIN, CLIENTS_FIRST + n)) {
        (void)close(got);
        return;
    }
    client += n;
    *client = (struct client){
        .fd = got,
        .address = ntohl(from.sin_addr.s_addr),
        .events = EPOLLIN,
        .active_at_ms = hf_clock_ms(),
        .in = hf_alloc(LENGTH_SIZE + HF_WIRE_MESSAGE_MAX, 1),
    };
    if (client->in == NULL)
        hang_up(client);
}

/* Octets of the first message with its length; 0 when it is not all there. */
static size_t whole_message(const struct client *client)
{
    const unsigned char *in = (const unsigned char *)client->in;
    size_t size;

    if (client->in_len < LENGTH_SIZE)
        return 0;
    size = LENGTH_SIZE + (size_t)(in[0] << 8 | in[1]);
    return size <= client->in_len ? size : 0;
}

/* Answer the first message that has come in whole. False: there is none, or
 * nothing to say to it. */
static bool serve_message(struct hf_lab_server *server, struct client *client)
{
    size_t size = whole_message(client);
    struct hf_lab_packet packet = {.client = client->address, .tcp = true};
    uint32_t delay_ms = 0;
    bool answered;

    while (size > 0) {
        packet.octets =
            (struct hf_span){client->in + LENGTH_SIZE, size - LENGTH_SIZE};
        answered = answer(server, &packet, &client->out, &delay_ms);
        client->in_len -= size;
        memmove(client->in, client->in + size, client->in_len);
        client->out_done = 0;
        client->due_at_ms = due_in(delay_ms);
        if (answered)
            return true;
        size = whole_message(client);
    }
    return false;
}

/* False: the connection is lost. */
static bool write_some(struct client *client)
{
    while (client->out_done < client->out.len) {
        ssize_t n = send(client->fd, client->out.ptr + client->out_done,
                         client->out.len - client->out_done, MSG_NOSIGNAL);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno == EAGAIN;
        client->out_done += (size_t)n;
        client->active_at_ms = hf_clock_ms();
    }
    hf_buf_clear(&client->out);
    return true;
}

/* False: the connection is lost. */
static bool read_some(struct client *client)
{
    size_t room = LENGTH_SIZE + HF_WIRE_MESSAGE_MAX - client->in_len;
    ssize_t n = recv(client->fd, client->in + client->in_len, room, 0);

    if (n < 0)
        return errno == EAGAIN || errno == EINTR;
    client->in_len += (size_t)n;
    client->active_at_ms = hf_clock_ms();
    return n > 0;
}

/* Write what is due, then answer what has come, until one of the two waits. */
static void drive(struct hf_lab_server *server, struct client *client)
{
    for (size_t i = 0; i < PACKETS_MAX; i++) {
        if (client->out.len == 0 && !serve_message(server, client)) {
            wait_for(server, client, EPOLLIN);
            return;
        }
        if (hf_clock_ms() < client->due_at_ms) {
            wait_for(server, client, 0);
            return;
        }
        if (!write_some(client)) {
            hang_up(client);
            return;
        }
        if (client->out.len > 0)
            break;
    }
    wait_for(server, client, EPOLLOUT);
}

/* ---- the loop ---- */

static void handle(struct hf_lab_server *server,
                   const struct epoll_event *event)
{
    size_t tag = (size_t)event->data.u64;
    struct client *client;

    if (tag < CLIENTS_FIRST) {
        const struct place *place = &server->places[tag / 2];

        if (tag % 2 == 1)
            accept_client(server, place->tcp);
        else
            for (size_t i = 0; i < PACKETS_MAX; i++)
                if (!serve_packet(server, place->udp))
                    break;
        return;
    }
    client = &server->clients[tag - CLIENTS_FIRST];
    if (client->fd < 0)
        return;
    if (((event->events & EPOLLIN) != 0 && !read_some(client)) ||
        (event->events & (EPOLLERR | EPOLLHUP)) != 0)
        hang_up(client);
    else
        drive(server, client);
}

static void sooner(int64_t *wait_ms, int64_t due_in_ms)
{
    if (due_in_ms < 0)
        due_in_ms = 0;
    if (*wait_ms < 0 || due_in_ms < *wait_ms)
        *wait_ms = due_in_ms;
}

static void send_late(struct hf_lab_server *server, int64_t *wait_ms)
{
    int64_t now_ms = hf_clock_ms();

    for (size_t i = 0; i < HF_LAB_LATE_MAX; i++) {
        struct late *late = &server->late[i];

        if (late->out.len == 0)
            continue;
        if (late->due_at_ms > now_ms) {
            sooner(wait_ms, late->due_at_ms - now_ms);
            continue;
        }
        send_udp(late->fd, &late->to, &late->out);
        hf_buf_clear(&late->out);
        late->out.len = 0;
    }
}

static void tend_clients(struct hf_lab_server *server, int64_t *wait_ms)
{
    for (size_t i = 0; i < HF_LAB_CLIENTS_MAX; i++) {
        struct client *client = &server->clients[i];
        int64_t now_ms = hf_clock_ms();

        if (client->fd >= 0 && client->events == 0 &&
            client->due_at_ms <= now_ms)
            drive(server, client);
        if (client->fd < 0)
            continue;
        if (client->events == 0)
            sooner(wait_ms, client->due_at_ms - now_ms);
        else if (client->active_at_ms + IDLE_MS <= now_ms)
            hang_up(client);
        else
            sooner(wait_ms, client->active_at_ms + IDLE_MS - now_ms);
    }
}

enum hf_err hf_lab_server_step(struct hf_lab_server *server, int64_t *wait_ms,
                               struct hf_why *why)
{
    struct epoll_event events[EVENTS_MAX];
    int count = epoll_wait(server->epoll, events, EVENTS_MAX, 0);

    if (count < 0 && errno != EINTR)
        return hf_fail_sys(why, errno, "epoll_wait");
    for (int i = 0; i < count; i++)
        handle(server, &events[i]);
    *wait_ms = -1;
    send_late(server, wait_ms);
    tend_clients(server, wait_ms);
    return HF_OK;
}
