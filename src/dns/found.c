/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/found.h"

#include "base/alloc.h"
#include "base/octets.h"

#define SERVER_TEXT_MAX 96
#define RCODE_NONE      0xffU
#define RCODE_MAX       23
#define FAILURE_ROOM    4096

/* What is true of an answer, or not. */
enum {
    MARK_SYNTHESISED = 1 << 0,
    MARK_AUTHORITATIVE = 1 << 1,
    MARK_NO_ROUTE = 1 << 2,
    MARKS_ALL = (1 << 3) - 1,
};

const char *hf_found_state_word(enum hf_found_state state)
{
    switch (state) {
    case HF_FOUND_DATA:
        return "data";
    case HF_FOUND_NODATA:
        return "nodata";
    case HF_FOUND_NXDOMAIN:
        return "nxdomain";
    case HF_FOUND_FAILURE:
        return "failure";
    }
    return "unknown";
}

const char *hf_security_word(enum hf_security security)
{
    switch (security) {
    case HF_SECURE:
        return "secure";
    case HF_INSECURE:
        return "insecure";
    case HF_BOGUS:
        return "bogus";
    case HF_INDETERMINATE:
        return "indeterminate";
    }
    return "unknown";
}

bool hf_found_next(struct hf_span *rest, struct hf_span *rdata)
{
    return hf_take_text(rest, UINT16_MAX, rdata);
}

void hf_found_clear(struct hf_found *found)
{
    hf_free(found->bytes);
    *found = (struct hf_found){0};
}

static void put_link(struct hf_buf *out, const struct hf_link *link)
{
    hf_put_text(out, link->owner);
    hf_put_text(out, link->target);
    hf_put_number(out, link->ttl_s, 4);
    hf_put_number(out, link->synthesised, 1);
}

static unsigned marks_of(const struct hf_found *found)
{
    return (found->synthesised ? MARK_SYNTHESISED : 0U) |
           (found->authoritative ? MARK_AUTHORITATIVE : 0U) |
           (found->no_route ? MARK_NO_ROUTE : 0U);
}

void hf_found_put(struct hf_buf *out, const struct hf_found *found)
{
    hf_put_number(out, found->state, 1);
    hf_put_number(out, found->security, 1);
    hf_put_number(out, found->rcode < 0 ? RCODE_NONE : (unsigned)found->rcode,
                  1);
    hf_put_number(out, marks_of(found), 1);
    hf_put_number(out, found->type, 2);
    hf_put_number(out, found->ttl_s, 4);
    hf_put_text(out, found->owner);
    hf_put_text(out, found->reason);
    hf_put_text(out, found->server);
    hf_put_number(out, found->chain_count, 1);
    for (size_t i = 0; i < found->chain_count; i++)
        put_link(out, &found->chain[i]);
    hf_put_number(out, found->record_count, 2);
    hf_buf_put(out, found->records);
}

static bool is_printable(struct hf_span text, char first)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] < first || text.ptr[i] > 0x7e)
            return false;
    return true;
}

static bool take_name(struct hf_span *rest, struct hf_span *out)
{
    return hf_take_text(rest, HF_OWNER_TEXT_MAX, out) && out->len > 0 &&
           is_printable(*out, 0x21);
}

static bool take_sentence(struct hf_span *rest, size_t max, struct hf_span *out)
{
    return hf_take_text(rest, max, out) && is_printable(*out, 0x20);
}

static bool take_head(struct hf_span *rest, struct hf_found *out)
{
    unsigned state, security, rcode, marks;
    uint64_t type, ttl_s;

    if (!hf_take_below(rest, HF_FOUND_FAILURE + 1, &state) ||
        !hf_take_below(rest, HF_INDETERMINATE + 1, &security) ||
        !hf_take_below(rest, RCODE_NONE + 1, &rcode) ||
        !hf_take_below(rest, MARKS_ALL + 1, &marks) ||
        !hf_take_number(rest, 2, &type) || !hf_take_number(rest, 4, &ttl_s))
        return false;
    if (rcode > RCODE_MAX && rcode != RCODE_NONE)
        return false;

    /* Every value was compared with the last of its kind above. */
    out->state = (enum hf_found_state)state;
    out->security = (enum hf_security)security;
    out->rcode = rcode == RCODE_NONE ? -1 : (int)rcode;
    out->synthesised = (marks & MARK_SYNTHESISED) != 0;
    out->authoritative = (marks & MARK_AUTHORITATIVE) != 0;
    out->no_route = (marks & MARK_NO_ROUTE) != 0;
    out->type = (uint16_t)type;
    out->ttl_s = (uint32_t)ttl_s;
    return take_name(rest, &out->owner) &&
           take_sentence(rest, HF_REASON_TEXT_MAX, &out->reason) &&
           take_sentence(rest, SERVER_TEXT_MAX, &out->server);
}

