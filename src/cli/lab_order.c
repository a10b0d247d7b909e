/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/lab_order.h"

#include <stdio.h>

#include "acme/document.h"
#include "acme/order_engine.h"
#include "base/base64.h"
#include "client/account.h"
#include "client/talk.h"
#include "crypto/csr.h"
#include "names/ip.h"
#include "os/clock.h"

#define CALL_MS     30000
#define BUSY_MS     60000 /* the longest that an order may be under way */
#define PAYLOAD_MAX ((size_t)256 << 10)
#define CSR_MAX     4096

/* Who asks, of which CA. */
struct client {
    struct hf_lab *lab;
    struct hf_talk talk;
    struct hf_account_file account;
    struct hf_private_key *key; /* NULL: nobody */
    struct hf_signer signer;
};

/* ---- a client ---- */

static enum hf_err open_http(struct hf_lab *lab, struct hf_why *why)
{
    struct hf_lab_world *world = lab->world;
    char root[PATH_MAX + 32];
    const struct hf_http_config config = {.ca_files = {root},
                                          .ca_file_count = 1,
                                          .no_wall = hf_cli_no_wall(lab->cli)};

    if (world->url[0] == '\0')
        return hf_fail(why, HF_EINVAL, 0, "there is no CA yet");
    if (world->http.submit != NULL)
        return HF_OK;
    (void)snprintf(root, sizeof(root), "%s/ca/root.pem", world->state);
    return hf_http_new(&config, &world->http, why);
}

static enum hf_err read_key(struct client *client, const char *folder,
                            struct hf_span thumbprint, struct hf_why *why)
{
    char room[HF_ACCOUNT_KEY_MAX];
    struct hf_buf pem;
    enum hf_err err;

    hf_buf_init(&pem, room, sizeof(room));
    err = hf_account_key_read(folder, thumbprint, &pem, why);
    if (err == HF_OK)
        err = hf_private_key_read(hf_buf_span(&pem), HF_SPAN(""), &client->key,
                                  why);
    explicit_bzero(room, sizeof(room));
    return err == HF_OK
               ? hf_private_key_signer(client->key, &client->signer, why)
               : err;
}

static enum hf_err talk_to_ca(struct client *client, struct hf_why *why)
{
    struct hf_lab_world *world = client->lab->world;
    char url[HF_URL_MAX + 16];

    (void)snprintf(url, sizeof(url), "%s/directory", world->url);
    return hf_talk_open(&client->talk, &world->http, hf_span_str(url),
                        HF_SPAN(""),
                        client->key == NULL ? NULL : &client->signer, why);
}

/* With an empty account, one who signs nothing. Close it all the same. */
static enum hf_err client_open(struct hf_lab *lab, struct hf_span account,
                               struct client *client, struct hf_why *why)
{
    struct hf_account_file *file = &client->account;
    char folder[PATH_MAX];
    enum hf_err err = open_http(lab, why);

    *client = (struct client){.lab = lab};
    if (err != HF_OK || account.len == 0)
        return err == HF_OK ? talk_to_ca(client, why) : err;
    err = hf_account_folder(lab->world->state, account, folder, sizeof(folder),
                            why);
    if (err == HF_OK)
        err = hf_account_file_read(folder, file, why);
    if (err == HF_OK)
        err = read_key(client, folder, file->thumbprint, why);
    if (err == HF_OK)
        err = talk_to_ca(client, why);
    if (err == HF_OK)
        hf_session_set_account(client->talk.session, file->url);
    return err;
}

static void client_close(struct client *client)
{
    hf_talk_close(&client->talk);
    hf_account_file_clear(&client->account);
    hf_signer_clear(&client->signer);
    hf_private_key_free(client->key);
}

/* ---- calls ---- */

static enum hf_err call(struct client *client, struct hf_span url,
                        struct hf_span payload, struct hf_called *out,
                        struct hf_why *why)
{
    const struct hf_call wanted = {.kind = client->key == NULL ? HF_CALL_GET
                                                               : HF_CALL_KID,
                                   .url = url,
                                   .payload = payload,
                                   .give_up_at_ms = hf_clock_ms() + CALL_MS};
    int fd = hf_http_fd(&client->lab->world->http);
    enum hf_err err = hf_session_submit(client->talk.session, &wanted, 0, why);
    bool got = false;

    while (err == HF_OK && !got) {
        err = hf_talk_turn(&client->talk, hf_clock_ms(), out, &got, why);
        if (err == HF_OK && !got)
            err = hf_lab_turn(client->lab, fd, why);
    }
    if (err == HF_OK && out->err != HF_OK)
        err = hf_fail(why, out->err, 0, out->why.text);
    if (err == HF_OK && out->reply.failure != HF_HTTP_REPLIED) {
        err = hf_fail(why, HF_EPEER, 0, out->reply.reason);
        hf_http_reply_clear(&out->reply);
    }
    return err;
}

