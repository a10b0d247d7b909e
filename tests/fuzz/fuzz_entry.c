/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdint.h>

#include "ca/head.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum hf_err any(void *state, enum hf_hash_alg alg, struct hf_span data,
                       unsigned char *out)
{
    (void)state;
    (void)alg;
    (void)data;
    memset(out, 0xab, HF_ENTRY_HASH_LEN);
    return HF_OK;
}

/* A head has one spelling. */
static void check_head(struct hf_span text)
{
    char room[HF_HEAD_MAX];
    struct hf_head head;
    struct hf_buf again;

    if (!hf_head_read(text, &head))
        return;
    hf_buf_init(&again, room, sizeof(room));
    hf_head_put(&again, &head);
    assert(hf_span_eq(hf_buf_span(&again), text));
}

/* A line that is read is the one that would be written. The hash is always the
 * same, so that the fuzzer need not find it. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct hf_digest digest = {.compute = any};
    const struct hf_span line = {(const char *)data, size};
    struct hf_entry entry;
    struct hf_buf again;

    check_head(line);
    if (hf_entry_read(line, &digest, &entry, NULL) != HF_OK)
        return 0;
    hf_buf_init_grow(&again, size + 1);
    assert(hf_entry_put(&entry, &digest, &again, NULL) == HF_OK);
    again.len--; /* LF */
    assert(hf_span_eq(hf_buf_span(&again), line));
    hf_buf_clear(&again);
    return 0;
}
