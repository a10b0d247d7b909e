/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/check.h"
#include "cli/said.h"
#include "dns/found.h"

#define REMEDY_S (365 * (int64_t)HF_DAY_S)

static const struct {
    const char *word;
    enum hf_severity severity;
    const char *sentence;
} note_rows[] = {
    [HF_NOTE_BOGUS] = {"dnssec-bogus", HF_SEVERITY_ERROR,
                       "DNSSEC validation fails: a CA must not use the answer "
                       "(BR 3.2.2.4; draft -02 7.8.1)."},
    [HF_NOTE_UNSIGNED] = {"unsigned", HF_SEVERITY_INFO,
                          "The zone is not signed: whoever can forge DNS "
                          "answers to a CA can forge the record."},
    [HF_NOTE_UNPROVED] = {"unproved", HF_SEVERITY_WARNING,
                          "The trust anchor could not be reached: nothing is "
                          "known about DNSSEC here."},
    [HF_NOTE_ALIAS] = {"alias", HF_SEVERITY_WARNING,
                       "The label is an alias (BR 3.2.2.4.22 lets a CA follow "
                       "it): whoever controls the target writes this record."},
    [HF_NOTE_ALIAS_DANGLING] = {"alias-dangling", HF_SEVERITY_ERROR,
                                "The alias ends at a name without records: "
                                "whoever gets hold of that name can authorise "
                                "an account of their own."},
    [HF_NOTE_WILDCARD] = {"wildcard-synthesis", HF_SEVERITY_WARNING,
                          "A DNS wildcard made this answer: it stands at "
                          "every name that has no record of its own. An "
                          "explicit TXT record at the label stops that."},
    [HF_NOTE_TOMBSTONE] = {"tombstone", HF_SEVERITY_INFO,
                           "A record that names no CA: it authorises nobody "
                           "and keeps wildcards from filling the label."},
    [HF_NOTE_DISAGREE] = {"servers-disagree", HF_SEVERITY_ERROR,
                          "An authoritative server says something else: which "
                          "one a CA asks is chance."},
    [HF_NOTE_LAME] = {"server-lame", HF_SEVERITY_WARNING,
                      "A name server of the zone does not answer with "
                      "authority for it."},
    [HF_NOTE_REFUSES] = {"server-refuses", HF_SEVERITY_WARNING,
                         "A name server of the zone answers with an error."},
    [HF_NOTE_SILENT] = {"server-silent", HF_SEVERITY_WARNING,
                        "A name server of the zone gives no usable "
                        "answer."},
    [HF_NOTE_NO_ADDRESS] = {"server-no-address", HF_SEVERITY_WARNING,
                            "A name server of the zone has no address."},
    [HF_NOTE_NO_SERVERS] = {"servers-unknown", HF_SEVERITY_WARNING,
                            "The authoritative servers could not be found."},
    [HF_NOTE_CAA_OPEN] = {"caa-open", HF_SEVERITY_INFO,
                          "No CAA record restricts who may issue (RFC 8659); "
                          "one with accounturi would (RFC 8657)."},
};

const char *hf_note_word(enum hf_note_kind kind)
{
    return note_rows[kind].word;
}

const char *hf_note_sentence(enum hf_note_kind kind)
{
    return note_rows[kind].sentence;
}

enum hf_severity hf_note_severity(enum hf_note_kind kind)
{
    return note_rows[kind].severity;
}

const char *hf_check_result_word(enum hf_check_result result)
{
    static const char *const words[] = {
        [HF_CHECK_YES] = "yes",         [HF_CHECK_NO] = "no",
        [HF_CHECK_CAA] = "caa",         [HF_CHECK_REFUSED] = "refused",
        [HF_CHECK_UNKNOWN] = "unknown",
    };

    return words[result];
}

static void put_cut(struct hf_buf *out, struct hf_span text)
{
    size_t room = out->limit - out->len;

    hf_buf_put(out,
               (struct hf_span){text.ptr, text.len < room ? text.len : room});
}

/* Spot i, and whom it is about: two texts with a blank between. */
static void note(struct hf_sight *sight, enum hf_note_kind kind, size_t spot,
                 struct hf_span about, struct hf_span more)
{
    struct hf_note *out = &sight->notes[sight->note_count];
    struct hf_buf detail;

    if (sight->note_count == HF_NOTES_MAX)
        return;
    sight->note_count++;
    out->kind = kind;
    out->spot = spot;
    hf_buf_init(&detail, out->detail, sizeof(out->detail) - 1);
    put_cut(&detail, about);
    if (more.len > 0) {
        put_cut(&detail, HF_SPAN(" "));
        put_cut(&detail, more);
    }
}

