/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/config_kind.h"

#include "client/account.h"
#include "client/lineage.h"

/* ---- the kinds ---- */

#define FILE_KEYS                                                              \
    "state-dir ca-bundle resolver trust-anchor forward stub root-hints "       \
    "source resolver-timeout suffix-list no-authoritative "                    \
    "authoritative-port sandbox "                                              \
    "hook-dir hook-timeout"

#define ACCESS_KEYS                                                            \
    "passphrase-file passphrase-credential passphrase-command ca-bundle "      \
    "timeout wait"

#define PUBLISHER_KEYS                                                         \
    "server tsig-file hook print timeout wait authoritative-port"

#define ZONE_KEYS                                                              \
    "publisher account issuer draft wildcard until ttl owner "                 \
    "ticket force " PUBLISHER_KEYS

static const struct hf_option ca_keys[] = {
    {.name = "title", .arg = "TEXT"},
    {.name = "directory", .arg = "URL"},
    {.name = "issuer", .arg = "DOMAIN", .many = true},
    {.name = "draft", .arg = "RULES", .choices = "00 01 02 dual"},
    {.name = "prefix", .arg = "URL"},
    {.name = "staging", .arg = "NAME"},
    {.name = "parents"},
    {.name = "reuses"},
};

static const struct hf_option certificate_keys[] = {
    {.name = "names", .arg = "NAME", .many = true},
};

/* clang-format off */
static const struct hf_config_kind kinds[] = {
    {.word = "", .home = "cert issue", .only = FILE_KEYS},
    {.word = "account", .home = "account create",
     .without = "account state-dir staging sandbox", .away = ACCESS_KEYS},
    {.word = "authority", .home = "ca serve",
     .without = "authority state-dir sandbox", .away = "store"},
    {.word = "ca", .own = ca_keys,
     .own_count = sizeof(ca_keys) / sizeof(ca_keys[0])},
    {.word = "certificate", .home = "cert issue",
     .without = "name state-dir staging wait dry-run force hook-dir "
                "hook-timeout no-hooks",
     .own = certificate_keys,
     .own_count = sizeof(certificate_keys) / sizeof(certificate_keys[0])},
    {.word = "perspective", .home = "perspective serve",
     .without = "perspective sandbox"},
    {.word = "publisher", .home = "record publish", .only = PUBLISHER_KEYS},
    {.word = "zone", .home = "record publish", .only = ZONE_KEYS},
};
/* clang-format on */

const struct hf_config_kind *hf_config_kind_find(const char *word)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (strcmp(kinds[i].word, word) == 0)
            return &kinds[i];
    return NULL;
}

static bool is_file(const struct hf_config_kind *kind)
{
    return kind->word[0] == '\0';
}

/* ---- keys ---- */

static const struct hf_option *home_option(const struct hf_config_kind *kind,
                                           const struct hf_cli *cli,
                                           const char *key)
{
    struct hf_span word = hf_span_str(key);

    if (kind->home == NULL ||
        (kind->only != NULL && !hf_cli_word_among(kind->only, word)) ||
        (kind->without != NULL && hf_cli_word_among(kind->without, word)))
        return NULL;
    return hf_cli_option(hf_cli_command(cli, kind->home), key);
}

const struct hf_option *hf_config_kind_option(const struct hf_config_kind *kind,
                                              const struct hf_cli *cli,
                                              const char *key)
{
    for (size_t i = 0; i < kind->own_count; i++)
        if (strcmp(kind->own[i].name, key) == 0)
            return &kind->own[i];
    return home_option(kind, cli, key);
}

bool hf_config_kind_serves(const struct hf_config_kind *kind,
                           const struct hf_cli *cli, const char *key)
{
    const struct hf_option *home = home_option(kind, cli, key);
    const struct hf_option *here = hf_cli_option(cli->command, key);

    if (home == NULL || home == here)
        return home != NULL;
    if (kind->away != NULL && !hf_cli_word_among(kind->away, hf_span_str(key)))
        return false;
    /* What a certificate wants, `cert renew` wants as well, unasked. */
    if (here == NULL)
        return strcmp(kind->word, "certificate") == 0;
    return is_file(kind) || strcmp(home->help, here->help) == 0;
}

/* ---- what is wrong ---- */

struct checking {
    const struct hf_cli *cli;
    struct hf_config *config;
    struct hf_why *why;
    enum hf_err err;
};

