/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json.h -- write JSON into a buffer (RFC 8259), one value after another.
 *
 * The writer places the commas. Strings are octets: bytes that are not valid
 * in JSON text, and everything above 0x7E, become \u00XX, so that output is
 * always ASCII and one octet of DNS data is always one character.
 */
#pragma once

#include "holdfast/buf.h"

struct hf_json {
    struct hf_buf *out;
    bool comma; /* the next value or key needs one before it */
};

static inline struct hf_json hf_json_to(struct hf_buf *out)
{
    return (struct hf_json){.out = out};
}

/* Containers: open with '{' or '[', close with '}' or ']'. */
void hf_json_open(struct hf_json *json, char bracket);
void hf_json_close(struct hf_json *json, char bracket);

/* A member's name; a value must follow. `key` is a literal of ours. */
void hf_json_key(struct hf_json *json, const char *key);

void hf_json_str(struct hf_json *json, struct hf_span text);

/* Text of people, such as a file's name, which a reader shall get back as it
 * was: UTF-8, written in ASCII. False, and null is the value, when it is not
 * UTF-8. */
bool hf_json_text(struct hf_json *json, struct hf_span text);
void hf_json_int(struct hf_json *json, int64_t value);
void hf_json_bool(struct hf_json *json, bool value);
void hf_json_null(struct hf_json *json);

/* Key and value in one call. */
void hf_json_key_str(struct hf_json *json, const char *key,
                     struct hf_span text);
void hf_json_key_lit(struct hf_json *json, const char *key, const char *text);
void hf_json_key_int(struct hf_json *json, const char *key, int64_t value);
void hf_json_key_bool(struct hf_json *json, const char *key, bool value);
void hf_json_key_list(struct hf_json *json, const char *key,
                      const struct hf_span *texts, size_t count);
