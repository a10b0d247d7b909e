/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/issue.h"

#include "base/alloc.h"
#include "base/time_text.h"
#include "cli/profile.h"
#include "cli/said.h"
#include "os/clock.h"

#define CSR_MAX  65536
#define KEY_FILE "privkey.pem"

/* ---- what is wanted ---- */

static void take(const struct hf_cli *cli, const char *name,
                 struct hf_span *out)
{
    const char *value = hf_cli_value(cli, name, NULL);

    if (value != NULL)
        *out = hf_span_str(value);
}

/* Either of them takes the place of both. */
static enum hf_exit take_profile(const struct hf_cli *cli,
                                 struct hf_lineage *lineage)
{
    const char *wanted = hf_cli_value(cli, "profile", NULL);
    const char *preferred = hf_cli_value(cli, "preferred-profile", NULL);

    if (wanted != NULL && preferred != NULL)
        return hf_cli_usage(cli, HF_SPAN(""),
                            "give --profile or --preferred-profile, not both");
    if (wanted != NULL || preferred != NULL) {
        lineage->profile = hf_span_str(wanted);
        lineage->preferred_profile = hf_span_str(preferred);
    }
    return HF_EXIT_GOOD;
}

/* In the order in which they are given. */
static enum hf_exit take_accounts(const struct hf_cli *cli,
                                  struct hf_lineage *lineage)
{
    size_t count = hf_cli_count(cli, "account");

    if (count > HF_LINEAGE_ACCOUNTS_MAX)
        return hf_cli_usage(cli, HF_SPAN("--account"),
                            "more than eight accounts");
    for (size_t i = 0; i < count; i++) {
        struct hf_span name = hf_span_str(hf_cli_nth(cli, "account", i));

        if (hf_span_among(name, lineage->accounts, i))
            return hf_cli_usage(cli, name, "given twice");
        lineage->accounts[i] = name;
        lineage->account_count = i + 1;
    }
    return HF_EXIT_GOOD;
}

enum hf_exit hf_issue_read(const struct hf_cli *cli, struct hf_lineage *lineage)
{
    enum hf_exit status = take_accounts(cli, lineage);

    if (status != HF_EXIT_GOOD)
        return status;
    take(cli, "key-type", &lineage->key_type);
    take(cli, "preferred-chain", &lineage->chain);
    lineage->must_staple =
        hf_cli_switch(cli, "must-staple", lineage->must_staple);
    lineage->reuses_key = hf_cli_switch(cli, "reuse-key", lineage->reuses_key);
    (void)hf_hooks_replace(cli, lineage);
    return take_profile(cli, lineage);
}

/* ---- the names ---- */

static enum hf_exit read_names(struct hf_issue *issue)
{
    for (size_t i = 0; i < issue->lineage.name_count; i++) {
        struct hf_target *target = &issue->targets[i];
        struct hf_span name = issue->lineage.names[i];
        struct hf_why why = {0};

        target->text = name;
        target->wildcard = hf_name_take_star(&name);
        if (hf_name_parse(name, &target->name, &why) != HF_OK) {
            hf_cli_fail(issue->cli, target->text, &why);
            return HF_EXIT_ERROR;
        }
    }
    return HF_EXIT_GOOD;
}

/* ---- look before ordering (REQ CLI-20) ---- */

/* All names are looked at, so that all that is wrong is told at once. */
static enum hf_exit look(struct hf_issue *issue)
{
    size_t count = issue->lineage.name_count;
    enum hf_exit status =
        hf_preflight_look(issue->applicant, issue->targets, count);
    size_t refused = 0;

    if (status != HF_EXIT_GOOD)
        return status;
    for (size_t i = 0; i < count; i++) {
        if (hf_preflight_serves(&issue->targets[i]))
            continue;
        hf_preflight_show(issue->applicant, &issue->targets[i]);
        refused++;
    }
    if (refused == 0)
        return HF_EXIT_GOOD;
    hf_cli_error(issue->cli, HF_SPAN(""),
                 "nothing was ordered: the CA would refuse");
    issue->fault = HF_FAULT_CAS;
    return HF_EXIT_NO;
}

