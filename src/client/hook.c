/* SPDX-License-Identifier: Apache-2.0 */
#include "client/hook.h"

#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "base/alloc.h"
#include "client/hook_helper.h"

#define FUNCTION_MAX  256 /* octets of a shell function's name */
#define OPEN_WORDS    2   /* owner and value */
#define OWNER_MAX     1024
#define PROGRAM_WORDS 6

enum { PUBLISH, REMOVE }; /* the programs of a hook, by number */

enum variable {
    OWNER,
    DOMAIN,
    IDENTIFIER,
    VALIDATION,
    ALL_DOMAINS,
    ALL_IDENTIFIERS,
    REMAINING,
    OUTPUT,
    VARIABLES
};

/* The first is everybody's, the others are certbot's. */
static const struct hf_span variables[VARIABLES] = {
    [OWNER] = HF_SPAN_INIT("HOLDFAST_OWNER"),
    [DOMAIN] = HF_SPAN_INIT("CERTBOT_DOMAIN"),
    [IDENTIFIER] = HF_SPAN_INIT("CERTBOT_IDENTIFIER"),
    [VALIDATION] = HF_SPAN_INIT("CERTBOT_VALIDATION"),
    [ALL_DOMAINS] = HF_SPAN_INIT("CERTBOT_ALL_DOMAINS"),
    [ALL_IDENTIFIERS] = HF_SPAN_INIT("CERTBOT_ALL_IDENTIFIERS"),
    [REMAINING] = HF_SPAN_INIT("CERTBOT_REMAINING_CHALLENGES"),
    [OUTPUT] = HF_SPAN_INIT("CERTBOT_AUTH_OUTPUT"),
};

enum hf_err hf_hook_parse(const char *text, struct hf_hook *out,
                          struct hf_why *why)
{
    static const struct {
        struct hf_span prefix;
        enum hf_hook_kind kind;
    } kinds[] = {
        {HF_SPAN_INIT("exec:"), HF_HOOK_EXEC},
        {HF_SPAN_INIT("certbot:"), HF_HOOK_CERTBOT},
        {HF_SPAN_INIT("acme.sh:"), HF_HOOK_ACME_SH},
    };
    struct hf_span all = hf_span_str(text);

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (!hf_span_starts(all, kinds[i].prefix) ||
            all.len == kinds[i].prefix.len)
            continue;
        *out = (struct hf_hook){.kind = kinds[i].kind,
                                .program = text + kinds[i].prefix.len};
        return HF_OK;
    }
    return hf_fail(why, HF_ESYNTAX, 0,
                   "a hook is exec:PROGRAM, certbot:PROGRAM or acme.sh:NAME");
}

/* ---- the environment ---- */

/* What is holdfast's and nobody else's: systemd's credentials hold the
 * passphrases of account keys. */
static bool is_ours(struct hf_span entry)
{
    static const struct hf_span names[] = {
        HF_SPAN_INIT("HOLDFAST_"),      HF_SPAN_INIT("CREDENTIALS_DIRECTORY="),
        HF_SPAN_INIT("NOTIFY_SOCKET="), HF_SPAN_INIT("LISTEN_FD"),
        HF_SPAN_INIT("LISTEN_PID="),    HF_SPAN_INIT("CERTBOT_")};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (hf_span_starts(entry, names[i]))
            return true;
    return false;
}

/* Our environment without that. Owns: hf_free(). */
static enum hf_err inherit(struct hf_span **out, size_t *count,
                           struct hf_why *why)
{
    struct hf_span *entries;
    size_t all = 0;

    while (environ != NULL && environ[all] != NULL)
        all++;
    entries = hf_alloc(all + 1, sizeof(entries[0]));
    if (entries == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    for (size_t i = 0; i < all; i++)
        if (!is_ours(hf_span_str(environ[i])))
            entries[(*count)++] = hf_span_str(environ[i]);
    *out = entries;
    return HF_OK;
}

/* ---- the command lines ---- */

/* The name of a shell function: dns_cf. */
static bool is_function_name(struct hf_span name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = hf_lower(name.ptr[i]);

        if (c != '_' && !(c >= 'a' && c <= 'z') && (i == 0 || !hf_is_digit(c)))
            return false;
    }
    return name.len > 0;
}

