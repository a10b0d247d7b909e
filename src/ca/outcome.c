/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/outcome.h"

#include "ca/order.h"
#include "ca/revocation.h"

#define ERROR_MAX ((size_t)32 << 10)

/* ---- asking the validator ---- */

/* Every key that the account ever had, the present one first (REQ VAL-26). */
static bool take_keys(struct hf_ca_call *call, struct hf_account *out)
{
    const enum hf_ca_operation row = HF_CA_KEYS;
    struct hf_key *keys =
        hf_arena_take(&call->arena, HF_KEYS_MAX, sizeof(*keys));
    enum hf_err err = HF_OK;
    size_t count = 0;
    bool more;

    if (keys == NULL)
        return hf_ca_call_fail(call, HF_ENOMEM);
    keys[count++].thumbprint = call->account.thumbprint;
    if (!hf_ca_call_row(call, row, HF_VALUES(hf_store_number(call->account.id)),
                        &more))
        return false;
    while (more && err == HF_OK) {
        struct hf_span thumbprint = hf_store_get_text(call->store, row, 0);

        if (count < HF_KEYS_MAX &&
            !hf_span_eq(thumbprint, call->account.thumbprint))
            keys[count++].thumbprint = hf_ca_call_text(call, row, 0);
        err = hf_store_next(call->store, row, &more, &call->why);
    }
    out->keys = keys;
    out->key_count = count;
    return err == HF_OK || hf_ca_call_fail(call, err);
}

static enum hf_account_status status_of(struct hf_span word)
{
    if (hf_span_eq(word, HF_SPAN("valid")))
        return HF_ACCOUNT_VALID;
    return hf_span_eq(word, HF_SPAN("revoked")) ? HF_ACCOUNT_REVOKED
                                                : HF_ACCOUNT_DEACTIVATED;
}

/* REQ ACCT-09, DIR-08: as the account was called where the CA was before. */
static bool take_former_urls(struct hf_ca_call *call, struct hf_account *out)
{
    const struct hf_ca_settings *settings = call->settings;
    struct hf_span path = out->url;
    struct hf_span *urls =
        hf_arena_take(&call->arena, settings->former_count + 1, sizeof(*urls));

    if (urls == NULL)
        return hf_ca_call_fail(call, HF_ENOMEM);
    (void)hf_ca_settings_cut(settings, &path);
    for (size_t i = 0; i < settings->former_count; i++) {
        char room[HF_ACCOUNT_URL_MAX];
        struct hf_buf url;

        hf_buf_init(&url, room, sizeof(room));
        hf_buf_put(&url, settings->former[i]);
        hf_buf_put(&url, path);
        urls[i] = hf_arena_copy(&call->arena, hf_buf_span(&url));
    }
    out->other_urls = urls;
    out->other_url_count = settings->former_count;
    return true;
}

static bool take_account(struct hf_ca_call *call, int64_t id,
                         struct hf_validation_job *out)
{
    struct hf_account *account =
        hf_arena_take(&call->arena, 1, sizeof(*account));
    bool found;

    if (account == NULL)
        return hf_ca_call_fail(call, HF_ENOMEM);
    if (!hf_ca_call_load_account(call, id, &call->account, &found))
        return false;
    account->url = hf_ca_call_url(call, "acct", id);
    account->status = status_of(call->account.status);
    out->account = account;
    out->raw_refused = call->account.hashed;
    return take_former_urls(call, account) && take_keys(call, account);
}

static void set_way(const struct hf_job *job, enum hf_way tried,
                    struct hf_validation_job *out)
{
    switch (job->kind) {
    case HF_JOB_CHALLENGE:
        out->way = tried;
        break;
    case HF_JOB_LOOK:
    case HF_JOB_AGAIN:
        out->way = HF_WAY_DNS_PERSIST;
        break;
    case HF_JOB_CAA:
    case HF_JOB_SIGN:
        out->way = HF_WAY_CAA;
        out->for_way = tried;
        out->subdomains = false; /* of the one that is certified */
        break;
    }
}

/* RFC 8555, section 8.1. */
static struct hf_span key_authorization(struct hf_ca_call *call,
                                        struct hf_span token)
{
    char room[HF_KEY_AUTHORIZATION_MAX];
    struct hf_buf text;

