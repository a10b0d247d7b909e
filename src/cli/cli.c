/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/time_text.h"
#include "cli/complete.h"
#include "cli/help.h"
#include "cli/layers.h"
#include "cli/version.h"
#include "os/clock.h"

#define ROOTS_STATE "/var/lib/holdfast"

/* Options of every command. */
static const struct hf_option common[] = {
    {.name = "config",
     .arg = "FILE",
     .choices = "<file>",
     .help = "Configuration file to heed instead of the usual; or none"},
    {.name = "json", .help = "Write JSON, one object a line"},
    {.name = "now",
     .arg = "TIME",
     .help = "Judge as of TIME: UNIX seconds, RFC 3339, +90d"},
    {.name = "color",
     .arg = "WHEN",
     .help = "Colour the output (default: auto)",
     .choices = "auto always never"},
    {.name = "help", .letter = 'h', .help = "Show this help"},
};

#define COMMON_COUNT (sizeof(common) / sizeof(common[0]))

size_t hf_cli_options(const struct hf_command *command,
                      const struct hf_option **own,
                      const struct hf_option **shared)
{
    *own = command->options;
    *shared = common;
    return COMMON_COUNT;
}

static bool is_option(const struct hf_option *option, const char *name)
{
    return strcmp(option->name, name) == 0;
}

static size_t count_said(const struct hf_cli *cli, const char *name)
{
    size_t n = 0;

    for (size_t i = 0; i < cli->given_count; i++)
        n += is_option(cli->given[i], name);
    return n;
}

bool hf_cli_said_any(const struct hf_cli *cli, const char *words)
{
    for (size_t i = 0; i < cli->given_count; i++)
        if (hf_cli_word_among(words, hf_span_str(cli->given[i]->name)))
            return true;
    return false;
}

const char *hf_cli_nth(const struct hf_cli *cli, const char *name, size_t n)
{
    if (count_said(cli, name) == 0)
        return hf_layers_nth(cli, name, n);
    for (size_t i = 0; i < cli->given_count; i++)
        if (is_option(cli->given[i], name) && n-- == 0)
            return cli->values[i];
    return NULL;
}

size_t hf_cli_count(const struct hf_cli *cli, const char *name)
{
    size_t said = count_said(cli, name);

    return said > 0 ? said : hf_layers_count(cli, name);
}

bool hf_cli_has(const struct hf_cli *cli, const char *name)
{
    return hf_cli_count(cli, name) > 0;
}

const char *hf_cli_value(const struct hf_cli *cli, const char *name,
                         const char *otherwise)
{
    size_t n = hf_cli_count(cli, name);

    return n == 0 ? otherwise : hf_cli_nth(cli, name, n - 1);
}

bool hf_cli_no_wall(const struct hf_cli *cli)
{
    return strcmp(hf_cli_value(cli, "sandbox", "on"), "off") == 0;
}

bool hf_cli_switch(const struct hf_cli *cli, const char *name, bool otherwise)
{
    return count_said(cli, name) > 0 || hf_layers_switch(cli, name, otherwise);
}

bool hf_cli_number(const struct hf_cli *cli, const char *name, int64_t min,
                   int64_t max, int64_t *out)
{
    const char *text = hf_cli_value(cli, name, NULL);
    int64_t value;

    if (text == NULL)
        return true;
    if (!hf_persist_until_parse(hf_span_str(text), &value) || value < min ||
        value > max) {
        (void)fprintf(
            stderr,
            "holdfast %s: --%s wants a whole number from %lld to %lld\n",
            cli->command->name, name, (long long)min, (long long)max);
        return false;
    }
    *out = value;
    return true;
}

#define SENTENCE_MAX 4096

static void put_sentence(const struct hf_cli *cli, struct hf_span subject,
                         const char *text, const struct hf_why *why)
{
    char room[SENTENCE_MAX];
    struct hf_buf line;

    hf_buf_init(&line, room, sizeof(room) - 1);
    if (subject.len > 0) {
        hf_buf_put_escaped(&line, subject, 260);
        hf_buf_puts(&line, ": ");
    }
    hf_buf_puts(&line, text);
    if (why != NULL && why->sys != 0) {
        hf_buf_puts(&line, ": ");
        hf_buf_puts(&line, strerror(why->sys));
    }
    (void)fprintf(stderr, "holdfast%s%s: %.*s\n",
                  cli->command == NULL ? "" : " ",
                  cli->command == NULL ? "" : cli->command->name, (int)line.len,
                  line.ptr);
}

