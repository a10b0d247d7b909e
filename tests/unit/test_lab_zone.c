/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The laboratory's zones: what is answered, as a table; changes, faults, and
 * updates. That real resolvers believe the signatures is shown by
 * tests/peer/lab-dns.sh.
 */
#include "base/octets.h"
#include "dns/update.h"
#include "lab/zone_rdata.h"
#include "lab/zone_text.h"
#include "tests/unit/unit.h"

#define NOW    INT64_C(1790000000)
#define CLIENT 0x7f000002U
#define KEY    "hmac-sha256:k.example:MDEyMzQ1Njc4OWFiY2RlZg=="

static const char zone_text[] = "$ORIGIN shop.example.\n"
                                "@ SOA ns host 1 2 3 4 5\n"
                                "@ A 127.0.0.7\n"
                                "www 30 IN A 127.0.0.8\n"
                                "WWW A 127.0.0.9\n"
                                "txt TXT \"one\" \"t\\\"wo\"\n"
                                "*.wild TXT wild\n"
                                "b.a.ent TXT below\n"
                                "alias CNAME www\n"
                                "chain CNAME alias\n"
                                "round CNAME circle\n"
                                "circle CNAME round\n"
                                "gone CNAME nowhere\n"
                                "out CNAME a.other.example.\n"
                                "*.any CNAME www\n"
                                "tree DNAME leaf\n"
                                "x.leaf TXT leaf\n"
                                "caa CAA 0 issue \"ca.example\"\n"
                                "mx MX 10 www\n"
                                "sub NS ns.sub\n"
                                "ns.sub A 127.0.0.10\n"
                                "$ORIGIN other.example.\n"
                                "@ SOA ns host 1 2 3 4 5\n"
                                "a TXT (\n other\n )";

static struct hf_wire_name name_of(const char *text)
{
    struct hf_wire_name name;

    assert_int_equal(hf_wire_name_parse(hf_span_str(text), &name, NULL), HF_OK);
    return name;
}

struct world {
    struct hf_lab_dns *dns;
    struct hf_tsig_key *key;
};

static struct world make_world(void)
{
    struct hf_lab_zone_config config = {0};
    struct world world = {0};
    uint64_t line = 0;

    assert_int_equal(hf_tsig_key_parse(HF_SPAN(KEY), &world.key, NULL), HF_OK);
    assert_int_equal(hf_lab_dns_new(&world.dns, NULL), HF_OK);
    config.key = world.key;
    assert_int_equal(hf_lab_text_load(world.dns, hf_span_str(zone_text),
                                      &config, NOW, &line, NULL),
                     HF_OK);
    return world;
}

static void end_world(struct world *world)
{
    hf_lab_dns_free(world->dns);
    hf_tsig_key_free(world->key);
}

/* ---- asking ---- */

struct asked {
    uint16_t type;
    bool dnssec;
    bool tcp;
    uint32_t client;
    uint32_t delay_ms;
};

/* An rcode, flags, and the records but for signatures. */
static void put_message(struct hf_span octets, struct hf_buf *out)
{
    static const char *const sections[] = {"", "an", "ns", "ar"};
    struct hf_wire_message message;
    struct hf_wire_walk walk;
    struct hf_wire_rr rr;
    bool more;

    assert_int_equal(hf_wire_open(octets, &message, NULL), HF_OK);
    hf_buf_puts(out, hf_rcode_word(hf_wire_rcode(&message)));
    hf_buf_puts(out, (message.flags & HF_WIRE_AA) != 0 ? " aa" : "");
    hf_buf_puts(out, (message.flags & HF_WIRE_TC) != 0 ? " tc" : "");
    walk = hf_wire_walk(&message);
    while (hf_wire_next(&walk, &rr, &more, NULL) == HF_OK && more) {
        if (rr.type == HF_RR_OPT || rr.type == HF_RR_RRSIG ||
            rr.type == HF_RR_TSIG || rr.type == HF_RR_SOA)
            continue;
        hf_buf_puts(out, "; ");
        hf_buf_puts(out, sections[rr.section]);
        hf_buf_putc(out, ' ');
        hf_wire_name_lower(&rr.owner);
        hf_wire_name_put(out, &rr.owner);
        hf_buf_putc(out, ' ');
        hf_lab_type_put(rr.type, out);
        if (rr.type == HF_RR_NSEC || rr.type == HF_RR_DNSKEY ||
            rr.type == HF_RR_DS)
            continue;
        hf_buf_putc(out, ' ');
        hf_lab_rdata_put(rr.type, rr.rdata, out);
    }
}

