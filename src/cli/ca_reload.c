/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/ca_reload.h"

#include "cli/layers.h"
#include "net/tls_pair.h"

static enum hf_exit fail(const struct hf_cli *cli, const char *what,
                         const struct hf_why *why)
{
    hf_cli_fail(cli, hf_span_str(what), why);
    return HF_EXIT_ERROR;
}

/* ---- what takes a new start ---- */

static bool is_same(struct hf_cli *cli, struct hf_layers *before,
                    const char *name)
{
    struct hf_layers *now = cli->layers;
    size_t count = hf_cli_count(cli, name);
    bool same;

    cli->layers = before;
    same = hf_cli_count(cli, name) == count;
    for (size_t i = 0; same && i < count; i++) {
        const char *was = hf_cli_nth(cli, name, i);
        const char *is;

        cli->layers = now;
        is = hf_cli_nth(cli, name, i);
        cli->layers = before;
        same = was == is || (was != NULL && is != NULL && strcmp(was, is) == 0);
    }
    cli->layers = now;
    return same;
}

static enum hf_exit check_fixed(struct hf_cli *cli, struct hf_layers *before)
{
    static const char *const fixed[] = {
        "url",   "listen", "watch",       "store",   "internal-names",
        "clock", "tcti",   "token-allow", "sandbox",
    };

    for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++) {
        if (is_same(cli, before, fixed[i]))
            continue;
        hf_cli_error(cli, hf_span_str(fixed[i]),
                     "this cannot become another while the CA serves; nothing "
                     "was changed: start it anew");
        return HF_EXIT_ERROR;
    }
    return HF_EXIT_GOOD;
}

/* ---- its web server ---- */

/* Whether it certifies itself does not change. */
static enum hf_exit read_pair(const struct hf_cli *cli,
                              const struct hf_ca_parts *parts,
                              struct hf_ca_pair *out)
{
    struct hf_tls_pair pair = {0};
    struct hf_why why = {0};
    enum hf_exit status = hf_ca_pair_read(cli, out);

    if (status != HF_EXIT_GOOD)
        return status;
    if (out->is_given != (parts->own_tls == NULL))
        return hf_cli_usage(cli, HF_SPAN("tls-certificate"),
                            "that the CA certifies itself, or not, cannot "
                            "change while it serves");
    if (out->is_given &&
        hf_tls_pair_read(hf_buf_span(&out->certificate), hf_buf_span(&out->key),
                         &pair, &why) != HF_OK)
        status = fail(cli, "tls-certificate", &why);
    hf_tls_pair_clear(&pair);
    return status;
}

/* ---- all of it ---- */

/* What the issuer's files say stays. */
static void keep_issuer(const struct hf_ca_settings *from,
                        struct hf_ca_settings *to)
{
    to->chains = from->chains;
    to->chain_count = from->chain_count;
    to->issuer_der = from->issuer_der;
    to->issuer_key_id = from->issuer_key_id;
    to->constraints = from->constraints;
}

static enum hf_err tell_profiles(struct hf_ca_parts *parts,
                                 const struct hf_ca_settings *settings,
                                 struct hf_why *why)
{
    struct hf_issuer_profiles profiles = {0};

    hf_ca_profiles(settings, &profiles);
    return hf_issuer_change(parts->issuer, &profiles, why);
}

/* Nothing of this fails, but for lack of memory or a moment's crowd. */
static enum hf_err apply(struct hf_ca_parts *parts, struct hf_service *service,
                         struct hf_ca_rules *rules,
                         const struct hf_ca_pair *pair, struct hf_why *why)
{
    const struct hf_ca_settings *settings = &rules->setup.settings;
    enum hf_err err = tell_profiles(parts, settings, why);

    if (err == HF_OK)
        err = hf_service_change(service, settings, rules->validator, why);
    if (err != HF_OK) {
        (void)tell_profiles(parts, &parts->rules->setup.settings, NULL);
        return err;
    }
    if (pair->is_given)
        (void)hf_server_reload(parts->front, hf_buf_span(&pair->certificate),
                               hf_buf_span(&pair->key), NULL);
    else
        (void)hf_own_tls_change(parts->own_tls, settings->profiles[0].name,
                                settings->profiles[0].lifetime_s, NULL);
    hf_ca_rules_free(parts->rules);
    parts->rules = rules;
    return HF_OK;
}

static enum hf_exit change(struct hf_cli *cli, struct hf_layers *before,
                           struct hf_ca_parts *parts,
                           struct hf_service *service)
{
    struct hf_ca_rules *rules = NULL;
    struct hf_ca_pair pair;
    struct hf_why why = {0};
    enum hf_exit status = check_fixed(cli, before);

    hf_ca_pair_init(&pair);
    if (status == HF_EXIT_GOOD)
        status = hf_ca_rules_read(cli, parts->digest, &rules);
    if (status == HF_EXIT_GOOD)
        status = read_pair(cli, parts, &pair);
    if (status == HF_EXIT_GOOD) {
        keep_issuer(&parts->rules->setup.settings, &rules->setup.settings);
        rules->setup.settings.web_ends_at = pair.ends_at;
        status = hf_ca_rules_look(cli, parts->digest, rules);
    }
    if (status == HF_EXIT_GOOD &&
        apply(parts, service, rules, &pair, &why) != HF_OK)
        status = fail(cli, "", &why);
    if (status != HF_EXIT_GOOD)
        hf_ca_rules_free(rules);
    hf_ca_pair_clear(&pair);
    return status;
}

enum hf_exit hf_ca_reload(struct hf_cli *cli, struct hf_ca_parts *parts,
                          struct hf_service *service)
{
    struct hf_layers *before = cli->layers;
    struct hf_layers *unwanted = before;
    enum hf_exit status;

    cli->layers = NULL;
    status = hf_layers_open(cli);
    if (status == HF_EXIT_GOOD) {
        hf_ca_ledger_section(cli);
        status = change(cli, before, parts, service);
    }
    if (status != HF_EXIT_GOOD) {
        unwanted = cli->layers;
        cli->layers = before;
    }
    hf_layers_free(unwanted);
    return status;
}
