/* SPDX-License-Identifier: Apache-2.0 */
/*
 * server_play [OPTION...] PLACE...: serve through hf_server, and print one line
 * for each place, its port, then "ready". A place with a '+' before it is
 * plain.
 *
 *   --cert FILE --key FILE --client-ca FILE   --require   a client certificate
 *   --body-max N --header-max N --connections N --per-address N --window N
 *   --handshake MS --request MS --idle MS --answer MS     --no-wall
 *
 *     /fixed, /fixed-large   answered by the front: a directory, a megabyte
 *     /directory, /large     the same by us
 *     /silent                not answered until "speak", with a number
 *     /fields                a reply with fields of its own
 *     else                   what we were asked, in words
 *
 * Commands on standard input, each with one line for an answer:
 *
 *     reload CERT KEY   drain   counters   speak   crash   end
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "net/server.h"
#include "net/server_worker.h"
#include "os/file.h"

#define SILENT_MAX 256

static const char directory[] =
    "{\"newNonce\":\"https://ca.example/acme/new-nonce\","
    "\"newAccount\":\"https://ca.example/acme/new-account\","
    "\"newOrder\":\"https://ca.example/acme/new-order\","
    "\"revokeCert\":\"https://ca.example/acme/revoke-cert\","
    "\"keyChange\":\"https://ca.example/acme/key-change\","
    "\"renewalInfo\":\"https://ca.example/acme/renewal-info\","
    "\"meta\":{\"caaIdentities\":[\"ca.example\"]}}\n";

struct player {
    struct hf_server_config config;
    struct hf_server_place places[HF_SERVER_PLACES_MAX];
    struct hf_buf pem[3];
    struct hf_server_front *front;
    uint64_t silent[SILENT_MAX];
    size_t silent_count;
    bool over;
};

static char large[1 << 20];

static void fail(const struct hf_why *why)
{
    (void)printf("error: %s\n", why->text);
    exit(1);
}

static struct hf_span read_file(struct hf_buf *buf, const char *path)
{
    struct hf_why why = {0};

    hf_buf_init_grow(buf, 1 << 20);
    if (hf_file_read(path, buf, &why) != HF_OK)
        fail(&why);
    return hf_buf_span(buf);
}

static int take_option(struct player *p, const char *name, const char *value)
{
    struct hf_server_config *config = &p->config;

    if (strcmp(name, "--cert") == 0)
        config->certificate = read_file(&p->pem[0], value);
    else if (strcmp(name, "--key") == 0)
        config->key = read_file(&p->pem[1], value);
    else if (strcmp(name, "--client-ca") == 0)
        config->client_ca = read_file(&p->pem[2], value);
    else if (strcmp(name, "--body-max") == 0)
        config->body_max = (size_t)atol(value);
    else if (strcmp(name, "--header-max") == 0)
        config->header_max = (size_t)atol(value);
    else if (strcmp(name, "--connections") == 0)
        config->connections = (size_t)atol(value);
    else if (strcmp(name, "--per-address") == 0)
        config->per_address = (size_t)atol(value);
    else if (strcmp(name, "--window") == 0)
        config->window = (size_t)atol(value);
    else if (strcmp(name, "--handshake") == 0)
        config->handshake_ms = atol(value);
    else if (strcmp(name, "--request") == 0)
        config->request_ms = atol(value);
    else if (strcmp(name, "--idle") == 0)
        config->idle_ms = atol(value);
    else if (strcmp(name, "--answer") == 0)
        config->answer_ms = atol(value);
    else
        return 0;
    return 1;
}

static int read_options(struct player *p, int argc, char **argv)
{
    int i = 1;

    while (i < argc && strncmp(argv[i], "--", 2) == 0) {
        if (strcmp(argv[i], "--no-wall") == 0)
            p->config.no_wall = true;
        else if (strcmp(argv[i], "--require") == 0)
            p->config.client_required = true;
        else if (i + 1 < argc && take_option(p, argv[i], argv[i + 1]))
            i++;
        else
            return 0;
        i++;
    }
    for (; i < argc && p->config.place_count < HF_SERVER_PLACES_MAX; i++) {
        struct hf_server_place *place = &p->places[p->config.place_count++];

        place->plain = argv[i][0] == '+';
        place->address = hf_span_str(argv[i] + place->plain);
    }
    p->config.places = p->places;
    return p->config.place_count > 0;
}

/* ---- replies ---- */

