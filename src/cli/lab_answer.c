/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/lab_answer.h"

#include "acme/document.h"

#define TEXT_MAX  ((size_t)4 << 20)
#define INDEX_MAX 1000
#define URN       "urn:ietf:params:acme:error:"

void hf_lab_answer_init(struct hf_lab_answer *answer)
{
    *answer = (struct hf_lab_answer){.settled = true};
    hf_buf_init_grow(&answer->text, TEXT_MAX);
}

void hf_lab_answer_clear(struct hf_lab_answer *answer)
{
    json_decref(answer->json);
    hf_buf_clear(&answer->text);
    *answer = (struct hf_lab_answer){0};
}

void hf_lab_answer_begin(struct hf_lab_answer *answer)
{
    json_decref(answer->json);
    answer->json = NULL;
    answer->outcome = HF_LAB_STEP_NOTHING;
    answer->settled = true;
    answer->type[0] = '\0';
    hf_buf_reset(&answer->text);
}

static int put_octets(const char *octets, size_t len, void *out)
{
    hf_buf_put(out, (struct hf_span){octets, len});
    return 0;
}

static void put_json(struct hf_buf *out, const json_t *json)
{
    (void)json_dump_callback(json, put_octets, out,
                             JSON_COMPACT | JSON_ENCODE_ANY |
                                 JSON_ENSURE_ASCII);
}

/* The type of a problem, without what all of them begin with. */
static void take_type(struct hf_lab_answer *answer)
{
    struct hf_span type =
        hf_document_string(json_object_get(answer->json, "problem"), "type");
    struct hf_buf room;

    if (hf_span_starts(type, HF_SPAN(URN)))
        (void)hf_span_cut(&type, sizeof(URN) - 1);
    hf_buf_init(&room, answer->type, sizeof(answer->type) - 1);
    hf_buf_put(&room, type);
    answer->type[room.len] = '\0';
}

void hf_lab_answer_put(struct hf_lab_answer *answer,
                       enum hf_lab_outcome outcome, json_t *json)
{
    answer->outcome = outcome;
    answer->settled = outcome != HF_LAB_STEP_REFUSED;
    json_decref(answer->json);
    answer->json = json;
    if (answer->text.len == 0 && json != NULL)
        put_json(&answer->text, json);
    take_type(answer);
}

/* ---- expectations ---- */

static bool contains(struct hf_span text, struct hf_span part)
{
    if (part.len == 0)
        return true;
    return text.len >= part.len &&
           memmem(text.ptr, text.len, part.ptr, part.len) != NULL;
}

const json_t *hf_lab_of_type(const json_t *list, struct hf_span type)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *element = json_array_get(list, i);

        if (hf_span_eq(hf_document_string(element, "type"), type))
            return element;
    }
    return NULL;
}

/* An element of a list: by its place, or by its "type". */
static const json_t *element_of(const json_t *list, struct hf_span word)
{
    size_t n = 0;
    size_t at;

    for (at = 0; at < word.len && hf_is_digit(word.ptr[at]); at++)
        n = n < INDEX_MAX ? 10 * n + (size_t)(word.ptr[at] - '0') : INDEX_MAX;
    return at == word.len ? json_array_get(list, n)
                          : hf_lab_of_type(list, word);
}

/* "authorizations.0.status" */
static const json_t *find(const json_t *json, struct hf_span path)
{
    while (json != NULL && path.len > 0) {
        struct hf_span word = hf_span_cut(&path, hf_span_find(path, '.'));
        char room[HF_LAB_TYPE_MAX + 1] = {0};

        (void)hf_span_skip(&path, '.');
        if (word.len > HF_LAB_TYPE_MAX)
            return NULL;
        memcpy(room, word.ptr, word.len);
        json = json_is_array(json) ? element_of(json, word)
                                   : json_object_get(json, room);
    }
    return json;
}

static bool is_value(const json_t *json, struct hf_span wanted)
{
    char room[HF_LAB_TYPE_MAX];
    struct hf_buf text;

    if (json_is_string(json))
        return hf_span_eq(
            (struct hf_span){json_string_value(json), json_string_length(json)},
            wanted);
    hf_buf_init(&text, room, sizeof(room));
    put_json(&text, json);
    return !text.full && hf_span_eq(hf_buf_span(&text), wanted);
}

static bool is_outcome(struct hf_lab_answer *answer,
                       const struct hf_lab_verb *verb)
{
    struct hf_span type = verb->word_count > 0 ? verb->words[0] : HF_SPAN("");
    bool typed =
        answer->type[0] == '\0'
            ? contains(hf_buf_span(&answer->text), type)
            : type.len == 0 || hf_span_eq(hf_span_str(answer->type), type);

    answer->settled = true;
    return answer->outcome == verb->outcome && typed &&
           contains(hf_buf_span(&answer->text), verb->says);
}

bool hf_lab_answer_is(struct hf_lab_answer *answer,
                      const struct hf_lab_verb *verb)
{
    const json_t *found;

    if (verb->kind == HF_LAB_VERB_OUTCOME)
        return is_outcome(answer, verb);
    found = find(answer->json, verb->words[0]);
    if (verb->kind == HF_LAB_VERB_LACKS)
        return answer->json != NULL && found == NULL;
    return found != NULL &&
           (verb->word_count == 1 || is_value(found, verb->words[1]));
}

bool hf_lab_answer_is_amiss(const struct hf_lab_answer *answer)
{
    return !answer->settled;
}

void hf_lab_answer_tell(const struct hf_lab_answer *answer, struct hf_span said,
                        size_t most, struct hf_buf *out)
{
    hf_buf_puts(out, hf_lab_outcome_word(answer->outcome));
    if (answer->type[0] != '\0') {
        hf_buf_putc(out, ' ');
        hf_buf_put_escaped(out, hf_span_str(answer->type), HF_LAB_TYPE_MAX);
    }
    if (said.len > 0) {
        hf_buf_puts(out, ": ");
        hf_buf_put_escaped(out, said, most);
    }
}
