/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "dns/zone_file.h"
#include "tests/unit/unit.h"

#define S(text) HF_SPAN_INIT(text)
#define L       "_validation-persist"

/*
 * What is read from a whole file, one line a record: owner, TTL (or -), value;
 * and for a failure: !line:column. BIND 9.18, Knot 3.2 or ldns 1.8 read the
 * same, or refuse the whole zone where there is a '!'.
 */
static const struct {
    const char *name;
    struct hf_span zone;
    const char *want;
} cases[] = {
    {"plain", S(L ".a. 60 IN TXT \"x\"\n"), L ".a 60 x\n"},
    {"class first", S(L ".a. IN 60 TXT \"x\"\n"), L ".a 60 x\n"},
    {"no ttl", S(L ".a. TXT \"x\"\n"), L ".a - x\n"},
    {"$TTL", S("$TTL 1h\n" L ".a. TXT x\n"), L ".a 3600 x\n"},
    {"last ttl", S("x. 7 A 192.0.2.1\n" L ".a. TXT x\n"), L ".a 7 x\n"},
    {"ttl units", S(L ".a. 1h30m TXT x\n"), L ".a 5400 x\n"},
    {"case", S("_VALIDATION-Persist.A. 60 in txt x\n"), L ".a 60 x\n"},
    {"ip label", S("_ip-validation-persist.1.2.0.192.in-addr.arpa. 60 TXT x\n"),
     "_ip-validation-persist.1.2.0.192.in-addr.arpa 60 x\n"},
    {"other label",
     S("_validation-persistx.a. 60 TXT x\n_dmarc.a. 60 TXT x\n"
       "x." L ".a. 60 TXT x\n"),
     ""},
    {"relative", S("$ORIGIN a.\n" L " 60 TXT x\n"), L ".a 60 x\n"},
    {"relative origin", S("$ORIGIN a.\n$ORIGIN b\n" L " 60 TXT x\n"),
     L ".b.a 60 x\n"},
    {"at", S("$ORIGIN " L ".a.\n@ 60 TXT x\nb 60 TXT x\n"), L ".a 60 x\n"},
    {"escaped at", S("$ORIGIN " L ".a.\n\\@ 60 TXT x\n"), ""},
    {"origin of lower case", S("$origin a.\n" L " 60 TXT x\n"), L ".a 60 x\n"},
    {"escape in the label", S("\\095validation\\-persist.a. 60 TXT x\n"),
     L ".a 60 x\n"},
    {"escaped dot", S(L "\\.a. 60 TXT x\n"), ""},
    {"quoted owner", S("\"" L ".a.\" 60 TXT x\n"), L ".a 60 x\n"},
    {"owner repeated", S(L ".a. 60 TXT x\n\tTXT y\n 60 IN TXT z\n"),
     L ".a 60 x\n" L ".a 60 y\n" L ".a 60 z\n"},
    {"owner repeated behind $ORIGIN",
     S("$ORIGIN a.\n" L " 60 TXT x\n$ORIGIN b.\n 60 TXT y\n"),
     L ".a 60 x\n" L ".a 60 y\n"},
    {"owner of a bad line is repeated",
     S(L ".a. 60 TXT x\nb. 60 BLA x\n 60 TXT y\n"), L ".a 60 x\n!2:7\n"},
    {"blank lines between", S(L ".a. 60 TXT x\n   \n ; c\n\n 60 TXT y\n"),
     L ".a 60 x\n" L ".a 60 y\n"},
    {"strings", S(L ".a. 60 TXT \"a\" b \"c;d\" ; \"e\"\n"), L ".a 60 abc;d\n"},
    {"strings that touch", S(L ".a. 60 TXT \"a\"\"b\"c\"d\"\n"),
     L ".a 60 abcd\n"},
    {"comment that touches", S(L ".a. 60 TXT a;b\n"), L ".a 60 a\n"},
    {"escapes", S(L ".a. 60 TXT \"a\\\"\\059\\\\\" \\;b\\(\n"),
     L ".a 60 a\";\\;b(\n"},
    {"octets", S(L ".a. 60 TXT \"\x01\xff\"\n"), L ".a 60 \x01\xff\n"},
    {"empty string", S(L ".a. 60 TXT \"\"\n"), L ".a 60 \n"},
    {"parentheses",
     S(L ".a. ( 60 ; c (\n TXT ) \"a\" ( ( \"b\"\n) ) ; )\n 60 TXT c\n"),
     L ".a 60 ab\n" L ".a 60 c\n"},
    {"parenthesis in a string", S(L ".a. 60 TXT \"(\"\n" L ".b. 60 TXT x\n"),
     L ".a 60 (\n" L ".b 60 x\n"},
    {"parenthesis in a comment",
     S("a. 60 A 192.0.2.1 ; (\n" L ".b. 60 TXT x\n"), L ".b 60 x\n"},
    {"quote in a comment", S("a. 60 A 192.0.2.1 ; \"\n" L ".b. 60 TXT x\n"),
     L ".b 60 x\n"},
    {"escaped quote", S("a. 60 TXT \\\"\n" L ".b. 60 TXT x\n"), L ".b 60 x\n"},
    {"label in data of others",
     S("a. 60 SOA b. c. (\n" L ".b. 60 TXT x\n 1 1 1 1 )\n"), "a 60 \n"},
    {"owner in parentheses", S("( " L ".a. 60 TXT x )\n"), L ".a 60 x\n"},
    {"string over lines in parentheses", S(L ".a. 60 TXT ( \"a\nb\" )\n"),
     L ".a 60 a\nb\n"},
    {"CR LF", S(L ".a. 60 TXT \"x\"\r\n\r\n\tTXT y\r\n"),
     L ".a 60 x\n" L ".a 60 y\n"},
    {"no last newline", S(L ".a. 60 TXT x"), L ".a 60 x\n"},
    {"generic type", S(L ".a. 60 CLASS1 type16 \\# 3 02 6162\n"),
     L ".a 60 ab\n"},
    {"generic data", S(L ".a. 60 TXT \\# ( 5 02\n6162 01 63 )\n"),
     L ".a 60 abc\n"},
    {"alias", S("$ORIGIN a.\n" L " 60 CNAME b\n*.c 60 CNAME D.e.\n"),
     L ".a 60 b.a\n*.c.a 60 d.e\n"},
    {"generic alias", S(L ".a. 60 CNAME \\# 5 01 62 01 63 00\n"),
     L ".a 60 b.c\n"},
    {"wildcard", S("*.a. 60 TXT x\n*.a. 60 A 192.0.2.1\n*x.a. 60 TXT x\n"),
     "*.a 60 x\n"},
    {"borders", S("a. 60 SOA b. c. 1 1 1 1 1\na. 60 NS b.\nd.a. 60 DNAME e.\n"),
     "a 60 \na 60 \nd.a 60 e\n"},
    {"NS again under another origin",
     S("$ORIGIN a.\nb 60 NS c\n$ORIGIN d.\nb 60 NS c\n"), "b.a 60 \nb.d 60 \n"},
    {"$GENERATE",
     S("$GENERATE 1-2 " L ".a$. 60 IN TXT x$ ; c\n" L ".b. 60 TXT x\n"),
     L ".a1 60 x1\n" L ".a2 60 x2\n" L ".b 60 x\n"},
    {"$GENERATE, step and case",
     S("$generate 0-5/2 " L ".$. TXT a\n$GENERATE 7-7/9 " L
       ".$. IN 1m TXT a\n"),
     L ".0 - a\n" L ".2 - a\n" L ".4 - a\n" L ".7 60 a\n"},
    {"$GENERATE, bases",
     S("$GENERATE 10-10 " L ".a${0,3}-${170,0,o}-${170,6,x}-${170,1,X}. 60 TXT "
       "${1,4,n}/${170,6,n}/${170,0,N}/${0,2,n}/${4097,0,n}\n"),
     L ".a010-264-0000b4-b4 60 b.0./4.b.0./4.B/a./b.0.0.1\n"},
    {"$GENERATE, below zero",
     S("$GENERATE 1-1 " L ".a. 60 TXT ${-3}/${-3,4}/${-3,1,d}/${-3,9,x}/$\n"),
     L ".a 60 -2/-002/-2/0fffffffe/-2\n"},
    {"$GENERATE, dollars and escapes",
     S("$GENERATE 1-1 " L ".a\\$$$$. 60 TXT \\$$$$\\\\$\n"),
     L ".a\\$\\$1 60 $$1\\1\n"},
    {"$GENERATE, quoted",
     S("$GENERATE 1-1 " L ".a. 60 TXT \"a b $\"\n$GENERATE 1-1 " L
       ".b. 60 TXT \"\\\"a; b=$\\\" \\; \\\\\"\n$GENERATE 1-1 " L
       ".c. 60 TXT \"a ; b\"\n$GENERATE 1-1 " L ".d. 60 TXT \"( a )\"\n"),
     L ".a 60 ab1\n" L ".b 60 a; b=1;\\\n" L ".c 60 a\n" L ".d 60 a\n"},
    {"$GENERATE leaves the owner alone",
     S(L ".a. 60 TXT x\n$GENERATE 1-1 b$. 60 TXT x\n 60 TXT y\n"),
     L ".a 60 x\n" L ".a 60 y\n"},
    {"$GENERATE, origin and TTLs",
     S("$ORIGIN a.\nx 7 A 192.0.2.1\n$GENERATE 1-1 " L ".$ TXT x\n$GENERATE "
       "2-2 " L ".$ 8 TXT x\n" L ".3 TXT x\n$TTL 9\n$GENERATE 4-4 " L
       ".$ TXT x\n"),
     L ".1.a 7 x\n" L ".2.a 8 x\n" L ".3.a 8 x\n" L ".4.a 9 x\n"},
    {"$GENERATE over lines",
     S("$GENERATE ( 1-2 ; c\n " L ".$.\n TXT ; c\n x )\n" L ".b. 60 TXT x\n"),
     L ".1 - x\n" L ".2 - x\n" L ".b 60 x\n"},
    {"many heads",
     S("a. 60 IN A 192.0.2.1\n" L ".a. 60 IN TXT x\n" L ".b. 60 IN TXT x\n" L
       ".c. IN 60 TXT x\n" L ".d. 60 TXT x\n" L ".e. TXT x\n" L
       ".f.\tTXT\tx\nA. 61 IN A 192.0.2.1\n" L ".g. TXT x\n" L
       ".h. 61 IN TXT x\n" L ".i. 1m IN TXT x\n" L ".j. 1m IN TXT x\n"),
     L ".a 60 x\n" L ".b 60 x\n" L ".c 60 x\n" L ".d 60 x\n" L ".e 60 x\n" L
       ".f 60 x\n" L ".g 61 x\n" L ".h 61 x\n" L ".i 60 x\n" L ".j 60 x\n"},
    {"heads again", S(L ".a. 60 TXT x\nz. 5 A 192.0.2.1\n" L ".b. 60 TXT x\n"),
     L ".a 60 x\n" L ".b 60 x\n"},
    {"escaped quote before a parenthesis",
     S("a. 60 TXT \"\\\"\" ( \"a\n" L ".b. 60 TXT x\" )\n" L
       ".c. 60 TXT x\nd. 60 TXT a\\\" ( \\\"\n" L ".e. 60 TXT x )\n"),
     L ".c 60 x\n"},
    {"long lines",
     S("a. 60 IN TXT \"0123456789012345678901234567890123456789;(\" \"0123456"
       "789012345678901234567890123456789\"\n" L
       ".a. 60 IN TXT \"01234567890123"
       "45678901234567890123456789;(\"\nb. 60 IN TXT "
       "\"01234567890123456789012345678901234567890\\\"123\" ( \n" L
       ".x. 60 TXT x )\n" L ".b. 60 TXT x\n"),
     L ".a 60 0123456789012345678901234567890123456789;(\n" L ".b 60 x\n"},
    /* bad: one line, and what follows it is read */
    {"no type", S(L ".a. 60 IN\n" L ".b. 60 TXT x\n"), "!1:29\n" L ".b 60 x\n"},
    {"unknown type", S(L ".a. 60 IN TXTT x\n" L ".b. 60 TXT x\n"),
     "!1:30\n" L ".b 60 x\n"},
    {"two TTLs", S(L ".a. 60 60 TXT x\n"), "!1:27\n"},
    {"two classes", S(L ".a. IN IN TXT x\n"), "!1:27\n"},
    {"other class", S(L ".a. 60 CH TXT x\n"), "!1:27\n"},
    {"large TTL", S(L ".a. 4294967296 TXT x\n"), "!1:24\n"},
    {"no string", S(L ".a. 60 TXT ; x\n"), "!1:34\n"},
    {"bad escape", S(L ".a. 60 TXT ab\\256\n"), "!1:33\n"},
    {"escape at the end", S(L ".a. 60 TXT a\\\n" L ".b. 60 TXT x\n"),
     "!1:32\n" L ".b 60 x\n"},
    {"open string", S(L ".a. 60 TXT \"a\n" L ".b. 60 TXT \"x\"\n"),
     "!1:33\n" L ".b 60 x\n"},
    {"open parenthesis", S(L ".a. 60 TXT ( a\n" L ".b. 60 TXT x\n"),
     "!1:1\n" L ".b 60 x\n"},
    {"closing parenthesis", S(L ".a. 60 TXT a )\n" L ".b. 60 TXT x\n"),
     "!1:1\n" L ".b 60 x\n"},
    {"generic length", S(L ".a. 60 TXT \\# 4 026162\n"), "!1:42\n"},
    {"generic digits", S(L ".a. 60 TXT \\# 3 0261 6x\n"), "!1:41\n"},
    {"no owner", S(" 60 TXT x\n"), "!1:1\n"},
    {"no origin", S(L ".a 60 TXT x\n"), "!1:1\n"},
    {"empty label", S(L "..a. 60 TXT x\n"), "!1:1\n"},
    {"long label",
     S(L ".0123456789012345678901234567890123456789012345678901234567890123.a. "
         "60 TXT x\n"),
     "!1:1\n"},
    {"bad directive", S("$FOO x\n" L ".a. 60 TXT x\n"), "!1:1\n" L ".a 60 x\n"},
    {"$GENERATE without all", S("$GENERATE\n$GENERATE 1-2\n$GENERATE 1-2 a.\n"),
     "!1:10\n!2:14\n!3:17\n"},
    {"$GENERATE without data",
     S("$GENERATE 1-2 a. TXT ; x\n$GENERATE 1-2 a. TXT x y\n"),
     "!1:25\n!2:23\n"},
    {"$GENERATE, bad range",
     S("$GENERATE 2-1 a. TXT x\n$GENERATE 1 a. TXT x\n"
       "$GENERATE 1-2/0 a. TXT x\n$GENERATE 1-2x a. TXT x\n"
       "$GENERATE 1-2147483648 a. TXT x\n$GENERATE -1-2 a. TXT x\n"),
     "!1:11\n!2:11\n!3:11\n!4:11\n!5:11\n!6:11\n"},
    {"$GENERATE, too many",
     S("$GENERATE 0-16777216 a. A 192.0.2.1\n$GENERATE 0-2 a. A 192.0.2.1\n"
       "$GENERATE 0-16777213 a. A 192.0.2.1\n" L ".a. 60 TXT x\n"),
     "!1:11\n!3:11\n" L ".a 60 x\n"},
    {"$GENERATE, bad braces",
     S("$GENERATE 1-2 a${1 TXT x\n$GENERATE 1-2 a. TXT x$${${1}${,2}\n"
       "$GENERATE 1-2 a${1,2,q}. TXT x\n$GENERATE 1-2 a${1,128}. TXT x\n"
       "$GENERATE 1-2 a${-2,2,n}. TXT x\n$GENERATE 1-2 a${}. TXT x\n"
       "$GENERATE 1-2 a${2147483646}. TXT x\n$GENERATE 1-2 a${0,1,dd}. TXT "
       "x\n"),
     "!1:16\n!2:30\n!3:16\n!4:16\n!5:16\n!6:16\n!7:16\n!8:16\n"},
    {"$GENERATE, no partner",
     S("$GENERATE 1-2 a. TXT \"( x\"\n$GENERATE 1-2 a. TXT \"\\\"x\"\n"
       "$GENERATE ( 1-2 a. TXT \"x\ny\" )\n" L ".a. 60 TXT x\n"),
     "!1:23\n!2:23\n!3:25\n" L ".a 60 x\n"},
    {"$GENERATE, quoted owner", S("$GENERATE 1-2 \"a.\" TXT x\n"), "!1:15\n"},
    {"$GENERATE, bad type", S("$GENERATE 1-2 a. TXTT x\n"), "!1:18\n"},
    {"$GENERATE, bad lines",
     S("$GENERATE 1-2 " L ".$..a. 60 TXT x\n" L ".b. 60 TXT x\n"),
     "!1:1\n!1:1\n" L ".b 60 x\n"},
    {"$GENERATE is no way to a directive",
     S("$ORIGIN a.\n$GENERATE 1-1 $$ORIGIN TXT " L ".b.\n@ 60 TXT x\n"), ""},
    {"$INCLUDE of nothing", S("$INCLUDE no/such/file\n" L ".a. 60 TXT x\n"),
     "!1:9\n" L ".a 60 x\n"},
    {"boring but broken", S("a. 60 A \"x\n" L ".a. 60 TXT x\n"),
     "!1:11\n" L ".a 60 x\n"},
    {"boring, bad owner", S("a..b. 60 A 192.0.2.1\n.a. 60 A 192.0.2.1\n"),
     "!1:1\n!2:1\n"},
    {"boring, bad owner repeated",
     S("a..b. 60 IN A 192.0.2.1\n 60 IN A 192.0.2.1\n"), "!1:1\n!2:1\n"},
    {"boring, no origin", S("a 60 A 192.0.2.1\n"), "!1:1\n"},
    {"boring, long owner",
     S("$ORIGIN 0123456789012345678901234567890123456789.0123456789012345678901"
       "234567890123456789.0123456789012345678901234567890123456789.01234567890"
       "12345678901234567890123456789.0123456789012345678901234567890123456789."
       "\n"
       "0123456789012345678901234567890123456789 60 A 192.0.2.1\n"
       "0123456789012345678901234567890123456789012345678 60 A 192.0.2.1\n"),
     "!3:1\n"},
    {"owner of an entry without end is not repeated",
     S(L ".a. 60 TXT x\n" L ".b. 60 TXT ( x\n 60 TXT y\n"),
     L ".a 60 x\n!2:1\n" L ".a 60 y\n"},
};

