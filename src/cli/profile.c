/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/profile.h"

#define SAID_MAX 1024

static bool offers(const struct hf_directory *directory, struct hf_span name)
{
    for (size_t i = 0; i < directory->profile_count; i++)
        if (hf_span_eq(directory->profiles[i].name, name))
            return true;
    return false;
}

static void put_offer(struct hf_buf *out, const struct hf_directory *directory)
{
    if (directory->profile_count == 0) {
        hf_buf_puts(out, "the CA offers no profiles");
        return;
    }
    hf_buf_puts(out, "the CA does not offer this profile. It offers");
    for (size_t i = 0; i < directory->profile_count; i++) {
        hf_buf_puts(out, i == 0 ? " " : ", ");
        hf_buf_put_escaped(out, directory->profiles[i].name, 48);
    }
}

enum hf_exit hf_profile_choose(const struct hf_cli *cli,
                               const struct hf_directory *directory,
                               const struct hf_lineage *lineage,
                               struct hf_span *out)
{
    char text[SAID_MAX + 1];
    struct hf_buf said;

    *out = lineage->profile;
    if (out->len == 0 && offers(directory, lineage->preferred_profile))
        *out = lineage->preferred_profile;
    if (out->len == 0 || offers(directory, *out))
        return HF_EXIT_GOOD;
    hf_buf_init(&said, text, SAID_MAX);
    put_offer(&said, directory);
    text[said.len] = '\0';
    hf_cli_error(cli, lineage->profile, text);
    return HF_EXIT_ERROR;
}
