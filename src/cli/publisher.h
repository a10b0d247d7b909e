/* SPDX-License-Identifier: Apache-2.0 */
/*
 * publisher.h -- the way from a command line to DNS: RFC 2136, a hook of the
 * operator's, or the operator. Read once, used for every name.
 */
#pragma once

#include "cli/resolve.h"
#include "client/hook.h"
#include "client/publish.h"
#include "client/verify.h"

#define HF_PUBLISHER_LABEL_MAX      4096
#define HF_PUBLISHER_TIMEOUT_MAX_S  3600
#define HF_PUBLISHER_WAIT_MAX_S     604800
#define HF_PUBLISHER_HOOK_TIMEOUT_S 300
#define HF_PUBLISHER_WAIT_S         120  /* for all servers to have it */
#define HF_PUBLISHER_USUAL          (-1) /* no time of its own was given */

enum hf_publisher_kind {
    HF_PUBLISHER_UPDATE,
    HF_PUBLISHER_HOOK,
    HF_PUBLISHER_PRINT,
};

struct hf_publisher {
    const struct hf_cli *cli;
    enum hf_publisher_kind kind;
    const char *label;          /* for the register: "update", "exec:/bin/x" */
    struct hf_server server;    /* update */
    struct hf_tsig_key *key;    /* update; NULL: not signed */
    struct hf_primary *primary; /* update; NULL: not started yet */
    struct hf_hook hook;        /* hook; not open in a dry run */
    struct hf_hook *lent;       /* in its place; or NULL */
    bool dry_run;
    int64_t timeout_ms; /* of a server's answer, or of a hook */
    int64_t wait_ms;    /* for all servers to have it; 0: not asked */
    uint16_t port;      /* of the authoritative servers */
    struct hf_resolver resolver;
};

/* What makes one: neither server nor hook asks the operator. */
struct hf_publisher_way {
    const char *server;    /* or NULL */
    const char *tsig_file; /* of the server; or NULL */
    const char *hook;      /* or NULL */
    struct hf_hook *lent;  /* the same, open already; or NULL */
    int64_t timeout_s;     /* or HF_PUBLISHER_USUAL, as the next one */
    int64_t wait_s;
    uint16_t port;
    bool dry_run;
};

/*
 * Starts what runs the hook, if it is one: open it before the network is read.
 * Release with hf_publisher_clear() whatever comes back; another status than
 * HF_EXIT_GOOD stands for a message. Text is borrowed.
 */
enum hf_exit hf_publisher_open(const struct hf_cli *cli,
                               const struct hf_publisher_way *way,
                               struct hf_publisher *out);

/* Rows for a command's option table. */
/* clang-format off */
#define HF_PUBLISHER_OPTIONS                                                   \
    {.name = "server",                                                         \
     .arg = "ADDRESS[@PORT]",                                                  \
     .help = "Send updates (RFC 2136) to this server, the zone's primary"},    \
        {.name = "tsig-file",                                                  \
         .arg = "FILE",                                                        \
         .choices = "<file>",                                                  \
         .help = "Sign them with the key in FILE, as BIND or Knot keep it"},   \
        {.name = "hook",                                                       \
         .arg = "KIND:PROGRAM",                                                \
         .help = "exec:PROGRAM as lego, certbot:PROGRAM, acme.sh:NAME"},       \
        {.name = "publisher",                                                  \
         .arg = "NAME",                                                        \
         .help = "The way that this section of the configuration describes"},  \
        {.name = "print",                                                      \
         .help = "Say what to do, and wait until DNS has it"},                 \
        {.name = "timeout",                                                    \
         .arg = "SECONDS",                                                     \
         .help = "Longest wait for the server (10) or a hook (300)"},          \
        {.name = "wait",                                                       \
         .arg = "SECONDS",                                                     \
         .help = "Until every server has it (120; --print 3600); 0: do not "   \
                 "ask"},                                                       \
        {.name = "authoritative-port",                                         \
         .arg = "PORT",                                                        \
         .help = "Port of those servers, if it is not 53 (for tests)"},        \
        {.name = "dry-run", .help = "Say what would be done, and do nothing"}, \
    HF_RESOLVER_OPTIONS
/* clang-format on */

/* What the register knows, for when the command line does not say. */
struct hf_publisher_default {
    const char *server; /* or NULL */
    const char *label;  /* or NULL */
};

/* The same by the options, or else by what the register knows. */
enum hf_exit hf_publisher_read(const struct hf_cli *cli,
                               const struct hf_publisher_default *otherwise,
                               struct hf_publisher *out);
void hf_publisher_clear(struct hf_publisher *publisher);

/* One name's change. */
struct hf_publisher_job {
    struct hf_span name;
    struct hf_span owner;
    struct hf_wish wish;
    uint32_t ttl_s;
    bool ttl_counts;                   /* was asked for: see publish.h */
    bool follows;                      /* an alias; update */
    struct hf_span notes[HF_WISH_OLD]; /* of wish.old: what a hook said when
                                          it published them */
    /* What came of it. */
    struct hf_publish_result result; /* update */
    struct hf_buf said;              /* hook: its standard output */
    struct hf_verify_view view;      /* when verified */
};

/*
 * Do it, or in a dry run only look. What a hook says goes to standard error.
 * Fails: as hf_publish() and hf_hook_run(); sentences live as long as the
 * publisher.
 */
enum hf_err hf_publisher_change(struct hf_publisher *publisher,
                                struct hf_publisher_job *job,
                                struct hf_why *why);

/* Wait until every server agrees; job->view says how it went. Does nothing
 * when not asked to. Fails: as hf_verify(). */
enum hf_err hf_publisher_verify(struct hf_publisher *publisher,
                                struct hf_publisher_job *job,
                                struct hf_why *why);

/* "2 of 2 servers have it", with a reason when not all do. */
void hf_publisher_put_view(const struct hf_publisher_job *job, bool removes,
                           struct hf_buf *out);
