/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/provision.h"

#include "base/alloc.h"
#include "cli/fence.h"
#include "cli/holder.h"
#include "cli/layers.h"
#include "cli/publisher.h"
#include "os/secret.h"

struct dns_hook {
    char *text;
    struct hf_hook hook;
    bool is_open;
};

/* A key in hardware. */
struct hardware {
    char folder[PATH_MAX]; /* of its account */
    char account[HF_ACCOUNT_NAME_MAX + 1];
    char thumbprint[HF_THUMBPRINT_LEN];
    struct hf_key *key; /* NULL: its process could not be started */
};

struct hf_provision {
    const char **folders; /* the state's, which is borrowed; of web servers */
    size_t folder_count;
    struct dns_hook *hooks;
    size_t hook_count;
    char **commands; /* that tell passphrases; by number in `tellers` */
    size_t command_count;
    struct hf_runner tellers;
    struct hardware *hardware;
    size_t hardware_count;
};

static char *copy(struct hf_span text)
{
    char *room = hf_alloc(text.len + 1, 1);

    if (room != NULL && text.len > 0)
        memcpy(room, text.ptr, text.len);
    return room;
}

enum hf_exit hf_provision_new(struct hf_cli *cli)
{
    struct hf_provision *provision = hf_alloc(1, sizeof(*provision));

    if (provision != NULL)
        provision->folders = hf_alloc(1, sizeof(provision->folders[0]));
    if (provision == NULL || provision->folders == NULL) {
        hf_free(provision);
        hf_cli_error(cli, HF_SPAN(""), "out of memory");
        return HF_EXIT_ERROR;
    }
    provision->folders[provision->folder_count++] = cli->state;
    cli->provision = provision;
    return HF_EXIT_GOOD;
}

void hf_provision_free(struct hf_cli *cli)
{
    struct hf_provision *provision = cli->provision;

    if (provision == NULL)
        return;
    for (size_t i = 0; i < provision->hook_count; i++) {
        hf_hook_close(&provision->hooks[i].hook);
        hf_free(provision->hooks[i].text);
    }
    for (size_t i = 0; i < provision->command_count; i++)
        hf_free(provision->commands[i]);
    for (size_t i = 1; i < provision->folder_count; i++)
        hf_free((char *)(uintptr_t)provision->folders[i]);
    for (size_t i = 0; i < provision->hardware_count; i++)
        hf_key_free(provision->hardware[i].key);
    hf_runner_clear(&provision->tellers);
    hf_free(provision->hardware);
    hf_free((void *)provision->commands);
    hf_free(provision->hooks);
    hf_free((void *)provision->folders);
    hf_free(provision);
    cli->provision = NULL;
}

/* ---- what is needed ---- */

static struct dns_hook *find(const struct hf_provision *provision,
                             struct hf_span text)
{
    for (size_t i = 0; i < provision->hook_count; i++)
        if (hf_span_eq(text, hf_span_str(provision->hooks[i].text)))
            return &provision->hooks[i];
    return NULL;
}

static size_t find_command(const struct hf_provision *provision,
                           struct hf_span command)
{
    size_t i = 0;

    while (i < provision->command_count &&
           !hf_span_eq(command, hf_span_str(provision->commands[i])))
        i++;
    return i;
}

static bool add_command(struct hf_provision *provision, struct hf_span command)
{
    char **commands;
    char *kept;

    if (command.len == 0 ||
        find_command(provision, command) < provision->command_count)
        return true;
    commands = hf_realloc((void *)provision->commands,
                          provision->command_count + 1, sizeof(commands[0]));
    if (commands == NULL)
        return false;
    provision->commands = commands;
    kept = copy(command);
    if (kept == NULL)
        return false;
    commands[provision->command_count++] = kept;
    return true;
}

