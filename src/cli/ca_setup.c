/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/ca_setup.h"

#include <stdio.h>

#include "base/time_text.h"
#include "holdfast/hashed_uri.h"
#include "holdfast/idna.h"
#include "os/child.h"

#define ORDER_S     (7 * (int64_t)86400)
#define BACKDATE_S  3600
#define NAMES_MAX   100
#define AN_HOUR_MAX 3600
#define LIFE_MAX_S  (10 * 365 * (int64_t)86400)

/* ---- the URL ---- */

/* An URL of the CA: taken apart, and the prefix of records below it. */
static enum hf_exit read_base(const struct hf_cli *cli, const char *text,
                              struct hf_ca_setup *out, struct hf_url *url)
{
    size_t n = out->settings.law.prefix_count;
    struct hf_why why = {0};
    struct hf_buf prefix;

    if (hf_url_parse(hf_span_str(text), url, &why) != HF_OK)
        return hf_cli_usage(cli, hf_span_str(text), why.text);
    if (!url->tls || !hf_span_eq(url->target, HF_SPAN("/")) ||
        hf_span_ends(hf_span_str(text), HF_SPAN("/")))
        return hf_cli_usage(cli, hf_span_str(text),
                            "the URL is https://, a host, perhaps a port, and "
                            "no path");
    hf_buf_init(&prefix, out->prefix_rooms[n], sizeof(out->prefix_rooms[n]));
    hf_buf_puts(&prefix, text);
    hf_buf_puts(&prefix, "/h/"); /* no account's URL begins so: REQ DIR-06 */
    out->prefixes[n] = hf_buf_span(&prefix);
    out->settings.law.prefixes = out->prefixes;
    out->settings.law.prefix_count = n + 1;
    return HF_EXIT_GOOD;
}

/* REQ ACCT-09: what was good where it was before stays good. */
static enum hf_exit read_former(const struct hf_cli *cli,
                                struct hf_ca_setup *out)
{
    size_t count = hf_cli_count(cli, "former-url");
    enum hf_exit status = HF_EXIT_GOOD;

    if (count > HF_CA_FORMER_MAX)
        return hf_cli_usage(cli, HF_SPAN("--former-url"), "given too often");
    for (size_t i = 0; i < count && status == HF_EXIT_GOOD; i++) {
        const char *text = hf_cli_nth(cli, "former-url", i);
        struct hf_url url;

        status = read_base(cli, text, out, &url);
        out->former[i] = hf_span_str(text);
    }
    out->settings.former = out->former;
    out->settings.former_count = count;
    return status;
}

static enum hf_exit read_url(const struct hf_cli *cli, struct hf_ca_setup *out)
{
    const char *text = hf_cli_value(cli, "url", NULL);
    struct hf_why why = {0};
    struct hf_name name;
    struct hf_url url;
    enum hf_exit status;

    if (text == NULL)
        return hf_cli_usage(cli, HF_SPAN(""),
                            "say where clients find it: --url "
                            "https://ca.example");
    status = read_base(cli, text, out, &url);
    if (status != HF_EXIT_GOOD)
        return status;
    out->host_is_ip = url.kind != HF_URL_NAME;
    out->host = url.host;
    if (!out->host_is_ip) {
        if (hf_name_parse(url.host, &name, &why) != HF_OK)
            return hf_cli_usage(cli, url.host, why.text);
        memcpy(out->host_room, name.text, name.len);
        out->host = (struct hf_span){out->host_room, name.len};
    }
    out->port = url.port;
    out->settings.base = hf_span_str(text);
    return read_former(cli, out);
}

/* ---- where to listen ---- */

static enum hf_exit read_places(const struct hf_cli *cli,
                                struct hf_ca_setup *out)
{
    static const char *const anywhere[] = {"0.0.0.0", "::"};
    const char *watch = hf_cli_value(cli, "watch", NULL);
    size_t count = hf_cli_count(cli, "listen");

