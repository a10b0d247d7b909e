/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <string.h>

#include "crypto/key_note.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is read from a note and written again says the same when it is read
 * again. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct hf_span text = {(const char *)data, size};
    static unsigned char octets[2][HF_TPM2_NOTE_MAX];
    struct hf_tpm2_note note;
    struct hf_tpm2_note again;
    static char room[3][2 * HF_TPM2_NOTE_MAX];
    struct hf_buf uri;
    struct hf_buf pem;
    struct hf_buf out;

    hf_buf_init(&uri, room[0], sizeof(room[0]));
    hf_buf_init(&pem, room[1], sizeof(room[1]));
    hf_buf_init(&out, room[2], sizeof(room[2]));
    (void)hf_key_note_has_auth(text);
    if (hf_key_note_read_uri(text, &uri, NULL) == HF_OK) {
        assert(uri.len <= HF_TOKEN_URI_MAX);
        assert(hf_key_note_write_uri(hf_buf_span(&uri), &pem, NULL) == HF_OK);
        assert(hf_key_note_read_uri(hf_buf_span(&pem), &out, NULL) == HF_OK);
        assert(hf_span_eq(hf_buf_span(&uri), hf_buf_span(&out)));
    }
    if (hf_key_note_read_tpm2(text, octets[0], &note, NULL) == HF_OK) {
        hf_buf_reset(&pem);
        assert(hf_key_note_write_tpm2(&note, &pem, NULL) == HF_OK);
        assert(hf_key_note_read_tpm2(hf_buf_span(&pem), octets[1], &again,
                                     NULL) == HF_OK);
        assert(hf_span_eq(note.public, again.public));
        assert(hf_span_eq(note.private, again.private));
        assert(note.has_auth == again.has_auth && note.parent == again.parent);
    }
    return 0;
}
