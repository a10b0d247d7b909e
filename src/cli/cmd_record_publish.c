/* SPDX-License-Identifier: Apache-2.0 */
#include "base/alloc.h"
#include "cli/commands.h"
#include "cli/fence.h"
#include "cli/making.h"
#include "cli/publisher.h"
#include "cli/state_dir.h"
#include "client/register.h"
#include "os/signals.h"

#define NAMES_MAX 10000 /* of one call: more are a job for zone tools */
#define TEXT_MAX  16384 /* octets of one name's records, old and new */
#define WORD_MAX  200   /* octets of --owner and --ticket */

static const struct hf_option options[] = {
    HF_MAKING_OPTIONS,
    HF_PUBLISHER_OPTIONS,
    {.name = "owner",
     .arg = "TEXT",
     .help = "Whom to ask about the record; kept in the register"},
    {.name = "ticket",
     .arg = "TEXT",
     .help = "The change ticket; kept in the register"},
};

/* One name on its way. */
struct item {
    const struct hf_wanted *wanted;
    struct hf_publisher_job job;
    struct hf_span zone; /* as far as it is known before */
    int64_t ids[HF_WISH_VALUES];
    int64_t old_ids[HF_WISH_OLD];
    struct hf_buf text; /* what the spans borrow from; fixed */
    bool changed;       /* the publisher did it */
    bool done;          /* and the register knows */
};

struct publish {
    struct hf_cli *cli;
    struct hf_making making;
    struct hf_publisher publisher;
    struct hf_register *reg; /* NULL: dry run, and there is none */
    struct item *items;
    bool is_register; /* the register is to blame for the last failure */
    size_t failed;    /* names */
    size_t lagging;   /* names that not all servers have */
};

/* ---- one name: what is wished ---- */

static struct hf_span keep(struct item *item, struct hf_span text)
{
    size_t from = item->text.len;

    hf_buf_put(&item->text, text);
    return (struct hf_span){item->text.ptr + from, item->text.len - from};
}

/* The account's URIs in any record of it: as the CA spells it, and hashed. */
static void add_uris(struct publish *p, struct item *item)
{
    struct hf_wish *wish = &item->job.wish;

    wish->issuer = p->making.subject.issuers[0];
    wish->account_uris[wish->uri_count++] = p->making.subject.account.url;
    for (size_t i = 0; i < wish->value_count; i++) {
        struct hf_record record = {0};
        size_t at;

        if (hf_record_read(wish->values[i], &record, &at) == HF_REASON_OK &&
            !hf_span_eq(record.account_uri, wish->account_uris[0]) &&
            wish->uri_count < HF_WISH_VALUES)
            wish->account_uris[wish->uri_count++] = record.account_uri;
    }
}

static enum hf_err fill_item(struct publish *p, struct item *item,
                             struct hf_why *why)
{
    struct hf_publisher_job *job = &item->job;
    struct hf_addition add;
    struct hf_name owner;
    char *room = hf_alloc(TEXT_MAX, 1);
    enum hf_err err;

    if (room == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    hf_buf_init(&item->text, room, TEXT_MAX);
    err = hf_making_add(&p->making, item->wanted, &owner, &add, why);
    if (err != HF_OK)
        return err;
    job->name = keep(item, add.name);
    job->owner = keep(item, add.owner);
    item->zone = keep(item, add.zone);
    job->ttl_s = add.ttl_s;
    job->ttl_counts = hf_cli_has(p->cli, "ttl");
    for (size_t i = 0; i < add.value_count; i++)
        job->wish.values[job->wish.value_count++] = keep(item, add.values[i]);
    add_uris(p, item);
    return HF_OK;
}

/* Earlier records of the same issuer and account at the name. */
static enum hf_err find_old(struct publish *p, struct item *item,
                            struct hf_why *why)
{
    struct hf_wish *wish = &item->job.wish;
    const struct hf_register_filter filter = {.name = item->job.name,
                                              .issuer = wish->issuer,
                                              .account_url =
                                                  wish->account_uris[0]};
    struct hf_entry entry;
    bool more = true;
    enum hf_err err = hf_register_list(p->reg, &filter, why);

