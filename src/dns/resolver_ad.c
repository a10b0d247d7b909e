/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/alloc.h"
#include "dns/exchange.h"
#include "dns/found.h"
#include "dns/packet.h"
#include "dns/resolver.h"
#include "os/clock.h"
#include "os/signals.h"

#define TIMEOUT_MS       10000
#define WINDOW_MAX       1024
#define PROOF_TIMEOUT_MS 3000
#define PROOF_AGAIN_MS   5000
#define SLICE_MS         250
#define EVENTS_MAX       64

/* What an asking is for. With CD the resolver answers also what it found
 * bogus: that tells bogus from broken. */
enum phase {
    PHASE_FREE,
    PHASE_WAITS, /* for the proof */
    PHASE_ASKED,
    PHASE_ASKED_CD,
    PHASE_READY,
};

/* Does the resolver validate at all? Without a secure root, "no AD bit" would
 * prove nothing. */
enum proof { PROOF_NONE, PROOF_ASKED, PROOF_FAILED, PROOF_DONE };

struct asked {
    enum phase phase;
    uint64_t ticket;
    uint16_t type;
    int64_t until_ms;
    struct hf_wire_name name;
    struct hf_exchange exchange;
    unsigned watched; /* which of its sockets epoll knows; or 0 */
    short events;     /* what for */
    struct hf_found found;
    char text[HF_OWNER_TEXT_MAX];
    size_t text_len;
};

struct ad {
    struct hf_server server;
    int epoll;
    int64_t timeout_ms;
    enum proof proof;
    int64_t proof_at_ms;
    struct asked *asked; /* the last one beyond `window` asks for the proof */
    size_t window;
    char *packet_room;
    struct hf_buf octets;
};

static struct asked *proving(struct ad *ad)
{
    return &ad->asked[ad->window];
}

/* Tell epoll about the socket that the exchange has now. */
static void watch(struct ad *ad, struct asked *a)
{
    const struct hf_exchange *x = &a->exchange;
    struct epoll_event event = {.events = (x->events & POLLIN ? EPOLLIN : 0U) |
                                          (x->events & POLLOUT ? EPOLLOUT : 0U),
                                .data.u64 = (uint64_t)(a - ad->asked)};

    if (hf_exchange_is_over(x) ||
        (a->watched == x->opened && a->events == x->events))
        return;
    /* A closed socket leaves the set by itself. On failure the look-up still
     * ends, by its deadline. */
    (void)epoll_ctl(ad->epoll,
                    a->watched == x->opened ? EPOLL_CTL_MOD : EPOLL_CTL_ADD,
                    x->fd, &event);
    a->watched = x->opened;
    a->events = x->events;
}

static void ask(struct ad *ad, struct asked *a, enum phase phase)
{
    const struct hf_asking asking = {
        .server = &ad->server,
        .name = &a->name,
        .type = a->type,
        .flags = HF_WIRE_RD | HF_WIRE_AD |
                 (phase == PHASE_ASKED_CD ? HF_WIRE_CD : 0U),
        .dnssec_ok = true,
        .until_ms = a->until_ms};

    a->phase = phase;
    hf_exchange_start(&a->exchange, &asking);
    watch(ad, a);
}

static struct hf_span server_span(const struct ad *ad)
{
    return hf_span_str(ad->server.label);
}

static enum hf_err ready_failed(struct ad *ad, struct asked *a,
                                const char *reason, struct hf_why *why)
{
    const struct hf_lookup lookup = {.owner = {a->text, a->text_len},
                                     .type = a->type};

    a->phase = PHASE_READY;
    return hf_found_fail(&lookup, server_span(ad), reason, &a->found, why);
}

/* Keep `found`, whose parts lie in the packet room, as this look-up's. */
static enum hf_err ready(struct ad *ad, struct asked *a, struct hf_found *found,
                         struct hf_why *why)
{
    found->server = server_span(ad);
    hf_buf_reset(&ad->octets);
    hf_found_put(&ad->octets, found);
    if (ad->octets.full)
        return ready_failed(ad, a, "answer is too large", why);
    a->phase = PHASE_READY;
    return hf_found_read(hf_buf_span(&ad->octets), &a->found, why);
}

static enum hf_security security_of(const struct ad *ad, const struct asked *a,
                                    const struct hf_found *found)
{
    if (found->state == HF_FOUND_FAILURE)
        return HF_INDETERMINATE;
    if ((a->exchange.message.flags & HF_WIRE_AD) != 0)
        return HF_SECURE;
    return ad->proof == PROOF_DONE ? HF_INSECURE : HF_INDETERMINATE;
}

/* The first answer: keep it, or ask again what lies behind a SERVFAIL. */
static enum hf_err on_answer(struct ad *ad, struct asked *a, struct hf_why *why)
{
    struct hf_why reason = {0};
    struct hf_found found;
    enum hf_err err;