static void note_security(struct hf_sight *sight, size_t i)
{
    const struct hf_found *found = &sight->spots[i].found;

    if (found->security == HF_BOGUS)
        note(sight, HF_NOTE_BOGUS, i, HF_SPAN(""), HF_SPAN(""));
    else if (found->security == HF_INSECURE)
        note(sight, HF_NOTE_UNSIGNED, i, HF_SPAN(""), HF_SPAN(""));
    else if (found->security == HF_INDETERMINATE &&
             found->state != HF_FOUND_FAILURE)
        note(sight, HF_NOTE_UNPROVED, i, HF_SPAN(""), HF_SPAN(""));
}

static bool is_nobodys(struct hf_span value)
{
    struct hf_said said;

    hf_said_read(value, NULL, &said);
    return hf_said_is_nobodys(&said);
}

static void note_answer(struct hf_sight *sight, size_t i)
{
    const struct hf_spot *spot = &sight->spots[i];

    if (spot->found.chain_count > 0 && spot->found.state != HF_FOUND_FAILURE)
        note(sight,
             spot->found.state == HF_FOUND_DATA ? HF_NOTE_ALIAS
                                                : HF_NOTE_ALIAS_DANGLING,
             i, spot->found.owner, HF_SPAN(""));
    if (spot->synthesised)
        note(sight, HF_NOTE_WILDCARD, i, hf_name_span(&spot->owner),
             HF_SPAN(""));
    for (size_t v = 0; v < spot->count; v++)
        if (is_nobodys(spot->values[v]) && !spot->synthesised) {
            note(sight, HF_NOTE_TOMBSTONE, i, HF_SPAN(""), HF_SPAN(""));
            break;
        }
}

static void note_witness(struct hf_sight *sight, size_t i,
                         const struct hf_witness *witness,
                         const struct hf_found *found)
{
    struct hf_span name = hf_span_str(witness->name);
    struct hf_span label = hf_span_str(witness->server.label);

    switch (witness->state) {
    case HF_WITNESS_ANSWERS:
        if (found->state != HF_FOUND_FAILURE &&
            !hf_found_agrees(&witness->found, found))
            note(sight, HF_NOTE_DISAGREE, i, name, label);
        return;
    case HF_WITNESS_LAME:
        note(sight, HF_NOTE_LAME, i, name, label);
        return;
    case HF_WITNESS_REFUSES:
        note(sight, HF_NOTE_REFUSES, i, name, label);
        return;
    case HF_WITNESS_SILENT:
        note(sight, HF_NOTE_SILENT, i, name, label);
        return;
    case HF_WITNESS_NO_ADDRESS:
        note(sight, HF_NOTE_NO_ADDRESS, i, name, label);
        return;
    case HF_WITNESS_NO_ROUTE: /* ours, not theirs */
        return;
    }
}

static void note_servers(struct hf_sight *sight, size_t i,
                         const struct hf_authority *authority,
                         const struct hf_found *found)
{
    if (authority == NULL)
        return;
    if (!authority->found)
        note(sight, HF_NOTE_NO_SERVERS, i, hf_span_str(authority->reason),
             HF_SPAN(""));
    for (size_t w = 0; w < authority->count; w++)
        note_witness(sight, i, &authority->witnesses[w], found);
}

/* What the servers of an alias's target would say without the alias. */
static struct hf_found without_alias(const struct hf_found *found)
{
    struct hf_found end = *found;

    end.chain_count = 0;
    return end;
}

static void note_spot(struct hf_sight *sight, size_t i)
{
    const struct hf_spot *spot = &sight->spots[i];
    struct hf_found end = without_alias(&spot->found);

    note_security(sight, i);
    note_answer(sight, i);
    note_servers(sight, i, spot->authority, &spot->found);
    note_servers(sight, i, spot->target, &end);
}

static struct hf_answer answer_of(const struct hf_spot *spot)
{
    struct hf_answer answer = {.state = HF_ANSWER_DATA,
                               .values = spot->values,
                               .count = spot->count,
                               .ttl_s = spot->found.ttl_s};

    if (spot->found.security == HF_BOGUS)
        answer.state = HF_ANSWER_BOGUS; /* REQ VAL-30 */
    else if (spot->found.state == HF_FOUND_FAILURE)
        answer.state = HF_ANSWER_FAILURE;
    return answer;
}

static bool is_asked_by_anybody(const struct hf_subject *subject)
{
    return subject->has_ca && subject->has_account;
}

/*
 * Somebody who owns what the record says: its own issuer and its own account,
 * where the command line names none. The URI is then compared with itself, so
 * the form must be read as raw.
 */
