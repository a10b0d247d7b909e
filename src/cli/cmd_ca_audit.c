/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_ca_audit.c -- the log of evidence of a CA: is it whole, and what does it
 * say? */
#include <limits.h>
#include <stdio.h>

#include "base/hex.h"
#include "base/spelt.h"
#include "base/time_text.h"
#include "ca/evidence.h"
#include "cli/commands.h"
#include "os/file.h"
#include "os/signals.h"

#define LOG     "ca/evidence"
#define HEX_LEN ((size_t)2 * HF_ENTRY_HASH_LEN)

static const struct hf_option verify_options[] = {
    {.name = "entry",
     .arg = "NUMBER:HASH",
     .many = true,
     .help = "This entry, which you remember, must be in it"},
    {.name = "head",
     .arg = "FILE",
     .many = true,
     .choices = "<file>",
     .help = "And so must all up to this head, which you kept"},
    {.name = "folder",
     .arg = "DIR",
     .choices = "<dir>",
     .help = "Folder of the log (default: that of the CA in the state folder)"},
    HF_STATE_OPTION,
};

static const struct hf_option head_options[] = {
    {.name = "folder",
     .arg = "DIR",
     .choices = "<dir>",
     .help = "Folder of the log (default: that of the CA in the state folder)"},
    HF_STATE_OPTION,
};

static const struct hf_option show_options[] = {
    {.name = "kind",
     .arg = "KIND",
     .choices = "init issue certificate revoke crl",
     .help = "Entries of this kind alone"},
    {.name = "serial",
     .arg = "HEX",
     .help = "The entry of the certificate of this serial number alone"},
    {.name = "from", .arg = "NUMBER", .help = "From this entry on"},
    {.name = "folder",
     .arg = "DIR",
     .choices = "<dir>",
     .help = "Folder of the log (default: that of the CA in the state folder)"},
    HF_STATE_OPTION,
};

static void put_folder(const struct hf_cli *cli, char out[PATH_MAX + 16])
{
    const char *given = hf_cli_value(cli, "folder", NULL);

    if (given != NULL)
        (void)snprintf(out, PATH_MAX + 16, "%s", given);
    else
        (void)snprintf(out, PATH_MAX + 16, "%s/" LOG, cli->state);
}

/* Where it stopped, and why: changes are an answer, the rest is an error. */
static enum hf_exit tell_stop(const struct hf_cli *cli, const char *folder,
                              const struct hf_evidence_stop *stop,
                              enum hf_err err, const struct hf_why *why)
{
    char room[PATH_MAX + 96];
    struct hf_buf subject;

    if (err == HF_ECANCELED)
        return HF_EXIT_INTERRUPTED;
    hf_buf_init(&subject, room, sizeof(room));
    hf_buf_puts(&subject, folder);
    if (stop->number > 0) {
        hf_buf_putc(&subject, '/');
        hf_buf_puts(&subject, stop->file);
        hf_buf_puts(&subject, ", line ");
        hf_buf_put_u64(&subject, stop->number);
    }
    hf_cli_fail(cli, hf_buf_span(&subject), why);
    return err == HF_EINVAL ? HF_EXIT_NO : HF_EXIT_ERROR;
}

/* ---- verify ---- */

#define MEMORIES_MAX 64 /* of each kind */

struct memory {
    struct hf_head head;
    const char *source; /* what is said to be from where */
    bool found;
};

struct verify {
    struct memory memories[2 * MEMORIES_MAX + 1];
    size_t count;
    char own[PATH_MAX + 32]; /* the head beside the log */
};

static bool read_entry(struct hf_span text, struct hf_head *out)
{
    return hf_take_decimal(&text, &out->number) && hf_span_skip(&text, ':') &&
           hf_hex_read(text, out->hash, sizeof(out->hash));
}

static enum hf_exit read_entries(const struct hf_cli *cli,
                                 struct verify *verify)
{
    size_t count = hf_cli_count(cli, "entry");

    if (count > MEMORIES_MAX)
        return hf_cli_usage(cli, HF_SPAN("--entry"), "more than 64");
    for (size_t i = 0; i < count; i++) {
        struct memory *memory = &verify->memories[verify->count++];

        *memory = (struct memory){.source = hf_cli_nth(cli, "entry", i)};
        if (!read_entry(hf_span_str(memory->source), &memory->head))
            return hf_cli_usage(cli, hf_span_str(memory->source),
                                "--entry wants the number of an entry, a "
                                "colon, and its hash in 64 digits");
    }
    return HF_EXIT_GOOD;
}

