/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/publisher.h"

#include <stdio.h>
#include <unistd.h>

#include "cli/state_dir.h"
#include "os/clock.h"

#define UPDATE_TIMEOUT_S 10
#define PRINT_WAIT_S     3600 /* somebody has to go and do it */
#define RETRY_MS         60000
#define LINES_SHOWN      20 /* of what a hook says */
#define LINE_SHOWN       200

/* ---- the way ---- */

static enum hf_exit use_server(struct hf_publisher *p,
                               const struct hf_publisher_way *way)
{
    struct hf_why why = {0};

    p->kind = HF_PUBLISHER_UPDATE;
    p->label = "update";
    if (hf_server_parse(hf_span_str(way->server), &p->server, &why) != HF_OK)
        return hf_cli_usage(p->cli, hf_span_str(way->server), why.text);
    if (way->tsig_file == NULL ||
        hf_tsig_key_load(way->tsig_file, &p->key, &why) == HF_OK)
        return HF_EXIT_GOOD;
    hf_cli_fail(p->cli, hf_span_str(way->tsig_file), &why);
    return HF_EXIT_ERROR;
}

static enum hf_exit use_hook(struct hf_publisher *p, const char *text)
{
    struct hf_why why = {0};

    p->kind = HF_PUBLISHER_HOOK;
    p->label = text;
    if (hf_hook_parse(text, &p->hook, &why) != HF_OK)
        return hf_cli_usage(p->cli, hf_span_str(text), why.text);
    return HF_EXIT_GOOD;
}

static enum hf_exit use_way(struct hf_publisher *p,
                            const struct hf_publisher_way *way)
{
    if (way->server != NULL)
        return use_server(p, way);
    if (way->hook != NULL)
        return use_hook(p, way->hook);
    p->kind = HF_PUBLISHER_PRINT;
    p->label = "print";
    return HF_EXIT_GOOD;
}

static void set_times(struct hf_publisher *p,
                      const struct hf_publisher_way *way)
{
    int64_t timeout_s = p->kind == HF_PUBLISHER_HOOK
                            ? HF_PUBLISHER_HOOK_TIMEOUT_S
                            : UPDATE_TIMEOUT_S;
    int64_t wait_s =
        p->kind == HF_PUBLISHER_PRINT ? PRINT_WAIT_S : HF_PUBLISHER_WAIT_S;

    if (way->timeout_s != HF_PUBLISHER_USUAL)
        timeout_s = way->timeout_s;
    if (way->wait_s != HF_PUBLISHER_USUAL)
        wait_s = way->wait_s;
    p->timeout_ms = timeout_s * 1000;
    p->wait_ms = p->dry_run ? 0 : wait_s * 1000;
    p->port = way->port;
}

static enum hf_exit open_hook(struct hf_publisher *p)
{
    struct hf_why why = {0};

    /* An hour at most: see HF_PUBLISHER_TIMEOUT_MAX_S. */
    if (hf_hook_open(&p->hook, hf_cli_home(), (uint32_t)p->timeout_ms, &why) ==
        HF_OK)
        return HF_EXIT_GOOD;
    hf_cli_fail(p->cli, hf_span_str(p->label), &why);
    return HF_EXIT_ERROR;
}

enum hf_exit hf_publisher_open(const struct hf_cli *cli,
                               const struct hf_publisher_way *way,
                               struct hf_publisher *out)
{
    enum hf_exit status;

    *out = (struct hf_publisher){
        .cli = cli, .lent = way->lent, .dry_run = way->dry_run};
    status = use_way(out, way);
    if (status != HF_EXIT_GOOD)
        return status;
    set_times(out, way);
    if (out->kind == HF_PUBLISHER_HOOK && out->lent == NULL && !out->dry_run)
        status = open_hook(out);
    if (status == HF_EXIT_GOOD && out->wait_ms > 0)
        status = hf_resolver_from_cli(cli, &out->resolver);
    return status;
}

/* ---- options ---- */

static enum hf_exit read_kind(const struct hf_cli *cli,
                              const struct hf_publisher_default *otherwise,
                              struct hf_publisher_way *way)
{
    bool prints = hf_cli_has(cli, "print");
    int count;

