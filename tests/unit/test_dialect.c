/* SPDX-License-Identifier: Apache-2.0 */
#include "store/dialect.h"
#include "tests/unit/unit.h"

static const struct hf_dialect_word words[] = {
    {"INTEGER", "BIGINT"}, {"STRICT, WITHOUT ROWID", ""},
    {"STRICT", ""},        {"$", "?"},
    {"TEXT", "TEXT C"},
};

static const struct {
    const char *ours;
    const char *theirs;
} cases[] = {
    {"", ""},
    {"a INTEGER", "a BIGINT"},
    {"INTEGER", "BIGINT"},
    {"(a INTEGER, b INTEGER)", "(a BIGINT, b BIGINT)"},
    {"CREATE x (a TEXT) STRICT", "CREATE x (a TEXT C) "},
    {") STRICT, WITHOUT ROWID;", ") ;"},
    {"$1 = $2||$12", "?1 = ?2||?12"},
    /* Not the word. */
    {"INTEGERS", "INTEGERS"},
    {"AN_INTEGER", "AN_INTEGER"},
    {"INTEGER_", "INTEGER_"},
    {"integer", "integer"},
    {"a$1", "a$1"},
    /* Data. */
    {"'INTEGER' INTEGER", "'INTEGER' BIGINT"},
    {"\"TEXT\" TEXT '$1' $1", "\"TEXT\" TEXT C '$1' ?1"},
    {"'it''s $1' $1", "'it''s $1' ?1"},
    {"'\"' $1 \"'\" $2", "'\"' ?1 \"'\" ?2"},
    {"'never ends $1", "'never ends $1"},
};

static void words_are_replaced(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char room[128];
        struct hf_buf out;

        hf_buf_init(&out, room, sizeof(room));
        hf_dialect_put(&out, cases[i].ours, words, COUNT_OF(words));
        assert_span_equal(hf_buf_span(&out), hf_span_str(cases[i].theirs));
    }
}

static void no_room(void **state)
{
    char room[4];
    struct hf_buf out;

    (void)state;
    hf_buf_init(&out, room, sizeof(room));
    hf_dialect_put(&out, "TEXT", words, COUNT_OF(words));
    assert_true(out.full);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_replaced),
        cmocka_unit_test(no_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
