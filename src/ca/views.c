/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/views.h"

#include <unistd.h>

#define BODY_MAX ((size_t)64 << 10)

/* One that is asked for. */
struct look {
    struct hf_views *views;
    struct hf_status *status;
    struct hf_server_reply *reply;
    struct hf_buf *body;
};

static void look_at_ourselves(const struct look *look)
{
    const struct hf_service_config *config = look->views->config;
    const struct hf_status_sources sources = {
        .store = config->store,
        .validator = config->validator,
        .own_tls = config->own_tls,
        .log = config->keeper,
        .shards = config->shards,
    };

    look->status->gauges.is_draining = look->views->is_draining;
    hf_status_look(&sources, look->status);
}

static void put_metrics(const struct look *look)
{
    const struct hf_status *status = look->status;

    look_at_ourselves(look);
    hf_ca_counts_put(look->body, status->counts, &status->gauges);
    hf_status_put_metrics(look->body, status);
    look->reply->content_type = HF_SPAN("text/plain; version=0.0.4");
}

static void put_health(const struct look *look)
{
    const char *fault = !look->status->gauges.store_is_good
                            ? "the store does not keep what it is told"
                        : look->views->is_draining ? "it is going to end"
                                                   : NULL;
    struct hf_json json = hf_json_to(look->body);

    hf_json_open(&json, '{');
    hf_json_key_lit(&json, "status", fault == NULL ? "good" : "bad");
    if (fault != NULL)
        hf_json_key_lit(&json, "why", fault);
    hf_json_close(&json, '}');
    hf_buf_putc(look->body, '\n');
    look->reply->status = fault == NULL ? 200 : 503;
}

static void put_status(const struct look *look)
{
    look_at_ourselves(look);
    hf_status_put(look->body, look->status);
    look->reply->status = hf_status_is_good(look->status) ? 200 : 503;
}

static void drain(const struct look *look)
{
    look->views->is_draining = true;
    put_status(look);
    look->reply->status = 200;
}

static const struct {
    const char *target;
    void (*put)(const struct look *look);
    enum hf_server_method method;
    bool for_watchers;
} views_known[] = {
    {"/metrics", put_metrics, HF_SERVER_GET, true},
    {"/health", put_health, HF_SERVER_GET, true},
    {"/status", put_status, HF_SERVER_GET, false},
    {"/drain", drain, HF_SERVER_POST, false},
};

static enum hf_err show(struct hf_views *views,
                        const struct hf_server_request *request,
                        struct hf_status *status, struct hf_why *why)
{
    bool watches = request->place == views->config->watch_place;
    enum hf_server_method method =
        request->method == HF_SERVER_HEAD ? HF_SERVER_GET : request->method;
    struct hf_server_reply reply = {.status = 404};
    struct hf_buf body;
    const struct look look = {views, status, &reply, &body};
    enum hf_err err;

    hf_buf_init_grow(&body, BODY_MAX);
    for (size_t i = 0; i < sizeof(views_known) / sizeof(views_known[0]); i++) {
        if (views_known[i].method != method ||
            (watches && !views_known[i].for_watchers) ||
            !hf_span_eq(request->target, hf_span_str(views_known[i].target)))
            continue;
        reply.status = 200;
        reply.content_type = HF_SPAN("application/json");
        views_known[i].put(&look);
    }
    reply.body = hf_buf_span(&body);
    err = hf_server_answer(views->config->front, request->id, &reply, why);
    hf_buf_clear(&body);
    return err;
}

/* ---- the operator ---- */

/* Root, and whoever this process is. The socket's mode says the same, but modes
 * are changed. */
static bool is_operator(const struct hf_server_request *request)
{
    return request->user != HF_SERVER_NOBODY &&
           (request->user == 0 || request->user == geteuid());
}

static enum hf_err refuse(struct hf_views *views,
                          const struct hf_server_request *request,
                          struct hf_why *why)
{
    const struct hf_server_reply reply = {
        .status = 403,
        .content_type = HF_SPAN("application/json"),
        .body = HF_SPAN("{\"refused\":\"only root, and the user that the CA "
                        "runs as, may ask here\"}\n"),
    };

    return hf_server_answer(views->config->front, request->id, &reply, why);
}

/* One at a time waits to hear of a reload; the others ask again. */
static enum hf_err answer_operator(struct hf_views *views,
                                   const struct hf_server_request *request,
                                   struct hf_status *status, struct hf_why *why)
{
    const struct hf_service_config *config = views->config;
    bool may = is_operator(request);

    /* Who only looks is nobody's business. */
    if (!may || request->method == HF_SERVER_POST)
        hf_ca_log_operator(config->say, config->say_to, request, may,
                           status->now_at);
    if (!may)
        return refuse(views, request, why);
    if (views->wants_reload || request->method != HF_SERVER_POST ||
        !hf_span_eq(request->target, HF_SPAN("/reload")))
        return show(views, request, status, why);
    views->wants_reload = true;
    views->reload_request = request->id;
    return HF_OK;
}

bool hf_views_are_at(const struct hf_views *views, size_t place)
{
    return place == views->config->watch_place ||
           place == views->config->control_place;
}

enum hf_err hf_views_answer(struct hf_views *views,
                            const struct hf_server_request *request,
                            struct hf_status *status, struct hf_why *why)
{
    return request->place == views->config->control_place
               ? answer_operator(views, request, status, why)
               : show(views, request, status, why);
}

enum hf_err hf_views_reloaded(struct hf_views *views, bool good,
                              struct hf_why *why)
{
    const struct hf_server_reply reply = {
        .status = good ? 200 : 409,
        .content_type = HF_SPAN("application/json"),
        .body = good ? HF_SPAN("{\"reloaded\":true}\n")
                     : HF_SPAN("{\"reloaded\":false}\n"),
    };

    if (!views->wants_reload)
        return HF_OK;
    views->wants_reload = false;
    return hf_server_answer(views->config->front, views->reload_request, &reply,
                            why);
}
