/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/perspective_host.h"

#include "base/alloc.h"
#include "base/json.h"
#include "os/clock.h"

#define LOOK_MS  10000
#define DOCUMENT HF_SPAN("application/json")

/* One request that waits for its view. */
struct visit {
    uint64_t id;                        /* the front's */
    struct hf_observation *observation; /* NULL: this place is free */
};

struct hf_perspective_host {
    struct hf_server_front *front;
    struct hf_eye *eye;
    const struct hf_perspective_self *self;
    struct visit visits[HF_EYE_WINDOW];
    size_t under_way;
    struct hf_buf body; /* of the reply that is being made */
};

enum hf_err hf_perspective_host_new(struct hf_server_front *front,
                                    struct hf_eye *eye,
                                    const struct hf_perspective_self *self,
                                    struct hf_perspective_host **out,
                                    struct hf_why *why)
{
    struct hf_perspective_host *host = hf_alloc(1, sizeof(*host));

    if (host == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    host->front = front;
    host->eye = eye;
    host->self = self;
    hf_buf_init_grow(&host->body, HF_PERSPECTIVE_REPLY_MAX);
    *out = host;
    return HF_OK;
}

static void visit_end(struct hf_perspective_host *host, struct visit *visit)
{
    hf_observation_clear(visit->observation);
    hf_free(visit->observation);
    visit->observation = NULL;
    host->under_way--;
}

void hf_perspective_host_free(struct hf_perspective_host *host)
{
    if (host == NULL)
        return;
    for (size_t i = 0; i < HF_EYE_WINDOW; i++)
        if (host->visits[i].observation != NULL)
            visit_end(host, &host->visits[i]);
    hf_buf_clear(&host->body);
    hf_free(host);
}

/* ---- replies ---- */

static enum hf_err reply(struct hf_perspective_host *host, uint64_t id,
                         int status, struct hf_why *why)
{
    struct hf_server_reply out = {.status = status,
                                  .content_type = DOCUMENT,
                                  .body = hf_buf_span(&host->body)};

    if (status == 405 || status == 503)
        out.fields[out.field_count++] =
            status == 503
                ? (struct hf_server_field){HF_SPAN("Retry-After"), HF_SPAN("1")}
                : (struct hf_server_field){HF_SPAN("Allow"), HF_SPAN("POST")};
    return hf_server_answer(host->front, id, &out, why);
}

static enum hf_err refuse(struct hf_perspective_host *host, uint64_t id,
                          int status, const char *objection, struct hf_why *why)
{
    hf_buf_reset(&host->body);
    hf_observation_put_error(&host->body, objection);
    return reply(host, id, status, why);
}

static void put_health(struct hf_buf *out)
{
    struct hf_json json = hf_json_to(out);

    hf_json_open(&json, '{');
    hf_json_key_lit(&json, "status", "OK");
    hf_json_close(&json, '}');
}

static void put_config(struct hf_buf *out, const struct hf_perspective_host *h)
{
    struct hf_json json = hf_json_to(out);

    hf_json_open(&json, '{');
    hf_json_key_str(&json, "perspective_code", h->self->code);
    hf_json_key_str(&json, "rir", h->self->rir);
    hf_json_key_str(&json, "resolver", hf_span_str(h->eye->label));
    hf_json_key(&json, "caa_domains");
    hf_json_open(&json, '[');
    for (size_t i = 0; i < h->self->issuer_count; i++)
        hf_json_str(&json, h->self->issuers[i]);
    hf_json_close(&json, ']');
    hf_json_close(&json, '}');
}

/* ---- requests ---- */

/* Send the eye. An errand that can have no view is the asker's mistake. */
static enum hf_err look(struct hf_perspective_host *host, struct visit *visit,
                        struct hf_why *why)
{
    struct hf_errand errand = visit->observation->errand;
    struct hf_why said = {0};
    enum hf_err err;

