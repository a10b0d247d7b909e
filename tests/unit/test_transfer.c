/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/octets.h"
#include "crypto/hmac.h"
#include "dns/transfer.h"
#include "tests/unit/unit.h"

#define ID     0x1234
#define NOW    INT64_C(1790000000)
#define SECRET "0123456789abcdef"
#define KEY    "hmac-sha256:k.example:MDEyMzQ1Njc4OWFiY2RlZg=="
#define ZONE   "example"
#define LABEL  "_validation-persist.example"

/*
 * A name server as small as can be: it answers with what a scenario says, one
 * word a record, and signs as told.
 *
 *     sN    SOA of the zone with serial N (one digit)
 *     x     a persist record "x"     o  an A record elsewhere
 *     w     a record of another zone
 *     |     the end of a message, signed
 *     -     the end of a message, not signed
 */
struct server {
    unsigned char mac[HF_HMAC_MAX];
    bool answered;
    struct hf_buf pending; /* octets of unsigned messages */
    struct hf_hmac *hmac;
    /* What it does wrong. */
    int64_t time_s;
    const char *key;
    const char *alg;
    uint16_t id;
    uint16_t flags;
    uint16_t error;
    uint16_t type;
    size_t mac_len;
    size_t flipped;   /* which bit is turned over behind the signing; or 0 */
    size_t sent;      /* octets of the last message */
    bool trails;      /* a record behind the TSIG */
    bool omits_asked; /* no question in the first message */
};

static void put_name(struct hf_buf *out, const char *text)
{
    struct hf_wire_name name;

    assert_int_equal(hf_wire_name_parse(hf_span_str(text), &name, NULL), HF_OK);
    hf_buf_put(out, (struct hf_span){(const char *)name.octets, name.len});
}

/* Names in what is signed are in lower case (RFC 8945, section 4.3.3). */
static void put_lower_name(struct hf_buf *out, const char *text)
{
    size_t from = out->len;

    put_name(out, text);
    for (; from < out->len; from++)
        out->ptr[from] = hf_lower(out->ptr[from]);
}

static void put_rr(struct hf_buf *out, const char *owner, unsigned type,
                   struct hf_span rdata)
{
    put_name(out, owner);
    hf_put_number(out, type, 2);
    hf_put_number(out, 1, 2);
    hf_put_number(out, 300, 4);
    hf_put_text(out, rdata);
}

static void put_soa(struct hf_buf *out, unsigned serial)
{
    char room[64];
    struct hf_buf rdata;

    hf_buf_init(&rdata, room, sizeof(room));
    put_name(&rdata, "ns");
    hf_put_number(&rdata, 0xc00c, 2); /* compressed: the question's name */
    hf_put_number(&rdata, serial, 4);
    hf_put_number(&rdata, 0, 8);
    hf_put_number(&rdata, 0, 8);
    put_rr(out, ZONE, 6, hf_buf_span(&rdata));
}

static void sign(struct server *server, struct hf_buf *message)
{
    char room[512];
    struct hf_buf part;
    struct hf_span mac = {(const char *)server->mac, 32};

    hf_buf_init(&part, room, sizeof(room));
    hf_put_text(&part, mac);
    hf_hmac_add(server->hmac, hf_buf_span(&part));
    hf_hmac_add(server->hmac, hf_buf_span(&server->pending));
    hf_buf_reset(&server->pending);
    hf_hmac_add(server->hmac, hf_buf_span(message));
    hf_buf_reset(&part);
    if (!server->answered) {
        put_lower_name(&part, server->key);
        hf_put_number(&part, 255, 2);
        hf_put_number(&part, 0, 4);
        put_lower_name(&part, server->alg);
    }
    hf_put_number(&part, (uint64_t)server->time_s, 6);
    hf_put_number(&part, 300, 2);
    if (!server->answered)
        hf_put_number(&part, (uint64_t)server->error << 16, 4);
    hf_hmac_add(server->hmac, hf_buf_span(&part));
    assert_int_equal(hf_hmac_end(server->hmac, server->mac, NULL), HF_OK);
    server->answered = true;

    hf_buf_reset(&part);
    put_name(&part, server->alg);
    hf_put_number(&part, (uint64_t)server->time_s, 6);
    hf_put_number(&part, 300, 2);
    hf_put_text(&part, (struct hf_span){mac.ptr, server->mac_len});
    hf_put_number(&part, ID, 2);
    hf_put_number(&part, (uint64_t)server->error << 16, 4);
    put_name(message, server->key);
    hf_put_number(message, 250, 2);
    hf_put_number(message, 255, 2);
    hf_put_number(message, 0, 4);
    hf_put_text(message, hf_buf_span(&part));
    message->ptr[11]++;
    if (server->trails) {
        put_rr(message, ZONE, 1, HF_SPAN("abcd"));
        message->ptr[11]++;
    }
}

