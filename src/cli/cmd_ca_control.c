/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_ca_control.c -- what only a CA that serves can say or do: how it is, read
 * its configuration again, let others have its clients. It is asked over HTTP
 * at a socket in its state folder, which is its owner's alone. */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "cli/ca_ledger.h"
#include "cli/commands.h"
#include "os/fail.h"

#define ANSWER_MAX ((size_t)64 << 10)
#define PATIENCE_S 60 /* it may have to start perspectives */

static const struct hf_option options[] = {HF_STATE_OPTION};

/* ---- asking ---- */

static enum hf_err dial(const char *path, int *out, struct hf_why *why)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    const struct timeval patience = {.tv_sec = PATIENCE_S};
    int n = snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
    enum hf_err err;
    int fd;

    if (n < 0 || (size_t)n >= sizeof(at.sun_path))
        return hf_fail(why, HF_ELIMIT, 0,
                       "a socket's path has at most 107 octets");
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return hf_fail_sys(why, errno, "make a socket");
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    if (connect(fd, (struct sockaddr *)&at, sizeof(at)) == 0) {
        *out = fd;
        return HF_OK;
    }
    err = errno == ENOENT || errno == ECONNREFUSED
              ? hf_fail(why, HF_ENOTFOUND, 0, "no CA serves from here")
              : hf_fail_sys(why, errno, "connect to the CA");
    (void)close(fd);
    return err;
}

static enum hf_err talk(int fd, struct hf_span request, struct hf_buf *answer,
                        struct hf_why *why)
{
    ssize_t n = send(fd, request.ptr, request.len, MSG_NOSIGNAL);

    if (n < 0 || (size_t)n < request.len)
        return hf_fail_sys(why, errno, "ask the CA");
    do {
        char *room = hf_buf_reserve(answer, 4096);

        if (room == NULL)
            return hf_fail(why, HF_ELIMIT, 0, "the answer is too long");
        n = recv(fd, room, 4096, 0);
        if (n < 0)
            return hf_fail_sys(why, errno, "hear the CA");
        answer->len += (size_t)n;
    } while (n > 0);
    return HF_OK;
}

/* "HTTP/1.1 200 OK", fields, an empty line, and the body. */
static enum hf_err read_answer(struct hf_span answer, bool *good,
                               struct hf_span *body, struct hf_why *why)
{
    static const char end[] = "\r\n\r\n";
    const char *at = memmem(answer.ptr, answer.len, end, sizeof(end) - 1);

    if (at == NULL || !hf_span_starts(answer, HF_SPAN("HTTP/1.1 ")))
        return hf_fail(why, HF_EPEER, 0, "what answers there is no CA");
    *good = answer.ptr[9] == '2';
    at += sizeof(end) - 1;
    *body = (struct hf_span){at, answer.len - (size_t)(at - answer.ptr)};
    return HF_OK;
}

static enum hf_err ask(const char *path, const char *words,
                       struct hf_buf *answer, struct hf_why *why)
{
    char room[256];
    struct hf_buf request;
    int fd = -1;
    enum hf_err err = dial(path, &fd, why);

    if (err != HF_OK)
        return err;
    hf_buf_init(&request, room, sizeof(room));
    hf_buf_puts(&request, words);
    hf_buf_puts(&request, " HTTP/1.1\r\nHost: ca\r\nContent-Length: 0\r\n"
                          "Connection: close\r\n\r\n");
    err = talk(fd, hf_buf_span(&request), answer, why);
    (void)close(fd);
    return err;
}

/* ---- showing ---- */

static void put_text(struct hf_buf *out, const json_t *value)
{
    hf_buf_put_escaped(
        out,
        (struct hf_span){json_string_value(value), json_string_length(value)},
        json_string_length(value));
}

static void put_value(struct hf_buf *out, const json_t *value)
{
    if (json_is_string(value))
        put_text(out, value);
    else if (json_is_integer(value))
        hf_buf_put_i64(out, json_integer_value(value));
    else
        hf_buf_puts(out, json_is_true(value) ? "yes" : "no");
}

/* "name one, region RIPE" */
static void put_members(struct hf_buf *out, json_t *object)
{
    const char *key;
    json_t *value;
    bool is_first = true;

    json_object_foreach(object, key, value)
    {
        hf_buf_puts(out, is_first ? " " : ", ");
        hf_buf_put_escaped(out, hf_span_str(key), strlen(key));
        hf_buf_putc(out, ' ');
        put_value(out, value);
        is_first = false;
    }
}

/* A member a line; of a list, an item a line. */
static void put_member(struct hf_buf *out, const char *key, json_t *value)
{
    size_t lines = json_is_array(value) ? json_array_size(value) : 1;

    for (size_t i = 0; i < lines; i++) {
        json_t *item = json_is_array(value) ? json_array_get(value, i) : value;

        hf_buf_put_escaped(out, hf_span_str(key), strlen(key));
        if (json_is_object(item)) {
            put_members(out, item);
        } else {
            hf_buf_putc(out, ' ');
            put_value(out, item);
        }
        hf_buf_putc(out, '\n');
    }
}

