/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One loop over epoll(7), edge-triggered, and no library but OpenSSL: a parser
 * that mends what it reads would have to be checked by a second one, and costs
 * more than TLS does.
 *
 * A connection is in one state, and conn_step() goes on from there until it
 * must wait. Whatever it waits for has a deadline, which a sweep of all
 * connections enforces four times a second.
 */
#include "net/server_worker.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/queue.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "names/ip.h"
#include "net/server_crowd.h"
#include "net/server_fixed.h"
#include "net/server_msg.h"
#include "net/server_out.h"
#include "net/server_read.h"
#include "net/server_tls.h"
#include "net/server_wire.h"
#include "os/clock.h"
#include "os/role.h"
#include "os/sandbox.h"

#define FIRST_GIFT   3
#define EVENTS       256
#define ACCEPTS      64 /* of one socket in one turn */
#define STEPS        16 /* of one connection in one turn */
#define TICK_MS      250
#define TIDY_MS      1000 /* idle so long: give its room back */
#define HURRIED_MS   1000 /* the longest to be idle when room is scarce */
#define LINGER_MS    2000
#define SLOWEST_KB_S 8         /* who takes a reply slower is cut off */
#define TICKETS_MS   3600000   /* how long a key for tickets serves */
#define READ_ROOM    4096      /* to begin with */
#define OUT_SOFT     (1 << 18) /* more for the parent than this: it waits */
#define DESCRIPTORS  32        /* of our own */
#define DATE_MAX     32
#define SLOT_MASK    ((UINT64_C(1) << SLOT_BITS) - 1)
#define SLOT_BITS    16

#define IS_PARENT   UINT64_MAX
#define IS_LISTENER (UINT64_MAX - 64) /* and the index of its place */

enum conn_state {
    CONN_FREE,
    CONN_HANDSHAKE,
    CONN_IDLE,    /* not an octet of a request yet */
    CONN_READING, /* some */
    CONN_QUEUED,  /* all, but the parent has enough to do */
    CONN_ASKED,   /* the parent has it */
    CONN_WRITING, /* the reply */
    CONN_LINGERS, /* the reply is out; what the client still says is dropped,
                     or the kernel would take the reply back */
};

struct conn_list;

struct conn {
    struct hf_server_wire wire;
    enum conn_state state;
    uint32_t slot;
    uint32_t
        serial;  /* of this connection: events of the last one are not its */
    uint64_t id; /* of the request that the parent has */
    int64_t since_ms;
    int64_t until_ms; /* of this state */
    size_t place;
    uint32_t crowd; /* HF_SERVER_CROWD_NO: it does not count */
    struct hf_buf in;
    size_t seen;   /* see hf_server_read_head() */
    size_t wanted; /* octets in `in` before it is worth looking again */
    bool told_to_go_on;
    bool closes; /* after this reply */
    bool lingers;
    bool no_body;
    struct hf_server_out out;
    struct conn_list *in_list; /* the one that it is in, if any */
    TAILQ_ENTRY(conn) link;
    char peer[HF_IP_TEXT_MAX + 1];
    char fingerprint[HF_SERVER_FINGERPRINT_LEN + 1];
};

TAILQ_HEAD(conn_list, conn);

struct worker {
    int fd;
    int epoll;
    struct hf_buf client_ca; /* of the configuration */
    bool broken;             /* the parent is gone or talks nonsense */
    bool has_key;            /* the new one is in `in` */
    bool hears_room; /* told by epoll when the parent's socket has room */
    bool listening;
    bool draining;
    bool drained;
    struct hf_server_config config;
    struct hf_server_bounds bounds;
    struct hf_server_place places[HF_SERVER_PLACES_MAX];
    SSL_CTX *tls;
    BIO_METHOD *method;
    struct hf_buf in;
    struct hf_buf out;
    struct conn **conns; /* by slot; made when it is first needed */
    uint32_t *vacant;    /* slots */
    size_t vacant_count;
    uint32_t serials; /* of connections */
    uint32_t numbers; /* of requests */
    struct hf_server_crowd *crowd;
    struct conn_list again; /* that had enough steps for one turn */
    struct conn_list queue; /* CONN_QUEUED, the longest waiting first */
    struct hf_server_fixed_table *fixed;
    uint64_t counts[HF_SERVER_COUNTS];
    uint64_t told[HF_SERVER_COUNTS];
    int64_t now_ms;
    int64_t tick_at_ms;
    int64_t rotate_at_ms;
    int64_t date_s;
    char date[DATE_MAX];
};

