/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "os/draft.h"
#include "os/file.h"
#include "tests/unit/fsync_fault.h"
#include "tests/unit/unit.h"

static char dir[] = "/tmp/test_draft.XXXXXX";
static char path[64];

static int make_dir(void **state)
{
    (void)state;
    (void)snprintf(path, sizeof(path), "%s/file", mkdtemp(dir));
    return 0;
}

static int remove_dir(void **state)
{
    (void)state;
    (void)unlink(path);
    return rmdir(dir); /* fails when something was left behind */
}

static void holds(const char *want)
{
    struct hf_buf text;

    hf_buf_init_grow(&text, 100);
    assert_int_equal(hf_file_read(path, &text, NULL), HF_OK);
    assert_span_equal(hf_buf_span(&text), hf_span_str(want));
    hf_buf_clear(&text);
}

/* The old file until the new one is kept; a draft that is dropped leaves
 * nothing. */
static void old_or_new(void **state)
{
    struct hf_draft draft;

    (void)state;
    assert_int_equal(hf_draft_open(path, &draft, NULL), HF_OK);
    assert_int_equal(write(draft.fd, "one", 3), 3);
    assert_int_not_equal(access(path, F_OK), 0);
    assert_int_equal(hf_draft_keep(&draft, NULL), HF_OK);
    holds("one");
    assert_int_equal(hf_draft_open(path, &draft, NULL), HF_OK);
    assert_int_equal(write(draft.fd, "two", 3), 3);
    holds("one");
    hf_draft_drop(&draft);
    holds("one");
    assert_int_equal(hf_draft_open(path, &draft, NULL), HF_OK);
    assert_int_equal(write(draft.fd, "three", 5), 5);
    assert_int_equal(hf_draft_keep(&draft, NULL), HF_OK);
    holds("three");
}

/* The file is on the disk before it has its name, and its name afterwards; or
 * somebody hears that it is not. */
static void power_may_fail(void **state)
{
    struct hf_draft draft;

    (void)state;
    for (int round = 0; round < 3; round++) {
        assert_int_equal(hf_draft_open(path, &draft, NULL), HF_OK);
        assert_int_equal(write(draft.fd, "01234", (size_t)round + 1),
                         round + 1);
        syncs = 0;
        refused = round;
        assert_int_equal(hf_draft_keep(&draft, NULL),
                         round == 0 ? HF_OK : HF_ESYSTEM);
        holds(round < 2 ? "0" : "012");
        if (round == 0)
            assert_int_equal(syncs, 2);
    }
    refused = 0;
}

static void what_is_no_file(void **state)
{
    struct hf_draft draft;
    char name[400];

    (void)state;
    assert_int_equal(hf_draft_open("/dev/null", &draft, NULL), HF_OK);
    assert_int_equal(hf_draft_keep(&draft, NULL), HF_OK);
    assert_int_equal(hf_draft_open("/no/such/dir/file", &draft, NULL),
                     HF_ENOTFOUND);
    memset(name, 'x', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    assert_int_equal(hf_draft_open(name, &draft, NULL), HF_ELIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(old_or_new),
        cmocka_unit_test(power_may_fail),
        cmocka_unit_test(what_is_no_file),
    };

    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
