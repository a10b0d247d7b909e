/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fleet.h -- the socket of `account serve-signer`: who may come, and one
 * conversation with each who has. Every signature is a line of the log.
 */
#pragma once

#include "cli/holder.h"

#define HF_FLEET_CLIENTS_MAX 64
#define HF_FLEET_IDS_MAX     64

struct hf_fleet_client;

struct hf_fleet {
    struct hf_cli *cli;
    struct hf_holder *holder; /* its file and its signer */
    bool all;                 /* --allow-rekey */
    int64_t uids[HF_FLEET_IDS_MAX];
    size_t uid_count;
    int64_t gids[HF_FLEET_IDS_MAX];
    size_t gid_count;
    int listener;
    struct hf_fleet_client *clients[HF_FLEET_CLIENTS_MAX];
};

/* Listen at `path`; what an earlier run left there is replaced. On failure a
 * message was printed. */
enum hf_exit hf_fleet_open(struct hf_fleet *fleet, const char *path);
void hf_fleet_close(struct hf_fleet *fleet, const char *path);

/*
 * Wait for somebody, a quarter of a second at most, and serve who is there.
 * `*came` tells that somebody wants to connect: then look whether the key is
 * still the one, and call hf_fleet_accept().
 */
enum hf_exit hf_fleet_turn(struct hf_fleet *fleet, bool *came);
void hf_fleet_accept(struct hf_fleet *fleet);