    /* Beside the watchers' place and the operator's. */
    if (count > HF_SERVER_PLACES_MAX - 2)
        return hf_cli_usage(cli, HF_SPAN("--listen"),
                            "given more than 14 times");
    for (size_t i = 0; i < count; i++)
        out->places[out->place_count++].address =
            hf_span_str(hf_cli_nth(cli, "listen", i));
    for (size_t i = 0; count == 0 && i < 2; i++) {
        (void)snprintf(out->place_rooms[i], sizeof(out->place_rooms[i]),
                       "%s@%u", anywhere[i], out->port);
        out->places[out->place_count++].address =
            hf_span_str(out->place_rooms[i]);
    }
    out->watch_place = HF_SERVER_PLACES_MAX;
    if (watch != NULL) {
        out->watch_place = out->place_count;
        out->places[out->place_count++] = (struct hf_server_place){
            .address = hf_span_str(watch), .plain = true};
    }
    return HF_EXIT_GOOD;
}

/* ---- names in records ---- */

/* The directory and every challenge have all of them (REQ DIR-11): what it was
 * called before comes behind what it is called now. */
static enum hf_exit read_issuers(const struct hf_cli *cli,
                                 struct hf_ca_setup *out)
{
    size_t count = hf_cli_count(cli, "issuer-name");
    struct hf_why why = {0};

    if (count > HF_CA_ISSUERS_MAX)
        return hf_cli_usage(cli, HF_SPAN("--issuer-name"),
                            "given more than ten times (draft -02, 3.1)");
    if (count == 0 && out->host_is_ip)
        return hf_cli_usage(cli, HF_SPAN(""),
                            "the URL has no name: say the CA's name in records "
                            "with --issuer-name");
    for (size_t i = 0; i < (count == 0 ? 1 : count); i++) {
        struct hf_span text =
            count == 0 ? out->host
                       : hf_span_str(hf_cli_nth(cli, "issuer-name", i));

        if (hf_idna_canonical(text, &out->issuer_names[i], &why) != HF_OK)
            return hf_cli_usage(cli, text, why.text);
        out->issuers[i] = hf_name_span(&out->issuer_names[i]);
        out->settings.law.issuer_count = i + 1;
    }
    out->settings.law.issuers = out->issuers;
    return HF_EXIT_GOOD;
}

/* ---- profiles ---- */

static enum hf_exit read_profile(const struct hf_cli *cli, const char *text,
                                 struct hf_ca_profile *out)
{
    struct hf_span rest = hf_span_str(text);
    struct hf_span name = hf_span_cut(&rest, hf_span_find(rest, '='));
    struct hf_time life = {0};
    char room[64];
    int n;

    (void)hf_span_skip(&rest, '=');
    n = snprintf(room, sizeof(room), "+%.*s", (int)rest.len, rest.ptr);
    if (name.len == 0 || name.len > HF_ISSUER_WORD_MAX || n >= 64 ||
        hf_time_parse(hf_span_str(room), (struct hf_time){0}, &life, NULL) !=
            HF_OK ||
        life.s < 60 || life.s > LIFE_MAX_S)
        return hf_cli_usage(cli, hf_span_str(text),
                            "a profile is a name, '=', and a lifetime such as "
                            "47d or 144h, a minute to ten years");
    *out = (struct hf_ca_profile){
        .name = name, .description = rest, .lifetime_s = life.s};
    return HF_EXIT_GOOD;
}

static enum hf_exit read_profiles(const struct hf_cli *cli,
                                  struct hf_ca_setup *out)
{
    static const char *const usual[] = {"default=47d", "short=6d"};
    size_t count = hf_cli_count(cli, "profile");
    enum hf_exit status = HF_EXIT_GOOD;

    if (count > HF_CA_PROFILES_MAX)
        return hf_cli_usage(cli, HF_SPAN("--profile"),
                            "given more than 16 times");
    out->settings.profiles = out->profiles;
    out->settings.profile_count = count == 0 ? 2 : count;
    for (size_t i = 0;
         i < out->settings.profile_count && status == HF_EXIT_GOOD; i++)
        status = read_profile(
            cli, count == 0 ? usual[i] : hf_cli_nth(cli, "profile", i),
            &out->profiles[i]);
    return status;
}

/* ---- limits ---- */

static enum hf_exit read_limits(const struct hf_cli *cli,
                                struct hf_ca_setup *out)
{
    static const struct {
        const char *option;
        int64_t usual;
    } limits[HF_LIMITS] = {
        [HF_LIMIT_FAILURES] = {"failures", 10},
        [HF_LIMIT_LOOKS] = {"looks", 100},
        [HF_LIMIT_ACCOUNTS] = {"accounts", 100},
        [HF_LIMIT_ORDERS] = {"orders", 1000},
        [HF_LIMIT_ROLLOVERS] = {"rollovers", 20},
    };