    way->server = hf_cli_value(cli, "server", NULL);
    way->hook = hf_cli_value(cli, "hook", NULL);
    way->tsig_file = hf_cli_value(cli, "tsig-file", NULL);
    count = (way->server != NULL) + (way->hook != NULL) + prints;
    if (count > 1)
        return hf_cli_usage(cli, HF_SPAN(""),
                            "--server, --hook and --print exclude one another");
    if (count == 0 && otherwise->label != NULL) {
        prints = strcmp(otherwise->label, "print") == 0;
        if (strcmp(otherwise->label, "update") == 0)
            way->server = otherwise->server;
        else if (!prints)
            way->hook = otherwise->label;
        count = 1;
    }
    if (way->server == NULL && way->tsig_file != NULL)
        return hf_cli_usage(cli, HF_SPAN("--tsig-file"),
                            "only updates are signed: give --server");
    if (count > 0)
        return HF_EXIT_GOOD;
    return hf_cli_usage(cli, HF_SPAN(""),
                        "which way into DNS? --server sends an update, --hook "
                        "calls a program, --print asks you to do it");
}

enum hf_exit hf_publisher_read(const struct hf_cli *cli,
                               const struct hf_publisher_default *otherwise,
                               struct hf_publisher *out)
{
    struct hf_publisher_way way = {.timeout_s = HF_PUBLISHER_USUAL,
                                   .wait_s = HF_PUBLISHER_USUAL,
                                   .dry_run = hf_cli_has(cli, "dry-run")};
    int64_t port = 53;
    enum hf_exit status;

    *out = (struct hf_publisher){0};
    status = read_kind(cli, otherwise, &way);
    if (status != HF_EXIT_GOOD)
        return status;
    if (!hf_cli_number(cli, "timeout", 1, HF_PUBLISHER_TIMEOUT_MAX_S,
                       &way.timeout_s) ||
        !hf_cli_number(cli, "wait", 0, HF_PUBLISHER_WAIT_MAX_S, &way.wait_s) ||
        !hf_cli_number(cli, "authoritative-port", 1, UINT16_MAX, &port))
        return HF_EXIT_USAGE;
    way.port = (uint16_t)port; /* within 1 to 65535: see above */
    return hf_publisher_open(cli, &way, out);
}

void hf_publisher_clear(struct hf_publisher *publisher)
{
    hf_hook_close(&publisher->hook);
    hf_primary_free(publisher->primary);
    hf_tsig_key_free(publisher->key);
    hf_resolver_clear(&publisher->resolver);
    *publisher = (struct hf_publisher){0};
}

/* ---- changing ---- */

/* One process for all names: it is started with the first. */
static enum hf_err open_primary(struct hf_publisher *p, struct hf_why *why)
{
    const struct hf_primary_config config = {.server = &p->server,
                                             .key = p->key,
                                             .idle_ms = p->timeout_ms,
                                             .no_wall = hf_cli_no_wall(p->cli)};

    return p->primary != NULL ? HF_OK
                              : hf_primary_new(&config, &p->primary, why);
}

static enum hf_err send_update(struct hf_publisher *p,
                               struct hf_publisher_job *job, struct hf_why *why)
{
    struct hf_publish_plan plan = {.wish = &job->wish,
                                   .ttl_s = job->ttl_s,
                                   .ttl_counts = job->ttl_counts,
                                   .dry_run = p->dry_run,
                                   .follows = job->follows,
                                   .until_ms = hf_clock_ms() + RETRY_MS};
    struct hf_wire_name owner;
    enum hf_err err = hf_wire_name_parse(job->owner, &owner, why);

    if (err == HF_OK)
        err = open_primary(p, why);
    if (err != HF_OK)
        return err;
    plan.owner = &owner;
    plan.primary = p->primary;
    return hf_publish(&plan, &job->result, why);
}

/* What the hook says, line by line: nothing it says can move a cursor. */
static void show(const struct hf_publisher *p, struct hf_span text)
{
    char room[LINE_SHOWN * 4 + 16];
    struct hf_buf line;

    for (int n = 0; text.len > 0 && n < LINES_SHOWN; n++) {
        hf_buf_init(&line, room, sizeof(room));
        hf_buf_put_escaped(&line, hf_span_cut(&text, hf_span_find(text, '\n')),
                           LINE_SHOWN);
        (void)hf_span_skip(&text, '\n');
        (void)fprintf(stderr, "holdfast %s: hook: %.*s\n",
                      p->cli->command->name, (int)line.len, line.ptr);
    }
}

