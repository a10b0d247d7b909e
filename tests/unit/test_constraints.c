/* SPDX-License-Identifier: Apache-2.0 */
/* Name constraints: which names clients refuse, of a CA that says for which it
 * may issue. */
#include "crypto/ca_certificate.h"
#include "crypto/constraints.h"
#include "holdfast/digest.h"
#include "tests/unit/unit.h"

#define S HF_SPAN_INIT

static char ca_room[HF_CA_TBS_MAX];
static char names_room[1024];

/* P-256, as RFC 5480 has it; the point is none, and nobody looks. */
static const char spki[91] =
    "\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48"
    "\xce\x3d\x03\x01\x07\x03\x42\x00\x04";

/* What a CA with these constraints says, as `ca init` makes it. */
static struct hf_constraints constraints_of(const struct hf_span *permitted,
                                            size_t count)
{
    static const unsigned char serial[] = {1};
    const struct hf_ca_certificate certificate = {
        .serial = serial,
        .serial_len = sizeof(serial),
        .subject = {.common_name = HF_SPAN("Issuing CA")},
        .spki = {spki, sizeof(spki)},
        .not_before_at = 1790000000,
        .not_after_at = 1800000000,
        .issuer = {.name = HF_SPAN("\x30\x00"), .key_id = HF_SPAN("1234")},
        .permitted = permitted,
        .permitted_count = count};
    struct hf_constraints out = {0};
    struct hf_why why = {0};
    struct hf_x509 read;
    struct hf_der tbs;

    hf_der_init(&tbs, ca_room, sizeof(ca_room));
    if (hf_ca_certificate_build(&certificate, HF_ES256, &tbs, &why) != HF_OK ||
        hf_x509_read_tbs(hf_der_span(&tbs), &read, &why) != HF_OK ||
        hf_constraints_read(read.extensions, &out, &why) != HF_OK)
        fail_msg("%s", why.text);
    return out;
}

/* Extensions with one name of this kind. */
static struct hf_span one_name(unsigned tag, struct hf_span name)
{
    struct hf_der der;

    hf_der_init(&der, names_room, sizeof(names_room));
    hf_der_put_element(&der, tag, name);
    hf_der_wrap(&der, HF_DER_SEQUENCE, 0);
    hf_x509_wrap_extension(&der, hf_oid_alt_name, false, 0);
    return hf_der_span(&der);
}

#define DNS HF_DER_IMPLICIT(2)
#define IP  HF_DER_IMPLICIT(7)

static const struct {
    const char *name;
    struct hf_span permitted[2]; /* to the CA */
    unsigned tag;
    struct hf_span value;
    bool refused;
} cases[] = {
    {"anything", {S(""), S("")}, DNS, S("x.example"), false},
    {"any address", {S(""), S("")}, IP, S("\x0a\x00\x00\x01"), false},
    {"itself", {S("corp.example"), S("")}, DNS, S("corp.example"), false},
    {"below", {S("corp.example"), S("")}, DNS, S("a.b.corp.example"), false},
    {"in capitals",
     {S("corp.example"), S("")},
     DNS,
     S("A.CORP.Example"),
     false},
    {"a wildcard", {S("corp.example"), S("")}, DNS, S("*.corp.example"), false},
    {"the second", {S("corp.example"), S("x.test")}, DNS, S("x.test"), false},
    {"in the range",
     {S("10.0.0.0/8"), S("")},
     IP,
     S("\x0a\x09\x08\x07"),
     false},
    {"names are free where ranges are",
     {S("10.0.0.0/8"), S("")},
     DNS,
     S("x.example"),
     false},
    {"of another kind", {S("corp.example"), S("")}, 0x81, S("a@x.test"), false},
    {"another", {S("corp.example"), S("")}, DNS, S("x.example"), true},
    {"above", {S("corp.example"), S("")}, DNS, S("example"), true},
    {"half a label",
     {S("corp.example"), S("")},
     DNS,
     S("mycorp.example"),
     true},
    {"no range at all",
     {S("corp.example"), S("")},
     IP,
     S("\x0a\x00\x00\x01"),
     true},
    {"beside the range",
     {S("10.0.0.0/8"), S("")},
     IP,
     S("\x0b\x00\x00\x01"),
     true},
    {"no address", {S("10.0.0.0/8"), S("")}, IP, S("\x0a\x00"), true},
};

