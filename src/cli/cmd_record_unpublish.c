/* SPDX-License-Identifier: Apache-2.0 */
#include "base/alloc.h"
#include "base/time_text.h"
#include "cli/commands.h"
#include "cli/fence.h"
#include "cli/layers.h"
#include "cli/publisher.h"
#include "cli/said.h"
#include "cli/state_dir.h"
#include "cli/subject.h"
#include "client/register.h"
#include "holdfast/idna.h"
#include "holdfast/reuse.h"

#define TEXT_MAX 65536 /* octets of everything that is kept of the rows */

static const struct hf_option options[] = {
    {.name = "ca",
     .arg = "NAME",
     .help = "The record's CA, by its name in 'holdfast ca-table'"},
    {.name = "ca-file",
     .arg = "FILE",
     .choices = "<file>",
     .help = "More CAs, in the format of data/cas.json"},
    {.name = "issuer",
     .arg = "DOMAIN",
     .help = "The record's CA, by the issuer domain name in it"},
    {.name = "account-url",
     .arg = "URL",
     .help = "The record's ACME account, exactly as the CA spells it"},
    HF_PUBLISHER_OPTIONS,
    HF_STATE_OPTION,
};

struct removal {
    struct hf_cli *cli;
    struct hf_subject subject;
    bool has_subject;
    struct hf_register *reg;
    struct hf_publisher publisher;
    struct hf_publisher_job job;
    int64_t ids[HF_WISH_OLD];
    struct hf_name name;
    struct hf_name owner;
    struct hf_span issuer; /* of the first row */
    struct hf_span account_url;
    const char *server; /* as the register has them */
    const char *label;
    struct hf_buf text; /* what the spans borrow from; fixed */
};

/* ---- which records ---- */

static struct hf_span keep(struct removal *r, struct hf_span text)
{
    size_t from = r->text.len;

    hf_buf_put(&r->text, text);
    hf_buf_putc(&r->text, '\0');
    return (struct hf_span){r->text.ptr + from, text.len};
}

/* Exactly one account's: removing several at once is asking for trouble. */
static bool is_same_account(struct removal *r, const struct hf_entry *entry)
{
    return r->job.wish.old_count == 0 ||
           (hf_span_eq(entry->issuer, r->issuer) &&
            hf_span_eq(entry->account_url, r->account_url));
}

static enum hf_err take_row(struct removal *r, const struct hf_entry *entry,
                            struct hf_why *why)
{
    struct hf_publisher_job *job = &r->job;
    size_t n = job->wish.old_count;

    if (!is_same_account(r, entry))
        return hf_fail(why, HF_EINVAL, 0,
                       "records of several accounts are there: say which by "
                       "--issuer and --account-url, or by its number "
                       "('holdfast record list')");
    if (n == HF_WISH_OLD)
        return hf_fail(why, HF_ELIMIT, 0,
                       "too many records at once; remove them by number");
    if (n == 0) {
        job->name = keep(r, entry->name);
        job->owner = keep(r, entry->owner);
        job->ttl_s = entry->ttl_s;
        r->issuer = keep(r, entry->issuer);
        r->account_url = keep(r, entry->account_url);
        r->server = keep(r, entry->server).ptr;
        r->label = keep(r, entry->publisher).ptr;
    }
    r->ids[n] = entry->id;
    job->notes[n] = keep(r, entry->note);
    job->wish.old[job->wish.old_count++] = keep(r, entry->value);
    return r->text.full ? hf_fail(why, HF_ELIMIT, 0, "too long") : HF_OK;
}

static enum hf_err read_rows(struct removal *r,
                             const struct hf_register_filter *filter,
                             struct hf_why *why)
{
    struct hf_entry entry;
    bool more = true;
    enum hf_err err = hf_register_list(r->reg, filter, why);

    if (err != HF_OK)
        return err;
    while (err == HF_OK && more) {
        err = hf_register_next(r->reg, &entry, &more, why);
        if (err != HF_OK)
            return err;
        if (more && entry.state == HF_RECORD_REMOVED)
            err = hf_fail(why, HF_ENOTFOUND, 0, "it was removed already");
        else if (more)
            err = take_row(r, &entry, why);
    }
    if (more)
        hf_register_end(r->reg);
    return err;
}

