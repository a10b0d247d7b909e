/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/worker.h"

#include <event2/event.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unbound-event.h>
#include <unbound.h>
#include <unistd.h>

#include "base/alloc.h"
#include "dns/asker.h"
#include "dns/asker_worker.h"
#include "dns/packet.h"
#include "dns/wire.h"
#include "dns/worker_msg.h"
#include "os/clock.h"
#include "os/sandbox.h"

#define IN_ROOM          (2 * HF_CONFIG_FRAME_MAX)
#define WINDOW_MAX       1024
#define PROOF_TIMEOUT_MS 3000
#define PROOF_AGAIN_MS   5000
#define LEAD_MS          100
#define ROOT             "."
#define SYSTEM_ANCHOR    "/usr/share/dns/root.key"

/* The keys of the root, for machines without dns-root-data. */
static const char *const root_keys[] = {
    ". IN DS 20326 8 2 "
    "E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D",
    ". IN DS 38696 8 2 "
    "683D2D0ACB8C9B712A1948B27F741219298D0A450D612C483AF444A4C0FB2B16",
};

/* REQ VAL-31: is the trust anchor at work? Without that an unsigned answer
 * proves nothing: libunbound cannot tell "insecure" from "no anchor". */
enum proof { PROOF_NONE, PROOF_ASKED, PROOF_FAILED, PROOF_DONE };

enum slot_state { SLOT_FREE, SLOT_WAITS, SLOT_ASKED };

struct worker;

struct slot {
    struct worker *worker;
    struct event *timer;
    enum slot_state state;
    int async_id;
    uint64_t ticket;
    uint16_t type;
    struct hf_wire_name owner;
    char text[HF_OWNER_TEXT_MAX + 1];
};

struct worker {
    int fd;
    bool broken; /* the parent is gone or talks nonsense */
    struct event_base *base;
    struct event *readable;
    struct event *kick;  /* submit what waits; never from a callback */
    struct event *asked; /* servers that the asker asks */
    struct hf_resolver asker;
    struct ub_ctx *ctx;
    enum proof proof;
    int64_t proof_at_ms;
    struct slot proving; /* the look-up that proves it */
    bool led;            /* there was a first question */
    struct slot *leader; /* it, until it is answered */
    int64_t lead_until_ms;
    struct slot *slots;
    size_t slot_count; /* of slots that were ever used */
    size_t slot_max;
    struct hf_buf in;
    struct hf_buf out;
    char *packet_room;
    struct hf_config_room *config_room;
};

static void stop(struct worker *w)
{
    w->broken = true;
    (void)event_base_loopbreak(w->base);
}

static void send_out(struct worker *w)
{
    if (w->out.full || !hf_role_send(w->fd, hf_buf_span(&w->out)))
        stop(w);
    hf_buf_reset(&w->out);
}

static void kick(struct worker *w)
{
    event_active(w->kick, EV_TIMEOUT, 0);
}

static void slot_done(struct slot *slot)
{
    struct worker *w = slot->worker;

    (void)event_del(slot->timer);
    slot->state = SLOT_FREE;
    if (w->leader != slot)
        return;
    w->leader = NULL;
    kick(w);
}

static void send_found(struct slot *slot, struct hf_found *found)
{
    struct worker *w = slot->worker;

    found->server = HF_SPAN("libunbound");
    hf_msg_put_answer(&w->out, slot->ticket, found);
    if (w->out.full) {
        /* Longer than a message may be: say so instead. */
        hf_buf_reset(&w->out);
        *found = (struct hf_found){.state = HF_FOUND_FAILURE,
                                   .security = HF_INDETERMINATE,
                                   .rcode = -1,
                                   .type = slot->type,
                                   .owner = hf_span_str(slot->text),
                                   .reason = HF_SPAN("answer is too large")};
        hf_msg_put_answer(&w->out, slot->ticket, found);
    }
    slot_done(slot);
    send_out(w);
}

