/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/zone_file.h"

#include <limits.h>

#include "base/alloc.h"
#include "dns/zone_glance.h"
#include "dns/zone_type.h"
#include "dns/zone_value.h"

struct hf_zone {
    struct hf_zone_source *source; /* the innermost file */
    size_t depth;
    bool takes_care; /* no quick looks */
    uint64_t entries;
    uint64_t bytes;
    uint64_t generated; /* lines of all $GENERATE */
    struct hf_zone_spot spot;
    char spot_path[PATH_MAX];
    struct hf_zone_value value;
    struct hf_zone_head head; /* of the entry at hand */
};

enum hf_err hf_zone_open(const char *path, struct hf_span origin,
                         struct hf_zone **out, struct hf_why *why)
{
    const struct hf_zone_word word = {
        .kind = HF_ZONE_WORD, .text = origin, .has_escape = true};
    const struct hf_zone_name root = {.is_plain = true};
    struct hf_zone *zone = hf_alloc(1, sizeof(*zone));
    enum hf_err err;

    if (zone == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    hf_zone_value_init(&zone->value);
    err = hf_zone_source_open(path, NULL, &zone->source, why);
    if (err == HF_OK && origin.len > 0) {
        err = hf_zone_name_read(&word, &root, &zone->source->origin, why);
        zone->source->has_origin = true;
    }
    if (err != HF_OK)
        hf_zone_free(zone);
    else
        *out = zone;
    return err;
}

void hf_zone_free(struct hf_zone *zone)
{
    if (zone == NULL)
        return;
    while (zone->source != NULL)
        zone->source = hf_zone_source_free(zone->source);
    hf_zone_value_clear(&zone->value);
    hf_free(zone);
}

void hf_zone_want_caa(struct hf_zone *zone)
{
    zone->source->wants_caa = true;
}

void hf_zone_take_care(struct hf_zone *zone)
{
    zone->takes_care = true;
}

struct hf_zone_spot hf_zone_at(const struct hf_zone *zone)
{
    struct hf_zone_spot spot = zone->spot;

    spot.path = zone->spot_path;
    return spot;
}

uint64_t hf_zone_entries(const struct hf_zone *zone)
{
    return zone->entries;
}

uint64_t hf_zone_bytes(const struct hf_zone *zone)
{
    return zone->bytes;
}

/* ---- where we are ---- */

static void set_spot(struct hf_zone *zone, const struct hf_zone_entry *entry,
                     const char *at)
{
    const struct hf_zone_source *source = zone->source;
    struct hf_span path = hf_span_str(source->path);
    const char *line = entry->from;

    if (source->generates)
        at = entry->from; /* columns of a generated line help nobody */
    if (path.len >= sizeof(zone->spot_path))
        path.len = sizeof(zone->spot_path) - 1;
    memcpy(zone->spot_path, path.ptr, path.len);
    zone->spot_path[path.len] = '\0';
    zone->spot.line = source->line;
    for (const char *p = entry->from; p < at; p++) {
        if (*p != '\n')
            continue;
        zone->spot.line++;
        line = p + 1;
    }
    zone->spot.column = (uint64_t)(at - line) + 1;
}

static enum hf_err fail_at(struct hf_zone *zone,
                           const struct hf_zone_entry *entry, const char *at,
                           struct hf_why *why, const char *text)
{
    set_spot(zone, entry, at);
    return hf_fail(why, HF_ESYNTAX, 0, text);
}

static void step_over(struct hf_zone *zone, const struct hf_zone_entry *entry)
{
    struct hf_zone_source *source = zone->source;

    source->from = (size_t)(entry->end - source->room);
    source->line += entry->lines;
    if (!source->generates)
        zone->bytes += (uint64_t)(entry->end - entry->from);
}

static void set_owner(struct hf_zone_source *source,
                      const struct hf_zone_word *owner,
                      enum hf_zone_place place)
{
    source->owner = *owner;
    source->has_owner = true;
    source->owner_is_read = false;
    source->owner_has_ns = false;
    source->owner_place = place;
}

static bool find_end(const struct hf_zone_source *source,
                     struct hf_zone_entry *entry)
{
    const char *from = source->room + source->from;

