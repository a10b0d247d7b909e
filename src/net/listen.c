/* SPDX-License-Identifier: Apache-2.0 */
#include "net/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "names/ip.h"
#include "os/fail.h"

#define BACKLOG 4096 /* the kernel cuts it to its own limit */

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    struct sockaddr_un local;
};

static enum hf_err refused(struct hf_why *why)
{
    switch (errno) {
    case EADDRINUSE:
        return hf_fail(why, HF_EPEER, 0,
                       "another program listens at this address");
    case EACCES:
    case EPERM:
        return hf_fail(why, HF_EPEER, 0,
                       "we may not listen at this address: ports below 1024 "
                       "are for root, or for whoever has "
                       "CAP_NET_BIND_SERVICE");
    case EADDRNOTAVAIL:
    case EAFNOSUPPORT:
        return hf_fail(why, HF_EPEER, 0,
                       "the address to listen at is not one of this machine");
    default:
        return hf_fail_sys(why, errno, "listen");
    }
}

static enum hf_err start(int fd, const union address *address, socklen_t len,
                         struct hf_why *why)
{
    return bind(fd, &address->any, len) == 0 && listen(fd, BACKLOG) == 0
               ? HF_OK
               : refused(why);
}

/* ---- TCP ---- */

/* digits of a port: all of the text. */
static bool read_port(struct hf_span text, uint16_t *out)
{
    uint32_t value = 0;

    if (text.len == 0 || text.len > 5)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (!hf_is_digit(text.ptr[i]))
            return false;
        value = value * 10 + (uint32_t)(text.ptr[i] - '0');
    }
    if (value > UINT16_MAX)
        return false;
    *out = (uint16_t)value;
    return true;
}

static bool read_place(struct hf_span place, union address *out, socklen_t *len,
                       bool *is_local)
{
    struct hf_span host = hf_span_cut(&place, hf_span_find(place, '@'));
    uint8_t octets[16];
    size_t octet_count;
    uint16_t port;

    if (!hf_ip_parse(host, octets, &octet_count) ||
        !hf_span_skip(&place, '@') || !read_port(place, &port))
        return false;
    *out = (union address){0};
    if (octet_count == 4) {
        out->v4.sin_family = AF_INET;
        out->v4.sin_port = htons(port);
        memcpy(&out->v4.sin_addr, octets, 4);
        *is_local = octets[0] == 127;
        *len = sizeof(out->v4);
    } else {
        out->v6.sin6_family = AF_INET6;
        out->v6.sin6_port = htons(port);
        memcpy(&out->v6.sin6_addr, octets, 16);
        *is_local = IN6_IS_ADDR_LOOPBACK(&out->v6.sin6_addr);
        *len = sizeof(out->v6);
    }
    return true;
}

/* IPv4 has sockets of its own. Small replies are not held back until the last
 * one was acknowledged; what is accepted inherits that. */
static bool set_options(int fd, int family)
{
    int on = 1;

    return setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
           setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) == 0 &&
           (family == AF_INET ||
            setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) == 0);
}

static bool name_of(int fd, union address *out)
{
    socklen_t len = sizeof(*out);

    *out = (union address){0};
    return getsockname(fd, &out->any, &len) == 0;
}

static uint16_t port_of(int fd)
{
    union address address;

    if (!name_of(fd, &address))
        return 0;
    return ntohs(address.any.sa_family == AF_INET ? address.v4.sin_port
                                                  : address.v6.sin6_port);
}

static bool is_same(const union address *a, const union address *b)
{
    if (a->any.sa_family != b->any.sa_family)
        return false;
    if (a->any.sa_family == AF_INET)
        return a->v4.sin_port == b->v4.sin_port &&
               a->v4.sin_addr.s_addr == b->v4.sin_addr.s_addr;
    return a->any.sa_family == AF_INET6 && a->v6.sin6_port == b->v6.sin6_port &&
           memcmp(&a->v6.sin6_addr, &b->v6.sin6_addr,
                  sizeof(a->v6.sin6_addr)) == 0;
}