static void send_failure(struct slot *slot, enum hf_security security,
                         int rcode, struct hf_span reason)
{
    char room[4 * HF_REASON_TEXT_MAX];
    struct hf_buf text;
    struct hf_found found = {.state = HF_FOUND_FAILURE,
                             .security = security,
                             .rcode = rcode,
                             .type = slot->type,
                             .owner = hf_span_str(slot->text)};

    hf_buf_init(&text, room, sizeof(room));
    hf_buf_put_escaped(&text, reason, HF_REASON_TEXT_MAX - 1);
    found.reason = hf_buf_span(&text);
    if (found.reason.len > HF_REASON_TEXT_MAX)
        found.reason.len = HF_REASON_TEXT_MAX;
    send_found(slot, &found);
}

static void send_packet(struct slot *slot, struct hf_span packet, bool secure)
{
    struct worker *w = slot->worker;
    struct hf_wire_message message;
    struct hf_found found;
    struct hf_why why = {0};

    if (hf_wire_open(packet, &message, &why) != HF_OK ||
        hf_packet_read(&message, &slot->owner, slot->type, w->packet_room,
                       &found, &why) != HF_OK) {
        send_failure(slot, HF_INDETERMINATE, -1, hf_span_str(why.text));
        return;
    }
    found.security = HF_INDETERMINATE;
    if (found.state != HF_FOUND_FAILURE && secure)
        found.security = HF_SECURE;
    else if (found.state != HF_FOUND_FAILURE && w->proof == PROOF_DONE)
        found.security = HF_INSECURE;
    send_found(slot, &found);
}

/* What libunbound says about security. */
enum { SEC_INSECURE, SEC_BOGUS, SEC_SECURE };

/* NOLINTNEXTLINE(readability-function-size): libunbound says how many */
static void on_answer(void *data, int rcode, void *packet, int packet_len,
                      int sec, char *why_bogus, int was_ratelimited)
{
    struct slot *slot = data;
    const char *word = hf_rcode_word((unsigned)rcode);

    (void)was_ratelimited;
    if (sec == SEC_BOGUS)
        send_failure(slot, HF_BOGUS, HF_RCODE_SERVFAIL,
                     hf_span_str(why_bogus == NULL ? "DNSSEC validation failed"
                                                   : why_bogus));
    else if (rcode != 0 || packet == NULL || packet_len <= 0)
        send_failure(slot, HF_INDETERMINATE, rcode,
                     hf_span_str(word == NULL ? "no answer" : word));
    else
        send_packet(slot, (struct hf_span){packet, (size_t)packet_len},
                    sec == SEC_SECURE);
}

static void proof_end(struct worker *w, enum proof proof)
{
    w->proof = proof;
    slot_done(&w->proving);
    kick(w);
}

/* NOLINTNEXTLINE(readability-function-size): libunbound says how many */
static void on_proof(void *data, int rcode, void *packet, int packet_len,
                     int sec, char *why_bogus, int was_ratelimited)
{
    struct worker *w = data;

    (void)packet;
    (void)packet_len;
    (void)why_bogus;
    (void)was_ratelimited;
    proof_end(w, rcode == 0 && sec == SEC_SECURE ? PROOF_DONE : PROOF_FAILED);
}

static void on_proof_timeout(evutil_socket_t fd, short what, void *data)
{
    struct worker *w = data;

    (void)fd;
    (void)what;
    (void)ub_cancel(w->ctx, w->proving.async_id);
    proof_end(w, PROOF_FAILED);
}

static void on_timeout(evutil_socket_t fd, short what, void *data)
{
    struct slot *slot = data;

    (void)fd;
    (void)what;
    if (slot->state == SLOT_ASKED)
        (void)ub_cancel(slot->worker->ctx, slot->async_id);
    send_failure(slot, HF_INDETERMINATE, -1,
                 HF_SPAN("no answer within the time allowed"));
}

static void set_timer(struct event *timer, uint32_t ms)
{
    const struct timeval wait = {.tv_sec = ms / 1000,
                                 .tv_usec = (suseconds_t)(ms % 1000) * 1000};

    (void)event_add(timer, &wait);
}

