/* SPDX-License-Identifier: Apache-2.0 */
/* Any spelling of a name to the canonical one: REQ RECORD-21. */
#include "holdfast/idna.h"
#include "tests/unit/unit.h"

#define S   HF_SPAN_INIT
#define A10 "aaaaaaaaaa"
#define A60 A10 A10 A10 A10 A10 A10

static const struct {
    const char *name;
    struct hf_span text;
    const char *want; /* NULL: refused */
} cases[] = {
    /* good */
    {"ASCII", S("example.com"), "example.com"},
    {"capitals and dot", S("EXAMPLE.com."), "example.com"},
    {"umlaut",
     S("b\xc3\xbc"
       "cher.example"),
     "xn--bcher-kva.example"},
    {"capital umlaut",
     S("B\xc3\x9c"
       "CHER.example"),
     "xn--bcher-kva.example"},
    {"umlaut of two marks",
     S("bu\xcc\x88"
       "cher.example"),
     "xn--bcher-kva.example"},
    {"umlaut and dot",
     S("b\xc3\xbc"
       "cher.example."),
     "xn--bcher-kva.example"},
    {"A-label", S("xn--bcher-kva.example"), "xn--bcher-kva.example"},
    {"A-label in capitals", S("XN--BCHER-KVA.example"),
     "xn--bcher-kva.example"},
    {"sharp s stays one", S("fa\xc3\x9f.example"), "xn--fa-hia.example"},
    {"the drafts' example, done right",
     S("\xc3\xbc\xc3\x91"
       "ICODE-example.com."),
     "xn--icode-example-hkb8n.com"},
    {"ideographic full stop",
     S("a\xe3\x80\x82"
       "b"),
     "a.b"},
    {"full width", S("\xef\xbd\x81.example"), "a.example"},
    /* bad */
    {"empty", S(""), NULL},
    {"underscore", S("_a.example"), NULL},
    {"underscore and umlaut", S("_\xc3\xbc.example"), NULL},
    {"control after an A-label grew", S("fa\xc3\x9f.a\016"), NULL},
    {"star and umlaut", S("*.b\xc3\xbc.example"), NULL},
    {"broken UTF-8", S("b\xc3.example"), NULL},
    {"Latin-1",
     S("b\xfc"
       "cher.example"),
     NULL},
    {"NUL and umlaut", S("b\xc3\xbc\0.example"), NULL},
    {"A-label that does not decode", S("xn--\x7f.example"), NULL},
    {"A-label of nothing", S("xn--.example"), NULL},
    {"A-label of ASCII", S("xn--abc-.example"), NULL},
    {"label too long",
     S(A60 "\xc3\xbc"
           "aaaa.example"),
     NULL},
    {"empty label", S("\xc3\xbc..example"), NULL},
    {"unassigned", S("\xf3\xb0\x80\x80.example"), NULL},
    {"right-to-left mixed", S("a\xd7\x90.example"), NULL},
};

static void canonical_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct hf_name got = {0};
        struct hf_why why = {0};
        enum hf_err err = hf_idna_canonical(cases[i].text, &got, &why);
        enum hf_err want = cases[i].want != NULL ? HF_OK : HF_ESYNTAX;

        if (err != want || (why.text != NULL) != (err != HF_OK) ||
            why.at > cases[i].text.len ||
            !hf_span_eq(hf_name_span(&got), hf_span_str(cases[i].want)))
            fail_msg("%s: %d %.*s", cases[i].name, (int)err, got.len, got.text);
        /* Canonical is canonical once more. */
        if (err == HF_OK) {
            struct hf_name again = {0};

            assert_int_equal(
                hf_idna_canonical(hf_name_span(&got), &again, NULL), HF_OK);
            assert_span_equal(hf_name_span(&again), hf_name_span(&got));
        }
    }
}

/* Text longer than any name could be is refused before it is copied. */
static void too_long(void **state)
{
    static char text[2000];
    struct hf_name got;

    (void)state;
    memset(text, '\xbc', sizeof(text));
    for (size_t i = 0; i < sizeof(text); i += 2)
        text[i] = '\xc3';
    for (size_t len = 900; len <= sizeof(text); len += 50)
        assert_int_equal(
            hf_idna_canonical((struct hf_span){text, len}, &got, NULL),
            HF_ESYNTAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(canonical_table),
        cmocka_unit_test(too_long),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
