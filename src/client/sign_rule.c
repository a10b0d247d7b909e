/* SPDX-License-Identifier: Apache-2.0 */
#include "client/sign_rule.h"

#include "acme/document.h"
#include "base/base64.h"
#include "holdfast/buf.h"
#include "net/url.h"

#define INPUT_MAX                                                              \
    ((size_t)2 << 20) /* octets; a CSR of 1000 names is 40,000                 \
                       */

const char *hf_sign_word(enum hf_sign_what what)
{
    static const char *const words[] = {
        [HF_SIGN_FETCH] = "fetch",       [HF_SIGN_ORDER] = "order",
        [HF_SIGN_FINALIZE] = "finalize", [HF_SIGN_CHALLENGE] = "challenge",
        [HF_SIGN_OTHER] = "other",
    };

    return words[what];
}

/* BASE64URL of a JSON object. */
static enum hf_err read_part(struct hf_span text, json_t **out,
                             struct hf_why *why)
{
    struct hf_buf octets;
    enum hf_err err;
    char *to;

    hf_buf_init_grow(&octets, INPUT_MAX);
    to = hf_buf_reserve(&octets, text.len + 1);
    if (to == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    if (hf_base64url_decode(text, (unsigned char *)to))
        err =
            hf_document_read((struct hf_span){to, text.len * 3 / 4}, out, why);
    else
        err = HF_ESYNTAX;
    hf_buf_clear(&octets);
    if (err == HF_ESYNTAX)
        return hf_fail(why, HF_ESYNTAX, 0,
                       "RFC 7515 5.1: no input of a JWS: base64url of two JSON "
                       "objects, with a dot between them");
    return err;
}

/* Members of newOrder (RFC 8555, section 7.4; RFC 9773, section 5; profiles)
 * and of finalize. One more, and who knows what the server makes of it. */
static const char *const order_members[] = {
    "identifiers", "notBefore", "notAfter", "profile", "replaces", NULL};
static const char *const finalize_members[] = {"csr", NULL};

static bool has_only(const json_t *payload, const char *const *members)
{
    size_t known = 0;

    for (size_t i = 0; members[i] != NULL; i++)
        known += json_object_get(payload, members[i]) != NULL;
    return json_object_get(payload, members[0]) != NULL &&
           known == json_object_size(payload);
}

static enum hf_sign_what what_of(const json_t *payload)
{
    if (json_object_size(payload) == 0)
        return HF_SIGN_CHALLENGE;
    if (has_only(payload, order_members))
        return HF_SIGN_ORDER;
    if (has_only(payload, finalize_members))
        return HF_SIGN_FINALIZE;
    return HF_SIGN_OTHER;
}

static enum hf_err read_payload(struct hf_span text,
                                struct hf_sign_request *out, struct hf_why *why)
{
    json_t *payload = NULL;
    enum hf_err err;

    out->what = HF_SIGN_FETCH;
    if (text.len == 0)
        return HF_OK;
    err = read_part(text, &payload, why);
    if (err == HF_OK)
        out->what = what_of(payload);
    json_decref(payload);
    return err;
}

static enum hf_err read_header(struct hf_sign_request *out, struct hf_why *why)
{
    const json_t *header = out->header;
    bool has_jwk = hf_document_member(header, "jwk") != NULL;

    out->url = hf_document_string(header, "url");
    out->kid = hf_document_string(header, "kid");
    if (out->url.len == 0 || has_jwk == (out->kid.len > 0))
        return hf_fail(why, HF_EINVAL, 0,
                       "RFC 8555 6.2: the header of a request has \"url\", and "
                       "either \"kid\" or \"jwk\"");
    /* With the key in the header it is newAccount, keyChange or a revocation,
     * whatever the payload looks like. */
    if (has_jwk)
        out->what = HF_SIGN_OTHER;
    return HF_OK;
}

enum hf_err hf_sign_read(struct hf_span input, struct hf_sign_request *out,
                         struct hf_why *why)
{
    struct hf_sign_request request = {0};
    struct hf_span payload = input;
    struct hf_span header = hf_span_cut(&payload, hf_span_find(input, '.'));
    enum hf_err err;

    if (input.len > INPUT_MAX)
        return hf_fail(why, HF_ELIMIT, 0, "too much to sign");
    if (!hf_span_skip(&payload, '.'))
        header.len = 0;
    err = read_part(header, &request.header, why);
    if (err == HF_OK)
        err = read_payload(payload, &request, why);
    if (err == HF_OK)
        err = read_header(&request, why);
    if (err == HF_OK)
        *out = request;
    else
        hf_sign_clear(&request);
    return err;
}

void hf_sign_clear(struct hf_sign_request *request)
{
    json_decref(request->header);
    *request = (struct hf_sign_request){0};
}

bool hf_sign_is_at(const struct hf_sign_request *request, struct hf_span origin)
{
    struct hf_url a;
    struct hf_url b;

    return hf_url_parse(request->url, &a, NULL) == HF_OK &&
           hf_url_parse(origin, &b, NULL) == HF_OK &&
           hf_url_same_origin(&a, &b);
}

enum hf_err hf_sign_permit(const struct hf_sign_request *request,
                           struct hf_span origin, struct hf_span account_url,
                           bool all, struct hf_why *why)
{
    if (!hf_sign_is_at(request, origin))
        return hf_fail(why, HF_EINVAL, 0,
                       "this signer signs for the server of its CA only");
    if (request->kid.len > 0 && !hf_span_eq(request->kid, account_url))
        return hf_fail(why, HF_EINVAL, 0,
                       "this signer signs for its own account only");
    if (request->what == HF_SIGN_OTHER && !all)
        return hf_fail(why, HF_EINVAL, 0,
                       "this signer signs orders and challenges only; what "
                       "changes or ends the account is done where it runs");
    return HF_OK;
}
