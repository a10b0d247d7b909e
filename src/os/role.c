/* SPDX-License-Identifier: Apache-2.0 */
#include "os/role.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/octets.h"
#include "os/clock.h"
#include "os/fail.h"
#include "os/plugin.h"
#include "os/signals.h"

#define SELF       "/proc/self/exe"
#define SLICE_MS   250 /* how soon a signal is noticed at worst */
#define WORD_MAX   32
#define FIRST_GIFT 3

size_t hf_frame_begin(struct hf_buf *out, unsigned kind)
{
    size_t at = out->len;

    hf_put_number(out, 0, HF_FRAME_HEAD);
    hf_put_number(out, kind, 1);
    return at;
}

void hf_frame_end(struct hf_buf *out, size_t at)
{
    size_t len;

    if (out->full)
        return;
    len = out->len - at - HF_FRAME_HEAD;
    for (size_t i = 0; i < HF_FRAME_HEAD; i++)
        out->ptr[at + i] =
            (char)(unsigned char)(len >> (8 * (HF_FRAME_HEAD - 1 - i)));
}

void hf_frame_put_failure(struct hf_buf *out, unsigned kind, enum hf_err err,
                          const char *sentence)
{
    size_t at = hf_frame_begin(out, kind);

    hf_put_number(out, (uint64_t)err, 1);
    hf_buf_puts(out, sentence == NULL ? "" : sentence);
    hf_frame_end(out, at);
}

enum hf_err hf_frame_read_failure(const struct hf_frame *frame, unsigned kind,
                                  char *said, size_t max, struct hf_why *why)
{
    struct hf_span rest = frame->body;
    struct hf_buf text;
    unsigned err;

    if (frame->kind != kind || !hf_take_below(&rest, HF_ECRYPTO + 1, &err) ||
        err == HF_OK)
        return hf_fail(why, HF_EPEER, 0,
                       "a process of ours speaks another language");
    hf_buf_init(&text, said, max + 1);
    hf_buf_put_escaped(&text, rest, (max - 3) / 4); /* and an ellipsis */
    hf_buf_putc(&text, '\0');
    return hf_fail(why, (enum hf_err)err, 0, said);
}

enum hf_err hf_frame_cut(struct hf_span *in, size_t max, struct hf_frame *out,
                         bool *more, struct hf_why *why)
{
    struct hf_span rest = *in;
    uint64_t len, kind;

    *more = false;
    if (!hf_take_number(&rest, HF_FRAME_HEAD, &len))
        return HF_OK;
    if (len == 0 || len > max)
        return hf_fail(why, HF_ESYNTAX, 0, "frame of a wrong size");
    if (len > rest.len)
        return HF_OK;
    (void)hf_take_number(&rest, 1, &kind);
    out->kind = (unsigned)kind;
    out->body = hf_span_cut(&rest, (size_t)len - 1);
    *in = rest;
    *more = true;
    return HF_OK;
}

void hf_role_init(struct hf_role *role, size_t frame_max, size_t out_max)
{
    *role = (struct hf_role){.fd = -1, .frame_max = frame_max};
    hf_buf_init_grow(&role->in, HF_FRAME_HEAD + frame_max);
    hf_buf_init_grow(&role->out, out_max);
}

const char *hf_role_self(char *room, size_t size)
{
    ssize_t n = readlink(SELF, room, size - 1);
    struct hf_span path = {room, n < 0 ? 0 : (size_t)n};

    if (path.len == 0 || path.len == size - 1 ||
        hf_span_ends(path, HF_SPAN(" (deleted)")))
        return SELF;
    room[path.len] = '\0';
    return room;
}

const char *hf_role_program(const char *word, char *room, size_t size)
{
    struct hf_span rest = hf_span_str(word);
    char name[sizeof("holdfast") + WORD_MAX];
    struct hf_buf file;

    hf_buf_init(&file, name, sizeof(name));
    hf_buf_puts(&file, "holdfast-");
    if (hf_span_skip(&rest, '_'))
        hf_buf_put(&file, rest);
    return !file.full && hf_plugin_path(hf_buf_span(&file), room, size)
               ? room
               : hf_role_self(room, size);
}

