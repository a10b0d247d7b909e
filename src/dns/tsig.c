/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/tsig.h"

#include "base/alloc.h"
#include "base/octets.h"
#include "crypto/hmac.h"
#include "dns/tsig_key.h"

#define ARCOUNT_AT 10 /* offset of the additional count in the header */
#define RECORD_MAX (2 * HF_WIRE_NAME_MAX + 10 + 16 + HF_HMAC_MAX)

struct hf_tsig {
    const struct hf_tsig_key *key;
    struct hf_hmac *hmac;
    unsigned char mac[HF_HMAC_MAX]; /* the last one, sent or verified */
    bool answered;                  /* the first message was verified */
    uint64_t asked_at;              /* of a request that was checked */
    unsigned unsigned_count;        /* messages since the last signed one */
};

/* The fields of TSIG RDATA (RFC 8945, section 4.2). */
struct fields {
    struct hf_wire_name alg;
    uint64_t signed_at;
    uint64_t fudge_s;
    struct hf_span mac;
    uint64_t original_id;
    uint64_t error;
    struct hf_span other;
};

enum hf_err hf_tsig_new(const struct hf_tsig_key *key, struct hf_tsig **out,
                        struct hf_why *why)
{
    const struct hf_span secret = {(const char *)key->secret, key->secret_len};
    struct hf_tsig *tsig = hf_alloc(1, sizeof(*tsig));
    enum hf_err err;

    if (tsig == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    tsig->key = key;
    err = hf_hmac_new(key->alg->digest, secret, &tsig->hmac, why);
    if (err != HF_OK)
        hf_tsig_free(tsig);
    else
        *out = tsig;
    return err;
}

void hf_tsig_free(struct hf_tsig *tsig)
{
    if (tsig == NULL)
        return;
    hf_hmac_free(tsig->hmac);
    hf_free(tsig);
}

static void put_name(struct hf_buf *out, const struct hf_wire_name *name)
{
    hf_buf_put(out, (struct hf_span){(const char *)name->octets, name->len});
}

static struct hf_span mac_span(const struct hf_tsig *tsig)
{
    return (struct hf_span){(const char *)tsig->mac, hf_hmac_size(tsig->hmac)};
}

/* What is authenticated besides the message (RFC 8945, section 4.3.3). */
static void add_variables(struct hf_tsig *tsig, const struct fields *fields)
{
    char room[RECORD_MAX];
    struct hf_buf text;

    hf_buf_init(&text, room, sizeof(room));
    put_name(&text, &tsig->key->name);
    hf_put_number(&text, HF_CLASS_ANY, 2);
    hf_put_number(&text, 0, 4); /* TTL */
    put_name(&text, &tsig->key->alg_name);
    hf_put_number(&text, fields->signed_at, 6);
    hf_put_number(&text, fields->fudge_s, 2);
    hf_put_number(&text, fields->error, 2);
    hf_put_text(&text, fields->other);
    hf_hmac_add(tsig->hmac, hf_buf_span(&text));
}

/* The messages behind the first are bound to the one before them and to their
 * time only (RFC 8945, section 5.3.1). */
static void add_timers(struct hf_tsig *tsig, const struct fields *fields)
{
    char room[8];
    struct hf_buf text;

    hf_buf_init(&text, room, sizeof(room));
    hf_put_number(&text, fields->signed_at, 6);
    hf_put_number(&text, fields->fudge_s, 2);
    hf_hmac_add(tsig->hmac, hf_buf_span(&text));
}

static void add_last_mac(struct hf_tsig *tsig)
{
    char room[2 + HF_HMAC_MAX];
    struct hf_buf text;

    hf_buf_init(&text, room, sizeof(room));
    hf_put_text(&text, mac_span(tsig));
    hf_hmac_add(tsig->hmac, hf_buf_span(&text));
}

static unsigned count_at(struct hf_span message)
{
    return (unsigned)(unsigned char)message.ptr[ARCOUNT_AT] << 8 |
           (unsigned char)message.ptr[ARCOUNT_AT + 1];
}

static void put_record(const struct hf_tsig *tsig, const struct fields *fields,
                       struct hf_buf *out)
{
    const struct hf_tsig_key *key = tsig->key;
    size_t mac_len = hf_hmac_size(tsig->hmac);

