/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/issuance.h"

#include "base/alloc.h"
#include "base/hex.h"
#include "base/json.h"
#include "ca/grounds.h"
#include "os/random.h"

#define EARLY_S    3600 /* a certificate may begin so long ago */
#define TEXTS_MAX  ((size_t)1 << 20)
#define SHARD_TAIL 4 /* octets of a serial number that say its shard */

enum hf_err hf_serial_make(unsigned char out[HF_SERIAL_LEN], struct hf_why *why)
{
    enum hf_err err = hf_random_fill(out, HF_SERIAL_LEN, why);

    out[0] = (unsigned char)((out[0] & 0x3f) | 0x40);
    return err;
}

uint32_t hf_serial_shard(const unsigned char *serial, size_t len,
                         uint32_t shards)
{
    uint32_t tail = 0;

    for (size_t i = len < SHARD_TAIL ? 0 : len - SHARD_TAIL; i < len; i++)
        tail = tail << 8 | serial[i];
    return tail % shards;
}

/* ---- the CA ---- */

static struct hf_span keep(struct hf_buf *texts, struct hf_span text)
{
    struct hf_span kept = {texts->ptr + texts->len, text.len};

    hf_buf_put(texts, text);
    return kept;
}

static enum hf_err read_issuer(const struct hf_issuer_config *config,
                               struct hf_span spki, struct hf_issuance *out,
                               struct hf_why *why)
{
    struct hf_x509 read;
    enum hf_err err =
        hf_x509_read_issuer(config->certificate, &out->issuer, why);

    if (err == HF_OK)
        err = hf_x509_read(config->certificate, &read, why);
    if (err != HF_OK)
        return err;
    if (!hf_span_eq(read.spki, spki))
        return hf_fail(why, HF_EINVAL, 0,
                       "the CA's certificate is for another key than this");
    out->ends_at = read.not_after_at;
    return hf_constraints_read(read.extensions, &out->constraints, why);
}

static enum hf_err add_profile(struct hf_issuance *issuance,
                               const struct hf_issuer_profile *from,
                               struct hf_why *why)
{
    const struct hf_leaf_profile profile = {.issuer = issuance->issuer,
                                            .client_auth = from->client_auth,
                                            .is_public = issuance->is_public,
                                            .ca_url = issuance->ca_url,
                                            .crl_url = issuance->crl_url};
    size_t i = issuance->profiles.count;
    struct hf_issuer_profile *to = &issuance->profiles.list[i];
    enum hf_err err =
        hf_leaf_template_make(&profile, &issuance->templates[i], why);

    if (err != HF_OK)
        return err;
    *to = *from;
    to->name.ptr = issuance->words[i];
    if (from->name.len > 0)
        memcpy(issuance->words[i], from->name.ptr, from->name.len);
    issuance->profiles.count++;
    return HF_OK;
}

enum hf_err hf_issuance_change(struct hf_issuance *issuance,
                               const struct hf_issuer_profiles *profiles,
                               struct hf_why *why)
{
    enum hf_err err = HF_OK;

    issuance->profiles.count = 0;
    for (size_t i = 0; i < profiles->count && err == HF_OK; i++)
        err = add_profile(issuance, &profiles->list[i], why);
    if (err != HF_OK)
        issuance->profiles.count = 0;
    return err;
}

enum hf_err hf_issuance_init(const struct hf_issuer_config *config,
                             struct hf_span spki, enum hf_sig_alg alg,
                             struct hf_issuance *out, struct hf_why *why)
{
    enum hf_err err;

    out->is_public = config->is_public;
    out->shards = config->shards;
    hf_buf_init_grow(&out->texts, TEXTS_MAX);
    /* In one piece, so that what points into it stays good. */
    if (hf_buf_reserve(&out->texts, TEXTS_MAX) == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    err = read_issuer(config, spki, out, why);
    out->issuer.alg = alg;
    if (err == HF_OK) {
        out->issuer.name = keep(&out->texts, out->issuer.name);
        out->issuer.key_id = keep(&out->texts, out->issuer.key_id);
        out->constraints.permitted =
            keep(&out->texts, out->constraints.permitted);
        out->constraints.excluded =
            keep(&out->texts, out->constraints.excluded);
        out->ca_url = keep(&out->texts, config->ca_url);
        out->crl_url = keep(&out->texts, config->crl_url);
        err = hf_issuance_change(out, &config->profiles, why);
    }
    return err;
}

void hf_issuance_clear(struct hf_issuance *issuance)
{
    hf_buf_clear(&issuance->texts);
    hf_suffixes_free(issuance->suffixes);
    issuance->suffixes = NULL;
}

/* ---- checks ---- */

static enum hf_err refuse(struct hf_why *why, const char *fault)
{
    return fault == NULL ? HF_OK : hf_fail(why, HF_EINVAL, 0, fault);
}

static const char *moment_fault(const struct hf_issuance *issuance,
                                const struct hf_issuer_order *order)
{
    if (order->not_before_at > order->now_at ||
        order->not_before_at < order->now_at - EARLY_S)
        return "BR 7.1.2.7: a certificate begins now, or up to an hour ago";
    if (order->not_after_at <= order->now_at)
        return "a certificate that has ended already";
    if (order->not_after_at > issuance->ends_at)
        return "the CA's own certificate ends before that";
    return NULL;
}

static const char *order_fault(const struct hf_issuance *issuance,
                               const struct hf_issuer_order *order)
{
    const char *fault = moment_fault(issuance, order);

    if (order->name_count == 0)
        return "RFC 5280 4.2.1.6: a certificate has at least one name";
    for (size_t i = 0; i < order->name_count && fault == NULL; i++)
        fault = hf_grounds_fault(order, &order->names[i]);
    return fault;
}

static bool find_profile(const struct hf_issuance *issuance,
                         struct hf_span name, size_t *out)
{
    for (size_t i = 0; i < issuance->profiles.count; i++) {
        if (!hf_span_eq(issuance->profiles.list[i].name, name))
            continue;
        *out = i;
        return true;
    }
    return false;
}

/* ---- building ---- */

/* The names of both kinds, in a block to be freed. */
static struct hf_span *sort_names(const struct hf_issuer_order *order,
                                  struct hf_csr_names *out)
{
    struct hf_span *list = hf_alloc(order->name_count, sizeof(*list));
    size_t dns = 0;
    size_t ip = order->name_count;

