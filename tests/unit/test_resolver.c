/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the parent makes of its worker. The worker is this program executed
 * again, and plays the part that `forward` names: honest, or an enemy.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "dns/asker_worker.h"
#include "dns/resolver.h"
#include "dns/worker.h"
#include "dns/worker_msg.h"
#include "os/clock.h"
#include "tests/unit/part.h"
#include "tests/unit/scratch.h"
#include "tests/unit/unit.h"

/* ---- the worker's side ---- */

static struct hf_found part_answer(const struct hf_worker_query *query)
{
    bool direct = query->server.len > 0;

    return (struct hf_found){.state = HF_FOUND_NODATA,
                             .security = direct ? HF_INDETERMINATE : HF_SECURE,
                             .authoritative = direct,
                             .type = query->type,
                             .owner = query->owner,
                             .server = direct ? query->server
                                              : HF_SPAN("libunbound")};
}

/* One query, answered as the part demands. */
static bool part_play(struct part *part, const char *role,
                      const struct hf_worker_query *query)
{
    struct hf_found found = part_answer(query);
    uint64_t ticket = query->ticket;

    if (strcmp(role, "dies") == 0 ||
        (role[0] == '/' && access(role, F_OK) == 0))
        return false;
    if (strcmp(role, "is silent") == 0)
        return true;
    if (strcmp(role, "babbles") == 0) {
        hf_buf_puts(&part->out, "HTTP/1.1 200 OK\r\n\r\n");
        return true;
    }
    if (strcmp(role, "answers others") == 0)
        ticket += 1000;
    if (strcmp(role, "changes the type") == 0)
        found.type++;
    if (strcmp(role, "changes the owner") == 0)
        found.owner = HF_SPAN("evil.example");
    if (strcmp(role, "validates a server") == 0)
        found.security = HF_SECURE;
    if (strcmp(role, "asks another server") == 0)
        found.server = HF_SPAN("192.0.2.2@53");
    if (strcmp(role, "has no way and an answer") == 0)
        found.no_route = true;
    hf_msg_put_answer(&part->out, ticket, &found);
    if (strcmp(role, "answers twice") == 0)
        hf_msg_put_answer(&part->out, ticket, &found);
    return true;
}

static int worker_main(void)
{
    static struct hf_config_room room;
    struct hf_resolver_config config;
    struct hf_worker_query query;
    struct part part;

    part_begin(&part);
    if (!part_receive(&part) ||
        hf_msg_read_config(part.frame.body, &room, &config, NULL) != HF_OK ||
        !hf_role_greet_with(0,
                            strcmp(config.forward, "refuses") == 0
                                ? HF_WORKER_WALL
                                : HF_WORKER_READY,
                            hf_span_str(config.forward)))
        return 1;
    while (part_receive(&part)) {
        if (hf_msg_read_query(part.frame.body, &query, NULL) != HF_OK ||
            !part_play(&part, config.forward, &query))
            return 1;
        part_send(&part);
    }
    return 0;
}

/* ---- the parent's side ---- */

static const struct hf_lookup lookup = {.owner = HF_SPAN_INIT("a.example"),
                                        .type = 16};

static struct hf_resolver resolver_of(const char *role, int64_t timeout_ms)
{
    const struct hf_resolver_config config = {
        .forward = role, .timeout_ms = timeout_ms, .window = 4};
    struct hf_resolver resolver = {0};

    assert_int_equal(hf_resolver_unbound(&config, &resolver, NULL), HF_OK);
    return resolver;
}

static void honest_worker(void **state)
{
    struct hf_resolver resolver = resolver_of("is honest", 5000);
    struct hf_found found;

    (void)state;
    assert_int_equal(hf_resolver_ask(&resolver, &lookup, &found, NULL), HF_OK);
    assert_int_equal(found.state, HF_FOUND_NODATA);
    assert_int_equal(found.security, HF_SECURE);
    assert_span_equal(found.owner, HF_SPAN("a.example"));
    hf_found_clear(&found);
    hf_resolver_clear(&resolver);
}

static const struct hf_lookup direct = {
    .owner = HF_SPAN_INIT("a.example"),
    .type = 16,
    .server = HF_SPAN_INIT("192.0.2.1@53"),
};

