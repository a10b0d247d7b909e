/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/authority.h"

#include <errno.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "dns/exchange.h"
#include "dns/found.h"
#include "dns/packet.h"
#include "os/clock.h"

#define TIMEOUT_MS 5000

/* Look-ups of one step go out together. */
#define STEP_MAX (2 * HF_AUTHORITY_NAMES_MAX)

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

struct finding {
    struct hf_resolver *resolver;
    const struct hf_authority_question *question;
    struct hf_authority *authority;
    struct hf_wire_name names[HF_AUTHORITY_NAMES_MAX];
    size_t name_count;
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
static enum hf_err find_cut(struct finding *f, struct hf_why *why)
{
    struct hf_span at = f->question->owner;
    enum hf_err err = HF_OK;

    while (f->name_count == 0 && err == HF_OK) {
        struct hf_lookup lookup = {.owner = at,
                                   .type = HF_RR_NS,
                                   .give_up_at_ms = f->question->give_up_at_ms};
        struct hf_found ns = {0};

        err = hf_resolver_ask(f->resolver, &lookup, &ns, why);
        if (err != HF_OK)
            return err;
        if (is_hopeless(&ns)) {
            f->authority->reason = "the zone's name servers cannot be found";
            hf_found_clear(&ns);
            return HF_OK;
        }
        /* An alias names another zone's servers: not the cut. */
        if (ns.state == HF_FOUND_DATA && ns.chain_count == 0)
            keep_names(f, &ns);
        hf_found_clear(&ns);
        if (f->name_count > 0)
            break;
        if (hf_span_eq(at, HF_SPAN("."))) {
            f->authority->reason = "no zone has name servers for it";
            return HF_OK;
        }
        at = parent_of(at);
    }
    memcpy(f->authority->zone, at.ptr, at.len);
    f->authority->zone_len = at.len;
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

/* Submit the A and AAAA of every name server. */
static enum hf_err submit_addresses(struct finding *f, struct hf_why *why)
{
    static const uint16_t types[] = {HF_RR_A, HF_RR_AAAA};
    char room[HF_OWNER_TEXT_MAX + 1];

    for (size_t i = 0; i < STEP_MAX && i / 2 < f->name_count; i++) {
        struct hf_lookup lookup = {.type = types[i % 2],
                                   .give_up_at_ms = f->question->give_up_at_ms};
        enum hf_err err;

        put_name(&f->names[i / 2], room, sizeof(room));
        lookup.owner = hf_span_str(room);
        err = hf_resolver_submit(f->resolver, &lookup, i, why);
        if (err != HF_OK)
            return err;
    }
    return HF_OK;
}

/* Until everything submitted has come back; each in the place of its ticket. */
static enum hf_err collect(struct finding *f, struct hf_found *found,
                           size_t count, struct hf_why *why)
{
    enum hf_err err = HF_OK;

    while (count > 0 && err == HF_OK) {
        struct hf_found one = {0};
        uint64_t ticket = 0;
        bool got = false;

        err = hf_resolver_poll(f->resolver, 1000, &ticket, &one, &got, why);
        if (err != HF_OK || !got)
            continue;
        found[ticket] = one;
        count--;
    }
    return err;
}

/* By name, then by address: answers come in any order. */
static int compare(const void *a, const void *b)
{
    const struct hf_witness *left = a;
    const struct hf_witness *right = b;
    int order = strcmp(left->name, right->name);

    return order != 0 ? order : strcmp(left->server.label, right->server.label);
}

static enum hf_err find_addresses(struct finding *f, struct hf_why *why)
{
    struct hf_found *found = hf_alloc(STEP_MAX, sizeof(found[0]));
    enum hf_err err;

    if (found == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    err = submit_addresses(f, why);
    if (err == HF_OK)
        err = collect(f, found, 2 * f->name_count, why);
    for (size_t i = 0; i < f->name_count; i++) {
        size_t kept = keep_addresses(f, i, &found[2 * i]) +
                      keep_addresses(f, i, &found[2 * i + 1]);
        struct hf_witness *none = kept == 0 ? witness_new(f, i) : NULL;

        if (none != NULL)
            none->state = HF_WITNESS_NO_ADDRESS;
    }
    qsort(f->authority->witnesses, f->authority->count,
          sizeof(f->authority->witnesses[0]), compare);
    for (size_t i = 0; i < STEP_MAX; i++)
        hf_found_clear(&found[i]);
    hf_free(found);
    return err;
}

/* What one exchange brought. */
static enum hf_err hear(const struct hf_exchange *x,
                        const struct hf_authority_question *question,
                        const struct hf_wire_name *owner, char *room,
                        struct hf_witness *out)
{
    struct hf_why reason = {0};
    struct hf_found found;
    struct hf_buf octets;
    enum hf_err err;

