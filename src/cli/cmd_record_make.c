/* SPDX-License-Identifier: Apache-2.0 */
#include "base/alloc.h"
#include "cli/commands.h"
#include "cli/plan.h"
#include "cli/wanted.h"
#include "names/ip.h"
#include "os/file.h"
#include "os/signals.h"

#define LINE_MAX_LEN 4096 /* of a file of names */
#define VALUE_ROOM   4096 /* issuer, URL and parameters at their longest */

static const struct hf_option options[] = {
    HF_SUBJECT_OPTIONS,
    HF_PLAN_OPTIONS,
    {.name = "file",
     .arg = "FILE",
     .choices = "<file>",
     .help = "Names from FILE, one a line; '-' is standard input"},
    {.name = "format",
     .arg = "SHAPE",
     .choices = HF_SHAPE_CHOICES,
     .help = "zone, json, csv, nsupdate, terraform, octodns, dnscontrol, "
             "value, text"},
    {.name = "zone",
     .arg = "NAME",
     .help = "Zone that holds the names (default: the registrable name)"},
    {.name = "strict", .help = "Write nothing when any name is refused"},
};

struct make {
    struct hf_cli *cli;
    struct hf_subject subject;
    struct hf_plan plan;
    struct hf_suffixes *suffixes;
    struct hf_name zone; /* --zone; empty when not given */
    struct hf_wanted_list wanted;
    struct hf_shaper shaper;
    size_t bad_count;
    bool interrupted;
    char values[HF_ADDITION_VALUES][VALUE_ROOM];
    char caa[VALUE_ROOM];
};

/* ---- which names ---- */

/* Where a name stood: a line of a file, or the command line. */
struct place {
    const char *path; /* NULL: the command line */
    uint64_t line;
    struct hf_span text;
};

/* One name refused: "names.txt:17: bad_name: why, and what to do". */
static void refuse(struct make *make, const struct place *place,
                   const char *text)
{
    char room[512];
    struct hf_buf subject;

    hf_buf_init(&subject, room, sizeof(room));
    if (place->path != NULL) {
        hf_buf_puts(&subject, place->path);
        hf_buf_putc(&subject, ':');
        hf_buf_put_u64(&subject, place->line);
        hf_buf_puts(&subject, ": ");
    }
    hf_buf_put(&subject, place->text);
    hf_cli_error(make->cli, hf_buf_span(&subject), text);
    make->bad_count++;
}

/* Why no CA would ever validate `name`, or NULL (REQ SCOPE-08, SCOPE-10,
 * VAL-03, CHAL-12). `base` is its registrable name. */
static const char *why_never(const struct make *make, struct hf_span name,
                             bool wildcard, struct hf_span base)
{
    bool known = hf_suffixes_knows(make->suffixes, name);
    struct hf_name owner;

    if (hf_owner_of_name(name, &owner, NULL) != HF_OK)
        return "too long: with _validation-persist. in front it exceeds 253 "
               "octets, and no CA can look it up; use a shorter name, or the "
               "parent with --wildcard";
    if (hf_identifier_decide(name, wildcard, base, known) == HF_ACCEPT)
        return NULL;
    if (!known)
        return "its top-level domain is not public, so that no public CA "
               "issues for it (BR 4.2.2); for a CA of your own add --force";
    if (base.len == 0)
        return "a public suffix: no CA validates it, as that would cover the "
               "domains of others (BR 3.2.2.6); name a domain below it";
    return "names under .onion and .arpa are not validated this way (BR "
           "3.2.2.4.22, 4.2.2); for a CA of your own add --force";
}

/* The zone of a name: --zone, else its registrable name. */
static struct hf_span zone_of(const struct make *make, struct hf_span name,
                              struct hf_span base)
{
    if (make->zone.len > 0)
        return hf_name_span(&make->zone);
    return base.len > 0 ? base : name;
}

static bool is_in_zone(struct hf_span name, struct hf_span zone)
{
    return hf_span_eq(name, zone) || hf_name_is_below(name, zone);
}

/* What people give instead of a name, or NULL. */
static const char *why_no_name(struct hf_span text)
{
    uint8_t address[16];
    size_t len;

    if (hf_span_starts(text, HF_SPAN(HF_DNS_LABEL ".")))
        return "give the name itself; " HF_DNS_LABEL " is put in front of it";
    /* REQ SCOPE-11, CHAL-12 */
    if (hf_ip_parse(text, address, &len))
        return "an address: ACME has no persist record for addresses yet "
               "(BR 3.2.2.5.8 is ahead of it); use http-01 or tls-alpn-01";
    return NULL;
}

