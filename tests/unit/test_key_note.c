/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "crypto/key_note.h"
#include "crypto/private_key.h"
#include "tests/unit/unit.h"

#define URI "pkcs11:token=main;object=acme;id=%01?module-path=/usr/lib/x.so"

/* Made by OpenSSL's tpm2 provider, 1.1.1. */
static const char theirs[] =
    "-----BEGIN TSS2 PRIVATE KEY-----\n"
    "MIHwBgZngQUKAQOgAwEBAQIEQAAAAQRYAFYAIwALAAYAcgAAABAAEAADABAAIAdC\n"
    "SnGbu0e6y1wjBBUVWLEpGygx90bHZGktPzdcFEYGACBWvF4pJ8Rt4JDwXP4pMGog\n"
    "vZmO2nGQppcLBYueLd3mKgSBgAB+ACBYxqEyYDP4VdTRK9JNCU4XZPPnW5QKTN7h\n"
    "tiwcvDgPkAAQFNVDiITHLXT1TktABoW+1v/6mCGTfGpwvgl60oTLAlYj4rjxJbf8\n"
    "cUjareJGnl+DJs4gMPurwoJ887v9drSzCMzqsTvyqj+4C+ma+tenCnHEouynpqSz\n"
    "UYmK\n"
    "-----END TSS2 PRIVATE KEY-----\n";

