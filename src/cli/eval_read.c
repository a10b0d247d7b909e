/* SPDX-License-Identifier: Apache-2.0 */
#include "base/alloc.h"
#include "base/hex.h"
#include "base/time_text.h"
#include "cli/eval.h"

/* Octets of one {"repeat"} text: as much as TXT data can have. */
#define TEXT_MAX 65535

struct hf_eval_block {
    struct hf_eval_block *next;
    max_align_t data[];
};

void hf_eval_clear(struct hf_eval *eval)
{
    while (eval->blocks != NULL) {
        struct hf_eval_block *next = eval->blocks->next;

        hf_free(eval->blocks);
        eval->blocks = next;
    }
    eval->used = 0;
}

void hf_eval_wrong(struct hf_eval *eval, const char *member, const char *wrong)
{
    if (eval->wrong != NULL)
        return;
    eval->member = member;
    eval->wrong = wrong;
}

void *hf_eval_room(struct hf_eval *eval, size_t count, size_t size)
{
    size_t left = HF_EVAL_MEMORY_MAX - eval->used;
    struct hf_eval_block *block;

    if (count == 0)
        count = 1;
    if (left < sizeof(*block) || count > (left - sizeof(*block)) / size) {
        hf_eval_wrong(eval, NULL, "needs more than 16 MiB");
        return NULL;
    }
    block = hf_alloc(sizeof(*block) + count * size, 1);
    if (block == NULL) {
        hf_eval_wrong(eval, NULL, "out of memory");
        return NULL;
    }
    block->next = eval->blocks;
    eval->blocks = block;
    eval->used += sizeof(*block) + count * size;
    return block->data;
}

const json_t *hf_eval_member(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);

    return json_is_null(value) ? NULL : value;
}

void hf_eval_need(struct hf_eval *eval, const json_t *object, const char *key)
{
    if (hf_eval_member(object, key) == NULL)
        hf_eval_wrong(eval, key, "is missing");
}

const json_t *hf_eval_object(struct hf_eval *eval, const json_t *object,
                             const char *key)
{
    const json_t *value = hf_eval_member(object, key);

    if (value == NULL || json_is_object(value))
        return value;
    hf_eval_wrong(eval, key, "is no object");
    return NULL;
}

const json_t *hf_eval_array(struct hf_eval *eval, const json_t *object,
                            const char *key)
{
    const json_t *value = hf_eval_member(object, key);

    if (value == NULL || json_is_array(value))
        return value;
    hf_eval_wrong(eval, key, "is no array");
    return NULL;
}

/* ---- texts ---- */

static struct hf_span string_span(const json_t *value)
{
    return (struct hf_span){json_string_value(value),
                            json_string_length(value)};
}

static struct hf_span hex_text(struct hf_eval *eval, struct hf_span digits,
                               const char *key)
{
    char *room = hf_eval_room(eval, digits.len / 2, 1);

    if (room == NULL)
        return (struct hf_span){0};
    for (size_t i = 0; i + 1 < digits.len; i += 2) {
        int high = hf_hex_digit(digits.ptr[i]);
        int low = hf_hex_digit(digits.ptr[i + 1]);

        if (high < 0 || low < 0) {
            hf_eval_wrong(eval, key, "has octets that are not hexadecimal");
            return (struct hf_span){0};
        }
        room[i / 2] = (char)(high * 16 + low);
    }
    if (digits.len % 2 != 0)
        hf_eval_wrong(eval, key, "has half an octet");
    return (struct hf_span){room, digits.len / 2};
}

static struct hf_span string_or_empty(struct hf_eval *eval,
                                      const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);

    if (value != NULL && !json_is_string(value))
        hf_eval_wrong(eval, key, "is no string");
    return value == NULL ? HF_SPAN("") : string_span(value);
}

/* {"repeat": "a", "count": 3, "prefix": "<", "suffix": ">"} is "<aaa>". */
static struct hf_span repeated_text(struct hf_eval *eval, const json_t *value)
{
    struct hf_span part = string_or_empty(eval, value, "repeat");
    struct hf_span prefix = string_or_empty(eval, value, "prefix");
    struct hf_span suffix = string_or_empty(eval, value, "suffix");
    int64_t count = hf_eval_int(eval, value, "count", 1);
    struct hf_buf text;
    size_t size;

