/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/commands.h"
#include "cli/failover.h"

#define NAMES_ROOM (HF_LINEAGE_NAMES_MAX * 256)

static const struct hf_option options[] = {
    {.name = "name",
     .arg = "NAME",
     .help = "What the certificate is called here (default: its first name)"},
    HF_ISSUE_OPTIONS,
};

/* The names in canonical form, one behind the other in `room`. */
static enum hf_exit add_name(const struct hf_cli *cli, struct hf_span text,
                             struct hf_buf *room, struct hf_lineage *lineage)
{
    struct hf_span name = text;
    bool wildcard = hf_name_take_star(&name);
    size_t from = room->len;
    struct hf_why why = {0};
    struct hf_name canonical;
    struct hf_span added;

    if (hf_idna_canonical(name, &canonical, &why) != HF_OK)
        return hf_cli_usage(cli, text, why.text);
    if (wildcard)
        hf_buf_puts(room, "*.");
    hf_buf_put(room, hf_name_span(&canonical));
    added = (struct hf_span){room->ptr + from, room->len - from};
    if (room->full || hf_span_among(added, lineage->names, lineage->name_count))
        return hf_cli_usage(cli, text, "given twice");
    lineage->names[lineage->name_count++] = added;
    return HF_EXIT_GOOD;
}

/* In the order in which they are given. */
static enum hf_exit read_accounts(const struct hf_cli *cli,
                                  struct hf_lineage *out)
{
    size_t count = hf_cli_count(cli, "account");

    if (count > HF_LINEAGE_ACCOUNTS_MAX)
        return hf_cli_usage(cli, HF_SPAN("--account"),
                            "more than eight accounts");
    for (size_t i = 0; i < count; i++) {
        struct hf_span name = hf_span_str(hf_cli_nth(cli, "account", i));

        if (hf_span_among(name, out->accounts, i))
            return hf_cli_usage(cli, name, "given twice");
        out->accounts[out->account_count++] = name;
    }
    if (count == 0)
        out->accounts[out->account_count++] = hf_holder_name(cli);
    out->account = out->accounts[0];
    return HF_EXIT_GOOD;
}

static enum hf_exit read_lineage(const struct hf_cli *cli, struct hf_buf *room,
                                 struct hf_lineage *out)
{
    enum hf_exit status = HF_EXIT_GOOD;

    for (size_t i = 0; i < cli->operand_count; i++) {
        status = add_name(cli, hf_span_str(cli->operands[i]), room, out);
        if (status != HF_EXIT_GOOD)
            return status;
    }
    status = read_accounts(cli, out);
    if (status != HF_EXIT_GOOD)
        return status;
    (void)hf_hooks_replace(cli, out);
    out->key_type = hf_span_str(hf_cli_value(cli, "key-type", "p256"));
    out->profile = hf_span_str(hf_cli_value(cli, "profile", NULL));
    out->preferred_profile =
        hf_span_str(hf_cli_value(cli, "preferred-profile", NULL));
    if (out->profile.len > 0 && out->preferred_profile.len > 0)
        return hf_cli_usage(cli, HF_SPAN(""),
                            "give --profile or --preferred-profile, not both");
    out->chain = hf_span_str(hf_cli_value(cli, "preferred-chain", NULL));
    out->must_staple = hf_cli_has(cli, "must-staple");
    out->reuses_key = hf_cli_has(cli, "reuse-key");
    out->name = hf_span_str(hf_cli_value(cli, "name", NULL));
    if (out->name.len == 0) {
        out->name = out->names[0];
        (void)hf_name_take_star(&out->name);
    }
    if (!hf_lineage_name_is_good(out->name))
        return hf_cli_usage(cli, out->name,
                            "no name for a folder; --name takes letters, "
                            "digits, dots, hyphens and underscores");
    return HF_EXIT_GOOD;
}

static enum hf_exit issue(struct hf_cli *cli, const struct hf_lineage *lineage,
                          struct hf_hooks *hooks)
{
    const struct hf_issue_wish wish = {.lineage = lineage, .hooks = hooks};
    struct hf_failover failover;
    enum hf_exit status;

    hf_failover_init(&failover, cli);
    status = hf_failover_issue(&failover, &wish);
    hf_failover_clear(&failover);
    hf_hooks_note(hooks, lineage, status == HF_EXIT_GOOD);
    if (!hf_hooks_after(hooks) && status == HF_EXIT_GOOD)
        status = HF_EXIT_ERROR;
    return status;
}

static enum hf_exit run(struct hf_cli *cli)
{
    struct hf_lineage lineage = {0};
    struct hf_hooks *hooks = NULL;
    struct hf_lock lock = {0};
    struct hf_buf room;
    enum hf_exit status = HF_EXIT_ERROR;

    hf_buf_init_grow(&room, NAMES_ROOM);
    /* The names point into it: it must not move. */
    if (hf_buf_reserve(&room, NAMES_ROOM) == NULL) {
        hf_cli_error(cli, HF_SPAN(""), "out of memory");
        return HF_EXIT_ERROR;
    }
    status = read_lineage(cli, &room, &lineage);
    if (status == HF_EXIT_GOOD)
        status = hf_state_lock(cli, HF_LOCK_CERTIFICATES, &lock);
    if (status == HF_EXIT_GOOD)
        status = hf_hooks_new(cli, &hooks);
    if (status == HF_EXIT_GOOD)
        status = hf_hooks_add(hooks, &lineage) ? hf_hooks_start(hooks)
                                               : HF_EXIT_ERROR;
    if (status == HF_EXIT_GOOD)
        status = issue(cli, &lineage, hooks);
    hf_hooks_free(hooks);
    hf_lock_drop(&lock);
    hf_buf_clear(&room);
    return status;
}

const struct hf_command hf_cmd_cert_issue = {
    .name = "cert issue",
    .operands = "NAME...",
    .summary = "Get a certificate by standing records",
    .details =
        "Looks at the record of each NAME as the CA will, at every "
        "authoritative server\nand through DNSSEC and CAA, and orders only "
        "when all of them would validate:\nelse it says what is wrong and "
        "which record to publish, and exits with 2.\n\nThe certificate is in "
        "STATE/live/NAME, laid out as certbot does it.\n",
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .operands_min = 1,
    .operands_max = HF_LINEAGE_NAMES_MAX,
    .run = run,
};
