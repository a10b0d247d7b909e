/* SPDX-License-Identifier: Apache-2.0 */
#include "store/pg_link.h"

#include <poll.h>

#include "base/alloc.h"
#include "os/clock.h"

#define OPTIONS_MAX 96 /* that libpq knows */

/* ---- failing ---- */

void hf_pg_link_drop(struct hf_pg_link *link)
{
    PQfinish(link->conn);
    link->conn = NULL;
}

static enum hf_err lost(struct hf_pg_link *link, enum hf_err err,
                        struct hf_why *why)
{
    hf_pg_link_drop(link);
    link->store->is_unknown = link->at_stake;
    link->store->should_retry = !link->at_stake;
    if (link->at_stake)
        return hf_fail(why, err, 0,
                       "the connection to the server broke; the change may "
                       "have been kept, or not");
    return hf_fail(why, err, 0, "the connection to the server broke");
}

/* What the server says, in words for people; the first that fits counts. */
static const struct meaning {
    const char *state; /* how it begins: SQLSTATE, appendix A of the manual */
    enum hf_err err;
    enum { FINAL, AGAIN, LOST } then;
    const char *text;
} meanings[] = {
    {"08", HF_EPEER, LOST, ""},
    {"57P", HF_EPEER, LOST, ""},   /* it stops, or starts */
    {"25006", HF_EPEER, LOST, ""}, /* no longer the one that may be written */
    {"40003", HF_EPEER, LOST, ""}, /* it does not know, either */
    {"57014", HF_ETIMEOUT, FINAL, "somebody, or a time limit, ended it"},
    {"40", HF_EPEER, AGAIN,
     "somebody else changed the same at the same time; try again"},
    {"55P03", HF_ETIMEOUT, AGAIN,
     "another process keeps it busy; try again later"},
    {"53100", HF_ESYSTEM, FINAL,
     "the server's disk is full; nothing of this change was kept"},
    {"53200", HF_ENOMEM, FINAL, "the server is out of memory"},
    {"53", HF_EPEER, AGAIN, "the server has too much to do; try again later"},
    {"22", HF_EINVAL, FINAL, "a rule of the tables forbids this change"},
    {"23", HF_EINVAL, FINAL, "a rule of the tables forbids this change"},
    {"54", HF_EINVAL, FINAL, "a rule of the tables forbids this change"},
    {"42804", HF_EINVAL, FINAL, "a rule of the tables forbids this change"},
    {"42710", HF_EINVAL, FINAL, "there is something of this name already"},
    {"42P07", HF_EINVAL, FINAL, "there is a table of this name already"},
    {"42501", HF_EPEER, FINAL, "the server does not allow us to do this"},
    {"58", HF_ESYSTEM, FINAL, "the server cannot read or write its files"},
    {"XX001", HF_ESYNTAX, FINAL, "its tables are damaged on the server"},
    {"XX002", HF_ESYNTAX, FINAL, "its tables are damaged on the server"},
    {"", HF_EPEER, FINAL, "the server refuses what it was asked"},
};

static const char *state_of(const PGresult *result)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);

    return state == NULL ? "" : state;
}

static enum hf_err fail(struct hf_pg_link *link, const char *state,
                        struct hf_why *why)
{
    const struct meaning *row = meanings;

    if (PQstatus(link->conn) == CONNECTION_BAD)
        return lost(link, HF_EPEER, why);
    while (strncmp(state, row->state, strlen(row->state)) != 0)
        row++;
    if (row->then == LOST)
        return lost(link, row->err, why);
    link->store->should_retry = row->then == AGAIN;
    return hf_fail(why, row->err, 0, row->text);
}

/* ---- asking ---- */

/* False: nothing comes any more. */
static bool await(const struct hf_pg_link *link, int64_t until_ms)
{
    struct pollfd wait = {PQsocket(link->conn), POLLIN, 0};

    while (PQisBusy(link->conn) != 0) {
        int64_t left_ms = until_ms - hf_clock_ms();

        if (left_ms <= 0)
            return false;
        if (poll(&wait, 1, (int)left_ms) > 0 && PQconsumeInput(link->conn) != 1)
            return false;
    }
    return true;
}

static enum hf_err kept_in_part(struct hf_pg_link *link, struct hf_why *why)
{
    link->store->is_unknown = true;
    return hf_fail(why, HF_EPEER, 0,
                   "the server kept the change, but did not wait until a "
                   "standby has it; it may be lost with the server");
}

static bool is_good(const PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);

    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}

/* The last result, or the first bad one. */
enum hf_err hf_pg_link_receive(struct hf_pg_link *link, int sent,
                               PGresult **out, struct hf_why *why)
{
    int64_t until_ms = hf_clock_ms() + HF_STORE_BUSY_MS;
    PGresult *kept = NULL;
    PGresult *next = NULL;
    enum hf_err err;

    link->is_warned = false;
    do {
        if (sent != 1 || !await(link, until_ms)) {
            PQclear(kept);
            return lost(link, hf_clock_ms() < until_ms ? HF_EPEER : HF_ETIMEOUT,
                        why);
        }
        next = PQgetResult(link->conn);
        if (next != NULL && (kept == NULL || is_good(kept))) {
            PQclear(kept);
            kept = next;
        } else {
            PQclear(next);
        }
    } while (next != NULL);
    if (is_good(kept) && !link->is_warned) {
        *out = kept;
        return HF_OK;
    }
    err = is_good(kept) ? kept_in_part(link, why)
                        : fail(link, state_of(kept), why);
    PQclear(kept);
    return err;
}

