/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hooks, and the programs that they run: what they are told, what they do not
 * get to see, what is kept of what they say, and that none runs for ever.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/hook.h"
#include "os/child.h"
#include "os/clock.h"
#include "os/runner_worker.h"
#include "tests/unit/unit.h"

/* A value that a shell would like to read otherwise. */
#define VALUE "ca.example; accounturi=https://ca.example/'\"$(id)`id`\\x *"

struct place {
    char path[64];
    char script[128];
};

static int enter(void **state)
{
    static struct place place;

    (void)snprintf(place.path, sizeof(place.path), "/tmp/test_hook.XXXXXX");
    if (mkdtemp(place.path) == NULL)
        return -1;
    (void)snprintf(place.script, sizeof(place.script), "%s/dns_test.sh",
                   place.path);
    *state = &place;
    return 0;
}

static int leave(void **state)
{
    struct place *place = *state;

    (void)unlink(place->script);
    return rmdir(place->path);
}

static void put_script(const struct place *place, const char *text)
{
    int fd =
        open(place->script, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0700);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    assert_int_equal(close(fd), 0);
}

struct result {
    enum hf_err err;
    const char *text;
    char out[HF_RUNNER_SAID_MAX + 1];
    char said[HF_RUNNER_SAID_MAX + 1];
};

static struct result run(const struct place *place, const char *kind,
                         bool removes, uint32_t time_ms)
{
    static char text[256];
    struct result got = {0};
    struct hf_hook hook;
    struct hf_why why = {0};
    struct hf_buf out;
    struct hf_buf said;
    const struct hf_hook_call call = {
        .removes = removes,
        .name = HF_SPAN("x.example"),
        .owner = HF_SPAN("_validation-persist.x.example"),
        .value = HF_SPAN(VALUE),
        .note = HF_SPAN("id 17")};

    (void)snprintf(text, sizeof(text), "%s:%s", kind, place->script);
    assert_int_equal(hf_hook_parse(text, &hook, NULL), HF_OK);
    hf_buf_init(&out, got.out, sizeof(got.out) - 1);
    hf_buf_init(&said, got.said, sizeof(got.said) - 1);
    assert_int_equal(hf_hook_open(&hook, NULL, time_ms, NULL), HF_OK);
    got.err = hf_hook_run(&hook, &call, &out, &said, &why);
    got.text = why.text;
    hf_hook_close(&hook);
    return got;
}

static void texts(void **state)
{
    static const char *const bad[] = {"",  "exec",     "exec:", "run:x",
                                      "x", "acme.sh:", "Exec:x"};
    struct hf_hook hook = {0};

    (void)state;
    assert_int_equal(hf_hook_parse("exec:/a:b", &hook, NULL), HF_OK);
    assert_int_equal(hook.kind, HF_HOOK_EXEC);
    assert_string_equal(hook.program, "/a:b");
    assert_int_equal(hf_hook_parse("acme.sh:dns_cf", &hook, NULL), HF_OK);
    assert_int_equal(hook.kind, HF_HOOK_ACME_SH);
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_int_equal(hf_hook_parse(bad[i], &hook, NULL), HF_ESYNTAX);
}

/* lego's convention. */
static void exec_hook(void **state)
{
    struct result got;

    put_script(*state, "#!/bin/sh\nprintf '<%s>' \"$@\" \"$HOLDFAST_OWNER\"\n");
    got = run(*state, "exec", false, 5000);
    assert_int_equal(got.err, HF_OK);
    assert_string_equal(got.out,
                        "<present><_validation-persist.x.example.><" VALUE
                        "><_validation-persist.x.example>");
    got = run(*state, "exec", true, 5000);
    assert_non_null(strstr(got.out, "<cleanup>"));
}

