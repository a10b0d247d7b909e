/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/orphan.h"

#include "base/alloc.h"
#include "base/base64.h"
#include "ca/issuance.h"
#include "ca/revocation.h"
#include "crypto/csr.h"

#define SUPERSEDED 4 /* RFC 5280 5.3.1 */
#define CESSATION  5

const char *hf_orphan_word(enum hf_orphan_fate fate)
{
    static const char *const words[] = {[HF_ORPHAN_AWAITED] = "awaited",
                                        [HF_ORPHAN_WITHHELD] = "withheld",
                                        [HF_ORPHAN_LOST] = "lost",
                                        [HF_ORPHAN_TWIN] = "twin"};

    return words[fate];
}

/* ---- looking ---- */

static enum hf_err find(struct hf_store *store, enum hf_ca_operation row,
                        struct hf_store_value key, bool *found,
                        struct hf_why *why)
{
    enum hf_err err = hf_store_start(store, row, &key, 1, why);

    return err == HF_OK ? hf_store_next(store, row, found, why) : err;
}

static enum hf_err is_there(struct hf_store *store, enum hf_ca_operation row,
                            struct hf_store_value key, bool *found,
                            struct hf_why *why)
{
    enum hf_err err = find(store, row, key, found, why);

    if (err == HF_OK && *found)
        hf_store_end(store, row);
    return err;
}

/* Of its certificate, or else of what its order asked for. */
static enum hf_err hash_key(const struct hf_orphans *orphans,
                            struct hf_span csr, struct hf_orphan *out,
                            struct hf_why *why)
{
    const struct hf_digest *digest = orphans->digest;
    struct hf_x509 certificate;
    struct hf_span spki;

    if (hf_x509_read(out->der, &certificate, NULL) == HF_OK)
        spki = certificate.spki;
    else if (!hf_csr_spki(csr, &spki))
        return HF_OK;
    out->key_hash_len = 32;
    return digest->compute(digest->state, HF_SHA_256, spki, out->key_hash) ==
                   HF_OK
               ? HF_OK
               : hf_fail(why, HF_ECRYPTO, 0, "OpenSSL offers no SHA-256");
}

/* What becomes of it when the order is neither to begin nor has it. */
static void take_order(struct hf_orphan *out, struct hf_span status)
{
    bool waits = hf_span_eq(status, HF_SPAN("processing"));

    out->fate =
        waits && out->der.len > 0 ? HF_ORPHAN_AWAITED : HF_ORPHAN_WITHHELD;
    out->reason =
        hf_span_eq(status, HF_SPAN("invalid")) ? CESSATION : SUPERSEDED;
}

/* Has the order gone on without it? */
static enum hf_err ask_order(const struct hf_orphans *orphans,
                             struct hf_orphan *out, struct hf_why *why)
{
    struct hf_store *store = orphans->store;
    struct hf_span csr = {0};
    struct hf_span status;
    bool found = false;
    enum hf_err err =
        find(store, HF_CA_ORDER_GET, hf_store_number(out->order), &found, why);

    if (err != HF_OK)
        return err;
    if (!found) {
        out->order = 0;
        return hash_key(orphans, csr, out, why);
    }
    status = hf_store_get_text(store, HF_CA_ORDER_GET, HF_ORDER_STATUS);
    if (!hf_span_eq(status, HF_SPAN("pending")) &&
        !hf_span_eq(hf_store_get_text(store, HF_CA_ORDER_GET, HF_ORDER_SERIAL),
                    out->serial)) {
        take_order(out, status);
        csr = hf_store_get_text(store, HF_CA_ORDER_GET, HF_ORDER_CSR);
    }
    err = hash_key(orphans, csr, out, why);
    hf_store_end(store, HF_CA_ORDER_GET);
    return err;
}

static enum hf_err look(const struct hf_orphans *orphans, struct hf_orphan *out,
                        struct hf_why *why)
{
    struct hf_store *store = orphans->store;
    bool found = false;
    enum hf_err err = is_there(store, HF_CA_CERT_GET,
                               hf_store_text(out->serial), &found, why);

    out->fate = found ? HF_ORPHAN_TWIN : HF_ORPHAN_LOST;
    if (err != HF_OK || found)
        return err;
    err = ask_order(orphans, out, why);
    if (err == HF_OK)
        err = is_there(store, HF_CA_ACCOUNT_BY_ID,
                       hf_store_number(out->account), &found, why);
    if (err == HF_OK && !found)
        out->account = 0;
    return err;
}

/* ---- adopting ---- */

static struct hf_store_value id_or_null(int64_t id)
{
    struct hf_store_value value = hf_store_number(id);

    if (id == 0)
        value.kind = HF_STORE_NULL;
    return value;
}

static enum hf_err adopt(const struct hf_orphans *orphans,
                         const struct hf_orphan *orphan, struct hf_why *why)
{
    const struct hf_store_value values[] = {
        hf_store_text(orphan->serial),
        id_or_null(orphan->order),
        id_or_null(orphan->account),
        hf_store_blob(orphan->der),
        hf_store_number(orphan->not_before_at),
        hf_store_number(orphan->not_after_at),
        hf_store_number(orphan->shard),
        hf_store_blob((struct hf_span){(const char *)orphan->key_hash,
                                       orphan->key_hash_len}),
        hf_store_number((int64_t)orphan->entry),
        hf_store_blob(
            (struct hf_span){(const char *)orphan->hash, HF_ENTRY_HASH_LEN}),
        hf_store_text(orphans->log)};
    const struct hf_revocation revocation = {.serial = orphan->serial,
                                             .shard = orphan->shard,
                                             .reason = orphan->reason,
                                             .at = orphans->now_at};
    const struct hf_store_value give[] = {hf_store_number(orphan->order),
                                          hf_store_text(orphan->serial)};
    bool did;
    enum hf_err err =
        hf_store_run(orphans->store, HF_CA_CERT_ADD, values, 11, why);

    if (err == HF_OK && orphan->fate == HF_ORPHAN_AWAITED)
        err = hf_store_run(orphans->store, HF_CA_ORDER_GIVE, give, 2, why);
    if (err != HF_OK || orphan->fate != HF_ORPHAN_WITHHELD)
        return err;
    return hf_revocation_do(orphans->store, &revocation, &did, why);
}

