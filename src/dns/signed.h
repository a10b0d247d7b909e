/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signed.h -- one request, one answer: is it the answer, and is it signed as
 * it must be? Decides, and does no I/O.
 */
#pragma once

#include "dns/tsig.h"

struct hf_signed {
    struct hf_wire_message message; /* borrows from the answer */
    bool verified;                  /* by the signature */
};

/*
 * Compare `answer` with `request`, the octets that were sent: id, QR, opcode,
 * question or zone. With `tsig`, which signed the request, the answer must be
 * signed too; only an error may come without, since a server that cannot
 * check a signature cannot make one either. Nothing is to be believed of it
 * then but that the request failed.
 *
 * Fails: HF_EPEER, with a sentence, HF_ESYNTAX (malformed), HF_ECRYPTO.
 */
enum hf_err hf_signed_read(struct hf_tsig *tsig, struct hf_span request,
                           struct hf_span answer, int64_t now_s,
                           struct hf_signed *out, struct hf_why *why);
