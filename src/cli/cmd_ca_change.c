/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_ca_change.c -- what the operator of a CA does by hand: revoke, block an
 * account, give out a key for an external account, make a copy. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base64.h"
#include "ca/revocation.h"
#include "ca/unlogged.h"
#include "cli/ca_ledger.h"
#include "cli/commands.h"
#include "os/clock.h"
#include "os/fail.h"
#include "os/random.h"

#define MAC_KEY_LEN 32 /* octets: HS256 */
#define KID_LEN     12
#define PATIENCE_MS 10000 /* a CA that serves looks every two seconds */
#define PAUSE_MS    50

static const struct hf_option options[] = {
    HF_CA_LEDGER_OPTIONS,
};

static const struct hf_option revoke_options[] = {
    HF_CA_LEDGER_OPTIONS,
    {.name = "reason",
     .arg = "REASON",
     .choices = "unspecified keyCompromise affiliationChanged superseded "
                "cessationOfOperation privilegeWithdrawn",
     .help = "Why (RFC 5280, section 5.3.1; default: unspecified)"},
};

typedef enum hf_err change_fn(struct hf_cli *cli, struct hf_store *store,
                              struct hf_why *why);

struct change {
    struct hf_cli *cli;
    change_fn *run;
};

static enum hf_err work(struct hf_store *store, void *of, struct hf_why *why)
{
    const struct change *change = of;

    hf_buf_reset(&change->cli->out->buf); /* it may be run again */
    return change->run(change->cli, store, why);
}

/* Do it in one transaction, and say what was put into the output. */
static enum hf_exit change_in(struct hf_cli *cli, struct hf_store *store,
                              change_fn *run)
{
    struct change change = {cli, run};
    struct hf_why why = {0};
    enum hf_err err = hf_store_transact(store, work, &change, &why);

    if (err == HF_ENOTFOUND || err == HF_ESYNTAX) {
        hf_cli_fail(cli, hf_span_str(cli->operands[0]), &why);
        return err == HF_ESYNTAX ? HF_EXIT_USAGE : HF_EXIT_ERROR;
    }
    return err == HF_OK ? HF_EXIT_GOOD : hf_ca_ledger_fail(cli, &why);
}

static enum hf_exit change(struct hf_cli *cli, change_fn *run)
{
    struct hf_store *store = NULL;
    enum hf_exit status = hf_ca_ledger_open(cli, &store);

    if (status != HF_EXIT_GOOD)
        return status;
    status = change_in(cli, store, run);
    hf_store_close(store);
    return hf_cli_finish(cli, status);
}

static void say(struct hf_cli *cli, const char *what, struct hf_span which)
{
    struct hf_buf *out = &cli->out->buf;
    struct hf_json json = hf_json_to(out);

    if (cli->json) {
        hf_json_open(&json, '{');
        hf_json_key_str(&json, what, which);
        hf_json_close(&json, '}');
    } else {
        hf_buf_puts(out, what);
        hf_buf_putc(out, ' ');
        hf_buf_put(out, which);
    }
    hf_buf_putc(out, '\n');
}

/* ---- ca cert revoke ---- */

static int64_t reason_of(const char *word)
{
    static const struct {
        const char *word;
        int64_t number;
    } reasons[] = {{"keyCompromise", 1},
                   {"affiliationChanged", 3},
                   {"superseded", 4},
                   {"cessationOfOperation", 5},
                   {"privilegeWithdrawn", 9}};

    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
        if (strcmp(reasons[i].word, word) == 0)
            return reasons[i].number;
    return 0;
}

static enum hf_err revoke_one(struct hf_cli *cli, struct hf_store *store,
                              struct hf_why *why)
{
    const struct hf_revocation revocation = {
        .serial = hf_span_str(cli->operands[0]),
        .reason = reason_of(hf_cli_value(cli, "reason", "unspecified")),
        .at = cli->now.s,
    };
    enum hf_revocation_state was;
    enum hf_err err = hf_revocation_find_and_do(store, &revocation, &was, why);

    if (err != HF_OK)
        return err;
    if (was == HF_REVOCATION_UNKNOWN)
        return hf_fail(why, HF_ENOTFOUND, 0,
                       "no certificate has this serial number (lower-case hex, "
                       "as `ca cert list` shows it)");
    say(cli, was == HF_REVOCATION_OPEN ? "revoked" : "already_revoked",
        revocation.serial);
    return HF_OK;
}

