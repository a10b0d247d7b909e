/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A key in a process of its own: what it tells, what it signs and what not.
 * This program is that process, too: it executes itself as `_signer`. That the
 * key cannot leave is in test_wall.c. REQ CLI-23.
 */
#include <unistd.h>

#include "client/key.h"
#include "client/key_worker.h"
#include "crypto/jws.h"
#include "tests/unit/unit.h"

#define ORIGIN "https://ca.example/dir"
#define THERE  "https://ca.example/order"

static const struct hf_key_want made = {
    .make = true,
    .origin = {ORIGIN, sizeof(ORIGIN) - 1},
    .passphrase = {"pass", 4},
    .kind = HF_KEY_ED25519,
};

/* What the key would sign for this URL, in a JWS; empty when it would not. */
static enum hf_err sign_for(const struct hf_signer *signer, const char *url,
                            struct hf_buf *out, struct hf_why *why)
{
    const struct hf_jws_header header = {
        .url = hf_span_str(url),
        .nonce = HF_SPAN("nonce"),
        .kid = HF_SPAN("https://ca.example/acct/1"),
    };

    return hf_jws_sign(signer, &header, HF_SPAN("{}"), out, why);
}

/* Make a key there; keep its PEM here. */
static void make(struct hf_key_ready *ready, struct hf_buf *pem)
{
    struct hf_key *key = NULL;

    assert_int_equal(hf_key_start(&made, &key, NULL), HF_OK);
    assert_int_equal(hf_key_ready(key, ready, NULL), HF_OK);
    hf_buf_put(pem, ready->pem);
}

static void test_make(void **unused)
{
    struct hf_private_key *plain = NULL;
    struct hf_signer here = {0};
    struct hf_key_ready ready;
    char pem_room[4096];
    char room[2][2048];
    struct hf_buf pem;
    struct hf_buf out[2];

    (void)unused;
    hf_buf_init(&pem, pem_room, sizeof(pem_room));
    make(&ready, &pem);
    assert_int_equal(ready.kind, HF_KEY_ED25519);
    assert_int_equal(ready.signer.alg, HF_EDDSA);
    assert_true(hf_private_key_is_encrypted(hf_buf_span(&pem)));
    assert_int_equal(
        hf_private_key_read(hf_buf_span(&pem), made.passphrase, &plain, NULL),
        HF_OK);
    assert_int_equal(hf_private_key_signer(plain, &here, NULL), HF_OK);
    assert_span_equal(hf_signer_jwk(&ready.signer), hf_signer_jwk(&here));
    /* Its signatures have no chance in them: both sign the same. */
    for (int i = 0; i < 3; i++) {
        hf_buf_init(&out[0], room[0], sizeof(room[0]));
        hf_buf_init(&out[1], room[1], sizeof(room[1]));
        assert_int_equal(sign_for(&ready.signer, THERE, &out[0], NULL), HF_OK);
        assert_int_equal(sign_for(&here, THERE, &out[1], NULL), HF_OK);
        assert_span_equal(hf_buf_span(&out[0]), hf_buf_span(&out[1]));
    }
    hf_signer_clear(&here);
    hf_signer_clear(&ready.signer);
    hf_private_key_free(plain);
}

