/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/issuer.h"

#include "base/alloc.h"
#include "ca/issuer_call.h"

#define WAITING_MAX ((size_t)16 << 20) /* octets that are not sent yet */

struct hf_issuer {
    struct hf_role role;
    struct hf_frame frame; /* of the reply that is borrowed */
    bool lent;
};

enum hf_err hf_issuer_open(const struct hf_issuer_config *config,
                           struct hf_issuer **out, char *said,
                           struct hf_why *why)
{
    const struct hf_issuer_want want = {.config = *config};
    struct hf_issuer *issuer = hf_alloc(1, sizeof(*issuer));
    struct hf_issuer_ready ready;
    enum hf_err err;

    if (issuer == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    hf_role_init(&issuer->role, HF_ISSUER_OUT_MAX, WAITING_MAX);
    err = hf_issuer_call_open(&issuer->role, &want, &ready, said, why);
    if (err == HF_OK) {
        hf_buf_reset(&issuer->role.in);
        *out = issuer;
    } else {
        hf_issuer_free(issuer);
    }
    return err;
}

void hf_issuer_free(struct hf_issuer *issuer)
{
    if (issuer == NULL)
        return;
    hf_issuer_call_end(&issuer->role);
    hf_role_clear(&issuer->role);
    hf_free(issuer);
}

/* What does not fit is not there at all. */
static enum hf_err submitted(struct hf_issuer *issuer, size_t before,
                             struct hf_why *why)
{
    struct hf_buf *out = &issuer->role.out;
    bool full = out->full;

    if (!full && out->len - before <= HF_ISSUER_IN_MAX)
        return HF_OK;
    out->len = before;
    out->full = false;
    return hf_fail(why, HF_ELIMIT, 0,
                   "too much is waiting for the CA's key, or this is too long");
}

enum hf_err hf_issuer_submit(struct hf_issuer *issuer,
                             const struct hf_issuer_order *order,
                             struct hf_why *why)
{
    size_t before = issuer->role.out.len;

    hf_issuer_put_order(&issuer->role.out, order);
    return submitted(issuer, before, why);
}

enum hf_err hf_issuer_change(struct hf_issuer *issuer,
                             const struct hf_issuer_profiles *profiles,
                             struct hf_why *why)
{
    size_t before = issuer->role.out.len;

    hf_issuer_put_profiles(&issuer->role.out, profiles);
    return submitted(issuer, before, why);
}

enum hf_err hf_issuer_submit_crl(struct hf_issuer *issuer,
                                 const struct hf_issuer_crl *crl,
                                 struct hf_why *why)
{
    size_t before = issuer->role.out.len;

    hf_issuer_put_crl(&issuer->role.out, crl);
    return submitted(issuer, before, why);
}

enum hf_err
hf_issuer_submit_revocations(struct hf_issuer *issuer,
                             const struct hf_issuer_revocations *revocations,
                             struct hf_why *why)
{
    size_t before = issuer->role.out.len;

    hf_issuer_put_revocations(&issuer->role.out, revocations);
    return submitted(issuer, before, why);
}

int hf_issuer_fd(const struct hf_issuer *issuer, bool *wants_write)
{
    *wants_write = issuer->role.out.len > 0;
    return issuer->role.fd;
}

enum hf_err hf_issuer_poll(struct hf_issuer *issuer,
                           struct hf_issuer_reply *reply, bool *got,
                           struct hf_why *why)
{
    bool alive = true;
    enum hf_err err = hf_role_peek(&issuer->role, &issuer->frame, got, why);

    if (err == HF_OK && !*got) {
        err = hf_role_wait(&issuer->role, 0, &alive, why);
        if (err == HF_OK)
            err = hf_role_peek(&issuer->role, &issuer->frame, got, why);
    }
    if (err == HF_OK && *got)
        err = hf_issuer_read_reply(&issuer->frame, reply, why);
    else if (err == HF_OK && !alive)
        err = hf_fail(why, HF_EPEER, 0,
                      "the process that has the CA's key has ended");
    issuer->lent = err == HF_OK && *got;
    return err == HF_ESYNTAX ? HF_EPEER : err;
}

void hf_issuer_drop(struct hf_issuer *issuer)
{
    if (issuer->lent)
        hf_role_drop(&issuer->role, &issuer->frame);
    issuer->lent = false;
}
