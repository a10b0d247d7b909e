/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/token.h"

void hf_token_file(struct hf_span where, char out[HF_TOKEN_FILE_MAX])
{
    struct hf_buf text;

    hf_buf_init(&text, out, HF_TOKEN_FILE_MAX - 1);
    hf_buf_puts(&text, "holdfast-");
    hf_buf_puts(&text, hf_key_home_name(hf_key_home_of(where)));
    hf_buf_puts(&text, ".so");
    out[text.len] = '\0';
}

enum hf_err hf_token_open(const struct hf_token_plan *plan,
                          struct hf_token *out, struct hf_why *why)
{
    struct hf_token token = {.driver = plan->driver};
    enum hf_err err;

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
