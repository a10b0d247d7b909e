/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/dry_run.h"

#include "cli/choice.h"
#include "cli/rows.h"

static enum hf_exit check_account(struct hf_issue *issue)
{
    struct hf_holder *holder = &issue->applicant->holder;
    struct hf_account_object object;
    enum hf_proof proof = HF_PROOF_OK;
    struct hf_why why = {0};
    enum hf_err err = hf_account_fetch(&holder->talk, holder->file.url, &object,
                                       &proof, &why);

    if (err != HF_OK)
        return hf_holder_fail(issue->cli, &holder->talk,
                              HF_SPAN("the account cannot be used"), err, &why);
    hf_account_object_clear(&object);
    if (proof == HF_PROOF_OK)
        return HF_EXIT_GOOD;
    hf_cli_error(issue->cli, holder->file.url,
                 "the CA does not call the account valid; 'holdfast account "
                 "check' says more");
    return HF_EXIT_ERROR;
}

/* The key's type; of a request that was brought, that of its key. */
static const char *key_word(const struct hf_issue *issue)
{
    return hf_key_kind_name(issue->request.key == NULL
                                ? issue->request.brought.kind
                                : hf_private_key_kind(issue->request.key));
}

static void put_json(const struct hf_issue *issue, struct hf_buf *out)
{
    const struct hf_lineage *lineage = &issue->lineage;
    const struct hf_account_file *account = &issue->applicant->holder.file;
    struct hf_json json = hf_json_to(out);

    hf_json_open(&json, '{');
    hf_json_key_str(&json, "name", lineage->name);
    hf_json_key_bool(&json, "dryRun", true);
    hf_json_key_str(&json, "account", lineage->account);
    hf_json_key_str(&json, "accountUrl", account->url);
    hf_json_key_str(&json, "directory", account->directory);
    hf_json_key(&json, "identifiers");
    hf_json_open(&json, '[');
    for (size_t i = 0; i < lineage->name_count; i++) {
        const struct hf_target *target = &issue->targets[i];

        hf_json_open(&json, '{');
        hf_json_key_lit(&json, "type", target->is_address ? "ip" : "dns");
        hf_json_key_str(&json, "value", target->text);
        hf_json_key_lit(&json, "method", hf_method_word(target->method));
        if (target->ancestor.len > 0)
            hf_json_key_str(&json, "ancestorDomain", target->ancestor);
        hf_json_close(&json, '}');
    }
    hf_json_close(&json, ']');
    hf_json_key_lit(&json, "keyType", key_word(issue));
    hf_json_key_str(&json, "profile", issue->profile);
    hf_json_key_str(&json, "csr", lineage->csr);
    hf_json_close(&json, '}');
}

static void put_text(const struct hf_issue *issue, struct hf_buf *out)
{
    const struct hf_lineage *lineage = &issue->lineage;
    const struct hf_account_file *account = &issue->applicant->holder.file;

    hf_buf_put_escaped(out, lineage->name, 128);
    hf_buf_puts(out, ": would be ordered\n");
    for (size_t i = 0; i < lineage->name_count; i++) {
        const struct hf_target *target = &issue->targets[i];
        char room[600];
        struct hf_buf text;

        hf_buf_init(&text, room, sizeof(room));
        hf_buf_put(&text, target->text);
        hf_buf_puts(&text, " by ");
        hf_buf_puts(&text, hf_method_word(target->method));
        if (target->ancestor.len > 0) {
            hf_buf_puts(&text, " at ");
            hf_buf_put(&text, target->ancestor);
        }
        hf_row_put(out, i == 0 ? "names" : "", hf_buf_span(&text));
    }
    hf_row_put(out, "account", lineage->account);
    hf_row_put(out, "", account->url);
    hf_row_put(out, "at", account->directory);
    hf_row_put(out, "key", hf_span_str(key_word(issue)));
    hf_row_put(out, "request", lineage->csr);
    hf_row_put(out, "profile", issue->profile);
}

enum hf_exit hf_dry_run_tell(struct hf_issue *issue)
{
    struct hf_buf *out = &issue->cli->out->buf;
    enum hf_exit status = check_account(issue);

    /* A listener is not tried: a hook may have to make room for it first. */
    if (status == HF_EXIT_GOOD && issue->lineage.means.http_port == 0)
        status = hf_choice_prepare(issue);
    if (status != HF_EXIT_GOOD)
        return status;
    if (issue->cli->json) {
        put_json(issue, out);
        hf_buf_putc(out, '\n');
    } else {
        put_text(issue, out);
    }
    hf_out_step(issue->cli->out);
    return HF_EXIT_GOOD;
}
