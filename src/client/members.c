/* SPDX-License-Identifier: Apache-2.0 */
#include "client/members.h"

#include "acme/document.h"
#include "os/file.h"

enum hf_err hf_members_load(const char *path, size_t max, struct json_t **out,
                            struct hf_why *why)
{
    struct hf_buf text;
    enum hf_err err;

    hf_buf_init_grow(&text, max);
    err = hf_file_read_private(path, &text, why);
    if (err == HF_OK)
        err = hf_document_read(hf_buf_span(&text), out, why);
    hf_buf_clear(&text);
    return err;
}

void hf_members_read(const json_t *root, const struct hf_member *table,
                     size_t count, void *out)
{
    for (size_t i = 0; i < count; i++) {
        struct hf_span text = hf_document_string(root, table[i].key);

        memcpy((char *)out + table[i].offset, &text, sizeof(text));
    }
}

bool hf_members_put(struct hf_json *json, const struct hf_member *table,
                    size_t count, const void *from)
{
    bool good = true;

    for (size_t i = 0; i < count; i++) {
        struct hf_span text;

        memcpy(&text, (const char *)from + table[i].offset, sizeof(text));
        if (text.len == 0)
            continue;
        hf_json_key(json, table[i].key);
        good &= hf_json_text(json, text);
    }
    return good;
}

size_t hf_members_list(const json_t *root, const char *key, struct hf_span *out,
                       size_t max)
{
    const json_t *list = hf_document_member(root, key);
    size_t count = json_array_size(list);

    if (count > max)
        count = max;
    for (size_t i = 0; i < count; i++) {
        const json_t *entry = json_array_get(list, i);

        out[i] = (struct hf_span){json_string_value(entry),
                                  json_string_length(entry)};
    }
    return count;
}

int64_t hf_members_number(const json_t *root, const char *key)
{
    return json_integer_value(hf_document_member(root, key));
}

int64_t hf_members_number_or(const json_t *root, const char *key,
                             int64_t otherwise)
{
    const json_t *member = hf_document_member(root, key);

    return json_is_integer(member) ? json_integer_value(member) : otherwise;
}

bool hf_members_flag(const json_t *root, const char *key)
{
    return json_is_true(hf_document_member(root, key));
}
