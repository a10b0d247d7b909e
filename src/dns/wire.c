/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/wire.h"

#define POINTER    0xc0U /* the two bits that make a length a pointer */
#define OPT_LEN    11
#define EDE_OPTION 15

static unsigned octet_at(struct hf_span octets, size_t at)
{
    return (unsigned char)octets.ptr[at];
}

static uint16_t u16_at(struct hf_span octets, size_t at)
{
    return (uint16_t)(octet_at(octets, at) << 8 | octet_at(octets, at + 1));
}

static uint32_t u32_at(struct hf_span octets, size_t at)
{
    return (uint32_t)u16_at(octets, at) << 16 | u16_at(octets, at + 2);
}

static struct hf_span part(struct hf_span octets, size_t at, size_t len)
{
    return (struct hf_span){octets.ptr + at, len};
}

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
}

const char *hf_rcode_word(unsigned rcode)
{
    static const char *const words[] = {
        [0] = "NOERROR",   [1] = "FORMERR",    [2] = "SERVFAIL",
        [3] = "NXDOMAIN",  [4] = "NOTIMP",     [5] = "REFUSED",
        [6] = "YXDOMAIN",  [7] = "YXRRSET",    [8] = "NXRRSET",
        [9] = "NOTAUTH",   [10] = "NOTZONE",   [11] = "DSOTYPENI",
        [16] = "BADVERS",  [17] = "BADKEY",    [18] = "BADTIME",
        [19] = "BADMODE",  [20] = "BADNAME",   [21] = "BADALG",
        [22] = "BADTRUNC", [23] = "BADCOOKIE",
    };

    return rcode < sizeof(words) / sizeof(words[0]) ? words[rcode] : NULL;
}

const char *hf_ede_word(unsigned code)
{
    static const char *const words[] = {
        [0] = "Other Error",
        [1] = "Unsupported DNSKEY Algorithm",
        [2] = "Unsupported DS Digest Type",
        [3] = "Stale Answer",
        [4] = "Forged Answer",
        [5] = "DNSSEC Indeterminate",
        [6] = "DNSSEC Bogus",
        [7] = "Signature Expired",
        [8] = "Signature Not Yet Valid",
        [9] = "DNSKEY Missing",
        [10] = "RRSIGs Missing",
        [11] = "No Zone Key Bit Set",
        [12] = "NSEC Missing",
        [13] = "Cached Error",
        [14] = "Not Ready",
        [15] = "Blocked",
        [16] = "Censored",
        [17] = "Filtered",
        [18] = "Prohibited",
        [19] = "Stale NXDomain Answer",
        [20] = "Not Authoritative",
        [21] = "Not Supported",
        [22] = "No Reachable Authority",
        [23] = "Network Error",
        [24] = "Invalid Data",
    };

    return code < sizeof(words) / sizeof(words[0]) ? words[code] : NULL;
}

/* One octet of a label: itself, `\X`, or `\DDD`. False: a bad escape. */
static bool take_octet(struct hf_span *rest, uint8_t *out)
{
    unsigned value = 0;

    if (!hf_span_skip(rest, '\\')) {
        *out = (uint8_t)hf_span_cut(rest, 1).ptr[0];
        return true;
    }
    if (rest->len == 0)
        return false;
    if (!hf_is_digit(rest->ptr[0])) {
        *out = (uint8_t)hf_span_cut(rest, 1).ptr[0];
        return true;
    }
    if (rest->len < 3)
        return false;
    for (size_t i = 0; i < 3; i++) {
        char c = hf_span_cut(rest, 1).ptr[0];

        if (!hf_is_digit(c))
            return false;
        value = value * 10 + (unsigned)(c - '0');
    }
    *out = (uint8_t)value;
    return value <= 255;
}

/* One label with its length octet; stops at a dot or at the end. */
static enum hf_err take_label(struct hf_span *rest, struct hf_wire_name *out,
                              struct hf_why *why)
{
    size_t start = out->len;
    size_t len = 0;
    uint8_t octet;

