/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/holder.h"

#include <stdlib.h>
#include <unistd.h>

#include "cli/build.h"
#include "cli/layers.h"
#include "cli/rekey.h"
#include "client/memory.h"
#include "os/clock.h"
#include "os/file.h"
#include "os/folder.h"
#include "os/secret.h"

#define WAIT_S   10
#define SAID_MAX 2048 /* of what a CA says that is shown */

static void say_locked(const struct hf_cli *cli, const char *path,
                       const char *what, int64_t holder)
{
    char room[160];
    struct hf_buf text;

    hf_buf_init(&text, room, sizeof(room));
    if (holder > 0) {
        hf_buf_puts(&text, "process ");
        hf_buf_put_i64(&text, holder);
    } else {
        hf_buf_puts(&text, "another process");
    }
    hf_buf_puts(&text, " is at work on the ");
    hf_buf_puts(&text, what);
    hf_buf_puts(&text, " here; wait for it, or longer with --wait SECONDS");
    hf_buf_putc(&text, '\0');
    hf_cli_error(cli, hf_span_str(path), room);
}

enum hf_exit hf_state_lock(const struct hf_cli *cli, const char *what,
                           struct hf_lock *out)
{
    const char *state = cli->state;
    int64_t wait_s = WAIT_S;
    int64_t holder = 0;
    char path[PATH_MAX];
    struct hf_buf text;
    struct hf_why why = {0};
    enum hf_err err;

    if (!hf_cli_number(cli, "wait", 0, 86400, &wait_s))
        return HF_EXIT_USAGE;
    hf_buf_init(&text, path, sizeof(path));
    hf_buf_puts(&text, state);
    hf_buf_putc(&text, '/');
    hf_buf_puts(&text, what);
    hf_buf_puts(&text, ".lock");
    hf_buf_putc(&text, '\0');
    err = text.full ? hf_fail(&why, HF_ELIMIT, 0, "path too long")
                    : hf_folder_make(state, &why);
    if (err == HF_OK)
        err = hf_lock_take(path, wait_s * 1000, out, &holder, &why);
    if (err == HF_ECANCELED)
        return HF_EXIT_INTERRUPTED;
    if (err != HF_OK) {
        hf_cli_fail(cli, hf_span_str(text.full ? state : path), &why);
        return HF_EXIT_ERROR;
    }
    if (out->held)
        return HF_EXIT_GOOD;
    say_locked(cli, path, what, holder);
    return HF_EXIT_LATER;
}

static bool no_wall(const struct hf_cli *cli)
{
    return strcmp(hf_cli_value(cli, "sandbox", "on"), "off") == 0;
}

enum hf_exit hf_holder_http(const struct hf_cli *cli, struct hf_http *out)
{
    struct hf_http_config config = {.user_agent = "holdfast/" HF_BUILD_VERSION};
    size_t count = hf_cli_count(cli, "ca-bundle");
    int64_t timeout_s = 60;
    struct hf_why why = {0};

    if (count > HF_HTTP_FILES_MAX)
        return hf_cli_usage(cli, HF_SPAN("--ca-bundle"),
                            "more than eight files");
    if (!hf_cli_number(cli, "timeout", 1, 3600, &timeout_s))
        return HF_EXIT_USAGE;
    for (size_t i = 0; i < count; i++)
        config.ca_files[i] = hf_cli_nth(cli, "ca-bundle", i);
    config.ca_file_count = count;
    config.timeout_ms = timeout_s * 1000;
    config.no_wall = no_wall(cli);
    if (hf_http_new(&config, out, &why) == HF_OK)
        return HF_EXIT_GOOD;
    hf_cli_fail(cli, HF_SPAN("HTTP client"), &why);
    return HF_EXIT_ERROR;
}

/* ---- the passphrase ---- */

static const char *const sources[] = {"plaintext", "passphrase-file",
                                      "passphrase-credential",
                                      "passphrase-command"};

