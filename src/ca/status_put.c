/* SPDX-License-Identifier: Apache-2.0 */
/* How a CA is, for people, programs and Prometheus. */
#include "base/json.h"
#include "base/time_text.h"
#include "ca/status.h"

/* ---- for people and programs ---- */

static void put_time(struct hf_json *json, const char *key, int64_t at)
{
    char room[HF_TIME_TEXT_MAX];
    struct hf_buf text;

    hf_buf_init(&text, room, sizeof(room));
    hf_time_put(&text, at);
    hf_json_key_str(json, key, hf_buf_span(&text));
}

static void put_problems(struct hf_json *json, const struct hf_status *status)
{
    hf_json_key(json, "problems");
    hf_json_open(json, '[');
    for (size_t i = 0; i < status->problem_count; i++) {
        const struct hf_status_problem *problem = &status->problems[i];

        hf_json_open(json, '{');
        hf_json_key_bool(json, "grave", problem->is_grave);
        if (problem->subject.len > 0)
            hf_json_key_str(json, "subject", problem->subject);
        hf_json_key_lit(json, "what", problem->what);
        if (problem->detail.len > 0)
            hf_json_key_str(json, "detail", problem->detail);
        hf_json_key_lit(json, "advice", problem->advice);
        hf_json_close(json, '}');
    }
    hf_json_close(json, ']');
}

static void put_work(struct hf_json *json, const struct hf_status *status)
{
    const struct hf_ca_counts *counts = status->counts;
    const struct hf_ca_gauges *gauges = &status->gauges;
    const uint64_t *front = gauges->front;

    put_time(json, "since", counts->started_at);
    hf_json_key_bool(json, "store_up", gauges->store_is_good);
    hf_json_key_bool(json, "draining", gauges->is_draining);
    hf_json_key_bool(json, "alone", gauges->is_alone);
    hf_json_key_bool(json, "chores", gauges->has_chores);
    hf_json_key_int(json, "connections", (int64_t)front[HF_SERVER_OPEN]);
    hf_json_key_int(json, "waiting_requests", (int64_t)gauges->held);
    hf_json_key_int(json, "jobs", (int64_t)gauges->works);
    hf_json_key_int(json, "queued_jobs", (int64_t)gauges->queued);
    hf_json_key_int(json, "certificates_issued", (int64_t)counts->issued);
    hf_json_key_int(json, "certificates_refused", (int64_t)counts->refused);
    hf_json_key_int(json, "certificates_revoked", (int64_t)counts->revoked);
    hf_json_key_int(json, "lists", (int64_t)counts->lists);
    hf_json_key_int(json, "failures", (int64_t)counts->failures);
    hf_json_key_int(json, "fronts_replaced",
                    (int64_t)front[HF_SERVER_REPLACED]);
}

static void put_tables(struct hf_json *json, const struct hf_status *status)
{
    hf_json_key(json, "database");
    hf_json_open(json, '{');
    hf_json_key_bool(json, "answers", status->tables_answer);
    if (status->tables_answer) {
        hf_json_key_lit(json, "engine", status->about.engine);
        hf_json_key_int(json, "octets", status->about.octets);
        hf_json_key_int(json, "unused", status->about.unused);
    }
    hf_json_close(json, '}');
    hf_json_key(json, "log");
    hf_json_open(json, '{');
    hf_json_key_int(json, "signed_entry", (int64_t)status->gauges.signed_entry);
    hf_json_key_int(json, "stored_entry", status->log_stored);
    hf_json_close(json, '}');
    hf_json_key(json, "revocation_lists");
    hf_json_open(json, '{');
    hf_json_key_int(json, "count", status->lists);
    if (status->lists > 0)
        put_time(json, "next_update", status->lists_end_at);
    hf_json_close(json, '}');
}

static void put_web(struct hf_json *json, const struct hf_status *status)
{
    hf_json_key(json, "web_certificate");
    hf_json_open(json, '{');
    put_time(json, "ends", status->web_ends_at);
    if (status->web_renews_at > 0)
        put_time(json, "renews", status->web_renews_at);
    hf_json_close(json, '}');
}

static void put_eye(struct hf_json *json, const struct hf_status *status,
                    const struct hf_eye *eye)
{
    const struct hf_eye_record *record = &eye->record;

    hf_json_open(json, '{');
    hf_json_key_lit(json, "name", eye->label);
    if (eye->rir[0] != '\0')
        hf_json_key_lit(json, "region", eye->rir);
    hf_json_key_bool(json, "sees", !hf_eye_is_blind(eye));
    if (record->saw_at_ms > 0) {
        hf_json_key_int(json, "saw_s_ago",
                        (status->now_ms - record->saw_at_ms) / 1000);
        hf_json_key_int(json, "took_ms", record->took_ms);
    }
    hf_json_key_int(json, "failures", (int64_t)record->failures);
    hf_json_key_int(json, "failures_in_a_row", record->failed_since);
    if (record->failure != NULL)
        hf_json_key_lit(json, "failure", record->failure);
    hf_json_close(json, '}');
}

static void put_eyes(struct hf_json *json, const struct hf_status *status)
{
    const struct hf_validator_health *eyes = &status->eyes;

    hf_json_key(json, "quorum");
    hf_json_open(json, '{');
    hf_json_key_bool(json, "wanted", !eyes->is_lone);
    if (!eyes->is_lone) {
        hf_json_key_bool(json, "possible", eyes->quorum.reason == HF_MPIC_OK);
        hf_json_key_lit(json, "reason",
                        hf_mpic_reason_word(eyes->quorum.reason));
        hf_json_key_int(json, "remotes", (int64_t)eyes->quorum.remotes);
        hf_json_key_int(json, "seeing", (int64_t)eyes->quorum.corroborating);
        hf_json_key_int(json, "needed", (int64_t)eyes->remotes_needed);
    }
    hf_json_close(json, '}');
    hf_json_key(json, "perspectives");
    hf_json_open(json, '[');
    for (size_t i = 0; i < eyes->eye_count; i++)
        put_eye(json, status, eyes->eyes[i]);
    hf_json_close(json, ']');
}

