/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>

#include "base/alloc.h"
#include "cli/commands.h"
#include "cli/fence.h"
#include "cli/said.h"
#include "cli/seeing.h"
#include "dns/wire.h"
#include "os/clock.h"
#include "os/file.h"
#include "os/signals.h"

#define LINE_LONGEST    4096
#define OUTPUT_MAX      (64U * 1024 * 1024) /* of one name */
#define DEADLINE_MAX_S  86400
#define ROOT_TIMEOUT_MS 2000

struct checking {
    struct hf_cli *cli;
    struct hf_subject subject;
    struct hf_seeing seeing;
    struct hf_buf unbroken; /* text before its lines are broken */
    struct hf_buf text;
    enum hf_exit status; /* the worst so far */
    size_t asked;        /* names looked up */
    size_t unknown;      /* of them, those DNS said nothing about */
};

static const struct hf_option options[] = {
    HF_SUBJECT_OPTIONS,
    {.name = "ancestors",
     .help = "Look at parent names, too, down to the registrable one"},
    {.name = "file",
     .arg = "FILE",
     .many = true,
     .choices = "<file>",
     .help = "Names from FILE, one a line; '-' is standard input"},
    {.name = "deadline",
     .arg = "SECONDS",
     .help = "Give up after this time, all names together"},
    HF_SEEING_OPTIONS,
};

/* An error outweighs a "no", which outweighs a "yes". */
static void worsen(struct checking *c, enum hf_exit status)
{
    if (c->status == HF_EXIT_INTERRUPTED || status == HF_EXIT_GOOD)
        return;
    if (c->status != HF_EXIT_ERROR || status == HF_EXIT_INTERRUPTED)
        c->status = status;
}

static enum hf_exit status_of(enum hf_check_result result)
{
    switch (result) {
    case HF_CHECK_YES:
        return HF_EXIT_GOOD;
    case HF_CHECK_NO:
    case HF_CHECK_CAA:
    case HF_CHECK_REFUSED:
        return HF_EXIT_NO;
    case HF_CHECK_UNKNOWN:
        return HF_EXIT_ERROR;
    }
    return HF_EXIT_ERROR;
}

/* An address has no name below which a record could sit (REQ VAL-03). */
static bool is_address(struct hf_span text)
{
    char copy[INET6_ADDRSTRLEN];
    unsigned char address[16];

    if (text.len == 0 || text.len >= sizeof(copy))
        return false;
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    return inet_pton(AF_INET, copy, address) == 1 ||
           inet_pton(AF_INET6, copy, address) == 1;
}

/* REQ SCOPE-03, RECORD-21 */
static bool read_name(struct checking *c, struct hf_span text,
                      struct hf_sight *sight)
{
    struct hf_span name = text;
    struct hf_why why = {0};

    if (is_address(text)) {
        hf_cli_error(c->cli, text,
                     "BR 3.2.2.5: an IP address gets no dns-persist-01 "
                     "challenge");
        return false;
    }
    sight->wildcard = hf_name_take_star(&name);
    if (hf_idna_canonical(name, &sight->name, &why) == HF_OK)
        return true;
    hf_cli_fail(c->cli, text, &why);
    return false;
}

static void put_sight(struct checking *c, const struct hf_sight *sight)
{
    const struct hf_showing showing = {.sight = sight,
                                       .subject = &c->subject,
                                       .now = c->cli->now,
                                       .colour = c->cli->colour};

    hf_buf_reset(&c->text);
    if (c->cli->json) {
        hf_sight_put_json(&showing, &c->text);
    } else {
        hf_buf_reset(&c->unbroken);
        hf_sight_put_text(&showing, &c->unbroken);
        c->text.full |= c->unbroken.full;
        if (c->asked > 1)
            hf_buf_putc(&c->text, '\n');
        hf_put_wrapped(&c->text, hf_buf_span(&c->unbroken));
    }
    if (c->text.full) {
        hf_cli_error(c->cli, hf_name_span(&sight->name),
                     "the answer is too large to show");
        worsen(c, HF_EXIT_ERROR);
        return;
    }
    hf_out_put(c->cli->out, hf_buf_span(&c->text));
    hf_out_step(c->cli->out);
}

static void check(struct checking *c, struct hf_span text)
{
    struct hf_sight *sight = hf_alloc(1, sizeof(*sight));
    struct hf_why why = {0};
    enum hf_err err;

    if (sight == NULL) {
        hf_cli_error(c->cli, text, "out of memory");
        worsen(c, HF_EXIT_ERROR);
        return;
    }
    if (!read_name(c, text, sight)) {
        worsen(c, HF_EXIT_ERROR);
        goto out;
    }
    err = hf_sights_look(&c->seeing.viewer, &sight, 1, &why);
    if (err == HF_OK)
        err = hf_sight_judge(sight, &c->subject, c->cli->now, &why);
    if (err == HF_OK) {
        c->asked++;
        c->unknown += sight->result == HF_CHECK_UNKNOWN;
        put_sight(c, sight);
        worsen(c, status_of(sight->result));
    } else if (err == HF_ECANCELED) {
        worsen(c, HF_EXIT_INTERRUPTED);
    } else {
        hf_cli_fail(c->cli, text, &why);
        worsen(c, HF_EXIT_ERROR);
    }

out:
    hf_sight_free(sight);
    hf_free(sight);
}