enum hf_exit hf_passphrase_given(const struct hf_cli *cli, char *path,
                                 size_t size, struct hf_passphrase_source *out)
{
    const char *file = hf_cli_value(cli, "passphrase-file", NULL);
    struct hf_why why = {0};
    size_t given = 0;

    for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++)
        given += hf_cli_has(cli, sources[i]);
    if (given > 1)
        return hf_cli_usage(cli, HF_SPAN(""),
                            "give one place only for the passphrase to come "
                            "from");
    *out = (struct hf_passphrase_source){
        .credential =
            hf_span_str(hf_cli_value(cli, "passphrase-credential", NULL)),
        .command = hf_span_str(hf_cli_value(cli, "passphrase-command", NULL)),
    };
    if (file == NULL)
        return HF_EXIT_GOOD;
    if (hf_file_absolute(file, path, size, &why) != HF_OK) {
        hf_cli_fail(cli, hf_span_str(file), &why);
        return HF_EXIT_ERROR;
    }
    out->file = hf_span_str(path);
    return HF_EXIT_GOOD;
}

static enum hf_err ask(bool twice, struct hf_buf *out, struct hf_why *why)
{
    char room[HF_PASSPHRASE_MAX + 2];
    struct hf_buf again;
    enum hf_err err =
        hf_secret_ask(twice ? "New passphrase of the account's key: "
                            : "Passphrase of the account's key: ",
                      out, why);

    if (err == HF_ENOTFOUND)
        return hf_fail(why, HF_ENOTFOUND, 0,
                       "there is no terminal to ask at; give "
                       "--passphrase-file, --passphrase-credential or "
                       "--passphrase-command");
    if (err != HF_OK || !twice)
        return err;
    hf_buf_init(&again, room, sizeof(room));
    err = hf_secret_ask("Once more: ", &again, why);
    if (err == HF_OK && !hf_span_eq(hf_buf_span(out), hf_buf_span(&again)))
        err = hf_fail(why, HF_EINVAL, 0, "the two are not the same");
    explicit_bzero(room, sizeof(room));
    return err;
}

/* Text of a file name or a command, with the NUL that the kernel wants; empty
 * when it is longer than any that we have written down. */
static const char *as_string(struct hf_span text, char *room, size_t size)
{
    struct hf_buf out;

    hf_buf_init(&out, room, size);
    hf_buf_put(&out, text);
    hf_buf_putc(&out, '\0');
    return out.full ? "" : room;
}

static enum hf_err take(const struct hf_passphrase_source *source, bool twice,
                        struct hf_buf *out, struct hf_why *why)
{
    char room[PATH_MAX];

    if (source->file.len > 0)
        return hf_secret_file(as_string(source->file, room, sizeof(room)), out,
                              why);
    if (source->credential.len > 0)
        return hf_secret_credential(getenv("CREDENTIALS_DIRECTORY"),
                                    source->credential, out, why);
    if (source->command.len > 0)
        return hf_secret_command(as_string(source->command, room, sizeof(room)),
                                 out, why);
    return ask(twice, out, why);
}

/* From where the command line says, else from where the account says. */
static enum hf_exit need_passphrase(struct hf_holder *holder, bool twice)
{
    struct hf_passphrase_source *stored = &holder->file.passphrase;
    struct hf_span subject = HF_SPAN("passphrase");
    struct hf_passphrase_source source;
    char path[PATH_MAX];
    struct hf_why why = {0};
    enum hf_exit status =
        hf_passphrase_given(holder->cli, path, sizeof(path), &source);
    enum hf_err err;

    if (status != HF_EXIT_GOOD)
        return status;
    if (source.file.len + source.credential.len + source.command.len == 0)
        source = *stored;
    err = take(&source, twice, &holder->passphrase, &why);
    if (err == HF_OK)
        return HF_EXIT_GOOD;
    if (source.file.len > 0)
        subject = source.file;
    else if (source.credential.len > 0)
        subject = source.credential;
    hf_cli_fail(holder->cli, subject, &why);
    return err == HF_ECANCELED ? HF_EXIT_INTERRUPTED : HF_EXIT_ERROR;
}

enum hf_exit hf_holder_new_passphrase(struct hf_holder *holder)
{
    return need_passphrase(holder, true);
}

/* ---- keys ---- */

static enum hf_exit fail_key(const struct hf_holder *holder,
                             struct hf_span name, const struct hf_why *why)
{
    char path[PATH_MAX];
    struct hf_buf subject;

    hf_buf_init(&subject, path, sizeof(path));
    hf_account_key_path(holder->folder, name, &subject);
    hf_cli_fail(holder->cli, hf_buf_span(&subject), why);
    return HF_EXIT_ERROR;
}

