/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/bulk_engine.h"

#include <assert.h>

#include "base/alloc.h"
#include "dns/bulk_pace.h"
#include "dns/timers.h"

#define NONE                UINT32_MAX
#define ENTROPY_SIZE        4096
#define CALL_TIMEOUT_FACTOR 2 /* TCP takes more round trips */
/* Questions that wait for their first packet, for each server: a few batches,
 * so that their slots are still in the cache when they leave. */
#define FRESH_MAX (4 * HF_BULK_BATCH)

enum slot_state {
    SLOT_FREE,
    SLOT_QUEUED,  /* in a queue, to be sent */
    SLOT_TAKEN,   /* in a batch */
    SLOT_FLYING,  /* sent; found by id; timer set */
    SLOT_RESTING, /* timer set, to be queued again */
    SLOT_CALLING, /* with the TCP half */
};

/* One question under way. The packet is patched for each try. */
struct slot {
    uint64_t ticket;
    uint32_t next; /* in its queue, or in its chain of ids */
    uint32_t socket;
    uint16_t id;
    uint16_t server; /* of the last try; of the next one when queued */
    uint16_t packet_len;
    uint8_t name_len;
    uint8_t tries;
    uint8_t state;
    bool tcp;
    bool refused;     /* the last try failed in the kernel */
    bool lost;        /* the last try timed out ... */
    uint16_t lost_by; /* ... at this server */
    uint8_t packet[HF_WIRE_QUERY_MAX];
};

struct queue {
    uint32_t first;
    uint32_t last;
    size_t count;
};

struct server {
    struct hf_pace pace;
    struct queue retries;
};

struct hf_bulk_engine {
    struct hf_bulk_config config;
    struct slot *slots;
    struct server *servers;
    uint32_t *chains; /* by id: first slot */
    size_t chain_mask;
    struct hf_timers timers;
    struct queue fresh;
    struct queue calls;
    uint32_t free; /* list of slots */
    size_t free_count;
    size_t flying;
    size_t turn; /* the server to be looked at next */
    struct hf_rate rate;
    struct hf_bulk_stats stats;
    struct hf_reply reply;
    enum hf_err err; /* sticky */
    struct hf_why why;
    size_t entropy_left;
    uint8_t entropy[ENTROPY_SIZE];
};

/* ---- small parts ---- */

static void push(struct hf_bulk_engine *engine, struct queue *queue,
                 uint32_t which)
{
    engine->slots[which].next = NONE;
    engine->slots[which].state = SLOT_QUEUED;
    if (queue->count++ == 0)
        queue->first = which;
    else
        engine->slots[queue->last].next = which;
    queue->last = which;
}

static void push_front(struct hf_bulk_engine *engine, struct queue *queue,
                       uint32_t which)
{
    engine->slots[which].next = queue->count == 0 ? NONE : queue->first;
    engine->slots[which].state = SLOT_QUEUED;
    if (queue->count++ == 0)
        queue->last = which;
    queue->first = which;
}

static uint32_t pop(struct hf_bulk_engine *engine, struct queue *queue)
{
    uint32_t which = queue->first;

    if (queue->count == 0)
        return NONE;
    queue->first = engine->slots[which].next;
    queue->count--;
    return which;
}

/* Unpredictable octets; zeroes after the source failed, but then nothing is
 * sent any more. */
static uint64_t draw(struct hf_bulk_engine *engine, size_t len)
{
    uint64_t value = 0;

    if (engine->entropy_left < len) {
        engine->entropy_left = 0;
        if (engine->err == HF_OK)
            engine->err = engine->config.random(engine->entropy, ENTROPY_SIZE,
                                                &engine->why);
        if (engine->err == HF_OK)
            engine->entropy_left = ENTROPY_SIZE;
    }
    if (engine->entropy_left < len)
        return 0;
    engine->entropy_left -= len;
    memcpy(&value, engine->entropy + engine->entropy_left, len);
    return value;
}

static uint32_t *chain_of(struct hf_bulk_engine *engine, uint16_t id)
{
    return &engine->chains[id & engine->chain_mask];
}

static uint32_t find(struct hf_bulk_engine *engine, uint16_t id, size_t socket)
{
    uint32_t which = *chain_of(engine, id);

    while (which != NONE && (engine->slots[which].id != id ||
                             engine->slots[which].socket != socket))
        which = engine->slots[which].next;
    return which;
}

