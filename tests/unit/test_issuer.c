/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The process that has a CA's key: what it signs, what it refuses, and that
 * the evidence is on disk before. It is this program, executed again.
 */
#include <openssl/x509v3.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "base/base64.h"
#include "ca/evidence.h"
#include "ca/founder.h"
#include "ca/issued.h"
#include "ca/issuer_worker.h"
#include "os/file.h"
#include "tests/unit/authority_fixture.h"
#include "tests/unit/scratch.h"

#define NOW        1795000000 /* 2026-11-18 */
#define DAY        86400
#define PASSPHRASE HF_SPAN("a phrase of the test")

#define EVIDENCE_FOR(value, wild)                                              \
    "{\"identifier\":{\"type\":\"dns\",\"value\":\"" value                     \
    "\",\"wildcard\":" wild                                                    \
    "},\"account\":\"https://ca.example/acct/1\",\"outcome\":\"valid\","       \
    "\"expires\":1795000000}"
/* Of control over all below; then what it says of CAA. */
#define EVIDENCE_ABOVE(value, caa)                                             \
    "{\"identifier\":{\"type\":\"dns\",\"value\":\"" value                     \
    "\",\"subdomains\":true},\"outcome\":\"valid\","                           \
    "\"expires\":1795000000" caa "}"
#define CAA_OF(value, outcome)                                                 \
    ",\"caa_again\":{\"identifier\":{\"type\":\"dns\",\"value\":\"" value      \
    "\"},\"outcome\":\"" outcome "\"}"

static char folder[SCRATCH_MAX];
static char said[HF_ISSUER_SAID_MAX + 1];

/* A root, an issuing CA below it, and its key. */
static struct {
    char root_room[4096];
    struct hf_buf root;
    char issuing_room[4096];
    struct hf_buf issuing;
    char narrow_room[4096];
    struct hf_buf narrow; /* the issuing CA again, for fewer names */
    char key_room[8192];
    struct hf_buf key;
    char spki_room[1024]; /* of any key: it is certified */
    struct hf_buf spki;
} ca;

/* ---- the CA ---- */

static struct hf_founder *make_key(void)
{
    const struct hf_founder_plan plan = {
        .make = true, .kind = HF_KEY_P256, .passphrase = PASSPHRASE};
    struct hf_founder *founder = NULL;
    struct hf_why why = {0};

    if (hf_founder_open(&plan, &founder, said, &why) != HF_OK)
        fail_msg("%s", why.text);
    return founder;
}

static void certify(struct hf_founder *by, struct hf_founder *whom,
                    struct hf_span permitted, struct hf_buf *out)
{
    const bool is_root = by == whom;
    const struct hf_ca_certificate certificate = {
        .subject = {.organization = HF_SPAN("Test"),
                    .common_name =
                        is_root ? HF_SPAN("Root") : HF_SPAN("Issuing")},
        .spki = hf_founder_spki(whom),
        .not_before_at = NOW - DAY,
        .not_after_at = NOW + 400 * DAY,
        .is_root = is_root,
        .permitted = &permitted,
        .permitted_count = permitted.len > 0};
    struct hf_why why = {0};

    if (hf_founder_certify(by, &certificate, hf_buf_span(&ca.root), out, said,
                           &why) != HF_OK)
        fail_msg("%s", why.text);
}

static int found(void **state)
{
    struct hf_founder *root, *issuing;

    (void)state;
    hf_buf_init(&ca.root, ca.root_room, sizeof(ca.root_room));
    hf_buf_init(&ca.issuing, ca.issuing_room, sizeof(ca.issuing_room));
    hf_buf_init(&ca.narrow, ca.narrow_room, sizeof(ca.narrow_room));
    hf_buf_init(&ca.key, ca.key_room, sizeof(ca.key_room));
    hf_buf_init(&ca.spki, ca.spki_room, sizeof(ca.spki_room));
    root = make_key();
    issuing = make_key();
    certify(root, root, HF_SPAN(""), &ca.root);
    certify(root, issuing, HF_SPAN(""), &ca.issuing);
    certify(root, issuing, HF_SPAN("example.com"), &ca.narrow);
    hf_buf_put(&ca.key, hf_founder_key(issuing));
    hf_buf_put(&ca.spki, hf_founder_spki(root));
    hf_founder_free(root);
    hf_founder_free(issuing);
    return 0;
}

