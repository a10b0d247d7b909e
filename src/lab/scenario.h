/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scenario.h -- what the laboratory is told, one verb a line. Pure.
 *
 *     zone shop.example [unsigned] [no-ds]
 *     record add shop.example 60 TXT "text"
 *     record replace shop.example 60 TXT "text"
 *     record remove shop.example [TXT ["text"]]
 *     fault KIND NAME [for 127.0.0.5] [ms 500] [times 9]
 *         [says "text"]
 *     mend KIND NAME [for 127.0.0.5]
 *     expect shop.example TXT data secure [from 127.0.0.5] [says "text"]
 *     clock +90d|2030-01-01T00:00:00Z
 *     moment end +1h
 *     show shop.example
 *     say "text"
 *
 *     perspectives 5 [OPTION...]
 *     ca [OPTION...]
 *     stop ca|p1
 *     start ca|p1
 *     account shop
 *     steal shop as thief
 *     holdfast WORD...
 *     order shop www.shop.example... [as later]
 *     validate [later] [no-wait]
 *     await [later]
 *     finalize [later]
 *     get URL [by shop]
 *     log EVENT
 *     expect done|issued|pending|ready|processing|refused [TYPE]
 *         [says "text"]
 *     expect has PATH [VALUE]
 *     expect lacks PATH
 *
 * Words are those of zone files: blanks part them, quotes keep blanks, `;`
 * begins a comment. A line that begins with `#` is one. Names are in full,
 * with or without the dot at the end.
 */
#pragma once

#include "dns/resolver.h"
#include "lab/zone.h"

#define HF_LAB_LINE_MAX         65536 /* octets of one line */
#define HF_LAB_WORDS_MAX        64
#define HF_LAB_PERSPECTIVES_MAX 15

enum hf_lab_verb_kind {
    HF_LAB_VERB_NONE, /* an empty line */
    HF_LAB_VERB_ZONE,
    HF_LAB_VERB_ADD,
    HF_LAB_VERB_REPLACE,
    HF_LAB_VERB_REMOVE,
    HF_LAB_VERB_FAULT,
    HF_LAB_VERB_MEND,
    HF_LAB_VERB_EXPECT,
    HF_LAB_VERB_CLOCK,
    HF_LAB_VERB_MOMENT,
    HF_LAB_VERB_SHOW,
    HF_LAB_VERB_SAY,
    /* From here on: of programs, and what comes of them. */
    HF_LAB_VERB_PERSPECTIVES,
    HF_LAB_VERB_CA,
    HF_LAB_VERB_STOP,
    HF_LAB_VERB_START,
    HF_LAB_VERB_ACCOUNT,
    HF_LAB_VERB_STEAL,
    HF_LAB_VERB_HOLDFAST,
    HF_LAB_VERB_ORDER,
    HF_LAB_VERB_VALIDATE,
    HF_LAB_VERB_AWAIT,
    HF_LAB_VERB_FINALIZE,
    HF_LAB_VERB_GET,
    HF_LAB_VERB_LOG,
    HF_LAB_VERB_OUTCOME, /* expect done */
    HF_LAB_VERB_HAS,     /* expect has */
    HF_LAB_VERB_LACKS,   /* expect lacks */
};

/* What comes of a step. */
enum hf_lab_outcome {
    HF_LAB_STEP_NOTHING, /* there was no step yet */
    HF_LAB_STEP_DONE,
    HF_LAB_STEP_PENDING, /* these four: of an order */
    HF_LAB_STEP_READY,
    HF_LAB_STEP_PROCESSING,
    HF_LAB_STEP_ISSUED,
    HF_LAB_STEP_REFUSED,
};

/* "done", ... */
const char *hf_lab_outcome_word(enum hf_lab_outcome outcome);

/* What a resolver should find. */
struct hf_lab_expected {
    enum hf_found_state state;
    enum hf_security security;
    uint32_t from; /* the address that it asks from, or 0 */
    bool has_text;
    struct hf_span text; /* one of the TXT records */
};

/* One line. What is borrowed lives as long as line and room. */
struct hf_lab_verb {
    enum hf_lab_verb_kind kind;
    struct hf_wire_name name; /* in lower case */
    bool is_unsigned;
    bool lacks_ds;
    uint16_t type; /* of a record; 0: all that are at the name */
    uint32_t ttl_s;
    struct hf_span text;       /* RDATA, or what to say */
    struct hf_lab_fault fault; /* its name is the verb's, too */
    int64_t ahead_s;           /* CLOCK, MOMENT: how far from now */
    bool is_moment;            /* or: to `at_s` */
    int64_t at_s;
    struct hf_lab_expected expected;

    /* Of programs: who, what it is called, and all else. */
    struct hf_span who;                     /* a moment, an account, "ca" */
    struct hf_span called;                  /* an order, a thief */
    struct hf_span under;                   /* an ancestor: RFC 9444 */
    struct hf_span words[HF_LAB_WORDS_MAX]; /* names, options, a URL, a path */
    size_t word_count;
    unsigned count; /* of perspectives */
    bool no_wait;
    enum hf_lab_outcome outcome;
    struct hf_span says; /* must be in the answer; or empty */
};

/*
 * Read a line. Data is written to `room`, a growing buffer that is reset.
 * Fails: HF_ESYNTAX, with a sentence and, in why->at, the offset of what is
 *        wrong; HF_ELIMIT, HF_ENOMEM.
 */
enum hf_err hf_lab_verb_read(struct hf_span line, struct hf_buf *room,
                             struct hf_lab_verb *out, struct hf_why *why);

/* It is one of those behind HF_LAB_VERB_SAY. */
bool hf_lab_verb_is_of_programs(const struct hf_lab_verb *verb);

/*
 * Do what a verb says to the names; all that is not about names is the
 * caller's. Zones are made as `config` says, but for what the verb says.
 * Fails: as what is called fails.
 */
enum hf_err hf_lab_verb_do(struct hf_lab_dns *dns,
                           const struct hf_lab_verb *verb,
                           const struct hf_lab_zone_config *config,
                           int64_t now_s, struct hf_why *why);
