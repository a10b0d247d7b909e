/* SPDX-License-Identifier: Apache-2.0 */
#include "os/ahead.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/fail.h"

/* Its size cannot change: nobody dies for reading it. */
#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)

int64_t hf_ahead_s(const struct hf_ahead *ahead)
{
    return ahead->page == NULL ? ahead->fixed_s
                               : __atomic_load_n(ahead->page, __ATOMIC_ACQUIRE);
}

static enum hf_err map(int fd, int prot, struct hf_ahead *out,
                       struct hf_why *why)
{
    void *page = mmap(NULL, sizeof(*out->page), prot, MAP_SHARED, fd, 0);

    if (page == MAP_FAILED)
        return hf_fail_sys(why, errno, "map the laboratory's clock");
    out->page = page;
    out->fd = fd;
    return HF_OK;
}

enum hf_err hf_ahead_new(struct hf_ahead *out, struct hf_why *why)
{
    int fd = memfd_create("clock", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    enum hf_err err = HF_OK;

    if (fd < 0 || ftruncate(fd, sizeof(*out->page)) != 0 ||
        fcntl(fd, F_ADD_SEALS, SEALS) != 0)
        err = hf_fail_sys(why, errno, "make the laboratory's clock");
    if (err == HF_OK)
        err = map(fd, PROT_READ | PROT_WRITE, out, why);
    if (err != HF_OK && fd >= 0)
        (void)close(fd);
    return err;
}

void hf_ahead_set(struct hf_ahead *ahead, int64_t seconds)
{
    __atomic_store_n(ahead->page, seconds, __ATOMIC_RELEASE);
}

enum hf_err hf_ahead_take(int fd, struct hf_ahead *out, struct hf_why *why)
{
    struct stat stat;
    int seals = fcntl(fd, F_GET_SEALS);
    enum hf_err err;

    if (seals < 0 || (seals & SEALS) != SEALS || fstat(fd, &stat) != 0 ||
        stat.st_size != sizeof(*out->page))
        return hf_fail(why, HF_EINVAL, 0,
                       "this descriptor is no clock of a laboratory");
    err = map(fd, PROT_READ, out, why);
    if (err != HF_OK)
        return err;
    (void)close(fd);
    out->fd = 0;
    return HF_OK;
}

void hf_ahead_clear(struct hf_ahead *ahead)
{
    if (ahead->page != NULL)
        (void)munmap(ahead->page, sizeof(*ahead->page));
    if (ahead->fd > 0)
        (void)close(ahead->fd);
    *ahead = (struct hf_ahead){0};
}
