/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A configuration file as anybody might have left it: whatever is read of it
 * stands where it says, and a file without mistakes, written down, is read as
 * the same.
 */
#include <assert.h>
#include <stdint.h>

#include "cli/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct hf_config *parse(struct hf_span text)
{
    struct hf_config *config = NULL;
    enum hf_err err = hf_config_parse(text, &config, NULL);

    assert((err == HF_OK) == (config != NULL));
    return config;
}

static void walk(const struct hf_config *config)
{
    size_t seen = 0;

    for (size_t i = 0; i < config->section_count; i++) {
        const struct hf_config_section *section = &config->sections[i];

        assert(section->first == seen);
        seen += section->count;
        for (size_t k = 0; k < section->count; k++) {
            const struct hf_config_key *key = &config->keys[section->first + k];

            assert(hf_config_key_find(config, section, key->name) == key);
            for (size_t n = 0; n < key->count; n++)
                assert(hf_config_value(config, key, n) != NULL);
        }
    }
    assert(seen == config->key_count);
    for (size_t i = 1; i < config->problem_count; i++)
        assert(config->problems[i - 1].line <= config->problems[i].line);
}

static void put(const struct hf_config *config, struct hf_buf *out)
{
    hf_buf_init_grow(out, (size_t)16 << 20);
    for (size_t i = 0; i < config->section_count; i++)
        hf_config_put(config, &config->sections[i], out);
    assert(!out->full);
}

static void write_and_read(const struct hf_config *config)
{
    struct hf_config *again;
    struct hf_buf first;
    struct hf_buf second;

    put(config, &first);
    again = parse(hf_buf_span(&first));
    if (again != NULL) { /* else it has become too large */
        assert(again->problem_count == 0);
        put(again, &second);
        assert(hf_span_eq(hf_buf_span(&first), hf_buf_span(&second)));
        hf_buf_clear(&second);
    }
    hf_config_free(again);
    hf_buf_clear(&first);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hf_config *config =
        parse((struct hf_span){(const char *)data, size});

    if (config == NULL)
        return 0;
    walk(config);
    if (config->problem_count == 0)
        write_and_read(config);
    hf_config_free(config);
    return 0;
}