static int set_up(void **state)
{
    (void)state;
    return scratch_make(folder);
}

static int tear_down(void **state)
{
    (void)state;
    return scratch_remove(folder);
}

static struct hf_issuer_config config(void)
{
    return (struct hf_issuer_config){
        .certificate = hf_buf_span(&ca.issuing),
        .key = hf_buf_span(&ca.key),
        .passphrase = PASSPHRASE,
        .log_folder = hf_span_str(folder),
        .ca_url = HF_SPAN("http://ca.example/issuing.der"),
        .crl_url = HF_SPAN("http://ca.example/crl/"),
        .shards = 4,
        .profiles = {{{HF_SPAN("classic"), 90 * DAY, false},
                      {HF_SPAN("both"), 7 * DAY, true}},
                     2}};
}

static struct hf_issuer *open_issuer_of(struct hf_span certificate)
{
    struct hf_issuer_config plan = config();
    struct hf_issuer *issuer = NULL;
    struct hf_why why = {0};

    plan.certificate = certificate;
    if (hf_issuer_open(&plan, &issuer, said, &why) != HF_OK)
        fail_msg("%s", why.text);
    return issuer;
}

static struct hf_issuer *open_issuer(void)
{
    return open_issuer_of(hf_buf_span(&ca.issuing));
}

/* ---- orders ---- */

static const struct hf_issuer_name good_names[] = {
    {HF_SPAN_INIT("example.com"), false,
     HF_SPAN_INIT(EVIDENCE_FOR("example.com", "false"))},
    {HF_SPAN_INIT("*.example.com"), false,
     HF_SPAN_INIT(EVIDENCE_FOR("example.com", "true"))},
    {HF_SPAN_INIT("192.0.2.1"), true,
     HF_SPAN_INIT("{\"identifier\":{\"type\":\"ip\",\"value\":\"192.0.2.1\"},"
                  "\"outcome\":\"valid\",\"expires\":1795000001}")},
};

static struct hf_issuer_order plan_order(void)
{
    return (struct hf_issuer_order){
        .ticket = 7,
        .order = HF_SPAN("https://ca.example/order/1"),
        .account = HF_SPAN("https://ca.example/acct/1"),
        .profile = HF_SPAN("classic"),
        .spki = hf_buf_span(&ca.spki),
        .names = good_names,
        .name_count = COUNT_OF(good_names),
        .now_at = NOW,
        .not_before_at = NOW - 3600,
        .not_after_at = NOW + 47 * DAY};
}

static void await(struct hf_issuer *issuer, struct hf_issuer_reply *reply)
{
    struct hf_why why = {0};
    bool got = false;

    while (!got) {
        bool wants_write;
        struct pollfd pfd = {.fd = hf_issuer_fd(issuer, &wants_write),
                             .events = POLLIN};

        if (hf_issuer_poll(issuer, reply, &got, &why) != HF_OK)
            fail_msg("%s", why.text);
        if (got)
            break;
        (void)hf_issuer_fd(issuer, &wants_write);
        if (!wants_write)
            (void)poll(&pfd, 1, 1000);
    }
}

static void ask(struct hf_issuer *issuer, const struct hf_issuer_order *order,
                struct hf_issuer_reply *reply)
{
    assert_int_equal(hf_issuer_submit(issuer, order, NULL), HF_OK);
    await(issuer, reply);
    assert_int_equal(reply->ticket, order->ticket);
}

/* ---- the log ---- */

struct seen {
    size_t count;          /* of what was signed */
    struct hf_span wanted; /* serial number of the last one */
    bool found;
    size_t certificates; /* that came of it */
    char der[8192];      /* the last one, in base64url */
    size_t der_len;
    uint64_t entry; /* and the entry that it says */
};

static void look_at_certificate(struct seen *seen, struct hf_span body)
{
    struct hf_span der;

    assert_true(hf_issued_read_certificate(body, &seen->entry, &der));
    assert_true(der.len <= sizeof(seen->der));
    memcpy(seen->der, der.ptr, der.len);
    seen->der_len = der.len;
    seen->certificates++;
}

