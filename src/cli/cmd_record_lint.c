/* SPDX-License-Identifier: Apache-2.0 */
#include "base/time_text.h"
#include "cli/commands.h"
#include "cli/given.h"
#include "cli/said.h"
#include "cli/subject.h"

#define SOON_DEFAULT "30"

static const struct hf_option options[] = {
    HF_GIVEN_OPTIONS,
    HF_SUBJECT_OPTIONS,
    {.name = "soon",
     .arg = "DAYS",
     .help = "Warn when persistUntil is nearer than this (default 30)"},
};

struct lint {
    struct hf_cli *cli;
    struct hf_subject subject;
    struct hf_lint_view view;
    bool found; /* a warning or an error */
};

/* What no bit of hf_lint() says: it belongs to the zone file. */
static const char cut_word[] = "cut-by-comment";
static const char cut_sentence[] =
    "In a zone file ';' outside quotes begins a comment: what follows is "
    "lost. Put the whole value in quotes.";

/* ---- text ---- */

static const char *colour_of(enum hf_severity severity)
{
    switch (severity) {
    case HF_SEVERITY_ERROR:
        return "\033[31m";
    case HF_SEVERITY_WARNING:
        return "\033[33m";
    case HF_SEVERITY_INFO:
        break;
    }
    return "";
}

static void put_finding(struct hf_buf *out, bool colour,
                        enum hf_severity severity, const char *word,
                        const char *sentence)
{
    const char *begin = colour ? colour_of(severity) : "";
    size_t from;

    hf_buf_puts(out, "  ");
    hf_buf_puts(out, begin);
    from = out->len;
    hf_buf_puts(out, hf_severity_word(severity));
    while (out->len - from < 9 && !out->full)
        hf_buf_putc(out, ' ');
    if (begin[0] != '\0')
        hf_buf_puts(out, "\033[0m");
    hf_buf_puts(out, sentence);
    hf_buf_puts(out, " [");
    hf_buf_puts(out, word);
    hf_buf_puts(out, "]\n");
}

static void put_text_findings(struct hf_buf *out, bool colour, uint32_t found)
{
    for (int severity = HF_SEVERITY_ERROR; severity >= HF_SEVERITY_INFO;
         severity--)
        for (unsigned i = 0; i < HF_FINDING_COUNT; i++) {
            enum hf_finding finding = (enum hf_finding)i;

            if ((found & 1U << i) != 0 &&
                (int)hf_finding_severity(finding) == severity)
                put_finding(out, colour, hf_finding_severity(finding),
                            hf_finding_word(finding),
                            hf_finding_sentence(finding));
        }
}

/* Where it stood: "zone.txt:17: ", and the owner. */
static void put_place(struct hf_buf *out, const struct hf_given *given)
{
    if (given->path != NULL) {
        hf_buf_put_escaped(out, hf_span_str(given->path), 200);
        hf_buf_putc(out, ':');
        hf_buf_put_u64(out, given->line);
        hf_buf_puts(out, ": ");
    }
    hf_buf_put_escaped(out, given->owner, HF_NAME_MAX);
    if (given->owner.len > 0)
        hf_buf_puts(out, ": ");
}

static void put_text(struct hf_buf *out, bool colour,
                     const struct hf_given *given, uint32_t found,
                     struct hf_span better)
{
    struct hf_said said;

    put_place(out, given);
    hf_buf_put_escaped(out, given->value, 4000);
    hf_buf_putc(out, '\n');
    if (given->cut)
        put_finding(out, colour, HF_SEVERITY_ERROR, cut_word, cut_sentence);
    if ((found & 1U << HF_LINT_SYNTAX) != 0) {
        hf_said_read(given->value, NULL, &said);
        hf_said_put_marked(&said, "  ", out);
        hf_buf_puts(out, "  ");
        hf_put_sentence(out, said.law);
        hf_buf_putc(out, '\n');
    }
    put_text_findings(out, colour, found);
    if (found == 0 && !given->cut)
        hf_buf_puts(out, "  good\n");
    if (better.len > 0) {
        hf_buf_puts(out, "  better   ");
        hf_buf_put_escaped(out, better, 4000);
        hf_buf_putc(out, '\n');
    }
}

/* ---- JSON ---- */

static void put_json_finding(struct hf_json *json, enum hf_severity severity,
                             const char *word, const char *sentence)
{
    hf_json_open(json, '{');
    hf_json_key_lit(json, "finding", word);
    hf_json_key_lit(json, "severity", hf_severity_word(severity));
    hf_json_key_lit(json, "sentence", sentence);
    hf_json_close(json, '}');
}

