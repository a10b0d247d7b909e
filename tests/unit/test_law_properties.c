/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What must hold for every record and every RRset, shown on thousands of
 * generated ones: REQ RECORD-01, RECORD-03, RECORD-05, RECORD-13, VAL-04,
 * VAL-05, VAL-06, VAL-07, VAL-22, REUSE-08, SCOPE-01, SCOPE-04, SCOPE-09,
 * ERR-05, CLI-10, MON-01, MON-04, MON-20.
 */
#include "base/alloc.h"
#include "holdfast/diff.h"
#include "holdfast/lint.h"
#include "holdfast/reach.h"
#include "holdfast/txt.h"
#include "tests/unit/law_generator.h"

#define SEEDS     3000
#define NOISE_MAX 1000

static struct hf_digest *digest;

/* Who asks what, drawn from all modes, scopes and times near an end. */
struct asked {
    struct hf_ca ca;
    struct hf_account account;
    struct hf_question question;
};

static struct asked draw_question(struct generator *g)
{
    struct asked asked = {
        .ca = the_ca((enum hf_rules)pick(g, HF_RULES_BR + 1), digest),
        .account = the_account(),
        .question = {.adn = HF_SPAN_INIT("example.com"),
                     .scope = (enum hf_scope)pick(g, HF_SCOPE_BELOW + 1),
                     .now = {NOW + (int64_t)pick(g, 3) - 1,
                             one_in(g, 2) ? 0 : 1}},
    };

    asked.ca.allows_raw = one_in(g, 2);
    if (one_in(g, 20))
        asked.account.status = HF_ACCOUNT_DEACTIVATED;
    return asked;
}

static struct hf_verdict judge(const struct asked *asked,
                               const struct hf_span *texts, size_t count,
                               struct hf_judged *judged)
{
    const struct hf_answer answer = {
        .values = texts, .count = count, .ttl_s = 300};
    struct hf_verdict verdict;
    struct hf_why why;

    if (hf_judge(&asked->ca, &asked->account, &asked->question, &answer, judged,
                 &verdict, &why) != HF_OK)
        fail_msg("judging fails: %s", why.text);
    return verdict;
}

static struct hf_verdict judge_set(const struct asked *asked,
                                   const struct rrset *set)
{
    struct hf_judged judged[RECORDS_MAX];

    return judge(asked, set->texts, set->count, judged);
}

static bool is_valid(const struct asked *asked, struct hf_span text)
{
    struct hf_judged judged;

    return judge(asked, &text, 1, &judged).reason == HF_REASON_OK;
}

static void fail_at(uint64_t seed, struct hf_span text, const char *what)
{
    char room[4 * RECORD_ROOM];
    struct hf_buf shown;

    hf_buf_init(&shown, room, sizeof(room));
    hf_buf_put_escaped(&shown, text, RECORD_ROOM);
    fail_msg("seed %llu: %s: \"%.*s\"", (unsigned long long)seed, what,
             (int)shown.len, shown.ptr);
}

/* ---- one record ---- */

static bool same_reading(struct hf_span a, struct hf_span b)
{
    struct hf_record ra;
    struct hf_record rb;
    size_t at;
    enum hf_reason reason = hf_record_read(a, &ra, &at);

    if (hf_record_read(b, &rb, &at) != reason)
        return false;
    if (!hf_span_eq_nocase(ra.issuer, rb.issuer))
        return false;
    return reason != HF_REASON_OK ||
           (hf_span_eq(ra.account_uri, rb.account_uri) &&
            ra.until_at == rb.until_at && ra.has_until == rb.has_until &&
            ra.wildcard == rb.wildcard);
}

/* Nothing is lost, and what canonical text is about is right. */
static void check_kept(uint64_t seed, struct hf_span text, struct hf_span once)
{
    const struct hf_lint_view view = {.now = {NOW, 0}};
    unsigned char marks[2];
    struct hf_event events[2];
    size_t count = hf_diff(&text, 1, &once, 1, marks, events);

    if (count > 1 || (count == 1 && events[0].change != HF_CHANGE_REFORMATTED))
        fail_at(seed, text, "canonical text says something else");
    if ((hf_lint(once, &view) &
         (1U << HF_LINT_BLANKS | 1U << HF_LINT_TAG_SPELLING |
          1U << HF_LINT_ISSUER_NOT_CANONICAL)) != 0)
        fail_at(seed, once, "canonical text is not");
}

