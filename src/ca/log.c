/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/log.h"

#include "base/time_text.h"
#include "ca/resources.h"

#define LINE_MAX_OCTETS 4096

static void put_time(struct hf_json *json, int64_t at)
{
    char room[HF_TIME_TEXT_MAX];
    struct hf_buf text;

    hf_buf_init(&text, room, sizeof(room));
    hf_time_put(&text, at);
    hf_json_key_str(json, "at", hf_buf_span(&text));
}

/* A text: it has more digits than a number in JSON is sure to keep. */
static void put_id(struct hf_json *json, const char *key, int64_t id)
{
    char room[24];
    struct hf_buf text;

    hf_buf_init(&text, room, sizeof(room));
    hf_buf_put_i64(&text, id);
    hf_json_key_str(json, key, hf_buf_span(&text));
}

static void put_validated(struct hf_json *json, const struct hf_task *task)
{
    const struct hf_validation_result *result = &task->result;

    hf_json_key_lit(json, "event", "validated");
    put_id(json, "authz", task->job.id);
    hf_json_key_lit(json, "method", hf_way_word(task->way));
    /* REQ JIT-06 */
    hf_json_key_bool(json, "just_in_time", task->job.kind == HF_JOB_LOOK);
    hf_json_key_bool(json, "valid", result->valid);
    hf_json_key_lit(json, "reason", result->reason);
    if (result->valid && result->account_uri.len > 0)
        hf_json_key_lit(json, "form", hf_form_word(result->form));
    if (!result->valid)
        hf_json_key_str(json, "detail", result->detail);
}

static void put_signed(struct hf_json *json, const struct hf_task *task)
{
    const struct hf_issuer_reply *reply = &task->reply;
    bool issued = reply->kind == HF_ISSUER_ISSUED;

    hf_json_key_lit(json, "event", issued ? "issued" : "not_issued");
    put_id(json, "order", task->job.id);
    if (issued) {
        hf_json_key_str(json, "serial", reply->serial);
        hf_json_key_int(json, "entry", (int64_t)reply->entry);
    } else {
        hf_json_key_str(json, "why", reply->said);
    }
}

/* The word of a request that is worth a line, or NULL. */
static const char *event_of(const struct hf_ca_call *call)
{
    hf_resource_fn *run = call->resource == NULL ? NULL : call->resource->run;

    if (call->trouble == HF_TROUBLE_SERVER)
        return "failed";
    if (call->trouble != HF_TROUBLE_NONE || run == NULL)
        return NULL;
    if (run == hf_resource_new_account && call->status == 201)
        return "account";
    if (run == hf_resource_key_change)
        return "key_change";
    if (run == hf_resource_revoke)
        return "revoked";
    if (run == hf_resource_account &&
        hf_span_eq(call->account.status, HF_SPAN("deactivated")))
        return "account_deactivated";
    return NULL;
}

static void put_request(struct hf_json *json, const struct hf_ca_call *call,
                        const char *event)
{
    hf_json_key_lit(json, "event", event);
    hf_json_key_str(json, "target", call->target);
    if (call->account.id != 0)
        put_id(json, "account", call->account.id);
    if (call->location.len > 0)
        hf_json_key_str(json, "location", call->location);
    if (call->trouble == HF_TROUBLE_SERVER && call->why.text != NULL)
        hf_json_key_lit(json, "why", call->why.text);
}

void hf_ca_log_task(hf_ca_say_fn *say, void *to, const struct hf_task *task,
                    int64_t now_at)
{
    char room[LINE_MAX_OCTETS];
    struct hf_buf line;
    struct hf_json json;
    const char *event = event_of(task->call);

    if (say == NULL ||
        ((task->kind == HF_TASK_RUN || task->kind == HF_TASK_SHOW) &&
         event == NULL))
        return;
    hf_buf_init(&line, room, sizeof(room));
    json = hf_json_to(&line);
    hf_json_open(&json, '{');
    put_time(&json, now_at);
    if (task->kind == HF_TASK_VALIDATED)
        put_validated(&json, task);
    else if (task->kind == HF_TASK_SIGNED)
        put_signed(&json, task);
    else
        put_request(&json, task->call, event);
    hf_json_close(&json, '}');
    if (!line.full)
        say(to, hf_buf_span(&line));
}

void hf_ca_log_operator(hf_ca_say_fn *say, void *to,
                        const struct hf_server_request *request, bool may,
                        int64_t now_at)
{
    char room[LINE_MAX_OCTETS];
    struct hf_buf line;
    struct hf_json json;

    if (say == NULL)
        return;
    hf_buf_init(&line, room, sizeof(room));
    json = hf_json_to(&line);
    hf_json_open(&json, '{');
    put_time(&json, now_at);
    hf_json_key_lit(&json, "event", may ? "asked" : "not_allowed");
    hf_json_key_str(&json, "target", request->target);
    hf_json_key_int(&json, "user", request->user);
    hf_json_key_int(&json, "process", request->process);
    hf_json_close(&json, '}');
    if (!line.full)
        say(to, hf_buf_span(&line));
}
