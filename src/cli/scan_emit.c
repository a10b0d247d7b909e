/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/scan_emit.h"

#include "base/alloc.h"

#define LABEL_LEN (sizeof(HF_DNS_LABEL)) /* with the dot instead of the NUL */

enum hf_err hf_emit_init(struct hf_emit *emit, struct hf_why *why)
{
    enum hf_err err = hf_results_new(&emit->results, why);

    if (err != HF_OK)
        return err;
    emit->values = hf_alloc(HF_RESULT_RECORDS_MAX, sizeof(struct hf_span));
    emit->room = hf_alloc(HF_FOUND_MAX, 1);
    if (emit->values == NULL || emit->room == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    return HF_OK;
}

void hf_emit_clear(struct hf_emit *emit)
{
    hf_results_free(emit->results);
    hf_free(emit->values);
    hf_free(emit->room);
}

/* The next RDATA of either kind of answer. */
struct rdatas {
    const struct hf_reply *reply;
    struct hf_wire_walk walk;
    struct hf_span rest; /* of a found */
};

static bool next_rdata(struct rdatas *rdatas, struct hf_span *out)
{
    return rdatas->reply != NULL
               ? hf_reply_next(rdatas->reply, &rdatas->walk, out)
               : hf_found_next(&rdatas->rest, out);
}

/* REQ RECORD-01: strings joined. One string is borrowed, several are copied
 * to `room`, which holds as many octets as a message. */
static enum hf_err examine(struct hf_emit *emit, struct rdatas *rdatas,
                           struct hf_result *result, struct hf_why *why)
{
    struct hf_span rdata;
    char *room = emit->room;
    size_t count = 0;
    enum hf_err err;

    while (next_rdata(rdatas, &rdata)) {
        if (count == HF_RESULT_RECORDS_MAX)
            return hf_fail(why, HF_ELIMIT, 0, "too many records at one name");
        err = hf_txt_join(rdata, room, &emit->values[count++], why);
        if (err != HF_OK)
            return err;
        room += rdata.len;
    }
    return hf_result_examine(emit->results, emit->eyes, emit->values, count,
                             result, why);
}

/* Memory and the cryptographic library are our trouble and end the run; all
 * else is the answer's, and a failure of this name. */
static bool is_ours(enum hf_err err)
{
    return err == HF_ENOMEM || err == HF_ECRYPTO;
}

static enum hf_err examine_or_fail(struct hf_emit *emit, struct rdatas *rdatas,
                                   struct hf_result *result, struct hf_why *why)
{
    struct hf_why local = {0};
    enum hf_err err = examine(emit, rdatas, result, &local);

    if (err == HF_OK)
        return HF_OK;
    if (is_ours(err)) {
        if (why != NULL)
            *why = local;
        return err;
    }
    result->status = HF_STATUS_FAILED;
    result->reason = hf_span_str(local.text);
    return HF_OK;
}

static enum hf_err from_reply(struct hf_emit *emit,
                              const struct hf_reply *reply,
                              struct hf_result *result, struct hf_why *why)
{
    struct rdatas rdatas = {.reply = reply,
                            .walk = hf_wire_walk(&reply->message)};
    struct hf_wire_name owner;
    struct hf_buf target;

    result->has_ttl = true;
    result->ttl_s = reply->ttl_s;
    if (reply->aliases > 0) {
        hf_buf_init(&target, emit->target, sizeof(emit->target));
        hf_reply_owner(reply, &owner);
        hf_wire_name_lower(&owner); /* its case is partly our own noise */
        hf_wire_name_put(&target, &owner);
        result->name_findings |= 1U << HF_NAME_ALIAS;
        result->target = hf_buf_span(&target);
    }
    return examine_or_fail(emit, &rdatas, result, why);
}

static enum hf_err from_found(struct hf_emit *emit,
                              const struct hf_found *found,
                              struct hf_result *result, struct hf_why *why)
{
    struct rdatas rdatas = {.rest = found->records};

    result->has_security = true;
    result->security = found->security;
    result->rcode = found->rcode;
    result->where = found->server;
    if (found->synthesised)
        result->name_findings |= 1U << HF_NAME_WILDCARD;
    if (found->chain_count > 0) {
        result->name_findings |= 1U << HF_NAME_ALIAS;
        result->target = found->owner;
    }
    /* REQ VAL-30: a bogus answer has no records and is no absence. */
    if (found->state == HF_FOUND_FAILURE) {
        result->status = HF_STATUS_FAILED;
        result->reason = found->reason;
        return HF_OK;
    }
    if (found->state != HF_FOUND_DATA)
        return HF_OK;
    result->has_ttl = true;
    result->ttl_s = found->ttl_s;
    return examine_or_fail(emit, &rdatas, result, why);
}

static enum hf_status status_of(const struct hf_pending *entry)
{
    if (entry->invalid)
        return HF_STATUS_INVALID_NAME;
    return entry->reason != NULL ? HF_STATUS_FAILED : HF_STATUS_ABSENT;
}

enum hf_err hf_emit_result(struct hf_emit *emit, const struct hf_pending *entry,
                           struct hf_span text, const struct hf_reply *reply,
                           struct hf_why *why)
{
    struct hf_result result = {
        .name = text,
        .status = status_of(entry),
        .rcode = entry->rcode,
        .reason = hf_span_str(entry->reason),
    };
    enum hf_err err = HF_OK;

    if (!entry->invalid) {
        result.owner = text;
        (void)hf_span_cut(&result.name, LABEL_LEN);
    }
    if (entry->answered)
        result.where = hf_span_str(emit->servers[entry->server].label);
    if (entry->found != NULL)
        err = from_found(emit, entry->found, &result, why);
    else if (reply != NULL)
        err = from_reply(emit, reply, &result, why);
    if (err != HF_OK)
        return err;
    return hf_report_result(emit->report, &result, why);
}
