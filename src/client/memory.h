/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memory.h -- what a CA's directory said the last time: directories/URL.json
 * in the state folder. It saves a request, lets records be made without a
 * network, and remembers that a CA once spoke draft -02 (REQ CLI-06).
 */
#pragma once

#include "acme/directory.h"

#define HF_MEMORY_FRESH_S 86400 /* asked again after a day */

struct hf_memory {
    struct hf_span url;
    struct hf_span text; /* the directory, JSON */
    int64_t fetched_at;
    bool hashed_seen; /* it advertised a usable prefix at some time */
    struct json_t *json;
};

/*
 * What is remembered of this URL; HF_ENOTFOUND when nothing is, or what is
 * there cannot be used. Owns: hf_memory_clear().
 * Fails: HF_ESYSTEM, HF_ENOMEM.
 */
enum hf_err hf_memory_recall(const char *state, struct hf_span url,
                             struct hf_memory *out, struct hf_why *why);
void hf_memory_clear(struct hf_memory *memory);

/*
 * Remember what was just fetched. `before` is what was recalled, or NULL: that
 * a prefix was seen is never forgotten.
 */
enum hf_err hf_memory_keep(const char *state, struct hf_span url,
                           const struct hf_directory *directory,
                           const struct hf_memory *before, int64_t now_at,
                           struct hf_why *why);
