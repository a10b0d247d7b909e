/* SPDX-License-Identifier: Apache-2.0 */
#include "lab/zone_nsec3.h"

#include <openssl/evp.h>

#include "base/octets.h"
#include "lab/zone_proof.h"

#define HASH_SIZE 20 /* SHA-1, the only one */
#define SHA1      1
#define TEXT_SIZE 32 /* of it in base32 */

/* RFC 5155, section 5, without salt. */
static bool hash(const struct hf_wire_name *name, unsigned iterations,
                 uint8_t *out)
{
    bool good =
        EVP_Digest(name->octets, name->len, out, NULL, EVP_sha1(), NULL) == 1;

    for (unsigned i = 0; i < iterations && good; i++)
        good = EVP_Digest(out, HASH_SIZE, out, NULL, EVP_sha1(), NULL) == 1;
    return good;
}

/* The neighbour of a hash: one more, or one less. */
static void step(uint8_t *octets, bool up)
{
    for (size_t i = HASH_SIZE; i-- > 0;) {
        octets[i] = (uint8_t)(up ? octets[i] + 1 : octets[i] - 1);
        if (octets[i] != (up ? 0 : 0xff))
            break;
    }
}

/* Base32 with the extended hex alphabet (RFC 4648, section 7). */
static void put_base32(const uint8_t *octets, uint8_t *out)
{
    static const char digits[] = "0123456789abcdefghijklmnopqrstuv";
    unsigned bits = 0;
    unsigned count = 0;

    for (size_t i = 0; i < HASH_SIZE; i++) {
        bits = (bits << 8 | octets[i]) & 0xfff;
        for (count += 8; count >= 5; count -= 5)
            *out++ = (uint8_t)digits[bits >> (count - 5) & 31];
    }
}

static bool make_owner(const struct hf_lab_zone *zone, const uint8_t *octets,
                       struct hf_wire_name *out)
{
    if (zone->name.len + TEXT_SIZE + 1U > HF_WIRE_NAME_MAX)
        return false;
    out->octets[0] = TEXT_SIZE;
    put_base32(octets, out->octets + 1);
    memcpy(out->octets + 1 + TEXT_SIZE, zone->name.octets, zone->name.len);
    out->len = (uint8_t)(1U + TEXT_SIZE + zone->name.len);
    return true;
}

enum hf_err hf_lab_zone_nsec3(const struct hf_lab_zone *zone,
                              const struct hf_wire_name *name,
                              unsigned iterations, struct hf_lab_rr **out,
                              struct hf_why *why)
{
    bool matches = hf_lab_records_exist(&zone->records, name);
    struct hf_wire_name owner;
    struct hf_lab_record record = {
        .owner = &owner, .type = HF_RR_NSEC3, .ttl_s = HF_LAB_TTL_S};
    uint8_t octets[HASH_SIZE];
    struct hf_buf rdata;

    if (!hash(name, iterations, octets))
        return hf_fail(why, HF_ECRYPTO, 0, "SHA-1 cannot be computed");
    if (!matches)
        step(octets, false);
    if (!make_owner(zone, octets, &owner))
        return hf_fail(why, HF_ELIMIT, 0, "the zone's name is too long");
    step(octets, true);
    if (!matches)
        step(octets, true);
    hf_buf_init_grow(&rdata, UINT16_MAX);
    hf_put_number(&rdata, SHA1, 1);
    hf_put_number(&rdata, 0, 1); /* no opt-out */
    hf_put_number(&rdata, iterations, 2);
    hf_put_number(&rdata, 0, 1); /* no salt */
    hf_put_number(&rdata, HASH_SIZE, 1);
    hf_buf_put(&rdata, (struct hf_span){(const char *)octets, HASH_SIZE});
    if (matches)
        hf_lab_zone_put_bitmap(
            zone, hf_lab_records_find(&zone->records, name, 0), false, &rdata);
    record.rdata = hf_buf_span(&rdata);
    *out = rdata.full ? NULL : hf_lab_rr_new(&record);
    hf_buf_clear(&rdata);
    return *out == NULL ? hf_fail(why, HF_ENOMEM, 0, "out of memory") : HF_OK;
}
