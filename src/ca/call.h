/* SPDX-License-Identifier: Apache-2.0 */
/*
 * call.h -- one request to the ACME server, from its octets to its reply, and
 * what every resource does with it.
 *
 * A resource is a function that reads the call and either fills in the reply,
 * or refuses with hf_ca_call_refuse(), or fails. It runs inside a transaction,
 * which is undone when it does not end well, and may be run again. Steps of
 * resources answer whether to go on: false after a refusal or a failure.
 */
#pragma once

#include <jansson.h>

#include "base/arena.h"
#include "base/json.h"
#include "ca/settings.h"
#include "ca/tables.h"
#include "ca/trouble.h"
#include "crypto/jws_read.h"
#include "net/server.h"

#define HF_CA_CALL_BODY_MAX ((size_t)1 << 20) /* of a reply */
#define HF_CA_CALL_ROOM_MAX ((size_t)16 << 20)
#define HF_KEYS_MAX         1000 /* of one account: REQ VAL-29 */

struct hf_engine;
struct hf_issuer_order;
struct hf_limit;
struct hf_resource;

/* The account that signed, as its row says now. In the call's arena. */
struct hf_ca_call_account {
    int64_t id; /* 0: none */
    struct hf_span status;
    struct hf_span jwk;
    struct hf_span thumbprint;
    struct hf_span contacts;
    int64_t created_at;
    bool persisted; /* has validated by dns-persist-01 before */
    bool hashed;    /* ... with a hashed value */
};

/* Work that outlasts a transaction and starts when that is committed. */
enum hf_job_kind {
    HF_JOB_CHALLENGE, /* of an authorization: its client says that it is ready
                       */
    HF_JOB_LOOK,      /* ... just in time: REQ JIT-01 */
    HF_JOB_AGAIN,     /* ... valid, but for a short TTL: REQ REUSE-15 */
    HF_JOB_CAA,       /* ... CAA is too old to sign: REQ VAL-52 */
    HF_JOB_SIGN,      /* of an order */
};

struct hf_job {
    enum hf_job_kind kind;
    int64_t id;
};

/* What the reply shows when its jobs are done. */
enum hf_ca_call_shows {
    HF_SHOWS_REPLY, /* the reply as it is */
    HF_SHOWS_ORDER,
    HF_SHOWS_AUTHZ,
    HF_SHOWS_CHALLENGE,
    HF_SHOWS_FINALIZE, /* the same request once more */
};

/* One of the processes that serve from the tables (ca/seat.h). */
struct hf_keeper {
    int64_t id;          /* of its life: jobs are marked with it */
    struct hf_span name; /* whose log of evidence; empty: the only one */
};

struct hf_ca_call {
    struct hf_engine *engine;
    const struct hf_ca_settings *settings;
    struct hf_store *store;
    struct hf_keeper keeper;
    struct hf_limit *const *limits; /* by enum hf_ca_limit */
    int64_t now_at;
    struct hf_arena arena;

    /* the request */
    struct hf_span peer; /* its address; empty: none */
    enum hf_server_method method;
    const struct hf_resource *resource;
    struct hf_span whole;  /* the target as sent */
    struct hf_span target; /* without the query */
    struct hf_span query;  /* without its question mark */
    int64_t id;            /* in the target, or 0 */
    struct hf_span word;   /* the rest of the target behind the id */
    struct hf_jws jws;
    int64_t nonce;             /* to be used up in the tables; 0: none */
    json_t *payload;           /* NULL: POST-as-GET, or not a POST */
    struct hf_public_key *key; /* that signed; borrowed unless owns_key */
    bool owns_key;
    struct hf_ca_call_account account;

    /* the reply */
    int status;
    const char *content_type; /* NULL: JSON */
    struct hf_buf body;
    struct hf_json json; /* into the body */
    struct hf_span location;
    struct hf_span link; /* of the Link field, beside "index" */
    int retry_after_s;

    bool may_be_undone; /* alone: the first change marks what was before it */
    bool shares_limits; /* limits are counted in the tables */

    /* how it ended */
    enum hf_trouble trouble;
    enum hf_err err; /* of the machine; then `why` */
    struct hf_why why;

    /* what it starts, and waits for a while */
    struct hf_job *jobs;
    size_t job_count;
    enum hf_ca_call_shows shows;
    int64_t shown;                         /* an id */
    unsigned rounds;                       /* how often it was shown again */
    const struct hf_issuer_order *signing; /* of HF_JOB_SIGN; in the arena */
};

