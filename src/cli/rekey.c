/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/rekey.h"

#include "cli/fence.h"
#include "os/signals.h"

static enum hf_exit write_file(struct hf_holder *holder)
{
    struct hf_why why = {0};

    if (hf_account_file_write(holder->folder, &holder->file, &why) == HF_OK)
        return HF_EXIT_GOOD;
    hf_cli_fail(holder->cli, hf_span_str(holder->folder), &why);
    return HF_EXIT_ERROR;
}

static void push_prior(struct hf_account_file *file, struct hf_span thumbprint)
{
    size_t kept = file->prior_count < HF_ACCOUNT_PRIOR_MAX
                      ? file->prior_count
                      : HF_ACCOUNT_PRIOR_MAX - 1;

    memmove(&file->prior[1], &file->prior[0], kept * sizeof(file->prior[0]));
    file->prior[0] = thumbprint;
    file->prior_count = kept + 1;
}

static void clear_next(struct hf_account_file *file)
{
    file->next = (struct hf_span){0};
    file->next_passphrase = (struct hf_passphrase_source){0};
    file->next_plaintext = false;
}

static void copy_secret(const struct hf_buf *from, struct hf_buf *to)
{
    explicit_bzero(to->ptr, to->len);
    hf_buf_reset(to);
    hf_buf_put(to, hf_buf_span(from));
}

/*
 * The CA knows the key to come: from now on so do we, and the session signs
 * with it. The key that was is worth nothing any more; that it cannot be
 * removed is no reason to fail, for the change itself is done.
 */
static enum hf_exit adopt(struct hf_holder *holder, struct hf_signer *signer)
{
    struct hf_account_file *file = &holder->file;
    struct hf_why why = {0};
    enum hf_exit status;

    push_prior(file, file->thumbprint);
    file->thumbprint = file->next;
    file->passphrase = file->next_passphrase;
    file->plaintext = file->next_plaintext;
    clear_next(file);
    file->keyed_at = holder->cli->now.s;
    status = write_file(holder);
    if (status != HF_EXIT_GOOD)
        return status;
    hf_signer_clear(&holder->signer);
    holder->signer = *signer;
    *signer = (struct hf_signer){0};
    copy_secret(&holder->next_passphrase, &holder->passphrase);
    if (hf_account_keys_sweep(holder->folder, file->thumbprint, &why) != HF_OK)
        hf_cli_fail(holder->cli, HF_SPAN("the old key"), &why);
    return HF_EXIT_GOOD;
}

/* It does not, and it does know the old one. The file of the new one stays
 * until the next change: should a request that was held up on its way arrive
 * after all, it is the account's key. */
static enum hf_exit forget(struct hf_holder *holder)
{
    clear_next(&holder->file);
    return write_file(holder);
}

/* ---- what the CA knows ---- */

enum knows { KNOWN, UNKNOWN, UNHEARD };

static enum knows fail_to_ask(struct hf_holder *holder,
                              const struct hf_talk *talk, enum hf_err err,
                              const struct hf_why *why)
{
    if (err == HF_EPEER && hf_account_is_refusal(hf_talk_problem(talk)))
        return UNKNOWN;
    (void)hf_holder_fail(holder->cli, talk, HF_SPAN("which key the CA knows"),
                         err, why);
    return UNHEARD;
}

/* Does the CA know our account by this key? */
static enum knows ask_by_key(struct hf_holder *holder,
                             const struct hf_signer *signer)
{
    const struct hf_account_wish wish = {.only_existing = true};
    struct hf_account_reply reply;
    enum knows knows = UNKNOWN;
    struct hf_why why = {0};
    struct hf_talk talk;
    enum hf_err err = hf_talk_open(&talk, &holder->http, holder->file.directory,
                                   holder->talk.directory.text, signer, &why);

    if (err == HF_OK)
        err = hf_account_register(&talk, &wish, &reply, &why);
    if (err != HF_OK) {
        knows = fail_to_ask(holder, &talk, err, &why);
    } else {
        if (hf_span_eq(hf_buf_span(&reply.url), holder->file.url))
            knows = KNOWN;
        hf_account_reply_clear(&reply);
    }
    hf_talk_close(&talk);
    return knows;
}

/* Does the key so far still open the account? */
static enum knows ask_by_url(struct hf_holder *holder)
{
    struct hf_account_object object;
    struct hf_why why = {0};
    enum hf_proof proof;
    enum hf_err err = hf_account_fetch(&holder->talk, holder->file.url, &object,
                                       &proof, &why);

    if (err != HF_OK)
        return fail_to_ask(holder, &holder->talk, err, &why);
    hf_account_object_clear(&object);
    return KNOWN;
}

/* What is known by the new key decides, and if that is not the account's, what
 * the old one says. */
static enum hf_exit settle(struct hf_holder *holder, struct hf_signer *signer,
                           enum knows knows)
{
    if (knows == KNOWN)
        return adopt(holder, signer);
    if (knows == UNKNOWN)
        knows = ask_by_url(holder);
    if (knows == KNOWN)
        return forget(holder);
    if (knows == UNHEARD)
        return hf_signals_stop_wanted() ? HF_EXIT_INTERRUPTED : HF_EXIT_ERROR;
    hf_cli_error(holder->cli, holder->file.name,
                 "the CA accepts neither the key nor the one that was to "
                 "replace it; both are kept");
    return HF_EXIT_GOOD;
}

enum hf_exit hf_rekey_finish(struct hf_holder *holder)
{
    struct hf_signer signer = {0};
    enum hf_key_kind kind;
    enum hf_exit status;