static void pose_as(const struct hf_subject *subject,
                    const struct hf_record *record, struct hf_ca *ca,
                    struct hf_account *account)
{
    *ca = subject->ca;
    *account = subject->account;
    if (!subject->has_ca) {
        ca->issuers = &record->issuer;
        ca->issuer_count = 1;
    }
    if (!subject->has_account) {
        account->url = record->account_uri;
        account->key_count = 0;
        ca->prefix_count = 0;
        if (ca->rules == HF_RULES_DRAFT_02 || ca->rules == HF_RULES_DUAL)
            ca->rules = HF_RULES_DRAFT_01;
    }
}

/* Each record for itself; the best verdict counts, as in one RRset. */
static enum hf_err judge_each(struct hf_spot *spot,
                              const struct hf_subject *subject,
                              const struct hf_question *question,
                              struct hf_why *why)
{
    struct hf_answer answer = answer_of(spot);

    spot->verdict = (struct hf_verdict){.reason = HF_REASON_NO_RECORD};
    for (size_t i = 0; i < spot->count; i++) {
        struct hf_record record = {0};
        struct hf_account account;
        struct hf_verdict verdict;
        struct hf_ca ca;
        enum hf_err err;
        size_t at;

        (void)hf_record_read(spot->values[i], &record, &at);
        pose_as(subject, &record, &ca, &account);
        answer.values = &spot->values[i];
        answer.count = 1;
        err = hf_judge(&ca, &account, question, &answer, &spot->judged[i],
                       &verdict, why);
        if (err != HF_OK)
            return err;
        if (i > 0 && !hf_reason_precedes(verdict.reason, spot->verdict.reason))
            continue;
        spot->verdict = verdict;
        spot->verdict.relied = i;
    }
    return HF_OK;
}

static enum hf_err judge_spot(struct hf_sight *sight, size_t i,
                              const struct hf_subject *subject,
                              struct hf_time now, struct hf_why *why)
{
    struct hf_spot *spot = &sight->spots[i];
    struct hf_answer answer = answer_of(spot);
    /* REQ VAL-33, VAL-34: an alias may lead to the record; what is validated
     * is the name that was asked, never the alias's target. */
    struct hf_question question = {
        .adn = spot->adn,
        .scope =
            hf_scope_of(hf_name_span(&sight->name), sight->wildcard, spot->adn),
        .now = now};

    if (answer.state == HF_ANSWER_DATA && !is_asked_by_anybody(subject))
        return judge_each(spot, subject, &question, why);
    return hf_judge(&subject->ca, &subject->account, &question, &answer,
                    spot->judged, &spot->verdict, why);
}

struct hf_caa_said hf_sight_caa(const struct hf_sight *sight,
                                const struct hf_subject *subject, size_t spot,
                                size_t record)
{
    const struct hf_spot *here = &sight->spots[spot];
    const struct hf_record *read = &here->judged[record].record;
    const struct hf_caa_sight *caa = &sight->caa;
    struct hf_caa_request request = {.issuers = subject->ca.issuers,
                                     .issuer_count = subject->ca.issuer_count,
                                     .account_urls = &subject->account.url,
                                     .account_url_count = 1,
                                     .wildcard = sight->wildcard};
    struct hf_caa_said out = {0};
    struct hf_said said;

    if (!subject->has_ca) {
        request.issuers = &read->issuer;
        request.issuer_count = 1;
    }
    if (!subject->has_account)
        request.account_urls = &read->account_uri;
    out.reason = hf_caa_decide(caa->rrset, caa->count, &request, &out.which);
    /* CAA names the account URL; a hashed URI does not tell it. */
    hf_said_read(here->values[record], NULL, &said);
    if (out.reason == HF_CAA_ACCOUNT_MISMATCH && !subject->has_account &&
        said.hashed)
        out = (struct hf_caa_said){.which = caa->count, .unsure = true};
    return out;
}

bool hf_sight_permits(const struct hf_sight *sight,
                      const struct hf_subject *subject, struct hf_span method)
{
    const struct hf_caa_request request = {
        .issuers = subject->ca.issuers,
        .issuer_count = subject->ca.issuer_count,
        .account_urls = &subject->account.url,
        .account_url_count = 1,
        .wildcard = sight->wildcard,
        .method = method};
    const struct hf_caa_sight *caa = &sight->caa;
    size_t which;

    return !caa->failed &&
           hf_caa_decide(caa->rrset, caa->count, &request, &which) == HF_CAA_OK;
}

/* For the record relied upon. Where the records speak for themselves, that is
 * the first to which CAA has no objection. */