/* ---- what the command line says ---- */

static bool read_number(struct hf_span text, int64_t *out)
{
    return hf_persist_until_parse(text, out) && *out > 0;
}

/* A name that is not in the register can still be looked for in DNS, when CA
 * and account are known: the register may be on another machine. */
static bool wish_by_account(struct removal *r)
{
    struct hf_wish *wish = &r->job.wish;

    if (hf_owner_of_name(hf_name_span(&r->name), &r->owner, NULL) != HF_OK)
        return false;
    r->job.name = hf_name_span(&r->name);
    r->job.owner = hf_name_span(&r->owner);
    wish->issuer = r->subject.issuers[0];
    wish->account_uris[0] = r->subject.account.url;
    wish->uri_count = 1;
    r->account_url = r->subject.account.url;
    return hf_cli_has(r->cli, "server");
}

static enum hf_exit find_by_name(struct removal *r, struct hf_span text)
{
    struct hf_register_filter filter = {0};
    struct hf_why why = {0};
    enum hf_err err = HF_ENOTFOUND;

    (void)hf_name_take_star(&text);
    if (hf_idna_canonical(text, &r->name, &why) != HF_OK) {
        hf_cli_fail(r->cli, text, &why);
        return HF_EXIT_USAGE;
    }
    filter.name = hf_name_span(&r->name);
    if (r->subject.has_ca)
        filter.issuer = r->subject.issuers[0];
    filter.account_url = r->subject.account.url;
    if (r->reg != NULL)
        err = read_rows(r, &filter, &why);
    if (err == HF_OK && r->job.wish.old_count > 0)
        return HF_EXIT_GOOD;
    if (err != HF_OK && r->reg != NULL) {
        hf_cli_fail(r->cli, text, &why);
        return HF_EXIT_ERROR;
    }
    if (r->subject.has_ca && r->subject.has_account && wish_by_account(r))
        return HF_EXIT_GOOD;
    hf_cli_error(r->cli, text,
                 "no such record in the register; with --issuer, "
                 "--account-url and --server it is looked for in DNS");
    return HF_EXIT_ERROR;
}

static enum hf_exit find_by_number(struct removal *r, int64_t id)
{
    const struct hf_register_filter filter = {.id = id};
    struct hf_span text = hf_span_str(r->cli->operands[0]);
    struct hf_why why = {0};
    enum hf_err err = HF_OK;

    if (r->reg != NULL)
        err = read_rows(r, &filter, &why);
    if (err != HF_OK) {
        hf_cli_fail(r->cli, text, &why);
        return HF_EXIT_ERROR;
    }
    if (r->job.wish.old_count > 0)
        return HF_EXIT_GOOD;
    hf_cli_error(r->cli, text, "no record of this number in the register");
    return HF_EXIT_ERROR;
}

static enum hf_exit find(struct removal *r)
{
    struct hf_span text = hf_span_str(r->cli->operands[0]);
    int64_t id;
    enum hf_exit status = hf_subject_read(r->cli, &r->subject);

    if (status != HF_EXIT_GOOD)
        return status;
    r->has_subject = true;
    status = hf_state_register(r->cli, true, &r->reg);
    if (status != HF_EXIT_GOOD)
        return status;
    return read_number(text, &id) ? find_by_number(r, id)
                                  : find_by_name(r, text);
}

/* ---- showing ---- */

/* Was there anything to remove? Only an update can tell. */
static bool was_there(const struct removal *r)
{
    return r->publisher.kind != HF_PUBLISHER_UPDATE ||
           r->job.result.before.old > 0;
}

