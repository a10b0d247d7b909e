/* SPDX-License-Identifier: Apache-2.0 */
/* The reading half of csr.h. */
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/alloc.h"
#include "crypto/csr.h"
#include "crypto/der.h"
#include "crypto/evp_key.h"
#include "crypto/pkcs10.h"
#include "crypto/san_read.h"

#define BLOCKS_MAX     32
#define STATUS_REQUEST 5 /* RFC 6066, 8 */

static const char no_request[] =
    "no request for a certificate: PEM with -----BEGIN CERTIFICATE "
    "REQUEST-----, or DER";

/* ---- octets ---- */

static bool is_request(const char *label)
{
    return strcmp(label, PEM_STRING_X509_REQ) == 0 ||
           strcmp(label, PEM_STRING_X509_REQ_OLD) == 0;
}

/* The first request in PEM, behind whatever stands there; NULL: none. The
 * octets may be those of a private key until the label says otherwise. */
static unsigned char *first_block(struct hf_span text, long *len)
{
    BIO *bio = BIO_new_mem_buf(text.ptr, (int)text.len);
    unsigned char *found = NULL;

    for (int i = 0; bio != NULL && found == NULL && i < BLOCKS_MAX; i++) {
        unsigned char *data = NULL;
        char *header = NULL;
        char *label = NULL;

        if (PEM_read_bio(bio, &label, &header, &data, len) != 1)
            break;
        if (is_request(label))
            found = data;
        else
            OPENSSL_clear_free(data, (size_t)*len);
        OPENSSL_free(header);
        OPENSSL_free(label);
    }
    BIO_free(bio);
    return found;
}

static enum hf_err copy(struct hf_span octets, struct hf_csr *out,
                        struct hf_why *why)
{
    out->bytes = hf_alloc(octets.len, 1);
    if (out->bytes == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    memcpy(out->bytes, octets.ptr, octets.len);
    out->der = (struct hf_span){out->bytes, octets.len};
    return HF_OK;
}

static enum hf_err take_octets(struct hf_span text, struct hf_csr *out,
                               struct hf_why *why)
{
    unsigned char *block;
    enum hf_err err;
    long len = 0;

    if (text.len > HF_CSR_MAX)
        return hf_fail(why, HF_ELIMIT, 0, "too long for a request");
    if (text.len > 0 && text.ptr[0] == 0x30) /* a SEQUENCE */
        return copy(text, out, why);
    block = first_block(text, &len);
    ERR_clear_error();
    if (block == NULL || len == 0)
        err = hf_fail(why, HF_ESYNTAX, 0, no_request);
    else
        err = copy((struct hf_span){(char *)block, (size_t)len}, out, why);
    OPENSSL_free(block);
    return err;
}

/* ---- key and signature ---- */

static bool is_strong(const struct hf_pkcs10 *req, enum hf_key_kind kind)
{
    int digest = NID_undef;

    if (OBJ_find_sigid_algs(OBJ_obj2nid(req->alg->algorithm), &digest, NULL) !=
        1)
        return false;
    switch (digest) {
    case NID_sha256:
    case NID_sha384:
    case NID_sha512:
        return true;
    case NID_undef: /* inside the algorithm */
        return kind == HF_KEY_ED25519;
    default:
        return false;
    }
}

static enum hf_err check_key(const struct hf_pkcs10 *req, struct hf_span der,
                             EVP_PKEY *key, enum hf_key_kind *kind,
                             struct hf_why *why)
{
    enum hf_err err = hf_evp_kind(key, kind, why);

    if (err != HF_OK)
        return err;
    if (!is_strong(req, *kind))
        return hf_fail(why, HF_EINVAL, 0,
                       "this request is signed with a weak digest: make it "
                       "with SHA-256");
    if (!hf_pkcs10_is_signed_by(req, der, key))
        return hf_fail(why, HF_EINVAL, 0,
                       "the signature of this request is wrong: it was "
                       "damaged, or made without the key");
    return HF_OK;
}

static enum hf_err check_signature(const struct hf_pkcs10 *req,
                                   struct hf_csr *out, struct hf_why *why)
{
    EVP_PKEY *key = hf_pkcs10_key(req);
    enum hf_err err;

