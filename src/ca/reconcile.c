/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/reconcile.h"

#include "base/alloc.h"
#include "ca/issuance.h"
#include "ca/tables.h"

#define PAGE 500 /* rows asked for at once */

/* A certificate of the tables, as far as the log knows it, too. */
struct row {
    uint64_t entry;
    char serial[2 * HF_X509_SERIAL_MAX];
    size_t serial_len;
    unsigned char hash[HF_ENTRY_HASH_LEN];
    unsigned char tbs_hash[HF_HASH_MAX];
    bool is_ours; /* as its row says; its hash is right in any case */
    bool has_der;
    bool is_odd; /* something in it has no possible form */
    int64_t not_before_at, not_after_at, shard, order, account;
};

struct reconcile {
    const struct hf_reconcile_plan *plan;
    struct hf_reconciled *out;
    int64_t last; /* entry that the tables had before the log was read */
    struct row *rows;
    size_t count;        /* of the page */
    struct row last_row; /* of the page before: its serial number is bound while
                            the next one is read */
    size_t at;
    bool at_end; /* no page follows */
};

static struct hf_span serial_of(const struct row *row)
{
    return (struct hf_span){row->serial, row->serial_len};
}

static enum hf_err tell(struct reconcile *r, const struct hf_rift *rift,
                        struct hf_why *why)
{
    r->out->rifts++;
    return r->plan->tell(r->plan->state, rift, why);
}

/* ---- the tables ---- */

static void read_row(const struct reconcile *r, struct row *out)
{
    const enum hf_ca_operation page = HF_CA_ENTRY_PAGE;
    const struct hf_store *store = r->plan->store;
    struct hf_span serial = hf_store_get_text(store, page, HF_ENTRY_SERIAL);
    struct hf_span hash = hf_store_get_text(store, page, HF_ENTRY_HASH);
    struct hf_span der = hf_store_get_text(store, page, HF_ENTRY_DER);

    *out = (struct row){
        .entry = (uint64_t)hf_store_get_number(store, page, HF_ENTRY_NUMBER),
        .is_ours = hf_span_eq(hf_store_get_text(store, page, HF_ENTRY_LOG),
                              r->plan->log),
        .has_der = der.len > 0,
        .not_before_at =
            hf_store_get_number(store, page, HF_ENTRY_NOT_BEFORE_AT),
        .not_after_at = hf_store_get_number(store, page, HF_ENTRY_NOT_AFTER_AT),
        .shard = hf_store_get_number(store, page, HF_ENTRY_SHARD),
        .order = hf_store_get_number(store, page, HF_ENTRY_ORDER),
        .account = hf_store_get_number(store, page, HF_ENTRY_ACCOUNT),
    };
    out->serial_len =
        serial.len < sizeof(out->serial) ? serial.len : sizeof(out->serial);
    memcpy(out->serial, serial.ptr, out->serial_len);
    out->is_odd =
        serial.len != out->serial_len || hash.len != sizeof(out->hash) ||
        (out->has_der && !hf_issued_hash(r->plan->digest, der, out->tbs_hash));
    if (hash.len == sizeof(out->hash))
        memcpy(out->hash, hash.ptr, sizeof(out->hash));
}

/* Pages are read whole before anybody is told of their rows, who may want the
 * store for himself. */
static enum hf_err next_page(struct reconcile *r, struct hf_why *why)
{
    const struct row *last = &r->last_row;
    const struct hf_store_value values[] = {
        hf_store_number((int64_t)last->entry), hf_store_text(serial_of(last)),
        hf_store_number(r->plan->is_alone ? INT64_MAX : r->last),
        hf_store_number(PAGE)};
    struct hf_store *store = r->plan->store;
    size_t count = 0;
    bool more = false;
    enum hf_err err = hf_store_start(store, HF_CA_ENTRY_PAGE, values, 4, why);

    if (err == HF_OK)
        err = hf_store_next(store, HF_CA_ENTRY_PAGE, &more, why);
    while (err == HF_OK && more) {
        struct row *row = &r->rows[count++];

        read_row(r, row);
        r->out->rows += row->is_ours;
        if (r->plan->look != NULL && row->has_der)
            err = r->plan->look(
                r->plan->state, serial_of(row),
                hf_store_get_text(store, HF_CA_ENTRY_PAGE, HF_ENTRY_DER),
                !hf_store_is_null(store, HF_CA_ENTRY_PAGE, HF_ENTRY_REVOKED_AT),
                why);
        if (err == HF_OK)
            err = hf_store_next(store, HF_CA_ENTRY_PAGE, &more, why);
        else
            hf_store_end(store, HF_CA_ENTRY_PAGE);
    }
    if (count > 0)
        r->last_row = r->rows[count - 1];
    r->count = count;
    r->at = 0;
    r->at_end = count < PAGE;
    return err;
}

/* The next row, or NULL: there is none. */
static enum hf_err peek(struct reconcile *r, const struct row **out,
                        struct hf_why *why)
{
    enum hf_err err = HF_OK;

    if (r->at == r->count && !r->at_end)
        err = next_page(r, why);
    *out = r->at < r->count ? &r->rows[r->at] : NULL;
    return err;
}

/* ---- the one against the other ---- */

/* What is in another keeper's log is for whoever looks there. */
static enum hf_err tell_unproven(struct reconcile *r, const struct row *row,
                                 struct hf_why *why)
{
    if (!row->is_ours)
        return HF_OK;
    return tell(r,
                &(struct hf_rift){.kind = HF_RIFT_UNPROVEN,
                                  .entry = row->entry,
                                  .serial = serial_of(row)},
                why);
}

