/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/tables.h"

/* Authorizations that may still count. Who wants to find them by their index
 * says it in these words, whatever else it says of their status. */
#define LIVE "status IN ('pending', 'processing', 'valid')"

static const char *const steps[] = {
    "CREATE TABLE account ("
    " id INTEGER PRIMARY KEY,"
    " status TEXT NOT NULL"
    "  CHECK (status IN ('valid', 'deactivated', 'revoked')),"
    " jwk TEXT NOT NULL,"
    " thumbprint TEXT NOT NULL UNIQUE,"
    " contacts TEXT NOT NULL,"
    " agreed_at INTEGER,"
    " kid TEXT NOT NULL,"
    " created_at INTEGER NOT NULL,"
    " persisted_at INTEGER,"
    " hashed_at INTEGER"
    ") STRICT;"
    /* Every key that it ever had: REQ ACCT-05. */
    "CREATE TABLE account_key ("
    " account INTEGER NOT NULL REFERENCES account(id),"
    " thumbprint TEXT NOT NULL,"
    " since_at INTEGER NOT NULL,"
    " PRIMARY KEY (account, thumbprint)"
    ") STRICT;"
    "CREATE TABLE eab ("
    " kid TEXT PRIMARY KEY NOT NULL,"
    " mac_key BLOB NOT NULL,"
    " created_at INTEGER NOT NULL,"
    " account INTEGER REFERENCES account(id),"
    " bound_at INTEGER"
    ") STRICT;"
    "CREATE TABLE authz ("
    " id INTEGER PRIMARY KEY,"
    " account INTEGER NOT NULL REFERENCES account(id),"
    " type TEXT NOT NULL,"
    " value TEXT NOT NULL,"
    " wildcard INTEGER NOT NULL,"
    " subdomains INTEGER NOT NULL,"
    " rests_on INTEGER REFERENCES authz(id),"
    " status TEXT NOT NULL,"
    " created_at INTEGER NOT NULL,"
    " expires_at INTEGER NOT NULL,"
    " token TEXT NOT NULL,"
    " method TEXT NOT NULL,"
    " busy_at INTEGER,"
    " busy_by INTEGER,"
    " validated_at INTEGER,"
    " caa_until_at INTEGER,"
    " uri TEXT NOT NULL,"
    " form TEXT NOT NULL,"
    " error TEXT NOT NULL"
    ") STRICT;"
    /* Long, written once, and read by whoever signs: not in each's way. */
    "CREATE TABLE evidence ("
    " authz INTEGER PRIMARY KEY REFERENCES authz(id),"
    " json TEXT NOT NULL,"
    " caa TEXT NOT NULL"
    ") STRICT;"
    "CREATE INDEX authz_live ON authz(account, value) WHERE " LIVE ";"
    "CREATE INDEX authz_under_way ON authz(id) WHERE status = 'processing';"
    "CREATE TABLE orders ("
    " id INTEGER PRIMARY KEY,"
    " account INTEGER NOT NULL REFERENCES account(id),"
    " status TEXT NOT NULL,"
    " created_at INTEGER NOT NULL,"
    " expires_at INTEGER NOT NULL,"
    " profile TEXT NOT NULL,"
    " identifiers TEXT NOT NULL,"
    " authzs TEXT NOT NULL,"
    " replaces TEXT NOT NULL,"
    " error TEXT NOT NULL,"
    " serial TEXT NOT NULL,"
    " busy_at INTEGER,"
    " busy_by INTEGER,"
    /* While it is processed; its names and its key are in the certificate. */
    " csr BLOB"
    ") STRICT;"
    "CREATE INDEX orders_account ON orders(account, id);"
    "CREATE INDEX orders_under_way ON orders(id)"
    " WHERE status = 'processing';"
    "CREATE TABLE certificate ("
    " serial TEXT PRIMARY KEY NOT NULL,"
    /* NULL, and no DER: it is known from the log of evidence alone. */
    " order_id INTEGER REFERENCES orders(id),"
    " account INTEGER REFERENCES account(id),"
    " der BLOB NOT NULL,"
    " not_before_at INTEGER NOT NULL,"
    " not_after_at INTEGER NOT NULL,"
    " shard INTEGER NOT NULL,"
    " key_hash BLOB NOT NULL,"
    " entry INTEGER NOT NULL,"
    " entry_hash BLOB NOT NULL,"
    " log TEXT NOT NULL,"
    " revoked_at INTEGER,"
    " reason INTEGER,"
    " replaced_by INTEGER REFERENCES orders(id)"
    ") STRICT;"
    "CREATE INDEX certificate_entry ON certificate(entry);"
    "CREATE INDEX certificate_revoked ON certificate(shard)"
    " WHERE revoked_at IS NOT NULL;"
    "CREATE TABLE blocked_key ("
    " hash BLOB PRIMARY KEY NOT NULL,"
    " blocked_at INTEGER NOT NULL,"
    " why TEXT NOT NULL"
    ") STRICT;"
    "CREATE TABLE crl ("
    " shard INTEGER PRIMARY KEY,"
    " number INTEGER NOT NULL,"
    " der BLOB NOT NULL,"
    " this_update_at INTEGER NOT NULL,"
    " next_update_at INTEGER NOT NULL,"
    " due_at INTEGER NOT NULL"
    ") STRICT;"
    "CREATE TABLE keeper ("
    " name TEXT PRIMARY KEY NOT NULL,"
    " id INTEGER NOT NULL,"
    " since_at INTEGER NOT NULL,"
    " until_at INTEGER NOT NULL"
    ") STRICT;"
    "CREATE TABLE secret ("
    " name TEXT PRIMARY KEY NOT NULL,"
    " octets BLOB NOT NULL"
    ") STRICT;"
    /* Those that were used, of a kind that every keeper takes. */
    "CREATE TABLE nonce (number INTEGER PRIMARY KEY) STRICT;" HF_LEASE_STEP,
    /* How often something happened, where several count (ca/often.h). */
    "CREATE TABLE bucket ("
    " key INTEGER PRIMARY KEY,"
    " dry_at INTEGER NOT NULL"
    ") STRICT;"
    "CREATE INDEX bucket_dry ON bucket (dry_at)",
    "CREATE TABLE unlogged ("
    " serial TEXT PRIMARY KEY NOT NULL,"
    " revoked_at INTEGER NOT NULL,"
    " reason INTEGER NOT NULL"
    ") STRICT;"
    "INSERT INTO unlogged (serial, revoked_at, reason)"
    " SELECT serial, revoked_at, reason FROM certificate"
    " WHERE revoked_at IS NOT NULL",
};

