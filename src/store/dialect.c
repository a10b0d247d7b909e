/* SPDX-License-Identifier: Apache-2.0 */
#include "store/dialect.h"

#include <string.h>

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') || c == '_';
}

/* `at` is not inside a word. */
static const struct hf_dialect_word *
find(const char *at, const struct hf_dialect_word *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t len = strlen(words[i].ours);

        if (strncmp(at, words[i].ours, len) == 0 &&
            !(is_word(at[len - 1]) && is_word(at[len])))
            return &words[i];
    }
    return NULL;
}

void hf_dialect_put(struct hf_buf *out, const char *sql,
                    const struct hf_dialect_word *words, size_t count)
{
    char quote = '\0';
    char before = ' ';

    while (*sql != '\0') {
        const struct hf_dialect_word *word =
            quote != '\0' || is_word(before) ? NULL : find(sql, words, count);

        if (word != NULL) {
            hf_buf_puts(out, word->theirs);
            sql += strlen(word->ours);
            before = ' ';
            continue;
        }
        if (quote == *sql)
            quote = '\0';
        else if (quote == '\0' && (*sql == '\'' || *sql == '"'))
            quote = *sql;
        before = *sql++;
        hf_buf_putc(out, before);
    }
}
