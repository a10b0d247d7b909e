/* SPDX-License-Identifier: Apache-2.0 */
#include "client/listener_worker.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <event2/listener.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/octets.h"
#include "os/sandbox.h"

#define IN_MAX          (HF_FRAME_HEAD + HF_LISTENER_FRAME_MAX)
#define BACKLOG         64
#define DESCRIPTORS_MAX 128 /* connections, and a few of our own */
#define REQUEST_S       10
#define HEADERS_MAX     8192
#define BODY_MAX        1024
#define PAUSE_US        200000 /* when there are too many connections */

struct entry {
    size_t len; /* 0: free */
    size_t token_len;
    char authorization[HF_AUTHORIZATION_MAX];
};

struct worker {
    int fd;
    bool no_wall;
    struct hf_buf in;
    struct event_base *base;
    struct event *readable;
    struct evhttp *http;
    struct entry entries[HF_LISTENER_TOKENS_MAX];
};

/* ---- tokens ---- */

static struct hf_span token_of(const struct entry *entry)
{
    return (struct hf_span){entry->authorization, entry->token_len};
}

/* The entry of this token; of none: one that is free. Or NULL. */
static struct entry *find(struct worker *w, struct hf_span token)
{
    for (size_t i = 0; i < HF_LISTENER_TOKENS_MAX; i++)
        if (hf_span_eq(token_of(&w->entries[i]), token))
            return &w->entries[i];
    return NULL;
}

static bool answer_done(const struct worker *w)
{
    char room[HF_FRAME_HEAD + 1];
    struct hf_buf out;
    size_t at;

    hf_buf_init(&out, room, sizeof(room));
    at = hf_frame_begin(&out, HF_LISTENER_DONE);
    hf_frame_end(&out, at);
    return hf_role_send(w->fd, hf_buf_span(&out));
}

static bool take_token(void *state, struct hf_span body)
{
    struct worker *w = state;
    struct hf_span token = {0};
    struct entry *entry;
    bool shows;

    if (!hf_take_flag(&body, &shows) || body.len > HF_AUTHORIZATION_MAX)
        return false;
    token = (struct hf_span){body.ptr, hf_span_find(body, '.')};
    entry = find(w, token);
    if (entry == NULL && shows)
        entry = find(w, HF_SPAN(""));
    if (entry == NULL)
        return !shows && answer_done(w);
    *entry = (struct entry){0};
    if (shows) {
        memcpy(entry->authorization, body.ptr, body.len);
        entry->len = body.len;
        entry->token_len = token.len;
    }
    return answer_done(w);
}

/* ---- requests ---- */

/* The last part of a path that tokens have; empty for every other one. */
static struct hf_span token_in(const struct evhttp_uri *uri)
{
    const char *path = uri == NULL ? NULL : evhttp_uri_get_path(uri);
    struct hf_span token = hf_span_str(path);

    if (!hf_span_starts(token, HF_SPAN(HF_HTTP_PATH)))
        return HF_SPAN("");
    (void)hf_span_cut(&token, sizeof(HF_HTTP_PATH) - 1);
    return token;
}

static void on_request(struct evhttp_request *request, void *data)
{
    struct worker *w = data;
    struct hf_span token = token_in(evhttp_request_get_evhttp_uri(request));
    struct evkeyvalq *headers = evhttp_request_get_output_headers(request);
    const struct entry *entry = token.len > 0 ? find(w, token) : NULL;

    (void)evhttp_add_header(headers, "Connection", "close");
    if (entry == NULL) {
        evhttp_send_reply(request, 404, "Not Found", NULL);
        return;
    }
    (void)evhttp_add_header(headers, "Content-Type",
                            "application/octet-stream");
    (void)evbuffer_add(evhttp_request_get_output_buffer(request),
                       entry->authorization, entry->len);
    evhttp_send_reply(request, 200, "OK", NULL);
}

/* ---- connections ---- */

static void on_pause(evutil_socket_t fd, short what, void *data)
{
    (void)fd;
    (void)what;
    (void)evconnlistener_enable(data);
}

/* There is no descriptor left: those that are open end within seconds. evhttp
 * has put `data` to a use of its own. */
static void on_crowd(struct evconnlistener *listener, void *data)
{
    const struct timeval wait = {.tv_usec = PAUSE_US};

    (void)data;
    (void)evconnlistener_disable(listener);
    (void)event_base_once(evconnlistener_get_base(listener), -1, EV_TIMEOUT,
                          on_pause, listener, &wait);
}

static enum hf_listener_start reason_of(int error)
{
    switch (error) {
    case EADDRINUSE:
        return HF_LISTENER_IN_USE;
    case EACCES:
    case EPERM:
        return HF_LISTENER_DENIED;
    case EADDRNOTAVAIL:
    case EAFNOSUPPORT:
        return HF_LISTENER_ELSEWHERE;
    default:
        return HF_LISTENER_SOCKET;
    }
}

static enum hf_listener_start
add_socket(struct worker *w, const struct sockaddr *address, socklen_t len)
{
    unsigned flags =
        LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE;
    struct evconnlistener *listener;

    if (address->sa_family == AF_INET6)
        flags |= LEV_OPT_BIND_IPV6ONLY; /* IPv4 has a socket of its own */
    listener = evconnlistener_new_bind(w->base, NULL, NULL, flags, BACKLOG,
                                       address, (int)len);
    if (listener == NULL)
        return reason_of(errno);
    if (evhttp_bind_listener(w->http, listener) == NULL) {
        evconnlistener_free(listener);
        return HF_LISTENER_MEMORY;
    }
    evconnlistener_set_error_cb(listener, on_crowd);
    return HF_LISTENER_STARTED;
}

