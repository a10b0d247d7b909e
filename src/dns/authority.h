/* SPDX-License-Identifier: Apache-2.0 */
/*
 * authority.h -- who answers for a name, and what each of them says. A CA
 * asks whichever server it likes: they have to agree (REQ MON-16, VAL-36).
 */
#pragma once

#include "dns/resolver.h"
#include "dns/server.h"

#define HF_AUTHORITY_MAX       32 /* addresses asked */
#define HF_AUTHORITY_NAMES_MAX 16 /* name servers looked up */

enum hf_witness_state {
    HF_WITNESS_ANSWERS,    /* with authority; `found` is what it says */
    HF_WITNESS_LAME,       /* answers, but not for this zone */
    HF_WITNESS_REFUSES,    /* REFUSED, SERVFAIL, another error */
    HF_WITNESS_SILENT,     /* no usable answer */
    HF_WITNESS_NO_ROUTE,   /* its address family does not work from here */
    HF_WITNESS_NO_ADDRESS, /* the name server's name has no address */
};

const char *hf_witness_state_word(enum hf_witness_state state);

/* One address of one name server. */
struct hf_witness {
    enum hf_witness_state state;
    char name[HF_OWNER_TEXT_MAX + 1]; /* of the name server, with NUL */
    struct hf_server server;          /* label empty: no address */
    struct hf_found found;            /* of a failure: its reason */
};

/* Everybody who answers for one zone. */
struct hf_authority {
    char zone[HF_OWNER_TEXT_MAX + 1];
    size_t zone_len;
    bool found;         /* the zone and its servers are known */
    const char *reason; /* else: why not; static */
    bool more;          /* there are more servers than are asked */
    struct hf_witness witnesses[HF_AUTHORITY_MAX];
    size_t count;
};

struct hf_authority_question {
    struct hf_span owner; /* presentation text */
    uint16_t type;
    uint16_t port;         /* of the servers: 53 outside of tests */
    int64_t give_up_at_ms; /* or 0 */
    int64_t timeout_ms;    /* for one server */
};

/*
 * Find the zone of `owner` and its servers with `resolver`, and have it ask
 * every one: what they send is read in its process. What cannot be found or
 * does not answer is part of the result.
 *
 * Owns: hf_authority_free(). Fails: HF_ENOMEM, HF_ECANCELED, HF_ESYSTEM,
 * HF_ESYNTAX (owner).
 */
enum hf_err hf_authority_ask(struct hf_resolver *resolver,
                             const struct hf_authority_question *question,
                             struct hf_authority **out, struct hf_why *why);

/* The same for many questions side by side: what all of them wait for is
 * waited for once. out[i] answers questions[i]; on failure none is touched. */
enum hf_err hf_authority_ask_all(struct hf_resolver *resolver,
                                 const struct hf_authority_question *questions,
                                 size_t count, struct hf_authority **out,
                                 struct hf_why *why);
void hf_authority_free(struct hf_authority *authority);