void hf_cli_error(const struct hf_cli *cli, struct hf_span subject,
                  const char *text)
{
    put_sentence(cli, subject, text, NULL);
}

void hf_cli_fail(const struct hf_cli *cli, struct hf_span subject,
                 const struct hf_why *why)
{
    put_sentence(cli, subject, why->text == NULL ? "failed" : why->text, why);
}

enum hf_exit hf_cli_usage(const struct hf_cli *cli, struct hf_span subject,
                          const char *text)
{
    put_sentence(cli, subject, text, NULL);
    (void)fprintf(stderr, "Try 'holdfast%s%s --help'.\n",
                  cli->command == NULL ? "" : " ",
                  cli->command == NULL ? "" : cli->command->name);
    return HF_EXIT_USAGE;
}

enum hf_exit hf_cli_finish(struct hf_cli *cli, enum hf_exit status)
{
    struct hf_why why = {0};

    if (hf_out_flush(cli->out, &why) == HF_OK)
        return status;
    hf_cli_fail(cli, HF_SPAN("standard output"), &why);
    return HF_EXIT_ERROR;
}

/* ---- parsing ---- */

/* How many words of argv name this command; 0 when it is another one. */
static int words_matched(const struct hf_command *command, int argc,
                         char **argv)
{
    struct hf_span rest = hf_span_str(command->name);
    int used = 0;

    while (rest.len > 0) {
        struct hf_span word = hf_span_cut(&rest, hf_span_find(rest, ' '));

        (void)hf_span_skip(&rest, ' ');
        if (used >= argc || !hf_span_eq(word, hf_span_str(argv[used])))
            return 0;
        used++;
    }
    return used;
}

/* The command whose name has the most words in front of argv. */
static const struct hf_command *find_command(const struct hf_command *commands,
                                             size_t count, int argc,
                                             char **argv, int *used)
{
    const struct hf_command *found = NULL;

    *used = 0;
    for (size_t i = 0; i < count; i++) {
        int words = words_matched(&commands[i], argc, argv);

        if (words > *used) {
            *used = words;
            found = &commands[i];
        }
    }
    return found;
}

const struct hf_command *hf_cli_command(const struct hf_cli *cli,
                                        const char *name)
{
    for (size_t i = 0; i < cli->command_count; i++)
        if (strcmp(cli->commands[i].name, name) == 0)
            return &cli->commands[i];
    return NULL;
}

static const struct hf_option *find_option(const struct hf_option *options,
                                           size_t count, struct hf_span name,
                                           char letter)
{
    for (size_t i = 0; i < count; i++)
        if ((letter != 0 && options[i].letter == letter) ||
            (letter == 0 && hf_span_eq(name, hf_span_str(options[i].name))))
            return &options[i];
    return NULL;
}

const struct hf_option *hf_cli_option(const struct hf_command *command,
                                      const char *name)
{
    return command == NULL
               ? NULL
               : find_option(command->options, command->option_count,
                             hf_span_str(name), 0);
}

bool hf_cli_word_among(const char *words, struct hf_span word)
{
    struct hf_span rest = hf_span_str(words);

    while (rest.len > 0) {
        if (hf_span_eq(hf_span_cut(&rest, hf_span_find(rest, ' ')), word))
            return true;
        (void)hf_span_skip(&rest, ' ');
    }
    return false;
}

bool hf_cli_takes(const struct hf_option *option, const char *value)
{
    /* "<file>" only guides completion. */
    return option->choices == NULL || option->choices[0] == '<' ||
           hf_cli_word_among(option->choices, hf_span_str(value));
}

static void complain_of_choice(const struct hf_cli *cli,
                               const struct hf_option *option,
                               const char *value)
{
    char room[512];
    struct hf_buf text;

    hf_buf_init(&text, room, sizeof(room) - 1);
    hf_buf_puts(&text, "--");
    hf_buf_puts(&text, option->name);
    hf_buf_puts(&text, " takes one of ");
    hf_help_put_choices(&text, option);
    room[text.len] = '\0';
    (void)hf_cli_usage(cli, hf_span_str(value), room);
}

