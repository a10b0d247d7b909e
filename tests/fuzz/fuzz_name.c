/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdint.h>

#include "holdfast/name.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_name(const struct hf_name *name)
{
    struct hf_span span = hf_name_span(name);
    struct hf_span parent = hf_name_parent(span);
    struct hf_name owner;

    assert(span.len > 0 && span.len <= HF_NAME_MAX);
    assert(hf_name_is_canonical(span));
    assert(parent.len == 0 || hf_name_is_below(span, parent));
    assert(!hf_name_is_below(parent, span) && !hf_name_is_below(span, span));
    if (hf_owner_of_name(span, &owner, NULL) == HF_OK) {
        assert(hf_name_is_below(hf_name_span(&owner), span));
        assert(hf_span_starts(hf_name_span(&owner), HF_SPAN(HF_DNS_LABEL ".")));
    } else {
        assert(span.len > 233);
    }
}

/* A name that is read is canonical, and a host name is a name in DNS. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hf_span text = {(const char *)data, size};
    struct hf_span rest = text;
    struct hf_name host;
    struct hf_name owner;
    struct hf_why why = {0};
    bool is_owner = hf_name_parse_owner(text, &owner, NULL) == HF_OK;

    if (hf_name_take_star(&rest))
        assert(rest.len + 2 == size &&
               hf_name_parse(text, &host, NULL) != HF_OK);
    if (hf_name_parse(text, &host, &why) != HF_OK) {
        assert(why.at <= size && why.text != NULL);
        assert(!is_owner || hf_span_find(text, '_') < size);
        return 0;
    }
    assert(is_owner && hf_span_eq(hf_name_span(&host), hf_name_span(&owner)));
    check_name(&host);
    return 0;
}
