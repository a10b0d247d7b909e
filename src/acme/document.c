/* SPDX-License-Identifier: Apache-2.0 */
#include "acme/document.h"

enum hf_err hf_document_read(struct hf_span text, json_t **out,
                             struct hf_why *why)
{
    json_error_t error;
    json_t *root = json_loadb(text.len == 0 ? "" : text.ptr, text.len,
                              JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);

    if (root == NULL && json_error_code(&error) == json_error_out_of_memory)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    if (root == NULL)
        return hf_fail(why, HF_ESYNTAX, (size_t)error.position,
                       "RFC 8259: what the server sent is not JSON");
    if (!json_is_object(root)) {
        json_decref(root);
        return hf_fail(why, HF_ESYNTAX, 0,
                       "RFC 8555 7.1: the server must send a JSON object");
    }
    *out = root;
    return HF_OK;
}

const json_t *hf_document_member(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);

    return json_is_null(value) ? NULL : value;
}

struct hf_text hf_document_text(const json_t *object, const char *key)
{
    const json_t *value = hf_document_member(object, key);

    if (value == NULL)
        return (struct hf_text){.field = HF_FIELD_ABSENT};
    return (struct hf_text){
        .field = json_is_string(value) ? HF_FIELD_PRESENT : HF_FIELD_WRONG_TYPE,
        .text = {json_string_value(value), json_string_length(value)},
    };
}

struct hf_span hf_document_string(const json_t *object, const char *key)
{
    return hf_document_text(object, key).text;
}

size_t hf_document_size(const json_t *object, const char *key)
{
    return json_array_size(hf_document_member(object, key));
}

struct hf_names hf_document_names(const json_t *object, const char *key,
                                  struct hf_span **room)
{
    const json_t *value = hf_document_member(object, key);
    struct hf_names names = {.field = HF_FIELD_ABSENT};

    if (value == NULL)
        return names;
    if (!json_is_array(value)) {
        names.field = HF_FIELD_WRONG_TYPE;
        return names;
    }
    names.field = HF_FIELD_PRESENT;
    names.list = *room;
    names.count = json_array_size(value);
    for (size_t i = 0; i < names.count; i++) {
        const json_t *entry = json_array_get(value, i);

        (*room)[i] = (struct hf_span){json_string_value(entry),
                                      json_string_length(entry)};
    }
    *room += names.count;
    return names;
}
