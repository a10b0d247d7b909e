/* SPDX-License-Identifier: Apache-2.0 */
#include "os/runner_worker.h"

#include <signal.h>
#include <unistd.h>

#include "base/alloc.h"
#include "os/child.h"
#include "os/clock.h"
#include "os/runner_msg.h"

/* Strings with their NUL, and pointers to them. */
struct strings {
    char *room;
    size_t len; /* of the room that is used */
    char **list;
    size_t count;
};

/* What CONFIG said. The programs point into `config`, which stays. */
struct worker {
    int fd;
    struct hf_buf config;
    struct hf_buf in;
    struct strings environment;
    struct hf_runner_program *programs;
    size_t program_count;
};

/* ---- strings ---- */

/* Room for `count` of them, with `octets` in all, and two NULLs. */
static bool make(struct strings *strings, size_t count, size_t octets)
{
    *strings =
        (struct strings){.room = hf_alloc(octets + count + 1, 1),
                         .list = hf_alloc(count + 2, sizeof(strings->list[0]))};
    return strings->room != NULL && strings->list != NULL;
}

static void clear(struct strings *strings)
{
    hf_free(strings->room);
    hf_free(strings->list);
}

static void add(struct strings *strings, struct hf_span a, struct hf_span b,
                struct hf_span c)
{
    struct hf_buf text;

    hf_buf_init(&text, strings->room + strings->len, a.len + b.len + c.len + 1);
    hf_buf_put(&text, a);
    hf_buf_put(&text, b);
    hf_buf_put(&text, c);
    hf_buf_putc(&text, '\0');
    strings->list[strings->count++] = text.ptr;
    strings->len += text.len;
}

static void add_texts(struct strings *strings, struct hf_texts texts)
{
    struct hf_span text;

    while (hf_texts_next(&texts, &text))
        add(strings, text, HF_SPAN(""), HF_SPAN(""));
}

/* ---- what may be run ---- */

static enum hf_runner_start take_programs(struct worker *w,
                                          struct hf_span programs)
{
    struct hf_runner_program program;
    struct hf_span rest = programs;
    size_t count = 0;

    while (hf_runner_take_program(&rest, &program))
        count++;
    if (rest.len > 0)
        return HF_RUNNER_BAD_CONFIG;
    w->programs = hf_alloc(count + 1, sizeof(*w->programs));
    if (w->programs == NULL)
        return HF_RUNNER_NO_MEMORY;
    while (hf_runner_take_program(&programs, &w->programs[w->program_count]))
        w->program_count++;
    return HF_RUNNER_STARTED;
}

static enum hf_runner_start configure(struct worker *w, struct hf_span body)
{
    struct hf_texts entries;

    if (!hf_take_texts(&body, &entries))
        return HF_RUNNER_BAD_CONFIG;
    if (!make(&w->environment, entries.count, entries.rest.len))
        return HF_RUNNER_NO_MEMORY;
    add_texts(&w->environment, entries);
    /* execvpe() looks for programs in the PATH of this process. */
    environ = w->environment.list;
    return take_programs(w, body);
}

static bool read_config(struct worker *w)
{
    struct hf_frame frame = {0};

    return hf_role_next(w->fd, &w->config, HF_RUNNER_CONFIG_MAX, &frame) &&
           frame.kind == HF_FRAME_CONFIG &&
           hf_role_greet(w->fd, configure(w, frame.body));
}

/* ---- running ---- */

/* False when there are not as many values as variables. */
static bool add_variables(struct strings *strings,
                          const struct hf_runner_program *program,
                          struct hf_span values)
{
    struct hf_texts names = program->variables;
    struct hf_span name, value;

    while (hf_texts_next(&names, &name)) {
        if (!hf_runner_value_next(&values, &value))
            return false;
        if (value.ptr != NULL)
            add(strings, name, HF_SPAN("="), value);
    }
    return values.len == 0;
}

/* What everybody gets, but for what was set: the same name twice is read
 * differently by different programs. */
