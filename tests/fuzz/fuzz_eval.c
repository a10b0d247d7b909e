/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Test objects from a stranger: whatever can be evaluated gives JSON on one
 * line of printable ASCII that is equal to itself, and one object's error
 * leaves nothing behind for the next.
 */
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cli/eval.h"
#include "cli/eval_compare.h"
#include "cli/eval_input.h"
#include "holdfast/digest.h"

#define RESULT_MAX ((size_t)16 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_result(struct hf_span text)
{
    json_t *result = json_loadb(text.ptr, text.len, 0, NULL);
    json_t *differs;

    for (size_t i = 0; i < text.len; i++)
        assert(text.ptr[i] >= 0x20 && text.ptr[i] <= 0x7e);
    assert(json_is_object(result));
    differs = hf_eval_differences(result, result);
    assert(json_object_size(differs) == 0);
    json_decref(differs);
    json_decref(result);
}

static void evaluate(const json_t *object, struct hf_digest *digest)
{
    struct hf_buf text;
    struct hf_json json = hf_json_to(&text);
    struct hf_eval eval = {
        .request = json_object_get(object, "request"),
        .dns = json_object_get(object, "dns"),
        .mode = json_object_get(object, "mode"),
        .digest = digest,
        .out = &json,
    };
    const char *kind = json_string_value(json_object_get(object, "kind"));
    hf_eval_fn *run = hf_eval_find(hf_span_str(kind));

    if (run == NULL || !json_is_object(eval.request))
        return;
    hf_buf_init_grow(&text, RESULT_MAX);
    hf_json_open(&json, '{');
    run(&eval);
    hf_json_close(&json, '}');
    if (eval.wrong == NULL && !text.full)
        check_result(hf_buf_span(&text));
    hf_buf_clear(&text);
    hf_eval_clear(&eval);
    assert(eval.used == 0);
}

static void evaluate_all(struct hf_eval_input *input, struct hf_digest *digest)
{
    struct hf_eval_item item;
    uint64_t line = 0;
    bool more = true;

    while (hf_eval_input_next(input, &item, &more, NULL) == HF_OK && more) {
        json_t *object;

        assert(item.line >= line); /* items come in their order */
        line = item.line;
        if (item.error != NULL)
            continue;
        assert(item.text.len > 0 && item.text.len <= HF_EVAL_OBJECT_MAX);
        object = json_loadb(item.text.ptr, item.text.len,
                            JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
        evaluate(object, digest);
        json_decref(object);
    }
    assert(!more);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    ssize_t written = write(fd, data, size);
    struct hf_digest *digest = NULL;
    struct hf_eval_input input;
    char path[64];
    enum hf_err err;

    assert(written == (ssize_t)size);
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    err = hf_digest_new(&digest, NULL);
    assert(err == HF_OK);
    err = hf_eval_input_open(&input, path, NULL);
    assert(err == HF_OK);
    evaluate_all(&input, digest);
    hf_eval_input_close(&input);
    hf_digest_free(digest);
    (void)close(fd);
    return 0;
}