/* ---- the state of a connection ---- */

static void list_leave(struct conn *c)
{
    if (c->in_list == NULL)
        return;
    TAILQ_REMOVE(c->in_list, c, link);
    c->in_list = NULL;
}

static void list_enter(struct conn_list *list, struct conn *c)
{
    list_leave(c);
    TAILQ_INSERT_TAIL(list, c, link);
    c->in_list = list;
}

static void enter(struct worker *w, struct conn *c, enum conn_state state,
                  int64_t may_take_ms)
{
    list_leave(c);
    c->state = state;
    c->since_ms = w->now_ms;
    c->until_ms = w->now_ms + may_take_ms;
}

static void conn_close(struct worker *w, struct conn *c)
{
    list_leave(c);
    hf_server_wire_close(&c->wire);
    if (c->crowd != HF_SERVER_CROWD_NO)
        hf_server_crowd_leave(w->crowd, c->crowd);
    hf_buf_clear(&c->in);
    hf_server_out_clear(&c->out);
    c->state = CONN_FREE;
    w->vacant[w->vacant_count++] = c->slot;
    w->counts[HF_SERVER_OPEN]--;
}

/* The client went, or is sent away. */
static void conn_leave(struct worker *w, struct conn *c)
{
    if (c->state == CONN_HANDSHAKE)
        w->counts[HF_SERVER_TLS_FAILED]++;
    if (c->state == CONN_QUEUED || c->state == CONN_ASKED ||
        c->state == CONN_WRITING)
        w->counts[HF_SERVER_LEFT]++;
    conn_close(w, c);
}

/* ---- replies ---- */

static void keep_date(struct worker *w)
{
    int64_t now_s = hf_clock_now().s;
    time_t at = now_s;
    struct tm tm;

    if (now_s == w->date_s || gmtime_r(&at, &tm) == NULL)
        return;
    w->date_s = now_s;
    /* No locale was ever set. */
    (void)strftime(w->date, sizeof(w->date), "%a, %d %b %Y %H:%M:%S GMT", &tm);
}

static void reply_with(struct worker *w, struct conn *c,
                       const struct hf_server_reply *reply,
                       struct hf_server_blob *owner)
{
    struct hf_server_manner manner = {.date = hf_span_str(w->date),
                                      .no_body = c->no_body};

    c->closes = c->closes || w->draining;
    manner.closes = c->closes;
    if (!hf_server_out_begin(&c->out, reply, &manner, owner)) {
        conn_leave(w, c);
        return;
    }
    enter(w, c, CONN_WRITING,
          w->config.request_ms +
              (int64_t)(reply->body.len >> 10) * 1000 / SLOWEST_KB_S);
}

/* A reply of our own, after which the connection ends. */
static void refuse(struct worker *w, struct conn *c, int status)
{
    static const struct {
        int status;
        enum hf_server_count count;
        struct hf_span text;
    } reasons[] = {
        {400, HF_SERVER_MALFORMED,
         HF_SPAN_INIT("the request is not HTTP/1.1 as RFC 9112 has it\n")},
        {408, HF_SERVER_SLOW,
         HF_SPAN_INIT("the request did not end in time\n")},
        {411, HF_SERVER_NO_LENGTH,
         HF_SPAN_INIT("a body must have a Content-Length\n")},
        {413, HF_SERVER_LONG_BODY, HF_SPAN_INIT("the body is too large\n")},
        {417, HF_SERVER_EXPECTATION,
         HF_SPAN_INIT("nothing but 100-continue can be expected\n")},
        {431, HF_SERVER_LONG_HEADER, HF_SPAN_INIT("the header is too large\n")},
        {503, HF_SERVER_LATE, HF_SPAN_INIT("try again later\n")},
        {505, HF_SERVER_UNKNOWN_VERSION,
         HF_SPAN_INIT("HTTP/1.1 is spoken here\n")},
    };
    struct hf_server_reply reply = {.status = status,
                                    .content_type = HF_SPAN("text/plain")};
    char seconds[16];

    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
        if (reasons[i].status == status) {
            reply.body = reasons[i].text;
            w->counts[reasons[i].count]++;
        }
    if (status == 503) {
        (void)snprintf(seconds, sizeof(seconds), "%u", w->config.retry_after_s);
        reply.fields[reply.field_count++] = (struct hf_server_field){
            HF_SPAN("Retry-After"), hf_span_str(seconds)};
    }
    c->closes = true;
    c->lingers = true;
    reply_with(w, c, &reply, NULL);
}