static enum hf_exit read_head(const struct hf_cli *cli, const char *path,
                              struct memory *out)
{
    char room[HF_HEAD_MAX];
    struct hf_buf text;
    struct hf_why why = {0};
    enum hf_err err;

    *out = (struct memory){.source = path};
    hf_buf_init(&text, room, sizeof(room));
    err = hf_file_read(path, &text, &why);
    if (err == HF_ELIMIT ||
        (err == HF_OK && !hf_head_read(hf_buf_span(&text), &out->head)))
        err = hf_fail(&why, HF_ESYNTAX, 0,
                      "no head of a log of evidence, as `holdfast ca audit "
                      "head` prints it");
    if (err == HF_OK)
        return HF_EXIT_GOOD;
    hf_cli_fail(cli, hf_span_str(path), &why);
    return HF_EXIT_ERROR;
}

static enum hf_exit read_heads(const struct hf_cli *cli, struct verify *verify)
{
    size_t count = hf_cli_count(cli, "head");
    enum hf_exit status = HF_EXIT_GOOD;

    if (count > MEMORIES_MAX)
        return hf_cli_usage(cli, HF_SPAN("--head"), "more than 64");
    for (size_t i = 0; i < count && status == HF_EXIT_GOOD; i++)
        status = read_head(cli, hf_cli_nth(cli, "head", i),
                           &verify->memories[verify->count++]);
    return status;
}

/* The one beside the log is read before the log, which may be growing. */
static enum hf_exit read_own(const struct hf_cli *cli, const char *folder,
                             struct verify *verify)
{
    struct memory *memory = &verify->memories[verify->count];
    struct hf_why why = {0};
    bool found = false;

    (void)snprintf(verify->own, sizeof(verify->own), "%s/head", folder);
    *memory = (struct memory){.source = verify->own};
    if (hf_evidence_head_read(folder, &memory->head, &found, &why) != HF_OK) {
        hf_cli_fail(cli, hf_span_str(verify->own), &why);
        return HF_EXIT_ERROR;
    }
    verify->count += found;
    return HF_EXIT_GOOD;
}

static enum hf_err remember(void *state, const struct hf_entry *entry,
                            struct hf_why *why)
{
    struct verify *verify = state;

    if (hf_signals_stop_wanted())
        return hf_fail(why, HF_ECANCELED, 0, "interrupted");
    for (size_t i = 0; i < verify->count; i++) {
        struct memory *memory = &verify->memories[i];

        if (memory->head.number == entry->number)
            memory->found = memcmp(memory->head.hash, entry->hash,
                                   sizeof(entry->hash)) == 0;
    }
    return HF_OK;
}

static void tell_missing(const struct hf_cli *cli, const struct memory *memory,
                         uint64_t count)
{
    char room[256];
    struct hf_buf text;

    hf_buf_init(&text, room, sizeof(room));
    if (memory->head.number > count) {
        hf_buf_puts(&text, "the end of the log is missing: it had ");
        hf_buf_put_u64(&text, memory->head.number);
        hf_buf_puts(&text, " entries, and has ");
        hf_buf_put_u64(&text, count);
    } else {
        hf_buf_puts(&text, "the log was written anew: its entry ");
        hf_buf_put_u64(&text, memory->head.number);
        hf_buf_puts(&text, " is another");
    }
    if (memory->head.at != 0) {
        hf_buf_puts(&text, memory->head.number > count ? "; the last was of "
                                                       : "; this was of ");
        hf_time_put(&text, memory->head.at);
    }
    hf_buf_putc(&text, '\0');
    hf_cli_error(cli, hf_span_str(memory->source), text.ptr);
}

static enum hf_exit check_memories(const struct hf_cli *cli,
                                   const struct verify *verify, uint64_t count)
{
    enum hf_exit status = HF_EXIT_GOOD;

    for (size_t i = 0; i < verify->count; i++) {
        if (verify->memories[i].found)
            continue;
        tell_missing(cli, &verify->memories[i], count);
        status = HF_EXIT_NO;
    }
    return status;
}