    if (holder->file.next.len == 0)
        return HF_EXIT_GOOD;
    hf_cli_error(holder->cli, holder->file.name,
                 "a key change was interrupted; asking the CA which key it "
                 "knows");
    status = hf_holder_unlock(holder, holder->file.next, &signer, &kind);
    if (status == HF_EXIT_GOOD)
        status = settle(holder, &signer, ask_by_key(holder, &signer));
    if (status == HF_EXIT_GOOD && signer.state == NULL)
        holder->kind = kind; /* it was adopted */
    hf_signer_clear(&signer);
    return status;
}

/* ---- a new key ---- */

/* Where it is to be, when that was not said: where the old one is. */
static enum hf_exit settle_place(struct hf_holder *holder,
                                 struct hf_key_choice *choice, bool *same)
{
    struct hf_key_place place;
    struct hf_why why = {0};

    if (hf_account_key_place(holder->folder, holder->file.thumbprint, &place,
                             &why) != HF_OK) {
        hf_cli_fail(holder->cli, hf_span_str(holder->folder), &why);
        return HF_EXIT_ERROR;
    }
    if (!choice->given)
        choice->home = place.home;
    if (choice->home == HF_HOME_TPM2 && !choice->has_kind)
        choice->kind = HF_KEY_P256;
    *same = choice->home == place.home;
    return HF_EXIT_GOOD;
}

/* Its passphrase or PIN: what is said of it; else, in the same place, that of
 * the old key. */
static enum hf_exit settle_secret(struct hf_holder *holder,
                                  enum hf_key_home home, bool same)
{
    struct hf_account_file *file = &holder->file;
    struct hf_passphrase_source *source = &file->next_passphrase;
    char path[PATH_MAX];
    enum hf_exit status =
        hf_next_passphrase_given(holder->cli, path, sizeof(path), source);

    if (status != HF_EXIT_GOOD)
        return status;
    hf_buf_put(&holder->next_path, source->file);
    source->file = hf_buf_span(&holder->next_path);
    file->next_plaintext = hf_cli_has(holder->cli, "next-plaintext");
    if (file->next_plaintext)
        return HF_EXIT_GOOD;
    if (!same || !hf_passphrase_source_is_empty(source))
        return hf_holder_new_passphrase(holder, home, source,
                                        &holder->next_passphrase);
    *source = file->passphrase;
    file->next_plaintext = file->plaintext;
    copy_secret(&holder->passphrase, &holder->next_passphrase);
    return HF_EXIT_GOOD;
}

/* Get a key and write it down as the one to come. */
static enum hf_exit prepare(struct hf_holder *holder,
                            struct hf_key_choice *choice,
                            struct hf_signer *signer)
{
    bool same = false;
    enum hf_exit status = settle_place(holder, choice, &same);

    if (status == HF_EXIT_GOOD)
        status = settle_secret(holder, choice->home, same);
    if (status == HF_EXIT_GOOD)
        status = hf_holder_new_key(holder, choice,
                                   hf_buf_span(&holder->next_passphrase),
                                   (struct hf_span){0}, signer);
    if (status != HF_EXIT_GOOD)
        return status;
    memcpy(holder->next, signer->thumbprint, sizeof(holder->next));
    holder->file.next = (struct hf_span){holder->next, sizeof(holder->next)};
    return write_file(holder);
}

/* A refusal does not prove that nothing was changed, for something in between
 * may have sent the request twice: the CA is asked at once which key counts.
 * Without an answer it may still be working on it, and the next command asks.
 */
static enum hf_exit change(struct hf_holder *holder, struct hf_signer *signer)
{
    enum knows knows = UNHEARD;
    struct hf_why why = {0};
    enum hf_exit status;
    enum hf_err err =
        hf_account_change_key(&holder->talk, holder->file.url, signer, &why);

    if (err == HF_EPEER && hf_talk_problem(&holder->talk).len > 0)
        knows = ask_by_key(holder, signer);
    if (err == HF_OK || knows == KNOWN)
        return adopt(holder, signer);
    status = hf_holder_fail(holder->cli, &holder->talk,
                            HF_SPAN("the key change"), err, &why);
    if (knows == UNKNOWN)
        (void)settle(holder, signer, knows);
    else
        hf_cli_error(holder->cli, holder->file.name,
                     "whether the key was changed is not known; both keys are "
                     "kept, and the next command asks the CA");
    return status;
}

enum hf_exit hf_rekey(struct hf_holder *holder, struct hf_key_choice *choice)
{
    struct hf_signer signer = {0};
    enum hf_exit status;

    /* Of an earlier change, and nobody knows whose it is: said before. */
    if (holder->file.next.len > 0)
        return HF_EXIT_ERROR;
    if (holder->file.signer.len > 0) {
        hf_cli_error(holder->cli, holder->file.signer,
                     "the key is not here: change it where this signer runs");
        return HF_EXIT_ERROR;
    }
    if (holder->talk.directory.key_change.len == 0) {
        hf_cli_error(holder->cli, holder->file.directory,
                     "RFC 8555 7.3.5: this CA offers no key change; make a "
                     "new account and publish its records beside the old "
                     "ones");
        return HF_EXIT_ERROR;
    }
    status = prepare(holder, choice, &signer);
    if (status == HF_EXIT_GOOD)
        status = hf_fence_from_cli(holder->cli, &holder->cli->state, 1);
    if (status == HF_EXIT_GOOD)
        status = change(holder, &signer);
    hf_signer_clear(&signer);
    return status;
}
