/* SPDX-License-Identifier: Apache-2.0 */
#include "acme/token.h"

#include "base/base64.h"

#define TOKEN_MIN 22

static bool is_base64url(char c)
{
    char lower = hf_lower(c);

    return hf_is_digit(c) || (lower >= 'a' && lower <= 'z') || c == '-' ||
           c == '_';
}

bool hf_token_is_good(struct hf_span token)
{
    if (token.len < TOKEN_MIN || token.len > HF_TOKEN_MAX)
        return false;
    for (size_t i = 0; i < token.len; i++)
        if (!is_base64url(token.ptr[i]))
            return false;
    return true;
}

void hf_token_put_authorization(struct hf_buf *out, struct hf_span token,
                                struct hf_span thumbprint)
{
    hf_buf_put(out, token);
    hf_buf_putc(out, '.');
    hf_buf_put(out, thumbprint);
}

enum hf_err hf_token_put_dns_value(struct hf_buf *out,
                                   struct hf_span authorization,
                                   const struct hf_digest *digest,
                                   struct hf_why *why)
{
    unsigned char octets[HF_HASH_MAX];
    char text[HF_DNS_VALUE_LEN];
    enum hf_err err =
        digest->compute(digest->state, HF_SHA_256, authorization, octets);

    if (err != HF_OK)
        return hf_fail(why, err, 0, "SHA-256 is not to be had");
    hf_base64url((struct hf_span){(char *)octets, 32}, text);
    hf_buf_put(out, (struct hf_span){text, sizeof(text)});
    return HF_OK;
}
