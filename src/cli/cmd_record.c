/* SPDX-License-Identifier: Apache-2.0 */
#include "base/time_text.h"
#include "cli/commands.h"
#include "cli/given.h"
#include "cli/said.h"
#include "cli/subject.h"

static const struct hf_option options[] = {
    HF_GIVEN_OPTIONS,
    {.name = "prefix",
     .arg = "URL",
     .many = true,
     .help = "accountHashPrefix of the CA, to tell hashed from raw"},
};

struct parse {
    struct hf_cli *cli;
    struct hf_subject subject;
    bool broken; /* some record does not read */
};

/* ---- text ---- */

static void put_label(struct hf_buf *out, const char *label)
{
    size_t from = out->len;

    hf_buf_puts(out, "  ");
    hf_buf_puts(out, label);
    while (out->len - from < 12 && !out->full)
        hf_buf_putc(out, ' ');
}

static void put_row(struct hf_buf *out, const char *label, struct hf_span text)
{
    put_label(out, label);
    hf_buf_put_escaped(out, text, 4000);
    hf_buf_putc(out, '\n');
}

static bool is_known_tag(struct hf_span tag)
{
    return hf_span_eq_nocase(tag, HF_SPAN("accounturi")) ||
           hf_span_eq_nocase(tag, HF_SPAN("policy")) ||
           hf_span_eq_nocase(tag, HF_SPAN("persistUntil"));
}

/* REQ RECORD-13: unknown parameters change nothing. */
static void put_unknown(struct hf_buf *out, const struct hf_said *said)
{
    struct hf_span rest = said->params;
    struct hf_param param;

    while (hf_param_next(&rest, &param)) {
        if (is_known_tag(param.tag))
            continue;
        put_label(out, "ignored");
        hf_buf_put_escaped(out, param.tag, 200);
        hf_buf_putc(out, '=');
        hf_buf_put_escaped(out, param.value, 1000);
        hf_buf_puts(out, ", a parameter that no draft knows\n");
    }
}

static void put_form(struct hf_buf *out, const struct hf_said *said)
{
    put_label(out, "form");
    if (!said->hashed) {
        hf_buf_puts(out, "the account URL itself: drafts -00 and -01\n");
        return;
    }
    hf_buf_puts(out, "hashed with ");
    hf_buf_puts(out, hf_hash_alg_name(said->uri.alg));
    hf_buf_puts(out, " below ");
    hf_buf_put_escaped(out, said->uri.prefix, 1000);
    hf_buf_puts(out, ": draft -02\n");
}

static void put_until(struct hf_buf *out, const struct hf_record *record,
                      struct hf_time now)
{
    put_label(out, "until");
    if (!record->has_until) {
        hf_buf_puts(out, "no end: as long as the record stands\n");
        return;
    }
    hf_time_put(out, record->until_at);
    hf_buf_puts(out, " (");
    hf_buf_put_i64(out, record->until_at);
    hf_buf_puts(out, "), ");
    hf_put_distance(out, now.s, record->until_at);
    hf_buf_puts(out,
                hf_time_is_after(now, record->until_at) ? ": expired\n" : "\n");
}

static void put_meaning(struct hf_buf *out, const struct hf_said *said,
                        struct hf_time now)
{
    const struct hf_record *record = &said->record;

    put_row(out, "issuer", record->issuer);
    put_row(out, "account", record->account_uri);
    put_form(out, said);
    put_label(out, "scope");
    hf_buf_puts(out, record->wildcard
                         ? "the name, its wildcard and every name below "
                           "(policy=wildcard)\n"
                         : "the name itself only\n");
    put_until(out, record, now);
    put_unknown(out, said);
}

static void put_trouble(struct hf_buf *out, const struct hf_said *said)
{
    hf_said_put_marked(said, "    ", out);
    put_label(out, "error");
    hf_buf_puts(out, hf_reason_word(said->reason));
    hf_buf_puts(out, " at octet ");
    hf_buf_put_u64(out, said->at);
    hf_buf_puts(out, ": ");
    hf_put_sentence(out, said->law);
    hf_buf_putc(out, '\n');
    put_row(out, "advice", hf_span_str(hf_reason_advice(said->reason)));
}

static void put_length(struct hf_buf *out, const struct hf_given *given)
{
    size_t strings = given->strings > 0 ? given->strings
                                        : hf_txt_string_count(given->value.len);

    put_label(out, "length");
    hf_buf_put_u64(out, given->value.len);
    hf_buf_puts(out, " octets, ");
    hf_buf_put_u64(out, strings);
    hf_buf_puts(out, strings == 1 ? " string\n" : " strings\n");
}

static void put_text(struct hf_buf *out, const struct hf_given *given,
                     const struct hf_said *said, struct hf_time now)
{
    if (given->owner.len > 0)
        hf_buf_put_escaped(out, given->owner, HF_NAME_MAX);
    else
        hf_buf_puts(out, "record");
    hf_buf_putc(out, '\n');
    if (said->reason == HF_REASON_OK || hf_said_is_nobodys(said))
        put_row(out, "value", said->value);
    if (hf_said_is_nobodys(said))
        put_row(out, "issuer", HF_SPAN("none: it authorises nobody"));
    else if (said->reason == HF_REASON_OK)
        put_meaning(out, said, now);
    else
        put_trouble(out, said);
    if (given->cut)
        put_row(out, "note",
                HF_SPAN("in a zone file ';' outside quotes begins a comment: "
                        "what follows is lost; put the value in quotes"));
    put_length(out, given);
    hf_buf_putc(out, '\n');
}