    while (err == HF_OK && more) {
        err = hf_register_next(p->reg, &entry, &more, why);
        if (err != HF_OK || !more ||
            hf_span_among(entry.value, wish->values, wish->value_count))
            continue;
        if (wish->old_count == HF_WISH_OLD) {
            hf_register_end(p->reg);
            return hf_fail(why, HF_ELIMIT, 0,
                           "too many earlier records of this account at the "
                           "name; unpublish some");
        }
        item->old_ids[wish->old_count] = entry.id;
        item->job.notes[wish->old_count] = keep(item, entry.note);
        wish->old[wish->old_count++] = keep(item, entry.value);
    }
    if (err == HF_OK && item->text.full)
        err = hf_fail(why, HF_ELIMIT, 0, "too long");
    return err;
}

/* ---- one name: the register ---- */

static struct hf_span value_of(const struct publish *p, const char *option)
{
    return hf_span_str(hf_cli_value(p->cli, option, ""));
}

/* Before anything is sent: a crash must not leave a record that nobody knows
 * of. */
static enum hf_err write_down(struct publish *p, struct item *item,
                              struct hf_why *why)
{
    const struct hf_subject *subject = &p->making.subject;
    enum hf_err err = HF_OK;

    for (size_t i = 0; i < item->job.wish.value_count && err == HF_OK; i++) {
        const struct hf_grant *grant = &p->making.plan.grants[i];
        const struct hf_entry entry = {
            .name = item->job.name,
            .owner = item->job.owner,
            .value = item->job.wish.values[i],
            .issuer = item->job.wish.issuer,
            .ca = hf_span_str(subject->ca_name),
            .account_url = subject->account.url,
            .thumbprint = subject->account.key_count > 0
                              ? subject->account.keys[0].thumbprint
                              : HF_SPAN(""),
            .draft = hf_span_str(hf_variant_word(grant->variant)),
            .wildcard = item->wanted->wildcard,
            .has_until = grant->has_until,
            .until_at = grant->until_at,
            .ttl_s = item->job.ttl_s,
            .zone = item->zone,
            .server = hf_span_str(p->publisher.server.label),
            .publisher = hf_span_str(p->publisher.label),
            .person = value_of(p, "owner"),
            .ticket = value_of(p, "ticket")};

        err =
            hf_register_plan(p->reg, &entry, p->cli->now.s, &item->ids[i], why);
    }
    return err;
}

static enum hf_err mark(struct publish *p, const struct item *item,
                        bool verified, struct hf_why *why)
{
    const struct hf_publisher_job *job = &item->job;
    struct hf_register_change change = {.published = item->ids,
                                        .published_count =
                                            job->wish.value_count,
                                        .removed = item->old_ids,
                                        .removed_count = job->wish.old_count,
                                        .replaced_by = item->ids[0],
                                        .verified = verified,
                                        .ttl_s = job->ttl_s,
                                        .note = hf_hook_note(&job->said)};
    char room[HF_OWNER_TEXT_MAX + 1];
    struct hf_buf zone;
    enum hf_err err;

    hf_buf_init(&zone, room, sizeof(room));
    if (p->publisher.kind == HF_PUBLISHER_UPDATE) {
        hf_wire_name_put(&zone, &job->result.zone);
        change.zone = hf_buf_span(&zone);
        change.ttl_s = job->result.ttl_s;
    }
    err = hf_register_change(p->reg, &change, p->cli->now.s, why);
    p->is_register = err != HF_OK;
    return err;
}

/* ---- one name: all of it ---- */

/* A record that people are asked to publish is there when DNS says so. */
static bool waits_for_people(const struct publish *p)
{
    return p->publisher.kind == HF_PUBLISHER_PRINT;
}

static void put_request(struct publish *p, const struct item *item)
{
    struct hf_buf *out = &p->cli->out->buf;
    const struct hf_wish *wish = &item->job.wish;

    if (p->cli->json)
        return; /* its object says it */
    for (size_t i = 0; i < wish->value_count; i++) {
        hf_buf_put(out, item->job.owner);
        hf_buf_puts(out, ". ");
        hf_buf_put_u64(out, item->job.ttl_s);
        hf_buf_puts(out, " IN TXT ");
        hf_txt_put_presentation(out, wish->values[i]);
        hf_buf_putc(out, '\n');
        hf_out_step(p->cli->out);
    }
}

/* What it knows, and what is going to happen. */
static enum hf_err use_register(struct publish *p, struct item *item,
                                struct hf_why *why)
{
    enum hf_err err = HF_OK;

