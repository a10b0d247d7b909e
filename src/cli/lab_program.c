/* SPDX-License-Identifier: Apache-2.0 */
/* lab_program.c -- the programs of a laboratory: starting, hearing and ending
 * them. */
#include <poll.h>
#include <stdio.h>

#include "cli/lab_world.h"
#include "lab/channel.h"
#include "net/listen.h"
#include "os/clock.h"
#include "os/role.h"
#include "os/signals.h"

#define TURN_MS     50
#define ARGV_TEXT   (2 * (size_t)HF_LAB_LINE_MAX)
#define LOG_MAX     ((size_t)256 << 10) /* of a program that goes on */
#define SAID_MAX    ((size_t)16 << 10)
#define OUT_MAX     ((size_t)4 << 20) /* of a command */
#define START_MS    20000
#define STOP_MS     15000
#define COMMAND_MS  120000
#define FIRST_ASKER 11 /* p1 asks from 127.0.0.11 */

/* Where perspectives say that they are (BR 3.2.2.9). */
static const char *const regions[] = {"ARIN", "RIPE", "APNIC", "LACNIC",
                                      "AFRINIC"};

#define REGION_COUNT (sizeof(regions) / sizeof(regions[0]))

static enum hf_err no_room(struct hf_why *why)
{
    return hf_fail(why, HF_ELIMIT, 0, "a command is too long");
}

/* ---- turns ---- */

/* It should not have: its own words say why. */
static void tell_end(const struct hf_lab *lab,
                     const struct hf_lab_program *program)
{
    hf_cli_error(lab->cli, hf_span_str(program->name), "it has ended");
    if (program->said.len > 0)
        hf_cli_error(lab->cli, hf_buf_span(&program->said),
                     "were its last words");
}

/* The last words of what goes on and on count. */
static void forget_first(struct hf_buf *text)
{
    size_t cut;

    if (text->len <= LOG_MAX / 2)
        return;
    cut = text->len - LOG_MAX / 4;
    memmove(text->ptr, text->ptr + cut, text->len - cut);
    text->len -= cut;
}

static void hear(const struct hf_lab *lab, struct hf_lab_program *program)
{
    bool ended = false;

    if (program->child == NULL)
        return;
    if (hf_child_turn(program->child, 0, &ended, NULL) != HF_OK || ended) {
        hf_child_end(program->child, NULL);
        program->child = NULL;
        if (!program->may_end)
            tell_end(lab, program);
    }
    forget_first(&program->out);
}

static size_t add_fds(const struct hf_child *child, struct pollfd *wait)
{
    int fds[HF_CHILD_FDS];

    if (child == NULL)
        return 0;
    hf_child_fds(child, fds);
    for (size_t i = 0; i < HF_CHILD_FDS; i++)
        wait[i] = (struct pollfd){.fd = fds[i], .events = POLLIN};
    return HF_CHILD_FDS;
}

enum hf_err hf_lab_turn(struct hf_lab *lab, int fd, struct hf_why *why)
{
    struct pollfd wait[2 + HF_CHILD_FDS * HF_LAB_PROGRAMS_MAX] = {
        {.fd = hf_lab_server_fd(lab->server), .events = POLLIN},
        {.fd = fd, .events = POLLIN}};
    struct hf_lab_world *world = lab->world;
    size_t count = 2;
    int64_t wait_ms;
    enum hf_err err = hf_lab_server_step(lab->server, &wait_ms, why);

    if (err != HF_OK)
        return err;
    if (wait_ms < 0 || wait_ms > TURN_MS)
        wait_ms = TURN_MS;
    for (size_t i = 0; world != NULL && i <= world->perspective_count; i++)
        count += add_fds(world->programs[i].child, wait + count);
    (void)poll(wait, count, (int)wait_ms);
    for (size_t i = 0; world != NULL && i <= world->perspective_count; i++)
        hear(lab, &world->programs[i]);
    if (hf_signals_stop_wanted())
        return hf_fail(why, HF_ECANCELED, 0, "interrupted");
    return HF_OK;
}

/* ---- words of a command ---- */

