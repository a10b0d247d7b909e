/* SPDX-License-Identifier: Apache-2.0 */
#include <unistd.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "cli/attach.h"
#include "cli/commands.h"
#include "cli/contact.h"
#include "cli/fence.h"
#include "cli/holder.h"
#include "cli/subject.h"
#include "os/file.h"
#include "os/secret.h"

#define EAB_KEY_MAX 1024

static const struct hf_option options[] = {
    HF_ACCOUNT_OPTIONS,
    {.name = "ca",
     .arg = "NAME",
     .help = "A CA of the built-in table ('holdfast ca-table' lists it)"},
    {.name = "ca-file",
     .arg = "FILE",
     .choices = "<file>",
     .help = "More CAs, in the format of data/cas.json"},
    {.name = "directory",
     .arg = "URL",
     .help = "Directory of a CA that is not in the table"},
    {.name = "staging",
     .help = "Take the CA's service for tests, and the name 'staging'"},
    {.name = "contact",
     .arg = "MAIL",
     .help = "Address that the CA may write to"},
    {.name = "agree-tos", .help = "Agree to the CA's terms of service"},
    HF_KEY_OPTIONS,
    {.name = "eab-kid",
     .arg = "ID",
     .help = "Key id of the external account that the CA gave"},
    {.name = "eab-key-file",
     .arg = "FILE",
     .choices = "<file>",
     .help = "Its key, base64url, in a file of its owner alone"},
    {.name = "signer",
     .arg = "PATH",
     .choices = "<file>",
     .help = "Take the account of the 'serve-signer' at this socket"},
    {.name = "plaintext",
     .help = "Keep the key unencrypted: who reads the file may issue"},
    HF_PASSPHRASE_OPTIONS,
    HF_WAIT_OPTION,
    HF_HTTP_OPTIONS,
    HF_SANDBOX_OPTION,
};

struct create {
    struct hf_cli *cli;
    struct hf_holder holder; /* filled from the front, without a file to read */
    struct hf_cas *cas;
    unsigned char eab_key[EAB_KEY_MAX];
    struct hf_account_wish wish;
    char contact[HF_CONTACT_MAX];
    char passphrase_path[PATH_MAX];
    struct hf_key_choice choice;
};

/* ---- the command line ---- */

/* The CA that is named or, with --staging, its twin. NULL after a message. */
static const struct hf_ca_entry *find_ca(struct create *create,
                                         struct hf_span name)
{
    const struct hf_ca_entry *entry = hf_cas_find(create->cas, name);
    const char *text = "no such CA; 'holdfast ca-table' lists those we know, "
                       "--directory URL takes any";

    if (entry != NULL && hf_cli_has(create->cli, "staging")) {
        text = "no service of this CA for tests is known here; give the "
               "--directory URL of one, without --staging";
        entry = hf_cas_find(create->cas, hf_span_str(entry->staging));
    }
    if (entry != NULL && entry->directory == NULL) {
        text = "its directory is not known here; give --directory URL";
        entry = NULL;
    }
    if (entry == NULL)
        (void)hf_cli_usage(create->cli, name, text);
    return entry;
}

static enum hf_exit read_ca(struct create *create, const char *name)
{
    struct hf_account_file *file = &create->holder.file;
    const struct hf_ca_entry *entry;

    if (!hf_subject_load_table(create->cli,
                               hf_cli_value(create->cli, "ca-file", NULL),
                               &create->cas))
        return HF_EXIT_ERROR;
    entry = find_ca(create, hf_span_str(name));
    if (entry == NULL)
        return HF_EXIT_USAGE;
    file->ca = hf_span_str(entry->name);
    file->directory = hf_span_str(entry->directory);
    return HF_EXIT_GOOD;
}

static enum hf_exit read_directory(struct create *create)
{
    const struct hf_cli *cli = create->cli;
    struct hf_account_file *file = &create->holder.file;
    const char *name = hf_cli_value(cli, "ca", NULL);

    file->directory = hf_span_str(hf_cli_value(cli, "directory", NULL));
    if ((name == NULL) == (file->directory.len == 0))
        return hf_cli_usage(cli, HF_SPAN(""),
                            "give either --ca NAME or --directory URL");
    if (name != NULL)
        return read_ca(create, name);
    if (hf_cli_has(cli, "staging"))
        return hf_cli_usage(cli, HF_SPAN("--staging"),
                            "finds the service for tests of a --ca NAME; a "
                            "--directory is what it is");
    return HF_EXIT_GOOD;
}

