/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/wire.h"
#include "tests/unit/unit.h"

#define S HF_SPAN_INIT

/* ---- names ---- */

static const struct {
    const char *name;
    struct hf_span text;
    enum hf_err err;
    size_t at;
    struct hf_span wire;
    struct hf_span back; /* as written again; empty: as it was */
} names[] = {
    {"root", S("."), HF_OK, 0, S("\0"), S("")},
    {"one label", S("example"), HF_OK, 0, S("\7example\0"), S("")},
    {"two", S("a.bc"), HF_OK, 0, S("\1a\2bc\0"), S("")},
    {"trailing dot", S("a.bc."), HF_OK, 0, S("\1a\2bc\0"), S("a.bc")},
    {"case is kept", S("Ab"), HF_OK, 0, S("\2Ab\0"), S("")},
    {"escaped dot", S("a\\.b"), HF_OK, 0, S("\3a.b\0"), S("")},
    {"decimal escape", S("\\000\\255"), HF_OK, 0, S("\2\0\xff\0"), S("")},
    {"octet above 126", S("\xc3"), HF_OK, 0, S("\1\xc3\0"), S("\\195")},
    {"blank and quotes", S("a b\""), HF_OK, 0, S("\4a b\"\0"),
     S("a\\032b\\\"")},
    {"empty", S(""), HF_ESYNTAX, 0, S(""), S("")},
    {"empty label", S("a..b"), HF_ESYNTAX, 2, S(""), S("")},
    {"leading dot", S(".a"), HF_ESYNTAX, 0, S(""), S("")},
    {"half an escape", S("a\\"), HF_ESYNTAX, 2, S(""), S("")},
    {"short number", S("\\12"), HF_ESYNTAX, 1, S(""), S("")},
    {"number with letters", S("\\12a"), HF_ESYNTAX, 4, S(""), S("")},
    {"number too large", S("\\256"), HF_ESYNTAX, 4, S(""), S("")},
};

static struct hf_span wire_span(const struct hf_wire_name *name)
{
    return (struct hf_span){(const char *)name->octets, name->len};
}

static void names_are_read_and_written(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        struct hf_wire_name wire = {0};
        struct hf_why why = {0};
        enum hf_err err = hf_wire_name_parse(names[i].text, &wire, &why);
        char room[1024];
        struct hf_buf out;

        if (err != names[i].err || why.at != names[i].at ||
            !hf_span_eq(wire_span(&wire), names[i].wire))
            fail_msg("%s", names[i].name);
        if (err != HF_OK)
            continue;
        hf_buf_init(&out, room, sizeof(room));
        hf_wire_name_put(&out, &wire);
        assert_span_equal(hf_buf_span(&out), names[i].back.len > 0
                                                 ? names[i].back
                                                 : names[i].text);
    }
}

/* 63 octets a label, 255 in all (RFC 1035, section 2.3.4). */
static void limits_of_names(void **state)
{
    char text[260];
    struct hf_wire_name wire;
    struct hf_wire_name plain;
    struct hf_span name = {text, 253};

    (void)state;
    memset(text, 'a', sizeof(text));
    text[63] = text[127] = text[191] = '.';
    assert_int_equal(hf_wire_name_parse(name, &wire, NULL), HF_OK);
    assert_int_equal(wire.len, 255);
    hf_wire_name_from(name, &plain);
    assert_span_equal(wire_span(&plain), wire_span(&wire));
    name.len = 254;
    assert_int_equal(hf_wire_name_parse(name, &wire, NULL), HF_ELIMIT);
    text[63] = 'a';
    name.len = 64;
    assert_int_equal(hf_wire_name_parse(name, &wire, NULL), HF_ELIMIT);
    name.len = 63;
    assert_int_equal(hf_wire_name_parse(name, &wire, NULL), HF_OK);
}

static void lower_case_is_equal(void **state)
{
    struct hf_wire_name wire;
    struct hf_wire_name lower;

    (void)state;
    assert_int_equal(hf_wire_name_parse(HF_SPAN("*._A-b.Example"), &wire, NULL),
                     HF_OK);
    lower = wire;
    hf_wire_name_lower(&lower);
    assert_true(hf_wire_name_eq(&wire, &lower));
    assert_memory_not_equal(wire.octets, lower.octets, wire.len);
}

