/* SPDX-License-Identifier: Apache-2.0 */
/*
 * In which order questions go to libunbound. The worker is this program
 * executed again, and the server that it asks is a socket of this test.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dns/resolver.h"
#include "dns/wire.h"
#include "dns/worker.h"
#include "tests/unit/unit.h"

#define HEAD_LEN 12 /* of a message */

static int server_open(char *address, size_t size)
{
    struct sockaddr_in here = {.sin_family = AF_INET,
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(here);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    assert_int_equal(bind(fd, (struct sockaddr *)&here, len), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&here, &len), 0);
    (void)snprintf(address, size, "127.0.0.1@%u",
                   (unsigned)ntohs(here.sin_port));
    return fd;
}

/* What is asked about the root is refused, the rest has no answer. True when
 * there was something of the rest. */
static bool server_step(int fd)
{
    unsigned char packet[1500];
    struct sockaddr_in from;
    socklen_t len = sizeof(from);
    ssize_t n = recvfrom(fd, packet, sizeof(packet), MSG_DONTWAIT,
                         (struct sockaddr *)&from, &len);

    if (n <= HEAD_LEN)
        return false;
    if (packet[HEAD_LEN] != 0)
        return true;
    packet[2] |= 0x80; /* a response */
    packet[3] = (packet[3] & 0xf0) | HF_RCODE_REFUSED;
    (void)sendto(fd, packet, (size_t)n, 0, (struct sockaddr *)&from, len);
    return false;
}

/* The first question goes ahead and gets no answer; one that comes later waits
 * for a moment, not for the end of that. */
static void first_is_slow(void **state)
{
    const struct hf_lookup slow = {.owner = HF_SPAN_INIT("slow.example"),
                                   .type = HF_RR_TXT};
    const struct hf_lookup quick = {.owner = HF_SPAN_INIT("localhost"),
                                    .type = HF_RR_A};
    char address[32];
    int fd = server_open(address, sizeof(address));
    const struct hf_resolver_config config = {
        .forward = address, .timeout_ms = 20000, .window = 2, .no_wall = true};
    struct hf_resolver resolver = {0};
    struct hf_found found = {0};
    uint64_t ticket = 0;
    bool sent = false;
    bool got = false;

    (void)state;
    assert_int_equal(hf_resolver_unbound(&config, &resolver, NULL), HF_OK);
    assert_int_equal(hf_resolver_submit(&resolver, &slow, 1, NULL), HF_OK);
    while (!got) {
        if (server_step(fd) && !sent) {
            sent = true;
            assert_int_equal(hf_resolver_submit(&resolver, &quick, 2, NULL),
                             HF_OK);
        }
        assert_int_equal(
            hf_resolver_poll(&resolver, 1, &ticket, &found, &got, NULL), HF_OK);
    }
    assert_int_equal(ticket, 2);
    hf_found_clear(&found);
    hf_resolver_clear(&resolver);
    (void)close(fd);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_is_slow),
    };

    if (argc == 2 && strcmp(argv[1], HF_WORKER_ROLE) == 0)
        return hf_worker_run(STDIN_FILENO) ? 0 : 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
