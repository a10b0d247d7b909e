/* SPDX-License-Identifier: Apache-2.0 */
/*
 * remembered.h -- what the register (client/register.h) remembers of a name
 * whose record does not serve: the likely cause. It is evidence; DNS decides.
 */
#pragma once

#include "cli/cli.h"
#include "client/register.h"
#include "holdfast/judge.h"

/* Whose record is missed. */
struct hf_missing {
    struct hf_span name; /* canonical, without "*." */
    bool wildcard;       /* for the names below it, too */
    const struct hf_ca *ca;
    const struct hf_account *account;
    int64_t now_at;
};

/*
 * Put one sentence about the record of `missing` that something happened to
 * last. False, and nothing put, when the register knows of none, or there is
 * no register. Fails never: what cannot be read is not remembered.
 */
bool hf_remembered_put(const struct hf_cli *cli,
                       const struct hf_missing *missing, struct hf_buf *out);

/* The sentence about one row. */
void hf_remembered_put_entry(const struct hf_entry *entry,
                             const struct hf_missing *missing,
                             struct hf_buf *out);
