/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_account_import.c -- take over an account of another ACME client. */
#include "base/alloc.h"
#include "cli/attach.h"
#include "cli/commands.h"
#include "cli/subject.h"
#include "client/import.h"

static const struct hf_option options[] = {
    HF_ACCOUNT_OPTIONS,
    {.name = "ca",
     .arg = "NAME",
     .help = "The account's CA, of the built-in table, if the files do not "
             "say"},
    {.name = "ca-file",
     .arg = "FILE",
     .choices = "<file>",
     .help = "More CAs, in the format of data/cas.json"},
    {.name = "directory", .arg = "URL", .help = "Directory of that CA"},
    {.name = "plaintext",
     .help = "Keep the key unencrypted: who reads the file may issue"},
    HF_PASSPHRASE_OPTIONS,
    HF_WAIT_OPTION,
    HF_HTTP_OPTIONS,
    HF_SANDBOX_OPTION,
};

struct importing {
    struct hf_cli *cli;
    struct hf_holder holder;
    struct hf_import source;
    struct hf_cas *cas;
    char passphrase_path[PATH_MAX];
    char url[HF_URL_MAX + 1];
    char pem_room[HF_ACCOUNT_KEY_MAX]; /* as we keep it */
    struct hf_buf pem;
};

/* ---- which CA ---- */

/* Of the CAs in the table the one at whose server the account is; NULL when
 * there is none, or more than one. */
static const struct hf_ca_entry *ca_of_url(const struct importing *importing)
{
    const struct hf_ca_entry *found = NULL;
    struct hf_url account;
    struct hf_url directory;

    if (hf_url_parse(hf_span_str(importing->source.url), &account, NULL) !=
        HF_OK)
        return NULL;
    for (size_t i = 0; i < hf_cas_count(importing->cas); i++) {
        const struct hf_ca_entry *entry = hf_cas_at(importing->cas, i);

        if (entry->directory == NULL ||
            hf_url_parse(hf_span_str(entry->directory), &directory, NULL) !=
                HF_OK ||
            !hf_url_same_origin(&account, &directory))
            continue;
        if (found != NULL)
            return NULL;
        found = entry;
    }
    return found;
}

static enum hf_exit take_ca(struct importing *importing,
                            const struct hf_ca_entry *entry)
{
    struct hf_account_file *file = &importing->holder.file;

    if (entry == NULL || entry->directory == NULL)
        return hf_cli_usage(importing->cli, HF_SPAN(""),
                            "which CA it is is not known; give --ca NAME or "
                            "--directory URL");
    file->ca = hf_span_str(entry->name);
    file->directory = hf_span_str(entry->directory);
    return HF_EXIT_GOOD;
}

/* What the command line says, else what the files say, else what the account's
 * URL lets us find. */
static enum hf_exit find_directory(struct importing *importing)
{
    const struct hf_cli *cli = importing->cli;
    const char *directory = hf_cli_value(cli, "directory", NULL);
    const char *name = hf_cli_value(cli, "ca", NULL);

    if (directory != NULL && name != NULL)
        return hf_cli_usage(cli, HF_SPAN(""),
                            "give either --ca NAME or --directory URL");
    if (directory == NULL && name == NULL &&
        importing->source.directory[0] != '\0')
        directory = importing->source.directory;
    if (directory != NULL) {
        importing->holder.file.directory = hf_span_str(directory);
        return HF_EXIT_GOOD;
    }
    if (!hf_subject_load_table(cli, hf_cli_value(cli, "ca-file", NULL),
                               &importing->cas))
        return HF_EXIT_ERROR;
    return take_ca(importing,
                   name != NULL ? hf_cas_find(importing->cas, hf_span_str(name))
                                : ca_of_url(importing));
}

/* ---- the files of the other client ---- */

static enum hf_exit read_source(struct importing *importing)
{
    const struct hf_cli *cli = importing->cli;
    struct hf_import *source = &importing->source;
    struct hf_span format = hf_span_str(cli->operands[0]);
    struct hf_why why = {0};
    enum hf_err err = hf_import_read(format, cli->operands[1], source, &why);

