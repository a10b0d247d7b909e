/* SPDX-License-Identifier: Apache-2.0 */
#include "base/alloc.h"
#include "cli/config.h"
#include "tests/unit/unit.h"

#define S HF_SPAN_INIT

static const char whole[] = "# accounts and all\n"
                            "state-dir = /srv/holdfast # a path\r\n"
                            "stub = {\"a.example=192.0.2.1\",\n"
                            "        'b.example=192.0.2.2'}\n"
                            "\n"
                            "zone example.com { publisher = knot }\n"
                            "zone \"example.net\" {\n"
                            "\tpublisher=\"a \\\"b\\\" \\\\ #c\" server = {}\n"
                            "}\n"
                            "ca zone { title = '${x} \"y\"' }";

/* Sections as they come, each key with its line and its values. */
static void reads(void **state)
{
    struct hf_config *config = NULL;
    const struct hf_config_section *net;
    const struct hf_config_key *key;

    (void)state;
    assert_int_equal(hf_config_parse(hf_span_str(whole), &config, NULL), HF_OK);
    assert_int_equal(config->problem_count, 0);
    assert_int_equal(config->section_count, 4);
    key = hf_config_key_find(config, &config->sections[0], "stub");
    assert_int_equal(key->line, 3);
    assert_int_equal(key->count, 2);
    assert_string_equal(hf_config_value(config, key, 1), "b.example=192.0.2.2");
    assert_null(hf_config_value(config, key, 2));
    net = hf_config_section_find(config, "zone", "example.net");
    assert_int_equal(net->line, 7);
    key = hf_config_key_find(config, net, "publisher");
    assert_int_equal(key->line, 8);
    assert_string_equal(hf_config_value(config, key, 0), "a \"b\" \\ #c");
    key = hf_config_key_find(config, net, "server");
    assert_int_equal(key->count, 0);
    assert_null(hf_config_key_find(config, net, "state-dir"));
    assert_null(hf_config_key_find(config, NULL, "publisher"));
    assert_null(hf_config_section_find(config, "zone", "zone"));
    key = hf_config_key_find(config, &config->sections[3], "title");
    assert_string_equal(hf_config_value(config, key, 0), "${x} \"y\"");
    hf_config_free(config);
}

/* What is wrong, and where: the first two of it. */
static const struct {
    const char *text;
    size_t count;
    size_t lines[2];
    const char *words[2];
} wrong[] = {
    {"zone a {\n b = c\n", 1, {1}, {"not closed"}},
    {"a = b\n}\n", 1, {2}, {"closes nothing"}},
    {"zone a {\n b = c\nzone d {\n}\n", 1, {3}, {"'}' is missing"}},
    {"zone a { }\nb = c\n", 1, {2}, {"before the first section"}},
    {"\na = b\na = c\n", 1, {3}, {"already"}},
    {"zone a {}\nzone a {}\n", 1, {2}, {"already"}},
    {"zone {\n a = b\n}\n", 1, {1}, {"wants a title"}},
    {"zone a\nb = c\n", 1, {2}, {"'{' is wanted"}},
    {"a b\nc = d\n", 1, {2}, {"'{' is wanted"}},
    {"a =\n", 1, {2}, {"a value is wanted"}},
    {"a = {b c}\n", 1, {1}, {"',' or '}'"}},
    {"a = {b,}\n", 1, {1}, {"a value is wanted"}},
    {"a += b\n", 1, {1}, {"'='"}},
    {"a = \"b\nc = d\n", 1, {1}, {"not closed in its line"}},
    {"a = 'b\n", 1, {1}, {"not closed in its line"}},
    {"a = \"\\n\"\n", 1, {1}, {"behind a backslash"}},
    {"a = 'b\\c'\n", 1, {1}, {"no backslash"}},
    {"a = \"${HOME}\"\n", 1, {1}, {"not expanded"}},
    {"a = ${HOME}\n", 1, {1}, {"a value is wanted"}},
    {"a = \"\x01\"\n", 1, {1}, {"control"}},
    {"a = \"\x7f\"\n", 1, {1}, {"control"}},
    {"// a = b\n", 1, {1}, {"a key or of a section"}},
    {"/* a */\n", 1, {1}, {"'='"}},
    {"include(\"/etc/passwd\")\nc = d\n", 1, {1}, {"'='"}},
    {"? = b\nc = \"d\n", 2, {1, 2}, {"name of a key", "not closed"}},
};

static void finds_what_is_wrong(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct hf_config *config = NULL;

        assert_int_equal(
            hf_config_parse(hf_span_str(wrong[i].text), &config, NULL), HF_OK);
        if (config->problem_count != wrong[i].count)
            fail_msg("%s: %zu problems", wrong[i].text, config->problem_count);
        for (size_t n = 0; n < wrong[i].count; n++)
            if (config->problems[n].line != wrong[i].lines[n] ||
                strstr(config->problems[n].text, wrong[i].words[n]) == NULL)
                fail_msg("%s: line %zu: %s", wrong[i].text,
                         config->problems[n].line, config->problems[n].text);
        hf_config_free(config);
    }
}

