/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_perspective.c -- look at names for a CA that is elsewhere. */
#include <poll.h>

#include "ca/perspective_host.h"
#include "ca/region.h"
#include "cli/commands.h"
#include "cli/eyes.h"
#include "cli/fence.h"
#include "cli/layers.h"
#include "cli/manager.h"
#include "holdfast/digest.h"
#include "holdfast/idna.h"
#include "os/clock.h"
#include "os/file.h"
#include "os/signals.h"

#define PEM_MAX      ((size_t)1 << 20)
#define DRAIN_MS     5000
#define TURN_MS      100
#define ISSUERS_MAX  16
#define USUAL_LISTEN "127.0.0.1@8443"

static const struct hf_option options[] = {
    {.name = "perspective",
     .arg = "NAME",
     .help = "Its section of the configuration file (default: 'default')"},
    {.name = "listen",
     .arg = "ADDRESS@PORT",
     .many = true,
     .help = "Where CAs ask; unix:PATH is a socket (default " USUAL_LISTEN ")"},
    {.name = "certificate",
     .arg = "FILE",
     .choices = "<file>",
     .help = "Our TLS certificate and its chain, PEM"},
    {.name = "key",
     .arg = "FILE",
     .choices = "<file>",
     .help = "Its key, PEM, for nobody else to read"},
    {.name = "client-ca",
     .arg = "FILE",
     .choices = "<file>",
     .help = "Answer who has a client certificate of these, and nobody else"},
    {.name = "plain",
     .help = "Without TLS, on this machine only: something else speaks it"},
    {.name = "code", .arg = "NAME", .help = "How CAs call this perspective"},
    {.name = "region",
     .arg = "RIR",
     .help = "The registry's region it is in: " HF_REGION_WORDS},
    {.name = "issuer",
     .arg = "DOMAIN",
     .many = true,
     .help = "The CA's name in CAA, where a request names none"},
    {.name = "allow-private",
     .help = "http-01, tls-alpn-01: look at private addresses, too"},
    HF_EYES_OPTIONS,
};

/* All that one process has. */
struct post {
    struct hf_cli *cli;
    struct hf_name issuer_names[ISSUERS_MAX];
    struct hf_span issuers[ISSUERS_MAX];
    struct hf_perspective_self self;
    struct hf_digest *digest;
    struct hf_eyes eyes;
    struct hf_buf certificate;
    struct hf_buf key;
    struct hf_buf client_ca;
    struct hf_server_front *front;
    struct hf_perspective_host *host;
    struct hf_notify notify;
    struct hf_handed handed;
};

static enum hf_exit failed(const struct hf_cli *cli, const char *subject,
                           const struct hf_why *why)
{
    hf_cli_fail(cli, hf_span_str(subject), why);
    return HF_EXIT_ERROR;
}

/* ---- options ---- */

static enum hf_exit read_self(struct post *post)
{
    const struct hf_cli *cli = post->cli;
    const char *region = hf_cli_value(cli, "region", "");
    size_t count = hf_cli_count(cli, "issuer");

    if (!hf_cli_has(cli, "code") || !hf_cli_has(cli, "region"))
        return hf_cli_usage(cli, HF_SPAN(""),
                            "give --code NAME and --region RIR: BR 3.2.2.9 "
                            "counts regions");
    if (hf_region_find(hf_span_str(region)).len == 0)
        return hf_cli_usage(cli, hf_span_str(region),
                            "--region is one of " HF_REGION_WORDS);
    if (count > ISSUERS_MAX)
        return hf_cli_usage(cli, HF_SPAN("--issuer"), "too many of them");
    for (size_t i = 0; i < count; i++) {
        struct hf_span text = hf_span_str(hf_cli_nth(cli, "issuer", i));

        if (hf_idna_canonical(text, &post->issuer_names[i], NULL) != HF_OK)
            return hf_cli_usage(cli, text, "this is no domain name");
        post->issuers[i] = hf_name_span(&post->issuer_names[i]);
    }
    post->self = (struct hf_perspective_self){
        .code = hf_span_str(hf_cli_value(cli, "code", NULL)),
        .rir = hf_region_find(hf_span_str(region)),
        .issuers = post->issuers,
        .issuer_count = count,
        .digest = post->digest};
    return HF_EXIT_GOOD;
}

