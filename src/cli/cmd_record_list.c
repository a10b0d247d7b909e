/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/time_text.h"
#include "cli/commands.h"
#include "cli/fence.h"
#include "cli/resolve.h"
#include "cli/state_dir.h"
#include "client/register.h"
#include "client/verify.h"
#include "dns/wire.h"
#include "holdfast/idna.h"
#include "holdfast/record.h"
#include "holdfast/txt.h"
#include "os/clock.h"
#include "os/signals.h"

#define ROWS_MAX    4000000U   /* of the register */
#define TEXT_MAX    1000000000 /* octets of them */
#define STRANGERS   256        /* records of one name that nobody wrote down */
#define TIMEOUT_MS  5000
#define DEADLINE_MS 30000 /* of one name */
#define VALUE_SHOWN 4000

static const struct hf_option options[] = {
    {.name = "check",
     .help = "Compare with what every authoritative server has"},
    {.name = "all", .help = "Also records that were removed"},
    HF_STATE_OPTION,
    {.name = "authoritative-port",
     .arg = "PORT",
     .help = "Port of those servers, if it is not 53 (for tests)"},
    HF_RESOLVER_OPTIONS,
};

/* What DNS says of a row. */
enum standing {
    STANDING_UNASKED,
    STANDING_THERE,
    STANDING_MISSING,
    STANDING_CHANGED, /* not there, but another record of the account is */
    STANDING_EXTRA,   /* there, although it was removed */
    STANDING_GONE,    /* was removed, and is not there */
    STANDING_UNKNOWN, /* the servers could not be asked */
};

static const char *const standing_words[] = {
    [STANDING_UNASKED] = "unasked", [STANDING_THERE] = "there",
    [STANDING_MISSING] = "missing", [STANDING_CHANGED] = "changed",
    [STANDING_EXTRA] = "extra",     [STANDING_GONE] = "gone",
    [STANDING_UNKNOWN] = "unknown",
};

struct row {
    struct hf_entry entry; /* its spans are not used: see `at` */
    size_t at;             /* of its text, in the list's */
    enum standing standing;
    size_t servers; /* that were asked */
    size_t having;  /* of them, that have it */
};

/* A record in DNS that is in no row of its name. */
struct stranger {
    struct hf_span value;
    bool ours; /* issuer and account are those of a row */
};

struct list {
    struct hf_cli *cli;
    struct hf_register *reg;
    struct hf_resolver resolver;
    struct row *rows;
    size_t count;
    size_t cap;
    struct hf_buf text;
    uint16_t port;
    size_t findings;
    size_t unknown;
    struct stranger strangers[STRANGERS];
    size_t stranger_count;
    char joined[HF_WIRE_MESSAGE_MAX];
};

/* ---- reading the register ---- */

/* The spans of an entry, in the order in which they are kept. */
static void spans_of(struct hf_entry *entry, struct hf_span *out[14])
{
    struct hf_span *all[14] = {
        &entry->name,   &entry->owner,       &entry->value,      &entry->issuer,
        &entry->ca,     &entry->account_url, &entry->thumbprint, &entry->draft,
        &entry->zone,   &entry->server,      &entry->publisher,  &entry->person,
        &entry->ticket, &entry->note};

    memcpy(out, all, sizeof(all));
}

static enum hf_err keep_row(struct list *list, const struct hf_entry *entry,
                            struct hf_why *why)
{
    struct row row = {.entry = *entry, .at = list->text.len};
    struct hf_span *spans[14];

    if (list->count == list->cap) {
        size_t cap = list->cap == 0 ? 64 : 2 * list->cap;
        struct row *rows = hf_realloc(list->rows, cap, sizeof(rows[0]));

        if (rows == NULL || cap > ROWS_MAX)
            return hf_fail(why, HF_ENOMEM, 0, "out of memory");
        list->rows = rows;
        list->cap = cap;
    }
    spans_of(&row.entry, spans);
    for (size_t i = 0; i < 14; i++)
        hf_buf_put(&list->text, *spans[i]);
    if (list->text.full)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    list->rows[list->count++] = row;
    return HF_OK;
}

/* When nothing is added any more, the text stays where it is. */
static void settle(struct list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        struct row *row = &list->rows[i];
        const char *at = list->text.ptr + row->at;
        struct hf_span *spans[14];

        spans_of(&row->entry, spans);
        for (size_t n = 0; n < 14; n++) {
            spans[n]->ptr = at;
            at += spans[n]->len;
        }
    }
}

