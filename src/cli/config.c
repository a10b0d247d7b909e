/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/config.h"

#include "base/alloc.h"

#define SECTIONS_MAX 4096 /* of a file; each is compared with all others */
#define KEYS_MAX     256  /* of a section */

/* Where we are. A word ends in config->room; nothing else is kept. */
struct reader {
    struct hf_config *config;
    struct hf_span rest;
    size_t line;
    bool in_section;
    struct hf_why *why;
    enum hf_err err; /* sticky: no memory */
};

/* ---- lists that grow ---- */

/* One more place at the end of `*list`, which has `count` of `size` octets. It
 * is doubled whenever its count is a power of two. */
static void *grow(void **list, size_t count, size_t size)
{
    bool is_full = (count & (count - 1)) == 0;
    void *more =
        is_full ? hf_realloc(*list, count == 0 ? 1 : 2 * count, size) : *list;

    if (more == NULL)
        return NULL;
    *list = more;
    return (char *)more + count * size;
}

/* clang-format off: a pointer to a list of anything */
#define ADD(list, count) grow((void **)&(list), count, sizeof(*(list)))
/* clang-format on */

enum hf_err hf_config_note(struct hf_config *config,
                           const struct hf_config_problem *problem,
                           struct hf_why *why)
{
    size_t at = config->problem_count;
    struct hf_config_problem *place;

    if (config->problem_count == HF_CONFIG_PROBLEMS_MAX)
        return HF_OK;
    place = ADD(config->problems, config->problem_count);
    if (place == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    for (; at > 0 && config->problems[at - 1].line > problem->line; at--)
        config->problems[at] = config->problems[at - 1];
    config->problems[at] = *problem;
    config->problem_count++;
    return HF_OK;
}

static void out_of_memory(struct reader *reader)
{
    reader->err = hf_fail(reader->why, HF_ENOMEM, 0, "out of memory");
}

/* Note what is wrong, and answer false. */
static bool wrong_at(struct reader *reader, size_t line, const char *subject,
                     const char *text)
{
    const struct hf_config_problem problem = {
        .line = line, .subject = hf_span_str(subject), .text = text};

    if (reader->err == HF_OK)
        reader->err = hf_config_note(reader->config, &problem, reader->why);
    return false;
}

static bool wrong(struct reader *reader, const char *subject, const char *text)
{
    return wrong_at(reader, reader->line, subject, text);
}

/* ---- words ---- */

static bool is_word_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || hf_is_digit(c) ||
           (c != '\0' && strchr("-_.:/@", c) != NULL);
}

/* Over blanks, ends of lines and comments, to what comes next; '\0' at the
 * end. */
static char next(struct reader *reader)
{
    while (reader->rest.len > 0) {
        char c = reader->rest.ptr[0];

        if (c == '#')
            (void)hf_span_cut(&reader->rest, hf_span_find(reader->rest, '\n'));
        else if (c == '\n' || c == ' ' || c == '\t' || c == '\r')
            reader->line += hf_span_cut(&reader->rest, 1).ptr[0] == '\n';
        else
            return c;
    }
    return '\0';
}

/* To the next line: what is wrong in this one has been said. */
static void skip_line(struct reader *reader)
{
    (void)hf_span_cut(&reader->rest, hf_span_find(reader->rest, '\n'));
}

/* In double quotes: \" and \\. libconfuse knows more, and variables. */
static bool take_escape(struct reader *reader, char *out)
{
    if (reader->rest.len == 0 ||
        (reader->rest.ptr[0] != '"' && reader->rest.ptr[0] != '\\'))
        return wrong(reader, NULL,
                     "behind a backslash only '\"' or another one; between "
                     "single quotes neither is special");
    *out = hf_span_cut(&reader->rest, 1).ptr[0];
    return true;
}

static bool take_quoted(struct reader *reader, char quote)
{
    struct hf_buf *room = &reader->config->room;

    (void)hf_span_cut(&reader->rest, 1);
    while (reader->rest.len > 0 && reader->rest.ptr[0] != '\n') {
        char c = hf_span_cut(&reader->rest, 1).ptr[0];

        if (c == quote)
            return true;
        if (c == '\\' && quote == '\'')
            return wrong(reader, NULL,
                         "no backslash between single quotes; use double "
                         "quotes and two of them");
        if (c == '\\' && !take_escape(reader, &c))
            return false;
        if (((unsigned char)c < ' ' && c != '\t') || c == '\x7f')
            return wrong(reader, NULL, "a control character in a text");
        if (c == '$' && quote == '"' &&
            hf_span_starts(reader->rest, HF_SPAN("{")))
            return wrong(reader, NULL,
                         "variables are not expanded; write \"${\" between "
                         "single quotes");
        hf_buf_putc(room, c);
    }
    return wrong(reader, NULL, "the text is not closed in its line");
}

