/* SPDX-License-Identifier: Apache-2.0 */
/* doctor_ledger.c -- the tables of a CA, and the lists of revoked certificates
 * in them. */
#include <stdio.h>

#include "base/time_text.h"
#include "cli/ca_parts.h"
#include "cli/doctor.h"
#include "crypto/crl.h"
#include "crypto/signed.h"

#define DATABASE "database"
#define LISTS    "lists"
#define CLOCK    "clock"
#define STUCK_S  600                  /* no job takes so long, not even twice */
#define LATE_S   (2 * (int64_t)86400) /* a list is made each day */
#define NEAR_S   (2 * (int64_t)86400) /* before a list's end */
#define WASTE    ((int64_t)64 << 20)  /* octets in which nothing is */

static void fail(struct hf_doctor *doctor, const struct hf_why *why)
{
    hf_doctor_fail(doctor, DATABASE, HF_SPAN(""), why,
                   "if it is damaged: `holdfast ca restore` puts a copy in its "
                   "place");
}

/* The first row of an operation; a message was said when there is none. */
static bool ask(struct hf_doctor *doctor, enum hf_ca_operation operation,
                const struct hf_store_value *values, size_t count)
{
    struct hf_why why = {0};
    bool more = false;
    enum hf_err err =
        hf_store_start(doctor->store, operation, values, count, &why);

    if (err == HF_OK)
        err = hf_store_next(doctor->store, operation, &more, &why);
    if (err != HF_OK)
        fail(doctor, &why);
    return err == HF_OK && more;
}

static int64_t number(const struct hf_doctor *doctor,
                      enum hf_ca_operation operation, int column)
{
    return hf_store_get_number(doctor->store, operation, column);
}

/* ---- the engine ---- */

static void look_at_engine(struct hf_doctor *doctor)
{
    struct hf_store_about about;
    struct hf_why why = {0};
    char room[160];
    bool is_wasted;

    if (hf_store_about(doctor->store, &about, &why) != HF_OK) {
        fail(doctor, &why);
        return;
    }
    is_wasted = about.unused > WASTE && about.unused > about.octets / 2;
    (void)snprintf(room, sizeof(room), "%s, %lld kB, of which %lld are unused",
                   about.engine, (long long)(about.octets >> 10),
                   (long long)(about.unused >> 10));
    if (about.fault != NULL)
        hf_doctor_say(doctor, HF_HEALTH_WRONG, DATABASE, HF_SPAN(""),
                      hf_span_str(about.fault),
                      "change the server's configuration");
    hf_doctor_say(doctor, is_wasted ? HF_HEALTH_NOTE : HF_HEALTH_GOOD, DATABASE,
                  HF_SPAN(""), hf_span_str(room),
                  is_wasted ? "a copy (`holdfast ca backup`) is smaller"
                            : NULL);
}

/* PostgreSQL looks after its files itself. */
static void look_at_pages(struct hf_doctor *doctor)
{
    struct hf_why why = {0};
    enum hf_err err = hf_store_check(doctor->store, &why);

    if (err != HF_OK && err != HF_EINVAL)
        fail(doctor, &why);
}

void hf_doctor_engine(struct hf_doctor *doctor)
{
    look_at_engine(doctor);
    look_at_pages(doctor);
}

/* ---- rows ---- */

/* Whoever serves from a store that is shared takes what another left. */
static void find_chores(struct hf_doctor *doctor, int64_t keepers,
                        int64_t leases)
{
    if (keepers > 0 && leases > 0)
        hf_doctor_say(doctor, HF_HEALTH_WRONG, DATABASE, HF_SPAN(""),
                      HF_SPAN("nobody has made lists of revoked certificates, "
                              "or swept, for ten minutes"),
                      "what those who serve say tells why they do not");
}

/* Whoever serves takes them to its log within seconds. */
static void find_unlogged(struct hf_doctor *doctor, int64_t count)
{
    char room[128];

    if (count == 0)
        return;
    (void)snprintf(room, sizeof(room),
                   "%lld revocations are in no log of evidence yet: they would "
                   "be lost with the database",
                   (long long)count);
    hf_doctor_say(doctor, doctor->is_served ? HF_HEALTH_WRONG : HF_HEALTH_NOTE,
                  DATABASE, HF_SPAN(""), hf_span_str(room),
                  "`holdfast ca serve` puts them there; if it runs, see "
                  "whether it can write its log");
}

