/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_ca_serve.c -- be a CA. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/time_text.h"
#include "ca/orphan.h"
#include "ca/recall.h"
#include "ca/service.h"
#include "cli/ca_reload.h"
#include "cli/commands.h"
#include "cli/manager.h"
#include "os/clock.h"
#include "os/signals.h"

#define TURN_MS  1000
#define DRAIN_MS 10000

static const struct hf_option options[] = {
    HF_CA_PARTS_OPTIONS,
    HF_CA_SETUP_OPTIONS,
};

/* ---- saying what goes on ---- */

static void say(void *to, struct hf_span line)
{
    struct hf_out *out = to;

    hf_out_put(out, line);
    hf_out_put(out, HF_SPAN("\n"));
    (void)hf_out_flush(out, NULL);
}

/* The log, and the clock that it goes by. */
struct teller {
    struct hf_out *out;
    const struct hf_ahead *ahead;
};

static struct teller teller_of(struct hf_cli *cli,
                               const struct hf_ca_parts *parts)
{
    return (struct teller){.out = cli->out, .ahead = &parts->ahead};
}

static struct hf_json begin_event(const struct teller *teller,
                                  struct hf_buf *line, const char *event)
{
    char room[HF_TIME_TEXT_MAX];
    struct hf_json json = hf_json_to(line);
    struct hf_buf at;

    hf_buf_init(&at, room, sizeof(room));
    hf_time_put(&at, hf_clock_now().s + hf_ahead_s(teller->ahead));
    hf_json_open(&json, '{');
    hf_json_key_str(&json, "at", hf_buf_span(&at));
    hf_json_key_lit(&json, "event", event);
    return json;
}

static void end_event(const struct teller *teller, struct hf_json *json)
{
    hf_json_close(json, '}');
    say(teller->out, hf_buf_span(json->out));
}

static void say_event(const struct teller *teller, const char *event)
{
    char room[128];
    struct hf_buf line;
    struct hf_json json;

    hf_buf_init(&line, room, sizeof(room));
    json = begin_event(teller, &line, event);
    end_event(teller, &json);
}

static void announce(const struct teller *teller,
                     const struct hf_ca_parts *parts)
{
    char room[HF_URL_MAX + 128];
    struct hf_buf line;
    struct hf_json json;

    hf_buf_init(&line, room, sizeof(room));
    json = begin_event(teller, &line, "serving");
    hf_json_key_str(&json, "url", parts->rules->setup.settings.base);
    hf_json_key_int(&json, "port", hf_server_port(parts->front, 0));
    end_event(teller, &json);
}

/* ---- what a crash left ---- */

/* Signed, and in the log of evidence, when the last CA died before the tables
 * had it. Nobody else writes the log now, so what is in it and not in them will
 * never be. */
static enum hf_err tell_orphan(void *state, const struct hf_orphan *orphan,
                               struct hf_why *why)
{
    const struct teller *teller = state;
    char room[512];
    struct hf_buf line;
    struct hf_json json;

    (void)why;
    hf_buf_init(&line, room, sizeof(room));
    json = begin_event(teller, &line, "found");
    hf_json_key_str(&json, "serial", orphan->serial);
    hf_json_key_int(&json, "entry", (int64_t)orphan->entry);
    hf_json_key_lit(&json, "fate", hf_orphan_word(orphan->fate));
    end_event(teller, &json);
    return HF_OK;
}

/* The tables are an older copy, if there are any. */
static void tell_recalled(const struct teller *teller, uint64_t count)
{
    char room[128];
    struct hf_buf line;
    struct hf_json json;

    if (count == 0)
        return;
    hf_buf_init(&line, room, sizeof(room));
    json = begin_event(teller, &line, "revoked_again");
    hf_json_key_int(&json, "count", (int64_t)count);
    end_event(teller, &json);
}

struct settling {
    struct hf_orphans orphans;
    struct hf_recall recall;
};

static enum hf_err take_rift(void *state, const struct hf_rift *rift,
                             struct hf_why *why)
{
    struct settling *settling = state;

    /* The others are for `holdfast ca doctor`. */
    return rift->kind == HF_RIFT_ORPHAN
               ? hf_orphans_add(&settling->orphans, rift, why)
               : HF_OK;
}

static enum hf_err step(void *state, const struct hf_entry *entry,
                        struct hf_why *why)
{
    struct settling *settling = state;
    enum hf_err err = hf_orphans_note(&settling->orphans, entry, why);

    return err == HF_OK ? hf_recall_note(&settling->recall, entry, why) : err;
}

static enum hf_err settle(struct hf_cli *cli, struct hf_ca_parts *parts,
                          struct hf_why *why)
{
    static struct settling settling;
    struct teller teller = teller_of(cli, parts);
    char folder[PATH_MAX + 16];
    struct hf_reconcile_plan plan = {.store = parts->store,
                                     .digest = parts->digest,
                                     .folder = folder,
                                     .log = hf_buf_span(&parts->keeper),
                                     .is_alone = true,
                                     .shards = HF_CA_SHARDS,
                                     .tell = take_rift,
                                     .step = step,
                                     .state = &settling};
    struct hf_reconciled found;
    enum hf_err err;

