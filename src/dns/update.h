/* SPDX-License-Identifier: Apache-2.0 */
/*
 * update.h -- changing a zone by one message (RFC 2136): what must be true
 * before, what is added, what is deleted; all of it or nothing. Signed
 * (tsig.h) or not.
 *
 * Only single records are ever added and deleted, never whole RRsets: what
 * others keep at a name is not ours to touch (REQ CLI-37). Writes and reads
 * octets; primary.h has the socket.
 */
#pragma once

#include "dns/signed.h"

struct hf_update;

/*
 * Begin one for `zone`. `id` should not be foreseeable; `key` may be NULL and
 * must outlive it. Owns: hf_update_free(). Fails: HF_ENOMEM, HF_ECRYPTO.
 */
enum hf_err hf_update_new(const struct hf_wire_name *zone,
                          const struct hf_tsig_key *key, uint16_t id,
                          struct hf_update **out, struct hf_why *why);
void hf_update_free(struct hf_update *update);

/*
 * One that somebody else has written, `message`, to be signed and sent here;
 * nothing can be put into it any more. Fails also: HF_ESYNTAX (no update),
 * HF_ELIMIT.
 */
enum hf_err hf_update_of(struct hf_span message, const struct hf_tsig_key *key,
                         struct hf_update **out, struct hf_why *why);

/* One record, or an RRset when `rdata` does not count. Borrowed. */
struct hf_update_rr {
    const struct hf_wire_name *owner;
    uint16_t type;
    uint32_t ttl_s;       /* of an addition */
    struct hf_span rdata; /* not compressed */
};

/*
 * What must be true, all of it before the first change:
 * the RRset has this record, and no others than those required so (RFC 2136,
 * section 2.4.2); it exists (2.4.1); it does not (2.4.3).
 */
void hf_update_require_record(struct hf_update *update,
                              const struct hf_update_rr *rr);
void hf_update_require_some(struct hf_update *update,
                            const struct hf_update_rr *rr);
void hf_update_require_none(struct hf_update *update,
                            const struct hf_update_rr *rr);

/* Changes, done in the order given (2.5.1, 2.5.4). */
void hf_update_add(struct hf_update *update, const struct hf_update_rr *rr);
void hf_update_delete(struct hf_update *update, const struct hf_update_rr *rr);

/*
 * End the message and sign it; `now_s` is the real time. *out is borrowed
 * from the update. Once only. Fails: HF_ELIMIT (too long), HF_ECRYPTO.
 */
enum hf_err hf_update_ask(struct hf_update *update, int64_t now_s,
                          struct hf_span *out, struct hf_why *why);

enum hf_update_answer {
    HF_UPDATE_DONE,
    HF_UPDATE_CHANGED, /* a requirement is not met: somebody was faster */
};

/*
 * Read what the server answers. Fails: HF_EPEER, with a sentence: the server
 * refuses, or its answer is not to be believed; HF_ESYNTAX, HF_ECRYPTO.
 */
enum hf_err hf_update_take(struct hf_update *update, struct hf_span answer,
                           int64_t now_s, enum hf_update_answer *out,
                           struct hf_why *why);
