/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/status.h"

#include "os/clock.h"

#define NEAR_S   (2 * (int64_t)86400) /* before the end of what clients want */
#define RENEW_S  600                  /* so late our certificate may be */
#define FIRST_S  60 /* what a CA that has just begun has not */
#define VACANT_S 60 /* nobody holds a lease */

/* ---- what the tables say ---- */

static void take_text(struct hf_store *store, size_t operation, int column,
                      char *room, size_t size)
{
    struct hf_span text = hf_store_get_text(store, operation, column);
    size_t len = text.len < size ? text.len : size - 1;

    if (len > 0)
        memcpy(room, text.ptr, len);
    room[len] = '\0';
}

static void take_lease(struct hf_store *store, struct hf_status *out)
{
    struct hf_status_lease *lease = &out->leases[out->lease_count];

    if (out->lease_count == HF_STATUS_LEASES_MAX)
        return;
    out->lease_count++;
    take_text(store, HF_CA_LEASES, 0, lease->name, sizeof(lease->name));
    take_text(store, HF_CA_LEASES, 1, lease->holder, sizeof(lease->holder));
    lease->fence = hf_store_get_number(store, HF_CA_LEASES, 2);
    lease->until_at = hf_store_get_number(store, HF_CA_LEASES, 3);
}

static void take_keeper(struct hf_store *store, struct hf_status *out)
{
    struct hf_status_keeper *keeper = &out->keepers[out->keeper_count];

    if (out->keeper_count == HF_STATUS_KEEPERS_MAX)
        return;
    out->keeper_count++;
    take_text(store, HF_CA_KEEPERS, 0, keeper->name, sizeof(keeper->name));
    keeper->since_at = hf_store_get_number(store, HF_CA_KEEPERS, 1);
    keeper->until_at = hf_store_get_number(store, HF_CA_KEEPERS, 2);
}

static void take_entry(struct hf_store *store, struct hf_status *out)
{
    out->log_stored = hf_store_get_number(store, HF_CA_ENTRY_LAST, 0);
}

static void take_lists(struct hf_store *store, struct hf_status *out)
{
    out->lists = hf_store_get_number(store, HF_CA_CRL_FIRST, 0);
    out->lists_end_at = hf_store_get_number(store, HF_CA_CRL_FIRST, 1);
}

static enum hf_err
take_rows(struct hf_store *store, enum hf_ca_operation operation,
          const struct hf_store_value *values, size_t count,
          void (*take)(struct hf_store *store, struct hf_status *out),
          struct hf_status *out)
{
    bool more = false;
    enum hf_err err = hf_store_start(store, operation, values, count, NULL);

    if (err == HF_OK)
        err = hf_store_next(store, operation, &more, NULL);
    while (err == HF_OK && more) {
        take(store, out);
        err = hf_store_next(store, operation, &more, NULL);
    }
    return err;
}

static enum hf_err read_tables(const struct hf_status_sources *sources,
                               struct hf_status *out)
{
    struct hf_store *store = sources->store;
    const struct hf_store_value log = hf_store_text(sources->log);
    const struct hf_store_value now[] = {
        hf_store_number(out->now_at), hf_store_number(HF_STATUS_KEEPERS_MAX)};
    enum hf_err err =
        take_rows(store, HF_CA_ENTRY_LAST, &log, 1, take_entry, out);

    if (err == HF_OK)
        err = take_rows(store, HF_CA_CRL_FIRST, NULL, 0, take_lists, out);
    if (err == HF_OK)
        err = take_rows(store, HF_CA_LEASES, NULL, 0, take_lease, out);
    return err == HF_OK
               ? take_rows(store, HF_CA_KEEPERS, now, 2, take_keeper, out)
               : err;
}

/* Once: nobody wants to wait for a store that is away. */
static void ask_tables(const struct hf_status_sources *sources,
                       struct hf_status *out)
{
    enum hf_err err = HF_ESYSTEM;

    if (out->gauges.store_is_good)
        err = hf_store_about(sources->store, &out->about, NULL);
    if (err == HF_OK)
        err = hf_store_begin(sources->store, NULL);
    if (err == HF_OK) {
        err = read_tables(sources, out);
        hf_store_undo(sources->store);
    }
    out->tables_answer = err == HF_OK;
}

/* ---- what is wrong ---- */

static struct hf_status_problem *add(struct hf_status *status, bool is_grave,
                                     const char *what, const char *advice)
{
    struct hf_status_problem *problem =
        &status->problems[status->problem_count];

    if (status->problem_count < HF_STATUS_PROBLEMS_MAX - 1)
        status->problem_count++;
    *problem = (struct hf_status_problem){
        .what = what, .advice = advice, .is_grave = is_grave};
    return problem;
}

static void judge_store(struct hf_status *status)
{
    static const char advice[] =
        "look at its disk or its server, and at what this CA logged; "
        "`holdfast ca doctor` tells more";

    if (!status->gauges.store_is_good)
        add(status, true, "the database does not keep what it is told", advice);
    else if (!status->tables_answer)
        add(status, true, "the database does not answer", advice);
    else if (status->about.fault != NULL)
        add(status, true, status->about.fault,
            "change the configuration of its server");
    if (status->gauges.has_lost)
        add(status, true,
            "something was decided or signed that is not in the database yet",
            "this CA does it again every few seconds; if that does not help, "
            "look at the database");
}

