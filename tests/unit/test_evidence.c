/* SPDX-License-Identifier: Apache-2.0 */
/* The log of evidence: it grows, survives crashes, and shows changes. */
#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "ca/evidence.h"
#include "os/file.h"
#include "tests/unit/scratch.h"
#include "tests/unit/unit.h"

#define HASH    "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define SEGMENT 1000 /* octets: three or four entries */

static char folder[SCRATCH_MAX];

static int set_up(void **state)
{
    (void)state;
    return scratch_make(folder);
}

static int tear_down(void **state)
{
    (void)state;
    return scratch_remove(folder);
}

/* ---- a disk that does not keep what it is told ---- */

int __real_fdatasync(int fd);
int __wrap_fdatasync(int fd);
int __real_fsync(int fd);
int __wrap_fsync(int fd);

static int syncs;            /* of what is in a file */
static bool refuses_files;   /* to keep what is in them */
static bool refuses_folders; /* and their names */

static int refuse(void)
{
    errno = EIO;
    return -1;
}

int __wrap_fdatasync(int fd)
{
    syncs++;
    return refuses_files ? refuse() : __real_fdatasync(fd);
}

int __wrap_fsync(int fd)
{
    return refuses_folders ? refuse() : __real_fsync(fd);
}

/* ---- helpers ---- */

static struct hf_evidence *open_log(void)
{
    struct hf_evidence *log = NULL;
    struct hf_why why = {0};

    if (hf_evidence_open(folder, SEGMENT, &log, &why) != HF_OK)
        fail_msg("%s", why.text);
    return log;
}

static struct hf_entry append(struct hf_evidence *log, const char *body)
{
    struct hf_entry entry = {
        .at = 1790000000, .kind = HF_SPAN("issue"), .body = hf_span_str(body)};

    assert_int_equal(hf_evidence_append(log, &entry, NULL), HF_OK);
    return entry;
}

static void write_entries(size_t count)
{
    struct hf_evidence *log = open_log();

    for (size_t i = 0; i < count; i++) {
        (void)append(log, "{\"names\":[\"example.com\"]}");
        assert_int_equal(hf_evidence_sync(log, NULL), HF_OK);
    }
    hf_evidence_free(log);
}

static enum hf_err walk(struct hf_evidence_head *head,
                        struct hf_evidence_stop *stop)
{
    struct hf_why why = {0};

    return hf_evidence_walk(folder, NULL, NULL, head, stop, &why);
}

static void path_of(uint64_t first, char *out, size_t size)
{
    (void)snprintf(out, size, "%s/%020llu.log", folder,
                   (unsigned long long)first);
}

static void read_segment(uint64_t first, struct hf_buf *out)
{
    char path[128];

    path_of(first, path, sizeof(path));
    hf_buf_reset(out);
    assert_int_equal(hf_file_read(path, out, NULL), HF_OK);
}

static void write_segment(uint64_t first, struct hf_span text)
{
    char path[128];

    path_of(first, path, sizeof(path));
    assert_int_equal(hf_file_replace_path(path, text, NULL), HF_OK);
}

/* ---- tests ---- */

/* Whoever signs relies on it: what was synced is on the disk, and what could
 * not be synced once is not trusted again, for the kernel may have dropped it.
 */
static void syncs_or_says_so(void **state)
{
    struct hf_entry entry = {
        .at = 1790000000, .kind = HF_SPAN("issue"), .body = HF_SPAN("{}")};
    struct hf_evidence *log;
    int before;

    (void)state;
    write_entries(1);
    log = open_log();
    (void)append(log, "{}");
    before = syncs;
    assert_int_equal(hf_evidence_sync(log, NULL), HF_OK);
    assert_true(syncs > before);
    (void)append(log, "{}");
    refuses_files = true;
    assert_int_equal(hf_evidence_sync(log, NULL), HF_ESYSTEM);
    refuses_files = false;
    assert_int_equal(hf_evidence_append(log, &entry, NULL), HF_OK);
    assert_int_equal(hf_evidence_sync(log, NULL), HF_ESYSTEM);
    hf_evidence_free(log);
}

/* Nor is there a segment whose name a crash could take away. */
static void a_segment_is_in_its_folder(void **state)
{
    struct hf_evidence *log = open_log();

    (void)state;
    (void)append(log, "{}");
    refuses_folders = true;
    assert_int_equal(hf_evidence_sync(log, NULL), HF_ESYSTEM);
    refuses_folders = false;
    (void)append(log, "{}");
    assert_int_equal(hf_evidence_sync(log, NULL), HF_OK);
    hf_evidence_free(log);
}

