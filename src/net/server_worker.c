/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One loop over epoll(7), edge-triggered for connections, and no library but
 * OpenSSL: a parser that mends what it reads, as evhttp's does, would have to
 * be checked by a second one, and costs more than TLS does.
 */
#include "net/server_worker.h"

#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/alloc.h"
#include "net/server_hall.h"
#include "net/server_msg.h"
#include "net/server_tls.h"
#include "os/clock.h"
#include "os/sandbox.h"

#define FIRST_GIFT  3
#define EVENTS      256
#define ACCEPTS     64 /* of one socket in one turn */
#define TICK_MS     250
#define TICKETS_MS  3600000 /* how long a key for tickets serves */
#define DESCRIPTORS 32      /* of our own */

#define IS_PARENT   UINT64_MAX
#define IS_LISTENER HF_SERVER_HALL_EVENTS /* and the index of its place */

struct worker {
    int fd;
    bool broken;     /* the parent is gone or talks nonsense */
    bool has_key;    /* a new one is in `in` */
    bool hears_room; /* told by epoll when the parent's socket has room */
    bool listening;
    bool drained;
    struct hf_buf in;
    struct hf_buf client_ca; /* of the configuration */
    struct hf_server_hall hall;
    uint64_t told[HF_SERVER_COUNTS];
    int64_t tick_at_ms;
    int64_t rotate_at_ms;
};

/* ---- listeners ---- */

static void watch(const struct worker *w, int what, int fd, uint32_t events,
                  uint64_t who)
{
    struct epoll_event event = {.events = events, .data.u64 = who};

    (void)epoll_ctl(w->hall.epoll, what, fd, &event);
}

static void watch_listeners(struct worker *w, int what)
{
    for (size_t i = 0; i < w->hall.config.place_count; i++)
        watch(w, what, FIRST_GIFT + (int)i, EPOLLIN, IS_LISTENER + i);
    w->listening = what == EPOLL_CTL_ADD;
}

/* When there is room again. */
static void listen_again(struct worker *w)
{
    if (!w->listening && !w->hall.is_closing && w->hall.vacant_count > 0)
        watch_listeners(w, EPOLL_CTL_ADD);
}