/* The top-level domain of a name; "." of the root. */
static const char *top_of(const char *name)
{
    const char *top = name;

    for (const char *at = name; *at != '\0'; at++) {
        if (*at == '\\' && at[1] != '\0')
            at++;
        else if (*at == '.' && at[1] != '\0')
            top = at + 1;
    }
    return top;
}

/*
 * What the root says of the top-level domain of the first name, or that there
 * is none, is part of the chain to that name: so this proof costs nothing. When
 * it fails, the next one is about the root itself.
 */
static void proof_begin(struct worker *w)
{
    const char *top = w->proof == PROOF_NONE ? top_of(w->slots[0].text) : ROOT;
    uint16_t type = strcmp(top, ROOT) == 0 ? HF_RR_DNSKEY : HF_RR_DS;
    int id = 0;

    w->proof = PROOF_ASKED;
    w->proof_at_ms = hf_clock_ms();
    w->proving.state = SLOT_ASKED;
    set_timer(w->proving.timer, PROOF_TIMEOUT_MS);
    if (ub_resolve_event(w->ctx, top, type, HF_CLASS_IN, w, on_proof, &id) !=
        UB_NOERROR)
        proof_end(w, PROOF_FAILED);
    w->proving.async_id = id;
}

static void slot_ask(struct slot *slot)
{
    int id = 0;
    int err;

    slot->state = SLOT_ASKED;
    /* May answer before it returns; then the slot is free again. */
    err = ub_resolve_event(slot->worker->ctx, slot->text, slot->type,
                           HF_CLASS_IN, slot, on_answer, &id);
    slot->async_id = id;
    if (err != UB_NOERROR)
        send_failure(slot, HF_INDETERMINATE, -1, hf_span_str(ub_strerror(err)));
}

/*
 * The keys of zones above are verified for each question that meets them
 * unknown: so the first goes ahead, and for a moment the others wait for what
 * it finds out.
 */
static bool may_go(struct slot *slot)
{
    struct worker *w = slot->worker;
    int64_t now_ms = hf_clock_ms();

    if (!w->led) {
        w->led = true;
        w->leader = slot;
        w->lead_until_ms = now_ms + LEAD_MS;
        return true;
    }
    if (w->leader == NULL || now_ms >= w->lead_until_ms)
        return true;
    /* Each kick ends the timer that one before it has set. */
    set_timer(w->kick, (uint32_t)(w->lead_until_ms - now_ms));
    return false;
}

static void on_kick(evutil_socket_t fd, short what, void *data)
{
    struct worker *w = data;

    (void)fd;
    (void)what;
    if (w->proof == PROOF_NONE ||
        (w->proof == PROOF_FAILED &&
         hf_clock_ms() - w->proof_at_ms > PROOF_AGAIN_MS))
        proof_begin(w);
    if (w->proof == PROOF_ASKED)
        return;
    for (size_t i = 0; i < w->slot_count; i++)
        if (w->slots[i].state == SLOT_WAITS && may_go(&w->slots[i]))
            slot_ask(&w->slots[i]);
}

/* One more; NULL when there is none, or no memory. */
static struct slot *slot_add(struct worker *w)
{
    struct slot *slot = &w->slots[w->slot_count];

    if (w->slot_count == w->slot_max)
        return NULL;
    slot->worker = w;
    slot->timer = evtimer_new(w->base, on_timeout, slot);
    if (slot->timer == NULL)
        return NULL;
    w->slot_count++;
    return slot;
}

static struct slot *slot_find(struct worker *w)
{
    for (size_t i = 0; i < w->slot_count; i++)
        if (w->slots[i].state == SLOT_FREE)
            return &w->slots[i];
    return slot_add(w);
}

static bool accept_lookup(struct worker *w, const struct hf_worker_query *query)
{
    struct slot *slot = slot_find(w);

    if (slot == NULL ||
        hf_wire_name_parse(query->owner, &slot->owner, NULL) != HF_OK)
        return false;
    slot->state = SLOT_WAITS;
    slot->ticket = query->ticket;
    slot->type = query->type;
    memcpy(slot->text, query->owner.ptr, query->owner.len);
    slot->text[query->owner.len] = '\0';
    set_timer(slot->timer, query->timeout_ms);
    kick(w);
    return true;
}

