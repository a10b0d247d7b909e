/* SPDX-License-Identifier: Apache-2.0 */
#include "acme/retry_after.h"
#include "cli/cert.h"
#include "cli/commands.h"
#include "cli/issue.h"
#include "client/renewal.h"
#include "net/url.h"
#include "os/random.h"
#include "os/signals.h"

#define ARI_AGAIN_S                                                            \
    21600 /* RFC 9773 4.3: six hours, if nothing else is said                  \
           */
#define ARI_MIN_S 60
#define ARI_MAX_S 86400

static const struct hf_option options[] = {
    HF_STATE_OPTION,
    {.name = "force", .help = "Renew those named, or all, due or not"},
    {.name = "dry-run", .help = "Say what is due, and order nothing"},
    HF_APPLICANT_OPTIONS,
};

/* One run over certificates. The applicant of the last account is kept: most
 * machines have one. */
struct renewing {
    struct hf_cli *cli;
    struct hf_applicant *applicant;
    char account[HF_ACCOUNT_NAME_MAX + 1];
    size_t renewed;
    size_t failed;
    bool interrupted;
};

/* ---- the applicant ---- */

static enum hf_exit need_applicant(struct renewing *r, struct hf_span account)
{
    struct hf_buf name;
    enum hf_exit status;

    if (r->applicant != NULL && hf_span_eq(account, hf_span_str(r->account)))
        return HF_EXIT_GOOD;
    hf_applicant_free(r->applicant);
    r->applicant = NULL;
    status = hf_applicant_new(r->cli, account, &r->applicant);
    if (status != HF_EXIT_GOOD)
        return status;
    hf_buf_init(&name, r->account, sizeof(r->account));
    hf_buf_put(&name, account);
    hf_buf_putc(&name, '\0');
    return HF_EXIT_GOOD;
}

/* ---- when (REQ CLI-35) ---- */

static uint32_t random_number(void)
{
    uint32_t number = 0;

    /* Without it all renew at the window's start: late is worse. */
    (void)hf_random_fill(&number, sizeof(number), NULL);
    return number;
}

/* Ask the CA when it wants this certificate renewed. That it does not say is
 * no failure: the lifetime decides, then. */
static void ask_window(struct renewing *r, struct hf_cert *cert)
{
    struct hf_talk *talk = &r->applicant->holder.talk;
    struct hf_span base = talk->directory.renewal_info;
    struct hf_call call = {.kind = HF_CALL_GET};
    char room[HF_URL_MAX];
    struct hf_buf url;
    struct hf_called called;
    struct hf_renewal_info info;
    int64_t after_s;

    hf_buf_init(&url, room, sizeof(room));
    hf_buf_put(&url, base);
    if (!hf_span_ends(base, HF_SPAN("/")))
        hf_buf_putc(&url, '/');
    hf_buf_put(&url, cert->certificate->ari_id);
    call.url = hf_buf_span(&url);
    if (url.full || hf_talk_call(talk, &call, &called, NULL) != HF_OK)
        return;
    after_s = hf_retry_after_s(called.reply.retry_after, r->cli->now.s);
    if (after_s < 0)
        after_s = ARI_AGAIN_S;
    if (after_s < ARI_MIN_S)
        after_s = ARI_MIN_S;
    if (after_s > ARI_MAX_S)
        after_s = ARI_MAX_S;
    cert->lineage.ask_ari_at = r->cli->now.s + after_s;
    if (hf_renewal_info_read(called.reply.body, &info, NULL) == HF_OK &&
        (cert->lineage.renew_at < info.start_at ||
         cert->lineage.renew_at > info.end_at))
        cert->lineage.renew_at = hf_renewal_in_window(&info, random_number());
    hf_http_reply_clear(&called.reply);
}

static bool may_ask(const struct renewing *r, const struct hf_cert *cert)
{
    return r->applicant->holder.talk.directory.renewal_info.len > 0 &&
           cert->certificate->ari_id.len > 0 &&
           r->cli->now.s >= cert->lineage.ask_ari_at;
}

