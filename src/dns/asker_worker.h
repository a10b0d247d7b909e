/* SPDX-License-Identifier: Apache-2.0 */
/*
 * asker_worker.h -- an asker (dns/asker.h) in a process: the whole of the role
 * for a validating resolver on this machine, and a part of dns/worker.h.
 *
 * It parses what strangers send, so it has nothing to lose: no secrets, an
 * empty environment, no file system, no way to execute anything; only IPv4
 * and IPv6 sockets and the one to its parent.
 */
#pragma once

#include "dns/worker_msg.h"

/* The argument that makes this program an asker. */
#define HF_ASKER_ROLE "_asker"

/* Serve the parent at the other end of the socket `fd` until it hangs up; what
 * it is configured to forward to is its validator. True when all went well. */
bool hf_asker_worker_run(int fd);

/* Pass a query on. False when it is none that an asker takes. */
bool hf_asker_take(struct hf_resolver *asker,
                   const struct hf_worker_query *query);

/* Send the parent every answer that is there, by way of `out`. False when
 * nothing more can be asked, or sent. */
bool hf_asker_send(struct hf_resolver *asker, struct hf_buf *out, int fd);

/* Call hf_asker_send() this often while something is asked. */
#define HF_ASKER_TICK_MS 100
