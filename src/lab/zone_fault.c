/* SPDX-License-Identifier: Apache-2.0 */
#include "lab/zone_inside.h"

static const char *const words[] = {
    [HF_LAB_BOGUS] = "bogus",     [HF_LAB_EXPIRED] = "expired",
    [HF_LAB_SILENT] = "silent",   [HF_LAB_SERVFAIL] = "servfail",
    [HF_LAB_REFUSED] = "refused", [HF_LAB_SLOW] = "slow",
    [HF_LAB_LIE] = "lie",         [HF_LAB_LOST] = "lost",
    [HF_LAB_LOOP] = "loop",       [HF_LAB_TRUNCATED] = "truncated",
    [HF_LAB_NSEC3] = "nsec3",
};

const char *hf_lab_fault_word(enum hf_lab_fault_kind kind)
{
    return words[kind];
}

bool hf_lab_fault_find(struct hf_span word, enum hf_lab_fault_kind *out)
{
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (!hf_span_eq(word, hf_span_str(words[i])))
            continue;
        *out = (enum hf_lab_fault_kind)i;
        return true;
    }
    return false;
}

enum hf_err hf_lab_fault_set(struct hf_lab_dns *dns,
                             const struct hf_lab_fault *fault,
                             struct hf_why *why)
{
    struct hf_lab_fault_set *set;

    (void)hf_lab_fault_end(dns, fault);
    if (dns->fault_count == HF_LAB_FAULTS_MAX)
        return hf_fail(why, HF_ELIMIT, 0, "there are too many faults");
    if (fault->lie.len > HF_LAB_LIE_MAX)
        return hf_fail(why, HF_ELIMIT, 0, "the lie is too long");
    set = &dns->faults[dns->fault_count++];
    set->fault = *fault;
    if (fault->lie.len > 0)
        memcpy(set->lie, fault->lie.ptr, fault->lie.len);
    return HF_OK;
}

bool hf_lab_fault_end(struct hf_lab_dns *dns, const struct hf_lab_fault *fault)
{
    size_t kept = 0;
    size_t before = dns->fault_count;

    for (size_t i = 0; i < before; i++) {
        const struct hf_lab_fault *one = &dns->faults[i].fault;

        if (one->kind == fault->kind && one->client == fault->client &&
            hf_wire_name_eq(&one->name, &fault->name))
            continue;
        if (kept != i)
            dns->faults[kept] = dns->faults[i];
        kept++;
    }
    dns->fault_count = kept;
    return kept < before;
}

const struct hf_lab_fault_set *hf_lab_dns_fault(const struct hf_lab_dns *dns,
                                                enum hf_lab_fault_kind kind,
                                                const struct hf_wire_name *name,
                                                uint32_t client)
{
    for (size_t i = dns->fault_count; i-- > 0;) {
        const struct hf_lab_fault *one = &dns->faults[i].fault;

        if (one->kind == kind && (one->client == 0 || one->client == client) &&
            hf_wire_name_is_in(name, &one->name))
            return &dns->faults[i];
    }
    return NULL;
}
