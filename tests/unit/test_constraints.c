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
        cmocka_unit_test(what_cannot_be_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
