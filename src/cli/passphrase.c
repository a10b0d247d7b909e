/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/passphrase.h"

#include <stdlib.h>

#include "cli/provision.h"
#include "crypto/private_key.h"
#include "os/secret.h"

static enum hf_err ask_again(struct hf_span first, struct hf_why *why)
{
    char room[HF_PASSPHRASE_MAX + 2];
    struct hf_buf again;
    enum hf_err err;

    hf_buf_init(&again, room, sizeof(room));
    err = hf_secret_ask("Once more: ", &again, why);
    if (err == HF_OK && !hf_span_eq(first, hf_buf_span(&again)))
        err = hf_fail(why, HF_EINVAL, 0, "the two are not the same");
    explicit_bzero(room, sizeof(room));
    return err;
}

static enum hf_err ask(const struct hf_passphrase_prompt *prompt, bool is_new,
                       struct hf_buf *out, struct hf_why *why)
{
    bool twice = is_new && prompt->made_up != NULL;
    enum hf_err err =
        hf_secret_ask(twice ? prompt->made_up : prompt->known, out, why);

    if (prompt->may_be_none && (err == HF_ENOTFOUND || err == HF_EINVAL))
        return HF_OK;
    if (err == HF_ENOTFOUND)
        return hf_fail(why, HF_ENOTFOUND, 0,
                       "there is no terminal to ask at; give "
                       "--passphrase-file, --passphrase-credential or "
                       "--passphrase-command");
    return err == HF_OK && twice ? ask_again(hf_buf_span(out), why) : err;
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

static enum hf_err take(const struct hf_cli *cli,
                        const struct hf_passphrase_source *source,
                        struct hf_buf *out, struct hf_why *why)
{
    char room[PATH_MAX];
    enum hf_err err;

    if (source->file.len > 0)
        return hf_secret_file(as_string(source->file, room, sizeof(room)), out,
                              why);
    if (source->credential.len > 0)
        return hf_secret_credential(getenv("CREDENTIALS_DIRECTORY"),
                                    source->credential, out, why);
    if (hf_provision_tell(cli, source->command, out, &err, why))
        return err;
    return hf_secret_command(as_string(source->command, room, sizeof(room)),
                             out, why);
}

enum hf_exit hf_passphrase_get(const struct hf_cli *cli,
                               const struct hf_passphrase_prompt *prompt,
                               bool is_new,
                               const struct hf_passphrase_source *source,
                               struct hf_buf *out)
{
    struct hf_span subject = HF_SPAN("passphrase");
    struct hf_why why = {0};
    enum hf_err err = hf_passphrase_source_is_empty(source)
                          ? ask(prompt, is_new, out, &why)
                          : take(cli, source, out, &why);

    if (err == HF_OK)
        return HF_EXIT_GOOD;
    if (source->file.len > 0)
        subject = source->file;
    else if (source->credential.len > 0)
        subject = source->credential;
    hf_cli_fail(cli, subject, &why);
    return err == HF_ECANCELED ? HF_EXIT_INTERRUPTED : HF_EXIT_ERROR;
}
