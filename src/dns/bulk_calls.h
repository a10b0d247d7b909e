/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bulk_calls.h -- the TCP half of the bulk look-ups (RFC 7766): a few
 * connections, each used for one question after another.
 */
#pragma once

#include "dns/bulk_engine.h"
#include "dns/server.h"

#define HF_BULK_CALLS_MAX 64

struct hf_bulk_calls;

/*
 * `epoll` gets each connection with `tag` plus its index as data.
 * Borrows: engine and servers, until hf_bulk_calls_free().
 * Fails: HF_ENOMEM.
 */
enum hf_err hf_bulk_calls_new(struct hf_bulk_engine *engine,
                              const struct hf_server *servers, int epoll,
                              uint64_t tag, struct hf_bulk_calls **out,
                              struct hf_why *why);
void hf_bulk_calls_free(struct hf_bulk_calls *calls);

/* Start what waits; end what took too long. */
void hf_bulk_calls_step(struct hf_bulk_calls *calls, int64_t now_ns);

/* Connection `index` is ready. */
void hf_bulk_calls_ready(struct hf_bulk_calls *calls, size_t index,
                         int64_t now_ns);
