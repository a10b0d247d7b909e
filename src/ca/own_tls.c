/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/own_tls.h"

#include "base/alloc.h"
#include "base/json.h"
#include "crypto/csr.h"
#include "crypto/pem.h"
#include "crypto/private_key.h"

#define TICKET      ((uint64_t)1 << 62)
#define RETRY_S     3600
#define EVIDENCE_S  60 /* long enough to sign */
#define CHAIN_MAX   ((size_t)64 << 10)
#define HOST_MAX    256
#define REQUEST_MAX 4096

struct hf_own_tls {
    struct hf_own_tls_config config; /* its texts are in: */
    struct hf_buf host;
    struct hf_buf profile;
    struct hf_buf chain;
    struct hf_private_key *next; /* the key of what is asked for; or NULL */
    int64_t next_ends_at;        /* what is asked for */
    int64_t due_at;
    int64_t ends_at;
    struct hf_buf certificate;
    struct hf_buf key;
    char said[HF_ISSUER_SAID_MAX + 1];
    size_t said_len;
};

static struct hf_span keep(struct hf_buf *room, struct hf_span text)
{
    hf_buf_put(room, text);
    return hf_buf_span(room);
}

enum hf_err hf_own_tls_new(const struct hf_own_tls_config *config,
                           struct hf_own_tls **out, struct hf_why *why)
{
    struct hf_own_tls *own = hf_alloc(1, sizeof(*own));

    if (own == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    own->config = *config;
    hf_buf_init_grow(&own->host, HOST_MAX);
    hf_buf_init_grow(&own->profile, HF_ISSUER_WORD_MAX);
    hf_buf_init_grow(&own->chain, CHAIN_MAX);
    hf_buf_init_grow(&own->certificate, CHAIN_MAX);
    hf_buf_init_grow(&own->key, HF_KEY_PEM_MAX);
    own->config.host = keep(&own->host, config->host);
    own->config.profile = keep(&own->profile, config->profile);
    own->config.chain = keep(&own->chain, config->chain);
    if (own->host.full || own->profile.full || own->chain.full) {
        hf_own_tls_free(own);
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    }
    *out = own;
    return HF_OK;
}

enum hf_err hf_own_tls_change(struct hf_own_tls *own, struct hf_span profile,
                              int64_t lifetime_s, struct hf_why *why)
{
    hf_buf_reset(&own->profile);
    own->config.profile = keep(&own->profile, profile);
    own->config.lifetime_s = lifetime_s;
    return own->profile.full ? hf_fail(why, HF_ENOMEM, 0, "out of memory")
                             : HF_OK;
}

void hf_own_tls_free(struct hf_own_tls *own)
{
    if (own == NULL)
        return;
    hf_private_key_free(own->next);
    hf_buf_clear(&own->host);
    hf_buf_clear(&own->profile);
    hf_buf_clear(&own->chain);
    hf_buf_clear(&own->certificate);
    hf_buf_clear_wiped(&own->key);
    hf_free(own);
}

/* ---- asking ---- */

/* The operator says that the name is ours: there is nobody else to ask. */
static void put_evidence(struct hf_buf *out, const struct hf_own_tls *own,
                         int64_t until_at)
{
    struct hf_json json = hf_json_to(out);

    hf_json_open(&json, '{');
    hf_json_key_lit(&json, "method", "configuration");
    hf_json_key(&json, "identifier");
    hf_json_open(&json, '{');
    hf_json_key_lit(&json, "type", own->config.is_ip ? "ip" : "dns");
    hf_json_key_str(&json, "value", own->config.host);
    hf_json_key_bool(&json, "wildcard", false);
    hf_json_close(&json, '}');
    hf_json_key_lit(&json, "outcome", "valid");
    hf_json_key_int(&json, "expires", until_at);
    hf_json_close(&json, '}');
}

/* The public key of own->next in DER, out of a request for it. */
static enum hf_err take_spki(const struct hf_own_tls *own, struct hf_buf *room,
                             struct hf_span *spki, struct hf_why *why)
{
    const struct hf_csr_names names = {
        .dns = &own->config.host,
        .dns_count = own->config.is_ip ? 0 : 1,
        .ips = &own->config.host,
        .ip_count = own->config.is_ip ? 1 : 0,
    };
    enum hf_err err = hf_csr_make(own->next, &names, false, room, why);

