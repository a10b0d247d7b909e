/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "os/draft.h"
#include "os/file.h"
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
        cmocka_unit_test(what_is_no_file),
    };

    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