static void put_others(struct hf_json *json, const struct hf_status *status)
{
    hf_json_key(json, "leases");
    hf_json_open(json, '[');
    for (size_t i = 0; i < status->lease_count; i++) {
        const struct hf_status_lease *lease = &status->leases[i];

        hf_json_open(json, '{');
        hf_json_key_lit(json, "name", lease->name);
        hf_json_key_lit(json, "holder", lease->holder);
        hf_json_key_int(json, "fence", lease->fence);
        put_time(json, "until", lease->until_at);
        hf_json_close(json, '}');
    }
    hf_json_close(json, ']');
    hf_json_key(json, "keepers");
    hf_json_open(json, '[');
    for (size_t i = 0; i < status->keeper_count; i++) {
        hf_json_open(json, '{');
        hf_json_key_lit(json, "name", status->keepers[i].name);
        put_time(json, "since", status->keepers[i].since_at);
        put_time(json, "until", status->keepers[i].until_at);
        hf_json_close(json, '}');
    }
    hf_json_close(json, ']');
}

void hf_status_put(struct hf_buf *out, const struct hf_status *status)
{
    struct hf_json json = hf_json_to(out);

    hf_json_open(&json, '{');
    hf_json_key_lit(&json, "verdict",
                    status->problem_count == 0  ? "good"
                    : hf_status_is_good(status) ? "impaired"
                                                : "bad");
    put_problems(&json, status);
    put_work(&json, status);
    put_tables(&json, status);
    put_web(&json, status);
    put_eyes(&json, status);
    put_others(&json, status);
    hf_json_close(&json, '}');
    hf_buf_putc(out, '\n');
}

/* ---- for Prometheus ---- */

/* One number of each eye. */
static void put_of_eyes(struct hf_buf *out, const struct hf_status *status,
                        const char *name, const char *kind, const char *help,
                        uint64_t (*number)(const struct hf_eye *eye))
{
    hf_ca_count_head(out, name, kind, help);
    for (size_t i = 0; i < status->eyes.eye_count; i++) {
        const struct hf_eye *eye = status->eyes.eyes[i];

        hf_ca_count_put_for(
            out, name,
            &(struct hf_ca_labels){"name", eye->label, "region", eye->rir},
            number(eye));
    }
}

static uint64_t eye_sees(const struct hf_eye *eye)
{
    return !hf_eye_is_blind(eye);
}

static uint64_t eye_views(const struct hf_eye *eye)
{
    return eye->record.views;
}

static uint64_t eye_failures(const struct hf_eye *eye)
{
    return eye->record.failures;
}

static uint64_t eye_took(const struct hf_eye *eye)
{
    return (uint64_t)eye->record.took_ms;
}

static void put_metrics_of_tables(struct hf_buf *out,
                                  const struct hf_status *status)
{
    hf_ca_count_put(out, "store_bytes", "gauge", "What the database takes",
                    (uint64_t)status->about.octets);
    hf_ca_count_put(out, "log_stored_entry", "gauge",
                    "Last entry of the log that the database has",
                    (uint64_t)status->log_stored);
    hf_ca_count_put(out, "lists_next_update_seconds", "gauge",
                    "When the first list of revoked certificates ends",
                    (uint64_t)status->lists_end_at);
    hf_ca_count_head(out, "lease_expiry_seconds", "gauge",
                     "Until when work that one at a time does is taken");
    for (size_t i = 0; i < status->lease_count; i++)
        hf_ca_count_put_for(
            out, "lease_expiry_seconds",
            &(struct hf_ca_labels){"name", status->leases[i].name, "holder",
                                   status->leases[i].holder},
            (uint64_t)status->leases[i].until_at);
}

void hf_status_put_metrics(struct hf_buf *out, const struct hf_status *status)
{
    hf_ca_count_put(out, "good", "gauge",
                    "Nothing grave is wrong: `holdfast ca status` says more",
                    hf_status_is_good(status));
    hf_ca_count_put(out, "problems", "gauge", "All that is wrong",
                    status->problem_count);
    hf_ca_count_put(out, "chores", "gauge",
                    "Lists of revoked certificates are ours to make",
                    status->gauges.has_chores);
    hf_ca_count_put(out, "queued_jobs", "gauge",
                    "Validations and signatures that wait for their turn",
                    status->gauges.queued);
    hf_ca_count_put(out, "log_signed_entry", "gauge",
                    "Entry of the log of the last certificate signed",
                    status->gauges.signed_entry);
    hf_ca_count_put(out, "web_certificate_expiry_seconds", "gauge",
                    "When the certificate of the web server ends",
                    (uint64_t)status->web_ends_at);
    hf_ca_count_put(
        out, "quorum_possible", "gauge", "The perspectives that see are enough",
        status->eyes.is_lone || status->eyes.quorum.reason == HF_MPIC_OK);
    put_of_eyes(out, status, "perspective_sees", "gauge",
                "This perspective could look lately", eye_sees);
    put_of_eyes(out, status, "perspective_views_total", "counter",
                "Its answers", eye_views);
    put_of_eyes(out, status, "perspective_failures_total", "counter",
                "Of these, that it could not look", eye_failures);
    put_of_eyes(out, status, "perspective_took_milliseconds", "gauge",
                "How long its last look took", eye_took);
    if (status->tables_answer)
        put_metrics_of_tables(out, status);
}
