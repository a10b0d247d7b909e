/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/choice.h"

#include "names/ip.h"
#include "os/signals.h"

#define WHY_MAX      2560
#define SENTENCE_MAX (WHY_MAX + 64)

/* ---- which method ---- */

/* Can it be used for this name, as far as anybody knows? */
static bool is_usable(struct hf_issue *issue, const struct hf_target *target,
                      enum hf_method method)
{
    if (hf_method_objection(method, hf_target_kind(target)) != NULL)
        return false;
    return method == HF_METHOD_PERSIST
               ? hf_preflight_serves(target)
               : hf_preflight_permits(issue->applicant, target, method);
}

/* The first usable method of the means from place `from` on. */
static bool find_method(struct hf_issue *issue, struct hf_target *target,
                        size_t from)
{
    enum hf_method method;

    for (size_t i = from; hf_means_nth(&issue->lineage.means, i, &method);
         i++) {
        if (!is_usable(issue, target, method))
            continue;
        target->choice = i;
        target->method = method;
        return true;
    }
    return false;
}

/* ---- words ---- */

static const char *why_no_record(const struct hf_sight *sight)
{
    switch (sight->result) {
    case HF_CHECK_NO:
        return hf_reason_word(sight->spots[sight->best].verdict.reason);
    case HF_CHECK_CAA:
        return "CAA forbids it";
    case HF_CHECK_REFUSED:
        return "no CA may validate this name by a record";
    case HF_CHECK_UNKNOWN:
        return "DNS gives no answer to rely on";
    case HF_CHECK_YES:
        break;
    }
    return "it serves";
}

static void tell_fallback(struct hf_issue *issue,
                          const struct hf_target *target, const char *why)
{
    char room[SENTENCE_MAX];
    struct hf_buf text;

    hf_buf_init(&text, room, sizeof(room) - 1);
    hf_buf_puts(&text, "validated by ");
    hf_buf_puts(&text, hf_method_word(target->method));
    hf_buf_puts(&text, " this time: ");
    hf_buf_puts(&text, why);
    room[text.len] = '\0';
    hf_cli_error(issue->cli, target->text, room);
}

/* The record did not serve: say so, and which one would. */
static void tell_missing(struct hf_issue *issue, const struct hf_target *target)
{
    const struct hf_sight *sight = target->sight;
    char why[WHY_MAX];
    struct hf_buf text;
    size_t end;

    hf_buf_init(&text, why, sizeof(why) - 1);
    hf_buf_puts(&text, "no record serves it, ");
    hf_buf_puts(&text, why_no_record(sight));
    end = text.len;
    hf_buf_puts(&text, "; so that the next time needs nothing, publish: ");
    if (sight->result != HF_CHECK_NO ||
        !hf_sight_put_remedy(sight, 0, SIZE_MAX, &issue->applicant->subject,
                             issue->cli->now, &text) ||
        text.full)
        text.len = end;
    why[text.len] = '\0';
    tell_fallback(issue, target, why);
}

static void tell_forbidden(struct hf_issue *issue,
                           const struct hf_target *target,
                           enum hf_method method)
{
    char room[128];
    struct hf_buf text;

    hf_buf_init(&text, room, sizeof(room) - 1);
    hf_buf_puts(&text, "CAA forbids this CA to use ");
    hf_buf_puts(&text, hf_method_word(method));
    hf_buf_puts(&text, ", or cannot be looked up");
    room[text.len] = '\0';
    hf_cli_error(issue->cli, target->text, room);
}

/* Why there is no method for it: its record, or what the methods object. */
static void tell_none(struct hf_issue *issue, const struct hf_target *target)
{
    enum hf_method method;

    for (size_t i = 0; hf_means_nth(&issue->lineage.means, i, &method); i++) {
        const char *objection =
            hf_method_objection(method, hf_target_kind(target));

        if (objection != NULL)
            hf_cli_error(issue->cli, target->text, objection);
        else if (method != HF_METHOD_PERSIST)
            tell_forbidden(issue, target, method);
        else
            hf_preflight_show(issue->applicant, target);
    }
}

