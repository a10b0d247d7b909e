/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_fixture.h -- tables for a test, of the engine that the environment
 * names: SQLite, unless STORE_URL is that of a PostgreSQL database, where
 * STORE_SQL is a command that runs the SQL of its argument (tests/peer/store.sh
 * sets both). Every test begins with none.
 */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/store.h"
#include "tests/unit/scratch.h"
#include "tests/unit/unit.h"

struct place {
    const char *location;
    char folder[SCRATCH_MAX];
    char path[SCRATCH_MAX + 16];
};

static inline bool place_is_postgresql(void)
{
    return getenv("STORE_URL") != NULL;
}

/* Around the store, as an operator would. */
static inline void place_sql(const char *sql)
{
    char command[1024];
    int n = snprintf(command, sizeof(command), "%s \"%s\" >/dev/null",
                     getenv("STORE_SQL"), sql);

    assert_true(n > 0 && (size_t)n < sizeof(command));
    assert_int_equal(system(command), 0);
}

static inline int place_enter(void **state)
{
    static struct place place;

    *state = &place;
    if (scratch_make(place.folder) != 0)
        return -1;
    (void)snprintf(place.path, sizeof(place.path), "%s/x.db", place.folder);
    place.location = place.path;
    if (place_is_postgresql()) {
        place.location = getenv("STORE_URL");
        place_sql("SET client_min_messages = error;"
                  " DROP SCHEMA public CASCADE; CREATE SCHEMA public");
    }
    return 0;
}

static inline int place_leave(void **state)
{
    struct place *place = *state;

    return scratch_remove(place->folder);
}

static inline struct hf_store *place_open(const struct place *place,
                                          const struct hf_store_plan *plan)
{
    struct hf_store *store = NULL;
    struct hf_why why = {0};

    if (hf_store_open(place->location, plan, false, &store, &why) != HF_OK)
        fail_msg("%s (%d)", why.text, why.sys);
    return store;
}

/* What a test wants to succeed. */
#define place_want(call, why)                                                  \
    do {                                                                       \
        if ((call) != HF_OK)                                                   \
            fail_msg("%s: %s", #call, (why).text);                             \
    } while (0)

/* A process of its own, which must end well. */
static inline pid_t place_fork(int (*run)(const struct place *),
                               const struct place *place)
{
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0)
        _exit(run(place));
    return pid;
}

static inline void place_wait(size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int status = 1;

        assert_true(wait(&status) > 0);
        assert_int_equal(status, 0);
    }
}
