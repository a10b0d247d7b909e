/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_ask [OPTION...] URL...: ask for each URL through hf_http, all at once
 * or one after another, and print one line for each reply, in the order of
 * the URLs.
 *
 *     200 application/json 12 location=/x nonce=abc retry=3 link=up:/y
 *     failure: cannot connect to the server
 *
 *   --ca FILE          trust this instead of the system
 *   --plain            http: as well       --no-wall        without the wall
 *   --head             HEAD                --post TEXT      POST it
 *   --in-turn          each waits for the one before
 *   --pause MS         before each but the first
 *   --connections N    --window N    --body-max N    --header-max N
 *   --connect MS       --timeout MS
 *   --body             print bodies, too
 *   --usage            at the end: wall, CPU and memory of both processes
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "net/http.h"
#include "net/http_worker.h"
#include "os/clock.h"

#define URLS_MAX 256

struct options {
    struct hf_http_config config;
    struct hf_http_request request;
    bool in_turn;
    bool print_body;
    bool usage;
    long pause_ms;
    size_t count;
    char **urls;
};

/* Options with a value; the address of each is a long. */
static int take_option(struct options *o, const char *name, char *value)
{
    struct hf_http_config *config = &o->config;

    if (strcmp(name, "--ca") == 0)
        config->ca_files[config->ca_file_count++] = value;
    else if (strcmp(name, "--post") == 0)
        o->request.body = hf_span_str(value);
    else if (strcmp(name, "--pause") == 0)
        o->pause_ms = atol(value);
    else if (strcmp(name, "--connections") == 0)
        config->connections = (size_t)atol(value);
    else if (strcmp(name, "--window") == 0)
        config->window = (size_t)atol(value);
    else if (strcmp(name, "--body-max") == 0)
        config->body_max = (size_t)atol(value);
    else if (strcmp(name, "--header-max") == 0)
        config->header_max = (size_t)atol(value);
    else if (strcmp(name, "--connect") == 0)
        config->connect_ms = atol(value);
    else if (strcmp(name, "--timeout") == 0)
        config->timeout_ms = atol(value);
    else
        return 0;
    return 1;
}

static int take_switch(struct options *o, const char *name)
{
    if (strcmp(name, "--plain") == 0)
        o->config.allow_plain = true;
    else if (strcmp(name, "--no-wall") == 0)
        o->config.no_wall = true;
    else if (strcmp(name, "--head") == 0)
        o->request.method = HF_HTTP_HEAD;
    else if (strcmp(name, "--in-turn") == 0)
        o->in_turn = true;
    else if (strcmp(name, "--body") == 0)
        o->print_body = true;
    else if (strcmp(name, "--usage") == 0)
        o->usage = true;
    else
        return 0;
    return 1;
}

static int read_options(struct options *o, int argc, char **argv)
{
    int i = 1;

    while (i < argc && strncmp(argv[i], "--", 2) == 0) {
        if (take_switch(o, argv[i]))
            i++;
        else if (i + 1 < argc && take_option(o, argv[i], argv[i + 1]))
            i += 2;
        else
            return 0;
    }
    if (o->request.body.ptr != NULL) {
        o->request.method = HF_HTTP_POST;
        o->request.content_type = HF_SPAN("application/jose+json");
    }
    o->urls = argv + i;
    o->count = (size_t)(argc - i);
    return o->count > 0 && o->count <= URLS_MAX;
}

static void print_field(const char *name, struct hf_span value)
{
    if (value.len > 0)
        (void)printf(" %s=%.*s", name, (int)value.len, value.ptr);
}

