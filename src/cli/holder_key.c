/* SPDX-License-Identifier: Apache-2.0 */
/* holder_key.c -- keys and what unlocks them. */
#include <stdlib.h>
#include <unistd.h>

#include "cli/holder.h"
#include "cli/provision.h"
#include "cli/reach.h"
#include "os/file.h"

/* ---- the passphrase ---- */

/* Options that say where it comes from. */
struct places {
    const char *plain;
    const char *file;
    const char *credential;
    const char *command;
};

static enum hf_exit read_places(const struct hf_cli *cli,
                                const struct places *places, char *path,
                                size_t size, struct hf_passphrase_source *out)
{
    const char *file = hf_cli_value(cli, places->file, NULL);
    struct hf_why why = {0};

    if (hf_cli_has(cli, places->plain) + (file != NULL) +
            hf_cli_has(cli, places->credential) +
            hf_cli_has(cli, places->command) >
        1)
        return hf_cli_usage(cli, HF_SPAN(""),
                            "give one place only for the passphrase to come "
                            "from");
    *out = (struct hf_passphrase_source){
        .credential = hf_span_str(hf_cli_value(cli, places->credential, NULL)),
        .command = hf_span_str(hf_cli_value(cli, places->command, NULL)),
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

enum hf_exit hf_passphrase_given(const struct hf_cli *cli, char *path,
                                 size_t size, struct hf_passphrase_source *out)
{
    static const struct places places = {"plaintext", "passphrase-file",
                                         "passphrase-credential",
                                         "passphrase-command"};

    return read_places(cli, &places, path, size, out);
}

enum hf_exit hf_next_passphrase_given(const struct hf_cli *cli, char *path,
                                      size_t size,
                                      struct hf_passphrase_source *out)
{
    static const struct places places = {
        "next-plaintext", "next-passphrase-file", "next-passphrase-credential",
        "next-passphrase-command"};
    enum hf_exit status = read_places(cli, &places, path, size, out);

    if (status != HF_EXIT_GOOD || !hf_passphrase_source_is_empty(out))
        return status;
    status = hf_key_choice_pin_source(cli, path, size);
    out->file = hf_span_str(path);
    return status;
}

/* How somebody is asked, by where the key is. */
static const struct hf_passphrase_prompt prompts[HF_KEY_HOME_COUNT] = {
    [HF_HOME_FILE] = {"Passphrase of the account's key: ",
                      "New passphrase of the account's key: ", false},
    [HF_HOME_PKCS11] = {"PIN of the token: ", NULL, true},
    [HF_HOME_TPM2] = {"Passphrase of the key in the TPM: ", NULL, false},
};

enum hf_exit hf_holder_new_passphrase(struct hf_holder *holder,
                                      enum hf_key_home home,
                                      const struct hf_passphrase_source *source,
                                      struct hf_buf *out)
{
    if (home == HF_HOME_TPM2 && hf_passphrase_source_is_empty(source))
        return HF_EXIT_GOOD;
    return hf_passphrase_get(holder->cli, &prompts[home], true, source, out);
}

/* Of a key that is there: from where the command line says, else from where
 * the account says. */
static enum hf_exit need_for(struct hf_holder *holder, enum hf_key_home home,
                             bool is_next, struct hf_buf *out)
{
    struct hf_passphrase_source source;
    char path[PATH_MAX];
    enum hf_exit status =
        is_next
            ? hf_next_passphrase_given(holder->cli, path, sizeof(path), &source)
            : hf_passphrase_given(holder->cli, path, sizeof(path), &source);

    if (status != HF_EXIT_GOOD)
        return status;
    if (hf_passphrase_source_is_empty(&source))
        source =
            is_next ? holder->file.next_passphrase : holder->file.passphrase;
    return hf_passphrase_get(holder->cli, &prompts[home], false, &source, out);
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

/* Start the process for the key, and tell it how hardware is reached, when
 * that has it. */
static enum hf_err start(const struct hf_holder *holder,
                         struct hf_key_want *want, struct hf_key **key,
                         struct hf_why *why)
{
    const char *tcti = getenv("TPM2TOOLS_TCTI");
    struct hf_reach_room room;
    enum hf_err err;

    want->no_wall = hf_cli_no_wall(holder->cli);
    want->origin = holder->file.directory;
    if (hf_key_home_of(want->pem) == HF_HOME_FILE)
        return hf_key_start(want, key, why);
    err = hf_reach_gather(
        holder->file.tcti.len > 0 ? holder->file.tcti : hf_span_str(tcti),
        holder->file.holes, holder->file.hole_count, &room, &want->reach, why);
    if (err == HF_OK)
        err = hf_key_start(want, key, why);
    hf_reach_clear(&room);
    return err;
}

/* The PEM of a key file, and the passphrase if that wants one. */
static enum hf_exit read_key(struct hf_holder *holder,
                             struct hf_span thumbprint, struct hf_buf *pem,
                             struct hf_span *passphrase)
{
    bool is_next = hf_span_eq(thumbprint, holder->file.next);
    struct hf_buf *secret =
        is_next ? &holder->next_passphrase : &holder->passphrase;
    enum hf_exit status = HF_EXIT_GOOD;
    struct hf_why why = {0};

    if (hf_account_key_read(holder->folder, thumbprint, pem, &why) != HF_OK)
        return fail_key(holder, thumbprint, &why);
    if (hf_key_note_has_auth(hf_buf_span(pem)) && secret->len == 0)
        status =
            need_for(holder, hf_key_home_of(hf_buf_span(pem)), is_next, secret);
    *passphrase = hf_buf_span(secret);
    return status;
}

enum hf_exit hf_holder_begin_wait(struct hf_holder *holder,
                                  struct hf_span thumbprint,
                                  struct hf_key **key)
{
    struct hf_key_want want = {.waits = true};
    char room[HF_ACCOUNT_KEY_MAX];
    struct hf_buf pem;
    struct hf_why why = {0};
    enum hf_err err;

    hf_buf_init(&pem, room, sizeof(room));
    err = hf_account_key_read(holder->folder, thumbprint, &pem, &why);
    want.pem = hf_buf_span(&pem);
    if (err == HF_OK)
        err = start(holder, &want, key, &why);
    explicit_bzero(room, sizeof(room));
    return err == HF_OK ? HF_EXIT_GOOD : fail_key(holder, thumbprint, &why);
}

/* By the process that waits for it, or a new one. */
static enum hf_err unlock(const struct hf_holder *holder,
                          struct hf_key *waiting, struct hf_key_want *want,
                          struct hf_key **key, struct hf_why *why)
{
    enum hf_err err;

    if (waiting == NULL)
        return start(holder, want, key, why);
    err = hf_key_unlock(waiting, want->passphrase, why);
    if (err == HF_OK)
        *key = hf_key_share(waiting);
    return err;
}

enum hf_exit hf_holder_begin_unlock(struct hf_holder *holder,
                                    struct hf_span thumbprint,
                                    enum hf_key_give give, struct hf_key **key)
{
    struct hf_key *waiting =
        give == HF_KEY_GIVE_NOTHING
            ? hf_provision_key(holder->cli, holder->folder, thumbprint)
            : NULL;
    struct hf_key_want want = {.give = give};
    char room[HF_ACCOUNT_KEY_MAX];
    struct hf_buf pem;
    struct hf_why why = {0};
    enum hf_exit status;

    if (waiting != NULL && !hf_key_waits(waiting)) {
        *key = hf_key_share(waiting);
        return HF_EXIT_GOOD;
    }
    hf_buf_init(&pem, room, sizeof(room));
    status = read_key(holder, thumbprint, &pem, &want.passphrase);
    want.pem = hf_buf_span(&pem);
    if (status == HF_EXIT_GOOD &&
        unlock(holder, waiting, &want, key, &why) != HF_OK)
        status = fail_key(holder, thumbprint, &why);
    explicit_bzero(room, sizeof(room));
    return status;
}

/* A name is only a name: the key behind it must be the one that we know. */
static enum hf_err check_thumbprint(struct hf_span thumbprint,
                                    const struct hf_signer *signer,
                                    struct hf_why *why)
{
    if (hf_span_eq(thumbprint, HF_ACCOUNT_KEY_NEW) ||
        hf_span_eq(thumbprint, hf_signer_thumbprint(signer)))
        return HF_OK;
    return hf_fail(why, HF_EINVAL, 0,
                   "what it holds, or names, is another key now than the one "
                   "that it is called by: restore the file from a backup, or "
                   "the key in the token");
}

enum hf_exit hf_holder_end_unlock(struct hf_holder *holder,
                                  struct hf_span thumbprint, struct hf_key *key,
                                  struct hf_signer *out, enum hf_key_kind *kind)
{
    struct hf_key_ready ready = {0};
    struct hf_why why = {0};
    enum hf_exit status;
    enum hf_err err = hf_key_ready(key, &ready, &why);

    if (err == HF_OK) {
        key = NULL;
        err = check_thumbprint(thumbprint, &ready.signer, &why);
    }
    if (err == HF_OK) {
        *out = ready.signer;
        *kind = ready.kind;
        return HF_EXIT_GOOD;
    }
    status = err == HF_ECANCELED ? HF_EXIT_INTERRUPTED
                                 : fail_key(holder, thumbprint, &why);
    hf_signer_clear(&ready.signer);
    hf_key_free(key);
    return status;
}

enum hf_exit hf_holder_unlock(struct hf_holder *holder,
                              struct hf_span thumbprint, struct hf_signer *out,
                              enum hf_key_kind *kind)
{
    struct hf_key *key = NULL;
    enum hf_exit status =
        hf_holder_begin_unlock(holder, thumbprint, HF_KEY_GIVE_NOTHING, &key);

    return status == HF_EXIT_GOOD
               ? hf_holder_end_unlock(holder, thumbprint, key, out, kind)
               : status;
}

enum hf_exit hf_holder_reveal(struct hf_holder *holder, enum hf_key_give give,
                              struct hf_buf *out)
{
    struct hf_span thumbprint = holder->file.thumbprint;
    struct hf_key_ready ready;
    struct hf_key *key = NULL;
    struct hf_why why = {0};
    enum hf_exit status =
        hf_holder_begin_unlock(holder, thumbprint, give, &key);

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

/* Where nothing is said, beside the key that counts: in a file or a TPM that
 * is no place, and in a token it is told by the note. */
static enum hf_err find_place(const struct hf_holder *holder,
                              const struct hf_key_choice *choice,
                              struct hf_buf *room, struct hf_span *out,
                              struct hf_why *why)
{
    enum hf_err err = HF_OK;

    *out = choice->where;
    if (choice->given || choice->home == HF_HOME_FILE)
        return HF_OK;
    err =
        hf_account_key_read(holder->folder, holder->file.thumbprint, room, why);
    *out = hf_buf_span(room);
    return err;
}

/* Not over the file of the key that counts. */
static enum hf_err keep(const struct hf_holder *holder, struct hf_span name,
                        const struct hf_key_ready *ready, struct hf_why *why)
{
    struct hf_span thumbprint = hf_signer_thumbprint(&ready->signer);

    if (hf_span_eq(thumbprint, holder->file.thumbprint))
        return hf_fail(why, HF_EINVAL, 0,
                       "that is the key which the account has already");
    return hf_account_key_write(
        holder->folder, name.len > 0 ? name : thumbprint, ready->pem, why);
}

/* The key is made and sealed where it stays: what comes here is its file. */
enum hf_exit hf_holder_new_key(struct hf_holder *holder,
                               const struct hf_key_choice *choice,
                               struct hf_span passphrase, struct hf_span name,
                               struct hf_signer *out)
{
    struct hf_key_want want = {
        .make = choice->make, .passphrase = passphrase, .kind = choice->kind};
    char room[HF_ACCOUNT_KEY_MAX];
    struct hf_key_ready ready;
    struct hf_key *key = NULL;
    struct hf_why why = {0};
    struct hf_buf note;
    enum hf_err err;

    hf_buf_init(&note, room, sizeof(room));
    err = find_place(holder, choice, &note, &want.pem, &why);
    if (err == HF_OK)
        err = start(holder, &want, &key, &why);
    if (err == HF_OK)
        err = hf_key_ready(key, &ready, &why);
    if (err == HF_OK) {
        *out = ready.signer;
        key = NULL;
        err = keep(holder, name, &ready, &why);
    }
    if (err != HF_OK)
        hf_cli_fail(holder->cli, hf_span_str(holder->folder), &why);
    hf_key_free(key);
    return err == HF_OK ? HF_EXIT_GOOD : HF_EXIT_ERROR;
}
