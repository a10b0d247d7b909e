/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/eyes.h"

#include "ca/region.h"

#define PROBE_BODY 1024 /* octets; a key authorization has fewer than 200 */
#define PROBE_MS   10000

static enum hf_exit failed(const struct hf_cli *cli, const char *subject,
                           const struct hf_why *why)
{
    hf_cli_fail(cli, hf_span_str(subject), why);
    return HF_EXIT_ERROR;
}

/* ---- our own ---- */

static enum hf_exit open_own(const struct hf_cli *cli,
                             struct hf_eye_rules rules, struct hf_eyes *eyes)
{
    const struct hf_http_config web = {.probes = true,
                                       .body_max = PROBE_BODY,
                                       .timeout_ms = PROBE_MS,
                                       .no_wall = hf_cli_no_wall(cli)};
    int64_t http_port = 0;
    int64_t tls_port = 0;
    struct hf_why why = {0};
    enum hf_exit status = hf_resolver_for_ca(cli, &eyes->resolver);

    if (status != HF_EXIT_GOOD)
        return status;
    if (!hf_cli_number(cli, "http-port", 1, UINT16_MAX, &http_port) ||
        !hf_cli_number(cli, "tls-port", 1, UINT16_MAX, &tls_port))
        return HF_EXIT_USAGE;
    rules.http_port = (uint16_t)http_port;
    rules.tls_port = (uint16_t)tls_port;
    if (hf_http_new(&web, &eyes->prober, &why) != HF_OK ||
        hf_eye_local(&eyes->resolver, &eyes->prober, &rules, &eyes->eyes[0],
                     &why) != HF_OK)
        return failed(cli, "", &why);
    eyes->count = 1;
    return HF_EXIT_GOOD;
}

/* ---- the others ---- */

/* NAME=RIR=URL */
static bool read_place(const char *value, struct hf_perspective_place *out)
{
    struct hf_span text = hf_span_str(value);

    out->code = hf_span_cut(&text, hf_span_find(text, '='));
    (void)hf_span_skip(&text, '=');
    out->rir = hf_region_find(hf_span_cut(&text, hf_span_find(text, '=')));
    (void)hf_span_skip(&text, '=');
    out->url = text;
    return text.len > 0 && out->rir.len > 0;
}

static enum hf_exit read_places(const struct hf_cli *cli,
                                struct hf_perspective_place *out, size_t count)
{
    if (count == 1 || count >= HF_EYES_MAX)
        return hf_cli_usage(cli, HF_SPAN("--remote"),
                            "give two at least, and at most 15");
    for (size_t i = 0; i < count; i++) {
        const char *value = hf_cli_nth(cli, "remote", i);

        if (!read_place(value, &out[i]))
            return hf_cli_usage(
                cli, hf_span_str(value),
                "a perspective is NAME=RIR=URL; RIR: " HF_REGION_WORDS);
    }
    return HF_EXIT_GOOD;
}

/* REQ VAL-48 */
static enum hf_exit open_remotes(const struct hf_cli *cli,
                                 const struct hf_digest *digest,
                                 struct hf_eyes *eyes)
{
    struct hf_perspective_place places[HF_EYES_MAX];
    size_t count = hf_cli_count(cli, "remote");
    struct hf_http_config config = {
        .own_chain = hf_cli_value(cli, "remote-certificate", NULL),
        .own_key = hf_cli_value(cli, "remote-key", NULL),
        .ca_file_count = hf_cli_count(cli, "remote-ca"),
        .no_wall = hf_cli_no_wall(cli)};
    struct hf_why why = {0};
    enum hf_exit status = read_places(cli, places, count);

    if (status != HF_EXIT_GOOD || count == 0)
        return status;
    if (config.ca_file_count > HF_HTTP_FILES_MAX)
        return hf_cli_usage(cli, HF_SPAN("--remote-ca"), "too many of them");
    for (size_t i = 0; i < config.ca_file_count; i++)
        config.ca_files[i] = hf_cli_nth(cli, "remote-ca", i);
    if (hf_http_new(&config, &eyes->api, &why) != HF_OK ||
        hf_eyes_remote(&eyes->api, digest, places, count, &eyes->eyes[1],
                       &why) != HF_OK)
        return failed(cli, "--remote", &why);
    eyes->count += count;
    return HF_EXIT_GOOD;
}

enum hf_exit hf_eyes_open(const struct hf_cli *cli, struct hf_eye_rules rules,
                          const struct hf_digest *digest, struct hf_eyes *out)
{
    enum hf_exit status = open_own(cli, rules, out);

    if (status == HF_EXIT_GOOD)
        status = open_remotes(cli, digest, out);
    for (size_t i = 0; i < out->count; i++)
        out->list[i] = &out->eyes[i];
    return status;
}

void hf_eyes_close(struct hf_eyes *eyes)
{
    for (size_t i = 0; i < eyes->count; i++)
        hf_eye_clear(&eyes->eyes[i]);
    hf_http_clear(&eyes->api);
    hf_http_clear(&eyes->prober);
    hf_resolver_clear(&eyes->resolver);
    *eyes = (struct hf_eyes){0};
}
