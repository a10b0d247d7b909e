/* SPDX-License-Identifier: Apache-2.0 */
#include "os/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "os/child.h"
#include "os/clock.h"
#include "os/fail.h"
#include "os/file.h"
#include "os/signals.h"

#define COMMAND_MS 30000
#define PATH       "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* Only the first line counts; and there must be one. */
static enum hf_err keep_line(struct hf_buf *out, size_t from,
                             struct hf_why *why)
{
    struct hf_span text = {out->ptr + from, out->len - from};
    size_t len = hf_span_find(text, '\n');

    if (len > 0 && text.ptr[len - 1] == '\r')
        len--;
    out->len = from + len;
    if (out->full)
        return hf_fail(why, HF_ELIMIT, 0, "the passphrase is too long");
    if (len == 0)
        return hf_fail(why, HF_EINVAL, 0, "the passphrase is empty");
    return HF_OK;
}

enum hf_err hf_secret_file(const char *path, struct hf_buf *out,
                           struct hf_why *why)
{
    size_t from = out->len;
    enum hf_err err = hf_file_read_private(path, out, why);

    return err == HF_OK ? keep_line(out, from, why) : err;
}

enum hf_err hf_secret_credential(const char *folder, struct hf_span name,
                                 struct hf_buf *out, struct hf_why *why)
{
    size_t from = out->len;
    char path[PATH_MAX];
    enum hf_err err;
    int n;

    if (folder == NULL)
        return hf_fail(why, HF_ENOTFOUND, 0,
                       "no credentials: the service has no LoadCredential= or "
                       "SetCredential=");
    if (name.len == 0 || name.ptr[0] == '.' ||
        memchr(name.ptr, '/', name.len) != NULL)
        return hf_fail(why, HF_EINVAL, 0, "not a credential's name");
    n = snprintf(path, sizeof(path), "%s/%.*s", folder, (int)name.len,
                 name.ptr);
    if (n < 0 || (size_t)n >= sizeof(path))
        return hf_fail(why, HF_ELIMIT, 0, "path too long");
    /* systemd says who may read it, by means that a mode does not show. */
    err = hf_file_read(path, out, why);
    return err == HF_OK ? keep_line(out, from, why) : err;
}

/* What a command said, which has ended. */
static enum hf_err take_line(const struct hf_child_end *end, struct hf_buf *out,
                             size_t from, struct hf_why *why)
{
    if (!end->ran || end->timed_out || end->status != 0)
        return hf_fail(why, HF_EINVAL, 0,
                       "the command that should tell the passphrase failed");
    return keep_line(out, from, why);
}

enum hf_err hf_secret_command(const char *command, struct hf_buf *out,
                              struct hf_why *why)
{
    /* The kernel's interface wants them writable, and does not write. */
    char shell[] = "/bin/sh";
    char option[] = "-c";
    char path[] = PATH;
    char *const argv[] = {shell, option, (char *)(uintptr_t)command, NULL};
    char *const env[] = {path, NULL};
    const struct hf_child_plan plan = {
        .argv = argv, .env = env, .until_ms = hf_clock_ms() + COMMAND_MS};
    struct hf_child_end end;
    size_t from = out->len;
    char room[256];
    struct hf_buf said;
    enum hf_err err;

    hf_buf_init(&said, room, sizeof(room));
    err = hf_child_run(&plan, out, &said, &end, why);
    return err == HF_OK ? take_line(&end, out, from, why) : err;
}

void hf_secret_init(struct hf_runner *runner)
{
    static const struct hf_span path = HF_SPAN_INIT(PATH);

    hf_runner_init(runner, &path, 1);
}

size_t hf_secret_add(struct hf_runner *runner, struct hf_span command)
{
    const struct hf_span words[] = {HF_SPAN("/bin/sh"), HF_SPAN("-c"), command};
    const struct hf_program program = {
        .words = words, .word_count = 3, .timeout_ms = COMMAND_MS};

    return hf_runner_add(runner, &program);
}

enum hf_err hf_secret_run(struct hf_runner *runner, size_t index,
                          struct hf_buf *out, struct hf_why *why)
{
    static const struct hf_program program = {0}; /* nothing is left open */
    const struct hf_program_run run = {.index = index, .program = &program};
    struct hf_child_end end = {0};
    size_t from = out->len;
    char room[256];
    struct hf_buf said;
    enum hf_err err;

    hf_buf_init(&said, room, sizeof(room));
    err = hf_runner_run(runner, &run, out, &said, &end, why);
    return err == HF_OK ? take_line(&end, out, from, why) : err;
}

static bool write_text(int fd, const char *text)
{
    size_t len = strlen(text);

    return write(fd, text, len) == (ssize_t)len;
}

static enum hf_err read_line(int fd, struct hf_buf *out, struct hf_why *why)
{
    char c = '\0';

    while (c != '\n') {
        ssize_t n = read(fd, &c, 1);

        if (n < 0 && errno == EINTR && !hf_signals_stop_wanted())
            continue;
        if (n < 0 && errno != EINTR)
            return hf_fail_sys(why, errno, "read the terminal");
        if (n <= 0)
            return hf_fail(why, HF_ECANCELED, 0, "nothing was typed");
        hf_buf_putc(out, c);
    }
    return HF_OK;
}

static enum hf_err ask(const char *prompt, bool hidden, struct hf_buf *out,
                       struct hf_why *why)
{
    int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    size_t from = out->len;
    struct termios before;
    struct termios quiet;
    enum hf_err err;

    if (fd < 0)
        return hf_fail(why, HF_ENOTFOUND, 0, "there is no terminal to ask at");
    if (tcgetattr(fd, &before) != 0) {
        err = hf_fail_sys(why, errno, "look at the terminal");
        goto out;
    }
    quiet = before;
    quiet.c_lflag &= ~(tcflag_t)ECHO;
    quiet.c_lflag |= ICANON | ISIG | ECHONL;
    if (!write_text(fd, prompt) ||
        (hidden && tcsetattr(fd, TCSAFLUSH, &quiet) != 0)) {
        err = hf_fail_sys(why, errno, "ask at the terminal");
        goto out;
    }
    err = read_line(fd, out, why);
    if (hidden)
        (void)tcsetattr(fd, TCSAFLUSH, &before);
    if (err == HF_ECANCELED)
        (void)write_text(fd, "\n"); /* what is said next begins a line */
    if (err == HF_OK)
        err = keep_line(out, from, why);

out:
    (void)close(fd);
    return err;
}

enum hf_err hf_secret_ask(const char *prompt, struct hf_buf *out,
                          struct hf_why *why)
{
    return ask(prompt, true, out, why);
}

enum hf_err hf_terminal_ask(const char *prompt, struct hf_buf *out,
                            struct hf_why *why)
{
    return ask(prompt, false, out, why);
}
