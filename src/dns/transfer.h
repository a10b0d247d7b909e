/* SPDX-License-Identifier: Apache-2.0 */
/*
 * transfer.h -- zone transfers: AXFR (RFC 5936) and IXFR (RFC 1995) over TCP,
 * signed (tsig.h) or not.
 *
 * Nothing that a server sends is used before the transfer is complete and the
 * signature over its last message is verified: until then the records that
 * bear on standing authorization are put aside. A transfer that is cut short,
 * altered, badly signed or stale leaves nothing.
 *
 * hf_transfer_ask() and hf_transfer_take() decide and do no I/O;
 * hf_transfer_run() has the socket.
 */
#pragma once

#include "dns/server.h"
#include "dns/tsig.h"
#include "dns/zone_name.h"

#define HF_TRANSFER_KEPT_MAX ((uint64_t)4 << 30) /* bytes put aside */

struct hf_transfer_plan {
    const struct hf_wire_name *zone;
    const struct hf_tsig_key *key; /* NULL: not signed */
    bool incremental;              /* IXFR from `serial` */
    uint32_t serial;
};

enum hf_transfer_kind {
    HF_TRANSFER_FULL,
    HF_TRANSFER_CHANGES, /* deletions and additions since plan.serial */
    HF_TRANSFER_CURRENT, /* the server has nothing newer */
};

enum hf_transfer_act { HF_TRANSFER_HAS, HF_TRANSFER_DELETES, HF_TRANSFER_ADDS };

struct hf_transfer;

/*
 * Begin one. `id` should not be foreseeable. The plan is borrowed.
 * Owns: hf_transfer_free(). Fails: HF_ENOMEM, HF_ECRYPTO.
 */
enum hf_err hf_transfer_new(const struct hf_transfer_plan *plan, uint16_t id,
                            struct hf_transfer **out, struct hf_why *why);
void hf_transfer_free(struct hf_transfer *transfer);

/* Write the request, without the length that TCP puts in front. `now_s` is
 * the real time, for the signature. Fails: HF_ELIMIT, HF_ECRYPTO. */
enum hf_err hf_transfer_ask(struct hf_transfer *transfer, int64_t now_s,
                            struct hf_buf *out, struct hf_why *why);

/*
 * Take in the next message. `*done` when it was the last one and everything
 * is verified.
 * Fails: HF_EPEER with a sentence; HF_ESYNTAX (malformed), HF_ELIMIT,
 *        HF_ESYSTEM, HF_ENOMEM. Then nothing may be used, and nothing is given
 *        out.
 */
enum hf_err hf_transfer_take(struct hf_transfer *transfer,
                             struct hf_span message, int64_t now_s, bool *done,
                             struct hf_why *why);

/* What came, once it is done. */
struct hf_transfer_end {
    enum hf_transfer_kind kind;
    uint32_t serial; /* of the server's zone */
    uint64_t records;
    uint64_t messages;
    uint64_t bytes;
};

struct hf_transfer_end hf_transfer_end(const struct hf_transfer *transfer);

/*
 * The records put aside, in their order, once it is done; `*more` is false at
 * the end. Spans live until the next call; `line` is 0.
 */
enum hf_err hf_transfer_next(struct hf_transfer *transfer,
                             struct hf_zone_record *out,
                             enum hf_transfer_act *act, bool *more,
                             struct hf_why *why);

/*
 * All of it over TCP. `idle_ms` is the longest wait for the connection and
 * for each message.
 * Fails: as above; HF_ETIMEOUT, HF_ESYSTEM (connection), HF_ECANCELED.
 */
enum hf_err hf_transfer_run(struct hf_transfer *transfer,
                            const struct hf_server *server, int64_t idle_ms,
                            struct hf_why *why);
