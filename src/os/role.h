/* SPDX-License-Identifier: Apache-2.0 */
/*
 * role.h -- a part of this program in a process of its own.
 *
 * The program executes itself with one word for an argument, or the program of
 * that role alone, and talks to that process over a socket pair, its only
 * descriptor unless it is given more:
 *
 *     frame = length (4 octets: kind and body), kind (1), body
 *
 * A role that needs to be told something first is sent one frame CONFIG, and
 * greets with one frame READY that says how its start went.
 *
 * Whoever has such a process takes it for an enemy: it parses what strangers
 * send. The first functions are for the parent, the last ones for the role.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "holdfast/buf.h"
#include "holdfast/err.h"

#define HF_FRAME_HEAD     4
#define HF_ROLE_NOTE_MAX  64
#define HF_ROLE_GIFTS_MAX 16

/* The first kinds of the roles that are configured; their others follow. */
enum { HF_FRAME_CONFIG = 1, HF_FRAME_READY, HF_FRAME_OTHERS };

/* One frame, borrowed from the bytes that came in. */
struct hf_frame {
    unsigned kind;
    struct hf_span body;
};

/* Write a frame: begin it, put the body, end it. */
size_t hf_frame_begin(struct hf_buf *out, unsigned kind);
void hf_frame_end(struct hf_buf *out, size_t at);

/* A frame that says what went wrong: the error (1), then a sentence or NULL. */
void hf_frame_put_failure(struct hf_buf *out, unsigned kind, enum hf_err err,
                          const char *sentence);

/* The error that was sent, with its sentence, printable, in `said` of `max` + 1
 * octets; HF_EPEER when the frame is something else. */
enum hf_err hf_frame_read_failure(const struct hf_frame *frame, unsigned kind,
                                  char *said, size_t max, struct hf_why *why);

/*
 * Cut the first whole frame off `*in`; false in `*more` when it is not there
 * yet. Fails: HF_ESYNTAX (empty, or longer than `max`).
 */
enum hf_err hf_frame_cut(struct hf_span *in, size_t max, struct hf_frame *out,
                         bool *more, struct hf_why *why);

struct hf_role {
    pid_t pid; /* 0: there is none */
    int fd;
    bool is_patient;  /* a signal does not end waiting for it */
    const int *gifts; /* descriptors that it finds from 3 on; borrowed */
    size_t gift_count;
    size_t frame_max;
    int64_t replaced_at_ms; /* hf_clock_ms(); 0: it is the first one */
    struct hf_buf in;
    struct hf_buf out; /* put frames here; hf_role_wait() sends them */
};

#define HF_ROLE_AGAIN_MS 60000

/* Another one may take the place of one that has ended, once in so much time
 * (0: HF_ROLE_AGAIN_MS): what kills it again and again does not keep us busy.
 * Notes that it does when it says so. */
bool hf_role_may_replace(struct hf_role *role, int64_t again_ms);

/* Room for frames of `frame_max` that come, and `out_max` octets that go. No
 * gifts yet. Release with hf_role_clear(). */
void hf_role_init(struct hf_role *role, size_t frame_max, size_t out_max);

/*
 * Execute hf_role_program(word) with the argument `word`, no environment, and
 * nothing open but the socket, as its standard input, and the gifts.
 * Fails: HF_ESYSTEM, HF_ENOMEM.
 */
enum hf_err hf_role_start(struct hf_role *role, const char *word,
                          struct hf_why *why);

/*
 * Let bytes move, until `until_ms` (hf_clock_ms()) at most, and not longer
 * than a quarter of a second. `*alive` is false when the process hung up.
 * Fails: HF_ECANCELED (a signal asked to stop), HF_ENOMEM, HF_ESYSTEM.
 */
enum hf_err hf_role_wait(struct hf_role *role, int64_t until_ms, bool *alive,
                         struct hf_why *why);

/* Send what there is room for now, and do nothing else. False when the process
 * hung up. */
bool hf_role_flush(struct hf_role *role);

