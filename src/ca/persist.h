/* SPDX-License-Identifier: Apache-2.0 */
/* persist.h -- dns-persist-01 as our clients see it (the drafts' section 3.1;
 * REQ CHAL-01..14, 3.4). */
#pragma once

#include "ca/call.h"
#include "ca/identifier.h"

/*
 * Write the members that the challenge has beside those of every challenge, as
 * the preset wants it:
 *
 *     compat       both lists, and the hashed URI in "accounturi": clients of
 *                  -01 publish it and so make records of -02
 *     strict       "issuerDomainNames"
 *     letsencrypt  "issuer-domain-names", and the account URL
 */
bool hf_persist_put(struct hf_ca_call *call, const struct hf_identifier *name);

/* The hashed URI of the call's account and its present key at this name, in
 * the arena (draft -02, section 4.1). */
bool hf_persist_uri(struct hf_ca_call *call, const struct hf_identifier *name,
                    struct hf_span *out);
