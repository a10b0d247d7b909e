/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "base/alloc.h"
#include "dns/octets.h"
#include "dns/transfer.h"
#include "os/clock.h"
#include "os/fail.h"
#include "os/signals.h"

#define ROOM ((size_t)2 + HF_WIRE_MESSAGE_MAX)

/* One connection and the octets that came and were not used yet. */
struct line {
    int fd;
    int64_t idle_ms;
    size_t from;
    size_t to;
    char room[2 * ROOM];
};

static enum hf_err wait_for(const struct line *line, short events,
                            int64_t until_ms, struct hf_why *why)
{
    for (;;) {
        struct pollfd at = {.fd = line->fd, .events = events};
        int64_t left_ms = until_ms - hf_clock_ms();
        int n;

        if (hf_signals_stop_wanted())
            return hf_fail(why, HF_ECANCELED, 0, "interrupted");
        if (left_ms <= 0)
            return hf_fail(why, HF_ETIMEOUT, 0,
                           "the server does not go on in time");
        n = poll(&at, 1, left_ms > 1000 ? 1000 : (int)left_ms);
        if (n > 0)
            return HF_OK;
        if (n < 0 && errno != EINTR)
            return hf_fail_sys(why, errno, "cannot wait for the server");
    }
}

static enum hf_err connect_to(struct line *line, const struct hf_server *server,
                              struct hf_why *why)
{
    const struct sockaddr *address = (const struct sockaddr *)&server->address;
    socklen_t len = sizeof(int);
    int sys = 0;
    enum hf_err err;

    line->fd = socket(address->sa_family,
                      SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (line->fd < 0)
        return hf_fail_sys(why, errno, "cannot make a socket");
    if (connect(line->fd, address, server->address_len) == 0)
        return HF_OK;
    if (errno != EINPROGRESS)
        return hf_fail_sys(why, errno, "cannot connect to the server");
    err = wait_for(line, POLLOUT, hf_clock_ms() + line->idle_ms, why);
    if (err != HF_OK)
        return err;
    if (getsockopt(line->fd, SOL_SOCKET, SO_ERROR, &sys, &len) != 0)
        return hf_fail_sys(why, errno, "cannot connect to the server");
    errno = sys;
    return sys == 0 ? HF_OK
                    : hf_fail_sys(why, errno, "cannot connect to the server");
}

static enum hf_err send_all(struct line *line, struct hf_span data,
                            struct hf_why *why)
{
    int64_t until_ms = hf_clock_ms() + line->idle_ms;

    while (data.len > 0) {
        ssize_t n = send(line->fd, data.ptr, data.len, MSG_NOSIGNAL);
        enum hf_err err;

        if (n >= 0) {
            (void)hf_span_cut(&data, (size_t)n);
            continue;
        }
        if (errno != EAGAIN && errno != EINTR)
            return hf_fail_sys(why, errno, "cannot send the request");
        err = wait_for(line, POLLOUT, until_ms, why);
        if (err != HF_OK)
            return err;
    }
    return HF_OK;
}

/* More octets behind those that are there. */
static enum hf_err receive(struct line *line, int64_t until_ms,
                           struct hf_why *why)
{
    memmove(line->room, line->room + line->from, line->to - line->from);
    line->to -= line->from;
    line->from = 0;
    for (;;) {
        ssize_t n = recv(line->fd, line->room + line->to,
                         sizeof(line->room) - line->to, 0);
        enum hf_err err;

        if (n > 0) {
            line->to += (size_t)n;
            return HF_OK;
        }
        if (n == 0)
            return hf_fail(why, HF_EPEER, 0,
                           "the server closed the connection in the middle of "
                           "the transfer");
        if (errno != EAGAIN && errno != EINTR)
            return hf_fail_sys(why, errno,
                               "the connection broke during the transfer");
        err = wait_for(line, POLLIN, until_ms, why);
        if (err != HF_OK)
            return err;
    }
}

/* One message, borrowed until the next call. */
static enum hf_err next_message(struct line *line, struct hf_span *out,
                                struct hf_why *why)
{
    int64_t until_ms = hf_clock_ms() + line->idle_ms;

    for (;;) {
        struct hf_span there = {line->room + line->from, line->to - line->from};
        uint64_t len;
        enum hf_err err;

        if (hf_take_number(&there, 2, &len) && len <= there.len) {
            *out = hf_span_cut(&there, (size_t)len);
            line->from = line->to - there.len;
            return HF_OK;
        }
        err = receive(line, until_ms, why);
        if (err != HF_OK)
            return err;
    }
}

static enum hf_err send_request(struct line *line, struct hf_transfer *transfer,
                                struct hf_why *why)
{
    char room[2048];
    struct hf_buf request;
    size_t len;
    enum hf_err err;

    hf_buf_init(&request, room + 2, sizeof(room) - 2);
    err = hf_transfer_ask(transfer, hf_clock_now().s, &request, why);
    if (err != HF_OK)
        return err;
    len = request.len;
    room[0] = (char)(unsigned char)(len >> 8);
    room[1] = (char)(unsigned char)len;
    return send_all(line, (struct hf_span){room, len + 2}, why);
}

enum hf_err hf_transfer_run(struct hf_transfer *transfer,
                            const struct hf_server *server, int64_t idle_ms,
                            struct hf_why *why)
{
    struct line *line = hf_alloc(1, sizeof(*line));
    struct hf_span message;
    bool done = false;
    enum hf_err err;

    if (line == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    line->fd = -1;
    line->idle_ms = idle_ms;
    err = connect_to(line, server, why);
    if (err == HF_OK)
        err = send_request(line, transfer, why);
    while (err == HF_OK && !done) {
        err = next_message(line, &message, why);
        if (err == HF_OK)
            err = hf_transfer_take(transfer, message, hf_clock_now().s, &done,
                                   why);
    }
    if (line->fd >= 0)
        (void)close(line->fd);
    hf_free(line);
    return err;
}
