/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/layers.h"

#include <unistd.h>

#include "base/alloc.h"
#include "cli/config_kind.h"
#include "cli/holder.h"
#include "holdfast/idna.h"
#include "os/file.h"

#define ROOTS_FILE "/etc/holdfast/holdfast.conf"

/* ---- options that exclude one another ---- */

/* Where a layer says one of `others`, layers below are not asked for one of
 * `names`. */
static const struct {
    const char *names;
    const char *others;
} rivals[] = {
    {"server hook print tsig-file publisher", "server hook print"},
    {"ca directory", "ca directory"},
    {"profile preferred-profile", "profile preferred-profile"},
    {"plaintext passphrase-file passphrase-credential passphrase-command",
     "plaintext passphrase-file passphrase-credential passphrase-command"},
    {"account", "staging ca prefix account-url thumbprint key"},
};

static const char *rivals_of(const char *name)
{
    for (size_t i = 0; i < sizeof(rivals) / sizeof(rivals[0]); i++)
        if (hf_cli_word_among(rivals[i].names, hf_span_str(name)))
            return rivals[i].others;
    return "";
}

/* Does the section say one of these words? */
static bool says_any(const struct hf_config *config,
                     const struct hf_config_section *section, const char *words)
{
    for (size_t i = 0; section != NULL && i < section->count; i++)
        if (hf_cli_word_among(
                words, hf_span_str(config->keys[section->first + i].name)))
            return true;
    return false;
}

/* ---- what the layers say ---- */

static const struct hf_config_key *find(const struct hf_cli *cli,
                                        const char *name,
                                        const struct hf_config_kind **kind)
{
    const struct hf_layers *layers = cli->layers;
    const char *others = rivals_of(name);

    if (layers == NULL || hf_cli_said_any(cli, others))
        return NULL;
    for (size_t i = 0; i < HF_LAYER_COUNT; i++) {
        const struct hf_config_section *section = layers->sections[i];
        const struct hf_config_key *key =
            hf_config_key_find(layers->config, section, name);

        *kind = section == NULL ? NULL : hf_config_kind_find(section->kind);
        if (key != NULL && hf_config_kind_serves(*kind, cli, name))
            return key;
        if (says_any(layers->config, section, others))
            return NULL;
    }
    return NULL;
}

bool hf_layers_switch(const struct hf_cli *cli, const char *name,
                      bool otherwise)
{
    const struct hf_config_kind *kind;
    const struct hf_config_key *key = find(cli, name, &kind);

    return key == NULL
               ? otherwise
               : hf_config_is_yes(hf_config_value(cli->layers->config, key, 0));
}

size_t hf_layers_count(const struct hf_cli *cli, const char *name)
{
    const struct hf_config_kind *kind;
    const struct hf_config_key *key = find(cli, name, &kind);

    if (key == NULL)
        return 0;
    return hf_config_kind_option(kind, cli, name)->arg == NULL
               ? hf_layers_switch(cli, name, false)
               : key->count;
}

const char *hf_layers_nth(const struct hf_cli *cli, const char *name, size_t n)
{
    const struct hf_config_kind *kind;
    const struct hf_config_key *key = find(cli, name, &kind);

    return key == NULL ? NULL : hf_config_value(cli->layers->config, key, n);
}

/* ---- which sections ---- */

static void use(const struct hf_cli *cli, enum hf_layer layer, const char *kind,
                struct hf_span title)
{
    struct hf_layers *layers = cli->layers;
    const struct hf_config *config = layers->config;

    layers->sections[layer] = NULL;
    for (size_t i = 1; i < config->section_count; i++)
        if (strcmp(config->sections[i].kind, kind) == 0 &&
            hf_span_eq(hf_span_str(config->sections[i].title), title))
            layers->sections[layer] = &config->sections[i];
}

void hf_layers_use_account(const struct hf_cli *cli, struct hf_span name)
{
    if (cli->layers != NULL)
        use(cli, HF_LAYER_ACCOUNT, "account", name);
}

void hf_layers_use_authority(const struct hf_cli *cli, struct hf_span name)
{
    if (cli->layers != NULL)
        use(cli, HF_LAYER_AUTHORITY, "authority", name);
}

void hf_layers_use_perspective(const struct hf_cli *cli, struct hf_span name)
{
    if (cli->layers != NULL)
        use(cli, HF_LAYER_PERSPECTIVE, "perspective", name);
}

void hf_layers_use_certificate(const struct hf_cli *cli, struct hf_span title)
{
    if (cli->layers != NULL)
        use(cli, HF_LAYER_CERTIFICATE, "certificate", title);
}

const struct hf_config_section *hf_layers_certificate(const struct hf_cli *cli)
{
    return cli->layers == NULL ? NULL
                               : cli->layers->sections[HF_LAYER_CERTIFICATE];
}

