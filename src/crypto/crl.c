/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/crl.h"

#define VERSION_2 HF_SPAN("\x02\x01\x01")

/* RFC 5280 5.3.1; 7 is not used. */
enum reason {
    UNSPECIFIED = 0,
    CESSATION_OF_OPERATION = 5,
    PRIVILEGE_WITHDRAWN = 9,
    AA_COMPROMISE = 10,
};

bool hf_crl_reason_is_good(unsigned reason)
{
    /* A hold can be taken back, which BR 7.2.2.1 forbids; removeFromCRL is for
     * delta CRLs alone. */
    return reason <= CESSATION_OF_OPERATION || reason == PRIVILEGE_WITHDRAWN ||
           reason == AA_COMPROMISE;
}

static void put_reason(struct hf_der *tbs, unsigned reason)
{
    size_t mark = hf_der_mark(tbs);

    if (reason == UNSPECIFIED)
        return;
    hf_der_put_number(tbs, HF_DER_ENUMERATED, reason);
    hf_x509_wrap_extension(tbs, hf_oid_reason, false, mark);
    hf_der_wrap(tbs, HF_DER_SEQUENCE, mark);
}

static void put_revoked(struct hf_der *tbs, const struct hf_revoked *revoked)
{
    size_t mark = hf_der_mark(tbs);

    put_reason(tbs, revoked->reason);
    hf_der_put_time(tbs, revoked->at);
    hf_der_put_unsigned(tbs, (struct hf_span){(const char *)revoked->serial,
                                              revoked->serial_len});
    hf_der_wrap(tbs, HF_DER_SEQUENCE, mark);
}

/* RFC 5280 5.1.2.6: where nothing is revoked, the list is absent. */
static enum hf_err put_list(struct hf_der *tbs, const struct hf_crl *crl,
                            struct hf_why *why)
{
    size_t mark = hf_der_mark(tbs);

    for (size_t i = crl->count; i > 0; i--) {
        const struct hf_revoked *revoked = &crl->revoked[i - 1];

        if (!hf_crl_reason_is_good(revoked->reason) ||
            revoked->serial_len == 0 ||
            revoked->serial_len > sizeof(revoked->serial))
            return hf_fail(why, HF_EINVAL, 0,
                           "RFC 5280 5.3.1, BR 7.2.2.1: a reason, or a serial "
                           "number, that no list may have");
        put_revoked(tbs, revoked);
    }
    if (crl->count > 0)
        hf_der_wrap(tbs, HF_DER_SEQUENCE, mark);
    return HF_OK;
}

/* Critical, and for certificates of servers alone. */
static void put_point(struct hf_der *tbs, const struct hf_crl *crl)
{
    char room[HF_X509_SHARD_MAX];
    size_t mark = hf_der_mark(tbs);

    if (crl->url.len == 0)
        return;
    hf_der_put_element(tbs, HF_DER_IMPLICIT(1), HF_SPAN("\xff"));
    hf_x509_put_point_name(tbs, crl->url, hf_x509_shard(crl->shard, room));
    hf_der_wrap(tbs, HF_DER_SEQUENCE, mark);
    hf_x509_wrap_extension(tbs, hf_oid_crl_point, true, mark);
}

static void put_extensions(struct hf_der *tbs, const struct hf_crl *crl)
{
    size_t mark = hf_der_mark(tbs);
    size_t number;

    put_point(tbs, crl);
    number = hf_der_mark(tbs);
    hf_der_put_number(tbs, HF_DER_INTEGER, crl->number);
    hf_x509_wrap_extension(tbs, hf_oid_crl_number, false, number);
    hf_x509_put_authority_key_id(tbs, crl->issuer.key_id);
    hf_der_wrap(tbs, HF_DER_SEQUENCE, mark);
    hf_der_wrap(tbs, HF_DER_EXPLICIT(0), mark);
}

enum hf_err hf_crl_build(const struct hf_crl *crl, struct hf_der *tbs,
                         struct hf_why *why)
{
    enum hf_err err;

