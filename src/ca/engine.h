/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine.h -- the ACME server without its sockets: requests go in, replies come
 * out, and jobs that somebody else does in between (ca/service.h). It has no
 * clock; what it remembers is in the store, inside transactions of its caller.
 */
#pragma once

#include "ca/call.h"

/* All is borrowed for its life. */
struct hf_engine_config {
    const struct hf_ca_settings *settings;
    struct hf_store *store;
    struct hf_keeper keeper;  /* who serves */
    struct hf_span nonce_key; /* empty: nonces are good here alone */
};

/* Owns: hf_engine_free(). Fails: HF_ENOMEM, HF_ESYSTEM, HF_ECRYPTO. */
enum hf_err hf_engine_new(const struct hf_engine_config *config,
                          struct hf_engine **out, struct hf_why *why);
void hf_engine_free(struct hf_engine *engine);

/* Other settings from now on, borrowed like the first ones, which nothing
 * refers to any more. Fails: HF_ENOMEM, HF_ESYSTEM, HF_ECRYPTO; then all is as
 * it was.
 */
enum hf_err hf_engine_change(struct hf_engine *engine,
                             const struct hf_ca_settings *settings,
                             struct hf_why *why);

/* Give clients nonces that are good at others, too, who have the same key; or
 * not, as at the beginning. */
void hf_engine_share_nonces(struct hf_engine *engine, bool share);

/* A call without a request: for work of our own. Release with
 * hf_ca_call_clear(). */
void hf_engine_begin(struct hf_engine *engine, int64_t now_at,
                     struct hf_ca_call *out);

/*
 * Read a request as far as that needs no store: its target, its JWS, its nonce,
 * which is used up. `*request` is not needed afterwards. The call may be
 * refused already: then it is ready to be answered.
 */
void hf_engine_open(struct hf_engine *engine,
                    const struct hf_server_request *request, int64_t now_at,
                    struct hf_ca_call *out);

/* Use up its nonce, if that takes the store: inside the transaction, and kept
 * whatever comes of the call. It may be refused. */
void hf_engine_spend(struct hf_ca_call *call);

/* Everything else, inside a transaction. When call->err is not HF_OK, undo that
 * and run it again, or hf_engine_give_up(). */
void hf_engine_run(struct hf_ca_call *call);

/* After its jobs, in a transaction as well: what became of it. */
void hf_engine_show(struct hf_ca_call *call, int64_t now_at);

/* Say that something of ours is broken; the reason is not for strangers. */
void hf_engine_give_up(struct hf_ca_call *call);

/*
 * The reply to a call. Borrows from it.
 * Fails: HF_ECRYPTO (no nonce can be made).
 */
enum hf_err hf_engine_reply(struct hf_ca_call *call,
                            struct hf_server_reply *out, struct hf_why *why);

/* Release. Harmless on a zeroed one. */
void hf_ca_call_clear(struct hf_ca_call *call);