static void certbot_hook(void **state)
{
    struct result got;

    put_script(*state,
               "#!/bin/sh\necho \"$#,$CERTBOT_DOMAIN,$CERTBOT_IDENTIFIER,"
               "$CERTBOT_REMAINING_CHALLENGES,${CERTBOT_AUTH_OUTPUT-unset}\"\n"
               "printf %s \"$CERTBOT_VALIDATION\"\n");
    assert_int_equal(setenv("CERTBOT_AUTH_OUTPUT", "stale", 1), 0);
    got = run(*state, "certbot", false, 5000);
    assert_string_equal(got.out, "0,x.example,x.example,0,unset\n" VALUE);
    got = run(*state, "certbot", true, 5000);
    assert_string_equal(got.out, "0,x.example,x.example,0,id 17\n" VALUE);
}

/* A dnsapi script: sourced, with what it expects around it. */
static void acme_sh_hook(void **state)
{
    struct result got;

    put_script(
        *state,
        "dns_test_add() {\n"
        "  _info \"add $#\"; printf '<%s>' \"$1\" \"$2\"\n"
        "  _contains abc b && _startswith abc ab && _endswith abc bc &&\n"
        "    ! _contains abc x && printf '[%s]' \"$(_math 6 '*' 7)\" \\\n"
        "    \"$(printf 'a b/~' | _url_encode)\" \\\n"
        "    \"$(printf 4f6b | _h2b)\" \"$(printf Ab | _lower_case)\" \\\n"
        "    \"$(_getfield a,b,c 2)\"\n"
        "}\n"
        "dns_test_rm() { _err \"no such record\"; return 1; }\n");
    got = run(*state, "acme.sh", false, 10000);
    assert_int_equal(got.err, HF_OK);
    assert_string_equal(got.out, "add 2\n<_validation-persist.x.example><" VALUE
                                 ">[42][a%20b%2f~][Ok][ab][b]");
    got = run(*state, "acme.sh", true, 10000);
    assert_int_equal(got.err, HF_EPEER);
    assert_string_equal(got.said, "no such record\n");
    put_script(*state, "other() { :; }\n");
    got = run(*state, "acme.sh", false, 10000);
    assert_int_equal(got.err, HF_EPEER);
    assert_non_null(strstr(got.said, "has no function dns_test_add"));
}

static void names_of_scripts(void **state)
{
    static const char *const bad[] = {"acme.sh:dns_cf;id", "acme.sh:./a b.sh",
                                      "acme.sh:/tmp/1x.sh", "acme.sh:/tmp/"};
    struct hf_hook hook;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        assert_int_equal(hf_hook_parse(bad[i], &hook, NULL), HF_OK);
        assert_int_equal(hf_hook_open(&hook, NULL, 5000, NULL), HF_EINVAL);
        hf_hook_close(&hook);
    }
    assert_int_equal(hf_hook_parse("acme.sh:dns_nobody_has", &hook, NULL),
                     HF_OK);
    assert_int_equal(hf_hook_open(&hook, NULL, 5000, NULL), HF_ENOTFOUND);
    hf_hook_close(&hook);
}

/* A NUL would cut the value short. */
static void refused(void **state)
{
    struct hf_hook_call call = {
        .name = HF_SPAN("x"), .owner = HF_SPAN("x"), .value = HF_SPAN("a\0b")};
    struct hf_buf none = {0};
    struct hf_hook hook;

    (void)state;
    assert_int_equal(hf_hook_parse("exec:true", &hook, NULL), HF_OK);
    assert_int_equal(hf_hook_open(&hook, NULL, 5000, NULL), HF_OK);
    assert_int_equal(hf_hook_run(&hook, &call, &none, &none, NULL), HF_EINVAL);
    hf_hook_close(&hook);
}

/* Neither our secrets nor our descriptors. */
static void what_it_does_not_see(void **state)
{
    int fd = open("/dev/null", O_RDONLY); /* inherited by a careless parent */
    struct result got;

    assert_true(fd > 2);
    assert_int_equal(setenv("CREDENTIALS_DIRECTORY", "/run/secret", 1), 0);
    assert_int_equal(setenv("HOLDFAST_PASSPHRASE", "secret", 1), 0);
    assert_int_equal(setenv("CF_Token", "mine", 1), 0);
    put_script(*state, "#!/bin/sh\nenv | grep -c secret\necho \"$CF_Token\"\n"
                       "ls /proc/self/fd | wc -l\ncat\n");
    got = run(*state, "exec", false, 5000);
    assert_string_equal(got.out, "0\nmine\n4\n"); /* ls has its folder open */
    (void)close(fd);
}

