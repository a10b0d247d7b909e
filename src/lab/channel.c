/* SPDX-License-Identifier: Apache-2.0 */
#include "lab/channel.h"

#include "base/alloc.h"
#include "crypto/ca_certificate.h"
#include "crypto/jwk.h"
#include "crypto/leaf.h"
#include "crypto/pem.h"
#include "crypto/private_key.h"

#define YEAR_S   ((int64_t)365 * 86400)
#define EARLY_S  3600
#define DER_MAX  (HF_CA_TBS_MAX + HF_X509_ENVELOPE_MAX)
#define SPKI_MAX 256
#define PEM_MAX  ((size_t)16 << 10)
#define NAMES    16

/* A key, and what certificates say of it. */
struct party {
    struct hf_private_key *key;
    struct hf_signer signer;
    struct hf_buf spki;
    char spki_room[SPKI_MAX];
};

struct making {
    struct party root;
    struct party own;
    struct hf_leaf_template template;
    char tbs_room[HF_LEAF_TBS_MAX(NAMES)];
};

static const unsigned char root_serial[] = {1};
static const unsigned char own_serial[] = {2};

static enum hf_err party_make(struct party *party, struct hf_why *why)
{
    enum hf_err err = hf_private_key_generate(HF_KEY_P256, &party->key, why);

    hf_buf_init(&party->spki, party->spki_room, sizeof(party->spki_room));
    if (err == HF_OK)
        err = hf_private_key_signer(party->key, &party->signer, why);
    return err == HF_OK
               ? hf_jwk_spki(hf_signer_jwk(&party->signer), &party->spki, why)
               : err;
}

static void party_clear(struct party *party)
{
    hf_signer_clear(&party->signer);
    hf_private_key_free(party->key);
}

static enum hf_err make_root(const struct party *root, int64_t now_s,
                             struct hf_buf *der, struct hf_why *why)
{
    const struct hf_ca_certificate certificate = {
        .serial = root_serial,
        .serial_len = sizeof(root_serial),
        .subject = {.common_name = HF_SPAN("holdfast lab")},
        .spki = hf_buf_span(&root->spki),
        .not_before_at = now_s - EARLY_S,
        .not_after_at = now_s + YEAR_S,
        .is_root = true,
    };
    char room[HF_CA_TBS_MAX];
    struct hf_der tbs;
    enum hf_err err;

    hf_der_init(&tbs, room, sizeof(room));
    err = hf_ca_certificate_build(&certificate, root->signer.alg, &tbs, why);
    return err == HF_OK
               ? hf_x509_sign(&root->signer, hf_der_span(&tbs), der, why)
               : err;
}

static enum hf_err make_template(struct making *making, struct hf_span root_der,
                                 struct hf_why *why)
{
    unsigned char key_id[HF_X509_KEY_ID_LEN];
    struct hf_leaf_profile profile = {.client_auth = true};
    struct hf_x509 parts;
    enum hf_err err = hf_x509_read(root_der, &parts, why);

    if (err == HF_OK)
        err = hf_x509_key_id(hf_buf_span(&making->root.spki), key_id, why);
    if (err != HF_OK)
        return err;
    profile.issuer = (struct hf_x509_issuer){
        .name = parts.subject,
        .key_id = {(const char *)key_id, sizeof(key_id)},
        .alg = making->root.signer.alg};
    return hf_leaf_template_make(&profile, &making->template, why);
}

static enum hf_err make_leaf(struct making *making,
                             const struct hf_leaf *wanted, struct hf_buf *der,
                             struct hf_why *why)
{
    struct hf_leaf leaf = *wanted;
    struct hf_der tbs;
    enum hf_err err;

    leaf.spki = hf_buf_span(&making->own.spki);
    hf_der_init(&tbs, making->tbs_room, sizeof(making->tbs_room));
    err = hf_leaf_build(&making->template, &leaf, &tbs, why);
    return err == HF_OK
               ? hf_x509_sign(&making->root.signer, hf_der_span(&tbs), der, why)
               : err;
}

static enum hf_err make(struct making *making, const struct hf_leaf *leaf,
                        int64_t now_s, struct hf_lab_channel *out,
                        struct hf_why *why)
{
    struct hf_buf root_der;
    struct hf_buf der;
    enum hf_err err = party_make(&making->root, why);

    hf_buf_init_grow(&root_der, DER_MAX);
    hf_buf_init_grow(&der, DER_MAX);
    if (err == HF_OK)
        err = party_make(&making->own, why);
    if (err == HF_OK)
        err = make_root(&making->root, now_s, &root_der, why);
    if (err == HF_OK)
        err = make_template(making, hf_buf_span(&root_der), why);
    if (err == HF_OK)
        err = make_leaf(making, leaf, &der, why);
    if (err == HF_OK)
        err =
            hf_private_key_write(making->own.key, HF_SPAN(""), &out->key, why);
    hf_pem_put_certificate(&out->root, hf_buf_span(&root_der));
    hf_pem_put_certificate(&out->chain, hf_buf_span(&der));
    hf_buf_clear(&root_der);
    hf_buf_clear(&der);
    if (err == HF_OK && (out->root.full || out->chain.full))
        err = hf_fail(why, HF_ENOMEM, 0, "out of memory");
    return err;
}

enum hf_err hf_lab_channel_make(const struct hf_span *addresses, size_t count,
                                int64_t now_s, struct hf_lab_channel *out,
                                struct hf_why *why)
{
    const struct hf_leaf leaf = {
        .serial = own_serial,
        .serial_len = sizeof(own_serial),
        .not_before_at = now_s - EARLY_S,
        .not_after_at = now_s + YEAR_S,
        .names = {.ips = addresses, .ip_count = count},
    };
    struct making *making = hf_alloc(1, sizeof(*making));
    enum hf_err err;

    hf_buf_init_grow(&out->root, PEM_MAX);
    hf_buf_init_grow(&out->chain, PEM_MAX);
    hf_buf_init_grow(&out->key, PEM_MAX);
    if (making == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    err = make(making, &leaf, now_s, out, why);
    party_clear(&making->root);
    party_clear(&making->own);
    hf_free_wiped(making, sizeof(*making));
    return err;
}

void hf_lab_channel_clear(struct hf_lab_channel *channel)
{
    hf_buf_clear(&channel->root);
    hf_buf_clear(&channel->chain);
    hf_buf_clear_wiped(&channel->key);
}
