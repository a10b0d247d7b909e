/* SPDX-License-Identifier: Apache-2.0 */
#include "base/time_text.h"
#include "dns/zone_type.h"
#include "lab/scenario_read.h"
#include "lab/zone_rdata.h"
#include "names/ip.h"

static const struct hf_wire_name root = {.len = 1};

bool hf_lab_next(struct hf_lab_reading *r)
{
    r->word = hf_zone_word_next(&r->rest);
    return r->word.kind != HF_ZONE_END;
}

enum hf_err hf_lab_wrong(const struct hf_lab_reading *r, struct hf_why *why,
                         const char *text)
{
    return hf_fail(why, HF_ESYNTAX, (size_t)(r->word.text.ptr - r->line.ptr),
                   text);
}

bool hf_lab_is(const struct hf_lab_reading *r, const char *keyword)
{
    return r->word.kind == HF_ZONE_WORD &&
           hf_span_eq(r->word.text, hf_span_str(keyword));
}

enum hf_err hf_lab_read_end(struct hf_lab_reading *r, struct hf_why *why)
{
    return hf_lab_next(r)
               ? hf_lab_wrong(r, why, "the line goes on where it should end")
               : HF_OK;
}

/* A name, which was taken. */
static enum hf_err take_name(struct hf_lab_reading *r, struct hf_why *why)
{
    struct hf_why cause = {0};

    if (hf_lab_name_read(&r->word, &root, &r->verb.name, &cause) != HF_OK)
        return hf_lab_wrong(r, why, cause.text);
    return HF_OK;
}

static enum hf_err read_name(struct hf_lab_reading *r, struct hf_why *why)
{
    return hf_lab_next(r) ? take_name(r, why)
                          : hf_lab_wrong(r, why, "a name is expected");
}

enum hf_err hf_lab_take(struct hf_lab_reading *r, struct hf_span *out,
                        struct hf_why *why)
{
    char *room = hf_buf_reserve(r->room, r->word.text.len);
    size_t bad;

    if (room == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    if (!hf_zone_word_read(&r->word, room, out, &bad))
        return hf_lab_wrong(r, why,
                            "RFC 1035 5.1: a backslash takes three digits up "
                            "to 255, or one character");
    r->room->len += r->word.text.len;
    return HF_OK;
}

enum hf_err hf_lab_read_text(struct hf_lab_reading *r, struct hf_span *out,
                             struct hf_why *why)
{
    return hf_lab_next(r) ? hf_lab_take(r, out, why)
                          : hf_lab_wrong(r, why, "a text is expected");
}

static enum hf_err read_zone(struct hf_lab_reading *r, struct hf_why *why)
{
    enum hf_err err = read_name(r, why);

    while (err == HF_OK && hf_lab_next(r)) {
        if (hf_lab_is(r, "unsigned"))
            r->verb.is_unsigned = true;
        else if (hf_lab_is(r, "no-ds"))
            r->verb.lacks_ds = true;
        else
            return hf_lab_wrong(r, why,
                                "the words behind a zone are: unsigned no-ds");
    }
    return err;
}

/* The data of a record, all that is left of the line. */
static enum hf_err read_data(struct hf_lab_reading *r, struct hf_why *why)
{
    struct hf_why cause = {0};
    enum hf_err err =
        hf_lab_rdata_read(r->verb.type, r->rest, &root, r->room, &cause);

    r->verb.text = hf_buf_span(r->room);
    if (err == HF_OK)
        return HF_OK;
    (void)hf_lab_next(r);
    return hf_fail(why, err, (size_t)(r->word.text.ptr - r->line.ptr),
                   cause.text);
}

/* NAME [TTL] TYPE DATA; to remove, NAME [TYPE [DATA]] */
static enum hf_err read_record(struct hf_lab_reading *r, struct hf_why *why)
{
    bool removes;
    enum hf_err err;

