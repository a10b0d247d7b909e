/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_ca_init.c -- make a CA: a root and an issuing CA below it. */
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/hex.h"
#include "ca/evidence.h"
#include "ca/founder.h"
#include "cli/commands.h"
#include "cli/fence.h"
#include "cli/holder.h"
#include "cli/reach.h"
#include "crypto/pem.h"
#include "os/fail.h"
#include "os/file.h"
#include "os/folder.h"

#define FOLDER       "ca"
#define DRAFT        "ca.new" /* until it is complete */
#define LOG          "evidence"
#define NAME_MAX_LEN 40 /* octets: with " Root CA" no more than 64 */
#define YEAR_S       ((int64_t)365 * 86400)
#define EARLY_S      3600 /* clocks differ */
#define DER_MAX      16384

static const struct hf_option options[] = {
    {.name = "name",
     .arg = "NAME",
     .help = "Name of the CA: 'NAME Root CA' and 'NAME Issuing CA' are made"},
    {.name = "organization",
     .arg = "NAME",
     .help = "Organization in the subjects of both"},
    {.name = "country", .arg = "CC", .help = "Its country, in two letters"},
    {.name = "years",
     .arg = "YEARS",
     .help = "How long the issuing CA lives (default 5)"},
    {.name = "root-years",
     .arg = "YEARS",
     .help = "How long the root lives (default 20)"},
    {.name = "permit",
     .arg = "NAME",
     .many = true,
     .help = "Issue for this domain and what is below it, or this range of "
             "addresses, alone (name constraints)"},
    {.name = "root-key",
     .arg = "WHERE",
     .help = "Where the root's key is: 'file', or a PKCS #11 URI"},
    {.name = "root-key-type",
     .arg = "TYPE",
     .choices = "p256 p384 ed25519 rsa2048 rsa3072 rsa4096",
     .help = "Kind of the root's key (default p384)"},
    HF_KEY_OPTIONS,
    {.name = "plaintext", .help = "Leave key files unencrypted"},
    {.name = "passphrase-file",
     .arg = "FILE",
     .choices = "<file>",
     .help = "First line is the passphrase of the CA's keys"},
    {.name = "passphrase-credential",
     .arg = "NAME",
     .help = "Take it from this credential of the systemd service"},
    {.name = "passphrase-command",
     .arg = "COMMAND",
     .help = "Take it from the first line that a command prints"},
    {.name = "root-passphrase-file",
     .arg = "FILE",
     .choices = "<file>",
     .help = "First line is the passphrase of the root's key, when it is "
             "another"},
    HF_STATE_OPTION,
    HF_WAIT_OPTION,
    HF_SANDBOX_OPTION,
};

/* One of the two. */
struct party {
    const struct hf_passphrase_prompt *prompts; /* by where the key is */
    struct hf_founder_plan plan;
    enum hf_key_home home;
    char secret_room[HF_PASSPHRASE_MAX + 2];
    struct hf_buf secret;
    struct hf_founder *founder;
    char name_room[HF_ISSUER_WORD_MAX + 1];
    struct hf_buf name;
    int64_t years;
    char der_room[DER_MAX];
    struct hf_buf der;
};

struct init {
    struct hf_cli *cli;
    struct hf_lock lock;
    char draft[PATH_MAX];
    char pin_path[PATH_MAX];
    struct hf_passphrase_source source;
    struct hf_account_file hardware; /* how it is reached, and nothing else */
    struct hf_span permitted[HF_CA_PERMITTED_MAX];
    size_t permitted_count;
    struct party root;
    struct party issuing;
};

static const struct hf_passphrase_prompt root_prompts[HF_KEY_HOME_COUNT] = {
    [HF_HOME_FILE] = {"Passphrase of the root's key: ",
                      "New passphrase of the root's key: ", false},
    [HF_HOME_PKCS11] = {"PIN of the root's token: ", NULL, true},
    [HF_HOME_TPM2] = {"Passphrase of the root's key in the TPM: ", NULL, true},
};

