/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/complete.h"

/* What every generator walks: the commands and where the text goes. */
struct table {
    const struct hf_command *commands;
    size_t count;
    struct hf_out *out;
};

typedef void hf_each_option_fn(struct table *table,
                               const struct hf_command *command,
                               const struct hf_option *option);

static void put(struct table *table, const char *text)
{
    hf_out_put(table->out, hf_span_str(text));
}

/* Call `fn` for the command's own options and for those of every command. */
static void each_option(struct table *table, const struct hf_command *command,
                        hf_each_option_fn *fn)
{
    const struct hf_option *own;
    const struct hf_option *shared;
    size_t shared_count = hf_cli_options(command, &own, &shared);

    for (size_t i = 0; i < command->option_count; i++)
        fn(table, command, &own[i]);
    for (size_t i = 0; i < shared_count; i++)
        fn(table, command, &shared[i]);
}

/* Text between single quotes, as all three shells take it. */
static void put_quoted(struct table *table, const char *text, bool is_fish)
{
    struct hf_span rest = hf_span_str(text);

    while (rest.len > 0) {
        hf_out_put(table->out, hf_span_cut(&rest, hf_span_find(rest, '\'')));
        if (hf_span_skip(&rest, '\''))
            put(table, is_fish ? "\\'" : "'\\''");
    }
}

/* The same inside the brackets of a zsh option: they and ':' are special. */
static void put_zsh(struct table *table, const char *text)
{
    for (; *text != '\0'; text++) {
        char one[2] = {*text, '\0'};

        if (strchr("[]:\\", *text) != NULL)
            put(table, "\\");
        put_quoted(table, one, false);
    }
}

/* ---- families: commands whose first words are the same stand together ---- */

#define WORDS_MAX 3 /* of a command's name */

/* The first `n` words of a command's name; all, when it has no more. */
static struct hf_span first_words(const struct hf_command *command, size_t n)
{
    struct hf_span name = hf_span_str(command->name);
    struct hf_span rest = name;

    for (size_t i = 0; i < n && rest.len > 0; i++) {
        (void)hf_span_skip(&rest, ' ');
        (void)hf_span_cut(&rest, hf_span_find(rest, ' '));
    }
    name.len -= rest.len;
    return name;
}

/* The word behind the first `n`; empty when there is none. */
static struct hf_span word_after(const struct hf_command *command, size_t n)
{
    struct hf_span words = first_words(command, n + 1);

    (void)hf_span_cut(&words, first_words(command, n).len);
    (void)hf_span_skip(&words, ' ');
    return words;
}

/* Is commands[i] in the family of the one before, as far as `n` words say? */
static bool goes_on(const struct table *table, size_t i, size_t n)
{
    return i > 0 && hf_span_eq(first_words(&table->commands[i], n),
                               first_words(&table->commands[i - 1], n));
}

/* What may follow the first `n` words of commands[i], each once. */
static void put_next_words(struct table *table, size_t i, size_t n)
{
    const char *between = "";

    for (size_t from = i; i < table->count; i++) {
        if (i > from && !goes_on(table, i, n))
            break;
        if (i > from && goes_on(table, i, n + 1))
            continue;
        put(table, between);
        hf_out_put(table->out, word_after(&table->commands[i], n));
        between = " ";
    }
}

static void put_first_words(struct table *table)
{
    put_next_words(table, 0, 0);
    put(table, " completion version help");
}

/* A line for each family of two words and more: `before`, its first words,
 * `between`, those that may follow, `after`. */
static void put_families(struct table *table, const char *before,
                         const char *between, const char *after)
{
    for (size_t n = 1; n < WORDS_MAX; n++) {
        for (size_t i = 0; i < table->count; i++) {
            if (goes_on(table, i, n) ||
                word_after(&table->commands[i], n).len == 0)
                continue;
            put(table, before);
            hf_out_put(table->out, first_words(&table->commands[i], n));
            put(table, between);
            put_next_words(table, i, n);
            put(table, after);
        }
    }
}

/* A function of the shells that says what may follow these words. */
static void put_words_function(struct table *table)
{
    put(table, "_holdfast_words() {\n    case $1 in\n    '') echo '");
    put_first_words(table);
    put(table, "' ;;\n    completion) echo 'bash zsh fish' ;;\n");
    put_families(table, "    '", "') echo '", "' ;;\n");
    put(table, "    esac\n}\n\n");
}

