/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_account.c -- what this machine knows of its accounts: no network. */
#include "cli/commands.h"
#include "cli/holder.h"
#include "cli/rows.h"

#define NAMES_MAX (256 * 1024)

/* ---- one account, for people and for programs ---- */

/* Where the key is. With one at a signer, or without its file, only the words
 * count. */
struct whereabouts {
    const char *word; /* "signer", "missing", or the name of its home */
    struct hf_key_place place;
};

static struct whereabouts find_key(const struct hf_cli *cli,
                                   const struct hf_account_file *file)
{
    struct whereabouts found = {.word = "signer"};
    char folder[PATH_MAX];

    if (file->signer.len > 0)
        return found;
    found.word = "missing";
    if (hf_account_folder(cli->state, file->name, folder, sizeof(folder),
                          NULL) == HF_OK &&
        hf_account_key_place(folder, file->thumbprint, &found.place, NULL) ==
            HF_OK)
        found.word = hf_key_home_name(found.place.home);
    return found;
}

static void put_place(struct hf_buf *out, const struct hf_account_file *file,
                      const struct hf_key_place *place)
{
    struct hf_span tcti = file->tcti;

    switch (place->home) {
    case HF_HOME_FILE:
        hf_row_put(out, "key file",
                   place->plain ? HF_SPAN("plain: whoever reads it has it")
                                : HF_SPAN("encrypted"));
        break;
    case HF_HOME_PKCS11:
        hf_row_put(out, "key in token", hf_span_str(place->uri));
        break;
    case HF_HOME_TPM2:
        hf_row_put(out, "key in TPM",
                   tcti.len > 0 ? tcti : HF_SPAN("that of this machine"));
        break;
    }
}

static void put_key(struct hf_cli *cli, const struct hf_account_file *file)
{
    const struct whereabouts found = find_key(cli, file);
    struct hf_buf *out = &cli->out->buf;

    if (file->signer.len > 0)
        hf_row_put(out, "key at signer", file->signer);
    else if (strcmp(found.word, "missing") == 0)
        hf_row_put(out, "key file",
                   HF_SPAN("missing: restore it from a backup"));
    else
        put_place(out, file, &found.place);
    for (size_t i = 0; found.place.home != HF_HOME_FILE && i < file->hole_count;
         i++)
        hf_row_put(out, "token may use", file->holes[i]);
    hf_row_put(out, "passphrase in", file->passphrase.file);
    hf_row_put(out, "credential", file->passphrase.credential);
    hf_row_put(out, "command", file->passphrase.command);
}

static void put_text(struct hf_cli *cli, const struct hf_account_file *file)
{
    struct hf_buf *out = &cli->out->buf;

    hf_buf_put_escaped(out, file->name, HF_ACCOUNT_NAME_MAX);
    hf_buf_putc(out, '\n');
    hf_row_put(out, "account", file->url);
    hf_row_put(out, "directory", file->directory);
    hf_row_put(out, "CA", file->ca);
    hf_row_put(out, "contact", file->contact);
    hf_row_put(out, "thumbprint", file->thumbprint);
    for (size_t i = 0; i < file->prior_count; i++)
        hf_row_put(out, "earlier", file->prior[i]);
    if (file->next.len > 0)
        hf_row_put(out, "key change",
                   HF_SPAN("interrupted; 'holdfast account check' ends it"));
    put_key(cli, file);
    hf_row_put(out, "status", file->status);
    hf_row_put_moment(out, "heard", file->checked_at);
    hf_row_put_moment(out, "made", file->created_at);
    hf_row_put_moment(out, "key since", file->keyed_at);
}

static void put_if(struct hf_json *json, const char *key, struct hf_span text)
{
    hf_json_key(json, key);
    if (text.len > 0)
        hf_json_str(json, text);
    else
        hf_json_null(json);
}

