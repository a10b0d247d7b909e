/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/service.h"

#include <errno.h>
#include <poll.h>

#include "base/alloc.h"
#include "ca/count.h"
#include "ca/lists.h"
#include "ca/log.h"
#include "ca/lost.h"
#include "ca/outcome.h"
#include "ca/resources.h"
#include "ca/seat.h"
#include "ca/task.h"
#include "ca/unlogged.h"
#include "ca/views.h"
#include "ca/works.h"
#include "os/clock.h"

#define TASKS_MAX 128   /* of one turn */
#define LOST_S    60    /* no job takes so long */
#define RESUME_S  10    /* how often lost ones are looked for */
#define QUIET_MS  60000 /* a perspective of which so long nothing was heard */
#define FDS_MAX   (2 + HF_EYES_MAX * HF_EYE_FDS_MAX)

/* A request that is not answered yet. */
struct held {
    struct held *next;
    struct hf_ca_call call; /* tasks point to it: a held request stays put */
    uint64_t request;       /* of the front */
    size_t working;         /* of its jobs, those not done */
    int64_t until_ms;       /* then it is answered as it is */
    bool is_answered;
    uint64_t round; /* of ca/unlogged.h, that it waits for; 0: none */
};

struct hf_service {
    struct hf_service_config config;
    struct hf_engine *engine;
    struct hf_seat *seat;
    struct hf_lists *lists;
    struct hf_unlogged *unlogged;
    struct held *held;
    struct hf_works works;
    struct hf_ca_counts counts;
    bool store_is_good;
    struct hf_views views;
    int64_t resume_at;     /* when lost jobs are looked for next */
    bool has_lost;         /* an outcome: the store did not keep it */
    uint64_t signed_entry; /* of the log: the last certificate; 0: none */
    bool has_begun; /* a validation: it goes on when the next turn asks */

    /* of this turn */
    struct hf_task tasks[TASKS_MAX];
    struct held *owners[TASKS_MAX];   /* of the calls that are requests */
    struct hf_ca_call own[TASKS_MAX]; /* the calls that are not */
    size_t task_count;
};

static struct hf_time now_of(const struct hf_service *service)
{
    struct hf_time now = hf_clock_now();

    now.s += hf_ahead_s(&service->config.ahead);
    return now;
}

/* ---- held requests ---- */

/* NULL: of nobody's. */
static struct held *hold(struct hf_service *service,
                         const struct hf_server_request *request)
{
    struct held *held = hf_alloc(1, sizeof(*held));

    if (held == NULL)
        return NULL;
    held->is_answered = request == NULL;
    if (request != NULL)
        held->request = request->id;
    held->next = service->held;
    service->held = held;
    return held;
}

static enum hf_err answer(struct hf_service *service, struct held *held,
                          struct hf_why *why)
{
    struct hf_server_reply reply;
    enum hf_err err;

    if (held->is_answered)
        return HF_OK;
    err = hf_engine_reply(&held->call, &reply, why);
    if (err == HF_OK)
        err =
            hf_server_answer(service->config.front, held->request, &reply, why);
    held->is_answered = err == HF_OK;
    service->counts.answered[held->call.trouble]++;
    return err;
}

/* Forget those that are answered and have no job any more. */
static void sweep(struct hf_service *service)
{
    struct held **at = &service->held;

    while (*at != NULL) {
        struct held *held = *at;

        if (!held->is_answered || held->working > 0) {
            at = &held->next;
            continue;
        }
        *at = held->next;
        hf_ca_call_clear(&held->call);
        hf_free(held);
    }
}

/* ---- jobs ---- */

/* False when there are too many: the job is left to whoever asks next. */
static bool add_work(struct hf_service *service, const struct hf_job *job,
                     struct held *held)
{
    if (!hf_works_add(&service->works, job, held->call.account.id, held))
        return false;
    held->working++;
    return true;
}

static void end_work(struct hf_service *service, struct hf_work *work)
{
    struct held *held = work->owner;

    held->working--;
    hf_works_end(&service->works, work);
}