/* The PEM of a key file, and the passphrase if that wants one. */
static enum hf_exit read_key(struct hf_holder *holder,
                             struct hf_span thumbprint, struct hf_buf *pem)
{
    struct hf_why why = {0};

    if (hf_account_key_read(holder->folder, thumbprint, pem, &why) != HF_OK)
        return fail_key(holder, thumbprint, &why);
    if (!hf_private_key_is_encrypted(hf_buf_span(pem)) ||
        holder->passphrase.len > 0)
        return HF_EXIT_GOOD;
    return need_passphrase(holder, false);
}

/* Hand the key file to a process of its own, which unlocks it meanwhile; or
 * connect to who has the key. */
static enum hf_exit begin_unlock(struct hf_holder *holder,
                                 struct hf_span thumbprint,
                                 enum hf_key_give give, struct hf_key **key)
{
    struct hf_key_want want = {.no_wall = no_wall(holder->cli),
                               .origin = holder->file.directory,
                               .give = give};
    char room[HF_ACCOUNT_KEY_MAX];
    struct hf_buf pem;
    struct hf_why why = {0};
    enum hf_exit status;

    hf_buf_init(&pem, room, sizeof(room));
    status = read_key(holder, thumbprint, &pem);
    want.pem = hf_buf_span(&pem);
    want.passphrase = hf_buf_span(&holder->passphrase);
    if (status == HF_EXIT_GOOD && hf_key_start(&want, key, &why) != HF_OK)
        status = fail_key(holder, thumbprint, &why);
    explicit_bzero(room, sizeof(room));
    return status;
}

static enum hf_exit end_unlock(struct hf_holder *holder,
                               struct hf_span thumbprint, struct hf_key *key,
                               struct hf_signer *out, enum hf_key_kind *kind)
{
    struct hf_key_ready ready;
    struct hf_why why = {0};
    enum hf_err err = hf_key_ready(key, &ready, &why);
    enum hf_exit status = HF_EXIT_GOOD;

    if (err == HF_OK) {
        *out = ready.signer;
        *kind = ready.kind;
        return HF_EXIT_GOOD;
    }
    status = err == HF_ECANCELED ? HF_EXIT_INTERRUPTED
                                 : fail_key(holder, thumbprint, &why);
    hf_key_free(key);
    return status;
}

enum hf_exit hf_holder_unlock(struct hf_holder *holder,
                              struct hf_span thumbprint, struct hf_signer *out,
                              enum hf_key_kind *kind)
{
    struct hf_key *key = NULL;
    enum hf_exit status =
        begin_unlock(holder, thumbprint, HF_KEY_GIVE_NOTHING, &key);

    return status == HF_EXIT_GOOD
               ? end_unlock(holder, thumbprint, key, out, kind)
               : status;
}

enum hf_exit hf_holder_reveal(struct hf_holder *holder, enum hf_key_give give,
                              struct hf_buf *out)
{
    struct hf_span thumbprint = holder->file.thumbprint;
    struct hf_key_ready ready;
    struct hf_key *key = NULL;
    struct hf_why why = {0};
    enum hf_exit status = begin_unlock(holder, thumbprint, give, &key);

    if (status != HF_EXIT_GOOD)
        return status;
    if (hf_key_ready(key, &ready, &why) != HF_OK) {
        status = fail_key(holder, thumbprint, &why);
        hf_key_free(key);
        return status;
    }
    holder->signer = ready.signer;
    holder->kind = ready.kind;
    hf_buf_put(out, ready.pem);
    return HF_EXIT_GOOD;
}

/* The key is made and sealed where it stays: what comes here is its PEM. */
enum hf_exit hf_holder_generate(struct hf_holder *holder, enum hf_key_kind kind,
                                struct hf_span name, struct hf_signer *out)
{
    const struct hf_key_want want = {.make = true,
                                     .no_wall = no_wall(holder->cli),
                                     .origin = holder->file.directory,
                                     .passphrase =
                                         hf_buf_span(&holder->passphrase),
                                     .kind = kind};
    struct hf_key_ready ready;
    struct hf_key *key = NULL;
    struct hf_why why = {0};
    enum hf_err err = hf_key_start(&want, &key, &why);

