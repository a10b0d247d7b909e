/* SPDX-License-Identifier: Apache-2.0 */
#include "holdfast/lint.h"

#include "holdfast/txt.h"
#include "spec/grammar.h"

#define MILLISECONDS_FROM INT64_C(100000000000) /* the year 5138 in seconds */

/* REQ MON-07: one row a finding. */
static const struct {
    const char *word;
    enum hf_severity severity;
    const char *sentence;
} rows[HF_FINDING_COUNT] = {
    [HF_LINT_SYNTAX] = {"syntax", HF_SEVERITY_ERROR,
                        "It breaks the issue-value grammar of RFC 8659 4.2: "
                        "no CA accepts it."},
    [HF_LINT_NO_ISSUER] = {"no-issuer", HF_SEVERITY_INFO,
                           "It names no CA, so it authorises nobody; it still "
                           "blocks a DNS wildcard from answering here."},
    [HF_LINT_ISSUER_NOT_CANONICAL] =
        {"issuer-not-canonical", HF_SEVERITY_WARNING,
         "The issuer is not in lower case: some CAs compare octets and will "
         "not see it."},
    [HF_LINT_DUPLICATE_KNOWN] = {"duplicate-parameter", HF_SEVERITY_ERROR,
                                 "A parameter is given twice, which makes the "
                                 "record malformed (draft -02 9.3.1)."},
    [HF_LINT_DUPLICATE_UNKNOWN] =
        {"duplicate-unknown", HF_SEVERITY_WARNING,
         "An unknown parameter is given twice: some CAs call that malformed."},
    [HF_LINT_UNKNOWN_TAG] = {"unknown-tag", HF_SEVERITY_INFO,
                             "A parameter is not known to any draft; CAs "
                             "ignore it."},
    [HF_LINT_TAG_SPELLING] = {"tag-spelling", HF_SEVERITY_WARNING,
                              "A parameter is not spelt accounturi, policy or "
                              "persistUntil exactly: some software compares "
                              "with case and loses it."},
    [HF_LINT_MISSING_ACCOUNTURI] = {"missing-accounturi", HF_SEVERITY_ERROR,
                                    "There is no accounturi, so no account is "
                                    "authorised."},
    [HF_LINT_EMPTY_ACCOUNTURI] = {"empty-accounturi", HF_SEVERITY_ERROR,
                                  "accounturi is empty."},
    [HF_LINT_POLICY_UNKNOWN] = {"policy-unknown", HF_SEVERITY_WARNING,
                                "policy has a value other than wildcard, "
                                "which counts as no policy at all."},
    [HF_LINT_UNTIL_MALFORMED] = {"bad-persist-until", HF_SEVERITY_ERROR,
                                 "persistUntil is not a decimal number of "
                                 "seconds, which makes the record malformed."},
    [HF_LINT_UNTIL_MILLISECONDS] =
        {"persist-until-milliseconds", HF_SEVERITY_WARNING,
         "persistUntil lies beyond the year 5000: it is probably in "
         "milliseconds and never ends."},
    [HF_LINT_UNTIL_LEADING_ZERO] = {"persist-until-leading-zero",
                                    HF_SEVERITY_WARNING,
                                    "persistUntil begins with a zero."},
    [HF_LINT_EXPIRED] = {"expired", HF_SEVERITY_ERROR,
                         "persistUntil has passed: renewals fail."},
    [HF_LINT_EXPIRES_SOON] = {"expires-soon", HF_SEVERITY_WARNING,
                              "persistUntil comes soon: renewals will fail "
                              "then."},
    [HF_LINT_NO_END] = {"no-end", HF_SEVERITY_INFO,
                        "There is no persistUntil: the grant lasts until the "
                        "record is deleted."},
    [HF_LINT_WILDCARD] = {"wildcard", HF_SEVERITY_INFO,
                          "policy=wildcard reaches every name below, also "
                          "names that do not exist yet."},
    [HF_LINT_RAW_AT_HASHED] = {"raw-at-hashed", HF_SEVERITY_ERROR,
                               "The CA wants the hashed account URI of draft "
                               "-02; this is none."},
    [HF_LINT_HASHED_URI] = {"bad-hashed-uri", HF_SEVERITY_ERROR,
                            "The hashed account URI is broken: wrong length, "
                            "padding or characters."},
    [HF_LINT_HASH_ALG] = {"hash-alg", HF_SEVERITY_ERROR,
                          "The hash name is not registered, or the CA does "
                          "not accept it."},
    [HF_LINT_BLANKS] = {"blanks", HF_SEVERITY_WARNING,
                        "White space other than one blank after each ';': "
                        "legal, but some parsers are stricter."},
    [HF_LINT_QUOTES] = {"quotes", HF_SEVERITY_ERROR,
                        "Quotation marks are stored inside the data; they "
                        "belong to the zone file only."},
    [HF_LINT_CONTROL_OCTETS] = {"control-octets", HF_SEVERITY_ERROR,
                                "It holds control or non-ASCII octets, which "
                                "no value may have."},
    [HF_LINT_SEVERAL_STRINGS] =
        {"several-strings", HF_SEVERITY_INFO,
         "It is longer than 255 octets and must be published as several "
         "character-strings."},
    [HF_LINT_TOO_LONG] = {"too-long", HF_SEVERITY_ERROR,
                          "It is longer than the 65,279 octets that a TXT "
                          "record can hold: it cannot be published."},
};

