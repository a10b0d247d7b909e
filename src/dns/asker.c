/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/asker.h"

#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/alloc.h"
#include "dns/exchange.h"
#include "dns/found.h"
#include "dns/packet.h"
#include "os/clock.h"

#define TIMEOUT_MS       10000
#define WINDOW_MAX       1024
#define PROOF_TIMEOUT_MS 3000
#define PROOF_AGAIN_MS   5000
#define SLICE_MS         250
#define EVENTS_MAX       64

/* What an asking is for. With CD the validator answers also what it found
 * bogus: that tells bogus from broken. */
enum phase {
    PHASE_FREE,
    PHASE_WAITS,  /* for the proof */
    PHASE_DIRECT, /* a server that was named */
    PHASE_ASKED,
    PHASE_ASKED_CD,
    PHASE_READY,
};

/* Does the validator validate at all? Without a secure root, "no AD bit" would
 * prove nothing. */
enum proof { PROOF_NONE, PROOF_ASKED, PROOF_FAILED, PROOF_DONE };

struct asked {
    enum phase phase;
    uint64_t ticket;
    uint16_t type;
    int64_t until_ms;
    struct hf_server server;
    struct hf_wire_name name;
    struct hf_exchange exchange;
    unsigned watched; /* which of its sockets epoll knows; or 0 */
    short events;     /* what for */
    struct hf_found found;
    char text[HF_OWNER_TEXT_MAX];
    size_t text_len;
};

struct asker {
    bool has_validator;
    struct hf_server validator;
    int epoll;
    int64_t timeout_ms;
    enum proof proof;
    int64_t proof_at_ms;
    struct asked *asked; /* one for the proof, then `window` for look-ups */
    size_t window;
    size_t reached; /* what lies beyond was never touched */
    char *packet_room;
    struct hf_buf octets;
};

static struct asked *proving(struct asker *asker)
{
    return &asker->asked[0];
}

/* Tell epoll about the socket that the exchange has now. */
static void watch(struct asker *asker, struct asked *a)
{
    const struct hf_exchange *x = &a->exchange;
    struct epoll_event event = {.events = (x->events & POLLIN ? EPOLLIN : 0U) |
                                          (x->events & POLLOUT ? EPOLLOUT : 0U),
                                .data.u64 = (uint64_t)(a - asker->asked)};

    if (hf_exchange_is_over(x) ||
        (a->watched == x->opened && a->events == x->events))
        return;
    /* A closed socket leaves the set by itself. On failure the look-up still
     * ends, by its deadline. */
    (void)epoll_ctl(asker->epoll,
                    a->watched == x->opened ? EPOLL_CTL_MOD : EPOLL_CTL_ADD,
                    x->fd, &event);
    a->watched = x->opened;
    a->events = x->events;
}

static uint16_t flags_of(enum phase phase)
{
    if (phase == PHASE_DIRECT)
        return 0;
    return phase == PHASE_ASKED_CD ? HF_WIRE_RD | HF_WIRE_AD | HF_WIRE_CD
                                   : HF_WIRE_RD | HF_WIRE_AD;
}

static void ask(struct asker *asker, struct asked *a, enum phase phase)
{
    const struct hf_asking asking = {.server = &a->server,
                                     .name = &a->name,
                                     .type = a->type,
                                     .flags = flags_of(phase),
                                     .dnssec_ok = true,
                                     .until_ms = a->until_ms};

    a->phase = phase;
    hf_exchange_start(&a->exchange, &asking);
    watch(asker, a);
}

static enum hf_err ready_failed(struct asked *a, const char *reason,
                                struct hf_why *why)
{
    const struct hf_lookup lookup = {.owner = {a->text, a->text_len},
                                     .type = a->type};

    a->phase = PHASE_READY;
    return hf_found_fail(&lookup, hf_span_str(a->server.label), reason,
                         &a->found, why);
}

/* Keep `found`, whose parts lie in the packet room, as this look-up's. */
static enum hf_err ready(struct asker *asker, struct asked *a,
                         struct hf_found *found, struct hf_why *why)
{
    found->server = hf_span_str(a->server.label);
    hf_buf_reset(&asker->octets);
    hf_found_put(&asker->octets, found);
    if (asker->octets.full)
        return ready_failed(a, "answer is too large", why);
    a->phase = PHASE_READY;
    return hf_found_read(hf_buf_span(&asker->octets), &a->found, why);
}

