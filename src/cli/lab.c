/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/lab_world.h"
#include "lab/placeholder.h"
#include "lab/zone_text.h"
#include "os/clock.h"
#include "os/file.h"

#define FILE_MAX  ((size_t)16 << 20)
#define STORY_MAX 2000 /* characters of one record that are told */

#define USUAL_ADDRESS "127.0.0.1@0"

enum hf_exit hf_lab_begin(struct hf_cli *cli, struct hf_lab *lab)
{
    struct hf_why why = {0};

    *lab = (struct hf_lab){.cli = cli};
    hf_buf_init_grow(&lab->line, HF_LAB_LINE_MAX);
    hf_buf_init_grow(&lab->room, 2 * (size_t)HF_LAB_LINE_MAX);
    hf_lab_answer_init(&lab->answer);
    if (hf_lab_dns_new(&lab->dns, &why) == HF_OK)
        return HF_EXIT_GOOD;
    hf_cli_fail(cli, HF_SPAN(""), &why);
    return HF_EXIT_ERROR;
}

void hf_lab_end(struct hf_lab *lab)
{
    hf_lab_world_free(lab);
    hf_lab_server_free(lab->server);
    hf_lab_dns_free(lab->dns);
    hf_lab_answer_clear(&lab->answer);
    hf_buf_clear(&lab->line);
    hf_buf_clear(&lab->room);
    *lab = (struct hf_lab){0};
}

static int64_t now_of(const struct hf_lab *lab)
{
    return hf_clock_now().s + lab->ahead_s;
}

void hf_lab_fail(const struct hf_lab *lab, const struct hf_lab_place *place,
                 const struct hf_why *why)
{
    char room[PATH_MAX + 32];
    struct hf_buf text;

    hf_buf_init(&text, room, sizeof(room));
    hf_buf_puts(&text, place->path);
    hf_buf_putc(&text, ':');
    hf_buf_put_u64(&text, place->line);
    hf_cli_fail(lab->cli, hf_buf_span(&text), why);
}

enum hf_exit hf_lab_load(struct hf_lab *lab, const char *path)
{
    struct hf_lab_place place = {.path = path};
    struct hf_why why = {0};
    struct hf_buf text;
    enum hf_err err;

    hf_buf_init_grow(&text, FILE_MAX);
    err = hf_file_read(path, &text, &why);
    if (err != HF_OK) {
        hf_cli_fail(lab->cli, hf_span_str(path), &why);
    } else {
        err = hf_lab_text_load(lab->dns, hf_buf_span(&text), &lab->zone,
                               now_of(lab), &place.line, &why);
        if (err != HF_OK)
            hf_lab_fail(lab, &place, &why);
    }
    hf_buf_clear(&text);
    return err == HF_OK ? HF_EXIT_GOOD : HF_EXIT_ERROR;
}

/* ---- the story ---- */

/* A record as one line without its newline, into `text`, which grows. */
static void put_record(const struct hf_lab_record *record, struct hf_buf *text)
{
    hf_lab_text_put(text, record);
    if (text->len > 0)
        text->len--;
    if (text->len > STORY_MAX)
        text->len = STORY_MAX;
}

static void put_change(struct hf_cli *cli, const struct hf_lab_change *change,
                       struct hf_span text)
{
    struct hf_json json = hf_json_to(&cli->out->buf);
    struct hf_buf *out = &cli->out->buf;

    if (cli->json) {
        hf_json_open(&json, '{');
        hf_json_key_int(&json, "at", change->now_s);
        hf_json_key_str(&json, "by", change->who);
        hf_json_key_lit(&json, "change", change->removed ? "remove" : "add");
        hf_json_key_str(&json, "record", text);
        hf_json_close(&json, '}');
    } else {
        hf_buf_put_escaped(out, change->who, HF_WIRE_NAME_MAX);
        hf_buf_puts(out, change->removed ? " removes " : " adds ");
        hf_buf_put(out, text);
    }
    hf_buf_putc(out, '\n');
}

static void tell(void *state, const struct hf_lab_change *change)
{
    struct hf_cli *cli = state;
    struct hf_buf text;

    hf_buf_init_grow(&text, 8 * (size_t)HF_WIRE_MESSAGE_MAX);
    put_record(change->record, &text);
    put_change(cli, change, hf_buf_span(&text));
    hf_buf_clear(&text);
    (void)hf_out_flush(cli->out, NULL);
}

