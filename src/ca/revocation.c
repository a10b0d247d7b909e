/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/revocation.h"

#define SOON_S 2 /* several revocations share a list */

enum hf_err hf_revocation_do(struct hf_store *store,
                             const struct hf_revocation *revocation, bool *did,
                             struct hf_why *why)
{
    const struct hf_store_value revoke[] = {
        hf_store_text(revocation->serial), hf_store_number(revocation->at),
        hf_store_number(revocation->reason)};
    const struct hf_store_value due[] = {
        hf_store_number(revocation->shard),
        hf_store_number(revocation->at + SOON_S)};
    const struct hf_store_value block[] = {hf_store_blob(revocation->key_hash),
                                           hf_store_number(revocation->at),
                                           hf_store_text(revocation->serial)};
    enum hf_err err = hf_store_run(store, HF_CA_CERT_REVOKE, revoke, 3, why);

    if (err != HF_OK)
        return err;
    *did = hf_store_changed(store) > 0;
    if (!*did && revocation->reason == HF_REVOKED_KEY_COMPROMISE) {
        err = hf_store_run(store, HF_CA_CERT_COMPROMISED, revoke, 1, why);
        *did = err == HF_OK && hf_store_changed(store) > 0;
    }
    if (!*did)
        return err;
    err = hf_store_run(store, HF_CA_CRL_DUE, due, 2, why);
    if (err == HF_OK && revocation->reason == HF_REVOKED_KEY_COMPROMISE)
        err = hf_store_run(store, HF_CA_BLOCK_ADD, block, 3, why);
    return err;
}