static void chain(struct hf_bulk_engine *engine, uint32_t which)
{
    uint32_t *first = chain_of(engine, engine->slots[which].id);

    engine->slots[which].next = *first;
    *first = which;
}

static void unchain(struct hf_bulk_engine *engine, uint32_t which)
{
    uint32_t *at = chain_of(engine, engine->slots[which].id);

    while (*at != which)
        at = &engine->slots[*at].next;
    *at = engine->slots[which].next;
}

static struct hf_span packet_of(const struct slot *slot)
{
    return (struct hf_span){(const char *)slot->packet, slot->packet_len};
}

/* ---- life ---- */

static enum hf_err check(const struct hf_bulk_config *config,
                         struct hf_why *why)
{
    if (config->server_count == 0 || config->server_count > HF_BULK_SERVERS_MAX)
        return hf_fail(why, HF_EINVAL, 0, "1 to 1024 servers");
    if (config->window == 0 || config->window > HF_BULK_WINDOW_MAX)
        return hf_fail(why, HF_EINVAL, 0, "a window of 1 to 65536 names");
    if (config->tries == 0 || config->tries > UINT8_MAX ||
        config->sockets_per_server == 0 || config->timeout_ns <= 0)
        return hf_fail(why, HF_EINVAL, 0, "tries, sockets or timeout of 0");
    return HF_OK;
}

/* Chains are short: at least two of them for each question. */
static size_t chain_count(size_t window)
{
    size_t count = 1024;

    while (count < 2 * window && count < 65536)
        count *= 2;
    return count;
}

static void start(struct hf_bulk_engine *engine, int64_t now_ns)
{
    const struct hf_bulk_config *config = &engine->config;

    for (size_t i = 0; i <= engine->chain_mask; i++)
        engine->chains[i] = NONE;
    for (size_t i = 0; i < config->window; i++)
        engine->slots[i].next =
            i + 1 < config->window ? (uint32_t)(i + 1) : NONE;
    engine->free_count = config->window;
    for (size_t i = 0; i < config->server_count; i++)
        hf_pace_init(&engine->servers[i].pace, config->server_rate,
                     config->window, now_ns);
    hf_rate_init(&engine->rate, config->rate, now_ns);
}

enum hf_err hf_bulk_engine_new(const struct hf_bulk_config *config,
                               int64_t now_ns, struct hf_bulk_engine **out,
                               struct hf_why *why)
{
    struct hf_bulk_engine *engine;
    enum hf_err err = check(config, why);

    if (err != HF_OK)
        return err;
    engine = hf_alloc(1, sizeof(*engine));
    if (engine == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    engine->config = *config;
    engine->chain_mask = chain_count(config->window) - 1;
    engine->slots = hf_alloc(config->window, sizeof(struct slot));
    engine->servers = hf_alloc(config->server_count, sizeof(struct server));
    engine->chains = hf_alloc(engine->chain_mask + 1, sizeof(uint32_t));
    err = hf_timers_init(&engine->timers, config->window, now_ns, why);
    if (err == HF_OK && (engine->slots == NULL || engine->servers == NULL ||
                         engine->chains == NULL))
        err = hf_fail(why, HF_ENOMEM, 0, "out of memory");
    if (err != HF_OK) {
        hf_bulk_engine_free(engine);
        return err;
    }
    start(engine, now_ns);
    *out = engine;
    return HF_OK;
}

void hf_bulk_engine_free(struct hf_bulk_engine *engine)
{
    if (engine == NULL)
        return;
    hf_timers_clear(&engine->timers);
    hf_free(engine->chains);
    hf_free(engine->servers);
    hf_free(engine->slots);
    hf_free(engine);
}

size_t hf_bulk_engine_room(const struct hf_bulk_engine *engine)
{
    size_t waiting = engine->fresh.count + engine->calls.count;
    size_t most = FRESH_MAX * engine->config.server_count;
    size_t room = waiting < most ? most - waiting : 0;

    return room < engine->free_count ? room : engine->free_count;
}

size_t hf_bulk_engine_under_way(const struct hf_bulk_engine *engine)
{
    return engine->config.window - engine->free_count;
}

size_t hf_bulk_engine_flying(const struct hf_bulk_engine *engine)
{
    return engine->flying;
}

struct hf_bulk_stats hf_bulk_engine_stats(const struct hf_bulk_engine *engine)
{
    return engine->stats;
}

enum hf_err hf_bulk_engine_health(const struct hf_bulk_engine *engine,
                                  struct hf_why *why)
{
    if (engine->err != HF_OK && why != NULL)
        *why = engine->why;
    return engine->err;
}

void hf_bulk_engine_add(struct hf_bulk_engine *engine,
                        const struct hf_wire_name *name, uint64_t ticket)
{
    const struct hf_bulk_config *config = &engine->config;
    struct hf_wire_query query = {
        .name = name,
        .type = config->type,
        .flags = config->recurse ? HF_WIRE_RD : 0,
        .udp_size = HF_WIRE_UDP_SIZE,
    };
    uint32_t which = engine->free;
    struct slot *slot = &engine->slots[which];

    engine->free = slot->next;
    engine->free_count--;
    slot->ticket = ticket;
    slot->name_len = name->len;
    slot->tries = 0;
    slot->refused = false;
    slot->lost = false;
    slot->tcp = config->tcp;
    slot->packet_len = (uint16_t)hf_wire_query_put(&query, slot->packet);
    push(engine, slot->tcp ? &engine->calls : &engine->fresh, which);
}

/* ---- ends and retries ---- */

static void end_with(struct hf_bulk_engine *engine, uint32_t which,
                     enum hf_bulk_end end, const struct hf_reply *reply)
{
    struct slot *slot = &engine->slots[which];
    struct hf_bulk_answer answer = {
        .ticket = slot->ticket,
        .end = end,
        .reply = reply,
        .server = slot->server,
        .tries = slot->tries,
    };