static void put_word(struct hf_buf *out, const char **word)
{
    switch (**word) {
    case 's':
        ++*word;
        put_soa(out, (unsigned)(**word - '0'));
        break;
    case 'x':
        put_rr(out, LABEL, 16, HF_SPAN("\001x"));
        break;
    case 'w':
        put_rr(out, "_validation-persist.other", 16, HF_SPAN("\001w"));
        break;
    default:
        put_rr(out, "www.example", 1, HF_SPAN("abcd"));
        break;
    }
    ++*word;
    out->ptr[7]++;
}

/* The next message of the scenario; false when there is none. */
static bool answer(struct server *server, const char **scenario,
                   struct hf_buf *out)
{
    bool first = !server->answered && server->pending.len == 0;

    if (**scenario == '\0')
        return false;
    hf_buf_reset(out);
    hf_put_number(out, server->id, 2);
    hf_put_number(out, server->flags, 2);
    hf_put_number(out, first && !server->omits_asked, 2);
    hf_put_number(out, 0, 6);
    if (first && !server->omits_asked) {
        put_name(out, ZONE);
        hf_put_number(out, server->type, 2);
        hf_put_number(out, 1, 2);
    }
    while (**scenario != '|' && **scenario != '-')
        put_word(out, scenario);
    if (*(*scenario)++ == '|')
        sign(server, out);
    else
        hf_buf_put(&server->pending, hf_buf_span(out));
    if (server->flipped > 0 && server->flipped / 8 < out->len)
        out->ptr[server->flipped / 8] ^= (char)(1 << server->flipped % 8);
    assert_false(out->full);
    server->sent = out->len;
    return true;
}

/* ---- the client's side ---- */

struct outcome {
    enum hf_err err;
    bool done;
    struct hf_transfer_end end;
    char kept[64]; /* acts and values: "=x", "-x", "+x" */
    const char *text;
};

static void collect(struct hf_transfer *transfer, char *out)
{
    struct hf_zone_record record;
    enum hf_transfer_act act;
    bool more = true;
    size_t n = 0;

    while (more) {
        assert_int_equal(hf_transfer_next(transfer, &record, &act, &more, NULL),
                         HF_OK);
        if (!more || record.type != 16)
            continue;
        assert_span_equal(record.owner, HF_SPAN(LABEL));
        out[n++] = "=-+"[act];
        out[n++] = record.value.ptr[0];
    }
    out[n] = '\0';
}

