/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/dns_solver.h"

#include "acme/token.h"
#include "base/alloc.h"
#include "holdfast/digest.h"
#include "holdfast/name.h"
#include "os/clock.h"

#define TTL_S     60
#define OWNER_MAX (sizeof(HF_DNS_OWNER) - 1 + HF_NAME_MAX)

struct dns_solver {
    struct hf_publisher publisher;
    struct hf_digest *digest;
    int64_t until_ms; /* when waiting ends for all; 0: nobody waits yet */
};

/* What is published for one exhibit, with the text behind it. */
struct record {
    struct hf_publisher_job job;
    struct hf_span value;
    char room[OWNER_MAX + HF_DNS_VALUE_LEN];
};

static enum hf_err fill(const struct dns_solver *solver,
                        const struct hf_exhibit *exhibit, struct record *out,
                        struct hf_why *why)
{
    struct hf_buf text;
    size_t owner_len;
    enum hf_err err;

    *out = (struct record){
        .job = {.name = exhibit->name, .ttl_s = TTL_S, .follows = true}};
    hf_buf_init(&text, out->room, sizeof(out->room));
    hf_buf_puts(&text, HF_DNS_OWNER);
    hf_buf_put(&text, exhibit->name);
    owner_len = text.len;
    err = hf_token_put_dns_value(&text, exhibit->authorization, solver->digest,
                                 why);
    out->job.owner = (struct hf_span){out->room, owner_len};
    out->value = (struct hf_span){out->room + owner_len, text.len - owner_len};
    return err;
}

static enum hf_err show(void *state, struct hf_exhibit *exhibit,
                        struct hf_why *why)
{
    struct dns_solver *solver = state;
    struct record record;
    enum hf_err err = fill(solver, exhibit, &record, why);

    if (err != HF_OK)
        return err;
    record.job.wish.values[record.job.wish.value_count++] = record.value;
    err = hf_publisher_change(&solver->publisher, &record.job, why);
    hf_buf_clear(&exhibit->note);
    exhibit->note = record.job.said;
    return err;
}

/* All records are there before the first is waited for: they have the time that
 * one has. */
static int64_t time_left_ms(struct dns_solver *solver)
{
    int64_t now_ms = hf_clock_ms();

    if (solver->until_ms == 0)
        solver->until_ms = now_ms + solver->publisher.wait_ms;
    return solver->until_ms > now_ms ? solver->until_ms - now_ms : 1;
}

static enum hf_err await(void *state, struct hf_exhibit *exhibit,
                         struct hf_why *why)
{
    struct dns_solver *solver = state;
    struct record record;
    enum hf_err err = fill(solver, exhibit, &record, why);

    if (err != HF_OK || solver->publisher.wait_ms == 0)
        return err;
    record.job.wish.values[record.job.wish.value_count++] = record.value;
    solver->publisher.wait_ms = time_left_ms(solver);
    err = hf_publisher_verify(&solver->publisher, &record.job, why);
    if (err == HF_OK && !hf_verify_is_good(&record.job.view))
        err = hf_fail(why, HF_ETIMEOUT, 0,
                      "not every authoritative server has the record for "
                      "dns-01; --dns-wait says how long to wait");
    return err;
}

static enum hf_err hide(void *state, struct hf_exhibit *exhibit,
                        struct hf_why *why)
{
    struct dns_solver *solver = state;
    struct record record;
    enum hf_err err = fill(solver, exhibit, &record, why);

    if (err != HF_OK)
        return err;
    record.job.notes[0] = hf_hook_note(&exhibit->note);
    record.job.wish.old[record.job.wish.old_count++] = record.value;
    err = hf_publisher_change(&solver->publisher, &record.job, why);
    hf_buf_clear(&record.job.said);
    return err;
}

static void solver_free(void *state)
{
    struct dns_solver *solver = state;

    hf_publisher_clear(&solver->publisher);
    hf_digest_free(solver->digest);
    hf_free(solver);
}

enum hf_exit hf_dns_solver_new(const struct hf_cli *cli,
                               const struct hf_publisher_way *way,
                               struct hf_solver *out)
{
    struct dns_solver *solver = hf_alloc(1, sizeof(*solver));
    enum hf_exit status;
    struct hf_why why = {0};

    if (solver == NULL) {
        hf_cli_error(cli, HF_SPAN("dns-01"), "out of memory");
        return HF_EXIT_ERROR;
    }
    status = hf_publisher_open(cli, way, &solver->publisher);
    if (status == HF_EXIT_GOOD &&
        hf_digest_new(&solver->digest, &why) != HF_OK) {
        hf_cli_fail(cli, HF_SPAN("dns-01"), &why);
        status = HF_EXIT_ERROR;
    }
    if (status != HF_EXIT_GOOD) {
        solver_free(solver);
        return status;
    }
    *out = (struct hf_solver){.show = show,
                              .await = await,
                              .hide = hide,
                              .free = solver_free,
                              .state = solver};
    return HF_EXIT_GOOD;
}