static void on_listener(struct worker *w, size_t place)
{
    bool short_of = false;

    for (int i = 0; i < ACCEPTS && w->hall.vacant_count > 0 && !short_of; i++) {
        struct sockaddr_storage address = {0};
        socklen_t len = sizeof(address);
        int fd = accept4(FIRST_GIFT + (int)place, (struct sockaddr *)&address,
                         &len, SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (fd >= 0) {
            hf_server_hall_enter(&w->hall, place, fd, &address);
            continue;
        }
        if (errno == EAGAIN)
            return;
        short_of = errno == EMFILE || errno == ENFILE || errno == ENOMEM ||
                   errno == ENOBUFS;
    }
    if (short_of || w->hall.vacant_count == 0)
        watch_listeners(w, EPOLL_CTL_DEL); /* until a tick finds room */
}

/* ---- time ---- */

static void on_tick(struct worker *w)
{
    w->tick_at_ms = w->hall.now_ms + TICK_MS;
    hf_server_hall_sweep(&w->hall);
    listen_again(w);
    if (w->hall.tls != NULL && w->hall.now_ms >= w->rotate_at_ms) {
        hf_server_tls_rotate(w->hall.tls);
        w->rotate_at_ms = w->hall.now_ms + TICKETS_MS;
    }
    if (memcmp(w->hall.counts, w->told, sizeof(w->told)) != 0) {
        memcpy(w->told, w->hall.counts, sizeof(w->told));
        hf_server_put_counters(&w->hall.out, w->hall.counts);
    }
}

/* ---- the parent ---- */

static bool on_answer(struct worker *w, struct hf_span body)
{
    struct hf_server_reply reply;
    uint64_t id;

    return hf_server_take_answer(body, &id, &reply) &&
           hf_server_hall_answer(&w->hall, id, &reply);
}

/* What a frame with the key in it left behind. */
static void wipe_behind(struct hf_buf *in)
{
    explicit_bzero(in->ptr + in->len, in->cap - in->len);
}

static bool on_reload(struct worker *w, struct hf_span body)
{
    struct hf_server_config config = w->hall.config;
    SSL_CTX *tls;

    if (!hf_server_take_reload(body, &config.certificate, &config.key))
        return false;
    tls = hf_server_tls_new(&config);
    if (tls == NULL)
        return false;
    w->has_key = true;
    SSL_CTX_free(w->hall.tls); /* connections have references of their own */
    w->hall.tls = tls;
    w->rotate_at_ms = w->hall.now_ms + TICKETS_MS;
    return true;
}

static bool on_drain(struct worker *w)
{
    /* Whoever was in the kernel's queue is in. */
    for (size_t i = 0; i < w->hall.config.place_count && w->listening; i++)
        on_listener(w, i);
    if (w->listening)
        watch_listeners(w, EPOLL_CTL_DEL);
    for (size_t i = 0; i < w->hall.config.place_count && !w->hall.is_closing;
         i++)
        (void)close(FIRST_GIFT + (int)i);
    w->hall.is_closing = true;
    hf_server_hall_sweep(&w->hall);
    return true;
}

static bool on_frame(struct worker *w, const struct hf_frame *frame)
{
    enum hf_err err;

    switch (frame->kind) {
    case HF_SERVER_ANSWER:
        return on_answer(w, frame->body);
    case HF_SERVER_FIX:
        err = hf_server_fixed_obey(w->hall.fixed, frame->body, NULL);
        return err == HF_OK;
    case HF_SERVER_RELOAD:
        return on_reload(w, frame->body);
    case HF_SERVER_DRAIN:
        return on_drain(w);
    default:
        return false;
    }
}

static void on_parent(struct worker *w)
{
    struct hf_span rest;
    bool more = true;

    if ((w->in.len == w->in.cap && hf_buf_reserve(&w->in, 1) == NULL) ||
        !hf_role_receive(w->fd, &w->in, MSG_DONTWAIT)) {
        w->broken = true;
        return;
    }
    rest = hf_buf_span(&w->in);
    while (more && !w->broken) {
        struct hf_frame frame;

        w->broken = hf_frame_cut(&rest, HF_SERVER_ANSWER_MAX, &frame, &more,
                                 NULL) != HF_OK ||
                    (more && !on_frame(w, &frame));
    }
    hf_role_consume(&w->in, rest);
    if (w->has_key)
        wipe_behind(&w->in);
    w->has_key = false;
}

/* What there is to say, as far as the parent's socket takes it. */
static void tell_parent(struct worker *w)
{
    struct hf_span rest = hf_buf_span(&w->hall.out);
    ssize_t n = 0;

    if (rest.len > 0)
        n = send(w->fd, rest.ptr, rest.len, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (w->hall.out.full || (n < 0 && errno != EAGAIN && errno != EINTR)) {
        w->broken = true;
        return;
    }
    if (n > 0)
        (void)hf_span_cut(&rest, (size_t)n);
    hf_role_consume(&w->hall.out, rest);
    if (w->hears_room == (rest.len > 0))
        return;
    w->hears_room = rest.len > 0;
    watch(w, EPOLL_CTL_MOD, w->fd, EPOLLIN | (w->hears_room ? EPOLLOUT : 0),
          IS_PARENT);
}

/* ---- the loop ---- */

static void on_event(struct worker *w, const struct epoll_event *event)
{
    uint64_t who = event->data.u64;

    if (who == IS_PARENT) {
        if ((event->events & ~(uint32_t)EPOLLOUT) != 0)
            on_parent(w);
    } else if (who >= IS_LISTENER) {
        if (w->listening)
            on_listener(w, (size_t)(who - IS_LISTENER));
    } else {
        hf_server_hall_event(&w->hall, who, event->events);
    }
}

static int wait_ms(const struct worker *w)
{
    int64_t left_ms = w->tick_at_ms - w->hall.now_ms;

    if (left_ms <= 0 || hf_server_hall_is_busy(&w->hall))
        return 0;
    return (int)left_ms;
}

static void turn(struct worker *w)
{
    struct epoll_event events[EVENTS];
    int count = epoll_wait(w->hall.epoll, events, EVENTS, wait_ms(w));

    if (count < 0 && errno != EINTR)
        w->broken = true;
    w->hall.now_ms = hf_clock_ms();
    hf_server_hall_keep_date(&w->hall);
    for (int i = 0; i < count && !w->broken; i++)
        on_event(w, &events[i]);
    hf_server_hall_turn(&w->hall);
    if (w->hall.now_ms >= w->tick_at_ms)
        on_tick(w);
    if (w->hall.is_closing && !w->drained &&
        w->hall.counts[HF_SERVER_OPEN] == 0) {
        w->drained = true;
        hf_server_put_word(&w->hall.out, HF_SERVER_DRAINED);
    }
    if (!w->broken)
        tell_parent(w);
}

/* ---- start and end ---- */

/* Descriptors for all connections, or fewer connections. */
static bool raise_limit(struct worker *w)
{
    struct rlimit limit;
    rlim_t wanted = w->hall.config.connections + DESCRIPTORS;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return false;
    if (limit.rlim_max != RLIM_INFINITY && limit.rlim_max < wanted)
        wanted = limit.rlim_max;
    if (wanted <= DESCRIPTORS)
        return false;
    limit = (struct rlimit){wanted, wanted};
    w->hall.config.connections = wanted - DESCRIPTORS;
    return setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

static bool needs_tls(const struct worker *w)
{
    for (size_t i = 0; i < w->hall.config.place_count; i++)
        if (!w->hall.places[i].plain)
            return true;
    return false;
}

static enum hf_server_start start(struct worker *w, struct hf_span body)
{
    if (!hf_server_take_config(body, w->hall.places, &w->hall.config))
        return HF_SERVER_BROKEN;
    hf_buf_init_grow(&w->client_ca, HF_SERVER_PEM_MAX);
    hf_buf_put(&w->client_ca, w->hall.config.client_ca);
    w->hall.config.client_ca = hf_buf_span(&w->client_ca);
    hf_server_hall_keep_date(
        &w->hall); /* the C library looks for time zones once */
    w->hall.epoll = epoll_create1(EPOLL_CLOEXEC);
    if (w->hall.epoll < 0 || !raise_limit(w))
        return HF_SERVER_SYSTEM;
    if (w->client_ca.full || !hf_server_hall_init(&w->hall))
        return HF_SERVER_MEMORY;
    if (needs_tls(w)) {
        w->hall.tls = hf_server_tls_new(&w->hall.config);
        if (w->hall.tls == NULL)
            return HF_SERVER_NO_TLS;
    }
    if (!w->hall.config.no_wall &&
        hf_sandbox_enter(HF_SANDBOX_ACCEPT, NULL) != HF_OK)
        return HF_SERVER_WALL;
    return HF_SERVER_STARTED;
}

static void worker_free(struct worker *w)
{
    hf_server_hall_clear(&w->hall);
    SSL_CTX_free(w->hall.tls);
    if (w->hall.epoll >= 0)
        (void)close(w->hall.epoll);
    hf_buf_clear_wiped(&w->in);
    hf_buf_clear(&w->client_ca);
    hf_free(w);
}

/* Whoever ends a service tells all of its processes; the parent decides how
 * this one ends. */
static void ignore_end(void)
{
    const struct sigaction ignore = {.sa_handler = SIG_IGN};

    (void)sigaction(SIGTERM, &ignore, NULL);
}

bool hf_server_worker_run(int fd)
{
    struct worker *w = hf_alloc(1, sizeof(*w));
    struct hf_frame frame;

    if (w == NULL)
        return false;
    *w = (struct worker){.fd = fd, .hall = {.epoll = -1}};
    hf_role_ignore_signals();
    ignore_end();
    hf_buf_init_grow(&w->in, HF_FRAME_HEAD + HF_SERVER_ANSWER_MAX);
    if (hf_buf_reserve(&w->in, HF_SERVER_CONFIG_MAX) != NULL &&
        hf_role_next(fd, &w->in, HF_SERVER_CONFIG_MAX, &frame) &&
        frame.kind == HF_FRAME_CONFIG &&
        hf_role_greet(fd, start(w, frame.body))) {
        hf_frame_drop(&w->in, &frame);
        wipe_behind(&w->in);
        watch(w, EPOLL_CTL_ADD, fd, EPOLLIN, IS_PARENT);
        watch_listeners(w, EPOLL_CTL_ADD);
        while (!w->broken)
            turn(w);
    }
    worker_free(w);
    return true;
}