    slot->state = SLOT_FREE;
    slot->next = engine->free;
    engine->free = which;
    engine->free_count++;
    engine->config.done(engine->config.to, &answer);
}

/* The next server in turn that is up and not `last`, else the next at all. */
static size_t choose(struct hf_bulk_engine *engine, size_t last, int64_t now_ns)
{
    size_t count = engine->config.server_count;

    assert(count > 0);
    assert(count > 0); /* hf_bulk_engine_new() saw to it */
    for (size_t i = 0; i < count; i++) {
        size_t server = (last + 1 + i) % count;

        if (!hf_pace_is_down(&engine->servers[server].pace, now_ns))
            return server;
    }
    return (last + 1) % count;
}

/* Queue another try; nothing is in flight for the slot. */
static void queue_try(struct hf_bulk_engine *engine, uint32_t which,
                      int64_t now_ns)
{
    struct slot *slot = &engine->slots[which];

    engine->stats.retries++;
    slot->server = (uint16_t)choose(engine, slot->server, now_ns);
    push(engine,
         slot->tcp ? &engine->calls : &engine->servers[slot->server].retries,
         which);
}

static int64_t timeout_of(const struct hf_bulk_engine *engine,
                          const struct slot *slot)
{
    unsigned doublings = slot->tries > 1 ? slot->tries - 1U : 0;

    return engine->config.timeout_ns << (doublings < 5 ? doublings : 5);
}

/*
 * A try came to nothing. With tries left the slot rests or goes at once to the
 * next server; else the question ends.
 */
static void fail_try(struct hf_bulk_engine *engine, uint32_t which,
                     const struct hf_reply *reply, bool rest, int64_t now_ns)
{
    struct slot *slot = &engine->slots[which];

    if (slot->tries >= engine->config.tries) {
        end_with(engine, which,
                 reply != NULL   ? HF_BULK_BAD_REPLY
                 : slot->refused ? HF_BULK_NO_SERVER
                                 : HF_BULK_TIMEOUT,
                 reply);
        return;
    }
    if (!rest) {
        queue_try(engine, which, now_ns);
        return;
    }
    slot->state = SLOT_RESTING;
    hf_timers_set(&engine->timers, which, now_ns + timeout_of(engine, slot));
}

/* Drop the OPT record: a server older than EDNS says FORMERR or NOTIMP. */
static bool drop_edns(struct slot *slot)
{
    size_t bare = HF_WIRE_HEADER + slot->name_len + 4U;

    if (slot->packet_len == bare)
        return false;
    slot->packet_len = (uint16_t)bare;
    slot->packet[11] = 0;
    return true;
}

/* What a matched answer means. The slot is in no list. */
static void take_reply(struct hf_bulk_engine *engine, uint32_t which,
                       struct hf_span octets, int64_t now_ns)
{
    struct slot *slot = &engine->slots[which];
    struct hf_reply *reply = &engine->reply;
    bool rest = engine->config.server_count == 1;