/* The same, and its document: NULL with `*refused` set, when the answer is a
 * problem, which becomes the step's. `location` may be NULL. */
static enum hf_err ask(struct client *client, struct hf_span url,
                       struct hf_span payload, char *location, json_t **out,
                       struct hf_why *why)
{
    struct hf_lab_answer *answer = &client->lab->answer;
    struct hf_called called;
    json_t *json = NULL;
    enum hf_err err = call(client, url, payload, &called, why);

    if (err != HF_OK)
        return err;
    err = hf_document_read(called.reply.body, &json, why);
    if (err == HF_OK && called.reply.status >= 400) {
        hf_lab_answer_put(answer, HF_LAB_STEP_REFUSED,
                          json_pack("{s:i, s:o}", "status", called.reply.status,
                                    "problem", json));
        json = NULL;
    }
    if (location != NULL && called.reply.location.len < HF_URL_MAX)
        (void)snprintf(location, HF_URL_MAX, "%.*s",
                       (int)called.reply.location.len,
                       called.reply.location.ptr);
    hf_http_reply_clear(&called.reply);
    *out = json;
    return err;
}

/* ---- an order as a whole ---- */

static bool is_status(const json_t *object, const char *status)
{
    return hf_span_eq(hf_document_string(object, "status"),
                      hf_span_str(status));
}

/* The error of a challenge of the authorization, or NULL. */
static json_t *problem_of(const json_t *authz)
{
    const json_t *list = json_object_get(authz, "challenges");

    for (size_t i = 0; i < json_array_size(list); i++) {
        json_t *error = json_object_get(json_array_get(list, i), "error");

        if (error != NULL)
            return error;
    }
    return NULL;
}

static bool is_tried(const json_t *authz)
{
    const json_t *list = json_object_get(authz, "challenges");

    for (size_t i = 0; i < json_array_size(list); i++)
        if (is_status(json_array_get(list, i), "processing"))
            return is_status(authz, "pending");
    return false;
}

/* Does the CA still think about it? It does, too, when the order was fetched
 * before the last of its authorizations changed. */
static bool is_busy(const json_t *order)
{
    const json_t *list = json_object_get(order, "authorizations");
    bool is_old = is_status(order, "pending");

    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *authz = json_array_get(list, i);

        if (is_tried(authz))
            return true;
        is_old = is_old && !is_status(authz, "pending");
    }
    return is_old || is_status(order, "processing");
}

static enum hf_lab_outcome outcome_of(const json_t *order)
{
    static const struct {
        const char *status;
        enum hf_lab_outcome outcome;
    } rows[] = {{"pending", HF_LAB_STEP_PENDING},
                {"ready", HF_LAB_STEP_READY},
                {"processing", HF_LAB_STEP_PROCESSING},
                {"valid", HF_LAB_STEP_ISSUED}};

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (is_status(order, rows[i].status))
            return rows[i].outcome;
    return HF_LAB_STEP_REFUSED;
}

/* The order with its authorizations in the place of their URLs, and the first
 * problem in it as "problem". NULL: a step of it was refused. */
static enum hf_err fetch(struct client *client, const char *url, json_t **out,
                         struct hf_why *why)
{
    json_t *order;
    json_t *list;
    enum hf_err err =
        ask(client, hf_span_str(url), HF_SPAN(""), NULL, &order, why);

    *out = NULL;
    if (err != HF_OK || order == NULL)
        return err;
    list = json_object_get(order, "authorizations");
    for (size_t i = 0; err == HF_OK && i < json_array_size(list); i++) {
        json_t *authz = NULL;
        const char *where = json_string_value(json_array_get(list, i));

        err = ask(client, hf_span_str(where), HF_SPAN(""), NULL, &authz, why);
        if (err != HF_OK || authz == NULL) {
            json_decref(order);
            return err;
        }
        (void)json_object_set_new(authz, "url", json_string(where));
        (void)json_array_set_new(list, i, authz);
        if (json_object_get(order, "problem") == NULL)
            (void)json_object_set(order, "problem", problem_of(authz));
    }
    if (json_object_get(order, "error") != NULL)
        (void)json_object_set(order, "problem",
                              json_object_get(order, "error"));
    (void)json_object_set_new(order, "url", json_string(url));
    *out = order;
    return err;
}