    return hf_zone_entry_find(from, from, source->room + source->to, entry);
}

/* The quick look over as many entries as it can. */
static bool skip_boring(struct hf_zone *zone, struct hf_zone_head *head)
{
    struct hf_zone_source *source = zone->source;
    size_t from = source->from;
    bool found =
        !zone->takes_care && hf_zone_skip_boring(source, head, &zone->entries);

    if (!source->generates)
        zone->bytes += source->from - from;
    return found;
}

/* ---- the careful way ---- */

static bool is_keyword(const struct hf_zone_word *word, const char *keyword)
{
    return word->kind == HF_ZONE_WORD &&
           hf_span_eq_nocase(word->text, hf_span_str(keyword));
}

/* [TTL] [class] type, TTL and class in either order. */
static enum hf_err read_fields(struct hf_zone *zone, struct hf_zone_head *head,
                               struct hf_span rest, struct hf_why *why)
{
    const struct hf_zone_entry *entry = &head->entry;
    bool has_class = false;
    uint16_t class;

    head->has_ttl = false;
    for (;;) {
        struct hf_zone_word word = hf_zone_word_next(&rest);

        if (word.kind == HF_ZONE_END)
            return fail_at(zone, entry, word.text.ptr - 1, why,
                           "the line ends where a record type is expected");
        if (word.kind == HF_ZONE_WORD && !head->has_ttl &&
            hf_zone_ttl_read(word.text, &head->ttl_s)) {
            head->has_ttl = true;
            zone->source->has_last_ttl = true;
            zone->source->last_ttl_s = head->ttl_s;
        } else if (word.kind == HF_ZONE_WORD && !has_class &&
                   hf_zone_class_find(word.text, &class)) {
            if (class != HF_CLASS_IN)
                return fail_at(zone, entry, word.text.ptr, why,
                               "the class of this record is not IN");
            has_class = true;
        } else if (word.kind == HF_ZONE_WORD &&
                   hf_zone_type_find(word.text, &head->type)) {
            head->rdata = rest;
            return HF_OK;
        } else {
            return fail_at(zone, entry, word.text.ptr, why,
                           "neither a TTL, nor a class, nor a record type");
        }
    }
}

/*
 * The owner is the first word of an entry that does not begin with a blank.
 * One that begins with a parenthesis has an owner as well: so reads BIND.
 */
static enum hf_err read_owner(struct hf_zone *zone, struct hf_zone_head *head,
                              struct hf_span *rest, struct hf_why *why)
{
    struct hf_zone_source *source = zone->source;
    char first = rest->ptr[0];
    enum hf_err err = HF_OK;

    head->has_owner = first != ' ' && first != '\t' && first != '\r';
    if (head->has_owner) {
        head->owner = hf_zone_word_next(rest);
        set_owner(source, &head->owner, HF_ZONE_ELSEWHERE);
    } else if (!source->has_owner) {
        return fail_at(zone, &head->entry, head->entry.from, why,
                       "no owner name, and none on a line before");
    }
    err = hf_zone_source_owner(source, why);
    if (err != HF_OK)
        set_spot(zone, &head->entry,
                 head->has_owner ? head->owner.text.ptr : head->entry.from);
    if (err == HF_OK)
        source->owner_place =
            hf_zone_place_of(hf_zone_name_span(&source->owner_name));
    return err;
}

static bool is_empty(struct hf_span rest)
{
    return hf_zone_word_next(&rest).kind == HF_ZONE_END;
}

/* The stated TTL, or $TTL, or that of the record before. */
static void set_ttl(const struct hf_zone_source *source,
                    const struct hf_zone_head *head, struct hf_zone_record *out)
{
    if (head->has_ttl)
        out->ttl_s = head->ttl_s;
    else if (source->has_default_ttl)
        out->ttl_s = source->default_ttl_s;
    else
        out->ttl_s = source->last_ttl_s;
    out->has_ttl =
        head->has_ttl || source->has_default_ttl || source->has_last_ttl;
}

/* Everything about a wanted record whose head is read. */
static enum hf_err read_record(struct hf_zone *zone, struct hf_zone_head *head,
                               struct hf_zone_record *out, struct hf_why *why)
{
    struct hf_zone_source *source = zone->source;
    const struct hf_zone_name *origin =
        source->has_origin ? &source->origin : NULL;
    const char *at = head->rdata.ptr;
    enum hf_err err = hf_zone_source_owner(source, why);

