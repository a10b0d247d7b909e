/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_ca_doctor.c -- is a CA well, and if not, what is to be done? */
#include <stdio.h>
#include <sys/stat.h>

#include "cli/ca_parts.h"
#include "cli/commands.h"
#include "cli/doctor.h"
#include "crypto/certificate.h"

static const struct hf_option options[] = {
    {.name = "repair", .help = "Mend what can be mended"},
    {.name = "offline",
     .help =
         "Leave out lists of revoked certificates where they are published"},
    {.name = "ca-bundle",
     .arg = "FILE",
     .many = true,
     .choices = "<file>",
     .help = "Trust these roots (PEM) for the web server that publishes them"},
    {.name = "root-passphrase-file",
     .arg = "FILE",
     .choices = "<file>",
     .help = "First line is the passphrase of the root's key, when it is "
             "another"},
    HF_CA_PARTS_OPTIONS,
    HF_CA_SETUP_OPTIONS,
};

/* As `holdfast ca serve` reads it; without a URL nothing is known of how the CA
 * is served. */
static void look_at_setup(struct hf_doctor *doctor)
{
    struct hf_cli *cli = doctor->cli;
    struct hf_ahead ahead = {0};

    doctor->now_at = cli->now.s;
    if (hf_cli_value(cli, "url", NULL) == NULL) {
        hf_doctor_say(doctor, HF_HEALTH_NOTE, "configuration", HF_SPAN(""),
                      HF_SPAN("how the CA is served is not known"),
                      "give the options of `holdfast ca serve`, or have them "
                      "in holdfast.conf(5)");
        return;
    }
    if (hf_ca_rules_read(cli, doctor->digest, &doctor->rules) != HF_EXIT_GOOD ||
        hf_ca_clock_read(cli, &ahead) != HF_EXIT_GOOD) {
        hf_doctor_say(doctor, HF_HEALTH_WRONG, "configuration", HF_SPAN(""),
                      HF_SPAN("`holdfast ca serve` will not start with it; see "
                              "above"),
                      NULL);
        return;
    }
    doctor->now_at += hf_ahead_s(&ahead);
    hf_ahead_clear(&ahead);
    hf_doctor_say(doctor, HF_HEALTH_GOOD, "configuration",
                  doctor->rules->setup.settings.base,
                  HF_SPAN("it can be served"), NULL);
}

static enum hf_err stop_at_second(void *state, const struct hf_entry *entry,
                                  struct hf_why *why)
{
    (void)state;
    return entry->number == 1 ? HF_OK : hf_fail(why, HF_ECANCELED, 0, "");
}

/* The first entry of the log is of `holdfast ca init`; who serves writes more.
 */
static bool has_served(const struct hf_doctor *doctor)
{
    char folder[PATH_MAX + 32];
    struct hf_evidence_head read;
    struct hf_evidence_stop stop;
    struct hf_head head;
    bool found;

    hf_doctor_path(doctor, HF_CA_LOG, folder);
    return hf_evidence_head_read(folder, &head, &found, NULL) != HF_OK ||
           (found && head.number > 1) ||
           hf_evidence_walk(folder, stop_at_second, NULL, &read, &stop, NULL) !=
               HF_OK;
}

static void say_no_ledger(struct hf_doctor *doctor, struct hf_span name)
{
    if (has_served(doctor))
        hf_doctor_say(
            doctor, HF_HEALTH_WRONG, "database", name,
            HF_SPAN("there is none, and the log of evidence is not that "
                    "of a new CA"),
            "restore a copy (`holdfast ca restore`), or say where it "
            "is (--store)");
    else
        hf_doctor_say(doctor, HF_HEALTH_NOTE, "database", name,
                      HF_SPAN("there is none yet: this CA has never served"),
                      "`holdfast ca serve` makes it");
}

static void open_ledger(struct hf_doctor *doctor)
{
    char path[PATH_MAX + 32];
    char name[HF_STORE_NAME_MAX];
    struct hf_why why = {0};
    const char *location;
    enum hf_err err;

    hf_doctor_path(doctor, HF_CA_LEDGER, path);
    location = hf_cli_value(doctor->cli, "store", path);
    err = hf_store_open(location, &hf_ca_plan, true, &doctor->store, &why);
    if (err == HF_ENOTFOUND)
        say_no_ledger(doctor, hf_span_str(hf_store_name(location, name)));
    else if (err != HF_OK)
        hf_doctor_fail(doctor, "database",
                       hf_span_str(hf_store_name(location, name)), &why,
                       "the CA cannot serve without it");
}

