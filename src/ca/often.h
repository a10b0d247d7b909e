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

/* Seconds to wait until it may happen, or 0. False as all functions that ask
 * the store for a call. Of the parts of a key see hf_limit_wait_s(); what is
 * limited differently has other keys. */
bool hf_often_wait_s(struct hf_ca_call *call, enum hf_ca_limit which,
                     struct hf_span a, struct hf_span b, int64_t *wait_s);

/* It happened. */
bool hf_often_count(struct hf_ca_call *call, enum hf_ca_limit which,
                    struct hf_span a, struct hf_span b);

/* Refuse, with Retry-After, if there is something to wait for (RFC 8555,
 * section 6.6): then false. */
bool hf_often_refuse(struct hf_ca_call *call, int64_t wait_s,
                     const char *detail);

/* All three, for what happens now if it may: last, for what is counted in
 * memory stays counted if the call is refused later. */
bool hf_often_take(struct hf_ca_call *call, enum hf_ca_limit which,
                   struct hf_span a, struct hf_span b, const char *detail);

/* Of an account: the first part of a key. */
static inline struct hf_span hf_often_owner(const int64_t *account)
{
    return (struct hf_span){(const char *)account, sizeof(*account)};
}
