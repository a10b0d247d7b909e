/* SPDX-License-Identifier: Apache-2.0 */
#include "client/nick.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "os/fail.h"

bool hf_nick_is_good(const struct hf_nicks *kind, struct hf_span nick)
{
    if (nick.len == 0 || nick.len > kind->len_max || nick.ptr[0] == '.')
        return false;
    for (size_t i = 0; i < nick.len; i++) {
        char c = hf_lower(nick.ptr[i]);

        if (!hf_is_digit(c) && (c < 'a' || c > 'z') && c != '.' && c != '-' &&
            c != '_')
            return false;
    }
    return true;
}

/* Empty: it is something else. */
static struct hf_span nick_of(const struct hf_nicks *kind,
                              const struct dirent *entry)
{
    struct hf_span nick = hf_span_str(entry->d_name);
    struct hf_span suffix = hf_span_str(kind->suffix);

    if (suffix.len == 0 && entry->d_type != DT_DIR && entry->d_type != DT_LNK &&
        entry->d_type != DT_UNKNOWN)
        return (struct hf_span){0};
    if (!hf_span_ends(nick, suffix))
        return (struct hf_span){0};
    nick.len -= suffix.len;
    return hf_nick_is_good(kind, nick) ? nick : (struct hf_span){0};
}

enum hf_err hf_nick_list(const struct hf_nicks *kind, const char *state,
                         struct hf_buf *out, size_t *count, struct hf_why *why)
{
    char path[PATH_MAX];
    struct dirent **list;
    int n = snprintf(path, sizeof(path), "%s/%s", state, kind->folder);

    *count = 0;
    if (n < 0 || (size_t)n >= sizeof(path))
        return hf_fail(why, HF_ELIMIT, 0, "path too long");
    n = scandir(path, &list, NULL, alphasort);
    if (n < 0 && errno == ENOENT)
        return HF_OK;
    if (n < 0)
        return hf_fail_sys(why, errno, "list folder");
    for (int i = 0; i < n; i++) {
        struct hf_span nick = nick_of(kind, list[i]);

        if (nick.len > 0) {
            hf_buf_put(out, nick);
            hf_buf_putc(out, '\0');
            (*count)++;
        }
        free(list[i]);
    }
    free(list);
    if (out->full)
        return hf_fail(why, HF_ELIMIT, 0, "too many to list");
    return HF_OK;
}