/* REQ CLI-41 */
static enum hf_exit read_binding(struct create *create)
{
    const struct hf_cli *cli = create->cli;
    const char *path = hf_cli_value(cli, "eab-key-file", NULL);
    char room[EAB_KEY_MAX];
    struct hf_why why = {0};
    struct hf_buf text;
    enum hf_err err;

    create->wish.eab_kid = hf_span_str(hf_cli_value(cli, "eab-kid", NULL));
    if ((path == NULL) != (create->wish.eab_kid.len == 0))
        return hf_cli_usage(cli, HF_SPAN(""),
                            "--eab-kid and --eab-key-file belong together");
    if (path == NULL)
        return HF_EXIT_GOOD;
    hf_buf_init(&text, room, sizeof(room));
    err = hf_secret_file(path, &text, &why);
    if (err == HF_OK &&
        !hf_base64url_decode(hf_buf_span(&text), create->eab_key))
        err = hf_fail(&why, HF_ESYNTAX, 0,
                      "the key is not base64url without padding (RFC 4648, "
                      "section 5)");
    create->wish.eab_key =
        (struct hf_span){(const char *)create->eab_key, text.len * 3 / 4};
    explicit_bzero(room, sizeof(room));
    if (err == HF_OK)
        return HF_EXIT_GOOD;
    hf_cli_fail(cli, hf_span_str(path), &why);
    return HF_EXIT_ERROR;
}

/* That there is no account of this name. */
static enum hf_exit is_free(struct create *create)
{
    struct hf_holder *holder = &create->holder;
    struct hf_account_file other;
    struct hf_why why = {0};
    enum hf_err err = hf_account_file_read(holder->folder, &other, &why);

    if (err == HF_ENOTFOUND)
        return HF_EXIT_GOOD;
    if (err == HF_OK) {
        hf_account_file_clear(&other);
        hf_cli_error(create->cli, holder->file.name,
                     "there is such an account already; 'holdfast account "
                     "show' shows it, --account NAME makes another");
        return HF_EXIT_ERROR;
    }
    hf_cli_fail(create->cli, hf_span_str(holder->folder), &why);
    return HF_EXIT_ERROR;
}

/* From where an option says, or the URI of the key. */
static enum hf_exit read_passphrase(struct create *create)
{
    struct hf_passphrase_source *source = &create->holder.file.passphrase;
    enum hf_exit status =
        hf_passphrase_given(create->cli, create->passphrase_path,
                            sizeof(create->passphrase_path), source);

    if (status != HF_EXIT_GOOD || !hf_passphrase_source_is_empty(source))
        return status;
    status = hf_key_choice_pin_source(create->cli, create->passphrase_path,
                                      sizeof(create->passphrase_path));
    source->file = hf_span_str(create->passphrase_path);
    return status;
}

static enum hf_exit read_options(struct create *create)
{
    const struct hf_cli *cli = create->cli;
    struct hf_account_file *file = &create->holder.file;
    enum hf_exit status = read_directory(create);

    if (status == HF_EXIT_GOOD)
        status = hf_contact_read(cli, create->contact, &create->wish.contact);
    if (status == HF_EXIT_GOOD)
        status = read_binding(create);
    if (status == HF_EXIT_GOOD)
        status = hf_key_choice_read(cli, HF_KEY_P256, file, &create->choice);
    if (status == HF_EXIT_GOOD)
        status = read_passphrase(create);
    file->name = hf_holder_name(cli);
    file->plaintext = hf_cli_has(cli, "plaintext");
    file->contact = create->wish.contact;
    file->eab_kid = create->wish.eab_kid;
    return status;
}

/* ---- what the CA wants to know before ---- */

static enum hf_exit agree(struct create *create)
{
    const struct hf_directory *directory = &create->holder.talk.directory;
    char room[16];
    struct hf_buf answer;

    if (directory->eab_required && create->wish.eab_kid.len == 0) {
        hf_cli_error(create->cli, create->holder.file.directory,
                     "this CA wants an external account: get a key id and a "
                     "key from it, and give --eab-kid and --eab-key-file");
        return HF_EXIT_ERROR;
    }
    create->wish.agrees = true;
    if (directory->terms.len == 0 || hf_cli_has(create->cli, "agree-tos"))
        return HF_EXIT_GOOD;
    hf_cli_error(create->cli, directory->terms,
                 "these are the CA's terms of service");
    hf_buf_init(&answer, room, sizeof(room));
    if (hf_terminal_ask("Do you agree (yes or no)? ", &answer, NULL) == HF_OK &&
        hf_span_eq(hf_buf_span(&answer), HF_SPAN("yes")))
        return HF_EXIT_GOOD;
    hf_cli_error(create->cli, HF_SPAN(""),
                 "without agreement there is no account; --agree-tos agrees");
    return HF_EXIT_ERROR;
}