static bool accept_query(void *state, struct hf_span body)
{
    struct worker *w = state;
    struct hf_worker_query query;

    if (hf_msg_read_query(body, &query, NULL) != HF_OK)
        return false;
    if (query.server.len == 0)
        return accept_lookup(w, &query);
    event_active(w->asked, EV_TIMEOUT, 0);
    return hf_asker_take(&w->asker, &query);
}

static void on_asked(evutil_socket_t fd, short what, void *data)
{
    struct worker *w = data;

    (void)fd;
    (void)what;
    if (!hf_asker_send(&w->asker, &w->out, w->fd))
        stop(w);
    else if (w->asker.under_way > 0)
        set_timer(w->asked, HF_ASKER_TICK_MS);
}

static void on_readable(evutil_socket_t fd, short what, void *data)
{
    struct worker *w = data;
    const struct hf_service service = {.kind = HF_FRAME_QUERY,
                                       .frame_max = HF_QUERY_FRAME_MAX,
                                       .take = accept_query,
                                       .state = w};

    (void)what;
    if (!hf_role_serve(fd, &w->in, &service))
        stop(w);
}

static bool is_readable(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return false;
    (void)close(fd);
    return true;
}

static enum hf_worker_start add_anchors(struct ub_ctx *ctx,
                                        const struct hf_resolver_config *config)
{
    for (size_t i = 0; i < config->trust_anchor_count; i++)
        if (!is_readable(config->trust_anchors[i]) ||
            ub_ctx_add_ta_file(ctx, config->trust_anchors[i]) != UB_NOERROR)
            return HF_WORKER_TRUST_ANCHOR;
    if (config->anchor != NULL &&
        ub_ctx_add_ta(ctx, config->anchor) != UB_NOERROR)
        return HF_WORKER_LIBRARY;
    if (config->trust_anchor_count > 0 || config->anchor != NULL)
        return HF_WORKER_READY;
    if (is_readable(SYSTEM_ANCHOR))
        return ub_ctx_add_ta_file(ctx, SYSTEM_ANCHOR) == UB_NOERROR
                   ? HF_WORKER_READY
                   : HF_WORKER_TRUST_ANCHOR;
    for (size_t i = 0; i < sizeof(root_keys) / sizeof(root_keys[0]); i++)
        if (ub_ctx_add_ta(ctx, root_keys[i]) != UB_NOERROR)
            return HF_WORKER_LIBRARY;
    return HF_WORKER_READY;
}

static enum hf_worker_start add_stub(struct ub_ctx *ctx,
                                     const struct hf_stub *stub)
{
    char room[HF_OWNER_TEXT_MAX + sizeof(" nodefault")];
    struct hf_buf text;

    if (ub_ctx_set_stub(ctx, stub->zone.ptr, stub->address.ptr, 0) !=
        UB_NOERROR)
        return HF_WORKER_STUB;
    /* A zone that was given is asked for, though its name be special. */
    hf_buf_init(&text, room, sizeof(room));
    hf_buf_put(&text, stub->zone);
    hf_buf_put(&text, (struct hf_span){" nodefault", sizeof(" nodefault")});
    if (text.full || ub_ctx_set_option(ctx, "local-zone:", room) != UB_NOERROR)
        return HF_WORKER_STUB;
    return HF_WORKER_READY;
}