/* Copies above all the places that gifts will have, so that none is replaced
 * before its turn. */
static bool lift_gifts(const struct hf_role *role, int *lifted)
{
    for (size_t i = 0; i < role->gift_count; i++) {
        lifted[i] = fcntl(role->gifts[i], F_DUPFD_CLOEXEC,
                          FIRST_GIFT + (int)role->gift_count);
        if (lifted[i] < 0)
            return false;
    }
    return true;
}

static void drop_gifts(const struct hf_role *role, const int *lifted)
{
    for (size_t i = 0; i < role->gift_count && lifted[i] > 0; i++)
        (void)close(lifted[i]);
}

/* What is open in the new process: `fd` first. */
static int plan_descriptors(posix_spawn_file_actions_t *actions, int fd,
                            const struct hf_role *role, const int *lifted)
{
    int count = (int)role->gift_count;
    int failed = posix_spawn_file_actions_adddup2(actions, fd, 0);

    for (int out = 1; out <= 2 && failed == 0; out++)
        failed = posix_spawn_file_actions_addopen(actions, out, "/dev/null",
                                                  O_WRONLY, 0);
    for (int i = 0; i < count && failed == 0; i++)
        failed = posix_spawn_file_actions_adddup2(actions, lifted[i],
                                                  FIRST_GIFT + i);
    if (failed == 0)
        failed = posix_spawn_file_actions_addclosefrom_np(actions,
                                                          FIRST_GIFT + count);
    return failed;
}

static enum hf_err spawn(int fd, const char *word, struct hf_role *role,
                         struct hf_why *why)
{
    char room[PATH_MAX];
    char name[] = "holdfast";
    char text[WORD_MAX] = {0};
    int lifted[HF_ROLE_GIFTS_MAX] = {0};
    char *const argv[] = {name, text, NULL};
    char *const envp[] = {NULL};
    posix_spawn_file_actions_t actions;
    int failed = 0;

    if (strlen(word) >= sizeof(text) || role->gift_count > HF_ROLE_GIFTS_MAX)
        return hf_fail(why, HF_EINVAL, 0, "no such role");
    memcpy(text, word, strlen(word));
    if (posix_spawn_file_actions_init(&actions) != 0)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    if (!lift_gifts(role, lifted))
        failed = errno;
    if (failed == 0)
        failed = plan_descriptors(&actions, fd, role, lifted);
    if (failed == 0)
        failed =
            posix_spawn(&role->pid, hf_role_program(word, room, sizeof(room)),
                        &actions, NULL, argv, envp);
    drop_gifts(role, lifted);
    (void)posix_spawn_file_actions_destroy(&actions);
    return failed == 0 ? HF_OK
                       : hf_fail_sys(why, failed, "start this program again");
}

enum hf_err hf_role_start(struct hf_role *role, const char *word,
                          struct hf_why *why)
{
    int pair[2];
    enum hf_err err;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
        return hf_fail_sys(why, errno, "make a socket pair");
    err = spawn(pair[1], word, role, why);
    (void)close(pair[1]);
    if (err != HF_OK) {
        (void)close(pair[0]);
        role->pid = 0;
        return err;
    }
    role->fd = pair[0];
    return HF_OK;
}

bool hf_role_flush(struct hf_role *role)
{
    struct hf_span rest = hf_buf_span(&role->out);
    ssize_t n = send(role->fd, rest.ptr, rest.len, MSG_DONTWAIT | MSG_NOSIGNAL);

    if (n < 0)
        return errno == EAGAIN || errno == EINTR;
    (void)hf_span_cut(&rest, (size_t)n);
    hf_role_consume(&role->out, rest);
    return true;
}

enum hf_err hf_role_wait(struct hf_role *role, int64_t until_ms, bool *alive,
                         struct hf_why *why)
{
    struct pollfd pfd = {.fd = role->fd, .events = POLLIN};
    int64_t wait_ms = until_ms - hf_clock_ms();
    int n;

