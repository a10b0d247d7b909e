/* SPDX-License-Identifier: Apache-2.0 */
/* What a message says about one look-up; messages are built here, octet by
 * octet, also those that no honest server sends. */
#include "base/octets.h"
#include "dns/packet.h"
#include "tests/unit/unit.h"

#define MESSAGE_MAX 65535

struct record {
    const char *owner;
    uint16_t type;
    uint32_t ttl_s;
    struct hf_span rdata;    /* as it is, unless: */
    const char *target;      /* a name instead */
    enum hf_section section; /* 0: answer */
};

/* RRSIG RDATA up to the labels: type covered, algorithm, labels. */
#define TXT_SIGNED(labels)   HF_SPAN_INIT("\0\20\15" labels "rest")
#define CNAME_SIGNED(labels) HF_SPAN_INIT("\0\5\15" labels "rest")
/* One record each. clang-format's versions differ about a macro's braces. */
/* clang-format off */
#define TXT(name, ttl, data) \
    {.owner = (name), .type = HF_RR_TXT, .ttl_s = (ttl), .rdata = data}
#define RRSIG(name, ttl, data) \
    {.owner = (name), .type = HF_RR_RRSIG, .ttl_s = (ttl), .rdata = data}
#define ALIAS(name, ttl, to) \
    {.owner = (name), .type = HF_RR_CNAME, .ttl_s = (ttl), .target = (to)}
/* clang-format on */
#define TXT_A HF_SPAN_INIT("\1a")
#define TXT_B HF_SPAN_INIT("\1b")

static void put_name(struct hf_buf *out, const char *text)
{
    struct hf_wire_name name;

    assert_int_equal(hf_wire_name_parse(hf_span_str(text), &name, NULL), HF_OK);
    hf_buf_put(out, (struct hf_span){(const char *)name.octets, name.len});
}

static void put_record(struct hf_buf *out, const struct record *record)
{
    size_t at;

    put_name(out, record->owner);
    hf_put_number(out, record->type, 2);
    hf_put_number(out, HF_CLASS_IN, 2);
    hf_put_number(out, record->ttl_s, 4);
    at = out->len;
    hf_put_number(out, 0, 2);
    if (record->target != NULL)
        put_name(out, record->target);
    else
        hf_buf_put(out, record->rdata);
    out->ptr[at] = (char)((out->len - at - 2) >> 8);
    out->ptr[at + 1] = (char)(out->len - at - 2);
}

static size_t count_in(const struct record *records, size_t count,
                       enum hf_section section)
{
    size_t n = 0;

    for (size_t i = 0; i < count; i++)
        n += records[i].owner != NULL &&
             (records[i].section == 0 ? HF_SECTION_ANSWER
                                      : records[i].section) == section;
    return n;
}

static void put_message(struct hf_buf *out, unsigned rcode,
                        const struct record *records, size_t count)
{
    hf_put_number(out, 7, 2);
    hf_put_number(out, HF_WIRE_QR | rcode, 2);
    hf_put_number(out, 1, 2);
    hf_put_number(out, count_in(records, count, HF_SECTION_ANSWER), 2);
    hf_put_number(out, count_in(records, count, HF_SECTION_AUTHORITY), 2);
    hf_put_number(out, 0, 2);
    put_name(out, "a.example");
    hf_put_number(out, HF_RR_TXT, 2);
    hf_put_number(out, HF_CLASS_IN, 2);
    for (size_t i = 0; i < count; i++)
        if (records[i].owner != NULL)
            put_record(out, &records[i]);
}

static enum hf_err read_message(unsigned rcode, uint16_t type,
                                const struct record *records, size_t count,
                                struct hf_found *found, struct hf_why *why)
{
    static char octets[MESSAGE_MAX];
    static char room[HF_PACKET_ROOM];
    struct hf_wire_message message;
    struct hf_wire_name owner;
    struct hf_buf out;

    hf_buf_init(&out, octets, sizeof(octets));
    put_message(&out, rcode, records, count);
    assert_false(out.full);
    assert_int_equal(hf_wire_open(hf_buf_span(&out), &message, NULL), HF_OK);
    assert_int_equal(hf_wire_name_parse(HF_SPAN("a.example"), &owner, NULL),
                     HF_OK);
    return hf_packet_read(&message, &owner, type, room, found, why);
}

#define RECORDS_MAX 4

