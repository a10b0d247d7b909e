/* SPDX-License-Identifier: Apache-2.0 */
#include "net/url.h"
#include "tests/unit/unit.h"

#define S HF_SPAN_INIT

static const struct {
    struct hf_span text;
    enum hf_url_host kind;
    struct hf_span authority;
    struct hf_span host;
    unsigned port;
    bool tls;
    struct hf_span target;
} good[] = {
    {S("https://ca.example/dir"), HF_URL_NAME, S("ca.example"), S("ca.example"),
     443, true, S("/dir")},
    {S("http://ca.example"), HF_URL_NAME, S("ca.example"), S("ca.example"), 80,
     false, S("/")},
    {S("HtTpS://CA.Example:14000/a?b=c&d=%2f"), HF_URL_NAME,
     S("CA.Example:14000"), S("CA.Example"), 14000, true, S("/a?b=c&d=%2f")},
    {S("https://localhost:1/"), HF_URL_NAME, S("localhost:1"), S("localhost"),
     1, true, S("/")},
    {S("https://127.0.0.1:65535/x"), HF_URL_IPV4, S("127.0.0.1:65535"),
     S("127.0.0.1"), 65535, true, S("/x")},
    {S("https://[::1]/"), HF_URL_IPV6, S("[::1]"), S("::1"), 443, true, S("/")},
    {S("https://[2001:db8::192.0.2.1]:8443/?"), HF_URL_IPV6,
     S("[2001:db8::192.0.2.1]:8443"), S("2001:db8::192.0.2.1"), 8443, true,
     S("/?")},
    {S("https://xn--bcher-kva.example/-._~!$&'()*+,;=:@/?/?"), HF_URL_NAME,
     S("xn--bcher-kva.example"), S("xn--bcher-kva.example"), 443, true,
     S("/-._~!$&'()*+,;=:@/?/?")},
};

static void good_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        struct hf_url url = {0};

        assert_int_equal(hf_url_parse(good[i].text, &url, NULL), HF_OK);
        assert_int_equal(url.kind, good[i].kind);
        assert_int_equal(url.port, good[i].port);
        assert_int_equal(url.tls, good[i].tls);
        assert_span_equal(url.authority, good[i].authority);
        assert_span_equal(url.host, good[i].host);
        assert_span_equal(url.target, good[i].target);
    }
}

static const struct {
    const char *name;
    struct hf_span text;
    size_t at;
} bad[] = {
    {"nothing", S(""), 0},
    {"other scheme", S("ftp://a.example/"), 0},
    {"no scheme", S("//a.example/"), 0},
    {"one slash", S("https:/a.example/"), 0},
    {"blank in front", S(" https://a.example/"), 0},
    {"no host", S("https:///x"), 8},
    {"no host, a port", S("https://:80/"), 8},
    {"user name", S("https://me@a.example/"), 8},
    {"password", S("https://me:secret@a.example/"), 11},
    {"trailing dot", S("https://a.example./"), 8},
    {"underscore", S("https://a_b.example/"), 8},
    {"escaped host", S("https://a%2eexample/"), 8},
    {"U-label", S("https://b\xc3\xbc.example/"), 8},
    {"short address", S("https://127.1/"), 8},
    {"decimal address", S("https://2130706433/"), 8},
    {"hexadecimal address", S("https://0x7f000001/"), 8},
    {"hexadecimal octet", S("https://127.0.0.0x1/"), 8},
    {"octal octet", S("https://127.0.0.01/"), 8},
    {"large octet", S("https://127.0.0.256/"), 8},
    {"unclosed bracket", S("https://[::1/"), 8},
    {"IPv4 in brackets", S("https://[127.0.0.1]/"), 8},
    {"scope", S("https://[fe80::1%25eth0]/"), 8},
    {"future address", S("https://[v1.a]/"), 8},
    {"text behind the bracket", S("https://[::1]a/"), 13},
    {"empty port", S("https://a.example:/"), 18},
    {"port 0", S("https://a.example:0/"), 18},
    {"port with a zero in front", S("https://a.example:080/"), 18},
    {"port 65536", S("https://a.example:65536/"), 23},
    {"port of six digits", S("https://a.example:123456/"), 23},
    {"signed port", S("https://a.example:+1/"), 18},
    {"port in hexadecimal", S("https://a.example:8a/"), 19},
    {"query without a path", S("https://a.example?b"), 17},
    {"fragment", S("https://a.example/b#c"), 19},
    {"blank", S("https://a.example/b c"), 19},
    {"line feed", S("https://a.example/b\nHost: x"), 19},
    {"NUL", S("https://a.example/\0"), 18},
    {"broken escape", S("https://a.example/%2"), 18},
    {"escape of other letters", S("https://a.example/%2g"), 18},
    {"backslash", S("https://a.example/\\"), 18},
    {"quote", S("https://a.example/\""), 18},
    {"braces", S("https://a.example/{id}"), 18},
    {"high octet", S("https://a.example/\xe9"), 18},
    {"DEL", S("https://a.example/\x7f"), 18},
};

