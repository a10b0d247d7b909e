/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_lab.c -- a whole laboratory, and lines from whoever sits before it. */
#include <poll.h>
#include <unistd.h>

#include "base/alloc.h"
#include "cli/commands.h"
#include "cli/holder.h"
#include "cli/lab_lines.h"
#include "cli/lab_world.h"
#include "os/signals.h"

static const struct hf_option options[] = {
    {.name = "listen",
     .arg = "ADDR@PORT",
     .many = true,
     .help = "Address of 127.0.0.0/8 for names; port 0 takes a free one"},
    HF_SANDBOX_OPTION,
};

/* What there is at the beginning. Five perspectives are what the Baseline
 * Requirements want from 2026-12-15: REQ VAL-42. */
static const char *const beginning[] = {
    "zone shop.example",
    "record add www.shop.example A 127.0.0.1",
    "perspectives 5 --http-port 5002 --tls-port 5001",
    "ca --http-port 5002 --tls-port 5001",
    "account shop",
};

static const char help[] =
    "Lines are those of scenarios; holdfast-lab(1) explains them.\n"
    "  zone NAME, record add|replace|remove NAME TYPE DATA, show NAME\n"
    "  fault KIND NAME [for ADDRESS] ..., mend KIND NAME, clock +90d\n"
    "  perspectives N, ca [OPTION...], stop ca|p1, start ca|p1\n"
    "  account NAME, steal NAME as NAME, holdfast WORD...\n"
    "  order ACCOUNT NAME..., validate, await, finalize, get URL, log EVENT\n"
    "  expect NAME TYPE STATE SECURITY, expect done|issued|refused ...\n"
    "  help, state, quit\n";

static const char first_steps[] =
    "\nTry, line by line:\n"
    "  holdfast record publish --account shop www.shop.example\n"
    "  holdfast cert issue --account shop www.shop.example\n"
    "  holdfast cert renew --force\n"
    "  account rogue\n"
    "  order rogue www.shop.example\n"
    "  validate\n"
    "  record remove _validation-persist.www.shop.example\n"
    "  clock +11d\n"
    "  holdfast cert renew --force\n"
    "'help' lists the verbs, 'state' says what there is, 'quit' ends it all.\n";

/* ---- what there is ---- */

static void put_line(struct hf_buf *out, const char *what, const char *is)
{
    hf_buf_puts(out, what);
    hf_buf_puts(out, is);
    hf_buf_putc(out, '\n');
}

static void put_zones(const struct hf_lab *lab, struct hf_buf *out)
{
    const struct hf_wire_name *name;

    hf_buf_puts(out, "zones, at 127.0.0.1 port ");
    hf_buf_put_u64(out, hf_lab_server_port(lab->server, 0));
    hf_buf_putc(out, ':');
    for (size_t i = 1; (name = hf_lab_zone_name(lab->dns, i)) != NULL; i++) {
        hf_buf_putc(out, ' ');
        hf_wire_name_put(out, name);
    }
    hf_buf_putc(out, '\n');
}

static void put_state(const struct hf_lab *lab)
{
    const struct hf_lab_world *world = lab->world;
    struct hf_buf *out = &lab->cli->out->buf;

    put_zones(lab, out);
    for (size_t i = 0; i <= world->perspective_count; i++) {
        hf_buf_puts(out, world->programs[i].name);
        hf_buf_puts(out, world->programs[i].child == NULL ? " is down\n"
                                                          : " serves\n");
    }
    for (size_t i = 0; i < world->account_count; i++)
        put_line(out, "account ", world->accounts[i]);
    hf_buf_puts(out, "the clock is ahead by ");
    hf_buf_put_i64(out, lab->ahead_s);
    hf_buf_puts(out, " s\n");
}

/* How programs that are no part of this find the CA. */
static void put_ways(const struct hf_lab *lab)
{
    const struct hf_lab_world *world = lab->world;
    struct hf_buf *out = &lab->cli->out->buf;

    hf_buf_puts(out, "\nFor other ACME clients (http-01 at port 5002, "
                     "tls-alpn-01 at 5001):\n");
    hf_buf_puts(out, "  directory       ");
    hf_buf_puts(out, world->url);
    hf_buf_puts(out, "/directory\n  trust           ");
    hf_buf_puts(out, world->state);
    hf_buf_puts(out, "/ca/root.pem\n  curl            curl --cacert ");
    hf_buf_puts(out, world->state);
    hf_buf_puts(out, "/ca/root.pem ");
    hf_buf_puts(out, world->url);
    hf_buf_puts(out, "/directory\n  certbot         REQUESTS_CA_BUNDLE=");
    hf_buf_puts(out, world->state);
    hf_buf_puts(out, "/ca/root.pem certbot certonly --standalone \\\n"
                     "                    --http-01-port 5002 --server ");
    hf_buf_puts(out, world->url);
    hf_buf_puts(out, "/directory -d www.shop.example\n"
                     "  holdfast        its commands as they are, here; "
                     "elsewhere with --config \\\n                    ");
    put_line(out, world->config, "");
}

