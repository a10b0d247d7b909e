/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How libevent is kept in hand: one evhttp_connection is one connection, never
 * connected a second time and never given a second request before the first
 * is answered. Callbacks of evhttp note what happened and nothing else; what
 * follows from it, on_kick() does, outside of all of them. Ending a connection
 * there frees its request too, and calls nobody back.
 */
#include "net/http_worker.h"

#include <event2/buffer.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <sys/socket.h>

#include "base/alloc.h"
#include "holdfast/name.h"
#include "net/alpn.h"
#include "net/http_msg.h"
#include "net/http_read.h"
#include "net/tls.h"
#include "os/sandbox.h"

#define WINDOW_MAX      256
#define CONNECTIONS_MAX 64
#define ORIGINS_MAX     CONNECTIONS_MAX
#define IDLE_MS         60000
#define NEVER_S         (7 * 86400) /* our own timers decide */
#define IN_MAX          (HF_FRAME_HEAD + HF_NET_REQUEST_MAX)
#define OUT_MAX         (HF_FRAME_HEAD + HF_NET_REPLY_MAX(HF_HTTP_BODY_LIMIT))
#define KEEP_OUT        ((size_t)128 << 10) /* room kept after a large reply */

struct worker;

/* A server, and what is known of it. */
struct origin {
    bool used;
    bool tls;
    uint16_t port;
    char host[HF_NAME_MAX + 1];
    size_t conn_count;
    SSL_SESSION *session;
};

enum job_state { JOB_FREE, JOB_WAITS, JOB_ASKED };

/* A request that is owed a reply. */
struct job {
    struct worker *worker;
    struct event *timer;
    enum job_state state;
    struct hf_buf bytes; /* of the request's frame; `request` points there */
    struct hf_net_request request;
    size_t address; /* which of them is tried */
    bool again;     /* sent a second time, on a fresh connection */
    enum hf_http_failure failure; /* the first cause, while it is ASKED */
    int detail;
};

struct conn {
    struct worker *worker;
    struct origin *origin;          /* NULL: this place is free */
    struct evhttp_connection *http; /* NULL: a handshake alone */
    struct bufferevent *bev;        /* owned by `http` when there is one */
    struct event *timer;            /* until it is up; then while it is idle */
    struct hf_tls_note note;
    struct job *job; /* NULL: idle */
    bool up;         /* connected, with TLS */
    bool served;     /* a request before this one */
    bool dead;       /* to be ended by on_kick() */
    size_t heard;    /* octets of this reply */
};

struct worker {
    int fd;
    bool broken; /* the parent is gone or talks nonsense */
    struct hf_http_config config;
    struct event_base *base;
    struct event *readable;
    struct event *kick;
    struct hf_tls *tls;
    struct origin origins[ORIGINS_MAX];
    struct conn conns[CONNECTIONS_MAX];
    struct job *jobs;
    struct hf_buf in;
    struct hf_buf out;
    struct hf_net_room *room;
};

static void stop(struct worker *w)
{
    w->broken = true;
    (void)event_base_loopbreak(w->base);
}

static void kick(struct worker *w)
{
    event_active(w->kick, EV_TIMEOUT, 0);
}

static void set_timer(struct event *timer, int64_t ms)
{
    const struct timeval wait = {.tv_sec = ms / 1000,
                                 .tv_usec = (suseconds_t)(ms % 1000) * 1000};

    (void)event_add(timer, &wait);
}

/* ---- replies ---- */

static void send_out(struct worker *w)
{
    if (w->out.full || !hf_role_send(w->fd, hf_buf_span(&w->out)))
        stop(w);
    hf_buf_reset(&w->out);
    if (w->out.cap > KEEP_OUT) {
        hf_buf_clear(&w->out);
        hf_buf_init_grow(&w->out, OUT_MAX);
    }
}

static void job_done(struct job *job, const struct hf_http_reply *reply)
{
    struct hf_net_reply message = {
        .ticket = job->request.ticket, .detail = job->detail, .reply = *reply};

    message.reply.address = job->address < job->request.address_count
                                ? job->address
                                : job->request.address_count - 1;
    (void)event_del(job->timer);
    hf_net_put_reply(&job->worker->out, &message);
    hf_buf_clear(&job->bytes);
    job->state = JOB_FREE;
    send_out(job->worker);
    kick(job->worker);
}

