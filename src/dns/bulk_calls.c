/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/bulk_calls.h"

#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/alloc.h"

#define LENGTH_SIZE 2 /* before each message */
#define ROOM_SIZE   (LENGTH_SIZE + HF_WIRE_MESSAGE_MAX)

/* One connection, perhaps with a question on it. */
struct call {
    int fd; /* -1: none */
    size_t server;
    bool busy;
    bool used_before; /* the server may have closed it in the meantime */
    uint32_t slot;
    int64_t give_up_at_ns;
    size_t out_len;
    size_t out_done;
    size_t in_len;
    uint8_t out[LENGTH_SIZE + HF_WIRE_QUERY_MAX];
    char *in; /* ROOM_SIZE bytes */
};

struct hf_bulk_calls {
    struct hf_bulk_engine *engine;
    const struct hf_server *servers;
    int epoll;
    uint64_t tag;
    size_t busy;
    struct call calls[HF_BULK_CALLS_MAX];
    char *rooms;
};

enum hf_err hf_bulk_calls_new(struct hf_bulk_engine *engine,
                              const struct hf_server *servers, int epoll,
                              uint64_t tag, struct hf_bulk_calls **out,
                              struct hf_why *why)
{
    struct hf_bulk_calls *calls = hf_alloc(1, sizeof(*calls));

