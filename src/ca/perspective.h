/* SPDX-License-Identifier: Apache-2.0 */
/*
 * perspective.h -- the other side of open_mpic.h: a request of the Open MPIC
 * API as an errand for our own eye, and its view as the reply. Pure.
 *
 * The reply shows all that was seen, octets beside the text, for text cannot
 * say what is not UTF-8. What it says of passing is our own reading: account
 * URIs are compared exactly, and the parameters of CAA count (RFC 8657).
 */
#pragma once

#include "base/json.h"
#include "ca/claim.h"

#define HF_PERSPECTIVE_REPLY_MAX ((size_t)1 << 20)
#define HF_PERSPECTIVE_NAMES_MAX 64 /* issuers of one request */

/* Who we are. Borrowed. */
struct hf_perspective_self {
    struct hf_span code;
    struct hf_span rir;
    const struct hf_span *issuers; /* for CAA, where a request names none */
    size_t issuer_count;
    const struct hf_digest *digest;
};

/* A request, read. Release with hf_observation_clear(). */
struct hf_observation {
    struct hf_errand errand;
    struct hf_span trace; /* its identifier, to be given back; may be empty */
    struct hf_name name;
    unsigned char hash[32]; /* which errand.key_hash is, if it is there */
    struct hf_name issuer_names[HF_PERSPECTIVE_NAMES_MAX];
    struct hf_span issuers[HF_PERSPECTIVE_NAMES_MAX];
    void *document; /* what the spans borrow from */
};

/*
 * Read the body of a request for DCV or, with `caa`, for CAA. *objection is
 * NULL, or a static sentence of what is wrong with it: then there is nothing
 * to look at. Fails: HF_ENOMEM.
 */
enum hf_err hf_observation_read(struct hf_span body, bool caa,
                                const struct hf_perspective_self *self,
                                struct hf_observation *out,
                                const char **objection, struct hf_why *why);
void hf_observation_clear(struct hf_observation *observation);

/* The reply: what was seen, and what we make of it. Fails: HF_ENOMEM,
 * HF_ECRYPTO, HF_ELIMIT (it does not fit). */
enum hf_err hf_observation_put(const struct hf_observation *observation,
                               const struct hf_perspective_self *self,
                               const struct hf_view *view, struct hf_time now,
                               struct hf_buf *out, struct hf_why *why);

/* One view of a request, and what was made of it. */
struct hf_observed {
    const struct hf_view *view;
    struct hf_time now;
    bool completed; /* told by the function below */
    bool passed;
};

/* The members of its check alone, into an object that is open. Fails: as
 * hf_observation_put(). */
enum hf_err hf_observation_put_check(struct hf_json *json,
                                     const struct hf_observation *observation,
                                     const struct hf_perspective_self *self,
                                     struct hf_observed *observed,
                                     struct hf_why *why);

/* The body of a 400, as the API has it. */
void hf_observation_put_error(struct hf_buf *out, const char *objection);
