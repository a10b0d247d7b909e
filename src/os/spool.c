/* SPDX-License-Identifier: Apache-2.0 */
#include "os/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "os/fail.h"

#define ROOM_MAX ((size_t)4 << 20)

void hf_spool_init(struct hf_spool *spool, uint64_t limit)
{
    *spool = (struct hf_spool){.fd = -1, .limit = limit};
    hf_buf_init_grow(&spool->room, ROOM_MAX);
}

void hf_spool_clear(struct hf_spool *spool)
{
    hf_buf_clear(&spool->room);
    if (spool->fd >= 0)
        (void)close(spool->fd);
    spool->fd = -1;
}

static enum hf_err write_out(struct hf_spool *spool, struct hf_why *why)
{
    struct hf_span rest = hf_buf_span(&spool->room);

    if (spool->fd < 0)
        spool->fd = open(P_tmpdir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (spool->fd < 0)
        return hf_fail_sys(why, errno, "cannot make a temporary file");
    while (rest.len > 0) {
        ssize_t n = write(spool->fd, rest.ptr, rest.len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return hf_fail_sys(why, errno, "cannot write the temporary file");
        (void)hf_span_cut(&rest, (size_t)n);
    }
    hf_buf_reset(&spool->room);
    return HF_OK;
}

enum hf_err hf_spool_put(struct hf_spool *spool, struct hf_span data,
                         struct hf_why *why)
{
    enum hf_err err = HF_OK;

    if (data.len > HF_SPOOL_TAKE_MAX || data.len > spool->limit - spool->put)
        return hf_fail(why, HF_ELIMIT, 0, "more data than may be put aside");
    if (data.len > ROOM_MAX - spool->room.len)
        err = write_out(spool, why);
    if (err != HF_OK)
        return err;
    hf_buf_put(&spool->room, data);
    if (spool->room.full)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    spool->put += data.len;
    return HF_OK;
}

enum hf_err hf_spool_rewind(struct hf_spool *spool, struct hf_why *why)
{
    enum hf_err err;

    spool->taken = 0;
    if (spool->fd < 0)
        return HF_OK;
    err = write_out(spool, why);
    if (err == HF_OK && lseek(spool->fd, 0, SEEK_SET) != 0)
        err = hf_fail_sys(why, errno, "cannot read the temporary file");
    spool->left = spool->put;
    return err;
}

/* Move what is left to the front and read more behind it. */
static enum hf_err refill(struct hf_spool *spool, struct hf_why *why)
{
    struct hf_buf *room = &spool->room;
    size_t left = room->len - spool->taken;
    ssize_t n;

    memmove(room->ptr, room->ptr + spool->taken, left);
    room->len = left;
    spool->taken = 0;
    while (room->len < room->cap && spool->left > 0) {
        n = read(spool->fd, room->ptr + room->len, room->cap - room->len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return hf_fail_sys(why, errno, "cannot read the temporary file");
        room->len += (size_t)n;
        spool->left -= (uint64_t)n;
    }
    return HF_OK;
}

enum hf_err hf_spool_take(struct hf_spool *spool, size_t len,
                          struct hf_span *out, struct hf_why *why)
{
    enum hf_err err = HF_OK;

    if (len > spool->room.len - spool->taken && spool->left > 0)
        err = refill(spool, why);
    if (err != HF_OK)
        return err;
    if (len > spool->room.len - spool->taken)
        return hf_fail(why, HF_ENOTFOUND, 0, "nothing more was put aside");
    *out = (struct hf_span){spool->room.ptr + spool->taken, len};
    spool->taken += len;
    return HF_OK;
}
