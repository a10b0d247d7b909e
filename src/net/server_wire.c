/* SPDX-License-Identifier: Apache-2.0 */
#include "net/server_wire.h"

#include <errno.h>
#include <limits.h>
#include <openssl/err.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define SKIP_ROOM 4096

/* ---- the socket ---- */

/* Octets, 0 at the end, or -1: blocked when readable is false, else broken. */
static ssize_t receive(struct hf_server_wire *wire, void *room, size_t size)
{
    ssize_t n;

    if (!wire->readable)
        return -1;
    do {
        n = recv(wire->fd, room, size, 0);
    } while (n < 0 && errno == EINTR);
    /* Less than asked for is all there was, unless the end is behind it. */
    if ((n < 0 && errno == EAGAIN) ||
        (n > 0 && (size_t)n < size && !wire->ending))
        wire->readable = false;
    return n;
}

static ssize_t transmit(struct hf_server_wire *wire, const void *data,
                        size_t size)
{
    ssize_t n;

    if (!wire->writable)
        return -1;
    do {
        n = send(wire->fd, data, size, MSG_NOSIGNAL);
    } while (n < 0 && errno == EINTR);
    if ((n < 0 && errno == EAGAIN) || (n >= 0 && (size_t)n < size))
        wire->writable = false;
    return n;
}

/* ---- OpenSSL's side of it ---- */

static int bio_read(BIO *bio, char *room, int size)
{
    struct hf_server_wire *wire = BIO_get_data(bio);
    ssize_t n = receive(wire, room, (size_t)size); /* OpenSSL asks for > 0 */

    BIO_clear_retry_flags(bio);
    if (n < 0 && !wire->readable)
        BIO_set_retry_read(bio);
    if (n == 0)
        BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
    return (int)n;
}

static int bio_write(BIO *bio, const char *data, int size)
{
    struct hf_server_wire *wire = BIO_get_data(bio);
    ssize_t n = transmit(wire, data, (size_t)size);

    BIO_clear_retry_flags(bio);
    if (n < 0 && !wire->writable)
        BIO_set_retry_write(bio);
    return (int)n;
}

static long bio_ctrl(BIO *bio, int command, long number, void *data)
{
    (void)number;
    (void)data;
    if (command == BIO_CTRL_EOF)
        return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0;
    return command == BIO_CTRL_FLUSH; /* nothing is held back */
}

BIO_METHOD *hf_server_wire_method_new(void)
{
    BIO_METHOD *method = BIO_meth_new(
        BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "holdfast wire");

    if (method == NULL)
        return NULL;
    (void)BIO_meth_set_read(method, bio_read);
    (void)BIO_meth_set_write(method, bio_write);
    (void)BIO_meth_set_ctrl(method, bio_ctrl);
    return method;
}

