/* SPDX-License-Identifier: Apache-2.0 */
/*
 * order_engine.h -- one certificate from newOrder to the chain (RFC 8555,
 * section 7.4), as a machine without I/O.
 *
 * It names the ACME calls to make and takes their ends; authorizations go
 * side by side. Which challenge to answer is not its business: it hands out
 * each pending authorization and waits to be told. It never gives up early:
 * when one name fails, the others are still heard, so that the report is
 * whole.
 *
 * Tolerant of servers: authorizations that are valid at once (just-in-time
 * validation, reuse: REQ CLI-31), no authorizations at all, a certificate
 * straight from newOrder, an order that is not ready the moment its last
 * authorization is valid; an order that is taken only without "replaces", or
 * without ancestors.
 */
#pragma once

#include "acme/object.h"
#include "acme/session.h"

/* What is wanted. Borrowed while the engine lives. */
struct hf_order_wish {
    const struct hf_span *dns; /* canonical names, "*." in front allowed */
    size_t dns_count;
    const struct hf_span *ancestors; /* of each of `dns`: where control can be
                                        shown, too (RFC 9444, section 4.3); or
                                        empty. NULL: of none */
    const struct hf_span *ips;
    size_t ip_count;
    struct hf_span profile;  /* or empty */
    struct hf_span replaces; /* ARI certificate id (RFC 9773, 5), or empty */
    struct hf_span csr_der;
    bool alternates;       /* fetch the alternate chains, too */
    int64_t give_up_at_ms; /* or INT64_MAX */
};

/* The payload of newOrder for it, put at the end of `out`. */
void hf_order_wish_put(const struct hf_order_wish *wish, struct hf_buf *out);

enum hf_order_need {
    HF_ORDER_CALL,   /* make this call */
    HF_ORDER_CHOOSE, /* choose a challenge for this authorization */
    HF_ORDER_WAIT,   /* nothing before wake_ms or the end of a call */
    HF_ORDER_END,    /* over: look at hf_order_result() */
};

struct hf_order_step {
    enum hf_order_need need;
    struct hf_call call;                 /* CALL */
    uint64_t ticket;                     /* CALL: below HF_ORDER_TICKETS */
    size_t index;                        /* CHOOSE: of the authorization */
    const struct hf_authz_object *authz; /* CHOOSE: borrowed */
    int64_t wake_ms;                     /* WAIT; INT64_MAX: only a call */
};

#define HF_ORDER_TICKETS        (HF_AUTHZ_MAX + 1)
#define HF_ORDER_ALTERNATES_MAX 8

enum hf_order_failure {
    HF_ORDER_GOOD,
    HF_ORDER_REFUSED,      /* the server said no to the order */
    HF_ORDER_RATE_LIMITED, /* and when to come back, maybe */
    HF_ORDER_UNVALIDATED,  /* a name could not be validated */
    HF_ORDER_UNANSWERED,   /* no usable answer from the server */
    HF_ORDER_TIMED_OUT,
    HF_ORDER_FAULT, /* ours: memory, the signer */
};

/* Borrowed from the engine. */
struct hf_order_result {
    enum hf_order_failure failure;
    struct hf_span text;  /* why, one line a name, escaped; empty when good */
    struct hf_span url;   /* of the order; empty when there was none */
    struct hf_span chain; /* PEM, as sent */
    struct hf_span certificate_url;
    const struct hf_span *alternates; /* PEM */
    size_t alternate_count;
    int64_t retry_after_s; /* what the server asked for, or -1 */
};

struct hf_order_engine;

/* Fails: HF_ENOMEM, HF_EINVAL (no name, or more than HF_AUTHZ_MAX). */
enum hf_err hf_order_engine_new(const struct hf_directory *directory,
                                const struct hf_order_wish *wish,
                                struct hf_order_engine **out,
                                struct hf_why *why);
void hf_order_engine_free(struct hf_order_engine *engine);

/* What to do now. Ask again until it is WAIT or END. */
void hf_order_next(struct hf_order_engine *engine, struct hf_instant now,
                   struct hf_order_step *out);

/* The end of the call with this ticket; the reply now belongs to the engine. */
void hf_order_called(struct hf_order_engine *engine, uint64_t ticket,
                     struct hf_called *called, struct hf_instant now);

/* Answer HF_ORDER_CHOOSE: the challenge `challenge` of it is fulfilled and
 * may be tried; or none can be, and why (a sentence, copied). */
void hf_order_chosen(struct hf_order_engine *engine, size_t index,
                     size_t challenge);
void hf_order_declined(struct hf_order_engine *engine, size_t index,
                       struct hf_span reason);

void hf_order_result(const struct hf_order_engine *engine,
                     struct hf_order_result *out);
