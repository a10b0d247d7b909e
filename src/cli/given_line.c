/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/given_line.h"

#include <jansson.h>

#include "dns/wire.h"
#include "dns/zone_type.h"

static void fail(struct hf_given_reader *reader, const char *text)
{
    reader->fail(reader->state, text);
}

static void give(struct hf_given_reader *reader, struct hf_given *given)
{
    given->owner = hf_name_span(&reader->owner);
    reader->fn(reader->state, given);
}

/* ---- words and strings of zone files (RFC 1035, section 5.1) ---- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static void skip_blanks(struct hf_span *rest)
{
    while (rest->len > 0 && is_blank(rest->ptr[0]))
        (void)hf_span_cut(rest, 1);
}

static struct hf_span take_word(struct hf_span *rest)
{
    size_t n = 0;

    skip_blanks(rest);
    while (n < rest->len && !is_blank(rest->ptr[n]))
        n++;
    return hf_span_cut(rest, n);
}

/* What a backslash stands before: \DDD, or any octet as it is. */
static bool take_escape(struct hf_span *rest, struct hf_buf *out)
{
    unsigned value = 0;

    if (rest->len == 0)
        return false;
    if (!hf_is_digit(rest->ptr[0])) {
        hf_buf_put(out, hf_span_cut(rest, 1));
        return true;
    }
    for (int i = 0; i < 3; i++) {
        if (rest->len == 0 || !hf_is_digit(rest->ptr[0]))
            return false;
        value = value * 10 + (unsigned)(hf_span_cut(rest, 1).ptr[0] - '0');
    }
    if (value > 255)
        return false;
    hf_buf_putc(out, (char)(unsigned char)value);
    return true;
}

/* One character-string, quoted or not; false when it is broken. */
static bool take_string(struct hf_span *rest, struct hf_buf *out)
{
    bool quoted = hf_span_skip(rest, '"');

    while (rest->len > 0) {
        char c = rest->ptr[0];

        if (quoted ? c == '"' : is_blank(c) || c == ';' || c == '"')
            break;
        (void)hf_span_cut(rest, 1);
        if (c != '\\')
            hf_buf_putc(out, c);
        else if (!take_escape(rest, out))
            return false;
    }
    return !quoted || hf_span_skip(rest, '"');
}

static void read_strings(struct hf_given_reader *reader, struct hf_span rest)
{
    struct hf_given given = {0};
    bool seen_quotes = false;
    struct hf_buf value;

    hf_buf_init(&value, reader->room, HF_GIVEN_ROOM);
    for (skip_blanks(&rest); rest.len > 0; skip_blanks(&rest)) {
        if (rest.ptr[0] == ';') {
            given.cut = !seen_quotes && given.strings > 0;
            break;
        }
        seen_quotes |= rest.ptr[0] == '"';
        if (!take_string(&rest, &value)) {
            fail(reader, "a string does not end, or has a broken escape: "
                         "strings are \"...\", with \\\" for a quotation "
                         "mark (RFC 1035 5.1)");
            return;
        }
        given.strings++;
    }
    given.value = hf_buf_span(&value);
    give(reader, &given);
}

/* ---- zone files ---- */

/*
 * "OWNER [TTL] [CLASS] TYPE ...", in any order of the two in the middle: does
 * the line look like that? Then `*rest` is what follows the type.
 */
static bool take_zone_head(struct hf_span *rest, struct hf_span *owner,
                           uint16_t *type)
{
    struct hf_span at = *rest;
    struct hf_span word = {0};
    uint16_t class;
    uint32_t ttl_s;

    *owner = (struct hf_span){0};
    if (at.len > 0 && !is_blank(at.ptr[0]))
        *owner = take_word(&at);
    for (int i = 0; i < 3; i++) {
        word = take_word(&at);
        if (!hf_zone_ttl_read(word, &ttl_s) &&
            !hf_zone_class_find(word, &class))
            break;
    }
    if (!hf_zone_type_find(word, type))
        return false;
    *rest = at;
    return true;
}

bool hf_given_is_ours(struct hf_span owner)
{
    struct hf_span label = {owner.ptr, hf_span_find(owner, '.')};

    return hf_span_eq(label, HF_SPAN(HF_DNS_LABEL)) ||
           hf_span_eq(label, HF_SPAN(HF_IP_LABEL));
}

/* The owner as it stands: "@", a name below $ORIGIN, a whole one, or nothing
 * when it is that of the line before. */
