/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/time_text.h"
#include "cli/audit.h"
#include "cli/audit_changes.h"
#include "cli/commands.h"
#include "cli/subject.h"
#include "os/clock.h"
#include "os/draft.h"
#include "os/progress.h"
#include "os/random.h"

#define SOON_S         (30 * (int64_t)86400)
#define ERRORS_SHOWN   20   /* further ones are counted */
#define PROGRESS_EVERY 4096 /* wanted records */

static const struct hf_option options[] = {
    {.name = "origin",
     .arg = "NAME",
     .help = "Complete relative names of the file by NAME"},
    {.name = "axfr",
     .arg = "ADDRESS[@PORT]",
     .help = "Transfer the zone from this server; the operand is its name"},
    {.name = "ixfr",
     .arg = "SERIAL",
     .help = "With --axfr: only what changed since SERIAL"},
    {.name = "tsig",
     .arg = "[ALG:]NAME:SECRET",
     .help = "Sign the transfer (others may see your command line: prefer "
             "--tsig-file)"},
    {.name = "tsig-file",
     .arg = "FILE",
     .choices = "<file>",
     .help = "Sign the transfer with the key in FILE, as BIND or Knot keep it"},
    {.name = "timeout",
     .arg = "SECONDS",
     .help = "Longest wait for the server to go on (default 30)"},
    HF_SUBJECT_OPTIONS,
    {.name = "caa",
     .help = "Say where CAA in the same file forbids it; reads files twice"},
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
     .help = "Shape of the output (default: text)"},
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
    uint64_t widened; /* changes that widen authority */
    bool is_diff;     /* changes were written, or that there are none */
    bool is_partial;  /* interrupted, or nothing could be read: no counts */
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

/* Options of a transfer mean nothing for a file. */
static enum hf_exit check_options(struct hf_cli *cli)
{
    static const char *const needing[] = {"ixfr", "tsig", "tsig-file",
                                          "timeout"};

    if (hf_cli_has(cli, "axfr") && hf_cli_has(cli, "caa"))
        return hf_cli_usage(cli, HF_SPAN("--caa"),
                            "only for files, which can be read twice");
    if (hf_cli_has(cli, "axfr"))
        return hf_cli_has(cli, "origin")
                   ? hf_cli_usage(cli, HF_SPAN("--origin"),
                                  "a transfer has no relative names")
                   : HF_EXIT_GOOD;
    for (size_t i = 0; i < sizeof(needing) / sizeof(needing[0]); i++)
        if (hf_cli_has(cli, needing[i]))
            return hf_cli_usage(cli, hf_span_str(needing[i]),
                                "only together with --axfr");
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
    struct hf_zone_caa *caa = NULL;
    struct hf_zone *zone = NULL;
    enum hf_err err = HF_OK;

    if (audit == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    if (hf_cli_has(job->cli, "caa"))
        err = hf_zone_caa_load(path, origin, &caa, why);
    if (err == HF_OK)
        err = hf_zone_open(path, origin, &zone, why);
    if (err == HF_OK)
        err = hf_audit_init(audit, &job->report, &job->eyes, hf_span_str(path),
                            why);
    if (err == HF_OK && caa != NULL) {
        audit->caa = caa;
        hf_zone_want_caa(zone); /* to report those that cannot be read */
    }
    if (err == HF_OK)
        err = read_records(job, zone, audit, size_of(path), why);
    hf_progress_end(&job->progress);
    if (err == HF_OK && audit->forgets)
        hf_cli_error(job->cli, hf_span_str(path),
                     "too many names to remember: delegations and repeated "
                     "names may go unmentioned");
    hf_audit_clear(audit);
    hf_zone_free(zone);
    hf_zone_caa_free(caa);
    hf_free(audit);
    return err;
}

/* ---- a transfer ---- */

/* What a transfer needs, so that there is one place to release it. */
struct fetch {
    struct hf_server server;
    struct hf_wire_name zone;
    struct hf_tsig_key *key;
    struct hf_transfer_plan plan;
    struct hf_transfer *transfer;
    int64_t idle_s;
};

static enum hf_exit read_key(struct job *job, struct fetch *fetch)
{
    const char *text = hf_cli_value(job->cli, "tsig", NULL);
    const char *path = hf_cli_value(job->cli, "tsig-file", NULL);
    struct hf_why why = {0};

    if (text != NULL && path != NULL)
        return hf_cli_usage(job->cli, HF_SPAN(""),
                            "--tsig and --tsig-file exclude one another");
    /* The text is a secret: it is not repeated in the message. */
    if (text != NULL &&
        hf_tsig_key_parse(hf_span_str(text), &fetch->key, &why) != HF_OK)
        return hf_cli_usage(job->cli, HF_SPAN("--tsig"), why.text);
    if (path != NULL && hf_tsig_key_load(path, &fetch->key, &why) != HF_OK) {
        hf_cli_fail(job->cli, hf_span_str(path), &why);
        return HF_EXIT_ERROR;
    }
    fetch->plan.key = fetch->key;
    return HF_EXIT_GOOD;
}

static enum hf_exit read_fetch(struct job *job, struct fetch *fetch)
{
    const char *server = hf_cli_value(job->cli, "axfr", "");
    const char *zone = job->cli->operands[0];
    int64_t serial = 0;
    struct hf_why why = {0};

