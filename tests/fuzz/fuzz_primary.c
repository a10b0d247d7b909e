/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#include "dns/primary_msg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ROOM 2048

/* What was read is written again octet for octet, names but for their
 * spelling. */
static void check(const struct hf_frame *frame)
{
    char said[4 * HF_PRIMARY_SAID_MAX + 1], room[ROOM];
    enum hf_update_answer answer;
    struct hf_primary_question question;
    struct hf_wire_name again;
    struct hf_buf out;
    struct hf_span body;
    struct hf_why why = {0};

    hf_buf_init(&out, room, sizeof(room));
    if (hf_primary_read_failed(frame->body, said, &why) != HF_EPEER)
        assert(why.text == said);
    for (const char *at = why.text; *at != '\0'; at++)
        assert(*at >= ' ' && *at <= '~');
    if (hf_primary_read_answer(frame->body, &answer, NULL) == HF_OK) {
        hf_primary_put_answer(&out, answer);
        assert(hf_span_ends(hf_buf_span(&out), frame->body));
    }
    if (hf_primary_read_question(frame, &question, NULL) == HF_OK) {
        hf_buf_reset(&out);
        hf_primary_put_zone(&out, &question.owner);
        body = hf_buf_span(&out);
        (void)hf_span_cut(&body, HF_FRAME_HEAD + 1);
        assert(hf_primary_read_zone(body, &again, NULL) == HF_OK);
        assert(hf_wire_name_eq(&question.owner, &again));
    }
}

/* Both ends take each other for an enemy. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct hf_span all = {(const char *)data, size};
    const struct hf_frame frame = {.body = all};
    struct hf_update *update = NULL;
    struct hf_primary_room room;
    struct hf_span message;

    check(&frame);
    if (hf_primary_read_config(all, 0, &room, NULL) == HF_OK) {
        assert(room.config.idle_ms >= 0 && room.config.server == &room.server);
        hf_tsig_key_free(room.key);
    }
    if (hf_update_of(all, NULL, &update, NULL) == HF_OK) {
        assert(hf_update_ask(update, 0, &message, NULL) == HF_OK);
        assert(hf_span_eq(message, all));
        hf_update_free(update);
    }
    return 0;
}
