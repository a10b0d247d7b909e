/* SPDX-License-Identifier: Apache-2.0 */
/* doctor_published.c -- lists of revoked certificates beside what the tables
 * say: where clients look for them, at the URLs in the certificates, and those
 * that the issuer keeps. */
#include <stdio.h>

#include "base/hex.h"
#include "ca/kept_list.h"
#include "cli/build.h"
#include "cli/ca_parts.h"
#include "cli/doctor.h"
#include "crypto/signed.h"
#include "net/http.h"
#include "net/url.h"

#define PART     "published"
#define FETCH_MS 10000
#define LISTED_S 60 /* a list is made anew within seconds */
#define PLACES_MAX                                                             \
    16 /* that the CA was served at since its oldest certificate */

/* ---- which ---- */

/* The URL without what hf_x509_shard() writes at its end, up to the slash. */
static bool cut_shard(struct hf_span *url)
{
    char room[HF_X509_SHARD_MAX];

    for (uint32_t i = 0; i < HF_CA_SHARDS; i++) {
        struct hf_span name = hf_x509_shard(i, room);

        if (url->len <= name.len || !hf_span_ends(*url, name) ||
            url->ptr[url->len - name.len - 1] != '/')
            continue;
        url->len -= name.len;
        return true;
    }
    return false;
}

static struct hf_span take_line(struct hf_span *rest)
{
    struct hf_span line = hf_span_cut(rest, hf_span_find(*rest, '\n'));

    (void)hf_span_skip(rest, '\n');
    return line;
}

void hf_doctor_note_point(struct hf_doctor *doctor,
                          const struct hf_x509 *certificate)
{
    struct hf_span rest = hf_buf_span(&doctor->points);
    struct hf_span url;
    size_t count = 0;

    if (!hf_x509_find_crl_point(certificate->extensions, &url) ||
        !cut_shard(&url))
        return;
    while (rest.len > 0)
        if (hf_span_eq(take_line(&rest), url) || ++count == PLACES_MAX)
            return;
    hf_buf_put(&doctor->points, url);
    hf_buf_putc(&doctor->points, '\n');
}

/* ---- telling ---- */

static void say(struct hf_doctor *doctor, struct hf_span url, const char *what,
                const char *advice)
{
    hf_doctor_say(doctor, HF_HEALTH_WRONG, PART, url, hf_span_str(what),
                  advice);
}

static void say_unreached(struct hf_doctor *doctor, struct hf_span url,
                          const struct hf_http_reply *reply)
{
    char room[160];

    if (reply->failure == HF_HTTP_REPLIED)
        (void)snprintf(room, sizeof(room),
                       "it cannot be fetched: HTTP status %d", reply->status);
    else
        (void)snprintf(room, sizeof(room), "it cannot be fetched: %s",
                       reply->reason);
    hf_doctor_say(doctor, doctor->is_served ? HF_HEALTH_WRONG : HF_HEALTH_NOTE,
                  PART, url, hf_span_str(room),
                  "clients do not learn what is revoked: see that the CA "
                  "serves, and that its web server is reached there");
}

/* One list, and how it is spoken of. */
struct source {
    const char *part;
    struct hf_span subject;
    uint32_t shard;
    int64_t listed_at; /* it has what was revoked up to then */
};

static void say_rifts(struct hf_doctor *doctor, const struct source *source,
                      const struct hf_revoked_rifts *rifts)
{
    static const struct {
        const char *what;
        const char *advice;
    } texts[] = {
        [HF_REVOKED_UNLISTED] =
            {"revoked certificates are not on it",
             "see that the CA serves, and that no copy or cache on the way "
             "keeps an old list"},
        [HF_REVOKED_FORGOTTEN] =
            {"certificates on it are good in the database, which has forgotten "
             "that they were revoked",
             "--repair revokes them again, for the list's reasons"},
        [HF_REVOKED_UNKNOWN] =
            {"serial numbers on it are in no table",
             "the database is an older copy, or somebody else has the CA's "
             "key: find out which; the log of evidence tells what was issued "
             "here"},
    };
    char room[256];

    for (size_t i = 0; i < HF_REVOKED_RIFT_COUNT; i++) {
        const struct hf_revoked *one = &rifts->one[i];
        bool mended = i == HF_REVOKED_FORGOTTEN && doctor->repairs;
        char serial[2 * HF_X509_SERIAL_MAX];

        if (rifts->counts[i] == 0)
            continue;
        hf_hex(one->serial, one->serial_len, serial);
        (void)snprintf(room, sizeof(room), "%zu %s, such as %.*s",
                       rifts->counts[i], texts[i].what, 2 * one->serial_len,
                       serial);
        hf_doctor_say(doctor, mended ? HF_HEALTH_MENDED : HF_HEALTH_WRONG,
                      source->part, source->subject, hf_span_str(room),
                      mended ? "they are revoked again" : texts[i].advice);
    }
}

