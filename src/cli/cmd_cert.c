/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_cert.c -- the certificates of this machine: no network. */
#include "base/time_text.h"
#include "cli/cert.h"
#include "cli/commands.h"
#include "cli/rows.h"

static const struct hf_option state_options[] = {
    HF_STATE_OPTION,
};

#define STATE_OPTION_COUNT (sizeof(state_options) / sizeof(state_options[0]))

static void put_given(struct hf_json *json, const char *key,
                      struct hf_span value)
{
    if (value.len > 0)
        hf_json_key_str(json, key, value);
}

/* What is asked for at each renewal. */
static void put_wish(struct hf_json *json, const struct hf_lineage *lineage)
{
    const struct hf_span usual = hf_span_str(hf_method_word(HF_METHOD_PERSIST));

    if (lineage->means.method_count == 0)
        hf_json_key_list(json, "methods", &usual, 1);
    (void)hf_means_put(json, &lineage->means);
    put_given(json, "keyType", lineage->key_type);
    put_given(json, "csr", lineage->csr);
    put_given(json, "profile", lineage->profile);
    put_given(json, "preferredProfile", lineage->preferred_profile);
    hf_json_key_bool(json, "reusesKey", lineage->reuses_key);
    hf_json_key_bool(json, "mustStaple", lineage->must_staple);
    put_given(json, "preHook", lineage->pre_hook);
    put_given(json, "deployHook", lineage->deploy_hook);
    put_given(json, "postHook", lineage->post_hook);
}

static void put_json(struct hf_buf *out, const struct hf_cert *cert,
                     const char *folder)
{
    struct hf_json json = hf_json_to(out);
    const struct hf_lineage *lineage = &cert->lineage;
    const struct hf_certificate *live = cert->certificate;

    hf_json_open(&json, '{');
    hf_json_key_str(&json, "name", lineage->name);
    hf_json_key_lit(&json, "live", folder);
    hf_json_key(&json, "names");
    hf_json_open(&json, '[');
    for (size_t i = 0; i < lineage->name_count; i++)
        hf_json_str(&json, lineage->names[i]);
    hf_json_close(&json, ']');
    hf_json_key_str(&json, "account", lineage->account);
    hf_json_key(&json, "accounts");
    hf_json_open(&json, '[');
    for (size_t i = 0; i < lineage->account_count; i++)
        hf_json_str(&json, lineage->accounts[i]);
    hf_json_close(&json, ']');
    put_wish(&json, lineage);
    hf_json_key_bool(&json, "deployOwed",
                     hf_lineage_owes(lineage, live->serial));
    hf_json_key_str(&json, "serial", live->serial);
    hf_json_key_str(&json, "issuer", live->issuer);
    hf_json_key_int(&json, "notBefore", live->not_before_at);
    hf_json_key_int(&json, "notAfter", live->not_after_at);
    hf_json_key_int(&json, "renewAt", lineage->renew_at);
    hf_json_key_str(&json, "certificateUrl", lineage->url);
    hf_json_close(&json, '}');
    hf_buf_putc(out, '\n');
}

static void put_days(struct hf_buf *out, int64_t seconds)
{
    if (seconds < 0) {
        hf_buf_puts(out, "expired");
        return;
    }
    hf_buf_put_i64(out, seconds / 86400);
    hf_buf_puts(out, " days left");
}

static void put_line(struct hf_buf *out, const struct hf_cert *cert,
                     int64_t now_at)
{
    const struct hf_lineage *lineage = &cert->lineage;

    hf_buf_put_escaped(out, lineage->name, 128);
    hf_buf_puts(out, "  until ");
    hf_time_put(out, cert->certificate->not_after_at);
    hf_buf_puts(out, " (");
    put_days(out, cert->certificate->not_after_at - now_at);
    hf_buf_puts(out, ")  ");
    for (size_t i = 0; i < lineage->name_count; i++) {
        hf_buf_puts(out, i == 0 ? "" : " ");
        hf_buf_put_escaped(out, lineage->names[i], 255);
    }
    hf_buf_putc(out, '\n');
}

static void put_methods(struct hf_buf *out, const struct hf_means *means)
{
    char room[64]; /* the words of all there are */
    struct hf_buf words;

    hf_buf_init(&words, room, sizeof(room));
    hf_means_put_words(&words, means);
    hf_row_put(out, "methods", hf_buf_span(&words));
    hf_row_put(out, "web root", means->webroot);
    hf_row_put(out, "DNS server", means->dns_server);
    hf_row_put(out, "DNS hook", means->dns_hook);
}

