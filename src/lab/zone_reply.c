/* SPDX-License-Identifier: Apache-2.0 */
#include "lab/zone_reply.h"

#include "base/octets.h"
#include "crypto/hmac.h"

#define POINTER     0xc000U
#define PLAIN_SIZE  512 /* RFC 1035, section 4.2.1 */
#define OPT_SIZE    11
#define SECTION_MAX ((size_t)1 << 20)

void hf_lab_reply_init(struct hf_lab_reply *reply,
                       const struct hf_lab_request *request)
{
    *reply = (struct hf_lab_reply){.request = request,
                                   .is_signed = request->edns.dnssec_ok};
    for (size_t i = HF_SECTION_ANSWER; i <= HF_SECTION_ADDITIONAL; i++)
        hf_buf_init_grow(&reply->sections[i], SECTION_MAX);
}

void hf_lab_reply_clear(struct hf_lab_reply *reply)
{
    for (size_t i = HF_SECTION_ANSWER; i <= HF_SECTION_ADDITIONAL; i++)
        hf_buf_clear(&reply->sections[i]);
}

void hf_lab_reply_reset(struct hf_lab_reply *reply)
{
    for (size_t i = HF_SECTION_ANSWER; i <= HF_SECTION_ADDITIONAL; i++) {
        hf_buf_reset(&reply->sections[i]);
        reply->counts[i] = 0;
    }
}

/* A name that ends the question's is a pointer into it. */
static void put_owner(const struct hf_wire_name *question,
                      const struct hf_wire_name *owner, struct hf_buf *out)
{
    if (owner->len > 1 && hf_wire_name_is_in(question, owner))
        hf_put_number(
            out,
            POINTER | (HF_WIRE_HEADER + (unsigned)question->len - owner->len),
            2);
    else
        hf_buf_put(out,
                   (struct hf_span){(const char *)owner->octets, owner->len});
}

void hf_lab_reply_put(struct hf_lab_reply *reply, enum hf_section section,
                      const struct hf_lab_record *record)
{
    struct hf_buf *out = &reply->sections[section];

    put_owner(&reply->request->question, record->owner, out);
    hf_put_number(out, record->type, 2);
    hf_put_number(out, HF_CLASS_IN, 2);
    hf_put_number(out, record->ttl_s, 4);
    hf_put_text(out, record->rdata);
    reply->counts[section]++;
}

static size_t room_for(const struct hf_lab_request *request)
{
    size_t size = request->edns.present ? request->edns.udp_size : PLAIN_SIZE;

    if (request->packet->tcp)
        return HF_WIRE_MESSAGE_MAX;
    if (size > HF_WIRE_UDP_SIZE)
        size = HF_WIRE_UDP_SIZE;
    return size < PLAIN_SIZE ? PLAIN_SIZE : size;
}

/* Of the answer's signature: that of the request, where the code may have been
 * short, and the time. */
static size_t tsig_size(const struct hf_tsig_seen *seen)
{
    return seen->present
               ? seen->rr.owner.len + 10U + seen->rr.rdata.len + HF_HMAC_MAX + 6
               : 0;
}

static size_t size_of(const struct hf_lab_reply *reply)
{
    const struct hf_lab_request *request = reply->request;
    size_t size = request->message.body +
                  (request->edns.present ? OPT_SIZE : 0) +
                  tsig_size(&request->seen);

    for (size_t i = HF_SECTION_ANSWER; i <= HF_SECTION_ADDITIONAL; i++)
        size += reply->sections[i].len;
    return size;
}

/* What does not fit becomes a short message that says so. */
static void fit(struct hf_lab_reply *reply)
{
    bool tcp = reply->request->packet->tcp;
    bool fits = size_of(reply) <= room_for(reply->request);

    for (size_t i = HF_SECTION_ANSWER; i <= HF_SECTION_ADDITIONAL; i++)
        fits &= !reply->sections[i].full && reply->counts[i] <= UINT16_MAX;
    if (fits && !reply->truncated)
        return;
    hf_lab_reply_reset(reply);
    if (tcp && !reply->truncated)
        reply->rcode = HF_RCODE_SERVFAIL;
    else
        reply->truncated = true;
}

static void put_header(const struct hf_lab_reply *reply, struct hf_buf *out)
{
    const struct hf_lab_request *request = reply->request;
    unsigned flags = HF_WIRE_QR | (reply->rcode & 0xfU);

    flags |= request->message.flags & (HF_WIRE_OPCODE | HF_WIRE_RD);
    flags |= reply->authoritative ? HF_WIRE_AA : 0;
    flags |= reply->truncated ? HF_WIRE_TC : 0;
    hf_put_number(out, request->message.id, 2);
    hf_put_number(out, flags, 2);
    hf_put_number(out, request->message.counts[0], 2);
    hf_put_number(out, reply->counts[HF_SECTION_ANSWER], 2);
    hf_put_number(out, reply->counts[HF_SECTION_AUTHORITY], 2);
    hf_put_number(out,
                  reply->counts[HF_SECTION_ADDITIONAL] +
                      (request->edns.present ? 1U : 0),
                  2);
}

static void put_opt(const struct hf_lab_reply *reply, struct hf_buf *out)
{
    if (!reply->request->edns.present)
        return;
    hf_put_number(out, 0, 1);
    hf_put_number(out, HF_RR_OPT, 2);
    hf_put_number(out, HF_WIRE_UDP_SIZE, 2);
    hf_put_number(out, reply->rcode >> 4, 1);
    hf_put_number(out, 0, 1); /* version */
    hf_put_number(out, reply->request->edns.dnssec_ok ? 0x8000U : 0, 2);
    hf_put_number(out, 0, 2);
}

static enum hf_err sign(const struct hf_lab_request *request,
                        struct hf_buf *message, struct hf_why *why)
{
    if (!request->seen.present)
        return HF_OK;
    if (request->tsig == NULL || request->tsig_error == HF_TSIG_BADKEY ||
        request->tsig_error == HF_TSIG_BADSIG)
        return hf_tsig_complain(&request->seen, request->tsig_error, message,
                                why);
    return hf_tsig_answer(request->tsig, message, request->tsig_error,
                          request->packet->clock_s, why);
}

enum hf_err hf_lab_reply_end(struct hf_lab_reply *reply, struct hf_buf *out,
                             struct hf_why *why)
{
    const struct hf_lab_request *request = reply->request;
    struct hf_buf message;
    enum hf_err err;

    fit(reply);
    hf_buf_init_grow(&message, HF_WIRE_MESSAGE_MAX);
    put_header(reply, &message);
    hf_buf_put(&message,
               (struct hf_span){request->message.octets.ptr + HF_WIRE_HEADER,
                                request->message.body - HF_WIRE_HEADER});
    for (size_t i = HF_SECTION_ANSWER; i <= HF_SECTION_ADDITIONAL; i++)
        hf_buf_put(&message, hf_buf_span(&reply->sections[i]));
    put_opt(reply, &message);
    err = message.full ? hf_fail(why, HF_ENOMEM, 0, "out of memory")
                       : sign(request, &message, why);
    if (err == HF_OK && request->packet->tcp)
        hf_put_text(out, hf_buf_span(&message));
    else if (err == HF_OK)
        hf_buf_put(out, hf_buf_span(&message));
    hf_buf_clear(&message);
    if (err == HF_OK && out->full)
        err = hf_fail(why, HF_ENOMEM, 0, "out of memory");
    return err;
}
