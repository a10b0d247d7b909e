/* SPDX-License-Identifier: Apache-2.0 */
#include "acme/problem.h"

#include "acme/document.h"

#define DETAIL_MAX 400 /* octets of a server's sentence that people see */
#define TYPE_MAX   80

static struct hf_span type_of(const json_t *json)
{
    struct hf_span type = hf_document_string(json, "type");

    if (hf_span_starts(type, HF_SPAN("urn:ietf:params:acme:error:")))
        (void)hf_span_cut(&type, sizeof("urn:ietf:params:acme:error:") - 1);
    return type;
}

void hf_problem_of(const json_t *json, struct hf_problem *out)
{
    const json_t *subs = hf_document_member(json, "subproblems");

    *out =
        (struct hf_problem){.type = type_of(json),
                            .detail = hf_document_string(json, "detail"),
                            .instance = hf_document_string(json, "instance")};
    for (size_t i = 0;
         i < json_array_size(subs) && out->sub_count < HF_SUBPROBLEMS_MAX;
         i++) {
        const json_t *sub = json_array_get(subs, i);
        const json_t *identifier = hf_document_member(sub, "identifier");

        out->subs[out->sub_count++] = (struct hf_subproblem){
            .type = type_of(sub),
            .detail = hf_document_string(sub, "detail"),
            .identifier = hf_document_string(identifier, "value"),
        };
    }
}

bool hf_problem_is(const struct hf_problem *problem, const char *type)
{
    return hf_span_eq(problem->type, hf_span_str(type));
}

static void put_one(struct hf_buf *out, struct hf_span type,
                    struct hf_span detail)
{
    hf_buf_put_escaped(out, type, TYPE_MAX);
    if (type.len > 0 && detail.len > 0)
        hf_buf_puts(out, ": ");
    hf_buf_put_escaped(out, detail, DETAIL_MAX);
    if (type.len == 0 && detail.len == 0)
        hf_buf_puts(out, "no reason given");
}

void hf_problem_put(struct hf_buf *out, const struct hf_problem *problem)
{
    put_one(out, problem->type, problem->detail);
    if (hf_problem_is(problem, "userActionRequired") &&
        problem->instance.len > 0) {
        hf_buf_puts(out, "; open this in a browser, and agree there: ");
        hf_buf_put_escaped(out, problem->instance, DETAIL_MAX);
    }
    for (size_t i = 0; i < problem->sub_count; i++) {
        const struct hf_subproblem *sub = &problem->subs[i];

        hf_buf_puts(out, "; ");
        if (sub->identifier.len > 0) {
            hf_buf_put_escaped(out, sub->identifier, TYPE_MAX);
            hf_buf_puts(out, ": ");
        }
        put_one(out, sub->type, sub->detail);
    }
}