static void ask(struct hf_lab_dns *dns, const char *name, struct asked *how,
                struct hf_buf *out)
{
    struct hf_wire_name owner = name_of(name);
    const struct hf_wire_query query = {.name = &owner,
                                        .id = 0x1234,
                                        .type = how->type,
                                        .udp_size = 1232,
                                        .dnssec_ok = how->dnssec};
    uint8_t room[HF_WIRE_QUERY_MAX];
    const struct hf_lab_packet packet = {
        .octets = {(const char *)room, hf_wire_query_put(&query, room)},
        .client = how->client,
        .tcp = how->tcp,
        .now_s = NOW,
        .clock_s = NOW};

    assert_int_equal(hf_lab_dns_answer(dns, &packet, out, &how->delay_ms, NULL),
                     HF_OK);
}

/* What is answered, as text with a NUL. */
static const char *said(struct hf_lab_dns *dns, const char *name,
                        struct asked *how)
{
    static char room[65536];
    struct hf_buf text;
    struct hf_buf out;

    hf_buf_init(&text, room, sizeof(room));
    hf_buf_init_grow(&out, 1 << 20);
    ask(dns, name, how, &out);
    if (out.len > 0)
        put_message(
            (struct hf_span){out.ptr + 2 * how->tcp, out.len - 2 * how->tcp},
            &text);
    hf_buf_putc(&text, '\0');
    hf_buf_clear(&out);
    return room;
}

static const struct {
    const char *name;
    uint16_t type;
    bool dnssec;
    const char *answer;
} cases[] = {
    /* data */
    {"www.shop.example", HF_RR_A, false,
     "NOERROR aa; an www.shop.example A 127.0.0.8; an www.shop.example A "
     "127.0.0.9"},
    {"txt.shop.example", HF_RR_TXT, false,
     "NOERROR aa; an txt.shop.example TXT \"one\" \"t\\\"wo\""},
    {"caa.shop.example", HF_RR_CAA, false,
     "NOERROR aa; an caa.shop.example CAA 0 issue \"ca.example\""},
    {"mx.shop.example", HF_RR_MX, false,
     "NOERROR aa; an mx.shop.example MX 10 www.shop.example."},
    {"WwW.shop.example", HF_RR_ANY, false,
     "NOERROR aa; an www.shop.example A 127.0.0.8; an www.shop.example A "
     "127.0.0.9"},
    /* absence */
    {"www.shop.example", HF_RR_TXT, true,
     "NOERROR aa; ns www.shop.example NSEC"},
    {"nope.shop.example", HF_RR_TXT, true,
     "NXDOMAIN aa; ns mx.shop.example NSEC; ns shop.example NSEC"},
    {"ent.shop.example", HF_RR_TXT, true,
     "NOERROR aa; ns circle.shop.example NSEC"},
    {"a.ent.shop.example", HF_RR_TXT, false, "NOERROR aa"},
    {"x.a.ent.shop.example", HF_RR_TXT, true,
     "NXDOMAIN aa; ns b.a.ent.shop.example NSEC; ns circle.shop.example "
     "NSEC"},
    {"example", HF_RR_A, false, "NOERROR aa"},
    {"nope", HF_RR_A, true, "NXDOMAIN aa; ns shop.example NSEC; ns . NSEC"},
    /* aliases */
    {"alias.shop.example", HF_RR_A, false,
     "NOERROR aa; an alias.shop.example CNAME www.shop.example.; an "
     "www.shop.example A 127.0.0.8; an www.shop.example A 127.0.0.9"},
    {"chain.shop.example", HF_RR_CNAME, false,
     "NOERROR aa; an chain.shop.example CNAME alias.shop.example."},
    {"chain.shop.example", HF_RR_TXT, true,
     "NOERROR aa; an chain.shop.example CNAME alias.shop.example.; an "
     "alias.shop.example CNAME www.shop.example.; ns www.shop.example NSEC"},
    {"gone.shop.example", HF_RR_TXT, false,
     "NXDOMAIN aa; an gone.shop.example CNAME nowhere.shop.example."},
    {"out.shop.example", HF_RR_TXT, false,
     "NOERROR aa; an out.shop.example CNAME a.other.example."},
    {"x.tree.shop.example", HF_RR_TXT, false,
     "NOERROR aa; an tree.shop.example DNAME leaf.shop.example.; an "
     "x.tree.shop.example CNAME x.leaf.shop.example.; an x.leaf.shop.example "
     "TXT \"leaf\""},
    {"tree.shop.example", HF_RR_TXT, false, "NOERROR aa"},
    /* wildcards */
    {"x.y.wild.shop.example", HF_RR_TXT, true,
     "NOERROR aa; an x.y.wild.shop.example TXT \"wild\"; ns "
     "*.wild.shop.example NSEC"},
    {"x.wild.shop.example", HF_RR_A, true,
     "NOERROR aa; ns *.wild.shop.example NSEC"},
    {"x.any.shop.example", HF_RR_TXT, true,
     "NOERROR aa; an x.any.shop.example CNAME www.shop.example.; ns "
     "*.any.shop.example NSEC; ns www.shop.example NSEC"},
    /* delegations */
    {"x.sub.shop.example", HF_RR_A, true,
     "NOERROR; ns sub.shop.example NS ns.sub.shop.example.; ns "
     "sub.shop.example NSEC; ar ns.sub.shop.example A 127.0.0.10"},
    {"sub.shop.example", HF_RR_DS, true,
     "NOERROR aa; ns sub.shop.example NSEC"},
    {"shop.example", HF_RR_DS, false, "NOERROR aa; an shop.example DS"},
    {"", HF_RR_DS, true, "NOERROR aa; ns . NSEC"},
    {"a.other.example", HF_RR_TXT, false,
     "NOERROR aa; an a.other.example TXT \"other\""},
    /* refused */
    {"shop.example", HF_RR_AXFR, false, "REFUSED"},
    {"shop.example", HF_RR_RRSIG, false, "REFUSED"},
};

