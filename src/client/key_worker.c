/* SPDX-License-Identifier: Apache-2.0 */
#include "client/key_worker.h"

#include <string.h>

#include "client/key_msg.h"
#include "client/sign_rule.h"
#include "crypto/foreign.h"
#include "crypto/key_note.h"
#include "crypto/openssl.h"
#include "keys/hardware.h"
#include "os/sandbox.h"

#define OUT_MAX HF_KEY_REPLY_MAX
#define IN_MAX  (HF_FRAME_HEAD + 1 + HF_KEY_SIGN_MAX)
#define URL_MAX 4096
#define FIRST_MAX                                                              \
    (HF_KEY_PEM_MAX + HF_KEY_ENVIRONMENT_MAX + HF_KEY_HOLES_TEXT_MAX +         \
     4 * URL_MAX)

struct worker {
    int fd;
    struct hf_buf in;
    struct hf_buf out;
    struct hf_signer signer;
    char origin[URL_MAX];
    size_t origin_len;
};

/* What came is wiped: it may have been the passphrase. */
static void drop(struct worker *w)
{
    explicit_bzero(w->in.ptr, w->in.len);
    hf_buf_reset(&w->in);
}

static bool reply(struct worker *w)
{
    bool sent = !w->out.full && hf_role_send(w->fd, hf_buf_span(&w->out));

    hf_buf_reset(&w->out);
    return sent;
}

static bool fail(struct worker *w, enum hf_err err, const struct hf_why *why)
{
    hf_buf_reset(&w->out);
    hf_key_put_failed(&w->out, err, why->text);
    return reply(w);
}

/* ---- the beginning ---- */

static enum hf_err get_key(const struct hf_key_want *want,
                           struct hf_private_key **key, struct hf_why *why)
{
    if (want->make)
        return hf_private_key_generate(want->kind, key, why);
    if (hf_span_starts(want->pem, HF_SPAN("{")))
        return hf_private_key_from_jwk(want->pem, key, why);
    return hf_private_key_read(want->pem, want->passphrase, key, why);
}

static enum hf_err give(const struct hf_key_want *want,
                        const struct hf_private_key *key, struct hf_buf *out,
                        struct hf_why *why)
{
    if (want->make)
        return hf_private_key_write(key, want->passphrase, out, why);
    if (want->give == HF_KEY_GIVE_PEM)
        return hf_private_key_write(key, want->seal, out, why);
    if (want->give == HF_KEY_GIVE_JWK)
        return hf_private_key_to_jwk(key, out, why);
    if (want->give == HF_KEY_GIVE_OLD_PEM)
        return hf_private_key_write_old(key, out, why);
    return HF_OK;
}

static enum hf_err use_file(const struct hf_key_want *want,
                            struct hf_key_ready *ready, struct hf_buf *pem,
                            struct hf_why *why)
{
    struct hf_private_key *key = NULL;
    enum hf_err err = want->no_wall ? HF_OK : hf_sandbox_enter(0, why);

    if (err == HF_OK)
        err = get_key(want, &key, why);
    if (err == HF_OK)
        err = give(want, key, pem, why);
    if (err == HF_OK)
        err = hf_private_key_signer(key, &ready->signer, why);
    if (err == HF_OK) {
        ready->kind = hf_private_key_kind(key);
        ready->pem = hf_buf_span(pem);
    }
    hf_private_key_free(key);
    return err;
}

static enum hf_err use_hardware(const struct hf_key_want *want,
                                struct hf_key_ready *ready, struct hf_buf *note,
                                struct hf_why *why)
{
    const struct hf_hardware_plan plan = {.where = want->pem,
                                          .make = want->make,
                                          .kind = want->kind,
                                          .pin = want->passphrase,
                                          .reach = want->reach,
                                          .no_wall = want->no_wall};
    struct hf_token_key key;
    enum hf_err err;

    if (want->give != HF_KEY_GIVE_NOTHING)
        return hf_fail(why, HF_EINVAL, 0,
                       "the key is in hardware, which does not let it out: "
                       "'holdfast account rollover --key file' changes to one "
                       "that can be handed on");
    err = hf_hardware_use(&plan, &key, note, why);
    if (err == HF_OK)
        *ready = (struct hf_key_ready){
            .signer = key.signer, .kind = key.kind, .pem = hf_buf_span(note)};
    return err;
}

static enum hf_err open_or_make(struct worker *w,
                                const struct hf_key_want *want,
                                struct hf_buf *pem, struct hf_why *why)
{
    bool in_file = hf_key_home_of(want->pem) == HF_HOME_FILE;
    struct hf_key_ready ready = {0};
    enum hf_err err;

