/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/identifier.h"

#include "acme/document.h"
#include "holdfast/client.h"
#include "names/ip.h"

static enum hf_trouble refuse(const char **detail, enum hf_trouble trouble,
                              const char *sentence)
{
    *detail = sentence;
    return trouble;
}

/* A certificate with this name would be refused by all who look at that of its
 * issuer (RFC 5280 4.2.1.10). */
static enum hf_trouble constrain(const struct hf_identifier *name,
                                 const struct hf_ca_settings *settings,
                                 struct hf_arena *arena, const char **detail)
{
    char room[HF_CONSTRAINTS_SAID_MAX];
    struct hf_buf said;
    struct hf_span kept;

    hf_buf_init(&said, room, sizeof(room));
    if (!hf_constraints_refuse_text(&settings->constraints, name->whole,
                                    name->is_ip, &said))
        return HF_TROUBLE_NONE;
    kept = hf_arena_copy(arena, hf_buf_span(&said));
    return refuse(detail, HF_TROUBLE_REJECTED_IDENTIFIER,
                  kept.ptr == NULL ? "not permitted to this CA" : kept.ptr);
}

/* ---- addresses ---- */

static enum hf_trouble read_ip(struct hf_span text,
                               const struct hf_ca_settings *settings,
                               struct hf_arena *arena,
                               struct hf_identifier *out, const char **detail)
{
    char room[HF_IP_TEXT_MAX];
    uint8_t address[16];
    struct hf_buf canonical;
    size_t len;

    if (!hf_ip_parse(text, address, &len))
        return refuse(detail, HF_TROUBLE_MALFORMED,
                      "no IPv4 or IPv6 address (RFC 8738 3)");
    if (!settings->internal_names &&
        hf_identifier_decide_ip(address, len) == HF_REFUSE)
        return refuse(detail, HF_TROUBLE_REJECTED_IDENTIFIER,
                      "an address of no public network (BR 7.1.2.7.12)");
    hf_buf_init(&canonical, room, sizeof(room));
    hf_ip_put(&canonical, address, len);
    out->is_ip = true;
    out->value = hf_arena_copy(arena, hf_buf_span(&canonical));
    out->whole = out->value;
    return constrain(out, settings, arena, detail);
}

/* ---- host names ---- */

static enum hf_trouble decide(struct hf_span name, bool wildcard,
                              const struct hf_ca_settings *settings,
                              const char **detail)
{
    struct hf_span base = hf_suffixes_base(settings->suffixes, name);
    bool known = hf_suffixes_knows(settings->suffixes, name);

    if (settings->internal_names && !known)
        return HF_TROUBLE_NONE;
    if (base.len == 0)
        return refuse(detail, HF_TROUBLE_REJECTED_IDENTIFIER,
                      wildcard ? "a wildcard of a public suffix (BR 3.2.2.6)"
                               : "a public suffix (BR 3.2.2.6)");
    if (!known)
        return refuse(detail, HF_TROUBLE_REJECTED_IDENTIFIER,
                      "an internal name: its top-level domain is not public "
                      "(BR 7.1.2.7.12)");
    if (hf_identifier_decide(name, wildcard, base, known) == HF_REFUSE)
        return refuse(detail, HF_TROUBLE_REJECTED_IDENTIFIER,
                      "no name that may be in a certificate (BR 7.1.2.7.12)");
    return HF_TROUBLE_NONE;
}

/*
 * RFC 9444, section 4.3. REQ SCOPE-02: a proper suffix of the name on a label's
 * boundary, where of *.NAME the star is a label. REQ SCOPE-08: not above the
 * registrable name.
 */