static void honest_asker(void **state)
{
    struct hf_resolver resolver = resolver_of("is honest", 5000);
    struct hf_found found;

    (void)state;
    assert_int_equal(hf_resolver_ask(&resolver, &direct, &found, NULL), HF_OK);
    assert_int_equal(found.state, HF_FOUND_NODATA);
    assert_true(found.authoritative);
    assert_span_equal(found.server, direct.server);
    hf_found_clear(&found);
    hf_resolver_clear(&resolver);
}

static void hostile_askers(void **state)
{
    static const char *const roles[] = {
        "dies",
        "changes the owner",
        "validates a server",
        "asks another server",
        "has no way and an answer",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(roles); i++) {
        struct hf_resolver resolver = resolver_of(roles[i], 50);
        struct hf_found found;

        assert_int_equal(hf_resolver_ask(&resolver, &direct, &found, NULL),
                         HF_OK);
        if (found.state != HF_FOUND_FAILURE || found.reason.len == 0 ||
            found.authoritative || !hf_span_eq(found.server, direct.server))
            fail_msg("a worker that %s was believed", roles[i]);
        hf_found_clear(&found);
        hf_resolver_clear(&resolver);
    }
}

/* Whatever it does, the parent ends with a failure of the look-up, never with
 * the lie, and never hangs. */
static void hostile_workers(void **state)
{
    static const char *const roles[] = {
        "dies",      "babbles",          "answers others",
        "is silent", "changes the type", "changes the owner",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(roles); i++) {
        struct hf_resolver resolver = resolver_of(roles[i], 50);
        struct hf_found found;

        assert_int_equal(hf_resolver_ask(&resolver, &lookup, &found, NULL),
                         HF_OK);
        if (found.state != HF_FOUND_FAILURE || found.reason.len == 0 ||
            found.record_count != 0)
            fail_msg("a worker that %s was believed", roles[i]);
        hf_found_clear(&found);
        hf_resolver_clear(&resolver);
    }
}

/* The second answer is nonsense: that worker is replaced, the next look-up
 * goes well. */
static void replaced_once(void **state)
{
    struct hf_resolver resolver = resolver_of("answers twice", 5000);
    struct hf_found found;

    (void)state;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(hf_resolver_ask(&resolver, &lookup, &found, NULL),
                         HF_OK);
        assert_int_equal(found.state, HF_FOUND_NODATA);
        hf_found_clear(&found);
    }
    /* Both workers are spent now. */
    assert_int_equal(hf_resolver_ask(&resolver, &lookup, &found, NULL), HF_OK);
    assert_int_equal(found.state, HF_FOUND_FAILURE);
    hf_found_clear(&found);
    hf_resolver_clear(&resolver);
}

/* In the end there is one again, however many have died: none is lost for good
 * in a process that lives for years. */
static void replaced_again(void **state)
{
    const struct hf_resolver_config config = {
        .forward = "answers twice", .window = 4, .again_ms = 1};
    struct hf_resolver resolver = {0};
    struct hf_found found;

    (void)state;
    assert_int_equal(hf_resolver_unbound(&config, &resolver, NULL), HF_OK);
    for (int i = 0; i < 6; i++) {
        (void)poll(NULL, 0, 2);
        assert_int_equal(hf_resolver_ask(&resolver, &lookup, &found, NULL),
                         HF_OK);
        assert_int_equal(found.state, HF_FOUND_NODATA);
        hf_found_clear(&found);
    }
    hf_resolver_clear(&resolver);
}

/* Two that die at once are too many; later there may be another. These die as
 * long as a folder is there. */
static void lost_for_a_while(void **state)
{
    char folder[SCRATCH_MAX];
    const struct hf_resolver_config config = {
        .forward = folder, .window = 4, .again_ms = 200};
    struct hf_resolver resolver = {0};
    struct hf_found found;

    (void)state;
    assert_int_equal(scratch_make(folder), 0);
    assert_int_equal(hf_resolver_unbound(&config, &resolver, NULL), HF_OK);
    assert_int_equal(hf_resolver_ask(&resolver, &lookup, &found, NULL), HF_OK);
    assert_int_equal(found.state, HF_FOUND_FAILURE);
    hf_found_clear(&found);
    assert_int_equal(scratch_remove(folder), 0);
    (void)poll(NULL, 0, 201);
    assert_int_equal(hf_resolver_ask(&resolver, &lookup, &found, NULL), HF_OK);
    assert_int_equal(found.state, HF_FOUND_NODATA);
    hf_found_clear(&found);
    hf_resolver_clear(&resolver);
}