static const struct hf_passphrase_prompt issuing_prompts[HF_KEY_HOME_COUNT] = {
    [HF_HOME_FILE] = {"Passphrase of the issuing CA's key: ",
                      "New passphrase of the issuing CA's key: ", false},
    [HF_HOME_PKCS11] = {"PIN of the issuing CA's token: ", NULL, true},
    [HF_HOME_TPM2] = {"Passphrase of the issuing CA's key in the TPM: ", NULL,
                      true},
};

static enum hf_exit fail(const struct init *init, const char *subject,
                         const struct hf_why *why)
{
    hf_cli_fail(init->cli, hf_span_str(subject), why);
    return HF_EXIT_ERROR;
}

/* ---- options ---- */

static bool is_utf8(struct hf_span text)
{
    char room[8 * HF_ISSUER_WORD_MAX];
    struct hf_buf out;
    struct hf_json json;

    hf_buf_init(&out, room, sizeof(room));
    json = hf_json_to(&out);
    return hf_json_text(&json, text) && !out.full;
}

static bool is_printable(struct hf_span text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.ptr[i] < 0x20 || text.ptr[i] == 0x7f)
            return false;
    return is_utf8(text);
}

static enum hf_exit read_names(struct init *init)
{
    const struct hf_cli *cli = init->cli;
    struct hf_span name = hf_span_str(hf_cli_value(cli, "name", NULL));
    struct hf_span organization =
        hf_span_str(hf_cli_value(cli, "organization", NULL));
    struct hf_span country = hf_span_str(hf_cli_value(cli, "country", NULL));

    if (name.len == 0 || name.len > NAME_MAX_LEN || !is_printable(name))
        return hf_cli_usage(cli, HF_SPAN("--name"),
                            "give the CA a name of at most 40 octets");
    if (organization.len > HF_ISSUER_WORD_MAX || !is_printable(organization))
        return hf_cli_usage(cli, organization,
                            "an organization has at most 64 octets of text");
    if (country.len > 0 &&
        (country.len != 2 || country.ptr[0] < 'A' || country.ptr[0] > 'Z' ||
         country.ptr[1] < 'A' || country.ptr[1] > 'Z'))
        return hf_cli_usage(cli, country,
                            "a country is two capital letters (ISO 3166-1)");
    hf_buf_put(&init->root.name, name);
    hf_buf_puts(&init->root.name, " Root CA");
    hf_buf_put(&init->issuing.name, name);
    hf_buf_puts(&init->issuing.name, " Issuing CA");
    return HF_EXIT_GOOD;
}

static enum hf_exit read_permitted(struct init *init)
{
    init->permitted_count = hf_cli_count(init->cli, "permit");
    if (init->permitted_count > HF_CA_PERMITTED_MAX)
        return hf_cli_usage(init->cli, HF_SPAN("--permit"), "more than 32");
    for (size_t i = 0; i < init->permitted_count; i++) {
        init->permitted[i] = hf_span_str(hf_cli_nth(init->cli, "permit", i));
        if (!hf_ca_permitted_is_good(init->permitted[i]))
            return hf_cli_usage(init->cli, init->permitted[i],
                                "--permit wants a domain in lower case, or a "
                                "range of addresses such as 192.0.2.0/24");
    }
    return HF_EXIT_GOOD;
}

static enum hf_exit read_years(struct init *init)
{
    init->root.years = 20;
    init->issuing.years = 5;
    if (!hf_cli_number(init->cli, "root-years", 1, 50, &init->root.years) ||
        !hf_cli_number(init->cli, "years", 1, 50, &init->issuing.years))
        return HF_EXIT_USAGE;
    if (init->issuing.years > init->root.years)
        return hf_cli_usage(init->cli, HF_SPAN("--years"),
                            "the issuing CA cannot outlive its root");
    return HF_EXIT_GOOD;
}

static enum hf_exit read_root_key(struct init *init)
{
    const struct hf_cli *cli = init->cli;
    struct hf_span where = hf_span_str(hf_cli_value(cli, "root-key", "file"));
    const char *kind = hf_cli_value(cli, "root-key-type", "p384");
    struct party *root = &init->root;