static void add_word(struct hf_lab_argv *argv, const char *a, struct hf_span b)
{
    size_t len = hf_span_str(a).len;
    char *word = hf_arena_take(&argv->text, len + b.len + 1, 1);
    struct hf_buf text;

    if (word == NULL || argv->count == HF_LAB_ARGV_MAX) {
        argv->full = true;
        return;
    }
    hf_buf_init(&text, word, len + b.len);
    hf_buf_puts(&text, a);
    hf_buf_put(&text, b);
    argv->list[argv->count++] = word;
}

/* The program, and these words of its command. */
static void begin_argv(const struct hf_lab_world *world,
                       struct hf_lab_argv *argv, const struct hf_span *words,
                       size_t count)
{
    char room[PATH_MAX];

    hf_arena_clear(&argv->text);
    *argv = (struct hf_lab_argv){0};
    hf_arena_init(&argv->text, ARGV_TEXT);
    add_word(argv, hf_role_self(room, sizeof(room)), HF_SPAN(""));
    for (size_t i = 0; i < count; i++)
        add_word(argv, "", words[i]);
    add_word(argv, "--config=", hf_span_str(world->config));
}

static void add_options(struct hf_lab_argv *argv,
                        const struct hf_lab_verb *verb)
{
    for (size_t i = 0; i < verb->word_count; i++)
        add_word(argv, "", verb->words[i]);
}

/* ---- programs that go on ---- */

static enum hf_err start(struct hf_lab *lab, struct hf_lab_program *program,
                         struct hf_why *why)
{
    struct hf_lab_world *world = lab->world;
    const struct hf_child_plan plan = {.argv = program->argv.list,
                                       .env = world->env,
                                       .gift = &world->clock.fd,
                                       .dies_with_us = true};
    enum hf_err err = hf_lab_write_config(lab, why);

    if (err == HF_OK && program->argv.full)
        err = no_room(why);
    program->may_end = false;
    hf_buf_clear(&program->out);
    hf_buf_clear(&program->said);
    hf_buf_init_grow(&program->out, LOG_MAX);
    hf_buf_init_grow(&program->said, SAID_MAX);
    return err == HF_OK ? hf_child_start(&plan, &program->out, &program->said,
                                         &program->child, why)
                        : err;
}

/* Until it says that it serves. */
static enum hf_err await_ready(struct hf_lab *lab,
                               struct hf_lab_program *program,
                               struct hf_why *why)
{
    int64_t until_ms = hf_clock_ms() + START_MS;
    enum hf_err err = HF_OK;

    while (err == HF_OK && program->child != NULL && program->out.len == 0) {
        err = hf_lab_turn(lab, -1, why);
        if (err == HF_OK && hf_clock_ms() > until_ms)
            err = hf_fail(why, HF_ETIMEOUT, 0, "a program does not start");
    }
    if (err == HF_OK && program->child == NULL)
        err = hf_fail(why, HF_EPEER, 0, "it does not serve");
    return err;
}

static enum hf_err end_in_order(struct hf_lab *lab,
                                struct hf_lab_program *program,
                                struct hf_why *why)
{
    int64_t until_ms = hf_clock_ms() + STOP_MS;
    enum hf_err err = HF_OK;

    program->may_end = true;
    if (program->child != NULL)
        hf_child_ask_to_end(program->child);
    while (err == HF_OK && program->child != NULL) {
        err = hf_lab_turn(lab, -1, why);
        if (err == HF_OK && hf_clock_ms() > until_ms)
            err = hf_fail(why, HF_ETIMEOUT, 0, "a program does not end");
    }
    return err;
}

static struct hf_lab_program *find(const struct hf_lab *lab, struct hf_span who)
{
    struct hf_lab_world *world = lab->world;

    for (size_t i = 0; i <= world->perspective_count; i++)
        if (hf_span_eq(hf_span_str(world->programs[i].name), who))
            return &world->programs[i];
    return NULL;
}

static enum hf_err unknown(struct hf_why *why)
{
    return hf_fail(
        why, HF_EINVAL, 0,
        "it is 'ca' or a perspective, 'p1', that was started before");
}