/* ---- requests ---- */

static bool parent_has_room(const struct worker *w)
{
    return w->counts[HF_SERVER_UNANSWERED] < w->config.window &&
           w->out.len < OUT_SOFT;
}

/* The request is used up; what came behind it is the next one's. */
static void consume(struct conn *c, size_t len)
{
    struct hf_span rest = hf_buf_span(&c->in);

    (void)hf_span_cut(&rest, len);
    hf_role_consume(&c->in, rest);
    c->seen = 0;
    c->wanted = 0;
    c->told_to_go_on = false;
}

static void hand_over(struct worker *w, struct conn *c,
                      const struct hf_server_head *head)
{
    struct hf_server_request request = head->request;
    size_t from = w->out.len;

    c->id = (uint64_t)w->numbers++ << SLOT_BITS | c->slot;
    request.id = c->id;
    request.place = c->place;
    request.peer = hf_span_str(c->peer);
    request.client_fingerprint = hf_span_str(c->fingerprint);
    request.body = (struct hf_span){c->in.ptr + head->len, head->body_len};
    hf_server_put_request(&w->out, &request);
    consume(c, head->len + head->body_len);
    if (w->out.full) {
        w->out.full = false;
        w->out.len = from;
        refuse(w, c, 503);
        return;
    }
    w->counts[HF_SERVER_REQUESTS]++;
    w->counts[HF_SERVER_UNANSWERED]++;
    list_leave(c);
    c->state = CONN_ASKED; /* the deadline is that of the queue */
}

/* A whole request is there: answer it, or see to it that somebody does. */
static void accept_request(struct worker *w, struct conn *c,
                           const struct hf_server_head *head)
{
    const struct hf_server_fixed *fixed = NULL;

    c->closes = head->closes;
    c->no_body = head->request.method == HF_SERVER_HEAD;
    if (head->request.method == HF_SERVER_GET || c->no_body)
        fixed = hf_server_fixed_find(w->fixed, head->request.target);
    if (fixed != NULL) {
        w->counts[HF_SERVER_FIXED]++;
        consume(c, head->len + head->body_len);
        reply_with(w, c, &fixed->reply, fixed->blob);
        return;
    }
    enter(w, c, CONN_QUEUED, w->config.answer_ms);
    if (TAILQ_EMPTY(&w->queue) && parent_has_room(w))
        hand_over(w, c, head);
    else
        list_enter(&w->queue, c);
}

/* The client waits for a word before it sends its body. */
static bool tell_to_go_on(struct conn *c)
{
    static const struct hf_span word =
        HF_SPAN_INIT("HTTP/1.1 100 Continue\r\n\r\n");
    size_t sent = 0;

    c->told_to_go_on = true;
    return hf_server_wire_write(&c->wire, word, &sent) ==
               HF_SERVER_WIRE_MOVED &&
           sent == word.len;
}

/* Look at what is there. True when that changed the state. */
static bool look_at_request(struct worker *w, struct conn *c)
{
    struct hf_server_head head;
    int status;

    if (c->in.len == 0 || c->in.len < c->wanted)
        return false;
    status =
        hf_server_read_head(hf_buf_span(&c->in), &c->seen, &w->bounds, &head);
    if (status != 0) {
        c->no_body = false;
        refuse(w, c, status);
        return true;
    }
    c->wanted = c->in.len + 1;
    if (head.len == 0)
        return false;
    if (c->in.len >= head.len + head.body_len) {
        accept_request(w, c, &head);
        return true;
    }
    c->wanted = head.len + head.body_len;
    if (head.expects && !c->told_to_go_on && !tell_to_go_on(c)) {
        conn_leave(w, c);
        return true;
    }
    return false;
}