/* ---- which challenge (REQ CLI-01..06, CLI-29) ---- */

static void refuse(struct hf_chosen *out, const char *text, const char *word)
{
    struct hf_buf reason;

    hf_buf_init(&reason, out->reason, sizeof(out->reason) - 1);
    hf_buf_puts(&reason, text);
    if (word != NULL)
        hf_buf_puts(&reason, word);
}

/* The name of ours that this authorization is for; or NULL. */
static struct hf_target *target_of(struct hf_issue *issue,
                                   const struct hf_authz_object *authz)
{
    for (size_t i = 0; i < issue->lineage.name_count; i++) {
        struct hf_target *target = &issue->targets[i];

        if (target->wildcard == authz->wildcard &&
            hf_span_eq(hf_name_span(&target->name), authz->name))
            return target;
    }
    return NULL;
}

static void choose(void *state, const struct hf_authz_object *authz,
                   struct hf_chosen *out)
{
    struct hf_issue *issue = state;
    const struct hf_client_view view = {
        .account_url = issue->applicant->holder.file.url,
        .hashed_seen = issue->applicant->holder.hashed_seen};
    const struct hf_meta *meta = &issue->applicant->holder.talk.directory.meta;
    struct hf_target *target = target_of(issue, authz);
    struct hf_recognised recognised = {.outcome = HF_RECOGNISED_NOT_THIS_TYPE};

    for (size_t i = 0; i < authz->challenge_count; i++) {
        recognised =
            hf_challenge_recognise(meta, &authz->challenges[i].persist, &view);
        out->challenge = i;
        if (recognised.outcome != HF_RECOGNISED_NOT_THIS_TYPE)
            break;
    }
    out->is_good = false;
    if (target == NULL)
        refuse(out, "this name was not ordered", NULL);
    else if (recognised.outcome == HF_RECOGNISED_NOT_THIS_TYPE)
        refuse(out, "the CA offers no dns-persist-01 challenge for it", NULL);
    else if (recognised.outcome != HF_RECOGNISED_ACCEPT)
        refuse(out, "the CA's challenge is not as the draft wants it: ",
               hf_challenge_reason_word(recognised.reason));
    else if (!hf_preflight_still_serves(issue->applicant, target, &recognised))
        refuse(out,
               "the CA's challenge wants another record than its directory "
               "says; 'holdfast check' with --draft ",
               hf_variant_word(recognised.variant));
    else
        out->is_good = true;
}

/* ---- key and request ---- */

static enum hf_exit old_key(struct hf_issue *issue)
{
    char room[HF_ACCOUNT_KEY_MAX];
    struct hf_buf pem;
    struct hf_why why = {0};
    enum hf_err err;

    hf_buf_init(&pem, room, sizeof(room));
    err = hf_lineage_live(issue->state, issue->lineage.name, KEY_FILE, &pem,
                          &why);
    if (err == HF_OK)
        err = hf_private_key_read(hf_buf_span(&pem), (struct hf_span){0},
                                  &issue->key, &why);
    explicit_bzero(room, sizeof(room));
    if (err == HF_OK || err == HF_ENOTFOUND)
        return HF_EXIT_GOOD;
    hf_cli_fail(issue->cli, HF_SPAN(KEY_FILE), &why);
    return HF_EXIT_ERROR;
}

static enum hf_exit make_request(struct hf_issue *issue)
{
    const struct hf_csr_names names = {.dns = issue->lineage.names,
                                       .dns_count = issue->lineage.name_count};
    enum hf_key_kind kind = HF_KEY_P256;
    struct hf_why why = {0};
    enum hf_exit status =
        issue->lineage.reuses_key ? old_key(issue) : HF_EXIT_GOOD;
    enum hf_err err = HF_OK;