    fetch->idle_s = 30;
    if (job->cli->operand_count != 1)
        return hf_cli_usage(job->cli, HF_SPAN(""), "--axfr takes one zone");
    if (hf_server_parse(hf_span_str(server), &fetch->server, &why) != HF_OK)
        return hf_cli_usage(job->cli, hf_span_str(server), why.text);
    if (hf_wire_name_parse(hf_span_str(zone), &fetch->zone, &why) != HF_OK)
        return hf_cli_usage(job->cli, hf_span_str(zone), why.text);
    hf_wire_name_lower(&fetch->zone);
    if (!hf_cli_number(job->cli, "ixfr", 0, UINT32_MAX, &serial) ||
        !hf_cli_number(job->cli, "timeout", 1, 86400, &fetch->idle_s))
        return HF_EXIT_USAGE;
    fetch->plan.zone = &fetch->zone;
    fetch->plan.incremental = hf_cli_has(job->cli, "ixfr");
    fetch->plan.serial = (uint32_t)serial;
    if (fetch->plan.incremental && job->report.page.format != HF_FORMAT_TEXT &&
        job->report.page.format != HF_FORMAT_JSON)
        return hf_cli_usage(job->cli, HF_SPAN("--ixfr"),
                            "changes are written as text or json only");
    return read_key(job, fetch);
}

/* What was transferred, with the serial that the next --ixfr wants. */
static void put_transferred(struct job *job, const struct fetch *fetch)
{
    static const char *const kinds[] = {
        [HF_TRANSFER_FULL] = "full",
        [HF_TRANSFER_CHANGES] = "changes",
        [HF_TRANSFER_CURRENT] = "current",
    };
    const struct hf_transfer_end end = hf_transfer_end(fetch->transfer);
    struct hf_span zone = hf_span_str(job->cli->operands[0]);
    struct hf_buf *out = &job->report.out->buf;
    struct hf_json json = hf_json_to(out);

    if (job->report.page.format == HF_FORMAT_JSON) {
        hf_json_open(&json, '{');
        hf_json_key_str(&json, "zone", zone);
        hf_json_key_lit(&json, "transfer", kinds[end.kind]);
        hf_json_key_int(&json, "serial", end.serial);
        hf_json_key_int(&json, "records", (int64_t)end.records);
        hf_json_key_int(&json, "messages", (int64_t)end.messages);
        hf_json_key_int(&json, "bytes", (int64_t)end.bytes);
        hf_json_key_bool(&json, "signed", fetch->key != NULL);
        hf_json_close(&json, '}');
        hf_buf_putc(out, '\n');
    } else if (job->report.page.format == HF_FORMAT_TEXT) {
        hf_buf_put_escaped(out, zone, HF_NAME_MAX);
        hf_buf_puts(out, ": ");
        hf_buf_puts(out, kinds[end.kind]);
        hf_buf_puts(out, ", serial ");
        hf_buf_put_u64(out, end.serial);
        hf_buf_puts(out, ", records transferred ");
        hf_buf_put_u64(out, end.records);
        hf_buf_puts(out, fetch->key == NULL ? ", not signed\n"
                                            : ", every message verified\n");
    }
    hf_out_step(job->report.out);
}

static enum hf_err audit_transferred(struct job *job, struct fetch *fetch,
                                     struct hf_why *why)
{
    struct hf_audit *audit = hf_alloc(1, sizeof(*audit));
    struct hf_zone_record record;
    enum hf_transfer_act act;
    bool more = true;
    enum hf_err err;

    if (audit == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    err = hf_audit_init(audit, &job->report, &job->eyes,
                        hf_span_str(fetch->server.label), why);
    while (err == HF_OK && more) {
        err = hf_transfer_next(fetch->transfer, &record, &act, &more, why);
        if (err == HF_OK)
            err = more ? hf_audit_add(audit, &record, why)
                       : hf_audit_end(audit, why);
    }
    hf_audit_clear(audit);
    hf_free(audit);
    return err;
}

static enum hf_err put_changes(struct job *job, struct fetch *fetch,
                               struct hf_why *why)
{
    const struct hf_changes_view view = {
        .json = job->report.page.format == HF_FORMAT_JSON,
        .colour = job->report.page.colour,
        .out = job->report.out,
    };
    struct hf_changes_end end = {0};
    enum hf_err err = hf_changes_put(fetch->transfer, &view, &end, why);