static void print_reply(const struct options *o,
                        const struct hf_http_reply *reply)
{
    if (reply->failure != HF_HTTP_REPLIED) {
        (void)printf("failure: %s\n", reply->reason);
        return;
    }
    (void)printf("%d %.*s %zu", reply->status, (int)reply->content_type.len,
                 reply->content_type.ptr, reply->body.len);
    print_field("location", reply->location);
    print_field("nonce", reply->replay_nonce);
    print_field("retry", reply->retry_after);
    for (size_t i = 0; i < reply->link_count; i++)
        (void)printf(" link=%.*s:%.*s", (int)reply->links[i].rel.len,
                     reply->links[i].rel.ptr, (int)reply->links[i].url.len,
                     reply->links[i].url.ptr);
    if (o->print_body)
        (void)printf("\n%.*s", (int)reply->body.len, reply->body.ptr);
    (void)printf("\n");
}

static enum hf_err submit(struct hf_http *http, const struct options *o,
                          size_t which, struct hf_why *why)
{
    struct hf_http_request request = o->request;

    request.url = hf_span_str(o->urls[which]);
    return hf_http_submit(http, &request, which, why);
}

static enum hf_err ask_in_turn(struct hf_http *http, const struct options *o,
                               struct hf_why *why)
{
    enum hf_err err = HF_OK;

    for (size_t i = 0; i < o->count && err == HF_OK; i++) {
        struct hf_http_request request = o->request;
        struct hf_http_reply reply = {0};

        if (i > 0 && o->pause_ms > 0)
            (void)usleep((useconds_t)o->pause_ms * 1000);
        request.url = hf_span_str(o->urls[i]);
        err = hf_http_ask(http, &request, &reply, why);
        if (err == HF_OK)
            print_reply(o, &reply);
        hf_http_reply_clear(&reply);
    }
    return err;
}

static enum hf_err ask_at_once(struct hf_http *http, const struct options *o,
                               struct hf_why *why)
{
    static struct hf_http_reply replies[URLS_MAX];
    enum hf_err err = HF_OK;
    size_t done = 0;

    for (size_t i = 0; i < o->count && err == HF_OK; i++)
        err = submit(http, o, i, why);
    while (err == HF_OK && done < o->count) {
        struct hf_http_reply reply = {0};
        uint64_t ticket = 0;
        bool got = false;

        err = hf_http_poll(http, 60000, &ticket, &reply, &got, why);
        if (err == HF_OK && got) {
            replies[ticket] = reply;
            done++;
        }
    }
    for (size_t i = 0; i < o->count; i++) {
        if (err == HF_OK)
            print_reply(o, &replies[i]);
        hf_http_reply_clear(&replies[i]);
    }
    return err;
}

static void print_usage(int64_t began_ns)
{
    struct rusage own, role;

    (void)getrusage(RUSAGE_SELF, &own);
    (void)getrusage(RUSAGE_CHILDREN, &role);
    (void)printf("wall %.1f ms; own CPU %ld us, %ld kB; role CPU %ld us, "
                 "%ld kB\n",
                 (double)(hf_clock_ns() - began_ns) / 1e6,
                 own.ru_utime.tv_usec + own.ru_stime.tv_usec, own.ru_maxrss,
                 role.ru_utime.tv_usec + role.ru_stime.tv_usec, role.ru_maxrss);
}

int main(int argc, char **argv)
{
    struct options o = {0};
    struct hf_http http = {0};
    struct hf_why why = {0};
    int64_t began_ns = hf_clock_ns();
    enum hf_err err;

    if (argc == 2 && strcmp(argv[1], HF_NET_ROLE) == 0)
        return hf_http_worker_run(STDIN_FILENO) ? 0 : 1;
    if (!read_options(&o, argc, argv)) {
        (void)fprintf(stderr, "usage: http_ask [OPTION...] URL...\n");
        return 64;
    }
    err = hf_http_new(&o.config, &http, &why);
    if (err == HF_OK)
        err = o.in_turn ? ask_in_turn(&http, &o, &why)
                        : ask_at_once(&http, &o, &why);
    hf_http_clear(&http);
    if (o.usage)
        print_usage(began_ns);
    if (err != HF_OK)
        (void)printf("error %d: %s\n", (int)err, why.text);
    return err == HF_OK ? 0 : 1;
}
