/* SPDX-License-Identifier: Apache-2.0 */
/*
 * resolver_floor.c -- the same look-ups as resolver_load.c, by libunbound in
 * this very process: no wall, no messages.
 */
#include <event2/event.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unbound-event.h>
#include <unbound.h>

#define TXT     16
#define INET    1
#define WINDOW  128
#define SECURE  2
#define RDATA   12 /* octets before it in a record whose owner is a pointer */
#define HEADER  12
#define TYPE_TO 4 /* type and class of the question */

/* As src/dns/worker.c sets them for a CA. */
static const char *const options[][2] = {
    {"edns-buffer-size:", "1232"}, {"do-not-query-localhost:", "no"},
    {"use-caps-for-id:", "yes"},   {"infra-cache-slabs:", "1"},
    {"key-cache-slabs:", "1"},     {"msg-cache-slabs:", "1"},
    {"rrset-cache-slabs:", "1"},   {"msg-cache-size:", "2m"},
    {"rrset-cache-size:", "4m"},   {"unblock-lan-zones:", "yes"},
    {"cache-max-ttl:", "60"},      {"cache-max-negative-ttl:", "0"},
    {"aggressive-nsec:", "no"},    {"serve-original-ttl:", "yes"},
    {"qname-minimisation:", "no"}, {"trust-anchor-signaling:", "no"},
};

static struct ub_ctx *ctx;
static struct event_base *base;
static FILE *names;
static int under_way;
static bool led;
static uint64_t secure;
static uint64_t octets;

/* Of the only record of an answer whose question has no pointer. */
static size_t rdata_len(const unsigned char *packet, size_t len)
{
    size_t at = HEADER;

    while (at < len && packet[at] != 0)
        at += packet[at] + 1U;
    at += 1 + TYPE_TO + RDATA;
    return at > len ? 0 : (size_t)packet[at - 2] << 8 | packet[at - 1];
}

static void ask(void);

static void on_answer(void *data, int rcode, void *packet, int len, int sec,
                      char *why_bogus, int was_ratelimited)
{
    (void)data;
    (void)why_bogus;
    (void)was_ratelimited;
    under_way--;
    secure += sec == SECURE;
    if (rcode == 0 && packet != NULL)
        octets += rdata_len(packet, (size_t)len);
    led = true; /* the keys of the zones are known: the others may go */
    ask();
}

static void ask(void)
{
    static char line[1024];
    int id;

    while (under_way < (led ? WINDOW : 1) &&
           fgets(line, sizeof(line), names) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        under_way++;
        if (ub_resolve_event(ctx, line, TXT, INET, NULL, on_answer, &id) !=
            UB_NOERROR)
            exit(1);
    }
    if (under_way == 0)
        (void)event_base_loopbreak(base);
}

static bool set_up(int argc, char **argv)
{
    base = event_base_new();
    ctx = ub_ctx_create_event(base);
    if (ctx == NULL)
        return false;
    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
        if (ub_ctx_set_option(ctx, options[i][0], options[i][1]) != UB_NOERROR)
            return false;
    for (int i = 3; i < argc; i++) {
        char *address = strchr(argv[i], '=');

        if (address == NULL)
            return false;
        *address++ = '\0';
        if (ub_ctx_set_stub(ctx, argv[i], address, 0) != UB_NOERROR)
            return false;
    }
    return ub_ctx_add_ta_file(ctx, argv[2]) == UB_NOERROR;
}

int main(int argc, char **argv)
{
    names = argc < 3 ? NULL : fopen(argv[1], "re");
    if (names == NULL || !set_up(argc, argv)) {
        fprintf(stderr, "usage: resolver_floor NAMES ANCHOR STUB...\n");
        return 64;
    }
    ask();
    (void)event_base_dispatch(base);
    printf("%" PRIu64 " secure, %" PRIu64 " octets\n", secure, octets);
    ub_ctx_delete(ctx);
    event_base_free(base);
    (void)fclose(names);
    return 0;
}