/* A file with these bytes; its name lives until the next call. */
static const char *write_file(struct hf_span text)
{
    static char path[] = "/tmp/test_zone_file.XXXXXX";
    int fd;

    memcpy(path + sizeof(path) - 7, "XXXXXX", 6);
    fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text.ptr, text.len), (ssize_t)text.len);
    (void)close(fd);
    return path;
}

static void put_record(struct hf_buf *out, const struct hf_zone_record *record)
{
    hf_buf_put(out, record->owner);
    hf_buf_putc(out, ' ');
    if (record->has_ttl)
        hf_buf_put_u64(out, record->ttl_s);
    else
        hf_buf_putc(out, '-');
    hf_buf_putc(out, ' ');
    hf_buf_put(out, record->value);
    hf_buf_putc(out, '\n');
}

static void put_failure(struct hf_buf *out, const struct hf_zone *zone)
{
    struct hf_zone_spot spot = hf_zone_at(zone);

    hf_buf_putc(out, '!');
    hf_buf_put_u64(out, spot.line);
    hf_buf_putc(out, ':');
    hf_buf_put_u64(out, spot.column);
    hf_buf_putc(out, '\n');
}

enum { TAKE_CARE = 1, WANT_CAA = 2 };

/* Everything in the file, in the language of the table. */
static void read_as(const char *path, unsigned how, struct hf_buf *out)
{
    struct hf_zone *zone = NULL;
    struct hf_why why = {0};
    bool more = true;

    assert_int_equal(hf_zone_open(path, HF_SPAN(""), &zone, &why), HF_OK);
    if ((how & TAKE_CARE) != 0)
        hf_zone_take_care(zone);
    if ((how & WANT_CAA) != 0)
        hf_zone_want_caa(zone);
    while (more) {
        struct hf_zone_record record;
        enum hf_err err = hf_zone_next(zone, &record, &more, &why);

        assert_true(err == HF_OK || why.text != NULL);
        if (err != HF_OK)
            put_failure(out, zone);
        else if (more)
            put_record(out, &record);
    }
    hf_zone_free(zone);
}