void hf_layers_put_certificate(const struct hf_cli *cli,
                               const struct hf_config_section *section)
{
    if (cli->layers != NULL)
        cli->layers->sections[HF_LAYER_CERTIFICATE] = section;
}

static enum hf_exit use_publisher(const struct hf_cli *cli)
{
    const char *name = hf_cli_value(cli, "publisher", NULL);

    if (name == NULL)
        return HF_EXIT_GOOD;
    use(cli, HF_LAYER_PUBLISHER, "publisher", hf_span_str(name));
    if (cli->layers->sections[HF_LAYER_PUBLISHER] != NULL)
        return HF_EXIT_GOOD;
    return hf_cli_usage(cli, hf_span_str(name),
                        "no such publisher in the configuration file");
}

/* The zone section that the name is in, the longest of them; or NULL. */
static const struct hf_config_section *zone_of(const struct hf_cli *cli,
                                               struct hf_span name)
{
    const struct hf_config *config = cli->layers->config;
    const struct hf_config_section *found = NULL;
    size_t longest = 0;
    struct hf_name zone;

    for (size_t i = 1; i < config->section_count; i++) {
        const struct hf_config_section *section = &config->sections[i];

        if (strcmp(section->kind, "zone") != 0 ||
            hf_idna_canonical(hf_span_str(section->title), &zone, NULL) !=
                HF_OK ||
            zone.len <= longest ||
            !(hf_span_eq(name, hf_name_span(&zone)) ||
              hf_name_is_below(name, hf_name_span(&zone))))
            continue;
        longest = zone.len;
        found = section;
    }
    return found;
}

enum hf_exit hf_layers_use_zone_of(const struct hf_cli *cli,
                                   struct hf_span name)
{
    if (cli->layers == NULL)
        return HF_EXIT_GOOD;
    cli->layers->sections[HF_LAYER_ZONE] = zone_of(cli, name);
    return use_publisher(cli);
}

/* Do two sections say the same? */
static bool is_alike(const struct hf_config *config,
                     const struct hf_config_section *a,
                     const struct hf_config_section *b)
{
    if (a == b || a == NULL || b == NULL)
        return a == b;
    for (size_t i = 0; i < a->count; i++) {
        const struct hf_config_key *left = &config->keys[a->first + i];
        const struct hf_config_key *right =
            hf_config_key_find(config, b, left->name);

        if (right == NULL || left->count != right->count)
            return false;
        for (size_t n = 0; n < left->count; n++)
            if (strcmp(hf_config_value(config, left, n),
                       hf_config_value(config, right, n)) != 0)
                return false;
    }
    return a->count == b->count;
}

/* A name that is none belongs nowhere; the command will say so. */
static const struct hf_config_section *zone_of_text(const struct hf_cli *cli,
                                                    struct hf_span text)
{
    struct hf_name name;

    (void)hf_name_take_star(&text);
    return hf_idna_canonical(text, &name, NULL) == HF_OK
               ? zone_of(cli, hf_name_span(&name))
               : NULL;
}

/* One run has one way into DNS, and one account: those of all its names. */
static enum hf_exit use_zone(const struct hf_cli *cli)
{
    const char *zone = hf_cli_value(cli, "zone", NULL);
    const struct hf_config_section *first = NULL;

    if (zone != NULL)
        first = zone_of_text(cli, hf_span_str(zone));
    else if (cli->operand_count > 0)
        first = zone_of_text(cli, hf_span_str(cli->operands[0]));
    for (size_t i = 1; zone == NULL && i < cli->operand_count; i++) {
        struct hf_span text = hf_span_str(cli->operands[i]);

        if (!is_alike(cli->layers->config, first, zone_of_text(cli, text)))
            return hf_cli_usage(cli, text,
                                "the configuration file says something else "
                                "for its zone than for the name before; call "
                                "once for each zone");
    }
    cli->layers->sections[HF_LAYER_ZONE] = first;
    return HF_EXIT_GOOD;
}

/* Does the command make records, or bring them into DNS? */
static bool is_about_zones(const struct hf_command *command)
{
    return hf_cli_option(command, "ttl") != NULL ||
           hf_cli_option(command, "publisher") != NULL;
}

static enum hf_exit choose(const struct hf_cli *cli)
{
    enum hf_exit status = HF_EXIT_GOOD;

    cli->layers->sections[HF_LAYER_FILE] = &cli->layers->config->sections[0];
    if (is_about_zones(cli->command))
        status = use_zone(cli);
    if (status == HF_EXIT_GOOD)
        status = use_publisher(cli);
    hf_layers_use_account(cli, hf_holder_name(cli));
    return status;
}

/* ---- the file ---- */