static void put_json(struct hf_cli *cli, const struct hf_account_file *file)
{
    const struct whereabouts found = find_key(cli, file);
    struct hf_buf *out = &cli->out->buf;
    struct hf_json json = hf_json_to(out);

    hf_json_open(&json, '{');
    hf_json_key_str(&json, "name", file->name);
    hf_json_key_str(&json, "url", file->url);
    hf_json_key_str(&json, "directory", file->directory);
    put_if(&json, "ca", file->ca);
    put_if(&json, "contact", file->contact);
    put_if(&json, "status", file->status);
    hf_json_key_str(&json, "thumbprint", file->thumbprint);
    hf_json_key(&json, "prior");
    hf_json_open(&json, '[');
    for (size_t i = 0; i < file->prior_count; i++)
        hf_json_str(&json, file->prior[i]);
    hf_json_close(&json, ']');
    put_if(&json, "next", file->next);
    hf_json_key_lit(&json, "key", found.word);
    put_if(&json, "keyUri", hf_span_str(found.place.uri));
    put_if(&json, "tcti", file->tcti);
    put_if(&json, "signer", file->signer);
    hf_json_key_bool(&json, "plaintext", file->plaintext);
    hf_json_key_int(&json, "createdAt", file->created_at);
    hf_json_key_int(&json, "checkedAt", file->checked_at);
    hf_json_key_int(&json, "keyedAt", file->keyed_at);
    hf_json_close(&json, '}');
    hf_buf_putc(out, '\n');
}

static void put_account(struct hf_cli *cli, const struct hf_account_file *file)
{
    if (cli->json)
        put_json(cli, file);
    else
        put_text(cli, file);
    hf_out_step(cli->out);
}

static const struct hf_option account_options[] = {HF_ACCOUNT_OPTIONS};

/* ---- show ---- */

static enum hf_exit run_show(struct hf_cli *cli)
{
    struct hf_holder holder;
    enum hf_exit status = hf_holder_file(cli, hf_holder_name(cli), &holder);

    if (status != HF_EXIT_GOOD)
        return status;
    put_account(cli, &holder.file);
    hf_holder_clear(&holder);
    return HF_EXIT_GOOD;
}

const struct hf_command hf_cmd_account_show = {
    .name = "account show",
    .operands = "",
    .summary = "What this machine knows of an account",
    .details = "Asks nobody and needs no passphrase; 'holdfast account check' "
               "asks the CA.\n",
    .options = account_options,
    .option_count = sizeof(account_options) / sizeof(account_options[0]),
    .run = run_show,
};

/* ---- list ---- */

static enum hf_exit list_one(struct hf_cli *cli, const char *name)
{
    struct hf_account_file file;
    char folder[PATH_MAX];
    struct hf_why why = {0};
    enum hf_err err = hf_account_folder(cli->state, hf_span_str(name), folder,
                                        sizeof(folder), &why);

    if (err == HF_OK)
        err = hf_account_file_read(folder, &file, &why);
    if (err == HF_ENOTFOUND) {
        hf_cli_error(cli, hf_span_str(name),
                     "its making was interrupted; 'holdfast account create' "
                     "goes on with it");
        return HF_EXIT_GOOD;
    }
    if (err != HF_OK) {
        hf_cli_fail(cli, hf_span_str(name), &why);
        return HF_EXIT_ERROR;
    }
    if (cli->json) {
        put_json(cli, &file);
    } else {
        hf_buf_put_escaped(&cli->out->buf, file.name, HF_ACCOUNT_NAME_MAX);
        hf_buf_puts(&cli->out->buf, "  ");
        hf_buf_put_escaped(&cli->out->buf, file.status, 20);
        hf_buf_puts(&cli->out->buf, "  ");
        hf_buf_put_escaped(&cli->out->buf, file.url, 2048);
        hf_buf_puts(&cli->out->buf, "  ");
        hf_buf_puts(&cli->out->buf, find_key(cli, &file).word);
        hf_buf_putc(&cli->out->buf, '\n');
    }
    hf_out_step(cli->out);
    hf_account_file_clear(&file);
    return HF_EXIT_GOOD;
}

static enum hf_exit run_list(struct hf_cli *cli)
{
    enum hf_exit status = HF_EXIT_GOOD;
    struct hf_why why = {0};
    struct hf_buf names;
    const char *name;
    size_t count;

    hf_buf_init_grow(&names, NAMES_MAX);
    if (hf_account_names(cli->state, &names, &count, &why) != HF_OK) {
        hf_cli_fail(cli, hf_span_str(cli->state), &why);
        status = HF_EXIT_ERROR;
        count = 0;
    }
    name = names.ptr;
    for (size_t i = 0; i < count; i++) {
        if (list_one(cli, name) != HF_EXIT_GOOD)
            status = HF_EXIT_ERROR;
        name += strlen(name) + 1;
    }
    hf_buf_clear(&names);
    return status;
}

static const struct hf_option list_options[] = {
    HF_STATE_OPTION,
};

const struct hf_command hf_cmd_account_list = {
    .name = "account list",
    .operands = "",
    .summary = "List the accounts of this machine",
    .options = list_options,
    .option_count = sizeof(list_options) / sizeof(list_options[0]),
    .run = run_list,
};