/* `note`: take away what was published with it; NULL: publish. */
static enum hf_err call_hook(struct hf_publisher *p,
                             struct hf_publisher_job *job, struct hf_span value,
                             const struct hf_span *note, struct hf_why *why)
{
    const struct hf_hook_call call = {.removes = note != NULL,
                                      .name = job->name,
                                      .owner = job->owner,
                                      .value = value,
                                      .note =
                                          note == NULL ? HF_SPAN("") : *note};
    struct hf_buf said;
    enum hf_err err;

    hf_buf_init_grow(&said, HF_RUNNER_SAID_MAX);
    hf_buf_clear(&job->said);
    hf_buf_init_grow(&job->said, HF_RUNNER_SAID_MAX);
    err = hf_hook_run(p->lent != NULL ? p->lent : &p->hook, &call, &job->said,
                      &said, why);
    show(p, hf_buf_span(&job->said));
    show(p, hf_buf_span(&said));
    hf_buf_clear(&said);
    return err;
}

/* What is old is taken away; what the hook said about the new one stays. */
static enum hf_err remove_old(struct hf_publisher *p,
                              struct hf_publisher_job *job, struct hf_why *why)
{
    struct hf_buf kept = job->said;
    enum hf_err err = HF_OK;

    job->said = (struct hf_buf){0};
    for (size_t i = 0; i < job->wish.old_count && err == HF_OK; i++)
        err = call_hook(p, job, job->wish.old[i], &job->notes[i], why);
    hf_buf_clear(&job->said);
    job->said = kept;
    return err;
}

/* New ones first: at no moment is there none. */
static enum hf_err call_hooks(struct hf_publisher *p,
                              struct hf_publisher_job *job, struct hf_why *why)
{
    enum hf_err err = HF_OK;

    if (p->dry_run)
        return HF_OK;
    for (size_t i = 0; i < job->wish.value_count && err == HF_OK; i++)
        err = call_hook(p, job, job->wish.values[i], NULL, why);
    return err != HF_OK ? err : remove_old(p, job, why);
}

enum hf_err hf_publisher_change(struct hf_publisher *publisher,
                                struct hf_publisher_job *job,
                                struct hf_why *why)
{
    switch (publisher->kind) {
    case HF_PUBLISHER_UPDATE:
        return send_update(publisher, job, why);
    case HF_PUBLISHER_HOOK:
        return call_hooks(publisher, job, why);
    case HF_PUBLISHER_PRINT:
        break;
    }
    return HF_OK;
}

/* ---- verifying ---- */

static void tell(void *state, const struct hf_verify_view *view)
{
    const struct hf_publisher *p = state;

    if (view->known && isatty(STDERR_FILENO) == 1)
        (void)fprintf(stderr, "\rholdfast %s: %zu of %zu servers agree\x1b[K",
                      p->cli->command->name, view->agree, view->servers);
}

enum hf_err hf_publisher_verify(struct hf_publisher *publisher,
                                struct hf_publisher_job *job,
                                struct hf_why *why)
{
    const struct hf_verify_plan plan = {.resolver = &publisher->resolver,
                                        .owner = job->owner,
                                        .wish = &job->wish,
                                        .port = publisher->port,
                                        .timeout_ms = UPDATE_TIMEOUT_S * 1000,
                                        .until_ms =
                                            hf_clock_ms() + publisher->wait_ms,
                                        .tell = tell,
                                        .state = publisher};
    enum hf_err err;

    if (publisher->wait_ms == 0)
        return HF_OK;
    err = hf_verify(&plan, &job->view, why);
    if (isatty(STDERR_FILENO) == 1)
        (void)fprintf(stderr, "\r\x1b[K");
    return err;
}

void hf_publisher_put_view(const struct hf_publisher_job *job, bool removes,
                           struct hf_buf *out)
{
    const struct hf_verify_view *view = &job->view;

    if (!view->known) {
        hf_buf_puts(out, "the servers of the name could not be asked");
        if (view->reason != NULL) {
            hf_buf_puts(out, ": ");
            hf_buf_puts(out, view->reason);
        }
        return;
    }
    hf_buf_put_u64(out, view->agree);
    hf_buf_puts(out, " of ");
    hf_buf_put_u64(out, view->servers);
    hf_buf_puts(out,
                removes ? " servers have forgotten it" : " servers have it");
    if (view->other[0] != '\0') {
        hf_buf_puts(out, "; not so ");
        hf_buf_put_escaped(out, hf_span_str(view->other), 200);
    }
}