static void answers(void **state)
{
    struct world world = make_world();

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct asked how = {
            .type = cases[i].type, .dnssec = cases[i].dnssec, .client = CLIENT};
        const char *name = cases[i].name[0] == '\0' ? "." : cases[i].name;
        const char *got = said(world.dns, name, &how);

        if (strcmp(got, cases[i].answer) != 0)
            fail_msg("%s: %s", name, got);
    }
    end_world(&world);
}

/* ---- changes ---- */

struct journal {
    char room[4096];
    struct hf_buf text;
};

static void tell(void *state, const struct hf_lab_change *change)
{
    struct journal *journal = state;

    hf_buf_put(&journal->text, change->who);
    hf_buf_puts(&journal->text, change->removed ? " - " : " + ");
    hf_lab_text_put(&journal->text, change->record);
}

static void listen_to(struct world *world, struct journal *journal)
{
    hf_buf_init(&journal->text, journal->room, sizeof(journal->room));
    hf_lab_dns_tell(world->dns, tell, journal);
}

static uint32_t serial_of(struct hf_lab_dns *dns, const char *zone)
{
    struct hf_wire_name name = name_of(zone);
    struct hf_lab_record record;
    uint64_t serial = 0;
    size_t at = 0;

    while (hf_lab_record_next(dns, &name, &at, &record)) {
        struct hf_span rest = record.rdata;

        if (record.type != HF_RR_SOA)
            continue;
        (void)hf_span_cut(&rest, rest.len - 20);
        assert_true(hf_take_number(&rest, 4, &serial));
        return (uint32_t)serial;
    }
    fail_msg("no SOA in %s", zone);
    return 0;
}

static void zone_names(void **state)
{
    static const char *const names[] = {".", "shop.example", "other.example"};
    struct world world = make_world();

    (void)state;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        struct hf_wire_name name = name_of(names[i]);

        assert_true(hf_wire_name_eq(hf_lab_zone_name(world.dns, i), &name));
    }
    assert_null(hf_lab_zone_name(world.dns, COUNT_OF(names)));
    end_world(&world);
}