/* ---- lines ---- */

static void prompt(const struct hf_lab *lab)
{
    if (isatty(STDIN_FILENO) == 1)
        hf_buf_puts(&lab->cli->out->buf, "lab> ");
    (void)hf_out_flush(lab->cli->out, NULL);
}

static void obey(struct hf_lab *lab, struct hf_span line,
                 const struct hf_lab_place *place)
{
    struct hf_buf *out = &lab->cli->out->buf;

    if (hf_span_eq(line, HF_SPAN("help")))
        hf_buf_puts(out, help);
    else if (hf_span_eq(line, HF_SPAN("state")))
        put_state(lab);
    else if (hf_span_eq(line, HF_SPAN("quit")) ||
             hf_lab_obey(lab, line, place) == HF_EXIT_INTERRUPTED)
        lab->is_over = true;
    lab->answer.settled = true; /* whoever sits there has seen it */
    if (!lab->is_over)
        prompt(lab);
}

/* ---- from the beginning to the end ---- */

static enum hf_exit begin(struct hf_lab *lab)
{
    struct hf_lab_place place = {.path = "beginning"};
    struct hf_why why = {0};
    enum hf_exit status = hf_lab_listen(lab);

    if (status == HF_EXIT_GOOD && hf_lab_world_new(lab, &why) != HF_OK) {
        hf_cli_fail(lab->cli, HF_SPAN(""), &why);
        return HF_EXIT_ERROR;
    }
    hf_lab_tell(lab);
    for (size_t i = 0;
         i < sizeof(beginning) / sizeof(beginning[0]) && status == HF_EXIT_GOOD;
         i++) {
        place.line = i + 1;
        status = hf_lab_obey(lab, hf_span_str(beginning[i]), &place);
    }
    return status;
}

static enum hf_exit serve(struct hf_lab *lab, struct hf_lab_lines *lines)
{
    struct hf_why why = {0};
    enum hf_err err = HF_OK;

    while (err == HF_OK && !lab->is_over && lines->fd >= 0) {
        struct pollfd wait = {.fd = lines->fd, .events = POLLIN};

        err = hf_lab_turn(lab, lines->fd, &why);
        if (err == HF_OK && poll(&wait, 1, 0) > 0)
            hf_lab_lines_read(lab, lines, obey);
    }
    if (err == HF_OK || err == HF_ECANCELED)
        return HF_EXIT_GOOD;
    hf_cli_fail(lab->cli, HF_SPAN(""), &why);
    return HF_EXIT_ERROR;
}

static enum hf_exit run_with(struct hf_cli *cli, struct hf_lab_lines *lines)
{
    struct hf_lab lab;
    enum hf_exit status = hf_lab_begin(cli, &lab);

    if (status == HF_EXIT_GOOD)
        status = begin(&lab);
    if (status == HF_EXIT_GOOD) {
        put_ways(&lab);
        hf_buf_puts(&cli->out->buf, first_steps);
        prompt(&lab);
        status = serve(&lab, lines);
    }
    hf_lab_end(&lab);
    return status;
}

static enum hf_exit run(struct hf_cli *cli)
{
    struct hf_lab_lines *lines = hf_alloc(1, sizeof(*lines));
    enum hf_exit status;

    if (lines == NULL) {
        hf_cli_error(cli, HF_SPAN(""), "out of memory");
        return HF_EXIT_ERROR;
    }
    status = hf_lab_lines_open(cli, "-", lines);
    if (status == HF_EXIT_GOOD)
        status = run_with(cli, lines);
    hf_free(lines);
    return status;
}

const struct hf_command hf_cmd_lab = {
    .name = "lab",
    .operands = "",
    .summary = "Start a CA, perspectives, names and an account, to try them",
    .details = "All on 127.0.0.0/8, in a folder that is gone at the end. Says "
               "what to try, and\n"
               "how other ACME clients find the CA; then it takes lines as "
               "scenarios have them.\n",
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .run = run,
};