    (void)hf_lab_next(r);
    removes = hf_lab_is(r, "remove");
    if (!removes && !hf_lab_is(r, "add") && !hf_lab_is(r, "replace"))
        return hf_lab_wrong(r, why, "a record can be: add replace remove");
    r->verb.kind = removes               ? HF_LAB_VERB_REMOVE
                   : hf_lab_is(r, "add") ? HF_LAB_VERB_ADD
                                         : HF_LAB_VERB_REPLACE;
    r->verb.ttl_s = HF_LAB_TTL_S;
    err = read_name(r, why);
    if (err != HF_OK)
        return err;
    if (!hf_lab_next(r))
        return removes ? HF_OK : hf_lab_wrong(r, why, "a type is expected");
    if (!removes && hf_zone_ttl_read(r->word.text, &r->verb.ttl_s) &&
        !hf_lab_next(r))
        return hf_lab_wrong(r, why, "a type is expected");
    if (r->word.kind != HF_ZONE_WORD ||
        !hf_zone_type_find(r->word.text, &r->verb.type))
        return hf_lab_wrong(r, why, "a type is expected");
    if (removes &&
        hf_zone_word_next(&(struct hf_span){r->rest.ptr, r->rest.len}).kind ==
            HF_ZONE_END)
        return HF_OK;
    return read_data(r, why);
}

static enum hf_err read_client(struct hf_lab_reading *r, uint32_t *out,
                               struct hf_why *why)
{
    uint8_t address[16];
    size_t len;

    if (!hf_lab_next(r) || !hf_ip_parse(r->word.text, address, &len) ||
        len != 4)
        return hf_lab_wrong(r, why, "an IPv4 address is expected");
    *out = 0;
    for (size_t i = 0; i < 4; i++)
        *out = *out << 8 | address[i];
    return HF_OK;
}

static enum hf_err read_delay(struct hf_lab_reading *r, struct hf_why *why)
{
    if (!hf_lab_next(r) ||
        !hf_zone_ttl_read(r->word.text, &r->verb.fault.delay_ms))
        return hf_lab_wrong(r, why, "a number of milliseconds is expected");
    return HF_OK;
}

static enum hf_err read_times(struct hf_lab_reading *r, struct hf_why *why)
{
    uint32_t times;

    if (!hf_lab_next(r) || !hf_zone_ttl_read(r->word.text, &times) ||
        times == 0 || times > UINT16_MAX)
        return hf_lab_wrong(r, why, "a number of iterations is expected");
    r->verb.fault.times = (uint16_t)times;
    return HF_OK;
}

/* KIND NAME, and what is said of it. */
static enum hf_err read_fault(struct hf_lab_reading *r, struct hf_why *why)
{
    struct hf_lab_fault *fault = &r->verb.fault;
    enum hf_err err;

    (void)hf_lab_next(r);
    if (!hf_lab_fault_find(r->word.text, &fault->kind))
        return hf_lab_wrong(
            r, why,
            "the faults are: bogus expired silent servfail refused "
            "slow lie lost loop truncated nsec3");
    err = read_name(r, why);
    fault->name = r->verb.name;
    while (err == HF_OK && hf_lab_next(r)) {
        if (hf_lab_is(r, "for"))
            err = read_client(r, &fault->client, why);
        else if (hf_lab_is(r, "ms"))
            err = read_delay(r, why);
        else if (hf_lab_is(r, "times"))
            err = read_times(r, why);
        else if (hf_lab_is(r, "says"))
            err = hf_lab_read_text(r, &fault->lie, why);
        else
            err = hf_lab_wrong(
                r, why, "the words behind a fault are: for ms times says");
    }
    return err;
}

/* Words of the resolver's own: "data", "secure". */
static bool find_state(struct hf_span word, enum hf_found_state *out)
{
    for (unsigned i = HF_FOUND_DATA; i <= HF_FOUND_FAILURE; i++) {
        *out = (enum hf_found_state)i;
        if (hf_span_eq(word, hf_span_str(hf_found_state_word(*out))))
            return true;
    }
    return false;
}

static bool find_security(struct hf_span word, enum hf_security *out)
{
    for (unsigned i = HF_SECURE; i <= HF_INDETERMINATE; i++) {
        *out = (enum hf_security)i;
        if (hf_span_eq(word, hf_span_str(hf_security_word(*out))))
            return true;
    }
    return false;
}

/* NAME TYPE STATE SECURITY, and from where, and what. */
static enum hf_err read_found(struct hf_lab_reading *r, struct hf_why *why)
{
    struct hf_lab_expected *expected = &r->verb.expected;
    enum hf_err err = take_name(r, why);