    if (list == NULL)
        return NULL;
    for (size_t i = 0; i < order->name_count; i++)
        if (!order->names[i].is_ip)
            list[dns++] = order->names[i].value;
    for (size_t i = order->name_count; i > 0; i--)
        if (order->names[i - 1].is_ip)
            list[--ip] = order->names[i - 1].value;
    *out = (struct hf_csr_names){list, dns, list + ip, order->name_count - ip};
    return list;
}

/* Move what was written to its end to where a buffer begins. */
static void take_tbs(struct hf_buf *tbs, const struct hf_der *der)
{
    struct hf_span written = hf_der_span(der);

    memmove(tbs->ptr, written.ptr, written.len);
    tbs->len = written.len;
}

static enum hf_err reserve(struct hf_buf *tbs, size_t size, struct hf_der *der,
                           struct hf_why *why)
{
    hf_buf_init_grow(tbs, size);
    if (hf_buf_reserve(tbs, size) == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    hf_der_init(der, tbs->ptr, size);
    return HF_OK;
}

/* What the CA server refused before already, unless its order is older than the
 * CA's certificate. */
static const char *names_fault(const struct hf_issuance *issuance,
                               struct hf_span tbs)
{
    struct hf_x509 leaf;
    struct hf_span name;

    if (hf_x509_read_tbs(tbs, &leaf, NULL) == HF_OK &&
        !hf_constraints_refuse(&issuance->constraints, leaf.extensions, &name))
        return NULL;
    return "RFC 5280 4.2.1.10: the certificate of the issuing CA does not "
           "permit all of these names";
}

static enum hf_err build(const struct hf_issuance *issuance,
                         const struct hf_issuer_order *order, size_t profile,
                         struct hf_issuance_draft *out, struct hf_why *why)
{
    struct hf_leaf leaf = {.serial = out->serial,
                           .serial_len = out->serial_len,
                           .not_before_at = order->not_before_at,
                           .not_after_at = order->not_after_at,
                           .spki = order->spki,
                           .shard = out->shard};
    const struct hf_leaf_rules rules = {
        .is_public = issuance->is_public,
        .lifetime_s = issuance->profiles.list[profile].lifetime_s,
        .suffixes = issuance->suffixes};
    struct hf_span *list = sort_names(order, &leaf.names);
    struct hf_der der;
    enum hf_err err;

    if (list == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    err = reserve(&out->tbs, HF_LEAF_TBS_MAX(order->name_count), &der, why);
    if (err == HF_OK)
        err = hf_leaf_build(&issuance->templates[profile], &leaf, &der, why);
    if (err == HF_OK)
        err = refuse(why, hf_leaf_fault(hf_der_span(&der), &rules));
    if (err == HF_OK)
        err = refuse(why, names_fault(issuance, hf_der_span(&der)));
    if (err == HF_OK)
        take_tbs(&out->tbs, &der);
    hf_free(list);
    return err;
}

/* ---- entries ---- */

static enum hf_err put_digest(const struct hf_issuance *issuance,
                              const struct hf_issuance_draft *draft,
                              struct hf_json *json, struct hf_why *why)
{
    const struct hf_digest *digest = issuance->digest;
    unsigned char hash[HF_HASH_MAX];
    char room[2 * HF_ENTRY_HASH_LEN];
    struct hf_buf text;

