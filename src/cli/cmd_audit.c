/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/time_text.h"
#include "cli/audit.h"
#include "cli/commands.h"
#include "cli/subject.h"
#include "os/clock.h"
#include "os/draft.h"
#include "os/progress.h"

#define SOON_S         (30 * (int64_t)86400)
#define ERRORS_SHOWN   20   /* further ones are counted */
#define PROGRESS_EVERY 4096 /* wanted records */

static const struct hf_option options[] = {
    {.name = "origin",
     .arg = "NAME",
     .help = "Complete relative names of the file by NAME"},
    HF_SUBJECT_OPTIONS,
    {.name = "soon",
     .arg = "DAYS",
     .help = "Report records that expire within DAYS (default 30)"},
    {.name = "output",
     .letter = 'o',
     .arg = "FILE",
     .choices = "<file>",
     .help = "Write to FILE, which appears when it is complete"},
    {.name = "format",
     .arg = "SHAPE",
     .choices = HF_FORMAT_CHOICES,
     .help = "text, json, csv, markdown or html (default text)"},
    {.name = "summary", .help = "Write the counts only"},
};

/* Everything of one command, so that there is one place to release it. */
struct job {
    struct hf_cli *cli;
    struct hf_subject subject;
    bool has_subject;
    struct hf_eyes eyes;
    struct hf_report report;
    struct hf_tally *tally;
    struct hf_out *file; /* NULL: standard output */
    struct hf_draft draft;
    struct hf_progress progress;
    uint64_t errors;
};

/* ---- options ---- */

/* "30", or anything that base/time_text reads behind a plus: "2w". */
static enum hf_exit read_soon(struct job *job)
{
    const char *text = hf_cli_value(job->cli, "soon", NULL);
    struct hf_time then = {0};
    struct hf_why why = {0};
    char room[40];
    struct hf_buf buf;

    job->eyes.view.soon_s = SOON_S;
    if (text == NULL)
        return HF_EXIT_GOOD;
    hf_buf_init(&buf, room, sizeof(room));
    hf_buf_putc(&buf, '+');
    hf_buf_puts(&buf, text);
    if (buf.len > 1 && hf_is_digit(room[buf.len - 1]))
        hf_buf_putc(&buf, 'd');
    if (buf.full || hf_time_parse(hf_buf_span(&buf), (struct hf_time){0}, &then,
                                  &why) != HF_OK)
        return hf_cli_usage(job->cli, hf_span_str(text),
                            "--soon wants a number of days");
    job->eyes.view.soon_s = then.s;
    return HF_EXIT_GOOD;
}

static enum hf_exit read_eyes(struct job *job)
{
    enum hf_exit status = hf_subject_read(job->cli, &job->subject);

    if (status != HF_EXIT_GOOD)
        return status;
    job->has_subject = true;
    job->eyes.view.now = job->cli->now;
    if (job->subject.has_ca) {
        job->eyes.view.ca = &job->subject.ca;
        job->eyes.ca = &job->subject.ca;
    }
    if (job->subject.has_account)
        job->eyes.account = &job->subject.account;
    return read_soon(job);
}

static enum hf_exit open_output(struct job *job)
{
    const char *path = hf_cli_value(job->cli, "output", NULL);
    struct hf_why why = {0};

    job->report.out = job->cli->out;
    if (path == NULL)
        return HF_EXIT_GOOD;
    job->file = hf_alloc(1, sizeof(*job->file));
    if (job->file == NULL) {
        hf_cli_error(job->cli, HF_SPAN(""), "out of memory");
        return HF_EXIT_ERROR;
    }
    if (hf_draft_open(path, &job->draft, &why) != HF_OK) {
        hf_cli_fail(job->cli, hf_span_str(path), &why);
        return HF_EXIT_ERROR;
    }
    hf_out_init(job->file, job->draft.fd);
    job->report.out = job->file;
    return HF_EXIT_GOOD;
}