    if (err == HF_EINVAL)
        return hf_cli_usage(cli, format, why.text);
    if (err != HF_OK) {
        hf_cli_fail(cli, hf_span_str(cli->operands[1]), &why);
        return HF_EXIT_ERROR;
    }
    if (source->exposed)
        hf_cli_error(cli, hf_span_str(source->path),
                     "others on this machine may read this key: change it "
                     "with 'holdfast account rollover' after the import");
    importing->holder.file.url = hf_span_str(source->url);
    return HF_EXIT_GOOD;
}

/* ---- the key ---- */

/* It comes back sealed with our passphrase, from a process that does not give
 * it out otherwise. */
static enum hf_exit seal(struct importing *importing)
{
    struct hf_holder *holder = &importing->holder;
    const struct hf_key_want want = {
        .no_wall = hf_cli_no_wall(importing->cli),
        .origin = holder->file.directory,
        .passphrase = {importing->source.passphrase,
                       importing->source.passphrase_len},
        .pem = hf_buf_span(&importing->source.key),
        .give = HF_KEY_GIVE_PEM,
        .seal = hf_buf_span(&holder->passphrase)};
    struct hf_key_ready ready;
    struct hf_key *key = NULL;
    struct hf_why why = {0};
    enum hf_err err = hf_key_start(&want, &key, &why);

    if (err == HF_OK)
        err = hf_key_ready(key, &ready, &why);
    if (err == HF_OK) {
        holder->signer = ready.signer;
        holder->kind = ready.kind;
        key = NULL;
        hf_buf_put(&importing->pem, ready.pem);
        if (importing->pem.full)
            err = hf_fail(&why, HF_ELIMIT, 0, "the key is too long");
    }
    if (err != HF_OK)
        hf_cli_fail(importing->cli, hf_span_str(importing->source.path), &why);
    hf_key_free(key);
    return err == HF_OK ? HF_EXIT_GOOD : HF_EXIT_ERROR;
}

static enum hf_exit take_key(struct importing *importing)
{
    struct hf_account_file *file = &importing->holder.file;
    enum hf_exit status = hf_passphrase_given(
        importing->cli, importing->passphrase_path,
        sizeof(importing->passphrase_path), &file->passphrase);

    file->plaintext = hf_cli_has(importing->cli, "plaintext");
    if (status == HF_EXIT_GOOD && !file->plaintext)
        status = hf_holder_new_passphrase(&importing->holder, HF_HOME_FILE,
                                          &file->passphrase,
                                          &importing->holder.passphrase);
    return status == HF_EXIT_GOOD ? seal(importing) : status;
}

/* ---- all of it ---- */

static enum hf_exit import_all(struct importing *importing)
{
    struct hf_cli *cli = importing->cli;
    struct hf_holder *holder = &importing->holder;
    enum hf_exit status = hf_holder_init(cli, hf_holder_name(cli), holder);

    if (status == HF_EXIT_GOOD)
        status = read_source(importing);
    if (status == HF_EXIT_GOOD)
        status = find_directory(importing);
    if (status == HF_EXIT_GOOD)
        status = take_key(importing);
    if (status == HF_EXIT_GOOD)
        status = hf_attach_prove(holder, importing->url);
    if (status == HF_EXIT_GOOD)
        status = hf_attach_keep(holder, hf_buf_span(&importing->pem));
    return status;
}

static enum hf_exit run(struct hf_cli *cli)
{
    struct importing *importing = hf_alloc(1, sizeof(*importing));
    enum hf_exit status;

    if (importing == NULL) {
        hf_cli_error(cli, HF_SPAN(""), "out of memory");
        return HF_EXIT_ERROR;
    }
    importing->cli = cli;
    hf_buf_init(&importing->pem, importing->pem_room,
                sizeof(importing->pem_room));
    status = import_all(importing);
    hf_holder_clear(&importing->holder);
    hf_import_clear(&importing->source);
    hf_cas_free(importing->cas);
    hf_free_wiped(importing, sizeof(*importing));
    return status;
}

const struct hf_command hf_cmd_account_import = {
    .name = "account import",
    .operands = "FORMAT PATH",
    .summary = "Take over an account of another ACME client",
    .details = "FORMAT is certbot, acme.sh, lego, uacme, dehydrated, caddy or "
               "mod_md; PATH is\n"
               "where that client keeps its accounts, or the folder of one. "
               "Its files are read\n"
               "as data and stay as they are. Nothing is written down before "
               "the CA has\n"
               "confirmed the account.\n",
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .operands_min = 2,
    .operands_max = 2,
    .run = run,
};