/* A word, quoted or not; `what` is said when there is none. */
static bool take_word(struct reader *reader, const char *what, const char **out)
{
    struct hf_buf *room = &reader->config->room;
    size_t from = room->len;
    char c = next(reader);
    size_t n = 0;

    if (c == '"' || c == '\'') {
        if (!take_quoted(reader, c))
            return false;
    } else {
        while (n < reader->rest.len && is_word_char(reader->rest.ptr[n]))
            n++;
        if (n == 0 || hf_span_starts(reader->rest, HF_SPAN("//")))
            return wrong(reader, NULL, what);
        hf_buf_put(room, hf_span_cut(&reader->rest, n));
    }
    hf_buf_putc(room, '\0');
    *out = room->ptr + from;
    return true;
}

/* If `c` comes next, step over it. */
static bool skip(struct reader *reader, char c)
{
    return next(reader) == c && hf_span_skip(&reader->rest, c);
}

/* ---- keys ---- */

static bool take_value(struct reader *reader, struct hf_config_key *key)
{
    struct hf_config *config = reader->config;
    const char **place;
    const char *value;

    if (!take_word(reader,
                   "a value is wanted here: a word, or text between "
                   "quotes",
                   &value))
        return false;
    place = ADD(config->values, config->value_count);
    if (place == NULL) {
        out_of_memory(reader);
        return false;
    }
    *place = value;
    config->value_count++;
    key->count++;
    return true;
}

/* "{" [value *("," value)] "}" */
static bool take_list(struct reader *reader, struct hf_config_key *key)
{
    if (skip(reader, '}'))
        return true;
    do {
        if (!take_value(reader, key))
            return false;
    } while (skip(reader, ','));
    return skip(reader, '}') ||
           wrong(reader, key->name, "',' or '}' is wanted in this list");
}

static void add_key(struct reader *reader, const struct hf_config_key *key)
{
    struct hf_config *config = reader->config;
    struct hf_config_section *section =
        &config->sections[config->section_count - 1];
    const char *why_not = NULL;
    struct hf_config_key *place;

    if (!reader->in_section && config->section_count > 1)
        why_not = "keys of no section stand before the first section";
    else if (section->count == KEYS_MAX)
        why_not = "more than 256 keys in one section";
    else if (hf_config_key_find(config, section, key->name) != NULL)
        why_not = "is there already in this section";
    if (why_not != NULL) {
        (void)wrong_at(reader, key->line, key->name, why_not);
        return;
    }
    place = ADD(config->keys, config->key_count);
    if (place == NULL) {
        out_of_memory(reader);
        return;
    }
    *place = *key;
    config->key_count++;
    section->count++;
}

static bool take_key(struct reader *reader, const char *name, size_t line)
{
    struct hf_config_key key = {
        .name = name, .line = line, .first = reader->config->value_count};
    bool good =
        skip(reader, '{') ? take_list(reader, &key) : take_value(reader, &key);

    if (good)
        add_key(reader, &key);
    return good;
}

/* ---- sections ---- */

static bool open_section(struct reader *reader, const char *kind,
                         const char *title, size_t line)
{
    struct hf_config *config = reader->config;
    struct hf_config_section *place;

    if (hf_config_section_find(config, kind, title) != NULL)
        (void)wrong_at(reader, line, title,
                       "there is a section of this kind and title already");
    if (config->section_count == SECTIONS_MAX) {
        reader->rest.len = 0;
        reader->in_section = false;
        return wrong_at(reader, line, title,
                        "more than 4,096 sections; the others were not read");
    }
    place = ADD(config->sections, config->section_count);
    if (place == NULL) {
        out_of_memory(reader);
        return false;
    }
    *place = (struct hf_config_section){
        .kind = kind, .title = title, .line = line, .first = config->key_count};
    config->section_count++;
    return true;
}

static bool take_section(struct reader *reader, const char *kind, size_t line)
{
    const char *title = "";

    if (next(reader) == '{')
        (void)wrong(reader, kind, "a section wants a title before its '{'");
    else if (!take_word(reader,
                        "'=' and a value, or a title and '{', are wanted "
                        "behind a name",
                        &title))
        return false;
    if (!skip(reader, '{'))
        return wrong(reader, title, "'{' is wanted behind a section's title");
    if (reader->in_section)
        (void)wrong_at(reader, line, title,
                       "a section in a section: a '}' is missing before it");
    if (!open_section(reader, kind, title, line))
        return false;
    reader->in_section = true;
    return true;
}

static bool close_section(struct reader *reader)
{
    if (!reader->in_section)
        return wrong(reader, NULL, "a '}' that closes nothing");
    reader->in_section = false;
    return true;
}

static bool take_item(struct reader *reader)
{
    size_t line;
    const char *name;

    if (skip(reader, '}'))
        return close_section(reader);
    line = reader->line;
    if (!take_word(reader, "the name of a key or of a section is wanted here",
                   &name))
        return false;
    if (!skip(reader, '='))
        return take_section(reader, name, line);
    return take_key(reader, name, line);
}