    if (hf_packet_read(&a->exchange.message, &a->name, a->type, ad->packet_room,
                       &found, &reason) != HF_OK)
        return ready_failed(ad, a, reason.text, why);
    found.security = security_of(ad, a, &found);
    err = ready(ad, a, &found, why);
    if (err == HF_OK && a->found.rcode == HF_RCODE_SERVFAIL)
        ask(ad, a, PHASE_ASKED_CD);
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

static void on_proof(struct ad *ad, struct asked *a)
{
    bool done = a->exchange.state == HF_EXCHANGE_DONE &&
                hf_wire_rcode(&a->exchange.message) == HF_RCODE_NOERROR &&
                (a->exchange.message.flags & HF_WIRE_AD) != 0;

    ad->proof = done ? PROOF_DONE : PROOF_FAILED;
    a->phase = PHASE_FREE;
    for (size_t i = 0; i < ad->window; i++)
        if (ad->asked[i].phase == PHASE_WAITS)
            ask(ad, &ad->asked[i], PHASE_ASKED);
}

/* An exchange is over: what follows? */
static enum hf_err on_over(struct ad *ad, struct asked *a, struct hf_why *why)
{
    bool done = a->exchange.state == HF_EXCHANGE_DONE;

    if (a == proving(ad)) {
        on_proof(ad, a);
        return HF_OK;
    }
    if (a->phase == PHASE_ASKED && !done)
        return ready_failed(ad, a, a->exchange.why.text, why);
    if (a->phase == PHASE_ASKED)
        return on_answer(ad, a, why);
    if (done)
        on_answer_cd(a);
    else
        a->phase = PHASE_READY; /* the SERVFAIL stands */
    return HF_OK;
}

static bool is_running(const struct asked *a)
{
    return a->phase == PHASE_ASKED || a->phase == PHASE_ASKED_CD;
}

static enum hf_err step(struct ad *ad, struct asked *a, short events,
                        struct hf_why *why)
{
    enum hf_err err = HF_OK;

    if (!is_running(a))
        return HF_OK;
    hf_exchange_step(&a->exchange, events);
    watch(ad, a);
    /* What follows may be over at once, too. */
    while (err == HF_OK && is_running(a) && hf_exchange_is_over(&a->exchange))
        err = on_over(ad, a, why);
    return err;
}

/* Those whose time has come; and when the next one's does. */
static enum hf_err step_late(struct ad *ad, int64_t *next_ms,
                             struct hf_why *why)
{
    int64_t now_ms = hf_clock_ms();
    enum hf_err err = HF_OK;

    for (size_t i = 0; i <= ad->window && err == HF_OK; i++) {
        struct asked *a = &ad->asked[i];

        if (is_running(a) && (hf_exchange_is_over(&a->exchange) ||
                              a->exchange.step_at_ms <= now_ms))
            err = step(ad, a, 0, why);
        if (is_running(a) && a->exchange.step_at_ms < *next_ms)
            *next_ms = a->exchange.step_at_ms;
    }
    return err;
}

static enum hf_err wait_for(struct ad *ad, int64_t until_ms, struct hf_why *why)
{
    struct epoll_event events[EVENTS_MAX];
    int64_t wait_ms = until_ms - hf_clock_ms();
    enum hf_err err = HF_OK;
    int n;

    if (hf_signals_stop_wanted())
        return hf_fail(why, HF_ECANCELED, 0, "interrupted");
    if (wait_ms > SLICE_MS)
        wait_ms = SLICE_MS;
    n = epoll_wait(ad->epoll, events, EVENTS_MAX,
                   wait_ms < 0 ? 0 : (int)wait_ms);
    for (int i = 0; i < n && err == HF_OK; i++)
        err = step(ad, &ad->asked[events[i].data.u64],
                   events[i].events & EPOLLOUT ? POLLOUT : POLLIN, why);
    return err;
}

static struct asked *find(struct ad *ad, enum phase phase)
{
    for (size_t i = 0; i < ad->window; i++)
        if (ad->asked[i].phase == phase)
            return &ad->asked[i];
    return NULL;
}

/* RFC 4035, section 3.2.3: AD on the root's name servers. */
static void proof_begin(struct ad *ad)
{
    struct asked *a = proving(ad);

    a->name = (struct hf_wire_name){.len = 1};
    a->type = HF_RR_NS;
    ad->proof_at_ms = hf_clock_ms();
    a->until_ms = ad->proof_at_ms + PROOF_TIMEOUT_MS;
    ad->proof = PROOF_ASKED;
    ask(ad, a, PHASE_ASKED);
}

static enum hf_err ad_submit(void *state, const struct hf_lookup *lookup,
                             uint64_t ticket, struct hf_why *why)
{
    struct ad *ad = state;
    struct asked *a = find(ad, PHASE_FREE);
    enum hf_err err;

    if (a == NULL)
        return hf_fail(why, HF_ELIMIT, 0, "too many look-ups under way");
    if (lookup->owner.len > sizeof(a->text))
        return hf_fail(why, HF_ELIMIT, 0, "RFC 1035 2.3.4: name is too long");
    err = hf_wire_name_parse(lookup->owner, &a->name, why);
    if (err != HF_OK)
        return err;
    memcpy(a->text, lookup->owner.ptr, lookup->owner.len);
    a->text_len = lookup->owner.len;
    a->ticket = ticket;
    a->type = lookup->type;
    a->until_ms = hf_clock_ms() + ad->timeout_ms;
    if (lookup->give_up_at_ms > 0 && lookup->give_up_at_ms < a->until_ms)
        a->until_ms = lookup->give_up_at_ms;

    if (ad->proof == PROOF_NONE ||
        (ad->proof == PROOF_FAILED &&
         hf_clock_ms() - ad->proof_at_ms > PROOF_AGAIN_MS))
        proof_begin(ad);
    if (ad->proof == PROOF_ASKED)
        a->phase = PHASE_WAITS;
    else
        ask(ad, a, PHASE_ASKED);
    return HF_OK;
}

static enum hf_err ad_poll(void *state, int64_t wait_ms, uint64_t *ticket,
                           struct hf_found *out, bool *got, struct hf_why *why)
{
    struct ad *ad = state;
    int64_t until_ms = hf_clock_ms() + wait_ms;
    bool late = false;

