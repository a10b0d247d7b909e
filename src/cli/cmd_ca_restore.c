/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_ca_restore.c -- put a copy of a CA's database back. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/time_text.h"
#include "ca/kept_list.h"
#include "ca/listed.h"
#include "ca/orphan.h"
#include "ca/recall.h"
#include "ca/revoked.h"
#include "cli/ca_parts.h"
#include "cli/chain_file.h"
#include "cli/commands.h"
#include "crypto/signed.h"
#include "os/clock.h"
#include "os/fail.h"
#include "os/file.h"
#include "os/folder.h"
#include "os/lock.h"
#include "os/progress.h"
#include "os/signals.h"

#define DRAFT     "ledger.new" /* until it is complete */
#define FILE_NAME "ca.db"
#define PIECE     8192

static const struct hf_option options[] = {
    HF_CA_LEDGER_OPTIONS,
};

struct restore {
    struct hf_cli *cli;
    char folder[PATH_MAX];     /* of the CA */
    char draft[PATH_MAX + 16]; /* folder of the tables to be */
    char file[PATH_MAX + 32];  /* in it */
    char log[PATH_MAX + 16];
    struct hf_lock lock; /* of the log */
    struct hf_digest *digest;
    struct hf_buf issuer; /* certificate, DER */
    struct hf_store *store;
    struct hf_orphans orphans;
    struct hf_recall recall;
    struct hf_listed listed;
    struct hf_progress progress;
    struct hf_reconciled found;
    bool has_log;
    bool is_proven; /* a certificate was looked at, and is this CA's */
    uint64_t added;
    uint64_t unproven;
    uint64_t revoked; /* again, by the log and lists that are kept */
    int64_t newest_at;
    int64_t lost; /* revocations */
};

static enum hf_exit fail(const struct restore *r, const char *subject,
                         const struct hf_why *why)
{
    hf_cli_fail(r->cli, hf_span_str(subject), why);
    return HF_EXIT_ERROR;
}

/* ---- what must be so ---- */

static enum hf_exit read_issuer(struct restore *r)
{
    char path[PATH_MAX + 16];
    struct hf_certificate *certificate = NULL;
    struct hf_why why = {0};
    enum hf_err err;

    (void)snprintf(path, sizeof(path), "%s/issuer.pem", r->folder);
    err = hf_chain_file_read(path, &certificate, &why);
    if (err == HF_OK)
        hf_buf_put(&r->issuer, certificate->der);
    if (err == HF_ENOTFOUND)
        why.text = "the CA itself is not here: first put its folder back, with "
                   "its keys and its log";
    hf_certificate_free(certificate);
    return err == HF_OK ? HF_EXIT_GOOD : fail(r, path, &why);
}

/* Who serves has the log's lock. */
static enum hf_exit lock_log(struct restore *r)
{
    char path[PATH_MAX + 32];
    struct hf_why why = {0};
    int64_t holder;
    enum hf_err err;

    r->has_log = access(r->log, F_OK) == 0;
    if (!r->has_log)
        return HF_EXIT_GOOD;
    (void)snprintf(path, sizeof(path), "%s/lock", r->log);
    err = hf_lock_take(path, 0, &r->lock, &holder, &why);
    if (err != HF_OK)
        return fail(r, path, &why);
    if (r->lock.held)
        return HF_EXIT_GOOD;
    hf_cli_error(r->cli, hf_span_str(r->folder),
                 "this CA serves, or is being looked at: end that first");
    return HF_EXIT_LATER;
}

/* An empty folder is in nobody's way. */
static enum hf_exit is_free(const struct restore *r)
{
    char path[PATH_MAX + 16];

    (void)snprintf(path, sizeof(path), "%s/" HF_CA_LEDGER_FOLDER, r->folder);
    if (rmdir(path) == 0 || errno == ENOENT)
        return HF_EXIT_GOOD;
    hf_cli_error(r->cli, hf_span_str(path),
                 "there is a database already, and it is not overwritten: move "
                 "this folder elsewhere, with all that is in it");
    return HF_EXIT_ERROR;
}