static void job_fail(struct job *job, enum hf_http_failure failure)
{
    const struct hf_http_reply reply = {.failure = failure};

    job_done(job, &reply);
}

/* The first cause is the one to report. */
static void blame(struct conn *conn, enum hf_http_failure failure)
{
    if (conn->job != NULL && conn->job->failure == HF_HTTP_REPLIED)
        conn->job->failure = failure;
    conn->dead = true;
    kick(conn->worker);
}

/*
 * A server may close a connection that it takes for idle in the very moment
 * in which we use it again. Then the request was not read, and it is sent
 * once more, on a fresh connection. GET and HEAD may be repeated whatever
 * happened. POST may not: it is repeated only where that race is the one
 * plausible story, on a connection that had served before and brought no
 * octet of a reply. Should the server have read it nevertheless, its nonce is
 * spent and the repetition is refused (RFC 8555, section 6.5).
 */
static bool may_repeat(const struct job *job, const struct conn *conn)
{
    bool closed =
        job->failure == HF_HTTP_SILENT || job->failure == HF_HTTP_CUT_OFF;

    return closed && conn->served && !job->again &&
           (job->request.method != HF_HTTP_POST || conn->heard == 0);
}

/* Its connection ended before there was a whole reply. */
static void job_lost(struct job *job, const struct conn *conn)
{
    bool unconnected = job->failure == HF_HTTP_NO_CONNECT ||
                       job->failure == HF_HTTP_SLOW_CONNECT;

    if (unconnected && job->address + 1 < job->request.address_count) {
        job->address++;
        job->state = JOB_WAITS;
    } else if (may_repeat(job, conn)) {
        job->again = true;
        job->state = JOB_WAITS;
    } else {
        job_fail(job, job->failure);
        return;
    }
    job->failure = HF_HTTP_REPLIED;
}

/* ---- the end of connections, and what is heard of them ---- */

static void conn_close(struct conn *conn)
{
    if (conn->http == NULL) {
        bufferevent_free(conn->bev);
        return;
    }
    evhttp_connection_set_closecb(conn->http, NULL, NULL);
    evhttp_connection_free(conn->http);
}

/* Never from a callback of evhttp. */
static void conn_end(struct conn *conn)
{
    struct job *job = conn->job;

    (void)event_del(conn->timer);
    conn_close(conn);
    conn->origin->conn_count--;
    conn->origin = NULL;
    conn->job = NULL;
    if (job != NULL)
        job_lost(job, conn);
}

static void on_close(struct evhttp_connection *http, void *data)
{
    struct conn *conn = data;

    (void)http;
    conn->dead = true;
    kick(conn->worker);
}

static void on_conn_timer(evutil_socket_t fd, short what, void *data)
{
    (void)fd;
    (void)what;
    blame(data, HF_HTTP_SLOW_CONNECT);
}

/*
 * Octets of a reply. What comes when nothing was asked would be taken for the
 * reply to the next request; what never ends a line would grow without bound.
 */
static void on_input(struct evbuffer *buffer,
                     const struct evbuffer_cb_info *info, void *data)
{
    struct conn *conn = data;
    const struct hf_http_config *config = &conn->worker->config;

    (void)buffer;
    if (info->n_added == 0)
        return;
    conn->heard += info->n_added;
    if (conn->job == NULL || conn->dead)
        on_close(NULL, conn);
    else if (conn->heard > 2 * (config->body_max + config->header_max))
        blame(conn, HF_HTTP_LONG_BODY);
}

/* evhttp writes its request when the connection is there, not before. */
static void on_output(struct evbuffer *buffer,
                      const struct evbuffer_cb_info *info, void *data)
{
    struct conn *conn = data;
    int on = 1;

    (void)buffer;
    if (info->n_added == 0 || conn->up)
        return;
    conn->up = true;
    (void)event_del(conn->timer);
    /* Or the request waits until the end of the handshake is acknowledged. */
    (void)setsockopt(bufferevent_getfd(conn->bev), IPPROTO_TCP, TCP_NODELAY,
                     &on, sizeof(on));
}

