/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/perspective_host.h"

#include "base/alloc.h"
#include "base/json.h"
#include "ca/coordinator.h"
#include "os/clock.h"

#define LOOK_MS  10000
#define DOCUMENT HF_SPAN("application/json")

/* One request that waits for its views: one of our own eye, or one of every
 * remote perspective. An errand's ticket is the place of its visit. */
struct visit {
    uint64_t id;                          /* the front's */
    struct hf_coordination *coordination; /* NULL: this place is free */
    bool mpic;
    size_t asked; /* eyes that were sent, from `first` on */
    size_t heard;
    struct hf_view views[HF_EYES_MAX]; /* by eye */
};

struct hf_perspective_host {
    struct hf_perspective_config config;
    struct visit visits[HF_EYE_WINDOW];
    size_t under_way;
    struct hf_buf body; /* of the reply that is being made */
};

enum hf_err hf_perspective_host_new(const struct hf_perspective_config *config,
                                    struct hf_perspective_host **out,
                                    struct hf_why *why)
{
    struct hf_perspective_host *host = hf_alloc(1, sizeof(*host));

    if (host == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    host->config = *config;
    hf_buf_init_grow(&host->body, HF_PERSPECTIVE_REPLY_MAX);
    *out = host;
    return HF_OK;
}

static void visit_end(struct hf_perspective_host *host, struct visit *visit)
{
    for (size_t i = 0; i < HF_EYES_MAX; i++)
        hf_view_clear(&visit->views[i]);
    hf_coordination_clear(visit->coordination);
    hf_free(visit->coordination);
    *visit = (struct visit){0};
    host->under_way--;
}

void hf_perspective_host_free(struct hf_perspective_host *host)
{
    if (host == NULL)
        return;
    for (size_t i = 0; i < HF_EYE_WINDOW; i++)
        if (host->visits[i].coordination != NULL)
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
    return hf_server_answer(host->config.front, id, &out, why);
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
    hf_json_key_str(&json, "perspective_code", h->config.self->code);
    hf_json_key_str(&json, "rir", h->config.self->rir);
    hf_json_key_str(&json, "resolver", hf_span_str(h->config.eyes[0]->label));
    hf_json_key_list(&json, "caa_domains", h->config.self->issuers,
                     h->config.self->issuer_count);
    hf_json_close(&json, '}');
}

/* ---- requests ---- */

/* Eyes that a visit is for. */
static size_t first_eye(const struct visit *visit)
{
    return visit->mpic ? 1 : 0;
}

static size_t eyes_of(const struct hf_perspective_host *host,
                      const struct visit *visit)
{
    return visit->mpic ? host->config.eye_count - 1 : 1;
}

/* Send the eyes that were not sent yet, as far as they can be. An errand that
 * can have no view is the asker's mistake. */
static enum hf_err send(struct hf_perspective_host *host, struct visit *visit,
                        struct hf_why *why)
{
    struct hf_errand errand = visit->coordination->observation.errand;
    enum hf_err err = HF_OK;

    errand.give_up_at_ms = hf_clock_ms() + LOOK_MS;
    while (err == HF_OK && visit->asked < eyes_of(host, visit)) {
        size_t eye = first_eye(visit) + visit->asked;
        struct hf_why said = {0};

        err = hf_eye_submit(host->config.eyes[eye], &errand,
                            (uint64_t)(visit - host->visits), &said);
        if (err == HF_OK) {
            visit->asked++;
        } else if (err == HF_EINVAL && visit->asked == 0) {
            err = refuse(host, visit->id, 400, said.text, why);
            visit_end(host, visit);
            return err;
        } else if (why != NULL) {
            *why = said;
        }
    }
    return err == HF_ELIMIT ? HF_OK : err; /* later */
}

static enum hf_err send_all(struct hf_perspective_host *host,
                            struct hf_why *why)
{
    enum hf_err err = HF_OK;

    for (size_t i = 0; i < HF_EYE_WINDOW && err == HF_OK; i++)
        if (host->visits[i].coordination != NULL)
            err = send(host, &host->visits[i], why);
    return err;
}

enum check { DCV, CAA, MPIC };

static enum hf_err read_request(const struct hf_perspective_host *host,
                                struct hf_span body, enum check check,
                                struct visit *visit, const char **objection,
                                struct hf_why *why)
{
    const struct hf_perspective_self *self = host->config.self;

