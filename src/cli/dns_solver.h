/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dns_solver.h -- dns-01 (RFC 8555, section 8.4): a TXT record at
 * _acme-challenge.NAME by a publisher, there only as long as the CA looks.
 *
 * An alias (CNAME) there is followed to zones that the same server has: a hook
 * knows by itself. Other values at the name stay, so that NAME and *.NAME are
 * shown at once.
 */
#pragma once

#include "cli/publisher.h"
#include "client/solver.h"

/*
 * Owns: hf_solver_clear(). Another status than HF_EXIT_GOOD stands for a
 * message. Text of `way` is borrowed. Its await() wants every authoritative
 * server to have the record.
 */
enum hf_exit hf_dns_solver_new(const struct hf_cli *cli,
                               const struct hf_publisher_way *way,
                               struct hf_solver *out);
