/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/hooks.h"

#include <stdio.h>
#include <unistd.h>

#include "base/alloc.h"
#include "cli/hook_values.h"
#include "client/hook_dir.h"
#include "os/file.h"
#include "os/runner.h"

#define ROOTS_FOLDER "/etc/holdfast/hooks"
#define PATHS_MAX    (1024 * 1024)
#define USUAL_PATH                                                             \
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#define TIMEOUT_S     300
#define TIMEOUT_MAX_S 86400
#define LINES_SHOWN   20 /* of what a hook says */
#define LINE_SHOWN    200

enum stage { PRE, DEPLOY, POST, STAGES };

static const char *const stage_words[STAGES] = {"pre", "deploy", "post"};

struct hook {
    enum stage stage;
    struct hf_span text; /* a path, or a command */
    bool is_command;
    bool has_run; /* pre: once a run */
    bool is_due;  /* post */
    size_t program;
};

struct hf_hooks {
    struct hf_cli *cli;
    bool is_off; /* --no-hooks */
    uint32_t timeout_ms;
    struct hf_buf paths[STAGES]; /* of the folders */
    struct hook *list;           /* those of folders first, in their order */
    size_t count;
    struct hf_runner runner;
    size_t failed;
    char renewed[HF_HOOK_NAMES_MAX];
    char lost[HF_HOOK_NAMES_MAX];
    struct hf_buf renewed_names;
    struct hf_buf lost_names;
};

/* ---- which there are ---- */

static bool append(struct hf_hooks *hooks, const struct hook *hook)
{
    struct hook *list =
        hf_realloc(hooks->list, hooks->count + 1, sizeof(*list));

    if (list == NULL) {
        hf_cli_error(hooks->cli, hook->text, "out of memory");
        return false;
    }
    hooks->list = list;
    list[hooks->count++] = *hook;
    return true;
}

static enum hf_exit read_folder(struct hf_hooks *hooks, const char *folder,
                                enum stage stage)
{
    struct hf_buf *paths = &hooks->paths[stage];
    char path[PATH_MAX];
    struct hf_why why = {0};
    size_t count = 0;
    const char *at;
    int n = snprintf(path, sizeof(path), "%s/%s", folder, stage_words[stage]);
    enum hf_err err = n < 0 || (size_t)n >= sizeof(path)
                          ? hf_fail(&why, HF_ELIMIT, 0, "path too long")
                          : hf_hook_dir_list(path, paths, &count, &why);

    if (err != HF_OK) {
        hf_cli_fail(hooks->cli, hf_span_str(path), &why);
        return HF_EXIT_ERROR;
    }
    at = paths->ptr;
    for (size_t i = 0; i < count; i++) {
        const struct hook hook = {.stage = stage, .text = hf_span_str(at)};

        if (!append(hooks, &hook))
            return HF_EXIT_ERROR;
        at += hook.text.len + 1;
    }
    return HF_EXIT_GOOD;
}

/* Root's own; for others beside their configuration. False: there is none. */
static bool find_folder(const struct hf_cli *cli, char *out)
{
    const char *given = hf_cli_value(cli, "hook-dir", NULL);
    const char *xdg = hf_cli_folder_in("XDG_CONFIG_HOME");
    const char *home = hf_cli_home();
    int n = 0;

    if (given != NULL)
        return hf_file_absolute(given, out, PATH_MAX, NULL) == HF_OK;
    if (geteuid() == 0)
        n = snprintf(out, PATH_MAX, "%s", ROOTS_FOLDER);
    else if (xdg != NULL)
        n = snprintf(out, PATH_MAX, "%s/holdfast/hooks", xdg);
    else if (home != NULL)
        n = snprintf(out, PATH_MAX, "%s/.config/holdfast/hooks", home);
    return n > 0 && n < PATH_MAX;
}

static enum hf_exit read_folders(struct hf_hooks *hooks)
{
    struct hf_cli *cli = hooks->cli;
    const char *given = hf_cli_value(cli, "hook-dir", NULL);
    enum hf_exit status = HF_EXIT_GOOD;
    char folder[PATH_MAX];

    if (!find_folder(cli, folder))
        return HF_EXIT_GOOD;
    if (given != NULL && access(folder, R_OK | X_OK) != 0) {
        hf_cli_error(cli, hf_span_str(given), "no such folder of hooks");
        return HF_EXIT_ERROR;
    }
    for (size_t i = 0; i < STAGES && status == HF_EXIT_GOOD; i++)
        status = read_folder(hooks, folder, (enum stage)i);
    return status;
}

enum hf_exit hf_hooks_new(struct hf_cli *cli, struct hf_hooks **out)
{
    int64_t timeout_s = TIMEOUT_S;
    struct hf_hooks *hooks;
    enum hf_exit status = HF_EXIT_GOOD;

