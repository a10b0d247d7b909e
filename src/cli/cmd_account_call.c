/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_account_call.c -- commands that ask the CA about an account. */
#include "cli/commands.h"
#include "cli/holder.h"
#include "cli/rekey.h"
#include "cli/standing.h"
#include "os/secret.h"

static const struct hf_option call_options[] = {
    HF_ACCOUNT_OPTIONS, HF_PASSPHRASE_OPTIONS, HF_WAIT_OPTION,
    HF_HTTP_OPTIONS,    HF_SANDBOX_OPTION,
};

#define CALL_OPTION_COUNT (sizeof(call_options) / sizeof(call_options[0]))

/* Write down what the CA said; that it cannot be written is told. */
static enum hf_exit heard(struct hf_holder *holder, struct hf_span status)
{
    struct hf_why why = {0};

    holder->file.status = status;
    holder->file.checked_at = holder->cli->now.s;
    if (hf_account_file_write(holder->folder, &holder->file, &why) == HF_OK)
        return HF_EXIT_GOOD;
    hf_cli_fail(holder->cli, hf_span_str(holder->folder), &why);
    return HF_EXIT_ERROR;
}

/* ---- check ---- */

static void tell_check(struct hf_holder *holder, const char *state,
                       const char *text)
{
    struct hf_buf *out = &holder->cli->out->buf;
    struct hf_json json = hf_json_to(out);

    if (holder->cli->json) {
        hf_json_open(&json, '{');
        hf_json_key_str(&json, "name", holder->file.name);
        hf_json_key_str(&json, "url", holder->file.url);
        hf_json_key_lit(&json, "state", state);
        hf_json_key_lit(&json, "text", text);
        hf_json_close(&json, '}');
    } else {
        hf_buf_put_escaped(out, holder->file.name, HF_ACCOUNT_NAME_MAX);
        hf_buf_puts(out, ": ");
        hf_buf_puts(out, text);
    }
    hf_buf_putc(out, '\n');
}

/* Our key opens nothing. Is the account gone, or did somebody change its key?
 * The CA tells one thing for both; that it was good before makes the
 * difference worth an alarm. But who ended it here knows why. */
static enum hf_exit tell_refused(struct hf_holder *holder)
{
    if (hf_span_eq(holder->file.status, HF_SPAN("deactivated"))) {
        (void)heard(holder, HF_SPAN("deactivated"));
        tell_check(holder, "deactivated",
                   "deactivated, as it was when it was last heard of: nothing "
                   "can be issued by it, and its records are of no use");
        return HF_EXIT_NO;
    }
    (void)heard(holder, HF_SPAN("refused"));
    tell_check(holder, "refused",
               "the CA does not accept our key for this account any more. "
               "Either the account is gone, or somebody changed its key, and "
               "then every record that names it works for them: take those "
               "records out of DNS now, tell the CA, and look for "
               "certificates that you did not order");
    return HF_EXIT_NO;
}

static enum hf_exit check(struct hf_holder *holder)
{
    struct hf_account_object object;
    struct hf_why why = {0};
    enum hf_proof proof;
    enum hf_exit status;
    enum hf_err err = hf_account_fetch(&holder->talk, holder->file.url, &object,
                                       &proof, &why);

    if (err == HF_EPEER &&
        hf_account_is_refusal(hf_talk_problem(&holder->talk)))
        return tell_refused(holder);
    if (err != HF_OK)
        return hf_holder_fail(holder->cli, &holder->talk, holder->file.url, err,
                              &why);
    status = heard(holder, hf_span_str(hf_acme_status_word(object.status)));
    if (proof == HF_PROOF_OK)
        tell_check(holder, "valid", "valid, and the key is its key");
    else
        tell_check(holder, hf_acme_status_word(object.status),
                   "the account is not valid any more: nothing can be issued "
                   "by it, and its records are of no use");
    holder->file.status = (struct hf_span){0};
    hf_account_object_clear(&object);
    return status == HF_EXIT_GOOD && proof != HF_PROOF_OK ? HF_EXIT_NO : status;
}

static enum hf_exit run_check(struct hf_cli *cli)
{
    struct hf_holder holder;
    enum hf_exit status = hf_holder_open_fenced(cli, &holder);

