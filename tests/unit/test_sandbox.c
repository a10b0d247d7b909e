/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the wall keeps in: each attempt is made in a process of its own, once
 * without the wall, where it must work, and once behind it.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/sandbox.h"
#include "tests/unit/unit.h"

#define WORKED 40
#define DENIED 41

static bool can_read_file(void)
{
    return open("/etc/passwd", O_RDONLY | O_CLOEXEC) >= 0;
}

static bool can_write_file(void)
{
    return open("/tmp", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600) >= 0;
}

/* Never comes back when it works: `true` exits with 0. */
static bool can_execute(void)
{
    char name[] = "true";
    char *const argv[] = {name, NULL};
    char *const envp[] = {NULL};

    (void)execve("/bin/true", argv, envp);
    return false;
}

static bool can_signal_parent(void)
{
    return kill(getppid(), 0) == 0;
}

static bool can_open_unix_socket(void)
{
    return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0) >= 0;
}

static bool can_open_netlink(void)
{
    return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0) >= 0;
}

static bool can_listen(void)
{
    struct sockaddr_in any = {.sin_family = AF_INET,
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    return fd >= 0 && bind(fd, (struct sockaddr *)&any, sizeof(any)) == 0 &&
           listen(fd, 1) == 0;
}

static bool can_map_code(void)
{
    return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
                MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED;
}

static bool can_fork(void)
{
    pid_t pid = fork();

    if (pid == 0)
        _exit(0);
    return pid > 0 && waitpid(pid, NULL, 0) == pid;
}

static bool can_use_network(void)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(9),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    return fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0 &&
           send(fd, "x", 1, MSG_NOSIGNAL) == 1;
}

static bool can_allocate(void)
{
    return mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE,
                MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED;
}

enum { NO_WALL = -1 };

/* How the attempt ends in a child with this wall. */
static int attempt(bool (*can)(void), int needs)
{
    struct hf_why why = {0};
    int status = 0;
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0) {
        if (needs != NO_WALL &&
            hf_sandbox_enter((unsigned)needs, &why) != HF_OK)
            _exit(99);
        _exit(can() ? WORKED : DENIED);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static const struct {
    const char *name;
    bool (*can)(void);
    int free;    /* without a wall */
    int network; /* with HF_SANDBOX_NETWORK */
    int none;    /* with nothing */
} cases[] = {
    {"read a file", can_read_file, WORKED, DENIED, DENIED},
    {"write a file", can_write_file, WORKED, DENIED, DENIED},
    {"execute", can_execute, 0, DENIED, DENIED},
    {"signal the parent", can_signal_parent, WORKED, DENIED, DENIED},
    {"open a unix socket", can_open_unix_socket, WORKED, DENIED, DENIED},
    {"open netlink", can_open_netlink, WORKED, DENIED, DENIED},
    {"listen", can_listen, WORKED, DENIED, DENIED},
    {"map code", can_map_code, WORKED, DENIED, DENIED},
    {"fork", can_fork, WORKED, DENIED, DENIED},
    {"use the network", can_use_network, WORKED, WORKED, DENIED},
    {"allocate", can_allocate, WORKED, WORKED, WORKED},
};

static void wall_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        int free = attempt(cases[i].can, NO_WALL);
        int network = attempt(cases[i].can, HF_SANDBOX_NETWORK);
        int none = attempt(cases[i].can, 0);

        if (free != cases[i].free || network != cases[i].network ||
            none != cases[i].none)
            fail_msg("%s: %d %d %d", cases[i].name, free, network, none);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wall_table),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