/* `octets` is an address of the one kind or the other, or empty: all. */
static enum hf_listener_start add_ipv4(struct worker *w, struct hf_span octets,
                                       uint16_t port)
{
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(port)};

    if (octets.len == sizeof(any.sin_addr))
        memcpy(&any.sin_addr, octets.ptr, octets.len);
    return add_socket(w, (struct sockaddr *)&any, sizeof(any));
}

static enum hf_listener_start add_ipv6(struct worker *w, struct hf_span octets,
                                       uint16_t port)
{
    struct sockaddr_in6 any = {.sin6_family = AF_INET6,
                               .sin6_port = htons(port)};

    if (octets.len == sizeof(any.sin6_addr))
        memcpy(&any.sin6_addr, octets.ptr, octets.len);
    return add_socket(w, (struct sockaddr *)&any, sizeof(any));
}

/* A machine may have one of the two kinds only. */
static enum hf_listener_start add_both(struct worker *w, uint16_t port)
{
    enum hf_listener_start first = add_ipv4(w, HF_SPAN(""), port);
    enum hf_listener_start second;

    if (first != HF_LISTENER_STARTED && first != HF_LISTENER_ELSEWHERE)
        return first;
    second = add_ipv6(w, HF_SPAN(""), port);
    if (second == HF_LISTENER_ELSEWHERE)
        return first;
    return second;
}

static enum hf_listener_start listen_at(struct worker *w, struct hf_span octets,
                                        uint16_t port)
{
    if (octets.len == 0)
        return add_both(w, port);
    if (octets.len == 4)
        return add_ipv4(w, octets, port);
    return octets.len == 16 ? add_ipv6(w, octets, port) : HF_LISTENER_BROKEN;
}

/* ---- the process ---- */

static void on_readable(evutil_socket_t fd, short what, void *data)
{
    struct worker *w = data;
    const struct hf_service service = {.kind = HF_LISTENER_TOKEN,
                                       .frame_max = HF_LISTENER_FRAME_MAX,
                                       .take = take_token,
                                       .state = w};

    (void)what;
    if (!hf_role_serve(fd, &w->in, &service))
        (void)event_base_loopbreak(w->base);
}

static bool events_make(struct worker *w)
{
    w->base = event_base_new();
    if (w->base == NULL)
        return false;
    w->http = evhttp_new(w->base);
    w->readable =
        event_new(w->base, w->fd, EV_READ | EV_PERSIST, on_readable, w);
    if (w->http == NULL || w->readable == NULL)
        return false;
    evhttp_set_timeout(w->http, REQUEST_S);
    evhttp_set_max_headers_size(w->http, HEADERS_MAX);
    evhttp_set_max_body_size(w->http, BODY_MAX);
    evhttp_set_allowed_methods(w->http, EVHTTP_REQ_GET | EVHTTP_REQ_HEAD);
    evhttp_set_gencb(w->http, on_request, w);
    return true;
}

static enum hf_listener_start wall_in(const struct worker *w)
{
    const struct rlimit few = {DESCRIPTORS_MAX, DESCRIPTORS_MAX};

    if (setrlimit(RLIMIT_NOFILE, &few) != 0)
        return HF_LISTENER_SOCKET;
    return w->no_wall || hf_sandbox_enter(HF_SANDBOX_ACCEPT, NULL) == HF_OK
               ? HF_LISTENER_STARTED
               : HF_LISTENER_WALL;
}

static enum hf_listener_start start(struct worker *w, struct hf_span config)
{
    enum hf_listener_start state;
    uint64_t port;

    if (!hf_take_flag(&config, &w->no_wall) ||
        !hf_take_number(&config, 2, &port))
        return HF_LISTENER_BROKEN;
    if (!events_make(w))
        return HF_LISTENER_MEMORY;
    state = listen_at(w, config, (uint16_t)port); /* two octets */
    return state == HF_LISTENER_STARTED ? wall_in(w) : state;
}

static void worker_free(struct worker *w)
{
    if (w->http != NULL)
        evhttp_free(w->http);
    if (w->readable != NULL)
        event_free(w->readable);
    if (w->base != NULL)
        event_base_free(w->base);
    hf_buf_clear(&w->in);
    hf_free(w);
}

bool hf_listener_worker_run(int fd)
{
    struct worker *w = hf_alloc(1, sizeof(*w));
    struct hf_frame frame;
    bool good = false;

    if (w == NULL)
        return false;
    w->fd = fd;
    hf_role_ignore_signals();
    hf_buf_init_grow(&w->in, IN_MAX);
    if (hf_buf_reserve(&w->in, IN_MAX) != NULL &&
        hf_role_next(fd, &w->in, HF_LISTENER_FRAME_MAX, &frame) &&
        frame.kind == HF_FRAME_CONFIG &&
        hf_role_greet(fd, start(w, frame.body))) {
        hf_frame_drop(&w->in, &frame);
        (void)event_add(w->readable, NULL);
        good = event_base_dispatch(w->base) == 0;
    }
    worker_free(w);
    return good;
}
