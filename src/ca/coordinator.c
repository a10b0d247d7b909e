/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/coordinator.h"

#include "acme/document.h"

#define ATTEMPTS_MAX 3

/* REQ VAL-41: how many have to see it, of so many. */
static size_t least_quorum(size_t remotes)
{
    return remotes - (remotes >= 6 ? 2 : 1);
}

/* A number, if it is given; false when it is something else. */
static bool take_number(const json_t *object, const char *key, bool *has,
                        int64_t *out)
{
    const json_t *value = hf_document_member(object, key);

    *has = value != NULL;
    if (value == NULL)
        return true;
    *out = json_integer_value(value);
    return json_is_integer(value);
}

static const char *read_orchestration(const json_t *object, size_t remotes,
                                      struct hf_coordination *out)
{
    int64_t count = (int64_t)remotes;
    int64_t quorum = (int64_t)least_quorum(remotes);

    out->attempts = 1;
    if (!take_number(object, "perspective_count", &out->has_count, &count) ||
        !take_number(object, "quorum_count", &out->has_quorum, &quorum) ||
        !take_number(object, "max_attempts", &out->has_attempts,
                     &out->attempts))
        return "orchestration_parameters are whole numbers";
    if (count != (int64_t)remotes)
        return "perspective_count: this coordinator asks all that it has";
    if (quorum < (int64_t)least_quorum(remotes) || quorum > (int64_t)remotes)
        return "quorum_count: fewer than BR 3.2.2.9 wants, or more than there "
               "are";
    if (out->attempts < 1 || out->attempts > ATTEMPTS_MAX)
        return "max_attempts: one to three";
    out->quorum = (size_t)quorum;
    return NULL;
}

/* The kind of check; -1: none. */
static int kind_of(const json_t *root)
{
    struct hf_span word = hf_document_string(root, "check_type");

    if (hf_span_eq(word, HF_SPAN("caa")))
        return 1;
    return hf_span_eq(word, HF_SPAN("dcv")) ? 0 : -1;
}

enum hf_err hf_coordination_read(struct hf_span body, size_t remotes,
                                 const struct hf_perspective_self *self,
                                 struct hf_coordination *out,
                                 const char **objection, struct hf_why *why)
{
    json_t *root = NULL;
    enum hf_err err;
    int kind = -1;

    *out = (struct hf_coordination){0};
    *objection = NULL;
    if (remotes < 2) {
        *objection = "this is a perspective and has none to ask";
        return HF_OK;
    }
    err = hf_document_read(body, &root, why);
    if (err == HF_OK) {
        kind = kind_of(root);
        *objection = read_orchestration(
            hf_document_member(root, "orchestration_parameters"), remotes, out);
        json_decref(root);
    }
    if (err == HF_ENOMEM)
        return err;
    if (err != HF_OK)
        *objection = "the body is no JSON object";
    else if (kind < 0)
        *objection = "check_type is neither dcv nor caa";
    return *objection != NULL
               ? HF_OK
               : hf_observation_read(body, kind == 1, self, &out->observation,
                                     objection, why);
}

void hf_coordination_clear(struct hf_coordination *coordination)
{
    hf_observation_clear(&coordination->observation);
    *coordination = (struct hf_coordination){0};
}

/* ---- replies ---- */

struct tally {
    size_t passed;
    size_t completed;
    struct hf_span first; /* region of one that passed */
    bool diverse;         /* and there is another */
};

static void count(struct tally *tally, const struct hf_eye *eye,
                  const struct hf_observed *observed)
{
    struct hf_span rir = hf_span_str(eye->rir);

    tally->completed += observed->completed;
    if (!observed->passed)
        return;
    if (tally->passed > 0 && !hf_span_eq_nocase(tally->first, rir))
        tally->diverse = true;
    tally->first = rir;
    tally->passed++;
}