    if (key == NULL)
        return hf_fail(why, HF_EINVAL, 0,
                       "the public key of this request cannot be read");
    err = check_key(req, out->der, key, &out->kind, why);
    EVP_PKEY_free(key);
    return err;
}

/* ---- what it asks for ---- */

/* Extensions that CAs set as they see fit: asking does no harm. */
static bool is_usual(int nid)
{
    switch (nid) {
    case NID_subject_alt_name:
    case NID_tlsfeature:
    case NID_key_usage:
    case NID_ext_key_usage:
    case NID_subject_key_identifier:
        return true;
    default:
        return false;
    }
}

static const char *judge_extensions(const STACK_OF(X509_EXTENSION) * list)
{
    BASIC_CONSTRAINTS *basic =
        X509V3_get_d2i(list, NID_basic_constraints, NULL, NULL);
    bool is_ca = basic != NULL && basic->ca != 0;

    BASIC_CONSTRAINTS_free(basic);
    if (is_ca)
        return "to be a CA itself";
    for (int i = 0; i < sk_X509_EXTENSION_num(list); i++) {
        X509_EXTENSION *extension = sk_X509_EXTENSION_value(list, i);
        int nid = OBJ_obj2nid(X509_EXTENSION_get_object(extension));

        if (!is_usual(nid) && nid != NID_basic_constraints)
            return "extensions that certificates of servers do not have";
    }
    return NULL;
}

static bool wants_staple(const STACK_OF(X509_EXTENSION) * list)
{
    TLS_FEATURE *features = X509V3_get_d2i(list, NID_tlsfeature, NULL, NULL);
    bool found = false;

    for (int i = 0; i < sk_ASN1_INTEGER_num(features); i++)
        found |= ASN1_INTEGER_get(sk_ASN1_INTEGER_value(features, i)) ==
                 STATUS_REQUEST;
    sk_ASN1_INTEGER_pop_free(features, ASN1_INTEGER_free);
    return found;
}

static const ASN1_STRING *common_name(const X509_NAME *subject)
{
    int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);

    if (at < 0)
        return NULL;
    return X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at));
}

static enum hf_err take_names(const struct hf_pkcs10 *req,
                              const STACK_OF(X509_EXTENSION) * list,
                              struct hf_csr *out, struct hf_why *why)
{
    int state = -1;
    GENERAL_NAMES *san =
        X509V3_get_d2i(list, NID_subject_alt_name, &state, NULL);
    const X509_NAME *subject = req->info->subject;
    const ASN1_STRING *cn = common_name(subject);
    enum hf_err err;

    if (san == NULL && state != -1)
        return hf_fail(why, HF_EINVAL, 0,
                       "the subjectAltName of this request cannot be read");
    err = hf_san_read(san, cn, &out->san, why);
    GENERAL_NAMES_free(san);
    if (err != HF_OK)
        return err;
    if (out->san.names.dns_count + out->san.names.ip_count == 0)
        return hf_fail(why, HF_EINVAL, 0,
                       "this request names no host and no address");
    out->other = judge_extensions(list);
    if (X509_NAME_entry_count(subject) > (cn == NULL ? 0 : 1))
        out->other = "more in its subject than a common name";
    if (out->san.others)
        out->other = "names that are neither host names nor addresses";
    return HF_OK;
}

enum hf_err hf_csr_read(struct hf_span text, struct hf_csr *out,
                        struct hf_why *why)
{
    STACK_OF(X509_EXTENSION) *list = NULL;
    struct hf_csr read = {0};
    struct hf_pkcs10 *req = NULL;
    enum hf_err err = take_octets(text, &read, why);

    if (err == HF_OK) {
        req = hf_pkcs10_read(read.der);
        if (req == NULL)
            err = hf_fail(why, HF_ESYNTAX, 0, no_request);
    }
    if (err == HF_OK)
        err = check_signature(req, &read, why);
    if (err == HF_OK) {
        list = hf_pkcs10_extensions(req);
        err = take_names(req, list, &read, why);
        read.must_staple = wants_staple(list);
    }
    sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
    hf_pkcs10_free(req);
    ERR_clear_error();
    if (err == HF_OK)
        *out = read;
    else
        hf_csr_clear(&read);
    return err;
}

void hf_csr_clear(struct hf_csr *csr)
{
    hf_san_clear(&csr->san);
    hf_free(csr->bytes);
    *csr = (struct hf_csr){0};
}

bool hf_csr_spki(struct hf_span der, struct hf_span *out)
{
    struct hf_der_element request;
    struct hf_der_element info;
    struct hf_der_element part;

    if (!hf_der_take(&der, &request) || !hf_der_take(&request.content, &info) ||
        !hf_der_take(&info.content, &part) || /* version */
        !hf_der_take(&info.content, &part) || /* subject */
        !hf_der_take(&info.content, &part))
        return false;
    *out = part.whole;
    return true;
}

bool hf_csr_is_for(const struct hf_csr *csr, const struct hf_private_key *key)
{
    struct hf_pkcs10 *req = hf_pkcs10_read(csr->der);
    EVP_PKEY *own = req == NULL ? NULL : hf_pkcs10_key(req);
    bool same = own != NULL && EVP_PKEY_eq(own, hf_private_key_evp(key)) == 1;

    EVP_PKEY_free(own);
    hf_pkcs10_free(req);
    ERR_clear_error();
    return same;
}