static void test_open(void **unused)
{
    struct hf_key_want want = {.origin = made.origin};
    struct hf_key_ready ready;
    struct hf_key_ready again;
    struct hf_key *key = NULL;
    char pem_room[4096];
    struct hf_buf pem;
    struct hf_why why = {0};

    (void)unused;
    hf_buf_init(&pem, pem_room, sizeof(pem_room));
    make(&ready, &pem);
    want.pem = hf_buf_span(&pem);
    want.passphrase = HF_SPAN("passe");
    assert_int_equal(hf_key_start(&want, &key, NULL), HF_OK);
    assert_int_equal(hf_key_ready(key, &again, &why), HF_EINVAL);
    assert_true(strlen(why.text) > 20);
    hf_key_free(key);
    want.passphrase = made.passphrase;
    assert_int_equal(hf_key_start(&want, &key, NULL), HF_OK);
    assert_int_equal(hf_key_ready(key, &again, NULL), HF_OK);
    assert_int_equal(again.pem.len, 0);
    assert_span_equal(hf_signer_thumbprint(&again.signer),
                      hf_signer_thumbprint(&ready.signer));
    hf_signer_clear(&again.signer);
    hf_signer_clear(&ready.signer);
    want.pem = HF_SPAN("no key");
    assert_int_equal(hf_key_start(&want, &key, NULL), HF_OK);
    assert_int_equal(hf_key_ready(key, &again, NULL), HF_ESYNTAX);
    hf_key_free(key);
    hf_key_free(NULL);
}

/* Started before anybody has the passphrase, and owned by two. */
static void test_wait(void **unused)
{
    struct hf_key_want want = {.origin = made.origin, .waits = true};
    struct hf_key_ready ready[3];
    struct hf_key *key = NULL;
    char pem_room[4096];
    char room[2048];
    struct hf_buf pem;
    struct hf_buf out;

    (void)unused;
    hf_buf_init(&pem, pem_room, sizeof(pem_room));
    make(&ready[0], &pem);
    want.pem = hf_buf_span(&pem);
    assert_int_equal(hf_key_start(&want, &key, NULL), HF_OK);
    assert_true(hf_key_waits(key));
    assert_int_equal(hf_key_unlock(key, made.passphrase, NULL), HF_OK);
    assert_false(hf_key_waits(key));
    assert_int_equal(hf_key_ready(hf_key_share(key), &ready[1], NULL), HF_OK);
    assert_int_equal(hf_key_unlock(key, HF_SPAN("another"), NULL), HF_OK);
    assert_int_equal(hf_key_ready(key, &ready[2], NULL), HF_OK);
    for (size_t i = COUNT_OF(ready); i-- > 0;) {
        assert_span_equal(hf_signer_thumbprint(&ready[i].signer),
                          hf_signer_thumbprint(&ready[0].signer));
        hf_buf_init(&out, room, sizeof(room));
        assert_int_equal(sign_for(&ready[i].signer, THERE, &out, NULL), HF_OK);
        hf_signer_clear(&ready[i].signer);
    }
    /* What is no passphrase ends it; and nobody has to bring one. */
    want.passphrase = made.passphrase;
    assert_int_equal(hf_key_start(&want, &key, NULL), HF_OK);
    assert_int_equal(hf_key_unlock(key, HF_SPAN("passe"), NULL), HF_OK);
    assert_int_equal(hf_key_ready(key, &ready[0], NULL), HF_EINVAL);
    hf_key_free(key);
    assert_int_equal(hf_key_start(&want, &key, NULL), HF_OK);
    hf_key_free(key);
}

/* REQ CLI-16: only requests, and only to the CA's server. A refusal is no end.
 */
static void test_limits(void **unused)
{
    static const char *const elsewhere[] = {
        "https://ca.example.org/order", "http://ca.example/order",
        "https://ca.example:8443/order", "no URL"};
    struct hf_key_ready ready;
    char room[2048];
    struct hf_buf out;

    (void)unused;
    hf_buf_init(&out, room, sizeof(room));
    make(&ready, &out);
    for (size_t i = 0; i < COUNT_OF(elsewhere); i++) {
        struct hf_why why = {0};

        hf_buf_init(&out, room, sizeof(room));
        assert_int_equal(sign_for(&ready.signer, elsewhere[i], &out, &why),
                         HF_EINVAL);
        assert_non_null(strstr(why.text, "another one"));
        assert_int_equal(out.len, 0);
    }
    hf_buf_init(&out, room, sizeof(room));
    assert_int_equal(ready.signer.sign(ready.signer.state,
                                       HF_SPAN("any octets"), &out, NULL),
                     HF_ESYNTAX);
    assert_int_equal(sign_for(&ready.signer, THERE, &out, NULL), HF_OK);
    hf_signer_clear(&ready.signer);
}