static void grows_over_segments(void **state)
{
    struct hf_evidence_head head;
    struct hf_evidence_stop stop;
    struct hf_evidence *log;
    struct hf_entry last;

    (void)state;
    write_entries(10);
    log = open_log(); /* and goes on where it was */
    (void)append(log, "{}");
    last = append(log, "{\"last\":true}");
    assert_int_equal(hf_evidence_sync(log, NULL), HF_OK);
    hf_evidence_free(log);
    assert_int_equal(walk(&head, &stop), HF_OK);
    assert_int_equal(head.number, 12);
    assert_int_equal(head.at, 1790000000);
    assert_int_equal(head.torn, 0);
    assert_true(head.segments > 2);
    assert_memory_equal(head.hash, last.hash, sizeof(last.hash));
}

static void has_nothing_before_sync(void **state)
{
    struct hf_evidence *log = open_log();
    struct hf_evidence_head head;
    struct hf_evidence_stop stop;

    (void)state;
    (void)append(log, "{}");
    assert_int_equal(walk(&head, &stop), HF_OK);
    assert_int_equal(head.number, 0);
    hf_evidence_free(log);
    assert_int_equal(walk(&head, &stop), HF_OK);
    assert_int_equal(head.number, 0);
}

/* What is written is there for everybody, and for the next sync. */
static void is_written_before_the_disk_has_it(void **state)
{
    struct hf_evidence *log = open_log();
    struct hf_evidence_head head;
    struct hf_evidence_stop stop;

    (void)state;
    for (unsigned i = 1; i < 10; i++) {
        assert_int_equal(append(log, "{\"names\":[\"example.com\"]}").number,
                         i);
        assert_int_equal(hf_evidence_write(log, NULL), HF_OK);
        assert_int_equal(walk(&head, &stop), HF_OK);
        assert_int_equal(head.number, i);
    }
    assert_true(head.segments > 1);
    assert_int_equal(hf_evidence_sync(log, NULL), HF_OK);
    hf_evidence_free(log);
}

static void has_a_head(void **state)
{
    struct hf_evidence *log = open_log();
    struct hf_head head;
    bool found = true;

    (void)state;
    assert_int_equal(hf_evidence_head_read(folder, &head, &found, NULL), HF_OK);
    assert_false(found);
    for (unsigned i = 1; i < 8; i++) {
        struct hf_entry entry = append(log, "{\"names\":[\"example.com\"]}");

        assert_false(hf_evidence_is_ahead(log));
        assert_int_equal(hf_evidence_write(log, NULL), HF_OK);
        assert_true(hf_evidence_is_ahead(log));
        assert_int_equal(hf_evidence_rest(log, NULL), HF_OK);
        assert_false(hf_evidence_is_ahead(log));
        assert_int_equal(hf_evidence_head_read(folder, &head, &found, NULL),
                         HF_OK);
        assert_true(found);
        assert_int_equal(head.number, i);
        assert_int_equal(head.at, entry.at);
        assert_memory_equal(head.hash, entry.hash, sizeof(head.hash));
    }
    hf_evidence_free(log);
}

static void has_a_head_again(void **state)
{
    struct hf_evidence *log = open_log();
    struct hf_entry entry = append(log, "{}");
    struct hf_head head;
    bool found;

    (void)state;
    assert_int_equal(hf_evidence_rest(log, NULL), HF_OK);
    hf_evidence_free(log);
    log = open_log();
    assert_false(hf_evidence_is_ahead(log));
    entry = append(log, "{}");
    assert_int_equal(hf_evidence_sync(log, NULL), HF_OK);
    hf_evidence_free(log);
    log = open_log(); /* it may be behind */
    assert_true(hf_evidence_is_ahead(log));
    refuses_folders = true;
    assert_int_equal(hf_evidence_rest(log, NULL), HF_ESYSTEM);
    refuses_folders = false;
    assert_true(hf_evidence_is_ahead(log));
    assert_int_equal(hf_evidence_rest(log, NULL), HF_OK);
    assert_false(hf_evidence_is_ahead(log));
    assert_int_equal(hf_evidence_head_read(folder, &head, &found, NULL), HF_OK);
    assert_true(found);
    assert_int_equal(head.number, 2);
    assert_int_equal(head.at, entry.at);
    hf_evidence_free(log);
}

