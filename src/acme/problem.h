/* SPDX-License-Identifier: Apache-2.0 */
/*
 * problem.h -- what an ACME server says when it says no (RFC 7807; RFC 8555,
 * section 6.7, with the subproblems of 6.7.1).
 */
#pragma once

#include <stdbool.h>

#include "holdfast/buf.h"

#define HF_SUBPROBLEMS_MAX 16 /* more are counted and not kept */

struct hf_subproblem {
    struct hf_span type;   /* "caa": without urn:ietf:params:acme:error: */
    struct hf_span detail; /* for people, from a stranger: escape it */
    struct hf_span identifier;
};

/* Borrows from the JSON it was read from. A zeroed one is no problem. */
struct hf_problem {
    struct hf_span type; /* as above; another URN or URL stays whole */
    struct hf_span detail;
    struct hf_span instance; /* URL: with userActionRequired, where to act */
    struct hf_subproblem subs[HF_SUBPROBLEMS_MAX];
    size_t sub_count;
};

struct json_t;

/* Of a problem document, or of the "error" member of an object; NULL and
 * other types give no problem. */
void hf_problem_of(const struct json_t *json, struct hf_problem *out);

/* Is it of this ACME error type, "badNonce"? */
bool hf_problem_is(const struct hf_problem *problem, const char *type);

/*
 * One line for people: type, detail, where they have to act (RFC 8555, 7.3.3),
 * and each subproblem with its name, all escaped. Says "no reason given" when
 * there is none.
 */
void hf_problem_put(struct hf_buf *out, const struct hf_problem *problem);
