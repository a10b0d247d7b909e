/* SPDX-License-Identifier: Apache-2.0 */
#include "base/time_text.h"
#include "cli/check.h"
#include "cli/said.h"
#include "dns/found.h"

#define RECORDS_SHOWN 20
#define VALUE_SHOWN   200      /* REQ ERR-08 */
#define MARGIN        "      " /* of lines that stay whole */
#define PROSE         "    "   /* of those that hf_put_wrapped() breaks */

#define RED    "\033[31m"
#define GREEN  "\033[32m"
#define YELLOW "\033[33m"
#define BOLD   "\033[1m"
#define PLAIN  "\033[0m"

struct text {
    const struct hf_showing *showing;
    const struct hf_sight *sight;
    struct hf_buf *out;
};

static void put_coloured(const struct text *t, const char *colour,
                         const char *text)
{
    if (t->showing->colour)
        hf_buf_puts(t->out, colour);
    hf_buf_puts(t->out, text);
    if (t->showing->colour)
        hf_buf_puts(t->out, PLAIN);
}

static void put_plural(struct hf_buf *out, size_t count, const char *word)
{
    hf_buf_put_u64(out, count);
    hf_buf_putc(out, ' ');
    hf_buf_puts(out, word);
    if (count != 1)
        hf_buf_putc(out, 's');
}

static void put_asked_name(const struct text *t)
{
    if (t->showing->colour)
        hf_buf_puts(t->out, BOLD);
    if (t->sight->wildcard)
        hf_buf_puts(t->out, "*.");
    hf_buf_put(t->out, hf_name_span(&t->sight->name));
    if (t->showing->colour)
        hf_buf_puts(t->out, PLAIN);
}

static void put_headline(const struct text *t)
{
    put_asked_name(t);
    hf_buf_puts(t->out, ": ");
    switch (t->sight->result) {
    case HF_CHECK_YES:
        put_coloured(t, GREEN, "would validate");
        break;
    case HF_CHECK_NO:
        put_coloured(t, RED, "would not validate");
        break;
    case HF_CHECK_CAA:
        put_coloured(t, RED, "would validate, but CAA forbids the certificate");
        break;
    case HF_CHECK_REFUSED:
        put_coloured(t, RED, "no CA may validate this name this way");
        break;
    case HF_CHECK_UNKNOWN:
        put_coloured(t, YELLOW, "DNS gives no answer to rely on");
        break;
    }
    hf_buf_putc(t->out, '\n');
}

static void put_chain(const struct text *t, const struct hf_found *found)
{
    if (found->chain_count == 0)
        return;
    hf_buf_puts(t->out, MARGIN "alias ");
    hf_buf_put(t->out, found->chain[0].owner);
    for (size_t i = 0; i < found->chain_count; i++) {
        hf_buf_puts(t->out, " -> ");
        hf_buf_put(t->out, found->chain[i].target);
    }
    hf_buf_putc(t->out, '\n');
}

static void put_state(struct hf_buf *out, const struct hf_found *found)
{
    switch (found->state) {
    case HF_FOUND_DATA:
        put_plural(out, found->record_count, "record");
        return;
    case HF_FOUND_NODATA:
        hf_buf_puts(out, "no TXT record");
        return;
    case HF_FOUND_NXDOMAIN:
        hf_buf_puts(out, "no such name");
        return;
    case HF_FOUND_FAILURE:
        hf_buf_puts(out, "failure");
        return;
    }
}

static void put_answer(const struct text *t, const struct hf_spot *spot)
{
    const struct hf_found *found = &spot->found;

    hf_buf_puts(t->out, "  ");
    hf_buf_put(t->out, hf_name_span(&spot->owner));
    hf_buf_puts(t->out, ": ");
    put_state(t->out, found);
    hf_buf_puts(t->out, ", ");
    put_coloured(t,
                 found->security == HF_BOGUS    ? RED
                 : found->security == HF_SECURE ? GREEN
                                                : "",
                 hf_security_word(found->security));
    if (found->state != HF_FOUND_FAILURE) {
        hf_buf_puts(t->out, ", TTL ");
        hf_buf_put_u64(t->out, found->ttl_s);
    }
    hf_buf_puts(t->out, " (");
    hf_buf_put(t->out, found->server);
    hf_buf_puts(t->out, ")\n");
    if (found->state == HF_FOUND_FAILURE) {
        hf_buf_puts(t->out, PROSE);
        hf_buf_put_escaped(t->out, found->reason, HF_REASON_TEXT_MAX);
        hf_buf_putc(t->out, '\n');
    }
    put_chain(t, found);
}