    job->widened = end.widened;
    return err;
}

static enum hf_err run_fetch(struct job *job, struct fetch *fetch,
                             struct hf_why *why)
{
    uint16_t id;
    enum hf_err err = hf_random_fill(&id, sizeof(id), why);

    if (err == HF_OK)
        err = hf_transfer_new(&fetch->plan, id, &fetch->transfer, why);
    if (err == HF_OK)
        err = hf_transfer_run(fetch->transfer, &fetch->server,
                              fetch->idle_s * 1000, why);
    if (err != HF_OK)
        return err;
    put_transferred(job, fetch);
    switch (hf_transfer_end(fetch->transfer).kind) {
    case HF_TRANSFER_FULL:
        return audit_transferred(job, fetch, why);
    case HF_TRANSFER_CHANGES:
        job->is_diff = true;
        return put_changes(job, fetch, why);
    case HF_TRANSFER_CURRENT:
        job->is_diff = true;
        break;
    }
    return HF_OK;
}

static enum hf_exit audit_server(struct job *job)
{
    struct fetch *fetch = hf_alloc(1, sizeof(*fetch));
    struct hf_why why = {0};
    enum hf_exit status;
    enum hf_err err;

    if (fetch == NULL) {
        hf_cli_error(job->cli, HF_SPAN(""), "out of memory");
        return HF_EXIT_ERROR;
    }
    status = read_fetch(job, fetch);
    if (status == HF_EXIT_GOOD) {
        err = run_fetch(job, fetch, &why);
        if (err != HF_OK) {
            hf_cli_fail(job->cli, hf_span_str(fetch->server.label), &why);
            status = err == HF_ECANCELED ? HF_EXIT_INTERRUPTED : HF_EXIT_ERROR;
        }
    }
    job->is_partial = status != HF_EXIT_GOOD;
    hf_transfer_free(fetch->transfer);
    hf_tsig_key_free(fetch->key);
    hf_free(fetch);
    return status;
}

/* ---- all of it ---- */

/* The end of what goes to the output, and the output itself. A transfer that
 * failed leaves an existing file as it was. */
static enum hf_exit finish(struct job *job, enum hf_exit status)
{
    bool keeps = job->file != NULL && status == HF_EXIT_GOOD;
    struct hf_why why = {0};

    if (job->is_diff || job->is_partial)
        hf_buf_clear(&job->report.room);
    else
        hf_report_close(&job->report);
    say_how_many(job);
    if (hf_out_flush(job->report.out, &why) != HF_OK ||
        (keeps && hf_draft_keep(&job->draft, &why) != HF_OK)) {
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
    return job->widened > 0 || hf_tally_has_findings(job->tally) ? HF_EXIT_NO
                                                                 : HF_EXIT_GOOD;
}

static enum hf_exit audit_files(struct job *job)
{
    enum hf_exit status = HF_EXIT_GOOD;
    size_t files = 0; /* read to their end */

    hf_progress_init(&job->progress, STDERR_FILENO,
                     !job->report.out->is_terminal, "records", hf_clock_ns());
    for (size_t i = 0; i < job->cli->operand_count; i++) {
        const char *path = job->cli->operands[i];
        struct hf_why why = {0};
        enum hf_err err = read_file(job, path, &why);

        files += err == HF_OK;
        if (err == HF_OK)
            continue;
        hf_cli_fail(job->cli, hf_span_str(path), &why);
        status = HF_EXIT_ERROR;
        job->is_partial = err == HF_ECANCELED;
        if (job->is_partial)
            return HF_EXIT_INTERRUPTED;
    }
    job->is_partial = files == 0;
    return status;
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
    status = check_options(cli);
    if (status == HF_EXIT_GOOD)
        status = read_eyes(job);
    if (status == HF_EXIT_GOOD)
        status = open_output(job);
    if (status == HF_EXIT_GOOD)
        status = open_report(job);
    if (status == HF_EXIT_GOOD) {
        status = hf_cli_has(cli, "axfr") ? audit_server(job) : audit_files(job);
        status = finish(job, status);
    }
    release(job);
    return status;
}

const struct hf_command hf_cmd_audit = {
    .name = "audit",
    .operands = "FILE... | --axfr=ADDRESS ZONE",
    .summary = "Find and judge the records of whole zones",
    .details =
        "Reads zone files ('-' is standard input) and writes one result for\n"
        "each name with a record, and one for each wildcard, alias, DNAME or\n"
        "delegation that decides about such a name; then the counts. A line\n"
        "that cannot be read is reported with its place, and reading goes on.\n"
        "With --axfr the zone comes from a server; nothing of it is used\n"
        "before the transfer is complete and its last signature verified.\n"
        "Exit status 1 when something could not be read, 2 when there are\n"
        "findings of severity warning or error, or a verdict that is no.",
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .operands_min = 1,
    .operands_max = SIZE_MAX,
    .run = run,
};
