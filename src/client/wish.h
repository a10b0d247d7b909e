/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wish.h -- what is to stand at one owner name, beside what others keep
 * there: which record stays, which goes, which is missing. Records are taken
 * one by one and by value; nothing is ever replaced as a whole (REQ CLI-37).
 */
#pragma once

#include <stdbool.h>

#include "dns/resolver.h"

#define HF_WISH_VALUES 2  /* both forms of one record */
#define HF_WISH_OLD    32 /* earlier values of ours */

struct hf_wish {
    /* Are to be there; none: only to remove. */
    struct hf_span values[HF_WISH_VALUES];
    size_t value_count;
    /* Are to go: published by us before. */
    struct hf_span old[HF_WISH_OLD];
    size_t old_count;
    /* And so are other records of this issuer for one of these account URIs,
     * whoever of us published them. Empty: only by value. */
    struct hf_span issuer;
    struct hf_span account_uris[HF_WISH_VALUES];
    size_t uri_count;
};

enum hf_fate {
    HF_FATE_OTHERS, /* not ours: it stays */
    HF_FATE_WANTED, /* is to be there, and is */
    HF_FATE_OLD,    /* goes */
};

/* One record's value, strings joined. */
enum hf_fate hf_wish_fate(const struct hf_wish *wish, struct hf_span value);

/* All records of one place. */
struct hf_wish_view {
    size_t others;
    size_t old;
    size_t wanted;
    bool has[HF_WISH_VALUES]; /* which values are there */
};

/*
 * `room` has as many bytes as found->records. Records that cannot be read are
 * others'.
 */
void hf_wish_look(const struct hf_wish *wish, const struct hf_found *found,
                  char *room, struct hf_wish_view *out);

/* Nothing is missing, and nothing old is there. */
bool hf_wish_is_met(const struct hf_wish *wish,
                    const struct hf_wish_view *view);
