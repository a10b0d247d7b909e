/* SPDX-License-Identifier: Apache-2.0 */
/*
 * judge.c -- what it costs to judge one record, text to verdict.
 *
 * A million distinct generated records, mean 93 octets: half with a policy,
 * three fifths with an end, one in twenty with an unknown parameter. In the
 * same run, in turn: reading the octets only (the memory's limit), a plain
 * byte-at-a-time parse (the scalar limit), finding the accounts, which the
 * bench does between its calls, and hf_judge() with that. For the hashed form
 * also SHA-256 alone, which bounds it.
 *
 * The goals: 100 ns a record, a million names a second. They were set on a
 * machine that reads the records in 5.3 ns, walks them in 125 ns and does three
 * digests in 470 ns; there they are 19 times reading, 0.8 of the walk and 2.1
 * times the digests. The first and the second ratio differ much from machine to
 * machine, as memory and scalar code do; each is printed beside its goal.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/alloc.h"
#include "holdfast/holdfast.h"

#define RECORDS         1000000
#define ROUNDS          7
#define ROOM_PER_RECORD 176

struct corpus {
    char *room;
    struct hf_span *texts;
    size_t octets;
};

/* xorshift64: the same records in every run. */
static uint64_t next(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static void put_record(struct hf_buf *out, uint64_t *state, size_t i)
{
    hf_buf_puts(out, "authority.example; accounturi=https://ca.example/acme/"
                     "acct/");
    hf_buf_put_u64(out, 1000000000 + i);
    if (next(state) % 2 == 0)
        hf_buf_puts(out, "; policy=wildcard");
    if (next(state) % 5 < 3) {
        hf_buf_puts(out, "; persistUntil=");
        hf_buf_put_u64(out, 1800000000 + next(state) % 100000000);
    }
    if (next(state) % 20 == 0)
        hf_buf_puts(out, "; ticket=CHG-12345");
}

static bool corpus_make(struct corpus *corpus)
{
    uint64_t state = 88172645463325252;
    struct hf_buf out;

    corpus->room = hf_alloc(RECORDS, ROOM_PER_RECORD);
    corpus->texts = hf_alloc(RECORDS, sizeof(*corpus->texts));
    if (corpus->room == NULL || corpus->texts == NULL)
        return false;
    hf_buf_init(&out, corpus->room, (size_t)RECORDS * ROOM_PER_RECORD);
    for (size_t i = 0; i < RECORDS; i++) {
        size_t from = out.len;

        put_record(&out, &state, i);
        corpus->texts[i] =
            (struct hf_span){corpus->room + from, out.len - from};
    }
    corpus->octets = out.len;
    return !out.full;
}

static double cpu_ns(void)
{
    struct timespec at;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &at);
    return (double)at.tv_sec * 1e9 + (double)at.tv_nsec;
}

static uint64_t run_read(const struct corpus *corpus)
{
    uint64_t sum = 0;

    for (size_t i = 0; i + 8 <= corpus->octets; i += 8) {
        uint64_t word;

        memcpy(&word, corpus->room + i, 8);
        sum += word;
    }
    return sum;
}

/* The scalar limit: find every ';' and '=', check each octet's range, convert
 * digits; no tags compared, no issuer, no account, no verdict. */
static uint64_t run_scalar(const struct corpus *corpus)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < RECORDS; i++) {
        struct hf_span text = corpus->texts[i];
        uint64_t number = 0;

        for (size_t j = 0; j < text.len; j++) {
            char c = text.ptr[j];

            if (c < 0x20 || c > 0x7e)
                return 0;
            if (c == ';' || c == '=') {
                sum += number;
                number = 0;
            } else if (hf_is_digit(c)) {
                number = number * 10 + (uint64_t)(c - '0');
            }
        }
        sum += number;
    }
    return sum;
}

struct court {
    struct hf_ca ca;
    struct hf_account account;
    struct hf_question question;
};

static struct hf_span uri_in(struct hf_span text)
{
    (void)hf_span_cut(&text, hf_span_find(text, '=') + 1);
    text.len = hf_span_find(text, ';');
    return text;
}

