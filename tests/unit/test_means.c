/* SPDX-License-Identifier: Apache-2.0 */
/* The means of a certificate: written, read again, and in words. REQ CLI-46 */
#include "acme/document.h"
#include "client/means.h"
#include "tests/unit/unit.h"

static const struct hf_means all = {
    .methods = {HF_METHOD_PERSIST, HF_METHOD_HTTP, HF_METHOD_DNS},
    .method_count = 3,
    .webroot = HF_SPAN_INIT("/var/www"),
    .http_address = HF_SPAN_INIT("192.0.2.1"),
    .http_port = 8080,
    .dns_server = HF_SPAN_INIT("192.0.2.53@5300"),
    .dns_tsig_file = HF_SPAN_INIT("/etc/key"),
    .dns_hook = HF_SPAN_INIT("exec:/bin/x"),
    .dns_wait_s = 0,
};

static void read_text(const char *text, struct hf_means *out,
                      struct json_t **json)
{
    assert_int_equal(hf_document_read(hf_span_str(text), json, NULL), HF_OK);
    hf_means_read(*json, out);
}

static void and_back(void **state)
{
    char room[1024];
    struct hf_buf text;
    struct hf_json json;
    struct hf_means read;
    json_t *root;

    (void)state;
    hf_buf_init(&text, room, sizeof(room));
    json = hf_json_to(&text);
    hf_json_open(&json, '{');
    assert_true(hf_means_put(&json, &all));
    hf_json_close(&json, '}');
    hf_buf_putc(&text, '\0');
    read_text(room, &read, &root);
    assert_int_equal(read.method_count, 3);
    assert_memory_equal(read.methods, all.methods, sizeof(all.methods));
    assert_span_equal(read.webroot, all.webroot);
    assert_span_equal(read.http_address, all.http_address);
    assert_int_equal(read.http_port, 8080);
    assert_span_equal(read.dns_server, all.dns_server);
    assert_span_equal(read.dns_tsig_file, all.dns_tsig_file);
    assert_span_equal(read.dns_hook, all.dns_hook);
    assert_int_equal(read.dns_wait_s, 0);
    /* Paths go to the kernel as they are. */
    assert_int_equal(read.webroot.ptr[read.webroot.len], '\0');
    json_decref(root);
}

static void of_an_older_file(void **state)
{
    struct hf_means read;
    enum hf_method method = HF_METHOD_DNS;
    json_t *root;

    (void)state;
    read_text("{}", &read, &root);
    assert_true(hf_means_nth(&read, 0, &method));
    assert_int_equal(method, HF_METHOD_PERSIST);
    assert_false(hf_means_nth(&read, 1, &method));
    assert_true(hf_means_has(&read, HF_METHOD_PERSIST));
    assert_false(hf_means_has(&read, HF_METHOD_HTTP));
    assert_int_equal(read.dns_wait_s, HF_MEANS_USUAL);
    json_decref(root);
    read_text("{\"methods\":[\"tls-alpn-01\",\"dns-01\",\"a\",\"b\"]}", &read,
              &root);
    assert_int_equal(read.method_count, 1);
    assert_int_equal(read.methods[0], HF_METHOD_DNS);
    assert_false(hf_means_has(&read, HF_METHOD_PERSIST));
    json_decref(root);
}

static void words(void **state)
{
    const struct hf_means none = {0};
    char room[64];
    struct hf_buf text;

    (void)state;
    hf_buf_init(&text, room, sizeof(room));
    hf_means_put_words(&text, &all);
    assert_span_equal(hf_buf_span(&text),
                      HF_SPAN("dns-persist-01, http-01, dns-01"));
    hf_buf_reset(&text);
    hf_means_put_words(&text, &none);
    assert_span_equal(hf_buf_span(&text), HF_SPAN("dns-persist-01"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(and_back),
        cmocka_unit_test(of_an_older_file),
        cmocka_unit_test(words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
