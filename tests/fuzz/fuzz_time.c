/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdint.h>

#include "base/time_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was read can be written, and then reads as the same second. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct hf_time now = {1790000000, 999999999};
    struct hf_span text = {(const char *)data, size};
    struct hf_time got = {0};
    struct hf_time again = {0};
    struct hf_why why = {0};
    char room[HF_TIME_TEXT_MAX];
    struct hf_buf out;

    if (hf_time_parse(text, now, &got, &why) != HF_OK) {
        assert(why.at <= size && why.text != NULL);
        return 0;
    }
    assert(got.ns < 1000000000);
    hf_buf_init(&out, room, sizeof(room));
    hf_time_put(&out, got.s);
    assert(!out.full && out.len > 0);
    if (got.s == INT64_MIN) /* is written, but has no positive number */
        return 0;
    assert(hf_time_parse(hf_buf_span(&out), now, &again, NULL) == HF_OK);
    assert(again.s == got.s && again.ns == 0);
    return 0;
}
