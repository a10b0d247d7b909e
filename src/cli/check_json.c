/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"
#include "base/time_text.h"
#include "cli/check.h"
#include "dns/found.h"

/* The shape is documented in holdfast-check(1): members may be added. */

static void put_string(struct hf_json *json, const char *key, const char *text)
{
    hf_json_key_str(json, key, hf_span_str(text));
}

static void put_witness(struct hf_json *json, const struct hf_witness *witness,
                        const struct hf_found *found)
{
    hf_json_open(json, '{');
    put_string(json, "name", witness->name);
    if (witness->server.label[0] != '\0')
        put_string(json, "address", witness->server.label);
    hf_json_key_lit(json, "state", hf_witness_state_word(witness->state));
    if (witness->state == HF_WITNESS_ANSWERS) {
        hf_json_key_bool(json, "agrees",
                         hf_found_agrees(&witness->found, found));
        hf_json_key_int(json, "records", (int64_t)witness->found.record_count);
    }
    if (witness->found.reason.len > 0)
        hf_json_key_str(json, "reason", witness->found.reason);
    hf_json_close(json, '}');
}

static void put_servers(struct hf_json *json, const char *key,
                        const struct hf_authority *authority,
                        const struct hf_found *found)
{
    if (authority == NULL)
        return;
    hf_json_key(json, key);
    hf_json_open(json, '{');
    if (authority->found)
        put_string(json, "zone", authority->zone);
    else
        put_string(json, "reason", authority->reason);
    hf_json_key(json, "servers");
    hf_json_open(json, '[');
    for (size_t i = 0; i < authority->count; i++)
        put_witness(json, &authority->witnesses[i], found);
    hf_json_close(json, ']');
    hf_json_close(json, '}');
}

static void put_lint(struct hf_json *json, const struct hf_showing *showing,
                     struct hf_span value)
{
    const struct hf_lint_view view = {
        .now = showing->now,
        .ca = showing->subject->has_ca ? &showing->subject->ca : NULL};
    uint32_t found = hf_lint(value, &view);

    hf_json_key(json, "lint");
    hf_json_open(json, '[');
    for (int i = 0; i < HF_FINDING_COUNT; i++)
        if ((found & 1U << i) != 0)
            hf_json_str(json, hf_span_str(hf_finding_word((enum hf_finding)i)));
    hf_json_close(json, ']');
}

static void put_remedy(struct hf_json *json, const struct hf_showing *showing,
                       size_t spot, size_t record)
{
    struct hf_buf line;

    hf_buf_init_grow(&line, 4 * (size_t)HF_TXT_VALUE_MAX);
    if (hf_sight_put_remedy(showing->sight, spot, record, showing->subject,
                            showing->now, &line) &&
        !line.full)
        hf_json_key_str(json, "write", hf_buf_span(&line));
    hf_buf_clear(&line);
}

/* What the record says, as far as it could be read. */
static void put_meaning(struct hf_json *json, const struct hf_judged *judged)
{
    const struct hf_record *record = &judged->record;

    hf_json_key_str(json, "issuer", record->issuer);
    if (record->account_uri.len == 0)
        return;
    hf_json_key_str(json, "accounturi", record->account_uri);
    hf_json_key_lit(json, "scope", record->wildcard ? "subtree" : "exact");
    if (record->has_until)
        hf_json_key_int(json, "until", record->until_at);
    hf_json_key_lit(json, "form", hf_form_word(judged->form));
}

static void put_record(struct hf_json *json, const struct hf_showing *showing,
                       size_t spot, size_t i)
{
    const struct hf_spot *here = &showing->sight->spots[spot];
    const struct hf_judged *judged = &here->judged[i];
    enum hf_outcome outcome = hf_reason_outcome(judged->reason);

    hf_json_open(json, '{');
    hf_json_key_str(json, "value", here->values[i]);
    hf_json_key_lit(json, "outcome", hf_outcome_word(outcome));
    hf_json_key_lit(json, "reason", hf_reason_word(judged->reason));
    put_meaning(json, judged);
    if (outcome != HF_OUTCOME_VALID && outcome != HF_OUTCOME_IGNORED) {
        hf_json_key_int(json, "at", (int64_t)judged->at);
        hf_json_key_lit(json, "law", hf_reason_law(judged->reason));
        hf_json_key_lit(json, "advice", hf_reason_advice(judged->reason));
    }
    if (outcome != HF_OUTCOME_IGNORED)
        put_remedy(json, showing, spot, i);
    if (outcome == HF_OUTCOME_VALID)
        hf_json_key_lit(
            json, "caa",
            hf_caa_reason_word(
                hf_sight_caa(showing->sight, showing->subject, spot, i)
                    .reason));
    put_lint(json, showing, here->values[i]);
    hf_json_close(json, '}');
}

