/* SPDX-License-Identifier: Apache-2.0 */
/* What a CA asks of its tables while it serves takes as long with a million of
 * rows as with one: SQLite itself says how it would go about it. */
#include <sqlite3.h>

#include "ca/tables.h"
#include "tests/unit/unit.h"

/* Counts, and who serves, for people and for the doctor. */
static const enum hf_ca_operation whole[] = {
    HF_CA_ROWS,    HF_CA_NEWEST, HF_CA_STUCK,   HF_CA_ASTRAY,
    HF_CA_CRL_ALL, HF_CA_LEASES, HF_CA_KEEPERS,
};

/* These have few rows, and the last is read backwards, up to one row. */
static const char *const scans[] = {
    "SCAN crl",
    "SCAN keeper",
    "SCAN unlogged",
    "SCAN orders USING INDEX orders_under_way",
    "SCAN authz USING INDEX authz_under_way",
    "SCAN certificate USING INDEX certificate_entry",
};

static bool is_whole(size_t operation)
{
    for (size_t i = 0; i < sizeof(whole) / sizeof(whole[0]); i++)
        if (whole[i] == operation)
            return true;
    return false;
}

static bool may_scan(const char *step)
{
    for (size_t i = 0; i < sizeof(scans) / sizeof(scans[0]); i++)
        if (strcmp(scans[i], step) == 0)
            return true;
    return false;
}

static void look(sqlite3 *db, size_t operation)
{
    const char *sql = hf_ca_plan.operations[operation];
    char *question = sqlite3_mprintf("EXPLAIN QUERY PLAN %s", sql);
    sqlite3_stmt *plan = NULL;

    if (sqlite3_prepare_v2(db, question, -1, &plan, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    sqlite3_free(question);
    while (sqlite3_step(plan) == SQLITE_ROW) {
        const char *step = (const char *)sqlite3_column_text(plan, 3);

        if (strncmp(step, "SCAN", 4) == 0 && !may_scan(step))
            fail_msg("%s: %s", sql, step);
    }
    assert_int_equal(sqlite3_finalize(plan), SQLITE_OK);
}

static void nothing_is_read_from_end_to_end(void **state)
{
    sqlite3 *db;

    (void)state;
    assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
    for (int i = 0; i < hf_ca_plan.step_count; i++)
        if (sqlite3_exec(db, hf_ca_plan.steps[i], NULL, NULL, NULL) !=
            SQLITE_OK)
            fail_msg("%s", sqlite3_errmsg(db));
    for (size_t i = 0; i < hf_ca_plan.operation_count; i++)
        if (!is_whole(i))
            look(db, i);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_read_from_end_to_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
