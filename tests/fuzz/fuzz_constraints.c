/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdint.h>

#include "crypto/constraints.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is refused is a name in the octets, or none; and who constrains nothing
 * refuses nothing. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct hf_span extensions = {(const char *)data, size};
    struct hf_constraints constraints;
    struct hf_span name;

    if (hf_constraints_read(extensions, &constraints, NULL) != HF_OK)
        return 0;
    if (!hf_constraints_refuse(&constraints, extensions, &name))
        return 0;
    assert(constraints.permitted.len + constraints.excluded.len > 0);
    assert(name.len == 0 ||
           (name.ptr >= extensions.ptr &&
            name.ptr + name.len <= extensions.ptr + extensions.len));
    return 0;
}
