/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/zone_file.h"

#include <limits.h>

#include "base/alloc.h"
#include "dns/zone_source.h"
#include "dns/zone_type.h"
#include "dns/zone_value.h"
#include "dns/zone_window.h"

struct hf_zone {
    struct hf_zone_source *source; /* the innermost file */
    size_t depth;
    uint64_t entries;
    uint64_t bytes;
    struct hf_zone_spot spot;
    char spot_path[PATH_MAX];
    struct hf_zone_value value;
};

/* The head of an entry: all that stands before its data. */
struct head {
    struct hf_zone_entry entry;
    struct hf_zone_word owner;
    bool has_owner; /* else the last stated one is meant */
    struct hf_span ttl;
    uint16_t type;
    struct hf_span rdata; /* the rest of the entry */
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

/* ---- the quick look ---- */

/* Member by member: a copy of the whole would wait for its parts. */
static inline void set_plain_owner(struct hf_zone_source *source,
                                   struct hf_span owner,
                                   enum hf_zone_place place)
{
    source->owner.kind = HF_ZONE_WORD;
    source->owner.text.ptr = owner.ptr;
    source->owner.text.len = owner.len;
    source->owner.has_escape = false;
    source->has_owner = true;
    source->owner_is_read = false;
    source->owner_has_ns = false;
    source->owner_place = place;
}

/*
 * Most lines of most zones are plain: owner, TTL, class and type lie within
 * 64 octets and have no escape, quote or parenthesis among them. The quick
 * look reads those heads by bit masks; every other line is ODD and read word
 * by word. It never decides anything that the careful way would not.
 */
enum glance {
    GLANCE_BORING, /* nobody wants this entry: its end is known */
    GLANCE_WANTED, /* `head` is filled in */
    GLANCE_ODD,
};

/* The words of a window that were not taken yet: one bit where each begins,
 * one behind its end. */
struct view {
    const char *text;
    uint64_t begins;
    uint64_t ends;
    unsigned stop; /* the first special octet, or HF_ZONE_WINDOW */
    unsigned at;   /* behind the last word taken */
};

static inline bool take_word(struct view *view, struct hf_span *out)
{
    unsigned from;

    if (view->begins == 0 || view->ends == 0)
        return false;
    from = (unsigned)__builtin_ctzll(view->begins);
    view->at = (unsigned)__builtin_ctzll(view->ends);
    view->begins &= view->begins - 1;
    view->ends &= view->ends - 1;
    *out = (struct hf_span){view->text + from, view->at - from};
    return view->at < view->stop;
}

/* Eight octets in lower case as a number: what a word of a type looks like. */
#define WORD(a, b, c, d, e, f)                                                 \
    ((uint64_t)(a) | (uint64_t)(b) << 8 | (uint64_t)(c) << 16 |                \
     (uint64_t)(d) << 24 | (uint64_t)(e) << 32 | (uint64_t)(f) << 40)

static inline uint64_t word_of(struct hf_span word)
{
    uint64_t value;

    memcpy(&value, word.ptr, sizeof(value)); /* padding follows the buffer */
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    value = __builtin_bswap64(value);
#endif
    value |= 0x2020202020202020U;
    return word.len >= 8 ? value : value & ((1ULL << 8 * word.len) - 1);
}

/* Up to eight digits, seen all at once: each octet has a high half of 3, also
 * when 6 is added. */
static inline bool is_number(struct hf_span word)
{
    const uint64_t zeros = 0x3030303030303030U;
    uint64_t used = word.len >= 8 ? UINT64_MAX : (1ULL << 8 * word.len) - 1;
    uint64_t value;

    memcpy(&value, word.ptr, sizeof(value));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    value = __builtin_bswap64(value);
#endif
    value = (value & used) | (zeros & ~used);
    return ((value & 0xf0f0f0f0f0f0f0f0U) == zeros) &
           (((value + 0x0606060606060606U) & 0xf0f0f0f0f0f0f0f0U) == zeros);
}

/* The common types; 0 for the rest. */
static inline uint16_t quick_type(uint64_t word)
{
    switch (word) {
    case WORD('a', 0, 0, 0, 0, 0):
        return HF_RR_A;
    case WORD('a', 'a', 'a', 'a', 0, 0):
        return HF_RR_AAAA;
    case WORD('n', 's', 0, 0, 0, 0):
        return HF_RR_NS;
    case WORD('t', 'x', 't', 0, 0, 0):
        return HF_RR_TXT;
    case WORD('c', 'n', 'a', 'm', 'e', 0):
        return HF_RR_CNAME;
    case WORD('d', 'n', 'a', 'm', 'e', 0):
        return HF_RR_DNAME;
    case WORD('s', 'o', 'a', 0, 0, 0):
        return HF_RR_SOA;
    case WORD('d', 's', 0, 0, 0, 0):
        return HF_RR_DS;
    case WORD('r', 'r', 's', 'i', 'g', 0):
        return HF_RR_RRSIG;
    case WORD('n', 's', 'e', 'c', 0, 0):
        return HF_RR_NSEC;
    case WORD('n', 's', 'e', 'c', '3', 0):
        return HF_RR_NSEC3;
    case WORD('d', 'n', 's', 'k', 'e', 'y'):
        return HF_RR_DNSKEY;
    case WORD('c', 'a', 'a', 0, 0, 0):
        return HF_RR_CAA;
    case WORD('m', 'x', 0, 0, 0, 0):
        return 15;
    case WORD('p', 't', 'r', 0, 0, 0):
        return 12;
    case WORD('s', 'r', 'v', 0, 0, 0):
        return 33;
    default:
        return 0;
    }
}

/* TTL and class in either order, then the type. */
static inline bool take_head(struct view *view, struct hf_span *ttl,
                             uint16_t *type)
{
    bool has_class = false;

    ttl->len = 0;
    for (int i = 0; i < 3; i++) {
        struct hf_span word;
        uint64_t value;

        if (!take_word(view, &word) || word.len > 8)
            return false;
        value = word_of(word);
        if (hf_is_digit(word.ptr[0])) {
            if (ttl->len > 0 || !is_number(word))
                return false;
            ttl->ptr = word.ptr;
            ttl->len = word.len;
            continue;
        }
        if (value == WORD('i', 'n', 0, 0, 0, 0) && !has_class) {
            has_class = true;
            continue;
        }
        *type = quick_type(value);
        return *type != 0;
    }
    return false;
}

/* Every octet of the word is plain by the masks: no escape, no quote. */
static inline enum hf_zone_place quick_place(struct hf_span owner,
                                             const struct hf_zone_source *from)
{
    if (owner.ptr[0] == '_' || owner.ptr[0] == '*') {
        static const struct hf_span labels[] = {HF_SPAN_INIT(HF_DNS_LABEL),
                                                HF_SPAN_INIT(HF_IP_LABEL),
                                                HF_SPAN_INIT("*")};

        for (unsigned i = 0; i < 3; i++) {
            struct hf_span start = {owner.ptr, labels[i].len};

            if (owner.len >= start.len && hf_span_eq_nocase(start, labels[i]) &&
                (owner.len == start.len || owner.ptr[start.len] == '.'))
                return i < 2 ? HF_ZONE_LABEL : HF_ZONE_WILDCARD;
        }
    }
    if (owner.len == 1 && owner.ptr[0] == '@' && from->has_origin)
        return hf_zone_place_of(hf_zone_name_span(&from->origin));
    return HF_ZONE_ELSEWHERE;
}

static bool is_wanted(enum hf_zone_place place, uint16_t type)
{
    switch (place) {
    case HF_ZONE_LABEL:
        return true;
    case HF_ZONE_WILDCARD:
        return type == HF_RR_TXT || type == HF_RR_CNAME || type == HF_RR_NS ||
               type == HF_RR_DNAME;
    case HF_ZONE_ELSEWHERE:
        return type == HF_RR_NS || type == HF_RR_DNAME || type == HF_RR_SOA;
    }
    return false;
}

static bool find_end(struct hf_zone_source *source, const char *from,
                     const char *clean, struct hf_zone_entry *entry)
{
    if (*clean == '\n') {
        *entry =
            (struct hf_zone_entry){.from = from, .end = clean + 1, .lines = 1};
        return true;
    }
    return hf_zone_entry_find(from, clean, source->room + source->to, entry);
}

/*
 * Owner, TTL, class and type. What a later line may refer to is remembered
 * also when the entry is boring.
 */
static enum glance look_at_record(struct hf_zone_source *source,
                                  struct view *view, struct head *head)
{
    bool has_owner = (view->begins & 1) != 0;
    struct hf_span owner = {0};
    struct hf_span ttl = {0};

