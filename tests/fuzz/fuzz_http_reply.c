/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdint.h>

#include "net/http_msg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FRAME_MAX 65536

static void check_reply(const struct hf_net_reply *read, struct hf_span body)
{
    const struct hf_http_reply *reply = &read->reply;
    struct hf_buf again;

    assert((reply->failure == HF_HTTP_REPLIED) == (reply->reason == NULL));
    assert((reply->failure == HF_HTTP_REPLIED) == (reply->status >= 200));
    assert((reply->failure == HF_HTTP_REPLIED) == (reply->bytes != NULL));
    assert(reply->status <= 599 && reply->link_count <= HF_HTTP_LINKS_MAX);
    assert(hf_net_is_clean(reply->location, HF_NET_FIELD_MAX, false));
    assert(hf_net_is_clean(reply->replay_nonce, HF_NET_FIELD_MAX, false));

    /* What was read says all there was. */
    hf_buf_init_grow(&again, (size_t)2 * FRAME_MAX);
    hf_net_put_reply(&again, read);
    assert(again.len == HF_FRAME_HEAD + 1 + body.len);
    assert(hf_span_ends(hf_buf_span(&again), body));
    hf_buf_clear(&again);
}

/* A stream of frames as a hostile worker may send it: every reply that is
 * taken is consistent and comes back octet for octet. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hf_span rest = {(const char *)data, size};
    struct hf_frame frame = {0};
    bool more = true;

    while (more &&
           hf_frame_cut(&rest, FRAME_MAX, &frame, &more, NULL) == HF_OK &&
           more) {
        struct hf_net_reply read;

        if (hf_net_read_reply(frame.body, &read, NULL) != HF_OK)
            continue;
        check_reply(&read, frame.body);
        hf_http_reply_clear(&read.reply);
    }
    return 0;
}
