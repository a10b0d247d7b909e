/* SPDX-License-Identifier: Apache-2.0 */
/* lab_step.c -- the verbs of programs, and what is told of them. */
#include "acme/document.h"
#include "cli/lab_order.h"
#include "os/clock.h"
#include "os/signals.h"

#define TOLD_MAX   4000 /* octets of what a command said */
#define DETAIL_MAX 300
#define UNMET_MAX  1500 /* octets of a step that was not as expected */
#define LOG_MS     5000 /* the longest that a line of a log is on its way */

/* ---- what a command said ---- */

/* The last line that is a JSON object, about this event or, with an empty one,
 * about anything; or NULL. */
static json_t *last_json(struct hf_span text, struct hf_span event)
{
    json_t *found = NULL;

    while (text.len > 0) {
        struct hf_span line = hf_span_cut(&text, hf_span_find(text, '\n'));
        json_t *json;

        (void)hf_span_skip(&text, '\n');
        if (hf_document_read(line, &json, NULL) != HF_OK)
            continue;
        if (event.len == 0 ||
            hf_span_eq(hf_document_string(json, "event"), event)) {
            json_decref(found);
            found = json;
        } else {
            json_decref(json);
        }
    }
    return found;
}

static void tell_lines(struct hf_lab *lab, struct hf_span text)
{
    struct hf_buf *out = &lab->cli->out->buf;

    if (lab->cli->json)
        return;
    if (text.len > TOLD_MAX)
        text.len = TOLD_MAX;
    while (text.len > 0) {
        struct hf_span line = hf_span_cut(&text, hf_span_find(text, '\n'));

        (void)hf_span_skip(&text, '\n');
        hf_buf_puts(out, "    ");
        hf_buf_put_escaped(out, line, TOLD_MAX);
        hf_buf_putc(out, '\n');
        hf_out_step(lab->cli->out);
    }
}

static enum hf_err run(struct hf_lab *lab, const struct hf_span *words,
                       size_t count, struct hf_why *why)
{
    struct hf_lab_answer *answer = &lab->answer;
    struct hf_lab_ran ran;
    enum hf_err err = hf_lab_run(lab, words, count, &ran, why);

    if (err == HF_OK) {
        hf_buf_put(&answer->text, hf_buf_span(&ran.out));
        hf_buf_put(&answer->text, hf_buf_span(&ran.said));
        hf_lab_answer_put(
            answer, ran.status == 0 ? HF_LAB_STEP_DONE : HF_LAB_STEP_REFUSED,
            last_json(hf_buf_span(&ran.out), HF_SPAN("")));
        tell_lines(lab, hf_buf_span(&ran.out));
        tell_lines(lab, hf_buf_span(&ran.said));
    }
    hf_lab_ran_clear(&ran);
    return err;
}

/* `holdfast account create`, with what the configuration file says of it. */
static enum hf_err make_account(struct hf_lab *lab, struct hf_span name,
                                struct hf_why *why)
{
    const struct hf_span words[] = {HF_SPAN("account"), HF_SPAN("create"),
                                    HF_SPAN("--account"), name};
    enum hf_err err = hf_lab_know_account(lab, name, why);

    return err == HF_OK ? run(lab, words, 4, why) : err;
}

/* The last line of the CA's log about such an event, which may be on its
 * way. */
static enum hf_err look_at_log(struct hf_lab *lab, struct hf_span event,
                               struct hf_why *why)
{
    const struct hf_buf *log = &lab->world->programs[0].out;
    int64_t until_ms = hf_clock_ms() + LOG_MS;
    json_t *found = NULL;
    enum hf_err err;

    do {
        err = hf_lab_turn(lab, -1, why);
        if (err == HF_OK)
            found = last_json(hf_buf_span(log), event);
    } while (err == HF_OK && found == NULL && hf_clock_ms() < until_ms);
    if (err == HF_OK && found == NULL)
        err =
            hf_fail(why, HF_ENOTFOUND, 0, "the CA's log has no such event yet");
    if (err == HF_OK)
        hf_lab_answer_put(&lab->answer, HF_LAB_STEP_DONE, found);
    return err;
}

/* ---- doing it ---- */