static bool take_chain(struct hf_span *rest, struct hf_found *out)
{
    unsigned count;
    uint64_t ttl_s;

    if (!hf_take_below(rest, HF_CHAIN_MAX + 1, &count))
        return false;
    for (size_t i = 0; i < count; i++) {
        struct hf_link *link = &out->chain[i];

        if (!take_name(rest, &link->owner) || !take_name(rest, &link->target) ||
            !hf_take_number(rest, 4, &ttl_s) ||
            !hf_take_flag(rest, &link->synthesised))
            return false;
        link->ttl_s = (uint32_t)ttl_s;
    }
    out->chain_count = count;
    return true;
}

/* The records are what is left: exactly `count` of them. */
static bool take_records(struct hf_span *rest, struct hf_found *out)
{
    struct hf_span rdata;
    uint64_t count;

    if (!hf_take_number(rest, 2, &count))
        return false;
    out->records = *rest;
    out->record_count = (size_t)count;
    while (count > 0 && hf_found_next(rest, &rdata))
        count--;
    return count == 0 && rest->len == 0;
}

static bool is_consistent(const struct hf_found *found)
{
    /* REQ VAL-30: what failed validation is not used. */
    if (found->security == HF_BOGUS && found->state != HF_FOUND_FAILURE)
        return false;
    /* Where there is no way, there is no answer. */
    if (found->no_route &&
        (found->state != HF_FOUND_FAILURE || found->rcode >= 0))
        return false;
    return (found->state == HF_FOUND_DATA) == (found->record_count > 0);
}

enum hf_err hf_found_read(struct hf_span octets, struct hf_found *out,
                          struct hf_why *why)
{
    struct hf_found found = {0};
    struct hf_span rest;

    if (octets.len == 0 || octets.len > HF_FOUND_MAX)
        return hf_fail(why, HF_ESYNTAX, 0, "resolver: answer of a wrong size");
    found.bytes = hf_alloc(octets.len, 1);
    if (found.bytes == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    memcpy(found.bytes, octets.ptr, octets.len);

    rest = (struct hf_span){found.bytes, octets.len};
    if (!take_head(&rest, &found) || !take_chain(&rest, &found) ||
        !take_records(&rest, &found) || !is_consistent(&found)) {
        hf_found_clear(&found);
        return hf_fail(why, HF_ESYNTAX, 0, "resolver: answer makes no sense");
    }
    *out = found;
    return HF_OK;
}

enum hf_err hf_found_fail(const struct hf_lookup *lookup, struct hf_span server,
                          const char *reason, struct hf_found *out,
                          struct hf_why *why)
{
    struct hf_found found = {.state = HF_FOUND_FAILURE,
                             .security = HF_INDETERMINATE,
                             .rcode = -1,
                             .type = lookup->type,
                             .owner = lookup->owner,
                             .server = server,
                             .reason = hf_span_str(reason)};
    char room[FAILURE_ROOM];
    struct hf_buf octets;

    hf_buf_init(&octets, room, sizeof(room));
    hf_found_put(&octets, &found);
    return hf_found_read(hf_buf_span(&octets), out, why);
}

static bool has_record(const struct hf_found *found, struct hf_span wanted)
{
    struct hf_span rest = found->records;
    struct hf_span rdata;

    while (hf_found_next(&rest, &rdata))
        if (hf_span_eq(rdata, wanted))
            return true;
    return false;
}

/* REQ MON-01: the order never matters. */
static bool has_same_records(const struct hf_found *a, const struct hf_found *b)
{
    struct hf_span rest = a->records;
    struct hf_span rdata;

    if (a->record_count != b->record_count)
        return false;
    while (hf_found_next(&rest, &rdata))
        if (!has_record(b, rdata))
            return false;
    return true;
}

bool hf_found_agrees(const struct hf_found *a, const struct hf_found *b)
{
    if (a->state == HF_FOUND_FAILURE || b->state == HF_FOUND_FAILURE)
        return a->state == b->state;
    if ((a->chain_count > 0) != (b->chain_count > 0))
        return false;
    if (a->chain_count > 0 &&
        !hf_span_eq_nocase(a->chain[0].target, b->chain[0].target))
        return false;
    /* Behind an alias a server that does not serve the target stops early:
     * at another name, or without records. */
    if (a->chain_count > 0 && (!hf_span_eq_nocase(a->owner, b->owner) ||
                               a->record_count == 0 || b->record_count == 0))
        return true;
    return has_same_records(a, b);
}

void hf_found_put_chain(struct hf_json *json, const struct hf_found *found)
{
    hf_json_key(json, "chain");
    hf_json_open(json, '[');
    for (size_t i = 0; i < found->chain_count; i++) {
        hf_json_open(json, '{');
        hf_json_key_str(json, "owner", found->chain[i].owner);
        hf_json_key_str(json, "target", found->chain[i].target);
        hf_json_key_int(json, "ttl", found->chain[i].ttl_s);
        hf_json_close(json, '}');
    }
    hf_json_close(json, ']');
}
