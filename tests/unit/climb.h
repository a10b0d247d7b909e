/* SPDX-License-Identifier: Apache-2.0 */
/*
 * climb.h -- attempts to get over a wall: each is made where there is none,
 * where it must work, and behind one.
 */
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static inline bool climb_read_file(void)
{
    return open("/etc/passwd", O_RDONLY | O_CLOEXEC) >= 0;
}

static inline bool climb_write_file(void)
{
    return open("/tmp", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600) >= 0;
}

static inline bool climb_fork(void)
{
    pid_t pid = fork();

    if (pid == 0)
        _exit(0);
    return pid > 0 && waitpid(pid, NULL, 0) == pid;
}

static inline bool climb_execute(void)
{
    char name[] = "true";
    char *const argv[] = {name, NULL};
    char *const envp[] = {NULL};
    int status = 0;
    pid_t pid = fork();

    if (pid < 0) { /* then it would be this process */
        (void)execve("/bin/true", argv, envp);
        return false;
    }
    if (pid == 0) {
        (void)execve("/bin/true", argv, envp);
        _exit(1);
    }
    return waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
           WEXITSTATUS(status) == 0;
}

static inline bool climb_signal_parent(void)
{
    return kill(getppid(), 0) == 0;
}

static inline bool climb_unix_socket(void)
{
    return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0) >= 0;
}

static inline bool climb_netlink(void)
{
    return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0) >= 0;
}

static inline bool climb_network(void)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(9),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    return fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0 &&
           send(fd, "x", 1, MSG_NOSIGNAL) == 1;
}

static inline bool climb_listen(void)
{
    struct sockaddr_in any = {.sin_family = AF_INET,
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    return fd >= 0 && bind(fd, (struct sockaddr *)&any, sizeof(any)) == 0 &&
           listen(fd, 1) == 0;
}

static inline bool climb_map_code(void)
{
    return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
                MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED;
}

/* The last attempt: whoever is traced stops where others do not. */
static inline bool climb_trace(void)
{
    return ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0;
}

/* One bit each, in the order of climbs[]. */
enum climb {
    CLIMB_READ_FILE = 1 << 0,
    CLIMB_WRITE_FILE = 1 << 1,
    CLIMB_FORK = 1 << 2,
    CLIMB_EXECUTE = 1 << 3,
    CLIMB_SIGNAL_PARENT = 1 << 4,
    CLIMB_UNIX_SOCKET = 1 << 5,
    CLIMB_NETLINK = 1 << 6,
    CLIMB_NETWORK = 1 << 7,
    CLIMB_LISTEN = 1 << 8,
    CLIMB_MAP_CODE = 1 << 9,
    CLIMB_TRACE = 1 << 10,
    CLIMB_ALL = (1 << 11) - 1,
};

static const struct {
    enum climb bit;
    const char *name;
    bool (*can)(void);
} climbs[] = {
    {CLIMB_READ_FILE, "read a file", climb_read_file},
    {CLIMB_WRITE_FILE, "write a file", climb_write_file},
    {CLIMB_FORK, "fork", climb_fork},
    {CLIMB_EXECUTE, "execute", climb_execute},
    {CLIMB_SIGNAL_PARENT, "signal the parent", climb_signal_parent},
    {CLIMB_UNIX_SOCKET, "open a unix socket", climb_unix_socket},
    {CLIMB_NETLINK, "open netlink", climb_netlink},
    {CLIMB_NETWORK, "use the network", climb_network},
    {CLIMB_LISTEN, "listen", climb_listen},
    {CLIMB_MAP_CODE, "map code", climb_map_code},
    {CLIMB_TRACE, "be traced", climb_trace},
};

/* Try all of them: the bits of those that work. */
static inline unsigned climb_all(void)
{
    unsigned over = 0;

    for (size_t i = 0; i < sizeof(climbs) / sizeof(climbs[0]); i++)
        if (climbs[i].can())
            over |= climbs[i].bit;
    return over;
}