    if (err != HF_OK)
        return err;
    if (!hf_lab_next(r) || !hf_zone_type_find(r->word.text, &r->verb.type))
        return hf_lab_wrong(r, why, "a type is expected");
    if (!hf_lab_next(r) || !find_state(r->word.text, &expected->state))
        return hf_lab_wrong(r, why,
                            "what is found: data nodata nxdomain failure");
    if (!hf_lab_next(r) || !find_security(r->word.text, &expected->security))
        return hf_lab_wrong(r, why, "how: secure insecure bogus indeterminate");
    while (err == HF_OK && hf_lab_next(r)) {
        if (hf_lab_is(r, "from")) {
            err = read_client(r, &expected->from, why);
        } else if (hf_lab_is(r, "says")) {
            expected->has_text = true;
            err = hf_lab_read_text(r, &expected->text, why);
        } else {
            err = hf_lab_wrong(r, why, "the words behind it are: from says");
        }
    }
    return err;
}

/* A name has a dot, at the end or before it. */
static enum hf_err read_expect(struct hf_lab_reading *r, struct hf_why *why)
{
    (void)hf_lab_next(r);
    return hf_span_find(r->word.text, '.') < r->word.text.len
               ? read_found(r, why)
               : hf_lab_read_outcome(r, why);
}

/* +90d, -1h: the word that was taken. */
static bool take_step(struct hf_lab_reading *r)
{
    struct hf_span text = r->word.text;
    bool back = hf_span_skip(&text, '-');
    uint32_t seconds;

    if ((!back && !hf_span_skip(&text, '+')) ||
        !hf_zone_ttl_read(text, &seconds))
        return false;
    r->verb.ahead_s = back ? -(int64_t)seconds : (int64_t)seconds;
    return true;
}

/* A step, or 2030-01-01T00:00:00Z */
static enum hf_err read_clock(struct hf_lab_reading *r, struct hf_why *why)
{
    struct hf_time moment;

    (void)hf_lab_next(r);
    if (take_step(r))
        return hf_lab_read_end(r, why);
    if (r->word.text.len == 0 || r->word.text.ptr[0] == '+' ||
        hf_time_parse(r->word.text, (struct hf_time){0}, &moment, NULL) !=
            HF_OK)
        return hf_lab_wrong(r, why,
                            "a step such as +90d or -1h is expected, or a "
                            "moment such as 2030-01-01T00:00:00Z");
    r->verb.is_moment = true;
    r->verb.at_s = moment.s;
    return hf_lab_read_end(r, why);
}

/* NAME STEP */
static enum hf_err read_moment(struct hf_lab_reading *r, struct hf_why *why)
{
    enum hf_err err = hf_lab_read_text(r, &r->verb.who, why);

    if (err != HF_OK)
        return err;
    (void)hf_lab_next(r);
    return take_step(r)
               ? hf_lab_read_end(r, why)
               : hf_lab_wrong(r, why, "a step such as +90d is expected");
}

static enum hf_err read_show(struct hf_lab_reading *r, struct hf_why *why)
{
    enum hf_err err = read_name(r, why);

    return err == HF_OK ? hf_lab_read_end(r, why) : err;
}

static enum hf_err read_say(struct hf_lab_reading *r, struct hf_why *why)
{
    enum hf_err err = hf_lab_read_text(r, &r->verb.text, why);

    return err == HF_OK ? hf_lab_read_end(r, why) : err;
}

static const struct {
    const char *word;
    enum hf_lab_verb_kind kind;
    enum hf_err (*read)(struct hf_lab_reading *r, struct hf_why *why);
} verbs[] = {
    {"zone", HF_LAB_VERB_ZONE, read_zone},
    {"record", HF_LAB_VERB_ADD, read_record},
    {"fault", HF_LAB_VERB_FAULT, read_fault},
    {"mend", HF_LAB_VERB_MEND, read_fault},
    {"expect", HF_LAB_VERB_EXPECT, read_expect},
    {"clock", HF_LAB_VERB_CLOCK, read_clock},
    {"moment", HF_LAB_VERB_MOMENT, read_moment},
    {"show", HF_LAB_VERB_SHOW, read_show},
    {"say", HF_LAB_VERB_SAY, read_say},
    {"perspectives", HF_LAB_VERB_PERSPECTIVES, hf_lab_read_perspectives},
    {"ca", HF_LAB_VERB_CA, hf_lab_read_words},
    {"stop", HF_LAB_VERB_STOP, hf_lab_read_who},
    {"start", HF_LAB_VERB_START, hf_lab_read_who},
    {"account", HF_LAB_VERB_ACCOUNT, hf_lab_read_who},
    {"steal", HF_LAB_VERB_STEAL, hf_lab_read_steal},
    {"holdfast", HF_LAB_VERB_HOLDFAST, hf_lab_read_words},
    {"order", HF_LAB_VERB_ORDER, hf_lab_read_order},
    {"validate", HF_LAB_VERB_VALIDATE, hf_lab_read_step},
    {"await", HF_LAB_VERB_AWAIT, hf_lab_read_step},
    {"finalize", HF_LAB_VERB_FINALIZE, hf_lab_read_step},
    {"get", HF_LAB_VERB_GET, hf_lab_read_get},
    {"log", HF_LAB_VERB_LOG, hf_lab_read_log},
};

enum hf_err hf_lab_verb_read(struct hf_span line, struct hf_buf *room,
                             struct hf_lab_verb *out, struct hf_why *why)
{
    struct hf_lab_reading r = {.line = line, .rest = line, .room = room};
    enum hf_err err;

