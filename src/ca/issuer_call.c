/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/issuer_call.h"

#include <poll.h>
#include <sys/socket.h>

#include "ca/issuer_worker.h"
#include "os/clock.h"

/* Unlocking takes a tenth of a second; a token may have a pad for the PIN, and
 * RSA keys take their time to be made. */
#define WAIT_MS     120000
#define FAREWELL_MS 2000
#define FRAME_MAX   (4 * (size_t)UINT16_MAX)

static enum hf_err send_want(struct hf_role *role,
                             const struct hf_issuer_want *want,
                             struct hf_why *why)
{
    struct hf_buf frame;
    enum hf_err err = HF_OK;

    /* In one piece, so that growing leaves no secret behind. */
    hf_buf_init_grow(&frame, FRAME_MAX);
    if (hf_buf_reserve(&frame, FRAME_MAX) == NULL)
        err = hf_fail(why, HF_ENOMEM, 0, "out of memory");
    hf_issuer_put_want(&frame, want);
    if (err == HF_OK && frame.full)
        err = hf_fail(why, HF_ELIMIT, 0,
                      "the CA's key file, or the environment, is too large");
    if (err == HF_OK && !hf_role_send(role->fd, hf_buf_span(&frame)))
        err =
            hf_fail(why, HF_EPEER, 0, "the process for the CA's key has ended");
    hf_buf_clear_wiped(&frame);
    return err;
}

enum hf_err hf_issuer_call_await(struct hf_role *role,
                                 enum hf_issuer_frame wanted,
                                 struct hf_frame *frame, char *said,
                                 struct hf_why *why)
{
    enum hf_err err = hf_role_await(role, hf_clock_ms() + WAIT_MS, frame, why);

    if (err == HF_EPEER)
        return hf_fail(why, HF_EPEER, 0,
                       "the process that has the CA's key has ended, or does "
                       "not answer");
    if (err != HF_OK || frame->kind == wanted)
        return err;
    return hf_issuer_read_failed(frame, said, why);
}

enum hf_err hf_issuer_call_open(struct hf_role *role,
                                const struct hf_issuer_want *want,
                                struct hf_issuer_ready *ready, char *said,
                                struct hf_why *why)
{
    struct hf_frame frame;
    enum hf_err err = hf_role_start(role, HF_ISSUER_ROLE, why);

    if (err != HF_OK)
        return err;
    err = send_want(role, want, why);
    if (err == HF_OK)
        err = hf_issuer_call_await(role, HF_ISSUER_READY, &frame, said, why);
    if (err == HF_OK)
        err = hf_issuer_read_ready(&frame, ready, why);
    if (err != HF_OK)
        hf_role_end(role);
    return err;
}

void hf_issuer_call_end(struct hf_role *role)
{
    struct pollfd pfd = {.fd = role->fd, .events = POLLIN};
    int64_t until_ms = hf_clock_ms() + FAREWELL_MS;
    char unwanted[256];
    ssize_t n = 1;

    if (role->pid == 0)
        return;
    (void)shutdown(role->fd, SHUT_WR);
    while (n > 0 && hf_clock_ms() < until_ms)
        if (poll(&pfd, 1, FAREWELL_MS) > 0)
            n = recv(role->fd, unwanted, sizeof(unwanted), MSG_DONTWAIT);
}