/* ---- the copy of the copy ---- */

static enum hf_err copy_pieces(int from, int to, struct hf_why *why)
{
    char piece[PIECE];
    ssize_t n;

    while ((n = read(from, piece, sizeof(piece))) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return hf_fail_sys(why, errno, "read the copy");
        if (!hf_file_write(to, (struct hf_span){piece, (size_t)n}))
            return hf_fail_sys(why, errno, "write the database");
        if (hf_signals_stop_wanted())
            return hf_fail(why, HF_ECANCELED, 0, "interrupted");
    }
    return fsync(to) == 0 ? HF_OK
                          : hf_fail_sys(why, errno, "write the database");
}

static enum hf_err copy(struct restore *r, const char *backup,
                        struct hf_why *why)
{
    int from = open(backup, O_RDONLY | O_CLOEXEC);
    int to = -1;
    enum hf_err err;

    if (from < 0)
        return hf_fail_sys(why, errno, "open");
    /* Of an earlier run, that did not come to its end. */
    hf_folder_remove(r->draft);
    if (mkdir(r->draft, 0700) == 0)
        to = open(r->file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    err = to < 0 ? hf_fail_sys(why, errno, "create the database")
                 : copy_pieces(from, to, why);
    if (to >= 0)
        (void)close(to);
    (void)close(from);
    return err;
}

/* ---- what it says, and what the log says ---- */

static enum hf_err look(void *state, struct hf_span serial, struct hf_span der,
                        bool is_revoked, struct hf_why *why)
{
    struct restore *r = state;

    (void)serial;
    (void)is_revoked;
    if (r->is_proven)
        return HF_OK;
    r->is_proven = hf_signed_certificate(der, hf_buf_span(&r->issuer));
    return r->is_proven ? HF_OK
                        : hf_fail(why, HF_EINVAL, 0,
                                  "this is a copy of another CA's database: "
                                  "what it issued is not signed by issuer.pem");
}

static enum hf_err step(void *state, const struct hf_entry *entry,
                        struct hf_why *why)
{
    struct restore *r = state;
    enum hf_err err;

    if (hf_signals_stop_wanted())
        return hf_fail(why, HF_ECANCELED, 0, "interrupted");
    err = hf_orphans_note(&r->orphans, entry, why);
    if (err == HF_OK)
        err = hf_recall_note(&r->recall, entry, why);
    if (err != HF_OK)
        return err;
    hf_listed_note(&r->listed, entry);
    hf_progress_show(&r->progress,
                     &(struct hf_progress_state){.done = entry->number},
                     hf_clock_ms() * 1000000);
    return HF_OK;
}

static enum hf_err count_orphan(void *state, const struct hf_orphan *orphan,
                                struct hf_why *why)
{
    struct restore *r = state;

    (void)why;
    r->added += orphan->fate != HF_ORPHAN_TWIN;
    return HF_OK;
}

static enum hf_err take_rift(void *state, const struct hf_rift *rift,
                             struct hf_why *why)
{
    struct restore *r = state;

    if (rift->kind == HF_RIFT_ORPHAN)
        return hf_orphans_add(&r->orphans, rift, why);
    r->unproven++;
    return HF_OK;
}

/* What the log has, and what was on the lists that were signed last. */
static enum hf_err revoke_again(struct restore *r, struct hf_why *why)
{
    struct hf_revoked_plan plan = {.store = r->store,
                                   .now_at = r->cli->now.s,
                                   .listed_at = INT64_MIN,
                                   .mends = true};
    struct hf_revoked_rifts rifts;
    struct hf_buf room;
    enum hf_err err = hf_recall_end(&r->recall, why);