#define ACCOUNT                                                                \
    "SELECT id, status, jwk, thumbprint, contacts, agreed_at, created_at,"     \
    " persisted_at, hashed_at FROM account WHERE "

#define ORDER                                                                  \
    "SELECT id, account, status, expires_at, profile, identifiers, authzs,"    \
    " replaces, error, serial, csr FROM orders WHERE "
#define CERT                                                                   \
    "SELECT serial, order_id, account, der, not_before_at, not_after_at,"      \
    " shard, key_hash, revoked_at, reason, replaced_by, entry, log"            \
    " FROM certificate WHERE "

/* What this keeper, or its predecessor, processes for so long that it must have
 * forgotten it; and, if $5, what one did that is not here any more. */
#define TAKE_UP(table)                                                         \
    "UPDATE " table " SET busy_by = $1, busy_at = $2 WHERE id IN"              \
    " (SELECT id FROM " table " WHERE status = 'processing' AND"               \
    " (busy_by IN ($1, $4) AND busy_at < $3 OR $5 <> 0 AND busy_by <> $1"      \
    " AND busy_by NOT IN (SELECT id FROM keeper WHERE until_at > $2))"         \
    " LIMIT 1000) RETURNING id"

static const char *const operations[HF_CA_OPERATIONS] = {
    [HF_CA_ACCOUNT_ADD] =
        "INSERT INTO account (id, status, jwk, thumbprint, contacts, agreed_at,"
        " kid, created_at) VALUES ($1, 'valid', $2, $3, $4, $5, $6, $7)",
    [HF_CA_ACCOUNT_BY_ID] = ACCOUNT "id = $1",
    [HF_CA_ACCOUNT_BY_KEY] = ACCOUNT "thumbprint = $1",
    [HF_CA_ACCOUNT_CONTACTS] = "UPDATE account SET contacts = $2 WHERE id = $1",
    [HF_CA_ACCOUNT_AGREED] = "UPDATE account SET agreed_at = $2 WHERE id = $1",
    [HF_CA_ACCOUNT_END] = "UPDATE account SET status = $2 WHERE id = $1"
                          " AND status = 'valid'",
    [HF_CA_ACCOUNT_REKEY] =
        "UPDATE account SET jwk = $2, thumbprint = $3 WHERE id = $1",
    [HF_CA_ACCOUNT_PERSISTED] =
        "UPDATE account SET persisted_at = $2 WHERE id = $1"
        " AND persisted_at IS NULL",
    [HF_CA_ACCOUNT_HASHED] = "UPDATE account SET hashed_at = $2 WHERE id = $1"
                             " AND hashed_at IS NULL",
    [HF_CA_KEY_ADD] = "INSERT INTO account_key (account, thumbprint, since_at)"
                      " VALUES ($1, $2, $3) ON CONFLICT (account, thumbprint)"
                      " DO UPDATE SET since_at = $3",
    [HF_CA_KEYS] = "SELECT thumbprint FROM account_key WHERE account = $1"
                   " ORDER BY since_at DESC",
    [HF_CA_KEYS_COUNT] = "SELECT count(*) FROM account_key WHERE account = $1",

    [HF_CA_EAB_GET] = "SELECT mac_key, account FROM eab WHERE kid = $1",
    [HF_CA_EAB_BIND] = "UPDATE eab SET account = $2, bound_at = $3"
                       " WHERE kid = $1 AND account IS NULL",
    [HF_CA_EAB_ADD] =
        "INSERT INTO eab (kid, mac_key, created_at) VALUES ($1, $2, $3)",

    [HF_CA_AUTHZ_ADD] =
        "INSERT INTO authz (id, account, type, value, wildcard, subdomains,"
        " status, token, created_at, expires_at, method, uri, form, error)"
        " VALUES ($1, $2, $3, $4, $5, $6, 'pending', $7, $8, $9, '', '', '',"
        " '')",
    [HF_CA_AUTHZ_REST] =
        "INSERT INTO authz (id, account, type, value, wildcard, subdomains,"
        " rests_on, status, token, created_at, expires_at, method,"
        " caa_until_at, uri, form, error) VALUES ($1, $2, 'dns', $3, $4, 0,"
        " $5, 'valid', '', $6, $7, '', $8, '', '', '')",
    [HF_CA_AUTHZ_GET] =
        "SELECT id, account, type, value, wildcard, status, expires_at, token,"
        " method, validated_at, caa_until_at, error, subdomains, rests_on"
        " FROM authz WHERE id = $1",
    [HF_CA_AUTHZ_REUSE] =
        "SELECT id, expires_at FROM authz WHERE account = $1 AND type = $2"
        " AND value = $3 AND wildcard = $4 AND subdomains >= $5"
        " AND rests_on IS NULL AND " LIVE " AND status = 'valid'"
        " AND expires_at >= $6 ORDER BY expires_at DESC LIMIT 1",
    [HF_CA_AUTHZ_START] =
        "UPDATE authz SET status = 'processing', method = $2, busy_at = $3,"
        " busy_by = $4 WHERE id = $1 AND status = 'pending'",
    [HF_CA_AUTHZ_VALID] =
        "UPDATE authz SET status = 'valid', method = $2, validated_at = $3,"
        " expires_at = $4, uri = $5, form = $6, caa_until_at = $7"
        " WHERE id = $1 AND (status IN ('pending', 'valid')"
        " OR status = 'processing' AND busy_by = $8)",
    [HF_CA_AUTHZ_INVALID] = "UPDATE authz SET status = 'invalid', error = $2"
                            " WHERE id = $1 AND (status = 'valid'"
                            " OR status = 'processing' AND busy_by = $3)",
    [HF_CA_AUTHZ_END] = "UPDATE authz SET status = $2 WHERE id = $1 AND " LIVE,
    [HF_CA_AUTHZ_END_ALL] =
        "UPDATE authz SET status = 'deactivated' WHERE account = $1 AND " LIVE,
    [HF_CA_AUTHZ_CAA] = "UPDATE authz SET caa_until_at = $2 WHERE id = $1",
    [HF_CA_AUTHZ_TAKE_UP] = TAKE_UP("authz"),

    [HF_CA_EVIDENCE_PUT] =
        "INSERT INTO evidence (authz, json, caa) VALUES ($1, $2, '')"
        " ON CONFLICT (authz) DO UPDATE SET json = $2, caa = ''",
    [HF_CA_EVIDENCE_CAA] =
        "INSERT INTO evidence (authz, json, caa) VALUES ($1, '', $2)"
        " ON CONFLICT (authz) DO UPDATE SET caa = $2",
    [HF_CA_EVIDENCE_GET] = "SELECT json, caa FROM evidence WHERE authz = $1",

    [HF_CA_ORDER_ADD] =
        "INSERT INTO orders (id, account, status, created_at, expires_at,"
        " profile, identifiers, authzs, replaces, error, serial)"
        " VALUES ($1, $2, 'pending', $3, $4, $5, $6, $7, $8, '', '')",
    [HF_CA_ORDER_GET] = ORDER "id = $1",
    [HF_CA_ORDER_LIST] = "SELECT id FROM orders WHERE account = $1"
                         " AND id > $2 ORDER BY id LIMIT $3",
    [HF_CA_ORDER_START] = "UPDATE orders SET status = 'processing', csr = $2,"
                          " busy_at = $3, busy_by = $4"
                          " WHERE id = $1 AND status = 'pending'",
    [HF_CA_ORDER_VALID] = "UPDATE orders SET status = 'valid', serial = $2,"
                          " csr = NULL WHERE id = $1 AND status = 'processing'"
                          " AND busy_by = $3",
    [HF_CA_ORDER_GIVE] = "UPDATE orders SET status = 'valid', serial = $2"
                         " WHERE id = $1 AND status = 'processing'",
    [HF_CA_ORDER_AGAIN] = "UPDATE orders SET status = 'pending'"
                          " WHERE id = $1 AND status = 'processing'"
                          " AND busy_by = $2",
    [HF_CA_ORDER_INVALID] =
        "UPDATE orders SET status = 'invalid', error = $2 WHERE id = $1"
        " AND status = 'processing' AND busy_by = $3",
    [HF_CA_ORDER_END_ALL] =
        "UPDATE orders SET status = 'invalid', error = $2 WHERE account = $1"
        " AND status IN ('pending', 'processing')",
    [HF_CA_ORDER_TAKE_UP] = TAKE_UP("orders"),

    [HF_CA_CERT_ADD] =
        "INSERT INTO certificate (serial, order_id, account, der,"
        " not_before_at, not_after_at, shard, key_hash, entry, entry_hash,"
        " log) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
    [HF_CA_CERT_GET] = CERT "serial = $1",
    [HF_CA_CERT_REVOKE] = "UPDATE certificate SET revoked_at = $2, reason = $3"
                          " WHERE serial = $1 AND revoked_at IS NULL",
    [HF_CA_CERT_COMPROMISED] =
        "UPDATE certificate SET reason = 1 WHERE serial = $1"
        " AND revoked_at IS NOT NULL AND reason <> 1",
    [HF_CA_CERT_REPLACE] = "UPDATE certificate SET replaced_by = $2"
                           " WHERE serial = $1"
                           " AND (replaced_by IS NULL OR replaced_by = $3)",
    [HF_CA_CERT_REVOKED] =
        "SELECT serial, revoked_at, reason FROM certificate WHERE shard = $1"
        " AND revoked_at IS NOT NULL AND not_after_at >= $2",

    [HF_CA_UNLOGGED_ADD] =
        "INSERT INTO unlogged (serial, revoked_at, reason) VALUES ($1, $2, $3)"
        " ON CONFLICT (serial) DO UPDATE SET reason = $3",
    [HF_CA_UNLOGGED_PAGE] =
        "SELECT serial, revoked_at, reason FROM unlogged LIMIT $1",
    [HF_CA_UNLOGGED_GET] = "SELECT revoked_at FROM unlogged WHERE serial = $1",
    [HF_CA_UNLOGGED_END] =
        "DELETE FROM unlogged WHERE serial = $1 AND reason = $2",

    [HF_CA_BLOCK_ADD] =
        "INSERT INTO blocked_key (hash, blocked_at, why) VALUES ($1, $2, $3)"
        " ON CONFLICT (hash) DO NOTHING",
    [HF_CA_BLOCK_GET] = "SELECT blocked_at FROM blocked_key WHERE hash = $1",

    /* One that became due while it was made is due again. */
    [HF_CA_CRL_PUT] =
        "INSERT INTO crl (shard, number, der, this_update_at, next_update_at,"
        " due_at) VALUES ($1, $2, $3, $4, $5, $7) ON CONFLICT (shard)"
        " DO UPDATE SET number = $2, der = $3, this_update_at = $4,"
        " next_update_at = $5, due_at = CASE WHEN crl.due_at = $6 THEN $7"
        " ELSE crl.due_at END WHERE crl.number < $2",
    [HF_CA_CRL_GET] = "SELECT der, next_update_at FROM crl WHERE shard = $1",
    [HF_CA_CRL_DUE] = "UPDATE crl SET due_at = $2 WHERE shard = $1",
    [HF_CA_CRLS] = "SELECT shard, number, due_at FROM crl",

    [HF_CA_KEEPER_GET] = "SELECT id FROM keeper WHERE name = $1",
    [HF_CA_KEEPER_SIT] = "INSERT INTO keeper (name, id, since_at, until_at)"
                         " VALUES ($1, $2, $3, $4) ON CONFLICT (name)"
                         " DO UPDATE SET id = $2, since_at = $3, until_at = $4",
    /* A server that fails over may have forgotten it. */
    [HF_CA_KEEPER_STAY] = "INSERT INTO keeper (name, id, since_at, until_at)"
                          " VALUES ($1, $2, $3, $4) ON CONFLICT (name)"
                          " DO UPDATE SET until_at = $4 WHERE keeper.id = $2",
    [HF_CA_KEEPER_LEAVE] = "DELETE FROM keeper WHERE name = $1 AND id = $2",
    [HF_CA_KEEPER_OTHER] =
        "SELECT id FROM keeper WHERE id <> $1 AND until_at > $2 LIMIT 1",
    [HF_CA_KEEPER_SWEEP] = "DELETE FROM keeper WHERE until_at < $1",
    [HF_CA_LEASE] = HF_LEASE_OPERATIONS,
    [HF_CA_SECRET_ADD] = "INSERT INTO secret (name, octets) VALUES ($1, $2)"
                         " ON CONFLICT (name) DO NOTHING",
    [HF_CA_SECRET_GET] = "SELECT octets FROM secret WHERE name = $1",
    [HF_CA_NONCE_USE] = "INSERT INTO nonce (number) VALUES ($1)"
                        " ON CONFLICT (number) DO NOTHING",
    [HF_CA_NONCE_SWEEP] = "DELETE FROM nonce WHERE number < $1",
    [HF_CA_BUCKET_GET] = "SELECT dry_at FROM bucket WHERE key = $1",
    [HF_CA_BUCKET_FILL] =
        "INSERT INTO bucket (key, dry_at) VALUES ($1, $2 + $3)"
        " ON CONFLICT (key) DO UPDATE SET dry_at = $3 +"
        " CASE WHEN bucket.dry_at < $2 THEN $2 ELSE bucket.dry_at END",
    [HF_CA_BUCKET_SWEEP] = "DELETE FROM bucket WHERE dry_at < $1",

    [HF_CA_ACCOUNT_LIST] = ACCOUNT "id > $1 ORDER BY id LIMIT $2",
    [HF_CA_ORDER_PAGE] = ORDER "id > $1 ORDER BY id LIMIT $2",
    [HF_CA_CERT_LIST] = CERT "serial > $1 ORDER BY serial LIMIT $2",

    [HF_CA_ENTRY_LAST] = "SELECT entry FROM certificate WHERE log = $1"
                         " ORDER BY entry DESC LIMIT 1",
    [HF_CA_ENTRY_PAGE] =
        "SELECT entry, serial, entry_hash, der, not_before_at, not_after_at,"
        " shard, order_id, account, log, revoked_at FROM certificate"
        " WHERE entry >= $1"
        " AND (entry > $1 OR serial > $2) AND entry <= $3"
        " ORDER BY entry, serial LIMIT $4",
    [HF_CA_ROWS] =
        "SELECT (SELECT count(*) FROM account), (SELECT count(*) FROM orders),"
        " (SELECT count(*) FROM authz), (SELECT count(*) FROM certificate),"
        " (SELECT count(*) FROM certificate WHERE revoked_at IS NOT NULL),"
        " (SELECT count(*) FROM keeper WHERE until_at > $1),"
        " (SELECT count(*) FROM lease WHERE expires_at < $1 - 600),"
        " (SELECT count(*) FROM unlogged WHERE revoked_at < $1 - 600)",
    [HF_CA_NEWEST] =
        "SELECT coalesce(max(at), 0) FROM ("
        "SELECT max(created_at) AS at FROM account"
        " UNION ALL SELECT max(created_at) FROM orders"
        " UNION ALL SELECT max(validated_at) FROM authz"
        " UNION ALL SELECT max(revoked_at) FROM certificate"
        " UNION ALL SELECT max(this_update_at) FROM crl) AS moments",
    [HF_CA_STUCK] =
        "SELECT (SELECT count(*) FROM orders WHERE status = 'processing'"
        " AND busy_at < $1), (SELECT min(id) FROM orders"
        " WHERE status = 'processing' AND busy_at < $1),"
        " (SELECT count(*) FROM authz WHERE status = 'processing'"
        " AND busy_at < $1), (SELECT min(id) FROM authz"
        " WHERE status = 'processing' AND busy_at < $1)",
    [HF_CA_ASTRAY] =
        "SELECT 0, count(*), min(id) FROM orders WHERE NOT EXISTS"
        " (SELECT 1 FROM account WHERE account.id = orders.account)"
        " UNION ALL SELECT 1, count(*), min(id) FROM authz WHERE NOT EXISTS"
        " (SELECT 1 FROM account WHERE account.id = authz.account)"
        " UNION ALL SELECT 2, count(*), min(order_id) FROM certificate"
        " WHERE order_id IS NOT NULL AND NOT EXISTS"
        " (SELECT 1 FROM orders WHERE orders.id = certificate.order_id)"
        " UNION ALL SELECT 3, count(*), min(account) FROM certificate"
        " WHERE account IS NOT NULL AND NOT EXISTS"
        " (SELECT 1 FROM account WHERE account.id = certificate.account)"
        " UNION ALL SELECT 4, count(*), min(id) FROM orders"
        " WHERE status = 'valid' AND NOT EXISTS (SELECT 1 FROM certificate"
        " WHERE certificate.serial = orders.serial)",
    [HF_CA_CRL_ALL] = "SELECT shard, number, der, next_update_at, due_at"
                      " FROM crl ORDER BY shard",
    [HF_CA_CRL_FIRST] =
        "SELECT count(*), coalesce(min(next_update_at), 0) FROM crl",
    [HF_CA_LEASES] =
        "SELECT lease.name, coalesce(keeper.name, ''), fence, expires_at"
        " FROM lease LEFT JOIN keeper ON lease.owner = CAST(keeper.id AS TEXT)"
        " ORDER BY lease.name",
    [HF_CA_KEEPERS] = "SELECT name, since_at, until_at FROM keeper"
                      " WHERE until_at > $1 ORDER BY name LIMIT $2",
};

const struct hf_store_plan hf_ca_plan = {
    .steps = steps,
    .step_count = sizeof(steps) / sizeof(steps[0]),
    .operations = operations,
    .operation_count = HF_CA_OPERATIONS,
};
