/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#include "dns/found.h"
#include "dns/worker_msg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_found(struct hf_found *found, struct hf_span body)
{
    struct hf_span rest = found->records;
    struct hf_span rdata;
    struct hf_buf again;
    size_t count = 0;

    /* REQ VAL-30: bogus records are never handed on. */
    assert(found->security != HF_BOGUS || found->record_count == 0);
    while (hf_found_next(&rest, &rdata))
        count++;
    assert(count == found->record_count && rest.len == 0);
    assert((found->state == HF_FOUND_DATA) == (count > 0));
    assert(hf_found_agrees(found, found));

    /* What was read says all there was. */
    hf_buf_init_grow(&again, HF_FOUND_MAX);
    hf_found_put(&again, found);
    assert(hf_span_eq(hf_buf_span(&again), body));
    hf_buf_clear(&again);
}

/* What a worker reads says all there was, too. */
static void check_query(struct hf_span body)
{
    char room[HF_QUERY_FRAME_MAX];
    struct hf_worker_query query;
    struct hf_buf again;

    if (hf_msg_read_query(body, &query, NULL) != HF_OK)
        return;
    assert(query.server.len < HF_SERVER_LABEL_MAX);
    hf_buf_init(&again, room, sizeof(room));
    hf_msg_put_query(&again, &query);
    assert(!again.full && again.len == HF_FRAME_HEAD + 1 + body.len);
    assert(memcmp(again.ptr + HF_FRAME_HEAD + 1, body.ptr, body.len) == 0);
}

/* A stream of frames as a hostile worker may send it: every answer that is
 * taken is consistent and comes back octet for octet; so is every query. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hf_span rest = {(const char *)data, size};
    struct hf_frame frame;
    bool more = true;

    while (more &&
           hf_frame_cut(&rest, HF_FRAME_MAX, &frame, &more, NULL) == HF_OK &&
           more) {
        struct hf_found found = {0};
        uint64_t ticket;

        check_query(frame.body);
        if (hf_msg_read_answer(frame.body, &ticket, &found, NULL) != HF_OK)
            continue;
        (void)hf_span_cut(&frame.body, sizeof(ticket));
        check_found(&found, frame.body);
        hf_found_clear(&found);
    }
    return 0;
}