/* Every other record is this account's: both ways cost. */
static uint64_t run_accounts(const struct corpus *corpus)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < RECORDS; i += 2)
        sum += uri_in(corpus->texts[i]).len;
    return sum;
}

/* Returns how many records were valid. */
static uint64_t run_judge(const struct corpus *corpus,
                          const struct court *court)
{
    struct hf_account account = court->account;
    struct hf_judged judged; /* the caller's to keep, and no part of the cost */
    uint64_t valid = 0;

    for (size_t i = 0; i < RECORDS; i++) {
        const struct hf_answer answer = {
            .values = &corpus->texts[i], .count = 1, .ttl_s = 3600};
        struct hf_verdict verdict;

        if (i % 2 == 0)
            account.url = uri_in(corpus->texts[i]);
        if (hf_judge(&court->ca, &account, &court->question, &answer, &judged,
                     &verdict, NULL) != HF_OK)
            return 0;
        valid += verdict.reason == HF_REASON_OK;
    }
    return valid;
}

static const struct hf_span prefix = HF_SPAN_INIT("https://ca.example/h/");

/* Distinct names, one hashed record each, made with the oldest of three keys;
 * building is outside the measured part. */
static bool hashed_make(struct corpus *corpus, struct hf_name *names,
                        const struct hf_account *account,
                        const struct hf_digest *digest)
{
    struct hf_buf out;

    hf_buf_init(&out, corpus->room, (size_t)RECORDS * ROOM_PER_RECORD);
    for (size_t i = 0; i < RECORDS; i++) {
        size_t from = out.len;
        char text[32];
        struct hf_buf name;
        struct hf_grant grant = {
            .variant = HF_VARIANT_02,
            .issuer = HF_SPAN("authority.example"),
            .account_url = account->url,
            .prefix = prefix,
            .thumbprint = account->keys[account->key_count - 1].thumbprint,
        };

        hf_buf_init(&name, text, sizeof(text));
        hf_buf_putc(&name, 'd');
        hf_buf_put_u64(&name, 1000000 + i);
        hf_buf_puts(&name, ".example");
        if (hf_name_parse(hf_buf_span(&name), &names[i], NULL) != HF_OK)
            return false;
        grant.domain = hf_name_span(&names[i]);
        if (hf_grant_build(&grant, (struct hf_time){.s = 1790000000}, digest,
                           &out, NULL) != HF_OK)
            return false;
        corpus->texts[i] =
            (struct hf_span){corpus->room + from, out.len - from};
    }
    return true;
}

static uint64_t run_hashed(const struct corpus *corpus,
                           const struct hf_name *names,
                           const struct court *court)
{
    struct hf_question question = court->question;
    struct hf_judged judged;
    uint64_t valid = 0;

    for (size_t i = 0; i < RECORDS; i++) {
        const struct hf_answer answer = {
            .values = &corpus->texts[i], .count = 1, .ttl_s = 3600};
        struct hf_verdict verdict;

        question.adn = hf_name_span(&names[i]);
        if (hf_judge(&court->ca, &court->account, &question, &answer, &judged,
                     &verdict, NULL) != HF_OK)
            return 0;
        valid += verdict.reason == HF_REASON_OK;
    }
    return valid;
}

/* Three digests a name, the input as long as in run_hashed(). */
static uint64_t run_sha256(const struct corpus *corpus,
                           const struct hf_digest *digest)
{
    unsigned char out[HF_HASH_MAX];
    uint64_t sum = 0;

    for (size_t i = 0; i < RECORDS; i++) {
        for (int k = 0; k < 3; k++) {
            struct hf_span data = {corpus->texts[i].ptr, 90};

            if (digest->compute(digest->state, HF_SHA_256, data, out) != HF_OK)
                return 0;
            sum += out[0];
        }
    }
    return sum;
}

static int compare(const void *a, const void *b)
{
    const double *x = a;
    const double *y = b;

    return (*x > *y) - (*x < *y);
}

static double median(double *figures)
{
    qsort(figures, ROUNDS, sizeof(*figures), compare);
    return figures[ROUNDS / 2];
}

static volatile uint64_t sink; /* so that no run is optimised away */