/* ---- case ---- */

static void case_bits_change_letters_only(void **state)
{
    uint8_t name[255];
    uint8_t mixed[255];

    (void)state;
    for (size_t i = 0; i < sizeof(name); i++)
        name[i] = (uint8_t)i;
    for (size_t len = 0; len < sizeof(name); len++) {
        memcpy(mixed, name, sizeof(name));
        hf_wire_mix_case(mixed, len, UINT64_MAX);
        for (size_t i = 0; i < sizeof(name); i++) {
            bool letter = (i >= 'a' && i <= 'z') || (i >= 'A' && i <= 'Z');
            uint8_t want = (uint8_t)(letter && i < len ? i ^ 0x20 : i);

            if (mixed[i] != want)
                fail_msg("octet %zu of %zu", i, len);
        }
        hf_wire_mix_case(mixed, len, UINT64_MAX);
        assert_memory_equal(mixed, name, sizeof(name));
    }
}

/* Each of 64 letters in a row has a bit of its own. */
static void case_bits_are_independent(void **state)
{
    uint64_t seen = 0;

    (void)state;
    for (unsigned bit = 0; bit < 64; bit++) {
        uint8_t name[64];
        unsigned changed = 0;

        memset(name, 'a', sizeof(name));
        hf_wire_mix_case(name, sizeof(name), UINT64_C(1) << bit);
        for (unsigned i = 0; i < 64; i++) {
            if (name[i] == 'a')
                continue;
            changed++;
            seen |= UINT64_C(1) << i;
        }
        if (bit % 8 == 5)
            assert_true(changed >= 1);
    }
    assert_true(seen == UINT64_MAX);
}

/* ---- queries ---- */

static size_t put_query(uint8_t *room, uint16_t udp_size, uint64_t bits)
{
    struct hf_wire_name name;
    struct hf_wire_query query = {.name = &name,
                                  .id = 0x1234,
                                  .type = HF_RR_TXT,
                                  .flags = HF_WIRE_RD,
                                  .udp_size = udp_size,
                                  .dnssec_ok = udp_size != 0,
                                  .case_bits = bits};

    assert_int_equal(hf_wire_name_parse(HF_SPAN("ab.example"), &name, NULL),
                     HF_OK);
    return hf_wire_query_put(&query, room);
}

static void query_octets(void **state)
{
    static const char bare[] = "\x12\x34\x01\0\0\1\0\0\0\0\0\0"
                               "\2ab\7example\0\0\x10\0\1";
    static const char edns[] = "\x12\x34\x01\0\0\1\0\0\0\0\0\1"
                               "\2ab\7example\0\0\x10\0\1"
                               "\0\0\x29\x04\xd0\0\0\x80\0\0\0";
    uint8_t room[HF_WIRE_QUERY_MAX];
    size_t len;

    (void)state;
    len = put_query(room, 0, 0);
    assert_int_equal(len, sizeof(bare) - 1);
    assert_memory_equal(room, bare, len);
    len = put_query(room, HF_WIRE_UDP_SIZE, 0);
    assert_int_equal(len, sizeof(edns) - 1);
    assert_memory_equal(room, edns, len);
}

/* ---- matching ---- */

/* REQ VAL-36: an answer is one to our question, or it is nothing. */
static void answers_match_byte_for_byte(void **state)
{
    uint8_t query[HF_WIRE_QUERY_MAX];
    uint8_t answer[HF_WIRE_QUERY_MAX];
    struct hf_wire_message message;
    struct hf_span sent = {(const char *)query, 0};
    struct hf_span came = {(const char *)answer, 0};

    (void)state;
    sent.len = put_query(query, HF_WIRE_UDP_SIZE, 0x0123456789abcdef);
    came.len = sent.len;
    for (size_t i = 0; i < sent.len; i++) {
        bool question =
            i >= HF_WIRE_HEADER && i < sent.len - 11; /* before OPT */
        bool counted = i == 0 || i == 1 || i == 4 || i == 5 || question;

        memcpy(answer, query, sent.len);
        answer[2] |= 0x80;
        assert_int_equal(hf_wire_open(came, &message, NULL), HF_OK);
        assert_int_equal(hf_wire_matches(&message, sent), HF_WIRE_MATCH);
        answer[i] ^= 0x01;
        if (hf_wire_open(came, &message, NULL) != HF_OK)
            continue;
        if ((hf_wire_matches(&message, sent) != HF_WIRE_MATCH) != counted &&
            i != 2)
            fail_msg("octet %zu", i);
    }
}

