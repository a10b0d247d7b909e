/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/eval_compare.h"

/* jansson calls DEL printable; a terminal does not. It stands in strings only,
 * so the escape is right wherever it is found. */
static int put_text(const char *text, size_t len, void *out)
{
    struct hf_span rest = {text, len};

    while (rest.len > 0) {
        hf_buf_put(out, hf_span_cut(&rest, hf_span_find(rest, '\x7f')));
        if (hf_span_skip(&rest, '\x7f'))
            hf_buf_puts(out, "\\u007F");
    }
    return 0;
}

void hf_eval_put_json(struct hf_buf *out, const json_t *value)
{
    if (json_dump_callback(value, put_text, out,
                           JSON_ENCODE_ANY | JSON_ENSURE_ASCII) != 0)
        out->full = true;
}

static size_t count_equal(const json_t *list, const json_t *value)
{
    size_t count = 0;

    for (size_t i = 0; i < json_array_size(list); i++)
        count += json_equal(json_array_get(list, i), value) == 1;
    return count;
}

/* Equal as multisets. */
static bool is_same_multiset(const json_t *a, const json_t *b)
{
    if (!json_is_array(a) || !json_is_array(b) ||
        json_array_size(a) != json_array_size(b))
        return false;
    for (size_t i = 0; i < json_array_size(a); i++) {
        const json_t *value = json_array_get(a, i);

        if (count_equal(a, value) != count_equal(b, value))
            return false;
    }
    return true;
}

static bool is_met(const char *key, const json_t *got, const json_t *want)
{
    if (got == NULL)
        return false;
    if (strcmp(key, "events") == 0)
        return is_same_multiset(got, want);
    if (json_is_number(got) && json_is_real(want))
        return json_number_value(got) <= json_real_value(want) &&
               json_number_value(got) >= json_real_value(want);
    return json_equal(got, want) == 1;
}

json_t *hf_eval_differences(const json_t *result, json_t *expect)
{
    json_t *found = json_object();
    const char *key;
    json_t *want;

    if (found == NULL)
        return NULL;
    json_object_foreach(expect, key, want)
    {
        if (strcmp(key, "note") == 0 || strcmp(key, "warn") == 0 ||
            is_met(key, json_object_get(result, key), want))
            continue;
        if (json_object_set(found, key, want) != 0) {
            json_decref(found);
            return NULL;
        }
    }
    return found;
}