/* ---- before the order ---- */

static bool prefers_record(const struct hf_issue *issue,
                           const struct hf_target *target)
{
    enum hf_method method;

    for (size_t i = 0; i < target->choice; i++)
        if (hf_means_nth(&issue->lineage.means, i, &method) &&
            method == HF_METHOD_PERSIST)
            return true;
    return false;
}

static enum hf_exit plan_one(struct hf_issue *issue, struct hf_target *target)
{
    if (!find_method(issue, target, 0)) {
        tell_none(issue, target);
        return HF_EXIT_NO;
    }
    if (prefers_record(issue, target) && target->sight != NULL)
        tell_missing(issue, target);
    if (target->method == HF_METHOD_PERSIST &&
        issue->applicant->subject.subdomains)
        target->ancestor = hf_preflight_ancestor(target);
    return HF_EXIT_GOOD;
}

enum hf_exit hf_choice_plan(struct hf_issue *issue)
{
    enum hf_exit status = HF_EXIT_GOOD;

    issue->solving.means = &issue->lineage.means;
    /* All that is wrong is told at once. */
    for (size_t i = 0; i < issue->lineage.name_count; i++)
        if (plan_one(issue, &issue->targets[i]) != HF_EXIT_GOOD)
            status = HF_EXIT_NO;
    if (status == HF_EXIT_GOOD)
        return HF_EXIT_GOOD;
    hf_cli_error(issue->cli, issue->lineage.name,
                 "nothing was ordered: the CA would refuse");
    issue->fault = HF_FAULT_CAS;
    return status;
}

enum hf_exit hf_choice_prepare(struct hf_issue *issue)
{
    enum hf_exit status = HF_EXIT_GOOD;

    for (size_t i = 0; i < issue->lineage.name_count && status == HF_EXIT_GOOD;
         i++)
        if (issue->targets[i].method != HF_METHOD_PERSIST)
            status = hf_solving_need(issue->cli, &issue->solving,
                                     issue->targets[i].method);
    return status;
}

/* ---- at the order (REQ CLI-01..06, CLI-29) ---- */

static void refuse(struct hf_chosen *out, const char *text, const char *word)
{
    struct hf_buf reason;

    out->verdict = HF_CHOICE_NONE;
    hf_buf_init(&reason, out->reason, sizeof(out->reason) - 1);
    hf_buf_puts(&reason, text);
    if (word != NULL)
        hf_buf_puts(&reason, word);
    out->reason[reason.len] = '\0';
}

static void refuse_why(struct hf_chosen *out, enum hf_method method,
                       const struct hf_why *why)
{
    char room[sizeof(out->reason)];
    struct hf_buf text;

    hf_buf_init(&text, room, sizeof(room) - 1);
    hf_buf_puts(&text, hf_method_word(method));
    hf_buf_puts(&text, ": ");
    hf_buf_puts(&text, why->text);
    if (why->sys != 0) {
        hf_buf_puts(&text, ": ");
        hf_buf_puts(&text, strerror(why->sys));
    }
    room[text.len] = '\0';
    refuse(out, room, NULL);
}

static void use(struct hf_chosen *out, enum hf_choice verdict, size_t challenge)
{
    out->verdict = verdict;
    out->challenge = challenge;
}

/* Does the authorization speak of this address, however it is spelt? */
static bool is_address(const struct hf_target *target, struct hf_span text)
{
    uint8_t ours[16];
    uint8_t theirs[16];
    size_t our_len = 0;
    size_t their_len = 0;

    return hf_ip_parse(target->text, ours, &our_len) &&
           hf_ip_parse(text, theirs, &their_len) && our_len == their_len &&
           memcmp(ours, theirs, our_len) == 0;
}

/* The authorization of the ancestor that the CA was told of? One for that name
 * alone is another one. */
