/* SPDX-License-Identifier: Apache-2.0 */
/*
 * calls.h -- which system calls this process may make: a filter for seccomp(2),
 * written rule by rule. The first rule that a call meets decides.
 *
 * libseccomp would write the same one in a fifth of a millisecond, which every
 * process of ours would pay at its start, and be one more library in each.
 */
#pragma once

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "holdfast/err.h"

#define HF_CALLS_ALLOW          SECCOMP_RET_ALLOW
#define HF_CALLS_REFUSE(number) (SECCOMP_RET_ERRNO | (uint32_t)(number))

/* Room for all rules that a wall of ours has, twice. */
#define HF_CALLS_MAX 512

struct hf_calls {
    struct sock_filter code[HF_CALLS_MAX];
    size_t count;
    bool full;
};

/* A call, by number and by one of its arguments. Of that the lower half counts,
 * which is all of an int, and has the flags that are asked for here. */
struct hf_call {
    int number;   /* SYS_...; below zero: this machine has no such call */
    unsigned arg; /* from 0 */
    uint32_t mask;
    uint32_t value; /* of what the mask leaves */
};

/* Begin a filter. Calls by the numbers of another architecture (32 bits on a
 * machine with 64) kill the process, whatever the rules are. */
void hf_calls_begin(struct hf_calls *calls);

/* Rules for calls, whatever their arguments are. */
void hf_calls_add(struct hf_calls *calls, const int *numbers, size_t count,
                  uint32_t action);

/* A rule for one call with one argument. */
void hf_calls_add_when(struct hf_calls *calls, const struct hf_call *call,
                       uint32_t action);

/*
 * What happens to all other calls; and the filter counts from here on, for this
 * thread and those that it starts. It wants PR_SET_NO_NEW_PRIVS.
 *
 * Fails: HF_ELIMIT (too many rules), HF_EPEER when the kernel has no seccomp.
 */
enum hf_err hf_calls_enter(struct hf_calls *calls, uint32_t otherwise,
                           struct hf_why *why);
