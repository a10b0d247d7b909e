/* SPDX-License-Identifier: Apache-2.0 */
#include <limits.h>
#include <stdio.h>

#include "base/alloc.h"
#include "dns/asker_worker.h"
#include "dns/found.h"
#include "dns/resolver.h"
#include "dns/wire.h"
#include "dns/worker.h"
#include "dns/worker_msg.h"
#include "os/clock.h"
#include "os/role.h"

#define UNBOUND    "libunbound" /* behind it in the label: its version */
#define TIMEOUT_MS 10000
#define WINDOW_MAX 1024
#define START_MS   10000 /* reading a trust anchor takes no longer */
#define HANG_MS    1000  /* a worker this late is dead */

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
    char server[HF_SERVER_LABEL_MAX]; /* with NUL; empty: to be resolved */
};

struct walled {
    struct hf_role role;
    int64_t again_ms;                 /* of hf_role_may_replace() */
    bool lost;                        /* dead, and not to be replaced yet */
    const char *word;                 /* of its role */
    char server[HF_SERVER_LABEL_MAX]; /* who resolves there, with NUL */
    int64_t timeout_ms;
    uint64_t numbers;
    struct owed *owed;
    size_t window;
    size_t reached;       /* what lies beyond was never touched */
    struct hf_buf config; /* the first frame, kept for a replacement */
};

static unsigned take_version_part(struct hf_span *rest)
{
    unsigned value = 0;

    while (rest->len > 0 && hf_is_digit(rest->ptr[0]) && value < 10000)
        value = value * 10 + (unsigned)(hf_span_cut(rest, 1).ptr[0] - '0');
    (void)hf_span_skip(rest, '.');
    return value;
}

bool hf_resolver_is_outdated(const struct hf_resolver *resolver)
{
    struct hf_span rest = hf_span_str(resolver->label);
    unsigned major;
    unsigned minor;
    unsigned patch;

    if (!hf_span_starts(rest, HF_SPAN(UNBOUND " ")))
        return false;
    (void)hf_span_cut(&rest, sizeof(UNBOUND " ") - 1);
    major = take_version_part(&rest);
    minor = take_version_part(&rest);
    patch = take_version_part(&rest);
    if (major != 1)
        return major < 1;
    return minor < 26 || (minor == 26 && patch < 1);
}

static enum hf_err worker_start(struct walled *w, struct hf_buf *version,
                                struct hf_why *why)
{
    const struct hf_role_plan plan = {.word = w->word,
                                      .config = hf_buf_span(&w->config),
                                      .wait_ms = START_MS,
                                      .greetings = hf_worker_greetings,
                                      .greeting_count = HF_WORKER_STARTS,
                                      .note = version};

    return hf_role_open(&w->role, &plan, why);
}

/* Milliseconds left for a look-up, at least one. */
static uint32_t time_left(const struct owed *owed)
{
    int64_t left_ms = owed->until_ms - hf_clock_ms();

    if (left_ms < 1)
        return 1;
    return left_ms > INT_MAX ? INT_MAX : (uint32_t)left_ms;
}

static void send_query(struct walled *w, const struct owed *owed)
{
    const struct hf_worker_query query = {.ticket = owed->number,
                                          .timeout_ms = time_left(owed),
                                          .type = owed->type,
                                          .owner = {owed->text, owed->text_len},
                                          .server = hf_span_str(owed->server)};

    hf_msg_put_query(&w->role.out, &query);
}

/* Another worker for the dead one, with the same questions. */
static void worker_replace(struct walled *w)
{
    char room[HF_ROLE_NOTE_MAX];
    struct hf_buf version;

    hf_buf_init(&version, room, sizeof(room));
    hf_role_end(&w->role);
    w->lost = !hf_role_may_replace(&w->role, w->again_ms) ||
              worker_start(w, &version, NULL) != HF_OK;
    for (size_t i = 0; i < w->reached && !w->lost; i++)
        if (w->owed[i].used)
            send_query(w, &w->owed[i]);
}

static struct owed *owed_free(struct walled *w)
{
    for (size_t i = 0; i < w->reached; i++)
        if (!w->owed[i].used)
            return &w->owed[i];
    return w->reached < w->window ? &w->owed[w->reached++] : NULL;
}

static struct owed *owed_find(struct walled *w, uint64_t number)
{
    for (size_t i = 0; i < w->reached; i++)
        if (w->owed[i].used && w->owed[i].number == number)
            return &w->owed[i];
    return NULL;
}

/* Not before now, however long it has waited to be asked: the worker is late by
 * what it makes of it. */
static int64_t deadline(const struct walled *w, const struct hf_lookup *lookup)
{
    int64_t now_ms = hf_clock_ms();
    int64_t until_ms =
        now_ms + (lookup->timeout_ms > 0 ? lookup->timeout_ms : w->timeout_ms);

    if (lookup->give_up_at_ms > 0 && lookup->give_up_at_ms < until_ms)
        until_ms = lookup->give_up_at_ms;
    return until_ms > now_ms ? until_ms : now_ms;
}

