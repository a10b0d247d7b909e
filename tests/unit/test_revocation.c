/* SPDX-License-Identifier: Apache-2.0 */
/* Revocations: from the tables into a log of evidence, and from there into
 * tables that have forgotten them. */
#include "base/hex.h"
#include "ca/call.h"
#include "ca/recall.h"
#include "ca/revocation.h"
#include "ca/unlogged.h"
#include "tests/unit/store_fixture.h"

#define NOW  1790000000
#define MANY 600 /* more than two batches */

static struct hf_store *store;
static struct hf_evidence *evidence;
static char folder[SCRATCH_MAX];
static struct hf_recall recall;

static int set_up(void **state)
{
    struct hf_why why = {0};

    assert_int_equal(place_enter(state), 0);
    assert_int_equal(scratch_make(folder), 0);
    store = place_open(*state, &hf_ca_plan);
    place_want(hf_evidence_open(folder, 20000, &evidence, &why), why);
    return 0;
}

static int tear_down(void **state)
{
    hf_evidence_free(evidence);
    evidence = NULL;
    hf_store_close(store);
    return scratch_remove(folder) + place_leave(state);
}

/* ---- making ---- */

#define N(value) hf_store_number(value)

static struct hf_span name_of(unsigned number)
{
    static char room[16];

    (void)snprintf(room, sizeof(room), "4000%04x", number);
    return hf_span_str(room);
}

static void issue(unsigned number)
{
    const struct hf_store_value none = {.kind = HF_STORE_NULL};
    struct hf_why why = {0};

    place_want(
        hf_store_run(store, HF_CA_CERT_ADD,
                     HF_VALUES(hf_store_text(name_of(number)), none, none,
                               hf_store_blob(HF_SPAN("")), N(NOW), N(NOW + 100),
                               N(number % 8),
                               hf_store_blob(HF_SPAN("the hash of the key")),
                               N(1), hf_store_blob(HF_SPAN("")),
                               hf_store_text(HF_SPAN(""))),
                     &why),
        why);
}

static enum hf_revocation_state take_back(unsigned number, int64_t reason,
                                          int64_t at)
{
    const struct hf_revocation revocation = {
        .serial = name_of(number), .reason = reason, .at = at};
    enum hf_revocation_state was = HF_REVOCATION_UNKNOWN;
    struct hf_why why = {0};

    place_want(hf_revocation_find_and_do(store, &revocation, &was, &why), why);
    return was;
}

static void write_log(void)
{
    struct hf_why why = {0};

    place_want(hf_unlogged_write(store, evidence, NOW + 9, &why), why);
}

/* As a keeper whose tables were lost later. */
static void enter(unsigned number, uint8_t reason, int64_t at)
{
    struct hf_revoked revoked = {.at = at, .reason = reason, .serial_len = 4};
    struct hf_entry entry = {.at = NOW, .kind = HF_SPAN("revoke")};
    char room[128];
    struct hf_buf body;
    struct hf_why why = {0};

    assert_true(hf_hex_read(name_of(number), revoked.serial, 4));
    hf_buf_init(&body, room, sizeof(room));
    hf_issued_put_revoked(&body, &revoked);
    entry.body = hf_buf_span(&body);
    place_want(hf_evidence_append(evidence, &entry, &why), why);
    place_want(hf_evidence_write(evidence, &why), why);
}

/* ---- looking ---- */

static bool row(enum hf_ca_operation operation, struct hf_store_value value)
{
    struct hf_why why = {0};
    bool found = false;

    place_want(hf_store_start(store, operation, &value, 1, &why), why);
    place_want(hf_store_next(store, operation, &found, &why), why);
    return found;
}

static bool waits(unsigned number)
{
    bool found = row(HF_CA_UNLOGGED_GET, hf_store_text(name_of(number)));

    if (found)
        hf_store_end(store, HF_CA_UNLOGGED_GET);
    return found;
}

static bool is_blocked(void)
{
    bool found =
        row(HF_CA_BLOCK_GET, hf_store_blob(HF_SPAN("the hash of the key")));

    if (found)
        hf_store_end(store, HF_CA_BLOCK_GET);
    return found;
}

static void is_revoked(unsigned number, int64_t reason, int64_t at)
{
    assert_true(row(HF_CA_CERT_GET, hf_store_text(name_of(number))));
    assert_int_equal(
        hf_store_get_number(store, HF_CA_CERT_GET, HF_CERT_REVOKED_AT), at);
    assert_int_equal(hf_store_get_number(store, HF_CA_CERT_GET, HF_CERT_REASON),
                     reason);
    hf_store_end(store, HF_CA_CERT_GET);
}

static void is_good(unsigned number)
{
    assert_true(row(HF_CA_CERT_GET, hf_store_text(name_of(number))));
    assert_true(hf_store_is_null(store, HF_CA_CERT_GET, HF_CERT_REVOKED_AT));
    hf_store_end(store, HF_CA_CERT_GET);
}

static size_t entry_count;
static struct hf_revoked last;

static enum hf_err count(void *state, const struct hf_entry *entry,
                         struct hf_why *why)
{
    (void)state;
    (void)why;
    entry_count++;
    assert_true(hf_span_eq(entry->kind, HF_SPAN("revoke")));
    assert_true(hf_issued_read_revoked(entry->body, &last));
    return HF_OK;
}

static void log_has(size_t entries)
{
    struct hf_evidence_head head;
    struct hf_evidence_stop stop;
    struct hf_why why = {0};

    entry_count = 0;
    place_want(hf_evidence_walk(folder, count, NULL, &head, &stop, &why), why);
    assert_int_equal(entry_count, entries);
}

