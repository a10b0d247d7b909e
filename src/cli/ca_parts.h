/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ca_parts.h -- what a CA that serves is made of: its files, its processes, and
 * its settings, opened in the order that their walls want.
 */
#pragma once

#include "ca/seat.h"
#include "ca/service.h"
#include "cli/ca_ledger.h"
#include "cli/ca_rules.h"
#include "cli/holder.h"
#include "os/notify.h"

#define HF_CA_SHARDS 8 /* of its CRL */

/* Rows for the command's option table. */
/* clang-format off */
#define HF_CA_PARTS_OPTIONS                                                    \
    HF_CA_LEDGER_OPTIONS,                                                      \
        {.name = "suffix-list",                                                \
         .arg = "FILE",                                                        \
         .choices = "<file>",                                                  \
         .help = "Public suffix list to use instead of the system's"},         \
        {.name = "tcti",                                                       \
         .arg = "TCTI",                                                        \
         .help = "How the TPM that has the key is reached"},                   \
        {.name = "token-allow",                                                \
         .arg = "WHAT",                                                        \
         .many = true,                                                         \
         .help = "What a token's module needs behind its wall: a path that "   \
                 "it reads and writes, or 'network'"},                         \
        HF_PASSPHRASE_OPTIONS, HF_EYES_OPTIONS
/* clang-format on */

struct hf_ca_parts {
    struct hf_notify notify; /* opened, and closed, by who serves */
    struct hf_handed handed; /* found by who serves */
    struct hf_ca_rules *rules;
    struct hf_ahead ahead; /* of the real time */
    struct hf_digest *digest;
    struct hf_issuer *issuer;
    struct hf_own_tls *own_tls;
    struct hf_server_front *front;
    struct hf_store *store;
    size_t control_place; /* of the front: ca/service.h */
    char folder[PATH_MAX];
    char keeper_room[HF_SEAT_NAME_MAX];
    struct hf_buf keeper; /* our name among others; or empty */
    struct hf_buf chain;  /* PEM, above the leaf */
    struct hf_span chains[1];
    struct hf_buf issuer_der;
};

/* On failure a message was printed; close it all the same. */
enum hf_exit hf_ca_parts_open(struct hf_cli *cli, struct hf_ca_parts *parts);

/* Harmless on a zeroed one. */
void hf_ca_parts_close(struct hf_ca_parts *parts);

/* The web server's certificate and key, when another CA made them: PEM. On
 * failure a message was printed; clear it all the same. */
struct hf_ca_pair {
    bool is_given;
    int64_t ends_at;
    struct hf_buf certificate;
    struct hf_buf key;
};

void hf_ca_pair_init(struct hf_ca_pair *pair);
void hf_ca_pair_clear(struct hf_ca_pair *pair);
enum hf_exit hf_ca_pair_read(const struct hf_cli *cli, struct hf_ca_pair *pair);

/* The profiles as the issuer wants to know them. Borrows. */
void hf_ca_profiles(const struct hf_ca_settings *settings,
                    struct hf_issuer_profiles *out);

/* The name among others that serve from the same store (ca/seat.h) of the CA in
 * this folder, added to `out` of HF_SEAT_NAME_MAX; nothing when the store is
 * its own. On failure a message was printed. */
enum hf_exit hf_ca_keeper_name(const struct hf_cli *cli, const char *folder,
                               struct hf_buf *out);
