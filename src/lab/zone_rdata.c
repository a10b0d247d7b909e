/* SPDX-License-Identifier: Apache-2.0 */
#include "lab/zone_rdata.h"

#include "base/base64.h"
#include "base/hex.h"
#include "base/octets.h"
#include "dns/zone_type.h"
#include "dns/zone_value.h"
#include "names/ip.h"

/*
 * One letter a field:
 *   n  a name                    1 2 4  a number of so many octets
 *   a  an IPv4 address           A  an IPv6 address
 *   d  a time, four octets       s  one or more strings, to the end
 *   w  a word with its length    v  text, to the end
 *   x  octets to the end, in text hexadecimal; b: in base64
 */
static const struct {
    uint16_t type;
    const char *shape;
} shapes[] = {
    {HF_RR_A, "a"},         {HF_RR_NS, "n"},    {HF_RR_CNAME, "n"},
    {HF_RR_SOA, "nn4dddd"}, {HF_RR_PTR, "n"},   {HF_RR_MX, "2n"},
    {HF_RR_TXT, "s"},       {HF_RR_AAAA, "A"},  {HF_RR_SRV, "222n"},
    {HF_RR_DNAME, "n"},     {HF_RR_DS, "211x"}, {HF_RR_DNSKEY, "211b"},
    {HF_RR_CAA, "1wv"},
};

static const char *shape_of(uint16_t type)
{
    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
        if (shapes[i].type == type)
            return shapes[i].shape;
    return NULL;
}

static enum hf_err fail(struct hf_why *why, const char *text)
{
    return hf_fail(why, HF_ESYNTAX, 0, text);
}

/* Octets of a field that always has as many, or 0. */
static size_t fixed_size(char field)
{
    switch (field) {
    case '1':
    case '2':
    case '4':
        return (size_t)(field - '0');
    case 'a':
    case 'd':
        return 4;
    case 'A':
        return 16;
    default:
        return 0;
    }
}

/* ---- checking ---- */

static void put_octets(struct hf_buf *out, const struct hf_wire_name *name)
{
    hf_buf_put(out, (struct hf_span){(const char *)name->octets, name->len});
}

/* Octets of one string with its length, which must be all there. */
static size_t string_size(struct hf_span rest)
{
    size_t len = rest.len > 0 ? (unsigned char)rest.ptr[0] + 1U : 0;

    return len <= rest.len ? len : 0;
}

/* How many octets of `rest` the field takes; 0: it is not there. */
static size_t field_size(char field, struct hf_span rest)
{
    struct hf_span strings = rest;
    size_t size = fixed_size(field);

    switch (field) {
    case 'w':
        size = string_size(rest);
        return size > 1 ? size : 0;
    case 's':
        while (strings.len > 0 && string_size(strings) > 0)
            (void)hf_span_cut(&strings, string_size(strings));
        return strings.len == 0 ? rest.len : 0;
    case 'v':
    case 'x':
    case 'b':
        return rest.len;
    default:
        return size <= rest.len ? size : 0;
    }
}

enum hf_err hf_lab_rdata_take(uint16_t type,
                              const struct hf_wire_message *message, size_t at,
                              size_t len, struct hf_buf *out,
                              struct hf_why *why)
{
    const char *shape = shape_of(type);
    const char *octets = message->octets.ptr;
    size_t end = at + len;

    if (shape == NULL) {
        hf_buf_put(out, (struct hf_span){octets + at, len});
        return HF_OK;
    }
    for (; *shape != '\0'; shape++) {
        struct hf_wire_name name;
        struct hf_span rest = {octets + at, end - at};
        size_t size;

        if (*shape == 'n') {
            if (hf_wire_name_read(message, &at, &name, NULL) != HF_OK ||
                at > end)
                return fail(why, "a name in the data does not end");
            hf_wire_name_lower(&name);
            put_octets(out, &name);
            continue;
        }
        size = field_size(*shape, rest);
        if (size == 0 && *shape != 'v')
            return fail(why, "the data is not of its type");
        hf_buf_put(out, (struct hf_span){rest.ptr, size});
        at += size;
    }
    return at == end ? HF_OK : fail(why, "the data is longer than its type");
}

