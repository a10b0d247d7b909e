/* SPDX-License-Identifier: Apache-2.0 */
/* The log of evidence and the tables, side by side: what each has that the
 * other has not, and what is done about it. */
#include "ca/call.h"
#include "ca/listed.h"
#include "ca/orphan.h"
#include "ca/tables.h"
#include "holdfast/digest.h"
#include "tests/unit/store_fixture.h"

#define NOW     1790000000
#define SHARDS  8
#define MANY    1200 /* more than a page of rows, or a batch of orphans */
#define ORDER   7
#define ACCOUNT 5

static struct hf_digest *digest;
static struct hf_store *store;
static struct hf_evidence *evidence;
static char folder[SCRATCH_MAX];
static struct hf_entry last;
static const char *log_name = "one"; /* of the rows that are made */
static unsigned char tbs_hash[32];   /* of the certificate in `der` */

/* SEQUENCE { SEQUENCE { NULL } } */
static const struct hf_span der = HF_SPAN_INIT("\x30\x04\x30\x02\x05\x00");
static const struct hf_span tbs = HF_SPAN_INIT("\x30\x02\x05\x00");

static int set_up(void **state)
{
    struct hf_why why = {0};

    assert_int_equal(place_enter(state), 0);
    assert_int_equal(scratch_make(folder), 0);
    place_want(hf_digest_new(&digest, &why), why);
    assert_int_equal(digest->compute(digest->state, HF_SHA_256, tbs, tbs_hash),
                     HF_OK);
    store = place_open(*state, &hf_ca_plan);
    place_want(hf_evidence_open(folder, 10000, &evidence, &why), why);
    return 0;
}

static int tear_down(void **state)
{
    hf_evidence_free(evidence);
    evidence = NULL;
    hf_store_close(store);
    hf_digest_free(digest);
    return scratch_remove(folder) + place_leave(state);
}

/* ---- making ---- */

static void enter(const char *kind, const char *body)
{
    struct hf_why why = {0};

    last = (struct hf_entry){
        .at = NOW, .kind = hf_span_str(kind), .body = hf_span_str(body)};
    place_want(hf_evidence_append(evidence, &last, &why), why);
    place_want(hf_evidence_write(evidence, &why), why);
}

static void sign(unsigned serial, int64_t order)
{
    char body[512];
    char hash[65];

    for (size_t i = 0; i < sizeof(tbs_hash); i++)
        (void)snprintf(hash + 2 * i, 3, "%02x", tbs_hash[i]);
    (void)snprintf(body, sizeof(body),
                   "{\"serial\":\"4000%04x\",\"tbs_sha256\":\"%s\",\"order\":"
                   "\"https://ca.example/order/%lld\",\"account\":"
                   "\"https://ca.example/acct/%d\",\"profile\":\"short\","
                   "\"not_before\":%d,\"not_after\":%d,\"names\":[]}",
                   serial, hash, (long long)order, ACCOUNT, NOW, NOW + 100);
    enter("issue", body);
}

static void run(enum hf_ca_operation operation,
                const struct hf_store_value *values, size_t count)
{
    struct hf_why why = {0};

    place_want(hf_store_run(store, operation, values, count, &why), why);
}

#define RUN(operation, ...) run(operation, HF_VALUES(__VA_ARGS__))

#define N(value) hf_store_number(value)
#define T(text)  hf_store_text(HF_SPAN(text))

static void add_account(void)
{
    RUN(HF_CA_ACCOUNT_ADD, N(ACCOUNT), T("{}"), T("thumb"), T("[]"), N(NOW),
        T(""), N(NOW));
}

static void add_order(int64_t id, const char *status)
{
    RUN(HF_CA_ORDER_ADD, N(id), N(ACCOUNT), N(NOW), N(NOW + 100), T("short"),
        T("[]"), T(""), T(""));
    if (strcmp(status, "pending") == 0)
        return;
    RUN(HF_CA_ORDER_START, N(id), hf_store_blob(HF_SPAN("")), N(NOW), N(1));
    if (strcmp(status, "invalid") == 0)
        RUN(HF_CA_ORDER_INVALID, N(id), T("{}"), N(1));
    if (strcmp(status, "valid") == 0)
        RUN(HF_CA_ORDER_VALID, N(id), T("40000009"), N(1));
}

