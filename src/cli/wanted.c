/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/wanted.h"

#include <stdlib.h>

#include "base/alloc.h"

#define FIRST_CAP 16

void hf_wanted_init(struct hf_wanted_list *list)
{
    *list = (struct hf_wanted_list){0};
    hf_buf_init_grow(&list->text, HF_WANTED_TEXT_MAX);
}

void hf_wanted_clear(struct hf_wanted_list *list)
{
    hf_free(list->items);
    hf_free(list->slots);
    hf_buf_clear(&list->text);
    *list = (struct hf_wanted_list){0};
}

struct hf_span hf_wanted_name(const struct hf_wanted_list *list,
                              const struct hf_wanted *item)
{
    return (struct hf_span){list->text.ptr + item->at, item->len};
}

struct hf_span hf_wanted_zone(const struct hf_wanted_list *list,
                              const struct hf_wanted *item)
{
    struct hf_span name = hf_wanted_name(list, item);

    (void)hf_span_cut(&name, (size_t)(item->len - item->zone_len));
    return name;
}

/* FNV-1a. The names come from the user, who gains nothing by collisions. */
static uint32_t hash(struct hf_span name)
{
    uint32_t value = 2166136261U;

    for (size_t i = 0; i < name.len; i++)
        value = (value ^ (unsigned char)name.ptr[i]) * 16777619U;
    return value;
}

/* The slot that holds `name`, or the free one where it belongs. */
static uint32_t *find_slot(const struct hf_wanted_list *list,
                           struct hf_span name)
{
    uint32_t mask = list->slot_count - 1;
    uint32_t at = hash(name) & mask;

    while (list->slots[at] != 0) {
        const struct hf_wanted *item = &list->items[list->slots[at] - 1];

        if (hf_span_eq(hf_wanted_name(list, item), name))
            break;
        at = (at + 1) & mask;
    }
    return &list->slots[at];
}

/* Room for one name more; the table stays at most half full. */
static bool grow(struct hf_wanted_list *list)
{
    uint32_t cap = list->cap == 0 ? FIRST_CAP : list->cap * 2;
    struct hf_wanted *items;
    uint32_t *slots;

    if (list->count < list->cap)
        return true;
    items = hf_realloc(list->items, cap, sizeof(*items));
    if (items == NULL)
        return false;
    list->items = items;
    slots = hf_alloc((size_t)cap * 2, sizeof(*slots));
    if (slots == NULL)
        return false;
    hf_free(list->slots);
    list->slots = slots;
    list->slot_count = cap * 2;
    list->cap = cap;
    for (uint32_t i = 0; i < list->count; i++)
        *find_slot(list, hf_wanted_name(list, &items[i])) = i + 1;
    return true;
}

enum hf_err hf_wanted_add(struct hf_wanted_list *list, struct hf_span name,
                          size_t zone_len, bool wildcard, struct hf_why *why)
{
    struct hf_wanted *item;
    uint32_t *slot;

    if (!grow(list))
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    slot = find_slot(list, name);
    if (*slot != 0) {
        list->items[*slot - 1].wildcard |= wildcard;
        return HF_OK;
    }
    if (list->count == HF_WANTED_MAX)
        return hf_fail(why, HF_ELIMIT, 0,
                       "more than 4 million names; give them in parts");
    item = &list->items[list->count];
    *item = (struct hf_wanted){.at = (uint32_t)list->text.len,
                               .len = (uint8_t)name.len,
                               .zone_len = (uint8_t)zone_len,
                               .wildcard = wildcard};
    hf_buf_put(&list->text, name);
    if (list->text.full)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    *slot = ++list->count;
    return HF_OK;
}

/* qsort_r() gets the list: items alone do not know their text. */
static int by_zone(const void *a, const void *b, void *list)
{
    const struct hf_wanted *one = a;
    const struct hf_wanted *two = b;
    int order =
        hf_span_cmp(hf_wanted_zone(list, one), hf_wanted_zone(list, two));

    return order != 0 ? order : (one->at > two->at) - (one->at < two->at);
}

void hf_wanted_sort_by_zone(struct hf_wanted_list *list)
{
    if (list->count > 1)
        qsort_r(list->items, list->count, sizeof(*list->items), by_zone, list);
}