    if (err != HF_OK) {
        set_spot(zone, &head->entry, head->entry.from);
        return err;
    }
    *out = (struct hf_zone_record){
        .owner = hf_zone_name_span(&source->owner_name),
        .place = source->owner_place,
        .is_plain = source->owner_name.is_plain,
        .type = head->type,
        .line = source->line,
    };
    set_ttl(source, head, out);
    err = head->type != HF_RR_CAA
              ? hf_zone_value_read(&zone->value, head->type, head->rdata,
                                   origin, &out->value, &at, why)
          : source->wants_caa
              ? hf_zone_value_read_caa(&zone->value, head->rdata, &out->value,
                                       &at, why)
              : HF_OK;
    if (err != HF_OK)
        set_spot(zone, &head->entry, at);
    source->owner_has_ns |= err == HF_OK && head->type == HF_RR_NS;
    return err;
}

/* ---- directives ---- */

static enum hf_err do_origin(struct hf_zone *zone, struct hf_zone_head *head,
                             struct hf_span rest, struct hf_why *why)
{
    struct hf_zone_source *source = zone->source;
    struct hf_zone_word word = hf_zone_word_next(&rest);
    struct hf_zone_name name;
    enum hf_err err;

    if (word.kind == HF_ZONE_END || !is_empty(rest))
        return fail_at(zone, &head->entry, word.text.ptr, why,
                       "RFC 1035 5.1: $ORIGIN takes one name");
    /* The owner that later lines may leave out is completed by the origin
     * under which it was stated. */
    hf_zone_source_settle(source);
    err = hf_zone_name_read(&word, source->has_origin ? &source->origin : NULL,
                            &name, why);
    if (err != HF_OK) {
        set_spot(zone, &head->entry, word.text.ptr);
        return err;
    }
    source->origin = name;
    source->has_origin = true;
    return HF_OK;
}

static enum hf_err do_ttl(struct hf_zone *zone, struct hf_zone_head *head,
                          struct hf_span rest, struct hf_why *why)
{
    struct hf_zone_word word = hf_zone_word_next(&rest);
    uint32_t ttl_s;

    if (word.kind != HF_ZONE_WORD || !is_empty(rest) ||
        !hf_zone_ttl_read(word.text, &ttl_s))
        return fail_at(zone, &head->entry, word.text.ptr, why,
                       "RFC 2308 4: $TTL takes a number of seconds");
    zone->source->default_ttl_s = ttl_s;
    zone->source->has_default_ttl = true;
    return HF_OK;
}

/* Relative to the directory of the including file. */
static bool include_path(const char *from, struct hf_span name, char *out)
{
    const char *slash = strrchr(from, '/');
    size_t dir = slash == NULL ? 0 : (size_t)(slash - from) + 1;

    if (name.len > 0 && name.ptr[0] == '/')
        dir = 0;
    if (name.len == 0 || dir + name.len >= PATH_MAX ||
        memchr(name.ptr, '\0', name.len) != NULL)
        return false;
    memcpy(out, from, dir);
    memcpy(out + dir, name.ptr, name.len);
    out[dir + name.len] = '\0';
    return true;
}

static void inherit(const struct hf_zone_source *outer,
                    struct hf_zone_source *inner)
{
    inner->wants_caa = outer->wants_caa;
    inner->has_origin = outer->has_origin;
    inner->origin = outer->origin;
    inner->has_default_ttl = outer->has_default_ttl;
    inner->default_ttl_s = outer->default_ttl_s;
    inner->has_owner = outer->has_owner;
    inner->owner_is_read = true; /* do_include() made sure */
    inner->owner_is_bad = outer->owner_is_bad;
    inner->owner_name = outer->owner_name;
    inner->owner_place = outer->owner_place;
}

static enum hf_err read_include(struct hf_zone *zone, struct hf_span rest,
                                char *path, struct hf_zone_name *origin,
                                struct hf_why *why)
{
    struct hf_zone_source *source = zone->source;
    struct hf_zone_word file = hf_zone_word_next(&rest);
    struct hf_zone_word name = hf_zone_word_next(&rest);
    char room[PATH_MAX];
    struct hf_span text;
    size_t at;