    hf_buf_init(&text, room, sizeof(room));
    hf_buf_put(&text, token);
    hf_buf_putc(&text, '.');
    hf_buf_put(&text, call->account.thumbprint);
    return hf_arena_copy(&call->arena, hf_buf_span(&text));
}

static bool is_wanted(const struct hf_job *job, const struct hf_authz *authz,
                      enum hf_way *tried)
{
    const char *status = job->kind == HF_JOB_CHALLENGE ? "processing"
                         : job->kind == HF_JOB_LOOK    ? "pending"
                                                       : "valid";

    *tried = HF_WAY_DNS_PERSIST;
    return hf_span_eq(authz->status, hf_span_str(status)) &&
           (authz->method.len == 0 || hf_way_find(authz->method, tried));
}

bool hf_outcome_ask(struct hf_ca_call *call, const struct hf_job *job,
                    struct hf_validation_job *out, bool *wanted)
{
    struct hf_authz authz;
    enum hf_way tried;

    if (!hf_authz_load(call, job->id, &authz, wanted))
        return false;
    *wanted = *wanted && is_wanted(job, &authz, &tried);
    if (!*wanted)
        return true;
    *out = (struct hf_validation_job){
        .is_ip = authz.name.is_ip,
        .wildcard = authz.name.wildcard,
        .subdomains = authz.name.subdomains,
        .name = authz.name.value,
        .token = authz.token,
        .now = {.s = call->now_at},
    };
    set_way(job, tried, out);
    if (!take_account(call, authz.account, out))
        return false;
    out->key_authorization = key_authorization(call, authz.token);
    return true;
}

/* ---- its answer ---- */

/* REQ ERR-01..08: the problem, and what is wrong with each record, with the
 * fixed words. */
static void put_error(struct hf_json *json, const struct hf_authz *authz,
                      const struct hf_validation_result *result)
{
    hf_json_open(json, '{');
    hf_trouble_put_type(json, result->problem);
    hf_json_key_str(json, "detail", result->detail);
    hf_json_key_lit(json, "reason", result->reason);
    hf_json_key_int(json, "status", 403);
    hf_json_key(json, "subproblems");
    hf_json_open(json, '[');
    for (size_t i = 0; i < result->fault_count; i++) {
        const struct hf_validation_fault *fault = &result->faults[i];

        hf_json_open(json, '{');
        hf_trouble_put_type(json, fault->problem);
        hf_json_key_str(json, "detail", fault->detail);
        hf_json_key_lit(json, "reason", fault->reason);
        hf_json_key(json, "identifier");
        hf_json_open(json, '{');
        hf_json_key_lit(json, "type", authz->name.is_ip ? "ip" : "dns");
        hf_json_key_str(json, "value", authz->name.value);
        hf_json_close(json, '}');
        hf_json_close(json, '}');
    }
    hf_json_close(json, ']');
    hf_json_close(json, '}');
}

static bool keep_evidence(struct hf_ca_call *call, const struct hf_authz *authz,
                          const struct hf_validation_result *result)
{
    return hf_ca_call_run(
        call, HF_CA_EVIDENCE_PUT,
        HF_VALUES(hf_store_number(authz->id), hf_store_text(result->evidence)));
}

static bool set_invalid(struct hf_ca_call *call, const struct hf_authz *authz,
                        const struct hf_validation_result *result)
{
    struct hf_buf error;
    struct hf_json json;
    bool did = false;
    bool good;

    hf_buf_init_grow(&error, ERROR_MAX);
    json = hf_json_to(&error);
    put_error(&json, authz, result);
    good = hf_ca_call_change(call, HF_CA_AUTHZ_INVALID,
                             HF_VALUES(hf_store_number(authz->id),
                                       hf_store_text(hf_buf_span(&error)),
                                       hf_store_number(call->keeper.id)),
                             &did) &&
           (!did || keep_evidence(call, authz, result));
    hf_buf_clear(&error);
    return good && (!did || hf_authz_count_failure(call, authz));
}

/* The account has shown that it knows how (REQ JIT-05), and a hashed value is
 * never followed by a raw one (3.4). */