/* What an operation of OpenSSL came to that returned `result`. */
static enum hf_server_wire_state state_of(const struct hf_server_wire *wire,
                                          int result)
{
    switch (SSL_get_error(wire->ssl, result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
        return HF_SERVER_WIRE_BLOCKED;
    case SSL_ERROR_ZERO_RETURN:
        return HF_SERVER_WIRE_ENDED;
    default:
        return HF_SERVER_WIRE_BROKEN;
    }
}

/* ---- wires ---- */

enum hf_err hf_server_wire_open(struct hf_server_wire *wire, int fd,
                                SSL_CTX *ctx, const BIO_METHOD *method)
{
    SSL *ssl = NULL;

    if (ctx != NULL) {
        BIO *bio = BIO_new(method);

        ssl = SSL_new(ctx);
        if (ssl == NULL || bio == NULL) {
            SSL_free(ssl);
            BIO_free(bio);
            ERR_clear_error();
            return HF_ENOMEM;
        }
        BIO_set_data(bio, wire);
        BIO_set_init(bio, 1);
        SSL_set_bio(ssl, bio, bio);
        SSL_set_accept_state(ssl);
    }
    *wire = (struct hf_server_wire){.fd = fd, .ssl = ssl, .writable = true};
    return HF_OK;
}

void hf_server_wire_note(struct hf_server_wire *wire, uint32_t events)
{
    if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0)
        wire->readable = true;
    if ((events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0)
        wire->writable = true;
    if ((events & (EPOLLRDHUP | EPOLLHUP)) != 0)
        wire->ending = true;
}

enum hf_server_wire_state hf_server_wire_handshake(struct hf_server_wire *wire)
{
    enum hf_server_wire_state state = HF_SERVER_WIRE_MOVED;
    int result;

    ERR_clear_error();
    result = SSL_accept(wire->ssl);
    if (result != 1)
        state = state_of(wire, result);
    return state == HF_SERVER_WIRE_ENDED ? HF_SERVER_WIRE_BROKEN : state;
}

bool hf_server_wire_is_silent(const struct hf_server_wire *wire)
{
    return !wire->readable &&
           (wire->ssl == NULL || SSL_has_pending(wire->ssl) == 0);
}

static enum hf_server_wire_state
read_plain(struct hf_server_wire *wire, char *room, size_t size, size_t *got)
{
    ssize_t n = receive(wire, room, size);

    if (n < 0)
        return wire->readable ? HF_SERVER_WIRE_BROKEN : HF_SERVER_WIRE_BLOCKED;
    *got = (size_t)n;
    return n == 0 ? HF_SERVER_WIRE_ENDED : HF_SERVER_WIRE_MOVED;
}

enum hf_server_wire_state hf_server_wire_read(struct hf_server_wire *wire,
                                              char *room, size_t size,
                                              size_t *got)
{
    int result;

    if (wire->ssl == NULL)
        return read_plain(wire, room, size, got);
    ERR_clear_error();
    result = SSL_read_ex(wire->ssl, room, size, got);
    return result == 1 ? HF_SERVER_WIRE_MOVED : state_of(wire, result);
}

static enum hf_server_wire_state write_plain(struct hf_server_wire *wire,
                                             struct hf_span text, size_t *sent)
{
    ssize_t n = transmit(wire, text.ptr, text.len);

    if (n < 0)
        return wire->writable ? HF_SERVER_WIRE_BROKEN : HF_SERVER_WIRE_BLOCKED;
    *sent = (size_t)n;
    return HF_SERVER_WIRE_MOVED;
}

enum hf_server_wire_state hf_server_wire_write(struct hf_server_wire *wire,
                                               struct hf_span text,
                                               size_t *sent)
{
    int result;

    if (wire->ssl == NULL)
        return write_plain(wire, text, sent);
    ERR_clear_error();
    result = SSL_write_ex(wire->ssl, text.ptr, text.len, sent);
    return result == 1 ? HF_SERVER_WIRE_MOVED : state_of(wire, result);
}

/* Tell the client of the end, if TLS is in a state to; it need not answer. */
static void say_end(struct hf_server_wire *wire)
{
    if (wire->ssl == NULL || !SSL_is_init_finished(wire->ssl))
        return;
    ERR_clear_error();
    (void)SSL_shutdown(wire->ssl);
    ERR_clear_error();
}

void hf_server_wire_finish(struct hf_server_wire *wire)
{
    say_end(wire);
    (void)shutdown(wire->fd, SHUT_WR);
}

enum hf_server_wire_state hf_server_wire_skip(struct hf_server_wire *wire)
{
    char unwanted[SKIP_ROOM];
    size_t got;

    return read_plain(wire, unwanted, sizeof(unwanted), &got);
}

void hf_server_wire_close(struct hf_server_wire *wire)
{
    if (wire->fd < 0)
        return;
    SSL_free(wire->ssl);
    (void)close(wire->fd);
    *wire = (struct hf_server_wire){.fd = -1};
}
