/* SPDX-License-Identifier: Apache-2.0 */
#include "holdfast/buf.h"
#include "net/server_read.h"
#include "tests/unit/unit.h"

#define S HF_SPAN_INIT

static const struct hf_server_bounds bounds = {.header_max = 512,
                                               .body_max = 1000};

/* After a request line and a Host that are good. */
#define HEAD(fields) S("GET / HTTP/1.1\r\nHost: a\r\n" fields "\r\n")
#define LINE(line)   S(line "\r\nHost: a\r\n\r\n")

static const struct {
    const char *name;
    struct hf_span text;
    int status;
} cases[] = {
    /* good */
    {"plain", LINE("GET / HTTP/1.1"), 0},
    {"an empty line before", LINE("\r\nGET / HTTP/1.1"), 0},
    {"another method", LINE("M-SEARCH / HTTP/1.1"), 0},
    {"query and escapes", LINE("GET /a%2fb?c=d&e=%7E;f=[1] HTTP/1.1"), 0},
    {"a minor version to come", LINE("GET / HTTP/1.9"), 0},
    {"whole URL", LINE("GET http://a/b HTTP/1.1"), 0},
    {"whole URL, in capitals", LINE("GET https://A HTTP/1.1"), 0},
    {"old, without Host", S("GET / HTTP/1.0\r\n\r\n"), 0},
    {"no blank behind the colon", HEAD("A:b\r\n"), 0},
    {"blanks around a value", HEAD("A: \t b \t\r\n"), 0},
    {"no value", HEAD("A:\r\n"), 0},
    {"beyond ASCII in a value", HEAD("A: \xc3\xa9\r\n"), 0},
    {"length", HEAD("Content-Length: 0\r\n"), 0},
    {"the longest length", HEAD("Content-Length: 1000\r\n"), 0},
    {"length with zeros", HEAD("Content-Length: 0000000000000007\r\n"), 0},
    {"Accept twice", HEAD("Accept: a\r\nAccept: b\r\n"), 0},
    {"expects", HEAD("Expect: 100-Continue\r\nContent-Length: 1\r\n"), 0},
    /* the request line */
    {"two empty lines before", LINE("\r\n\r\nGET / HTTP/1.1"), 400},
    {"no method", LINE(" / HTTP/1.1"), 400},
    {"odd method", LINE("G@T / HTTP/1.1"), 400},
    {"long method", LINE("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA / HTTP/1.1"), 400},
    {"two blanks", LINE("GET  / HTTP/1.1"), 400},
    {"tab for a blank", LINE("GET\t/ HTTP/1.1"), 400},
    {"blank in the target", LINE("GET /a b HTTP/1.1"), 400},
    {"blank at the end", LINE("GET / HTTP/1.1 "), 400},
    {"no version", LINE("GET /"), 400},
    {"HTTP/0.9", S("GET /\r\n\r\n"), 400},
    {"HTTP/2 in the clear", S("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 505},
    {"HTTP/2", LINE("GET / HTTP/2.0"), 505},
    {"HTTP/3", LINE("GET / HTTP/3.1"), 505},
    {"version in small letters", LINE("GET / http/1.1"), 400},
    {"version with more digits", LINE("GET / HTTP/1.10"), 400},
    {"version without a dot", LINE("GET / HTTP/1,1"), 400},
    {"relative target", LINE("GET a HTTP/1.1"), 400},
    {"every target", LINE("OPTIONS * HTTP/1.1"), 400},
    {"a proxy's method", LINE("CONNECT a:443 HTTP/1.1"), 400},
    {"another scheme", LINE("GET ftp://a/ HTTP/1.1"), 400},
    {"URL of another host", LINE("GET http://b/ HTTP/1.1"), 400},
    {"URL of a longer host", LINE("GET http://a@b/ HTTP/1.1"), 400},
    {"fragment", LINE("GET /#a HTTP/1.1"), 400},
    {"backslash", LINE("GET /\\a HTTP/1.1"), 400},
    {"half an escape", LINE("GET /%4 HTTP/1.1"), 400},
    {"no escape", LINE("GET /%zz HTTP/1.1"), 400},
    {"beyond ASCII in the target", LINE("GET /\xc3\xa9 HTTP/1.1"), 400},
    {"NUL in the target", S("GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"TLS where there is none", S("\x16\x03\x01\x02\x00\x01\n"), 400},
    /* lines */
    {"LF alone", S("GET / HTTP/1.1\nHost: a\n\n"), 400},
    {"LF alone at the end", S("GET / HTTP/1.1\r\nHost: a\r\n\n"), 400},
    {"LF alone in between", HEAD("A: b\nC: d\r\n"), 400},
    {"CR alone", HEAD("A: b\rC: d\r\n"), 400},
    {"CR twice", HEAD("A: b\r\r\n"), 400},
    {"folded", HEAD("A: b\r\n c\r\n"), 400},
    {"folded with a tab", HEAD("A: b\r\n\tc\r\n"), 400},
    {"folded at once", S("GET / HTTP/1.1\r\n Host: a\r\n\r\n"), 400},
    /* fields */
    {"blank before the colon", HEAD("A : b\r\n"), 400},
    {"tab before the colon", HEAD("Content-Length\t: 1\r\n"), 400},
    {"no colon", HEAD("A\r\n"), 400},
    {"no name", HEAD(": b\r\n"), 400},
    {"odd name", HEAD("A(: b\r\n"), 400},
    {"name beyond ASCII", HEAD("\xc3\xa9: b\r\n"), 400},
    {"NUL in a name", HEAD("A\0: b\r\n"), 400},
    {"NUL in a value", HEAD("A: b\0\r\n"), 400},
    {"DEL in a value", HEAD("A: b\x7f\r\n"), 400},
    /* Host */
    {"no Host", S("GET / HTTP/1.1\r\n\r\n"), 400},
    {"two Hosts", HEAD("Host: a\r\n"), 400},
    {"two Hosts, old", S("GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n"), 400},
    {"empty Host", S("GET / HTTP/1.1\r\nHost:\r\n\r\n"), 400},
    {"list of Hosts", S("GET / HTTP/1.1\r\nHost: a, b\r\n\r\n"), 400},
    {"Host with a user", S("GET / HTTP/1.1\r\nHost: a@b\r\n\r\n"), 400},
    {"Host with a path", S("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"), 400},
    /* lengths */
    {"two lengths", HEAD("Content-Length: 1\r\nContent-Length: 2\r\n"), 400},
    {"a length twice", HEAD("Content-Length: 1\r\nContent-Length: 1\r\n"), 400},
    {"list of lengths", HEAD("Content-Length: 1, 1\r\n"), 400},
    {"length with +", HEAD("Content-Length: +5\r\n"), 400},
    {"length below 0", HEAD("Content-Length: -1\r\n"), 400},
    {"length in hex", HEAD("Content-Length: 0x5\r\n"), 400},
    {"length with a blank", HEAD("Content-Length: 1 2\r\n"), 400},
    {"empty length", HEAD("Content-Length:\r\n"), 400},
    {"length in words", HEAD("Content-Length: five\r\n"), 400},
    {"too long", HEAD("Content-Length: 1001\r\n"), 413},
    {"far too long", HEAD("Content-Length: 18446744073709551617\r\n"), 413},
    /* codings */
    {"chunks", HEAD("Transfer-Encoding: chunked\r\n"), 411},
    {"odd chunks", HEAD("Transfer-Encoding: xchunked\r\n"), 411},
    {"chunks twice",
     HEAD("Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n"),
     411},
    {"chunks and a length",
     HEAD("Transfer-Encoding: chunked\r\nContent-Length: 1\r\n"), 400},
    {"a length and chunks",
     HEAD("Content-Length: 1\r\ntransfer-encoding: chunked\r\n"), 400},
    {"a coding that is none, and a length",
     HEAD("Transfer-Encoding:\r\nContent-Length: 1\r\n"), 400},
    {"chunks, old", S("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"),
     400},
    /* others */
    {"two types", HEAD("Content-Type: a\r\nContent-Type: b\r\n"), 400},
    {"two credentials", HEAD("Authorization: a\r\nAuthorization: b\r\n"), 400},
    {"expects something else", HEAD("Expect: 200-ok\r\n"), 417},
};

static int look(struct hf_span text, struct hf_server_head *head)
{
    size_t seen = 0;

    return hf_server_read_head(text, &seen, &bounds, head);
}

static void shapes(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct hf_server_head head = {0};
        int status = look(cases[i].text, &head);

        if (status != cases[i].status ||
            (status == 0 && head.len != cases[i].text.len))
            fail_msg("%s: %d, %zu octets", cases[i].name, status, head.len);
    }
}

/* However the octets come, what is said of them at last is the same. */
static void octet_by_octet(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct hf_server_head head = {0};
        size_t seen = 0;
        size_t n = 0;
        int status = 0;

        while (status == 0 && head.len == 0 && n++ < cases[i].text.len) {
            struct hf_span part = {cases[i].text.ptr, n};

            status = hf_server_read_head(part, &seen, &bounds, &head);
        }
        if (status != cases[i].status || (status == 0 && head.len != n))
            fail_msg("%s: %d after %zu octets", cases[i].name, status, n);
    }
}

static void texts(void **state)
{
    static const struct hf_span text =
        S("POST http://ca.example:8443/new?x HTTP/1.1\r\n"
          "hOST: ca.example:8443\r\n"
          "user-agent:  curl/8 (x) \r\n"
          "Accept: a/b\r\n"
          "Accept: c\r\n"
          "Accept-Language: d\xc3\xa9\r\n"
          "Accept-Language: de, en\r\n"
          "Authorization: Bearer x\r\n"
          "Content-Type: application/jose+json\r\n"
          "Content-Length: 12\r\n"
          "Connection: keep-alive, Close\r\n"
          "\r\n"
          "0123456789ab");
    struct hf_server_head head = {0};

    (void)state;
    assert_int_equal(look(text, &head), 0);
    assert_int_equal(head.len + head.body_len, text.len);
    assert_int_equal(head.request.method, HF_SERVER_POST);
    assert_true(head.closes);
    assert_false(head.expects);
    assert_span_equal(head.request.method_text, HF_SPAN("POST"));
    assert_span_equal(head.request.target, HF_SPAN("/new?x"));
    assert_span_equal(head.request.host, HF_SPAN("ca.example:8443"));
    assert_span_equal(head.request.user_agent, HF_SPAN("curl/8 (x)"));
    assert_span_equal(head.request.accept, HF_SPAN("a/b"));
    assert_span_equal(head.request.accept_language, HF_SPAN("de, en"));
    assert_span_equal(head.request.authorization, HF_SPAN("Bearer x"));
    assert_span_equal(head.request.content_type,
                      HF_SPAN("application/jose+json"));
}

static void ends(void **state)
{
    static const struct {
        struct hf_span text;
        bool closes;
        bool expects;
    } rows[] = {
        {HEAD(""), false, false},
        {HEAD("Connection: keep-alive\r\n"), false, false},
        {HEAD("Connection: closed\r\n"), false, false},
        {HEAD("Connection: a\r\nConnection: close\r\n"), true, false},
        {HEAD("Expect: 100-continue\r\n"), false, true},
        {S("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"), true, false},
        {S("GET / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n"), true, false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct hf_server_head head = {0};

        assert_int_equal(look(rows[i].text, &head), 0);
        if (head.closes != rows[i].closes || head.expects != rows[i].expects)
            fail_msg("row %zu", i);
    }
}

/* Ends or not, more than header_max is too long; so are more than 100 fields.
 */
static void long_headers(void **state)
{
    const struct hf_server_bounds wide = {.header_max = 65536,
                                          .body_max = 1000};
    char room[2048];
    struct hf_server_head head = {0};
    struct hf_buf text;
    size_t seen = 0;

    (void)state;
    hf_buf_init(&text, room, sizeof(room));
    hf_buf_puts(&text, "GET / HTTP/1.1\r\nHost: a\r\nA: ");
    while (text.len < 512)
        hf_buf_putc(&text, 'x');
    assert_int_equal(look(hf_buf_span(&text), &head), 0);
    assert_int_equal(head.len, 0);
    hf_buf_putc(&text, 'x');
    assert_int_equal(look(hf_buf_span(&text), &head), 431);
    hf_buf_puts(&text, "\r\n\r\n");
    assert_int_equal(look(hf_buf_span(&text), &head), 431);

    hf_buf_reset(&text);
    hf_buf_puts(&text, "GET / HTTP/1.1\r\nHost: a\r\n");
    for (int i = 1; i < 100; i++)
        hf_buf_puts(&text, "a:b\r\n");
    hf_buf_puts(&text, "\r\n");
    assert_int_equal(
        hf_server_read_head(hf_buf_span(&text), &seen, &wide, &head), 0);
    assert_int_equal(head.len, text.len);
    text.len -= 2;
    hf_buf_puts(&text, "a:b\r\n\r\n");
    seen = 0;
    assert_int_equal(
        hf_server_read_head(hf_buf_span(&text), &seen, &wide, &head), 431);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shapes),       cmocka_unit_test(octet_by_octet),
        cmocka_unit_test(texts),        cmocka_unit_test(ends),
        cmocka_unit_test(long_headers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