static void put_text(struct hf_buf *out, const struct hf_cert *cert,
                     const char *folder)
{
    const struct hf_lineage *lineage = &cert->lineage;
    const struct hf_certificate *live = cert->certificate;

    hf_buf_put_escaped(out, lineage->name, 128);
    hf_buf_putc(out, '\n');
    for (size_t i = 0; i < lineage->name_count; i++)
        hf_row_put(out, i == 0 ? "names" : "", lineage->names[i]);
    hf_row_put(out, "files in", hf_span_str(folder));
    hf_row_put_moment(out, "from", live->not_before_at);
    hf_row_put_moment(out, "until", live->not_after_at);
    hf_row_put_moment(out, "renewal", lineage->renew_at);
    hf_row_put(out, "issuer", live->issuer);
    hf_row_put(out, "serial", live->serial);
    put_methods(out, &lineage->means);
    hf_row_put(out, "account", lineage->account);
    for (size_t i = 0; lineage->account_count > 1 && i < lineage->account_count;
         i++)
        hf_row_put(out, i == 0 ? "tried" : "", lineage->accounts[i]);
    hf_row_put(out, "key", lineage->key_type);
    hf_row_put(out, "request", lineage->csr);
    hf_row_put(out, "profile", lineage->profile);
    hf_row_put(out, "pre hook", lineage->pre_hook);
    hf_row_put(out, "deploy hook", lineage->deploy_hook);
    hf_row_put(out, "post hook", lineage->post_hook);
    if (hf_lineage_owes(lineage, live->serial))
        hf_row_put(out, "", HF_SPAN("deploy hooks are still to be run"));
    hf_row_put(out, "preferred", lineage->preferred_profile);
    hf_row_put(out, "at the CA", lineage->url);
}

/* ---- show ---- */

static enum hf_exit run_show(struct hf_cli *cli)
{
    enum hf_exit status = HF_EXIT_GOOD;

    for (size_t i = 0; i < cli->operand_count; i++) {
        struct hf_span name = hf_span_str(cli->operands[i]);
        char folder[PATH_MAX];
        struct hf_cert cert;

        if (hf_cert_read(cli, name, &cert) != HF_EXIT_GOOD) {
            status = HF_EXIT_ERROR;
            continue;
        }
        (void)hf_lineage_folder(cli->state, name, folder, sizeof(folder), NULL);
        if (cli->json)
            put_json(&cli->out->buf, &cert, folder);
        else
            put_text(&cli->out->buf, &cert, folder);
        hf_out_step(cli->out);
        hf_cert_clear(&cert);
    }
    return status;
}

const struct hf_command hf_cmd_cert_show = {
    .name = "cert show",
    .operands = "NAME...",
    .summary = "What this machine knows of a certificate",
    .options = state_options,
    .option_count = STATE_OPTION_COUNT,
    .operands_min = 1,
    .operands_max = SIZE_MAX,
    .run = run_show,
};

/* ---- list ---- */

struct listing {
    struct hf_cli *cli;
    enum hf_exit status;
};

static bool list_one(void *state, const char *name)
{
    struct listing *listing = state;
    struct hf_cli *cli = listing->cli;
    char folder[PATH_MAX];
    struct hf_cert cert;

    if (hf_cert_read(cli, hf_span_str(name), &cert) != HF_EXIT_GOOD) {
        listing->status = HF_EXIT_ERROR;
        return true;
    }
    (void)hf_lineage_folder(cli->state, hf_span_str(name), folder,
                            sizeof(folder), NULL);
    if (cli->json)
        put_json(&cli->out->buf, &cert, folder);
    else
        put_line(&cli->out->buf, &cert, cli->now.s);
    hf_out_step(cli->out);
    hf_cert_clear(&cert);
    return true;
}

static enum hf_exit run_list(struct hf_cli *cli)
{
    struct listing listing = {cli, HF_EXIT_GOOD};

    return hf_cert_each(cli, list_one, &listing) ? listing.status
                                                 : HF_EXIT_ERROR;
}

const struct hf_command hf_cmd_cert_list = {
    .name = "cert list",
    .operands = "",
    .summary = "List the certificates of this machine",
    .options = state_options,
    .option_count = STATE_OPTION_COUNT,
    .run = run_list,
};