static enum hf_err look(void *opaque, const struct hf_entry *entry,
                        struct hf_why *why)
{
    struct seen *seen = opaque;

    (void)why;
    if (hf_span_eq(entry->kind, HF_SPAN("certificate"))) {
        look_at_certificate(seen, entry->body);
        return HF_OK;
    }
    seen->count++;
    seen->found = seen->wanted.len > 0 &&
                  memmem(entry->body.ptr, entry->body.len, seen->wanted.ptr,
                         seen->wanted.len) != NULL;
    return HF_OK;
}

static struct seen look_at_log(struct hf_span serial)
{
    struct seen seen = {.wanted = serial};
    struct hf_evidence_head head;
    struct hf_evidence_stop stop;

    assert_int_equal(hf_evidence_walk(folder, look, &seen, &head, &stop, NULL),
                     HF_OK);
    assert_true(serial.len == 0 || seen.found);
    return seen;
}

static size_t entries(struct hf_span serial)
{
    return look_at_log(serial).count;
}

/* The log has what was handed out, whole. */
static void has_the_certificate(const struct hf_issuer_reply *reply)
{
    struct seen seen = look_at_log(reply->serial);
    char text[sizeof(seen.der)];

    assert_int_equal(seen.certificates, 1);
    assert_int_equal(seen.entry, reply->entry);
    assert_int_equal(seen.der_len, HF_BASE64URL_LEN(reply->der.len));
    hf_base64url(reply->der, text);
    assert_memory_equal(text, seen.der, seen.der_len);
}

/* ---- tests ---- */

static void issues(void **state)
{
    struct hf_issuer *issuer = open_issuer();
    const struct hf_issuer_order order = plan_order();
    struct hf_issuer_reply reply;
    X509 *root = authority_decode(hf_buf_span(&ca.root));
    X509 *issuing = authority_decode(hf_buf_span(&ca.issuing));
    X509 *leaf;

    (void)state;
    ask(issuer, &order, &reply);
    if (reply.kind != HF_ISSUER_ISSUED)
        fail_msg("%.*s", (int)reply.said.len, reply.said.ptr);
    assert_int_equal(reply.entry, 1);
    assert_int_equal(reply.hash.len, HF_ENTRY_HASH_LEN);
    assert_int_equal(entries(reply.serial), 1);
    has_the_certificate(&reply);
    leaf = authority_decode(reply.der);
    assert_int_equal(X509_verify(issuing, X509_get0_pubkey(root)), 1);
    assert_int_equal(X509_verify(leaf, X509_get0_pubkey(issuing)), 1);
    assert_int_equal(X509_check_issued(issuing, leaf), X509_V_OK);
    assert_int_equal(X509_check_host(leaf, "a.example.com", 0, 0, NULL), 1);
    assert_int_equal(X509_check_ip_asc(leaf, "192.0.2.1", 0), 1);
    assert_true(reply.shard < 4);
    hf_issuer_drop(issuer);
    X509_free(leaf);
    X509_free(issuing);
    X509_free(root);
    hf_issuer_free(issuer);
}

/* Many at once: each is answered, no serial number twice, and all of them are
 * in the log. */
static void issues_many(void **state)
{
    enum { COUNT = 600 };
    struct hf_issuer *issuer = open_issuer();
    struct hf_issuer_order order = plan_order();
    static char serials[COUNT][40];
    struct hf_issuer_reply reply;

    (void)state;
    for (order.ticket = 0; order.ticket < COUNT; order.ticket++)
        assert_int_equal(hf_issuer_submit(issuer, &order, NULL), HF_OK);
    for (size_t i = 0; i < COUNT; i++) {
        await(issuer, &reply);
        assert_int_equal(reply.ticket, i);
        assert_int_equal(reply.kind, HF_ISSUER_ISSUED);
        assert_true(reply.entry > i);
        assert_int_equal(reply.serial.len, 32);
        memcpy(serials[i], reply.serial.ptr, reply.serial.len);
        hf_issuer_drop(issuer);
    }
    qsort(serials, COUNT, sizeof(serials[0]),
          (int (*)(const void *, const void *))strcmp);
    for (size_t i = 1; i < COUNT; i++)
        assert_string_not_equal(serials[i - 1], serials[i]);
    assert_int_equal(entries(HF_SPAN("")), COUNT);
    assert_int_equal(look_at_log(HF_SPAN("")).certificates, COUNT);
    hf_issuer_free(issuer);
}

