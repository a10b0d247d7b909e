/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd_eval.c -- `holdfast eval`: test objects in, results out, one a line.
 * The conformance port: what another implementation says can be compared
 * with what the law here says, case by case.
 */
#include <stdio.h>

#include "cli/commands.h"
#include "cli/eval.h"
#include "cli/eval_compare.h"
#include "cli/eval_input.h"

#define RESULT_MAX ((size_t)16 << 20) /* octets of one result */

struct run {
    struct hf_cli *cli;
    struct hf_digest *digest;
    struct hf_buf result; /* one line of output, used again and again */
    const char *file;     /* named in messages; NULL when there is only one */
    bool expects;
    bool quiet;
    uint64_t vectors;
    uint64_t differences;
    uint64_t errors;
};

/* ---- writing ---- */

static void write_line(struct run *run)
{
    hf_buf_putc(&run->result, '\n');
    hf_out_put(run->cli->out, hf_buf_span(&run->result));
    hf_out_step(run->cli->out);
}

/* What could not be evaluated. `object` may be NULL. */
static void write_error(struct run *run, uint64_t line, const json_t *object,
                        const char *member, const char *error)
{
    struct hf_json json = hf_json_to(&run->result);
    char room[320];
    struct hf_buf text;

    run->errors++;
    hf_buf_init(&text, room, sizeof(room));
    if (member != NULL) {
        hf_buf_puts(&text, member);
        hf_buf_putc(&text, ' ');
    }
    hf_buf_puts(&text, error == NULL ? "failed" : error);

    hf_buf_reset(&run->result);
    hf_json_open(&json, '{');
    hf_json_key_int(&json, "line", (int64_t)line);
    if (run->file != NULL)
        hf_json_key_str(&json, "file", hf_span_str(run->file));
    if (json_is_string(json_object_get(object, "id"))) {
        hf_json_key(&json, "id");
        hf_eval_put_json(&run->result, json_object_get(object, "id"));
        json.comma = true;
    }
    hf_json_key_str(&json, "error", hf_buf_span(&text));
    hf_json_close(&json, '}');
    write_line(run);
}

/* A value in a sentence: escaped, and cut when it is long. */
static void put_value(struct hf_buf *out, const json_t *value)
{
    struct hf_buf text;

    if (value == NULL) {
        hf_buf_puts(out, "missing");
        return;
    }
    hf_buf_init_grow(&text, RESULT_MAX);
    hf_eval_put_json(&text, value);
    hf_buf_put_escaped(out, hf_buf_span(&text), 160);
    hf_buf_clear(&text);
}

/* One sentence for each member on standard error. */
static void tell_differences(struct run *run, const json_t *object,
                             const json_t *result, json_t *differs)
{
    const char *id = json_string_value(json_object_get(object, "id"));
    char room[1600];
    struct hf_buf text;
    const char *key;
    json_t *want;

    json_object_foreach(differs, key, want)
    {
        hf_buf_init(&text, room, sizeof(room) - 1);
        hf_buf_put_escaped(&text, hf_span_str(key), 40);
        hf_buf_puts(&text, " is ");
        put_value(&text, json_object_get(result, key));
        hf_buf_puts(&text, ", expected ");
        put_value(&text, want);
        room[text.len] = '\0';
        hf_cli_error(run->cli, hf_span_str(id), room);
    }
}

/* ---- one object ---- */

static void open_result(struct run *run, struct hf_json *json,
                        const json_t *object)
{
    const json_t *id = json_object_get(object, "id");

    hf_buf_reset(&run->result);
    hf_json_open(json, '{');
    hf_json_key(json, "id");
    if (json_is_string(id)) {
        hf_eval_put_json(json->out, id);
        json->comma = true;
    } else {
        hf_json_null(json);
    }
    hf_json_key_lit(json, "kind",
                    json_string_value(json_object_get(object, "kind")));
}

/* True when everything that the vector expects is there. */
static bool compare(struct run *run, struct hf_json *json, const json_t *object,
                    uint64_t line)
{
    json_t *expect = json_object_get(object, "expect");
    struct hf_span text = hf_buf_span(&run->result);
    json_t *result = json_loadb(text.ptr, text.len, 0, NULL);
    json_t *differs = hf_eval_differences(result, expect);
    bool same = json_object_size(differs) == 0;

    if (result == NULL || differs == NULL) {
        write_error(run, line, object, NULL, "out of memory");
    } else if (!same) {
        tell_differences(run, object, result, differs);
        run->result.len--; /* the closing bracket */
        json->comma = true;
        hf_json_key(json, "differs");
        hf_eval_put_json(json->out, differs);
        hf_buf_putc(json->out, '}');
    }
    run->vectors++;
    run->differences += !same;
    json_decref(differs);
    json_decref(result);
    return same;
}

static void finish_result(struct run *run, struct hf_json *json,
                          const json_t *object, uint64_t line)
{
    hf_json_close(json, '}');
    if (run->result.full) {
        write_error(run, line, object, NULL, "the result exceeds 16 MiB");
        return;
    }
    if (!run->expects) {
        write_line(run);
        return;
    }
    if (!json_is_object(json_object_get(object, "expect"))) {
        write_error(run, line, object, "expect", "is missing");
        return;
    }
    if (!compare(run, json, object, line) || !run->quiet)
        write_line(run);
}

