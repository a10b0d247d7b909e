/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scan_floor.c -- the least that a scan can cost: a bare sendmmsg()/recvmmsg()
 * loop with 64 packets a call, one connected socket, no retries, no output, no
 * 0x20 and no reasons. Nobody ships a floor; it bounds what is possible.
 *
 *     scan_floor FILE PORT WINDOW
 *
 * asks 127.0.0.1@PORT for TXT at _validation-persist.NAME of every line, and
 * prints how many answers had data, said NXDOMAIN, and never came.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>

#define BATCH      64
#define QUERY_MAX  300
#define ANSWER_MAX 2048

struct run {
    const char *at;
    const char *end;
    int fd;
    uint16_t id;
    unsigned long sent;
    unsigned long data;
    unsigned long nxdomain;
    unsigned long other;
    struct mmsghdr out[BATCH];
    struct iovec out_parts[BATCH];
    unsigned char queries[BATCH][QUERY_MAX];
    struct mmsghdr in[BATCH];
    struct iovec in_parts[BATCH];
    unsigned char answers[BATCH][ANSWER_MAX];
};

static size_t put_name(unsigned char *to, const char *name, size_t len)
{
    unsigned char *label = to;
    size_t n = 0;

    memcpy(to + 1, name, len);
    for (size_t i = 0; i < len; i++) {
        if (name[i] != '.') {
            n++;
            continue;
        }
        *label = (unsigned char)n;
        label += n + 1;
        n = 0;
    }
    *label = (unsigned char)n;
    to[len + 1] = 0;
    return len + 2;
}

static size_t put_query(struct run *run, unsigned char *to, const char *name,
                        size_t len)
{
    static const unsigned char head[] = {0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1};
    static const unsigned char tail[] = {0,    16, 0, 1, 0, 0, 41, 4,
                                         0xd0, 0,  0, 0, 0, 0, 0};
    static const char label[] = "\023_validation-persist";
    size_t at = sizeof(head);

    memcpy(to, head, sizeof(head));
    to[0] = (unsigned char)(run->id >> 8);
    to[1] = (unsigned char)run->id++;
    memcpy(to + at, label, sizeof(label) - 1);
    at += sizeof(label) - 1;
    at += put_name(to + at, name, len);
    memcpy(to + at, tail, sizeof(tail));
    return at + sizeof(tail);
}

/* Send up to `room` more queries. */
static void send_some(struct run *run, size_t room)
{
    while (room > 0 && run->at < run->end) {
        size_t count = 0;
        int n;

        while (count < BATCH && count < room && run->at < run->end) {
            const char *lf =
                memchr(run->at, '\n', (size_t)(run->end - run->at));

            run->out_parts[count].iov_len = put_query(
                run, run->queries[count], run->at, (size_t)(lf - run->at));
            run->at = lf + 1;
            count++;
        }
        n = sendmmsg(run->fd, run->out, (unsigned)count, 0);
        if (n != (int)count) {
            perror("sendmmsg");
            exit(1);
        }
        run->sent += count;
        room -= count;
    }
}

static size_t take_some(struct run *run)
{
    int n = recvmmsg(run->fd, run->in, BATCH, MSG_DONTWAIT, NULL);

    for (int i = 0; i < n; i++) {
        unsigned rcode = run->answers[i][3] & 15U;

        if (rcode == 3)
            run->nxdomain++;
        else if (rcode == 0 && run->answers[i][7] > 0)
            run->data++;
        else
            run->other++;
    }
    return n < 0 ? 0 : (size_t)n;
}

static void open_all(struct run *run, char **argv)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int file = open(argv[1], O_RDONLY);
    struct stat stat;
    void *map;

    if (file < 0 || fstat(file, &stat) != 0) {
        perror(argv[1]);
        exit(1);
    }
    map = mmap(NULL, (size_t)stat.st_size, PROT_READ, MAP_PRIVATE, file, 0);
    run->fd = socket(AF_INET, SOCK_DGRAM, 0);
    to.sin_port = htons((uint16_t)strtoul(argv[2], NULL, 10));
    if (map == MAP_FAILED ||
        connect(run->fd, (const struct sockaddr *)&to, sizeof(to)) != 0) {
        perror("open");
        exit(1);
    }
    run->at = map;
    run->end = run->at + stat.st_size;
    for (size_t i = 0; i < BATCH; i++) {
        run->out_parts[i].iov_base = run->queries[i];
        run->out[i].msg_hdr.msg_iov = &run->out_parts[i];
        run->out[i].msg_hdr.msg_iovlen = 1;
        run->in_parts[i] = (struct iovec){run->answers[i], ANSWER_MAX};
        run->in[i].msg_hdr.msg_iov = &run->in_parts[i];
        run->in[i].msg_hdr.msg_iovlen = 1;
    }
}

int main(int argc, char **argv)
{
    static struct run run;
    unsigned long done = 0;
    unsigned long lost = 0;
    size_t window;

    if (argc != 4) {
        (void)fprintf(stderr, "usage: %s FILE PORT WINDOW\n", argv[0]);
        return 2;
    }
    open_all(&run, argv);
    window = strtoul(argv[3], NULL, 10);
    for (;;) {
        struct pollfd wait = {.fd = run.fd, .events = POLLIN};

        send_some(&run, window - (run.sent - done - lost));
        if (run.sent == done + lost)
            break;
        if (poll(&wait, 1, 300) == 0)
            lost = run.sent - done; /* nothing for so long: it is lost */
        else
            done += take_some(&run);
    }
    (void)printf("data %lu nxdomain %lu other %lu lost %lu\n", run.data,
                 run.nxdomain, run.other, lost);
    return 0;
}
