/* SPDX-License-Identifier: Apache-2.0 */
#include "base/time_text.h"
#include "cli/commands.h"
#include "cli/given.h"
#include "cli/said.h"
#include "cli/subject.h"

static const struct hf_option options[] = {
    HF_GIVEN_OPTIONS,
    {.name = "name",
     .arg = "NAME",
     .help = "Name at which the record stands, if its line does not say"},
    {.name = "prefix",
     .arg = "URL",
     .many = true,
     .help = "accountHashPrefix of the CA, to tell hashed from raw"},
    {.name = "ca-file",
     .arg = "FILE",
     .choices = "<file>",
     .help = "More CAs, in the format of data/cas.json"},
};

struct explain {
    struct hf_cli *cli;
    struct hf_subject subject;
    struct hf_cas *cas;
    struct hf_name name; /* --name; empty when not given */
    bool useless;        /* some record authorises nobody now */
};

/* All that is known about one record. */
struct story {
    const struct hf_given *given;
    struct hf_said said;
    struct hf_reach reach;
    const struct hf_ca_entry *entry; /* whose issuer name it is, or NULL */
    struct hf_span name;             /* where it stands; empty: unknown */
    struct hf_time now;
    int64_t last_use_at; /* of a validation made now, if it is removed next */
};

/* ---- facts ---- */

/* Removal stops new validations; those made before last this long (REQ
 * MON-12, REUSE-01, REUSE-06). The TTL, which may cut raw ones short under
 * -00 and -01, is not known here, so that this is the latest moment. */
static int64_t last_use(const struct story *story)
{
    struct hf_validation validation = {
        .rules = story->said.hashed ? HF_RULES_DRAFT_02 : HF_RULES_DRAFT_01,
        .form = story->said.hashed ? HF_FORM_HASHED : HF_FORM_RAW,
        .validated_at = story->now.s,
        .until_at = story->said.record.until_at,
        .reuse_s = HF_REUSE_MAX_S,
    };

    return hf_reuse_expires(&validation);
}

static void read_story(struct explain *explain, const struct hf_given *given,
                       struct story *story)
{
    *story = (struct story){.given = given, .now = explain->cli->now};
    hf_said_read(given->value, &explain->subject.ca, &story->said);
    story->entry = hf_cas_find_issuer(explain->cas, story->said.issuer);
    story->name = explain->name.len > 0 ? hf_name_span(&explain->name)
                                        : hf_given_name(given);
    if (story->said.reason == HF_REASON_OK) {
        story->reach = hf_reach_of_record(&story->said.record, story->now);
        story->last_use_at = last_use(story);
    }
}

/* ---- words ---- */

static void put_heading(struct hf_buf *out, const char *heading)
{
    hf_buf_puts(out, "\n  ");
    hf_buf_puts(out, heading);
    hf_buf_puts(out, "\n    ");
}

static void put_name(struct hf_buf *out, const struct story *story)
{
    if (story->name.len > 0)
        hf_buf_put_escaped(out, story->name, HF_NAME_MAX);
    else
        hf_buf_puts(out, "the name at which it stands");
}

static void put_who(struct hf_buf *out, const struct story *story)
{
    const struct hf_said *said = &story->said;

    put_heading(out, "Who may issue");
    hf_buf_puts(out, "The CA ");
    hf_buf_put_escaped(out, said->issuer, HF_NAME_MAX);
    if (story->entry != NULL) {
        hf_buf_puts(out, " (an issuer name of ");
        hf_buf_put_escaped(out, hf_span_str(story->entry->title), 100);
        hf_buf_putc(out, ')');
    }
    hf_buf_puts(out, ", to whoever holds the key of the account\n    ");
    hf_buf_put_escaped(out, said->record.account_uri, 2000);
    hf_buf_puts(out, said->hashed
                         ? "\n    That is a hash (draft -02): it does not show "
                           "which account it is, and was made for this name "
                           "or, in the star form, for any.\n"
                         : "\n    That is its own URL (drafts -00 and -01): "
                           "anybody can see which other names have the same "
                           "account.\n");
}

static void put_scope(struct hf_buf *out, const struct story *story)
{
    put_heading(out, "For which names, under the drafts");
    put_name(out, story);
    if (story->reach.draft == HF_EXTENT_SUBTREE) {
        hf_buf_puts(out, ", its wildcard, and every name below it at any "
                         "depth, also names that do not exist yet "
                         "(policy=wildcard).\n");
        if (story->entry != NULL && story->entry->parents == HF_KNOWN_NO)
            hf_buf_puts(out, "    This CA is known to look at the exact name "
                             "only: it serves the name and its wildcard, "
                             "and names below need records of their own.\n");
    } else {
        hf_buf_puts(out, " only: not its wildcard, no name below.\n");
    }
    put_heading(out, "At worst, under the Baseline Requirements alone");
    hf_buf_puts(out, "Every name that ends in ");
    put_name(out, story);
    hf_buf_puts(out,
                ", and wildcards: BR 3.2.2.4.22 knows no policy parameter, and "
                "a CA that follows that text alone may ignore it.\n");
}