/* What came of it: `octets` in base64url. */
static void hand_out(uint64_t entry, const char *octets)
{
    char body[512];

    (void)snprintf(body, sizeof(body), "{\"entry\":%llu,\"der\":\"%s\"}",
                   (unsigned long long)entry, octets);
    enter("certificate", body);
}

/* The row of what was signed last. */
static void keep(unsigned serial, int64_t shard, int64_t not_after_at,
                 struct hf_span octets, int64_t order)
{
    char text[16];
    const struct hf_span hash = {(char *)last.hash, sizeof(last.hash)};

    (void)snprintf(text, sizeof(text), "4000%04x", serial);
    RUN(HF_CA_CERT_ADD, hf_store_text(hf_span_str(text)), N(order), N(ACCOUNT),
        hf_store_blob(octets), N(NOW), N(not_after_at), N(shard),
        hf_store_blob(HF_SPAN("")), N((int64_t)last.number),
        hf_store_blob(hash), hf_store_text(hf_span_str(log_name)));
}

static void issue(unsigned serial)
{
    sign(serial, ORDER);
    keep(serial, (0x40000000 | serial) % SHARDS, NOW + 100, der, ORDER);
}

/* ---- looking ---- */

static struct hf_orphans orphans;
static struct hf_orphan found_orphan; /* the last one */
static size_t orphan_count;
static struct hf_rift found_rift; /* that is no orphan */
static struct hf_reconciled found;

static enum hf_err tell_orphan(void *state, const struct hf_orphan *orphan,
                               struct hf_why *why)
{
    (void)state;
    (void)why;
    found_orphan = *orphan;
    orphan_count++;
    return HF_OK;
}

static enum hf_err tell_rift(void *state, const struct hf_rift *rift,
                             struct hf_why *why)
{
    (void)state;
    if (rift->kind == HF_RIFT_ORPHAN)
        return hf_orphans_add(&orphans, rift, why);
    found_rift = *rift;
    return HF_OK;
}

static enum hf_err note(void *state, const struct hf_entry *entry,
                        struct hf_why *why)
{
    (void)state;
    return hf_orphans_note(&orphans, entry, why);
}

static void look_from(bool is_tail, bool is_alone, bool adopts, bool spares)
{
    struct hf_reconcile_plan plan = {.store = store,
                                     .digest = digest,
                                     .folder = folder,
                                     .log = HF_SPAN("one"),
                                     .from = 1,
                                     .is_alone = is_alone,
                                     .shards = SHARDS,
                                     .tell = tell_rift,
                                     .step = note};
    struct hf_why why = {0};

    orphans = (struct hf_orphans){.store = store,
                                  .digest = digest,
                                  .log = HF_SPAN("one"),
                                  .shards = SHARDS,
                                  .now_at = NOW + 10,
                                  .adopts = adopts,
                                  .spares = spares,
                                  .tell = tell_orphan};
    orphan_count = 0;
    found_rift = (struct hf_rift){.kind = HF_RIFT_ORPHAN};
    place_want(is_tail ? hf_reconcile_tail(&plan, &found, &why)
                       : hf_reconcile(&plan, &found, &why),
               why);
    place_want(hf_orphans_end(&orphans, &why), why);
    hf_orphans_clear(&orphans);
}

static size_t der_len_of(const char *serial)
{
    const struct hf_store_value value = hf_store_text(hf_span_str(serial));
    struct hf_why why = {0};
    bool more = false;
    size_t len;

    place_want(hf_store_start(store, HF_CA_CERT_GET, &value, 1, &why), why);
    place_want(hf_store_next(store, HF_CA_CERT_GET, &more, &why), why);
    assert_true(more);
    len = hf_store_get_text(store, HF_CA_CERT_GET, HF_CERT_DER).len;
    hf_store_end(store, HF_CA_CERT_GET);
    return len;
}

static void look(void)
{
    look_from(false, true, false, false);
}

