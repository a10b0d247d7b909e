/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spend.c -- what it costs to run a program, from start to end.
 *
 *     spend COUNT OUTPUT PROGRAM [ARGUMENT]...
 *
 * Runs it COUNT times with its standard output in the file OUTPUT and prints
 * the medians: wall clock and CPU in microseconds, peak memory in kB.
 */
#include <fcntl.h>
#include <spawn.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define COUNT_MAX 1000

extern char **environ;

struct cost {
    double wall_us;
    double cpu_us;
    double rss_kb;
};

static double now_us(void)
{
    struct timespec at;

    (void)clock_gettime(CLOCK_MONOTONIC, &at);
    return (double)at.tv_sec * 1e6 + (double)at.tv_nsec / 1e3;
}

static double us_of(struct timeval spent)
{
    return (double)spent.tv_sec * 1e6 + (double)spent.tv_usec;
}

static int compare(const void *a, const void *b)
{
    const double *x = a;
    const double *y = b;

    return (*x > *y) - (*x < *y);
}

static double median(const struct cost *costs, int count, size_t member)
{
    double all[COUNT_MAX];

    for (int i = 0; i < count; i++)
        memcpy(&all[i], (const char *)&costs[i] + member, sizeof(all[i]));
    qsort(all, (size_t)count, sizeof(*all), compare);
    return all[count / 2];
}

/* The exit status, or -1 when it did not run or died. */
static int run(const char *output, char **words, struct cost *cost)
{
    posix_spawn_file_actions_t actions;
    struct rusage usage;
    double from = now_us();
    pid_t pid;
    int status;

    if (posix_spawn_file_actions_init(&actions) != 0 ||
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, output,
                                         O_WRONLY | O_CREAT | O_TRUNC,
                                         0644) != 0 ||
        posix_spawnp(&pid, words[0], &actions, NULL, words, environ) != 0)
        return -1;
    (void)posix_spawn_file_actions_destroy(&actions);
    if (wait4(pid, &status, 0, &usage) != pid || !WIFEXITED(status))
        return -1;
    *cost = (struct cost){
        .wall_us = now_us() - from,
        .cpu_us = us_of(usage.ru_utime) + us_of(usage.ru_stime),
        .rss_kb = (double)usage.ru_maxrss,
    };
    return WEXITSTATUS(status);
}

int main(int argc, char **argv)
{
    static struct cost costs[COUNT_MAX];
    int count = argc < 4 ? 0 : atoi(argv[1]);

    if (count < 1 || count > COUNT_MAX) {
        fprintf(stderr, "usage: spend COUNT OUTPUT PROGRAM [ARGUMENT]...\n");
        return 64;
    }
    for (int i = 0; i < count; i++) {
        int status = run(argv[2], argv + 3, &costs[i]);

        if (status != 0) {
            fprintf(stderr, "spend: %s: status %d\n", argv[3], status);
            return 1;
        }
    }
    printf("%.0f %.0f %.0f\n",
           median(costs, count, offsetof(struct cost, wall_us)),
           median(costs, count, offsetof(struct cost, cpu_us)),
           median(costs, count, offsetof(struct cost, rss_kb)));
    return 0;
}
