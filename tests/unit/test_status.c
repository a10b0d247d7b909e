/* SPDX-License-Identifier: Apache-2.0 */
/* What a CA says of itself: what is wrong, and what is not. */
#include "ca/status.h"
#include "ca/tables.h"
#include "os/clock.h"
#include "tests/unit/store_fixture.h"

#define EYES   6 /* our own, and five */
#define SHARDS 2
#define DAY    86400

static const struct hf_span issuers[] = {HF_SPAN_INIT("ca.example")};
static const struct hf_ca law = {.issuers = issuers, .issuer_count = 1};
static struct hf_validation_policy policy;
static struct hf_eye eyes[EYES];
static struct hf_eye *list[EYES];
static struct hf_validator *validator;
static struct hf_store *store;
static struct hf_status status;
static uint64_t front[HF_SERVER_COUNTS];
static struct hf_ca_counts counts;
static int64_t now_at;
static struct hf_buf text;

/* ---- eyes that somebody moves ---- */

static struct hf_errand asked; /* the last one */
static uint64_t asked_ticket;
static const char *failure; /* of the next view */

static enum hf_err submit(void *state, const struct hf_errand *errand,
                          uint64_t ticket, struct hf_why *why)
{
    (void)state, (void)why;
    asked = *errand;
    asked_ticket = ticket;
    return HF_OK;
}

static enum hf_err poll_eye(void *state, uint64_t *ticket, struct hf_view *out,
                            bool *got, struct hf_why *why)
{
    (void)state, (void)why;
    *ticket = asked_ticket;
    *out = (struct hf_view){.failure = failure, .took_ms = 12};
    *got = true;
    return HF_OK;
}

static size_t no_fds(void *state, int fds[HF_EYE_FDS_MAX])
{
    (void)state, (void)fds;
    return 0;
}

static void make_eye(size_t i)
{
    static const char *const regions[EYES] = {"",      "ARIN", "RIPE NCC",
                                              "APNIC", "ARIN", "ARIN"};

    eyes[i] = (struct hf_eye){
        .submit = submit, .poll = poll_eye, .fds = no_fds, .window = 4};
    (void)snprintf(eyes[i].label, sizeof(eyes[i].label), "p%zu", i);
    (void)snprintf(eyes[i].rir, sizeof(eyes[i].rir), "%s", regions[i]);
    list[i] = &eyes[i];
}

static void goes_blind(size_t i)
{
    eyes[i].record.failed_since = HF_EYE_FAILURES;
    eyes[i].record.failures = HF_EYE_FAILURES;
    eyes[i].record.failure = "no connection";
}

/* ---- a CA that is well ---- */

static void put_list(int64_t shard, int64_t ends_at)
{
    const struct hf_store_value values[] = {
        hf_store_number(shard),       hf_store_number(ends_at),
        hf_store_blob(HF_SPAN("x")),  hf_store_number(now_at),
        hf_store_number(ends_at),     hf_store_number(now_at),
        hf_store_number(now_at + DAY)};

    assert_int_equal(hf_store_run(store, HF_CA_CRL_PUT, values, 7, NULL),
                     HF_OK);
}

static int set_up(void **state)
{
    struct hf_validator_config config = {
        .ca = &law, .policy = &policy, .eyes = list, .eye_count = EYES};

    assert_int_equal(place_enter(state), 0);
    store = place_open(*state, &hf_ca_plan);
    for (size_t i = 0; i < EYES; i++)
        make_eye(i);
    policy = (struct hf_validation_policy){0};
    assert_int_equal(hf_validator_new(&config, &validator, NULL), HF_OK);
    now_at = hf_clock_now().s;
    counts = (struct hf_ca_counts){.issued = 6, .started_at = now_at - DAY};
    put_list(0, now_at + 7 * DAY);
    put_list(1, now_at + 6 * DAY);
    hf_buf_init_grow(&text, 65536);
    return 0;
}

static int tear_down(void **state)
{
    hf_buf_clear(&text);
    hf_validator_free(validator);
    hf_store_close(store);
    return place_leave(state);
}

/* What is so but for the tables and the eyes. */
static struct hf_status plain(void)
{
    return (struct hf_status){.now_at = now_at,
                              .counts = &counts,
                              .gauges = {.held = 8,
                                         .works = 9,
                                         .queued = 2,
                                         .store_is_good = true,
                                         .front = front},
                              .web_ends_at = now_at + 30 * DAY};
}

