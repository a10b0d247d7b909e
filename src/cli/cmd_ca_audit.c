/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_ca_audit.c -- the log of evidence of a CA: is it whole, and what does it
 * say? */
#include <limits.h>
#include <stdio.h>

#include "base/hex.h"
#include "base/time_text.h"
#include "ca/evidence.h"
#include "cli/commands.h"
#include "os/signals.h"

#define LOG     "ca/evidence"
#define HEX_LEN ((size_t)2 * HF_ENTRY_HASH_LEN)

static const struct hf_option verify_options[] = {
    {.name = "entry",
     .arg = "NUMBER:HASH",
     .many = true,
     .help = "This entry, which you remember, must be in it"},
    {.name = "folder",
     .arg = "DIR",
     .choices = "<dir>",
     .help = "Folder of the log (default: that of the CA in the state folder)"},
    HF_STATE_OPTION,
};

static const struct hf_option show_options[] = {
    {.name = "kind",
     .arg = "KIND",
     .choices = "init issue certificate crl",
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

#define MEMORIES_MAX 64

struct memory {
    uint64_t number;
    unsigned char hash[HF_ENTRY_HASH_LEN];
    bool found;
};

struct verify {
    struct memory memories[MEMORIES_MAX];
    size_t count;
};

static bool read_memory(struct hf_span text, struct memory *out)
{
    struct hf_span digits = hf_span_cut(&text, hf_span_find(text, ':'));
    uint64_t value = 0;

    if (digits.len == 0 || digits.len > 18 || !hf_span_skip(&text, ':'))
        return false;
    for (size_t i = 0; i < digits.len; i++) {
        if (!hf_is_digit(digits.ptr[i]))
            return false;
        value = value * 10 + (uint64_t)(digits.ptr[i] - '0');
    }
    out->number = value;
    out->found = false;
    return hf_hex_read(text, out->hash, sizeof(out->hash));
}

static enum hf_exit read_memories(const struct hf_cli *cli,
                                  struct verify *verify)
{
    verify->count = hf_cli_count(cli, "entry");
    if (verify->count > MEMORIES_MAX)
        return hf_cli_usage(cli, HF_SPAN("--entry"), "more than 64");
    for (size_t i = 0; i < verify->count; i++) {
        struct hf_span text = hf_span_str(hf_cli_nth(cli, "entry", i));

        if (!read_memory(text, &verify->memories[i]))
            return hf_cli_usage(cli, text,
                                "--entry wants the number of an entry, a "
                                "colon, and its hash in 64 digits");
    }
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

        if (memory->number == entry->number)
            memory->found =
                memcmp(memory->hash, entry->hash, sizeof(memory->hash)) == 0;
    }
    return HF_OK;
}

static enum hf_exit check_memories(const struct hf_cli *cli,
                                   const struct verify *verify)
{
    enum hf_exit status = HF_EXIT_GOOD;

    for (size_t i = 0; i < verify->count; i++) {
        if (verify->memories[i].found)
            continue;
        hf_cli_error(cli, hf_span_str(hf_cli_nth(cli, "entry", i)),
                     "the log has no such entry: it was cut off, or written "
                     "anew");
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
    struct verify verify = {0};
    struct hf_evidence_head head;
    struct hf_evidence_stop stop;
    char folder[PATH_MAX + 16];
    struct hf_why why = {0};
    enum hf_exit status = read_memories(cli, &verify);
    enum hf_err err;

    if (status != HF_EXIT_GOOD)
        return status;
    put_folder(cli, folder);
    err = hf_evidence_walk(folder, remember, &verify, &head, &stop, &why);
    if (err != HF_OK)
        return tell_stop(cli, folder, &stop, err, &why);
    status = check_memories(cli, &verify);
    tell_head(cli, &head);
    return status;
}

const struct hf_command hf_cmd_ca_audit_verify = {
    .name = "ca audit verify",
    .operands = "",
    .summary = "Tell whether the log of evidence of a CA is whole",
    .details =
        "Reads all of it, and says where it was changed, if it was. Exit\n"
        "status 2: it was. Keep what it prints of the last entry elsewhere:\n"
        "given as --entry later, it shows whether the end was cut off.\n",
    .options = verify_options,
    .option_count = sizeof(verify_options) / sizeof(verify_options[0]),
    .run = run_verify,
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