    (void)snprintf(folder, sizeof(folder), "%s/" HF_CA_LOG, parts->folder);
    settling.recall = (struct hf_recall){
        .store = parts->store, .folder = folder, .mends = true};
    settling.orphans =
        (struct hf_orphans){.store = parts->store,
                            .digest = parts->digest,
                            .log = hf_buf_span(&parts->keeper),
                            .shards = HF_CA_SHARDS,
                            .now_at = cli->now.s + hf_ahead_s(&parts->ahead),
                            .adopts = true,
                            .tell = tell_orphan,
                            .state = &teller};
    err = hf_reconcile_tail(&plan, &found, why);
    if (err == HF_OK)
        err = hf_orphans_end(&settling.orphans, why);
    hf_orphans_clear(&settling.orphans);
    if (err == HF_OK)
        err = hf_recall_end(&settling.recall, why);
    if (err == HF_OK)
        tell_recalled(&teller, settling.recall.forgotten);
    return err;
}

static void tell_ready(const struct hf_ca_parts *parts, const char *more)
{
    char room[HF_URL_MAX + 128];
    struct hf_buf status;

    hf_buf_init(&status, room, sizeof(room));
    hf_buf_puts(&status, "serving ");
    hf_buf_put(&status, parts->rules->setup.settings.base);
    hf_buf_puts(&status, more);
    hf_notify_ready(&parts->notify, hf_buf_span(&status));
}

/* ---- the loop ---- */

static enum hf_exit fail(const struct hf_cli *cli, enum hf_err err,
                         const struct hf_why *why)
{
    if (err == HF_ECANCELED)
        return HF_EXIT_INTERRUPTED;
    hf_cli_fail(cli, HF_SPAN("the CA stopped"), why);
    return HF_EXIT_ERROR;
}

/* Nobody new, and an answer for everybody who is there. */
static void drain(struct hf_ca_parts *parts, struct hf_service *service)
{
    int64_t until_ms = hf_clock_ms() + DRAIN_MS;
    struct hf_why why = {0};

    hf_signals_tidy(true);
    hf_notify_stopping(&parts->notify,
                       HF_SPAN("those who are there get their answers"));
    hf_server_drain(parts->front);
    while (!hf_server_is_drained(parts->front) && hf_clock_ms() < until_ms) {
        hf_notify_alive(&parts->notify);
        if (hf_service_turn(service, 100, &why) != HF_OK)
            break;
    }
    hf_signals_tidy(false);
}

static enum hf_err reload(struct hf_cli *cli, struct hf_ca_parts *parts,
                          struct hf_service *service, struct hf_why *why)
{
    const struct teller teller = teller_of(cli, parts);
    bool good;

    hf_notify_reloading(&parts->notify);
    good = hf_ca_reload(cli, parts, service) == HF_EXIT_GOOD;
    tell_ready(parts, good ? "" : "; its new configuration was not taken");
    say_event(&teller, good ? "reloaded" : "not_reloaded");
    return hf_service_reloaded(service, good, why);
}

static enum hf_exit serve(struct hf_cli *cli, struct hf_ca_parts *parts)
{
    const struct hf_service_config config = {
        .settings = &parts->rules->setup.settings,
        .store = parts->store,
        .front = parts->front,
        .validator = parts->rules->validator,
        .issuer = parts->issuer,
        .own_tls = parts->own_tls,
        .control_place = parts->control_place,
        .watch_place = parts->rules->setup.watch_place,
        .keeper = hf_buf_span(&parts->keeper),
        .hold_ms = 1000,
        .shards = HF_CA_SHARDS,
        .list_every_s = 86400,
        .list_life_s = 7 * (int64_t)86400,
        .ahead = parts->ahead,
        .say = say,
        .say_to = cli->out,
    };
    const struct teller teller = teller_of(cli, parts);
    struct hf_service *service = NULL;
    struct hf_why why = {0};
    enum hf_err err = settle(cli, parts, &why);

    if (err == HF_OK)
        err = hf_service_new(&config, &service, &why);
    if (err == HF_OK) {
        announce(&teller, parts);
        tell_ready(parts, "");
    }
    while (err == HF_OK && !hf_signals_stop_wanted()) {
        hf_notify_alive(&parts->notify);
        err = hf_service_turn(service, TURN_MS, &why);
        if (err == HF_OK &&
            (hf_signals_take_reload() || hf_service_wants_reload(service)))
            err = reload(cli, parts, service, &why);
    }
    if (err == HF_OK || err == HF_ECANCELED) {
        drain(parts, service);
        hf_service_leave(service);
    }
    hf_service_free(service);
    return err == HF_OK || err == HF_ECANCELED ? HF_EXIT_GOOD
                                               : fail(cli, err, &why);
}

static enum hf_exit run(struct hf_cli *cli)
{
    static struct hf_ca_parts parts; /* its eyes are not small */
    enum hf_exit status;

    hf_signals_reload_on_hangup();
    /* Before the wall. */
    status = hf_manager_open(cli, &parts.notify);
    if (status == HF_EXIT_GOOD)
        status = hf_manager_sockets(cli, &parts.handed);
    if (status == HF_EXIT_GOOD)
        status = hf_ca_parts_open(cli, &parts);
    if (status == HF_EXIT_GOOD)
        status = serve(cli, &parts);
    hf_notify_close(&parts.notify);
    hf_ca_parts_close(&parts);
    return hf_cli_finish(cli, status);
}

const struct hf_command hf_cmd_ca_serve = {
    .name = "ca serve",
    .operands = "",
    .summary = "Be a CA: an ACME server that validates standing records",
    .details =
        "Serves the CA that `holdfast ca init` made, over RFC 8555 with\n"
        "dns-persist-01, http-01, dns-01 and tls-alpn-01, until a signal ends\n"
        "it. Names are resolved and DNSSEC is validated here; every decision\n"
        "is kept in the evidence log before anything is signed.\n",
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .run = run,
};
