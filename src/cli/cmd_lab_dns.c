/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_lab_dns.c -- the name servers of the laboratory by themselves. */
#include <poll.h>

#include "cli/commands.h"
#include "lab/zone_server.h"
#include "lab/zone_text.h"
#include "os/file.h"
#include "os/signals.h"

#define FILE_MAX      ((size_t)16 << 20)
#define CHANGE_MAX    2000 /* characters of a line about one */
#define USUAL_ADDRESS "127.0.0.1@0"

static const struct hf_option options[] = {
    {.name = "listen",
     .arg = "ADDR@PORT",
     .many = true,
     .help = "Address of 127.0.0.0/8 to answer at; port 0 takes a free one"},
    {.name = "write-anchor",
     .arg = "FILE",
     .choices = "<file>",
     .help = "Write the trust anchor there"},
    {.name = "tsig-key",
     .arg = "FILE",
     .choices = "<file>",
     .help = "Take updates of all zones that are signed by this key"},
};

struct lab {
    struct hf_cli *cli;
    struct hf_tsig_key *key;
    struct hf_lab_dns *dns;
    struct hf_lab_server *server;
};

static enum hf_exit failed(const struct hf_cli *cli, const char *subject,
                           const struct hf_why *why)
{
    hf_cli_fail(cli, hf_span_str(subject), why);
    return HF_EXIT_ERROR;
}

/* ---- the story ---- */

static void put_change(struct hf_cli *cli, const struct hf_lab_change *change,
                       struct hf_span text)
{
    struct hf_json json = hf_json_to(&cli->out->buf);
    struct hf_buf *out = &cli->out->buf;

    if (cli->json) {
        hf_json_open(&json, '{');
        hf_json_key_int(&json, "at", change->now_s);
        hf_json_key_str(&json, "by", change->who);
        hf_json_key_lit(&json, "change", change->removed ? "remove" : "add");
        hf_json_key_str(&json, "record", text);
        hf_json_close(&json, '}');
    } else {
        hf_buf_put_escaped(out, change->who, HF_WIRE_NAME_MAX);
        hf_buf_puts(out, change->removed ? " removes " : " adds ");
        hf_buf_put(out, text);
    }
    hf_buf_putc(out, '\n');
}

static void tell(void *state, const struct hf_lab_change *change)
{
    struct hf_cli *cli = state;
    struct hf_buf text;

    hf_buf_init_grow(&text, 8 * (size_t)HF_WIRE_MESSAGE_MAX);
    hf_lab_text_put(&text, change->record);
    if (text.len > 0)
        text.len--; /* the newline */
    if (text.len > CHANGE_MAX)
        text.len = CHANGE_MAX;
    put_change(cli, change, hf_buf_span(&text));
    hf_buf_clear(&text);
    (void)hf_out_flush(cli->out, NULL);
}

/* ---- beginning ---- */

static enum hf_exit load(struct lab *lab, const char *path)
{
    const struct hf_lab_zone_config config = {.key = lab->key};
    struct hf_cli *cli = lab->cli;
    struct hf_why why = {0};
    uint64_t line = 0;
    struct hf_buf text;
    struct hf_buf place;
    enum hf_err err;

    hf_buf_init_grow(&text, FILE_MAX);
    hf_buf_init_grow(&place, PATH_MAX + 32);
    err = hf_file_read(path, &text, &why);
    hf_buf_puts(&place, path);
    if (err == HF_OK) {
        err = hf_lab_text_load(lab->dns, hf_buf_span(&text), &config,
                               cli->now.s, &line, &why);
        hf_buf_putc(&place, ':');
        hf_buf_put_u64(&place, line);
    }
    if (err != HF_OK)
        hf_cli_fail(cli, hf_buf_span(&place), &why);
    hf_buf_clear(&place);
    hf_buf_clear(&text);
    return err == HF_OK ? HF_EXIT_GOOD : HF_EXIT_ERROR;
}

static enum hf_exit open_server(struct lab *lab)
{
    const struct hf_cli *cli = lab->cli;
    const char *addresses[HF_LAB_ADDRESSES_MAX] = {USUAL_ADDRESS};
    size_t count = hf_cli_count(cli, "listen");
    struct hf_why why = {0};

    if (count > HF_LAB_ADDRESSES_MAX)
        return hf_cli_usage(cli, HF_SPAN("listen"), "too many of them");
    for (size_t i = 0; i < count; i++)
        addresses[i] = hf_cli_nth(cli, "listen", i);
    if (hf_lab_server_new(lab->dns, addresses, count > 0 ? count : 1,
                          &lab->server, &why) != HF_OK)
        return failed(cli, addresses[0], &why);
    return HF_EXIT_GOOD;
}

