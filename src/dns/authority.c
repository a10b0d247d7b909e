/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/authority.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "dns/wire.h"

#define TIMEOUT_MS 5000

const char *hf_witness_state_word(enum hf_witness_state state)
{
    switch (state) {
    case HF_WITNESS_ANSWERS:
        return "answers";
    case HF_WITNESS_LAME:
        return "lame";
    case HF_WITNESS_REFUSES:
        return "refuses";
    case HF_WITNESS_SILENT:
        return "silent";
    case HF_WITNESS_NO_ROUTE:
        return "no-route";
    case HF_WITNESS_NO_ADDRESS:
        return "no-address";
    }
    return "unknown";
}

/* One question on its way. Those of one step go side by side with those of
 * all the other questions. */
struct finding {
    const struct hf_authority_question *question;
    struct hf_authority *authority;
    bool climbs;       /* the zone cut is not found yet */
    struct hf_span at; /* where it is looked for */
    struct hf_wire_name names[HF_AUTHORITY_NAMES_MAX];
    size_t name_count;
};

struct findings {
    struct hf_resolver *resolver;
    struct finding *items;
    size_t count;
};

/* The parent of a name in presentation form: behind the first bare dot. */
static struct hf_span parent_of(struct hf_span owner)
{
    size_t at = 0;

    while (at < owner.len && owner.ptr[at] != '.')
        at += owner.ptr[at] == '\\' ? 2 : 1;
    if (at >= owner.len || at + 1 == owner.len)
        return HF_SPAN(".");
    return (struct hf_span){owner.ptr + at + 1, owner.len - at - 1};
}

/* A name that stands alone in RDATA. */
static bool read_name(struct hf_span rdata, struct hf_wire_name *out)
{
    size_t at = 0;

    if (rdata.len == 0 || rdata.len > HF_WIRE_NAME_MAX)
        return false;
    while (at < rdata.len && rdata.ptr[at] > 0 && rdata.ptr[at] <= HF_LABEL_MAX)
        at += 1U + (size_t)(unsigned char)rdata.ptr[at];
    if (at + 1 != rdata.len || rdata.ptr[at] != 0)
        return false;
    memcpy(out->octets, rdata.ptr, rdata.len);
    out->len = (uint8_t)rdata.len;
    return true;
}

static void keep_names(struct finding *f, const struct hf_found *ns)
{
    struct hf_span rest = ns->records;
    struct hf_span rdata;

    while (hf_found_next(&rest, &rdata)) {
        if (f->name_count == HF_AUTHORITY_NAMES_MAX) {
            f->authority->more = true;
            return;
        }
        if (read_name(rdata, &f->names[f->name_count]))
            f->name_count++;
    }
}

/* An alias that loops says nothing about the names above it; a resolver
 * without answers, or a zone that is bogus, would say no more of those. */
static bool is_hopeless(const struct hf_found *ns)
{
    return ns->state == HF_FOUND_FAILURE &&
           (ns->rcode < 0 || ns->security == HF_BOGUS);
}

/*
 * Climb to the zone cut: the first name that has NS records of its own. The
 * child's NS set counts, as every resolver takes it.
 */
static void climb(struct finding *f, const struct hf_found *ns)
{
    f->climbs = false;
    if (is_hopeless(ns)) {
        f->authority->reason = "the zone's name servers cannot be found";
        return;
    }
    /* An alias names another zone's servers: not the cut. */
    if (ns->state == HF_FOUND_DATA && ns->chain_count == 0)
        keep_names(f, ns);
    if (f->name_count > 0) {
        memcpy(f->authority->zone, f->at.ptr, f->at.len);
        f->authority->zone_len = f->at.len;
    } else if (hf_span_eq(f->at, HF_SPAN("."))) {
        f->authority->reason = "no zone has name servers for it";
    } else {
        f->climbs = true;
        f->at = parent_of(f->at);
    }
}

/* One step up for every one that climbs; `*asked` of them did. */
static enum hf_err climb_all(const struct findings *all,
                             struct hf_lookup *lookups, struct hf_found *found,
                             size_t *asked, struct hf_why *why)
{
    size_t count = 0;
    size_t at = 0;
    enum hf_err err;

    for (size_t i = 0; i < all->count; i++) {
        const struct finding *f = &all->items[i];

        if (f->climbs)
            lookups[count++] =
                (struct hf_lookup){.owner = f->at,
                                   .type = HF_RR_NS,
                                   .give_up_at_ms = f->question->give_up_at_ms};
    }
    err = hf_resolver_ask_all(all->resolver, lookups, count, found, why);
    for (size_t i = 0; i < all->count && err == HF_OK; i++)
        if (all->items[i].climbs)
            climb(&all->items[i], &found[at++]);
    for (size_t i = 0; i < count; i++)
        hf_found_clear(&found[i]);
    *asked = count;
    return err;
}

static enum hf_err find_cuts(const struct findings *all, struct hf_why *why)
{
    struct hf_lookup *lookups = hf_alloc(all->count, sizeof(lookups[0]));
    struct hf_found *found = hf_alloc(all->count, sizeof(found[0]));
    size_t asked = all->count;
    enum hf_err err = HF_OK;

