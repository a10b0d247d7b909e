/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/commands.h"
#include "cli/config_kind.h"
#include "cli/layers.h"
#include "cli/references.h"

/* ---- check ---- */

static void put_problem(struct hf_cli *cli, const struct hf_layers *layers,
                        const struct hf_config_problem *problem)
{
    struct hf_buf *out = &cli->out->buf;
    struct hf_json json = hf_json_to(out);

    if (cli->json) {
        hf_json_open(&json, '{');
        hf_json_key(&json, "file");
        (void)hf_json_text(&json, hf_span_str(layers->path));
        hf_json_key_int(&json, "line", (int64_t)problem->line);
        hf_json_key_str(&json, "subject", problem->subject);
        hf_json_key_lit(&json, "problem", problem->text);
        if (problem->choices != NULL)
            hf_json_key_lit(&json, "choices", problem->choices);
        hf_json_close(&json, '}');
    } else {
        hf_buf_put_escaped(out, hf_span_str(layers->path), PATH_MAX);
        hf_buf_putc(out, ':');
        hf_buf_put_u64(out, problem->line);
        hf_buf_puts(out, ": ");
        hf_buf_put_escaped(out, problem->subject, 100);
        hf_buf_puts(out, problem->subject.len > 0 ? ": " : "");
        hf_buf_puts(out, problem->text);
        hf_buf_puts(out, problem->choices == NULL ? "" : ": ");
        hf_buf_puts(out, problem->choices == NULL ? "" : problem->choices);
    }
    hf_buf_putc(out, '\n');
    hf_out_step(cli->out);
}

static enum hf_err find_problems(struct hf_cli *cli, struct hf_config *config,
                                 struct hf_why *why)
{
    const struct hf_config_key *key =
        hf_config_key_find(config, &config->sections[0], "state-dir");
    const char *state = key == NULL || key->count == 0
                            ? cli->state
                            : hf_config_value(config, key, 0);
    enum hf_err err = hf_config_check(cli, config, why);

    return err == HF_OK ? hf_references_check(cli, state, config, why) : err;
}

static enum hf_exit check(struct hf_cli *cli, struct hf_layers *layers)
{
    struct hf_config *config = layers->config;
    struct hf_why why = {0};

    if (find_problems(cli, config, &why) != HF_OK) {
        hf_cli_fail(cli, hf_span_str(layers->path), &why);
        return HF_EXIT_ERROR;
    }
    for (size_t i = 0; i < config->problem_count; i++)
        put_problem(cli, layers, &config->problems[i]);
    if (config->problem_count == HF_CONFIG_PROBLEMS_MAX)
        hf_cli_error(cli, hf_span_str(layers->path),
                     "there may be more; these are the first hundred");
    if (config->problem_count > 0)
        return HF_EXIT_ERROR;
    if (!cli->json) {
        hf_buf_put_escaped(&cli->out->buf, hf_span_str(layers->path), PATH_MAX);
        hf_buf_puts(&cli->out->buf, ": nothing is wrong\n");
    }
    return HF_EXIT_GOOD;
}

static enum hf_exit run_check(struct hf_cli *cli)
{
    const char *path = cli->operand_count > 0
                           ? cli->operands[0]
                           : hf_cli_value(cli, "config", NULL);
    struct hf_layers *layers = NULL;
    enum hf_exit status = hf_layers_read(cli, path, &layers);

    if (status != HF_EXIT_GOOD)
        return status;
    if (layers == NULL) {
        hf_cli_error(cli, HF_SPAN(""), "there is no configuration file");
        return HF_EXIT_GOOD;
    }
    status = check(cli, layers);
    hf_layers_free(layers);
    return status;
}

const struct hf_command hf_cmd_config_check = {
    .name = "config check",
    .operands = "[FILE]",
    .summary = "Find everything that is wrong with a configuration file",
    .details =
        "Of FILE, or of the file that commands would heed: what cannot be "
        "read, "
        "keys and\nvalues that no option has, and what it names that is not "
        "there: sections,\naccounts, CAs, files, and keys that others can "
        "read. Changes nothing and asks\nnobody. Status 1: something is "
        "wrong. See holdfast.conf(5).\n",
    .operands_max = 1,
    .run = run_check,
};

/* ---- show ---- */

static const struct hf_option show_options[] = {HF_STATE_OPTION};

static void put_json_values(struct hf_json *json,
                            const struct hf_config *config,
                            const struct hf_config_key *key,
                            const struct hf_option *option)
{
    hf_json_key(json, option->name);
    if (option->arg == NULL)
        hf_json_bool(json, hf_config_is_yes(hf_config_value(config, key, 0)));
    else if (!option->many)
        (void)hf_json_text(json, hf_span_str(hf_config_value(config, key, 0)));
    if (!option->many)
        return;
    hf_json_open(json, '[');
    for (size_t i = 0; i < key->count; i++)
        (void)hf_json_text(json, hf_span_str(hf_config_value(config, key, i)));
    hf_json_close(json, ']');
}

static void put_json(struct hf_cli *cli,
                     const struct hf_config_section *section)
{
    const struct hf_config *config = cli->layers->config;
    const struct hf_config_kind *kind = hf_config_kind_find(section->kind);
    struct hf_json json = hf_json_to(&cli->out->buf);

    hf_json_open(&json, '{');
    hf_json_key_lit(&json, "section", section->kind);
    hf_json_key_lit(&json, "title", section->title);
    hf_json_key_int(&json, "line", (int64_t)section->line);
    hf_json_key(&json, "keys");
    hf_json_open(&json, '{');
    for (size_t i = 0; i < section->count; i++) {
        const struct hf_config_key *key = &config->keys[section->first + i];

        put_json_values(&json, config, key,
                        hf_config_kind_option(kind, cli, key->name));
    }
    hf_json_close(&json, '}');
    hf_json_close(&json, '}');
    hf_buf_putc(&cli->out->buf, '\n');
}

static void put_heading(struct hf_cli *cli)
{
    struct hf_buf *out = &cli->out->buf;

    hf_buf_puts(out, "# ");
    hf_buf_put_escaped(out,
                       cli->layers == NULL ? HF_SPAN("no configuration file")
                                           : hf_span_str(cli->layers->path),
                       PATH_MAX);
    hf_buf_puts(out, "\n# accounts, certificates and the register in ");
    hf_buf_put_escaped(out, hf_span_str(cli->state), PATH_MAX);
    hf_buf_putc(out, '\n');
}

static enum hf_exit run_show(struct hf_cli *cli)
{
    const struct hf_config *config =
        cli->layers == NULL ? NULL : cli->layers->config;

    if (!cli->json)
        put_heading(cli);
    for (size_t i = 0; config != NULL && i < config->section_count; i++) {
        if (cli->json)
            put_json(cli, &config->sections[i]);
        else
            hf_config_put(config, &config->sections[i], &cli->out->buf);
        hf_out_step(cli->out);
    }
    return HF_EXIT_GOOD;
}

const struct hf_command hf_cmd_config_show = {
    .name = "config show",
    .operands = "",
    .summary = "Show the configuration that commands heed",
    .details = "Which file that is, and what it says, in the form of the "
               "file. Secrets are in\nfiles of their own, and are not shown.\n",
    .options = show_options,
    .option_count = sizeof(show_options) / sizeof(show_options[0]),
    .run = run_show,
};