    if (check == MPIC)
        return hf_coordination_read(body, host->config.eye_count - 1, self,
                                    visit->coordination, objection, why);
    return hf_observation_read(body, check == CAA, self,
                               &visit->coordination->observation, objection,
                               why);
}

static enum hf_err begin(struct hf_perspective_host *host,
                         const struct hf_server_request *request,
                         enum check check, struct hf_why *why)
{
    struct visit *visit = host->visits;
    const char *objection = NULL;
    enum hf_err err;

    while (visit < host->visits + HF_EYE_WINDOW && visit->coordination != NULL)
        visit++;
    if (visit == host->visits + HF_EYE_WINDOW)
        return refuse(host, request->id, 503, "too many checks under way", why);
    visit->coordination = hf_alloc(1, sizeof(*visit->coordination));
    if (visit->coordination == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    visit->id = request->id;
    visit->mpic = check == MPIC;
    host->under_way++;
    err = read_request(host, request->body, check, visit, &objection, why);
    if (err == HF_OK && objection == NULL)
        return HF_OK;
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
    static const struct hf_span checks[] = {
        [DCV] = HF_SPAN_INIT("/dcv"),
        [CAA] = HF_SPAN_INIT("/caa"),
        [MPIC] = HF_SPAN_INIT("/mpic"),
    };
    bool health = hf_span_eq(request->target, HF_SPAN("/healthz"));
    bool config = hf_span_eq(request->target, HF_SPAN("/configz"));

    for (unsigned i = DCV; i <= MPIC; i++)
        if (hf_span_eq(request->target, checks[i]))
            return request->method == HF_SERVER_POST
                       ? begin(host, request, (enum check)i, why)
                       : refuse(host, request->id, 405,
                                "checks are asked for by POST", why);
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
        err = hf_server_poll(host->config.front, &request, &got, why);
        if (err == HF_OK && got)
            err = take(host, &request, why);
    }
    hf_server_drop(host->config.front);
    return err;
}

/* ---- views ---- */

/* All views are there. */
static enum hf_err tell(struct hf_perspective_host *host,
                        const struct visit *visit, struct hf_time now,
                        struct hf_why *why)
{
    const struct hf_perspective_self *self = host->config.self;
    const struct hf_corroboration seen = {.eyes = host->config.eyes + 1,
                                          .views = visit->views + 1,
                                          .count = host->config.eye_count - 1,
                                          .now = now};
    enum hf_err err;

    hf_buf_reset(&host->body);
    err = visit->mpic
              ? hf_coordination_put(visit->coordination, self, &seen,
                                    &host->body, why)
              : hf_observation_put(&visit->coordination->observation, self,
                                   &visit->views[0], now, &host->body, why);
    if (err == HF_ELIMIT)
        return refuse(host, visit->id, 500, "more was seen than can be told",
                      why);
    return err == HF_OK ? reply(host, visit->id, 200, why) : err;
}

static enum hf_err hear(struct hf_perspective_host *host, size_t eye,
                        struct hf_time now, struct hf_why *why)
{
    struct hf_view view = {0};
    uint64_t place = 0;
    bool got = true;
    enum hf_err err = HF_OK;

    while (err == HF_OK && got) {
        struct visit *visit;

        err = hf_eye_poll(host->config.eyes[eye], &place, &view, &got, why);
        if (err != HF_OK || !got)
            break;
        visit = &host->visits[place];
        visit->views[eye] = view;
        visit->heard++;
        if (visit->heard < eyes_of(host, visit))
            continue;
        err = tell(host, visit, now, why);
        visit_end(host, visit);
    }
    return err;
}

enum hf_err hf_perspective_host_turn(struct hf_perspective_host *host,
                                     struct hf_time now, struct hf_why *why)
{
    enum hf_err err = take_all(host, why);

    if (err == HF_OK)
        err = send_all(host, why);
    for (size_t i = 0; i < host->config.eye_count && err == HF_OK; i++)
        err = hear(host, i, now, why);
    hf_server_flush(host->config.front);
    return err;
}

size_t hf_perspective_host_under_way(const struct hf_perspective_host *host)
{
    return host->under_way;
}
