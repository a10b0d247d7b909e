/* SPDX-License-Identifier: Apache-2.0 */
#include "net/tls.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "base/alloc.h"
#include "crypto/openssl.h"
#include "os/file.h"

#define FILE_MAX    ((size_t)8 << 20)
#define ANCHORS_MAX 4096
#define HOST_MAX    256

/*
 * A certificate that is trusted, not yet parsed: OpenSSL 3 takes a millisecond
 * for each, a bundle has 150, and one is needed.
 */
struct anchor {
    unsigned char *der;
    size_t len;
    struct hf_span subject; /* its octets, in `der` */
    bool given;             /* to the store already */
};

struct hf_tls {
    SSL_CTX *ctx;
    struct anchor *anchors;
    size_t count;
};

/* The next element of DER: its octets, head and all, cut off `*rest`. */
static bool take_element(struct hf_span *rest, struct hf_span *whole)
{
    const unsigned char *at = (const unsigned char *)rest->ptr;
    const unsigned char *from = at;
    long len = 0;
    int tag = 0;
    int class = 0;

    if (rest->len == 0 ||
        (ASN1_get_object(&at, &len, &tag, &class, (long)rest->len) & 0x80) != 0)
        return false;
    *whole = hf_span_cut(rest, (size_t)(at - from) + (size_t)len);
    return true;
}

/* Step into the SEQUENCE at the front. */
static bool enter(struct hf_span *rest)
{
    const unsigned char *at = (const unsigned char *)rest->ptr;
    const unsigned char *from = at;
    long len = 0;
    int tag = 0;
    int class = 0;

    if (rest->len == 0 ||
        (ASN1_get_object(&at, &len, &tag, &class, (long)rest->len) & 0x80) != 0)
        return false;
    (void)hf_span_cut(rest, (size_t)(at - from));
    rest->len = (size_t)len;
    return tag == V_ASN1_SEQUENCE;
}

/*
 * RFC 5280, section 4.1: version (if any), serial number, signature, issuer,
 * validity, subject.
 */
static bool find_subject(struct anchor *anchor)
{
    struct hf_span rest = {(const char *)anchor->der, anchor->len};
    bool good = enter(&rest); /* Certificate */
    int before = 4;

    good = good && enter(&rest); /* tbsCertificate */
    if (!good)
        return false;
    if (rest.len > 0 && (unsigned char)rest.ptr[0] == 0xa0)
        before++;
    for (int i = 0; i <= before; i++)
        if (!take_element(&rest, &anchor->subject))
            return false;
    return true;
}

/* Owns `der`. */
static enum hf_err add_anchor(struct hf_tls *tls, unsigned char *der,
                              size_t len, struct hf_why *why)
{
    struct anchor anchor = {.der = der, .len = len};
    struct anchor *grown;

    if (!find_subject(&anchor)) {
        hf_free(der); /* not what its label says: nobody's issuer */
        return HF_OK;
    }
    /* Doubled whenever the count is a power of two. */
    grown = tls->anchors;
    if ((tls->count & (tls->count - 1)) == 0)
        grown = hf_realloc(tls->anchors, tls->count == 0 ? 1 : 2 * tls->count,
                           sizeof(anchor));
    if (grown == NULL) {
        hf_free(der);
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    }
    tls->anchors = grown;
    tls->anchors[tls->count++] = anchor;
    return HF_OK;
}

/* The base64 of one certificate, in lines; their ends are removed from it. */
static enum hf_err add_text(struct hf_tls *tls, unsigned char *text, size_t len,
                            struct hf_why *why)
{
    unsigned char *der;
    size_t count = 0;
    int n;

    for (size_t i = 0; i < len; i++)
        if (text[i] > ' ')
            text[count++] = text[i];
    der = hf_alloc(count / 4 + 1, 3);
    if (der == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    n = EVP_DecodeBlock(der, text, (int)count);
    /* It counts octets for the padding, too, but DER says where it ends. */
    return add_anchor(tls, der, n < 0 ? 0 : (size_t)n, why);
}

static unsigned char *find(unsigned char *from, const unsigned char *end,
                           struct hf_span line)
{
    return memmem(from, (size_t)(end - from), line.ptr, line.len);
}

/*
 * Every certificate of one file (RFC 7468); what else there is, is skipped. For
 * the 150 of a system OpenSSL's reader of PEM takes longer than the handshake.
 */
static enum hf_err add_pem(struct hf_tls *tls, struct hf_buf *pem,
                           struct hf_why *why)
{
    static const struct hf_span begin =
        HF_SPAN_INIT("-----BEGIN CERTIFICATE-----");
    static const struct hf_span end = HF_SPAN_INIT("-----END CERTIFICATE-----");
    unsigned char *at = (unsigned char *)pem->ptr;
    const unsigned char *limit = at + pem->len;
    size_t had = tls->count;
    enum hf_err err = HF_OK;