static void edits(void **state)
{
    struct world world = make_world();
    struct hf_wire_name www = name_of("www.shop.example");
    struct hf_wire_name alias = name_of("alias.shop.example");
    struct hf_lab_record a = {&www, HF_RR_A, 5, HF_SPAN("\x7f\0\0\x0b")};
    struct hf_lab_record bad = {&www, HF_RR_A, 5, HF_SPAN("abc")};
    struct hf_lab_record txt = {&alias, HF_RR_TXT, 5, HF_SPAN("\001x")};
    struct hf_lab_record cname = {&www, HF_RR_CNAME, 5, HF_SPAN("\001x\0")};
    struct hf_lab_record soa = {&www, HF_RR_SOA, 5, HF_SPAN("")};
    struct hf_lab_record all = {&www, 0, 0, HF_SPAN("")};
    uint32_t serial = serial_of(world.dns, "shop.example");
    struct asked how = {.type = HF_RR_A, .client = CLIENT};
    struct journal journal;

    (void)state;
    listen_to(&world, &journal);
    assert_int_equal(hf_lab_record_add(world.dns, &a, NOW, NULL), HF_OK);
    assert_int_equal(hf_lab_record_count(world.dns, &www, HF_RR_A), 3);
    assert_int_equal(serial_of(world.dns, "shop.example"), serial + 1);
    assert_int_equal(hf_lab_record_add(world.dns, &bad, NOW, NULL), HF_EINVAL);
    assert_int_equal(hf_lab_record_add(world.dns, &txt, NOW, NULL), HF_EINVAL);
    assert_int_equal(hf_lab_record_add(world.dns, &cname, NOW, NULL),
                     HF_EINVAL);
    assert_int_equal(hf_lab_record_add(world.dns, &soa, NOW, NULL), HF_EINVAL);
    assert_int_equal(serial_of(world.dns, "shop.example"), serial + 1);
    assert_int_equal(hf_lab_record_replace(world.dns, &a, NOW, NULL), HF_OK);
    assert_string_equal(said(world.dns, "www.shop.example", &how),
                        "NOERROR aa; an www.shop.example A 127.0.0.11");
    assert_int_equal(hf_lab_record_remove(world.dns, &a, NOW, NULL), HF_OK);
    assert_string_equal(said(world.dns, "www.shop.example", &how),
                        "NXDOMAIN aa");
    assert_int_equal(hf_lab_record_add(world.dns, &a, NOW, NULL), HF_OK);
    assert_int_equal(hf_lab_record_remove(world.dns, &all, NOW, NULL), HF_OK);
    assert_int_equal(hf_lab_record_count(world.dns, &www, 0), 0);
    assert_span_equal(hf_buf_span(&journal.text),
                      HF_SPAN("lab + www.shop.example. 5 IN A 127.0.0.11\n"
                              "lab - www.shop.example. 5 IN A 127.0.0.8\n"
                              "lab - www.shop.example. 5 IN A 127.0.0.9\n"
                              "lab - www.shop.example. 5 IN A 127.0.0.11\n"
                              "lab + www.shop.example. 5 IN A 127.0.0.11\n"
                              "lab - www.shop.example. 5 IN A 127.0.0.11\n"
                              "lab + www.shop.example. 5 IN A 127.0.0.11\n"
                              "lab - www.shop.example. 5 IN A 127.0.0.11\n"));
    end_world(&world);
}

/* What a zone is written as is what it is read from. */
static void text_round_trip(void **state)
{
    struct world world = make_world();
    struct hf_wire_name zone = name_of("shop.example");
    struct hf_lab_record record;
    struct hf_lab_record again;
    struct hf_lab_text text;
    struct hf_buf line;
    struct hf_buf room;
    size_t at = 0;
    size_t count = 0;
    bool more;

    (void)state;
    hf_buf_init_grow(&line, 1 << 16);
    hf_buf_init_grow(&room, 1 << 16);
    while (hf_lab_record_next(world.dns, &zone, &at, &record)) {
        struct hf_span rest;

        hf_buf_reset(&line);
        hf_lab_text_put(&line, &record);
        rest = hf_buf_span(&line);
        hf_lab_text_init(&text, &zone);
        assert_int_equal(
            hf_lab_text_next(&text, &rest, &room, &again, &more, NULL), HF_OK);
        assert_true(more);
        assert_true(hf_wire_name_eq(again.owner, record.owner));
        assert_int_equal(again.type, record.type);
        assert_int_equal(again.ttl_s, record.ttl_s);
        assert_span_equal(again.rdata, record.rdata);
        count++;
    }
    assert_int_equal(count, 23);
    hf_buf_clear(&line);
    hf_buf_clear(&room);
    end_world(&world);
}