static bool is_path(const struct hf_option *option)
{
    return option->choices != NULL && option->choices[0] == '<';
}

/* ---- bash ---- */

static void bash_option(struct table *table, const struct hf_command *command,
                        const struct hf_option *option)
{
    (void)command;
    put(table, " --");
    put(table, option->name);
    if (option->arg != NULL)
        put(table, "=");
}

static void bash_choices(struct table *table, const struct hf_command *command,
                         const struct hf_option *option)
{
    if (option->choices == NULL)
        return;
    put(table, "    '");
    put(table, command->name);
    put(table, " --");
    put(table, option->name);
    put(table, "') echo '");
    put(table, option->choices);
    put(table, "' ;;\n");
}

/* Readline cuts words at '=', so that "--format=zo" arrives as three. */
static const char bash_body[] =
    "_holdfast() {\n"
    "    local cur=${COMP_WORDS[COMP_CWORD]} option= command= words i=1\n"
    "    COMPREPLY=()\n"
    "    words=$(_holdfast_words '')\n"
    "    while [ -n \"$words\" ]; do\n"
    "        if [ \"$COMP_CWORD\" -eq $i ]; then\n"
    "            COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
    "            return\n"
    "        fi\n"
    "        command=\"${command:+$command }${COMP_WORDS[i]}\"\n"
    "        words=$(_holdfast_words \"$command\")\n"
    "        i=$((i + 1))\n"
    "    done\n"
    "    if [ \"$cur\" = = ]; then\n"
    "        option=${COMP_WORDS[COMP_CWORD-1]} cur=\n"
    "    elif [ \"${COMP_WORDS[COMP_CWORD-1]}\" = = ]; then\n"
    "        option=${COMP_WORDS[COMP_CWORD-2]}\n"
    "    else\n"
    "        option=${COMP_WORDS[COMP_CWORD-1]}\n"
    "    fi\n"
    "    words=$(_holdfast_choices \"$command $option\")\n"
    "    case $words in\n"
    "    '<dir>') COMPREPLY=($(compgen -d -- \"$cur\")) ;;\n"
    "    '<file>') COMPREPLY=($(compgen -f -- \"$cur\")) ;;\n"
    "    ?*) COMPREPLY=($(compgen -W \"$words\" -- \"$cur\")) ;;\n"
    "    *)\n"
    "        case $cur in\n"
    "        -*) COMPREPLY=($(compgen -W \"$(_holdfast_options "
    "\"$command\")\" -- \"$cur\")) ;;\n"
    "        *) COMPREPLY=($(compgen -f -- \"$cur\")) ;;\n"
    "        esac\n"
    "        ;;\n"
    "    esac\n"
    "    case ${COMPREPLY[0]} in *=) compopt -o nospace ;; esac\n"
    "}\n"
    "complete -F _holdfast holdfast\n";

static void put_bash(struct table *table)
{
    put(table, "# bash completion for holdfast, made by 'holdfast completion "
               "bash'\n\n");
    put_words_function(table);
    put(table, "_holdfast_options() {\n    case $1 in\n");
    for (size_t i = 0; i < table->count; i++) {
        put(table, "    '");
        put(table, table->commands[i].name);
        put(table, "') echo '");
        each_option(table, &table->commands[i], bash_option);
        put(table, "' ;;\n");
    }
    put(table, "    esac\n}\n\n_holdfast_choices() {\n    case $1 in\n");
    for (size_t i = 0; i < table->count; i++)
        each_option(table, &table->commands[i], bash_choices);
    put(table, "    esac\n}\n\n");
    put(table, bash_body);
}

/* ---- zsh ---- */

static void zsh_action(struct table *table, const struct hf_option *option)
{
    put(table, ":");
    put_zsh(table, option->arg);
    put(table, ":");
    if (option->choices == NULL)
        return;
    if (is_path(option)) {
        put(table,
            strcmp(option->choices, "<dir>") == 0 ? "_files -/" : "_files");
        return;
    }
    put(table, "(");
    put_zsh(table, option->choices);
    put(table, ")");
}