    if (!hf_cli_number(cli, "hook-timeout", 1, TIMEOUT_MAX_S, &timeout_s))
        return HF_EXIT_USAGE;
    hooks = hf_alloc(1, sizeof(*hooks));
    if (hooks == NULL) {
        hf_cli_error(cli, HF_SPAN("hooks"), "out of memory");
        return HF_EXIT_ERROR;
    }
    hooks->cli = cli;
    hooks->is_off = hf_cli_has(cli, "no-hooks");
    hooks->timeout_ms = (uint32_t)timeout_s * 1000; /* below 2^27 */
    hf_buf_init(&hooks->renewed_names, hooks->renewed, HF_HOOK_NAMES_MAX);
    hf_buf_init(&hooks->lost_names, hooks->lost, HF_HOOK_NAMES_MAX);
    for (size_t i = 0; i < STAGES; i++)
        hf_buf_init_grow(&hooks->paths[i], PATHS_MAX);
    if (!hooks->is_off)
        status = read_folders(hooks);
    if (status == HF_EXIT_GOOD)
        *out = hooks;
    else
        hf_hooks_free(hooks);
    return status;
}

void hf_hooks_free(struct hf_hooks *hooks)
{
    if (hooks == NULL)
        return;
    hf_runner_clear(&hooks->runner);
    for (size_t i = 0; i < hooks->count; i++)
        if (hooks->list[i].is_command)
            hf_free((char *)(uintptr_t)hooks->list[i].text.ptr);
    for (size_t i = 0; i < STAGES; i++)
        hf_buf_clear(&hooks->paths[i]);
    hf_free(hooks->list);
    hf_free(hooks);
}

/* ---- those of a certificate ---- */

static struct hf_span *command_of(struct hf_lineage *lineage, enum stage stage)
{
    struct hf_span *const commands[STAGES] = {
        &lineage->pre_hook, &lineage->deploy_hook, &lineage->post_hook};

    return commands[stage];
}

static struct hf_span wanted(const struct hf_lineage *lineage, enum stage stage)
{
    const struct hf_span commands[STAGES] = {
        lineage->pre_hook, lineage->deploy_hook, lineage->post_hook};

    return commands[stage];
}

bool hf_hooks_replace(const struct hf_cli *cli, struct hf_lineage *lineage)
{
    static const char *const options[STAGES] = {"pre-hook", "deploy-hook",
                                                "post-hook"};
    bool changed = false;

    for (size_t i = 0; i < STAGES; i++) {
        struct hf_span *command = command_of(lineage, (enum stage)i);
        const char *given = hf_cli_value(cli, options[i], NULL);

        if (given == NULL || hf_span_eq(hf_span_str(given), *command))
            continue;
        *command = hf_span_str(given);
        changed = true;
    }
    return changed;
}

/* Is this hook one of this certificate's? Those of folders are everybody's. */
static bool is_of(const struct hook *hook, const struct hf_lineage *lineage)
{
    return !hook->is_command ||
           hf_span_eq(hook->text, wanted(lineage, hook->stage));
}

static bool is_known(const struct hf_hooks *hooks, enum stage stage,
                     struct hf_span command)
{
    for (size_t i = 0; i < hooks->count; i++)
        if (hooks->list[i].is_command && hooks->list[i].stage == stage &&
            hf_span_eq(hooks->list[i].text, command))
            return true;
    return false;
}

static bool add_command(struct hf_hooks *hooks, enum stage stage,
                        struct hf_span command)
{
    char *copy = hf_alloc(command.len, 1);
    const struct hook hook = {
        .stage = stage, .text = {copy, command.len}, .is_command = true};

    if (copy == NULL) {
        hf_cli_error(hooks->cli, command, "out of memory");
        return false;
    }
    memcpy(copy, command.ptr, command.len);
    if (append(hooks, &hook))
        return true;
    hf_free(copy);
    return false;
}

bool hf_hooks_add(struct hf_hooks *hooks, const struct hf_lineage *lineage)
{
    for (size_t i = 0; i < STAGES && !hooks->is_off; i++) {
        enum stage stage = (enum stage)i;
        struct hf_span command = wanted(lineage, stage);

        if (command.len > 0 && !is_known(hooks, stage, command) &&
            !add_command(hooks, stage, command))
            return false;
    }
    return true;
}

/* ---- the runner ---- */

static struct hf_program program_of(const struct hf_hooks *hooks,
                                    const struct hf_span *words, size_t count)
{
    return (struct hf_program){.words = words,
                               .word_count = count,
                               .variables = hf_hook_variables,
                               .variable_count = HF_VARS,
                               .timeout_ms = hooks->timeout_ms};
}

