/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine_settings.h -- a CA for tests of its engine, with or without cmocka:
 * how it is set up, and how to read what it answers.
 */
#pragma once

#include "ca/engine.h"
#include "ca/validate.h"
#include "holdfast/digest.h"

#define BASE "https://ca.example"
#define NOW  1790000000

static struct hf_span issuers[] = {HF_SPAN_INIT("ca.example")};
static struct hf_span prefixes[] = {HF_SPAN_INIT(BASE "/h/")};
static struct hf_ca_profile profiles[] = {
    {HF_SPAN_INIT("default"), HF_SPAN_INIT("47 days"), 47 * 86400},
    {HF_SPAN_INIT("short"), HF_SPAN_INIT("6 days"), 6 * 86400},
};
static struct hf_span chains[] = {HF_SPAN_INIT("-- the issuer --\n")};

/* What the validator finds when a record is as it should be. */
[[maybe_unused]] static const struct hf_validation_result good = {
    .valid = true,
    .reason = "ok",
    .account_uri = HF_SPAN_INIT(BASE "/h/sha-256/x"),
    .form = HF_FORM_HASHED,
    .until_at = INT64_MAX,
    .expires_at = NOW + 864000,
    .caa_expires_at = NOW + 28800,
    .evidence = HF_SPAN_INIT("{}"),
};

static inline struct hf_ca_settings
settings_with(const struct hf_digest *digest,
              const struct hf_suffixes *suffixes)
{
    return (struct hf_ca_settings){
        .base = HF_SPAN(BASE),
        .preset = HF_PRESET_COMPAT,
        .law = {.issuers = issuers,
                .issuer_count = 1,
                .prefixes = prefixes,
                .prefix_count = 1,
                .hash_algs = HF_HASH_DEFAULT,
                .digest = digest},
        .suffixes = suffixes,
        .reuses = true,
        .profiles = profiles,
        .profile_count = sizeof(profiles) / sizeof(profiles[0]),
        .chains = chains,
        .chain_count = 1,
        .issuer_key_id = HF_SPAN("12345678901234567890"),
        .order_s = 7 * 86400,
        .backdate_s = 3600,
        .names_max = 100,
    };
}

/* One of those that serve from the store. */
static inline enum hf_err engine_with(const struct hf_ca_settings *settings,
                                      struct hf_store *store, int64_t keeper,
                                      struct hf_engine **out)
{
    const struct hf_engine_config config = {
        .settings = settings,
        .store = store,
        .keeper = {.id = keeper},
        .nonce_key = HF_SPAN("0123456789abcdef0123456789abcdef"),
    };

    return hf_engine_new(&config, out, NULL);
}

/* Empty: it has none of this name. */
static inline struct hf_span field_of(const struct hf_server_reply *reply,
                                      const char *name)
{
    for (size_t i = 0; i < reply->field_count; i++)
        if (hf_span_eq_nocase(reply->fields[i].name, hf_span_str(name)))
            return reply->fields[i].value;
    return (struct hf_span){0};
}
