/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "cli/commands.h"
#include "cli/resolve.h"
#include "cli/scan.h"
#include "cli/subject.h"
#include "os/clock.h"
#include "os/signals.h"

#define WINDOW    4000
#define SOCKETS   64
#define SOON_DAYS 30
#define FAR_RATE  1000 /* questions a second to a server that is not ours */
#define MS_NS     INT64_C(1000000)

static const struct hf_option options[] = {
    {.name = "server",
     .arg = "ADDRESS[@PORT]",
     .many = true,
     .help =
         "Server to ask, resolver or authoritative (default: the system's)"},
    {.name = "rate",
     .arg = "N",
     .help = "At most N questions a second over all servers"},
    {.name = "server-rate",
     .arg = "N",
     .help = "At most N to each (default 1000 to those far away; 0: no limit)"},
    {.name = "window", .arg = "N", .help = "Names under way (default 4000)"},
    {.name = "retries",
     .arg = "N",
     .help = "Further tries for a name without an answer (default 3)"},
    {.name = "timeout",
     .arg = "MS",
     .help = "Wait for the first answer, doubled each try (default 1000)"},
    {.name = "sockets",
     .arg = "N",
     .help = "UDP sockets, each with a random port (default 64)"},
    {.name = "tcp", .help = "Ask over TCP only"},
    {.name = "ipv4", .help = "Of the system's servers, only IPv4"},
    {.name = "ipv6", .help = "Of the system's servers, only IPv6"},
    {.name = "no-recurse", .help = "Ask without RD, for authoritative servers"},
    {.name = "keep-case",
     .help = "Do not mix upper and lower case in questions (0x20)"},
    {.name = "validate",
     .help = "Look up names with records again, with DNSSEC validation"},
    {.name = "prove-absence",
     .help = "Validate absence too: every name is looked up twice"},
    HF_RESOLVER_OPTIONS,
    HF_SUBJECT_OPTIONS,
    {.name = "soon",
     .arg = "DAYS",
     .help = "Report records that expire within DAYS (default 30)"},
    {.name = "output",
     .letter = 'o',
     .arg = "FILE",
     .choices = "<file>",
     .help = "Write results to FILE"},
    {.name = "resume",
     .arg = "FILE",
     .choices = "<file>",
     .help = "Journal: go on where an interrupted run with it stopped"},
    {.name = "format",
     .arg = "SHAPE",
     .choices = HF_FORMAT_CHOICES,
     .help = "Shape of the output (default: text on a terminal, else json)"},
    {.name = "summary", .help = "Write the counts only"},
};

/* Everything of one command, so that there is one place to release it. */
struct job {
    struct hf_cli *cli;
    struct hf_scan_plan plan;
    struct hf_report report;
    struct hf_progress progress;
    struct hf_resolver resolver;
    struct hf_subject subject;
    bool has_subject;
    struct hf_tally *tally;
    struct hf_server *servers;
    struct hf_out *file; /* NULL: standard output */
};

static enum hf_exit fail_memory(const struct job *job)
{
    hf_cli_error(job->cli, HF_SPAN(""), "out of memory");
    return HF_EXIT_ERROR;
}

/* ---- options ---- */

static enum hf_exit read_given_servers(struct job *job, size_t count)
{
    struct hf_bulk_options *bulk = &job->plan.bulk;
    struct hf_why why = {0};

    if (count > HF_BULK_SERVERS_MAX)
        return hf_cli_usage(job->cli, HF_SPAN("--server"),
                            "given more than 1024 times");
    for (size_t i = 0; i < count; i++) {
        struct hf_span text = hf_span_str(hf_cli_nth(job->cli, "server", i));

        if (hf_server_parse(text, &job->servers[i], &why) != HF_OK)
            return hf_cli_usage(job->cli, text, why.text);
    }
    bulk->server_count = count;
    return HF_EXIT_GOOD;
}

/* The system's servers, those of an unwanted family left out. */
static enum hf_exit read_system_servers(struct job *job)
{
    bool no_v4 = hf_cli_has(job->cli, "ipv6") && !hf_cli_has(job->cli, "ipv4");
    bool no_v6 = hf_cli_has(job->cli, "ipv4") && !hf_cli_has(job->cli, "ipv6");
    struct hf_bulk_options *bulk = &job->plan.bulk;
    struct hf_why why = {0};
    size_t found = 0;

