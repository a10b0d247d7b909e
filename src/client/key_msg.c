/* SPDX-License-Identifier: Apache-2.0 */
#include "client/key_msg.h"

#include <string.h>

#include "base/octets.h"
#include "crypto/jwk.h"

#define TEXT_MAX 4096 /* of a URL, and longer than a passphrase */

/* Bits of how. */
enum { HOW_NO_WALL = 1 << 0, HOW_WAITS = 1 << 1, HOW_ALL = (1 << 2) - 1 };

static enum hf_err garbled(struct hf_why *why)
{
    return hf_fail(why, HF_ESYNTAX, 0,
                   "a process that has a key speaks another language");
}

void hf_key_put(struct hf_buf *out, enum hf_key_frame kind,
                struct hf_span octets)
{
    size_t at = hf_frame_begin(out, kind);

    hf_buf_put(out, octets);
    hf_frame_end(out, at);
}

/* ---- OPEN and MAKE ---- */

void hf_key_put_want(struct hf_buf *out, const struct hf_key_want *want)
{
    size_t at = hf_frame_begin(out, want->make ? HF_KEY_MAKE : HF_KEY_OPEN);

    hf_put_number(
        out,
        (want->no_wall ? HOW_NO_WALL : 0U) | (want->waits ? HOW_WAITS : 0U), 1);
    hf_put_text(out, want->origin);
    hf_put_text(out, want->passphrase);
    hf_key_reach_put(out, &want->reach);
    if (want->make) {
        hf_put_number(out, want->kind, 1);
    } else {
        hf_put_number(out, want->give, 1);
        hf_put_text(out, want->seal);
    }
    hf_buf_put(out, want->pem);
    hf_frame_end(out, at);
}

enum hf_err hf_key_read_want(const struct hf_frame *frame,
                             struct hf_key_want *out, struct hf_why *why)
{
    struct hf_key_want want = {.make = frame->kind == HF_KEY_MAKE};
    struct hf_span rest = frame->body;
    unsigned how = 0;
    unsigned kind = 0;
    unsigned give = 0;

    if ((!want.make && frame->kind != HF_KEY_OPEN) ||
        !hf_take_below(&rest, HOW_ALL + 1, &how) ||
        !hf_take_text(&rest, TEXT_MAX, &want.origin) ||
        !hf_take_text(&rest, TEXT_MAX, &want.passphrase) ||
        !hf_key_reach_take(&rest, &want.reach))
        return garbled(why);
    if (want.make && !hf_take_below(&rest, HF_KEY_KIND_COUNT, &kind))
        return garbled(why);
    if (!want.make && (!hf_take_below(&rest, HF_KEY_GIVE_OLD_PEM + 1, &give) ||
                       !hf_take_text(&rest, TEXT_MAX, &want.seal)))
        return garbled(why);
    want.give = (enum hf_key_give)give;
    want.no_wall = (how & HOW_NO_WALL) != 0;
    want.waits = (how & HOW_WAITS) != 0;
    want.kind = (enum hf_key_kind)kind;
    want.pem = rest;
    *out = want;
    return HF_OK;
}

/* ---- READY ---- */

void hf_key_put_ready(struct hf_buf *out, const struct hf_key_ready *ready)
{
    size_t at = hf_frame_begin(out, HF_KEY_READY);

    hf_put_number(out, ready->signer.alg, 1);
    hf_put_number(out, ready->kind, 1);
    hf_buf_put(out, hf_signer_thumbprint(&ready->signer));
    hf_put_text(out, hf_signer_jwk(&ready->signer));
    hf_put_text(out, ready->directory);
    hf_put_text(out, ready->account_url);
    hf_buf_put(out, ready->pem);
    hf_frame_end(out, at);
}

static bool is_of_jwk(const struct hf_signer *signer)
{
    char thumbprint[HF_THUMBPRINT_LEN];

    return hf_jwk_thumbprint(hf_signer_jwk(signer), thumbprint, NULL) ==
               HF_OK &&
           memcmp(thumbprint, signer->thumbprint, sizeof(thumbprint)) == 0;
}

enum hf_err hf_key_read_ready(const struct hf_frame *frame,
                              struct hf_key_ready *out, struct hf_why *why)
{
    struct hf_key_ready ready = {0};
    struct hf_span rest = frame->body;
    struct hf_span jwk;
    unsigned alg, kind;

    if (frame->kind != HF_KEY_READY ||
        !hf_take_below(&rest, HF_SIG_ALG_COUNT, &alg) ||
        !hf_take_below(&rest, HF_KEY_KIND_COUNT, &kind) ||
        rest.len < HF_THUMBPRINT_LEN)
        return garbled(why);
    memcpy(ready.signer.thumbprint, rest.ptr, HF_THUMBPRINT_LEN);
    (void)hf_span_cut(&rest, HF_THUMBPRINT_LEN);
    if (!hf_take_text(&rest, HF_JWK_MAX, &jwk) ||
        !hf_take_text(&rest, TEXT_MAX, &ready.directory) ||
        !hf_take_text(&rest, TEXT_MAX, &ready.account_url))
        return garbled(why);
    memcpy(ready.signer.jwk, jwk.ptr, jwk.len);
    ready.signer.jwk_len = jwk.len;
    ready.signer.alg = (enum hf_sig_alg)alg;
    ready.kind = (enum hf_key_kind)kind;
    ready.pem = rest;
    if (!is_of_jwk(&ready.signer))
        return garbled(why);
    *out = ready;
    return HF_OK;
}

/* ---- FAILED ---- */

void hf_key_put_failed(struct hf_buf *out, enum hf_err err, const char *text)
{
    hf_frame_put_failure(out, HF_KEY_FAILED, err, text);
}

enum hf_err hf_key_read_failed(const struct hf_frame *frame, char *said,
                               struct hf_why *why)
{
    return hf_frame_read_failure(frame, HF_KEY_FAILED, said, HF_KEY_SAID_MAX,
                                 why);
}
