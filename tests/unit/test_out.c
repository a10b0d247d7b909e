/* SPDX-License-Identifier: Apache-2.0 */
/* Output that remembers its first failure. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "os/out.h"
#include "tests/unit/unit.h"

static struct hf_out out; /* 64 kB, too much for the stack */

/* --- write() as the kernel may answer it --- */

static struct {
    size_t piece;    /* bytes at most; 0: all */
    int interrupted; /* that many EINTR first */
} kernel;

ssize_t __real_write(int fd, const void *from, size_t len);
ssize_t __wrap_write(int fd, const void *from, size_t len);

ssize_t __wrap_write(int fd, const void *from, size_t len)
{
    if (kernel.interrupted > 0) {
        kernel.interrupted--;
        errno = EINTR;
        return -1;
    }
    return __real_write(
        fd, from, kernel.piece > 0 && len > kernel.piece ? kernel.piece : len);
}

static int make_file(void)
{
    char path[] = "/tmp/test_out.XXXXXX";
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    (void)unlink(path);
    return fd;
}

static void check_contents(int fd, char letter, size_t len)
{
    static char text[300000];

    assert_int_equal(pread(fd, text, sizeof(text), 0), len);
    for (size_t i = 0; i < len; i++)
        assert_int_equal(text[i], letter);
}

/* Lines of every length up to the promised one arrive, in any pieces. */
static void lines_arrive(void **state)
{
    static char line[HF_OUT_ROOM / 2];
    static const size_t lens[] = {1, 100, 4095, HF_OUT_ROOM / 2};
    static const size_t pieces[] = {0, 1000, 65535};

    (void)state;
    memset(line, 'l', sizeof(line));
    for (size_t i = 0; i < COUNT_OF(lens) * COUNT_OF(pieces); i++) {
        size_t len = lens[i / COUNT_OF(pieces)];
        int fd = make_file();

        kernel.piece = pieces[i % COUNT_OF(pieces)];
        kernel.interrupted = 3;
        hf_out_init(&out, fd);
        assert_false(out.is_terminal);
        for (size_t n = 0; n < 7; n++) {
            hf_buf_put(&out.buf, (struct hf_span){line, len});
            hf_out_step(&out);
        }
        assert_int_equal(hf_out_flush(&out, NULL), HF_OK);
        assert_int_equal(out.written, 7 * len);
        check_contents(fd, 'l', 7 * len);
        (void)close(fd);
    }
    kernel.piece = 0;
}

static void writes_wait_for_half_a_buffer(void **state)
{
    static char half[HF_OUT_ROOM / 2];
    int fd = make_file();

    (void)state;
    hf_out_init(&out, fd);
    hf_buf_put(&out.buf, (struct hf_span){half, sizeof(half)});
    hf_out_step(&out);
    assert_int_equal(out.written, 0);
    hf_buf_putc(&out.buf, '\n');
    hf_out_step(&out);
    assert_int_equal(out.written, sizeof(half) + 1);
    assert_int_equal(out.buf.len, 0);
    (void)close(fd);
}

static void text_of_any_length(void **state)
{
    static char text[250000];
    static const size_t lens[] = {0, 1, 65535, 65536, 65537, 250000};

    (void)state;
    memset(text, 't', sizeof(text));
    for (size_t i = 0; i < COUNT_OF(lens); i++) {
        int fd = make_file();

        hf_out_init(&out, fd);
        hf_buf_puts(&out.buf, "t");
        hf_out_put(&out, (struct hf_span){text, lens[i]});
        hf_buf_puts(&out.buf, "t");
        assert_int_equal(hf_out_flush(&out, NULL), HF_OK);
        check_contents(fd, 't', lens[i] + 2);
        (void)close(fd);
    }
}

/* A full disk is reported, also when later calls have nothing to write. */
static void full_disk(void **state)
{
    struct hf_why why = {0};
    int fd = open("/dev/full", O_WRONLY);

    (void)state;
    assert_true(fd >= 0);
    hf_out_init(&out, fd);
    assert_int_equal(hf_out_flush(&out, &why), HF_OK); /* nothing to write */
    hf_buf_puts(&out.buf, "line\n");
    hf_out_step(&out);
    assert_int_equal(hf_out_flush(&out, &why), HF_ESYSTEM);
    assert_int_equal(why.sys, ENOSPC);
    assert_int_equal(out.written, 0);
    assert_int_equal(hf_out_flush(&out, NULL), HF_ESYSTEM);
    hf_out_put(&out, HF_SPAN("more"));
    assert_int_equal(hf_out_flush(&out, &why), HF_ESYSTEM);
    (void)close(fd);
}

static void closed_pipe(void **state)
{
    struct hf_why why = {0};
    int ends[2];

    (void)state;
    assert_int_equal(pipe(ends), 0);
    assert_true(signal(SIGPIPE, SIG_IGN) != SIG_ERR);
    (void)close(ends[0]);
    hf_out_init(&out, ends[1]);
    hf_buf_puts(&out.buf, "line\n");
    assert_int_equal(hf_out_flush(&out, &why), HF_ESYSTEM);
    assert_int_equal(why.sys, EPIPE);
    (void)close(ends[1]);
}

/* A line that does not fit the buffer is a failure, not half a line. */
static void line_too_long(void **state)
{
    static char line[HF_OUT_ROOM + 1];
    struct hf_why why = {0};
    int fd = make_file();

    (void)state;
    hf_out_init(&out, fd);
    hf_buf_put(&out.buf, (struct hf_span){line, sizeof(line)});
    hf_out_step(&out);
    assert_int_equal(hf_out_flush(&out, &why), HF_ESYSTEM);
    assert_int_equal(why.sys, EMSGSIZE);
    assert_int_equal(lseek(fd, 0, SEEK_END), 0);
    (void)close(fd);
}

/* A person at a terminal sees each line at once. */
static void terminal(void **state)
{
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    int slave;

    (void)state;
    assert_true(master >= 0);
    assert_int_equal(grantpt(master), 0);
    assert_int_equal(unlockpt(master), 0);
    slave = open(ptsname(master), O_RDWR | O_NOCTTY);
    assert_true(slave >= 0);
    hf_out_init(&out, slave);
    assert_true(out.is_terminal);
    hf_buf_puts(&out.buf, "x\n");
    hf_out_step(&out);
    assert_int_equal(out.written, 2);
    (void)close(slave);
    (void)close(master);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_arrive),
        cmocka_unit_test(writes_wait_for_half_a_buffer),
        cmocka_unit_test(text_of_any_length),
        cmocka_unit_test(full_disk),
        cmocka_unit_test(closed_pipe),
        cmocka_unit_test(line_too_long),
        cmocka_unit_test(terminal),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