static void homes(void **state)
{
    static const struct {
        const char *text;
        enum hf_key_home home;
    } cases[] = {
        {"pkcs11:object=a", HF_HOME_PKCS11},
        {"-----BEGIN PKCS#11 PROVIDER URI-----\n", HF_HOME_PKCS11},
        {"tpm2:", HF_HOME_TPM2},
        {theirs, HF_HOME_TPM2},
        {"", HF_HOME_FILE},
        {"file", HF_HOME_FILE},
        {"pkcs11", HF_HOME_FILE},
        {"-----BEGIN PRIVATE KEY-----\n", HF_HOME_FILE},
        {" tpm2:", HF_HOME_FILE},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        if (hf_key_home_of(hf_span_str(cases[i].text)) != cases[i].home)
            fail_msg("%s", cases[i].text);
    assert_string_equal(hf_key_home_name(HF_HOME_TPM2), "tpm2");
}

static void uri_there_and_back(void **state)
{
    char room[2][4096];
    struct hf_buf pem;
    struct hf_buf uri;

    (void)state;
    hf_buf_init(&pem, room[0], sizeof(room[0]));
    hf_buf_init(&uri, room[1], sizeof(room[1]));
    assert_int_equal(hf_key_note_write_uri(HF_SPAN(URI), &pem, NULL), HF_OK);
    assert_int_equal(hf_key_home_of(hf_buf_span(&pem)), HF_HOME_PKCS11);
    assert_true(hf_key_note_has_auth(hf_buf_span(&pem)));
    assert_int_equal(hf_key_note_read_uri(hf_buf_span(&pem), &uri, NULL),
                     HF_OK);
    assert_span_equal(hf_buf_span(&uri), HF_SPAN(URI));
    /* Half of it is nothing, and neither is another kind. */
    for (size_t len = 0; len + 2 < pem.len; len++)
        assert_int_equal(
            hf_key_note_read_uri((struct hf_span){pem.ptr, len}, &uri, NULL),
            HF_ESYNTAX);
    assert_int_equal(hf_key_note_read_uri(hf_span_str(theirs), &uri, NULL),
                     HF_ESYNTAX);
    hf_buf_init(&uri, room[1], 8);
    assert_int_equal(hf_key_note_read_uri(hf_buf_span(&pem), &uri, NULL),
                     HF_ELIMIT);
    hf_buf_init(&pem, room[0], 64);
    assert_int_equal(hf_key_note_write_uri(HF_SPAN(URI), &pem, NULL),
                     HF_ELIMIT);
}

static void long_uri(void **state)
{
    static char text[HF_TOKEN_URI_MAX + 1];
    char room[2][4096];
    struct hf_buf pem;
    struct hf_buf uri;

    (void)state;
    memset(text, 'a', sizeof(text));
    hf_buf_init(&pem, room[0], sizeof(room[0]));
    hf_buf_init(&uri, room[1], sizeof(room[1]));
    assert_int_equal(
        hf_key_note_write_uri((struct hf_span){text, sizeof(text)}, &pem, NULL),
        HF_OK);
    assert_int_equal(hf_key_note_read_uri(hf_buf_span(&pem), &uri, NULL),
                     HF_ELIMIT);
}

static void tpm2_of_others(void **state)
{
    unsigned char room[HF_TPM2_NOTE_MAX];
    struct hf_tpm2_note note;

    (void)state;
    assert_int_equal(
        hf_key_note_read_tpm2(hf_span_str(theirs), room, &note, NULL), HF_OK);
    assert_false(note.has_auth);
    assert_false(hf_key_note_has_auth(hf_span_str(theirs)));
    assert_int_equal(note.parent, 0x40000001);
    assert_int_equal(note.public.len, 0x58);
    assert_int_equal(note.private.len, 0x80);
    assert_memory_equal(note.public.ptr, "\x00\x56\x00\x23", 4);
    assert_memory_equal(note.private.ptr, "\x00\x7e\x00\x20", 4);
}

static void tpm2_there_and_back(void **state)
{
    const struct hf_tpm2_note made = {.has_auth = true,
                                      .parent = 0x81000001,
                                      .public = HF_SPAN("public"),
                                      .private = HF_SPAN("private")};
    unsigned char octets[HF_TPM2_NOTE_MAX];
    struct hf_tpm2_note got;
    char room[4096];
    struct hf_buf pem;

    (void)state;
    hf_buf_init(&pem, room, sizeof(room));
    assert_int_equal(hf_key_note_write_tpm2(&made, &pem, NULL), HF_OK);
    assert_true(hf_key_note_has_auth(hf_buf_span(&pem)));
    assert_int_equal(
        hf_key_note_read_tpm2(hf_buf_span(&pem), octets, &got, NULL), HF_OK);
    assert_true(got.has_auth);
    assert_int_equal(got.parent, made.parent);
    assert_span_equal(got.public, made.public);
    assert_span_equal(got.private, made.private);
    for (size_t len = 0; len + 2 < pem.len; len++)
        assert_int_equal(hf_key_note_read_tpm2((struct hf_span){pem.ptr, len},
                                               octets, &got, NULL),
                         HF_ESYNTAX);
}

/* Of the same form, but a policy has to be met, or it is sealed data. */
static void tpm2_other_kinds(void **state)
{
    static const struct {
        const char *what;
        const char *base64;
        enum hf_err err;
    } cases[] = {
        {"sealed data", "MBkGBmeBBQoBBaADAQH/AgRAAAABBAFhBAFi", HF_EINVAL},
        {"a parent of 64 bits",
         "MB4GBmeBBQoBA6ADAQH/AgkA//////////8EAWEEAWI=", HF_EINVAL},
        {"a policy",
         "MB0GBmeBBQoBA6ADAQH/oQIwAAIEQAAAAQQBYQQBYg==", HF_ESYNTAX},
        {"good", "MBkGBmeBBQoBA6ADAQH/AgRAAAABBAFhBAFi", HF_OK},
        {"and more", "MBkGBmeBBQoBA6ADAQH/AgRAAAABBAFhBAFiAA==", HF_ESYNTAX},
    };
    unsigned char octets[HF_TPM2_NOTE_MAX];
    struct hf_tpm2_note note;
    char pem[512];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        (void)snprintf(pem, sizeof(pem),
                       "-----BEGIN TSS2 PRIVATE KEY-----\n%s\n"
                       "-----END TSS2 PRIVATE KEY-----\n",
                       cases[i].base64);
        if (hf_key_note_read_tpm2(hf_span_str(pem), octets, &note, NULL) !=
            cases[i].err)
            fail_msg("%s", cases[i].what);
    }
}

static void keys_in_files(void **state)
{
    struct hf_private_key *key = NULL;
    char room[2][4096];
    struct hf_buf plain;
    struct hf_buf sealed;

    (void)state;
    hf_buf_init(&plain, room[0], sizeof(room[0]));
    hf_buf_init(&sealed, room[1], sizeof(room[1]));
    assert_int_equal(hf_private_key_generate(HF_KEY_P256, &key, NULL), HF_OK);
    assert_int_equal(
        hf_private_key_write(key, (struct hf_span){0}, &plain, NULL), HF_OK);
    assert_int_equal(hf_private_key_write(key, HF_SPAN("pass"), &sealed, NULL),
                     HF_OK);
    hf_private_key_free(key);
    assert_false(hf_key_note_has_auth(hf_buf_span(&plain)));
    assert_true(hf_key_note_has_auth(hf_buf_span(&sealed)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(homes),
        cmocka_unit_test(uri_there_and_back),
        cmocka_unit_test(long_uri),
        cmocka_unit_test(tpm2_of_others),
        cmocka_unit_test(tpm2_there_and_back),
        cmocka_unit_test(tpm2_other_kinds),
        cmocka_unit_test(keys_in_files),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