static struct hf_server_reply json_reply(struct hf_span body)
{
    return (struct hf_server_reply){.status = 200,
                                    .content_type = HF_SPAN("application/json"),
                                    .body = body};
}

static void answer(struct player *p, uint64_t id,
                   const struct hf_server_reply *reply)
{
    struct hf_why why = {0};

    if (hf_server_answer(p->front, id, reply, &why) != HF_OK)
        fail(&why);
}

static void answer_in_words(struct player *p, const struct hf_server_request *r)
{
    char room[8192];
    int n = snprintf(
        room, sizeof(room),
        "%.*s %.*s host=%.*s type=%.*s accept=%.*s language=%.*s agent=%.*s "
        "authorization=%.*s peer=%.*s client=%.*s place=%zu body=%zu\n",
        (int)r->method_text.len, r->method_text.ptr, (int)r->target.len,
        r->target.ptr, (int)r->host.len, r->host.ptr, (int)r->content_type.len,
        r->content_type.ptr, (int)r->accept.len, r->accept.ptr,
        (int)r->accept_language.len, r->accept_language.ptr,
        (int)r->user_agent.len, r->user_agent.ptr, (int)r->authorization.len,
        r->authorization.ptr, (int)r->peer.len, r->peer.ptr,
        (int)r->client_fingerprint.len, r->client_fingerprint.ptr, r->place,
        r->body.len);
    struct hf_server_reply reply = json_reply((struct hf_span){
        room, n < (int)sizeof(room) ? (size_t)n : sizeof(room) - 1});

    reply.content_type = HF_SPAN("text/plain");
    answer(p, r->id, &reply);
}

static void serve(struct player *p, const struct hf_server_request *request)
{
    struct hf_server_reply reply = json_reply(hf_span_str(directory));

    /* The first requests may overtake what we fix. */
    if (hf_span_eq(request->target, HF_SPAN("/directory")) ||
        hf_span_eq(request->target, HF_SPAN("/fixed"))) {
        answer(p, request->id, &reply);
    } else if (hf_span_eq(request->target, HF_SPAN("/large")) ||
               hf_span_eq(request->target, HF_SPAN("/fixed-large"))) {
        reply.body = (struct hf_span){large, sizeof(large)};
        answer(p, request->id, &reply);
    } else if (hf_span_eq(request->target, HF_SPAN("/silent")) &&
               p->silent_count < SILENT_MAX) {
        p->silent[p->silent_count++] = request->id;
    } else if (hf_span_eq(request->target, HF_SPAN("/fields"))) {
        reply = (struct hf_server_reply){
            .status = 201,
            .fields = {{HF_SPAN("Location"), HF_SPAN("https://x.example/1")},
                       {HF_SPAN("Replay-Nonce"), HF_SPAN("abc")}},
            .field_count = 2};
        answer(p, request->id, &reply);
    } else {
        answer_in_words(p, request);
    }
}

static void fix(struct player *p)
{
    struct hf_why why = {0};
    struct hf_server_reply reply = json_reply(hf_span_str(directory));

    memset(large, 'x', sizeof(large));
    if (hf_server_fix(p->front, HF_SPAN("/fixed"), &reply, &why) != HF_OK)
        fail(&why);
    reply.body = (struct hf_span){large, sizeof(large)};
    if (hf_server_fix(p->front, HF_SPAN("/fixed-large"), &reply, &why) != HF_OK)
        fail(&why);
}

/* ---- commands ---- */

static void print_counters(const struct player *p)
{
    const uint64_t *counts = hf_server_counters(p->front);

    for (size_t i = 0; i < HF_SERVER_COUNTS; i++)
        (void)printf("%s=%llu ", hf_server_count_names[i],
                     (unsigned long long)counts[i]);
    (void)printf("\n");
}