/* "WRONG probe-1: this perspective sees nothing (it is slow): look ..." */
static void put_problem(struct hf_buf *out, const json_t *problem)
{
    const json_t *subject = json_object_get(problem, "subject");
    const json_t *detail = json_object_get(problem, "detail");

    hf_buf_puts(out, json_is_true(json_object_get(problem, "grave")) ? "WRONG "
                                                                     : "note ");
    if (subject != NULL) {
        put_text(out, subject);
        hf_buf_puts(out, ": ");
    }
    put_text(out, json_object_get(problem, "what"));
    if (detail != NULL) {
        hf_buf_puts(out, " (");
        put_text(out, detail);
        hf_buf_putc(out, ')');
    }
    hf_buf_puts(out, ": ");
    put_text(out, json_object_get(problem, "advice"));
    hf_buf_putc(out, '\n');
}

static void put_verdict(struct hf_buf *out, struct hf_span verdict,
                        const json_t *problems)
{
    const json_t *problem;
    size_t i;

    json_array_foreach(problems, i, problem)
    {
        put_problem(out, problem);
    }
    hf_buf_puts(out, hf_span_eq(verdict, HF_SPAN("good")) ? "everything works\n"
                     : hf_span_eq(verdict, HF_SPAN("impaired"))
                         ? "it works, but for what is noted above\n"
                         : "it does not work as it should\n");
}

static void put_object(struct hf_buf *out, json_t *object)
{
    const json_t *verdict = json_object_get(object, "verdict");
    const char *key;
    json_t *value;

    if (json_is_string(verdict))
        put_verdict(out, hf_span_str(json_string_value(verdict)),
                    json_object_get(object, "problems"));
    json_object_foreach(object, key, value)
    {
        if (strcmp(key, "verdict") != 0 && strcmp(key, "problems") != 0)
            put_member(out, key, value);
    }
}

/* What is wrong and the verdict, then a member a line; or the object as it
 * came. */
static enum hf_err show(struct hf_cli *cli, struct hf_span body,
                        struct hf_why *why)
{
    json_t *object = json_loadb(body.ptr, body.len, 0, NULL);

    if (!json_is_object(object)) {
        json_decref(object);
        return hf_fail(why, HF_EPEER, 0, "what answers there is no CA");
    }
    if (cli->json)
        hf_buf_put(&cli->out->buf, body);
    else
        put_object(&cli->out->buf, object);
    json_decref(object);
    return HF_OK;
}

static enum hf_exit control(struct hf_cli *cli, const char *words)
{
    char path[PATH_MAX + 32];
    struct hf_buf answer;
    struct hf_span body;
    struct hf_why why = {0};
    bool good = false;
    enum hf_err err;

    (void)snprintf(path, sizeof(path), "%s/ca/" HF_CA_CONTROL, cli->state);
    hf_buf_init_grow(&answer, ANSWER_MAX);
    err = ask(path, words, &answer, &why);
    if (err == HF_OK)
        err = read_answer(hf_buf_span(&answer), &good, &body, &why);
    if (err == HF_OK)
        err = show(cli, body, &why);
    hf_buf_clear(&answer);
    if (err != HF_OK)
        hf_cli_fail(cli, hf_span_str(path), &why);
    return hf_cli_finish(cli, err != HF_OK ? HF_EXIT_ERROR
                              : good       ? HF_EXIT_GOOD
                                           : HF_EXIT_NO);
}

static enum hf_exit status(struct hf_cli *cli)
{
    return control(cli, "GET /status");
}

static enum hf_exit reload(struct hf_cli *cli)
{
    return control(cli, "POST /reload");
}

static enum hf_exit drain(struct hf_cli *cli)
{
    return control(cli, "POST /drain");
}

/* What all three have in common. */
#define CONTROL                                                                \
    .operands = "", .options = options,                                        \
    .option_count = sizeof(options) / sizeof(options[0])

const struct hf_command hf_cmd_ca_status = {
    .name = "ca status",
    .summary = "Say how a CA is that serves, and whether all works",
    .details =
        "First what is wrong, and what to do about it, and a verdict. Exit\n"
        "status 2: something keeps the CA from its work, or soon will.\n",
    CONTROL,
    .run = status,
};

const struct hf_command hf_cmd_ca_reload = {
    .name = "ca reload",
    .summary = "Let a CA that serves read its configuration again",
    .details =
        "As SIGHUP does. Exit status 2: it was not taken, and the log of\n"
        "the CA says why; nothing changed.\n",
    CONTROL,
    .run = reload,
};

const struct hf_command hf_cmd_ca_drain = {
    .name = "ca drain",
    .summary = "Let a balancer send a CA's clients to others",
    .details = "From now on its /health is bad, and it serves all the same,\n"
               "until a signal ends it.\n",
    CONTROL,
    .run = drain,
};