    out->state = HF_WITNESS_SILENT;
    out->tcp = x->used_tcp;
    if (x->state != HF_EXCHANGE_DONE) {
        out->reason = x->why.text;
        if (x->why.sys == ENETUNREACH || x->why.sys == EAFNOSUPPORT ||
            x->why.sys == EADDRNOTAVAIL)
            out->state = HF_WITNESS_NO_ROUTE;
        return HF_OK;
    }
    if (hf_packet_read(&x->message, owner, question->type, room, &found,
                       &reason) != HF_OK) {
        out->reason = reason.text;
        return HF_OK;
    }
    found.security = HF_INDETERMINATE;
    found.server = hf_span_str(out->server.label);
    hf_buf_init_grow(&octets, HF_FOUND_MAX);
    hf_found_put(&octets, &found);
    err = octets.full ? HF_ENOMEM
                      : hf_found_read(hf_buf_span(&octets), &out->found, NULL);
    hf_buf_clear(&octets);
    if (err != HF_OK)
        return err;
    if (found.state == HF_FOUND_FAILURE)
        out->state = HF_WITNESS_REFUSES;
    else
        out->state = (x->message.flags & HF_WIRE_AA) != 0 ? HF_WITNESS_ANSWERS
                                                          : HF_WITNESS_LAME;
    return HF_OK;
}

static void start_all(struct finding *f, const struct hf_wire_name *owner,
                      struct hf_exchange *exchanges)
{
    const struct hf_authority_question *q = f->question;
    int64_t until_ms =
        hf_clock_ms() + (q->timeout_ms > 0 ? q->timeout_ms : TIMEOUT_MS);

    if (q->give_up_at_ms > 0 && q->give_up_at_ms < until_ms)
        until_ms = q->give_up_at_ms;
    for (size_t i = 0; i < f->authority->count; i++) {
        struct hf_witness *witness = &f->authority->witnesses[i];
        const struct hf_asking asking = {.server = &witness->server,
                                         .name = owner,
                                         .type = q->type,
                                         .dnssec_ok = true,
                                         .until_ms = until_ms};

        if (witness->state != HF_WITNESS_NO_ADDRESS)
            hf_exchange_start(&exchanges[i], &asking);
    }
}

static enum hf_err ask_all(struct finding *f, struct hf_why *why)
{
    size_t count = f->authority->count;
    struct hf_exchange *exchanges = hf_alloc(count, sizeof(exchanges[0]));
    char *room = hf_alloc(HF_PACKET_ROOM, 1);
    struct hf_wire_name owner;
    enum hf_err err;

    if (exchanges == NULL || room == NULL) {
        err = hf_fail(why, HF_ENOMEM, 0, "out of memory");
        goto out;
    }
    err = hf_wire_name_parse(f->question->owner, &owner, why);
    if (err != HF_OK)
        goto out;
    start_all(f, &owner, exchanges);
    err = hf_exchange_run(exchanges, count, why);
    for (size_t i = 0; i < count && err == HF_OK; i++) {
        struct hf_witness *witness = &f->authority->witnesses[i];

        if (witness->state != HF_WITNESS_NO_ADDRESS)
            err = hear(&exchanges[i], f->question, &owner, room, witness);
    }

out:
    for (size_t i = 0; exchanges != NULL && i < count; i++)
        hf_exchange_clear(&exchanges[i]);
    hf_free(exchanges);
    hf_free(room);
    return err;
}

enum hf_err hf_authority_ask(struct hf_resolver *resolver,
                             const struct hf_authority_question *question,
                             struct hf_authority **out, struct hf_why *why)
{
    struct finding f = {.resolver = resolver, .question = question};
    enum hf_err err;

    f.authority = hf_alloc(1, sizeof(*f.authority));
    if (f.authority == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    if (question->owner.len > HF_OWNER_TEXT_MAX) {
        err = hf_fail(why, HF_ESYNTAX, 0, "RFC 1035 2.3.4: name is too long");
        goto out;
    }
    err = find_cut(&f, why);
    if (err == HF_OK && f.name_count > 0)
        err = find_addresses(&f, why);
    f.authority->found = f.authority->count > 0;
    if (err == HF_OK && f.authority->found)
        err = ask_all(&f, why);

out:
    if (err != HF_OK) {
        hf_authority_free(f.authority);
        return err;
    }
    *out = f.authority;
    return HF_OK;
}

void hf_authority_free(struct hf_authority *authority)
{
    if (authority == NULL)
        return;
    for (size_t i = 0; i < authority->count; i++)
        hf_found_clear(&authority->witnesses[i].found);
    hf_free(authority);
}