static void is_beside_the_log(const char *name, struct hf_span der)
{
    char path[SCRATCH_MAX + 16];
    struct hf_buf octets;

    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    hf_buf_init_grow(&octets, 65536);
    assert_int_equal(hf_file_read_private(path, &octets, NULL), HF_OK);
    assert_true(hf_span_eq(hf_buf_span(&octets), der));
    hf_buf_clear(&octets);
}

static void lists(void **state)
{
    static const struct hf_revoked revoked[] = {{{1, 2, 3}, 3, 1, NOW - 1}};
    struct hf_issuer_crl crl = {.ticket = 3,
                                .shard = 2,
                                .number = 5,
                                .this_update_at = NOW,
                                .next_update_at = NOW + DAY,
                                .revoked = revoked,
                                .count = 1};
    struct hf_issuer *issuer = open_issuer();
    struct hf_issuer_reply reply;
    const unsigned char *at;
    X509 *issuing = authority_decode(hf_buf_span(&ca.issuing));
    X509_CRL *list;

    (void)state;
    assert_int_equal(hf_issuer_submit_crl(issuer, &crl, NULL), HF_OK);
    await(issuer, &reply);
    assert_int_equal(reply.kind, HF_ISSUER_LISTED);
    at = (const unsigned char *)reply.der.ptr;
    list = d2i_X509_CRL(NULL, &at, (long)reply.der.len);
    assert_non_null(list);
    assert_int_equal(X509_CRL_verify(list, X509_get0_pubkey(issuing)), 1);
    is_beside_the_log("2.crl", reply.der);
    hf_issuer_drop(issuer);
    X509_CRL_free(list);
    X509_free(issuing);
    crl.shard = 4;
    assert_int_equal(hf_issuer_submit_crl(issuer, &crl, NULL), HF_OK);
    await(issuer, &reply);
    assert_int_equal(reply.kind, HF_ISSUER_REFUSED);
    hf_issuer_drop(issuer);
    assert_int_equal(entries(HF_SPAN("")), 1);
    hf_issuer_free(issuer);
}

static const struct hf_revoked some_revoked[] = {{{0x40, 2, 3}, 3, 1, NOW - 1},
                                                 {{0x40, 2, 4}, 3, 4, NOW - 2}};

static void submit_revoked(struct hf_issuer *issuer,
                           const struct hf_revoked *list, size_t count)
{
    const struct hf_issuer_revocations revocations = {
        .ticket = 9, .now_at = NOW, .list = list, .count = count};

    assert_int_equal(hf_issuer_submit_revocations(issuer, &revocations, NULL),
                     HF_OK);
}

/* When the answer comes the log has them. */
static void logs_revocations(void **state)
{
    static const struct hf_revoked bad[] = {{{0x40, 2, 5}, 3, 7, NOW - 1}};
    struct hf_issuer *issuer = open_issuer();
    struct hf_issuer_reply reply;

    (void)state;
    submit_revoked(issuer, some_revoked, COUNT_OF(some_revoked));
    await(issuer, &reply);
    assert_int_equal(reply.ticket, 9);
    assert_int_equal(reply.kind, HF_ISSUER_LOGGED);
    hf_issuer_drop(issuer);
    assert_int_equal(entries(HF_SPAN("{\"serial\":\"400204\"")), 2);
    submit_revoked(issuer, bad, 1); /* nobody could read it again */
    await(issuer, &reply);
    assert_int_equal(reply.kind, HF_ISSUER_REFUSED);
    assert_int_equal(reply.err, HF_EINVAL);
    hf_issuer_drop(issuer);
    assert_int_equal(entries(HF_SPAN("")), 2);
    hf_issuer_free(issuer);
}