    if (eval->wrong != NULL)
        return (struct hf_span){0};
    if (count < 0 || count > TEXT_MAX || part.len > TEXT_MAX ||
        part.len * (size_t)count > TEXT_MAX) {
        hf_eval_wrong(eval, "count", "makes more than 65535 octets");
        return (struct hf_span){0};
    }
    size = prefix.len + part.len * (size_t)count + suffix.len;
    hf_buf_init(&text, hf_eval_room(eval, size, 1), size);
    if (text.ptr == NULL)
        return (struct hf_span){0};
    hf_buf_put(&text, prefix);
    for (int64_t i = 0; i < count; i++)
        hf_buf_put(&text, part);
    hf_buf_put(&text, suffix);
    return hf_buf_span(&text);
}

struct hf_span hf_eval_value(struct hf_eval *eval, const json_t *value,
                             const char *key)
{
    const json_t *hex = json_object_get(value, "hex");

    if (json_is_string(value))
        return string_span(value);
    if (json_is_string(hex))
        return hex_text(eval, string_span(hex), key);
    if (json_is_string(json_object_get(value, "repeat")))
        return repeated_text(eval, value);
    hf_eval_wrong(eval, key, "is no text");
    return (struct hf_span){0};
}

struct hf_span hf_eval_text(struct hf_eval *eval, const json_t *object,
                            const char *key)
{
    const json_t *value = hf_eval_member(object, key);

    if (value != NULL)
        return hf_eval_value(eval, value, key);
    hf_eval_wrong(eval, key, "is missing");
    return (struct hf_span){0};
}

struct hf_span hf_eval_text_or(struct hf_eval *eval, const json_t *object,
                               const char *key, struct hf_span otherwise)
{
    const json_t *value = hf_eval_member(object, key);

    return value == NULL ? otherwise : hf_eval_value(eval, value, key);
}

size_t hf_eval_texts(struct hf_eval *eval, const json_t *object,
                     const char *key, const struct hf_span **out)
{
    const json_t *value = hf_eval_member(object, key);
    bool single = value != NULL && !json_is_array(value);
    size_t count = single ? 1 : json_array_size(value);
    struct hf_span *list = hf_eval_room(eval, count, sizeof(*list));

    *out = list;
    if (list == NULL)
        return 0;
    for (size_t i = 0; i < count; i++)
        list[i] =
            hf_eval_value(eval, single ? value : json_array_get(value, i), key);
    return count;
}

/* The strings of one record with nothing between them (REQ RECORD-01). */
static struct hf_span record_text(struct hf_eval *eval, const json_t *record,
                                  const char *key)
{
    size_t count = json_array_size(record);
    struct hf_span *parts;
    struct hf_buf text;
    size_t size = 0;

    if (!json_is_array(record))
        return hf_eval_value(eval, record, key);
    if (count == 1)
        return hf_eval_value(eval, json_array_get(record, 0), key);
    parts = hf_eval_room(eval, count, sizeof(*parts));
    if (parts == NULL)
        return (struct hf_span){0};
    for (size_t i = 0; i < count; i++) {
        parts[i] = hf_eval_value(eval, json_array_get(record, i), key);
        size += parts[i].len; /* cannot overflow: all of it lies in memory */
    }
    hf_buf_init(&text, hf_eval_room(eval, size, 1), size);
    if (text.ptr == NULL)
        return (struct hf_span){0};
    for (size_t i = 0; i < count; i++)
        hf_buf_put(&text, parts[i]);
    return hf_buf_span(&text);
}

size_t hf_eval_records(struct hf_eval *eval, const json_t *object,
                       const char *key, const struct hf_span **out)
{
    const json_t *value = hf_eval_array(eval, object, key);
    size_t count = json_array_size(value);
    struct hf_span *list = hf_eval_room(eval, count, sizeof(*list));

    *out = list;
    if (list == NULL)
        return 0;
    for (size_t i = 0; i < count; i++) {
        list[i] = record_text(eval, json_array_get(value, i), key);
        if (list[i].len > HF_TXT_VALUE_MAX)
            hf_eval_wrong(eval, key, "has a record over 65279 octets");
    }
    return count;
}

/* ---- names, numbers, words ---- */

