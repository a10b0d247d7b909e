/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where passphrases come from: files, credentials, commands, and a person at a
 * terminal, played by the other end of a pseudo-terminal. REQ CLI-23.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <utmp.h>

#include "os/file.h"
#include "os/runner_worker.h"
#include "os/secret.h"
#include "os/signals.h"
#include "tests/unit/unit.h"

static char folder[] = "/tmp/hf-secret-XXXXXX";
static char path[PATH_MAX];

static int set_up(void **unused)
{
    (void)unused;
    if (mkdtemp(folder) == NULL)
        return 1;
    (void)snprintf(path, sizeof(path), "%s/pass", folder);
    return 0;
}

static int tear_down(void **unused)
{
    (void)unused;
    (void)unlink(path);
    return rmdir(folder);
}

/* ---- files ---- */

static const struct {
    const char *text;
    enum hf_err err;
    const char *want;
} lines[] = {
    {"pass", HF_OK, "pass"},
    {"pass\n", HF_OK, "pass"},
    {"pass\r\n", HF_OK, "pass"},
    {"pass\nmore\n", HF_OK, "pass"},
    {" pass word ", HF_OK, " pass word "},
    {"p\xc3\xa4ss", HF_OK, "p\xc3\xa4ss"},
    {"", HF_EINVAL, ""},
    {"\n", HF_EINVAL, ""},
    {"\nsecond", HF_EINVAL, ""},
    {"sixteen octets..", HF_OK, "sixteen octets.."},
    {"seventeen octets.", HF_ELIMIT, ""},
};

static void test_file(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < COUNT_OF(lines); i++) {
        struct hf_why why = {0};
        char room[16];
        struct hf_buf out;

        hf_buf_init(&out, room, sizeof(room));
        assert_int_equal(
            hf_file_replace_path(path, hf_span_str(lines[i].text), NULL),
            HF_OK);
        assert_int_equal(hf_secret_file(path, &out, &why), lines[i].err);
        if (lines[i].err == HF_OK)
            assert_span_equal(hf_buf_span(&out), hf_span_str(lines[i].want));
        else
            assert_non_null(why.text);
    }
}

static void test_file_of_others(void **unused)
{
    char room[16];
    struct hf_buf out;

    (void)unused;
    hf_buf_init(&out, room, sizeof(room));
    assert_int_equal(hf_file_replace_path(path, HF_SPAN("pass"), NULL), HF_OK);
    assert_int_equal(chmod(path, 0640), 0);
    assert_int_equal(hf_secret_file(path, &out, NULL), HF_EINVAL);
    assert_int_equal(chmod(path, 0400), 0);
    assert_int_equal(hf_secret_file(path, &out, NULL), HF_OK);
    assert_int_equal(hf_secret_file(folder, &out, NULL), HF_EINVAL);
    assert_int_equal(hf_secret_file("/nowhere/at/all", &out, NULL),
                     HF_ENOTFOUND);
}

static void test_credential(void **unused)
{
    static const char *const bad[] = {"", "../pass", "a/b", ".pass", "/pass"};
    char room[16];
    struct hf_buf out;

    (void)unused;
    hf_buf_init(&out, room, sizeof(room));
    assert_int_equal(hf_file_replace_path(path, HF_SPAN("pass\n"), NULL),
                     HF_OK);
    assert_int_equal(hf_secret_credential(folder, HF_SPAN("pass"), &out, NULL),
                     HF_OK);
    assert_span_equal(hf_buf_span(&out), HF_SPAN("pass"));
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_int_equal(
            hf_secret_credential(folder, hf_span_str(bad[i]), &out, NULL),
            HF_EINVAL);
    assert_int_equal(hf_secret_credential(NULL, HF_SPAN("pass"), &out, NULL),
                     HF_ENOTFOUND);
    assert_int_equal(hf_secret_credential(folder, HF_SPAN("no"), &out, NULL),
                     HF_ENOTFOUND);
}

/* ---- commands ---- */

static const struct {
    const char *command;
    enum hf_err err;
} cases[] = {
    {"printf 'pass\\nmore'", HF_OK},
    {"echo pass; echo not this >&2", HF_OK},
    {"printf pass; exit 1", HF_EINVAL},
    {"kill -9 $$", HF_EINVAL},
    {"true", HF_EINVAL},
    {"/nowhere/at/all", HF_EINVAL},
    {"cat", HF_EINVAL}, /* its input is empty */
    {"test -z \"$HF_TEST_SECRET\" && echo pass", HF_OK},
};

static void test_command(void **unused)
{
    (void)unused;
    assert_int_equal(setenv("HF_TEST_SECRET", "seen", 1), 0);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct hf_why why = {0};
        char room[16];
        struct hf_buf out;

        hf_buf_init(&out, room, sizeof(room));
        assert_int_equal(hf_secret_command(cases[i].command, &out, &why),
                         cases[i].err);
        if (cases[i].err == HF_OK)
            assert_span_equal(hf_buf_span(&out), HF_SPAN("pass"));
        else
            assert_non_null(why.text);
    }
}

