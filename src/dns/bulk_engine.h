/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bulk_engine.h -- the deciding half of the bulk look-ups: which question goes
 * to which server when, what an arriving packet means, when to try again and
 * when to give up.
 *
 * No I/O, no clock: packets and moments come in, packets to send come out, and
 * each question ends exactly once, in hf_bulk_fn. Nothing is allocated after
 * hf_bulk_engine_new(). Moments are nanoseconds of a clock that never goes
 * back.
 */
#pragma once

#include "dns/reply.h"

enum hf_bulk_end {
    HF_BULK_REPLY,     /* data or absence: `reply` says which */
    HF_BULK_TIMEOUT,   /* no usable answer came */
    HF_BULK_NO_SERVER, /* the kernel or the network refused the packets */
    HF_BULK_BAD_REPLY, /* only failures came: `reply` is the last one */
};

/* How a question ended. Borrowed during the call. */
struct hf_bulk_answer {
    uint64_t ticket;
    enum hf_bulk_end end;
    const struct hf_reply *reply; /* NULL without one */
    size_t server;
    unsigned tries;
};

typedef void hf_bulk_fn(void *to, const struct hf_bulk_answer *answer);

#define HF_BULK_SERVERS_MAX 1024
#define HF_BULK_WINDOW_MAX  65536
#define HF_BULK_BATCH       128 /* packets of one system call */

struct hf_bulk_config {
    size_t server_count;
    size_t sockets_per_server;
    size_t window;        /* questions under way at once */
    unsigned tries;       /* packets for one question at most */
    int64_t timeout_ns;   /* of the first try; doubles with each */
    uint64_t rate;        /* questions a second, over all; 0: no limit */
    uint64_t server_rate; /* and to one server */
    uint16_t type;
    bool recurse;   /* RD */
    bool keep_case; /* no 0x20: names go out as they are */
    bool tcp;       /* never UDP */
    /* Unpredictable octets, for ids, ports and case. */
    enum hf_err (*random)(void *out, size_t len, struct hf_why *why);
    hf_bulk_fn *done;
    void *to;
};

struct hf_bulk_engine;

/* Owns: hf_bulk_engine_free(). Fails: HF_ENOMEM, HF_EINVAL (a limit above),
 * or as config->random. */
enum hf_err hf_bulk_engine_new(const struct hf_bulk_config *config,
                               int64_t now_ns, struct hf_bulk_engine **out,
                               struct hf_why *why);
void hf_bulk_engine_free(struct hf_bulk_engine *engine);

/* How many questions may be added now; how many have not ended. */
size_t hf_bulk_engine_room(const struct hf_bulk_engine *engine);
size_t hf_bulk_engine_under_way(const struct hf_bulk_engine *engine);

/* Packets that answers may come to. */
size_t hf_bulk_engine_flying(const struct hf_bulk_engine *engine);

/* Ask about `name`; there must be room. */
void hf_bulk_engine_add(struct hf_bulk_engine *engine,
                        const struct hf_wire_name *name, uint64_t ticket);

/* Packets for one socket. Spans stay good until hf_bulk_engine_sent(). */
struct hf_bulk_batch {
    size_t server;
    size_t socket; /* server * sockets_per_server + a random one */
    size_t count;
    uint32_t slots[HF_BULK_BATCH];
    struct hf_span packets[HF_BULK_BATCH];
};

/*
 * What may be sent now, by windows and rates. False: nothing.
 * The caller must call hf_bulk_engine_sent() before anything else.
 */
bool hf_bulk_engine_take(struct hf_bulk_engine *engine, int64_t now_ns,
                         struct hf_bulk_batch *batch);

/* The first `sent` of them left; the others wait for the next turn. */
void hf_bulk_engine_sent(struct hf_bulk_engine *engine,
                         const struct hf_bulk_batch *batch, size_t sent,
                         int64_t now_ns);

/* The kernel will not send to this server: the batch's first packet counts as
 * a failed try, the others wait for the next turn. */
void hf_bulk_engine_refused(struct hf_bulk_engine *engine,
                            const struct hf_bulk_batch *batch, int64_t now_ns);

/* Packets arrived at a socket. */
void hf_bulk_engine_packets(struct hf_bulk_engine *engine, size_t socket,
                            const struct hf_span *packets, size_t count,
                            int64_t now_ns);

/* A question to be asked over TCP. */
struct hf_bulk_call {
    uint32_t slot;
    size_t server;
    struct hf_span packet;
    int64_t give_up_at_ns;
};

/* False: none waits. */
bool hf_bulk_engine_take_call(struct hf_bulk_engine *engine, int64_t now_ns,
                              struct hf_bulk_call *call);

/* What came for a call. False: it is no answer to it; the call goes on. */
bool hf_bulk_engine_call_answer(struct hf_bulk_engine *engine, uint32_t slot,
                                struct hf_span octets, int64_t now_ns);
void hf_bulk_engine_call_failed(struct hf_bulk_engine *engine, uint32_t slot,
                                int64_t now_ns);

/* Let time pass: timeouts and retries that are due. */
void hf_bulk_engine_tick(struct hf_bulk_engine *engine, int64_t now_ns);

/* Nanoseconds until a tick or a take has something to do, at most `most`. */
int64_t hf_bulk_engine_idle(const struct hf_bulk_engine *engine, int64_t now_ns,
                            int64_t most);

/* Counters, for reports and tests. */
struct hf_bulk_stats {
    uint64_t sent;
    uint64_t answers;  /* matched */
    uint64_t strays;   /* packets that answered nothing of ours */
    uint64_t mangled;  /* right but for the letters' case */
    uint64_t timeouts; /* tries without an answer */
    uint64_t retries;
    uint64_t calls; /* over TCP */
};

struct hf_bulk_stats hf_bulk_engine_stats(const struct hf_bulk_engine *engine);

/* HF_OK, or what config->random failed with: then nothing is sent any more. */
enum hf_err hf_bulk_engine_health(const struct hf_bulk_engine *engine,
                                  struct hf_why *why);
