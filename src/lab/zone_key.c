/* SPDX-License-Identifier: Apache-2.0 */
#include "lab/zone_key.h"

#include "base/alloc.h"
#include "base/base64.h"
#include "base/octets.h"
#include "crypto/private_key.h"
#include "crypto/signer.h"
#include "holdfast/digest.h"

#define ALGORITHM     13  /* ECDSAP256SHA256 */
#define FLAGS         257 /* a zone key, and a secure entry point */
#define PROTOCOL      3
#define DIGEST_SHA256 2
#define COORDINATE    32
#define SIGNED_MAX    ((size_t)16 << 20) /* octets of one RRset */

struct hf_lab_key {
    struct hf_wire_name zone;
    struct hf_signer signer;
    uint16_t tag;
    char dnskey[HF_LAB_DNSKEY_LEN];
    char ds[HF_LAB_DS_LEN];
};

/* RFC 4034, appendix B. */
static uint16_t tag_of(struct hf_span dnskey)
{
    uint32_t sum = 0;

    for (size_t i = 0; i < dnskey.len; i++)
        sum += (uint32_t)(unsigned char)dnskey.ptr[i] << (i % 2 == 0 ? 8 : 0);
    return (uint16_t)(sum + (sum >> 16));
}

/* A coordinate out of the canonical JWK that a signer has. */
static bool put_coordinate(struct hf_span jwk, struct hf_span member,
                           struct hf_buf *out)
{
    const size_t len = HF_BASE64URL_LEN(COORDINATE);
    char *room = hf_buf_reserve(out, COORDINATE);

    while (jwk.len > member.len + len && !hf_span_starts(jwk, member))
        (void)hf_span_cut(&jwk, 1);
    if (room == NULL || !hf_span_starts(jwk, member))
        return false;
    (void)hf_span_cut(&jwk, member.len);
    jwk.len = len;
    if (!hf_base64url_decode(jwk, (unsigned char *)room))
        return false;
    out->len += COORDINATE;
    return true;
}

static enum hf_err make_dnskey(struct hf_lab_key *key, struct hf_why *why)
{
    struct hf_span jwk = hf_signer_jwk(&key->signer);
    struct hf_buf out;

    hf_buf_init(&out, key->dnskey, sizeof(key->dnskey));
    hf_put_number(&out, FLAGS, 2);
    hf_put_number(&out, PROTOCOL, 1);
    hf_put_number(&out, ALGORITHM, 1);
    if (!put_coordinate(jwk, HF_SPAN("\"x\":\""), &out) ||
        !put_coordinate(jwk, HF_SPAN("\"y\":\""), &out))
        return hf_fail(why, HF_ECRYPTO, 0, "the new key has no point");
    key->tag = tag_of(hf_buf_span(&out));
    return HF_OK;
}

/* RFC 4034, section 5.1.4; RFC 4509. */
static enum hf_err make_ds(struct hf_lab_key *key, struct hf_why *why)
{
    char text[HF_WIRE_NAME_MAX + HF_LAB_DNSKEY_LEN];
    struct hf_digest *digest = NULL;
    struct hf_buf in;
    struct hf_buf out;
    enum hf_err err = hf_digest_new(&digest, why);

    if (err != HF_OK)
        return err;
    hf_buf_init(&in, text, sizeof(text));
    hf_buf_put(&in,
               (struct hf_span){(const char *)key->zone.octets, key->zone.len});
    hf_buf_put(&in, hf_lab_key_dnskey(key));
    hf_buf_init(&out, key->ds, sizeof(key->ds));
    hf_put_number(&out, key->tag, 2);
    hf_put_number(&out, ALGORITHM, 1);
    hf_put_number(&out, DIGEST_SHA256, 1);
    err = digest->compute(digest->state, HF_SHA_256, hf_buf_span(&in),
                          (unsigned char *)key->ds + out.len);
    hf_digest_free(digest);
    return err == HF_OK ? HF_OK
                        : hf_fail(why, err, 0, "SHA-256 cannot be computed");
}