/* ---- one list ---- */

/* Of the one that the tables have; 0: none. */
static enum hf_err number_of(struct hf_doctor *doctor, uint32_t shard,
                             uint64_t *out, struct hf_why *why)
{
    struct hf_store *store = doctor->store;
    bool more = false;
    enum hf_err err = hf_store_start(store, HF_CA_CRLS, NULL, 0, why);

    *out = 0;
    if (err == HF_OK)
        err = hf_store_next(store, HF_CA_CRLS, &more, why);
    while (err == HF_OK && more) {
        if (hf_store_get_number(store, HF_CA_CRLS, 0) == shard)
            *out = (uint64_t)hf_store_get_number(store, HF_CA_CRLS, 1);
        err = hf_store_next(store, HF_CA_CRLS, &more, why);
    }
    return err;
}

static void compare(struct hf_doctor *doctor, const struct source *source,
                    const struct hf_crl_read *list)
{
    const struct hf_revoked_plan plan = {.store = doctor->store,
                                         .shard = source->shard,
                                         .now_at = doctor->now_at,
                                         .listed_at = source->listed_at,
                                         .mends = doctor->repairs};
    struct hf_revoked_rifts rifts;
    struct hf_why why = {0};

    if (hf_revoked_compare(&plan, list, &rifts, &why) == HF_OK)
        say_rifts(doctor, source, &rifts);
    else
        hf_doctor_fail(doctor, source->part, source->subject, &why, NULL);
}

/* `number` is the table's from before it was fetched. */
static void look_at_list(struct hf_doctor *doctor, struct hf_span url,
                         uint32_t shard, uint64_t number, struct hf_span der)
{
    static const char stale[] =
        "a copy or a cache on the way keeps it too long, or the CA does not "
        "make them anew: `holdfast ca serve` says why";
    struct hf_crl_read list;
    struct hf_why why = {0};
    char room[128];

    if (hf_crl_read(der, &list, &why) != HF_OK) {
        hf_doctor_fail(doctor, PART, url, &why,
                       "publish there what the CA's own web server has at "
                       "/crl/");
        return;
    }
    if (!hf_signed_crl(der, hf_buf_span(&doctor->issuer))) {
        say(doctor, url, "it is not signed by the issuing CA",
            "find out who publishes there: clients refuse it");
        return;
    }
    if (!hf_span_eq(list.url, url)) {
        say(doctor, url, "what is there is the list of another URL",
            "clients refuse it: publish each list where it belongs");
        return;
    }
    if (list.number < number) {
        (void)snprintf(room, sizeof(room),
                       "it is an old one: its number is %llu, and that of the "
                       "database's is %llu",
                       (unsigned long long)list.number,
                       (unsigned long long)number);
        say(doctor, url, room, stale);
    }
    if (list.next_update_at < doctor->now_at)
        say(doctor, url,
            "it has ended: clients that look at it trust no certificate",
            stale);
    compare(doctor,
            &(struct source){PART, url, shard, doctor->now_at - LISTED_S},
            &list);
}

static enum hf_err fetch(struct hf_doctor *doctor, struct hf_http *http,
                         struct hf_span url, uint32_t shard, struct hf_why *why)
{
    const struct hf_http_request request = {.url = url};
    struct hf_http_reply reply = {0};
    uint64_t number;
    enum hf_err err = number_of(doctor, shard, &number, why);

    if (err == HF_OK)
        err = hf_http_ask(http, &request, &reply, why);
    if (err != HF_OK)
        return err;
    if (reply.failure == HF_HTTP_REPLIED && reply.status == 200)
        look_at_list(doctor, url, shard, number, reply.body);
    else
        say_unreached(doctor, url, &reply);
    hf_http_reply_clear(&reply);
    return HF_OK;
}

/* All shards of one place: which of them has what the tables lack nobody
 * knows. */
static enum hf_err fetch_all(struct hf_doctor *doctor, struct hf_http *http,
                             struct hf_span place, struct hf_why *why)
{
    char room[HF_URL_MAX];
    char name[HF_X509_SHARD_MAX];
    struct hf_buf url;
    enum hf_err err = HF_OK;

