/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/asker_worker.h"

#include <errno.h>
#include <poll.h>

#include "base/alloc.h"
#include "dns/asker.h"
#include "os/clock.h"
#include "os/sandbox.h"

#define IN_ROOM (2 * HF_CONFIG_FRAME_MAX)

struct worker {
    int fd;
    struct hf_resolver asker;
    struct hf_buf in;
    struct hf_buf out;
    struct hf_config_room *config_room;
};

bool hf_asker_take(struct hf_resolver *asker,
                   const struct hf_worker_query *query)
{
    const struct hf_lookup lookup = {.owner = query->owner,
                                     .type = query->type,
                                     .server = query->server,
                                     .timeout_ms = query->timeout_ms};

    return hf_resolver_submit(asker, &lookup, query->ticket, NULL) == HF_OK;
}

bool hf_asker_send(struct hf_resolver *asker, struct hf_buf *out, int fd)
{
    for (;;) {
        struct hf_found found = {0};
        uint64_t ticket = 0;
        bool got = false;
        bool good;

        if (hf_resolver_poll(asker, 0, &ticket, &found, &got, NULL) != HF_OK)
            return false;
        if (!got)
            return true;
        hf_msg_put_answer(out, ticket, &found);
        hf_found_clear(&found);
        good = !out->full && hf_role_send(fd, hf_buf_span(out));
        hf_buf_reset(out);
        if (!good)
            return false;
    }
}

static bool accept_query(void *state, struct hf_span body)
{
    struct worker *w = state;
    struct hf_worker_query query;

    return hf_msg_read_query(body, &query, NULL) == HF_OK &&
           hf_asker_take(&w->asker, &query);
}

static bool make_rooms(struct worker *w)
{
    w->config_room = hf_alloc(1, sizeof(*w->config_room));
    hf_buf_init_grow(&w->in, IN_ROOM);
    hf_buf_init_grow(&w->out, HF_FRAME_HEAD + HF_FRAME_MAX);
    return w->config_room != NULL && hf_buf_reserve(&w->in, IN_ROOM) != NULL;
}

static enum hf_worker_start start(struct worker *w,
                                  const struct hf_resolver_config *config)
{
    struct hf_server validator;

    if (hf_server_parse(hf_span_str(config->forward), &validator, NULL) !=
            HF_OK ||
        !hf_server_is_loopback(&validator))
        return HF_WORKER_FORWARD;
    if (hf_asker_new(&validator, config, &w->asker, NULL) != HF_OK)
        return HF_WORKER_MEMORY;
    if (!config->no_wall && hf_sandbox_enter(HF_SANDBOX_NETWORK, NULL) != HF_OK)
        return HF_WORKER_WALL;
    return HF_WORKER_READY;
}

/* Until something comes from either side. */
static bool wait_for_any(const struct worker *w)
{
    struct pollfd fds[] = {
        {.fd = w->fd, .events = POLLIN},
        {.fd = hf_resolver_fd(&w->asker), .events = POLLIN},
    };

    return poll(fds, sizeof(fds) / sizeof(fds[0]),
                w->asker.under_way > 0 ? HF_ASKER_TICK_MS : -1) >= 0 ||
           errno == EINTR;
}

bool hf_asker_worker_run(int fd)
{
    struct worker w = {.fd = fd};
    const struct hf_service service = {.kind = HF_FRAME_QUERY,
                                       .frame_max = HF_QUERY_FRAME_MAX,
                                       .take = accept_query,
                                       .state = &w};
    struct hf_resolver_config config = {0};
    bool good = false;

    hf_role_ignore_signals();
    if (make_rooms(&w) &&
        hf_msg_await_config(fd, &w.in, w.config_room, &config) &&
        hf_role_greet(fd, start(&w, &config)))
        good = true;
    while (good && hf_role_serve(fd, &w.in, &service))
        good = hf_asker_send(&w.asker, &w.out, fd) && wait_for_any(&w);
    hf_resolver_clear(&w.asker);
    hf_free(w.config_room);
    hf_buf_clear(&w.in);
    hf_buf_clear(&w.out);
    return good;
}