    if (err == HF_OK)
        err = hf_key_ready(key, &ready, &why);
    if (err == HF_OK) {
        *out = ready.signer;
        key = NULL;
        err = hf_account_key_write(
            holder->folder, name.len > 0 ? name : hf_signer_thumbprint(out),
            ready.pem, &why);
    }
    if (err != HF_OK)
        hf_cli_fail(holder->cli, hf_span_str(holder->folder), &why);
    hf_key_free(key);
    return err == HF_OK ? HF_EXIT_GOOD : HF_EXIT_ERROR;
}

/* ---- the account ---- */

struct hf_span hf_holder_name(const struct hf_cli *cli)
{
    return hf_span_str(hf_cli_value(cli, "account",
                                    hf_cli_has(cli, "staging")
                                        ? HF_ACCOUNT_NAME_STAGING
                                        : HF_ACCOUNT_NAME_DEFAULT));
}

enum hf_exit hf_holder_init(const struct hf_cli *cli, struct hf_span name,
                            struct hf_holder *out)
{
    struct hf_why why = {0};
    enum hf_err err;

    hf_layers_use_account(cli, name);
    *out = (struct hf_holder){.cli = cli};
    hf_buf_init(&out->passphrase, out->passphrase_room,
                sizeof(out->passphrase_room));
    err = hf_account_folder(cli->state, name, out->folder, sizeof(out->folder),
                            &why);
    if (err == HF_OK)
        return HF_EXIT_GOOD;
    return hf_cli_usage(cli, name, why.text);
}

enum hf_exit hf_holder_file(const struct hf_cli *cli, struct hf_span name,
                            struct hf_holder *out)
{
    struct hf_why why = {0};
    enum hf_exit status = hf_holder_init(cli, name, out);
    enum hf_err err;

    if (status != HF_EXIT_GOOD)
        return status;
    err = hf_account_file_read(out->folder, &out->file, &why);
    if (err == HF_OK)
        return HF_EXIT_GOOD;
    if (err == HF_ENOTFOUND)
        hf_cli_error(
            cli, name,
            "no such account here; 'holdfast account list' shows those there "
            "are, 'holdfast account create' makes one");
    else
        hf_cli_fail(cli, hf_span_str(out->folder), &why);
    return HF_EXIT_ERROR;
}

/* The directory, from memory when it is fresh. That it cannot be remembered is
 * said, and is no reason to stop. */
enum hf_exit hf_holder_talk(struct hf_holder *holder,
                            const struct hf_signer *signer)
{
    const char *state = holder->cli->state;
    struct hf_span url = holder->file.directory;
    int64_t now_at = hf_clock_now().s;
    struct hf_memory memory = {0};
    struct hf_span known = {0};
    struct hf_why why = {0};
    enum hf_err err;

    if (hf_memory_recall(state, url, &memory, NULL) == HF_OK &&
        memory.fetched_at <= now_at &&
        now_at - memory.fetched_at < HF_MEMORY_FRESH_S)
        known = memory.text;
    holder->hashed_seen = memory.hashed_seen;
    err = hf_talk_open(&holder->talk, &holder->http, url, known, signer, &why);
    holder->is_silent = err != HF_OK && err != HF_ECANCELED && err != HF_ENOMEM;
    if (err == HF_OK && known.len == 0 &&
        hf_memory_keep(state, url, &holder->talk.directory, &memory, now_at,
                       &why) != HF_OK)
        hf_cli_fail(holder->cli, url, &why);
    hf_memory_clear(&memory);
    return err == HF_OK ? HF_EXIT_GOOD
                        : hf_holder_fail(holder->cli, &holder->talk,
                                         "the CA's directory", err, &why);
}

/* What the file says counts from when the lock is ours, so it is read after
 * that; that there is such an account is looked at before. */
static enum hf_exit open_file(const struct hf_cli *cli, struct hf_span name,
                              struct hf_holder *out)
{
    struct hf_lock lock = {0};
    enum hf_exit status = hf_holder_file(cli, name, out);

    if (status == HF_EXIT_GOOD)
        status = hf_state_lock(cli, HF_LOCK_ACCOUNTS, &lock);
    if (status != HF_EXIT_GOOD)
        return status;
    hf_account_file_clear(&out->file);
    status = hf_holder_file(cli, name, out);
    out->lock = lock;
    return status;
}

static enum hf_exit begin_key(struct hf_holder *holder, struct hf_key **key)
{
    char path[PATH_MAX];
    struct hf_why why = {0};

