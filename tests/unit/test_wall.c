/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The walls of our own processes, as they build them. Each is this program
 * executed again and runs as itself until we hang up; its wall still stands
 * then, and what is left of it tries to get over. The same without the wall
 * (--sandbox=off) must get everywhere.
 */
#include <sched.h>
#include <sys/uio.h>

#include "base/octets.h"
#include "ca/issuer_msg.h"
#include "ca/issuer_worker.h"
#include "client/account.h"
#include "client/key_msg.h"
#include "client/key_worker.h"
#include "client/listener_worker.h"
#include "dns/asker_worker.h"
#include "dns/primary_msg.h"
#include "dns/primary_worker.h"
#include "dns/worker.h"
#include "dns/worker_msg.h"
#include "net/http_msg.h"
#include "net/http_worker.h"
#include "net/server_msg.h"
#include "net/server_worker.h"
#include "os/clock.h"
#include "os/fence.h"
#include "os/runner.h"
#include "os/runner_worker.h"
#include "tests/unit/authority_fixture.h"
#include "tests/unit/climb.h"
#include "tests/unit/scratch.h"
#include "tests/unit/unit.h"

#define ROOM 65536

static void put_resolver(struct hf_buf *out, bool no_wall)
{
    const struct hf_resolver_config config = {.no_wall = no_wall, .window = 1};

    hf_msg_put_config(out, &config);
}

static void put_asker(struct hf_buf *out, bool no_wall)
{
    const struct hf_resolver_config config = {
        .no_wall = no_wall, .window = 1, .forward = "::1"};

    hf_msg_put_config(out, &config);
}

static void put_http(struct hf_buf *out, bool no_wall)
{
    const struct hf_http_config config = {.user_agent = "x",
                                          .window = 1,
                                          .connections = 1,
                                          .body_max = 100,
                                          .header_max = 100,
                                          .connect_ms = 500,
                                          .no_wall = no_wall};

    hf_net_put_config(out, &config);
}

static void put_prober(struct hf_buf *out, bool no_wall)
{
    const struct hf_http_config config = {.user_agent = "x",
                                          .window = 1,
                                          .connections = 1,
                                          .body_max = 100,
                                          .header_max = 100,
                                          .connect_ms = 500,
                                          .probes = true,
                                          .no_wall = no_wall};

    hf_net_put_config(out, &config);
}

static void put_updater(struct hf_buf *out, bool no_wall)
{
    struct hf_tsig_key *key = NULL;
    struct hf_server server;
    struct hf_primary_config config = {
        .server = &server, .idle_ms = 1, .no_wall = no_wall};

    assert_int_equal(hf_server_parse(HF_SPAN("::1"), &server, NULL), HF_OK);
    assert_int_equal(hf_tsig_key_parse(HF_SPAN("k:c2VjcmV0"), &key, NULL),
                     HF_OK);
    config.key = key;
    hf_primary_put_config(out, &config, 0);
    hf_tsig_key_free(key);
}

static void put_signer(struct hf_buf *out, bool no_wall)
{
    const struct hf_key_want want = {.make = true,
                                     .no_wall = no_wall,
                                     .kind = HF_KEY_P256,
                                     .origin = HF_SPAN("https://ca.example")};

    hf_key_put_want(out, &want);
}

static char evidence[SCRATCH_MAX]; /* the folder of the log */

static void put_issuer(struct hf_buf *out, bool no_wall)
{
    struct hf_issuer_want want = {
        .config = {.shards = 1,
                   .log_folder = hf_span_str(evidence),
                   .no_wall = no_wall}};
    struct authority ca;
    char room[HF_ACCOUNT_KEY_MAX];
    struct hf_buf pem;

    authority_make(HF_KEY_P256, &ca);
    hf_buf_init(&pem, room, sizeof(room));
    assert_int_equal(hf_private_key_write(ca.key, HF_SPAN(""), &pem, NULL),
                     HF_OK);
    want.config.key = hf_buf_span(&pem);
    want.config.certificate = hf_buf_span(&ca.certificate);
    hf_issuer_put_want(out, &want);
    authority_clear(&ca);
}

static void put_founder(struct hf_buf *out, bool no_wall)
{
    const struct hf_issuer_want want = {
        .founds = true,
        .make = true,
        .kind = HF_KEY_P256,
        .config = {.shards = 1, .no_wall = no_wall}};

    hf_issuer_put_want(out, &want);
}

