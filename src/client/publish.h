/* SPDX-License-Identifier: Apache-2.0 */
/*
 * publish.h -- bringing what stands at an owner name to what is wished, by
 * RFC 2136: read, change under the requirement that it still is what was
 * read, and begin again when somebody was faster (REQ CLI-44).
 */
#pragma once

#include "client/wish.h"
#include "dns/primary.h"

struct hf_publish_plan {
    struct hf_primary *primary;
    const struct hf_wire_name *owner;
    const struct hf_wish *wish;
    uint32_t ttl_s;
    bool ttl_counts;  /* else the TTL of what stands there is kept: the
                         records of one name have one TTL (RFC 2181, 5.2) */
    bool dry_run;     /* read only */
    bool follows;     /* an alias, to where this server has authority, too */
    int64_t until_ms; /* hf_clock_ms() when to stop beginning again */
};

struct hf_publish_result {
    struct hf_wire_name zone;
    struct hf_wish_view before; /* what was there */
    uint32_t ttl_s;             /* of the records now */
    bool changed;               /* or would be, in a dry run */
    unsigned attempts;          /* messages that somebody was faster than */
};

/*
 * Fails: HF_EPEER with a sentence (the server refuses; an alias or a wildcard
 * is in the way), HF_ETIMEOUT, HF_ESYSTEM, HF_ECANCELED, HF_ELIMIT, HF_ENOMEM,
 * HF_ECRYPTO, HF_ESYNTAX. When the connection broke, the change may have
 * happened.
 */
enum hf_err hf_publish(const struct hf_publish_plan *plan,
                       struct hf_publish_result *out, struct hf_why *why);
