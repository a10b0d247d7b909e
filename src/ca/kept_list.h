/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kept_list.h -- the last list of revoked certificates of each shard, which the
 * issuer keeps beside its log of evidence, as "N.crl": signed, so whoever has
 * the folder has all that clients were told, whatever becomes of the tables.
 */
#pragma once

#include "crypto/crl.h"
#include "holdfast/buf.h"

/* Octets of a list. */
#define HF_KEPT_LIST_MAX ((size_t)16 << 20)

/* In the place of the one before. Fails: as hf_file_replace_path(). */
enum hf_err hf_kept_list_put(const char *folder, uint32_t shard,
                             struct hf_span der, struct hf_why *why);

/*
 * Read one, instead of what is in `room`, which grows; `*out` points into that.
 * Fails: HF_ENOTFOUND (there is none), HF_EINVAL (it is not signed by the CA of
 *        this certificate), or as hf_file_read() or hf_crl_read().
 */
enum hf_err hf_kept_list_read(const char *folder, uint32_t shard,
                              struct hf_span issuer, struct hf_buf *room,
                              struct hf_crl_read *out, struct hf_why *why);
