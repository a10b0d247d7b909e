/* SPDX-License-Identifier: Apache-2.0 */
/* The parent's half: no TLS library is wanted for it. */
#include "net/alpn.h"

#include "base/octets.h"
#include "holdfast/name.h"

#define HASH_LEN 32

bool hf_alpn_read(struct hf_span text, struct hf_alpn *out)
{
    struct hf_alpn read = {0};
    uint64_t names, extensions;
    unsigned kind;

    if (!hf_take_flag(&text, &read.negotiated) ||
        !hf_take_number(&text, 1, &names) ||
        !hf_take_below(&text, HF_ALPN_OTHER + 1, &kind) ||
        !hf_take_text(&text, HF_NAME_MAX, &read.name) ||
        !hf_take_number(&text, 1, &extensions) ||
        !hf_take_flag(&text, &read.critical) ||
        !hf_take_text(&text, HASH_LEN, &read.hash) ||
        !hf_take_text(&text, HASH_LEN, &read.fingerprint) || text.len > 0)
        return false;
    read.name_count = (unsigned)names;
    read.kind = (enum hf_alpn_kind)kind;
    read.extension_count = (unsigned)extensions;
    *out = read;
    return true;
}
