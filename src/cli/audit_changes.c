/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/audit_changes.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/json.h"
#include "cli/change.h"

#define TEXT_MAX ((size_t)256 << 20)
#define LINE_MAX ((size_t)2 << 20)

/* One record that came or went. */
struct item {
    size_t owner_at; /* in `text` */
    size_t value_at;
    size_t number; /* order in the transfer */
    uint32_t value_len;
    uint16_t owner_len;
    uint16_t type;
    bool added;
    bool undone; /* by a later one, or undoes an earlier one */
};

struct changes {
    const struct hf_changes_view *view;
    struct hf_changes_end end;
    struct item *items;
    size_t count;
    size_t cap;
    struct hf_buf text;
    struct hf_buf line;
    /* Scratch for one owner. */
    struct hf_span *before;
    struct hf_span *after;
    struct hf_event *events;
    unsigned char *marks;
};

static struct hf_span owner_of(const struct changes *all, const struct item *it)
{
    return (struct hf_span){all->text.ptr + it->owner_at, it->owner_len};
}

static struct hf_span value_of(const struct changes *all, const struct item *it)
{
    return (struct hf_span){all->text.ptr + it->value_at, it->value_len};
}

static enum hf_err grow(struct changes *all, struct hf_why *why)
{
    size_t cap = all->cap == 0 ? 64 : all->cap * 2;
    void *items;

    if (all->count < all->cap)
        return HF_OK;
    if (all->count == HF_CHANGES_MAX)
        return hf_fail(why, HF_ELIMIT, 0,
                       "too many changes: transfer the whole zone");
    items = hf_realloc(all->items, cap, sizeof(*all->items));
    if (items == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    all->items = items;
    all->cap = cap;
    return HF_OK;
}

static enum hf_err add(struct changes *all, const struct hf_zone_record *record,
                       bool added, struct hf_why *why)
{
    enum hf_err err = grow(all, why);
    struct item item = {
        .owner_at = all->text.len,
        .value_at = all->text.len + record->owner.len,
        .number = all->count,
        .value_len = (uint32_t)record->value.len,
        .owner_len = (uint16_t)record->owner.len,
        .type = record->type,
        .added = added,
    };

    if (err != HF_OK)
        return err;
    hf_buf_put(&all->text, record->owner);
    hf_buf_put(&all->text, record->value);
    if (all->text.full)
        return hf_fail(why, HF_ELIMIT, 0,
                       "too many changes: transfer the whole zone");
    all->items[all->count++] = item;
    return HF_OK;
}

/* An SOA only counts versions, and NS sets of the apex are nobody's grant. */
static bool counts(const struct hf_zone_record *record)
{
    return record->type != HF_RR_SOA &&
           (record->place != HF_ZONE_ELSEWHERE || record->type == HF_RR_DNAME ||
            record->type == HF_RR_NS);
}

static enum hf_err collect(struct changes *all, struct hf_transfer *transfer,
                           struct hf_why *why)
{
    bool more = true;

    for (;;) {
        struct hf_zone_record record;
        enum hf_transfer_act act;
        enum hf_err err = hf_transfer_next(transfer, &record, &act, &more, why);

        if (err != HF_OK || !more)
            return err;
        if (act != HF_TRANSFER_HAS && counts(&record))
            err = add(all, &record, act == HF_TRANSFER_ADDS, why);
        if (err != HF_OK)
            return err;
    }
}

/* By owner, type and value; the same record in the order of the transfer. */
static int compare(const void *a, const void *b, void *state)
{
    const struct changes *all = state;
    const struct item *one = a;
    const struct item *two = b;
    int order = hf_span_cmp(owner_of(all, one), owner_of(all, two));

    if (order == 0)
        order = (one->type > two->type) - (one->type < two->type);
    if (order == 0)
        order = hf_span_cmp(value_of(all, one), value_of(all, two));
    return order != 0
               ? order
               : (one->number > two->number) - (one->number < two->number);
}

static bool is_same(const struct changes *all, size_t a, size_t b)
{
    const struct item *one = &all->items[a];
    const struct item *two = &all->items[b];

    return one->type == two->type &&
           hf_span_eq(owner_of(all, one), owner_of(all, two)) &&
           hf_span_eq(value_of(all, one), value_of(all, two));
}

/* Came and went, or went and came back: of each run of one record at most the
 * last step counts. */
static void drop_undone(struct changes *all)
{
    for (size_t i = 1; i < all->count; i++) {
        if (all->items[i - 1].undone || !is_same(all, i - 1, i) ||
            all->items[i - 1].added == all->items[i].added)
            continue;
        all->items[i - 1].undone = true;
        all->items[i].undone = true;
    }
}

static enum hf_err make_scratch(struct changes *all, struct hf_why *why)
{
    size_t n = all->count == 0 ? 1 : all->count;

