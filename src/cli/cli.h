/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli.h -- one table of commands, from which help, completion and parsing all
 * come; and the small conventions every command shares.
 *
 * A command is a row in main.c's table and a file cmd_NOUN.c. It reads its
 * options from struct hf_cli, writes results to cli->out and sentences to
 * hf_cli_error(), and returns an exit status. It never exits itself.
 */
#pragma once

#include <limits.h>

#include "base/json.h"
#include "holdfast/holdfast.h"
#include "os/out.h"

/* Exit statuses, the same for every command. */
enum hf_exit {
    HF_EXIT_GOOD = 0,         /* done; every answer was yes */
    HF_EXIT_ERROR = 1,        /* something failed */
    HF_EXIT_NO = 2,           /* done; some answer was no, or findings */
    HF_EXIT_USAGE = 64,       /* the command line is wrong */
    HF_EXIT_LATER = 75,       /* not now; the same may go well later */
    HF_EXIT_INTERRUPTED = 130 /* stopped by a signal; work so far is kept */
};

/* One option. The long name is the only required part. */
struct hf_option {
    const char *name;    /* "account-url", without dashes */
    const char *arg;     /* "URL" in the help; NULL for a switch */
    const char *help;    /* one line, no full stop */
    const char *choices; /* "text json csv", checked and completed; or NULL.
                            Other words: "<file>", "<dir>" for completion */
    char letter;         /* short form, or 0 */
    bool many;           /* may be given more than once */
};

struct hf_cli;
struct hf_layers;    /* layers.h */
struct hf_provision; /* provision.h */

struct hf_command {
    const char *name;     /* "scan", or "record make" */
    const char *operands; /* "NAME..." in the help; "" for none */
    const char *summary;  /* one line */
    const char *details;  /* paragraphs of the help, with newlines; or NULL */
    const struct hf_option *options;
    size_t option_count;
    size_t operands_min;
    size_t operands_max;
    enum hf_exit (*run)(struct hf_cli *cli);
};

#define HF_CLI_VALUES_MAX 256 /* options given on one command line */

struct hf_cli {
    const struct hf_command *command;
    const struct hf_command *commands; /* all of them */
    size_t command_count;
    struct hf_layers *layers;       /* the configuration file, or NULL */
    struct hf_provision *provision; /* of orders, or NULL */
    struct hf_out *out;             /* standard output */
    bool json;                      /* --json was given */
    bool colour;        /* standard output is a terminal that wants it */
    struct hf_time now; /* the clock, or --now */
    const char *state;  /* folder of accounts, certificates and the register:
                           --state-dir, or the usual one */
    const struct hf_option *given[HF_CLI_VALUES_MAX];
    const char *values[HF_CLI_VALUES_MAX];
    size_t given_count;
    char **operands;
    size_t operand_count;
    char state_room[PATH_MAX];
};

/* A row for the option tables of commands that keep something. */
/* clang-format off */
#define HF_STATE_OPTION                                                        \
    {.name = "state-dir",                                                      \
     .arg = "DIR",                                                             \
     .choices = "<dir>",                                                       \
     .help = "Folder of accounts, certificates and the register (root: "       \
             "/var/lib/holdfast)"}
/* clang-format on */

/* The user's home, or NULL: where other programs keep their files. */
const char *hf_cli_home(void);

/* The absolute path that an environment variable holds, or NULL: XDG wants
 * others ignored. */
const char *hf_cli_folder_in(const char *variable);

/* Is `word` one of `words`, which have blanks between them? */
bool hf_cli_word_among(const char *words, struct hf_span word);

/* A command by its name, and one of its own options; or NULL. */
const struct hf_command *hf_cli_command(const struct hf_cli *cli,
                                        const char *name);
const struct hf_option *hf_cli_option(const struct hf_command *command,
                                      const char *name);

/* Is the value one of the option's choices, if it has any? */
bool hf_cli_takes(const struct hf_option *option, const char *value);

/* Every command has these five: --config=FILE, --json, --now=TIME,
 * --color=WHEN, --help. */

/* Was one of these options on the command line itself? */
bool hf_cli_said_any(const struct hf_cli *cli, const char *words);

/* Was the option given, on the command line or else in the configuration file?
 * Its last value, or `otherwise`. Its nth, or NULL. */
bool hf_cli_has(const struct hf_cli *cli, const char *name);
const char *hf_cli_value(const struct hf_cli *cli, const char *name,
                         const char *otherwise);
const char *hf_cli_nth(const struct hf_cli *cli, const char *name, size_t n);
size_t hf_cli_count(const struct hf_cli *cli, const char *name);

/* A switch, which the file may also say no to; `otherwise` when nobody says. */
bool hf_cli_switch(const struct hf_cli *cli, const char *name, bool otherwise);

/* --sandbox=off: our own processes go without their walls. */
bool hf_cli_no_wall(const struct hf_cli *cli);

/*
 * A whole number within bounds. False after a message on standard error when
 * the text given is something else; `*out` keeps its value when not given.
 */
bool hf_cli_number(const struct hf_cli *cli, const char *name, int64_t min,
                   int64_t max, int64_t *out);

/*
 * One sentence on standard error: "holdfast scan: " and the text. The subject
 * (a name, a file) is escaped and may be empty; `why` adds its reason.
 */
void hf_cli_error(const struct hf_cli *cli, struct hf_span subject,
                  const char *text);
void hf_cli_fail(const struct hf_cli *cli, struct hf_span subject,
                 const struct hf_why *why);

/* The same words, and HF_EXIT_USAGE with a hint at --help. */
enum hf_exit hf_cli_usage(const struct hf_cli *cli, struct hf_span subject,
                          const char *text);

/* Write out everything; turns a failed write into HF_EXIT_ERROR. */
enum hf_exit hf_cli_finish(struct hf_cli *cli, enum hf_exit status);

/* Parse and run: what main() does. `commands` has `count` rows. */
enum hf_exit hf_cli_main(const struct hf_command *commands, size_t count,
                         struct hf_out *out, int argc, char **argv);
