/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pg_link.h -- the connection of a store to PostgreSQL: made, and made again
 * when it broke; what the server says is put into words, and into what may
 * follow (`should_retry` and `is_unknown` of the store). Knows SQL of sessions,
 * none of tables.
 */
#pragma once

#include <libpq-fe.h>

#include "store/engine.h"

struct hf_pg_link {
    struct hf_store *store; /* whose failures these are; borrowed */
    PGconn *conn;           /* NULL: broken, and to be made again */
    unsigned number;        /* of the connection, from 1 */
    bool at_stake;          /* what is asked may be kept before we hear of it */
    bool is_warned;         /* and the server did not keep it as it should */
    char *url;
    size_t url_size;
};

/* Copy the URL, which may have a password in it, and connect. Owns:
 * hf_pg_link_clear(), also behind a failure. Fails: as hf_store_open(). */
enum hf_err hf_pg_link_open(struct hf_pg_link *link, struct hf_store *store,
                            const char *url, struct hf_why *why);
void hf_pg_link_clear(struct hf_pg_link *link);

/* Outside a transaction: connect if the last connection is no more. Fails:
 * HF_EPEER, to be tried again. */
enum hf_err hf_pg_link_renew(struct hf_pg_link *link, struct hf_why *why);

/*
 * Behind a PQsend...(), which said `sent`: wait for at most HF_STORE_BUSY_MS
 * for its result, the last one of several. Owns: PQclear(). Fails: as
 * hf_store_run().
 */
enum hf_err hf_pg_link_receive(struct hf_pg_link *link, int sent,
                               PGresult **out, struct hf_why *why);

/* SQL of ours without parameters, one or several statements. Without `out` its
 * rows do not matter. */
enum hf_err hf_pg_link_ask(struct hf_pg_link *link, const char *sql,
                           PGresult **out, struct hf_why *why);

/* Leave it, as it is not known what state it is in. */
void hf_pg_link_drop(struct hf_pg_link *link);