    if (status != HF_EXIT_GOOD)
        return status;
    /* The word was checked when it came in. */
    (void)hf_key_kind_find(issue->lineage.key_type, &kind);
    if (issue->key == NULL)
        err = hf_private_key_generate(kind, &issue->key, &why);
    if (err == HF_OK)
        err = hf_csr_make(issue->key, &names, issue->lineage.must_staple,
                          &issue->csr, &why);
    if (err == HF_OK)
        return HF_EXIT_GOOD;
    hf_cli_fail(issue->cli, HF_SPAN("certificate request"), &why);
    return HF_EXIT_ERROR;
}

/* ---- the order ---- */

static enum hf_fault fault_of(enum hf_order_failure failure)
{
    switch (failure) {
    case HF_ORDER_GOOD:
    case HF_ORDER_FAULT:
        break;
    case HF_ORDER_REFUSED:
    case HF_ORDER_RATE_LIMITED:
    case HF_ORDER_UNVALIDATED:
        return HF_FAULT_CAS;
    case HF_ORDER_UNANSWERED:
    case HF_ORDER_TIMED_OUT:
        return HF_FAULT_SILENCE;
    }
    return HF_FAULT_OURS;
}

static enum hf_exit tell_failure(struct hf_issue *issue,
                                 const struct hf_order_result *result)
{
    struct hf_span rest = result->text;

    while (rest.len > 0) {
        char line[2048];
        struct hf_buf text;
        struct hf_span part = hf_span_cut(&rest, hf_span_find(rest, '\n'));

        (void)hf_span_skip(&rest, '\n');
        hf_buf_init(&text, line, sizeof(line) - 1);
        hf_buf_put(&text, part);
        line[text.len] = '\0';
        hf_cli_error(issue->cli, HF_SPAN(""), line);
    }
    if (result->retry_after_s > 0) {
        char when[128];
        struct hf_buf text;

        hf_buf_init(&text, when, sizeof(when) - 1);
        hf_buf_puts(&text, "the CA asks not to come back before ");
        hf_time_put(&text, issue->cli->now.s + result->retry_after_s);
        when[text.len] = '\0';
        hf_cli_error(issue->cli, HF_SPAN(""), when);
    }
    issue->fault = fault_of(result->failure);
    return result->failure == HF_ORDER_RATE_LIMITED ? HF_EXIT_LATER
                                                    : HF_EXIT_ERROR;
}

static enum hf_exit place_order(struct hf_issue *issue)
{
    const struct hf_order_wish wish = {
        .dns = issue->lineage.names,
        .dns_count = issue->lineage.name_count,
        .profile = issue->profile,
        .replaces = issue->replaces,
        .csr_der = hf_buf_span(&issue->csr),
        .alternates = issue->lineage.chain.len > 0,
        .give_up_at_ms =
            hf_clock_ms() + issue->applicant->order_timeout_s * 1000,
    };
    struct hf_order_result result;
    struct hf_why why = {0};
    enum hf_err err = hf_order_run(&issue->applicant->holder.talk, &wish,
                                   choose, issue, &issue->engine, &why);

    if (err == HF_ECANCELED)
        return HF_EXIT_INTERRUPTED;
    if (err != HF_OK) {
        hf_cli_fail(issue->cli, HF_SPAN("order"), &why);
        return HF_EXIT_ERROR;
    }
    hf_order_result(issue->engine, &result);
    return result.failure == HF_ORDER_GOOD ? HF_EXIT_GOOD
                                           : tell_failure(issue, &result);
}

/* ---- the certificate ---- */

/* It must be what was asked for: our key, our names. */
static const char *why_wrong(const struct hf_issue *issue,
                             const struct hf_certificate *certificate)
{
    if (!hf_certificate_is_for(certificate, issue->key))
        return "the CA sent a certificate of another key";
    for (size_t i = 0; i < issue->lineage.name_count; i++)
        if (!hf_span_among_nocase(issue->lineage.names[i],
                                  certificate->san.names.dns,
                                  certificate->san.names.dns_count))
            return "the CA sent a certificate without all of the names";
    if (certificate->not_after_at <= issue->cli->now.s)
        return "the CA sent a certificate that has expired; is the clock "
               "right?";
    return NULL;
}

