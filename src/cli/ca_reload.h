/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ca_reload.h -- a CA that serves reads its configuration file, the public
 * suffix list, and the certificate of its web server again.
 *
 * All of it counts, or nothing: a configuration with a mistake, or one that
 * wants what takes a new start, leaves everything as it was. Connections stay,
 * no request is lost, and what is being looked at is looked at anew.
 */
#pragma once

#include "cli/ca_parts.h"

/* On failure a message was printed, and nothing changed. */
enum hf_exit hf_ca_reload(struct hf_cli *cli, struct hf_ca_parts *parts,
                          struct hf_service *service);