static void bad_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct hf_url url = {.port = 7};
        struct hf_why why = {0};

        if (hf_url_parse(bad[i].text, &url, &why) != HF_ESYNTAX ||
            why.at != bad[i].at || url.port != 7)
            fail_msg("%s: %zu", bad[i].name, why.at);
    }
}

/* RFC 3986, sections 5.4.1 and 5.4.2, without those that have a fragment or
 * another scheme; then what ACME servers send. */
static const struct {
    struct hf_span base;
    struct hf_span reference;
    struct hf_span made; /* empty: refused */
} resolved[] = {
#define RFC S("http://a/b/c/d;p?q")
    {RFC, S("g"), S("http://a/b/c/g")},
    {RFC, S("./g"), S("http://a/b/c/g")},
    {RFC, S("g/"), S("http://a/b/c/g/")},
    {RFC, S("/g"), S("http://a/g")},
    {RFC, S("//g"), S("http://g")},
    {RFC, S("?y"), S("http://a/b/c/d;p?y")},
    {RFC, S("g?y"), S("http://a/b/c/g?y")},
    {RFC, S(";x"), S("http://a/b/c/;x")},
    {RFC, S("g;x"), S("http://a/b/c/g;x")},
    {RFC, S(""), S("http://a/b/c/d;p?q")},
    {RFC, S("."), S("http://a/b/c/")},
    {RFC, S("./"), S("http://a/b/c/")},
    {RFC, S(".."), S("http://a/b/")},
    {RFC, S("../"), S("http://a/b/")},
    {RFC, S("../g"), S("http://a/b/g")},
    {RFC, S("../.."), S("http://a/")},
    {RFC, S("../../"), S("http://a/")},
    {RFC, S("../../g"), S("http://a/g")},
    {RFC, S("../../../g"), S("http://a/g")},
    {RFC, S("../../../../g"), S("http://a/g")},
    {RFC, S("/./g"), S("http://a/g")},
    {RFC, S("/../g"), S("http://a/g")},
    {RFC, S("g."), S("http://a/b/c/g.")},
    {RFC, S(".g"), S("http://a/b/c/.g")},
    {RFC, S("g.."), S("http://a/b/c/g..")},
    {RFC, S("..g"), S("http://a/b/c/..g")},
    {RFC, S("./../g"), S("http://a/b/g")},
    {RFC, S("./g/."), S("http://a/b/c/g/")},
    {RFC, S("g/./h"), S("http://a/b/c/g/h")},
    {RFC, S("g/../h"), S("http://a/b/c/h")},
    {RFC, S("g;x=1/./y"), S("http://a/b/c/g;x=1/y")},
    {RFC, S("g;x=1/../y"), S("http://a/b/c/y")},
    {RFC, S("g?y/../x"), S("http://a/b/c/g?y/../x")},
    {RFC, S("http:g"), S("")},
    {RFC, S("g:h"), S("")},
    {RFC, S("#s"), S("")},
    {RFC, S("g#s"), S("")},
#undef RFC
    {S("https://ca.example"), S("x"), S("https://ca.example/x")},
    {S("https://ca.example"), S("?x"), S("https://ca.example/?x")},
    {S("https://ca.example"), S(""), S("https://ca.example/")},
    {S("https://[::1]:8443/a/b"), S("../c?d"), S("https://[::1]:8443/c?d")},
    {S("https://ca.example/new-acct"), S("https://other.example/acct/1"),
     S("https://other.example/acct/1")},
    {S("https://ca.example/a"), S("//other.example:1/b"),
     S("https://other.example:1/b")},
    {S("https://ca.example/a"), S("/acct/1 2"), S("")},
    {S("https://ca.example/a"), S("//me@other.example/"), S("")},
    {S("https://ca.example/a"), S("javascript:alert(1)"), S("")},
    {S("ca.example"), S("/a"), S("")},
};