    if (calls == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    calls->engine = engine;
    calls->servers = servers;
    calls->epoll = epoll;
    calls->tag = tag;
    /* Large enough for the kernel to hand it out page by page. */
    calls->rooms = hf_alloc(HF_BULK_CALLS_MAX, ROOM_SIZE);
    if (calls->rooms == NULL) {
        hf_free(calls);
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    }
    for (size_t i = 0; i < HF_BULK_CALLS_MAX; i++) {
        calls->calls[i].fd = -1;
        calls->calls[i].in = calls->rooms + i * ROOM_SIZE;
    }
    *out = calls;
    return HF_OK;
}

static void hang_up(struct call *call)
{
    if (call->fd >= 0)
        (void)close(call->fd);
    call->fd = -1;
}

void hf_bulk_calls_free(struct hf_bulk_calls *calls)
{
    if (calls == NULL)
        return;
    for (size_t i = 0; i < HF_BULK_CALLS_MAX; i++)
        hang_up(&calls->calls[i]);
    hf_free(calls->rooms);
    hf_free(calls);
}

static bool dial(struct hf_bulk_calls *calls, struct call *call)
{
    const struct hf_server *server = &calls->servers[call->server];
    struct epoll_event event = {
        .events = EPOLLIN | EPOLLOUT | EPOLLET,
        .data.u64 = calls->tag + (uint64_t)(call - calls->calls),
    };

    call->used_before = false;
    call->out_done = 0;
    call->in_len = 0;
    call->fd = socket(server->address.ss_family,
                      SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (call->fd < 0)
        return false;
    if (connect(call->fd, (const struct sockaddr *)&server->address,
                server->address_len) != 0 &&
        errno != EINPROGRESS)
        return false;
    return epoll_ctl(calls->epoll, EPOLL_CTL_ADD, call->fd, &event) == 0;
}

static void fail(struct hf_bulk_calls *calls, struct call *call, int64_t now_ns)
{
    hang_up(call);
    if (!call->busy)
        return;
    call->busy = false;
    calls->busy--;
    hf_bulk_engine_call_failed(calls->engine, call->slot, now_ns);
}

/* The connection broke. One that was idle may have been closed before it saw
 * our question: then ask once more on a new one. */
static void lose(struct hf_bulk_calls *calls, struct call *call, int64_t now_ns)
{
    bool again = call->busy && call->used_before;

    hang_up(call);
    if (!again || !dial(calls, call))
        fail(calls, call, now_ns);
}

/* False: the connection is lost. */
static bool write_some(struct call *call)
{
    while (call->out_done < call->out_len) {
        ssize_t n = send(call->fd, call->out + call->out_done,
                         call->out_len - call->out_done, MSG_NOSIGNAL);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno == EAGAIN || errno == ENOTCONN;
        call->out_done += (size_t)n;
    }
    return true;
}

/* Take the message that is complete, if one is. */
static void take_message(struct hf_bulk_calls *calls, struct call *call,
                         int64_t now_ns)
{
    struct hf_span message;
    size_t behind;

    if (call->in_len < LENGTH_SIZE)
        return;
    message.ptr = call->in + LENGTH_SIZE;
    message.len =
        (size_t)(unsigned char)call->in[0] << 8 | (unsigned char)call->in[1];
    if (call->in_len - LENGTH_SIZE < message.len)
        return;
    behind = call->in_len - LENGTH_SIZE - message.len;
    call->in_len = 0;
    call->used_before = true;
    if (!hf_bulk_engine_call_answer(calls->engine, call->slot, message,
                                    now_ns)) {
        fail(calls, call, now_ns);
        return;
    }
    call->busy = false;
    calls->busy--;
    if (behind > 0)
        hang_up(call); /* more than was asked for */
}

/* False: the connection is lost. */
static bool read_some(struct hf_bulk_calls *calls, struct call *call,
                      int64_t now_ns)
{
    for (;;) {
        ssize_t n = recv(call->fd, call->in + call->in_len,
                         ROOM_SIZE - call->in_len, 0);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno == EAGAIN || errno == ENOTCONN;
        if (n == 0 || !call->busy)
            return false;
        call->in_len += (size_t)n;
        take_message(calls, call, now_ns);
        if (!call->busy || call->fd < 0)
            return true;
    }
}

void hf_bulk_calls_ready(struct hf_bulk_calls *calls, size_t index,
                         int64_t now_ns)
{
    struct call *call = &calls->calls[index];

    if (index >= HF_BULK_CALLS_MAX || call->fd < 0)
        return;
    if (!write_some(call) || !read_some(calls, call, now_ns))
        lose(calls, call, now_ns);
}

/* An idle connection to that server, else one that is not in use. */
static struct call *idle_call(struct hf_bulk_calls *calls, size_t server)
{
    struct call *idle = NULL;

    for (size_t i = 0; i < HF_BULK_CALLS_MAX; i++) {
        struct call *call = &calls->calls[i];

        if (call->busy)
            continue;
        if (call->fd >= 0 && call->server == server)
            return call;
        if (idle == NULL || (idle->fd >= 0 && call->fd < 0))
            idle = call;
    }
    return idle;
}

static void ask(struct hf_bulk_calls *calls, const struct hf_bulk_call *job,
                int64_t now_ns)
{
    struct call *call = idle_call(calls, job->server);
    bool open = call->fd >= 0 && call->server == job->server;

    call->busy = true;
    calls->busy++;
    call->slot = job->slot;
    call->give_up_at_ns = job->give_up_at_ns;
    call->out[0] = (uint8_t)(job->packet.len >> 8);
    call->out[1] = (uint8_t)job->packet.len;
    memcpy(call->out + LENGTH_SIZE, job->packet.ptr, job->packet.len);
    call->out_len = LENGTH_SIZE + job->packet.len;
    call->out_done = 0;
    call->in_len = 0;
    if (open) {
        if (!write_some(call))
            lose(calls, call, now_ns);
        return;
    }
    hang_up(call);
    call->server = job->server;
    if (!dial(calls, call))
        fail(calls, call, now_ns);
}

void hf_bulk_calls_step(struct hf_bulk_calls *calls, int64_t now_ns)
{
    struct hf_bulk_call job;

    for (size_t i = 0; i < HF_BULK_CALLS_MAX && calls->busy > 0; i++) {
        struct call *call = &calls->calls[i];

        if (call->busy && now_ns >= call->give_up_at_ns)
            fail(calls, call, now_ns);
    }
    while (calls->busy < HF_BULK_CALLS_MAX &&
           hf_bulk_engine_take_call(calls->engine, now_ns, &job))
        ask(calls, &job, now_ns);
}
