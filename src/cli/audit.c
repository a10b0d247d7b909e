/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/audit.h"

#include "base/alloc.h"
#include "os/random.h"

#define TEXTS_MAX ((size_t)16 << 20)

/* What is remembered about a name. */
#define SEEN_DNS   1U /* results for its `_validation-persist` */
#define SEEN_IP    2U /* ... and `_ip-validation-persist` were given out */
#define SEEN_CUT   4U /* an NS stands here */
#define SEEN_DNAME 8U
#define SEEN_ABOVE 16U /* a label speaks of it, or of a name below it */

enum hf_err hf_audit_init(struct hf_audit *audit, struct hf_report *report,
                          const struct hf_eyes *eyes, struct hf_span where,
                          struct hf_why *why)
{
    uint64_t seed;
    enum hf_err err = hf_random_fill(&seed, sizeof(seed), why);

    *audit = (struct hf_audit){.report = report, .eyes = eyes, .where = where};
    hf_buf_init_grow(&audit->texts, TEXTS_MAX);
    if (err != HF_OK)
        return err;
    hf_hash_set_init(&audit->seen, HF_AUDIT_NAMES_MAX, seed);
    return hf_results_new(&audit->results, why);
}

void hf_audit_clear(struct hf_audit *audit)
{
    hf_results_free(audit->results);
    hf_hash_set_clear(&audit->seen);
    hf_buf_clear(&audit->texts);
    hf_free(audit->values);
    hf_free(audit->lines);
    audit->results = NULL;
    audit->values = NULL;
    audit->lines = NULL;
}

/* ---- names remembered ---- */

/* Marks that the name had before. Without room nothing is remembered, and
 * the command says so. */
static unsigned remember(struct hf_audit *audit, struct hf_span name,
                         unsigned marks)
{
    unsigned before = 0;

    if (hf_hash_set_mark(&audit->seen, name, marks, &before, NULL) != HF_OK)
        audit->forgets = true;
    return before;
}

static bool is_apex(const struct hf_audit *audit, struct hf_span name)
{
    return name.len == 0 || (audit->has_apex &&
                             hf_span_eq(name, hf_zone_name_span(&audit->apex)));
}

/* Findings by what stands above a label, which is remembered for what may
 * still come. */
static uint32_t look_above(struct hf_audit *audit, struct hf_span owner,
                           struct hf_span name)
{
    bool is_dns = hf_span_starts(owner, HF_SPAN(HF_DNS_LABEL));
    unsigned self = is_dns ? SEEN_DNS : SEEN_IP;
    uint32_t found = 0;
    unsigned before;

    for (unsigned mark = self; name.len > 0; mark = 0) {
        if (mark == 0 && audit->apex_is_above && is_apex(audit, name))
            return found | audit->apex_found;
        before = remember(audit, name, mark | SEEN_ABOVE);
        if ((before & mark) != 0)
            found |= 1U << HF_NAME_SPLIT;
        if ((before & SEEN_DNAME) != 0)
            found |= 1U << HF_NAME_DNAME;
        if (is_apex(audit, name)) {
            audit->apex_is_above = true;
            break;
        }
        if ((before & SEEN_CUT) != 0)
            found |= 1U << HF_NAME_DELEGATION;
        name = hf_zone_subject(name);
    }
    return found;
}

/* ---- the name at hand ---- */

static void begin_name(struct hf_audit *audit,
                       const struct hf_zone_record *record)
{
    hf_zone_name_copy(&audit->owner, record->owner, record->is_plain);
    audit->place = record->place;
    audit->has_ttl = record->has_ttl;
    audit->ttl_s = record->ttl_s;
    audit->has_ns = false;
    audit->has_alias = false;
    audit->count = 0;
    hf_buf_reset(&audit->texts);
}

static enum hf_err make_room(struct hf_audit *audit, struct hf_why *why)
{
    size_t cap = audit->cap == 0 ? 16 : audit->cap * 2;
    void *values;
    void *lines;

