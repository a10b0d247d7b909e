/* SPDX-License-Identifier: Apache-2.0 */
#include "holdfast/hashed_uri.h"

#include "base/base64.h"

/* RFC 6920 registry, names of 256 bits or more (REQ RECORD-18, ACCT-12). */
static const struct {
    const char *name;
    uint8_t size;
} algs[HF_HASH_ALG_COUNT] = {
    [HF_SHA_256] = {"sha-256", 32},
    [HF_SHA_384] = {"sha-384", 48},
    [HF_SHA_512] = {"sha-512", 64},
    [HF_SHA3_256] = {"sha3-256", 32},
    [HF_SHA3_384] = {"sha3-384", 48},
    [HF_SHA3_512] = {"sha3-512", 64},
    [HF_BLAKE2S_256] = {"blake2s-256", 32},
    [HF_BLAKE2B_256] = {"blake2b-256", 32},
    [HF_BLAKE2B_512] = {"blake2b-512", 64},
    [HF_K12_256] = {"k12-256", 32},
    [HF_K12_512] = {"k12-512", 64},
};

const char *hf_hash_alg_name(enum hf_hash_alg alg)
{
    return algs[alg].name;
}

size_t hf_hash_alg_size(enum hf_hash_alg alg)
{
    return algs[alg].size;
}

/* REQ RECORD-18: exact, case-sensitive */
bool hf_hash_alg_find(struct hf_span token, enum hf_hash_alg *out)
{
    for (unsigned i = 0; i < HF_HASH_ALG_COUNT; i++) {
        if (hf_span_eq(token, hf_span_str(algs[i].name))) {
            *out = (enum hf_hash_alg)i;
            return true;
        }
    }
    return false;
}

/* REQ RECORD-26 */
bool hf_thumbprint_is_valid(struct hf_span text)
{
    return text.len == HF_THUMBPRINT_LEN && hf_base64url_is_canonical(text);
}

static enum hf_err check(const struct hf_binding *binding, struct hf_why *why)
{
    if (binding->domain.len == 0 || binding->domain.len > UINT8_MAX)
        return hf_fail(why, HF_EINVAL, 0,
                       "draft -02 4.1: the domain must have 1 to 255 octets");
    if (binding->thumbprint.len != HF_THUMBPRINT_LEN)
        return hf_fail(why, HF_EINVAL, 0,
                       "draft -02 4.1: the key is the SHA-256 thumbprint of "
                       "RFC 7638, 43 characters of base64url");
    if (binding->account_url.len == 0 ||
        binding->account_url.len > HF_ACCOUNT_URL_MAX)
        return hf_fail(why, HF_EINVAL, 0,
                       "the account URL must have 1 to 2048 octets");
    return HF_OK;
}

static char *append(char *to, struct hf_span text)
{
    memcpy(to, text.ptr, text.len);
    return to + text.len;
}

/* REQ RECORD-15, RECORD-27: length octet, domain, key, URL. */
enum hf_err hf_binding_hash(const struct hf_binding *binding,
                            enum hf_hash_alg alg,
                            const struct hf_digest *digest, unsigned char *out,
                            struct hf_why *why)
{
    /* Not cleared first: that would cost a third of the digest itself. */
    __attribute__((uninitialized)) char
        input[1 + UINT8_MAX + HF_THUMBPRINT_LEN + HF_ACCOUNT_URL_MAX];
    enum hf_err err = check(binding, why);
    char *end = input + 1;

    if (err != HF_OK)
        return err;
    input[0] = (char)(unsigned char)binding->domain.len;
    end = append(end, binding->domain);
    end = append(end, binding->thumbprint);
    end = append(end, binding->account_url);
    err = digest->compute(digest->state, alg,
                          (struct hf_span){input, (size_t)(end - input)}, out);
    if (err != HF_OK)
        return hf_fail(why, err, 0,
                       "this hash function is not offered by the machine's "
                       "cryptographic library");
    return HF_OK;
}

enum hf_err hf_binding_digest(const struct hf_binding *binding,
                              enum hf_hash_alg alg,
                              const struct hf_digest *digest, char *out,
                              struct hf_why *why)
{
    unsigned char hash[HF_HASH_MAX];
    enum hf_err err;

    if (!hf_thumbprint_is_valid(binding->thumbprint))
        return hf_fail(why, HF_EINVAL, 0,
                       "draft -02 4.1: the key is the SHA-256 thumbprint of "
                       "RFC 7638, 43 characters of base64url");
    err = hf_binding_hash(binding, alg, digest, hash, why);
    if (err != HF_OK)
        return err;
    hf_base64url((struct hf_span){(char *)hash, algs[alg].size}, out);
    return HF_OK;
}

/* The longest accepted prefix that `uri` begins with and that is shorter than
 * `limit`. */
