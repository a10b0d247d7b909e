/* SPDX-License-Identifier: Apache-2.0 */
/* What http-01 writes into the folder of a web server. REQ CLI-46 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/webroot.h"
#include "tests/unit/unit.h"

#define TOKEN "LoqXcYV8q5ONbJQxbmR7SCTNo3tiAXDfowyjxAjEuX0"

struct place {
    char root[64];
    char known[96];
    char folder[128];
    char file[256];
};

static int enter(void **state)
{
    static struct place place;

    (void)snprintf(place.root, sizeof(place.root), "/tmp/test_webroot.XXXXXX");
    if (mkdtemp(place.root) == NULL)
        return -1;
    (void)snprintf(place.known, sizeof(place.known), "%s/.well-known",
                   place.root);
    (void)snprintf(place.folder, sizeof(place.folder), "%s/acme-challenge",
                   place.known);
    (void)snprintf(place.file, sizeof(place.file), "%s/%s", place.folder,
                   TOKEN);
    *state = &place;
    return 0;
}

static int leave(void **state)
{
    struct place *place = *state;

    (void)unlink(place->file);
    (void)unlink(place->folder);
    (void)rmdir(place->folder);
    (void)rmdir(place->known);
    return rmdir(place->root);
}

static struct hf_exhibit exhibit_of(struct hf_span token)
{
    return (struct hf_exhibit){.name = HF_SPAN("www.example.com"),
                               .token = token,
                               .authorization = HF_SPAN(TOKEN ".KEY")};
}

static unsigned mode_of(const char *path)
{
    struct stat about = {0};

    assert_int_equal(stat(path, &about), 0);
    return about.st_mode & 07777;
}

static void shows_and_hides(void **state)
{
    struct place *place = *state;
    struct hf_exhibit exhibit = exhibit_of(HF_SPAN(TOKEN));
    struct hf_solver solver;
    char text[128] = {0};
    FILE *file;
    mode_t mask = umask(077);

    assert_int_equal(hf_webroot_new(place->root, &solver, NULL), HF_OK);
    assert_int_equal(solver.hide(solver.state, &exhibit, NULL), HF_OK);
    assert_int_equal(solver.show(solver.state, &exhibit, NULL), HF_OK);
    (void)umask(mask);
    assert_int_equal(mode_of(place->known), 0755);
    assert_int_equal(mode_of(place->folder), 0755);
    assert_int_equal(mode_of(place->file), 0644);
    file = fopen(place->file, "r");
    assert_non_null(file);
    assert_true(fread(text, 1, sizeof(text) - 1, file) > 0);
    (void)fclose(file);
    assert_string_equal(text, TOKEN ".KEY");
    assert_int_equal(solver.hide(solver.state, &exhibit, NULL), HF_OK);
    assert_int_equal(access(place->file, F_OK), -1);
    assert_int_equal(solver.hide(solver.state, &exhibit, NULL), HF_OK);
    hf_solver_clear(&solver);
}

static void stays_in_its_folder(void **state)
{
    static const struct hf_span tokens[] = {
        HF_SPAN_INIT("../0123456789abcdefghijklmnop"), HF_SPAN_INIT(""),
        HF_SPAN_INIT("/tmp/0123456789abcdefghijklmnop")};
    struct place *place = *state;
    struct hf_solver solver;

    assert_int_equal(hf_webroot_new(place->root, &solver, NULL), HF_OK);
    for (size_t i = 0; i < COUNT_OF(tokens); i++) {
        struct hf_exhibit exhibit = exhibit_of(tokens[i]);

        assert_int_equal(solver.show(solver.state, &exhibit, NULL), HF_EINVAL);
        assert_int_equal(solver.hide(solver.state, &exhibit, NULL), HF_OK);
    }
    assert_int_equal(access(place->known, F_OK), -1);
    hf_solver_clear(&solver);
}

/* Whoever may write there could lead us anywhere. */
static void follows_no_link(void **state)
{
    struct place *place = *state;
    struct hf_exhibit exhibit = exhibit_of(HF_SPAN(TOKEN));
    struct hf_solver solver;

    assert_int_equal(mkdir(place->known, 0755), 0);
    assert_int_equal(symlink("/tmp", place->folder), 0);
    assert_int_equal(hf_webroot_new(place->root, &solver, NULL), HF_OK);
    assert_int_equal(solver.show(solver.state, &exhibit, NULL), HF_ESYSTEM);
    assert_int_equal(access("/tmp/" TOKEN, F_OK), -1);
    hf_solver_clear(&solver);
    assert_int_equal(hf_webroot_new("/nonexistent", &solver, NULL),
                     HF_ENOTFOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(shows_and_hides, enter, leave),
        cmocka_unit_test_setup_teardown(stays_in_its_folder, enter, leave),
        cmocka_unit_test_setup_teardown(follows_no_link, enter, leave),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