static void refuses(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        size_t count = cases[i].permitted[0].len == 0   ? 0
                       : cases[i].permitted[1].len == 0 ? 1
                                                        : 2;
        struct hf_constraints constraints =
            constraints_of(cases[i].permitted, count);
        struct hf_span extensions = one_name(cases[i].tag, cases[i].value);
        struct hf_span name;

        if (hf_constraints_refuse(&constraints, extensions, &name) !=
                cases[i].refused ||
            !hf_span_eq(name, cases[i].refused ? cases[i].value : HF_SPAN("")))
            fail_msg("%s", cases[i].name);
    }
}

/* ---- constraints that `ca init` does not make ---- */

static char subtree_rooms[2][512];

/* GeneralSubtrees of these names. */
static struct hf_span subtrees_of(size_t room, unsigned tag,
                                  const struct hf_span *names, size_t count)
{
    struct hf_der der;

    hf_der_init(&der, subtree_rooms[room], sizeof(subtree_rooms[room]));
    for (size_t i = count; i > 0; i--) {
        size_t mark = hf_der_mark(&der);

        hf_der_put_element(&der, tag, names[i - 1]);
        hf_der_wrap(&der, HF_DER_SEQUENCE, mark);
    }
    return hf_der_span(&der);
}

#define EXCLUDES "the certificate of the issuing CA excludes "
#define PERMITS  "the certificate of the issuing CA permits nothing but "
#define LAW      " (name constraints, RFC 5280 4.2.1.10)"

static const struct {
    struct hf_span permitted; /* of the kind of the text, each; empty: none */
    struct hf_span excluded;
    bool is_ip;
    struct hf_span text;
    struct hf_span said; /* empty: it is not refused */
} texts[] = {
    {S(""), S(""), false, S("x.example"), S("")},
    {S("corp.example"), S(""), false, S("www.corp.example"), S("")},
    {S("corp.example"), S(""), false, S("*.corp.example"), S("")},
    {S("www.corp.example"), S(""), false, S("*.corp.example"),
     S(PERMITS "www.corp.example" LAW)},
    {S("corp.example"), S(""), false, S("x.example"),
     S(PERMITS "corp.example" LAW)},
    {S("\x1b[1m"), S(""), false, S("x.example"), S(PERMITS "\\027[1m" LAW)},
    {S(""), S("corp.example"), false, S("a.b.corp.example"),
     S(EXCLUDES "corp.example" LAW)},
    {S("corp.example"), S("db.corp.example"), false, S("db.corp.example"),
     S(EXCLUDES "db.corp.example" LAW)},
    {S("corp.example"), S("db.corp.example"), false, S("a.corp.example"),
     S("")},
    /* It would be good for db.corp.example, but not for a name below it. */
    {S(""), S("db.corp.example"), false, S("*.corp.example"),
     S(EXCLUDES "db.corp.example" LAW)},
    {S(""), S("a.db.corp.example"), false, S("*.corp.example"), S("")},
    {S(""), S("db.corp.example"), false, S("*.mycorp.example"), S("")},
    {S(""), S("example"), false, S("*.test"), S("")},
    {S(""), S("example"), false, S("*.example"), S(EXCLUDES "example" LAW)},
    {S(""), S(".corp.example"), false, S("a.corp.example"),
     S(EXCLUDES ".corp.example" LAW)},
    {S(""), S(".corp.example"), false, S("corp.example"), S("")},
    {S(".corp.example"), S(""), false, S("corp.example"),
     S(PERMITS ".corp.example" LAW)},
    {S(".corp.example"), S(""), false, S("a.corp.example"), S("")},
    {S("\x0a\0\0\0\xff\0\0\0"), S(""), true, S("10.1.2.3"), S("")},
    {S("\x0a\0\0\0\xff\0\0\0"), S(""), true, S("11.1.2.3"),
     S(PERMITS "10.0.0.0/8" LAW)},
    {S("\x0a\0\0\0\xff\0\xff\0"), S(""), true, S("11.1.0.3"),
     S(PERMITS "10.0.0.0/255.0.255.0" LAW)},
    {S(""),
     S("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
       "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),
     true, S("2001:db8::1"), S(EXCLUDES "::/0" LAW)},
    {S("\x0a"), S(""), true, S("10.0.0.1"),
     S(PERMITS "a range of addresses that is none" LAW)},
};

static void says_why(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        unsigned tag = texts[i].is_ip ? IP : DNS;
        struct hf_constraints constraints = {
            .permitted = subtrees_of(0, tag, &texts[i].permitted,
                                     texts[i].permitted.len > 0),
            .excluded = subtrees_of(1, tag, &texts[i].excluded,
                                    texts[i].excluded.len > 0)};
        char room[HF_CONSTRAINTS_SAID_MAX];
        struct hf_buf said;

        hf_buf_init(&said, room, sizeof(room));
        if (hf_constraints_refuse_text(&constraints, texts[i].text,
                                       texts[i].is_ip,
                                       &said) != (texts[i].said.len > 0) ||
            !hf_span_eq(hf_buf_span(&said), texts[i].said))
            fail_msg("%s: %.*s", texts[i].text.ptr, (int)said.len, said.ptr);
    }
}

