/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cas_section.h"

#include "cli/config_kind.h"

/* What is read, so that calls are short. */
struct reading {
    const struct hf_config *config;
    const struct hf_config_section *section;
};

static void take_text(const struct reading *reading, const char *key,
                      const char **out)
{
    const struct hf_config_key *found =
        hf_config_key_find(reading->config, reading->section, key);

    if (found != NULL)
        *out = hf_config_value(reading->config, found, 0);
}

static void take_known(const struct reading *reading, const char *key,
                       enum hf_known *out)
{
    const char *value = NULL;

    take_text(reading, key, &value);
    if (value != NULL)
        *out = hf_config_is_yes(value) ? HF_KNOWN_YES : HF_KNOWN_NO;
}

/* Too many are none, which the table refuses. */
static void take_issuers(const struct reading *reading, struct hf_ca_entry *out)
{
    const struct hf_config_key *key =
        hf_config_key_find(reading->config, reading->section, "issuer");

    if (key == NULL)
        return;
    out->issuer_count = key->count > HF_ISSUERS_MAX ? 0 : key->count;
    for (size_t i = 0; i < out->issuer_count; i++)
        out->issuers[i] = hf_config_value(reading->config, key, i);
}

enum hf_err hf_cas_add_section(struct hf_cas *cas,
                               const struct hf_config *config,
                               const struct hf_config_section *section,
                               struct hf_why *why)
{
    const struct reading reading = {config, section};
    const struct hf_ca_entry *known =
        hf_cas_find(cas, hf_span_str(section->title));
    struct hf_ca_entry entry = {0};

    if (known != NULL)
        entry = *known;
    entry.name = section->title;
    take_text(&reading, "title", &entry.title);
    take_text(&reading, "directory", &entry.directory);
    take_text(&reading, "draft", &entry.draft);
    take_text(&reading, "prefix", &entry.prefix);
    take_text(&reading, "staging", &entry.staging);
    take_known(&reading, "parents", &entry.parents);
    take_known(&reading, "reuses", &entry.reuses);
    take_issuers(&reading, &entry);
    return hf_cas_add(cas, &entry, why);
}

enum hf_err hf_cas_add_sections(struct hf_cas *cas,
                                const struct hf_config *config,
                                const struct hf_config_section **at,
                                struct hf_why *why)
{
    enum hf_err err = HF_OK;

    for (size_t i = 1; i < config->section_count && err == HF_OK; i++) {
        *at = &config->sections[i];
        if (strcmp((*at)->kind, "ca") == 0)
            err = hf_cas_add_section(cas, config, *at, why);
    }
    return err;
}
