/* SPDX-License-Identifier: Apache-2.0 */
/* link.h -- the value of a Link field (RFC 8288, section 3). Pure. */
#pragma once

#include "net/http.h"

/*
 * Take the next link off `*rest`. Both spans point into it; a relation in
 * quotes is taken without them. False at the end, and where reading stops:
 * what a server says wrongly there it does not say.
 */
bool hf_link_next(struct hf_span *rest, struct hf_http_link *out);