/* REQ CLI-26, MON-12: removing is gradual. */
static void put_consequences(struct hf_buf *out, const struct removal *r)
{
    hf_buf_puts(out, "    What this stops: new validations by this record, "
                     "once caches have forgotten it (TTL ");
    hf_buf_put_u64(out, r->job.ttl_s);
    hf_buf_puts(out,
                " s).\n    What it does not stop: authorizations that the CA "
                "has granted already live on for up to 10 days, until ");
    hf_time_put(out, r->cli->now.s + r->job.ttl_s + HF_REUSE_MAX_S);
    hf_buf_puts(out,
                " at the latest (BR 3.2.2.4.22), and certificates until they "
                "expire. To stop those too, deactivate the authorizations "
                "(RFC 8555 7.5.2) and revoke the certificates (7.6); "
                "deactivating the account (7.3.6) ends all its "
                "authorizations at once and for ever.\n");
}

static void put_old(struct hf_buf *out, const struct removal *r)
{
    const struct hf_wish *wish = &r->job.wish;
    bool asks = r->publisher.kind == HF_PUBLISHER_PRINT;

    hf_buf_put(out, r->job.owner);
    hf_buf_putc(out, '\n');
    for (size_t i = 0; i < wish->old_count; i++) {
        hf_buf_puts(out, asks                   ? "  delete this record: "
                         : r->publisher.dry_run ? "  would remove "
                                                : "  removed ");
        hf_buf_put_escaped(out, wish->old[i], TEXT_MAX);
        hf_buf_putc(out, '\n');
    }
}

static void put_update(struct hf_buf *out, const struct removal *r)
{
    const struct hf_publish_result *result = &r->job.result;

    if (!was_there(r))
        hf_buf_puts(out, "  it was not there any more\n");
    else if (r->job.wish.old_count == 0) {
        hf_buf_puts(out,
                    r->publisher.dry_run ? "  would remove " : "  removed ");
        hf_buf_put_u64(out, result->before.old);
        hf_buf_puts(out, result->before.old == 1 ? " record of the account\n"
                                                 : " records of the account\n");
    }
    hf_buf_puts(out, "  left alone: ");
    hf_buf_put_u64(out, result->before.others);
    hf_buf_puts(out, result->before.others == 1 ? " other record\n"
                                                : " other records\n");
}

static void put_text(struct removal *r)
{
    char room[4096];
    struct hf_buf end;
    struct hf_buf *out = &r->cli->out->buf;

    put_old(out, r);
    if (r->publisher.kind == HF_PUBLISHER_UPDATE)
        put_update(out, r);
    if (r->publisher.wait_ms > 0) {
        hf_buf_puts(out, "  ");
        hf_publisher_put_view(&r->job, true, out);
        hf_buf_putc(out, '\n');
    }
    hf_buf_init(&end, room, sizeof(room));
    put_consequences(&end, r);
    hf_put_wrapped(out, hf_buf_span(&end));
}

static void put_json(struct removal *r)
{
    struct hf_buf *out = &r->cli->out->buf;
    struct hf_json json = hf_json_to(out);
    const struct hf_wish *wish = &r->job.wish;

    hf_json_open(&json, '{');
    hf_json_key_str(&json, "name", r->job.name);
    hf_json_key_str(&json, "owner", r->job.owner);
    hf_json_key(&json, "removedIds");
    hf_json_open(&json, '[');
    for (size_t i = 0; i < wish->old_count && !r->publisher.dry_run; i++)
        hf_json_int(&json, r->ids[i]);
    hf_json_close(&json, ']');
    hf_json_key(&json, "values");
    hf_json_open(&json, '[');
    for (size_t i = 0; i < wish->old_count; i++)
        hf_json_str(&json, wish->old[i]);
    hf_json_close(&json, ']');
    hf_json_key_lit(&json, "publisher", r->publisher.label);
    hf_json_key_bool(&json, "dryRun", r->publisher.dry_run);
    if (r->publisher.kind == HF_PUBLISHER_UPDATE) {
        hf_json_key_int(&json, "removed", (int64_t)r->job.result.before.old);
        hf_json_key_int(&json, "others", (int64_t)r->job.result.before.others);
    }
    if (r->publisher.wait_ms > 0)
        hf_json_key_bool(&json, "verified", hf_verify_is_good(&r->job.view));
    hf_json_key_int(&json, "authorizationsEndBy",
                    r->cli->now.s + r->job.ttl_s + HF_REUSE_MAX_S);
    hf_json_close(&json, '}');
    hf_buf_putc(out, '\n');
}

