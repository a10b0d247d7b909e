/* SPDX-License-Identifier: Apache-2.0 */
/*
 * method.h -- the ways to show that a name is ours, and which of them is good
 * for which name (RFC 8555, section 8; RFC 8738; draft -02). No I/O.
 */
#pragma once

#include <stdbool.h>

#include "holdfast/span.h"

enum hf_method {
    HF_METHOD_PERSIST, /* a record that stands: dns-persist-01 */
    HF_METHOD_DNS,     /* a record for the occasion: dns-01 */
    HF_METHOD_HTTP,    /* a file of a web server: http-01 */
};

#define HF_METHOD_COUNT (HF_METHOD_HTTP + 1)

/* The challenge's type: "dns-persist-01". */
const char *hf_method_word(enum hf_method method);
bool hf_method_find(struct hf_span word, enum hf_method *out);

/* What a name is, as far as methods care. */
enum hf_name_kind { HF_NAME_HOST, HF_NAME_WILDCARD, HF_NAME_ADDRESS };

/*
 * NULL when the method can show that such a name is ours; else why not, in a
 * sentence: http-01 says nothing of a wildcard (RFC 8555 8.3, BR 3.2.2.4.19),
 * and of an address only http-01 says something (RFC 8738, section 4).
 */
const char *hf_method_objection(enum hf_method method, enum hf_name_kind kind);