/* Until nobody thinks about it any more. */
static enum hf_err settle(struct client *client, const char *url,
                          struct hf_why *why)
{
    int64_t until_ms = hf_clock_ms() + BUSY_MS;
    json_t *order = NULL;
    enum hf_err err = fetch(client, url, &order, why);

    while (err == HF_OK && order != NULL && is_busy(order)) {
        json_decref(order);
        order = NULL;
        err = hf_lab_turn(client->lab, -1, why);
        if (err == HF_OK && hf_clock_ms() > until_ms)
            err =
                hf_fail(why, HF_ETIMEOUT, 0, "the CA does not come to an end");
        if (err == HF_OK)
            err = fetch(client, url, &order, why);
    }
    if (order != NULL)
        hf_lab_answer_put(&client->lab->answer, outcome_of(order), order);
    return err;
}

/* ---- orders that a scenario speaks of ---- */

static struct hf_lab_order *find_order(struct hf_lab_world *world,
                                       struct hf_span name)
{
    for (size_t i = 0; i < world->order_count; i++)
        if (hf_span_eq(hf_span_str(world->orders[i].name), name))
            return &world->orders[i];
    return NULL;
}

static enum hf_err keep_order(struct hf_lab_world *world,
                              const struct hf_lab_verb *verb, const char *url,
                              struct hf_why *why)
{
    struct hf_lab_order *order = find_order(world, verb->called);

    if (verb->called.len > HF_LAB_NAME_MAX || verb->who.len > HF_LAB_NAME_MAX)
        return hf_fail(why, HF_ELIMIT, 0, "a name is too long");
    if (order == NULL && world->order_count == HF_LAB_ORDERS_MAX)
        return hf_fail(why, HF_ELIMIT, 0, "too many orders");
    if (order == NULL)
        order = &world->orders[world->order_count++];
    *order = (struct hf_lab_order){0};
    memcpy(order->name, verb->called.ptr == NULL ? "" : verb->called.ptr,
           verb->called.len);
    memcpy(order->account, verb->who.ptr, verb->who.len);
    (void)snprintf(order->url, sizeof(order->url), "%s", url);
    return HF_OK;
}

/* ---- the steps ---- */

static enum hf_err place_order(struct client *client,
                               const struct hf_lab_verb *verb,
                               struct hf_why *why)
{
    struct hf_span dns[HF_LAB_WORDS_MAX], ips[HF_LAB_WORDS_MAX];
    struct hf_span ancestors[HF_LAB_WORDS_MAX];
    struct hf_order_wish wish = {
        .dns = dns, .ancestors = ancestors, .ips = ips};
    uint8_t address[16];
    size_t len;
    char url[HF_URL_MAX] = "";
    json_t *order = NULL;
    struct hf_buf payload;
    enum hf_err err;

    for (size_t i = 0; i < verb->word_count; i++) {
        ancestors[i] = verb->under;
        if (hf_ip_parse(verb->words[i], address, &len))
            ips[wish.ip_count++] = verb->words[i];
        else
            dns[wish.dns_count++] = verb->words[i];
    }
    hf_buf_init_grow(&payload, PAYLOAD_MAX);
    hf_order_wish_put(&wish, &payload);
    err = ask(client, client->talk.directory.new_order, hf_buf_span(&payload),
              url, &order, why);
    hf_buf_clear(&payload);
    if (err != HF_OK || order == NULL)
        return err;
    json_decref(order);
    err = keep_order(client->lab->world, verb, url, why);
    return err == HF_OK ? settle(client, url, why) : err;
}

/* Say of its challenge that it is ready. False in `*goes_on` when the CA does
 * not want to hear it. */
static enum hf_err try_challenge(struct client *client, const json_t *authz,
                                 bool *goes_on, struct hf_why *why)
{
    const json_t *challenge = hf_lab_of_type(
        json_object_get(authz, "challenges"), HF_SPAN("dns-persist-01"));
    json_t *tried = NULL;
    enum hf_err err;

    if (!is_status(authz, "pending"))
        return HF_OK;
    if (challenge == NULL)
        return hf_fail(why, HF_EINVAL, 0,
                       "no dns-persist-01 is offered for this");
    err = ask(client, hf_document_string(challenge, "url"), HF_SPAN("{}"), NULL,
              &tried, why); /* REQ CHAL-09 */
    *goes_on = tried != NULL;
    json_decref(tried);
    return err;
}