static void judge_caa(struct hf_sight *sight, const struct hf_subject *subject)
{
    struct hf_spot *spot = &sight->spots[sight->best];
    struct hf_caa_sight *caa = &sight->caa;

    if (caa->failed)
        return;
    caa->judged = true;
    caa->said = hf_sight_caa(sight, subject, sight->best, spot->verdict.relied);
    if (is_asked_by_anybody(subject))
        return;
    for (size_t i = 0; i < spot->count && caa->said.reason != HF_CAA_OK; i++) {
        struct hf_caa_said said = hf_sight_caa(sight, subject, sight->best, i);

        if (spot->judged[i].reason != HF_REASON_OK || said.reason != HF_CAA_OK)
            continue;
        caa->said = said;
        spot->verdict.relied = i;
    }
}

static enum hf_check_result result_of(const struct hf_sight *sight)
{
    enum hf_reason reason = sight->spots[sight->best].verdict.reason;

    if (hf_reason_outcome(reason) == HF_OUTCOME_DNS)
        return HF_CHECK_UNKNOWN;
    if (reason != HF_REASON_OK)
        return HF_CHECK_NO;
    if (sight->caa.failed)
        return HF_CHECK_UNKNOWN; /* REQ VAL-53 */
    return sight->caa.said.reason == HF_CAA_OK ? HF_CHECK_YES : HF_CHECK_CAA;
}

/* REQ SCOPE-06: nearest first, stop at the first success. */
static void choose_best(struct hf_sight *sight)
{
    for (size_t i = 1; i < sight->spot_count; i++)
        if (hf_reason_precedes(sight->spots[i].verdict.reason,
                               sight->spots[sight->best].verdict.reason))
            sight->best = i;
}

enum hf_err hf_sight_judge(struct hf_sight *sight,
                           const struct hf_subject *subject, struct hf_time now,
                           struct hf_why *why)
{
    sight->result = HF_CHECK_REFUSED;
    if (sight->spot_count == 0)
        return HF_OK;
    for (size_t i = 0; i < sight->spot_count; i++) {
        enum hf_err err = judge_spot(sight, i, subject, now, why);

        if (err != HF_OK)
            return err;
        note_spot(sight, i);
    }
    choose_best(sight);
    if (sight->spots[sight->best].verdict.reason == HF_REASON_OK)
        judge_caa(sight, subject);
    if (!sight->caa.failed && sight->caa.at.len == 0)
        note(sight, HF_NOTE_CAA_OPEN, sight->best, HF_SPAN(""), HF_SPAN(""));
    sight->result = result_of(sight);
    return HF_OK;
}

static enum hf_variant variant_of(const struct hf_subject *subject)
{
    if (subject->ca.prefix_count > 0 && subject->account.key_count > 0)
        return HF_VARIANT_02;
    return subject->ca.rules == HF_RULES_DRAFT_00 ? HF_VARIANT_00
                                                  : HF_VARIANT_01;
}

/* What the subject would have to publish; for a year, so that a forgotten
 * record ends. */
static bool put_grant(const struct hf_sight *sight, size_t spot,
                      const struct hf_subject *subject, struct hf_time now,
                      struct hf_buf *out)
{
    const struct hf_ca *ca = &subject->ca;
    struct hf_span adn = sight->spots[spot].adn;
    struct hf_grant grant = {.variant = variant_of(subject),
                             .domain = adn,
                             .issuer = ca->issuers[0],
                             .account_url = subject->account.url,
                             .alg = HF_SHA_256,
                             .wildcard = hf_scope_of(hf_name_span(&sight->name),
                                                     sight->wildcard,
                                                     adn) != HF_SCOPE_EXACT,
                             .has_until = true,
                             .until_at = now.s + REMEDY_S};

    if (grant.variant == HF_VARIANT_02) {
        grant.prefix = ca->prefixes[0];
        grant.thumbprint = subject->account.keys[0].thumbprint;
    } else if (ca->rules == HF_RULES_DRAFT_02) {
        return false; /* not without prefix and key */
    }
    return hf_grant_build(&grant, now, subject->digest, out, NULL) == HF_OK;
}

bool hf_sight_put_remedy(const struct hf_sight *sight, size_t spot,
                         size_t record, const struct hf_subject *subject,
                         struct hf_time now, struct hf_buf *out)
{
    const struct hf_spot *here = &sight->spots[spot];
    struct hf_buf value;
    bool made;

    hf_buf_init_grow(&value, HF_TXT_VALUE_MAX);
    /* What serves already is only spelt better. */
    if (is_asked_by_anybody(subject) &&
        (record >= here->count || here->judged[record].reason != HF_REASON_OK))
        made = put_grant(sight, spot, subject, now, &value);
    else
        made = record < here->count &&
               hf_lint_canonical(here->values[record], &value) &&
               !hf_span_eq(hf_buf_span(&value), here->values[record]);
    if (made) {
        hf_buf_put(out, hf_name_span(&here->owner));
        hf_buf_puts(out, ". IN TXT ");
        hf_txt_put_presentation(out, hf_buf_span(&value));
    }
    hf_buf_clear(&value);
    return made;
}
