/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/given.h"

#include "base/alloc.h"
#include "os/file.h"
#include "os/signals.h"

/* Where we are, and who wants the records. */
struct reading {
    struct hf_cli *cli;
    hf_given_fn *fn;
    void *state;
    const char *path; /* NULL: the command line */
    uint64_t line;
    bool failed;
    struct hf_given_reader reader;
};

static void report(void *state, const char *text)
{
    struct reading *reading = state;
    char room[300];
    struct hf_buf subject;

    hf_buf_init(&subject, room, sizeof(room));
    if (reading->path != NULL) {
        hf_buf_puts(&subject, reading->path);
        hf_buf_putc(&subject, ':');
        hf_buf_put_u64(&subject, reading->line);
    }
    hf_cli_error(reading->cli, hf_buf_span(&subject), text);
    reading->failed = true;
}

static void hand_on(void *state, const struct hf_given *given)
{
    struct reading *reading = state;
    struct hf_given placed = *given;

    placed.path = reading->path;
    placed.line = reading->line;
    reading->fn(reading->state, &placed);
}

static void read_lines(struct reading *reading, struct hf_lines *lines)
{
    struct hf_span line = {0};
    struct hf_why why = {0};
    bool more = true;

    while (more && !hf_signals_stop_wanted()) {
        enum hf_err err = hf_lines_next(lines, &line, &more, &why);

        reading->line = lines->number;
        if (err == HF_OK && more)
            hf_given_line(&reading->reader, line);
        if (err != HF_OK)
            report(reading, why.text);
        if (err != HF_OK && err != HF_ELIMIT)
            return;
    }
}

static void read_file(struct reading *reading, const char *path)
{
    struct hf_lines lines;
    struct hf_why why = {0};

    if (hf_lines_open(&lines, path, HF_GIVEN_ROOM, &why) != HF_OK) {
        hf_cli_fail(reading->cli, hf_span_str(path), &why);
        reading->failed = true;
        return;
    }
    reading->path = path;
    reading->reader.is_file = true;
    reading->reader.last_owner.len = 0;
    reading->reader.origin.len = 0;
    read_lines(reading, &lines);
    hf_lines_close(&lines);
}

/* Operands have no line end; one that is too long for a record is refused. */
static void read_operand(struct reading *reading, const char *operand)
{
    struct hf_span text = hf_span_str(operand);

    reading->path = NULL;
    reading->reader.is_file = false;
    if (text.len > HF_GIVEN_ROOM)
        report(reading, "too long for a record");
    else
        hf_given_line(&reading->reader, text);
}

static bool begin(struct reading *reading)
{
    reading->reader = (struct hf_given_reader){
        .fn = hand_on,
        .fail = report,
        .state = reading,
        .room = hf_alloc(HF_GIVEN_ROOM, 1),
    };
    if (reading->reader.room != NULL)
        return true;
    hf_cli_error(reading->cli, HF_SPAN(""), "out of memory");
    return false;
}

static enum hf_exit end(struct reading *reading)
{
    hf_free(reading->reader.room);
    if (hf_signals_stop_wanted())
        return HF_EXIT_INTERRUPTED;
    return reading->failed ? HF_EXIT_ERROR : HF_EXIT_GOOD;
}

enum hf_exit hf_given_file(struct hf_cli *cli, const char *path,
                           hf_given_fn *fn, void *state)
{
    struct reading reading = {.cli = cli, .fn = fn, .state = state};

    if (!begin(&reading))
        return HF_EXIT_ERROR;
    read_file(&reading, path);
    return end(&reading);
}

enum hf_exit hf_given_each(struct hf_cli *cli, hf_given_fn *fn, void *state)
{
    struct reading reading = {.cli = cli, .fn = fn, .state = state};
    size_t files = hf_cli_count(cli, "file");

    if (!begin(&reading))
        return HF_EXIT_ERROR;
    for (size_t i = 0; i < cli->operand_count; i++)
        read_operand(&reading, cli->operands[i]);
    for (size_t i = 0; i < files; i++)
        read_file(&reading, hf_cli_nth(cli, "file", i));
    if (files == 0 && cli->operand_count == 0)
        read_file(&reading, "-");
    return end(&reading);
}

struct hf_span hf_given_name(const struct hf_given *given)
{
    return hf_given_is_ours(given->owner) ? hf_name_parent(given->owner)
                                          : (struct hf_span){0};
}