    root->home = hf_key_home_of(where);
    if (root->home == HF_HOME_FILE ? !hf_span_eq(where, HF_SPAN("file"))
                                   : root->home != HF_HOME_PKCS11)
        return hf_cli_usage(cli, where,
                            "--root-key wants 'file', or a URI that begins "
                            "with 'pkcs11:' (RFC 7512)");
    root->plan.make = root->home == HF_HOME_FILE || hf_cli_has(cli, "make-key");
    if (root->home != HF_HOME_FILE)
        root->plan.where = where;
    (void)hf_key_kind_find(hf_span_str(kind), &root->plan.kind);
    return HF_EXIT_GOOD;
}

static enum hf_exit read_keys(struct init *init)
{
    struct hf_key_choice choice;
    enum hf_exit status =
        hf_key_choice_read(init->cli, HF_KEY_P256, &init->hardware, &choice);

    if (status != HF_EXIT_GOOD)
        return status;
    init->issuing.home = choice.home;
    init->issuing.plan.make = choice.make;
    init->issuing.plan.kind = choice.kind;
    init->issuing.plan.where = choice.where;
    return read_root_key(init);
}

static enum hf_exit read_options(struct init *init)
{
    enum hf_exit status = read_names(init);

    if (status == HF_EXIT_GOOD)
        status = read_permitted(init);
    if (status == HF_EXIT_GOOD)
        status = read_years(init);
    if (status == HF_EXIT_GOOD)
        status = read_keys(init);
    if (status == HF_EXIT_GOOD)
        status = hf_passphrase_given(init->cli, init->pin_path,
                                     sizeof(init->pin_path), &init->source);
    if (status == HF_EXIT_GOOD &&
        hf_passphrase_source_is_empty(&init->source)) {
        status = hf_key_choice_pin_source(init->cli, init->pin_path,
                                          sizeof(init->pin_path));
        init->source.file = hf_span_str(init->pin_path);
    }
    return status;
}

/* ---- that there is none yet ---- */

static enum hf_exit path_in(const struct init *init, const char *name,
                            char *out, size_t size)
{
    int n = snprintf(out, size, "%s/%s", init->cli->state, name);

    if (n > 0 && (size_t)n < size)
        return HF_EXIT_GOOD;
    hf_cli_error(init->cli, hf_span_str(init->cli->state), "path too long");
    return HF_EXIT_ERROR;
}

static enum hf_exit is_free(const struct init *init)
{
    char path[PATH_MAX];
    enum hf_exit status = path_in(init, FOLDER, path, sizeof(path));

    if (status != HF_EXIT_GOOD || access(path, F_OK) != 0)
        return status;
    hf_cli_error(init->cli, hf_span_str(path),
                 "there is a CA already, and it is not overwritten; give "
                 "another --state-dir to make another one");
    return HF_EXIT_ERROR;
}

/* What an earlier run left that did not come to its end: nobody has used it. */
static enum hf_exit make_draft(struct init *init)
{
    static const char *const names[] = {
        LOG "/head",  LOG "/00000000000000000001.log",
        LOG "/lock",  "root.pem",
        "root.key",   "issuer.pem",
        "issuer.key",
    };
    char path[PATH_MAX + 64];
    struct hf_why why = {0};
    enum hf_exit status =
        path_in(init, DRAFT, init->draft, sizeof(init->draft));
    enum hf_err err;

    if (status != HF_EXIT_GOOD)
        return status;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        (void)snprintf(path, sizeof(path), "%s/%s", init->draft, names[i]);
        if (unlink(path) != 0 && errno != ENOENT && errno != ENOTDIR) {
            (void)hf_fail_sys(&why, errno, "remove what an earlier run left");
            return fail(init, path, &why);
        }
    }
    err = hf_folder_make(init->draft, &why);
    if (err == HF_OK)
        err = hf_folder_make_in(init->draft, LOG, &why);
    return err == HF_OK ? HF_EXIT_GOOD : fail(init, init->draft, &why);
}

/* ---- keys ---- */

