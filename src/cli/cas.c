/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cas.h"

#include <jansson.h>

#include "base/alloc.h"
#include "cli/cas_table.h"
#include "holdfast/name.h"
#include "os/file.h"

#define CA_FILE_MAX (1U << 20)
#define CAS_MAX     1000 /* in one file */

struct hf_cas {
    json_t *root; /* owns the text of `extra` */
    struct hf_ca_entry *extra;
    size_t extra_count;
};

static const struct {
    const char *word;
    const char *text;
} states[] = {
    {"production", "offered in production"},
    {"staging", "offered on a test service"},
    {"announced", "announced, not offered yet"},
    {"test", "a server for tests"},
    {"private", "a CA of one's own"},
    {"none", "not offered over ACME"},
    {"unknown", "not known to be offered"},
};

const char *hf_ca_state_text(const char *state)
{
    for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
        if (strcmp(states[i].word, state) == 0)
            return states[i].text;
    return NULL;
}

/* ---- reading a file ---- */

/* A member that is a string or null; false when it is something else. */
static bool take_text(json_t *ca, const char *key, const char **out)
{
    json_t *value = json_object_get(ca, key);

    *out = json_string_value(value);
    return value == NULL || json_is_null(value) || *out != NULL;
}

static bool take_known(json_t *ca, const char *key, enum hf_known *out)
{
    json_t *value = json_object_get(ca, key);

    *out = HF_KNOWN_NOT;
    if (json_is_boolean(value))
        *out = json_is_true(value) ? HF_KNOWN_YES : HF_KNOWN_NO;
    return value == NULL || json_is_null(value) || json_is_boolean(value);
}

/* The names, as far as they are texts; that they are good is checked after. */
static bool take_issuers(json_t *ca, struct hf_ca_entry *out)
{
    json_t *list = json_object_get(ca, "issuers");
    size_t count = json_array_size(list);

    if (count > HF_ISSUERS_MAX)
        return false;
    for (size_t i = 0; i < count; i++) {
        out->issuers[i] = json_string_value(json_array_get(list, i));
        if (out->issuers[i] == NULL)
            return false;
    }
    out->issuer_count = count;
    return true;
}

static bool is_draft(const char *draft)
{
    enum hf_variant variant;

    return draft == NULL || strcmp(draft, "dual") == 0 ||
           hf_variant_find(hf_span_str(draft), &variant);
}

/* REQ CHAL-03..05 hold for the names of the table as well. */
static bool are_issuers(const struct hf_ca_entry *entry)
{
    for (size_t i = 0; i < entry->issuer_count; i++)
        if (!hf_name_is_canonical(hf_span_str(entry->issuers[i])))
            return false;
    return entry->issuer_count > 0;
}

/* The rules of an entry, wherever it comes from. */
static enum hf_err check_entry(const struct hf_ca_entry *entry,
                               struct hf_why *why)
{
    if (!are_issuers(entry))
        return hf_fail(why, HF_EINVAL, 0,
                       "\"issuers\" must list 1 to 10 domain names, lower "
                       "case, without trailing dot");
    if (!is_draft(entry->draft))
        return hf_fail(why, HF_EINVAL, 0,
                       "\"draft\" must be \"00\", \"01\", \"02\", \"dual\" or "
                       "null");
    if (entry->prefix != NULL &&
        hf_prefix_check(hf_span_str(entry->prefix)) == HF_PREFIX_INVALID)
        return hf_fail(why, HF_EINVAL, 0,
                       "\"prefix\" is no URL that hashes can be appended to");
    if (entry->state != NULL && hf_ca_state_text(entry->state) == NULL)
        return hf_fail(why, HF_EINVAL, 0,
                       "\"state\" is none of production, staging, announced, "
                       "test, private, none, unknown");
    return HF_OK;
}

static void complete(struct hf_ca_entry *entry)
{
    entry->title = entry->title == NULL ? entry->name : entry->title;
    entry->state = entry->state == NULL ? "private" : entry->state;
}

static enum hf_err take_entry(json_t *ca, struct hf_ca_entry *out,
                              struct hf_why *why)
{
    bool texts = take_text(ca, "name", &out->name) &&
                 take_text(ca, "title", &out->title) &&
                 take_text(ca, "state", &out->state) &&
                 take_text(ca, "directory", &out->directory) &&
                 take_text(ca, "staging", &out->staging) &&
                 take_text(ca, "draft", &out->draft) &&
                 take_text(ca, "prefix", &out->prefix) &&
                 take_text(ca, "accountUrl", &out->account_url) &&
                 take_text(ca, "limits", &out->limits) &&
                 take_text(ca, "note", &out->note) &&
                 take_text(ca, "asOf", &out->as_of);
    enum hf_err err;