    if (!role->is_patient && hf_signals_stop_wanted())
        return hf_fail(why, HF_ECANCELED, 0, "interrupted");
    /* A frame is never longer than the limit of `in`: there is room. */
    if (role->in.len == role->in.cap && hf_buf_reserve(&role->in, 1) == NULL) {
        role->in.full = false;
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    }
    if (role->out.len > 0)
        pfd.events |= POLLOUT;
    if (wait_ms < 0)
        wait_ms = 0;
    if (wait_ms > SLICE_MS)
        wait_ms = SLICE_MS;
    n = poll(&pfd, 1, (int)wait_ms);
    if (n < 0 && errno != EINTR)
        return hf_fail_sys(why, errno, "wait for a process of our own");
    *alive = true;
    if (n > 0 && (pfd.revents & POLLOUT))
        *alive = hf_role_flush(role);
    /* Whoever hears nothing more may have said something. */
    if (n > 0 && (pfd.revents & (POLLIN | POLLHUP | POLLERR)) &&
        !hf_role_receive(role->fd, &role->in, MSG_DONTWAIT))
        *alive = false;
    return HF_OK;
}

enum hf_err hf_role_peek(const struct hf_role *role, struct hf_frame *frame,
                         bool *more, struct hf_why *why)
{
    struct hf_span rest = hf_buf_span(&role->in);

    return hf_frame_cut(&rest, role->frame_max, frame, more, why);
}

void hf_role_drop(struct hf_role *role, const struct hf_frame *frame)
{
    hf_frame_drop(&role->in, frame);
}

enum hf_err hf_role_await(struct hf_role *role, int64_t until_ms,
                          struct hf_frame *frame, struct hf_why *why)
{
    enum hf_err err = HF_OK;
    bool alive = true;
    bool more = false;

    while (err == HF_OK && !more) {
        if (!alive || hf_clock_ms() > until_ms)
            return hf_fail(why, HF_EPEER, 0,
                           "a process of our own did not start");
        err = hf_role_wait(role, until_ms, &alive, why);
        if (err == HF_OK)
            err = hf_role_peek(role, frame, &more, why);
    }
    return err;
}

static enum hf_err hear_greeting(struct hf_role *role,
                                 const struct hf_role_plan *plan,
                                 struct hf_why *why)
{
    const size_t note_max = plan->note == NULL ? 0 : HF_ROLE_NOTE_MAX;
    const struct hf_greeting *greeting;
    struct hf_frame frame = {0};
    struct hf_span body;
    uint64_t row;
    enum hf_err err =
        hf_role_await(role, hf_clock_ms() + plan->wait_ms, &frame, why);

    if (err != HF_OK)
        return err;
    body = frame.body;
    if (frame.kind != HF_FRAME_READY || !hf_take_number(&body, 1, &row) ||
        body.len > note_max)
        row = UINT64_MAX;
    if (row == HF_GREETING_MISSING)
        return hf_fail(why, HF_ENOTFOUND, 0,
                       "a part of holdfast is missing, or others may write it: "
                       "install it again");
    if (row >= plan->greeting_count)
        return hf_fail(why, HF_EPEER, 0,
                       "a process of our own greets with nonsense");
    if (plan->note != NULL)
        hf_buf_put(plan->note, body);
    hf_role_drop(role, &frame);
    greeting = &plan->greetings[row];
    return greeting->err == HF_OK
               ? HF_OK
               : hf_fail(why, greeting->err, 0, greeting->text);
}

enum hf_err hf_role_open(struct hf_role *role, const struct hf_role_plan *plan,
                         struct hf_why *why)
{
    enum hf_err err = hf_role_start(role, plan->word, why);

    if (err != HF_OK)
        return err;
    hf_buf_put(&role->out, plan->config);
    err = hear_greeting(role, plan, why);
    if (err != HF_OK)
        hf_role_end(role);
    return err;
}