#define MEASURE(figure, call)                                                  \
    do {                                                                       \
        double from = cpu_ns();                                                \
        sink = (call);                                                         \
        (figure) = (cpu_ns() - from) / RECORDS;                                \
    } while (0)

static void bench_raw(const struct corpus *corpus, const struct court *court)
{
    double read[ROUNDS];
    double scalar[ROUNDS];
    double accounts[ROUNDS];
    double judge[ROUNDS];
    unsigned long before = hf_alloc_count();
    double r;
    double s;
    double j;

    for (int i = 0; i < ROUNDS; i++) {
        MEASURE(read[i], run_read(corpus));
        MEASURE(scalar[i], run_scalar(corpus));
        MEASURE(accounts[i], run_accounts(corpus));
        MEASURE(judge[i], run_judge(corpus, court));
    }
    r = median(read);
    s = median(scalar);
    j = median(judge);
    printf("judge raw: %.0f octets a record, %llu of %d valid, %lu "
           "allocations\n",
           (double)corpus->octets / RECORDS, (unsigned long long)sink, RECORDS,
           hf_alloc_count() - before);
    printf("  hf_judge            %7.1f ns  goal 100\n", j);
    printf("  find the accounts   %7.1f ns  part of it\n", median(accounts));
    printf("  read the octets     %7.1f ns  ratio %.2f  goal 19\n", r, j / r);
    printf("  scalar walk         %7.1f ns  ratio %.2f  goal 0.8\n", s, j / s);
}

static void bench_hashed(const struct corpus *corpus,
                         const struct hf_name *names, const struct court *court)
{
    double sha[ROUNDS];
    double judge[ROUNDS];
    double s;
    double j;

    for (int i = 0; i < ROUNDS; i++) {
        MEASURE(sha[i], run_sha256(corpus, court->ca.digest));
        MEASURE(judge[i], run_hashed(corpus, names, court));
    }
    s = median(sha);
    j = median(judge);
    printf("judge hashed, 3 keys, the oldest matches: %llu of %d valid\n",
           (unsigned long long)sink, RECORDS);
    printf("  hf_judge            %7.1f ns = %.2f million names a second\n", j,
           1000 / j);
    printf("  3 x SHA-256 alone   %7.1f ns  ratio %.2f\n", s, j / s);
}

int main(void)
{
    static const struct hf_span issuers[] = {HF_SPAN_INIT("ca.example.net"),
                                             HF_SPAN_INIT("authority.example")};
    struct hf_key keys[3] = {
        {.thumbprint = HF_SPAN("ynR0SnhXGnI_LXvNGwgL93Xgii3Z2igPUtrNBBeZolc")},
        {.thumbprint = HF_SPAN("KEQ66s6Imz6bxEEfE06GAwm-6gTXICQX2wOVP__Ow88")},
        {.thumbprint = HF_SPAN("NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs")}};
    struct court court = {
        .ca = {.rules = HF_RULES_DRAFT_01,
               .issuers = issuers,
               .issuer_count = 2,
               .prefixes = &prefix,
               .prefix_count = 1,
               .hash_algs = HF_HASH_DEFAULT,
               .reuse_s = HF_REUSE_MAX_S},
        .account = {.url = HF_SPAN("https://ca.example/acct/123"),
                    .keys = keys,
                    .key_count = 3},
        .question = {.adn = HF_SPAN("example.com"), .now = {.s = 1790000000}},
    };
    struct hf_digest *digest = NULL;
    struct hf_name *names = hf_alloc(RECORDS, sizeof(*names));
    struct corpus corpus = {0};
    int status = 1;

    if (names == NULL || !corpus_make(&corpus) ||
        hf_digest_new(&digest, NULL) != HF_OK ||
        hf_keys_prepare(keys, 3, court.account.url, digest, NULL) != HF_OK)
        goto out;
    bench_raw(&corpus, &court);
    court.ca.rules = HF_RULES_DRAFT_02;
    court.ca.digest = digest;
    if (!hashed_make(&corpus, names, &court.account, digest))
        goto out;
    bench_hashed(&corpus, names, &court);
    status = 0;

out:
    hf_digest_free(digest);
    hf_free(corpus.room);
    hf_free(corpus.texts);
    hf_free(names);
    return status;
}
