/* SPDX-License-Identifier: Apache-2.0 */
#include <unistd.h>

#include "acme/retry_after.h"
#include "base/alloc.h"
#include "cli/batch.h"
#include "cli/cert.h"
#include "cli/commands.h"
#include "cli/layers.h"
#include "cli/provision.h"
#include "cli/solving.h"
#include "client/renewal.h"
#include "net/url.h"
#include "os/clock.h"
#include "os/random.h"
#include "os/signals.h"

#define ARI_AGAIN_S                                                            \
    21600 /* RFC 9773 4.3: six hours, if nothing else is said                  \
           */
#define ARI_MIN_S    60
#define ARI_MAX_S    86400
#define JITTER_MAX_S 86400

static const struct hf_option options[] = {
    HF_STATE_OPTION,
    {.name = "force", .help = "Renew those named, or all, due or not"},
    {.name = "dry-run", .help = "Say what is due, and order nothing"},
    {.name = "jitter",
     .arg = "SECONDS",
     .help = "Unless at a terminal, wait at random for up to this time first"},
    HF_HOOK_OPTIONS,
    HF_APPLICANT_OPTIONS,
};

/* One run over certificates. */
struct renewing {
    struct hf_cli *cli;
    struct hf_failover failover;
    struct hf_hooks *hooks; /* NULL in a dry run */
    struct hf_batch due;    /* its items are struct hf_cert */
    size_t changed;
    size_t failed;
    size_t refused; /* changes of the configuration */
    size_t later;   /* failed for now */
    bool interrupted;
};

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
static void ask_window(struct renewing *r, struct hf_talk *talk,
                       struct hf_cert *cert)
{
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

/* Whoever issued it is asked, if it is time. A CA that cannot be asked is
 * silent; but an account that cannot be used is a failure. */
static bool consult(struct renewing *r, struct hf_cert *cert)
{
    struct hf_applicant *applicant;
    enum hf_fault fault;
    enum hf_exit status;

    if (cert->certificate->ari_id.len == 0 ||
        r->cli->now.s < cert->lineage.ask_ari_at)
        return true;
    status = hf_failover_open(&r->failover, cert->lineage.account, &applicant,
                              &fault);
    r->interrupted = status == HF_EXIT_INTERRUPTED;
    if (status != HF_EXIT_GOOD)
        return fault == HF_FAULT_SILENCE;
    if (applicant->holder.talk.directory.renewal_info.len > 0)
        ask_window(r, &applicant->holder.talk, cert);
    return true;
}

/* Due, or when? */
static bool is_due(const struct renewing *r, struct hf_cert *cert)
{
    struct hf_renewal renewal = {
        .not_before_at = cert->certificate->not_before_at,
        .not_after_at = cert->certificate->not_after_at,
        .random = random_number(),
    };

    if (cert->lineage.renew_at == 0)
        cert->lineage.renew_at = hf_renewal_by_lifetime(&renewal);
    renewal.renew_at = cert->lineage.renew_at;
    return hf_renewal_is_due(&renewal, r->cli->now.s);
}

/* What was chosen, and when the CA may be asked again, is for the next run. */
static void keep_choice(struct renewing *r, const struct hf_cert *cert,
                        const struct hf_lineage *before)
{
    struct hf_why why = {0};

    if ((before->renew_at != cert->lineage.renew_at ||
         before->ask_ari_at != cert->lineage.ask_ari_at) &&
        hf_lineage_write(r->cli->state, &cert->lineage, &why) != HF_OK)
        hf_cli_fail(r->cli, cert->lineage.name, &why);
}

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

/* Deploy hooks that a run before this one owes. */
static void make_up(struct renewing *r, struct hf_cert *cert)
{
    bool ran = false;

    if (cert->certificate != NULL &&
        hf_hooks_deploy(r->hooks, cert, &ran) == HF_EXIT_GOOD)
        r->changed += ran;
}

/* ---- several together ---- */

static void count_end(struct renewing *r, const struct hf_issue_wish *wish)
{
    enum hf_exit status = wish->status;

    hf_hooks_note(r->hooks, wish->lineage, status == HF_EXIT_GOOD);
    r->interrupted |= status == HF_EXIT_INTERRUPTED;
    r->changed += status == HF_EXIT_GOOD;
    r->later += status == HF_EXIT_LATER;
    r->failed += status != HF_EXIT_GOOD && status != HF_EXIT_LATER;
}

static void end_due(void *state, const struct hf_issue_wish *wish, void *item)
{
    struct hf_cert *cert = item;

    if (wish != NULL)
        count_end(state, wish);
    hf_cert_clear(cert);
    hf_free(cert);
}

/* It is ordered with those that come after it (REQ CLI-32: of DNS that only
 * reads; the records stay, and stand). Takes the certificate. */
static void add_due(struct renewing *r, struct hf_cert *cert)
{
    struct hf_cert *kept = hf_alloc(1, sizeof(*kept));
    struct hf_issue_wish wish = {.section = hf_layers_certificate(r->cli),
                                 .hooks = r->hooks};

    if (kept == NULL) {
        hf_cli_error(r->cli, cert->lineage.name, "out of memory");
        r->failed++;
        return;
    }
    *kept = *cert;
    *cert = (struct hf_cert){0};
    wish.lineage = &kept->lineage;
    wish.live = kept->certificate;
    hf_batch_add(&r->due, &wish, kept);
}

/* ---- one certificate ---- */

static void renew(struct renewing *r, struct hf_cert *cert)
{
    bool is_forced = hf_cli_has(r->cli, "force") || cert->certificate == NULL;
    const struct hf_lineage before = cert->lineage;

    if (!is_forced && !consult(r, cert)) {
        r->failed++;
        return;
    }
    if (!is_forced && !is_due(r, cert)) {
        keep_choice(r, cert, &before);
        return;
    }
    if (r->hooks != NULL) {
        add_due(r, cert);
        return;
    }
    tell_due(r, cert);
    r->changed++;
}

static void renew_named(struct renewing *r, const char *name)
{
    struct hf_cert cert;

    /* Somebody may name one twice: it is read again when it is renewed. */
    if (hf_batch_has(&r->due, hf_span_str(name)))
        hf_batch_issue(&r->due);
    if (hf_cert_read_any(r->cli, hf_span_str(name), &cert) != HF_EXIT_GOOD) {
        r->failed++;
        return;
    }
    hf_layers_use_certificate(r->cli, cert.lineage.name);
    if (hf_issue_read(r->cli, &cert.lineage) != HF_EXIT_GOOD) {
        r->failed++;
    } else {
        if (r->hooks != NULL)
            make_up(r, &cert);
        renew(r, &cert);
    }
    hf_cert_clear(&cert);
}

/* ---- all of them ---- */

static bool renew_each(void *state, const char *name)
{
    struct renewing *r = state;

    renew_named(r, name);
    return !r->interrupted;
}

static void for_each(struct renewing *r,
                     bool (*one)(void *state, const char *name))
{
    if (r->cli->operand_count == 0 && !hf_cert_each(r->cli, one, r))
        r->failed++;
    for (size_t i = 0; i < r->cli->operand_count; i++)
        if (!one(r, r->cli->operands[i]))
            return;
}

/*
 * Hooks and methods that the command line or its section gives are written down
 * at once: it may be long until the certificate is due. Those that cannot be
 * used are told of, and it is renewed as before.
 */
static void take_news(struct renewing *r, struct hf_lineage *lineage,
                      struct hf_buf *room)
{
    bool changed = hf_hooks_replace(r->cli, lineage);
    struct hf_why why = {0};