    if (err == HF_OK && !hf_csr_spki(hf_buf_span(room), spki))
        err = hf_fail(why, HF_ECRYPTO, 0, "our own request cannot be read");
    return err;
}

static enum hf_err submit(struct hf_own_tls *own, int64_t now_at,
                          struct hf_why *why)
{
    char evidence_room[1024];
    char request_room[REQUEST_MAX];
    struct hf_buf evidence;
    struct hf_buf request;
    struct hf_issuer_name name = {.value = own->config.host,
                                  .is_ip = own->config.is_ip};
    struct hf_issuer_order order = {
        .ticket = TICKET,
        .order = HF_SPAN(HF_OWN_TLS_ORDER),
        .account = HF_SPAN(HF_OWN_TLS_ACCOUNT),
        .profile = own->config.profile,
        .names = &name,
        .name_count = 1,
        .now_at = now_at,
        .not_before_at = now_at - own->config.backdate_s,
    };
    enum hf_err err;

    hf_buf_init(&evidence, evidence_room, sizeof(evidence_room));
    hf_buf_init(&request, request_room, sizeof(request_room));
    put_evidence(&evidence, own, now_at + EVIDENCE_S);
    name.evidence = hf_buf_span(&evidence);
    order.not_after_at = order.not_before_at + own->config.lifetime_s - 1;
    own->next_ends_at = order.not_after_at;
    err = take_spki(own, &request, &order.spki, why);
    return err == HF_OK ? hf_issuer_submit(own->config.issuer, &order, why)
                        : err;
}

enum hf_err hf_own_tls_renew(struct hf_own_tls *own, int64_t now_at,
                             struct hf_why *why)
{
    enum hf_err err;

    if (now_at < own->due_at)
        return HF_OK;
    hf_private_key_free(own->next);
    own->next = NULL;
    own->due_at = now_at + RETRY_S;
    err = hf_private_key_generate(HF_KEY_P256, &own->next, why);
    return err == HF_OK ? submit(own, now_at, why) : err;
}

/* ---- the answer ---- */

static void refuse(struct hf_own_tls *own, struct hf_span said)
{
    own->said_len =
        said.len < HF_ISSUER_SAID_MAX ? said.len : HF_ISSUER_SAID_MAX;
    if (own->said_len > 0)
        memcpy(own->said, said.ptr, own->said_len);
}

bool hf_own_tls_take(struct hf_own_tls *own,
                     const struct hf_issuer_reply *reply)
{
    if (reply->ticket != TICKET || own->next == NULL)
        return false;
    if (reply->kind != HF_ISSUER_ISSUED) {
        refuse(own, reply->said);
        return false;
    }
    hf_buf_reset(&own->certificate);
    hf_pem_put_certificate(&own->certificate, reply->der);
    hf_buf_put(&own->certificate, own->config.chain);
    hf_buf_clear_wiped(&own->key);
    hf_buf_init_grow(&own->key, HF_KEY_PEM_MAX);
    if (hf_private_key_write(own->next, HF_SPAN(""), &own->key, NULL) !=
            HF_OK ||
        own->certificate.full) {
        refuse(own, HF_SPAN("out of memory"));
        return false;
    }
    hf_private_key_free(own->next);
    own->next = NULL;
    own->said_len = 0;
    own->ends_at = own->next_ends_at;
    own->due_at = own->due_at - RETRY_S + own->config.lifetime_s * 2 / 3;
    return true;
}

struct hf_span hf_own_tls_certificate(const struct hf_own_tls *own)
{
    return hf_buf_span(&own->certificate);
}

struct hf_span hf_own_tls_key(const struct hf_own_tls *own)
{
    return hf_buf_span(&own->key);
}

int64_t hf_own_tls_ends_at(const struct hf_own_tls *own)
{
    return own->ends_at;
}

int64_t hf_own_tls_renews_at(const struct hf_own_tls *own)
{
    return own->due_at;
}

struct hf_span hf_own_tls_said(const struct hf_own_tls *own)
{
    return (struct hf_span){own->said, own->said_len};
}