static void look(struct hf_status from)
{
    const struct hf_status_sources sources = {
        .store = store, .validator = validator, .shards = SHARDS};

    status = from;
    hf_status_look(&sources, &status);
    hf_buf_reset(&text);
    hf_status_put(&text, &status);
    hf_status_put_metrics(&text, &status);
    assert_false(text.full);
}

static void has(const char *line)
{
    if (memmem(text.ptr, text.len, line, strlen(line)) == NULL)
        fail_msg("no %s in %.*s", line, (int)text.len, text.ptr);
}

static void is_wrong(const char *what)
{
    has(what);
    has("\"verdict\":\"bad\"");
    has("\nholdfast_ca_good 0\n");
    assert_false(hf_status_is_good(&status));
}

/* ---- tests ---- */

static void all_is_well(void **state)
{
    (void)state;
    look(plain());
    has("{\"verdict\":\"good\",\"problems\":[],\"since\":");
    has("\"store_up\":true,\"draining\":false,");
    has("\"waiting_requests\":8,\"jobs\":9,\"queued_jobs\":2,"
        "\"certificates_issued\":6,");
    has("\"database\":{\"answers\":true,\"engine\":\"");
    has("\"quorum\":{\"wanted\":true,\"possible\":true,\"reason\":\"ok\","
        "\"remotes\":5,\"seeing\":5,\"needed\":");
    has("{\"name\":\"p2\",\"region\":\"RIPE NCC\",\"sees\":true,\"failures\":0,"
        "\"failures_in_a_row\":0}");
    has("\nholdfast_ca_good 1\n");
    has("\nholdfast_ca_quorum_possible 1\n");
    has("\nholdfast_ca_perspective_sees{name=\"p5\",region=\"ARIN\"} 1\n");
    assert_true(hf_status_is_good(&status));
    assert_int_equal(status.problem_count, 0);
    assert_int_equal(status.lists_end_at, now_at + 6 * DAY);
}

/* One of five may be blind, and is told of; with two there is no quorum. */
static void perspectives(void **state)
{
    (void)state;
    goes_blind(5);
    look(plain());
    has("\"verdict\":\"impaired\",\"problems\":[{\"grave\":false,"
        "\"subject\":\"p5\",\"what\":\"this perspective sees nothing\","
        "\"detail\":\"no connection\",\"advice\":");
    has("\"sees\":false,\"failures\":2,\"failures_in_a_row\":2,"
        "\"failure\":\"no connection\"}");
    has("\nholdfast_ca_perspective_sees{name=\"p5\",region=\"ARIN\"} 0\n");
    assert_true(hf_status_is_good(&status));
    goes_blind(4);
    look(plain());
    is_wrong("too few of the remote perspectives see anything");
    has("\nholdfast_ca_quorum_possible 0\n");
    policy.lone = true;
    look(plain());
    assert_true(hf_status_is_good(&status));
    has("\"quorum\":{\"wanted\":false}");
}

static void other_quorums(void **state)
{
    (void)state;
    goes_blind(0);
    look(plain());
    is_wrong("this CA itself sees nothing");
    eyes[0].record.failed_since = 0;
    for (size_t i = 2; i < 4; i++)
        (void)snprintf(eyes[i].rir, sizeof(eyes[i].rir), "ARIN");
    look(plain());
    is_wrong("are of one registry's region");
}

