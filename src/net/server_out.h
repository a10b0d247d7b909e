/* SPDX-License-Identifier: Apache-2.0 */
/*
 * server_out.h -- a reply on its way to a client: its header, and its body,
 * copied behind it when that is small, else shared.
 */
#pragma once

#include "holdfast/buf.h"
#include "net/server.h"

/* Octets that many replies may point to; the last one frees them. */
struct hf_server_blob {
    size_t count;
    size_t len;
    char octets[];
};

/* A copy. NULL when there is no memory. Owns: hf_server_blob_leave(), which
 * does nothing to NULL. */
struct hf_server_blob *hf_server_blob_new(struct hf_span octets);
struct hf_server_blob *hf_server_blob_share(struct hf_server_blob *blob);
void hf_server_blob_leave(struct hf_server_blob *blob);

struct hf_server_out {
    struct hf_buf head;
    size_t head_sent;
    struct hf_server_blob
        *blob;           /* that has the body; NULL: it is behind the head */
    struct hf_span body; /* what is left of it, in the blob */
};

/* How it is sent. */
struct hf_server_manner {
    struct hf_span date; /* RFC 9110 5.6.7 */
    bool closes;
    bool no_body; /* of HEAD */
};

/*
 * Begin. `owner` has the body of the reply; NULL: a copy is made when it is
 * needed. False when there is no memory. Release with hf_server_out_clear().
 */
bool hf_server_out_begin(struct hf_server_out *out,
                         const struct hf_server_reply *reply,
                         const struct hf_server_manner *manner,
                         struct hf_server_blob *owner);

/* What is to be sent next; empty at the end. */
struct hf_span hf_server_out_next(const struct hf_server_out *out);
void hf_server_out_sent(struct hf_server_out *out, size_t count);

/* Forget the reply, and keep room for another. */
void hf_server_out_reset(struct hf_server_out *out);
void hf_server_out_clear(struct hf_server_out *out);
