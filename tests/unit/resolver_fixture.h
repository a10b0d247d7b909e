/* SPDX-License-Identifier: Apache-2.0 */
/*
 * resolver_fixture.h -- a resolver that is played: answers come from a
 * function, the last question first, so that nothing relies on their order.
 */
#pragma once

#include <assert.h>

#include "base/octets.h"
#include "dns/found.h"
#include "dns/wire.h"
#include "holdfast/txt.h"

#define PLAYED_MAX  128
#define PLAYED_ROOM ((size_t)160 << 10)

/* Set of *out what is to be said, and put RDATA into `records`. What is left
 * untouched says: there is nothing of the kind, and the zone is not signed. */
typedef void played_fn(void *state, struct hf_span owner, uint16_t type,
                       struct hf_found *out, struct hf_buf *records);

struct played {
    played_fn *answer;
    void *state;
    size_t asked; /* over all */
    size_t count;
    uint64_t tickets[PLAYED_MAX];
    struct hf_found found[PLAYED_MAX];
};

static inline void played_put_txt(struct hf_buf *records, struct hf_span value)
{
    size_t len = value.len + hf_txt_string_count(value.len);

    hf_put_number(records, len, 2);
    hf_txt_put_rdata(records, value);
}

static inline void played_put_caa(struct hf_buf *records, unsigned flags,
                                  struct hf_span tag, struct hf_span value)
{
    hf_put_number(records, 2 + tag.len + value.len, 2);
    hf_put_number(records, flags, 1);
    hf_put_number(records, tag.len, 1);
    hf_buf_put(records, tag);
    hf_buf_put(records, value);
}

static inline size_t played_count(struct hf_span records)
{
    struct hf_span rdata;
    size_t count = 0;

    while (hf_found_next(&records, &rdata))
        count++;
    return count;
}

/* What was said, as a resolver's process would send it. */
static inline enum hf_err played_say(struct played *played,
                                     struct hf_span owner, uint16_t type,
                                     struct hf_found *out)
{
    struct hf_found said = {.state = HF_FOUND_NODATA,
                            .security = HF_INSECURE,
                            .type = type,
                            .owner = owner,
                            .ttl_s = 300,
                            .server = HF_SPAN("played")};
    enum hf_err err = HF_ENOMEM;
    struct hf_buf records, octets;

    hf_buf_init_grow(&records, PLAYED_ROOM);
    hf_buf_init_grow(&octets, PLAYED_ROOM * 2);
    played->answer(played->state, owner, type, &said, &records);
    said.records = hf_buf_span(&records);
    said.record_count = played_count(said.records);
    if (said.record_count > 0 && said.state == HF_FOUND_NODATA)
        said.state = HF_FOUND_DATA;
    hf_found_put(&octets, &said);
    if (!records.full && !octets.full)
        err = hf_found_read(hf_buf_span(&octets), out, NULL);
    hf_buf_clear(&records);
    hf_buf_clear(&octets);
    return err;
}

static inline enum hf_err played_submit(void *state,
                                        const struct hf_lookup *lookup,
                                        uint64_t ticket, struct hf_why *why)
{
    struct played *played = state;

    assert(played->count < PLAYED_MAX);
    if (played_say(played, lookup->owner, lookup->type,
                   &played->found[played->count]) != HF_OK)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    played->tickets[played->count] = ticket;
    played->count++;
    played->asked++;
    return HF_OK;
}

static inline enum hf_err played_poll(void *state, int64_t wait_ms,
                                      uint64_t *ticket, struct hf_found *out,
                                      bool *got, struct hf_why *why)
{
    struct played *played = state;

    (void)wait_ms;
    (void)why;
    *got = played->count > 0;
    if (!*got)
        return HF_OK;
    played->count--;
    *ticket = played->tickets[played->count];
    *out = played->found[played->count];
    return HF_OK;
}

static inline int played_fd(void *state)
{
    (void)state;
    return -1;
}

static inline void played_free(void *state)
{
    struct played *played = state;

    while (played->count > 0)
        hf_found_clear(&played->found[--played->count]);
}

static inline struct hf_resolver played_resolver(struct played *played)
{
    return (struct hf_resolver){.submit = played_submit,
                                .poll = played_poll,
                                .fd = played_fd,
                                .free = played_free,
                                .state = played,
                                .window = PLAYED_MAX,
                                .label = "played 1.0"};
}