static int64_t reason_of(const char *serial)
{
    const struct hf_store_value value = hf_store_text(hf_span_str(serial));
    struct hf_why why = {0};
    bool more = false;
    int64_t reason;

    place_want(hf_store_start(store, HF_CA_CERT_GET, &value, 1, &why), why);
    place_want(hf_store_next(store, HF_CA_CERT_GET, &more, &why), why);
    assert_true(more);
    reason = hf_store_is_null(store, HF_CA_CERT_GET, HF_CERT_REVOKED_AT)
                 ? -1
                 : hf_store_get_number(store, HF_CA_CERT_GET, HF_CERT_REASON);
    hf_store_end(store, HF_CA_CERT_GET);
    return reason;
}

/* ---- tests ---- */

static void all_is_well(void **state)
{
    (void)state;
    add_account();
    add_order(ORDER, "valid");
    enter("init", "{}");
    enter("issue", "{\"serial\":\"41\",\"tbs_sha256\":\""
                   "0000000000000000000000000000000000000000000000000000000000"
                   "000000\",\"order\":\"the CA's own web server\",\"account\":"
                   "\"the CA itself\",\"profile\":\"p\",\"not_before\":1,"
                   "\"not_after\":2,\"names\":[]}");
    for (unsigned i = 10; i < 10 + MANY; i++)
        issue(i);
    enter("crl", "{\"shard\":0,\"number\":1,\"revoked\":0}");
    look();
    assert_int_equal(found.rifts, 0);
    assert_int_equal(found.issued, MANY);
    assert_int_equal(found.rows, MANY);
    assert_int_equal(found.own, 1);
    assert_int_equal(found.own_until_at, 2);
    assert_true(found.head.segments > 5);
}

static const struct {
    const char *order; /* its status; NULL: it is not there */
    enum hf_orphan_fate fate;
    int64_t reason; /* -1: it is not revoked */
} fates[] = {
    {"processing", HF_ORPHAN_WITHHELD, 4},
    {"valid", HF_ORPHAN_WITHHELD, 4}, /* with another one */
    {"invalid", HF_ORPHAN_WITHHELD, 5},
    {"pending", HF_ORPHAN_LOST, -1},
    {NULL, HF_ORPHAN_LOST, -1},
};

/* One that was handed out, and an order that waits: it was for that, and no
 * other is. */
static void an_order_gets_what_it_waits_for(void **state)
{
    const struct hf_store_value order = hf_store_number(ORDER);
    struct hf_why why = {0};
    bool more = false;

    (void)state;
    add_account();
    add_order(ORDER, "processing");
    sign(1, ORDER);
    hand_out(last.number, "MAQwAgUA");
    sign(2, ORDER);
    hand_out(last.number, "MAQwAgUA");
    look();
    assert_int_equal(orphan_count, 2);
    assert_int_equal(found_orphan.fate, HF_ORPHAN_AWAITED);
    look_from(false, true, true, false);
    assert_int_equal(found_orphan.fate, HF_ORPHAN_WITHHELD);
    assert_int_equal(reason_of("40000001"), -1);
    assert_int_equal(reason_of("40000002"), 4);
    place_want(hf_store_start(store, HF_CA_ORDER_GET, &order, 1, &why), why);
    place_want(hf_store_next(store, HF_CA_ORDER_GET, &more, &why), why);
    assert_true(
        hf_span_eq(hf_store_get_text(store, HF_CA_ORDER_GET, HF_ORDER_STATUS),
                   HF_SPAN("valid")));
    assert_true(
        hf_span_eq(hf_store_get_text(store, HF_CA_ORDER_GET, HF_ORDER_SERIAL),
                   HF_SPAN("40000001")));
    hf_store_end(store, HF_CA_ORDER_GET);
}

static void orphans_are_adopted(void **state)
{
    (void)state;
    add_account();
    add_order(ORDER, "valid");
    issue(1);
    for (size_t i = 0; i < sizeof(fates) / sizeof(fates[0]); i++) {
        char serial[16];

        (void)snprintf(serial, sizeof(serial), "4000%04zx", 100 + i);
        if (fates[i].order != NULL)
            add_order(100 + (int64_t)i, fates[i].order);
        sign(100 + (unsigned)i, 100 + (int64_t)i);
        look();
        assert_int_equal(orphan_count, 1);
        assert_int_equal(found_orphan.fate, fates[i].fate);
        assert_int_equal(found_orphan.order != 0, fates[i].order != NULL);
        look_from(false, true, true, false);
        assert_int_equal(orphan_count, 1);
        assert_int_equal(reason_of(serial), fates[i].reason);
        look();
        assert_int_equal(found.rifts, 0);
    }
}

