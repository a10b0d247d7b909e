/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/alloc.h"
#include "cli/change.h"
#include "cli/commands.h"
#include "cli/given.h"

#define TEXT_MAX    (256U << 20) /* octets of one side */
#define RECORDS_MAX 2000000U

struct item {
    uint32_t owner_at;
    uint32_t owner_len;
    uint32_t value_at;
    uint32_t value_len;
};

/* All records of one file. */
struct side {
    struct item *items;
    size_t count;
    size_t cap;
    struct hf_buf text;
    bool failed; /* out of memory or too large */
};

struct diff {
    struct hf_cli *cli;
    struct side old;
    struct side new;
    /* Scratch for one owner name. */
    struct hf_span *spans;
    unsigned char *marks;
    struct hf_event *events;
    size_t changes;
    size_t widened;
};

/* ---- reading ---- */

static bool grow(struct side *side)
{
    size_t cap = side->cap == 0 ? 64 : side->cap * 2;
    struct item *items;

    if (side->count < side->cap)
        return true;
    if (side->count >= RECORDS_MAX)
        return false;
    items = hf_realloc(side->items, cap, sizeof(*items));
    if (items == NULL)
        return false;
    side->items = items;
    side->cap = cap;
    return true;
}

static void keep(void *state, const struct hf_given *given)
{
    struct side *side = state;
    size_t at = side->text.len;

    hf_buf_put(&side->text, given->owner);
    hf_buf_put(&side->text, given->value);
    if (side->text.full || !grow(side)) {
        side->failed = true;
        return;
    }
    side->items[side->count++] = (struct item){
        .owner_at = (uint32_t)at,
        .owner_len = (uint32_t)given->owner.len,
        .value_at = (uint32_t)(at + given->owner.len),
        .value_len = (uint32_t)given->value.len,
    };
}

static struct hf_span owner_of(const struct side *side, size_t i)
{
    const struct item *item = &side->items[i];

    return (struct hf_span){side->text.ptr + item->owner_at, item->owner_len};
}

static struct hf_span value_of(const struct side *side, size_t i)
{
    const struct item *item = &side->items[i];

    return (struct hf_span){side->text.ptr + item->value_at, item->value_len};
}

/* By owner, then as they came. */
static int compare(const void *a, const void *b, void *state)
{
    const struct side *side = state;
    const struct item *one = a;
    const struct item *two = b;
    struct hf_span left = {side->text.ptr + one->owner_at, one->owner_len};
    struct hf_span right = {side->text.ptr + two->owner_at, two->owner_len};
    int order = hf_span_cmp(left, right);

    return order != 0 ? order
                      : (one->value_at > two->value_at) -
                            (one->value_at < two->value_at);
}

static enum hf_exit read_side(struct hf_cli *cli, const char *path,
                              struct side *side)
{
    enum hf_exit status;

    hf_buf_init_grow(&side->text, TEXT_MAX);
    status = hf_given_file(cli, path, keep, side);
    if (side->failed) {
        hf_cli_error(cli, hf_span_str(path),
                     "too many records to compare; compare it in parts");
        return HF_EXIT_ERROR;
    }
    if (side->count > 1)
        qsort_r(side->items, side->count, sizeof(*side->items), compare, side);
    return status;
}

/* ---- one owner name after another ---- */

/* The run of items of `side` from `at` that have this owner. */
static size_t run_length(const struct side *side, size_t at,
                         struct hf_span owner)
{
    size_t n = 0;

    while (at + n < side->count && hf_span_eq(owner_of(side, at + n), owner))
        n++;
    return n;
}

static void put_event(struct diff *diff, struct hf_span owner,
                      const struct hf_event *event, size_t old_count)
{
    const struct hf_span *before =
        event->before == SIZE_MAX ? NULL : &diff->spans[event->before];
    const struct hf_span *after = event->after == SIZE_MAX
                                      ? NULL
                                      : &diff->spans[old_count + event->after];
    struct hf_buf text;

    hf_buf_init_grow(&text, (size_t)2 << 20);
    if (diff->cli->json)
        hf_change_put_json(&text, owner, event, before, after);
    else
        hf_change_put_text(&text, diff->cli->colour, event, before, after);
    hf_out_put(diff->cli->out, hf_buf_span(&text));
    hf_out_step(diff->cli->out);
    hf_buf_clear(&text);
}