static enum hf_err read_rows(struct list *list, struct hf_span name,
                             struct hf_why *why)
{
    /* A check has to know what was removed, or it is taken for foreign. */
    const struct hf_register_filter filter = {
        .name = name,
        .removed =
            hf_cli_has(list->cli, "all") || hf_cli_has(list->cli, "check")};
    struct hf_entry entry;
    bool more = true;
    enum hf_err err = hf_register_list(list->reg, &filter, why);

    if (err != HF_OK)
        return err;
    while (more) {
        err = hf_register_next(list->reg, &entry, &more, why);
        if (err == HF_OK && more)
            err = keep_row(list, &entry, why);
        if (err != HF_OK)
            break;
    }
    if (more)
        hf_register_end(list->reg);
    return err;
}

/* ---- comparing with DNS ---- */

static bool is_of_account(const struct row *row, struct hf_span value)
{
    struct hf_record theirs = {0};
    struct hf_record ours = {0};
    size_t at;

    return hf_record_read(value, &theirs, &at) == HF_REASON_OK &&
           hf_record_read(row->entry.value, &ours, &at) == HF_REASON_OK &&
           hf_span_eq_nocase(theirs.issuer, ours.issuer) &&
           (hf_span_eq(theirs.account_uri, ours.account_uri) ||
            hf_span_eq(theirs.account_uri, row->entry.account_url));
}

static bool is_known_stranger(const struct list *list, struct hf_span value)
{
    for (size_t i = 0; i < list->stranger_count; i++)
        if (hf_span_eq(list->strangers[i].value, value))
            return true;
    return false;
}

static void meet_stranger(struct list *list, const struct row *rows,
                          size_t count, struct hf_span value)
{
    struct stranger stranger = {.value = value};

    for (size_t i = 0; i < count; i++)
        stranger.ours |= is_of_account(&rows[i], value);
    if (list->stranger_count < STRANGERS && !is_known_stranger(list, value))
        list->strangers[list->stranger_count++] = stranger;
}

/* One record of one server: a row's, or a stranger's. The value is copied
 * only when it is new: it stands in `joined` for a moment only. */
static enum hf_err meet(struct list *list, struct row *rows, size_t count,
                        struct hf_span value, struct hf_buf *strangers)
{
    size_t from = strangers->len;

    for (size_t i = 0; i < count; i++) {
        if (!hf_span_eq(rows[i].entry.value, value))
            continue;
        rows[i].having++;
        return HF_OK;
    }
    if (is_known_stranger(list, value))
        return HF_OK;
    hf_buf_put(strangers, value);
    if (strangers->full)
        return HF_ELIMIT;
    meet_stranger(list, rows, count,
                  (struct hf_span){strangers->ptr + from, value.len});
    return HF_OK;
}

static enum hf_err hear(struct list *list, struct row *rows, size_t count,
                        const struct hf_found *found, struct hf_buf *strangers)
{
    struct hf_span rest = found->records;
    struct hf_span rdata;
    struct hf_span value;
    enum hf_err err = HF_OK;

    while (err == HF_OK && found->state == HF_FOUND_DATA &&
           hf_found_next(&rest, &rdata))
        if (hf_txt_join(rdata, list->joined, &value, NULL) == HF_OK)
            err = meet(list, rows, count, value, strangers);
    return err;
}

static bool has_standin(const struct list *list, const struct row *row)
{
    for (size_t i = 0; i < list->stranger_count; i++)
        if (is_of_account(row, list->strangers[i].value))
            return true;
    return false;
}

static enum standing standing_of(const struct list *list, const struct row *row)
{
    bool removed = row->entry.state == HF_RECORD_REMOVED;

    if (row->servers == 0)
        return STANDING_UNKNOWN;
    if (removed)
        return row->having > 0 ? STANDING_EXTRA : STANDING_GONE;
    if (row->having == row->servers)
        return STANDING_THERE;
    return row->having == 0 && has_standin(list, row) ? STANDING_CHANGED
                                                      : STANDING_MISSING;
}