    if (holder->file.signer.len == 0)
        return begin_unlock(holder, holder->file.thumbprint,
                            HF_KEY_GIVE_NOTHING, key);
    if (hf_key_connect(as_string(holder->file.signer, path, sizeof(path)), key,
                       &why) == HF_OK)
        return HF_EXIT_GOOD;
    hf_cli_fail(holder->cli, holder->file.signer, &why);
    return HF_EXIT_ERROR;
}

/* At a signer the key may have been changed since: it is the account that must
 * be the same. */
static enum hf_exit end_signer(struct hf_holder *holder, struct hf_key *key)
{
    struct hf_key_ready ready;
    struct hf_why why = {0};

    if (hf_key_ready(key, &ready, &why) != HF_OK) {
        hf_cli_fail(holder->cli, holder->file.signer, &why);
        hf_key_free(key);
        return HF_EXIT_ERROR;
    }
    holder->signer = ready.signer;
    holder->kind = ready.kind;
    if (!hf_span_eq(ready.account_url, holder->file.url)) {
        hf_cli_error(holder->cli, holder->file.signer,
                     "this signer is for another account now");
        return HF_EXIT_ERROR;
    }
    holder->file.thumbprint = hf_signer_thumbprint(&holder->signer);
    return HF_EXIT_GOOD;
}

static enum hf_exit end_key(struct hf_holder *holder, struct hf_key *key)
{
    enum hf_exit status;

    if (holder->file.signer.len > 0)
        return end_signer(holder, key);
    status = end_unlock(holder, holder->file.thumbprint, key, &holder->signer,
                        &holder->kind);
    if (status != HF_EXIT_GOOD ||
        hf_span_eq(hf_signer_thumbprint(&holder->signer),
                   holder->file.thumbprint))
        return status;
    hf_cli_error(holder->cli, hf_span_str(holder->folder),
                 "the key file holds another key than its name says; restore "
                 "it from a backup");
    return HF_EXIT_ERROR;
}

/* While the key is unlocked in one process, another one speaks to the CA. */
enum hf_exit hf_holder_open(const struct hf_cli *cli, struct hf_span name,
                            struct hf_holder *out)
{
    struct hf_key *key = NULL;
    enum hf_exit status = open_file(cli, name, out);

    if (status == HF_EXIT_GOOD)
        status = begin_key(out, &key);
    if (status == HF_EXIT_GOOD)
        status = hf_holder_http(cli, &out->http);
    if (status == HF_EXIT_GOOD)
        status = hf_holder_talk(out, &out->signer);
    if (status == HF_EXIT_GOOD) {
        status = end_key(out, key);
        key = NULL;
    }
    if (status == HF_EXIT_GOOD) {
        hf_session_set_account(out->talk.session, out->file.url);
        status = hf_rekey_finish(out);
    }
    hf_key_free(key);
    if (status != HF_EXIT_GOOD) {
        bool is_silent = out->is_silent;

        hf_holder_clear(out);
        out->is_silent = is_silent;
    }
    return status;
}

void hf_holder_clear(struct hf_holder *holder)
{
    hf_talk_close(&holder->talk);
    hf_http_clear(&holder->http);
    hf_signer_clear(&holder->signer);
    hf_account_file_clear(&holder->file);
    hf_lock_drop(&holder->lock);
    explicit_bzero(holder, sizeof(*holder));
}

enum hf_exit hf_holder_fail(const struct hf_cli *cli,
                            const struct hf_talk *talk, const char *what,
                            enum hf_err err, const struct hf_why *why)
{
    struct hf_span said = hf_talk_said(talk);
    char room[SAID_MAX + 512];
    struct hf_buf text;

    if (err == HF_ECANCELED)
        return HF_EXIT_INTERRUPTED;
    hf_buf_init(&text, room, sizeof(room));
    hf_buf_puts(&text, why->text);
    if (err == HF_EPEER && said.len > 0) {
        hf_buf_puts(&text, ": ");
        hf_buf_put(&text, hf_span_cut(&said, said.len < SAID_MAX ? said.len
                                                                 : SAID_MAX));
    }
    hf_buf_putc(&text, '\0');
    if (text.full)
        room[sizeof(room) - 1] = '\0';
    hf_cli_error(cli, hf_span_str(what), room);
    return HF_EXIT_ERROR;
}