    for (size_t i = 0; i < HF_LIMITS; i++) {
        int64_t number = limits[i].usual;

        if (!hf_cli_number(cli, limits[i].option, 0, AN_HOUR_MAX, &number))
            return HF_EXIT_USAGE;
        out->settings.an_hour[i] = (uint32_t)number;
    }
    return HF_EXIT_GOOD;
}

/* ---- the clock ---- */

/* Whoever is bound by the Baseline Requirements cannot have another time. */
enum hf_exit hf_ca_clock_read(const struct hf_cli *cli, struct hf_ahead *out)
{
    const char *text = hf_cli_value(cli, "clock", NULL);
    struct hf_time moved = cli->now;
    struct hf_why why = {0};

    if (text == NULL)
        return HF_EXIT_GOOD;
    if (!hf_cli_has(cli, "internal-names"))
        return hf_cli_usage(cli, HF_SPAN("--clock"),
                            "for laboratories only: give --internal-names");
    if (hf_span_eq(hf_span_str(text), HF_SPAN(HF_AHEAD_GIVEN)))
        return hf_ahead_take(HF_CHILD_GIFT, out, &why) == HF_OK
                   ? HF_EXIT_GOOD
                   : hf_cli_usage(cli, hf_span_str(text), why.text);
    if (hf_time_parse(hf_span_str(text), cli->now, &moved, &why) != HF_OK)
        return hf_cli_usage(cli, hf_span_str(text), why.text);
    out->fixed_s = moved.s - cli->now.s;
    hf_cli_error(cli, HF_SPAN("--clock"),
                 "this CA goes by a time that is not the real one");
    return HF_EXIT_GOOD;
}

/* ---- the rest ---- */

static void read_switches(const struct hf_cli *cli, struct hf_ca_setup *out)
{
    struct hf_ca_settings *settings = &out->settings;

    (void)hf_preset_find(hf_span_str(hf_cli_value(cli, "preset", "compat")),
                         &settings->preset);
    hf_preset_apply(settings->preset, &settings->law, &out->policy);
    out->policy.ip_persist = hf_cli_has(cli, "ip-persist");
    out->policy.skips_caa = hf_cli_has(cli, "no-caa");
    out->eye = (struct hf_eye_rules){
        .allows_private = hf_cli_has(cli, "internal-names"),
        .ip_persist = hf_cli_has(cli, "ip-persist"),
    };
    settings->reuses = out->policy.reuses;
    settings->subdomains = hf_cli_has(cli, "subdomains");
    settings->skips_caa = out->policy.skips_caa;
    settings->terms = hf_span_str(hf_cli_value(cli, "terms", NULL));
    settings->website = hf_span_str(hf_cli_value(cli, "website", NULL));
    settings->internal_names = hf_cli_has(cli, "internal-names");
    settings->eab_required = hf_cli_has(cli, "external-accounts");
    settings->just_in_time = !hf_cli_has(cli, "no-just-in-time");
    settings->persist_only = hf_cli_has(cli, "persist-only");
    settings->ip_persist = hf_cli_has(cli, "ip-persist");
    settings->order_s = ORDER_S;
    settings->backdate_s = BACKDATE_S;
    settings->names_max = NAMES_MAX;
}

enum hf_exit hf_ca_setup_read(const struct hf_cli *cli,
                              const struct hf_suffixes *suffixes,
                              const struct hf_digest *digest,
                              struct hf_ca_setup *out)
{
    enum hf_exit status;

    *out = (struct hf_ca_setup){0};
    read_switches(cli, out);
    out->settings.suffixes = suffixes;
    out->settings.law.digest = digest;
    status = read_url(cli, out);
    if (status == HF_EXIT_GOOD)
        status = read_places(cli, out);
    if (status == HF_EXIT_GOOD)
        status = read_issuers(cli, out);
    if (status == HF_EXIT_GOOD)
        status = read_profiles(cli, out);
    if (status == HF_EXIT_GOOD)
        status = read_limits(cli, out);
    return status;
}
