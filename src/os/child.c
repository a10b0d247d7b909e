/* SPDX-License-Identifier: Apache-2.0 */
#include "os/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "os/clock.h"
#include "os/fail.h"
#include "os/signals.h"

#define SLICE_MS   100  /* how soon a signal or an end is noticed */
#define SHORT_MS   5    /* the same when its pipes are closed already */
#define PIECE      4096 /* octets read at once */
#define PIECES     32   /* more than a pipe holds */
#define CANNOT_RUN 127  /* what sh says, too */

enum { IN, OUT, SAID, BEGUN, PIPES };

/* Our end of each pipe is mine[i]; the child's is its[i]. BEGUN closes by
 * itself when the program is executed, and tells errno when it is not. */
struct hf_child {
    pid_t pid; /* 0: it was reaped */
    pid_t group;
    int mine[PIPES];
    int its[PIPES];
    const int *leash;
    struct hf_span input;
    struct hf_buf *room[PIPES]; /* of OUT and SAID */
    int refused;                /* errno of execution, or 0 */
    int status;                 /* of wait() */
    struct hf_child_end end;
};

static void close_end(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
    *fd = -1;
}

static void close_all(struct hf_child *child)
{
    for (size_t i = 0; i < PIPES; i++) {
        close_end(&child->mine[i]);
        close_end(&child->its[i]);
    }
}

static bool open_pipes(struct hf_child *child)
{
    for (size_t i = 0; i < PIPES; i++) {
        int ends[2];

        if (pipe2(ends, O_CLOEXEC) != 0)
            return false;
        child->mine[i] = ends[i == IN];
        child->its[i] = ends[i != IN];
        if (i != BEGUN && fcntl(child->mine[i], F_SETFL, O_NONBLOCK) != 0)
            return false;
    }
    return true;
}

/* Whatever is open beside the first three is not its business, but a gift. The
 * pipe that tells of execution makes way for that. */
static bool hand_over(struct hf_child *child, const struct hf_child_plan *plan)
{
    if (plan->gift != NULL) {
        child->its[BEGUN] =
            fcntl(child->its[BEGUN], F_DUPFD, HF_CHILD_GIFT + 1);
        if (child->its[BEGUN] < 0)
            return false;
        if (*plan->gift == HF_CHILD_GIFT ? fcntl(HF_CHILD_GIFT, F_SETFD, 0) != 0
                                         : dup2(*plan->gift, HF_CHILD_GIFT) < 0)
            return false;
    }
    return close_range(plan->gift == NULL ? STDERR_FILENO + 1
                                          : HF_CHILD_GIFT + 1,
                       ~0U, CLOSE_RANGE_CLOEXEC) == 0;
}

