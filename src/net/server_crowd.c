/* SPDX-License-Identifier: Apache-2.0 */
#include "net/server_crowd.h"

#include <string.h>

#include "base/alloc.h"
#include "os/random.h"

/* An address that has connections, in a chain of those with like hashes. */
struct place {
    uint64_t address;
    uint32_t count;
    uint32_t next;
};

struct hf_server_crowd {
    uint64_t seed;
    size_t per_address;
    struct place *places;
    uint32_t vacant; /* a chain of those not in use */
    uint32_t *chains;
    unsigned bits; /* 2^bits chains */
};

enum hf_err hf_server_crowd_new(size_t connections, size_t per_address,
                                struct hf_server_crowd **out,
                                struct hf_why *why)
{
    struct hf_server_crowd *crowd = hf_alloc(1, sizeof(*crowd));
    enum hf_err err = HF_OK;

    if (crowd == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    crowd->per_address = per_address;
    while ((size_t)1 << crowd->bits < connections)
        crowd->bits++;
    crowd->places = hf_alloc(connections, sizeof(crowd->places[0]));
    crowd->chains = hf_alloc((size_t)1 << crowd->bits, sizeof(uint32_t));
    if (crowd->places == NULL || crowd->chains == NULL)
        err = hf_fail(why, HF_ENOMEM, 0, "out of memory");
    if (err == HF_OK)
        err = hf_random_fill(&crowd->seed, sizeof(crowd->seed), why);
    if (err != HF_OK) {
        hf_server_crowd_free(crowd);
        return err;
    }
    for (size_t i = 0; i < (size_t)1 << crowd->bits; i++)
        crowd->chains[i] = HF_SERVER_CROWD_NO;
    for (uint32_t i = 0; i < connections; i++)
        crowd->places[i].next =
            i + 1 < connections ? i + 1 : HF_SERVER_CROWD_NO;
    *out = crowd;
    return HF_OK;
}

void hf_server_crowd_free(struct hf_server_crowd *crowd)
{
    if (crowd == NULL)
        return;
    hf_free(crowd->places);
    hf_free(crowd->chains);
    hf_free(crowd);
}

/* IPv4 addresses are where no /64 of IPv6 is: below ::/64. */
static uint64_t key_of(const uint8_t *address, size_t len)
{
    size_t count = len == 4 ? 4 : 8;
    uint64_t key = 0;

    for (size_t i = 0; i < count; i++)
        key = key << 8 | address[i];
    return key;
}

/* Multiplied and mixed, so that nobody can choose addresses of one chain. */
static uint32_t *chain_of(struct hf_server_crowd *crowd, uint64_t key)
{
    uint64_t hash = (key ^ crowd->seed) * UINT64_C(0x9e3779b97f4a7c15);

    hash ^= hash >> 32;
    hash *= crowd->seed | 1;
    return &crowd->chains[crowd->bits == 0 ? 0 : hash >> (64 - crowd->bits)];
}

uint32_t hf_server_crowd_enter(struct hf_server_crowd *crowd,
                               const uint8_t *address, size_t len)
{
    uint64_t key = key_of(address, len);
    uint32_t *chain = chain_of(crowd, key);
    uint32_t at = *chain;

    while (at != HF_SERVER_CROWD_NO && crowd->places[at].address != key)
        at = crowd->places[at].next;
    if (at == HF_SERVER_CROWD_NO) {
        at = crowd->vacant;
        if (at == HF_SERVER_CROWD_NO)
            return HF_SERVER_CROWD_NO;
        crowd->vacant = crowd->places[at].next;
        crowd->places[at] = (struct place){.address = key, .next = *chain};
        *chain = at;
    }
    if (crowd->places[at].count >= crowd->per_address)
        return HF_SERVER_CROWD_NO;
    crowd->places[at].count++;
    return at;
}

void hf_server_crowd_leave(struct hf_server_crowd *crowd, uint32_t number)
{
    struct place *place = &crowd->places[number];
    uint32_t *at;

    if (--place->count > 0)
        return;
    at = chain_of(crowd, place->address);
    while (*at != number)
        at = &crowd->places[*at].next;
    *at = place->next;
    place->next = crowd->vacant;
    crowd->vacant = number;
}