/* At any port of 127.0.0.1. */
static void put_listener(struct hf_buf *out, bool no_wall)
{
    size_t at = hf_frame_begin(out, HF_FRAME_CONFIG);

    hf_put_number(out, no_wall, 1);
    hf_put_number(out, 0, 2);
    hf_buf_put(out, HF_SPAN("\x7f\0\0\1"));
    hf_frame_end(out, at);
}

/* Whose sockets do not matter here. */
static void put_server(struct hf_buf *out, bool no_wall)
{
    const struct hf_server_place place = {.plain = true};
    const struct hf_server_config config = {.places = &place,
                                            .place_count = 1,
                                            .body_max = 1,
                                            .header_max = 1,
                                            .connections = 1,
                                            .per_address = 1,
                                            .window = 1,
                                            .handshake_ms = 1,
                                            .request_ms = 1,
                                            .idle_ms = 1,
                                            .answer_ms = 1,
                                            .retry_after_s = 1,
                                            .no_wall = no_wall};

    hf_server_put_config(out, &config);
}

static const struct {
    const char *word;
    bool (*run)(int fd);
    void (*put)(struct hf_buf *out, bool no_wall); /* the first frame */
    unsigned greeting; /* the kind of frame that it begins with */
    unsigned over;     /* what it may do */
} roles[] = {
    {HF_WORKER_ROLE, hf_worker_run, put_resolver, HF_FRAME_READY,
     CLIMB_NETWORK},
    {HF_ASKER_ROLE, hf_asker_worker_run, put_asker, HF_FRAME_READY,
     CLIMB_NETWORK},
    {HF_NET_ROLE, hf_http_worker_run, put_http, HF_FRAME_READY, CLIMB_NETWORK},
    {HF_NET_ROLE, hf_http_worker_run, put_prober, HF_FRAME_READY,
     CLIMB_NETWORK},
    {HF_PRIMARY_ROLE, hf_primary_worker_run, put_updater, HF_FRAME_READY,
     CLIMB_NETWORK},
    {HF_KEY_ROLE, hf_key_worker_run, put_signer, HF_KEY_READY, 0},
    {HF_ISSUER_ROLE, hf_issuer_worker_run, put_issuer, HF_ISSUER_READY, 0},
    {HF_ISSUER_ROLE, hf_issuer_worker_run, put_founder, HF_ISSUER_READY, 0},
    {HF_LISTENER_ROLE, hf_listener_worker_run, put_listener, HF_FRAME_READY, 0},
    {HF_SERVER_ROLE, hf_server_worker_run, put_server, HF_FRAME_READY, 0},
};

/* What gets over the wall of a role. */
static unsigned attempt(size_t i, bool no_wall)
{
    struct hf_frame frame = {0};
    struct hf_role role;
    unsigned over = 0;

    hf_role_init(&role, ROOM, ROOM);
    assert_int_equal(hf_role_start(&role, roles[i].word, NULL), HF_OK);
    roles[i].put(&role.out, no_wall);
    assert_int_equal(hf_role_await(&role, hf_clock_ms() + 30000, &frame, NULL),
                     HF_OK);
    assert_int_equal(frame.kind, roles[i].greeting);
    hf_role_drop(&role, &frame);
    assert_int_equal(shutdown(role.fd, SHUT_WR), 0);
    assert_int_equal(recv(role.fd, &over, sizeof(over), MSG_WAITALL),
                     sizeof(over));
    hf_role_clear(&role);
    return over;
}

static void expect(size_t i, bool no_wall, unsigned wanted)
{
    unsigned over = attempt(i, no_wall);

    for (size_t j = 0; j < COUNT_OF(climbs); j++)
        if (((over ^ wanted) & climbs[j].bit) != 0)
            fail_msg("%s %s its wall: %s", roles[i].word,
                     no_wall ? "without" : "behind", climbs[j].name);
}

static void walls(void **state)
{
    (void)state;
    assert_int_equal(scratch_make(evidence), 0);
    for (size_t i = 0; i < COUNT_OF(roles); i++) {
        expect(i, false, roles[i].over);
        expect(i, true, CLIMB_ALL);
    }
    assert_int_equal(scratch_remove(evidence), 0);
}

/* ---- the process that decides ---- */

static char folder[SCRATCH_MAX];

static bool write_below(const char *where)
{
    char path[SCRATCH_MAX + 16];

    (void)snprintf(path, sizeof(path), "%s/sub", where);
    (void)unlink(path);
    return symlink("nowhere", path) == 0 && unlink(path) == 0 &&
           open(where, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600) >= 0;
}

static bool write_inside(void)
{
    return write_below(folder);
}

