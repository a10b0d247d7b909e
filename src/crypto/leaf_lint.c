/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/leaf_lint.h"

#include "holdfast/name.h"
#include "holdfast/reuse.h"
#include "names/ip.h"

#define DAY_S          86400
#define SERIAL_MIN     8 /* octets: 64 bits of a generator (BR 7.1) */
#define SHORT_LIVED_S  ((int64_t)7 * DAY_S) /* BR 1.6.1, from 2026-03-15 */
#define NAMES_MAX      1000
#define DNS_NAME       HF_DER_IMPLICIT(2)
#define IP_ADDRESS     HF_DER_IMPLICIT(7)
#define EMPTY_SEQUENCE HF_SPAN("\x30\x00")

/* ---- names ---- */

/* Address ranges of which no public CA certifies any: not global in IANA's
 * registries of special purposes (BR 4.2.2). */
static const struct {
    uint8_t octets[16];
    uint8_t len;
    uint8_t bits;
} reserved[] = {
    {{0}, 4, 8},
    {{10}, 4, 8},
    {{100, 64}, 4, 10},
    {{127}, 4, 8},
    {{169, 254}, 4, 16},
    {{172, 16}, 4, 12},
    {{192, 0, 0}, 4, 24},
    {{192, 0, 2}, 4, 24},
    {{192, 88, 99}, 4, 24},
    {{192, 168}, 4, 16},
    {{198, 18}, 4, 15},
    {{198, 51, 100}, 4, 24},
    {{203, 0, 113}, 4, 24},
    {{224}, 4, 3},                      /* multicast and above */
    {{0}, 16, 8},                       /* ::, ::1, IPv4 inside */
    {{0x01}, 16, 8},                    /* 100::/64 */
    {{0x00, 0x64, 0xff, 0x9b}, 16, 32}, /* translation */
    {{0x20, 0x01, 0x00}, 16, 23},       /* 2001::/23 */
    {{0x20, 0x01, 0x0d, 0xb8}, 16, 32}, /* documentation */
    {{0x20, 0x02}, 16, 16},             /* 6to4 */
    {{0x3f, 0xff, 0x00}, 16, 20},       /* documentation */
    {{0xfc}, 16, 7},                    /* unique local */
    {{0xfe, 0x80}, 16, 9},              /* link and site local */
    {{0xff}, 16, 8},                    /* multicast */
};

static bool is_within(struct hf_span address, size_t row)
{
    unsigned bits = reserved[row].bits;

    if (address.len != reserved[row].len)
        return false;
    for (size_t i = 0; bits > 0; i++) {
        unsigned here = bits > 8 ? 8 : bits;
        unsigned mask = 0xff00U >> here & 0xff;

        if (((unsigned char)address.ptr[i] & mask) != reserved[row].octets[i])
            return false;
        bits -= here;
    }
    return true;
}

static const char *address_fault(struct hf_span address,
                                 const struct hf_leaf_rules *rules)
{
    if (address.len != 4 && address.len != 16)
        return "RFC 5280 4.2.1.6: an address has 4 or 16 octets";
    for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++)
        if (rules->is_public && is_within(address, i))
            return "BR 4.2.2: public certificates are not for reserved "
                   "addresses";
    return NULL;
}

/* RFC 5890 2.3.1: what has hyphens third and fourth is an A-label, or is
 * reserved. */
static bool has_reserved_label(struct hf_span name)
{
    while (name.len > 0) {
        struct hf_span label = hf_span_cut(&name, hf_span_find(name, '.'));

        if (label.len >= 4 && label.ptr[2] == '-' && label.ptr[3] == '-' &&
            !hf_span_starts(label, HF_SPAN("xn--")))
            return true;
        (void)hf_span_skip(&name, '.');
    }
    return false;
}