enum hf_err hf_lab_key_new(const struct hf_wire_name *zone,
                           struct hf_lab_key **out, struct hf_why *why)
{
    struct hf_lab_key *key = hf_alloc(1, sizeof(*key));
    struct hf_private_key *pair = NULL;
    enum hf_err err;

    if (key == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    key->zone = *zone;
    err = hf_private_key_generate(HF_KEY_P256, &pair, why);
    if (err == HF_OK)
        err = hf_private_key_signer(pair, &key->signer, why);
    if (err == HF_OK)
        err = make_dnskey(key, why);
    if (err == HF_OK)
        err = make_ds(key, why);
    hf_private_key_free(pair);
    if (err != HF_OK)
        hf_lab_key_free(key);
    else
        *out = key;
    return err;
}

void hf_lab_key_free(struct hf_lab_key *key)
{
    if (key == NULL)
        return;
    hf_signer_clear(&key->signer);
    hf_free(key);
}

struct hf_span hf_lab_key_dnskey(const struct hf_lab_key *key)
{
    return (struct hf_span){key->dnskey, sizeof(key->dnskey)};
}

struct hf_span hf_lab_key_ds(const struct hf_lab_key *key)
{
    return (struct hf_span){key->ds, sizeof(key->ds)};
}

/* Labels without the root's and without the star (RFC 4034, 3.1.3). */
static unsigned count_labels(const struct hf_wire_name *name)
{
    bool star = name->octets[0] == 1 && name->octets[1] == '*';
    unsigned count = 0;

    for (size_t at = 0; name->octets[at] != 0; at += name->octets[at] + 1U)
        count++;
    return star ? count - 1 : count;
}

/* RDATA of the RRSIG up to the signature (RFC 4034, section 3.1). */
static void put_head(const struct hf_lab_key *key, const struct hf_lab_rr *rr,
                     struct hf_lab_window window, struct hf_buf *out)
{
    hf_put_number(out, rr->type, 2);
    hf_put_number(out, ALGORITHM, 1);
    hf_put_number(out, count_labels(&rr->owner), 1);
    hf_put_number(out, rr->ttl_s, 4);
    hf_put_number(out, (uint64_t)window.until_at, 4);
    hf_put_number(out, (uint64_t)window.from_at, 4);
    hf_put_number(out, key->tag, 2);
    hf_buf_put(out,
               (struct hf_span){(const char *)key->zone.octets, key->zone.len});
}

static void put_rr(const struct hf_lab_rr *rr, struct hf_buf *out)
{
    hf_buf_put(out,
               (struct hf_span){(const char *)rr->owner.octets, rr->owner.len});
    hf_put_number(out, rr->type, 2);
    hf_put_number(out, HF_CLASS_IN, 2);
    hf_put_number(out, rr->ttl_s, 4);
    hf_put_text(out, hf_lab_rr_rdata(rr));
}

enum hf_err hf_lab_key_sign(const struct hf_lab_key *key,
                            struct hf_lab_rr *const *rrs, size_t count,
                            struct hf_lab_window window,
                            struct hf_lab_signature *out, struct hf_why *why)
{
    struct hf_buf rdata;
    struct hf_buf text;
    enum hf_err err;

    hf_buf_init(&rdata, (char *)out->rdata, sizeof(out->rdata));
    put_head(key, rrs[0], window, &rdata);
    hf_buf_init_grow(&text, SIGNED_MAX);
    hf_buf_put(&text, hf_buf_span(&rdata));
    for (size_t i = 0; i < count; i++)
        put_rr(rrs[i], &text);
    err = text.full ? hf_fail(why, HF_ENOMEM, 0, "out of memory")
                    : key->signer.sign(key->signer.state, hf_buf_span(&text),
                                       &rdata, why);
    out->len = (uint16_t)rdata.len;
    hf_buf_clear(&text);
    return err;
}