/* ---- the key ---- */

/*
 * Until the CA has answered the key stands under a name of its own, so that a
 * run that was interrupted is repeated with the same key: newAccount gives
 * the same account for it (RFC 8555, section 7.3.1). But not when this run
 * wants it kept in another way, or another kind.
 */
static enum hf_exit reuse_key(struct create *create, bool *reused)
{
    struct hf_holder *holder = &create->holder;
    struct hf_key_place place;
    struct hf_why why = {0};
    enum hf_key_kind kind;
    enum hf_exit status;
    enum hf_err err =
        hf_account_key_place(holder->folder, HF_ACCOUNT_KEY_NEW, &place, &why);

    *reused = err == HF_OK && create->choice.make &&
              place.home == create->choice.home &&
              place.plain == holder->file.plaintext;
    if (err != HF_OK && err != HF_ENOTFOUND) {
        hf_cli_fail(create->cli, hf_span_str(holder->folder), &why);
        return HF_EXIT_ERROR;
    }
    if (!*reused)
        return HF_EXIT_GOOD;
    status =
        hf_holder_unlock(holder, HF_ACCOUNT_KEY_NEW, &holder->signer, &kind);
    *reused = !create->choice.has_kind || kind == create->choice.kind;
    if (!*reused)
        hf_signer_clear(&holder->signer);
    return status;
}

static enum hf_exit need_key(struct create *create)
{
    struct hf_holder *holder = &create->holder;
    bool reused = false;
    enum hf_exit status = reuse_key(create, &reused);

    if (status != HF_EXIT_GOOD || reused)
        return status;
    if (!holder->file.plaintext && holder->passphrase.len == 0)
        status = hf_holder_new_passphrase(holder, create->choice.home,
                                          &holder->file.passphrase,
                                          &holder->passphrase);
    if (status == HF_EXIT_GOOD)
        status = hf_holder_new_key(holder, &create->choice,
                                   hf_buf_span(&holder->passphrase),
                                   HF_ACCOUNT_KEY_NEW, &holder->signer);
    return status;
}

/* The key under its own name first, then the file that names it, and only
 * then is the first copy removed. */
static enum hf_exit keep(struct create *create,
                         const struct hf_account_reply *reply)
{
    struct hf_holder *holder = &create->holder;
    struct hf_account_file *file = &holder->file;
    char room[HF_ACCOUNT_KEY_MAX];
    struct hf_buf pem;
    struct hf_why why = {0};
    enum hf_err err;

    file->url = hf_buf_span(&reply->url);
    file->status = hf_span_str(hf_acme_status_word(reply->object.status));
    file->thumbprint = hf_signer_thumbprint(&holder->signer);
    file->created_at = create->cli->now.s;
    file->checked_at = file->created_at;
    file->keyed_at = file->created_at;
    hf_buf_init(&pem, room, sizeof(room));
    err = hf_account_key_read(holder->folder, HF_ACCOUNT_KEY_NEW, &pem, &why);
    if (err == HF_OK)
        err = hf_account_key_write(holder->folder, file->thumbprint,
                                   hf_buf_span(&pem), &why);
    explicit_bzero(room, sizeof(room));
    if (err == HF_OK)
        err = hf_account_file_write(holder->folder, file, &why);
    if (err == HF_OK)
        err = hf_account_keys_sweep(holder->folder, file->thumbprint, &why);
    if (err == HF_OK)
        return HF_EXIT_GOOD;
    hf_cli_fail(create->cli, hf_span_str(holder->folder), &why);
    return HF_EXIT_ERROR;
}

/* ---- all of it ---- */

static void tell(struct create *create, bool created)
{
    struct hf_buf *out = &create->cli->out->buf;
    const struct hf_account_file *file = &create->holder.file;
    struct hf_json json = hf_json_to(out);

    if (create->cli->json) {
        hf_json_open(&json, '{');
        hf_json_key_str(&json, "name", file->name);
        hf_json_key_str(&json, "url", file->url);
        hf_json_key_str(&json, "thumbprint", file->thumbprint);
        hf_json_key_bool(&json, "created", created);
        hf_json_close(&json, '}');
        hf_buf_putc(out, '\n');
        return;
    }
    hf_buf_puts(out, created ? "created account "
                             : "the CA knew this key already: account ");
    hf_buf_put_escaped(out, file->url, HF_ACCOUNT_URL_MAX);
    hf_buf_puts(out, "\nkey thumbprint ");
    hf_buf_put(out, file->thumbprint);
    hf_buf_puts(out, "\nkept in ");
    hf_buf_puts(out, create->holder.folder);
    hf_buf_puts(out,
                create->choice.home == HF_HOME_FILE
                    ? "\nWhoever has this key may issue for every name "
                      "whose record names the account:\nback it up, and "
                      "guard it.\n"
                    : "\nWhoever may use this key may issue for every name "
                      "whose record names the account.\nIt is not in that "
                      "folder, and cannot be copied: when the hardware is "
                      "lost, so is the\naccount. 'holdfast account "
                      "rollover' changes to another key before that.\n");
}