static enum hf_exit open_report(struct job *job)
{
    const char *word = hf_cli_value(job->cli, "format", NULL);
    enum hf_format format = job->cli->json ? HF_FORMAT_JSON : HF_FORMAT_TEXT;

    if (word != NULL)
        (void)hf_format_find(hf_span_str(word), &format); /* it is a choice */
    job->tally = hf_alloc(1, sizeof(*job->tally));
    if (job->tally == NULL) {
        hf_cli_error(job->cli, HF_SPAN(""), "out of memory");
        return HF_EXIT_ERROR;
    }
    job->report.tally = job->tally;
    job->report.page = (struct hf_page){
        .format = format,
        .title = "holdfast audit",
        .where_key = "source",
        .now = job->cli->now,
        .colour = job->cli->colour && job->file == NULL,
    };
    job->report.summary_only = hf_cli_has(job->cli, "summary");
    hf_report_open(&job->report);
    return HF_EXIT_GOOD;
}

/* ---- a zone file ---- */

/* path:line:column, and what is wrong there. */
static void say_unreadable(struct job *job, const struct hf_zone *zone,
                           const struct hf_why *why)
{
    const struct hf_zone_spot spot = hf_zone_at(zone);
    char room[512];
    struct hf_buf text;

    if (job->errors++ >= ERRORS_SHOWN)
        return;
    hf_progress_end(&job->progress);
    hf_buf_init(&text, room, sizeof(room));
    hf_buf_puts(&text, spot.path);
    hf_buf_putc(&text, ':');
    hf_buf_put_u64(&text, spot.line);
    hf_buf_putc(&text, ':');
    hf_buf_put_u64(&text, spot.column);
    hf_cli_fail(job->cli, hf_buf_span(&text), why);
}

static void say_how_many(const struct job *job)
{
    char room[96];
    struct hf_buf text;

    if (job->errors <= ERRORS_SHOWN)
        return;
    hf_buf_init(&text, room, sizeof(room) - 1);
    hf_buf_puts(&text, "and ");
    hf_buf_put_u64(&text, job->errors - ERRORS_SHOWN);
    hf_buf_puts(&text, " more places that cannot be read");
    room[text.len] = '\0';
    hf_cli_error(job->cli, HF_SPAN(""), room);
}

/* The entry is bad, but the next one may be good. */
static bool is_about_entry(enum hf_err err)
{
    return err == HF_ESYNTAX || err == HF_ELIMIT || err == HF_ENOTFOUND;
}

static void show_progress(struct job *job, const struct hf_zone *zone,
                          uint64_t size)
{
    const struct hf_progress_state state = {
        .done = hf_zone_entries(zone),
        .failed = job->errors,
        .part = hf_zone_bytes(zone),
        .whole = size,
    };

    hf_progress_show(&job->progress, &state, hf_clock_ns());
}

static enum hf_err read_records(struct job *job, struct hf_zone *zone,
                                struct hf_audit *audit, uint64_t size,
                                struct hf_why *why)
{
    struct hf_zone_record record;
    uint64_t count = 0;
    bool more = true;

    for (;;) {
        enum hf_err err = hf_zone_next(zone, &record, &more, why);

        if (err == HF_OK && !more)
            return hf_audit_end(audit, why);
        if (err == HF_OK)
            err = hf_audit_add(audit, &record, why);
        else if (is_about_entry(err)) {
            say_unreadable(job, zone, why);
            err = HF_OK;
        }
        if (err != HF_OK)
            return err;
        if (++count % PROGRESS_EVERY == 0 && job->progress.on)
            show_progress(job, zone, size);
    }
}

static uint64_t size_of(const char *path)
{
    struct stat about;

    return stat(path, &about) == 0 && S_ISREG(about.st_mode)
               ? (uint64_t)about.st_size
               : 0;
}

static enum hf_err read_file(struct job *job, const char *path,
                             struct hf_why *why)
{
    struct hf_span origin = hf_span_str(hf_cli_value(job->cli, "origin", ""));
    struct hf_audit *audit = hf_alloc(1, sizeof(*audit));
    struct hf_zone *zone = NULL;
    enum hf_err err;

