/* SPDX-License-Identifier: Apache-2.0 */
#include "keys/hardware.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "os/plugin.h"
#include "os/sandbox.h"

#define VARIABLES_MAX 1024

/* What stays allowed behind the wall. A TPM is one descriptor; a module may
 * speak to a daemon that has the token, and wait in threads. */
static const unsigned needs_of[HF_KEY_HOME_COUNT] = {
    [HF_HOME_PKCS11] = HF_SANDBOX_LOCAL | HF_SANDBOX_THREADS,
    [HF_HOME_TPM2] = 0,
};

/* The next item of a list that ends them all by NUL; NULL at its end. */
static const char *next(struct hf_span *list)
{
    const char *item = list->ptr;

    if (list->len == 0)
        return NULL;
    (void)hf_span_cut(list, strlen(item) + 1);
    return item;
}

/* The environment is that of the command: a role starts without any. It is
 * never released. */
static enum hf_err take_environment(struct hf_span list, struct hf_why *why)
{
    char *text = hf_alloc(list.len + 1, 1);
    char **names = hf_alloc(VARIABLES_MAX + 1, sizeof(*names));
    struct hf_span rest = {text, list.len};
    size_t count = 0;

    if (text == NULL || names == NULL) {
        hf_free(text);
        hf_free(names);
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    }
    if (list.len > 0)
        memcpy(text, list.ptr, list.len);
    while (rest.len > 0 && count < VARIABLES_MAX)
        names[count++] = text + (next(&rest) - text);
    environ = names;
    return HF_OK;
}

static enum hf_err open_token(const struct hf_hardware_plan *plan,
                              struct hf_token *out, struct hf_why *why)
{
    struct hf_token_plan token = {.where = plan->where,
                                  .tcti = plan->reach.tcti,
                                  .make = plan->make,
                                  .kind = plan->kind};
    char file[HF_TOKEN_FILE_MAX];

    hf_token_file(plan->where, file);
    token.driver = hf_plugin_find(file, HF_TOKEN_SYMBOL);
    return hf_token_open(&token, out, why);
}

static enum hf_err wall_in(const struct hf_hardware_plan *plan,
                           struct hf_why *why)
{
    unsigned needs = needs_of[hf_key_home_of(plan->where)];
    struct hf_span holes = plan->reach.holes;
    const char *paths[HF_KEY_HOLES_MAX + 1];
    size_t count = 0;
    const char *hole;

    if (plan->no_wall)
        return HF_OK;
    while ((hole = next(&holes)) != NULL) {
        if (hf_span_eq(hf_span_str(hole), HF_KEY_HOLE_NETWORK))
            needs |= HF_SANDBOX_NETWORK;
        else if (count < HF_KEY_HOLES_MAX)
            paths[count++] = hole;
    }
    if (plan->path != NULL)
        paths[count++] = plan->path;
    return hf_sandbox_enter_with(needs, paths, count, why);
}

enum hf_err hf_hardware_use(const struct hf_hardware_plan *plan,
                            struct hf_token_key *out, struct hf_buf *note,
                            struct hf_why *why)
{
    struct hf_token token = {0};
    enum hf_err err = take_environment(plan->reach.environment, why);

    if (err == HF_OK)
        err = open_token(plan, &token, why);
    if (err == HF_OK)
        err = wall_in(plan, why);
    if (err == HF_OK)
        err = hf_token_use(&token, plan->pin, out, note, why);
    hf_token_close(&token);
    return err;
}
