/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/failover.h"

void hf_failover_init(struct hf_failover *failover, struct hf_cli *cli)
{
    *failover = (struct hf_failover){.cli = cli};
}

void hf_failover_clear(struct hf_failover *failover)
{
    for (size_t i = 0; i < HF_FAILOVER_OPEN; i++)
        hf_applicant_free(failover->slots[i].applicant);
    *failover = (struct hf_failover){0};
}

/* ---- accounts ---- */

/* One that does for the certificate that is at hand. */
static struct hf_failover_slot *find(struct hf_failover *failover,
                                     struct hf_span account)
{
    for (size_t i = 0; i < HF_FAILOVER_OPEN; i++)
        if (hf_span_eq(account, hf_span_str(failover->slots[i].account)) &&
            hf_applicant_serves(failover->slots[i].applicant))
            return &failover->slots[i];
    return NULL;
}

static struct hf_failover_slot *open_slot(struct hf_failover *failover,
                                          struct hf_span account)
{
    struct hf_failover_slot *slot = &failover->slots[failover->next];
    struct hf_buf name;

    failover->next = (failover->next + 1) % HF_FAILOVER_OPEN;
    hf_applicant_free(slot->applicant);
    *slot = (struct hf_failover_slot){.fault = HF_FAULT_OURS};
    hf_buf_init(&name, slot->account, sizeof(slot->account) - 1);
    hf_buf_put(&name, account);
    if (name.full) /* no account is called so, which is told by its name */
        slot->account[0] = '\0';
    slot->status = hf_applicant_new(failover->cli,
                                    name.full ? account : hf_buf_span(&name),
                                    &slot->applicant, &slot->fault);
    return slot;
}

enum hf_exit hf_failover_open(struct hf_failover *failover,
                              struct hf_span account, struct hf_applicant **out,
                              enum hf_fault *fault)
{
    struct hf_failover_slot *slot = find(failover, account);

    if (slot == NULL)
        slot = open_slot(failover, account);
    *fault = slot->fault;
    *out = slot->applicant;
    return slot->status;
}

/* ---- one after the other ---- */

static bool is_silent(struct hf_failover *failover, struct hf_span account)
{
    const struct hf_failover_slot *slot = find(failover, account);

    return slot != NULL && slot->fault == HF_FAULT_SILENCE;
}

static void end_all(struct hf_issue_wish *const *wishes, size_t count,
                    enum hf_exit status, enum hf_fault fault)
{
    for (size_t i = 0; i < count; i++) {
        wishes[i]->status = status;
        wishes[i]->fault = fault;
    }
}

static void try_one(struct hf_failover *failover, struct hf_span account,
                    struct hf_issue_wish *const *wishes, size_t count)
{
    struct hf_applicant *applicant;
    enum hf_fault fault;
    enum hf_exit status =
        hf_failover_open(failover, account, &applicant, &fault);

    if (status != HF_EXIT_GOOD) {
        end_all(wishes, count, status, fault);
        return;
    }
    hf_issue(applicant, wishes, count);
    for (size_t i = 0; i < count; i++)
        if (wishes[i]->status != HF_EXIT_GOOD &&
            wishes[i]->fault == HF_FAULT_SILENCE)
            find(failover, account)->fault = HF_FAULT_SILENCE;
}

static void tell(const struct hf_failover *failover,
                 const struct hf_lineage *lineage, size_t failed)
{
    char room[2 * HF_ACCOUNT_NAME_MAX + 64];
    struct hf_buf text;

    hf_buf_init(&text, room, sizeof(room) - 1);
    hf_buf_puts(&text, "nothing from account ");
    hf_buf_put_escaped(&text, lineage->accounts[failed], HF_ACCOUNT_NAME_MAX);
    hf_buf_puts(&text, "; now by account ");
    hf_buf_put_escaped(&text, lineage->accounts[failed + 1],
                       HF_ACCOUNT_NAME_MAX);
    room[text.len] = '\0';
    hf_cli_error(failover->cli, lineage->name, room);
}

/* Keep those that another account may do better; and say so. */
static size_t keep_failed(const struct hf_failover *failover,
                          struct hf_issue_wish **wishes, size_t count,
                          size_t failed)
{
    size_t left = 0;

    for (size_t i = 0; i < count; i++) {
        struct hf_issue_wish *wish = wishes[i];

        if (wish->status == HF_EXIT_GOOD || wish->fault == HF_FAULT_OURS)
            continue;
        tell(failover, wish->lineage, failed);
        wishes[left++] = wish;
    }
    return left;
}

void hf_failover_issue(struct hf_failover *failover,
                       struct hf_issue_wish *wishes, size_t count)
{
    const struct hf_lineage *lineage = wishes[0].lineage;
    struct hf_issue_wish *left[HF_ISSUE_MAX];

    for (size_t i = 0; i < count; i++)
        left[i] = &wishes[i];
    end_all(left, count, HF_EXIT_ERROR, HF_FAULT_OURS);
    for (size_t i = 0; i < lineage->account_count && count > 0; i++) {
        bool is_last = i + 1 == lineage->account_count;

        hf_layers_put_certificate(failover->cli, wishes[0].section);
        if (is_last || !is_silent(failover, lineage->accounts[i]))
            try_one(failover, lineage->accounts[i], left, count);
        else
            end_all(left, count, HF_EXIT_ERROR, HF_FAULT_SILENCE);
        if (is_last)
            return;
        count = keep_failed(failover, left, count, i);
    }
}

static bool has_same_accounts(const struct hf_lineage *a,
                              const struct hf_lineage *b)
{
    for (size_t i = 0; i < a->account_count && i < b->account_count; i++)
        if (!hf_span_eq(a->accounts[i], b->accounts[i]))
            return false;
    return a->account_count == b->account_count;
}

bool hf_failover_goes_with(const struct hf_failover *failover,
                           const struct hf_issue_wish *a,
                           const struct hf_issue_wish *b)
{
    /* What runs before one's order may not come before the end of another's. */
    return has_same_accounts(a->lineage, b->lineage) &&
           hf_span_eq(a->lineage->pre_hook, b->lineage->pre_hook) &&
           hf_issue_goes_with(failover->cli, a, b);
}