/* ---- doing ---- */

static enum hf_err mark(struct removal *r, struct hf_why *why)
{
    const struct hf_register_change change = {
        .removed = r->ids, .removed_count = r->job.wish.old_count};

    if (r->publisher.dry_run || change.removed_count == 0)
        return HF_OK;
    return hf_register_change(r->reg, &change, r->cli->now.s, why);
}

/* People are told first, and the register when DNS has forgotten it. */
static enum hf_err ask_people(struct removal *r, struct hf_why *why)
{
    enum hf_err err;

    if (!r->cli->json)
        put_old(&r->cli->out->buf, r);
    (void)hf_out_flush(r->cli->out, NULL);
    err = hf_publisher_verify(&r->publisher, &r->job, why);
    if (err == HF_OK &&
        (r->publisher.wait_ms == 0 || hf_verify_is_good(&r->job.view)))
        err = mark(r, why);
    return err;
}

static enum hf_err remove_it(struct removal *r, struct hf_why *why)
{
    enum hf_err err;

    if (r->publisher.kind == HF_PUBLISHER_PRINT)
        return ask_people(r, why);
    err = hf_publisher_change(&r->publisher, &r->job, why);
    if (err == HF_OK)
        err = mark(r, why);
    if (err == HF_OK)
        err = hf_publisher_verify(&r->publisher, &r->job, why);
    return err;
}

static enum hf_exit finish(struct removal *r)
{
    struct hf_why why = {0};
    enum hf_err err = remove_it(r, &why);

    if (err != HF_OK) {
        hf_cli_fail(r->cli, r->job.name, &why);
        return err == HF_ECANCELED ? HF_EXIT_INTERRUPTED : HF_EXIT_ERROR;
    }
    if (r->cli->json)
        put_json(r);
    else
        put_text(r);
    hf_out_step(r->cli->out);
    return r->publisher.wait_ms > 0 && !hf_verify_is_good(&r->job.view)
               ? HF_EXIT_NO
               : HF_EXIT_GOOD;
}

static enum hf_exit run(struct hf_cli *cli)
{
    struct removal *r = hf_alloc(1, sizeof(*r));
    char *room = hf_alloc(TEXT_MAX, 1);
    enum hf_exit status = HF_EXIT_ERROR;

    if (r == NULL || room == NULL) {
        hf_cli_error(cli, HF_SPAN(""), "out of memory");
        goto out;
    }
    r->cli = cli;
    hf_buf_init(&r->text, room, TEXT_MAX);
    status = find(r);
    if (status == HF_EXIT_GOOD)
        status = hf_layers_use_zone_of(cli, r->job.name);
    if (status == HF_EXIT_GOOD) {
        const struct hf_publisher_default otherwise = {r->server, r->label};

        status = hf_publisher_read(cli, &otherwise, &r->publisher);
    }
    if (status == HF_EXIT_GOOD)
        status = hf_fence_from_cli(cli, &cli->state, 1);
    if (status == HF_EXIT_GOOD)
        status = finish(r);
    hf_buf_clear(&r->job.said);
    hf_publisher_clear(&r->publisher);
    hf_register_close(r->reg);
    if (r->has_subject)
        hf_subject_clear(&r->subject);

out:
    hf_free(room);
    hf_free(r);
    return status;
}

const struct hf_command hf_cmd_record_unpublish = {
    .name = "record unpublish",
    .operands = "NUMBER|NAME",
    .summary = "Take a record out of DNS, and nothing else",
    .details = "NUMBER is that of the register ('holdfast record list'); NAME "
               "is enough where\n"
               "one account has records only, else --issuer and --account-url "
               "say which.\n"
               "Removed is exactly what was published, by value: records of "
               "others stay.\n"
               "Without --server, --hook or --print it goes the way it came. "
               "Says what removing\n"
               "does not stop.\n"
               "\n"
               "  holdfast record unpublish 7 --tsig-file=update.key\n",
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .operands_min = 1,
    .operands_max = 1,
    .run = run,
};
