/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_account_serve.c -- sign for a fleet that does not have the key. */
#include <unistd.h>

#include "cli/commands.h"
#include "cli/fleet.h"
#include "cli/provision.h"
#include "os/signals.h"

static const struct hf_option options[] = {
    HF_ACCOUNT_OPTIONS,
    {.name = "socket",
     .arg = "PATH",
     .choices = "<file>",
     .help = "Unix socket to listen at"},
    {.name = "allow-uid",
     .arg = "UID",
     .many = true,
     .help = "Sign for this user; by default for our own only"},
    {.name = "allow-gid",
     .arg = "GID",
     .many = true,
     .help = "Sign for users whose primary group this is"},
    {.name = "allow-rekey",
     .help = "Sign also what changes or ends the account"},
    HF_PASSPHRASE_OPTIONS,
    HF_SANDBOX_OPTION,
};

static enum hf_exit read_ids(struct hf_cli *cli, const char *option,
                             int64_t *ids, size_t *count)
{
    *count = hf_cli_count(cli, option);
    if (*count > HF_FLEET_IDS_MAX)
        return hf_cli_usage(cli, hf_span_str(option), "too many of them");
    for (size_t i = 0; i < *count; i++) {
        struct hf_span text = hf_span_str(hf_cli_nth(cli, option, i));

        if (!hf_persist_until_parse(text, &ids[i]) || ids[i] < 0 ||
            ids[i] >= UINT32_MAX)
            return hf_cli_usage(cli, text, "no number of a user or group");
    }
    return HF_EXIT_GOOD;
}

static enum hf_exit read_options(struct hf_cli *cli, struct hf_fleet *fleet)
{
    enum hf_exit status =
        read_ids(cli, "allow-uid", fleet->uids, &fleet->uid_count);

    if (status == HF_EXIT_GOOD)
        status = read_ids(cli, "allow-gid", fleet->gids, &fleet->gid_count);
    if (status == HF_EXIT_GOOD && !hf_cli_has(cli, "socket"))
        status = hf_cli_usage(cli, HF_SPAN(""), "give --socket PATH");
    if (fleet->uid_count + fleet->gid_count == 0)
        fleet->uids[fleet->uid_count++] = geteuid();
    fleet->all = hf_cli_has(cli, "allow-rekey");
    return status;
}

/* The key may have been changed since we unlocked it. While that is under way
 * the old one is kept: nobody knows yet. */
static enum hf_exit refresh(struct hf_holder *holder)
{
    struct hf_account_file before;
    struct hf_account_file file;
    struct hf_signer signer = {0};
    struct hf_why why = {0};
    enum hf_key_kind kind;
    enum hf_exit status;

    if (hf_account_file_read(holder->folder, &file, &why) != HF_OK) {
        hf_cli_fail(holder->cli, hf_span_str(holder->folder), &why);
        return HF_EXIT_ERROR;
    }
    if (hf_span_eq(file.thumbprint, hf_signer_thumbprint(&holder->signer))) {
        hf_account_file_clear(&file);
        return HF_EXIT_GOOD;
    }
    before = holder->file;
    holder->file = file;
    /* The new key may be elsewhere, and its passphrase with it. What was typed
     * is of use for both. */
    if (!hf_passphrase_source_is_empty(&file.passphrase)) {
        explicit_bzero(holder->passphrase.ptr, holder->passphrase.len);
        hf_buf_reset(&holder->passphrase);
    }
    status = hf_holder_unlock(holder, file.thumbprint, &signer, &kind);
    if (status != HF_EXIT_GOOD) {
        hf_cli_error(holder->cli, holder->file.name,
                     "nobody is served before this signer is started again: "
                     "it cannot have the new key, which may be in hardware or "
                     "want a command that it did not know of when its wall "
                     "was built");
        hf_account_file_clear(&holder->file);
        holder->file = before;
        return status;
    }
    hf_account_file_clear(&before);
    hf_signer_clear(&holder->signer);
    holder->signer = signer;
    holder->kind = kind;
    return HF_EXIT_GOOD;
}

static enum hf_exit serve(struct hf_fleet *fleet)
{
    enum hf_exit status = HF_EXIT_GOOD;
    bool came = false;

    while (status == HF_EXIT_GOOD && !hf_signals_stop_wanted()) {
        status = hf_fleet_turn(fleet, &came);
        if (came && refresh(fleet->holder) == HF_EXIT_GOOD)
            hf_fleet_accept(fleet);
    }
    return status;
}

static enum hf_exit open_account(struct hf_cli *cli, struct hf_holder *holder)
{
    enum hf_exit status = hf_holder_file(cli, hf_holder_name(cli), holder);

    if (status == HF_EXIT_GOOD && holder->file.signer.len > 0) {
        hf_cli_error(cli, holder->file.signer,
                     "the key is not here: serve it where this signer runs");
        status = HF_EXIT_ERROR;
    }
    if (status == HF_EXIT_GOOD)
        status = hf_holder_unlock(holder, holder->file.thumbprint,
                                  &holder->signer, &holder->kind);
    return status;
}

/* The socket's folder: it is made there, and taken away. */
static struct hf_span folder_of(const char *path)
{
    struct hf_span folder = hf_span_str(path);

    while (folder.len > 0 && folder.ptr[folder.len - 1] != '/')
        folder.len--;
    return folder.len == 0 ? HF_SPAN(".") : folder;
}

/* Whoever may connect is a stranger. */
static enum hf_exit wall_in(struct hf_cli *cli, const char *path)
{
    enum hf_exit status = hf_provision_new(cli);

    if (status != HF_EXIT_GOOD)
        return status;
    if (hf_provision_add_account(cli, hf_holder_name(cli)) &&
        hf_provision_add_folder(cli, folder_of(path)))
        return hf_provision_start(cli);
    hf_cli_error(cli, HF_SPAN(""), "out of memory");
    return HF_EXIT_ERROR;
}

static enum hf_exit run(struct hf_cli *cli)
{
    const char *path = hf_cli_value(cli, "socket", NULL);
    struct hf_holder holder = {0};
    struct hf_fleet fleet = {.cli = cli, .holder = &holder, .listener = -1};
    enum hf_exit status = read_options(cli, &fleet);

    if (status == HF_EXIT_GOOD)
        status = wall_in(cli, path);
    if (status == HF_EXIT_GOOD)
        status = open_account(cli, &holder);
    if (status == HF_EXIT_GOOD)
        status = hf_fleet_open(&fleet, path);
    if (status == HF_EXIT_GOOD)
        status = serve(&fleet);
    hf_fleet_close(&fleet, path);
    hf_holder_clear(&holder);
    hf_provision_free(cli);
    return status;
}

const struct hf_command hf_cmd_account_serve_signer = {
    .name = "account serve-signer",
    .operands = "",
    .summary = "Sign orders for others, who do not get the key",
    .details =
        "Accounts made with 'account create --signer PATH' use it. Who asks is "
        "known by\n"
        "the kernel; what is asked for is read before it is signed; each "
        "signature and\n"
        "each refusal is one line of the output. It never speaks to the CA.\n",
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .run = run,
};
