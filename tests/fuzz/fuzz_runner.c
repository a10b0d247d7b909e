/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What comes to the process that runs programs, and what comes back from it:
 * texts are never longer than what they were cut from, and never have a NUL
 * that would hide the rest of them.
 */
#include <assert.h>

#include "os/runner_msg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t walk(struct hf_texts texts)
{
    size_t octets = 0;
    struct hf_span text;

    while (hf_texts_next(&texts, &text)) {
        assert(hf_span_find(text, '\0') == text.len);
        octets += text.len;
    }
    assert(texts.count == 0 && texts.rest.len == 0);
    return octets;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct hf_span all = {(const char *)data, size};
    struct hf_runner_program program;
    struct hf_runner_order order;
    struct hf_runner_ended ended;
    struct hf_span rest = all;
    struct hf_texts entries;
    struct hf_span value;

    if (hf_take_texts(&rest, &entries))
        assert(walk(entries) <= size);
    while (hf_runner_take_program(&rest, &program)) {
        assert(program.words.count > 0);
        assert(walk(program.words) + walk(program.variables) <= size);
    }
    if (hf_runner_read_order(all, &order, NULL) == HF_OK) {
        assert(walk(order.words) + order.values.len <= size);
        while (hf_runner_value_next(&order.values, &value))
            assert(hf_span_find(value, '\0') == value.len);
        assert(order.values.len == 0);
    }
    if (hf_runner_read_ended(all, &ended, NULL) == HF_OK)
        assert(ended.out.len <= HF_RUNNER_SAID_MAX &&
               ended.said.len <= HF_RUNNER_SAID_MAX);
    return 0;
}
