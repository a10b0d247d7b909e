/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/count.h"
#include "tests/unit/unit.h"

static struct hf_buf text;

static void has(const char *line)
{
    if (memmem(text.ptr, text.len, line, strlen(line)) == NULL)
        fail_msg("no line %s", line);
}

static void figures(void **state)
{
    uint64_t front[HF_SERVER_COUNTS] = {[HF_SERVER_OPEN] = 7};
    struct hf_ca_counts counts = {
        .answered = {[HF_TROUBLE_NONE] = 5, [HF_TROUBLE_NOT_FOUND] = 2},
        .validated = {[HF_WAY_DNS_PERSIST] = {3, 4}},
        .issued = 6,
        .started_at = 1790000000,
    };
    const struct hf_ca_gauges gauges = {.held = 8, .works = 9, .front = front};

    (void)state;
    hf_buf_init_grow(&text, 65536);
    hf_ca_counts_put(&text, &counts, &gauges);
    assert_false(text.full);
    has("# TYPE holdfast_ca_requests_total counter\n");
    has("\nholdfast_ca_requests_total{problem=\"\",status=\"200\"} 5\n");
    has("{problem=\"malformed\",status=\"404\"} 2\n");
    has("{method=\"dns-persist-01\",outcome=\"invalid\"} 3\n");
    has("{method=\"dns-persist-01\",outcome=\"valid\"} 4\n");
    has("\nholdfast_ca_certificates_issued_total 6\n");
    has("\nholdfast_ca_waiting_requests 8\n");
    has("\nholdfast_ca_jobs 9\n");
    has("\nholdfast_ca_store_up 0\n");
    has("\nholdfast_ca_start_time_seconds 1790000000\n");
    has("\nholdfast_ca_front{what=\"open\"} 7\n");
    hf_buf_clear(&text);
}

/* The exposition format: a name has one TYPE, before its first value, and every
 * value is a number. */
static void format(void **state)
{
    const uint64_t front[HF_SERVER_COUNTS] = {0};
    const struct hf_ca_counts counts = {0};
    const struct hf_ca_gauges gauges = {.front = front};
    struct hf_span rest;
    struct hf_span name = {0};

    (void)state;
    hf_buf_init_grow(&text, 65536);
    hf_ca_counts_put(&text, &counts, &gauges);
    rest = hf_buf_span(&text);
    while (rest.len > 0) {
        struct hf_span line = hf_span_cut(&rest, hf_span_find(rest, '\n'));

        assert_true(hf_span_skip(&rest, '\n'));
        if (hf_span_starts(line, HF_SPAN("# TYPE "))) {
            (void)hf_span_cut(&line, 7);
            name = hf_span_cut(&line, hf_span_find(line, ' '));
        } else if (!hf_span_starts(line, HF_SPAN("# HELP "))) {
            assert_true(hf_span_starts(line, name));
            assert_true(hf_is_digit(line.ptr[line.len - 1]));
        }
    }
    hf_buf_clear(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(figures),
        cmocka_unit_test(format),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