/* REQ CLI-10, RECORD-03, RECORD-05, RECORD-13: writing a record canonically
 * changes no reading and no verdict, and a second time not one octet. */
static void canonical_text_means_the_same(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct generator g = {seed};
        struct asked asked = draw_question(&g);
        char room[3][RECORD_ROOM];
        struct hf_buf text;
        struct hf_buf once;
        struct hf_buf twice;
        struct hf_judged judged;

        hf_buf_init(&text, room[0], RECORD_ROOM);
        hf_buf_init(&once, room[1], RECORD_ROOM);
        hf_buf_init(&twice, room[2], RECORD_ROOM);
        put_record(&g, &text);
        if (!hf_lint_canonical(hf_buf_span(&text), &once))
            continue;
        if (!same_reading(hf_buf_span(&text), hf_buf_span(&once)))
            fail_at(seed, hf_buf_span(&text), "canonical text reads otherwise");
        if (judge(&asked, &(struct hf_span){text.ptr, text.len}, 1, &judged)
                .reason !=
            judge(&asked, &(struct hf_span){once.ptr, once.len}, 1, &judged)
                .reason)
            fail_at(seed, hf_buf_span(&text),
                    "canonical text judged otherwise");
        check_kept(seed, hf_buf_span(&text), hf_buf_span(&once));
        assert_true(hf_lint_canonical(hf_buf_span(&once), &twice));
        assert_span_equal(hf_buf_span(&twice), hf_buf_span(&once));
    }
}

static void check_split(struct hf_span text, const unsigned char *cut)
{
    char rdata[2 * RECORD_ROOM];
    char room[2 * RECORD_ROOM];
    struct hf_buf out;
    struct hf_span joined;
    size_t from = 0;

    hf_buf_init(&out, rdata, sizeof(rdata));
    for (size_t i = 0; i <= text.len; i++) {
        if (i < text.len && cut[i] == 0 && i - from < HF_TXT_STRING_MAX)
            continue;
        hf_buf_putc(&out, (char)(i - from));
        hf_buf_put(&out, (struct hf_span){text.ptr + from, i - from});
        from = i;
    }
    assert_false(out.full);
    assert_int_equal(hf_txt_join(hf_buf_span(&out), room, &joined, NULL),
                     HF_OK);
    assert_span_equal(joined, text);
}

/* REQ RECORD-01: in two strings at every place, and in many. */
static void every_split_is_the_same_text(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 100; seed++) {
        struct generator g = {seed};
        unsigned char cut[RECORD_ROOM] = {0};
        char room[RECORD_ROOM];
        struct hf_buf text;

        hf_buf_init(&text, room, sizeof(room));
        put_record(&g, &text);
        for (size_t i = 0; i < text.len; i++) {
            cut[i] = 1;
            check_split(hf_buf_span(&text), cut);
            cut[i] = 0;
        }
        for (size_t i = 0; i < text.len; i++)
            cut[i] = one_in(&g, 3);
        check_split(hf_buf_span(&text), cut);
    }
}

/* REQ REUSE-08: what time has ended, later time does not bring back. */
static void time_never_revives(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct generator g = {seed};
        struct asked asked = draw_question(&g);
        struct hf_time *now = &asked.question.now;
        struct rrset set;
        bool was_valid = true;

        fill(&set, &g);
        *now = (struct hf_time){INT64_MIN, 0};
        for (size_t step = 0; step < 8; step++) {
            bool valid = judge_set(&asked, &set).reason == HF_REASON_OK;

            if (valid && !was_valid)
                fail_msg("seed %llu: valid again", (unsigned long long)seed);
            was_valid = valid;
            now->ns += step == 2 || step == 4;
            if (step == 0)
                *now = (struct hf_time){-1, 0};
            else if (step == 1)
                *now = (struct hf_time){NOW - 1, 0};
            else if (step == 3)
                *now = (struct hf_time){NOW, 0};
            else if (step > 4)
                *now = (struct hf_time){step < 6 ? NOW + 1 : INT64_MAX,
                                        step < 7 ? 0 : 1};
        }
    }
}

