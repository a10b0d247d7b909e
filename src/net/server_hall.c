/* SPDX-License-Identifier: Apache-2.0 */
#include "net/server_hall.h"

#include <netinet/in.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "names/ip.h"
#include "net/server_msg.h"
#include "net/server_out.h"
#include "net/server_tls.h"
#include "os/clock.h"

#define STEPS        16   /* of one connection in one turn */
#define TIDY_MS      1000 /* idle so long: give its room back */
#define HURRIED_MS   1000 /* the longest to be idle when room is scarce */
#define LINGER_MS    2000
#define SLOWEST_KB_S 8         /* who takes a reply slower is cut off */
#define READ_ROOM    4096      /* to begin with */
#define OUT_SOFT     (1 << 18) /* more for the parent than this: it waits */
#define OUT_MAX      (OUT_SOFT + 2 * HF_SERVER_REQUEST_MAX(HF_SERVER_BODY_LIMIT))
#define SLOT_BITS    16
#define SLOT_MASK    ((UINT64_C(1) << SLOT_BITS) - 1)

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

struct hf_server_conn {
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
    struct hf_server_conns *in_list; /* the one that it is in, if any */
    TAILQ_ENTRY(hf_server_conn) link;
    char peer[HF_IP_TEXT_MAX + 1];
    uint32_t user; /* as in hf_server_request */
    uint32_t process;
    char fingerprint[HF_SERVER_FINGERPRINT_LEN + 1];
};

/* ---- the state of a connection ---- */

static void list_leave(struct hf_server_conn *c)
{
    if (c->in_list == NULL)
        return;
    TAILQ_REMOVE(c->in_list, c, link);
    c->in_list = NULL;
}

static void list_enter(struct hf_server_conns *list, struct hf_server_conn *c)
{
    list_leave(c);
    TAILQ_INSERT_TAIL(list, c, link);
    c->in_list = list;
}

static void enter(struct hf_server_hall *h, struct hf_server_conn *c,
                  enum conn_state state, int64_t may_take_ms)
{
    list_leave(c);
    c->state = state;
    c->since_ms = h->now_ms;
    c->until_ms = h->now_ms + may_take_ms;
}

static void conn_close(struct hf_server_hall *h, struct hf_server_conn *c)
{
    list_leave(c);
    hf_server_wire_close(&c->wire);
    if (c->crowd != HF_SERVER_CROWD_NO)
        hf_server_crowd_leave(h->crowd, c->crowd);
    hf_buf_clear(&c->in);
    hf_server_out_clear(&c->out);
    c->state = CONN_FREE;
    h->vacant[h->vacant_count++] = c->slot;
    h->counts[HF_SERVER_OPEN]--;
}

/* The client went, or is sent away. */
static void conn_leave(struct hf_server_hall *h, struct hf_server_conn *c)
{
    if (c->state == CONN_HANDSHAKE)
        h->counts[HF_SERVER_TLS_FAILED]++;
    if (c->state == CONN_QUEUED || c->state == CONN_ASKED ||
        c->state == CONN_WRITING)
        h->counts[HF_SERVER_LEFT]++;
    conn_close(h, c);
}

/* ---- replies ---- */

void hf_server_hall_keep_date(struct hf_server_hall *h)
{
    int64_t now_s = hf_clock_now().s;
    time_t at = now_s;
    struct tm tm;

    if (now_s == h->date_s || gmtime_r(&at, &tm) == NULL)
        return;
    h->date_s = now_s;
    /* No locale was ever set. */
    (void)strftime(h->date, sizeof(h->date), "%a, %d %b %Y %H:%M:%S GMT", &tm);
}

static void reply_with(struct hf_server_hall *h, struct hf_server_conn *c,
                       const struct hf_server_reply *reply,
                       struct hf_server_blob *owner)
{
    struct hf_server_manner manner = {.date = hf_span_str(h->date),
                                      .no_body = c->no_body};

    c->closes = c->closes || h->is_closing;
    manner.closes = c->closes;
    if (!hf_server_out_begin(&c->out, reply, &manner, owner)) {
        conn_leave(h, c);
        return;
    }
    enter(h, c, CONN_WRITING,
          h->config.request_ms +
              (int64_t)(reply->body.len >> 10) * 1000 / SLOWEST_KB_S);
}

