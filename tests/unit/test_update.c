/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Updates: octets that were worked out by hand, the same change as BIND's
 * nsupdate 9.18 wrote it, and what is believed of an answer.
 *
 * REQ CLI-37.
 */
#include "base/alloc.h"
#include "base/octets.h"
#include "crypto/hmac.h"
#include "dns/update.h"
#include "tests/unit/unit.h"

#define ID     0xf9af
#define NOW    INT64_C(0x6b07de82)
#define SECRET "0123456789abcdef"
#define KEY    "hmac-sha256:k.example:MDEyMzQ1Njc4OWFiY2RlZg=="

#define BYTES(literal) ((struct hf_span){literal, sizeof(literal) - 1})

static struct hf_wire_name name_of(const char *text)
{
    struct hf_wire_name name;

    assert_int_equal(hf_wire_name_parse(hf_span_str(text), &name, NULL), HF_OK);
    return name;
}

static struct hf_tsig_key *key_of(const char *text)
{
    struct hf_tsig_key *key = NULL;

    assert_int_equal(hf_tsig_key_parse(hf_span_str(text), &key, NULL), HF_OK);
    return key;
}

/* a has "one" and nothing else, b something, c nothing: then d gets "new" and
 * a loses "one". */
static struct hf_update *make_update(const struct hf_tsig_key *key)
{
    static const char *const owners[] = {"a.example", "b.example", "c.example",
                                         "d.example"};
    struct hf_wire_name zone = name_of("example");
    struct hf_wire_name names[4];
    struct hf_update_rr rr[4];
    struct hf_update *update = NULL;

    for (size_t i = 0; i < 4; i++) {
        names[i] = name_of(owners[i]);
        rr[i] = (struct hf_update_rr){&names[i], HF_RR_TXT, 3600,
                                      HF_SPAN("\003new")};
    }
    rr[0].rdata = HF_SPAN("\003one");
    assert_int_equal(hf_update_new(&zone, key, ID, &update, NULL), HF_OK);
    hf_update_require_record(update, &rr[0]);
    hf_update_require_some(update, &rr[1]);
    hf_update_require_none(update, &rr[2]);
    hf_update_add(update, &rr[3]);
    hf_update_delete(update, &rr[0]);
    return update;
}

/* RFC 2136, sections 2.3 to 2.5. */
static const char plain[] =
    "\xf9\xaf\x28\x00\x00\x01\x00\x03\x00\x02\x00\x00"
    "\007example\000\000\006\000\001"
    "\001a\007example\000\000\020\000\001\000\000\000\000\000\004\003one"
    "\001b\007example\000\000\020\000\377\000\000\000\000\000\000"
    "\001c\007example\000\000\020\000\376\000\000\000\000\000\000"
    "\001d\007example\000\000\020\000\001\000\000\016\020\000\004\003new"
    "\001a\007example\000\000\020\000\376\000\000\000\000\000\004\003one";

/* nsupdate, told the same: names compressed, and signed. */
static const char nsupdate[] =
    "\xf9\xaf\x28\x00\x00\x01\x00\x03\x00\x02\x00\x01\x07\x65\x78\x61"
    "\x6d\x70\x6c\x65\x00\x00\x06\x00\x01\x01\x61\xc0\x0c\x00\x10\x00"
    "\x01\x00\x00\x00\x00\x00\x04\x03\x6f\x6e\x65\x01\x62\xc0\x0c\x00"
    "\x10\x00\xff\x00\x00\x00\x00\x00\x00\x01\x63\xc0\x0c\x00\x10\x00"
    "\xfe\x00\x00\x00\x00\x00\x00\x01\x64\xc0\x0c\x00\x10\x00\x01\x00"
    "\x00\x0e\x10\x00\x04\x03\x6e\x65\x77\xc0\x19\x00\x10\x00\xfe\x00"
    "\x00\x00\x00\x00\x04\x03\x6f\x6e\x65\x01\x6b\x07\x65\x78\x61\x6d"
    "\x70\x6c\x65\x00\x00\xfa\x00\xff\x00\x00\x00\x00\x00\x3d\x0b\x68"
    "\x6d\x61\x63\x2d\x73\x68\x61\x32\x35\x36\x00\x00\x00\x6b\x07\xde"
    "\x82\x01\x2c\x00\x20\x54\xcd\xaf\x70\x38\x1f\xcf\xaa\x4a\x3b\x11"
    "\xf5\xfe\x2a\x08\x2f\xa9\xe9\xd9\xba\xd0\xa2\xb3\x1c\x9a\x38\x05"
    "\x38\xe6\x31\x3a\x33\xf9\xaf\x00\x00\x00\x00";

