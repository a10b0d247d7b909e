/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/signed.h"

#include "base/octets.h"

static enum hf_err fail(struct hf_why *why, const char *text)
{
    return hf_fail(why, HF_EPEER, 0, text);
}

/* Id, QR and opcode, for answers without a question. */
static bool is_headed_alike(const struct hf_wire_message *message,
                            struct hf_span request)
{
    uint64_t id;
    uint64_t flags;

    return hf_take_number(&request, 2, &id) &&
           hf_take_number(&request, 2, &flags) && message->id == id &&
           (message->flags & HF_WIRE_QR) != 0 &&
           ((message->flags ^ flags) & HF_WIRE_OPCODE) == 0;
}

/* RFC 2136, section 3.8, and errors: the question may be left out, as the id
 * and the signature bind the answer to the request. */
static bool may_lack_question(const struct hf_wire_message *message)
{
    return message->counts[0] == 0 &&
           ((message->flags & HF_WIRE_OPCODE) == HF_WIRE_UPDATE ||
            hf_wire_rcode(message) != HF_RCODE_NOERROR);
}

static enum hf_err check_header(const struct hf_wire_message *message,
                                struct hf_span request, struct hf_why *why)
{
    if (may_lack_question(message)) {
        if (!is_headed_alike(message, request))
            return fail(why, "a message that does not answer the request");
    } else if (hf_wire_matches(message, request) == HF_WIRE_OTHER) {
        return fail(why, "the answer is to another question");
    }
    if ((message->flags & HF_WIRE_TC) != 0)
        return fail(why, "RFC 7766 8: a truncated message over TCP");
    return HF_OK;
}

enum hf_err hf_signed_read(struct hf_tsig *tsig, struct hf_span request,
                           struct hf_span answer, int64_t now_s,
                           struct hf_signed *out, struct hf_why *why)
{
    struct hf_signed got = {0};
    struct hf_tsig_seen seen = {0};
    enum hf_err err = hf_wire_open(answer, &got.message, why);

    if (err == HF_OK)
        err = check_header(&got.message, request, why);
    if (err == HF_OK)
        err = hf_tsig_find(&got.message, &seen, why);
    if (err != HF_OK)
        return err;
    if (tsig == NULL && seen.present)
        return fail(why, "the answer is signed, and no key was given");
    if (tsig != NULL &&
        (seen.present || hf_wire_rcode(&got.message) == HF_RCODE_NOERROR)) {
        err = hf_tsig_verify(tsig, answer, &seen, now_s, why);
        if (err != HF_OK)
            return err;
        got.verified = true;
    }
    *out = got;
    return HF_OK;
}