    if (status != HF_EXIT_GOOD)
        return status;
    status = check(&holder);
    hf_holder_clear(&holder);
    return status;
}

const struct hf_command hf_cmd_account_check = {
    .name = "account check",
    .operands = "",
    .summary = "Ask the CA whether the account is valid and its key ours",
    .details = "The heartbeat of a standing authorization: run it daily. Ends "
               "a key change that\nwas interrupted. Exit status 2 when the "
               "account is not what it should be.\n",
    .options = call_options,
    .option_count = CALL_OPTION_COUNT,
    .run = run_check,
};

/* ---- rollover ---- */

/* A record made from the hash of an earlier key; REQ CLI-22, CLI-08. */
static bool is_of_old_key(const struct hf_holder *holder,
                          const struct hf_entry *entry)
{
    return hf_span_eq(entry->draft, HF_SPAN("02")) &&
           entry->thumbprint.len > 0 &&
           !hf_span_eq(entry->thumbprint, holder->file.thumbprint);
}

static void put_old_record(void *to, const struct hf_entry *entry)
{
    struct hf_holder *holder = to;
    struct hf_buf *out = &holder->cli->out->buf;

    if (!is_of_old_key(holder, entry))
        return;
    if (holder->cli->json) {
        if (out->ptr[out->len - 1] != '[')
            hf_buf_putc(out, ',');
        hf_buf_put_i64(out, entry->id);
        return;
    }
    hf_buf_puts(out, "  ");
    hf_buf_put_i64(out, entry->id);
    hf_buf_puts(out, "  ");
    hf_buf_put_escaped(out, entry->owner, 260);
    hf_buf_putc(out, '\n');
}

static enum hf_exit tell_rollover_json(struct hf_holder *holder, bool hashed)
{
    struct hf_buf *out = &holder->cli->out->buf;
    struct hf_json json = hf_json_to(out);
    enum hf_exit status;

    hf_json_open(&json, '{');
    hf_json_key_str(&json, "name", holder->file.name);
    hf_json_key_str(&json, "url", holder->file.url);
    hf_json_key_str(&json, "thumbprint", holder->file.thumbprint);
    hf_json_key_str(&json, "before", holder->file.prior[0]);
    hf_json_key_bool(&json, "republish", hashed);
    hf_json_key(&json, "records");
    hf_json_open(&json, '[');
    status =
        hf_standing_walk(holder->cli, holder->file.url, put_old_record, holder);
    hf_json_close(&json, ']');
    hf_json_close(&json, '}');
    hf_buf_putc(out, '\n');
    return status;
}

/* REQ CLI-22, ACCT-11, CLI-08 */
static enum hf_exit tell_rollover(struct hf_holder *holder)
{
    enum hf_prefix_state prefix = hf_meta_prefix(&holder->talk.directory.meta);
    bool hashed =
        prefix == HF_PREFIX_USABLE || prefix == HF_PREFIX_USABLE_NO_SLASH;
    struct hf_buf *out = &holder->cli->out->buf;

    if (holder->cli->json)
        return tell_rollover_json(holder, hashed);
    hf_buf_put_escaped(out, holder->file.name, HF_ACCOUNT_NAME_MAX);
    hf_buf_puts(out, ": the key was changed\nthumbprint ");
    hf_buf_put(out, holder->file.thumbprint);
    hf_buf_puts(out, "\nbefore     ");
    hf_buf_put(out, holder->file.prior[0]);
    hf_buf_puts(out,
                hashed ? "\nRecords made with the old key keep working; "
                         "publish those of the new key soon\n"
                       : "\nRecords name the account by its URL, which stays: "
                         "nothing is to be published\n");
    return hf_standing_walk(holder->cli, holder->file.url, put_old_record,
                            holder);
}

static enum hf_exit run_rollover(struct hf_cli *cli)
{
    struct hf_key_choice choice;
    struct hf_holder holder;
    enum hf_exit status = hf_holder_open(cli, hf_holder_name(cli), &holder);

