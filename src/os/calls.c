/* SPDX-License-Identifier: Apache-2.0 */
#include "os/calls.h"

#include <errno.h>
#include <linux/audit.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "os/fail.h"

/* What linux/audit.h calls this architecture. Elsewhere this does not compile
 * until somebody has looked whether the walls hold there: on s390x, for one,
 * mmap() and clone() take their arguments in other ways. */
#if defined(__x86_64__) && !defined(__ILP32__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
/* x32 has this bit in its numbers; nobody else has so many calls. */
#define NUMBERS_END 0x40000000U
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define ARCHITECTURE AUDIT_ARCH_RISCV64
#elif defined(__powerpc64__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define ARCHITECTURE AUDIT_ARCH_PPC64LE
#endif
#ifndef NUMBERS_END
#define NUMBERS_END UINT32_MAX
#endif

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define LOWER_HALF 0
#else
#define LOWER_HALF sizeof(uint32_t)
#endif

static void put(struct hf_calls *calls, unsigned code, uint32_t k)
{
    calls->full = calls->full || calls->count == HF_CALLS_MAX;
    if (!calls->full)
        calls->code[calls->count++] =
            (struct sock_filter)BPF_STMT((unsigned short)code, k);
}

/* What struct seccomp_data has there is compared from here on. */
static void load(struct hf_calls *calls, size_t at)
{
    put(calls, BPF_LD | BPF_W | BPF_ABS, (uint32_t)at);
}

/* Step over the next `skip` if it compares so, or if not. */
static void skip(struct hf_calls *calls, unsigned how, uint32_t k, bool yes,
                 unsigned char skip)
{
    put(calls, BPF_JMP | BPF_K | how, k);
    if (calls->full)
        return;
    calls->code[calls->count - 1].jt = yes ? skip : 0;
    calls->code[calls->count - 1].jf = yes ? 0 : skip;
}

static void decide(struct hf_calls *calls, uint32_t action)
{
    put(calls, BPF_RET | BPF_K, action);
}

void hf_calls_begin(struct hf_calls *calls)
{
    calls->count = 0;
    calls->full = false;
    load(calls, offsetof(struct seccomp_data, arch));
    skip(calls, BPF_JEQ, ARCHITECTURE, true, 1);
    decide(calls, SECCOMP_RET_KILL_PROCESS);
    load(calls, offsetof(struct seccomp_data, nr));
    skip(calls, BPF_JGE, NUMBERS_END, false, 1);
    decide(calls, SECCOMP_RET_KILL_PROCESS);
}

void hf_calls_add(struct hf_calls *calls, const int *numbers, size_t count,
                  uint32_t action)
{
    for (size_t i = 0; i < count; i++) {
        if (numbers[i] < 0)
            continue;
        skip(calls, BPF_JEQ, (uint32_t)numbers[i], false, 1);
        decide(calls, action);
    }
}

void hf_calls_add_when(struct hf_calls *calls, const struct hf_call *call,
                       uint32_t action)
{
    if (call->number < 0)
        return;
    skip(calls, BPF_JEQ, (uint32_t)call->number, false, 5);
    load(calls, offsetof(struct seccomp_data, args) +
                    call->arg * sizeof(uint64_t) + LOWER_HALF);
    put(calls, BPF_ALU | BPF_AND | BPF_K, call->mask);
    skip(calls, BPF_JEQ, call->value, false, 1);
    decide(calls, action);
    load(calls, offsetof(struct seccomp_data, nr));
}

enum hf_err hf_calls_enter(struct hf_calls *calls, uint32_t otherwise,
                           struct hf_why *why)
{
    struct sock_fprog program;

    decide(calls, otherwise);
    if (calls->full)
        return hf_fail(why, HF_ELIMIT, 0, "seccomp: too many rules");
    program = (struct sock_fprog){(unsigned short)calls->count, calls->code};
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0)
        return HF_OK;
    (void)hf_fail_sys(why, errno, "this kernel offers no seccomp filters");
    return HF_EPEER;
}
