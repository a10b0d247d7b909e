/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/nonce.h"

#include "base/alloc.h"
#include "base/base64.h"
#include "crypto/hmac.h"
#include "os/random.h"

#define NUMBER_LEN   8
#define CODE_LEN     16 /* octets kept of the HMAC: 2^-128 for whoever guesses */
#define NONCE_OCTETS (NUMBER_LEN + CODE_LEN)

_Static_assert(HF_BASE64URL_LEN(NONCE_OCTETS) == HF_NONCE_LEN, "its text");

struct hf_nonces {
    struct hf_hmac *hmac;
    uint64_t next; /* the number to come; those from next - WINDOW count */
    uint64_t used[HF_NONCE_WINDOW / 64];
};

enum hf_err hf_nonces_new(struct hf_nonces **out, struct hf_why *why)
{
    unsigned char key[32];
    struct hf_nonces *nonces = hf_alloc(1, sizeof(*nonces));
    enum hf_err err;

    if (nonces == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    err = hf_random_fill(key, sizeof(key), why);
    if (err == HF_OK)
        err = hf_hmac_new("SHA256",
                          (struct hf_span){(const char *)key, sizeof(key)},
                          &nonces->hmac, why);
    explicit_bzero(key, sizeof(key));
    if (err != HF_OK) {
        hf_nonces_free(nonces);
        return err;
    }
    *out = nonces;
    return HF_OK;
}

void hf_nonces_free(struct hf_nonces *nonces)
{
    if (nonces == NULL)
        return;
    hf_hmac_free(nonces->hmac);
    hf_free(nonces);
}

/* The octets of a number and its code. */
static enum hf_err put_octets(struct hf_nonces *nonces, uint64_t number,
                              unsigned char *out, struct hf_why *why)
{
    unsigned char code[HF_HMAC_MAX];
    enum hf_err err;

    for (int i = 0; i < NUMBER_LEN; i++)
        out[i] = (unsigned char)(number >> (56 - 8 * i));
    hf_hmac_add(nonces->hmac, (struct hf_span){(const char *)out, NUMBER_LEN});
    err = hf_hmac_end(nonces->hmac, code, why);
    memcpy(out + NUMBER_LEN, code, CODE_LEN);
    return err;
}

static uint64_t *word_of(struct hf_nonces *nonces, uint64_t number)
{
    return &nonces->used[number % HF_NONCE_WINDOW / 64];
}

static uint64_t bit_of(uint64_t number)
{
    return (uint64_t)1 << number % 64;
}

enum hf_err hf_nonces_make(struct hf_nonces *nonces, char *out,
                           struct hf_why *why)
{
    unsigned char octets[NONCE_OCTETS];
    enum hf_err err = put_octets(nonces, nonces->next, octets, why);

    if (err != HF_OK)
        return err;
    *word_of(nonces, nonces->next) &= ~bit_of(nonces->next);
    nonces->next++;
    hf_base64url((struct hf_span){(const char *)octets, sizeof(octets)}, out);
    return HF_OK;
}

bool hf_nonces_use(struct hf_nonces *nonces, struct hf_span nonce)
{
    unsigned char octets[NONCE_OCTETS];
    unsigned char ours[NONCE_OCTETS];
    uint64_t number = 0;

    if (nonce.len != HF_NONCE_LEN || !hf_base64url_decode(nonce, octets))
        return false;
    for (int i = 0; i < NUMBER_LEN; i++)
        number = number << 8 | octets[i];
    if (put_octets(nonces, number, ours, NULL) != HF_OK ||
        !hf_secret_eq((struct hf_span){(const char *)octets, NONCE_OCTETS},
                      (struct hf_span){(const char *)ours, NONCE_OCTETS}))
        return false;
    if (number >= nonces->next || nonces->next - number > HF_NONCE_WINDOW ||
        (*word_of(nonces, number) & bit_of(number)) != 0)
        return false;
    *word_of(nonces, number) |= bit_of(number);
    return true;
}
