/* SPDX-License-Identifier: Apache-2.0 */
/*
 * line.h -- one TCP connection to a name server, and the messages on it, each
 * behind two octets of length (RFC 1035, section 4.2.2; RFC 7766).
 *
 * Every wait ends by a deadline or a signal.
 */
#pragma once

#include "dns/server.h"
#include "dns/wire.h"

#define HF_LINE_MESSAGE ((size_t)2 + HF_WIRE_MESSAGE_MAX)

/* Large: on the heap. `fd` is -1 before the first use. */
struct hf_line {
    int fd;
    int64_t idle_ms;  /* the longest wait for each step */
    int64_t until_ms; /* hf_clock_ms() when to give up whatever comes, or 0 */
    size_t from;      /* octets not used yet are room[from..to) */
    size_t to;
    char room[2 * HF_LINE_MESSAGE];
};

/* Connect. Fails: HF_ESYSTEM, HF_ETIMEOUT, HF_ECANCELED. */
enum hf_err hf_line_open(struct hf_line *line, const struct hf_server *server,
                         struct hf_why *why);

/* Hang up. Harmless when not connected. */
void hf_line_close(struct hf_line *line);

/* Send one message. Fails: as above; HF_ELIMIT when it is too long. */
enum hf_err hf_line_send(struct hf_line *line, struct hf_span message,
                         struct hf_why *why);

/*
 * The next message, borrowed until the next call. Fails: as above; HF_EPEER
 * when the server hung up.
 */
enum hf_err hf_line_next(struct hf_line *line, struct hf_span *out,
                         struct hf_why *why);