static void tell_head(const struct hf_cli *cli,
                      const struct hf_evidence_head *head)
{
    struct hf_buf *out = &cli->out->buf;
    struct hf_json json = hf_json_to(out);
    char room[HEX_LEN];
    struct hf_buf hash;

    hf_buf_init(&hash, room, sizeof(room));
    hf_put_hex(&hash,
               (struct hf_span){(const char *)head->hash, sizeof(head->hash)});
    if (cli->json) {
        hf_json_open(&json, '{');
        hf_json_key_int(&json, "entries", (int64_t)head->number);
        hf_json_key_int(&json, "segments", (int64_t)head->segments);
        hf_json_key_int(&json, "at", head->at);
        hf_json_key_str(&json, "hash", hf_buf_span(&hash));
        hf_json_key_int(&json, "torn", (int64_t)head->torn);
        hf_json_close(&json, '}');
        hf_buf_putc(out, '\n');
        return;
    }
    hf_buf_puts(out, "the log is whole; its last entry is ");
    hf_buf_put_u64(out, head->number);
    hf_buf_putc(out, ':');
    hf_buf_put(out, hf_buf_span(&hash));
    if (head->torn > 0) {
        hf_buf_puts(out, "\nand the beginning of a write, of ");
        hf_buf_put_u64(out, head->torn);
        hf_buf_puts(out, " octets, that is under way or was cut short");
    }
    hf_buf_putc(out, '\n');
}

static enum hf_exit run_verify(struct hf_cli *cli)
{
    static struct verify verify;
    struct hf_evidence_head head;
    struct hf_evidence_stop stop;
    char folder[PATH_MAX + 16];
    struct hf_why why = {0};
    enum hf_exit status = read_entries(cli, &verify);
    enum hf_err err;

    put_folder(cli, folder);
    if (status == HF_EXIT_GOOD)
        status = read_heads(cli, &verify);
    if (status == HF_EXIT_GOOD)
        status = read_own(cli, folder, &verify);
    if (status != HF_EXIT_GOOD)
        return status;
    err = hf_evidence_walk(folder, remember, &verify, &head, &stop, &why);
    if (err != HF_OK)
        return tell_stop(cli, folder, &stop, err, &why);
    status = check_memories(cli, &verify, head.number);
    tell_head(cli, &head);
    return status;
}

const struct hf_command hf_cmd_ca_audit_verify = {
    .name = "ca audit verify",
    .operands = "",
    .summary = "Tell whether the log of evidence of a CA is whole",
    .details =
        "Reads all of it, and says where it was changed, if it was, and\n"
        "whether it reaches its head. Exit status 2: it was, or does not.\n"
        "Keep what `holdfast ca audit head` prints elsewhere: given as --head\n"
        "later, it shows what somebody who exchanged both has done.\n",
    .options = verify_options,
    .option_count = sizeof(verify_options) / sizeof(verify_options[0]),
    .run = run_verify,
};

/* ---- head ---- */

static enum hf_err heed_signals(void *state, const struct hf_entry *entry,
                                struct hf_why *why)
{
    (void)state;
    (void)entry;
    return hf_signals_stop_wanted()
               ? hf_fail(why, HF_ECANCELED, 0, "interrupted")
               : HF_OK;
}

/* Of what was verified just now. */
static enum hf_exit run_head(struct hf_cli *cli)
{
    struct hf_evidence_head read;
    struct hf_evidence_stop stop;
    struct hf_head head;
    char folder[PATH_MAX + 16];
    struct hf_why why = {0};
    enum hf_err err;

    put_folder(cli, folder);
    err = hf_evidence_walk(folder, heed_signals, NULL, &read, &stop, &why);
    if (err == HF_OK && read.number == 0)
        err = hf_fail(&why, HF_ENOTFOUND, 0, "this log has no entry yet");
    if (err != HF_OK)
        return tell_stop(cli, folder, &stop, err, &why);
    if (cli->json) {
        tell_head(cli, &read);
        return HF_EXIT_GOOD;
    }
    head = (struct hf_head){.number = read.number, .at = read.at};
    memcpy(head.hash, read.hash, sizeof(head.hash));
    hf_head_put(&cli->out->buf, &head);
    return HF_EXIT_GOOD;
}