    /* One octet for the length, one for the root's zero. */
    while (rest->len > 0 && rest->ptr[0] != '.') {
        if (!take_octet(rest, &octet))
            return hf_fail(why, HF_ESYNTAX, 0, "RFC 1035 5.1: bad escape");
        len++;
        if (len > HF_LABEL_MAX || start + len + 2 > HF_WIRE_NAME_MAX)
            return hf_fail(why, HF_ELIMIT, 0,
                           "RFC 1035 2.3.4: label over 63 or name over 255 "
                           "octets");
        out->octets[start + len] = octet;
    }
    if (len == 0)
        return hf_fail(why, HF_ESYNTAX, 0, "RFC 1035 3.1: empty label");
    out->octets[start] = (uint8_t)len;
    out->len = (uint8_t)(start + len + 1);
    return HF_OK;
}

enum hf_err hf_wire_name_parse(struct hf_span text, struct hf_wire_name *out,
                               struct hf_why *why)
{
    struct hf_wire_name name = {0};
    struct hf_span rest = text;
    enum hf_err err;

    if (hf_span_eq(text, HF_SPAN(".")))
        rest.len = 0;
    else if (text.len == 0)
        return hf_fail(why, HF_ESYNTAX, 0, "RFC 1035 3.1: empty name");
    while (rest.len > 0) {
        err = take_label(&rest, &name, why);
        if (err != HF_OK) {
            if (why != NULL)
                why->at = text.len - rest.len;
            return err;
        }
        (void)hf_span_skip(&rest, '.');
    }
    name.octets[name.len++] = 0;
    *out = name;
    return HF_OK;
}

void hf_wire_name_from(struct hf_span plain, struct hf_wire_name *out)
{
    uint8_t *at = out->octets;

    memcpy(at + 1, plain.ptr, plain.len);
    for (;;) {
        size_t len = hf_span_find(plain, '.');

        *at = (uint8_t)len;
        at += len + 1;
        (void)hf_span_cut(&plain, len);
        if (!hf_span_skip(&plain, '.'))
            break;
    }
    *at++ = 0;
    out->len = (uint8_t)(at - out->octets);
}

static void put_label_octet(struct hf_buf *out, unsigned octet)
{
    struct hf_span special = HF_SPAN("\".;\\()@$");

    if (octet <= ' ' || octet > '~') {
        hf_buf_putc(out, '\\');
        hf_buf_putc(out, (char)('0' + octet / 100));
        hf_buf_putc(out, (char)('0' + octet / 10 % 10));
        hf_buf_putc(out, (char)('0' + octet % 10));
        return;
    }
    if (memchr(special.ptr, (int)octet, special.len) != NULL)
        hf_buf_putc(out, '\\');
    hf_buf_putc(out, (char)octet);
}

void hf_wire_name_put(struct hf_buf *out, const struct hf_wire_name *name)
{
    size_t at = 0;

    if (name->len <= 1)
        hf_buf_putc(out, '.');
    while (at < name->len && name->octets[at] != 0) {
        size_t end = at + name->octets[at] + 1U;

        if (at > 0)
            hf_buf_putc(out, '.');
        for (at++; at < end && at < name->len; at++)
            put_label_octet(out, name->octets[at]);
    }
}

bool hf_wire_name_eq(const struct hf_wire_name *a, const struct hf_wire_name *b)
{
    if (a->len != b->len)
        return false;
    /* Length octets are at most 63, below the letters: they fold to
     * themselves. */
    for (size_t i = 0; i < a->len; i++)
        if (lower(a->octets[i]) != lower(b->octets[i]))
            return false;
    return true;
}

bool hf_wire_name_climb(struct hf_wire_name *name)
{
    size_t n = name->octets[0] + 1U;

    if (n == 1)
        return false;
    memmove(name->octets, name->octets + n, name->len - n);
    name->len = (uint8_t)(name->len - n);
    return true;
}

