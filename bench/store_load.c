/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_load.c -- what a durable row costs through a store.
 *
 *     store_load LOCATION ROWS BATCH
 *
 * makes the table when there is none, inserts ROWS rows of about 400 octets,
 * BATCH of them in a transaction, and prints how many there are now.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "store/store.h"

#define BODY_LEN 400

static const char *const steps[] = {
    "CREATE TABLE load (id INTEGER PRIMARY KEY, parent INTEGER NOT NULL,"
    " body TEXT NOT NULL) STRICT;"
    "CREATE INDEX load_parent ON load(parent)"};

enum operation { PUT, LAST };

static const char *const operations[] = {
    [PUT] = "INSERT INTO load (id, parent, body) VALUES ($1, $2, $3)",
    [LAST] = "SELECT coalesce(max(id), 0) FROM load",
};

static const struct hf_store_plan plan = {
    .steps = steps,
    .step_count = 1,
    .operations = operations,
    .operation_count = 2,
};

static char body[BODY_LEN];

static enum hf_err last_of(struct hf_store *store, int64_t *out,
                           struct hf_why *why)
{
    bool more = false;
    enum hf_err err = hf_store_start(store, LAST, NULL, 0, why);

    if (err == HF_OK)
        err = hf_store_next(store, LAST, &more, why);
    if (err == HF_OK) {
        *out = hf_store_get_number(store, LAST, 0);
        hf_store_end(store, LAST);
    }
    return err;
}

static enum hf_err put(struct hf_store *store, int64_t id, struct hf_why *why)
{
    const struct hf_store_value values[] = {
        hf_store_number(id), hf_store_number(id % 1000),
        hf_store_text((struct hf_span){body, sizeof(body)})};

    return hf_store_run(store, PUT, values, 3, why);
}

static enum hf_err load(struct hf_store *store, int64_t rows, int64_t batch,
                        struct hf_why *why)
{
    int64_t id = 0;
    enum hf_err err = last_of(store, &id, why);

    for (int64_t done = 0; done < rows && err == HF_OK; done += batch) {
        err = hf_store_begin(store, why);
        for (int64_t i = 0; i < batch && err == HF_OK; i++)
            err = put(store, ++id, why);
        if (err == HF_OK)
            err = hf_store_commit(store, why);
    }
    if (err == HF_OK)
        printf("%" PRId64 "\n", id);
    return err;
}

int main(int argc, char **argv)
{
    struct hf_store *store = NULL;
    struct hf_why why = {0};
    enum hf_err err = argc == 4
                          ? hf_store_open(argv[1], &plan, false, &store, &why)
                          : hf_fail(&why, HF_EINVAL, 0, "LOCATION ROWS BATCH");

    memset(body, 'x', sizeof(body));
    if (err == HF_OK)
        err = load(store, atol(argv[2]), atol(argv[3]), &why);
    if (err != HF_OK)
        fprintf(stderr, "store_load: %s\n", why.text);
    hf_store_close(store);
    return err != HF_OK;
}
