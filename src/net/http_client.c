/* SPDX-License-Identifier: Apache-2.0 */
#include <limits.h>
#include <netdb.h>
#include <sys/socket.h>

#include "base/alloc.h"
#include "holdfast/name.h"
#include "net/http.h"
#include "net/http_msg.h"
#include "net/http_worker.h"
#include "os/clock.h"
#include "os/role.h"

#define CONNECT_MS 10000
#define TIMEOUT_MS 60000
#define WINDOW_MAX 256
#define START_MS   10000 /* reading CA certificates takes no longer */
#define HANG_MS    2000  /* a worker this late is dead */
#define HOSTS_MAX  8

/* One request that the worker owes us a reply to. */
struct owed {
    bool used;
    bool safe;       /* may be sent again */
    uint64_t ticket; /* the caller's */
    uint64_t number; /* ours */
    int64_t until_ms;
    enum hf_http_failure failure; /* known without the worker */
    struct hf_buf frame;          /* of a safe one, for another worker */
};

/* The addresses of a name: looked up once, forgotten when they do not serve,
 * for the worker cannot read the files that getaddrinfo() wants. */
struct host {
    char name[HF_NAME_MAX + 1]; /* empty: this place is free */
    char text[HF_NET_ADDRESSES_MAX][HF_NET_ADDRESS_MAX + 1];
    size_t count;
};

struct client {
    struct hf_role role;
    int64_t again_ms; /* of hf_role_may_replace() */
    bool lost;        /* dead, and not to be replaced yet */
    bool allow_plain;
    bool probes;
    int64_t timeout_ms;
    uint64_t numbers;
    struct owed *owed;
    size_t window;
    size_t next_host; /* whose place is taken next */
    struct host hosts[HOSTS_MAX];
    struct hf_buf config; /* the first frame, kept for a replacement */
};

/* ---- addresses ---- */

static void host_add(struct host *host, const struct addrinfo *info)
{
    char *text = host->text[host->count];

    if (getnameinfo(info->ai_addr, info->ai_addrlen, text,
                    sizeof(host->text[0]), NULL, 0, NI_NUMERICHOST) != 0)
        return;
    host->count++;
}

static struct host *host_look_up(struct client *c, const char *name)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                                   .ai_flags = AI_ADDRCONFIG};
    struct host *host = &c->hosts[c->next_host];
    struct addrinfo *list = NULL;

    *host = (struct host){0};
    if (getaddrinfo(name, NULL, &hints, &list) != 0)
        return NULL;
    for (const struct addrinfo *info = list;
         info != NULL && host->count < HF_NET_ADDRESSES_MAX;
         info = info->ai_next)
        host_add(host, info);
    freeaddrinfo(list);
    if (host->count == 0)
        return NULL;
    memcpy(host->name, name, strlen(name));
    c->next_host = (c->next_host + 1) % HOSTS_MAX;
    return host;
}

static struct host *host_of(struct client *c, struct hf_span name)
{
    char text[HF_NAME_MAX + 1] = {0};

    for (size_t i = 0; i < HOSTS_MAX; i++)
        if (c->hosts[i].count > 0 &&
            hf_span_eq_nocase(hf_span_str(c->hosts[i].name), name))
            return &c->hosts[i];
    memcpy(text, name.ptr, name.len);
    return host_look_up(c, text);
}

/* False when the name has none. */
static bool put_addresses(struct client *c, struct hf_net_request *request)
{
    const struct host *host;

    if (request->kind != HF_URL_NAME) {
        request->addresses[0] = request->host;
        request->address_count = 1;
        return true;
    }
    host = host_of(c, request->host);
    if (host == NULL)
        return false;
    for (size_t i = 0; i < host->count; i++)
        request->addresses[i] = hf_span_str(host->text[i]);
    request->address_count = host->count;
    return true;
}

/* A server may have moved: look where it is before the next request. */
static void forget_hosts(struct client *c, enum hf_http_failure failure)
{
    if (failure < HF_HTTP_NO_CONNECT || failure > HF_HTTP_UNTRUSTED)
        return;
    for (size_t i = 0; i < HOSTS_MAX; i++)
        c->hosts[i].count = 0;
}

/* ---- the worker ---- */

static enum hf_err worker_start(struct client *c, struct hf_why *why)
{
    const struct hf_role_plan plan = {.word = HF_NET_ROLE,
                                      .config = hf_buf_span(&c->config),
                                      .wait_ms = START_MS,
                                      .greetings = hf_net_greetings,
                                      .greeting_count = HF_NET_STARTS};

