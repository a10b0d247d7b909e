/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_writer LOCATION COUNT: write the numbers from 1 to COUNT, each in a
 * transaction of its own, and print each as soon as it is known to be kept.
 * Where that is not known, look.
 */
#include <stdio.h>
#include <stdlib.h>

#include "store/store.h"

static const char *const steps[] = {
    "CREATE TABLE IF NOT EXISTS written (number INTEGER PRIMARY KEY) STRICT"};

enum operation { PUT, FIND };

static const char *const operations[] = {
    [PUT] = "INSERT INTO written (number) VALUES ($1)",
    [FIND] = "SELECT 1 FROM written WHERE number = $1",
};

static const struct hf_store_plan plan = {
    .steps = steps,
    .step_count = 1,
    .operations = operations,
    .operation_count = 2,
};

static enum hf_err put(struct hf_store *store, void *of, struct hf_why *why)
{
    return hf_store_run(store, PUT, of, 1, why);
}

static enum hf_err find(struct hf_store *store,
                        const struct hf_store_value *value, bool *found,
                        struct hf_why *why)
{
    enum hf_err err = hf_store_start(store, FIND, value, 1, why);

    if (err == HF_OK)
        err = hf_store_next(store, FIND, found, why);
    if (err == HF_OK && *found)
        hf_store_end(store, FIND);
    return err;
}

static enum hf_err write_one(struct hf_store *store, int64_t number,
                             struct hf_why *why)
{
    struct hf_store_value value = hf_store_number(number);
    bool is_kept = false;
    enum hf_err err;

    do {
        err = hf_store_transact(store, put, &value, why);
        is_kept = err == HF_OK;
        if (err == HF_OK || !hf_store_is_unknown(store))
            return err;
        fprintf(stderr, "%lld: %s\n", (long long)number, why->text);
        err = find(store, &value, &is_kept, why);
    } while (err == HF_OK && !is_kept);
    return err;
}

int main(int argc, char **argv)
{
    struct hf_store *store = NULL;
    struct hf_why why = {0};
    enum hf_err err = argc == 3
                          ? hf_store_open(argv[1], &plan, false, &store, &why)
                          : hf_fail(&why, HF_EINVAL, 0, "LOCATION COUNT");

    for (int64_t i = 1; err == HF_OK && i <= atol(argv[2]); i++) {
        err = write_one(store, i, &why);
        if (err == HF_OK)
            printf("%lld\n", (long long)i);
        (void)fflush(stdout);
    }
    if (err != HF_OK)
        fprintf(stderr, "store_writer: %s\n", why.text);
    hf_store_close(store);
    return err != HF_OK;
}