/*
 * The first frame that came in, if a whole one is there. It stays until
 * hf_role_drop(). Fails: HF_ESYNTAX.
 */
enum hf_err hf_role_peek(const struct hf_role *role, struct hf_frame *frame,
                         bool *more, struct hf_why *why);
void hf_role_drop(struct hf_role *role, const struct hf_frame *frame);

/* Wait for the first frame. Fails as hf_role_wait() and hf_role_peek(), and
 * HF_EPEER when it does not come. */
enum hf_err hf_role_await(struct hf_role *role, int64_t until_ms,
                          struct hf_frame *frame, struct hf_why *why);

/*
 * Where this program is, in `room` or static. The link in /proc itself serves
 * when the file was replaced since the start; its target serves also where the
 * link leads to somebody who runs this program for us, as valgrind does.
 */
const char *hf_role_self(char *room, size_t size);

/*
 * Where the program is that plays the role `word`: for "_net" it is the part
 * (plugin.h) holdfast-net, which has that role's libraries and no others, and
 * where there is no such file this program.
 */
const char *hf_role_program(const char *word, char *room, size_t size);

/* One way in which the start of a role can go; the first is the good one. */
struct hf_greeting {
    enum hf_err err;
    const char *text; /* static; NULL when good */
};

struct hf_role_plan {
    const char *word;
    struct hf_span config; /* the whole frame */
    int64_t wait_ms;       /* for its greeting */
    const struct hf_greeting *greetings;
    size_t greeting_count;
    struct hf_buf *note; /* what it says of itself goes here; NULL: it has
                            nothing to say. Not trusted: escape it. */
};

/*
 * Start it, configure it, and hear its greeting. There is no process when
 * that fails: as hf_role_start(), hf_role_await(), and as the greeting says.
 */
enum hf_err hf_role_open(struct hf_role *role, const struct hf_role_plan *plan,
                         struct hf_why *why);

/* End the process at once, and forget what was to be said. Harmless when
 * there is none. */
void hf_role_end(struct hf_role *role);
void hf_role_clear(struct hf_role *role);

/* ---- inside the role ---- */

/* Ctrl-C reaches the whole group, and the parent decides what it means; a
 * peer that went away is no reason to die. */
void hf_role_ignore_signals(void);

/* All of it, blocking: the parent always reads. False when it is gone. */
bool hf_role_send(int fd, struct hf_span data);

/* Append what the parent sent; `flags` as for recv(). False when it hung up
 * or `in` is full. */
bool hf_role_receive(int fd, struct hf_buf *in, int flags);

/* Forget the first bytes, of which `rest` is what is left. */
void hf_role_consume(struct hf_buf *in, struct hf_span rest);

/*
 * Wait for the next frame, blocking; `in` may grow for it. It stays at the
 * head of `in` until hf_frame_drop(). False when the parent hung up or talks
 * nonsense: a frame of more than `max` octets.
 */
bool hf_role_next(int fd, struct hf_buf *in, size_t max,
                  struct hf_frame *frame);
void hf_frame_drop(struct hf_buf *in, const struct hf_frame *frame);

/* Say how the start went: the row of hf_role_plan.greetings. True when that
 * is the first and the parent has heard it. */
bool hf_role_greet(int fd, unsigned greeting);

/* The greeting of a role that has a program of its own, and that is missing or
 * not to be trusted: whatever the table of its greetings says. */
#define HF_GREETING_MISSING 0xff

/* The same, and what the parent wants to know of us: at most
 * HF_ROLE_NOTE_MAX octets. */
bool hf_role_greet_with(int fd, unsigned greeting, struct hf_span note);

/* What a role does: one kind of frame, and who takes its body. */
struct hf_service {
    unsigned kind;
    size_t frame_max;
    bool (*take)(void *state, struct hf_span body);
    void *state;
};

/* Receive without waiting, and serve each whole frame. False when the parent
 * hung up, sent anything else, or `take` says so: the end of the role. */
bool hf_role_serve(int fd, struct hf_buf *in, const struct hf_service *service);