static enum hf_worker_start add_servers(struct ub_ctx *ctx,
                                        const struct hf_resolver_config *config)
{
    enum hf_worker_start start = HF_WORKER_READY;

    for (size_t i = 0; i < config->stub_count && start == HF_WORKER_READY; i++)
        start = add_stub(ctx, &config->stubs[i]);
    if (start != HF_WORKER_READY)
        return start;
    if (config->forward != NULL &&
        ub_ctx_set_fwd(ctx, config->forward) != UB_NOERROR)
        return HF_WORKER_FORWARD;
    if (config->root_hints != NULL &&
        (!is_readable(config->root_hints) ||
         ub_ctx_set_option(ctx, "root-hints:", config->root_hints) !=
             UB_NOERROR))
        return HF_WORKER_ROOT_HINTS;
    if (config->source != NULL &&
        ub_ctx_set_option(ctx, "outgoing-interface:", config->source) !=
            UB_NOERROR)
        return HF_WORKER_CONFIG;
    return HF_WORKER_READY;
}

static bool set_options(struct ub_ctx *ctx)
{
    static const struct {
        const char *name;
        const char *value;
    } options[] = {
        {"edns-buffer-size:", "1232"},
        {"do-not-query-localhost:", "no"},
        {"use-caps-for-id:", "yes"}, /* REQ VAL-36 */
        {"use-syslog:", "no"},
        /* One thread: no slabs, which are there for many. */
        {"infra-cache-slabs:", "1"},
        {"key-cache-slabs:", "1"},
        {"msg-cache-slabs:", "1"},
        {"rrset-cache-slabs:", "1"},
        {"msg-cache-size:", "8m"},
        {"rrset-cache-size:", "16m"},
        /* Reverse zones of private addresses are asked for, as a CA does: to
         * make up all of them here is four million instructions. */
        {"unblock-lan-zones:", "yes"},
        /* Nor does the root hear which of its keys we know (RFC 8145), once
         * with each command: its answer costs two signatures. */
        {"trust-anchor-signaling:", "no"},
    };

    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
        if (ub_ctx_set_option(ctx, options[i].name, options[i].value) !=
            UB_NOERROR)
            return false;
    return true;
}

/* REQ VAL-35: what was removed is not seen for longer than this. That there was
 * nothing is not remembered at all, nor concluded from what denied another name
 * (RFC 8198), or a record that is published after a look just in time would be
 * missed by the challenge. TTLs are told as they came (REQ REUSE-04); how long
 * answers are kept is capped all the same. For so short a memory a quarter of
 * the room is enough: the names above those that are validated are what is
 * asked again. Nor are names minimised (RFC 9156), which a certificate is to
 * show to everybody: that would be a question, and a wait, for each label.
 */
static bool cap_cache(struct ub_ctx *ctx,
                      const struct hf_resolver_config *config)
{
    uint32_t max_s = config->forgets ? 0 : config->cache_max_s;
    char room[16];
    struct hf_buf text;

    if (config->cache_max_s == 0)
        return true;
    hf_buf_init(&text, room, sizeof(room) - 1);
    hf_buf_put_u64(&text, max_s);
    room[text.len] = '\0';
    return ub_ctx_set_option(ctx, "cache-max-ttl:", room) == UB_NOERROR &&
           ub_ctx_set_option(ctx, "cache-max-negative-ttl:", "0") ==
               UB_NOERROR &&
           ub_ctx_set_option(ctx, "aggressive-nsec:", "no") == UB_NOERROR &&
           ub_ctx_set_option(ctx, "serve-original-ttl:", "yes") == UB_NOERROR &&
           ub_ctx_set_option(ctx, "qname-minimisation:", "no") == UB_NOERROR &&
           ub_ctx_set_option(ctx, "msg-cache-size:", "2m") == UB_NOERROR &&
           ub_ctx_set_option(ctx, "rrset-cache-size:", "4m") == UB_NOERROR;
}

/* NOLINTNEXTLINE(readability-function-size): libunbound says how many */
static void on_nothing(void *data, int rcode, void *packet, int packet_len,
                       int sec, char *why_bogus, int was_ratelimited)
{
    (void)data;
    (void)rcode;
    (void)packet;
    (void)packet_len;
    (void)sec;
    (void)why_bogus;
    (void)was_ratelimited;
}

/* The first question makes libunbound read its files; this one it answers by
 * itself. */
static bool finalise(struct ub_ctx *ctx)
{
    int id = 0;

    return ub_resolve_event(ctx, "localhost.", HF_RR_A, HF_CLASS_IN, NULL,
                            on_nothing, &id) == UB_NOERROR;
}