static void put_spot(struct hf_json *json, const struct hf_showing *showing,
                     size_t i)
{
    const struct hf_spot *spot = &showing->sight->spots[i];
    const struct hf_found *found = &spot->found;
    struct hf_found end = *found;

    hf_json_open(json, '{');
    hf_json_key_str(json, "adn", spot->adn);
    hf_json_key_str(json, "owner", hf_name_span(&spot->owner));
    hf_json_key_lit(json, "state", hf_found_state_word(found->state));
    hf_json_key_lit(json, "security", hf_security_word(found->security));
    if (found->reason.len > 0)
        hf_json_key_str(json, "reason", found->reason);
    hf_json_key_int(json, "ttl", found->ttl_s);
    hf_json_key_str(json, "server", found->server);
    hf_json_key_bool(json, "synthesised", spot->synthesised);
    hf_found_put_chain(json, found);
    put_servers(json, "authority", spot->authority, found);
    end.chain_count = 0;
    put_servers(json, "target_authority", spot->target, &end);
    hf_json_key(json, "records");
    hf_json_open(json, '[');
    for (size_t r = 0; r < spot->count; r++)
        put_record(json, showing, i, r);
    hf_json_close(json, ']');
    hf_json_key_lit(json, "verdict", hf_reason_word(spot->verdict.reason));
    hf_json_close(json, '}');
}

static void put_property(struct hf_json *json, const struct hf_caa *property)
{
    hf_json_open(json, '{');
    hf_json_key_int(json, "flags", property->flags);
    hf_json_key_str(json, "tag", property->tag);
    hf_json_key_str(json, "value", property->value);
    hf_json_close(json, '}');
}

static void put_caa(struct hf_json *json, const struct hf_caa_sight *caa)
{
    hf_json_key(json, "caa");
    hf_json_open(json, '{');
    if (caa->failed) {
        hf_json_key_lit(json, "reason", "dns-failure");
        hf_json_key_str(json, "detail", caa->found.reason);
    } else if (caa->judged) {
        hf_json_key_lit(json, "reason", hf_caa_reason_word(caa->said.reason));
    }
    if (caa->said.unsure)
        hf_json_key_bool(json, "account_unsure", true);
    if (caa->at.len > 0) {
        hf_json_key_str(json, "at", caa->at);
        hf_json_key_lit(json, "security",
                        hf_security_word(caa->found.security));
    }
    hf_json_key(json, "records");
    hf_json_open(json, '[');
    for (size_t i = 0; i < caa->count; i++)
        put_property(json, &caa->rrset[i]);
    hf_json_close(json, ']');
    hf_json_close(json, '}');
}

static void put_notes(struct hf_json *json, const struct hf_sight *sight)
{
    hf_json_key(json, "findings");
    hf_json_open(json, '[');
    for (size_t i = 0; i < sight->note_count; i++) {
        const struct hf_note *note = &sight->notes[i];

        hf_json_open(json, '{');
        hf_json_key_lit(json, "word", hf_note_word(note->kind));
        hf_json_key_lit(json, "severity",
                        hf_severity_word(hf_note_severity(note->kind)));
        hf_json_key_str(json, "owner",
                        hf_name_span(&sight->spots[note->spot].owner));
        if (note->detail[0] != '\0')
            put_string(json, "detail", note->detail);
        hf_json_key_lit(json, "sentence", hf_note_sentence(note->kind));
        hf_json_close(json, '}');
    }
    hf_json_close(json, ']');
}

/* REQ ERR-07: the fixed words, so that a program can act on them. */
static void put_verdict(struct hf_json *json, const struct hf_showing *showing)
{
    const struct hf_sight *sight = showing->sight;
    const struct hf_spot *spot = &sight->spots[sight->best];
    enum hf_reason reason = spot->verdict.reason;

    hf_json_key(json, "verdict");
    hf_json_open(json, '{');
    hf_json_key_lit(json, "outcome",
                    hf_outcome_word(hf_reason_outcome(reason)));
    hf_json_key_lit(json, "reason", hf_reason_word(reason));
    hf_json_key_str(json, "adn", spot->adn);
    if (reason == HF_REASON_OK) {
        hf_json_key_int(json, "record", (int64_t)spot->verdict.relied);
        hf_json_key_int(json, "reusable_until", spot->verdict.expires_at);
    } else {
        hf_json_key_lit(json, "law", hf_reason_law(reason));
        hf_json_key_lit(json, "advice", hf_reason_advice(reason));
        if (hf_reason_outcome(reason) != HF_OUTCOME_DNS)
            put_remedy(json, showing, sight->best, SIZE_MAX);
    }
    hf_json_close(json, '}');
}

void hf_sight_put_json(const struct hf_showing *showing, struct hf_buf *out)
{
    const struct hf_sight *sight = showing->sight;
    struct hf_json json = hf_json_to(out);

    hf_json_open(&json, '{');
    hf_json_key_str(&json, "name", hf_name_span(&sight->name));
    hf_json_key_bool(&json, "wildcard", sight->wildcard);
    hf_json_key_int(&json, "now", showing->now.s);
    hf_json_key_lit(&json, "identifier", hf_decision_word(sight->decision));
    hf_json_key_lit(&json, "would_issue", hf_check_result_word(sight->result));
    if (sight->spot_count > 0) {
        put_verdict(&json, showing);
        hf_json_key(&json, "looked_at");
        hf_json_open(&json, '[');
        for (size_t i = 0; i < sight->spot_count; i++)
            put_spot(&json, showing, i);
        hf_json_close(&json, ']');
        put_caa(&json, &sight->caa);
        put_notes(&json, sight);
    }
    hf_json_close(&json, '}');
    hf_buf_putc(out, '\n');
}