    if (audit->count < audit->cap)
        return HF_OK;
    if (audit->count == HF_RESULT_RECORDS_MAX)
        return hf_fail(why, HF_ELIMIT, 0, "too many records at one name");
    values = hf_realloc(audit->values, cap, sizeof(*audit->values));
    if (values == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    audit->values = values;
    lines = hf_realloc(audit->lines, cap, sizeof(*audit->lines));
    if (lines == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    audit->lines = lines;
    audit->cap = cap;
    return HF_OK;
}

static enum hf_err add_text(struct hf_audit *audit,
                            const struct hf_zone_record *record,
                            struct hf_why *why)
{
    enum hf_err err = make_room(audit, why);

    if (err != HF_OK)
        return err;
    hf_buf_put(&audit->texts, record->value);
    if (audit->texts.full)
        return hf_fail(why, HF_ELIMIT, 0, "too much text at one name");
    audit->values[audit->count].len = record->value.len;
    audit->lines[audit->count] = record->line;
    audit->count++;
    return HF_OK;
}

/* The texts lie where they lie only when the last one is in. */
static void settle_values(struct hf_audit *audit)
{
    const char *at = audit->texts.ptr;

    for (size_t i = 0; i < audit->count; i++) {
        audit->values[i].ptr = at;
        at += audit->values[i].len;
    }
}

static void describe(const struct hf_audit *audit, struct hf_result *out)
{
    struct hf_span owner = hf_zone_name_span(&audit->owner);

    *out = (struct hf_result){
        .name = hf_zone_subject(owner),
        .owner = owner,
        .status = HF_STATUS_ABSENT,
        .rcode = -1,
        .has_ttl = audit->has_ttl,
        .ttl_s = audit->ttl_s,
        .where = audit->where,
        .target = {audit->target.text,
                   audit->has_alias ? audit->target.len : 0},
        .lines = audit->lines,
    };
}

static enum hf_err end_label(struct hf_audit *audit, struct hf_why *why)
{
    struct hf_result result;
    enum hf_err err = HF_OK;

    if (audit->count == 0 && !audit->has_alias && !audit->has_ns)
        return HF_OK; /* some other type stands at the label */
    describe(audit, &result);
    result.name_findings = look_above(audit, result.owner, result.name);
    if (audit->has_ns)
        result.name_findings |= 1U << HF_NAME_DELEGATION;
    if (audit->has_alias)
        result.name_findings |= 1U << HF_NAME_ALIAS;
    if (audit->has_alias && audit->count > 0)
        result.name_findings |= 1U << HF_NAME_OTHER_DATA;
    if (!audit->owner.is_plain)
        result.name_findings |= 1U << HF_NAME_ODD;
    settle_values(audit);
    if (audit->count > 0)
        err = hf_result_examine(audit->results, audit->eyes, audit->values,
                                audit->count, &result, why);
    if (err == HF_OK && audit->caa != NULL &&
        hf_zone_caa_forbids(audit->caa, &result, audit->eyes))
        result.name_findings |= 1U << HF_NAME_CAA;
    return err != HF_OK ? err : hf_report_result(audit->report, &result, why);
}

/* Keep what could be a persist record: a wildcard's SPF text synthesises the
 * label as well, and no CA minds it. */
static void drop_other_texts(struct hf_audit *audit)
{
    size_t kept = 0;

    for (size_t i = 0; i < audit->count; i++) {
        struct hf_record record;
        size_t at;

        if (hf_record_read(audit->values[i], &record, &at) != HF_REASON_OK)
            continue;
        audit->values[kept] = audit->values[i];
        audit->lines[kept++] = audit->lines[i];
    }
    audit->count = kept;
}

static enum hf_err end_wildcard(struct hf_audit *audit, struct hf_why *why)
{
    struct hf_result result;
    enum hf_err err = HF_OK;

    settle_values(audit);
    drop_other_texts(audit);
    if (audit->count == 0 && !audit->has_alias)
        return HF_OK;
    describe(audit, &result);
    result.name_findings = 1U << HF_NAME_WILDCARD;
    if (audit->count > 0)
        err = hf_result_examine(audit->results, audit->eyes, audit->values,
                                audit->count, &result, why);
    return err != HF_OK ? err : hf_report_result(audit->report, &result, why);
}

static enum hf_err end_name(struct hf_audit *audit, struct hf_why *why)
{
    enum hf_err err = HF_OK;

    switch (audit->place) {
    case HF_ZONE_LABEL:
        err = end_label(audit, why);
        break;
    case HF_ZONE_WILDCARD:
        err = end_wildcard(audit, why);
        break;
    case HF_ZONE_ELSEWHERE:
        break;
    }
    audit->place = HF_ZONE_ELSEWHERE;
    return err;
}

/* ---- what stands elsewhere ---- */

static enum hf_err report_border(struct hf_audit *audit,
                                 const struct hf_zone_record *record,
                                 struct hf_why *why)
{
    bool is_cut = record->type == HF_RR_NS;
    const struct hf_result result = {
        .name = record->owner,
        .owner = record->owner,
        .status = HF_STATUS_ABSENT,
        .rcode = -1,
        .has_ttl = record->has_ttl,
        .ttl_s = record->ttl_s,
        .where = audit->where,
        .target = record->value,
        .name_findings = 1U << (is_cut ? HF_NAME_DELEGATION : HF_NAME_DNAME),
    };

    return hf_report_result(audit->report, &result, why);
}

/* A zone cut or a DNAME: labels seen before may lie below it. */
static enum hf_err add_border(struct hf_audit *audit,
                              const struct hf_zone_record *record,
                              struct hf_why *why)
{
    bool at_apex = is_apex(audit, record->owner);
    unsigned mark = record->type == HF_RR_NS ? SEEN_CUT : SEEN_DNAME;
    unsigned before;

    if (mark == SEEN_CUT && at_apex)
        return HF_OK;
    before = remember(audit, record->owner, mark);
    if (at_apex) /* a DNAME: above every label */
        audit->apex_found = 1U << HF_NAME_DNAME;
    if ((before & mark) != 0 || (before & SEEN_ABOVE) == 0)
        return HF_OK;
    return report_border(audit, record, why);
}

static void see_soa(struct hf_audit *audit, const struct hf_zone_record *record)
{
    if (audit->has_apex)
        return;
    hf_zone_name_copy(&audit->apex, record->owner, record->is_plain);
    audit->has_apex = true;
}

enum hf_err hf_audit_add(struct hf_audit *audit,
                         const struct hf_zone_record *record,
                         struct hf_why *why)
{
    enum hf_err err = HF_OK;

    if (record->type == HF_RR_SOA)
        see_soa(audit, record);
    if (record->place == HF_ZONE_ELSEWHERE)
        return record->type == HF_RR_NS || record->type == HF_RR_DNAME
                   ? add_border(audit, record, why)
                   : HF_OK;
    if (audit->place == HF_ZONE_ELSEWHERE ||
        !hf_span_eq(record->owner, hf_zone_name_span(&audit->owner))) {
        err = end_name(audit, why);
        begin_name(audit, record);
    }
    if (err != HF_OK)
        return err;
    if (record->type == HF_RR_TXT)
        return add_text(audit, record, why);
    audit->has_ns |= record->type == HF_RR_NS;
    if (record->type == HF_RR_CNAME) {
        audit->has_alias = true;
        hf_zone_name_copy(&audit->target, record->value, true);
    }
    return HF_OK;
}

enum hf_err hf_audit_end(struct hf_audit *audit, struct hf_why *why)
{
    return end_name(audit, why);
}
