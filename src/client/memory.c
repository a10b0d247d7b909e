/* SPDX-License-Identifier: Apache-2.0 */
#include "client/memory.h"

#include <limits.h>
#include <stdio.h>

#include "acme/document.h"
#include "client/members.h"
#include "os/file.h"
#include "os/folder.h"

#define FILE_MAX (1024 * 1024)
#define NAME_END ".json"

static bool is_plain(char c)
{
    return hf_is_digit(c) || (hf_lower(c) >= 'a' && hf_lower(c) <= 'z') ||
           c == '.' || c == '-';
}

/* A URL as a file's name: what is neither letter nor digit as _XX, so that no
 * two URLs have the same. */
static enum hf_err path_of(const char *state, struct hf_span url, char *out,
                           struct hf_why *why)
{
    static const char digits[] = "0123456789ABCDEF";
    struct hf_buf path;
    size_t from;

    hf_buf_init(&path, out, PATH_MAX);
    hf_buf_puts(&path, state);
    hf_buf_puts(&path, "/directories/");
    from = path.len;
    for (size_t i = 0; i < url.len; i++) {
        unsigned char c = (unsigned char)url.ptr[i];

        if (is_plain(url.ptr[i]) && !(i == 0 && c == '.')) {
            hf_buf_putc(&path, url.ptr[i]);
            continue;
        }
        hf_buf_putc(&path, '_');
        hf_buf_putc(&path, digits[c >> 4]);
        hf_buf_putc(&path, digits[c & 15]);
    }
    hf_buf_puts(&path, NAME_END);
    /* One more dot and ".new" are needed while it is written. */
    if (path.full || path.len - from + 5 > NAME_MAX)
        return hf_fail(why, HF_ELIMIT, 0,
                       "the directory's URL is too long to be remembered");
    hf_buf_putc(&path, '\0');
    return path.full ? hf_fail(why, HF_ELIMIT, 0, "path too long") : HF_OK;
}

enum hf_err hf_memory_recall(const char *state, struct hf_span url,
                             struct hf_memory *out, struct hf_why *why)
{
    struct hf_memory memory = {0};
    char path[PATH_MAX];
    enum hf_err err = path_of(state, url, path, why);

    if (err != HF_OK)
        return hf_fail(why, HF_ENOTFOUND, 0, "nothing is remembered");
    err = hf_members_load(path, FILE_MAX, &memory.json, why);
    if (err == HF_ENOMEM || err == HF_ESYSTEM)
        return err;
    if (err != HF_OK)
        return hf_fail(why, HF_ENOTFOUND, 0, "nothing is remembered");
    memory.url = hf_document_string(memory.json, "url");
    memory.text = hf_document_string(memory.json, "directory");
    memory.fetched_at = hf_members_number(memory.json, "fetchedAt");
    memory.hashed_seen = hf_members_flag(memory.json, "hashedSeen");
    *out = memory;
    return HF_OK;
}

void hf_memory_clear(struct hf_memory *memory)
{
    json_decref(memory->json);
    *memory = (struct hf_memory){0};
}

static bool shows_prefix(const struct hf_directory *directory)
{
    enum hf_prefix_state prefix = hf_meta_prefix(&directory->meta);

    return prefix == HF_PREFIX_USABLE || prefix == HF_PREFIX_USABLE_NO_SLASH;
}

enum hf_err hf_memory_keep(const char *state, struct hf_span url,
                           const struct hf_directory *directory,
                           const struct hf_memory *before, int64_t now_at,
                           struct hf_why *why)
{
    bool seen =
        shows_prefix(directory) || (before != NULL && before->hashed_seen);
    char path[PATH_MAX];
    struct hf_buf text;
    struct hf_json json = hf_json_to(&text);
    enum hf_err err = path_of(state, url, path, why);

    if (err == HF_OK)
        err = hf_folder_make_in(state, "directories", why);
    if (err != HF_OK)
        return err;
    hf_buf_init_grow(&text, FILE_MAX);
    hf_json_open(&json, '{');
    hf_json_key_int(&json, "format", 1);
    hf_json_key_str(&json, "url", url);
    hf_json_key_int(&json, "fetchedAt", now_at);
    hf_json_key_bool(&json, "hashedSeen", seen);
    hf_json_key(&json, "directory");
    (void)hf_json_text(&json, directory->text); /* it is JSON, so UTF-8 */
    hf_json_close(&json, '}');
    hf_buf_putc(&text, '\n');
    if (text.full)
        err = hf_fail(why, HF_ELIMIT, 0,
                      "the directory is too large to be remembered");
    else
        err = hf_file_replace_path(path, hf_buf_span(&text), why);
    hf_buf_clear(&text);
    return err;
}
