/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/call.h"

#include "base/base64.h"
#include "base/time_text.h"
#include "os/random.h"

/* ---- how it ends ---- */

bool hf_ca_call_refuse_with(struct hf_ca_call *call,
                            const struct hf_refusal *refusal)
{
    call->trouble = refusal->trouble;
    call->status = hf_trouble_status(refusal->trouble);
    call->content_type = "application/problem+json";
    hf_buf_reset(&call->body);
    hf_trouble_put(&call->body, refusal->trouble, refusal->detail,
                   refusal->subs, refusal->sub_count, refusal->members);
    return false;
}

bool hf_ca_call_refuse(struct hf_ca_call *call, enum hf_trouble trouble,
                       const char *detail)
{
    return hf_ca_call_refuse_with(call, &(struct hf_refusal){
                                            .trouble = trouble,
                                            .detail = hf_span_str(detail),
                                        });
}

bool hf_ca_call_fail(struct hf_ca_call *call, enum hf_err err)
{
    call->err = err;
    return false;
}

bool hf_ca_call_start(struct hf_ca_call *call, enum hf_job_kind kind,
                      int64_t id)
{
    /* For each name one at most, and one for the ancestor that it rests on. */
    size_t room = 2 * call->settings->names_max;

    if (call->jobs == NULL)
        call->jobs = hf_arena_take(&call->arena, room, sizeof(*call->jobs));
    if (call->jobs == NULL || call->job_count == room)
        return hf_ca_call_fail(call, HF_ENOMEM);
    for (size_t i = 0; i < call->job_count; i++)
        if (call->jobs[i].kind == kind && call->jobs[i].id == id)
            return true; /* of several names of one ancestor */
    call->jobs[call->job_count++] = (struct hf_job){kind, id};
    return true;
}

/* ---- the store ---- */

bool hf_ca_call_run(struct hf_ca_call *call, enum hf_ca_operation operation,
                    const struct hf_store_value *values, size_t count)
{
    enum hf_err err = HF_OK;

    if (call->may_be_undone)
        err = hf_store_mark(call->store, &call->why);
    call->may_be_undone = false;
    if (err == HF_OK)
        err = hf_store_run(call->store, operation, values, count, &call->why);
    return err == HF_OK || hf_ca_call_fail(call, err);
}

bool hf_ca_call_change(struct hf_ca_call *call, enum hf_ca_operation operation,
                       const struct hf_store_value *values, size_t count,
                       bool *did)
{
    if (!hf_ca_call_run(call, operation, values, count))
        return false;
    *did = hf_store_changed(call->store) > 0;
    return true;
}

bool hf_ca_call_row(struct hf_ca_call *call, enum hf_ca_operation operation,
                    const struct hf_store_value *values, size_t count,
                    bool *found)
{
    enum hf_err err =
        hf_store_start(call->store, operation, values, count, &call->why);

    if (err == HF_OK)
        err = hf_store_next(call->store, operation, found, &call->why);
    return err == HF_OK || hf_ca_call_fail(call, err);
}

void hf_ca_call_row_end(struct hf_ca_call *call, enum hf_ca_operation operation)
{
    hf_store_end(call->store, operation);
}

struct hf_span hf_ca_call_text(struct hf_ca_call *call,
                               enum hf_ca_operation operation, int column)
{
    return hf_arena_copy(&call->arena,
                         hf_store_get_text(call->store, operation, column));
}

/* ---- ids and URLs ---- */

bool hf_ca_call_take_id(struct hf_span text, int64_t *out)
{
    int64_t id = 0;

    if (text.len == 0 || text.ptr[0] == '0')
        return false;
    for (size_t i = 0; i < text.len; i++) {
        int digit = text.ptr[i] - '0';

        if (!hf_is_digit(text.ptr[i]) || id > (INT64_MAX - digit) / 10)
            return false;
        id = 10 * id + digit;
    }
    *out = id;
    return true;
}

bool hf_ca_call_new_id(struct hf_ca_call *call, int64_t *out)
{
    uint32_t number = 0;
    enum hf_err err = hf_random_fill(&number, sizeof(number), &call->why);

    *out = call->now_at << 31 | number >> 1;
    return err == HF_OK || hf_ca_call_fail(call, err);
}

bool hf_ca_call_new_token(struct hf_ca_call *call, struct hf_span *out)
{
    unsigned char octets[32];
    char *text = hf_arena_take(&call->arena, HF_BASE64URL_LEN(32), 1);
    enum hf_err err = hf_random_fill(octets, sizeof(octets), &call->why);

    if (err != HF_OK || text == NULL)
        return hf_ca_call_fail(call, err == HF_OK ? HF_ENOMEM : err);
    hf_base64url((struct hf_span){(const char *)octets, sizeof(octets)}, text);
    *out = (struct hf_span){text, HF_BASE64URL_LEN(32)};
    return true;
}