    if (lookups == NULL || found == NULL)
        err = hf_fail(why, HF_ENOMEM, 0, "out of memory");
    while (asked > 0 && err == HF_OK)
        err = climb_all(all, lookups, found, &asked, why);
    hf_free(lookups);
    hf_free(found);
    return err;
}

static void put_name(const struct hf_wire_name *name, char *room, size_t size)
{
    struct hf_buf text;

    hf_buf_init(&text, room, size - 1);
    hf_wire_name_put(&text, name);
    room[text.len] = '\0';
}

static struct hf_witness *witness_new(struct finding *f, size_t name)
{
    struct hf_authority *authority = f->authority;
    struct hf_witness *witness;

    if (authority->count == HF_AUTHORITY_MAX) {
        authority->more = true;
        return NULL;
    }
    witness = &authority->witnesses[authority->count++];
    put_name(&f->names[name], witness->name, sizeof(witness->name));
    return witness;
}

/* The addresses of one look-up become witnesses. */
static size_t keep_addresses(struct finding *f, size_t name,
                             const struct hf_found *found)
{
    struct hf_span rest = found->records;
    struct hf_span rdata;
    size_t kept = 0;

    while (hf_found_next(&rest, &rdata)) {
        struct hf_server server;
        struct hf_witness *witness;

        if (rdata.len != (found->type == HF_RR_A ? 4 : 16) ||
            hf_server_of_address(rdata, f->question->port, &server, NULL) !=
                HF_OK)
            continue;
        witness = witness_new(f, name);
        if (witness == NULL)
            break;
        witness->server = server;
        kept++;
    }
    return kept;
}

/* The look-ups of the addresses of all the name servers: A and AAAA. */
struct addresses {
    struct hf_lookup *lookups; /* two for each name */
    struct hf_found *found;
    char (*names)[HF_OWNER_TEXT_MAX + 1];
    size_t name_count;
};

static bool addresses_new(const struct findings *all, struct addresses *out)
{
    *out = (struct addresses){0};
    for (size_t i = 0; i < all->count; i++)
        out->name_count += all->items[i].name_count;
    if (out->name_count == 0)
        return true;
    out->lookups = hf_alloc(2 * out->name_count, sizeof(out->lookups[0]));
    out->found = hf_alloc(2 * out->name_count, sizeof(out->found[0]));
    out->names = hf_alloc(out->name_count, sizeof(out->names[0]));
    return out->lookups != NULL && out->found != NULL && out->names != NULL;
}

static void addresses_clear(struct addresses *a)
{
    for (size_t i = 0; a->found != NULL && i < 2 * a->name_count; i++)
        hf_found_clear(&a->found[i]);
    hf_free(a->lookups);
    hf_free(a->found);
    hf_free(a->names);
}

static void put_lookups(const struct findings *all, struct addresses *a)
{
    static const uint16_t types[] = {HF_RR_A, HF_RR_AAAA};
    size_t at = 0;

    for (size_t i = 0; i < all->count; i++) {
        const struct finding *f = &all->items[i];

        for (size_t n = 0; n < f->name_count; n++, at++) {
            put_name(&f->names[n], a->names[at], sizeof(a->names[at]));
            for (size_t t = 0; t < 2; t++)
                a->lookups[2 * at + t] = (struct hf_lookup){
                    .owner = hf_span_str(a->names[at]),
                    .type = types[t],
                    .give_up_at_ms = f->question->give_up_at_ms};
        }
    }
}

/* By name, then by address: answers come in any order. */
static int compare(const void *a, const void *b)
{
    const struct hf_witness *left = a;
    const struct hf_witness *right = b;
    int order = strcmp(left->name, right->name);

    return order != 0 ? order : strcmp(left->server.label, right->server.label);
}

/* The witnesses of one question; `found` begins with its first answer. */
static void keep_witnesses(struct finding *f, const struct hf_found *found)
{
    for (size_t n = 0; n < f->name_count; n++) {
        size_t kept = keep_addresses(f, n, &found[2 * n]) +
                      keep_addresses(f, n, &found[2 * n + 1]);
        struct hf_witness *none = kept == 0 ? witness_new(f, n) : NULL;

        if (none != NULL)
            none->state = HF_WITNESS_NO_ADDRESS;
    }
    qsort(f->authority->witnesses, f->authority->count,
          sizeof(f->authority->witnesses[0]), compare);
    f->authority->found = f->authority->count > 0;
}

static enum hf_err find_addresses(const struct findings *all,
                                  struct hf_why *why)
{
    struct addresses a;
    size_t at = 0;
    enum hf_err err = addresses_new(all, &a)
                          ? HF_OK
                          : hf_fail(why, HF_ENOMEM, 0, "out of memory");

    if (err == HF_OK && a.name_count > 0) {
        put_lookups(all, &a);
        err = hf_resolver_ask_all(all->resolver, a.lookups, 2 * a.name_count,
                                  a.found, why);
    }
    for (size_t i = 0; i < all->count && err == HF_OK; i++) {
        struct finding *f = &all->items[i];

        if (f->name_count > 0)
            keep_witnesses(f, &a.found[2 * at]);
        at += f->name_count;
    }
    addresses_clear(&a);
    return err;
}

