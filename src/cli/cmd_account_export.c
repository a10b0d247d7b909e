/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_account_export.c -- the account as another ACME client keeps it. */
#include <stdio.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/time_text.h"
#include "cli/commands.h"
#include "cli/holder.h"
#include "crypto/foreign.h"
#include "net/url.h"
#include "os/file.h"
#include "os/folder.h"

static const struct hf_option options[] = {
    HF_ACCOUNT_OPTIONS,
    {.name = "contact",
     .arg = "MAIL",
     .help = "Address that lego calls the account by (default: its contact)"},
    HF_PASSPHRASE_OPTIONS,
    HF_SANDBOX_OPTION,
};

struct exporting {
    struct hf_cli *cli;
    struct hf_holder holder;
    const char *root;
    struct hf_url directory;
    char folder[PATH_MAX];
    char room[HF_ACCOUNT_KEY_MAX];
    struct hf_buf key;
    char text[HF_URL_MAX * 6 + 2048]; /* of a file beside it */
};

/* ---- writing ---- */

static enum hf_exit fail(const struct exporting *exporting, const char *path,
                         const struct hf_why *why)
{
    hf_cli_fail(exporting->cli, hf_span_str(path), why);
    return HF_EXIT_ERROR;
}

/* FOLDER/NAME; what other people's clients use is never replaced. */
static enum hf_exit write_file(struct exporting *exporting, const char *folder,
                               const char *name, struct hf_span text)
{
    char path[PATH_MAX];
    int n = snprintf(path, sizeof(path), "%s/%s", folder, name);
    struct hf_why why = {0};
    enum hf_err err = HF_OK;

    if (n < 0 || (size_t)n >= sizeof(path))
        err = hf_fail(&why, HF_ELIMIT, 0, "path too long");
    else if (access(path, F_OK) == 0)
        err = hf_fail(&why, HF_EINVAL, 0, "is there already, and stays");
    if (err == HF_OK)
        err = hf_folder_make(folder, &why);
    if (err == HF_OK)
        err = hf_file_replace_path(path, text, &why);
    return err == HF_OK ? HF_EXIT_GOOD : fail(exporting, path, &why);
}

static enum hf_exit too_long(const struct exporting *exporting)
{
    const struct hf_why why = {.text = "path too long"};

    return fail(exporting, exporting->root, &why);
}

/* ---- certbot ---- */

static enum hf_exit put_certbot(struct exporting *exporting)
{
    const struct hf_account_file *file = &exporting->holder.file;
    struct hf_buf text;
    struct hf_json json = hf_json_to(&text);
    enum hf_exit status;

    hf_buf_init(&text, exporting->text, sizeof(exporting->text));
    hf_json_open(&json, '{');
    hf_json_key(&json, "body");
    hf_json_open(&json, '{');
    hf_json_close(&json, '}');
    hf_json_key_str(&json, "uri", file->url);
    hf_json_close(&json, '}');
    status = write_file(exporting, exporting->folder, "private_key.json",
                        hf_buf_span(&exporting->key));
    if (status == HF_EXIT_GOOD)
        status = write_file(exporting, exporting->folder, "regr.json",
                            hf_buf_span(&text));
    hf_buf_reset(&text);
    hf_buf_puts(&text, "{\"creation_dt\": \"");
    hf_time_put(&text, file->created_at);
    hf_buf_puts(&text, "\", \"creation_host\": \"holdfast\"}");
    if (status == HF_EXIT_GOOD)
        status = write_file(exporting, exporting->folder, "meta.json",
                            hf_buf_span(&text));
    return status;
}

static enum hf_exit export_certbot(struct exporting *exporting)
{
    struct hf_holder *holder = &exporting->holder;
    char id[HF_CERTBOT_ID_LEN];
    struct hf_why why = {0};
    enum hf_exit status =
        hf_holder_reveal(holder, HF_KEY_GIVE_JWK, &exporting->key);
    int n;

    if (status != HF_EXIT_GOOD)
        return status;
    if (hf_certbot_id(hf_signer_jwk(&holder->signer), id, &why) != HF_OK)
        return fail(exporting, holder->folder, &why);
    n = snprintf(exporting->folder, sizeof(exporting->folder),
                 "%s/accounts/%.*s%.*s/%.*s", exporting->root,
                 (int)exporting->directory.authority.len,
                 exporting->directory.authority.ptr,
                 (int)exporting->directory.target.len,
                 exporting->directory.target.ptr, HF_CERTBOT_ID_LEN, id);
    if (n < 0 || (size_t)n >= sizeof(exporting->folder))
        return too_long(exporting);
    return put_certbot(exporting);
}

/* ---- lego ---- */

static enum hf_exit find_mail(const struct exporting *exporting,
                              struct hf_span *mail)
{
    static const char scheme[] = "mailto:";

    *mail = hf_span_str(hf_cli_value(exporting->cli, "contact", NULL));
    if (mail->len == 0)
        *mail = exporting->holder.file.contact;
    if (hf_span_starts(*mail, hf_span_str(scheme)))
        (void)hf_span_cut(mail, sizeof(scheme) - 1);
    if (mail->len > 0 && mail->len < 256 && mail->ptr[0] != '.' &&
        hf_span_find(*mail, '/') == mail->len)
        return HF_EXIT_GOOD;
    return hf_cli_usage(exporting->cli, *mail,
                        "lego calls accounts by a mail address, and this one "
                        "has none; give --contact");
}