static struct hf_span next_prefix(struct hf_span uri,
                                  const struct hf_span *prefixes, size_t count,
                                  size_t limit)
{
    struct hf_span best = {0};

    for (size_t i = 0; i < count; i++)
        if (prefixes[i].len > best.len && prefixes[i].len < limit &&
            hf_span_starts(uri, prefixes[i]))
            best = prefixes[i];
    return best;
}

/* What stands behind out->prefix. REQ RECORD-08, RECORD-18, RECORD-19, ERR-03,
 * ACCT-13 */
static enum hf_reason read_rest(struct hf_span uri, uint32_t accepted,
                                struct hf_hashed_uri *out, size_t *at)
{
    struct hf_span rest = uri;
    struct hf_span token;

    (void)hf_span_cut(&rest, out->prefix.len);
    *at = out->prefix.len;
    if (out->prefix.len == 0)
        return HF_REASON_BAD_HASHED_URI;
    token = hf_span_cut(&rest, hf_span_find(rest, '/'));
    if (token.len == 0 || !hf_span_skip(&rest, '/'))
        return HF_REASON_BAD_HASHED_URI;
    if (!hf_hash_alg_find(token, &out->alg) ||
        (accepted & HF_HASH_BIT(out->alg)) == 0)
        return HF_REASON_HASH_ALG_NOT_ACCEPTED;
    *at = uri.len - rest.len;
    out->digest = rest;
    if (rest.len != HF_BASE64URL_LEN(hf_hash_alg_size(out->alg)) ||
        !hf_base64url_decode(rest, out->hash))
        return HF_REASON_BAD_HASHED_URI;
    *at = 0;
    return HF_REASON_OK;
}

/* REQ DIR-06, ACCT-09: old and new prefixes side by side make a migration.
 * Where they nest, the end of the longer one may be read as a hash name behind
 * the shorter, so every one that fits is tried. */
enum hf_reason hf_hashed_uri_read(struct hf_span uri,
                                  const struct hf_span *prefixes,
                                  size_t prefix_count, uint32_t accepted,
                                  struct hf_hashed_uri *out, size_t *at)
{
    struct hf_hashed_uri shorter;
    enum hf_reason reason;
    size_t unused;

    out->prefix = next_prefix(uri, prefixes, prefix_count, SIZE_MAX);
    reason = read_rest(uri, accepted, out, at);
    shorter.prefix = out->prefix;
    while (reason != HF_REASON_OK && shorter.prefix.len > 0) {
        shorter.prefix =
            next_prefix(uri, prefixes, prefix_count, shorter.prefix.len);
        if (read_rest(uri, accepted, &shorter, &unused) == HF_REASON_OK) {
            *out = shorter;
            *at = 0;
            reason = HF_REASON_OK;
        }
    }
    return reason;
}

static bool is_hex(char c)
{
    c = hf_lower(c);
    return hf_is_digit(c) || (c >= 'a' && c <= 'f');
}

/* RFC 3986, without query and fragment, and nothing that a parameter's value
 * may not hold. */
static bool is_uri_text(struct hf_span text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];

        if (c < 0x21 || c > 0x7e || memchr(";?#\"<>\\^`{|}", c, 12) != NULL)
            return false;
        if (c == '%' && (text.len - i < 3 || !is_hex(text.ptr[i + 1]) ||
                         !is_hex(text.ptr[i + 2])))
            return false;
    }
    return true;
}

/* REQ DIR-07 */
enum hf_prefix_state hf_prefix_check(struct hf_span prefix)
{
    struct hf_span rest = prefix;
    size_t scheme = hf_span_find(prefix, ':');
    struct hf_span name = {prefix.ptr, scheme};

    if (!is_uri_text(prefix) || (!hf_span_eq_nocase(name, HF_SPAN("https")) &&
                                 !hf_span_eq_nocase(name, HF_SPAN("http"))))
        return HF_PREFIX_INVALID;
    (void)hf_span_cut(&rest, scheme);
    if (!hf_span_starts(rest, HF_SPAN("://")))
        return HF_PREFIX_INVALID;
    (void)hf_span_cut(&rest, 3);
    if (hf_span_find(rest, '/') == 0)
        return HF_PREFIX_INVALID;
    return hf_span_ends(rest, HF_SPAN("/")) ? HF_PREFIX_USABLE
                                            : HF_PREFIX_USABLE_NO_SLASH;
}

const char *hf_prefix_state_word(enum hf_prefix_state state)
{
    static const char *const words[] = {
        [HF_PREFIX_ABSENT] = "absent",
        [HF_PREFIX_INVALID] = "invalid",
        [HF_PREFIX_USABLE] = "usable",
        [HF_PREFIX_USABLE_NO_SLASH] = "usable-no-slash",
    };

    return words[state];
}
