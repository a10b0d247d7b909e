/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/kept_list.h"

#include <limits.h>
#include <stdio.h>

#include "crypto/signed.h"
#include "os/file.h"

static bool put_path(const char *folder, uint32_t shard, char out[PATH_MAX])
{
    char room[HF_X509_SHARD_MAX];
    struct hf_span name = hf_x509_shard(shard, room);
    int n = snprintf(out, PATH_MAX, "%s/%.*s", folder, (int)name.len, name.ptr);

    return n > 0 && n < PATH_MAX;
}

enum hf_err hf_kept_list_put(const char *folder, uint32_t shard,
                             struct hf_span der, struct hf_why *why)
{
    char path[PATH_MAX];

    return put_path(folder, shard, path)
               ? hf_file_replace_path(path, der, why)
               : hf_fail(why, HF_ELIMIT, 0, "path too long");
}

enum hf_err hf_kept_list_read(const char *folder, uint32_t shard,
                              struct hf_span issuer, struct hf_buf *room,
                              struct hf_crl_read *out, struct hf_why *why)
{
    char path[PATH_MAX];
    enum hf_err err;

    hf_buf_reset(room);
    if (!put_path(folder, shard, path))
        return hf_fail(why, HF_ELIMIT, 0, "path too long");
    err = hf_file_read(path, room, why);
    if (err == HF_OK && !hf_signed_crl(hf_buf_span(room), issuer))
        err = hf_fail(why, HF_EINVAL, 0,
                      "this list is not signed by the issuing CA");
    return err == HF_OK ? hf_crl_read(hf_buf_span(room), out, why) : err;
}