static void bad_text(void **state)
{
    static const struct {
        const char *text;
        uint64_t line;
    } bad[] = {
        {"x A 127.0.0.1", 1}, /* nothing is wrong with that */
        {"\n\nx A 127.0.0", 3},
        {"x A ::1", 1},
        {"x TXT", 1},
        {"x TXT \"a", 1},
        {"x ( TXT a", 1},
        {"x FOO a", 1},
        {"x 1x A 127.0.0.1", 1},
        {"x CH A 127.0.0.1", 1},
        {"x MX 65536 a.", 1},
        {"x MX 1 a. b.", 1},
        {"x DS 1 2 3 abc", 1},
        {"x DS 1 2 3 xy", 1},
        {"x A \\# 3 010203", 1},
        {"x TYPE65280 1234", 1},
        {"x..y A 127.0.0.1", 1},
        {"$INCLUDE x", 1},
        {"$TTL x", 1},
        {"x CNAME a.\nx A 127.0.0.1", 2},
        {"x RRSIG \\# 1 00", 1},
        {"x.\001 SOA", 1},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct hf_lab_zone_config config = {0};
        struct hf_lab_dns *dns = NULL;
        struct hf_why why = {0};
        uint64_t line = 0;
        enum hf_err err;

        assert_int_equal(hf_lab_dns_new(&dns, NULL), HF_OK);
        err = hf_lab_text_load(dns, hf_span_str(bad[i].text), &config, NOW,
                               &line, &why);
        if ((err == HF_OK) != (i == 0) || (i > 0 && line != bad[i].line) ||
            (i > 0 && why.text == NULL))
            fail_msg("%s: %d at %d", bad[i].text, (int)err, (int)line);
        hf_lab_dns_free(dns);
    }
}

/* ---- faults ---- */

static void faults(void **state)
{
    static const struct {
        enum hf_lab_fault_kind kind;
        const char *name;
        const char *answer;
    } cases_of[] = {
        {HF_LAB_SILENT, "shop.example", ""},
        {HF_LAB_SERVFAIL, "example", "SERVFAIL"},
        {HF_LAB_REFUSED, ".", "REFUSED"},
        {HF_LAB_TRUNCATED, "txt.shop.example", "NOERROR aa tc"},
        {HF_LAB_LIE, "shop.example",
         "NOERROR aa; an txt.shop.example TXT \"lie\""},
        {HF_LAB_LOST, "shop.example",
         "NOERROR; ns shop.example NS ns.shop.example.; ar ns.shop.example A "
         "127.0.0.1"},
        {HF_LAB_LOOP, "shop.example",
         "NOERROR aa; an txt.shop.example CNAME loop.txt.shop.example.; an "
         "loop.txt.shop.example CNAME txt.shop.example."},
        {HF_LAB_SLOW, "shop.example",
         "NOERROR aa; an txt.shop.example TXT \"one\" \"t\\\"wo\""},
        {HF_LAB_SERVFAIL, "other.example",
         "NOERROR aa; an txt.shop.example TXT \"one\" \"t\\\"wo\""},
    };
    struct world world = make_world();

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases_of); i++) {
        struct hf_lab_fault fault = {.kind = cases_of[i].kind,
                                     .name = name_of(cases_of[i].name),
                                     .client = CLIENT,
                                     .delay_ms = 7,
                                     .lie = HF_SPAN("lie")};
        struct asked how = {.type = HF_RR_TXT, .tcp = true, .client = CLIENT};
        struct asked other = {.type = HF_RR_TXT, .client = CLIENT + 1};
        enum hf_lab_fault_kind kind;

        assert_true(hf_lab_fault_find(
            hf_span_str(hf_lab_fault_word(fault.kind)), &kind));
        assert_int_equal(kind, fault.kind);
        assert_int_equal(hf_lab_fault_set(world.dns, &fault, NULL), HF_OK);
        assert_string_equal(said(world.dns, "txt.shop.example", &how),
                            cases_of[i].answer);
        assert_int_equal(how.delay_ms, fault.kind == HF_LAB_SLOW ? 7 : 0);
        assert_string_equal(
            said(world.dns, "txt.shop.example", &other),
            "NOERROR aa; an txt.shop.example TXT \"one\" \"t\\\"wo\"");
        assert_true(hf_lab_fault_end(world.dns, &fault));
        assert_false(hf_lab_fault_end(world.dns, &fault));
    }
    end_world(&world);
}

/* ---- updates ---- */

struct change {
    char what; /* + - and ? (has the record), ! (has no such RRset) */
    const char *name;
    uint16_t type;
    const char *rdata; /* a TXT string, or "" */
};

