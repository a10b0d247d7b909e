/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdint.h>

#include "holdfast/lint.h"
#include "tests/unit/plain_grammar.h"

#define BIT(finding) (1U << (finding))
#define SPELLING                                                               \
    (BIT(HF_LINT_BLANKS) | BIT(HF_LINT_TAG_SPELLING) |                         \
     BIT(HF_LINT_ISSUER_NOT_CANONICAL))

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct hf_lint_view view = {.now = {1790000000, 0},
                                         .soon_s = 86400};

/* What may change: length, how far two equal tags stand apart, and zeros in
 * front of a number, but not of what is none. */
#define PLACE                                                                  \
    (BIT(HF_LINT_TOO_LONG) | BIT(HF_LINT_SEVERAL_STRINGS) |                    \
     BIT(HF_LINT_DUPLICATE_UNKNOWN) | BIT(HF_LINT_UNTIL_LEADING_ZERO))

/* Canonical text is not odd in its spelling, and stays as it is. */
static void check_canonical(struct hf_span text, uint32_t found)
{
    struct hf_buf once;
    struct hf_buf twice;
    uint32_t again;

    hf_buf_init_grow(&once, 2 * text.len + 64);
    hf_buf_init_grow(&twice, 2 * text.len + 64);
    assert(hf_lint_canonical(text, &once));
    again = hf_lint(hf_buf_span(&once), &view);
    assert((again & SPELLING) == 0);
    assert((again & ~PLACE) == (found & ~SPELLING & ~PLACE));
    assert(hf_lint_canonical(hf_buf_span(&once), &twice));
    assert(hf_span_eq(hf_buf_span(&once), hf_buf_span(&twice)));
    hf_buf_clear(&once);
    hf_buf_clear(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hf_span text = {(const char *)data, size};
    uint32_t found = hf_lint(text, &view);
    bool good = plain_is_issue_value(text);

    assert(found >> HF_FINDING_COUNT == 0);
    assert(good == ((found & BIT(HF_LINT_SYNTAX)) == 0));
    assert(((found & BIT(HF_LINT_CONTROL_OCTETS)) == 0) || !good);
    if (good)
        check_canonical(text, found);
    return 0;
}