static void answers_that_do_not_match(void **state)
{
    uint8_t query[HF_WIRE_QUERY_MAX];
    uint8_t answer[HF_WIRE_QUERY_MAX];
    struct hf_wire_message message;
    struct hf_span sent = {(const char *)query, 0};
    struct hf_span came = {(const char *)answer, 0};

    (void)state;
    sent.len = put_query(query, 0, 0);
    came.len = sent.len;
    memcpy(answer, query, sent.len);
    assert_int_equal(hf_wire_open(came, &message, NULL), HF_OK);
    assert_int_equal(hf_wire_matches(&message, sent), HF_WIRE_OTHER); /* QR */
    answer[2] |= 0x80;
    answer[2] |= 0x20; /* opcode 4 */
    assert_int_equal(hf_wire_open(came, &message, NULL), HF_OK);
    assert_int_equal(hf_wire_matches(&message, sent), HF_WIRE_OTHER);
    answer[2] = 0x81;
    answer[13] ^= 0x20; /* the case of one letter */
    assert_int_equal(hf_wire_open(came, &message, NULL), HF_OK);
    assert_int_equal(hf_wire_matches(&message, sent), HF_WIRE_MANGLED);
    answer[5] = 0; /* no question at all */
    assert_int_equal(hf_wire_open(came, &message, NULL), HF_OK);
    assert_int_equal(hf_wire_matches(&message, sent), HF_WIRE_OTHER);
}

/* ---- records ---- */

#define HEAD(an, ns, ar) "\0\1\x84\0\0\1\0" an "\0" ns "\0" ar
#define QUESTION         "\1a\4test\0\0\x10\0\1"

static const struct {
    const char *name;
    struct hf_span octets;
    bool opens;
    bool walks;
    size_t records;
} messages[] = {
    {"no records", S(HEAD("\0", "\0", "\0") QUESTION), true, true, 0},
    {"one TXT",
     S(HEAD("\1", "\0", "\0") QUESTION "\xc0\x0c\0\x10\0\1\0\0\0\x3c\0\3\2hi"),
     true, true, 1},
    {"header cut", S("\0\1\x84\0\0\1\0\0\0\0\0"), false, false, 0},
    {"question cut", S(HEAD("\0", "\0", "\0") "\1a\4test\0\0\x10\0"), false,
     false, 0},
    {"question's name cut", S(HEAD("\0", "\0", "\0") "\1a\4te"), false, false,
     0},
    {"two questions", S("\0\1\x84\0\0\2\0\0\0\0\0\0" QUESTION QUESTION), false,
     false, 0},
    {"record missing", S(HEAD("\1", "\0", "\0") QUESTION), true, false, 0},
    {"record cut",
     S(HEAD("\1", "\0", "\0") QUESTION "\xc0\x0c\0\x10\0\1\0\0\0\x3c\0\4\2hi"),
     true, false, 0},
    {"pointer to itself",
     S(HEAD("\1", "\0", "\0") QUESTION "\xc0\x17\0\x10\0\1\0\0\0\x3c\0\0"),
     true, false, 0},
    {"pointer forward",
     S(HEAD("\1", "\0", "\0") QUESTION "\xc0\x20\0\x10\0\1\0\0\0\x3c\0\0\0"),
     true, false, 0},
    {"pointer cut", S(HEAD("\1", "\0", "\0") QUESTION "\xc0"), true, false, 0},
    {"label type 01",
     S(HEAD("\1", "\0", "\0") QUESTION "\x41"
                                       "a\0\x10\0\1\0\0\0\x3c\0\0"),
     true, false, 0},
    {"pointers that loop",
     S(HEAD("\1", "\0", "\0") QUESTION "\1b\xc0\x17\0\x10\0\1\0\0\0\x3c\0\0"),
     true, false, 0},
};