static void resolve_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(resolved); i++) {
        char room[128];
        struct hf_buf out;
        enum hf_err err;

        hf_buf_init(&out, room, sizeof(room));
        hf_buf_puts(&out, "> ");
        err =
            hf_url_resolve(resolved[i].base, resolved[i].reference, &out, NULL);
        assert_int_equal(err, resolved[i].made.len > 0 ? HF_OK : HF_ESYNTAX);
        assert_span_equal(((struct hf_span){room + 2, out.len - 2}),
                          resolved[i].made);
    }
}

static void limits(void **state)
{
    static char room[2 * HF_URL_MAX];
    struct hf_span base = HF_SPAN("https://ca.example/");
    struct hf_span text = {room, HF_URL_MAX};
    struct hf_url url;
    struct hf_buf out;
    char small[8];

    (void)state;
    memset(room, 'a', sizeof(room));
    memcpy(room, base.ptr, base.len);
    assert_int_equal(hf_url_parse(text, &url, NULL), HF_OK);
    text.len++;
    assert_int_equal(hf_url_parse(text, &url, NULL), HF_ELIMIT);
    hf_buf_init_grow(&out, (size_t)8 * HF_URL_MAX);
    assert_int_equal(hf_url_resolve(base, text, &out, NULL), HF_ELIMIT);
    /* Each is short enough, together they are not. */
    text = (struct hf_span){room + 100, HF_URL_MAX - 5};
    assert_int_equal(hf_url_resolve(base, text, &out, NULL), HF_ELIMIT);
    assert_int_equal(out.len, 0);
    hf_buf_clear(&out);
    hf_buf_init(&out, small, sizeof(small));
    assert_int_equal(hf_url_resolve(base, HF_SPAN("b"), &out, NULL), HF_ELIMIT);
}

static const struct {
    struct hf_span a;
    struct hf_span b;
    bool same;
} origins[] = {
    {S("https://ca.example/a"), S("https://CA.example:443/b"), true},
    {S("https://ca.example/"), S("https://ca.example:444/"), false},
    {S("https://ca.example/"), S("http://ca.example:443/"), false},
    {S("https://ca.example/"), S("https://cb.example/"), false},
};

static void origin_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(origins); i++) {
        struct hf_url a, b;

        assert_int_equal(hf_url_parse(origins[i].a, &a, NULL), HF_OK);
        assert_int_equal(hf_url_parse(origins[i].b, &b, NULL), HF_OK);
        assert_int_equal(hf_url_same_origin(&a, &b), origins[i].same);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_table),    cmocka_unit_test(bad_table),
        cmocka_unit_test(resolve_table), cmocka_unit_test(limits),
        cmocka_unit_test(origin_table),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