struct hf_span hf_eval_name(struct hf_eval *eval, struct hf_span text,
                            const char *key)
{
    struct hf_name *name = hf_eval_room(eval, 1, sizeof(*name));

    if (name == NULL)
        return (struct hf_span){0};
    if (hf_idna_canonical(text, name, NULL) != HF_OK) {
        hf_eval_wrong(eval, key, "is no domain name");
        return (struct hf_span){0};
    }
    return hf_name_span(name);
}

bool hf_eval_bool(struct hf_eval *eval, const json_t *object, const char *key,
                  bool otherwise)
{
    const json_t *value = hf_eval_member(object, key);

    if (value == NULL)
        return otherwise;
    if (!json_is_boolean(value))
        hf_eval_wrong(eval, key, "is neither true nor false");
    return json_is_true(value);
}

int64_t hf_eval_int(struct hf_eval *eval, const json_t *object, const char *key,
                    int64_t otherwise)
{
    const json_t *value = hf_eval_member(object, key);

    if (value == NULL)
        return otherwise;
    if (!json_is_integer(value))
        hf_eval_wrong(eval, key, "is no whole number");
    return json_integer_value(value);
}

/* A fraction never disappears: it decides at the boundary. */
static struct hf_time time_of_real(struct hf_eval *eval, double value,
                                   const char *key)
{
    struct hf_time at = {0};
    double fraction;

    if (!(value > -9e18 && value < 9e18)) {
        hf_eval_wrong(eval, key, "is out of range");
        return at;
    }
    at.s = (int64_t)value; /* in range, as just seen */
    if (value < (double)at.s)
        at.s--;
    fraction = (value - (double)at.s) * 1e9;
    if (fraction >= 999999999)
        at.ns = 999999999;
    else if (fraction > 0) /* and below 1e9, so it fits */
        at.ns = fraction < 1 ? 1 : (uint32_t)fraction;
    return at;
}

struct hf_time hf_eval_time(struct hf_eval *eval, const json_t *object,
                            const char *key)
{
    const json_t *value = hf_eval_member(object, key);
    struct hf_time at = {0};
    struct hf_why why = {0};

    if (value == NULL)
        hf_eval_wrong(eval, key, "is missing");
    else if (json_is_integer(value))
        at.s = json_integer_value(value);
    else if (json_is_real(value))
        at = time_of_real(eval, json_real_value(value), key);
    else if (!json_is_string(value))
        hf_eval_wrong(eval, key, "is no moment");
    else if (hf_time_parse(string_span(value), (struct hf_time){0}, &at,
                           &why) != HF_OK)
        hf_eval_wrong(eval, key, why.text);
    return at;
}

enum hf_account_status hf_eval_status(struct hf_eval *eval,
                                      const json_t *object, const char *key)
{
    struct hf_span word = hf_eval_text_or(eval, object, key, HF_SPAN("valid"));

    if (hf_span_eq(word, HF_SPAN("deactivated")))
        return HF_ACCOUNT_DEACTIVATED;
    if (hf_span_eq(word, HF_SPAN("revoked")))
        return HF_ACCOUNT_REVOKED;
    if (!hf_span_eq(word, HF_SPAN("valid")))
        hf_eval_wrong(eval, key, "is none of valid, deactivated, revoked");
    return HF_ACCOUNT_VALID;
}

enum hf_rules hf_eval_rules(struct hf_eval *eval)
{
    enum hf_rules rules = HF_RULES_DRAFT_02;
    struct hf_span word = HF_SPAN("any");

    if (eval->mode != NULL && !json_is_null(eval->mode))
        word = hf_eval_value(eval, eval->mode, "mode");
    if (!hf_span_eq(word, HF_SPAN("any")) && !hf_rules_find(word, &rules))
        hf_eval_wrong(eval, "mode", "is unknown");
    return rules;
}

void hf_eval_suffixes(struct hf_eval *eval, struct hf_suffixes **out)
{
    const struct hf_span *list;
    struct hf_why why = {0};
    size_t count;

    *out = NULL;
    if (hf_eval_member(eval->request, "publicSuffixes") == NULL)
        return;
    count = hf_eval_texts(eval, eval->request, "publicSuffixes", &list);
    if (eval->wrong == NULL &&
        hf_suffixes_from(list, count, out, &why) != HF_OK)
        hf_eval_wrong(eval, "publicSuffixes", why.text);
}