/* Told before, run later; and nothing of it stays in what it came through. */
static void test_runner(void **unused)
{
    struct hf_runner runner;

    (void)unused;
    assert_int_equal(setenv("HF_TEST_SECRET", "seen", 1), 0);
    hf_secret_init(&runner);
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_int_equal(hf_secret_add(&runner, hf_span_str(cases[i].command)),
                         i);
    assert_int_equal(hf_runner_start(&runner, NULL), HF_OK);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char room[16];
        struct hf_buf out;

        hf_buf_init(&out, room, sizeof(room));
        assert_int_equal(hf_secret_run(&runner, i, &out, NULL), cases[i].err);
        if (cases[i].err == HF_OK)
            assert_span_equal(hf_buf_span(&out), HF_SPAN("pass"));
        assert_null(memmem(runner.role.in.ptr, runner.role.in.cap, "pass", 4));
    }
    hf_runner_clear(&runner);
}

/* ---- a person at a terminal ---- */

#define PROMPT   "Say it: "
#define ANSWERED 40 /* and the exit status of a failure is its enum hf_err */

/* In a session of its own, with the terminal: what was understood goes to the
 * screen, so that the person sees it. */
static void be_program(bool hidden)
{
    char room[16];
    struct hf_buf out;
    enum hf_err err;

    hf_signals_watch();
    hf_buf_init(&out, room, sizeof(room));
    err = hidden ? hf_secret_ask(PROMPT, &out, NULL)
                 : hf_terminal_ask(PROMPT, &out, NULL);
    if (err == HF_OK) {
        (void)printf("[%.*s]\n", (int)out.len, out.ptr);
        (void)fflush(stdout);
    }
    _exit(err == HF_OK ? ANSWERED : (int)err);
}

/* What is on the screen until `text`, or until nothing comes any more. */
static bool see(int fd, const char *text, char *screen, size_t size)
{
    struct pollfd pfd = {.fd = fd, .events = POLLIN};
    size_t len = strlen(screen);

    while (strstr(screen, text) == NULL && poll(&pfd, 1, 10000) == 1) {
        ssize_t n = read(fd, screen + len, size - 1 - len);

        if (n <= 0)
            break;
        len += (size_t)n;
        screen[len] = '\0';
    }
    return strstr(screen, text) != NULL;
}

/* The exit status, and all that was on the screen. */
static int converse(bool hidden, const char *typed, char *screen, size_t size)
{
    struct termios after;
    int status = 0;
    int fd = -1;
    int slave = -1;
    pid_t pid;

    screen[0] = '\0';
    assert_int_equal(openpty(&fd, &slave, NULL, NULL, NULL), 0);
    pid = fork();
    if (pid == 0) {
        (void)close(fd);
        if (login_tty(slave) == 0)
            be_program(hidden);
        _exit(1);
    }
    assert_true(see(fd, PROMPT, screen, size));
    /* The echo goes off behind the prompt. */
    for (int tries = 10000; hidden && tries > 0; tries--) {
        assert_int_equal(tcgetattr(slave, &after), 0);
        if ((after.c_lflag & ECHO) == 0)
            break;
        (void)usleep(1000);
    }
    assert_int_equal(write(fd, typed, strlen(typed)), strlen(typed));
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(tcgetattr(slave, &after), 0);
    assert_true((after.c_lflag & ECHO) != 0); /* and back on */
    (void)close(slave);
    (void)see(fd, "never", screen, size);
    (void)close(fd);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void test_ask(void **unused)
{
    char screen[512];

    (void)unused;
    assert_int_equal(converse(true, "pass\n", screen, sizeof(screen)),
                     ANSWERED);
    assert_string_equal(screen, PROMPT "\r\n[pass]\r\n");
    assert_int_equal(converse(false, "https\n", screen, sizeof(screen)),
                     ANSWERED);
    assert_string_equal(screen, PROMPT "https\r\n[https]\r\n");
    assert_int_equal(converse(true, "\n", screen, sizeof(screen)), HF_EINVAL);
    assert_int_equal(
        converse(true, "seventeen octets.\n", screen, sizeof(screen)),
        HF_ELIMIT);
    assert_null(strstr(screen, "seventeen"));
    assert_int_equal(converse(true, "\x04", screen, sizeof(screen)),
                     HF_ECANCELED); /* Ctrl-D */
    assert_int_equal(converse(true, "\x03", screen, sizeof(screen)),
                     HF_ECANCELED);        /* Ctrl-C */
    assert_non_null(strstr(screen, "\n")); /* what comes next has its line */
}

static void test_no_terminal(void **unused)
{
    int status = 0;
    pid_t pid = fork();

    (void)unused;
    if (pid == 0) {
        (void)setsid();
        be_program(true);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(WEXITSTATUS(status), HF_ENOTFOUND);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_file),
        cmocka_unit_test(test_file_of_others),
        cmocka_unit_test(test_credential),
        cmocka_unit_test(test_command),
        cmocka_unit_test(test_runner),
        cmocka_unit_test(test_ask),
        cmocka_unit_test(test_no_terminal),
    };

    if (argc == 2 && strcmp(argv[1], HF_RUNNER_ROLE) == 0)
        return hf_runner_worker_run(STDIN_FILENO) ? 0 : 1;
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
