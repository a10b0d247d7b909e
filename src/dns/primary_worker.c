/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/primary_worker.h"

#include "crypto/openssl.h"
#include "dns/primary_msg.h"
#include "dns/primary_talk.h"
#include "os/clock.h"
#include "os/sandbox.h"

#define IN_MAX (HF_FRAME_HEAD + 1 + HF_PRIMARY_ASK_MAX)

struct worker {
    int fd;
    struct hf_buf in;
    struct hf_buf out;
    struct hf_primary_room room;
    struct hf_primary_talk *talk;
};

/* OpenSSL reads its configuration when it is first made to work: that must be
 * before the wall. */
static bool can_sign(const struct hf_tsig_key *key)
{
    struct hf_tsig *tsig = NULL;
    bool can = key == NULL || hf_tsig_new(key, &tsig, NULL) == HF_OK;

    hf_tsig_free(tsig);
    return can;
}

static enum hf_primary_start start(struct worker *w, struct hf_span body)
{
    if (hf_primary_read_config(body, hf_clock_ms(), &w->room, NULL) != HF_OK)
        return HF_PRIMARY_BAD_CONFIG;
    if (!can_sign(w->room.key))
        return HF_PRIMARY_NO_CRYPTO;
    if (hf_primary_talk_new(&w->room.config, &w->talk, NULL) != HF_OK)
        return HF_PRIMARY_NO_MEMORY;
    if (!w->room.config.no_wall &&
        hf_sandbox_enter(HF_SANDBOX_NETWORK, NULL) != HF_OK)
        return HF_PRIMARY_NO_WALL;
    return HF_PRIMARY_STARTED;
}

/* The key was in it. */
static void forget(struct worker *w, const struct hf_frame *frame)
{
    explicit_bzero(w->in.ptr, HF_FRAME_HEAD + 1 + frame->body.len);
    hf_frame_drop(&w->in, frame);
}

static bool begin(struct worker *w)
{
    struct hf_frame frame;
    enum hf_primary_start state;

    if (!hf_role_next(w->fd, &w->in, HF_PRIMARY_ASK_MAX, &frame) ||
        frame.kind != HF_FRAME_CONFIG)
        return false;
    state = start(w, frame.body);
    forget(w, &frame);
    return hf_role_greet(w->fd, state);
}

static enum hf_err find_zone(struct worker *w,
                             const struct hf_primary_question *question,
                             struct hf_why *why)
{
    struct hf_wire_name zone;
    enum hf_err err =
        hf_primary_talk_zone(w->talk, &question->owner, &zone, why);

    if (err == HF_OK)
        hf_primary_put_zone(&w->out, &zone);
    return err;
}

static enum hf_err read_records(struct worker *w,
                                const struct hf_primary_question *question,
                                struct hf_why *why)
{
    struct hf_found found;
    enum hf_err err = hf_primary_talk_read(w->talk, &question->owner,
                                           question->type, &found, why);

    if (err != HF_OK)
        return err;
    found.security = HF_INDETERMINATE;
    found.server = hf_span_str(w->room.server.label);
    hf_primary_put_found(&w->out, &found);
    return HF_OK;
}

static enum hf_err send_update(struct worker *w,
                               const struct hf_primary_question *question,
                               struct hf_why *why)
{
    struct hf_update *update = NULL;
    enum hf_update_answer answer;
    enum hf_err err =
        hf_update_of(question->update, w->room.config.key, &update, why);

    if (err == HF_OK)
        err = hf_primary_talk_send(w->talk, update, &answer, why);
    hf_update_free(update);
    if (err == HF_OK)
        hf_primary_put_answer(&w->out, answer);
    return err;
}

static enum hf_err answer(struct worker *w, const struct hf_frame *frame,
                          struct hf_why *why)
{
    struct hf_primary_question question;
    enum hf_err err = hf_primary_read_question(frame, &question, why);

    if (err != HF_OK)
        return err;
    hf_primary_talk_set_time(w->talk, question.now_s);
    switch (frame->kind) {
    case HF_PRIMARY_ZONE:
        return find_zone(w, &question, why);
    case HF_PRIMARY_READ:
        return read_records(w, &question, why);
    case HF_PRIMARY_UPDATE:
        return send_update(w, &question, why);
    }
    return hf_fail(why, HF_ESYNTAX, 0, "updates: not a question");
}

static bool serve(struct worker *w, const struct hf_frame *frame)
{
    struct hf_why why = {0};
    enum hf_err err = answer(w, frame, &why);
    bool sent;

    if (err == HF_OK && w->out.full)
        err = hf_fail(&why, HF_ELIMIT, 0, "the answer is too large");
    if (err != HF_OK) {
        hf_buf_reset(&w->out);
        hf_primary_put_failed(&w->out, err, &why);
    }
    sent = !w->out.full && hf_role_send(w->fd, hf_buf_span(&w->out));
    hf_buf_reset(&w->out);
    return sent;
}

bool hf_primary_worker_run(int fd)
{
    struct worker w = {.fd = fd};
    struct hf_frame frame;
    bool good;

    hf_role_ignore_signals();
    hf_openssl_start(true);
    hf_buf_init_grow(&w.in, IN_MAX);
    hf_buf_init_grow(&w.out, HF_FRAME_HEAD + HF_PRIMARY_REPLY_MAX);
    /* A secret that comes in pieces must not be left behind by growing. */
    good = hf_buf_reserve(&w.in, IN_MAX) != NULL && begin(&w);
    while (good && hf_role_next(fd, &w.in, HF_PRIMARY_ASK_MAX, &frame)) {
        good = serve(&w, &frame);
        hf_frame_drop(&w.in, &frame);
    }
    hf_primary_talk_free(w.talk);
    hf_tsig_key_free(w.room.key);
    hf_buf_clear_wiped(&w.in);
    hf_buf_clear(&w.out);
    return good;
}