static void run_object(struct run *run, json_t *object, uint64_t line)
{
    struct hf_json json = hf_json_to(&run->result);
    const json_t *kind = json_object_get(object, "kind");
    struct hf_eval eval = {
        .request = json_object_get(object, "request"),
        .dns = json_object_get(object, "dns"),
        .mode = json_object_get(object, "mode"),
        .digest = run->digest,
        .out = &json,
    };
    hf_eval_fn *evaluate;

    if (!json_is_string(kind)) {
        write_error(run, line, object, "kind", "is missing");
        return;
    }
    evaluate = hf_eval_find(hf_span_str(json_string_value(kind)));
    if (evaluate == NULL) {
        write_error(run, line, object, "kind", "is unknown");
        return;
    }
    if (!json_is_object(eval.request)) {
        write_error(run, line, object, "request", "is missing");
        return;
    }
    open_result(run, &json, object);
    evaluate(&eval);
    if (eval.wrong != NULL)
        write_error(run, line, object, eval.member, eval.wrong);
    else
        finish_result(run, &json, object, line);
    hf_eval_clear(&eval);
}

static void run_item(struct run *run, const struct hf_eval_item *item)
{
    json_error_t error;
    json_t *object;

    if (item->error != NULL) {
        write_error(run, item->line, NULL, NULL, item->error);
        return;
    }
    object = json_loadb(item->text.ptr, item->text.len,
                        JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
    if (object == NULL)
        write_error(run, item->line + (uint64_t)error.line - 1, NULL, NULL,
                    error.text);
    else
        run_object(run, object, item->line);
    json_decref(object);
}

/* ---- files ---- */

static enum hf_err run_file(struct run *run, const char *path,
                            struct hf_why *why)
{
    struct hf_eval_input input;
    struct hf_eval_item item;
    bool more = true;
    enum hf_err err = hf_eval_input_open(&input, path, why);

    while (err == HF_OK) {
        err = hf_eval_input_next(&input, &item, &more, why);
        if (err != HF_OK || !more)
            break;
        run_item(run, &item);
    }
    hf_eval_input_close(&input);
    return err;
}

static void write_count(struct run *run)
{
    struct hf_buf *out = &run->result;
    struct hf_json json = hf_json_to(out);

    hf_buf_reset(out);
    if (run->cli->json) {
        hf_json_open(&json, '{');
        hf_json_key_int(&json, "vectors", (int64_t)run->vectors);
        hf_json_key_int(&json, "differences", (int64_t)run->differences);
        hf_json_key_int(&json, "errors", (int64_t)run->errors);
        hf_json_close(&json, '}');
    } else {
        hf_buf_put_u64(out, run->vectors);
        hf_buf_puts(out, " vectors, ");
        hf_buf_put_u64(out, run->differences);
        hf_buf_puts(out, " differences");
        if (run->errors > 0) {
            hf_buf_puts(out, ", ");
            hf_buf_put_u64(out, run->errors);
            hf_buf_puts(out, " errors");
        }
    }
    write_line(run);
}

static enum hf_exit run_files(struct run *run)
{
    const struct hf_cli *cli = run->cli;
    size_t count = cli->operand_count == 0 ? 1 : cli->operand_count;
    struct hf_why why = {0};
    bool failed = false;

    for (size_t i = 0; i < count; i++) {
        const char *path = cli->operand_count == 0 ? "-" : cli->operands[i];
        enum hf_err err;

        run->file = count > 1 ? path : NULL;
        err = run_file(run, path, &why);
        if (err == HF_ECANCELED)
            return HF_EXIT_INTERRUPTED;
        if (err != HF_OK)
            hf_cli_fail(cli, hf_span_str(path), &why);
        failed = failed || err != HF_OK;
    }
    if (run->expects)
        write_count(run);
    return failed || run->errors > 0 || run->differences > 0 ? HF_EXIT_ERROR
                                                             : HF_EXIT_GOOD;
}

static enum hf_exit run_eval(struct hf_cli *cli)
{
    struct run run = {
        .cli = cli,
        .expects = hf_cli_has(cli, "expect"),
        .quiet = hf_cli_has(cli, "quiet"),
    };
    struct hf_why why = {0};
    enum hf_exit status;

    if (run.quiet && !run.expects)
        return hf_cli_usage(cli, HF_SPAN("--quiet"), "needs --expect");
    if (hf_digest_new(&run.digest, &why) != HF_OK) {
        hf_cli_fail(cli, HF_SPAN(""), &why);
        return HF_EXIT_ERROR;
    }
    hf_buf_init_grow(&run.result, RESULT_MAX);
    status = run_files(&run);
    hf_buf_clear(&run.result);
    hf_digest_free(run.digest);
    return status;
}

static const struct hf_option options[] = {
    {.name = "expect",
     .letter = 'e',
     .help = "Compare with each object's 'expect'; exit 1 on a difference"},
    {.name = "quiet",
     .letter = 'q',
     .help = "With --expect: write only what differs, errors and the count"},
};

const struct hf_command hf_cmd_eval = {
    .name = "eval",
    .operands = "[FILE]...",
    .summary = "Judge test objects and compare with what they expect",
    .details =
        "Reads objects of the vector format (holdfast-eval(1)), one a line, "
        "over several\nlines or in an array, from files or standard input. "
        "Writes a line of JSON for\neach. What cannot be read gives an object "
        "with 'line' and 'error'; the rest\nstill runs.\n",
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .operands_max = SIZE_MAX,
    .run = run_eval,
};
