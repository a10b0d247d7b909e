/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/founder.h"

#include "base/alloc.h"
#include "ca/issuer_call.h"

#define SPKI_MAX 1024
#define KEY_MAX  8192

struct hf_founder {
    struct hf_role role;
    struct hf_buf spki;
    struct hf_buf key;
    char spki_room[SPKI_MAX];
    char key_room[KEY_MAX];
};

static enum hf_err keep(struct hf_founder *founder,
                        const struct hf_issuer_ready *ready, struct hf_why *why)
{
    hf_buf_put(&founder->spki, ready->spki);
    hf_buf_put(&founder->key, ready->key);
    hf_buf_reset(&founder->role.in);
    if (founder->spki.full || founder->key.full)
        return hf_fail(why, HF_ELIMIT, 0, "no room for the CA's key");
    return HF_OK;
}

enum hf_err hf_founder_open(const struct hf_founder_plan *plan,
                            struct hf_founder **out, char *said,
                            struct hf_why *why)
{
    const struct hf_issuer_want want = {
        .founds = true,
        .make = plan->make,
        .kind = plan->kind,
        .config = {.key = plan->where,
                   .passphrase = plan->passphrase,
                   .reach = plan->reach,
                   .shards = 1,
                   .no_wall = plan->no_wall}};
    struct hf_founder *founder = hf_alloc(1, sizeof(*founder));
    struct hf_issuer_ready ready;
    enum hf_err err;

    if (founder == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    hf_role_init(&founder->role, HF_ISSUER_OUT_MAX, 2 * HF_CA_TBS_MAX);
    hf_buf_init(&founder->spki, founder->spki_room, sizeof(founder->spki_room));
    hf_buf_init(&founder->key, founder->key_room, sizeof(founder->key_room));
    err = hf_issuer_call_open(&founder->role, &want, &ready, said, why);
    if (err == HF_OK)
        err = keep(founder, &ready, why);
    if (err == HF_OK)
        *out = founder;
    else
        hf_founder_free(founder);
    return err;
}

void hf_founder_free(struct hf_founder *founder)
{
    if (founder == NULL)
        return;
    hf_issuer_call_end(&founder->role);
    hf_role_clear(&founder->role);
    hf_free_wiped(founder, sizeof(*founder));
}

struct hf_span hf_founder_spki(const struct hf_founder *founder)
{
    return hf_buf_span(&founder->spki);
}

struct hf_span hf_founder_key(const struct hf_founder *founder)
{
    return hf_buf_span(&founder->key);
}

enum hf_err hf_founder_certify(struct hf_founder *founder,
                               const struct hf_ca_certificate *certificate,
                               struct hf_span root, struct hf_buf *out,
                               char *said, struct hf_why *why)
{
    struct hf_frame frame;
    enum hf_err err;

    hf_issuer_put_certify(&founder->role.out, certificate, root);
    if (founder->role.out.full) {
        hf_buf_reset(&founder->role.out);
        return hf_fail(why, HF_ELIMIT, 0, "a CA's certificate is too long");
    }
    err = hf_issuer_call_await(&founder->role, HF_ISSUER_CERTIFIED, &frame,
                               said, why);
    if (err == HF_OK)
        hf_buf_put(out, frame.body);
    hf_buf_reset(&founder->role.in);
    if (err == HF_OK && out->full)
        err = hf_fail(why, HF_ELIMIT, 0, "no room for a certificate");
    return err;
}