void hf_lab_tell(struct hf_lab *lab)
{
    hf_lab_dns_tell(lab->dns, tell, lab->cli);
}

static void put_said(struct hf_cli *cli, const char *key, struct hf_span text)
{
    struct hf_json json = hf_json_to(&cli->out->buf);

    if (cli->json) {
        hf_json_open(&json, '{');
        hf_json_key_str(&json, key, text);
        hf_json_close(&json, '}');
    } else {
        hf_buf_put_escaped(&cli->out->buf, text, STORY_MAX);
    }
    hf_buf_putc(&cli->out->buf, '\n');
    hf_out_step(cli->out);
}

static void show(struct hf_lab *lab, const struct hf_wire_name *zone)
{
    struct hf_lab_record record;
    struct hf_buf text;
    size_t at = 0;

    hf_buf_init_grow(&text, 8 * (size_t)HF_WIRE_MESSAGE_MAX);
    while (hf_lab_record_next(lab->dns, zone, &at, &record)) {
        hf_buf_reset(&text);
        put_record(&record, &text);
        put_said(lab->cli, "record", hf_buf_span(&text));
    }
    hf_buf_clear(&text);
}

/* Steps, and what is not told of otherwise. */
static bool is_worth_a_line(const struct hf_lab_verb *verb)
{
    return verb->kind == HF_LAB_VERB_FAULT || verb->kind == HF_LAB_VERB_MEND ||
           verb->kind == HF_LAB_VERB_CLOCK ||
           (hf_lab_verb_is_of_programs(verb) &&
            verb->kind < HF_LAB_VERB_OUTCOME);
}

/* A step as it was told, where there are programs. */
static void tell_verb(struct hf_lab *lab, const struct hf_lab_verb *verb)
{
    struct hf_cli *cli = lab->cli;

    if (lab->world == NULL || !is_worth_a_line(verb) || cli->json)
        return;
    hf_buf_puts(&cli->out->buf, "> ");
    put_said(cli, "step", hf_buf_span(&lab->line));
}

/* ---- what it is told ---- */

static void move_clock(struct hf_lab *lab, const struct hf_lab_verb *verb)
{
    lab->ahead_s = verb->is_moment ? verb->at_s - hf_clock_now().s
                                   : lab->ahead_s + verb->ahead_s;
    hf_lab_server_shift(lab->server, lab->ahead_s);
    hf_lab_world_shift(lab);
}

const struct hf_lab_moment *hf_lab_moment_find(const struct hf_lab *lab,
                                               struct hf_span name)
{
    for (size_t i = 0; i < lab->moment_count; i++)
        if (hf_span_eq(hf_span_str(lab->moments[i].name), name))
            return &lab->moments[i];
    return NULL;
}

static enum hf_err keep_moment(struct hf_lab *lab,
                               const struct hf_lab_verb *verb,
                               struct hf_why *why)
{
    struct hf_lab_moment *moment = &lab->moments[lab->moment_count];

    if (lab->moment_count == HF_LAB_MOMENTS_MAX ||
        verb->who.len >= sizeof(moment->name) ||
        hf_lab_moment_find(lab, verb->who) != NULL)
        return hf_fail(why, HF_EINVAL, 0,
                       "a moment has a name of its own, a short one, and there "
                       "are 16 at most");
    memcpy(moment->name, verb->who.ptr, verb->who.len);
    moment->at_s = now_of(lab) + verb->ahead_s;
    lab->moment_count++;
    return HF_OK;
}

/* An expectation of the last step settles it; before all else it is over. */
static enum hf_exit look_back(struct hf_lab *lab,
                              const struct hf_lab_verb *verb)
{
    return verb->kind == HF_LAB_VERB_NONE || verb->kind >= HF_LAB_VERB_OUTCOME
               ? HF_EXIT_GOOD
               : hf_lab_overlooked(lab);
}

