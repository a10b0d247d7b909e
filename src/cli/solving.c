/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/solving.h"

#include "cli/dns_solver.h"
#include "cli/provision.h"
#include "client/listener.h"
#include "client/webroot.h"
#include "os/file.h"

/* ---- options ---- */

/* Which option is for which method, and nothing without it. */
static const struct {
    const char *option;
    enum hf_method method;
} belongs[] = {
    {"webroot", HF_METHOD_HTTP},      {"http-port", HF_METHOD_HTTP},
    {"http-address", HF_METHOD_HTTP}, {"dns-server", HF_METHOD_DNS},
    {"dns-tsig-file", HF_METHOD_DNS}, {"dns-hook", HF_METHOD_DNS},
    {"dns-wait", HF_METHOD_DNS},
};

static enum hf_exit read_methods(const struct hf_cli *cli, struct hf_means *out)
{
    size_t count = hf_cli_count(cli, "method");

    for (size_t i = 0; i < count; i++) {
        struct hf_span word = hf_span_str(hf_cli_nth(cli, "method", i));
        enum hf_method method = HF_METHOD_PERSIST;

        (void)hf_method_find(word, &method); /* the parser has looked */
        if (out->method_count > 0 && hf_means_has(out, method))
            return hf_cli_usage(cli, word, "given twice");
        out->methods[out->method_count++] = method;
    }
    for (size_t i = 0; i < sizeof(belongs) / sizeof(belongs[0]); i++)
        if (hf_cli_has(cli, belongs[i].option) &&
            !hf_means_has(out, belongs[i].method))
            return hf_cli_usage(cli, hf_span_str(belongs[i].option),
                                belongs[i].method == HF_METHOD_HTTP
                                    ? "is for http-01: give --method http-01"
                                    : "is for dns-01: give --method dns-01");
    return HF_EXIT_GOOD;
}

/* Text with a NUL behind it, in `room`. */
static struct hf_span keep(struct hf_buf *room, struct hf_span head,
                           const char *text)
{
    size_t from = room->len;

    hf_buf_put(room, head);
    hf_buf_puts(room, text);
    hf_buf_putc(room, '\0');
    return (struct hf_span){room->ptr + from, room->len - from - 1};
}

static enum hf_exit keep_path(const struct hf_cli *cli, struct hf_buf *room,
                              struct hf_span head, const char *path,
                              struct hf_span *out)
{
    char absolute[PATH_MAX];
    struct hf_why why = {0};

    if (path == NULL)
        return HF_EXIT_GOOD;
    if (hf_file_absolute(path, absolute, sizeof(absolute), &why) != HF_OK) {
        hf_cli_fail(cli, hf_span_str(path), &why);
        return HF_EXIT_ERROR;
    }
    *out = keep(room, head, absolute);
    return HF_EXIT_GOOD;
}

/* What is looked for in $PATH, or by its name, stays as it is. */
static enum hf_exit keep_hook(const struct hf_cli *cli, struct hf_buf *room,
                              struct hf_span *out)
{
    const char *hook = hf_cli_value(cli, "dns-hook", NULL);
    struct hf_span head = hf_span_str(hook);
    struct hf_hook parsed;
    struct hf_why why = {0};

    if (hook == NULL)
        return HF_EXIT_GOOD;
    if (hf_hook_parse(hook, &parsed, &why) != HF_OK)
        return hf_cli_usage(cli, head, why.text);
    if (strchr(parsed.program, '/') == NULL) {
        *out = head;
        return HF_EXIT_GOOD;
    }
    head.len = (size_t)(parsed.program - hook);
    return keep_path(cli, room, head, parsed.program, out);
}

/* One thing at hand for each method, and not two. */
static enum hf_exit check(const struct hf_cli *cli, const struct hf_means *out)
{
    int http = (out->webroot.len > 0) + (out->http_port > 0);
    int dns = (out->dns_server.len > 0) + (out->dns_hook.len > 0);

    if (hf_means_has(out, HF_METHOD_HTTP) && http != 1)
        return hf_cli_usage(cli, HF_SPAN("http-01"),
                            "needs either --webroot or --http-port");
    if (hf_means_has(out, HF_METHOD_DNS) && dns != 1)
        return hf_cli_usage(cli, HF_SPAN("dns-01"),
                            "needs either --dns-server or --dns-hook");
    if (out->http_address.len > 0 && out->http_port == 0)
        return hf_cli_usage(cli, HF_SPAN("http-address"),
                            "is where to listen: give --http-port");
    if (out->dns_tsig_file.len > 0 && out->dns_server.len == 0)
        return hf_cli_usage(cli, HF_SPAN("dns-tsig-file"),
                            "only updates are signed: give --dns-server");
    return HF_EXIT_GOOD;
}

enum hf_exit hf_solving_read(const struct hf_cli *cli, struct hf_buf *room,
                             struct hf_means *out)
{
    struct hf_means means = {.dns_wait_s = HF_MEANS_USUAL};
    enum hf_exit status = read_methods(cli, &means);

