/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/nonce.h"

#include "base/alloc.h"
#include "base/base64.h"
#include "crypto/hmac.h"
#include "os/random.h"

#define NUMBER_LEN   8
#define CODE_LEN     16 /* octets kept of the HMAC: 2^-128 for whoever guesses */
#define NONCE_OCTETS (NUMBER_LEN + CODE_LEN)
#define COMMON       ((uint64_t)1 << 63) /* in numbers of that kind */
#define COUNT_BITS   31                  /* of them, below the second */
#define COUNT_MASK   (((uint64_t)1 << COUNT_BITS) - 1)
#define AHEAD_S      60 /* so far another's clock may be before ours */

_Static_assert(HF_BASE64URL_LEN(NONCE_OCTETS) == HF_NONCE_LEN, "its text");

struct hf_nonces {
    struct hf_hmac *own;
    struct hf_hmac *common; /* or NULL */
    bool shares;
    uint32_t count; /* of common ones; begins by chance, so that two processes
                       hardly make the same */
    uint64_t next;  /* the number to come; those from next - WINDOW count */
    uint64_t used[HF_NONCE_WINDOW / 64];
};

static enum hf_err make_code(struct hf_span key, struct hf_hmac **out,
                             struct hf_why *why)
{
    return hf_hmac_new("SHA256", key, out, why);
}

static enum hf_err make_own_code(struct hf_hmac **out, struct hf_why *why)
{
    char key[HF_NONCE_KEY_LEN];
    enum hf_err err = hf_random_fill(key, sizeof(key), why);

    if (err == HF_OK)
        err = make_code((struct hf_span){key, sizeof(key)}, out, why);
    explicit_bzero(key, sizeof(key));
    return err;
}

enum hf_err hf_nonces_new(struct hf_span key, struct hf_nonces **out,
                          struct hf_why *why)
{
    struct hf_nonces *nonces = hf_alloc(1, sizeof(*nonces));
    enum hf_err err;

    if (nonces == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    err = make_own_code(&nonces->own, why);
    if (err == HF_OK)
        err = hf_random_fill(&nonces->count, sizeof(nonces->count), why);
    if (err == HF_OK && key.len > 0)
        err = make_code(key, &nonces->common, why);
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
    hf_hmac_free(nonces->own);
    hf_hmac_free(nonces->common);
    hf_free(nonces);
}

void hf_nonces_share(struct hf_nonces *nonces, bool share)
{
    nonces->shares = share && nonces->common != NULL;
}

/* The octets of a number and its code. */
static enum hf_err put_octets(const struct hf_nonces *nonces, uint64_t number,
                              unsigned char *out, struct hf_why *why)
{
    unsigned char code[HF_HMAC_MAX];
    struct hf_hmac *hmac =
        (number & COMMON) != 0 ? nonces->common : nonces->own;
    enum hf_err err;

    for (int i = 0; i < NUMBER_LEN; i++)
        out[i] = (unsigned char)(number >> (56 - 8 * i));
    hf_hmac_add(hmac, (struct hf_span){(const char *)out, NUMBER_LEN});
    err = hf_hmac_end(hmac, code, why);
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

static uint64_t next_own(struct hf_nonces *nonces)
{
    *word_of(nonces, nonces->next) &= ~bit_of(nonces->next);
    return nonces->next++;
}

static uint64_t next_common(struct hf_nonces *nonces, int64_t now_at)
{
    return COMMON | (uint64_t)now_at << COUNT_BITS |
           (nonces->count++ & COUNT_MASK);
}

enum hf_err hf_nonces_make(struct hf_nonces *nonces, int64_t now_at, char *out,
                           struct hf_why *why)
{
    unsigned char octets[NONCE_OCTETS];
    uint64_t number =
        nonces->shares ? next_common(nonces, now_at) : next_own(nonces);
    enum hf_err err = put_octets(nonces, number, octets, why);

    if (err == HF_OK)
        hf_base64url((struct hf_span){(const char *)octets, sizeof(octets)},
                     out);
    return err;
}

static bool use_own(struct hf_nonces *nonces, uint64_t number)
{
    if (number >= nonces->next || nonces->next - number > HF_NONCE_WINDOW ||
        (*word_of(nonces, number) & bit_of(number)) != 0)
        return false;
    *word_of(nonces, number) |= bit_of(number);
    return true;
}

static bool is_timely(uint64_t number, int64_t now_at)
{
    int64_t at = (int64_t)((number & ~COMMON) >> COUNT_BITS);

    return at <= now_at + AHEAD_S && at > now_at - HF_NONCE_LIFE_S;
}

/* The number of one whose code is good. */
static bool read_number(const struct hf_nonces *nonces, struct hf_span nonce,
                        uint64_t *number)
{
    unsigned char octets[NONCE_OCTETS];
    unsigned char ours[NONCE_OCTETS];

    if (nonce.len != HF_NONCE_LEN || !hf_base64url_decode(nonce, octets))
        return false;
    *number = 0;
    for (int i = 0; i < NUMBER_LEN; i++)
        *number = *number << 8 | octets[i];
    if ((*number & COMMON) != 0 && nonces->common == NULL)
        return false;
    return put_octets(nonces, *number, ours, NULL) == HF_OK &&
           hf_secret_eq((struct hf_span){(const char *)octets, NONCE_OCTETS},
                        (struct hf_span){(const char *)ours, NONCE_OCTETS});
}

bool hf_nonces_use(struct hf_nonces *nonces, struct hf_span nonce,
                   int64_t now_at, int64_t *number)
{
    uint64_t got;

    *number = 0;
    if (!read_number(nonces, nonce, &got))
        return false;
    if ((got & COMMON) == 0)
        return use_own(nonces, got);
    *number = (int64_t)(got & ~COMMON);
    return is_timely(got, now_at);
}

/* Clocks differ less than a life is long. */
int64_t hf_nonces_forgotten(int64_t now_at)
{
    return (now_at - 2 * HF_NONCE_LIFE_S) << COUNT_BITS;
}