static enum hf_exit do_verb(struct hf_lab *lab, const struct hf_lab_verb *verb,
                            const struct hf_lab_place *place)
{
    struct hf_why why = {0};
    enum hf_err err = HF_OK;

    if (hf_lab_verb_is_of_programs(verb))
        return hf_lab_step(lab, verb, place);
    if (verb->kind == HF_LAB_VERB_EXPECT)
        return hf_lab_expect(lab, verb, place);
    if (verb->kind == HF_LAB_VERB_SHOW)
        show(lab, &verb->name);
    else if (verb->kind == HF_LAB_VERB_SAY)
        put_said(lab->cli, "say", verb->text);
    else if (verb->kind == HF_LAB_VERB_CLOCK)
        move_clock(lab, verb);
    else if (verb->kind == HF_LAB_VERB_MOMENT)
        err = keep_moment(lab, verb, &why);
    else
        err = hf_lab_verb_do(lab->dns, verb, &lab->zone, now_of(lab), &why);
    if (err != HF_OK)
        hf_lab_fail(lab, place, &why);
    return err == HF_OK ? HF_EXIT_GOOD : HF_EXIT_ERROR;
}

/* The line, what is to be known of it put in. */
static enum hf_err read_verb(struct hf_lab *lab, struct hf_span line,
                             struct hf_lab_verb *verb, struct hf_why *why)
{
    enum hf_err err;

    hf_buf_reset(&lab->line);
    err = hf_lab_fill(line, hf_lab_known, lab, &lab->line, why);
    return err == HF_OK ? hf_lab_verb_read(hf_buf_span(&lab->line), &lab->room,
                                           verb, why)
                        : err;
}

enum hf_exit hf_lab_obey(struct hf_lab *lab, struct hf_span line,
                         const struct hf_lab_place *place)
{
    enum hf_exit before, status;
    struct hf_lab_verb verb;
    struct hf_why why = {0};

    if (read_verb(lab, line, &verb, &why) != HF_OK) {
        hf_lab_fail(lab, place, &why);
        return HF_EXIT_ERROR;
    }
    before = look_back(lab, &verb);
    tell_verb(lab, &verb);
    status = do_verb(lab, &verb, place);
    (void)hf_out_flush(lab->cli->out, NULL);
    return status == HF_EXIT_GOOD ? before : status;
}

static enum hf_exit play(struct hf_lab *lab, struct hf_span rest,
                         const char *path)
{
    struct hf_lab_place place = {.path = path};
    enum hf_exit all = HF_EXIT_GOOD;

    while (rest.len > 0) {
        struct hf_span line = hf_span_cut(&rest, hf_span_find(rest, '\n'));
        enum hf_exit status;

        (void)hf_span_skip(&rest, '\n');
        place.line++;
        status = hf_lab_obey(lab, line, &place);
        if (status == HF_EXIT_NO)
            all = HF_EXIT_NO;
        else if (status != HF_EXIT_GOOD)
            return status;
    }
    return hf_lab_overlooked(lab) == HF_EXIT_GOOD ? all : HF_EXIT_NO;
}

enum hf_exit hf_lab_play(struct hf_lab *lab, const char *path)
{
    enum hf_exit status = HF_EXIT_ERROR;
    struct hf_why why = {0};
    struct hf_buf text;

    hf_buf_init_grow(&text, FILE_MAX);
    if (hf_file_read(path, &text, &why) != HF_OK)
        hf_cli_fail(lab->cli, hf_span_str(path), &why);
    else
        status = play(lab, hf_buf_span(&text), path);
    hf_buf_clear(&text);
    return status;
}

enum hf_exit hf_lab_listen(struct hf_lab *lab)
{
    const struct hf_cli *cli = lab->cli;
    const char *addresses[HF_LAB_ADDRESSES_MAX] = {USUAL_ADDRESS};
    size_t count = hf_cli_count(cli, "listen");
    struct hf_why why = {0};

    if (count > HF_LAB_ADDRESSES_MAX)
        return hf_cli_usage(cli, HF_SPAN("listen"), "too many of them");
    for (size_t i = 0; i < count; i++)
        addresses[i] = hf_cli_nth(cli, "listen", i);
    if (hf_lab_server_new(lab->dns, addresses, count > 0 ? count : 1,
                          &lab->server, &why) == HF_OK)
        return HF_EXIT_GOOD;
    hf_cli_fail(cli, hf_span_str(addresses[0]), &why);
    return HF_EXIT_ERROR;
}
