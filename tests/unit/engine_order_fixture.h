/* SPDX-License-Identifier: Apache-2.0 */
/* engine_order_fixture.h -- orders on their way through the engine, with what
 * the validator and the issuer would answer. */
#pragma once

#include "base/base64.h"
#include "ca/outcome.h"
#include "crypto/csr.h"
#include "tests/unit/engine_fixture.h"

#define WWW  "{\"type\":\"dns\",\"value\":\"www.example.com\"}"
#define MAIL "{\"type\":\"dns\",\"value\":\"mail.example.com\"}"

/* ---- a challenge, and what the validator finds ---- */

static inline struct hf_job job_of_call(enum hf_job_kind kind)
{
    assert_int_equal(call.job_count, 1);
    assert_int_equal(call.jobs[0].kind, kind);
    return call.jobs[0];
}

static inline void found(const struct hf_job *job,
                         const struct hf_validation_result *result)
{
    struct hf_ca_call own;
    struct hf_task task = {.kind = HF_TASK_VALIDATED,
                           .call = &own,
                           .job = *job,
                           .result = *result};
    size_t failed;

    hf_engine_begin(engine, NOW, &own);
    hf_tasks_run(&task, 1, store, NOW, &failed);
    assert_int_equal(failed, 0);
    hf_ca_call_clear(&own);
}

static inline void try_challenge(const char *type)
{
    char target[300];

    post(
        "/new-order",
        "{\"identifiers\":[{\"type\":\"dns\",\"value\":\"www.example.com\"}]}");
    is_good(201, "pending");
    (void)snprintf(target, sizeof(target), "/chall/%s/%s",
                   path_in("authz") + strlen("/authz/"), type);
    post(target, "{}");
}

/* The job of a challenge of this type for www.example.com. */
static inline struct hf_job start_challenge(const char *type)
{
    try_challenge(type);
    is_good(200, "\"status\":\"processing\"");
    assert_true(field("Retry-After").len > 0);
    return job_of_call(HF_JOB_CHALLENGE);
}

/* ---- finalize, and what the issuer makes (sections 7.4, 7.4.2, 7.6) ---- */

/* A certificate as far as anybody looks into it here. */
static const struct hf_span der =
    HF_SPAN_INIT("\x30\x0b\x30\x09\xa0\x03\x02\x01\x02\x02\x02\x12\x34");
/* RFC 9773 4.1: the issuer's key identifier and the serial number. */
#define CERT_ID "MTIzNDU2Nzg5MDEyMzQ1Njc4OTA.EjQ"

/* For both names, or the first one if there is no other. */
static inline void make_wish_of(const struct hf_private_key *key,
                                const char *name, const char *other,
                                bool must_staple, char *out, size_t size)
{
    struct hf_span dns[] = {hf_span_str(name), hf_span_str(other)};
    struct hf_csr_names names = {.dns = dns,
                                 .dns_count = other == NULL ? 1 : 2};
    struct hf_buf octets;

    hf_buf_init_grow(&octets, 8192);
    assert_int_equal(hf_csr_make(key, &names, must_staple, &octets, NULL),
                     HF_OK);
    assert_true(HF_BASE64URL_LEN(octets.len) + 12 < size);
    memcpy(out, "{\"csr\":\"", 8);
    hf_base64url(hf_buf_span(&octets), out + 8);
    memcpy(out + 8 + HF_BASE64URL_LEN(octets.len), "\"}", 3);
    hf_buf_clear(&octets);
}

static inline void make_wish(enum hf_key_kind kind, const char *name,
                             bool must_staple, char *out, size_t size)
{
    struct hf_private_key *key;

    assert_int_equal(hf_private_key_generate(kind, &key, NULL), HF_OK);
    make_wish_of(key, name, NULL, must_staple, out, size);
    hf_private_key_free(key);
}

static inline void make_csr(enum hf_key_kind kind, const char *name, char *out,
                            size_t size)
{
    make_wish(kind, name, false, out, size);
}

/* For www and mail. */
static inline void make_two(char *out, size_t size)
{
    struct hf_private_key *key;

    assert_int_equal(hf_private_key_generate(HF_KEY_P256, &key, NULL), HF_OK);
    make_wish_of(key, "www.example.com", "mail.example.com", false, out, size);
    hf_private_key_free(key);
}

/* An order for www.example.com that is ready; its path. */
static inline const char *ready_order(void)
{
    struct hf_job job = start_challenge("dns-persist-01");

    found(&job, &good);
    post(
        "/new-order",
        "{\"identifiers\":[{\"type\":\"dns\",\"value\":\"www.example.com\"}]}");
    is_good(201, "\"status\":\"ready\"");
    return path_in("order");
}

static inline void answered(const struct hf_job *job,
                            const struct hf_issuer_order *asked,
                            const struct hf_issuer_reply *answer)
{
    struct hf_ca_call own;
    struct hf_task task = {.kind = HF_TASK_SIGNED,
                           .call = &own,
                           .job = *job,
                           .asked = asked,
                           .reply = *answer};
    size_t failed;

    hf_engine_begin(engine, NOW, &own);
    hf_tasks_run(&task, 1, store, NOW, &failed);
    assert_int_equal(failed, 0);
    hf_ca_call_clear(&own);
}

static inline void issued(const struct hf_job *job,
                          const struct hf_issuer_order *asked)
{
    const struct hf_issuer_reply answer = {
        .kind = HF_ISSUER_ISSUED,
        .der = der,
        .serial = HF_SPAN("1234"),
        .shard = 3,
        .entry = 1,
        .hash = HF_SPAN("12345678901234567890123456789012")};

    answered(job, asked, &answer);
}

/* Finalized, and signed; the reply is the order. */
static inline void issue(const char *order)
{
    char csr[4096];

    make_csr(HF_KEY_P256, "www.example.com", csr, sizeof(csr));
    post(order, csr);
    is_good(200, "\"status\":\"processing\"");
    {
        struct hf_job job = job_of_call(HF_JOB_SIGN);

        assert_int_equal(call.signing->name_count, 1);
        assert_span_equal(call.signing->names[0].value,
                          HF_SPAN("www.example.com"));
        assert_int_equal(call.signing->not_before_at, NOW - 3600);
        assert_int_equal(call.signing->not_after_at,
                         NOW - 3600 + 47 * 86400 - 1);
        issued(&job, call.signing);
    }
    hf_engine_show(&call, NOW);
    assert_int_equal(hf_engine_reply(&call, &reply, NULL), HF_OK);
}