    put_extensions(tbs, crl);
    err = put_list(tbs, crl, why);
    if (err != HF_OK)
        return err;
    hf_der_put_time(tbs, crl->next_update_at);
    hf_der_put_time(tbs, crl->this_update_at);
    hf_der_put(tbs, crl->issuer.name);
    hf_x509_put_algorithm(tbs, crl->issuer.alg);
    hf_der_put(tbs, VERSION_2);
    hf_der_wrap(tbs, HF_DER_SEQUENCE, 0);
    if (tbs->full)
        return hf_fail(why, HF_ELIMIT, 0,
                       "a list that is too long, or of a moment outside the "
                       "years 1950 to 9999");
    return HF_OK;
}

/* ---- reading ---- */

static const char no_list[] =
    "RFC 5280 5: no list of revoked certificates, or none like ours";

/* The optional list, and the extensions; what is neither is left in `*tbs`. */
static bool take_rest(struct hf_span *tbs, struct hf_crl_read *out)
{
    struct hf_span outer, list, value, point, number;

    if (hf_der_take_tag(tbs, HF_DER_SEQUENCE, &list))
        out->revoked = list;
    if (!hf_der_take_tag(tbs, HF_DER_EXPLICIT(0), &outer) || tbs->len > 0 ||
        !hf_der_take_tag(&outer, HF_DER_SEQUENCE, &list) || outer.len > 0 ||
        !hf_x509_find_extension(list, hf_oid_crl_number, &value) ||
        !hf_der_take_tag(&value, HF_DER_INTEGER, &number) ||
        !hf_der_read_number(number, &out->number))
        return false;
    if (!hf_x509_find_extension(list, hf_oid_crl_point, &value))
        return true;
    return hf_der_take_tag(&value, HF_DER_SEQUENCE, &point) &&
           hf_x509_take_point_name(&point, &out->url);
}

enum hf_err hf_crl_read(struct hf_span der, struct hf_crl_read *out,
                        struct hf_why *why)
{
    struct hf_crl_read read = {0};
    struct hf_der_element version;
    struct hf_span list, tbs, part;

    if (!hf_der_take_tag(&der, HF_DER_SEQUENCE, &list) || der.len > 0 ||
        !hf_der_take_tag(&list, HF_DER_SEQUENCE, &tbs) ||
        !hf_der_take(&tbs, &version) || !hf_span_eq(version.whole, VERSION_2) ||
        !hf_der_take_tag(&tbs, HF_DER_SEQUENCE, &part) ||
        !hf_der_take_tag(&tbs, HF_DER_SEQUENCE, &part) ||
        !hf_der_take_time(&tbs, &read.this_update_at) ||
        !hf_der_take_time(&tbs, &read.next_update_at) ||
        !take_rest(&tbs, &read))
        return hf_fail(why, HF_ESYNTAX, 0, no_list);
    *out = read;
    return HF_OK;
}

static bool take_reason(struct hf_span extensions, struct hf_revoked *out)
{
    struct hf_span value, content;
    uint64_t reason;

    if (!hf_x509_find_extension(extensions, hf_oid_reason, &value))
        return true;
    if (!hf_der_take_tag(&value, HF_DER_ENUMERATED, &content) ||
        !hf_der_read_number(content, &reason) || reason > UINT8_MAX)
        return false;
    out->reason = (uint8_t)reason;
    return true;
}

bool hf_crl_next(struct hf_span *rest, struct hf_revoked *out)
{
    struct hf_revoked revoked = {0};
    struct hf_span from = *rest;
    struct hf_span entry, serial, extensions = {0};

    if (!hf_der_take_tag(&from, HF_DER_SEQUENCE, &entry) ||
        !hf_der_take_tag(&entry, HF_DER_INTEGER, &serial) || serial.len == 0 ||
        serial.len > sizeof(revoked.serial) ||
        !hf_der_take_time(&entry, &revoked.at) ||
        (entry.len > 0 &&
         !hf_der_take_tag(&entry, HF_DER_SEQUENCE, &extensions)) ||
        entry.len > 0 || !take_reason(extensions, &revoked))
        return false;
    memcpy(revoked.serial, serial.ptr, serial.len);
    revoked.serial_len = (uint8_t)serial.len;
    *rest = from;
    *out = revoked;
    return true;
}