/* ---- steps ---- */

/* Each is true when there is more to do at once. */
static bool step_handshake(struct worker *w, struct conn *c)
{
    enum hf_server_wire_state state = hf_server_wire_handshake(&c->wire);

    if (state == HF_SERVER_WIRE_BLOCKED)
        return false;
    if (state != HF_SERVER_WIRE_MOVED) {
        conn_leave(w, c);
        return false;
    }
    w->counts[HF_SERVER_HANDSHAKES]++;
    if (SSL_session_reused(c->wire.ssl) == 1)
        w->counts[HF_SERVER_RESUMED]++;
    hf_server_tls_fingerprint(c->wire.ssl, c->fingerprint);
    enter(w, c, CONN_IDLE, w->config.idle_ms);
    return true;
}

static bool make_room(struct worker *w, struct conn *c)
{
    if (c->in.limit == 0)
        hf_buf_init_grow(&c->in,
                         w->bounds.header_max + w->bounds.body_max + READ_ROOM);
    if (c->in.len < c->in.cap)
        return true;
    return hf_buf_reserve(&c->in, c->in.cap == 0 ? READ_ROOM : 1) != NULL;
}

static bool step_read(struct worker *w, struct conn *c)
{
    enum hf_server_wire_state state = HF_SERVER_WIRE_BROKEN;
    size_t got = 0;

    if (look_at_request(w, c))
        return c->state != CONN_FREE;
    if (make_room(w, c))
        state = hf_server_wire_read(&c->wire, c->in.ptr + c->in.len,
                                    c->in.cap - c->in.len, &got);
    if (state == HF_SERVER_WIRE_BLOCKED)
        return false;
    if (state != HF_SERVER_WIRE_MOVED) {
        conn_leave(w, c);
        return false;
    }
    c->in.len += got;
    if (c->state == CONN_IDLE)
        enter(w, c, CONN_READING, w->config.request_ms);
    return true;
}

/* The next one may have come with the one before. */
static void await_request(struct worker *w, struct conn *c)
{
    if (c->in.len > 0)
        enter(w, c, CONN_READING, w->config.request_ms);
    else
        enter(w, c, CONN_IDLE, w->config.idle_ms);
}

static void end_politely(struct worker *w, struct conn *c)
{
    hf_server_wire_finish(&c->wire);
    if (c->lingers)
        enter(w, c, CONN_LINGERS, LINGER_MS);
    else
        conn_close(w, c);
}

static bool step_write(struct worker *w, struct conn *c)
{
    struct hf_span text = hf_server_out_next(&c->out);
    enum hf_server_wire_state state;
    size_t sent = 0;

    if (text.len == 0) {
        hf_server_out_reset(&c->out);
        if (c->closes)
            end_politely(w, c);
        else
            await_request(w, c);
        return c->state != CONN_FREE;
    }
    state = hf_server_wire_write(&c->wire, text, &sent);
    if (state == HF_SERVER_WIRE_BLOCKED)
        return false;
    if (state != HF_SERVER_WIRE_MOVED) {
        conn_leave(w, c);
        return false;
    }
    hf_server_out_sent(&c->out, sent);
    return true;
}

static bool step_linger(struct worker *w, struct conn *c)
{
    enum hf_server_wire_state state = hf_server_wire_skip(&c->wire);

    if (state == HF_SERVER_WIRE_ENDED || state == HF_SERVER_WIRE_BROKEN)
        conn_close(w, c);
    return state == HF_SERVER_WIRE_MOVED;
}

