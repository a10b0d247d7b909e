/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/line.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "base/octets.h"
#include "os/clock.h"
#include "os/fail.h"
#include "os/signals.h"

static int64_t deadline(const struct hf_line *line)
{
    int64_t until_ms = hf_clock_ms() + line->idle_ms;

    return line->until_ms > 0 && line->until_ms < until_ms ? line->until_ms
                                                           : until_ms;
}

static enum hf_err wait_for(const struct hf_line *line, short events,
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

enum hf_err hf_line_open(struct hf_line *line, const struct hf_server *server,
                         struct hf_why *why)
{
    const struct sockaddr *address = (const struct sockaddr *)&server->address;
    socklen_t len = sizeof(int);
    int sys = 0;
    enum hf_err err;

    line->from = line->to = 0;
    line->fd = socket(address->sa_family,
                      SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (line->fd < 0)
        return hf_fail_sys(why, errno, "cannot make a socket");
    if (connect(line->fd, address, server->address_len) == 0)
        return HF_OK;
    if (errno != EINPROGRESS)
        return hf_fail_sys(why, errno, "cannot connect to the server");
    err = wait_for(line, POLLOUT, deadline(line), why);
    if (err != HF_OK)
        return err;
    if (getsockopt(line->fd, SOL_SOCKET, SO_ERROR, &sys, &len) != 0)
        return hf_fail_sys(why, errno, "cannot connect to the server");
    errno = sys;
    return sys == 0 ? HF_OK
                    : hf_fail_sys(why, errno, "cannot connect to the server");
}

void hf_line_close(struct hf_line *line)
{
    if (line->fd >= 0)
        (void)close(line->fd);
    line->fd = -1;
}

static enum hf_err send_all(struct hf_line *line, struct hf_span data,
                            int flags, struct hf_why *why)
{
    int64_t until_ms = deadline(line);

    while (data.len > 0) {
        ssize_t n = send(line->fd, data.ptr, data.len, MSG_NOSIGNAL | flags);
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

enum hf_err hf_line_send(struct hf_line *line, struct hf_span message,
                         struct hf_why *why)
{
    char head[2] = {(char)(unsigned char)(message.len >> 8),
                    (char)(unsigned char)message.len};
    enum hf_err err;

    if (message.len > HF_WIRE_MESSAGE_MAX)
        return hf_fail(why, HF_ELIMIT, 0, "too long for a DNS message");
    /* RFC 7766, section 8: length and message in one segment. */
    err = send_all(line, (struct hf_span){head, sizeof(head)}, MSG_MORE, why);
    return err != HF_OK ? err : send_all(line, message, 0, why);
}

/* More octets behind those that are there. */
static enum hf_err receive(struct hf_line *line, int64_t until_ms,
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
                           "the server closed the connection before its "
                           "answer was complete");
        if (errno != EAGAIN && errno != EINTR)
            return hf_fail_sys(why, errno,
                               "the connection broke before the answer was "
                               "complete");
        err = wait_for(line, POLLIN, until_ms, why);
        if (err != HF_OK)
            return err;
    }
}

enum hf_err hf_line_next(struct hf_line *line, struct hf_span *out,
                         struct hf_why *why)
{
    int64_t until_ms = deadline(line);

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