/* Those of one batch are signed, and then handed out; what is no certificate of
 * theirs is not taken for it. */
static void orphans_have_their_certificates(void **state)
{
    uint64_t first;

    (void)state;
    add_account();
    add_order(ORDER, "processing");
    sign(1, ORDER);
    first = last.number;
    sign(2, ORDER);
    sign(3, ORDER);
    sign(4, ORDER);
    hand_out(first, "MAQwAgUA");
    hand_out(first + 1, "MAQwAgUB");
    hand_out(first + 2, "MAQ");
    hand_out(first + 7, "MAQwAgUA");
    look_from(false, true, true, false);
    assert_int_equal(orphan_count, 4);
    assert_int_equal(der_len_of("40000001"), der.len);
    assert_int_equal(der_len_of("40000002"), 0);
    assert_int_equal(der_len_of("40000003"), 0);
    assert_int_equal(der_len_of("40000004"), 0);
    look();
    assert_int_equal(found.rifts, 0);
}

/* The last of a full batch has its certificate as late as can be, and is in the
 * middle of what orphans wait in. */
static void batches_have_their_certificates(void **state)
{
    static const unsigned sizes[] = {100, HF_ISSUED_BATCH_MAX,
                                     HF_ISSUED_BATCH_MAX, HF_ISSUED_BATCH_MAX};
    char serial[16];
    size_t count = 0;

    (void)state;
    add_account();
    add_order(ORDER, "processing");
    for (unsigned batch = 0; batch < COUNT_OF(sizes); batch++) {
        uint64_t first;

        sign(batch << 12, ORDER);
        first = last.number;
        for (unsigned i = 1; i < sizes[batch]; i++)
            sign(batch << 12 | i, ORDER);
        for (unsigned i = 0; i < sizes[batch]; i++)
            hand_out(first + i, "MAQwAgUA");
        count += sizes[batch];
    }
    look_from(false, true, true, false);
    assert_int_equal(orphan_count, count);
    for (unsigned batch = 0; batch < COUNT_OF(sizes); batch++)
        for (unsigned i = 0; i < sizes[batch]; i++) {
            (void)snprintf(serial, sizeof(serial), "4000%04x", batch << 12 | i);
            assert_int_equal(der_len_of(serial), der.len);
        }
}

/* What a valid order has, and the tables have not, somebody got. */
static void the_order_has_it(void **state)
{
    (void)state;
    add_account();
    add_order(ORDER, "valid");
    sign(9, ORDER);
    look_from(false, true, true, false);
    assert_int_equal(found_orphan.fate, HF_ORPHAN_LOST);
    assert_int_equal(reason_of("40000009"), -1);
}

static void a_copy_is_restored(void **state)
{
    (void)state;
    add_account();
    add_order(ORDER, "processing");
    for (unsigned i = 0; i < MANY; i++)
        sign(i, ORDER);
    look_from(false, true, true, true);
    assert_int_equal(orphan_count, MANY);
    assert_int_equal(reason_of("40000005"), -1);
    look();
    assert_int_equal(found.rifts, 0);
}

/* Behind what the tables have, something may be under way; before it, not. */
static void a_ca_that_serves(void **state)
{
    (void)state;
    add_account();
    add_order(ORDER, "processing");
    sign(1, ORDER);
    look_from(false, false, false, false);
    assert_int_equal(orphan_count, 0);
    assert_int_equal(found.under_way, 1);
    issue(2);
    sign(3, ORDER);
    look_from(false, false, false, false);
    assert_int_equal(orphan_count, 1);
    assert_int_equal(found.under_way, 1);
    look_from(true, true, true, false);
    assert_int_equal(orphan_count, 1);
    assert_true(hf_span_eq(found_orphan.serial, HF_SPAN("40000003")));
}

static void twins(void **state)
{
    (void)state;
    add_account();
    add_order(ORDER, "valid");
    issue(1);
    sign(1, ORDER);
    look_from(false, true, true, false);
    assert_int_equal(orphan_count, 1);
    assert_int_equal(found_orphan.fate, HF_ORPHAN_TWIN);
}