    if (p->reg != NULL)
        err = find_old(p, item, why);
    if (err == HF_OK && !p->publisher.dry_run)
        err = write_down(p, item, why);
    p->is_register = err != HF_OK;
    return err;
}

static enum hf_err publish_item(struct publish *p, struct item *item,
                                struct hf_why *why)
{
    enum hf_err err = fill_item(p, item, why);

    if (err == HF_OK)
        err = use_register(p, item, why);
    if (err != HF_OK)
        return err;
    if (waits_for_people(p))
        put_request(p, item);
    err = hf_publisher_change(&p->publisher, &item->job, why);
    if (err != HF_OK)
        return err;
    item->changed = !p->publisher.dry_run;
    if (item->changed && !waits_for_people(p))
        err = mark(p, item, false, why);
    item->done = err == HF_OK;
    return err;
}

static enum hf_err verify_item(struct publish *p, struct item *item,
                               struct hf_why *why)
{
    enum hf_err err;
    bool good;

    if (p->publisher.wait_ms == 0)
        return HF_OK;
    err = hf_publisher_verify(&p->publisher, &item->job, why);
    if (err != HF_OK)
        return err;
    good = hf_verify_is_good(&item->job.view);
    p->lagging += !good;
    if (good)
        err = mark(p, item, true, why);
    return err;
}

/* ---- showing ---- */

static void put_number(struct hf_buf *out, const char *before, uint64_t number,
                       const char *one, const char *many)
{
    hf_buf_puts(out, before);
    hf_buf_put_u64(out, number);
    hf_buf_puts(out, number == 1 ? one : many);
}

static void put_values(struct hf_buf *out, const char *label,
                       const struct hf_span *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        hf_buf_puts(out, label);
        hf_buf_put_escaped(out, values[i], HF_MAKING_VALUE_MAX);
        hf_buf_putc(out, '\n');
    }
}

static void put_update(struct hf_buf *out, const struct publish *p,
                       const struct item *item)
{
    const struct hf_publish_result *result = &item->job.result;
    bool dry = p->publisher.dry_run;

    if (!result->changed)
        hf_buf_puts(out, "  nothing to do: it is there already\n");
    if (result->before.old > 0)
        put_number(out, dry ? "  would replace " : "  replaced ",
                   result->before.old, " earlier record of the account\n",
                   " earlier records of the account\n");
    if (result->before.others > 0)
        put_number(out, "  left alone: ", result->before.others,
                   " other record\n", " other records\n");
    if (result->ttl_s != item->job.ttl_s) {
        hf_buf_puts(out, "  TTL ");
        hf_buf_put_u64(out, result->ttl_s);
        hf_buf_puts(out, ", that of the records beside it\n");
    }
    hf_buf_puts(out, "  zone ");
    hf_wire_name_put(out, &result->zone);
    hf_buf_puts(out, " at ");
    hf_buf_puts(out, p->publisher.server.label);
    hf_buf_puts(out,
                p->publisher.key == NULL ? ", not signed\n" : ", signed\n");
}

static void put_text(struct hf_buf *out, const struct publish *p,
                     const struct item *item)
{
    const struct hf_publisher_job *job = &item->job;
    bool dry = p->publisher.dry_run;

    hf_buf_put(out, job->owner);
    hf_buf_putc(out, '\n');
    put_values(out, dry ? "  would publish " : "  record ", job->wish.values,
               job->wish.value_count);
    if (p->publisher.kind == HF_PUBLISHER_UPDATE)
        put_update(out, p, item);
    else
        put_values(out,
                   dry ? "  would remove " : "  to be removed: ", job->wish.old,
                   waits_for_people(p) ? job->wish.old_count : 0);
    if (p->publisher.wait_ms > 0) {
        hf_buf_puts(out, "  ");
        hf_publisher_put_view(job, false, out);
        hf_buf_putc(out, '\n');
    }
    for (size_t i = 0; i < job->wish.value_count && !dry; i++) {
        hf_buf_puts(out, i == 0 ? "  register: number " : ", ");
        hf_buf_put_i64(out, item->ids[i]);
    }
    if (!dry)
        hf_buf_putc(out, '\n');
}