/* The code of the answer, whose signature is checked, too. */
static unsigned update(const struct world *world, const char *zone,
                       const struct change *changes, size_t count)
{
    struct hf_wire_name apex = name_of(zone);
    struct hf_update *update = NULL;
    enum hf_update_answer answer;
    struct hf_lab_packet packet = {
        .client = CLIENT, .now_s = NOW, .clock_s = NOW};
    struct hf_wire_message message;
    uint32_t delay_ms;
    struct hf_buf out;

    assert_int_equal(hf_update_new(&apex, world->key, 7, &update, NULL), HF_OK);
    for (size_t i = 0; i < count; i++) {
        struct hf_wire_name owner = name_of(changes[i].name);
        struct hf_update_rr rr = {&owner, changes[i].type, 9,
                                  hf_span_str(changes[i].rdata)};

        if (changes[i].what == '+')
            hf_update_add(update, &rr);
        else if (changes[i].what == '-')
            hf_update_delete(update, &rr);
        else if (changes[i].what == '?')
            hf_update_require_record(update, &rr);
        else
            hf_update_require_none(update, &rr);
    }
    assert_int_equal(hf_update_ask(update, NOW, &packet.octets, NULL), HF_OK);
    hf_buf_init_grow(&out, 1 << 16);
    assert_int_equal(
        hf_lab_dns_answer(world->dns, &packet, &out, &delay_ms, NULL), HF_OK);
    assert_int_equal(hf_wire_open(hf_buf_span(&out), &message, NULL), HF_OK);
    if (hf_wire_rcode(&message) == HF_RCODE_NOERROR)
        assert_int_equal(
            hf_update_take(update, hf_buf_span(&out), NOW, &answer, NULL),
            HF_OK);
    hf_buf_clear(&out);
    hf_update_free(update);
    return hf_wire_rcode(&message);
}

#define TXT HF_RR_TXT

static const struct {
    const char *zone;
    unsigned rcode;
    bool changed;
    struct change changes[3];
} update_cases[] = {
    {"shop.example", 0, true, {{'+', "n.shop.example", TXT, "\003new"}}},
    {"shop.example", 0, false, {{'+', "n.shop.example", TXT, "\003new"}}},
    {"shop.example", 0, false, {{'-', "n.shop.example", TXT, "\003odd"}}},
    {"shop.example",
     0,
     true,
     {{'?', "n.shop.example", TXT, "\003new"},
      {'-', "n.shop.example", TXT, "\003new"},
      {'+', "n.shop.example", TXT, "\003two"}}},
    {"shop.example",
     HF_RCODE_NXRRSET,
     false,
     {{'?', "n.shop.example", TXT, "\003new"},
      {'+', "n.shop.example", TXT, "\004four"}}},
    {"shop.example",
     HF_RCODE_YXRRSET,
     false,
     {{'!', "n.shop.example", TXT, ""},
      {'+', "n.shop.example", TXT, "\004four"}}},
    {"shop.example", 0, false, {{'+', "alias.shop.example", TXT, "\001x"}}},
    {"shop.example",
     HF_RCODE_NOTZONE,
     false,
     {{'+', "n.shop.example", TXT, "\004four"},
      {'+', "a.other.example", TXT, "\001x"}}},
    {"shop.example",
     HF_RCODE_FORMERR,
     false,
     {{'+', "n.shop.example", TXT, "\004four"},
      {'+', "m.shop.example", TXT, "\007x"}}},
    {"shop.example",
     HF_RCODE_REFUSED,
     false,
     {{'-', "shop.example", HF_RR_DNSKEY, "\001\001\003\013x"}}},
    {"www.shop.example",
     HF_RCODE_NOTAUTH,
     false,
     {{'+', "www.shop.example", TXT, "\001x"}}},
    {".", HF_RCODE_REFUSED, false, {{'+', "x", TXT, "\001x"}}},
};