const struct hf_command hf_cmd_ca_audit_head = {
    .name = "ca audit head",
    .operands = "",
    .summary = "Print how far the log of evidence of a CA has come",
    .details = "Keep it where who may write the log may not, and give it to\n"
               "`holdfast ca audit verify --head` later.\n",
    .options = head_options,
    .option_count = sizeof(head_options) / sizeof(head_options[0]),
    .run = run_head,
};

/* ---- show ---- */

struct show {
    struct hf_cli *cli;
    struct hf_span kind;
    char serial_room[64];
    struct hf_buf serial; /* as it stands in a body; empty: all */
    int64_t from;
};

static bool is_wanted(const struct show *show, const struct hf_entry *entry)
{
    struct hf_span serial = hf_buf_span(&show->serial);

    if ((int64_t)entry->number < show->from)
        return false;
    if (show->kind.len > 0 && !hf_span_eq(show->kind, entry->kind))
        return false;
    return serial.len == 0 || hf_span_starts(entry->body, serial);
}

static enum hf_err show_entry(void *state, const struct hf_entry *entry,
                              struct hf_why *why)
{
    struct show *show = state;
    struct hf_out *out = show->cli->out;
    char room[128];
    struct hf_buf line;

    if (hf_signals_stop_wanted())
        return hf_fail(why, HF_ECANCELED, 0, "interrupted");
    if (!is_wanted(show, entry))
        return HF_OK;
    hf_buf_init(&line, room, sizeof(room));
    if (show->cli->json) {
        hf_buf_puts(&line, "{\"entry\":");
        hf_buf_put_u64(&line, entry->number);
        hf_buf_puts(&line, ",\"at\":");
        hf_buf_put_i64(&line, entry->at);
        hf_buf_puts(&line, ",\"kind\":\"");
        hf_buf_put(&line, entry->kind);
        hf_buf_puts(&line, "\",\"body\":");
    } else {
        hf_buf_put_u64(&line, entry->number);
        hf_buf_puts(&line, "  ");
        hf_time_put(&line, entry->at);
        hf_buf_puts(&line, "  ");
        hf_buf_put(&line, entry->kind);
        hf_buf_puts(&line, "  ");
    }
    hf_out_put(out, hf_buf_span(&line));
    hf_out_put(out, entry->body);
    hf_out_put(out, show->cli->json ? HF_SPAN("}\n") : HF_SPAN("\n"));
    return HF_OK;
}

/* Serial numbers are first in their bodies, in lower case. */
static enum hf_exit read_serial(struct show *show)
{
    struct hf_span text = hf_span_str(hf_cli_value(show->cli, "serial", NULL));

    hf_buf_init(&show->serial, show->serial_room, sizeof(show->serial_room));
    if (text.len == 0)
        return HF_EXIT_GOOD;
    hf_buf_puts(&show->serial, "{\"serial\":\"");
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] != ':') /* as openssl(1) writes them */
            hf_buf_putc(&show->serial, hf_lower(text.ptr[i]));
    hf_buf_putc(&show->serial, '"');
    if (show->serial.full)
        return hf_cli_usage(show->cli, text, "no serial number");
    return HF_EXIT_GOOD;
}

static enum hf_exit run_show(struct hf_cli *cli)
{
    struct show show = {.cli = cli,
                        .kind = hf_span_str(hf_cli_value(cli, "kind", NULL)),
                        .from = 1};
    struct hf_evidence_head head;
    struct hf_evidence_stop stop;
    char folder[PATH_MAX + 16];
    struct hf_why why = {0};
    enum hf_exit status = read_serial(&show);
    enum hf_err err;

    if (status != HF_EXIT_GOOD)
        return status;
    if (!hf_cli_number(cli, "from", 1, INT64_MAX, &show.from))
        return HF_EXIT_USAGE;
    put_folder(cli, folder);
    err = hf_evidence_walk(folder, show_entry, &show, &head, &stop, &why);
    return err == HF_OK ? HF_EXIT_GOOD
                        : tell_stop(cli, folder, &stop, err, &why);
}

const struct hf_command hf_cmd_ca_audit_show = {
    .name = "ca audit show",
    .operands = "",
    .summary = "Show why a CA issued what it issued: its log of evidence",
    .details =
        "Entries are printed as they are verified: at one that was changed\n"
        "the command stops, with exit status 2.\n",
    .options = show_options,
    .option_count = sizeof(show_options) / sizeof(show_options[0]),
    .run = run_show,
};