    hf_openssl_start(in_file);
    err = hf_private_key_warm_up(why);
    if (err == HF_OK)
        err = in_file ? use_file(want, &ready, pem, why)
                      : use_hardware(want, &ready, pem, why);
    if (err != HF_OK)
        return err;
    w->signer = ready.signer;
    hf_key_put_ready(&w->out, &ready);
    return HF_OK;
}

/* What is wanted, in `first`, and the passphrase that comes later, in w->in. */
static bool wait_for_passphrase(struct worker *w, struct hf_frame *first,
                                struct hf_buf *room, struct hf_key_want *want)
{
    struct hf_frame frame;

    hf_buf_init_grow(room, FIRST_MAX);
    hf_buf_put(room, first->body);
    hf_frame_drop(&w->in, first);
    first->body = hf_buf_span(room);
    if (room->full || !hf_role_next(w->fd, &w->in, IN_MAX, &frame) ||
        frame.kind != HF_KEY_UNLOCK || frame.body.len > HF_PASSPHRASE_MAX ||
        hf_key_read_want(first, want, NULL) != HF_OK)
        return false;
    want->passphrase = frame.body;
    return true;
}

/* The wall stands before the first octet of a key is looked at. */
static bool open_wanted(struct worker *w, const struct hf_key_want *want)
{
    char room[HF_KEY_REPLY_MAX / 2];
    struct hf_why why = {0};
    struct hf_buf pem;
    enum hf_err err;
    bool good;

    hf_buf_init(&pem, room, sizeof(room));
    err = want->origin.len > sizeof(w->origin)
              ? hf_fail(&why, HF_ELIMIT, 0, "the URL of the CA is too long")
              : open_or_make(w, want, &pem, &why);
    if (err == HF_OK) {
        memcpy(w->origin, want->origin.ptr, want->origin.len);
        w->origin_len = want->origin.len;
    }
    drop(w);
    good = err == HF_OK ? reply(w) : fail(w, err, &why);
    explicit_bzero(room, sizeof(room));
    return good && err == HF_OK;
}

static bool start(struct worker *w)
{
    struct hf_buf first = {0};
    struct hf_key_want want;
    struct hf_frame frame;
    bool good;

    if (!hf_role_next(w->fd, &w->in, IN_MAX, &frame) ||
        hf_key_read_want(&frame, &want, NULL) != HF_OK)
        return false;
    good = !want.waits || wait_for_passphrase(w, &frame, &first, &want);
    good = good && open_wanted(w, &want);
    hf_buf_clear_wiped(&first);
    return good;
}

/* ---- signing ---- */

static enum hf_err may_sign(const struct worker *w, struct hf_span input,
                            struct hf_why *why)
{
    const struct hf_span origin = {w->origin, w->origin_len};
    struct hf_sign_request request;
    enum hf_err err = hf_sign_read(input, &request, why);

    if (err != HF_OK)
        return err;
    if (!hf_sign_is_at(&request, origin))
        err = hf_fail(why, HF_EINVAL, 0,
                      "the key signs only for the server of its CA's "
                      "directory, and this is another one");
    hf_sign_clear(&request);
    return err;
}

static bool sign(struct worker *w, struct hf_span input)
{
    char room[HF_SIGNATURE_MAX];
    struct hf_buf signature;
    struct hf_why why = {0};
    enum hf_err err = may_sign(w, input, &why);

    hf_buf_init(&signature, room, sizeof(room));
    if (err == HF_OK)
        err = w->signer.sign(w->signer.state, input, &signature, &why);
    if (err != HF_OK)
        return fail(w, err, &why);
    hf_key_put(&w->out, HF_KEY_SIGNED, hf_buf_span(&signature));
    return reply(w);
}

bool hf_key_worker_run(int fd)
{
    struct worker w = {.fd = fd};
    struct hf_frame frame;
    bool good;

    hf_role_ignore_signals();
    hf_buf_init_grow(&w.in, IN_MAX);
    hf_buf_init_grow(&w.out, OUT_MAX);
    /* A secret that comes in pieces must not be left behind by growing. */
    good = hf_buf_reserve(&w.in, FIRST_MAX) != NULL && start(&w);
    while (good && hf_role_next(fd, &w.in, IN_MAX, &frame) &&
           frame.kind == HF_KEY_SIGN) {
        good = sign(&w, frame.body);
        drop(&w);
    }
    hf_signer_clear(&w.signer);
    hf_buf_clear_wiped(&w.in);
    hf_buf_clear_wiped(&w.out);
    return good;
}
