/* SPDX-License-Identifier: Apache-2.0 */
#include "os/runner_msg.h"

#include "base/octets.h"

#define TEXT_MAX UINT16_MAX

static enum hf_err garbled(struct hf_why *why)
{
    return hf_fail(why, HF_ESYNTAX, 0,
                   "the process that runs programs speaks another language");
}

static bool has_nul(struct hf_span text)
{
    return hf_span_find(text, '\0') < text.len;
}

/* ---- texts ---- */

void hf_put_texts(struct hf_buf *out, const struct hf_span *list, size_t count)
{
    if (count > UINT16_MAX) {
        out->full = true;
        return;
    }
    hf_put_number(out, count, 2);
    for (size_t i = 0; i < count; i++)
        hf_put_text(out, list[i]);
}

bool hf_texts_next(struct hf_texts *texts, struct hf_span *out)
{
    if (texts->count == 0)
        return false;
    texts->count--;
    return hf_take_text(&texts->rest, TEXT_MAX, out);
}

bool hf_take_texts(struct hf_span *rest, struct hf_texts *out)
{
    struct hf_span from = *rest;
    struct hf_texts texts;
    struct hf_span text;
    uint64_t count;

    if (!hf_take_number(&from, 2, &count))
        return false;
    texts = (struct hf_texts){from, (size_t)count};
    while (count-- > 0)
        if (!hf_take_text(&from, TEXT_MAX, &text) || has_nul(text))
            return false;
    texts.rest.len -= from.len;
    *out = texts;
    *rest = from;
    return true;
}

/* ---- a program of CONFIG ---- */

void hf_runner_put_program(struct hf_buf *out, const struct hf_program *program)
{
    hf_put_number(out, program->timeout_ms, 4);
    hf_put_number(out, program->open_words, 1);
    hf_put_texts(out, program->words, program->word_count);
    hf_put_texts(out, program->variables, program->variable_count);
}

bool hf_runner_take_program(struct hf_span *rest, struct hf_runner_program *out)
{
    struct hf_runner_program program = {0};
    struct hf_span from = *rest;
    uint64_t timeout_ms, open_words;

    if (!hf_take_number(&from, 4, &timeout_ms) ||
        !hf_take_number(&from, 1, &open_words) ||
        !hf_take_texts(&from, &program.words) || program.words.count == 0 ||
        !hf_take_texts(&from, &program.variables))
        return false;
    program.timeout_ms = (uint32_t)timeout_ms;
    program.open_words = (size_t)open_words;
    *out = program;
    *rest = from;
    return true;
}

/* ---- RUN ---- */

void hf_runner_put_order(struct hf_buf *out, const struct hf_program_run *run)
{
    const struct hf_program *program = run->program;
    size_t at = hf_frame_begin(out, HF_RUNNER_RUN);

    hf_put_number(out, run->index, 4);
    hf_put_texts(out, run->words, program->open_words);
    for (size_t i = 0; i < program->variable_count; i++) {
        hf_put_number(out, run->values[i].ptr != NULL, 1);
        hf_put_text(out, run->values[i]);
    }
    hf_frame_end(out, at);
}

bool hf_runner_value_next(struct hf_span *values, struct hf_span *out)
{
    struct hf_span rest = *values;
    struct hf_span value;
    bool is_set;

    if (!hf_take_flag(&rest, &is_set) ||
        !hf_take_text(&rest, TEXT_MAX, &value) || has_nul(value))
        return false;
    *out = is_set ? value : (struct hf_span){0};
    *values = rest;
    return true;
}

enum hf_err hf_runner_read_order(struct hf_span body,
                                 struct hf_runner_order *out,
                                 struct hf_why *why)
{
    struct hf_runner_order order = {0};
    struct hf_span rest = body;
    struct hf_span value;
    uint64_t program;

    if (!hf_take_number(&rest, 4, &program) ||
        !hf_take_texts(&rest, &order.words))
        return garbled(why);
    order.program = (size_t)program;
    order.values = rest;
    while (hf_runner_value_next(&rest, &value))
        continue;
    if (rest.len > 0)
        return garbled(why);
    *out = order;
    return HF_OK;
}

/* ---- ENDED ---- */

void hf_runner_put_ended(struct hf_buf *out,
                         const struct hf_runner_ended *ended)
{
    size_t at = hf_frame_begin(out, HF_RUNNER_ENDED);

    hf_put_number(out, ended->end.ran, 1);
    hf_put_number(out, ended->end.timed_out, 1);
    hf_put_number(out, (uint32_t)ended->end.status, 4);
    hf_put_number(out, (uint32_t)ended->end.signal, 4);
    hf_put_text(out, ended->out);
    hf_put_text(out, ended->said);
    hf_frame_end(out, at);
}

enum hf_err hf_runner_read_ended(struct hf_span body,
                                 struct hf_runner_ended *out,
                                 struct hf_why *why)
{
    struct hf_runner_ended ended = {0};
    struct hf_span rest = body;
    uint64_t status, signal;
    bool ran, timed_out;

    if (!hf_take_flag(&rest, &ran) || !hf_take_flag(&rest, &timed_out) ||
        !hf_take_number(&rest, 4, &status) ||
        !hf_take_number(&rest, 4, &signal) ||
        !hf_take_text(&rest, HF_RUNNER_SAID_MAX, &ended.out) ||
        !hf_take_text(&rest, HF_RUNNER_SAID_MAX, &ended.said) || rest.len > 0)
        return garbled(why);
    /* As they were, whatever sign they had: status is -1 after a signal. */
    ended.end = (struct hf_child_end){.ran = ran,
                                      .timed_out = timed_out,
                                      .status = (int)(uint32_t)status,
                                      .signal = (int)(uint32_t)signal};
    *out = ended;
    return HF_OK;
}