/* Where dnsapi scripts lie, if only a name is given. False: nowhere. */
static bool find_script(const char *home, const char *name, char *path)
{
    static const char *const folders[] = {"/.acme.sh/dnsapi/",
                                          "/usr/local/share/acme.sh/dnsapi/",
                                          "/usr/share/acme.sh/dnsapi/"};

    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
        int n = snprintf(path, PATH_MAX, "%s%s%s.sh",
                         i == 0 && home != NULL ? home : "", folders[i], name);

        if ((i > 0 || home != NULL) && n > 0 && n < PATH_MAX &&
            access(path, R_OK) == 0)
            return true;
    }
    return false;
}

static struct hf_program program_of(const struct hf_hook *hook)
{
    bool is_certbot = hook->kind == HF_HOOK_CERTBOT;

    return (struct hf_program){.variables = variables,
                               .variable_count = is_certbot ? VARIABLES : 1,
                               .open_words = is_certbot ? 0 : OPEN_WORDS};
}

/* The two ways to call it, which differ in their last word. */
static void add_pair(struct hf_hook *hook, struct hf_span *words, size_t count,
                     const struct hf_span last[2], uint32_t timeout_ms)
{
    struct hf_program program = program_of(hook);

    program.words = words;
    program.word_count = count;
    program.timeout_ms = timeout_ms;
    for (size_t i = PUBLISH; i <= REMOVE; i++) {
        words[count - 1] = last[i];
        (void)hf_runner_add(&hook->runner, &program);
    }
}

/* sh -c HELPER acme.sh SCRIPT FUNCTION FQDN VALUE: nothing of it is ever
 * read as a program but the helper and the script. */
static enum hf_err add_acme_sh(struct hf_hook *hook, const char *home,
                               uint32_t timeout_ms, struct hf_why *why)
{
    const char *script = hook->program;
    const char *slash = strrchr(script, '/');
    struct hf_span name = hf_span_str(slash == NULL ? script : slash + 1);
    char path[PATH_MAX];
    char functions[2][FUNCTION_MAX];
    struct hf_span last[2];

    if (slash != NULL && hf_span_ends(name, HF_SPAN(".sh")))
        name.len -= 3;
    if (!is_function_name(name) || name.len > FUNCTION_MAX - sizeof("_add"))
        return hf_fail(why, HF_EINVAL, 0,
                       "a dnsapi script is named like dns_cf, or PATH/"
                       "dns_cf.sh");
    if (slash == NULL)
        script = find_script(home, script, path) ? path : "";
    if (access(script, R_OK) != 0)
        return hf_fail(why, HF_ENOTFOUND, 0,
                       "no such dnsapi script in ~/.acme.sh/dnsapi or "
                       "/usr/share/acme.sh/dnsapi; give its path");
    for (size_t i = PUBLISH; i <= REMOVE; i++) {
        (void)snprintf(functions[i], FUNCTION_MAX, "%.*s%s", (int)name.len,
                       name.ptr, i == PUBLISH ? "_add" : "_rm");
        last[i] = hf_span_str(functions[i]);
    }
    add_pair(hook,
             (struct hf_span[PROGRAM_WORDS]){
                 HF_SPAN("/bin/sh"), HF_SPAN("-c"), hf_span_str(hf_hook_helper),
                 HF_SPAN("acme.sh"), hf_span_str(script)},
             PROGRAM_WORDS, last, timeout_ms);
    return HF_OK;
}