    if (file.kind == HF_ZONE_END || !is_empty(rest))
        return hf_fail(why, HF_ESYNTAX, 0,
                       "RFC 1035 5.1: $INCLUDE takes a file and an origin");
    if (file.text.len >= sizeof(room) ||
        !hf_zone_word_read(&file, room, &text, &at) ||
        !include_path(source->path, text, path))
        return hf_fail(why, HF_ESYNTAX, 0, "not a file name");
    if (zone->depth == HF_ZONE_INCLUDE_MAX)
        return hf_fail(why, HF_ELIMIT, 0, "files include one another too deep");
    if (name.kind == HF_ZONE_END)
        return HF_OK;
    return hf_zone_name_read(&name, source->has_origin ? &source->origin : NULL,
                             origin, why);
}

static enum hf_err do_include(struct hf_zone *zone, struct hf_zone_head *head,
                              struct hf_span rest, struct hf_why *why)
{
    struct hf_zone_source *outer = zone->source;
    struct hf_zone_source *inner = NULL;
    struct hf_zone_name origin = {.len = UINT16_MAX}; /* none given */
    char path[PATH_MAX];
    enum hf_err err = read_include(zone, rest, path, &origin, why);

    if (err == HF_OK)
        err = hf_zone_source_open(path, outer, &inner, why);
    if (err == HF_ESYSTEM || err == HF_EINVAL)
        err = HF_ENOTFOUND; /* for us; why->sys says more */
    if (err != HF_OK) {
        set_spot(zone, &head->entry, rest.ptr);
        return err;
    }
    hf_zone_source_settle(outer);
    inherit(outer, inner);
    if (origin.len != UINT16_MAX) {
        inner->origin = origin;
        inner->has_origin = true;
    }
    step_over(zone, &head->entry); /* the outer file goes on behind it */
    zone->source = inner;
    zone->depth++;
    return HF_OK;
}

/* The words behind $GENERATE. */
struct directive {
    struct hf_zone_word range;
    struct hf_zone_word owner;
    struct hf_zone_word data;
};

static enum hf_err read_generate(struct hf_zone *zone,
                                 struct hf_zone_head *head, struct hf_span rest,
                                 struct directive *out, struct hf_why *why)
{
    enum hf_err err;

    out->range = hf_zone_word_next(&rest);
    out->owner = hf_zone_word_next(&rest);
    if (out->owner.kind != HF_ZONE_WORD)
        return fail_at(zone, &head->entry, out->owner.text.ptr - 1, why,
                       "$GENERATE takes a range, an owner, a type and data");
    err = read_fields(zone, head, rest, why);
    if (err != HF_OK)
        return err;
    out->data = hf_zone_word_next(&head->rdata);
    if (out->data.kind == HF_ZONE_END || !is_empty(head->rdata))
        return fail_at(zone, &head->entry,
                       head->rdata.ptr - (out->data.kind == HF_ZONE_END), why,
                       "$GENERATE: the data is one word; quote it");
    return HF_OK;
}

/* The fields as one line has them, and the lines counted. */
static enum hf_err begin_generate(struct hf_zone *zone,
                                  struct hf_zone_head *head,
                                  const struct directive *directive,
                                  struct hf_zone_generate *out,
                                  struct hf_why *why)
{
    const char *at = directive->range.text.ptr;
    char room[64];
    struct hf_buf fields;
    uint64_t count;
    enum hf_err err;