static void put_head(const char *text)
{
    char path[128];

    (void)snprintf(path, sizeof(path), "%s/head", folder);
    assert_int_equal(hf_file_replace_path(path, hf_span_str(text), NULL),
                     HF_OK);
}

/* Nobody goes on behind an end that is missing. */
static void misses_its_end(void **state)
{
    static const char *const bad[] = {
        "",
        "holdfast evidence\n",
        "holdfast evidence\n0\n" HASH "\n1\n",
        "holdfast evidence\n01\n" HASH "\n1\n",
        "holdfast evidence\n1\n" HASH "\n1",
        "holdfast evidence\n1\n" HASH "\n1\n\n",
        "holdfast evidence\n1\n" HASH "0\n1\n",
        "holdfast evidence\r\n1\n" HASH "\n1\n",
        "Holdfast evidence\n1\n" HASH "\n1\n",
        "holdfast evidence\n1\n" HASH "\n1\n" HASH HASH HASH HASH,
    };
    struct hf_evidence *log = open_log();

    (void)state;
    (void)append(log, "{}");
    assert_int_equal(hf_evidence_rest(log, NULL), HF_OK);
    hf_evidence_free(log);
    log = NULL;
    hf_evidence_free(open_log());
    put_head("holdfast evidence\n1\n" HASH "\n1\n"); /* of another one */
    assert_int_equal(hf_evidence_open(folder, SEGMENT, &log, NULL), HF_EINVAL);
    put_head("holdfast evidence\n2\n" HASH "\n1\n");
    assert_int_equal(hf_evidence_open(folder, SEGMENT, &log, NULL), HF_EINVAL);
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        put_head(bad[i]);
        if (hf_evidence_open(folder, SEGMENT, &log, NULL) != HF_EINVAL)
            fail_msg("%s", bad[i]);
    }
    assert_null(log);
}

static void has_one_writer(void **state)
{
    struct hf_evidence *log = open_log();
    struct hf_evidence *other = NULL;

    (void)state;
    assert_int_equal(hf_evidence_open(folder, SEGMENT, &other, NULL),
                     HF_EINVAL);
    hf_evidence_free(log);
    hf_evidence_free(open_log());
}

/* A crash may cut the last write anywhere. */
static void survives_a_torn_end(void **state)
{
    static char room[8192];
    struct hf_evidence_head head;
    struct hf_evidence_stop stop;
    struct hf_buf text;
    size_t whole, len;

    (void)state;
    hf_buf_init(&text, room, sizeof(room));
    write_entries(1);
    read_segment(1, &text);
    whole = text.len;
    write_entries(1);
    read_segment(1, &text);
    len = text.len;
    for (size_t cut = whole; cut < len; cut++) {
        write_segment(1, (struct hf_span){room, cut});
        assert_int_equal(walk(&head, &stop), HF_OK);
        assert_int_equal(head.number, 1);
        assert_int_equal(head.torn, cut - whole);
        write_entries(1);
        assert_int_equal(walk(&head, &stop), HF_OK);
        assert_int_equal(head.number, 2);
        assert_int_equal(head.torn, 0);
    }
}

/* And between making a segment and writing to it. */
static void survives_an_empty_segment(void **state)
{
    struct hf_evidence_head head;
    struct hf_evidence_stop stop;

    (void)state;
    write_segment(1, HF_SPAN(""));
    write_entries(3);
    assert_int_equal(walk(&head, &stop), HF_OK);
    assert_int_equal(head.number, 3);
    write_segment(4, HF_SPAN(""));
    write_entries(2);
    assert_int_equal(walk(&head, &stop), HF_OK);
    assert_int_equal(head.number, 5);
}

/* Change, add or remove any octet: the walk says where. */
static void shows_every_change(void **state)
{
    static char room[8192];
    static char changed[8192];
    struct hf_evidence_head head;
    struct hf_evidence_stop stop;
    struct hf_buf text;

    (void)state;
    hf_buf_init(&text, room, sizeof(room));
    write_entries(10);
    read_segment(1, &text);
    for (size_t i = 0; i < text.len; i += 7) { /* in all parts of a line */
        memcpy(changed, room, text.len);
        changed[i] ^= 1;
        write_segment(1, (struct hf_span){changed, text.len});
        assert_int_equal(walk(&head, &stop), HF_EINVAL);
        memmove(changed + i, room + i + 1, text.len - i - 1);
        write_segment(1, (struct hf_span){changed, text.len - 1});
        assert_int_equal(walk(&head, &stop), HF_EINVAL);
        changed[i] = '\r';
        memcpy(changed + i + 1, room + i, text.len - i);
        write_segment(1, (struct hf_span){changed, text.len + 1});
        assert_int_equal(walk(&head, &stop), HF_EINVAL);
    }
    assert_string_equal(stop.file, "00000000000000000001.log");
    assert_int_equal(stop.number, head.number + 1);
}

