/* SPDX-License-Identifier: Apache-2.0 */
/*
 * eyes.h -- the eyes of who validates, as a command line says: our own, and
 * remote perspectives. Read once for `ca serve` and `perspective serve`.
 */
#pragma once

#include "ca/eye_remote.h"
#include "ca/validate.h"
#include "cli/resolve.h"

/* Rows for a command's option table. */
/* clang-format off */
#define HF_EYES_OPTIONS                                                        \
    {.name = "remote",                                                         \
     .arg = "NAME=RIR=URL",                                                    \
     .many = true,                                                             \
     .help = "A remote perspective and its registry's region; two at least"},  \
        {.name = "remote-ca",                                                  \
         .arg = "FILE",                                                        \
         .many = true,                                                         \
         .choices = "<file>",                                                  \
         .help = "Trust these for the remote ones instead of the system's"},   \
        {.name = "remote-certificate",                                         \
         .arg = "FILE",                                                        \
         .choices = "<file>",                                                  \
         .help = "Who we are to them, PEM"},                                   \
        {.name = "remote-key",                                                 \
         .arg = "FILE",                                                        \
         .choices = "<file>",                                                  \
         .help = "Its key, PEM"},                                              \
        {.name = "http-port",                                                  \
         .arg = "PORT",                                                        \
         .help = "Of http-01 instead of 80 (for laboratories)"},               \
        {.name = "tls-port",                                                   \
         .arg = "PORT",                                                        \
         .help = "Of tls-alpn-01 instead of 443 (for laboratories)"},          \
        {.name = "remember",                                                   \
         .arg = "SECONDS",                                                     \
         .help = "How long answers about names are kept, at most (default "    \
                 "60, which is the most; 0: not at all)"},                     \
        HF_RESOLVER_OPTIONS
/* clang-format on */

/* The first is our own. Large: not for the stack. */
struct hf_eyes {
    struct hf_resolver resolver;
    struct hf_http prober;
    struct hf_http api; /* asks the remote ones, who share it */
    struct hf_eye eyes[HF_EYES_MAX];
    struct hf_eye *list[HF_EYES_MAX];
    size_t count;
};

/* Of `rules` the ports are set here. `digest` is borrowed for its life. On
 * failure a message was printed; close it all the same. */
enum hf_exit hf_eyes_open(const struct hf_cli *cli, struct hf_eye_rules rules,
                          const struct hf_digest *digest, struct hf_eyes *out);

/* Harmless on a zeroed one. */
void hf_eyes_close(struct hf_eyes *eyes);
