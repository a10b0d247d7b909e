/* SPDX-License-Identifier: Apache-2.0 */
/* Programs beside other things to do; test_hook.c runs them to their end. */
#include <poll.h>
#include <unistd.h>

#include "os/child.h"
#include "tests/unit/unit.h"

struct heard {
    char room[256];
    struct hf_buf out;
    struct hf_child_end end;
};

/* Take turns until it has ended; ask it to when it has said anything and
 * `asks`. */
static void attend(const struct hf_child_plan *plan, bool asks,
                   struct heard *heard)
{
    struct hf_child *child;
    bool ended = false;

    hf_buf_init(&heard->out, heard->room, sizeof(heard->room));
    assert_int_equal(
        hf_child_start(plan, &heard->out, &heard->out, &child, NULL), HF_OK);
    while (!ended) {
        struct pollfd wait[HF_CHILD_FDS];
        int fds[HF_CHILD_FDS];

        hf_child_fds(child, fds);
        for (size_t i = 0; i < HF_CHILD_FDS; i++)
            wait[i] = (struct pollfd){.fd = fds[i], .events = POLLIN};
        (void)poll(wait, HF_CHILD_FDS, 10);
        assert_int_equal(hf_child_turn(child, 0, &ended, NULL), HF_OK);
        if (asks && heard->out.len > 0)
            hf_child_ask_to_end(child);
    }
    hf_child_end(child, &heard->end);
}

static void play(const char *script, const int *gift, bool asks,
                 struct heard *heard)
{
    char shell[] = "/bin/sh";
    char option[] = "-c";
    char text[256];
    char *argv[] = {shell, option, text, NULL};
    char *env[] = {NULL};
    const struct hf_child_plan plan = {
        .argv = argv, .env = env, .gift = gift, .dies_with_us = true};
    struct hf_buf line;

    hf_buf_init(&line, text, sizeof(text));
    hf_buf_puts(&line, script);
    hf_buf_putc(&line, '\0');
    attend(&plan, asks, heard);
}

static void says_and_ends(void **state)
{
    struct heard heard = {0};

    (void)state;
    play("echo one; echo two >&2; exit 3", NULL, false, &heard);
    assert_true(heard.end.ran && heard.end.status == 3);
    assert_true(hf_span_eq(hf_buf_span(&heard.out), HF_SPAN("one\ntwo\n")) ||
                hf_span_eq(hf_buf_span(&heard.out), HF_SPAN("two\none\n")));
}

static void is_asked_to_end(void **state)
{
    struct heard heard = {0};

    (void)state;
    play("trap 'exit 4' TERM; echo here; while :; do sleep 0.01; done", NULL,
         true, &heard);
    assert_int_equal(heard.end.status, 4);
}

/* The gift is descriptor 3, wherever it was; nothing else of ours is open. */
static void gets_a_gift(void **state)
{
    static const char script[] =
        "read -r x <&3; echo \"$x\"; for n in 4 5 6 7 8 9; do "
        "{ true >&$n; } 2>/dev/null && echo open $n; done; true";
    struct heard heard = {0};
    int ends[2];
    int high;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(pipe(ends), 0);
        high = i == 0 ? ends[0] : dup2(ends[0], 9);
        assert_int_equal(write(ends[1], "gift\n", 5), 5);
        play(script, &high, false, &heard);
        assert_span_equal(hf_buf_span(&heard.out), HF_SPAN("gift\n"));
        (void)close(ends[0]);
        (void)close(ends[1]);
        (void)close(high);
    }
}

static void cannot_run(void **state)
{
    char nothing[] = "/nowhere/at/all";
    char *argv[] = {nothing, NULL};
    char *env[] = {NULL};
    const struct hf_child_plan plan = {.argv = argv, .env = env};
    struct heard heard = {0};

    (void)state;
    attend(&plan, false, &heard);
    assert_false(heard.end.ran);
    hf_child_end(NULL, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_and_ends),
        cmocka_unit_test(is_asked_to_end),
        cmocka_unit_test(gets_a_gift),
        cmocka_unit_test(cannot_run),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