static void count_rows(struct hf_doctor *doctor)
{
    const struct hf_store_value now = hf_store_number(doctor->now_at);
    int64_t keepers, leases, unlogged;
    char room[240];

    if (!ask(doctor, HF_CA_ROWS, &now, 1))
        return;
    (void)snprintf(
        room, sizeof(room),
        "%lld accounts, %lld orders, %lld authorizations, %lld certificates, "
        "of which %lld are revoked; %lld share the database",
        (long long)number(doctor, HF_CA_ROWS, 0),
        (long long)number(doctor, HF_CA_ROWS, 1),
        (long long)number(doctor, HF_CA_ROWS, 2),
        (long long)number(doctor, HF_CA_ROWS, 3),
        (long long)number(doctor, HF_CA_ROWS, 4),
        (long long)number(doctor, HF_CA_ROWS, 5));
    keepers = number(doctor, HF_CA_ROWS, 5);
    leases = number(doctor, HF_CA_ROWS, 6);
    unlogged = number(doctor, HF_CA_ROWS, 7);
    hf_store_end(doctor->store, HF_CA_ROWS);
    find_chores(doctor, keepers, leases);
    find_unlogged(doctor, unlogged);
    hf_doctor_say(doctor, HF_HEALTH_GOOD, DATABASE, HF_SPAN(""),
                  hf_span_str(room), NULL);
}

static void say_some(struct hf_doctor *doctor, int64_t count, const char *what,
                     int64_t one, const char *advice)
{
    char room[200];

    (void)snprintf(room, sizeof(room), "%lld %s, such as %lld",
                   (long long)count, what, (long long)one);
    hf_doctor_say(doctor, HF_HEALTH_WRONG, DATABASE, HF_SPAN(""),
                  hf_span_str(room), advice);
}

static void find_stuck(struct hf_doctor *doctor)
{
    static const char advice[] =
        "`holdfast ca serve` takes them up when it starts; if it runs, what it "
        "says tells why they do not go on";
    const struct hf_store_value before =
        hf_store_number(doctor->now_at - STUCK_S);

    if (!ask(doctor, HF_CA_STUCK, &before, 1))
        return;
    if (number(doctor, HF_CA_STUCK, 0) > 0)
        say_some(doctor, number(doctor, HF_CA_STUCK, 0),
                 "orders have been processing for ten minutes or more",
                 number(doctor, HF_CA_STUCK, 1), advice);
    if (number(doctor, HF_CA_STUCK, 2) > 0)
        say_some(doctor, number(doctor, HF_CA_STUCK, 2),
                 "authorizations have been processing for ten minutes or more",
                 number(doctor, HF_CA_STUCK, 3), advice);
    hf_store_end(doctor->store, HF_CA_STUCK);
}

static void find_astray(struct hf_doctor *doctor)
{
    static const char *const texts[HF_ASTRAY_COUNT] = {
        [HF_ASTRAY_ORDER] = "orders are of an account that is missing",
        [HF_ASTRAY_AUTHZ] = "authorizations are of an account that is missing",
        [HF_ASTRAY_CERT] = "certificates are of an order that is missing",
        [HF_ASTRAY_CERT_ACCOUNT] =
            "certificates are of an account that is missing",
        [HF_ASTRAY_VALID] =
            "orders are valid, and their certificate is missing",
    };
    struct hf_why why = {0};
    bool more = ask(doctor, HF_CA_ASTRAY, NULL, 0);

    while (more) {
        int64_t kind = number(doctor, HF_CA_ASTRAY, 0);
        int64_t count = number(doctor, HF_CA_ASTRAY, 1);

        if (count > 0 && kind >= 0 && kind < HF_ASTRAY_COUNT)
            say_some(doctor, count, texts[kind],
                     number(doctor, HF_CA_ASTRAY, 2),
                     "somebody changed the tables: put a copy in their place");
        if (hf_store_next(doctor->store, HF_CA_ASTRAY, &more, &why) != HF_OK) {
            fail(doctor, &why);
            return;
        }
    }
}

static void look_at_clock(struct hf_doctor *doctor)
{
    char room[128];
    struct hf_buf what;
    bool is_ahead;
    int64_t at;

    if (!ask(doctor, HF_CA_NEWEST, NULL, 0))
        return;
    at = number(doctor, HF_CA_NEWEST, 0);
    hf_store_end(doctor->store, HF_CA_NEWEST);
    if (at == 0)
        return;
    is_ahead = at > doctor->now_at + HF_DOCTOR_AHEAD_S;
    hf_buf_init(&what, room, sizeof(room));
    hf_buf_puts(&what, is_ahead ? "something happened later than now, on "
                                : "what happened last was before now, on ");
    hf_time_put(&what, at);
    hf_doctor_say(doctor, is_ahead ? HF_HEALTH_WRONG : HF_HEALTH_GOOD, CLOCK,
                  HF_SPAN(""), hf_buf_span(&what),
                  is_ahead ? "set the clock: certificates begin and end by it"
                           : NULL);
}