    if (status != HF_EXIT_GOOD)
        return status;
    if (!hf_cli_number(cli, "http-port", 1, UINT16_MAX, &means.http_port) ||
        !hf_cli_number(cli, "dns-wait", 0, HF_PUBLISHER_WAIT_MAX_S,
                       &means.dns_wait_s))
        return HF_EXIT_USAGE;
    means.http_address = hf_span_str(hf_cli_value(cli, "http-address", NULL));
    means.dns_server = hf_span_str(hf_cli_value(cli, "dns-server", NULL));
    status = keep_path(cli, room, HF_SPAN(""),
                       hf_cli_value(cli, "webroot", NULL), &means.webroot);
    if (status == HF_EXIT_GOOD)
        status = keep_path(cli, room, HF_SPAN(""),
                           hf_cli_value(cli, "dns-tsig-file", NULL),
                           &means.dns_tsig_file);
    if (status == HF_EXIT_GOOD)
        status = keep_hook(cli, room, &means.dns_hook);
    if (status == HF_EXIT_GOOD)
        status = check(cli, &means);
    if (status == HF_EXIT_GOOD)
        *out = means;
    return status;
}

static void tell_change(const struct hf_cli *cli, struct hf_span name,
                        const struct hf_means *means)
{
    char room[256];
    struct hf_buf text;

    hf_buf_init(&text, room, sizeof(room) - 1);
    hf_buf_puts(&text, "from now on validated as the configuration file says, "
                       "by ");
    hf_means_put_words(&text, means);
    room[text.len] = '\0';
    hf_cli_error(cli, name, room);
}

enum hf_exit hf_solving_replace(const struct hf_cli *cli, struct hf_buf *room,
                                struct hf_span name, struct hf_means *means,
                                bool *changed)
{
    struct hf_means given;
    enum hf_exit status;

    if (!hf_cli_has(cli, "method"))
        return HF_EXIT_GOOD;
    status = hf_solving_read(cli, room, &given);
    if (status != HF_EXIT_GOOD || hf_means_eq(&given, means))
        return status;
    *means = given;
    *changed = true;
    tell_change(cli, name, means);
    return HF_EXIT_GOOD;
}

/* ---- solvers ---- */

static const char *text_or_null(struct hf_span text)
{
    return text.len > 0 ? text.ptr : NULL;
}

static enum hf_exit need_dns(const struct hf_cli *cli,
                             const struct hf_means *means,
                             struct hf_solver *out)
{
    int64_t port = 53;
    struct hf_publisher_way way = {
        .server = text_or_null(means->dns_server),
        .tsig_file = text_or_null(means->dns_tsig_file),
        .hook = text_or_null(means->dns_hook),
        .lent = hf_provision_hook(cli, means->dns_hook),
        .timeout_s = HF_PUBLISHER_USUAL,
        .wait_s = hf_solving_wait_s(means),
    };

    if (!hf_cli_number(cli, "authoritative-port", 1, UINT16_MAX, &port))
        return HF_EXIT_USAGE;
    way.port = (uint16_t)port; /* within 1 to 65535: see above */
    return hf_dns_solver_new(cli, &way, out);
}

static enum hf_exit need_http(const struct hf_cli *cli,
                              const struct hf_means *means,
                              struct hf_solver *out)
{
    struct hf_why why = {0};
    enum hf_err err;

    if (means->webroot.len > 0) {
        err = hf_webroot_new(means->webroot.ptr, out, &why);
    } else {
        const struct hf_listener_config config = {
            .address = means->http_address,
            .port = (uint16_t)means->http_port,
            .no_wall = hf_cli_no_wall(cli)};

        err = hf_listener_new(&config, out, &why);
    }
    if (err == HF_OK)
        return HF_EXIT_GOOD;
    hf_cli_fail(cli,
                means->webroot.len > 0 ? means->webroot : HF_SPAN("http-01"),
                &why);
    return err == HF_ECANCELED ? HF_EXIT_INTERRUPTED : HF_EXIT_ERROR;
}

enum hf_exit hf_solving_need(const struct hf_cli *cli,
                             struct hf_solving *solving, enum hf_method method)
{
    struct hf_solver *solver = &solving->solvers[method];

    if (solver->show != NULL)
        return HF_EXIT_GOOD;
    return method == HF_METHOD_DNS ? need_dns(cli, solving->means, solver)
                                   : need_http(cli, solving->means, solver);
}

int64_t hf_solving_wait_s(const struct hf_means *means)
{
    return means->dns_wait_s == HF_MEANS_USUAL ? HF_PUBLISHER_WAIT_S
                                               : means->dns_wait_s;
}

void hf_solving_clear(struct hf_solving *solving)
{
    for (size_t i = 0; i < HF_METHOD_COUNT; i++)
        hf_solver_clear(&solving->solvers[i]);
}
