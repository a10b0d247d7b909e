/* SPDX-License-Identifier: Apache-2.0 */
#include "net/server_tls.h"

#include <openssl/err.h>

#include "base/hex.h"
#include "crypto/openssl.h"
#include "net/server_msg.h"
#include "net/tls_pair.h"
#include "os/random.h"

#define TICKET_KEYS_MAX 256

static const char ciphers[] = "ECDHE+AESGCM:ECDHE+CHACHA20";

/* RFC 7301: of what is offered we speak http/1.1, and nothing else. */
static int on_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_len,
                   const unsigned char *offered, unsigned len, void *data)
{
    static const struct hf_span ours = HF_SPAN_INIT("http/1.1");
    struct hf_span rest = {(const char *)offered, len};

    (void)ssl;
    (void)data;
    while (rest.len > 0) {
        size_t n = (unsigned char)hf_span_cut(&rest, 1).ptr[0];
        struct hf_span name;

        if (n > rest.len)
            break;
        name = hf_span_cut(&rest, n);
        if (hf_span_eq(name, ours)) {
            *out = (const unsigned char *)name.ptr;
            *out_len = (unsigned char)n;
            return SSL_TLSEXT_ERR_OK;
        }
    }
    return SSL_TLSEXT_ERR_ALERT_FATAL;
}

static bool use_pair(SSL_CTX *ctx, const struct hf_server_config *config)
{
    struct hf_tls_pair pair = {0};
    bool good =
        hf_tls_pair_read(config->certificate, config->key, &pair, NULL) ==
            HF_OK &&
        SSL_CTX_use_certificate(ctx, sk_X509_value(pair.chain, 0)) == 1 &&
        SSL_CTX_use_PrivateKey(ctx, pair.key) == 1;

    for (int i = 1; good && i < sk_X509_num(pair.chain); i++)
        good = SSL_CTX_add1_chain_cert(ctx, sk_X509_value(pair.chain, i)) == 1;
    hf_tls_pair_clear(&pair);
    return good;
}

/* Every certificate that was given ends a chain, as with hf_tls_new(). */
static bool use_client_ca(SSL_CTX *ctx, const struct hf_server_config *config)
{
    STACK_OF(X509) *anchors = NULL;
    int mode = SSL_VERIFY_PEER;
    bool good = hf_tls_read_chain(config->client_ca, &anchors, NULL) == HF_OK;

    for (int i = 0; good && i < sk_X509_num(anchors); i++)
        good = X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx),
                                   sk_X509_value(anchors, i)) == 1 &&
               SSL_CTX_add_client_CA(ctx, sk_X509_value(anchors, i)) == 1;
    if (config->client_required)
        mode |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
    SSL_CTX_set_verify(ctx, mode, NULL);
    sk_X509_pop_free(anchors, X509_free);
    return good && X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(ctx),
                                               X509_V_FLAG_PARTIAL_CHAIN) == 1;
}

static void set_options(SSL_CTX *ctx)
{
    (void)SSL_CTX_set_options(
        ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                 SSL_OP_PRIORITIZE_CHACHA | SSL_OP_IGNORE_UNEXPECTED_EOF);
    /* Records are written in parts, wherever their octets are by then, and ten
     * thousand idle connections need no room for any. */
    (void)SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE |
                                    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                    SSL_MODE_RELEASE_BUFFERS |
                                    SSL_MODE_NO_AUTO_CHAIN);
    SSL_CTX_set_read_ahead(ctx, 1); /* one call for head and body */
    /* Tickets, and nothing that we had to remember. One is enough: a client
     * that opens many connections at once is not whom we hurry for. */
    (void)SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    (void)SSL_CTX_set_num_tickets(ctx, 1);
    SSL_CTX_set_alpn_select_cb(ctx, on_alpn, NULL);
}

SSL_CTX *hf_server_tls_new(const struct hf_server_config *config)
{
    static const unsigned char name[] = "holdfast";
    SSL_CTX *ctx;
    bool good;

    hf_openssl_start(true);
    (void)OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_SSL_STRINGS, NULL);
    ctx = SSL_CTX_new(TLS_server_method());
    if (ctx == NULL)
        return NULL;
    set_options(ctx);
    good = SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) == 1 &&
           SSL_CTX_set_cipher_list(ctx, ciphers) == 1 &&
           SSL_CTX_set_session_id_context(ctx, name, sizeof(name) - 1) == 1 &&
           use_pair(ctx, config) &&
           (config->client_ca.len == 0 || use_client_ca(ctx, config));
    ERR_clear_error();
    if (good)
        return ctx;
    SSL_CTX_free(ctx);
    return NULL;
}

void hf_server_tls_rotate(SSL_CTX *ctx)
{
    unsigned char keys[TICKET_KEYS_MAX];
    long len = SSL_CTX_set_tlsext_ticket_keys(ctx, NULL, 0);

    if (len <= 0 || (size_t)len > sizeof(keys) ||
        hf_random_fill(keys, (size_t)len, NULL) != HF_OK)
        return;
    (void)SSL_CTX_set_tlsext_ticket_keys(ctx, keys, len);
    explicit_bzero(keys, sizeof(keys));
}

void hf_server_tls_fingerprint(const SSL *ssl, char *out)
{
    const X509 *cert = SSL_get0_peer_certificate(ssl);
    unsigned char octets[EVP_MAX_MD_SIZE];
    unsigned len = 0;

    out[0] = '\0';
    if (cert == NULL || X509_digest(cert, EVP_sha256(), octets, &len) != 1 ||
        (size_t)2 * len != HF_SERVER_FINGERPRINT_LEN)
        return;
    hf_hex(octets, len, out);
    out[HF_SERVER_FINGERPRINT_LEN] = '\0';
}