static void records_are_walked(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(messages); i++) {
        struct hf_wire_message message;
        struct hf_wire_walk walk;
        struct hf_wire_rr rr;
        enum hf_err err = hf_wire_open(messages[i].octets, &message, NULL);
        size_t records = 0;
        bool more = true;

        if ((err == HF_OK) != messages[i].opens)
            fail_msg("%s: open", messages[i].name);
        if (err != HF_OK)
            continue;
        walk = hf_wire_walk(&message);
        while (err == HF_OK && more) {
            err = hf_wire_next(&walk, &rr, &more, NULL);
            records += err == HF_OK && more;
        }
        if ((err == HF_OK) != messages[i].walks ||
            records != messages[i].records)
            fail_msg("%s: walk", messages[i].name);
    }
}

static void record_is_read(void **state)
{
    static const struct hf_span octets =
        S(HEAD("\1", "\1", "\0") QUESTION "\xc0\x0c\0\x10\0\1\0\0\0\x3c\0\3\2hi"
                                          "\1B\xc0\x0e\1\1\0\1\x80\0\0\0\0\0");
    struct hf_wire_message message;
    struct hf_wire_walk walk;
    struct hf_wire_rr rr;
    struct hf_wire_name want;
    bool more;

    (void)state;
    assert_int_equal(hf_wire_open(octets, &message, NULL), HF_OK);
    assert_true((message.flags & HF_WIRE_AA) != 0);
    walk = hf_wire_walk(&message);
    assert_int_equal(hf_wire_next(&walk, &rr, &more, NULL), HF_OK);
    assert_int_equal(rr.section, HF_SECTION_ANSWER);
    assert_int_equal(rr.type, HF_RR_TXT);
    assert_int_equal(rr.class, HF_CLASS_IN);
    assert_int_equal(rr.ttl_s, 60);
    assert_span_equal(rr.rdata, HF_SPAN("\2hi"));
    assert_int_equal(hf_wire_next(&walk, &rr, &more, NULL), HF_OK);
    assert_int_equal(rr.section, HF_SECTION_AUTHORITY);
    assert_int_equal(rr.type, HF_RR_CAA);
    assert_int_equal(rr.ttl_s, 0); /* RFC 2181, section 8 */
    assert_int_equal(hf_wire_name_parse(HF_SPAN("b.test"), &want, NULL), HF_OK);
    assert_true(hf_wire_name_eq(&rr.owner, &want));
    assert_int_equal(hf_wire_next(&walk, &rr, &more, NULL), HF_OK);
    assert_false(more);
}

/* A chain of pointers costs no more than the message is long, and a name made
 * of them ends at 255 octets. */
static void compression_cannot_blow_up(void **state)
{
    uint8_t octets[4096];
    struct hf_wire_message message = {
        .octets = {(const char *)octets, sizeof(octets)}};
    struct hf_wire_name name;
    size_t at = 0;

    (void)state;
    memset(octets, 0, sizeof(octets));
    /* Each "label, pointer to the one before" adds two octets to the name. */
    for (at = 16; at + 4 <= sizeof(octets); at += 4) {
        octets[at] = 1;
        octets[at + 1] = 'a';
        octets[at + 2] = (uint8_t)(0xc0 | (at - 4) >> 8);
        octets[at + 3] = (uint8_t)(at - 4);
    }
    at = 16 + 4 * 126;
    assert_int_equal(hf_wire_name_read(&message, &at, &name, NULL), HF_OK);
    assert_int_equal(name.len, 255);
    assert_int_equal(at, 16 + 4 * 126 + 4);
    at = 16 + 4 * 127;
    assert_int_equal(hf_wire_name_read(&message, &at, &name, NULL), HF_ESYNTAX);
}

/* ---- EDNS ---- */