static bool is_odd(const struct hf_witness *witness,
                   const struct hf_found *found)
{
    return witness->state != HF_WITNESS_ANSWERS ||
           found->state == HF_FOUND_FAILURE ||
           !hf_found_agrees(&witness->found, found);
}

static void put_witness(const struct text *t, const struct hf_witness *witness,
                        const struct hf_found *found)
{
    hf_buf_puts(t->out, MARGIN "  ");
    hf_buf_puts(t->out, witness->name);
    hf_buf_putc(t->out, ' ');
    hf_buf_puts(t->out, witness->server.label);
    hf_buf_puts(t->out, ": ");
    if (witness->state == HF_WITNESS_ANSWERS) {
        if (found->state != HF_FOUND_FAILURE)
            hf_buf_puts(t->out, "differs: ");
        put_state(t->out, &witness->found);
    } else {
        hf_buf_puts(t->out, hf_witness_state_word(witness->state));
    }
    if (witness->state != HF_WITNESS_ANSWERS && witness->found.reason.len > 0) {
        hf_buf_puts(t->out, ": ");
        hf_buf_put_escaped(t->out, witness->found.reason, VALUE_SHOWN);
    }
    hf_buf_putc(t->out, '\n');
}

static void put_servers(const struct text *t,
                        const struct hf_authority *authority,
                        const struct hf_found *found)
{
    size_t agree = 0;

    if (authority == NULL || !authority->found)
        return;
    for (size_t i = 0; i < authority->count; i++)
        agree += !is_odd(&authority->witnesses[i], found);
    hf_buf_puts(t->out, MARGIN "servers of ");
    hf_buf_puts(t->out, authority->zone);
    hf_buf_putc(t->out, ':');
    if (found->state != HF_FOUND_FAILURE) {
        hf_buf_putc(t->out, ' ');
        hf_buf_put_u64(t->out, agree);
        hf_buf_puts(t->out, " of ");
        hf_buf_put_u64(t->out, authority->count);
        hf_buf_puts(t->out, " agree");
    }
    hf_buf_putc(t->out, '\n');
    for (size_t i = 0; i < authority->count; i++)
        if (is_odd(&authority->witnesses[i], found))
            put_witness(t, &authority->witnesses[i], found);
}

/* Whom a record serves that is good. */
static void put_grant(const struct text *t, size_t spot, size_t i)
{
    const struct hf_record *record = &t->sight->spots[spot].judged[i].record;
    struct hf_caa_said said =
        hf_sight_caa(t->sight, t->showing->subject, spot, i);

    hf_buf_puts(t->out, PROSE);
    hf_buf_put_escaped(t->out, record->issuer, VALUE_SHOWN);
    hf_buf_puts(t->out, " may issue to account ");
    hf_buf_put_escaped(t->out, record->account_uri, VALUE_SHOWN);
    hf_buf_puts(t->out, record->wildcard
                            ? " for this name and every name below, "
                            : " for this name only, ");
    if (record->has_until) {
        hf_buf_puts(t->out, "until ");
        hf_time_put(t->out, record->until_at);
        hf_buf_puts(t->out, " (");
        hf_put_distance(t->out, t->showing->now.s, record->until_at);
        hf_buf_putc(t->out, ')');
    } else {
        hf_buf_puts(t->out, "without end");
    }
    if (said.reason != HF_CAA_OK)
        put_coloured(t, RED, "; CAA forbids it");
    hf_buf_putc(t->out, '\n');
}

static void put_prose(const struct text *t, const char *sentence)
{
    hf_buf_puts(t->out, PROSE);
    hf_put_sentence(t->out, sentence);
    hf_buf_putc(t->out, '\n');
}

static void put_law(const struct text *t, enum hf_reason reason)
{
    put_prose(t, hf_reason_law(reason));
    put_prose(t, hf_reason_advice(reason));
}

static void put_remedy(const struct text *t, size_t spot, size_t record)
{
    size_t from = t->out->len;

    hf_buf_puts(t->out, MARGIN "write: ");
    if (hf_sight_put_remedy(t->sight, spot, record, t->showing->subject,
                            t->showing->now, t->out))
        hf_buf_putc(t->out, '\n');
    else
        t->out->len = from;
}

