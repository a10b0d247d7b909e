/* SPDX-License-Identifier: Apache-2.0 */
/*
 * server_read.h -- the header of a request, read strictly (RFC 9112). Pure.
 *
 * Whoever disagrees with us about where a request ends can hide another one in
 * it: whatever can be read in two ways, or was read in two ways by some proxy
 * once, is refused, and the connection with it. So are lines that end in LF
 * alone, blanks before a colon, folded lines, two lengths even when they are
 * equal, a length beside a coding, and bodies in chunks, which nobody who
 * speaks to us needs (411 asks for a length).
 */
#pragma once

#include "net/server.h"

struct hf_server_head {
    struct hf_server_request request; /* texts, borrowed; the rest is not set */
    size_t len;                       /* octets of the header; 0: more wanted */
    size_t body_len;                  /* of the body that follows */
    bool closes;                      /* the connection ends with this one */
    bool expects; /* the client waits for 100 before it sends the body */
};

struct hf_server_bounds {
    size_t header_max;
    size_t body_max;
};

/*
 * Look at `text`, the octets of a request so far. 0 when it is good, or when
 * its end is not there yet (then out->len is 0); else the status to refuse it
 * with: 400, 411, 413, 417, 431 or 505.
 *
 * `*seen` is 0 for the first look, and kept for the others at the same
 * request: what was searched for the end need not be searched again.
 */
int hf_server_read_head(struct hf_span text, size_t *seen,
                        const struct hf_server_bounds *bounds,
                        struct hf_server_head *out);
