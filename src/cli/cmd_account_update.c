/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_account_update.c -- what the CA knows of who has the account. */
#include "cli/commands.h"
#include "cli/contact.h"
#include "cli/holder.h"

static const struct hf_option options[] = {
    HF_ACCOUNT_OPTIONS,
    {.name = "contact",
     .arg = "MAIL",
     .help = "Address that the CA may write to from now on"},
    {.name = "no-contact", .help = "None any more"},
    HF_PASSPHRASE_OPTIONS,
    HF_WAIT_OPTION,
    HF_HTTP_OPTIONS,
    HF_SANDBOX_OPTION,
};

static void tell(const struct hf_holder *holder)
{
    struct hf_buf *out = &holder->cli->out->buf;
    struct hf_json json = hf_json_to(out);

    if (holder->cli->json) {
        hf_json_open(&json, '{');
        hf_json_key_str(&json, "name", holder->file.name);
        hf_json_key_str(&json, "url", holder->file.url);
        hf_json_key(&json, "contact");
        if (holder->file.contact.len > 0)
            hf_json_str(&json, holder->file.contact);
        else
            hf_json_null(&json);
        hf_json_close(&json, '}');
    } else {
        hf_buf_put_escaped(out, holder->file.name, HF_ACCOUNT_NAME_MAX);
        if (holder->file.contact.len > 0)
            hf_buf_puts(out, ": the CA writes to ");
        else
            hf_buf_puts(out, ": the CA has no address to write to");
        hf_buf_put_escaped(out, holder->file.contact, HF_CONTACT_MAX);
    }
    hf_buf_putc(out, '\n');
}

static enum hf_exit update(struct hf_holder *holder, struct hf_span contact)
{
    struct hf_why why = {0};
    enum hf_err err =
        hf_account_set_contact(&holder->talk, holder->file.url, contact, &why);

    if (err != HF_OK)
        return hf_holder_fail(holder->cli, &holder->talk, holder->file.url, err,
                              &why);
    holder->file.contact = contact;
    if (hf_account_file_write(holder->folder, &holder->file, &why) != HF_OK) {
        hf_cli_fail(holder->cli, hf_span_str(holder->folder), &why);
        return HF_EXIT_ERROR;
    }
    tell(holder);
    return HF_EXIT_GOOD;
}

static enum hf_exit run(struct hf_cli *cli)
{
    char room[HF_CONTACT_MAX];
    struct hf_holder holder;
    struct hf_span contact;
    enum hf_exit status = hf_contact_read(cli, room, &contact);

    if (status == HF_EXIT_GOOD &&
        hf_cli_has(cli, "contact") == hf_cli_has(cli, "no-contact"))
        status = hf_cli_usage(cli, HF_SPAN(""),
                              "give either --contact MAIL or --no-contact");
    if (status == HF_EXIT_GOOD)
        status = hf_holder_open_fenced(cli, &holder);
    if (status != HF_EXIT_GOOD)
        return status;
    status = update(&holder, contact);
    hf_holder_clear(&holder);
    return status;
}

const struct hf_command hf_cmd_account_update = {
    .name = "account update",
    .operands = "",
    .summary = "Change the address that the CA may write to",
    .details =
        "When a CA has changed its terms of service it refuses to go on, and "
        "says where\n"
        "to agree: that is done in a browser (RFC 8555, section 7.3.3).\n",
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .run = run,
};
