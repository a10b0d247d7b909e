/* SPDX-License-Identifier: Apache-2.0 */
/* What needs no token; tests/peer/pkcs11.sh has one. */
#include "crypto/pkcs11.h"
#include "tests/unit/unit.h"

#define S HF_SPAN_INIT

static const struct {
    struct hf_span uri;
    enum hf_err err;
    struct hf_span path;
} sources[] = {
    {S("pkcs11:token=t;object=o"), HF_OK, S("")},
    {S("pkcs11:token=t?pin-source=/etc/pin"), HF_OK, S("/etc/pin")},
    {S("pkcs11:token=t?pin-source=file:/etc/pin"), HF_OK, S("/etc/pin")},
    {S("pkcs11:?module-path=/m&pin-source=%2Fa%20b%2f&x=y"), HF_OK, S("/a b/")},
    {S("pkcs11:?pin-source="), HF_OK, S("")},
    {S("pkcs11:?pin-source"), HF_OK, S("")},
    {S("pkcs11:?pin-sources=/a"), HF_OK, S("")},
    {S("pkcs11:pin-source=/a"), HF_OK, S("")},
    {S("pkcs11:?pin-value=pin-source=/a"), HF_OK, S("")},
    {S("pkcs11:?&&pin-source=/a&pin-source=/b"), HF_OK, S("/a")},
    {S(""), HF_OK, S("")},
    {S("pkcs11:?pin-source=%"), HF_ESYNTAX, S("")},
    {S("pkcs11:?pin-source=/a%2"), HF_ESYNTAX, S("")},
    {S("pkcs11:?pin-source=/a%2g"), HF_ESYNTAX, S("")},
    {S("pkcs11:?pin-source=/a%/2"), HF_ESYNTAX, S("")},
    {S("pkcs11:?pin-source=/a%00b"), HF_ESYNTAX, S("")},
    {S("pkcs11:?pin-source=/a\0b"), HF_ESYNTAX, S("")},
    {S("pkcs11:?pin-source=|cat"), HF_EINVAL, S("")},
    {S("pkcs11:?pin-source=%7Ccat"), HF_EINVAL, S("")},
    {S("pkcs11:?pin-source=%7ccat"), HF_EINVAL, S("")},
    {S("pkcs11:?pin-source=file:|cat"), HF_EINVAL, S("")},
};

static void pin_sources(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(sources); i++) {
        struct hf_why why = {0};
        struct hf_buf path;
        char room[32];

        hf_buf_init(&path, room, sizeof(room));
        if (hf_pkcs11_pin_source(sources[i].uri, &path, &why) != sources[i].err)
            fail_msg("%s: %s", sources[i].uri.ptr, why.text);
        assert_span_equal(hf_buf_span(&path), sources[i].path);
        assert_int_equal(why.text != NULL, sources[i].err != HF_OK);
    }
}

static void long_pin_source(void **state)
{
    struct hf_buf path;
    char room[4];

    (void)state;
    hf_buf_init(&path, room, sizeof(room));
    assert_int_equal(
        hf_pkcs11_pin_source(HF_SPAN("pkcs11:?pin-source=/etc"), &path, NULL),
        HF_OK);
    hf_buf_reset(&path);
    assert_int_equal(
        hf_pkcs11_pin_source(HF_SPAN("pkcs11:?pin-source=/etc/"), &path, NULL),
        HF_ELIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pin_sources),
        cmocka_unit_test(long_pin_source),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
