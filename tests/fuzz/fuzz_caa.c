/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdint.h>

#include "holdfast/caa.h"

#define PROPERTIES_MAX 8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum hf_caa_reason decide(const struct hf_caa *rrset, size_t count,
                                 bool wildcard, size_t *which)
{
    static const struct hf_span issuers[] = {HF_SPAN_INIT("a"),
                                             HF_SPAN_INIT("ca.example")};
    static const struct hf_span urls[] = {HF_SPAN_INIT("u")};
    const struct hf_caa_request request = {issuers, 2,        urls,
                                           1,       wildcard, HF_SPAN("")};

    return hf_caa_decide(rrset, count, &request, which);
}

static void check(const struct hf_caa *rrset, size_t count, bool wildcard)
{
    struct hf_caa turned[PROPERTIES_MAX + 1];
    size_t which;
    size_t other;
    enum hf_caa_reason reason = decide(rrset, count, wildcard, &which);

    assert(which <= count && (reason == HF_CAA_OK || which < count));
    for (size_t i = 0; i < count; i++)
        turned[count - 1 - i] = rrset[i];
    assert(decide(turned, count, wildcard, &other) == reason);

    /* Nobody may issue where a critical property is not understood. */
    turned[count] = (struct hf_caa){HF_CAA_CRITICAL, HF_SPAN("zz"), {0}};
    assert(decide(turned, count + 1, wildcard, &other) ==
           HF_CAA_CRITICAL_UNKNOWN);
    /* What everybody may do is not narrowed by one more permission. */
    turned[count] = (struct hf_caa){0, HF_SPAN("issue"), HF_SPAN("a")};
    if (count > 0 && reason == HF_CAA_OK)
        assert(decide(turned, count + 1, wildcard, &other) == HF_CAA_OK);
}

/* An octet of length and so many of RDATA, again and again. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hf_span rest = {(const char *)data, size};
    struct hf_caa rrset[PROPERTIES_MAX];
    size_t count = 0;

    while (rest.len > 0 && count < PROPERTIES_MAX) {
        size_t len = (unsigned char)hf_span_cut(&rest, 1).ptr[0];
        struct hf_span rdata =
            hf_span_cut(&rest, len < rest.len ? len : rest.len);
        struct hf_caa *one = &rrset[count];

        if (!hf_caa_read(rdata, one))
            continue;
        assert(one->tag.len > 0);
        assert(one->tag.len + one->value.len + 2 == rdata.len);
        count++;
    }
    check(rrset, count, false);
    check(rrset, count, true);
    return 0;
}
