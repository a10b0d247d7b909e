/* SPDX-License-Identifier: Apache-2.0 */
/* doctor_log.c -- the log of evidence of a CA, and whether the tables say the
 * same; and what is seen on the way: names that clients refuse, and the end of
 * the CA's own web server's certificate. */
#include <stdio.h>

#include "base/hex.h"
#include "base/time_text.h"
#include "cli/ca_parts.h"
#include "cli/chain_file.h"
#include "cli/doctor.h"
#include "crypto/constraints.h"
#include "os/clock.h"
#include "os/lock.h"
#include "os/progress.h"
#include "os/signals.h"

#define LOG_PART "log"
#define NAMES    "names"
#define WEB      "web server"
#define HEX_LEN  ((size_t)2 * HF_ENTRY_HASH_LEN)

struct look {
    struct hf_doctor *doctor;
    struct hf_orphans orphans;
    struct hf_recall recall;
    struct hf_constraints constraints;
    struct hf_progress progress;
    struct hf_lock lock; /* of the log: held when no CA writes it */
    char folder[PATH_MAX + 32];
    char keeper_room[HF_SEAT_NAME_MAX];
    struct hf_buf keeper; /* whose log it is */
    bool is_of_another;   /* what the log says of the CA is not so */
    bool has_head;        /* there is one beside the log ... */
    bool is_anew;         /* ... and the log has another entry there */
    struct hf_head head;
    size_t rifts;   /* but for orphans that were put into the tables */
    size_t refused; /* certificates with names that clients refuse */
};

/* ---- what is seen of the CA itself ---- */

static bool has_fingerprint(const struct hf_doctor *doctor, struct hf_span body,
                            const struct hf_buf *der)
{
    unsigned char hash[HF_HASH_MAX];
    char room[HEX_LEN];
    struct hf_buf hex;

    if (der->len == 0 ||
        doctor->digest->compute(doctor->digest->state, HF_SHA_256,
                                hf_buf_span(der), hash) != HF_OK)
        return true;
    hf_buf_init(&hex, room, sizeof(room));
    hf_put_hex(&hex, (struct hf_span){(char *)hash, HF_ENTRY_HASH_LEN});
    for (; body.len >= hex.len; (void)hf_span_cut(&body, 1))
        if (hf_span_starts(body, hf_buf_span(&hex)))
            return true;
    return false;
}

static enum hf_err step(void *state, const struct hf_entry *entry,
                        struct hf_why *why)
{
    struct look *look = state;
    enum hf_err err;

    if (hf_signals_stop_wanted())
        return hf_fail(why, HF_ECANCELED, 0, "interrupted");
    err = hf_orphans_note(&look->orphans, entry, why);
    if (err == HF_OK)
        err = hf_recall_note(&look->recall, entry, why);
    if (err != HF_OK)
        return err;
    if (hf_span_eq(entry->kind, HF_SPAN("init")))
        look->is_of_another =
            !has_fingerprint(look->doctor, entry->body, &look->doctor->root) ||
            !has_fingerprint(look->doctor, entry->body, &look->doctor->issuer);
    if (look->has_head && entry->number == look->head.number)
        look->is_anew =
            memcmp(entry->hash, look->head.hash, sizeof(entry->hash)) != 0;
    hf_listed_note(&look->doctor->listed, entry);
    hf_progress_show(&look->progress,
                     &(struct hf_progress_state){.done = entry->number,
                                                 .failed = look->rifts},
                     hf_clock_ms() * 1000000);
    return HF_OK;
}

/* ---- certificates ---- */

static enum hf_err look_at_names(void *state, struct hf_span serial,
                                 struct hf_span der, bool is_revoked,
                                 struct hf_why *why)
{
    struct look *look = state;
    struct hf_x509 read;
    struct hf_span name;
    char room[160];

    (void)why;
    if (hf_x509_read(der, &read, NULL) != HF_OK ||
        read.not_after_at < look->doctor->now_at)
        return HF_OK;
    hf_doctor_note_point(look->doctor, &read);
    if (is_revoked ||
        !hf_constraints_refuse(&look->constraints, read.extensions, &name))
        return HF_OK;
    look->refused++;
    (void)snprintf(room, sizeof(room),
                   "clients refuse this name, which the issuing CA's "
                   "certificate does not permit: %.*s",
                   name.len > 64 ? 64 : (int)name.len, name.ptr);
    hf_doctor_say(look->doctor, HF_HEALTH_WRONG, NAMES, serial,
                  hf_span_str(room),
                  "revoke it (`holdfast ca cert revoke`); tell its owner that "
                  "this CA is not for the name");
    return HF_OK;
}