static enum hf_exit write_anchor(const struct lab *lab)
{
    const char *path = hf_cli_value(lab->cli, "write-anchor", NULL);
    struct hf_why why = {0};
    char room[256];
    struct hf_buf text;

    hf_buf_init(&text, room, sizeof(room));
    hf_lab_dns_put_anchor(lab->dns, &text);
    if (path != NULL &&
        hf_file_replace_path(path, hf_buf_span(&text), &why) != HF_OK)
        return failed(lab->cli, path, &why);
    return HF_EXIT_GOOD;
}

static enum hf_exit begin(struct lab *lab)
{
    struct hf_cli *cli = lab->cli;
    const char *key = hf_cli_value(cli, "tsig-key", NULL);
    enum hf_exit status = HF_EXIT_GOOD;
    struct hf_why why = {0};

    if (key != NULL && hf_tsig_key_load(key, &lab->key, &why) != HF_OK)
        return failed(cli, key, &why);
    if (hf_lab_dns_new(&lab->dns, &why) != HF_OK)
        return failed(cli, "", &why);
    for (size_t i = 0; i < cli->operand_count && status == HF_EXIT_GOOD; i++)
        status = load(lab, cli->operands[i]);
    if (status == HF_EXIT_GOOD)
        status = open_server(lab);
    return status == HF_EXIT_GOOD ? write_anchor(lab) : status;
}

/* ---- serving ---- */

static void put_text(const struct lab *lab, struct hf_span anchor)
{
    struct hf_buf *out = &lab->cli->out->buf;
    uint16_t port = hf_lab_server_port(lab->server, 0);

    hf_buf_puts(out, "answering at port ");
    hf_buf_put_u64(out, port);
    hf_buf_puts(out, "; trust anchor:\n");
    hf_buf_put(out, anchor);
    hf_buf_puts(out, "try: holdfast check --stub .=127.0.0.1@");
    hf_buf_put_u64(out, port);
    hf_buf_puts(out, " --trust-anchor FILE NAME\n");
}

static void put_start(const struct lab *lab)
{
    struct hf_cli *cli = lab->cli;
    struct hf_json json = hf_json_to(&cli->out->buf);
    char room[256];
    struct hf_buf anchor;

    hf_buf_init(&anchor, room, sizeof(room));
    hf_lab_dns_put_anchor(lab->dns, &anchor);
    if (!cli->json) {
        put_text(lab, hf_buf_span(&anchor));
    } else {
        anchor.len--; /* the newline */
        hf_json_open(&json, '{');
        hf_json_key_int(&json, "port", hf_lab_server_port(lab->server, 0));
        hf_json_key_str(&json, "trust_anchor", hf_buf_span(&anchor));
        hf_json_close(&json, '}');
        hf_buf_putc(&cli->out->buf, '\n');
    }
    (void)hf_out_flush(cli->out, NULL);
}

static enum hf_exit serve(const struct lab *lab)
{
    struct pollfd wait = {.fd = hf_lab_server_fd(lab->server),
                          .events = POLLIN};
    struct hf_why why = {0};

    while (!hf_signals_stop_wanted()) {
        int64_t wait_ms;

        if (hf_lab_server_step(lab->server, &wait_ms, &why) != HF_OK)
            return failed(lab->cli, "", &why);
        (void)poll(&wait, 1, (int)wait_ms);
    }
    return HF_EXIT_GOOD;
}

static enum hf_exit run(struct hf_cli *cli)
{
    struct lab lab = {.cli = cli};
    enum hf_exit status = begin(&lab);

    if (status == HF_EXIT_GOOD) {
        hf_lab_dns_tell(lab.dns, tell, cli);
        put_start(&lab);
        status = serve(&lab);
    }
    hf_lab_server_free(lab.server);
    hf_lab_dns_free(lab.dns);
    hf_tsig_key_free(lab.key);
    return status;
}

const struct hf_command hf_cmd_lab_dns = {
    .name = "lab dns",
    .operands = "[FILE...]",
    .summary = "Serve a small signed Internet on loopback",
    .details =
        "A root and the zones of the FILEs, zone files in which each SOA "
        "begins a zone,\nsigned by keys made now, until a signal comes. "
        "Resolvers need one stub for the\nroot and the trust anchor. Updates "
        "(RFC 2136) are told as they happen.\n",
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .operands_max = SIZE_MAX,
    .run = run,
};
