/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/bulk.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "dns/bulk_calls.h"
#include "os/clock.h"
#include "os/fail.h"
#include "os/random.h"

#define PACKET_SIZE  4096 /* more than any answer we ask for */
#define RECEIVE_ROOM 1048576
#define EVENTS       64
#define PORT_LOW     10240 /* ports that services rarely have */
#define PORT_TRIES   16
#define CALLS_TAG    (UINT64_C(1) << 32) /* event data of TCP connections */
#define WATCH_TAG    (UINT64_C(2) << 32)

/* Naps that let answers gather: a system call costs as much as ten answers,
 * and a wake-up more. */
#define NAP_STEP_NS 50000
#define NAP_MAX_NS  1000000
#define NAP_FLIGHT  200 /* worth it with this many packets in flight */
#define NAP_FEW     160 /* answers of one wait */
#define NAP_MANY    320

/* Room for one control message that says how long each packet is. */
struct segment_room {
    _Alignas(struct cmsghdr) char room[CMSG_SPACE(sizeof(uint16_t))];
};

struct hf_bulk {
    struct hf_bulk_engine *engine;
    struct hf_bulk_calls *calls;
    struct hf_server *servers;
    int *sockets;
    size_t socket_count;
    int epoll;
    int64_t nap_ns;
    size_t arrived;   /* packets, since the last wait */
    bool no_segments; /* the kernel cannot cut packets for us */
    bool coarse;      /* nor wait for less than a millisecond */
    struct hf_bulk_batch batch;
    struct mmsghdr out[HF_BULK_BATCH];
    struct iovec out_parts[HF_BULK_BATCH];
    struct segment_room out_rooms[HF_BULK_BATCH];
    struct mmsghdr in[HF_BULK_BATCH];
    struct iovec in_parts[HF_BULK_BATCH];
    char packets[HF_BULK_BATCH][PACKET_SIZE];
};

/* ---- sockets ---- */

/* Raise the soft limit on open files as far as we may. */
static void allow_sockets(size_t count)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= count + 256)
        return;
    limit.rlim_cur =
        limit.rlim_max < count + 256 ? limit.rlim_max : (rlim_t)(count + 256);
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

/* A port of our own choice; when none of a few is free, the kernel's. */
static enum hf_err bind_port(int fd, sa_family_t family, struct hf_why *why)
{
    uint16_t ports[PORT_TRIES];
    enum hf_err err = hf_random_fill(ports, sizeof(ports), why);

    for (size_t i = 0; i < PORT_TRIES && err == HF_OK; i++) {
        uint16_t port =
            htons((uint16_t)(PORT_LOW + ports[i] % (65536 - PORT_LOW)));
        struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = port};
        struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = port};

        if (family == AF_INET6
                ? bind(fd, (const struct sockaddr *)&v6, sizeof(v6)) == 0
                : bind(fd, (const struct sockaddr *)&v4, sizeof(v4)) == 0)
            break;
    }
    return err;
}

static enum hf_err open_socket(struct hf_bulk *bulk, size_t index,
                               const struct hf_server *server,
                               struct hf_why *why)
{
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = index};
    sa_family_t family = server->address.ss_family;
    int room = RECEIVE_ROOM;
    int fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    enum hf_err err;

    bulk->sockets[index] = fd;
    if (fd < 0)
        return hf_fail_sys(why, errno, "open a socket");
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
    err = bind_port(fd, family, why);
    if (err != HF_OK)
        return err;
    /* A server without a route is not an error: its questions fail. */
    (void)connect(fd, (const struct sockaddr *)&server->address,
                  server->address_len);
    if (epoll_ctl(bulk->epoll, EPOLL_CTL_ADD, fd, &event) != 0)
        return hf_fail_sys(why, errno, "watch a socket");
    return HF_OK;
}

static enum hf_err open_sockets(struct hf_bulk *bulk, size_t server_count,
                                size_t per_server, struct hf_why *why)
{
    enum hf_err err = HF_OK;

    allow_sockets(bulk->socket_count);
    for (size_t i = 0; i < bulk->socket_count; i++)
        bulk->sockets[i] = -1;
    for (size_t i = 0; i < server_count * per_server && err == HF_OK; i++)
        err = open_socket(bulk, i, &bulk->servers[i / per_server], why);
    return err;
}