static void judge_quorum(struct hf_status *status)
{
    static const char *const texts[] = {
        [HF_MPIC_OK] = NULL,
        [HF_MPIC_PRIMARY_FAILED] =
            "no quorum can be had: this CA itself sees nothing",
        [HF_MPIC_TOO_FEW_REMOTES] =
            "no quorum can be had: there are fewer remote perspectives than "
            "the Baseline Requirements want (3.2.2.9)",
        [HF_MPIC_QUORUM] = "no quorum can be had: too few of the remote "
                           "perspectives see anything",
        [HF_MPIC_RIR_DIVERSITY] =
            "no quorum can be had: the remote perspectives that see are of one "
            "registry's region, and two are wanted",
    };
    const char *text = texts[status->eyes.quorum.reason];

    if (text != NULL && !status->eyes.is_lone)
        add(status, true, text,
            status->eyes.quorum.reason == HF_MPIC_TOO_FEW_REMOTES
                ? "set up more of them, and name them with --remote"
                : "no name can be validated before they see again");
}

static void judge_eyes(struct hf_status *status)
{
    judge_quorum(status);
    for (size_t i = 0; i < status->eyes.eye_count; i++) {
        const struct hf_eye *eye = status->eyes.eyes[i];
        struct hf_status_problem *problem;

        if (!hf_eye_is_blind(eye))
            continue;
        problem = add(status, false, "this perspective sees nothing",
                      i == 0 ? "look at the resolver of this machine, and its "
                               "way to the network"
                             : "look whether it runs, and whether this machine "
                               "reaches it");
        problem->subject = hf_span_str(eye->label);
        problem->detail = hf_span_str(eye->record.failure);
    }
}

static void judge_lists(struct hf_status *status)
{
    static const char advice[] =
        "whoever has the lease \"chores\", or this CA when there is none, "
        "makes them: what it logs tells why it does not";
    bool is_new = status->now_at < status->counts->started_at + FIRST_S;

    if (!status->tables_answer)
        return;
    if (status->lists < status->shards)
        add(status, !is_new, "not all lists of revoked certificates are there",
            is_new ? "they are made now" : advice);
    else if (status->lists_end_at < status->now_at)
        add(status, true,
            "a list of revoked certificates has ended: clients that look at it "
            "trust no certificate",
            advice);
    else if (status->lists_end_at < status->now_at + NEAR_S)
        add(status, true,
            "a list of revoked certificates ends within two days, and should "
            "be new each day",
            advice);
}

static void judge_leases(struct hf_status *status)
{
    for (size_t i = 0; i < status->lease_count; i++) {
        const struct hf_status_lease *lease = &status->leases[i];
        struct hf_status_problem *problem;

        if (status->keeper_count == 0 ||
            lease->until_at + VACANT_S >= status->now_at)
            continue;
        problem = add(status, true, "nobody holds this lease",
                      "the clocks of those who serve should agree; what they "
                      "log tells why none of them takes it");
        problem->subject = hf_span_str(lease->name);
    }
}

/* The web server has the real time, whatever a laboratory makes of it. */
static void judge_web(struct hf_status *status)
{
    int64_t now_at = hf_clock_now().s;
    struct hf_status_problem *problem = NULL;

    if (status->web_ends_at <= now_at)
        problem = add(status, true,
                      "the certificate of its web server has ended: no client "
                      "connects",
                      "get it another, and `holdfast ca reload`");
    else if (status->web_renews_at == 0 &&
             status->web_ends_at < now_at + NEAR_S)
        problem = add(status, true,
                      "the certificate of its web server ends within two days",
                      "get it another, and `holdfast ca reload`");
    else if (status->web_said.len > 0)
        problem =
            add(status, false,
                "the certificate of its web server was not made anew",
                "it is tried again each hour; what the issuer says tells why");
    if (problem != NULL)
        problem->detail = status->web_said;
}

static void judge(struct hf_status *status)
{
    judge_store(status);
    judge_eyes(status);
    judge_lists(status);
    judge_leases(status);
    judge_web(status);
    if (status->gauges.is_draining)
        add(status, false, "it was drained: balancers send it nobody",
            "end it when its clients are gone");
}

void hf_status_look(const struct hf_status_sources *sources,
                    struct hf_status *out)
{
    const struct hf_own_tls *own = sources->own_tls;

    out->now_ms = hf_clock_ms();
    out->shards = sources->shards;
    hf_validator_health(sources->validator, out->now_at, &out->eyes);
    if (own != NULL) {
        out->web_ends_at = hf_own_tls_ends_at(own);
        out->web_renews_at = hf_own_tls_renews_at(own);
        out->web_said = hf_own_tls_said(own);
    }
    ask_tables(sources, out);
    judge(out);
}

bool hf_status_is_good(const struct hf_status *status)
{
    for (size_t i = 0; i < status->problem_count; i++)
        if (status->problems[i].is_grave)
            return false;
    return true;
}