    if (line.len > HF_LAB_LINE_MAX)
        return hf_fail(why, HF_ELIMIT, HF_LAB_LINE_MAX, "the line is too long");
    hf_buf_reset(room);
    if (hf_buf_reserve(room, line.len + 1) == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    if ((line.len > 0 && line.ptr[0] == '#') || !hf_lab_next(&r)) {
        *out = r.verb;
        return HF_OK;
    }
    for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
        if (!hf_lab_is(&r, verbs[i].word))
            continue;
        r.verb.kind = verbs[i].kind;
        err = verbs[i].read(&r, why);
        if (err == HF_OK)
            *out = r.verb;
        return err;
    }
    return hf_lab_wrong(
        &r, why,
        "the verbs are: zone record fault mend expect clock "
        "moment show say perspectives ca stop start account steal "
        "holdfast order validate await finalize get log");
}

/* ---- doing it ---- */

static enum hf_err add_zone(struct hf_lab_dns *dns,
                            const struct hf_lab_verb *verb,
                            const struct hf_lab_zone_config *config,
                            struct hf_why *why)
{
    struct hf_lab_zone_config zone = *config;
    char room[4 * HF_WIRE_NAME_MAX];
    struct hf_buf name;

    hf_buf_init(&name, room, sizeof(room));
    hf_wire_name_put(&name, &verb->name);
    zone.name = hf_buf_span(&name);
    zone.is_unsigned = verb->is_unsigned;
    zone.lacks_ds = verb->lacks_ds;
    return hf_lab_zone_add(dns, &zone, why);
}

enum hf_err hf_lab_verb_do(struct hf_lab_dns *dns,
                           const struct hf_lab_verb *verb,
                           const struct hf_lab_zone_config *config,
                           int64_t now_s, struct hf_why *why)
{
    const struct hf_lab_record record = {&verb->name, verb->type, verb->ttl_s,
                                         verb->text};

    switch (verb->kind) {
    case HF_LAB_VERB_ZONE:
        return add_zone(dns, verb, config, why);
    case HF_LAB_VERB_ADD:
        return hf_lab_record_add(dns, &record, now_s, why);
    case HF_LAB_VERB_REPLACE:
        return hf_lab_record_replace(dns, &record, now_s, why);
    case HF_LAB_VERB_REMOVE:
        return hf_lab_record_remove(dns, &record, now_s, why);
    case HF_LAB_VERB_FAULT:
        return hf_lab_fault_set(dns, &verb->fault, why);
    case HF_LAB_VERB_MEND:
        if (!hf_lab_fault_end(dns, &verb->fault))
            return hf_fail(why, HF_EINVAL, 0, "there is no such fault");
        return HF_OK;
    case HF_LAB_VERB_NONE:
    case HF_LAB_VERB_EXPECT:
    case HF_LAB_VERB_CLOCK:
    case HF_LAB_VERB_MOMENT:
    case HF_LAB_VERB_SHOW:
    case HF_LAB_VERB_SAY:
    case HF_LAB_VERB_PERSPECTIVES:
    case HF_LAB_VERB_CA:
    case HF_LAB_VERB_STOP:
    case HF_LAB_VERB_START:
    case HF_LAB_VERB_ACCOUNT:
    case HF_LAB_VERB_STEAL:
    case HF_LAB_VERB_HOLDFAST:
    case HF_LAB_VERB_ORDER:
    case HF_LAB_VERB_VALIDATE:
    case HF_LAB_VERB_AWAIT:
    case HF_LAB_VERB_FINALIZE:
    case HF_LAB_VERB_GET:
    case HF_LAB_VERB_LOG:
    case HF_LAB_VERB_OUTCOME:
    case HF_LAB_VERB_HAS:
    case HF_LAB_VERB_LACKS:
        break;
    }
    return HF_OK;
}