/* A value may be in a row that was removed, and in one that stands again. */
static void drop_doubles(struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (size_t j = i + 1; j < count; j++) {
            if (!hf_span_eq(rows[i].entry.value, rows[j].entry.value))
                continue;
            if (rows[j].entry.state != HF_RECORD_REMOVED) {
                rows[j].having += rows[i].having;
                rows[i].having = 0;
            }
        }
}

static enum hf_err ask(struct list *list, struct row *rows, size_t count,
                       struct hf_buf *strangers, struct hf_why *why)
{
    const struct hf_verify_plan plan = {.resolver = &list->resolver,
                                        .owner = rows[0].entry.owner,
                                        .port = list->port,
                                        .timeout_ms = TIMEOUT_MS,
                                        .until_ms =
                                            hf_clock_ms() + DEADLINE_MS};
    struct hf_authority *authority = NULL;
    size_t servers = 0;
    enum hf_err err = hf_verify_ask(&plan, &authority, why);

    if (err != HF_OK)
        return err;
    for (size_t i = 0; i < authority->count && err == HF_OK; i++) {
        const struct hf_witness *witness = &authority->witnesses[i];

        if (witness->state != HF_WITNESS_ANSWERS)
            continue;
        servers++;
        err = hear(list, rows, count, &witness->found, strangers);
    }
    hf_authority_free(authority);
    if (err != HF_OK)
        return hf_fail(why, err, 0, "too many records at the name");
    drop_doubles(rows, count);
    for (size_t i = 0; i < count; i++) {
        rows[i].servers = servers;
        rows[i].standing = standing_of(list, &rows[i]);
    }
    return HF_OK;
}

/* ---- showing ---- */

static bool is_finding(enum standing standing)
{
    return standing == STANDING_MISSING || standing == STANDING_CHANGED ||
           standing == STANDING_EXTRA;
}

static void put_part(struct hf_buf *out, const char *before,
                     struct hf_span text)
{
    if (text.len == 0)
        return;
    hf_buf_puts(out, before);
    hf_buf_put_escaped(out, text, VALUE_SHOWN);
}

static void put_moment(struct hf_buf *out, const char *before, int64_t at)
{
    if (at == 0)
        return;
    hf_buf_puts(out, before);
    hf_time_put(out, at);
}

static void put_standing(struct hf_buf *out, const struct row *row)
{
    if (row->standing == STANDING_UNASKED)
        return;
    hf_buf_puts(out, "  DNS: ");
    hf_buf_puts(out, standing_words[row->standing]);
    if (row->servers > 0) {
        hf_buf_puts(out, ", at ");
        hf_buf_put_u64(out, row->having);
        hf_buf_puts(out, " of ");
        hf_buf_put_u64(out, row->servers);
        hf_buf_puts(out, row->servers == 1 ? " server" : " servers");
    }
    hf_buf_putc(out, '\n');
}

static void put_row(struct hf_buf *out, const struct row *row)
{
    const struct hf_entry *entry = &row->entry;

    hf_buf_put_i64(out, entry->id);
    put_part(out, " ", entry->owner);
    hf_buf_puts(out, ": ");
    hf_buf_puts(out, hf_record_state_word(entry->state));
    put_part(out, "\n  ", entry->value);
    put_part(out, "\n  account ", entry->account_url);
    put_part(out, ", CA ", entry->ca.len > 0 ? entry->ca : entry->issuer);
    put_part(out, ", draft -", entry->draft);
    put_part(out, "\n  by ", entry->publisher);
    put_part(out, " at ", entry->server);
    put_part(out, ", zone ", entry->zone);
    put_moment(out, "\n  planned ", entry->planned_at);
    put_moment(out, ", published ", entry->published_at);
    put_moment(out, ", every server had it ", entry->verified_at);
    put_moment(out, ", removed ", entry->removed_at);
    put_part(out, "\n  ask ", entry->person);
    put_part(out, "\n  ticket ", entry->ticket);
    hf_buf_putc(out, '\n');
    put_standing(out, row);
}

static void put_json_moment(struct hf_json *json, const char *key, int64_t at)
{
    hf_json_key(json, key);
    if (at == 0)
        hf_json_null(json);
    else
        hf_json_int(json, at);
}