static enum hf_trouble read_ancestor(const struct json_t *json,
                                     const struct hf_ca_settings *settings,
                                     struct hf_arena *arena,
                                     struct hf_identifier *out,
                                     const char **detail)
{
    const json_t *member = hf_document_member(json, "ancestorDomain");
    struct hf_span text = hf_document_string(json, "ancestorDomain");
    struct hf_name name;

    if (member == NULL || !settings->subdomains)
        return HF_TROUBLE_NONE;
    if (out->is_ip)
        return refuse(detail, HF_TROUBLE_MALFORMED,
                      "an address has no \"ancestorDomain\" (RFC 9444 4.3)");
    if (hf_name_parse(text, &name, NULL) != HF_OK || name.len != text.len)
        return refuse(detail, HF_TROUBLE_MALFORMED,
                      "\"ancestorDomain\" is no host name: A-labels, without a "
                      "dot at the end");
    text = hf_name_span(&name);
    if (!hf_name_is_below(out->value, text) &&
        !(out->wildcard && hf_span_eq(out->value, text)))
        return refuse(detail, HF_TROUBLE_MALFORMED,
                      "\"ancestorDomain\" is no ancestor of the name (RFC 9444 "
                      "4.3)");
    if (text.len < hf_suffixes_base(settings->suffixes, out->value).len)
        return refuse(detail, HF_TROUBLE_REJECTED_IDENTIFIER,
                      "\"ancestorDomain\" is a public suffix, or above one: "
                      "nobody shows control of that (BR 3.2.2.4)");
    out->ancestor = hf_arena_copy(arena, text);
    return HF_TROUBLE_NONE;
}

static enum hf_trouble read_dns(struct hf_span text,
                                const struct hf_ca_settings *settings,
                                struct hf_arena *arena,
                                struct hf_identifier *out, const char **detail)
{
    struct hf_span rest = text;
    struct hf_name name;
    struct hf_name owner;
    char whole[HF_NAME_MAX + 2];
    uint8_t address[16];
    size_t len;
    enum hf_trouble trouble;

    out->wildcard = hf_name_take_star(&rest);
    if (hf_name_parse(rest, &name, NULL) != HF_OK || name.len != rest.len)
        return refuse(detail, HF_TROUBLE_MALFORMED,
                      "no host name: A-labels of letters, digits and hyphens, "
                      "without a dot at the end, one `*.` at most before it");
    if (hf_ip_parse(rest, address, &len))
        return refuse(detail, HF_TROUBLE_MALFORMED,
                      "an address is an identifier of the type \"ip\"");
    if (hf_owner_of_name(hf_name_span(&name), &owner, NULL) != HF_OK)
        return refuse(detail, HF_TROUBLE_REJECTED_IDENTIFIER,
                      "so long that no validation record can stand below it");
    trouble = decide(hf_name_span(&name), out->wildcard, settings, detail);
    if (trouble != HF_TROUBLE_NONE)
        return trouble;
    len = out->wildcard ? 2 : 0;
    memcpy(whole, "*.", 2);
    memcpy(whole + len, name.text, name.len);
    out->whole = hf_arena_copy(arena, (struct hf_span){whole, len + name.len});
    out->value = (struct hf_span){out->whole.ptr + len, name.len};
    return constrain(out, settings, arena, detail);
}

enum hf_trouble hf_identifier_read(const struct json_t *json,
                                   const struct hf_ca_settings *settings,
                                   struct hf_arena *arena,
                                   struct hf_identifier *out,
                                   const char **detail)
{
    struct hf_span type = hf_document_string(json, "type");
    struct hf_span value = hf_document_string(json, "value");
    enum hf_trouble trouble;

    *out = (struct hf_identifier){.whole = value};
    if (out->whole.len > HF_NAME_MAX)
        out->whole.len = HF_NAME_MAX;
    if (value.len == 0)
        return refuse(detail, HF_TROUBLE_MALFORMED,
                      "an identifier has a \"type\" and a \"value\"");
    if (hf_span_eq(type, HF_SPAN("dns")))
        trouble = read_dns(value, settings, arena, out, detail);
    else if (hf_span_eq(type, HF_SPAN("ip")))
        trouble = read_ip(value, settings, arena, out, detail);
    else
        trouble = refuse(detail, HF_TROUBLE_UNSUPPORTED_IDENTIFIER,
                         "identifiers are of the type \"dns\" or \"ip\"");
    return trouble == HF_TROUBLE_NONE
               ? read_ancestor(json, settings, arena, out, detail)
               : trouble;
}

int hf_identifier_cmp(const void *a, const void *b)
{
    const struct hf_identifier *left = a;
    const struct hf_identifier *right = b;

    if (left->is_ip != right->is_ip)
        return left->is_ip ? 1 : -1;
    return hf_span_cmp(left->whole, right->whole);
}

bool hf_identifier_eq(const struct hf_identifier *a,
                      const struct hf_identifier *b)
{
    return a->is_ip == b->is_ip && hf_span_eq(a->whole, b->whole);
}