/* What a look comes to is in the record of its eye. */
static void records(void **state)
{
    struct hf_validation_result result;
    uint64_t ticket;
    bool got = true;

    (void)state;
    failure = NULL;
    assert_true(hf_validator_rouse(validator, 60000));
    assert_int_equal(asked.way, HF_WAY_CAA);
    assert_true(hf_span_eq(asked.name, HF_SPAN("ca.example")));
    assert_int_equal(eyes[0].under_way, 0); /* our own is not roused */
    assert_int_equal(eyes[1].under_way, 1);
    assert_int_equal(hf_validator_poll(validator, hf_clock_now(), &ticket,
                                       &result, &got, NULL),
                     HF_OK);
    assert_false(got); /* it was nobody's */
    assert_int_equal(eyes[1].record.views, 1);
    assert_int_equal(eyes[1].record.took_ms, 12);
    assert_false(hf_validator_rouse(validator, 60000)); /* they were heard */
    failure = "it is slow";
    for (unsigned i = 0; i < HF_EYE_FAILURES; i++) {
        assert_false(hf_eye_is_blind(&eyes[1]));
        assert_true(hf_validator_rouse(validator, 0));
        assert_int_equal(hf_validator_poll(validator, hf_clock_now(), &ticket,
                                           &result, &got, NULL),
                         HF_OK);
    }
    assert_true(hf_eye_is_blind(&eyes[1]));
    assert_string_equal(eyes[1].record.failure, "it is slow");
    failure = NULL;
    assert_true(hf_validator_rouse(validator, 0));
    assert_int_equal(hf_validator_poll(validator, hf_clock_now(), &ticket,
                                       &result, &got, NULL),
                     HF_OK);
    assert_false(hf_eye_is_blind(&eyes[1]));
    assert_int_equal(eyes[1].record.failures, HF_EYE_FAILURES);
}

static void tables(void **state)
{
    struct hf_status from = plain();

    (void)state;
    from.gauges.store_is_good = false;
    look(from);
    is_wrong("the database does not keep what it is told");
    has("\"database\":{\"answers\":false}");
    from = plain();
    from.gauges.has_lost = true;
    look(from);
    is_wrong("that is not in the database yet");
}

static void lists(void **state)
{
    (void)state;
    now_at += 4 * DAY + 1;
    look(plain());
    is_wrong("ends within two days");
    now_at += 2 * DAY;
    look(plain());
    is_wrong("has ended: clients that look at it trust no certificate");
}

static void lists_that_are_not_there(void **state)
{
    const struct hf_status_sources sources = {
        .store = store, .validator = validator, .shards = SHARDS + 1};

    (void)state;
    status = plain();
    hf_status_look(&sources, &status);
    assert_int_equal(status.problem_count, 1);
    assert_true(status.problems[0].is_grave);
    counts.started_at = now_at; /* it has just begun */
    status = plain();
    hf_status_look(&sources, &status);
    assert_int_equal(status.problem_count, 1);
    assert_false(status.problems[0].is_grave);
}

static void sit(const char *name, int64_t id)
{
    const struct hf_store_value values[] = {
        hf_store_text(hf_span_str(name)), hf_store_number(id),
        hf_store_number(now_at), hf_store_number(now_at + 30)};

    assert_int_equal(hf_store_run(store, HF_CA_KEEPER_SIT, values, 4, NULL),
                     HF_OK);
}

static void leases(void **state)
{
    struct hf_lease lease = {.operation = HF_CA_LEASE,
                             .name = HF_SPAN("chores"),
                             .owner = HF_SPAN("7")};

    (void)state;
    sit("one:/ca", 7);
    sit("two:/ca", 8);
    assert_int_equal(hf_lease_take(store, &lease, now_at, now_at + 30, NULL),
                     HF_OK);
    look(plain());
    assert_true(hf_status_is_good(&status));
    has("\"leases\":[{\"name\":\"chores\",\"holder\":\"one:/ca\",\"fence\":1,");
    has("\"keepers\":[{\"name\":\"one:/ca\",");
    has("{\"name\":\"two:/ca\",");
    has("holdfast_ca_lease_expiry_seconds{name=\"chores\",holder=\"one:/ca\"}");
    assert_int_equal(hf_lease_renew(store, &lease, now_at - 61, NULL), HF_OK);
    look(plain());
    is_wrong("nobody holds this lease");
}

static void web_certificate(void **state)
{
    struct hf_status from = plain();

    (void)state;
    from.web_ends_at = now_at + DAY;
    look(from);
    is_wrong("the certificate of its web server ends within two days");
    from.web_ends_at = now_at - 1;
    look(from);
    is_wrong("the certificate of its web server has ended");
    from = plain();
    from.gauges.is_draining = true;
    look(from);
    has("\"verdict\":\"impaired\"");
    has("it was drained");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(all_is_well),
        TEST(perspectives),
        TEST(other_quorums),
        TEST(records),
        TEST(tables),
        TEST(lists),
        TEST(lists_that_are_not_there),
        TEST(leases),
        TEST(web_certificate),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