static void updates(void **state)
{
    struct world world = make_world();
    struct asked how = {.type = TXT, .client = CLIENT};
    struct journal journal;

    (void)state;
    listen_to(&world, &journal);
    for (size_t i = 0; i < COUNT_OF(update_cases); i++) {
        uint32_t serial = serial_of(world.dns, "shop.example");
        size_t count = 0;
        unsigned rcode;

        while (count < 3 && update_cases[i].changes[count].what != 0)
            count++;
        rcode = update(&world, update_cases[i].zone, update_cases[i].changes,
                       count);
        serial = serial_of(world.dns, "shop.example") - serial;
        if (rcode != update_cases[i].rcode || serial != update_cases[i].changed)
            fail_msg("%zu: %u, serial +%u", i, rcode, serial);
    }
    assert_string_equal(said(world.dns, "n.shop.example", &how),
                        "NOERROR aa; an n.shop.example TXT \"two\"");
    assert_span_equal(hf_buf_span(&journal.text),
                      HF_SPAN("k.example + n.shop.example. 9 IN TXT \"new\"\n"
                              "k.example - n.shop.example. 9 IN TXT \"new\"\n"
                              "k.example + n.shop.example. 9 IN TXT "
                              "\"two\"\n"));
    end_world(&world);
}

/* The key of one zone is nobody's for another. */
static void others_key(void **state)
{
    static const struct change change = {'+', "x.key.example", TXT, "\001x"};
    struct world world = make_world();
    struct hf_tsig_key *other = NULL;
    struct hf_lab_zone_config config = {.name = HF_SPAN("key.example")};

    (void)state;
    assert_int_equal(
        hf_tsig_key_parse(HF_SPAN("j.example:c2VjcmV0"), &other, NULL), HF_OK);
    config.key = other;
    assert_int_equal(hf_lab_zone_add(world.dns, &config, NULL), HF_OK);
    assert_int_equal(update(&world, "key.example", &change, 1),
                     HF_RCODE_REFUSED);
    end_world(&world);
    hf_tsig_key_free(other);
}

/* A request that was signed at another time: its answer says so, signed. */
static void late_update(void **state)
{
    struct world world = make_world();
    struct hf_wire_name zone = name_of("shop.example");
    struct hf_update *update = NULL;
    enum hf_update_answer answer;
    struct hf_lab_packet packet = {
        .client = CLIENT, .now_s = NOW, .clock_s = NOW + 301};
    struct hf_why why = {0};
    uint32_t delay_ms;
    struct hf_buf out;

    (void)state;
    assert_int_equal(hf_update_new(&zone, world.key, 7, &update, NULL), HF_OK);
    assert_int_equal(hf_update_ask(update, NOW, &packet.octets, NULL), HF_OK);
    hf_buf_init_grow(&out, 1 << 16);
    assert_int_equal(
        hf_lab_dns_answer(world.dns, &packet, &out, &delay_ms, NULL), HF_OK);
    assert_int_equal(
        hf_update_take(update, hf_buf_span(&out), NOW, &answer, &why),
        HF_EPEER);
    assert_non_null(strstr(why.text, "BADTIME"));
    hf_buf_clear(&out);
    hf_update_free(update);
    end_world(&world);
}

/* Large answers: cut over UDP, whole over TCP, SERVFAIL when too large. */
static void sizes(void **state)
{
    struct world world = make_world();
    struct hf_wire_name owner = name_of("big.shop.example");
    struct asked udp = {.type = TXT, .client = CLIENT};
    struct asked tcp = {.type = TXT, .client = CLIENT, .tcp = true};
    char rdata[256];

    (void)state;
    memset(rdata, 'x', sizeof(rdata));
    rdata[0] = (char)(unsigned char)255;
    for (size_t i = 0; i < 256; i++) {
        struct hf_lab_record record = {&owner, TXT, 60, {rdata, 256}};
        const char *got;

        rdata[1] = (char)(unsigned char)i;
        assert_int_equal(hf_lab_record_add(world.dns, &record, NOW, NULL),
                         HF_OK);
        if (i != 3 && i != 4 && i != 243 && i != 244)
            continue;
        got = said(world.dns, "big.shop.example", &udp);
        assert_int_equal(strncmp(got, "NOERROR aa tc", 14) == 0, i > 3);
        got = said(world.dns, "big.shop.example", &tcp);
        assert_int_equal(strncmp(got, "SERVFAIL", 8) == 0, i > 243);
    }
    end_world(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers),     cmocka_unit_test(edits),
        cmocka_unit_test(bad_text),    cmocka_unit_test(text_round_trip),
        cmocka_unit_test(faults),      cmocka_unit_test(updates),
        cmocka_unit_test(late_update), cmocka_unit_test(sizes),
        cmocka_unit_test(zone_names),  cmocka_unit_test(others_key),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
