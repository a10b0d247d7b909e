/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zone_server.h -- the laboratory's name server on loopback: UDP and TCP at
 * several addresses of 127.0.0.0/8, in one loop beside others.
 *
 * Never blocks: wait until hf_lab_server_fd() is readable, at most as long as
 * hf_lab_server_step() says, then step again. Clients over TCP are few and
 * bounded; one that is idle for ten seconds is dropped.
 */
#pragma once

#include "lab/zone.h"

#define HF_LAB_ADDRESSES_MAX 16
#define HF_LAB_CLIENTS_MAX   64  /* TCP connections at once */
#define HF_LAB_LATE_MAX      256 /* answers held back at once */

struct hf_lab_server;

/*
 * Listen at `addresses`, "127.0.0.1@5300"; port 0, at the first one, takes a
 * free port, which then is that of all others with port 0. `dns` must outlive
 * the server.
 * Owns: hf_lab_server_free(). Fails: HF_ESYNTAX, HF_EINVAL (not loopback),
 * HF_ELIMIT, HF_ESYSTEM, HF_ENOMEM.
 */
enum hf_err hf_lab_server_new(struct hf_lab_dns *dns,
                              const char *const *addresses, size_t count,
                              struct hf_lab_server **out, struct hf_why *why);
void hf_lab_server_free(struct hf_lab_server *server);

/* The port at the nth address. */
uint16_t hf_lab_server_port(const struct hf_lab_server *server, size_t nth);

/* Readable when there is something to do. */
int hf_lab_server_fd(const struct hf_lab_server *server);

/* Seconds that the laboratory's clock is ahead of the real one. */
void hf_lab_server_shift(struct hf_lab_server *server, int64_t ahead_s);

/*
 * Do what can be done without waiting. `*wait_ms` is how long nothing more
 * will be due, -1 for ever.
 * Fails: HF_ENOMEM, HF_ESYSTEM: the server cannot go on.
 */
enum hf_err hf_lab_server_step(struct hf_lab_server *server, int64_t *wait_ms,
                               struct hf_why *why);