static void tell_program(struct hf_hooks *hooks, struct hook *hook)
{
    const struct hf_span words[] = {HF_SPAN("/bin/sh"), HF_SPAN("-c"),
                                    hook->text};
    const struct hf_program program = hook->is_command
                                          ? program_of(hooks, words, 3)
                                          : program_of(hooks, &hook->text, 1);

    hook->program = hf_runner_add(&hooks->runner, &program);
}

/* Hooks get these three and what hook_values.h says: nothing else that is
 * around us concerns them. */
static size_t find_environment(struct hf_span *out)
{
    static const struct hf_span names[] = {
        HF_SPAN_INIT("PATH="), HF_SPAN_INIT("HOME="), HF_SPAN_INIT("LANG=")};
    size_t count = 1;

    out[0] = HF_SPAN(USUAL_PATH);
    for (size_t i = 0; environ != NULL && environ[i] != NULL; i++) {
        struct hf_span entry = hf_span_str(environ[i]);

        if (hf_span_starts(entry, names[0]))
            out[0] = entry;
        else if (count < 3 && (hf_span_starts(entry, names[1]) ||
                               hf_span_starts(entry, names[2])))
            out[count++] = entry;
    }
    return count;
}

enum hf_exit hf_hooks_start(struct hf_hooks *hooks)
{
    struct hf_span entries[3];
    size_t entry_count = find_environment(entries);
    struct hf_why why = {0};

    if (hooks->count == 0)
        return HF_EXIT_GOOD;
    hf_runner_init(&hooks->runner, entries, entry_count);
    for (size_t i = 0; i < hooks->count; i++)
        tell_program(hooks, &hooks->list[i]);
    if (hf_runner_start(&hooks->runner, &why) == HF_OK)
        return HF_EXIT_GOOD;
    hf_cli_fail(hooks->cli, HF_SPAN("hooks"), &why);
    return HF_EXIT_ERROR;
}

/* ---- running one ---- */

/* What it says, its last lines: nothing in them can move a cursor. */
static void show(const struct hf_hooks *hooks, const struct hook *hook,
                 struct hf_span text)
{
    char room[LINE_SHOWN * 4 + 16];
    struct hf_buf line;
    size_t lines = 0;

    for (struct hf_span rest = text; rest.len > 0; lines++) {
        (void)hf_span_cut(&rest, hf_span_find(rest, '\n'));
        (void)hf_span_skip(&rest, '\n');
    }
    for (; text.len > 0; lines--) {
        struct hf_span part = hf_span_cut(&text, hf_span_find(text, '\n'));

        (void)hf_span_skip(&text, '\n');
        if (lines > LINES_SHOWN)
            continue;
        hf_buf_init(&line, room, sizeof(room));
        hf_buf_put_escaped(&line, part, LINE_SHOWN);
        (void)fprintf(stderr, "holdfast %s: %s hook: %.*s\n",
                      hooks->cli->command->name, stage_words[hook->stage],
                      (int)line.len, line.ptr);
    }
}

static void put_end(struct hf_buf *out, const struct hf_child_end *end)
{
    if (!end->ran) {
        hf_buf_puts(out, "cannot be executed");
    } else if (end->timed_out) {
        hf_buf_puts(out, "did not end in time and was killed; it may have "
                         "longer with --hook-timeout");
    } else if (end->status < 0) {
        hf_buf_puts(out, "was killed by signal ");
        hf_buf_put_i64(out, end->signal);
    } else {
        hf_buf_puts(out, "failed with status ");
        hf_buf_put_i64(out, end->status);
    }
}

static void tell_failure(struct hf_hooks *hooks, const struct hook *hook,
                         enum hf_err err, const struct hf_child_end *end,
                         const struct hf_why *why)
{
    char room[192];
    struct hf_buf text;

    hf_buf_init(&text, room, sizeof(room) - 1);
    hf_buf_puts(&text, stage_words[hook->stage]);
    hf_buf_puts(&text, " hook: ");
    if (err != HF_OK)
        hf_buf_puts(&text, why->text);
    else
        put_end(&text, end);
    room[text.len] = '\0';
    hf_cli_error(hooks->cli, hook->text, room);
}

static bool run(struct hf_hooks *hooks, const struct hook *hook,
                struct hf_hook_values *values)
{
    const struct hf_program program = program_of(hooks, &hook->text, 1);
    const struct hf_program_run order = {
        .index = hook->program, .program = &program, .values = values->list};
    struct hf_child_end end = {0};
    struct hf_why why = {0};
    struct hf_buf out;
    struct hf_buf said;
    enum hf_err err;
    bool good;