/* The first of them, as many as `batch`. */
struct batch {
    struct hf_orphans *orphans;
    size_t count;
};

static enum hf_err work(struct hf_store *store, void *of, struct hf_why *why)
{
    const struct batch *batch = of;
    const struct hf_orphans *orphans = batch->orphans;
    enum hf_err err = HF_OK;

    (void)store;
    for (size_t i = 0; i < batch->count && err == HF_OK; i++) {
        struct hf_orphan *orphan = &batch->orphans->list[i];

        err = look(orphans, orphan, why);
        if (orphans->spares && orphan->fate == HF_ORPHAN_WITHHELD)
            orphan->fate = HF_ORPHAN_LOST;
        if (err == HF_OK && orphans->adopts && orphan->fate != HF_ORPHAN_TWIN)
            err = adopt(orphans, orphan, why);
    }
    return err;
}

static void drop(struct hf_orphans *orphans, size_t count)
{
    for (size_t i = 0; i < count; i++)
        hf_free((void *)(uintptr_t)orphans->list[i].der.ptr);
    orphans->count -= count;
    for (size_t i = 0; i < orphans->count; i++) {
        orphans->list[i] = orphans->list[i + count];
        orphans->list[i].serial.ptr = orphans->list[i].serial_room;
    }
}

static enum hf_err settle(struct hf_orphans *orphans, size_t count,
                          struct hf_why *why)
{
    struct batch batch = {orphans, count};
    enum hf_err err = HF_OK;

    if (count > 0)
        err = hf_store_transact(orphans->store, work, &batch, why);
    for (size_t i = 0; i < count && err == HF_OK; i++)
        err = orphans->tell(orphans->state, &orphans->list[i], why);
    drop(orphans, count);
    return err;
}

enum hf_err hf_orphans_end(struct hf_orphans *orphans, struct hf_why *why)
{
    enum hf_err err = HF_OK;

    while (orphans->count > 0 && err == HF_OK)
        err = settle(orphans,
                     orphans->count < HF_ISSUED_BATCH_MAX ? orphans->count
                                                          : HF_ISSUED_BATCH_MAX,
                     why);
    return err;
}

void hf_orphans_clear(struct hf_orphans *orphans)
{
    drop(orphans, orphans->count);
}

/* Behind those of a whole batch no entry has the certificates of the ones
 * before it. */
enum hf_err hf_orphans_add(struct hf_orphans *orphans,
                           const struct hf_rift *rift, struct hf_why *why)
{
    const struct hf_issued *issued = rift->issued;
    struct hf_orphan *orphan;
    enum hf_err err = HF_OK;

    if (orphans->count == HF_ORPHANS_MAX)
        err = settle(orphans, HF_ISSUED_BATCH_MAX, why);
    if (err != HF_OK)
        return err;
    orphan = &orphans->list[orphans->count++];
    *orphan = (struct hf_orphan){
        .entry = rift->entry,
        .order = issued->order,
        .account = issued->account,
        .not_before_at = issued->not_before_at,
        .not_after_at = issued->not_after_at,
        .shard = hf_serial_shard(issued->octets, issued->len, orphans->shards),
    };
    memcpy(orphan->serial_room, issued->serial.ptr, issued->serial.len);
    orphan->serial = (struct hf_span){orphan->serial_room, issued->serial.len};
    memcpy(orphan->hash, rift->hash.ptr, sizeof(orphan->hash));
    memcpy(orphan->tbs_hash, issued->tbs_hash, sizeof(orphan->tbs_hash));
    return HF_OK;
}

/* ---- certificates ---- */

static struct hf_orphan *find_orphan(struct hf_orphans *orphans, uint64_t entry)
{
    for (size_t i = orphans->count; i > 0; i--)
        if (orphans->list[i - 1].entry == entry)
            return &orphans->list[i - 1];
    return NULL;
}

enum hf_err hf_orphans_note(struct hf_orphans *orphans,
                            const struct hf_entry *entry, struct hf_why *why)
{
    unsigned char hash[HF_HASH_MAX];
    struct hf_orphan *orphan = NULL;
    struct hf_span text, der;
    uint64_t number;
    char *octets;

    if (hf_span_eq(entry->kind, HF_SPAN("certificate")) &&
        hf_issued_read_certificate(entry->body, &number, &text))
        orphan = find_orphan(orphans, number);
    if (orphan == NULL || orphan->der.len > 0)
        return HF_OK;
    der.len = text.len * 3 / 4;
    octets = hf_alloc(der.len, 1);
    if (octets == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    der.ptr = octets;
    if (hf_base64url_decode(text, (unsigned char *)octets) &&
        hf_issued_hash(orphans->digest, der, hash) &&
        memcmp(hash, orphan->tbs_hash, sizeof(orphan->tbs_hash)) == 0)
        orphan->der = der;
    else
        hf_free(octets);
    return HF_OK;
}