/* ---- from text ---- */

enum hf_err hf_lab_name_read(const struct hf_zone_word *word,
                             const struct hf_wire_name *origin,
                             struct hf_wire_name *out, struct hf_why *why)
{
    struct hf_zone_name base;
    struct hf_zone_name name;
    enum hf_err err;

    if (word->kind == HF_ZONE_END)
        return fail(why, "a name is expected");
    if (hf_span_eq(word->text, HF_SPAN("."))) {
        *out = (struct hf_wire_name){.len = 1};
        return HF_OK;
    }
    hf_zone_name_from_wire(origin, &base);
    err = hf_zone_name_read(word, &base, &name, why);
    if (err != HF_OK)
        return err;
    return hf_wire_name_parse(
        name.len == 0 ? HF_SPAN(".") : hf_zone_name_span(&name), out, why);
}

static bool read_number(struct hf_span word, size_t octets, uint64_t *out)
{
    uint64_t value = 0;

    if (word.len == 0 || word.len > 10)
        return false;
    for (size_t i = 0; i < word.len; i++) {
        if (!hf_is_digit(word.ptr[i]))
            return false;
        value = value * 10 + (uint64_t)(word.ptr[i] - '0');
    }
    *out = value;
    return value >> (8 * octets) == 0;
}

static enum hf_err put_number(char field, struct hf_span word,
                              struct hf_buf *out, struct hf_why *why)
{
    size_t octets = fixed_size(field);
    uint64_t value = 0;
    uint32_t seconds = 0;
    bool good = field == 'd' ? hf_zone_ttl_read(word, &seconds)
                             : read_number(word, octets, &value);

    if (!good)
        return fail(why, "a number is expected, or it is too large");
    hf_put_number(out, field == 'd' ? seconds : value, (unsigned)octets);
    return HF_OK;
}

static enum hf_err put_address(char field, struct hf_span word,
                               struct hf_buf *out, struct hf_why *why)
{
    uint8_t address[16];
    size_t len;

    if (!hf_ip_parse(word, address, &len) || len != fixed_size(field))
        return fail(why, "an address of the type's family is expected");
    hf_buf_put(out, (struct hf_span){(const char *)address, len});
    return HF_OK;
}

/* The octets of a word; with `counted` behind their number. */
static enum hf_err put_word(const struct hf_zone_word *word, bool counted,
                            struct hf_buf *out, struct hf_why *why)
{
    char *room = hf_buf_reserve(out, word->text.len + 1);
    struct hf_span text;
    size_t bad;

    if (room == NULL)
        return hf_fail(why, HF_ELIMIT, 0, "the data is too long");
    if (word->kind == HF_ZONE_END)
        return fail(why, "the line ends too early");
    if (!hf_zone_word_read(word, room + counted, &text, &bad))
        return fail(why, "RFC 1035 5.1: a backslash takes three digits up to "
                         "255, or one character");
    if (counted && text.len > UINT8_MAX)
        return fail(why, "RFC 1035 3.3: a string of more than 255 octets");
    if (text.len > 0)
        memmove(room + counted, text.ptr, text.len);
    if (counted)
        room[0] = (char)(unsigned char)text.len;
    out->len += text.len + counted;
    return HF_OK;
}

static enum hf_err put_strings(struct hf_zone_word word, struct hf_span *rest,
                               struct hf_buf *out, struct hf_why *why)
{
    enum hf_err err = put_word(&word, true, out, why);

    while (err == HF_OK) {
        word = hf_zone_word_next(rest);
        if (word.kind == HF_ZONE_END)
            break;
        err = put_word(&word, true, out, why);
    }
    return err;
}

