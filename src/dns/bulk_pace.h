/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bulk_pace.h -- how fast one server is asked: token buckets, a window that
 * follows losses, and health. Plain arithmetic on moments in nanoseconds.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HF_SECOND_NS INT64_C(1000000000)

/* A bucket that holds a hundredth of a second's worth of tokens. */
struct hf_rate {
    int64_t step_ns;  /* between two; 0: no limit */
    int64_t burst_ns; /* how far ahead of time one may be */
    int64_t next_ns;  /* when the next is due at the steady rate */
};

void hf_rate_init(struct hf_rate *rate, uint64_t per_second, int64_t now_ns);

/* Tokens there are now, at most `most`. */
size_t hf_rate_peek(const struct hf_rate *rate, int64_t now_ns, size_t most);

/* Use some of them. */
void hf_rate_use(struct hf_rate *rate, int64_t now_ns, size_t count);

/* Nanoseconds until there is one. */
int64_t hf_rate_wait(const struct hf_rate *rate, int64_t now_ns);

/*
 * The pace of one server. Its window grows while answers come and shrinks when
 * packets get lost: a question whose second packet was answered is one lost
 * packet. Names that no packet is answered for are the name's own trouble and
 * say nothing about the path.
 */
struct hf_pace {
    struct hf_rate rate;
    size_t in_flight;
    size_t window; /* packets that may be in flight */
    size_t window_max;
    bool starting;     /* grow with every answer */
    unsigned answered; /* in this period */
    unsigned lost;
    unsigned hold;       /* periods without growth */
    int64_t period_ends; /* ns */
    unsigned silent;     /* timeouts since the last answer */
    unsigned downs;      /* times in a row that it was given a rest */
    int64_t down_until_ns;
};

#define HF_PACE_WINDOW_MIN 16

void hf_pace_init(struct hf_pace *pace, uint64_t per_second, size_t window_max,
                  int64_t now_ns);

bool hf_pace_is_down(const struct hf_pace *pace, int64_t now_ns);

/* Packets that may be sent now. */
size_t hf_pace_room(const struct hf_pace *pace, int64_t now_ns, size_t most);

void hf_pace_sent(struct hf_pace *pace, int64_t now_ns, size_t count);

void hf_pace_answered(struct hf_pace *pace, int64_t now_ns);

/* A question that this server left unanswered was answered after all: the
 * packet was lost. */
void hf_pace_lost(struct hf_pace *pace);

/* No answer in time, or the kernel refused to send. */
void hf_pace_silent(struct hf_pace *pace, int64_t now_ns);

/* A packet is accounted for in another way. */
void hf_pace_forget(struct hf_pace *pace);
