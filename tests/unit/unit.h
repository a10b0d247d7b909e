/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unit.h -- cmocka, and what it wants included before it.
 *
 * A test file is test_NOUN.c with a main() that runs one group; its word
 * stands in the list of meson.build beside it.
 */
#pragma once

/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "holdfast/span.h"

/* How many entries a table of cases has. */
#define COUNT_OF(table) (sizeof(table) / sizeof((table)[0]))

/* Both spans hold the same bytes; a failure prints both, with lengths. */
#define assert_span_equal(got, want)                                           \
    do {                                                                       \
        struct hf_span got_ = (got);                                           \
        struct hf_span want_ = (want);                                         \
                                                                               \
        if (!hf_span_eq(got_, want_))                                          \
            fail_msg("\"%.*s\" (%zu) is not \"%.*s\" (%zu)", (int)got_.len,    \
                     got_.ptr == NULL ? "" : got_.ptr, got_.len,               \
                     (int)want_.len, want_.ptr == NULL ? "" : want_.ptr,       \
                     want_.len);                                               \
    } while (0)