static void read_with(const char *path, bool careful, struct hf_buf *out)
{
    read_as(path, careful ? TAKE_CARE : 0, out);
}

static void read_all(const char *path, struct hf_buf *out)
{
    read_with(path, false, out);
}

/* Every case twice: with quick looks and without. */
static void table(void **state)
{
    char room[4096];

    (void)state;
    for (size_t i = 0; i < 2 * COUNT_OF(cases); i++) {
        bool careful = i >= COUNT_OF(cases);
        const char *path = write_file(cases[i % COUNT_OF(cases)].zone);
        const char *name = cases[i % COUNT_OF(cases)].name;
        const char *want = cases[i % COUNT_OF(cases)].want;
        struct hf_buf got;

        hf_buf_init(&got, room, sizeof(room));
        read_with(path, careful, &got);
        (void)unlink(path);
        if (!hf_span_eq(hf_buf_span(&got), hf_span_str(want)))
            fail_msg("%s%s: got\n%.*s", name, careful ? " (careful)" : "",
                     (int)got.len, got.ptr);
    }
}

/* CAA when it is wanted, as RDATA; else it is stepped over, also when it is
 * broken. */
static void caa(void **state)
{
    static const struct {
        struct hf_span zone;
        struct hf_span want;
    } rows[] = {
        {S("a. 60 CAA 0 issue \"b; c=d\"\n"), S("a 60 \0\5issueb; c=d\n")},
        {S("a. 60 IN TYPE257 128 Tag1 b\n"), S("a 60 \x80\4Tag1b\n")},
        {S("*.a. 60 CAA 255 x \"a\\\"\\098\"\n"), S("*.a 60 \xff\1xa\"b\n")},
        {S("a. 60 CAA \\# 4 00 01 61 62\n"), S("a 60 \0\1ab\n")},
        {S(L ".a. 60 CAA 0 x \"\"\n"), S(L ".a 60 \0\1x\n")},
        {S("a. 60 CAA 256 x y\n"), S("!1:11\n")},
        {S("a. 60 CAA x x y\n"), S("!1:11\n")},
        {S("a. 60 CAA\n"), S("!1:10\n")},
        {S("a. 60 CAA 0 x-y z\n"), S("!1:13\n")},
        {S("a. 60 CAA 0 \"x\" z\n"), S("!1:14\n")},
        {S("a. 60 CAA 0\n"), S("!1:12\n")},
        {S("a. 60 CAA 0 x\n"), S("!1:14\n")},
        {S("a. 60 CAA 0 x y z\n"), S("!1:15\n")},
        {S("a. 60 CAA 0 x y\\256\n"), S("!1:16\n")},
    };
    char room[256];
    struct hf_buf got;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const char *path = write_file(rows[i].zone);

        hf_buf_init(&got, room, sizeof(room));
        read_as(path, WANT_CAA, &got);
        assert_span_equal(hf_buf_span(&got), rows[i].want);
        hf_buf_reset(&got);
        read_as(path, 0, &got);
        (void)unlink(path);
        if (!hf_span_starts(rows[i].zone, HF_SPAN(L)))
            assert_span_equal(hf_buf_span(&got), HF_SPAN(""));
    }
}