/* What is odd about a record, beyond its verdict. */
static void put_lint(const struct text *t, struct hf_span value, bool valid)
{
    const struct hf_lint_view view = {
        .now = t->showing->now,
        .ca = t->showing->subject->has_ca ? &t->showing->subject->ca : NULL};
    uint32_t found = hf_lint(value, &view);

    for (int i = 0; i < HF_FINDING_COUNT; i++) {
        enum hf_finding finding = (enum hf_finding)i;

        enum hf_severity severity = hf_finding_severity(finding);

        if ((found & 1U << i) == 0 || severity == HF_SEVERITY_INFO ||
            (severity == HF_SEVERITY_ERROR && !valid))
            continue;
        hf_buf_puts(t->out, PROSE);
        put_coloured(t, YELLOW, hf_finding_word(finding));
        hf_buf_puts(t->out, ": ");
        hf_put_sentence(t->out, hf_finding_sentence(finding));
        hf_buf_putc(t->out, '\n');
    }
}

static void put_value(const struct text *t, struct hf_span value,
                      const struct hf_judged *judged)
{
    struct hf_said said;

    if (judged->at > 0 && judged->reason != HF_REASON_OTHER_ISSUER) {
        hf_said_read(value, NULL, &said);
        said.at = judged->at;
        hf_said_put_marked(&said, MARGIN, t->out);
        return;
    }
    hf_buf_puts(t->out, MARGIN);
    hf_buf_put_escaped(t->out, value, VALUE_SHOWN);
    hf_buf_putc(t->out, '\n');
}

static void put_record(const struct text *t, size_t i, size_t record)
{
    const struct hf_spot *spot = &t->sight->spots[i];
    const struct hf_judged *judged = &spot->judged[record];
    enum hf_outcome outcome = hf_reason_outcome(judged->reason);

    hf_buf_puts(t->out, "  record ");
    hf_buf_put_u64(t->out, record + 1);
    hf_buf_puts(t->out, ": ");
    put_coloured(t,
                 outcome == HF_OUTCOME_VALID     ? GREEN
                 : outcome == HF_OUTCOME_IGNORED ? ""
                                                 : RED,
                 hf_outcome_word(outcome));
    if (outcome != HF_OUTCOME_VALID) {
        hf_buf_puts(t->out, ": ");
        hf_buf_puts(t->out, hf_reason_word(judged->reason));
    } else if (i == t->sight->best && record == spot->verdict.relied) {
        hf_buf_puts(t->out, ", relied upon");
    }
    hf_buf_putc(t->out, '\n');
    put_value(t, spot->values[record], judged);
    if (outcome == HF_OUTCOME_VALID)
        put_grant(t, i, record);
    else if (outcome != HF_OUTCOME_IGNORED)
        put_law(t, judged->reason);
    if (outcome == HF_OUTCOME_IGNORED)
        return;
    put_lint(t, spot->values[record], outcome == HF_OUTCOME_VALID);
    put_remedy(t, i, record);
}

/* Records of other CAs are counted, not shown, when the question is about
 * one CA (REQ VAL-05). */
static void put_records(const struct text *t, size_t i)
{
    const struct hf_spot *spot = &t->sight->spots[i];
    size_t others = 0;
    size_t shown = 0;
    size_t more = 0;

    for (size_t r = 0; r < spot->count; r++) {
        if (t->showing->subject->has_ca &&
            spot->judged[r].reason == HF_REASON_OTHER_ISSUER)
            others++;
        else if (shown++ < RECORDS_SHOWN)
            put_record(t, i, r);
        else
            more++;
    }
    if (more > 0) {
        hf_buf_puts(t->out, "  and ");
        put_plural(t->out, more, "more record");
        hf_buf_puts(t->out, " (--json shows them)\n");
    }
    if (others > 0) {
        hf_buf_puts(t->out, "  ignored: ");
        put_plural(t->out, others, "record");
        hf_buf_puts(t->out, " of other CAs\n");
    }
}

