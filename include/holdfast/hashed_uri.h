/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hashed_uri.h -- the hashed account URI of draft-ietf-acme-dns-persist-02,
 * section 4.1:
 *
 *     accountHashPrefix hash-alg "/" base64url(H(len domain key account_URL))
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "holdfast/buf.h"
#include "holdfast/err.h"
#include "holdfast/reason.h"
#include "holdfast/span.h"

/* Hash Name Strings of the RFC 6920 registry with 256 bits or more. */
enum hf_hash_alg {
    HF_SHA_256,
    HF_SHA_384,
    HF_SHA_512,
    HF_SHA3_256,
    HF_SHA3_384,
    HF_SHA3_512,
    HF_BLAKE2S_256,
    HF_BLAKE2B_256,
    HF_BLAKE2B_512,
    HF_K12_256,
    HF_K12_512,
};

#define HF_HASH_ALG_COUNT  (HF_K12_512 + 1)
#define HF_HASH_MAX        64 /* octets of the longest digest */
#define HF_HASH_TEXT_MAX   86 /* its base64url characters */
#define HF_THUMBPRINT_LEN  43 /* base64url of SHA-256 (RFC 7638) */
#define HF_ACCOUNT_URL_MAX 2048

/* Sets of algorithms. */
#define HF_HASH_BIT(alg) (1U << (alg))
#define HF_HASH_DEFAULT  HF_HASH_BIT(HF_SHA_256)

const char *hf_hash_alg_name(enum hf_hash_alg alg);

/* Exact, case-sensitive (REQ RECORD-18). False when the token is unknown. */
bool hf_hash_alg_find(struct hf_span token, enum hf_hash_alg *out);

/* Octets of the digest. */
size_t hf_hash_alg_size(enum hf_hash_alg alg);

/*
 * Where digests come from: the record law has no hash functions of its own.
 * compute() fails with HF_ECRYPTO, or HF_EINVAL when it does not offer `alg`.
 */
struct hf_digest {
    enum hf_err (*compute)(void *state, enum hf_hash_alg alg,
                           struct hf_span data, unsigned char *out);
    void *state;
};

/* What goes into one digest. */
struct hf_binding {
    struct hf_span domain;      /* canonical name, or "*"; 1 to 255 octets */
    struct hf_span thumbprint;  /* 43 characters */
    struct hf_span account_url; /* as in the Location of newAccount */
};

/* 43 characters that are base64url of 32 octets (RFC 7638; REQ RECORD-26). */
bool hf_thumbprint_is_valid(struct hf_span text);

/*
 * The digest of `binding`, hf_hash_alg_size(alg) octets, into `out` of
 * HF_HASH_MAX bytes (REQ RECORD-15, RECORD-16, RECORD-26, RECORD-27). The
 * thumbprint is taken as valid: it was checked when it came in.
 *
 * Fails: HF_EINVAL (a part is missing, too long, or not 43 characters),
 *        or what digest->compute() failed with.
 */
enum hf_err hf_binding_hash(const struct hf_binding *binding,
                            enum hf_hash_alg alg,
                            const struct hf_digest *digest, unsigned char *out,
                            struct hf_why *why);

/* The same as text, as it stands in a record: HF_BASE64URL_LEN characters of
 * base64url into `out` of HF_HASH_TEXT_MAX bytes. */
enum hf_err hf_binding_digest(const struct hf_binding *binding,
                              enum hf_hash_alg alg,
                              const struct hf_digest *digest, char *out,
                              struct hf_why *why);

/* A URI taken apart. Spans borrow from it. */
struct hf_hashed_uri {
    struct hf_span prefix; /* the longest accepted one that fits */
    enum hf_hash_alg alg;
    struct hf_span digest;           /* base64url, canonical, right length */
    unsigned char hash[HF_HASH_MAX]; /* the same decoded */
};

/*
 * Read `uri` under the accepted prefixes and algorithms. Answers
 * HF_REASON_OK, bad-hashed-uri or hash-alg-not-accepted; for the last two
 * `*at` is the offset in `uri` where it went wrong under the longest prefix
 * (REQ RECORD-08, RECORD-19, ERR-03, ACCT-13, DIR-06).
 */
enum hf_reason hf_hashed_uri_read(struct hf_span uri,
                                  const struct hf_span *prefixes,
                                  size_t prefix_count, uint32_t accepted,
                                  struct hf_hashed_uri *out, size_t *at);

/* What an advertised accountHashPrefix is worth (REQ DIR-07). */
enum hf_prefix_state {
    HF_PREFIX_ABSENT,
    HF_PREFIX_INVALID,
    HF_PREFIX_USABLE,
    HF_PREFIX_USABLE_NO_SLASH, /* concatenated as it is; warn */
};

enum hf_prefix_state hf_prefix_check(struct hf_span prefix);
const char *hf_prefix_state_word(enum hf_prefix_state state);