/* Of several NS in a row at least the first. */
static void several_ns(void **state)
{
    const char *path = write_file(
        (struct hf_span)S("a. 60 NS b.\na. 60 NS c.\nA. 60 NS d.\n"));
    char room[64];
    struct hf_buf got;

    (void)state;
    hf_buf_init(&got, room, sizeof(room));
    read_with(path, false, &got);
    assert_span_equal(hf_buf_span(&got), HF_SPAN("a 60 \na 60 \n"));
    hf_buf_reset(&got);
    read_with(path, true, &got);
    assert_span_equal(hf_buf_span(&got), HF_SPAN("a 60 \na 60 \na 60 \n"));
    (void)unlink(path);
}

/* What is remembered of some heads is never taken for others, which are many
 * more than are remembered. */
static void very_many_heads(void **state)
{
    struct hf_buf text;
    struct hf_buf want;
    struct hf_buf got;
    const char *path;

    (void)state;
    hf_buf_init_grow(&text, (size_t)1 << 20);
    hf_buf_init_grow(&want, (size_t)1 << 20);
    hf_buf_init_grow(&got, (size_t)1 << 20);
    for (unsigned i = 0; i < 2000; i++) {
        char line[200];

        (void)snprintf(line, sizeof(line),
                       "a. %u IN A 192.0.2.1\n" L ".a. %u IN TXT x\n" L
                       ".b. IN %u TXT x\n",
                       10000000 + i, 10000000 + i, 10000001 + i);
        hf_buf_puts(&text, line);
        (void)snprintf(line, sizeof(line), L ".a %u x\n" L ".b %u x\n",
                       10000000 + i, 10000001 + i);
        hf_buf_puts(&want, line);
    }
    path = write_file(hf_buf_span(&text));
    read_with(path, false, &got);
    (void)unlink(path);
    assert_span_equal(hf_buf_span(&got), hf_buf_span(&want));
    hf_buf_clear(&text);
    hf_buf_clear(&want);
    hf_buf_clear(&got);
}