static struct bufferevent *make_bev(struct worker *w, struct conn *conn,
                                    const struct hf_net_request *request)
{
    int options = BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS;
    struct bufferevent *bev;
    SSL *ssl;

    if (!request->tls)
        return bufferevent_socket_new(w->base, -1, options);
    conn->note = (struct hf_tls_note){.session = &conn->origin->session};
    ssl = hf_tls_connect(w->tls, request->host, request->kind, &conn->note);
    if (ssl == NULL)
        return NULL;
    bev = bufferevent_openssl_socket_new(w->base, -1, ssl,
                                         BUFFEREVENT_SSL_CONNECTING, options);
    if (bev == NULL)
        SSL_free(ssl);
    return bev;
}

/* Did TLS itself fail? Otherwise only numbers of no library are left behind,
 * or what the kernel said. */
static bool is_tls_error(struct bufferevent *bev)
{
    unsigned long error;

    if (bufferevent_openssl_get_ssl(bev) == NULL)
        return false;
    do {
        error = bufferevent_get_openssl_error(bev);
        if (ERR_GET_LIB(error) != 0 && ERR_GET_LIB(error) != ERR_LIB_SYS)
            return true;
    } while (error != 0);
    return false;
}

static enum hf_http_failure connect_failure(struct conn *conn)
{
    if (conn->note.untrusted == 0)
        return is_tls_error(conn->bev) ? HF_HTTP_NO_TLS : HF_HTTP_NO_CONNECT;
    conn->job->detail = conn->note.untrusted;
    return HF_HTTP_UNTRUSTED;
}

/* ---- a handshake alone ---- */

static void on_shaken(struct bufferevent *bev, short what, void *data)
{
    struct conn *conn = data;
    struct job *job = conn->job;
    struct hf_http_reply reply = {.status = 200};
    char room[HF_ALPN_MAX];
    struct hf_buf seen;

    if ((what & BEV_EVENT_CONNECTED) == 0) {
        blame(conn, connect_failure(conn));
        return;
    }
    hf_buf_init(&seen, room, sizeof(room));
    hf_alpn_put(&seen, bufferevent_openssl_get_ssl(bev));
    reply.body = hf_buf_span(&seen);
    conn->job = NULL;
    conn->dead = true;
    job_done(job, &reply);
}

static bool shake(struct conn *conn, const char *address)
{
    struct sockaddr_storage to = {0};
    struct sockaddr *at = (struct sockaddr *)&to;
    uint16_t port = htons(conn->origin->port);
    int len = sizeof(to);

    if (evutil_parse_sockaddr_port(address, at, &len) != 0)
        return false;
    if (at->sa_family == AF_INET6)
        ((struct sockaddr_in6 *)&to)->sin6_port = port;
    else
        ((struct sockaddr_in *)&to)->sin_port = port;
    bufferevent_setcb(conn->bev, NULL, NULL, on_shaken, conn);
    return hf_alpn_want(bufferevent_openssl_get_ssl(conn->bev)) &&
           bufferevent_socket_connect(conn->bev, at, len) == 0;
}

/* ---- connections ---- */

static bool add_http(struct conn *conn, const char *address)
{
    const struct worker *w = conn->worker;

    conn->http = evhttp_connection_base_bufferevent_new(
        w->base, NULL, conn->bev, address, conn->origin->port);
    if (conn->http == NULL ||
        evbuffer_add_cb(bufferevent_get_input(conn->bev), on_input, conn) ==
            NULL ||
        evbuffer_add_cb(bufferevent_get_output(conn->bev), on_output, conn) ==
            NULL)
        return false;
    evhttp_connection_set_timeout(conn->http, NEVER_S);
    evhttp_connection_set_max_headers_size(conn->http,
                                           (ev_ssize_t)w->config.header_max);
    evhttp_connection_set_max_body_size(conn->http,
                                        (ev_ssize_t)w->config.body_max);
    evhttp_connection_set_closecb(conn->http, on_close, conn);
    return true;
}

