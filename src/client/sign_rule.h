/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sign_rule.h -- what a signature over these octets would mean. A signer that
 * signs for others signs no octets that it cannot read: only the input of a
 * JWS (RFC 7515, section 5.1) of an ACME request (RFC 8555, section 6.2). No
 * I/O.
 */
#pragma once

#include "holdfast/err.h"
#include "holdfast/span.h"

enum hf_sign_what {
    HF_SIGN_FETCH,     /* POST-as-GET */
    HF_SIGN_ORDER,     /* {"identifiers": ...} */
    HF_SIGN_FINALIZE,  /* {"csr": ...} */
    HF_SIGN_CHALLENGE, /* {} */
    HF_SIGN_OTHER,     /* what changes the account or ends something */
};

/* "fetch", "order", "finalize", "challenge", "other". */
const char *hf_sign_word(enum hf_sign_what what);

/* Borrows from what it owns: hf_sign_clear(). */
struct hf_sign_request {
    enum hf_sign_what what;
    struct hf_span url;
    struct hf_span kid; /* empty: the key itself is in the header */
    struct json_t *header;
};

/*
 * Fails: HF_ESYNTAX (no such input), HF_EINVAL (neither "kid" nor "jwk", or no
 * "url"), HF_ELIMIT, HF_ENOMEM.
 */
enum hf_err hf_sign_read(struct hf_span input, struct hf_sign_request *out,
                         struct hf_why *why);
void hf_sign_clear(struct hf_sign_request *request);

/* Does the request go to a server of this origin? `origin` is any URL there.
 * REQ CLI-16 */
bool hf_sign_is_at(const struct hf_sign_request *request,
                   struct hf_span origin);

/*
 * May a signer for a fleet sign this? Orders, challenges and what belongs to
 * them, by this account, at its CA; with `all` also what changes or ends
 * something. HF_EINVAL says why not.
 */
enum hf_err hf_sign_permit(const struct hf_sign_request *request,
                           struct hf_span origin, struct hf_span account_url,
                           bool all, struct hf_why *why);
