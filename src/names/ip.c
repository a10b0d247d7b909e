/* SPDX-License-Identifier: Apache-2.0 */
#include "names/ip.h"

#include <arpa/inet.h>

bool hf_ip_parse(struct hf_span text, uint8_t out[16], size_t *len)
{
    char copy[INET6_ADDRSTRLEN];

    if (text.len >= sizeof(copy) || hf_span_find(text, '\0') < text.len)
        return false;
    if (text.len > 0)
        memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    if (inet_pton(AF_INET, copy, out) == 1)
        *len = 4;
    else if (inet_pton(AF_INET6, copy, out) == 1)
        *len = 16;
    else
        return false;
    return true;
}

void hf_ip_put(struct hf_buf *out, const uint8_t *address, size_t len)
{
    char text[INET6_ADDRSTRLEN];

    if (inet_ntop(len == 4 ? AF_INET : AF_INET6, address, text, sizeof(text)))
        hf_buf_puts(out, text);
}

bool hf_ip_is_link_local(const uint8_t *address, size_t len)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

    if (len == 16 && memcmp(address, mapped, sizeof(mapped)) == 0) {
        address += sizeof(mapped);
        len = 4;
    }
    return len == 4 ? address[0] == 169 && address[1] == 254
                    : address[0] == 0xfe && (address[1] & 0xc0) == 0x80;
}