/* `text` without policy, or with an end that comes earlier. */
static void put_stricter(struct generator *g, struct hf_span text,
                         struct hf_buf *out)
{
    struct hf_issue_value value;
    struct hf_param param;
    bool policy = one_in(g, 2);

    assert_int_equal(hf_issue_value_parse(text, &value, NULL), HF_OK);
    hf_buf_put(out, value.issuer);
    while (hf_param_next(&value.params, &param)) {
        bool is_policy = hf_span_eq_nocase(param.tag, HF_SPAN("policy"));
        bool is_until = hf_span_eq_nocase(param.tag, HF_SPAN("persistUntil"));

        if ((is_policy && policy) || (is_until && !policy))
            continue;
        hf_buf_puts(out, "; ");
        hf_buf_put(out, param.tag);
        hf_buf_putc(out, '=');
        hf_buf_put(out, param.value);
    }
    if (!policy)
        hf_buf_puts(out, "; persistUntil=1789999999");
}

/* REQ SCOPE-01, SCOPE-04, REUSE-08 */
static void stricter_records_authorise_no_more(void **state)
{
    size_t tried = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct generator g = {seed};
        struct asked asked = draw_question(&g);
        char room[2][RECORD_ROOM];
        struct hf_record record;
        struct hf_buf lax;
        struct hf_buf strict;
        size_t at;

        hf_buf_init(&lax, room[0], RECORD_ROOM);
        hf_buf_init(&strict, room[1], RECORD_ROOM);
        put_record(&g, &lax);
        if (hf_record_read(hf_buf_span(&lax), &record, &at) != HF_REASON_OK ||
            record.until_at < 1789999999)
            continue;
        tried++;
        put_stricter(&g, hf_buf_span(&lax), &strict);
        if (is_valid(&asked, hf_buf_span(&strict)) &&
            !is_valid(&asked, hf_buf_span(&lax)))
            fail_at(seed, hf_buf_span(&lax), "the stricter record says more");
    }
    assert_true(tried > SEEDS / 4);
}

/* REQ MON-20, SCOPE-09: nothing is served beyond the reach that is reported,
 * and the reach under the BR text is the larger one. */
static void nothing_beyond_its_reach(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct generator g = {seed};
        struct asked asked = draw_question(&g);
        char room[RECORD_ROOM];
        struct hf_buf text;
        struct hf_reach reach;
        enum hf_extent extent;

        hf_buf_init(&text, room, RECORD_ROOM);
        put_record(&g, &text);
        reach = hf_reach_of(hf_buf_span(&text), asked.question.now);
        extent = asked.ca.rules == HF_RULES_BR ? reach.br : reach.draft;
        assert_true(reach.br >= reach.draft);
        if (is_valid(&asked, hf_buf_span(&text)) &&
            extent < (asked.question.scope == HF_SCOPE_EXACT
                          ? HF_EXTENT_EXACT
                          : HF_EXTENT_SUBTREE))
            fail_at(seed, hf_buf_span(&text), "valid beyond its reach");
    }
}

/* ---- RRsets ---- */

/* Two names of one CA may say the same: either record will do. */
static bool same_grant(struct hf_span a, struct hf_span b)
{
    struct hf_record ra;
    struct hf_record rb;
    size_t at;

    return hf_record_read(a, &ra, &at) == hf_record_read(b, &rb, &at) &&
           hf_span_eq(ra.account_uri, rb.account_uri) &&
           ra.until_at == rb.until_at;
}