static const char *host_fault(struct hf_span name,
                              const struct hf_leaf_rules *rules)
{
    bool is_wild = hf_name_take_star(&name);
    uint8_t octets[16];
    size_t len;

    if (!hf_name_is_canonical(name))
        return "BR 7.1.2.7.12: a name is letters in lower case, digits and "
               "hyphens, without underscores; a wildcard is its first label "
               "alone";
    if (hf_ip_parse(name, octets, &len))
        return "BR 7.1.2.7.12: an address is no host name";
    if (has_reserved_label(name))
        return "BR 7.1.2.7.12: a label with hyphens third and fourth that is "
               "no A-label";
    if (!rules->is_public)
        return NULL;
    if (is_wild && hf_suffixes_base(rules->suffixes, name).len == 0)
        return "BR 3.2.2.6: no wildcard directly below a public suffix";
    if (hf_span_find(name, '.') == name.len ||
        !hf_suffixes_knows(rules->suffixes, name))
        return "BR 4.2.2: public certificates are not for internal names";
    return NULL;
}

static const char *name_fault(const struct hf_der_element *name,
                              const struct hf_leaf_rules *rules)
{
    if (name->tag == DNS_NAME)
        return host_fault(name->content, rules);
    if (name->tag == IP_ADDRESS)
        return address_fault(name->content, rules);
    return "BR 7.1.2.7.12: only host names and addresses are certified";
}

/* A thousand names are compared in about a millisecond. */
static bool is_among(struct hf_span names, const struct hf_der_element *name)
{
    struct hf_der_element other;

    while (hf_der_take(&names, &other) && other.whole.ptr != name->whole.ptr)
        if (hf_span_eq(other.whole, name->whole))
            return true;
    return false;
}

static const char *names_fault(struct hf_span value,
                               const struct hf_leaf_rules *rules)
{
    struct hf_der_element name;
    struct hf_span names, rest;
    const char *fault = NULL;
    size_t count = 0;

    if (!hf_der_take_tag(&value, HF_DER_SEQUENCE, &names) || value.len > 0 ||
        names.len == 0)
        return "RFC 5280 4.2.1.6: a certificate has at least one name";
    rest = names;
    while (fault == NULL && rest.len > 0) {
        if (!hf_der_take(&rest, &name) || ++count > NAMES_MAX)
            return "RFC 5280 4.2.1.6: the names cannot be read, or are too "
                   "many";
        fault = name_fault(&name, rules);
        if (fault == NULL && is_among(names, &name))
            fault = "a name is there twice";
    }
    return fault;
}

/* ---- extensions ---- */

enum known {
    KEY_USAGE,
    BASIC,
    ALT_NAME,
    EXTENDED_USAGE,
    AUTHORITY_KEY_ID,
    KEY_ID,
    POLICIES,
    CRL_POINTS,
    AUTHORITY_INFO,
    KNOWN_COUNT,
};

static const struct {
    const struct hf_span *oid;
    bool critical;
} known[KNOWN_COUNT] = {
    [KEY_USAGE] = {&hf_oid_key_usage, true},
    [BASIC] = {&hf_oid_basic, true},
    [ALT_NAME] = {&hf_oid_alt_name, true},
    [EXTENDED_USAGE] = {&hf_oid_extended_usage, false},
    [AUTHORITY_KEY_ID] = {&hf_oid_authority_key_id, false},
    [KEY_ID] = {&hf_oid_key_id, false},
    [POLICIES] = {&hf_oid_policies, false},
    [CRL_POINTS] = {&hf_oid_crl_points, false},
    [AUTHORITY_INFO] = {&hf_oid_authority_info, false},
};

/* The values, by what they are; an empty span where there is none. */
struct values {
    struct hf_span of[KNOWN_COUNT];
};

static const char *sort_extensions(struct hf_span rest, struct values *out)
{
    struct hf_x509_extension extension;

    while (hf_x509_next_extension(&rest, &extension)) {
        size_t i = 0;

        while (i < KNOWN_COUNT && !hf_span_eq(*known[i].oid, extension.oid))
            i++;
        if (i == KNOWN_COUNT)
            return "BR 7.1.2.7.6: an extension that certificates of servers "
                   "do not have";
        if (out->of[i].ptr != NULL)
            return "RFC 5280 4.2: an extension is there twice";
        if (extension.critical != known[i].critical)
            return "RFC 5280 4.2.1, BR 7.1.2.7.6: an extension that must be "
                   "critical is not, or the other way round";
        out->of[i] = extension.value;
    }
    return rest.len == 0 ? NULL : "RFC 5280 4.1: extensions cannot be read";
}

