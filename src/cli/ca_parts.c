/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/ca_parts.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/fence.h"
#include "cli/passphrase.h"
#include "cli/reach.h"
#include "crypto/certificate.h"
#include "holdfast/digest.h"
#include "net/listen.h"
#include "os/clock.h"
#include "os/file.h"
#include "os/folder.h"

#define FILE_MAX  ((size_t)64 << 10)
#define UNLOCK_MS 10000

static enum hf_exit fail(const struct hf_cli *cli, const char *what,
                         const struct hf_why *why)
{
    hf_cli_fail(cli, hf_span_str(what), why);
    return HF_EXIT_ERROR;
}

static void path_in(const struct hf_ca_parts *parts, const char *name,
                    char out[PATH_MAX + 32])
{
    (void)snprintf(out, PATH_MAX + 32, "%s/%s", parts->folder, name);
}

/* ---- the issuer ---- */

static enum hf_exit read_file(const struct hf_cli *cli,
                              const struct hf_ca_parts *parts, const char *name,
                              bool is_private, struct hf_buf *out)
{
    char path[PATH_MAX + 32];
    struct hf_why why = {0};
    enum hf_err err;

    path_in(parts, name, path);
    err = is_private ? hf_file_read_private(path, out, &why)
                     : hf_file_read(path, out, &why);
    if (err == HF_ENOTFOUND)
        why.text = "there is no CA here yet: `holdfast ca init` makes one";
    return err == HF_OK ? HF_EXIT_GOOD : fail(cli, path, &why);
}

/* The key file is a key, or a note that finds it in hardware. */
static enum hf_exit read_passphrase(const struct hf_cli *cli,
                                    struct hf_span key, struct hf_buf *out)
{
    static const struct hf_passphrase_prompt prompts[HF_KEY_HOME_COUNT] = {
        [HF_HOME_FILE] = {"Passphrase of the CA's key: ", NULL, false},
        [HF_HOME_PKCS11] = {"PIN of the CA's token: ", NULL, true},
        [HF_HOME_TPM2] = {"Passphrase of the CA's key in the TPM: ", NULL,
                          true},
    };
    enum hf_key_home home = hf_key_home_of(key);
    struct hf_passphrase_source source;
    char path[PATH_MAX];
    enum hf_exit status = hf_passphrase_given(cli, path, sizeof(path), &source);

    if (status != HF_EXIT_GOOD ||
        (home == HF_HOME_FILE && !hf_private_key_is_encrypted(key)))
        return status;
    return hf_passphrase_get(cli, &prompts[home], false, &source, out);
}

static void put_url(const struct hf_ca_parts *parts, const char *path,
                    char *room, size_t size, struct hf_span *out)
{
    struct hf_buf url;

    hf_buf_init(&url, room, size);
    hf_buf_put(&url, parts->rules->setup.settings.base);
    hf_buf_puts(&url, path);
    *out = hf_buf_span(&url);
}

void hf_ca_profiles(const struct hf_ca_settings *settings,
                    struct hf_issuer_profiles *out)
{
    for (size_t i = 0; i < settings->profile_count; i++)
        out->list[out->count++] = (struct hf_issuer_profile){
            .name = settings->profiles[i].name,
            .lifetime_s = settings->profiles[i].lifetime_s,
        };
}

/* How hardware is reached, when the key is in some. */
static enum hf_err set_reach(const struct hf_cli *cli, struct hf_span key,
                             struct hf_reach_room *room,
                             struct hf_key_reach *out, struct hf_why *why)
{
    struct hf_span list[HF_KEY_HOLES_MAX];
    size_t count = hf_cli_count(cli, "token-allow");

    if (hf_key_home_of(key) == HF_HOME_FILE)
        return HF_OK;
    if (count > HF_KEY_HOLES_MAX)
        return hf_fail(why, HF_ELIMIT, 0, "--token-allow is given too often");
    for (size_t i = 0; i < count; i++)
        list[i] = hf_span_str(hf_cli_nth(cli, "token-allow", i));
    return hf_reach_gather(hf_span_str(hf_cli_value(cli, "tcti", NULL)), list,
                           count, room, out, why);
}

static enum hf_exit start_issuer(const struct hf_cli *cli,
                                 struct hf_ca_parts *parts, struct hf_span key,
                                 struct hf_span passphrase)
{
    char log_folder[PATH_MAX + 32];
    char ca_url[HF_URL_MAX];
    char crl_url[HF_URL_MAX];
    char said[HF_ISSUER_SAID_MAX + 1];
    struct hf_reach_room room = {0};
    struct hf_why why = {0};
    enum hf_err err;
    struct hf_issuer_config config = {
        .certificate = hf_buf_span(&parts->issuer_der),
        .key = key,
        .passphrase = passphrase,
        .shards = HF_CA_SHARDS,
        .is_public = !parts->rules->setup.settings.internal_names,
        .no_wall = hf_cli_no_wall(cli),
    };

