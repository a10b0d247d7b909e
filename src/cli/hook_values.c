/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/hook_values.h"

#include <stdio.h>

const struct hf_span hf_hook_variables[HF_VARS] = {
    [HF_VAR_HOOK] = HF_SPAN_INIT("HOLDFAST_HOOK"),
    [HF_VAR_CERT] = HF_SPAN_INIT("HOLDFAST_CERT"),
    [HF_VAR_ACCOUNT] = HF_SPAN_INIT("HOLDFAST_ACCOUNT"),
    [HF_VAR_RENEWED_LINEAGE] = HF_SPAN_INIT("RENEWED_LINEAGE"),
    [HF_VAR_RENEWED_DOMAINS] = HF_SPAN_INIT("RENEWED_DOMAINS"),
    [HF_VAR_FAILED_DOMAINS] = HF_SPAN_INIT("FAILED_DOMAINS"),
    [HF_VAR_LEGO_NAME] = HF_SPAN_INIT("LEGO_HOOK_CERT_NAME"),
    [HF_VAR_LEGO_DOMAINS] = HF_SPAN_INIT("LEGO_HOOK_CERT_DOMAINS"),
    [HF_VAR_LEGO_PATH] = HF_SPAN_INIT("LEGO_HOOK_CERT_PATH"),
    [HF_VAR_LEGO_KEY_PATH] = HF_SPAN_INIT("LEGO_HOOK_CERT_KEY_PATH"),
    [HF_VAR_LEGO_KEY_TYPE] = HF_SPAN_INIT("LEGO_HOOK_CERT_KEY_TYPE"),
};

void hf_hook_put_names(struct hf_buf *out, const struct hf_span *names,
                       size_t count, char between)
{
    for (size_t i = 0; i < count; i++) {
        if (names[i].len + 1 > out->limit - out->len)
            return;
        if (out->len > 0)
            hf_buf_putc(out, between);
        hf_buf_put(out, names[i]);
    }
}

/* lego's words for kinds of keys. */
static struct hf_span legos_word(struct hf_span key_type)
{
    static const struct {
        struct hf_span ours;
        struct hf_span legos;
    } rows[] = {
        {HF_SPAN_INIT("p256"), HF_SPAN_INIT("EC256")},
        {HF_SPAN_INIT("p384"), HF_SPAN_INIT("EC384")},
        {HF_SPAN_INIT("rsa2048"), HF_SPAN_INIT("RSA2048")},
        {HF_SPAN_INIT("rsa3072"), HF_SPAN_INIT("RSA3072")},
        {HF_SPAN_INIT("rsa4096"), HF_SPAN_INIT("RSA4096")},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (hf_span_eq(rows[i].ours, key_type))
            return rows[i].legos;
    return (struct hf_span){0};
}

static bool put_path(char *room, const char *folder, const char *file)
{
    int n = snprintf(room, PATH_MAX, "%s/%s", folder, file);

    return n > 0 && n < PATH_MAX;
}

static struct hf_span join(char *room, const struct hf_lineage *lineage,
                           char between)
{
    struct hf_buf names;

    hf_buf_init(&names, room, HF_HOOK_NAMES_MAX);
    hf_hook_put_names(&names, lineage->names, lineage->name_count, between);
    return hf_buf_span(&names);
}

enum hf_err hf_hook_values_of(const char *state,
                              const struct hf_lineage *lineage,
                              struct hf_hook_values *out, struct hf_why *why)
{
    struct hf_span *list = out->list;
    enum hf_err err = hf_lineage_folder(state, lineage->name, out->folder,
                                        sizeof(out->folder), why);

    if (err != HF_OK)
        return err;
    if (!put_path(out->cert, out->folder, "fullchain.pem") ||
        !put_path(out->key, out->folder, "privkey.pem"))
        return hf_fail(why, HF_ELIMIT, 0, "path too long");
    list[HF_VAR_CERT] = lineage->name;
    list[HF_VAR_ACCOUNT] = lineage->account;
    list[HF_VAR_RENEWED_LINEAGE] = hf_span_str(out->folder);
    list[HF_VAR_RENEWED_DOMAINS] = join(out->domains, lineage, ' ');
    list[HF_VAR_LEGO_NAME] = lineage->name;
    list[HF_VAR_LEGO_DOMAINS] = join(out->commas, lineage, ',');
    list[HF_VAR_LEGO_PATH] = hf_span_str(out->cert);
    list[HF_VAR_LEGO_KEY_PATH] = hf_span_str(out->key);
    list[HF_VAR_LEGO_KEY_TYPE] = legos_word(lineage->key_type);
    return HF_OK;
}
