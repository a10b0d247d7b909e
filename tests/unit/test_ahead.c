/* SPDX-License-Identifier: Apache-2.0 */
/* A laboratory's clock: fixed, or moved by somebody else while we run. */
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "os/ahead.h"
#include "tests/unit/unit.h"

static void fixed(void **state)
{
    const struct hf_ahead real = {0};
    const struct hf_ahead ten = {.fixed_s = 10};

    (void)state;
    assert_int_equal(hf_ahead_s(&real), 0);
    assert_int_equal(hf_ahead_s(&ten), 10);
}

/* What one sets the other has at once. */
static void shared(void **state)
{
    struct hf_ahead mover = {0};
    struct hf_ahead moved = {0};

    (void)state;
    assert_int_equal(hf_ahead_new(&mover, NULL), HF_OK);
    assert_int_equal(hf_ahead_take(dup(mover.fd), &moved, NULL), HF_OK);
    assert_int_equal(hf_ahead_s(&moved), 0);
    hf_ahead_set(&mover, -86400);
    assert_int_equal(hf_ahead_s(&moved), -86400);
    assert_int_equal(hf_ahead_s(&mover), -86400);
    hf_ahead_clear(&moved);
    hf_ahead_clear(&mover);
    hf_ahead_clear(&mover);
    assert_int_equal(hf_ahead_s(&mover), 0);
}

/* Only what hf_ahead_new() made is one: of that size for ever. */
static void no_clock(void **state)
{
    int unsealed = memfd_create("x", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    int fds[] = {-1, open("/dev/null", O_RDONLY | O_CLOEXEC), unsealed};
    struct hf_ahead out = {.fixed_s = 7};
    struct hf_why why = {0};

    (void)state;
    assert_int_equal(ftruncate(unsealed, 8), 0);
    for (size_t i = 0; i < COUNT_OF(fds); i++) {
        assert_int_equal(hf_ahead_take(fds[i], &out, &why), HF_EINVAL);
        assert_non_null(why.text);
        assert_int_equal(out.fixed_s, 7);
    }
    (void)close(fds[1]);
    (void)close(unsealed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fixed),
        cmocka_unit_test(shared),
        cmocka_unit_test(no_clock),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