static enum hf_exit get_secret(struct init *init, struct party *party,
                               const struct hf_passphrase_source *source)
{
    hf_buf_init(&party->secret, party->secret_room, sizeof(party->secret_room));
    if (party->home == HF_HOME_FILE && hf_cli_has(init->cli, "plaintext"))
        return HF_EXIT_GOOD;
    return hf_passphrase_get(init->cli, &party->prompts[party->home], true,
                             source, &party->secret);
}

static enum hf_exit get_secrets(struct init *init)
{
    const char *root_file =
        hf_cli_value(init->cli, "root-passphrase-file", NULL);
    const struct hf_passphrase_source root = {.file = hf_span_str(root_file)};
    enum hf_exit status = get_secret(init, &init->root,
                                     root_file == NULL ? &init->source : &root);

    return status == HF_EXIT_GOOD
               ? get_secret(init, &init->issuing, &init->source)
               : status;
}

static enum hf_exit open_key(struct init *init, struct party *party)
{
    char said[HF_ISSUER_SAID_MAX + 1];
    struct hf_reach_room room = {0};
    struct hf_why why = {0};
    enum hf_err err = HF_OK;

    if (party->home != HF_HOME_FILE)
        err = hf_reach_gather(init->hardware.tcti, init->hardware.holes,
                              init->hardware.hole_count, &room,
                              &party->plan.reach, &why);
    party->plan.passphrase = hf_buf_span(&party->secret);
    party->plan.no_wall = hf_cli_no_wall(init->cli);
    if (err == HF_OK)
        err = hf_founder_open(&party->plan, &party->founder, said, &why);
    hf_reach_clear(&room);
    if (err == HF_ECANCELED)
        return HF_EXIT_INTERRUPTED;
    return err == HF_OK ? HF_EXIT_GOOD : fail(init, party->name_room, &why);
}

/* ---- certificates ---- */

static enum hf_exit certify(struct init *init, struct party *party)
{
    const struct hf_cli *cli = init->cli;
    bool is_root = party == &init->root;
    const struct hf_ca_certificate certificate = {
        .subject = {.country = hf_span_str(hf_cli_value(cli, "country", NULL)),
                    .organization =
                        hf_span_str(hf_cli_value(cli, "organization", NULL)),
                    .common_name = hf_buf_span(&party->name)},
        .spki = hf_founder_spki(party->founder),
        .not_before_at = cli->now.s - EARLY_S,
        .not_after_at = cli->now.s + party->years * YEAR_S - 1,
        .is_root = is_root,
        .client_auth = true,
        .permitted = init->permitted,
        .permitted_count = is_root ? 0 : init->permitted_count};
    char said[HF_ISSUER_SAID_MAX + 1];
    struct hf_why why = {0};

    hf_buf_init(&party->der, party->der_room, sizeof(party->der_room));
    return hf_founder_certify(init->root.founder, &certificate,
                              hf_buf_span(&init->root.der), &party->der, said,
                              &why) == HF_OK
               ? HF_EXIT_GOOD
               : fail(init, party->name_room, &why);
}

/* ---- files ---- */

static void put_fingerprint(struct hf_buf *out, const struct hf_digest *digest,
                            const struct party *party)
{
    unsigned char hash[HF_HASH_MAX];

    if (digest->compute(digest->state, HF_SHA_256, hf_buf_span(&party->der),
                        hash) == HF_OK)
        hf_put_hex(out, (struct hf_span){(char *)hash, HF_ENTRY_HASH_LEN});
}

/* The first entry of the log says what the CA is. */
static enum hf_err begin_log(struct init *init, const struct hf_digest *digest,
                             struct hf_why *why)
{
    struct hf_entry entry = {.at = init->cli->now.s, .kind = HF_SPAN("init")};
    char root_room[2 * HF_ENTRY_HASH_LEN], issuer_room[2 * HF_ENTRY_HASH_LEN];
    char body_room[1024], path[PATH_MAX + 16];
    struct hf_buf root, issuer, body;
    struct hf_evidence *log = NULL;
    struct hf_json json;
    enum hf_err err;