const char *hf_finding_word(enum hf_finding finding)
{
    return rows[finding].word;
}

const char *hf_finding_sentence(enum hf_finding finding)
{
    return rows[finding].sentence;
}

enum hf_severity hf_finding_severity(enum hf_finding finding)
{
    return rows[finding].severity;
}

const char *hf_severity_word(enum hf_severity severity)
{
    static const char *const words[] = {
        [HF_SEVERITY_INFO] = "info",
        [HF_SEVERITY_WARNING] = "warning",
        [HF_SEVERITY_ERROR] = "error",
    };

    return words[severity];
}

#define BIT(finding) (1U << (finding))

static bool has_capital(struct hf_span text)
{
    for (size_t i = 0; i < text.len; i++)
        if (hf_lower(text.ptr[i]) != text.ptr[i])
            return true;
    return false;
}

/* The tags with a meaning, as the Baseline Requirements spell them. */
static struct hf_span canonical_tag(struct hf_span tag)
{
    static const char *const known[] = {"accounturi", "policy", "persistUntil"};

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (hf_span_eq_nocase(tag, hf_span_str(known[i])))
            return hf_span_str(known[i]);
    return (struct hf_span){0};
}

static bool take_param(struct hf_reader *reader, struct hf_param *out)
{
    return !hf_reader_is_done(reader) &&
           hf_grammar_take(reader, out, NULL) == HF_OK;
}

/* Among the next parameters, but not among all that a stranger may write:
 * comparing each with each would take long. */
#define TAGS_AHEAD 64

static bool comes_again(struct hf_reader ahead, struct hf_span tag)
{
    struct hf_param param;

    for (unsigned i = 0; i < TAGS_AHEAD && take_param(&ahead, &param); i++)
        if (hf_span_eq_nocase(param.tag, tag))
            return true;
    return false;
}

static uint32_t lint_params(struct hf_reader *params)
{
    uint32_t found = 0;
    struct hf_param param;

    while (take_param(params, &param)) {
        struct hf_span known = canonical_tag(param.tag);

        if (known.len == 0) {
            found |= BIT(HF_LINT_UNKNOWN_TAG);
            if (comes_again(*params, param.tag))
                found |= BIT(HF_LINT_DUPLICATE_UNKNOWN);
        } else if (!hf_span_eq(known, param.tag)) {
            found |= BIT(HF_LINT_TAG_SPELLING);
        }
        if (hf_span_eq(known, HF_SPAN("policy")) &&
            !hf_span_eq_nocase(param.value, HF_SPAN("wildcard")))
            found |= BIT(HF_LINT_POLICY_UNKNOWN);
        if (hf_span_eq(known, HF_SPAN("persistUntil")) && param.value.len > 1 &&
            param.value.ptr[0] == '0')
            found |= BIT(HF_LINT_UNTIL_LEADING_ZERO);
    }
    return found;
}

#define EACH(octet) (UINT64_C(0x0101010101010101) * (octet))

/* The top bit of some octet is set when one of the eight is below `limit`,
 * which is at most 0x80; possibly also of one above it that has no top bit. */
static uint64_t below(uint64_t octets, unsigned limit)
{
    return (octets - EACH(limit)) & ~octets & EACH(0x80U);
}

static uint64_t eight_at(const char *at)
{
    uint64_t octets;

    memcpy(&octets, at, sizeof(octets));
    return octets;
}

/* What canonical text has: no blank but one after each ';'. */
static bool has_odd_blanks(struct hf_span text)
{
    for (size_t i = 0; i < text.len; i++) {
        bool blank;

        /* Eight at once that are neither blank nor ';'. */
        while (text.len - i >= 8 &&
               (below(eight_at(text.ptr + i), 0x21) |
                below(eight_at(text.ptr + i) ^ EACH(';'), 1)) == 0)
            i += 8;
        if (i == text.len)
            break;
        blank = text.ptr[i] == ' ';

        if (text.ptr[i] == '\t' || (blank && (i == 0 || i + 1 == text.len)))
            return true;
        if (blank && text.ptr[i - 1] != ';')
            return true;
        if (text.ptr[i] == ';' && i + 1 < text.len && text.ptr[i + 1] != ' ')
            return true;
    }
    return false;
}