static bool write_outside(void)
{
    char outside[SCRATCH_MAX];

    return scratch_make(outside) == 0 && write_below(outside) &&
           scratch_remove(outside) == 0;
}

/* A role can still be started, and its wall stands behind this one. */
static bool start_role(void)
{
    return attempt(0, false) == roles[0].over;
}

static struct hf_runner runner; /* that was started before */

static void start_runner(void)
{
    const struct hf_span word = HF_SPAN("/bin/true");
    const struct hf_program program = {
        .words = &word, .word_count = 1, .timeout_ms = 30000};

    hf_runner_init(&runner, NULL, 0);
    (void)hf_runner_add(&runner, &program);
    assert_int_equal(hf_runner_start(&runner, NULL), HF_OK);
}

static bool have_run(void)
{
    static const struct hf_program program = {0};
    const struct hf_program_run order = {.program = &program};
    struct hf_child_end end = {0};
    struct hf_buf none = {0};

    return hf_runner_run(&runner, &order, &none, &none, &end, NULL) == HF_OK &&
           end.ran && end.status == 0;
}

/* One that comes too late is behind the fence itself. */
static bool run_late(void)
{
    hf_runner_clear(&runner);
    start_runner();
    return have_run();
}

static pid_t victim; /* a process of ours, outside of the fence */

static bool trace(void)
{
    return ptrace(PTRACE_SEIZE, victim, NULL, NULL) == 0;
}

static bool peek(void)
{
    char octet;
    struct iovec local = {&octet, 1};
    struct iovec remote = {&environ, 1};

    return process_vm_readv(getpid(), &local, 1, &remote, 1, 0) == 1;
}

static bool leave_namespace(void)
{
    return unshare(CLONE_FS) == 0;
}

static const struct {
    const char *name;
    bool (*can)(void);
    bool behind;
} fenced[] = {
    {"write where it may", write_inside, true},
    {"write elsewhere", write_outside, false},
    {"read", climb_read_file, true},
    {"use the network", climb_network, true},
    {"start a role", start_role, true},
    {"execute", climb_execute, false},
    {"have a program run", have_run, true},
    {"have one run by whom it starts", run_late, false},
    {"read memory from outside", peek, false},
    {"leave its namespace", leave_namespace, false},
    {"trace another", trace, false},
};

static pid_t bystander(void)
{
    pid_t pid = fork();

    if (pid == 0) {
        (void)pause();
        _exit(0);
    }
    return pid;
}

/* Does it work, in a child? */
static bool works(bool (*can)(void), bool fence)
{
    const char *const folders[] = {folder};
    const struct hf_fence around = {.folders = folders, .folder_count = 1};
    int status = 0;
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0) {
        victim = bystander();
        start_runner();
        if (fence && hf_fence_enter(&around, NULL) != HF_OK)
            _exit(99);
        status = can() ? 0 : 1;
        hf_runner_clear(&runner);
        (void)kill(victim, SIGKILL);
        _exit(status);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) <= 1);
    return WEXITSTATUS(status) == 0;
}

static void fence(void **state)
{
    (void)state;
    assert_int_equal(scratch_make(folder), 0);
    for (size_t i = 0; i < COUNT_OF(fenced); i++)
        if (!works(fenced[i].can, false) ||
            works(fenced[i].can, true) != fenced[i].behind)
            fail_msg("%s", fenced[i].name);
    assert_int_equal(scratch_remove(folder), 0);
}

static void fence_needs_its_folder(void **state)
{
    const char *const folders[] = {"/nowhere/at/all"};
    const struct hf_fence around = {.folders = folders, .folder_count = 1};

    (void)state;
    assert_int_equal(hf_fence_enter(&around, NULL), HF_ENOTFOUND);
}

/* A role, and what is left of it. */
static int play(size_t i)
{
    unsigned over;

    if (!roles[i].run(STDIN_FILENO))
        return 1;
    over = climb_all();
    return send(STDIN_FILENO, &over, sizeof(over), MSG_NOSIGNAL) == sizeof(over)
               ? 0
               : 1;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(walls),
        cmocka_unit_test(fence),
        cmocka_unit_test(fence_needs_its_folder),
    };

    for (size_t i = 0; argc == 2 && i < COUNT_OF(roles); i++)
        if (strcmp(argv[1], roles[i].word) == 0)
            _exit(play(i));
    if (argc == 2 && strcmp(argv[1], HF_RUNNER_ROLE) == 0)
        return hf_runner_worker_run(STDIN_FILENO) ? 0 : 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
