/* SPDX-License-Identifier: Apache-2.0 */
/* REQ CLI-46 */
#include "acme/token.h"
#include "holdfast/digest.h"
#include "tests/unit/unit.h"

#define S HF_SPAN_INIT

/* RFC 8555, sections 8.3 and 8.4. */
#define TOKEN "LoqXcYV8q5ONbJQxbmR7SCTNo3tiAXDfowyjxAjEuX0"
#define KEY   "9jg46WB3rR_AHD-EBXdN7cBkH1WOu0tA3M9fm21mqTI"

static const struct {
    struct hf_span token;
    bool good;
} tokens[] = {
    {S(TOKEN), true},
    {S("0123456789-_abcdefABCD"), true},
    {S("0123456789-_abcdefABC"), false}, /* too little to be random */
    {S(""), false},
    {S("../../../../../../../../etc/passwd"), false},
    {S(".0123456789abcdefghijklmnop"), false},
    {S("0123456789abcdefghij/lmnop"), false},
    {S("0123456789abcdefghij\0lmnop"), false},
    {S("0123456789abcdefghijk=mnop=="), false},
    {S("0123456789abcdefghijk\xc3\xa9mnop"), false},
};

static void token_table(void **state)
{
    char longest[HF_TOKEN_MAX + 1];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(tokens); i++)
        if (hf_token_is_good(tokens[i].token) != tokens[i].good)
            fail_msg("token %zu", i);
    memset(longest, 'a', sizeof(longest));
    assert_true(hf_token_is_good((struct hf_span){longest, HF_TOKEN_MAX}));
    assert_false(hf_token_is_good((struct hf_span){longest, HF_TOKEN_MAX + 1}));
}

static void authorization(void **state)
{
    char room[HF_AUTHORIZATION_MAX];
    struct hf_buf out;

    (void)state;
    hf_buf_init(&out, room, sizeof(room));
    hf_token_put_authorization(&out, HF_SPAN(TOKEN), HF_SPAN(KEY));
    assert_true(hf_span_eq(hf_buf_span(&out), HF_SPAN(TOKEN "." KEY)));
}

/* printf TOKEN.KEY | openssl dgst -sha256 -binary | basenc --base64url */
static void dns_value(void **state)
{
    struct hf_digest *digest;
    char room[HF_DNS_VALUE_LEN];
    struct hf_buf out;

    (void)state;
    hf_buf_init(&out, room, sizeof(room));
    assert_int_equal(hf_digest_new(&digest, NULL), HF_OK);
    assert_int_equal(
        hf_token_put_dns_value(&out, HF_SPAN(TOKEN "." KEY), digest, NULL),
        HF_OK);
    assert_true(
        hf_span_eq(hf_buf_span(&out),
                   HF_SPAN("LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo")));
    hf_digest_free(digest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(token_table),
        cmocka_unit_test(authorization),
        cmocka_unit_test(dns_value),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