    if (hf_servers_of_system(job->servers, HF_BULK_SERVERS_MAX, &found, &why) !=
        HF_OK) {
        hf_cli_fail(job->cli, HF_SPAN("/etc/resolv.conf"), &why);
        return HF_EXIT_ERROR;
    }
    for (size_t i = 0; i < found; i++) {
        bool v6 = hf_server_is_ipv6(&job->servers[i]);

        if (!(v6 ? no_v6 : no_v4))
            job->servers[bulk->server_count++] = job->servers[i];
    }
    if (bulk->server_count > 0)
        return HF_EXIT_GOOD;
    hf_cli_error(job->cli, HF_SPAN("/etc/resolv.conf"),
                 "names no server that may be asked; give one with --server");
    return HF_EXIT_ERROR;
}

static enum hf_exit read_servers(struct job *job)
{
    size_t given = hf_cli_count(job->cli, "server");

    job->servers = hf_alloc(HF_BULK_SERVERS_MAX, sizeof(struct hf_server));
    if (job->servers == NULL)
        return fail_memory(job);
    job->plan.bulk.servers = job->servers;
    return given > 0 ? read_given_servers(job, given)
                     : read_system_servers(job);
}

/* Politeness where nobody said otherwise: other people's servers get few. */
static int64_t usual_server_rate(const struct hf_bulk_options *bulk)
{
    for (size_t i = 0; i < bulk->server_count; i++)
        if (!hf_server_is_near(&bulk->servers[i]))
            return FAR_RATE;
    return 0;
}

static enum hf_exit read_numbers(struct job *job)
{
    const struct hf_cli *cli = job->cli;
    struct hf_bulk_config *engine = &job->plan.bulk.engine;
    int64_t server_rate = usual_server_rate(&job->plan.bulk);
    int64_t window = WINDOW;
    int64_t retries = 3;
    int64_t timeout_ms = 1000;
    int64_t sockets = SOCKETS;
    int64_t soon_days = SOON_DAYS;
    int64_t rate = 0;

    if (!hf_cli_number(cli, "rate", 0, 10000000, &rate) ||
        !hf_cli_number(cli, "server-rate", 0, 10000000, &server_rate) ||
        !hf_cli_number(cli, "window", 1, HF_BULK_WINDOW_MAX, &window) ||
        !hf_cli_number(cli, "retries", 0, 50, &retries) ||
        !hf_cli_number(cli, "timeout", 1, 60000, &timeout_ms) ||
        !hf_cli_number(cli, "sockets", 1, 16384, &sockets) ||
        !hf_cli_number(cli, "soon", 0, 36500, &soon_days))
        return HF_EXIT_USAGE;
    engine->rate = (uint64_t)rate;
    engine->server_rate = (uint64_t)server_rate;
    engine->window = (size_t)window;
    engine->tries = (unsigned)retries + 1;
    engine->timeout_ns = timeout_ms * MS_NS;
    job->plan.bulk.sockets = (size_t)sockets;
    job->plan.eyes.view.soon_s = soon_days * HF_DAY_S;
    return HF_EXIT_GOOD;
}

static enum hf_exit read_options(struct job *job)
{
    struct hf_cli *cli = job->cli;
    struct hf_bulk_config *engine = &job->plan.bulk.engine;
    enum hf_exit status = read_servers(job);

    if (status == HF_EXIT_GOOD)
        status = read_numbers(job);
    if (status != HF_EXIT_GOOD)
        return status;
    engine->type = HF_RR_TXT;
    engine->recurse = !hf_cli_has(cli, "no-recurse");
    engine->keep_case = hf_cli_has(cli, "keep-case");
    engine->tcp = hf_cli_has(cli, "tcp");
    job->plan.input = cli->operand_count > 0 ? cli->operands[0] : "-";
    job->plan.journal = hf_cli_value(cli, "resume", NULL);
    job->plan.prove_absence = hf_cli_has(cli, "prove-absence");
    if (job->plan.journal != NULL && !hf_cli_has(cli, "output"))
        return hf_cli_usage(cli, HF_SPAN("--resume"),
                            "needs --output FILE, which it continues");