    put_name(out, &key->name);
    hf_put_number(out, HF_RR_TSIG, 2);
    hf_put_number(out, HF_CLASS_ANY, 2);
    hf_put_number(out, 0, 4);
    hf_put_number(out, key->alg_name.len + 16U + mac_len + fields->other.len,
                  2);
    put_name(out, &key->alg_name);
    hf_put_number(out, fields->signed_at, 6);
    hf_put_number(out, fields->fudge_s, 2);
    hf_put_text(out, mac_span(tsig));
    hf_put_number(out, fields->original_id, 2);
    hf_put_number(out, fields->error, 2);
    hf_put_text(out, fields->other);
}

static void raise_count(struct hf_buf *message)
{
    unsigned count = count_at(hf_buf_span(message)) + 1;

    message->ptr[ARCOUNT_AT] = (char)(unsigned char)(count >> 8);
    message->ptr[ARCOUNT_AT + 1] = (char)(unsigned char)count;
}

/* Compute the code over what was added before and `message`, and append it. */
static enum hf_err append(struct hf_tsig *tsig, struct hf_buf *message,
                          const struct fields *fields, struct hf_why *why)
{
    enum hf_err err;

    hf_hmac_add(tsig->hmac, hf_buf_span(message));
    if (tsig->answered)
        add_timers(tsig, fields);
    else
        add_variables(tsig, fields);
    err = hf_hmac_end(tsig->hmac, tsig->mac, why);
    if (err != HF_OK)
        return err;
    put_record(tsig, fields, message);
    if (message->full)
        return hf_fail(why, HF_ELIMIT, 0, "no room for the signature");
    raise_count(message);
    return HF_OK;
}

enum hf_err hf_tsig_sign(struct hf_tsig *tsig, struct hf_buf *message,
                         int64_t now_s, struct hf_why *why)
{
    struct hf_span octets = hf_buf_span(message);
    struct hf_span rest = octets;
    struct fields fields = {.signed_at = (uint64_t)now_s,
                            .fudge_s = HF_TSIG_FUDGE_S,
                            .other = HF_SPAN("")};

    if (!hf_take_number(&rest, 2, &fields.original_id) ||
        octets.len < HF_WIRE_HEADER)
        return hf_fail(why, HF_EINVAL, 0, "not a message");
    return append(tsig, message, &fields, why);
}

/* ---- verifying ---- */

enum hf_err hf_tsig_find(const struct hf_wire_message *message,
                         struct hf_tsig_seen *out, struct hf_why *why)
{
    struct hf_wire_walk at = hf_wire_walk(message);
    struct hf_tsig_seen seen = {0};

    for (;;) {
        struct hf_wire_rr rr;
        size_t from = at.at;
        bool more;
        enum hf_err err = hf_wire_next(&at, &rr, &more, why);

        if (err != HF_OK)
            return err;
        if (!more)
            break;
        if (seen.present)
            return hf_fail(why, HF_EPEER, 0,
                           "RFC 8945 5.1: records behind the signature");
        if (rr.section == HF_SECTION_ADDITIONAL && rr.type == HF_RR_TSIG)
            seen = (struct hf_tsig_seen){.present = true, .at = from, .rr = rr};
    }
    *out = seen;
    return HF_OK;
}

/* An uncompressed name from the front (RFC 8945, section 4.2). */
static bool take_name(struct hf_span *rest, struct hf_wire_name *out)
{
    size_t at = 0;

    while (at < rest->len && rest->ptr[at] != 0) {
        if ((unsigned char)rest->ptr[at] > HF_LABEL_MAX)
            return false;
        at += (unsigned char)rest->ptr[at] + 1U;
    }
    if (at >= rest->len || at >= HF_WIRE_NAME_MAX)
        return false;
    memcpy(out->octets, rest->ptr, at + 1);
    out->len = (uint8_t)(at + 1);
    (void)hf_span_cut(rest, at + 1);
    return true;
}

static bool read_fields(struct hf_span rdata, struct fields *out)
{
    return take_name(&rdata, &out->alg) &&
           hf_take_number(&rdata, 6, &out->signed_at) &&
           hf_take_number(&rdata, 2, &out->fudge_s) &&
           hf_take_text(&rdata, UINT16_MAX, &out->mac) &&
           hf_take_number(&rdata, 2, &out->original_id) &&
           hf_take_number(&rdata, 2, &out->error) &&
           hf_take_text(&rdata, UINT16_MAX, &out->other) && rdata.len == 0;
}

static enum hf_err fail(struct hf_why *why, const char *text)
{
    return hf_fail(why, HF_EPEER, 0, text);
}

/* What a server that could not check our request says, itself unsigned or
 * not: nothing is believed but that there is no answer. */
static enum hf_err fail_error(struct hf_why *why, uint64_t error)
{
    switch (error) {
    case HF_TSIG_BADSIG:
        return fail(why, "the server finds our signature wrong: the secrets "
                         "differ (TSIG BADSIG)");
    case HF_TSIG_BADKEY:
        return fail(why, "the server does not know the key by this name and "
                         "algorithm (TSIG BADKEY)");
    case HF_TSIG_BADTIME:
        return fail(why, "the server finds our time wrong: one of the two "
                         "clocks is off (TSIG BADTIME)");
    case HF_TSIG_BADTRUNC:
        return fail(why, "the server wants a longer signature (TSIG "
                         "BADTRUNC)");
    default:
        return fail(why, "the server reports a TSIG error");
    }
}

/* The message as it was before it was signed: without the TSIG record, its
 * count one less, and the id that it had (RFC 8945, section 4.3.2). */
static void add_message(struct hf_tsig *tsig, struct hf_span message,
                        const struct hf_tsig_seen *seen, uint64_t id)
{
    char room[HF_WIRE_HEADER];
    struct hf_buf header;

    if (!seen->present) {
        hf_hmac_add(tsig->hmac, message);
        return;
    }
    hf_buf_init(&header, room, sizeof(room));
    hf_put_number(&header, id, 2);
    hf_buf_put(&header, (struct hf_span){message.ptr + 2, ARCOUNT_AT - 2});
    hf_put_number(&header, count_at(message) - 1U, 2);
    hf_hmac_add(tsig->hmac, hf_buf_span(&header));
    hf_hmac_add(tsig->hmac, (struct hf_span){message.ptr + HF_WIRE_HEADER,
                                             seen->at - HF_WIRE_HEADER});
}

static enum hf_err check_mac(struct hf_tsig *tsig, const struct fields *fields,
                             struct hf_why *why)
{
    unsigned char mac[HF_HMAC_MAX];
    enum hf_err err;

