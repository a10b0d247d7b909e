/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/timers.h"

#include "base/alloc.h"

enum hf_err hf_timers_init(struct hf_timers *timers, size_t count,
                           int64_t now_ns, struct hf_why *why)
{
    *timers =
        (struct hf_timers){.count = count, .tick = now_ns / HF_TIMERS_TICK_NS};
    for (size_t i = 0; i < HF_TIMERS_BUCKETS + 1; i++)
        timers->lists[i] = HF_TIMERS_NONE;
    timers->timers = hf_alloc(count, sizeof(struct hf_timer));
    if (timers->timers == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    return HF_OK;
}

void hf_timers_clear(struct hf_timers *timers)
{
    hf_free(timers->timers);
    timers->timers = NULL;
}

static void put(struct hf_timers *timers, uint32_t which, uint32_t list)
{
    struct hf_timer *timer = &timers->timers[which];

    timer->list = list;
    timer->before = HF_TIMERS_NONE;
    timer->next = timers->lists[list];
    if (timer->next != HF_TIMERS_NONE)
        timers->timers[timer->next].before = which;
    timers->lists[list] = which;
}

static void cut(struct hf_timers *timers, uint32_t which)
{
    const struct hf_timer *timer = &timers->timers[which];

    if (timer->next != HF_TIMERS_NONE)
        timers->timers[timer->next].before = timer->before;
    if (timer->before != HF_TIMERS_NONE)
        timers->timers[timer->before].next = timer->next;
    else
        timers->lists[timer->list] = timer->next;
}

static uint32_t list_of(int64_t tick)
{
    return (uint32_t)((uint64_t)tick % HF_TIMERS_BUCKETS);
}

void hf_timers_set(struct hf_timers *timers, uint32_t which, int64_t due_ns)
{
    int64_t tick = due_ns / HF_TIMERS_TICK_NS;

    timers->timers[which].due_ns = due_ns;
    timers->timers[which].set = true;
    timers->set_count++;
    /* A moment that passed goes where the next look will find it. */
    put(timers, which, list_of(tick < timers->tick ? timers->tick : tick));
}

void hf_timers_unset(struct hf_timers *timers, uint32_t which)
{
    if (!timers->timers[which].set)
        return;
    cut(timers, which);
    timers->timers[which].set = false;
    timers->set_count--;
}

/* Sort out one bucket: what is due in this turn of the wheel expires. */
static void look(struct hf_timers *timers, int64_t tick)
{
    uint32_t which = timers->lists[list_of(tick)];

    while (which != HF_TIMERS_NONE) {
        uint32_t next = timers->timers[which].next;

        if (timers->timers[which].due_ns / HF_TIMERS_TICK_NS <= tick) {
            cut(timers, which);
            put(timers, which, HF_TIMERS_BUCKETS);
        }
        which = next;
    }
}

uint32_t hf_timers_take(struct hf_timers *timers, int64_t now_ns)
{
    int64_t now = now_ns / HF_TIMERS_TICK_NS;
    uint32_t which;

    /* After a long sleep one whole turn sees every bucket. */
    if (now - timers->tick > HF_TIMERS_BUCKETS)
        timers->tick = now - HF_TIMERS_BUCKETS;
    while (timers->tick < now) {
        look(timers, timers->tick);
        timers->tick++;
    }
    which = timers->lists[HF_TIMERS_BUCKETS];
    if (which != HF_TIMERS_NONE)
        hf_timers_unset(timers, which);
    return which;
}
