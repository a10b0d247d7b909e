/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_lab_dns.c -- the name servers of the laboratory by themselves. */
#include <poll.h>

#include "base/alloc.h"
#include "cli/commands.h"
#include "cli/holder.h"
#include "cli/lab_lines.h"
#include "os/file.h"
#include "os/signals.h"

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
    {.name = "follow",
     .arg = "FILE",
     .choices = "<file>",
     .help = "Do what the lines say that come from there; '-' is standard "
             "input"},
    HF_SANDBOX_OPTION,
};

static enum hf_exit failed(const struct hf_cli *cli, const char *subject,
                           const struct hf_why *why)
{
    hf_cli_fail(cli, hf_span_str(subject), why);
    return HF_EXIT_ERROR;
}

static void obey(struct hf_lab *lab, struct hf_span line,
                 const struct hf_lab_place *place)
{
    (void)hf_lab_obey(lab, line, place);
}

/* ---- beginning ---- */

static enum hf_exit write_anchor(const struct hf_lab *lab)
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

static enum hf_exit begin(struct hf_lab *lab)
{
    const struct hf_cli *cli = lab->cli;
    enum hf_exit status = HF_EXIT_GOOD;

    for (size_t i = 0; i < cli->operand_count && status == HF_EXIT_GOOD; i++)
        status = hf_lab_load(lab, cli->operands[i]);
    if (status == HF_EXIT_GOOD)
        status = hf_lab_listen(lab);
    return status == HF_EXIT_GOOD ? write_anchor(lab) : status;
}

/* ---- serving ---- */

static void put_text(const struct hf_lab *lab, struct hf_span anchor)
{
    struct hf_buf *out = &lab->cli->out->buf;
    uint16_t port = hf_lab_server_port(lab->server, 0);

    hf_buf_puts(out, "answering at port ");
    hf_buf_put_u64(out, port);
    hf_buf_puts(out, "; trust anchor:\n");
    hf_buf_put(out, anchor);
    hf_buf_puts(out, "try: holdfast check --stub .=127.0.0.1@");
    hf_buf_put_u64(out, port);
    hf_buf_puts(out, " --authoritative-port ");
    hf_buf_put_u64(out, port);
    hf_buf_puts(out, " \\\n    --trust-anchor FILE NAME\n");
}

static void put_start(const struct hf_lab *lab)
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

static enum hf_exit serve(struct hf_lab *lab, struct hf_lab_lines *lines)
{
    struct pollfd wait[2] = {
        {.fd = hf_lab_server_fd(lab->server), .events = POLLIN},
        {.fd = lines->fd, .events = POLLIN},
    };
    struct hf_why why = {0};

    while (!hf_signals_stop_wanted()) {
        int64_t wait_ms;

        if (hf_lab_server_step(lab->server, &wait_ms, &why) != HF_OK)
            return failed(lab->cli, "", &why);
        if (poll(wait, 2, (int)wait_ms) > 0 && wait[1].revents != 0)
            hf_lab_lines_read(lab, lines, obey);
        wait[1].fd = lines->fd;
    }
    return HF_EXIT_GOOD;
}

static enum hf_exit run_with(struct hf_cli *cli, struct hf_lab_lines *lines,
                             const struct hf_tsig_key *key)
{
    struct hf_lab lab;
    enum hf_exit status = hf_lab_begin(cli, &lab);

    lab.zone.key = key;
    if (status == HF_EXIT_GOOD)
        status = begin(&lab);
    if (status == HF_EXIT_GOOD) {
        hf_lab_tell(&lab);
        put_start(&lab);
        status = serve(&lab, lines);
    }
    hf_lab_end(&lab);
    return status;
}

static enum hf_exit run(struct hf_cli *cli)
{
    const char *path = hf_cli_value(cli, "tsig-key", NULL);
    struct hf_lab_lines *lines = hf_alloc(1, sizeof(*lines));
    struct hf_tsig_key *key = NULL;
    struct hf_why why = {0};
    enum hf_exit status;

    if (lines == NULL) {
        hf_cli_error(cli, HF_SPAN(""), "out of memory");
        return HF_EXIT_ERROR;
    }
    status = hf_lab_lines_open(cli, hf_cli_value(cli, "follow", NULL), lines);
    if (status == HF_EXIT_GOOD && path != NULL &&
        hf_tsig_key_load(path, &key, &why) != HF_OK)
        status = failed(cli, path, &why);
    if (status == HF_EXIT_GOOD)
        status = run_with(cli, lines, key);
    hf_tsig_key_free(key);
    hf_lab_lines_close(lines);
    hf_free(lines);
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
        "(RFC 2136) are told as they happen. Lines\nfrom --follow make zones, "
        "change records, and switch faults on and off.\n",
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .operands_max = SIZE_MAX,
    .run = run,
};
