/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdint.h>

#include "holdfast/idna.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What comes out is canonical, and stays what it is. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hf_span text = {(const char *)data, size};
    struct hf_name once;
    struct hf_name twice;
    struct hf_name plain;
    struct hf_why why = {0};
    enum hf_err err = hf_idna_canonical(text, &once, &why);

    if (err != HF_OK) {
        assert(err == HF_ESYNTAX && why.text != NULL && why.at <= size);
        return 0;
    }
    assert(hf_name_is_canonical(hf_name_span(&once)));
    assert(hf_idna_canonical(hf_name_span(&once), &twice, NULL) == HF_OK);
    assert(hf_span_eq(hf_name_span(&once), hf_name_span(&twice)));
    if (hf_name_parse(text, &plain, NULL) == HF_OK)
        assert(hf_span_eq(hf_name_span(&once), hf_name_span(&plain)));
    return 0;
}