static bool is_above(const struct hf_target *target,
                     const struct hf_authz_object *authz)
{
    return target->ancestor.len > 0 && authz->subdomains &&
           hf_span_eq(authz->type, HF_SPAN("dns")) &&
           hf_span_eq(target->ancestor, authz->name);
}

static struct hf_target *target_below(struct hf_issue *issue,
                                      const struct hf_authz_object *authz)
{
    for (size_t i = 0; i < issue->lineage.name_count; i++)
        if (is_above(&issue->targets[i], authz))
            return &issue->targets[i];
    return NULL;
}

/* The name of ours that this authorization is for, or one of them; or NULL. */
static struct hf_target *target_of(struct hf_issue *issue,
                                   const struct hf_authz_object *authz)
{
    bool is_ip = hf_span_eq(authz->type, HF_SPAN("ip"));
    struct hf_target *below = target_below(issue, authz);

    if (below != NULL)
        return below;
    for (size_t i = 0; i < issue->lineage.name_count; i++) {
        struct hf_target *target = &issue->targets[i];

        if (target->is_address != is_ip || target->wildcard != authz->wildcard)
            continue;
        if (is_ip ? is_address(target, authz->name)
                  : hf_span_eq(hf_name_span(&target->name), authz->name))
            return target;
    }
    return NULL;
}

static void use_record(struct hf_issue *issue, struct hf_target *target,
                       const struct hf_authz_object *authz,
                       struct hf_chosen *out)
{
    const struct hf_client_view view = {
        .account_url = issue->applicant->holder.file.url,
        .hashed_seen = issue->applicant->holder.hashed_seen};
    const struct hf_meta *meta = &issue->applicant->holder.talk.directory.meta;
    struct hf_recognised recognised = {.outcome = HF_RECOGNISED_NOT_THIS_TYPE};
    size_t at = 0;

    for (size_t i = 0; i < authz->challenge_count; i++) {
        recognised =
            hf_challenge_recognise(meta, &authz->challenges[i].persist, &view);
        at = i;
        if (recognised.outcome != HF_RECOGNISED_NOT_THIS_TYPE)
            break;
    }
    if (recognised.outcome == HF_RECOGNISED_NOT_THIS_TYPE)
        refuse(out, "the CA offers no dns-persist-01 challenge for it", NULL);
    else if (recognised.outcome != HF_RECOGNISED_ACCEPT)
        refuse(out, "the CA's challenge is not as the draft wants it: ",
               hf_challenge_reason_word(recognised.reason));
    else if (target->ancestor.len > 0 && !is_above(target, authz) &&
             !issue->applicant->subject.ca.prunes)
        refuse(out,
               "its record stands at a parent, and the CA wants to look at "
               "the name itself: publish one there",
               NULL);
    else if (!hf_preflight_still_serves(issue->applicant, target, authz->name,
                                        &recognised))
        refuse(out,
               "the CA's challenge wants another record than its directory "
               "says; 'holdfast check' with --draft ",
               hf_variant_word(recognised.variant));
    else
        use(out, HF_CHOICE_GOOD, at);
}

/* The challenge of this method that has a token; or SIZE_MAX. */
static size_t find_challenge(const struct hf_authz_object *authz,
                             enum hf_method method)
{
    struct hf_span word = hf_span_str(hf_method_word(method));

    for (size_t i = 0; i < authz->challenge_count; i++)
        if (hf_span_eq(authz->challenges[i].persist.type, word) &&
            hf_token_is_good(authz->challenges[i].token))
            return i;
    return SIZE_MAX;
}

/* What the CA will look for, in the target's own storage. */
static void fill_exhibit(struct hf_issue *issue, struct hf_target *target,
                         struct hf_span token)
{
    struct hf_span thumbprint =
        hf_signer_thumbprint(&issue->applicant->holder.signer);
    struct hf_buf text;

    hf_buf_init(&text, target->authorization, sizeof(target->authorization));
    hf_token_put_authorization(&text, token, thumbprint);
    target->exhibit = (struct hf_exhibit){
        .name = target->is_address ? target->text : hf_name_span(&target->name),
        .token = {target->authorization, token.len},
        .authorization = hf_buf_span(&text),
    };
}

