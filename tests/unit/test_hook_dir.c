/* SPDX-License-Identifier: Apache-2.0 */
/* A folder of hooks: which files count, in which order, and whose they are. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/hook_dir.h"
#include "tests/unit/scratch.h"
#include "tests/unit/unit.h"

struct place {
    char path[SCRATCH_MAX];
    struct hf_buf found;
};

static int enter(void **state)
{
    static struct place place;

    hf_buf_init_grow(&place.found, 4096);
    *state = &place;
    return scratch_make(place.path);
}

static int leave(void **state)
{
    struct place *place = *state;

    hf_buf_clear(&place->found);
    return scratch_remove(place->path);
}

static void put(const struct place *place, const char *name, mode_t mode)
{
    char path[96];
    int fd;

    (void)snprintf(path, sizeof(path), "%s/%s", place->path, name);
    fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0700);
    assert_true(fd >= 0);
    assert_int_equal(fchmod(fd, mode), 0);
    assert_int_equal(close(fd), 0);
}

static void names(void **state)
{
    static const char *const good[] = {"10-reload", "a.sh", "x.py", "bak"};
    static const char *const bad[] = {
        "",           ".hidden",     "a~",        "#a#",      "a.bak",
        "a.dpkg-old", "a.dpkg-dist", "a.ucf-new", "a.rpmnew", "a.swp"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(good); i++)
        assert_true(hf_hook_dir_counts(hf_span_str(good[i])));
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        if (hf_hook_dir_counts(hf_span_str(bad[i])))
            fail_msg("%s", bad[i]);
}

/* By their octets, whatever the locale: as ls -1 does in C. */
static void order(void **state)
{
    static const char *const files[] = {"b", "a", "B", "a.sh", "a~", "none"};
    struct place *place = *state;
    char want[256];
    size_t count = 9;
    int n;

    for (size_t i = 0; i < COUNT_OF(files); i++)
        put(place, files[i], i + 1 < COUNT_OF(files) ? 0755 : 0644);
    assert_int_equal(hf_hook_dir_list(place->path, &place->found, &count, NULL),
                     HF_OK);
    assert_int_equal(count, 4);
    n = snprintf(want, sizeof(want), "%s/B%c%s/a%c%s/a.sh%c%s/b", place->path,
                 '\0', place->path, '\0', place->path, '\0', place->path);
    assert_span_equal(hf_buf_span(&place->found),
                      ((struct hf_span){want, (size_t)n + 1}));
}

static void nobodys(void **state)
{
    struct place *place = *state;
    struct hf_why why = {0};
    size_t count = 9;

    assert_int_equal(
        hf_hook_dir_list("/nonexistent", &place->found, &count, NULL), HF_OK);
    assert_int_equal(count, 0);
    put(place, "a", 0775);
    assert_int_equal(hf_hook_dir_list(place->path, &place->found, &count, &why),
                     HF_EINVAL);
    put(place, "a", 0755);
    assert_int_equal(chmod(place->path, 0777), 0);
    assert_int_equal(hf_hook_dir_list(place->path, &place->found, &count, &why),
                     HF_EINVAL);
    assert_int_equal(chmod(place->path, 0700), 0);
    assert_int_equal(hf_hook_dir_list(place->path, &place->found, &count, &why),
                     HF_OK);
    assert_int_equal(count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),
        cmocka_unit_test_setup_teardown(order, enter, leave),
        cmocka_unit_test_setup_teardown(nobodys, enter, leave),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
