/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdint.h>

#include "dns/reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A span of a message lies inside it. */
static void check_inside(const struct hf_wire_message *message,
                         struct hf_span span)
{
    const char *end = message->octets.ptr + message->octets.len;

    assert(span.ptr >= message->octets.ptr && span.ptr <= end);
    assert(span.len <= (size_t)(end - span.ptr));
}

/* A name that was read can be written, read again, and is the same. */
static void check_name(const struct hf_wire_name *name)
{
    char room[1024];
    struct hf_wire_name again;
    struct hf_buf text;

    assert(name->len >= 1 && name->octets[name->len - 1] == 0);
    hf_buf_init(&text, room, sizeof(room));
    hf_wire_name_put(&text, name);
    assert(!text.full);
    assert(hf_wire_name_parse(hf_buf_span(&text), &again, NULL) == HF_OK);
    assert(again.len == name->len &&
           memcmp(again.octets, name->octets, name->len) == 0);
}

static void check_records(const struct hf_wire_message *message)
{
    struct hf_wire_walk fast = hf_wire_walk(message);
    struct hf_wire_walk walk = hf_wire_walk(message);
    struct hf_wire_rr rr;
    struct hf_wire_rr same;
    bool more = true;

    while (hf_wire_next(&walk, &rr, &more, NULL) == HF_OK && more) {
        assert(hf_wire_step(&fast, &same, &more, NULL) == HF_OK && more);
        assert(same.rdata.ptr == rr.rdata.ptr && same.type == rr.type);
        assert(hf_wire_name_same(message, rr.owner_at, rr.owner_at));
        check_inside(message, rr.rdata);
        check_name(&rr.owner);
    }
}

static void check_reply(struct hf_span octets)
{
    struct hf_reply reply;
    struct hf_wire_walk walk;
    struct hf_wire_name owner;
    struct hf_span rdata;
    size_t count = 0;

    hf_reply_read(octets, &reply);
    if (reply.kind != HF_REPLY_DATA)
        return;
    walk = hf_wire_walk(&reply.message);
    while (hf_reply_next(&reply, &walk, &rdata)) {
        check_inside(&reply.message, rdata);
        count++;
    }
    assert(count == reply.count && count > 0);
    hf_reply_owner(&reply, &owner);
    check_name(&owner);
}

/* Presentation text of a name survives the way to the wire and back. */
static void check_text(struct hf_span text)
{
    struct hf_wire_name name;

    if (hf_wire_name_parse(text, &name, NULL) == HF_OK)
        check_name(&name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hf_span octets = {(const char *)data, size};
    struct hf_wire_message message;
    struct hf_wire_edns edns;

    check_text(octets);
    if (size > HF_WIRE_MESSAGE_MAX ||
        hf_wire_open(octets, &message, NULL) != HF_OK)
        return 0;
    check_records(&message);
    check_reply(octets);
    assert(hf_wire_matches(&message, octets) == HF_WIRE_OTHER ||
           (message.flags & HF_WIRE_QR) != 0);
    if (hf_wire_edns(&message, &edns, NULL) == HF_OK)
        for (size_t i = 0; i < edns.ede_count; i++)
            check_inside(&message, edns.ede_text[i]);
    return 0;
}
