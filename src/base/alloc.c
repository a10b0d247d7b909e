/* SPDX-License-Identifier: Apache-2.0 */
#include "base/alloc.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* The one piece of process state in base: the switch of the fault tests. */
static struct {
    long left; /* allocations until the failure; negative: never */
    bool forever;
    unsigned long count;
} faults = {.left = -1};

static bool must_fail(void)
{
    faults.count++;
    if (faults.left < 0)
        return false;
    if (faults.left > 0) {
        faults.left--;
        return false;
    }
    if (!faults.forever)
        faults.left = -1;
    return true;
}

void *hf_alloc(size_t count, size_t size)
{
    if (must_fail())
        return NULL;
    return calloc(count, size);
}

void *hf_realloc(void *old, size_t count, size_t size)
{
    if (must_fail() || (size > 0 && count > SIZE_MAX / size))
        return NULL;
    /* Nothing is one byte: realloc() to none would free `old` and say NULL. */
    return realloc(old, count * size > 0 ? count * size : 1);
}

void hf_free(void *block)
{
    free(block);
}

void hf_free_wiped(void *block, size_t size)
{
    if (block != NULL)
        explicit_bzero(block, size);
    free(block);
}

void hf_alloc_fail_after(long successes, bool forever)
{
    faults.left = successes;
    faults.forever = forever;
}

unsigned long hf_alloc_count(void)
{
    return faults.count;
}
