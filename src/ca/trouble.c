/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/trouble.h"

static const struct {
    const char *word;
    int status;
} table[HF_TROUBLES] = {
    [HF_TROUBLE_NONE] = {"", 200},
    [HF_TROUBLE_NO_ACCOUNT] = {"accountDoesNotExist", 400},
    [HF_TROUBLE_ALREADY_REPLACED] = {"alreadyReplaced", 409},
    [HF_TROUBLE_ALREADY_REVOKED] = {"alreadyRevoked", 400},
    [HF_TROUBLE_BAD_CSR] = {"badCSR", 400},
    [HF_TROUBLE_BAD_NONCE] = {"badNonce", 400},
    [HF_TROUBLE_BAD_PUBLIC_KEY] = {"badPublicKey", 400},
    [HF_TROUBLE_BAD_REASON] = {"badRevocationReason", 400},
    [HF_TROUBLE_BAD_ALGORITHM] = {"badSignatureAlgorithm", 400},
    [HF_TROUBLE_CAA] = {"caa", 403},
    [HF_TROUBLE_CONFLICT] = {"malformed", 409},
    [HF_TROUBLE_EXTERNAL_ACCOUNT] = {"externalAccountRequired", 403},
    [HF_TROUBLE_INVALID_CONTACT] = {"invalidContact", 400},
    [HF_TROUBLE_INVALID_PROFILE] = {"invalidProfile", 400},
    [HF_TROUBLE_MALFORMED] = {"malformed", 400},
    [HF_TROUBLE_METHOD] = {"malformed", 405},
    [HF_TROUBLE_NOT_FOUND] = {"malformed", 404},
    [HF_TROUBLE_MEDIA] = {"malformed", 415},
    [HF_TROUBLE_ORDER_NOT_READY] = {"orderNotReady", 403},
    [HF_TROUBLE_RATE_LIMITED] = {"rateLimited", 429},
    [HF_TROUBLE_REJECTED_IDENTIFIER] = {"rejectedIdentifier", 403},
    [HF_TROUBLE_SERVER] = {"serverInternal", 500},
    [HF_TROUBLE_UNAUTHORIZED] = {"unauthorized", 403},
    [HF_TROUBLE_UNSUPPORTED_CONTACT] = {"unsupportedContact", 400},
    [HF_TROUBLE_UNSUPPORTED_IDENTIFIER] = {"unsupportedIdentifier", 400},
    [HF_TROUBLE_USER_ACTION] = {"userActionRequired", 403},
};

const char *hf_trouble_word(enum hf_trouble trouble)
{
    return table[trouble].word;
}

int hf_trouble_status(enum hf_trouble trouble)
{
    return table[trouble].status;
}

void hf_trouble_put_type(struct hf_json *json, const char *word)
{
    hf_json_key(json, "type");
    hf_buf_puts(json->out, "\"urn:ietf:params:acme:error:");
    hf_buf_puts(json->out, word);
    hf_buf_putc(json->out, '"');
    json->comma = true;
}

static void put_subs(struct hf_json *json, const struct hf_trouble_sub *subs,
                     size_t count)
{
    hf_json_key(json, "subproblems");
    hf_json_open(json, '[');
    for (size_t i = 0; i < count; i++) {
        hf_json_open(json, '{');
        hf_trouble_put_type(json, table[subs[i].trouble].word);
        hf_json_key_lit(json, "detail", subs[i].detail);
        hf_json_key(json, "identifier");
        hf_json_open(json, '{');
        hf_json_key_lit(json, "type", subs[i].is_ip ? "ip" : "dns");
        hf_json_key_str(json, "value", subs[i].identifier);
        hf_json_close(json, '}');
        hf_json_close(json, '}');
    }
    hf_json_close(json, ']');
}

void hf_trouble_put(struct hf_buf *out, enum hf_trouble trouble,
                    struct hf_span detail, const struct hf_trouble_sub *subs,
                    size_t sub_count, struct hf_span members)
{
    struct hf_json json = hf_json_to(out);

    hf_json_open(&json, '{');
    hf_trouble_put_type(&json, table[trouble].word);
    hf_json_key_str(&json, "detail", detail);
    hf_json_key_int(&json, "status", table[trouble].status);
    if (sub_count > 0)
        put_subs(&json, subs, sub_count);
    hf_buf_put(out, members);
    hf_json_close(&json, '}');
}
