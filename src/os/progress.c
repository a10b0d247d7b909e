/* SPDX-License-Identifier: Apache-2.0 */
#include "os/progress.h"

#include <unistd.h>

#include "holdfast/buf.h"

#define EVERY_NS INT64_C(250000000)

void hf_progress_init(struct hf_progress *progress, int fd, bool on,
                      const char *noun, int64_t now_ns)
{
    *progress = (struct hf_progress){
        .fd = fd,
        .on = on && isatty(fd) == 1,
        .started_ns = now_ns,
        .shown_ns = now_ns,
        .noun = noun,
    };
}

/* 1234567 as "1,234,567". */
static void put_count(struct hf_buf *out, uint64_t count)
{
    char room[24];
    struct hf_buf digits;

    hf_buf_init(&digits, room, sizeof(room));
    hf_buf_put_u64(&digits, count);
    for (size_t i = 0; i < digits.len; i++) {
        if (i > 0 && (digits.len - i) % 3 == 0)
            hf_buf_putc(out, ',');
        hf_buf_putc(out, digits.ptr[i]);
    }
}

static void put_time(struct hf_buf *out, uint64_t seconds)
{
    if (seconds >= 3600) {
        hf_buf_put_u64(out, seconds / 3600);
        hf_buf_puts(out, " h ");
    }
    if (seconds >= 60) {
        hf_buf_put_u64(out, seconds / 60 % 60);
        hf_buf_puts(out, " min ");
    }
    if (seconds < 3600) {
        hf_buf_put_u64(out, seconds % 60);
        hf_buf_puts(out, " s ");
    }
    hf_buf_puts(out, "left");
}

/* What is left takes as long as what was done did, by share. */
static void put_rest(struct hf_buf *out, const struct hf_progress_state *state,
                     uint64_t elapsed_ms)
{
    uint64_t part = state->part < state->whole ? state->part : state->whole;
    double share = (double)part / (double)state->whole;

    hf_buf_puts(out, ", ");
    hf_buf_put_u64(out, (uint64_t)(share * 100));
    hf_buf_puts(out, " %");
    if (share < 0.001 || elapsed_ms < 1000)
        return;
    hf_buf_puts(out, ", ");
    put_time(out, (uint64_t)((double)elapsed_ms / 1000 * (1 - share) / share));
}

unsigned hf_progress_text(const struct hf_progress *progress,
                          const struct hf_progress_state *state, int64_t now_ns,
                          char *room)
{
    int64_t elapsed_ns = now_ns - progress->started_ns;
    uint64_t elapsed_ms =
        elapsed_ns < 1000000 ? 1 : (uint64_t)elapsed_ns / 1000000;
    struct hf_buf line;

    hf_buf_init(&line, room, HF_PROGRESS_MAX);
    put_count(&line, state->done);
    hf_buf_putc(&line, ' ');
    hf_buf_puts(&line, progress->noun);
    hf_buf_puts(&line, ", ");
    put_count(&line, state->done * 1000 / elapsed_ms);
    hf_buf_puts(&line, "/s");
    if (state->failed > 0) {
        hf_buf_puts(&line, ", ");
        put_count(&line, state->failed);
        hf_buf_puts(&line, " failed");
    }
    if (state->whole > 0)
        put_rest(&line, state, elapsed_ms);
    return (unsigned)line.len;
}

static void write_line(const struct hf_progress *progress, const char *text,
                       unsigned len)
{
    static const char clear[] = "\r\033[K";

    /* A terminal that went away is no reason to stop. */
    if (write(progress->fd, clear, sizeof(clear) - 1) < 0 ||
        write(progress->fd, text, len) < 0)
        return;
}

void hf_progress_show(struct hf_progress *progress,
                      const struct hf_progress_state *state, int64_t now_ns)
{
    char room[HF_PROGRESS_MAX];
    unsigned len;

    if (!progress->on || now_ns - progress->shown_ns < EVERY_NS)
        return;
    progress->shown_ns = now_ns;
    len = hf_progress_text(progress, state, now_ns, room);
    write_line(progress, room, len);
}

void hf_progress_end(struct hf_progress *progress)
{
    if (progress->on)
        write_line(progress, "", 0);
    progress->on = false;
}