    return hf_role_open(&c->role, &plan, why);
}

/* Another worker for the dead one. It is asked what is safe to ask
 * again; of the rest nobody knows whether a server has seen it. */
static void worker_replace(struct client *c)
{
    hf_role_end(&c->role);
    c->lost = !hf_role_may_replace(&c->role, c->again_ms) ||
              worker_start(c, NULL) != HF_OK;
    for (size_t i = 0; i < c->window; i++) {
        struct owed *owed = &c->owed[i];

        if (!owed->used || owed->failure != HF_HTTP_REPLIED)
            continue;
        if (owed->safe && !c->lost)
            hf_buf_put(&c->role.out, hf_buf_span(&owed->frame));
        else
            owed->failure = HF_HTTP_LOST;
    }
}

/* ---- requests ---- */

static struct owed *owed_free(struct client *c)
{
    for (size_t i = 0; i < c->window; i++)
        if (!c->owed[i].used)
            return &c->owed[i];
    return NULL;
}

/* Not before now, however long it has waited to be asked: the worker is late by
 * what it makes of it. */
static int64_t deadline(const struct client *c,
                        const struct hf_http_request *request)
{
    int64_t now_ms = hf_clock_ms();
    int64_t until_ms = now_ms + c->timeout_ms;

    if (request->give_up_at_ms > 0 && request->give_up_at_ms < until_ms)
        until_ms = request->give_up_at_ms;
    return until_ms > now_ms ? until_ms : now_ms;
}

/* Milliseconds left, at least one. */
static uint32_t time_left(int64_t until_ms)
{
    int64_t left_ms = until_ms - hf_clock_ms();

    if (left_ms < 1)
        return 1;
    return left_ms > INT_MAX ? INT_MAX : (uint32_t)left_ms;
}

/* A prober is told where to look, and only a prober is. */
static enum hf_err read_place(const struct client *c,
                              const struct hf_http_request *request,
                              struct hf_net_request *out, struct hf_why *why)
{
    bool told = request->address_count > 0;

    if (told != c->probes ||
        (request->method == HF_HTTP_HANDSHAKE && !(c->probes && out->tls)))
        return hf_fail(why, HF_EINVAL, 0,
                       "only a prober, and always a prober, is told at which "
                       "addresses to look");
    if (request->address_count > HF_NET_ADDRESSES_MAX)
        return hf_fail(why, HF_ELIMIT, 0, "too many addresses of one server");
    for (size_t i = 0; i < request->address_count; i++)
        out->addresses[i] = request->addresses[i];
    out->address_count = request->address_count;
    return HF_OK;
}

static enum hf_err read_request(const struct client *c,
                                const struct hf_http_request *request,
                                struct hf_net_request *out, struct hf_why *why)
{
    struct hf_url url;
    enum hf_err err = hf_url_parse(request->url, &url, why);

    if (err != HF_OK)
        return err;
    /* REQ CLI-16: nothing is believed that did not come over TLS. */
    if (!url.tls && !c->allow_plain)
        return hf_fail(why, HF_EINVAL, 0,
                       "draft -02 4.5: only https: is an authenticated "
                       "channel; http: is refused");
    if (request->body.len > HF_HTTP_SEND_MAX ||
        !hf_net_is_clean(request->accept, HF_NET_FIELD_MAX, true) ||
        !hf_net_is_clean(request->content_type, HF_NET_FIELD_MAX, true))
        return hf_fail(why, HF_ELIMIT, 0, "request is too large");
    *out = (struct hf_net_request){.method = request->method,
                                   .kind = url.kind,
                                   .tls = url.tls,
                                   .port = url.port,
                                   .host = url.host,
                                   .authority = url.authority,
                                   .target = url.target,
                                   .accept = request->accept,
                                   .content_type = request->content_type,
                                   .body = request->body};
    return read_place(c, request, out, why);
}

/* Queue its frame; what is safe to repeat keeps a copy. */
static bool send_request(struct client *c, struct owed *owed,
                         const struct hf_net_request *request)
{
    size_t from = c->role.out.len;
    struct hf_span frame;

    hf_net_put_request(&c->role.out, request);
    if (!c->role.out.full && owed->safe) {
        frame =
            (struct hf_span){c->role.out.ptr + from, c->role.out.len - from};
        hf_buf_init_grow(&owed->frame, HF_FRAME_HEAD + HF_NET_REQUEST_MAX);
        hf_buf_put(&owed->frame, frame);
    }
    if (!c->role.out.full && !owed->frame.full)
        return true;
    c->role.out.full = false;
    c->role.out.len = from;
    hf_buf_clear(&owed->frame);
    return false;
}

