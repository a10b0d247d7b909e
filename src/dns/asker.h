/* SPDX-License-Identifier: Apache-2.0 */
/*
 * asker.h -- a resolver (dns/resolver.h) that resolves nothing: it asks name
 * servers, any number side by side, what they know by themselves; and, where
 * it has a validating resolver, that one for all else, by its AD bit.
 *
 * It reads what strangers send, so it belongs into a process behind a wall: in
 * dns/worker.h beside libunbound, in dns/asker_worker.h without.
 */
#pragma once

#include "dns/resolver.h"
#include "dns/server.h"

/*
 * `validator` may be NULL; then look-ups must name their server. It must be on
 * a loopback address: nobody else is to set the bit. Of `config` only
 * timeout_ms and window count.
 *
 * Owns: hf_resolver_clear(). Fails: HF_ENOMEM, HF_ESYSTEM.
 */
enum hf_err hf_asker_new(const struct hf_server *validator,
                         const struct hf_resolver_config *config,
                         struct hf_resolver *out, struct hf_why *why);
