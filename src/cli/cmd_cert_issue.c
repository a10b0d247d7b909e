/* SPDX-License-Identifier: Apache-2.0 */
#include "base/alloc.h"
#include "cli/batch.h"
#include "cli/commands.h"
#include "cli/identifier.h"
#include "cli/layers.h"
#include "cli/provision.h"
#include "os/file.h"

#define ROOM ((HF_LINEAGE_NAMES_MAX + 2) * 270 + 5 * PATH_MAX) /* and files */

static const struct hf_option options[] = {
    {.name = "name",
     .arg = "NAME",
     .help = "What the certificate is called here (default: its first name)"},
    {.name = "dry-run", .help = "Do all but the order; say what it would be"},
    {.name = "staging",
     .help = "By the account 'staging', under a name that ends in -staging"},
    HF_ISSUE_OPTIONS,
};

/* One run, over one certificate or over those of the configuration file. */
struct issuing {
    struct hf_cli *cli;
    struct hf_failover failover;
    struct hf_batch batch; /* its items are struct described */
    struct hf_hooks *hooks;
    size_t wanted;       /* certificates */
    enum hf_exit status; /* of those that were issued */
};

/* A certificate, and where its texts are. */
struct described {
    struct hf_lineage lineage;
    struct hf_buf room;
};

/* What is done with one; whoever keeps it leaves NULL there. */
typedef enum hf_exit do_fn(struct issuing *issuing, struct described **it);

/* The names in canonical form, one behind the other in `room`. */
static enum hf_exit add_name(const struct hf_cli *cli, struct hf_span text,
                             struct hf_buf *room, struct hf_lineage *lineage)
{
    size_t from = room->len;
    struct hf_why why = {0};
    struct hf_span added;
    bool is_address;

    if (hf_identifier_put(text, room, &is_address, &why) != HF_OK)
        return hf_cli_usage(cli, text, why.text);
    added = (struct hf_span){room->ptr + from, room->len - from};
    if (room->full || hf_span_among(added, lineage->names, lineage->name_count))
        return hf_cli_usage(cli, text, "given twice");
    lineage->names[lineage->name_count++] = added;
    return HF_EXIT_GOOD;
}

static enum hf_exit add_names(const struct hf_cli *cli,
                              const struct hf_span *names, size_t count,
                              struct hf_buf *room, struct hf_lineage *lineage)
{
    enum hf_exit status = HF_EXIT_GOOD;

    for (size_t i = 0; i < count && status == HF_EXIT_GOOD; i++)
        status = add_name(cli, names[i], room, lineage);
    return status;
}

/* ---- a request that is brought ---- */

/* What only matters where the request is ours to make. */
static enum hf_exit check_csr_options(const struct hf_cli *cli)
{
    static const char *const ours[] = {"key-type", "must-staple", "reuse-key"};

    if (cli->operand_count > 0 && hf_layers_certificate(cli) == NULL)
        return hf_cli_usage(cli, HF_SPAN("csr"),
                            "the names are those of the request: give no "
                            "NAME");
    for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
        if (hf_cli_has(cli, ours[i]))
            return hf_cli_usage(cli, hf_span_str(ours[i]),
                                "with --csr the request says that");
    return HF_EXIT_GOOD;
}

static enum hf_exit read_csr(const struct hf_cli *cli, const char *path,
                             struct hf_buf *room, struct hf_lineage *lineage)
{
    char absolute[PATH_MAX];
    struct hf_request request = {0};
    const struct hf_csr_names *names = &request.brought.san.names;
    struct hf_why why = {0};
    size_t from = room->len;
    enum hf_exit status = check_csr_options(cli);

    if (status != HF_EXIT_GOOD)
        return status;
    if (hf_file_absolute(path, absolute, sizeof(absolute), &why) != HF_OK) {
        hf_cli_fail(cli, hf_span_str(path), &why);
        return HF_EXIT_ERROR;
    }
    hf_buf_puts(room, absolute);
    lineage->csr = (struct hf_span){room->ptr + from, room->len - from};
    status = hf_request_read(cli, lineage->csr, &request);
    if (status == HF_EXIT_GOOD && request.brought.other != NULL)
        hf_cli_error(cli, lineage->csr, request.brought.other);
    if (status == HF_EXIT_GOOD)
        status = add_names(cli, names->dns, names->dns_count, room, lineage);
    if (status == HF_EXIT_GOOD)
        status = add_names(cli, names->ips, names->ip_count, room, lineage);
    hf_request_clear(&request);
    return status;
}