static bool set_owner(struct hf_given_reader *reader, struct hf_span text)
{
    char room[HF_NAME_MAX * 2];
    struct hf_buf name;

    if (text.len == 0) {
        reader->owner = reader->last_owner;
        return reader->owner.len > 0;
    }
    hf_buf_init(&name, room, sizeof(room));
    if (!hf_span_eq(text, HF_SPAN("@")))
        hf_buf_put(&name, text);
    if (reader->origin.len > 0 && !hf_span_ends(text, HF_SPAN("."))) {
        if (name.len > 0)
            hf_buf_putc(&name, '.');
        hf_buf_put(&name, hf_name_span(&reader->origin));
    }
    if (name.full ||
        hf_name_parse_owner(hf_buf_span(&name), &reader->owner, NULL) != HF_OK)
        return false;
    reader->last_owner = reader->owner;
    return true;
}

static void read_zone_line(struct hf_given_reader *reader, struct hf_span owner,
                           uint16_t type, struct hf_span rest)
{
    bool known = set_owner(reader, owner);

    if (type != HF_RR_TXT)
        return;
    if (!known)
        fail(reader, "the owner of this TXT record is no domain name");
    /* Files hold TXT records of many kinds; an operand is meant. */
    else if (!reader->is_file || hf_given_is_ours(hf_name_span(&reader->owner)))
        read_strings(reader, rest);
}

/* $ORIGIN counts; $TTL and the others say nothing about our records. */
static void read_directive(struct hf_given_reader *reader, struct hf_span line)
{
    struct hf_span word = take_word(&line);

    if (hf_span_eq_nocase(word, HF_SPAN("$ORIGIN")) &&
        hf_name_parse_owner(take_word(&line), &reader->origin, NULL) != HF_OK)
        reader->origin.len = 0; /* the root, or broken */
}

/* ---- JSON ---- */

/*
 * Our JSON writes every octet as the character of that number (base/json.h),
 * which the parser makes UTF-8: take that back. False when a character is
 * no octet.
 */
static bool take_octets(struct hf_span text, struct hf_buf *out)
{
    while (text.len > 0) {
        unsigned char c = (unsigned char)hf_span_cut(&text, 1).ptr[0];

        if (c >= 0x80) {
            if ((c != 0xc2 && c != 0xc3) || text.len == 0)
                return false;
            c = (unsigned char)((c & 0x03U) << 6 |
                                ((unsigned char)text.ptr[0] & 0x3fU));
            (void)hf_span_cut(&text, 1);
        }
        hf_buf_putc(out, (char)c);
    }
    return !out->full;
}

/* A string, or an object with "value" and perhaps "strings". */
static void give_json_value(struct hf_given_reader *reader, json_t *value)
{
    json_t *text =
        json_is_object(value) ? json_object_get(value, "value") : value;
    struct hf_given given = {
        .strings = json_array_size(json_object_get(value, "strings"))};
    struct hf_buf room;

    hf_buf_init(&room, reader->room, HF_GIVEN_ROOM);
    if (!json_is_string(text) ||
        !take_octets(
            (struct hf_span){json_string_value(text), json_string_length(text)},
            &room)) {
        fail(reader, "a record in this JSON has no \"value\", or one "
                     "with characters above \\u00FF");
        return;
    }
    given.value = hf_buf_span(&room);
    give(reader, &given);
}

static void give_json(struct hf_given_reader *reader, json_t *object)
{
    const char *owner = json_string_value(json_object_get(object, "owner"));
    json_t *records = json_object_get(object, "records");

    if (owner != NULL &&
        hf_name_parse_owner(hf_span_str(owner), &reader->owner, NULL) != HF_OK)
        fail(reader, "\"owner\" is no domain name");
    else if (json_is_array(records))
        for (size_t i = 0; i < json_array_size(records); i++)
            give_json_value(reader, json_array_get(records, i));
    else
        give_json_value(reader, object);
}

static void read_json(struct hf_given_reader *reader, struct hf_span line)
{
    json_error_t wrong;
    json_t *object = json_loadb(
        line.ptr, line.len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &wrong);

    if (object == NULL)
        fail(reader, "begins with '{' and is not JSON (RFC 8259); one "
                     "object stands on one line");
    else
        give_json(reader, object);
    json_decref(object);
}

void hf_given_line(struct hf_given_reader *reader, struct hf_span line)
{
    struct hf_span rest = line;
    struct hf_span text = line;
    struct hf_span owner;
    uint16_t type;
    char first;

    skip_blanks(&text);
    first = text.len > 0 ? text.ptr[0] : '\0';
    reader->owner.len = 0;
    /* Empty lines, comments and directives are of files only; an operand is
     * taken as it is. */
    if (reader->is_file && first == '$')
        read_directive(reader, text);
    else if (reader->is_file && (text.len == 0 || first == ';' || first == '#'))
        return;
    else if (first == '{')
        read_json(reader, text);
    else if (first == '"')
        read_strings(reader, text);
    else if (take_zone_head(&rest, &owner, &type))
        read_zone_line(reader, owner, type, rest);
    else
        give(reader, &(struct hf_given){.value = line});
}