static void put_json_row(struct hf_buf *out, const struct row *row)
{
    const struct hf_entry *entry = &row->entry;
    struct hf_json json = hf_json_to(out);

    hf_json_open(&json, '{');
    hf_json_key_int(&json, "id", entry->id);
    hf_json_key_lit(&json, "state", hf_record_state_word(entry->state));
    hf_json_key_str(&json, "name", entry->name);
    hf_json_key_str(&json, "owner", entry->owner);
    hf_json_key_str(&json, "value", entry->value);
    hf_json_key_str(&json, "issuer", entry->issuer);
    hf_json_key_str(&json, "ca", entry->ca);
    hf_json_key_str(&json, "accountUrl", entry->account_url);
    hf_json_key_str(&json, "thumbprint", entry->thumbprint);
    hf_json_key_str(&json, "draft", entry->draft);
    hf_json_key_lit(&json, "scope", entry->wildcard ? "subtree" : "exact");
    put_json_moment(&json, "persistUntil",
                    entry->has_until ? entry->until_at : 0);
    hf_json_key_int(&json, "ttl", entry->ttl_s);
    hf_json_key_str(&json, "zone", entry->zone);
    hf_json_key_str(&json, "server", entry->server);
    hf_json_key_str(&json, "publisher", entry->publisher);
    hf_json_key_str(&json, "person", entry->person);
    hf_json_key_str(&json, "ticket", entry->ticket);
    put_json_moment(&json, "plannedAt", entry->planned_at);
    put_json_moment(&json, "publishedAt", entry->published_at);
    put_json_moment(&json, "verifiedAt", entry->verified_at);
    put_json_moment(&json, "removedAt", entry->removed_at);
    put_json_moment(&json, "replacedBy", entry->replaced_by);
    if (row->standing != STANDING_UNASKED) {
        hf_json_key_lit(&json, "dns", standing_words[row->standing]);
        hf_json_key_int(&json, "servers", (int64_t)row->servers);
        hf_json_key_int(&json, "having", (int64_t)row->having);
    }
    hf_json_close(&json, '}');
    hf_buf_putc(out, '\n');
}

static const char *stranger_word(const struct stranger *stranger)
{
    return stranger->ours ? "extra" : "foreign";
}

static void put_stranger(struct list *list, const struct row *row,
                         const struct stranger *stranger)
{
    struct hf_buf *out = &list->cli->out->buf;
    struct hf_json json = hf_json_to(out);

    if (!list->cli->json) {
        put_part(out, "- ", row->entry.owner);
        hf_buf_puts(out, ": not in the register");
        put_part(out, "\n  ", stranger->value);
        hf_buf_puts(out, "\n  DNS: ");
        hf_buf_puts(out, stranger_word(stranger));
        hf_buf_puts(out, stranger->ours ? ", of an account in the register\n"
                                        : ", of another CA or account\n");
        return;
    }
    hf_json_open(&json, '{');
    hf_json_key(&json, "id");
    hf_json_null(&json);
    hf_json_key_str(&json, "name", row->entry.name);
    hf_json_key_str(&json, "owner", row->entry.owner);
    hf_json_key_str(&json, "value", stranger->value);
    hf_json_key_lit(&json, "dns", stranger_word(stranger));
    hf_json_close(&json, '}');
    hf_buf_putc(out, '\n');
}

static bool is_shown(const struct list *list, const struct row *row)
{
    return row->entry.state != HF_RECORD_REMOVED ||
           hf_cli_has(list->cli, "all") || is_finding(row->standing);
}

static void put_name(struct list *list, const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        list->findings += is_finding(rows[i].standing);
        list->unknown += rows[i].standing == STANDING_UNKNOWN;
        if (!is_shown(list, &rows[i]))
            continue;
        if (list->cli->json)
            put_json_row(&list->cli->out->buf, &rows[i]);
        else
            put_row(&list->cli->out->buf, &rows[i]);
        hf_out_step(list->cli->out);
    }
    for (size_t i = 0; i < list->stranger_count; i++) {
        list->findings++;
        put_stranger(list, rows, &list->strangers[i]);
        hf_out_step(list->cli->out);
    }
}

/* ---- all of it ---- */

/* All rows of one name. */
static enum hf_err show_name(struct list *list, struct row *rows, size_t count,
                             struct hf_why *why)
{
    struct hf_buf strangers;
    enum hf_err err = HF_OK;
    char *room = NULL;

