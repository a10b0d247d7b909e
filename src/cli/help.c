/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/help.h"

#define WIDTH           79 /* columns that are written to */
#define HELP_COLUMN     28
#define OVERVIEW_COLUMN 24

static bool has_choices(const struct hf_option *option)
{
    return option->choices != NULL && option->choices[0] != '<';
}

void hf_help_put_choices(struct hf_buf *out, const struct hf_option *option)
{
    struct hf_span rest = hf_span_str(option->choices);

    while (rest.len > 0) {
        hf_buf_put(out, hf_span_cut(&rest, hf_span_find(rest, ' ')));
        if (hf_span_skip(&rest, ' '))
            hf_buf_puts(out, ", ");
    }
}

static void pad(struct hf_buf *out, size_t line, size_t column)
{
    while (out->len - line < column && !out->full)
        hf_buf_putc(out, ' ');
}

/* Words of text from `column` on, over as many lines as they want. `line` is
 * where the present one begins. */
static void put_folded(struct hf_buf *out, size_t line, size_t column,
                       struct hf_span text)
{
    const char *blank = "";

    pad(out, line, column);
    while (text.len > 0) {
        struct hf_span word = hf_span_cut(&text, hf_span_find(text, ' '));

        (void)hf_span_skip(&text, ' ');
        if (out->len - line > column &&
            out->len - line + 1 + word.len > WIDTH) {
            hf_buf_putc(out, '\n');
            line = out->len;
            pad(out, line, column);
            blank = "";
        }
        hf_buf_puts(out, blank);
        hf_buf_put(out, word);
        blank = " ";
    }
    hf_buf_putc(out, '\n');
}

/* What it is, and the words that it takes. */
static void put_meaning(struct hf_buf *out, size_t line,
                        const struct hf_option *option)
{
    char room[512];
    struct hf_buf text;

    hf_buf_init(&text, room, sizeof(room));
    hf_buf_puts(&text, option->help);
    if (has_choices(option)) {
        hf_buf_puts(&text, ": ");
        hf_help_put_choices(&text, option);
    }
    put_folded(out, line, HELP_COLUMN, hf_buf_span(&text));
}

static void put_option(struct hf_buf *out, const struct hf_option *option)
{
    size_t line = out->len;

    hf_buf_puts(out, "  ");
    if (option->letter != 0) {
        hf_buf_putc(out, '-');
        hf_buf_putc(out, option->letter);
        hf_buf_puts(out, ", ");
    }
    hf_buf_puts(out, "--");
    hf_buf_puts(out, option->name);
    if (option->arg != NULL) {
        hf_buf_putc(out, '=');
        hf_buf_puts(out, option->arg);
    }
    if (out->len - line >= HELP_COLUMN - 1) {
        hf_buf_putc(out, '\n');
        line = out->len;
    }
    put_meaning(out, line, option);
}

void hf_help_command(struct hf_out *out, const struct hf_command *command,
                     const struct hf_option *shared, size_t shared_count)
{
    struct hf_buf *buf = &out->buf;
    const char *summary = command->summary;
    size_t len = strlen(summary);

    hf_buf_puts(buf, "Usage: holdfast ");
    hf_buf_puts(buf, command->name);
    hf_buf_puts(buf, " [OPTION]...");
    if (command->operands[0] != '\0') {
        hf_buf_putc(buf, ' ');
        hf_buf_puts(buf, command->operands);
    }
    hf_buf_puts(buf, "\n\n");
    hf_buf_puts(buf, summary);
    hf_buf_puts(buf, len > 0 && summary[len - 1] == '?' ? "\n\n" : ".\n\n");
    for (size_t i = 0; i < command->option_count; i++)
        put_option(buf, &command->options[i]);
    for (size_t i = 0; i < shared_count; i++)
        put_option(buf, &shared[i]);
    if (command->details != NULL) {
        hf_buf_putc(buf, '\n');
        hf_buf_puts(buf, command->details);
    }
    hf_buf_puts(buf, "\nExit status: 0 good, 1 error, 2 no or findings, "
                     "64 usage, 75 not now,\n130 interrupted.\n");
    hf_out_step(out);
}

bool hf_help_in_family(const struct hf_command *command, struct hf_span family)
{
    struct hf_span name = hf_span_str(command->name);

    return family.len == 0 ||
           (name.len > family.len && name.ptr[family.len] == ' ' &&
            memcmp(name.ptr, family.ptr, family.len) == 0);
}

static void put_row(struct hf_buf *out, const struct hf_command *command)
{
    size_t line = out->len;

    hf_buf_puts(out, "  ");
    hf_buf_puts(out, command->name);
    put_folded(out, line, OVERVIEW_COLUMN, hf_span_str(command->summary));
}

void hf_help_family(struct hf_out *out, const struct hf_command *commands,
                    size_t count, struct hf_span family)
{
    struct hf_buf *buf = &out->buf;

    hf_buf_puts(buf, "Usage: holdfast COMMAND [OPTION]...\n\n"
                     "Standing domain authorization for certificates: the "
                     "_validation-persist\nTXT record of ACME "
                     "dns-persist-01.");
    if (family.len > 0) {
        hf_buf_puts(buf, " The commands of '");
        hf_buf_put(buf, family);
        hf_buf_puts(buf, "':");
    }
    hf_buf_puts(buf, "\n\n");
    for (size_t i = 0; i < count; i++)
        if (hf_help_in_family(&commands[i], family))
            put_row(buf, &commands[i]);
    hf_buf_puts(buf, "\n'holdfast COMMAND --help' explains one command, "
                     "'holdfast --version' the build.\n"
                     "'holdfast completion bash', zsh or fish writes what a "
                     "shell needs to complete.\n"
                     "Manual: holdfast(1); the record: holdfast-record(7).\n");
    hf_out_step(out);
}