/* ---- what is wanted ---- */

/* What it is called where nobody says: by its first name, as a folder can be
 * called. */
static struct hf_span usual_name(struct hf_span name, struct hf_buf *room)
{
    size_t from = room->len;

    (void)hf_name_take_star(&name);
    for (size_t i = 0; i < name.len; i++)
        hf_buf_putc(room, name.ptr[i] == ':' ? '-' : name.ptr[i]);
    return (struct hf_span){room->ptr + from, room->len - from};
}

/* What --name says, else the section's title, else the first name; and with
 * --staging never that of the real one. */
static enum hf_exit read_name(const struct hf_cli *cli, struct hf_buf *room,
                              struct hf_lineage *out)
{
    const struct hf_config_section *section = hf_layers_certificate(cli);
    const char *said = hf_cli_value(cli, "name", NULL);
    size_t from;

    out->name = usual_name(out->names[0], room);
    from = room->len;
    if (said != NULL || section != NULL)
        out->name = hf_span_str(said != NULL ? said : section->title);
    if (said == NULL && hf_cli_has(cli, "staging")) {
        hf_buf_put(room, out->name);
        hf_buf_puts(room, "-staging");
        out->name = (struct hf_span){room->ptr + from, room->len - from};
    }
    if (!hf_lineage_name_is_good(out->name))
        return hf_cli_usage(cli, out->name,
                            "no name for a folder; --name takes letters, "
                            "digits, dots, hyphens and underscores");
    return HF_EXIT_GOOD;
}

static enum hf_exit read_lineage(const struct hf_cli *cli,
                                 const char *const *names, size_t count,
                                 struct hf_buf *room, struct hf_lineage *out)
{
    const char *csr = hf_cli_value(cli, "csr", NULL);
    enum hf_exit status = HF_EXIT_GOOD;

    if (csr != NULL)
        status = read_csr(cli, csr, room, out);
    for (size_t i = 0; csr == NULL && i < count && status == HF_EXIT_GOOD; i++)
        status = add_name(cli, hf_span_str(names[i]), room, out);
    if (status == HF_EXIT_GOOD)
        status = hf_solving_read(cli, room, &out->means);
    if (status != HF_EXIT_GOOD)
        return status;
    out->accounts[0] = hf_holder_name(cli);
    out->account_count = 1;
    if (csr == NULL)
        out->key_type = HF_SPAN("p256");
    status = hf_issue_read(cli, out);
    out->account = out->accounts[0];
    return status == HF_EXIT_GOOD ? read_name(cli, room, out) : status;
}

/* ---- one certificate ---- */

/* Is there one for these names, in whatever order? */
static bool is_there(const struct hf_cli *cli, const struct hf_lineage *wish)
{
    struct hf_lineage here;
    bool same;

    if (hf_lineage_read(cli->state, wish->name, &here, NULL) != HF_OK)
        return false;
    same = here.name_count == wish->name_count;
    for (size_t i = 0; same && i < wish->name_count; i++)
        same = hf_span_among(wish->names[i], here.names, here.name_count);
    hf_lineage_clear(&here);
    return same;
}

/* On the command line, and for no certificate of the configuration file. */
static bool brings_request(const struct hf_cli *cli)
{
    return hf_cli_has(cli, "csr") && hf_layers_certificate(cli) == NULL;
}

/* Who names none wants what is not there yet. */
static bool is_wanted(const struct hf_cli *cli,
                      const struct hf_lineage *lineage)
{
    return cli->operand_count > 0 || brings_request(cli) ||
           !is_there(cli, lineage);
}

static enum hf_exit add_needs(struct issuing *issuing, struct described **it)
{
    const struct hf_lineage *lineage = &(*it)->lineage;