static void put_json_ids(struct hf_json *json, const char *key,
                         const int64_t *ids, size_t count)
{
    hf_json_key(json, key);
    hf_json_open(json, '[');
    for (size_t i = 0; i < count; i++)
        hf_json_int(json, ids[i]);
    hf_json_close(json, ']');
}

static void put_json_update(struct hf_json *json, const struct publish *p,
                            const struct hf_publish_result *result)
{
    char room[HF_OWNER_TEXT_MAX + 1];
    struct hf_buf zone;

    hf_buf_init(&zone, room, sizeof(room));
    hf_wire_name_put(&zone, &result->zone);
    hf_json_key_lit(json, "server", p->publisher.server.label);
    hf_json_key_bool(json, "signed", p->publisher.key != NULL);
    hf_json_key_str(json, "zone", hf_buf_span(&zone));
    hf_json_key_bool(json, "changed", result->changed);
    hf_json_key_int(json, "replaced", (int64_t)result->before.old);
    hf_json_key_int(json, "others", (int64_t)result->before.others);
    hf_json_key_int(json, "ttl", result->ttl_s);
    hf_json_key_int(json, "attempts", result->attempts + 1);
}

static void put_json(struct hf_buf *out, const struct publish *p,
                     const struct item *item)
{
    const struct hf_publisher_job *job = &item->job;
    struct hf_json json = hf_json_to(out);

    hf_json_open(&json, '{');
    hf_json_key_str(&json, "name", job->name);
    hf_json_key_str(&json, "owner", job->owner);
    hf_json_key_list(&json, "values", job->wish.values, job->wish.value_count);
    put_json_ids(&json, "ids", item->ids,
                 p->publisher.dry_run ? 0 : job->wish.value_count);
    put_json_ids(&json, "replacedIds", item->old_ids, job->wish.old_count);
    hf_json_key_lit(&json, "publisher", p->publisher.label);
    hf_json_key_bool(&json, "dryRun", p->publisher.dry_run);
    if (p->publisher.kind == HF_PUBLISHER_UPDATE)
        put_json_update(&json, p, &job->result);
    if (p->publisher.wait_ms > 0) {
        hf_json_key_int(&json, "servers", (int64_t)job->view.servers);
        hf_json_key_int(&json, "agree", (int64_t)job->view.agree);
        hf_json_key_bool(&json, "verified", hf_verify_is_good(&job->view));
    }
    hf_json_close(&json, '}');
    hf_buf_putc(out, '\n');
}

/* ---- all names ---- */

/* One name's failure does not stop the others; a signal does. */
static enum hf_exit note_failure(struct publish *p, const struct item *item,
                                 enum hf_err err, const struct hf_why *why)
{
    if (err == HF_OK)
        return HF_EXIT_GOOD;
    if (err == HF_ECANCELED)
        return HF_EXIT_INTERRUPTED;
    hf_cli_fail(p->cli,
                p->is_register
                    ? hf_register_path(p->reg)
                    : hf_wanted_name(&p->making.wanted, item->wanted),
                why);
    if (p->is_register && item->changed)
        hf_cli_error(p->cli, item->job.owner,
                     "is in DNS, but not marked as published; publish it "
                     "again when the register can be written");
    p->is_register = false;
    p->failed++;
    return HF_EXIT_GOOD;
}

static enum hf_exit publish_all(struct publish *p)
{
    enum hf_exit status = HF_EXIT_GOOD;

    for (uint32_t i = 0; i < p->making.wanted.count && status == HF_EXIT_GOOD;
         i++) {
        struct item *item = &p->items[i];
        struct hf_why why = {0};

        item->wanted = &p->making.wanted.items[i];
        status = hf_signals_stop_wanted()
                     ? HF_EXIT_INTERRUPTED
                     : note_failure(p, item, publish_item(p, item, &why), &why);
    }
    return status;
}

static enum hf_exit verify_all(struct publish *p)
{
    enum hf_exit status = HF_EXIT_GOOD;

