/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/tbs.h"

#include <openssl/asn1t.h>

/* clang-format off */
ASN1_SEQUENCE(hf_tbs) = {
    ASN1_EXP_OPT(struct hf_tbs, version, ASN1_INTEGER, 0),
    ASN1_SIMPLE(struct hf_tbs, serial, ASN1_INTEGER),
    ASN1_SIMPLE(struct hf_tbs, alg, X509_ALGOR),
    ASN1_SIMPLE(struct hf_tbs, issuer, X509_NAME),
    ASN1_SIMPLE(struct hf_tbs, validity, X509_VAL),
    ASN1_SIMPLE(struct hf_tbs, subject, X509_NAME),
    ASN1_SIMPLE(struct hf_tbs, key, ASN1_SEQUENCE),
    ASN1_IMP_OPT(struct hf_tbs, issuer_id, ASN1_BIT_STRING, 1),
    ASN1_IMP_OPT(struct hf_tbs, subject_id, ASN1_BIT_STRING, 2),
    ASN1_EXP_SEQUENCE_OF_OPT(struct hf_tbs, extensions, X509_EXTENSION, 3),
} static_ASN1_SEQUENCE_END_name(struct hf_tbs, hf_tbs)

ASN1_SEQUENCE(hf_tbs_signed) = {
    ASN1_SIMPLE(struct hf_tbs_signed, tbs, hf_tbs),
    ASN1_SIMPLE(struct hf_tbs_signed, alg, X509_ALGOR),
    ASN1_SIMPLE(struct hf_tbs_signed, signature, ASN1_BIT_STRING),
} static_ASN1_SEQUENCE_END_name(struct hf_tbs_signed, hf_tbs_signed)

struct hf_tbs_signed *hf_tbs_read(const unsigned char **at, long len)
{
    return (struct hf_tbs_signed *)ASN1_item_d2i(NULL, at, len,
                                                 ASN1_ITEM_rptr(hf_tbs_signed));
}
/* clang-format on */

void hf_tbs_free(struct hf_tbs_signed *cert)
{
    ASN1_item_free((ASN1_VALUE *)cert, ASN1_ITEM_rptr(hf_tbs_signed));
}