    list->stranger_count = 0;
    if (hf_cli_has(list->cli, "check")) {
        room = hf_alloc(HF_FOUND_MAX, 1);
        if (room == NULL)
            return hf_fail(why, HF_ENOMEM, 0, "out of memory");
        hf_buf_init(&strangers, room, HF_FOUND_MAX);
        err = ask(list, rows, count, &strangers, why);
    }
    if (err == HF_OK)
        put_name(list, rows, count);
    hf_free(room);
    return err;
}

static enum hf_exit show_all(struct list *list)
{
    struct hf_why why = {0};
    size_t n;

    for (size_t i = 0; i < list->count; i += n) {
        struct row *rows = &list->rows[i];
        enum hf_err err;

        for (n = 1; i + n < list->count &&
                    hf_span_eq(rows[n].entry.name, rows[0].entry.name);)
            n++;
        err = hf_signals_stop_wanted() ? HF_ECANCELED
                                       : show_name(list, rows, n, &why);
        if (err == HF_ECANCELED)
            return HF_EXIT_INTERRUPTED;
        if (err != HF_OK) {
            hf_cli_fail(list->cli, rows[0].entry.name, &why);
            return HF_EXIT_ERROR;
        }
    }
    if (list->unknown > 0) {
        hf_cli_error(list->cli, HF_SPAN(""),
                     "some names' servers could not be asked");
        return HF_EXIT_ERROR;
    }
    return list->findings > 0 ? HF_EXIT_NO : HF_EXIT_GOOD;
}

static enum hf_exit read_operands(struct list *list)
{
    struct hf_why why = {0};
    enum hf_err err = HF_OK;

    if (list->cli->operand_count == 0)
        err = read_rows(list, HF_SPAN(""), &why);
    for (size_t i = 0; i < list->cli->operand_count && err == HF_OK; i++) {
        struct hf_span text = hf_span_str(list->cli->operands[i]);
        struct hf_name name;

        (void)hf_name_take_star(&text);
        if (hf_idna_canonical(text, &name, &why) != HF_OK)
            return hf_cli_usage(list->cli, text, why.text);
        err = read_rows(list, hf_name_span(&name), &why);
    }
    if (err == HF_OK)
        return HF_EXIT_GOOD;
    hf_cli_fail(list->cli, hf_register_path(list->reg), &why);
    return HF_EXIT_ERROR;
}

static enum hf_exit list_all(struct list *list)
{
    enum hf_exit status = hf_state_register(list->cli, true, &list->reg);

    if (status != HF_EXIT_GOOD || list->reg == NULL)
        return status; /* NULL: nothing was ever published from here */
    status = read_operands(list);
    settle(list);
    if (status == HF_EXIT_GOOD && hf_cli_has(list->cli, "check"))
        status = hf_resolver_from_cli(list->cli, &list->resolver);
    if (status == HF_EXIT_GOOD && hf_cli_has(list->cli, "check"))
        status = hf_fence_from_cli(list->cli, &list->cli->state, 1);
    return status == HF_EXIT_GOOD ? show_all(list) : status;
}

static enum hf_exit run(struct hf_cli *cli)
{
    struct list *list = hf_alloc(1, sizeof(*list));
    enum hf_exit status = HF_EXIT_USAGE;
    int64_t port = 53;

    if (list == NULL) {
        hf_cli_error(cli, HF_SPAN(""), "out of memory");
        return HF_EXIT_ERROR;
    }
    list->cli = cli;
    hf_buf_init_grow(&list->text, TEXT_MAX);
    if (hf_cli_number(cli, "authoritative-port", 1, UINT16_MAX, &port)) {
        list->port = (uint16_t)port; /* within 1 to 65535: see above */
        status = list_all(list);
    }
    hf_resolver_clear(&list->resolver);
    hf_register_close(list->reg);
    hf_buf_clear(&list->text);
    hf_free(list->rows);
    hf_free(list);
    return status;
}

const struct hf_command hf_cmd_record_list = {
    .name = "record list",
    .operands = "[NAME]...",
    .summary = "Show the register of records, and what differs from DNS",
    .details =
        "With --check every authoritative server is asked, and each record "
        "is\n\n"
        "  there, missing     at all servers, or not at all of them\n"
        "  changed            another record of its account stands there\n"
        "  extra              removed, or never written down, and in DNS\n"
        "  foreign            in DNS, of another CA or account\n\n"
        "Status 2: something is missing, changed, extra or foreign.\n",
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .operands_max = SIZE_MAX,
    .run = run,
};