static bool may_go_on(const struct checking *c)
{
    return c->status != HF_EXIT_INTERRUPTED && !hf_signals_stop_wanted();
}

/* Blank lines and lines that begin with '#' are not names. */
static void check_line(struct checking *c, struct hf_span line)
{
    while (hf_span_skip(&line, ' ') || hf_span_skip(&line, '\t'))
        continue;
    while (line.len > 0 &&
           (line.ptr[line.len - 1] == ' ' || line.ptr[line.len - 1] == '\t'))
        line.len--;
    if (line.len > 0 && line.ptr[0] != '#')
        check(c, line);
}

static void check_file(struct checking *c, const char *path)
{
    struct hf_lines lines;
    struct hf_span line;
    struct hf_why why = {0};
    bool more = true;
    enum hf_err err = hf_lines_open(&lines, path, LINE_LONGEST, &why);

    if (err != HF_OK) {
        hf_cli_fail(c->cli, hf_span_str(path), &why);
        worsen(c, HF_EXIT_ERROR);
        return;
    }
    while (more && may_go_on(c)) {
        err = hf_lines_next(&lines, &line, &more, &why);
        if (err == HF_ECANCELED)
            break;
        if (err != HF_OK) {
            hf_cli_fail(c->cli, hf_span_str(path), &why);
            worsen(c, HF_EXIT_ERROR);
            more = err == HF_ELIMIT;
        } else if (more) {
            check_line(c, line);
        }
    }
    hf_lines_close(&lines);
}

/* No name had an answer. When the root has none either, it is not the names'
 * fault. */
static void explain_silence(struct checking *c)
{
    const struct hf_lookup root = {.owner = HF_SPAN("."),
                                   .type = HF_RR_NS,
                                   .give_up_at_ms =
                                       hf_clock_ms() + ROOT_TIMEOUT_MS};
    struct hf_found found = {0};

    if (hf_resolver_ask(&c->seeing.resolver, &root, &found, NULL) != HF_OK)
        return;
    if (found.security == HF_BOGUS)
        hf_cli_error(c->cli, HF_SPAN(""),
                     "not even the root validates: is the trust anchor the "
                     "right one, and the clock?");
    else if (found.state == HF_FOUND_FAILURE)
        hf_cli_error(c->cli, HF_SPAN(""),
                     "not even the root answers: is there a network, and may "
                     "DNS (port 53) leave it? --forward asks a resolver of "
                     "yours");
    hf_found_clear(&found);
}

static void check_all(struct checking *c)
{
    size_t files = hf_cli_count(c->cli, "file");

    for (size_t i = 0; i < c->cli->operand_count && may_go_on(c); i++)
        check(c, hf_span_str(c->cli->operands[i]));
    for (size_t i = 0; i < files && may_go_on(c); i++)
        check_file(c, hf_cli_nth(c->cli, "file", i));
    if (!may_go_on(c))
        worsen(c, HF_EXIT_INTERRUPTED);
    if (c->asked > 0 && c->unknown == c->asked && may_go_on(c))
        explain_silence(c);
}

static enum hf_exit read_deadline(struct checking *c)
{
    int64_t deadline_s = 0;

    if (!hf_cli_number(c->cli, "deadline", 1, DEADLINE_MAX_S, &deadline_s))
        return HF_EXIT_USAGE;
    c->seeing.viewer.ancestors =
        hf_cli_has(c->cli, "ancestors") || hf_subject_looks_above(&c->subject);
    if (deadline_s > 0)
        c->seeing.viewer.give_up_at_ms = hf_clock_ms() + deadline_s * 1000;
    return HF_EXIT_GOOD;
}

static enum hf_exit run(struct hf_cli *cli)
{
    struct checking c = {.cli = cli};
    enum hf_exit status;

    if (cli->operand_count == 0 && hf_cli_count(cli, "file") == 0)
        return hf_cli_usage(cli, HF_SPAN(""), "no name given");
    status = hf_subject_read(cli, &c.subject);
    if (status != HF_EXIT_GOOD)
        return status;
    hf_buf_init_grow(&c.unbroken, OUTPUT_MAX);
    hf_buf_init_grow(&c.text, OUTPUT_MAX);
    status = hf_seeing_open(cli, &c.seeing);
    if (status == HF_EXIT_GOOD)
        status = read_deadline(&c);
    if (status == HF_EXIT_GOOD)
        status = hf_fence_from_cli(cli, NULL, 0);
    if (status == HF_EXIT_GOOD) {
        check_all(&c);
        status = c.status;
    }
    hf_seeing_close(&c.seeing);
    hf_buf_clear(&c.unbroken);
    hf_buf_clear(&c.text);
    hf_subject_clear(&c.subject);
    return hf_cli_finish(cli, status);
}

const struct hf_command hf_cmd_check = {
    .name = "check",
    .operands = "[NAME...]",
    .summary = "See a name as a CA does: would it validate now, and why",
    .details =
        "Looks up the records of each NAME ('*.NAME' asks for a wildcard) with "
        "a\nvalidating resolver and at every authoritative server, climbs CAA, "
        "and judges\nfor the CA and account given, or else for those that the "
        "records name.\n\nExit status: 0 every name would validate, 2 some "
        "would not, 1 some could not be\nlooked up.\n",
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .operands_min = 0,
    .operands_max = SIZE_MAX,
    .run = run,
};
