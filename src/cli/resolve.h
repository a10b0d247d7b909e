/* SPDX-License-Identifier: Apache-2.0 */
/*
 * resolve.h -- the validating resolver that a command line asks for:
 * --resolver, --trust-anchor, --forward, --stub and their kind, read once for
 * every command that looks names up. There is no option that switches
 * validation off (REQ VAL-32).
 */
#pragma once

#include "cli/cli.h"
#include "dns/resolver.h"

/* Rows for a command's option table. */
/* clang-format off */
#define HF_RESOLVER_OPTIONS                                                    \
    {.name = "resolver",                                                       \
     .arg = "WHO",                                                             \
     .help = "unbound (built in), or ADDRESS[@PORT] of a validating "          \
             "resolver on this machine"},                                      \
        {.name = "trust-anchor",                                               \
         .arg = "FILE",                                                        \
         .many = true,                                                         \
         .choices = "<file>",                                                  \
         .help = "DS or DNSKEY records to trust instead of the root's"},       \
        {.name = "forward",                                                    \
         .arg = "ADDRESS[@PORT]",                                              \
         .help = "Ask this resolver; what it says is validated all the same"}, \
        {.name = "stub",                                                       \
         .arg = "ZONE=ADDRESS[@PORT]",                                         \
         .many = true,                                                         \
         .help = "Servers of a zone, without asking its parents"},             \
        {.name = "root-hints",                                                 \
         .arg = "FILE",                                                        \
         .choices = "<file>",                                                  \
         .help = "Root servers, as a zone file"},                              \
        {.name = "source",                                                     \
         .arg = "ADDRESS",                                                     \
         .help = "Ask from this address of the machine"},                      \
        {.name = "resolver-timeout",                                           \
         .arg = "SECONDS",                                                     \
         .help = "Longest wait for one look-up (default 10)"},                 \
        {.name = "sandbox",                                                    \
         .arg = "WHEN",                                                        \
         .choices = "on off",                                                  \
         .help = "Walls around what faces the network (default: on)"}
/* clang-format on */

/*
 * Make the resolver. On success release it with hf_resolver_clear(); on
 * failure a message was printed and another status is returned. An outdated
 * libunbound is worth one line on a terminal.
 */
enum hf_exit hf_resolver_from_cli(const struct hf_cli *cli,
                                  struct hf_resolver *out);

/* The same for a CA's validation: it forgets soon (REQ VAL-35). */
enum hf_exit hf_resolver_for_ca(const struct hf_cli *cli,
                                struct hf_resolver *out);