    errand.give_up_at_ms = hf_clock_ms() + LOOK_MS;
    err = hf_eye_submit(host->eye, &errand, (uint64_t)(visit - host->visits),
                        &said);
    if (err == HF_EINVAL || err == HF_ELIMIT) {
        err = refuse(host, visit->id, 400, said.text, why);
        visit_end(host, visit);
    } else if (err != HF_OK && why != NULL) {
        *why = said;
    }
    return err;
}

static enum hf_err begin(struct hf_perspective_host *host,
                         const struct hf_server_request *request, bool caa,
                         struct hf_why *why)
{
    struct visit *visit = host->visits;
    const char *objection = NULL;
    enum hf_err err;

    while (visit < host->visits + HF_EYE_WINDOW && visit->observation != NULL)
        visit++;
    if (visit == host->visits + HF_EYE_WINDOW)
        return refuse(host, request->id, 503, "too many checks under way", why);
    visit->observation = hf_alloc(1, sizeof(*visit->observation));
    if (visit->observation == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    visit->id = request->id;
    host->under_way++;
    err = hf_observation_read(request->body, caa, host->self,
                              visit->observation, &objection, why);
    if (err == HF_OK && objection == NULL)
        return look(host, visit, why);
    if (err == HF_OK)
        err = refuse(host, request->id, 400, objection, why);
    visit_end(host, visit);
    return err;
}

static bool is_read(const struct hf_server_request *request)
{
    return request->method == HF_SERVER_GET ||
           request->method == HF_SERVER_HEAD;
}

static enum hf_err take(struct hf_perspective_host *host,
                        const struct hf_server_request *request,
                        struct hf_why *why)
{
    bool dcv = hf_span_eq(request->target, HF_SPAN("/dcv"));
    bool caa = hf_span_eq(request->target, HF_SPAN("/caa"));
    bool health = hf_span_eq(request->target, HF_SPAN("/healthz"));
    bool config = hf_span_eq(request->target, HF_SPAN("/configz"));

    if ((dcv || caa) && request->method == HF_SERVER_POST)
        return begin(host, request, caa, why);
    if (dcv || caa)
        return refuse(host, request->id, 405, "checks are asked for by POST",
                      why);
    if (!(health || config) || !is_read(request))
        return refuse(host, request->id, 404, "there is nothing here", why);
    hf_buf_reset(&host->body);
    if (health)
        put_health(&host->body);
    else
        put_config(&host->body, host);
    return reply(host, request->id, 200, why);
}

static enum hf_err take_all(struct hf_perspective_host *host,
                            struct hf_why *why)
{
    struct hf_server_request request = {0};
    bool got = true;
    enum hf_err err = HF_OK;

    while (err == HF_OK && got) {
        err = hf_server_poll(host->front, &request, &got, why);
        if (err == HF_OK && got)
            err = take(host, &request, why);
    }
    hf_server_drop(host->front);
    return err;
}

/* ---- views ---- */

static enum hf_err tell(struct hf_perspective_host *host, struct visit *visit,
                        const struct hf_view *view, struct hf_time now,
                        struct hf_why *why)
{
    enum hf_err err;

    hf_buf_reset(&host->body);
    err = hf_observation_put(visit->observation, host->self, view, now,
                             &host->body, why);
    if (err == HF_ELIMIT)
        return refuse(host, visit->id, 500, "more was seen than can be told",
                      why);
    return err == HF_OK ? reply(host, visit->id, 200, why) : err;
}

static enum hf_err tell_all(struct hf_perspective_host *host,
                            struct hf_time now, struct hf_why *why)
{
    struct hf_view view = {0};
    uint64_t place = 0;
    bool got = true;
    enum hf_err err = HF_OK;

    while (err == HF_OK && got) {
        err = hf_eye_poll(host->eye, &place, &view, &got, why);
        if (err != HF_OK || !got)
            break;
        err = tell(host, &host->visits[place], &view, now, why);
        hf_view_clear(&view);
        visit_end(host, &host->visits[place]);
    }
    return err;
}

enum hf_err hf_perspective_host_turn(struct hf_perspective_host *host,
                                     struct hf_time now, struct hf_why *why)
{
    enum hf_err err = take_all(host, why);

    if (err == HF_OK)
        err = tell_all(host, now, why);
    hf_server_flush(host->front);
    return err;
}

size_t hf_perspective_host_under_way(const struct hf_perspective_host *host)
{
    return host->under_way;
}