/* ---- rifts ---- */

static enum hf_err tell_orphan(void *state, const struct hf_orphan *orphan,
                               struct hf_why *why)
{
    static const struct {
        const char *found;
        const char *mended;
        const char *advice;
    } texts[] = {
        [HF_ORPHAN_AWAITED] =
            {"it is in the log and not in the tables, and its order waits for "
             "it: a crash, or a full disk, came before it was stored, or the "
             "tables are an older copy",
             "it was in the log and not in the tables: it is there now, and "
             "its order, which waited for it, has it",
             "--repair puts it into the tables, and gives it to its order"},
        [HF_ORPHAN_WITHHELD] =
            {"it is in the log and not in the tables, and nobody got it: a "
             "crash, or a full disk, came between signing and storing",
             "it was in the log and not in the tables, and nobody got it: it "
             "is there now, and revoked",
             "--repair puts it into the tables, revoked"},
        [HF_ORPHAN_LOST] =
            {"it is in the log and not in the tables, and somebody may use it: "
             "the tables are an older copy",
             "it was in the log and not in the tables, and somebody may use "
             "it: it is there now, and good until it is revoked",
             "--repair puts it into the tables, so that it can be revoked"},
        [HF_ORPHAN_TWIN] =
            {"two entries of the log have this serial number", NULL,
             "revoke the certificate, and find out how that could be"},
    };
    struct look *look = state;
    bool mended = look->doctor->repairs && orphan->fate != HF_ORPHAN_TWIN;

    (void)why;
    look->rifts += !mended;
    hf_doctor_say(look->doctor, mended ? HF_HEALTH_MENDED : HF_HEALTH_WRONG,
                  LOG_PART, orphan->serial,
                  hf_span_str(mended ? texts[orphan->fate].mended
                                     : texts[orphan->fate].found),
                  mended ? NULL : texts[orphan->fate].advice);
    return HF_OK;
}

static void say_rift(struct look *look, const struct hf_rift *rift,
                     const char *what, const char *advice)
{
    char room[256];

    look->rifts++;
    (void)snprintf(room, sizeof(room), "entry %llu: %s",
                   (unsigned long long)rift->entry, what);
    hf_doctor_say(look->doctor, HF_HEALTH_WRONG, LOG_PART, rift->serial,
                  hf_span_str(room), advice);
}

static enum hf_err take_rift(void *state, const struct hf_rift *rift,
                             struct hf_why *why)
{
    struct look *look = state;

    switch (rift->kind) {
    case HF_RIFT_ORPHAN:
        return hf_orphans_add(&look->orphans, rift, why);
    case HF_RIFT_UNPROVEN:
        say_rift(look, rift,
                 "the tables have a certificate, and this log has no evidence "
                 "for it",
                 "the log was cut off, or exchanged: find out by whom");
        break;
    case HF_RIFT_UNLIKE:
        say_rift(look, rift, rift->what,
                 "somebody changed the tables: put a copy in their place");
        break;
    case HF_RIFT_UNREADABLE:
        say_rift(look, rift, "it cannot be read, though its hash is right",
                 "a newer holdfast may have written it; use that one");
        break;
    }
    return HF_OK;
}

/* ---- revocations ---- */

static void say_revoked(struct look *look, uint64_t count, const char *what,
                        const struct hf_revoked *one, const char *advice)
{
    char serial[2 * HF_X509_SERIAL_MAX];
    char room[256];

    if (count == 0)
        return;
    hf_hex(one->serial, one->serial_len, serial);
    (void)snprintf(room, sizeof(room), "%llu %s, such as %.*s",
                   (unsigned long long)count, what, 2 * one->serial_len,
                   serial);
    look->rifts += advice != NULL;
    hf_doctor_say(look->doctor,
                  advice == NULL ? HF_HEALTH_MENDED : HF_HEALTH_WRONG, LOG_PART,
                  HF_SPAN(""), hf_span_str(room), advice);
}

static void recall(struct look *look)
{
    const struct hf_recall *found = &look->recall;
    struct hf_why why = {0};

    if (hf_recall_end(&look->recall, &why) != HF_OK) {
        hf_doctor_fail(look->doctor, LOG_PART, HF_SPAN("revocations"), &why,
                       NULL);
        return;
    }
    say_revoked(look, found->forgotten,
                look->doctor->repairs
                    ? "certificates, which the log has as revoked, were good "
                      "in the tables: they are revoked again"
                    : "certificates, which the log has as revoked, are good in "
                      "the tables: these are an older copy",
                &found->one_forgotten,
                look->doctor->repairs
                    ? NULL
                    : "--repair revokes them again, as the log says");
    say_revoked(look, found->unknown,
                "certificates, which the log has as revoked, are in no table",
                &found->one_unknown,
                "--repair puts back those of this log; of another keeper's, "
                "where that serves: then look here again");
}

