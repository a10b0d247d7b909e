/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log.h -- what happened, one JSON object a line: validations, certificates,
 * accounts that begin or end, revocations, and what went wrong with us. Never
 * a key, a token or a nonce.
 */
#pragma once

#include "ca/task.h"
#include "net/server.h"

typedef void hf_ca_say_fn(void *to, struct hf_span line);

/* After a task was done; says nothing of those that nobody asks about later. */
void hf_ca_log_task(hf_ca_say_fn *say, void *to, const struct hf_task *task,
                    int64_t now_at);

/* Who asked for something at the operator's socket, and whether he may. */
void hf_ca_log_operator(hf_ca_say_fn *say, void *to,
                        const struct hf_server_request *request, bool may,
                        int64_t now_at);