/* While no CA has the log open it is ours to write; but what another user would
 * make there, the CA could not read. */
static enum hf_err write_log(struct hf_cli *cli, struct hf_store *store,
                             const char *folder, struct hf_why *why)
{
    struct hf_evidence *log = NULL;
    struct stat about;
    enum hf_err err;

    if (stat(folder, &about) != 0)
        return hf_fail_sys(why, errno, "look for the log of evidence");
    if (about.st_uid != geteuid())
        return hf_fail(why, HF_EINVAL, 0, "the log is another user's");
    err = hf_evidence_open(folder, HF_EVIDENCE_SEGMENT, &log, why);
    if (err == HF_OK)
        err = hf_unlogged_write(store, log, cli->now.s, why);
    hf_evidence_free(log);
    return err;
}

static enum hf_err is_logged(struct hf_store *store, struct hf_span serial,
                             bool *out, struct hf_why *why)
{
    const struct hf_store_value value = hf_store_text(serial);
    bool found = false;
    enum hf_err err = hf_store_start(store, HF_CA_UNLOGGED_GET, &value, 1, why);

    if (err == HF_OK)
        err = hf_store_next(store, HF_CA_UNLOGGED_GET, &found, why);
    if (err == HF_OK && found)
        hf_store_end(store, HF_CA_UNLOGGED_GET);
    *out = !found;
    return err;
}

/* A revocation is done when it outlives the tables: it is in a log of evidence,
 * of a CA that serves, or else ours. */
static enum hf_exit await_log(struct hf_cli *cli, struct hf_store *store)
{
    int64_t until_ms = hf_clock_ms() + PATIENCE_MS;
    struct hf_span serial = hf_span_str(cli->operands[0]);
    char folder[PATH_MAX + 16];
    struct hf_why why = {0};
    struct hf_why log_why = {0};
    bool done = false;
    enum hf_err err;

    (void)snprintf(folder, sizeof(folder), "%s/ca/" HF_CA_LOG, cli->state);
    if (write_log(cli, store, folder, &log_why) == HF_OK)
        return HF_EXIT_GOOD;
    err = is_logged(store, serial, &done, &why);
    while (err == HF_OK && !done && hf_clock_ms() < until_ms) {
        (void)poll(NULL, 0, PAUSE_MS);
        err = is_logged(store, serial, &done, &why);
    }
    if (err != HF_OK)
        return hf_ca_ledger_fail(cli, &why);
    if (done)
        return HF_EXIT_GOOD;
    hf_cli_fail(cli, hf_span_str(folder), &log_why);
    hf_cli_error(cli, serial,
                 "it is revoked, but no log of evidence has that yet, so that "
                 "it could be lost with the database: say it again when the "
                 "CA serves");
    return HF_EXIT_LATER;
}

static enum hf_exit run_revoke(struct hf_cli *cli)
{
    struct hf_store *store = NULL;
    enum hf_exit status = hf_ca_ledger_open(cli, &store);

    if (status != HF_EXIT_GOOD)
        return status;
    status = change_in(cli, store, revoke_one);
    if (status == HF_EXIT_GOOD)
        status = await_log(cli, store);
    hf_store_close(store);
    return hf_cli_finish(cli, status);
}

const struct hf_command hf_cmd_ca_cert_revoke = {
    .name = "ca cert revoke",
    .operands = "SERIAL",
    .summary = "Revoke a certificate that a CA issued",
    .details = "The list of revoked certificates that it belongs to is made "
               "anew within seconds\nby a CA that serves. With keyCompromise "
               "its key is taken for no certificate and\nno account any "
               "more. Exit status 75: it is revoked, and no log\nof evidence "
               "has that yet.\n",
    .options = revoke_options,
    .option_count = sizeof(revoke_options) / sizeof(revoke_options[0]),
    .operands_min = 1,
    .operands_max = 1,
    .run = run_revoke,
};

/* ---- ca account block ---- */

static enum hf_err block(struct hf_cli *cli, struct hf_store *store,
                         struct hf_why *why)
{
    static const char error[] =
        "{\"type\":\"urn:ietf:params:acme:error:unauthorized\",\"detail\":"
        "\"the account was revoked by the CA\"}";
    struct hf_span text = hf_span_str(cli->operands[0]);
    struct hf_store_value values[2];
    int64_t id;
    enum hf_err err;