/* Root's own; for others that in $XDG_CONFIG_HOME, which is ~/.config if
 * unset. False when there is no such place. */
static bool usual_path(struct hf_buf *path)
{
    const char *xdg = hf_cli_folder_in("XDG_CONFIG_HOME");
    const char *home = hf_cli_home();

    if (geteuid() == 0) {
        hf_buf_puts(path, ROOTS_FILE);
        return true;
    }
    hf_buf_puts(path, xdg == NULL ? home : xdg);
    hf_buf_puts(path, xdg == NULL ? "/.config/holdfast/holdfast.conf"
                                  : "/holdfast/holdfast.conf");
    return xdg != NULL || home != NULL;
}

/* HF_ENOTFOUND: no file, which only matters when it was asked for. */
static enum hf_err read_file(struct hf_layers *layers, struct hf_why *why)
{
    struct hf_buf text;
    enum hf_err err;

    hf_buf_init_grow(&text, HF_CONFIG_MAX);
    err = hf_file_read_guarded(layers->path, &text, why);
    if (err == HF_OK)
        err = hf_config_parse(hf_buf_span(&text), &layers->config, why);
    hf_buf_clear(&text);
    return err;
}

enum hf_exit hf_layers_read(const struct hf_cli *cli, const char *path,
                            struct hf_layers **out)
{
    struct hf_layers *layers;
    struct hf_buf text;
    struct hf_why why = {0};
    enum hf_err err;

    if (path != NULL && strcmp(path, "none") == 0)
        return HF_EXIT_GOOD;
    layers = hf_alloc(1, sizeof(*layers));
    if (layers == NULL) {
        hf_cli_error(cli, HF_SPAN("configuration file"), "out of memory");
        return HF_EXIT_ERROR;
    }
    hf_buf_init(&text, layers->path, sizeof(layers->path) - 1);
    if (path != NULL)
        hf_buf_puts(&text, path);
    err = path == NULL && !usual_path(&text) ? HF_ENOTFOUND
                                             : read_file(layers, &why);
    if (err == HF_OK) {
        *out = layers;
        return HF_EXIT_GOOD;
    }
    if (path != NULL || err != HF_ENOTFOUND)
        hf_cli_fail(cli, hf_span_str(layers->path), &why);
    hf_layers_free(layers);
    return path == NULL && err == HF_ENOTFOUND ? HF_EXIT_GOOD : HF_EXIT_ERROR;
}

void hf_layers_free(struct hf_layers *layers)
{
    if (layers == NULL)
        return;
    hf_config_free(layers->config);
    hf_free(layers);
}

void hf_layers_tell(const struct hf_cli *cli, const struct hf_layers *layers,
                    const struct hf_config_problem *problem)
{
    char room[PATH_MAX + 512];
    char words[256];
    struct hf_buf subject;
    struct hf_buf text;

    hf_buf_init(&text, words, sizeof(words) - 1);
    hf_buf_puts(&text, problem->text);
    hf_buf_puts(&text, problem->choices == NULL ? "" : ": ");
    hf_buf_puts(&text, problem->choices == NULL ? "" : problem->choices);
    words[text.len] = '\0';
    hf_buf_init(&subject, room, sizeof(room));
    hf_buf_puts(&subject, layers->path);
    hf_buf_putc(&subject, ':');
    hf_buf_put_u64(&subject, problem->line);
    if (problem->subject.len > 0) {
        hf_buf_puts(&subject, ": ");
        hf_buf_put(&subject, problem->subject); /* escaped with the rest */
    }
    hf_cli_error(cli, hf_buf_span(&subject), words);
}

/* Commands that keep nothing, ask nobody and know no CA heed no file. */
static bool heeds(const struct hf_cli *cli)
{
    return hf_cli_option(cli->command, "state-dir") != NULL ||
           hf_cli_option(cli->command, "ca-file") != NULL ||
           hf_cli_option(cli->command, "resolver") != NULL;
}

enum hf_exit hf_layers_open(struct hf_cli *cli)
{
    struct hf_layers *layers = NULL;
    struct hf_why why = {0};
    enum hf_exit status;

    if (!heeds(cli))
        return HF_EXIT_GOOD;
    status = hf_layers_read(cli, hf_cli_value(cli, "config", NULL), &layers);
    if (status != HF_EXIT_GOOD || layers == NULL)
        return status;
    cli->layers = layers;
    if (hf_config_check(cli, layers->config, &why) != HF_OK) {
        hf_cli_fail(cli, hf_span_str(layers->path), &why);
        return HF_EXIT_ERROR;
    }
    for (size_t i = 0; i < layers->config->problem_count; i++)
        hf_layers_tell(cli, layers, &layers->config->problems[i]);
    return layers->config->problem_count > 0 ? HF_EXIT_ERROR : choose(cli);
}
