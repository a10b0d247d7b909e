/* SPDX-License-Identifier: Apache-2.0 */
/*
 * acme_load.c -- many ACME clients at once, for tests and benchmarks.
 *
 *     acme_load DIRECTORY CA.pem CLIENTS
 *
 * Makes an account for each client and prints its URL, a line each. Then it
 * reads what to do, a line each, and answers each with a line:
 *
 *     whole CLIENTS ORDERS SECONDS    seven requests an order: newOrder,
 *                                     authorization, challenge, authorization,
 *                                     finalize, order, certificate
 *     short CLIENTS ORDERS SECONDS    nothing asked that is known already
 *
 *     ORDERS SECONDS P50_MS P99_MS REQUESTS FAILED REQUEST_P50 REQUEST_P99
 *
 * Client N asks for n0.cN.shop.example, n1..., by dns-persist-01, over one
 * kept connection; a round ends after so many orders or seconds. With
 * ACME_LOAD_SERIALS the last words of the certificates' URLs are added to that
 * file. Each client is a thread that waits for its replies: the least that a
 * client can be.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "acme/document.h"
#include "base/base64.h"
#include "crypto/csr.h"
#include "crypto/jws.h"
#include "net/tls.h"

#define CLIENTS_MAX   256
#define REPLY_MAX     ((size_t)1 << 20)
#define TEXT_MAX      512
#define PATIENCE_S    20 /* for a reply */
#define POLLS_MAX     2000
#define POLL_AGAIN_US 2000
#define TICK_US       50 /* that times are told apart by */
#define TICKS         400000

struct reply {
    int status;
    char location[TEXT_MAX];
    struct hf_span body; /* in the client's buffer */
    json_t *json;        /* or NULL */
};

struct client {
    pthread_t thread;
    unsigned number;
    unsigned long asked; /* names so far */
    SSL *ssl;
    SSL_SESSION *session;
    struct hf_tls_note note;
    struct hf_private_key *account_key;
    struct hf_private_key *key;
    struct hf_signer signer;
    char account[TEXT_MAX];
    char nonce[TEXT_MAX];
    struct hf_buf in;
    struct hf_buf out;
    struct reply reply;
};

static struct {
    struct hf_tls *tls;
    struct hf_url url;
    char new_nonce[TEXT_MAX];
    char new_account[TEXT_MAX];
    char new_order[TEXT_MAX];
    FILE *serials;
} server;

/* How often something took so many ticks; the last: or more. */
struct times {
    atomic_uint ticks[TICKS];
};

static struct {
    bool is_short;
    long orders;
    int64_t until_us;
    atomic_long begun;
    atomic_long done;
    atomic_long failed;
    atomic_long requests;
    struct times of_orders;
    struct times of_requests;
} run;

static int64_t now_us(void)
{
    struct timespec at;

    (void)clock_gettime(CLOCK_MONOTONIC, &at);
    return (int64_t)at.tv_sec * 1000000 + at.tv_nsec / 1000;
}

/* ---- times ---- */

static void note_time(struct times *times, int64_t from_us)
{
    int64_t ticks = (now_us() - from_us) / TICK_US;

    atomic_fetch_add(&times->ticks[ticks < TICKS ? ticks : TICKS - 1], 1);
}

/* That many percent of the times took no longer. */
static double percentile_ms(struct times *times, unsigned percent)
{
    unsigned long all = 0;
    unsigned long below = 0;
    size_t i = 0;

    for (size_t k = 0; k < TICKS; k++)
        all += atomic_load(&times->ticks[k]);
    while (i < TICKS - 1 &&
           (below += atomic_load(&times->ticks[i])) * 100 < all * percent)
        i++;
    return all == 0 ? 0 : (double)i * TICK_US / 1e3;
}

/* ---- one request ---- */

static void hang_up(struct client *client)
{
    if (client->ssl == NULL)
        return;
    (void)close(SSL_get_fd(client->ssl));
    SSL_free(client->ssl);
    client->ssl = NULL;
}

