/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "dns/found.h"
#include "dns/packet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char room[HF_PACKET_ROOM];

/* Any message about its own question: what is found in it fits the way to the
 * parent, and arrives there as it was. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hf_span octets = {(const char *)data, size};
    struct hf_wire_message message;
    struct hf_wire_name owner;
    struct hf_found found;
    struct hf_found again = {0};
    struct hf_buf sent;
    size_t at = HF_WIRE_HEADER;
    uint16_t type;

    if (size > HF_WIRE_MESSAGE_MAX ||
        hf_wire_open(octets, &message, NULL) != HF_OK ||
        hf_wire_name_read(&message, &at, &owner, NULL) != HF_OK ||
        at + 2 > size)
        return 0;
    type = (uint16_t)(data[at] << 8 | data[at + 1]);
    if (hf_packet_read(&message, &owner, type, room, &found, NULL) != HF_OK)
        return 0;
    assert(found.chain_count <= HF_CHAIN_MAX && found.owner.len > 0);
    assert((found.state == HF_FOUND_DATA) == (found.record_count > 0));

    found.security = HF_INSECURE;
    hf_buf_init_grow(&sent, HF_FOUND_MAX);
    hf_found_put(&sent, &found);
    assert(!sent.full);
    assert(hf_found_read(hf_buf_span(&sent), &again, NULL) == HF_OK);
    assert(hf_found_agrees(&found, &again));
    assert(hf_span_eq(found.records, again.records));
    hf_found_clear(&again);
    hf_buf_clear(&sent);
    return 0;
}
