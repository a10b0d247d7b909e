/* SPDX-License-Identifier: Apache-2.0 */
/*
 * leaf_lint.h -- what a certificate may not be: the rules of RFC 5280 and, for
 * CAs that the public trusts, of the Baseline Requirements (BR), looked for in
 * the octets that are about to be signed, whoever built them.
 */
#pragma once

#include <stdbool.h>

#include "crypto/x509.h"
#include "holdfast/suffix.h"

struct hf_leaf_rules {
    bool is_public;     /* the BRs hold */
    int64_t lifetime_s; /* the profile's longest, both ends included */
    const struct hf_suffixes *suffixes; /* for the BRs; never NULL then */
};

/* The first rule that a TBSCertificate breaks, a sentence with its section; or
 * NULL: it may be signed. */
const char *hf_leaf_fault(struct hf_span tbs,
                          const struct hf_leaf_rules *rules);

/* The same of a public key alone, a SubjectPublicKeyInfo: its kind, size and
 * form, and keys that are known to be weak. That a point is on its curve, the
 * signature of a request shows. */
const char *hf_spki_fault(struct hf_span spki, bool is_public);