static void failures(void **state)
{
    static const struct {
        const char *script;
        enum hf_err err;
        const char *says;
    } cases[] = {
        {"#!/bin/sh\nexit 3\n", HF_EPEER, "not 0"},
        {"#!/bin/sh\nkill -9 $$\n", HF_EPEER, "signal"},
        {"#!/nonexistent/sh\n", HF_ENOTFOUND, "executed"},
        {"#!/bin/sh\nsleep 60\n", HF_ETIMEOUT, "in time"},
        /* its child keeps the pipes open */
        {"#!/bin/sh\nsleep 60 &\necho done\n", HF_OK, ""},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        int64_t began_ms = hf_clock_ms();
        struct result got;

        put_script(*state, cases[i].script);
        got = run(*state, "exec", false, i == 3 ? 300 : 20000);
        if (got.err != cases[i].err ||
            strstr(got.text == NULL ? "" : got.text, cases[i].says) == NULL)
            fail_msg("%s: %d %s", cases[i].script, (int)got.err, got.text);
        assert_true(hf_clock_ms() - began_ms < 10000);
    }
}

/* A megabyte of chatter: it is not made to wait, and of what does not fit the
 * first words of its output are kept, and the last ones of its complaints. */
static void chatter(void **state)
{
    struct result got;

    put_script(*state, "#!/bin/sh\necho begin\n"
                       "head -c 1000000 /dev/zero | tr '\\0' x | "
                       "tee /dev/stderr\necho end >&2\n");
    got = run(*state, "exec", false, 20000);
    assert_int_equal(got.err, HF_OK);
    assert_int_equal(strlen(got.out), sizeof(got.out) - 1);
    assert_int_equal(strncmp(got.out, "begin\nxxx", 9), 0);
    assert_int_equal(strlen(got.said), sizeof(got.said) - 1);
    assert_non_null(strstr(got.said, "xxxend\n"));
}

/* Input is given, and not minded when it is not read. */
static void input(void **state)
{
    char room[64];
    struct hf_buf out;
    struct hf_child_end end = {0};
    char cat[] = "cat";
    char right[] = "true";
    char *argv[] = {cat, NULL};
    char *env[] = {NULL};
    struct hf_child_plan plan = {.argv = argv,
                                 .env = env,
                                 .input = HF_SPAN("told"),
                                 .until_ms = hf_clock_ms() + 5000};

    (void)state;
    hf_buf_init(&out, room, sizeof(room));
    assert_int_equal(hf_child_run(&plan, &out, &out, &end, NULL), HF_OK);
    assert_true(end.ran && end.status == 0);
    assert_span_equal(hf_buf_span(&out), HF_SPAN("told"));
    argv[0] = right;
    assert_int_equal(hf_child_run(&plan, &out, &out, &end, NULL), HF_OK);
    assert_int_equal(end.status, 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts),
        cmocka_unit_test_setup_teardown(exec_hook, enter, leave),
        cmocka_unit_test_setup_teardown(certbot_hook, enter, leave),
        cmocka_unit_test_setup_teardown(acme_sh_hook, enter, leave),
        cmocka_unit_test(names_of_scripts),
        cmocka_unit_test(refused),
        cmocka_unit_test_setup_teardown(what_it_does_not_see, enter, leave),
        cmocka_unit_test_setup_teardown(failures, enter, leave),
        cmocka_unit_test_setup_teardown(chatter, enter, leave),
        cmocka_unit_test(input),
    };

    if (argc == 2 && strcmp(argv[1], HF_RUNNER_ROLE) == 0)
        return hf_runner_worker_run(STDIN_FILENO) ? 0 : 1;
    (void)signal(SIGPIPE, SIG_IGN); /* as the program does */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
