/* SPDX-License-Identifier: Apache-2.0 */
#include "client/listener.h"

#include "base/alloc.h"
#include "base/octets.h"
#include "client/listener_worker.h"
#include "names/ip.h"
#include "os/clock.h"

#define START_MS  10000
#define ANSWER_MS 2000 /* to a frame: it never has much to do */
#define OUT_MAX   65536

static const struct hf_greeting greetings[HF_LISTENER_STARTS] = {
    [HF_LISTENER_STARTED] = {HF_OK, NULL},
    [HF_LISTENER_MEMORY] = {HF_ENOMEM, "listener: out of memory"},
    [HF_LISTENER_BROKEN] = {HF_ESYNTAX, "listener: broken configuration"},
    [HF_LISTENER_IN_USE] = {HF_EPEER,
                            "another program listens at this port; if it is a "
                            "web server, give --webroot instead"},
    [HF_LISTENER_DENIED] = {HF_EPEER,
                            "we may not listen at this port: below 1024 that "
                            "is for root, or for whoever has "
                            "CAP_NET_BIND_SERVICE"},
    [HF_LISTENER_ELSEWHERE] = {HF_EPEER,
                               "the address to listen at is not one of this "
                               "machine"},
    [HF_LISTENER_SOCKET] = {HF_EPEER, "cannot listen at this port"},
    [HF_LISTENER_WALL] = {HF_EPEER,
                          "listener: this kernel cannot wall it in (Landlock "
                          "and seccomp); --sandbox=off goes without"},
};

struct listener {
    struct hf_role role;
};

static enum hf_err tell(struct listener *listener,
                        const struct hf_exhibit *exhibit, bool shows,
                        struct hf_why *why)
{
    struct hf_role *role = &listener->role;
    struct hf_frame frame;
    enum hf_err err;
    size_t at;

    if (!hf_token_is_good(exhibit->token))
        return hf_fail(why, HF_EINVAL, 0,
                       "RFC 8555 8.3: the challenge has no token");
    at = hf_frame_begin(&role->out, HF_LISTENER_TOKEN);
    hf_put_number(&role->out, shows, 1);
    hf_buf_put(&role->out, exhibit->authorization);
    hf_frame_end(&role->out, at);
    err = hf_role_await(role, hf_clock_ms() + ANSWER_MS, &frame, why);
    if (err != HF_OK)
        return err;
    if (frame.kind != HF_LISTENER_DONE)
        return hf_fail(why, HF_EPEER, 0, "listener: broken answer");
    hf_role_drop(role, &frame);
    return HF_OK;
}

static enum hf_err show(void *state, struct hf_exhibit *exhibit,
                        struct hf_why *why)
{
    return tell(state, exhibit, true, why);
}

static enum hf_err hide(void *state, struct hf_exhibit *exhibit,
                        struct hf_why *why)
{
    return tell(state, exhibit, false, why);
}

static void listener_free(void *state)
{
    struct listener *listener = state;

    hf_role_clear(&listener->role);
    hf_free(listener);
}

static enum hf_err put_config(struct hf_buf *out,
                              const struct hf_listener_config *config,
                              struct hf_why *why)
{
    uint8_t octets[16];
    size_t len = 0;
    size_t at;

    if (config->address.len > 0 && !hf_ip_parse(config->address, octets, &len))
        return hf_fail(why, HF_EINVAL, 0,
                       "the address to listen at is neither IPv4 nor IPv6");
    at = hf_frame_begin(out, HF_FRAME_CONFIG);
    hf_put_number(out, config->no_wall, 1);
    hf_put_number(out, config->port, 2);
    hf_buf_put(out, (struct hf_span){(char *)octets, len});
    hf_frame_end(out, at);
    return HF_OK;
}

static enum hf_err start(struct listener *listener,
                         const struct hf_listener_config *config,
                         struct hf_why *why)
{
    char room[64];
    struct hf_buf frame;
    struct hf_role_plan plan = {.word = HF_LISTENER_ROLE,
                                .wait_ms = START_MS,
                                .greetings = greetings,
                                .greeting_count = HF_LISTENER_STARTS};
    enum hf_err err;

    hf_buf_init(&frame, room, sizeof(room));
    err = put_config(&frame, config, why);
    plan.config = hf_buf_span(&frame);
    return err == HF_OK ? hf_role_open(&listener->role, &plan, why) : err;
}

enum hf_err hf_listener_new(const struct hf_listener_config *config,
                            struct hf_solver *out, struct hf_why *why)
{
    struct listener *listener = hf_alloc(1, sizeof(*listener));
    enum hf_err err;

    if (listener == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    hf_role_init(&listener->role, HF_LISTENER_FRAME_MAX, OUT_MAX);
    err = start(listener, config, why);
    if (err != HF_OK) {
        listener_free(listener);
        return err;
    }
    *out = (struct hf_solver){
        .show = show, .hide = hide, .free = listener_free, .state = listener};
    return HF_OK;
}
