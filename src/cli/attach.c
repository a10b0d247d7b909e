/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/attach.h"

#include "base/alloc.h"
#include "cli/fence.h"
#include "net/url.h"
#include "os/file.h"

struct attach {
    struct hf_holder holder;
    char socket[PATH_MAX];
    char directory[HF_URL_MAX + 1];
    char url[HF_URL_MAX + 1];
};

static bool copy(struct hf_span text, char *room, struct hf_span *out)
{
    if (text.len == 0 || text.len > HF_URL_MAX)
        return false;
    memcpy(room, text.ptr, text.len);
    *out = (struct hf_span){room, text.len};
    return true;
}

static enum hf_exit connect_to(struct attach *attach)
{
    struct hf_holder *holder = &attach->holder;
    struct hf_key_ready ready;
    struct hf_key *key = NULL;
    struct hf_why why = {0};
    enum hf_err err = hf_key_connect(attach->socket, &key, &why);

    if (err == HF_OK)
        err = hf_key_ready(key, &ready, &why);
    if (err == HF_OK) {
        holder->signer = ready.signer;
        holder->kind = ready.kind;
        key = NULL;
        if (!copy(ready.directory, attach->directory,
                  &holder->file.directory) ||
            !copy(ready.account_url, attach->url, &holder->file.url))
            err =
                hf_fail(&why, HF_EPEER, 0, "this is no signer for an account");
    }
    if (err != HF_OK)
        hf_cli_fail(holder->cli, hf_span_str(attach->socket), &why);
    hf_key_free(key);
    return err == HF_OK ? HF_EXIT_GOOD : HF_EXIT_ERROR;
}

static enum hf_err find_url(struct hf_holder *holder, char *room,
                            struct hf_why *why)
{
    const struct hf_account_wish wish = {.only_existing = true};
    struct hf_account_reply reply;
    enum hf_err err = hf_account_register(&holder->talk, &wish, &reply, why);

    if (err != HF_OK)
        return err;
    if (!copy(hf_buf_span(&reply.url), room, &holder->file.url))
        err = hf_fail(why, HF_ELIMIT, 0, "the account's URL is too long");
    hf_account_reply_clear(&reply);
    return err;
}

enum hf_exit hf_attach_prove(struct hf_holder *holder, char *url)
{
    struct hf_account_object object = {0};
    enum hf_proof proof = HF_PROOF_ACCOUNT_STATUS;
    struct hf_why why = {0};
    enum hf_exit status =
        hf_state_lock(holder->cli, HF_LOCK_ACCOUNTS, &holder->lock);
    enum hf_err err = HF_OK;

    if (status == HF_EXIT_GOOD)
        status = hf_fence_from_cli(holder->cli, &holder->cli->state, 1);
    if (status == HF_EXIT_GOOD)
        status = hf_holder_http(holder->cli, &holder->http);
    if (status == HF_EXIT_GOOD)
        status = hf_holder_talk(holder, &holder->signer);
    if (status != HF_EXIT_GOOD)
        return status;
    if (holder->file.url.len == 0)
        err = find_url(holder, url, &why);
    if (err == HF_OK)
        err = hf_account_fetch(&holder->talk, holder->file.url, &object, &proof,
                               &why);
    hf_account_object_clear(&object);
    if (err != HF_OK)
        return hf_holder_fail(holder->cli, &holder->talk,
                              HF_SPAN("nothing was written down: the account"),
                              err, &why);
    if (proof == HF_PROOF_OK)
        return HF_EXIT_GOOD;
    hf_cli_error(holder->cli, holder->file.url,
                 "the CA does not call this account valid; nothing was "
                 "written down");
    return HF_EXIT_NO;
}

static enum hf_exit write_down(struct hf_holder *holder, struct hf_span pem)
{
    struct hf_account_file other;
    struct hf_why why = {0};
    enum hf_err err = hf_account_file_read(holder->folder, &other, &why);

    if (err == HF_OK) {
        hf_account_file_clear(&other);
        err = hf_fail(&why, HF_EINVAL, 0, "there is such an account already");
    } else if (err == HF_ENOTFOUND) {
        err = HF_OK;
    }
    if (err == HF_OK && pem.len > 0)
        err = hf_account_key_write(holder->folder, holder->file.thumbprint, pem,
                                   &why);
    if (err == HF_OK)
        err = hf_account_file_write(holder->folder, &holder->file, &why);
    if (err == HF_OK)
        return HF_EXIT_GOOD;
    hf_cli_fail(holder->cli, hf_span_str(holder->folder), &why);
    return HF_EXIT_ERROR;
}

static void tell(const struct hf_holder *holder)
{
    struct hf_buf *out = &holder->cli->out->buf;
    struct hf_json json = hf_json_to(out);

    if (holder->cli->json) {
        hf_json_open(&json, '{');
        hf_json_key_str(&json, "name", holder->file.name);
        hf_json_key_str(&json, "url", holder->file.url);
        hf_json_key_str(&json, "thumbprint", holder->file.thumbprint);
        hf_json_key_bool(&json, "created", false);
        hf_json_close(&json, '}');
    } else {
        hf_buf_puts(out, "account ");
        hf_buf_put_escaped(out, holder->file.url, HF_URL_MAX);
        hf_buf_puts(out, "\nkept in ");
        hf_buf_puts(out, holder->folder);
        if (holder->file.signer.len > 0)
            hf_buf_puts(out, "\nits key is at the signer ");
        hf_buf_put_escaped(out, holder->file.signer, PATH_MAX);
    }
    hf_buf_putc(out, '\n');
}

enum hf_exit hf_attach_keep(struct hf_holder *holder, struct hf_span pem)
{
    struct hf_account_file *file = &holder->file;
    enum hf_exit status;

    file->name = hf_holder_name(holder->cli);
    file->status = HF_SPAN("valid");
    file->thumbprint = hf_signer_thumbprint(&holder->signer);
    file->created_at = holder->cli->now.s;
    file->checked_at = file->created_at;
    file->keyed_at = file->created_at;
    status = write_down(holder, pem);
    if (status == HF_EXIT_GOOD)
        tell(holder);
    return status;
}

static enum hf_exit attach_all(struct attach *attach)
{
    struct hf_holder *holder = &attach->holder;
    enum hf_exit status = connect_to(attach);

    if (status == HF_EXIT_GOOD)
        status = hf_attach_prove(holder, attach->url);
    if (status != HF_EXIT_GOOD)
        return status;
    holder->file.signer = hf_span_str(attach->socket);
    return hf_attach_keep(holder, (struct hf_span){0});
}

static enum hf_exit begin(struct attach *attach, struct hf_cli *cli,
                          const char *path)
{
    struct hf_why why = {0};
    enum hf_exit status =
        hf_holder_init(cli, hf_holder_name(cli), &attach->holder);

    if (status != HF_EXIT_GOOD)
        return status;
    if (hf_file_absolute(path, attach->socket, sizeof(attach->socket), &why) !=
        HF_OK) {
        hf_cli_fail(cli, hf_span_str(path), &why);
        return HF_EXIT_ERROR;
    }
    return attach_all(attach);
}

enum hf_exit hf_attach(struct hf_cli *cli, const char *path)
{
    struct attach *attach = hf_alloc(1, sizeof(*attach));
    enum hf_exit status;

    if (attach == NULL) {
        hf_cli_error(cli, HF_SPAN(""), "out of memory");
        return HF_EXIT_ERROR;
    }
    status = begin(attach, cli, path);
    hf_holder_clear(&attach->holder);
    hf_free(attach);
    return status;
}