static enum hf_err validate(struct client *client, const char *url,
                            bool no_wait, struct hf_why *why)
{
    json_t *order = NULL;
    enum hf_err err = fetch(client, url, &order, why);
    const json_t *list = json_object_get(order, "authorizations");
    bool goes_on = order != NULL;

    for (size_t i = 0; err == HF_OK && goes_on && i < json_array_size(list);
         i++)
        err = try_challenge(client, json_array_get(list, i), &goes_on, why);
    json_decref(order);
    if (err != HF_OK || !goes_on)
        return err;
    if (!no_wait)
        return settle(client, url, why);
    err = fetch(client, url, &order, why);
    if (order != NULL)
        hf_lab_answer_put(&client->lab->answer, outcome_of(order), order);
    return err;
}

/* {"csr": ...} for the names of the order, with a new key. */
static enum hf_err put_csr(const json_t *order, struct hf_buf *payload,
                           struct hf_why *why)
{
    const json_t *list = json_object_get(order, "identifiers");
    struct hf_span dns[HF_LAB_WORDS_MAX], ips[HF_LAB_WORDS_MAX];
    struct hf_csr_names wanted = {.dns = dns, .ips = ips};
    struct hf_private_key *key = NULL;
    char room[CSR_MAX], text[HF_BASE64URL_LEN(CSR_MAX)];
    struct hf_json json = hf_json_to(payload);
    struct hf_buf der;
    enum hf_err err = hf_private_key_generate(HF_KEY_P256, &key, why);

    for (size_t i = 0; i < json_array_size(list) && i < HF_LAB_WORDS_MAX; i++) {
        const json_t *name = json_array_get(list, i);
        struct hf_span value = hf_document_string(name, "value");

        if (hf_span_eq(hf_document_string(name, "type"), HF_SPAN("ip")))
            ips[wanted.ip_count++] = value;
        else
            dns[wanted.dns_count++] = value;
    }
    hf_buf_init(&der, room, sizeof(room));
    if (err == HF_OK)
        err = hf_csr_make(key, &wanted, false, &der, why);
    hf_private_key_free(key);
    if (err != HF_OK)
        return err;
    hf_base64url(hf_buf_span(&der), text);
    hf_json_open(&json, '{');
    hf_json_key_str(&json, "csr",
                    (struct hf_span){text, HF_BASE64URL_LEN(der.len)});
    hf_json_close(&json, '}');
    return HF_OK;
}

static enum hf_err finalize(struct client *client, const char *url,
                            struct hf_why *why)
{
    json_t *order = NULL;
    json_t *done = NULL;
    struct hf_buf payload;
    enum hf_err err = fetch(client, url, &order, why);

    if (err != HF_OK || order == NULL)
        return err;
    hf_buf_init_grow(&payload, PAYLOAD_MAX);
    err = put_csr(order, &payload, why);
    if (err == HF_OK)
        err = ask(client, hf_document_string(order, "finalize"),
                  hf_buf_span(&payload), NULL, &done, why);
    hf_buf_clear(&payload);
    json_decref(order);
    if (err != HF_OK || done == NULL)
        return err;
    json_decref(done);
    return settle(client, url, why);
}

static enum hf_err get(struct client *client, struct hf_span url,
                       struct hf_why *why)
{
    json_t *json = NULL;
    enum hf_err err = ask(client, url, HF_SPAN(""), NULL, &json, why);

    if (json != NULL)
        hf_lab_answer_put(&client->lab->answer, HF_LAB_STEP_DONE, json);
    return err;
}

/* A step of an order that there is. */
static enum hf_err step(struct client *client, const struct hf_lab_verb *verb,
                        const char *url, struct hf_why *why)
{
    if (verb->kind == HF_LAB_VERB_VALIDATE)
        return validate(client, url, verb->no_wait, why);
    if (verb->kind == HF_LAB_VERB_FINALIZE)
        return finalize(client, url, why);
    return settle(client, url, why);
}

enum hf_err hf_lab_order_do(struct hf_lab *lab, const struct hf_lab_verb *verb,
                            struct hf_why *why)
{
    bool is_new =
        verb->kind == HF_LAB_VERB_ORDER || verb->kind == HF_LAB_VERB_GET;
    const struct hf_lab_order *order =
        is_new ? NULL : find_order(lab->world, verb->called);
    struct client client = {0};
    enum hf_err err;

    if (!is_new && order == NULL)
        return hf_fail(why, HF_EINVAL, 0, "there is no such order");
    err = client_open(lab, is_new ? verb->who : hf_span_str(order->account),
                      &client, why);
    if (err == HF_OK && verb->kind == HF_LAB_VERB_ORDER)
        err = place_order(&client, verb, why);
    else if (err == HF_OK && verb->kind == HF_LAB_VERB_GET)
        err = get(&client, verb->words[0], why);
    else if (err == HF_OK)
        err = step(&client, verb, order->url, why);
    client_close(&client);
    return err;
}
