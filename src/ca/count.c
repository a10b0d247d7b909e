/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/count.h"

#define LABELS_MAX 512

void hf_ca_count_head(struct hf_buf *out, const char *name, const char *kind,
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

void hf_ca_count_put(struct hf_buf *out, const char *name, const char *kind,
                     const char *help, uint64_t value)
{
    hf_ca_count_head(out, name, kind, help);
    put_value(out, name, "", value);
}

static void put_label(struct hf_buf *out, const char *name, const char *value)
{
    hf_buf_puts(out, name);
    hf_buf_puts(out, "=\"");
    for (; *value != '\0'; value++) {
        if (*value == '"' || *value == '\\')
            hf_buf_putc(out, '\\');
        hf_buf_putc(out, *value);
    }
    hf_buf_putc(out, '"');
}

void hf_ca_count_put_for(struct hf_buf *out, const char *name,
                         const struct hf_ca_labels *labels, uint64_t value)
{
    char room[LABELS_MAX];
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
    hf_ca_count_head(out, "requests_total", "counter",
                     "Requests answered, by problem");
    for (unsigned i = 0; i < HF_TROUBLES; i++) {
        char status[4] = {0};
        int number = hf_trouble_status((enum hf_trouble)i);

        for (int d = 2; d >= 0; d--, number /= 10)
            status[d] = (char)('0' + number % 10);
        hf_ca_count_put_for(out, "requests_total",
                            &(struct hf_ca_labels){
                                "problem", hf_trouble_word((enum hf_trouble)i),
                                "status", status},
                            counts->answered[i]);
    }
}

static void put_validated(struct hf_buf *out, const struct hf_ca_counts *counts)
{
    hf_ca_count_head(out, "validations_total", "counter",
                     "Validations, by method and outcome");
    for (unsigned way = 0; way < HF_WAY_COUNT; way++)
        for (unsigned yes = 0; yes < 2; yes++)
            hf_ca_count_put_for(
                out, "validations_total",
                &(struct hf_ca_labels){"method", hf_way_word((enum hf_way)way),
                                       "outcome", yes ? "valid" : "invalid"},
                counts->validated[way][yes]);
}

static void put_front(struct hf_buf *out, const uint64_t *front)
{
    hf_ca_count_head(out, "front", "untyped", "What the web server counts");
    for (unsigned i = 0; i < HF_SERVER_COUNTS; i++)
        hf_ca_count_put_for(out, "front",
                            &(struct hf_ca_labels){
                                "what", hf_server_count_names[i], NULL, NULL},
                            front[i]);
}

void hf_ca_counts_put(struct hf_buf *out, const struct hf_ca_counts *counts,
                      const struct hf_ca_gauges *gauges)
{
    put_answered(out, counts);
    put_validated(out, counts);
    hf_ca_count_put(out, "certificates_issued_total", "counter",
                    "Certificates that the issuer signed", counts->issued);
    hf_ca_count_put(out, "certificates_refused_total", "counter",
                    "Certificates that the issuer refused to sign",
                    counts->refused);
    hf_ca_count_put(out, "certificates_revoked_total", "counter",
                    "Certificates revoked over ACME", counts->revoked);
    hf_ca_count_put(out, "lists_total", "counter",
                    "Certificate revocation lists made", counts->lists);
    hf_ca_count_put(out, "commits_total", "counter",
                    "Transactions of the store", counts->commits);
    hf_ca_count_put(out, "tasks_total", "counter", "What was done in them",
                    counts->tasks);
    hf_ca_count_put(out, "failures_total", "counter",
                    "Of these, what the store did not keep", counts->failures);
    hf_ca_count_put(out, "waiting_requests", "gauge",
                    "Requests without an answer yet", gauges->held);
    hf_ca_count_put(out, "jobs", "gauge",
                    "Validations and signatures under way", gauges->works);
    hf_ca_count_put(out, "store_up", "gauge", "The last transaction went well",
                    gauges->store_is_good);
    hf_ca_count_put(out, "alone", "gauge",
                    "No other process serves from the store", gauges->is_alone);
    hf_ca_count_put(out, "start_time_seconds", "gauge",
                    "When this process started", (uint64_t)counts->started_at);
    put_front(out, gauges->front);
}