    if (tsig->answered)
        add_timers(tsig, fields);
    else
        add_variables(tsig, fields);
    err = hf_hmac_end(tsig->hmac, mac, why);
    if (err != HF_OK)
        return err;
    if (!hf_secret_eq(fields->mac, (struct hf_span){(const char *)mac,
                                                    hf_hmac_size(tsig->hmac)}))
        return fail(why, "the signature does not verify: another secret, or "
                         "the message was altered");
    memcpy(tsig->mac, mac, sizeof(tsig->mac));
    return HF_OK;
}

static bool is_our_key(const struct hf_tsig *tsig,
                       const struct hf_tsig_seen *seen,
                       const struct fields *fields)
{
    return hf_wire_name_eq(&seen->rr.owner, &tsig->key->name) &&
           hf_wire_name_eq(&fields->alg, &tsig->key->alg_name);
}

static bool is_in_time(const struct fields *fields, int64_t now_s)
{
    uint64_t now = now_s < 0 ? 0 : (uint64_t)now_s;
    uint64_t apart = now > fields->signed_at ? now - fields->signed_at
                                             : fields->signed_at - now;

    return apart <= fields->fudge_s;
}

static bool is_well_formed(struct hf_span message,
                           const struct hf_tsig_seen *seen, struct fields *out)
{
    return seen->rr.class == HF_CLASS_ANY && seen->rr.ttl_s == 0 &&
           seen->at >= HF_WIRE_HEADER && seen->at <= message.len &&
           read_fields(seen->rr.rdata, out);
}

static enum hf_err verify_signed(struct hf_tsig *tsig, struct hf_span message,
                                 const struct hf_tsig_seen *seen, int64_t now_s,
                                 struct hf_why *why)
{
    struct fields fields = {0};
    enum hf_err err;

