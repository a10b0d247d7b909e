/* SPDX-License-Identifier: Apache-2.0 */
/*
 * eye_remote.h -- perspectives elsewhere, asked over HTTPS (BR 3.2.2.9): each
 * is an eye, and all of them share one HTTP client.
 *
 * One that cannot be reached, is slow, answers in another's name or with
 * nonsense has not seen anything, and its view says so.
 */
#pragma once

#include "ca/eye.h"
#include "holdfast/hashed_uri.h"

/* One perspective. Borrowed until hf_eyes_remote() returns. */
struct hf_perspective_place {
    struct hf_span url;  /* of its API, without the final '/' */
    struct hf_span code; /* its name, no two have the same */
    struct hf_span rir;  /* the registry's region that it is in: REQ VAL-42 */
};

/*
 * Make `count` eyes. Borrows `http` and `digest` for their life, and nobody
 * else may use the client: its window is what may be under way at all of them.
 * Owns: hf_eye_clear() for each. Fails: HF_EINVAL (no code, no region, a code
 * twice; a URL), HF_ENOMEM.
 */
enum hf_err hf_eyes_remote(struct hf_http *http, const struct hf_digest *digest,
                           const struct hf_perspective_place *places,
                           size_t count, struct hf_eye *out,
                           struct hf_why *why);
