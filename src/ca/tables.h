/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tables.h -- what a CA remembers, and everything that it asks of it. The SQL
 * is in tables.c and nowhere else; the columns of what is read are named here.
 *
 * Ids are random, of 63 bits: nobody can count our customers, and several
 * fronts need no common counter. States are the words of RFC 8555, section
 * 7.1.6. Moments are seconds since the epoch.
 */
#pragma once

#include "store/lease.h"

enum hf_ca_operation {
    HF_CA_ACCOUNT_ADD, /* $1 id, $2 jwk, $3 thumbprint, $4 contacts, $5 agreed,
                          $6 kid or '', $7 now */
    HF_CA_ACCOUNT_BY_ID,     /* $1 id: enum hf_ca_account_column */
    HF_CA_ACCOUNT_BY_KEY,    /* $1 thumbprint: the same */
    HF_CA_ACCOUNT_CONTACTS,  /* $1 id, $2 contacts */
    HF_CA_ACCOUNT_AGREED,    /* $1 id, $2 now */
    HF_CA_ACCOUNT_END,       /* $1 id, $2 its last status; of valid ones */
    HF_CA_ACCOUNT_REKEY,     /* $1 id, $2 jwk, $3 thumbprint */
    HF_CA_ACCOUNT_PERSISTED, /* $1 id, $2 now: if it had not */
    HF_CA_ACCOUNT_HASHED,    /* the same */
    HF_CA_KEY_ADD,           /* $1 account, $2 thumbprint, $3 now */
    HF_CA_KEYS,              /* $1 account: 0 thumbprint; newest first */
    HF_CA_KEYS_COUNT,        /* $1 account: 0 how many */

    HF_CA_EAB_GET,  /* $1 kid: 0 MAC key, 1 account or NULL */
    HF_CA_EAB_BIND, /* $1 kid, $2 account, $3 now; of those not bound */
    HF_CA_EAB_ADD,  /* $1 kid, $2 MAC key, $3 now */

    HF_CA_AUTHZ_ADD,   /* $1 id, $2 account, $3 type, $4 value, $5 wildcard,
                          $6 subdomains, $7 token, $8 now, $9 expires */
    HF_CA_AUTHZ_REST,  /* $1 id, $2 account, $3 value, $4 wildcard, $5 on which
                          authorization, $6 now, $7 expires, $8 CAA good
                          until */
    HF_CA_AUTHZ_GET,   /* $1 id: enum hf_ca_authz_column */
    HF_CA_AUTHZ_REUSE, /* $1 account, $2 type, $3 value, $4 wildcard, $5 1:
                          that covers subdomains, $6 valid until then at
                          least: 0 id, 1 expires, the latest */
    HF_CA_AUTHZ_START, /* $1 id, $2 method, $3 now, $4 keeper; of pending ones
                        */
    HF_CA_AUTHZ_VALID, /* $1 id, $2 method, $3 now, $4 expires, $5 uri, $6
                          form, $7 CAA good until, $8 keeper; of those that
                          did not end and are not another's */
    HF_CA_AUTHZ_INVALID, /* $1 id, $2 error, $3 keeper; the same but for
                            pending ones */
    HF_CA_AUTHZ_END,     /* $1 id, $2 status; of pending and valid ones */
    HF_CA_AUTHZ_END_ALL, /* $1 account: every one that is not final */
    HF_CA_AUTHZ_CAA,     /* $1 id, $2 CAA good until */
    HF_CA_AUTHZ_TAKE_UP, /* $1 keeper, $2 now, $3 moment, $4 its predecessor, $5
                            of others, too?: 0 id; processing since before that
                            moment, or for a keeper that is gone. It is ours */

    HF_CA_EVIDENCE_PUT, /* $1 authorization, $2 JSON: of its last validation */
    HF_CA_EVIDENCE_CAA, /* $1 authorization, $2 JSON: of a look at CAA since */
    HF_CA_EVIDENCE_GET, /* $1 authorization: 0 JSON, 1 JSON of CAA or empty */

    HF_CA_ORDER_ADD,     /* $1 id, $2 account, $3 now, $4 expires, $5 profile,
                            $6 identifiers, $7 authzs, $8 replaces */
    HF_CA_ORDER_GET,     /* $1 id: enum hf_ca_order_column */
    HF_CA_ORDER_LIST,    /* $1 account, $2 after this id, $3 limit: 0 id */
    HF_CA_ORDER_START,   /* $1 id, $2 CSR, $3 now, $4 keeper; of those not
                            begun */
    HF_CA_ORDER_VALID,   /* $1 id, $2 serial, $3 keeper; of those that it
                            processes */
    HF_CA_ORDER_GIVE,    /* $1 id, $2 serial; the same, whoever processes it */
    HF_CA_ORDER_AGAIN,   /* $1 id, $2 keeper; the same. Ready: nothing was
                            signed */
    HF_CA_ORDER_INVALID, /* $1 id, $2 error, $3 keeper; the same */
    HF_CA_ORDER_END_ALL, /* $1 account, $2 error: every one not final */
    HF_CA_ORDER_TAKE_UP, /* as HF_CA_AUTHZ_TAKE_UP */

