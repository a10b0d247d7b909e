/* SPDX-License-Identifier: Apache-2.0 */
/* zone_name.h -- names of a zone file in full, as text. Pure. */
#pragma once

#include "dns/wire.h"
#include "dns/zone_file.h"
#include "dns/zone_scan.h"

/* Room for a name of 255 octets, each as \DDD. */
#define HF_ZONE_NAME_MAX 1023

/* A name in full: lower case, no trailing dot, the root empty. */
struct hf_zone_name {
    uint16_t len;
    bool is_plain; /* nothing but a-z 0-9 '-' '_' '*' and dots */
    char text[HF_ZONE_NAME_MAX + 1];
};

static inline struct hf_span hf_zone_name_span(const struct hf_zone_name *name)
{
    return (struct hf_span){name->text, name->len};
}

/*
 * Complete the word of a file by `origin`, which is NULL when there is none.
 * Fails: HF_ESYNTAX (empty or long label, bad escape, relative without an
 *        origin), HF_ELIMIT (longer than a name may be).
 */
enum hf_err hf_zone_name_read(const struct hf_zone_word *word,
                              const struct hf_zone_name *origin,
                              struct hf_zone_name *out, struct hf_why *why);

/* A copy of `text`, which is such a name: at most HF_ZONE_NAME_MAX long. */
void hf_zone_name_copy(struct hf_zone_name *out, struct hf_span text,
                       bool is_plain);

/* The same from wire form. */
void hf_zone_name_from_wire(const struct hf_wire_name *wire,
                            struct hf_zone_name *out);

/* By its first label. */
enum hf_zone_place hf_zone_place_of(struct hf_span owner);