static bool skip_text(struct hf_span *rest, struct hf_span text)
{
    bool found = hf_span_starts(*rest, text);

    if (found)
        (void)hf_span_cut(rest, text.len);
    return found;
}

/* Digits, and no zero in front of others. */
static bool is_short_number(struct hf_span text)
{
    if (text.len == 0 || (text.len > 1 && text.ptr[0] == '0'))
        return false;
    for (size_t i = 0; i < text.len; i++)
        if (!hf_is_digit(text.ptr[i]))
            return false;
    return true;
}

/*
 * Is it written as hf_lint_canonical() writes it, the quick way? Then none of
 * what lint_params() and has_odd_blanks() look for is there. The parts of a
 * record lie in its text, so it is enough to look between them.
 */
static bool is_canonical(struct hf_span text, const struct hf_record *record)
{
    struct hf_span rest = text;

    if (text.ptr == NULL || record->issuer.ptr != text.ptr)
        return false;
    (void)hf_span_cut(&rest, record->issuer.len);
    if (!skip_text(&rest, HF_SPAN("; accounturi=")) ||
        record->account_uri.ptr != rest.ptr)
        return false;
    (void)hf_span_cut(&rest, record->account_uri.len);
    if (record->wildcard && !skip_text(&rest, HF_SPAN("; policy=wildcard")))
        return false;
    if (!record->has_until)
        return rest.len == 0;
    return skip_text(&rest, HF_SPAN("; persistUntil=")) &&
           is_short_number(rest);
}

/* Text that does not parse: which octets are to blame. What parses has none
 * of them. */
static uint32_t lint_unreadable(struct hf_span text)
{
    uint32_t found = BIT(HF_LINT_SYNTAX);

    if (text.len > 1 && text.ptr[0] == '"' && text.ptr[text.len - 1] == '"')
        found |= BIT(HF_LINT_QUOTES);
    for (size_t i = 0; i < text.len; i++) {
        unsigned char octet = (unsigned char)text.ptr[i];

        if ((octet < 0x20 && octet != '\t') || octet > 0x7e)
            return found | BIT(HF_LINT_CONTROL_OCTETS);
    }
    return found;
}

static uint32_t lint_until(const struct hf_record *record,
                           const struct hf_lint_view *view)
{
    uint32_t found = 0;

    if (!record->has_until)
        return BIT(HF_LINT_NO_END);
    if (record->until_at >= MILLISECONDS_FROM)
        found |= BIT(HF_LINT_UNTIL_MILLISECONDS);
    if (hf_time_is_after(view->now, record->until_at))
        found |= BIT(HF_LINT_EXPIRED);
    else if (view->soon_s > 0 && record->until_at - view->soon_s <= view->now.s)
        found |= BIT(HF_LINT_EXPIRES_SOON); /* REQ MON-06 */
    return found;
}

/* The finding that answers to a reading that failed. */
static uint32_t lint_reason(enum hf_reason reason)
{
    static const uint32_t bits[HF_REASON_COUNT] = {
        [HF_REASON_SYNTAX] = BIT(HF_LINT_SYNTAX),
        [HF_REASON_DUPLICATE_PARAMETER] = BIT(HF_LINT_DUPLICATE_KNOWN),
        [HF_REASON_MISSING_ACCOUNTURI] = BIT(HF_LINT_MISSING_ACCOUNTURI),
        [HF_REASON_EMPTY_ACCOUNTURI] = BIT(HF_LINT_EMPTY_ACCOUNTURI),
        [HF_REASON_BAD_PERSIST_UNTIL] = BIT(HF_LINT_UNTIL_MALFORMED),
        [HF_REASON_BAD_HASHED_URI] = BIT(HF_LINT_HASHED_URI),
        [HF_REASON_HASH_ALG_NOT_ACCEPTED] = BIT(HF_LINT_HASH_ALG),
    };

    return bits[reason];
}