static bool ends_as_wished(const struct hf_issue *issue,
                           const struct hf_certificate *certificate)
{
    return hf_span_eq(certificate->top_issuer, issue->lineage.chain);
}

/* An alternate chain, when it is the one that was wished for. */
static void prefer(struct hf_issue *issue, const struct hf_order_result *result)
{
    for (size_t i = 0; i < result->alternate_count &&
                       !ends_as_wished(issue, issue->certificate);
         i++) {
        struct hf_certificate *other;

        if (hf_certificate_read(result->alternates[i], &other, NULL) != HF_OK)
            continue;
        if (ends_as_wished(issue, other)) {
            hf_certificate_free(issue->certificate);
            issue->certificate = other;
        } else {
            hf_certificate_free(other);
        }
    }
    if (!ends_as_wished(issue, issue->certificate))
        hf_cli_error(issue->cli, issue->lineage.chain,
                     "no chain of the CA ends with this issuer; took its "
                     "first one");
}

static enum hf_exit take_certificate(struct hf_issue *issue)
{
    struct hf_order_result result;
    struct hf_why why = {0};
    const char *wrong;

    hf_order_result(issue->engine, &result);
    issue->fault = HF_FAULT_CAS;
    if (hf_certificate_read(result.chain, &issue->certificate, &why) != HF_OK) {
        hf_cli_fail(issue->cli, HF_SPAN("certificate"), &why);
        return HF_EXIT_ERROR;
    }
    wrong = why_wrong(issue, issue->certificate);
    if (wrong != NULL) {
        hf_cli_error(issue->cli, issue->lineage.name, wrong);
        return HF_EXIT_ERROR;
    }
    if (issue->lineage.chain.len > 0)
        prefer(issue, &result);
    issue->fault = HF_FAULT_OURS;
    issue->lineage.url = result.certificate_url;
    issue->lineage.issued_at = issue->cli->now.s;
    issue->lineage.renew_at = 0;
    issue->lineage.ask_ari_at = 0;
    return HF_EXIT_GOOD;
}

/* What is written down first holds whether or not the rest is done: that it is
 * to be renewed, and that deploy hooks are owed to the certificate once it is
 * live. A crash in between loses neither. */
static enum hf_exit install(struct hf_issue *issue)
{
    char room[HF_ACCOUNT_KEY_MAX];
    struct hf_buf pem;
    struct hf_issued issued = {.cert = issue->certificate->leaf,
                               .chain = issue->certificate->chain};
    struct hf_why why = {0};
    unsigned number;
    enum hf_err err;

    hf_buf_init(&pem, room, sizeof(room));
    err = hf_private_key_write(issue->key, (struct hf_span){0}, &pem, &why);
    issued.key = hf_buf_span(&pem);
    if (hf_hooks_deploys(issue->hooks, &issue->lineage))
        hf_lineage_owe(&issue->lineage, issue->live,
                       issue->certificate->serial);
    else
        issue->lineage.undeployed_count = 0;
    if (err == HF_OK)
        err = hf_lineage_write(issue->state, &issue->lineage, &why);
    if (err == HF_OK)
        err = hf_lineage_install(issue->state, issue->lineage.name, &issued,
                                 &number, &why);
    explicit_bzero(room, sizeof(room));
    if (err == HF_OK)
        return HF_EXIT_GOOD;
    hf_cli_fail(issue->cli, issue->lineage.name, &why);
    return HF_EXIT_ERROR;
}

