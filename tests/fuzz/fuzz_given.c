/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdint.h>

#include "base/json.h"
#include "cli/given_line.h"
#include "holdfast/txt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
    struct hf_span want; /* what the one record must be, when `exact` */
    bool exact;
    size_t records;
};

static void see(void *state, const struct hf_given *given)
{
    struct seen *seen = state;

    seen->records++;
    assert(given->value.len <= HF_GIVEN_ROOM);
    assert(given->owner.len <= HF_NAME_MAX);
    if (seen->exact)
        assert(hf_span_eq(given->value, seen->want));
}

static void refuse(void *state, const char *text)
{
    struct seen *seen = state;

    assert(text != NULL && !seen->exact);
}

static void read_line(struct hf_given_reader *reader, struct hf_span line)
{
    if (line.len <= HF_GIVEN_ROOM)
        hf_given_line(reader, line);
}

/* Whatever octets a record has: what we write, we read (REQ RECORD-04). */
static void round_trip(struct hf_given_reader *reader, struct seen *seen)
{
    struct hf_buf line;
    struct hf_json json;

    seen->exact = true;
    seen->records = 0;
    hf_buf_init_grow(&line, (size_t)4 << 20);
    hf_buf_puts(&line, "_validation-persist.a.example. 60 IN TXT ");
    hf_txt_put_presentation(&line, seen->want);
    read_line(reader, hf_buf_span(&line));

    hf_buf_reset(&line);
    json = hf_json_to(&line);
    hf_json_open(&json, '{');
    hf_json_key_str(&json, "value", seen->want);
    hf_json_close(&json, '}');
    read_line(reader, hf_buf_span(&line));
    hf_buf_clear(&line);
    assert(seen->records == 2);
}

/* Any line is read or refused; any value survives two ways of writing it. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char room[HF_GIVEN_ROOM];
    struct seen seen = {.want = {(const char *)data, size}};
    struct hf_given_reader reader = {
        .fn = see,
        .fail = refuse,
        .state = &seen,
        .room = room,
    };

    for (int i = 0; i < 2; i++) {
        reader.is_file = i == 1;
        read_line(&reader, seen.want);
    }
    if (size <= 16384)
        round_trip(&reader, &seen);
    return 0;
}
