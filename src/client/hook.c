/* SPDX-License-Identifier: Apache-2.0 */
#include "client/hook.h"

#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "base/alloc.h"
#include "client/hook_helper.h"
#include "os/child.h"

#define EXTRA_MAX 12    /* variables that we set */
#define TEXT_MAX  65536 /* octets of names, values and variables */

struct hook {
    const struct hf_hook_call *call;
    struct hf_buf text; /* strings of ours, each with its NUL */
    char *argv[9];
    size_t argc;
    char **env;
    size_t env_count;
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
        *out = (struct hf_hook){kinds[i].kind, text + kinds[i].prefix.len};
        return HF_OK;
    }
    return hf_fail(why, HF_ESYNTAX, 0,
                   "a hook is exec:PROGRAM, certbot:PROGRAM or acme.sh:NAME");
}

/* ---- strings ---- */

/* Parts joined, with a NUL: in the fixed room, so that it stays where it is.
 * A NUL within would cut it short for the hook. */
static char *join(struct hook *hook, struct hf_span a, struct hf_span b,
                  struct hf_span c)
{
    struct hf_buf *text = &hook->text;
    char *from = text->ptr + text->len;

    hf_buf_put(text, a);
    hf_buf_put(text, b);
    hf_buf_put(text, c);
    if (!text->full &&
        memchr(from, '\0', (size_t)(text->ptr + text->len - from)) != NULL)
        text->full = true;
    hf_buf_putc(text, '\0');
    return from;
}

static void add_word(struct hook *hook, const char *word)
{
    hook->argv[hook->argc++] =
        join(hook, hf_span_str(word), HF_SPAN(""), HF_SPAN(""));
}

static void add_span(struct hook *hook, struct hf_span word,
                     struct hf_span behind)
{
    hook->argv[hook->argc++] = join(hook, word, behind, HF_SPAN(""));
}

static void set(struct hook *hook, const char *name, struct hf_span value)
{
    hook->env[hook->env_count++] =
        join(hook, hf_span_str(name), HF_SPAN("="), value);
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

static enum hf_err inherit(struct hook *hook, struct hf_why *why)
{
    size_t count = 0;

    while (environ[count] != NULL)
        count++;
    hook->env = hf_alloc(count + EXTRA_MAX + 1, sizeof(hook->env[0]));
    if (hook->env == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    for (size_t i = 0; i < count; i++)
        if (!is_ours(hf_span_str(environ[i])))
            hook->env[hook->env_count++] = environ[i];
    return HF_OK;
}

static void set_certbot(struct hook *hook)
{
    const struct hf_hook_call *call = hook->call;

    set(hook, "CERTBOT_DOMAIN", call->name);
    set(hook, "CERTBOT_IDENTIFIER", call->name);
    set(hook, "CERTBOT_VALIDATION", call->value);
    set(hook, "CERTBOT_ALL_DOMAINS", call->name);
    set(hook, "CERTBOT_ALL_IDENTIFIERS", call->name);
    set(hook, "CERTBOT_REMAINING_CHALLENGES", HF_SPAN("0"));
    if (call->removes)
        set(hook, "CERTBOT_AUTH_OUTPUT", call->note);
}

/* ---- the command line ---- */

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

/* Where dnsapi scripts lie, if only a name is given. */
static const char *find_script(struct hook *hook, const char *name)
{
    static const char *const folders[] = {"/.acme.sh/dnsapi/",
                                          "/usr/local/share/acme.sh/dnsapi/",
                                          "/usr/share/acme.sh/dnsapi/"};
    const char *home = hook->call->home;

    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
        char path[PATH_MAX];
        int n = snprintf(path, sizeof(path), "%s%s%s.sh",
                         i == 0 && home != NULL ? home : "", folders[i], name);

        if ((i > 0 || home != NULL) && n > 0 && (size_t)n < sizeof(path) &&
            access(path, R_OK) == 0)
            return join(hook, hf_span_str(path), HF_SPAN(""), HF_SPAN(""));
    }
    return NULL;
}

/* sh -c HELPER acme.sh SCRIPT FUNCTION FQDN VALUE: nothing of it is ever
 * read as a program but the helper and the script. */
static enum hf_err use_acme_sh(struct hook *hook, struct hf_why *why)
{
    const struct hf_hook_call *call = hook->call;
    const char *script = call->hook->program;
    const char *slash = strrchr(script, '/');
    struct hf_span name = hf_span_str(slash == NULL ? script : slash + 1);

    if (slash == NULL)
        script = find_script(hook, script);
    else if (hf_span_ends(name, HF_SPAN(".sh")))
        name.len -= 3;
    if (!is_function_name(name))
        return hf_fail(why, HF_EINVAL, 0,
                       "a dnsapi script is named like dns_cf, or PATH/"
                       "dns_cf.sh");
    if (script == NULL || access(script, R_OK) != 0)
        return hf_fail(why, HF_ENOTFOUND, 0,
                       "no such dnsapi script in ~/.acme.sh/dnsapi or "
                       "/usr/share/acme.sh/dnsapi; give its path");
    add_word(hook, "/bin/sh");
    add_word(hook, "-c");
    add_word(hook, hf_hook_helper);
    add_word(hook, "acme.sh");
    add_word(hook, script);
    add_span(hook, name, call->removes ? HF_SPAN("_rm") : HF_SPAN("_add"));
    add_span(hook, call->owner, HF_SPAN(""));
    add_span(hook, call->value, HF_SPAN(""));
    return HF_OK;
}

static enum hf_err fill(struct hook *hook, struct hf_why *why)
{
    const struct hf_hook_call *call = hook->call;
    enum hf_err err = inherit(hook, why);

    if (err != HF_OK)
        return err;
    set(hook, "HOLDFAST_OWNER", call->owner);
    switch (call->hook->kind) {
    case HF_HOOK_EXEC:
        add_word(hook, call->hook->program);
        add_word(hook, call->removes ? "cleanup" : "present");
        add_span(hook, call->owner, HF_SPAN("."));
        add_span(hook, call->value, HF_SPAN(""));
        break;
    case HF_HOOK_CERTBOT:
        add_word(hook, call->hook->program);
        set_certbot(hook);
        break;
    case HF_HOOK_ACME_SH:
        err = use_acme_sh(hook, why);
        break;
    }
    if (err == HF_OK && hook->text.full)
        err = hf_fail(why, HF_ELIMIT, 0,
                      "too long, or of odd octets, for the "
                      "command line of a hook");
    return err;
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

enum hf_err hf_hook_run(const struct hf_hook_call *call, struct hf_buf *out,
                        struct hf_buf *said, struct hf_why *why)
{
    struct hook hook = {.call = call};
    struct hf_child_plan plan = {.until_ms = call->until_ms};
    struct hf_child_end end = {0};
    char *room = hf_alloc(TEXT_MAX, 1);
    enum hf_err err;

    if (room == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    hf_buf_init(&hook.text, room, TEXT_MAX);
    err = fill(&hook, why);
    if (err == HF_OK) {
        plan.argv = hook.argv;
        plan.env = hook.env;
        err = hf_child_run(&plan, out, said, &end, why);
    }
    hf_free(hook.env);
    hf_free(room);
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