    if (!is_wanted(issuing->cli, lineage))
        return HF_EXIT_GOOD;
    issuing->wanted++;
    return hf_hooks_add(issuing->hooks, lineage) &&
                   hf_provision_add(issuing->cli, lineage)
               ? HF_EXIT_GOOD
               : HF_EXIT_ERROR;
}

/* It is issued with those that come after it. */
static enum hf_exit issue(struct issuing *issuing, struct described **it)
{
    const struct hf_lineage *lineage = &(*it)->lineage;
    const struct hf_issue_wish wish = {.lineage = lineage,
                                       .section =
                                           hf_layers_certificate(issuing->cli),
                                       .hooks = issuing->hooks};

    if (hf_batch_has(&issuing->batch, lineage->name)) {
        hf_batch_issue(&issuing->batch);
        hf_layers_put_certificate(issuing->cli, wish.section);
    }
    if (is_wanted(issuing->cli, lineage)) {
        hf_batch_add(&issuing->batch, &wish, *it);
        *it = NULL;
    }
    return issuing->status;
}

/* ---- each of them ---- */

static void described_free(struct described *it)
{
    if (it != NULL)
        hf_buf_clear(&it->room);
    hf_free(it);
}

static enum hf_exit with_names(struct issuing *issuing,
                               const char *const *names, size_t count,
                               do_fn *fn)
{
    struct described *it = hf_alloc(1, sizeof(*it));
    enum hf_exit status;

    if (it != NULL)
        hf_buf_init_grow(&it->room, ROOM);
    /* The names point into it: it must not move. */
    if (it == NULL || hf_buf_reserve(&it->room, ROOM) == NULL) {
        hf_cli_error(issuing->cli, HF_SPAN(""), "out of memory");
        status = HF_EXIT_ERROR;
    } else {
        status =
            read_lineage(issuing->cli, names, count, &it->room, &it->lineage);
    }
    if (status == HF_EXIT_GOOD)
        status = fn(issuing, &it);
    described_free(it);
    return status;
}

static enum hf_exit with_section(struct issuing *issuing,
                                 const struct hf_config_section *section,
                                 do_fn *fn)
{
    const struct hf_cli *cli = issuing->cli;
    const struct hf_config *config = cli->layers->config;
    const struct hf_config_key *names =
        hf_config_key_find(config, section, "names");

    hf_layers_use_certificate(cli, hf_span_str(section->title));
    if (names == NULL)
        return with_names(issuing, &section->title, 1, fn);
    if (names->count == 0 || names->count > HF_LINEAGE_NAMES_MAX)
        return hf_cli_usage(cli, hf_span_str(section->title),
                            "a certificate has 1 to 100 names");
    return with_names(issuing, &config->values[names->first], names->count, fn);
}

static enum hf_exit worse(enum hf_exit a, enum hf_exit b)
{
    static const enum hf_exit worst[] = {HF_EXIT_INTERRUPTED, HF_EXIT_USAGE,
                                         HF_EXIT_ERROR, HF_EXIT_LATER,
                                         HF_EXIT_NO};

    for (size_t i = 0; i < sizeof(worst) / sizeof(worst[0]); i++)
        if (a == worst[i] || b == worst[i])
            return worst[i];
    return HF_EXIT_GOOD;
}

static enum hf_exit for_sections(struct issuing *issuing, do_fn *fn)
{
    const struct hf_layers *layers = issuing->cli->layers;
    enum hf_exit status = HF_EXIT_GOOD;
    bool is_any = false;

    for (size_t i = 0; layers != NULL && i < layers->config->section_count &&
                       status != HF_EXIT_INTERRUPTED;
         i++) {
        const struct hf_config_section *section = &layers->config->sections[i];

        if (strcmp(section->kind, "certificate") != 0)
            continue;
        is_any = true;
        status = worse(status, with_section(issuing, section, fn));
    }
    if (is_any)
        return status;
    return hf_cli_usage(issuing->cli, HF_SPAN(""),
                        "for which names? Give them as operands, or describe "
                        "certificates in the configuration file");
}