#define NSUPDATE_TSIG_AT 105 /* where its TSIG record begins */

static void octets_by_hand(void **state)
{
    struct hf_update *update = make_update(NULL);
    struct hf_span got;

    (void)state;
    assert_int_equal(hf_update_ask(update, NOW, &got, NULL), HF_OK);
    assert_int_equal(got.len, sizeof(plain) - 1);
    assert_memory_equal(got.ptr, plain, got.len);
    hf_update_free(update);
}

/* The same records as nsupdate's, one after the other. */
static void records_of_nsupdate(void **state)
{
    struct hf_wire_message ours;
    struct hf_wire_message theirs;
    struct hf_wire_walk a;
    struct hf_wire_walk b;
    size_t count = 0;

    (void)state;
    assert_int_equal(hf_wire_open(BYTES(plain), &ours, NULL), HF_OK);
    assert_int_equal(hf_wire_open(BYTES(nsupdate), &theirs, NULL), HF_OK);
    assert_int_equal(ours.flags, theirs.flags);
    a = hf_wire_walk(&ours);
    b = hf_wire_walk(&theirs);
    for (;;) {
        struct hf_wire_rr x;
        struct hf_wire_rr y;
        bool more;

        assert_int_equal(hf_wire_next(&a, &x, &more, NULL), HF_OK);
        if (!more)
            break;
        assert_int_equal(hf_wire_next(&b, &y, &more, NULL), HF_OK);
        assert_true(more);
        assert_true(hf_wire_name_eq(&x.owner, &y.owner));
        assert_int_equal(x.section, y.section);
        assert_int_equal(x.type, y.type);
        assert_int_equal(x.class, y.class);
        assert_int_equal(x.ttl_s, y.ttl_s);
        assert_span_equal(x.rdata, y.rdata);
        count++;
    }
    assert_int_equal(count, 5);
}

/* Signing nsupdate's message gives nsupdate's signature. */
static void signature_of_nsupdate(void **state)
{
    struct hf_tsig_key *key = key_of(KEY);
    struct hf_tsig *tsig = NULL;
    struct hf_buf message;
    char room[512];

    (void)state;
    hf_buf_init(&message, room, sizeof(room));
    hf_buf_put(&message, (struct hf_span){nsupdate, NSUPDATE_TSIG_AT});
    room[11] = 0; /* without the TSIG record */
    assert_int_equal(hf_tsig_new(key, &tsig, NULL), HF_OK);
    assert_int_equal(hf_tsig_sign(tsig, &message, NOW, NULL), HF_OK);
    assert_int_equal(message.len, sizeof(nsupdate) - 1);
    assert_memory_equal(room, nsupdate, message.len);
    hf_tsig_free(tsig);
    hf_tsig_key_free(key);
}

static void too_long(void **state)
{
    static char big[40000];
    struct hf_wire_name zone = name_of("example");
    struct hf_update_rr rr = {&zone, HF_RR_TXT, 0, {big, sizeof(big)}};
    struct hf_update *update = NULL;
    struct hf_span got;

    (void)state;
    assert_int_equal(hf_update_new(&zone, NULL, ID, &update, NULL), HF_OK);
    hf_update_add(update, &rr);
    hf_update_add(update, &rr);
    assert_int_equal(hf_update_ask(update, NOW, &got, NULL), HF_ELIMIT);
    hf_update_free(update);
}