static void put_url(struct hf_buf *out, const struct hf_ca_call *call,
                    const char *kind, int64_t id, const char *rest)
{
    hf_buf_put(out, call->settings->base);
    hf_buf_putc(out, '/');
    hf_buf_puts(out, kind);
    hf_buf_putc(out, '/');
    hf_buf_put_i64(out, id);
    hf_buf_puts(out, rest);
}

struct hf_span hf_ca_call_url(struct hf_ca_call *call, const char *kind,
                              int64_t id)
{
    char room[HF_ACCOUNT_URL_MAX];
    struct hf_buf url;

    hf_buf_init(&url, room, sizeof(room));
    put_url(&url, call, kind, id, "");
    return hf_arena_copy(&call->arena, hf_buf_span(&url));
}

void hf_ca_call_put_url(struct hf_ca_call *call, const char *kind, int64_t id,
                        const char *rest)
{
    char room[HF_ACCOUNT_URL_MAX];
    struct hf_buf url;

    hf_buf_init(&url, room, sizeof(room));
    put_url(&url, call, kind, id, rest);
    hf_json_str(&call->json, hf_buf_span(&url));
}

void hf_ca_call_link_up(struct hf_ca_call *call, const char *kind, int64_t id)
{
    char room[HF_ACCOUNT_URL_MAX];
    struct hf_buf link;

    hf_buf_init(&link, room, sizeof(room));
    hf_buf_putc(&link, '<');
    put_url(&link, call, kind, id, ">;rel=\"up\"");
    call->link = hf_arena_copy(&call->arena, hf_buf_span(&link));
}

void hf_ca_call_put_time(struct hf_ca_call *call, const char *key, int64_t at)
{
    char room[HF_TIME_TEXT_MAX];
    struct hf_buf text;

    hf_buf_init(&text, room, sizeof(room));
    hf_time_put(&text, at);
    hf_json_key_str(&call->json, key, hf_buf_span(&text));
}

void hf_ca_call_put_json(struct hf_ca_call *call, const char *key,
                         struct hf_span text)
{
    hf_json_key(&call->json, key);
    hf_buf_put(&call->body, text);
    call->json.comma = true;
}

/* ---- accounts ---- */

static void take_account(struct hf_ca_call *call, enum hf_ca_operation row,
                         struct hf_ca_call_account *out)
{
    struct hf_store *store = call->store;

    *out = (struct hf_ca_call_account){
        .id = hf_store_get_number(store, row, HF_ACCOUNT_ID),
        .status = hf_ca_call_text(call, row, HF_ACCOUNT_STATUS),
        .jwk = hf_ca_call_text(call, row, HF_ACCOUNT_JWK),
        .thumbprint = hf_ca_call_text(call, row, HF_ACCOUNT_THUMBPRINT),
        .contacts = hf_ca_call_text(call, row, HF_ACCOUNT_CONTACTS),
        .created_at = hf_store_get_number(store, row, HF_ACCOUNT_CREATED_AT),
        .persisted = !hf_store_is_null(store, row, HF_ACCOUNT_PERSISTED_AT),
        .hashed = !hf_store_is_null(store, row, HF_ACCOUNT_HASHED_AT),
    };
}

static bool load(struct hf_ca_call *call, enum hf_ca_operation operation,
                 struct hf_store_value by, struct hf_ca_call_account *out,
                 bool *found)
{
    if (!hf_ca_call_row(call, operation, &by, 1, found))
        return false;
    if (*found)
        take_account(call, operation, out);
    hf_ca_call_row_end(call, operation);
    return true;
}

bool hf_ca_call_load_account(struct hf_ca_call *call, int64_t id,
                             struct hf_ca_call_account *out, bool *found)
{
    return load(call, HF_CA_ACCOUNT_BY_ID, hf_store_number(id), out, found);
}

bool hf_ca_call_find_account(struct hf_ca_call *call, struct hf_span thumbprint,
                             struct hf_ca_call_account *out, bool *found)
{
    return load(call, HF_CA_ACCOUNT_BY_KEY, hf_store_text(thumbprint), out,
                found);
}

bool hf_ca_call_check_key(struct hf_ca_call *call,
                          const struct hf_public_key *key)
{
    struct hf_store_value value = hf_store_blob(hf_public_key_hash(key));
    bool found;

    if (!hf_ca_call_row(call, HF_CA_BLOCK_GET, &value, 1, &found))
        return false;
    if (!found)
        return true;
    hf_ca_call_row_end(call, HF_CA_BLOCK_GET);
    return hf_ca_call_refuse(call, HF_TROUBLE_BAD_PUBLIC_KEY,
                             "this key was reported as compromised");
}
