/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/update.h"

#include <assert.h>

#include "base/alloc.h"
#include "base/octets.h"

/* Offset of the first count in the header; zone, prerequisites, changes. */
#define COUNTS_AT 4

enum part { PART_ZONE, PART_REQUIRED, PART_CHANGES };

struct hf_update {
    struct hf_tsig *tsig; /* NULL: not signed */
    struct hf_buf message;
    enum part part;
    unsigned counts[3];
};

static void put_name(struct hf_buf *out, const struct hf_wire_name *name)
{
    hf_buf_put(out, (struct hf_span){(const char *)name->octets, name->len});
}

static enum hf_err make(const struct hf_tsig_key *key, struct hf_update **out,
                        struct hf_why *why)
{
    struct hf_update *update = hf_alloc(1, sizeof(*update));
    enum hf_err err = HF_OK;

    if (update == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    hf_buf_init_grow(&update->message, HF_WIRE_MESSAGE_MAX);
    if (key != NULL)
        err = hf_tsig_new(key, &update->tsig, why);
    if (err != HF_OK)
        hf_update_free(update);
    else
        *out = update;
    return err;
}

enum hf_err hf_update_new(const struct hf_wire_name *zone,
                          const struct hf_tsig_key *key, uint16_t id,
                          struct hf_update **out, struct hf_why *why)
{
    struct hf_update *update = NULL;
    enum hf_err err = make(key, &update, why);

    if (err != HF_OK)
        return err;
    hf_put_number(&update->message, id, 2);
    hf_put_number(&update->message, HF_WIRE_UPDATE, 2);
    hf_put_number(&update->message, 0, 8); /* counts: see hf_update_ask() */
    put_name(&update->message, zone);
    hf_put_number(&update->message, HF_RR_SOA, 2);
    hf_put_number(&update->message, HF_CLASS_IN, 2);
    update->counts[PART_ZONE] = 1;
    *out = update;
    return HF_OK;
}

enum hf_err hf_update_of(struct hf_span message, const struct hf_tsig_key *key,
                         struct hf_update **out, struct hf_why *why)
{
    struct hf_update *update = NULL;
    struct hf_wire_message header;
    enum hf_err err = hf_wire_open(message, &header, why);

    if (err == HF_OK && (header.flags != HF_WIRE_UPDATE ||
                         header.counts[PART_ZONE] != 1 || header.counts[3] > 0))
        err = hf_fail(why, HF_ESYNTAX, 0, "not an update");
    if (err == HF_OK)
        err = make(key, &update, why);
    if (err != HF_OK)
        return err;
    hf_buf_put(&update->message, message);
    update->part = PART_CHANGES;
    for (size_t i = 0; i <= PART_CHANGES; i++)
        update->counts[i] = header.counts[i];
    *out = update;
    return HF_OK;
}

void hf_update_free(struct hf_update *update)
{
    if (update == NULL)
        return;
    hf_tsig_free(update->tsig);
    hf_buf_clear(&update->message);
    hf_free(update);
}

/* RFC 2136: class and rdata say what is meant, far more than the type. */
static void put_rr(struct hf_update *update, enum part part,
                   const struct hf_update_rr *rr, unsigned class,
                   uint32_t ttl_s)
{
    bool has_rdata = class == HF_CLASS_IN || part == PART_CHANGES;

    assert(part >= update->part);
    update->part = part;
    update->counts[part]++;
    put_name(&update->message, rr->owner);
    hf_put_number(&update->message, rr->type, 2);
    hf_put_number(&update->message, class, 2);
    hf_put_number(&update->message, ttl_s, 4);
    hf_put_text(&update->message, has_rdata ? rr->rdata : HF_SPAN(""));
}

void hf_update_require_record(struct hf_update *update,
                              const struct hf_update_rr *rr)
{
    put_rr(update, PART_REQUIRED, rr, HF_CLASS_IN, 0);
}

void hf_update_require_some(struct hf_update *update,
                            const struct hf_update_rr *rr)
{
    put_rr(update, PART_REQUIRED, rr, HF_CLASS_ANY, 0);
}

void hf_update_require_none(struct hf_update *update,
                            const struct hf_update_rr *rr)
{
    put_rr(update, PART_REQUIRED, rr, HF_CLASS_NONE, 0);
}

void hf_update_add(struct hf_update *update, const struct hf_update_rr *rr)
{
    put_rr(update, PART_CHANGES, rr, HF_CLASS_IN, rr->ttl_s);
}

void hf_update_delete(struct hf_update *update, const struct hf_update_rr *rr)
{
    put_rr(update, PART_CHANGES, rr, HF_CLASS_NONE, 0);
}

enum hf_err hf_update_ask(struct hf_update *update, int64_t now_s,
                          struct hf_span *out, struct hf_why *why)
{
    struct hf_buf *message = &update->message;

