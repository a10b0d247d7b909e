/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes from the kernel, however it hands them out. */
#include <errno.h>
#include <sys/random.h>

#include "os/random.h"
#include "tests/unit/unit.h"

static int answers[] = {0, 0, 0}; /* errno, or 0 for three bytes */
static size_t calls;

ssize_t __wrap_getrandom(void *to, size_t len, unsigned flags);

ssize_t __wrap_getrandom(void *to, size_t len, unsigned flags)
{
    int answer = calls < COUNT_OF(answers) ? answers[calls] : 0;

    assert_int_equal(flags, 0);
    calls++;
    if (answer != 0) {
        errno = answer;
        return -1;
    }
    len = len < 3 ? len : 3;
    memset(to, (int)('0' + calls), len);
    return (ssize_t)len;
}

static void pieces_and_interruptions(void **state)
{
    char bytes[9] = {0};

    (void)state;
    answers[1] = EINTR;
    assert_int_equal(hf_random_fill(bytes, 8, NULL), HF_OK);
    assert_string_equal(bytes, "11133344");
}

static void failure(void **state)
{
    struct hf_why why = {0};
    char bytes[8];

    (void)state;
    calls = 0;
    answers[1] = ENOSYS;
    assert_int_equal(hf_random_fill(bytes, 8, &why), HF_ESYSTEM);
    assert_int_equal(why.sys, ENOSYS);
    calls = 0;
    assert_int_equal(hf_random_fill(bytes, 8, NULL), HF_ESYSTEM);
    assert_int_equal(hf_random_fill(bytes, 0, NULL), HF_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_and_interruptions),
        cmocka_unit_test(failure),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
