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

/* A mask as one bit an octet, the first one lowest. */
static inline uint64_t hf_lanes_bits(hf_lanes mask)
{
#ifdef __SSE2__
    typedef char signed_lanes __attribute__((vector_size(16)));

    return (unsigned)__builtin_ia32_pmovmskb128((signed_lanes)mask);
#else
    uint64_t words[2];
    uint64_t bits = 0;

    memcpy(words, &mask, sizeof(words));
    for (unsigned i = 0; i < 2; i++) {
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
        words[i] = __builtin_bswap64(words[i]);
#endif
        /* Each factor's bit moves that of one octet into the highest eight;
         * no two products meet, so nothing is carried. */
        bits |= ((words[i] & UINT64_C(0x0101010101010101)) *
                     UINT64_C(0x0102040810204080) >>
                 56)
                << 8 * i;
    }
    return bits;
#endif
}