static void take_name(struct make *make, const struct place *place)
{
    struct hf_span text = place->text;
    bool wildcard = hf_name_take_star(&text);
    const char *other = why_no_name(text);
    struct hf_why why = {0};
    struct hf_name name;
    struct hf_span base;
    struct hf_span zone;
    const char *never;

    if (other != NULL) {
        refuse(make, place, other);
        return;
    }
    if (hf_idna_canonical(text, &name, &why) != HF_OK) {
        refuse(make, place, why.text);
        return;
    }
    base = hf_suffixes_base(make->suffixes, hf_name_span(&name));
    never = why_never(make, hf_name_span(&name), wildcard, base);
    if (never != NULL &&
        !(make->plan.force && name.len + sizeof(HF_DNS_LABEL) <= HF_NAME_MAX)) {
        refuse(make, place, never);
        return;
    }
    zone = zone_of(make, hf_name_span(&name), base);
    if (!is_in_zone(hf_name_span(&name), zone)) {
        refuse(make, place, "not in the zone that --zone names");
        return;
    }
    if (hf_wanted_add(&make->wanted, hf_name_span(&name), zone.len,
                      wildcard || make->plan.wildcard, &why) != HF_OK)
        refuse(make, place, why.text);
}

/* Blanks around a name, and lines that are empty or begin with '#', do not
 * count. */
static struct hf_span trim(struct hf_span line)
{
    while (hf_span_skip(&line, ' ') || hf_span_skip(&line, '\t'))
        continue;
    while (line.len > 0 &&
           (line.ptr[line.len - 1] == ' ' || line.ptr[line.len - 1] == '\t'))
        line.len--;
    return line;
}

static enum hf_exit take_file(struct make *make, const char *path)
{
    struct place place = {.path = path};
    struct hf_lines lines;
    struct hf_why why = {0};
    enum hf_err err = hf_lines_open(&lines, path, LINE_MAX_LEN, &why);
    bool more = err == HF_OK;

    while (more && !hf_signals_stop_wanted()) {
        err = hf_lines_next(&lines, &place.text, &more, &why);
        place.line = lines.number;
        if (err == HF_ELIMIT) {
            place.text = HF_SPAN("");
            refuse(make, &place, "line too long for a name");
            continue;
        }
        if (err != HF_OK)
            break;
        place.text = trim(place.text);
        if (more && place.text.len > 0 && place.text.ptr[0] != '#')
            take_name(make, &place);
    }
    make->interrupted = hf_signals_stop_wanted();
    if (err != HF_OK && err != HF_ELIMIT)
        hf_cli_fail(make->cli, hf_span_str(path), &why);
    hf_lines_close(&lines);
    return err == HF_OK || err == HF_ELIMIT ? HF_EXIT_GOOD : HF_EXIT_ERROR;
}

static enum hf_exit take_names(struct make *make)
{
    const struct hf_cli *cli = make->cli;
    const char *path = hf_cli_value(cli, "file", NULL);

    if (path == NULL && cli->operand_count == 0)
        return hf_cli_usage(cli, HF_SPAN(""),
                            "for which names? Give them as operands, or with "
                            "--file");
    for (size_t i = 0; i < cli->operand_count; i++)
        take_name(make, &(struct place){.text = hf_span_str(cli->operands[i])});
    return path == NULL ? HF_EXIT_GOOD : take_file(make, path);
}

/* ---- their records ---- */

static enum hf_err fill_values(struct make *make, struct hf_addition *add,
                               struct hf_why *why)
{
    for (size_t i = 0; i < make->plan.grant_count; i++) {
        struct hf_grant grant = make->plan.grants[i];
        struct hf_time now = make->cli->now;
        struct hf_buf value;
        enum hf_err err;

        grant.domain = add->name;
        grant.wildcard = add->wildcard;
        if (make->plan.force && grant.has_until)
            now = (struct hf_time){.s = grant.until_at};
        hf_buf_init(&value, make->values[i], VALUE_ROOM);
        err = hf_grant_build(&grant, now, make->subject.digest, &value, why);
        if (err != HF_OK)
            return err;
        add->values[add->value_count++] = hf_buf_span(&value);
    }
    return HF_OK;
}

static enum hf_err put_item(struct make *make, const struct hf_wanted *item,
                            struct hf_span caa, struct hf_why *why)
{
    struct hf_addition add = {
        .name = hf_wanted_name(&make->wanted, item),
        .zone = hf_wanted_zone(&make->wanted, item),
        .wildcard = item->wildcard,
        .ttl_s = make->plan.ttl_s,
        .caa = caa,
        .until_at = make->plan.grants[0].until_at,
    };
    struct hf_name owner;
    enum hf_err err = hf_owner_of_name(add.name, &owner, why);

    if (err == HF_OK)
        err = fill_values(make, &add, why);
    if (err != HF_OK)
        return err;
    add.owner = hf_name_span(&owner);
    hf_shaper_put(&make->shaper, &add, &make->cli->out->buf);
    hf_out_step(make->cli->out);
    return HF_OK;
}

