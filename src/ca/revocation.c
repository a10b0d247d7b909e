/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/revocation.h"

#include "base/hex.h"

#define SOON_S 2 /* several revocations share a list */

/* ---- doing it ---- */

/* What goes with the mark. */
static enum hf_err follow(struct hf_store *store,
                          const struct hf_revocation *revocation,
                          struct hf_why *why)
{
    const struct hf_store_value due[] = {
        hf_store_number(revocation->shard),
        hf_store_number(revocation->at + SOON_S)};
    const struct hf_store_value wait[] = {hf_store_text(revocation->serial),
                                          hf_store_number(revocation->at),
                                          hf_store_number(revocation->reason)};
    const struct hf_store_value block[] = {hf_store_blob(revocation->key_hash),
                                           hf_store_number(revocation->at),
                                           hf_store_text(revocation->serial)};
    enum hf_err err = hf_store_run(store, HF_CA_CRL_DUE, due, 2, why);

    if (err == HF_OK && !revocation->is_logged)
        err = hf_store_run(store, HF_CA_UNLOGGED_ADD, wait, 3, why);
    if (err == HF_OK && revocation->reason == HF_REVOKED_KEY_COMPROMISE &&
        revocation->key_hash.len > 0)
        err = hf_store_run(store, HF_CA_BLOCK_ADD, block, 3, why);
    return err;
}

enum hf_err hf_revocation_do(struct hf_store *store,
                             const struct hf_revocation *revocation, bool *did,
                             struct hf_why *why)
{
    const struct hf_store_value revoke[] = {
        hf_store_text(revocation->serial), hf_store_number(revocation->at),
        hf_store_number(revocation->reason)};
    enum hf_err err = hf_store_run(store, HF_CA_CERT_REVOKE, revoke, 3, why);

    if (err != HF_OK)
        return err;
    *did = hf_store_changed(store) > 0;
    if (!*did && revocation->reason == HF_REVOKED_KEY_COMPROMISE) {
        err = hf_store_run(store, HF_CA_CERT_COMPROMISED, revoke, 1, why);
        *did = err == HF_OK && hf_store_changed(store) > 0;
    }
    return *did ? follow(store, revocation, why) : err;
}

/* ---- looking first ---- */

/* Of the row that was found. */
static enum hf_revocation_state state_of(struct hf_store *store, int64_t reason)
{
    if (hf_store_is_null(store, HF_CA_CERT_GET, HF_CERT_REVOKED_AT))
        return HF_REVOCATION_OPEN;
    return reason == HF_REVOKED_KEY_COMPROMISE &&
                   hf_store_get_number(store, HF_CA_CERT_GET, HF_CERT_REASON) !=
                       reason
               ? HF_REVOCATION_OPEN
               : HF_REVOCATION_DONE;
}

/* What the row has is filled in; the hash of its key is in `room` then. */
static enum hf_err find(struct hf_store *store,
                        struct hf_revocation *revocation,
                        char room[HF_HASH_MAX], enum hf_revocation_state *out,
                        struct hf_why *why)
{
    const struct hf_store_value value = hf_store_text(revocation->serial);
    struct hf_span hash;
    bool found = false;
    enum hf_err err = hf_store_start(store, HF_CA_CERT_GET, &value, 1, why);

    if (err == HF_OK)
        err = hf_store_next(store, HF_CA_CERT_GET, &found, why);
    if (err != HF_OK)
        return err;
    *out = HF_REVOCATION_UNKNOWN;
    if (!found)
        return HF_OK;
    *out = state_of(store, revocation->reason);
    revocation->shard =
        hf_store_get_number(store, HF_CA_CERT_GET, HF_CERT_SHARD);
    hash = hf_store_get_text(store, HF_CA_CERT_GET, HF_CERT_KEY_HASH);
    if (hash.len > 0 && hash.len <= HF_HASH_MAX) {
        memcpy(room, hash.ptr, hash.len);
        revocation->key_hash = (struct hf_span){room, hash.len};
    }
    hf_store_end(store, HF_CA_CERT_GET);
    return HF_OK;
}

enum hf_err hf_revocation_find_and_do(struct hf_store *store,
                                      const struct hf_revocation *revocation,
                                      enum hf_revocation_state *out,
                                      struct hf_why *why)
{
    struct hf_revocation whole = *revocation;
    char room[HF_HASH_MAX];
    bool did;
    enum hf_err err = find(store, &whole, room, out, why);

    return err == HF_OK && *out == HF_REVOCATION_OPEN
               ? hf_revocation_do(store, &whole, &did, why)
               : err;
}

/* ---- as it was said ---- */

/* The serial number's text is in `hex`. */
static struct hf_revocation read_said(const struct hf_revoked *revoked,
                                      char hex[2 * HF_X509_SERIAL_MAX])
{
    hf_hex(revoked->serial, revoked->serial_len, hex);
    return (struct hf_revocation){
        .serial = {hex, 2 * (size_t)revoked->serial_len},
        .reason = revoked->reason,
        .at = revoked->at};
}

enum hf_err hf_revocation_look(struct hf_store *store,
                               const struct hf_revoked *revoked,
                               enum hf_revocation_state *out,
                               struct hf_why *why)
{
    char hex[2 * HF_X509_SERIAL_MAX];
    char room[HF_HASH_MAX];
    struct hf_revocation revocation = read_said(revoked, hex);

    return find(store, &revocation, room, out, why);
}

enum hf_err hf_revocation_again(struct hf_store *store,
                                const struct hf_revoked *revoked,
                                bool is_logged, enum hf_revocation_state *out,
                                struct hf_why *why)
{
    char hex[2 * HF_X509_SERIAL_MAX];
    struct hf_revocation revocation = read_said(revoked, hex);

    revocation.is_logged = is_logged;
    return hf_revocation_find_and_do(store, &revocation, out, why);
}
