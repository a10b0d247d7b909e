/* SPDX-License-Identifier: Apache-2.0 */
/* What clients want certificates for, and how they call them: whatever is
 * accepted is canonical, and is accepted again as it was written down. */
#include <assert.h>
#include <jansson.h>

#include "ca/cert_id.h"
#include "ca/identifier.h"
#include "holdfast/name.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct hf_suffixes *suffixes;
static struct hf_ca_settings settings = {.internal_names = true,
                                         .subdomains = true};

static enum hf_trouble read_again(const struct hf_identifier *from,
                                  struct hf_arena *arena,
                                  struct hf_identifier *to)
{
    json_t *json = json_pack("{s:s, s:s%}", "type", from->is_ip ? "ip" : "dns",
                             "value", from->whole.ptr, from->whole.len);
    const char *detail;
    enum hf_trouble trouble =
        hf_identifier_read(json, &settings, arena, to, &detail);

    json_decref(json);
    return trouble;
}

static void read_one(const json_t *json, struct hf_arena *arena)
{
    struct hf_identifier name;
    struct hf_identifier again;
    const char *detail = NULL;

    if (hf_identifier_read(json, &settings, arena, &name, &detail) !=
        HF_TROUBLE_NONE) {
        assert(detail != NULL);
        return;
    }
    assert(name.value.len > 0 && name.whole.len >= name.value.len);
    assert(name.is_ip || hf_name_is_canonical(name.value));
    assert(name.ancestor.len == 0 ||
           (hf_name_is_canonical(name.ancestor) &&
            (name.wildcard ? hf_span_ends(name.value, name.ancestor)
                           : hf_name_is_below(name.value, name.ancestor))));
    assert(read_again(&name, arena, &again) == HF_TROUBLE_NONE);
    assert(hf_identifier_eq(&name, &again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hf_span text = {(const char *)data, size};
    struct hf_arena arena;
    struct hf_span serial;
    json_t *json;

    if (suffixes == NULL && hf_suffixes_load(NULL, &suffixes, NULL) != HF_OK)
        return 0;
    settings.suffixes = suffixes;
    hf_arena_init(&arena, (size_t)1 << 20);
    if (hf_cert_id_read(&arena, text, HF_SPAN("key"), &serial))
        assert(serial.len > 0 && serial.len % 2 == 0);
    json = json_loadb(text.ptr, text.len, JSON_REJECT_DUPLICATES, NULL);
    if (json != NULL)
        read_one(json, &arena);
    json_decref(json);
    hf_arena_clear(&arena);
    return 0;
}