static enum hf_err walled_submit(void *state, const struct hf_lookup *lookup,
                                 uint64_t ticket, struct hf_why *why)
{
    struct walled *w = state;
    struct owed *owed = owed_free(w);
    struct hf_server server = {0};
    struct hf_wire_name owner;
    enum hf_err err;

    if (owed == NULL)
        return hf_fail(why, HF_ELIMIT, 0, "too many look-ups under way");
    if (lookup->owner.len > HF_OWNER_TEXT_MAX)
        return hf_fail(why, HF_ELIMIT, 0, "RFC 1035 2.3.4: name is too long");
    err = hf_wire_name_parse(lookup->owner, &owner, why);
    if (err == HF_OK && lookup->server.len > 0)
        err = hf_server_parse(lookup->server, &server, why);
    if (err != HF_OK)
        return err;

    owed->used = true;
    owed->ticket = ticket;
    owed->number = w->numbers++;
    owed->type = lookup->type;
    owed->until_ms = deadline(w, lookup);
    owed->owner = owner;
    owed->text_len = lookup->owner.len;
    memcpy(owed->text, lookup->owner.ptr, lookup->owner.len);
    memcpy(owed->server, server.label, sizeof(owed->server));
    if (w->lost)
        worker_replace(w);
    else
        send_query(w, owed);
    return HF_OK;
}

/* What a server said is not validated. */
static bool is_answer_of(const struct hf_found *found, const char *server)
{
    return hf_span_eq(found->server, hf_span_str(server)) &&
           found->security == HF_INDETERMINATE;
}

/* Did the worker answer what was asked? */
static bool is_answer_to(const struct hf_found *found, const struct owed *owed)
{
    struct hf_span first =
        found->chain_count > 0 ? found->chain[0].owner : found->owner;
    struct hf_wire_name name;

    return found->type == owed->type &&
           (owed->server[0] == '\0' || is_answer_of(found, owed->server)) &&
           hf_wire_name_parse(first, &name, NULL) == HF_OK &&
           hf_wire_name_eq(&name, &owed->owner);
}

/* One frame of the worker, if a whole one is there. False for nonsense. */
static bool accept_frame(struct walled *w, uint64_t *ticket,
                         struct hf_found *out, bool *got)
{
    struct hf_frame frame = {0};
    struct owed *owed;
    uint64_t number = 0;
    bool more = false;

    if (hf_role_peek(&w->role, &frame, &more, NULL) != HF_OK)
        return false;
    if (!more)
        return true;
    if (frame.kind != HF_FRAME_ANSWER ||
        hf_msg_read_answer(frame.body, &number, out, NULL) != HF_OK)
        return false;
    owed = owed_find(w, number);
    if (owed == NULL || !is_answer_to(out, owed)) {
        hf_found_clear(out);
        return false;
    }
    hf_role_drop(&w->role, &frame);
    owed->used = false;
    *ticket = owed->ticket;
    *got = true;
    return true;
}

/* The look-up whose answer is most overdue, or will be. */
static struct owed *owed_oldest(struct walled *w)
{
    struct owed *oldest = NULL;

    for (size_t i = 0; i < w->reached; i++)
        if (w->owed[i].used &&
            (oldest == NULL || w->owed[i].until_ms < oldest->until_ms))
            oldest = &w->owed[i];
    return oldest;
}

/* Without a worker every question has the same answer. */
static enum hf_err answer_lost(struct walled *w, uint64_t *ticket,
                               struct hf_found *out, bool *got,
                               struct hf_why *why)
{
    struct owed *owed = owed_oldest(w);
    struct hf_lookup lookup;
    enum hf_err err;

    if (owed == NULL)
        return HF_OK;
    lookup = (struct hf_lookup){.owner = {owed->text, owed->text_len},
                                .type = owed->type};
    err = hf_found_fail(
        &lookup,
        hf_span_str(owed->server[0] != '\0' ? owed->server : w->server),
        "the resolver worker ended again and again", out, why);
    if (err != HF_OK)
        return err;
    owed->used = false;
    *ticket = owed->ticket;
    *got = true;
    return HF_OK;
}

static enum hf_err walled_poll(void *state, int64_t wait_ms, uint64_t *ticket,
                               struct hf_found *out, bool *got,
                               struct hf_why *why)
{
    struct walled *w = state;
    int64_t until_ms = hf_clock_ms() + wait_ms;
    bool late = false;

