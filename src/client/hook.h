/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hook.h -- publishing by a program of the operator's, called as other ACME
 * clients call theirs:
 *
 *     exec:PROGRAM     lego: PROGRAM present|cleanup FQDN. VALUE
 *     certbot:PROGRAM  certbot's manual hooks: everything in CERTBOT_...
 *     acme.sh:NAME     a dnsapi script: NAME_add or NAME_rm FQDN VALUE
 *
 * The owner name stands in HOLDFAST_OWNER as well. A hook gets the environment
 * of the caller, since its own credentials may be there, but nothing that is
 * holdfast's; it has a time limit, and what it says is bounded.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "holdfast/buf.h"

#define HF_HOOK_SAID_MAX 16384 /* octets kept of what a hook says */

enum hf_hook_kind { HF_HOOK_EXEC, HF_HOOK_CERTBOT, HF_HOOK_ACME_SH };

struct hf_hook {
    enum hf_hook_kind kind;
    const char *program; /* borrowed from the text */
};

/* Read "exec:PROGRAM". Fails: HF_ESYNTAX. */
enum hf_err hf_hook_parse(const char *text, struct hf_hook *out,
                          struct hf_why *why);

struct hf_hook_call {
    const struct hf_hook *hook;
    bool removes;
    struct hf_span name;
    struct hf_span owner;
    struct hf_span value;
    struct hf_span note; /* certbot: what the first hook said */
    const char *home;    /* of the caller, or NULL: acme.sh keeps its scripts
                            and settings there */
    int64_t until_ms;    /* hf_clock_ms() when it is killed */
};

/*
 * Run it. `out` gets its standard output and `said` its standard error, both
 * unescaped.
 *
 * Fails: HF_ENOTFOUND (no such script or program), HF_EPEER (its exit status
 *        is not 0, or a signal killed it), HF_ETIMEOUT, HF_ESYSTEM,
 *        HF_ECANCELED, HF_ENOMEM, HF_ELIMIT, HF_EINVAL (a name that a
 *        function of a shell cannot have; a NUL octet).
 */
enum hf_err hf_hook_run(const struct hf_hook_call *call, struct hf_buf *out,
                        struct hf_buf *said, struct hf_why *why);

/* What of `out` the hook that removes is told again (CERTBOT_AUTH_OUTPUT): as
 * certbot does, all but the blanks around it. Borrowed. */
struct hf_span hf_hook_note(const struct hf_buf *out);
