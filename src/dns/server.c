/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/server.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>

#include "os/file.h"

#define DNS_PORT     53
#define RESOLV_CONF  "/etc/resolv.conf"
#define LINE_MAX_LEN 1024

/* 1 to 65535, no sign, no blank. */
static bool read_port(struct hf_span text, uint16_t *out)
{
    unsigned value = 0;

    if (text.len == 0 || text.len > 5)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (!hf_is_digit(text.ptr[i]))
            return false;
        value = value * 10 + (unsigned)(text.ptr[i] - '0');
    }
    *out = (uint16_t)value;
    return value >= 1 && value <= 65535;
}

static bool read_ipv4(const char *text, uint16_t port, struct hf_server *out)
{
    struct sockaddr_in *to = (struct sockaddr_in *)&out->address;

    if (inet_pton(AF_INET, text, &to->sin_addr) != 1)
        return false;
    to->sin_family = AF_INET;
    to->sin_port = htons(port);
    out->address_len = sizeof(*to);
    return true;
}

static bool read_ipv6(char *text, uint16_t port, struct hf_server *out)
{
    struct sockaddr_in6 *to = (struct sockaddr_in6 *)&out->address;
    char *zone = strchr(text, '%');

    if (zone != NULL) {
        *zone = '\0';
        to->sin6_scope_id = if_nametoindex(zone + 1);
        if (to->sin6_scope_id == 0)
            return false;
    }
    if (inet_pton(AF_INET6, text, &to->sin6_addr) != 1)
        return false;
    to->sin6_family = AF_INET6;
    to->sin6_port = htons(port);
    out->address_len = sizeof(*to);
    return true;
}

enum hf_err hf_server_parse(struct hf_span text, struct hf_server *out,
                            struct hf_why *why)
{
    struct hf_server server = {0};
    struct hf_span rest = text;
    struct hf_span host = hf_span_cut(&rest, hf_span_find(text, '@'));
    uint16_t port = DNS_PORT;
    char room[HF_SERVER_LABEL_MAX - 6]; /* "@65535" */

    if (host.len >= sizeof(room))
        return hf_fail(why, HF_ESYNTAX, 0, "not an IP address");
    if (hf_span_skip(&rest, '@') && !read_port(rest, &port))
        return hf_fail(why, HF_ESYNTAX, host.len + 1,
                       "not a port: 1 to 65535 after '@'");
    if (host.len > 0)
        memcpy(room, host.ptr, host.len);
    room[host.len] = '\0';
    (void)snprintf(server.label, sizeof(server.label), "%s@%u", room,
                   (unsigned)port);
    if (!read_ipv4(room, port, &server) && !read_ipv6(room, port, &server))
        return hf_fail(why, HF_ESYNTAX, 0,
                       "not an IP address (ADDRESS or ADDRESS@PORT)");
    *out = server;
    return HF_OK;
}

enum hf_err hf_server_of_address(struct hf_span address, uint16_t port,
                                 struct hf_server *out, struct hf_why *why)
{
    char host[INET6_ADDRSTRLEN];
    char text[HF_SERVER_LABEL_MAX];

    if ((address.len != 4 && address.len != 16) ||
        inet_ntop(address.len == 4 ? AF_INET : AF_INET6, address.ptr, host,
                  sizeof(host)) == NULL)
        return hf_fail(why, HF_ESYNTAX, 0, "not an IP address");
    (void)snprintf(text, sizeof(text), "%s@%u", host, (unsigned)port);
    return hf_server_parse(hf_span_str(text), out, why);
}

bool hf_server_is_loopback(const struct hf_server *server)
{
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)&server->address;
    const struct sockaddr_in6 *v6 =
        (const struct sockaddr_in6 *)&server->address;

    if (hf_server_is_ipv6(server))
        return IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
    return ntohl(v4->sin_addr.s_addr) >> 24 == 127;
}

bool hf_server_is_ipv6(const struct hf_server *server)
{
    return server->address.ss_family == AF_INET6;
}

static bool is_near_ipv4(uint32_t address)
{
    return address >> 24 == 127 || address >> 24 == 10 ||
           address >> 20 == 0xac1 || address >> 16 == 0xc0a8 ||
           address >> 16 == 0xa9fe;
}

bool hf_server_is_near(const struct hf_server *server)
{
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)&server->address;
    const struct sockaddr_in6 *v6 =
        (const struct sockaddr_in6 *)&server->address;
    const uint8_t *octets = v6->sin6_addr.s6_addr;

    if (!hf_server_is_ipv6(server))
        return is_near_ipv4(ntohl(v4->sin_addr.s_addr));
    return IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr) ||
           IN6_IS_ADDR_LINKLOCAL(&v6->sin6_addr) || (octets[0] & 0xfe) == 0xfc;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* The first word of `*rest`, cut off with the blanks before it. */
static struct hf_span take_word(struct hf_span *rest)
{
    size_t n = 0;

    while (rest->len > 0 && is_blank(rest->ptr[0]))
        (void)hf_span_cut(rest, 1);
    while (n < rest->len && !is_blank(rest->ptr[n]))
        n++;
    return hf_span_cut(rest, n);
}

enum hf_err hf_servers_of_system(struct hf_server *servers, size_t max,
                                 size_t *count, struct hf_why *why)
{
    struct hf_lines lines;
    struct hf_span line;
    bool more = true;
    enum hf_err err = hf_lines_open(&lines, RESOLV_CONF, LINE_MAX_LEN, why);

    if (err != HF_OK)
        return err;
    while (*count < max) {
        err = hf_lines_next(&lines, &line, &more, why);
        if (err == HF_ELIMIT)
            continue;
        if (err != HF_OK || !more)
            break;
        if (hf_span_eq(take_word(&line), HF_SPAN("nameserver")) &&
            hf_server_parse(take_word(&line), &servers[*count], NULL) == HF_OK)
            (*count)++;
    }
    hf_lines_close(&lines);
    return err;
}