/* What one server said is its witness's from now on. */
static void hear(struct hf_witness *witness, struct hf_found *found)
{
    witness->found = *found;
    *found = (struct hf_found){0};
    found = &witness->found;
    if (found->no_route)
        witness->state = HF_WITNESS_NO_ROUTE;
    else if (found->state == HF_FOUND_FAILURE)
        witness->state =
            found->rcode < 0 ? HF_WITNESS_SILENT : HF_WITNESS_REFUSES;
    else
        witness->state =
            found->authoritative ? HF_WITNESS_ANSWERS : HF_WITNESS_LAME;
}

/* The question of all, to each of their servers. */
struct round {
    struct hf_lookup *lookups;
    struct hf_found *found;
    struct hf_witness **witnesses;
    size_t count;
};

static bool round_new(const struct findings *all, struct round *out)
{
    size_t room = 1;

    for (size_t i = 0; i < all->count; i++)
        room += all->items[i].authority->count;
    *out = (struct round){.lookups = hf_alloc(room, sizeof(out->lookups[0])),
                          .found = hf_alloc(room, sizeof(out->found[0])),
                          .witnesses =
                              hf_alloc(room, sizeof(struct hf_witness *))};
    return out->lookups != NULL && out->found != NULL && out->witnesses != NULL;
}

static void round_clear(struct round *round)
{
    for (size_t i = 0; i < round->count; i++)
        hf_found_clear(&round->found[i]);
    hf_free(round->lookups);
    hf_free(round->found);
    hf_free((void *)round->witnesses);
}

static void round_add(struct round *round, const struct finding *f)
{
    const struct hf_authority_question *q = f->question;

    for (size_t i = 0; i < f->authority->count; i++) {
        struct hf_witness *witness = &f->authority->witnesses[i];

        if (witness->state == HF_WITNESS_NO_ADDRESS)
            continue;
        round->witnesses[round->count] = witness;
        round->lookups[round->count++] = (struct hf_lookup){
            .owner = q->owner,
            .type = q->type,
            .server = hf_span_str(witness->server.label),
            .timeout_ms = q->timeout_ms > 0 ? q->timeout_ms : TIMEOUT_MS,
            .give_up_at_ms = q->give_up_at_ms};
    }
}

static enum hf_err ask_everybody(const struct findings *all, struct hf_why *why)
{
    struct round round;
    enum hf_err err = round_new(all, &round)
                          ? HF_OK
                          : hf_fail(why, HF_ENOMEM, 0, "out of memory");

    for (size_t i = 0; i < all->count && err == HF_OK; i++)
        round_add(&round, &all->items[i]);
    if (err == HF_OK)
        err = hf_resolver_ask_all(all->resolver, round.lookups, round.count,
                                  round.found, why);
    for (size_t i = 0; i < round.count && err == HF_OK; i++)
        hear(round.witnesses[i], &round.found[i]);
    round_clear(&round);
    return err;
}

static enum hf_err finding_init(struct finding *f,
                                const struct hf_authority_question *question,
                                struct hf_why *why)
{
    struct hf_wire_name owner;

    if (question->owner.len > HF_OWNER_TEXT_MAX)
        return hf_fail(why, HF_ESYNTAX, 0, "RFC 1035 2.3.4: name is too long");
    f->authority = hf_alloc(1, sizeof(*f->authority));
    if (f->authority == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    f->question = question;
    f->at = question->owner;
    f->climbs = true;
    return hf_wire_name_parse(question->owner, &owner, why);
}

enum hf_err hf_authority_ask_all(struct hf_resolver *resolver,
                                 const struct hf_authority_question *questions,
                                 size_t count, struct hf_authority **out,
                                 struct hf_why *why)
{
    struct findings all = {.resolver = resolver};
    enum hf_err err = HF_OK;

    if (count == 0)
        return HF_OK;
    all.items = hf_alloc(count, sizeof(all.items[0]));
    if (all.items == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    all.count = count;
    for (size_t i = 0; i < count && err == HF_OK; i++)
        err = finding_init(&all.items[i], &questions[i], why);
    if (err == HF_OK)
        err = find_cuts(&all, why);
    if (err == HF_OK)
        err = find_addresses(&all, why);
    if (err == HF_OK)
        err = ask_everybody(&all, why);
    for (size_t i = 0; i < count; i++) {
        if (err == HF_OK)
            out[i] = all.items[i].authority;
        else
            hf_authority_free(all.items[i].authority);
    }
    hf_free(all.items);
    return err;
}

enum hf_err hf_authority_ask(struct hf_resolver *resolver,
                             const struct hf_authority_question *question,
                             struct hf_authority **out, struct hf_why *why)
{
    return hf_authority_ask_all(resolver, question, 1, out, why);
}

void hf_authority_free(struct hf_authority *authority)
{
    if (authority == NULL)
        return;
    for (size_t i = 0; i < authority->count; i++)
        hf_found_clear(&authority->witnesses[i].found);
    hf_free(authority);
}
