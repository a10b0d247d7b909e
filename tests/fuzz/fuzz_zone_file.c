/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "dns/zone_file.h"
#include "holdfast/txt.h"

#define GENERATED_MAX 4000 /* four $GENERATE with three digits at most */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int file_with(struct hf_span text)
{
    int fd = memfd_create("zone", 0);
    ssize_t n = write(fd, text.ptr, text.len);

    assert(fd >= 0 && n == (ssize_t)text.len);
    return fd;
}

static struct hf_zone *open_fd(int fd)
{
    struct hf_zone *zone = NULL;
    char path[64];
    enum hf_err err;

    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    err = hf_zone_open(path, HF_SPAN("origin.example"), &zone, NULL);
    assert(err == HF_OK);
    return zone;
}

/* A persist record as a line of a zone file: read again it is the same. */
static void check_again(const struct hf_zone_record *record)
{
    struct hf_zone_record again = {0};
    struct hf_zone *zone;
    struct hf_buf text;
    struct hf_why why;
    bool more = false;
    enum hf_err err;
    int fd;

    hf_buf_init_grow(&text, (size_t)1 << 20);
    hf_buf_put(&text, record->owner);
    hf_buf_puts(&text, ". IN TXT ");
    hf_txt_put_presentation(&text, record->value);
    hf_buf_putc(&text, '\n');
    assert(!text.full);
    fd = file_with(hf_buf_span(&text));
    zone = open_fd(fd);
    err = hf_zone_next(zone, &again, &more, &why);
    assert(err == HF_OK && more && again.type == HF_RR_TXT);
    assert(hf_span_eq(again.owner, record->owner));
    assert(hf_span_eq(again.value, record->value));
    hf_zone_free(zone);
    (void)close(fd);
    hf_buf_clear(&text);
}

static void put_failure(struct hf_buf *out, const struct hf_zone *zone)
{
    const struct hf_zone_spot spot = hf_zone_at(zone);

    assert(spot.line >= 1 && spot.column >= 1);
    hf_buf_puts(out, "! ");
    hf_buf_put_u64(out, spot.line);
    hf_buf_putc(out, ' ');
    hf_buf_put_u64(out, spot.column);
    hf_buf_putc(out, '\n');
}

static void put_record(struct hf_buf *out, const struct hf_zone_record *record)
{
    if (record->type == HF_RR_NS && record->place != HF_ZONE_LABEL)
        return; /* of several at least the first, and maybe all */
    hf_buf_put(out, record->owner);
    hf_buf_putc(out, record->is_plain ? ' ' : '?');
    hf_buf_put_u64(out, record->type);
    hf_buf_putc(out, record->has_ttl ? ' ' : '?');
    hf_buf_put_u64(out, record->ttl_s);
    hf_buf_putc(out, ' ');
    hf_buf_put_u64(out, record->line);
    hf_buf_putc(out, ' ');
    hf_buf_put(out, record->value);
    hf_buf_putc(out, '\n');
}

/* Reading ends, and what it gives keeps its promises; all of it to `out`. */
static void read_all(struct hf_zone *zone, size_t size, struct hf_buf *out)
{
    uint64_t calls = 0;
    bool more = true;

    while (more) {
        struct hf_zone_record record;
        struct hf_why why = {0};
        enum hf_err err = hf_zone_next(zone, &record, &more, &why);

        assert(++calls <= size + 2 + GENERATED_MAX);
        assert(err == HF_OK || why.text != NULL);
        if (err != HF_OK) {
            put_failure(out, zone);
            continue;
        }
        if (!more)
            break;
        assert(record.owner.len <= 1023 && record.value.len <= UINT16_MAX);
        assert(record.line >= 1 && record.line <= size + 1);
        put_record(out, &record);
        if (record.place == HF_ZONE_LABEL && record.type == HF_RR_TXT)
            check_again(&record);
    }
    assert(hf_zone_bytes(zone) <= size + 1);
}

/* Not the fuzzer's: files that it would read, and lines that take long. */
static bool is_out_of_bounds(struct hf_span text)
{
    size_t digits = 0;
    unsigned generates = 0;

    for (size_t i = 0; i < text.len; i++) {
        struct hf_span rest = {text.ptr + i, text.len - i};

        digits = hf_is_digit(text.ptr[i]) ? digits + 1 : 0;
        rest.len = rest.len < 4 ? rest.len : 4;
        generates += hf_span_eq_nocase(rest, HF_SPAN("$GEN"));
        if (hf_span_eq_nocase(rest, HF_SPAN("$INC")) ||
            (generates > 0 && digits > 3) || generates > 4)
            return true;
    }
    return false;
}

/* The quick look and the careful way find the same; records survive a round
 * trip. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hf_span text = {(const char *)data, size};
    struct hf_buf out[2];
    int fd;

    if (is_out_of_bounds(text))
        return 0;
    fd = file_with(text);
    for (int careful = 0; careful <= 1; careful++) {
        struct hf_zone *zone = open_fd(fd);

        if (careful == 1)
            hf_zone_take_care(zone);
        if (size % 2 == 0)
            hf_zone_want_caa(zone);
        hf_buf_init_grow(&out[careful], (size_t)1 << 28);
        read_all(zone, size, &out[careful]);
        hf_zone_free(zone);
    }
    assert(hf_span_eq(hf_buf_span(&out[0]), hf_buf_span(&out[1])));
    hf_buf_clear(&out[0]);
    hf_buf_clear(&out[1]);
    (void)close(fd);
    return 0;
}