static enum hf_err submit_signing(struct hf_service *service,
                                  struct hf_work *work, struct hf_why *why)
{
    const struct held *held = work->owner;
    struct hf_issuer_order order = *held->call.signing;

    order.ticket = hf_works_ticket(&service->works, work);
    return hf_issuer_submit(service->config.issuer, &order, why);
}

/* What it asks is read from the store now: an account may have ended since. */
static enum hf_err submit_validation(struct hf_service *service,
                                     struct hf_work *work, struct hf_why *why)
{
    struct hf_validation_job asked;
    struct hf_ca_call call;
    bool wanted = false;
    enum hf_err err = hf_store_begin(service->config.store, why);

    if (err != HF_OK)
        return err;
    hf_engine_begin(service->engine, now_of(service).s, &call);
    if (!hf_outcome_ask(&call, &work->job, &asked, &wanted)) {
        err = call.err;
        *why = call.why;
    }
    hf_store_undo(service->config.store);
    if (err == HF_OK && wanted) {
        asked.now = now_of(service);
        work->way = asked.way;
        err = hf_validator_submit(service->config.validator, &asked,
                                  hf_works_ticket(&service->works, work), why);
        service->has_begun = true;
    } else if (err == HF_OK) {
        end_work(service, work);
    }
    hf_ca_call_clear(&call);
    return err;
}

/* As many as there is room for: what is too much for now waits. One may be too
 * long in itself, so the next one is tried all the same. */
static enum hf_err submit_signings(struct hf_service *service,
                                   struct hf_why *why)
{
    size_t left = service->works.count;

    for (size_t i = 0; left > 0; i++) {
        struct hf_work *work = &service->works.places[i];
        enum hf_err err;

        left -= work->used;
        if (!work->used || work->submitted || work->job.kind != HF_JOB_SIGN)
            continue;
        err = submit_signing(service, work, why);
        if (err != HF_OK && err != HF_ELIMIT)
            return err;
        work->submitted = err == HF_OK;
    }
    return HF_OK;
}

/* The same, in turn. */
static enum hf_err submit_validations(struct hf_service *service,
                                      struct hf_why *why)
{
    struct hf_work *work = hf_works_next(&service->works);

    while (work != NULL) {
        enum hf_err err = submit_validation(service, work, why);

        if (err != HF_OK)
            return err == HF_ELIMIT ? HF_OK : err;
        work->submitted = true;
        work = hf_works_next(&service->works);
    }
    return HF_OK;
}

static enum hf_err submit_works(struct hf_service *service, struct hf_why *why)
{
    enum hf_err err = submit_signings(service, why);

    return err == HF_OK ? submit_validations(service, why) : err;
}

/* ---- what there is to do in this turn ---- */

static struct hf_task *add_task(struct hf_service *service,
                                enum hf_task_kind kind, struct held *held)
{
    size_t i = service->task_count++;
    struct hf_task *task = &service->tasks[i];

    *task = (struct hf_task){.kind = kind};
    service->owners[i] = held;
    task->call = held == NULL ? &service->own[i] : &held->call;
    if (held == NULL)
        hf_engine_begin(service->engine, now_of(service).s, task->call);
    return task;
}

/* The request that a job belongs to may be told when it was the last. */
static void finish(struct hf_service *service, struct hf_work *work)
{
    struct held *held = work->owner;

    end_work(service, work);
    if (held->working == 0 && !held->is_answered &&
        service->task_count < TASKS_MAX) {
        held->call.rounds++;
        (void)add_task(service, HF_TASK_SHOW, held);
    }
}

static enum hf_err take_validated(struct hf_service *service,
                                  struct hf_why *why)
{
    bool got = true;
    enum hf_err err = HF_OK;

    while (err == HF_OK && got && service->task_count + 2 <= TASKS_MAX) {
        struct hf_validation_result result;
        struct hf_task *task;
        struct hf_work *work;
        uint64_t ticket;

        err = hf_validator_poll(service->config.validator, now_of(service),
                                &ticket, &result, &got, why);
        if (err != HF_OK || !got)
            break;
        work = hf_works_find(&service->works, ticket);
        if (work == NULL) {
            hf_validation_clear(&result);
            continue;
        }
        task = add_task(service, HF_TASK_VALIDATED, NULL);
        task->job = work->job;
        task->way = work->way;
        task->result = result;
        finish(service, work);
    }
    return err;
}