static struct outcome talk(struct server *server, const char *scenario,
                           int64_t serial, bool is_signed)
{
    struct hf_transfer_plan plan = {.incremental = serial >= 0,
                                    .serial = (uint32_t)serial};
    struct outcome out = {.err = HF_OK};
    struct hf_transfer *transfer = NULL;
    struct hf_tsig_key *key = NULL;
    struct hf_zone_record record;
    enum hf_transfer_act act;
    struct hf_wire_name zone;
    struct hf_buf message;
    struct hf_why why = {0};
    char room[8192];
    bool more;

    assert_int_equal(hf_wire_name_parse(HF_SPAN(ZONE), &zone, NULL), HF_OK);
    assert_int_equal(hf_tsig_key_parse(HF_SPAN(KEY), &key, NULL), HF_OK);
    assert_int_equal(
        hf_hmac_new("SHA256", HF_SPAN(SECRET), &server->hmac, NULL), HF_OK);
    hf_buf_init_grow(&server->pending, 1 << 20);
    plan.zone = &zone;
    plan.key = is_signed ? key : NULL;
    assert_int_equal(hf_transfer_new(&plan, ID, &transfer, NULL), HF_OK);
    hf_buf_init(&message, room, sizeof(room));
    assert_int_equal(hf_transfer_ask(transfer, NOW, &message, NULL), HF_OK);
    if (is_signed) /* the MAC stands before id, error and other length */
        memcpy(server->mac, room + message.len - 6 - 32, 32);

    while (out.err == HF_OK && !out.done && answer(server, &scenario, &message))
        out.err = hf_transfer_take(transfer, hf_buf_span(&message), NOW,
                                   &out.done, &why);
    out.text = why.text;
    if (out.done) {
        out.end = hf_transfer_end(transfer);
        collect(transfer, out.kept);
    } else {
        assert_int_equal(hf_transfer_next(transfer, &record, &act, &more, NULL),
                         HF_EINVAL);
    }
    hf_transfer_free(transfer);
    hf_tsig_key_free(key);
    hf_hmac_free(server->hmac);
    hf_buf_clear(&server->pending);
    return out;
}

static struct server good_server(int64_t serial)
{
    return (struct server){.time_s = NOW,
                           .key = "K.example",
                           .alg = "hmac-sha256",
                           .id = ID,
                           .flags = 0x8400,
                           .type = serial >= 0 ? 251 : 252,
                           .mac_len = 32};
}

/* ---- the order of records ---- */

static const struct {
    const char *name;
    const char *scenario;
    int64_t serial; /* -1: AXFR */
    enum hf_err err;
    bool done;
    enum hf_transfer_kind kind;
    const char *kept;
} orders[] = {
    {"whole zone", "s1xos1|", -1, HF_OK, true, HF_TRANSFER_FULL, "=x"},
    {"in messages", "s1|x|o|s1|", -1, HF_OK, true, HF_TRANSFER_FULL, "=x"},
    {"empty zone", "s1s1|", -1, HF_OK, true, HF_TRANSFER_FULL, ""},
    {"other zone's record", "s1wxs1|", -1, HF_OK, true, HF_TRANSFER_FULL, "=x"},
    {"cut short", "s1x|", -1, HF_OK, false, HF_TRANSFER_FULL, ""},
    {"no SOA first", "xs1s1|", -1, HF_EPEER, false, HF_TRANSFER_FULL, ""},
    {"another SOA last", "s1xs2|", -1, HF_EPEER, false, HF_TRANSFER_FULL, ""},
    {"more behind the end", "s1xs1o|", -1, HF_EPEER, false, HF_TRANSFER_FULL,
     ""},
    {"current", "s4|", 4, HF_OK, true, HF_TRANSFER_CURRENT, ""},
    {"older than ours", "s3|", 4, HF_OK, true, HF_TRANSFER_CURRENT, ""},
    {"one step", "s5s4xs5xxs5|", 4, HF_OK, true, HF_TRANSFER_CHANGES, "-x+x+x"},
    {"two steps", "s6s4xs5s5s6xs6|", 4, HF_OK, true, HF_TRANSFER_CHANGES,
     "-x+x"},
    {"steps in messages", "s6|s4|xs5|s5|s6x|s6|", 4, HF_OK, true,
     HF_TRANSFER_CHANGES, "-x+x"},
    {"whole zone instead", "s6xos6|", 4, HF_OK, true, HF_TRANSFER_FULL, "=x"},
    {"whole empty zone", "s6s6|", 4, HF_OK, true, HF_TRANSFER_FULL, ""},
    {"from another serial", "s6s3xs6s6|", 4, HF_EPEER, false, HF_TRANSFER_FULL,
     ""},
    {"a step is missing", "s6s4s5s4s6s6|", 4, HF_EPEER, false, HF_TRANSFER_FULL,
     ""},
    {"steps cut short", "s6s4xs5x|", 4, HF_OK, false, HF_TRANSFER_FULL, ""},
    {"more behind the steps", "s5s4s5s5x|", 4, HF_EPEER, false,
     HF_TRANSFER_FULL, ""},
};

