/* SPDX-License-Identifier: Apache-2.0 */
/* Why a record does not serve, as far as the register knows. REQ CLI-25. */
#include "cli/remembered.h"
#include "tests/unit/scratch.h"
#include "tests/unit/unit.h"

#define S       HF_SPAN_INIT
#define NOW     1790000000
#define ACCOUNT "https://ca.example/acct/1"
#define OTHER   "https://ca.example/acct/2"

static const struct hf_span issuers[] = {S("ca.example")};
static const struct hf_ca ca = {.issuers = issuers, .issuer_count = 1};
static const struct hf_key keys[] = {{.thumbprint = S("new-key")}};
static const struct hf_account account = {
    .url = S(ACCOUNT), .keys = keys, .key_count = 1};

static const struct {
    struct hf_entry entry;
    bool wildcard;
    const char *says;
} cases[] = {
    {{.state = HF_RECORD_REMOVED, .account_url = S(OTHER), .removed_at = NOW},
     false,
     "was taken away, or replaced, on 2026-09-21T14:13:20Z"},
    {{.state = HF_RECORD_PUBLISHED, .account_url = S(OTHER)},
     false,
     "is for another account, " OTHER},
    {{.state = HF_RECORD_PUBLISHED, .account_url = S("\x1b[31m")},
     false,
     "is for another account, \\027[31m"},
    {{.state = HF_RECORD_PUBLISHED,
      .account_url = S(ACCOUNT),
      .draft = S("02"),
      .thumbprint = S("old-key")},
     false,
     "is for a key that the account no longer has"},
    {{.state = HF_RECORD_PUBLISHED,
      .account_url = S(ACCOUNT),
      .draft = S("01"),
      .thumbprint = S("old-key"),
      .published_at = NOW},
     false,
     "was published on 2026-09-21T14:13:20Z: the zone was changed elsewhere, "
     "or its servers do not have it yet"},
    {{.state = HF_RECORD_PUBLISHED,
      .account_url = S(ACCOUNT),
      .has_until = true,
      .until_at = NOW},
     false,
     "ended on 2026-09-21T14:13:20Z"},
    {{.state = HF_RECORD_PUBLISHED, .account_url = S(ACCOUNT)},
     true,
     "is for this name alone, not for those below it"},
    {{.state = HF_RECORD_PLANNED,
      .account_url = S(ACCOUNT),
      .wildcard = true,
      .planned_at = NOW,
      .has_until = true,
      .until_at = NOW + 1},
     true,
     "was planned on 2026-09-21T14:13:20Z and not published since"},
};

static struct hf_missing missing_of(const char *name, bool wildcard)
{
    return (struct hf_missing){.name = hf_span_str(name),
                               .wildcard = wildcard,
                               .ca = &ca,
                               .account = &account,
                               .now_at = NOW};
}

static void entry_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct hf_missing missing =
            missing_of("a.example", cases[i].wildcard);
        char room[1024];
        struct hf_buf out;

        hf_buf_init(&out, room, sizeof(room));
        hf_remembered_put_entry(&cases[i].entry, &missing, &out);
        assert_true(
            hf_span_ends(hf_buf_span(&out), hf_span_str(cases[i].says)));
    }
}

/* ---- the last of several ---- */

static int64_t published(struct hf_register *reg, struct hf_entry entry,
                         int64_t at)
{
    struct hf_register_change change = {.published_count = 1};
    int64_t id = 0;

    entry.owner = HF_SPAN("_validation-persist.a.example");
    entry.name = HF_SPAN("a.example");
    assert_int_equal(hf_register_plan(reg, &entry, at, &id, NULL), HF_OK);
    change.published = &id;
    assert_int_equal(hf_register_change(reg, &change, at, NULL), HF_OK);
    return id;
}

static void removed(struct hf_register *reg, int64_t id, int64_t at)
{
    const struct hf_register_change change = {.removed = &id,
                                              .removed_count = 1};

    assert_int_equal(hf_register_change(reg, &change, at, NULL), HF_OK);
}

static const char *remembered(const struct hf_cli *cli, const char *name)
{
    static char room[1024];
    const struct hf_missing missing = missing_of(name, false);
    struct hf_buf out;

    hf_buf_init(&out, room, sizeof(room) - 1);
    room[0] = '\0';
    if (hf_remembered_put(cli, &missing, &out))
        room[out.len] = '\0';
    return room;
}

static void last_one_counts(void **state)
{
    const struct hf_entry ours = {
        .value = S("1"), .issuer = S("CA.example"), .account_url = S(ACCOUNT)};
    const struct hf_entry others = {
        .value = S("2"), .issuer = S("ca.example"), .account_url = S(OTHER)};
    const struct hf_entry elsewhere = {.value = S("3"),
                                       .issuer = S("other-ca.example"),
                                       .account_url = S("u:9")};
    const struct hf_cli cli = {.state = *state};
    struct hf_register *reg = NULL;
    int64_t id;

    assert_string_equal(remembered(&cli, "a.example"), "");
    assert_int_equal(hf_register_open(cli.state, false, &reg, NULL), HF_OK);
    assert_string_equal(remembered(&cli, "a.example"), "");
    id = published(reg, ours, NOW);
    (void)published(reg, elsewhere, NOW + 9);
    assert_non_null(strstr(remembered(&cli, "a.example"), "was published on"));
    assert_string_equal(remembered(&cli, "b.example"), "");
    (void)published(reg, others, NOW + 1);
    assert_non_null(strstr(remembered(&cli, "a.example"), OTHER));
    removed(reg, id, NOW + 2);
    assert_non_null(strstr(remembered(&cli, "a.example"), "was taken away"));
    hf_register_close(reg);
}

static int set_up(void **state)
{
    static char path[SCRATCH_MAX];

    *state = path;
    return scratch_make(path);
}

static int tear_down(void **state)
{
    return scratch_remove(*state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entry_table),
        cmocka_unit_test_setup_teardown(last_one_counts, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