static void misses_what_is_missing(void **state)
{
    char path[128];
    struct hf_evidence_head head;
    struct hf_evidence_stop stop;
    struct hf_evidence *log = NULL;

    (void)state;
    write_entries(12);
    path_of(6, path, sizeof(path));
    assert_int_equal(access(path, F_OK), 0);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(walk(&head, &stop), HF_EINVAL);
    assert_int_equal(head.number, 5);
    /* Of the last segment the writer notices it, too. */
    write_segment(11, HF_SPAN("{}\n"));
    assert_int_equal(hf_evidence_open(folder, SEGMENT, &log, NULL), HF_EINVAL);
    assert_null(log);
}

/* A disk that is full takes nothing away, and there is room again later. */
static void survives_a_full_disk(void **state)
{
    struct rlimit before;
    struct rlimit small = {0};
    struct hf_evidence_head head;
    struct hf_evidence_stop stop;
    struct hf_evidence *log;

    (void)state;
    write_entries(1);
    log = open_log();
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = (struct rlimit){300, before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    (void)append(log, "{}");
    assert_int_equal(hf_evidence_sync(log, NULL), HF_ESYSTEM);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(walk(&head, &stop), HF_OK);
    assert_int_equal(head.number, 1);
    assert_int_equal(head.torn, 0);
    assert_int_equal(append(log, "{}").number, 2);
    assert_int_equal(hf_evidence_sync(log, NULL), HF_OK);
    hf_evidence_free(log);
    assert_int_equal(walk(&head, &stop), HF_OK);
    assert_int_equal(head.number, 2);
}

static enum hf_err stop_at_two(void *state, const struct hf_entry *entry,
                               struct hf_why *why)
{
    size_t *seen = state;

    *seen += 1;
    return entry->number == 2 ? hf_fail(why, HF_ECANCELED, 0, "enough") : HF_OK;
}

static void tells_of_each(void **state)
{
    struct hf_evidence_head head;
    struct hf_evidence_stop stop;
    size_t seen = 0;

    (void)state;
    write_entries(5);
    assert_int_equal(
        hf_evidence_walk(folder, stop_at_two, &seen, &head, &stop, NULL),
        HF_ECANCELED);
    assert_int_equal(seen, 2);
}

/* ---- lines ---- */

static void refuses_other_lines(void **state)
{
    static const char *const lines[] = {
        "",
        "{}",
        "{\"evidence\":1}",
        "{\"evidence\":01,\"at\":1,\"kind\":\"a\",\"body\":{}",
        "{\"evidence\":99999999999999999999,\"at\":1,\"kind\":\"a\"",
    };
    struct hf_digest *digest = NULL;
    struct hf_entry entry;

    (void)state;
    assert_int_equal(hf_digest_new(&digest, NULL), HF_OK);
    for (size_t i = 0; i < COUNT_OF(lines); i++)
        assert_int_equal(
            hf_entry_read(hf_span_str(lines[i]), digest, &entry, NULL),
            HF_ESYNTAX);
    hf_digest_free(digest);
}

int main(void)
{
#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(grows_over_segments),
        IN_FOLDER(has_nothing_before_sync),
        IN_FOLDER(syncs_or_says_so),
        IN_FOLDER(a_segment_is_in_its_folder),
        IN_FOLDER(is_written_before_the_disk_has_it),
        IN_FOLDER(has_a_head),
        IN_FOLDER(has_a_head_again),
        IN_FOLDER(misses_its_end),
        IN_FOLDER(has_one_writer),
        IN_FOLDER(survives_a_torn_end),
        IN_FOLDER(survives_an_empty_segment),
        IN_FOLDER(shows_every_change),
        IN_FOLDER(misses_what_is_missing),
        IN_FOLDER(survives_a_full_disk),
        IN_FOLDER(tells_of_each),
        cmocka_unit_test(refuses_other_lines),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