/* Due, or when? What was chosen is kept for the next run. */
static bool is_due(struct renewing *r, struct hf_cert *cert)
{
    struct hf_renewal renewal = {
        .not_before_at = cert->certificate->not_before_at,
        .not_after_at = cert->certificate->not_after_at,
        .random = random_number(),
    };
    int64_t before = cert->lineage.renew_at;
    struct hf_why why = {0};

    if (may_ask(r, cert))
        ask_window(r, cert);
    if (cert->lineage.renew_at == 0)
        cert->lineage.renew_at = hf_renewal_by_lifetime(&renewal);
    renewal.renew_at = cert->lineage.renew_at;
    if (hf_renewal_is_due(&renewal, r->cli->now.s))
        return true;
    if (before != cert->lineage.renew_at &&
        hf_lineage_write(r->cli->state, &cert->lineage, &why) != HF_OK)
        hf_cli_fail(r->cli, cert->lineage.name, &why);
    return false;
}

/* ---- one certificate ---- */

static void tell_due(struct renewing *r, const struct hf_cert *cert)
{
    struct hf_buf *out = &r->cli->out->buf;
    struct hf_json json = hf_json_to(out);

    if (r->cli->json) {
        hf_json_open(&json, '{');
        hf_json_key_str(&json, "name", cert->lineage.name);
        hf_json_key_bool(&json, "due", true);
        hf_json_close(&json, '}');
    } else {
        hf_buf_put_escaped(out, cert->lineage.name, 128);
        hf_buf_puts(out, ": due");
    }
    hf_buf_putc(out, '\n');
    hf_out_step(r->cli->out);
}

/* REQ CLI-32: of DNS it only reads. The records stay, and stand. */
static void renew(struct renewing *r, struct hf_cert *cert)
{
    struct hf_span replaces = {0};
    enum hf_exit status = need_applicant(r, cert->lineage.account);

    if (status == HF_EXIT_GOOD && !hf_cli_has(r->cli, "force") &&
        !is_due(r, cert))
        return;
    if (status == HF_EXIT_GOOD && hf_cli_has(r->cli, "dry-run")) {
        tell_due(r, cert);
        r->renewed++;
        return;
    }
    /* RFC 9773 5: only servers that know of renewals are told of one. */
    if (status == HF_EXIT_GOOD &&
        r->applicant->holder.talk.directory.renewal_info.len > 0)
        replaces = cert->certificate->ari_id;
    if (status == HF_EXIT_GOOD)
        status = hf_issue(r->applicant, &cert->lineage, replaces);
    r->interrupted = status == HF_EXIT_INTERRUPTED;
    r->renewed += status == HF_EXIT_GOOD;
    r->failed += status != HF_EXIT_GOOD;
}

static void renew_named(struct renewing *r, const char *name)
{
    struct hf_cert cert;

    if (hf_cert_read(r->cli, hf_span_str(name), &cert) != HF_EXIT_GOOD) {
        r->failed++;
        return;
    }
    renew(r, &cert);
    hf_cert_clear(&cert);
}

/* ---- all of them ---- */

static bool renew_each(void *state, const char *name)
{
    struct renewing *r = state;

    renew_named(r, name);
    return !r->interrupted;
}

static enum hf_exit run(struct hf_cli *cli)
{
    struct renewing r = {.cli = cli};
    struct hf_lock lock = {0};
    enum hf_exit status = hf_state_lock(cli, HF_LOCK_CERTIFICATES, &lock);

    if (status != HF_EXIT_GOOD)
        return status;
    if (cli->operand_count == 0 && !hf_cert_each(cli, renew_each, &r))
        r.failed++;
    for (size_t i = 0; i < cli->operand_count && !r.interrupted; i++)
        renew_named(&r, cli->operands[i]);
    hf_applicant_free(r.applicant);
    hf_lock_drop(&lock);
    if (r.interrupted || hf_signals_stop_wanted())
        return HF_EXIT_INTERRUPTED;
    if (r.failed > 0)
        return HF_EXIT_ERROR;
    return r.renewed > 0 ? HF_EXIT_GOOD : HF_EXIT_NO;
}

const struct hf_command hf_cmd_cert_renew = {
    .name = "cert renew",
    .operands = "[NAME...]",
    .summary = "Renew the certificates that are due",
    .details =
        "All certificates of this machine, or those named. Due is what the CA "
        "says (RFC\n9773); if it says nothing, two thirds of the lifetime, or "
        "half of one below ten\ndays. Needs no DNS credential: the records "
        "stand. Says nothing when nothing is\ndue.\n\nExit status: 0 "
        "something was renewed, 2 nothing was due, 1 some renewal failed.\n",
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .operands_min = 0,
    .operands_max = SIZE_MAX,
    .run = run,
};