/* ---- JSON ---- */

static void put_json_params(struct hf_json *json, const struct hf_said *said)
{
    struct hf_span rest = said->params;
    struct hf_param param;

    hf_json_key(json, "params");
    hf_json_open(json, '[');
    while (hf_param_next(&rest, &param)) {
        hf_json_open(json, '[');
        hf_json_str(json, param.tag);
        hf_json_str(json, param.value);
        hf_json_close(json, ']');
    }
    hf_json_close(json, ']');
}

static void put_json_until(struct hf_json *json, const struct hf_record *record)
{
    char room[HF_TIME_TEXT_MAX];
    struct hf_buf text;

    hf_json_key(json, "persistUntil");
    if (!record->has_until) {
        hf_json_null(json);
        return;
    }
    hf_json_int(json, record->until_at);
    hf_buf_init(&text, room, sizeof(room));
    hf_time_put(&text, record->until_at);
    hf_json_key_str(json, "until", hf_buf_span(&text));
}

static void put_json_meaning(struct hf_json *json, const struct hf_said *said,
                             struct hf_time now)
{
    const struct hf_record *record = &said->record;

    hf_json_key_str(json, "accounturi", record->account_uri);
    hf_json_key_lit(json, "form", hf_said_form_word(said));
    if (said->hashed) {
        hf_json_key_str(json, "prefix", said->uri.prefix);
        hf_json_key_lit(json, "hashAlg", hf_hash_alg_name(said->uri.alg));
        hf_json_key_str(json, "digest", said->uri.digest);
    }
    hf_json_key_lit(json, "scope", record->wildcard ? "subtree" : "exact");
    put_json_until(json, record);
    hf_json_key_bool(json, "expired", hf_time_is_after(now, record->until_at));
}

static void put_json(struct hf_buf *out, const struct hf_given *given,
                     const struct hf_said *said, struct hf_time now)
{
    struct hf_json json = hf_json_to(out);

    hf_json_open(&json, '{');
    if (given->path != NULL)
        hf_json_key_int(&json, "line", (int64_t)given->line);
    if (given->owner.len > 0)
        hf_json_key_str(&json, "owner", given->owner);
    hf_json_key_str(&json, "value", said->value);
    hf_json_key_lit(&json, "reading", hf_reason_word(said->reason));
    if (said->reason != HF_REASON_OK) {
        hf_json_key_int(&json, "at", (int64_t)said->at);
        hf_json_key_lit(&json, "law", said->law);
        hf_json_key_lit(&json, "advice", hf_reason_advice(said->reason));
    }
    hf_json_key(&json, "issuer");
    if (said->issuer.len > 0)
        hf_json_str(&json, said->issuer);
    else
        hf_json_null(&json);
    if (said->reason != HF_REASON_SYNTAX)
        put_json_params(&json, said);
    if (said->reason == HF_REASON_OK)
        put_json_meaning(&json, said, now);
    hf_json_key_bool(&json, "cutByComment", given->cut);
    hf_json_key_int(&json, "octets", (int64_t)said->value.len);
    hf_json_close(&json, '}');
    hf_buf_putc(out, '\n');
}

/* ---- the command ---- */

static void parse_one(void *state, const struct hf_given *given)
{
    struct parse *parse = state;
    struct hf_out *out = parse->cli->out;
    struct hf_said said;
    struct hf_buf text;

    /* A record may have 64 kB, shown four times, each octet as six. */
    hf_buf_init_grow(&text, (size_t)2 << 20);
    hf_said_read(given->value, &parse->subject.ca, &said);
    if (parse->cli->json)
        put_json(&text, given, &said, parse->cli->now);
    else
        put_text(&text, given, &said, parse->cli->now);
    parse->broken |= said.reason != HF_REASON_OK && !hf_said_is_nobodys(&said);
    if (text.full)
        hf_cli_error(parse->cli, HF_SPAN(""), "out of memory");
    hf_out_put(out, hf_buf_span(&text));
    hf_out_step(out);
    hf_buf_clear(&text);
}

static enum hf_exit run(struct hf_cli *cli)
{
    struct parse parse = {.cli = cli};
    enum hf_exit status = hf_subject_read(cli, &parse.subject);

    if (status != HF_EXIT_GOOD)
        return status;
    status = hf_given_each(cli, parse_one, &parse);
    hf_subject_clear(&parse.subject);
    return status == HF_EXIT_GOOD && parse.broken ? HF_EXIT_NO : status;
}

const struct hf_command hf_cmd_record_parse = {
    .name = "record parse",
    .operands = "[RECORD]...",
    .summary = "Show what records say, and where they break the grammar",
    .details = "A RECORD is a bare value, quoted strings, a line of a zone "
               "file or of dig, or a\n"
               "line of the JSON of 'record make'. Without operand and --file "
               "they are read\n"
               "from standard input. Status 2: some record cannot be read.\n"
               "\n"
               "  holdfast record parse 'ca.example; "
               "accounturi=https://ca.example/1'\n"
               "  dig +noall +answer TXT _validation-persist.example.com |\n"
               "      holdfast record parse\n",
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .operands_max = SIZE_MAX,
    .run = run,
};
