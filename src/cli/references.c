/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/references.h"

#include <unistd.h>

#include "cli/cas_section.h"
#include "cli/config_kind.h"
#include "client/account.h"
#include "client/hook.h"
#include "client/lineage.h"
#include "dns/server.h"
#include "dns/tsig.h"
#include "holdfast/idna.h"
#include "net/url.h"
#include "os/secret.h"

#define SECRET_MAX 8192

struct checking {
    const struct hf_cli *cli;
    const char *state;
    struct hf_config *config;
    struct hf_cas *cas; /* the table, with the sections that are good */
    struct hf_why *why;
    enum hf_err err;
};

static void wrong(struct checking *c, size_t line, const char *subject,
                  const char *text)
{
    const struct hf_config_problem problem = {
        .line = line, .subject = hf_span_str(subject), .text = text};

    if (c->err == HF_OK)
        c->err = hf_config_note(c->config, &problem, c->why);
}

/* ---- one value each ---- */

static bool has_section(const struct checking *c, const char *kind,
                        const char *title)
{
    return hf_config_section_find(c->config, kind, title) != NULL;
}

static const char *why_no_account(const struct checking *c, const char *value)
{
    struct hf_account_file file;
    char folder[PATH_MAX];

    if (has_section(c, "account", value))
        return NULL;
    if (hf_account_folder(c->state, hf_span_str(value), folder, sizeof(folder),
                          NULL) == HF_OK &&
        hf_account_file_read(folder, &file, NULL) == HF_OK) {
        hf_account_file_clear(&file);
        return NULL;
    }
    return "no section describes this account, and there is none of this "
           "name on this machine";
}

static const char *why_no_publisher(const struct checking *c, const char *value)
{
    return has_section(c, "publisher", value)
               ? NULL
               : "no section describes this publisher";
}

static const char *why_no_ca(const struct checking *c, const char *value)
{
    return hf_cas_find(c->cas, hf_span_str(value)) != NULL
               ? NULL
               : "no CA of this name is in the table, nor a section here";
}

static const char *why_no_name(const struct checking *c, const char *value)
{
    struct hf_span text = hf_span_str(value);
    struct hf_why why = {0};
    struct hf_name name;

    (void)c;
    (void)hf_name_take_star(&text);
    return hf_idna_canonical(text, &name, &why) == HF_OK ? NULL : why.text;
}

static const char *why_no_url(const struct checking *c, const char *value)
{
    struct hf_why why = {0};
    struct hf_url url;

    (void)c;
    return hf_url_parse(hf_span_str(value), &url, &why) == HF_OK ? NULL
                                                                 : why.text;
}

static const char *why_no_server(const struct checking *c, const char *value)
{
    struct hf_why why = {0};
    struct hf_server server;

    (void)c;
    return hf_server_parse(hf_span_str(value), &server, &why) == HF_OK
               ? NULL
               : why.text;
}

static const char *why_no_hook(const struct checking *c, const char *value)
{
    struct hf_why why = {0};
    struct hf_hook hook;

    (void)c;
    if (hf_hook_parse(value, &hook, &why) != HF_OK)
        return why.text;
    if (hook.program[0] == '/' && access(hook.program, X_OK) != 0)
        return "there is no such program, or it may not be run";
    return NULL;
}

static const char *why_no_file(const struct checking *c, const char *value)
{
    (void)c;
    return access(value, R_OK) == 0
               ? NULL
               : "there is no such file, or it cannot be read";
}

static const char *why_no_key(const struct checking *c, const char *value)
{
    struct hf_tsig_key *key = NULL;
    struct hf_why why = {0};

    if (why_no_file(c, value) != NULL)
        return why_no_file(c, value);
    if (hf_tsig_key_load(value, &key, &why) != HF_OK)
        return why.text;
    hf_tsig_key_free(key);
    return NULL;
}

static const char *why_no_secret(const struct checking *c, const char *value)
{
    char room[SECRET_MAX];
    struct hf_buf text;
    struct hf_why why = {0};
    enum hf_err err;

    if (why_no_file(c, value) != NULL)
        return why_no_file(c, value);
    hf_buf_init(&text, room, sizeof(room));
    err = hf_secret_file(value, &text, &why);
    explicit_bzero(room, sizeof(room));
    return err == HF_OK ? NULL : why.text;
}

typedef const char *why_fn(const struct checking *c, const char *value);

static const struct {
    const char *key;
    why_fn *why;
} rows[] = {
    {"account", why_no_account},
    {"publisher", why_no_publisher},
    {"ca", why_no_ca},
    {"staging", why_no_ca},
    {"names", why_no_name},
    {"issuer", why_no_name},
    {"directory", why_no_url},
    {"server", why_no_server},
    {"hook", why_no_hook},
    {"tsig-file", why_no_key},
    {"passphrase-file", why_no_secret},
    {"eab-key-file", why_no_secret},
};

