/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/eye_remote.h"

#include "base/alloc.h"
#include "ca/open_mpic.h"
#include "holdfast/name.h"
#include "net/url.h"
#include "os/clock.h"

#define BODY_MAX 16384 /* of a request */

enum state { FREE, WAITS, SEEN };

/* One errand, of any of the eyes. */
struct call {
    enum state state;
    size_t eye;
    uint64_t ticket; /* the caller's */
    int64_t began_ms;
    enum hf_way way;
    struct hf_name name;
    struct hf_view view;
};

struct hub;

struct remote {
    struct hub *hub;
    size_t number;
    char url[HF_URL_MAX];
    size_t url_len;
    char code[HF_EYE_LABEL_MAX];
    char rir[HF_EYE_RIR_MAX];
};

/* What the eyes share; the last one takes it along. */
struct hub {
    struct hf_http *http;
    const struct hf_digest *digest;
    struct remote remotes[HF_EYES_MAX];
    size_t open; /* eyes that are not cleared yet */
    struct call *calls;
    size_t count;
};

/* ---- errands ---- */

static enum hf_err ask(const struct remote *remote, const struct call *call,
                       const struct hf_errand *errand, struct hf_why *why)
{
    struct hub *hub = remote->hub;
    char room[HF_URL_MAX];
    struct hf_http_request request = {.method = HF_HTTP_POST,
                                      .accept = HF_SPAN("application/json"),
                                      .content_type =
                                          HF_SPAN("application/json"),
                                      .give_up_at_ms = errand->give_up_at_ms};
    struct hf_buf url;
    struct hf_buf body;
    enum hf_err err;

    hf_buf_init(&url, room, sizeof(room));
    hf_buf_put(&url, (struct hf_span){remote->url, remote->url_len});
    hf_buf_puts(&url, hf_open_mpic_path(errand->way));
    hf_buf_init_grow(&body, BODY_MAX);
    err = hf_open_mpic_ask(errand, hub->digest, &body, why);
    request.url = hf_buf_span(&url);
    request.body = hf_buf_span(&body);
    if (err == HF_OK)
        err = hf_http_submit(hub->http, &request, (uint64_t)(call - hub->calls),
                             why);
    hf_buf_clear(&body);
    return err;
}

static enum hf_err remote_submit(void *state, const struct hf_errand *errand,
                                 uint64_t ticket, struct hf_why *why)
{
    const struct remote *remote = state;
    struct hub *hub = remote->hub;
    struct call *call = hub->calls;
    enum hf_err err;

    while (call < hub->calls + hub->count && call->state != FREE)
        call++;
    if (call == hub->calls + hub->count)
        return hf_fail(why, HF_ELIMIT, 0, "too many errands under way");
    *call = (struct call){.eye = remote->number,
                          .ticket = ticket,
                          .began_ms = hf_clock_ms(),
                          .way = errand->way};
    memcpy(call->name.text, errand->name.ptr, errand->name.len);
    call->name.len = (uint8_t)errand->name.len;
    err = ask(remote, call, errand, why);
    if (err == HF_OK)
        call->state = WAITS;
    return err;
}

/* Containers of Open MPIC answer 404 and 500 with the same document. */
static bool has_document(const struct hf_http_reply *reply)
{
    return reply->body.len > 0 &&
           (reply->status == 200 || reply->status == 404 ||
            reply->status == 500);
}

static enum hf_err hear(struct hub *hub, struct call *call,
                        const struct hf_http_reply *reply, struct hf_why *why)
{
    const struct remote *remote = &hub->remotes[call->eye];
    const struct hf_open_mpic_asked asked = {.code = hf_span_str(remote->code),
                                             .rir = hf_span_str(remote->rir),
                                             .name = hf_name_span(&call->name),
                                             .way = call->way};

    call->state = SEEN;
    call->view.took_ms = hf_clock_ms() - call->began_ms;
    if (reply->failure != HF_HTTP_REPLIED)
        call->view.failure = reply->reason;
    else if (!has_document(reply))
        call->view.failure = "the perspective refuses to answer";
    else
        return hf_open_mpic_hear(reply->body, &asked, &call->view, why);
    return HF_OK;
}

/* Every reply that is there, whoever it is for. */
static enum hf_err hear_all(struct hub *hub, struct hf_why *why)
{
    struct hf_http_reply reply = {0};
    uint64_t number = 0;
    bool got = true;
    enum hf_err err = HF_OK;

