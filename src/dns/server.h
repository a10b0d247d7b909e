/* SPDX-License-Identifier: Apache-2.0 */
/*
 * server.h -- addresses of name servers as people write them, and those of
 * the system.
 */
#pragma once

#include <stdbool.h>
#include <sys/socket.h>

#include "holdfast/err.h"
#include "holdfast/span.h"

#define HF_SERVER_LABEL_MAX 64

struct hf_server {
    struct sockaddr_storage address;
    socklen_t address_len;
    char label[HF_SERVER_LABEL_MAX]; /* "192.0.2.1@53", with NUL */
};

/*
 * Read "192.0.2.1", "192.0.2.1@5300", "2001:db8::1@53", "fe80::1%eth0". No
 * names: finding their address would need a name server. Port 53 if none is
 * given.
 * Fails: HF_ESYNTAX.
 */
enum hf_err hf_server_parse(struct hf_span text, struct hf_server *out,
                            struct hf_why *why);

/* The same from an address of 4 or 16 octets in network order. */
enum hf_err hf_server_of_address(struct hf_span address, uint16_t port,
                                 struct hf_server *out, struct hf_why *why);

/* 127.0.0.0/8 or ::1: nobody else's packets get there. */
bool hf_server_is_loopback(const struct hf_server *server);

bool hf_server_is_ipv6(const struct hf_server *server);

/* On this machine, or in a private network (RFC 1918, RFC 4193, link-local). */
bool hf_server_is_near(const struct hf_server *server);

/*
 * Append the servers of /etc/resolv.conf, at most `max` in all; of one family
 * when only one of the two is wanted.
 * Fails: HF_ENOTFOUND, HF_ESYSTEM, HF_ENOMEM.
 */
enum hf_err hf_servers_of_system(struct hf_server *servers, size_t max,
                                 size_t *count, struct hf_why *why);