    path_in(parts, HF_CA_LOG, log_folder);
    config.log_folder = hf_span_str(log_folder);
    put_url(parts, "/issuer/1.crt", ca_url, sizeof(ca_url), &config.ca_url);
    put_url(parts, "/crl/", crl_url, sizeof(crl_url), &config.crl_url);
    hf_ca_profiles(&parts->rules->setup.settings, &config.profiles);
    err = set_reach(cli, key, &room, &config.reach, &why);
    if (err == HF_OK)
        err = hf_issuer_open(&config, &parts->issuer, said, &why);
    hf_reach_clear(&room);
    return err == HF_OK ? HF_EXIT_GOOD : fail(cli, "the CA's key", &why);
}

/* What the CA says of itself. */
static enum hf_exit take_issuer(const struct hf_cli *cli,
                                struct hf_ca_parts *parts)
{
    struct hf_ca_settings *settings = &parts->rules->setup.settings;
    struct hf_certificate *certificate = NULL;
    struct hf_x509_issuer issuer;
    struct hf_x509 parsed;
    struct hf_why why = {0};
    enum hf_err err =
        hf_certificate_read(hf_buf_span(&parts->chain), &certificate, &why);

    if (err == HF_OK) {
        hf_buf_put(&parts->issuer_der, certificate->der);
        hf_certificate_free(certificate);
        parts->chains[0] = hf_buf_span(&parts->chain);
        settings->chains = parts->chains;
        settings->chain_count = 1;
        settings->issuer_der = hf_buf_span(&parts->issuer_der);
        err = hf_x509_read_issuer(settings->issuer_der, &issuer, &why);
    }
    if (err == HF_OK) {
        settings->issuer_key_id = issuer.key_id;
        err = hf_x509_read(settings->issuer_der, &parsed, &why);
    }
    if (err == HF_OK)
        err = hf_constraints_read(parsed.extensions, &settings->constraints,
                                  &why);
    return err == HF_OK ? HF_EXIT_GOOD : fail(cli, "issuer.pem", &why);
}

static enum hf_exit open_issuer(const struct hf_cli *cli,
                                struct hf_ca_parts *parts)
{
    char room[HF_PASSPHRASE_MAX + 2];
    struct hf_buf passphrase;
    struct hf_buf key;
    enum hf_exit status;

    hf_buf_init(&passphrase, room, sizeof(room));
    hf_buf_init_grow(&key, HF_KEY_PEM_MAX);
    status = read_file(cli, parts, "issuer.pem", false, &parts->chain);
    if (status == HF_EXIT_GOOD)
        status = read_file(cli, parts, "issuer.key", true, &key);
    if (status == HF_EXIT_GOOD)
        status = take_issuer(cli, parts);
    if (status == HF_EXIT_GOOD)
        status = read_passphrase(cli, hf_buf_span(&key), &passphrase);
    if (status == HF_EXIT_GOOD)
        status = start_issuer(cli, parts, hf_buf_span(&key),
                              hf_buf_span(&passphrase));
    hf_buf_clear_wiped(&key);
    hf_buf_clear_wiped(&passphrase);
    return status;
}

/* ---- its web server ---- */

static enum hf_exit await_own_tls(const struct hf_cli *cli,
                                  struct hf_ca_parts *parts)
{
    int64_t until_ms = hf_clock_ms() + UNLOCK_MS;
    struct hf_why why = {0};
    enum hf_err err = hf_own_tls_renew(parts->own_tls, hf_clock_now().s, &why);

    while (err == HF_OK && hf_own_tls_certificate(parts->own_tls).len == 0) {
        struct hf_issuer_reply reply;
        bool wants_write = false;
        struct pollfd pollfd = {hf_issuer_fd(parts->issuer, &wants_write),
                                POLLIN, 0};
        bool got;

        if (wants_write)
            pollfd.events |= POLLOUT;
        (void)poll(&pollfd, 1, 250);
        err = hf_issuer_poll(parts->issuer, &reply, &got, &why);
        if (err == HF_OK && got) {
            (void)hf_own_tls_take(parts->own_tls, &reply);
            hf_issuer_drop(parts->issuer);
        }
        if (hf_own_tls_said(parts->own_tls).len > 0) {
            hf_cli_error(cli, hf_own_tls_said(parts->own_tls),
                         "the CA cannot certify its own web server; give "
                         "--internal-names, if it is a private one, or "
                         "--tls-certificate and --tls-key");
            return HF_EXIT_ERROR;
        }
        if (err == HF_OK && hf_clock_ms() > until_ms)
            err = hf_fail(&why, HF_ETIMEOUT, 0, "it does not answer");
    }
    return err == HF_OK ? HF_EXIT_GOOD : fail(cli, "the issuer", &why);
}