static why_fn *reason_of(const struct hf_option *option)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (strcmp(rows[i].key, option->name) == 0)
            return rows[i].why;
    return option->choices != NULL && strcmp(option->choices, "<file>") == 0
               ? why_no_file
               : NULL;
}

static void check_key(struct checking *c,
                      const struct hf_config_section *section,
                      const struct hf_config_key *key)
{
    const struct hf_config_kind *kind = hf_config_kind_find(section->kind);
    const struct hf_option *option =
        kind == NULL ? NULL : hf_config_kind_option(kind, c->cli, key->name);
    why_fn *reason = option == NULL ? NULL : reason_of(option);

    for (size_t i = 0; reason != NULL && i < key->count; i++) {
        const char *value = hf_config_value(c->config, key, i);
        const char *text = reason(c, value);

        if (text != NULL)
            wrong(c, key->line, value, text);
    }
}

/* ---- sections ---- */

static bool has_key(const struct checking *c,
                    const struct hf_config_section *section, const char *name)
{
    return hf_config_key_find(c->config, section, name) != NULL;
}

static size_t count_keys(const struct checking *c,
                         const struct hf_config_section *section,
                         const char *words)
{
    size_t n = 0;

    for (size_t i = 0; i < section->count; i++)
        n += hf_cli_word_among(
            words, hf_span_str(c->config->keys[section->first + i].name));
    return n;
}

static void check_way(struct checking *c,
                      const struct hf_config_section *section, bool needs_one)
{
    size_t ways = count_keys(c, section, "server hook print publisher");

    if (ways > 1)
        wrong(c, section->line, section->title,
              "server, hook, print and publisher exclude one another");
    if (ways == 0 && needs_one)
        wrong(c, section->line, section->title,
              "which way into DNS? server, hook or print is wanted");
    if (has_key(c, section, "tsig-file") && !has_key(c, section, "server"))
        wrong(c, section->line, section->title,
              "only updates are signed: tsig-file wants a server");
}

static void check_certificate(struct checking *c,
                              const struct hf_config_section *section)
{
    const struct hf_config_key *names =
        hf_config_key_find(c->config, section, "names");

    if (names != NULL &&
        (names->count == 0 || names->count > HF_LINEAGE_NAMES_MAX))
        wrong(c, names->line, section->title,
              "a certificate has 1 to 100 names");
    if (names == NULL && why_no_name(c, section->title) != NULL)
        wrong(c, section->line, section->title,
              "without names the title is the name, and it is no domain name");
}

static void check_account(struct checking *c,
                          const struct hf_config_section *section)
{
    if (count_keys(c, section, "ca directory") > 1)
        wrong(c, section->line, section->title,
              "ca and directory exclude one another");
    if (count_keys(c, section,
                   "plaintext passphrase-file passphrase-credential "
                   "passphrase-command") > 1)
        wrong(c, section->line, section->title,
              "one place only for the passphrase to come from");
}

static void check_ca(struct checking *c,
                     const struct hf_config_section *section)
{
    struct hf_why why = {0};
    enum hf_err err = hf_cas_add_section(c->cas, c->config, section, &why);

    if (err == HF_ENOMEM && c->err == HF_OK)
        c->err = hf_fail(c->why, HF_ENOMEM, 0, why.text);
    else if (err != HF_OK)
        wrong(c, section->line, section->title, why.text);
}

static void check_section(struct checking *c,
                          const struct hf_config_section *section)
{
    if (strcmp(section->kind, "publisher") == 0)
        check_way(c, section, true);
    if (strcmp(section->kind, "zone") == 0)
        check_way(c, section, false);
    if (strcmp(section->kind, "certificate") == 0)
        check_certificate(c, section);
    if (strcmp(section->kind, "account") == 0)
        check_account(c, section);
    for (size_t i = 0; i < section->count; i++)
        check_key(c, section, &c->config->keys[section->first + i]);
}

enum hf_err hf_references_check(const struct hf_cli *cli, const char *state,
                                struct hf_config *config, struct hf_why *why)
{
    struct checking c = {
        .cli = cli, .state = state, .config = config, .why = why};

    c.err = hf_cas_load(NULL, &c.cas, why);
    if (c.err != HF_OK)
        return c.err;
    for (size_t i = 0; i < config->section_count; i++)
        if (strcmp(config->sections[i].kind, "ca") == 0)
            check_ca(&c, &config->sections[i]);
    for (size_t i = 0; i < config->section_count; i++)
        check_section(&c, &config->sections[i]);
    hf_cas_free(c.cas);
    return c.err;
}