    if (!is_well_formed(message, seen, &fields))
        return fail(why, "RFC 8945 4.2: the TSIG record is malformed");
    if (fields.error != 0 && fields.error != HF_TSIG_BADTIME)
        return fail_error(why, fields.error);
    if (!is_our_key(tsig, seen, &fields))
        return fail(why, "signed with another key or algorithm than the one "
                         "configured");
    add_message(tsig, message, seen, fields.original_id);
    err = check_mac(tsig, &fields, why);
    if (err != HF_OK)
        return err;
    if (fields.error != 0)
        return fail_error(why, fields.error);
    if (!is_in_time(&fields, now_s))
        return fail(why, "signed too long ago or in the future: an old answer "
                         "played again, or one of the two clocks is off");
    tsig->answered = true;
    tsig->unsigned_count = 0;
    return HF_OK;
}

enum hf_err hf_tsig_verify(struct hf_tsig *tsig, struct hf_span message,
                           const struct hf_tsig_seen *seen, int64_t now_s,
                           struct hf_why *why)
{
    if (message.len < HF_WIRE_HEADER)
        return fail(why, "not a message");
    /* The code before stands in front of each signed run of messages. */
    if (tsig->unsigned_count == 0)
        add_last_mac(tsig);
    if (seen->present)
        return verify_signed(tsig, message, seen, now_s, why);
    if (!tsig->answered)
        return fail(why, "the answer is not signed");
    if (tsig->unsigned_count++ == HF_TSIG_UNSIGNED_MAX)
        return fail(why, "RFC 8945 5.3.1: a hundred messages without a "
                         "signature");
    add_message(tsig, message, seen, 0);
    return HF_OK;
}

/* ---- the server's side ---- */

enum hf_err hf_tsig_check(struct hf_tsig *tsig, struct hf_span request,
                          const struct hf_tsig_seen *seen, int64_t now_s,
                          unsigned *error, struct hf_why *why)
{
    struct fields fields = {0};
    enum hf_err err;

    if (!is_well_formed(request, seen, &fields))
        return hf_fail(why, HF_ESYNTAX, 0,
                       "RFC 8945 4.2: the TSIG record is malformed");
    *error = HF_TSIG_BADKEY;
    if (!is_our_key(tsig, seen, &fields))
        return HF_OK;
    tsig->asked_at = fields.signed_at;
    add_message(tsig, request, seen, fields.original_id);
    err = check_mac(tsig, &fields, why);
    if (err == HF_ECRYPTO)
        return err;
    if (err != HF_OK)
        *error = HF_TSIG_BADSIG;
    else
        *error = is_in_time(&fields, now_s) ? 0 : HF_TSIG_BADTIME;
    return HF_OK;
}

enum hf_err hf_tsig_answer(struct hf_tsig *tsig, struct hf_buf *message,
                           unsigned error, int64_t now_s, struct hf_why *why)
{
    struct hf_span rest = hf_buf_span(message);
    struct fields fields = {.signed_at = (uint64_t)now_s,
                            .fudge_s = HF_TSIG_FUDGE_S,
                            .error = error,
                            .other = HF_SPAN("")};
    char room[6];
    struct hf_buf time;
    enum hf_err err;

    if (message->len < HF_WIRE_HEADER)
        return hf_fail(why, HF_EINVAL, 0, "not a message");
    (void)hf_take_number(&rest, 2, &fields.original_id);
    if (error == HF_TSIG_BADTIME) { /* RFC 8945, section 5.2.3 */
        fields.signed_at = tsig->asked_at;
        hf_buf_init(&time, room, sizeof(room));
        hf_put_number(&time, (uint64_t)now_s, sizeof(room));
        fields.other = hf_buf_span(&time);
    }
    add_last_mac(tsig);
    err = append(tsig, message, &fields, why);
    tsig->answered = true;
    return err;
}

enum hf_err hf_tsig_complain(const struct hf_tsig_seen *seen, unsigned error,
                             struct hf_buf *message, struct hf_why *why)
{
    struct fields fields = {0};

    if (!read_fields(seen->rr.rdata, &fields))
        return hf_fail(why, HF_ESYNTAX, 0,
                       "RFC 8945 4.2: the TSIG record is malformed");
    put_name(message, &seen->rr.owner);
    hf_put_number(message, HF_RR_TSIG, 2);
    hf_put_number(message, HF_CLASS_ANY, 2);
    hf_put_number(message, 0, 4);
    hf_put_number(message, fields.alg.len + 16U, 2);
    put_name(message, &fields.alg);
    hf_put_number(message, fields.signed_at, 6);
    hf_put_number(message, fields.fudge_s, 2);
    hf_put_text(message, HF_SPAN("")); /* no code */
    hf_put_number(message, fields.original_id, 2);
    hf_put_number(message, error, 2);
    hf_put_text(message, HF_SPAN(""));
    if (message->full)
        return hf_fail(why, HF_ELIMIT, 0, "no room for the signature");
    raise_count(message);
    return HF_OK;
}

const struct hf_wire_name *hf_tsig_key_name(const struct hf_tsig_key *key)
{
    return &key->name;
}