/* A connection to the address that is the job's turn; not up yet. */
static bool conn_open(struct conn *conn, struct origin *origin,
                      const struct job *job)
{
    struct worker *w = conn->worker;
    struct hf_span address = job->request.addresses[job->address];
    char text[HF_NET_ADDRESS_MAX + 1] = {0};

    memcpy(text, address.ptr, address.len);
    *conn = (struct conn){.worker = w, .timer = conn->timer, .origin = origin};
    conn->bev = make_bev(w, conn, &job->request);
    if (conn->bev == NULL ||
        !(job->request.method == HF_HTTP_HANDSHAKE ? shake(conn, text)
                                                   : add_http(conn, text))) {
        if (conn->bev != NULL)
            conn_close(conn);
        conn->origin = NULL;
        return false;
    }
    origin->conn_count++;
    set_timer(conn->timer, w->config.connect_ms);
    return true;
}

/* ---- what evhttp says about a request ---- */

static struct conn *conn_of(const struct job *job)
{
    struct worker *w = job->worker;

    for (size_t i = 0; i < CONNECTIONS_MAX; i++)
        if (w->conns[i].origin != NULL && w->conns[i].job == job)
            return &w->conns[i];
    return NULL;
}

static int on_header(struct evhttp_request *req, void *data)
{
    struct job *job = data;
    enum hf_http_failure failure = hf_http_check_header(
        req, job->request.method, job->worker->config.body_max);

    if (failure == HF_HTTP_REPLIED)
        return 0;
    job->failure = failure;
    return -1; /* evhttp breaks the connection off */
}

static enum hf_http_failure failure_of(const struct conn *conn,
                                       enum evhttp_request_error error)
{
    switch (error) {
    case EVREQ_HTTP_INVALID_HEADER:
        return conn->heard > conn->worker->config.header_max
                   ? HF_HTTP_LONG_HEADER
                   : HF_HTTP_NOT_HTTP;
    case EVREQ_HTTP_DATA_TOO_LONG:
        /* Also what evhttp says of a chunk whose size is no number. */
        return conn->heard > conn->worker->config.body_max ? HF_HTTP_LONG_BODY
                                                           : HF_HTTP_NOT_HTTP;
    case EVREQ_HTTP_TIMEOUT:
        return HF_HTTP_TIMEOUT;
    case EVREQ_HTTP_EOF:
    case EVREQ_HTTP_BUFFER_ERROR:
    case EVREQ_HTTP_REQUEST_CANCEL:
        break;
    }
    return conn->heard > 0 ? HF_HTTP_CUT_OFF : HF_HTTP_SILENT;
}

static void on_error(enum evhttp_request_error error, void *data)
{
    struct conn *conn = conn_of(data);

    if (conn != NULL && conn->up)
        blame(conn, failure_of(conn, error));
}

static enum hf_http_failure take_reply(struct evhttp_request *req,
                                       struct worker *w,
                                       struct hf_http_reply *reply,
                                       struct hf_buf *body)
{
    struct evbuffer *in = evhttp_request_get_input_buffer(req);
    size_t len = evbuffer_get_length(in);
    enum hf_http_failure failure = hf_http_take_fields(req, reply);

    if (failure != HF_HTTP_REPLIED)
        return failure;
    hf_buf_init_grow(body, w->config.body_max);
    if (len > 0) {
        char *room = hf_buf_reserve(body, len);

        if (room == NULL)
            return HF_HTTP_LONG_BODY;
        (void)evbuffer_remove(in, room, len);
        body->len = len;
    }
    reply->body = hf_buf_span(body);
    return HF_HTTP_REPLIED;
}

/* A whole reply; or the request failed, and `req` is NULL or empty. */
static void on_done(struct evhttp_request *req, void *data)
{
    struct job *job = data;
    struct conn *conn = conn_of(job);
    struct hf_http_reply reply = {0};
    struct hf_buf body = {0};

    if (conn == NULL)
        return;
    if (req == NULL || evhttp_request_get_response_code(req) == 0) {
        blame(conn, conn->up ? HF_HTTP_SILENT : connect_failure(conn));
        return;
    }
    reply.failure = take_reply(req, job->worker, &reply, &body);
    conn->job = NULL;
    conn->served = true;
    /* What follows a reply was not asked for. */
    if (reply.failure != HF_HTTP_REPLIED || !hf_http_keeps_open(req) ||
        evbuffer_get_length(bufferevent_get_input(conn->bev)) > 0)
        conn->dead = true;
    /* A prober looks at each address anew. */
    conn->dead = conn->dead || job->worker->config.probes;
    set_timer(conn->timer, IDLE_MS);
    job_done(job, &reply);
    hf_buf_clear(&body);
}