enum hf_err hf_lab_stop(struct hf_lab *lab, struct hf_span who,
                        struct hf_why *why)
{
    struct hf_lab_program *program = find(lab, who);

    if (program == NULL)
        return unknown(why);
    if (program == &lab->world->programs[0])
        hf_http_clear(&lab->world->http);
    return end_in_order(lab, program, why);
}

enum hf_err hf_lab_start(struct hf_lab *lab, struct hf_span who,
                         struct hf_why *why)
{
    struct hf_lab_program *program = find(lab, who);
    enum hf_err err;

    if (program == NULL || program->argv.count == 0 || program->child != NULL)
        return unknown(why);
    err = start(lab, program, why);
    return err == HF_OK ? await_ready(lab, program, why) : err;
}

/* A port that is free now; nobody else comes to this address. */
static enum hf_err find_port(const struct hf_lab_world *world, size_t host,
                             uint16_t *out, struct hf_why *why)
{
    struct hf_listen listener;
    char place[32];
    enum hf_err err;

    (void)snprintf(place, sizeof(place), "%s%zu@0", world->net, host);
    err = hf_listen_open(hf_span_str(place), &(struct hf_handed){0}, &listener,
                         why);
    if (err != HF_OK)
        return err;
    *out = listener.port;
    hf_listen_close(&listener);
    return HF_OK;
}

/* ---- perspectives ---- */

static enum hf_err write_channel(struct hf_lab *lab, struct hf_why *why)
{
    struct hf_lab_world *world = lab->world;
    char rooms[HF_LAB_PERSPECTIVES_MAX][32];
    struct hf_span addresses[HF_LAB_PERSPECTIVES_MAX];
    struct hf_lab_channel channel = {0};
    enum hf_err err;

    for (size_t i = 0; i < world->perspective_count; i++) {
        (void)snprintf(rooms[i], sizeof(rooms[i]), "%s%zu", world->net,
                       FIRST_ASKER + i);
        addresses[i] = hf_span_str(rooms[i]);
    }
    err = hf_lab_channel_make(addresses, world->perspective_count,
                              hf_clock_now().s, &channel, why);
    if (err == HF_OK)
        err = hf_lab_write_file(world, "channel-root.pem",
                                hf_buf_span(&channel.root), why);
    if (err == HF_OK)
        err = hf_lab_write_file(world, "channel.pem",
                                hf_buf_span(&channel.chain), why);
    if (err == HF_OK)
        err = hf_lab_write_file(world, "channel.key", hf_buf_span(&channel.key),
                                why);
    hf_lab_channel_clear(&channel);
    return err;
}

static void add_path(const struct hf_lab_world *world, struct hf_lab_argv *argv,
                     const char *option, const char *name)
{
    char path[PATH_MAX + 32];

    (void)snprintf(path, sizeof(path), "%s/%s", world->folder, name);
    add_word(argv, option, hf_span_str(path));
}

static enum hf_err start_perspective(struct hf_lab *lab, size_t number,
                                     const struct hf_lab_verb *verb,
                                     struct hf_why *why)
{
    static const struct hf_span command[] = {HF_SPAN_INIT("perspective"),
                                             HF_SPAN_INIT("serve")};
    struct hf_lab_world *world = lab->world;
    struct hf_lab_program *program = &world->programs[number];
    size_t host = FIRST_ASKER + number - 1;
    char text[64];
    enum hf_err err = find_port(world, host, &program->port, why);

