/* SPDX-License-Identifier: Apache-2.0 */
#include "os/notify.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "holdfast/buf.h"
#include "os/clock.h"
#include "os/fail.h"

#define SAID_MAX    1024
#define STATUS_MAX  400
#define DIGITS_MAX  18
#define HANDED_FROM 3 /* behind standard error */

/* ---- opening ---- */

static bool read_number(const char *text, int64_t *out)
{
    int64_t value = 0;
    size_t len = strlen(text);

    if (len == 0 || len > DIGITS_MAX)
        return false;
    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        value = value * 10 + (text[i] - '0');
    }
    *out = value;
    return true;
}

/* Twice in the time that is given. */
static bool read_watchdog(const struct hf_notify_wish *wish, int64_t *every_ms)
{
    int64_t pid = getpid();
    int64_t us = 0;

    *every_ms = 0;
    if (wish->watchdog_us == NULL)
        return true;
    if (!read_number(wish->watchdog_us, &us) || us == 0 ||
        (wish->watchdog_pid != NULL && !read_number(wish->watchdog_pid, &pid)))
        return false;
    if (pid == getpid())
        *every_ms = us / 2000 > 0 ? us / 2000 : 1;
    return true;
}

/* "@" stands for the NUL in front of an abstract name. */
static enum hf_err dial(const char *name, int *out, struct hf_why *why)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    size_t len = strlen(name);
    int fd;

    if (len < 2 || (name[0] != '/' && name[0] != '@'))
        return hf_fail(why, HF_EINVAL, 0,
                       "it is a path, or '@' and an abstract name");
    if (len >= sizeof(at.sun_path))
        return hf_fail(why, HF_ELIMIT, 0,
                       "a socket's path has at most 107 octets");
    memcpy(at.sun_path, name, len);
    if (name[0] == '@')
        at.sun_path[0] = '\0';
    else
        len++; /* its NUL */
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return hf_fail_sys(why, errno, "make a socket");
    if (connect(fd, (struct sockaddr *)&at,
                (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) !=
        0) {
        (void)hf_fail_sys(why, errno, "connect to the service manager");
        (void)close(fd);
        return HF_ESYSTEM;
    }
    *out = fd;
    return HF_OK;
}

enum hf_err hf_notify_open(const struct hf_notify_wish *wish,
                           struct hf_notify *out, struct hf_why *why)
{
    struct hf_notify notify = {0};
    enum hf_err err;

    if (wish->socket == NULL) {
        *out = notify;
        return HF_OK;
    }
    if (!read_watchdog(wish, &notify.every_ms))
        return hf_fail(why, HF_EINVAL, 0,
                       "WATCHDOG_USEC or WATCHDOG_PID is no number");
    err = dial(wish->socket, &notify.fd, why);
    if (err != HF_OK)
        return err;
    notify.is_open = true;
    *out = notify;
    return HF_OK;
}

void hf_notify_close(struct hf_notify *notify)
{
    if (notify->is_open)
        (void)close(notify->fd);
    *notify = (struct hf_notify){0};
}

/* ---- saying ---- */

static void say(const struct hf_notify *notify, struct hf_span text)
{
    if (notify->is_open)
        (void)send(notify->fd, text.ptr, text.len, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void say_with(const struct hf_notify *notify, const char *state,
                     struct hf_span status)
{
    char room[SAID_MAX + 4 * STATUS_MAX];
    struct hf_buf text;

    hf_buf_init(&text, room, sizeof(room));
    hf_buf_puts(&text, state);
    hf_buf_puts(&text, "\nSTATUS=");
    hf_buf_put_escaped(&text, status, STATUS_MAX);
    say(notify, hf_buf_span(&text));
}

void hf_notify_ready(const struct hf_notify *notify, struct hf_span status)
{
    say_with(notify, "READY=1", status);
}

void hf_notify_stopping(const struct hf_notify *notify, struct hf_span status)
{
    say_with(notify, "STOPPING=1", status);
}

/* With the moment, so that a manager that waits for us knows which of our
 * answers is to its question. */
void hf_notify_reloading(const struct hf_notify *notify)
{
    char room[SAID_MAX];
    struct hf_buf text;

    hf_buf_init(&text, room, sizeof(room));
    hf_buf_puts(&text, "RELOADING=1\nMONOTONIC_USEC=");
    hf_buf_put_i64(&text, hf_clock_ns() / 1000);
    say(notify, hf_buf_span(&text));
}

void hf_notify_alive(struct hf_notify *notify)
{
    int64_t now_ms;

    if (notify->every_ms == 0)
        return;
    now_ms = hf_clock_ms();
    if (now_ms < notify->next_ms)
        return;
    notify->next_ms = now_ms + notify->every_ms;
    say(notify, HF_SPAN("WATCHDOG=1"));
}

/* ---- what is handed to us ---- */

enum hf_err hf_handed_find(const char *count, const char *pid,
                           struct hf_handed *out, struct hf_why *why)
{
    int64_t many = 0;
    int64_t whose = 0;

    *out = (struct hf_handed){.first = HANDED_FROM};
    if (count == NULL || pid == NULL)
        return HF_OK;
    if (!read_number(count, &many) || !read_number(pid, &whose))
        return hf_fail(why, HF_EINVAL, 0,
                       "LISTEN_FDS or LISTEN_PID is no number");
    if (whose != getpid())
        return HF_OK;
    if (many > HF_HANDED_MAX)
        return hf_fail(why, HF_ELIMIT, 0, "more than 16 sockets");
    for (int fd = HANDED_FROM; fd < HANDED_FROM + (int)many; fd++)
        if (fcntl(fd, F_SETFD, FD_CLOEXEC) != 0)
            return hf_fail_sys(why, errno, "a socket that is not there");
    out->count = (int)many;
    return HF_OK;
}