/* A reply of our own, after which the connection ends. */
static void refuse(struct hf_server_hall *h, struct hf_server_conn *c,
                   int status)
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
            h->counts[reasons[i].count]++;
        }
    if (status == 503) {
        (void)snprintf(seconds, sizeof(seconds), "%u", h->config.retry_after_s);
        reply.fields[reply.field_count++] = (struct hf_server_field){
            HF_SPAN("Retry-After"), hf_span_str(seconds)};
    }
    c->closes = true;
    c->lingers = true;
    reply_with(h, c, &reply, NULL);
}

/* ---- requests ---- */

static bool parent_has_room(const struct hf_server_hall *h)
{
    return h->counts[HF_SERVER_UNANSWERED] < h->config.window &&
           h->out.len < OUT_SOFT;
}

/* The request is used up; what came behind it is the next one's. */
static void consume(struct hf_server_conn *c, size_t len)
{
    struct hf_span rest = hf_buf_span(&c->in);

    (void)hf_span_cut(&rest, len);
    hf_role_consume(&c->in, rest);
    c->seen = 0;
    c->wanted = 0;
    c->told_to_go_on = false;
}

static void hand_over(struct hf_server_hall *h, struct hf_server_conn *c,
                      const struct hf_server_head *head)
{
    struct hf_server_request request = head->request;
    size_t from = h->out.len;

    c->id = (uint64_t)h->numbers++ << SLOT_BITS | c->slot;
    request.id = c->id;
    request.place = c->place;
    request.peer = hf_span_str(c->peer);
    request.user = c->user;
    request.process = c->process;
    request.client_fingerprint = hf_span_str(c->fingerprint);
    request.body = (struct hf_span){c->in.ptr + head->len, head->body_len};
    hf_server_put_request(&h->out, &request);
    consume(c, head->len + head->body_len);
    if (h->out.full) {
        h->out.full = false;
        h->out.len = from;
        refuse(h, c, 503);
        return;
    }
    h->counts[HF_SERVER_REQUESTS]++;
    h->counts[HF_SERVER_UNANSWERED]++;
    list_leave(c);
    c->state = CONN_ASKED; /* the deadline is that of the queue */
}

/* A whole request is there: answer it, or see to it that somebody does. */
static void accept_request(struct hf_server_hall *h, struct hf_server_conn *c,
                           const struct hf_server_head *head)
{
    const struct hf_server_fixed *fixed = NULL;

    c->closes = head->closes;
    c->no_body = head->request.method == HF_SERVER_HEAD;
    if (head->request.method == HF_SERVER_GET || c->no_body)
        fixed = hf_server_fixed_find(h->fixed, head->request.target);
    if (fixed != NULL) {
        h->counts[HF_SERVER_FIXED]++;
        consume(c, head->len + head->body_len);
        reply_with(h, c, &fixed->reply, fixed->blob);
        return;
    }
    enter(h, c, CONN_QUEUED, h->config.answer_ms);
    if (TAILQ_EMPTY(&h->queue) && parent_has_room(h))
        hand_over(h, c, head);
    else
        list_enter(&h->queue, c);
}

/* The client waits for a word before it sends its body. */
static bool tell_to_go_on(struct hf_server_conn *c)
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
static bool look_at_request(struct hf_server_hall *h, struct hf_server_conn *c)
{
    struct hf_server_head head;
    int status;

    if (c->in.len == 0 || c->in.len < c->wanted)
        return false;
    status =
        hf_server_read_head(hf_buf_span(&c->in), &c->seen, &h->bounds, &head);
    if (status != 0) {
        c->no_body = false;
        refuse(h, c, status);
        return true;
    }
    c->wanted = c->in.len + 1;
    if (head.len == 0)
        return false;
    if (c->in.len >= head.len + head.body_len) {
        accept_request(h, c, &head);
        return true;
    }
    c->wanted = head.len + head.body_len;
    if (head.expects && !c->told_to_go_on && !tell_to_go_on(c)) {
        conn_leave(h, c);
        return true;
    }
    return false;
}

/* ---- steps ---- */

/* Each is true when there is more to do at once. */
static bool step_handshake(struct hf_server_hall *h, struct hf_server_conn *c)
{
    enum hf_server_wire_state state = hf_server_wire_handshake(&c->wire);

    if (state == HF_SERVER_WIRE_BLOCKED)
        return false;
    if (state != HF_SERVER_WIRE_MOVED) {
        conn_leave(h, c);
        return false;
    }
    h->counts[HF_SERVER_HANDSHAKES]++;
    if (SSL_session_reused(c->wire.ssl) == 1)
        h->counts[HF_SERVER_RESUMED]++;
    hf_server_tls_fingerprint(c->wire.ssl, c->fingerprint);
    enter(h, c, CONN_IDLE, h->config.idle_ms);
    return true;
}

