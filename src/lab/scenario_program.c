/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/zone_type.h"
#include "lab/scenario_read.h"

static const char *const outcomes[] = {
    [HF_LAB_STEP_NOTHING] = "nothing",       [HF_LAB_STEP_DONE] = "done",
    [HF_LAB_STEP_PENDING] = "pending",       [HF_LAB_STEP_READY] = "ready",
    [HF_LAB_STEP_PROCESSING] = "processing", [HF_LAB_STEP_ISSUED] = "issued",
    [HF_LAB_STEP_REFUSED] = "refused",
};

const char *hf_lab_outcome_word(enum hf_lab_outcome outcome)
{
    return outcomes[outcome];
}

bool hf_lab_verb_is_of_programs(const struct hf_lab_verb *verb)
{
    return verb->kind > HF_LAB_VERB_SAY;
}

/* One more word, which was taken. */
static enum hf_err keep_word(struct hf_lab_reading *r, struct hf_why *why)
{
    if (r->verb.word_count == HF_LAB_WORDS_MAX)
        return hf_lab_wrong(r, why, "these are too many words");
    return hf_lab_take(r, &r->verb.words[r->verb.word_count++], why);
}

/* WORD... */
enum hf_err hf_lab_read_words(struct hf_lab_reading *r, struct hf_why *why)
{
    enum hf_err err = HF_OK;

    while (err == HF_OK && hf_lab_next(r))
        err = keep_word(r, why);
    return err;
}

/* COUNT [OPTION...] */
enum hf_err hf_lab_read_perspectives(struct hf_lab_reading *r,
                                     struct hf_why *why)
{
    uint32_t count;

    if (!hf_lab_next(r) || !hf_zone_ttl_read(r->word.text, &count) ||
        count < 2 || count > HF_LAB_PERSPECTIVES_MAX)
        return hf_lab_wrong(r, why, "a number from 2 to 15 is expected");
    r->verb.count = count;
    return hf_lab_read_words(r, why);
}

/* NAME */
enum hf_err hf_lab_read_who(struct hf_lab_reading *r, struct hf_why *why)
{
    enum hf_err err = hf_lab_read_text(r, &r->verb.who, why);

    return err == HF_OK ? hf_lab_read_end(r, why) : err;
}

/* ACCOUNT as NAME */
enum hf_err hf_lab_read_steal(struct hf_lab_reading *r, struct hf_why *why)
{
    enum hf_err err = hf_lab_read_text(r, &r->verb.who, why);

    if (err != HF_OK)
        return err;
    if (!hf_lab_next(r) || !hf_lab_is(r, "as"))
        return hf_lab_wrong(r, why, "'as' and a name are expected");
    err = hf_lab_read_text(r, &r->verb.called, why);
    return err == HF_OK ? hf_lab_read_end(r, why) : err;
}

/* ACCOUNT NAME... [under ANCESTOR] [as ORDER] */
enum hf_err hf_lab_read_order(struct hf_lab_reading *r, struct hf_why *why)
{
    enum hf_err err = hf_lab_read_text(r, &r->verb.who, why);

    while (err == HF_OK && hf_lab_next(r)) {
        if (hf_lab_is(r, "as")) {
            err = hf_lab_read_text(r, &r->verb.called, why);
            return err == HF_OK ? hf_lab_read_end(r, why) : err;
        }
        if (hf_lab_is(r, "under"))
            err = hf_lab_read_text(r, &r->verb.under, why);
        else
            err = keep_word(r, why);
    }
    if (err == HF_OK && r->verb.word_count == 0)
        return hf_lab_wrong(r, why, "an account and names are expected");
    return err;
}

/* [ORDER] [no-wait] */
enum hf_err hf_lab_read_step(struct hf_lab_reading *r, struct hf_why *why)
{
    enum hf_err err = HF_OK;

    while (err == HF_OK && hf_lab_next(r)) {
        if (hf_lab_is(r, "no-wait") && r->verb.kind == HF_LAB_VERB_VALIDATE)
            r->verb.no_wait = true;
        else if (r->verb.called.len == 0)
            err = hf_lab_take(r, &r->verb.called, why);
        else
            return hf_lab_wrong(r, why, "one order at a time");
    }
    return err;
}

/* URL [by ACCOUNT] */
enum hf_err hf_lab_read_get(struct hf_lab_reading *r, struct hf_why *why)
{
    enum hf_err err = HF_OK;

    if (!hf_lab_next(r))
        return hf_lab_wrong(r, why, "a URL is expected");
    err = keep_word(r, why);
    if (err != HF_OK || !hf_lab_next(r))
        return err;
    if (!hf_lab_is(r, "by"))
        return hf_lab_wrong(r, why, "'by' and an account are expected");
    return hf_lab_read_who(r, why);
}

/* EVENT */
enum hf_err hf_lab_read_log(struct hf_lab_reading *r, struct hf_why *why)
{
    if (!hf_lab_next(r))
        return hf_lab_wrong(r, why, "an event is expected, as in the CA's log");
    return keep_word(r, why);
}

/* ---- expectations ---- */

/* PATH [VALUE]; PATH */
static enum hf_err read_member(struct hf_lab_reading *r,
                               enum hf_lab_verb_kind kind, struct hf_why *why)
{
    size_t most = kind == HF_LAB_VERB_HAS ? 2 : 1;
    enum hf_err err = hf_lab_read_words(r, why);

    r->verb.kind = kind;
    if (err == HF_OK && (r->verb.word_count == 0 || r->verb.word_count > most))
        return hf_lab_wrong(r, why,
                            "where it is in the answer is expected, and with "
                            "'has' also what it is");
    return err;
}

enum hf_err hf_lab_read_outcome(struct hf_lab_reading *r, struct hf_why *why)
{
    enum hf_err err = HF_OK;

    if (hf_lab_is(r, "has"))
        return read_member(r, HF_LAB_VERB_HAS, why);
    if (hf_lab_is(r, "lacks"))
        return read_member(r, HF_LAB_VERB_LACKS, why);
    r->verb.kind = HF_LAB_VERB_OUTCOME;
    for (unsigned i = HF_LAB_STEP_DONE; i <= HF_LAB_STEP_REFUSED; i++)
        if (hf_lab_is(r, outcomes[i]))
            r->verb.outcome = (enum hf_lab_outcome)i;
    if (r->verb.outcome == HF_LAB_STEP_NOTHING)
        return hf_lab_wrong(
            r, why,
            "what is expected is a name, or one of: done issued "
            "pending ready processing refused has lacks");
    while (err == HF_OK && hf_lab_next(r)) {
        if (hf_lab_is(r, "says"))
            err = hf_lab_read_text(r, &r->verb.says, why);
        else if (r->verb.outcome == HF_LAB_STEP_REFUSED &&
                 r->verb.word_count == 0)
            err = keep_word(r, why);
        else
            return hf_lab_wrong(r, why,
                                "behind it may stand 'says' and a text; behind "
                                "'refused' first the type of the problem");
    }
    return err;
}
