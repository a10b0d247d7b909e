/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/limit.h"

#include "base/alloc.h"
#include "base/octets.h"
#include "crypto/hmac.h"

#define WAYS     8 /* places at which a key may be */
#define KEYS_MAX ((size_t)1 << 28)

/* A bucket is empty at `dry_at`, and as full as that is after now. */
struct place {
    uint64_t key;
    int64_t dry_at; /* seconds; 0: never used */
};

struct hf_limit {
    struct hf_limit_config config;
    size_t mask; /* of groups of WAYS */
    struct place *places;
    struct hf_hmac *hmac;
};

enum hf_err hf_limit_new(const struct hf_limit_config *config,
                         struct hf_limit **out, struct hf_why *why)
{
    struct hf_limit *limit;
    size_t groups = 1;
    enum hf_err err;

    if (config->burst == 0 || config->period_s < 1 || config->keys > KEYS_MAX ||
        config->period_s > INT64_MAX / 4 / config->burst)
        return hf_fail(why, HF_EINVAL, 0, "a limit without a measure");
    while (groups * WAYS < config->keys)
        groups *= 2;
    limit = hf_alloc(1, sizeof(*limit));
    if (limit == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    limit->config = *config;
    limit->mask = groups - 1;
    limit->places = hf_alloc(groups * WAYS, sizeof(limit->places[0]));
    err = limit->places == NULL
              ? hf_fail(why, HF_ENOMEM, 0, "out of memory")
              : hf_hmac_new("SHA256", config->secret, &limit->hmac, why);
    if (err != HF_OK) {
        hf_limit_free(limit);
        return err;
    }
    *out = limit;
    return HF_OK;
}

void hf_limit_free(struct hf_limit *limit)
{
    if (limit == NULL)
        return;
    hf_hmac_free(limit->hmac);
    hf_free(limit->places);
    hf_free(limit);
}

/* Never 0, which is nobody's. Without a code all are one: stricter, not
 * looser. */
static uint64_t key_of(struct hf_limit *limit, struct hf_span a,
                       struct hf_span b)
{
    unsigned char code[HF_HMAC_MAX];
    char head[8];
    struct hf_buf length;
    struct hf_span rest = {(const char *)code, sizeof(uint64_t)};
    uint64_t key = 0;

    hf_buf_init(&length, head, sizeof(head));
    hf_put_number(&length, a.len, sizeof(head));
    hf_hmac_add(limit->hmac, hf_buf_span(&length));
    hf_hmac_add(limit->hmac, a);
    hf_hmac_add(limit->hmac, b);
    if (hf_hmac_end(limit->hmac, code, NULL) == HF_OK)
        (void)hf_take_number(&rest, sizeof(uint64_t), &key);
    return key == 0 ? 1 : key;
}

/* The key's place, or the one that is nearest to empty. */
static struct place *place_of(struct hf_limit *limit, uint64_t key)
{
    struct place *group = &limit->places[(key & limit->mask) * WAYS];
    struct place *least = group;

    for (size_t i = 0; i < WAYS; i++) {
        if (group[i].key == key)
            return &group[i];
        if (group[i].dry_at < least->dry_at)
            least = &group[i];
    }
    return least;
}

int64_t hf_limit_key(struct hf_limit *limit, struct hf_span a, struct hf_span b)
{
    return (int64_t)(key_of(limit, a, b) >> 1) | 1;
}

int64_t hf_limit_wait_of(const struct hf_limit *limit, int64_t dry_at,
                         int64_t now)
{
    int64_t room = (limit->config.burst - 1) * limit->config.period_s;

    return dry_at <= now + room ? 0 : dry_at - room - now;
}

int64_t hf_limit_period_s(const struct hf_limit *limit)
{
    return limit->config.period_s;
}

int64_t hf_limit_wait_s(struct hf_limit *limit, struct hf_span a,
                        struct hf_span b, int64_t now)
{
    uint64_t key = key_of(limit, a, b);
    const struct place *place = place_of(limit, key);

    return place->key == key ? hf_limit_wait_of(limit, place->dry_at, now) : 0;
}

void hf_limit_count(struct hf_limit *limit, struct hf_span a, struct hf_span b,
                    int64_t now)
{
    uint64_t key = key_of(limit, a, b);
    struct place *place = place_of(limit, key);

    if (place->key != key || place->dry_at < now)
        *place = (struct place){.key = key, .dry_at = now};
    place->dry_at += limit->config.period_s;
}
