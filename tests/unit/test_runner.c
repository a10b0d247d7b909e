/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The process that runs programs: what it was told beforehand it does, with
 * the values that it gets; nothing that it is asked later makes it do more.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/octets.h"
#include "os/runner.h"
#include "os/runner_msg.h"
#include "os/runner_worker.h"
#include "tests/unit/unit.h"

static const struct hf_span entries[] = {HF_SPAN_INIT("PATH=/usr/bin:/bin"),
                                         HF_SPAN_INIT("KEPT=yes"),
                                         HF_SPAN_INIT("NAME=before")};
static const struct hf_span show[] = {
    HF_SPAN_INIT("sh"), HF_SPAN_INIT("-c"),
    HF_SPAN_INIT("printf '<%s>' \"$@\" \"$NAME\" \"$OTHER\" \"$KEPT\"; env | wc"
                 " -l; ls /proc/self/fd | wc -l; echo said >&2; exit 3"),
    HF_SPAN_INIT("sh")};
static const struct hf_span names[] = {HF_SPAN_INIT("NAME"),
                                       HF_SPAN_INIT("OTHER")};
static const struct hf_program shower = {.words = show,
                                         .word_count = COUNT_OF(show),
                                         .variables = names,
                                         .variable_count = COUNT_OF(names),
                                         .open_words = 2,
                                         .timeout_ms = 20000};

static void start_with(struct hf_runner *runner,
                       const struct hf_program *program)
{
    struct hf_why why = {0};

    hf_runner_init(runner, entries, COUNT_OF(entries));
    assert_int_equal(hf_runner_add(runner, program), 0);
    if (hf_runner_start(runner, &why) != HF_OK)
        fail_msg("%s", why.text);
}

struct result {
    enum hf_err err;
    struct hf_child_end end;
    char out[64];
    char said[64];
};

static struct result run(struct hf_runner *runner,
                         const struct hf_program_run *order)
{
    struct result got = {0};
    struct hf_buf out;
    struct hf_buf said;

    hf_buf_init(&out, got.out, sizeof(got.out) - 1);
    hf_buf_init(&said, got.said, sizeof(got.said) - 1);
    got.err = hf_runner_run(runner, order, &out, &said, &got.end, NULL);
    return got;
}

/* Words behind, variables set over what was there, unset or left out; and the
 * descriptors are its three pipes, and the folder that ls opens. */
static void runs(void **state)
{
    const struct hf_span words[] = {HF_SPAN("$(id)"), HF_SPAN("")};
    const struct hf_span values[] = {HF_SPAN("a\nb"), {0}};
    const struct hf_program_run order = {0, &shower, words, values};
    struct hf_runner runner;
    struct result got;

    (void)state;
    start_with(&runner, &shower);
    for (int again = 0; again < 2; again++) {
        got = run(&runner, &order);
        assert_int_equal(got.err, HF_OK);
        assert_true(got.end.ran && !got.end.timed_out);
        assert_int_equal(got.end.status, 3);
        assert_non_null(strstr(got.out, "<$(id)><><a\nb><><yes>"));
        assert_non_null(strstr(got.out, "\n4\n"));
        assert_string_equal(got.said, "said\n");
    }
    hf_runner_clear(&runner);
}

static void ends(void **state)
{
    static const struct {
        const char *command;
        uint32_t timeout_ms;
        struct hf_child_end end;
    } cases[] = {
        {"kill -9 $$", 20000, {.ran = true, .status = -1, .signal = 9}},
        {"sleep 60",
         2000,
         {.ran = true, .timed_out = true, .status = -1, .signal = 9}},
        {"exit 255", 20000, {.ran = true, .status = 255}},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct hf_span words[] = {HF_SPAN("/bin/sh"), HF_SPAN("-c"),
                                        hf_span_str(cases[i].command)};
        const struct hf_program program = {.words = words,
                                           .word_count = COUNT_OF(words),
                                           .timeout_ms = cases[i].timeout_ms};
        const struct hf_program_run order = {.program = &program};
        struct hf_runner runner;
        struct result got;

        start_with(&runner, &program);
        got = run(&runner, &order);
        assert_int_equal(got.err, HF_OK);
        assert_int_equal(got.end.ran, cases[i].end.ran);
        assert_int_equal(got.end.timed_out, cases[i].end.timed_out);
        assert_int_equal(got.end.status, cases[i].end.status);
        assert_int_equal(got.end.signal, cases[i].end.signal);
        hf_runner_clear(&runner);
    }
}