    if (digest->compute(digest->state, HF_SHA_256, hf_buf_span(&draft->tbs),
                        hash) != HF_OK)
        return hf_fail(why, HF_ECRYPTO, 0, "OpenSSL offers no SHA-256");
    hf_buf_init(&text, room, sizeof(room));
    hf_put_hex(&text, (struct hf_span){(char *)hash, HF_ENTRY_HASH_LEN});
    hf_json_key_str(json, "tbs_sha256", hf_buf_span(&text));
    return HF_OK;
}

/* The evidence has been read: it is JSON. */
static void put_names(struct hf_json *json, const struct hf_issuer_order *order)
{
    hf_json_key(json, "names");
    hf_json_open(json, '[');
    for (size_t i = 0; i < order->name_count; i++) {
        hf_json_open(json, '{');
        hf_json_key_str(json, "name", order->names[i].value);
        hf_json_key(json, "evidence");
        hf_buf_put(json->out, order->names[i].evidence);
        json->comma = true;
        hf_json_close(json, '}');
    }
    hf_json_close(json, ']');
}

static enum hf_err put_body(const struct hf_issuance *issuance,
                            const struct hf_issuer_order *order,
                            const struct hf_issuance_draft *draft,
                            struct hf_buf *body, struct hf_why *why)
{
    struct hf_json json = hf_json_to(body);
    char room[2 * HF_X509_SERIAL_MAX];
    struct hf_buf serial;
    enum hf_err err;

    hf_buf_init(&serial, room, sizeof(room));
    hf_put_hex(&serial, (struct hf_span){(const char *)draft->serial,
                                         draft->serial_len});
    hf_json_open(&json, '{');
    hf_json_key_str(&json, "serial", hf_buf_span(&serial));
    err = put_digest(issuance, draft, &json, why);
    hf_json_key_str(&json, "order", order->order);
    hf_json_key_str(&json, "account", order->account);
    hf_json_key_str(&json, "profile", order->profile);
    hf_json_key_int(&json, "not_before", order->not_before_at);
    hf_json_key_int(&json, "not_after", order->not_after_at);
    put_names(&json, order);
    hf_json_close(&json, '}');
    if (err == HF_OK && body->full)
        err = hf_fail(why, HF_ELIMIT, 0,
                      "more evidence than one entry of the log holds");
    return err;
}

enum hf_err hf_issuance_draft(const struct hf_issuance *issuance,
                              const struct hf_issuer_order *order,
                              struct hf_issuance_draft *out,
                              struct hf_buf *body, struct hf_why *why)
{
    size_t profile;
    enum hf_err err = refuse(why, order_fault(issuance, order));

    *out = (struct hf_issuance_draft){.ticket = order->ticket,
                                      .kind = HF_ISSUER_ISSUED,
                                      .serial_len = HF_SERIAL_LEN};
    if (err != HF_OK)
        return err;
    if (!find_profile(issuance, order->profile, &profile))
        return hf_fail(why, HF_EINVAL, 0, "this CA has no such profile");
    err = hf_serial_make(out->serial, why);
    out->shard = hf_serial_shard(out->serial, HF_SERIAL_LEN, issuance->shards);
    if (err == HF_OK)
        err = build(issuance, order, profile, out, why);
    if (err == HF_OK)
        err = put_body(issuance, order, out, body, why);
    return err;
}

/* ---- CRLs ---- */

static enum hf_err put_crl_body(const struct hf_issuance *issuance,
                                const struct hf_issuer_crl *crl,
                                const struct hf_issuance_draft *draft,
                                struct hf_buf *body, struct hf_why *why)
{
    struct hf_json json = hf_json_to(body);
    enum hf_err err;

    hf_json_open(&json, '{');
    hf_json_key_int(&json, "shard", crl->shard);
    hf_json_key_int(&json, "number", (int64_t)crl->number);
    hf_json_key_int(&json, "revoked", (int64_t)crl->count);
    hf_json_key_int(&json, "next_update", crl->next_update_at);
    err = put_digest(issuance, draft, &json, why);
    hf_json_close(&json, '}');
    return err;
}

enum hf_err hf_issuance_draft_crl(const struct hf_issuance *issuance,
                                  const struct hf_issuer_crl *crl,
                                  struct hf_issuance_draft *out,
                                  struct hf_buf *body, struct hf_why *why)
{
    const struct hf_crl list = {.issuer = issuance->issuer,
                                .number = crl->number,
                                .this_update_at = crl->this_update_at,
                                .next_update_at = crl->next_update_at,
                                .url = issuance->crl_url,
                                .shard = crl->shard,
                                .revoked = crl->revoked,
                                .count = crl->count};
    struct hf_der der;
    enum hf_err err;

    *out = (struct hf_issuance_draft){
        .ticket = crl->ticket, .kind = HF_ISSUER_LISTED, .shard = crl->shard};
    if (crl->shard >= issuance->shards)
        return hf_fail(why, HF_EINVAL, 0, "this CA has no such shard");
    if (crl->next_update_at <= crl->this_update_at)
        return hf_fail(why, HF_EINVAL, 0,
                       "RFC 5280 5.1.2.5: the next CRL comes before this one");
    err = reserve(&out->tbs, HF_CRL_TBS_MAX(crl->count), &der, why);
    if (err == HF_OK)
        err = hf_crl_build(&list, &der, why);
    if (err != HF_OK)
        return err;
    take_tbs(&out->tbs, &der);
    return put_crl_body(issuance, crl, out, body, why);
}