static enum hf_exit for_each(struct issuing *issuing, do_fn *fn)
{
    const struct hf_cli *cli = issuing->cli;

    if (cli->operand_count == 0 && brings_request(cli))
        return with_names(issuing, NULL, 0, fn);
    if (cli->operand_count == 0)
        return for_sections(issuing, fn);
    if (cli->operand_count == 1)
        hf_layers_use_certificate(cli, hf_span_str(cli->operands[0]));
    if (hf_layers_certificate(cli) != NULL)
        return with_section(issuing, hf_layers_certificate(cli), fn);
    return with_names(issuing, (const char *const *)cli->operands,
                      cli->operand_count, fn);
}

/* ---- all of it ---- */

static void end_one(void *state, const struct hf_issue_wish *wish, void *item)
{
    struct issuing *issuing = state;

    if (wish != NULL) {
        hf_hooks_note(issuing->hooks, wish->lineage,
                      wish->status == HF_EXIT_GOOD);
        issuing->status = worse(issuing->status, wish->status);
    }
    described_free(item);
}

static enum hf_exit issue_all(struct issuing *issuing)
{
    enum hf_exit status = hf_hooks_start(issuing->hooks);

    if (status == HF_EXIT_GOOD)
        status = hf_provision_start(issuing->cli);
    if (status != HF_EXIT_GOOD)
        return status;
    hf_failover_init(&issuing->failover, issuing->cli);
    issuing->batch = (struct hf_batch){
        .failover = &issuing->failover, .ended = end_one, .state = issuing};
    status = for_each(issuing, issue);
    if (status == HF_EXIT_INTERRUPTED)
        hf_batch_drop(&issuing->batch);
    hf_batch_issue(&issuing->batch);
    hf_failover_clear(&issuing->failover);
    status = worse(status, issuing->status);
    if (hf_cli_has(issuing->cli, "dry-run"))
        return status;
    if (!hf_hooks_after(issuing->hooks) && status == HF_EXIT_GOOD)
        status = HF_EXIT_ERROR;
    return status;
}

/* All programs that may run are known before the network is. */
static enum hf_exit run(struct hf_cli *cli)
{
    struct issuing issuing = {.cli = cli};
    struct hf_lock lock = {0};
    enum hf_exit status;

    if (cli->operand_count == 0 && !brings_request(cli) &&
        hf_cli_has(cli, "name"))
        return hf_cli_usage(cli, HF_SPAN("--name"),
                            "for which names? Give them as operands");
    status = hf_hooks_new(cli, &issuing.hooks);
    if (status == HF_EXIT_GOOD)
        status = hf_provision_new(cli);
    if (status == HF_EXIT_GOOD)
        status = for_each(&issuing, add_needs);
    if (status == HF_EXIT_GOOD && issuing.wanted == 0)
        status = HF_EXIT_NO;
    if (status == HF_EXIT_GOOD && !hf_cli_has(cli, "dry-run"))
        status = hf_state_lock(cli, HF_LOCK_CERTIFICATES, &lock);
    if (status == HF_EXIT_GOOD)
        status = issue_all(&issuing);
    hf_provision_free(cli);
    hf_hooks_free(issuing.hooks);
    hf_lock_drop(&lock);
    return status;
}

const struct hf_command hf_cmd_cert_issue = {
    .name = "cert issue",
    .operands = "[NAME]...",
    .summary = "Get a certificate by standing records",
    .details =
        "Looks at the record of each NAME as the CA will, at every "
        "authoritative server\nand through DNSSEC and CAA, and orders only "
        "when all of them would validate:\nelse it says what is wrong and "
        "which record to publish, and exits with 2.\n--method lets other "
        "challenges step in where a record is missing.\n\nWhere NAME is a "
        "certificate of the configuration file, it is that one; without\n"
        "NAME it is every one there that does not exist yet or has other "
        "names.\n\n"
        "The certificate is in "
        "STATE/live/NAME, laid out as certbot does it.\n",
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .operands_max = HF_LINEAGE_NAMES_MAX,
    .run = run,
};