static void put_summary(const struct hf_doctor *doctor)
{
    struct hf_buf *out = &doctor->cli->out->buf;
    struct hf_json json = hf_json_to(out);
    size_t wrong = doctor->counts[HF_HEALTH_WRONG];

    if (doctor->cli->json) {
        hf_json_open(&json, '{');
        hf_json_key_lit(&json, "finding", "summary");
        hf_json_key_int(&json, "wrong", (int64_t)wrong);
        hf_json_key_int(&json, "mended",
                        (int64_t)doctor->counts[HF_HEALTH_MENDED]);
        hf_json_key_int(&json, "notes",
                        (int64_t)doctor->counts[HF_HEALTH_NOTE]);
        hf_json_close(&json, '}');
    } else if (wrong > 0) {
        hf_buf_put_u64(out, wrong);
        hf_buf_puts(out, wrong == 1 ? " thing is wrong" : " things are wrong");
    } else {
        hf_buf_puts(out, "all is well");
    }
    hf_buf_putc(out, '\n');
}

static enum hf_exit look_at_all(struct hf_doctor *doctor)
{
    enum hf_exit status;

    look_at_setup(doctor);
    hf_doctor_files(doctor);
    hf_doctor_disk(doctor);
    hf_doctor_authority(doctor);
    open_ledger(doctor);
    if (doctor->store != NULL) {
        hf_doctor_engine(doctor);
        status = hf_doctor_log(doctor); /* which may mend the tables */
        if (status != HF_EXIT_GOOD)
            return status;
        hf_doctor_kept(doctor);               /* so may this */
        status = hf_doctor_published(doctor); /* and this */
        if (status != HF_EXIT_GOOD)
            return status;
        hf_doctor_rows(doctor);
        hf_doctor_lists(doctor);
    }
    put_summary(doctor);
    return doctor->counts[HF_HEALTH_WRONG] > 0 ? HF_EXIT_NO : HF_EXIT_GOOD;
}

static enum hf_exit open_tools(struct hf_doctor *doctor)
{
    struct hf_why why = {0};
    struct stat about;

    (void)snprintf(doctor->folder, sizeof(doctor->folder), "%s/ca",
                   doctor->cli->state);
    if (stat(doctor->folder, &about) != 0) {
        hf_cli_error(doctor->cli, hf_span_str(doctor->folder),
                     "there is no CA here: `holdfast ca init` makes one");
        return HF_EXIT_ERROR;
    }
    if (hf_digest_new(&doctor->digest, &why) == HF_OK)
        return HF_EXIT_GOOD;
    hf_cli_fail(doctor->cli, HF_SPAN(""), &why);
    return HF_EXIT_ERROR;
}

static enum hf_exit run(struct hf_cli *cli)
{
    struct hf_doctor doctor = {.cli = cli,
                               .repairs = hf_cli_has(cli, "repair")};
    enum hf_exit status;

    hf_buf_init_grow(&doctor.root, HF_CHAIN_TEXT_MAX);
    hf_buf_init_grow(&doctor.issuer, HF_CHAIN_TEXT_MAX);
    hf_buf_init_grow(&doctor.points, HF_DOCTOR_POINTS_MAX);
    hf_ca_ledger_section(cli);
    status = open_tools(&doctor);
    if (status == HF_EXIT_GOOD)
        status = look_at_all(&doctor);
    hf_store_close(doctor.store);
    hf_ca_rules_free(doctor.rules);
    hf_digest_free(doctor.digest);
    hf_buf_clear(&doctor.root);
    hf_buf_clear(&doctor.issuer);
    hf_buf_clear(&doctor.points);
    return hf_cli_finish(cli, status);
}

const struct hf_command hf_cmd_ca_doctor = {
    .name = "ca doctor",
    .operands = "",
    .summary = "Say what is wrong with a CA, and what to do",
    .details =
        "Looks at files, certificates, keys, database, lists of revoked\n"
        "certificates, also where they are published, and the log of\n"
        "evidence, also while the CA serves, and\n"
        "takes the options that `holdfast ca serve` is given. Exit status 2:\n"
        "something is wrong.\n",
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .run = run,
};
