/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/zone_type.h"

static const struct {
    uint16_t code;
    const char *word;
} types[] = {
    {1, "A"},          {28, "AAAA"},       {2, "NS"},       {16, "TXT"},
    {15, "MX"},        {5, "CNAME"},       {6, "SOA"},      {43, "DS"},
    {46, "RRSIG"},     {47, "NSEC"},       {50, "NSEC3"},   {48, "DNSKEY"},
    {257, "CAA"},      {33, "SRV"},        {12, "PTR"},     {39, "DNAME"},
    {52, "TLSA"},      {44, "SSHFP"},      {35, "NAPTR"},   {64, "SVCB"},
    {65, "HTTPS"},     {51, "NSEC3PARAM"}, {59, "CDS"},     {60, "CDNSKEY"},
    {99, "SPF"},       {13, "HINFO"},      {17, "RP"},      {29, "LOC"},
    {53, "SMIMEA"},    {61, "OPENPGPKEY"}, {62, "CSYNC"},   {63, "ZONEMD"},
    {256, "URI"},      {37, "CERT"},       {3, "MD"},       {4, "MF"},
    {7, "MB"},         {8, "MG"},          {9, "MR"},       {10, "NULL"},
    {11, "WKS"},       {14, "MINFO"},      {18, "AFSDB"},   {19, "X25"},
    {20, "ISDN"},      {21, "RT"},         {22, "NSAP"},    {23, "NSAP-PTR"},
    {24, "SIG"},       {25, "KEY"},        {26, "PX"},      {27, "GPOS"},
    {30, "NXT"},       {31, "EID"},        {32, "NIMLOC"},  {34, "ATMA"},
    {36, "KX"},        {38, "A6"},         {40, "SINK"},    {42, "APL"},
    {45, "IPSECKEY"},  {49, "DHCID"},      {55, "HIP"},     {56, "NINFO"},
    {57, "RKEY"},      {58, "TALINK"},     {66, "DSYNC"},   {100, "UINFO"},
    {101, "UID"},      {102, "GID"},       {103, "UNSPEC"}, {104, "NID"},
    {105, "L32"},      {106, "L64"},       {107, "LP"},     {108, "EUI48"},
    {109, "EUI64"},    {128, "NXNAME"},    {258, "AVC"},    {259, "DOA"},
    {260, "AMTRELAY"}, {261, "RESINFO"},   {262, "WALLET"}, {263, "CLA"},
    {264, "IPN"},      {32768, "TA"},      {32769, "DLV"},
};

static const struct {
    uint16_t code;
    const char *word;
} classes[] = {{1, "IN"}, {3, "CH"}, {4, "HS"}};

/* 1*5DIGIT behind `prefix`, up to 65535. */
static bool read_numbered(struct hf_span word, struct hf_span prefix,
                          uint16_t *out)
{
    uint32_t value = 0;

    if (word.len <= prefix.len || word.len > prefix.len + 5 ||
        !hf_span_eq_nocase(hf_span_cut(&word, prefix.len), prefix))
        return false;
    for (size_t i = 0; i < word.len; i++) {
        if (!hf_is_digit(word.ptr[i]))
            return false;
        value = value * 10 + (uint32_t)(word.ptr[i] - '0');
    }
    *out = (uint16_t)(value & 0xffff);
    return value <= 0xffff;
}

bool hf_zone_type_find(struct hf_span word, uint16_t *out)
{
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (hf_span_eq_nocase(word, hf_span_str(types[i].word))) {
            *out = types[i].code;
            return true;
        }
    }
    return read_numbered(word, HF_SPAN("TYPE"), out);
}

const char *hf_zone_type_word(uint16_t type)
{
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (types[i].code == type)
            return types[i].word;
    return NULL;
}

bool hf_zone_class_find(struct hf_span word, uint16_t *out)
{
    for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
        if (hf_span_eq_nocase(word, hf_span_str(classes[i].word))) {
            *out = classes[i].code;
            return true;
        }
    }
    return read_numbered(word, HF_SPAN("CLASS"), out);
}

static uint64_t unit_s(char c)
{
    switch (hf_lower(c)) {
    case 'w':
        return 604800;
    case 'd':
        return 86400;
    case 'h':
        return 3600;
    case 'm':
        return 60;
    case 's':
        return 1;
    default:
        return 0;
    }
}

bool hf_zone_ttl_read(struct hf_span word, uint32_t *out)
{
    uint64_t total = 0;
    uint64_t number = 0;
    bool digits = false; /* a number is open */

    for (size_t i = 0; i < word.len; i++) {
        if (hf_is_digit(word.ptr[i])) {
            number = number * 10 + (uint64_t)(word.ptr[i] - '0');
            digits = true;
        } else {
            if (!digits || unit_s(word.ptr[i]) == 0)
                return false;
            total += number * unit_s(word.ptr[i]);
            number = 0;
            digits = false;
        }
        if (number > UINT32_MAX || total > UINT32_MAX)
            return false;
    }
    total += number;
    if (word.len == 0 || total > UINT32_MAX)
        return false;
    *out = (uint32_t)total;
    return true;
}
