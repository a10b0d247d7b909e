/* SPDX-License-Identifier: Apache-2.0 */
#include "net/server_fixed.h"

#include "net/server_msg.h"

/* Its row; `count` when there is none. */
static size_t row_of(const struct hf_server_fixed_table *table,
                     struct hf_span target)
{
    size_t i = 0;

    while (i < table->count && !hf_span_eq(table->rows[i].target, target))
        i++;
    return i;
}

static void remove_row(struct hf_server_fixed_table *table,
                       struct hf_server_fixed *row)
{
    table->octets -= row->blob->len;
    hf_server_blob_leave(row->blob);
    *row = table->rows[--table->count];
    table->rows[table->count] = (struct hf_server_fixed){0};
}

static enum hf_err add_row(struct hf_server_fixed_table *table,
                           struct hf_span body, struct hf_why *why)
{
    struct hf_server_fixed row = {.blob = hf_server_blob_new(body)};
    struct hf_span kept;
    bool there;

    if (row.blob == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    kept = (struct hf_span){row.blob->octets, row.blob->len};
    /* The same octets have been read before. */
    (void)hf_server_take_fix(kept, &row.target, &there, &row.reply);
    table->octets += row.blob->len;
    table->rows[table->count++] = row;
    return HF_OK;
}

enum hf_err hf_server_fixed_obey(struct hf_server_fixed_table *table,
                                 struct hf_span body, struct hf_why *why)
{
    struct hf_server_reply reply;
    struct hf_span target;
    size_t row, kept;
    bool there, is_new;

    if (!hf_server_take_fix(body, &target, &there, &reply))
        return hf_fail(why, HF_ESYNTAX, 0, "HTTP server: broken message");
    row = row_of(table, target);
    is_new = row == table->count;
    kept = table->octets - (is_new ? 0 : table->rows[row].blob->len);
    if (there && ((is_new && table->count == HF_SERVER_FIXED_MAX) ||
                  body.len > HF_SERVER_FIXED_OCTETS - kept))
        return hf_fail(why, HF_ELIMIT, 0,
                       "HTTP server: too many fixed resources");
    if (!is_new)
        remove_row(table, &table->rows[row]);
    return there ? add_row(table, body, why) : HF_OK;
}

const struct hf_server_fixed *
hf_server_fixed_find(const struct hf_server_fixed_table *table,
                     struct hf_span target)
{
    size_t row = row_of(table, target);

    return row < table->count ? &table->rows[row] : NULL;
}

void hf_server_fixed_clear(struct hf_server_fixed_table *table)
{
    while (table->count > 0)
        remove_row(table, &table->rows[table->count - 1]);
}
