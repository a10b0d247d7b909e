/* SPDX-License-Identifier: Apache-2.0 */
#include "holdfast/name.h"

static bool is_host_char(char c)
{
    return (c >= 'a' && c <= 'z') || hf_is_digit(c) || c == '-';
}

static bool is_owner_char(char c)
{
    return is_host_char(c) || c == '_';
}

/* Length of the label that `rest` begins with; 0 when it is none. */
static size_t label_len(struct hf_span rest, bool (*want)(char))
{
    size_t n = 0;

    while (n < rest.len && want(hf_lower(rest.ptr[n])))
        n++;
    if (n == 0 || n > HF_LABEL_MAX || rest.ptr[0] == '-' ||
        rest.ptr[n - 1] == '-')
        return 0;
    return n;
}

static enum hf_err parse(struct hf_span text, bool (*want)(char),
                         struct hf_name *out, struct hf_why *why)
{
    struct hf_span rest = text;

    if (rest.len > 1 && rest.ptr[rest.len - 1] == '.')
        rest.len--;
    if (rest.len > HF_NAME_MAX)
        return hf_fail(why, HF_ESYNTAX, HF_NAME_MAX,
                       "RFC 1035 2.3.4: name is longer than 253 octets");
    text.len = rest.len;
    do {
        size_t n = label_len(rest, want);

        if (n == 0 || (n < rest.len && rest.ptr[n] != '.'))
            return hf_fail(why, HF_ESYNTAX, text.len - rest.len,
                           "RFC 5890 2.3.1: not a label of 1 to 63 letters, "
                           "digits and hyphens");
        (void)hf_span_cut(&rest, n);
    } while (hf_span_skip(&rest, '.'));

    for (size_t i = 0; i < text.len; i++)
        out->text[i] = hf_lower(text.ptr[i]);
    out->len = (uint8_t)text.len;
    return HF_OK;
}

enum hf_err hf_name_parse(struct hf_span text, struct hf_name *out,
                          struct hf_why *why)
{
    return parse(text, is_host_char, out, why);
}

enum hf_err hf_name_parse_owner(struct hf_span text, struct hf_name *out,
                                struct hf_why *why)
{
    return parse(text, is_owner_char, out, why);
}

/* REQ CHAL-04, CHAL-05 */
bool hf_name_is_canonical(struct hf_span text)
{
    struct hf_name name;

    return hf_name_parse(text, &name, NULL) == HF_OK &&
           hf_span_eq(hf_name_span(&name), text);
}

/* REQ SCOPE-02 */
bool hf_name_is_below(struct hf_span name, struct hf_span ancestor)
{
    return name.len > ancestor.len + 1 && hf_span_ends(name, ancestor) &&
           name.ptr[name.len - ancestor.len - 1] == '.';
}

struct hf_span hf_name_parent(struct hf_span name)
{
    (void)hf_span_cut(&name, hf_span_find(name, '.'));
    (void)hf_span_skip(&name, '.');
    return name;
}

/* REQ SCOPE-03, CLI-12 */
bool hf_name_take_star(struct hf_span *name)
{
    if (!hf_span_starts(*name, HF_SPAN("*.")))
        return false;
    (void)hf_span_cut(name, 2);
    return true;
}

static void append(struct hf_name *out, struct hf_span text)
{
    memcpy(out->text + out->len, text.ptr, text.len);
    out->len = (uint8_t)(out->len + text.len);
}

/* REQ VAL-01, VAL-03, RECORD-22 */
enum hf_err hf_owner_of_name(struct hf_span name, struct hf_name *out,
                             struct hf_why *why)
{
    struct hf_span label = HF_SPAN(HF_DNS_LABEL ".");

    if (name.len > HF_NAME_MAX - label.len)
        return hf_fail(why, HF_ELIMIT, HF_NAME_MAX - label.len,
                       "_validation-persist. and this name exceed the 253 "
                       "octets of a DNS name (RFC 1035 2.3.4): it can never "
                       "be validated by this method");
    out->len = 0;
    append(out, label);
    append(out, name);
    return HF_OK;
}

static void append_decimal(struct hf_name *out, unsigned octet)
{
    char digits[3];
    size_t n = 0;

    if (octet >= 100)
        digits[n++] = (char)('0' + octet / 100);
    if (octet >= 10)
        digits[n++] = (char)('0' + octet / 10 % 10);
    digits[n++] = (char)('0' + octet % 10);
    append(out, (struct hf_span){digits, n});
}

static void append_nibbles(struct hf_name *out, unsigned octet)
{
    static const char hex[] = "0123456789abcdef";
    char text[3] = {hex[octet & 15], '.', hex[octet >> 4]};

    append(out, (struct hf_span){text, sizeof(text)});
}

/* REQ SCOPE-11 */
void hf_owner_of_ip(const uint8_t *address, size_t len, struct hf_name *out)
{
    out->len = 0;
    append(out, HF_SPAN(HF_IP_LABEL "."));
    for (size_t i = len; i-- > 0;) {
        if (len == 4)
            append_decimal(out, address[i]);
        else
            append_nibbles(out, address[i]);
        append(out, HF_SPAN("."));
    }
    append(out, len == 4 ? HF_SPAN("in-addr.arpa") : HF_SPAN("ip6.arpa"));
}
