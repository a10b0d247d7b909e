/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ca_setup.h -- what a command line says of a CA that is to be served, as its
 * parts want to hear it (ca/settings.h).
 */
#pragma once

#include "ca/own_tls.h"
#include "ca/settings.h"
#include "cli/cli.h"
#include "net/server.h"
#include "net/url.h"
#include "os/ahead.h"

/* Rows for the command's option table. */
/* clang-format off */
#define HF_CA_SETUP_OPTIONS                                                    \
    {.name = "url",                                                            \
     .arg = "URL",                                                             \
     .help = "Where clients find it: https://NAME or https://NAME:PORT"},      \
        {.name = "former-url",                                                 \
         .arg = "URL",                                                         \
         .many = true,                                                         \
         .help = "Where they found it before: accounts and records of then "   \
                 "stay good"},                                                 \
        {.name = "listen",                                                     \
         .arg = "ADDRESS@PORT",                                                \
         .many = true,                                                         \
         .help = "Where to listen (default: every address, the URL's port)"},  \
        {.name = "watch",                                                      \
         .arg = "ADDRESS@PORT",                                                \
         .help = "Where /metrics and /health are, on this machine, without "   \
                 "TLS"},                                                       \
        {.name = "issuer-name",                                                \
         .arg = "NAME",                                                        \
         .many = true,                                                         \
         .help = "Its name in records and CAA (default: the URL's host)"},     \
        {.name = "preset",                                                     \
         .arg = "WHICH",                                                       \
         .choices = "compat strict letsencrypt",                               \
         .help = "Drafts that are served (default: compat)"},                  \
        {.name = "profile",                                                    \
         .arg = "NAME=TIME",                                                   \
         .many = true,                                                         \
         .help = "A profile and its lifetime; the first is the default "       \
                 "(default: default=47d, short=6d)"},                          \
        {.name = "terms",                                                      \
         .arg = "URL",                                                         \
         .help = "Terms of service that a new account must agree to"},         \
        {.name = "website", .arg = "URL", .help = "For people"},               \
        {.name = "external-accounts",                                          \
         .help = "New accounts need a key that the CA gave out"},              \
        {.name = "no-just-in-time",                                            \
         .help = "Do not look at the record before a challenge is tried"},     \
        {.name = "persist-only",                                               \
         .help = "Offer dns-persist-01 and no other challenge"},               \
        {.name = "subdomains",                                                 \
         .help = "Let an account that shows control of a name have names "     \
                 "below it (RFC 9444)"},                                       \
        {.name = "failures",                                                   \
         .arg = "COUNT",                                                       \
         .help = "Challenges that an account may fail at a name in an hour "   \
                 "(default: 10; 0: any number)"},                              \
        {.name = "looks",                                                      \
         .arg = "COUNT",                                                       \
         .help = "How often a name's record is looked at just in time in an "  \
                 "hour (default: 100; 0: any number)"},                        \
        {.name = "accounts",                                                   \
         .arg = "COUNT",                                                       \
         .help = "Accounts that may be made from an address in an hour "       \
                 "(default: 100; 0: any number)"},                             \
        {.name = "orders",                                                     \
         .arg = "COUNT",                                                       \
         .help = "Orders that an account may make in an hour "                 \
                 "(default: 1000; 0: any number)"},                            \
        {.name = "rollovers",                                                  \
         .arg = "COUNT",                                                       \
         .help = "How often an account may change its key in an hour "         \
                 "(default: 20; 0: any number)"},                              \
        {.name = "internal-names",                                             \
         .help = "Certify names and addresses of no public network"},          \
        {.name = "clock",                                                      \
         .arg = "TIME",                                                        \
         .help = "Move its clock, such as +10d, or fd:3 (for "                 \
                 "laboratories, with --internal-names)"},                      \
        {.name = "ip-persist",                                                 \
         .help = "Offer dns-persist-01 for addresses (BR 3.2.2.5.8)"},         \
        {.name = "no-caa", .help = "Do not look at CAA records"},              \
        {.name = "tls-certificate",                                            \
         .arg = "FILE",                                                        \
         .choices = "<file>",                                                  \
         .help = "Chain of the web server (PEM); by default the CA "           \
                 "certifies itself"},                                          \
        {.name = "tls-key",                                                    \
         .arg = "FILE",                                                        \
         .choices = "<file>",                                                  \
         .help = "Its key (PEM, not encrypted)"}
/* clang-format on */

#define HF_CA_HOST_MAX 256

struct hf_ca_setup {
    struct hf_ca_settings settings; /* without what the issuer's files say */
    struct hf_validation_policy policy;
    struct hf_eye_rules eye;
    struct hf_span host; /* of the URL */
    bool host_is_ip;
    uint16_t port;
    struct hf_server_place places[HF_SERVER_PLACES_MAX];
    size_t place_count;
    size_t watch_place; /* of them; HF_SERVER_PLACES_MAX: none */

    /* what the spans above live in */
    struct hf_span issuers[HF_CA_ISSUERS_MAX];
    struct hf_name issuer_names[HF_CA_ISSUERS_MAX];
    struct hf_span prefixes[1 + HF_CA_FORMER_MAX];
    struct hf_span former[HF_CA_FORMER_MAX];
    struct hf_ca_profile profiles[HF_CA_PROFILES_MAX];
    char prefix_rooms[1 + HF_CA_FORMER_MAX][HF_URL_MAX];
    char host_room[HF_CA_HOST_MAX];
    char place_rooms[2][64];
};

/*
 * Read it. `suffixes` and `digest` are for the settings, and borrowed; so is
 * the text of the command line. On failure a message was printed.
 */
enum hf_exit hf_ca_setup_read(const struct hf_cli *cli,
                              const struct hf_suffixes *suffixes,
                              const struct hf_digest *digest,
                              struct hf_ca_setup *out);

/* How far it goes ahead of the real time, which can be taken once. On failure
 * a message was printed. Release with hf_ahead_clear(). */
enum hf_exit hf_ca_clock_read(const struct hf_cli *cli, struct hf_ahead *out);
