/* SPDX-License-Identifier: Apache-2.0 */
#include "acme/method.h"

static const char *const words[] = {
    [HF_METHOD_PERSIST] = "dns-persist-01",
    [HF_METHOD_DNS] = "dns-01",
    [HF_METHOD_HTTP] = "http-01",
};

const char *hf_method_word(enum hf_method method)
{
    return words[method];
}

bool hf_method_find(struct hf_span word, enum hf_method *out)
{
    for (size_t i = 0; i < HF_METHOD_COUNT; i++) {
        if (!hf_span_eq(word, hf_span_str(words[i])))
            continue;
        *out = (enum hf_method)i;
        return true;
    }
    return false;
}

const char *hf_method_objection(enum hf_method method, enum hf_name_kind kind)
{
    if (method == HF_METHOD_HTTP)
        return kind == HF_NAME_WILDCARD
                   ? "http-01 says nothing of a wildcard (RFC 8555 8.3)"
                   : NULL;
    return kind == HF_NAME_ADDRESS
               ? "no record in DNS speaks for an address, only http-01 does "
                 "(RFC 8738)"
               : NULL;
}
