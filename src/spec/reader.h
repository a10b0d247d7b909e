/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reader.h -- a place in a text, and the runs of octets that begin there.
 *
 * What an octet is does not depend on where a run begins. So 64 octets are
 * classified at once, one bit an octet, and from there a run is a shift and a
 * count: none waits until memory has answered for the one before it.
 */
#pragma once

#include "base/lanes.h"

#define HF_READER_WINDOW 64

/* One bit an octet, the first one lowest, set where a run ends. */
struct hf_stops {
    uint64_t label; /* neither letter nor digit nor hyphen */
    uint64_t value; /* ';', or not visible ASCII */
};

struct hf_reader {
    struct hf_span text;
    size_t at;             /* offset of the next octet, or text.len */
    size_t window;         /* offset of the first octet that `stops` knows */
    struct hf_stops stops; /* of 64 octets, all before the end */
};

/* Of 64 octets: sixteen come in at the top, and push down those before. */
static inline struct hf_stops hf_stops_of(const char *octets)
{
    struct hf_stops stops = {0, 0};

    for (size_t i = 0; i < HF_READER_WINDOW; i += HF_LANES) {
        hf_lanes lanes = hf_lanes_load((struct hf_span){octets + i, HF_LANES});
        hf_lanes label = HF_LANES_WITHIN(lanes | 0x20, 'a', 'z') |
                         HF_LANES_WITHIN(lanes, '0', '9') |
                         (hf_lanes)(lanes == '-');
        hf_lanes value =
            HF_LANES_WITHIN(lanes, 0x21, 0x7e) & ~(hf_lanes)(lanes == ';');

        stops.label = stops.label >> HF_LANES | hf_lanes_bits(label) << 48;
        stops.value = stops.value >> HF_LANES | hf_lanes_bits(value) << 48;
    }
    return (struct hf_stops){~stops.label, ~stops.value};
}

/* Look at the octets from `at` on. Near the end the window begins earlier, so
 * that it ends with the text; zeros fill it when the text is shorter, and stop
 * every run. Nothing is read that is not the text's. */
static inline void hf_reader_look(struct hf_reader *reader)
{
    struct hf_span text = reader->text;

    if (text.len < HF_READER_WINDOW) {
        char padded[HF_READER_WINDOW] = {0};

        memcpy(padded, text.ptr, text.len);
        reader->window = 0;
        reader->stops = hf_stops_of(padded);
        return;
    }
    reader->window = text.len - HF_READER_WINDOW;
    if (reader->window > reader->at)
        reader->window = reader->at;
    reader->stops = hf_stops_of(text.ptr + reader->window);
}

static inline struct hf_reader hf_reader_of(struct hf_span text)
{
    struct hf_reader reader = {.text = text};

    if (text.ptr == NULL) /* no place to count from */
        reader.text.ptr = "";
    hf_reader_look(&reader);
    return reader;
}

static inline bool hf_reader_is_done(const struct hf_reader *reader)
{
    return reader->at == reader->text.len;
}

/* Is `c` the next octet? */
static inline bool hf_reader_sees(const struct hf_reader *reader, char c)
{
    return !hf_reader_is_done(reader) && reader->text.ptr[reader->at] == c;
}

/* If `c` is next, step over it. */
static inline bool hf_reader_skip(struct hf_reader *reader, char c)
{
    bool found = hf_reader_sees(reader, c);

    reader->at += found;
    return found;
}

/* What was read since `from`. */
static inline struct hf_span hf_reader_since(const struct hf_reader *reader,
                                             size_t from)
{
    return (struct hf_span){reader->text.ptr + from, reader->at - from};
}

/* What is left. */
static inline struct hf_span hf_reader_rest(const struct hf_reader *reader)
{
    return (struct hf_span){reader->text.ptr + reader->at,
                            reader->text.len - reader->at};
}

/* Take the octets before the next that stops the run; `stops` is one of
 * reader->stops. */
static inline struct hf_span hf_reader_take(struct hf_reader *reader,
                                            const uint64_t *stops)
{
    size_t from = reader->at;

    while (!hf_reader_is_done(reader)) {
        uint64_t ahead;

        if (reader->at - reader->window >= HF_READER_WINDOW)
            hf_reader_look(reader);
        /* Within the window now; the remainder says so to the analyser. */
        ahead = *stops >> (reader->at - reader->window) % HF_READER_WINDOW;
        if (ahead != 0) {
            reader->at += (size_t)__builtin_ctzll(ahead);
            break;
        }
        reader->at = reader->window + HF_READER_WINDOW;
    }
    return hf_reader_since(reader, from);
}