/* Copies what is borrowed from the issuer. */
static void keep_reply(struct hf_task *task, const struct hf_issuer_reply *from)
{
    struct hf_arena *arena = &task->call->arena;

    task->reply = *from;
    task->reply.der = hf_arena_copy(arena, from->der);
    task->reply.serial = hf_arena_copy(arena, from->serial);
    task->reply.hash = hf_arena_copy(arena, from->hash);
    task->reply.said = hf_arena_copy(arena, from->said);
}

/* What the issuer made for the CA itself. */
static void take_ours(struct hf_service *service,
                      const struct hf_issuer_reply *reply)
{
    struct hf_own_tls *own = service->config.own_tls;

    if (hf_unlogged_take(service->unlogged, reply))
        return;
    if (hf_lists_take(service->lists, reply)) {
        service->counts.lists += reply->kind == HF_ISSUER_LISTED;
        return;
    }
    if (own != NULL && hf_own_tls_take(own, reply))
        (void)hf_server_reload(service->config.front,
                               hf_own_tls_certificate(own), hf_own_tls_key(own),
                               NULL);
}

static enum hf_err take_signed(struct hf_service *service, struct hf_why *why)
{
    struct hf_issuer *issuer = service->config.issuer;
    bool got = true;
    enum hf_err err = HF_OK;

    while (err == HF_OK && got && service->task_count + 2 <= TASKS_MAX) {
        struct hf_issuer_reply reply;
        struct hf_task *task;
        struct hf_work *work;

        err = hf_issuer_poll(issuer, &reply, &got, why);
        if (err != HF_OK || !got)
            break;
        work = hf_works_find(&service->works, reply.ticket);
        if (work != NULL) {
            const struct held *held = work->owner;

            task = add_task(service, HF_TASK_SIGNED, NULL);
            task->job = work->job;
            task->asked = held->call.signing;
            keep_reply(task, &reply);
            finish(service, work);
        } else {
            take_ours(service, &reply);
        }
        hf_issuer_drop(issuer);
    }
    return err;
}

/* ---- for whoever watches us ---- */

static size_t held_count(const struct hf_service *service)
{
    size_t count = 0;

    for (const struct held *held = service->held; held != NULL;
         held = held->next)
        count += !held->is_answered;
    return count;
}

static struct hf_ca_gauges gauges_of(const struct hf_service *service)
{
    return (struct hf_ca_gauges){
        .held = held_count(service),
        .works = service->works.count,
        .queued = hf_works_waiting(&service->works),
        .signed_entry = service->signed_entry,
        .has_lost = service->has_lost,
        .front = hf_server_counters(service->config.front),
        .store_is_good = service->store_is_good,
        .is_alone = hf_seat_is_alone(service->seat),
        .has_chores = hf_seat_has_chores(service->seat, now_of(service).s),
    };
}

static enum hf_err answer_view(struct hf_service *service,
                               const struct hf_server_request *request,
                               struct hf_why *why)
{
    struct hf_status status = {.now_at = now_of(service).s,
                               .counts = &service->counts,
                               .gauges = gauges_of(service),
                               .web_ends_at =
                                   service->config.settings->web_ends_at};

    return hf_views_answer(&service->views, request, &status, why);
}

bool hf_service_wants_reload(const struct hf_service *service)
{
    return service->views.wants_reload;
}

enum hf_err hf_service_reloaded(struct hf_service *service, bool good,
                                struct hf_why *why)
{
    return hf_views_reloaded(&service->views, good, why);
}

/* ---- requests ---- */

static enum hf_err take_requests(struct hf_service *service, struct hf_why *why)
{
    struct hf_server_front *front = service->config.front;
    enum hf_err err = HF_OK;
    bool got = true;