static enum hf_exit call(struct create *create)
{
    struct hf_holder *holder = &create->holder;
    struct hf_account_reply reply;
    struct hf_why why = {0};
    enum hf_exit status;
    struct hf_talk talk;
    enum hf_err err =
        hf_talk_open(&talk, &holder->http, holder->file.directory,
                     holder->talk.directory.text, &holder->signer, &why);

    if (err == HF_OK)
        err = hf_account_register(&talk, &create->wish, &reply, &why);
    if (err != HF_OK) {
        status = hf_holder_fail(create->cli, &talk, HF_SPAN("new account"), err,
                                &why);
        hf_talk_close(&talk);
        return status;
    }
    status = keep(create, &reply);
    if (status == HF_EXIT_GOOD)
        tell(create, reply.created);
    hf_account_reply_clear(&reply);
    hf_talk_close(&talk);
    return status;
}

/* What the CA wants to know may be asked at a terminal: nobody else needs to
 * wait for that, so the lock comes after it. */
static enum hf_exit prepare(struct create *create)
{
    struct hf_holder *holder = &create->holder;
    enum hf_exit status = read_options(create);

    if (status == HF_EXIT_GOOD)
        status = is_free(create);
    if (status == HF_EXIT_GOOD)
        status = hf_holder_http(create->cli, &holder->http);
    if (status == HF_EXIT_GOOD)
        status = hf_holder_talk(holder, NULL);
    return status == HF_EXIT_GOOD ? agree(create) : status;
}

static enum hf_exit create_all(struct create *create)
{
    enum hf_exit status = hf_holder_init(
        create->cli, hf_holder_name(create->cli), &create->holder);

    if (status == HF_EXIT_GOOD)
        status = prepare(create);
    if (status == HF_EXIT_GOOD)
        status =
            hf_state_lock(create->cli, HF_LOCK_ACCOUNTS, &create->holder.lock);
    if (status == HF_EXIT_GOOD)
        status = is_free(create);
    if (status == HF_EXIT_GOOD)
        status = need_key(create);
    if (status == HF_EXIT_GOOD)
        status = hf_fence_from_cli(create->cli, &create->cli->state, 1);
    if (status == HF_EXIT_GOOD)
        status = call(create);
    return status;
}

/* A signer has an account, and the key of it. */
static enum hf_exit run_attach(struct hf_cli *cli)
{
    static const char *const senseless[] = {"ca",
                                            "staging",
                                            "directory",
                                            "contact",
                                            "key",
                                            "make-key",
                                            "key-type",
                                            "tcti",
                                            "token-allow",
                                            "eab-kid",
                                            "plaintext",
                                            "passphrase-file",
                                            "passphrase-credential",
                                            "eab-key-file",
                                            "agree-tos",
                                            "passphrase-command"};

    for (size_t i = 0; i < sizeof(senseless) / sizeof(senseless[0]); i++)
        if (hf_cli_has(cli, senseless[i]))
            return hf_cli_usage(cli, hf_span_str(senseless[i]),
                                "with --signer the account and its key are "
                                "there already");
    return hf_attach(cli, hf_cli_value(cli, "signer", NULL));
}

static enum hf_exit run(struct hf_cli *cli)
{
    struct create *create;
    enum hf_exit status;

    if (hf_cli_has(cli, "signer"))
        return run_attach(cli);
    create = hf_alloc(1, sizeof(*create));
    if (create == NULL) {
        hf_cli_error(cli, HF_SPAN(""), "out of memory");
        return HF_EXIT_ERROR;
    }
    create->cli = cli;
    status = create_all(create);
    hf_holder_clear(&create->holder);
    hf_cas_free(create->cas);
    hf_free_wiped(create, sizeof(*create));
    return status;
}

const struct hf_command hf_cmd_account_create = {
    .name = "account create",
    .operands = "",
    .summary = "Make an ACME account, with a protected key",
    .details =
        "The key is encrypted with a passphrase: asked for at the terminal, "
        "or taken\nfrom where a --passphrase option says, and then from there "
        "by every later\ncommand. Run again after an interruption, it goes on "
        "with the same key.\n",
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .run = run,
};
