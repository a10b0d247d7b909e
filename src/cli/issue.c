/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/issue.h"

#include "base/alloc.h"
#include "base/time_text.h"
#include "cli/choice.h"
#include "cli/dry_run.h"
#include "cli/profile.h"
#include "names/ip.h"
#include "os/clock.h"
#include "os/signals.h"

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

/* A host name, or its wildcard. */
static enum hf_exit read_host(struct hf_issue *issue, struct hf_target *target)
{
    struct hf_span name = target->text;
    struct hf_why why = {0};

    target->wildcard = hf_name_take_star(&name);
    if (hf_name_parse(name, &target->name, &why) != HF_OK) {
        hf_cli_fail(issue->cli, target->text, &why);
        return HF_EXIT_ERROR;
    }
    issue->hosts[issue->names.dns_count++] = target->text;
    return HF_EXIT_GOOD;
}

static enum hf_exit read_names(struct hf_issue *issue)
{
    enum hf_exit status = HF_EXIT_GOOD;

    issue->names.dns = issue->hosts;
    issue->names.ips = issue->addresses;
    for (size_t i = 0; i < issue->lineage.name_count && status == HF_EXIT_GOOD;
         i++) {
        struct hf_target *target = &issue->targets[i];
        uint8_t octets[16];
        size_t len;

        target->text = issue->lineage.names[i];
        target->is_address = hf_ip_parse(target->text, octets, &len);
        if (target->is_address)
            issue->addresses[issue->names.ip_count++] = target->text;
        else
            status = read_host(issue, target);
    }
    return status;
}

/* ---- the request ---- */

static bool has_all(const struct hf_span *names, size_t count,
                    const struct hf_span *wanted, size_t wanted_count)
{
    for (size_t i = 0; i < wanted_count; i++)
        if (!hf_span_among_nocase(wanted[i], names, count))
            return false;
    return true;
}

static bool has_names(const struct hf_csr_names *names,
                      const struct hf_csr_names *wanted)
{
    return has_all(names->dns, names->dns_count, wanted->dns,
                   wanted->dns_count) &&
           has_all(names->ips, names->ip_count, wanted->ips, wanted->ip_count);
}

/* One that was brought is read again each time: it may have another key by
 * now, but what it is for does not change behind its owner's back. */
static enum hf_exit make_request(struct hf_issue *issue)
{
    const struct hf_csr_names *brought = &issue->request.brought.san.names;
    enum hf_exit status;

    if (issue->lineage.csr.len == 0)
        return hf_request_make(issue->cli, &issue->lineage, &issue->names,
                               &issue->request);
    status = hf_request_read(issue->cli, issue->lineage.csr, &issue->request);
    if (status != HF_EXIT_GOOD || (has_names(brought, &issue->names) &&
                                   has_names(&issue->names, brought)))
        return status;
    hf_cli_error(issue->cli, issue->lineage.csr,
                 "the certificate request is for other names than before; "
                 "issue anew with --csr");
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

/* How the order ended. */
static enum hf_exit end_order(struct hf_issue *issue)
{
    struct hf_order_result result;
    enum hf_exit status;