/* The same records wherever the buffer's end falls: every entry is moved by
 * one octet at a time over the border of the first 256 kB. */
static void border_of_the_buffer(void **state)
{
    static const char tail[] =
        L ".a. 60 IN TXT \"x\"\n\t60 TXT ( \"y\"\n\"z\" )\n"
          "$ORIGIN b.\n" L " 60 TXT \"w\\\"\" ; c\n 60 TXT v\n";
    const size_t border = (size_t)256 << 10;
    struct hf_buf text;
    char room[512];

    (void)state;
    for (size_t shift = 1; shift < sizeof(tail); shift++) {
        const char *path;
        struct hf_buf got;

        hf_buf_init_grow(&text, border * 2);
        while (text.len + 1 < border - shift)
            hf_buf_putc(&text, ';');
        hf_buf_putc(&text, '\n');
        hf_buf_puts(&text, tail);
        path = write_file(hf_buf_span(&text));
        hf_buf_init(&got, room, sizeof(room));
        read_all(path, &got);
        (void)unlink(path);
        assert_span_equal(hf_buf_span(&got),
                          HF_SPAN(L ".a 60 x\n" L ".a 60 yz\n" L ".b 60 w\"\n" L
                                    ".b 60 v\n"));
        hf_buf_clear(&text);
    }
}

