/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verify.h -- after publishing: does every authoritative server of the name
 * have it? Asked again and again, until all do or the time is up (REQ CLI-21).
 */
#pragma once

#include "client/wish.h"
#include "dns/authority.h"

/* What the servers say in one round. */
struct hf_verify_view {
    bool known;         /* the servers are known */
    const char *reason; /* else: why not; static */
    size_t servers;     /* that can be reached from here at all */
    size_t agree;       /* of them */
    size_t behind;      /* answer, and say something else */
    char other[HF_OWNER_TEXT_MAX + HF_SERVER_LABEL_MAX + 2]; /* one of those
                            that do not agree, with NUL; else empty */
};

static inline bool hf_verify_is_good(const struct hf_verify_view *view)
{
    return view->known && view->servers > 0 && view->agree == view->servers;
}

struct hf_verify_plan {
    struct hf_resolver *resolver;
    struct hf_span owner;
    const struct hf_wish *wish;
    uint16_t port;      /* of the servers: 53 outside of tests */
    int64_t timeout_ms; /* for one server */
    int64_t until_ms;   /* hf_clock_ms() when to stop asking */
    /* Called after each round; may be NULL. */
    void (*tell)(void *state, const struct hf_verify_view *view);
    void *state;
};

/* What one round said. `room` is for joining strings: HF_WIRE_MESSAGE_MAX. */
void hf_verify_count(const struct hf_authority *authority,
                     const struct hf_wish *wish, char *room,
                     struct hf_verify_view *out);

/*
 * Ask until all agree, or the time is up: both are answers. Fails: as
 * hf_authority_ask().
 */
enum hf_err hf_verify(const struct hf_verify_plan *plan,
                      struct hf_verify_view *out, struct hf_why *why);

/*
 * One round, with an alias at the owner followed once, as a CA would. Owns:
 * hf_authority_free(). Fails: as hf_authority_ask().
 */
enum hf_err hf_verify_ask(const struct hf_verify_plan *plan,
                          struct hf_authority **out, struct hf_why *why);
