/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/works.h"

bool hf_works_add(struct hf_works *works, const struct hf_job *job, void *owner)
{
    for (size_t i = 0; i < HF_WORKS_MAX; i++) {
        struct hf_work *work = &works->places[i];

        if (work->used)
            continue;
        *work = (struct hf_work){.used = true,
                                 .serial = ++works->serial,
                                 .job = *job,
                                 .owner = owner};
        works->count++;
        return true;
    }
    return false;
}

void hf_works_end(struct hf_works *works, struct hf_work *work)
{
    work->used = false;
    works->count--;
}

uint64_t hf_works_ticket(const struct hf_works *works,
                         const struct hf_work *work)
{
    return work->serial * HF_WORKS_MAX + (uint64_t)(work - works->places);
}

struct hf_work *hf_works_find(struct hf_works *works, uint64_t ticket)
{
    struct hf_work *work = &works->places[ticket % HF_WORKS_MAX];

    return work->used && work->serial == ticket / HF_WORKS_MAX ? work : NULL;
}

bool hf_works_has(const struct hf_works *works, const struct hf_job *job)
{
    for (size_t i = 0; works->count > 0 && i < HF_WORKS_MAX; i++)
        if (works->places[i].used && works->places[i].job.kind == job->kind &&
            works->places[i].job.id == job->id)
            return true;
    return false;
}

size_t hf_works_waiting(const struct hf_works *works)
{
    size_t count = 0;

    for (size_t i = 0; works->count > 0 && i < HF_WORKS_MAX; i++)
        count += works->places[i].used && !works->places[i].submitted;
    return count;
}

bool hf_works_want_key(const struct hf_works *works)
{
    for (size_t i = 0; works->count > 0 && i < HF_WORKS_MAX; i++)
        if (works->places[i].used && !works->places[i].submitted &&
            works->places[i].job.kind == HF_JOB_SIGN)
            return true;
    return false;
}

void hf_works_look_again(struct hf_works *works)
{
    for (size_t i = 0; i < HF_WORKS_MAX; i++)
        if (works->places[i].job.kind != HF_JOB_SIGN)
            works->places[i].submitted = false;
}