    while (true) {
        struct asked *a = find(ad, PHASE_READY);
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
        err = step_late(ad, &next_ms, why);
        if (err == HF_OK && find(ad, PHASE_READY) == NULL)
            err = wait_for(ad, next_ms, why);
        if (err != HF_OK)
            return err;
        late = hf_clock_ms() >= until_ms;
    }
}

static int ad_fd(void *state)
{
    const struct ad *ad = state;

    return ad->epoll;
}

static void ad_free(void *state)
{
    struct ad *ad = state;

    if (ad == NULL)
        return;
    for (size_t i = 0; ad->asked != NULL && i <= ad->window; i++) {
        hf_exchange_clear(&ad->asked[i].exchange);
        hf_found_clear(&ad->asked[i].found);
    }
    if (ad->epoll >= 0)
        (void)close(ad->epoll);
    hf_free(ad->asked);
    hf_free(ad->packet_room);
    hf_buf_clear(&ad->octets);
    hf_free(ad);
}

static enum hf_err make_rooms(struct ad *ad, struct hf_why *why)
{
    ad->asked = hf_alloc(ad->window + 1, sizeof(ad->asked[0]));
    ad->packet_room = hf_alloc(HF_PACKET_ROOM, 1);
    hf_buf_init_grow(&ad->octets, HF_FOUND_MAX);
    if (ad->asked == NULL || ad->packet_room == NULL ||
        hf_buf_reserve(&ad->octets, HF_FOUND_MAX) == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    ad->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (ad->epoll < 0) {
        (void)hf_fail(why, HF_ESYSTEM, 0, "make an epoll descriptor");
        if (why != NULL)
            why->sys = errno;
        return HF_ESYSTEM;
    }
    return HF_OK;
}

enum hf_err hf_resolver_ad(struct hf_span address,
                           const struct hf_resolver_config *config,
                           struct hf_resolver *out, struct hf_why *why)
{
    struct hf_server server;
    struct hf_buf label;
    struct ad *ad;
    enum hf_err err = hf_server_parse(address, &server, why);

    if (err != HF_OK)
        return err;
    /* RFC 3655 and RFC 6840, 5.7: only over a path that nobody can touch. */
    if (!hf_server_is_loopback(&server))
        return hf_fail(why, HF_EINVAL, 0,
                       "RFC 6840 5.7: the AD bit of a resolver proves nothing "
                       "over a network; name one on a loopback address");
    ad = hf_alloc(1, sizeof(*ad));
    if (ad == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    ad->epoll = -1;
    ad->server = server;
    ad->timeout_ms = config->timeout_ms > 0 ? config->timeout_ms : TIMEOUT_MS;
    ad->window = config->window > 0 ? config->window : HF_RESOLVER_WINDOW;
    if (ad->window > WINDOW_MAX)
        ad->window = WINDOW_MAX;
    err = make_rooms(ad, why);
    if (err != HF_OK) {
        ad_free(ad);
        return err;
    }
    *out = (struct hf_resolver){.submit = ad_submit,
                                .poll = ad_poll,
                                .fd = ad_fd,
                                .free = ad_free,
                                .state = ad,
                                .window = ad->window};
    hf_buf_init(&label, out->label, sizeof(out->label) - 1);
    hf_buf_puts(&label, "AD bit of ");
    hf_buf_put(&label, server_span(ad));
    return HF_OK;
}
