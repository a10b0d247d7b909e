/* SPDX-License-Identifier: Apache-2.0 */
#include "client/wish.h"

#include "holdfast/record.h"
#include "holdfast/txt.h"

static bool is_of_account(const struct hf_wish *wish, struct hf_span value)
{
    struct hf_record record = {0};
    size_t at;

    return wish->issuer.len > 0 &&
           hf_record_read(value, &record, &at) == HF_REASON_OK &&
           hf_span_eq_nocase(record.issuer, wish->issuer) &&
           hf_span_among(record.account_uri, wish->account_uris,
                         wish->uri_count);
}

enum hf_fate hf_wish_fate(const struct hf_wish *wish, struct hf_span value)
{
    if (hf_span_among(value, wish->values, wish->value_count))
        return HF_FATE_WANTED;
    if (hf_span_among(value, wish->old, wish->old_count) ||
        is_of_account(wish, value))
        return HF_FATE_OLD;
    return HF_FATE_OTHERS;
}

static void count(const struct hf_wish *wish, struct hf_span value,
                  struct hf_wish_view *out)
{
    switch (hf_wish_fate(wish, value)) {
    case HF_FATE_OTHERS:
        out->others++;
        break;
    case HF_FATE_OLD:
        out->old++;
        break;
    case HF_FATE_WANTED:
        out->wanted++;
        for (size_t i = 0; i < wish->value_count; i++)
            out->has[i] |= hf_span_eq(value, wish->values[i]);
        break;
    }
}

void hf_wish_look(const struct hf_wish *wish, const struct hf_found *found,
                  char *room, struct hf_wish_view *out)
{
    struct hf_span rest = found->records;
    struct hf_span rdata;
    struct hf_span value;

    *out = (struct hf_wish_view){0};
    while (found->state == HF_FOUND_DATA && hf_found_next(&rest, &rdata)) {
        if (hf_txt_join(rdata, room, &value, NULL) == HF_OK)
            count(wish, value, out);
        else
            out->others++;
    }
}

bool hf_wish_is_met(const struct hf_wish *wish, const struct hf_wish_view *view)
{
    for (size_t i = 0; i < wish->value_count; i++)
        if (!view->has[i])
            return false;
    return view->old == 0;
}