static enum hf_err put_perspective(struct hf_json *json,
                                   const struct hf_coordination *c,
                                   const struct hf_perspective_self *self,
                                   const struct hf_eye *eye,
                                   struct hf_observed *observed,
                                   struct hf_why *why)
{
    enum hf_err err;

    hf_json_open(json, '{');
    hf_json_key_str(json, "perspective_code", hf_span_str(eye->label));
    hf_json_key_str(json, "rir", hf_span_str(eye->rir));
    hf_json_key(json, "check_response");
    hf_json_open(json, '{');
    err = hf_observation_put_check(json, &c->observation, self, observed, why);
    hf_json_close(json, '}');
    hf_json_close(json, '}');
    return err;
}

static void put_asked(struct hf_json *json, const struct hf_coordination *c,
                      size_t remotes)
{
    hf_json_key(json, "request_orchestration_parameters");
    hf_json_open(json, '{');
    if (c->has_count)
        hf_json_key_int(json, "perspective_count", (int64_t)remotes);
    if (c->has_quorum)
        hf_json_key_int(json, "quorum_count", (int64_t)c->quorum);
    if (c->has_attempts)
        hf_json_key_int(json, "max_attempts", c->attempts);
    hf_json_close(json, '}');
    hf_json_key(json, "actual_orchestration_parameters");
    hf_json_open(json, '{');
    hf_json_key_int(json, "perspective_count", (int64_t)remotes);
    hf_json_key_int(json, "quorum_count", (int64_t)c->quorum);
    hf_json_key_int(json, "attempt_count", 1);
    hf_json_close(json, '}');
}

static void put_verdict(struct hf_json *json, const struct hf_coordination *c,
                        const struct tally *tally, size_t remotes)
{
    /* REQ VAL-42: of two regions at least, however few are needed. */
    hf_json_key_bool(json, "is_valid",
                     tally->passed >= c->quorum && tally->diverse);
    hf_json_key_bool(json, "mpic_completed",
                     remotes - tally->completed <= remotes - c->quorum);
}

static void put_target(struct hf_json *json, const struct hf_coordination *c)
{
    const struct hf_observation *o = &c->observation;
    char room[HF_NAME_MAX + 2];
    struct hf_buf target;

    hf_buf_init(&target, room, sizeof(room));
    hf_buf_puts(&target, o->errand.wildcard ? "*." : "");
    hf_buf_put(&target, o->errand.name);
    hf_json_key_lit(json, "check_type",
                    o->errand.way == HF_WAY_CAA ? "caa" : "dcv");
    hf_json_key_str(json, "domain_or_ip_target", hf_buf_span(&target));
    if (o->trace.len > 0)
        hf_json_key_str(json, "trace_identifier", o->trace);
}

enum hf_err hf_coordination_put(const struct hf_coordination *coordination,
                                const struct hf_perspective_self *self,
                                const struct hf_corroboration *seen,
                                struct hf_buf *out, struct hf_why *why)
{
    struct hf_json json = hf_json_to(out);
    struct tally tally = {0};
    enum hf_err err = HF_OK;

    hf_json_open(&json, '{');
    put_target(&json, coordination);
    put_asked(&json, coordination, seen->count);
    hf_json_key(&json, "perspectives");
    hf_json_open(&json, '[');
    for (size_t i = 0; i < seen->count && err == HF_OK; i++) {
        struct hf_observed observed = {.view = &seen->views[i],
                                       .now = seen->now};

        err = put_perspective(&json, coordination, self, seen->eyes[i],
                              &observed, why);
        count(&tally, seen->eyes[i], &observed);
    }
    hf_json_close(&json, ']');
    hf_json_key(&json, "previous_attempt_results");
    hf_json_open(&json, '[');
    hf_json_close(&json, ']');
    put_verdict(&json, coordination, &tally, seen->count);
    hf_json_close(&json, '}');
    if (err == HF_OK && out->full)
        return hf_fail(why, HF_ELIMIT, 0, "more was seen than can be told");
    return err;
}
