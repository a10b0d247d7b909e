/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdint.h>

#include "base/hex.h"
#include "ca/issued.h"
#include "ca/listed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_certificate(struct hf_span body)
{
    struct hf_span der;
    uint64_t entry;

    if (hf_issued_read_certificate(body, &entry, &der))
        assert(der.ptr > body.ptr && der.len > 0 &&
               der.ptr + der.len + 2 == body.ptr + body.len);
}

/* It has one spelling. */
static void check_revoked(struct hf_span body)
{
    char room[128];
    struct hf_revoked revoked;
    struct hf_buf again;

    if (!hf_issued_read_revoked(body, &revoked))
        return;
    hf_buf_init(&again, room, sizeof(room));
    hf_issued_put_revoked(&again, &revoked);
    assert(hf_span_eq(hf_buf_span(&again), body));
}

/* What is read is inside of the text, and a serial number is what its digits
 * say. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct hf_span body = {(const char *)data, size};
    char room[2 * HF_X509_SERIAL_MAX];
    struct hf_issued issued;
    struct hf_listed listed = {0};
    struct hf_buf hex;

    hf_listed_note(&listed, &(struct hf_entry){
                                .at = 1, .kind = HF_SPAN("crl"), .body = body});
    check_certificate(body);
    check_revoked(body);
    for (size_t i = 0; i < HF_LISTED_SHARDS_MAX; i++)
        assert(listed.shards[i].count >= 0);
    if (!hf_issued_read(body, &issued))
        return 0;
    assert(issued.serial.ptr > body.ptr &&
           issued.serial.ptr + issued.serial.len < body.ptr + body.len);
    hf_buf_init(&hex, room, sizeof(room));
    hf_put_hex(&hex, (struct hf_span){(char *)issued.octets, issued.len});
    assert(hf_span_eq(hf_buf_span(&hex), issued.serial));
    assert(issued.order >= 0 && issued.account >= 0);
    return 0;
}
