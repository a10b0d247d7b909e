/* SPDX-License-Identifier: Apache-2.0 */
#include "base/octets.h"
#include "lab/zone_look.h"
#include "lab/zone_transfer.h"
#include "lab/zone_update.h"

/* A message that cannot be read further than its header. */
static enum hf_err complain(const struct hf_lab_packet *packet, unsigned rcode,
                            struct hf_buf *out, struct hf_why *why)
{
    struct hf_lab_request request = {
        .packet = packet,
        .message = {.octets = packet->octets, .body = HF_WIRE_HEADER}};
    struct hf_span rest = packet->octets;
    struct hf_lab_reply reply;
    uint64_t id = 0;
    uint64_t flags = 0;
    enum hf_err err;

    (void)hf_take_number(&rest, 2, &id);
    (void)hf_take_number(&rest, 2, &flags);
    request.message.id = (uint16_t)id;
    request.message.flags = (uint16_t)flags;
    hf_lab_reply_init(&reply, &request);
    reply.rcode = rcode;
    err = hf_lab_reply_end(&reply, out, why);
    hf_lab_reply_clear(&reply);
    return err;
}

/* False: no question of the form that there is (FORMERR). */
static bool read_request(const struct hf_lab_packet *packet,
                         struct hf_lab_request *out)
{
    struct hf_span tail;
    uint64_t qtype = 0;
    uint64_t qclass = 0;
    size_t at = HF_WIRE_HEADER;

    *out = (struct hf_lab_request){.packet = packet};
    if (hf_wire_open(packet->octets, &out->message, NULL) != HF_OK ||
        out->message.counts[0] != 1 ||
        hf_wire_name_read(&out->message, &at, &out->question, NULL) != HF_OK ||
        at != (size_t)HF_WIRE_HEADER + out->question.len)
        return false;
    tail = (struct hf_span){packet->octets.ptr + at, 4};
    (void)hf_take_number(&tail, 2, &qtype);
    (void)hf_take_number(&tail, 2, &qclass);
    out->type = (uint16_t)qtype;
    out->class = (uint16_t)qclass;
    out->name = out->question;
    hf_wire_name_lower(&out->name);
    return hf_wire_edns(&out->message, &out->edns, NULL) == HF_OK &&
           hf_tsig_find(&out->message, &out->seen, NULL) == HF_OK;
}

/* ---- signatures of requests ---- */

static const struct hf_tsig_key *key_of(const struct hf_lab_dns *dns,
                                        const struct hf_wire_name *name)
{
    for (size_t i = 0; i < dns->zone_count; i++) {
        const struct hf_tsig_key *key = dns->zones[i]->updater;

        if (key != NULL && hf_wire_name_eq(hf_tsig_key_name(key), name))
            return key;
    }
    return NULL;
}

static enum hf_err check_signature(const struct hf_lab_dns *dns,
                                   struct hf_lab_request *request,
                                   struct hf_why *why)
{
    const struct hf_tsig_key *key;
    enum hf_err err;

    if (!request->seen.present)
        return HF_OK;
    request->tsig_error = HF_TSIG_BADKEY;
    key = key_of(dns, &request->seen.rr.owner);
    if (key == NULL)
        return HF_OK;
    err = hf_tsig_new(key, &request->tsig, why);
    if (err == HF_OK)
        err = hf_tsig_check(request->tsig, request->message.octets,
                            &request->seen, request->packet->clock_s,
                            &request->tsig_error, why);
    if (err == HF_OK && request->tsig_error == 0)
        request->signer = key;
    return err;
}

/* ---- what is asked ---- */

static enum hf_err do_query(struct hf_lab_dns *dns, struct hf_lab_reply *reply,
                            struct hf_buf *out, struct hf_why *why)
{
    const struct hf_lab_request *request = reply->request;

    if (request->class != HF_CLASS_IN || request->type == HF_RR_IXFR) {
        reply->rcode = HF_RCODE_REFUSED;
        return HF_OK;
    }
    return request->type == HF_RR_AXFR ? hf_lab_transfer(dns, reply, out, why)
                                       : hf_lab_look(dns, reply, why);
}

static enum hf_err do_request(struct hf_lab_dns *dns,
                              struct hf_lab_reply *reply, struct hf_buf *out,
                              struct hf_why *why)
{
    const struct hf_lab_request *request = reply->request;
    unsigned opcode = request->message.flags & HF_WIRE_OPCODE;

    if (request->edns.present && request->edns.version > 0)
        reply->rcode = HF_RCODE_BADVERS;
    else if (request->tsig_error != 0)
        reply->rcode = HF_RCODE_NOTAUTH;
    else if (opcode == HF_WIRE_UPDATE)
        return hf_lab_update(dns, reply, why);
    else if (opcode == 0)
        return do_query(dns, reply, out, why);
    else
        reply->rcode = HF_RCODE_NOTIMP;
    return HF_OK;
}

static bool strikes(const struct hf_lab_dns *dns,
                    const struct hf_lab_request *request,
                    enum hf_lab_fault_kind kind)
{
    return hf_lab_dns_fault(dns, kind, &request->name,
                            request->packet->client) != NULL;
}

static enum hf_err answer(struct hf_lab_dns *dns,
                          const struct hf_lab_request *request,
                          struct hf_buf *out, struct hf_why *why)
{
    struct hf_lab_reply reply;
    enum hf_err err = HF_OK;

    hf_lab_reply_init(&reply, request);
    reply.truncated = strikes(dns, request, HF_LAB_TRUNCATED);
    if (strikes(dns, request, HF_LAB_SERVFAIL))
        reply.rcode = HF_RCODE_SERVFAIL;
    else if (strikes(dns, request, HF_LAB_REFUSED))
        reply.rcode = HF_RCODE_REFUSED;
    else
        err = do_request(dns, &reply, out, why);
    if (err == HF_OK)
        err = hf_lab_reply_end(&reply, out, why);
    hf_lab_reply_clear(&reply);
    return err;
}

enum hf_err hf_lab_dns_answer(struct hf_lab_dns *dns,
                              const struct hf_lab_packet *packet,
                              struct hf_buf *out, uint32_t *delay_ms,
                              struct hf_why *why)
{
    const struct hf_lab_fault_set *slow;
    struct hf_lab_request request;
    enum hf_err err;

    *delay_ms = 0;
    if (packet->octets.len < HF_WIRE_HEADER ||
        ((unsigned char)packet->octets.ptr[2] & 0x80U) != 0)
        return HF_OK; /* an answer is never answered: no loops */
    if (!read_request(packet, &request))
        return complain(packet, HF_RCODE_FORMERR, out, why);
    if (strikes(dns, &request, HF_LAB_SILENT))
        return HF_OK;
    slow = hf_lab_dns_fault(dns, HF_LAB_SLOW, &request.name, packet->client);
    if (slow != NULL)
        *delay_ms = slow->fault.delay_ms;
    err = check_signature(dns, &request, why);
    if (err == HF_OK)
        err = answer(dns, &request, out, why);
    if (err == HF_ESYNTAX) /* its TSIG record */
        err = complain(packet, HF_RCODE_FORMERR, out, why);
    hf_tsig_free(request.tsig);
    return err;
}