    head->has_owner = has_owner;
    if (has_owner && !take_word(view, &owner))
        return GLANCE_ODD;
    if ((!has_owner && !source->has_owner) ||
        !take_head(view, &ttl, &head->type))
        return GLANCE_ODD;

    if (has_owner) {
        bool same = head->type == HF_RR_NS && source->has_owner &&
                    hf_span_eq(owner, source->owner.text);

        if (!same)
            set_plain_owner(source, owner, quick_place(owner, source));
    }
    head->ttl.ptr = ttl.ptr;
    head->ttl.len = ttl.len;
    if (ttl.len > 0) {
        source->last_ttl.ptr = ttl.ptr;
        source->last_ttl.len = ttl.len;
    }
    if (head->type == HF_RR_NS && source->owner_has_ns &&
        source->owner_place != HF_ZONE_LABEL)
        return GLANCE_BORING;
    return is_wanted(source->owner_place, head->type) ? GLANCE_WANTED
                                                      : GLANCE_BORING;
}

/*
 * One entry. False when it does not end within the buffer, or the careful way
 * must be taken; nothing is remembered then that it would not set again.
 */
static bool glance_at(struct hf_zone_source *source, const char *from,
                      struct head *head, enum glance *what)
{
    const struct hf_zone_window window = hf_zone_window_at(from);
    struct view view = {.text = from};
    unsigned nonblank;
    const char *clean;