static bool lacks_route(const struct hf_why *why)
{
    return why->sys == ENETUNREACH || why->sys == EAFNOSUPPORT ||
           why->sys == EADDRNOTAVAIL;
}

/* Nobody answered. */
static enum hf_err on_silence(struct asked *a, struct hf_why *why)
{
    const struct hf_why *reason = &a->exchange.why;
    enum hf_err err = ready_failed(a, reason->text, why);

    if (err == HF_OK)
        a->found.no_route = lacks_route(reason);
    return err;
}

static enum hf_security security_of(const struct asker *asker,
                                    const struct asked *a,
                                    const struct hf_found *found)
{
    if (found->state == HF_FOUND_FAILURE || a->phase == PHASE_DIRECT)
        return HF_INDETERMINATE;
    if ((a->exchange.message.flags & HF_WIRE_AD) != 0)
        return HF_SECURE;
    return asker->proof == PROOF_DONE ? HF_INSECURE : HF_INDETERMINATE;
}

/* The first answer: keep it, or ask again what lies behind a SERVFAIL. */
static enum hf_err on_answer(struct asker *asker, struct asked *a,
                             struct hf_why *why)
{
    const bool resolved = a->phase != PHASE_DIRECT;
    struct hf_why reason = {0};
    struct hf_found found;
    enum hf_err err;

    if (hf_packet_read(&a->exchange.message, &a->name, a->type,
                       asker->packet_room, &found, &reason) != HF_OK)
        return ready_failed(a, reason.text, why);
    found.security = security_of(asker, a, &found);
    found.authoritative = (a->exchange.message.flags & HF_WIRE_AA) != 0;
    err = ready(asker, a, &found, why);
    if (err == HF_OK && resolved && a->found.rcode == HF_RCODE_SERVFAIL)
        ask(asker, a, PHASE_ASKED_CD);
    return err;
}

/* With validation off there is an answer: then it was bogus. */
static void on_answer_cd(struct asked *a)
{
    unsigned rcode = hf_wire_rcode(&a->exchange.message);

    if (rcode == HF_RCODE_NOERROR || rcode == HF_RCODE_NXDOMAIN)
        a->found.security = HF_BOGUS;
    a->phase = PHASE_READY;
}

static void on_proof(struct asker *asker, struct asked *a)
{
    bool done = a->exchange.state == HF_EXCHANGE_DONE &&
                hf_wire_rcode(&a->exchange.message) == HF_RCODE_NOERROR &&
                (a->exchange.message.flags & HF_WIRE_AD) != 0;

    asker->proof = done ? PROOF_DONE : PROOF_FAILED;
    a->phase = PHASE_FREE;
    for (size_t i = 1; i < asker->reached; i++)
        if (asker->asked[i].phase == PHASE_WAITS)
            ask(asker, &asker->asked[i], PHASE_ASKED);
}

/* An exchange is over: what follows? */
static enum hf_err on_over(struct asker *asker, struct asked *a,
                           struct hf_why *why)
{
    bool done = a->exchange.state == HF_EXCHANGE_DONE;

    if (a == proving(asker)) {
        on_proof(asker, a);
        return HF_OK;
    }
    if (a->phase != PHASE_ASKED_CD)
        return done ? on_answer(asker, a, why) : on_silence(a, why);
    if (done)
        on_answer_cd(a);
    else
        a->phase = PHASE_READY; /* the SERVFAIL stands */
    return HF_OK;
}

static bool is_running(const struct asked *a)
{
    return a->phase == PHASE_DIRECT || a->phase == PHASE_ASKED ||
           a->phase == PHASE_ASKED_CD;
}

static enum hf_err step(struct asker *asker, struct asked *a, short events,
                        struct hf_why *why)
{
    enum hf_err err = HF_OK;

    if (!is_running(a))
        return HF_OK;
    hf_exchange_step(&a->exchange, events);
    watch(asker, a);
    /* What follows may be over at once, too. */
    while (err == HF_OK && is_running(a) && hf_exchange_is_over(&a->exchange))
        err = on_over(asker, a, why);
    return err;
}