static void compare_owner(struct diff *diff, struct hf_span owner,
                          size_t old_at, size_t old_count, size_t new_at,
                          size_t new_count)
{
    size_t events;

    for (size_t i = 0; i < old_count; i++)
        diff->spans[i] = value_of(&diff->old, old_at + i);
    for (size_t i = 0; i < new_count; i++)
        diff->spans[old_count + i] = value_of(&diff->new, new_at + i);
    events = hf_diff(diff->spans, old_count, diff->spans + old_count, new_count,
                     diff->marks, diff->events);
    if (events > 0 && !diff->cli->json) {
        hf_buf_put_escaped(&diff->cli->out->buf, owner, HF_NAME_MAX);
        hf_buf_puts(&diff->cli->out->buf, owner.len > 0 ? "\n" : "records\n");
    }
    for (size_t i = 0; i < events; i++) {
        put_event(diff, owner, &diff->events[i], old_count);
        diff->widened += (diff->events[i].authority & HF_WIDENED) != 0;
    }
    diff->changes += events;
}

/* Which owner comes next, of the two sides? */
static struct hf_span next_owner(const struct diff *diff, size_t old_at,
                                 size_t new_at)
{
    if (old_at == diff->old.count)
        return owner_of(&diff->new, new_at);
    if (new_at == diff->new.count ||
        hf_span_cmp(owner_of(&diff->old, old_at),
                    owner_of(&diff->new, new_at)) <= 0)
        return owner_of(&diff->old, old_at);
    return owner_of(&diff->new, new_at);
}

static void compare_all(struct diff *diff)
{
    size_t old_at = 0;
    size_t new_at = 0;

    while (old_at < diff->old.count || new_at < diff->new.count) {
        struct hf_span owner = next_owner(diff, old_at, new_at);
        size_t old_count = run_length(&diff->old, old_at, owner);
        size_t new_count = run_length(&diff->new, new_at, owner);

        compare_owner(diff, owner, old_at, old_count, new_at, new_count);
        old_at += old_count;
        new_at += new_count;
    }
}

static void put_summary(struct diff *diff)
{
    struct hf_buf *out = &diff->cli->out->buf;

    if (diff->cli->json)
        return;
    if (diff->changes == 0) {
        hf_buf_puts(out, "no change\n");
        return;
    }
    hf_buf_put_u64(out, diff->changes);
    hf_buf_puts(out, diff->changes == 1 ? " change; " : " changes; ");
    if (diff->widened == 0) {
        hf_buf_puts(out, "authority did not widen\n");
        return;
    }
    hf_buf_put_u64(out, diff->widened);
    hf_buf_puts(out, diff->widened == 1 ? " of them widens authority\n"
                                        : " of them widen authority\n");
}

static enum hf_exit run_diff(struct diff *diff)
{
    struct hf_cli *cli = diff->cli;
    enum hf_exit status = read_side(cli, cli->operands[0], &diff->old);
    size_t room;

    if (status == HF_EXIT_GOOD)
        status = read_side(cli, cli->operands[1], &diff->new);
    if (status != HF_EXIT_GOOD)
        return status;
    room = diff->old.count + diff->new.count + 1;
    diff->spans = hf_alloc(room, sizeof(*diff->spans));
    diff->marks = hf_alloc(room, 1);
    diff->events = hf_alloc(room, sizeof(*diff->events));
    if (diff->spans == NULL || diff->marks == NULL || diff->events == NULL) {
        hf_cli_error(cli, HF_SPAN(""), "out of memory");
        return HF_EXIT_ERROR;
    }
    compare_all(diff);
    put_summary(diff);
    return diff->widened > 0 ? HF_EXIT_NO : HF_EXIT_GOOD;
}

static enum hf_exit run(struct hf_cli *cli)
{
    struct diff diff = {.cli = cli};
    enum hf_exit status = run_diff(&diff);

    hf_free(diff.old.items);
    hf_free(diff.new.items);
    hf_buf_clear(&diff.old.text);
    hf_buf_clear(&diff.new.text);
    hf_free(diff.spans);
    hf_free(diff.marks);
    hf_free(diff.events);
    return status;
}

const struct hf_command hf_cmd_record_diff = {
    .name = "record diff",
    .operands = "OLD NEW",
    .summary = "Compare two sets of records: did authority widen?",
    .details =
        "OLD and NEW are files of records in any form that 'record parse' "
        "reads; '-' is\nstandard input. Records are compared by owner name; "
        "their order and their\nsplitting into strings do not matter. Status "
        "2: authority widened.\n",
    .operands_min = 2,
    .operands_max = 2,
    .run = run,
};