static bool conn_step(struct worker *w, struct conn *c)
{
    switch (c->state) {
    case CONN_HANDSHAKE:
        return step_handshake(w, c);
    case CONN_IDLE:
    case CONN_READING:
        return step_read(w, c);
    case CONN_WRITING:
        return step_write(w, c);
    case CONN_LINGERS:
        return step_linger(w, c);
    case CONN_FREE:
    case CONN_QUEUED:
    case CONN_ASKED:
        break;
    }
    return false;
}

/* As far as it goes, but for a time that is fair to the others. */
static void conn_run(struct worker *w, struct conn *c)
{
    int steps = 0;

    while (conn_step(w, c))
        if (++steps == STEPS) {
            list_enter(&w->again, c);
            return;
        }
}

/* The parent can take more: those that waited for that. */
static void hand_over_queue(struct worker *w)
{
    struct conn *c = TAILQ_FIRST(&w->queue);

    while (c != NULL && parent_has_room(w)) {
        struct hf_server_head head;
        size_t seen = c->seen;

        /* It was good before, and is the same. */
        (void)hf_server_read_head(hf_buf_span(&c->in), &seen, &w->bounds,
                                  &head);
        hand_over(w, c, &head);
        conn_run(w, c); /* for one that had no room after all */
        c = TAILQ_FIRST(&w->queue);
    }
}

/* ---- connections ---- */

static void watch(const struct worker *w, int what, int fd, uint32_t events,
                  uint64_t who)
{
    struct epoll_event event = {.events = events, .data.u64 = who};

    (void)epoll_ctl(w->epoll, what, fd, &event);
}

static void watch_listeners(struct worker *w, int what)
{
    for (size_t i = 0; i < w->config.place_count; i++)
        watch(w, what, FIRST_GIFT + (int)i, EPOLLIN, IS_LISTENER + i);
    w->listening = what == EPOLL_CTL_ADD;
}

/* When there is room again. */
static void listen_again(struct worker *w)
{
    if (!w->listening && !w->draining && w->vacant_count > 0)
        watch_listeners(w, EPOLL_CTL_ADD);
}

/* The connection of a vacant slot; NULL when there is no memory. */
static struct conn *conn_vacant(struct worker *w)
{
    uint32_t slot = w->vacant[w->vacant_count - 1];

    if (w->conns[slot] == NULL)
        w->conns[slot] = hf_alloc(1, sizeof(struct conn));
    if (w->conns[slot] == NULL)
        return NULL;
    *w->conns[slot] =
        (struct conn){.slot = slot, .serial = w->serials++, .wire.fd = -1};
    return w->conns[slot];
}

/* The octets of an address; none of a Unix socket's. */
static size_t octets_of(const struct sockaddr_storage *address, uint8_t *out)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    const void *any = address;

    if (address->ss_family == AF_INET) {
        memcpy(out, &((const struct sockaddr_in *)any)->sin_addr, 4);
        return 4;
    }
    if (address->ss_family != AF_INET6)
        return 0;
    memcpy(out, &((const struct sockaddr_in6 *)any)->sin6_addr, 16);
    if (memcmp(out, mapped, sizeof(mapped)) != 0)
        return 16;
    memmove(out, out + 12, 4);
    return 4;
}

/* Note who it is; false when there are too many of them. */
static bool admit(struct worker *w, struct conn *c,
                  const struct sockaddr_storage *address)
{
    uint8_t octets[16];
    size_t len = octets_of(address, octets);
    struct hf_buf text;

    c->crowd = HF_SERVER_CROWD_NO;
    if (len == 0)
        return true;
    c->crowd = hf_server_crowd_enter(w->crowd, octets, len);
    if (c->crowd == HF_SERVER_CROWD_NO)
        return false;
    hf_buf_init(&text, c->peer, sizeof(c->peer) - 1);
    hf_ip_put(&text, octets, len);
    return true;
}

