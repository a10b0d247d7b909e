/* SPDX-License-Identifier: Apache-2.0 */
#include "os/lock.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <unistd.h>

#include "holdfast/buf.h"
#include "holdfast/record.h"
#include "os/clock.h"
#include "os/fail.h"
#include "os/signals.h"

#define LOOK_MS 20

/* Who wrote the file last; 0 when that is no number. */
static int64_t read_pid(int fd)
{
    char room[24];
    ssize_t n = pread(fd, room, sizeof(room), 0);
    struct hf_span text = {room, n < 0 ? 0 : (size_t)n};
    int64_t pid = 0;

    text.len = hf_span_find(text, '\n');
    return hf_persist_until_parse(text, &pid) ? pid : 0;
}

/* Who waits reads it at any moment: first the new text, then the cut. That
 * the disk is full is no reason not to have the lock. */
static void write_pid(int fd)
{
    char room[24];
    struct hf_buf text;

    hf_buf_init(&text, room, sizeof(room));
    hf_buf_put_i64(&text, getpid());
    hf_buf_putc(&text, '\n');
    if (pwrite(fd, room, text.len, 0) == (ssize_t)text.len)
        (void)!ftruncate(fd, (off_t)text.len);
}

/* `*held` is false when time is up. */
static enum hf_err wait_for(int fd, int64_t until_ms, bool *held,
                            struct hf_why *why)
{
    for (;;) {
        *held = flock(fd, LOCK_EX | LOCK_NB) == 0;
        if (*held)
            return HF_OK;
        if (errno != EWOULDBLOCK && errno != EINTR)
            return hf_fail_sys(why, errno, "lock");
        if (hf_signals_stop_wanted())
            return hf_fail(why, HF_ECANCELED, 0, "interrupted");
        if (hf_clock_ms() >= until_ms)
            return HF_OK;
        (void)poll(NULL, 0, LOOK_MS);
    }
}

enum hf_err hf_lock_take(const char *path, int64_t wait_ms, struct hf_lock *out,
                         int64_t *holder, struct hf_why *why)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool held = false;
    enum hf_err err;

    *holder = 0;
    if (fd < 0)
        return hf_fail_sys(why, errno, "open");
    err = wait_for(fd, hf_clock_ms() + wait_ms, &held, why);
    if (err == HF_OK && held) {
        write_pid(fd);
        *out = (struct hf_lock){.fd = fd, .held = true};
        return HF_OK;
    }
    *holder = read_pid(fd);
    *out = (struct hf_lock){0};
    (void)close(fd);
    return err;
}

void hf_lock_drop(struct hf_lock *lock)
{
    if (lock->held)
        (void)close(lock->fd);
    *lock = (struct hf_lock){0};
}