/* ---- what came of it ---- */

/* The log itself is wrong, or something else failed. */
static void say_failed(struct look *look, const struct hf_reconciled *found,
                       enum hf_err err, const struct hf_why *why)
{
    char room[64];

    if (!found->log_failed) {
        hf_doctor_fail(look->doctor, "database", HF_SPAN(""), why, NULL);
        return;
    }
    (void)snprintf(room, sizeof(room), "%s, line %llu", found->stop.file,
                   (unsigned long long)found->stop.number);
    hf_doctor_fail(look->doctor, LOG_PART,
                   hf_span_str(found->stop.number > 0 ? room : look->folder),
                   why,
                   err == HF_EINVAL
                       ? "what was issued from there on has no evidence: keep "
                         "the log as it is, and find out who changed it"
                       : NULL);
}

/* It is read before the log, which may be growing. */
static void read_head(struct look *look)
{
    struct hf_why why = {0};

    if (hf_evidence_head_read(look->folder, &look->head, &look->has_head,
                              &why) == HF_OK)
        return;
    look->has_head = false;
    hf_doctor_fail(look->doctor, LOG_PART, HF_SPAN("head"), &why,
                   "`holdfast ca serve` does not start with it: put the log "
                   "back from your copy of the folder");
}

static void compare_head(struct look *look, uint64_t count)
{
    char room[160];

    if (look->has_head && look->head.number > count)
        (void)snprintf(room, sizeof(room),
                       "its end is missing: it had %llu entries, by the head "
                       "beside it, and has %llu",
                       (unsigned long long)look->head.number,
                       (unsigned long long)count);
    else if (look->is_anew)
        (void)snprintf(room, sizeof(room),
                       "it was written anew: entry %llu is another than the "
                       "head beside it says",
                       (unsigned long long)look->head.number);
    else
        return;
    hf_doctor_say(look->doctor, HF_HEALTH_WRONG, LOG_PART, HF_SPAN(""),
                  hf_span_str(room),
                  "put the log back from your copy, and find out who changed "
                  "it; what is missing was issued without evidence");
}

static void say_head(struct look *look, const struct hf_reconciled *found)
{
    struct hf_doctor *doctor = look->doctor;
    char room[256];

    compare_head(look, found->head.number);
    if (look->is_of_another)
        hf_doctor_say(doctor, HF_HEALTH_WRONG, LOG_PART, HF_SPAN(""),
                      HF_SPAN("its first entry is of another CA than root.pem "
                              "and issuer.pem are"),
                      "put the three back from one copy of the folder");
    if (found->head.at > doctor->now_at + HF_DOCTOR_AHEAD_S)
        hf_doctor_say(doctor, HF_HEALTH_WRONG, "clock", HF_SPAN(""),
                      HF_SPAN("the last entry of the log is later than now"),
                      "set the clock: certificates begin and end by it");
    (void)snprintf(
        room, sizeof(room),
        "%llu entries, whole; %llu certificates in it, %llu in the tables, "
        "%llu under way, and %llu of the CA's own web server",
        (unsigned long long)found->head.number,
        (unsigned long long)found->issued, (unsigned long long)found->rows,
        (unsigned long long)found->under_way, (unsigned long long)found->own);
    hf_doctor_say(doctor, HF_HEALTH_GOOD, LOG_PART, HF_SPAN(""),
                  hf_span_str(room), NULL);
    if (look->refused == 0)
        hf_doctor_say(doctor, HF_HEALTH_GOOD, NAMES, HF_SPAN(""),
                      HF_SPAN("the issuing CA's certificate permits all that "
                              "are certified"),
                      NULL);
}

/* The end of a certificate that somebody gave us for the web server. */
static bool read_end(struct hf_doctor *doctor, const char *path, int64_t *out)
{
    struct hf_certificate *certificate = NULL;
    struct hf_why why = {0};
    enum hf_err err = hf_chain_file_read(path, &certificate, &why);

    if (err == HF_OK)
        *out = certificate->not_after_at;
    else
        hf_doctor_fail(doctor, WEB, hf_span_str(path), &why, NULL);
    hf_certificate_free(certificate);
    return err == HF_OK;
}

#define WEB_NEAR_S (7 * (int64_t)86400) /* of one that people renew */

