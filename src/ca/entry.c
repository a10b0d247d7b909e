/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/entry.h"

#include "base/hex.h"
#include "base/spelt.h"

#define START    HF_SPAN("{\"evidence\":")
#define AT       HF_SPAN(",\"at\":")
#define KIND     HF_SPAN(",\"kind\":\"")
#define BODY     HF_SPAN("\",\"body\":")
#define PREVIOUS HF_SPAN(",\"previous\":\"")
#define HASH     HF_SPAN("\",\"hash\":\"")
#define END      HF_SPAN("\"}")

#define HEX_LEN ((size_t)2 * HF_ENTRY_HASH_LEN)

static struct hf_span octets_of(const unsigned char *hash)
{
    return (struct hf_span){(const char *)hash, HF_ENTRY_HASH_LEN};
}

static enum hf_err compute(const struct hf_digest *digest, struct hf_span text,
                           unsigned char *out, struct hf_why *why)
{
    if (digest->compute(digest->state, HF_SHA_256, text, out) != HF_OK)
        return hf_fail(why, HF_ECRYPTO, 0, "OpenSSL offers no SHA-256");
    return HF_OK;
}

/* All that the hash covers: up to the quote in front of `,"hash"`. */
static void put_covered(const struct hf_entry *entry, struct hf_buf *out)
{
    hf_buf_put(out, START);
    hf_buf_put_u64(out, entry->number);
    hf_buf_put(out, AT);
    hf_buf_put_i64(out, entry->at);
    hf_buf_put(out, KIND);
    hf_buf_put(out, entry->kind);
    hf_buf_put(out, BODY);
    hf_buf_put(out, entry->body);
    hf_buf_put(out, PREVIOUS);
    hf_put_hex(out, octets_of(entry->previous));
    hf_buf_putc(out, '"');
}

enum hf_err hf_entry_put(struct hf_entry *entry, const struct hf_digest *digest,
                         struct hf_buf *out, struct hf_why *why)
{
    size_t from = out->len;
    enum hf_err err = HF_OK;

    put_covered(entry, out);
    if (!out->full)
        err =
            compute(digest, (struct hf_span){out->ptr + from, out->len - from},
                    entry->hash, why);
    if (err == HF_OK) {
        out->len -= out->full ? 0 : 1; /* HASH has the quote again */
        hf_buf_put(out, HASH);
        hf_put_hex(out, octets_of(entry->hash));
        hf_buf_put(out, END);
        hf_buf_putc(out, '\n');
        if (out->full || out->len - from > HF_ENTRY_MAX + 1)
            err = hf_fail(why, HF_ELIMIT, 0,
                          "more evidence than one entry of the log holds");
    }
    if (err != HF_OK)
        out->len = from;
    return err;
}

/* ---- reading ---- */

/* As hf_take_word(), off the end. */
static bool take_back(struct hf_span *rest, struct hf_span word)
{
    if (!hf_span_ends(*rest, word))
        return false;
    rest->len -= word.len;
    return true;
}

static bool take_hash_back(struct hf_span *rest, unsigned char *out)
{
    if (rest->len < HEX_LEN)
        return false;
    rest->len -= HEX_LEN;
    return hf_hex_read((struct hf_span){rest->ptr + rest->len, HEX_LEN}, out,
                       HF_ENTRY_HASH_LEN);
}

static bool take_kind(struct hf_span *rest, struct hf_span *out)
{
    *out = hf_span_cut(rest, hf_span_find(*rest, '"'));
    for (size_t i = 0; i < out->len; i++) {
        char c = out->ptr[i];

        if (!(c >= 'a' && c <= 'z') && !hf_is_digit(c) && c != '-')
            return false;
    }
    return out->len > 0 && out->len <= HF_ENTRY_KIND_MAX;
}

static bool is_one_line(struct hf_span text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.ptr[i] < 0x20)
            return false;
    return true;
}

static bool read_fields(struct hf_span rest, struct hf_entry *out)
{
    if (!hf_take_word(&rest, START) || !hf_take_decimal(&rest, &out->number) ||
        !hf_take_word(&rest, AT) || !hf_take_moment(&rest, &out->at) ||
        !hf_take_word(&rest, KIND) || !take_kind(&rest, &out->kind) ||
        !hf_take_word(&rest, BODY) || !take_back(&rest, END) ||
        !take_hash_back(&rest, out->hash) || !take_back(&rest, HASH) ||
        !take_hash_back(&rest, out->previous) || !take_back(&rest, PREVIOUS))
        return false;
    out->body = rest;
    return rest.len >= 2 && rest.ptr[0] == '{' &&
           rest.ptr[rest.len - 1] == '}' && is_one_line(rest);
}

enum hf_err hf_entry_read(struct hf_span line, const struct hf_digest *digest,
                          struct hf_entry *out, struct hf_why *why)
{
    unsigned char hash[HF_HASH_MAX];
    struct hf_span covered = line;
    struct hf_entry entry = {0};
    enum hf_err err;

    if (line.len > HF_ENTRY_MAX || !read_fields(line, &entry))
        return hf_fail(why, HF_ESYNTAX, 0, "no entry of a log of evidence");
    covered.len -= HASH.len - 1 + HEX_LEN + END.len;
    err = compute(digest, covered, hash, why);
    if (err != HF_OK)
        return err;
    if (memcmp(hash, entry.hash, sizeof(entry.hash)) != 0)
        return hf_fail(why, HF_EINVAL, 0,
                       "the hash of this entry is that of another text: it "
                       "was changed");
    *out = entry;
    return HF_OK;
}