static bool make_room(struct hf_server_hall *h, struct hf_server_conn *c)
{
    if (c->in.limit == 0)
        hf_buf_init_grow(&c->in,
                         h->bounds.header_max + h->bounds.body_max + READ_ROOM);
    if (c->in.len < c->in.cap)
        return true;
    return hf_buf_reserve(&c->in, c->in.cap == 0 ? READ_ROOM : 1) != NULL;
}

static bool step_read(struct hf_server_hall *h, struct hf_server_conn *c)
{
    enum hf_server_wire_state state = HF_SERVER_WIRE_BROKEN;
    size_t got = 0;

    if (look_at_request(h, c))
        return c->state != CONN_FREE;
    if (hf_server_wire_is_silent(&c->wire))
        return false;
    if (make_room(h, c))
        state = hf_server_wire_read(&c->wire, c->in.ptr + c->in.len,
                                    c->in.cap - c->in.len, &got);
    if (state == HF_SERVER_WIRE_BLOCKED)
        return false;
    if (state != HF_SERVER_WIRE_MOVED) {
        conn_leave(h, c);
        return false;
    }
    c->in.len += got;
    if (c->state == CONN_IDLE)
        enter(h, c, CONN_READING, h->config.request_ms);
    return true;
}

/* The next one may have come with the one before. */
static void await_request(struct hf_server_hall *h, struct hf_server_conn *c)
{
    if (c->in.len > 0)
        enter(h, c, CONN_READING, h->config.request_ms);
    else
        enter(h, c, CONN_IDLE, h->config.idle_ms);
}

/* Octets that nobody read would make the kernel take the reply back. */
static void end_politely(struct hf_server_hall *h, struct hf_server_conn *c)
{
    hf_server_wire_finish(&c->wire);
    if (c->lingers || !hf_server_wire_is_silent(&c->wire))
        enter(h, c, CONN_LINGERS, LINGER_MS);
    else
        conn_close(h, c);
}

static bool step_write(struct hf_server_hall *h, struct hf_server_conn *c)
{
    struct hf_span text = hf_server_out_next(&c->out);
    enum hf_server_wire_state state;
    size_t sent = 0;

    if (text.len == 0) {
        hf_server_out_reset(&c->out);
        if (c->closes)
            end_politely(h, c);
        else
            await_request(h, c);
        return c->state != CONN_FREE;
    }
    state = hf_server_wire_write(&c->wire, text, &sent);
    if (state == HF_SERVER_WIRE_BLOCKED)
        return false;
    if (state != HF_SERVER_WIRE_MOVED) {
        conn_leave(h, c);
        return false;
    }
    hf_server_out_sent(&c->out, sent);
    return true;
}

static bool step_linger(struct hf_server_hall *h, struct hf_server_conn *c)
{
    enum hf_server_wire_state state = hf_server_wire_skip(&c->wire);

    if (state == HF_SERVER_WIRE_ENDED || state == HF_SERVER_WIRE_BROKEN)
        conn_close(h, c);
    return state == HF_SERVER_WIRE_MOVED;
}

static bool conn_step(struct hf_server_hall *h, struct hf_server_conn *c)
{
    switch (c->state) {
    case CONN_HANDSHAKE:
        return step_handshake(h, c);
    case CONN_IDLE:
    case CONN_READING:
        return step_read(h, c);
    case CONN_WRITING:
        return step_write(h, c);
    case CONN_LINGERS:
        return step_linger(h, c);
    case CONN_FREE:
    case CONN_QUEUED:
    case CONN_ASKED:
        break;
    }
    return false;
}

/* As far as it goes, but for a time that is fair to the others. */
static void conn_run(struct hf_server_hall *h, struct hf_server_conn *c)
{
    int steps = 0;

    while (conn_step(h, c))
        if (++steps == STEPS) {
            list_enter(&h->again, c);
            return;
        }
}

/* The parent can take more: those that waited for that. */
static void hand_over_queue(struct hf_server_hall *h)
{
    struct hf_server_conn *c = TAILQ_FIRST(&h->queue);

    while (c != NULL && parent_has_room(h)) {
        struct hf_server_head head;
        size_t seen = c->seen;

        /* It was good before, and is the same. */
        (void)hf_server_read_head(hf_buf_span(&c->in), &seen, &h->bounds,
                                  &head);
        hand_over(h, c, &head);
        conn_run(h, c); /* for one that had no room after all */
        c = TAILQ_FIRST(&h->queue);
    }
}

