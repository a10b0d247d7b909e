/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/eval_input.h"

#include <jansson.h>

#include "os/signals.h"

enum hf_err hf_eval_input_open(struct hf_eval_input *input, const char *path,
                               struct hf_why *why)
{
    *input = (struct hf_eval_input){0};
    hf_buf_init_grow(&input->pending, HF_EVAL_OBJECT_MAX);
    return hf_lines_open(&input->lines, path, HF_EVAL_OBJECT_MAX, why);
}

void hf_eval_input_close(struct hf_eval_input *input)
{
    hf_lines_close(&input->lines);
    hf_buf_clear(&input->pending);
}

/* Report and be between objects again. */
static void set_error(struct hf_eval_input *input, struct hf_eval_item *item,
                      uint64_t line, const char *error)
{
    *item = (struct hf_eval_item){.line = line, .error = error};
    hf_buf_reset(&input->pending);
    input->depth = 0;
    input->in_string = false;
    input->escaped = false;
}

/* The same for the object at hand, of which more lines may follow. */
static void give_up(struct hf_eval_input *input, struct hf_eval_item *item,
                    const char *error)
{
    set_error(input, item, input->line, error);
    input->skipping = input->line < input->lines.number;
    input->rest.len = 0;
}

static void skip_separators(struct hf_span *rest)
{
    while (rest->len > 0 && memchr(" \t\r,[]", rest->ptr[0], 6) != NULL)
        (void)hf_span_cut(rest, 1);
}

/* A whole test object on one line: where reading finds its feet again when
 * an earlier object was never closed. */
static bool is_test_object(struct hf_span line)
{
    json_t *value;
    bool is;

    skip_separators(&line);
    if (line.len == 0 || line.ptr[0] != '{')
        return false;
    value = json_loadb(line.ptr, line.len,
                       JSON_DISABLE_EOF_CHECK | JSON_ALLOW_NUL, NULL);
    is = json_object_get(value, "kind") != NULL &&
         json_object_get(value, "request") != NULL;
    json_decref(value);
    return is;
}

static void step(struct hf_eval_input *input, char c)
{
    if (input->escaped) {
        input->escaped = false;
    } else if (input->in_string) {
        input->escaped = c == '\\';
        input->in_string = c != '"';
    } else if (c == '"') {
        input->in_string = true;
    } else if (c == '{' || c == '[') {
        input->depth++;
    } else if (c == '}' || c == ']') {
        input->depth--;
    }
}

/* Read on to the end of the object, of the line, or of our patience. */
static struct hf_span scan(struct hf_eval_input *input)
{
    size_t n = 0;

    do {
        step(input, input->rest.ptr[n]);
        n++;
    } while (n < input->rest.len && input->depth > 0 &&
             input->depth <= HF_EVAL_DEPTH_MAX);
    return hf_span_cut(&input->rest, n);
}

/* The object ends here, or the line does and it goes on. True for an item. */
static bool take_part(struct hf_eval_input *input, struct hf_eval_item *item)
{
    struct hf_span part = scan(input);

    if (input->depth > HF_EVAL_DEPTH_MAX) {
        give_up(input, item, "nested more than 32 deep");
        return true;
    }
    if (input->depth == 0 && input->pending.len == 0) {
        *item = (struct hf_eval_item){.line = input->line, .text = part};
        return true;
    }
    hf_buf_put(&input->pending, part);
    if (input->depth > 0)
        hf_buf_putc(&input->pending, '\n');
    if (input->in_string) {
        give_up(input, item, "a string is not closed on its line");
        return true;
    }
    if (input->pending.full) {
        give_up(input, item, "object longer than 1 MiB");
        return true;
    }
    *item = (struct hf_eval_item){.line = input->line,
                                  .text = hf_buf_span(&input->pending)};
    return input->depth == 0;
}

/* The first object on what is left of a line. True for an item. */
static bool take_item(struct hf_eval_input *input, struct hf_eval_item *item)
{
    if (input->depth == 0) {
        skip_separators(&input->rest);
        if (input->rest.len == 0)
            return false;
        hf_buf_reset(&input->pending);
        input->line = input->lines.number;
        if (input->rest.ptr[0] != '{') {
            set_error(input, item, input->line, "no JSON object");
            input->rest.len = 0;
            return true;
        }
    }
    return take_part(input, item);
}

static size_t indent_of(struct hf_span line)
{
    size_t n = 0;

    while (n < line.len && (line.ptr[n] == ' ' || line.ptr[n] == '\t'))
        n++;
    return n;
}

/* Pass over what is left of an object given up: until one begins no deeper
 * than that did, or stands whole on its line. */
static void skip_given_up(struct hf_eval_input *input)
{
    size_t indent = indent_of(input->rest);

    if ((indent <= input->indent && indent < input->rest.len &&
         input->rest.ptr[indent] == '{') ||
        is_test_object(input->rest))
        input->skipping = false;
    else
        input->rest.len = 0;
}

static void begin_line(struct hf_eval_input *input)
{
    if (input->lines.number == 1 &&
        hf_span_starts(input->rest, HF_SPAN("\xef\xbb\xbf")))
        (void)hf_span_cut(&input->rest, 3);
    if (input->skipping)
        skip_given_up(input);
    if (input->depth == 0)
        input->indent =
            input->skipping ? input->indent : indent_of(input->rest);
    else if (input->rest.len == 0)
        hf_buf_putc(&input->pending, '\n'); /* jansson counts the lines */
}

static enum hf_err next_line(struct hf_eval_input *input,
                             struct hf_eval_item *item, bool *more,
                             struct hf_why *why)
{
    bool there = true;
    enum hf_err err = hf_lines_next(&input->lines, &input->rest, &there, why);

    *item = (struct hf_eval_item){0};
    if (err == HF_ELIMIT) {
        input->rest.len = 0;
        set_error(input, item, input->lines.number, "line longer than 1 MiB");
        return HF_OK;
    }
    if (err != HF_OK)
        return err;
    if (input->depth > 0 && (!there || is_test_object(input->rest)))
        set_error(input, item, input->line, "object is not closed");
    else
        *more = there;
    if (there)
        begin_line(input);
    return HF_OK;
}

enum hf_err hf_eval_input_next(struct hf_eval_input *input,
                               struct hf_eval_item *item, bool *more,
                               struct hf_why *why)
{
    *more = true;
    for (;;) {
        enum hf_err err;

        if (input->rest.len > 0 && take_item(input, item))
            return HF_OK;
        if (input->rest.len > 0)
            continue;
        if (hf_signals_stop_wanted())
            return hf_fail(why, HF_ECANCELED, 0, "interrupted");
        err = next_line(input, item, more, why);
        if (err != HF_OK || !*more || item->error != NULL)
            return err;
    }
}
