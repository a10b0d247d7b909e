/* SPDX-License-Identifier: Apache-2.0 */
/*
 * often.h -- how often something happened, as a request or an outcome sees it:
 * a limit (limit.h) whose buckets are in the memory of a process that has its
 * tables for itself, and rows of those that others serve from as well, so that
 * a client has one limit, however many there are. In the transaction of the
 * call: what is undone was not counted.
 */
#pragma once

#include "ca/call.h"

/* Seconds to wait until it may happen, or 0. `limit` may be NULL: at any time.
 * False as all functions that ask the store for a call. */
bool hf_often_wait_s(struct hf_ca_call *call, struct hf_limit *limit,
                     struct hf_span a, struct hf_span b, int64_t *wait_s);

/* It happened. */
bool hf_often_count(struct hf_ca_call *call, struct hf_limit *limit,
                    struct hf_span a, struct hf_span b);