/* Why nothing serves, when that is not the fault of one record. */
static void put_verdict(const struct text *t, size_t i)
{
    enum hf_reason reason = t->sight->spots[i].verdict.reason;

    if (reason != HF_REASON_NO_RECORD &&
        reason != HF_REASON_NO_MATCHING_ISSUER &&
        hf_reason_outcome(reason) != HF_OUTCOME_DNS)
        return;
    hf_buf_puts(t->out, "  ");
    hf_buf_puts(t->out, hf_outcome_word(hf_reason_outcome(reason)));
    hf_buf_puts(t->out, ": ");
    hf_buf_puts(t->out, hf_reason_word(reason));
    hf_buf_putc(t->out, '\n');
    if (reason == HF_REASON_NO_MATCHING_ISSUER &&
        !t->showing->subject->has_ca) {
        put_prose(t, "No record here names a CA: nobody is authorised.");
        return;
    }
    put_law(t, reason);
    if (hf_reason_outcome(reason) != HF_OUTCOME_DNS)
        put_remedy(t, i, SIZE_MAX);
}

static void put_property(const struct text *t, const struct hf_caa *property)
{
    hf_buf_puts(t->out, ", ");
    hf_buf_put_escaped(t->out, property->tag, VALUE_SHOWN);
    hf_buf_puts(t->out, " \"");
    hf_buf_put_escaped(t->out, property->value, VALUE_SHOWN);
    hf_buf_putc(t->out, '"');
}

static void put_caa(const struct text *t)
{
    const struct hf_caa_sight *caa = &t->sight->caa;

    hf_buf_puts(t->out, "  CAA: ");
    if (caa->failed) {
        hf_buf_puts(t->out, "no answer at ");
        hf_buf_put(t->out, caa->at);
        hf_buf_puts(t->out, ": a CA must not issue (RFC 8659 3): ");
        hf_buf_put_escaped(t->out, caa->found.reason, VALUE_SHOWN);
        hf_buf_putc(t->out, '\n');
        return;
    }
    if (caa->at.len == 0) {
        hf_buf_puts(t->out, "none, every CA is allowed\n");
        return;
    }
    if (!caa->judged)
        hf_buf_puts(t->out, "records");
    else if (caa->said.reason == HF_CAA_OK)
        put_coloured(t, GREEN, "allowed");
    else
        put_coloured(t, RED, hf_caa_reason_word(caa->said.reason));
    hf_buf_puts(t->out, " at ");
    hf_buf_put(t->out, caa->at);
    for (size_t i = 0; i < caa->count && i < RECORDS_SHOWN; i++)
        if (!caa->judged || caa->said.which == i ||
            caa->said.which >= caa->count)
            put_property(t, &caa->rrset[i]);
    if (caa->said.unsure)
        hf_buf_puts(t->out, ", if the account URL is the one it names");
    hf_buf_putc(t->out, '\n');
}

static void put_note(const struct text *t, const struct hf_note *note)
{
    enum hf_severity severity = hf_note_severity(note->kind);

    hf_buf_puts(t->out, "  ");
    put_coloured(t,
                 severity == HF_SEVERITY_ERROR     ? RED
                 : severity == HF_SEVERITY_WARNING ? YELLOW
                                                   : "",
                 hf_note_word(note->kind));
    if (note->detail[0] != '\0') {
        hf_buf_puts(t->out, ": ");
        hf_buf_puts(t->out, note->detail);
    }
    hf_buf_putc(t->out, '\n');
    put_prose(t, hf_note_sentence(note->kind));
}

void hf_sight_put_text(const struct hf_showing *showing, struct hf_buf *out)
{
    const struct text t = {showing, showing->sight, out};

    put_headline(&t);
    if (t.sight->result == HF_CHECK_REFUSED) {
        put_prose(&t, t.sight->decision == HF_NO_DNS_PERSIST
                          ? "BR 3.2.2.4.22: this method cannot validate a "
                            "public suffix, an onion name, or a name that is "
                            "too long with its label."
                          : "BR 4.2.2, 7.1.4: no CA may certify a wildcard of "
                            "a public suffix, or a name outside the public "
                            "DNS.");
        return;
    }
    for (size_t i = 0; i < t.sight->spot_count; i++) {
        const struct hf_spot *spot = &t.sight->spots[i];
        struct hf_found end = spot->found;

        put_answer(&t, spot);
        put_servers(&t, spot->authority, &spot->found);
        end.chain_count = 0;
        put_servers(&t, spot->target, &end);
        put_records(&t, i);
        put_verdict(&t, i);
    }
    put_caa(&t);
    for (size_t i = 0; i < t.sight->note_count; i++)
        put_note(&t, &t.sight->notes[i]);
}