/* A line longer than an entry may be is an error, and the next one is read. */
static void endless_line(void **state)
{
    struct hf_buf text;
    struct hf_buf got;
    char room[128];
    const char *path;

    (void)state;
    hf_buf_init_grow(&text, HF_ZONE_ENTRY_MAX * 4);
    hf_buf_puts(&text, "a. 60 TXT ");
    for (size_t i = 0; i < HF_ZONE_ENTRY_MAX * 2; i++)
        hf_buf_putc(&text, 'x');
    hf_buf_puts(&text, "\n" L ".a. 60 TXT x\n");
    path = write_file(hf_buf_span(&text));
    hf_buf_init(&got, room, sizeof(room));
    read_all(path, &got);
    (void)unlink(path);
    assert_span_equal(hf_buf_span(&got), HF_SPAN("!1:1\n" L ".a 60 x\n"));
    hf_buf_clear(&text);
}

/* Origin and owner of the including file come back; the included one has its
 * own; a file that includes itself ends. */
static void include(void **state)
{
    char dir[] = "/tmp/test_zone_file.XXXXXX";
    char path[64];
    char room[4096];
    struct hf_buf got;
    FILE *file;

    (void)state;
    assert_non_null(mkdtemp(dir));
    (void)snprintf(path, sizeof(path), "%s/inner", dir);
    file = fopen(path, "w");
    assert_non_null(file);
    (void)fputs(" 60 TXT inner\n$ORIGIN c.\n" L " 60 TXT c\nbroken\n", file);
    (void)fclose(file);
    (void)snprintf(path, sizeof(path), "%s/outer", dir);
    file = fopen(path, "w");
    assert_non_null(file);
    (void)fputs("$ORIGIN a.\n" L " 60 TXT x\n$INCLUDE inner b.\n 60 TXT y\n" L
                " 60 TXT z\n$INCLUDE outer\n",
                file);
    (void)fclose(file);

    hf_buf_init(&got, room, sizeof(room));
    read_all(path, &got);
    assert_false(got.full);
    assert_true(hf_span_starts(hf_buf_span(&got),
                               HF_SPAN(L ".a 60 x\n" L ".a 60 inner\n" L
                                         ".c 60 c\n!4:7\n" L ".a 60 y\n" L
                                         ".a 60 z\n" L ".a 60 x\n")));
    (void)unlink(path);
    (void)snprintf(path, sizeof(path), "%s/inner", dir);
    (void)unlink(path);
    (void)rmdir(dir);
}