static const struct {
    const char *name;
    unsigned rcode;
    struct record records[RECORDS_MAX];
    enum hf_err err;
    enum hf_found_state state;
    size_t count;
    size_t chain;
    uint32_t ttl_s;
    bool synthesised;
} cases[] = {
    {"data",
     0,
     {TXT("a.example", 300, TXT_A)},
     HF_OK,
     HF_FOUND_DATA,
     1,
     0,
     300,
     false},
    {"REQ VAL-02: cut",
     HF_WIRE_TC,
     {TXT("a.example", 300, TXT_A)},
     HF_ESYNTAX,
     0,
     0,
     0,
     0,
     false},
    {"owner in upper case",
     0,
     {TXT("A.EXAMPLE", 300, TXT_A)},
     HF_OK,
     HF_FOUND_DATA,
     1,
     0,
     300,
     false},
    {"the least TTL",
     0,
     {TXT("a.example", 300, TXT_A), TXT("a.example", 5, TXT_B)},
     HF_OK,
     HF_FOUND_DATA,
     2,
     0,
     5,
     false},
    {"a record of another name",
     0,
     {TXT("a.example", 300, TXT_A), TXT("evil.example", 5, TXT_B)},
     HF_OK,
     HF_FOUND_DATA,
     1,
     0,
     300,
     false},
    {"only another name's record",
     0,
     {TXT("evil.example", 5, TXT_B)},
     HF_OK,
     HF_FOUND_NODATA,
     0,
     0,
     0,
     false},
    {"data in the wrong section",
     0,
     {{.owner = "a.example",
       .type = HF_RR_TXT,
       .ttl_s = 300,
       .rdata = TXT_A,
       .section = HF_SECTION_AUTHORITY}},
     HF_OK,
     HF_FOUND_NODATA,
     0,
     0,
     0,
     false},
    {"REQ VAL-33: alias",
     0,
     {ALIAS("a.example", 60, "b.example"), TXT("b.example", 300, TXT_A)},
     HF_OK,
     HF_FOUND_DATA,
     1,
     1,
     60,
     false},
    {"alias, target first",
     0,
     {TXT("b.example", 300, TXT_A), ALIAS("a.example", 60, "b.example")},
     HF_OK,
     HF_FOUND_DATA,
     1,
     1,
     60,
     false},
    {"alias that leaves",
     0,
     {ALIAS("a.example", 60, "b.example")},
     HF_OK,
     HF_FOUND_NODATA,
     0,
     1,
     60,
     false},
    {"alias to nothing",
     HF_RCODE_NXDOMAIN,
     {ALIAS("a.example", 60, "b.example")},
     HF_OK,
     HF_FOUND_NXDOMAIN,
     0,
     1,
     60,
     false},
    {"alias to itself",
     0,
     {ALIAS("a.example", 60, "a.example")},
     HF_ELIMIT,
     0,
     0,
     0,
     0,
     false},
    {"RFC 2181 10.1: data beside an alias",
     0,
     {ALIAS("a.example", 60, "b.example"), TXT("a.example", 300, TXT_A)},
     HF_ESYNTAX,
     0,
     0,
     0,
     0,
     false},
    {"no data",
     0,
     {{.owner = "example",
       .type = HF_RR_SOA,
       .ttl_s = 77,
       .rdata = HF_SPAN_INIT("x"),
       .section = HF_SECTION_AUTHORITY}},
     HF_OK,
     HF_FOUND_NODATA,
     0,
     0,
     77,
     false},
    {"no such name",
     HF_RCODE_NXDOMAIN,
     {{.owner = NULL}},
     HF_OK,
     HF_FOUND_NXDOMAIN,
     0,
     0,
     0,
     false},
    {"no such name, but data",
     HF_RCODE_NXDOMAIN,
     {TXT("a.example", 300, TXT_A)},
     HF_ESYNTAX,
     0,
     0,
     0,
     0,
     false},
    {"SERVFAIL",
     HF_RCODE_SERVFAIL,
     {{.owner = NULL}},
     HF_OK,
     HF_FOUND_FAILURE,
     0,
     0,
     0,
     false},
    {"REFUSED",
     HF_RCODE_REFUSED,
     {{.owner = NULL}},
     HF_OK,
     HF_FOUND_FAILURE,
     0,
     0,
     0,
     false},
    {"signed",
     0,
     {TXT("a.example", 300, TXT_A), RRSIG("a.example", 300, TXT_SIGNED("\2"))},
     HF_OK,
     HF_FOUND_DATA,
     1,
     0,
     300,
     false},
    {"REQ VAL-58: made by a wildcard",
     0,
     {TXT("a.example", 300, TXT_A), RRSIG("a.example", 300, TXT_SIGNED("\1"))},
     HF_OK,
     HF_FOUND_DATA,
     1,
     0,
     300,
     true},
    {"another type's signature",
     0,
     {TXT("a.example", 300, TXT_A),
      RRSIG("a.example", 300, HF_SPAN_INIT("\0\1\15\1"))},
     HF_OK,
     HF_FOUND_DATA,
     1,
     0,
     300,
     false},
    {"REQ VAL-58: an alias made by a wildcard",
     0,
     {ALIAS("a.example", 60, "b.example"),
      RRSIG("a.example", 60, CNAME_SIGNED("\1")), TXT("b.example", 300, TXT_A)},
     HF_OK,
     HF_FOUND_DATA,
     1,
     1,
     60,
     true},
    {"a signature cut short",
     0,
     {TXT("a.example", 300, TXT_A),
      RRSIG("a.example", 300, HF_SPAN_INIT("\0\20"))},
     HF_OK,
     HF_FOUND_DATA,
     1,
     0,
     300,
     false},
};