/* Those whose time has come; and when the next one's does. */
static enum hf_err step_late(struct asker *asker, int64_t *next_ms,
                             struct hf_why *why)
{
    int64_t now_ms = hf_clock_ms();
    enum hf_err err = HF_OK;

    for (size_t i = 0; i < asker->reached && err == HF_OK; i++) {
        struct asked *a = &asker->asked[i];

        if (a->phase == PHASE_WAITS && a->until_ms <= now_ms)
            err = ready_failed(a, "no answer within the time allowed", why);
        if (is_running(a) && (hf_exchange_is_over(&a->exchange) ||
                              a->exchange.step_at_ms <= now_ms))
            err = step(asker, a, 0, why);
        if (is_running(a) && a->exchange.step_at_ms < *next_ms)
            *next_ms = a->exchange.step_at_ms;
    }
    return err;
}

static enum hf_err wait_for(struct asker *asker, int64_t until_ms,
                            struct hf_why *why)
{
    struct epoll_event events[EVENTS_MAX];
    int64_t wait_ms = until_ms - hf_clock_ms();
    enum hf_err err = HF_OK;
    int n;

    if (wait_ms > SLICE_MS)
        wait_ms = SLICE_MS;
    n = epoll_wait(asker->epoll, events, EVENTS_MAX,
                   wait_ms < 0 ? 0 : (int)wait_ms);
    for (int i = 0; i < n && err == HF_OK; i++)
        err = step(asker, &asker->asked[events[i].data.u64],
                   events[i].events & EPOLLOUT ? POLLOUT : POLLIN, why);
    return err;
}

static struct asked *find(struct asker *asker, enum phase phase)
{
    for (size_t i = 1; i < asker->reached; i++)
        if (asker->asked[i].phase == phase)
            return &asker->asked[i];
    return NULL;
}

static struct asked *find_free(struct asker *asker)
{
    struct asked *a = find(asker, PHASE_FREE);

    return a != NULL || asker->reached > asker->window
               ? a
               : &asker->asked[asker->reached++];
}

/* RFC 4035, section 3.2.3: AD on the root's name servers. */
static void proof_begin(struct asker *asker)
{
    struct asked *a = proving(asker);

    a->server = asker->validator;
    a->name = (struct hf_wire_name){.len = 1};
    a->type = HF_RR_NS;
    asker->proof_at_ms = hf_clock_ms();
    a->until_ms = asker->proof_at_ms + PROOF_TIMEOUT_MS;
    asker->proof = PROOF_ASKED;
    ask(asker, a, PHASE_ASKED);
}

/* By the validator, when it is known to be one. */
static void resolve(struct asker *asker, struct asked *a)
{
    if (asker->proof == PROOF_NONE ||
        (asker->proof == PROOF_FAILED &&
         hf_clock_ms() - asker->proof_at_ms > PROOF_AGAIN_MS))
        proof_begin(asker);
    if (asker->proof == PROOF_ASKED)
        a->phase = PHASE_WAITS;
    else
        ask(asker, a, PHASE_ASKED);
}

static int64_t deadline(const struct asker *asker,
                        const struct hf_lookup *lookup)
{
    int64_t until_ms =
        hf_clock_ms() +
        (lookup->timeout_ms > 0 ? lookup->timeout_ms : asker->timeout_ms);

    if (lookup->give_up_at_ms > 0 && lookup->give_up_at_ms < until_ms)
        return lookup->give_up_at_ms;
    return until_ms;
}

static enum hf_err choose_server(const struct asker *asker,
                                 struct hf_span server, struct hf_server *out,
                                 struct hf_why *why)
{
    if (server.len > 0)
        return hf_server_parse(server, out, why);
    if (!asker->has_validator)
        return hf_fail(why, HF_EINVAL, 0, "no server to ask");
    *out = asker->validator;
    return HF_OK;
}