    if (message->full || update->counts[PART_REQUIRED] > UINT16_MAX ||
        update->counts[PART_CHANGES] > UINT16_MAX)
        return hf_fail(why, HF_ELIMIT, 0, "too much for one DNS message");
    for (size_t i = 0; i < 3; i++) {
        char *at = message->ptr + COUNTS_AT + 2 * i;

        at[0] = (char)(unsigned char)(update->counts[i] >> 8);
        at[1] = (char)(unsigned char)update->counts[i];
    }
    if (update->tsig != NULL) {
        enum hf_err err = hf_tsig_sign(update->tsig, message, now_s, why);

        if (err != HF_OK)
            return err;
    }
    *out = hf_buf_span(message);
    return HF_OK;
}

static enum hf_err fail_rcode(unsigned rcode, struct hf_why *why)
{
    const char *text = "the server answers with an error that this kind of "
                       "message does not have";

    switch (rcode) {
    case HF_RCODE_REFUSED:
        text = "the server refuses the update (REFUSED): its rules do not let "
               "this key or address change this name";
        break;
    case HF_RCODE_NOTAUTH:
        text = "the server is not the primary of the zone, or does not take "
               "this key for it (NOTAUTH)";
        break;
    case HF_RCODE_NOTZONE:
        text = "the name is not in the zone that the server was told "
               "(NOTZONE)";
        break;
    case HF_RCODE_FORMERR:
        text = "the server does not understand the update (FORMERR)";
        break;
    case HF_RCODE_NOTIMP:
        text = "the server takes no updates (NOTIMP)";
        break;
    case HF_RCODE_SERVFAIL:
        text = "the server cannot change the zone now (SERVFAIL); its log "
               "says why";
        break;
    }
    return hf_fail(why, HF_EPEER, 0, text);
}

static bool is_unmet(unsigned rcode)
{
    return rcode == HF_RCODE_NXRRSET || rcode == HF_RCODE_YXRRSET ||
           rcode == HF_RCODE_NXDOMAIN || rcode == HF_RCODE_YXDOMAIN;
}

enum hf_err hf_update_take(struct hf_update *update, struct hf_span answer,
                           int64_t now_s, enum hf_update_answer *out,
                           struct hf_why *why)
{
    struct hf_signed got;
    enum hf_err err = hf_signed_read(
        update->tsig, hf_buf_span(&update->message), answer, now_s, &got, why);
    unsigned rcode;

    if (err != HF_OK)
        return err;
    rcode = hf_wire_rcode(&got.message);
    if (is_unmet(rcode) && update->tsig != NULL && !got.verified)
        return hf_fail(why, HF_EPEER, 0, "the answer is not signed");
    if (rcode != HF_RCODE_NOERROR && !is_unmet(rcode))
        return fail_rcode(rcode, why);
    *out = is_unmet(rcode) ? HF_UPDATE_CHANGED : HF_UPDATE_DONE;
    return HF_OK;
}