static enum hf_err put_hex(struct hf_zone_word word, struct hf_span *rest,
                           struct hf_buf *out, struct hf_why *why)
{
    for (; word.kind != HF_ZONE_END; word = hf_zone_word_next(rest)) {
        for (size_t i = 0; i < word.text.len; i += 2) {
            int high = hf_hex_digit(word.text.ptr[i]);
            int low =
                i + 1 < word.text.len ? hf_hex_digit(word.text.ptr[i + 1]) : -1;

            if (high < 0 || low < 0)
                return fail(why, "pairs of hexadecimal digits are expected");
            hf_buf_putc(out, (char)(unsigned char)(high * 16 + low));
        }
    }
    return HF_OK;
}

/* Base64 of the usual kind, in one word. */
static enum hf_err put_base64(struct hf_span word, struct hf_buf *out,
                              struct hf_why *why)
{
    char text[1024];
    char *room = hf_buf_reserve(out, sizeof(text));

    while (word.len > 0 && word.ptr[word.len - 1] == '=')
        word.len--;
    if (room == NULL || word.len == 0 || word.len > sizeof(text))
        return fail(why, "base64 is expected");
    for (size_t i = 0; i < word.len; i++) {
        char c = word.ptr[i];

        text[i] = (char)(c == '+' ? '-' : c == '/' ? '_' : c);
    }
    if (!hf_base64url_decode((struct hf_span){text, word.len},
                             (unsigned char *)room))
        return fail(why, "base64 is expected");
    out->len += word.len * 3 / 4;
    return HF_OK;
}

static enum hf_err read_field(char field, struct hf_span *rest,
                              const struct hf_wire_name *origin,
                              struct hf_buf *out, struct hf_why *why)
{
    struct hf_zone_word word = hf_zone_word_next(rest);
    struct hf_wire_name name;
    enum hf_err err;

    if (word.kind == HF_ZONE_END)
        return fail(why, "the line ends where data is expected");
    switch (field) {
    case 'n':
        err = hf_lab_name_read(&word, origin, &name, why);
        if (err == HF_OK)
            put_octets(out, &name);
        return err;
    case 'a':
    case 'A':
        return put_address(field, word.text, out, why);
    case 's':
        return put_strings(word, rest, out, why);
    case 'w':
    case 'v':
        return put_word(&word, field == 'w', out, why);
    case 'x':
        return put_hex(word, rest, out, why);
    case 'b':
        return put_base64(word.text, out, why);
    default:
        return put_number(field, word.text, out, why);
    }
}

/* `\# length hex`: right if it passes the check as it stands. */
static enum hf_err read_generic(uint16_t type, struct hf_span rest,
                                struct hf_buf *out, struct hf_why *why)
{
    const char *at;
    struct hf_wire_message message = {0};
    struct hf_buf checked;
    enum hf_err err = hf_zone_value_read_generic(rest, out, &at, why);

    if (err != HF_OK)
        return err;
    hf_buf_init_grow(&checked, out->limit);
    message.octets = hf_buf_span(out);
    err = hf_lab_rdata_take(type, &message, 0, out->len, &checked, why);
    hf_buf_reset(out);
    hf_buf_put(out, hf_buf_span(&checked));
    hf_buf_clear(&checked);
    return err;
}

enum hf_err hf_lab_rdata_read(uint16_t type, struct hf_span rest,
                              const struct hf_wire_name *origin,
                              struct hf_buf *out, struct hf_why *why)
{
    const char *shape = shape_of(type);
    struct hf_span ahead = rest;
    struct hf_zone_word word = hf_zone_word_next(&ahead);
    enum hf_err err = HF_OK;

    hf_buf_reset(out);
    if (word.kind == HF_ZONE_WORD && hf_span_eq(word.text, HF_SPAN("\\#")))
        return read_generic(type, ahead, out, why);
    if (shape == NULL)
        return fail(why, "data of this type is written as \\# LENGTH HEX");
    for (; err == HF_OK && *shape != '\0'; shape++)
        err = read_field(*shape, &rest, origin, out, why);
    if (err != HF_OK)
        return err;
    if (hf_zone_word_next(&rest).kind != HF_ZONE_END)
        return fail(why, "the line goes on behind the data");
    if (out->full || out->len > UINT16_MAX)
        return hf_fail(why, HF_ELIMIT, 0, "the data is too long");
    return HF_OK;
}

