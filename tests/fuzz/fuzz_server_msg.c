/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#include "net/server_fixed.h"
#include "net/server_msg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ROOM_MAX ((size_t)1 << 20)

/* What was written is what was read: `out` holds one frame of this body. */
static void same(const struct hf_buf *out, struct hf_span body)
{
    assert(!out->full && out->len == HF_FRAME_HEAD + 1 + body.len);
    assert(memcmp(out->ptr + HF_FRAME_HEAD + 1, body.ptr, body.len) == 0);
}

static void try_from_front(struct hf_span body, struct hf_buf *out)
{
    struct hf_server_request request;
    uint64_t counters[HF_SERVER_COUNTS];

    hf_buf_reset(out);
    if (hf_server_take_request(body, 65536, &request)) {
        hf_server_put_request(out, &request);
        same(out, body);
    }
    hf_buf_reset(out);
    if (hf_server_take_counters(body, counters)) {
        hf_server_put_counters(out, counters);
        same(out, body);
    }
}

static void try_from_parent(struct hf_span body, struct hf_buf *out)
{
    static struct hf_server_fixed_table table;
    struct hf_server_place places[HF_SERVER_PLACES_MAX];
    struct hf_server_config config;
    struct hf_server_reply reply;
    struct hf_span one, two;
    uint64_t id;
    bool there;

    hf_buf_reset(out);
    if (hf_server_take_config(body, places, &config)) {
        hf_server_put_config(out, &config);
        same(out, body);
    }
    hf_buf_reset(out);
    if (hf_server_take_reload(body, &one, &two)) {
        hf_server_put_reload(out, one, two);
        same(out, body);
    }
    hf_buf_reset(out);
    if (hf_server_take_answer(body, &id, &reply)) {
        hf_server_put_answer(out, id, &reply);
        same(out, body);
    }
    hf_buf_reset(out);
    if (hf_server_take_fix(body, &one, &there, &reply)) {
        hf_server_put_fix(out, one, there ? &reply : NULL);
        same(out, body);
        (void)hf_server_fixed_obey(&table, body, NULL);
        assert((hf_server_fixed_find(&table, one) != NULL) == there);
        hf_server_fixed_clear(&table);
        assert(table.octets == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hf_span body = {(const char *)data, size};
    struct hf_buf out;

    hf_buf_init_grow(&out, ROOM_MAX);
    try_from_front(body, &out);
    try_from_parent(body, &out);
    hf_buf_clear(&out);
    return 0;
}