    while (err == HF_OK && service->task_count < TASKS_MAX) {
        struct hf_server_request request;
        struct held *held;

        err = hf_server_poll(front, &request, &got, why);
        if (err != HF_OK || !got)
            break;
        if (hf_views_are_at(&service->views, request.place)) {
            err = answer_view(service, &request, why);
            continue;
        }
        held = hold(service, &request);
        if (held == NULL)
            return hf_fail(why, HF_ENOMEM, 0, "out of memory");
        held->until_ms = hf_clock_ms() + service->config.hold_ms;
        hf_engine_open(service->engine, &request, now_of(service).s,
                       &held->call);
        (void)add_task(service, HF_TASK_RUN, held);
    }
    hf_server_drop(front);
    return err;
}

/* ---- what comes of it ---- */

static void start_jobs(struct hf_service *service, struct held *held)
{
    for (size_t i = 0; i < held->call.job_count; i++)
        (void)add_work(service, &held->call.jobs[i], held);
    held->call.job_count = 0;
}

/* What somebody may want to know later. */
static void note(struct hf_service *service, const struct hf_task *task)
{
    const struct hf_service_config *config = &service->config;
    struct hf_ca_counts *counts = &service->counts;
    enum hf_way way;

    hf_ca_log_task(config->say, config->say_to, task, now_of(service).s);
    if (task->kind == HF_TASK_VALIDATED) {
        way = task->way;
        counts->validated[way][task->result.valid]++;
    } else if (task->kind == HF_TASK_SIGNED) {
        counts->issued += task->reply.kind == HF_ISSUER_ISSUED;
        if (task->reply.kind == HF_ISSUER_ISSUED)
            service->signed_entry = task->reply.entry;
        counts->refused += task->reply.kind == HF_ISSUER_REFUSED;
    } else if (task->kind == HF_TASK_RUN && task->call->resource != NULL &&
               task->call->resource->run == hf_resource_revoke) {
        counts->revoked += task->call->trouble == HF_TROUBLE_NONE;
    }
}

/* Nobody is told that something is revoked before a log of evidence says so:
 * tables can be lost. */
static bool tells_of_revocation(const struct hf_task *task)
{
    const struct hf_ca_call *call = task->call;

    return task->kind == HF_TASK_RUN && call->resource != NULL &&
           call->resource->run == hf_resource_revoke &&
           (call->trouble == HF_TROUBLE_NONE ||
            call->trouble == HF_TROUBLE_ALREADY_REVOKED);
}

static enum hf_err settle(struct hf_service *service, size_t i,
                          struct hf_why *why)
{
    struct held *held = service->owners[i];
    struct hf_task *task = &service->tasks[i];

    note(service, task);
    if (held == NULL) {
        hf_validation_clear(&task->result);
        hf_ca_call_clear(task->call);
        return HF_OK;
    }
    if (held->call.trouble == HF_TROUBLE_NONE)
        start_jobs(service, held);
    if (tells_of_revocation(task))
        held->round = hf_unlogged_wait(service->unlogged);
    return held->working == 0 && held->round == 0 ? answer(service, held, why)
                                                  : HF_OK;
}

/* Who waits for the log, and the log has said how it went. */
static enum hf_err answer_logged(struct hf_service *service, struct held *held,
                                 struct hf_why *why)
{
    enum hf_unlogged_state state =
        hf_unlogged_ask(service->unlogged, held->round);

    if (state == HF_UNLOGGED_WAITS)
        return HF_OK;
    if (state == HF_UNLOGGED_FAILED)
        (void)hf_ca_call_refuse(
            &held->call, HF_TROUBLE_SERVER,
            "the certificate is revoked, but this CA could not yet write that "
            "down for good: ask again");
    return answer(service, held, why);
}

/* Those who wait for the log, and those who have waited long enough. */
static enum hf_err answer_waiting(struct hf_service *service,
                                  struct hf_why *why)
{
    int64_t now_ms = hf_clock_ms();
    enum hf_err err = HF_OK;

    for (struct held *held = service->held; held != NULL && err == HF_OK;
         held = held->next) {
        if (held->is_answered)
            continue;
        if (held->round != 0)
            err = answer_logged(service, held, why);
        else if (now_ms >= held->until_ms)
            err = answer(service, held, why);
    }
    return err;
}