static enum hf_exit make_own_tls(const struct hf_cli *cli,
                                 struct hf_ca_parts *parts)
{
    const struct hf_ca_settings *settings = &parts->rules->setup.settings;
    const struct hf_own_tls_config config = {
        .issuer = parts->issuer,
        .host = parts->rules->setup.host,
        .is_ip = parts->rules->setup.host_is_ip,
        .profile = settings->profiles[0].name,
        .lifetime_s = settings->profiles[0].lifetime_s,
        .backdate_s = settings->backdate_s,
        .chain = parts->chains[0],
    };
    struct hf_why why = {0};

    return hf_own_tls_new(&config, &parts->own_tls, &why) == HF_OK
               ? await_own_tls(cli, parts)
               : fail(cli, "the CA's own certificate", &why);
}

/* The operator's place, unless its path is too long for a socket. */
static enum hf_exit add_control(const struct hf_cli *cli,
                                struct hf_ca_parts *parts, char *room,
                                size_t size, struct hf_server_config *config,
                                struct hf_server_place *places)
{
    char folder[PATH_MAX];
    struct hf_why why = {0};
    int n = -1;

    parts->control_place = HF_SERVER_PLACES_MAX;
    if (hf_folder_make_in(parts->folder, HF_CA_LEDGER_FOLDER, &why) != HF_OK)
        return fail(cli, parts->folder, &why);
    if (realpath(parts->folder, folder) != NULL)
        n = snprintf(room, size, "unix:%s/" HF_CA_CONTROL, folder);
    if (n < 0 || (size_t)n >= size) {
        hf_cli_error(cli, hf_span_str(parts->folder),
                     "this path is too long for `holdfast ca status`, reload "
                     "and drain");
        return HF_EXIT_GOOD;
    }
    parts->control_place = config->place_count;
    places[config->place_count++] =
        (struct hf_server_place){.address = {room, (size_t)n}, .plain = true};
    return HF_EXIT_GOOD;
}

static enum hf_exit start_front(const struct hf_cli *cli,
                                struct hf_ca_parts *parts,
                                struct hf_span certificate, struct hf_span key)
{
    const struct hf_ca_setup *setup = &parts->rules->setup;
    struct hf_server_place places[HF_SERVER_PLACES_MAX];
    char room[sizeof("unix:") - 1 + HF_LISTEN_PATH_MAX];
    struct hf_server_config config = {
        .places = places,
        .place_count = setup->place_count,
        .handed = parts->handed,
        .certificate = certificate,
        .key = key,
        .body_max = HF_JWS_BODY_MAX,
        .no_wall = hf_cli_no_wall(cli),
    };
    struct hf_why why = {0};
    enum hf_exit status;

    memcpy(places, setup->places, setup->place_count * sizeof(places[0]));
    status = add_control(cli, parts, room, sizeof(room), &config, places);
    if (status != HF_EXIT_GOOD)
        return status;
    return hf_server_new(&config, &parts->front, &why) == HF_OK
               ? HF_EXIT_GOOD
               : fail(cli, "its web server", &why);
}

void hf_ca_pair_init(struct hf_ca_pair *pair)
{
    *pair = (struct hf_ca_pair){0};
    hf_buf_init_grow(&pair->certificate, FILE_MAX);
    hf_buf_init_grow(&pair->key, FILE_MAX);
}

void hf_ca_pair_clear(struct hf_ca_pair *pair)
{
    hf_buf_clear(&pair->certificate);
    hf_buf_clear_wiped(&pair->key);
}

enum hf_exit hf_ca_pair_read(const struct hf_cli *cli, struct hf_ca_pair *pair)
{
    const char *certificate_path = hf_cli_value(cli, "tls-certificate", NULL);
    const char *key_path = hf_cli_value(cli, "tls-key", NULL);
    struct hf_certificate *certificate = NULL;
    struct hf_why why = {0};

    if ((certificate_path == NULL) != (key_path == NULL))
        return hf_cli_usage(cli, HF_SPAN(""),
                            "--tls-certificate and --tls-key go together");
    pair->is_given = certificate_path != NULL;
    if (!pair->is_given)
        return HF_EXIT_GOOD;
    if (hf_file_read(certificate_path, &pair->certificate, &why) != HF_OK ||
        hf_certificate_read(hf_buf_span(&pair->certificate), &certificate,
                            &why) != HF_OK)
        return fail(cli, certificate_path, &why);
    pair->ends_at = certificate->not_after_at;
    hf_certificate_free(certificate);
    return hf_file_read_private(key_path, &pair->key, &why) == HF_OK
               ? HF_EXIT_GOOD
               : fail(cli, key_path, &why);
}