    hf_reply_read(octets, reply);
    switch (reply->kind) {
    case HF_REPLY_DATA:
    case HF_REPLY_NODATA:
    case HF_REPLY_NXDOMAIN:
        end_with(engine, which, HF_BULK_REPLY, reply);
        return;
    case HF_REPLY_TRUNCATED:
        if (slot->tcp)
            break;
        slot->tcp = true;
        slot->tries--; /* the same try, by other means */
        push(engine, &engine->calls, which);
        return;
    case HF_REPLY_RCODE:
        if (reply->rcode == HF_RCODE_FORMERR || reply->rcode == HF_RCODE_NOTIMP)
            rest = !drop_edns(slot) && rest;
        break;
    case HF_REPLY_LAME:
    case HF_REPLY_ALIAS:
        /* The same server will say the same again. */
        if (rest)
            slot->tries = (uint8_t)engine->config.tries;
        break;
    case HF_REPLY_MALFORMED:
        break;
    }
    fail_try(engine, which, reply, rest, now_ns);
}

/* ---- sending ---- */

/* New id and new case for this try: the letters' case is flipped at random,
 * whatever it was. False: no free id was found by chance; wait for the next
 * turn. */
static bool dress(struct hf_bulk_engine *engine, struct slot *slot,
                  size_t socket)
{
    unsigned draws = 0;

    do {
        if (draws++ == 8)
            return false;
        slot->id = (uint16_t)draw(engine, sizeof(slot->id));
    } while (find(engine, slot->id, socket) != NONE);
    slot->socket = (uint32_t)socket;
    slot->packet[0] = (uint8_t)(slot->id >> 8);
    slot->packet[1] = (uint8_t)slot->id;
    if (!engine->config.keep_case)
        hf_wire_mix_case(slot->packet + HF_WIRE_HEADER, slot->name_len,
                         draw(engine, sizeof(uint64_t)));
    return engine->err == HF_OK; /* nothing guessable leaves */
}

static uint32_t next_slot(struct hf_bulk_engine *engine, size_t server)
{
    uint32_t which = pop(engine, &engine->servers[server].retries);

    return which != NONE ? which : pop(engine, &engine->fresh);
}

static void put_back(struct hf_bulk_engine *engine, uint32_t which)
{
    struct slot *slot = &engine->slots[which];

    push_front(engine,
               slot->tries > 0 ? &engine->servers[slot->server].retries
                               : &engine->fresh,
               which);
}

static void fill(struct hf_bulk_engine *engine, struct hf_bulk_batch *batch,
                 size_t room)
{
    while (batch->count < room) {
        uint32_t which = next_slot(engine, batch->server);
        struct slot *slot;

        if (which == NONE)
            return;
        slot = &engine->slots[which];
        if (!dress(engine, slot, batch->socket)) {
            put_back(engine, which);
            return;
        }
        slot->server = (uint16_t)batch->server;
        slot->state = SLOT_TAKEN;
        chain(engine, which);
        batch->slots[batch->count] = which;
        batch->packets[batch->count] = packet_of(slot);
        batch->count++;
    }
}

/* May `server` be asked: is it up, or is everybody down? */
static bool is_askable(const struct hf_bulk_engine *engine, size_t server,
                       int64_t now_ns)
{
    if (!hf_pace_is_down(&engine->servers[server].pace, now_ns))
        return true;
    for (size_t i = 0; i < engine->config.server_count; i++)
        if (!hf_pace_is_down(&engine->servers[i].pace, now_ns))
            return false;
    return true;
}

/* Packets that `server` may get now. */
static size_t room_of(const struct hf_bulk_engine *engine, size_t server,
                      int64_t now_ns)
{
    const struct server *entry = &engine->servers[server];
    size_t most = hf_rate_peek(&engine->rate, now_ns, HF_BULK_BATCH);

    if (entry->retries.count == 0 &&
        (engine->fresh.count == 0 || !is_askable(engine, server, now_ns)))
        return 0;
    return hf_pace_room(&entry->pace, now_ns, most);
}

bool hf_bulk_engine_take(struct hf_bulk_engine *engine, int64_t now_ns,
                         struct hf_bulk_batch *batch)
{
    size_t per_server = engine->config.sockets_per_server;