static void note(struct checking *checking,
                 const struct hf_config_problem *problem)
{
    if (checking->err == HF_OK)
        checking->err =
            hf_config_note(checking->config, problem, checking->why);
}

static void wrong(struct checking *checking, size_t line, const char *subject,
                  const char *text)
{
    note(checking, &(struct hf_config_problem){.line = line,
                                               .subject = hf_span_str(subject),
                                               .text = text});
}

static const char *const switches[] = {"yes", "no",  "true", "false",
                                       "on",  "off", NULL};

bool hf_config_is_yes(const char *value)
{
    return strcmp(value, "yes") == 0 || strcmp(value, "true") == 0 ||
           strcmp(value, "on") == 0;
}

static bool is_switch(const char *value)
{
    size_t i = 0;

    while (switches[i] != NULL && strcmp(switches[i], value) != 0)
        i++;
    return switches[i] != NULL;
}

static bool is_arg(const struct hf_option *option, const char *arg)
{
    return strcmp(option->arg, arg) == 0;
}

/* What is wrong with one value, or NULL. */
static const char *why_wrong(const struct hf_option *option, const char *value)
{
    int64_t number;

    if (option->arg == NULL)
        return is_switch(value) ? NULL : "yes or no is wanted here";
    if (value[0] == '\0')
        return "an empty value";
    if (option->choices != NULL && option->choices[0] == '<' && value[0] != '/')
        return "a path is wanted that begins with '/': commands run in any "
               "folder";
    if ((is_arg(option, "SECONDS") || is_arg(option, "PORT")) &&
        !hf_persist_until_parse(hf_span_str(value), &number))
        return "a whole number is wanted here";
    return NULL;
}

static void check_value(struct checking *checking,
                        const struct hf_option *option, size_t line,
                        const char *value)
{
    const char *text = why_wrong(option, value);
    struct hf_config_problem problem = {
        .line = line,
        .subject = hf_span_str(value[0] == '\0' ? option->name : value),
        .text = text};

    if (text == NULL && !hf_cli_takes(option, value)) {
        problem.text = "none of the values that are taken here";
        problem.choices = option->choices;
    }
    if (problem.text != NULL)
        note(checking, &problem);
}

static void check_key(struct checking *checking,
                      const struct hf_config_kind *kind,
                      const struct hf_config_key *key)
{
    const struct hf_config *config = checking->config;
    const struct hf_option *option =
        hf_config_kind_option(kind, checking->cli, key->name);

    if (option == NULL) {
        wrong(checking, key->line, key->name,
              is_file(kind) ? "no such key outside of sections"
                            : "no such key in a section of this kind");
        return;
    }
    if (!option->many && key->count != 1)
        wrong(checking, key->line, key->name, "takes one value");
    for (size_t i = 0; i < key->count; i++)
        check_value(checking, option, key->line,
                    hf_config_value(config, key, i));
}

static const char *why_no_title(const struct hf_config_section *section)
{
    struct hf_span title = hf_span_str(section->title);
    struct hf_name name;

    if (title.len == 0)
        return NULL; /* the reader has said so */
    if (strcmp(section->kind, "zone") == 0 &&
        hf_idna_canonical(title, &name, NULL) != HF_OK)
        return "no domain name";
    if (strcmp(section->kind, "account") == 0 &&
        !hf_account_name_is_good(title))
        return "no name for an account: letters, digits, dots, hyphens and "
               "underscores";
    if (strcmp(section->kind, "certificate") == 0 &&
        !hf_lineage_name_is_good(title))
        return "no name for a certificate: letters, digits, dots, hyphens "
               "and underscores";
    return NULL;
}

static void check_section(struct checking *checking,
                          const struct hf_config_section *section)
{
    const struct hf_config_kind *kind = hf_config_kind_find(section->kind);
    const char *text = why_no_title(section);

    if (kind == NULL) {
        wrong(checking, section->line, section->kind,
              "no such kind of section; there are account, authority, ca, "
              "certificate, perspective, publisher and zone");
        return;
    }
    if (text != NULL)
        wrong(checking, section->line, section->title, text);
    for (size_t i = 0; i < section->count; i++)
        check_key(checking, kind, &checking->config->keys[section->first + i]);
}

enum hf_err hf_config_check(const struct hf_cli *cli, struct hf_config *config,
                            struct hf_why *why)
{
    struct checking checking = {.cli = cli, .config = config, .why = why};

    for (size_t i = 0; i < config->section_count; i++)
        check_section(&checking, &config->sections[i]);
    return checking.err;
}