/* A message that has to move while it is signed is signed all the same. */
static void signing_while_growing(void **state)
{
    static char big[600];
    struct hf_wire_name zone = name_of("example");
    struct hf_tsig_key *key = key_of(KEY);

    (void)state;
    for (size_t len = 0; len < sizeof(big); len++) {
        struct hf_update_rr rr = {&zone, HF_RR_TXT, 0, {big, len}};
        struct hf_update *update = NULL;
        struct hf_wire_message message;
        struct hf_span got;

        assert_int_equal(hf_update_new(&zone, key, ID, &update, NULL), HF_OK);
        hf_update_add(update, &rr);
        assert_int_equal(hf_update_ask(update, NOW, &got, NULL), HF_OK);
        assert_int_equal(hf_wire_open(got, &message, NULL), HF_OK);
        assert_int_equal(message.counts[3], 1);
        hf_update_free(update);
    }
    hf_tsig_key_free(key);
}

/* ---- answers ---- */

/* What a server answers, and what it does wrong. */
struct server {
    const char *name;
    bool is_signed; /* did we sign the request? */
    unsigned rcode;
    enum hf_err err;
    enum hf_update_answer answer; /* when err is HF_OK */
    const char *says;             /* part of the sentence */
    bool unsigned_answer;
    bool no_zone;
    bool flip;            /* a bit of the message, behind the signing */
    unsigned flags;       /* 0: right */
    unsigned id;          /* 0: right */
    unsigned error;       /* of TSIG */
    int64_t late_s;       /* how old the answer is */
    const char *zone;     /* NULL: right */
    const char *key_name; /* NULL: right */
    const char *alg;      /* NULL: right */
    size_t mac_len;       /* 0: whole */
};

static const struct server answers[] = {
    {"done", false, 0, HF_OK, HF_UPDATE_DONE, .says = ""},
    {"done, signed", true, 0, HF_OK, HF_UPDATE_DONE, .says = ""},
    {"done, without the zone", true, 0, HF_OK, HF_UPDATE_DONE, .says = "",
     .no_zone = true},
    {"RRset is gone", true, 8, HF_OK, HF_UPDATE_CHANGED, .says = ""},
    {"RRset is there", true, 7, HF_OK, HF_UPDATE_CHANGED, .says = ""},
    {"name is gone", false, 3, HF_OK, HF_UPDATE_CHANGED, .says = ""},
    {"name is there", false, 6, HF_OK, HF_UPDATE_CHANGED, .says = ""},
    {"almost too old", true, 0, HF_OK, HF_UPDATE_DONE, .says = "",
     .late_s = 300},
    /* no */
    {"refused", true, 5, HF_EPEER, 0, .says = "(REFUSED)"},
    {"refused, not signed", true, 5, HF_EPEER, 0, .says = "(REFUSED)",
     .unsigned_answer = true},
    {"not the primary", true, 9, HF_EPEER, 0, .says = "(NOTAUTH)"},
    {"outside the zone", true, 10, HF_EPEER, 0, .says = "(NOTZONE)"},
    {"not understood", false, 1, HF_EPEER, 0, .says = "(FORMERR)"},
    {"not known", false, 4, HF_EPEER, 0, .says = "(NOTIMP)"},
    {"broken", false, 2, HF_EPEER, 0, .says = "(SERVFAIL)"},
    {"nonsense", false, 15, HF_EPEER, 0, .says = "does not have"},
    {"another secret", true, 9, HF_EPEER, 0, .says = "BADSIG", .error = 16,
     .mac_len = SIZE_MAX},
    {"unknown key", true, 9, HF_EPEER, 0, .says = "BADKEY", .error = 17,
     .mac_len = SIZE_MAX},
    {"another time", true, 9, HF_EPEER, 0, .says = "BADTIME", .error = 18},
    {"another time, says a stranger", true, 9, HF_EPEER, 0,
     .says = "does not verify", .error = 18, .flip = true},
    /* not to be believed */
    {"done, says a stranger", true, 0, HF_EPEER, 0, .says = "not signed",
     .unsigned_answer = true},
    {"changed, says a stranger", true, 8, HF_EPEER, 0, .says = "not signed",
     .unsigned_answer = true},
    {"altered", true, 0, HF_EPEER, 0, .says = "does not verify", .flip = true},
    {"too old", true, 0, HF_EPEER, 0, .says = "too long ago", .late_s = 301},
    {"from the future", true, 0, HF_EPEER, 0, .says = "too long ago",
     .late_s = -301},
    {"another key", true, 0, HF_EPEER, 0, .says = "another key",
     .key_name = "x.example"},
    {"another algorithm", true, 0, HF_EPEER, 0, .says = "another key",
     .alg = "hmac-sha512"},
    {"a shorter code", true, 0, HF_EPEER, 0, .says = "does not verify",
     .mac_len = 16},
    {"another id", true, 0, HF_EPEER, 0, .says = "another question", .id = 1},
    {"another id, no zone", false, 0, HF_EPEER, 0, .says = "does not answer",
     .id = 1, .no_zone = true},
    {"a request", false, 0, HF_EPEER, 0, .says = "another question",
     .flags = 0x2800},
    {"a query's answer", false, 0, HF_EPEER, 0, .says = "another question",
     .flags = 0x8000},
    {"a query's answer, no zone", false, 0, HF_EPEER, 0,
     .says = "another question", .flags = 0x8000, .no_zone = true},
    {"another zone", false, 0, HF_EPEER, 0, .says = "another question",
     .zone = "exampla"},
    {"truncated", false, 0, HF_EPEER, 0, .says = "truncated", .flags = 0xaa00},
    {"signed, and no key", false, 0, HF_EPEER, 0, .says = "no key was given",
     .alg = "hmac-sha256"},
};