    while (err == HF_OK && pem->len > 0 && tls->count < ANCHORS_MAX) {
        unsigned char *from = find(at, limit, begin);

        at = from == NULL ? NULL : find(from, limit, end);
        if (at == NULL)
            break;
        from += begin.len;
        err = add_text(tls, from, (size_t)(at - from), why);
    }
    if (err == HF_OK && tls->count == had)
        return hf_fail(why, HF_ESYNTAX, 0,
                       "no certificate in a file of CA certificates");
    return err;
}

static enum hf_err add_file(struct hf_tls *tls, const char *path,
                            struct hf_why *why)
{
    struct hf_buf pem;
    enum hf_err err;

    hf_buf_init_grow(&pem, FILE_MAX);
    err = hf_file_read(path, &pem, why);
    if (err == HF_OK)
        err = add_pem(tls, &pem, why);
    hf_buf_clear(&pem);
    return err;
}

/* Where systems keep the certificates that their administrator trusts. */
static enum hf_err add_system(struct hf_tls *tls, struct hf_why *why)
{
    static const char *const paths[] = {
        "/etc/ssl/certs/ca-certificates.crt",                /* Debian */
        "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", /* Fedora */
        "/etc/ssl/ca-bundle.pem",                            /* SUSE */
        "/etc/ssl/cert.pem",                                 /* Alpine */
    };
    enum hf_err err = HF_ENOTFOUND;

    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        err = add_file(tls, paths[i], why);
        if (err != HF_ENOTFOUND)
            return err;
    }
    return err;
}

/* Let OpenSSL know those of ours that have this name. */
static void give_anchors(struct hf_tls *tls, X509_STORE *store,
                         const X509_NAME *name)
{
    const unsigned char *der = NULL;
    struct hf_span wanted;
    size_t len = 0;

    if (X509_NAME_get0_der(name, &der, &len) != 1)
        return;
    wanted = (struct hf_span){(const char *)der, len};
    for (size_t i = 0; i < tls->count; i++) {
        struct anchor *anchor = &tls->anchors[i];
        const unsigned char *at = anchor->der;
        X509 *parsed;

        if (anchor->given || !hf_span_eq(anchor->subject, wanted))
            continue;
        anchor->given = true;
        parsed = d2i_X509(NULL, &at, (long)anchor->len);
        if (parsed != NULL)
            (void)X509_STORE_add_cert(store, parsed);
        X509_free(parsed);
    }
}

/* Those that may have issued this certificate, or are it. */
static void give_for(struct hf_tls *tls, X509_STORE *store, const X509 *cert)
{
    give_anchors(tls, store, X509_get_issuer_name(cert));
    give_anchors(tls, store, X509_get_subject_name(cert));
}

/* In place of X509_verify_cert(): the same, with our certificates at hand. */
static int verify(X509_STORE_CTX *sctx, void *data)
{
    struct hf_tls *tls = data;
    X509_STORE *store = X509_STORE_CTX_get0_store(sctx);
    STACK_OF(X509) *sent = X509_STORE_CTX_get0_untrusted(sctx);
    SSL *ssl =
        X509_STORE_CTX_get_ex_data(sctx, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct hf_tls_note *note = SSL_get_app_data(ssl);
    int good;

    give_for(tls, store, X509_STORE_CTX_get0_cert(sctx));
    for (int i = 0; i < sk_X509_num(sent); i++)
        give_for(tls, store, sk_X509_value(sent, i));
    good = X509_verify_cert(sctx);
    if (good != 1)
        note->untrusted = X509_STORE_CTX_get_error(sctx);
    if (good != 1 && note->untrusted == X509_V_OK)
        note->untrusted = X509_V_ERR_UNSPECIFIED;
    return good;
}

/* A copy: OpenSSL spoils the session itself when a connection breaks off. */
static int on_session(SSL *ssl, SSL_SESSION *session)
{
    const struct hf_tls_note *note = SSL_get_app_data(ssl);

    SSL_SESSION_free(*note->session);
    *note->session = SSL_SESSION_dup(session);
    return 0;
}

static bool make_context(struct hf_tls *tls)
{
    static const unsigned char alpn[] = "\x08http/1.1";
    X509_VERIFY_PARAM *param;
    SSL_CTX *ctx;

    hf_openssl_start(true);
    (void)OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_SSL_STRINGS, NULL);
    ctx = SSL_CTX_new(TLS_client_method());
    if (ctx == NULL)
        return false;
    tls->ctx = ctx;
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_cert_verify_callback(ctx, verify, tls);
    (void)SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT |
                                                  SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(ctx, on_session);
    param = SSL_CTX_get0_param(ctx);
    X509_VERIFY_PARAM_set_hostflags(param,
                                    X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN) == 1 &&
           SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) == 1 &&
           SSL_CTX_set_alpn_protos(ctx, alpn, sizeof(alpn) - 1) == 0;
}

