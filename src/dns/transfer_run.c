/* SPDX-License-Identifier: Apache-2.0 */
#include "base/alloc.h"
#include "dns/line.h"
#include "dns/transfer.h"
#include "os/clock.h"

#define REQUEST_MAX 2048

static enum hf_err send_request(struct hf_line *line,
                                struct hf_transfer *transfer,
                                struct hf_why *why)
{
    char room[REQUEST_MAX];
    struct hf_buf request;
    enum hf_err err;

    hf_buf_init(&request, room, sizeof(room));
    err = hf_transfer_ask(transfer, hf_clock_now().s, &request, why);
    return err != HF_OK ? err : hf_line_send(line, hf_buf_span(&request), why);
}

enum hf_err hf_transfer_run(struct hf_transfer *transfer,
                            const struct hf_server *server, int64_t idle_ms,
                            struct hf_why *why)
{
    struct hf_line *line = hf_alloc(1, sizeof(*line));
    struct hf_span message;
    bool done = false;
    enum hf_err err;

    if (line == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    line->fd = -1;
    line->idle_ms = idle_ms;
    err = hf_line_open(line, server, why);
    if (err == HF_OK)
        err = send_request(line, transfer, why);
    while (err == HF_OK && !done) {
        err = hf_line_next(line, &message, why);
        if (err == HF_OK)
            err = hf_transfer_take(transfer, message, hf_clock_now().s, &done,
                                   why);
    }
    hf_line_close(line);
    hf_free(line);
    return err;
}