enum hf_err hf_pg_link_ask(struct hf_pg_link *link, const char *sql,
                           PGresult **out, struct hf_why *why)
{
    PGresult *result = NULL;
    enum hf_err err =
        hf_pg_link_receive(link, PQsendQuery(link->conn, sql), &result, why);

    if (err == HF_OK && out != NULL)
        *out = result;
    else
        PQclear(result);
    return err;
}

/* ---- connecting ---- */

/* What the URL does not say. A server that is silent is left within seconds,
 * one that may not be written to at once, one of another name always. */
static const struct {
    const char *keyword, *value;
} defaults[] = {
    {"target_session_attrs", "read-write"},
    {"connect_timeout", "5"},
    {"tcp_user_timeout", "10000"},
    {"keepalives_idle", "10"},
    {"keepalives_interval", "3"},
    {"keepalives_count", "3"},
    {"sslmode", "verify-full"},
    {"fallback_application_name", "holdfast"},
};

static const char *value_of(const PQconninfoOption *option)
{
    if (option->val != NULL)
        return option->val;
    for (size_t i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++)
        if (strcmp(option->keyword, defaults[i].keyword) == 0)
            return defaults[i].value;
    return NULL;
}

static PGconn *connect_to(const PQconninfoOption *options)
{
    const char *keywords[OPTIONS_MAX + 1] = {NULL};
    const char *values[OPTIONS_MAX + 1] = {NULL};
    size_t count = 0;

    for (; options->keyword != NULL && count < OPTIONS_MAX - 1; options++) {
        if (value_of(options) == NULL)
            continue;
        keywords[count] = options->keyword;
        values[count++] = value_of(options);
    }
    /* The last one counts. */
    keywords[count] = "client_encoding";
    values[count] = "UTF8";
    return PQconnectdbParams(keywords, values, 0);
}

/*
 * What a server notes beside an answer; libpq would print it. When somebody
 * ends the wait for a standby, the answer to COMMIT is good, and only a warning
 * says that the change may be lost with this server.
 */
static void take_notice(void *of, const PGresult *notice)
{
    struct hf_pg_link *link = of;
    const char *severity =
        PQresultErrorField(notice, PG_DIAG_SEVERITY_NONLOCALIZED);

    link->is_warned |=
        link->at_stake && severity != NULL && strcmp(severity, "WARNING") == 0;
}

/* Who waits for a lock gives up, and one whose machine went to sleep in a
 * transaction does not hold up others. */
static enum hf_err set_up(struct hf_pg_link *link, struct hf_why *why)
{
    const char *encoding = PQparameterStatus(link->conn, "server_encoding");

    (void)PQsetNoticeReceiver(link->conn, take_notice, link);
    if (encoding == NULL || strcmp(encoding, "UTF8") != 0)
        return hf_fail(why, HF_EINVAL, 0,
                       "the database is not in UTF-8; make one with"
                       " createdb -E UTF8 -T template0");
    return hf_pg_link_ask(
        link,
        "SET SESSION CHARACTERISTICS AS TRANSACTION"
        " ISOLATION LEVEL SERIALIZABLE, READ WRITE;"
        "SET lock_timeout = 30000;"
        "SET idle_in_transaction_session_timeout = 60000;"
        "SELECT set_config('synchronous_commit', 'on', false)"
        " WHERE current_setting('synchronous_commit') = 'off'",
        NULL, why);
}

static enum hf_err connect_again(struct hf_pg_link *link, struct hf_why *why)
{
    /* Its own words may have the password in them. */
    PQconninfoOption *options = PQconninfoParse(link->url, NULL);
    enum hf_err err;

    if (options == NULL)
        return hf_fail(why, HF_ESYNTAX, 0, "not a URL as libpq knows it");
    link->conn = connect_to(options);
    link->number++;
    PQconninfoFree(options);
    if (PQstatus(link->conn) == CONNECTION_OK) {
        err = set_up(link, why);
    } else {
        err = hf_fail(why, HF_EPEER, 0,
                      "none of its servers answers, lets us in and may be "
                      "written to; psql with this URL says more");
        link->store->should_retry = true;
    }
    if (err != HF_OK)
        hf_pg_link_drop(link);
    return err;
}

/* Has the server hung up meanwhile? */
static bool is_alive(const struct hf_pg_link *link)
{
    struct pollfd look = {PQsocket(link->conn), POLLIN, 0};

    while (poll(&look, 1, 0) > 0)
        if (PQconsumeInput(link->conn) != 1)
            return false;
    return true;
}

enum hf_err hf_pg_link_renew(struct hf_pg_link *link, struct hf_why *why)
{
    if (link->conn != NULL && !is_alive(link))
        hf_pg_link_drop(link);
    return link->conn != NULL ? HF_OK : connect_again(link, why);
}

enum hf_err hf_pg_link_open(struct hf_pg_link *link, struct hf_store *store,
                            const char *url, struct hf_why *why)
{
    size_t size = strlen(url) + 1;

    *link = (struct hf_pg_link){.store = store, .url = hf_alloc(size, 1)};
    if (link->url == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    link->url_size = size;
    memcpy(link->url, url, size);
    return connect_again(link, why);
}

void hf_pg_link_clear(struct hf_pg_link *link)
{
    PQfinish(link->conn);
    hf_free_wiped(link->url, link->url_size);
}