static void order_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2 * COUNT_OF(orders); i++) {
        bool is_signed = i % 2 == 0;
        struct server server = good_server(orders[i / 2].serial);
        char scenario[64];
        struct outcome got;

        (void)snprintf(scenario, sizeof(scenario), "%s",
                       orders[i / 2].scenario);
        for (char *c = scenario; *c != '\0' && !is_signed; c++)
            if (*c == '|')
                *c = '-';
        got = talk(&server, scenario, orders[i / 2].serial, is_signed);
        if (got.err != orders[i / 2].err || got.done != orders[i / 2].done ||
            strcmp(got.kept, orders[i / 2].kept) != 0 ||
            got.end.kind != orders[i / 2].kind)
            fail_msg("%s: err %d done %d kept %s: %s", orders[i / 2].name,
                     (int)got.err, got.done, got.kept,
                     got.text == NULL ? "" : got.text);
    }
}

/* ---- signatures ---- */

#define WHOLE "s1xos1|"

static void expect(struct server server, const char *scenario,
                   const char *words)
{
    struct outcome got = talk(&server, scenario, -1, true);

    if (words == NULL && got.done)
        return;
    if (words == NULL || got.done || got.err != HF_EPEER || got.text == NULL ||
        strstr(got.text, words) == NULL)
        fail_msg("wanted \"%s\": err %d done %d \"%s\"",
                 words == NULL ? "done" : words, (int)got.err, got.done,
                 got.text == NULL ? "" : got.text);
}

/* What ldns and others leave to their caller: key and algorithm pinned, time
 * within the fudge, id and question, full length. */
static void what_is_pinned(void **state)
{
    struct server server;

    (void)state;
    expect(good_server(-1), WHOLE, NULL);
    server = good_server(-1);
    server.time_s = NOW - 300;
    expect(server, WHOLE, NULL);
    server.time_s = NOW - 301;
    expect(server, WHOLE, "signed too long ago");
    server.time_s = NOW + 301;
    expect(server, WHOLE, "in the future");
    server = good_server(-1);
    server.key = "other.example";
    expect(server, WHOLE, "another key or algorithm");
    server = good_server(-1);
    server.alg = "hmac-sha1";
    expect(server, WHOLE, "another key or algorithm");
    server = good_server(-1);
    server.mac_len = 16;
    expect(server, WHOLE, "does not verify");
    server = good_server(-1);
    server.flipped = 3 * 8 + 6; /* a flag that means nothing */
    expect(server, WHOLE, "does not verify");
    server = good_server(-1);
    server.trails = true;
    expect(server, WHOLE, "behind the signature");
    server = good_server(-1);
    server.id = ID + 1;
    expect(server, WHOLE, "does not answer");
    server = good_server(-1);
    server.type = 251;
    expect(server, WHOLE, "another question");
    server = good_server(-1);
    server.omits_asked = true;
    expect(server, WHOLE, "another question");
    server = good_server(-1);
    server.flags = 0x8600;
    expect(server, WHOLE, "truncated");
    server = good_server(-1);
    server.flags = 0x0400;
    expect(server, WHOLE, "does not answer");
    server = good_server(-1);
    server.flags = 0x8405;
    expect(server, "|", "REFUSED");
    expect(server, "-", "REFUSED");
    server.error = HF_TSIG_BADTIME;
    expect(server, "|", "BADTIME");
    server.error = HF_TSIG_BADKEY;
    expect(server, "|", "BADKEY");
}

/* RFC 8945, section 5.3.1: up to 99 messages in a row may go unsigned, but
 * not the first and not the last. */