    all->before = hf_alloc(n, sizeof(*all->before));
    all->after = hf_alloc(n, sizeof(*all->after));
    all->events = hf_alloc(n, sizeof(*all->events));
    all->marks = hf_alloc(n, 1);
    if (all->before == NULL || all->after == NULL || all->events == NULL ||
        all->marks == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    return HF_OK;
}

static void write_line(struct changes *all)
{
    hf_out_put(all->view->out, hf_buf_span(&all->line));
    hf_out_step(all->view->out);
    hf_buf_reset(&all->line);
}

static void put_event(struct changes *all, struct hf_span owner,
                      const struct hf_event *event)
{
    const struct hf_span *before =
        event->before == SIZE_MAX ? NULL : &all->before[event->before];
    const struct hf_span *after =
        event->after == SIZE_MAX ? NULL : &all->after[event->after];

    if (all->view->json)
        hf_change_put_json(&all->line, owner, event, before, after);
    else
        hf_change_put_text(&all->line, all->view->colour, event, before, after);
    all->end.changes++;
    all->end.widened += (event->authority & HF_WIDENED) != 0;
    write_line(all);
}

static const char *type_word(uint16_t type)
{
    switch (type) {
    case HF_RR_CNAME:
        return "CNAME";
    case HF_RR_DNAME:
        return "DNAME";
    case HF_RR_NS:
        return "NS";
    default:
        return "TXT";
    }
}

/* Something else that decides about names: an alias, a cut, a wildcard. */
static void put_other(struct changes *all, const struct item *item)
{
    const char *word =
        hf_change_word(item->added ? HF_CHANGE_ADDED : HF_CHANGE_DELETED);
    struct hf_json json = hf_json_to(&all->line);

    all->end.changes++;
    if (all->view->json) {
        hf_json_open(&json, '{');
        hf_json_key_str(&json, "owner", owner_of(all, item));
        hf_json_key_lit(&json, "change", word);
        hf_json_key_lit(&json, "type", type_word(item->type));
        hf_json_key_str(&json, "value", value_of(all, item));
        hf_json_close(&json, '}');
    } else {
        hf_buf_puts(&all->line, "  ");
        hf_buf_puts(&all->line, word);
        hf_buf_puts(&all->line, " ");
        hf_buf_puts(&all->line, type_word(item->type));
        hf_buf_puts(&all->line, " ");
        hf_buf_put_escaped(&all->line, value_of(all, item), HF_ZONE_NAME_MAX);
    }
    hf_buf_putc(&all->line, '\n');
    write_line(all);
}

static void put_owner(struct changes *all, size_t from, size_t to)
{
    struct hf_span owner = owner_of(all, &all->items[from]);
    bool label = hf_zone_place_of(owner) == HF_ZONE_LABEL;
    size_t before = 0;
    size_t after = 0;
    size_t events;

    if (!all->view->json) {
        hf_buf_put_escaped(&all->line, owner, HF_ZONE_NAME_MAX);
        hf_buf_putc(&all->line, '\n');
    }
    for (size_t i = from; i < to; i++) {
        const struct item *item = &all->items[i];

        if (item->undone)
            continue;
        if (!label || item->type != HF_RR_TXT)
            put_other(all, item);
        else if (item->added)
            all->after[after++] = value_of(all, item);
        else
            all->before[before++] = value_of(all, item);
    }
    events = hf_diff(all->before, before, all->after, after, all->marks,
                     all->events);
    for (size_t i = 0; i < events; i++)
        put_event(all, owner, &all->events[i]);
}

static void put_all(struct changes *all)
{
    size_t from = 0;

    while (from < all->count) {
        size_t to = from;
        bool any = false;

        while (to < all->count && hf_span_eq(owner_of(all, &all->items[from]),
                                             owner_of(all, &all->items[to])))
            any |= !all->items[to++].undone;
        if (any)
            put_owner(all, from, to);
        from = to;
    }
}

enum hf_err hf_changes_put(struct hf_transfer *transfer,
                           const struct hf_changes_view *view,
                           struct hf_changes_end *end, struct hf_why *why)
{
    struct changes all = {.view = view};
    enum hf_err err;

    hf_buf_init_grow(&all.text, TEXT_MAX);
    hf_buf_init_grow(&all.line, LINE_MAX);
    err = collect(&all, transfer, why);
    if (err == HF_OK)
        err = make_scratch(&all, why);
    if (err == HF_OK) {
        if (all.count > 1)
            qsort_r(all.items, all.count, sizeof(*all.items), compare, &all);
        drop_undone(&all);
        put_all(&all);
        *end = all.end;
    }
    hf_free(all.items);
    hf_free(all.before);
    hf_free(all.after);
    hf_free(all.events);
    hf_free(all.marks);
    hf_buf_clear(&all.line);
    hf_buf_clear(&all.text);
    return err;
}