static void reading_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct hf_found found = {0};
        struct hf_why why = {0};
        enum hf_err err =
            read_message(cases[i].rcode, HF_RR_TXT, cases[i].records,
                         RECORDS_MAX, &found, &why);

        if (err != cases[i].err)
            fail_msg("%s: %d", cases[i].name, (int)err);
        if (err == HF_OK && (found.state != cases[i].state ||
                             found.record_count != cases[i].count ||
                             found.chain_count != cases[i].chain ||
                             found.ttl_s != cases[i].ttl_s ||
                             found.synthesised != cases[i].synthesised ||
                             found.rcode != (int)cases[i].rcode))
            fail_msg("%s", cases[i].name);
    }
}

/* Every owner on the way, in lower case. */
static void chain_in_words(void **state)
{
    const struct record records[] = {
        ALIAS("A.example", 60, "B.example"),
        ALIAS("b.EXAMPLE", 50, "c\\.c.example"),
        TXT("c\\.c.example", 300, TXT_A),
    };
    struct hf_found found;

    (void)state;
    assert_int_equal(read_message(0, HF_RR_TXT, records, 3, &found, NULL),
                     HF_OK);
    assert_int_equal(found.chain_count, 2);
    assert_span_equal(found.chain[0].owner, HF_SPAN("a.example"));
    assert_span_equal(found.chain[0].target, HF_SPAN("b.example"));
    assert_span_equal(found.chain[1].target, HF_SPAN("c\\.c.example"));
    assert_span_equal(found.owner, HF_SPAN("c\\.c.example"));
    assert_int_equal(found.ttl_s, 50);
}

/* Sixteen aliases are followed, a seventeenth is one too many. */
static void longest_chain(void **state)
{
    struct record records[HF_CHAIN_MAX + 2];
    char names[HF_CHAIN_MAX + 2][16];
    struct hf_found found;

    (void)state;
    for (size_t i = 0; i < HF_CHAIN_MAX + 2; i++) {
        struct hf_buf name;

        hf_buf_init(&name, names[i], sizeof(names[i]) - 1);
        hf_buf_putc(&name, (char)('a' + i));
        hf_buf_puts(&name, ".example");
        names[i][name.len] = '\0';
    }
    for (size_t i = 0; i < HF_CHAIN_MAX + 1; i++)
        records[i] = (struct record){
            .owner = names[i], .type = HF_RR_CNAME, .target = names[i + 1]};
    assert_int_equal(
        read_message(0, HF_RR_TXT, records, HF_CHAIN_MAX, &found, NULL), HF_OK);
    assert_int_equal(found.chain_count, HF_CHAIN_MAX);
    assert_int_equal(
        read_message(0, HF_RR_TXT, records, HF_CHAIN_MAX + 1, &found, NULL),
        HF_ELIMIT);
}

/* A name in RDATA leaves its message whole: here its end is a pointer to the
 * question. */
static void names_are_uncompressed(void **state)
{
    const struct record records[] = {{.owner = "a.example",
                                      .type = HF_RR_NS,
                                      .ttl_s = 300,
                                      .rdata = HF_SPAN_INIT("\2ns\300\14")}};
    struct hf_found found;
    struct hf_span rdata;

    (void)state;
    assert_int_equal(read_message(0, HF_RR_NS, records, 1, &found, NULL),
                     HF_OK);
    assert_true(hf_found_next(&found.records, &rdata));
    assert_span_equal(rdata, HF_SPAN("\2ns\1a\7example\0"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reading_table),
        cmocka_unit_test(chain_in_words),
        cmocka_unit_test(longest_chain),
        cmocka_unit_test(names_are_uncompressed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