static void point_at_rooms(struct hf_bulk *bulk)
{
    for (size_t i = 0; i < HF_BULK_BATCH; i++) {
        bulk->in_parts[i] = (struct iovec){bulk->packets[i], PACKET_SIZE};
        bulk->in[i].msg_hdr.msg_iov = &bulk->in_parts[i];
        bulk->in[i].msg_hdr.msg_iovlen = 1;
    }
}

static enum hf_err prepare(struct hf_bulk *bulk,
                           const struct hf_bulk_options *options,
                           struct hf_why *why)
{
    struct hf_bulk_config config = options->engine;
    enum hf_err err;

    config.server_count = options->server_count;
    config.sockets_per_server = options->sockets / options->server_count;
    if (config.sockets_per_server < 4)
        config.sockets_per_server = 4;
    config.random = hf_random_fill;
    err = hf_bulk_engine_new(&config, hf_clock_ns(), &bulk->engine, why);
    if (err != HF_OK)
        return err;

    bulk->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (bulk->epoll < 0)
        return hf_fail_sys(why, errno, "create an epoll");
    bulk->servers = hf_alloc(options->server_count, sizeof(struct hf_server));
    bulk->socket_count =
        config.tcp ? 0 : options->server_count * config.sockets_per_server;
    bulk->sockets = hf_alloc(bulk->socket_count + 1, sizeof(int));
    if (bulk->servers == NULL || bulk->sockets == NULL) {
        bulk->socket_count = 0;
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    }
    memcpy(bulk->servers, options->servers,
           options->server_count * sizeof(struct hf_server));
    err = hf_bulk_calls_new(bulk->engine, bulk->servers, bulk->epoll, CALLS_TAG,
                            &bulk->calls, why);
    if (err == HF_OK && !config.tcp)
        err = open_sockets(bulk, options->server_count,
                           config.sockets_per_server, why);
    return err;
}

enum hf_err hf_bulk_new(const struct hf_bulk_options *options,
                        struct hf_bulk **out, struct hf_why *why)
{
    struct hf_bulk *bulk;
    enum hf_err err;

    if (options->server_count == 0)
        return hf_fail(why, HF_EINVAL, 0, "no name server to ask");
    bulk = hf_alloc(1, sizeof(*bulk));
    if (bulk == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    bulk->epoll = -1;
    point_at_rooms(bulk);
    err = prepare(bulk, options, why);
    if (err != HF_OK) {
        hf_bulk_free(bulk);
        return err;
    }
    *out = bulk;
    return HF_OK;
}

void hf_bulk_free(struct hf_bulk *bulk)
{
    if (bulk == NULL)
        return;
    for (size_t i = 0; i < bulk->socket_count; i++)
        if (bulk->sockets[i] >= 0)
            (void)close(bulk->sockets[i]);
    hf_bulk_calls_free(bulk->calls);
    if (bulk->epoll >= 0)
        (void)close(bulk->epoll);
    hf_free(bulk->sockets);
    hf_free(bulk->servers);
    hf_bulk_engine_free(bulk->engine);
    hf_free(bulk);
}

size_t hf_bulk_room(const struct hf_bulk *bulk)
{
    return hf_bulk_engine_room(bulk->engine);
}

void hf_bulk_add(struct hf_bulk *bulk, const struct hf_wire_name *name,
                 uint64_t ticket)
{
    hf_bulk_engine_add(bulk->engine, name, ticket);
}

struct hf_bulk_stats hf_bulk_stats(const struct hf_bulk *bulk)
{
    return hf_bulk_engine_stats(bulk->engine);
}

enum hf_err hf_bulk_watch(struct hf_bulk *bulk, int fd, struct hf_why *why)
{
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = WATCH_TAG};

    if (epoll_ctl(bulk->epoll, EPOLL_CTL_ADD, fd, &event) != 0)
        return hf_fail_sys(why, errno, "watch a descriptor");
    return HF_OK;
}

