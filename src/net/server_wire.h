/* SPDX-License-Identifier: Apache-2.0 */
/*
 * server_wire.h -- octets to and from one client, with or without TLS, over a
 * socket that never waits.
 *
 * The socket is watched edge-triggered: the wire remembers what the kernel last
 * said, and asks it again only after hf_server_wire_note() has told of news. So
 * a request costs one call to read it and one to answer.
 */
#pragma once

#include <openssl/ssl.h>

#include "holdfast/err.h"
#include "holdfast/span.h"

enum hf_server_wire_state {
    HF_SERVER_WIRE_MOVED,   /* something was done */
    HF_SERVER_WIRE_BLOCKED, /* until there is news */
    HF_SERVER_WIRE_ENDED,   /* the client says no more */
    HF_SERVER_WIRE_BROKEN,  /* no more in either direction */
};

struct hf_server_wire {
    int fd;
    SSL *ssl; /* NULL: plain */
    bool readable;
    bool writable;
    bool ending; /* the end is behind what can be read */
};

/* Build the method by which OpenSSL reads and writes wires; NULL when there is
 * no memory. Owns: BIO_meth_free(), after the last wire. */
BIO_METHOD *hf_server_wire_method_new(void);

/*
 * Take over the socket `fd`, also its end; TLS when `ctx` is not NULL. The
 * wire must stay where it is. Fails: HF_ENOMEM; `fd` is not taken then.
 */
enum hf_err hf_server_wire_open(struct hf_server_wire *wire, int fd,
                                SSL_CTX *ctx, const BIO_METHOD *method);

/* Events of epoll(7) for its socket. */
void hf_server_wire_note(struct hf_server_wire *wire, uint32_t events);

/* Go on with the handshake; MOVED: it stands. */
enum hf_server_wire_state hf_server_wire_handshake(struct hf_server_wire *wire);

/* Nothing can be read without news. */
bool hf_server_wire_is_silent(const struct hf_server_wire *wire);

enum hf_server_wire_state hf_server_wire_read(struct hf_server_wire *wire,
                                              char *room, size_t size,
                                              size_t *got);
enum hf_server_wire_state hf_server_wire_write(struct hf_server_wire *wire,
                                               struct hf_span text,
                                               size_t *sent);

/* We say no more. The client may go on; hf_server_wire_skip() forgets it, and
 * TLS. */
void hf_server_wire_finish(struct hf_server_wire *wire);
enum hf_server_wire_state hf_server_wire_skip(struct hf_server_wire *wire);

/* Close it. Harmless on one that is closed. */
void hf_server_wire_close(struct hf_server_wire *wire);
