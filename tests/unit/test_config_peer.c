/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What we read of a configuration file, libconfuse reads: the same sections,
 * keys and values, in the example that we install and in the seeds of the fuzz
 * target that have nothing wrong in them.
 */
#include <confuse.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/config.h"
#include "os/file.h"
#include "tests/unit/unit.h"

#define KINDS_MAX 16
#define KEYS_MAX  64

/* A grammar for libconfuse that has whatever we have seen. */
struct grammar {
    cfg_opt_t keys[KEYS_MAX + 1]; /* of any section */
    cfg_opt_t root[KEYS_MAX + KINDS_MAX + 1];
    size_t key_count;
    size_t root_count;
};

static bool has(const cfg_opt_t *list, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(list[i].name, name) == 0)
            return true;
    return false;
}

/* The keys of the file itself are its first. */
static void add_keys(struct grammar *grammar, const struct hf_config *config)
{
    for (size_t i = 0; i < config->key_count; i++) {
        bool is_root = i < config->sections[0].count;
        cfg_opt_t *list = is_root ? grammar->root : grammar->keys;
        size_t *count = is_root ? &grammar->root_count : &grammar->key_count;
        const cfg_opt_t key =
            CFG_STR_LIST(config->keys[i].name, NULL, CFGF_NODEFAULT);

        if (has(list, *count, key.name))
            continue;
        assert_true(*count < KEYS_MAX);
        list[(*count)++] = key;
    }
    grammar->keys[grammar->key_count] = (cfg_opt_t)CFG_END();
}

static void add_kinds(struct grammar *grammar, const struct hf_config *config)
{
    size_t kinds = 0;

    for (size_t i = 1; i < config->section_count; i++) {
        const cfg_opt_t kind = CFG_SEC(config->sections[i].kind, grammar->keys,
                                       CFGF_MULTI | CFGF_TITLE);

        if (has(grammar->root, grammar->root_count, kind.name))
            continue;
        assert_true(kinds++ < KINDS_MAX);
        grammar->root[grammar->root_count++] = kind;
    }
    grammar->root[grammar->root_count] = (cfg_opt_t)CFG_END();
}

static void compare_section(const struct hf_config *config,
                            const struct hf_config_section *section,
                            cfg_t *theirs)
{
    for (size_t i = 0; i < section->count; i++) {
        const struct hf_config_key *key = &config->keys[section->first + i];

        assert_int_equal(cfg_size(theirs, key->name), key->count);
        for (unsigned n = 0; n < key->count; n++)
            assert_string_equal(cfg_getnstr(theirs, key->name, n),
                                hf_config_value(config, key, n));
    }
}

static void compare(const struct hf_config *config, const char *text)
{
    struct grammar grammar = {0};
    cfg_t *theirs;

    add_keys(&grammar, config);
    add_kinds(&grammar, config);
    theirs = cfg_init(grammar.root, CFGF_NONE);
    assert_int_equal(cfg_parse_buf(theirs, text), CFG_SUCCESS);
    compare_section(config, &config->sections[0], theirs);
    for (size_t i = 1; i < config->section_count; i++)
        compare_section(config, &config->sections[i],
                        cfg_gettsec(theirs, config->sections[i].kind,
                                    config->sections[i].title));
    cfg_free(theirs);
}

/* Is there anything to compare in the file? */
static bool compare_file(const char *path)
{
    struct hf_config *config = NULL;
    struct hf_buf text;
    bool good;

    hf_buf_init_grow(&text, HF_CONFIG_MAX + 1);
    assert_int_equal(hf_file_read(path, &text, NULL), HF_OK);
    assert_int_equal(hf_config_parse(hf_buf_span(&text), &config, NULL), HF_OK);
    hf_buf_putc(&text, '\0');
    good = config->problem_count == 0;
    if (good)
        compare(config, text.ptr);
    hf_config_free(config);
    hf_buf_clear(&text);
    return good;
}

static void agrees(void **state)
{
    char pattern[4096];
    glob_t paths;
    size_t good = 0;

    (void)state;
    (void)snprintf(pattern, sizeof(pattern), "%s/tests/fuzz/corpus/config/*",
                   getenv("SRC"));
    assert_int_equal(glob(pattern, 0, NULL, &paths), 0);
    (void)snprintf(pattern, sizeof(pattern), "%s/dist/holdfast.conf",
                   getenv("SRC"));
    assert_int_equal(glob(pattern, GLOB_APPEND, NULL, &paths), 0);
    for (size_t i = 0; i < paths.gl_pathc; i++)
        good += compare_file(paths.gl_pathv[i]);
    globfree(&paths);
    assert_true(good >= 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