static void put_until(struct hf_buf *out, const struct story *story)
{
    const struct hf_record *record = &story->said.record;

    put_heading(out, "Until when");
    if (!record->has_until) {
        hf_buf_puts(out, "Without end: as long as the record stands.\n");
        return;
    }
    hf_time_put(out, record->until_at);
    hf_buf_puts(out, ", ");
    hf_put_distance(out, story->now.s, record->until_at);
    hf_buf_puts(out, ". Afterwards no new validation succeeds, and renewals "
                     "fail unless the record is changed before. Certificates "
                     "already issued stay valid.\n");
}

/* REQ RECORD-31, REUSE-10, MON-12 */
static void put_removal(struct hf_buf *out, const struct story *story)
{
    put_heading(out, "What deleting the record stops");
    hf_buf_puts(out, "New validations, once name servers and caches have "
                     "forgotten it.\n");
    put_heading(out, "What deleting it does not stop");
    hf_buf_puts(out, "Validations already made: a CA may use them until ");
    hf_time_put(out, story->last_use_at);
    hf_buf_puts(out, " at the latest (10 days, BR 3.2.2.4.22");
    hf_buf_puts(out, story->said.hashed
                         ? "; persistUntil, draft -02 4.1).\n"
                         : "; less if the TTL is shorter, draft -01).\n");
    if (story->entry != NULL && story->entry->reuses == HF_KNOWN_NO)
        hf_buf_puts(out, "    This CA is known to validate anew for each "
                         "order.\n");
    hf_buf_puts(out,
                "    Orders that are ready, and certificates already issued: "
                "they stay.\n");
    put_heading(out, "How to stop those, too");
    hf_buf_puts(
        out,
        "Deactivate the authorizations (RFC 8555 7.5.2); revoke the "
        "certificates (7.6). Deactivating the account (7.3.6) ends all its "
        "authorizations at once, for every name and for ever; it revokes no "
        "certificate.\n");
}

/* REQ ACCT-11, CLI-22 */
static void put_rollover(struct hf_buf *out, const struct story *story)
{
    put_heading(out, "When the account changes its key (RFC 8555 7.3.5)");
    hf_buf_puts(
        out,
        story->said.hashed
            ? "The value is computed from the key. The CA goes on accepting "
              "this one as long as the account lives, but make and publish "
              "the new value soon (draft -02 7.2.1). The old key cannot sign "
              "any more, in whosever hands it is.\n"
            : "The account URL stays, and so does the record: nothing to do. "
              "Changing the key does not end what this record allows.\n");
}

static void put_useless(struct hf_buf *out, const struct story *story)
{
    const struct hf_said *said = &story->said;

    put_heading(out, "Who may issue");
    hf_buf_puts(out, "Nobody, by this record: ");
    if (hf_said_is_nobodys(said)) {
        hf_buf_puts(out, "it names no CA.\n");
    } else if (said->reason != HF_REASON_OK) {
        hf_put_sentence(out, said->law);
        hf_buf_putc(out, '\n');
        hf_said_put_marked(said, "      ", out);
        hf_buf_puts(out, "    ");
        hf_buf_puts(out, hf_reason_advice(said->reason));
        hf_buf_putc(out, '\n');
    } else {
        hf_buf_puts(out, "it expired at ");
        hf_time_put(out, said->record.until_at);
        hf_buf_puts(out, ".\n");
    }
}

static void put_text(struct hf_buf *out, const struct story *story)
{
    if (story->given->owner.len > 0) {
        hf_buf_put_escaped(out, story->given->owner, HF_NAME_MAX);
        hf_buf_putc(out, '\n');
    }
    hf_buf_put_escaped(out, story->given->value, 4000);
    hf_buf_putc(out, '\n');
    if (story->reach.br == HF_EXTENT_NONE) {
        put_useless(out, story);
    } else {
        put_who(out, story);
        put_scope(out, story);
        put_until(out, story);
        put_removal(out, story);
        put_rollover(out, story);
    }
    hf_buf_putc(out, '\n');
}

/* ---- JSON ---- */