static bool slots_make(struct worker *w, size_t count)
{
    w->slots = hf_alloc(count, sizeof(w->slots[0]));
    if (w->slots == NULL)
        return false;
    w->slot_max = count;
    w->proving.worker = w;
    w->proving.timer = evtimer_new(w->base, on_proof_timeout, w);
    w->kick = evtimer_new(w->base, on_kick, w);
    w->asked =
        event_new(w->base, hf_resolver_fd(&w->asker), EV_READ, on_asked, w);
    w->readable =
        event_new(w->base, w->fd, EV_READ | EV_PERSIST, on_readable, w);
    return w->proving.timer != NULL && w->kick != NULL && w->asked != NULL &&
           w->readable != NULL;
}

static enum hf_worker_start start(struct worker *w,
                                  const struct hf_resolver_config *config)
{
    enum hf_worker_start state;

    if (config->window == 0 || config->window > WINDOW_MAX)
        return HF_WORKER_CONFIG;
    w->base = event_base_new();
    if (w->base == NULL ||
        hf_asker_new(NULL, config, &w->asker, NULL) != HF_OK ||
        !slots_make(w, config->window))
        return HF_WORKER_MEMORY;
    w->ctx = ub_ctx_create_event(w->base);
    if (w->ctx == NULL)
        return HF_WORKER_MEMORY;
    if (!set_options(w->ctx) || !cap_cache(w->ctx, config))
        return HF_WORKER_LIBRARY;
    state = add_anchors(w->ctx, config);
    if (state == HF_WORKER_READY)
        state = add_servers(w->ctx, config);
    if (state != HF_WORKER_READY)
        return state;
    if (!finalise(w->ctx))
        return HF_WORKER_LIBRARY;
    if (!config->no_wall && hf_sandbox_enter(HF_SANDBOX_NETWORK, NULL) != HF_OK)
        return HF_WORKER_WALL;
    return HF_WORKER_READY;
}

static bool make_rooms(struct worker *w)
{
    w->packet_room = hf_alloc(HF_PACKET_ROOM, 1);
    w->config_room = hf_alloc(1, sizeof(*w->config_room));
    hf_buf_init_grow(&w->in, IN_ROOM);
    hf_buf_init_grow(&w->out, HF_FRAME_HEAD + HF_FRAME_MAX);
    return w->packet_room != NULL && w->config_room != NULL &&
           hf_buf_reserve(&w->in, IN_ROOM) != NULL;
}

static void worker_clear(struct worker *w)
{
    /* The context goes first: it still has events on the base. */
    if (w->ctx != NULL)
        ub_ctx_delete(w->ctx);
    for (size_t i = 0; i < w->slot_count; i++)
        event_free(w->slots[i].timer);
    if (w->proving.timer != NULL)
        event_free(w->proving.timer);
    if (w->kick != NULL)
        event_free(w->kick);
    if (w->asked != NULL)
        event_free(w->asked);
    if (w->readable != NULL)
        event_free(w->readable);
    if (w->base != NULL)
        event_base_free(w->base);
    hf_resolver_clear(&w->asker);
    hf_free(w->slots);
    hf_free(w->packet_room);
    hf_free(w->config_room);
    hf_buf_clear(&w->in);
    hf_buf_clear(&w->out);
}

bool hf_worker_run(int fd)
{
    struct worker w = {.fd = fd};
    struct hf_resolver_config config = {0};
    bool good = false;

    hf_role_ignore_signals();
    if (!make_rooms(&w) ||
        !hf_msg_await_config(fd, &w.in, w.config_room, &config) ||
        !hf_role_greet_with(fd, start(&w, &config), hf_span_str(ub_version())))
        goto out;
    (void)event_add(w.readable, NULL);
    /* What came behind the configuration is looked at right away. */
    event_active(w.readable, EV_READ, 0);
    good = event_base_dispatch(w.base) == 0;

out:
    worker_clear(&w);
    return good;
}
