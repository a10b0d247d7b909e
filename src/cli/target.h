/* SPDX-License-Identifier: Apache-2.0 */
/* target.h -- one name that a certificate is wanted for, on its way there. */
#pragma once

#include "acme/method.h"
#include "acme/object.h"
#include "acme/token.h"
#include "cli/check.h"
#include "client/solver.h"

struct hf_target {
    struct hf_span text; /* as it is ordered: with "*.", or an address */
    struct hf_name name; /* without; empty for an address */
    bool wildcard;
    bool is_address;
    struct hf_sight *sight; /* what was seen of it; NULL: nobody looked */
    size_t choice;          /* the place of its method among the means */
    enum hf_method method;
    struct hf_span ancestor; /* where its record stands, of whom the CA is told
                                (RFC 9444); empty: nobody has to be told */
    /* What is shown for it meanwhile. */
    bool is_shown;
    const struct hf_authz_object *authz; /* that this is for: a server may
                                            repeat itself */
    struct hf_exhibit exhibit;
    char authorization[HF_AUTHORIZATION_MAX];
};

static inline enum hf_name_kind hf_target_kind(const struct hf_target *target)
{
    if (target->is_address)
        return HF_NAME_ADDRESS;
    return target->wildcard ? HF_NAME_WILDCARD : HF_NAME_HOST;
}