static enum hf_exit open_front(const struct hf_cli *cli,
                               struct hf_ca_parts *parts)
{
    struct hf_ca_pair pair;
    enum hf_exit status;

    hf_ca_pair_init(&pair);
    status = hf_ca_pair_read(cli, &pair);
    parts->rules->setup.settings.web_ends_at = pair.ends_at;
    if (status == HF_EXIT_GOOD && !pair.is_given)
        status = make_own_tls(cli, parts);
    if (status == HF_EXIT_GOOD)
        status = pair.is_given
                     ? start_front(cli, parts, hf_buf_span(&pair.certificate),
                                   hf_buf_span(&pair.key))
                     : start_front(cli, parts,
                                   hf_own_tls_certificate(parts->own_tls),
                                   hf_own_tls_key(parts->own_tls));
    hf_ca_pair_clear(&pair);
    return status;
}

/* ---- all of it ---- */

/* Others may serve from the same database, but not from the same folder: it has
 * the log of evidence, and that a lock. */
enum hf_exit hf_ca_keeper_name(const struct hf_cli *cli, const char *folder,
                               struct hf_buf *out)
{
    char host[HOST_NAME_MAX + 1] = {0};
    char path[PATH_MAX];

    if (!hf_cli_has(cli, "store"))
        return HF_EXIT_GOOD;
    if (gethostname(host, sizeof(host) - 1) != 0 ||
        realpath(folder, path) == NULL) {
        hf_cli_error(cli, hf_span_str(folder),
                     "this host, or this folder, has no name");
        return HF_EXIT_ERROR;
    }
    hf_buf_put_escaped(out, hf_span_str(host), sizeof(host));
    hf_buf_putc(out, ':');
    hf_buf_put_escaped(out, hf_span_str(path), sizeof(path));
    if (!out->full)
        return HF_EXIT_GOOD;
    hf_cli_error(cli, hf_span_str(folder), "this path is too long");
    return HF_EXIT_ERROR;
}

static enum hf_exit open_store(const struct hf_cli *cli,
                               struct hf_ca_parts *parts)
{
    char name[HF_STORE_NAME_MAX];
    char path[PATH_MAX + 32];
    struct hf_why why = {0};
    const char *location;

    path_in(parts, HF_CA_LEDGER, path);
    location = hf_cli_value(cli, "store", path);
    return hf_store_open(location, &hf_ca_plan, false, &parts->store, &why) ==
                   HF_OK
               ? HF_EXIT_GOOD
               : fail(cli, hf_store_name(location, name), &why);
}

static enum hf_exit open_law(const struct hf_cli *cli,
                             struct hf_ca_parts *parts)
{
    struct hf_why why = {0};

    if (hf_digest_new(&parts->digest, &why) != HF_OK)
        return fail(cli, "SHA-256", &why);
    return hf_ca_rules_read(cli, parts->digest, &parts->rules);
}

enum hf_exit hf_ca_parts_open(struct hf_cli *cli, struct hf_ca_parts *parts)
{
    char ledger[PATH_MAX + 32];
    const char *folders[] = {ledger};
    enum hf_exit status;

    hf_ca_ledger_section(cli);
    status = open_law(cli, parts);
    if (status == HF_EXIT_GOOD)
        status = hf_ca_clock_read(cli, &parts->ahead);

    hf_buf_init(&parts->keeper, parts->keeper_room, sizeof(parts->keeper_room));
    hf_buf_init_grow(&parts->chain, FILE_MAX);
    hf_buf_init_grow(&parts->issuer_der, FILE_MAX);
    (void)snprintf(parts->folder, sizeof(parts->folder), "%s/ca", cli->state);
    if (status == HF_EXIT_GOOD)
        status = open_issuer(cli, parts);
    if (status == HF_EXIT_GOOD)
        status = hf_ca_rules_look(cli, parts->digest, parts->rules);
    if (status == HF_EXIT_GOOD)
        status = open_front(cli, parts);
    if (status == HF_EXIT_GOOD)
        status = open_store(cli, parts);
    if (status == HF_EXIT_GOOD)
        status = hf_ca_keeper_name(cli, parts->folder, &parts->keeper);
    path_in(parts, HF_CA_LEDGER_FOLDER, ledger);
    return status == HF_EXIT_GOOD ? hf_fence_from_cli(cli, folders, 1) : status;
}

void hf_ca_parts_close(struct hf_ca_parts *parts)
{
    hf_ahead_clear(&parts->ahead);
    hf_store_close(parts->store);
    hf_server_free(parts->front);
    hf_own_tls_free(parts->own_tls);
    hf_ca_rules_free(parts->rules);
    hf_issuer_free(parts->issuer);
    hf_digest_free(parts->digest);
    hf_buf_clear(&parts->chain);
    hf_buf_clear(&parts->issuer_der);
    *parts = (struct hf_ca_parts){0};
}
