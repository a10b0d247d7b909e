/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reply.h -- what an answer to one question says: data, proof-less absence, or
 * nothing to rely on.
 *
 * The rule behind it: absence is only what a server with the right to say so
 * says plainly. A referral, an alias that leads out of the servers' zones, an
 * error code, a cut or broken message are failures, never "no record".
 */
#pragma once

#include "dns/wire.h"

enum hf_reply_kind {
    HF_REPLY_DATA,
    HF_REPLY_NODATA,    /* the name exists, the type does not */
    HF_REPLY_NXDOMAIN,  /* the name at the end of the aliases does not exist */
    HF_REPLY_TRUNCATED, /* ask again over TCP */
    HF_REPLY_RCODE,     /* SERVFAIL, REFUSED, FORMERR, ... */
    HF_REPLY_LAME,      /* a referral: neither authority nor recursion */
    HF_REPLY_ALIAS,     /* a chain that ends elsewhere, loops or is too long */
    HF_REPLY_MALFORMED,
};

#define HF_REPLY_ALIASES_MAX 16

/* One answer as read. `message` borrows from the octets. */
struct hf_reply {
    enum hf_reply_kind kind;
    unsigned rcode;  /* all twelve bits */
    uint16_t type;   /* as asked */
    size_t count;    /* records of the type at the owner */
    size_t aliases;  /* CNAMEs followed */
    uint32_t ttl_s;  /* DATA: least of the aliases and the data */
    size_t owner_at; /* offset of the name at the end of the chain */
    struct hf_wire_message message;
};

/* Read `octets`, already matched to its query. Never fails: what cannot be
 * read is HF_REPLY_MALFORMED. */
void hf_reply_read(struct hf_span octets, struct hf_reply *out);

/* The name at the end of the aliases; HF_REPLY_DATA only. */
void hf_reply_owner(const struct hf_reply *reply, struct hf_wire_name *out);

/* The RDATA of the next record of the reply's type; `*walk` starts as
 * hf_wire_walk(&reply->message). False at the end. */
bool hf_reply_next(const struct hf_reply *reply, struct hf_wire_walk *walk,
                   struct hf_span *rdata);