static enum hf_exit put_records(struct make *make)
{
    struct hf_why why = {0};
    struct hf_buf caa;

    hf_buf_init(&caa, make->caa, VALUE_ROOM);
    if (make->plan.caa)
        hf_plan_put_caa(&make->plan, &caa);
    if (hf_shape_groups(make->shaper.shape))
        hf_wanted_sort_by_zone(&make->wanted);
    for (uint32_t i = 0; i < make->wanted.count; i++) {
        const struct hf_wanted *item = &make->wanted.items[i];

        if (hf_signals_stop_wanted())
            return HF_EXIT_INTERRUPTED;
        if (put_item(make, item, hf_buf_span(&caa), &why) != HF_OK) {
            hf_cli_fail(make->cli, hf_wanted_name(&make->wanted, item), &why);
            return HF_EXIT_ERROR;
        }
    }
    hf_shaper_close(&make->shaper, &make->cli->out->buf);
    return HF_EXIT_GOOD;
}

/* ---- the command ---- */

static bool read_shape(struct make *make)
{
    const struct hf_cli *cli = make->cli;
    const char *word = hf_cli_value(cli, "format", cli->json ? "json" : "zone");
    const char *zone = hf_cli_value(cli, "zone", NULL);

    (void)hf_shape_find(hf_span_str(word), &make->shaper.shape);
    if (zone == NULL ||
        hf_idna_canonical(hf_span_str(zone), &make->zone, NULL) == HF_OK)
        return true;
    (void)hf_cli_usage(cli, hf_span_str(zone), "--zone wants a domain name");
    return false;
}

static enum hf_exit finish(struct make *make)
{
    char room[96];
    struct hf_buf text;

    if (make->bad_count == 0)
        return HF_EXIT_GOOD;
    hf_buf_init(&text, room, sizeof(room) - 1);
    hf_buf_put_u64(&text, make->bad_count);
    hf_buf_puts(&text, make->bad_count == 1 ? " name was" : " names were");
    hf_buf_puts(&text, " refused; ");
    hf_buf_put_u64(&text, make->wanted.count);
    hf_buf_puts(&text, hf_cli_has(make->cli, "strict")
                           ? " good, nothing is written (--strict)"
                           : " written");
    hf_buf_putc(&text, '\0');
    hf_cli_error(make->cli, HF_SPAN(""), room);
    return HF_EXIT_ERROR;
}

static enum hf_exit make_all(struct make *make)
{
    struct hf_why why = {0};
    enum hf_exit status;

    if (!read_shape(make) ||
        !hf_plan_read(make->cli, &make->subject, &make->plan))
        return HF_EXIT_USAGE;
    if (hf_suffixes_load(NULL, &make->suffixes, &why) != HF_OK) {
        hf_cli_fail(make->cli, HF_SPAN("public suffix list"), &why);
        return HF_EXIT_ERROR;
    }
    status = take_names(make);
    if (make->interrupted)
        status = HF_EXIT_INTERRUPTED;
    if (status == HF_EXIT_GOOD &&
        (make->bad_count == 0 || !hf_cli_has(make->cli, "strict")))
        status = put_records(make);
    return status == HF_EXIT_GOOD ? finish(make) : status;
}

static enum hf_exit run(struct hf_cli *cli)
{
    struct make *make = hf_alloc(1, sizeof(*make));
    enum hf_exit status;

    if (make == NULL) {
        hf_cli_error(cli, HF_SPAN(""), "out of memory");
        return HF_EXIT_ERROR;
    }
    make->cli = cli;
    hf_wanted_init(&make->wanted);
    status = hf_subject_read(cli, &make->subject);
    if (status == HF_EXIT_GOOD) {
        status = make_all(make);
        hf_subject_clear(&make->subject);
    }
    hf_suffixes_free(make->suffixes);
    hf_wanted_clear(&make->wanted);
    hf_free(make);
    return status;
}

const struct hf_command hf_cmd_record_make = {
    .name = "record make",
    .operands = "[NAME]...",
    .summary = "Make the TXT records that authorise a CA and an account",
    .details =
        "'*.NAME' asks for the record of NAME with policy=wildcard. Needs no "
        "network\nand no private key. Names that could never be validated are "
        "refused, each with\na sentence; the others are written, and the "
        "status is 1.\n\n"
        "  holdfast record make --ca=letsencrypt --account-url=URL "
        "example.com\n"
        "  holdfast record make --issuer=ca.example --prefix=URL "
        "--account-url=URL \\\n"
        "      --key=account-public.pem --file=names.txt --format=nsupdate\n",
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .operands_max = SIZE_MAX,
    .run = run,
};