    status = hf_subject_read(cli, &job->subject);
    if (status != HF_EXIT_GOOD)
        return status;
    job->has_subject = true;
    job->plan.eyes.view.now = cli->now;
    if (job->subject.has_ca) {
        job->plan.eyes.ca = &job->subject.ca;
        job->plan.eyes.view.ca = &job->subject.ca;
    }
    if (job->subject.has_account)
        job->plan.eyes.account = &job->subject.account;
    if (!hf_cli_has(cli, "validate") && !job->plan.prove_absence)
        return HF_EXIT_GOOD;
    status = hf_resolver_from_cli(cli, &job->resolver);
    if (status == HF_EXIT_GOOD)
        job->plan.resolver = &job->resolver;
    return status;
}

/* ---- output ---- */

static enum hf_format format_of(const struct job *job)
{
    const char *word = hf_cli_value(job->cli, "format", NULL);
    bool to_people = job->file == NULL && job->cli->out->is_terminal;
    enum hf_format format = HF_FORMAT_JSON;

    if (word != NULL)
        (void)hf_format_find(hf_span_str(word), &format); /* checked before */
    else if (!job->cli->json && to_people)
        format = HF_FORMAT_TEXT;
    return format;
}

static enum hf_exit fail_file(const struct job *job, const char *path,
                              const char *text)
{
    struct hf_why why = {.text = text, .sys = errno};

    hf_cli_fail(job->cli, hf_span_str(path), &why);
    return HF_EXIT_ERROR;
}

/* Nobody else may write there. A scan that was killed just now may take a
 * moment to go, so the lock is asked for more than once. */
static bool lock(int fd)
{
    for (int tries = 40; flock(fd, LOCK_EX | LOCK_NB) != 0; tries--) {
        if (tries == 0 || errno != EWOULDBLOCK || hf_signals_stop_wanted())
            return false;
        (void)poll(NULL, 0, 50);
    }
    return true;
}

/* Open the output at the place where the journal says it ends. */
static enum hf_exit open_output(struct job *job)
{
    const char *path = hf_cli_value(job->cli, "output", NULL);
    uint64_t end = job->plan.mark.output;
    struct stat stat;
    int fd;

    job->plan.output = path == NULL ? "standard output" : path;
    if (path == NULL)
        return HF_EXIT_GOOD;
    job->file = hf_alloc(1, sizeof(*job->file));
    if (job->file == NULL)
        return fail_memory(job);
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0) {
        hf_free(job->file);
        job->file = NULL;
        return fail_file(job, path, "cannot open");
    }
    hf_out_init(job->file, fd);
    job->plan.output_fd = fd;
    if (!lock(fd))
        return fail_file(job, path, "another scan writes to it");
    if (fstat(fd, &stat) != 0)
        return fail_file(job, path, "cannot open");
    if (!S_ISREG(stat.st_mode) && end == 0)
        return HF_EXIT_GOOD; /* a device, a pipe */
    if ((uint64_t)stat.st_size < end) {
        errno = 0;
        return fail_file(job, path,
                         "is shorter than the journal says; not the same file");
    }
    if (ftruncate(fd, (off_t)end) != 0 || lseek(fd, (off_t)end, SEEK_SET) < 0)
        return fail_file(job, path, "cannot go back to where it stopped");
    return HF_EXIT_GOOD;
}

static enum hf_exit read_journal(struct job *job)
{
    const char *path = job->plan.journal;
    struct hf_why why = {0};
    bool found = false;

    if (path == NULL)
        return HF_EXIT_GOOD;
    if (hf_scan_journal_read(path, &job->plan.mark, job->tally, &found, &why) !=
        HF_OK) {
        hf_cli_fail(job->cli, hf_span_str(path), &why);
        return HF_EXIT_ERROR;
    }
    job->report.resumed = found;
    return HF_EXIT_GOOD;
}

static enum hf_exit open_report(struct job *job)
{
    enum hf_format format;
    enum hf_exit status;

    job->tally = hf_alloc(1, sizeof(*job->tally));
    if (job->tally == NULL)
        return fail_memory(job);
    status = read_journal(job);
    if (status == HF_EXIT_GOOD)
        status = open_output(job);
    if (status != HF_EXIT_GOOD)
        return status;
    format = format_of(job);
    if (job->report.resumed && format != job->plan.mark.format)
        return hf_cli_usage(job->cli, hf_span_str(job->plan.journal),
                            "the journal is about another --format");
    job->plan.mark.format = format;
    job->report.page = (struct hf_page){
        .format = format,
        .title = "holdfast scan",
        .where_key = "server",
        .now = job->cli->now,
        .colour = job->cli->colour && job->file == NULL,
    };
    job->report.tally = job->tally;
    job->report.out = job->file != NULL ? job->file : job->cli->out;
    job->report.summary_only = hf_cli_has(job->cli, "summary");
    hf_report_open(&job->report);
    return HF_EXIT_GOOD;
}

