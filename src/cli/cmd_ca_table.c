/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/commands.h"
#include "cli/subject.h"

static const struct hf_option options[] = {
    {.name = "ca-file",
     .arg = "FILE",
     .choices = "<file>",
     .help = "More CAs, in the format of data/cas.json"},
};

static void put_text_or_null(struct hf_json *json, const char *key,
                             const char *text)
{
    hf_json_key(json, key);
    if (text == NULL)
        hf_json_null(json);
    else
        hf_json_str(json, hf_span_str(text));
}

static void put_known(struct hf_json *json, const char *key,
                      enum hf_known known)
{
    hf_json_key(json, key);
    if (known == HF_KNOWN_NOT)
        hf_json_null(json);
    else
        hf_json_bool(json, known == HF_KNOWN_YES);
}

static void put_json(struct hf_buf *out, const struct hf_ca_entry *entry)
{
    struct hf_json json = hf_json_to(out);

    hf_json_open(&json, '{');
    hf_json_key_lit(&json, "name", entry->name);
    hf_json_key_lit(&json, "title", entry->title);
    hf_json_key_lit(&json, "state", entry->state);
    put_text_or_null(&json, "directory", entry->directory);
    put_text_or_null(&json, "staging", entry->staging);
    hf_json_key(&json, "issuers");
    hf_json_open(&json, '[');
    for (size_t i = 0; i < entry->issuer_count; i++)
        hf_json_str(&json, hf_span_str(entry->issuers[i]));
    hf_json_close(&json, ']');
    put_text_or_null(&json, "draft", entry->draft);
    put_text_or_null(&json, "prefix", entry->prefix);
    put_text_or_null(&json, "accountUrl", entry->account_url);
    put_known(&json, "parents", entry->parents);
    put_known(&json, "reuses", entry->reuses);
    put_text_or_null(&json, "limits", entry->limits);
    put_text_or_null(&json, "note", entry->note);
    put_text_or_null(&json, "asOf", entry->as_of);
    hf_json_close(&json, '}');
    hf_buf_putc(out, '\n');
}

static void put_row(struct hf_buf *out, const char *key, const char *text)
{
    size_t from = out->len;

    if (text == NULL)
        return;
    hf_buf_puts(out, "    ");
    hf_buf_puts(out, key);
    while (out->len - from < 18 && !out->full)
        hf_buf_putc(out, ' ');
    hf_buf_put_escaped(out, hf_span_str(text), 1000);
    hf_buf_putc(out, '\n');
}

static const char *known_text(enum hf_known known, const char *no,
                              const char *yes)
{
    if (known == HF_KNOWN_NOT)
        return "not known";
    return known == HF_KNOWN_YES ? yes : no;
}

static void put_text(struct hf_buf *out, const struct hf_ca_entry *entry)
{
    hf_buf_put_escaped(out, hf_span_str(entry->name), 100);
    hf_buf_puts(out, "  ");
    hf_buf_put_escaped(out, hf_span_str(entry->title), 100);
    hf_buf_puts(out, ": ");
    hf_buf_puts(out, hf_ca_state_text(entry->state));
    hf_buf_putc(out, '\n');
    for (size_t i = 0; i < entry->issuer_count; i++)
        put_row(out, "issuer", entry->issuers[i]);
    put_row(out, "draft", entry->draft == NULL ? "not known" : entry->draft);
    put_row(out, "directory", entry->directory);
    put_row(out, "for tests", entry->staging);
    put_row(out, "prefix", entry->prefix);
    put_row(out, "account URL", entry->account_url);
    put_row(out, "parent names",
            known_text(entry->parents, "not looked at", "looked at"));
    put_row(out, "validations",
            known_text(entry->reuses, "made anew for each order",
                       "reused for up to 10 days"));
    put_row(out, "limits", entry->limits);
    put_row(out, "note", entry->note);
    put_row(out, "known on", entry->as_of);
    hf_buf_putc(out, '\n');
}

static enum hf_exit run(struct hf_cli *cli)
{
    const char *path = hf_cli_value(cli, "ca-file", NULL);
    struct hf_cas *cas = NULL;

    if (!hf_subject_load_table(cli, path, &cas))
        return HF_EXIT_ERROR;
    for (size_t i = 0; i < hf_cas_count(cas); i++) {
        if (cli->json)
            put_json(&cli->out->buf, hf_cas_at(cas, i));
        else
            put_text(&cli->out->buf, hf_cas_at(cas, i));
        hf_out_step(cli->out);
    }
    hf_cas_free(cas);
    return HF_EXIT_GOOD;
}

const struct hf_command hf_cmd_ca_table = {
    .name = "ca-table",
    .operands = "",
    .summary = "List the certificate authorities that --ca knows",
    .details = "An unknown member is null in JSON and 'not known' in the "
               "text. The built-in\ntable is data/cas.json; a file of the "
               "same form adds to it or overrides it.\n",
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .run = run,
};