/* ---- what was left under way ---- */

static enum hf_err resume_one(struct hf_service *service,
                              const struct hf_job *job, struct hf_why *why)
{
    struct held *held = hold(service, NULL);
    bool wanted = true;

    if (held == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    hf_engine_begin(service->engine, now_of(service).s, &held->call);
    if (job->kind == HF_JOB_SIGN &&
        !hf_outcome_sign(&held->call, job->id, &held->call.signing, &wanted)) {
        *why = held->call.why;
        return held->call.err;
    }
    if (wanted)
        (void)add_work(service, job, held);
    return HF_OK;
}

static enum hf_err resume_all(struct hf_service *service,
                              const struct hf_lost *lost, struct hf_why *why)
{
    enum hf_err err = hf_store_begin(service->config.store, why);

    for (size_t i = 0; err == HF_OK && i < lost->count; i++) {
        const struct hf_job job = hf_lost_job(lost, i);

        if (!hf_works_has(&service->works, &job))
            err = resume_one(service, &job, why);
    }
    if (err == HF_OK)
        return hf_store_commit(service->config.store, why);
    hf_store_undo(service->config.store);
    return err;
}

/* What is not in our hands: a crash left it, there was no room for it, or what
 * came of it was not kept; of this we know at once. */
static enum hf_err resume(struct hf_service *service, bool at_once,
                          struct hf_why *why)
{
    int64_t now_at = now_of(service).s;
    struct hf_lost lost;
    enum hf_err err =
        hf_lost_take_up(service->config.store, service->seat, now_at,
                        at_once ? now_at + 1 : now_at - LOST_S, &lost, why);

    if (err == HF_OK && lost.count > 0)
        err = resume_all(service, &lost, why);
    service->has_lost &= err != HF_OK;
    service->resume_at = now_at + RESUME_S;
    return err;
}

/* ---- the loop ---- */

static void run_tasks(struct hf_service *service)
{
    size_t failed;

    if (service->task_count == 0)
        return;
    hf_tasks_run(service->tasks, service->task_count, service->config.store,
                 now_of(service).s, &failed);
    service->store_is_good = failed == 0;
    service->counts.commits++;
    service->counts.tasks += service->task_count;
    service->counts.failures += failed;
    service->has_lost |= failed > 0;
}

static enum hf_err wait(struct hf_service *service, int64_t wait_ms,
                        struct hf_why *why)
{
    const struct hf_service_config *config = &service->config;
    struct pollfd fds[FDS_MAX];
    int eyes[HF_EYES_MAX * HF_EYE_FDS_MAX];
    bool wants_write = false;
    size_t count = 2;
    size_t eye_count =
        hf_validator_fds(config->validator, eyes, sizeof(eyes) / sizeof(*eyes));

    fds[0] = (struct pollfd){hf_server_fd(config->front), POLLIN, 0};
    if (hf_server_is_behind(config->front))
        fds[0].events |= POLLOUT;
    fds[1] =
        (struct pollfd){hf_issuer_fd(config->issuer, &wants_write), POLLIN, 0};
    if (wants_write)
        fds[1].events |= POLLOUT;
    for (size_t i = 0; i < eye_count; i++)
        fds[count++] = (struct pollfd){eyes[i], POLLIN, 0};
    if (service->works.count > 0 && wait_ms > 100)
        wait_ms = 100; /* timeouts of look-ups are seen by asking */
    if (service->has_begun)
        wait_ms = 0;
    service->has_begun = false;
    if (poll(fds, count, (int)wait_ms) < 0 && errno != EINTR)
        return hf_fail(why, HF_ESYSTEM, 0, "poll");
    return HF_OK;
}

enum hf_err hf_service_turn(struct hf_service *service, int64_t wait_ms,
                            struct hf_why *why)
{
    enum hf_err err = wait(service, wait_ms, why);

    service->task_count = 0;
    if (err == HF_OK)
        err = take_validated(service, why);
    if (err == HF_OK)
        err = take_signed(service, why);
    if (err == HF_OK)
        err = take_requests(service, why);
    run_tasks(service);
    for (size_t i = 0; i < service->task_count; i++) {
        enum hf_err settled = settle(service, i, why);

        err = err == HF_OK ? settled : err;
    }
    if (err == HF_OK)
        err = hf_seat_renew(service->seat, now_of(service).s, why);
    if (err == HF_OK) {
        hf_engine_share_nonces(service->engine,
                               !hf_seat_is_alone(service->seat));
        /* A store that is away for a while is asked again. */
        if (now_of(service).s >= service->resume_at)
            (void)resume(service, service->has_lost, why);
    }
    if (err == HF_OK)
        err = submit_works(service, why);
    if (err == HF_OK)
        service->has_begun |=
            hf_validator_rouse(service->config.validator, QUIET_MS);
    if (err == HF_OK)
        err = hf_unlogged_renew(service->unlogged, now_of(service).s, why);
    if (err == HF_OK)
        err = answer_waiting(service, why);
    if (err == HF_OK)
        err = hf_lists_renew(service->lists, now_of(service).s, why);
    if (err == HF_OK && service->config.own_tls != NULL)
        err = hf_own_tls_renew(service->config.own_tls, hf_clock_now().s, why);
    sweep(service);
    hf_server_flush(service->config.front);
    return err;
}

bool hf_service_is_busy(const struct hf_service *service)
{
    return service->held != NULL;
}

/* ---- other settings ---- */

enum hf_err hf_service_change(struct hf_service *service,
                              const struct hf_ca_settings *settings,
                              struct hf_validator *validator,
                              struct hf_why *why)
{
    enum hf_err err;

    if (hf_works_want_key(&service->works))
        return hf_fail(why, HF_ELIMIT, 0,
                       "too much waits for the CA's key just now");
    err = hf_engine_change(service->engine, settings, why);
    if (err != HF_OK)
        return err;
    service->config.settings = settings;
    service->config.validator = validator;
    hf_works_look_again(&service->works);
    return HF_OK;
}

void hf_service_leave(struct hf_service *service)
{
    hf_seat_leave(service->seat);
}

/* ---- beginning and end ---- */

static enum hf_err make_engine(struct hf_service *service, struct hf_why *why)
{
    const struct hf_engine_config config = {
        .settings = service->config.settings,
        .store = service->config.store,
        .keeper = {hf_seat_id(service->seat), service->config.keeper},
        .nonce_key = hf_seat_nonce_key(service->seat),
    };
    enum hf_err err = hf_engine_new(&config, &service->engine, why);

    if (err == HF_OK)
        hf_engine_share_nonces(service->engine,
                               !hf_seat_is_alone(service->seat));
    return err;
}

enum hf_err hf_service_new(const struct hf_service_config *config,
                           struct hf_service **out, struct hf_why *why)
{
    struct hf_service *service = hf_alloc(1, sizeof(*service));
    enum hf_err err;

    if (service == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    service->config = *config;
    service->views.config = &service->config;
    service->counts.started_at = now_of(service).s;
    service->store_is_good = true;
    err = hf_seat_new(config->store, config->keeper, now_of(service).s,
                      &service->seat, why);
    if (err == HF_OK)
        err = make_engine(service, why);
    if (err == HF_OK)
        err = hf_lists_new(config, service->seat, &service->lists, why);
    if (err == HF_OK)
        err = hf_unlogged_new(config->store, config->issuer, service->seat,
                              &service->unlogged, why);
    if (err == HF_OK)
        err = resume(service, true, why);
    if (err != HF_OK) {
        hf_service_free(service);
        return err;
    }
    *out = service;
    return HF_OK;
}

void hf_service_free(struct hf_service *service)
{
    if (service == NULL)
        return;
    for (struct held *held = service->held; held != NULL; held = held->next) {
        held->is_answered = true;
        held->working = 0;
    }
    sweep(service);
    hf_lists_free(service->lists);
    hf_unlogged_free(service->unlogged);
    hf_engine_free(service->engine);
    hf_seat_free(service->seat);
    hf_free(service);
}