static enum hf_exit read_pem(const struct post *post, const char *option,
                             bool is_secret, struct hf_buf *out)
{
    const char *path = hf_cli_value(post->cli, option, NULL);
    struct hf_why why = {0};
    enum hf_err err;

    hf_buf_init_grow(out, PEM_MAX);
    if (path == NULL)
        return hf_cli_usage(post->cli, HF_SPAN(""),
                            "give --certificate, --key and --client-ca, or "
                            "--plain");
    if (is_secret && hf_buf_reserve(out, PEM_MAX) == NULL)
        err = hf_fail(&why, HF_ENOMEM, 0, "out of memory");
    else if (is_secret)
        err = hf_file_read_private(path, out, &why);
    else
        err = hf_file_read(path, out, &why);
    return err == HF_OK ? HF_EXIT_GOOD : failed(post->cli, path, &why);
}

/* REQ VAL-48: who asks has to prove it, over a channel that is encrypted. */
static enum hf_exit read_tls(struct post *post)
{
    enum hf_exit status;

    if (hf_cli_switch(post->cli, "plain", false))
        return HF_EXIT_GOOD;
    status = read_pem(post, "certificate", false, &post->certificate);
    if (status == HF_EXIT_GOOD)
        status = read_pem(post, "client-ca", false, &post->client_ca);
    if (status == HF_EXIT_GOOD)
        status = read_pem(post, "key", true, &post->key);
    return status;
}

/* ---- beginning ---- */

static enum hf_exit open_front(struct post *post)
{
    const struct hf_cli *cli = post->cli;
    struct hf_server_place places[HF_SERVER_PLACES_MAX];
    size_t count = hf_cli_count(cli, "listen");
    const struct hf_server_config config = {
        .places = places,
        .place_count = count > 0 ? count : 1,
        .handed = post->handed,
        .certificate = hf_buf_span(&post->certificate),
        .key = hf_buf_span(&post->key),
        .client_ca = hf_buf_span(&post->client_ca),
        .client_required = true,
        .window = HF_EYE_WINDOW,
        .no_wall = hf_cli_no_wall(cli)};
    bool plain = hf_cli_switch(cli, "plain", false);
    struct hf_why why = {0};

    if (count > HF_SERVER_PLACES_MAX)
        return hf_cli_usage(cli, HF_SPAN("--listen"), "too many of them");
    for (size_t i = 0; i < config.place_count; i++)
        places[i] = (struct hf_server_place){
            .address = hf_span_str(count > 0 ? hf_cli_nth(cli, "listen", i)
                                             : USUAL_LISTEN),
            .plain = plain};
    if (hf_server_new(&config, &post->front, &why) != HF_OK)
        return failed(cli, hf_cli_value(cli, "listen", USUAL_LISTEN), &why);
    return HF_EXIT_GOOD;
}

static enum hf_exit open_host(struct post *post)
{
    const struct hf_perspective_config config = {.front = post->front,
                                                 .self = &post->self,
                                                 .eyes = post->eyes.list,
                                                 .eye_count = post->eyes.count};
    struct hf_why why = {0};

    return hf_perspective_host_new(&config, &post->host, &why) == HF_OK
               ? HF_EXIT_GOOD
               : failed(post->cli, "", &why);
}

static enum hf_exit begin(struct post *post)
{
    struct hf_why why = {0};
    enum hf_exit status;

    status = hf_manager_open(post->cli, &post->notify);
    if (status == HF_EXIT_GOOD)
        status = hf_manager_sockets(post->cli, &post->handed);
    if (status == HF_EXIT_GOOD && hf_digest_new(&post->digest, &why) != HF_OK)
        status = failed(post->cli, "", &why);
    if (status == HF_EXIT_GOOD)
        status = read_self(post);
    if (status == HF_EXIT_GOOD)
        status = read_tls(post);
    if (status == HF_EXIT_GOOD)
        status = hf_eyes_open(
            post->cli,
            (struct hf_eye_rules){.allows_private = hf_cli_switch(
                                      post->cli, "allow-private", false),
                                  .ip_persist = true},
            post->digest, &post->eyes);
    if (status == HF_EXIT_GOOD)
        status = open_front(post);
    if (status == HF_EXIT_GOOD)
        status = open_host(post);
    if (status == HF_EXIT_GOOD)
        status = hf_fence_from_cli(post->cli, NULL, 0);
    return status;
}

