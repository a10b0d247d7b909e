/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/holder.h"

#include <unistd.h>

#include "cli/build.h"
#include "cli/fence.h"
#include "cli/layers.h"
#include "cli/rekey.h"
#include "client/memory.h"
#include "os/clock.h"
#include "os/folder.h"

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
    config.no_wall = hf_cli_no_wall(cli);
    if (hf_http_new(&config, out, &why) == HF_OK)
        return HF_EXIT_GOOD;
    hf_cli_fail(cli, hf_span_str(count == 1 ? config.ca_files[0] : ""), &why);
    return HF_EXIT_ERROR;
}

/* ---- the account ---- */

/* REQ CLI-40: the configuration says for whom which one. */
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
    hf_buf_init_grow(&out->next_path, PATH_MAX);
    hf_buf_init(&out->next_passphrase, out->next_passphrase_room,
                sizeof(out->next_passphrase_room));
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
    return err == HF_OK
               ? HF_EXIT_GOOD
               : hf_holder_fail(holder->cli, &holder->talk, url, err, &why);
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
    struct hf_buf socket;
    struct hf_why why = {0};

    if (holder->file.signer.len == 0)
        return hf_holder_begin_unlock(holder, holder->file.thumbprint,
                                      HF_KEY_GIVE_NOTHING, key);
    hf_buf_init(&socket, path, sizeof(path));
    hf_buf_put(&socket, holder->file.signer);
    hf_buf_putc(&socket, '\0');
    if (socket.full)
        path[0] = '\0'; /* longer than any that we have written down */
    if (hf_key_connect(path, key, &why) == HF_OK)
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
    if (holder->file.signer.len > 0)
        return end_signer(holder, key);
    return hf_holder_end_unlock(holder, holder->file.thumbprint, key,
                                &holder->signer, &holder->kind);
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

enum hf_exit hf_holder_open_fenced(const struct hf_cli *cli,
                                   struct hf_holder *out)
{
    enum hf_exit status = hf_holder_open(cli, hf_holder_name(cli), out);

    if (status != HF_EXIT_GOOD)
        return status;
    status = hf_fence_from_cli(cli, &cli->state, 1);
    if (status != HF_EXIT_GOOD)
        hf_holder_clear(out);
    return status;
}

void hf_holder_clear(struct hf_holder *holder)
{
    hf_talk_close(&holder->talk);
    hf_http_clear(&holder->http);
    hf_signer_clear(&holder->signer);
    hf_account_file_clear(&holder->file);
    hf_lock_drop(&holder->lock);
    hf_buf_clear(&holder->next_path);
    explicit_bzero(holder, sizeof(*holder));
}

enum hf_exit hf_holder_fail(const struct hf_cli *cli,
                            const struct hf_talk *talk, struct hf_span what,
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
    hf_cli_error(cli, what, room);
    return HF_EXIT_ERROR;
}
