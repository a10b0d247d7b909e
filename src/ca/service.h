/* SPDX-License-Identifier: Apache-2.0 */
/*
 * service.h -- a CA at work: the loop that moves requests from the front to the
 * engine, its jobs to the validator and the issuer, and answers back.
 *
 * What comes in one turn is one transaction: its disk sync is shared. A reply
 * leaves when that is committed, never before. A request whose job is soon done
 * waits for it and tells the result; another one is told that it is under way.
 */
#pragma once

#include "ca/engine.h"
#include "ca/issuer.h"
#include "ca/log.h"
#include "ca/own_tls.h"
#include "ca/validate.h"
#include "os/ahead.h"

/* What it is made of; all is borrowed. */
struct hf_service_config {
    const struct hf_ca_settings *settings;
    struct hf_store *store;
    struct hf_server_front *front;
    struct hf_validator *validator;
    struct hf_issuer *issuer;
    struct hf_own_tls *own_tls; /* NULL: its web server's certificate is not
                                   ours to renew */
    size_t watch_place;    /* of the front: where /metrics and /health are, and
                              no ACME; none: HF_SERVER_PLACES_MAX */
    size_t control_place;  /* the same for the operator's commands, who alone
                              can reach it: these, /status, /reload, /drain */
    struct hf_span keeper; /* our name among others that serve from the same
                              store (ca/seat.h); empty: there are none */
    int64_t hold_ms;       /* how long a reply waits for its jobs */
    uint32_t shards;       /* of the list of revoked certificates */
    int64_t list_every_s;  /* how often it is made anew, at least */
    int64_t list_life_s;   /* from its thisUpdate to its nextUpdate */
    struct hf_ahead ahead; /* of the real time, which is that of the web
                              server's certificate all the same */
    /* One event, a JSON object, for the log. */
    hf_ca_say_fn *say;
    void *say_to;
};

struct hf_service;

/* Takes up what a crash left under way, now, and what another process leaves
 * that serves from the same store, when it is not heard of for half a minute.
 * Owns: hf_service_free(). Fails as the store does, HF_ENOMEM. */
enum hf_err hf_service_new(const struct hf_service_config *config,
                           struct hf_service **out, struct hf_why *why);
void hf_service_free(struct hf_service *service);

/*
 * Other settings and another validator from now on, borrowed like the first
 * ones, which nothing refers to any more: what these were looking at is looked
 * at anew. The issuer must have been told of the profiles.
 * Fails: HF_ELIMIT (signatures wait that were promised under the old profiles:
 *        try again), HF_ENOMEM, HF_ESYSTEM, HF_ECRYPTO; then nothing changed.
 */
enum hf_err hf_service_change(struct hf_service *service,
                              const struct hf_ca_settings *settings,
                              struct hf_validator *validator,
                              struct hf_why *why);

/* Does somebody at the control place wait for the configuration to be read
 * again? Then tell how it went. Fails: as hf_server_answer(). */
bool hf_service_wants_reload(const struct hf_service *service);
enum hf_err hf_service_reloaded(struct hf_service *service, bool good,
                                struct hf_why *why);

/* Leave what is under way to others, at once; for one that does not turn
 * again. */
void hf_service_leave(struct hf_service *service);

/*
 * One turn: wait for at most `wait_ms`, then do all that there is to do.
 * Fails: HF_EPEER (one of the processes ended for good, or another keeper has
 *        our name), HF_ENOMEM, HF_ESYSTEM, HF_ECANCELED (a signal asked to
 *        stop).
 */
enum hf_err hf_service_turn(struct hf_service *service, int64_t wait_ms,
                            struct hf_why *why);

/* Is anything under way that somebody waits for? */
bool hf_service_is_busy(const struct hf_service *service);