/* ---- who lies ---- */

static void test_hostile_ready(void **unused)
{
    struct hf_key_ready ready;
    struct hf_key_ready got;
    struct hf_buf out;
    char room[4096];
    struct hf_frame frame = {.kind = HF_KEY_READY};

    (void)unused;
    hf_buf_init(&out, room, sizeof(room));
    make(&ready, &out);
    ready.pem = (struct hf_span){0};
    hf_buf_init(&out, room, sizeof(room));
    hf_key_put_ready(&out, &ready);
    frame.body =
        (struct hf_span){room + HF_FRAME_HEAD + 1, out.len - HF_FRAME_HEAD - 1};
    assert_int_equal(hf_key_read_ready(&frame, &got, NULL), HF_OK);
    for (size_t len = 0; len < frame.body.len; len++) {
        struct hf_frame cut = frame;

        cut.body.len = len;
        assert_int_equal(hf_key_read_ready(&cut, &got, NULL), HF_ESYNTAX);
    }
    /* Another thumbprint than that of the key. */
    room[HF_FRAME_HEAD + 1 + 2] =
        room[HF_FRAME_HEAD + 1 + 2] == 'x' ? 'y' : 'x';
    assert_int_equal(hf_key_read_ready(&frame, &got, NULL), HF_ESYNTAX);
    hf_signer_clear(&ready.signer);
}

static void test_failed(void **unused)
{
    char said[HF_KEY_SAID_MAX + 1];
    struct hf_why why = {0};
    struct hf_frame frame = {.kind = HF_KEY_FAILED};

    (void)unused;
    frame.body = HF_SPAN("\x04no\x1b[2J");
    assert_int_equal(hf_key_read_failed(&frame, said, &why), HF_EINVAL);
    assert_string_equal(why.text, "no\\027[2J");
    frame.body = HF_SPAN("\x7fno");
    assert_int_equal(hf_key_read_failed(&frame, said, &why), HF_EPEER);
    frame.body = (struct hf_span){"\0no", 3}; /* a failure that is none */
    assert_int_equal(hf_key_read_failed(&frame, said, &why), HF_EPEER);
    frame.body = (struct hf_span){0};
    assert_int_equal(hf_key_read_failed(&frame, said, &why), HF_EPEER);
}

/* It dies while we wait for a signature. */
static void test_dies(void **unused)
{
    struct hf_key_ready ready;
    char room[4096];
    struct hf_buf out;
    struct hf_why why = {0};

    (void)unused;
    hf_buf_init(&out, room, sizeof(room));
    make(&ready, &out);
    /* A frame that the role does not take makes it end. */
    hf_buf_init(&out, room, sizeof(room));
    hf_key_put(&out, HF_KEY_OPEN, HF_SPAN("x"));
    /* The first member of struct hf_key is its struct hf_role. */
    assert_true(hf_role_send(((struct hf_role *)ready.signer.state)->fd,
                             hf_buf_span(&out)));
    hf_buf_init(&out, room, sizeof(room));
    assert_int_equal(sign_for(&ready.signer, THERE, &out, &why), HF_EPEER);
    assert_int_equal(out.len, 0);
    hf_signer_clear(&ready.signer);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_make),   cmocka_unit_test(test_open),
        cmocka_unit_test(test_wait),   cmocka_unit_test(test_limits),
        cmocka_unit_test(test_failed), cmocka_unit_test(test_hostile_ready),
        cmocka_unit_test(test_dies),
    };

    if (argc == 2 && strcmp(argv[1], HF_KEY_ROLE) == 0)
        return hf_key_worker_run(STDIN_FILENO) ? 0 : 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