static void cannot_run(void **state)
{
    const struct hf_span words[] = {HF_SPAN("/nonexistent/program")};
    const struct hf_program program = {
        .words = words, .word_count = 1, .timeout_ms = 20000};
    const struct hf_program_run order = {.program = &program};
    struct hf_runner runner;
    struct result got;

    (void)state;
    start_with(&runner, &program);
    got = run(&runner, &order);
    assert_int_equal(got.err, HF_OK);
    assert_false(got.end.ran);
    hf_runner_clear(&runner);
}

/* ---- the wall ---- */

/* Whoever has taken over the process that speaks with the network sends what
 * it likes. The runner ends, and has run nothing: the file is not there. */
static void expect_end(void (*put)(struct hf_buf *out))
{
    static const char path[] = "/tmp/holdfast-test-runner-climbed";
    struct hf_runner runner;
    struct hf_frame frame = {0};
    char room[1024];
    struct hf_buf out;

    (void)unlink(path);
    start_with(&runner, &shower);
    hf_buf_init(&out, room, sizeof(room));
    put(&out);
    assert_true(hf_role_send(runner.role.fd, hf_buf_span(&out)));
    assert_int_equal(hf_role_await(&runner.role, INT64_MAX, &frame, NULL),
                     HF_EPEER);
    assert_int_equal(access(path, F_OK), -1);
    hf_runner_clear(&runner);
}

static const struct hf_span touch[] = {
    HF_SPAN_INIT("touch"), HF_SPAN_INIT("/tmp/holdfast-test-runner-climbed")};
static const struct hf_program toucher = {
    .words = touch, .word_count = COUNT_OF(touch), .timeout_ms = 20000};
static const struct hf_span no_values[] = {{0}, {0}};

/* Another program: told anew, or one that was never told. */
static void put_config(struct hf_buf *out)
{
    const struct hf_program_run order = {1, &toucher, NULL, NULL};
    size_t at = hf_frame_begin(out, HF_FRAME_CONFIG);

    hf_put_texts(out, entries, 1);
    hf_runner_put_program(out, &shower);
    hf_runner_put_program(out, &toucher);
    hf_frame_end(out, at);
    hf_runner_put_order(out, &order);
}

static void put_unknown(struct hf_buf *out)
{
    const struct hf_program_run order = {1, &toucher, NULL, NULL};

    hf_runner_put_order(out, &order);
}

static void put_far(struct hf_buf *out)
{
    const struct hf_program_run order = {UINT32_MAX, &toucher, NULL, NULL};

    hf_runner_put_order(out, &order);
}

/* More words, or fewer, than were kept open. */
static void put_words(struct hf_buf *out)
{
    const struct hf_span words[] = {HF_SPAN("a"), HF_SPAN("b"), HF_SPAN("c")};
    struct hf_program program = shower;

    program.open_words = 3;
    hf_runner_put_order(
        out, &(struct hf_program_run){0, &program, words, no_values});
}

static void put_few_words(struct hf_buf *out)
{
    struct hf_program program = shower;

    program.open_words = 0;
    hf_runner_put_order(out,
                        &(struct hf_program_run){0, &program, NULL, no_values});
}