static bool has_server_auth(struct hf_span value)
{
    struct hf_span in, oid;
    bool found = false;

    if (!hf_der_take_tag(&value, HF_DER_SEQUENCE, &in))
        return false;
    while (hf_der_take_tag(&in, HF_DER_OID, &oid)) {
        found |= hf_span_eq(oid, hf_oid_server_auth);
        if (!hf_span_eq(oid, hf_oid_server_auth) &&
            !hf_span_eq(oid, hf_oid_client_auth))
            return false;
    }
    return found && in.len == 0;
}

static const char *extensions_fault(const struct hf_x509 *read,
                                    const struct hf_leaf_rules *rules)
{
    struct values values = {0};
    const char *fault = sort_extensions(read->extensions, &values);
    bool is_short = read->not_after_at - read->not_before_at < SHORT_LIVED_S;

    if (fault != NULL)
        return fault;
    if (!hf_span_eq(values.of[KEY_USAGE], HF_SPAN("\x03\x02\x07\x80")))
        return "BR 7.1.2.7.11: the key of a server is for digitalSignature";
    if (!hf_span_eq(values.of[BASIC], EMPTY_SEQUENCE))
        return "BR 7.1.2.7.6: a server is no CA";
    if (!has_server_auth(values.of[EXTENDED_USAGE]))
        return "BR 7.1.2.7.10: the extended usage is serverAuth, perhaps with "
               "clientAuth";
    if (values.of[AUTHORITY_KEY_ID].len == 0)
        return "RFC 5280 4.2.1.1: the issuer's key is not identified";
    if (rules->is_public && values.of[POLICIES].len == 0)
        return "BR 7.1.2.7.9: the policy is missing";
    if (rules->is_public && values.of[CRL_POINTS].len == 0 && !is_short)
        return "BR 7.1.2.11.2: there is no CRL for it, and it lives longer "
               "than 7 days";
    return names_fault(values.of[ALT_NAME], rules);
}

/* ---- the rest ---- */

static const char *serial_fault(struct hf_span serial)
{
    if (serial.len > HF_X509_SERIAL_MAX)
        return "RFC 5280 4.1.2.2: a serial number has at most 20 octets";
    if (serial.len < SERIAL_MIN)
        return "BR 7.1: a serial number has at least 64 bits of a generator";
    if ((serial.ptr[0] & 0x80) != 0)
        return "RFC 5280 4.1.2.2: a serial number is positive";
    return NULL;
}

static const char *validity_fault(const struct hf_x509 *read,
                                  const struct hf_leaf_rules *rules)
{
    int64_t lifetime_s;

    if (read->not_after_at < read->not_before_at)
        return "RFC 5280 4.1.2.5: it ends before it begins";
    lifetime_s = read->not_after_at - read->not_before_at + 1;
    if (lifetime_s > rules->lifetime_s)
        return "it lives longer than its profile allows";
    if (rules->is_public &&
        lifetime_s > (int64_t)hf_certificate_days(read->not_before_at) * DAY_S)
        return "BR 6.3.2: it lives longer than public certificates may by now";
    return NULL;
}

const char *hf_leaf_fault(struct hf_span tbs, const struct hf_leaf_rules *rules)
{
    struct hf_x509 read;
    const char *fault;

    if (hf_x509_read_tbs(tbs, &read, NULL) != HF_OK)
        return "RFC 5280 4.1: no certificate of version 3 in DER";
    fault = serial_fault(read.serial);
    if (fault == NULL)
        fault = validity_fault(&read, rules);
    if (fault == NULL && !hf_span_eq(read.subject, EMPTY_SEQUENCE))
        fault = "BR 7.1.2.7.2: names are in the subjectAltName alone here";
    if (fault == NULL)
        fault = hf_spki_fault(read.spki, rules->is_public);
    return fault == NULL ? extensions_fault(&read, rules) : fault;
}
