/* SPDX-License-Identifier: Apache-2.0 */
/*
 * works.h -- the jobs of a CA that are under way or wait for their turn. Who
 * does one has a ticket for it, which tells the users of a place apart: an
 * answer that comes late is nobody's. For ca/service.c.
 *
 * Accounts share what there is. A name whose server holds every question for as
 * long as it may costs its account's other names time, and not the names of
 * others: the more jobs an account has, the later comes its next one.
 */
#pragma once

#include "ca/call.h"
#include "ca/eye.h"

#define HF_WORKS_MAX 4096

struct hf_work {
    bool used;
    bool submitted; /* to whoever does it */
    uint64_t serial;
    uint64_t turn; /* the lowest is next */
    int64_t account;
    struct hf_job job;
    enum hf_way way; /* of a validation */
    void *owner;     /* whose it is; borrowed */
};

/* Empty when zeroed. */
struct hf_works {
    struct hf_work places[HF_WORKS_MAX];
    size_t count;
    uint64_t serial;
};

/* Of an account, or 0: of nobody who is here. False when it has more than a
 * quarter of the places that are free, so that some always are. */
bool hf_works_add(struct hf_works *works, const struct hf_job *job,
                  int64_t account, void *owner);
void hf_works_end(struct hf_works *works, struct hf_work *work);

/* The validation whose turn it is to be submitted; NULL: none waits. Borrows.
 */
struct hf_work *hf_works_next(struct hf_works *works);

uint64_t hf_works_ticket(const struct hf_works *works,
                         const struct hf_work *work);

/* NULL: that work has ended. Borrows. */
struct hf_work *hf_works_find(struct hf_works *works, uint64_t ticket);

bool hf_works_has(const struct hf_works *works, const struct hf_job *job);

/* How many were not submitted, and whether a signature is among them. */
size_t hf_works_waiting(const struct hf_works *works);
bool hf_works_want_key(const struct hf_works *works);

/* Those that are no signatures have to be submitted again. */
void hf_works_look_again(struct hf_works *works);
