/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tsig.h -- signed requests and answers between a name server and us (RFC
 * 8945), also over the many messages of a transfer.
 *
 * One key, one algorithm, full-length codes: whatever an answer offers, only
 * what was configured counts. The codes are computed here and not by ldns,
 * which cannot verify a transfer some of whose messages go unsigned in between
 * (RFC 8945, section 5.3.1).
 */
#pragma once

#include "dns/wire.h"

#define HF_TSIG_FUDGE_S 300
/* Messages that may follow one another unsigned (RFC 8945, 5.3.1). */
#define HF_TSIG_UNSIGNED_MAX 99

/* Errors that a server puts into its TSIG record. */
enum hf_tsig_error {
    HF_TSIG_BADSIG = 16,
    HF_TSIG_BADKEY = 17,
    HF_TSIG_BADTIME = 18,
    HF_TSIG_BADTRUNC = 22,
};

/* A name, an algorithm, a secret. Has no formatter. */
struct hf_tsig_key;

/*
 * Read "[algorithm:]name:secret", the secret in base64; the algorithm is
 * hmac-sha256 when left out.
 * Owns: hf_tsig_key_free(), which wipes.
 * Fails: HF_ESYNTAX, HF_EINVAL (algorithm), HF_ENOMEM, HF_ECRYPTO.
 */
enum hf_err hf_tsig_key_parse(struct hf_span text, struct hf_tsig_key **out,
                              struct hf_why *why);

/*
 * The same from the text of a file: that form, BIND's `key "name" { ... };`
 * or Knot's `key:` list, of which the first is taken.
 */
enum hf_err hf_tsig_key_read(struct hf_span text, struct hf_tsig_key **out,
                             struct hf_why *why);

/* From a file, which people other than its owner and group must not be able
 * to read. Fails also: HF_EINVAL (they can), HF_ENOTFOUND, HF_ESYSTEM. */
enum hf_err hf_tsig_key_load(const char *path, struct hf_tsig_key **out,
                             struct hf_why *why);
void hf_tsig_key_free(struct hf_tsig_key *key);

/* A key, or none (NULL), as octets on its way to a process of our own; wipe
 * what held them. */
void hf_tsig_key_put(const struct hf_tsig_key *key, struct hf_buf *out);

/* Read one back, all of `octets`; *out may become NULL. Owns and fails as
 * hf_tsig_key_parse(). */
enum hf_err hf_tsig_key_take(struct hf_span octets, struct hf_tsig_key **out,
                             struct hf_why *why);

/* One exchange: a request and the messages that answer it. */
struct hf_tsig;

/* `key` must outlive it. Owns: hf_tsig_free(). Fails: HF_ENOMEM, HF_ECRYPTO. */
enum hf_err hf_tsig_new(const struct hf_tsig_key *key, struct hf_tsig **out,
                        struct hf_why *why);
void hf_tsig_free(struct hf_tsig *tsig);

/*
 * Append the TSIG record to a whole request in `message`, and raise its count.
 * Fails: HF_ELIMIT (no room), HF_ECRYPTO.
 */
enum hf_err hf_tsig_sign(struct hf_tsig *tsig, struct hf_buf *message,
                         int64_t now_s, struct hf_why *why);

/* The TSIG record of an answer, as the walk through it came by. */
struct hf_tsig_seen {
    bool present;
    size_t at; /* where the record begins */
    struct hf_wire_rr rr;
};

/*
 * Find it in a message; present is false when there is none.
 * Fails: HF_ESYNTAX, HF_EPEER (records behind it; RFC 8945, section 5.1).
 */
enum hf_err hf_tsig_find(const struct hf_wire_message *message,
                         struct hf_tsig_seen *out, struct hf_why *why);

/*
 * Take in the next message of the answer. It proves itself, and those before
 * it that were not signed, only when `seen->present`; until then nothing of
 * them may be used.
 *
 * Fails: HF_EPEER, with a sentence: not signed, by another key or algorithm,
 *        a code that does not verify, a time too far from `now_s`, or the
 *        server's own complaint. HF_ECRYPTO.
 */
enum hf_err hf_tsig_verify(struct hf_tsig *tsig, struct hf_span message,
                           const struct hf_tsig_seen *seen, int64_t now_s,
                           struct hf_why *why);

/* ---- the server's side ---- */

/*
 * Check a request against the key. `*error` is 0 or the complaint that the
 * answer is to carry: the request is not to be believed then. What is malformed
 * is HF_ESYNTAX. Fails also: HF_ECRYPTO.
 */
enum hf_err hf_tsig_check(struct hf_tsig *tsig, struct hf_span request,
                          const struct hf_tsig_seen *seen, int64_t now_s,
                          unsigned *error, struct hf_why *why);

/*
 * Append the TSIG record to a message that answers the checked request: to the
 * first, or to the next of a transfer. `error` is 0 or HF_TSIG_BADTIME.
 * Fails as hf_tsig_sign().
 */
enum hf_err hf_tsig_answer(struct hf_tsig *tsig, struct hf_buf *message,
                           unsigned error, int64_t now_s, struct hf_why *why);

/*
 * Append one without a code, which complains of the request's: BADKEY, BADSIG
 * (RFC 8945, section 5.3.2).
 */
enum hf_err hf_tsig_complain(const struct hf_tsig_seen *seen, unsigned error,
                             struct hf_buf *message, struct hf_why *why);

/* The name of the key that signed. */
const struct hf_wire_name *hf_tsig_key_name(const struct hf_tsig_key *key);