static void stops_at_nul(void **state)
{
    static const char text[] = "a = b\n\0c = d\n";
    struct hf_config *config = NULL;

    (void)state;
    assert_int_equal(hf_config_parse((struct hf_span){text, sizeof(text) - 1},
                                     &config, NULL),
                     HF_OK);
    assert_int_equal(config->problem_count, 1);
    assert_int_equal(config->problems[0].line, 2);
    hf_config_free(config);
}

/* `count` times the same line, each with its number. */
static void repeat(struct hf_buf *out, size_t count, const char *before,
                   const char *after)
{
    for (size_t i = 0; i < count; i++) {
        hf_buf_puts(out, before);
        hf_buf_put_u64(out, i);
        hf_buf_puts(out, after);
    }
}

static void has_limits(void **state)
{
    struct hf_config *config = NULL;
    struct hf_buf text;

    (void)state;
    hf_buf_init_grow(&text, 2 * HF_CONFIG_MAX);
    repeat(&text, 5000, "zone z", " {}\n");
    assert_int_equal(hf_config_parse(hf_buf_span(&text), &config, NULL), HF_OK);
    assert_int_equal(config->problem_count, 1);
    assert_int_equal(config->section_count, 4096);
    hf_config_free(config);

    hf_buf_reset(&text);
    repeat(&text, 300, "k", " = v\n");
    assert_int_equal(hf_config_parse(hf_buf_span(&text), &config, NULL), HF_OK);
    assert_int_equal(config->problem_count, 300 - 256);
    hf_config_free(config);

    hf_buf_reset(&text);
    repeat(&text, 200, "?", "\n");
    assert_int_equal(hf_config_parse(hf_buf_span(&text), &config, NULL), HF_OK);
    assert_int_equal(config->problem_count, HF_CONFIG_PROBLEMS_MAX);
    hf_config_free(config);

    hf_buf_reset(&text);
    repeat(&text, 200000, "# ", "\n");
    config = NULL;
    assert_int_equal(hf_config_parse(hf_buf_span(&text), &config, NULL),
                     HF_ELIMIT);
    assert_null(config);
    hf_buf_clear(&text);
}

static void is_written_as_read(void **state)
{
    struct hf_config *config = NULL;
    char first[1024];
    char second[1024];
    struct hf_buf out;

    (void)state;
    assert_int_equal(hf_config_parse(hf_span_str(whole), &config, NULL), HF_OK);
    hf_buf_init(&out, first, sizeof(first));
    for (size_t i = 0; i < config->section_count; i++)
        hf_config_put(config, &config->sections[i], &out);
    hf_buf_putc(&out, '\0');
    hf_config_free(config);

    assert_int_equal(hf_config_parse(hf_span_str(first), &config, NULL), HF_OK);
    assert_int_equal(config->problem_count, 0);
    hf_buf_init(&out, second, sizeof(second));
    for (size_t i = 0; i < config->section_count; i++)
        hf_config_put(config, &config->sections[i], &out);
    hf_buf_putc(&out, '\0');
    hf_config_free(config);
    assert_string_equal(first, second);
    assert_non_null(strstr(first, "zone example.net {\n"
                                  "    publisher = \"a \\\"b\\\" \\\\ #c\"\n"
                                  "    server = {}\n}\n"));
}

/* Problems that are found later stand where their lines are. */
static void notes_in_order(void **state)
{
    struct hf_config *config = NULL;

    (void)state;
    assert_int_equal(hf_config_parse(HF_SPAN("a = b\n?\n"), &config, NULL),
                     HF_OK);
    assert_int_equal(hf_config_note(config,
                                    &(struct hf_config_problem){
                                        .line = 1, .text = "no such key"},
                                    NULL),
                     HF_OK);
    assert_int_equal(config->problems[0].line, 1);
    assert_int_equal(config->problems[1].line, 2);
    hf_config_free(config);
}

/* The Nth allocation fails: an error and nothing else. */
static void out_of_memory(void **state)
{
    struct hf_config *config = NULL;
    enum hf_err err = HF_ENOMEM;

    (void)state;
    for (long n = 0; err != HF_OK; n++) {
        hf_alloc_fail_after(n, true);
        err = hf_config_parse(HF_SPAN("a = b\nzone c { d = e }\n?\n"), &config,
                              NULL);
        hf_alloc_fail_after(-1, false);
        assert_true(err == HF_OK || (err == HF_ENOMEM && config == NULL));
        assert_true(n < 50);
    }
    hf_config_free(config);
    hf_config_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads),
        cmocka_unit_test(finds_what_is_wrong),
        cmocka_unit_test(stops_at_nul),
        cmocka_unit_test(has_limits),
        cmocka_unit_test(is_written_as_read),
        cmocka_unit_test(notes_in_order),
        cmocka_unit_test(out_of_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