static bool remember(struct hf_cli *cli, const struct hf_option *option,
                     const char *value)
{
    struct hf_span name = hf_span_str(option->name);

    if (!option->many && hf_cli_has(cli, option->name)) {
        (void)hf_cli_usage(cli, name, "this option may be given once only");
        return false;
    }
    if (!hf_cli_takes(option, value)) {
        complain_of_choice(cli, option, value);
        return false;
    }
    if (cli->given_count == HF_CLI_VALUES_MAX) {
        (void)hf_cli_usage(cli, name, "too many options");
        return false;
    }
    cli->given[cli->given_count] = option;
    cli->values[cli->given_count] = value;
    cli->given_count++;
    return true;
}

/* Take one option at argv[*at]; moves *at past a separate value. */
static bool take_option(struct hf_cli *cli, int argc, char **argv, int *at)
{
    char *word = argv[*at];
    bool is_long = word[1] == '-';
    struct hf_span name = hf_span_str(is_long ? word + 2 : "");
    size_t eq = hf_span_find(name, '=');
    const char *value = NULL;
    const struct hf_option *option;

    if (is_long && eq < name.len)
        value = name.ptr + eq + 1;
    name.len = eq;
    option = find_option(cli->command->options, cli->command->option_count,
                         name, is_long ? 0 : word[1]);
    if (option == NULL)
        option = find_option(common, COMMON_COUNT, name, is_long ? 0 : word[1]);
    if (option == NULL || (!is_long && option->arg == NULL && word[2] != 0)) {
        (void)hf_cli_usage(cli, hf_span_str(word), "no such option");
        return false;
    }
    if (!is_long && word[2] != '\0')
        value = word + 2;
    if (option->arg == NULL && value != NULL) {
        (void)hf_cli_usage(cli, hf_span_str(word), "takes no value");
        return false;
    }
    if (option->arg != NULL && value == NULL && *at + 1 < argc)
        value = argv[++*at];
    if (option->arg != NULL && value == NULL) {
        (void)hf_cli_usage(cli, hf_span_str(word), "needs a value");
        return false;
    }
    return remember(cli, option, value);
}

/* Options anywhere; operands move to the front of argv; "--" ends options. */
static bool take_arguments(struct hf_cli *cli, int argc, char **argv)
{
    bool options = true;

    cli->operands = argv;
    for (int at = 0; at < argc; at++) {
        if (options && strcmp(argv[at], "--") == 0) {
            options = false;
        } else if (options && argv[at][0] == '-' && argv[at][1] != '\0') {
            if (!take_option(cli, argc, argv, &at))
                return false;
        } else {
            cli->operands[cli->operand_count++] = argv[at];
        }
    }
    return true;
}

static bool wants_colour(const struct hf_cli *cli)
{
    const char *when = hf_cli_value(cli, "color", "auto");

    if (strcmp(when, "auto") == 0)
        return cli->out->is_terminal && getenv("NO_COLOR") == NULL;
    return strcmp(when, "always") == 0;
}

const char *hf_cli_folder_in(const char *variable)
{
    const char *value = getenv(variable);

    return value != NULL && value[0] == '/' ? value : NULL;
}

const char *hf_cli_home(void)
{
    return hf_cli_folder_in("HOME");
}

/* Root's own; for others $XDG_STATE_HOME, which is ~/.local/state if unset. */
static void find_state(struct hf_cli *cli)
{
    const char *xdg = hf_cli_folder_in("XDG_STATE_HOME");
    const char *home = hf_cli_home();
    int n = 0;

    cli->state = hf_cli_value(cli, "state-dir", ROOTS_STATE);
    if (hf_cli_has(cli, "state-dir") || geteuid() == 0)
        return;
    if (xdg != NULL)
        n = snprintf(cli->state_room, PATH_MAX, "%s/holdfast", xdg);
    else if (home != NULL)
        n = snprintf(cli->state_room, PATH_MAX, "%s/.local/state/holdfast",
                     home);
    if (n > 0 && n < PATH_MAX)
        cli->state = cli->state_room;
}

static enum hf_exit run_configured(struct hf_cli *cli)
{
    enum hf_exit status = hf_layers_open(cli);

