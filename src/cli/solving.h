/* SPDX-License-Identifier: Apache-2.0 */
/*
 * solving.h -- the means of a certificate (client/means.h) from a command
 * line, and the solvers that they are good for.
 */
#pragma once

#include <limits.h>

#include "cli/cli.h"
#include "client/means.h"
#include "client/solver.h"

/* Rows for a command's option table. */
/* clang-format off */
#define HF_SOLVING_OPTIONS                                                     \
    {.name = "method",                                                         \
     .arg = "METHOD",                                                          \
     .many = true,                                                             \
     .choices = "dns-persist-01 dns-01 http-01",                               \
     .help = "How names may be validated, the preferred way first (default: "  \
             "dns-persist-01)"},                                               \
    {.name = "webroot",                                                        \
     .arg = "DIR",                                                             \
     .choices = "<dir>",                                                       \
     .help = "http-01: the folder that the web server of the names serves"},   \
    {.name = "http-port",                                                      \
     .arg = "PORT",                                                            \
     .help = "http-01: listen at this port meanwhile (CAs ask at 80)"},        \
    {.name = "http-address",                                                   \
     .arg = "ADDRESS",                                                         \
     .help = "http-01: and only at this address of ours"},                     \
    {.name = "dns-server",                                                     \
     .arg = "ADDRESS[@PORT]",                                                  \
     .help = "dns-01: send updates (RFC 2136) to the zone's primary"},         \
    {.name = "dns-tsig-file",                                                  \
     .arg = "FILE",                                                            \
     .choices = "<file>",                                                      \
     .help = "dns-01: sign them with the key in FILE"},                        \
    {.name = "dns-hook",                                                       \
     .arg = "KIND:PROGRAM",                                                    \
     .help = "dns-01: exec:PROGRAM as lego, certbot:PROGRAM, acme.sh:NAME"},   \
    {.name = "dns-wait",                                                       \
     .arg = "SECONDS",                                                         \
     .help = "dns-01: until every server has it (120); 0: do not ask"}
/* clang-format on */

/*
 * Read them. Text is borrowed from the command line, or from the fixed buffer
 * `room`, where names of files are made absolute: a renewal starts elsewhere.
 * Another status than HF_EXIT_GOOD stands for a message.
 */
enum hf_exit hf_solving_read(const struct hf_cli *cli, struct hf_buf *room,
                             struct hf_means *out);

#define HF_SOLVING_ROOM (4 * PATH_MAX) /* is enough */

/*
 * At a renewal, when the command line, or the certificate's section of the
 * configuration file, names methods: put these means in the place of those that
 * are remembered, and tell so if they differ. Otherwise as above.
 */
enum hf_exit hf_solving_replace(const struct hf_cli *cli, struct hf_buf *room,
                                struct hf_span name, struct hf_means *means,
                                bool *changed);

/* Zeroed: nothing yet. */
struct hf_solving {
    const struct hf_means *means;
    struct hf_solver solvers[HF_METHOD_COUNT];
};

/* Have the solver of this method at hand, which is no dns-persist-01. On
 * failure a message was printed. */
enum hf_exit hf_solving_need(const struct hf_cli *cli,
                             struct hf_solving *solving, enum hf_method method);
/* For how long dns-01 waits for the servers, at most. */
int64_t hf_solving_wait_s(const struct hf_means *means);

void hf_solving_clear(struct hf_solving *solving);
