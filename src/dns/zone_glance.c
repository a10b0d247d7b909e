/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/zone_glance.h"

#include "dns/zone_type.h"
#include "dns/zone_window.h"

enum glance {
    GLANCE_BORING, /* nobody wants this entry: its end is known */
    GLANCE_WANTED, /* `head` is filled in */
    GLANCE_ODD,    /* it does not end within the buffer, or needs care */
};

/* The words of a window before its first special octet that were not taken
 * yet: one bit where each begins, one behind its end. */
struct view {
    const char *text;
    uint64_t begins;
    uint64_t ends;
    unsigned at; /* behind the last word taken */
};

static inline bool take_word(struct view *view, struct hf_span *out)
{
    unsigned from;

    if (view->ends == 0)
        return false;
    from = (unsigned)__builtin_ctzll(view->begins);
    view->at = (unsigned)__builtin_ctzll(view->ends);
    view->begins &= view->begins - 1;
    view->ends &= view->ends - 1;
    out->ptr = view->text + from;
    out->len = view->at - from;
    return true;
}

/* ---- TTL, class and type, word by word ---- */

/* Eight octets in lower case as a number: what a word of a type looks like. */
#define WORD(a, b, c, d, e, f)                                                 \
    ((uint64_t)(a) | (uint64_t)(b) << 8 | (uint64_t)(c) << 16 |                \
     (uint64_t)(d) << 24 | (uint64_t)(e) << 32 | (uint64_t)(f) << 40)

static uint64_t word_of(struct hf_span word)
{
    uint64_t value;

    memcpy(&value, word.ptr, sizeof(value)); /* padding follows the buffer */
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    value = __builtin_bswap64(value);
#endif
    value |= 0x2020202020202020U;
    return word.len >= 8 ? value : value & ((1ULL << 8 * word.len) - 1);
}

/* The common types; 0 for the rest. */
static uint16_t quick_type(uint64_t word)
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

/* TTL and class in either order, then the type; `*words` is how many. */
static bool take_words(struct view *view, struct hf_zone_head *head,
                       unsigned *words)
{
    bool has_class = false;

    head->has_ttl = false;
    for (*words = 1; *words <= HF_ZONE_FIELDS_MAX; (*words)++) {
        struct hf_span word;

        if (!take_word(view, &word) || word.len > 8)
            return false;
        if (hf_is_digit(word.ptr[0])) {
            if (head->has_ttl || !hf_zone_ttl_read(word, &head->ttl_s))
                return false;
            head->has_ttl = true;
        } else if (word_of(word) == WORD('i', 'n', 0, 0, 0, 0) && !has_class) {
            has_class = true;
        } else {
            head->type = quick_type(word_of(word));
            return head->type != 0;
        }
    }
    return false;
}

/* ---- the same, remembered ---- */

/* The octets of the next `words` words, with zeros behind them. False when
 * there are not so many, or they are too long. */