static void put_name(struct hf_buf *out, const char *text)
{
    struct hf_wire_name name = name_of(text);

    hf_buf_put(out, (struct hf_span){(const char *)name.octets, name.len});
}

static void put_time(struct hf_buf *out, const struct server *server)
{
    hf_put_number(out, (uint64_t)(NOW - server->late_s), 6);
    hf_put_number(out, 300, 2);
}

/* RFC 8945, section 4.3: what a server signs, by hand. */
static void sign(const struct server *server, struct hf_span request_mac,
                 struct hf_buf *message)
{
    const char *name = server->key_name ? server->key_name : "k.example";
    const char *alg = server->alg ? server->alg : "hmac-sha256";
    unsigned char mac[HF_HMAC_MAX];
    struct hf_hmac *hmac = NULL;
    struct hf_buf part;
    char room[512];
    size_t len = server->mac_len == SIZE_MAX ? 0
                 : server->mac_len > 0       ? server->mac_len
                                             : 32;

    assert_int_equal(hf_hmac_new("SHA256", HF_SPAN(SECRET), &hmac, NULL),
                     HF_OK);
    hf_buf_init(&part, room, sizeof(room));
    hf_put_text(&part, request_mac);
    hf_buf_put(&part, hf_buf_span(message));
    put_name(&part, name);
    hf_put_number(&part, 255, 2);
    hf_put_number(&part, 0, 4);
    put_name(&part, alg);
    put_time(&part, server);
    hf_put_number(&part, server->error, 2);
    hf_put_number(&part, 0, 2);
    hf_hmac_add(hmac, hf_buf_span(&part));
    assert_int_equal(hf_hmac_end(hmac, mac, NULL), HF_OK);
    hf_hmac_free(hmac);

    put_name(message, name);
    hf_put_number(message, 250, 2);
    hf_put_number(message, 255, 2);
    hf_put_number(message, 0, 4);
    hf_put_number(message, strlen(alg) + 2 + 10 + len + 6, 2);
    put_name(message, alg);
    put_time(message, server);
    hf_put_text(message, (struct hf_span){(const char *)mac, len});
    hf_put_number(message, ID, 2);
    hf_put_number(message, server->error, 2);
    hf_put_number(message, 0, 2);
    message->ptr[11]++;
}