static void conn_open(struct worker *w, size_t place, int fd,
                      const struct sockaddr_storage *address)
{
    struct conn *c = conn_vacant(w);
    SSL_CTX *tls = w->places[place].plain ? NULL : w->tls;

    w->counts[HF_SERVER_CONNECTED]++;
    if (c == NULL) {
        (void)close(fd);
        return;
    }
    c->place = place;
    if (!admit(w, c, address)) {
        w->counts[HF_SERVER_CROWDED]++;
        (void)close(fd);
        return;
    }
    if (hf_server_wire_open(&c->wire, fd, tls, w->method) != HF_OK) {
        if (c->crowd != HF_SERVER_CROWD_NO)
            hf_server_crowd_leave(w->crowd, c->crowd);
        (void)close(fd);
        return;
    }
    w->vacant_count--;
    w->counts[HF_SERVER_OPEN]++;
    if (tls != NULL)
        enter(w, c, CONN_HANDSHAKE, w->config.handshake_ms);
    else
        enter(w, c, CONN_IDLE, w->config.idle_ms);
    watch(w, EPOLL_CTL_ADD, fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
          (uint64_t)c->serial << SLOT_BITS | c->slot);
}

static void on_listener(struct worker *w, size_t place)
{
    bool short_of = false;

    for (int i = 0; i < ACCEPTS && w->vacant_count > 0 && !short_of; i++) {
        struct sockaddr_storage address = {0};
        socklen_t len = sizeof(address);
        int fd = accept4(FIRST_GIFT + (int)place, (struct sockaddr *)&address,
                         &len, SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (fd >= 0) {
            conn_open(w, place, fd, &address);
            continue;
        }
        if (errno == EAGAIN)
            return;
        short_of = errno == EMFILE || errno == ENFILE || errno == ENOMEM ||
                   errno == ENOBUFS;
    }
    if (short_of || w->vacant_count == 0)
        watch_listeners(w, EPOLL_CTL_DEL); /* until a tick finds room */
}

static void on_conn(struct worker *w, uint64_t who, uint32_t events)
{
    struct conn *c = w->conns[who & SLOT_MASK];

    if (c->state == CONN_FREE || c->serial != who >> SLOT_BITS)
        return; /* closed since, in this very turn */
    hf_server_wire_note(&c->wire, events);
    if ((events & (EPOLLHUP | EPOLLERR)) != 0 &&
        (c->state == CONN_QUEUED || c->state == CONN_ASKED))
        conn_leave(w, c);
    else
        conn_run(w, c);
}

/* ---- time ---- */

static void expire(struct worker *w, struct conn *c)
{
    switch (c->state) {
    case CONN_IDLE:
        c->lingers = false;
        end_politely(w, c);
        return;
    case CONN_READING:
        c->no_body = false;
        refuse(w, c, 408);
        break;
    case CONN_QUEUED:
    case CONN_ASKED:
        refuse(w, c, 503);
        break;
    case CONN_FREE:
    case CONN_HANDSHAKE:
    case CONN_WRITING:
    case CONN_LINGERS:
        conn_leave(w, c);
        return;
    }
    conn_run(w, c);
}

static void sweep(struct worker *w)
{
    bool hurried = w->draining || w->vacant_count < w->config.connections / 10;

    for (size_t i = 0; i < w->config.connections; i++) {
        struct conn *c = w->conns[i];

        if (c == NULL || c->state == CONN_FREE)
            continue;
        if (w->now_ms >= c->until_ms ||
            (hurried && c->state == CONN_IDLE &&
             w->now_ms >= c->since_ms + HURRIED_MS)) {
            expire(w, c);
        } else if (c->state == CONN_IDLE && c->in.cap > 0 &&
                   w->now_ms >= c->since_ms + TIDY_MS) {
            hf_buf_clear(&c->in);
            hf_server_out_clear(&c->out);
        }
    }
}

static void on_tick(struct worker *w)
{
    w->tick_at_ms = w->now_ms + TICK_MS;
    sweep(w);
    listen_again(w);
    if (w->tls != NULL && w->now_ms >= w->rotate_at_ms) {
        hf_server_tls_rotate(w->tls);
        w->rotate_at_ms = w->now_ms + TICKETS_MS;
    }
    if (memcmp(w->counts, w->told, sizeof(w->told)) != 0) {
        memcpy(w->told, w->counts, sizeof(w->told));
        hf_server_put_counters(&w->out, w->counts);
    }
}

/* ---- the parent ---- */

static bool on_answer(struct worker *w, struct hf_span body)
{
    struct hf_server_reply reply;
    struct conn *c;
    uint64_t id, slot;

    if (!hf_server_take_answer(body, &id, &reply) ||
        w->counts[HF_SERVER_UNANSWERED] == 0)
        return false;
    w->counts[HF_SERVER_UNANSWERED]--;
    slot = id & SLOT_MASK;
    c = slot < w->config.connections ? w->conns[slot] : NULL;
    if (c == NULL || c->state != CONN_ASKED || c->id != id)
        return true; /* the client left, or had its 503 */
    reply_with(w, c, &reply, NULL);
    conn_run(w, c);
    return true;
}

/* What a frame with the key in it left behind. */
static void wipe_behind(struct hf_buf *in)
{
    explicit_bzero(in->ptr + in->len, in->cap - in->len);
}

static bool on_reload(struct worker *w, struct hf_span body)
{
    struct hf_server_config config = w->config;
    SSL_CTX *tls;

    if (!hf_server_take_reload(body, &config.certificate, &config.key))
        return false;
    tls = hf_server_tls_new(&config);
    if (tls == NULL)
        return false;
    w->has_key = true;
    SSL_CTX_free(w->tls); /* connections have references of their own */
    w->tls = tls;
    w->rotate_at_ms = w->now_ms + TICKETS_MS;
    return true;
}

static bool on_drain(struct worker *w)
{
    /* Whoever was in the kernel's queue is in. */
    for (size_t i = 0; i < w->config.place_count && w->listening; i++)
        on_listener(w, i);
    if (w->listening)
        watch_listeners(w, EPOLL_CTL_DEL);
    for (size_t i = 0; i < w->config.place_count && !w->draining; i++)
        (void)close(FIRST_GIFT + (int)i);
    w->draining = true;
    sweep(w);
    return true;
}

static bool on_frame(struct worker *w, const struct hf_frame *frame)
{
    enum hf_err err;

    switch (frame->kind) {
    case HF_SERVER_ANSWER:
        return on_answer(w, frame->body);
    case HF_SERVER_FIX:
        err = hf_server_fixed_obey(w->fixed, frame->body, NULL);
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
    struct hf_span rest = hf_buf_span(&w->out);
    ssize_t n = 0;

    if (rest.len > 0)
        n = send(w->fd, rest.ptr, rest.len, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (w->out.full || (n < 0 && errno != EAGAIN && errno != EINTR)) {
        w->broken = true;
        return;
    }
    if (n > 0)
        (void)hf_span_cut(&rest, (size_t)n);
    hf_role_consume(&w->out, rest);
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
        on_conn(w, who, event->events);
    }
}

static int wait_ms(const struct worker *w)
{
    int64_t left_ms = w->tick_at_ms - w->now_ms;

    if (!TAILQ_EMPTY(&w->again) || left_ms <= 0)
        return 0;
    return (int)left_ms;
}

/* Those that had enough steps in the turn before, and only those. */
static void run_again(struct worker *w)
{
    struct conn_list list = TAILQ_HEAD_INITIALIZER(list);
    struct conn *c;

    TAILQ_CONCAT(&list, &w->again, link);
    TAILQ_FOREACH(c, &list, link)
    {
        c->in_list = &list;
    }
    for (c = TAILQ_FIRST(&list); c != NULL; c = TAILQ_FIRST(&list)) {
        list_leave(c);
        conn_run(w, c);
    }
}

static void turn(struct worker *w)
{
    struct epoll_event events[EVENTS];
    int count = epoll_wait(w->epoll, events, EVENTS, wait_ms(w));

    if (count < 0 && errno != EINTR)
        w->broken = true;
    w->now_ms = hf_clock_ms();
    keep_date(w);
    for (int i = 0; i < count && !w->broken; i++)
        on_event(w, &events[i]);
    run_again(w);
    hand_over_queue(w);
    if (w->now_ms >= w->tick_at_ms)
        on_tick(w);
    if (w->draining && !w->drained && w->counts[HF_SERVER_OPEN] == 0) {
        w->drained = true;
        hf_server_put_word(&w->out, HF_SERVER_DRAINED);
    }
    if (!w->broken)
        tell_parent(w);
}

/* ---- start and end ---- */

/* Descriptors for all connections, or fewer connections. */
static bool raise_limit(struct worker *w)
{
    struct rlimit limit;
    rlim_t wanted = w->config.connections + DESCRIPTORS;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return false;
    if (limit.rlim_max != RLIM_INFINITY && limit.rlim_max < wanted)
        wanted = limit.rlim_max;
    if (wanted <= DESCRIPTORS)
        return false;
    limit = (struct rlimit){wanted, wanted};
    w->config.connections = wanted - DESCRIPTORS;
    return setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

static bool make_room_for_all(struct worker *w)
{
    size_t count = w->config.connections;

    w->conns = hf_alloc(count, sizeof(w->conns[0]));
    w->vacant = hf_alloc(count, sizeof(w->vacant[0]));
    w->fixed = hf_alloc(1, sizeof(*w->fixed));
    w->method = hf_server_wire_method_new();
    if (w->conns == NULL || w->vacant == NULL || w->fixed == NULL ||
        w->method == NULL ||
        hf_server_crowd_new(count, w->config.per_address, &w->crowd, NULL) !=
            HF_OK)
        return false;
    while (w->vacant_count < count) {
        w->vacant[w->vacant_count] = (uint32_t)(count - 1 - w->vacant_count);
        w->vacant_count++;
    }
    return true;
}

static bool needs_tls(const struct worker *w)
{
    for (size_t i = 0; i < w->config.place_count; i++)
        if (!w->places[i].plain)
            return true;
    return false;
}

static enum hf_server_start start(struct worker *w, struct hf_span body)
{
    if (!hf_server_take_config(body, w->places, &w->config))
        return HF_SERVER_BROKEN;
    hf_buf_init_grow(&w->client_ca, HF_SERVER_PEM_MAX);
    hf_buf_put(&w->client_ca, w->config.client_ca);
    w->config.client_ca = hf_buf_span(&w->client_ca);
    keep_date(w); /* the C library looks for time zones once */
    w->bounds =
        (struct hf_server_bounds){w->config.header_max, w->config.body_max};
    w->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (w->epoll < 0 || !raise_limit(w))
        return HF_SERVER_SYSTEM;
    if (w->client_ca.full || !make_room_for_all(w))
        return HF_SERVER_MEMORY;
    if (needs_tls(w)) {
        w->tls = hf_server_tls_new(&w->config);
        if (w->tls == NULL)
            return HF_SERVER_NO_TLS;
    }
    if (!w->config.no_wall &&
        hf_sandbox_enter(HF_SANDBOX_ACCEPT, NULL) != HF_OK)
        return HF_SERVER_WALL;
    return HF_SERVER_STARTED;
}

static void conns_clear(struct worker *w)
{
    for (size_t i = 0; w->conns != NULL && i < w->config.connections; i++) {
        if (w->conns[i] != NULL && w->conns[i]->state != CONN_FREE)
            conn_close(w, w->conns[i]);
        hf_free(w->conns[i]);
    }
    hf_free(w->conns);
}

static void worker_free(struct worker *w)
{
    conns_clear(w);
    hf_free(w->vacant);
    hf_server_crowd_free(w->crowd);
    if (w->fixed != NULL)
        hf_server_fixed_clear(w->fixed);
    hf_free(w->fixed);
    BIO_meth_free(w->method);
    SSL_CTX_free(w->tls);
    if (w->epoll >= 0)
        (void)close(w->epoll);
    hf_buf_clear_wiped(&w->in);
    hf_buf_clear(&w->out);
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
    *w = (struct worker){.fd = fd, .epoll = -1};
    TAILQ_INIT(&w->again);
    TAILQ_INIT(&w->queue);
    hf_role_ignore_signals();
    ignore_end();
    hf_buf_init_grow(&w->in, HF_FRAME_HEAD + HF_SERVER_ANSWER_MAX);
    hf_buf_init_grow(
        &w->out, OUT_SOFT + 2 * HF_SERVER_REQUEST_MAX(HF_SERVER_BODY_LIMIT));
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
