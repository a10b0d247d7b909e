/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/octets.h"
#include "dns/transfer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ID 0x1234

/* Octets 0 and 1 of a message are its id: the fuzzer need not guess it. */
static enum hf_err take(struct hf_transfer *transfer, struct hf_span octets,
                        bool *done)
{
    struct hf_why why = {0};
    char *copy = malloc(octets.len + 1);
    enum hf_err err;

    assert(copy != NULL);
    if (octets.len > 0)
        memcpy(copy, octets.ptr, octets.len);
    if (octets.len >= 2) {
        copy[0] = ID >> 8;
        copy[1] = ID & 0xff;
    }
    err = hf_transfer_take(transfer, (struct hf_span){copy, octets.len},
                           1790000000, done, &why);
    assert(err == HF_OK || why.text != NULL);
    free(copy);
    return err;
}

/* Messages with two octets of length each. Nothing is given out unless the
 * transfer is complete; without the secret a signed one never is. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hf_span rest = {(const char *)data, size};
    struct hf_transfer_plan plan = {.serial = 4};
    struct hf_transfer *transfer = NULL;
    struct hf_tsig_key *key = NULL;
    struct hf_zone_record record;
    enum hf_transfer_act act;
    struct hf_wire_name zone;
    struct hf_span octets;
    uint64_t mode = 0;
    bool done = false;
    bool more = false;
    enum hf_err err = hf_wire_name_parse(HF_SPAN("example"), &zone, NULL);

    assert(err == HF_OK);
    (void)hf_take_number(&rest, 1, &mode);
    plan.zone = &zone;
    plan.incremental = (mode & 1) != 0;
    if ((mode & 2) != 0)
        err = hf_tsig_key_parse(HF_SPAN("k.example:c2VjcmV0"), &key, NULL);
    plan.key = key;
    if (err == HF_OK)
        err = hf_transfer_new(&plan, ID, &transfer, NULL);
    assert(err == HF_OK);
    while (err == HF_OK && !done && hf_take_text(&rest, UINT16_MAX, &octets))
        err = take(transfer, octets, &done);
    assert(!done || key == NULL);
    do {
        err = hf_transfer_next(transfer, &record, &act, &more, NULL);
        assert(done ? err == HF_OK : err == HF_EINVAL);
    } while (err == HF_OK && more);
    hf_transfer_free(transfer);
    hf_tsig_key_free(key);
    return 0;
}