enum hf_err hf_tls_new(const char *const *files, size_t count,
                       struct hf_tls **out, struct hf_why *why)
{
    struct hf_tls *tls = hf_alloc(1, sizeof(*tls));
    enum hf_err err = HF_OK;

    if (tls == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    if (!make_context(tls))
        err = hf_fail(why, HF_ECRYPTO, 0, "OpenSSL cannot be set up");
    for (size_t i = 0; i < count && err == HF_OK; i++)
        err = add_file(tls, files[i], why);
    if (err == HF_OK && count == 0)
        err = add_system(tls, why);
    if (err != HF_OK) {
        hf_tls_free(tls);
        return err;
    }
    *out = tls;
    return HF_OK;
}

enum hf_err hf_tls_new_blind(struct hf_tls **out, struct hf_why *why)
{
    struct hf_tls *tls = hf_alloc(1, sizeof(*tls));

    if (tls == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    if (!make_context(tls)) {
        hf_tls_free(tls);
        return hf_fail(why, HF_ECRYPTO, 0, "OpenSSL cannot be set up");
    }
    SSL_CTX_set_cert_verify_callback(tls->ctx, NULL, NULL);
    SSL_CTX_set_verify(tls->ctx, SSL_VERIFY_NONE, NULL);
    /* A session taken up again would show the certificate of long ago. */
    SSL_CTX_sess_set_new_cb(tls->ctx, NULL);
    (void)SSL_CTX_set_session_cache_mode(tls->ctx, SSL_SESS_CACHE_OFF);
    *out = tls;
    return HF_OK;
}

enum hf_err hf_tls_identify(struct hf_tls *tls, const char *chain,
                            const char *key, struct hf_why *why)
{
    if (SSL_CTX_use_certificate_chain_file(tls->ctx, chain) != 1 ||
        SSL_CTX_use_PrivateKey_file(tls->ctx, key, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(tls->ctx) != 1)
        return hf_fail(why, HF_ESYNTAX, 0,
                       "the certificate and the key of our own cannot be read, "
                       "or do not belong together");
    return HF_OK;
}

void hf_tls_free(struct hf_tls *tls)
{
    if (tls == NULL)
        return;
    SSL_CTX_free(tls->ctx);
    for (size_t i = 0; i < tls->count; i++)
        hf_free(tls->anchors[i].der);
    hf_free(tls->anchors);
    hf_free(tls);
}

/* The server must prove `host`; for a name it is told which one is meant. */
static bool set_host(SSL *ssl, char *host, enum hf_url_host kind)
{
    if (kind != HF_URL_NAME)
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host) == 1;
    return SSL_set1_host(ssl, host) == 1 &&
           SSL_set_tlsext_host_name(ssl, host) == 1;
}

SSL *hf_tls_connect(struct hf_tls *tls, struct hf_span host,
                    enum hf_url_host kind, struct hf_tls_note *note)
{
    char text[HOST_MAX];
    SSL *ssl;

    if (host.len >= sizeof(text))
        return NULL;
    memcpy(text, host.ptr, host.len);
    text[host.len] = '\0';
    ssl = SSL_new(tls->ctx);
    if (ssl == NULL)
        return NULL;
    if (!set_host(ssl, text, kind) || SSL_set_app_data(ssl, note) != 1) {
        SSL_free(ssl);
        return NULL;
    }
    if (*note->session != NULL)
        (void)SSL_set_session(ssl, *note->session);
    return ssl;
}