static bool add_hook(struct hf_provision *provision, struct hf_span text)
{
    struct dns_hook *hooks;
    char *kept;

    if (text.len == 0 || find(provision, text) != NULL)
        return true;
    hooks = hf_realloc(provision->hooks, provision->hook_count + 1,
                       sizeof(hooks[0]));
    if (hooks == NULL)
        return false;
    provision->hooks = hooks;
    kept = copy(text);
    if (kept == NULL)
        return false;
    hooks[provision->hook_count++] = (struct dns_hook){.text = kept};
    return true;
}

bool hf_provision_add_folder(struct hf_cli *cli, struct hf_span path)
{
    struct hf_provision *provision = cli->provision;
    const char **folders;
    char *kept;

    if (path.len == 0)
        return true;
    for (size_t i = 0; i < provision->folder_count; i++)
        if (hf_span_eq(path, hf_span_str(provision->folders[i])))
            return true;
    folders = hf_realloc((void *)provision->folders,
                         provision->folder_count + 1, sizeof(folders[0]));
    if (folders == NULL)
        return false;
    provision->folders = folders;
    kept = copy(path);
    if (kept == NULL)
        return false;
    folders[provision->folder_count++] = kept;
    return true;
}

static bool is_in_hardware(const char *folder, struct hf_span thumbprint)
{
    struct hf_key_place place;

    return thumbprint.len > 0 &&
           hf_account_key_place(folder, thumbprint, &place, NULL) == HF_OK &&
           place.home != HF_HOME_FILE;
}

static struct hardware *find_hardware(const struct hf_provision *provision,
                                      const char *folder,
                                      struct hf_span thumbprint)
{
    for (size_t i = 0; i < provision->hardware_count; i++) {
        struct hardware *hardware = &provision->hardware[i];
        struct hf_span known = {hardware->thumbprint, HF_THUMBPRINT_LEN};

        if (strcmp(folder, hardware->folder) == 0 &&
            hf_span_eq(thumbprint, known))
            return hardware;
    }
    return NULL;
}

static bool add_key(struct hf_provision *provision, const char *folder,
                    struct hf_span account, struct hf_span thumbprint)
{
    struct hardware *hardware;
    size_t len = strlen(folder);

    if (!is_in_hardware(folder, thumbprint) ||
        thumbprint.len != HF_THUMBPRINT_LEN ||
        find_hardware(provision, folder, thumbprint) != NULL)
        return true;
    hardware = hf_realloc(provision->hardware, provision->hardware_count + 1,
                          sizeof(*hardware));
    if (hardware == NULL)
        return false;
    provision->hardware = hardware;
    hardware += provision->hardware_count++;
    *hardware = (struct hardware){0};
    /* Both are good: the file was read by them. */
    memcpy(hardware->folder, folder, len + 1);
    memcpy(hardware->account, account.ptr, account.len);
    memcpy(hardware->thumbprint, thumbprint.ptr, thumbprint.len);
    return true;
}

/* An option of the command line, or of the account's section. */
static struct hf_span said(const struct hf_cli *cli, const char *option)
{
    return hf_span_str(hf_cli_value(cli, option, NULL));
}

/* What cannot be read is told when the account is opened. */
bool hf_provision_add_account(struct hf_cli *cli, struct hf_span account)
{
    struct hf_provision *provision = cli->provision;
    char folder[PATH_MAX];
    struct hf_account_file file;
    bool good;

    hf_layers_use_account(cli, account);
    if (hf_account_folder(cli->state, account, folder, sizeof(folder), NULL) !=
            HF_OK ||
        hf_account_file_read(folder, &file, NULL) != HF_OK)
        return true;
    good = add_key(provision, folder, account, file.thumbprint) &&
           add_key(provision, folder, account, file.next) &&
           add_command(provision, said(cli, "passphrase-command")) &&
           add_command(provision, said(cli, "next-passphrase-command")) &&
           add_command(provision, file.passphrase.command) &&
           add_command(provision, file.next_passphrase.command);
    hf_account_file_clear(&file);
    return good;
}

