/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A table of CAs as anybody might have written it (--ca-file): an entry that
 * is taken keeps the rules of data/cas.json.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/cas.h"
#include "holdfast/name.h"
#include "os/file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char path[] = "/tmp/hf-fuzz-cas-XXXXXX";

static void remove_file(void)
{
    (void)unlink(path);
}

static void make_file(void)
{
    int fd = mkstemp(path);

    if (fd < 0 || atexit(remove_file) != 0)
        abort();
    (void)close(fd);
}

static void check(const struct hf_cas *cas, const struct hf_ca_entry *entry)
{
    struct hf_span name = hf_span_str(entry->name);

    assert(name.len > 0 && hf_cas_find(cas, name) != NULL);
    assert(hf_ca_state_text(entry->state) != NULL);
    (void)hf_ca_url_fits(entry, HF_SPAN("https://ca.example/acct/1"));
    assert(entry->issuer_count <= HF_ISSUERS_MAX);
    for (size_t i = 0; i < entry->issuer_count; i++) {
        struct hf_span issuer = hf_span_str(entry->issuers[i]);

        assert(hf_name_is_canonical(issuer));
        assert(hf_cas_find_issuer(cas, issuer) != NULL);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool is_made;
    struct hf_why why = {0};
    struct hf_cas *cas;

    if (!is_made)
        make_file();
    is_made = true;
    if (hf_file_replace_path(path, (struct hf_span){(const char *)data, size},
                             NULL) != HF_OK)
        return 0;
    if (hf_cas_load(path, &cas, &why) != HF_OK) {
        assert(why.text != NULL);
        return 0;
    }
    for (size_t i = 0; i < hf_cas_count(cas); i++)
        check(cas, hf_cas_at(cas, i));
    hf_cas_free(cas);
    return 0;
}