static void unsigned_between(void **state)
{
    char scenario[256] = "s1x|";
    size_t n = strlen(scenario);

    (void)state;
    expect(good_server(-1), "s1x|o-o-o|o-s1|", NULL);
    expect(good_server(-1), "s1x-os1|", "not signed");
    expect(good_server(-1), "s1x|os1-", "last message is not signed");
    expect(good_server(-1), "s1xs1-", "not signed");
    for (size_t i = 0; i < 99; i++) {
        scenario[n++] = 'o';
        scenario[n++] = '-';
    }
    memcpy(scenario + n, "s1|", 4);
    expect(good_server(-1), scenario, NULL);
    memcpy(scenario + n, "o-s1|", 6);
    expect(good_server(-1), scenario, "a hundred messages");
}

/*
 * One bit anywhere in a signed message, and nothing is given out. What does
 * not matter: the case of 15 letters in the names of key and algorithm, and
 * the top bit of the TTL, which nobody reads (RFC 2181, section 8).
 */
static void every_bit_counts(void **state)
{
    size_t accepted = 0;
    size_t sent = 1;

    (void)state;
    for (size_t bit = 1; bit < 8 * sent; bit++) {
        struct server server = good_server(-1);
        struct outcome got;

        server.flipped = bit;
        got = talk(&server, WHOLE, -1, true);
        sent = server.sent;
        if (got.done)
            accepted++;
        else
            assert_int_not_equal(got.err, HF_OK);
    }
    assert_true(sent > 200);
    assert_int_equal(accepted, 16);
}

static void unsigned_but_signed(void **state)
{
    struct server server = good_server(-1);
    struct outcome got = talk(&server, WHOLE, -1, false);

    (void)state;
    assert_int_equal(got.err, HF_EPEER);
    assert_non_null(strstr(got.text, "no key was given"));
}

/* ---- keys ---- */

static const struct {
    const char *text;
    enum hf_err err;
} keys[] = {
    {"k:c2VjcmV0", HF_OK},
    {"hmac-sha512:k:c2VjcmV0", HF_OK},
    {"HMAC-SHA256.:k.example.:c2VjcmV0", HF_OK},
    {"key \"k.\" {\n\talgorithm hmac-sha256;\n\tsecret \"c2VjcmV0\";\n};\n",
     HF_OK},
    {"# comment\n// other\nkey k { secret c2VjcmV0; };", HF_OK},
    {"key:\n  - id: k.\n    algorithm: hmac-sha384\n    secret: c2VjcmV0\n",
     HF_OK},
    {"# hmac-sha256:k:c2VjcmV0\nkey:\n- id: k\n  secret: c2VjcmV0", HF_OK},
    {"k", HF_ESYNTAX},
    {"", HF_ESYNTAX},
    {"a:b:c:d", HF_ESYNTAX},
    {"k:", HF_ESYNTAX},
    {"k:c2Vj*mV0", HF_ESYNTAX},
    {"k:c2Vj-mV0", HF_ESYNTAX},
    {"k:c2VjcmV0A", HF_ESYNTAX},
    {"a..b:c2VjcmV0", HF_ESYNTAX},
    {"hmac-md5:k:c2VjcmV0", HF_EINVAL},
    {"key \"k.\" { algorithm hmac-sha256; };", HF_ESYNTAX},
};

static void key_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        struct hf_tsig_key *key = NULL;
        struct hf_why why = {0};
        enum hf_err err =
            hf_tsig_key_read(hf_span_str(keys[i].text), &key, &why);

        if (err != keys[i].err)
            fail_msg("%s: %d, %s", keys[i].text, (int)err, why.text);
        hf_tsig_key_free(key);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order_table),
        cmocka_unit_test(what_is_pinned),
        cmocka_unit_test(unsigned_between),
        cmocka_unit_test(every_bit_counts),
        cmocka_unit_test(unsigned_but_signed),
        cmocka_unit_test(key_table),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