static bool dial(struct client *client)
{
    const struct sockaddr_in to = {
        .sin_family = AF_INET,
        .sin_port = htons(server.url.port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    const struct timeval patience = {.tv_sec = PATIENCE_S};
    const int on = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (fd < 0 || connect(fd, (const struct sockaddr *)&to, sizeof(to)) != 0) {
        (void)close(fd);
        return false;
    }
    client->note.session = &client->session;
    client->ssl = hf_tls_connect(server.tls, server.url.host, server.url.kind,
                                 &client->note);
    if (client->ssl != NULL && SSL_set_fd(client->ssl, fd) == 1 &&
        SSL_connect(client->ssl) == 1)
        return true;
    hang_up(client);
    return false;
}

static bool more(struct client *client)
{
    char *room = hf_buf_reserve(&client->in, 16384);
    int n = room == NULL ? -1 : SSL_read(client->ssl, room, 16384);

    if (n <= 0)
        return false;
    client->in.len += (size_t)n;
    return true;
}

static struct hf_span rest_of(const struct client *client, size_t from)
{
    return (struct hf_span){client->in.ptr + from, client->in.len - from};
}

/* A line from there on; false when the connection ends before. */
static bool take_line(struct client *client, size_t *from, struct hf_span *out)
{
    struct hf_span rest = rest_of(client, *from);
    size_t len;

    while ((len = hf_span_find(rest, '\n')) == rest.len) {
        if (!more(client))
            return false;
        rest = rest_of(client, *from);
    }
    *from += len + 1;
    *out = (struct hf_span){rest.ptr, len > 0 ? len - 1 : 0};
    return true;
}

static bool take_octets(struct client *client, size_t from, size_t count)
{
    while (client->in.len < from + count)
        if (!more(client))
            return false;
    return true;
}

/* The value, when it is that field. */
static bool is_field(struct hf_span line, const char *name,
                     struct hf_span *value)
{
    size_t len = strlen(name);

    if (line.len <= len || line.ptr[len] != ':' ||
        strncasecmp(line.ptr, name, len) != 0)
        return false;
    (void)hf_span_cut(&line, len + 1);
    while (hf_span_skip(&line, ' '))
        continue;
    *value = line;
    return true;
}

static void keep(char *to, struct hf_span text)
{
    size_t len = text.len < TEXT_MAX ? text.len : TEXT_MAX - 1;

    memcpy(to, text.ptr, len);
    to[len] = '\0';
}

/* Pulls the pieces together, in place. */
static bool take_chunks(struct client *client, size_t from, size_t *end)
{
    size_t to = from;

    for (;;) {
        struct hf_span line;
        char text[32];
        size_t size;

        if (!take_line(client, &from, &line))
            return false;
        keep(text, (struct hf_span){line.ptr, line.len < 16 ? line.len : 16});
        size = strtoul(text, NULL, 16);
        if (!take_octets(client, from, size + 2))
            return false;
        memmove(client->in.ptr + to, client->in.ptr + from, size);
        to += size;
        from += size + 2;
        if (size == 0)
            break;
    }
    *end = to;
    return true;
}

static bool take_reply(struct client *client)
{
    struct reply *reply = &client->reply;
    struct hf_span line;
    struct hf_span value;
    size_t length = 0;
    size_t at = 0;
    size_t end;
    bool chunked = false;

    hf_buf_reset(&client->in);
    json_decref(reply->json);
    *reply = (struct reply){0};
    if (!take_line(client, &at, &line) || line.len < 12)
        return false;
    reply->status = atoi(line.ptr + 9);
    while (take_line(client, &at, &line) && line.len > 0) {
        if (is_field(line, "content-length", &value))
            length = strtoul(value.ptr, NULL, 10);
        else if (is_field(line, "transfer-encoding", &value))
            chunked = true;
        else if (is_field(line, "replay-nonce", &value))
            keep(client->nonce, value);
        else if (is_field(line, "location", &value))
            keep(reply->location, value);
    }
    end = at + length;
    if (chunked ? !take_chunks(client, at, &end)
                : !take_octets(client, at, length))
        return false;
    reply->body = (struct hf_span){client->in.ptr + at, end - at};
    if (reply->body.len > 0 && reply->body.ptr[0] == '{')
        (void)hf_document_read(reply->body, &reply->json, NULL);
    return true;
}

static bool send_and_take(struct client *client)
{
    for (int i = 0; i < 2; i++) { /* a kept connection may have ended */
        bool is_new = client->ssl == NULL;

        if (is_new && !dial(client))
            return false;
        if (SSL_write(client->ssl, client->out.ptr, (int)client->out.len) > 0 &&
            take_reply(client))
            return true;
        hang_up(client);
        if (is_new)
            return false;
    }
    return false;
}

static bool path_of(const char *url, struct hf_span *out)
{
    struct hf_url read;

    if (hf_url_parse(hf_span_str(url), &read, NULL) != HF_OK)
        return false;
    *out = read.target;
    return true;
}

static bool get(struct client *client, const char *url)
{
    struct hf_span path;

    if (!path_of(url, &path))
        return false;
    hf_buf_reset(&client->out);
    hf_buf_puts(&client->out, "GET ");
    hf_buf_put(&client->out, path);
    hf_buf_puts(&client->out, " HTTP/1.1\r\nHost: ");
    hf_buf_put(&client->out, server.url.authority);
    hf_buf_puts(&client->out, "\r\nUser-Agent: acme_load\r\n\r\n");
    return send_and_take(client);
}

static bool put_post(struct client *client, const char *url,
                     struct hf_span payload)
{
    const struct hf_jws_header header = {
        .url = hf_span_str(url),
        .nonce = hf_span_str(client->nonce),
        .kid = hf_span_str(client->account),
    };
    char room[4096];
    struct hf_span path;
    struct hf_buf jws;

    hf_buf_init(&jws, room, sizeof(room));
    if (!path_of(url, &path) ||
        hf_jws_sign(&client->signer, &header, payload, &jws, NULL) != HF_OK)
        return false;
    hf_buf_reset(&client->out);
    hf_buf_puts(&client->out, "POST ");
    hf_buf_put(&client->out, path);
    hf_buf_puts(&client->out, " HTTP/1.1\r\nHost: ");
    hf_buf_put(&client->out, server.url.authority);
    hf_buf_puts(&client->out, "\r\nUser-Agent: acme_load\r\n"
                              "Content-Type: application/jose+json\r\n"
                              "Content-Length: ");
    hf_buf_put_u64(&client->out, jws.len);
    hf_buf_puts(&client->out, "\r\n\r\n");
    hf_buf_put(&client->out, hf_buf_span(&jws));
    return true;
}

/* True with a status below 300. Pebble refuses a nonce now and then. */
static bool post(struct client *client, const char *url, struct hf_span payload)
{
    for (int i = 0; i < 4; i++) {
        int64_t from_us;

        if (!put_post(client, url, payload))
            return false;
        from_us = now_us();
        if (!send_and_take(client))
            return false;
        note_time(&run.of_requests, from_us);
        atomic_fetch_add(&run.requests, 1);
        if (client->reply.status < 300)
            return true;
        if (!hf_span_ends(hf_document_string(client->reply.json, "type"),
                          HF_SPAN("badNonce")))
            break;
    }
    fprintf(stderr, "%s: %d %.*s\n", url, client->reply.status,
            (int)client->reply.body.len, client->reply.body.ptr);
    return false;
}

/* ---- one order ---- */

static void member(const struct client *client, const char *name, char *out)
{
    keep(out, hf_document_string(client->reply.json, name));
}

static bool has_status(const struct client *client, const char *status)
{
    return hf_span_eq(hf_document_string(client->reply.json, "status"),
                      hf_span_str(status));
}

static bool find_challenge(const struct client *client, char *out)
{
    const json_t *list = hf_document_member(client->reply.json, "challenges");

    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *one = json_array_get(list, i);

        if (hf_span_eq(hf_document_string(one, "type"),
                       HF_SPAN("dns-persist-01"))) {
            keep(out, hf_document_string(one, "url"));
            return true;
        }
    }
    return false;
}

static bool poll_until_valid(struct client *client, const char *url)
{
    for (int i = 0; i < POLLS_MAX; i++) {
        if (i > 0)
            (void)usleep(POLL_AGAIN_US);
        if (!post(client, url, (struct hf_span){0}))
            return false;
        if (has_status(client, "valid"))
            return true;
        if (has_status(client, "invalid"))
            break;
    }
    fprintf(stderr, "%s: %.*s\n", url, (int)client->reply.body.len,
            client->reply.body.ptr);
    return false;
}

static bool authorize(struct client *client, const char *authz)
{
    char challenge[TEXT_MAX];

    return post(client, authz, (struct hf_span){0}) &&
           find_challenge(client, challenge) &&
           post(client, challenge, HF_SPAN("{}")) &&
           poll_until_valid(client, authz);
}

static bool finalize(struct client *client, const char *url, const char *name)
{
    const struct hf_span names[] = {hf_span_str(name)};
    const struct hf_csr_names wanted = {.dns = names, .dns_count = 1};
    char der_room[2048];
    char payload_room[4096];
    struct hf_buf der;
    struct hf_buf payload;
    char *text;

    hf_buf_init(&der, der_room, sizeof(der_room));
    if (hf_csr_make(client->key, &wanted, false, &der, NULL) != HF_OK)
        return false;
    hf_buf_init(&payload, payload_room, sizeof(payload_room));
    hf_buf_puts(&payload, "{\"csr\":\"");
    text = hf_buf_reserve(&payload, HF_BASE64URL_LEN(der.len));
    hf_base64url(hf_buf_span(&der), text);
    payload.len += HF_BASE64URL_LEN(der.len);
    hf_buf_puts(&payload, "\"}");
    return post(client, url, hf_buf_span(&payload));
}

static bool take_certificate(struct client *client)
{
    char url[TEXT_MAX];

    member(client, "certificate", url);
    if (!post(client, url, (struct hf_span){0}) ||
        !hf_span_starts(client->reply.body, HF_SPAN("-----BEGIN CERT")))
        return false;
    if (server.serials != NULL)
        (void)fprintf(server.serials, "%s\n", strrchr(url, '/') + 1);
    return true;
}

static bool order(struct client *client)
{
    char name[64];
    char payload[256];
    char url[TEXT_MAX];
    char authz[TEXT_MAX];
    char final[TEXT_MAX];
    const json_t *authzs;

    (void)snprintf(name, sizeof(name), "n%lu.c%u.shop.example", client->asked++,
                   client->number);
    (void)snprintf(payload, sizeof(payload),
                   "{\"identifiers\":[{\"type\":\"dns\",\"value\":\"%s\"}]}",
                   name);
    if (!post(client, server.new_order, hf_span_str(payload)))
        return false;
    memcpy(url, client->reply.location, sizeof(url));
    member(client, "finalize", final);
    authzs = hf_document_member(client->reply.json, "authorizations");
    (void)snprintf(authz, sizeof(authz), "%s",
                   json_string_value(json_array_get(authzs, 0)));
    if (!(run.is_short && has_status(client, "ready")) &&
        !authorize(client, authz))
        return false;
    if (!finalize(client, final, name))
        return false;
    if (!(run.is_short && has_status(client, "valid")) &&
        !poll_until_valid(client, url))
        return false;
    return take_certificate(client);
}

static void *work(void *of)
{
    struct client *client = of;

    while (now_us() < run.until_us &&
           atomic_fetch_add(&run.begun, 1) < run.orders) {
        int64_t from_us = now_us();

        if (!order(client)) {
            atomic_fetch_add(&run.failed, 1);
            continue;
        }
        atomic_fetch_add(&run.done, 1);
        note_time(&run.of_orders, from_us);
    }
    return NULL;
}

/* ---- a round ---- */

static void do_round(struct client *clients, unsigned count)
{
    int64_t from_us = now_us();
    double seconds;

    for (unsigned i = 0; i < count; i++)
        if (pthread_create(&clients[i].thread, NULL, work, &clients[i]) != 0)
            abort();
    for (unsigned i = 0; i < count; i++)
        (void)pthread_join(clients[i].thread, NULL);
    seconds = (double)(now_us() - from_us) / 1e6;
    printf("%ld %.3f %.2f %.2f %ld %ld %.2f %.2f\n", atomic_load(&run.done),
           seconds, percentile_ms(&run.of_orders, 50),
           percentile_ms(&run.of_orders, 99), atomic_load(&run.requests),
           atomic_load(&run.failed), percentile_ms(&run.of_requests, 50),
           percentile_ms(&run.of_requests, 99));
    (void)fflush(stdout);
}

static bool read_round(unsigned *count)
{
    char word[16];
    int seconds;

    if (scanf("%15s %u %ld %d", word, count, &run.orders, &seconds) != 4)
        return false;
    run.is_short = strcmp(word, "short") == 0;
    run.until_us = now_us() + (int64_t)seconds * 1000000;
    atomic_store(&run.begun, 0);
    atomic_store(&run.done, 0);
    atomic_store(&run.failed, 0);
    atomic_store(&run.requests, 0);
    memset(&run.of_orders, 0, sizeof(run.of_orders));
    memset(&run.of_requests, 0, sizeof(run.of_requests));
    return true;
}

/* ---- accounts ---- */

static bool make_client(struct client *client, unsigned number)
{
    client->number = number;
    hf_buf_init_grow(&client->in, REPLY_MAX);
    hf_buf_init_grow(&client->out, REPLY_MAX);
    return hf_private_key_generate(HF_KEY_P256, &client->account_key, NULL) ==
               HF_OK &&
           hf_private_key_generate(HF_KEY_P256, &client->key, NULL) == HF_OK &&
           hf_private_key_signer(client->account_key, &client->signer, NULL) ==
               HF_OK;
}

static bool look_around(struct client *client, const char *directory)
{
    if (!get(client, directory))
        return false;
    member(client, "newNonce", server.new_nonce);
    member(client, "newAccount", server.new_account);
    member(client, "newOrder", server.new_order);
    return true;
}

static bool join(struct client *client)
{
    if (!get(client, server.new_nonce) ||
        !post(client, server.new_account,
              HF_SPAN("{\"termsOfServiceAgreed\":true}")))
        return false;
    memcpy(client->account, client->reply.location, sizeof(client->account));
    puts(client->account);
    return true;
}

int main(int argc, char **argv)
{
    static struct client clients[CLIENTS_MAX];
    const char *serials = getenv("ACME_LOAD_SERIALS");
    unsigned count = argc == 4 ? (unsigned)atoi(argv[3]) : 0;
    unsigned wanted;

    if (count == 0 || count > CLIENTS_MAX) {
        fprintf(stderr, "usage: acme_load DIRECTORY CA.pem CLIENTS\n");
        return 64;
    }
    server.serials = serials == NULL ? NULL : fopen(serials, "a");
    if (hf_url_parse(hf_span_str(argv[1]), &server.url, NULL) != HF_OK ||
        hf_tls_new((const char *const *)&argv[2], 1, &server.tls, NULL) !=
            HF_OK)
        return 1;
    for (unsigned i = 0; i < count; i++)
        if (!make_client(&clients[i], i) ||
            (i == 0 && !look_around(&clients[0], argv[1])) ||
            !join(&clients[i])) {
            fprintf(stderr, "acme_load: client %u got no account\n", i);
            return 1;
        }
    (void)fflush(stdout);
    while (read_round(&wanted)) {
        do_round(clients, wanted < count ? wanted : count);
        if (server.serials != NULL)
            (void)fflush(server.serials);
    }
    return 0;
}
