/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lanes.h -- sixteen octets looked at in one step, in the vector registers that
 * every machine has; compilers make ordinary code of it where there are none.
 *
 * Comparisons give a mask: an octet of it is all ones where they hold.
 */
#pragma once

#include "holdfast/span.h"

typedef uint8_t hf_lanes __attribute__((vector_size(16)));

#define HF_LANES sizeof(hf_lanes)

typedef signed char hf_signed_lanes __attribute__((vector_size(16)));

/* Which lanes lie in the range `first` to `last`, both included? Moved up to
 * end with the greatest signed number: one comparison, that of SSE2. */
#define HF_LANES_WITHIN(lanes, first, last)                                    \
    ((hf_lanes)((hf_signed_lanes)((lanes) + (uint8_t)(0x7f - (last))) >        \
                ((hf_signed_lanes){0} +                                        \
                 (signed char)(0x7e - ((last) - (first))))))

/* The first octets of `text`, with zeros after its end. */
static inline hf_lanes hf_lanes_load(struct hf_span text)
{
    hf_lanes lanes = {0};

    if (text.len >= HF_LANES)
        memcpy(&lanes, text.ptr, HF_LANES);
    else if (text.len > 0)
        memcpy(&lanes, text.ptr, text.len);
    return lanes;
}

/* Which lane of a mask is the first that is set; HF_LANES when none is. */
static inline size_t hf_lanes_first(hf_lanes mask)
{
#ifdef __SSE2__
    typedef char signed_lanes __attribute__((vector_size(16)));
    int bits = __builtin_ia32_pmovmskb128((signed_lanes)mask);

    return (size_t)__builtin_ctz((unsigned)bits | 1U << HF_LANES);
#else
    uint64_t words[2];

    memcpy(words, &mask, sizeof(words));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    words[0] = __builtin_bswap64(words[0]);
    words[1] = __builtin_bswap64(words[1]);
#endif
    if (words[0] != 0)
        return (size_t)__builtin_ctzll(words[0]) / 8;
    if (words[1] != 0)
        return 8 + (size_t)__builtin_ctzll(words[1]) / 8;
    return HF_LANES;
#endif
}
