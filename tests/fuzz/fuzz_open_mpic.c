/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdint.h>

#include "ca/open_mpic.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whatever a perspective sends, there is a view of it: one answer, or what it
 * says, or why there is neither. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hf_span body = {(const char *)data, size};

    for (unsigned way = 0; way < HF_WAY_COUNT; way++) {
        const struct hf_open_mpic_asked asked = {.code = HF_SPAN("one"),
                                                 .rir = HF_SPAN("ARIN"),
                                                 .name = HF_SPAN("example.com"),
                                                 .way = (enum hf_way)way};
        struct hf_view view = {0};

        if (hf_open_mpic_hear(body, &asked, &view, NULL) != HF_OK)
            return 0;
        assert((view.failure != NULL) + (view.said != HF_SAID_NOTHING) +
                   (view.answer_count == 1) ==
               1);
        hf_view_clear(&view);
    }
    return 0;
}