/* ---- the whole ---- */

static void read_all(struct reader *reader)
{
    const struct hf_config *config = reader->config;

    (void)open_section(reader, "", "", 1);
    while (reader->err == HF_OK && next(reader) != '\0')
        if (!take_item(reader))
            skip_line(reader);
    if (reader->err == HF_OK && reader->rest.len > 0)
        (void)wrong(reader, NULL, "a NUL; what follows it was not read");
    if (reader->err == HF_OK && reader->in_section)
        (void)wrong_at(reader, config->sections[config->section_count - 1].line,
                       config->sections[config->section_count - 1].title,
                       "this section is not closed: its '}' is missing");
}

enum hf_err hf_config_parse(struct hf_span text, struct hf_config **out,
                            struct hf_why *why)
{
    struct hf_config *config;
    struct reader reader = {.rest = text, .line = 1, .why = why};

    if (text.len > HF_CONFIG_MAX)
        return hf_fail(why, HF_ELIMIT, 0, "larger than 1 MiB");
    config = hf_alloc(1, sizeof(*config));
    if (config == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    reader.config = config;
    /* A word takes no more room than in the text and a NUL, and what parts
     * two words, or the end, is room for that. Words point into it: it must
     * not move. */
    hf_buf_init_grow(&config->room, text.len + 2);
    if (hf_buf_reserve(&config->room, text.len + 2) == NULL)
        out_of_memory(&reader);
    else
        read_all(&reader);
    if (reader.err != HF_OK) {
        hf_config_free(config);
        return reader.err;
    }
    *out = config;
    return HF_OK;
}

void hf_config_free(struct hf_config *config)
{
    if (config == NULL)
        return;
    hf_buf_clear(&config->room);
    hf_free(config->sections);
    hf_free(config->keys);
    hf_free(config->values);
    hf_free(config->problems);
    hf_free(config);
}

/* ---- looking things up ---- */

const struct hf_config_section *
hf_config_section_find(const struct hf_config *config, const char *kind,
                       const char *title)
{
    for (size_t i = 0; i < config->section_count; i++)
        if (strcmp(config->sections[i].title, title) == 0 &&
            strcmp(config->sections[i].kind, kind) == 0)
            return &config->sections[i];
    return NULL;
}

const struct hf_config_key *
hf_config_key_find(const struct hf_config *config,
                   const struct hf_config_section *section, const char *name)
{
    for (size_t i = 0; section != NULL && i < section->count; i++)
        if (strcmp(config->keys[section->first + i].name, name) == 0)
            return &config->keys[section->first + i];
    return NULL;
}

const char *hf_config_value(const struct hf_config *config,
                            const struct hf_config_key *key, size_t n)
{
    return n < key->count ? config->values[key->first + n] : NULL;
}

/* ---- writing ---- */

static bool is_plain(const char *word)
{
    size_t n = 0;

    while (is_word_char(word[n]))
        n++;
    return n > 0 && word[n] == '\0' && strncmp(word, "//", 2) != 0;
}

/* A text with "${" was between single quotes: nothing else is special in it. */
static void put_text(struct hf_buf *out, const char *word)
{
    char quote = strstr(word, "${") == NULL ? '"' : '\'';

    hf_buf_putc(out, quote);
    for (; *word != '\0'; word++) {
        if (quote == '"' && (*word == '"' || *word == '\\'))
            hf_buf_putc(out, '\\');
        hf_buf_putc(out, *word);
    }
    hf_buf_putc(out, quote);
}

static void put_name(struct hf_buf *out, const char *name)
{
    if (is_plain(name))
        hf_buf_puts(out, name);
    else
        put_text(out, name);
}

static void put_key(const struct hf_config *config,
                    const struct hf_config_key *key, const char *indent,
                    struct hf_buf *out)
{
    hf_buf_puts(out, indent);
    put_name(out, key->name);
    hf_buf_puts(out, " = ");
    if (key->count != 1)
        hf_buf_putc(out, '{');
    for (size_t i = 0; i < key->count; i++) {
        hf_buf_puts(out, i == 0 ? "" : ", ");
        put_text(out, hf_config_value(config, key, i));
    }
    hf_buf_puts(out, key->count == 1 ? "\n" : "}\n");
}

void hf_config_put(const struct hf_config *config,
                   const struct hf_config_section *section, struct hf_buf *out)
{
    bool is_file = section->kind[0] == '\0';

    if (!is_file) {
        put_name(out, section->kind);
        hf_buf_putc(out, ' ');
        put_name(out, section->title);
        hf_buf_puts(out, " {\n");
    }
    for (size_t i = 0; i < section->count; i++)
        put_key(config, &config->keys[section->first + i],
                is_file ? "" : "    ", out);
    if (!is_file)
        hf_buf_puts(out, "}\n");
}