static enum hf_err note(void *state, const struct hf_entry *entry,
                        struct hf_why *why)
{
    return hf_recall_note(state, entry, why);
}

static void look(bool mends)
{
    struct hf_evidence_head head;
    struct hf_evidence_stop stop;
    struct hf_why why = {0};

    recall =
        (struct hf_recall){.store = store, .folder = folder, .mends = mends};
    place_want(hf_evidence_walk(folder, note, &recall, &head, &stop, &why),
               why);
    place_want(hf_recall_end(&recall, &why), why);
}

/* ---- tests ---- */

static void waits_for_a_log(void **state)
{
    (void)state;
    issue(1);
    issue(2);
    assert_int_equal(take_back(9, 0, NOW), HF_REVOCATION_UNKNOWN);
    assert_int_equal(take_back(1, 4, NOW - 5), HF_REVOCATION_OPEN);
    assert_int_equal(take_back(1, 5, NOW), HF_REVOCATION_DONE);
    is_revoked(1, 4, NOW - 5);
    assert_true(waits(1));
    assert_false(waits(2));
    assert_false(is_blocked());
    write_log();
    assert_false(waits(1));
    log_has(1);
    assert_int_equal(last.reason, 4);
    assert_int_equal(last.at, NOW - 5);
    assert_memory_equal(last.serial, "\x40\0\0\1", 4);
    write_log();
    log_has(1);
    look(true); /* nothing is missing */
    assert_int_equal(recall.from, 0);
    assert_int_equal(recall.forgotten + recall.unknown, 0);
}

/* A key that turns out to be known to others, before the log has the first
 * reason, and after that. */
static void compromised_later(void **state)
{
    (void)state;
    issue(1);
    (void)take_back(1, 4, NOW - 5);
    assert_int_equal(take_back(1, 1, NOW), HF_REVOCATION_OPEN);
    write_log();
    log_has(1);
    assert_int_equal(last.reason, 1);
    assert_int_equal(last.at, NOW - 5);
    issue(2);
    (void)take_back(2, 4, NOW - 5);
    write_log();
    (void)take_back(2, 1, NOW);
    write_log();
    log_has(3);
    assert_false(waits(2));
    look(true);
    assert_int_equal(recall.forgotten, 0);
    issue(3);
    enter(3, 4, NOW - 5);
    enter(3, 1, NOW);
    look(true);
    is_revoked(3, 1, NOW - 5);
}

static void many_wait(void **state)
{
    (void)state;
    for (unsigned i = 0; i < MANY; i++) {
        issue(i);
        (void)take_back(i, 0, NOW);
    }
    write_log();
    log_has(MANY);
    for (unsigned i = 0; i < MANY; i++)
        assert_false(waits(i));
}

/* The log's reason and moment, the key that is known to others; and what the
 * log has need not be told to it. */
static void are_recalled(void **state)
{
    (void)state;
    issue(1);
    issue(2);
    issue(3);
    (void)take_back(1, 4, NOW - 5);
    write_log();
    enter(2, 1, NOW - 4);
    enter(9, 3, NOW - 3);
    enter(2, 5, NOW - 2); /* said twice: the first counts */
    look(false);
    assert_int_equal(recall.from, 2);
    assert_int_equal(recall.forgotten, 2);
    assert_int_equal(recall.unknown, 1);
    assert_int_equal(recall.one_unknown.serial[3], 9);
    is_good(2);
    look(true);
    assert_int_equal(recall.forgotten, 1);
    assert_int_equal(recall.one_forgotten.serial[3], 2);
    assert_int_equal(recall.unknown, 1);
    is_revoked(1, 4, NOW - 5);
    is_revoked(2, 1, NOW - 4);
    is_good(3);
    assert_true(is_blocked());
    assert_false(waits(2));
    look(true);
    assert_int_equal(recall.forgotten, 0);
}

static void many_are_recalled(void **state)
{
    (void)state;
    for (unsigned i = 0; i < MANY; i++) {
        issue(i);
        enter(i, 5, NOW - (int64_t)i);
    }
    look(true);
    assert_int_equal(recall.forgotten, MANY);
    for (unsigned i = 0; i < MANY; i++)
        is_revoked(i, 5, NOW - (int64_t)i);
}

/* Bodies that are none of ours. */
static void bad_bodies(void **state)
{
    static const char *const bodies[] = {
        "",
        "{}",
        "{\"serial\":\"\",\"revoked_at\":1,\"reason\":0}",
        "{\"serial\":\"4\",\"revoked_at\":1,\"reason\":0}",
        "{\"serial\":\"4x\",\"revoked_at\":1,\"reason\":0}",
        "{\"serial\":\"40\",\"revoked_at\":\"1\",\"reason\":0}",
        "{\"serial\":\"40\",\"revoked_at\":1,\"reason\":7}",
        "{\"serial\":\"40\",\"revoked_at\":1,\"reason\":256}",
        "{\"serial\":\"40\",\"revoked_at\":1,\"reason\":0} ",
        "{\"serial\":\"40\",\"reason\":0,\"revoked_at\":1}",
    };
    static const char good[] =
        "{\"serial\":\"40\",\"revoked_at\":1,\"reason\":0}";

    (void)state;
    assert_true(hf_issued_read_revoked(hf_span_str(good), &last));
    for (size_t i = 0; i < COUNT_OF(bodies); i++)
        if (hf_issued_read_revoked(hf_span_str(bodies[i]), &last))
            fail_msg("%s", bodies[i]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(waits_for_a_log),   TEST(compromised_later),
        TEST(many_wait),         TEST(are_recalled),
        TEST(many_are_recalled), cmocka_unit_test(bad_bodies),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
