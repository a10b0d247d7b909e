/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base64.h"

#include "base/lanes.h"

static const char alphabet[64] __attribute__((nonstring)) =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void hf_base64url(struct hf_span data, char *out)
{
    uint32_t bits = 0;
    unsigned have = 0;

    for (size_t i = 0; i < data.len; i++) {
        bits = bits << 8 | (unsigned char)data.ptr[i];
        for (have += 8; have >= 6; have -= 6)
            *out++ = alphabet[bits >> (have - 6) & 63];
    }
    if (have > 0)
        *out = alphabet[bits << (6 - have) & 63];
}

/* Every character's 0 to 63, and 64 for one outside the alphabet. Masks and no
 * branches: digests are noise, no processor predicts them. */
static hf_lanes values_of(hf_lanes c)
{
    hf_lanes upper = HF_LANES_WITHIN(c, 'A', 'Z');
    hf_lanes lower = HF_LANES_WITHIN(c, 'a', 'z');
    hf_lanes digit = HF_LANES_WITHIN(c, '0', '9');
    hf_lanes minus = (hf_lanes)(c == '-');
    hf_lanes line = (hf_lanes)(c == '_');

    return ((c - 'A') & upper) | ((c - 'a' + 26) & lower) |
           ((c - '0' + 52) & digit) | (62 & minus) | (63 & line) |
           (64 & ~(upper | lower | digit | minus | line));
}

/* Four values are three octets. */
static void pack(const uint8_t *values, unsigned char *out)
{
    uint32_t bits = (uint32_t)values[0] << 18 | (uint32_t)values[1] << 12 |
                    (uint32_t)values[2] << 6 | values[3];

    out[0] = (unsigned char)(bits >> 16);
    out[1] = (unsigned char)(bits >> 8);
    out[2] = (unsigned char)bits;
}

/* Bits that the last octet has no use for must be zero (RFC 4648, 3.5). */
static bool ends_well(const uint8_t *values, size_t len)
{
    static const uint8_t unused[4] = {0, 63, 15, 3};

    return len % 4 != 1 &&
           (len == 0 || (values[(len - 1) % HF_LANES] & unused[len % 4]) == 0);
}

#define ROOM (HF_LANES / 4 * 3) /* octets of one step */

/* Decode; with `out` NULL only look. */
static bool decode(struct hf_span text, unsigned char *out)
{
    uint8_t values[HF_LANES] = {0};
    size_t len = text.len;
    uint8_t seen = 0;

    while (text.len > 0) {
        size_t n = text.len < HF_LANES ? text.len : HF_LANES;
        hf_lanes lanes = values_of(hf_lanes_load(hf_span_cut(&text, n)));
        unsigned char octets[ROOM] = {0};

        memcpy(values, &lanes, sizeof(values));
        for (size_t i = 0; i < n; i++)
            seen |= values[i];
        if (out == NULL)
            continue;
        for (size_t i = 0; i < HF_LANES / 4; i++)
            pack(values + 4 * i, octets + 3 * i);
        memcpy(out, octets, n * 3 / 4);
        out += n * 3 / 4;
    }
    return seen < 64 && ends_well(values, len);
}

bool hf_base64url_is_canonical(struct hf_span text)
{
    return decode(text, NULL);
}

bool hf_base64url_decode(struct hf_span text, unsigned char *out)
{
    return decode(text, out);
}
