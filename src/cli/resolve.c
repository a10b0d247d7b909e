/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/resolve.h"

#include <unistd.h>

#include "names/ip.h"

#define TIMEOUT_MAX_S 600

static enum hf_exit read_anchors(const struct hf_cli *cli,
                                 struct hf_resolver_config *config)
{
    size_t count = hf_cli_count(cli, "trust-anchor");

    if (count > HF_RESOLVER_FILES_MAX)
        return hf_cli_usage(cli, HF_SPAN("--trust-anchor"),
                            "given more than eight times");
    for (size_t i = 0; i < count; i++)
        config->trust_anchors[i] = hf_cli_nth(cli, "trust-anchor", i);
    config->trust_anchor_count = count;
    return HF_EXIT_GOOD;
}

static enum hf_exit read_stubs(const struct hf_cli *cli,
                               struct hf_resolver_config *config)
{
    size_t count = hf_cli_count(cli, "stub");

    if (count > HF_RESOLVER_STUBS_MAX)
        return hf_cli_usage(cli, HF_SPAN("--stub"), "given more than 32 times");
    for (size_t i = 0; i < count; i++) {
        struct hf_span text = hf_span_str(hf_cli_nth(cli, "stub", i));
        struct hf_span zone = hf_span_cut(&text, hf_span_find(text, '='));

        if (zone.len == 0 || text.len < 2)
            return hf_cli_usage(cli, hf_span_str(hf_cli_nth(cli, "stub", i)),
                                "a stub is ZONE=ADDRESS or ZONE=ADDRESS@PORT");
        (void)hf_span_cut(&text, 1);
        config->stubs[i] = (struct hf_stub){.zone = zone, .address = text};
    }
    config->stub_count = count;
    return HF_EXIT_GOOD;
}

static enum hf_exit check_source(const struct hf_cli *cli, const char *source)
{
    uint8_t address[16];
    size_t len;

    if (source == NULL || hf_ip_parse(hf_span_str(source), address, &len))
        return HF_EXIT_GOOD;
    return hf_cli_usage(cli, hf_span_str(source), "not an IP address");
}

static enum hf_exit read_config(const struct hf_cli *cli,
                                struct hf_resolver_config *config)
{
    int64_t timeout_s = 10;
    enum hf_exit status = read_anchors(cli, config);

    if (status != HF_EXIT_GOOD)
        return status;
    status = read_stubs(cli, config);
    if (status != HF_EXIT_GOOD)
        return status;
    if (!hf_cli_number(cli, "resolver-timeout", 1, TIMEOUT_MAX_S, &timeout_s))
        return HF_EXIT_USAGE;
    config->timeout_ms = timeout_s * 1000;
    config->forward = hf_cli_value(cli, "forward", NULL);
    config->root_hints = hf_cli_value(cli, "root-hints", NULL);
    config->source = hf_cli_value(cli, "source", NULL);
    config->no_wall = hf_cli_no_wall(cli);
    return check_source(cli, config->source);
}

static void warn_outdated(const struct hf_cli *cli,
                          const struct hf_resolver *resolver)
{
    if (!hf_resolver_is_outdated(resolver) || isatty(STDERR_FILENO) != 1)
        return;
    hf_cli_error(cli, hf_span_str(resolver->label),
                 "this version may lack the security fixes of 1.26.1; it "
                 "runs walled in, see holdfast-check(1)");
}

/* Options that say how to resolve mean nothing to a resolver that does. */
static bool has_own_ways(const struct hf_resolver_config *config)
{
    return config->trust_anchor_count > 0 || config->stub_count > 0 ||
           config->forward != NULL || config->root_hints != NULL ||
           config->source != NULL;
}

static enum hf_exit make(const struct hf_cli *cli, int64_t cache_max_s,
                         bool forgets, struct hf_resolver *out)
{
    struct hf_span who = hf_span_str(hf_cli_value(cli, "resolver", "unbound"));
    struct hf_resolver_config config = {0};
    struct hf_why why = {0};
    enum hf_exit status = read_config(cli, &config);
    enum hf_err err;

    if (status != HF_EXIT_GOOD)
        return status;
    config.cache_max_s = (uint32_t)cache_max_s; /* a minute at most */
    config.forgets = forgets;
    if (hf_span_eq(who, HF_SPAN("unbound"))) {
        err = hf_resolver_unbound(&config, out, &why);
        if (err == HF_OK)
            warn_outdated(cli, out);
    } else if (has_own_ways(&config)) {
        return hf_cli_usage(
            cli, who,
            "trust anchors, stubs, hints, forwarding and source are "
            "configured in that resolver, not here");
    } else {
        err = hf_resolver_ad(who, &config, out, &why);
    }
    if (err == HF_OK)
        return HF_EXIT_GOOD;
    hf_cli_fail(cli, who, &why);
    return err == HF_EINVAL || err == HF_ESYNTAX ? HF_EXIT_USAGE
                                                 : HF_EXIT_ERROR;
}

enum hf_exit hf_resolver_from_cli(const struct hf_cli *cli,
                                  struct hf_resolver *out)
{
    return make(cli, 0, false, out);
}

enum hf_exit hf_resolver_for_ca(const struct hf_cli *cli,
                                struct hf_resolver *out)
{
    int64_t remember_s = HF_RESOLVER_FRESH_S;

    if (!hf_cli_number(cli, "remember", 0, HF_RESOLVER_FRESH_S, &remember_s))
        return HF_EXIT_USAGE;
    return make(cli, remember_s > 0 ? remember_s : HF_RESOLVER_FRESH_S,
                remember_s == 0, out);
}
