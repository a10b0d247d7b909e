/* SPDX-License-Identifier: Apache-2.0 */
/*
 * server_tls.h -- TLS as a server speaks it: 1.2 and 1.3, with forward
 * secrecy, tickets, and client certificates when they are wanted. No files.
 */
#pragma once

#include <openssl/ssl.h>

#include "net/server.h"

/* A context of the certificate, key and client CA of *config; NULL when
 * OpenSSL takes them not. Owns: SSL_CTX_free(). */
SSL_CTX *hf_server_tls_new(const struct hf_server_config *config);

/* Forget the key of the tickets given out so far: who has it can read what was
 * sent in TLS 1.2 sessions that they began. */
void hf_server_tls_rotate(SSL_CTX *ctx);

/* SHA-256 of the client's certificate in hex with a NUL, or nothing. */
void hf_server_tls_fingerprint(const SSL *ssl, char *out);
