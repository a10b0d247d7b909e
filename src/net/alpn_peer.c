/* SPDX-License-Identifier: Apache-2.0 */
/* The half of the process behind the wall. */
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/octets.h"
#include "holdfast/name.h"
#include "net/alpn.h"

#define PROTOCOL  "acme-tls/1"
#define EXTENSION "1.3.6.1.5.5.7.1.31" /* id-pe-acmeIdentifier */
#define HASH_LEN  32
#define COUNT_MAX 255

bool hf_alpn_want(SSL *ssl)
{
    static const unsigned char offer[] = "\x0a" PROTOCOL;

    return SSL_set_alpn_protos(ssl, offer, sizeof(offer) - 1) == 0;
}

static unsigned cap(int count)
{
    return count < 0 ? 0 : count > COUNT_MAX ? COUNT_MAX : (unsigned)count;
}

static struct hf_span string_of(const ASN1_STRING *string)
{
    return (struct hf_span){(const char *)ASN1_STRING_get0_data(string),
                            (size_t)ASN1_STRING_length(string)};
}

static void put_name(struct hf_buf *out, const GENERAL_NAME *name)
{
    enum hf_alpn_kind kind = HF_ALPN_OTHER;
    struct hf_span text = {0};

    if (name != NULL && name->type == GEN_DNS) {
        kind = HF_ALPN_DNS;
        text = string_of(name->d.dNSName);
    } else if (name != NULL && name->type == GEN_IPADD) {
        kind = HF_ALPN_IP;
        text = string_of(name->d.iPAddress);
    }
    if (text.len > HF_NAME_MAX) {
        kind = HF_ALPN_OTHER;
        text.len = 0;
    }
    hf_put_number(out, kind, 1);
    hf_put_text(out, text);
}

static void put_names(struct hf_buf *out, const X509 *cert)
{
    GENERAL_NAMES *names =
        X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);

    hf_put_number(out, cap(sk_GENERAL_NAME_num(names)), 1);
    put_name(out, sk_GENERAL_NAME_value(names, 0));
    GENERAL_NAMES_free(names);
}

/* Authorization ::= OCTET STRING (SIZE (32)), in the extension's value. */
static struct hf_span hash_of(X509_EXTENSION *extension)
{
    struct hf_span value = string_of(X509_EXTENSION_get_data(extension));
    const struct hf_span head = HF_SPAN("\x04\x20");

    if (value.len != head.len + HASH_LEN || !hf_span_starts(value, head))
        return (struct hf_span){0};
    (void)hf_span_cut(&value, head.len);
    return value;
}

static void put_extension(struct hf_buf *out, const X509 *cert)
{
    ASN1_OBJECT *wanted = OBJ_txt2obj(EXTENSION, 1);
    struct hf_span hash = {0};
    bool critical = true;
    int count = 0;
    int at = -1;

    while (wanted != NULL) {
        X509_EXTENSION *extension;

        at = X509_get_ext_by_OBJ(cert, wanted, at);
        if (at < 0)
            break;
        extension = X509_get_ext(cert, at);
        critical = critical && X509_EXTENSION_get_critical(extension) == 1;
        if (count++ == 0)
            hash = hash_of(extension);
    }
    hf_put_number(out, cap(count), 1);
    hf_put_number(out, critical, 1);
    hf_put_text(out, hash);
    ASN1_OBJECT_free(wanted);
}

void hf_alpn_put(struct hf_buf *out, const SSL *ssl)
{
    X509 *cert = SSL_get1_peer_certificate(ssl);
    const unsigned char *protocol = NULL;
    unsigned protocol_len = 0;
    unsigned char hash[EVP_MAX_MD_SIZE];
    unsigned hash_len = 0;

    SSL_get0_alpn_selected(ssl, &protocol, &protocol_len);
    hf_put_number(
        out,
        hf_span_eq((struct hf_span){(const char *)protocol, protocol_len},
                   HF_SPAN(PROTOCOL)),
        1);
    if (cert == NULL)
        return; /* which hf_alpn_read() refuses */
    put_names(out, cert);
    put_extension(out, cert);
    if (X509_digest(cert, EVP_sha256(), hash, &hash_len) != 1)
        hash_len = 0;
    hf_put_text(out, (struct hf_span){(const char *)hash, hash_len});
    X509_free(cert);
}
