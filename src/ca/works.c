/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/works.h"

/* A job of an account comes as if so many had come before it for each that the
 * account has already: it waits longer, and not for ever. */
#define HANDICAP 64

static size_t count_of(const struct hf_works *works, int64_t account)
{
    size_t left = works->count;
    size_t count = 0;

    for (size_t i = 0; left > 0; i++) {
        left -= works->places[i].used;
        count += works->places[i].used && works->places[i].account == account;
    }
    return count;
}

bool hf_works_add(struct hf_works *works, const struct hf_job *job,
                  int64_t account, void *owner)
{
    size_t count = count_of(works, account);
    size_t free = HF_WORKS_MAX - works->count;
    size_t i = 0;

    if (free == 0 || count > free / 4)
        return false;
    while (works->places[i].used)
        i++;
    works->serial++;
    works->places[i] =
        (struct hf_work){.used = true,
                         .serial = works->serial,
                         .turn = works->serial + HANDICAP * count,
                         .account = account,
                         .job = *job,
                         .owner = owner};
    works->count++;
    return true;
}

struct hf_work *hf_works_next(struct hf_works *works)
{
    struct hf_work *next = NULL;
    size_t left = works->count;

    for (size_t i = 0; left > 0; i++) {
        struct hf_work *work = &works->places[i];

        left -= work->used;
        if (work->used && !work->submitted && work->job.kind != HF_JOB_SIGN &&
            (next == NULL || work->turn < next->turn))
            next = work;
    }
    return next;
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