static enum hf_err client_submit(void *state,
                                 const struct hf_http_request *request,
                                 uint64_t ticket, struct hf_why *why)
{
    struct client *c = state;
    struct owed *owed = owed_free(c);
    struct hf_net_request sent;
    enum hf_err err;

    if (owed == NULL)
        return hf_fail(why, HF_ELIMIT, 0, "too many requests under way");
    err = read_request(c, request, &sent, why);
    if (err != HF_OK)
        return err;
    *owed = (struct owed){.safe = request->method != HF_HTTP_POST,
                          .ticket = ticket,
                          .number = c->numbers};
    if (c->lost)
        worker_replace(c);
    if (c->lost)
        owed->failure = HF_HTTP_LOST;
    else if (!c->probes && !put_addresses(c, &sent))
        owed->failure = HF_HTTP_NO_ADDRESS;
    owed->until_ms = deadline(c, request);
    sent.ticket = owed->number;
    sent.timeout_ms = time_left(owed->until_ms);
    if (owed->failure == HF_HTTP_REPLIED && !send_request(c, owed, &sent))
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    owed->used = true;
    c->numbers++;
    return HF_OK;
}

/* ---- replies ---- */

static void owed_done(struct owed *owed)
{
    hf_buf_clear(&owed->frame);
    owed->used = false;
}

static struct owed *owed_find(struct client *c, uint64_t number)
{
    for (size_t i = 0; i < c->window; i++)
        if (c->owed[i].used && c->owed[i].number == number &&
            c->owed[i].failure == HF_HTTP_REPLIED)
            return &c->owed[i];
    return NULL;
}

/* One that failed without the worker, if any. */
static bool take_failed(struct client *c, uint64_t *ticket,
                        struct hf_http_reply *out)
{
    for (size_t i = 0; i < c->window; i++) {
        struct owed *owed = &c->owed[i];

        if (!owed->used || owed->failure == HF_HTTP_REPLIED)
            continue;
        *out =
            (struct hf_http_reply){.failure = owed->failure,
                                   .reason = hf_net_reason(owed->failure, 0)};
        *ticket = owed->ticket;
        owed_done(owed);
        return true;
    }
    return false;
}

/* One frame of the worker, if a whole one is there. HF_EPEER for nonsense. */
static enum hf_err accept_frame(struct client *c, uint64_t *ticket,
                                struct hf_http_reply *out, bool *got)
{
    struct hf_frame frame = {0};
    struct hf_net_reply message;
    struct owed *owed;
    bool more = false;
    enum hf_err err;

    if (hf_role_peek(&c->role, &frame, &more, NULL) != HF_OK)
        return HF_EPEER;
    if (!more)
        return HF_OK;
    if (frame.kind != HF_NET_REPLY)
        return HF_EPEER;
    err = hf_net_read_reply(frame.body, &message, NULL);
    if (err != HF_OK)
        return err == HF_ENOMEM ? err : HF_EPEER;
    owed = owed_find(c, message.ticket);
    if (owed == NULL) {
        hf_http_reply_clear(&message.reply);
        return HF_EPEER;
    }
    hf_role_drop(&c->role, &frame);
    forget_hosts(c, message.reply.failure);
    *ticket = owed->ticket;
    *out = message.reply;
    *got = true;
    owed_done(owed);
    return HF_OK;
}

/* Has the worker missed a deadline by so much that it must be stuck? */
static bool is_late(const struct client *c)
{
    int64_t now_ms = hf_clock_ms();

    for (size_t i = 0; i < c->window; i++)
        if (c->owed[i].used && now_ms > c->owed[i].until_ms + HANG_MS)
            return true;
    return false;
}

/* Wait for octets of the worker, and replace it when there is reason to. */
static enum hf_err await_octets(struct client *c, int64_t until_ms,
                                struct hf_why *why)
{
    size_t had = c->role.in.len;
    bool alive = true;
    enum hf_err err = hf_role_wait(&c->role, until_ms, &alive, why);

    if (err != HF_OK)
        return err;
    /* It is not late as long as there is something of it to be read. */
    if (!alive || (c->role.in.len == had && is_late(c)))
        worker_replace(c);
    return HF_OK;
}

