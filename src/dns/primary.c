/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/primary.h"

#include "base/alloc.h"
#include "dns/found.h"
#include "dns/primary_msg.h"
#include "dns/primary_worker.h"
#include "os/clock.h"

#define START_MS 10000
#define HANG_MS  1000 /* a role this late is dead */
#define STEPS    3    /* of one question: connect, send, receive */
#define LABELS   128  /* and finding a zone may ask at every one */
#define GONE                                                                   \
    "the process that talks with the server has ended, or says nonsense"
#define CONFIG_MAX ((size_t)4096)

struct hf_primary {
    struct hf_role role;
    int64_t idle_ms;
    struct hf_found found; /* what was read last */
    bool failed;           /* the last question, and it said so */
    char said[4 * HF_PRIMARY_SAID_MAX + 1];
};

static enum hf_err start(struct hf_primary *primary,
                         const struct hf_primary_config *config,
                         struct hf_why *why)
{
    struct hf_role_plan plan = {.word = HF_PRIMARY_ROLE,
                                .wait_ms = START_MS,
                                .greetings = hf_primary_greetings,
                                .greeting_count = HF_PRIMARY_STARTS};
    char room[CONFIG_MAX];
    struct hf_buf frame;
    enum hf_err err;

    hf_buf_init(&frame, room, sizeof(room));
    hf_primary_put_config(&frame, config, hf_clock_ms());
    plan.config = hf_buf_span(&frame);
    err = frame.full ? hf_fail(why, HF_ELIMIT, 0, "the TSIG key is too long")
                     : hf_role_open(&primary->role, &plan, why);
    explicit_bzero(room, sizeof(room));
    return err;
}

enum hf_err hf_primary_new(const struct hf_primary_config *config,
                           struct hf_primary **out, struct hf_why *why)
{
    struct hf_primary *primary = hf_alloc(1, sizeof(*primary));
    enum hf_err err;

    if (primary == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    primary->idle_ms = config->idle_ms;
    hf_role_init(&primary->role, HF_PRIMARY_REPLY_MAX,
                 HF_FRAME_HEAD + 1 + HF_PRIMARY_ASK_MAX);
    /* In one piece: the key goes through it. */
    err = hf_buf_reserve(&primary->role.out, CONFIG_MAX) == NULL
              ? hf_fail(why, HF_ENOMEM, 0, "out of memory")
              : start(primary, config, why);
    if (primary->role.out.ptr != NULL)
        explicit_bzero(primary->role.out.ptr, primary->role.out.cap);
    if (err != HF_OK) {
        hf_primary_free(primary);
        return err;
    }
    *out = primary;
    return HF_OK;
}

void hf_primary_free(struct hf_primary *primary)
{
    if (primary == NULL)
        return;
    hf_role_clear(&primary->role);
    hf_found_clear(&primary->found);
    hf_free(primary);
}

/* The answer, of the kind `wanted` and to be dropped. */
static enum hf_err hear(struct hf_primary *primary, unsigned wanted,
                        int64_t until_ms, struct hf_frame *frame,
                        struct hf_why *why)
{
    enum hf_err err = hf_role_await(&primary->role, until_ms, frame, why);

    if (err == HF_EPEER || err == HF_ESYNTAX)
        return hf_fail(why, HF_EPEER, 0, GONE);
    if (err != HF_OK || frame->kind == wanted)
        return err;
    if (frame->kind != HF_PRIMARY_FAILED)
        return hf_fail(why, HF_EPEER, 0, GONE);
    err = hf_primary_read_failed(frame->body, primary->said, why);
    hf_role_drop(&primary->role, frame);
    primary->failed = true;
    return err;
}

/* Ask what was put into the role's `out`. Who does not answer, or not that,
 * is not asked again. */
static enum hf_err ask(struct hf_primary *primary, unsigned wanted,
                       int64_t steps, struct hf_frame *frame,
                       struct hf_why *why)
{
    int64_t until_ms = hf_clock_ms() + steps * primary->idle_ms + HANG_MS;
    enum hf_err err;

    if (primary->role.pid == 0)
        return hf_fail(why, HF_EPEER, 0, GONE);
    primary->failed = false;
    err = hear(primary, wanted, until_ms, frame, why);
    if (err != HF_OK && !primary->failed)
        hf_role_end(&primary->role);
    return err;
}

enum hf_err hf_primary_find_zone(struct hf_primary *primary,
                                 const struct hf_wire_name *owner,
                                 struct hf_wire_name *zone, struct hf_why *why)
{
    const struct hf_primary_question question = {.now_s = hf_clock_now().s,
                                                 .owner = *owner};
    struct hf_frame frame = {0};
    struct hf_wire_name got;
    enum hf_err err;

    hf_primary_put_question(&primary->role.out, HF_PRIMARY_ZONE, &question);
    err = ask(primary, HF_PRIMARY_ZONE_IS, STEPS * LABELS, &frame, why);
    if (err != HF_OK)
        return err;
    err = hf_primary_read_zone(frame.body, &got, why);
    hf_role_drop(&primary->role, &frame);
    if (err == HF_OK && !hf_wire_name_is_in(owner, &got))
        err = hf_fail(why, HF_EPEER, 0,
                      "updates: a zone that does not hold the name");
    if (err == HF_OK)
        *zone = got;
    return err;
}

enum hf_err hf_primary_read(struct hf_primary *primary,
                            const struct hf_wire_name *owner, uint16_t type,
                            struct hf_found *out, struct hf_why *why)
{
    const struct hf_primary_question question = {
        .now_s = hf_clock_now().s, .type = type, .owner = *owner};
    struct hf_frame frame = {0};
    enum hf_err err;

    hf_found_clear(&primary->found);
    hf_primary_put_question(&primary->role.out, HF_PRIMARY_READ, &question);
    err = ask(primary, HF_PRIMARY_FOUND, STEPS, &frame, why);
    if (err != HF_OK)
        return err;
    err = hf_found_read(frame.body, &primary->found, why);
    hf_role_drop(&primary->role, &frame);
    if (err == HF_OK && primary->found.type != type) {
        hf_found_clear(&primary->found);
        err = hf_fail(why, HF_EPEER, 0, "updates: records of another type");
    }
    if (err == HF_OK)
        *out = primary->found;
    return err;
}

enum hf_err hf_primary_send(struct hf_primary *primary,
                            struct hf_update *update,
                            enum hf_update_answer *out, struct hf_why *why)
{
    struct hf_primary_question question = {.now_s = hf_clock_now().s};
    struct hf_frame frame = {0};
    enum hf_err err =
        hf_update_ask(update, question.now_s, &question.update, why);

    if (err != HF_OK)
        return err;
    hf_primary_put_question(&primary->role.out, HF_PRIMARY_UPDATE, &question);
    err = ask(primary, HF_PRIMARY_ANSWERED, STEPS, &frame, why);
    if (err != HF_OK)
        return err;
    err = hf_primary_read_answer(frame.body, out, why);
    hf_role_drop(&primary->role, &frame);
    return err;
}
