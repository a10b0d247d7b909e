/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unbound.h>
#include <unistd.h>

#include "base/alloc.h"
#include "dns/found.h"
#include "dns/resolver.h"
#include "dns/wire.h"
#include "dns/worker.h"
#include "dns/worker_msg.h"
#include "os/clock.h"
#include "os/fail.h"
#include "os/signals.h"

#define SELF         "/proc/self/exe"
#define SERVER       HF_SPAN("libunbound")
#define TIMEOUT_MS   10000
#define WINDOW_MAX   1024
#define START_MS     10000 /* reading a trust anchor takes no longer */
#define HANG_MS      1000  /* a worker this late is dead */
#define SLICE_MS     250   /* how soon a signal is noticed at worst */
#define REPLACEMENTS 1

/* One look-up that the worker owes us. */
struct owed {
    bool used;
    uint64_t ticket; /* the caller's */
    uint64_t number; /* ours: which use of this place it is */
    uint16_t type;
    int64_t until_ms; /* the worker's deadline */
    struct hf_wire_name owner;
    size_t text_len;
    char text[HF_OWNER_TEXT_MAX];
};

struct unbound {
    pid_t pid; /* 0: no worker */
    int fd;
    unsigned replaced;
    bool lost; /* dead, and not to be replaced any more */
    int64_t timeout_ms;
    uint64_t numbers;
    struct owed *owed;
    size_t window;
    struct hf_buf config; /* the first frame, kept for a replacement */
    struct hf_buf in;
    struct hf_buf out;
};

const char *hf_resolver_version(void)
{
    return ub_version();
}

static unsigned take_version_part(struct hf_span *rest)
{
    unsigned value = 0;

    while (rest->len > 0 && hf_is_digit(rest->ptr[0]) && value < 10000)
        value = value * 10 + (unsigned)(hf_span_cut(rest, 1).ptr[0] - '0');
    (void)hf_span_skip(rest, '.');
    return value;
}

bool hf_resolver_is_outdated(void)
{
    struct hf_span rest = hf_span_str(ub_version());
    unsigned major = take_version_part(&rest);
    unsigned minor = take_version_part(&rest);
    unsigned patch = take_version_part(&rest);

    if (major != 1)
        return major < 1;
    return minor < 26 || (minor == 26 && patch < 1);
}