static enum hf_err client_poll(void *state, int64_t wait_ms, uint64_t *ticket,
                               struct hf_http_reply *out, bool *got,
                               struct hf_why *why)
{
    struct client *c = state;
    int64_t until_ms = hf_clock_ms() + wait_ms;
    bool late = false;
    enum hf_err err;

    while (true) {
        *got = take_failed(c, ticket, out);
        if (*got || c->lost)
            return HF_OK;
        err = accept_frame(c, ticket, out, got);
        if (err == HF_ENOMEM)
            return hf_fail(why, HF_ENOMEM, 0, "out of memory");
        if (err != HF_OK) {
            worker_replace(c);
            continue;
        }
        if (*got || late)
            return HF_OK;
        err = await_octets(c, until_ms, why);
        if (err != HF_OK)
            return err;
        late = hf_clock_ms() >= until_ms;
    }
}

static int client_fd(void *state)
{
    const struct client *c = state;

    return c->role.fd;
}

static void client_free(void *state)
{
    struct client *c = state;

    if (c == NULL)
        return;
    hf_role_clear(&c->role);
    hf_buf_clear(&c->config);
    for (size_t i = 0; c->owed != NULL && i < c->window; i++)
        hf_buf_clear(&c->owed[i].frame);
    hf_free(c->owed);
    hf_free(c);
}

static size_t or_else(size_t value, size_t otherwise)
{
    return value > 0 ? value : otherwise;
}

/* The configuration as it is sent: whatever was left out is there. */
static enum hf_err complete(struct hf_http_config *config, struct hf_why *why)
{
    config->window = or_else(config->window, HF_HTTP_WINDOW);
    config->connections = or_else(config->connections, HF_HTTP_CONNECTIONS);
    config->body_max = or_else(config->body_max, HF_HTTP_BODY_MAX);
    config->header_max = or_else(config->header_max, HF_HTTP_HEADER_MAX);
    if (config->connect_ms <= 0)
        config->connect_ms = CONNECT_MS;
    if (config->timeout_ms <= 0)
        config->timeout_ms = TIMEOUT_MS;
    if (config->user_agent == NULL)
        config->user_agent = "holdfast";
    if (config->window > WINDOW_MAX || config->connections > INT_MAX ||
        config->body_max > HF_HTTP_BODY_LIMIT ||
        config->header_max > HF_HTTP_BODY_LIMIT ||
        config->connect_ms > INT_MAX || config->timeout_ms > INT_MAX ||
        config->ca_file_count > HF_HTTP_FILES_MAX)
        return hf_fail(why, HF_ELIMIT, 0, "HTTP client: limits are too large");
    return HF_OK;
}

static enum hf_err client_start(struct client *c,
                                const struct hf_http_config *config,
                                struct hf_why *why)
{
    size_t out_max = HF_NET_CONFIG_MAX +
                     config->window * (HF_FRAME_HEAD + HF_NET_REQUEST_MAX);

    hf_role_init(&c->role, HF_NET_REPLY_MAX(config->body_max), out_max);
    hf_buf_init_grow(&c->config, HF_NET_CONFIG_MAX);
    c->allow_plain = config->allow_plain || config->probes;
    c->probes = config->probes;
    c->timeout_ms = config->timeout_ms;
    c->again_ms = config->again_ms;
    c->window = config->window;
    c->owed = hf_alloc(c->window, sizeof(c->owed[0]));
    if (c->owed == NULL ||
        hf_buf_reserve(&c->role.out, HF_NET_CONFIG_MAX) == NULL ||
        hf_buf_reserve(&c->config, HF_NET_CONFIG_MAX) == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    hf_net_put_config(&c->config, config);
    if (c->config.full)
        return hf_fail(why, HF_ELIMIT, 0, "HTTP client: too many options");
    return worker_start(c, why);
}

enum hf_err hf_http_new(const struct hf_http_config *config,
                        struct hf_http *out, struct hf_why *why)
{
    struct hf_http_config sent = *config;
    enum hf_err err = complete(&sent, why);
    struct client *c;

    if (err != HF_OK)
        return err;
    c = hf_alloc(1, sizeof(*c));
    if (c == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    err = client_start(c, &sent, why);
    if (err != HF_OK) {
        client_free(c);
        return err;
    }
    *out = (struct hf_http){.submit = client_submit,
                            .poll = client_poll,
                            .fd = client_fd,
                            .free = client_free,
                            .state = c,
                            .window = c->window};
    return HF_OK;
}