/* ---- requests ---- */

static void add_field(struct evhttp_request *req, const char *name,
                      struct hf_span value)
{
    char text[HF_NET_FIELD_MAX + 1];

    if (value.len == 0 || value.len >= sizeof(text))
        return;
    memcpy(text, value.ptr, value.len);
    text[value.len] = '\0';
    (void)evhttp_add_header(evhttp_request_get_output_headers(req), name, text);
}

static struct evhttp_request *make_request(struct job *job)
{
    const struct hf_net_request *r = &job->request;
    struct evhttp_request *req = evhttp_request_new(on_done, job);

    if (req == NULL)
        return NULL;
    evhttp_request_set_header_cb(req, on_header);
    evhttp_request_set_error_cb(req, on_error);
    add_field(req, "Host", r->authority);
    add_field(req, "User-Agent", hf_span_str(job->worker->config.user_agent));
    add_field(req, "Accept", r->accept);
    if (r->method == HF_HTTP_POST)
        add_field(req, "Content-Type", r->content_type);
    if (r->body.len > 0 && evbuffer_add(evhttp_request_get_output_buffer(req),
                                        r->body.ptr, r->body.len) != 0) {
        evhttp_request_free(req);
        return NULL;
    }
    return req;
}

/* May call on_done() before it returns. */
static void job_ask(struct job *job, struct conn *conn)
{
    static const enum evhttp_cmd_type types[] = {
        [HF_HTTP_GET] = EVHTTP_REQ_GET,
        [HF_HTTP_HEAD] = EVHTTP_REQ_HEAD,
        [HF_HTTP_POST] = EVHTTP_REQ_POST,
    };
    struct evhttp_request *req;
    char target[HF_URL_MAX + 1];

    conn->job = job;
    conn->heard = 0;
    job->state = JOB_ASKED;
    if (conn->http == NULL)
        return; /* the handshake is under way already */
    req = make_request(job);
    memcpy(target, job->request.target.ptr, job->request.target.len);
    target[job->request.target.len] = '\0';
    if (conn->up)
        (void)event_del(conn->timer);
    if (req == NULL ||
        evhttp_make_request(conn->http, req, types[job->request.method],
                            target) != 0)
        blame(conn, HF_HTTP_NO_CONNECT);
}

static bool is_at(const struct origin *origin, const struct hf_net_request *r)
{
    return origin->used && origin->tls == r->tls && origin->port == r->port &&
           hf_span_eq_nocase(hf_span_str(origin->host), r->host);
}

/* The server's place, or one that nobody is connected to any more. */
static struct origin *origin_of(struct worker *w,
                                const struct hf_net_request *r)
{
    struct origin *spare = NULL;

    for (size_t i = 0; i < ORIGINS_MAX; i++) {
        if (is_at(&w->origins[i], r))
            return &w->origins[i];
        if (!w->origins[i].used || w->origins[i].conn_count == 0)
            spare = &w->origins[i];
    }
    if (spare == NULL)
        return NULL;
    SSL_SESSION_free(spare->session);
    *spare = (struct origin){.used = true, .tls = r->tls, .port = r->port};
    memcpy(spare->host, r->host.ptr, r->host.len);
    return spare;
}

/* A connection that waits for work; not for a request that one of them has
 * failed already. */
static struct conn *conn_idle(struct worker *w, const struct job *job)
{
    for (size_t i = 0; i < CONNECTIONS_MAX && !job->again; i++) {
        struct conn *conn = &w->conns[i];

        if (conn->origin != NULL && conn->job == NULL && !conn->dead &&
            is_at(conn->origin, &job->request))
            return conn;
    }
    return NULL;
}

static struct conn *conn_free(struct worker *w)
{
    for (size_t i = 0; i < CONNECTIONS_MAX; i++)
        if (w->conns[i].origin == NULL)
            return &w->conns[i];
    return NULL;
}

/* On a connection that is idle, or on another one if there may be one;
 * otherwise it goes on waiting. */
