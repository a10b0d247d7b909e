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
 * holdfast's; it has a time limit, and what it says is bounded. It is run by a
 * process of its own (os/runner.h), so that a caller may wall itself in.
 */
#pragma once

#include "os/runner.h"

enum hf_hook_kind { HF_HOOK_EXEC, HF_HOOK_CERTBOT, HF_HOOK_ACME_SH };

struct hf_hook {
    enum hf_hook_kind kind;
    const char *program; /* borrowed from the text */
    struct hf_runner runner;
};

/* Read "exec:PROGRAM". Fails: HF_ESYNTAX. */
enum hf_err hf_hook_parse(const char *text, struct hf_hook *out,
                          struct hf_why *why);

/*
 * Start the process that will run it, for at most `timeout_ms` each time.
 * `home` is the caller's, or NULL: acme.sh keeps its scripts there. Release
 * with hf_hook_close() whatever comes back.
 *
 * Fails: HF_ENOTFOUND (no such script), HF_EINVAL (a name that a function of a
 *        shell cannot have), HF_ELIMIT, HF_ESYSTEM, HF_ENOMEM, HF_EPEER.
 */
enum hf_err hf_hook_open(struct hf_hook *hook, const char *home,
                         uint32_t timeout_ms, struct hf_why *why);

/* Harmless for one that is not open. */
void hf_hook_close(struct hf_hook *hook);

struct hf_hook_call {
    bool removes;
    struct hf_span name;
    struct hf_span owner;
    struct hf_span value;
    struct hf_span note; /* certbot: what the first hook said */
};

/*
 * Run it. `out` gets its standard output and `said` its standard error, both
 * unescaped, and of each HF_RUNNER_SAID_MAX at most. A signal to us does not
 * end it: half a change is worse than a whole one.
 *
 * Fails: HF_ENOTFOUND (no such program), HF_EPEER (its exit status is not 0, a
 *        signal killed it, or its process has ended), HF_ETIMEOUT, HF_ESYSTEM,
 *        HF_ENOMEM, HF_ELIMIT, HF_EINVAL (a NUL octet).
 */
enum hf_err hf_hook_run(struct hf_hook *hook, const struct hf_hook_call *call,
                        struct hf_buf *out, struct hf_buf *said,
                        struct hf_why *why);

/* What of `out` the hook that removes is told again (CERTBOT_AUTH_OUTPUT): as
 * certbot does, all but the blanks around it. Borrowed. */
struct hf_span hf_hook_note(const struct hf_buf *out);