    view.begins = ~window.blank & (window.blank << 1 | 1);
    view.ends = window.blank & ~window.blank << 1;
    view.stop = window.special == 0 ? HF_ZONE_WINDOW
                                    : (unsigned)__builtin_ctzll(window.special);
    clean = from + view.stop;
    nonblank = ~window.blank == 0 ? HF_ZONE_WINDOW
                                  : (unsigned)__builtin_ctzll(~window.blank);
    *what = GLANCE_BORING;
    if (nonblank == view.stop && view.stop < HF_ZONE_WINDOW &&
        (*clean == '\n' || *clean == ';'))
        return find_end(source, from, clean, &head->entry);
    if (*from == '$' || *from == '(' || *from == '"' || *from == '\\')
        return false;
    *what = look_at_record(source, &view, head);
    if (*what == GLANCE_ODD)
        return false;
    if (!find_end(source, from, clean, &head->entry))
        return false;
    head->rdata.ptr = from + view.at;
    head->rdata.len = (size_t)(head->entry.end - head->rdata.ptr);
    return !head->entry.is_cut && !head->entry.is_unbalanced;
}

/* Step over boring entries. True when `head` is that of a wanted one; false
 * when the entry at source->from needs the careful way, or more input. */
static bool skip_boring(struct hf_zone *zone, struct head *head)
{
    struct hf_zone_source *source = zone->source;
    enum glance what = GLANCE_BORING;

    while (source->from < source->to) {
        if (!glance_at(source, source->room + source->from, head, &what))
            return false;
        if (what == GLANCE_WANTED)
            return true;
        step_over(zone, &head->entry);
        zone->entries++;
    }
    return false;
}

/* ---- the careful way ---- */

static bool is_keyword(const struct hf_zone_word *word, const char *keyword)
{
    return word->kind == HF_ZONE_WORD &&
           hf_span_eq_nocase(word->text, hf_span_str(keyword));
}

/* [TTL] [class] type, TTL and class in either order. */
static enum hf_err read_fields(struct hf_zone *zone, struct head *head,
                               struct hf_span rest, struct hf_why *why)
{
    const struct hf_zone_entry *entry = &head->entry;
    bool has_class = false;
    uint16_t class;
    uint32_t ttl_s;