/* The one with that address; -1: there is none. */
static int find(const struct hf_handed *handed, const union address *address)
{
    for (int fd = handed->first; fd < handed->first + handed->count; fd++) {
        union address own;
        socklen_t len = sizeof(int);
        int listens = 0;

        if (name_of(fd, &own) && is_same(&own, address) &&
            getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) == 0 &&
            listens != 0)
            return fd;
    }
    return -1;
}

static enum hf_err make_tcp(const union address *address, socklen_t len,
                            struct hf_listen *out, struct hf_why *why)
{
    out->fd = socket(address->any.sa_family,
                     SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (out->fd < 0)
        return refused(why);
    if (!set_options(out->fd, address->any.sa_family))
        return hf_fail_sys(why, errno, "set up a socket");
    return start(out->fd, address, len, why);
}

/* Others may have it for something else: only what we need is changed. */
static enum hf_err take_tcp(int fd, struct hf_listen *out, struct hf_why *why)
{
    int flags = fcntl(fd, F_GETFL);
    int on = 1;

    out->fd = fd;
    out->is_handed = true;
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0 ||
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) != 0)
        return hf_fail_sys(why, errno, "set up a socket");
    return HF_OK;
}

static enum hf_err open_tcp(struct hf_span place,
                            const struct hf_handed *handed,
                            struct hf_listen *out, struct hf_why *why)
{
    union address address;
    enum hf_err err;
    socklen_t len;
    int fd;

    if (!read_place(place, &address, &len, &out->is_local))
        return hf_fail(why, HF_ESYNTAX, 0,
                       "an address to listen at is ADDRESS@PORT or "
                       "unix:/PATH");
    fd = find(handed, &address);
    err = fd >= 0 ? take_tcp(fd, out, why) : make_tcp(&address, len, out, why);
    if (err == HF_OK)
        out->port = port_of(out->fd);
    return err;
}

/* ---- Unix ---- */

/* Left behind by somebody who is gone: a socket that refuses. */
static bool is_abandoned(const union address *address)
{
    struct stat status;
    int fd;
    bool refuses;

    if (lstat(address->local.sun_path, &status) != 0 ||
        !S_ISSOCK(status.st_mode))
        return false;
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    refuses = fd >= 0 &&
              connect(fd, &address->any, sizeof(address->local)) != 0 &&
              errno == ECONNREFUSED;
    if (fd >= 0)
        (void)close(fd);
    return refuses;
}

static enum hf_err open_unix(struct hf_span path, struct hf_listen *out,
                             struct hf_why *why)
{
    union address address = {.local = {.sun_family = AF_UNIX}};
    enum hf_err err;
    mode_t mask;

    if (path.len == 0 || path.ptr[0] != '/' ||
        path.len >= sizeof(address.local.sun_path) ||
        hf_span_find(path, '\0') < path.len)
        return hf_fail(why, HF_ESYNTAX, 0,
                       "the path of a Unix socket begins with / and has 107 "
                       "octets at most");
    memcpy(address.local.sun_path, path.ptr, path.len);
    out->is_local = true;
    out->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (out->fd < 0)
        return hf_fail_sys(why, errno, "make a socket");
    if (is_abandoned(&address))
        (void)unlink(address.local.sun_path);
    mask = umask(0177);
    err = start(out->fd, &address, sizeof(address.local), why);
    (void)umask(mask);
    if (err == HF_OK)
        memcpy(out->path, path.ptr, path.len);
    return err;
}

enum hf_err hf_listen_open(struct hf_span place, const struct hf_handed *handed,
                           struct hf_listen *out, struct hf_why *why)
{
    struct hf_listen opened = {.fd = -1};
    enum hf_err err;

    if (hf_span_starts(place, HF_SPAN("unix:"))) {
        (void)hf_span_cut(&place, 5);
        err = open_unix(place, &opened, why);
    } else {
        err = open_tcp(place, handed, &opened, why);
    }
    if (err == HF_OK)
        *out = opened;
    else
        hf_listen_close(&opened);
    return err;
}

void hf_listen_close(struct hf_listen *listener)
{
    if (listener->fd < 0)
        return;
    (void)close(listener->fd);
    if (listener->path[0] != '\0')
        (void)unlink(listener->path);
    *listener = (struct hf_listen){.fd = -1};
}