/* A value without a variable: LD_PRELOAD has no way in. */
static void put_values(struct hf_buf *out)
{
    const struct hf_span words[] = {HF_SPAN("a"), HF_SPAN("b")};
    const struct hf_span values[] = {HF_SPAN("a"), HF_SPAN("b"),
                                     HF_SPAN("LD_PRELOAD=/tmp/evil.so")};
    struct hf_program program = shower;

    program.variable_count = 3;
    hf_runner_put_order(out,
                        &(struct hf_program_run){0, &program, words, values});
}

static void put_few_values(struct hf_buf *out)
{
    const struct hf_span words[] = {HF_SPAN("a"), HF_SPAN("b")};
    struct hf_program program = shower;

    program.variable_count = 1;
    hf_runner_put_order(
        out, &(struct hf_program_run){0, &program, words, no_values});
}

/* A second entry of the environment behind a NUL. */
static void put_nul(struct hf_buf *out)
{
    const struct hf_span words[] = {HF_SPAN("a"), HF_SPAN("b")};
    const struct hf_span values[] = {HF_SPAN("a\0LD_PRELOAD=x"), {0}};

    hf_runner_put_order(out,
                        &(struct hf_program_run){0, &shower, words, values});
}

static void put_nonsense(struct hf_buf *out)
{
    size_t at = hf_frame_begin(out, 200);

    hf_buf_puts(out, "touch");
    hf_frame_end(out, at);
}

static void wall(void **state)
{
    (void)state;
    expect_end(put_config);
    expect_end(put_unknown);
    expect_end(put_far);
    expect_end(put_words);
    expect_end(put_few_words);
    expect_end(put_values);
    expect_end(put_few_values);
    expect_end(put_nul);
    expect_end(put_nonsense);
}

/* ---- what we refuse to ask ---- */

static void nul_is_told(void **state)
{
    const struct hf_span words[] = {HF_SPAN("a"), HF_SPAN("b\0c")};
    const struct hf_program_run order = {0, &shower, words, no_values};
    struct hf_runner runner;

    (void)state;
    start_with(&runner, &shower);
    assert_int_equal(run(&runner, &order).err, HF_EINVAL);
    hf_runner_clear(&runner);
}

static void bad_config(void **state)
{
    const struct hf_span words[] = {HF_SPAN("a\0b")};
    const struct hf_program program = {.words = words, .word_count = 1};
    struct hf_runner runner;

    (void)state;
    hf_runner_init(&runner, entries, COUNT_OF(entries));
    (void)hf_runner_add(&runner, &program);
    assert_int_equal(hf_runner_start(&runner, NULL), HF_EINVAL);
    hf_runner_clear(&runner);
    hf_runner_clear(&runner);
}

/* When we die, what it runs dies, too: it writes to a pipe that we hold. */
static void leash(void **state)
{
    const struct hf_span words[] = {HF_SPAN("sleep"), HF_SPAN("600")};
    const struct hf_program program = {
        .words = words, .word_count = COUNT_OF(words), .timeout_ms = 600000};
    const struct hf_program_run order = {.program = &program};
    struct hf_runner runner;
    char room[64];
    struct hf_buf out;

    (void)state;
    start_with(&runner, &program);
    hf_buf_init(&out, room, sizeof(room));
    hf_runner_put_order(&out, &order);
    assert_true(hf_role_send(runner.role.fd, hf_buf_span(&out)));
    /* As when this process is killed: the socket is closed, no more. */
    assert_int_equal(close(runner.role.fd), 0);
    assert_int_equal(waitpid(runner.role.pid, NULL, 0), runner.role.pid);
    runner.role.pid = 0;
    hf_runner_clear(&runner);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs),        cmocka_unit_test(ends),
        cmocka_unit_test(cannot_run),  cmocka_unit_test(wall),
        cmocka_unit_test(nul_is_told), cmocka_unit_test(bad_config),
        cmocka_unit_test(leash),
    };

    if (argc == 2 && strcmp(argv[1], HF_RUNNER_ROLE) == 0)
        return hf_runner_worker_run(STDIN_FILENO) ? 0 : 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