bool hf_wire_name_is_in(const struct hf_wire_name *name,
                        const struct hf_wire_name *zone)
{
    struct hf_wire_name tail;
    size_t at = 0;

    while (name->len - at > zone->len && name->octets[at] != 0)
        at += name->octets[at] + 1U;
    tail.len = (uint8_t)(name->len - at);
    memcpy(tail.octets, name->octets + at, tail.len);
    return hf_wire_name_eq(&tail, zone);
}

void hf_wire_name_lower(struct hf_wire_name *name)
{
    for (size_t i = 0; i < name->len; i++)
        name->octets[i] = lower(name->octets[i]);
}

static void put_u16(uint8_t *at, unsigned value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

/* 0x20 in every octet that is a letter, else 0: eight octets at a time. */
static uint64_t letters_of(uint64_t octets)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    uint64_t low = (octets | ones * 0x20) & ones * 0x7f;
    uint64_t from_a = low + ones * (0x80 - 'a');
    uint64_t past_z = low + ones * (0x80 - 'z' - 1);

    return (from_a & ~past_z & ~octets & ones * 0x80) >> 2;
}

void hf_wire_mix_case(uint8_t *name, size_t len, uint64_t bits)
{
    uint64_t octets = 0;
    size_t at = 0;

    for (; len - at >= sizeof(octets); at += sizeof(octets)) {
        memcpy(&octets, name + at, sizeof(octets));
        octets ^= letters_of(octets) & bits;
        memcpy(name + at, &octets, sizeof(octets));
        /* Another bit of each eight for the next eight octets. */
        bits = bits << 1 | bits >> 63;
    }
    octets = 0;
    memcpy(&octets, name + at, len - at);
    octets ^= letters_of(octets) & bits;
    memcpy(name + at, &octets, len - at);
}

size_t hf_wire_query_put(const struct hf_wire_query *query, uint8_t *room)
{
    uint8_t *at = room + HF_WIRE_HEADER;

    memset(room, 0, HF_WIRE_HEADER);
    put_u16(room, query->id);
    put_u16(room + 2, query->flags);
    put_u16(room + 4, 1);

    memcpy(at, query->name->octets, query->name->len);
    if (query->case_bits != 0)
        hf_wire_mix_case(at, query->name->len, query->case_bits);
    at += query->name->len;
    put_u16(at, query->type);
    put_u16(at + 2, HF_CLASS_IN);
    at += 4;

    if (query->udp_size != 0) {
        put_u16(room + 10, 1);
        memset(at, 0, OPT_LEN); /* owner, extended rcode, version, no data */
        put_u16(at + 1, HF_RR_OPT);
        put_u16(at + 3, query->udp_size);
        put_u16(at + 7, query->dnssec_ok ? 0x8000U : 0);
        at += OPT_LEN;
    }
    return (size_t)(at - room);
}

static enum hf_err fail_name(struct hf_why *why, size_t at)
{
    return hf_fail(why, HF_ESYNTAX, at, "RFC 1035 4.1.4: name does not end");
}

/* Step over a name without following it. 0: it does not end. */
static size_t skip_name(struct hf_span octets, size_t at)
{
    while (at < octets.len) {
        unsigned len = octet_at(octets, at);

        if (len == 0)
            return at + 1;
        if ((len & POINTER) == POINTER)
            return at + 2 <= octets.len ? at + 2 : 0;
        if ((len & POINTER) != 0)
            return 0;
        at += len + 1;
    }
    return 0;
}

enum hf_err hf_wire_open(struct hf_span octets, struct hf_wire_message *out,
                         struct hf_why *why)
{
    struct hf_wire_message message = {.octets = octets, .body = HF_WIRE_HEADER};

