/* SPDX-License-Identifier: Apache-2.0 */
#include "client/means.h"

#include "client/members.h"

static const struct hf_member members[] = {
    {"webroot", offsetof(struct hf_means, webroot)},
    {"httpAddress", offsetof(struct hf_means, http_address)},
    {"dnsServer", offsetof(struct hf_means, dns_server)},
    {"dnsTsigFile", offsetof(struct hf_means, dns_tsig_file)},
    {"dnsHook", offsetof(struct hf_means, dns_hook)},
};

#define MEMBER_COUNT (sizeof(members) / sizeof(members[0]))

bool hf_means_nth(const struct hf_means *means, size_t n, enum hf_method *out)
{
    if (means->method_count == 0 && n == 0)
        *out = HF_METHOD_PERSIST;
    else if (n < means->method_count)
        *out = means->methods[n];
    else
        return false;
    return true;
}

bool hf_means_has(const struct hf_means *means, enum hf_method method)
{
    enum hf_method one;

    for (size_t i = 0; hf_means_nth(means, i, &one); i++)
        if (one == method)
            return true;
    return false;
}

static struct hf_span text_at(const struct hf_means *means, size_t offset)
{
    struct hf_span text;

    memcpy(&text, (const char *)means + offset, sizeof(text));
    return text;
}

bool hf_means_eq(const struct hf_means *a, const struct hf_means *b)
{
    bool same = a->method_count == b->method_count &&
                a->http_port == b->http_port && a->dns_wait_s == b->dns_wait_s;

    for (size_t i = 0; same && i < a->method_count; i++)
        same = a->methods[i] == b->methods[i];
    for (size_t i = 0; same && i < MEMBER_COUNT; i++)
        same = hf_span_eq(text_at(a, members[i].offset),
                          text_at(b, members[i].offset));
    return same;
}

void hf_means_read(const struct json_t *root, struct hf_means *out)
{
    struct hf_span words[HF_METHOD_COUNT];
    size_t count = hf_members_list(root, "methods", words, HF_METHOD_COUNT);

    *out = (struct hf_means){0};
    hf_members_read(root, members, MEMBER_COUNT, out);
    for (size_t i = 0; i < count; i++)
        out->method_count +=
            hf_method_find(words[i], &out->methods[out->method_count]);
    out->http_port = hf_members_number(root, "httpPort");
    out->dns_wait_s = hf_members_number_or(root, "dnsWait", HF_MEANS_USUAL);
}

bool hf_means_put(struct hf_json *json, const struct hf_means *means)
{
    struct hf_span words[HF_METHOD_COUNT];

    for (size_t i = 0; i < means->method_count; i++)
        words[i] = hf_span_str(hf_method_word(means->methods[i]));
    if (means->method_count > 0)
        hf_json_key_list(json, "methods", words, means->method_count);
    if (means->http_port > 0)
        hf_json_key_int(json, "httpPort", means->http_port);
    if (means->dns_wait_s != HF_MEANS_USUAL)
        hf_json_key_int(json, "dnsWait", means->dns_wait_s);
    return hf_members_put(json, members, MEMBER_COUNT, means);
}

void hf_means_put_words(struct hf_buf *out, const struct hf_means *means)
{
    enum hf_method method;

    for (size_t i = 0; hf_means_nth(means, i, &method); i++) {
        hf_buf_puts(out, i == 0 ? "" : ", ");
        hf_buf_puts(out, hf_method_word(method));
    }
}
