/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the parent makes of the process that talks with a primary server. That
 * process is this program executed again; the name of the TSIG key is the part
 * that it plays: honest, an enemy, or the real one.
 *
 * REQ CLI-37.
 */
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "dns/primary.h"
#include "dns/primary_msg.h"
#include "dns/primary_worker.h"
#include "dns/tsig_key.h"
#include "os/clock.h"
#include "tests/unit/part.h"
#include "tests/unit/unit.h"

#define OWNER "_validation-persist.a.example"

static struct hf_wire_name name_of(const char *text)
{
    struct hf_wire_name name;

    assert_int_equal(hf_wire_name_parse(hf_span_str(text), &name, NULL), HF_OK);
    return name;
}

/* ---- the other process ---- */

static const struct hf_found nothing = {.state = HF_FOUND_NODATA,
                                        .security = HF_INDETERMINATE,
                                        .type = HF_RR_TXT,
                                        .owner = HF_SPAN_INIT(OWNER),
                                        .server = HF_SPAN_INIT("x")};

static void play_honest(struct part *part)
{
    struct hf_wire_name zone = name_of("a.example");

    switch (part->frame.kind) {
    case HF_PRIMARY_ZONE:
        hf_primary_put_zone(&part->out, &zone);
        break;
    case HF_PRIMARY_READ:
        hf_primary_put_found(&part->out, &nothing);
        break;
    case HF_PRIMARY_UPDATE:
        hf_primary_put_answer(&part->out, HF_UPDATE_CHANGED);
        break;
    }
}

static bool play(struct part *part, const char *role)
{
    const struct hf_why why = {.text = "no\x1b[2J", .sys = 111};
    struct hf_wire_name other = name_of("b.example");
    struct hf_found found = nothing;

    if (strcmp(role, "dies.") == 0)
        return false;
    if (strcmp(role, "fails.") == 0)
        hf_primary_put_failed(&part->out, HF_EPEER, &why);
    else if (strcmp(role, "babbles.") == 0)
        hf_buf_puts(&part->out, "HTTP/1.1 200 OK");
    else if (strcmp(role, "greets.") == 0)
        (void)hf_role_greet(0, 0);
    else if (strcmp(role, "moves.") == 0)
        hf_primary_put_zone(&part->out, &other);
    else if (strcmp(role, "retypes.") == 0) {
        found.type = HF_RR_SOA;
        hf_primary_put_found(&part->out, &found);
    } else
        play_honest(part);
    return true;
}

static int part_main(void)
{
    struct hf_primary_room room;
    char role[256] = {0};
    struct hf_buf name;
    struct part part;

    part_begin(&part);
    if (!part_receive(&part) ||
        hf_primary_read_config(part.frame.body, 0, &room, NULL) != HF_OK)
        return 1;
    hf_buf_init(&name, role, sizeof(role) - 2);
    hf_wire_name_put(&name, &room.key->name);
    hf_buf_putc(&name, '.');
    hf_tsig_key_free(room.key);
    if (!hf_role_greet(0, strcmp(role, "refuses.") == 0 ? HF_PRIMARY_NO_WALL
                                                        : HF_PRIMARY_STARTED))
        return 1;
    while (part_receive(&part)) {
        if (!play(&part, role))
            return 1;
        part_send(&part);
    }
    return 0;
}

/* ---- the parent ---- */

static enum hf_err open_primary(const char *role, struct hf_primary **out,
                                struct hf_why *why)
{
    struct hf_primary_config config = {.idle_ms = 5000};
    struct hf_tsig_key *key = NULL;
    struct hf_server server;
    char text[64];
    enum hf_err err;

    (void)snprintf(text, sizeof(text), "%s:c2VjcmV0", role);
    assert_int_equal(hf_tsig_key_parse(hf_span_str(text), &key, NULL), HF_OK);
    assert_int_equal(hf_server_parse(HF_SPAN("127.0.0.1@1"), &server, NULL),
                     HF_OK);
    config.server = &server;
    config.key = key;
    err = hf_primary_new(&config, out, why);
    hf_tsig_key_free(key);
    return err;
}

