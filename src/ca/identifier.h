/* SPDX-License-Identifier: Apache-2.0 */
/* identifier.h -- a name for which a certificate is wanted (RFC 8555, section
 * 9.7.7; RFC 8738; RFC 9444), as a client writes it and as we keep it. */
#pragma once

#include "base/arena.h"
#include "ca/settings.h"
#include "ca/trouble.h"

struct json_t;

struct hf_identifier {
    bool is_ip;
    bool wildcard;
    bool subdomains;      /* of an authorization: for every name below, too */
    struct hf_span value; /* canonical, without `*.`; in the arena */
    struct hf_span whole; /* the same with `*.`, as the client gets it back */
    struct hf_span ancestor; /* its client can show control there; or empty */
};

/*
 * Read {"type": ..., "value": ...}; where the settings allow subdomains, with
 * "ancestorDomain" (RFC 9444, section 4.3), which is nothing to us elsewhere.
 * Answers HF_TROUBLE_NONE, or what is wrong with it, and a sentence in
 * `*detail`, static or in the arena (REQ ERR-09, SCOPE-02, SCOPE-08, SCOPE-10,
 * VAL-03). `out->whole` is then what was written, at most 253 octets of it.
 */
enum hf_trouble hf_identifier_read(const struct json_t *json,
                                   const struct hf_ca_settings *settings,
                                   struct hf_arena *arena,
                                   struct hf_identifier *out,
                                   const char **detail);

/* Order of certificates' names: hosts first, then octets. */
int hf_identifier_cmp(const void *a, const void *b);

/* The same name, scope included? */
bool hf_identifier_eq(const struct hf_identifier *a,
                      const struct hf_identifier *b);
