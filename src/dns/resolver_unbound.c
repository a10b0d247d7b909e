/* SPDX-License-Identifier: Apache-2.0 */
#include <limits.h>

#include "base/alloc.h"
#include "dns/found.h"
#include "dns/resolver.h"
#include "dns/wire.h"
#include "dns/worker.h"
#include "dns/worker_msg.h"
#include "os/clock.h"
#include "os/role.h"

#define SERVER       HF_SPAN("libunbound")
#define LABEL        HF_SPAN("libunbound ") /* and its version */
#define TIMEOUT_MS   10000
#define WINDOW_MAX   1024
#define START_MS     10000 /* reading a trust anchor takes no longer */
#define HANG_MS      1000  /* a worker this late is dead */
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
    struct hf_role role;
    unsigned replaced;
    bool lost; /* dead, and not to be replaced any more */
    int64_t timeout_ms;
    uint64_t numbers;
    struct owed *owed;
    size_t window;
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

    if (!hf_span_starts(rest, LABEL))
        return false;
    (void)hf_span_cut(&rest, LABEL.len);
    major = take_version_part(&rest);
    minor = take_version_part(&rest);
    patch = take_version_part(&rest);
    if (major != 1)
        return major < 1;
    return minor < 26 || (minor == 26 && patch < 1);
}

static enum hf_err worker_start(struct unbound *u, struct hf_buf *version,
                                struct hf_why *why)
{
    const struct hf_role_plan plan = {.word = HF_WORKER_ROLE,
                                      .config = hf_buf_span(&u->config),
                                      .wait_ms = START_MS,
                                      .greetings = hf_worker_greetings,
                                      .greeting_count = HF_WORKER_STARTS,
                                      .note = version};

    return hf_role_open(&u->role, &plan, why);
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

    hf_msg_put_query(&u->role.out, &query);
}

/* Another worker for the dead one, once, with the same questions. */
static void worker_replace(struct unbound *u)
{
    char room[HF_ROLE_NOTE_MAX];
    struct hf_buf version;

    hf_buf_init(&version, room, sizeof(room));
    hf_role_end(&u->role);
    u->lost =
        u->replaced == REPLACEMENTS || worker_start(u, &version, NULL) != HF_OK;
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
    bool more = false;

    if (hf_role_peek(&u->role, &frame, &more, NULL) != HF_OK)
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
    hf_role_drop(&u->role, &frame);
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
        err = hf_role_wait(&u->role, until_ms, &alive, why);
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

    return u->role.fd;
}

static void unbound_free(void *state)
{
    struct unbound *u = state;

    if (u == NULL)
        return;
    hf_role_clear(&u->role);
    hf_buf_clear(&u->config);
    hf_free(u->owed);
    hf_free(u);
}

static bool make_rooms(struct unbound *u)
{
    size_t out_max =
        HF_CONFIG_FRAME_MAX + u->window * (size_t)HF_QUERY_FRAME_MAX;

    u->owed = hf_alloc(u->window, sizeof(u->owed[0]));
    hf_buf_init_grow(&u->config, HF_CONFIG_FRAME_MAX);
    hf_role_init(&u->role, HF_FRAME_MAX, out_max);
    return u->owed != NULL &&
           hf_buf_reserve(&u->config, HF_CONFIG_FRAME_MAX) != NULL &&
           hf_buf_reserve(&u->role.in, HF_FRAME_HEAD + HF_FRAME_MAX) != NULL &&
           hf_buf_reserve(&u->role.out, out_max) != NULL;
}

enum hf_err hf_resolver_unbound(const struct hf_resolver_config *config,
                                struct hf_resolver *out, struct hf_why *why)
{
    struct hf_resolver_config sent = *config;
    struct unbound *u = hf_alloc(1, sizeof(*u));
    char room[HF_ROLE_NOTE_MAX];
    struct hf_buf version;
    struct hf_buf label;
    enum hf_err err;

    if (u == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
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
    hf_buf_init(&version, room, sizeof(room));
    err = worker_start(u, &version, why);

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
    hf_buf_put(&label, LABEL);
    hf_buf_put_escaped(&label, hf_buf_span(&version), 16);
    return HF_OK;
}
