/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdint.h>

#include "lab/zone_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NOW 1790000000

static const char zone_text[] = "$ORIGIN a.example.\n"
                                "@ SOA ns host 1 2 3 4 5\n"
                                "b TXT b\n*.w TXT w\nc CNAME b\nd DNAME b\n"
                                "e NS ns.e\nns.e A 127.0.0.1\n";

static struct hf_lab_dns *make(const struct hf_tsig_key *key)
{
    const struct hf_lab_zone_config config = {.key = key};
    struct hf_lab_dns *dns = NULL;
    uint64_t line;
    enum hf_err err = hf_lab_dns_new(&dns, NULL);

    if (err == HF_OK)
        err = hf_lab_text_load(
            dns, (struct hf_span){zone_text, sizeof(zone_text) - 1}, &config,
            NOW, &line, NULL);
    assert(err == HF_OK);
    return dns;
}

/* An answer has the id of the request, is an answer, and can be read to its
 * end. */
static void check(struct hf_span request, struct hf_span answer)
{
    struct hf_wire_message message;
    struct hf_wire_walk walk;
    struct hf_wire_rr rr;
    bool more = true;
    enum hf_err err = hf_wire_open(answer, &message, NULL);

    assert(err == HF_OK);
    assert(memcmp(request.ptr, answer.ptr, 2) == 0);
    assert((message.flags & HF_WIRE_QR) != 0);
    walk = hf_wire_walk(&message);
    while (more) {
        err = hf_wire_next(&walk, &rr, &more, NULL);
        assert(err == HF_OK);
    }
    assert(walk.at == answer.len);
}

/* The first octet: UDP or TCP; then a packet. The zones stay as the packets
 * before have made them. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct hf_tsig_key *key;
    static struct hf_lab_dns *dns;
    struct hf_lab_packet packet = {.now_s = NOW, .clock_s = NOW};
    struct hf_why why = {0};
    uint32_t delay_ms;
    struct hf_buf out;
    enum hf_err err = HF_OK;

    if (size == 0)
        return 0;
    if (dns == NULL) {
        err = hf_tsig_key_parse(HF_SPAN("k.example:c2VjcmV0"), &key, NULL);
        assert(err == HF_OK);
        dns = make(key);
    }
    packet.octets = (struct hf_span){(const char *)data + 1, size - 1};
    packet.tcp = (data[0] & 1) != 0;
    hf_buf_init_grow(&out, 1 << 20);
    err = hf_lab_dns_answer(dns, &packet, &out, &delay_ms, &why);
    assert(err == HF_OK);
    if (out.len > 0)
        check(packet.octets, (struct hf_span){out.ptr + (packet.tcp ? 2 : 0),
                                              out.len - (packet.tcp ? 2 : 0)});
    hf_buf_clear(&out);
    return 0;
}