/* ---- serving ---- */

static void tell_ready(const struct post *post, uint16_t port)
{
    char room[64];
    struct hf_buf status;

    hf_buf_init(&status, room, sizeof(room));
    hf_buf_puts(&status, "answering at port ");
    hf_buf_put_u64(&status, port);
    hf_notify_ready(&post->notify, hf_buf_span(&status));
}

static void put_start(const struct post *post)
{
    struct hf_buf *out = &post->cli->out->buf;
    struct hf_json json = hf_json_to(out);
    uint16_t port = hf_server_port(post->front, 0);

    if (post->cli->json) {
        hf_json_open(&json, '{');
        hf_json_key_int(&json, "port", port);
        hf_json_close(&json, '}');
    } else {
        hf_buf_puts(out, "answering at port ");
        hf_buf_put_u64(out, port);
    }
    hf_buf_putc(out, '\n');
    (void)hf_out_flush(post->cli->out, NULL);
    tell_ready(post, port);
}

static void await(const struct post *post)
{
    struct pollfd pfds[2 + HF_EYE_FDS_MAX];
    int fds[HF_EYE_FDS_MAX + 1];
    size_t count = post->eyes.eyes[0].fds(post->eyes.eyes[0].state, fds);

    if (post->eyes.count > 1) /* the remotes share one */
        fds[count++] = hf_http_fd(&post->eyes.api);
    pfds[0] =
        (struct pollfd){.fd = hf_server_fd(post->front), .events = POLLIN};
    if (hf_server_is_behind(post->front))
        pfds[0].events |= POLLOUT;
    for (size_t i = 0; i < count; i++)
        pfds[1 + i] = (struct pollfd){.fd = fds[i], .events = POLLIN};
    (void)poll(pfds, 1 + count, TURN_MS);
}

static enum hf_exit serve(struct post *post)
{
    int64_t until_ms = INT64_MAX;
    struct hf_why why = {0};

    while (hf_clock_ms() < until_ms && !hf_server_is_drained(post->front)) {
        if (until_ms == INT64_MAX && hf_signals_stop_wanted()) {
            until_ms = hf_clock_ms() + DRAIN_MS;
            hf_signals_tidy(true);
            hf_notify_stopping(&post->notify,
                               HF_SPAN("who is there gets an answer"));
            hf_server_drain(post->front);
        }
        hf_notify_alive(&post->notify);
        if (hf_perspective_host_turn(post->host, hf_clock_now(), &why) != HF_OK)
            return failed(post->cli, "", &why);
        await(post);
    }
    return HF_EXIT_GOOD;
}

static void end(struct post *post)
{
    hf_notify_close(&post->notify);
    hf_perspective_host_free(post->host);
    hf_server_free(post->front);
    hf_eyes_close(&post->eyes);
    hf_digest_free(post->digest);
    hf_buf_clear(&post->certificate);
    hf_buf_clear(&post->client_ca);
    hf_buf_clear_wiped(&post->key);
}

static enum hf_exit run(struct hf_cli *cli)
{
    static struct post post; /* an eye of 128 places is not small */
    enum hf_exit status;

    post = (struct post){.cli = cli};
    hf_layers_use_perspective(
        cli, hf_span_str(hf_cli_value(cli, "perspective", "default")));
    status = begin(&post);
    if (status == HF_EXIT_GOOD) {
        put_start(&post);
        status = serve(&post);
    }
    end(&post);
    return status;
}

const struct hf_command hf_cmd_perspective_serve = {
    .name = "perspective serve",
    .operands = "",
    .summary = "Look at names for a CA that is elsewhere",
    .details = "One of the places from which a CA has names looked at (BR "
               "3.2.2.9), by the Open\n"
               "MPIC API over HTTPS: POST /dcv and /caa; /mpic asks the remote "
               "ones. CAs prove\n"
               "who they are by a certificate. DNSSEC is validated here, and "
               "nothing is shared\n"
               "with others.\n",
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .run = run,
};