/* ---- sending ---- */

/* Order the batch by the length of its packets. */
static void sort_batch(struct hf_bulk_batch *batch)
{
    uint8_t starts[HF_WIRE_QUERY_MAX + 2] = {0};
    uint32_t slots[HF_BULK_BATCH];
    struct hf_span packets[HF_BULK_BATCH];

    for (size_t i = 0; i < batch->count; i++)
        starts[batch->packets[i].len + 1]++;
    for (size_t len = 1; len < sizeof(starts); len++)
        starts[len] = (uint8_t)(starts[len] + starts[len - 1]);
    for (size_t i = 0; i < batch->count; i++) {
        size_t to = starts[batch->packets[i].len]++;

        slots[to] = batch->slots[i];
        packets[to] = batch->packets[i];
    }
    memcpy(batch->slots, slots, batch->count * sizeof(slots[0]));
    memcpy(batch->packets, packets, batch->count * sizeof(packets[0]));
}

/* How many packets from `from` on go into one message: those of one length,
 * which the kernel cuts apart on its way (UDP_SEGMENT); it walks the network
 * stack once for all of them. */
static size_t group_size(const struct hf_bulk *bulk, size_t from)
{
    const struct hf_bulk_batch *batch = &bulk->batch;
    size_t to = from + 1;

    while (!bulk->no_segments && to < batch->count &&
           batch->packets[to].len == batch->packets[from].len)
        to++;
    return to - from;
}

static void put_segment_size(struct msghdr *message, struct segment_room *room,
                             uint16_t size)
{
    struct cmsghdr *control;

    message->msg_control = room->room;
    message->msg_controllen = sizeof(room->room);
    control = CMSG_FIRSTHDR(message);
    control->cmsg_level = SOL_UDP;
    control->cmsg_type = UDP_SEGMENT;
    control->cmsg_len = CMSG_LEN(sizeof(size));
    memcpy(CMSG_DATA(control), &size, sizeof(size));
}

/* Lay the batch out as messages; returns how many. */
static unsigned pack(struct hf_bulk *bulk)
{
    struct hf_bulk_batch *batch = &bulk->batch;
    unsigned count = 0;

    if (!bulk->no_segments)
        sort_batch(batch);
    for (size_t i = 0; i < batch->count; i++)
        /* sendmsg() does not write; iovec has no const. */
        bulk->out_parts[i] = (struct iovec){
            (void *)(uintptr_t)batch->packets[i].ptr, batch->packets[i].len};
    for (size_t from = 0; from < batch->count; count++) {
        struct msghdr *message = &bulk->out[count].msg_hdr;
        size_t size = group_size(bulk, from);

        *message = (struct msghdr){.msg_iov = &bulk->out_parts[from],
                                   .msg_iovlen = size};
        if (size > 1)
            put_segment_size(message, &bulk->out_rooms[count],
                             (uint16_t)batch->packets[from].len);
        from += size;
    }
    return count;
}

/* A kernel or a network device that cannot cut packets says one of these. */
static bool is_about_segments(int sys)
{
    return sys == EINVAL || sys == EIO || sys == EOPNOTSUPP ||
           sys == ENOPROTOOPT || sys == EMSGSIZE;
}

/* One batch. False: the kernel has no room; try again later. */
static bool send_batch(struct hf_bulk *bulk, int64_t now_ns)
{
    struct hf_bulk_batch *batch = &bulk->batch;
    size_t sent = 0;
    int n = sendmmsg(bulk->sockets[batch->socket], bulk->out, pack(bulk), 0);

    if (n < 0 && !bulk->no_segments && is_about_segments(errno)) {
        bulk->no_segments = true;
        n = sendmmsg(bulk->sockets[batch->socket], bulk->out, pack(bulk), 0);
    }
    for (int i = 0; i < n; i++)
        sent += bulk->out[i].msg_hdr.msg_iovlen;
    if (n > 0 || errno == EAGAIN || errno == ENOBUFS || errno == EINTR) {
        hf_bulk_engine_sent(bulk->engine, batch, sent, now_ns);
        return n > 0;
    }
    /* ECONNREFUSED (an earlier packet met a closed port), ENETUNREACH, EPERM
     * and the like concern this server. */
    hf_bulk_engine_refused(bulk->engine, batch, now_ns);
    return true;
}

