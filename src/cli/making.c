/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/making.h"

#include "names/ip.h"
#include "os/file.h"
#include "os/signals.h"

#define LINE_MAX_LEN 4096 /* of a file of names */

/* ---- which names ---- */

/* Where a name stood: a line of a file, or the command line. */
struct place {
    const char *path; /* NULL: the command line */
    uint64_t line;
    struct hf_span text;
};

/* One name refused: "names.txt:17: bad_name: why, and what to do". */
static void refuse(struct hf_making *make, const struct place *place,
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
static const char *why_never(const struct hf_making *make, struct hf_span name,
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
static struct hf_span zone_of(const struct hf_making *make, struct hf_span name,
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

static void take_name(struct hf_making *make, const struct place *place)
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

static enum hf_exit take_file(struct hf_making *make, const char *path)
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

static enum hf_exit take_names(struct hf_making *make)
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

static enum hf_err fill_values(struct hf_making *make, struct hf_addition *add,
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
        hf_buf_init(&value, make->values[i], HF_MAKING_VALUE_MAX);
        err = hf_grant_build(&grant, now, make->subject.digest, &value, why);
        if (err != HF_OK)
            return err;
        add->values[add->value_count++] = hf_buf_span(&value);
    }
    return HF_OK;
}

enum hf_err hf_making_add(struct hf_making *making,
                          const struct hf_wanted *item, struct hf_name *owner,
                          struct hf_addition *out, struct hf_why *why)
{
    struct hf_addition add = {
        .name = hf_wanted_name(&making->wanted, item),
        .zone = hf_wanted_zone(&making->wanted, item),
        .wildcard = item->wildcard,
        .ttl_s = making->plan.ttl_s,
        .until_at = making->plan.grants[0].until_at,
    };
    enum hf_err err = hf_owner_of_name(add.name, owner, why);

    if (err == HF_OK)
        err = fill_values(making, &add, why);
    if (err != HF_OK)
        return err;
    add.owner = hf_name_span(owner);
    *out = add;
    return HF_OK;
}

/* ---- all of it ---- */

static bool read_zone(struct hf_making *making)
{
    const char *zone = hf_cli_value(making->cli, "zone", NULL);

    if (zone == NULL ||
        hf_idna_canonical(hf_span_str(zone), &making->zone, NULL) == HF_OK)
        return true;
    (void)hf_cli_usage(making->cli, hf_span_str(zone),
                       "--zone wants a domain name");
    return false;
}

enum hf_exit hf_making_read(struct hf_cli *cli, struct hf_making *making)
{
    struct hf_why why = {0};
    enum hf_exit status;

    *making = (struct hf_making){.cli = cli};
    hf_wanted_init(&making->wanted);
    status = hf_subject_read(cli, &making->subject);
    if (status != HF_EXIT_GOOD)
        return status;
    making->has_subject = true;
    if (!read_zone(making) ||
        !hf_plan_read(cli, &making->subject, &making->plan))
        return HF_EXIT_USAGE;
    if (hf_suffixes_load(NULL, &making->suffixes, &why) != HF_OK) {
        hf_cli_fail(cli, HF_SPAN("public suffix list"), &why);
        return HF_EXIT_ERROR;
    }
    status = take_names(making);
    return making->interrupted ? HF_EXIT_INTERRUPTED : status;
}

void hf_making_clear(struct hf_making *making)
{
    if (making->has_subject)
        hf_subject_clear(&making->subject);
    hf_suffixes_free(making->suffixes);
    hf_wanted_clear(&making->wanted);
}

bool hf_making_is_stopped(const struct hf_making *making)
{
    return making->bad_count > 0 && hf_cli_has(making->cli, "strict");
}

enum hf_exit hf_making_finish(const struct hf_making *making, const char *done)
{
    char room[96];
    struct hf_buf text;

    if (making->bad_count == 0)
        return HF_EXIT_GOOD;
    hf_buf_init(&text, room, sizeof(room) - 1);
    hf_buf_put_u64(&text, making->bad_count);
    hf_buf_puts(&text, making->bad_count == 1 ? " name was" : " names were");
    hf_buf_puts(&text, " refused; ");
    hf_buf_put_u64(&text, making->wanted.count);
    if (hf_making_is_stopped(making)) {
        hf_buf_puts(&text, " good, nothing is ");
        hf_buf_puts(&text, done);
        hf_buf_puts(&text, " (--strict)");
    } else {
        hf_buf_putc(&text, ' ');
        hf_buf_puts(&text, done);
    }
    hf_buf_putc(&text, '\0');
    hf_cli_error(making->cli, HF_SPAN(""), room);
    return HF_EXIT_ERROR;
}
