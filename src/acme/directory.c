/* SPDX-License-Identifier: Apache-2.0 */
#include "acme/directory.h"

#include "acme/document.h"
#include "base/alloc.h"
#include "holdfast/idna.h"

/* Everything that a directory points into. */
struct memory {
    json_t *root;
    char *text;
    struct hf_span *lists;
    struct hf_name *names; /* caaIdentities after normalisation */
};

/* REQ DIR-05: caaIdentities are compared after normalisation; a list with an
 * entry that cannot be normalised is as good as none. */
static struct hf_names identities(struct hf_names raw, struct hf_name *names,
                                  struct hf_span *room)
{
    for (size_t i = 0; i < raw.count; i++) {
        if (raw.list[i].ptr == NULL ||
            hf_idna_canonical(raw.list[i], &names[i], NULL) != HF_OK)
            return (struct hf_names){.field = HF_FIELD_ABSENT};
        room[i] = hf_name_span(&names[i]);
    }
    if (raw.count == 0)
        return (struct hf_names){.field = HF_FIELD_ABSENT};
    raw.list = room;
    return raw;
}

static enum hf_err read_meta(const json_t *meta, struct memory *memory,
                             struct hf_directory *out)
{
    size_t caa_count = hf_document_size(meta, "caaIdentities");
    size_t count =
        hf_document_size(meta, "issuerDomainNames") + 2 * caa_count + 1;
    struct hf_span *room = hf_alloc(count, sizeof(*room));
    struct hf_names raw;

    memory->lists = room;
    memory->names = hf_alloc(caa_count + 1, sizeof(*memory->names));
    if (memory->lists == NULL || memory->names == NULL)
        return HF_ENOMEM;
    out->terms = hf_document_string(meta, "termsOfService");
    out->website = hf_document_string(meta, "website");
    out->eab_required =
        json_is_true(hf_document_member(meta, "externalAccountRequired"));
    out->subdomains =
        json_is_true(hf_document_member(meta, "subdomainAuthAllowed"));
    out->meta.prefix = hf_document_text(meta, "accountHashPrefix");
    out->meta.issuers = hf_document_names(meta, "issuerDomainNames", &room);
    raw = hf_document_names(meta, "caaIdentities", &room);
    out->meta.caa_identities = identities(raw, memory->names, room);
    return HF_OK;
}

static void read_profiles(const json_t *meta, struct hf_directory *out)
{
    const json_t *profiles = hf_document_member(meta, "profiles");
    const char *name;
    json_t *value;

    /* jansson's iterator wants an object that it could change. */
    json_object_foreach((json_t *)(uintptr_t)profiles, name, value)
    {
        if (out->profile_count == HF_PROFILES_MAX)
            return;
        out->profiles[out->profile_count++] = (struct hf_profile){
            .name = hf_span_str(name),
            .description = {json_string_value(value),
                            json_string_length(value)},
        };
    }
}

static enum hf_err read_all(struct hf_span text, struct memory *memory,
                            struct hf_directory *out, struct hf_why *why)
{
    enum hf_err err = hf_document_read(text, &memory->root, why);
    const json_t *root = memory->root;
    const json_t *meta = hf_document_member(root, "meta");

    if (err != HF_OK)
        return err;
    memory->text = hf_alloc(text.len, 1);
    if (memory->text == NULL || read_meta(meta, memory, out) != HF_OK)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    memcpy(memory->text, text.ptr, text.len);
    out->text = (struct hf_span){memory->text, text.len};
    out->new_nonce = hf_document_string(root, "newNonce");
    out->new_account = hf_document_string(root, "newAccount");
    out->new_order = hf_document_string(root, "newOrder");
    out->revoke_cert = hf_document_string(root, "revokeCert");
    out->key_change = hf_document_string(root, "keyChange");
    out->renewal_info = hf_document_string(root, "renewalInfo");
    read_profiles(meta, out);
    if (out->new_nonce.len == 0 || out->new_account.len == 0 ||
        out->new_order.len == 0)
        return hf_fail(why, HF_EINVAL, 0,
                       "RFC 8555 7.1.1: this is no ACME directory: newNonce, "
                       "newAccount or newOrder is missing");
    return HF_OK;
}

enum hf_err hf_directory_read(struct hf_span text, struct hf_directory *out,
                              struct hf_why *why)
{
    struct hf_directory directory = {0};
    struct memory *memory = hf_alloc(1, sizeof(*memory));
    enum hf_err err;

    if (memory == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    directory.memory = memory;
    err = read_all(text, memory, &directory, why);
    if (err == HF_OK)
        *out = directory;
    else
        hf_directory_clear(&directory);
    return err;
}

void hf_directory_clear(struct hf_directory *directory)
{
    struct memory *memory = directory->memory;

    if (memory != NULL) {
        json_decref(memory->root);
        hf_free(memory->text);
        hf_free(memory->lists);
        hf_free(memory->names);
        hf_free(memory);
    }
    *directory = (struct hf_directory){0};
}