    if (octets.len < HF_WIRE_HEADER)
        return hf_fail(why, HF_ESYNTAX, octets.len,
                       "RFC 1035 4.1.1: shorter than a header");
    message.id = u16_at(octets, 0);
    message.flags = u16_at(octets, 2);
    for (size_t i = 0; i < 4; i++)
        message.counts[i] = u16_at(octets, 4 + 2 * i);
    if (message.counts[0] > 1)
        return hf_fail(why, HF_ESYNTAX, 4, "RFC 9619: several questions");
    if (message.counts[0] == 1) {
        message.body = skip_name(octets, HF_WIRE_HEADER);
        if (message.body == 0 || octets.len - message.body < 4)
            return hf_fail(why, HF_ESYNTAX, HF_WIRE_HEADER,
                           "RFC 1035 4.1.2: question is cut short");
        message.body += 4;
    }
    *out = message;
    return HF_OK;
}

enum hf_wire_match hf_wire_matches(const struct hf_wire_message *message,
                                   struct hf_span query)
{
    struct hf_span ours;
    struct hf_span theirs;
    size_t end;

    if (query.len < HF_WIRE_HEADER || message->counts[0] != 1 ||
        message->id != u16_at(query, 0) || (message->flags & HF_WIRE_QR) == 0 ||
        ((message->flags ^ u16_at(query, 2)) & HF_WIRE_OPCODE) != 0)
        return HF_WIRE_OTHER;
    end = skip_name(query, HF_WIRE_HEADER);
    if (end == 0 || query.len - end < 4 || message->body != end + 4)
        return HF_WIRE_OTHER;
    ours = part(query, HF_WIRE_HEADER, end + 4 - HF_WIRE_HEADER);
    theirs = part(message->octets, HF_WIRE_HEADER, ours.len);
    if (hf_span_eq(ours, theirs))
        return HF_WIRE_MATCH;
    /* The last four octets are type and class: no letters to fold. */
    if (memcmp(ours.ptr + ours.len - 4, theirs.ptr + ours.len - 4, 4) == 0 &&
        hf_span_eq_nocase(ours, theirs))
        return HF_WIRE_MANGLED;
    return HF_WIRE_OTHER;
}

struct hf_wire_walk hf_wire_walk(const struct hf_wire_message *message)
{
    return (struct hf_wire_walk){
        .message = message,
        .at = message->body,
        .section = HF_SECTION_ANSWER,
        .left = message->counts[HF_SECTION_ANSWER],
    };
}

enum hf_err hf_wire_name_read(const struct hf_wire_message *message, size_t *at,
                              struct hf_wire_name *out, struct hf_why *why)
{
    struct hf_span octets = message->octets;
    size_t behind = skip_name(octets, *at);
    size_t from = *at;
    size_t lowest = *at; /* pointers must go down: no loop is possible */
    size_t len = 0;

    if (behind == 0)
        return fail_name(why, *at);
    for (;;) {
        unsigned n = from < octets.len ? octet_at(octets, from) : POINTER;

        if ((n & POINTER) == POINTER && from + 2 <= octets.len) {
            from = u16_at(octets, from) & 0x3fffU;
            if (from >= lowest)
                return fail_name(why, *at);
            lowest = from;
            continue;
        }
        /* Room for this label and, unless it is the root, for one more. */
        if ((n & POINTER) != 0 || n + 1U > octets.len - from ||
            len + n + (n > 0 ? 2U : 1U) > HF_WIRE_NAME_MAX)
            return fail_name(why, *at);
        memcpy(out->octets + len, octets.ptr + from, n + 1U);
        len += n + 1;
        from += n + 1;
        if (n == 0)
            break;
    }
    out->len = (uint8_t)len;
    *at = behind;
    return HF_OK;
}

bool hf_wire_name_same(const struct hf_wire_message *message, size_t a,
                       size_t b)
{
    struct hf_span octets = message->octets;
    struct hf_wire_name first;
    struct hf_wire_name second;

    /* Nearly always: a pointer to the other. */
    if (a == b || (a + 2 <= octets.len && b < 0x4000 && a > b &&
                   u16_at(octets, a) == (POINTER << 8 | b)))
        return true;
    return hf_wire_name_read(message, &a, &first, NULL) == HF_OK &&
           hf_wire_name_read(message, &b, &second, NULL) == HF_OK &&
           hf_wire_name_eq(&first, &second);
}

