/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdint.h>

#include "lab/placeholder.h"
#include "lab/scenario.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A placeholder is what stands between its braces. */
static enum hf_err known(void *state, struct hf_span word, struct hf_buf *out,
                         struct hf_why *why)
{
    (void)state;
    if (word.len > 9)
        return hf_fail(why, HF_ENOTFOUND, 0, "unknown");
    hf_buf_put(out, word);
    return HF_OK;
}

/* Replaced by themselves, placeholders lose their braces and nothing else. */
static void fill(struct hf_span line)
{
    struct hf_why why = {0};
    struct hf_buf out;
    enum hf_err err;

    hf_buf_init_grow(&out, 1 << 20);
    err = hf_lab_fill(line, known, NULL, &out, &why);
    assert(err == HF_OK ? out.len <= line.len : why.at <= line.len);
    hf_buf_clear(&out);
}

/* What is wrong is said, and where; what is right is of one kind, and does to
 * an empty Internet what it says or says why not. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct hf_lab_zone_config config = {.is_unsigned = true};
    const struct hf_span line = {(const char *)data, size};
    static struct hf_lab_dns *dns;
    struct hf_lab_verb verb;
    struct hf_why why = {0};
    struct hf_buf room;
    enum hf_err err;

    if (dns == NULL) {
        err = hf_lab_dns_new(&dns, NULL);
        assert(err == HF_OK);
    }
    fill(line);
    hf_buf_init_grow(&room, 1 << 20);
    err = hf_lab_verb_read(line, &room, &verb, &why);
    if (err != HF_OK) {
        assert(why.text != NULL && why.at <= size);
    } else if (verb.kind != HF_LAB_VERB_ZONE) { /* each would make a key */
        err = hf_lab_verb_do(dns, &verb, &config, 0, &why);
        assert(err == HF_OK || why.text != NULL);
    }
    hf_buf_clear(&room);
    return 0;
}