/* All three questions; the first failure. */
static enum hf_err ask_all(struct hf_primary *primary,
                           enum hf_update_answer *answer, struct hf_why *why)
{
    struct hf_wire_name owner = name_of(OWNER);
    struct hf_update *update = NULL;
    struct hf_wire_name zone;
    struct hf_found found;
    enum hf_err err = hf_primary_find_zone(primary, &owner, &zone, why);

    if (err == HF_OK)
        err = hf_primary_read(primary, &owner, HF_RR_TXT, &found, why);
    if (err == HF_OK)
        err = hf_update_new(&zone, NULL, 7, &update, why);
    if (err == HF_OK)
        err = hf_primary_send(primary, update, answer, why);
    hf_update_free(update);
    return err;
}

static void honest(void **state)
{
    enum hf_update_answer answer = HF_UPDATE_DONE;
    struct hf_primary *primary = NULL;

    (void)state;
    assert_int_equal(open_primary("honest", &primary, NULL), HF_OK);
    assert_int_equal(ask_all(primary, &answer, NULL), HF_OK);
    assert_int_equal(answer, HF_UPDATE_CHANGED);
    hf_primary_free(primary);
}

/* Whatever it does, the parent believes no lie and does not hang. */
static void hostile(void **state)
{
    static const char *const roles[] = {"dies",   "fails", "babbles",
                                        "greets", "moves", "retypes"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(roles); i++) {
        enum hf_update_answer answer = HF_UPDATE_DONE;
        struct hf_primary *primary = NULL;
        struct hf_why why = {0};

        assert_int_equal(open_primary(roles[i], &primary, NULL), HF_OK);
        if (ask_all(primary, &answer, &why) != HF_EPEER || why.text == NULL)
            fail_msg("a process that %s was believed", roles[i]);
        if (strcmp(roles[i], "fails") == 0) {
            assert_string_equal(why.text, "no\\027[2J");
            assert_int_equal(why.sys, 111);
        }
        hf_primary_free(primary);
    }
}

static void refusal(void **state)
{
    struct hf_primary *primary = NULL;
    struct hf_why why = {0};

    (void)state;
    assert_int_equal(open_primary("refuses", &primary, &why), HF_EPEER);
    assert_non_null(strstr(why.text, "--sandbox=off"));
    assert_null(primary);
}

/* ---- messages ---- */

static void greetings(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(hf_primary_greetings); i++) {
        const struct hf_greeting *greeting = &hf_primary_greetings[i];

        assert_int_equal(greeting->err == HF_OK, i == HF_PRIMARY_STARTED);
        assert_int_equal(greeting->text == NULL, i == HF_PRIMARY_STARTED);
    }
}

static struct hf_span body_of(const struct hf_buf *out)
{
    struct hf_span in = hf_buf_span(out);

    assert_false(out->full);
    (void)hf_span_cut(&in, HF_FRAME_HEAD + 1);
    return in;
}

/* A key and a server come back; every cut is noticed, but that before the
 * key: there need not be one. */
static void configuration(void **state)
{
    struct hf_tsig_key *key = NULL;
    struct hf_server server;
    struct hf_primary_config config = {
        .server = &server, .idle_ms = 3000, .until_ms = 9000, .no_wall = true};
    struct hf_primary_room got;
    struct hf_span body;
    char room[1024];
    struct hf_buf out;
    size_t without_key;

    (void)state;
    assert_int_equal(hf_tsig_key_parse(
                         HF_SPAN("hmac-sha384:K.example:c2VjcmV0"), &key, NULL),
                     HF_OK);
    assert_int_equal(
        hf_server_parse(HF_SPAN("2001:db8::1@5300"), &server, NULL), HF_OK);
    hf_buf_init(&out, room, sizeof(room));
    hf_primary_put_config(&out, &config, 1000);
    without_key = body_of(&out).len;
    config.key = key;
    hf_buf_reset(&out);
    hf_primary_put_config(&out, &config, 1000);
    body = body_of(&out);
    assert_int_equal(hf_primary_read_config(body, 2000, &got, NULL), HF_OK);
    assert_true(got.config.no_wall && got.config.idle_ms == 3000);
    assert_int_equal(got.config.until_ms, 10000);
    assert_string_equal(got.server.label, server.label);
    assert_true(hf_wire_name_eq(&got.key->name, &key->name));
    assert_ptr_equal(got.key->alg, key->alg);
    assert_int_equal(got.key->secret_len, 6);
    assert_memory_equal(got.key->secret, "secret", 6);
    hf_tsig_key_free(got.key);
    hf_tsig_key_free(key);
    for (size_t len = 0; len < body.len; len++) {
        enum hf_err err = hf_primary_read_config(
            (struct hf_span){body.ptr, len}, 0, &got, NULL);

        assert_int_equal(err, len == without_key ? HF_OK : HF_ESYNTAX);
        assert_true(err != HF_OK || got.key == NULL);
    }
}