static void tell(struct hf_issue *issue)
{
    struct hf_buf *out = &issue->cli->out->buf;
    const struct hf_certificate *certificate = issue->certificate;
    char folder[PATH_MAX];
    struct hf_json json = hf_json_to(out);

    (void)hf_lineage_folder(issue->state, issue->lineage.name, folder,
                            sizeof(folder), NULL);
    if (issue->cli->json) {
        hf_json_open(&json, '{');
        hf_json_key_str(&json, "name", issue->lineage.name);
        hf_json_key_lit(&json, "live", folder);
        hf_json_key_str(&json, "serial", certificate->serial);
        hf_json_key_int(&json, "notAfter", certificate->not_after_at);
        hf_json_close(&json, '}');
        hf_buf_putc(out, '\n');
    } else {
        hf_buf_put_escaped(out, issue->lineage.name, 128);
        hf_buf_puts(out, ": issued, until ");
        hf_time_put(out, certificate->not_after_at);
        hf_buf_puts(out, "\nfiles in ");
        hf_buf_puts(out, folder);
        hf_buf_putc(out, '\n');
    }
    hf_out_step(issue->cli->out);
}

/* That a hook fails is counted there, and no failure of the certificate. */
static void deploy(struct hf_issue *issue)
{
    struct hf_cert cert = {.lineage = issue->lineage,
                           .certificate = issue->certificate};
    bool ran;

    (void)hf_hooks_deploy(issue->hooks, &cert, &ran);
}

/* ---- all of it ---- */

static enum hf_exit choose_profile(struct hf_issue *issue)
{
    enum hf_exit status =
        hf_profile_choose(issue->cli, &issue->applicant->holder.talk.directory,
                          &issue->lineage, &issue->profile);

    if (status != HF_EXIT_GOOD)
        issue->fault = HF_FAULT_CAS;
    return status;
}

static enum hf_exit issue_all(struct hf_issue *issue)
{
    enum hf_exit status = read_names(issue);

    if (status == HF_EXIT_GOOD)
        status = choose_profile(issue);
    if (status == HF_EXIT_GOOD && issue->applicant->looks)
        status = look(issue);
    if (status == HF_EXIT_GOOD)
        status = make_request(issue);
    if (status == HF_EXIT_GOOD) {
        hf_hooks_before(issue->hooks, &issue->lineage);
        status = place_order(issue);
    }
    if (status == HF_EXIT_GOOD)
        status = take_certificate(issue);
    if (status == HF_EXIT_GOOD)
        status = install(issue);
    if (status == HF_EXIT_GOOD) {
        tell(issue);
        deploy(issue);
    }
    return status;
}

static void clear(struct hf_issue *issue)
{
    hf_preflight_clear(issue->targets, issue->lineage.name_count);
    hf_order_engine_free(issue->engine);
    hf_certificate_free(issue->certificate);
    hf_private_key_free(issue->key);
    hf_buf_clear(&issue->csr);
}

/* RFC 9773 5: only servers that know of renewals are told of one, and only the
 * account that ordered the certificate before. */
static void renew(struct hf_issue *issue, const struct hf_certificate *live,
                  bool is_same_account)
{
    issue->live = live->serial;
    if (is_same_account &&
        issue->applicant->holder.talk.directory.renewal_info.len > 0)
        issue->replaces = live->ari_id;
}

enum hf_exit hf_issue(struct hf_applicant *applicant,
                      const struct hf_issue_wish *wish, enum hf_fault *fault)
{
    const struct hf_lineage *lineage = wish->lineage;
    struct hf_issue *issue = hf_alloc(1, sizeof(*issue));
    enum hf_exit status;

    if (issue == NULL) {
        hf_cli_error(applicant->cli, lineage->name, "out of memory");
        *fault = HF_FAULT_OURS;
        return HF_EXIT_ERROR;
    }
    issue->cli = applicant->cli;
    issue->applicant = applicant;
    issue->state = applicant->cli->state;
    issue->lineage = *lineage;
    issue->lineage.account = applicant->account;
    issue->hooks = wish->hooks;
    if (wish->live != NULL)
        renew(issue, wish->live,
              hf_span_eq(lineage->account, applicant->account));
    hf_buf_init_grow(&issue->csr, CSR_MAX);
    status = issue_all(issue);
    *fault = issue->fault;
    clear(issue);
    hf_free(issue);
    return status;
}