static enum hf_err asker_submit(void *state, const struct hf_lookup *lookup,
                                uint64_t ticket, struct hf_why *why)
{
    struct asker *asker = state;
    struct asked *a = find_free(asker);
    enum hf_err err;

    if (a == NULL)
        return hf_fail(why, HF_ELIMIT, 0, "too many look-ups under way");
    if (lookup->owner.len > sizeof(a->text))
        return hf_fail(why, HF_ELIMIT, 0, "RFC 1035 2.3.4: name is too long");
    err = hf_wire_name_parse(lookup->owner, &a->name, why);
    if (err == HF_OK)
        err = choose_server(asker, lookup->server, &a->server, why);
    if (err != HF_OK)
        return err;
    memcpy(a->text, lookup->owner.ptr, lookup->owner.len);
    a->text_len = lookup->owner.len;
    a->ticket = ticket;
    a->type = lookup->type;
    a->until_ms = deadline(asker, lookup);
    if (lookup->server.len > 0)
        ask(asker, a, PHASE_DIRECT);
    else
        resolve(asker, a);
    return HF_OK;
}

static enum hf_err asker_poll(void *state, int64_t wait_ms, uint64_t *ticket,
                              struct hf_found *out, bool *got,
                              struct hf_why *why)
{
    struct asker *asker = state;
    int64_t until_ms = hf_clock_ms() + wait_ms;
    bool late = false;

    while (true) {
        struct asked *a = find(asker, PHASE_READY);
        int64_t next_ms = until_ms;
        enum hf_err err;

        if (a != NULL) {
            *out = a->found;
            *ticket = a->ticket;
            *got = true;
            a->found = (struct hf_found){0};
            a->phase = PHASE_FREE;
        }
        if (a != NULL || late)
            return HF_OK;
        err = step_late(asker, &next_ms, why);
        if (err == HF_OK && find(asker, PHASE_READY) == NULL)
            err = wait_for(asker, next_ms, why);
        if (err != HF_OK)
            return err;
        late = hf_clock_ms() >= until_ms;
    }
}

static int asker_fd(void *state)
{
    const struct asker *asker = state;

    return asker->epoll;
}

static void asker_free(void *state)
{
    struct asker *asker = state;

    if (asker == NULL)
        return;
    for (size_t i = 0; i < asker->reached; i++) {
        hf_exchange_clear(&asker->asked[i].exchange);
        hf_found_clear(&asker->asked[i].found);
    }
    if (asker->epoll >= 0)
        (void)close(asker->epoll);
    hf_free(asker->asked);
    hf_free(asker->packet_room);
    hf_buf_clear(&asker->octets);
    hf_free(asker);
}

static enum hf_err make_rooms(struct asker *asker, struct hf_why *why)
{
    asker->asked = hf_alloc(asker->window + 1, sizeof(asker->asked[0]));
    asker->packet_room = hf_alloc(HF_PACKET_ROOM, 1);
    hf_buf_init_grow(&asker->octets, HF_FOUND_MAX);
    if (asker->asked == NULL || asker->packet_room == NULL ||
        hf_buf_reserve(&asker->octets, HF_FOUND_MAX) == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    asker->reached = 1;
    asker->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (asker->epoll < 0) {
        (void)hf_fail(why, HF_ESYSTEM, 0, "make an epoll descriptor");
        if (why != NULL)
            why->sys = errno;
        return HF_ESYSTEM;
    }
    return HF_OK;
}

enum hf_err hf_asker_new(const struct hf_server *validator,
                         const struct hf_resolver_config *config,
                         struct hf_resolver *out, struct hf_why *why)
{
    struct asker *asker = hf_alloc(1, sizeof(*asker));
    enum hf_err err;

    if (asker == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    asker->epoll = -1;
    asker->has_validator = validator != NULL;
    if (validator != NULL)
        asker->validator = *validator;
    asker->timeout_ms =
        config->timeout_ms > 0 ? config->timeout_ms : TIMEOUT_MS;
    asker->window = config->window > 0 ? config->window : HF_RESOLVER_WINDOW;
    if (asker->window > WINDOW_MAX)
        asker->window = WINDOW_MAX;
    err = make_rooms(asker, why);
    if (err != HF_OK) {
        asker_free(asker);
        return err;
    }
    *out = (struct hf_resolver){.submit = asker_submit,
                                .poll = asker_poll,
                                .fd = asker_fd,
                                .free = asker_free,
                                .state = asker,
                                .window = asker->window};
    return HF_OK;
}