    for (uint32_t i = 0; i < HF_CA_SHARDS && err == HF_OK; i++) {
        hf_buf_init(&url, room, sizeof(room));
        hf_buf_put(&url, place);
        hf_buf_put(&url, hf_x509_shard(i, name));
        err = url.full ? hf_fail(why, HF_ELIMIT, 0, "a URL that is too long")
                       : fetch(doctor, http, hf_buf_span(&url), i, why);
    }
    return err;
}

/* ---- all of them ---- */

/* The lists are signed, so whom their web server's certificate convinces is not
 * for us to say; it is of this CA, unless somebody gave another. */
static enum hf_err open_http(struct hf_doctor *doctor, struct hf_http *out,
                             struct hf_why *why)
{
    char root[PATH_MAX + 32];
    struct hf_http_config config = {.user_agent = "holdfast/" HF_BUILD_VERSION,
                                    .body_max = HF_HTTP_BODY_LIMIT,
                                    .connect_ms = FETCH_MS,
                                    .timeout_ms = FETCH_MS,
                                    .allow_plain = true,
                                    .no_wall = hf_cli_no_wall(doctor->cli)};
    size_t count = hf_cli_count(doctor->cli, "ca-bundle");

    if (count > HF_HTTP_FILES_MAX)
        return hf_fail(why, HF_ELIMIT, 0, "more than eight --ca-bundle");
    for (size_t i = 0; i < count; i++)
        config.ca_files[config.ca_file_count++] =
            hf_cli_nth(doctor->cli, "ca-bundle", i);
    hf_doctor_path(doctor, "root.pem", root);
    if (count == 0 && !hf_cli_has(doctor->cli, "tls-certificate"))
        config.ca_files[config.ca_file_count++] = root;
    return hf_http_new(&config, out, why);
}

enum hf_exit hf_doctor_published(struct hf_doctor *doctor)
{
    size_t wrong = doctor->counts[HF_HEALTH_WRONG];
    size_t notes = doctor->counts[HF_HEALTH_NOTE];
    struct hf_span rest = hf_buf_span(&doctor->points);
    struct hf_http http = {0};
    struct hf_why why = {0};
    enum hf_err err;

    if (hf_cli_has(doctor->cli, "offline"))
        return HF_EXIT_GOOD;
    if (rest.len == 0 || doctor->issuer.len == 0) {
        hf_doctor_say(doctor, HF_HEALTH_GOOD, PART, HF_SPAN(""),
                      HF_SPAN("no certificate says yet where its list is"),
                      NULL);
        return HF_EXIT_GOOD;
    }
    err = open_http(doctor, &http, &why);
    while (err == HF_OK && rest.len > 0)
        err = fetch_all(doctor, &http, take_line(&rest), &why);
    hf_http_clear(&http);
    if (err == HF_ECANCELED)
        return HF_EXIT_INTERRUPTED;
    if (err != HF_OK)
        hf_doctor_fail(doctor, PART, HF_SPAN(""), &why, NULL);
    else if (doctor->counts[HF_HEALTH_WRONG] == wrong &&
             doctor->counts[HF_HEALTH_NOTE] == notes)
        hf_doctor_say(doctor, HF_HEALTH_GOOD, PART, HF_SPAN(""),
                      HF_SPAN("the lists at the URLs in certificates say what "
                              "the database does"),
                      NULL);
    return HF_EXIT_GOOD;
}

/* ---- beside the log ---- */

/* Of several that serve, each has those that it made itself: they may be old,
 * but what they have was revoked. */
void hf_doctor_kept(struct hf_doctor *doctor)
{
    char folder[PATH_MAX + 32];
    char name[64];
    struct hf_buf room;

    if (doctor->issuer.len == 0)
        return;
    hf_doctor_path(doctor, HF_CA_LOG, folder);
    hf_buf_init_grow(&room, HF_KEPT_LIST_MAX);
    for (uint32_t i = 0; i < HF_CA_SHARDS; i++) {
        struct source source = {"lists", {0}, i, INT64_MIN};
        struct hf_crl_read list;
        struct hf_why why = {0};
        enum hf_err err = hf_kept_list_read(
            folder, i, hf_buf_span(&doctor->issuer), &room, &list, &why);

        (void)snprintf(name, sizeof(name), HF_CA_LOG "/%u.crl", i);
        source.subject = hf_span_str(name);
        if (err == HF_OK)
            compare(doctor, &source, &list);
        else if (err != HF_ENOTFOUND)
            hf_doctor_fail(doctor, source.part, source.subject, &why,
                           "move it away: `holdfast ca serve` makes it anew");
    }
    hf_buf_clear(&room);
}