static void assert_same_verdict(uint64_t seed, const struct rrset *a,
                                const struct hf_verdict *va,
                                const struct rrset *b,
                                const struct hf_verdict *vb)
{
    if (va->reason != vb->reason || va->expires_at != vb->expires_at)
        fail_msg("seed %llu: %s becomes %s", (unsigned long long)seed,
                 hf_reason_word(va->reason), hf_reason_word(vb->reason));
    if (va->reason == HF_REASON_OK &&
        !same_grant(a->texts[va->relied], b->texts[vb->relied]))
        fail_at(seed, b->texts[vb->relied], "relies on another grant");
}

/* REQ VAL-07, ERR-05 */
static void order_says_nothing(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct generator g = {seed};
        struct asked asked = draw_question(&g);
        struct rrset set;
        struct rrset other;
        struct hf_verdict first;
        struct hf_verdict second;

        fill(&set, &g);
        other = set; /* its texts still borrow from set.room */
        shuffle(other.texts, other.count, &g);
        first = judge_set(&asked, &set);
        second = judge_set(&asked, &other);
        assert_same_verdict(seed, &set, &first, &other, &second);
    }
}

/* REQ VAL-06: an RRset says exactly as much as its records one by one. */
static void grants_are_a_union(void **state)
{
    size_t valid = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct generator g = {seed};
        struct asked asked = draw_question(&g);
        struct rrset set;
        bool any = false;

        fill(&set, &g);
        for (size_t i = 0; i < set.count; i++)
            any = any || is_valid(&asked, set.texts[i]);
        if ((judge_set(&asked, &set).reason == HF_REASON_OK) != any)
            fail_msg("seed %llu: together not as apart",
                     (unsigned long long)seed);
        valid += any;
    }
    /* Neither answer is rare: the property is not shown on nothing. */
    assert_true(valid > SEEDS / 8 && valid < SEEDS * 7 / 8);
}

/* REQ VAL-04, VAL-05: three more records of others, anywhere. */
static void records_of_others_change_nothing(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct generator g = {seed};
        struct asked asked = draw_question(&g);
        struct rrset set;
        struct rrset more;
        struct hf_verdict before;
        struct hf_verdict after;

        fill(&set, &g);
        before = judge_set(&asked, &set);
        more.count = 0;
        for (size_t i = 0; i < 3; i++)
            add_text(&more, &g, put_noise);
        for (size_t i = 0; i < set.count; i++)
            more.texts[more.count++] = set.texts[i];
        shuffle(more.texts, more.count, &g);
        after = judge_set(&asked, &more);
        if (before.reason == HF_REASON_NO_RECORD)
            before.reason = HF_REASON_NO_MATCHING_ISSUER;
        assert_same_verdict(seed, &set, &before, &more, &after);
    }
}

/* REQ VAL-22, VAL-27: digests computed beforehand change no verdict. */
static void prepared_keys_judge_the_same(void **state)
{
    struct hf_key keys[] = {the_keys[0]};

    (void)state;
    assert_int_equal(hf_keys_prepare(keys, 1, the_account().url, digest, NULL),
                     HF_OK);
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct generator g = {seed};
        struct asked asked = draw_question(&g);
        struct rrset set;
        struct hf_verdict plain;
        struct hf_verdict prepared;

        fill(&set, &g);
        plain = judge_set(&asked, &set);
        asked.account.keys = keys;
        prepared = judge_set(&asked, &set);
        assert_same_verdict(seed, &set, &plain, &set, &prepared);
    }
}