    batch->count = 0;
    for (size_t i = 0; i < engine->config.server_count; i++) {
        size_t server = engine->turn;
        size_t room = room_of(engine, server, now_ns);

        engine->turn = (engine->turn + 1) % engine->config.server_count;
        if (room == 0 || engine->err != HF_OK)
            continue;
        batch->server = server;
        /* 32 bits over a few hundred sockets: the bias is beyond measure. */
        batch->socket = server * per_server +
                        (size_t)(draw(engine, sizeof(uint32_t)) % per_server);
        fill(engine, batch, room);
        if (batch->count > 0)
            return true;
    }
    return false;
}

void hf_bulk_engine_sent(struct hf_bulk_engine *engine,
                         const struct hf_bulk_batch *batch, size_t sent,
                         int64_t now_ns)
{
    for (size_t i = 0; i < sent; i++) {
        uint32_t which = batch->slots[i];
        struct slot *slot = &engine->slots[which];

        slot->state = SLOT_FLYING;
        slot->refused = false;
        slot->tries++;
        hf_timers_set(&engine->timers, which,
                      now_ns + timeout_of(engine, slot));
    }
    for (size_t i = batch->count; i-- > sent;) {
        unchain(engine, batch->slots[i]);
        put_back(engine, batch->slots[i]);
    }
    engine->stats.sent += sent;
    engine->flying += sent;
    hf_pace_sent(&engine->servers[batch->server].pace, now_ns, sent);
    hf_rate_use(&engine->rate, now_ns, sent);
}

void hf_bulk_engine_refused(struct hf_bulk_engine *engine,
                            const struct hf_bulk_batch *batch, int64_t now_ns)
{
    struct server *server = &engine->servers[batch->server];
    uint32_t which = batch->slots[0];
    struct slot *slot = &engine->slots[which];

    for (size_t i = batch->count; i-- > 1;) {
        unchain(engine, batch->slots[i]);
        put_back(engine, batch->slots[i]);
    }
    unchain(engine, which);
    slot->tries++;
    slot->refused = true;
    hf_pace_sent(&server->pace, now_ns, 1);
    hf_pace_silent(&server->pace, now_ns);
    fail_try(engine, which, NULL, engine->config.server_count == 1, now_ns);
}

/* ---- arriving ---- */

static void take_packet(struct hf_bulk_engine *engine, size_t socket,
                        struct hf_span octets, int64_t now_ns)
{
    enum hf_wire_match match = HF_WIRE_OTHER;
    struct hf_wire_message message;
    struct slot *slot;
    uint32_t which;

    if (hf_wire_open(octets, &message, NULL) != HF_OK) {
        engine->stats.strays++;
        return;
    }
    which = find(engine, message.id, socket);
    slot = which == NONE ? NULL : &engine->slots[which];
    if (slot != NULL && slot->state == SLOT_FLYING)
        match = hf_wire_matches(&message, packet_of(slot));
    if (match == HF_WIRE_OTHER) {
        engine->stats.strays++;
        return;
    }

    hf_timers_unset(&engine->timers, which);
    unchain(engine, which);
    engine->flying--;
    engine->stats.answers++;
    hf_pace_answered(&engine->servers[slot->server].pace, now_ns);
    if (slot->lost)
        hf_pace_lost(&engine->servers[slot->lost_by].pace);
    slot->lost = false;
    if (match == HF_WIRE_MATCH) {
        take_reply(engine, which, octets, now_ns);
        return;
    }
    /* A guess has the letters' case wrong; so have a few old servers. What
     * came is not believed, and TCP tells the two apart. */
    engine->stats.mangled++;
    slot->tcp = true;
    slot->tries--;
    push(engine, &engine->calls, which);
}

/* The id of a packet, 0 of one that is too short: for foresight only. */
static uint16_t id_of(struct hf_span octets)
{
    if (octets.len < 2)
        return 0;
    return (uint16_t)((unsigned char)octets.ptr[0] << 8 |
                      (unsigned char)octets.ptr[1]);
}

void hf_bulk_engine_packets(struct hf_bulk_engine *engine, size_t socket,
                            const struct hf_span *packets, size_t count,
                            int64_t now_ns)
{
    /* What a packet needs has left the cache since its question was sent:
     * fetch it for all of them while there is other work. */
    for (size_t i = 0; i < count; i++)
        __builtin_prefetch(chain_of(engine, id_of(packets[i])));
    for (size_t i = 0; i < count; i++) {
        uint32_t which = *chain_of(engine, id_of(packets[i]));

        if (which == NONE)
            continue;
        __builtin_prefetch(&engine->slots[which]);
        __builtin_prefetch(engine->slots[which].packet + HF_WIRE_HEADER);
    }
    for (size_t i = 0; i < count; i++)
        take_packet(engine, socket, packets[i], now_ns);
}

bool hf_bulk_engine_take_call(struct hf_bulk_engine *engine, int64_t now_ns,
                              struct hf_bulk_call *call)
{
    struct slot *slot;
    uint16_t id;