    if (err != HF_OK)
        return err;
    (void)snprintf(program->name, sizeof(program->name), "p%zu", number);
    begin_argv(world, &program->argv, command, 2);
    add_word(&program->argv, "--code=", hf_span_str(program->name));
    add_word(&program->argv,
             "--region=", hf_span_str(regions[(number - 1) % REGION_COUNT]));
    (void)snprintf(text, sizeof(text), "%s%zu@%u", world->net, host,
                   program->port);
    add_word(&program->argv, "--listen=", hf_span_str(text));
    (void)snprintf(text, sizeof(text), "127.0.0.%zu", host);
    add_word(&program->argv, "--source=", hf_span_str(text));
    add_word(&program->argv, "--issuer=", HF_SPAN(HF_LAB_ISSUER));
    add_word(&program->argv, "--allow-private", HF_SPAN(""));
    add_word(&program->argv, "--remember=0", HF_SPAN(""));
    add_path(world, &program->argv, "--certificate=", "channel.pem");
    add_path(world, &program->argv, "--key=", "channel.key");
    add_path(world, &program->argv, "--client-ca=", "channel-root.pem");
    add_options(&program->argv, verb);
    return start(lab, program, why);
}

enum hf_err hf_lab_perspectives(struct hf_lab *lab,
                                const struct hf_lab_verb *verb,
                                struct hf_why *why)
{
    struct hf_lab_world *world = lab->world;
    enum hf_err err;

    if (world->perspective_count > 0 || world->url[0] != '\0')
        return hf_fail(why, HF_EINVAL, 0,
                       "perspectives are started once, and before the CA");
    world->perspective_count = verb->count;
    err = write_channel(lab, why);
    for (size_t i = 1; i <= verb->count && err == HF_OK; i++)
        err = start_perspective(lab, i, verb, why);
    for (size_t i = 1; i <= verb->count && err == HF_OK; i++)
        err = await_ready(lab, &world->programs[i], why);
    return err;
}

/* ---- the CA ---- */

void hf_lab_put_url(const struct hf_lab_world *world, unsigned host,
                    char out[HF_URL_MAX])
{
    (void)snprintf(out, HF_URL_MAX, "https://%s%u:%u", world->net, host,
                   world->programs[0].port);
}

/* With the options of a CA it may go to {ca.elsewhere}, and to where it was. */
static void follow(struct hf_lab_world *world, const struct hf_lab_verb *verb)
{
    for (unsigned host = 1; host <= 2; host++) {
        char url[HF_URL_MAX];

        hf_lab_put_url(world, host, url);
        for (size_t i = 0; i + 1 < verb->word_count; i++)
            if (hf_span_eq(verb->words[i], HF_SPAN("--url")) &&
                hf_span_eq(verb->words[i + 1], hf_span_str(url)))
                memcpy(world->url, url, sizeof(url));
    }
}

static enum hf_err found_ca(struct hf_lab *lab, struct hf_why *why)
{
    static const struct hf_span command[] = {
        HF_SPAN_INIT("ca"), HF_SPAN_INIT("init"),
        HF_SPAN_INIT("--name=Laboratory"), HF_SPAN_INIT("--plaintext")};
    struct hf_lab_world *world = lab->world;
    struct hf_lab_ran ran;
    enum hf_err err = find_port(world, 1, &world->programs[0].port, why);

    if (err != HF_OK)
        return err;
    err = hf_lab_run(lab, command, 4, &ran, why);
    if (err == HF_OK && ran.status != 0) {
        hf_cli_error(lab->cli, hf_buf_span(&ran.said), "ca init");
        err = hf_fail(why, HF_EPEER, 0, "there is no CA");
    }
    hf_lab_ran_clear(&ran);
    if (err == HF_OK)
        hf_lab_put_url(world, 1, world->url);
    return err;
}

static void add_remotes(const struct hf_lab_world *world,
                        struct hf_lab_argv *argv)
{
    for (size_t i = 1; i <= world->perspective_count; i++) {
        char text[128];

        (void)snprintf(text, sizeof(text), "%s=%s=https://%s%zu:%u",
                       world->programs[i].name, regions[(i - 1) % REGION_COUNT],
                       world->net, FIRST_ASKER + i - 1,
                       world->programs[i].port);
        add_word(argv, "--remote=", hf_span_str(text));
    }
    if (world->perspective_count == 0)
        return;
    add_path(world, argv, "--remote-ca=", "channel-root.pem");
    add_path(world, argv, "--remote-certificate=", "channel.pem");
    add_path(world, argv, "--remote-key=", "channel.key");
}