    if (audit == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    err = hf_zone_open(path, origin, &zone, why);
    if (err == HF_OK)
        err = hf_audit_init(audit, &job->report, &job->eyes, hf_span_str(path),
                            why);
    if (err == HF_OK)
        err = read_records(job, zone, audit, size_of(path), why);
    hf_progress_end(&job->progress);
    if (err == HF_OK && audit->forgets)
        hf_cli_error(job->cli, hf_span_str(path),
                     "too many names to remember: delegations and repeated "
                     "names may go unmentioned");
    hf_audit_clear(audit);
    hf_zone_free(zone);
    hf_free(audit);
    return err;
}

/* ---- all of it ---- */

static enum hf_exit finish(struct job *job, enum hf_exit status)
{
    struct hf_why why = {0};

    hf_report_close(&job->report);
    say_how_many(job);
    if (hf_out_flush(job->report.out, &why) != HF_OK ||
        (job->file != NULL && status != HF_EXIT_INTERRUPTED &&
         hf_draft_keep(&job->draft, &why) != HF_OK)) {
        hf_cli_fail(
            job->cli,
            hf_span_str(hf_cli_value(job->cli, "output", "standard output")),
            &why);
        return HF_EXIT_ERROR;
    }
    if (status != HF_EXIT_GOOD)
        return status;
    if (job->errors > 0)
        return HF_EXIT_ERROR;
    return hf_tally_has_findings(job->tally) ? HF_EXIT_NO : HF_EXIT_GOOD;
}

static enum hf_exit audit_files(struct job *job)
{
    enum hf_exit status = HF_EXIT_GOOD;

    hf_progress_init(&job->progress, STDERR_FILENO,
                     !job->report.out->is_terminal, "records", hf_clock_ns());
    for (size_t i = 0; i < job->cli->operand_count; i++) {
        const char *path = job->cli->operands[i];
        struct hf_why why = {0};
        enum hf_err err = read_file(job, path, &why);

        if (err == HF_OK)
            continue;
        hf_cli_fail(job->cli, hf_span_str(path), &why);
        status = HF_EXIT_ERROR;
        if (err == HF_ECANCELED) {
            status = HF_EXIT_INTERRUPTED;
            break;
        }
    }
    return finish(job, status);
}

static void release(struct job *job)
{
    if (job->has_subject)
        hf_subject_clear(&job->subject);
    if (job->file != NULL)
        hf_draft_drop(&job->draft);
    hf_free(job->file);
    hf_free(job->tally);
    hf_free(job);
}

static enum hf_exit run(struct hf_cli *cli)
{
    struct job *job = hf_alloc(1, sizeof(*job));
    enum hf_exit status;

    if (job == NULL) {
        hf_cli_error(cli, HF_SPAN(""), "out of memory");
        return HF_EXIT_ERROR;
    }
    job->cli = cli;
    job->draft = (struct hf_draft){.fd = -1, .dir = -1};
    status = read_eyes(job);
    if (status == HF_EXIT_GOOD)
        status = open_output(job);
    if (status == HF_EXIT_GOOD)
        status = open_report(job);
    if (status == HF_EXIT_GOOD)
        status = audit_files(job);
    release(job);
    return status;
}

const struct hf_command hf_cmd_audit = {
    .name = "audit",
    .operands = "FILE...",
    .summary = "Find and judge the records of whole zones",
    .details =
        "Reads zone files ('-' is standard input) and writes one result for\n"
        "each name with a record, and one for each wildcard, alias, DNAME or\n"
        "delegation that decides about such a name; then the counts. A line\n"
        "that cannot be read is reported with its place, and reading goes on.\n"
        "Exit status 1 when something could not be read, 2 when there are\n"
        "findings of severity warning or error, or a verdict that is no.",
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .operands_min = 1,
    .operands_max = SIZE_MAX,
    .run = run,
};