static void says_a_few(void **state)
{
    struct hf_span names[HF_CA_PERMITTED_MAX];
    char long_name[200];
    char room[HF_CONSTRAINTS_SAID_MAX];
    struct hf_constraints constraints;
    struct hf_buf said;

    (void)state;
    for (size_t i = 0; i < HF_CA_PERMITTED_MAX; i++)
        names[i] = HF_SPAN("a.test");
    constraints = constraints_of(names, HF_CA_PERMITTED_MAX);
    hf_buf_init(&said, room, sizeof(room));
    assert_true(hf_constraints_refuse_text(&constraints, HF_SPAN("x.example"),
                                           false, &said));
    assert_true(hf_span_eq(
        hf_buf_span(&said),
        HF_SPAN(PERMITS "a.test, a.test, a.test, a.test, a.test, a.test, "
                        "a.test, a.test, ..." LAW)));
    /* The longest sentence has room. */
    memset(long_name, 1, sizeof(long_name));
    for (size_t i = 0; i < 2; i++)
        names[i] = (struct hf_span){long_name, sizeof(long_name)};
    constraints.permitted = subtrees_of(0, DNS, names, 2);
    hf_buf_reset(&said);
    assert_true(hf_constraints_refuse_text(&constraints, HF_SPAN("x.example"),
                                           false, &said));
    assert_false(said.full);
    assert_in_range(said.len, 800, HF_CONSTRAINTS_SAID_MAX / 4);
}

static void what_cannot_be_read(void **state)
{
    static const struct hf_span permitted[] = {HF_SPAN_INIT("corp.example")};
    struct hf_constraints constraints = constraints_of(permitted, 1);
    struct hf_constraints kept = constraints;
    struct hf_why why = {0};
    struct hf_span name;
    struct hf_der der;

    (void)state;
    /* A certificate without names, and one whose names are cut off. */
    assert_true(hf_constraints_refuse(&constraints, HF_SPAN(""), &name));
    hf_der_init(&der, names_room, sizeof(names_room));
    hf_der_put(&der, HF_SPAN("\x82\x09short"));
    hf_der_wrap(&der, HF_DER_SEQUENCE, 0);
    hf_x509_wrap_extension(&der, hf_oid_alt_name, false, 0);
    assert_true(hf_constraints_refuse(&constraints, hf_der_span(&der), &name));
    assert_int_equal(name.len, 0);
    /* A CA whose constraints are none. */
    hf_der_init(&der, names_room, sizeof(names_room));
    hf_der_put(&der, HF_SPAN("\x30\x03\xa0\x09x"));
    hf_x509_wrap_extension(&der, hf_oid_name_constraints, true, 0);
    assert_int_equal(hf_constraints_read(hf_der_span(&der), &constraints, &why),
                     HF_ESYNTAX);
    assert_memory_equal(&constraints, &kept, sizeof(kept));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses),
        cmocka_unit_test(says_why),
        cmocka_unit_test(says_a_few),
        cmocka_unit_test(what_cannot_be_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
