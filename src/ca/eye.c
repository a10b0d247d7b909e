/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/eye.h"

#include "base/alloc.h"
#include "os/clock.h"

static const char *const words[HF_WAY_COUNT] = {
    [HF_WAY_DNS_PERSIST] = "dns-persist-01",
    [HF_WAY_DNS] = "dns-01",
    [HF_WAY_HTTP] = "http-01",
    [HF_WAY_TLS_ALPN] = "tls-alpn-01",
    [HF_WAY_CAA] = "caa",
};

const char *hf_way_word(enum hf_way way)
{
    return words[way];
}

bool hf_way_find(struct hf_span word, enum hf_way *out)
{
    for (unsigned i = 0; i < HF_WAY_COUNT; i++) {
        if (hf_span_eq(word, hf_span_str(words[i]))) {
            *out = (enum hf_way)i;
            return true;
        }
    }
    return false;
}

void hf_view_clear(struct hf_view *view)
{
    for (size_t i = 0; i < view->answer_count; i++)
        hf_found_clear(&view->answers[i]);
    for (size_t i = 0; i < view->probe_count; i++) {
        hf_free(view->probes[i].url);
        hf_http_reply_clear(&view->probes[i].reply);
    }
    hf_free(view->answers);
    hf_free(view->probes);
    *view = (struct hf_view){0};
}

enum hf_err hf_view_add(struct hf_view *view, struct hf_found *found,
                        struct hf_why *why)
{
    struct hf_found *grown = hf_realloc(view->answers, view->answer_count + 1,
                                        sizeof(view->answers[0]));

    if (grown == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    view->answers = grown;
    view->answers[view->answer_count++] = *found;
    *found = (struct hf_found){0};
    return HF_OK;
}

enum hf_err hf_eye_submit(struct hf_eye *eye, const struct hf_errand *errand,
                          uint64_t ticket, struct hf_why *why)
{
    enum hf_err err;

    if (eye->under_way >= eye->window)
        return hf_fail(why, HF_ELIMIT, 0, "too many errands under way");
    err = eye->submit(eye->state, errand, ticket, why);
    if (err == HF_OK)
        eye->under_way++;
    return err;
}

static void note(struct hf_eye_record *record, const struct hf_view *view)
{
    record->views++;
    record->heard_at_ms = hf_clock_ms();
    record->failure = view->failure;
    if (view->failure != NULL) {
        record->failures++;
        record->failed_since++;
        return;
    }
    record->failed_since = 0;
    record->saw_at_ms = record->heard_at_ms;
    record->took_ms = view->took_ms;
}

enum hf_err hf_eye_poll(struct hf_eye *eye, uint64_t *ticket,
                        struct hf_view *out, bool *got, struct hf_why *why)
{
    enum hf_err err;

    *got = false;
    if (eye->under_way == 0)
        return HF_OK;
    err = eye->poll(eye->state, ticket, out, got, why);
    if (err == HF_OK && *got) {
        eye->under_way--;
        note(&eye->record, out);
    }
    return err;
}

bool hf_eye_is_blind(const struct hf_eye *eye)
{
    return eye->record.failed_since >= HF_EYE_FAILURES;
}

void hf_eye_clear(struct hf_eye *eye)
{
    if (eye->free != NULL)
        eye->free(eye->state);
    *eye = (struct hf_eye){0};
}
