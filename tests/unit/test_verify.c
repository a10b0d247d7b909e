/* SPDX-License-Identifier: Apache-2.0 */
/* Who has it, and who counts: REQ CLI-21. */
#include <stdio.h>

#include "base/octets.h"
#include "client/verify.h"
#include "holdfast/txt.h"
#include "tests/unit/unit.h"

#define S   HF_SPAN_INIT
#define NEW "ca.example; accounturi=u; persistUntil=9"
#define OLD "ca.example; accounturi=u"

/* Servers, one letter each: n has the new record, o the old one, b both, x
 * neither; l is lame, s silent, r refuses, u cannot be reached from here, a
 * has no address. */
static const struct {
    const char *servers;
    size_t count;
    size_t agree;
    size_t behind;
    bool good;
    const char *other;
} cases[] = {
    {"n", 1, 1, 0, true, ""},
    {"nnn", 3, 3, 0, true, ""},
    {"no", 2, 1, 1, false, "ns1 192.0.2.1@53"},
    {"nb", 2, 1, 1, false, "ns1 192.0.2.1@53"},
    {"xo", 2, 0, 2, false, "ns0 192.0.2.0@53"},
    {"nl", 2, 1, 0, false, "ns1 192.0.2.1@53"},
    {"ns", 2, 1, 0, false, "ns1 192.0.2.1@53"},
    {"nr", 2, 1, 0, false, "ns1 192.0.2.1@53"},
    {"na", 2, 1, 0, false, "ns1"},
    {"nu", 1, 1, 0, true, ""},
    {"u", 0, 0, 0, false, ""},
    {"", 0, 0, 0, false, ""},
};

static enum hf_witness_state state_of(char letter)
{
    switch (letter) {
    case 'l':
        return HF_WITNESS_LAME;
    case 's':
        return HF_WITNESS_SILENT;
    case 'r':
        return HF_WITNESS_REFUSES;
    case 'u':
        return HF_WITNESS_NO_ROUTE;
    case 'a':
        return HF_WITNESS_NO_ADDRESS;
    default:
        return HF_WITNESS_ANSWERS;
    }
}

static void put(struct hf_buf *out, const char *value)
{
    char room[256];
    struct hf_buf rdata;

    hf_buf_init(&rdata, room, sizeof(room));
    hf_txt_put_rdata(&rdata, hf_span_str(value));
    hf_put_text(out, hf_buf_span(&rdata));
}

static void fill(struct hf_witness *witness, size_t n, char letter,
                 struct hf_buf *octets)
{
    size_t from = octets->len;

    *witness = (struct hf_witness){.state = state_of(letter)};
    (void)snprintf(witness->name, sizeof(witness->name), "ns%zu", n);
    if (letter != 'a')
        (void)snprintf(witness->server.label, sizeof(witness->server.label),
                       "192.0.2.%zu@53", n);
    /* What the lame and the silent are said to say does not count. */
    if (letter != 'o' && letter != 'x')
        put(octets, NEW);
    if (letter == 'o' || letter == 'b')
        put(octets, OLD);
    put(octets, "other.example; accounturi=v");
    witness->found.state = HF_FOUND_DATA;
    witness->found.records =
        (struct hf_span){octets->ptr + from, octets->len - from};
}

static void count_table(void **state)
{
    const struct hf_wish wish = {
        .values = {S(NEW)}, .value_count = 1, .old = {S(OLD)}, .old_count = 1};
    static struct hf_authority authority;
    static char octets[8192];
    static char joined[8192];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct hf_verify_view view;
        struct hf_buf buf;

        hf_buf_init(&buf, octets, sizeof(octets));
        authority.found = cases[i].servers[0] != '\0';
        authority.count = strlen(cases[i].servers);
        for (size_t n = 0; n < authority.count; n++)
            fill(&authority.witnesses[n], n, cases[i].servers[n], &buf);
        hf_verify_count(&authority, &wish, joined, &view);
        if (view.servers != cases[i].count || view.agree != cases[i].agree ||
            view.behind != cases[i].behind ||
            hf_verify_is_good(&view) != cases[i].good ||
            strcmp(view.other, cases[i].other) != 0)
            fail_msg("%s: %zu %zu %zu %s", cases[i].servers, view.servers,
                     view.agree, view.behind, view.other);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(count_table),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