    while (!w->lost) {
        const struct owed *oldest = owed_oldest(w);
        bool alive = true;
        enum hf_err err;

        if (!accept_frame(w, ticket, out, got)) {
            worker_replace(w);
            continue;
        }
        if (*got || late || oldest == NULL)
            return HF_OK;
        err = hf_role_wait(&w->role, until_ms, &alive, why);
        if (err != HF_OK)
            return err;
        if (!alive || hf_clock_ms() > oldest->until_ms + HANG_MS)
            worker_replace(w);
        late = hf_clock_ms() >= until_ms;
    }
    return answer_lost(w, ticket, out, got, why);
}

static int walled_fd(void *state)
{
    const struct walled *w = state;

    return w->role.fd;
}

static void walled_free(void *state)
{
    struct walled *w = state;

    if (w == NULL)
        return;
    hf_role_clear(&w->role);
    hf_buf_clear(&w->config);
    hf_free(w->owed);
    hf_free(w);
}

static bool make_rooms(struct walled *w)
{
    size_t out_max =
        HF_CONFIG_FRAME_MAX + w->window * (size_t)HF_QUERY_FRAME_MAX;

    w->owed = hf_alloc(w->window, sizeof(w->owed[0]));
    hf_buf_init_grow(&w->config, HF_CONFIG_FRAME_MAX);
    hf_role_init(&w->role, HF_FRAME_MAX, out_max);
    return w->owed != NULL &&
           hf_buf_reserve(&w->config, HF_CONFIG_FRAME_MAX) != NULL &&
           hf_buf_reserve(&w->role.in, HF_FRAME_HEAD + HF_FRAME_MAX) != NULL &&
           hf_buf_reserve(&w->role.out, out_max) != NULL;
}

/* The role of this word, where `server` resolves; what it says of itself goes
 * to `note`. */
static enum hf_err walled_open(const char *word, const char *server,
                               const struct hf_resolver_config *config,
                               struct hf_buf *note, struct hf_resolver *out,
                               struct hf_why *why)
{
    struct hf_resolver_config sent = *config;
    struct walled *w = hf_alloc(1, sizeof(*w));
    enum hf_err err;

    if (w == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    w->word = word;
    (void)snprintf(w->server, sizeof(w->server), "%s", server);
    w->timeout_ms = config->timeout_ms > 0 ? config->timeout_ms : TIMEOUT_MS;
    w->again_ms = config->again_ms;
    w->window = config->window > 0 ? config->window : HF_RESOLVER_WINDOW;
    if (w->window > WINDOW_MAX)
        w->window = WINDOW_MAX;
    sent.window = w->window;
    if (!make_rooms(w)) {
        err = hf_fail(why, HF_ENOMEM, 0, "out of memory");
        goto out;
    }
    hf_msg_put_config(&w->config, &sent);
    if (w->config.full) {
        err = hf_fail(why, HF_ELIMIT, 0, "resolver: too many options");
        goto out;
    }
    err = worker_start(w, note, why);

out:
    if (err != HF_OK) {
        walled_free(w);
        return err;
    }
    *out = (struct hf_resolver){.submit = walled_submit,
                                .poll = walled_poll,
                                .fd = walled_fd,
                                .free = walled_free,
                                .state = w,
                                .window = w->window};
    return HF_OK;
}

enum hf_err hf_resolver_unbound(const struct hf_resolver_config *config,
                                struct hf_resolver *out, struct hf_why *why)
{
    char room[HF_ROLE_NOTE_MAX];
    struct hf_buf version;
    struct hf_buf label;
    enum hf_err err;

    hf_buf_init(&version, room, sizeof(room));
    err = walled_open(HF_WORKER_ROLE, UNBOUND, config, &version, out, why);
    if (err != HF_OK)
        return err;
    hf_buf_init(&label, out->label, sizeof(out->label) - 1);
    hf_buf_puts(&label, UNBOUND " ");
    hf_buf_put_escaped(&label, hf_buf_span(&version), 16);
    return HF_OK;
}

enum hf_err hf_resolver_ad(struct hf_span address,
                           const struct hf_resolver_config *config,
                           struct hf_resolver *out, struct hf_why *why)
{
    struct hf_server server;
    struct hf_resolver_config asker = {.forward = server.label,
                                       .timeout_ms = config->timeout_ms,
                                       .window = config->window,
                                       .no_wall = config->no_wall};
    struct hf_buf label;
    enum hf_err err = hf_server_parse(address, &server, why);

    if (err != HF_OK)
        return err;
    /* RFC 3655 and RFC 6840, 5.7: only over a path that nobody can touch. */
    if (!hf_server_is_loopback(&server))
        return hf_fail(why, HF_EINVAL, 0,
                       "RFC 6840 5.7: the AD bit of a resolver proves nothing "
                       "over a network; name one on a loopback address");
    err = walled_open(HF_ASKER_ROLE, server.label, &asker, NULL, out, why);
    if (err != HF_OK)
        return err;
    hf_buf_init(&label, out->label, sizeof(out->label) - 1);
    hf_buf_puts(&label, "AD bit of ");
    hf_buf_puts(&label, server.label);
    return HF_OK;
}
