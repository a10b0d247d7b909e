/* SPDX-License-Identifier: Apache-2.0 */
#include "net/server_fixed.h"

#include "net/server_msg.h"

static struct hf_server_fixed *find(struct hf_server_fixed_table *table,
                                    struct hf_span target)
{
    for (size_t i = 0; i < table->count; i++)
        if (hf_span_eq(table->rows[i].target, target))
            return &table->rows[i];
    return NULL;
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
    struct hf_server_fixed *old;
    size_t kept;
    bool there;

    if (!hf_server_take_fix(body, &target, &there, &reply))
        return hf_fail(why, HF_ESYNTAX, 0, "HTTP server: broken message");
    old = find(table, target);
    kept = table->octets - (old == NULL ? 0 : old->blob->len);
    if (there && ((old == NULL && table->count == HF_SERVER_FIXED_MAX) ||
                  body.len > HF_SERVER_FIXED_OCTETS - kept))
        return hf_fail(why, HF_ELIMIT, 0,
                       "HTTP server: too many fixed resources");
    if (old != NULL)
        remove_row(table, old);
    return there ? add_row(table, body, why) : HF_OK;
}

const struct hf_server_fixed *
hf_server_fixed_find(const struct hf_server_fixed_table *table,
                     struct hf_span target)
{
    for (size_t i = 0; i < table->count; i++)
        if (hf_span_eq(table->rows[i].target, target))
            return &table->rows[i];
    return NULL;
}

void hf_server_fixed_clear(struct hf_server_fixed_table *table)
{
    while (table->count > 0)
        remove_row(table, &table->rows[table->count - 1]);
}