    hf_buf_init(&root, root_room, sizeof(root_room));
    hf_buf_init(&issuer, issuer_room, sizeof(issuer_room));
    hf_buf_init(&body, body_room, sizeof(body_room));
    put_fingerprint(&root, digest, &init->root);
    put_fingerprint(&issuer, digest, &init->issuing);
    json = hf_json_to(&body);
    hf_json_open(&json, '{');
    (void)snprintf(path, sizeof(path), "%s/" LOG, init->draft);
    hf_json_key_str(&json, "root_sha256", hf_buf_span(&root));
    hf_json_key_str(&json, "issuer_sha256", hf_buf_span(&issuer));
    hf_json_close(&json, '}');
    entry.body = hf_buf_span(&body);
    err = hf_evidence_open(path, HF_EVIDENCE_SEGMENT, &log, why);
    if (err == HF_OK)
        err = hf_evidence_append(log, &entry, why);
    if (err == HF_OK)
        err = hf_evidence_rest(log, why);
    hf_evidence_free(log);
    return err;
}

static enum hf_err write_party(const struct init *init,
                               const struct party *party,
                               const char *certificate, const char *key,
                               struct hf_why *why)
{
    char path[PATH_MAX + 16];
    struct hf_buf pem;
    enum hf_err err;

    hf_buf_init_grow(&pem, 2 * (size_t)DER_MAX);
    hf_pem_put_certificate(&pem, hf_buf_span(&party->der));
    (void)snprintf(path, sizeof(path), "%s/%s", init->draft, certificate);
    err = pem.full ? hf_fail(why, HF_ENOMEM, 0, "out of memory")
                   : hf_file_replace_path(path, hf_buf_span(&pem), why);
    (void)snprintf(path, sizeof(path), "%s/%s", init->draft, key);
    if (err == HF_OK)
        err = hf_file_replace_path(path, hf_founder_key(party->founder), why);
    hf_buf_clear(&pem);
    return err;
}

/* All of it is on disk before it has its name. */
static enum hf_exit keep(struct init *init)
{
    struct hf_digest *digest = NULL;
    struct hf_why why = {0};
    enum hf_err err = hf_digest_new(&digest, &why);

    if (err == HF_OK)
        err = begin_log(init, digest, &why);
    hf_digest_free(digest);
    if (err == HF_OK)
        err = write_party(init, &init->root, "root.pem", "root.key", &why);
    if (err == HF_OK)
        err =
            write_party(init, &init->issuing, "issuer.pem", "issuer.key", &why);
    if (err == HF_OK)
        err = hf_folder_settle(init->cli->state, DRAFT, FOLDER, &why);
    return err == HF_OK ? HF_EXIT_GOOD : fail(init, init->draft, &why);
}

/* ---- what comes next ---- */

static void tell_json(const struct init *init, struct hf_span fingerprint)
{
    struct hf_buf *out = &init->cli->out->buf;
    struct hf_json json = hf_json_to(out);
    char path[PATH_MAX];

    (void)path_in(init, FOLDER, path, sizeof(path));
    hf_json_open(&json, '{');
    hf_json_key(&json, "folder");
    (void)hf_json_text(&json, hf_span_str(path));
    hf_json_key(&json, "root");
    (void)hf_json_text(&json, hf_buf_span(&init->root.name));
    hf_json_key_str(&json, "root_sha256", fingerprint);
    hf_json_key(&json, "issuer");
    (void)hf_json_text(&json, hf_buf_span(&init->issuing.name));
    hf_json_key_int(&json, "issuer_not_after",
                    init->cli->now.s + init->issuing.years * YEAR_S - 1);
    hf_json_close(&json, '}');
    hf_buf_putc(out, '\n');
}