/* What is wrong with an order: the good one, changed. */
static const struct {
    const char *said; /* part of the answer */
    struct hf_issuer_name name;
} bad_names[] = {
    {"no evidence", {HF_SPAN_INIT("example.com"), false, HF_SPAN_INIT("")}},
    {"no evidence", {HF_SPAN_INIT("example.com"), false, HF_SPAN_INIT("{}}")}},
    {"no evidence", {HF_SPAN_INIT("example.com"), false, HF_SPAN_INIT("[]")}},
    {"no evidence",
     {HF_SPAN_INIT("example.com"), false, HF_SPAN_INIT("{\"a\":1,\"a\":1}")}},
    {"one line", {HF_SPAN_INIT("example.com"), false, HF_SPAN_INIT("{\n}")}},
    {"another one", {HF_SPAN_INIT("example.com"), false, HF_SPAN_INIT("{}")}},
    {"another one",
     {HF_SPAN_INIT("example.com"), false,
      HF_SPAN_INIT(EVIDENCE_FOR("example.org", "false"))}},
    {"another one",
     {HF_SPAN_INIT("example.com"), false,
      HF_SPAN_INIT(EVIDENCE_FOR("example.com", "true"))}},
    {"another one",
     {HF_SPAN_INIT("*.example.com"), false,
      HF_SPAN_INIT(EVIDENCE_FOR("example.com", "false"))}},
    {"another one",
     {HF_SPAN_INIT("192.0.2.1"), true,
      HF_SPAN_INIT(EVIDENCE_FOR("192.0.2.1", "false"))}},
    {"another account",
     {HF_SPAN_INIT("example.com"), false,
      HF_SPAN_INIT("{\"identifier\":{\"type\":\"dns\",\"value\":"
                   "\"example.com\"},\"account\":\"x\"}")}},
    {"not shown",
     {HF_SPAN_INIT("example.com"), false,
      HF_SPAN_INIT("{\"identifier\":{\"type\":\"dns\",\"value\":"
                   "\"example.com\"},\"outcome\":\"unauthorized\"}")}},
    {"too old",
     {HF_SPAN_INIT("example.com"), false,
      HF_SPAN_INIT("{\"identifier\":{\"type\":\"dns\",\"value\":"
                   "\"example.com\"},\"outcome\":\"valid\",\"expires\":"
                   "1794999999}")}},
    {"3.2.2.8",
     {HF_SPAN_INIT("a.example.com"), false,
      HF_SPAN_INIT(EVIDENCE_ABOVE("example.com", ""))}},
    {"3.2.2.8",
     {HF_SPAN_INIT("example.com"), false,
      HF_SPAN_INIT(EVIDENCE_ABOVE("example.com", ""))}},
    {"3.2.2.8",
     {HF_SPAN_INIT("a.example.com"), false,
      HF_SPAN_INIT(
          EVIDENCE_ABOVE("example.com", CAA_OF("example.com", "valid")))}},
    {"3.2.2.8",
     {HF_SPAN_INIT("a.example.com"), false,
      HF_SPAN_INIT(
          EVIDENCE_ABOVE("example.com", CAA_OF("a.example.com", "caa")))}},
    {"another one",
     {HF_SPAN_INIT("anexample.com"), false,
      HF_SPAN_INIT(
          EVIDENCE_ABOVE("example.com", CAA_OF("anexample.com", "valid")))}},
    {"another one",
     {HF_SPAN_INIT("example.com"), false,
      HF_SPAN_INIT(
          EVIDENCE_ABOVE("a.example.com", CAA_OF("example.com", "valid")))}},
    {"another one",
     {HF_SPAN_INIT("192.0.2.1"), true,
      HF_SPAN_INIT(EVIDENCE_ABOVE("2.1", CAA_OF("192.0.2.1", "valid")))}},
    {"another one",
     {HF_SPAN_INIT("a.example.com"), false,
      HF_SPAN_INIT(EVIDENCE_FOR("example.com", "false"))}},
    {"7.1.2.7.12",
     {HF_SPAN_INIT("a_b.example"), false,
      HF_SPAN_INIT(EVIDENCE_FOR("a_b.example", "false"))}},
};

static void expect_refusal(struct hf_issuer *issuer,
                           const struct hf_issuer_order *order,
                           const char *part)
{
    struct hf_issuer_reply reply;

    ask(issuer, order, &reply);
    assert_int_equal(reply.kind, HF_ISSUER_REFUSED);
    assert_int_equal(reply.err, HF_EINVAL);
    if (memmem(reply.said.ptr, reply.said.len, part, strlen(part)) == NULL)
        fail_msg("\"%s\" is not in \"%.*s\"", part, (int)reply.said.len,
                 reply.said.ptr);
    hf_issuer_drop(issuer);
}

