/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/plan.h"

#include "base/time_text.h"

#define TTL_DEFAULT_S 3600
#define TTL_MAX_S     604800 /* a week; more helps nobody */

/* What is being read, so that checks have few parameters. */
struct reading {
    const struct hf_cli *cli;
    const struct hf_subject *subject;
    struct hf_plan *plan;
};

/* Say what is wrong, and answer false. */
static bool refuse(const struct reading *reading, struct hf_span subject,
                   const char *text)
{
    (void)hf_cli_usage(reading->cli, subject, text);
    return false;
}

/* Something that --force overrules. */
static bool refuse_unless_forced(const struct reading *reading,
                                 struct hf_span subject, const char *text)
{
    return reading->plan->force || refuse(reading, subject, text);
}

static struct hf_span value_of(const struct reading *reading, const char *name)
{
    return hf_span_str(hf_cli_value(reading->cli, name, NULL));
}

/* ---- the CA and the draft that it speaks ---- */

static bool check_issuer(const struct reading *reading)
{
    const struct hf_subject *subject = reading->subject;
    const struct hf_ca_entry *entry = subject->entry;
    bool is_known = entry == NULL;

    if (!subject->has_ca)
        return refuse(reading, HF_SPAN(""),
                      "a record names its CA: give --ca ('holdfast ca-table' "
                      "lists them) or --issuer");
    /* REQ CHAL-06, CLI-07: exactly one name. */
    if (hf_cli_count(reading->cli, "issuer") > 1)
        return refuse(reading, HF_SPAN("--issuer"),
                      "a record names exactly one issuer; call again for the "
                      "next CA");
    for (size_t i = 0; entry != NULL && i < entry->issuer_count; i++)
        is_known |=
            hf_span_eq(subject->issuers[0], hf_span_str(entry->issuers[i]));
    if (!is_known)
        return refuse_unless_forced(
            reading, subject->issuers[0],
            "this CA does not use that issuer name as far as the table knows; "
            "leave out --issuer, or add --force");
    return true;
}

static bool check_offer(const struct reading *reading)
{
    const struct hf_ca_entry *entry = reading->subject->entry;

    if (entry == NULL)
        return true;
    if (strcmp(entry->state, "none") == 0)
        return refuse_unless_forced(
            reading, hf_span_str(entry->title),
            "does not offer dns-persist-01 over ACME as far as the table "
            "knows; 'holdfast ca-table' says more, --force goes ahead");
    if (strcmp(entry->state, "announced") == 0 ||
        strcmp(entry->state, "unknown") == 0)
        hf_cli_error(reading->cli, hf_span_str(entry->title),
                     "warning: not known to offer dns-persist-01 yet; the "
                     "record serves nobody until it does");
    return true;
}

/* REQ CLI-03: a value for the wrong draft is never published. */
static bool check_draft(const struct reading *reading)
{
    const struct hf_subject *subject = reading->subject;
    const struct hf_ca_entry *entry = subject->entry;
    struct hf_span draft = value_of(reading, "draft");
    struct hf_span known = hf_span_str(entry == NULL ? NULL : entry->draft);

    if (draft.len == 0 && hf_cli_has(reading->cli, "prefix"))
        draft = HF_SPAN("02"); /* as hf_subject_read() takes it */
    if (!subject->has_rules && !hf_cli_has(reading->cli, "both"))
        return refuse(reading, hf_span_str(entry == NULL ? "" : entry->title),
                      "the draft is not known that this CA speaks: --draft=01 "
                      "writes the account URL itself, --draft=02 with "
                      "--prefix and --thumbprint its hash");
    if (draft.len > 0 && known.len > 0 && !hf_span_eq(draft, known) &&
        !hf_span_eq(known, HF_SPAN("dual")) &&
        !hf_cli_has(reading->cli, "both"))
        return refuse_unless_forced(
            reading, draft,
            "this CA speaks another draft as far as the table knows, and a "
            "record of the wrong one never validates; leave out --draft and "
            "--prefix, use --both while it changes, or add --force");
    return true;
}

static bool wants_hash(const struct reading *reading)
{
    enum hf_rules rules = reading->subject->ca.rules;

    if (hf_cli_has(reading->cli, "both"))
        return true;
    return rules == HF_RULES_DRAFT_02 ||
           (rules == HF_RULES_DUAL && reading->subject->ca.prefix_count > 0);
}

/* ---- the account ---- */

static bool check_account(const struct reading *reading)
{
    const struct hf_subject *subject = reading->subject;

    if (!subject->has_account)
        return refuse(reading, HF_SPAN(""),
                      "a record names the ACME account: give --account-url, "
                      "the URL that your client stores after registration");
    if (subject->entry != NULL &&
        !hf_ca_url_fits(subject->entry, subject->account.url))
        return refuse_unless_forced(
            reading, subject->account.url,
            "this is no account URL of that CA ('holdfast ca-table' shows "
            "their form); is it of another CA, or of the test service? "
            "--force goes ahead");
    if (!wants_hash(reading))
        return true;
    if (subject->ca.prefix_count == 0)
        return refuse(reading, HF_SPAN(""),
                      "draft -02 needs --prefix: the accountHashPrefix in the "
                      "\"meta\" member of the CA's directory");
    if (subject->ca.prefix_count > 1)
        return refuse(reading, HF_SPAN("--prefix"),
                      "a record has one prefix: the one that the directory "
                      "shows now");
    if (subject->account.key_count == 0)
        return refuse(reading, HF_SPAN(""),
                      "draft -02 hashes the account's key: give --thumbprint, "
                      "or --key with its public half");
    return true;
}

