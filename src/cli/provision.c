/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/provision.h"

#include "base/alloc.h"
#include "cli/fence.h"
#include "cli/layers.h"
#include "cli/publisher.h"
#include "client/account.h"

struct dns_hook {
    char *text;
    struct hf_hook hook;
    bool is_open;
};

struct hf_provision {
    struct hf_cli *cli;
    const char **folders; /* the state's, which is borrowed; of web servers */
    size_t folder_count;
    struct dns_hook *hooks;
    size_t hook_count;
    bool is_open; /* no wall can be built */
};

static void fail_memory(const struct hf_provision *provision)
{
    hf_cli_error(provision->cli, HF_SPAN(""), "out of memory");
}

static char *copy(struct hf_span text)
{
    char *room = hf_alloc(text.len + 1, 1);

    if (room != NULL && text.len > 0)
        memcpy(room, text.ptr, text.len);
    return room;
}

enum hf_exit hf_provision_new(struct hf_cli *cli, struct hf_provision **out)
{
    struct hf_provision *provision = hf_alloc(1, sizeof(*provision));

    if (provision != NULL)
        provision->folders = hf_alloc(1, sizeof(provision->folders[0]));
    if (provision == NULL || provision->folders == NULL) {
        hf_free(provision);
        hf_cli_error(cli, HF_SPAN(""), "out of memory");
        return HF_EXIT_ERROR;
    }
    provision->cli = cli;
    provision->folders[provision->folder_count++] = cli->state;
    *out = provision;
    return HF_EXIT_GOOD;
}

void hf_provision_free(struct hf_provision *provision)
{
    if (provision == NULL)
        return;
    for (size_t i = 0; i < provision->hook_count; i++) {
        hf_hook_close(&provision->hooks[i].hook);
        hf_free(provision->hooks[i].text);
    }
    for (size_t i = 1; i < provision->folder_count; i++)
        hf_free((char *)(uintptr_t)provision->folders[i]);
    hf_free(provision->hooks);
    hf_free(provision->folders);
    hf_free(provision);
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

static bool add_hook(struct hf_provision *provision, struct hf_span text)
{
    struct dns_hook *hooks;
    char *kept;

    if (text.len == 0 || hf_cli_has(provision->cli, "dry-run") ||
        find(provision, text) != NULL)
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

static bool add_folder(struct hf_provision *provision, struct hf_span path)
{
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

/* Does whoever unlocks its key need more than a wall leaves? What cannot be
 * read is told when the account is opened. */
static void look_at(struct hf_provision *provision, struct hf_span account)
{
    const struct hf_cli *cli = provision->cli;
    char folder[PATH_MAX];
    struct hf_account_file file;

    hf_layers_use_account(cli, account);
    if (hf_account_folder(cli->state, account, folder, sizeof(folder), NULL) !=
            HF_OK ||
        hf_account_file_read(folder, &file, NULL) != HF_OK)
        return;
    provision->is_open |= hf_cli_has(cli, "passphrase-command") ||
                          hf_cli_has(cli, "next-passphrase-command") ||
                          file.passphrase.command.len > 0 ||
                          file.next_passphrase.command.len > 0 ||
                          is_in_hardware(folder, file.thumbprint) ||
                          is_in_hardware(folder, file.next);
    hf_account_file_clear(&file);
}

bool hf_provision_add(struct hf_provision *provision,
                      const struct hf_lineage *lineage)
{
    const struct hf_cli *cli = provision->cli;
    size_t given =
        hf_cli_count(cli, "account"); /* in the place of the others */

    look_at(provision, lineage->account);
    for (size_t i = 0; i < lineage->account_count; i++)
        look_at(provision, lineage->accounts[i]);
    for (size_t i = 0; i < given; i++)
        look_at(provision, hf_span_str(hf_cli_nth(cli, "account", i)));
    if (add_hook(provision, lineage->means.dns_hook) &&
        add_folder(provision, lineage->means.webroot))
        return true;
    fail_memory(provision);
    return false;
}

/* ---- what is there ---- */

enum hf_exit hf_provision_start(struct hf_provision *provision)
{
    for (size_t i = 0; i < provision->hook_count; i++) {
        struct dns_hook *hook = &provision->hooks[i];

        hook->is_open =
            hf_hook_parse(hook->text, &hook->hook, NULL) == HF_OK &&
            hf_hook_open(&hook->hook, hf_cli_home(),
                         HF_PUBLISHER_HOOK_TIMEOUT_S * 1000, NULL) == HF_OK;
    }
    return provision->is_open
               ? HF_EXIT_GOOD
               : hf_fence_from_cli(provision->cli, provision->folders,
                                   provision->folder_count);
}

struct hf_hook *hf_provision_hook(struct hf_provision *provision,
                                  struct hf_span text)
{
    struct dns_hook *hook = find(provision, text);

    return hook != NULL && hook->is_open ? &hook->hook : NULL;
}
