/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/pem.h"

#include <openssl/evp.h>

#define LINE_OCTETS 48 /* 64 characters of base64 (RFC 7468, section 2) */

void hf_pem_put_certificate(struct hf_buf *out, struct hf_span der)
{
    hf_buf_puts(out, "-----BEGIN CERTIFICATE-----\n");
    while (der.len > 0) {
        size_t n = der.len < LINE_OCTETS ? der.len : LINE_OCTETS;
        struct hf_span line = hf_span_cut(&der, n);
        unsigned char text[4 * LINE_OCTETS / 3 + 4];
        int len = EVP_EncodeBlock(text, (const unsigned char *)line.ptr,
                                  (int)line.len);

        hf_buf_put(out, (struct hf_span){(const char *)text, (size_t)len});
        hf_buf_putc(out, '\n');
    }
    hf_buf_puts(out, "-----END CERTIFICATE-----\n");
}