static void put_json(struct hf_buf *out, const struct hf_given *given,
                     uint32_t found, struct hf_span better)
{
    struct hf_json json = hf_json_to(out);

    hf_json_open(&json, '{');
    if (given->path != NULL)
        hf_json_key_int(&json, "line", (int64_t)given->line);
    if (given->owner.len > 0)
        hf_json_key_str(&json, "owner", given->owner);
    hf_json_key_str(&json, "value", given->value);
    hf_json_key(&json, "findings");
    hf_json_open(&json, '[');
    if (given->cut)
        put_json_finding(&json, HF_SEVERITY_ERROR, cut_word, cut_sentence);
    for (unsigned i = 0; i < HF_FINDING_COUNT; i++)
        if ((found & 1U << i) != 0)
            put_json_finding(&json, hf_finding_severity((enum hf_finding)i),
                             hf_finding_word((enum hf_finding)i),
                             hf_finding_sentence((enum hf_finding)i));
    hf_json_close(&json, ']');
    if (better.len > 0)
        hf_json_key_str(&json, "corrected", better);
    hf_json_close(&json, '}');
    hf_buf_putc(out, '\n');
}

/* ---- the command ---- */

static bool is_serious(uint32_t found)
{
    for (unsigned i = 0; i < HF_FINDING_COUNT; i++)
        if ((found & 1U << i) != 0 &&
            hf_finding_severity((enum hf_finding)i) != HF_SEVERITY_INFO)
            return true;
    return false;
}

/* With rules and no CA by name, every record is of the CA that is meant. */
static uint32_t find(const struct lint *lint, struct hf_span value)
{
    struct hf_span issuer = hf_issue_value_attribution(value);
    struct hf_lint_view view = lint->view;
    struct hf_ca ca = lint->subject.ca;

    if (lint->subject.has_rules && !lint->subject.has_ca) {
        ca.issuers = &issuer;
        ca.issuer_count = 1;
        view.ca = &ca;
    }
    return hf_lint(value, &view);
}

static void lint_one(void *state, const struct hf_given *given)
{
    struct lint *lint = state;
    uint32_t found = find(lint, given->value);
    struct hf_span canonical = {0};
    struct hf_buf better;
    struct hf_buf text;

    hf_buf_init_grow(&better, 2 * HF_TXT_VALUE_MAX);
    hf_buf_init_grow(&text, (size_t)2 << 20);
    if (hf_lint_canonical(given->value, &better) &&
        !hf_span_eq(hf_buf_span(&better), given->value))
        canonical = hf_buf_span(&better);
    if (lint->cli->json)
        put_json(&text, given, found, canonical);
    else
        put_text(&text, lint->cli->colour, given, found, canonical);
    if (text.full)
        hf_cli_error(lint->cli, HF_SPAN(""), "out of memory");
    hf_out_put(lint->cli->out, hf_buf_span(&text));
    hf_out_step(lint->cli->out);
    lint->found |= is_serious(found) || given->cut;
    hf_buf_clear(&better);
    hf_buf_clear(&text);
}

/* "30d" or "30", in days: a distance, which hf_time_parse() knows with a sign
 * before it and a unit behind. */
static bool read_soon(const struct hf_cli *cli, int64_t *out)
{
    const char *text = hf_cli_value(cli, "soon", SOON_DEFAULT);
    struct hf_time zero = {0};
    struct hf_time soon;
    char room[32];
    struct hf_buf signed_text;

    hf_buf_init(&signed_text, room, sizeof(room));
    if (text[0] != '+')
        hf_buf_putc(&signed_text, '+');
    hf_buf_puts(&signed_text, text);
    if (text[0] != '\0' && hf_is_digit(text[strlen(text) - 1]))
        hf_buf_putc(&signed_text, 'd');
    if (signed_text.full ||
        hf_time_parse(hf_buf_span(&signed_text), zero, &soon, NULL) != HF_OK) {
        (void)hf_cli_usage(cli, hf_span_str(text),
                           "--soon wants days, or a distance such as 12h");
        return false;
    }
    *out = soon.s;
    return true;
}

static enum hf_exit run(struct hf_cli *cli)
{
    struct lint lint = {.cli = cli, .view.now = cli->now};
    enum hf_exit status;

    if (!read_soon(cli, &lint.view.soon_s))
        return HF_EXIT_USAGE;
    status = hf_subject_read(cli, &lint.subject);
    if (status != HF_EXIT_GOOD)
        return status;
    if (lint.subject.has_rules)
        lint.view.ca = &lint.subject.ca;
    status = hf_given_each(cli, lint_one, &lint);
    hf_subject_clear(&lint.subject);
    return status == HF_EXIT_GOOD && lint.found ? HF_EXIT_NO : status;
}

const struct hf_command hf_cmd_record_lint = {
    .name = "record lint",
    .operands = "[RECORD]...",
    .summary = "Find what is wrong or odd in records, and better them",
    .details = "RECORDs are given as for 'record parse'. With --ca, or --draft "
               "and --prefix,\n"
               "the rules of that CA count too. Status 2: there are errors or "
               "warnings.\n",
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .operands_max = SIZE_MAX,
    .run = run,
};