/* ---- to text ---- */

void hf_lab_type_put(uint16_t type, struct hf_buf *out)
{
    const char *word = hf_zone_type_word(type);

    if (word == NULL) {
        hf_buf_puts(out, "TYPE");
        hf_buf_put_u64(out, type);
    } else {
        hf_buf_puts(out, word);
    }
}

void hf_lab_name_put(const struct hf_wire_name *name, struct hf_buf *out)
{
    hf_wire_name_put(out, name);
    if (name->len > 1)
        hf_buf_putc(out, '.');
}

static void put_quoted(struct hf_span text, struct hf_buf *out)
{
    hf_buf_putc(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '"')
            hf_buf_putc(out, '\\');
        hf_buf_put_escaped(out, (struct hf_span){text.ptr + i, 1}, 1);
    }
    hf_buf_putc(out, '"');
}

/* A word of letters and digits as it is, as CAA's tags should be; others in
 * quotes. */
static void put_word_text(struct hf_span word, struct hf_buf *out)
{
    bool is_plain = true;

    for (size_t i = 0; i < word.len; i++) {
        char c = hf_lower(word.ptr[i]);

        is_plain &= hf_is_digit(c) || (c >= 'a' && c <= 'z');
    }
    if (is_plain)
        hf_buf_put(out, word);
    else
        put_quoted(word, out);
}

static void put_strings_text(struct hf_span rest, struct hf_buf *out)
{
    while (rest.len > 0) {
        struct hf_span string = hf_span_cut(&rest, string_size(rest));

        (void)hf_span_cut(&string, 1);
        put_quoted(string, out);
        if (rest.len > 0)
            hf_buf_putc(out, ' ');
    }
}

static void put_base64_text(struct hf_span octets, struct hf_buf *out)
{
    size_t len = HF_BASE64URL_LEN(octets.len);
    char *text = hf_buf_reserve(out, len);

    if (text == NULL)
        return;
    hf_base64url(octets, text);
    for (size_t i = 0; i < len; i++)
        text[i] = (char)(text[i] == '-' ? '+' : text[i] == '_' ? '/' : text[i]);
    out->len += len;
    for (; len % 4 != 0; len++)
        hf_buf_putc(out, '=');
}

static void put_field(char field, struct hf_span octets, struct hf_buf *out)
{
    struct hf_span rest = octets;
    uint64_t number = 0;

    switch (field) {
    case 'a':
    case 'A':
        hf_ip_put(out, (const uint8_t *)octets.ptr, octets.len);
        break;
    case 's':
        put_strings_text(octets, out);
        break;
    case 'w':
        put_word_text((struct hf_span){octets.ptr + 1, octets.len - 1}, out);
        break;
    case 'v':
        put_quoted(octets, out);
        break;
    case 'x':
        hf_put_hex(out, octets);
        break;
    case 'b':
        put_base64_text(octets, out);
        break;
    default:
        (void)hf_take_number(&rest, (unsigned)fixed_size(field), &number);
        hf_buf_put_u64(out, number);
    }
}

void hf_lab_rdata_put(uint16_t type, struct hf_span rdata, struct hf_buf *out)
{
    const char *shape = shape_of(type);
    struct hf_wire_message message = {.octets = rdata};
    size_t at = 0;

    if (shape == NULL) {
        hf_buf_puts(out, "\\# ");
        hf_buf_put_u64(out, rdata.len);
        hf_buf_putc(out, ' ');
        hf_put_hex(out, rdata);
        return;
    }
    for (; *shape != '\0'; shape++) {
        struct hf_span rest = {rdata.ptr + at, rdata.len - at};
        struct hf_wire_name name;

        if (at > 0)
            hf_buf_putc(out, ' ');
        if (*shape == 'n') {
            if (hf_wire_name_read(&message, &at, &name, NULL) != HF_OK)
                return;
            hf_lab_name_put(&name, out);
            continue;
        }
        rest.len = field_size(*shape, rest);
        put_field(*shape, rest, out);
        at += rest.len;
    }
}