    if (hf_solving_replace(r->cli, room, lineage->name, &lineage->means,
                           &changed) != HF_EXIT_GOOD) {
        hf_cli_error(r->cli, lineage->name,
                     "is renewed as before: the methods of its section cannot "
                     "be used");
        r->refused++;
    }
    if (!changed || hf_lineage_write(r->cli->state, lineage, &why) == HF_OK)
        return;
    hf_cli_fail(r->cli, lineage->name, &why);
    r->refused++;
}

/* What cannot be read is told when its turn comes. */
static bool add_needs(void *state, const char *name)
{
    struct renewing *r = state;
    struct hf_lineage lineage;
    struct hf_buf room;
    bool good;

    if (hf_lineage_read(r->cli->state, hf_span_str(name), &lineage, NULL) !=
        HF_OK)
        return true;
    hf_buf_init_grow(&room, HF_SOLVING_ROOM);
    hf_layers_use_certificate(r->cli, lineage.name);
    /* What it holds is pointed to: it must not move. */
    if (r->hooks != NULL && hf_buf_reserve(&room, HF_SOLVING_ROOM) != NULL)
        take_news(r, &lineage, &room);
    good = (r->hooks == NULL || hf_hooks_add(r->hooks, &lineage)) &&
           hf_provision_add(r->cli, &lineage);
    hf_buf_clear(&room);
    hf_lineage_clear(&lineage);
    r->failed += !good;
    return good;
}

/* All that may run is known before the network is. */
static enum hf_exit prepare(struct renewing *r)
{
    enum hf_exit status = hf_provision_new(r->cli);