/* It holds nothing worth a farewell. */
void hf_role_end(struct hf_role *role)
{
    if (role->pid == 0)
        return;
    (void)kill(role->pid, SIGKILL);
    while (waitpid(role->pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    (void)close(role->fd);
    role->pid = 0;
    role->fd = -1;
    hf_buf_reset(&role->in);
    hf_buf_reset(&role->out);
}

bool hf_role_may_replace(struct hf_role *role, int64_t again_ms)
{
    int64_t now_ms = hf_clock_ms();

    if (role->replaced_at_ms != 0 &&
        now_ms - role->replaced_at_ms <
            (again_ms > 0 ? again_ms : HF_ROLE_AGAIN_MS))
        return false;
    role->replaced_at_ms = now_ms;
    return true;
}

void hf_role_clear(struct hf_role *role)
{
    hf_role_end(role);
    hf_buf_clear(&role->in);
    hf_buf_clear(&role->out);
}

void hf_role_ignore_signals(void)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN};

    (void)sigaction(SIGINT, &ignore, NULL);
    (void)sigaction(SIGHUP, &ignore, NULL);
    (void)sigaction(SIGPIPE, &ignore, NULL);
}

bool hf_role_send(int fd, struct hf_span data)
{
    while (data.len > 0) {
        ssize_t n = send(fd, data.ptr, data.len, MSG_NOSIGNAL);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        (void)hf_span_cut(&data, (size_t)n);
    }
    return true;
}

bool hf_role_receive(int fd, struct hf_buf *in, int flags)
{
    ssize_t n;

    if (in->len == in->cap)
        return false;
    n = recv(fd, in->ptr + in->len, in->cap - in->len, flags);
    if (n < 0)
        return errno == EINTR || errno == EAGAIN;
    in->len += (size_t)n;
    return n > 0;
}

void hf_role_consume(struct hf_buf *in, struct hf_span rest)
{
    if (rest.len > 0)
        memmove(in->ptr, rest.ptr, rest.len);
    in->len = rest.len;
}

bool hf_role_next(int fd, struct hf_buf *in, size_t max, struct hf_frame *frame)
{
    for (;;) {
        struct hf_span rest = hf_buf_span(in);
        bool more;

        if (hf_frame_cut(&rest, max, frame, &more, NULL) != HF_OK)
            return false;
        if (more)
            return true;
        if (in->len == in->cap && hf_buf_reserve(in, 1) == NULL)
            return false;
        if (!hf_role_receive(fd, in, 0))
            return false;
    }
}

void hf_frame_drop(struct hf_buf *in, const struct hf_frame *frame)
{
    struct hf_span rest = hf_buf_span(in);

    (void)hf_span_cut(&rest, HF_FRAME_HEAD + 1 + frame->body.len);
    hf_role_consume(in, rest);
}

bool hf_role_greet_with(int fd, unsigned greeting, struct hf_span note)
{
    char room[HF_FRAME_HEAD + 2 + HF_ROLE_NOTE_MAX];
    struct hf_buf out;
    size_t at;

    hf_buf_init(&out, room, sizeof(room));
    at = hf_frame_begin(&out, HF_FRAME_READY);
    hf_put_number(&out, greeting, 1);
    hf_buf_put(&out, note);
    hf_frame_end(&out, at);
    return !out.full && hf_role_send(fd, hf_buf_span(&out)) && greeting == 0;
}

bool hf_role_greet(int fd, unsigned greeting)
{
    return hf_role_greet_with(fd, greeting, HF_SPAN(""));
}

bool hf_role_serve(int fd, struct hf_buf *in, const struct hf_service *service)
{
    struct hf_span rest;
    bool more = true;

    if (!hf_role_receive(fd, in, MSG_DONTWAIT))
        return false;
    rest = hf_buf_span(in);
    while (more) {
        struct hf_frame frame;

        if (hf_frame_cut(&rest, service->frame_max, &frame, &more, NULL) !=
            HF_OK)
            return false;
        if (more && (frame.kind != service->kind ||
                     !service->take(service->state, frame.body)))
            return false;
    }
    hf_role_consume(in, rest);
    return true;
}
