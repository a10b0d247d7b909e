/* SPDX-License-Identifier: Apache-2.0 */
/*
 * law_generator.h -- records by the thousand: ours and others', good ones and
 * ones broken in every way that the grammar can be broken. The same seed gives
 * the same records on every machine.
 */
#pragma once

#include "holdfast/buf.h"
#include "tests/unit/judge_fixture.h"
#include "tests/unit/unit.h"

#define RECORDS_MAX 12
#define RECORD_ROOM 512

struct generator {
    uint64_t state;
};

/* Sebastiano Vigna's SplitMix64, public domain. */
static inline uint64_t draw(struct generator *g)
{
    uint64_t z = g->state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* 0 to n - 1. */
static inline size_t pick(struct generator *g, size_t n)
{
    return (size_t)(draw(g) % n);
}

static inline bool one_in(struct generator *g, size_t n)
{
    return pick(g, n) == 0;
}

static inline const char *pick_word(struct generator *g,
                                    const char *const *words, size_t count)
{
    return words[pick(g, count)];
}

#define PICK(g, words) pick_word((g), (words), COUNT_OF(words))

static inline void put_blanks(struct generator *g, struct hf_buf *out)
{
    while (one_in(g, 4))
        hf_buf_putc(out, one_in(g, 2) ? '\t' : ' ');
}

/* The word in a mixture of upper and lower case, one time in four. */
static inline void put_mixed(struct generator *g, struct hf_buf *out,
                             const char *word)
{
    bool mix = one_in(g, 4);

    for (; *word != '\0'; word++) {
        bool letter =
            (*word >= 'a' && *word <= 'z') || (*word >= 'A' && *word <= 'Z');

        hf_buf_putc(out, mix && letter && one_in(g, 2) ? (char)(*word ^ 0x20)
                                                       : *word);
    }
}

static const char *const account_uris[] = {
    URL,    URL,
    EXACT,  EXACT,
    STAR,   STAR,
    OLD,    ALT,
    WRONG,  "https://ca.example/acct/124",
    PREFIX, PREFIX "sha-512/x",
    ""};
static const char *const policies[] = {"wildcard", "wildcard", "WildCard",
                                       "none",     "",         "wildcards"};
static const char *const ends[] = {"1790000000",
                                   "1789999999",
                                   "1790000001",
                                   "4102444800",
                                   "0",
                                   "00001790000000",
                                   "9223372036854775807",
                                   "9223372036854775808",
                                   "soon",
                                   ""};

static inline void put_parameter(struct generator *g, struct hf_buf *out,
                                 unsigned which)
{
    static const char *const tags[] = {"accounturi", "policy", "persistUntil"};
    static const char *const unknown[] = {"x",    "note",        "42",
                                          "a--b", "accounturi2", "policies"};
    const char *value = "thing";

    if (which == 0)
        value = PICK(g, account_uris);
    else if (which == 1)
        value = PICK(g, policies);
    else if (which == 2)
        value = PICK(g, ends);
    hf_buf_putc(out, ';');
    put_blanks(g, out);
    put_mixed(g, out, which < 3 ? tags[which] : PICK(g, unknown));
    put_blanks(g, out);
    hf_buf_putc(out, '=');
    put_blanks(g, out);
    hf_buf_puts(out, value);
    put_blanks(g, out);
}

/* Most have an accounturi; some have a parameter twice. */
static inline void put_parameters(struct generator *g, struct hf_buf *out)
{
    unsigned order[6] = {0, 1, 2, 3, 3, 0};
    unsigned chance[6] = {1, 2, 2, 4, 6, 20}; /* one in so many */

    if (one_in(g, 16))
        chance[0] = 2;
    for (size_t i = 5; i > 0; i--) {
        size_t k = pick(g, i + 1);
        unsigned which = order[i];
        unsigned often = chance[i];

        order[i] = order[k];
        chance[i] = chance[k];
        order[k] = which;
        chance[k] = often;
    }
    for (size_t i = 0; i < 6; i++)
        if (one_in(g, chance[i]))
            put_parameter(g, out, order[i]);
}

/* One octet anywhere becomes any octet. */
static inline void damage(struct generator *g, struct hf_buf *text)
{
    if (text->len > 0)
        text->ptr[pick(g, text->len)] = (char)(draw(g) & 0xff);
}

static inline void put_record(struct generator *g, struct hf_buf *out)
{
    static const char *const issuers[] = {"ca.example",    "ca.example",
                                          "ca2.example",   "ca.example",
                                          "other.example", ""};

    put_blanks(g, out);
    put_mixed(g, out, PICK(g, issuers));
    put_blanks(g, out);
    put_parameters(g, out);
    if (one_in(g, 16))
        hf_buf_putc(out, ';');
    if (one_in(g, 10))
        damage(g, out);
}

/* A record of somebody else, or of nobody: noise for this CA. */
static inline void put_noise(struct generator *g, struct hf_buf *out)
{
    static const char *const starts[] = {"other.example",
                                         "v=spf1 include:_spf.example -all",
                                         ";",
                                         "",
                                         "ca.example.evil.example",
                                         "xca.example",
                                         "\xc3\xbc.example",
                                         "ca.example evil",
                                         "%%%"};

    hf_buf_puts(out, PICK(g, starts));
    put_parameters(g, out);
    if (one_in(g, 4))
        hf_buf_putc(out, (char)(draw(g) & 0xff));
    if (out->len > 0 && hf_lower(out->ptr[0]) == 'c' && one_in(g, 8))
        damage(g, out);
}

/* An RRset of its own texts. */
struct rrset {
    size_t count;
    struct hf_span texts[RECORDS_MAX];
    char room[RECORDS_MAX][RECORD_ROOM];
};

static inline void add_text(struct rrset *set, struct generator *g,
                            void (*put)(struct generator *, struct hf_buf *))
{
    struct hf_buf text;

    hf_buf_init(&text, set->room[set->count], RECORD_ROOM);
    put(g, &text);
    set->texts[set->count++] = hf_buf_span(&text);
}

static inline void fill(struct rrset *set, struct generator *g)
{
    size_t count = pick(g, RECORDS_MAX - 3);

    memset(set, 0, sizeof(*set)); /* so that a copy reads nothing undefined */
    for (size_t i = 0; i < count; i++)
        add_text(set, g, one_in(g, 3) ? put_noise : put_record);
}

static inline void shuffle(struct hf_span *texts, size_t count,
                           struct generator *g)
{
    for (size_t i = count; i > 1; i--) {
        size_t k = pick(g, i);
        struct hf_span text = texts[i - 1];

        texts[i - 1] = texts[k];
        texts[k] = text;
    }
}
