/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_floor.c -- what store_load does, by SQLite's own calls and nothing
 * else: no steps, no list of operations, no rules. Same arguments, same output.
 */
#include <inttypes.h>
#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char body[400];

static void must(int code, int want)
{
    if (code == want)
        return;
    fprintf(stderr, "store_floor: %s\n", sqlite3_errstr(code));
    exit(1);
}

static void run(sqlite3 *db, const char *sql)
{
    must(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
}

static int64_t last_of(sqlite3 *db)
{
    sqlite3_stmt *ask = NULL;
    int64_t last;

    must(sqlite3_prepare_v2(db, "SELECT coalesce(max(id), 0) FROM load", -1,
                            &ask, NULL),
         SQLITE_OK);
    must(sqlite3_step(ask), SQLITE_ROW);
    last = sqlite3_column_int64(ask, 0);
    must(sqlite3_finalize(ask), SQLITE_OK);
    return last;
}

static void put(sqlite3_stmt *insert, int64_t id)
{
    must(sqlite3_bind_int64(insert, 1, id), SQLITE_OK);
    must(sqlite3_bind_int64(insert, 2, id % 1000), SQLITE_OK);
    must(sqlite3_bind_text(insert, 3, body, sizeof(body), SQLITE_STATIC),
         SQLITE_OK);
    must(sqlite3_step(insert), SQLITE_DONE);
    must(sqlite3_reset(insert), SQLITE_OK);
}

int main(int argc, char **argv)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *insert = NULL;
    int64_t id;

    if (argc != 4)
        return 64;
    memset(body, 'x', sizeof(body));
    must(sqlite3_open(argv[1], &db), SQLITE_OK);
    run(db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
            "CREATE TABLE IF NOT EXISTS load (id INTEGER PRIMARY KEY,"
            " parent INTEGER NOT NULL, body TEXT NOT NULL) STRICT;"
            "CREATE INDEX IF NOT EXISTS load_parent ON load(parent)");
    must(sqlite3_prepare_v2(db, "INSERT INTO load VALUES (?1, ?2, ?3)", -1,
                            &insert, NULL),
         SQLITE_OK);
    id = last_of(db);
    for (long done = 0; done < atol(argv[2]); done += atol(argv[3])) {
        run(db, "BEGIN IMMEDIATE");
        for (long i = 0; i < atol(argv[3]); i++)
            put(insert, ++id);
        run(db, "COMMIT");
    }
    printf("%" PRId64 "\n", id);
    must(sqlite3_finalize(insert), SQLITE_OK);
    must(sqlite3_close(db), SQLITE_OK);
    return 0;
}