static void refuses(void **state)
{
    struct hf_issuer *issuer = open_issuer();
    struct hf_issuer_order order;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad_names); i++) {
        order = plan_order();
        order.names = &bad_names[i].name;
        order.name_count = 1;
        expect_refusal(issuer, &order, bad_names[i].said);
    }
    order = plan_order();
    order.name_count = 0;
    expect_refusal(issuer, &order, "4.2.1.6");
    order = plan_order();
    order.profile = HF_SPAN("other");
    expect_refusal(issuer, &order, "profile");
    order = plan_order();
    order.not_before_at = NOW + 1;
    expect_refusal(issuer, &order, "begins");
    order = plan_order();
    order.not_before_at = NOW - 3601;
    expect_refusal(issuer, &order, "begins");
    order = plan_order();
    order.not_after_at = NOW;
    expect_refusal(issuer, &order, "ended");
    order = plan_order();
    order.not_after_at = order.not_before_at + 90 * DAY;
    expect_refusal(issuer, &order, "profile allows");
    order = plan_order();
    order.not_after_at = NOW + 401 * DAY;
    expect_refusal(issuer, &order, "own certificate");
    assert_int_equal(entries(HF_SPAN("")), 0);
    hf_issuer_free(issuer);
}

/* Orders may be older than the CA's certificate, and what it permits. */
static void refuses_what_is_not_permitted(void **state)
{
    struct hf_issuer *issuer = open_issuer_of(hf_buf_span(&ca.narrow));
    struct hf_issuer_order order = plan_order();
    struct hf_issuer_reply reply;

    (void)state;
    expect_refusal(issuer, &order, "does not permit all of these names");
    assert_int_equal(entries(HF_SPAN("")), 0);
    order.name_count--; /* without the address */
    ask(issuer, &order, &reply);
    assert_int_equal(reply.kind, HF_ISSUER_ISSUED);
    hf_issuer_drop(issuer);
    hf_issuer_free(issuer);
}

/* RFC 9444: by what was shown of an ancestor. */
static void from_above(void **state)
{
    static const struct hf_issuer_name names[] = {
        {HF_SPAN_INIT("a.b.example.com"), false,
         HF_SPAN_INIT(EVIDENCE_ABOVE("example.com",
                                     CAA_OF("a.b.example.com", "valid")))},
        {HF_SPAN_INIT("example.com"), false,
         HF_SPAN_INIT(
             EVIDENCE_ABOVE("example.com", CAA_OF("example.com", "valid")))},
        {HF_SPAN_INIT("a.example.net"), false,
         HF_SPAN_INIT(EVIDENCE_ABOVE("example.net", ",\"caa\":\"skipped\""))},
    };
    struct hf_issuer *issuer = open_issuer();
    struct hf_issuer_order order = plan_order();
    struct hf_issuer_reply reply;

    (void)state;
    order.names = names;
    order.name_count = COUNT_OF(names);
    ask(issuer, &order, &reply);
    if (reply.kind != HF_ISSUER_ISSUED)
        fail_msg("%.*s", (int)reply.said.len, reply.said.ptr);
    hf_issuer_drop(issuer);
    hf_issuer_free(issuer);
}