static bool add_accounts(struct hf_cli *cli, const struct hf_lineage *lineage)
{
    size_t given =
        hf_cli_count(cli, "account"); /* in the place of the others */
    bool good = hf_provision_add_account(cli, lineage->account);

    for (size_t i = 0; i < lineage->account_count && good; i++)
        good = hf_provision_add_account(cli, lineage->accounts[i]);
    for (size_t i = 0; i < given && good; i++)
        good = hf_provision_add_account(
            cli, hf_span_str(hf_cli_nth(cli, "account", i)));
    return good;
}

bool hf_provision_add(struct hf_cli *cli, const struct hf_lineage *lineage)
{
    if (add_accounts(cli, lineage) &&
        (hf_cli_has(cli, "dry-run") ||
         add_hook(cli->provision, lineage->means.dns_hook)) &&
        hf_provision_add_folder(cli, lineage->means.webroot))
        return true;
    hf_cli_error(cli, lineage->name, "out of memory");
    return false;
}

/* ---- what is there ---- */

static void open_hook(struct dns_hook *hook)
{
    hook->is_open =
        hf_hook_parse(hook->text, &hook->hook, NULL) == HF_OK &&
        hf_hook_open(&hook->hook, hf_cli_home(),
                     HF_PUBLISHER_HOOK_TIMEOUT_S * 1000, NULL) == HF_OK;
}

/* Why it could not be started is told, and once more when it is missed. */
static void start_hardware(const struct hf_cli *cli, struct hardware *hardware)
{
    const struct hf_span thumbprint = {hardware->thumbprint, HF_THUMBPRINT_LEN};
    struct hf_holder holder = {0};

    if (hf_holder_file(cli, hf_span_str(hardware->account), &holder) ==
        HF_EXIT_GOOD)
        (void)hf_holder_begin_wait(&holder, thumbprint, &hardware->key);
    hf_holder_clear(&holder);
}

static enum hf_exit start_tellers(const struct hf_cli *cli)
{
    struct hf_provision *provision = cli->provision;
    struct hf_why why = {0};

    if (provision->command_count == 0)
        return HF_EXIT_GOOD;
    hf_secret_init(&provision->tellers);
    for (size_t i = 0; i < provision->command_count; i++)
        (void)hf_secret_add(&provision->tellers,
                            hf_span_str(provision->commands[i]));
    if (hf_runner_start(&provision->tellers, &why) == HF_OK)
        return HF_EXIT_GOOD;
    hf_cli_fail(cli, HF_SPAN("passphrase"), &why);
    return HF_EXIT_ERROR;
}

enum hf_exit hf_provision_start(struct hf_cli *cli)
{
    struct hf_provision *provision = cli->provision;
    enum hf_exit status = start_tellers(cli);

    if (status != HF_EXIT_GOOD)
        return status;
    for (size_t i = 0; i < provision->hook_count; i++)
        open_hook(&provision->hooks[i]);
    for (size_t i = 0; i < provision->hardware_count; i++)
        start_hardware(cli, &provision->hardware[i]);
    return hf_fence_from_cli(cli, provision->folders, provision->folder_count);
}

struct hf_key *hf_provision_key(const struct hf_cli *cli, const char *folder,
                                struct hf_span thumbprint)
{
    const struct hardware *hardware =
        cli->provision == NULL
            ? NULL
            : find_hardware(cli->provision, folder, thumbprint);

    return hardware == NULL ? NULL : hardware->key;
}

struct hf_hook *hf_provision_hook(const struct hf_cli *cli, struct hf_span text)
{
    struct dns_hook *hook =
        cli->provision == NULL ? NULL : find(cli->provision, text);

    return hook != NULL && hook->is_open ? &hook->hook : NULL;
}

bool hf_provision_tell(const struct hf_cli *cli, struct hf_span command,
                       struct hf_buf *out, enum hf_err *err, struct hf_why *why)
{
    struct hf_provision *provision = cli->provision;
    size_t index;

    if (provision == NULL)
        return false;
    index = find_command(provision, command);
    if (index == provision->command_count)
        return false;
    *err = hf_secret_run(&provision->tellers, index, out, why);
    return true;
}