    if (!json_is_object(ca) || !texts || out->name == NULL)
        return hf_fail(why, HF_EINVAL, 0,
                       "each entry of \"cas\" must be an object with a "
                       "\"name\", and texts where the format says so");
    if (!take_known(ca, "parents", &out->parents) ||
        !take_known(ca, "reuses", &out->reuses))
        return hf_fail(why, HF_EINVAL, 0,
                       "\"parents\" and \"reuses\" are true, false or null");
    if (!take_issuers(ca, out))
        out->issuer_count = 0; /* which the check refuses */
    err = check_entry(out, why);
    complete(out);
    return err;
}

static enum hf_err take_entries(struct hf_cas *cas, struct hf_why *why)
{
    json_t *list = json_object_get(cas->root, "cas");
    size_t count = json_array_size(list);
    enum hf_err err = HF_OK;

    if (json_integer_value(json_object_get(cas->root, "format")) != 1)
        return hf_fail(why, HF_EINVAL, 0,
                       "the file must be an object with \"format\": 1");
    if (!json_is_array(list) || count == 0)
        return hf_fail(why, HF_EINVAL, 0, "\"cas\" must be a list of CAs");
    if (count > CAS_MAX)
        return hf_fail(why, HF_ELIMIT, 0, "more than 1000 CAs in one file");
    cas->extra = hf_alloc(count, sizeof(*cas->extra));
    if (cas->extra == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    for (size_t i = 0; i < count && err == HF_OK; i++)
        err = take_entry(json_array_get(list, i), &cas->extra[i], why);
    cas->extra_count = count;
    return err;
}

static enum hf_err read_file(struct hf_cas *cas, const char *path,
                             struct hf_why *why)
{
    struct hf_buf text;
    json_error_t wrong;
    enum hf_err err;

    hf_buf_init_grow(&text, CA_FILE_MAX);
    err = hf_file_read(path, &text, why);
    if (err != HF_OK)
        goto out;
    cas->root = json_loadb(text.len == 0 ? "" : text.ptr, text.len,
                           JSON_REJECT_DUPLICATES, &wrong);
    if (cas->root == NULL)
        err = hf_fail(why, HF_ESYNTAX, wrong.line > 0 ? (size_t)wrong.line : 0,
                      "not JSON (RFC 8259)");
    else
        err = take_entries(cas, why);
out:
    hf_buf_clear(&text);
    return err;
}

enum hf_err hf_cas_load(const char *path, struct hf_cas **out,
                        struct hf_why *why)
{
    struct hf_cas *cas = hf_alloc(1, sizeof(*cas));
    enum hf_err err;

    if (cas == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    err = path == NULL ? HF_OK : read_file(cas, path, why);
    if (err != HF_OK) {
        hf_cas_free(cas);
        return err;
    }
    *out = cas;
    return HF_OK;
}

enum hf_err hf_cas_add(struct hf_cas *cas, const struct hf_ca_entry *entry,
                       struct hf_why *why)
{
    enum hf_err err = check_entry(entry, why);
    struct hf_ca_entry *more;

    if (err != HF_OK)
        return err;
    more = hf_realloc(cas->extra, cas->extra_count + 1, sizeof(*more));
    if (more == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    more[cas->extra_count] = *entry;
    complete(&more[cas->extra_count]);
    cas->extra = more;
    cas->extra_count++;
    return HF_OK;
}

void hf_cas_free(struct hf_cas *cas)
{
    if (cas == NULL)
        return;
    hf_free(cas->extra);
    json_decref(cas->root);
    hf_free(cas);
}

/* ---- looking things up ---- */

size_t hf_cas_count(const struct hf_cas *cas)
{
    return cas->extra_count + hf_ca_table_count;
}

const struct hf_ca_entry *hf_cas_at(const struct hf_cas *cas, size_t i)
{
    return i < cas->extra_count ? &cas->extra[i]
                                : &hf_ca_table[i - cas->extra_count];
}

const struct hf_ca_entry *hf_cas_find(const struct hf_cas *cas,
                                      struct hf_span name)
{
    for (size_t i = 0; i < hf_cas_count(cas); i++) {
        const struct hf_ca_entry *entry = hf_cas_at(cas, i);

        if (hf_span_eq_nocase(hf_span_str(entry->name), name))
            return entry;
    }
    return NULL;
}

const struct hf_ca_entry *hf_cas_find_issuer(const struct hf_cas *cas,
                                             struct hf_span issuer)
{
    for (size_t i = 0; i < hf_cas_count(cas); i++) {
        const struct hf_ca_entry *entry = hf_cas_at(cas, i);

        for (size_t n = 0; n < entry->issuer_count; n++)
            if (hf_span_eq_nocase(hf_span_str(entry->issuers[n]), issuer))
                return entry;
    }
    return NULL;
}

bool hf_ca_url_fits(const struct hf_ca_entry *entry, struct hf_span url)
{
    struct hf_span shape = hf_span_str(entry->account_url);
    struct hf_span head = {shape.ptr, hf_span_find(shape, '<')};

    if (shape.len == 0)
        return true;
    if (!hf_span_starts(url, head) || url.len == head.len)
        return false;
    for (size_t i = head.len; i < url.len; i++)
        if (!hf_is_digit(url.ptr[i]))
            return false;
    return true;
}
