/* SPDX-License-Identifier: Apache-2.0 */
/*
 * talk.h -- talking to one CA: the loop that sends what a session wants sent.
 *
 * It decides nothing. When a call fails the reason is ours, and the server's
 * own words are there beside it.
 */
#pragma once

#include "acme/object.h"
#include "acme/session.h"

#define HF_TALK_PATIENCE_S 60 /* of a Retry-After that is waited for */

struct hf_talk {
    struct hf_http *http; /* borrowed */
    struct hf_directory directory;
    struct hf_session *session;
    struct hf_buf said; /* by the server, when a call failed */
};

/*
 * Begin: fetch the directory, or take it from `known` (its JSON, kept from
 * the last time) when that is not empty. `signer` is borrowed, and NULL for
 * talks that sign nothing. Release with hf_talk_close(), also after a failure.
 *
 * Fails: HF_EPEER (no directory; see hf_talk_said()), HF_ESYNTAX, HF_EINVAL
 * (not a directory; not a URL), HF_ECANCELED, HF_ENOMEM.
 */
enum hf_err hf_talk_open(struct hf_talk *talk, struct hf_http *http,
                         struct hf_span directory_url, struct hf_span known,
                         const struct hf_signer *signer, struct hf_why *why);
void hf_talk_close(struct hf_talk *talk);

/*
 * Send whatever can be sent and wait for an answer, until `until_ms` at most
 * (INT64_MAX: as long as it takes). `*got` tells whether a call has ended.
 * Fails: HF_ECANCELED (a signal), and what the HTTP client fails with.
 */
enum hf_err hf_talk_turn(struct hf_talk *talk, int64_t until_ms,
                         struct hf_called *out, bool *got, struct hf_why *why);

/*
 * Calls will come: let the HTTP client connect and get a nonce while we do
 * something else. Fails as hf_talk_turn().
 */
enum hf_err hf_talk_foresee(struct hf_talk *talk, struct hf_why *why);

/*
 * One call from start to end; nothing else may be under way. A status of 400
 * and more, or none, is a failure here: HF_EPEER.
 * `out` may be NULL when only success matters. Owns: release its reply.
 */
enum hf_err hf_talk_call(struct hf_talk *talk, const struct hf_call *call,
                         struct hf_called *out, struct hf_why *why);

/* Of the last call that failed: the ACME error, "badCSR", or empty; and what
 * the server said, escaped, for people. */
struct hf_span hf_talk_problem(const struct hf_talk *talk);
struct hf_span hf_talk_said(const struct hf_talk *talk);

struct hf_instant hf_talk_now(void);