static void use_solver(struct hf_issue *issue, struct hf_target *target,
                       const struct hf_authz_object *authz,
                       struct hf_chosen *out)
{
    size_t at = find_challenge(authz, target->method);
    struct hf_solver *solver = &issue->solving.solvers[target->method];
    struct hf_why why = {0};

    if (at == SIZE_MAX) {
        refuse(out, "the CA offers no challenge that can be used for ",
               hf_method_word(target->method));
        return;
    }
    if (hf_solving_need(issue->cli, &issue->solving, target->method) !=
        HF_EXIT_GOOD) {
        refuse(out, "nothing is at hand for ", hf_method_word(target->method));
        return;
    }
    fill_exhibit(issue, target, authz->challenges[at].token);
    target->is_shown = true;
    if (solver->show(solver->state, &target->exhibit, &why) != HF_OK)
        refuse_why(out, target->method, &why);
    else
        use(out, solver->await == NULL ? HF_CHOICE_GOOD : HF_CHOICE_LATER, at);
}

/* It is on its way: is it there? The authorization may have been read again
 * meanwhile, with its challenges in another order. */
static void await(struct hf_issue *issue, struct hf_target *target,
                  const struct hf_authz_object *authz, struct hf_chosen *out)
{
    struct hf_solver *solver = &issue->solving.solvers[target->method];
    size_t at = find_challenge(authz, target->method);
    struct hf_why why = {0};

    if (at == SIZE_MAX ||
        !hf_span_eq(authz->challenges[at].token, target->exhibit.token))
        refuse(out, "the CA changed its challenge of ",
               hf_method_word(target->method));
    else if (solver->await == NULL ||
             solver->await(solver->state, &target->exhibit, &why) == HF_OK)
        use(out, HF_CHOICE_GOOD, at);
    else
        refuse_why(out, target->method, &why);
}

static void use_method(struct hf_issue *issue, struct hf_target *target,
                       const struct hf_authz_object *authz,
                       struct hf_chosen *out)
{
    if (target->method == HF_METHOD_PERSIST)
        use_record(issue, target, authz, out);
    else
        use_solver(issue, target, authz, out);
}

void hf_choice_make(void *state, const struct hf_authz_object *authz,
                    struct hf_chosen *out)
{
    struct hf_issue *issue = state;
    struct hf_target *target = target_of(issue, authz);

    if (target == NULL) {
        refuse(out, "this name was not ordered", NULL);
        return;
    }
    if (target->is_shown && target->authz == authz) {
        await(issue, target, authz, out);
        return;
    }
    if (target->is_shown) {
        refuse(out, "the CA asks twice for it in one order", NULL);
        return;
    }
    target->authz = authz;
    use_method(issue, target, authz, out);
    /* The others are for the name itself. */
    while (out->verdict == HF_CHOICE_NONE && !target->is_shown &&
           !is_above(target, authz) &&
           find_method(issue, target, target->choice + 1)) {
        tell_fallback(issue, target, out->reason);
        use_method(issue, target, authz, out);
    }
}

/* ---- after the order ---- */

void hf_choice_tidy(struct hf_issue *issue)
{
    hf_signals_tidy(true);
    for (size_t i = 0; i < issue->lineage.name_count; i++) {
        struct hf_target *target = &issue->targets[i];
        struct hf_solver *solver = &issue->solving.solvers[target->method];
        struct hf_why why = {0};

        if (target->is_shown &&
            solver->hide(solver->state, &target->exhibit, &why) != HF_OK) {
            hf_cli_error(issue->cli, target->text,
                         "what was shown to the CA may still be there");
            hf_cli_fail(issue->cli, target->text, &why);
        }
        target->is_shown = false;
        hf_buf_clear(&target->exhibit.note);
    }
    hf_signals_tidy(false);
    hf_solving_clear(&issue->solving);
}
