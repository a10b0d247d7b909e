/* SPDX-License-Identifier: Apache-2.0 */
/*
 * open_mpic.h -- the documents of the Open MPIC API, as a coordinator writes
 * and reads them. Pure.
 *
 * A perspective is asked for what it sees and not believed what it makes of
 * it: that one of Open MPIC compares account URIs without case and looks at no
 * policy. What it says of DNSSEC is not believed either. Both ways in which
 * replies are nested are read, and the wrapping of Lambda.
 */
#pragma once

#include "ca/eye.h"
#include "holdfast/hashed_uri.h"

#define HF_OPEN_MPIC_MAX ((size_t)256 << 10) /* octets of a reply */

/* "/caa" or "/dcv". */
const char *hf_open_mpic_path(enum hf_way way);

/* The body that sends a perspective on this errand. Fails: HF_ECRYPTO (the
 * digest), HF_EINVAL (it does not fit). */
enum hf_err hf_open_mpic_ask(const struct hf_errand *errand,
                             const struct hf_digest *digest, struct hf_buf *out,
                             struct hf_why *why);

/* Who is to answer, and what was asked. Spans are borrowed. */
struct hf_open_mpic_asked {
    struct hf_span code; /* of the perspective */
    struct hf_span rir;
    struct hf_span name; /* which was looked at */
    enum hf_way way;
};

/*
 * What the reply says was seen. A reply that makes no sense, is somebody
 * else's, or of a check that was not completed, is a view that failed; so is
 * one that says nothing, for silence is not the absence of records. Owns:
 * hf_view_clear(). Fails: HF_ENOMEM.
 */
enum hf_err hf_open_mpic_hear(struct hf_span body,
                              const struct hf_open_mpic_asked *asked,
                              struct hf_view *out, struct hf_why *why);