static void job_begin(struct worker *w, struct job *job)
{
    struct conn *conn = conn_idle(w, job);
    struct origin *origin;

    if (conn != NULL) {
        job_ask(job, conn);
        return;
    }
    origin = origin_of(w, &job->request);
    conn = conn_free(w);
    if (origin == NULL || conn == NULL ||
        origin->conn_count >= w->config.connections)
        return;
    if (conn_open(conn, origin, job)) {
        job_ask(job, conn);
    } else if (job->address + 1 < job->request.address_count) {
        job->address++;
        kick(w);
    } else {
        job_fail(job, HF_HTTP_NO_CONNECT);
    }
}

/* The one that has waited longest, of those with a ticket of `from` on. */
static struct job *job_next(struct worker *w, uint64_t from)
{
    struct job *next = NULL;

    for (size_t i = 0; i < w->config.window; i++) {
        struct job *job = &w->jobs[i];

        if (job->state == JOB_WAITS && job->request.ticket >= from &&
            (next == NULL || job->request.ticket < next->request.ticket))
            next = job;
    }
    return next;
}

static void on_kick(evutil_socket_t fd, short what, void *data)
{
    struct worker *w = data;
    struct job *job;

    (void)fd;
    (void)what;
    for (size_t i = 0; i < CONNECTIONS_MAX; i++)
        if (w->conns[i].origin != NULL && w->conns[i].dead)
            conn_end(&w->conns[i]);
    for (job = job_next(w, 0); job != NULL;
         job = job_next(w, job->request.ticket + 1))
        job_begin(w, job);
}

static void on_job_timer(evutil_socket_t fd, short what, void *data)
{
    struct job *job = data;
    struct conn *conn = conn_of(job);

    (void)fd;
    (void)what;
    if (conn == NULL) {
        job_fail(job, HF_HTTP_TIMEOUT);
        return;
    }
    /* It is over: no other address is tried. */
    job->address = job->request.address_count;
    blame(conn, conn->up ? HF_HTTP_TIMEOUT : HF_HTTP_SLOW_CONNECT);
}

/* ---- the parent ---- */

static struct job *job_free(struct worker *w)
{
    for (size_t i = 0; i < w->config.window; i++)
        if (w->jobs[i].state == JOB_FREE)
            return &w->jobs[i];
    return NULL;
}

static bool accept_request(void *state, struct hf_span body)
{
    struct worker *w = state;
    struct job *job = job_free(w);

    if (job == NULL)
        return false;
    hf_buf_init_grow(&job->bytes, HF_NET_REQUEST_MAX);
    hf_buf_put(&job->bytes, body);
    if (job->bytes.full || hf_net_read_request(hf_buf_span(&job->bytes),
                                               &job->request, NULL) != HF_OK) {
        hf_buf_clear(&job->bytes);
        return false;
    }
    job->state = JOB_WAITS;
    job->address = 0;
    job->again = false;
    job->failure = HF_HTTP_REPLIED;
    job->detail = 0;
    set_timer(job->timer, job->request.timeout_ms);
    kick(w);
    return true;
}

static void on_readable(evutil_socket_t fd, short what, void *data)
{
    struct worker *w = data;
    const struct hf_service service = {.kind = HF_NET_REQUEST,
                                       .frame_max = HF_NET_REQUEST_MAX,
                                       .take = accept_request,
                                       .state = w};

    (void)what;
    if (!hf_role_serve(fd, &w->in, &service))
        stop(w);
}

static bool jobs_make(struct worker *w)
{
    w->jobs = hf_alloc(w->config.window, sizeof(w->jobs[0]));
    if (w->jobs == NULL)
        return false;
    for (size_t i = 0; i < w->config.window; i++) {
        w->jobs[i].worker = w;
        w->jobs[i].timer = evtimer_new(w->base, on_job_timer, &w->jobs[i]);
        if (w->jobs[i].timer == NULL)
            return false;
    }
    return true;
}

static bool events_make(struct worker *w)
{
    w->base = event_base_new();
    if (w->base == NULL || !jobs_make(w))
        return false;
    for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
        w->conns[i].worker = w;
        w->conns[i].timer = evtimer_new(w->base, on_conn_timer, &w->conns[i]);
        if (w->conns[i].timer == NULL)
            return false;
    }
    w->kick = evtimer_new(w->base, on_kick, w);
    w->readable =
        event_new(w->base, w->fd, EV_READ | EV_PERSIST, on_readable, w);
    return w->kick != NULL && w->readable != NULL;
}

