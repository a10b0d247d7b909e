/* SPDX-License-Identifier: Apache-2.0 */
/*
 * alloc.h -- every allocation of holdfast goes through here, so that a test
 * can make the Nth one fail. NULL means HF_ENOMEM for the caller.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Zeroed memory for `count` things of `size` bytes; NULL also on overflow. */
void *hf_alloc(size_t count, size_t size);

/* Grow or shrink; on failure the old block stays as it was. */
void *hf_realloc(void *old, size_t count, size_t size);

/* NULL does nothing. */
void hf_free(void *block);

/* Overwrite with zeros in a way the compiler keeps, then free. */
void hf_free_wiped(void *block, size_t size);

/*
 * Tests only: let `successes` more allocations through, then fail one, or
 * every one from there when `forever`. A negative number switches it off.
 */
void hf_alloc_fail_after(long successes, bool forever);

/* How many allocations were asked for since the process started. */
unsigned long hf_alloc_count(void);