static void put_json_moment(struct hf_json *json, const char *key, int64_t at)
{
    char room[HF_TIME_TEXT_MAX];
    struct hf_buf text;

    hf_buf_init(&text, room, sizeof(room));
    hf_time_put(&text, at);
    hf_json_key_str(json, key, hf_buf_span(&text));
}

static void put_json_grant(struct hf_json *json, const struct story *story)
{
    const struct hf_said *said = &story->said;

    hf_json_key_str(json, "accounturi", said->record.account_uri);
    hf_json_key_lit(json, "form", hf_said_form_word(said));
    if (said->record.has_until)
        put_json_moment(json, "until", said->record.until_at);
    put_json_moment(json, "reuseAfterRemovalUntil", story->last_use_at);
    hf_json_key_bool(json, "keyRolloverChangesValue", said->hashed);
}

static void put_json(struct hf_buf *out, const struct story *story)
{
    struct hf_json json = hf_json_to(out);

    hf_json_open(&json, '{');
    if (story->given->owner.len > 0)
        hf_json_key_str(&json, "owner", story->given->owner);
    if (story->name.len > 0)
        hf_json_key_str(&json, "name", story->name);
    hf_json_key_str(&json, "value", story->given->value);
    hf_json_key_lit(&json, "reading", hf_reason_word(story->said.reason));
    hf_json_key_str(&json, "issuer", story->said.issuer);
    if (story->entry != NULL)
        hf_json_key_lit(&json, "ca", story->entry->name);
    hf_json_key_lit(&json, "draftReach", hf_extent_word(story->reach.draft));
    hf_json_key_lit(&json, "brReach", hf_extent_word(story->reach.br));
    if (story->said.reason == HF_REASON_OK)
        put_json_grant(&json, story);
    hf_json_close(&json, '}');
    hf_buf_putc(out, '\n');
}

/* ---- the command ---- */

static void explain_one(void *state, const struct hf_given *given)
{
    struct explain *explain = state;
    struct hf_out *out = explain->cli->out;
    struct story story;
    struct hf_buf text;
    struct hf_buf wrapped;

    hf_buf_init_grow(&text, (size_t)2 << 20);
    hf_buf_init_grow(&wrapped, (size_t)4 << 20);
    read_story(explain, given, &story);
    if (explain->cli->json) {
        put_json(&wrapped, &story);
    } else {
        put_text(&text, &story);
        hf_put_wrapped(&wrapped, hf_buf_span(&text));
    }
    if (text.full || wrapped.full)
        hf_cli_error(explain->cli, HF_SPAN(""), "out of memory");
    hf_out_put(out, hf_buf_span(&wrapped));
    hf_out_step(out);
    explain->useless |= story.reach.br == HF_EXTENT_NONE;
    hf_buf_clear(&text);
    hf_buf_clear(&wrapped);
}

static bool read_name(struct explain *explain)
{
    const char *text = hf_cli_value(explain->cli, "name", NULL);
    struct hf_span name = hf_span_str(text);

    (void)hf_name_take_star(&name);
    if (text == NULL || hf_idna_canonical(name, &explain->name, NULL) == HF_OK)
        return true;
    (void)hf_cli_usage(explain->cli, hf_span_str(text),
                       "--name wants a domain name");
    return false;
}

static enum hf_exit run_explain(struct explain *explain)
{
    const char *path = hf_cli_value(explain->cli, "ca-file", NULL);
    enum hf_exit status;

    if (!read_name(explain))
        return HF_EXIT_USAGE;
    if (!hf_subject_load_table(explain->cli, path, &explain->cas))
        return HF_EXIT_ERROR;
    status = hf_given_each(explain->cli, explain_one, explain);
    return status == HF_EXIT_GOOD && explain->useless ? HF_EXIT_NO : status;
}

static enum hf_exit run(struct hf_cli *cli)
{
    struct explain explain = {.cli = cli};
    enum hf_exit status = hf_subject_read(cli, &explain.subject);

    if (status != HF_EXIT_GOOD)
        return status;
    status = run_explain(&explain);
    hf_cas_free(explain.cas);
    hf_subject_clear(&explain.subject);
    return status;
}

const struct hf_command hf_cmd_record_explain = {
    .name = "record explain",
    .operands = "[RECORD]...",
    .summary = "Say who may issue what by a record, and how to stop it",
    .details = "RECORDs are given as for 'record parse'. Status 2: some record "
               "authorises\n"
               "nobody.\n"
               "\n"
               "  holdfast record explain --name=example.com \\\n"
               "      'ca.example; accounturi=https://ca.example/acct/1; "
               "policy=wildcard'\n",
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .operands_max = SIZE_MAX,
    .run = run,
};