static enum hf_net_start start_tls(struct worker *w)
{
    const struct hf_http_config *config = &w->config;
    enum hf_err err = config->probes
                          ? hf_tls_new_blind(&w->tls, NULL)
                          : hf_tls_new(config->ca_files, config->ca_file_count,
                                       &w->tls, NULL);

    if (err == HF_OK && config->own_chain[0] != '\0' &&
        hf_tls_identify(w->tls, config->own_chain, config->own_key, NULL) !=
            HF_OK)
        return HF_NET_IDENTITY;
    if (err == HF_OK)
        return HF_NET_STARTED;
    if (err == HF_ENOMEM)
        return HF_NET_MEMORY;
    if (err == HF_ECRYPTO)
        return HF_NET_TLS;
    return err == HF_ESYNTAX ? HF_NET_CA_EMPTY : HF_NET_CA_FILE;
}

static enum hf_net_start start(struct worker *w)
{
    const struct hf_http_config *config = &w->config;
    enum hf_net_start state;

    if (config->window == 0 || config->window > WINDOW_MAX ||
        config->connections == 0 || config->body_max == 0 ||
        config->body_max > HF_HTTP_BODY_LIMIT || config->header_max == 0)
        return HF_NET_BROKEN;
    if (!events_make(w))
        return HF_NET_MEMORY;
    state = start_tls(w);
    if (state != HF_NET_STARTED)
        return state;
    if (!config->no_wall && hf_sandbox_enter(HF_SANDBOX_NETWORK, NULL) != HF_OK)
        return HF_NET_WALL;
    return HF_NET_STARTED;
}

static bool read_config(struct worker *w)
{
    struct hf_frame frame;

    if (!hf_role_next(w->fd, &w->in, HF_NET_CONFIG_MAX, &frame) ||
        frame.kind != HF_FRAME_CONFIG ||
        hf_net_read_config(frame.body, w->room, &w->config, NULL) != HF_OK)
        return false;
    hf_frame_drop(&w->in, &frame);
    return true;
}

static void jobs_clear(struct worker *w)
{
    for (size_t i = 0; w->jobs != NULL && i < w->config.window; i++) {
        hf_buf_clear(&w->jobs[i].bytes);
        if (w->jobs[i].timer != NULL)
            event_free(w->jobs[i].timer);
    }
    hf_free(w->jobs);
}

static void conns_clear(struct worker *w)
{
    for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
        if (w->conns[i].origin != NULL)
            conn_close(&w->conns[i]);
        if (w->conns[i].timer != NULL)
            event_free(w->conns[i].timer);
    }
    for (size_t i = 0; i < ORIGINS_MAX; i++)
        SSL_SESSION_free(w->origins[i].session);
}

static void worker_free(struct worker *w)
{
    conns_clear(w);
    jobs_clear(w);
    hf_tls_free(w->tls);
    if (w->kick != NULL)
        event_free(w->kick);
    if (w->readable != NULL)
        event_free(w->readable);
    if (w->base != NULL) {
        /* libevent frees what it called "freed" in its next round. */
        (void)event_base_loop(w->base, EVLOOP_NONBLOCK);
        event_base_free(w->base);
    }
    hf_free(w->room);
    hf_buf_clear(&w->in);
    hf_buf_clear(&w->out);
    hf_free(w);
}

bool hf_http_worker_run(int fd)
{
    struct worker *w = hf_alloc(1, sizeof(*w));
    bool good = false;

    if (w == NULL)
        return false;
    w->fd = fd;
    hf_role_ignore_signals();
    w->room = hf_alloc(1, sizeof(*w->room));
    hf_buf_init_grow(&w->in, IN_MAX);
    hf_buf_init_grow(&w->out, OUT_MAX);
    if (w->room == NULL || hf_buf_reserve(&w->in, IN_MAX) == NULL ||
        !read_config(w) || !hf_role_greet(fd, start(w)))
        goto out;
    (void)event_add(w->readable, NULL);
    /* What came behind the configuration is looked at right away. */
    event_active(w->readable, EV_READ, 0);
    good = event_base_dispatch(w->base) == 0;

out:
    worker_free(w);
    return good;
}
