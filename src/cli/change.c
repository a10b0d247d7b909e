/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/change.h"

#include "base/json.h"

static const struct {
    unsigned bit;
    const char *word;
    const char *sentence;
} meanings[] = {
    {HF_WIDENED_GRANT, "widened-grant",
     "a new grant: its CA may issue to its account now"},
    {HF_WIDENED_POLICY, "widened-policy",
     "policy=wildcard appeared: the wildcard and every name below are "
     "covered now"},
    {HF_WIDENED_UNTIL, "widened-until",
     "it lasts longer: persistUntil is later, or gone"},
    {HF_NARROWED_GRANT, "narrowed-grant",
     "a grant is gone: nothing new can be validated with it"},
    {HF_NARROWED_POLICY, "narrowed-policy",
     "policy=wildcard is gone: only the name itself is covered now"},
    {HF_NARROWED_UNTIL, "narrowed-until",
     "it ends earlier: persistUntil is nearer, or new"},
};

#define MEANINGS (sizeof(meanings) / sizeof(meanings[0]))

static const char *sentence_without_bits(enum hf_change change)
{
    switch (change) {
    case HF_CHANGE_REFORMATTED:
        return "the same meaning, written in another way";
    case HF_CHANGE_MODIFIED:
        return "changed, with the same authority";
    case HF_CHANGE_ADDED:
    case HF_CHANGE_DELETED:
        break;
    }
    return "it authorises nobody";
}

static void put_value(struct hf_buf *out, const char *label,
                      struct hf_span value)
{
    hf_buf_puts(out, label);
    hf_buf_put_escaped(out, value, 2000);
    hf_buf_putc(out, '\n');
}

void hf_change_put_text(struct hf_buf *out, bool colour,
                        const struct hf_event *event,
                        const struct hf_span *before,
                        const struct hf_span *after)
{
    hf_buf_puts(out, "  ");
    hf_buf_puts(out, hf_change_word(event->change));
    hf_buf_putc(out, '\n');
    for (size_t i = 0; i < MEANINGS; i++) {
        bool wide = (meanings[i].bit & HF_WIDENED) != 0;

        if ((event->authority & meanings[i].bit) == 0)
            continue;
        hf_buf_puts(out, colour && wide ? "    \033[31m" : "    ");
        hf_buf_puts(out, wide ? "WIDENED" : "narrowed");
        hf_buf_puts(out, colour && wide ? "\033[0m: " : ": ");
        hf_buf_puts(out, meanings[i].sentence);
        hf_buf_putc(out, '\n');
    }
    if (event->authority == 0) {
        hf_buf_puts(out, "    ");
        hf_buf_puts(out, sentence_without_bits(event->change));
        hf_buf_putc(out, '\n');
    }
    if (before != NULL)
        put_value(out, "    was  ", *before);
    if (after != NULL)
        put_value(out, "    is   ", *after);
}

void hf_change_put_json(struct hf_buf *out, struct hf_span owner,
                        const struct hf_event *event,
                        const struct hf_span *before,
                        const struct hf_span *after)
{
    struct hf_json json = hf_json_to(out);

    hf_json_open(&json, '{');
    if (owner.len > 0)
        hf_json_key_str(&json, "owner", owner);
    hf_json_key_lit(&json, "change", hf_change_word(event->change));
    hf_json_key_bool(&json, "widened", (event->authority & HF_WIDENED) != 0);
    hf_json_key(&json, "authority");
    hf_json_open(&json, '[');
    for (size_t i = 0; i < MEANINGS; i++)
        if ((event->authority & meanings[i].bit) != 0)
            hf_json_str(&json, hf_span_str(meanings[i].word));
    hf_json_close(&json, ']');
    if (before != NULL)
        hf_json_key_str(&json, "before", *before);
    if (after != NULL)
        hf_json_key_str(&json, "after", *after);
    hf_json_close(&json, '}');
    hf_buf_putc(out, '\n');
}