static void extended_errors_are_read(void **state)
{
    static const struct hf_span octets =
        S("\0\1\x84\x02\0\1\0\0\0\0\0\1" QUESTION
          "\0\0\x29\x04\xd0\1\0\x80\0\0\x12"
          "\0\x0f\0\x0a\0\6expired!"
          "\0\x0a\0\0");
    static const struct hf_span cut = S(HEAD(
        "\0", "\0", "\1") QUESTION "\0\0\x29\x04\xd0\0\0\0\0\0\4\0\x0f\0\2");
    static const struct hf_span twice =
        S(HEAD("\0", "\0", "\2") QUESTION "\0\0\x29\x04\xd0\0\0\0\0\0\0"
                                          "\0\0\x29\x04\xd0\0\0\0\0\0\0");
    struct hf_wire_message message;
    struct hf_wire_edns edns;

    (void)state;
    assert_int_equal(hf_wire_open(octets, &message, NULL), HF_OK);
    assert_int_equal(hf_wire_edns(&message, &edns, NULL), HF_OK);
    assert_true(edns.present && edns.dnssec_ok);
    assert_int_equal(edns.udp_size, 1232);
    assert_int_equal(edns.rcode, 18); /* both halves */
    assert_int_equal(edns.ede_count, 1);
    assert_int_equal(edns.ede[0], 6);
    assert_span_equal(edns.ede_text[0], HF_SPAN("expired!"));
    assert_string_equal(hf_ede_word(6), "DNSSEC Bogus");
    assert_null(hf_ede_word(4711));
    assert_string_equal(hf_rcode_word(3), "NXDOMAIN");
    assert_null(hf_rcode_word(15));
    assert_int_equal(hf_wire_open(cut, &message, NULL), HF_OK);
    assert_int_equal(hf_wire_edns(&message, &edns, NULL), HF_ESYNTAX);
    assert_int_equal(hf_wire_open(twice, &message, NULL), HF_OK);
    assert_int_equal(hf_wire_edns(&message, &edns, NULL), HF_ESYNTAX);
}

static void names_in_zones(void **state)
{
    static const struct {
        const char *name;
        const char *zone;
        bool in;
    } cases[] = {
        {"example", "example", true},
        {"a.EXAMPLE", "example", true},
        {"a.b.example", "Example", true},
        {"a.example", ".", true},
        {".", ".", true},
        {"example", "a.example", false},
        {"aexample", "example", false},
        {"a\\.example", "example", false},
        {"example.other", "example", false},
        {".", "example", false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct hf_wire_name name;
        struct hf_wire_name zone;

        assert_int_equal(
            hf_wire_name_parse(hf_span_str(cases[i].name), &name, NULL), HF_OK);
        assert_int_equal(
            hf_wire_name_parse(hf_span_str(cases[i].zone), &zone, NULL), HF_OK);
        if (hf_wire_name_is_in(&name, &zone) != cases[i].in)
            fail_msg("%s in %s", cases[i].name, cases[i].zone);
    }
}

static void climbing_ends_at_the_root(void **state)
{
    struct hf_wire_name name;
    struct hf_wire_name parent;

    (void)state;
    assert_int_equal(hf_wire_name_parse(HF_SPAN("a.b"), &name, NULL), HF_OK);
    assert_int_equal(hf_wire_name_parse(HF_SPAN("b"), &parent, NULL), HF_OK);
    assert_true(hf_wire_name_climb(&name));
    assert_true(hf_wire_name_eq(&name, &parent));
    assert_true(hf_wire_name_climb(&name));
    assert_int_equal(name.len, 1);
    assert_false(hf_wire_name_climb(&name));
    assert_int_equal(name.len, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_read_and_written),
        cmocka_unit_test(limits_of_names),
        cmocka_unit_test(lower_case_is_equal),
        cmocka_unit_test(names_in_zones),
        cmocka_unit_test(climbing_ends_at_the_root),
        cmocka_unit_test(case_bits_change_letters_only),
        cmocka_unit_test(case_bits_are_independent),
        cmocka_unit_test(query_octets),
        cmocka_unit_test(answers_match_byte_for_byte),
        cmocka_unit_test(answers_that_do_not_match),
        cmocka_unit_test(records_are_walked),
        cmocka_unit_test(record_is_read),
        cmocka_unit_test(compression_cannot_blow_up),
        cmocka_unit_test(extended_errors_are_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