/* HF_OK: lab->answer says what came of it. What is not here is about orders. */
static enum hf_err do_step(struct hf_lab *lab, const struct hf_lab_verb *verb,
                           struct hf_why *why)
{
    switch ((int)verb->kind) {
    case HF_LAB_VERB_PERSPECTIVES:
        return hf_lab_perspectives(lab, verb, why);
    case HF_LAB_VERB_CA:
        return hf_lab_ca(lab, verb, why);
    case HF_LAB_VERB_STOP:
        return hf_lab_stop(lab, verb->who, why);
    case HF_LAB_VERB_START:
        return hf_lab_start(lab, verb->who, why);
    case HF_LAB_VERB_ACCOUNT:
        return make_account(lab, verb->who, why);
    case HF_LAB_VERB_STEAL:
        return hf_lab_steal(lab, verb->who, verb->called, why);
    case HF_LAB_VERB_HOLDFAST:
        return run(lab, verb->words, verb->word_count, why);
    case HF_LAB_VERB_LOG:
        return look_at_log(lab, verb->words[0], why);
    default:
        return hf_lab_order_do(lab, verb, why);
    }
}

/* What the CA says of its refusal, for people. */
static struct hf_span detail_of(const struct hf_lab_answer *answer)
{
    return hf_document_string(json_object_get(answer->json, "problem"),
                              "detail");
}

static void tell_answer(struct hf_lab *lab)
{
    const struct hf_lab_answer *answer = &lab->answer;
    struct hf_buf *out = &lab->cli->out->buf;
    struct hf_json json = hf_json_to(out);

    if (lab->cli->json) {
        hf_json_open(&json, '{');
        hf_json_key_lit(&json, "step", hf_lab_outcome_word(answer->outcome));
        hf_json_key_lit(&json, "type", answer->type);
        hf_json_key_str(&json, "detail", detail_of(answer));
        hf_json_close(&json, '}');
        hf_buf_putc(out, '\n');
    } else {
        hf_buf_puts(out, "    ");
        hf_lab_answer_tell(answer, detail_of(answer), DETAIL_MAX, out);
        hf_buf_putc(out, '\n');
    }
    hf_out_step(lab->cli->out);
}

/* "not as expected: refused dns: ..." */
static enum hf_exit unmet(const struct hf_lab *lab,
                          const struct hf_lab_place *place)
{
    struct hf_buf text;
    struct hf_why why = {0};

    hf_buf_init_grow(&text, 8192);
    hf_buf_puts(&text, "it came to: ");
    hf_lab_answer_tell(&lab->answer, hf_buf_span(&lab->answer.text), UNMET_MAX,
                       &text);
    hf_buf_putc(&text, '\0');
    why.text = text.full ? "not as expected" : text.ptr;
    hf_lab_fail(lab, place, &why);
    hf_buf_clear(&text);
    return HF_EXIT_NO;
}

enum hf_exit hf_lab_overlooked(struct hf_lab *lab)
{
    if (!hf_lab_answer_is_amiss(&lab->answer))
        return HF_EXIT_GOOD;
    lab->answer.settled = true;
    return unmet(lab, &lab->step_at);
}

enum hf_exit hf_lab_step(struct hf_lab *lab, const struct hf_lab_verb *verb,
                         const struct hf_lab_place *place)
{
    struct hf_why why = {0};

    if (lab->world == NULL) {
        why.text = "programs are for 'holdfast lab' and 'lab run'";
        hf_lab_fail(lab, place, &why);
        return HF_EXIT_ERROR;
    }
    if (verb->kind >= HF_LAB_VERB_OUTCOME)
        return hf_lab_answer_is(&lab->answer, verb) ? HF_EXIT_GOOD
                                                    : unmet(lab, place);
    hf_lab_answer_begin(&lab->answer);
    lab->step_at = *place;
    if (do_step(lab, verb, &why) != HF_OK) {
        hf_lab_fail(lab, place, &why);
        return hf_signals_stop_wanted() ? HF_EXIT_INTERRUPTED : HF_EXIT_ERROR;
    }
    if (lab->answer.outcome != HF_LAB_STEP_NOTHING)
        tell_answer(lab);
    return HF_EXIT_GOOD;
}
