/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/cert_id.h"

#include "base/base64.h"
#include "base/hex.h"
#include "crypto/certificate.h"

static bool decode(struct hf_span text, size_t max, unsigned char *out,
                   size_t *len)
{
    *len = text.len * 3 / 4;
    return *len > 0 && *len <= max && hf_base64url_decode(text, out);
}

bool hf_cert_id_read(struct hf_arena *arena, struct hf_span text,
                     struct hf_span key_id, struct hf_span *serial)
{
    struct hf_span head = hf_span_cut(&text, hf_span_find(text, '.'));
    unsigned char octets[HF_KEY_ID_MAX];
    char *hex;
    size_t len;

    if (!hf_span_skip(&text, '.') ||
        !decode(head, sizeof(octets), octets, &len) ||
        !hf_span_eq((struct hf_span){(const char *)octets, len}, key_id) ||
        !decode(text, HF_SERIAL_MAX, octets, &len))
        return false;
    hex = hf_arena_take(arena, 2 * len, 1);
    if (hex == NULL)
        return false;
    hf_hex(octets, len, hex);
    *serial = (struct hf_span){hex, 2 * len};
    return true;
}