static enum hf_err add_programs(struct hf_hook *hook, const char *home,
                                uint32_t timeout_ms, struct hf_why *why)
{
    static const struct hf_span verbs[2] = {HF_SPAN_INIT("present"),
                                            HF_SPAN_INIT("cleanup")};
    struct hf_span words[2] = {hf_span_str(hook->program)};
    const struct hf_span same[2] = {words[0], words[0]};

    switch (hook->kind) {
    case HF_HOOK_EXEC:
        add_pair(hook, words, 2, verbs, timeout_ms);
        break;
    case HF_HOOK_CERTBOT:
        add_pair(hook, words, 1, same, timeout_ms);
        break;
    case HF_HOOK_ACME_SH:
        return add_acme_sh(hook, home, timeout_ms, why);
    }
    return HF_OK;
}

enum hf_err hf_hook_open(struct hf_hook *hook, const char *home,
                         uint32_t timeout_ms, struct hf_why *why)
{
    struct hf_span *entries = NULL;
    size_t count = 0;
    enum hf_err err = inherit(&entries, &count, why);

    if (err != HF_OK)
        return err;
    hf_runner_init(&hook->runner, entries, count);
    hf_free(entries);
    err = add_programs(hook, home, timeout_ms, why);
    return err == HF_OK ? hf_runner_start(&hook->runner, why) : err;
}

void hf_hook_close(struct hf_hook *hook)
{
    hf_runner_clear(&hook->runner);
}

/* ---- a call ---- */

static void set_certbot(const struct hf_hook_call *call, struct hf_span *values)
{
    values[DOMAIN] = call->name;
    values[IDENTIFIER] = call->name;
    values[VALIDATION] = call->value;
    values[ALL_DOMAINS] = call->name;
    values[ALL_IDENTIFIERS] = call->name;
    values[REMAINING] = HF_SPAN("0");
    if (call->removes)
        values[OUTPUT] =
            call->note.ptr == NULL ? HF_SPAN("") : call->note; /* set */
}

static enum hf_err judge(const struct hf_child_end *end, struct hf_why *why)
{
    if (!end->ran)
        return hf_fail(why, HF_ENOTFOUND, 0, "the hook cannot be executed");
    if (end->timed_out)
        return hf_fail(why, HF_ETIMEOUT, 0,
                       "the hook did not end in time and was killed");
    if (end->status < 0)
        return hf_fail(why, HF_EPEER, 0, "a signal killed the hook");
    if (end->status != 0)
        return hf_fail(why, HF_EPEER, 0,
                       "the hook failed: its exit status is not 0");
    return HF_OK;
}

enum hf_err hf_hook_run(struct hf_hook *hook, const struct hf_hook_call *call,
                        struct hf_buf *out, struct hf_buf *said,
                        struct hf_why *why)
{
    const struct hf_program program = program_of(hook);
    struct hf_span values[VARIABLES] = {[OWNER] = call->owner};
    struct hf_span words[OPEN_WORDS] = {call->owner, call->value};
    const struct hf_program_run run = {.index =
                                           call->removes ? REMOVE : PUBLISH,
                                       .program = &program,
                                       .words = words,
                                       .values = values};
    struct hf_child_end end = {0};
    char room[OWNER_MAX];
    struct hf_buf fqdn;
    enum hf_err err;

    hf_buf_init(&fqdn, room, sizeof(room));
    if (hook->kind == HF_HOOK_EXEC) {
        hf_buf_put(&fqdn, call->owner);
        hf_buf_putc(&fqdn, '.');
        words[0] = hf_buf_span(&fqdn);
    }
    if (hook->kind == HF_HOOK_CERTBOT)
        set_certbot(call, values);
    if (fqdn.full)
        return hf_fail(why, HF_ELIMIT, 0, "too long for a hook to be told");
    err = hf_runner_run(&hook->runner, &run, out, said, &end, why);
    return err != HF_OK ? err : judge(&end, why);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\n';
}

struct hf_span hf_hook_note(const struct hf_buf *out)
{
    struct hf_span note = hf_buf_span(out);

    while (note.len > 0 && is_blank(note.ptr[0]))
        (void)hf_span_cut(&note, 1);
    while (note.len > 0 && is_blank(note.ptr[note.len - 1]))
        note.len--;
    return note;
}