/* ---- connections that come ---- */

/* The connection of a vacant slot; NULL when there is no memory. */
static struct hf_server_conn *conn_vacant(struct hf_server_hall *h)
{
    uint32_t slot = h->vacant[h->vacant_count - 1];

    if (h->conns[slot] == NULL)
        h->conns[slot] = hf_alloc(1, sizeof(struct hf_server_conn));
    if (h->conns[slot] == NULL)
        return NULL;
    *h->conns[slot] = (struct hf_server_conn){.slot = slot,
                                              .serial = h->serials++,
                                              .wire.fd = -1,
                                              .crowd = HF_SERVER_CROWD_NO};
    return h->conns[slot];
}

/* The octets of an address; none of a Unix socket's. */
static struct hf_span octets_of(const struct sockaddr_storage *address)
{
    const void *any = address;
    const struct sockaddr_in *v4 = any;
    const struct sockaddr_in6 *v6 = any;

    if (address->ss_family == AF_INET)
        return (struct hf_span){(const char *)&v4->sin_addr, 4};
    if (address->ss_family == AF_INET6)
        return (struct hf_span){(const char *)&v6->sin6_addr, 16};
    return HF_SPAN("");
}

/* Whom the kernel saw connect to a Unix socket; users of other namespaces are
 * nobody's. */
static void note_user(struct hf_server_conn *c, int fd)
{
    struct ucred who;
    socklen_t len = sizeof(who);

    c->user = HF_SERVER_NOBODY;
    c->process = 0;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) != 0 ||
        len != sizeof(who))
        return;
    c->user = who.uid;
    c->process = (uint32_t)who.pid;
}

/* Note who it is; false when there are too many of them. */
static bool admit(struct hf_server_hall *h, struct hf_server_conn *c, int fd,
                  const struct sockaddr_storage *address)
{
    struct hf_span octets = octets_of(address);
    const void *first = octets.ptr;
    struct hf_buf text;

    if (octets.len == 0) {
        note_user(c, fd);
        return true;
    }
    c->user = HF_SERVER_NOBODY;
    c->crowd = hf_server_crowd_enter(h->crowd, first, octets.len);
    if (c->crowd == HF_SERVER_CROWD_NO) {
        h->counts[HF_SERVER_CROWDED]++;
        return false;
    }
    hf_buf_init(&text, c->peer, sizeof(c->peer) - 1);
    hf_ip_put(&text, first, octets.len);
    return true;
}