static void add_base(struct strings *strings, size_t from,
                     const struct strings *base)
{
    size_t to = strings->count;

    for (size_t i = 0; i < base->count; i++) {
        struct hf_span entry = hf_span_str(base->list[i]);
        size_t name = hf_span_find(entry, '=');
        size_t at = from;

        while (at < to && strncmp(strings->list[at], entry.ptr, name + 1) != 0)
            at++;
        if (at == to)
            strings->list[strings->count++] = base->list[i];
    }
}

static bool reply(struct worker *w, const struct hf_runner_ended *ended)
{
    struct hf_buf out;
    bool sent;

    hf_buf_init_grow(&out, HF_RUNNER_REPLY_MAX + HF_FRAME_HEAD);
    (void)hf_buf_reserve(&out, HF_RUNNER_REPLY_MAX); /* it is not copied */
    hf_runner_put_ended(&out, ended);
    sent = !out.full && hf_role_send(w->fd, hf_buf_span(&out));
    hf_buf_clear_wiped(&out);
    return sent;
}

static bool execute(struct worker *w, uint32_t timeout_ms, char *const *argv,
                    char *const *env)
{
    const struct hf_child_plan plan = {.argv = argv,
                                       .env = env,
                                       .until_ms = hf_clock_ms() + timeout_ms,
                                       .leash = &w->fd};
    struct hf_runner_ended ended = {0};
    struct hf_buf out;
    struct hf_buf said;
    bool good;

    hf_buf_init_grow(&out, HF_RUNNER_SAID_MAX);
    hf_buf_init_grow(&said, HF_RUNNER_SAID_MAX);
    (void)hf_buf_reserve(&out, HF_RUNNER_SAID_MAX); /* nor is this */
    good = hf_child_run(&plan, &out, &said, &ended.end, NULL) == HF_OK;
    ended.out = hf_buf_span(&out);
    ended.said = hf_buf_span(&said);
    good = good && reply(w, &ended);
    hf_buf_clear_wiped(&out);
    hf_buf_clear_wiped(&said);
    return good;
}

static bool run(struct worker *w, const struct hf_runner_program *program,
                const struct hf_runner_order *order)
{
    const struct strings *base = &w->environment;
    struct strings strings;
    bool good = make(&strings,
                     program->words.count + order->words.count +
                         program->variables.count + base->count,
                     program->words.rest.len + order->words.rest.len +
                         program->variables.rest.len + order->values.len);
    size_t env = 0;

    if (good) {
        add_texts(&strings, program->words);
        add_texts(&strings, order->words);
        env = ++strings.count; /* behind a NULL */
        good = add_variables(&strings, program, order->values);
    }
    if (good) {
        add_base(&strings, env, base);
        good =
            execute(w, program->timeout_ms, strings.list, strings.list + env);
    }
    clear(&strings);
    return good;
}

/* Whoever asks for a program, a word or a variable that was not named in time
 * is not whom we work for any more. */
static bool serve(struct worker *w, const struct hf_frame *frame)
{
    const struct hf_runner_program *program;
    struct hf_runner_order order;

    if (frame->kind != HF_RUNNER_RUN ||
        hf_runner_read_order(frame->body, &order, NULL) != HF_OK ||
        order.program >= w->program_count)
        return false;
    program = &w->programs[order.program];
    return order.words.count == program->open_words && run(w, program, &order);
}

bool hf_runner_worker_run(int fd)
{
    struct worker w = {.fd = fd};
    struct hf_frame frame;
    bool good;

    hf_role_ignore_signals();
    /* What ends a service ends its programs, too; we tell how they ended. */
    (void)sigaction(SIGTERM, &(struct sigaction){.sa_handler = SIG_IGN}, NULL);
    hf_buf_init_grow(&w.config, HF_FRAME_HEAD + 1 + HF_RUNNER_CONFIG_MAX);
    hf_buf_init_grow(&w.in, HF_FRAME_HEAD + 1 + HF_RUNNER_ORDER_MAX);
    good = read_config(&w);
    while (good && hf_role_next(fd, &w.in, HF_RUNNER_ORDER_MAX, &frame)) {
        good = serve(&w, &frame);
        hf_frame_drop(&w.in, &frame);
    }
    environ = NULL;
    clear(&w.environment);
    hf_free(w.programs);
    hf_buf_clear(&w.in);
    hf_buf_clear(&w.config);
    return good;
}