static void send_all(struct hf_bulk *bulk, int64_t now_ns)
{
    while (hf_bulk_engine_take(bulk->engine, now_ns, &bulk->batch))
        if (!send_batch(bulk, now_ns))
            return;
}

/* ---- receiving ---- */

static void receive(struct hf_bulk *bulk, size_t socket, int64_t now_ns)
{
    struct hf_span packets[HF_BULK_BATCH];
    int n = recvmmsg(bulk->sockets[socket], bulk->in, HF_BULK_BATCH,
                     MSG_DONTWAIT, NULL);

    /* An error is one that some packet of ours met; its question will time
     * out, or the next send tells. */
    if (n <= 0)
        return;
    for (int i = 0; i < n; i++)
        packets[i] = (struct hf_span){bulk->packets[i], bulk->in[i].msg_len};
    hf_bulk_engine_packets(bulk->engine, socket, packets, (size_t)n, now_ns);
    bulk->arrived += (size_t)n;
}

static void handle(struct hf_bulk *bulk, const struct epoll_event *event,
                   int64_t now_ns)
{
    uint64_t tag = event->data.u64;

    if (tag >= WATCH_TAG)
        return;
    if (tag >= CALLS_TAG)
        hf_bulk_calls_ready(bulk->calls, (size_t)(tag - CALLS_TAG), now_ns);
    else
        receive(bulk, (size_t)tag, now_ns);
}

/* Let answers gather, when many are to come and few came last time. */
static void nap(struct hf_bulk *bulk)
{
    struct timespec pause = {0};

    if (bulk->arrived < NAP_FEW && bulk->nap_ns < NAP_MAX_NS)
        bulk->nap_ns += NAP_STEP_NS;
    if (bulk->arrived > NAP_MANY)
        bulk->nap_ns -= bulk->nap_ns / 4;
    if (hf_bulk_engine_flying(bulk->engine) < NAP_FLIGHT)
        return;
    pause.tv_nsec = (long)bulk->nap_ns;
    (void)nanosleep(&pause, NULL);
}

/* Wait for events. Kernels before 5.11 wait in milliseconds only. */
static int wait_for(struct hf_bulk *bulk, struct epoll_event *events,
                    int64_t wait_ns)
{
    struct timespec wait = {.tv_sec = wait_ns / 1000000000,
                            .tv_nsec = wait_ns % 1000000000};
    int n = -1;

    if (!bulk->coarse) {
        n = epoll_pwait2(bulk->epoll, events, EVENTS, &wait, NULL);
        bulk->coarse = n < 0 && errno == ENOSYS;
    }
    if (bulk->coarse)
        n = epoll_wait(bulk->epoll, events, EVENTS,
                       (int)((wait_ns + 999999) / 1000000));
    return n;
}

enum hf_err hf_bulk_step(struct hf_bulk *bulk, int64_t wait_ms,
                         struct hf_why *why)
{
    struct epoll_event events[EVENTS];
    int64_t now_ns = hf_clock_ns();
    int64_t wait_ns;
    int n;

    hf_bulk_engine_tick(bulk->engine, now_ns);
    send_all(bulk, now_ns);
    hf_bulk_calls_step(bulk->calls, now_ns);

    wait_ns = hf_bulk_engine_idle(bulk->engine, now_ns, wait_ms * 1000000);
    if (wait_ns > 0)
        nap(bulk);
    n = wait_for(bulk, events, wait_ns);
    if (n < 0 && errno != EINTR)
        return hf_fail_sys(why, errno, "wait for answers");

    now_ns = hf_clock_ns();
    bulk->arrived = 0;
    for (int i = 0; i < n; i++)
        handle(bulk, &events[i], now_ns);
    return hf_bulk_engine_health(bulk->engine, why);
}