static void tell_text(const struct init *init, struct hf_span fingerprint)
{
    struct hf_buf *out = &init->cli->out->buf;
    const char *state = init->cli->state;

    hf_buf_puts(out, "made a CA in ");
    hf_buf_puts(out, state);
    hf_buf_puts(out, "/" FOLDER "\nroot certificate: root.pem, SHA-256 ");
    hf_buf_put(out, fingerprint);
    hf_buf_puts(
        out,
        "\n\nNext:\n"
        "- Let those who shall trust it do so; on Debian:\n"
        "    cp root.pem /usr/local/share/ca-certificates/holdfast-ca.crt\n"
        "    update-ca-certificates\n");
    if (init->root.home == HF_HOME_FILE)
        hf_buf_puts(out,
                    "- Move root.key to where no computer reaches it: it is "
                    "wanted again only\n  for another issuing CA.\n");
    hf_buf_puts(out, "- Serve it:\n"
                     "    holdfast ca serve --url https://ca.example "
                     "--internal-names\n"
                     "  or, by systemd, holdfast-ca.service. Without "
                     "--internal-names it certifies\n"
                     "  public names only.\n"
                     "- Back up the folder. 'holdfast ca audit verify' tells "
                     "whether its log is whole.\n");
}

static void tell(const struct init *init)
{
    char room[2 * HF_ENTRY_HASH_LEN];
    struct hf_digest *digest = NULL;
    struct hf_buf fingerprint;

    hf_buf_init(&fingerprint, room, sizeof(room));
    if (hf_digest_new(&digest, NULL) == HF_OK)
        put_fingerprint(&fingerprint, digest, &init->root);
    hf_digest_free(digest);
    if (init->cli->json)
        tell_json(init, hf_buf_span(&fingerprint));
    else
        tell_text(init, hf_buf_span(&fingerprint));
}

/* ---- all of it ---- */

static enum hf_exit make_keys(struct init *init)
{
    enum hf_exit status = get_secrets(init);

    if (status == HF_EXIT_GOOD)
        status = make_draft(init);
    if (status == HF_EXIT_GOOD)
        status = open_key(init, &init->root);
    return status == HF_EXIT_GOOD ? open_key(init, &init->issuing) : status;
}

static enum hf_exit make_all(struct init *init)
{
    enum hf_exit status = read_options(init);

    if (status == HF_EXIT_GOOD)
        status = is_free(init);
    if (status == HF_EXIT_GOOD)
        status = hf_state_lock(init->cli, FOLDER, &init->lock);
    if (status == HF_EXIT_GOOD)
        status = is_free(init);
    if (status == HF_EXIT_GOOD)
        status = make_keys(init);
    if (status == HF_EXIT_GOOD)
        status = hf_fence_from_cli(init->cli, &init->cli->state, 1);
    if (status == HF_EXIT_GOOD)
        status = certify(init, &init->root);
    if (status == HF_EXIT_GOOD)
        status = certify(init, &init->issuing);
    if (status == HF_EXIT_GOOD)
        status = keep(init);
    if (status == HF_EXIT_GOOD)
        tell(init);
    return status;
}

static void prepare_party(struct party *party,
                          const struct hf_passphrase_prompt *prompts)
{
    party->prompts = prompts;
    /* A NUL stays behind the name. */
    hf_buf_init(&party->name, party->name_room, sizeof(party->name_room) - 1);
}

static enum hf_exit run(struct hf_cli *cli)
{
    struct init *init = hf_alloc(1, sizeof(*init));
    enum hf_exit status;

    if (init == NULL) {
        hf_cli_error(cli, HF_SPAN(""), "out of memory");
        return HF_EXIT_ERROR;
    }
    init->cli = cli;
    prepare_party(&init->root, root_prompts);
    prepare_party(&init->issuing, issuing_prompts);
    status = make_all(init);
    hf_founder_free(init->issuing.founder);
    hf_founder_free(init->root.founder);
    hf_lock_drop(&init->lock);
    hf_free_wiped(init, sizeof(*init));
    return status;
}

const struct hf_command hf_cmd_ca_init = {
    .name = "ca init",
    .operands = "",
    .summary = "Make a CA: a root, and an issuing CA below it",
    .details =
        "Both keys are made in a process of their own, and encrypted with a\n"
        "passphrase, or made in, or taken from, hardware. Everything is in "
        "the\n"
        "folder 'ca' of the state folder, which appears when it is complete;\n"
        "one that is there is not touched.\n",
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .run = run,
};