/* In the child, between fork and execution: nothing that allocates. */
static void become(struct hf_child *child, const struct hf_child_plan *plan)
{
    static const int reset[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};
    sigset_t none;
    int sys;

    (void)setpgid(0, 0);
    for (size_t i = 0; i < sizeof(reset) / sizeof(reset[0]); i++)
        (void)sigaction(reset[i], &(struct sigaction){.sa_handler = SIG_DFL},
                        NULL);
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    if (plan->dies_with_us)
        (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (dup2(child->its[IN], STDIN_FILENO) >= 0 &&
        dup2(child->its[OUT], STDOUT_FILENO) >= 0 &&
        dup2(child->its[SAID], STDERR_FILENO) >= 0 && hand_over(child, plan))
        (void)execvpe(plan->argv[0], plan->argv, plan->env);
    sys = errno;
    (void)!write(child->its[BEGUN], &sys, sizeof(sys));
    _exit(CANNOT_RUN);
}

/* Give it more of its input; close the pipe when that is all. */
static void feed(struct hf_child *child)
{
    ssize_t n = 0;

    if (child->input.len > 0)
        n = write(child->mine[IN], child->input.ptr, child->input.len);
    if (n > 0)
        (void)hf_span_cut(&child->input, (size_t)n);
    if (child->input.len == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
        close_end(&child->mine[IN]);
}

/* Room for `n` octets at the end, by forgetting the first ones. */
static void make_room(struct hf_buf *room, size_t n)
{
    size_t over =
        n > room->limit - room->len ? n - (room->limit - room->len) : 0;

    if (over > room->len)
        over = room->len;
    if (over == 0)
        return;
    memmove(room->ptr, room->ptr + over, room->len - over);
    room->len -= over;
}

/* Take what it says; what does not fit is read and dropped, so that it does
 * not wait for us. */
static void listen_to(struct hf_child *child, size_t which)
{
    struct hf_buf *room = child->room[which];
    char piece[PIECE];
    ssize_t n = read(child->mine[which], piece, sizeof(piece));

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        close_end(&child->mine[which]);
        return;
    }
    if (which == SAID)
        make_room(room, (size_t)n);
    if ((size_t)n > room->limit - room->len)
        n = (ssize_t)(room->limit - room->len);
    hf_buf_put(room, (struct hf_span){piece, (size_t)n});
}

static enum hf_err wait_a_little(struct hf_child *child, int wait_ms,
                                 struct hf_why *why)
{
    struct pollfd fds[] = {
        {.fd = child->mine[IN], .events = POLLOUT},
        {.fd = child->mine[OUT], .events = POLLIN},
        {.fd = child->mine[SAID], .events = POLLIN},
        {.fd = child->leash == NULL ? -1 : *child->leash, .events = POLLRDHUP}};
    bool over = child->mine[OUT] < 0 && child->mine[SAID] < 0;

    if (poll(fds, 4, over && wait_ms > SHORT_MS ? SHORT_MS : wait_ms) < 0 &&
        errno != EINTR)
        return hf_fail_sys(why, errno, "wait for a program");
    if (fds[IN].revents != 0)
        feed(child);
    for (size_t i = OUT; i <= SAID; i++)
        if (fds[i].revents != 0)
            listen_to(child, i);
    if (fds[BEGUN].revents != 0)
        return hf_fail(why, HF_ECANCELED, 0, "whoever wanted it is gone");
    return HF_OK;
}

void hf_child_fds(const struct hf_child *child, int fds[HF_CHILD_FDS])
{
    fds[0] = child->mine[OUT];
    fds[1] = child->mine[SAID];
}

enum hf_err hf_child_turn(struct hf_child *child, int wait_ms, bool *ended,
                          struct hf_why *why)
{
    enum hf_err err = HF_OK;

    if (child->pid > 0)
        err = wait_a_little(child, wait_ms, why);
    if (err == HF_OK && child->pid > 0 &&
        waitpid(child->pid, &child->status, WNOHANG) == child->pid)
        child->pid = 0;
    *ended = child->pid == 0;
    return err;
}

void hf_child_ask_to_end(const struct hf_child *child)
{
    if (child->pid > 0)
        (void)kill(child->pid, SIGTERM);
}

/* Until it has ended and said all it had to say. A grandchild that keeps the
 * pipes open does not keep us. */
static enum hf_err attend(struct hf_child *child, int64_t until_ms,
                          struct hf_why *why)
{
    for (;;) {
        bool ended;
        enum hf_err err = hf_child_turn(child, SLICE_MS, &ended, why);

        if (err != HF_OK || ended)
            return err;
        if (hf_signals_stop_wanted())
            return hf_fail(why, HF_ECANCELED, 0, "interrupted");
        if (hf_clock_ms() >= until_ms) {
            child->end.timed_out = true;
            return HF_OK;
        }
    }
}

static void drain(struct hf_child *child)
{
    for (size_t i = OUT; i <= SAID; i++) {
        struct pollfd at = {.fd = child->mine[i], .events = POLLIN};

        for (int n = 0;
             n < PIECES && child->mine[i] >= 0 && poll(&at, 1, 0) > 0; n++)
            listen_to(child, i);
    }
}

static enum hf_err start(struct hf_child *child,
                         const struct hf_child_plan *plan, struct hf_why *why)
{
    child->pid = fork();
    if (child->pid < 0)
        return hf_fail_sys(why, errno, "start a program");
    if (child->pid == 0)
        become(child, plan);
    child->group = child->pid;
    (void)setpgid(child->pid, child->pid); /* whoever of the two is first */
    for (size_t i = 0; i < PIPES; i++)
        close_end(&child->its[i]);
    if (read(child->mine[BEGUN], &child->refused, sizeof(child->refused)) !=
        (ssize_t)sizeof(child->refused))
        child->refused = 0;
    return HF_OK;
}

enum hf_err hf_child_start(const struct hf_child_plan *plan, struct hf_buf *out,
                           struct hf_buf *said, struct hf_child **child,
                           struct hf_why *why)
{
    struct hf_child *made = hf_alloc(1, sizeof(*made));
    enum hf_err err = HF_OK;

    if (made == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    *made = (struct hf_child){.leash = plan->leash,
                              .input = plan->input,
                              .mine = {-1, -1, -1, -1},
                              .its = {-1, -1, -1, -1},
                              .room = {[OUT] = out, [SAID] = said},
                              .end = {.status = -1}};
    if (!open_pipes(made))
        err = hf_fail_sys(why, errno, "make pipes to a program");
    if (err == HF_OK)
        err = start(made, plan, why);
    if (err == HF_OK)
        *child = made;
    else
        hf_child_end(made, NULL);
    return err;
}

void hf_child_end(struct hf_child *child, struct hf_child_end *end)
{
    if (child == NULL)
        return;
    if (child->group > 0)
        (void)kill(-child->group, SIGKILL);
    if (child->pid > 0)
        (void)waitpid(child->pid, &child->status, 0);
    drain(child);
    close_all(child);
    child->end.ran = child->refused == 0;
    if (WIFEXITED(child->status))
        child->end.status = WEXITSTATUS(child->status);
    else
        child->end.signal = WTERMSIG(child->status);
    if (end != NULL)
        *end = child->end;
    hf_free(child);
}

enum hf_err hf_child_run(const struct hf_child_plan *plan, struct hf_buf *out,
                         struct hf_buf *said, struct hf_child_end *end,
                         struct hf_why *why)
{
    struct hf_child *child;
    enum hf_err err = hf_child_start(plan, out, said, &child, why);

    if (err != HF_OK)
        return err;
    err = attend(child, plan->until_ms, why);
    hf_child_end(child, err == HF_OK ? end : NULL);
    return err;
}