static void rows_that_are_wrong(void **state)
{
    (void)state;
    add_account();
    add_order(ORDER, "valid");
    add_order(8, "valid");
    sign(1, ORDER);
    keep(2, 1, NOW + 100, der, ORDER);
    look();
    assert_int_equal(found_rift.kind, HF_RIFT_UNLIKE);
    sign(8, ORDER);
    keep(8, 1, NOW + 100, der, ORDER);
    look();
    assert_string_equal(found_rift.what, "the shard of its CRL is another");
    sign(0x10, ORDER);
    keep(0x10, 0, NOW + 99, der, ORDER);
    look();
    assert_string_equal(found_rift.what, "the dates are others");
    sign(0x18, ORDER);
    keep(0x18, 0, NOW + 100, HF_SPAN("\x30\x04\x30\x02\x05\x01"), ORDER);
    look();
    assert_string_equal(found_rift.what,
                        "the certificate in the table is not what was signed");
    sign(0x20, ORDER);
    keep(0x20, 0, NOW + 100, der, 8);
    look();
    assert_string_equal(found_rift.what, "the owner is another");
    assert_int_equal(found.rifts, 5);
}

static void the_log_is_of_another(void **state)
{
    (void)state;
    add_account();
    add_order(ORDER, "valid");
    issue(1);
    last.hash[0] ^= 1;
    keep(2, 2, NOW + 100, der, ORDER); /* the same entry, another hash */
    look();
    assert_int_equal(found_rift.kind, HF_RIFT_UNPROVEN);
    last.number = 1000;
    keep(3, 3, NOW + 100, der, ORDER); /* behind the end */
    look();
    assert_int_equal(found.rifts, 2);
    enter("issue", "{\"new\":1}");
    look();
    assert_int_equal(found.rifts, 3);
}

/* An entry of the same number in another log is none of our business; a host
 * that has another name now is. */
static void the_row_is_of_another(void **state)
{
    (void)state;
    add_account();
    add_order(ORDER, "valid");
    issue(1);
    log_name = "other";
    last.hash[0] ^= 1;
    keep(2, 2, NOW + 100, der, ORDER);
    look();
    assert_int_equal(found.rifts, 0);
    assert_int_equal(found.rows, 1);
    issue(3);
    log_name = "one";
    look();
    assert_int_equal(found.rifts, 0);
    assert_int_equal(found.issued, 2);
}

static void revocations_are_remembered(void **state)
{
    struct hf_listed listed = {0};
    const struct hf_entry entries[] = {
        {.at = NOW,
         .kind = HF_SPAN("crl"),
         .body = HF_SPAN("{\"shard\":1,\"number\":7,\"revoked\":2,\"x\":1}")},
        {.at = NOW,
         .kind = HF_SPAN("crl"),
         .body = HF_SPAN("{\"shard\":64,\"number\":7,\"revoked\":2,\"x\":1}")},
        {.at = NOW, .kind = HF_SPAN("crl"), .body = HF_SPAN("{\"shard\":}")},
    };
    struct hf_why why = {0};
    int64_t lost = -1;

    (void)state;
    for (size_t i = 0; i < 3; i++)
        hf_listed_note(&listed, &entries[i]);
    place_want(hf_listed_lost(&listed, store, &lost, &why), why);
    assert_int_equal(lost, 2);
    add_account();
    add_order(ORDER, "valid");
    issue(1);
    RUN(HF_CA_CERT_REVOKE, T("40000001"), N(NOW), N(4));
    place_want(hf_listed_lost(&listed, store, &lost, &why), why);
    assert_int_equal(lost, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(all_is_well, set_up, tear_down),
        cmocka_unit_test_setup_teardown(orphans_are_adopted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(orphans_have_their_certificates, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(batches_have_their_certificates, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(an_order_gets_what_it_waits_for, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(the_order_has_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_copy_is_restored, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_ca_that_serves, set_up, tear_down),
        cmocka_unit_test_setup_teardown(twins, set_up, tear_down),
        cmocka_unit_test_setup_teardown(rows_that_are_wrong, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_log_is_of_another, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(the_row_is_of_another, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(revocations_are_remembered, set_up,
                                        tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
