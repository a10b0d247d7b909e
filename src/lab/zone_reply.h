/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zone_reply.h -- one DNS request taken apart, and the message that answers
 * it being put together. For zone*.c only.
 */
#pragma once

#include "lab/zone_inside.h"

/* A request. Borrows from the packet. */
struct hf_lab_request {
    const struct hf_lab_packet *packet;
    struct hf_wire_message message;
    struct hf_wire_name question; /* as sent */
    struct hf_wire_name name;     /* the same in lower case */
    uint16_t type;
    uint16_t class;
    struct hf_wire_edns edns;
    struct hf_tsig_seen seen; /* its signature, if it has one */
    struct hf_tsig *tsig;     /* with which to sign the answer, or NULL */
    unsigned tsig_error;      /* 0: signed well, or not at all */
    const struct hf_tsig_key *signer; /* whose signature is good, or NULL */
};

struct hf_lab_reply {
    const struct hf_lab_request *request;
    unsigned rcode; /* of twelve bits */
    bool authoritative;
    bool truncated;            /* must not be whole, whatever its size */
    bool is_signed;            /* has signatures and proofs */
    struct hf_buf sections[4]; /* by enum hf_section */
    unsigned counts[4];
};

void hf_lab_reply_init(struct hf_lab_reply *reply,
                       const struct hf_lab_request *request);
void hf_lab_reply_clear(struct hf_lab_reply *reply);

/* Empty all sections. */
void hf_lab_reply_reset(struct hf_lab_reply *reply);

/* Add a record to a section. */
void hf_lab_reply_put(struct hf_lab_reply *reply, enum hf_section section,
                      const struct hf_lab_record *record);

/*
 * Write the message to `out`, over TCP behind two octets of length, signed if
 * the request was. What is too long for the way it goes becomes truncated;
 * what is too long for any way SERVFAIL.
 * Fails: HF_ENOMEM, HF_ECRYPTO.
 */
enum hf_err hf_lab_reply_end(struct hf_lab_reply *reply, struct hf_buf *out,
                             struct hf_why *why);