static void no_such_file(void **state)
{
    struct hf_zone *zone = NULL;
    struct hf_why why = {0};

    (void)state;
    assert_int_equal(hf_zone_open("/no/such/zone", HF_SPAN(""), &zone, &why),
                     HF_ENOTFOUND);
    assert_int_equal(hf_zone_open("/tmp", HF_SPAN(""), &zone, &why), HF_EINVAL);
    assert_null(zone);
}

/* Every allocation may fail, and nothing is lost or leaked. */
static void allocations_fail(void **state)
{
    const char *path =
        write_file((struct hf_span)S(L ".a. 60 TXT a \"b\\099\"\n"));
    long after = 0;
    enum hf_err err;

    (void)state;
    do {
        struct hf_zone *zone = NULL;
        struct hf_zone_record record;
        bool more;

        hf_alloc_fail_after(after++, false);
        err = hf_zone_open(path, HF_SPAN("o."), &zone, NULL);
        if (err == HF_OK)
            err = hf_zone_next(zone, &record, &more, NULL);
        hf_alloc_fail_after(-1, false);
        assert_true(err == HF_OK || err == HF_ENOMEM);
        if (err == HF_OK)
            assert_span_equal(record.value, HF_SPAN("abc"));
        hf_zone_free(zone);
    } while (err != HF_OK);
    assert_true(after > 3);
    (void)unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table),
        cmocka_unit_test(several_ns),
        cmocka_unit_test(caa),
        cmocka_unit_test(very_many_heads),
        cmocka_unit_test(border_of_the_buffer),
        cmocka_unit_test(endless_line),
        cmocka_unit_test(include),
        cmocka_unit_test(no_such_file),
        cmocka_unit_test(allocations_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