static enum hf_exit put_lego(struct exporting *exporting, struct hf_span mail)
{
    char keys[PATH_MAX];
    char name[300];
    struct hf_buf text;
    struct hf_json json = hf_json_to(&text);
    enum hf_exit status;

    hf_buf_init(&text, exporting->text, sizeof(exporting->text));
    hf_json_open(&json, '{');
    hf_json_key_str(&json, "email", mail);
    hf_json_key(&json, "registration");
    hf_json_open(&json, '{');
    hf_json_key(&json, "body");
    hf_json_open(&json, '{');
    hf_json_key_lit(&json, "status", "valid");
    hf_json_close(&json, '}');
    hf_json_key_str(&json, "uri", exporting->holder.file.url);
    hf_json_close(&json, '}');
    hf_json_close(&json, '}');
    (void)snprintf(name, sizeof(name), "%.*s.key", (int)mail.len, mail.ptr);
    if (snprintf(keys, sizeof(keys), "%s/keys", exporting->folder) >=
        (int)sizeof(keys))
        return too_long(exporting);
    status = write_file(exporting, keys, name, hf_buf_span(&exporting->key));
    if (status == HF_EXIT_GOOD)
        status = write_file(exporting, exporting->folder, "account.json",
                            hf_buf_span(&text));
    return status;
}

/* Version 4; version 5 moves it to its own place by itself. */
static enum hf_exit export_lego(struct exporting *exporting)
{
    struct hf_span mail = {0};
    enum hf_exit status = find_mail(exporting, &mail);
    char server[HF_URL_MAX + 1];
    int n;

    if (status == HF_EXIT_GOOD)
        status = hf_holder_reveal(&exporting->holder, HF_KEY_GIVE_OLD_PEM,
                                  &exporting->key);
    if (status != HF_EXIT_GOOD)
        return status;
    (void)snprintf(server, sizeof(server), "%.*s",
                   (int)exporting->directory.authority.len,
                   exporting->directory.authority.ptr);
    for (char *c = server; *c != '\0'; c++)
        if (*c == ':')
            *c = '_';
    n = snprintf(exporting->folder, sizeof(exporting->folder),
                 "%s/accounts/%s/%.*s", exporting->root, server, (int)mail.len,
                 mail.ptr);
    if (n < 0 || (size_t)n >= sizeof(exporting->folder))
        return too_long(exporting);
    return put_lego(exporting, mail);
}

/* ---- all of it ---- */

static enum hf_exit open_account(struct exporting *exporting)
{
    struct hf_cli *cli = exporting->cli;
    struct hf_holder *holder = &exporting->holder;
    enum hf_exit status = hf_holder_file(cli, hf_holder_name(cli), holder);
    struct hf_why why = {0};

    if (status != HF_EXIT_GOOD)
        return status;
    if (holder->file.signer.len > 0 || holder->file.next.len > 0) {
        hf_cli_error(cli, holder->file.name,
                     "its key is at a signer, or a change of it was "
                     "interrupted: 'holdfast account show' says which");
        return HF_EXIT_ERROR;
    }
    if (hf_url_parse(holder->file.directory, &exporting->directory, &why) ==
        HF_OK)
        return HF_EXIT_GOOD;
    hf_cli_fail(cli, holder->file.directory, &why);
    return HF_EXIT_ERROR;
}

static enum hf_exit export_all(struct exporting *exporting)
{
    struct hf_cli *cli = exporting->cli;
    struct hf_span format = hf_span_str(cli->operands[0]);
    enum hf_exit status = open_account(exporting);

    if (status != HF_EXIT_GOOD)
        return status;
    if (hf_span_eq(format, HF_SPAN("certbot")))
        status = export_certbot(exporting);
    else if (hf_span_eq(format, HF_SPAN("lego")))
        status = export_lego(exporting);
    else
        return hf_cli_usage(cli, format,
                            "no such format; there are certbot and lego");
    if (status != HF_EXIT_GOOD)
        return status;
    hf_cli_error(cli, hf_span_str(exporting->folder),
                 "the key in there is not encrypted: whoever reads it has the "
                 "account");
    hf_buf_put_escaped(&cli->out->buf, hf_span_str(exporting->folder),
                       PATH_MAX);
    hf_buf_putc(&cli->out->buf, '\n');
    return HF_EXIT_GOOD;
}

static enum hf_exit run(struct hf_cli *cli)
{
    struct exporting *exporting = hf_alloc(1, sizeof(*exporting));
    enum hf_exit status;

    if (exporting == NULL) {
        hf_cli_error(cli, HF_SPAN(""), "out of memory");
        return HF_EXIT_ERROR;
    }
    exporting->cli = cli;
    exporting->root = cli->operands[1];
    hf_buf_init(&exporting->key, exporting->room, sizeof(exporting->room));
    status = export_all(exporting);
    hf_holder_clear(&exporting->holder);
    hf_free_wiped(exporting, sizeof(*exporting));
    return status;
}

const struct hf_command hf_cmd_account_export = {
    .name = "account export",
    .operands = "FORMAT PATH",
    .summary = "Write an account as another ACME client keeps it",
    .details = "FORMAT is certbot or lego; PATH is the folder of that client's "
               "configuration,\n"
               "which may exist. These clients keep keys unencrypted. No file "
               "is replaced. Asks\n"
               "nobody but for the passphrase.\n",
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .operands_min = 2,
    .operands_max = 2,
    .run = run,
};