    HF_CA_CERT_ADD, /* $1 serial, $2 order, $3 account, $4 DER, $5 not before,
                       $6 not after, $7 shard, $8 key hash, $9 log entry, $10
                       its hash, $11 whose log */
    HF_CA_CERT_GET, /* $1 serial: enum hf_ca_cert_column */
    HF_CA_CERT_REVOKE,      /* $1 serial, $2 now, $3 reason; of good ones */
    HF_CA_CERT_COMPROMISED, /* $1 serial; of those revoked for another reason */
    HF_CA_CERT_REPLACE,     /* $1 serial, $2 order; of those not replaced, or by
                               $3 */
    HF_CA_CERT_REVOKED, /* $1 shard, $2 now: 0 serial, 1 at, 2 reason; of those
                           not yet expired */

    /* Revocations that no log of evidence has yet (ca/unlogged.h). */
    HF_CA_UNLOGGED_ADD,  /* $1 serial, $2 at, $3 reason: another one than that
                            of a row that is there */
    HF_CA_UNLOGGED_PAGE, /* $1 limit: 0 serial, 1 at, 2 reason */
    HF_CA_UNLOGGED_GET,  /* $1 serial: 0 at */
    HF_CA_UNLOGGED_END,  /* $1 serial, $2 reason */

    HF_CA_BLOCK_ADD, /* $1 key hash, $2 now, $3 why */
    HF_CA_BLOCK_GET, /* $1 key hash: 0 at */

    HF_CA_CRL_PUT, /* $1 shard, $2 number, $3 DER, $4 this, $5 next update, $6
                      when it was due, $7 when the next one is; of those with
                      a lesser number */
    HF_CA_CRL_GET, /* $1 shard: 0 DER, 1 next update */
    HF_CA_CRL_DUE, /* $1 shard, $2 moment: then it is made anew */
    HF_CA_CRLS,    /* 0 shard, 1 number, 2 due */

    /* Who serves from these tables (ca/seat.h), by name and life. */
    HF_CA_KEEPER_GET,   /* $1 name: 0 id */
    HF_CA_KEEPER_SIT,   /* $1 name, $2 id, $3 now, $4 until; in the place of the
                           one of that name */
    HF_CA_KEEPER_STAY,  /* the same, unless another took its place */
    HF_CA_KEEPER_LEAVE, /* $1 name, $2 id */
    HF_CA_KEEPER_OTHER, /* $1 id, $2 now: 0 id, of one that is not this */
    HF_CA_KEEPER_SWEEP, /* $1 moment: those that were gone by then */
    HF_CA_LEASE,        /* the first of HF_LEASE_OPERATIONS */
    HF_CA_LEASE_LAST = HF_CA_LEASE + HF_LEASE_OPERATION_COUNT - 1,
    HF_CA_SECRET_ADD,   /* $1 name, $2 octets; if there is none */
    HF_CA_SECRET_GET,   /* $1 name: 0 octets */
    HF_CA_NONCE_USE,    /* $1 number; of those not used */
    HF_CA_NONCE_SWEEP,  /* $1 number: those below it */
    HF_CA_BUCKET_GET,   /* $1 key: 0 when it is empty (ca/limit.h) */
    HF_CA_BUCKET_FILL,  /* $1 key, $2 now, $3 by so much */
    HF_CA_BUCKET_SWEEP, /* $1 now: those that are empty */

    /* For the operator; each begins behind $1 and gives $2 rows at most. */
    HF_CA_ACCOUNT_LIST, /* enum hf_ca_account_column */
    HF_CA_ORDER_PAGE,   /* enum hf_ca_order_column */
    HF_CA_CERT_LIST,    /* enum hf_ca_cert_column */

