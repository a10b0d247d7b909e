/* SPDX-License-Identifier: Apache-2.0 */
/*
 * name.h -- domain names in their one canonical form, and owner names.
 *
 * Canonical: lower-case A-labels, no trailing dot, at most 253 octets, labels
 * of at most 63 (draft-ietf-acme-dns-persist-02, sections 3.1 and 9.2; REQ
 * RECORD-21). ASCII only: U-labels are the business of idna.h.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "holdfast/err.h"
#include "holdfast/span.h"

#define HF_NAME_MAX  253
#define HF_LABEL_MAX 63

/* The fixed labels; not configurable (REQ RECORD-22, SCOPE-11). */
#define HF_DNS_LABEL "_validation-persist"
#define HF_IP_LABEL  "_ip-validation-persist"

/* A name we hold ourselves. */
struct hf_name {
    uint8_t len;
    char text[HF_NAME_MAX];
};

static inline struct hf_span hf_name_span(const struct hf_name *name)
{
    struct hf_span span = {name->text, name->len};

    return span;
}

/*
 * Read a host name: letters, digits and hyphens in labels, one trailing dot
 * allowed. The result is canonical.
 *
 * Fails: HF_ESYNTAX; why->at is the offset where reading stopped.
 */
enum hf_err hf_name_parse(struct hf_span text, struct hf_name *out,
                          struct hf_why *why);

/* The same, but labels may hold any of a-z 0-9 '-' '_': a name in DNS. */
enum hf_err hf_name_parse_owner(struct hf_span text, struct hf_name *out,
                                struct hf_why *why);

/* True when `text` is a canonical host name already (REQ CHAL-04, CHAL-05). */
bool hf_name_is_canonical(struct hf_span text);

/* `name` ends in `.` + `ancestor`: a proper suffix on a label boundary (draft
 * -02, section 6.1; REQ SCOPE-02). Both canonical. */
bool hf_name_is_below(struct hf_span name, struct hf_span ancestor);

/* The name without its first label; empty for a single label. */
struct hf_span hf_name_parent(struct hf_span name);

/* If `*name` begins with `*.`, cut that off (REQ SCOPE-03, CLI-12). */
bool hf_name_take_star(struct hf_span *name);

/*
 * `_validation-persist.` + name (REQ VAL-01).
 * Fails: HF_ELIMIT when that exceeds 253 octets: such a name can never be
 *        validated (REQ VAL-03).
 */
enum hf_err hf_owner_of_name(struct hf_span name, struct hf_name *out,
                             struct hf_why *why);

/*
 * `_ip-validation-persist.` + the reverse name of an address of 4 or 16 octets
 * in network order (BR 3.2.2.5.8; REQ SCOPE-11).
 */
void hf_owner_of_ip(const uint8_t *address, size_t len, struct hf_name *out);