/* What waited too long before it was asked says nothing about the worker, and
 * ends neither this one nor the next. */
static void asked_too_late(void **state)
{
    struct hf_resolver resolver = resolver_of("is honest", 5000);
    struct hf_lookup late = lookup;
    struct hf_found found;

    (void)state;
    late.give_up_at_ms = hf_clock_ms() - 60000;
    for (int i = 0; i < 4; i++) {
        assert_int_equal(hf_resolver_ask(&resolver, &late, &found, NULL),
                         HF_OK);
        assert_int_equal(found.state, HF_FOUND_NODATA);
        hf_found_clear(&found);
    }
    hf_resolver_clear(&resolver);
}

static void refusal_to_start(void **state)
{
    const struct hf_resolver_config config = {.forward = "refuses"};
    struct hf_resolver resolver = {0};
    struct hf_why why = {0};

    (void)state;
    assert_int_equal(hf_resolver_unbound(&config, &resolver, &why), HF_EPEER);
    assert_non_null(strstr(why.text, "--sandbox=off"));
    hf_resolver_clear(&resolver);
}

static void full_window(void **state)
{
    struct hf_resolver resolver = resolver_of("is honest", 5000);
    bool seen[4] = {0};

    (void)state;
    for (uint64_t i = 0; i < 4; i++)
        assert_int_equal(hf_resolver_submit(&resolver, &lookup, i, NULL),
                         HF_OK);
    assert_int_equal(hf_resolver_submit(&resolver, &lookup, 9, NULL),
                     HF_ELIMIT);
    for (int i = 0; i < 4;) {
        struct hf_found found;
        uint64_t ticket = 0;
        bool got = false;

        assert_int_equal(
            hf_resolver_poll(&resolver, 1000, &ticket, &found, &got, NULL),
            HF_OK);
        if (!got)
            continue;
        assert_true(ticket < 4 && !seen[ticket]);
        seen[ticket] = true;
        hf_found_clear(&found);
        i++;
    }
    assert_int_equal(resolver.under_way, 0);
    hf_resolver_clear(&resolver);
}

static void bad_owner(void **state)
{
    struct hf_resolver resolver = resolver_of("is honest", 5000);
    const struct hf_lookup bad = {.owner = HF_SPAN_INIT("a..b"), .type = 16};
    const struct hf_lookup nobody = {.owner = HF_SPAN_INIT("a.example"),
                                     .type = 16,
                                     .server = HF_SPAN_INIT("ns.example")};

    (void)state;
    assert_int_equal(hf_resolver_submit(&resolver, &bad, 0, NULL), HF_ESYNTAX);
    assert_int_equal(hf_resolver_submit(&resolver, &nobody, 0, NULL),
                     HF_ESYNTAX);
    assert_int_equal(resolver.under_way, 0);
    hf_resolver_clear(&resolver);
}

/* RFC 6840, 5.7: the AD bit counts on loopback only. */
static void ad_bit_only_here(void **state)
{
    const struct hf_resolver_config config = {0};
    struct hf_resolver resolver = {0};

    (void)state;
    assert_int_equal(
        hf_resolver_ad(HF_SPAN("192.0.2.1"), &config, &resolver, NULL),
        HF_EINVAL);
    assert_int_equal(
        hf_resolver_ad(HF_SPAN("2001:db8::1@53"), &config, &resolver, NULL),
        HF_EINVAL);
    assert_int_equal(
        hf_resolver_ad(HF_SPAN("localhost"), &config, &resolver, NULL),
        HF_ESYNTAX);
    assert_int_equal(
        hf_resolver_ad(HF_SPAN("127.0.0.53@5353"), &config, &resolver, NULL),
        HF_OK);
    hf_resolver_clear(&resolver);
}