static bool set_persisted(struct hf_ca_call *call, const struct hf_authz *authz,
                          const struct hf_validation_result *result)
{
    const struct hf_store_value values[] = {hf_store_number(authz->account),
                                            hf_store_number(call->now_at)};

    return hf_ca_call_run(call, HF_CA_ACCOUNT_PERSISTED, values, 2) &&
           (result->form != HF_FORM_HASHED ||
            hf_ca_call_run(call, HF_CA_ACCOUNT_HASHED, values, 2));
}

static bool set_valid(struct hf_ca_call *call, const struct hf_authz *authz,
                      enum hf_way way,
                      const struct hf_validation_result *result)
{
    bool persists = way == HF_WAY_DNS_PERSIST;
    bool did;

    if (!hf_ca_call_change(
            call, HF_CA_AUTHZ_VALID,
            HF_VALUES(hf_store_number(authz->id),
                      hf_store_text(hf_span_str(hf_way_word(way))),
                      hf_store_number(call->now_at),
                      hf_store_number(result->expires_at),
                      hf_store_text(result->account_uri),
                      hf_store_text(hf_span_str(
                          persists ? hf_form_word(result->form) : "")),
                      hf_store_number(result->caa_expires_at),
                      hf_store_number(call->keeper.id)),
            &did))
        return false;
    return !did || (keep_evidence(call, authz, result) &&
                    (!persists || set_persisted(call, authz, result)));
}

bool hf_outcome_validated(struct hf_ca_call *call, const struct hf_job *job,
                          const struct hf_validation_result *result)
{
    struct hf_authz authz;
    enum hf_way tried;
    bool wanted;

    if (!hf_authz_load(call, job->id, &authz, &wanted))
        return false;
    if (!wanted || !is_wanted(job, &authz, &tried))
        return true;
    if (!result->valid) /* REQ JIT-03, ERR-06 */
        return job->kind == HF_JOB_LOOK || set_invalid(call, &authz, result);
    if (job->kind == HF_JOB_CAA)
        return hf_ca_call_run(
                   call, HF_CA_AUTHZ_CAA,
                   HF_VALUES(hf_store_number(authz.id),
                             hf_store_number(result->caa_expires_at))) &&
               hf_ca_call_run(call, HF_CA_EVIDENCE_CAA,
                              HF_VALUES(hf_store_number(authz.id),
                                        hf_store_text(result->evidence)));
    return set_valid(call, &authz, tried, result);
}

/* ---- the issuer ---- */

/* What was good when it was finalized is not any more: it is too old, or was
 * given back (REQ VAL-52, REUSE-09, REUSE-15). */
static bool has_ended(const struct hf_order *order, int64_t now_at)
{
    for (size_t i = 0; i < order->authz_count; i++) {
        const struct hf_authz *authz = &order->authzs[i];

        if (!hf_span_eq(hf_authz_status(authz, now_at), HF_SPAN("valid")) ||
            authz->caa_until_at < now_at)
            return true;
    }
    return false;
}

static bool set_ready(struct hf_ca_call *call, int64_t order)
{
    return hf_ca_call_run(
        call, HF_CA_ORDER_AGAIN,
        HF_VALUES(hf_store_number(order), hf_store_number(call->keeper.id)));
}

bool hf_outcome_sign(struct hf_ca_call *call, int64_t id,
                     const struct hf_issuer_order **out, bool *wanted)
{
    struct hf_order order;

    if (!hf_order_load(call, id, &order, wanted))
        return false;
    *wanted = *wanted && hf_span_eq(order.status, HF_SPAN("processing"));
    if (!*wanted)
        return true;
    *wanted = !has_ended(&order, call->now_at);
    return *wanted ? hf_order_signing(call, &order, out) : set_ready(call, id);
}