    if (status != HF_EXIT_GOOD)
        return status;
    status = hf_key_choice_read(cli, holder.kind, &holder.file, &choice);
    if (status == HF_EXIT_GOOD)
        status = hf_rekey(&holder, &choice);
    if (status == HF_EXIT_GOOD)
        status = tell_rollover(&holder);
    hf_holder_clear(&holder);
    return status;
}

static const struct hf_option rollover_options[] = {
    HF_ACCOUNT_OPTIONS,    HF_KEY_OPTIONS, HF_NEXT_PASSPHRASE_OPTIONS,
    HF_PASSPHRASE_OPTIONS, HF_WAIT_OPTION, HF_HTTP_OPTIONS,
    HF_SANDBOX_OPTION,
};

const struct hf_command hf_cmd_account_rollover = {
    .name = "account rollover",
    .operands = "",
    .summary = "Change the account's key",
    .details = "Both keys are kept until the CA has answered; after a crash "
               "the next command\nasks the CA which of them counts. Unless "
               "something else is said, the new key is\nwhere the old one "
               "is, under the same passphrase or PIN.\n",
    .options = rollover_options,
    .option_count = sizeof(rollover_options) / sizeof(rollover_options[0]),
    .run = run_rollover,
};

/* ---- deactivate ---- */

static void say_record(void *to, const struct hf_entry *entry)
{
    const struct hf_holder *holder = to;

    hf_cli_error(holder->cli, entry->owner,
                 "this record will authorise nothing");
}

static void say_what_breaks(struct hf_holder *holder)
{
    hf_cli_error(holder->cli, holder->file.url,
                 "deactivating is for ever. No record that names this account "
                 "will authorise anything again, at any name; renewals by it "
                 "stop; authorizations that the CA holds end. Certificates "
                 "already issued stay valid until they expire or are revoked");
    (void)hf_standing_walk(holder->cli, holder->file.url, say_record, holder);
}

/* REQ CLI-38, ACCT-03, ACCT-17: what will break, and then the URL, typed. */
static enum hf_exit confirm(struct hf_holder *holder)
{
    struct hf_span given =
        hf_span_str(hf_cli_value(holder->cli, "confirm", NULL));
    char room[HF_ACCOUNT_URL_MAX + 2];
    struct hf_buf typed;
    struct hf_why why = {0};

    if (given.len > 0 && hf_span_eq(given, holder->file.url))
        return HF_EXIT_GOOD;
    say_what_breaks(holder);
    if (given.len > 0)
        return hf_cli_usage(holder->cli, given,
                            "--confirm wants the account's URL, as above");
    hf_buf_init(&typed, room, sizeof(room));
    if (hf_terminal_ask("Type the account's URL to go on: ", &typed, &why) !=
        HF_OK) {
        hf_cli_error(holder->cli, HF_SPAN(""),
                     "nothing was done; --confirm URL confirms without a "
                     "terminal");
        return HF_EXIT_ERROR;
    }
    if (hf_span_eq(hf_buf_span(&typed), holder->file.url))
        return HF_EXIT_GOOD;
    hf_cli_error(holder->cli, HF_SPAN(""),
                 "that is another URL; nothing was done");
    return HF_EXIT_ERROR;
}

static enum hf_exit run_deactivate(struct hf_cli *cli)
{
    struct hf_holder holder;
    struct hf_why why = {0};
    enum hf_exit status = hf_holder_open_fenced(cli, &holder);
    enum hf_err err;

    if (status != HF_EXIT_GOOD)
        return status;
    status = confirm(&holder);
    if (status == HF_EXIT_GOOD) {
        err = hf_account_deactivate(&holder.talk, holder.file.url, &why);
        if (err != HF_OK)
            status =
                hf_holder_fail(cli, &holder.talk, holder.file.url, err, &why);
    }
    if (status == HF_EXIT_GOOD)
        status = heard(&holder, HF_SPAN("deactivated"));
    if (status == HF_EXIT_GOOD)
        tell_check(&holder, "deactivated",
                   "deactivated; take its records out of DNS, they are of no "
                   "use to anybody now");
    hf_holder_clear(&holder);
    return status;
}

static const struct hf_option deactivate_options[] = {
    HF_ACCOUNT_OPTIONS,
    {.name = "confirm",
     .arg = "URL",
     .help = "The account's URL: confirms without a terminal"},
    HF_PASSPHRASE_OPTIONS,
    HF_WAIT_OPTION,
    HF_HTTP_OPTIONS,
    HF_SANDBOX_OPTION,
};