static void reload(struct player *p, char *cert, const char *key)
{
    struct hf_buf pem[2];
    struct hf_why why = {0};
    enum hf_err err = hf_server_reload(p->front, read_file(&pem[0], cert),
                                       read_file(&pem[1], key), &why);

    (void)printf("%s\n", err == HF_OK ? "reloaded" : why.text);
    hf_buf_clear(&pem[0]);
    hf_buf_clear_wiped(&pem[1]);
}

static void speak(struct player *p)
{
    for (size_t i = 0; i < p->silent_count; i++) {
        char number[24];
        int n = snprintf(number, sizeof(number), "%zu", i);
        struct hf_server_reply reply =
            json_reply((struct hf_span){number, (size_t)n});

        answer(p, p->silent[i], &reply);
    }
    (void)printf("spoke %zu\n", p->silent_count);
    p->silent_count = 0;
}

/* The pid of the front: its only child. */
static void crash(void)
{
    char path[64];
    FILE *file;
    int pid = 0;

    (void)snprintf(path, sizeof(path), "/proc/%d/task/%d/children",
                   (int)getpid(), (int)getpid());
    file = fopen(path, "re");
    if (file != NULL && fscanf(file, "%d", &pid) == 1)
        (void)kill(pid, SIGKILL);
    if (file != NULL)
        (void)fclose(file);
    (void)printf("killed\n");
}

static void obey(struct player *p, char *line)
{
    char *word = strtok(line, " \n");

    if (word == NULL)
        return;
    if (strcmp(word, "reload") == 0) {
        char *cert = strtok(NULL, " \n");

        reload(p, cert, strtok(NULL, " \n"));
    } else if (strcmp(word, "drain") == 0) {
        hf_server_drain(p->front);
        (void)printf("draining\n");
    } else if (strcmp(word, "counters") == 0) {
        print_counters(p);
    } else if (strcmp(word, "speak") == 0) {
        speak(p);
    } else if (strcmp(word, "crash") == 0) {
        crash();
    } else {
        p->over = true;
    }
    (void)fflush(stdout);
}

static void on_input(struct player *p)
{
    char room[1024];
    ssize_t n = read(STDIN_FILENO, room, sizeof(room) - 1);
    char *save = NULL;

    if (n <= 0) {
        p->over = true;
        return;
    }
    room[n] = '\0';
    for (char *line = strtok_r(room, "\n", &save); line != NULL;
         line = strtok_r(NULL, "\n", &save))
        obey(p, line);
}

/* ---- the loop ---- */

static void turn(struct player *p)
{
    struct pollfd fds[2] = {
        {.fd = hf_server_fd(p->front),
         .events =
             (short)(POLLIN | (hf_server_is_behind(p->front) ? POLLOUT : 0))},
        {.fd = STDIN_FILENO, .events = POLLIN},
    };
    struct hf_server_request request;
    struct hf_why why = {0};
    bool got = false;

    (void)poll(fds, 2, 250);
    do {
        if (hf_server_poll(p->front, &request, &got, &why) != HF_OK)
            fail(&why);
        if (got)
            serve(p, &request);
    } while (got);
    hf_server_drop(p->front);
    if (fds[1].revents != 0)
        on_input(p);
    hf_server_flush(p->front);
}

int main(int argc, char **argv)
{
    static struct player p;
    struct hf_why why = {0};

    if (argc == 2 && strcmp(argv[1], HF_SERVER_ROLE) == 0)
        return hf_server_worker_run(STDIN_FILENO) ? 0 : 1;
    if (!read_options(&p, argc, argv)) {
        (void)fprintf(stderr, "usage: server_play [OPTION...] PLACE...\n");
        return 64;
    }
    if (hf_server_new(&p.config, &p.front, &why) != HF_OK)
        fail(&why);
    for (size_t i = 0; i < p.config.place_count; i++)
        (void)printf("%u\n", hf_server_port(p.front, i));
    fix(&p);
    (void)printf("ready\n");
    (void)fflush(stdout);
    while (!p.over && !hf_server_is_drained(p.front))
        turn(&p);
    if (!p.over)
        (void)printf("drained\n");
    hf_server_free(p.front);
    return 0;
}
