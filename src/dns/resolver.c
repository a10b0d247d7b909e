/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/resolver.h"

#include <limits.h>

enum hf_err hf_resolver_submit(struct hf_resolver *resolver,
                               const struct hf_lookup *lookup, uint64_t ticket,
                               struct hf_why *why)
{
    enum hf_err err;

    if (resolver->under_way >= resolver->window)
        return hf_fail(why, HF_ELIMIT, 0, "too many look-ups under way");
    err = resolver->submit(resolver->state, lookup, ticket, why);
    if (err == HF_OK)
        resolver->under_way++;
    return err;
}

enum hf_err hf_resolver_poll(struct hf_resolver *resolver, int64_t wait_ms,
                             uint64_t *ticket, struct hf_found *out, bool *got,
                             struct hf_why *why)
{
    enum hf_err err;

    *got = false;
    if (resolver->under_way == 0)
        return HF_OK;
    err = resolver->poll(resolver->state, wait_ms, ticket, out, got, why);
    if (err == HF_OK && *got)
        resolver->under_way--;
    return err;
}

enum hf_err hf_resolver_ask(struct hf_resolver *resolver,
                            const struct hf_lookup *lookup,
                            struct hf_found *out, struct hf_why *why)
{
    uint64_t ticket = 0;
    bool got = false;
    enum hf_err err = hf_resolver_submit(resolver, lookup, 0, why);

    /* Every look-up has a deadline of its own: this ends. */
    while (err == HF_OK && !got)
        err = hf_resolver_poll(resolver, INT_MAX, &ticket, out, &got, why);
    return err;
}

enum hf_err hf_resolver_ask_all(struct hf_resolver *resolver,
                                const struct hf_lookup *lookups, size_t count,
                                struct hf_found *found, struct hf_why *why)
{
    size_t sent = 0;
    size_t done = 0;
    enum hf_err err = HF_OK;

    while (done < count && err == HF_OK) {
        struct hf_found one = {0};
        uint64_t ticket = 0;
        bool got = false;

        if (sent < count && resolver->under_way < resolver->window) {
            err = hf_resolver_submit(resolver, &lookups[sent], sent, why);
            sent++;
            continue;
        }
        err = hf_resolver_poll(resolver, INT_MAX, &ticket, &one, &got, why);
        if (err != HF_OK || !got)
            continue;
        found[ticket] = one;
        done++;
    }
    return err;
}

int hf_resolver_fd(const struct hf_resolver *resolver)
{
    return resolver->fd(resolver->state);
}

void hf_resolver_clear(struct hf_resolver *resolver)
{
    if (resolver->free != NULL)
        resolver->free(resolver->state);
    *resolver = (struct hf_resolver){0};
}