const struct hf_command hf_cmd_account_deactivate = {
    .name = "account deactivate",
    .operands = "",
    .summary = "End an account for ever",
    .details = "The answer to a stolen account key, and it cannot be undone. "
               "Says what it will\nbreak and wants the account's URL typed.\n",
    .options = deactivate_options,
    .option_count = sizeof(deactivate_options) / sizeof(deactivate_options[0]),
    .run = run_deactivate,
};

/* ---- public ---- */

static void put_names(struct hf_json *json, const struct hf_names *names)
{
    hf_json_key(json, "issuerDomainNames");
    hf_json_open(json, '[');
    for (size_t i = 0; i < names->count; i++)
        hf_json_str(json, names->list[i]);
    hf_json_close(json, ']');
}

/* REQ CLI-18, CLI-19: what a record is made of, and nothing that signs. */
static void put_public(struct hf_holder *holder)
{
    const struct hf_meta *meta = &holder->talk.directory.meta;
    enum hf_prefix_state prefix = hf_meta_prefix(meta);
    struct hf_json json = hf_json_to(&holder->cli->out->buf);

    hf_json_open(&json, '{');
    hf_json_key_int(&json, "format", 1);
    hf_json_key_str(&json, "directory", holder->file.directory);
    hf_json_key_str(&json, "accountUrl", holder->file.url);
    hf_json_key_str(&json, "thumbprint", holder->file.thumbprint);
    hf_json_key(&json, "accountHashPrefix");
    if (prefix == HF_PREFIX_USABLE || prefix == HF_PREFIX_USABLE_NO_SLASH)
        hf_json_str(&json, meta->prefix.text);
    else
        hf_json_null(&json);
    hf_json_key_lit(&json, "hashAlg", "sha-256");
    if (hf_names_check(&meta->issuers) == HF_CHALLENGE_OK)
        put_names(&json, &meta->issuers);
    hf_json_key_int(&json, "provedAt", holder->cli->now.s);
    hf_json_close(&json, '}');
    hf_buf_putc(&holder->cli->out->buf, '\n');
}

/* REQ CLI-17: only after the CA has confirmed that the key is the account's. */
static enum hf_exit prove_and_put(struct hf_holder *holder)
{
    struct hf_account_object object = {0};
    enum hf_proof proof = HF_PROOF_ACCOUNT_STATUS;
    struct hf_why why = {0};
    enum hf_err err = hf_account_fetch(&holder->talk, holder->file.url, &object,
                                       &proof, &why);

    hf_account_object_clear(&object);
    if (err != HF_OK &&
        !(err == HF_EPEER &&
          hf_account_is_refusal(hf_talk_problem(&holder->talk))))
        return hf_holder_fail(holder->cli, &holder->talk, holder->file.url, err,
                              &why);
    if (proof == HF_PROOF_OK) {
        put_public(holder);
        return HF_EXIT_GOOD;
    }
    hf_cli_error(holder->cli, holder->file.url,
                 "draft -02 4.5: the CA does not call this account valid and "
                 "the key its key, so nothing is handed out; 'holdfast account "
                 "check' says more");
    return HF_EXIT_NO;
}

static enum hf_exit run_public(struct hf_cli *cli)
{
    struct hf_holder holder;
    enum hf_exit status = hf_holder_open_fenced(cli, &holder);

    if (status != HF_EXIT_GOOD)
        return status;
    status = prove_and_put(&holder);
    hf_holder_clear(&holder);
    return status;
}

const struct hf_command hf_cmd_account_public = {
    .name = "account public",
    .operands = "",
    .summary = "The half of an account that DNS operators need, as JSON",
    .details = "URL, thumbprint, prefix and issuer names: enough to make "
               "records, and no key.\n"
               "The CA is asked first whether the key is the account's (draft "
               "-02, section\n"
               "4.5). Hand it over by a channel that the other side can "
               "authenticate.\n",
    .options = call_options,
    .option_count = CALL_OPTION_COUNT,
    .run = run_public,
};