void hf_doctor_rows(struct hf_doctor *doctor)
{
    count_rows(doctor);
    find_stuck(doctor);
    find_astray(doctor);
    look_at_clock(doctor);
}

/* ---- lists of revoked certificates ---- */

static const char *list_fault(const struct hf_doctor *doctor)
{
    struct hf_span der = hf_store_get_text(doctor->store, HF_CA_CRL_ALL, 2);
    int64_t next_at = number(doctor, HF_CA_CRL_ALL, 3);
    int64_t due_at = number(doctor, HF_CA_CRL_ALL, 4);
    struct hf_crl_read list;

    if (hf_crl_read(der, &list, NULL) != HF_OK ||
        list.next_update_at != next_at)
        return "its octets are not the list that the table says";
    if (doctor->issuer.len > 0 &&
        !hf_signed_crl(der, hf_buf_span(&doctor->issuer)))
        return "it is not signed by the issuing CA";
    if (next_at < doctor->now_at)
        return "it has ended: clients that look at it trust no certificate";
    if (next_at < doctor->now_at + NEAR_S)
        return "it ends within two days, and should be new each day";
    if (due_at + LATE_S < doctor->now_at)
        return "it should have been made anew long ago";
    return NULL;
}

/* `*seen` has a bit for each shard. */
static void look_at_list(struct hf_doctor *doctor, uint64_t *seen)
{
    int64_t shard = number(doctor, HF_CA_CRL_ALL, 0);
    const char *fault = list_fault(doctor);
    char room[32];

    if (shard >= 0 && shard < HF_CA_SHARDS)
        *seen |= (uint64_t)1 << shard;
    if (fault == NULL)
        return;
    (void)snprintf(room, sizeof(room), "crl/%lld.crl", (long long)shard);
    hf_doctor_say(doctor, HF_HEALTH_WRONG, LISTS, hf_span_str(room),
                  hf_span_str(fault),
                  "`holdfast ca serve` makes it anew; if it runs, what it says "
                  "tells why it does not");
}

/* What the log says of lists, beside the tables. */
static void count_forgotten(struct hf_doctor *doctor)
{
    struct hf_why why = {0};
    int64_t lost = 0;
    char room[128];

    if (hf_listed_lost(&doctor->listed, doctor->store, &lost, &why) != HF_OK) {
        hf_doctor_fail(doctor, LISTS, HF_SPAN(""), &why, NULL);
        return;
    }
    if (lost == 0)
        return;
    (void)snprintf(room, sizeof(room),
                   "%lld revocations are forgotten: lists that were signed had "
                   "more than the tables have",
                   (long long)lost);
    hf_doctor_say(doctor, HF_HEALTH_WRONG, LISTS, HF_SPAN(""),
                  hf_span_str(room),
                  "revoke these certificates again (`holdfast ca cert "
                  "revoke`); old lists tell which they are");
}

void hf_doctor_lists(struct hf_doctor *doctor)
{
    size_t wrong = doctor->counts[HF_HEALTH_WRONG];
    uint64_t seen = 0;
    struct hf_why why = {0};
    bool more = ask(doctor, HF_CA_CRL_ALL, NULL, 0);

    while (more) {
        look_at_list(doctor, &seen);
        if (hf_store_next(doctor->store, HF_CA_CRL_ALL, &more, &why) != HF_OK) {
            fail(doctor, &why);
            return;
        }
    }
    count_forgotten(doctor);
    if (seen != ((uint64_t)1 << HF_CA_SHARDS) - 1)
        hf_doctor_say(doctor, HF_HEALTH_WRONG, LISTS, HF_SPAN(""),
                      HF_SPAN("some shards have no list yet"),
                      "`holdfast ca serve` makes them within seconds");
    if (doctor->counts[HF_HEALTH_WRONG] == wrong)
        hf_doctor_say(doctor, HF_HEALTH_GOOD, LISTS, HF_SPAN(""),
                      HF_SPAN("all are signed, and fresh"), NULL);
}
