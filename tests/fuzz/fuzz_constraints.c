/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdint.h>

#include "crypto/constraints.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void say_why(const struct hf_constraints *constraints, bool is_ip,
                    struct hf_span text)
{
    char room[HF_CONSTRAINTS_SAID_MAX];
    struct hf_buf said;

    hf_buf_init(&said, room, sizeof(room));
    assert(hf_constraints_refuse_text(constraints, text, is_ip, &said) ==
           (said.len > 0));
    assert(!said.full);
    for (size_t i = 0; i < said.len; i++)
        assert(said.ptr[i] >= 0x20 && said.ptr[i] < 0x7f);
}

/* What is refused is a name in the octets, or none; who constrains nothing
 * refuses nothing; and what is said of it is printable, and has room. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct hf_span extensions = {(const char *)data, size};
    struct hf_constraints constraints;
    struct hf_span name;

    if (hf_constraints_read(extensions, &constraints, NULL) != HF_OK)
        return 0;
    say_why(&constraints, false, HF_SPAN("*.x.example"));
    say_why(&constraints, true, HF_SPAN("192.0.2.1"));
    say_why(&constraints, true, HF_SPAN("2001:db8::1"));
    if (!hf_constraints_refuse(&constraints, extensions, &name))
        return 0;
    assert(constraints.permitted.len + constraints.excluded.len > 0);
    assert(name.len == 0 ||
           (name.ptr >= extensions.ptr &&
            name.ptr + name.len <= extensions.ptr + extensions.len));
    return 0;
}