/* REQ VAL-05, RECORD-04: a thousand records of noise and ours among them. */
static void noise_hides_nothing(void **state)
{
    static struct hf_span texts[NOISE_MAX + 1];
    static char room[NOISE_MAX][RECORD_ROOM];
    static struct hf_judged judged[NOISE_MAX + 1];
    const struct hf_span ours =
        HF_SPAN("ca.example; accounturi=" EXACT "; policy=wildcard");

    (void)state;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct generator g = {seed};
        struct asked asked = draw_question(&g);
        unsigned long allocations;
        struct hf_verdict verdict;

        for (size_t i = 0; i < NOISE_MAX; i++) {
            struct hf_buf text;

            hf_buf_init(&text, room[i], RECORD_ROOM);
            put_noise(&g, &text);
            texts[i] = hf_buf_span(&text);
        }
        texts[NOISE_MAX] = ours;
        shuffle(texts, NOISE_MAX + 1, &g);
        asked.ca.rules = HF_RULES_DRAFT_02;
        asked.account.status = HF_ACCOUNT_VALID;
        allocations = hf_alloc_count();
        verdict = judge(&asked, texts, NOISE_MAX + 1, judged);
        assert_int_equal(hf_alloc_count(), allocations);
        assert_int_equal(verdict.reason, HF_REASON_OK);
        assert_span_equal(texts[verdict.relied], ours);
    }
}

/* ---- what changed ---- */

/* REQ MON-01: order is no event. */
static void order_is_no_change(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct generator g = {seed};
        unsigned char marks[2 * RECORDS_MAX];
        struct hf_event events[2 * RECORDS_MAX];
        struct hf_span other[RECORDS_MAX];
        struct rrset set;

        fill(&set, &g);
        memcpy(other, set.texts, sizeof(other));
        shuffle(other, set.count, &g);
        assert_int_equal(
            hf_diff(set.texts, set.count, other, set.count, marks, events), 0);
    }
}

/* The authority bits of all events between two RRsets. */
static unsigned authority_seen(const struct rrset *before,
                               const struct rrset *after)
{
    unsigned char marks[2 * RECORDS_MAX];
    struct hf_event events[2 * RECORDS_MAX];
    unsigned seen = 0;
    size_t count = hf_diff(before->texts, before->count, after->texts,
                           after->count, marks, events);

    for (size_t i = 0; i < count; i++)
        seen |= events[i].authority;
    return seen;
}

/* Two RRsets: unrelated, or the second says a little more than the first. */
static void fill_pair(struct generator *g, struct rrset *before,
                      struct rrset *after)
{
    struct hf_record record;
    struct hf_buf strict;
    size_t at;

    fill(before, g);
    fill(after, g);
    if (one_in(g, 4))
        return;
    after->count = 0;
    add_text(after, g, put_record);
    before->count = 0;
    if (hf_record_read(after->texts[0], &record, &at) != HF_REASON_OK)
        return;
    hf_buf_init(&strict, before->room[0], RECORD_ROOM);
    put_stricter(g, after->texts[0], &strict);
    before->texts[before->count++] = hf_buf_span(&strict);
}

/* REQ MON-04: nobody can do more than before without an event that says so. */
static void authority_never_grows_unseen(void **state)
{
    size_t grew = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct generator g = {seed};
        struct asked asked = draw_question(&g);
        struct rrset before;
        struct rrset after;

        fill_pair(&g, &before, &after);
        if (judge_set(&asked, &after).reason != HF_REASON_OK ||
            judge_set(&asked, &before).reason == HF_REASON_OK)
            continue;
        grew++;
        if ((authority_seen(&before, &after) & HF_WIDENED) == 0)
            fail_msg("seed %llu: authority grew unseen",
                     (unsigned long long)seed);
    }
    assert_true(grew > SEEDS / 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(canonical_text_means_the_same),
        cmocka_unit_test(every_split_is_the_same_text),
        cmocka_unit_test(time_never_revives),
        cmocka_unit_test(stricter_records_authorise_no_more),
        cmocka_unit_test(nothing_beyond_its_reach),
        cmocka_unit_test(order_says_nothing),
        cmocka_unit_test(grants_are_a_union),
        cmocka_unit_test(records_of_others_change_nothing),
        cmocka_unit_test(prepared_keys_judge_the_same),
        cmocka_unit_test(noise_hides_nothing),
        cmocka_unit_test(order_is_no_change),
        cmocka_unit_test(authority_never_grows_unseen),
    };
    int failed;

    if (hf_digest_new(&digest, NULL) != HF_OK)
        return 1;
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    hf_digest_free(digest);
    return failed;
}