    out->line = zone->source->line;
    if (!hf_zone_range_read(directive->range.text, &out->range))
        return fail_at(zone, &head->entry, at, why,
                       "$GENERATE: the range is start-stop or start-stop/step");
    count = hf_zone_range_count(&out->range);
    if (count > HF_ZONE_GENERATE_MAX - zone->generated) {
        set_spot(zone, &head->entry, at);
        return hf_fail(why, HF_ELIMIT, 0,
                       "$GENERATE: more than 16777216 lines from one file");
    }
    hf_buf_init(&fields, room, sizeof(room));
    hf_buf_putc(&fields, ' ');
    if (head->has_ttl)
        hf_buf_put_u64(&fields, head->ttl_s);
    hf_buf_puts(&fields, " TYPE");
    hf_buf_put_u64(&fields, head->type);
    hf_buf_putc(&fields, ' ');
    err = hf_zone_generate_init(out, &directive->owner, hf_buf_span(&fields),
                                &directive->data, &at, why);
    if (err != HF_OK)
        set_spot(zone, &head->entry, at);
    else
        zone->generated += count;
    return err;
}

static enum hf_err do_generate(struct hf_zone *zone, struct hf_zone_head *head,
                               struct hf_span rest, struct hf_why *why)
{
    struct hf_zone_source *outer = zone->source;
    struct hf_zone_source *inner;
    struct hf_zone_generate generate = {0};
    struct directive directive;
    enum hf_err err = read_generate(zone, head, rest, &directive, why);

    if (err == HF_OK)
        err = begin_generate(zone, head, &directive, &generate, why);
    if (err == HF_OK)
        err = hf_zone_source_generate(&generate, outer, &inner, why);
    if (err != HF_OK)
        return err;
    inherit(outer, inner);
    inner->has_last_ttl = outer->has_last_ttl;
    inner->last_ttl_s = outer->last_ttl_s;
    step_over(zone, &head->entry);
    zone->source = inner;
    zone->depth++;
    return HF_OK;
}

/* An entry that begins with `$` in the first column. `*moved` when the
 * position is in another file now. */
static enum hf_err do_directive(struct hf_zone *zone, struct hf_zone_head *head,
                                bool *moved, struct hf_why *why)
{
    struct hf_span rest = {head->entry.from,
                           (size_t)(head->entry.end - head->entry.from)};
    struct hf_zone_word word = hf_zone_word_next(&rest);
    enum hf_err err;

    if (is_keyword(&word, "$ORIGIN"))
        return do_origin(zone, head, rest, why);
    if (is_keyword(&word, "$TTL"))
        return do_ttl(zone, head, rest, why);
    if (is_keyword(&word, "$INCLUDE")) {
        err = do_include(zone, head, rest, why);
        *moved = err == HF_OK;
        return err;
    }
    if (is_keyword(&word, "$GENERATE")) {
        err = do_generate(zone, head, rest, why);
        *moved = err == HF_OK;
        return err;
    }
    return fail_at(zone, &head->entry, head->entry.from, why,
                   "unknown directive");
}

/* ---- entries ---- */

/* The careful way through one entry. `*wanted` tells whether `head` is that
 * of a wanted record. */
static enum hf_err read_entry(struct hf_zone *zone, struct hf_zone_head *head,
                              bool *wanted, bool *moved, struct hf_why *why)
{
    const struct hf_zone_entry *entry = &head->entry;
    struct hf_span rest = {entry->from, (size_t)(entry->end - entry->from)};
    enum hf_err err;

    *wanted = false;
    *moved = false;
    if (is_empty(rest))
        return HF_OK;
    if (*entry->from == '$')
        return do_directive(zone, head, moved, why);
    zone->entries++;
    err = read_owner(zone, head, &rest, why);
    if (err == HF_OK && entry->is_unbalanced)
        err = fail_at(zone, entry, entry->from, why,
                      "a closing parenthesis without an opening one");
    if (err == HF_OK)
        err = read_fields(zone, head, rest, why);
    if (err == HF_OK && entry->is_cut)
        err = fail_at(zone, entry, entry->end - 1, why,
                      "a quoted string does not end on its line");
    *wanted = err == HF_OK && hf_zone_is_wanted(zone->source, head->type);
    return err;
}

/* The entry at `from` has no end: say so, and go on with the next line. */
static enum hf_err give_up_entry(struct hf_zone *zone, enum hf_err err,
                                 struct hf_why *why)
{
    struct hf_zone_source *source = zone->source;
    const char *from = source->room + source->from;
    struct hf_zone_entry entry = {.from = from, .end = from, .lines = 1};
    const char *newline = memchr(from, '\n', source->to - source->from);