    if (engine->calls.count == 0 || hf_rate_peek(&engine->rate, now_ns, 1) == 0)
        return false;
    id = (uint16_t)draw(engine, sizeof(id));
    if (engine->err != HF_OK)
        return false;
    call->slot = pop(engine, &engine->calls);
    slot = &engine->slots[call->slot];
    if (engine->config.tcp && slot->tries == 0) {
        slot->server = (uint16_t)choose(engine, engine->turn, now_ns);
        engine->turn = slot->server;
    }
    slot->state = SLOT_CALLING;
    slot->tries++;
    slot->refused = false;
    slot->id = id;
    slot->packet[0] = (uint8_t)(slot->id >> 8);
    slot->packet[1] = (uint8_t)slot->id;
    call->server = slot->server;
    call->packet = packet_of(slot);
    call->give_up_at_ns =
        now_ns + CALL_TIMEOUT_FACTOR * timeout_of(engine, slot);
    hf_rate_use(&engine->rate, now_ns, 1);
    engine->stats.calls++;
    return true;
}

bool hf_bulk_engine_call_answer(struct hf_bulk_engine *engine, uint32_t slot,
                                struct hf_span octets, int64_t now_ns)
{
    struct hf_wire_message message;

    /* Over TCP the case of letters guards nothing: any will do. */
    if (hf_wire_open(octets, &message, NULL) != HF_OK ||
        hf_wire_matches(&message, packet_of(&engine->slots[slot])) ==
            HF_WIRE_OTHER)
        return false;
    engine->stats.answers++;
    take_reply(engine, slot, octets, now_ns);
    return true;
}

void hf_bulk_engine_call_failed(struct hf_bulk_engine *engine, uint32_t slot,
                                int64_t now_ns)
{
    engine->slots[slot].refused = true;
    engine->stats.timeouts++;
    fail_try(engine, slot, NULL, engine->config.server_count == 1, now_ns);
}

/* ---- time ---- */

void hf_bulk_engine_tick(struct hf_bulk_engine *engine, int64_t now_ns)
{
    uint32_t which;

    for (which = hf_timers_take(&engine->timers, now_ns);
         which != HF_TIMERS_NONE;
         which = hf_timers_take(&engine->timers, now_ns)) {
        struct slot *slot = &engine->slots[which];

        if (slot->state == SLOT_RESTING) {
            queue_try(engine, which, now_ns);
            continue;
        }
        unchain(engine, which);
        engine->flying--;
        engine->stats.timeouts++;
        slot->lost = true;
        slot->lost_by = slot->server;
        hf_pace_silent(&engine->servers[slot->server].pace, now_ns);
        fail_try(engine, which, NULL, false, now_ns);
    }
}

int64_t hf_bulk_engine_idle(const struct hf_bulk_engine *engine, int64_t now_ns,
                            int64_t most)
{
    int64_t wait = most;
    int64_t rate_wait = hf_rate_wait(&engine->rate, now_ns);

    if (engine->timers.set_count > 0 && wait > HF_TIMERS_TICK_NS)
        wait = HF_TIMERS_TICK_NS;
    for (size_t i = 0; i < engine->config.server_count; i++) {
        const struct server *server = &engine->servers[i];
        int64_t here = hf_rate_wait(&server->pace.rate, now_ns);

        if (engine->fresh.count + server->retries.count == 0 ||
            server->pace.in_flight >= server->pace.window)
            continue;
        if (here < rate_wait)
            here = rate_wait;
        if (here < wait)
            wait = here;
    }
    if (engine->calls.count > 0 && rate_wait < wait)
        wait = rate_wait;
    return wait;
}