    /* For whoever looks whether all is well. */
    HF_CA_ENTRY_LAST, /* $1 whose log: 0 number of its last entry that is known;
                         no row: there is none */
    HF_CA_ENTRY_PAGE, /* $1 from this entry on, $2 and in it behind this serial,
                         $3 up to this entry, $4 limit: enum
                         hf_ca_entry_column, in this order */
    HF_CA_ROWS,       /* $1 now: how many: 0 accounts, 1 orders, 2 authzs, 3
                         certificates, 4 revoked ones, 5 keepers,
                         6 leases that nobody has held for ten minutes,
                         7 revocations that no log has had for so long */
    HF_CA_NEWEST,     /* 0 the latest moment at which something happened */
    HF_CA_STUCK,      /* $1 moment: processing since before that: 0 count and 1
                         one of the orders, 2 count and 3 one of the authzs */
    HF_CA_ASTRAY,     /* rows that point to nothing: 0 enum hf_ca_astray, 1
                         count, 2 one of them */
    HF_CA_CRL_ALL,    /* 0 shard, 1 number, 2 DER, 3 next update, 4 due */
    HF_CA_CRL_FIRST,  /* 0 how many, 1 next update of the first to end, or 0 */
    HF_CA_LEASES,     /* 0 name, 1 keeper or empty, 2 fence, 3 until */
    HF_CA_KEEPERS,    /* $1 now, $2 limit: 0 name, 1 since, 2 until */

    HF_CA_OPERATIONS,
};

enum hf_ca_account_column {
    HF_ACCOUNT_ID,
    HF_ACCOUNT_STATUS,
    HF_ACCOUNT_JWK,
    HF_ACCOUNT_THUMBPRINT,
    HF_ACCOUNT_CONTACTS, /* a JSON array */
    HF_ACCOUNT_AGREED_AT,
    HF_ACCOUNT_CREATED_AT,
    HF_ACCOUNT_PERSISTED_AT, /* of its first dns-persist-01, or NULL */
    HF_ACCOUNT_HASHED_AT,    /* of its first hashed value, or NULL */
};

enum hf_ca_authz_column {
    HF_AUTHZ_ID,
    HF_AUTHZ_ACCOUNT,
    HF_AUTHZ_TYPE, /* "dns", "ip" */
    HF_AUTHZ_VALUE,
    HF_AUTHZ_WILDCARD,
    HF_AUTHZ_STATUS,
    HF_AUTHZ_EXPIRES_AT,
    HF_AUTHZ_TOKEN,
    HF_AUTHZ_METHOD, /* the challenge that was tried; or empty */
    HF_AUTHZ_VALIDATED_AT,
    HF_AUTHZ_CAA_UNTIL_AT,
    HF_AUTHZ_ERROR,      /* a problem document, or empty */
    HF_AUTHZ_SUBDOMAINS, /* it covers every name below it, too: RFC 9444 */
    HF_AUTHZ_RESTS_ON,   /* NULL; or the ancestor's that counts for it */
};

enum hf_ca_order_column {
    HF_ORDER_ID,
    HF_ORDER_ACCOUNT,
    HF_ORDER_STATUS, /* pending is also what is ready: ask the authzs */
    HF_ORDER_EXPIRES_AT,
    HF_ORDER_PROFILE,
    HF_ORDER_IDENTIFIERS, /* JSON, as the client gets it */
    HF_ORDER_AUTHZS,      /* ids with blanks between */
    HF_ORDER_REPLACES,
    HF_ORDER_ERROR,
    HF_ORDER_SERIAL,
    HF_ORDER_CSR,
};

enum hf_ca_cert_column {
    HF_CERT_SERIAL,
    HF_CERT_ORDER, /* this and the next: or NULL */
    HF_CERT_ACCOUNT,
    HF_CERT_DER, /* empty: only the log of evidence knows of it (orphan.h) */
    HF_CERT_NOT_BEFORE_AT,
    HF_CERT_NOT_AFTER_AT,
    HF_CERT_SHARD,
    HF_CERT_KEY_HASH,
    HF_CERT_REVOKED_AT, /* or NULL */
    HF_CERT_REASON,
    HF_CERT_REPLACED_BY, /* an order, or NULL */
    HF_CERT_ENTRY,       /* of the log of evidence ... */
    HF_CERT_LOG,         /* ... of this keeper; empty: the only one */
};

enum hf_ca_entry_column {
    HF_ENTRY_NUMBER,
    HF_ENTRY_SERIAL,
    HF_ENTRY_HASH,
    HF_ENTRY_DER,
    HF_ENTRY_NOT_BEFORE_AT,
    HF_ENTRY_NOT_AFTER_AT,
    HF_ENTRY_SHARD,
    HF_ENTRY_ORDER,
    HF_ENTRY_ACCOUNT,
    HF_ENTRY_LOG,
    HF_ENTRY_REVOKED_AT, /* or NULL */
};

enum hf_ca_astray {
    HF_ASTRAY_ORDER,        /* of no account */
    HF_ASTRAY_AUTHZ,        /* the same */
    HF_ASTRAY_CERT,         /* of no order: that is what is given */
    HF_ASTRAY_CERT_ACCOUNT, /* of no account: the same */
    HF_ASTRAY_VALID,        /* an order whose certificate is missing */
    HF_ASTRAY_COUNT,
};

extern const struct hf_store_plan hf_ca_plan;