    while (err == HF_OK && got) {
        err = hf_http_poll(hub->http, 0, &number, &reply, &got, why);
        if (err != HF_OK || !got)
            break;
        err = hear(hub, &hub->calls[number], &reply, why);
        hf_http_reply_clear(&reply);
    }
    return err;
}

static struct call *call_seen(const struct remote *remote)
{
    struct hub *hub = remote->hub;

    for (size_t i = 0; i < hub->count; i++)
        if (hub->calls[i].state == SEEN && hub->calls[i].eye == remote->number)
            return &hub->calls[i];
    return NULL;
}

static enum hf_err remote_poll(void *state, uint64_t *ticket,
                               struct hf_view *out, bool *got,
                               struct hf_why *why)
{
    const struct remote *remote = state;
    struct call *call = call_seen(remote);
    enum hf_err err = HF_OK;

    if (call == NULL) {
        err = hear_all(remote->hub, why);
        call = call_seen(remote);
    }
    if (err != HF_OK || call == NULL)
        return err;
    *ticket = call->ticket;
    *out = call->view;
    *got = true;
    *call = (struct call){.state = FREE};
    return HF_OK;
}

static size_t remote_fds(void *state, int fds[HF_EYE_FDS_MAX])
{
    const struct remote *remote = state;

    fds[0] = hf_http_fd(remote->hub->http);
    return 1;
}

/* ---- beginning and end ---- */

static void hub_free(struct hub *hub)
{
    for (size_t i = 0; hub->calls != NULL && i < hub->count; i++)
        hf_view_clear(&hub->calls[i].view);
    hf_free(hub->calls);
    hf_free(hub);
}

static void remote_free(void *state)
{
    const struct remote *remote = state;
    struct hub *hub = remote->hub;

    hub->open--;
    if (hub->open == 0)
        hub_free(hub);
}

static bool is_twice(const struct hf_perspective_place *places, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (hf_span_eq_nocase(places[k].code, places[i].code))
            return true;
    return false;
}

static enum hf_err check(const struct hf_perspective_place *places,
                         size_t count, struct hf_why *why)
{
    struct hf_url url;

    if (count >= HF_EYES_MAX)
        return hf_fail(why, HF_EINVAL, 0, "there are too many perspectives");
    for (size_t i = 0; i < count; i++) {
        const struct hf_perspective_place *place = &places[i];

        if (place->code.len == 0 || place->code.len >= HF_EYE_LABEL_MAX ||
            place->rir.len == 0 || place->rir.len >= HF_EYE_RIR_MAX)
            return hf_fail(why, HF_EINVAL, i,
                           "BR 3.2.2.9: a perspective needs a name and the "
                           "region of its registry");
        if (is_twice(places, i))
            return hf_fail(why, HF_EINVAL, i,
                           "two perspectives have the same name");
        if (hf_url_parse(place->url, &url, NULL) != HF_OK ||
            place->url.len > HF_URL_MAX - 8)
            return hf_fail(why, HF_EINVAL, i,
                           "the URL of a perspective cannot be read");
    }
    return HF_OK;
}

static void remote_init(struct hub *hub, size_t i,
                        const struct hf_perspective_place *place,
                        struct hf_eye *out)
{
    struct remote *remote = &hub->remotes[i];

    remote->hub = hub;
    remote->number = i;
    remote->url_len = place->url.len;
    memcpy(remote->url, place->url.ptr, place->url.len);
    memcpy(remote->code, place->code.ptr, place->code.len);
    memcpy(remote->rir, place->rir.ptr, place->rir.len);
    *out = (struct hf_eye){.submit = remote_submit,
                           .poll = remote_poll,
                           .fds = remote_fds,
                           .free = remote_free,
                           .state = remote,
                           .window = hub->count};
    memcpy(out->label, remote->code, sizeof(remote->code));
    memcpy(out->rir, remote->rir, sizeof(remote->rir));
}

enum hf_err hf_eyes_remote(struct hf_http *http, const struct hf_digest *digest,
                           const struct hf_perspective_place *places,
                           size_t count, struct hf_eye *out, struct hf_why *why)
{
    enum hf_err err = check(places, count, why);
    struct hub *hub;

    if (err != HF_OK)
        return err;
    hub = hf_alloc(1, sizeof(*hub));
    if (hub == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    hub->http = http;
    hub->digest = digest;
    hub->open = count;
    hub->count = http->window;
    hub->calls = hf_alloc(hub->count, sizeof(hub->calls[0]));
    if (hub->calls == NULL) {
        hub_free(hub);
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    }
    for (size_t i = 0; i < count; i++)
        remote_init(hub, i, &places[i], &out[i]);
    return HF_OK;
}