/* Nobody listens there: a failure, soon. */
static void ad_nobody_there(void **state)
{
    const struct hf_resolver_config config = {.timeout_ms = 300, .window = 2};
    struct hf_resolver resolver = {0};
    struct hf_found found;

    (void)state;
    assert_int_equal(
        hf_resolver_ad(HF_SPAN("127.0.0.1@1"), &config, &resolver, NULL),
        HF_OK);
    assert_int_equal(hf_resolver_ask(&resolver, &lookup, &found, NULL), HF_OK);
    assert_int_equal(found.state, HF_FOUND_FAILURE);
    assert_int_equal(found.security, HF_INDETERMINATE);
    hf_found_clear(&found);
    hf_resolver_clear(&resolver);
}

/* Somebody is there and says nothing: the look-up's own time counts, also while
 * it waits to know whether that validates. */
static void ad_silence(void **state)
{
    const struct hf_resolver_config config = {.timeout_ms = 50, .window = 2};
    struct sockaddr_in here = {.sin_family = AF_INET,
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(here);
    struct hf_resolver resolver = {0};
    struct hf_found found;
    char address[32];
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    (void)state;
    assert_int_equal(bind(fd, (struct sockaddr *)&here, len), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&here, &len), 0);
    (void)snprintf(address, sizeof(address), "127.0.0.1@%u",
                   (unsigned)ntohs(here.sin_port));
    assert_int_equal(
        hf_resolver_ad(hf_span_str(address), &config, &resolver, NULL), HF_OK);
    assert_int_equal(hf_resolver_ask(&resolver, &lookup, &found, NULL), HF_OK);
    assert_int_equal(found.state, HF_FOUND_FAILURE);
    assert_span_equal(found.reason,
                      HF_SPAN("no answer within the time allowed"));
    hf_found_clear(&found);
    hf_resolver_clear(&resolver);
    (void)close(fd);
}

/* Every allocation that fails on the way is a clean refusal. */
static void no_memory(void **state)
{
    const struct hf_resolver_config config = {
        .forward = "is honest", .timeout_ms = 5000, .window = 2};
    struct hf_resolver resolver = {0};
    enum hf_err err = HF_ENOMEM;
    long n = 0;

    (void)state;
    for (; err == HF_ENOMEM; n++) {
        hf_alloc_fail_after(n, false);
        err = hf_resolver_unbound(&config, &resolver, NULL);
        hf_alloc_fail_after(-1, false);
    }
    assert_int_equal(err, HF_OK);
    assert_true(n > 4);
    hf_resolver_clear(&resolver);
    err = HF_ENOMEM;
    for (n = 0; err == HF_ENOMEM; n++) {
        hf_alloc_fail_after(n, false);
        err = hf_resolver_ad(HF_SPAN("127.0.0.1"), &config, &resolver, NULL);
        hf_alloc_fail_after(-1, false);
    }
    assert_int_equal(err, HF_OK);
    assert_true(n > 3);
    hf_resolver_clear(&resolver);
}

static const struct {
    const char *version;
    bool outdated;
} versions[] = {
    {"0.9.9", true},    {"1.17.1", true},  {"1.26.0", true},
    {"1.26.1", false},  {"1.27.0", false}, {"2.0.0", false},
    {"1.26.10", false}, {"1.3", true},     {"nonsense", true},
};

/* The number is what the process says of itself. */
static void version_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(versions); i++) {
        struct hf_resolver resolver = resolver_of(versions[i].version, 5000);

        if (hf_resolver_is_outdated(&resolver) != versions[i].outdated)
            fail_msg("%s", resolver.label);
        hf_resolver_clear(&resolver);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(honest_worker),    cmocka_unit_test(hostile_workers),
        cmocka_unit_test(honest_asker),     cmocka_unit_test(hostile_askers),
        cmocka_unit_test(replaced_again),   cmocka_unit_test(lost_for_a_while),
        cmocka_unit_test(replaced_once),    cmocka_unit_test(asked_too_late),
        cmocka_unit_test(refusal_to_start), cmocka_unit_test(full_window),
        cmocka_unit_test(bad_owner),        cmocka_unit_test(no_memory),
        cmocka_unit_test(ad_bit_only_here), cmocka_unit_test(ad_nobody_there),
        cmocka_unit_test(ad_silence),       cmocka_unit_test(version_table),
    };

    if (argc == 2 && strcmp(argv[1], HF_WORKER_ROLE) == 0)
        return worker_main();
    if (argc == 2 && strcmp(argv[1], HF_ASKER_ROLE) == 0)
        return hf_asker_worker_run(STDIN_FILENO) ? 0 : 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