static void put_answer(const struct server *server, struct hf_span request,
                       struct hf_buf *out)
{
    unsigned flags = server->flags ? server->flags : 0xa800;
    /* The MAC stands before id, error and other length. */
    struct hf_span mac = {request.ptr + request.len - 6 - 32, 32};

    hf_put_number(out, ID ^ server->id, 2);
    hf_put_number(out, flags | server->rcode, 2);
    hf_put_number(out, !server->no_zone, 2);
    hf_put_number(out, 0, 6);
    if (!server->no_zone) {
        put_name(out, server->zone ? server->zone : "example");
        hf_put_number(out, 6, 2);
        hf_put_number(out, 1, 2);
    }
    if ((server->is_signed && !server->unsigned_answer) || server->alg != NULL)
        sign(server, mac, out);
    if (server->flip)
        out->ptr[3] ^= 0x10; /* a bit that means nothing */
    assert_false(out->full);
}

static void answer_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(answers); i++) {
        const struct server *server = &answers[i];
        struct hf_tsig_key *key = server->is_signed ? key_of(KEY) : NULL;
        struct hf_update *update = make_update(key);
        enum hf_update_answer got = 77;
        struct hf_why why = {.text = ""};
        struct hf_span request;
        struct hf_buf answer;
        char room[1024];
        enum hf_err err;

        hf_buf_init(&answer, room, sizeof(room));
        assert_int_equal(hf_update_ask(update, NOW, &request, NULL), HF_OK);
        put_answer(server, request, &answer);
        err = hf_update_take(update, hf_buf_span(&answer), NOW, &got, &why);
        if (err != server->err || strstr(why.text, server->says) == NULL ||
            (err == HF_OK ? got != server->answer : got != 77))
            fail_msg("%s: err %d answer %d: %s", server->name, (int)err,
                     (int)got, why.text);
        hf_update_free(update);
        hf_tsig_key_free(key);
    }
}

/* Whatever is cut off, it is not believed. */
static void cut_answers(void **state)
{
    struct hf_tsig_key *key = key_of(KEY);
    struct hf_update *update = make_update(key);
    struct hf_span request;
    struct hf_buf answer;
    char room[1024];

    (void)state;
    hf_buf_init(&answer, room, sizeof(room));
    assert_int_equal(hf_update_ask(update, NOW, &request, NULL), HF_OK);
    put_answer(&answers[1], request, &answer);
    for (size_t len = 0; len < answer.len; len++) {
        enum hf_update_answer got;
        struct hf_why why = {0};

        assert_int_not_equal(hf_update_take(update, (struct hf_span){room, len},
                                            NOW, &got, &why),
                             HF_OK);
        assert_non_null(why.text);
        /* The codes so far would be mixed into the next one. */
        hf_update_free(update);
        update = make_update(key);
        assert_int_equal(hf_update_ask(update, NOW, &request, NULL), HF_OK);
    }
    hf_update_free(update);
    hf_tsig_key_free(key);
}

/* Every allocation fails in turn. */
static void no_memory(void **state)
{
    struct hf_wire_name zone = name_of("example");
    struct hf_tsig_key *key = key_of(KEY);
    struct hf_update *update = NULL;
    enum hf_err err = HF_ENOMEM;
    long n = 0;

    (void)state;
    for (; err != HF_OK; n++) {
        struct hf_span message;

        hf_alloc_fail_after(n, true);
        err = hf_update_new(&zone, key, ID, &update, NULL);
        if (err == HF_OK)
            err = hf_update_ask(update, NOW, &message, NULL);
        hf_alloc_fail_after(-1, false);
        assert_true(err == HF_OK || err == HF_ENOMEM || err == HF_ELIMIT);
        hf_update_free(update);
        update = NULL;
    }
    assert_true(n > 2);
    hf_tsig_key_free(key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(octets_by_hand),
        cmocka_unit_test(records_of_nsupdate),
        cmocka_unit_test(signature_of_nsupdate),
        cmocka_unit_test(too_long),
        cmocka_unit_test(signing_while_growing),
        cmocka_unit_test(answer_table),
        cmocka_unit_test(cut_answers),
        cmocka_unit_test(no_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
