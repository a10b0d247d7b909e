/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wanted.h -- the names for which records are to be made: each once, in the
 * order in which they were first named. `example.com` and `*.example.com`
 * share an owner name, so that they are one entry, with the wildcard.
 */
#pragma once

#include "holdfast/buf.h"
#include "holdfast/name.h"

#define HF_WANTED_MAX      4000000U   /* names */
#define HF_WANTED_TEXT_MAX 500000000U /* octets of all of them */

struct hf_wanted {
    uint32_t at;      /* of the name in the list's text */
    uint8_t len;      /* of the name */
    uint8_t zone_len; /* its last octets are the zone's name */
    bool wildcard;    /* `*.` was asked for */
};

/* Zeroed is empty, but for the limit of `text`: hf_wanted_init(). */
struct hf_wanted_list {
    struct hf_wanted *items;
    uint32_t count;
    uint32_t cap;
    struct hf_buf text;
    uint32_t *slots; /* hash table of index + 1; 0 is free */
    uint32_t slot_count;
};

void hf_wanted_init(struct hf_wanted_list *list);
void hf_wanted_clear(struct hf_wanted_list *list);

/*
 * Add a canonical name; its last `zone_len` octets are its zone.
 * Fails: HF_ENOMEM, HF_ELIMIT.
 */
enum hf_err hf_wanted_add(struct hf_wanted_list *list, struct hf_span name,
                          size_t zone_len, bool wildcard, struct hf_why *why);

struct hf_span hf_wanted_name(const struct hf_wanted_list *list,
                              const struct hf_wanted *item);
struct hf_span hf_wanted_zone(const struct hf_wanted_list *list,
                              const struct hf_wanted *item);

/* Bring the names of one zone together; within a zone order stays. */
void hf_wanted_sort_by_zone(struct hf_wanted_list *list);