    values->list[HF_VAR_HOOK] = hf_span_str(stage_words[hook->stage]);
    hf_buf_init_grow(&out, HF_RUNNER_SAID_MAX);
    hf_buf_init_grow(&said, HF_RUNNER_SAID_MAX);
    err = hf_runner_run(&hooks->runner, &order, &out, &said, &end, &why);
    show(hooks, hook, hf_buf_span(&out));
    show(hooks, hook, hf_buf_span(&said));
    hf_buf_clear(&out);
    hf_buf_clear(&said);
    good = err == HF_OK && end.ran && !end.timed_out && end.status == 0;
    if (!good)
        tell_failure(hooks, hook, err, &end, &why);
    hooks->failed += !good;
    return good;
}

/* Room for values: a lot for the stack, and for nothing where no hooks are. */
static struct hf_hook_values *new_values(struct hf_hooks *hooks)
{
    struct hf_hook_values *values =
        hooks->count == 0 ? NULL : hf_alloc(1, sizeof(*values));

    if (values == NULL && hooks->count > 0) {
        hf_cli_error(hooks->cli, HF_SPAN("hooks"), "out of memory");
        hooks->failed++;
    }
    return values;
}

/* ---- the stages ---- */

void hf_hooks_before(struct hf_hooks *hooks, const struct hf_lineage *lineage)
{
    struct hf_hook_values *values = new_values(hooks);

    for (size_t i = 0; i < hooks->count && values != NULL; i++) {
        struct hook *hook = &hooks->list[i];

        if (!is_of(hook, lineage))
            continue;
        hook->is_due = true;
        if (hook->stage == PRE && !hook->has_run) {
            hook->has_run = true;
            (void)run(hooks, hook, values);
        }
    }
    hf_free(values);
}

bool hf_hooks_deploys(const struct hf_hooks *hooks,
                      const struct hf_lineage *lineage)
{
    for (size_t i = 0; i < hooks->count; i++)
        if (hooks->list[i].stage == DEPLOY && is_of(&hooks->list[i], lineage))
            return true;
    return false;
}

/* All of them, also when one fails. */
static bool run_deploy(struct hf_hooks *hooks, const struct hf_lineage *lineage)
{
    struct hf_hook_values *values = new_values(hooks);
    struct hf_why why = {0};
    bool good = values != NULL;

    if (good &&
        hf_hook_values_of(hooks->cli->state, lineage, values, &why) != HF_OK) {
        hf_cli_fail(hooks->cli, lineage->name, &why);
        good = false;
    }
    for (size_t i = 0; i < hooks->count && values != NULL && why.text == NULL;
         i++) {
        const struct hook *hook = &hooks->list[i];

        if (hook->stage == DEPLOY && is_of(hook, lineage))
            good &= run(hooks, hook, values);
    }
    hf_free(values);
    return good;
}

enum hf_exit hf_hooks_deploy(struct hf_hooks *hooks, struct hf_cert *cert,
                             bool *ran)
{
    struct hf_lineage *lineage = &cert->lineage;
    struct hf_why why = {0};

    *ran = hf_lineage_owes(lineage, cert->certificate->serial) &&
           hf_hooks_deploys(hooks, lineage);
    if (!*ran)
        return HF_EXIT_GOOD;
    if (!run_deploy(hooks, lineage)) {
        hf_cli_error(hooks->cli, lineage->name,
                     "its deploy hooks will be run again by the next 'holdfast "
                     "cert renew'");
        return HF_EXIT_ERROR;
    }
    lineage->undeployed_count = 0;
    if (hf_lineage_write(hooks->cli->state, lineage, &why) == HF_OK)
        return HF_EXIT_GOOD;
    hooks->failed++;
    hf_cli_fail(hooks->cli, lineage->name, &why);
    return HF_EXIT_ERROR;
}

void hf_hooks_note(struct hf_hooks *hooks, const struct hf_lineage *lineage,
                   bool renewed)
{
    hf_hook_put_names(renewed ? &hooks->renewed_names : &hooks->lost_names,
                      lineage->names, lineage->name_count, ' ');
}

bool hf_hooks_after(struct hf_hooks *hooks)
{
    struct hf_hook_values *values = new_values(hooks);

    for (size_t i = 0; i < hooks->count && values != NULL; i++) {
        struct hook *hook = &hooks->list[i];

        values->list[HF_VAR_RENEWED_DOMAINS] =
            hf_buf_span(&hooks->renewed_names);
        values->list[HF_VAR_FAILED_DOMAINS] = hf_buf_span(&hooks->lost_names);
        if (hook->stage == POST && hook->is_due)
            (void)run(hooks, hook, values);
    }
    hf_free(values);
    return hooks->failed == 0;
}