    if (!hf_persist_until_parse(text, &id))
        return hf_fail(why, HF_ESYNTAX, 0,
                       "an account is called by its number");
    values[0] = hf_store_number(id);
    values[1] = hf_store_text(HF_SPAN("revoked"));
    err = hf_store_run(store, HF_CA_ACCOUNT_END, values, 2, why);
    if (err == HF_OK && hf_store_changed(store) == 0)
        return hf_fail(why, HF_ENOTFOUND, 0,
                       "no valid account has this number");
    if (err == HF_OK)
        err = hf_store_run(store, HF_CA_AUTHZ_END_ALL, values, 1, why);
    values[1] = hf_store_text(hf_span_str(error));
    if (err == HF_OK)
        err = hf_store_run(store, HF_CA_ORDER_END_ALL, values, 2, why);
    if (err == HF_OK)
        say(cli, "blocked", text);
    return err;
}

static enum hf_exit run_block(struct hf_cli *cli)
{
    return change(cli, block);
}

const struct hf_command hf_cmd_ca_account_block = {
    .name = "ca account block",
    .operands = "ID",
    .summary = "End an account of a CA, for good",
    .details = "Its orders and authorizations end with it, and no record "
               "serves it any more\n"
               "(RFC 8555 7.1.6, status \"revoked\"). Its certificates stay: "
               "revoke them one by\n"
               "one.\n",
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .operands_min = 1,
    .operands_max = 1,
    .run = run_block,
};

/* ---- ca external add ---- */

static enum hf_err add_external(struct hf_cli *cli, struct hf_store *store,
                                struct hf_why *why)
{
    unsigned char octets[KID_LEN + MAC_KEY_LEN];
    char kid[HF_BASE64URL_LEN(KID_LEN)];
    char key[HF_BASE64URL_LEN(MAC_KEY_LEN)];
    struct hf_span mac_key = {(char *)octets + KID_LEN, MAC_KEY_LEN};
    struct hf_buf *out = &cli->out->buf;
    struct hf_json json = hf_json_to(out);
    enum hf_err err = hf_random_fill(octets, sizeof(octets), why);
    struct hf_store_value values[3];

    if (err != HF_OK)
        return err;
    hf_base64url((struct hf_span){(char *)octets, KID_LEN}, kid);
    hf_base64url(mac_key, key);
    values[0] = hf_store_text((struct hf_span){kid, sizeof(kid)});
    values[1] = hf_store_blob(mac_key);
    values[2] = hf_store_number(cli->now.s);
    err = hf_store_run(store, HF_CA_EAB_ADD, values, 3, why);
    if (err == HF_OK) {
        hf_json_open(&json, '{');
        hf_json_key_str(&json, "kid", values[0].text);
        hf_json_key_str(&json, "key", (struct hf_span){key, sizeof(key)});
        hf_json_close(&json, '}');
        hf_buf_putc(out, '\n');
    }
    explicit_bzero(octets, sizeof(octets));
    explicit_bzero(key, sizeof(key));
    return err;
}

static enum hf_exit run_external(struct hf_cli *cli)
{
    return change(cli, add_external);
}

const struct hf_command hf_cmd_ca_external_add = {
    .name = "ca external add",
    .operands = "",
    .summary = "Give out a key for one external account",
    .details = "Prints its \"kid\" and its HMAC key in base64url, as clients "
               "want them (RFC 8555\n7.3.4). It makes one account, and is used "
               "up then.\n",
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .run = run_external,
};

/* ---- ca backup ---- */

static enum hf_exit run_backup(struct hf_cli *cli)
{
    struct hf_span path = hf_span_str(cli->operands[0]);
    struct hf_store *store = NULL;
    struct hf_why why = {0};
    enum hf_exit status = hf_ca_ledger_open(cli, &store);

    if (status != HF_EXIT_GOOD)
        return status;
    if (hf_store_backup(store, path.ptr, &why) != HF_OK) {
        hf_cli_fail(cli, path, &why);
        status = HF_EXIT_ERROR;
    } else {
        say(cli, "copied_to", path);
    }
    hf_store_close(store);
    return hf_cli_finish(cli, status);
}

const struct hf_command hf_cmd_ca_backup = {
    .name = "ca backup",
    .operands = "FILE",
    .summary = "Copy a CA's database while it serves",
    .details =
        "A copy as of now, which was read back; `holdfast ca restore` puts it\n"
        "back. For PostgreSQL use pg_dump.\n",
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .operands_min = 1,
    .operands_max = 1,
    .run = run_backup,
};
