/* SPDX-License-Identifier: Apache-2.0 */
/*
 * constraints.h -- for which names a CA may issue: nameConstraints (RFC 5280
 * 4.2.1.10) of its certificate, against the names of another. Host names and
 * addresses; what else is constrained is not looked at. Allocates nothing.
 */
#pragma once

#include <stdbool.h>

#include "holdfast/buf.h"
#include "holdfast/err.h"
#include "holdfast/span.h"

/* What the extensions say; spans of them. Zeroed: anything. */
struct hf_constraints {
    struct hf_span permitted; /* GeneralSubtrees; empty: there are none */
    struct hf_span excluded;
};

/* Of the extensions of a CA's certificate (hf_x509.extensions). Fails:
 * HF_ESYNTAX. */
enum hf_err hf_constraints_read(struct hf_span extensions,
                                struct hf_constraints *out, struct hf_why *why);

/*
 * The first name in a certificate's extensions that clients refuse, its octets
 * as they stand there; false: there is none. Names that cannot be read count as
 * refused, and are empty. So does a wildcard that stands for an excluded name,
 * though not all clients look for these.
 */
bool hf_constraints_refuse(const struct hf_constraints *constraints,
                           struct hf_span extensions, struct hf_span *name);

#define HF_CONSTRAINTS_SAID_MAX 4096

/*
 * The same of one name before it is in a certificate: canonical, also as
 * *.NAME, or an address as text. When it is refused, a sentence is added to
 * `said`, printable, of HF_CONSTRAINTS_SAID_MAX octets at most, which tells
 * the constraint.
 */
bool hf_constraints_refuse_text(const struct hf_constraints *constraints,
                                struct hf_span text, bool is_ip,
                                struct hf_buf *said);