    hf_choice_tidy(issue);
    if (issue->job.err == HF_ECANCELED)
        return HF_EXIT_INTERRUPTED;
    if (issue->job.err != HF_OK) {
        hf_cli_fail(issue->cli, HF_SPAN("order"), &issue->job.why);
        return HF_EXIT_ERROR;
    }
    hf_order_result(issue->job.engine, &result);
    if (result.failure == HF_ORDER_GOOD)
        return HF_EXIT_GOOD;
    status = tell_failure(issue, &result);
    return hf_signals_stop_wanted() ? HF_EXIT_INTERRUPTED : status;
}

/* ---- the certificate ---- */

/* It must be what was asked for: our key, our names. */
static const char *why_wrong(const struct hf_issue *issue,
                             const struct hf_certificate *certificate)
{
    if (!hf_request_is_answered(&issue->request, certificate))
        return "the CA sent a certificate of another key";
    if (!has_names(&certificate->san.names, &issue->names))
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

    hf_order_result(issue->job.engine, &result);
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

/* Our key in PEM; nothing where the user has it. */
static enum hf_err put_key(const struct hf_issue *issue, struct hf_buf *out,
                           struct hf_why *why)
{
    return issue->request.key == NULL
               ? HF_OK
               : hf_private_key_write(issue->request.key, (struct hf_span){0},
                                      out, why);
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
    err = put_key(issue, &pem, &why);
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

static void tell(const struct hf_issue *issue)
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
static enum hf_exit tell_and_deploy(struct hf_issue *issue)
{
    struct hf_cert cert = {.lineage = issue->lineage,
                           .certificate = issue->certificate};
    bool ran;

    tell(issue);
    (void)hf_hooks_deploy(issue->hooks, &cert, &ran);
    return HF_EXIT_GOOD;
}

/* ---- step by step ---- */

/* Those that go together. */
struct batch {
    struct hf_applicant *applicant;
    struct hf_issue *issues;
    size_t count;
};

/* The step, if it has come so far. */
static void take_step(struct hf_issue *issue,
                      enum hf_exit (*step)(struct hf_issue *))
{
    if (issue->status != HF_EXIT_GOOD)
        return;
    hf_layers_put_certificate(issue->cli, issue->section);
    issue->status = step(issue);
}

static void each(struct batch *batch, enum hf_exit (*step)(struct hf_issue *))
{
    for (size_t i = 0; i < batch->count; i++)
        take_step(&batch->issues[i], step);
}

static enum hf_exit begin(struct hf_issue *issue)
{
    enum hf_exit status = read_names(issue);

    if (status != HF_EXIT_GOOD)
        return status;
    status =
        hf_profile_choose(issue->cli, &issue->applicant->holder.talk.directory,
                          &issue->lineage, &issue->profile);
    if (status != HF_EXIT_GOOD)
        issue->fault = HF_FAULT_CAS;
    return status;
}

/* At all their names side by side. */
static void look(struct batch *batch)
{
    struct hf_target *targets[HF_LINEAGE_NAMES_MAX];
    enum hf_exit status;
    size_t count = 0;

    for (size_t i = 0; i < batch->count; i++) {
        struct hf_issue *issue = &batch->issues[i];

        for (size_t k = 0;
             issue->status == HF_EXIT_GOOD && k < issue->lineage.name_count;
             k++)
            targets[count++] = &issue->targets[k];
    }
    status = hf_preflight_look(batch->applicant, targets, count);
    for (size_t i = 0; i < batch->count; i++)
        if (batch->issues[i].status == HF_EXIT_GOOD)
            batch->issues[i].status = status;
}

static enum hf_exit plan(struct hf_issue *issue)
{
    enum hf_exit status = HF_EXIT_GOOD;

    if (issue->applicant->looks)
        status = hf_preflight_judge(issue->applicant, issue->targets,
                                    issue->lineage.name_count);
    if (status == HF_EXIT_GOOD)
        status = hf_choice_plan(issue);
    return status == HF_EXIT_GOOD ? make_request(issue) : status;
}

static enum hf_exit prepare(struct hf_issue *issue)
{
    hf_hooks_before(issue->hooks, &issue->lineage);
    return hf_choice_prepare(issue);
}

/* Its certificate is in its place while the CA is busy with others, and before
 * anything can go wrong with them. */
static void on_end(void *state)
{
    take_step(state, end_order);
    take_step(state, take_certificate);
    take_step(state, install);
}

/* What is shown in DNS takes its time to get there. */
static int64_t patience_ms(const struct hf_issue *issue)
{
    int64_t wait_s = issue->applicant->order_timeout_s;

    if (hf_means_has(&issue->lineage.means, HF_METHOD_DNS))
        wait_s += hf_solving_wait_s(&issue->lineage.means);
    return wait_s * 1000;
}

/* RFC 9444: where the records of hosts stand, as far as the CA must be told. */
static void name_ancestors(struct hf_issue *issue)
{
    size_t count = 0;

    for (size_t i = 0; i < issue->lineage.name_count; i++)
        if (!issue->targets[i].is_address)
            issue->ancestors[count++] = issue->targets[i].ancestor;
}

static enum hf_exit make_job(struct hf_issue *issue)
{
    name_ancestors(issue);
    issue->job.choose = hf_choice_make;
    issue->job.ended = on_end;
    issue->job.patience_ms = patience_ms(issue);
    issue->job.state = issue;
    issue->job.wish = (struct hf_order_wish){
        .dns = issue->names.dns,
        .dns_count = issue->names.dns_count,
        .ancestors = issue->ancestors,
        .ips = issue->names.ips,
        .ip_count = issue->names.ip_count,
        .profile = issue->profile,
        .replaces = issue->replaces,
        .csr_der = hf_request_der(&issue->request),
        .alternates = issue->lineage.chain.len > 0,
    };
    return HF_EXIT_GOOD;
}

static void order(struct batch *batch)
{
    struct hf_order_job *jobs[HF_ISSUE_MAX];
    size_t count = 0;

    each(batch, make_job);
    for (size_t i = 0; i < batch->count; i++)
        if (batch->issues[i].status == HF_EXIT_GOOD)
            jobs[count++] = &batch->issues[i].job;
    if (count > 0)
        hf_orders_run(&batch->applicant->holder.talk, jobs, count);
}

/* All are in their place before a hook takes its time. */
static void issue_all(struct batch *batch)
{
    each(batch, begin);
    if (batch->applicant->looks)
        look(batch);
    each(batch, plan);
    if (hf_cli_has(batch->applicant->cli, "dry-run")) {
        each(batch, hf_dry_run_tell);
        return;
    }
    each(batch, prepare);
    order(batch);
    each(batch, tell_and_deploy);
}

/* ---- from beginning to end ---- */

static void clear(struct hf_issue *issue)
{
    hf_preflight_clear(issue->targets, issue->lineage.name_count);
    hf_order_engine_free(issue->job.engine);
    hf_certificate_free(issue->certificate);
    hf_request_clear(&issue->request);
    hf_solving_clear(&issue->solving);
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

static void init(struct hf_issue *issue, struct hf_applicant *applicant,
                 const struct hf_issue_wish *wish)
{
    const struct hf_lineage *lineage = wish->lineage;

    issue->cli = applicant->cli;
    issue->applicant = applicant;
    issue->state = applicant->cli->state;
    issue->lineage = *lineage;
    issue->lineage.account = applicant->account;
    issue->section = wish->section;
    issue->hooks = wish->hooks;
    if (wish->live != NULL)
        renew(issue, wish->live,
              hf_span_eq(lineage->account, applicant->account));
}

static void fail_all(const struct hf_cli *cli,
                     struct hf_issue_wish *const *wishes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        hf_cli_error(cli, wishes[i]->lineage->name, "out of memory");
        wishes[i]->status = HF_EXIT_ERROR;
        wishes[i]->fault = HF_FAULT_OURS;
    }
}

void hf_issue(struct hf_applicant *applicant,
              struct hf_issue_wish *const *wishes, size_t count)
{
    struct batch batch = {.applicant = applicant,
                          .issues = hf_alloc(count, sizeof(*batch.issues)),
                          .count = count};

    if (batch.issues == NULL) {
        fail_all(applicant->cli, wishes, count);
        return;
    }
    for (size_t i = 0; i < count; i++)
        init(&batch.issues[i], applicant, wishes[i]);
    issue_all(&batch);
    for (size_t i = 0; i < count; i++) {
        wishes[i]->status = batch.issues[i].status;
        wishes[i]->fault = batch.issues[i].fault;
        clear(&batch.issues[i]);
    }
    hf_free(batch.issues);
}

/* ---- which go together ---- */

static bool wants_records_only(const struct hf_lineage *lineage)
{
    enum hf_method method;

    for (size_t i = 0; hf_means_nth(&lineage->means, i, &method); i++)
        if (method != HF_METHOD_PERSIST)
            return false;
    return true;
}

bool hf_issue_goes_with(const struct hf_cli *cli, const struct hf_issue_wish *a,
                        const struct hf_issue_wish *b)
{
    return wants_records_only(a->lineage) && wants_records_only(b->lineage) &&
           hf_applicant_is_shared(cli, a->section, b->section);
}
