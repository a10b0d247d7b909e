/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/token.h"

#include <dlfcn.h>

#define PATH_SIZE 4096

/* NULL when this folder has none. It is never closed: signers and reasons
 * point into it. */
static const struct hf_token_driver *load(const char *folder, const char *name)
{
    char path[PATH_SIZE];
    struct hf_buf text;
    void *object = NULL;

    hf_buf_init(&text, path, sizeof(path));
    hf_buf_puts(&text, folder);
    hf_buf_puts(&text, "/holdfast-");
    hf_buf_puts(&text, name);
    hf_buf_puts(&text, ".so");
    hf_buf_putc(&text, '\0');
    if (!text.full)
        object = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    return object == NULL ? NULL : dlsym(object, HF_TOKEN_SYMBOL);
}

enum hf_err hf_token_open(const struct hf_token_plan *plan,
                          struct hf_token *out, struct hf_why *why)
{
    const char *name = hf_key_home_name(hf_key_home_of(plan->where));
    struct hf_token token = {0};
    enum hf_err err;

    for (size_t i = 0; plan->folders[i] != NULL && token.driver == NULL; i++)
        token.driver = load(plan->folders[i], name);
    if (token.driver == NULL)
        return hf_fail(why, HF_ENOTFOUND, 0,
                       "this holdfast was built or installed without what "
                       "speaks to such hardware");
    err = token.driver->open(plan, &token.state, why);
    if (err == HF_OK)
        *out = token;
    return err;
}

enum hf_err hf_token_use(struct hf_token *token, struct hf_span pin,
                         struct hf_token_key *out, struct hf_buf *note,
                         struct hf_why *why)
{
    enum hf_err err;

    if (pin.len > HF_TOKEN_PIN_MAX)
        return hf_fail(why, HF_ELIMIT, 0, "a PIN has at most 256 octets");
    err = token->driver->use(token->state, pin, out, note, why);
    if (err == HF_OK)
        *token = (struct hf_token){0};
    return err;
}

void hf_token_close(struct hf_token *token)
{
    if (token->driver != NULL)
        token->driver->free(token->state);
    *token = (struct hf_token){0};
}