/* ---- the real one ---- */

/* A server that answers one update over TCP, and nothing else. */
static void serve_update(int listener, struct hf_span request)
{
    char in[512], out[2 + 12] = {0, 12};
    int fd = accept(listener, NULL, NULL);

    assert_true(fd >= 0);
    assert_int_equal(recv(fd, in, request.len + 2, MSG_WAITALL),
                     request.len + 2);
    assert_memory_equal(in + 2, request.ptr, request.len);
    memcpy(out + 2, request.ptr, 4);
    out[4] = (char)(out[4] | (char)0x80);
    out[5] = HF_RCODE_NXRRSET;
    assert_int_equal(send(fd, out, sizeof(out), MSG_NOSIGNAL), sizeof(out));
    (void)close(fd);
}

static int listen_at(struct hf_server *server)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(at);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    char text[64];

    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
    assert_int_equal(listen(fd, 4), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
    (void)snprintf(text, sizeof(text), "127.0.0.1@%u", ntohs(at.sin_port));
    assert_int_equal(hf_server_parse(hf_span_str(text), server, NULL), HF_OK);
    return fd;
}

/* Behind its wall it goes about its business. The server is asked before its
 * answer is awaited, which the frame's other end shows. */
static void real_one(void **state)
{
    struct hf_role_plan plan = {.word = HF_PRIMARY_ROLE "-real",
                                .wait_ms = 10000,
                                .greetings = hf_primary_greetings,
                                .greeting_count = HF_PRIMARY_STARTS};
    struct hf_server server;
    int listener = listen_at(&server);
    const struct hf_primary_config config = {.server = &server,
                                             .idle_ms = 5000};
    struct hf_wire_name zone = name_of("example");
    enum hf_update_answer answer = HF_UPDATE_DONE;
    struct hf_update *update = NULL;
    struct hf_frame frame = {0};
    struct hf_primary_question question = {.now_s = 1};
    struct hf_role role;
    struct hf_buf out;
    char room[1024];

    (void)state;
    hf_buf_init(&out, room, sizeof(room));
    hf_primary_put_config(&out, &config, hf_clock_ms());
    plan.config = hf_buf_span(&out);
    hf_role_init(&role, HF_PRIMARY_REPLY_MAX, PART_ROOM);
    assert_int_equal(hf_role_open(&role, &plan, NULL), HF_OK);
    assert_int_equal(hf_update_new(&zone, NULL, 7, &update, NULL), HF_OK);
    assert_int_equal(hf_update_ask(update, 1, &question.update, NULL), HF_OK);
    hf_buf_reset(&out);
    hf_primary_put_question(&out, HF_PRIMARY_UPDATE, &question);
    assert_true(hf_role_send(role.fd, hf_buf_span(&out)));
    serve_update(listener, question.update);
    assert_int_equal(hf_role_await(&role, hf_clock_ms() + 10000, &frame, NULL),
                     HF_OK);
    assert_int_equal(frame.kind, HF_PRIMARY_ANSWERED);
    assert_int_equal(hf_primary_read_answer(frame.body, &answer, NULL), HF_OK);
    assert_int_equal(answer, HF_UPDATE_CHANGED);
    hf_update_free(update);
    hf_role_clear(&role);
    (void)close(listener);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(honest),        cmocka_unit_test(hostile),
        cmocka_unit_test(refusal),       cmocka_unit_test(greetings),
        cmocka_unit_test(configuration), cmocka_unit_test(real_one),
    };

    if (argc == 2 && strcmp(argv[1], HF_PRIMARY_ROLE) == 0)
        return part_main();
    if (argc == 2)
        return hf_primary_worker_run(STDIN_FILENO) ? 0 : 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