static inline bool fields_at(const struct view *view, unsigned words,
                             unsigned *len, struct hf_zone_octets *out)
{
    static const unsigned char mask[2 * sizeof(*out)] = {
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    uint64_t ends = view->ends;
    struct hf_zone_octets keep;
    const char *from;

    if (words > 1)
        ends &= ends - 1;
    if (words > 2)
        ends &= ends - 1;
    if (ends == 0)
        return false;
    from = view->text + __builtin_ctzll(view->begins);
    *len = (unsigned)(__builtin_ctzll(ends) - __builtin_ctzll(view->begins));
    if (*len > sizeof(*out))
        return false;
    /* Half by half: a copy of the whole would wait for its parts. */
    memcpy(&out->head, from, 8);
    memcpy(&out->tail, from + 8, 8);
    memcpy(&keep.head, mask + sizeof(*out) - *len, 8);
    memcpy(&keep.tail, mask + sizeof(*out) - *len + 8, 8);
    out->head &= keep.head;
    out->tail &= keep.tail;
    return true;
}

static inline struct hf_zone_fields *slot_of(struct hf_zone_source *source,
                                             struct hf_zone_octets text)
{
    uint64_t hash = text.head * 0x9e3779b97f4a7c15U ^ text.tail;

    hash *= 0xd6e8feb86659fd93U;
    return &source->fields[hash >> (64 - HF_ZONE_FIELDS_BITS)];
}

/* Not known yet: read the words, and remember what they meant. Returns where
 * the data begins, or NULL. */
static const char *learn_fields(struct hf_zone_source *source, struct view view,
                                struct hf_zone_head *head)
{
    const struct view before = view;
    struct hf_zone_octets text;
    unsigned words;
    unsigned len;

    if (!take_words(&view, head, &words))
        return NULL;
    source->field_words = words;
    if (fields_at(&before, words, &len, &text))
        *slot_of(source, text) =
            (struct hf_zone_fields){.text = text,
                                    .type = head->type,
                                    .has_ttl = head->has_ttl,
                                    .ttl_s = head->ttl_s};
    return view.text + view.at;
}

/* TTL, class and type: nearly always the same few words as a few lines
 * before. As learn_fields(). */
static inline const char *take_fields(struct hf_zone_source *source,
                                      const struct view *view,
                                      struct hf_zone_head *head)
{
    const struct hf_zone_fields *slot;
    struct hf_zone_octets text;
    unsigned len;

    if (!fields_at(view, source->field_words, &len, &text))
        return learn_fields(source, *view, head);
    slot = slot_of(source, text);
    if (((slot->text.head ^ text.head) | (slot->text.tail ^ text.tail)) != 0)
        return learn_fields(source, *view, head);
    head->type = slot->type;
    head->has_ttl = slot->has_ttl;
    head->ttl_s = slot->ttl_s;
    return view->text + __builtin_ctzll(view->begins) + len;
}

/* ---- an entry ---- */

/* Every octet of the word is plain by the masks: no escape, no quote. */
static enum hf_zone_place quick_place(struct hf_span owner,
                                      const struct hf_zone_source *from)
{
    static const struct hf_span labels[] = {HF_SPAN_INIT(HF_DNS_LABEL),
                                            HF_SPAN_INIT(HF_IP_LABEL),
                                            HF_SPAN_INIT("*")};

    if (owner.len == 1 && owner.ptr[0] == '@' && from->has_origin)
        return hf_zone_place_of(hf_zone_name_span(&from->origin));
    for (unsigned i = 0; i < 3; i++) {
        struct hf_span start = {owner.ptr, labels[i].len};

        if (owner.len >= start.len && hf_span_eq_nocase(start, labels[i]) &&
            (owner.len == start.len || owner.ptr[start.len] == '.'))
            return i < 2 ? HF_ZONE_LABEL : HF_ZONE_WILDCARD;
    }
    return HF_ZONE_ELSEWHERE;
}

/* Can a plain word shorter than a window be completed to a name? False also
 * when the careful way must find out. */
static inline bool is_good_owner(struct hf_span owner,
                                 const struct hf_zone_source *source)
{
    uint64_t dots = hf_zone_dots(owner.ptr, owner.len);

    if ((dots & (dots << 1 | 1)) != 0) /* an empty label */
        return false;
    return owner.ptr[owner.len - 1] == '.' ||
           (source->has_origin &&
            owner.len + 1 + source->origin.len <= HF_NAME_MAX);
}

/* Member by member: a copy of the whole would wait for its parts. */
static inline void set_plain_owner(struct hf_zone_source *source,
                                   struct hf_span owner)
{
    char first = owner.ptr[0];

    source->owner.kind = HF_ZONE_WORD;
    source->owner.text.ptr = owner.ptr;
    source->owner.text.len = owner.len;
    source->owner.has_escape = false;
    source->has_owner = true;
    source->owner_is_read = false;
    source->owner_has_ns = false;
    source->owner_place = first == '_' || first == '*' || first == '@'
                              ? quick_place(owner, source)
                              : HF_ZONE_ELSEWHERE;
}

/* Owner, TTL, class and type. */
static inline enum glance look_at_record(struct hf_zone_source *source,
                                         struct view *view,
                                         struct hf_zone_head *head)
{
    const bool has_owner = (view->begins & 1) != 0;
    struct hf_span owner = {0};

    head->has_owner = has_owner;
    if (has_owner &&
        (!take_word(view, &owner) || !is_good_owner(owner, source)))
        return GLANCE_ODD;
    if (!has_owner &&
        (!source->has_owner || (source->owner_is_read && source->owner_is_bad)))
        return GLANCE_ODD;
    head->rdata.ptr = take_fields(source, view, head);
    if (head->rdata.ptr == NULL)
        return GLANCE_ODD;
    if (has_owner && (head->type != HF_RR_NS || !source->has_owner ||
                      !hf_span_eq(owner, source->owner.text)))
        set_plain_owner(source, owner);
    if (head->has_ttl) {
        source->has_last_ttl = true;
        source->last_ttl_s = head->ttl_s;
    }
    if (head->type == HF_RR_NS && source->owner_has_ns &&
        source->owner_place != HF_ZONE_LABEL)
        return GLANCE_BORING;
    return hf_zone_is_wanted(source, head->type) ? GLANCE_WANTED
                                                 : GLANCE_BORING;
}

/*
 * Behind the newline that ends the entry, when there are quoted strings in it
 * at most; NULL when the careful way must find out. `special` are the special
 * octets of the window at `from`.
 */
static inline const char *quick_end(const char *from, uint64_t special,
                                    const char *to)
{
    bool is_quoted = false;

    for (;;) {
        for (; special != 0; special &= special - 1) {
            const char *at = from + __builtin_ctzll(special);

            if (*at == '\n')
                return is_quoted ? NULL : at + 1;
            if (*at == '"')
                is_quoted = !is_quoted;
            else if (*at == '\\' || (!is_quoted && hf_zone_is_special(*at)))
                return NULL;
        }
        from += HF_ZONE_WINDOW;
        if (from >= to)
            return NULL;
        special = hf_zone_window_at(from).special;
    }
}

/* As hf_zone_entry_find(), when `special` are the special octets of the
 * window at `from`. */
static inline bool find_end(const struct hf_zone_source *source,
                            const char *from, uint64_t special,
                            struct hf_zone_entry *entry)
{
    const char *to = source->room + source->to;

    entry->end = quick_end(from, special, to);
    if (entry->end == NULL)
        return hf_zone_entry_find(from, from, to, entry);
    entry->from = from;
    entry->lines = 1;
    entry->is_cut = false;
    entry->is_unbalanced = false;
    return true;
}

/* Nothing but blanks before the first special octet of the line. */
static bool is_empty(const char *from, uint64_t special)
{
    char first = special == 0 ? '\0' : from[__builtin_ctzll(special)];

    return first == '\n' || first == ';';
}

/* One entry. Its end comes first: of one that has none nothing is
 * remembered. */
static inline enum glance glance_at(struct hf_zone_source *source,
                                    const char *from, struct hf_zone_head *head)
{
    const struct hf_zone_window window = hf_zone_window_at(from);
    uint64_t plain = (window.special & -window.special) - 1;
    struct view view = {.text = from};
    enum glance what;

    view.begins = ~window.blank & (window.blank << 1 | 1) & plain;
    view.ends = window.blank & ~window.blank << 1 & plain;
    if ((view.begins == 0 && !is_empty(from, window.special)) ||
        !find_end(source, from, window.special, &head->entry) ||
        head->entry.is_cut || head->entry.is_unbalanced)
        return GLANCE_ODD;
    if (view.begins == 0)
        return GLANCE_BORING;
    what = look_at_record(source, &view, head);
    if (what == GLANCE_WANTED)
        head->rdata.len = (size_t)(head->entry.end - head->rdata.ptr);
    return what;
}

bool hf_zone_skip_boring(struct hf_zone_source *source,
                         struct hf_zone_head *head, uint64_t *entries)
{
    const char *from = source->room + source->from;
    const char *to = source->room + source->to;
    enum glance what = GLANCE_ODD;

    while (from < to) {
        what = glance_at(source, from, head);
        if (what != GLANCE_BORING)
            break;
        from = head->entry.end;
        source->line += head->entry.lines;
        (*entries)++;
    }
    source->from = (size_t)(from - source->room);
    return what == GLANCE_WANTED;
}
