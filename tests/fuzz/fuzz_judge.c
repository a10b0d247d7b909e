/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdint.h>

#include "holdfast/judge.h"

#define RECORDS_MAX 8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Every digest is zero, so that a record can match. */
static enum hf_err zero_compute(void *state, enum hf_hash_alg alg,
                                struct hf_span data, unsigned char *out)
{
    (void)state;
    (void)data;
    memset(out, 0, hf_hash_alg_size(alg));
    return HF_OK;
}

static const struct hf_digest digest = {zero_compute, NULL};
static const struct hf_span issuers[] = {HF_SPAN_INIT("a"),
                                         HF_SPAN_INIT("ca.example")};
static const struct hf_span prefixes[] = {HF_SPAN_INIT("p:")};
static const struct hf_key keys[] = {
    {.thumbprint =
         HF_SPAN_INIT("NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs")}};

struct scene {
    struct hf_ca ca;
    struct hf_account account;
    struct hf_question question;
};

static void judge(const struct scene *scene, const struct hf_span *values,
                  size_t count, struct hf_judged *judged,
                  struct hf_verdict *verdict)
{
    const struct hf_answer answer = {
        .values = values, .count = count, .ttl_s = 60};

    assert(hf_judge(&scene->ca, &scene->account, &scene->question, &answer,
                    judged, verdict, NULL) == HF_OK);
}

/* Three octets choose whose law, which account, what is asked and when. */
static struct scene read_scene(struct hf_span *rest)
{
    struct hf_span head = hf_span_cut(rest, 3);
    unsigned a = (unsigned char)head.ptr[0];
    unsigned b = (unsigned char)head.ptr[1];

    return (struct scene){
        .ca = {.rules = (enum hf_rules)(a % 5),
               .issuers = issuers,
               .issuer_count = 2,
               .prefixes = prefixes,
               .prefix_count = 1,
               .hash_algs = HF_HASH_DEFAULT | HF_HASH_BIT(HF_SHA_512),
               .allows_raw = (a & 128) != 0,
               .reuse_s = 864000,
               .digest = &digest},
        .account = {.url = HF_SPAN_INIT("u"),
                    .status =
                        b % 7 == 0 ? HF_ACCOUNT_REVOKED : HF_ACCOUNT_VALID,
                    .keys = keys,
                    .key_count = b % 2},
        .question = {.adn = HF_SPAN_INIT("example.com"),
                     .scope = (enum hf_scope)(b / 2 % 3),
                     .now = {(unsigned char)head.ptr[2], b / 64}},
    };
}

/* Each record is judged as if it were alone: REQ VAL-06. */
static void check_alone(const struct scene *scene, const struct hf_span *values,
                        const struct hf_judged *judged, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct hf_judged alone;
        struct hf_verdict verdict;

        judge(scene, &values[i], 1, &alone, &verdict);
        assert(alone.reason == judged[i].reason && alone.at == judged[i].at);
        assert(alone.at <= values[i].len);
        assert(alone.form == judged[i].form);
    }
}

/* The same in the other order and with a stranger's record: REQ VAL-05,
 * VAL-07. */
static void check_order(const struct scene *scene, const struct hf_span *values,
                        const struct hf_judged *judged,
                        const struct hf_verdict *want, size_t count)
{
    struct hf_span turned[RECORDS_MAX + 1];
    struct hf_judged again[RECORDS_MAX + 1];
    struct hf_verdict verdict;
    const struct hf_record *relied;
    const struct hf_record *relied_again;

    turned[0] = HF_SPAN("stranger.example; x");
    for (size_t i = 0; i < count; i++)
        turned[count - i] = values[i];
    judge(scene, turned, count + 1, again, &verdict);
    assert(verdict.expires_at == want->expires_at);
    if (count == 0)
        return;
    assert(verdict.reason == want->reason);
    if (want->reason != HF_REASON_OK)
        return;
    relied = &judged[want->relied].record;
    relied_again = &again[verdict.relied].record;
    assert(relied->until_at == relied_again->until_at);
    assert(hf_span_eq(relied->account_uri, relied_again->account_uri));
}

/* The verdict follows from the records. */
static void check_verdict(const struct scene *scene,
                          const struct hf_judged *judged, size_t count,
                          const struct hf_verdict *verdict)
{
    bool any = false;

    for (size_t i = 0; i < count; i++) {
        const struct hf_judged *one = &judged[i];
        bool good = one->reason == HF_REASON_OK;

        any = any || good;
        assert(!hf_reason_precedes(one->reason, verdict->reason));
        if (!good)
            continue;
        assert(scene->account.status == HF_ACCOUNT_VALID);
        assert(!hf_time_is_after(scene->question.now, one->record.until_at));
        assert(one->record.wildcard || scene->ca.rules == HF_RULES_BR ||
               scene->question.scope == HF_SCOPE_EXACT);
        assert(one->form != HF_FORM_FOREIGN);
    }
    assert(any == (verdict->reason == HF_REASON_OK));
}

/* Then one record a line. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hf_span rest = {(const char *)data, size};
    struct hf_span values[RECORDS_MAX] = {0};
    struct hf_judged judged[RECORDS_MAX];
    struct hf_verdict verdict;
    struct scene scene;
    size_t count = 0;

    if (size < 3)
        return 0;
    scene = read_scene(&rest);
    while (rest.len > 0 && count < RECORDS_MAX) {
        values[count++] = hf_span_cut(&rest, hf_span_find(rest, '\n'));
        (void)hf_span_skip(&rest, '\n');
    }
    judge(&scene, values, count, judged, &verdict);
    check_verdict(&scene, judged, count, &verdict);
    check_alone(&scene, values, judged, count);
    check_order(&scene, values, judged, &verdict, count);
    return 0;
}
