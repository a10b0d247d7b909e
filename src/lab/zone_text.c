/* SPDX-License-Identifier: Apache-2.0 */
#include "lab/zone_text.h"

#include "dns/zone_type.h"
#include "lab/zone_inside.h"
#include "lab/zone_rdata.h"

#define TEXT_MAX ((size_t)64 << 20)

static enum hf_err fail(struct hf_why *why, const char *text)
{
    return hf_fail(why, HF_ESYNTAX, 0, text);
}

void hf_lab_text_init(struct hf_lab_text *text,
                      const struct hf_wire_name *origin)
{
    *text = (struct hf_lab_text){.origin = *origin,
                                 .owner = *origin,
                                 .ttl_s = HF_LAB_TTL_S,
                                 .line = 1,
                                 .next_line = 1};
}

static bool is_keyword(const struct hf_zone_word *word, const char *keyword)
{
    return word->kind == HF_ZONE_WORD &&
           hf_span_eq_nocase(word->text, hf_span_str(keyword));
}

static enum hf_err do_directive(struct hf_lab_text *text, struct hf_span rest,
                                struct hf_why *why)
{
    struct hf_zone_word directive = hf_zone_word_next(&rest);
    struct hf_zone_word word = hf_zone_word_next(&rest);

    if (hf_zone_word_next(&rest).kind != HF_ZONE_END)
        return fail(why, "a directive takes one word");
    if (is_keyword(&directive, "$ORIGIN"))
        return hf_lab_name_read(&word, &text->origin, &text->origin, why);
    if (!is_keyword(&directive, "$TTL"))
        return fail(why, "the directives are $ORIGIN and $TTL");
    return word.kind == HF_ZONE_WORD &&
                   hf_zone_ttl_read(word.text, &text->ttl_s)
               ? HF_OK
               : fail(why, "RFC 2308 4: $TTL takes a number of seconds");
}

/* [TTL] [class] type, the first two in either order. */
static enum hf_err read_fields(const struct hf_lab_text *text,
                               struct hf_span *rest, struct hf_lab_record *out,
                               struct hf_why *why)
{
    uint16_t class;

    out->ttl_s = text->ttl_s;
    for (size_t i = 0; i < 3; i++) {
        struct hf_zone_word word = hf_zone_word_next(rest);

        if (word.kind != HF_ZONE_WORD)
            break;
        if (hf_zone_ttl_read(word.text, &out->ttl_s))
            continue;
        if (hf_zone_class_find(word.text, &class)) {
            if (class != HF_CLASS_IN)
                return fail(why, "the class of this record is not IN");
            continue;
        }
        if (hf_zone_type_find(word.text, &out->type))
            return HF_OK;
        break;
    }
    return fail(why, "a TTL, a class or a record type is expected");
}

static enum hf_err read_record(struct hf_lab_text *text, struct hf_span rest,
                               struct hf_buf *room, struct hf_lab_record *out,
                               struct hf_why *why)
{
    bool has_owner = rest.ptr[0] != ' ' && rest.ptr[0] != '\t';
    struct hf_lab_record record = {.owner = &text->owner};
    enum hf_err err = HF_OK;

    if (has_owner) {
        struct hf_zone_word word = hf_zone_word_next(&rest);

        err = hf_lab_name_read(&word, &text->origin, &text->owner, why);
    }
    if (err == HF_OK)
        err = read_fields(text, &rest, &record, why);
    if (err == HF_OK)
        err = hf_lab_rdata_read(record.type, rest, &text->origin, room, why);
    record.rdata = hf_buf_span(room);
    if (err == HF_OK)
        *out = record;
    return err;
}

static bool is_empty(struct hf_span rest)
{
    return hf_zone_word_next(&rest).kind == HF_ZONE_END;
}

enum hf_err hf_lab_text_next(struct hf_lab_text *text, struct hf_span *rest,
                             struct hf_buf *room, struct hf_lab_record *out,
                             bool *more, struct hf_why *why)
{
    while (rest->len > 0) {
        struct hf_zone_entry entry;
        struct hf_span line;
        enum hf_err err = HF_OK;

        text->line = text->next_line;
        if (!hf_zone_entry_find(rest->ptr, rest->ptr, rest->ptr + rest->len,
                                &entry))
            return fail(why, "a parenthesis or a string does not end");
        line = hf_span_cut(rest, (size_t)(entry.end - entry.from));
        text->next_line += entry.lines;
        if (entry.is_cut || entry.is_unbalanced)
            return fail(why, "a parenthesis or a string does not end");
        if (is_empty(line))
            continue;
        *more = true;
        if (line.ptr[0] != '$')
            return read_record(text, line, room, out, why);
        err = do_directive(text, line, why);
        if (err != HF_OK)
            return err;
    }
    *more = false;
    return HF_OK;
}

void hf_lab_text_put(struct hf_buf *out, const struct hf_lab_record *record)
{
    hf_lab_name_put(record->owner, out);
    hf_buf_putc(out, ' ');
    hf_buf_put_u64(out, record->ttl_s);
    hf_buf_puts(out, " IN ");
    hf_lab_type_put(record->type, out);
    hf_buf_putc(out, ' ');
    hf_lab_rdata_put(record->type, record->rdata, out);
    hf_buf_putc(out, '\n');
}

/* ---- whole files ---- */

static enum hf_err load_record(struct hf_lab_dns *dns,
                               const struct hf_lab_record *record,
                               const struct hf_lab_zone_config *config,
                               int64_t now_s, struct hf_why *why)
{
    struct hf_lab_zone_config zone = *config;
    char room[HF_WIRE_NAME_MAX * 4];
    struct hf_buf name;

    if (record->type == HF_RR_NS &&
        hf_lab_dns_zone_at(dns, record->owner) != NULL)
        return HF_OK;
    if (record->type != HF_RR_SOA)
        return hf_lab_record_add(dns, record, now_s, why);
    if (record->owner->len == 1) /* the root is there from the beginning */
        return HF_OK;
    hf_buf_init(&name, room, sizeof(room));
    hf_wire_name_put(&name, record->owner);
    zone.name = hf_buf_span(&name);
    return hf_lab_zone_add(dns, &zone, why);
}

enum hf_err hf_lab_text_load(struct hf_lab_dns *dns, struct hf_span text,
                             const struct hf_lab_zone_config *config,
                             int64_t now_s, uint64_t *line, struct hf_why *why)
{
    const struct hf_wire_name root = {.len = 1};
    struct hf_lab_text at;
    struct hf_buf copy;
    struct hf_buf room;
    struct hf_span rest;
    bool more = true;
    enum hf_err err = HF_OK;

    hf_lab_text_init(&at, &root);
    hf_buf_init_grow(&copy, TEXT_MAX);
    hf_buf_init_grow(&room, TEXT_MAX);
    hf_buf_put(&copy, text);
    hf_buf_putc(&copy, '\n'); /* the last line may lack its own */
    rest = hf_buf_span(&copy);
    if (copy.full)
        err = hf_fail(why, HF_ELIMIT, 0, "the text is too long");
    while (err == HF_OK) {
        struct hf_lab_record record;

        err = hf_lab_text_next(&at, &rest, &room, &record, &more, why);
        if (err == HF_OK && !more)
            break;
        if (err == HF_OK)
            err = load_record(dns, &record, config, now_s, why);
    }
    *line = at.line;
    hf_buf_clear(&copy);
    hf_buf_clear(&room);
    return err;
}