static bool watch(const struct hf_server_hall *h, int fd,
                  const struct hf_server_conn *c)
{
    struct epoll_event event = {
        .events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
        .data.u64 = (uint64_t)c->serial << SLOT_BITS | c->slot};

    return epoll_ctl(h->epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

void hf_server_hall_enter(struct hf_server_hall *h, size_t place, int fd,
                          const struct sockaddr_storage *address)
{
    struct hf_server_conn *c = conn_vacant(h);
    SSL_CTX *tls = h->places[place].plain ? NULL : h->tls;

    h->counts[HF_SERVER_CONNECTED]++;
    if (c == NULL || !admit(h, c, fd, address) || !watch(h, fd, c) ||
        hf_server_wire_open(&c->wire, fd, tls, h->method) != HF_OK) {
        if (c != NULL && c->crowd != HF_SERVER_CROWD_NO)
            hf_server_crowd_leave(h->crowd, c->crowd);
        (void)close(fd);
        return;
    }
    c->place = place;
    h->vacant_count--;
    h->counts[HF_SERVER_OPEN]++;
    if (tls != NULL)
        enter(h, c, CONN_HANDSHAKE, h->config.handshake_ms);
    else
        enter(h, c, CONN_IDLE, h->config.idle_ms);
}

/* ---- what happens to them ---- */

bool hf_server_hall_answer(struct hf_server_hall *h, uint64_t id,
                           const struct hf_server_reply *reply)
{
    uint64_t slot = id & SLOT_MASK;
    struct hf_server_conn *c =
        slot < h->config.connections ? h->conns[slot] : NULL;

    if (h->counts[HF_SERVER_UNANSWERED] == 0)
        return false;
    h->counts[HF_SERVER_UNANSWERED]--;
    if (c == NULL || c->state != CONN_ASKED || c->id != id)
        return true; /* the client left, or had its 503 */
    reply_with(h, c, reply, NULL);
    conn_run(h, c);
    return true;
}

void hf_server_hall_event(struct hf_server_hall *h, uint64_t who,
                          uint32_t events)
{
    struct hf_server_conn *c = h->conns[who & SLOT_MASK];

    if (c->state == CONN_FREE || c->serial != who >> SLOT_BITS)
        return; /* closed since, in this very turn */
    hf_server_wire_note(&c->wire, events);
    if ((events & (EPOLLHUP | EPOLLERR)) != 0 &&
        (c->state == CONN_QUEUED || c->state == CONN_ASKED))
        conn_leave(h, c);
    else
        conn_run(h, c);
}

static void expire(struct hf_server_hall *h, struct hf_server_conn *c)
{
    switch (c->state) {
    case CONN_IDLE:
        c->lingers = false;
        end_politely(h, c);
        return;
    case CONN_READING:
        c->no_body = false;
        refuse(h, c, 408);
        break;
    case CONN_QUEUED:
    case CONN_ASKED:
        refuse(h, c, 503);
        break;
    case CONN_FREE:
    case CONN_HANDSHAKE:
    case CONN_WRITING:
    case CONN_LINGERS:
        conn_leave(h, c);
        return;
    }
    conn_run(h, c);
}

void hf_server_hall_sweep(struct hf_server_hall *h)
{
    bool hurried =
        h->is_closing || h->vacant_count < h->config.connections / 10;

    for (size_t i = 0; i < h->config.connections; i++) {
        struct hf_server_conn *c = h->conns[i];

        if (c == NULL || c->state == CONN_FREE)
            continue;
        if (h->now_ms >= c->until_ms ||
            (hurried && c->state == CONN_IDLE &&
             h->now_ms >= c->since_ms + HURRIED_MS)) {
            expire(h, c);
        } else if (c->state == CONN_IDLE && c->in.cap > 0 &&
                   h->now_ms >= c->since_ms + TIDY_MS) {
            hf_buf_clear(&c->in);
            hf_server_out_clear(&c->out);
        }
    }
}

/* Those that had enough steps in the turn before, and only those. */
static void run_again(struct hf_server_hall *h)
{
    struct hf_server_conns list = TAILQ_HEAD_INITIALIZER(list);
    struct hf_server_conn *c;

    TAILQ_CONCAT(&list, &h->again, link);
    TAILQ_FOREACH(c, &list, link)
    {
        c->in_list = &list;
    }
    for (c = TAILQ_FIRST(&list); c != NULL; c = TAILQ_FIRST(&list)) {
        list_leave(c);
        conn_run(h, c);
    }
}

void hf_server_hall_turn(struct hf_server_hall *h)
{
    run_again(h);
    hand_over_queue(h);
}

bool hf_server_hall_is_busy(const struct hf_server_hall *h)
{
    return !TAILQ_EMPTY(&h->again);
}

/* ---- the hall ---- */

bool hf_server_hall_init(struct hf_server_hall *h)
{
    size_t count = h->config.connections;

    TAILQ_INIT(&h->again);
    TAILQ_INIT(&h->queue);
    hf_buf_init_grow(&h->out, OUT_MAX);
    h->bounds =
        (struct hf_server_bounds){h->config.header_max, h->config.body_max};
    h->conns = hf_alloc(count, sizeof(void *));
    h->vacant = hf_alloc(count, sizeof(h->vacant[0]));
    h->fixed = hf_alloc(1, sizeof(*h->fixed));
    h->method = hf_server_wire_method_new();
    if (h->conns == NULL || h->vacant == NULL || h->fixed == NULL ||
        h->method == NULL ||
        hf_server_crowd_new(count, h->config.per_address, &h->crowd, NULL) !=
            HF_OK)
        return false;
    while (h->vacant_count < count) {
        h->vacant[h->vacant_count] = (uint32_t)(count - 1 - h->vacant_count);
        h->vacant_count++;
    }
    return true;
}

void hf_server_hall_clear(struct hf_server_hall *h)
{
    for (size_t i = 0; h->conns != NULL && i < h->config.connections; i++) {
        if (h->conns[i] != NULL && h->conns[i]->state != CONN_FREE)
            conn_close(h, h->conns[i]);
        hf_free(h->conns[i]);
    }
    hf_free(h->conns);
    hf_free(h->vacant);
    hf_server_crowd_free(h->crowd);
    if (h->fixed != NULL)
        hf_server_fixed_clear(h->fixed);
    hf_free(h->fixed);
    BIO_meth_free(h->method);
    hf_buf_clear(&h->out);
}
