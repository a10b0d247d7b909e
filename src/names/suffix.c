/* SPDX-License-Identifier: Apache-2.0 */
#include "holdfast/suffix.h"

#include <libpsl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "holdfast/buf.h"

#define SYSTEM_LIST "/usr/share/publicsuffix/public_suffix_list.dafsa"
#define SYSTEM_TEXT "/usr/share/publicsuffix/public_suffix_list.dat"
#define RULE_MAX    512
#define RULES_MAX   65536

struct hf_suffixes {
    psl_ctx_t *psl;
    const char *source;
    int64_t made_at;
};

static enum hf_err wrap(psl_ctx_t *psl, const char *source, int64_t made_at,
                        struct hf_suffixes **out, struct hf_why *why)
{
    struct hf_suffixes *suffixes = hf_alloc(1, sizeof(*suffixes));

    if (suffixes == NULL) {
        psl_free(psl);
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    }
    suffixes->psl = psl;
    suffixes->source = source;
    suffixes->made_at = made_at;
    *out = suffixes;
    return HF_OK;
}

static int64_t file_made_at(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 ? st.st_mtime : 0;
}

enum hf_err hf_suffixes_load(const char *path, struct hf_suffixes **out,
                             struct hf_why *why)
{
    static const char *const usual[] = {SYSTEM_LIST, SYSTEM_TEXT};

    if (path != NULL) {
        psl_ctx_t *psl = psl_load_file(path);

        if (psl == NULL)
            return hf_fail(why, HF_ENOTFOUND, 0,
                           "the public suffix list cannot be read");
        return wrap(psl, "file", file_made_at(path), out, why);
    }
    for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++) {
        psl_ctx_t *psl = psl_load_file(usual[i]);

        if (psl != NULL)
            return wrap(psl, usual[i], file_made_at(usual[i]), out, why);
    }
    return wrap((psl_ctx_t *)(uintptr_t)psl_builtin(), "built into libpsl",
                psl_builtin_file_time(), out, why);
}

/* libpsl reads a list from a stream only. */
enum hf_err hf_suffixes_from(const struct hf_span *list, size_t count,
                             struct hf_suffixes **out, struct hf_why *why)
{
    enum hf_err err = HF_OK;
    struct hf_buf text;
    psl_ctx_t *psl = NULL;
    FILE *stream;

    if (count > RULES_MAX)
        return hf_fail(why, HF_ELIMIT, 0, "too many public suffixes");
    hf_buf_init_grow(&text, (count + 2) * RULE_MAX);
    hf_buf_puts(&text, "// ===BEGIN ICANN DOMAINS===\n");
    for (size_t i = 0; i < count; i++) {
        hf_buf_put(&text, list[i]);
        hf_buf_putc(&text, '\n');
    }
    hf_buf_puts(&text, "// ===END ICANN DOMAINS===\n");

    stream = text.full ? NULL : fmemopen(text.ptr, text.len, "r");
    if (stream == NULL) {
        err = hf_fail(why, HF_ENOMEM, 0, "out of memory");
        goto out;
    }
    psl = psl_load_fp(stream);
    (void)fclose(stream);
    if (psl == NULL)
        err = hf_fail(why, HF_ESYNTAX, 0, "not a list of public suffixes");
    else
        err = wrap(psl, "given", 0, out, why);

out:
    hf_buf_clear(&text);
    return err;
}

void hf_suffixes_free(struct hf_suffixes *suffixes)
{
    if (suffixes == NULL)
        return;
    psl_free(suffixes->psl); /* leaves the built-in list alone */
    hf_free(suffixes);
}

/* REQ SCOPE-08: the ICANN section; the private one names customers of hosts,
 * who may well be validated by their host. */
static bool is_suffix(const struct hf_suffixes *suffixes, struct hf_span name)
{
    char copy[HF_NAME_MAX + 1];

    if (name.len == 0 || name.len > HF_NAME_MAX)
        return true;
    memcpy(copy, name.ptr, name.len);
    copy[name.len] = '\0';
    return psl_is_public_suffix2(suffixes->psl, copy, PSL_TYPE_ICANN) == 1;
}

struct hf_span hf_suffixes_base(const struct hf_suffixes *suffixes,
                                struct hf_span name)
{
    struct hf_span base = {name.ptr, 0};

    /* Up from the name; the last one that is no suffix is registrable. */
    while (!is_suffix(suffixes, name)) {
        base = name;
        name = hf_name_parent(name);
    }
    return base;
}

bool hf_suffixes_knows(const struct hf_suffixes *suffixes, struct hf_span name)
{
    struct hf_span top = name;
    char copy[HF_LABEL_MAX + 1];

    while (hf_span_find(top, '.') < top.len)
        top = hf_name_parent(top);
    if (top.len == 0 || top.len > HF_LABEL_MAX)
        return false;
    memcpy(copy, top.ptr, top.len);
    copy[top.len] = '\0';
    /* Without the rule "*", which makes a suffix of every unknown name. */
    return psl_is_public_suffix2(suffixes->psl, copy,
                                 PSL_TYPE_ICANN | PSL_TYPE_NO_STAR_RULE) == 1;
}

const char *hf_suffixes_source(const struct hf_suffixes *suffixes)
{
    return suffixes->source;
}

int64_t hf_suffixes_made_at(const struct hf_suffixes *suffixes)
{
    return suffixes->made_at;
}