    set_spot(zone, &entry, from);
    source->skips = newline == NULL && !source->at_end;
    entry.lines = newline != NULL;
    entry.end = newline == NULL ? source->room + source->to : newline + 1;
    step_over(zone, &entry);
    if (err == HF_OK)
        err = hf_fail(why, HF_ESYNTAX, 0,
                      "a parenthesis or a quoted string is never closed");
    return err;
}

static void skip_long_line(struct hf_zone *zone)
{
    struct hf_zone_source *source = zone->source;
    char *from = source->room + source->from;
    struct hf_zone_entry entry = {.from = from};
    const char *newline = memchr(from, '\n', source->to - source->from);

    entry.lines = newline != NULL;
    entry.end = newline == NULL ? source->room + source->to : newline + 1;
    source->skips = newline == NULL && !source->at_end;
    step_over(zone, &entry);
}

/* More input, or the end of this file: then on with the outer one. */
static enum hf_err advance(struct hf_zone *zone, bool *more, struct hf_why *why)
{
    struct hf_zone_source *source = zone->source;
    enum hf_err err;

    *more = true;
    if (!source->at_end) {
        err = hf_zone_source_fill(source, why);
        if (err == HF_ELIMIT && !source->generates)
            return give_up_entry(zone, err, why);
        if (err == HF_OK && source->skips)
            skip_long_line(zone);
        if (err != HF_OK)
            set_spot(zone, &(struct hf_zone_entry){.from = source->room},
                     source->room);
        return err;
    }
    if (source->from < source->to)
        return give_up_entry(zone, HF_OK, why);
    if (source->outer == NULL) {
        *more = false;
        return HF_OK;
    }
    zone->source = hf_zone_source_free(source);
    zone->depth--;
    return HF_OK;
}

/* One step: an entry, or more input. */
static enum hf_err step(struct hf_zone *zone, struct hf_zone_record *out,
                        bool *more, bool *found, struct hf_why *why)
{
    struct hf_zone_source *source = zone->source;
    struct hf_zone_head *head = &zone->head;
    bool wanted = false;
    bool moved = false;
    enum hf_err err = HF_OK;

    *more = true;
    if (skip_boring(zone, head)) {
        wanted = true;
        zone->entries++;
    } else if (!find_end(source, &head->entry)) {
        return advance(zone, more, why);
    } else {
        err = read_entry(zone, head, &wanted, &moved, why);
    }
    if (err == HF_OK && wanted)
        err = read_record(zone, head, out, why);
    *found = err == HF_OK && wanted;
    if (!moved)
        step_over(zone, &head->entry);
    return err;
}

enum hf_err hf_zone_next(struct hf_zone *zone, struct hf_zone_record *out,
                         bool *more, struct hf_why *why)
{
    bool found = false;
    enum hf_err err = HF_OK;

    *more = true;
    while (err == HF_OK && *more && !found)
        err = step(zone, out, more, &found, why);
    return err;
}