    head->ttl.len = 0;
    for (;;) {
        struct hf_zone_word word = hf_zone_word_next(&rest);

        if (word.kind == HF_ZONE_END)
            return fail_at(zone, entry, word.text.ptr - 1, why,
                           "the line ends where a record type is expected");
        if (word.kind == HF_ZONE_WORD && head->ttl.len == 0 &&
            hf_zone_ttl_read(word.text, &ttl_s)) {
            head->ttl = word.text;
            zone->source->last_ttl = word.text;
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
static enum hf_err read_owner(struct hf_zone *zone, struct head *head,
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

/* TTL of a record that states none: $TTL, else that of the one before. */
static void set_ttl(const struct hf_zone_source *source, struct hf_span stated,
                    struct hf_zone_record *out)
{
    out->has_ttl = true;
    if (stated.len > 0 && hf_zone_ttl_read(stated, &out->ttl_s))
        return;
    out->ttl_s = source->default_ttl_s;
    if (source->has_default_ttl)
        return;
    out->has_ttl = hf_zone_ttl_read(source->last_ttl, &out->ttl_s);
}

/* Everything about a wanted record whose head is read. */
static enum hf_err read_record(struct hf_zone *zone, struct head *head,
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
    set_ttl(source, head->ttl, out);
    err = hf_zone_value_read(&zone->value, head->type, head->rdata, origin,
                             &out->value, &at, why);
    if (err != HF_OK)
        set_spot(zone, &head->entry, at);
    source->owner_has_ns |= err == HF_OK && head->type == HF_RR_NS;
    return err;
}

/* ---- directives ---- */

static enum hf_err do_origin(struct hf_zone *zone, struct head *head,
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

static enum hf_err do_ttl(struct hf_zone *zone, struct head *head,
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

static enum hf_err do_include(struct hf_zone *zone, struct head *head,
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

/* An entry that begins with `$` in the first column. `*moved` when the
 * position is in another file now. */
static enum hf_err do_directive(struct hf_zone *zone, struct head *head,
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
    return fail_at(zone, &head->entry, head->entry.from, why,
                   is_keyword(&word, "$GENERATE")
                       ? "$GENERATE is not supported: expand it first, as "
                         "with named-compilezone"
                       : "unknown directive");
}

/* ---- entries ---- */

/* The careful way through one entry. `*wanted` tells whether `head` is that
 * of a wanted record. */
static enum hf_err read_entry(struct hf_zone *zone, struct head *head,
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
    *wanted = err == HF_OK && is_wanted(zone->source->owner_place, head->type);
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
        if (err == HF_ELIMIT)
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
    struct head head = {0};
    bool wanted = false;
    bool moved = false;
    enum hf_err err = HF_OK;

    *more = true;
    if (skip_boring(zone, &head)) {
        wanted = true;
        zone->entries++;
    } else if (!find_end(source, source->room + source->from,
                         source->room + source->from, &head.entry)) {
        return advance(zone, more, why);
    } else {
        err = read_entry(zone, &head, &wanted, &moved, why);
    }
    if (err == HF_OK && wanted)
        err = read_record(zone, &head, out, why);
    *found = err == HF_OK && wanted;
    if (!moved)
        step_over(zone, &head.entry);
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
