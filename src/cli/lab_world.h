/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lab_world.h -- the programs of a laboratory: a CA, perspectives, and commands
 * as people type them, all of them this program; the folder in which they keep
 * things, and a configuration file that tells them where everything is.
 *
 * They run beside the names that we serve: whoever waits for one of them takes
 * turns (hf_lab_turn()), or nobody would answer its questions. For lab*.c and
 * cmd_lab*.c only.
 */
#pragma once

#include "base/arena.h"
#include "cli/lab.h"
#include "dns/tsig.h"
#include "net/http.h"
#include "net/url.h"
#include "os/ahead.h"
#include "os/child.h"

#define HF_LAB_PROGRAMS_MAX (1 + HF_LAB_PERSPECTIVES_MAX)
#define HF_LAB_ARGV_MAX     (2 * HF_LAB_WORDS_MAX)
#define HF_LAB_ACCOUNTS_MAX 32
#define HF_LAB_ORDERS_MAX   64
#define HF_LAB_NAME_MAX     64 /* octets of what the scenario calls things */
#define HF_LAB_ISSUER       "ca.example"

/* The words of a command, each with a NUL. */
struct hf_lab_argv {
    struct hf_arena text;
    char *list[HF_LAB_ARGV_MAX + 1];
    size_t count;
    bool full;
};

struct hf_lab_program {
    char name[8]; /* "ca", "p1" */
    struct hf_lab_argv argv;
    struct hf_child *child; /* NULL: it does not run */
    bool may_end;           /* it was asked to */
    struct hf_buf out;      /* what it said last */
    struct hf_buf said;     /* on standard error */
    uint16_t port;
};

/* An order that a scenario speaks of. */
struct hf_lab_order {
    char name[HF_LAB_NAME_MAX + 1]; /* empty: the last one */
    char account[HF_LAB_NAME_MAX + 1];
    char url[HF_URL_MAX];
};

struct hf_lab_world {
    char folder[PATH_MAX];
    char state[PATH_MAX + 8]; /* of the CA and of all clients */
    char config[PATH_MAX + 16];
    char home[PATH_MAX + 8]; /* the environment of programs ... */
    char *env[3];
    char net[16]; /* "127.83.12.": where programs listen, and nobody else */
    struct hf_tsig_key *tsig;
    struct hf_ahead clock;
    struct hf_lab_program programs[HF_LAB_PROGRAMS_MAX]; /* the CA first */
    size_t perspective_count;
    char url[HF_URL_MAX]; /* of the CA; empty: there was none yet */
    char accounts[HF_LAB_ACCOUNTS_MAX][HF_LAB_NAME_MAX + 1];
    size_t account_count;
    struct hf_lab_order orders[HF_LAB_ORDERS_MAX];
    size_t order_count;
    struct hf_http http; /* of our own steps; zeroed: not open */
};

/*
 * Make the folder, the key that changes zones and the clock, before there are
 * zones. Release with hf_lab_world_free(), which ends all programs.
 */
enum hf_err hf_lab_world_new(struct hf_lab *lab, struct hf_why *why);
void hf_lab_world_free(struct hf_lab *lab);

/* Tell programs that run what time it is. */
void hf_lab_world_shift(struct hf_lab *lab);

/* A file of the folder, its owner's alone. */
enum hf_err hf_lab_write_file(const struct hf_lab_world *world,
                              const char *name, struct hf_span text,
                              struct hf_why *why);

/* The configuration file, for every program anew: zones and accounts come and
 * go. */
enum hf_err hf_lab_write_config(struct hf_lab *lab, struct hf_why *why);

/* ---- programs, lab_program.c ---- */

/* End all, in order, for what they have to write; at the latest by their
 * kill. */
void hf_lab_end_programs(struct hf_lab *lab);

/*
 * Answer questions, hear programs, and wait for `fd`, or -1, to become
 * readable, for 50 ms at most.
 * Fails: HF_ECANCELED (a signal), HF_ENOMEM, HF_ESYSTEM.
 */
enum hf_err hf_lab_turn(struct hf_lab *lab, int fd, struct hf_why *why);

/* Start verb->count perspectives, p1 and so on, which ask from 127.0.0.11 and
 * so on, with the verb's words as options of `perspective serve`.
 * Fails: HF_EINVAL (there is a CA already), and as hf_lab_ca(). */
enum hf_err hf_lab_perspectives(struct hf_lab *lab,
                                const struct hf_lab_verb *verb,
                                struct hf_why *why);

/*
 * Start the CA with the verb's words as options of `ca serve`; one that runs is
 * ended first, and what it knew is known to the next.
 * Fails: HF_EPEER (it ended at once; why was told), HF_ESYSTEM, HF_ENOMEM.
 */
enum hf_err hf_lab_ca(struct hf_lab *lab, const struct hf_lab_verb *verb,
                      struct hf_why *why);

/* The URL of a CA at the nth address of the laboratory's network. */
void hf_lab_put_url(const struct hf_lab_world *world, unsigned host,
                    char out[HF_URL_MAX]);

/* The CA or a perspective, by its name. Fails also: HF_EINVAL (no such). */
enum hf_err hf_lab_stop(struct hf_lab *lab, struct hf_span who,
                        struct hf_why *why);
enum hf_err hf_lab_start(struct hf_lab *lab, struct hf_span who,
                         struct hf_why *why);

/* What a command came to. */
struct hf_lab_ran {
    int status; /* of exit; -1: it was killed */
    struct hf_buf out;
    struct hf_buf said;
};

/*
 * Run one to its end: `words` behind the program's name. Owns: clear both
 * buffers, also after a failure.
 * Fails: HF_ETIMEOUT, HF_ESYSTEM, HF_ENOMEM, HF_ECANCELED.
 */
enum hf_err hf_lab_run(struct hf_lab *lab, const struct hf_span *words,
                       size_t count, struct hf_lab_ran *ran,
                       struct hf_why *why);
void hf_lab_ran_clear(struct hf_lab_ran *ran);

/* ---- accounts, lab_known.c ---- */

/* An account for the configuration file. Fails: HF_EINVAL (the name), HF_ELIMIT
 * (too many). */
enum hf_err hf_lab_know_account(struct hf_lab *lab, struct hf_span name,
                                struct hf_why *why);

/* Copy an account's folder, key and all, under another name. */
enum hf_err hf_lab_steal(struct hf_lab *lab, struct hf_span account,
                         struct hf_span thief, struct hf_why *why);

/* What stands for a placeholder (lab/placeholder.h); `state` is the lab. */
enum hf_err hf_lab_known(void *state, struct hf_span word, struct hf_buf *out,
                         struct hf_why *why);