    r->revoked = r->recall.forgotten;
    hf_buf_init_grow(&room, HF_KEPT_LIST_MAX);
    for (; plan.shard < HF_CA_SHARDS && err == HF_OK; plan.shard++) {
        struct hf_crl_read list;

        err = hf_kept_list_read(r->log, plan.shard, hf_buf_span(&r->issuer),
                                &room, &list, why);
        if (err == HF_OK)
            err = hf_revoked_compare(&plan, &list, &rifts, why);
        if (err == HF_OK)
            r->revoked += rifts.counts[HF_REVOKED_FORGOTTEN];
        else if (err == HF_ENOTFOUND)
            err = HF_OK;
        else
            r->found.log_failed = true;
    }
    hf_buf_clear(&room);
    return err;
}

/* Who got what was issued since then is not known, so none of it is revoked
 * but what the log or a list says. */
static enum hf_err replay(struct restore *r, struct hf_why *why)
{
    const struct hf_reconcile_plan plan = {.store = r->store,
                                           .digest = r->digest,
                                           .folder = r->log,
                                           .from = 1,
                                           .is_alone = true,
                                           .shards = HF_CA_SHARDS,
                                           .tell = take_rift,
                                           .look = look,
                                           .step = step,
                                           .state = r};
    enum hf_err err;

    r->orphans.store = r->store;
    r->orphans.digest = r->digest;
    r->orphans.shards = HF_CA_SHARDS;
    r->orphans.now_at = r->cli->now.s;
    r->orphans.adopts = true;
    r->orphans.spares = true;
    r->orphans.tell = count_orphan;
    r->orphans.state = r;
    r->recall =
        (struct hf_recall){.store = r->store, .folder = r->log, .mends = true};
    err = hf_reconcile(&plan, &r->found, why);
    if (err == HF_OK)
        err = hf_orphans_end(&r->orphans, why);
    hf_orphans_clear(&r->orphans);
    if (err == HF_OK)
        err = revoke_again(r, why);
    if (err == HF_OK)
        err = hf_listed_lost(&r->listed, r->store, &r->lost, why);
    hf_progress_end(&r->progress);
    return err;
}

static enum hf_exit fill(struct restore *r)
{
    const char *backup = r->cli->operands[0];
    struct hf_why why = {0};
    enum hf_err err = hf_digest_new(&r->digest, &why);

    if (err == HF_OK)
        err = copy(r, backup, &why);
    if (err == HF_OK)
        err = hf_store_open(r->file, &hf_ca_plan, true, &r->store, &why);
    if (err == HF_OK)
        err = hf_store_check(r->store, &why);
    if (err == HF_OK)
        err =
            hf_store_ask(r->store, HF_CA_NEWEST, NULL, 0, &r->newest_at, &why);
    if (err == HF_OK && r->has_log)
        err = replay(r, &why);
    hf_store_close(r->store);
    if (err != HF_OK)
        hf_folder_remove(r->draft);
    if (err == HF_ECANCELED)
        return HF_EXIT_INTERRUPTED;
    if (err != HF_OK)
        return fail(r, r->found.log_failed ? r->log : backup, &why);
    return HF_EXIT_GOOD;
}

/* ---- telling ---- */

static void tell_json(const struct restore *r)
{
    struct hf_buf *out = &r->cli->out->buf;
    struct hf_json json = hf_json_to(out);

    hf_json_open(&json, '{');
    hf_json_key_int(&json, "newest", r->newest_at);
    hf_json_key_bool(&json, "log", r->has_log);
    hf_json_key_int(&json, "added", (int64_t)r->added);
    hf_json_key_int(&json, "unproven", (int64_t)r->unproven);
    hf_json_key_int(&json, "revoked", (int64_t)r->revoked);
    hf_json_key_int(&json, "revocations_lost", r->lost);
    hf_json_close(&json, '}');
    hf_buf_putc(out, '\n');
}

static void put_count(struct hf_buf *out, uint64_t count, const char *what)
{
    if (count == 0)
        return;
    hf_buf_puts(out, "- ");
    hf_buf_put_u64(out, count);
    hf_buf_puts(out, what);
}

static void tell_text(const struct restore *r)
{
    struct hf_buf *out = &r->cli->out->buf;

    hf_buf_puts(out, "restored what was known on ");
    hf_time_put(out, r->newest_at);
    hf_buf_puts(out, "\n\nLost is what came after that:\n"
                     "- accounts, key changes, orders and authorizations: "
                     "clients make them again\n");
    if (!r->has_log)
        hf_buf_puts(out, "- certificates that were issued: there is no log of "
                         "evidence here to tell which\n");
    put_count(out, r->added,
              " certificates, of which the log of evidence knows: they are in "
              "the database\n  now, good until they are revoked\n");
    put_count(out, r->revoked,
              " revocations, which the log or the lists beside it have: they "
              "are in the\n  database now\n");
    put_count(out, (uint64_t)r->lost,
              " revocations, at least: the lists that were signed last had "
              "more. Revoke\n  these again (`holdfast ca cert revoke`) before "
              "the CA serves\n");
    put_count(
        out, r->unproven,
        " certificates of the copy have no evidence in the log: `holdfast "
        "ca doctor`\n  tells which\n");
    hf_buf_puts(out, "\nNext: `holdfast ca doctor`, and then `holdfast ca "
                     "serve`.\n");
}

/* ---- all of it ---- */

static enum hf_exit restore(struct restore *r)
{
    struct hf_why why = {0};
    enum hf_exit status = read_issuer(r);