/* Our own is in no file; the log has its end. A CA that runs renews it. */
static void look_at_web(struct look *look, const struct hf_reconciled *found)
{
    struct hf_doctor *doctor = look->doctor;
    const char *path = hf_cli_value(doctor->cli, "tls-certificate", NULL);
    int64_t end_at = found->own_until_at;
    char room[96];
    struct hf_buf what;
    bool is_wrong;

    if (path != NULL && !read_end(doctor, path, &end_at))
        return;
    if (end_at == 0 || (path == NULL && look->lock.held))
        return; /* it gets a new one when it starts */
    is_wrong = end_at < hf_clock_now().s + (path == NULL ? 0 : WEB_NEAR_S);
    hf_buf_init(&what, room, sizeof(room));
    hf_buf_puts(&what, "its certificate ends on ");
    hf_time_put(&what, end_at);
    hf_doctor_say(doctor, is_wrong ? HF_HEALTH_WRONG : HF_HEALTH_GOOD, WEB,
                  HF_SPAN(""), hf_buf_span(&what),
                  !is_wrong      ? NULL
                  : path == NULL ? "start `holdfast ca serve` again; what it "
                                   "says tells why it did not renew it"
                                 : "renew it, and have `holdfast ca serve` "
                                   "read it (SIGHUP)");
}

/* ---- all of it ---- */

static void read_constraints(struct look *look)
{
    struct hf_doctor *doctor = look->doctor;
    struct hf_x509 issuer;
    struct hf_why why = {0};

    if (doctor->issuer.len == 0)
        return;
    if (hf_x509_read(hf_buf_span(&doctor->issuer), &issuer, &why) != HF_OK ||
        hf_constraints_read(issuer.extensions, &look->constraints, &why) !=
            HF_OK)
        hf_doctor_fail(doctor, NAMES, HF_SPAN("issuer.pem"), &why, NULL);
}

/* Is a CA writing it? When none is, none begins before we have done. */
static void lock_log(struct look *look)
{
    char path[PATH_MAX + 48];
    int64_t holder;

    (void)snprintf(path, sizeof(path), "%s/lock", look->folder);
    (void)hf_lock_take(path, 0, &look->lock, &holder, NULL);
    look->doctor->is_served = !look->lock.held;
}

static enum hf_exit run(struct look *look)
{
    struct hf_doctor *doctor = look->doctor;
    const struct hf_reconcile_plan plan = {.store = doctor->store,
                                           .digest = doctor->digest,
                                           .folder = look->folder,
                                           .log = hf_buf_span(&look->keeper),
                                           .from = 1,
                                           .is_alone = look->lock.held,
                                           .shards = HF_CA_SHARDS,
                                           .tell = take_rift,
                                           .look = look_at_names,
                                           .step = step,
                                           .state = look};
    struct hf_reconciled found;
    struct hf_why why = {0};
    enum hf_err err;

    read_head(look);
    err = hf_reconcile(&plan, &found, &why);

    if (err == HF_OK)
        err = hf_orphans_end(&look->orphans, &why);
    if (err == HF_OK)
        recall(look);
    hf_progress_end(&look->progress);
    if (err == HF_ECANCELED)
        return HF_EXIT_INTERRUPTED;
    if (err != HF_OK) {
        say_failed(look, &found, err, &why);
        return HF_EXIT_GOOD;
    }
    say_head(look, &found);
    look_at_web(look, &found);
    return HF_EXIT_GOOD;
}

enum hf_exit hf_doctor_log(struct hf_doctor *doctor)
{
    static struct look look;
    enum hf_exit status;

    look = (struct look){.doctor = doctor};
    look.orphans.store = doctor->store;
    look.orphans.digest = doctor->digest;
    look.orphans.shards = HF_CA_SHARDS;
    look.orphans.now_at = doctor->now_at;
    look.orphans.adopts = doctor->repairs;
    look.orphans.tell = tell_orphan;
    look.orphans.state = &look;
    hf_doctor_path(doctor, HF_CA_LOG, look.folder);
    look.recall = (struct hf_recall){.store = doctor->store,
                                     .folder = look.folder,
                                     .mends = doctor->repairs};
    hf_progress_init(&look.progress, 2, !doctor->cli->json, "entries",
                     hf_clock_ms() * 1000000);
    read_constraints(&look);
    lock_log(&look);
    hf_buf_init(&look.keeper, look.keeper_room, sizeof(look.keeper_room));
    status = hf_ca_keeper_name(doctor->cli, doctor->folder, &look.keeper);
    look.orphans.log = hf_buf_span(&look.keeper);
    if (status == HF_EXIT_GOOD)
        status = run(&look);
    hf_orphans_clear(&look.orphans);
    hf_lock_drop(&look.lock);
    return status;
}