/* The worker holds nothing worth a farewell. */
static void worker_end(struct unbound *u)
{
    if (u->pid == 0)
        return;
    (void)kill(u->pid, SIGKILL);
    while (waitpid(u->pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    (void)close(u->fd);
    u->pid = 0;
    u->fd = -1;
    hf_buf_reset(&u->in);
    hf_buf_reset(&u->out);
}

/*
 * Where this program is. The link itself serves when the file was replaced
 * since the start; its target serves also where the link leads to somebody
 * who runs this program for us, as valgrind does.
 */
static const char *find_self(char *room, size_t size)
{
    ssize_t n = readlink(SELF, room, size - 1);
    struct hf_span path = {room, n < 0 ? 0 : (size_t)n};

    if (path.len == 0 || path.len == size - 1 ||
        hf_span_ends(path, HF_SPAN(" (deleted)")))
        return SELF;
    room[path.len] = '\0';
    return room;
}

/* Execute this program again, with one end of a socket pair as standard
 * input and nothing else: no other descriptor, no environment. */
static enum hf_err spawn_self(int fd, pid_t *pid, struct hf_why *why)
{
    char room[PATH_MAX];
    char name[] = "holdfast";
    char role[] = HF_WORKER_ROLE;
    char *const argv[] = {name, role, NULL};
    char *const envp[] = {NULL};
    posix_spawn_file_actions_t actions;
    int failed;

    if (posix_spawn_file_actions_init(&actions) != 0)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    failed = posix_spawn_file_actions_adddup2(&actions, fd, 0);
    for (int out = 1; out <= 2 && failed == 0; out++)
        failed = posix_spawn_file_actions_addopen(&actions, out, "/dev/null",
                                                  O_WRONLY, 0);
    if (failed == 0)
        failed = posix_spawn_file_actions_addclosefrom_np(&actions, 3);
    if (failed == 0)
        failed = posix_spawn(pid, find_self(room, sizeof(room)), &actions, NULL,
                             argv, envp);
    (void)posix_spawn_file_actions_destroy(&actions);
    errno = failed;
    return failed == 0 ? HF_OK
                       : hf_fail_sys(why, errno, "start the resolver worker");
}

/* Move what the sockets allow; false when the worker hung up. */
static bool exchange(struct unbound *u, short ready)
{
    struct hf_span rest = hf_buf_span(&u->out);
    ssize_t n;

    if (ready & POLLOUT) {
        n = send(u->fd, rest.ptr, rest.len, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n < 0 && errno != EAGAIN && errno != EINTR)
            return false;
        if (n > 0) {
            (void)hf_span_cut(&rest, (size_t)n);
            memmove(u->out.ptr, rest.ptr, rest.len);
            u->out.len = rest.len;
        }
    }
    if (ready & (POLLIN | POLLHUP | POLLERR)) {
        n = recv(u->fd, u->in.ptr + u->in.len, u->in.cap - u->in.len,
                 MSG_DONTWAIT);
        if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
            return false;
        if (n > 0)
            u->in.len += (size_t)n;
    }
    return true;
}

/* Wait until `until_ms` for bytes to move. */
static enum hf_err wait_for(struct unbound *u, int64_t until_ms, bool *alive,
                            struct hf_why *why)
{
    struct pollfd pfd = {.fd = u->fd, .events = POLLIN};
    int64_t wait_ms = until_ms - hf_clock_ms();
    int n;

    if (hf_signals_stop_wanted())
        return hf_fail(why, HF_ECANCELED, 0, "interrupted");
    if (u->out.len > 0)
        pfd.events |= POLLOUT;
    if (wait_ms < 0)
        wait_ms = 0;
    if (wait_ms > SLICE_MS)
        wait_ms = SLICE_MS;
    n = poll(&pfd, 1, (int)wait_ms);
    if (n < 0 && errno != EINTR)
        return hf_fail_sys(why, errno, "wait for the resolver worker");
    *alive = n <= 0 || exchange(u, pfd.revents);
    return HF_OK;
}

/* Cut the next frame off what came in. */
static enum hf_err take_frame(struct unbound *u, struct hf_frame *frame,
                              size_t *left, bool *more, struct hf_why *why)
{
    struct hf_span rest = hf_buf_span(&u->in);
    enum hf_err err = hf_frame_take(&rest, frame, more, why);

    *left = rest.len;
    return err;
}

static void drop_frame(struct unbound *u, size_t left)
{
    memmove(u->in.ptr, u->in.ptr + (u->in.len - left), left);
    u->in.len = left;
}

/* The worker's greeting says whether it could start. */
static enum hf_err await_ready(struct unbound *u, struct hf_why *why)
{
    int64_t until_ms = hf_clock_ms() + START_MS;
    enum hf_worker_start start = HF_WORKER_LIBRARY;
    struct hf_frame frame = {0};
    enum hf_err err = HF_OK;
    bool alive = true;
    bool more = false;
    size_t left = 0;

    while (err == HF_OK && !more) {
        if (!alive || hf_clock_ms() > until_ms)
            return hf_fail(why, HF_EPEER, 0,
                           "the resolver worker did not start");
        err = wait_for(u, until_ms, &alive, why);
        if (err == HF_OK)
            err = take_frame(u, &frame, &left, &more, why);
    }
    if (err != HF_OK)
        return err;
    if (frame.kind != HF_FRAME_READY)
        return hf_fail(why, HF_EPEER, 0, "resolver: broken greeting");
    err = hf_msg_read_ready(frame.body, &start, why);
    drop_frame(u, left);
    return err == HF_OK ? hf_worker_start_err(start, why) : err;
}

static enum hf_err worker_start(struct unbound *u, struct hf_why *why)
{
    int pair[2];
    enum hf_err err;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
        return hf_fail_sys(why, errno, "make a socket pair");
    err = spawn_self(pair[1], &u->pid, why);
    (void)close(pair[1]);
    if (err != HF_OK) {
        (void)close(pair[0]);
        u->pid = 0;
        return err;
    }
    u->fd = pair[0];
    hf_buf_put(&u->out, hf_buf_span(&u->config));
    err = await_ready(u, why);
    if (err != HF_OK)
        worker_end(u);
    return err;
}

/* Milliseconds left for a look-up, at least one. */
static uint32_t time_left(const struct owed *owed)
{
    int64_t left_ms = owed->until_ms - hf_clock_ms();

    if (left_ms < 1)
        return 1;
    return left_ms > INT_MAX ? INT_MAX : (uint32_t)left_ms;
}

static void send_query(struct unbound *u, const struct owed *owed)
{
    const struct hf_worker_query query = {
        .ticket = owed->number,
        .timeout_ms = time_left(owed),
        .type = owed->type,
        .owner = {owed->text, owed->text_len}};

    hf_msg_put_query(&u->out, &query);
}

/* Another worker for the dead one, once, with the same questions. */
static void worker_replace(struct unbound *u)
{
    worker_end(u);
    u->lost = u->replaced == REPLACEMENTS || worker_start(u, NULL) != HF_OK;
    u->replaced++;
    for (size_t i = 0; i < u->window && !u->lost; i++)
        if (u->owed[i].used)
            send_query(u, &u->owed[i]);
}

static struct owed *owed_free(struct unbound *u)
{
    for (size_t i = 0; i < u->window; i++)
        if (!u->owed[i].used)
            return &u->owed[i];
    return NULL;
}

static struct owed *owed_find(struct unbound *u, uint64_t number)
{
    for (size_t i = 0; i < u->window; i++)
        if (u->owed[i].used && u->owed[i].number == number)
            return &u->owed[i];
    return NULL;
}

static int64_t deadline(const struct unbound *u, const struct hf_lookup *lookup)
{
    int64_t until_ms = hf_clock_ms() + u->timeout_ms;

    if (lookup->give_up_at_ms > 0 && lookup->give_up_at_ms < until_ms)
        return lookup->give_up_at_ms;
    return until_ms;
}

static enum hf_err unbound_submit(void *state, const struct hf_lookup *lookup,
                                  uint64_t ticket, struct hf_why *why)
{
    struct unbound *u = state;
    struct owed *owed = owed_free(u);
    struct hf_wire_name owner;
    enum hf_err err;

    if (owed == NULL)
        return hf_fail(why, HF_ELIMIT, 0, "too many look-ups under way");
    if (lookup->owner.len > HF_OWNER_TEXT_MAX)
        return hf_fail(why, HF_ELIMIT, 0, "RFC 1035 2.3.4: name is too long");
    err = hf_wire_name_parse(lookup->owner, &owner, why);
    if (err != HF_OK)
        return err;

    owed->used = true;
    owed->ticket = ticket;
    owed->number = u->numbers++;
    owed->type = lookup->type;
    owed->until_ms = deadline(u, lookup);
    owed->owner = owner;
    owed->text_len = lookup->owner.len;
    memcpy(owed->text, lookup->owner.ptr, lookup->owner.len);
    if (!u->lost)
        send_query(u, owed);
    return HF_OK;
}

/* Did the worker answer what was asked? */
static bool is_answer_to(const struct hf_found *found, const struct owed *owed)
{
    struct hf_span first =
        found->chain_count > 0 ? found->chain[0].owner : found->owner;
    struct hf_wire_name name;

    return found->type == owed->type &&
           hf_wire_name_parse(first, &name, NULL) == HF_OK &&
           hf_wire_name_eq(&name, &owed->owner);
}

/* One frame of the worker, if a whole one is there. False for nonsense. */
static bool accept_frame(struct unbound *u, uint64_t *ticket,
                         struct hf_found *out, bool *got)
{
    struct hf_frame frame = {0};
    struct owed *owed;
    uint64_t number = 0;
    size_t left = 0;
    bool more = false;

    if (take_frame(u, &frame, &left, &more, NULL) != HF_OK)
        return false;
    if (!more)
        return true;
    if (frame.kind != HF_FRAME_ANSWER ||
        hf_msg_read_answer(frame.body, &number, out, NULL) != HF_OK)
        return false;
    owed = owed_find(u, number);
    if (owed == NULL || !is_answer_to(out, owed)) {
        hf_found_clear(out);
        return false;
    }
    drop_frame(u, left);
    owed->used = false;
    *ticket = owed->ticket;
    *got = true;
    return true;
}

/* The look-up whose answer is most overdue, or will be. */
static struct owed *owed_oldest(struct unbound *u)
{
    struct owed *oldest = NULL;

    for (size_t i = 0; i < u->window; i++)
        if (u->owed[i].used &&
            (oldest == NULL || u->owed[i].until_ms < oldest->until_ms))
            oldest = &u->owed[i];
    return oldest;
}

/* Without a worker every question has the same answer. */
static enum hf_err answer_lost(struct unbound *u, uint64_t *ticket,
                               struct hf_found *out, bool *got,
                               struct hf_why *why)
{
    struct owed *owed = owed_oldest(u);
    struct hf_lookup lookup;
    enum hf_err err;

    if (owed == NULL)
        return HF_OK;
    lookup = (struct hf_lookup){.owner = {owed->text, owed->text_len},
                                .type = owed->type};
    err = hf_found_fail(&lookup, SERVER, "the resolver worker ended twice", out,
                        why);
    if (err != HF_OK)
        return err;
    owed->used = false;
    *ticket = owed->ticket;
    *got = true;
    return HF_OK;
}

static enum hf_err unbound_poll(void *state, int64_t wait_ms, uint64_t *ticket,
                                struct hf_found *out, bool *got,
                                struct hf_why *why)
{
    struct unbound *u = state;
    int64_t until_ms = hf_clock_ms() + wait_ms;
    bool late = false;

    while (!u->lost) {
        const struct owed *oldest = owed_oldest(u);
        bool alive = true;
        enum hf_err err;

        if (!accept_frame(u, ticket, out, got)) {
            worker_replace(u);
            continue;
        }
        if (*got || late || oldest == NULL)
            return HF_OK;
        err = wait_for(u, until_ms, &alive, why);
        if (err != HF_OK)
            return err;
        if (!alive || hf_clock_ms() > oldest->until_ms + HANG_MS)
            worker_replace(u);
        late = hf_clock_ms() >= until_ms;
    }
    return answer_lost(u, ticket, out, got, why);
}

static int unbound_fd(void *state)
{
    const struct unbound *u = state;

    return u->fd;
}

static void unbound_free(void *state)
{
    struct unbound *u = state;

    if (u == NULL)
        return;
    worker_end(u);
    hf_buf_clear(&u->config);
    hf_buf_clear(&u->in);
    hf_buf_clear(&u->out);
    hf_free(u->owed);
    hf_free(u);
}

static bool make_rooms(struct unbound *u)
{
    size_t out_max =
        HF_CONFIG_FRAME_MAX + u->window * (size_t)HF_QUERY_FRAME_MAX;

    u->owed = hf_alloc(u->window, sizeof(u->owed[0]));
    hf_buf_init_grow(&u->config, HF_CONFIG_FRAME_MAX);
    hf_buf_init_grow(&u->in, HF_FRAME_HEAD + HF_FRAME_MAX);
    hf_buf_init_grow(&u->out, out_max);
    return u->owed != NULL &&
           hf_buf_reserve(&u->config, HF_CONFIG_FRAME_MAX) != NULL &&
           hf_buf_reserve(&u->in, HF_FRAME_HEAD + HF_FRAME_MAX) != NULL &&
           hf_buf_reserve(&u->out, out_max) != NULL;
}

enum hf_err hf_resolver_unbound(const struct hf_resolver_config *config,
                                struct hf_resolver *out, struct hf_why *why)
{
    struct hf_resolver_config sent = *config;
    struct unbound *u = hf_alloc(1, sizeof(*u));
    struct hf_buf label;
    enum hf_err err;

    if (u == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    u->fd = -1;
    u->timeout_ms = config->timeout_ms > 0 ? config->timeout_ms : TIMEOUT_MS;
    u->window = config->window > 0 ? config->window : HF_RESOLVER_WINDOW;
    if (u->window > WINDOW_MAX)
        u->window = WINDOW_MAX;
    sent.window = u->window;
    if (!make_rooms(u)) {
        err = hf_fail(why, HF_ENOMEM, 0, "out of memory");
        goto out;
    }
    hf_msg_put_config(&u->config, &sent);
    if (u->config.full) {
        err = hf_fail(why, HF_ELIMIT, 0, "resolver: too many options");
        goto out;
    }
    err = worker_start(u, why);

out:
    if (err != HF_OK) {
        unbound_free(u);
        return err;
    }
    *out = (struct hf_resolver){.submit = unbound_submit,
                                .poll = unbound_poll,
                                .fd = unbound_fd,
                                .free = unbound_free,
                                .state = u,
                                .window = u->window};
    hf_buf_init(&label, out->label, sizeof(out->label) - 1);
    hf_buf_puts(&label, "libunbound ");
    hf_buf_puts(&label, ub_version());
    return HF_OK;
}