/* Of a process for which the disk takes files of so many octets. */
static struct hf_issuer *open_issuer_within(rlim_t octets)
{
    struct hf_issuer *issuer;
    struct rlimit before, small;

    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = (struct rlimit){octets, before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    issuer = open_issuer();
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    return issuer;
}

/* An order is refused then. */
static void is_refused_beyond(rlim_t octets)
{
    const struct hf_issuer_order order = plan_order();
    struct hf_issuer *issuer = open_issuer_within(octets);
    struct hf_issuer_reply reply;

    ask(issuer, &order, &reply);
    assert_int_equal(reply.kind, HF_ISSUER_REFUSED);
    assert_int_equal(reply.err, HF_ESYSTEM);
    assert_int_equal(reply.der.len, 0);
    hf_issuer_drop(issuer);
    hf_issuer_free(issuer);
}

/* No evidence on disk, no signature. */
static void signs_nothing_without_its_entry(void **state)
{
    const struct hf_issuer_order order = plan_order();
    struct hf_issuer_reply reply;
    struct hf_issuer *issuer;

    (void)state;
    is_refused_beyond(300);
    assert_int_equal(entries(HF_SPAN("")), 0);
    issuer = open_issuer();
    ask(issuer, &order, &reply);
    assert_int_equal(reply.kind, HF_ISSUER_ISSUED);
    assert_int_equal(reply.entry, 1);
    hf_issuer_drop(issuer);
    hf_issuer_free(issuer);
}

/* Nor does one leave that the log has not: the disk takes the first entry, and
 * not the certificate. */
static void hands_out_nothing_without_its_entry(void **state)
{
    (void)state;
    is_refused_beyond(1500);
    assert_int_equal(entries(HF_SPAN("")), 1);
    assert_int_equal(look_at_log(HF_SPAN("")).certificates, 0);
}

/* And no revocation is taken for kept. */
static void keeps_no_revocation_without_its_entry(void **state)
{
    struct hf_issuer *issuer = open_issuer_within(300);
    struct hf_issuer_reply reply;

    (void)state;
    submit_revoked(issuer, some_revoked, COUNT_OF(some_revoked));
    await(issuer, &reply);
    assert_int_equal(reply.kind, HF_ISSUER_REFUSED);
    assert_int_equal(reply.err, HF_ESYSTEM);
    hf_issuer_drop(issuer);
    hf_issuer_free(issuer);
    assert_int_equal(entries(HF_SPAN("")), 0);
}

static void does_not_open(void **state)
{
    struct hf_issuer_config plan = config();
    struct hf_issuer *issuer = NULL;
    struct hf_why why = {0};

    (void)state;
    plan.passphrase = HF_SPAN("another");
    assert_int_equal(hf_issuer_open(&plan, &issuer, said, &why), HF_EINVAL);
    plan = config();
    plan.certificate = hf_buf_span(&ca.root);
    assert_int_equal(hf_issuer_open(&plan, &issuer, said, &why), HF_EINVAL);
    assert_non_null(strstr(why.text, "another key"));
    plan = config();
    plan.log_folder = HF_SPAN("/nowhere/at/all");
    assert_int_equal(hf_issuer_open(&plan, &issuer, said, &why), HF_ENOTFOUND);
    assert_null(issuer);
}

/* One log has one writer; and when that dies, its parent hears of it. */
static void ends(void **state)
{
    const struct hf_issuer_config plan = config();
    struct hf_issuer *issuer = open_issuer();
    struct hf_issuer *other = NULL;
    struct hf_issuer_reply reply;
    struct hf_why why = {0};
    enum hf_err err = HF_OK;
    bool wants_write;
    bool got;

    (void)state;
    assert_int_equal(hf_issuer_open(&plan, &other, said, &why), HF_EINVAL);
    assert_int_equal(shutdown(hf_issuer_fd(issuer, &wants_write), SHUT_WR), 0);
    while (err == HF_OK)
        err = hf_issuer_poll(issuer, &reply, &got, &why);
    assert_int_equal(err, HF_EPEER);
    hf_issuer_free(issuer);
}

int main(int argc, char **argv)
{
#define WITH_LOG(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH_LOG(issues),
        WITH_LOG(issues_many),
        WITH_LOG(lists),
        WITH_LOG(logs_revocations),
        WITH_LOG(keeps_no_revocation_without_its_entry),
        WITH_LOG(refuses),
        WITH_LOG(refuses_what_is_not_permitted),
        WITH_LOG(from_above),
        WITH_LOG(signs_nothing_without_its_entry),
        WITH_LOG(hands_out_nothing_without_its_entry),
        WITH_LOG(does_not_open),
        WITH_LOG(ends),
    };

    if (argc == 2 && strcmp(argv[1], HF_ISSUER_ROLE) == 0)
        return hf_issuer_worker_run(STDIN_FILENO) ? 0 : 1;
    return cmocka_run_group_tests(tests, found, NULL);
}
