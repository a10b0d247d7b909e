/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#include "dns/update.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ID  0x1234
#define NOW 1790000000

/* The first octet says whether the request was signed; octets 0 and 1 of the
 * answer are its id, which the fuzzer need not guess. Without the secret
 * nothing but an error is ever believed of a signed exchange. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hf_tsig_key *key = NULL;
    struct hf_update *update = NULL;
    enum hf_update_answer answer = 0;
    struct hf_why why = {0};
    struct hf_wire_name zone;
    struct hf_span request;
    bool is_signed = size > 0 && (data[0] & 1) != 0;
    size_t len = size > 0 ? size - 1 : 0;
    char *copy = malloc(len + 1);
    enum hf_err err;

    assert(copy != NULL);
    if (len > 0)
        memcpy(copy, data + 1, len);
    if (len >= 2) {
        copy[0] = ID >> 8;
        copy[1] = ID & 0xff;
    }
    hf_wire_name_from(HF_SPAN("example"), &zone);
    err = is_signed
              ? hf_tsig_key_parse(HF_SPAN("k.example:c2VjcmV0"), &key, NULL)
              : HF_OK;
    if (err == HF_OK)
        err = hf_update_new(&zone, key, ID, &update, NULL);
    if (err == HF_OK)
        err = hf_update_ask(update, NOW, &request, NULL);
    assert(err == HF_OK);
    err =
        hf_update_take(update, (struct hf_span){copy, len}, NOW, &answer, &why);
    assert(err == HF_OK ? !is_signed : why.text != NULL);
    hf_update_free(update);
    hf_tsig_key_free(key);
    free(copy);
    return 0;
}
