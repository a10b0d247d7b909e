/* SPDX-License-Identifier: Apache-2.0 */
/*
 * account.json as anybody might have left it: whatever is read of it can be
 * written again, and is then the same.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "client/account.h"
#include "holdfast/hashed_uri.h"
#include "os/file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char folder[64];

static void remove_folder(void)
{
    char path[96];

    (void)snprintf(path, sizeof(path), "%s/account.json", folder);
    (void)unlink(path);
    (void)rmdir(folder);
}

static void make_folder(void)
{
    (void)snprintf(folder, sizeof(folder), "/tmp/hf-fuzz-account-XXXXXX");
    if (mkdtemp(folder) == NULL || atexit(remove_folder) != 0)
        abort();
}

static void compare(const struct hf_account_file *a,
                    const struct hf_account_file *b)
{
    assert(hf_span_eq(a->url, b->url));
    assert(hf_span_eq(a->directory, b->directory));
    assert(hf_span_eq(a->contact, b->contact));
    assert(hf_span_eq(a->thumbprint, b->thumbprint));
    assert(hf_span_eq(a->next, b->next));
    assert(hf_span_eq(a->passphrase.command, b->passphrase.command));
    assert(a->prior_count == b->prior_count);
    assert(a->plaintext == b->plaintext);
    assert(a->created_at == b->created_at);
    for (size_t i = 0; i < a->prior_count; i++)
        assert(hf_span_eq(a->prior[i], b->prior[i]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hf_account_file first;
    struct hf_account_file second;
    char path[96];

    if (folder[0] == '\0')
        make_folder();
    (void)snprintf(path, sizeof(path), "%s/account.json", folder);
    if (hf_file_replace_path(path, (struct hf_span){(const char *)data, size},
                             NULL) != HF_OK ||
        hf_account_file_read(folder, &first, NULL) != HF_OK)
        return 0;
    assert(hf_thumbprint_is_valid(first.thumbprint));
    assert(first.prior_count <= HF_ACCOUNT_PRIOR_MAX);
    /* Escaped it may be longer than a file may be. */
    if (hf_account_file_write(folder, &first, NULL) == HF_OK) {
        assert(hf_account_file_read(folder, &second, NULL) == HF_OK);
        compare(&first, &second);
        hf_account_file_clear(&second);
    }
    hf_account_file_clear(&first);
    return 0;
}
