/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdint.h>

#include "lab/zone_rdata.h"
#include "lab/zone_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was read is of its type, and is the same when written and read again. */
static void check(const struct hf_lab_record *record)
{
    const struct hf_wire_message message = {.octets = record->rdata};
    struct hf_lab_record again;
    struct hf_lab_text text;
    struct hf_span rest;
    struct hf_buf room;
    struct hf_buf line;
    bool more = false;
    enum hf_err err;

    hf_buf_init_grow(&room, 1 << 20);
    hf_buf_init_grow(&line, 1 << 20);
    err = hf_lab_rdata_take(record->type, &message, 0, record->rdata.len, &room,
                            NULL);
    assert(err == HF_OK && hf_span_eq(hf_buf_span(&room), record->rdata));
    hf_lab_text_put(&line, record);
    rest = hf_buf_span(&line);
    hf_lab_text_init(&text, record->owner);
    err = hf_lab_text_next(&text, &rest, &room, &again, &more, NULL);
    assert(err == HF_OK && more && rest.len == 0);
    assert(hf_wire_name_eq(again.owner, record->owner));
    assert(again.type == record->type && again.ttl_s == record->ttl_s);
    assert(hf_span_eq(again.rdata, record->rdata));
    hf_buf_clear(&room);
    hf_buf_clear(&line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hf_span rest = {(const char *)data, size};
    struct hf_wire_name origin;
    struct hf_lab_record record;
    struct hf_lab_text text;
    struct hf_why why = {0};
    struct hf_buf room;
    bool more = true;
    enum hf_err err;

    hf_wire_name_from(HF_SPAN("example"), &origin);
    hf_lab_text_init(&text, &origin);
    hf_buf_init_grow(&room, 1 << 20);
    while (more) {
        err = hf_lab_text_next(&text, &rest, &room, &record, &more, &why);
        if (err != HF_OK) {
            assert(why.text != NULL && text.line > 0);
            break;
        }
        if (more)
            check(&record);
    }
    hf_buf_clear(&room);
    return 0;
}