/* Apart from the rest, which has no use for so much room. */
[[gnu::noinline]] static uint32_t lint_form(const struct hf_record *record,
                                            const struct hf_ca *ca)
{
    const struct hf_account nobody = {0};
    struct hf_hashed_uri hashed;
    size_t at;

    if (hf_account_uri_form(ca, &nobody, record->account_uri) == HF_FORM_HASHED)
        return lint_reason(hf_hashed_uri_read(record->account_uri, ca->prefixes,
                                              ca->prefix_count, ca->hash_algs,
                                              &hashed, &at));
    return ca->rules == HF_RULES_DRAFT_02 ||
                   (ca->rules == HF_RULES_DUAL && !ca->allows_raw)
               ? BIT(HF_LINT_RAW_AT_HASHED)
               : 0U;
}

/* What the CA asked about would dislike in the account URI. The first drafts
 * know raw URLs only, of which nothing can be said. */
static uint32_t lint_uri(const struct hf_record *record, const struct hf_ca *ca)
{
    if (ca == NULL || ca->rules == HF_RULES_DRAFT_00 ||
        ca->rules == HF_RULES_DRAFT_01 ||
        !hf_span_among_nocase(record->issuer, ca->issuers, ca->issuer_count))
        return 0;
    return lint_form(record, ca);
}

/* A record that names an issuer: what it says, however it is written. */
static uint32_t lint_content(struct hf_span issuer,
                             const struct hf_lint_reading *reading,
                             const struct hf_lint_view *view)
{
    const struct hf_record *record = reading->record;
    uint32_t found =
        has_capital(issuer) ? BIT(HF_LINT_ISSUER_NOT_CANONICAL) : 0U;

    if (reading->reason != HF_REASON_OK)
        return found | lint_reason(reading->reason);
    if (record->wildcard)
        found |= BIT(HF_LINT_WILDCARD);
    return found | lint_until(record, view) | lint_uri(record, view->ca);
}

/* RFC 1035 3.3.14: octets of a string, and of all of them. */
static uint32_t lint_length(size_t len)
{
    if (len > HF_TXT_VALUE_MAX)
        return BIT(HF_LINT_TOO_LONG);
    return len > HF_TXT_STRING_MAX ? BIT(HF_LINT_SEVERAL_STRINGS) : 0U;
}

uint32_t hf_lint_read(struct hf_span text,
                      const struct hf_lint_reading *reading,
                      const struct hf_lint_view *view)
{
    uint32_t found = lint_length(text.len);
    struct hf_reader reader = hf_reader_of(text);
    struct hf_span issuer;

    if (reading->reason == HF_REASON_OK && is_canonical(text, reading->record))
        return found | lint_content(reading->record->issuer, reading, view);
    if (reading->reason == HF_REASON_SYNTAX ||
        hf_grammar_open(&reader, &issuer, NULL) != HF_OK)
        return found | lint_unreadable(text);
    found |= lint_params(&reader);
    if (has_odd_blanks(text))
        found |= BIT(HF_LINT_BLANKS);
    if (issuer.len == 0)
        return found | BIT(HF_LINT_NO_ISSUER);
    return found | lint_content(issuer, reading, view);
}

uint32_t hf_lint(struct hf_span text, const struct hf_lint_view *view)
{
    struct hf_record record;
    size_t at;
    const struct hf_lint_reading reading = {hf_record_read(text, &record, &at),
                                            &record};

    return hf_lint_read(text, &reading, view);
}

static void put_lower(struct hf_buf *out, struct hf_span text)
{
    for (size_t i = 0; i < text.len; i++)
        hf_buf_putc(out, hf_lower(text.ptr[i]));
}

static void put_param(struct hf_buf *out, struct hf_span tag,
                      struct hf_span value)
{
    hf_buf_puts(out, "; ");
    hf_buf_put(out, tag);
    hf_buf_putc(out, '=');
    hf_buf_put(out, value);
}

/* All parameters whose canonical tag is `tag`; unknown ones when empty. */
static void put_params(struct hf_buf *out, struct hf_span params,
                       struct hf_span tag)
{
    struct hf_param param;

    while (hf_param_next(&params, &param)) {
        struct hf_span known = canonical_tag(param.tag);

        if (!hf_span_eq(known, tag))
            continue;
        put_param(out, known.len > 0 ? known : param.tag,
                  hf_param_canonical_value(&param));
    }
}

/* REQ CLI-10, CLI-11 */
bool hf_lint_canonical(struct hf_span text, struct hf_buf *out)
{
    struct hf_issue_value value;

    if (hf_issue_value_parse(text, &value, NULL) != HF_OK)
        return false;
    put_lower(out, value.issuer);
    put_params(out, value.params, HF_SPAN("accounturi"));
    put_params(out, value.params, HF_SPAN("policy"));
    put_params(out, value.params, HF_SPAN("persistUntil"));
    put_params(out, value.params, HF_SPAN(""));
    return !out->full;
}