    if (status == HF_EXIT_GOOD && !hf_cli_has(r->cli, "dry-run"))
        status = hf_hooks_new(r->cli, &r->hooks);
    if (status != HF_EXIT_GOOD)
        return status;
    for_each(r, add_needs);
    if (r->failed > 0)
        return HF_EXIT_ERROR;
    if (r->hooks != NULL)
        status = hf_hooks_start(r->hooks);
    return status == HF_EXIT_GOOD ? hf_provision_start(r->cli) : status;
}

static enum hf_exit end(struct renewing *r)
{
    if (r->hooks != NULL && !hf_hooks_after(r->hooks))
        r->failed++;
    if (r->interrupted || hf_signals_stop_wanted())
        return HF_EXIT_INTERRUPTED;
    if (r->failed + r->refused > 0)
        return HF_EXIT_ERROR;
    if (r->later > 0)
        return HF_EXIT_LATER;
    return r->changed > 0 ? HF_EXIT_GOOD : HF_EXIT_NO;
}

/* A fleet whose timers ring at the same minute does not come all at once. */
static enum hf_exit wait_at_random(const struct hf_cli *cli)
{
    int64_t jitter_s = 0;
    int64_t until_ms;

    if (!hf_cli_number(cli, "jitter", 0, JITTER_MAX_S, &jitter_s))
        return HF_EXIT_USAGE;
    if (isatty(STDIN_FILENO) == 1)
        return HF_EXIT_GOOD;
    /* A day in milliseconds, times 2^32, is below 2^59. */
    until_ms =
        hf_clock_ms() + (int64_t)((uint64_t)jitter_s * 1000 *
                                  (uint64_t)random_number() / UINT32_MAX);
    while (hf_clock_ms() < until_ms && !hf_signals_stop_wanted())
        hf_clock_wait(until_ms - hf_clock_ms());
    return hf_signals_stop_wanted() ? HF_EXIT_INTERRUPTED : HF_EXIT_GOOD;
}

static enum hf_exit renew_all(struct renewing *r)
{
    enum hf_exit status;

    hf_failover_init(&r->failover, r->cli);
    r->due = (struct hf_batch){
        .failover = &r->failover, .ended = end_due, .state = r};
    status = prepare(r);
    if (status == HF_EXIT_GOOD) {
        for_each(r, renew_each);
        if (r->interrupted)
            hf_batch_drop(&r->due);
        hf_batch_issue(&r->due);
        status = end(r);
    }
    hf_provision_free(r->cli);
    hf_hooks_free(r->hooks);
    hf_failover_clear(&r->failover);
    return status;
}

static enum hf_exit run(struct hf_cli *cli)
{
    struct renewing *r;
    struct hf_lock lock = {0};
    enum hf_exit status = wait_at_random(cli);

    if (status == HF_EXIT_GOOD)
        status = hf_state_lock(cli, HF_LOCK_CERTIFICATES, &lock);
    if (status != HF_EXIT_GOOD)
        return status;
    r = hf_alloc(1, sizeof(*r));
    if (r == NULL) {
        hf_cli_error(cli, HF_SPAN(""), "out of memory");
        status = HF_EXIT_ERROR;
    } else {
        r->cli = cli;
        status = renew_all(r);
    }
    hf_free(r);
    hf_lock_drop(&lock);
    return status;
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
        "something was renewed, 2 nothing was due, 1 a renewal or a hook\n"
        "failed, 75 another process is at work, or the CA wants to be left "
        "alone.\n",
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .operands_min = 0,
    .operands_max = SIZE_MAX,
    .run = run,
};
