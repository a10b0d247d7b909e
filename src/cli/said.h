/* SPDX-License-Identifier: Apache-2.0 */
/*
 * said.h -- what one record says, prepared for showing: read by the record
 * law, with the form of its account URI and the words for what is wrong.
 */
#pragma once

#include "holdfast/holdfast.h"

struct hf_said {
    struct hf_span value;
    struct hf_record record;  /* counts when `reason` is ok */
    struct hf_span issuer;    /* also of a broken record, as far as it goes */
    struct hf_span params;    /* for hf_param_next(); empty when broken */
    enum hf_reason reason;    /* of reading: ok, syntax, bad-hashed-uri, ... */
    size_t at;                /* the failing octet */
    const char *law;          /* a sentence, when `reason` is not ok */
    bool hashed;              /* account_uri has the form of draft -02 */
    struct hf_hashed_uri uri; /* its parts, then */
};

/*
 * Read `value`. With a `ca` that has prefixes they decide what is hashed, and
 * what is broken below them is a reason; else the shape does: a registered
 * hash name and a digest of its length at the end.
 */
void hf_said_read(struct hf_span value, const struct hf_ca *ca,
                  struct hf_said *out);

/* It names no CA: nobody is authorised, whatever else it says. */
static inline bool hf_said_is_nobodys(const struct hf_said *said)
{
    return said->issuer.len == 0 && said->reason != HF_REASON_SYNTAX;
}

/* "raw" or "hashed". */
const char *hf_said_form_word(const struct hf_said *said);

/*
 * The value, escaped, and below it a caret under octet `at`; of long values
 * the part around that octet. Both lines begin with `margin` (REQ ERR-08).
 */
void hf_said_put_marked(const struct hf_said *said, const char *margin,
                        struct hf_buf *out);

/* A sentence of law or advice, with the full stop that some lack. */
void hf_put_sentence(struct hf_buf *out, const char *text);

/*
 * Copy `text`, breaking prose into lines of at most 79 columns: prose is what
 * is indented by exactly four blanks. Other lines, such as records, stay
 * whole.
 */
void hf_put_wrapped(struct hf_buf *out, struct hf_span text);

/* "in 89 days", "in 3 hours", "412 days ago". */
void hf_put_distance(struct hf_buf *out, int64_t from, int64_t to);