static bool keep(struct hf_ca_call *call, const struct hf_order *order,
                 const struct hf_issuer_order *asked,
                 const struct hf_issuer_reply *reply)
{
    unsigned char hash[32];

    return hf_order_key_hash(call, order->csr, hash) &&
           hf_ca_call_run(call, HF_CA_CERT_ADD,
                          HF_VALUES(hf_store_text(reply->serial),
                                    hf_store_number(order->id),
                                    hf_store_number(order->account),
                                    hf_store_blob(reply->der),
                                    hf_store_number(asked->not_before_at),
                                    hf_store_number(asked->not_after_at),
                                    hf_store_number(reply->shard),
                                    hf_store_blob((struct hf_span){
                                        (const char *)hash, sizeof(hash)}),
                                    hf_store_number((int64_t)reply->entry),
                                    hf_store_blob(reply->hash),
                                    hf_store_text(call->keeper.name)));
}

/* It was signed, and its order ended while it was: nobody gets it. */
static bool withhold(struct hf_ca_call *call,
                     const struct hf_issuer_reply *reply)
{
    const struct hf_revocation revocation = {
        .serial = reply->serial,
        .shard = reply->shard,
        .reason = 5, /* cessationOfOperation */
        .at = call->now_at,
    };
    bool did;
    enum hf_err err =
        hf_revocation_do(call->store, &revocation, &did, &call->why);

    return err == HF_OK || hf_ca_call_fail(call, err);
}

/* A name that may not be in a certificate any more is no fault of the request,
 * which cannot ask for less: "The server will not issue certificates for the
 * identifier" (RFC 8555 6.7, rejectedIdentifier). */
static void put_refusal(const struct hf_ca_call *call,
                        const struct hf_issuer_order *asked,
                        struct hf_span said, struct hf_buf *out)
{
    char room[HF_CONSTRAINTS_SAID_MAX + 1];
    struct hf_buf detail;

    for (size_t i = 0; i < asked->name_count; i++) {
        const struct hf_issuer_name *name = &asked->names[i];
        const struct hf_trouble_sub sub = {
            .detail = room,
            .identifier = name->value,
            .trouble = HF_TROUBLE_REJECTED_IDENTIFIER,
            .is_ip = name->is_ip,
        };

        hf_buf_init(&detail, room, sizeof(room));
        if (!hf_constraints_refuse_text(&call->settings->constraints,
                                        name->value, name->is_ip, &detail))
            continue;
        hf_buf_putc(&detail, '\0');
        hf_trouble_put(out, HF_TROUBLE_REJECTED_IDENTIFIER, said, &sub, 1,
                       HF_SPAN(""));
        return;
    }
    hf_trouble_put(out, HF_TROUBLE_BAD_CSR, said, NULL, 0, HF_SPAN(""));
}

static bool set_failed(struct hf_ca_call *call, int64_t order,
                       const struct hf_issuer_order *asked,
                       const struct hf_issuer_reply *reply)
{
    char room[2 * (HF_ISSUER_SAID_MAX + HF_CONSTRAINTS_SAID_MAX) + 1024];
    struct hf_buf error;

    if (reply->err != HF_EINVAL) /* later it may go well */
        return set_ready(call, order);
    hf_buf_init(&error, room, sizeof(room));
    put_refusal(call, asked, reply->said, &error);
    return hf_ca_call_run(call, HF_CA_ORDER_INVALID,
                          HF_VALUES(hf_store_number(order),
                                    hf_store_text(hf_buf_span(&error)),
                                    hf_store_number(call->keeper.id)));
}

bool hf_outcome_signed(struct hf_ca_call *call, int64_t id,
                       const struct hf_issuer_order *asked,
                       const struct hf_issuer_reply *reply)
{
    struct hf_ca_call_account account = {0};
    struct hf_order order;
    bool did = false;
    bool found;

    if (reply->kind != HF_ISSUER_ISSUED)
        return set_failed(call, id, asked, reply);
    if (!hf_order_load(call, id, &order, &found) ||
        !hf_ca_call_load_account(call, order.account, &account, &found) ||
        !keep(call, &order, asked, reply))
        return false;
    if (hf_span_eq(account.status, HF_SPAN("valid")) &&
        !hf_ca_call_change(call, HF_CA_ORDER_VALID,
                           HF_VALUES(hf_store_number(id),
                                     hf_store_text(reply->serial),
                                     hf_store_number(call->keeper.id)),
                           &did))
        return false;
    return did || withhold(call, reply);
}