/* ---- the end ---- */

static enum hf_exit status_of(const struct job *job,
                              const struct hf_scan_end *end)
{
    if (end->interrupted)
        return HF_EXIT_INTERRUPTED;
    return job->tally->statuses[HF_STATUS_FAILED] > 0 ||
                   job->tally->statuses[HF_STATUS_INVALID_NAME] > 0 ||
                   hf_tally_has_findings(job->tally)
               ? HF_EXIT_NO
               : HF_EXIT_GOOD;
}

static void say_interrupted(const struct job *job)
{
    hf_cli_error(job->cli, HF_SPAN(""),
                 job->plan.journal != NULL
                     ? "interrupted; run it again to go on from here"
                     : "interrupted; the results so far are written");
}

/* The journal goes, but not before everything is on the disk; and if it
 * stays, the next run with it would believe that its work is done. */
static bool end_journal(const struct job *job)
{
    const struct hf_scan_plan *plan = &job->plan;

    if (fdatasync(plan->output_fd) != 0) {
        (void)fail_file(job, plan->output, "cannot write the output");
        return false;
    }
    if (unlink(plan->journal) != 0 && errno != ENOENT) {
        (void)fail_file(job, plan->journal, "cannot remove the journal");
        return false;
    }
    return true;
}

/* Summary, last bytes, and the journal's end. */
static enum hf_exit finish(struct job *job, const struct hf_scan_end *end)
{
    bool goes_on = end->interrupted && job->plan.journal != NULL;
    struct hf_why why = {0};

    if (goes_on)
        hf_buf_clear(&job->report.room);
    else
        hf_report_close(&job->report);
    if (hf_out_flush(job->report.out, &why) != HF_OK) {
        hf_cli_fail(job->cli, hf_span_str(job->plan.output), &why);
        return HF_EXIT_ERROR;
    }
    if (!goes_on && job->plan.journal != NULL && !end_journal(job))
        return HF_EXIT_ERROR;
    if (end->interrupted)
        say_interrupted(job);
    return status_of(job, end);
}

static enum hf_exit scan(struct job *job)
{
    struct hf_scan_end end = {0};
    struct hf_why why = {0};
    enum hf_err err;

    hf_progress_init(&job->progress, STDERR_FILENO,
                     !job->report.out->is_terminal, "names", hf_clock_ns());
    job->plan.report = &job->report;
    job->plan.progress = &job->progress;
    err = hf_scan_run(&job->plan, &end, &why);
    hf_progress_end(&job->progress);
    if (err == HF_OK)
        return finish(job, &end);
    hf_cli_fail(job->cli, hf_span_str(end.trouble), &why);
    hf_buf_clear(&job->report.room);
    return HF_EXIT_ERROR;
}

static void release(struct job *job)
{
    if (job->plan.resolver != NULL)
        hf_resolver_clear(&job->resolver);
    if (job->has_subject)
        hf_subject_clear(&job->subject);
    if (job->file != NULL)
        (void)close(job->file->fd);
    hf_free(job->file);
    hf_free(job->servers);
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
    status = read_options(job);
    if (status == HF_EXIT_GOOD)
        status = open_report(job);
    if (status == HF_EXIT_GOOD)
        status = scan(job);
    release(job);
    return status;
}

const struct hf_command hf_cmd_scan = {
    .name = "scan",
    .operands = "[FILE]",
    .summary = "Look up the records of very many names",
    .details =
        "Reads names, one a line, from FILE or standard input ('#' starts a\n"
        "comment; '*.name' counts as 'name') and writes one result for each,\n"
        "in the same order. A name without an answer is a failure, never an\n"
        "absence. With --output and --resume an interrupted scan goes on\n"
        "where it stopped. Exit status 2 when names failed or have findings.",
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .operands_min = 0,
    .operands_max = 1,
    .run = run,
};
