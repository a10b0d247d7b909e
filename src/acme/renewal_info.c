/* SPDX-License-Identifier: Apache-2.0 */
#include "acme/renewal_info.h"

#include "acme/document.h"
#include "base/time_text.h"

static bool read_moment(const json_t *window, const char *key, int64_t *out)
{
    struct hf_text text = hf_document_text(window, key);
    struct hf_time at;

    /* The reader of dates knows distances as well; a server has none. */
    if (text.field != HF_FIELD_PRESENT || text.text.len < 20 ||
        hf_time_parse(text.text, (struct hf_time){0}, &at, NULL) != HF_OK)
        return false;
    *out = at.s;
    return true;
}

enum hf_err hf_renewal_info_read(struct hf_span text,
                                 struct hf_renewal_info *out,
                                 struct hf_why *why)
{
    struct hf_renewal_info info;
    const json_t *window;
    json_t *root;
    enum hf_err err = hf_document_read(text, &root, why);

    if (err != HF_OK)
        return err;
    window = hf_document_member(root, "suggestedWindow");
    if (!read_moment(window, "start", &info.start_at) ||
        !read_moment(window, "end", &info.end_at))
        err = hf_fail(why, HF_ESYNTAX, 0,
                      "RFC 9773 4.2: no suggestedWindow with start and end");
    else if (info.end_at <= info.start_at)
        err = hf_fail(why, HF_EINVAL, 0,
                      "RFC 9773 4.2: the window ends before it starts");
    json_decref(root);
    if (err == HF_OK)
        *out = info;
    return err;
}