    for (uint32_t i = 0; i < p->making.wanted.count && status == HF_EXIT_GOOD;
         i++) {
        struct item *item = &p->items[i];
        struct hf_why why = {0};

        if (!item->done)
            continue;
        if (waits_for_people(p))
            (void)hf_out_flush(p->cli->out, NULL); /* they wait for it */
        status = note_failure(p, item, verify_item(p, item, &why), &why);
        if (p->cli->json)
            put_json(&p->cli->out->buf, p, item);
        else
            put_text(&p->cli->out->buf, p, item);
        hf_out_step(p->cli->out);
    }
    return status;
}

/* ---- the command ---- */

static enum hf_exit check_words(const struct hf_cli *cli)
{
    static const char *const words[] = {"owner", "ticket"};

    for (size_t i = 0; i < 2; i++)
        if (strlen(hf_cli_value(cli, words[i], "")) > WORD_MAX)
            return hf_cli_usage(cli, hf_span_str(words[i]),
                                "at most 200 octets");
    return HF_EXIT_GOOD;
}

static enum hf_exit prepare(struct publish *p)
{
    static const struct hf_publisher_default none = {0};
    enum hf_exit status = check_words(p->cli);

    if (status == HF_EXIT_GOOD)
        status = hf_making_read(p->cli, &p->making);
    if (status == HF_EXIT_GOOD && p->making.wanted.count > NAMES_MAX)
        status = hf_cli_usage(p->cli, HF_SPAN(""),
                              "more than 10,000 names: use 'record make' and "
                              "the tools of your zone");
    if (status == HF_EXIT_GOOD)
        status = hf_publisher_read(p->cli, &none, &p->publisher);
    if (status == HF_EXIT_GOOD)
        status = hf_state_register(p->cli, p->publisher.dry_run, &p->reg);
    if (status == HF_EXIT_GOOD)
        status = hf_fence_from_cli(p->cli, &p->cli->state, 1);
    return status;
}

static enum hf_exit run_all(struct publish *p)
{
    enum hf_exit status;

    if (hf_making_is_stopped(&p->making))
        return hf_making_finish(&p->making, "published");
    p->items = hf_alloc(p->making.wanted.count + 1U, sizeof(p->items[0]));
    if (p->items == NULL) {
        hf_cli_error(p->cli, HF_SPAN(""), "out of memory");
        return HF_EXIT_ERROR;
    }
    status = publish_all(p);
    if (status == HF_EXIT_GOOD)
        status = verify_all(p);
    if (status != HF_EXIT_GOOD)
        return status;
    status = hf_making_finish(&p->making, "taken on");
    if (status == HF_EXIT_GOOD && p->failed > 0)
        status = HF_EXIT_ERROR;
    return status == HF_EXIT_GOOD && p->lagging > 0 ? HF_EXIT_NO : status;
}

static void release(struct publish *p)
{
    for (uint32_t i = 0; p->items != NULL && i < p->making.wanted.count; i++) {
        hf_free(p->items[i].text.ptr);
        hf_buf_clear(&p->items[i].job.said);
    }
    hf_free(p->items);
    hf_register_close(p->reg);
    hf_publisher_clear(&p->publisher);
    hf_making_clear(&p->making);
    hf_free(p);
}

static enum hf_exit run(struct hf_cli *cli)
{
    struct publish *p = hf_alloc(1, sizeof(*p));
    enum hf_exit status;

    if (p == NULL) {
        hf_cli_error(cli, HF_SPAN(""), "out of memory");
        return HF_EXIT_ERROR;
    }
    p->cli = cli;
    status = prepare(p);
    if (status == HF_EXIT_GOOD)
        status = run_all(p);
    release(p);
    return status;
}

const struct hf_command hf_cmd_record_publish = {
    .name = "record publish",
    .operands = "[NAME]...",
    .summary = "Publish records, and wait until every server has them",
    .details =
        "Makes the record of each NAME as 'record make' does, writes it down "
        "in the\nregister, and publishes it beside the records of others. An "
        "earlier record of\nthe same CA and account is replaced in the same "
        "step. Status 2: published, but\nnot every server has it yet.\n\n"
        "  holdfast record publish --ca=letsencrypt --account-url=URL \\\n"
        "      --server=192.0.2.1 --tsig-file=update.key example.com\n"
        "  holdfast record publish --issuer=ca.example --draft=01 \\\n"
        "      --account-url=URL --hook=acme.sh:dns_cf example.com\n",
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .operands_max = SIZE_MAX,
    .run = run,
};