enum hf_err hf_wire_step(struct hf_wire_walk *walk, struct hf_wire_rr *out,
                         bool *more, struct hf_why *why)
{
    const struct hf_wire_message *message = walk->message;
    struct hf_span octets = message->octets;
    size_t len;
    size_t at;

    while (walk->left == 0 && walk->section < HF_SECTION_ADDITIONAL)
        walk->left = message->counts[++walk->section];
    *more = walk->left > 0;
    if (!*more)
        return HF_OK;

    at = skip_name(octets, walk->at);
    if (at == 0)
        return fail_name(why, walk->at);
    if (octets.len - at < 10)
        return hf_fail(why, HF_ESYNTAX, at, "RFC 1035 4.1.3: cut short");
    len = u16_at(octets, at + 8);
    if (octets.len - at - 10 < len)
        return hf_fail(why, HF_ESYNTAX, at, "RFC 1035 4.1.3: cut short");

    out->owner_at = walk->at;
    out->section = (enum hf_section)walk->section;
    out->type = u16_at(octets, at);
    out->class = u16_at(octets, at + 2);
    out->ttl_s = u32_at(octets, at + 4);
    if (out->ttl_s > INT32_MAX)
        out->ttl_s = 0;
    out->rdata_at = at + 10;
    out->rdata = part(octets, at + 10, len);
    walk->at = at + 10 + len;
    walk->left--;
    return HF_OK;
}

enum hf_err hf_wire_next(struct hf_wire_walk *walk, struct hf_wire_rr *out,
                         bool *more, struct hf_why *why)
{
    struct hf_wire_walk old = *walk;
    enum hf_err err = hf_wire_step(walk, out, more, why);
    size_t at = old.at;

    if (err != HF_OK || !*more)
        return err;
    err = hf_wire_name_read(walk->message, &at, &out->owner, why);
    if (err != HF_OK)
        *walk = old;
    return err;
}

static enum hf_err read_options(struct hf_span rest, struct hf_wire_edns *out,
                                struct hf_why *why)
{
    while (rest.len > 0) {
        struct hf_span head = {0};
        struct hf_span data;

        if (rest.len >= 4)
            head = hf_span_cut(&rest, 4);
        if (head.len == 0 || rest.len < u16_at(head, 2))
            return hf_fail(why, HF_ESYNTAX, 0, "RFC 6891 6.1.2: cut short");
        data = hf_span_cut(&rest, u16_at(head, 2));
        if (u16_at(head, 0) != EDE_OPTION || data.len < 2 ||
            out->ede_count == HF_WIRE_EDE_MAX)
            continue;
        out->ede[out->ede_count] = u16_at(data, 0);
        out->ede_text[out->ede_count] = part(data, 2, data.len - 2);
        out->ede_count++;
    }
    return HF_OK;
}

enum hf_err hf_wire_edns(const struct hf_wire_message *message,
                         struct hf_wire_edns *out, struct hf_why *why)
{
    struct hf_wire_edns edns = {.rcode = hf_wire_rcode(message)};
    struct hf_wire_walk walk = hf_wire_walk(message);
    struct hf_wire_rr rr;
    enum hf_err err;
    bool more;
    uint32_t bits;

    for (;;) {
        err = hf_wire_step(&walk, &rr, &more, why);
        if (err != HF_OK)
            return err;
        if (!more)
            break;
        if (rr.type != HF_RR_OPT || rr.section != HF_SECTION_ADDITIONAL)
            continue;
        if (edns.present)
            return hf_fail(why, HF_ESYNTAX, rr.rdata_at,
                           "RFC 6891 6.1.1: two OPT records");
        bits = u32_at(message->octets, rr.rdata_at - 6);
        edns.present = true;
        edns.udp_size = rr.class;
        edns.rcode |= bits >> 24 << 4;
        edns.version = (uint8_t)(bits >> 16);
        edns.dnssec_ok = (bits & 0x8000U) != 0;
        err = read_options(rr.rdata, &edns, why);
        if (err != HF_OK)
            return err;
    }
    *out = edns;
    return HF_OK;
}