/* ---- the rest ---- */

static bool read_hash_alg(const struct reading *reading, enum hf_hash_alg *out)
{
    struct hf_span name = value_of(reading, "hash-alg");

    if (name.len == 0)
        return true;
    if (!wants_hash(reading))
        return refuse(reading, HF_SPAN("--hash-alg"),
                      "only draft -02 hashes; leave it out");
    if (!hf_hash_alg_find(name, out))
        return refuse(reading, name,
                      "no hash name of 256 bits or more in the registry of "
                      "RFC 6920; names are in lower case, like sha-384");
    /* REQ CLI-15, ACCT-12 */
    if (*out != HF_SHA_256)
        hf_cli_error(reading->cli, name,
                     "warning: a CA has to accept sha-256 only; be sure that "
                     "its documentation lists this one");
    return true;
}

static bool read_until(const struct reading *reading, struct hf_grant *grant)
{
    struct hf_span text = value_of(reading, "until");
    struct hf_time until;
    struct hf_why why = {0};

    if (!hf_cli_has(reading->cli, "until"))
        return true;
    if (hf_time_parse(text, reading->cli->now, &until, &why) != HF_OK)
        return refuse(reading, text, why.text);
    if (until.s < reading->cli->now.s)
        return refuse_unless_forced(
            reading, text,
            "this moment has passed, and the record could never validate; "
            "give a later one, or a distance such as +90d");
    grant->has_until = true;
    grant->until_at = until.s;
    return true;
}

static bool read_ttl(const struct reading *reading)
{
    int64_t ttl_s = TTL_DEFAULT_S;

    if (!hf_cli_number(reading->cli, "ttl", 0, TTL_MAX_S, &ttl_s))
        return false;
    reading->plan->ttl_s = (uint32_t)ttl_s;
    return true;
}

static void warn_about_reach(const struct reading *reading)
{
    const struct hf_ca_entry *entry = reading->subject->entry;

    /* REQ CLI-09, RECORD-17 */
    if (hf_cli_has(reading->cli, "star"))
        hf_cli_error(reading->cli, HF_SPAN("--star"),
                     "warning: whoever compares two of these records sees "
                     "that both names belong to one account");
    /* REQ CLI-13, SCOPE-12 */
    if (reading->plan->wildcard && entry != NULL &&
        entry->parents == HF_KNOWN_NO)
        hf_cli_error(reading->cli, hf_span_str(entry->title),
                     "warning: this CA looks at the exact name only; besides "
                     "NAME and *.NAME, names below need records of their own");
    if (reading->plan->caa)
        hf_cli_error(reading->cli, HF_SPAN("--caa"),
                     "warning: a CAA record shuts out every other CA, account "
                     "and method for the name and all below; merge it with "
                     "those that you have");
}

static void fill_grants(const struct reading *reading, struct hf_grant *grant)
{
    const struct hf_subject *subject = reading->subject;
    struct hf_plan *plan = reading->plan;
    bool both = hf_cli_has(reading->cli, "both");

    grant->issuer = subject->issuers[0];
    grant->account_url = subject->account.url;
    if (both || !wants_hash(reading)) {
        grant->variant = subject->ca.rules == HF_RULES_DRAFT_00 ? HF_VARIANT_00
                                                                : HF_VARIANT_01;
        plan->grants[plan->grant_count++] = *grant;
    }
    if (!wants_hash(reading))
        return;
    grant->variant = HF_VARIANT_02;
    grant->prefix = subject->prefixes[0];
    /* REQ CLI-08: the first one is that of the current key. */
    grant->thumbprint = subject->keys[0].thumbprint;
    grant->star = hf_cli_has(reading->cli, "star");
    plan->grants[plan->grant_count++] = *grant;
}

bool hf_plan_read(const struct hf_cli *cli, const struct hf_subject *subject,
                  struct hf_plan *plan)
{
    struct reading reading = {cli, subject, plan};
    struct hf_grant grant = {.alg = HF_SHA_256, .until_at = INT64_MAX};

    *plan = (struct hf_plan){
        .wildcard = hf_cli_has(cli, "wildcard"),
        .caa = hf_cli_has(cli, "caa"),
        .force = hf_cli_has(cli, "force"),
    };
    if (!check_issuer(&reading) || !check_offer(&reading) ||
        !check_draft(&reading) || !check_account(&reading))
        return false;
    if (hf_cli_has(cli, "star") && !wants_hash(&reading))
        return refuse(&reading, HF_SPAN("--star"),
                      "only draft -02 has a form that is good for every name; "
                      "leave it out");
    if (!read_hash_alg(&reading, &grant.alg) || !read_until(&reading, &grant) ||
        !read_ttl(&reading))
        return false;
    fill_grants(&reading, &grant);
    warn_about_reach(&reading);
    return true;
}

/* REQ CLI-24, VAL-51: the account URL itself, never its hash. */
void hf_plan_put_caa(const struct hf_plan *plan, struct hf_buf *out)
{
    hf_buf_put(out, plan->grants[0].issuer);
    hf_buf_puts(out, "; accounturi=");
    hf_buf_put(out, plan->grants[0].account_url);
    hf_buf_puts(out, "; validationmethods=dns-persist-01");
}