    find_state(cli);
    if (status == HF_EXIT_GOOD)
        status = cli->command->run(cli);
    hf_layers_free(cli->layers);
    cli->layers = NULL;
    return status;
}

static enum hf_exit complain_of_many(const struct hf_cli *cli)
{
    size_t max = cli->command->operands_max;
    char room[64];

    (void)snprintf(room, sizeof(room), "one operand too many; at most %zu",
                   max);
    return hf_cli_usage(cli, hf_span_str(cli->operands[max]),
                        max == 0 ? "it takes no operands" : room);
}

static enum hf_exit run_command(struct hf_cli *cli)
{
    const char *now = hf_cli_value(cli, "now", NULL);
    struct hf_why why = {0};

    if (hf_cli_has(cli, "help")) {
        hf_help_command(cli->out, cli->command, common, COMMON_COUNT);
        return hf_cli_finish(cli, HF_EXIT_GOOD);
    }
    cli->now = hf_clock_now();
    if (now != NULL &&
        hf_time_parse(hf_span_str(now), cli->now, &cli->now, &why) != HF_OK)
        return hf_cli_usage(cli, hf_span_str(now), why.text);
    if (cli->operand_count < cli->command->operands_min)
        return hf_cli_usage(cli, hf_span_str(cli->command->operands),
                            "an operand is missing");
    if (cli->operand_count > cli->command->operands_max)
        return complain_of_many(cli);
    cli->json = hf_cli_has(cli, "json");
    cli->colour = wants_colour(cli);
    return hf_cli_finish(cli, run_configured(cli));
}

static bool asks_help(const char *word)
{
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

static bool has_family(const struct hf_cli *cli, struct hf_span family)
{
    for (size_t i = 0; i < cli->command_count; i++)
        if (hf_help_in_family(&cli->commands[i], family))
            return true;
    return false;
}

/* The words are no command: perhaps the first ones of some. */
static enum hf_exit no_command(struct hf_cli *cli, int argc, char **argv)
{
    char room[64];
    struct hf_buf family;
    size_t len = 0;
    int used = 0;

    hf_buf_init(&family, room, sizeof(room) - 1);
    while (used < argc) {
        hf_buf_puts(&family, used > 0 ? " " : "");
        hf_buf_puts(&family, argv[used]);
        if (family.full || !has_family(cli, hf_buf_span(&family)))
            break;
        len = family.len;
        used++;
    }
    if (used == argc || asks_help(argv[used])) {
        hf_help_family(cli->out, cli->commands, cli->command_count,
                       (struct hf_span){room, len});
        return hf_cli_finish(cli, used == argc ? HF_EXIT_USAGE : HF_EXIT_GOOD);
    }
    put_sentence(cli, hf_span_str(argv[used]), "no such command", NULL);
    (void)fprintf(stderr, "Try 'holdfast%s%.*s --help'.\n", len > 0 ? " " : "",
                  (int)len, room);
    return HF_EXIT_USAGE;
}

enum hf_exit hf_cli_main(const struct hf_command *commands, size_t count,
                         struct hf_out *out, int argc, char **argv)
{
    struct hf_cli cli = {
        .out = out, .commands = commands, .command_count = count};
    int used;

    if (argc > 1 && (strcmp(argv[1], "--version") == 0 ||
                     strcmp(argv[1], "version") == 0)) {
        hf_version_put(&out->buf);
        return hf_cli_finish(&cli, HF_EXIT_GOOD);
    }
    if (argc > 1 && strcmp(argv[1], "completion") == 0)
        return hf_complete_main(commands, count, &cli, argc - 2, argv + 2);
    if (argc < 2 || asks_help(argv[1]) || strcmp(argv[1], "help") == 0) {
        hf_help_family(out, commands, count, HF_SPAN(""));
        return hf_cli_finish(&cli, argc < 2 ? HF_EXIT_USAGE : HF_EXIT_GOOD);
    }

    cli.command = find_command(commands, count, argc - 1, argv + 1, &used);
    if (cli.command == NULL)
        return no_command(&cli, argc - 1, argv + 1);
    if (!take_arguments(&cli, argc - 1 - used, argv + 1 + used))
        return HF_EXIT_USAGE;
    return run_command(&cli);
}