/* Refuse, with a sentence that is static or in the arena. False always. */
bool hf_ca_call_refuse(struct hf_ca_call *call, enum hf_trouble trouble,
                       const char *detail);

/* The same with a sentence in the arena, subproblems, and more members as JSON
 * text; `detail` may be static, too. */
struct hf_refusal {
    enum hf_trouble trouble;
    struct hf_span detail;
    const struct hf_trouble_sub *subs;
    size_t sub_count;
    struct hf_span members;
};
bool hf_ca_call_refuse_with(struct hf_ca_call *call,
                            const struct hf_refusal *refusal);

/* Something of ours went wrong, `why` says what. False always. */
bool hf_ca_call_fail(struct hf_ca_call *call, enum hf_err err);

/* Start a job once what was done is committed. */
bool hf_ca_call_start(struct hf_ca_call *call, enum hf_job_kind kind,
                      int64_t id);

/* ---- asking the store ---- */

#define HF_VALUES(...)                                                         \
    (const struct hf_store_value[]){__VA_ARGS__},                              \
        sizeof((const struct hf_store_value[]){__VA_ARGS__}) /                 \
            sizeof(struct hf_store_value)

/* Run an operation. */
bool hf_ca_call_run(struct hf_ca_call *call, enum hf_ca_operation operation,
                    const struct hf_store_value *values, size_t count);

/* The same of one that must change a row: whether it did is in `*did`. */
bool hf_ca_call_change(struct hf_ca_call *call, enum hf_ca_operation operation,
                       const struct hf_store_value *values, size_t count,
                       bool *did);

/* The first row; it is there until hf_ca_call_row_end(), when `*found`. */
bool hf_ca_call_row(struct hf_ca_call *call, enum hf_ca_operation operation,
                    const struct hf_store_value *values, size_t count,
                    bool *found);
void hf_ca_call_row_end(struct hf_ca_call *call,
                        enum hf_ca_operation operation);

/* Of that row, into the arena. */
struct hf_span hf_ca_call_text(struct hf_ca_call *call,
                               enum hf_ca_operation operation, int column);

/* ---- ids and URLs ---- */

/* All of the text as an id, in its one spelling. */
bool hf_ca_call_take_id(struct hf_span text, int64_t *out);

/* A new id: positive, the second in its upper half and chance in its lower, so
 * that rows which are made together lie together. Whoever gets one that is
 * taken is run again, and gets another; accounts stay, so no URL of one is ever
 * another's (REQ ACCT-07). */
bool hf_ca_call_new_id(struct hf_ca_call *call, int64_t *out);

/* 43 characters of base64url: a token of 256 bits (RFC 8555, section 8). */
bool hf_ca_call_new_token(struct hf_ca_call *call, struct hf_span *out);

/* base + "/" + kind + "/" + id, in the arena. */
struct hf_span hf_ca_call_url(struct hf_ca_call *call, const char *kind,
                              int64_t id);

/* The same as a JSON member's value. */
void hf_ca_call_put_url(struct hf_ca_call *call, const char *kind, int64_t id,
                        const char *rest);

/* A Link to what is above (RFC 8555, sections 7.4.2 and 7.5.1). */
void hf_ca_call_link_up(struct hf_ca_call *call, const char *kind, int64_t id);

/* RFC 3339 text of a moment as a member. */
void hf_ca_call_put_time(struct hf_ca_call *call, const char *key, int64_t at);

/* Text that is JSON already, as a member. */
void hf_ca_call_put_json(struct hf_ca_call *call, const char *key,
                         struct hf_span text);

/* ---- the account that signs ---- */

/* Read an account into *out, by its id or by the thumbprint of its present key.
 * `*found` is false when there is none. */
bool hf_ca_call_load_account(struct hf_ca_call *call, int64_t id,
                             struct hf_ca_call_account *out, bool *found);
bool hf_ca_call_find_account(struct hf_ca_call *call, struct hf_span thumbprint,
                             struct hf_ca_call_account *out, bool *found);

/* REQ ACCT-15: a key whose secret half became known is no account's. False when
 * the call is refused for that. */
bool hf_ca_call_check_key(struct hf_ca_call *call,
                          const struct hf_public_key *key);

static inline bool hf_ca_call_is_fetch(const struct hf_ca_call *call)
{
    return call->payload == NULL;
}
