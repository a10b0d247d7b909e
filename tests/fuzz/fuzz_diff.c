/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdint.h>

#include "holdfast/diff.h"

#define RECORDS_MAX 8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct set {
    struct hf_span values[RECORDS_MAX];
    size_t count;
};

struct tally {
    size_t kinds[HF_CHANGE_REFORMATTED + 1];
};

static struct set read_set(struct hf_span text)
{
    struct set set = {0};

    while (text.len > 0 && set.count < RECORDS_MAX) {
        set.values[set.count++] = hf_span_cut(&text, hf_span_find(text, '\n'));
        (void)hf_span_skip(&text, '\n');
    }
    return set;
}

static void check_event(const struct hf_event *event, const struct set *before,
                        const struct set *after)
{
    assert((event->change == HF_CHANGE_ADDED) == (event->before == SIZE_MAX));
    assert((event->change == HF_CHANGE_DELETED) == (event->after == SIZE_MAX));
    assert(event->before == SIZE_MAX || event->before < before->count);
    assert(event->after == SIZE_MAX || event->after < after->count);
    assert(event->change != HF_CHANGE_REFORMATTED || event->authority == 0);
    assert(event->change != HF_CHANGE_ADDED ||
           (event->authority & HF_NARROWED) == 0);
    assert(event->change != HF_CHANGE_DELETED ||
           (event->authority & HF_WIDENED) == 0);
}

static struct tally diff(const struct set *before, const struct set *after)
{
    unsigned char marks[2 * RECORDS_MAX];
    struct hf_event events[2 * RECORDS_MAX];
    struct tally tally = {0};
    size_t count = hf_diff(before->values, before->count, after->values,
                           after->count, marks, events);

    for (size_t i = 0; i < count; i++) {
        check_event(&events[i], before, after);
        tally.kinds[events[i].change]++;
    }
    assert(before->count + tally.kinds[HF_CHANGE_ADDED] ==
           after->count + tally.kinds[HF_CHANGE_DELETED]);
    return tally;
}

/* Order says nothing, and the way back is the way there, turned round. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hf_span rest = {(const char *)data, size};
    struct set before = read_set(hf_span_cut(&rest, hf_span_find(rest, '\0')));
    struct set turned = {.count = before.count};
    struct set after;
    struct tally there;
    struct tally back;
    struct tally none;

    (void)hf_span_skip(&rest, '\0');
    after = read_set(rest);
    for (size_t i = 0; i < before.count; i++)
        turned.values[i] = before.values[before.count - 1 - i];
    there = diff(&before, &after);
    back = diff(&after, &turned);
    none = diff(&before, &turned);
    for (size_t i = 0; i <= HF_CHANGE_REFORMATTED; i++)
        assert(none.kinds[i] == 0);
    assert(there.kinds[HF_CHANGE_ADDED] == back.kinds[HF_CHANGE_DELETED]);
    assert(there.kinds[HF_CHANGE_DELETED] == back.kinds[HF_CHANGE_ADDED]);
    assert(there.kinds[HF_CHANGE_MODIFIED] == back.kinds[HF_CHANGE_MODIFIED]);
    return 0;
}
