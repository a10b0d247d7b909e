/* SPDX-License-Identifier: Apache-2.0 */
#include "os/out.h"

#include <errno.h>
#include <unistd.h>

#include "os/fail.h"

void hf_out_init(struct hf_out *out, int fd)
{
    out->fd = fd;
    out->is_terminal = isatty(fd) == 1;
    out->sys = 0;
    out->written = 0;
    hf_buf_init(&out->buf, out->room, sizeof(out->room));
}

static void write_all(struct hf_out *out, struct hf_span data)
{
    while (data.len > 0 && out->sys == 0) {
        ssize_t n = write(out->fd, data.ptr, data.len);

        if (n < 0 && errno != EINTR)
            out->sys = errno;
        if (n < 0)
            continue;
        out->written += (uint64_t)n;
        (void)hf_span_cut(&data, (size_t)n);
    }
}

static void drain(struct hf_out *out)
{
    if (out->buf.full && out->sys == 0)
        out->sys = EMSGSIZE; /* a line longer than the buffer */
    write_all(out, hf_buf_span(&out->buf));
    hf_buf_reset(&out->buf);
}

void hf_out_step(struct hf_out *out)
{
    if (out->is_terminal || out->buf.full || out->buf.len > HF_OUT_ROOM / 2)
        drain(out);
}

void hf_out_put(struct hf_out *out, struct hf_span text)
{
    if (text.len > out->buf.cap - out->buf.len)
        drain(out);
    if (text.len > out->buf.cap)
        write_all(out, text);
    else
        hf_buf_put(&out->buf, text);
    hf_out_step(out); /* the next line has half the room again */
}

enum hf_err hf_out_flush(struct hf_out *out, struct hf_why *why)
{
    drain(out);
    if (out->sys == 0)
        return HF_OK;
    return hf_fail_sys(why, out->sys, "cannot write the output");
}
