/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/count.h"

#include "base/json.h"
#include "base/time_text.h"

static void put_head(struct hf_buf *out, const char *name, const char *kind,
                     const char *help)
{
    hf_buf_puts(out, "# HELP holdfast_ca_");
    hf_buf_puts(out, name);
    hf_buf_putc(out, ' ');
    hf_buf_puts(out, help);
    hf_buf_puts(out, "\n# TYPE holdfast_ca_");
    hf_buf_puts(out, name);
    hf_buf_putc(out, ' ');
    hf_buf_puts(out, kind);
    hf_buf_putc(out, '\n');
}

/* `labels` with their braces; or empty. */
static void put_value(struct hf_buf *out, const char *name, const char *labels,
                      uint64_t value)
{
    hf_buf_puts(out, "holdfast_ca_");
    hf_buf_puts(out, name);
    hf_buf_puts(out, labels);
    hf_buf_putc(out, ' ');
    hf_buf_put_u64(out, value);
    hf_buf_putc(out, '\n');
}

static void put_one(struct hf_buf *out, const char *name, const char *kind,
                    const char *help, uint64_t value)
{
    put_head(out, name, kind, help);
    put_value(out, name, "", value);
}

/* Two labels; the second may be missing. */
struct labels {
    const char *first, *one;
    const char *second, *two;
};

static void put_label(struct hf_buf *out, const char *name, const char *value)
{
    hf_buf_puts(out, name);
    hf_buf_puts(out, "=\"");
    hf_buf_puts(out, value);
    hf_buf_putc(out, '"');
}

static void put_labelled(struct hf_buf *out, const char *name,
                         const struct labels *labels, uint64_t value)
{
    char room[128];
    struct hf_buf text;

    hf_buf_init(&text, room, sizeof(room) - 1);
    hf_buf_putc(&text, '{');
    put_label(&text, labels->first, labels->one);
    if (labels->second != NULL) {
        hf_buf_putc(&text, ',');
        put_label(&text, labels->second, labels->two);
    }
    hf_buf_putc(&text, '}');
    room[text.len] = '\0';
    put_value(out, name, room, value);
}

/* Several troubles have one word; they differ in their status. */
static void put_answered(struct hf_buf *out, const struct hf_ca_counts *counts)
{
    put_head(out, "requests_total", "counter", "Requests answered, by problem");
    for (unsigned i = 0; i < HF_TROUBLES; i++) {
        char status[4] = {0};
        int number = hf_trouble_status((enum hf_trouble)i);

        for (int d = 2; d >= 0; d--, number /= 10)
            status[d] = (char)('0' + number % 10);
        put_labelled(out, "requests_total",
                     &(struct labels){"problem",
                                      hf_trouble_word((enum hf_trouble)i),
                                      "status", status},
                     counts->answered[i]);
    }
}

static void put_validated(struct hf_buf *out, const struct hf_ca_counts *counts)
{
    put_head(out, "validations_total", "counter",
             "Validations, by method and outcome");
    for (unsigned way = 0; way < HF_WAY_COUNT; way++)
        for (unsigned yes = 0; yes < 2; yes++)
            put_labelled(out, "validations_total",
                         &(struct labels){"method",
                                          hf_way_word((enum hf_way)way),
                                          "outcome", yes ? "valid" : "invalid"},
                         counts->validated[way][yes]);
}

static void put_front(struct hf_buf *out, const uint64_t *front)
{
    put_head(out, "front", "untyped", "What the web server counts");
    for (unsigned i = 0; i < HF_SERVER_COUNTS; i++)
        put_labelled(
            out, "front",
            &(struct labels){"what", hf_server_count_names[i], NULL, NULL},
            front[i]);
}

void hf_ca_counts_put(struct hf_buf *out, const struct hf_ca_counts *counts,
                      const struct hf_ca_gauges *gauges)
{
    put_answered(out, counts);
    put_validated(out, counts);
    put_one(out, "certificates_issued_total", "counter",
            "Certificates that the issuer signed", counts->issued);
    put_one(out, "certificates_refused_total", "counter",
            "Certificates that the issuer refused to sign", counts->refused);
    put_one(out, "certificates_revoked_total", "counter",
            "Certificates revoked over ACME", counts->revoked);
    put_one(out, "lists_total", "counter", "Certificate revocation lists made",
            counts->lists);
    put_one(out, "commits_total", "counter", "Transactions of the store",
            counts->commits);
    put_one(out, "tasks_total", "counter", "What was done in them",
            counts->tasks);
    put_one(out, "failures_total", "counter",
            "Of these, what the store did not keep", counts->failures);
    put_one(out, "waiting_requests", "gauge", "Requests without an answer yet",
            gauges->held);
    put_one(out, "jobs", "gauge", "Validations and signatures under way",
            gauges->works);
    put_one(out, "store_up", "gauge", "The last transaction went well",
            gauges->store_is_good);
    put_one(out, "alone", "gauge", "No other process serves from the store",
            gauges->is_alone);
    put_one(out, "start_time_seconds", "gauge", "When this process started",
            (uint64_t)counts->started_at);
    put_front(out, gauges->front);
}

void hf_ca_status_put(struct hf_buf *out, const struct hf_ca_counts *counts,
                      const struct hf_ca_gauges *gauges)
{
    const uint64_t *front = gauges->front;
    char room[HF_TIME_TEXT_MAX];
    struct hf_buf since;
    struct hf_json json = hf_json_to(out);

    hf_buf_init(&since, room, sizeof(room));
    hf_time_put(&since, counts->started_at);
    hf_json_open(&json, '{');
    hf_json_key_str(&json, "since", hf_buf_span(&since));
    hf_json_key_bool(&json, "store_up", gauges->store_is_good);
    hf_json_key_bool(&json, "draining", gauges->is_draining);
    hf_json_key_bool(&json, "alone", gauges->is_alone);
    hf_json_key_bool(&json, "chores", gauges->has_chores);
    hf_json_key_int(&json, "connections", (int64_t)front[HF_SERVER_OPEN]);
    hf_json_key_int(&json, "waiting_requests", (int64_t)gauges->held);
    hf_json_key_int(&json, "jobs", (int64_t)gauges->works);
    hf_json_key_int(&json, "certificates_issued", (int64_t)counts->issued);
    hf_json_key_int(&json, "certificates_refused", (int64_t)counts->refused);
    hf_json_key_int(&json, "certificates_revoked", (int64_t)counts->revoked);
    hf_json_key_int(&json, "lists", (int64_t)counts->lists);
    hf_json_key_int(&json, "failures", (int64_t)counts->failures);
    hf_json_key_int(&json, "fronts_replaced",
                    (int64_t)front[HF_SERVER_REPLACED]);
    hf_json_close(&json, '}');
    hf_buf_putc(out, '\n');
}