/* Rows before this entry: the log has nothing of them. */
static enum hf_err pass_rows(struct reconcile *r, uint64_t entry,
                             struct hf_why *why)
{
    const struct row *row = NULL;
    enum hf_err err = peek(r, &row, why);

    while (err == HF_OK && row != NULL && row->entry < entry) {
        err = tell_unproven(r, row, why);
        r->at++;
        if (err == HF_OK)
            err = peek(r, &row, why);
    }
    return err;
}

/* The table's part of what both say; an id that is not known there is none. */
static const char *difference(const struct reconcile *r, const struct row *row,
                              const struct hf_issued *issued)
{
    if (row->is_odd)
        return "the table's row cannot be read";
    if (!hf_span_eq(serial_of(row), issued->serial))
        return "the serial number is another";
    if (row->has_der &&
        memcmp(row->tbs_hash, issued->tbs_hash, sizeof(issued->tbs_hash)) != 0)
        return "the certificate in the table is not what was signed";
    if (row->not_before_at != issued->not_before_at ||
        row->not_after_at != issued->not_after_at)
        return "the dates are others";
    if (row->shard !=
        hf_serial_shard(issued->octets, issued->len, r->plan->shards))
        return "the shard of its CRL is another";
    if ((row->order != 0 && row->order != issued->order) ||
        (row->account != 0 && row->account != issued->account))
        return "the owner is another";
    return NULL;
}

/* All rows of this entry; the one with its hash is the certificate's. */
static enum hf_err match_rows(struct reconcile *r, const struct hf_entry *entry,
                              const struct hf_issued *issued, bool *found,
                              struct hf_why *why)
{
    const struct row *row = NULL;
    enum hf_err err = pass_rows(r, entry->number, why);

    *found = false;
    if (err == HF_OK)
        err = peek(r, &row, why);
    while (err == HF_OK && row != NULL && row->entry == entry->number) {
        const char *what = difference(r, row, issued);

        if (memcmp(row->hash, entry->hash, sizeof(row->hash)) != 0 || *found) {
            err = tell_unproven(r, row, why);
        } else {
            *found = true;
            if (what != NULL)
                err = tell(r,
                           &(struct hf_rift){.kind = HF_RIFT_UNLIKE,
                                             .entry = row->entry,
                                             .serial = issued->serial,
                                             .what = what},
                           why);
        }
        r->at++;
        if (err == HF_OK)
            err = peek(r, &row, why);
    }
    return err;
}

static enum hf_err take_issue(struct reconcile *r, const struct hf_entry *entry,
                              struct hf_why *why)
{
    struct hf_issued issued;
    bool found = false;
    enum hf_err err;

    if (!hf_issued_read(entry->body, &issued))
        return tell(r,
                    &(struct hf_rift){.kind = HF_RIFT_UNREADABLE,
                                      .entry = entry->number},
                    why);
    if (issued.is_own) {
        r->out->own++;
        r->out->own_until_at = issued.not_after_at;
        return HF_OK;
    }
    r->out->issued++;
    err = match_rows(r, entry, &issued, &found, why);
    if (err != HF_OK || found)
        return err;
    if (!r->plan->is_alone && entry->number > (uint64_t)r->last) {
        r->out->under_way++;
        return HF_OK;
    }
    return tell(r,
                &(struct hf_rift){
                    .kind = HF_RIFT_ORPHAN,
                    .entry = entry->number,
                    .serial = issued.serial,
                    .issued = &issued,
                    .hash = {(const char *)entry->hash, sizeof(entry->hash)}},
                why);
}

static enum hf_err take_entry(void *state, const struct hf_entry *entry,
                              struct hf_why *why)
{
    struct reconcile *r = state;
    enum hf_err err = HF_OK;

    r->out->log_failed = false;
    if (entry->number >= r->plan->from &&
        hf_span_eq(entry->kind, HF_SPAN("issue")))
        err = take_issue(r, entry, why);
    if (err == HF_OK && r->plan->step != NULL)
        err = r->plan->step(r->plan->state, entry, why);
    r->out->log_failed = err == HF_OK; /* what fails next is the log */
    return err;
}

static enum hf_err last_of(const struct hf_reconcile_plan *plan, int64_t *out,
                           struct hf_why *why)
{
    const struct hf_store_value log = hf_store_text(plan->log);

    return hf_store_ask(plan->store, HF_CA_ENTRY_LAST, &log, 1, out, why);
}

enum hf_err hf_reconcile(const struct hf_reconcile_plan *plan,
                         struct hf_reconciled *out, struct hf_why *why)
{
    struct reconcile r = {
        .plan = plan, .out = out, .last_row.entry = plan->from};
    enum hf_err err = HF_OK;

    *out = (struct hf_reconciled){.head.number = plan->from - 1};
    r.rows = hf_alloc(PAGE, sizeof(*r.rows));
    if (r.rows == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    err = last_of(plan, &r.last, why);
    out->log_failed = err == HF_OK;
    if (err == HF_OK)
        err = hf_evidence_walk_on(plan->folder, take_entry, &r, &out->head,
                                  &out->stop, why);
    if (err == HF_OK) {
        out->log_failed = false;
        err = pass_rows(&r, UINT64_MAX, why);
    }
    hf_free(r.rows);
    return err;
}

enum hf_err hf_reconcile_tail(struct hf_reconcile_plan *plan,
                              struct hf_reconciled *out, struct hf_why *why)
{
    int64_t last = 0;
    enum hf_err err = last_of(plan, &last, why);

    plan->from = (uint64_t)last + 1;
    return err == HF_OK ? hf_reconcile(plan, out, why) : err;
}
