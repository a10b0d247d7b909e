/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/doctor.h"

#include <stdio.h>

#define TEXT_MAX 1000

static const struct {
    const char *word;  /* in JSON */
    const char *shown; /* to people */
} words[HF_HEALTH_COUNT] = {
    [HF_HEALTH_GOOD] = {"good", "good    "},
    [HF_HEALTH_NOTE] = {"note", "note    "},
    [HF_HEALTH_WRONG] = {"wrong", "WRONG   "},
    [HF_HEALTH_MENDED] = {"mended", "mended  "},
};

static void put_json(struct hf_buf *out, enum hf_health health,
                     const char *part, struct hf_span subject,
                     struct hf_span what, const char *advice)
{
    struct hf_json json = hf_json_to(out);

    hf_json_open(&json, '{');
    hf_json_key_lit(&json, "finding", words[health].word);
    hf_json_key_lit(&json, "part", part);
    if (subject.len > 0)
        hf_json_key_str(&json, "subject", subject);
    hf_json_key_str(&json, "what", what);
    if (advice != NULL)
        hf_json_key_lit(&json, "advice", advice);
    hf_json_close(&json, '}');
}

static void put_text(struct hf_buf *out, enum hf_health health,
                     const char *part, struct hf_span subject,
                     struct hf_span what, const char *advice)
{
    hf_buf_puts(out, words[health].shown);
    hf_buf_puts(out, part);
    hf_buf_puts(out, ": ");
    hf_buf_put_escaped(out, subject, TEXT_MAX);
    hf_buf_puts(out, subject.len > 0 ? ": " : "");
    hf_buf_put_escaped(out, what, TEXT_MAX);
    if (advice != NULL) {
        hf_buf_puts(out, "\n        ");
        hf_buf_puts(out, advice);
    }
}

void hf_doctor_say(struct hf_doctor *doctor, enum hf_health health,
                   const char *part, struct hf_span subject,
                   struct hf_span what, const char *advice)
{
    struct hf_out *out = doctor->cli->out;

    doctor->counts[health]++;
    if (doctor->cli->json)
        put_json(&out->buf, health, part, subject, what, advice);
    else
        put_text(&out->buf, health, part, subject, what, advice);
    hf_buf_putc(&out->buf, '\n');
    hf_out_step(out);
}

void hf_doctor_fail(struct hf_doctor *doctor, const char *part,
                    struct hf_span subject, const struct hf_why *why,
                    const char *advice)
{
    char room[TEXT_MAX];
    struct hf_buf what;

    hf_buf_init(&what, room, sizeof(room));
    hf_buf_puts(&what, why->text);
    if (why->sys != 0) {
        hf_buf_puts(&what, ": ");
        hf_buf_puts(&what, strerror(why->sys));
    }
    hf_doctor_say(doctor, HF_HEALTH_WRONG, part, subject, hf_buf_span(&what),
                  advice);
}

void hf_doctor_path(const struct hf_doctor *doctor, const char *name,
                    char out[PATH_MAX + 32])
{
    (void)snprintf(out, PATH_MAX + 32, "%s/%s", doctor->folder, name);
}