enum hf_err hf_lab_ca(struct hf_lab *lab, const struct hf_lab_verb *verb,
                      struct hf_why *why)
{
    static const struct hf_span command[] = {HF_SPAN_INIT("ca"),
                                             HF_SPAN_INIT("serve")};
    struct hf_lab_world *world = lab->world;
    struct hf_lab_program *ca = &world->programs[0];
    enum hf_err err = HF_OK;

    if (world->url[0] == '\0')
        err = found_ca(lab, why);
    if (err == HF_OK)
        err = hf_lab_stop(lab, HF_SPAN("ca"), why);
    follow(world, verb);
    begin_argv(world, &ca->argv, command, 2);
    add_word(&ca->argv, "--clock=", HF_SPAN(HF_AHEAD_GIVEN));
    add_remotes(world, &ca->argv);
    add_options(&ca->argv, verb);
    return err == HF_OK ? hf_lab_start(lab, HF_SPAN("ca"), why) : err;
}

/* ---- commands ---- */

static enum hf_err attend(struct hf_lab *lab, struct hf_child *child,
                          struct hf_why *why)
{
    int64_t until_ms = hf_clock_ms() + COMMAND_MS;
    bool ended = false;
    enum hf_err err = HF_OK;

    while (err == HF_OK && !ended) {
        int fds[HF_CHILD_FDS];

        hf_child_fds(child, fds);
        err = hf_lab_turn(lab, fds[0] >= 0 ? fds[0] : fds[1], why);
        if (err == HF_OK)
            err = hf_child_turn(child, 0, &ended, why);
        if (err == HF_OK && !ended && hf_clock_ms() > until_ms)
            err = hf_fail(why, HF_ETIMEOUT, 0, "the command does not end");
    }
    return err;
}

enum hf_err hf_lab_run(struct hf_lab *lab, const struct hf_span *words,
                       size_t count, struct hf_lab_ran *ran, struct hf_why *why)
{
    struct hf_lab_argv argv = {0};
    struct hf_child_end end = {0};
    struct hf_child *child;
    char room[32];
    struct hf_buf now;
    const struct hf_child_plan plan = {
        .argv = argv.list, .env = lab->world->env, .dies_with_us = true};
    enum hf_err err = hf_lab_write_config(lab, why);

    hf_buf_init_grow(&ran->out, OUT_MAX);
    hf_buf_init_grow(&ran->said, SAID_MAX);
    begin_argv(lab->world, &argv, words, count);
    hf_buf_init(&now, room, sizeof(room));
    hf_buf_put_i64(&now, hf_clock_now().s + lab->ahead_s);
    if (lab->ahead_s != 0)
        add_word(&argv, "--now=", hf_buf_span(&now));
    if (err == HF_OK && argv.full)
        err = no_room(why);
    if (err == HF_OK)
        err = hf_child_start(&plan, &ran->out, &ran->said, &child, why);
    if (err == HF_OK) {
        err = attend(lab, child, why);
        hf_child_end(child, &end);
        ran->status = end.status;
    }
    hf_arena_clear(&argv.text);
    return err;
}

void hf_lab_ran_clear(struct hf_lab_ran *ran)
{
    hf_buf_clear(&ran->out);
    hf_buf_clear(&ran->said);
}

/* ---- the end ---- */

/* Ended in order, for what they have to write; at the latest by their end. */
void hf_lab_end_programs(struct hf_lab *lab)
{
    struct hf_lab_world *world = lab->world;

    hf_signals_tidy(true);
    for (size_t i = 0; i <= world->perspective_count; i++) {
        world->programs[i].may_end = true;
        if (world->programs[i].child != NULL)
            hf_child_ask_to_end(world->programs[i].child);
    }
    for (size_t i = 0; i <= world->perspective_count; i++) {
        struct hf_lab_program *program = &world->programs[i];

        (void)end_in_order(lab, program, NULL);
        hf_child_end(program->child, NULL);
        hf_buf_clear(&program->out);
        hf_buf_clear(&program->said);
        hf_arena_clear(&program->argv.text);
    }
    hf_signals_tidy(false);
}