static void zsh_option(struct table *table, const struct hf_command *command,
                       const struct hf_option *option)
{
    (void)command;
    put(table, " \\\n            '");
    if (option->many)
        put(table, "*");
    put(table, "--");
    put(table, option->name);
    if (option->arg != NULL)
        put(table, "=");
    put(table, "[");
    put_zsh(table, option->help);
    put(table, "]");
    if (option->arg != NULL)
        zsh_action(table, option);
    put(table, "'");
}

static void zsh_command(struct table *table, const struct hf_command *command)
{
    put(table, "    '");
    put(table, command->name);
    put(table, "')\n        _arguments");
    each_option(table, command, zsh_option);
    put(table, " \\\n            '*:operand:_files'\n        ;;\n");
}

static const char zsh_head[] =
    "_holdfast() {\n"
    "    local command= list\n"
    "    integer i=2\n"
    "    list=$(_holdfast_words '')\n"
    "    while [[ -n $list ]]; do\n"
    "        if (( CURRENT == i )); then compadd ${=list}; return; fi\n"
    "        command=\"${command:+$command }$words[i]\"\n"
    "        list=$(_holdfast_words \"$command\")\n"
    "        (( i++ ))\n"
    "    done\n"
    "    shift $((i - 2)) words; (( CURRENT -= i - 2 ))\n"
    "    case $command in\n";

static void put_zsh_script(struct table *table)
{
    put(table, "#compdef holdfast\n# made by 'holdfast completion zsh'\n\n");
    put_words_function(table);
    put(table, zsh_head);
    for (size_t i = 0; i < table->count; i++)
        zsh_command(table, &table->commands[i]);
    put(table, "    esac\n}\n\n_holdfast \"$@\"\n");
}

/* ---- fish ---- */

static void fish_option(struct table *table, const struct hf_command *command,
                        const struct hf_option *option)
{
    put(table, "complete -c holdfast -n '__holdfast_at ");
    put(table, command->name);
    put(table, "' -l ");
    put(table, option->name);
    if (option->letter != 0) {
        char letter[2] = {option->letter, '\0'};

        put(table, " -s ");
        put(table, letter);
    }
    if (option->arg != NULL)
        put(table, is_path(option) ? " -r -F" : " -x");
    if (option->arg != NULL && option->choices != NULL && !is_path(option)) {
        put(table, " -a '");
        put_quoted(table, option->choices, true);
        put(table, "'");
    }
    put(table, " -d '");
    put_quoted(table, option->help, true);
    put(table, "'\n");
}

/* __holdfast_at WORD...: these words stand first on the command line. */
static const char fish_head[] =
    "# fish completion for holdfast, made by 'holdfast completion fish'\n\n"
    "function __holdfast_at\n"
    "    set -l words (commandline -opc)\n"
    "    set -e words[1]\n"
    "    set -l n (count $argv)\n"
    "    test (count $words) -ge $n; or return 1\n"
    "    test $n -eq 0; or test \"$words[1..$n]\" = \"$argv\"\n"
    "end\n\n"
    "function __holdfast_is\n"
    "    set -l words (commandline -opc)\n"
    "    set -e words[1]\n"
    "    test \"$words\" = \"$argv\"\n"
    "end\n\n"
    "complete -c holdfast -n '__holdfast_is' -f -a '";

static void put_fish(struct table *table)
{
    put(table, fish_head);
    put_first_words(table);
    put(table, "'\ncomplete -c holdfast -n '__holdfast_is completion' -f "
               "-a 'bash zsh fish'\n");
    put_families(table, "complete -c holdfast -n '__holdfast_is ", "' -f -a '",
                 "'\n");
    for (size_t i = 0; i < table->count; i++)
        each_option(table, &table->commands[i], fish_option);
}

enum hf_exit hf_complete_main(const struct hf_command *commands, size_t count,
                              struct hf_cli *cli, int argc, char **argv)
{
    struct table table = {commands, count, cli->out};
    struct hf_span shell = hf_span_str(argc == 1 ? argv[0] : "");

    if (hf_span_eq(shell, HF_SPAN("bash")))
        put_bash(&table);
    else if (hf_span_eq(shell, HF_SPAN("zsh")))
        put_zsh_script(&table);
    else if (hf_span_eq(shell, HF_SPAN("fish")))
        put_fish(&table);
    else
        return hf_cli_usage(cli, HF_SPAN("completion"),
                            "say for which shell: bash, zsh or fish");
    return hf_cli_finish(cli, HF_EXIT_GOOD);
}