    if (status == HF_EXIT_GOOD)
        status = lock_log(r);
    if (status == HF_EXIT_GOOD)
        status = is_free(r);
    if (status == HF_EXIT_GOOD)
        status = fill(r);
    if (status == HF_EXIT_GOOD &&
        hf_folder_settle(r->folder, DRAFT, HF_CA_LEDGER_FOLDER, &why) != HF_OK)
        status = fail(r, r->draft, &why);
    if (status != HF_EXIT_GOOD)
        return status;
    if (r->cli->json)
        tell_json(r);
    else
        tell_text(r);
    return HF_EXIT_GOOD;
}

static enum hf_exit run(struct hf_cli *cli)
{
    static struct restore r;
    enum hf_exit status;

    hf_ca_ledger_section(cli);
    if (hf_cli_has(cli, "store"))
        return hf_cli_usage(cli, HF_SPAN("--store"),
                            "PostgreSQL puts its copies back itself: use "
                            "pg_restore, then `holdfast ca doctor --repair`");
    r = (struct restore){.cli = cli};
    (void)snprintf(r.folder, sizeof(r.folder), "%s/ca", cli->state);
    (void)snprintf(r.draft, sizeof(r.draft), "%s/" DRAFT, r.folder);
    (void)snprintf(r.file, sizeof(r.file), "%s/" FILE_NAME, r.draft);
    (void)snprintf(r.log, sizeof(r.log), "%s/" HF_CA_LOG, r.folder);
    hf_buf_init_grow(&r.issuer, HF_CHAIN_TEXT_MAX);
    hf_progress_init(&r.progress, 2, !cli->json, "entries",
                     hf_clock_ms() * 1000000);
    status = restore(&r);
    hf_lock_drop(&r.lock);
    hf_digest_free(r.digest);
    hf_buf_clear(&r.issuer);
    return hf_cli_finish(cli, status);
}

const struct hf_command hf_cmd_ca_restore = {
    .name = "ca restore",
    .operands = "FILE",
    .summary = "Put a copy of a CA's database back",
    .details =
        "FILE is what `holdfast ca backup` made; keys and the log of evidence\n"
        "are in their places. A database that is there is never overwritten.\n"
        "What the log says was issued since the copy is put into the "
        "database,\n"
        "so that it can be revoked.\n",
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .operands_min = 1,
    .operands_max = 1,
    .run = run,
};
